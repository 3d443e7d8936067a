"""Files written whole or not at all: in, a path; out, a place beside it that takes its name only when all went well."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

UNFINISHED = ".midterm-"  # how the name of a file starts that is not whole yet


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, and move it into place, synced, only when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{UNFINISHED}{uuid4().hex}{path.suffix}")
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # who may read it is the user's own setting
    try:
        yield beside
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def finished(paths: Iterable[Path]) -> list[Path]:
    """Return ``paths`` in order without what is not whole yet, or never will be, as its process was killed."""
    return sorted(path for path in paths if not path.name.startswith("."))


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that was killed left half-written below ``folder``."""
    for path in folder.rglob(f"{UNFINISHED}*"):
        path.unlink(missing_ok=True)
