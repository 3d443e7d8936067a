"""The explorer's file: in, the publishable tables and the figures already written; out, ``reports/explorer.html``, one page without a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from midterm.description import Evaluation, Language
from midterm.files import replacing
from midterm.publish.charts.registry import figure_name, figures_of
from midterm.publish.disclosure import Published, publishable
from midterm.publish.documents import TEMPLATES
from midterm.publish.explorer.content import content
from midterm.publish.figures import FIGURES_FOLDER
from midterm.publish.report.context import Context
from midterm.publish.report.write import REPORTS
from midterm.publish.style import Palette
from midterm.publish.wording import ALL, marks
from midterm.tables import Store

EXPLORER = f"{REPORTS}/explorer.html"
OUTSIDE_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}  # no text ends or opens an element


@dataclass(frozen=True)
class Drawn:
    """A figure as its files hold it: the SVG and what stands under it."""

    svg: bytes
    caption: str


def write_explorer(store: Store, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> str:
    """Write the explorer in every language of the evaluation, figures included; return the file's name."""
    shown, figures = publishable(tables, evaluation), dict(_figures(evaluation, store.folder / FIGURES_FOLDER))
    page = compose(evaluation, shown, figures, is_synthetic=store.is_synthetic)
    with replacing(store.folder / EXPLORER) as path:
        path.write_text(page, encoding="utf-8", newline="\n")
    return EXPLORER


def _figures(evaluation: Evaluation, folder: Path) -> Iterator[tuple[str, Drawn]]:
    """Give every figure of the registry that was drawn, by its name."""
    for language in evaluation.file.languages:
        for spec in figures_of(evaluation):
            for name in (figure_name(spec, unit, language) for unit in (ALL, *evaluation.alliances) if spec.is_for(unit)):
                svg, words = folder / f"{name}.svg", folder / f"{name}.json"
                if svg.exists() and words.exists():
                    yield name, Drawn(svg.read_bytes(), str(json.loads(words.read_text(encoding="utf-8"))["caption"]))


def compose(evaluation: Evaluation, tables: Published, figures: Mapping[str, Drawn], *, is_synthetic: bool) -> str:
    """Return the whole page; ``figures`` by name (``waves_klimop.nl``). Every text in it stays text."""
    languages = evaluation.file.languages
    pages = {language: content(Context(evaluation, tables, language, Path(), "")) for language in languages}
    for language, page in pages.items():
        page["texts"]["mark"] = " · ".join(marks(evaluation, language, is_synthetic=is_synthetic).values())
    packed = {name: {"svg": _packed(drawn.svg), "caption": drawn.caption} for name, drawn in figures.items()}
    data = {"pages": pages, "first": _first(evaluation), "figures": packed}
    style, script = (f"\n{(TEMPLATES / name).read_text(encoding='utf-8')}" for name in ("explorer.css", "explorer.js"))
    palette = Palette(evaluation.file.publication.colours)
    values = {
        "style": Template(style).substitute(accent=palette.accent, warning=palette.warning),
        "script": script,
        "hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "data": _embedded(data),
        "no_script": "".join(_sentence(evaluation, language) for language in languages),
        "locale": html.escape(pages[languages[0]]["locale"]),
    }
    front = {name: html.escape(pages[languages[0]]["texts"][name]) for name in ("mark", "evaluation", "subtitle", "title")}
    return Template((TEMPLATES / "explorer.html").read_text(encoding="utf-8")).substitute(values, **front)


def _first(evaluation: Evaluation) -> dict[str, str]:
    """Return what is chosen when the address says nothing."""
    indicators = [*evaluation.plan.primary, *(indicator.id for indicator in evaluation.indicators)]
    return {"language": evaluation.file.languages[0], "unit": ALL, "wave": evaluation.waves[-1], "indicator": indicators[0], "figure": "dumbbell"}


def _sentence(evaluation: Evaluation, language: Language) -> str:
    labels = evaluation.labels[language]
    return f'<p lang="{html.escape(labels.report.locale)}">{html.escape(labels.explorer.no_script)}</p>'


def _packed(svg: bytes) -> str:
    """Return a figure deflated, as text: a fifth of its size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(packer.compress(svg) + packer.flush()).decode()


def _embedded(data: Mapping[str, Any]) -> str:
    """Return ``data`` as JSON in which nothing can be taken for markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(str.maketrans(OUTSIDE_SCRIPT))
