"""The declared sources of an evaluation: in, its description; out, the raw tables of a wave, an alliance or a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from midterm.description import Evaluation, Item
from midterm.description.codebook import OpenQuestion
from midterm.description.evaluation_file import FrameworkSource, InterviewSource, SurveySource
from midterm.errors import AwaitedError, Problem, UserError
from midterm.read.corrections import corrected
from midterm.read.raw import Declared, RawTable
from midterm.read.readers import READERS
from midterm.read.received import changed_since_received

POPULATION_COLUMNS = ("wave", "alliance", "organisation", "population", "invited")
Source = TypeVar("Source")


def read_file(evaluation: Evaluation, file: str, reader: str, declared: Declared, ids: Sequence[Sequence[str]] = ()) -> RawTable:
    """Read one file, with the log's corrections laid over it; ``ids`` are the columns that may name a row there."""
    raw = READERS[reader](evaluation.folder, file, declared)
    return corrected(evaluation, replace(raw, remarks=raw.remarks + _without_rows(raw) + changed_since_received(evaluation.folder, file)), ids)


def _without_rows(raw: RawTable) -> tuple[Problem, ...]:
    reason = "this file has headings but no rows under them; see that it is the right file, or export it again"
    return () if raw.rows_read else (raw.problem("no_rows", reason),)


def read_survey(evaluation: Evaluation, wave: str) -> list[tuple[SurveySource, RawTable]]:
    """Read every file that holds ``wave``; one that is awaited or refused is a problem of the first that is there.

    Raises one error with all problems when none of the files can be read.
    """
    return _those_that_arrived((source, partial(read_export, evaluation, source)) for source in survey_sources(evaluation, wave))


def survey_sources(evaluation: Evaluation, wave: str) -> list[SurveySource]:
    """Return the declared exports that hold ``wave``; raise AwaitedError when there are none."""
    sources = [source for source in evaluation.sources.surveys if wave in source.waves]
    if not sources:
        raise AwaitedError(_undeclared(f"sources.surveys ({wave})", f"no survey file is declared for wave {wave!r}; declare it when it arrives"))
    return sources


def read_export(evaluation: Evaluation, source: SurveySource) -> RawTable:
    """Read one survey export; raise UserError when it lacks a column that says who answered (times may be absent)."""
    ids = ([source.columns.record] if source.columns.record else [], source.columns.respondent)
    raw = read_file(evaluation, source.file, source.reader, survey_declared(evaluation, source), ids)
    raw.require([name for name in key_columns(source) if name not in (source.columns.started, source.columns.duration)])
    return raw


def survey_declared(evaluation: Evaluation, source: SurveySource) -> Declared:
    """Return what may leave the reader of a survey export: who answered, and the items of its waves by code or wording."""
    keys = key_columns(source)
    columns: dict[str, tuple[str, ...]] = dict.fromkeys(keys, ())
    for wave in source.waves:
        for question in asked(evaluation, wave):
            name = column_of(question, wave)
            columns[name] = tuple(dict.fromkeys((*columns.get(name, ()), *_wordings(question, wave))))
    linking = frozenset((*source.columns.respondent, *([source.columns.record] if source.columns.record else [])))
    return Declared(columns, (source.sheet,) if source.sheet else (), linking, f"midterm {evaluation.file.seed}")


def key_columns(source: SurveySource) -> list[str]:
    """Return the declared columns that say who answered, when and how far."""
    keys = source.columns
    names = [*keys.respondent, *keys.alliance, *keys.organisation]
    names += [column for column in (keys.record, keys.started, keys.submitted, keys.last_page, keys.duration) if column]
    names += [] if isinstance(source.wave, str) else [source.wave.column]
    return list(dict.fromkeys(names))


def asked(evaluation: Evaluation, wave: str) -> list[Item | OpenQuestion]:
    """Return the items and open questions that were asked in ``wave``."""
    questions: list[Item | OpenQuestion] = [*evaluation.codebook.items, *evaluation.codebook.open_questions]
    return [question for question in questions if question.asked_in(wave)]


def column_of(question: Item | OpenQuestion, wave: str) -> str:
    """Return the declared column of a question in ``wave``."""
    return question.column_in(wave) if isinstance(question, Item) else question.column


def _wordings(question: Item | OpenQuestion, wave: str) -> tuple[str, ...]:
    """Return the wordings by which a heading in full may be known (a box in a shared column has none of its own)."""
    if isinstance(question, Item):
        text = question.wording_in(wave)
        return () if question.option else (text.nl, text.en)
    return question.wording.nl, question.wording.en


