"""The house style of all figures: in, nothing; out, fonts, colours, sizes, number formats and measured, wrapped text.

Neutral on purpose: the government's own fonts and logo are copyrighted. The font is vendored (Source Sans 3, OFL), so
that a figure has the same bytes on every machine.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
import seaborn
from matplotlib import font_manager
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontEntry, FontProperties
from matplotlib.textpath import text_to_path

from midterm.description.model import Language

FONTS = Path(__file__).parent / "fonts"
FONT = "Midterm Source Sans 3"  # a name of its own, so that an installed Source Sans never takes its place
FONT_FILES = (("Regular", "normal", 400), ("It", "italic", 400), ("Semibold", "normal", 600), ("Bold", "normal", 700))

DIVERGING = ("#8e3b00", "#e08214", "#bdbdbd", "#5aa0d0", "#154273")
INK, SOFT, FAINT, RULE, PAPER = "#1f1f1f", "#595959", "#8c8c8c", "#d0d0d0", "#ffffff"
ACCENT, WARNING, BAND = "#154273", "#8e3b00", "#ececec"
VERDICT_COLOURS = {"changed_better": ACCENT, "changed_worse": WARNING, "no_relevant_change": "#3d3d3d", "inconclusive": "#7a7a7a", "described_only": FAINT}
STATUS_STYLES = {
    "reached": ("*", "#154273"),
    "on_track": ("^", "#5aa0d0"),
    "maintained": ("s", "#a9bfce"),
    "uncertain": ("o", "#e08214"),
    "off_track": ("v", "#8e3b00"),
    "not_computable": ("x", "#d9d9d9"),
}
TITLE, SUBTITLE, LABEL, SMALL = 12.0, 9.0, 8.0, 7.0  # points
LINE = 1.36  # from baseline to baseline, in font sizes

RC = {
    "font.family": FONT,
    "font.size": LABEL,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "text.hinting": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": RULE,
    "axes.labelcolor": SOFT,
    "axes.labelsize": SMALL,
    "axes.linewidth": 0.6,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "xtick.labelcolor": SOFT,
    "xtick.labelsize": SMALL,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.color": RULE,
    "ytick.labelcolor": SOFT,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 0,
    "lines.solid_capstyle": "butt",
    "svg.fonttype": "path",
}


@contextmanager
def house_style(salt: str = "midterm") -> Iterator[None]:
    """Draw in the house style, whatever the reader's own matplotlib settings; ``salt`` fixes the ids inside an SVG."""
    _register_fonts()
    with matplotlib.style.context(["default", {**RC, "svg.hashsalt": salt}]):
        yield


def _register_fonts() -> None:
    """Make the vendored files known to matplotlib under the house's own name, once per process."""
    if any(entry.name == FONT for entry in font_manager.fontManager.ttflist):
        return
    for file, slope, weight in FONT_FILES:
        path, plain = str(FONTS / f"SourceSans3-{file}.ttf"), "normal"
        font_manager.fontManager.ttflist.append(FontEntry(fname=path, name=FONT, style=slope, variant=plain, weight=weight, stretch=plain, size="scalable"))


def likert_colours(count: int) -> tuple[str, ...]:
    """Return ``count`` colours from disagree to agree; five are the palette itself."""
    if count == len(DIVERGING):
        return DIVERGING
    return tuple(seaborn.blend_palette(DIVERGING, count).as_hex())


def wave_colours(count: int) -> tuple[str, ...]:
    """Return ``count`` blues from light (first wave) to dark (last wave)."""
    return (ACCENT,) if count == 1 else tuple(seaborn.blend_palette(("#b5d3e8", "#5aa0d0", ACCENT), count).as_hex())


def ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on ``colour`` (relative luminance, WCAG 2.1)."""
    channels = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    luminance = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    return INK if (luminance + 0.05) ** 2 > 1.05 * 0.05 else PAPER


def format_number(value: float | None, language: Language, decimals: int = 2, *, signed: bool = False) -> str:
    """Return ``value`` as text in ``language``: decimal comma and point for thousands in nl, U+2212 as minus, an en dash for nothing."""
    if value is None or math.isnan(value):
        return "–"
    rounded = round(float(value), decimals) + 0.0
    digits = f"{abs(rounded):,.{decimals}f}"
    if language == "nl":
        digits = digits.translate(str.maketrans(",.", ".,"))
    return f"{'−' if rounded < 0 else '+' if signed and rounded > 0 else ''}{digits}"


def format_percent(value: float | None, language: Language, decimals: int = 0) -> str:
    """Return a share (0-1) as a percentage in ``language``."""
    if value is None or math.isnan(value):
        return "–"
    return f"{format_number(100 * value, language, decimals)}%"


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of the widest line of ``text`` in inches."""
    font = FontProperties(family=FONT, size=size, weight=weight)
    return max((text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] / 72 for line in text.split("\n") if line), default=0.0)


def wrap(text: str, width: float, size: float, weight: str = "normal", lines: int | None = None) -> str:
    """Break ``text`` into lines of at most ``width`` inches; a word too long is broken.

    What exceeds ``lines`` loses its middle, for names of one programme often differ only at the end.
    """
    built: list[str] = [""]
    for word in _pieces(text, width, size, weight):
        longer = f"{built[-1]} {word}".strip()
        if not built[-1] or text_width(longer, size, weight) <= width:
            built[-1] = longer
        else:
            built.append(word)
    if lines is None or len(built) <= lines:
        return "\n".join(built)
    if lines == 1:
        return f"{_fitting(built[0], width, size, weight, keep_end=False)}…"
    return "\n".join([*built[: lines - 1], f"…{_fitting(' '.join(text.split()), width, size, weight, keep_end=True)}"])


def _fitting(text: str, width: float, size: float, weight: str, *, keep_end: bool) -> str:
    """Cut ``text`` at its start or end until it fits ``width`` together with an ellipsis."""
    cuts = [text[cut:].lstrip() if keep_end else text[: len(text) - cut].rstrip() for cut in range(len(text) + 1)]
    return cuts[bisect_left(cuts, True, key=lambda shown: text_width(f"…{shown}", size, weight) <= width)]


def _pieces(text: str, width: float, size: float, weight: str) -> Iterator[str]:
    """Give the words of ``text``, those wider than ``width`` in hyphenated pieces."""
    for word in text.split():
        rest = word
        while len(rest) > 2 and text_width(rest, size, weight) > width:
            pieces = [f"{rest[:end]}-" for end in range(1, len(rest))]
            fitting = max(bisect_left(pieces, True, key=lambda piece: text_width(piece, size, weight) > width), 1)
            yield pieces[fitting - 1]
            rest = rest[fitting:]
        yield rest
