"""The page of a figure: in, words and row names; out, a figure with title and places in inches, where nothing can overlap.

All places are inches from the left and from the top of the figure's body; text is measured before it is placed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from midterm.publish.figures import MARGIN, MARKS, WIDTH, Words
from midterm.publish.style import INK, LABEL, LINE, PAPER, RULE, SMALL, SOFT, SUBTITLE, TITLE, text_width, wrap

INNER = WIDTH - 2 * MARGIN
SPACING = 1.02  # matplotlib's own factor that gives LINE with this font
LONGEST = 7.4  # inches for the rows of one figure: a page of the report less its head, key and axis
Entry = tuple[dict[str, Any], str]  # how a sign looks (marker settings), and its word


@dataclass(frozen=True)
class Page:
    """A figure with its title set; ``sheet`` covers it whole, in inches, y downwards; the body starts at ``top``."""

    figure: Figure
    sheet: Axes
    top: float

    def text(self, x: float, y: float, text: str, *, size: float = LABEL, **look: Any) -> None:
        """Write ``text`` at ``x``, ``y`` inches."""
        self.sheet.text(x, self.top + y, text, **{"fontsize": size, "va": "center", "linespacing": SPACING, **look})

    def box(self, x: float, y: float, width: float, height: float, colour: str, edge: str = PAPER) -> None:
        """Fill a rectangle of ``width`` x ``height`` inches; its edge is white, or ``edge``."""
        self.sheet.add_patch(Rectangle((x, self.top + y), width, height, facecolor=colour, edgecolor=edge, linewidth=0.8))

    def line(self, x: Sequence[float], y: Sequence[float], **look: Any) -> None:
        """Draw a line through places in inches."""
        self.sheet.plot(list(x), [self.top + place for place in y], **{"color": RULE, "linewidth": 0.6, **look})

    def sign(self, x: float, y: float, look: dict[str, Any]) -> None:
        """Put one marker at ``x``, ``y`` inches."""
        self.sheet.plot([x], [self.top + y], **{"linestyle": "none", **look})

    def plot(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes at a place in inches, whose y axis counts inches downwards from their top."""
        total = self.figure.get_size_inches()[1]
        axes = self.figure.add_axes((left / WIDTH, 1 - (self.top + top + height) / total, width / WIDTH, height / total))
        axes.set_ylim(height, 0)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        return axes


def new_page(words: Words, body: float) -> Page:
    """Return a page of the report's width: title and subtitle above ``body`` inches, source and n below it."""
    heading, below = wrap(words.title, INNER, TITLE, "bold"), wrap(words.subtitle, INNER, SUBTITLE)
    source = wrap(words.source, INNER - MARKS, SMALL)
    heights = [_height(heading, TITLE), _height(below, SUBTITLE), _height(source, SMALL)]
    top = MARGIN + heights[0] + 0.04 + heights[1] + 0.12
    total = top + body + 0.1 + heights[2] + 0.06
    figure = Figure(figsize=(WIDTH, total), facecolor=PAPER)
    FigureCanvasAgg(figure)
    sheet = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(total, 0))
    sheet.axis("off")
    sheet.text(MARGIN, MARGIN, heading, fontsize=TITLE, fontweight="bold", va="top", linespacing=SPACING)
    sheet.text(MARGIN, MARGIN + heights[0] + 0.04, below, fontsize=SUBTITLE, color=SOFT, va="top", linespacing=SPACING)
    sheet.text(MARGIN, total - 0.08, source, fontsize=SMALL, color=SOFT, va="bottom", linespacing=SPACING)
    return Page(figure, sheet, top)


def _height(text: str, size: float) -> float:
    return (text.count("\n") + 1) * size * LINE / 72


@dataclass(frozen=True)
class Rows:
    """Named rows under each other: wrapped names, the middle of each row, total height and text size, inches and points."""

    names: tuple[str, ...]
    middles: tuple[float, ...]
    step: float
    height: float
    size: float
    rules: tuple[float, ...]