def read_framework(evaluation: Evaluation, alliance: str) -> RawTable:
    """Read the framework of one alliance; raise UserError when it has none or cannot be read.

    An earlier version that is awaited or refused is a problem of the present one, which counts all the same.
    """
    source = framework_source(evaluation, alliance)
    if source is None or evaluation.codebook.framework is None:
        raise AwaitedError(_undeclared(f"sources.frameworks ({alliance})", f"no framework workbook is declared for {alliance!r}; declare it when it arrives"))
    raw = read_version(evaluation, source, source.file)
    return replace(raw, problems=raw.problems + _earlier(evaluation, source)[1])


def read_earlier_frameworks(evaluation: Evaluation, alliance: str) -> list[RawTable]:
    """Read those versions that the alliance's framework replaces and that can be read, in the order declared."""
    source = framework_source(evaluation, alliance)
    return _earlier(evaluation, source)[0] if source else []


def _earlier(evaluation: Evaluation, source: FrameworkSource) -> tuple[list[RawTable], tuple[Problem, ...]]:
    """Return the earlier versions that can be read, and the problems of those that cannot."""
    tables: list[RawTable] = []
    problems: list[Problem] = []
    for file in source.earlier:
        try:
            tables.append(read_version(evaluation, source, file))
        except UserError as error:
            problems += error.problems
    return tables, tuple(problems)


def read_version(evaluation: Evaluation, source: FrameworkSource, file: str) -> RawTable:
    """Read one version of a framework."""
    return read_file(evaluation, file, source.reader, framework_declared(evaluation), [["indicator_id"]])


def framework_source(evaluation: Evaluation, alliance: str) -> FrameworkSource | None:
    """Return the declared framework of one alliance."""
    return next((source for source in evaluation.sources.frameworks if source.alliance == alliance), None)


def framework_declared(evaluation: Evaluation) -> Declared:
    """Return what may leave the reader of a framework: every field of the form, values by year as ``actual_value 2024``."""
    form = evaluation.codebook.framework
    if form is None:
        raise AssertionError("an evaluation with frameworks has a framework form in its codebook")
    columns: dict[str, tuple[str, ...]] = {}
    for field, heading in form.columns.items():
        if field == "actual_value":
            columns |= {f"{field} {year}": (heading.nl.format(year=year), heading.en.format(year=year)) for year in evaluation.reporting_years}
        else:
            columns[field] = (heading.nl, heading.en)
    return Declared(columns, (form.sheet.nl, form.sheet.en))


def read_interviews(evaluation: Evaluation) -> list[tuple[InterviewSource, RawTable]]:
    """Read every declared file of coded segments, as ``read_survey`` does those of a wave."""
    return _those_that_arrived((source, partial(read_segments, evaluation, source)) for source in evaluation.sources.interviews)


def read_segments(evaluation: Evaluation, source: InterviewSource) -> RawTable:
    """Read one file of coded segments."""
    return read_file(evaluation, source.file, source.reader, interview_declared(source))


def interview_declared(source: InterviewSource) -> Declared:
    """Return what may leave the reader of coded segments."""
    names = dict.fromkeys(vars(source.columns).values(), ())
    return Declared(names, (source.sheet,) if source.sheet else ())


def read_population(evaluation: Evaluation) -> RawTable:
    """Read the staff list; raise AwaitedError when none is declared."""
    source = evaluation.sources.population
    if source is None:
        raise AwaitedError(_undeclared("sources.population", "no staff list is declared; declare it when it arrives"))
    declared = Declared(dict.fromkeys(POPULATION_COLUMNS, ()), (source.sheet,) if source.sheet else ())
    return read_file(evaluation, source.file, source.reader, declared, [POPULATION_COLUMNS[:3]])


def _those_that_arrived(reads: Iterable[tuple[Source, Callable[[], RawTable]]]) -> list[tuple[Source, RawTable]]:
    tables: list[tuple[Source, RawTable]] = []
    refused: list[UserError] = []
    for source, read in reads:
        try:
            tables.append((source, read()))
        except UserError as error:
            refused.append(error)
    problems = tuple(problem for error in refused for problem in error.problems)
    if refused and not tables:
        kind = AwaitedError if all(isinstance(error, AwaitedError) for error in refused) else UserError
        raise kind(problems)
    return [(source, replace(raw, problems=raw.problems + problems) if at == 0 else raw) for at, (source, raw) in enumerate(tables)]


def _undeclared(column: str, reason: str) -> Problem:
    return Problem("evaluation.yml", column=column, rule="awaited", reason=reason)
