"""The batch: in, an evaluation; out, all its outputs up to date, made by Papermill, and the record of the run.

The runner knows the plan only as a table (``steps``) and takes any ``concurrent.futures.Executor``. A task that fails
is named and leaves nothing behind that could pass for a result; all other tasks go on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from midterm.description import Evaluation
from midterm.errors import ConfigError, Problem, nearest
from midterm.steps import NOTEBOOKS, STEPS, Task, tasks
from midterm.tables import replacing

UNFINISHED = "the notebook"
USER_ERRORS = ("UserError", "AwaitedError", "ConfigError")


@dataclass(frozen=True)
class Outcome:
    """How one task ended: ``failure`` is empty when it succeeded, else one sentence a fault."""

    task: Task
    seconds: float
    failure: str = ""


Report = Callable[[str], None]


def run(evaluation: Evaluation, executor: Executor, report: Report, only: Iterable[str] = ()) -> list[Outcome]:
    """Run every task of the plan, step after step, the tasks of a step side by side; return how each ended.

    ``only`` limits the run to steps and alliances by name. Raises ConfigError when a name or a notebook's parameters
    are wrong, before anything runs.
    """
    plan = [select(step_tasks, evaluation, tuple(only)) for step_tasks in (tasks(evaluation, step) for step in STEPS)]
    for task in (task for step_tasks in plan for task in step_tasks):
        check_parameters(NOTEBOOKS / f"{task.step.notebook}.ipynb", task.parameters)
    total, outcomes = sum(map(len, plan)), list[Outcome]()
    try:
        for step_tasks in plan:
            futures = [executor.submit(execute, evaluation.folder, task) for task in step_tasks]
            for outcome in _as_they_end(futures, step_tasks):
                outcomes.append(outcome)
                state = "failed" if outcome.failure else "done"
                report(f"[{len(outcomes):>3}/{total}] {state:<6} {outcome.task.label} ({outcome.seconds:.1f} s)")
    except KeyboardInterrupt:
        executor.shutdown(wait=True, cancel_futures=True)
        raise
    return outcomes


def _as_they_end(futures: list[Future[Outcome]], step_tasks: list[Task]) -> Iterable[Outcome]:
    for future in as_completed(futures):
        try:
            yield future.result()
        except Exception as error:  # a worker that died takes its task with it, not the batch
            yield Outcome(step_tasks[futures.index(future)], 0.0, f"the worker died ({type(error).__name__}); run again, with fewer --jobs if memory is short")


def select(step_tasks: list[Task], evaluation: Evaluation, only: tuple[str, ...]) -> list[Task]:
    """Return the tasks that ``only`` asks for: a step's name takes the step, an alliance's all its tasks."""
    known = [*(step.name for step in STEPS), *evaluation.alliances]
    unknown = [name for name in only if name not in known]
    if unknown:
        raise ConfigError(Problem("--only", rule="unknown_name", reason=f"{name!r} is no step and no alliance; {nearest(name, known)}") for name in unknown)
    if not only:
        return step_tasks
    return [task for task in step_tasks if task.step.name in only or (task.step.unit == "alliance" and task.key in only)]


def check_parameters(notebook: Path, parameters: dict[str, str]) -> None:
    """Raise ConfigError when ``parameters`` has a name that the notebook's parameters cell does not declare.

    Papermill only warns of a misspelt parameter and then runs the default.
    """
    import papermill

    if not notebook.exists():
        raise ConfigError(Problem(notebook.name, rule="missing_notebook", reason="this notebook is not there; restore it"))
    declared = papermill.inspect_notebook(str(notebook))
    wrong = [name for name in parameters if name not in declared]
    if wrong:
        raise ConfigError(
            Problem(notebook.name, column=name, rule="unknown_parameter", reason=f"the notebook has no such parameter; {nearest(name, declared)}")
            for name in wrong
        )


def execute(folder: Path, task: Task) -> Outcome:
    """Run one notebook for one unit; clear its declared outputs before, and again when it fails."""
    start = time.perf_counter()
    _clear(folder, task)
    try:
        failure = _run_notebook(folder, task)
        if failure.startswith(UNFINISHED):  # a kernel that did not start or died: once more, on a quieter machine
            failure = _run_notebook(folder, task)
    except BaseException:  # interrupted: nothing half-made may pass for a result
        _clear(folder, task)
        raise
    if failure:
        _clear(folder, task)
    return Outcome(task, time.perf_counter() - start, failure)


@contextmanager
def one_run_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the evaluation's lock; raise ConfigError with the other's process id when a run is under way already.

    The operating system lets go of the lock when its process ends, however it ends, so no stale lock stays behind.
    """
    path = folder / "reports" / ".lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            reason = f"a run of this evaluation is under way (process {lock.read().strip() or 'unknown'}); wait for it to end"
            raise ConfigError(Problem(str(folder), rule="already_running", reason=reason)) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def quiet() -> None:
    """Silence a worker: its kernels' own warnings are no news, and what fails comes back as an outcome."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _clear(folder: Path, task: Task) -> None:
    for pattern in task.writes():
        for path in folder.glob(pattern):
            path.unlink()


def _run_notebook(folder: Path, task: Task) -> str:
    """Execute beside the final place and move the notebook there only when every cell ran; return what failed."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    source = NOTEBOOKS / f"{task.step.notebook}.ipynb"
    with tempfile.TemporaryDirectory(prefix="midterm-") as scratch:
        output = Path(scratch) / "executed.ipynb"
        parameters = {"evaluation": str(folder), **task.parameters}
        try:
            executed = papermill.execute_notebook(str(source), str(output), parameters, cwd=str(NOTEBOOKS), progress_bar=False, log_output=False)
        except PapermillExecutionError as error:
            return _explain(error, task)
        except Exception as error:  # the kernel died or the notebook is broken: one sentence, no traceback with data
            return f"{UNFINISHED} {source.name} could not be run to its end ({type(error).__name__}); open it in JupyterLab to see where"
        if any(cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None for cell in executed.cells):
            return f"notebook {source.name} stopped before its last cell; open it in JupyterLab to see where"
        with replacing(folder / task.executed) as final:
            shutil.copyfile(output, final)
    return ""


def _explain(error: object, task: Task) -> str:
    """Return the user's own error as it is; of any other only its kind, as its text may carry data."""
    name, text = getattr(error, "ename", "error"), str(getattr(error, "evalue", ""))
    if name.rsplit(".", 1)[-1] in USER_ERRORS:
        return text
    cell = getattr(error, "cell_index", "?")
    return f"a fault in cell {cell} of {task.step.notebook}.ipynb ({name}); open it in JupyterLab with the same parameters to see more"
