"""How each task stands: in, an evaluation and its journal; out, current, failed or stale, and what changed, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from midterm.description import Evaluation
from midterm.run.basis import Contents, code, differences, digest, inputs
from midterm.run.journal import Journal
from midterm.steps import STEPS, Task, follows, tasks

State = Literal["current", "stale", "failed"]


@dataclass(frozen=True)
class Standing:
    """One task's state; ``reasons`` say why it would run, ``after`` names the stale tasks that it waits for."""

    task: Task
    state: State
    reasons: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Plan:
    """The tasks of an evaluation by label, what each waits for, and what is known of them."""

    def __init__(self, evaluation: Evaluation, journal: Journal) -> None:
        self.evaluation, self.journal, self.contents = evaluation, journal, Contents()
        by_step = {step.name: tasks(evaluation, step) for step in STEPS}
        self.tasks = {task.label: task for found in by_step.values() for task in found}
        self.waits_for = {
            task.label: [before.label for name, is_own in follows(task.step).items() for before in by_step[name] if not is_own or before.key == task.key]
            for task in self.tasks.values()
        }
        self._code = {step.name: code(step, self.contents) for step in STEPS}
        self._digests = {name: digest(hashes) for name, hashes in self._code.items()}

    def needed(self, wanted: Iterable[str]) -> dict[str, Task]:
        """Return the tasks ``wanted`` and all that they wait for, in the order of the plan."""
        found, ahead = set[str](), list(wanted)
        while ahead:
            label = ahead.pop()
            if label not in found:
                found.add(label)
                ahead += self.waits_for[label]
        return {label: task for label, task in self.tasks.items() if label in found}

    def basis(self, task: Task) -> dict[str, Any]:
        """Return what a result of ``task`` would rest on now; the code by its digest, which the journal is told."""
        found = self._digests[task.step.name]
        self.journal.keep_code(found, self._code[task.step.name])
        return {"parameters": task.parameters, "code": found, "inputs": inputs(self.evaluation, task, self.contents)}

    def reasons(self, task: Task) -> Iterator[str]:
        """Say what keeps the result of ``task`` from being current; nothing when it is."""
        known = self.journal[task.label]
        if not known:
            yield "it has not been run to its end"
            return
        if known["failure"]:
            yield "it failed the last time"
        found = self._digests[task.step.name]
        if known["code"] != found:
            yield from differences(self.journal.code(known["code"]), self._code[task.step.name])
        yield from differences(known["parameters"], task.parameters)
        yield from differences(known["inputs"], inputs(self.evaluation, task, self.contents))
        made = {name: self.contents.sha256(self.evaluation.folder / name) for name in known["outputs"]}
        yield from (f"its result {text}" for text in differences(known["outputs"], {name: found for name, found in made.items() if found}))

    def standings(self) -> dict[str, Standing]:
        """Return how every task stands, in the order of the plan; a task is stale too when one that it waits for is."""
        found: dict[str, Standing] = {}
        for label, task in self.tasks.items():
            reasons = tuple(self.reasons(task))
            after = tuple(before for before in self.waits_for[label] if found[before].state != "current")
            failed = bool(self.journal[label].get("failure"))
            found[label] = Standing(task, "failed" if failed else "stale" if reasons or after else "current", reasons, after)
        return found


def standings_of(evaluation: Evaluation) -> tuple[dict[str, Standing], dict[str, dict[str, Any]]]:
    """Return how every task of ``evaluation`` stands, and what is known of it."""
    journal = Journal.to_look_at(evaluation.folder)
    try:
        plan = Plan(evaluation, journal)
        return plan.standings(), {label: journal[label] for label in plan.tasks}
    finally:
        journal.close()