def lay_rows(names: Sequence[str], width: float, breaks: Sequence[int] = (), least: float = 0.2, most: float = 0.34, longest: float = LONGEST) -> Rows:
    """Place rows with ``names`` of at most ``width`` inches; before each row in ``breaks`` come a gap and a rule."""
    wanted = min(max(longest / max(len(names), 1), least), most)
    size = LABEL if wanted >= 0.28 else SMALL
    wrapped = tuple(wrap(name, width, size, lines=2) for name in names)
    step = max(wanted, 0.24) if any("\n" in name for name in wrapped) else wanted
    gaps = [sum(index >= start for start in breaks if start > 0) * 0.12 for index in range(len(names))]
    middles = tuple((index + 0.5) * step + gap for index, gap in enumerate(gaps))
    rules = tuple(start * step + gaps[start] - 0.06 for start in breaks if 0 < start < len(names))
    height = len(names) * step + (gaps[-1] if gaps else 0.0)
    return Rows(wrapped, middles, step, height, size, rules)


def names_width(names: Sequence[str], most: float) -> float:
    """Return the width in inches that ``names`` need at the left of their rows, at most ``most``."""
    return min(max((text_width(name, LABEL, "semibold") for name in names), default=most), most)


def name_rows(page: Page, rows: Rows, top: float, strong: Sequence[int] = (), gids: Sequence[str | None] = ()) -> None:
    """Write the names of ``rows`` at the left and the rules between their groups; ``gids`` are the names' ids in an SVG."""
    for index, (name, middle) in enumerate(zip(rows.names, rows.middles, strict=True)):
        page.text(MARGIN, top + middle, name, size=rows.size, fontweight=600 if index in strong else 400, gid=gids[index] if gids else None)
    for rule in rows.rules:
        page.line((MARGIN, WIDTH - MARGIN), (top + rule, top + rule), color="#9a9a9a")


def even_steps(low: float, high: float, most: float = 4.5) -> list[float]:
    """Return whole or half steps from ``low`` to ``high`` that go at most ``most`` times into the whole."""
    span = high - low
    power = 10 ** math.floor(math.log10(span))
    step = next(size for size in (0.2 * power, 0.5 * power, power, 2 * power, 5 * power) if span / size <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(first * step + index * step, 6) for index in range(int((high - first * step) / step + 1e-9) + 1)]


def decimals_of(ticks: Sequence[float]) -> int:
    """Return how many decimals, at most two, tell ``ticks`` apart."""
    return next((count for count in (0, 1) if all(abs(tick * 10**count - round(tick * 10**count)) < 1e-9 for tick in ticks)), 2)


def key_height(entries: Sequence[Entry], width: float = INNER) -> float:
    """Return the height in inches that ``draw_key`` needs."""
    return (max((line for _, line in _flow(entries, width)), default=-1) + 1) * 0.17


def draw_key(page: Page, entries: Sequence[Entry], left: float = MARGIN, top: float = 0.0, width: float = INNER) -> None:
    """Draw signs with their words beside each other, on as many lines as they need."""
    for (look, word), (x, line) in zip(entries, _flow(entries, width), strict=True):
        middle = top + line * 0.17 + 0.08
        if look.get("linestyle", "none") != "none":
            page.line((left + x - 0.01, left + x + 0.13), (middle, middle), color=look["color"], linestyle=look["linestyle"], linewidth=1.2)
        if look.get("marker"):
            page.sign(left + x + 0.06, middle, {**look, "linestyle": "none"})
        page.text(left + x + 0.17, middle, wrap(word, width - 0.2, SMALL, lines=1), size=SMALL, color=INK)


def _flow(entries: Sequence[Entry], width: float) -> list[tuple[float, int]]:
    places: list[tuple[float, int]] = []
    x, line = 0.0, 0
    for _, word in entries:
        needed = 0.17 + min(text_width(word, SMALL), width - 0.2)
        if x > 0 and x + needed > width:
            x, line = 0.0, line + 1
        places.append((x, line))
        x += needed + 0.16
    return places
