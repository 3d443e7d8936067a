"""The check before a run: in, an evaluation; out, every problem in its raw data at once, and what is still awaited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from midterm.clean.framework import clean_framework
from midterm.clean.ledger import Cleaned
from midterm.clean.lists import clean_interviews, clean_population
from midterm.clean.survey import clean_survey
from midterm.description import Evaluation
from midterm.errors import AwaitedError, Problem, UserError
from midterm.read import read_framework, read_interviews, read_population, read_survey


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
    """Return one look per wave, per workbook and per list, so that one broken file hides no other."""
    waves = [lambda wave=wave: [clean_survey(evaluation, wave, read_survey(evaluation, wave))] for wave in evaluation.waves]
    frameworks = [
        lambda alliance=alliance: [clean_framework(evaluation, alliance, read_framework(evaluation, alliance))] for alliance in _with_framework(evaluation)
    ]
    return [
        *waves,
        *frameworks,
        lambda: _population(evaluation),
        lambda: [clean_interviews(evaluation, source, raw) for source, raw in read_interviews(evaluation)],
    ]


def _with_framework(evaluation: Evaluation) -> tuple[str, ...]:
    return evaluation.alliances if evaluation.codebook.framework else ()


def _population(evaluation: Evaluation) -> list[Cleaned]:
    return [clean_population(evaluation, read_population(evaluation))] if evaluation.sources.population else []
