"""Reader of delimited text (csv, LimeSurvey exports): in, a file; out, a RawTable of all its columns."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from pathlib import Path

import pandas as pd

from midterm.errors import Problem, UserError
from midterm.read.raw import RawTable, has_mark, raw_bytes

SEPARATORS = ",;\t|"
MAX_CELL = 1_000_000
NOT_TEXT = {b"PK\x03\x04": "an Excel workbook or zip file", b"\xd0\xcf\x11\xe0": "an old or encrypted Excel file", b"%PDF": "a PDF", b"$FL2": "an SPSS file"}


def read_text(folder: Path, file: str) -> RawTable:
    """Read delimited text as it stands: separator and encoding found, every cell kept as text.

    Row numbers are physical lines (a quoted cell may span several; the row is where it starts). Rows with more or
    fewer cells than the heading are problems, as their cells cannot be trusted to stand under their own heading.
    """
    content = _decode(raw_bytes(folder, file), file)
    separator = _separator(content)
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    rows: dict[int, list[str]] = {}
    problems, heading, start = [], None, 1
    try:
        for cells in reader:
            row, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if heading is None:
                heading = _heading(cells, file, row)
            elif len(cells) != len(heading):
                reason = f"this row has {len(cells)} cells where the heading has {len(heading)}; check for a stray separator or quote"
                problems.append(Problem(file, row=row, rule="ragged_row", reason=reason))
            else:
                rows[row] = cells
    except csv.Error:
        raise UserError(Problem(file, row=start, rule="broken_csv", reason="the quotes from this row on do not close; export the file again")) from None
    if heading is None:
        raise UserError(Problem(file, rule="empty_file", reason="this file is empty; export it again"))
    frame = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="row"), columns=heading, dtype=object)
    return RawTable(file, "", frame, has_mark(cell for cells in (heading, *rows.values()) for cell in cells), problems=tuple(problems))


def _decode(content: bytes, file: str) -> str:
    for signature, kind in NOT_TEXT.items():
        if content.startswith(signature):
            raise UserError(Problem(file, rule="not_text", reason=f"this file is {kind}, not text; export it as csv or declare its own reader"))
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content:
        raise UserError(Problem(file, rule="not_text", reason="this file holds binary data, not text; export it as csv"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _separator(content: str) -> str:
    """Return the separator that stands most often outside quotes in the first line."""
    first = "".join(content.lstrip().split("\n", 1)[0].split('"')[::2])
    counts = {separator: first.count(separator) for separator in SEPARATORS}
    return max(counts, key=lambda separator: counts[separator])


def _heading(cells: list[str], file: str, row: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    counts = Counter(name for name in names if name)
    twice = [position for position, name in enumerate(names, 1) if counts[name] > 1]
    if twice:  # the heading itself is not repeated: where the row of headings is missing, it is somebody's answer
        reason = f"columns {', '.join(map(str, twice))} have one heading; rename them, so that it is clear which to read"
        raise UserError(Problem(file, row=row, rule="duplicate_heading", reason=reason))
    return [name or f"(column {position})" for position, name in enumerate(names, 1)]
