"""One notebook in a process of its own: in, a task and its limits; out, how it ended.

On Linux the process is forked from one that imported the libraries already (the standard library's forkserver), so that runs
share nothing and pay no import; elsewhere it is started anew. A run that fails leaves no output behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import multiprocessing
import os
import random
import re
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from midterm.errors import Problem, UserError
from midterm.files import replacing
from midterm.run.basis import Contents, Hashes
from midterm.run.lock import holds, scratch_of
from midterm.run.notebooks import source_of
from midterm.steps import Task

WARM = "midterm.run.warm"
METHOD = "forkserver" if sys.platform == "linux" else "spawn"
ENVIRONMENT = {  # one thread, also in what is forked from: a fork of many could hang
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
USER_ERRORS = ("UserError", "AwaitedError", "ConfigError")
OVER = "the run that it belonged to has ended; run again"
LOOK = 0.25  # seconds between looks at a process that runs
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
FAULTS = {
    errno.ENOSPC: "the disk is full; make room and run again",
    errno.EDQUOT: "the disk quota is used up; make room and run again",
    errno.EFBIG: "a file grew larger than this system lets it; ask for more and run again",
    errno.EROFS: "the folder cannot be written to; ask for access and run again",
    errno.EACCES: "a file or folder cannot be opened for want of access; ask for it and run again",
}


@dataclass(frozen=True)
class Outcome:
    """How one task ended: ``failure`` is empty when it succeeded, else one sentence a fault.

    ``set_aside`` says what it quarantined, ``remarks`` what its result lacks or asks to be looked at.
    """

    failure: str = ""
    started: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0
    set_aside: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    outputs: Hashes = field(default_factory=dict)

    def as_values(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def execute(folder: Path, task: Task, limits: tuple[float, float], mark: str, code: str = "") -> Outcome:
    """Run one notebook for one unit, within ``limits`` (minutes, gigabytes), as long as the run with ``mark`` holds the lock.

    Its declared outputs are cleared before, and again when it fails. ``code`` is what ``basis.package`` gave the batch.
    """
    started, start = now(), time.perf_counter()
    try:
        ended = _cleared_and_run(folder, task, limits, mark, code)
    except UserError as error:
        ended = {"failure": str(error)}
    except (OSError, EOFError) as error:
        ended = {"failure": (isinstance(error, OSError) and _fault(error)) or f"its process could not be started ({type(error).__name__}); run again"}
    return Outcome(started=started, seconds=round(time.perf_counter() - start, 2), **ended)


def _cleared_and_run(folder: Path, task: Task, limits: tuple[float, float], mark: str, code: str) -> dict[str, Any]:
    """Run between two looks at the lock: what a later run has made by then is not this one's to clear."""
    if not holds(folder, mark):
        return {"failure": OVER}
    _clear(folder, task)
    with tempfile.TemporaryDirectory(dir=scratch_of(folder), ignore_cleanup_errors=True) as scratch:
        ended = _in_fresh_process(folder, task, limits, lambda: holds(folder, mark), (scratch, code))
    if ended.get("failure") and holds(folder, mark):
        _clear(folder, task)
    return ended


def now() -> str:
    """Return the time as it stands in the record."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _clear(folder: Path, task: Task) -> None:
    for pattern in task.writes():
        for path in folder.glob(pattern):
            if not path.is_dir():
                path.unlink(missing_ok=True)


def _in_fresh_process(folder: Path, task: Task, limits: tuple[float, float], may_go_on: Callable[[], bool], given: tuple[str, str]) -> dict[str, Any]:
    context = multiprocessing.get_context(METHOD)
    resource_tracker.ensure_running()  # which lets interrupts through again
    os.environ.update(ENVIRONMENT)
    context.set_forkserver_preload([WARM])
    # A cluster's worker may be a daemon, which may have no children lest these outlive it; ours die with their parent.
    multiprocessing.current_process()._config.pop("daemon", None)  # type: ignore[attr-defined]
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, folder, task, *given))  # type: ignore[attr-defined]
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is started here is the batch's to end when the user interrupts
    process.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, heard)
    sender.close()
    try:
        return _follow(process, receiver, limits, may_go_on)
    finally:
        process.join(5)
        _end(process)
        receiver.close()


def _end(process: BaseProcess) -> None:
    """End a process and what it started, which is its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()
    process.join()


def _follow(process: BaseProcess, receiver: Connection, limits: tuple[float, float], may_go_on: Callable[[], bool]) -> dict[str, Any]:
    """Return what the process sends, or why it ended, or had to be ended, without sending anything."""
    deadline, looks = time.monotonic() + 60 * limits[0], 0
    while not wait([receiver, process.sentinel], LOOK):
        looks += 1
        if failure := _stopped(_family(process, is_whole=looks % 8 == 0), deadline, limits, may_go_on):
            _end(process)
            return {"failure": failure}
    with contextlib.suppress(EOFError):
        if receiver.poll():  # not where it ended, but left a child that holds the pipe
            sent: dict[str, Any] = receiver.recv()
            return sent
    process.join()
    return {"failure": _died(process.exitcode or 0)}


def _stopped(family: list[psutil.Process], deadline: float, limits: tuple[float, float], may_go_on: Callable[[], bool]) -> str:
    """Say why a process has to be ended; nothing when it may go on."""
    if time.monotonic() >= deadline:
        return f"it took longer than its limit of {limits[0]:g} minutes and was stopped; mend the notebook, or raise limits in evaluation.yml"
    if _gigabytes(family) > limits[1]:
        return f"it took more memory than its limit of {limits[1]:g} GB and was stopped; raise limits in evaluation.yml"
    return "" if may_go_on() else OVER


