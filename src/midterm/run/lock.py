"""One run of an evaluation at a time: in, its folder; out, the run's mark as long as the run lasts."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from midterm.errors import ConfigError, Problem
from midterm.files import remove_unfinished

HOUSEKEEPING = ".midterm"  # in the evaluation's folder, beside its results: what the batch remembers


def housekeeping(folder: Path) -> Path:
    """Return the folder in which the batch remembers; version control ignores it. Raises ConfigError when it cannot be made."""
    kept = folder / HOUSEKEEPING
    try:
        kept.mkdir(exist_ok=True)
        if not (kept / ".gitignore").exists():
            (kept / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            Problem(str(folder), rule="read_only", reason=f"nothing can be written here ({error.strerror}); make room or ask for access")
        ) from None
    return kept


def scratch_of(folder: Path) -> Path:
    """Return the folder for what the notebooks need for a while."""
    scratch = housekeeping(folder) / "scratch"
    scratch.mkdir(exist_ok=True)
    return scratch


@contextmanager
def one_run_at_a_time(folder: Path) -> Iterator[str]:
    """Hold the evaluation's lock and give its mark; raise ConfigError with the other's process id when a run is under way.

    The operating system lets go of the lock when its process ends, however it ends, so no stale lock stays behind. What a
    run that was killed left half-written is removed first.
    """
    mark = f"{os.getpid()} {time.time_ns()}"
    with (housekeeping(folder) / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            other = lock.read().partition(" ")[0] or "unknown"
            reason = f"a run of this evaluation is under way (process {other}); wait for it to end"
            raise ConfigError(Problem(str(folder), rule="already_running", reason=reason)) from None
        lock.truncate(0)
        lock.write(mark)
        lock.flush()
        _tidy(folder)
        try:
            yield mark
        finally:
            _tidy(folder)
            lock.truncate(0)


def _tidy(folder: Path) -> None:
    """Remove what was half-written or scratch when a process was killed."""
    for made in ("data/processed", "reports"):
        remove_unfinished(folder / made)
    shutil.rmtree(scratch_of(folder), ignore_errors=True)


def holds(folder: Path, mark: str) -> bool:
    """Tell whether the run with ``mark`` still holds the lock: a run on other machines learns so that it was stopped or succeeded."""
    try:
        return (folder / HOUSEKEEPING / "lock").read_text(encoding="utf-8") == mark
    except OSError:
        return False
