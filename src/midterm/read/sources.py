"""The declared sources of an evaluation: in, its description; out, the raw tables of a wave, an alliance or a list."""

from __future__ import annotations

from midterm.description import Evaluation
from midterm.description.evaluation_file import FrameworkSource, InterviewSource, SurveySource
from midterm.errors import AwaitedError, Problem, UserError
from midterm.read.raw import RawTable
from midterm.read.text import read_text
from midterm.read.workbook import read_workbook


def read_survey(evaluation: Evaluation, wave: str) -> list[tuple[SurveySource, RawTable]]:
    """Read every file that holds ``wave``; raise one error with all files that are awaited or cannot be read."""
    tables: list[tuple[SurveySource, RawTable]] = []
    errors: list[UserError] = []
    for source in survey_sources(evaluation, wave):
        try:
            tables.append((source, read_text(evaluation.folder, source.file)))
        except UserError as error:
            errors.append(error)
    if errors:
        kind = AwaitedError if all(isinstance(error, AwaitedError) for error in errors) else UserError
        raise kind(problem for error in errors for problem in error.problems)
    return tables


def survey_sources(evaluation: Evaluation, wave: str) -> list[SurveySource]:
    """Return the declared exports that hold ``wave``; raise AwaitedError when there are none."""
    sources = [source for source in evaluation.sources.surveys if wave in source.waves]
    if not sources:
        raise AwaitedError(_undeclared(f"sources.surveys ({wave})", f"no survey file is declared for wave {wave!r}; declare it when it arrives"))
    return sources


def read_framework(evaluation: Evaluation, alliance: str) -> RawTable:
    """Read the framework workbook of one alliance; raise UserError when it has none or cannot be read."""
    source = framework_source(evaluation, alliance)
    form = evaluation.codebook.framework
    if source is None or form is None:
        raise AwaitedError(_undeclared(f"sources.frameworks ({alliance})", f"no framework workbook is declared for {alliance!r}; declare it when it arrives"))
    return read_workbook(evaluation.folder, source.file, [form.sheet.nl, form.sheet.en], form.headings)


def framework_source(evaluation: Evaluation, alliance: str) -> FrameworkSource | None:
    """Return the declared workbook of one alliance."""
    return next((source for source in evaluation.sources.frameworks if source.alliance == alliance), None)


def read_interviews(evaluation: Evaluation) -> list[tuple[InterviewSource, RawTable]]:
    """Read every declared file of coded segments."""
    return [(source, read_text(evaluation.folder, source.file)) for source in evaluation.sources.interviews]


def read_population(evaluation: Evaluation) -> RawTable:
    """Read the staff list; raise AwaitedError when none is declared."""
    source = evaluation.sources.population
    if source is None:
        raise AwaitedError(_undeclared("sources.population", "no staff list is declared; declare it when it arrives"))
    return read_text(evaluation.folder, source.file)


def _undeclared(column: str, reason: str) -> Problem:
    return Problem("evaluation.yml", column=column, rule="awaited", reason=reason)
