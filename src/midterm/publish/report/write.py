"""The report: in, the tables of the contract; out, the same chapters as HTML, DOCX, ODT and PDF in every language asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from midterm.description import Evaluation, Language
from midterm.publish.disclosure import Published
from midterm.publish.documents import FORMATS, Manuscript, convert, fixed_clock
from midterm.publish.figures import FIGURES_FOLDER
from midterm.publish.report.chapters import CHAPTERS
from midterm.publish.report.context import Context
from midterm.publish.wording import marks
from midterm.tables import Store

REPORTS = "reports"


def write_report(store: Store, evaluation: Evaluation, tables: Published) -> list[str]:
    """Write ``reports/report.LANGUAGE.FORMAT`` for every language of the evaluation; return the files' names."""
    figures = store.folder / FIGURES_FOLDER
    pictures = sorted({document.picture for document in FORMATS.values()})
    manuscripts = {
        (language, picture): compose(evaluation, tables, language, figures, picture, is_synthetic=store.is_synthetic)
        for language in evaluation.file.languages
        for picture in pictures
    }
    wanted = {f"{REPORTS}/report.{language}.{ending}": (language, document) for language in evaluation.file.languages for ending, document in FORMATS.items()}
    with fixed_clock(), ThreadPoolExecutor(len(FORMATS)) as side_by_side:  # pandoc and Typst work outside Python
        laid_out = [
            side_by_side.submit(convert, manuscripts[language, document.picture], document, store.folder / name)
            for name, (language, document) in wanted.items()
        ]
    for each in laid_out:
        each.result()
    return list(wanted)


def compose(
    evaluation: Evaluation,
    tables: Published,
    language: Language,
    figures: Path,
    picture: str,
    *,
    is_synthetic: bool,
) -> Manuscript:
    """Return the report as Markdown with its title; ``picture`` is the format of the figures (svg or png)."""
    context = Context(evaluation, tables, language, figures, picture)
    parts = [part for chapter in CHAPTERS for part in chapter(context) if part]
    texts = context.texts
    return Manuscript(
        title=evaluation.file.title.in_(language),
        subtitle=texts.subtitle.format(commissioner=evaluation.file.commissioner.in_(language), period=context.say.period(evaluation.waves)),
        mark=" · ".join(marks(evaluation, language, is_synthetic=is_synthetic).values()),
        notice=texts.synthetic_notice if is_synthetic else "",
        locale=texts.locale,
        contents=texts.contents,
        body="\n\n".join(parts),
        figures=figures,
    )
