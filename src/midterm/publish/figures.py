"""The one figure writer: in, a chart; out, NAME.svg and NAME.png, its numbers in NAME.csv, its words in NAME.json.

Which figures there are stands in ``charts/registry.py``; what they look like in ``style.py``.
"""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import typst
from matplotlib.figure import Figure
from matplotlib.text import Text

from midterm.files import replacing
from midterm.places import FIGURES
from midterm.publish.style import HOUSE_FONT, SMALL, SOFT, Font, house_style

DPI = 150
WIDTH = 6.3  # inches: the text column of the report in Word
MARGIN = 0.1
MARKS = 2.0  # inches kept free at the right of a figure's foot for its marks


@dataclass(frozen=True)
class Words:
    """What a figure says: the finding, what-where-when, source and n, how to read it, and all of it for who cannot see it."""

    title: str
    subtitle: str
    source: str
    note: str
    alt: str

    @property
    def caption(self) -> str:
        """Source and note in one text."""
        return f"{self.source} {self.note}".strip()


@dataclass(frozen=True)
class Chart:
    """A drawn figure, the numbers in it (one row per mark drawn), and its words.

    ``name`` (which ends in its language), ``marks`` and ``font`` are what ``named`` gives it, to show itself and to be saved
    under. A notebook shows the figure as it is by then, changed by hand or not, with its alt text and caption.
    """

    figure: Figure
    data: pd.DataFrame
    words: Words
    name: str = "figure.en"
    marks: Mapping[str, str] = field(default_factory=dict)
    font: Font = HOUSE_FONT

    def named(self, name: str, marks: Mapping[str, str], font: Font) -> Chart:
        """Return the same chart with what it is called, what must stand on it, and its font."""
        return replace(self, name=name, marks=marks, font=font)

    def saying(self, **words: str) -> Chart:
        """Return the same chart with other words (``title``, ``subtitle``, ``source``, ``note``, ``alt``), for a figure changed by hand.

        The words are those that are read out and saved beside the figure; text inside the figure is changed in the figure.
        """
        return replace(self, words=replace(self.words, **words))

    def save(self, folder: Path | str = ".", name: str = "") -> Path:
        """Write the figure's four files below ``folder`` as ``reports/figures/NAME.{svg,png,csv,json}``; return the PNG's path.

        ``name`` replaces that of the figure; the language comes behind it.
        """
        language = self.name.rpartition(".")[2]
        stem = f"{name}.{language}" if name else self.name
        write_figure(Path(folder), stem, self, self.marks, self.font)
        return Path(folder) / FIGURES / f"{stem}.png"

    def __repr__(self) -> str:
        return _with_marks(self.words.alt, self.marks)

    def _repr_html_(self) -> str:
        with house_style(self.font, salt=self.name), _marked(self.figure, self.marks):
            drawn = _svg(self, self.name, self.marks)
        return as_html(_png(drawn), _described(self, self.name, self.marks))


def as_html(picture: bytes, words: Mapping[str, Any]) -> str:
    """Return a PNG as it is shown in a notebook: with alt text and caption, ``words`` being those written beside the figure."""
    source = base64.b64encode(picture).decode()
    image = f'<img alt="{html.escape(words["alt"])}" src="data:image/png;base64,{source}" style="width:{WIDTH}in;max-width:100%">'
    return f'<figure lang="{html.escape(words["language"])}">{image}<figcaption>{html.escape(words["caption"])}</figcaption></figure>'


def write_figure(folder: Path, name: str, chart: Chart, marks: Mapping[str, str], font: Font = HOUSE_FONT) -> None:
    """Write ``chart`` below ``folder`` as ``reports/figures/NAME.{svg,png,csv,json}``, the same bytes every time.

    ``name`` ends in its language (``forest_cooperation.nl``). Each of ``marks`` (by kind: synthetic, internal) stands
    in the figure itself, in its caption and in its alt text.
    """
    base = folder / FIGURES
    with house_style(font, salt=name), _marked(chart.figure, marks):
        drawn = _svg(chart, name, marks)
    with replacing(base / f"{name}.svg") as path:
        path.write_text(drawn, encoding="utf-8")
    with replacing(base / f"{name}.png") as path:
        path.write_bytes(_png(drawn))
    with replacing(base / f"{name}.csv") as path:
        chart.data.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    with replacing(base / f"{name}.json") as path:
        path.write_text(json.dumps(_described(chart, name, marks), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _marked(figure: Figure, marks: Mapping[str, str]) -> Iterator[None]:
    """Show ``marks`` in the figure's foot while it is written."""
    text = put_marks(figure, marks)
    try:
        yield
    finally:
        if text is not None:
            text.remove()


def put_marks(figure: Figure, marks: Mapping[str, str]) -> Text | None:
    """Write ``marks`` in the figure's foot, unless they stand there; return the text that was added."""
    mark = " · ".join(marks.values())
    if any(text.get_text() == mark for text in figure.texts):
        return None
    width, height = figure.get_size_inches()
    look: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": SMALL, "fontweight": 600, "color": SOFT}
    return figure.text(1 - MARGIN / width, 0.08 / height, mark, **look)


def _svg(chart: Chart, name: str, marks: Mapping[str, str]) -> str:
    """Return the figure as SVG that says what it shows: a role, a title and a description."""
    drawn = io.StringIO()
    chart.figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    start, tag, rest = drawn.getvalue().partition("<svg ")
    attributes, end, body = rest.partition(">")
    identity = name.replace(".", "-")
    words = _described(chart, name, marks)
    spoken = f'role="img" lang={quoteattr(str(words["language"]))} aria-labelledby="{identity}-title {identity}-desc" '
    title = f'\n <title id="{identity}-title">{escape(chart.words.title)}</title>'
    description = f'\n <desc id="{identity}-desc">{escape(str(words["alt"]))}</desc>'
    return f"{start}{tag}{spoken}{attributes}{end}{title}{description}{body}"


def _png(drawn: str) -> bytes:
    """Return the SVG ``drawn`` as a picture of dots: a fifth of the time of drawing the figure a second time, and surely the same."""
    page = f'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes({json.dumps(drawn, ensure_ascii=False)}), format: "svg")'
    made: bytes = typst.compile(page.encode(), format="png", ppi=float(DPI), ignore_system_fonts=True)
    return made


def _described(chart: Chart, name: str, marks: Mapping[str, str]) -> dict[str, str | bool]:
    words = chart.words
    return {
        "name": name,
        "language": name.rpartition(".")[2],
        "title": words.title,
        "subtitle": words.subtitle,
        "source": words.source,
        "note": words.note,
        "caption": _with_marks(words.caption, marks),
        "alt": _with_marks(words.alt, marks),
        "synthetic": "synthetic" in marks,
        "mark": " · ".join(marks.values()),
    }


def _with_marks(text: str, marks: Mapping[str, str]) -> str:
    return " ".join([text, *(f"{mark}." for mark in marks.values())])
