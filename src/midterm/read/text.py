"""Reader of delimited text (csv, LimeSurvey exports): in, a file and what is declared; out, a RawTable of the declared columns."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from midterm.errors import Problem, UserError
from midterm.read.headings import AGAIN, SEARCHED_ROWS, heading_row, located
from midterm.read.raw import SYNTHETIC_MARK, Declared, Intake, RawTable, raw_bytes
from midterm.read.regular import regular_columns

SEPARATORS = ",;\t|"
MAX_CELL = 1_000_000
MAX_LINE, MAX_LINES, MAX_RAGGED = 10_000_000, 20_000_000, 10_000
CHUNK = 4096
Row = tuple[int, list[str]]
Refusal = Callable[[int, list[str]], Problem | None]
UTF_32 = re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0[^\0]\0\0\0|\0\0\0[^\0]\0\0\0[^\0]")
# Letters with an accent, quotes and the euro sign in UTF-8: read as Windows-1252 they are a capital with an accent before a sign, which no word holds.
UTF_8_WITHIN = (*(re.compile(lead + rb"[\x80-\xbf]") for lead in (b"\xc2", b"\xc3", b"\xc4", b"\xc5")), re.compile(rb"\xe2[\x80-\x84][\x80-\xbf]"))
# The same, once more written as UTF-8: each of its bytes has become a letter or sign of its own.
TWICE_ENCODED = (re.compile(rb"\xc3(?:[\x82\x83]\xc2[\x80-\xbf]|\x83\xe2\x80|\xa2\xe2\x82\xac)"),)
MIXED = "letters with accents may be wrong, from this row on (two encodings in one file); save it anew as UTF-8"
# The headings in full of LimeSurvey's own columns, as it names them in English (its fieldmap); other languages have to be declared.
LIMESURVEY = {
    "id": ("Response ID",),
    "submitdate": ("Date submitted",),
    "lastpage": ("Last page",),
    "startdate": ("Date started",),
    "interviewtime": ("Total time",),
}
NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or zip file",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Excel file",
    b"%PDF": "a PDF",
    b"$FL": "an SPSS file",
    b"\x80\x04\x95": "a program's own format",
}


def read_text(folder: Path, file: str, declared: Declared) -> RawTable:
    """Read delimited text as it stands: separator and encoding found, every cell kept as text.

    Row numbers are physical lines (a quoted cell may span several; the row is where it starts). Rows with more or
    fewer cells than the heading are problems, as their cells cannot be trusted to stand under their own heading. Of a
    cell that Excel is to keep as text (``="007"``) only that text is read.
    """
    content = raw_bytes(folder, file)
    encoding = encoding_of(content, file)
    refuse_endless(content, file)
    separator = separator_of(content, encoding, declared)
    first, rows = opened(content, encoding, separator, file)
    top = heading_row([cells for _, cells in first], declared.columns)
    row, heading = first[top]
    intake = Intake(file, "", [(cell,) for cell in heading], declared, row)
    columns = _at_once(content, encoding, separator, first[top], intake)
    if columns is not None:
        return intake.whole(row + 1, columns).table(is_synthetic=is_marked(content), remarks=mixed(content, encoding, file))
    problems = list(taken_in(intake, itertools.chain(first[top + 1 :], rows), [heading], file))
    return intake.table(is_synthetic=is_marked(content), problems=problems, remarks=mixed(content, encoding, file))


def read_limesurvey(folder: Path, file: str, declared: Declared) -> RawTable:
    """Read a LimeSurvey export as ``read_text`` does; its own columns are known by the tool's names for them in full as well."""
    columns = {name: (*spellings, *LIMESURVEY.get(name, ())) for name, spellings in declared.columns.items()}
    return read_text(folder, file, replace(declared, columns=columns))


def refuse_endless(content: bytes, file: str) -> None:
    """Raise UserError where a line or the number of lines passes all that people and survey tools write."""
    ends = np.flatnonzero(np.frombuffer(content, dtype=np.uint8) == ord("\n"))
    longest = int(np.diff(ends, prepend=-1, append=len(content)).max())
    if longest > MAX_LINE or len(ends) > MAX_LINES:
        reason = (
            f"a line of this file is over {MAX_LINE // 1_000_000} MB, or it has over {MAX_LINES // 1_000_000} million lines; check that it is the right file"
        )
        raise UserError(Problem(file, rule="too_large", reason=reason))


def _at_once(content: bytes, encoding: str, separator: str, heading: Row, intake: Intake) -> dict[str, pd.Categorical] | None:
    """Return the columns by the short way; None where only going row by row finds the rows, or the place of a fault."""
    row, names = heading
    if any("\n" in name or "\r" in name for name in names):
        return None
    return regular_columns(content, encoding, separator, row, names, intake.positions)


def opened(content: bytes, encoding: str, separator: str, file: str) -> tuple[list[Row], Iterator[Row]]:
    """Return the first rows of delimited text, in which the headings stand, and all rows after them; raise UserError if there are none."""
    rows = _rows(content, encoding, separator, file)
    first = list(itertools.islice(rows, SEARCHED_ROWS))
    if not first:
        raise UserError(Problem(file, rule="empty_file", reason="this file is empty; export it again"))
    return first, rows


def is_marked(content: bytes) -> bool:
    """Tell whether the synthetic mark stands in the content, in any of the encodings that are read."""
    return any(SYNTHETIC_MARK.encode(encoding) in content for encoding in ("ascii", "utf-16-le", "utf-16-be"))


