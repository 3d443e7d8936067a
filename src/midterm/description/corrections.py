"""The log of corrections: in, ``config/corrections.csv``; out, each correction with its line, typed.

Raw files stay as they arrived. What has to change in them is a row here, with who says so and why.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from midterm.errors import ConfigError, Problem, nearest

FIELDS = ("file", "id", "field", "old", "new", "reason", "author")
MAX_BYTES = 5_000_000


@dataclass(frozen=True)
class Correction:
    """One cell that is corrected: ``id`` names the row in ``file`` (record, respondent, indicator or row number), ``field`` the column.

    ``old`` is what the cell must hold for the correction to be made; ``row`` is the line in the log.
    """

    row: int
    file: str
    id: str
    field: str
    old: str
    new: str
    reason: str
    author: str


def load_corrections(path: Path, shown: str, files: tuple[str, ...]) -> tuple[Correction, ...]:
    """Return the corrections in ``path`` (none when the file is not there); raise ConfigError naming every faulty row."""
    if not path.exists():
        return ()
    rows = _rows(path, shown)
    row, heading = rows[0] if rows else (1, [])
    if tuple(name.strip() for name in heading) != FIELDS:
        raise ConfigError(Problem(shown, row=row, rule="corrections_heading", reason=f"the headings must be {','.join(FIELDS)}; correct the first row"))
    problems = [problem for row, cells in rows[1:] for problem in _faults(shown, row, cells, files)]
    if problems:
        raise ConfigError(problems)
    return tuple(
        Correction(row, *(cell if name in ("old", "new") else cell.strip() for name, cell in zip(FIELDS, cells, strict=True))) for row, cells in rows[1:]
    )


def _rows(path: Path, shown: str) -> list[tuple[int, list[str]]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(Problem(shown, rule="too_large", reason="this log is over 5 MB; check that it is the right file"))
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ConfigError(Problem(shown, rule="unreadable", reason="this log cannot be read; save it as csv with commas, in UTF-8")) from None


def _faults(shown: str, row: int, cells: list[str], files: tuple[str, ...]) -> list[Problem]:
    if len(cells) != len(FIELDS):
        return [Problem(shown, row=row, rule="ragged_row", reason=f"this row has {len(cells)} cells where the heading has {len(FIELDS)}; check the commas")]
    named = dict(zip(FIELDS, (cell.strip() for cell in cells), strict=True))
    problems = [
        Problem(shown, row=row, column=name, rule="missing_cell", reason="this cell is empty; a correction needs it")
        for name in ("file", "id", "field", "reason", "author")
        if not named[name]
    ]
    if named["file"] and named["file"] not in files:
        reason = f"this file is not declared in evaluation.yml; {nearest(named['file'], files)}"
        problems.append(Problem(shown, row=row, column="file", rule="unknown_file", reason=reason))
    return problems
