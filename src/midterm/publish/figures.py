"""The one figure writer: in, a chart; out, NAME.svg and NAME.png, its numbers in NAME.csv, its words in NAME.json.

Which figures there are stands in ``charts.py``; what they look like in ``style.py``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import typst
from matplotlib.figure import Figure

from midterm.files import replacing
from midterm.publish.style import SMALL, SOFT, house_style

FIGURES_FOLDER = "reports/figures"
DPI = 150
WIDTH = 6.3  # inches: the text column of the report in Word
MARGIN = 0.1
FOOT = 0.3  # kept free at the bottom of every figure for the mark


@dataclass(frozen=True)
class Chart:
    """A drawn figure, the numbers in it (one row per mark drawn), and its words."""

    figure: Figure
    data: pd.DataFrame
    title: str
    subtitle: str
    caption: str
    alt: str


def write_figure(folder: Path, name: str, chart: Chart, *, is_synthetic: bool, mark: str) -> None:
    """Write ``chart`` below ``folder`` as ``reports/figures/NAME.{svg,png,csv,json}``, the same bytes every time.

    ``name`` ends in its language (``forest_cooperation.nl``). When ``is_synthetic``, ``mark`` stands in the figure
    itself, in its caption and in its alt text.
    """
    shown = mark if is_synthetic else ""
    base = folder / FIGURES_FOLDER
    with house_style(name), _marked(chart.figure, shown):
        drawn = _svg(chart, name, shown)
    with replacing(base / f"{name}.svg") as path:
        path.write_text(drawn, encoding="utf-8")
    with replacing(base / f"{name}.png") as path:
        path.write_bytes(_png(drawn))
    with replacing(base / f"{name}.csv") as path:
        chart.data.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    with replacing(base / f"{name}.json") as path:
        path.write_text(json.dumps(_words(chart, name, shown), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _marked(figure: Figure, mark: str) -> Iterator[None]:
    """Show ``mark`` in the figure's foot while it is written."""
    width, height = figure.get_size_inches()
    text = figure.text(1 - MARGIN / width, 0.08 / height, mark, ha="right", va="bottom", fontsize=SMALL, fontweight=600, color=SOFT)
    try:
        yield
    finally:
        text.remove()


def _svg(chart: Chart, name: str, mark: str) -> str:
    """Return the figure as SVG that says what it shows: a role, a title and a description."""
    drawn = io.StringIO()
    chart.figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    start, tag, rest = drawn.getvalue().partition("<svg ")
    attributes, end, body = rest.partition(">")
    identity = name.replace(".", "-")
    words = _words(chart, name, mark)
    spoken = f'role="img" lang={quoteattr(str(words["language"]))} aria-labelledby="{identity}-title {identity}-desc" '
    title = f'\n <title id="{identity}-title">{escape(chart.title)}</title>'
    description = f'\n <desc id="{identity}-desc">{escape(str(words["alt"]))}</desc>'
    return f"{start}{tag}{spoken}{attributes}{end}{title}{description}{body}"


def _png(drawn: str) -> bytes:
    """Return the SVG ``drawn`` as a picture of dots: a fifth of the time of drawing the figure a second time, and surely the same."""
    page = f'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes({json.dumps(drawn, ensure_ascii=False)}), format: "svg")'
    made: bytes = typst.compile(page.encode(), format="png", ppi=float(DPI), ignore_system_fonts=True)
    return made


def _words(chart: Chart, name: str, mark: str) -> dict[str, str | bool]:
    return {
        "name": name,
        "language": name.rpartition(".")[2],
        "title": chart.title,
        "subtitle": chart.subtitle,
        "caption": _with_mark(chart.caption, mark),
        "alt": _with_mark(chart.alt, mark),
        "synthetic": bool(mark),
        "mark": mark,
    }


def _with_mark(text: str, mark: str) -> str:
    return f"{text} {mark}." if mark else text
