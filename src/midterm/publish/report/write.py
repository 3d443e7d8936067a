"""The report: in, the tables of the contract; out, the same chapters as HTML, DOCX, ODT and PDF in every language asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from midterm.description import Evaluation, Language
from midterm.publish.disclosure import Published, publishable
from midterm.publish.documents import FORMATS, Job, Look, Manuscript, write_documents
from midterm.publish.figures import FIGURES_FOLDER
from midterm.publish.report.chapters import CHAPTERS
from midterm.publish.report.context import Context
from midterm.publish.wording import marks
from midterm.tables import Store

REPORTS = "reports"


def write_report(store: Store, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Write ``reports/report.LANGUAGE.FORMAT`` for every language of the evaluation; return the files' names."""
    shown, figures = publishable(tables, evaluation), store.folder / FIGURES_FOLDER
    jobs = []
    for language in evaluation.file.languages:
        manuscript = compose(evaluation, shown, language, figures, is_synthetic=store.is_synthetic)
        jobs += [Job(manuscript, store.folder / f"{REPORTS}/report.{language}.{kind}", kind) for kind in FORMATS]
    write_documents(jobs)
    return [f"{REPORTS}/{job.path.name}" for job in jobs]


def compose(
    evaluation: Evaluation,
    tables: Published,
    language: Language,
    figures: Path,
    *,
    is_synthetic: bool,
) -> Manuscript:
    """Return the report as Markdown with its title."""
    context = Context(evaluation, tables, language, figures)
    parts = [part for chapter in CHAPTERS for part in chapter(context) if part]
    texts = context.texts
    return Manuscript(
        title=evaluation.file.title.in_(language),
        subtitle=texts.subtitle.format(commissioner=evaluation.file.commissioner.in_(language), period=context.say.period(evaluation.waves)),
        mark=" · ".join(marks(evaluation, language, is_synthetic=is_synthetic).values()),
        notice=texts.synthetic_notice if is_synthetic else "",
        body="\n\n".join(parts),
        figures=figures,
        look=Look.of(evaluation, language),
    )
