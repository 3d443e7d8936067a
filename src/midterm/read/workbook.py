"""Reader of Excel workbooks: in, a file, its sheet and headings; out, a RawTable from under the rows that have the headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from midterm.description.spelling import normalise
from midterm.errors import Problem, UserError, nearest
from midterm.read.headings import AGAIN, SEARCHED_ROWS, heading_row, located
from midterm.read.raw import Declared, Intake, RawTable, has_mark, raw_bytes
from midterm.read.xlsx_parts import opened, read_book, too_large
from midterm.read.xlsx_sheet import MAX_CELLS, NOT_CALCULATED, Row, Sheet, read_sheet, spread, text_of

CHUNK = 4096
MAX_AREA = 40_000_000
MAX_HEADINGS = 60_000
HEADING_ROWS = 3
FIGURE = re.compile(r"[+-]?[\d.,\s]*\d\s*%?")
Names = list[tuple[str, ...]]


@dataclass(frozen=True)
class _Table:
    """A sheet and the headings in it: ``names`` by column, ``found`` of the declared, the data from ``rows[start]`` on."""

    sheet: Sheet
    names: Names
    found: int
    start: int

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.sheet.rows[self.start :]

    @property
    def row(self) -> int | None:
        """The lowest row of the headings, by Excel's own number."""
        return self.sheet.rows[self.start - 1].number if self.start else None


def read_workbook(folder: Path, file: str, declared: Declared) -> RawTable:
    """Read the first of the declared sheets that is there, or else the one that has most of the declared columns.

    Numbers become text with a decimal comma (12; 37,5), so that the point of 3.142 cannot be taken for a thousands
    separator as in a hand-typed 3.142; a cell in per cent becomes what it shows (45%), a date ISO text. Headings may
    stand in up to three rows and be merged; a merged cell belongs to each of its rows. Row numbers are Excel's own,
    empty rows are passed over. Raises UserError when the file is no workbook, is damaged or would take too much memory,
    or when the sheet or the row of headings is not found.
    """
    tables = list(_tables(folder, file, declared))
    table = _chosen(tables, declared.sheets, file)
    intake = Intake(file, table.sheet.name, table.names, declared, table.row)
    if len(intake.positions) < min(2, len(declared.columns)):
        wanted = next(iter(declared.columns.values()))[:1] or tuple(declared.columns)[:1]
        reason = f"no row with the headings ({wanted[0]}, ...) was found; restore them"
        raise UserError(Problem(file, table.sheet.name, rule="missing_heading", reason=reason))
    problems = list(_take_in(intake, table, file))
    raw = intake.table(is_synthetic=any(has_mark(row.cells) for other in tables for row in other.sheet.rows), problems=problems)
    return replace(raw, remarks=(*_remarks(raw, table, intake.positions), *_other_sheets(raw, table, tables)))


def _tables(folder: Path, file: str, declared: Declared) -> Iterator[_Table]:
    """Give every worksheet with the headings found in it."""
    with opened(raw_bytes(folder, file), file) as archive:
        book = read_book(archive, file)
        spare = MAX_CELLS
        for part in book.sheets:
            sheet = read_sheet(book, part, spare)
            spare -= sheet.size
            yield _table(sheet, declared)


