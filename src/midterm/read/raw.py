"""What every reader gives: in, a raw file; out, one frame of text with the user's own row numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from midterm.errors import AwaitedError, Problem, UserError, nearest

SYNTHETIC_MARK = "Synthetisch / synthetic"
MAX_BYTES = 500_000_000


@dataclass(frozen=True)
class RawTable:
    """The cells of one sheet or text file, untouched.

    ``text`` holds strings only; its index is the row as the user sees it, its columns the headings in the file.
    ``problems`` are rows that could not be read at all (they count as read and set aside); ``is_synthetic`` when a
    cell or heading of the file carries the synthetic mark.
    """

    file: str
    sheet: str
    text: pd.DataFrame
    is_synthetic: bool
    undeclared: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def problem(self, rule: str, reason: str, row: Any = None, column: str = "") -> Problem:
        """Return a problem at a place in this file."""
        return Problem(self.file, self.sheet, None if row is None else int(row), column, rule, reason)

    def only(self, columns: Iterable[str]) -> RawTable:
        """Return the table with the declared ``columns`` that it has; all others stay behind, named in ``undeclared``."""
        wanted = list(dict.fromkeys(columns))
        kept = [column for column in wanted if column in self.text]
        left = tuple(str(column) for column in self.text.columns if column not in wanted)
        return replace(self, text=self.text[kept], undeclared=left)

    def require(self, columns: Sequence[str]) -> None:
        """Raise UserError naming every one of ``columns`` that the file lacks."""
        absent = [column for column in columns if column not in self.text]
        if absent:
            raise UserError([self.missing_column(column) for column in absent])

    def missing_column(self, column: str) -> Problem:
        """Return the problem of a declared column that the file lacks."""
        hint = nearest(column, [str(name) for name in self.text.columns], list_few=False)
        return self.problem("missing_column", f"this declared column is not in the file; {hint}; correct the heading or the mapping", column=column)


def has_mark(cells: Iterable[object]) -> bool:
    """Tell whether a cell carries the synthetic mark."""
    return any(isinstance(cell, str) and SYNTHETIC_MARK in cell for cell in cells)


def raw_bytes(folder: Path, file: str) -> bytes:
    """Return the content of a raw file; raise AwaitedError when it is not there, UserError when it cannot be used."""
    path = folder / file
    if not path.exists():
        raise AwaitedError(Problem(file, rule="awaited", reason="this declared file is not there yet; put it in place or remove it from evaluation.yml"))
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(Problem(file, rule="too_large", reason="this file is over 500 MB; check that it is the right file"))
        content = path.read_bytes()
    except OSError:
        raise UserError(Problem(file, rule="unreadable", reason="this file cannot be read; check that it is a file and its permissions")) from None
    if not content.strip():
        raise UserError(Problem(file, rule="empty_file", reason="this file is empty; export it again"))
    return content
