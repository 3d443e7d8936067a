"""What the user sees of a run: in, the events of doit's runner; out, a live table on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from midterm.steps import Task

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

SHOWN = 6  # runs under way that one line of the table names


class Progress:
    """A reporter of doit as plain lines: one for each task that ran, with how many of all are settled."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.tasks: Mapping[str, Task] = {}
        self.settled: dict[str, str] = {}

    def begin(self, tasks: Mapping[str, Task]) -> None:
        """Take the tasks of the run, before any runs."""
        self.tasks = tasks

    def handed_out(self, label: str, future: Future[Any]) -> None:
        """A task waits for a free place, or runs."""

    def get_status(self, node: Any) -> None:
        """doit is about to ask whether a task is current: nothing to show."""

    def skip_uptodate(self, node: Any) -> None:
        """A task is current."""
        self.settled[node.name] = "current"

    def add_success(self, node: Any) -> None:
        """A task ended, well or not: which stands in what is kept of it."""
        self.settled[node.name] = "failed" if node.values["failure"] else "done"
        self._say(f"[{len(self.settled):>3}/{len(self.tasks)}] {self.settled[node.name]:<6} {node.name} ({node.values['seconds']:.1f} s)")


class LiveTable(Progress):
    """The same as a table that stays in its place: each step's runs, which are under way and how long, and what is left."""

    def __init__(self, expected: Mapping[str, float], jobs: int, *, is_elsewhere: bool = False) -> None:
        """``expected`` gives the seconds that a task took the last time; ``jobs`` run side by side.

        Of runs that are ``elsewhere`` it is not known when they begin: they count as under way once handed out.
        """
        super().__init__(lambda _: None)
        self._expected, self._jobs, self._start, self._is_elsewhere = expected, jobs, time.monotonic(), is_elsewhere
        self._futures: dict[str, Future[Any]] = {}
        self._since: dict[str, float] = {}

    def handed_out(self, label: str, future: Future[Any]) -> None:
        """A task waits for a free place, or runs."""
        self._futures[label] = future

    def add_success(self, node: Any) -> None:
        """A task ended."""
        self._futures.pop(node.name, None)
        super().add_success(node)

    def __rich__(self) -> RenderableType:
        """Return the table as it is now."""
        from rich.table import Table

        now = time.monotonic()
        for label, future in list(self._futures.items()):
            if future.running() or self._is_elsewhere:
                self._since.setdefault(label, now)
        table = Table("step", "runs", "under way", box=None, caption=self._caption(now), caption_justify="left")
        for step in dict.fromkeys(task.step.name for task in self.tasks.values()):
            labels = [label for label, task in self.tasks.items() if task.step.name == step]
            table.add_row(step, self._count(labels), self._under_way(labels, now))
        return table

    def _count(self, labels: list[str]) -> str:
        counts = Counter(self.settled.get(label, "left") for label in labels)
        return ", ".join(f"{counts[state]} {state}" for state in ("current", "done", "failed", "left") if counts[state])

    def _under_way(self, labels: list[str], now: float) -> str:
        running = [f"{self.tasks[label].key} {now - self._since[label]:.0f} s".strip() for label in labels if label in self._futures and label in self._since]
        return ", ".join(running[:SHOWN]) + (f" and {len(running) - SHOWN} more" if len(running) > SHOWN else "")

    def _caption(self, now: float) -> str:
        left = [label for label in self.tasks if label not in self.settled]
        known = [self._expected[label] for label in left if label in self._expected]
        text = f"{len(self.settled)} of {len(self.tasks)} settled in {now - self._start:.0f} s"
        return f"{text}; about {sum(known) / self._jobs:.0f} s left" if known and len(known) == len(left) else text


@contextmanager
def shown(console: Console, progress: Progress) -> Iterator[Progress]:
    """Show ``progress`` on the terminal as long as the block lasts."""
    from rich.live import Live

    with Live(progress, console=console, refresh_per_second=4, transient=False):  # type: ignore[arg-type]
        yield progress
