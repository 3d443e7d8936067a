"""What the batch remembers: in, how each task ended and what it rested on; out, the same in the next run, whatever happened between.

It is doit's own store (SQLite), written after each task and not only at the end, so that a run that is killed loses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from doit.dependency import DatabaseException, Dependency, SqliteDB

from midterm.errors import ConfigError, Problem
from midterm.run.basis import Hashes
from midterm.run.lock import HOUSEKEEPING, housekeeping

FILE = "runs.sqlite"


class _Committed(SqliteDB):  # type: ignore[misc]
    """doit's store, written at once."""

    _dirty: set[str]
    _cache: dict[str, dict[str, Any]]

    def commit(self) -> None:
        for task_id in self._dirty:
            self._conn.execute("insert or replace into doit values (?, ?)", (task_id, self.codec.encode(self._cache[task_id])))
        self._conn.commit()
        self._dirty = set()

    def labels(self) -> list[str]:
        return [row["task_id"] for row in self._conn.execute("select task_id from doit order by task_id")]


class Journal:
    """What is known of each task by its label: how it ended last, its inputs, code and outputs."""

    def __init__(self, folder: Path) -> None:
        """Open the journal of the evaluation in ``folder``; one that cannot be read is begun anew, and then everything runs."""
        path = housekeeping(folder) / FILE
        try:
            self.store = self._open(path)
        except (DatabaseException, sqlite3.DatabaseError):
            path.unlink(missing_ok=True)
            self.store = self._open(path)

    @classmethod
    def to_look_at(cls, folder: Path) -> Journal:
        """Open the journal in ``folder`` without making one: where there is none, nothing is known."""
        if (folder / HOUSEKEEPING / FILE).exists():
            return cls(folder)
        nothing = cls.__new__(cls)
        nothing.store = cls._open(":memory:")
        return nothing

    @staticmethod
    def _open(path: Path | str) -> Dependency:
        try:
            store = Dependency(_Committed, str(path))
            store.backend.labels()
        except sqlite3.OperationalError as error:
            raise ConfigError(Problem(str(path), rule="read_only", reason=f"this file cannot be written ({error}); make room or ask for access")) from None
        return store

    def __getitem__(self, label: str) -> dict[str, Any]:
        """Return what is known of a task; nothing when it never ran."""
        values: dict[str, Any] = self.store.get_values(label)
        return values

    def save(self) -> None:
        """Write what was set."""
        self.store.backend.commit()

    def forget(self, label: str) -> None:
        """Remove a task, so that nothing it left passes for a result."""
        self.store.remove(label)
        self.save()

    def keep_code(self, digest: str, hashes: Hashes) -> None:
        """Keep what code a digest stands for, once for all tasks of a step."""
        self.store.backend.set(f"code {digest}", "files", hashes)

    def code(self, digest: str) -> Hashes:
        """Return what code a digest stands for."""
        return dict(self.store.backend.get(f"code {digest}", "files") or {})

    def others(self, labels: Iterable[str]) -> list[str]:
        """Return the tasks known that are not among ``labels``."""
        return [label for label in self.store.backend.labels() if not label.startswith("code ") and label not in set(labels)]

    def close(self) -> None:
        """Close the file."""
        self.store.close()
