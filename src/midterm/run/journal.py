"""What the batch remembers: in, how each task ended and what it rested on; out, the same in the next run, whatever happened between.

It is doit's own store (SQLite), written after each task and not only at the end, so that a run that is killed loses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
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

    @property
    def connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection = self._conn
        return found

    def labels(self) -> list[str]:
        return [row["task_id"] for row in self._conn.execute("select task_id from doit order by task_id")]


class Journal:
    """What is known of each task by its label: how it ended last, its inputs, code and outputs."""

    def __init__(self, folder: Path) -> None:
        """Open the journal of the evaluation in ``folder``; one that is damaged is begun anew, and then everything runs."""
        path = housekeeping(folder) / FILE
        try:
            self.store = self._open(path)
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            self.store = self._open(path)

    @classmethod
    def to_look_at(cls, folder: Path) -> Journal:
        """Take a copy of the journal in ``folder`` as it is now, and change nothing: where there is none, nothing is known."""
        path, copy = folder / HOUSEKEEPING / FILE, cls.__new__(cls)
        copy.store = cls._open(":memory:")
        if path.exists():
            copy.store.backend.connection.executemany("insert into doit values (?, ?)", _rows(path))
        return copy

    @staticmethod
    def _open(path: Path | str) -> Dependency:
        """Raise ConfigError when it is busy or cannot be written, and sqlite3.DatabaseError when it is damaged."""
        try:
            store = Dependency(_Committed, str(path))
            store.backend.labels()
        except (DatabaseException, sqlite3.DatabaseError) as error:
            cause = error.__context__ if isinstance(error, DatabaseException) else error
            if isinstance(cause, sqlite3.OperationalError) or not isinstance(cause, sqlite3.DatabaseError):
                reason = f"this file cannot be written ({cause}); make room, ask for access, or wait for the other to end"
                raise ConfigError(Problem(str(path), rule="read_only", reason=reason)) from None
            raise cause from None
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
        known = set(labels)
        return [label for label in self.store.backend.labels() if not label.startswith("code ") and label not in known]

    def close(self) -> None:
        """Close the file."""
        self.store.close()


def _rows(path: Path) -> list[tuple[str, bytes]]:
    """Return what a journal holds, without touching it; nothing where it is damaged. Raises ConfigError while another keeps it busy."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as kept:
            return kept.execute("select task_id, task_data from doit").fetchall()
    except sqlite3.OperationalError as error:
        raise ConfigError(Problem(str(path), rule="busy", reason=f"this file cannot be read now ({error}); try again in a moment")) from None
    except sqlite3.DatabaseError:
        return []
