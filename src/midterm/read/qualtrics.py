"""Reader of Qualtrics exports (csv, tsv): in, a file and what is declared; out, a RawTable of the responses under its rows of headings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from midterm.description.spelling import normalise
from midterm.errors import Problem
from midterm.read.raw import Declared, Intake, RawTable, raw_bytes
from midterm.read.text import encoding_of, is_marked, mixed, opened, separator_of, taken_in

IMPORT_ID = re.compile(r'\s*\{\s*"ImportId"\s*:\s*"([^"]*)".*\}\s*', re.DOTALL)
# A response has its own id or a date with a time; no question is worded like that.
RESPONSE = re.compile(r"R_\w{6,}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]\d.*")
# The columns that tell a response from a preview or test, by ImportId; exports without ImportIds have the names.
MARKS_BY_ID = frozenset({"status", "distributionChannel"})
MARKS_BY_NAME = ("Status", "DistributionChannel")
# Qualtrics adds these codes up, as in 9 for a preview that looks like spam: preview, test, spam, synthetic.
UNREAL_CODES = 1 | 2 | 8 | 256
UNREAL_WORDS = frozenset({"preview", "test", "spam", "synthetic"})
UNREAL = "Qualtrics has this response down as a preview, a test or spam, so it is no respondent's answer; if it is one, correct its status and export again"


def read_qualtrics(folder: Path, file: str, declared: Declared) -> RawTable:
    """Read the responses under names, question texts and ImportIds (older exports: names and texts), any of which may be declared.

    Row numbers are physical lines. Previews, tests and what Qualtrics takes for spam are problems (``test_response``), by
    the columns Status and DistributionChannel, which leave the reader only where declared; ragged rows are problems too.
    """
    content = raw_bytes(folder, file)
    encoding = encoding_of(content, file)
    first, rows = opened(content, encoding, separator_of(content, encoding, declared), file)
    above = [cells for _, cells in first[: _count_above([cells for _, cells in first])]]
    headings = [tuple(map(_import_id, names)) for names in itertools.zip_longest(*above, fillvalue="")]
    width = len(above[0])
    intake = Intake(file, "", headings[:width], declared, first[0][0])
    refused = partial(_refused, file, _marks(headings[:width], _has_ids(above[-1])))
    problems = list(taken_in(intake, itertools.chain(first[len(above) :], rows), above, file, refused))
    return intake.table(is_synthetic=is_marked(content), problems=problems, remarks=mixed(content, encoding, file))


def _count_above(first: Sequence[Sequence[str]]) -> int:
    """Return how many rows of headings there are: to the row of ImportIds, else two, unless the second row is a response already."""
    with_ids = next((count for count, cells in enumerate(first[:3], 1) if _has_ids(cells)), 0)
    is_short = len(first) < 2 or any(RESPONSE.fullmatch(cell.strip()) for cell in first[1])
    return with_ids or (1 if is_short else 2)


def _has_ids(cells: Sequence[str]) -> bool:
    return any(IMPORT_ID.fullmatch(cell) for cell in cells)


def _import_id(cell: str) -> str:
    """Return the id in a cell of the row of ImportIds; any other cell as it is."""
    found = IMPORT_ID.fullmatch(cell)
    return found.group(1) if found else cell


def _marks(headings: Sequence[tuple[str, ...]], has_ids: bool) -> list[int]:
    """Return the positions of the columns that tell what is no response (Qualtrics' own columns stand before the questions)."""
    if has_ids:
        return [position for position, names in enumerate(headings) if names[-1] in MARKS_BY_ID]
    found = ([position for position, names in enumerate(headings) if mark in map(str.strip, names)] for mark in MARKS_BY_NAME)
    return [positions[0] for positions in found if positions]


def _refused(file: str, marks: Sequence[int], row: int, cells: Sequence[str]) -> Problem | None:
    """Return the problem of a row that is no response."""
    is_unreal = any(_is_unreal(cells[position]) for position in marks)
    return Problem(file, row=row, rule="test_response", reason=UNREAL) if is_unreal else None


def _is_unreal(mark: str) -> bool:
    """Tell whether a status (code or words) or channel is that of a preview, a test or spam."""
    words = normalise(mark).split()
    is_code = len(words) == 1 and re.fullmatch(r"[0-9]{1,4}", words[0])
    return bool(int(words[0]) & UNREAL_CODES) if is_code else not UNREAL_WORDS.isdisjoint(words)