def _family(process: BaseProcess, *, is_whole: bool) -> list[psutil.Process]:
    """Return a process, with those that it started when the look ``is_whole``, which takes longer; none when it is gone."""
    try:
        return [psutil.Process(process.pid), *(psutil.Process(process.pid).children(recursive=True) if is_whole else [])]
    except psutil.Error:
        return []


def _gigabytes(family: list[psutil.Process]) -> float:
    """Return the memory that processes hold; a limit of the system's own would leave libraries hanging."""
    held = 0
    for member in family:
        with contextlib.suppress(psutil.Error):
            held += member.memory_info().rss
    return held / 2**30


def _died(exit_code: int) -> str:
    if exit_code < 0:
        name = signal.Signals(-exit_code).name if -exit_code in set(signal.Signals) else f"signal {-exit_code}"
        return f"its process was killed ({name}); run again, with fewer --jobs if memory is short"
    return f"its process ended before the notebook did (exit status {exit_code}); take what ends it out of the notebook"


def _serve(sender: Connection, folder: Path, task: Task, scratch: str, code: str) -> None:
    """Run the notebook and send how it ended; the process is this notebook's alone."""
    _set_up(scratch)
    failure = _other_code(code) or run_notebook(folder, task)
    ended: dict[str, Any] = {"failure": failure, "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
    if not failure:
        ended |= {"set_aside": _set_aside(folder, task), "remarks": _remarks(folder, task), "outputs": Contents().of(folder, task.writes())}
    sender.send(ended)


def _other_code(code: str) -> str:
    """Say so when the libraries here were imported from other code than the batch goes by, as on a worker that was started before a change."""
    if not code or getattr(sys.modules.get(WARM), "LOADED", code) == code:
        return ""
    return "what runs it has other code or libraries than this run goes by; restart a cluster's workers from the same checkout, else run again"


def _set_up(scratch: str) -> None:
    """Make the process the notebook's own: it ends with its parent, has a place for scratch, and no shared random state."""
    os.setsid()  # a group of its own, to be ended with all that it starts
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what a dying process leaves would hold answers
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.environ |= {"TMPDIR": scratch, "IPYTHONDIR": scratch}
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        importlib.import_module("numpy").random.seed()


def _end_with_parent() -> None:
    """End this process at once when the batch is gone; ``prctl`` does so a little later, but also while a library is busy."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


def run_notebook(folder: Path, task: Task) -> str:
    """Execute the notebook of ``task`` with Papermill in this process, keep it when every cell ran, and return what failed."""
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    source = source_of(task.step.notebook)
    parameters = {"evaluation": str(folder), **task.parameters}
    try:
        executed = papermill.execute_notebook(source, None, parameters, engine_name="midterm", cwd=source.parent, progress_bar=False)
        code = [cell for cell in executed.cells if cell.cell_type == "code" and cell.source.strip()]
        if any(cell.execution_count is None or any(output.output_type == "error" for output in cell.outputs) for cell in code):
            return f"notebook {source.name} stopped before its last cell; open it in JupyterLab to see where"
        with replacing(folder / task.executed) as final:
            nbformat.write(executed, final)
    except PapermillExecutionError as error:
        return _explain(error, task)
    except OSError as error:
        return _fault(error) or f"the executed notebook could not be kept ({error.strerror}); run again"
    except Exception as error:  # the notebook is broken: one sentence, no traceback with data
        return f"notebook {source.name} could not be run to its end ({type(error).__name__}); open it in JupyterLab to see where"
    return ""


def _explain(error: Any, task: Task) -> str:
    """Return the user's own error as it is; of any other only its kind, as its text may carry data."""
    kind, text = error.ename.rsplit(".", 1)[-1], str(error.evalue)
    if kind in USER_ERRORS:
        return text
    if kind.endswith("MemoryError"):
        return "it needs more memory than there is; run again, with fewer --jobs"
    number = re.match(r"\[Errno (\d+)\]", text)
    known = FAULTS.get(int(number[1])) if number else None
    return (
        known
        or f"a fault in cell {error.cell_index} of {source_of(task.step.notebook).name} ({kind}); open it in JupyterLab with the same parameters to see more"
    )


def _fault(error: OSError) -> str:
    return FAULTS.get(error.errno or 0, "")


def _set_aside(folder: Path, task: Task) -> tuple[str, ...]:
    """Return what the task quarantined, a sentence each."""
    from midterm.tables import Store

    parts = [path for pattern in task.writes() if "/quarantine/" in pattern for path in folder.glob(pattern)]
    return tuple(sentence for path in parts for sentence in _sentences(Store(folder).read_parts("quarantine", path.stem)))


def _remarks(folder: Path, task: Task) -> tuple[str, ...]:
    """Return what the task remarked on its result, a sentence each."""
    from midterm.tables import Store

    return _sentences(Store(folder).read("remarks")) if any(pattern.endswith("/remarks.parquet") for pattern in task.writes()) else ()


def _sentences(table: Any) -> tuple[str, ...]:
    rows = table.astype(object).to_dict("records")
    return tuple(str(Problem(**{str(name): _plain(str(name), value) for name, value in row.items()})) for row in rows)


def _plain(name: str, value: Any) -> Any:
    """Return an empty cell of the quarantine as a problem has it: no row, or no text."""
    if value is None or value != value:
        return None if name == "row" else ""
    return value