def _table(sheet: Sheet, declared: Declared) -> _Table:
    """Find the headings: the row, or the two or three rows taken together, that name most of the declared columns."""
    width = max((len(row.cells) for row in sheet.rows[:SEARCHED_ROWS]), default=0)
    searched = max(1, min(SEARCHED_ROWS, MAX_HEADINGS // (width or 1)))
    rows = spread(sheet, sheet.rows[: searched + HEADING_ROWS], sheet.merges, width, sideways=False)
    if not rows:
        return _Table(sheet, [], 0, 0)
    best = heading_row([row.cells for row in rows[:searched]], declared.columns)
    blocks = [(top, depth) for depth in range(1, HEADING_ROWS + 1) for top in range(max(0, best - depth + 1), best + 1) if top + depth <= len(rows)]
    named = [(names, top + depth) for top, depth in blocks for names in _names(_banded(sheet, rows[top : top + depth], width))]
    counted = [(len(located(names, declared.columns)), names, start) for names, start in named]
    found, names, start = max(counted, key=lambda count: count[0])
    return _Table(sheet, names, found, _after_headings(sheet, start))


def _banded(sheet: Sheet, rows: Sequence[Row], width: int) -> list[Sequence[str]]:
    """Return the cells of rows of headings, with each band above the lowest row over all the columns that it spans."""
    bands = [merge for merge in sheet.merges if rows[0].number <= merge.top and merge.bottom < rows[-1].number]
    return [row.cells for row in spread(sheet, rows, bands, width, sideways=True)]


def _after_headings(sheet: Sheet, start: int) -> int:
    """Return where the data begin: below the cells that are merged with the row of headings before ``start``."""
    row = sheet.rows[start - 1].number
    ends = [merge.bottom for merge in sheet.merges if merge.top <= row <= merge.bottom < merge.top + HEADING_ROWS]
    last = max(ends, default=row)
    return next((position for position in range(start, len(sheet.rows)) if sheet.rows[position].number > last), len(sheet.rows))


def _names(rows: Sequence[Sequence[str]]) -> Iterator[Names]:
    """Give the names of each column: the texts of its headings from above to below joined, then also the lowest alone."""
    width = max(position + 1 for row in rows for position, cell in enumerate(row) if cell.strip())
    columns = [[row[position].strip() if position < len(row) else "" for row in rows] for position in range(width)]
    joined = [" ".join(text for text in dict.fromkeys(column) if text) for column in columns]
    yield [(name,) for name in joined]
    if len(rows) > 1:
        yield [(name, column[-1]) if column[-1] else (name,) for name, column in zip(joined, columns, strict=True)]


def _chosen(tables: Sequence[_Table], sheets: Sequence[str], file: str) -> _Table:
    """Return the table of the first of ``sheets`` that is there; where none is declared, the one with most columns."""
    by_name = {normalise(table.sheet.name): table for table in reversed(tables)}
    wanted = next((by_name[normalise(name)] for name in sheets if normalise(name) in by_name), None)
    if wanted is None and sheets:
        hint = nearest(sheets[0], [table.sheet.name for table in tables])
        raise UserError(Problem(file, rule="missing_sheet", reason=f"the sheet {sheets[0]!r} is not there; {hint}"))
    return wanted or max(tables, key=lambda table: (table.found, not table.sheet.is_hidden))


def _take_in(intake: Intake, table: _Table, file: str) -> Iterator[Problem]:
    """Take in the data rows, some thousands at a time, each merged text in every row that it spans; give a problem for headings among them."""
    rows, width = table.rows, len(table.names)
    if len(rows) * width > MAX_AREA:
        reason = "this sheet has headings too far apart for its number of rows; remove what does not belong in it"
        raise UserError(too_large(file, reason, table.sheet.name, table.row))
    heading = list(table.sheet.rows[table.start - 1].cells) if table.start else None
    below = [merge for merge in table.sheet.merges if merge.top > (table.row or 0)]
    shown = spread(table.sheet, rows, below, width, sideways=False)
    for at in range(0, len(shown), CHUNK):
        chunk = []
        for row in shown[at : at + CHUNK]:
            if list(row.cells) == heading:
                yield Problem(file, table.sheet.name, row.number, rule="repeated_heading", reason=AGAIN)
            else:
                chunk.append(row)
        intake.extend([row.number for row in chunk], [[*row.cells[:width], *[""] * (width - len(row.cells))] for row in chunk])


def _remarks(raw: RawTable, table: _Table, positions: dict[str, int]) -> Iterator[Problem]:
    """Give what was read but may not be what its author meant."""
    if table.sheet.is_hidden:
        yield raw.problem("hidden_sheet", "this sheet is hidden and was read like any other; unhide it to see what it holds, or declare another sheet")
    for is_hidden, run in groupby(table.rows, key=lambda row: row.is_hidden):
        if is_hidden:
            numbers = [row.number for row in run]
            which = f"rows {numbers[0]} to {numbers[-1]} are" if len(numbers) > 1 else "this row is"
            yield raw.problem("hidden_rows", f"{which} hidden and read like the others; delete what does not count", numbers[0])
    for column, position in positions.items():
        rows = [row.number for row in table.rows if position < len(row.cells) and row.cells[position] == NOT_CALCULATED]
        if rows:
            reason = f"cells of this column, from here on, with a formula that was never calculated: {len(rows)}; open the workbook in Excel and save it"
            yield raw.problem("not_calculated", reason, rows[0], column)
    yield from _merged(raw, table, positions)


def _merged(raw: RawTable, table: _Table, positions: dict[str, int]) -> Iterator[Problem]:
    """Give the merged cells of which it is not sure what they say: one over several columns, or one number over several rows."""
    by_number = {row.number: row for row in table.rows}
    for merge in table.sheet.merges:
        text = text_of(by_number[merge.top], merge) if merge.top in by_number else ""
        for column, position in positions.items() if text else ():
            if merge.left < position <= merge.right:
                reason = "this cell is merged with one before it, whose text was read there only; undo the merge and fill in what belongs here"
                yield raw.problem("merged_cells", reason, merge.top, column)
            if position == merge.left and merge.bottom > merge.top and FIGURE.fullmatch(text):
                reason = f"one number is merged over rows {merge.top} to {merge.bottom} and was read for each; give each row its own"
                yield raw.problem("merged_rows", reason, merge.top, column)


def _other_sheets(raw: RawTable, table: _Table, tables: Sequence[_Table]) -> Iterator[Problem]:
    """Give the sheets that look like versions of the one that was read: half of its columns or more, and rows under them."""
    unless = "remove the one that does not count, unless another source of evaluation.yml names it"
    for other in tables:
        if other is not table and other.rows and other.found >= max(2, table.found / 2):
            reason = f"this sheet has the same headings with rows under them, but sheet {raw.sheet} was read; {unless}"
            yield Problem(raw.file, other.sheet.name, rule="other_sheet", reason=reason)
