"""What the batch remembers survives a process that is killed, and what cannot be read is begun anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from doit.task import Task

from midterm.errors import ConfigError
from midterm.run.journal import FILE, Journal
from midterm.run.lock import HOUSEKEEPING


def kept(journal: Journal, label: str, **values: Any) -> None:
    task = Task(label, None)
    task.values = values
    journal.store.save_success(task)
    journal.save()


def test_what_is_saved_is_there_without_closing(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    kept(first, "clean_survey 2023", failure="", seconds=1.5)
    second = Journal(tmp_path)  # as after a kill: the first was never closed
    assert second["clean_survey 2023"] == {"failure": "", "seconds": 1.5}
    assert second["clean_survey 2025"] == {}


def test_what_is_forgotten_is_gone_and_what_is_no_task_any_more_is_known(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept(journal, "a", failure="")
    kept(journal, "b", failure="")
    journal.keep_code("digest", {"a.py": "1"})
    journal.forget("a")
    again = Journal(tmp_path)
    assert again["a"] == {}
    assert again.others(["c"]) == ["b"]
    assert again.code("digest") == {"a.py": "1"}


def test_a_file_that_is_no_journal_is_begun_anew(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    (tmp_path / HOUSEKEEPING / FILE).write_bytes(b"no database at all" * 100)
    assert Journal(tmp_path)["a"] == {}


def test_looking_at_one_that_is_busy_or_damaged_changes_nothing(tmp_path: Path) -> None:
    kept(Journal(tmp_path), "a", failure="")
    path = tmp_path / HOUSEKEEPING / FILE
    before = path.read_bytes()
    with sqlite3.connect(path) as busy:
        busy.execute("begin exclusive")
        with pytest.raises(ConfigError, match="try again in a moment"):
            Journal.to_look_at(tmp_path)
        with pytest.raises(ConfigError, match="cannot be written"):
            Journal(tmp_path)
    assert path.read_bytes() == before
    assert Journal.to_look_at(tmp_path)["a"] == {"failure": ""}
    path.write_bytes(b"no database at all" * 100)
    assert Journal.to_look_at(tmp_path)["a"] == {}
    assert path.read_bytes() == b"no database at all" * 100


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert Journal.to_look_at(tmp_path)["a"] == {}
    assert list(tmp_path.iterdir()) == []
