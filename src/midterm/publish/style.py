"""The house style of all figures: in, nothing; out, fonts, colours, sizes, number formats and measured, wrapped text.

Neutral on purpose: the government's own fonts and logo are copyrighted. The font is vendored (Source Sans 3, OFL), so
that a figure has the same bytes on every machine; ``publication`` in ``evaluation.yml`` may name another font and colours.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import matplotlib.style
import seaborn
from matplotlib import font_manager, rcParams
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.font_manager import FontEntry, FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import text_to_path

from midterm.description.evaluation import Evaluation
from midterm.description.model import Language
from midterm.description.publication import COLOURS, luminance

FONTS = Path(__file__).parent / "fonts"
FACES = ("normal", 400), ("italic", 400), ("normal", 600), ("normal", 700)  # slope and weight of a font's four files

INK, SOFT, FAINT, RULE, PAPER, BAND = "#1f1f1f", "#595959", "#8c8c8c", "#d0d0d0", "#ffffff", "#ececec"
TITLE, SUBTITLE, LABEL, SMALL = 12.0, 9.0, 8.0, 7.0  # points
LINE = 1.36  # from baseline to baseline, in font sizes

RC = {
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


@dataclass(frozen=True)
class Font:
    """A family by its own name, and its files: regular, italic, semibold, bold."""

    name: str
    files: tuple[Path, ...]

    @property
    def alias(self) -> str:
        """The name under which figures use these very files, so that an installed font of that name never takes their place."""
        return f"Midterm {self.name}"

    @cached_property
    def signs(self) -> frozenset[int]:
        """The characters that all four files can draw."""
        return frozenset.intersection(*(frozenset(FT2Font(str(file)).get_charmap()) for file in self.files))

    def lacking(self, text: str) -> list[str]:
        """Return the characters of ``text`` that the font has no sign for, once each; ends of lines and of paragraphs are none."""
        return [sign for sign in dict.fromkeys(text) if ord(sign) not in self.signs and sign not in "\n\r\t"]


HOUSE_FONT = Font("Source Sans 3", tuple(FONTS / f"SourceSans3-{face}.ttf" for face in ("Regular", "It", "Semibold", "Bold")))


def font_of(evaluation: Evaluation) -> Font:
    """Return the font of an evaluation's figures and PDF: its own, or the vendored one."""
    own = evaluation.file.publication.font
    return Font(own.name, tuple(evaluation.folder / file for file in own.files)) if own else HOUSE_FONT


@contextmanager
def house_style(font: Font = HOUSE_FONT, salt: str = "midterm") -> Iterator[None]:
    """Draw in the house style, whatever the reader's own matplotlib settings; ``salt`` fixes the ids inside an SVG."""
    _register(font)
    with matplotlib.style.context(["default", {**RC, "font.family": font.alias, "svg.hashsalt": salt}]):
        yield


def _register(font: Font) -> None:
    """Make the files of ``font`` known to matplotlib under its alias, once per process."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist if entry.name == font.alias}
    if known == set(map(str, font.files)):
        return
    font_manager.fontManager.ttflist = [entry for entry in font_manager.fontManager.ttflist if entry.name != font.alias]
    for path, (slope, weight) in zip(font.files, FACES, strict=True):
        plain = "normal"
        entry = FontEntry(fname=str(path), name=font.alias, style=slope, variant=plain, weight=weight, stretch=plain, size="scalable")
        font_manager.fontManager.ttflist.append(entry)
    _line_width.cache_clear()


@dataclass(frozen=True)
class Palette:
    """The colours of one evaluation's figures: five from unfavourable to favourable, and all that is made of them.

    The house's own (``publication.colours``) keep apart for the colour-blind and in grey; nothing is said by colour alone.
    """

    diverging: tuple[str, ...] = COLOURS

    @property
    def accent(self) -> str:
        """The colour of what is shown, and of what is better."""
        return self.diverging[-1]

    @property
    def warning(self) -> str:
        """The colour of what is worse."""
        return self.diverging[0]

    def likert(self, count: int) -> tuple[str, ...]:
        """Return ``count`` colours from disagree to agree; five are the palette itself."""
        return self.diverging if count == len(self.diverging) else tuple(seaborn.blend_palette(self.diverging, count).as_hex())

    def waves(self, count: int) -> tuple[str, ...]:
        """Return ``count`` shades from light (first wave) to dark (last wave)."""
        light = seaborn.blend_palette((PAPER, self.diverging[3]), 9).as_hex()[4]
        return (self.accent,) if count == 1 else tuple(seaborn.blend_palette((light, self.diverging[3], self.accent), count).as_hex())

    def heat(self, place: float) -> str:
        """Return the colour of a place (0-1) on a scale: pale in the middle, darker to both ends."""
        pale = (self.warning, _paler(self.diverging[1]), "#f5f5f5", _paler(self.diverging[3]), self.accent)
        return str(to_hex(LinearSegmentedColormap.from_list("heat", pale)(place)))

    def verdict(self, verdict: str) -> str:
        """Return the colour of a change with ``verdict``; grey for all but better and worse."""
        shown = {"changed_better": self.accent, "changed_worse": self.warning, "no_relevant_change": "#3d3d3d", "inconclusive": "#7a7a7a"}
        return shown.get(verdict, FAINT)

    def status(self, status: str) -> tuple[str, str]:
        """Return the marker and the colour of a target's status."""
        return {
            "reached": ("*", self.accent),
            "on_track": ("^", self.diverging[3]),
            "maintained": ("s", "#a9bfce"),
            "uncertain": ("o", self.diverging[1]),
            "off_track": ("v", self.warning),
            "described_only": ("o", "#efefef"),
            "not_computable": ("x", "#d9d9d9"),
            "not_published": ("P", "#efefef"),
            "withheld": ("X", "#efefef"),
        }[status]


def _paler(colour: str) -> str:
    return str(seaborn.blend_palette((PAPER, colour), 5).as_hex()[3])


def ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on ``colour`` (relative luminance, WCAG 2.1)."""
    return INK if (luminance(to_hex(colour)) + 0.05) ** 2 > 1.05 * 0.05 else PAPER


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
    family = str(rcParams["font.family"][0])  # that house_style set
    return max((_line_width(line, size, weight, family) for line in text.split("\n") if line), default=0.0)


@lru_cache(maxsize=8192)  # the same names and words stand in figure after figure; measuring them was half the time of drawing
def _line_width(line: str, size: float, weight: str, family: str) -> float:
    font = FontProperties(family=family, size=size, weight=weight)
    return float(text_to_path.get_text_width_height_descent(line, font, ismath=False)[0]) / 72


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
