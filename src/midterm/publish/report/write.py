"""Report and factsheets: in, what may be shown; out, both as HTML, DOCX, ODT and PDF in every language asked for, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from midterm.description import Evaluation, Language
from midterm.errors import Problem
from midterm.places import FIGURES, REPORTS
from midterm.publish.disclosure import Published
from midterm.publish.documents import FORMATS, Job, Look, Manuscript, pages_of, write_documents
from midterm.publish.report.chapters import CHAPTERS
from midterm.publish.report.context import Context
from midterm.publish.report.factsheet import factsheet
from midterm.publish.report.own_texts import own_texts
from midterm.publish.report.remarks import remarks
from midterm.publish.wording import marks
from midterm.tables import Store

FACTSHEETS = f"{REPORTS}/factsheets"
PAGES = 2  # of a factsheet


@dataclass(frozen=True)
class Text:
    """A text to be laid out: its file without format, its language, and the manuscript."""

    name: str
    language: Language
    manuscript: Manuscript


def write_report(store: Store, evaluation: Evaluation, tables: Published) -> list[str]:
    """Write ``reports/report.LANGUAGE.FORMAT``, ``reports/factsheets/ALLIANCE.LANGUAGE.FORMAT`` and the table ``remarks``; return the documents' names."""
    texts, told = list[Text](), list[Problem]()
    for language in evaluation.file.languages:
        context = Context(evaluation, tables, language, store.folder / FIGURES)
        own = own_texts(context)
        told += own.remarks
        texts += _texts(replace(context, own=own.parts), is_synthetic=store.is_synthetic)
    jobs = [Job(text.manuscript, store.folder / f"{text.name}.{kind}", kind) for text in texts for kind in FORMATS]
    write_documents(jobs)
    told += [problem for job in jobs for problem in _too_long(job, store.folder)]
    store.write("remarks", remarks(evaluation, {f"{text.name}.html": (text.language, text.manuscript.body) for text in texts}, told))
    return [job.path.relative_to(store.folder).as_posix() for job in jobs]


def _too_long(job: Job, folder: Path) -> Iterator[Problem]:
    """Give a short document that has more pages than it should, however small its type."""
    most = job.manuscript.look.most_pages
    if job.format == "pdf" and most and (pages := pages_of(job.path.read_bytes())) > most:
        reason = f"this factsheet has {pages} pages where {most} are meant, also in small type; shorten the text of your own that stands in it"
        yield Problem(job.path.relative_to(folder).as_posix(), rule="too_long", reason=reason)


def _texts(context: Context, *, is_synthetic: bool) -> Iterator[Text]:
    """Give the report and every alliance's factsheet in the language of ``context``."""
    evaluation, language = context.evaluation, context.language
    yield Text(f"{REPORTS}/report.{language}", language, compose(context, is_synthetic=is_synthetic))
    for alliance in evaluation.alliances:
        yield Text(f"{FACTSHEETS}/{alliance}.{language}", language, compose_factsheet(context, alliance, is_synthetic=is_synthetic))


def compose(context: Context, *, is_synthetic: bool) -> Manuscript:
    """Return the report as Markdown with its title; what evaluators wrote on a chapter themselves ends it."""
    evaluation, texts = context.evaluation, context.texts
    chapters = [part for chapter in CHAPTERS for part in (*chapter(context), *context.own_text(chapter.__name__)) if part]
    subtitle = texts.subtitle.format(commissioner=evaluation.file.commissioner.in_(context.language), period=context.say.period(evaluation.waves))
    return _manuscript(context, evaluation.file.title.in_(context.language), subtitle, chapters, is_synthetic=is_synthetic)


def compose_factsheet(context: Context, alliance: str, *, is_synthetic: bool) -> Manuscript:
    """Return the factsheet of ``alliance`` as Markdown with its title, short: without front page and contents."""
    subtitle = context.texts.sheet.format(evaluation=context.evaluation.file.title.in_(context.language))
    whole = _manuscript(context, context.say.unit_name(alliance), subtitle, factsheet(context, alliance), is_synthetic=is_synthetic)
    return replace(whole, look=whole.look.of_pages(PAGES))


def _manuscript(context: Context, title: str, subtitle: str, parts: list[str], *, is_synthetic: bool) -> Manuscript:
    evaluation, language = context.evaluation, context.language
    return Manuscript(
        title=title,
        subtitle=subtitle,
        mark=" · ".join(marks(evaluation, language, is_synthetic=is_synthetic).values()),
        notice=context.texts.synthetic_notice if is_synthetic else "",
        body="\n\n".join(parts),
        figures=context.figures,
        look=Look.of(evaluation, language),
    )
