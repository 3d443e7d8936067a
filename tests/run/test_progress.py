"""What the user sees of a run: lines in a log, a table on a terminal; states and times here are made up."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from midterm.run.progress import LiveTable, Progress
from midterm.steps import STEPS, Task

PLAN = {task.label: task for task in [Task(STEPS[0], "2023"), Task(STEPS[1], "noord"), Task(STEPS[1], "zuid"), Task(STEPS[10], "")]}


def ended(label: str, failure: str = "") -> Any:
    return SimpleNamespace(name=label, values={"failure": failure, "seconds": 1.25})


def running() -> Future[Any]:
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


def test_a_log_has_a_line_for_each_notebook_that_ran_counted_with_those_that_were_current() -> None:
    lines: list[str] = []
    progress = Progress(lines.append)
    progress.begin(PLAN)
    progress.skip_uptodate(ended("clean_survey 2023"))
    progress.add_success(ended("clean_frameworks noord"))
    progress.add_success(ended("clean_frameworks zuid", "a.xlsx: mend this"))
    assert lines == ["[  2/4] done   clean_frameworks noord (1.2 s)", "[  3/4] failed clean_frameworks zuid (1.2 s)"]


def test_the_table_shows_what_is_settled_under_way_and_left() -> None:
    table = LiveTable({"clean_frameworks noord": 4.0, "clean_frameworks zuid": 4.0, "publish_report": 2.0}, jobs=2)
    table.begin(PLAN)
    table.skip_uptodate(ended("clean_survey 2023"))
    table.handed_out("clean_frameworks noord", running())
    table.handed_out("clean_frameworks zuid", Future())
    console = Console(width=100, record=True, file=None)
    with console.capture() as shown:
        console.print(table)
    text = shown.get()
    assert "clean_survey" in text
    assert "1 current" in text
    assert "2 left" in text
    assert "noord 0 s" in text
    assert "zuid" not in text
    assert "1 of 4 settled in 0 s; about 5 s left" in text
    table.add_success(ended("clean_frameworks noord"))
    with console.capture() as shown:
        console.print(table)
    assert "1 done, 1 left" in shown.get()
