"""Reader of Excel workbooks: in, a file, its sheet and headings; out, a RawTable from the row that has the headings."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath

import pandas as pd
from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook

from midterm.errors import Problem, UserError, nearest
from midterm.read.raw import RawTable, has_mark, raw_bytes

MAX_UNZIPPED = 200_000_000
BROKEN = (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, KeyError, StopIteration, IndexError, EOFError, NotImplementedError, RuntimeError)
SEARCHED_ROWS = 40


def read_workbook(folder: Path, file: str, sheets: Sequence[str], headings: Sequence[str]) -> RawTable:
    """Read the first of ``sheets`` that the workbook has, under the row where most of ``headings`` stand.

    Numbers become their shortest text with a decimal comma (12; 37,5), so that the point of 3.142 cannot be taken for
    a thousands separator as in a hand-typed 3.142; dates become ISO text; row numbers are Excel's own. Empty rows are passed
    over. Raises UserError when the file is no workbook, or the sheet or the row of headings is not found.
    """
    sheet, cells = _cells(raw_bytes(folder, file), file, sheets)
    is_synthetic = has_mark(cell for row in cells for cell in row)
    top = _heading_row(cells, headings)
    if top is None:
        raise UserError(
            Problem(file, sheet, rule="missing_heading", reason=f"no row with the headings ({headings[0]}, {headings[1]}, ...) was found; restore them")
        )
    named = {column: name for column, name in enumerate(cells[top]) if name}
    twice = sorted({name for name in named.values() if list(named.values()).count(name) > 1})
    if twice:
        raise UserError(
            Problem(file, sheet, top + 1, name, "duplicate_heading", "this heading stands twice; rename one, so that it is clear which to read")
            for name in twice
        )
    rows = {number: [row[column] for column in named] for number, row in enumerate(cells[top + 1 :], top + 2) if any(row)}
    frame = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="row"), columns=list(named.values()), dtype=object)
    return RawTable(file, sheet, frame, is_synthetic)


def _cells(content: bytes, file: str, sheets: Sequence[str]) -> tuple[str, list[list[str]]]:
    """Return the name of the first of ``sheets`` that is there, and its cells as text."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNZIPPED:
                raise UserError(Problem(file, rule="too_large", reason="this workbook unpacks to over 200 MB; remove what does not belong in it"))
            workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
            names = {name.strip().casefold(): name for name in workbook.sheet_names}
            sheet = next((names[wanted.casefold()] for wanted in sheets if wanted.casefold() in names), None)
            if sheet is None:
                hint = nearest(sheets[0], workbook.sheet_names)
                raise UserError(Problem(file, rule="missing_sheet", reason=f"the sheet {sheets[0]!r} is not there; {hint}"))
            cells = [[_as_text(cell) for cell in row] for row in workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)]
            for row, column, error in _error_cells(archive, sheet):
                cells[row][column] = error
    except (*BROKEN, CalamineError) as error:
        reason = "this file is not a readable xlsx workbook; save it from Excel again, without a password"
        raise UserError(Problem(file, rule="not_a_workbook", reason=reason)) from error
    return sheet, cells


def _error_cells(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Give position (from 0) and text of cells that hold an error such as #DIV/0!, which the reader takes for empty."""
    for _, element in etree.iterparse(archive.open(_part_of(archive, sheet)), tag="{*}c", resolve_entities=False, no_network=True):
        reference = re.fullmatch(r"([A-Z]+)(\d+)", element.get("r", ""))
        if element.get("t") == "e" and reference:
            column = sum((ord(letter) - 64) * 26**power for power, letter in enumerate(reversed(reference.group(1))))
            yield int(reference.group(2)) - 1, column - 1, element.findtext("{*}v") or "#ERROR"
        element.clear()


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part in the file that holds ``sheet``."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
    links = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    wanted = next(entry for entry in book.iterfind("{*}sheets/{*}sheet") if entry.get("name") == sheet)
    link = next(value for name, value in wanted.attrib.items() if name.endswith("}id"))
    target = next(entry.get("Target") for entry in links if entry.get("Id") == link)
    return str(PurePosixPath("xl") / target).removeprefix("/") if not target.startswith("/") else target[1:]


def _heading_row(cells: list[list[str]], headings: Sequence[str]) -> int | None:
    wanted = {heading.casefold() for heading in headings}
    scores = [len(wanted & {cell.casefold() for cell in row}) for row in cells[:SEARCHED_ROWS]]
    best = max(scores, default=0)
    return scores.index(best) if best >= 2 else None


def _as_text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return format(Decimal(repr(cell)).normalize(), "f").replace(".", ",")
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()
    return str(cell).strip()
