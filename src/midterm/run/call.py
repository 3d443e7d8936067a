"""One call of ``midterm run``: in, an evaluation and the options; out, its results up to date, and the user told how it went."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from midterm.description import Evaluation
from midterm.errors import Problem, UserError
from midterm.run.batch import check_names, run, select
from midterm.run.executors import cluster, this_machine
from midterm.run.journal import Journal
from midterm.run.lock import is_recorded, one_run_at_a_time, remove_record
from midterm.run.notebooks import check_parameters
from midterm.run.progress import LiveTable, Progress, shown
from midterm.run.standing import Plan
from midterm.steps import STEPS, limits, tasks

Say = Callable[[str], None]


@dataclass(frozen=True)
class Call:
    """The options of the call."""

    only: tuple[str, ...] = ()
    jobs: int | None = None
    cluster: str = ""
    fresh: bool = False


def bring_up_to_date(evaluation: Evaluation, call: Call, say: Say) -> bool:
    """Run what is not current, and tell how it went; return whether nothing failed and nothing is set aside.

    Raises ConfigError when the call or the description is wrong, before anything runs, and KeyboardInterrupt when the user or the
    system stops it; nothing is half-written then.
    """
    started = datetime.now(UTC)
    limits(evaluation)
    check_names(evaluation, call.only)
    check_parameters(task for step in STEPS for task in tasks(evaluation, step))
    with _room_to_write(evaluation), one_run_at_a_time(evaluation.folder) as lock, _journal(evaluation) as journal:
        plan = Plan(evaluation, journal)
        wanted = select(plan, call.only)
        standings = plan.standings()
        if not call.fresh and all(standings[label].state == "current" for label in wanted):
            is_well = _tell_current(plan, call, say)
            if not is_recorded(evaluation.folder):  # a run that was stopped at its very end, or somebody removed it
                _record(plan, call, started, [], is_well=is_well)
            return is_well
        mark = lock.take()
        place = cluster(call.cluster, call.jobs, say) if call.cluster else this_machine(call.jobs or os.cpu_count() or 1)
        with _terminating_like_an_interrupt(), place as (executor, jobs), _progress(plan, say, jobs, is_elsewhere=bool(call.cluster)) as progress:
            remove_record(evaluation.folder)
            outcomes = run(plan, executor, progress, mark, wanted, fresh=call.fresh, most=call.jobs)
        is_well = _tell(plan, progress, say)
        _record(plan, replace(call, jobs=jobs), started, list(outcomes), is_well=is_well)
    return is_well


def _record(plan: Plan, call: Call, started: datetime, ran: list[str], *, is_well: bool) -> None:
    from midterm.run.record import Run, write_record

    write_record(plan, Run(started, 0 if is_well else 1, ran, call.only, call.jobs, call.cluster))


@contextmanager
def _room_to_write(evaluation: Evaluation) -> Iterator[None]:
    """Say in a sentence that the batch itself can write no more; what is done by then stays done."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        reason = f"what was done can no longer be kept here ({getattr(error, 'strerror', None) or error}); make room or ask for access, and run again"
        raise UserError(Problem(str(evaluation.folder), rule="no_room", reason=reason)) from None


@contextmanager
def _journal(evaluation: Evaluation) -> Iterator[Journal]:
    journal = Journal(evaluation.folder)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def _terminating_like_an_interrupt() -> Iterator[None]:
    """Let a system that ends the batch in good order be treated as a user who does."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(plan: Plan, say: Say, jobs: int, *, is_elsewhere: bool) -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield Progress(say)
        return
    from rich.console import Console

    expected = {label: float(values["seconds"]) for label in plan.tasks if (values := plan.journal[label])}
    with shown(Console(stderr=True), LiveTable(expected, jobs, is_elsewhere=is_elsewhere)) as progress:
        yield progress


def _tell_current(plan: Plan, call: Call, say: Say) -> bool:
    what = "Everything is current" if not call.only else f"All of {', '.join(call.only)} is current"
    aside = _tell_found(plan, say)
    say(f"{what}; the results are in reports/ (use --fresh to run all the same).{_where_set_aside(plan, aside)}")
    return not _found(plan, "set_aside") and not _found(plan, "remarks")


def _tell(plan: Plan, progress: Progress, say: Say) -> bool:
    """Say what ran, what was current, what failed and why, and where the results are."""
    states = list(progress.settled.values())
    failures = {label: plan.journal[label]["failure"] for label, state in progress.settled.items() if state == "failed"}
    for label, failure in failures.items():
        for sentence in failure.splitlines():
            say(f"{label}: {sentence}")
    aside = _tell_found(plan, say)
    parts = [f"{states.count('done')} of {len(states)} notebooks ran"]
    parts += [f"{states.count('current')} were current"] if "current" in states else []
    parts += [f"{len(failures)} failed and are named above"] if failures else []
    language = plan.evaluation.file.languages[0]
    report = f"reports/report.{language}.html"
    where = f"The report is {report}; tables" if (plan.evaluation.folder / report).exists() else "There is no report yet; tables"
    say(f"{'; '.join(parts)}. {where}, figures and notebooks lie in reports/.{_where_set_aside(plan, aside)}")
    return not failures and not aside and not _found(plan, "remarks")


def _found(plan: Plan, kind: str) -> list[str]:
    return [sentence for label in plan.tasks for sentence in plan.journal[label].get(kind, ())]


def _tell_found(plan: Plan, say: Say) -> list[str]:
    """Say what was set aside, which is returned, and what the report lacks or asks to be looked at."""
    aside = _found(plan, "set_aside")
    for sentence in (*(f"set aside: {text}" for text in aside), *(f"look at: {text}" for text in _found(plan, "remarks"))):
        say(sentence)
    return aside


def _where_set_aside(plan: Plan, sentences: list[str]) -> str:
    if not sentences:
        return ""
    return f" What was set aside stands in reports/quality.{plan.evaluation.file.languages[0]}.html with what to do ({len(sentences)} places)."
