"""The explorer's file: in, the publishable tables and the figures already written; out, ``reports/explorer.html``, one page without a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from midterm.description import LANGUAGES, Evaluation, Language
from midterm.files import replacing
from midterm.publish.charts.registry import figure_name, figures_of
from midterm.publish.disclosure import Published
from midterm.publish.documents import TEMPLATES
from midterm.publish.explorer.content import content
from midterm.publish.figures import FIGURES_FOLDER
from midterm.publish.report.context import Context
from midterm.publish.report.write import REPORTS
from midterm.publish.style import Palette
from midterm.publish.wording import ALL, marks
from midterm.tables import Store

EXPLORER = f"{REPORTS}/explorer.html"
# In the data no text can open or end an element.
OUTSIDE_SCRIPT: dict[str, str | int | None] = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
SHAPE = re.compile(r'(<path id="[^"]+" d=")([^"]+)"')


@dataclass(frozen=True)
class Drawn:
    """A figure as its files hold it: the SVG and what stands under it."""

    svg: str
    caption: str


def write_explorer(store: Store, evaluation: Evaluation, tables: Published) -> str:
    """Write the explorer in every language that the project speaks, figures included; return the file's name."""
    figures = dict(_figures(evaluation, store.folder / FIGURES_FOLDER))
    page = compose(evaluation, tables, figures, is_synthetic=store.is_synthetic)
    with replacing(store.folder / EXPLORER) as path:
        path.write_text(page, encoding="utf-8", newline="\n")
    return EXPLORER


def _figures(evaluation: Evaluation, folder: Path) -> Iterator[tuple[str, Drawn]]:
    """Give every figure of the registry that was drawn, by its name."""
    for language in LANGUAGES:
        for spec in figures_of(evaluation):
            for name in (figure_name(spec, unit, language) for unit in (ALL, *evaluation.alliances) if spec.is_for(unit)):
                svg, words = folder / f"{name}.svg", folder / f"{name}.json"
                if svg.exists() and words.exists():
                    yield name, Drawn(svg.read_text(encoding="utf-8"), str(json.loads(words.read_text(encoding="utf-8"))["caption"]))


def compose(evaluation: Evaluation, tables: Published, figures: Mapping[str, Drawn], *, is_synthetic: bool) -> str:
    """Return the whole page; ``figures`` by name (``waves_klimop.nl``). Every text in it stays text."""
    languages = _languages(evaluation)
    pages = {language: content(Context(evaluation, tables, language, Path(), "")) for language in languages}
    for language, page in pages.items():
        page["texts"]["mark"] = " · ".join(marks(evaluation, language, is_synthetic=is_synthetic).values())
    shapes: dict[str, int] = {}
    packed = {name: {"svg": _packed(_sharing(drawn.svg, shapes)), "caption": drawn.caption} for name, drawn in figures.items()}
    data = {"pages": pages, "first": _first(evaluation), "figures": packed, "shapes": _packed(json.dumps(list(shapes)))}
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


def _languages(evaluation: Evaluation) -> tuple[Language, ...]:
    """Return every language, the evaluation's own first."""
    return tuple(dict.fromkeys((*evaluation.file.languages, *LANGUAGES)))


def _first(evaluation: Evaluation) -> dict[str, str]:
    """Return what is chosen when the address says nothing."""
    indicators = [*evaluation.plan.primary, *(indicator.id for indicator in evaluation.indicators)]
    return {"language": evaluation.file.languages[0], "unit": ALL, "wave": evaluation.waves[-1], "indicator": indicators[0], "figure": "dumbbell"}


def _sentence(evaluation: Evaluation, language: Language) -> str:
    labels = evaluation.labels[language]
    return f'<p lang="{html.escape(labels.report.locale)}">{html.escape(labels.explorer.no_script)}</p>'


def _sharing(svg: str, shapes: dict[str, int]) -> str:
    """Return ``svg`` with the outline of every letter and marker named by its place in ``shapes``, to which new ones are added.

    Half of a figure is the letters that it shares with all others; the page puts them back.
    """
    return SHAPE.sub(lambda found: f'{found[1]}@{shapes.setdefault(found[2], len(shapes))}"', svg)


def _packed(text: str) -> str:
    """Return a text deflated, as text again: a fifth of its size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()


def _embedded(data: Mapping[str, Any]) -> str:
    """Return ``data`` as JSON in which nothing can be taken for markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(str.maketrans(OUTSIDE_SCRIPT))
