"""What every reader takes and gives: in, a raw file and what is declared; out, one frame of text with the user's own row numbers.

A cell is held as a code into the distinct texts of its column, so that a hundred thousand answers cost little memory
and cleaning looks at each distinct text once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from midterm.errors import AwaitedError, Problem, UserError, nearest
from midterm.read.cells import Cells
from midterm.read.headings import located
from midterm.read.privacy import pseudonym

SYNTHETIC_MARK = "Synthetisch / synthetic"
MAX_BYTES = 500_000_000


@dataclass(frozen=True)
class Declared:
    """What a reader may take out of a file, and where it looks for it.

    ``columns`` maps each declared name to the headings that mean it, best first; no other column leaves the reader.
    ``sheets`` names the worksheets to look in, best first (empty: the first that has the columns). The columns in
    ``linking`` leave only as pseudonyms made with ``salt``, where their heading says that they hold personal data.
    """

    columns: Mapping[str, tuple[str, ...]]
    sheets: tuple[str, ...] = ()
    linking: frozenset[str] = frozenset()
    salt: str = ""


Reader = Callable[[Path, str, Declared], "RawTable"]


@dataclass(frozen=True)
class RawTable:
    """The declared cells of one sheet or text file, untouched.

    ``text`` holds categorical columns of strings, named as declared; its index is the row as the user sees it.
    ``headings`` gives the heading in the file by declared name; ``undeclared`` the headings that stayed behind.
    ``problems`` are rows that could not be read at all (they count as read and set aside), ``remarks`` what was read but
    is doubtful (they become notices). ``labels`` (text -> label)
    and ``missing`` (texts) are what the file itself says of a column's codes, where its format can (SPSS).
    ``is_synthetic`` when a cell or heading of the file carries the synthetic mark.
    """

    file: str
    sheet: str
    text: pd.DataFrame
    is_synthetic: bool
    headings: Mapping[str, str] = field(default_factory=dict)
    undeclared: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def problem(self, rule: str, reason: str, row: Any = None, column: str = "") -> Problem:
        """Return a problem at a place in this file; ``column`` is the declared name, shown as its heading."""
        return Problem(self.file, self.sheet, None if row is None else int(row), self.headings.get(column, column), rule, reason)

    @property
    def rows_read(self) -> int:
        """How many rows the file has: those in ``text`` and those that could not be read."""
        return len(self.text) + len({problem.row for problem in self.problems if self.is_of(problem) and not problem.column} - {None})

    def is_of(self, problem: Problem) -> bool:
        """Tell whether a problem lies in this sheet: another of the same workbook has rows of its own."""
        return problem.file == self.file and problem.sheet in ("", self.sheet)

    def require(self, columns: Sequence[str]) -> None:
        """Raise UserError naming every one of ``columns`` that the file lacks."""
        absent = [column for column in columns if column not in self.text]
        if absent:
            raise UserError([self.missing_column(column) for column in absent])

    def missing_column(self, column: str) -> Problem:
        """Return the problem of a declared column that the file lacks."""
        # Where no heading was found the first row may be somebody's answers: then nothing of it is offered.
        hint = nearest(column, self.undeclared if self.headings else [], list_few=False)
        return self.problem("missing_column", f"this declared column is not in the file; {hint}; correct the heading or the mapping", column=column)


class Intake:
    """The declared part of one sheet while it is being read; everything else is passed over."""

    def __init__(self, file: str, sheet: str, headings: Sequence[Sequence[str]], declared: Declared, row: int | None = None) -> None:
        """Find the declared columns among ``headings`` (each with its other names); raise UserError where two mean the same.

        ``row`` is the row of the headings, for the message.
        """
        self._file, self._sheet, self._declared = file, sheet, declared
        self._shown = [" ".join(names[0].split()) or f"(column {position})" for position, names in enumerate(headings, 1)]
        self._names = [tuple(names) for names in headings]
        found = located(headings, declared.columns)
        doubled = {name: positions for name, positions in found.items() if len(positions) > 1}
        if doubled:  # the headings themselves are not repeated: where their row is missing, they are somebody's answers
            raise UserError(
                Problem(file, sheet, row, name, "duplicate_heading", _twice([position + 1 for position in positions])) for name, positions in doubled.items()
            )
        self.positions = {name: positions[0] for name, positions in found.items()}
        self._cells = {name: Cells() for name in self.positions}
        self._rows: list[int] = []
        self._whole: Mapping[str, pd.Categorical] | None = None

    def extend(self, rows: Sequence[int], cells: Sequence[Sequence[str]]) -> None:
        """Add rows with their cells, one for each heading."""
        if not rows:
            return
        columns = list(zip(*cells, strict=True))
        for name, position in self.positions.items():
            self._cells[name].extend(columns[position])
        self._rows.extend(rows)

    def whole(self, first_row: int, columns: Mapping[str, pd.Categorical]) -> Intake:
        """Take all rows in at once, as they stand under one another from ``first_row`` on."""
        self._whole = columns
        self._rows = list(range(first_row, first_row + len(next(iter(columns.values())))))
        return self

    def table(self, *, is_synthetic: bool, problems: Iterable[Problem] = (), **said: Any) -> RawTable:
        """Return what was taken; ``said`` are further fields of RawTable: ``remarks``, and ``labels`` and ``missing`` by declared name."""
        index = pd.Index(self._rows, name="row", dtype="int64")
        taken = self._whole or {name: cells.categorical() for name, cells in self._cells.items()}
        columns = {name: pd.Series(cells, index=index) for name, cells in taken.items()}
        headings = {name: self._shown[position] for name, position in self.positions.items()}
        for name in self._declared.linking & set(columns):
            columns[name] = pseudonym(columns[name], (name, *self._names[self.positions[name]]), self._declared.salt)
        left = tuple(heading for position, heading in enumerate(self._shown) if position not in self.positions.values())
        return RawTable(self._file, self._sheet, pd.DataFrame(columns, index=index), is_synthetic, headings, left, tuple(problems), **said)


def _twice(positions: list[int]) -> str:
    return f"columns {', '.join(map(str, positions))} both hold this; remove or rename one, so that it is clear which to read"


def has_mark(cells: Iterable[object]) -> bool:
    """Tell whether a cell carries the synthetic mark."""
    return any(isinstance(cell, str) and SYNTHETIC_MARK in cell for cell in cells)


def raw_bytes(folder: Path, file: str) -> bytes:
    """Return the content of a raw file; raise AwaitedError when it is not there, UserError when it cannot be used."""
    path = folder / file
    if not path.exists():
        raise AwaitedError(Problem(file, rule="awaited", reason="this declared file is not there yet; put it in place or remove it from evaluation.yml"))
    try:
        if not path.is_file():  # a pipe or device would never end
            raise OSError
        if path.stat().st_size > MAX_BYTES:
            raise UserError(Problem(file, rule="too_large", reason="this file is over 500 MB; check that it is the right file"))
        content = path.read_bytes()
    except OSError:
        raise UserError(Problem(file, rule="unreadable", reason="this file cannot be read; check that it is a file and its permissions")) from None
    if not content.strip():
        raise UserError(Problem(file, rule="empty_file", reason="this file is empty; export it again"))
    return content
