"""What a run should say of its report: in, the composed texts and the evaluation; out, what is missing, changed or claimed, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from midterm.description import Evaluation, Language
from midterm.description.causal_words import causal_words
from midterm.errors import Problem
from midterm.places import FIGURES
from midterm.publish.charts.registry import figure_name, figures_of
from midterm.publish.style import Font, font_of
from midterm.tables import shaped

HEADING = re.compile(r"^#+ (.*)$")
ESCAPE = re.compile(r"\\(.)")


def remarks(evaluation: Evaluation, bodies: Mapping[str, tuple[Language, str]], own: Iterable[Problem]) -> pd.DataFrame:
    """Return the table ``remarks``; ``bodies`` are the texts of each document (its file's name) in Markdown with their language."""
    claims = (problem for file, (language, body) in bodies.items() for problem in _claims(file, language, body))
    untranslated = (problem for problem in evaluation.stand_ins if problem.rule == "untranslated")  # own labels may be partial on purpose
    lacking = (problem for file, (_, body) in bodies.items() for problem in _lacking(file, font_of(evaluation), body))
    found = dict.fromkeys((*own, *untranslated, *_absent_figures(evaluation), *claims, *lacking))
    return shaped("remarks", pd.DataFrame([vars(problem) for problem in found], columns=["file", "sheet", "row", "column", "rule", "reason"]))


def _claims(file: str, language: Language, body: str) -> Iterator[Problem]:
    """Give every wording that claims a cause; tables are left out, as they quote what alliances named their own indicators."""
    heading = ""
    for line in body.splitlines():
        named = HEADING.match(line)
        heading = ESCAPE.sub(r"\1", named[1]) if named else heading
        if not line.startswith("|"):
            for words in causal_words(ESCAPE.sub(r"\1", line), language):
                reason = f"under {heading!r} {words!r} claims a cause, which a mid-term evaluation cannot show; say what was seen (docs/style-sheet.md)"
                yield Problem(file, rule="causal_wording", reason=reason)


def _lacking(file: str, font: Font, body: str) -> Iterator[Problem]:
    """Give the characters of a text that the font of the PDF has no sign for."""
    signs = font.lacking(body)
    if signs:
        named = ", ".join(f"U+{ord(sign):04X}" for sign in signs[:5])
        reason = f"the font {font.name} has no sign for {named}, and an empty square stands in its place; write it otherwise, or choose a font that has it"
        yield Problem(str(Path(file).with_suffix(".pdf")), rule="no_sign", reason=reason)


def _absent_figures(evaluation: Evaluation) -> Iterator[Problem]:
    """Give each figure that other alliances have and one lacks."""
    there = {path.name for path in (evaluation.folder / Path(FIGURES)).glob("*.json")}
    language = evaluation.file.languages[0]
    for spec in figures_of(evaluation):
        units = [unit for unit in evaluation.alliances if spec.is_for(unit)]
        lacking = [unit for unit in units if f"{figure_name(spec, unit, language)}.json" not in there]
        if len(lacking) < len(units):
            for unit in lacking:
                reason = (
                    f"there are no data to draw it of {evaluation.alliance(unit).name!r}, and the report says so; see what was set aside or has not arrived"
                )
                yield Problem(f"{FIGURES}/{figure_name(spec, unit, language)}.svg", rule="no_figure", reason=reason)
