"""One run of an evaluation at a time: in, its folder; out, the run's mark as long as the run lasts."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from midterm.errors import ConfigError, Problem
from midterm.files import remove_unfinished

RECORD, CRATE, PLAN = "reports/run.json", "reports/ro-crate-metadata.json", "reports/plan.json"
HOUSEKEEPING = ".midterm"  # in the evaluation's folder, beside its results: what the batch remembers


def housekeeping(folder: Path) -> Path:
    """Return the folder in which the batch remembers; version control ignores it. Raises ConfigError when it cannot be made."""
    kept = folder / HOUSEKEEPING
    try:
        kept.mkdir(exist_ok=True)
        if not (kept / ".gitignore").exists():
            (kept / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise _not_writable(folder, error) from None
    return kept


def scratch_of(folder: Path) -> Path:
    """Return the folder for what the notebooks need for a while."""
    scratch = housekeeping(folder) / "scratch"
    scratch.mkdir(exist_ok=True)
    return scratch


class Lock:
    """The lock of an evaluation, held; ``take`` says so in it, once there is something to run."""

    def __init__(self, folder: Path, file: TextIO) -> None:
        self._folder, self._file = folder, file

    def take(self) -> str:
        """Write the process id and a mark of this run into the lock, remove what a run that was killed left, and return the mark."""
        mark = f"{os.getpid()} {time.time_ns()}"
        self._file.truncate(0)
        self._file.write(mark)
        self._file.flush()
        _tidy(self._folder)
        return mark

    def let_go(self) -> None:
        """Remove the mark, and what was half-written when this run was interrupted."""
        if self._file.tell():
            self._file.truncate(0)  # first, so that what still runs elsewhere sees it
            _tidy(self._folder)


def _opened(folder: Path) -> TextIO:
    try:
        return (housekeeping(folder) / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise _not_writable(folder, error) from None


def _not_writable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(Problem(str(folder), rule="read_only", reason=f"nothing can be written here ({error.strerror}); make room or ask for access"))


@contextmanager
def one_run_at_a_time(folder: Path) -> Iterator[Lock]:
    """Hold the evaluation's lock; raise ConfigError with the other's process id when a run is under way.

    The operating system lets go of the lock when its process ends, however it ends, so no stale lock stays behind.
    """
    with _opened(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            other = file.read().partition(" ")[0] or "unknown"
            reason = f"a run of this evaluation is under way (process {other}); wait for it to end"
            raise ConfigError(Problem(str(folder), rule="already_running", reason=reason)) from None
        lock = Lock(folder, file)
        try:
            yield lock
        finally:
            lock.let_go()


def _tidy(folder: Path) -> None:
    """Remove what was half-written or scratch when a process was killed."""
    for made in ("data/processed", "reports"):
        remove_unfinished(folder / made)
    shutil.rmtree(scratch_of(folder), ignore_errors=True)


def is_recorded(folder: Path) -> bool:
    """Tell whether the record of the last run lies there whole."""
    return all((folder / name).exists() for name in (RECORD, CRATE, PLAN))


def remove_record(folder: Path) -> None:
    """Remove the record of the run before, which no longer tells what lies there."""
    for name in (RECORD, CRATE, PLAN):
        (folder / name).unlink(missing_ok=True)


def holds(folder: Path, mark: str) -> bool:
    """Tell whether the run with ``mark`` still holds the lock: a run on other machines learns so that it was stopped or succeeded."""
    try:
        return (folder / HOUSEKEEPING / "lock").read_text(encoding="utf-8") == mark
    except OSError:
        return False
