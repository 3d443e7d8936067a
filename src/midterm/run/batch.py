"""The batch: in, the plan of an evaluation and any executor; out, every result up to date and how each task ended.

doit walks the plan: it knows what waits for what, asks whether a task is current once all before it are done, and keeps what
is told of it. A task that fails is named and leaves nothing behind that could pass for a result; all other tasks go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import CancelledError, Executor, Future
from queue import SimpleQueue
from typing import Any

from doit.control import ExecNode, TaskControl, TaskDispatcher
from doit.runner import Runner
from doit.task import Task as Node

from midterm.description import Evaluation
from midterm.errors import ConfigError, Problem, UserError, nearest
from midterm.run.basis import package
from midterm.run.process import Outcome, execute, now
from midterm.run.progress import Progress
from midterm.run.standing import Plan
from midterm.steps import STEPS, Task, left_behind, limits


def run(
    plan: Plan, executor: Executor, progress: Progress, mark: str, wanted: Iterable[str], *, fresh: bool = False, most: int | None = None
) -> dict[str, Outcome]:
    """Bring the tasks ``wanted`` and what they wait for up to date; return how each that ran ended.

    With ``fresh`` the tasks wanted run also when they are current; ``most`` are handed out at a time. ``mark`` is that of the lock.
    What is under way when this is interrupted is the executor's to end.
    """
    names = set(wanted)
    needed = plan.needed(names)
    _forget_what_is_no_task(plan)
    control = TaskControl([_node(plan, label, fresh and label in names) for label in needed])
    control.process(list(needed))
    progress.begin(needed)
    runner = _Runner(plan, executor, progress, mark, most or len(needed))
    runner.run_tasks(control.task_dispatcher())
    return runner.outcomes


def check_names(evaluation: Evaluation, only: tuple[str, ...]) -> None:
    """Raise ConfigError when ``only`` has a name that is neither a step's nor an alliance's."""
    known = [*(step.name for step in STEPS), *evaluation.alliances]
    unknown = [name for name in only if name not in known]
    if unknown:
        raise ConfigError(Problem("--only", rule="unknown_name", reason=f"{name!r} is no step and no alliance; {nearest(name, known)}") for name in unknown)


def select(plan: Plan, only: tuple[str, ...]) -> list[str]:
    """Return the tasks that ``only`` asks for: a step's name takes the step, an alliance's what needs no other alliance; nothing asks for all."""
    return [label for label, task in plan.tasks.items() if not only or task.step.name in only or (task.key in only and _stands_alone(plan, task))]


def _stands_alone(plan: Plan, task: Task) -> bool:
    """Tell whether a task is of one alliance and waits for no task of another."""
    return task.step.unit == "alliance" and {other.key for other in plan.needed([task.label]).values() if other.step.unit == "alliance"} == {task.key}


def _node(plan: Plan, label: str, is_forced: bool) -> Node:
    """Return a task as doit has it: what it waits for, and whether it is current, asked when all that is done."""
    task = plan.tasks[label]
    return Node(label, None, task_dep=plan.waits_for[label], uptodate=[lambda: not is_forced and not any(plan.reasons(task))])


def _forget_what_is_no_task(plan: Plan) -> None:
    """Remove the results of an alliance or wave that is no longer in the evaluation, lest they be pooled."""
    for label in plan.journal.others(plan.tasks):
        for name in plan.journal[label].get("outputs", {}):
            (plan.evaluation.folder / name).unlink(missing_ok=True)
        plan.journal.forget(label)
    for path in left_behind(plan.evaluation):  # also what the journal does not know
        path.unlink(missing_ok=True)


class _Runner(Runner):  # type: ignore[misc]
    """doit's runner with its tasks handed to an executor of the standard library's kind."""

    def __init__(self, plan: Plan, executor: Executor, progress: Progress, mark: str, most: int) -> None:
        super().__init__(plan.journal.store, progress, continue_=True)
        self.plan, self.executor, self.mark, self.most = plan, executor, mark, most
        self.limits, self.package = limits(plan.evaluation), package(plan.contents)
        self.running: dict[Future[Outcome], tuple[ExecNode, dict[str, Any]]] = {}
        self.ended = SimpleQueue[Future[Outcome]]()
        self.outcomes: dict[str, Outcome] = {}

    def run_tasks(self, task_dispatcher: TaskDispatcher) -> None:
        node: ExecNode | None = None
        while True:
            try:
                node = task_dispatcher.generator.send(node)
            except StopIteration:
                break
            if node == "hold on":
                node = self._next_that_ends()
            elif self.select_task(node, task_dispatcher.tasks):
                self._begin(node)
                node = self._next_that_ends() if len(self.running) >= self.most else node
        while self.running:
            self._next_that_ends()

    def _begin(self, node: ExecNode) -> None:
        task = self.plan.tasks[node.task.name]
        self.plan.journal.forget(task.label)
        basis = self.plan.basis(task)
        future = self.executor.submit(execute, self.plan.evaluation.folder, task, self.limits[task.step.name], self.mark, self.package)
        self.running[future] = node, basis
        self.reporter.handed_out(task.label, future)
        future.add_done_callback(self.ended.put)

    def _next_that_ends(self) -> ExecNode:
        done = self.ended.get()
        node, basis = self.running.pop(done)
        outcome = _outcome(done)
        self.outcomes[node.task.name] = outcome
        node.task.values = {**outcome.as_values(), **basis}
        self.process_task_result(node, None)
        self.plan.journal.save()
        return node


def _outcome(done: Future[Outcome]) -> Outcome:
    try:
        return done.result()
    except CancelledError:
        reason = "its scheduler was lost; start it again and run again, which goes on from here"
        raise UserError(Problem("--cluster", rule="lost_cluster", reason=reason)) from None
    except Exception as error:  # a cluster's worker that died takes its task with it, not the batch
        return Outcome(f"the worker that ran it was lost ({type(error).__name__}); run again", now())
