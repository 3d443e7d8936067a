"""One worksheet: in, a workbook and one of its sheets; out, the rows that hold any text, as the user sees them, and what is merged."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from midterm.errors import UserError
from midterm.read.xlsx_formats import shown, unescaped
from midterm.read.xlsx_parts import TRUE, Attributes, Book, SheetPart, Texts, damaged, parsed, too_large

MAX_CELLS = 8_000_000
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
NOT_CALCULATED = "#NOT_CALCULATED"
REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
TRUTH = {"1": "TRUE", "0": "FALSE", "true": "TRUE", "false": "FALSE"}


@dataclass(frozen=True)
class Row:
    """A row by Excel's own number, with its cells from the first column to the last that holds any text."""

    number: int
    cells: Sequence[str]
    is_hidden: bool


@dataclass(frozen=True)
class Merge:
    """Cells merged into one: rows by Excel's own number, columns from 0, the last ones included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Sheet:
    """What a worksheet of ``file`` shows; ``size`` is the number of cells that it takes in memory."""

    file: str
    name: str
    is_hidden: bool
    rows: tuple[Row, ...]
    merges: tuple[Merge, ...]
    size: int


def read_sheet(book: Book, part: SheetPart, spare: int = MAX_CELLS) -> Sheet:
    """Read one sheet of at most ``spare`` cells; raise UserError where it is damaged, or its cells lie too far apart.

    Empty cells take no memory however far away they are; a formula that was never calculated is NOT_CALCULATED, an
    error its own text (#DIV/0!).
    """
    cells = parsed(book.archive, part.part, _Cells(book, part.name, spare), book.file, part.name)
    return Sheet(book.file, part.name, part.is_hidden, tuple(cells.rows), tuple(cells.merges), cells.size)


class _Cells(Texts):
    def __init__(self, book: Book, sheet: str, spare: int) -> None:
        opening = {"row": self._open_row, "c": self._open_cell, "v": self._open_value, "f": self._open_formula, "mergeCell": self._open_merge}
        super().__init__(opening, {"v": self._close_text, "c": self._close_cell, "row": self._close_row})
        self._book, self._sheet, self._spare = book, sheet, spare
        self._columns: dict[str, int] = {}
        self._column = 0
        self._cells: list[str] = []
        self._is_hidden = False
        self.rows: list[Row] = []
        self.merges: list[Merge] = []
        self.size = 0

    def _open_row(self, attributes: Attributes) -> None:
        before = self.row or 0
        number = int(attributes.get("r", before + 1))
        if not before < number <= MAX_ROWS:
            raise ValueError
        self.row = number
        self._column, self._cells, self._is_hidden = 0, [], attributes.get("hidden") in TRUE

    def _close_row(self) -> None:
        if self.row and any(cell.strip() for cell in self._cells):
            self.rows.append(Row(self.row, self._cells, self._is_hidden))

    def _open_cell(self, attributes: Attributes) -> None:
        self._attributes, self.pieces, self._has_value, self._has_formula = attributes, [], False, False

    def _open_value(self, _: Attributes) -> None:
        self.is_open = self._has_value = True

    def _open_formula(self, _: Attributes) -> None:
        self._has_formula = True

    def _open_merge(self, attributes: Attributes) -> None:
        first, _, last = attributes.get("ref", "").partition(":")
        (left, top), (right, bottom) = _place(first), _place(last or first)
        self.merges.append(Merge(top, left - 1, bottom, right - 1))

    def _close_cell(self) -> None:
        reference = self._attributes.get("r")
        self._column = self._column_of(reference.rstrip("0123456789")) if reference else self._column + 1
        text = self._text()
        if not text:
            return
        skipped = self._column - 1 - len(self._cells)
        if skipped < 0 or self._column > MAX_COLUMNS:
            raise ValueError
        self.size += skipped + 1
        if self.size > self._spare:
            reason = "this sheet has over 8 million cells, or cells far apart; remove what does not belong in it or export it as csv"
            raise UserError(too_large(self._book.file, reason, self._sheet, self.row))
        self._cells.extend([""] * skipped)
        self._cells.append(text)

    def _column_of(self, letters: str) -> int:
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _place(f"{letters}1")[0]
        return column

    def _text(self) -> str:
        value, kind = "".join(self.pieces), self._attributes.get("t", "n")
        if self._has_formula and (self._book.is_uncalculated or not self._has_value or not (value or kind == "str")):
            return NOT_CALCULATED
        if kind == "e":
            return value or "#ERROR"
        if not value:
            return ""
        if kind == "n":
            return self._number(value.strip())
        if kind == "s":
            return self._shared(int(value))
        if kind == "b":
            return TRUTH.get(value, value)
        return unescaped(value)

    def _shared(self, index: int) -> str:
        if index < 0:
            raise IndexError
        return self._book.texts[index]

    def _number(self, stored: str) -> str:
        kinds = self._book.kinds
        kind = kinds[int(self._attributes.get("s", "0"))] if kinds else "number"
        return shown(stored, kind, is_1904=self._book.is_1904) if stored else ""


def _place(reference: str) -> tuple[int, int]:
    """Return column and row, from 1, of a cell by its name (C7)."""
    found = REFERENCE.fullmatch(reference)
    if not found:
        raise ValueError
    column = 0
    for letter in found.group(1):
        column = column * 26 + ord(letter) - 64
    return column, int(found.group(2))


def spread(sheet: Sheet, rows: Sequence[Row], merges: Iterable[Merge], width: int, *, sideways: bool) -> list[Row]:
    """Return ``rows`` of a sheet in which every row of a merge has its text: in the first column, or ``sideways`` in all up to ``width``.

    Raises UserError where merges overlap, which no program writes.
    """
    numbers = [row.number for row in rows]
    covered: dict[int, dict[int, str]] = {}
    for merge in merges:
        first, last = bisect_left(numbers, merge.top), bisect_right(numbers, merge.bottom)
        text = text_of(rows[first], merge) if first < last and merge.left < width else ""
        for position in range(first, last) if text else ():
            texts = covered.setdefault(position, {})
            columns = range(merge.left, min(merge.right + 1, width) if sideways else merge.left + 1)
            if not texts.keys().isdisjoint(columns):
                raise UserError(damaged(sheet.file, sheet.name, merge.top))
            texts.update(dict.fromkeys(columns, text))
    return [_covered(row, covered[position]) if position in covered else row for position, row in enumerate(rows)]


def text_of(row: Row, merge: Merge) -> str:
    """Return the text of a merge, which stands in its first cell; ``row`` is the first of its rows that holds any text."""
    return row.cells[merge.left] if row.number == merge.top and merge.left < len(row.cells) else ""


def _covered(row: Row, texts: dict[int, str]) -> Row:
    cells = [*row.cells, *[""] * (max(texts) + 1 - len(row.cells))]
    return Row(row.number, [texts.get(column, cell) for column, cell in enumerate(cells)], row.is_hidden)