def mixed(content: bytes, encoding: str, file: str) -> tuple[Problem, ...]:
    """Return a remark at the first letter that seems to be in another encoding than the rest of the file."""
    signs = () if content.isascii() else {"cp1252": UTF_8_WITHIN, "utf-8-sig": TWICE_ENCODED}.get(encoding, ())
    places = [found.start() for sign in signs if (found := sign.search(content))]
    return (Problem(file, row=content.count(b"\n", 0, min(places)) + 1, rule="mixed_encoding", reason=MIXED),) if places else ()


def taken_in(intake: Intake, rows: Iterable[Row], above: Sequence[list[str]], file: str, refused: Refusal = lambda *_: None) -> Iterator[Problem]:
    """Take all rows in, some thousands at a time; give a problem for every row that is set aside.

    That is a row that has not as many cells as the headings ``above``, one that is one of them once more, or one that is ``refused``.
    """
    numbers: list[int] = []
    chunk: list[list[str]] = []
    width, ragged = len(above[0]), 0
    for row, cells in rows:
        ragged += len(cells) != width
        if ragged > MAX_RAGGED:
            reason = f"over {MAX_RAGGED} rows up to this one have not as many cells as the heading; check the separator and export the file again"
            raise UserError(Problem(file, row=row, rule="ragged_row", reason=reason))
        fault = _misfit(cells, above, row, file) or refused(row, cells)
        if fault:
            yield fault
            continue
        numbers.append(row)
        chunk.append(cells)
        if len(chunk) == CHUNK:
            intake.extend(numbers, chunk)
            numbers, chunk = [], []
    intake.extend(numbers, chunk)


def _misfit(cells: list[str], above: Sequence[list[str]], row: int, file: str) -> Problem | None:
    """Return the problem of a row that does not stand under the headings ``above``, or is one of them once more."""
    width = len(above[0])
    if len(cells) != width:
        reason = f"this row has {len(cells)} cells where the heading has {width}; check for a stray separator or quote"
        return Problem(file, row=row, rule="ragged_row", reason=reason)
    if any(cells[-1] == heading[-1] and _is_again(cells, heading) for heading in above):
        return Problem(file, row=row, rule="repeated_heading", reason=AGAIN)
    return None


def _is_again(cells: list[str], heading: list[str]) -> bool:
    """Tell whether a row is the heading once more, perhaps with the mark with which a file begins."""
    return cells[1:] == heading[1:] and cells[0].removeprefix("\ufeff").strip('"') == heading[0]


def _rows(content: bytes, encoding: str, separator: str, file: str) -> Iterator[Row]:
    """Give line and cells of every row that is not blank; raise UserError where quotes do not close."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline=""), delimiter=separator, strict=True)
    start = 1
    try:
        for cells in reader:
            row, start = start, reader.line_num + 1
            if any(cell.strip() for cell in cells):
                yield row, [_unwrapped(cell) for cell in cells]
    except UnicodeDecodeError:
        row = content.decode(encoding, errors="replace").partition("\ufffd")[0].count("\n") + 1
        reason = "a letter here would be lost, as the file is in no encoding that is read; save it as UTF-8"
        raise UserError(Problem(file, row=row, rule="encoding", reason=reason)) from None
    except csv.Error as error:
        if "field limit" in str(error):
            reason = "a cell from this row on is over 1 MB; check the quotes, and that it is the right file"
            raise UserError(Problem(file, row=start, rule="too_large", reason=reason)) from None
        raise UserError(Problem(file, row=start, rule="broken_csv", reason="the quotes from this row on do not close; export the file again")) from None


def _unwrapped(cell: str) -> str:
    """Return the text of a cell that is a formula which only says so (``="007"``), as programs write what Excel shall not make a number of."""
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') and '"' not in cell[2:-1] else cell


def encoding_of(content: bytes, file: str) -> str:
    """Return the encoding of delimited text: by its mark, else UTF-8 if it is that, else Windows-1252; raise UserError on binary."""
    for signature, kind in NOT_TEXT.items():
        if content.startswith(signature):
            raise UserError(Problem(file, rule="not_text", reason=f"this file is {kind}, not text; export it as csv or declare its own reader"))
    if UTF_32.match(content):
        raise UserError(Problem(file, rule="encoding", reason="this file is in UTF-32, which is not read; save it as UTF-8"))
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in content:
        start = content[:400]
        if start[1::2].count(0) > len(start) // 3 and 0 not in start[::2]:
            return "utf-16-le"
        raise UserError(Problem(file, rule="not_text", reason="this file holds binary data, not text; export it as csv"))
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), 1 << 20):
            decoder.decode(content[at : at + (1 << 20)], final=at + (1 << 20) >= len(content))
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def separator_of(content: bytes, encoding: str, declared: Declared) -> str:
    """Return the separator by which declared headings are found; tried first is what stands most often outside quotes in the first line."""
    beginning = content[:MAX_CELL].decode(encoding, errors="replace")
    unquoted = ("".join(line.split('"')[::2]) for line in beginning.splitlines())
    first = next((line for line in unquoted if any(separator in line for separator in SEPARATORS)), "")
    tried = sorted(SEPARATORS, key=first.count, reverse=True)
    return next((separator for separator in tried if _fits(beginning, separator, declared)), tried[0])


def _fits(beginning: str, separator: str, declared: Declared) -> bool:
    """Tell whether a row of several cells among the first has a declared heading."""
    csv.field_size_limit(MAX_CELL)
    rows = itertools.islice(csv.reader(io.StringIO(beginning, newline=""), delimiter=separator), SEARCHED_ROWS)
    return any(len(cells) > 1 and located([(cell,) for cell in cells], declared.columns) for cells in rows)
