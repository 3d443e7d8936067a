"""All figures of one unit: in, tables and an alliance (or all); out, the files in both languages and a look at them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matplotlib import pyplot

from midterm.description import LANGUAGES, Evaluation
from midterm.places import FIGURES
from midterm.publish.charts.registry import draw_figures
from midterm.publish.disclosure import Published
from midterm.publish.figures import Chart, as_html, write_figure
from midterm.publish.style import font_of
from midterm.publish.wording import marks
from midterm.tables import Store


@dataclass(frozen=True)
class Gallery:
    """Figures as a notebook shows them: the saved picture with its alt text, drawn once."""

    folder: Path
    charts: Mapping[str, Chart]

    def _repr_html_(self) -> str:
        return "\n".join(self._image(name) for name in self.charts)

    def __repr__(self) -> str:
        return "\n".join(f"{FIGURES}/{name}: {chart.words.title}" for name, chart in self.charts.items())

    def _image(self, name: str) -> str:
        base = self.folder / FIGURES / name
        return as_html(base.with_name(f"{name}.png").read_bytes(), json.loads(base.with_name(f"{name}.json").read_text(encoding="utf-8")))


def publish_figures(store: Store, evaluation: Evaluation, unit: str, tables: Published) -> Gallery:
    """Draw and write every figure of ``unit`` in every language; return those in the report's first language."""
    font = font_of(evaluation)
    first: dict[str, Chart] = {}
    for language in LANGUAGES:
        charts = draw_figures(tables, evaluation, language, unit)
        for name, chart in charts.items():
            write_figure(store.folder, name, chart, marks(evaluation, language, is_synthetic=store.is_synthetic), font)
            pyplot.close(chart.figure)
        first = charts if language == evaluation.file.languages[0] else first
    return Gallery(store.folder, first)
