"""The data-quality page: in, the clean tables; out, one page in every language asked for, for the project team, without any answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from midterm.description import LANGUAGES, Evaluation, Language
from midterm.places import FIGURES, REPORTS
from midterm.publish.disclosure import publishable
from midterm.publish.documents import Job, Look, Manuscript, write_documents
from midterm.publish.quality.chapters import CHAPTERS, FOLD, FOLD_CLOSED, FOLD_END
from midterm.publish.quality.context import Review
from midterm.publish.report.context import Context
from midterm.publish.wording import marks
from midterm.tables import Store


def write_quality(store: Store, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Write ``reports/quality.LANGUAGE.html`` in every language that the project speaks; return the files' names.

    ``tables`` are the clean ones: responses, respondents, population, quarantine, notices and reconciliation are read.
    """
    jobs = []
    for language in LANGUAGES:
        manuscript = compose(evaluation, tables, language, store.folder / FIGURES, is_synthetic=store.is_synthetic)
        jobs.append(Job(manuscript, store.folder / f"{REPORTS}/quality.{language}.html", "html", lambda text: _folding(_verdict_first(text))))
    write_documents(jobs)
    return [f"{REPORTS}/{job.path.name}" for job in jobs]


def compose(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], language: Language, figures: Path, *, is_synthetic: bool) -> Manuscript:
    """Return the page as Markdown with its title."""
    context = Context(evaluation, publishable(tables, evaluation), language, figures)
    review = Review.of(context)
    parts = [part for chapter in CHAPTERS for part in chapter(review) if part]
    return Manuscript(
        title=review.texts.title,
        subtitle=review.texts.subtitle.format(evaluation=evaluation.file.title.in_(language)),
        mark=" · ".join(marks(evaluation, language, is_synthetic=is_synthetic).values()),
        notice=context.texts.synthetic_notice if is_synthetic else "",
        body="\n\n".join(parts),
        figures=figures,
        look=Look.of(evaluation, language),
    )


def _verdict_first(text: str) -> str:
    """Put the contents after the first chapter, and every chapter under the title as the page's one heading of the first level."""
    start, end = text.index("<nav"), text.index("</nav>") + len("</nav>")
    first, *chapters = re.split(r"(?=<h1)", text[end:])
    lower = [re.sub(r"(</?h)([1-5])\b", lambda found: f"{found[1]}{int(found[2]) + 1}", part) for part in (first, *chapters)]
    return "".join([text[:start], *lower[:2], text[start:end], *lower[2:]])


def _folding(text: str) -> str:
    """Let the findings of a rule fold and unfold, by keyboard and without a script."""
    for name, start in ((FOLD, "<details open>"), (FOLD_CLOSED, "<details>")):
        text = re.sub(rf'<div class="{name}">\s*<p>(.*?)</p>\s*</div>', rf"{start}<summary>\1</summary>", text, flags=re.DOTALL)
    return re.sub(rf'<div class="{FOLD_END}">\s*</div>', "</details>", text)
