"""The check before a run: in, an evaluation; out, every problem in its raw data at once, and what is still awaited."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from midterm.clean.framework import clean_framework
from midterm.clean.ledger import Cleaned
from midterm.clean.lists import clean_interviews, clean_population
from midterm.clean.survey import clean_survey, columns_of
from midterm.description import Evaluation
from midterm.description.evaluation_file import SurveySource
from midterm.errors import AwaitedError, Problem, UserError
from midterm.read import RawTable, read_framework, read_population, read_text, survey_sources


@dataclass(frozen=True)
class Findings:
    """What is wrong, what is doubtful but kept, and what has not arrived yet; each once, in order of place."""

    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]
    awaited: tuple[Problem, ...]


def check(evaluation: Evaluation) -> Findings:
    """Read and clean everything, compute nothing, write nothing; return all that was found."""
    problems: list[Problem] = []
    notices: list[Problem] = []
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
    return Findings(*(tuple(sorted(set(found), key=_place)) for found in (problems, notices, awaited)))


def _place(problem: Problem) -> tuple[str, str, int, str, str]:
    return problem.file, problem.sheet, problem.row or 0, problem.column, problem.rule


def _looks(evaluation: Evaluation) -> list[Callable[[], list[Cleaned]]]:
    """Return one look per file, so that a broken one hides no other; the sound exports of a wave are looked at together."""
    waves = [lambda wave=wave: _wave(evaluation, wave) for wave in evaluation.waves]
    exports = [lambda wave=wave, source=source: _export(evaluation, wave, source) for source in evaluation.sources.surveys for wave in source.waves[:1]]
    frameworks = [
        lambda alliance=alliance: [clean_framework(evaluation, alliance, read_framework(evaluation, alliance))] for alliance in _with_framework(evaluation)
    ]
    lists = [
        lambda source=source: [clean_interviews(evaluation, source, read_text(evaluation.folder, source.file))] for source in evaluation.sources.interviews
    ]
    return [*waves, *exports, *frameworks, lambda: _population(evaluation), *lists]


def _export(evaluation: Evaluation, wave: str, source: SurveySource) -> list[Cleaned]:
    """Read one export and see that it says who answered; its rows are looked at with the others of its wave."""
    read_text(evaluation.folder, source.file).require(columns_of(evaluation, source, wave)[0])
    return []


def _wave(evaluation: Evaluation, wave: str) -> list[Cleaned]:
    """Clean together those exports of a wave that can be read and say who answered."""
    sound: list[tuple[SurveySource, RawTable]] = []
    for source in survey_sources(evaluation, wave):
        with suppress(UserError):
            _export(evaluation, wave, source)
            sound.append((source, read_text(evaluation.folder, source.file)))
    return [clean_survey(evaluation, wave, sound)] if sound else []


def _with_framework(evaluation: Evaluation) -> tuple[str, ...]:
    return evaluation.alliances if evaluation.codebook.framework else ()


def _population(evaluation: Evaluation) -> list[Cleaned]:
    return [clean_population(evaluation, read_population(evaluation))] if evaluation.sources.population else []
