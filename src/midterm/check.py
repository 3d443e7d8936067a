"""The check before a run: in, an evaluation; out, every problem in its raw data at once, and what is still awaited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from midterm.clean.framework import clean_framework
from midterm.clean.interviews import clean_interviews
from midterm.clean.ledger import Cleaned
from midterm.clean.population import clean_population
from midterm.clean.survey import clean_survey
from midterm.description import Evaluation
from midterm.description.evaluation_file import FrameworkSource, InterviewSource, SurveySource
from midterm.errors import AwaitedError, Problem, UserError
from midterm.publish.report.own_texts import text_faults
from midterm.read import RawTable, read_earlier_frameworks, read_export, read_framework, read_population, read_segments, read_version, survey_sources


@dataclass(frozen=True)
class Findings:
    """What is wrong, what is doubtful but kept, and what has not arrived yet; each once, in order of place."""

    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]
    awaited: tuple[Problem, ...]


def check(evaluation: Evaluation) -> Findings:
    """Read and clean everything, compute nothing, write nothing; return all that was found."""
    problems = list(text_faults(evaluation))
    notices = list(evaluation.stand_ins)
    awaited: list[Problem] = []
    for look in _looks(evaluation):
        try:
            for cleaned in look():
                problems += cleaned.quarantine
                notices += cleaned.notices
        except AwaitedError as error:
            awaited += error.problems
        except UserError as error:
            problems += error.problems
    faults = set(problems) - set(awaited)  # what is awaited is no fault, also where cleaning goes on without it
    return Findings(*(tuple(sorted(found, key=_place)) for found in (faults, set(notices), set(awaited))))


def refusals(evaluation: Evaluation, told: Collection[str]) -> tuple[Problem, ...]:
    """Return why declared files that have arrived could not be read at all; those in ``told`` are known already."""
    silent = {file for file in evaluation.sources.files if (evaluation.folder / file).exists()} - set(told)
    return tuple(problem for problem in check(evaluation).problems if problem.file in silent) if silent else ()


def _place(problem: Problem) -> tuple[str, str, int, str, str, str]:
    return problem.file, problem.sheet, problem.row or 0, problem.column, problem.rule, problem.reason


def _looks(evaluation: Evaluation) -> Iterator[Callable[[], list[Cleaned]]]:
    """Give one look per file, so that a broken one hides no other; the sound exports of a wave are looked at together."""
    yield from (partial(_export, evaluation, source) for source in evaluation.sources.surveys)
    yield from (partial(_wave, evaluation, wave) for wave in evaluation.waves)
    if evaluation.codebook.framework:
        yield from (partial(_framework, evaluation, alliance) for alliance in evaluation.alliances)
        yield from (partial(_version, evaluation, source, file) for source in evaluation.sources.frameworks for file in source.earlier)
    yield from (partial(_segments, evaluation, source) for source in evaluation.sources.interviews)
    if evaluation.sources.population:
        yield partial(_population, evaluation)


def _export(evaluation: Evaluation, source: SurveySource) -> list[Cleaned]:
    """Read one export and see that it says who answered; its rows are looked at with the others of its wave."""
    read_export(evaluation, source)
    return []


def _wave(evaluation: Evaluation, wave: str) -> list[Cleaned]:
    """Clean together those exports of a wave that can be read and say who answered."""
    sound: list[tuple[SurveySource, RawTable]] = []
    for source in survey_sources(evaluation, wave):
        with suppress(UserError):
            sound.append((source, read_export(evaluation, source)))
    return [clean_survey(evaluation, wave, sound)] if sound else []


def _framework(evaluation: Evaluation, alliance: str) -> list[Cleaned]:
    return [clean_framework(evaluation, alliance, read_framework(evaluation, alliance), read_earlier_frameworks(evaluation, alliance))]


def _version(evaluation: Evaluation, source: FrameworkSource, file: str) -> list[Cleaned]:
    """Read one earlier version; it is compared with the present one, which may itself be refused."""
    read_version(evaluation, source, file)
    return []


def _segments(evaluation: Evaluation, source: InterviewSource) -> list[Cleaned]:
    return [clean_interviews(evaluation, source, read_segments(evaluation, source))]


def _population(evaluation: Evaluation) -> list[Cleaned]:
    return [clean_population(evaluation, read_population(evaluation))]
