"""The log of corrections laid over what was read: in, a raw table; out, the table with the cells that the log corrects.

A correction that is made is a remark at its cell. One that is refused is a problem at its row in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from midterm.description import Evaluation
from midterm.description.corrections import Correction
from midterm.description.spelling import normalise
from midterm.errors import Problem, nearest
from midterm.read.cells import joined
from midterm.read.raw import RawTable


def corrected(evaluation: Evaluation, raw: RawTable, ids: Sequence[Sequence[str]]) -> RawTable:
    """Return the raw table with the corrections for its file made, in the order of the log.

    ``ids`` are the columns that may name a row (several: joined by a slash); ``row 12`` names it by its row. A correction
    is refused when it does not find exactly one row, the column, and the old value in that cell.
    """
    table = raw
    for correction in (entry for entry in evaluation.corrections if entry.file == raw.file):
        table = _with(table, correction, ids, evaluation.file.corrections)
    return table


def _with(raw: RawTable, correction: Correction, ids: Sequence[Sequence[str]], log: str) -> RawTable:
    column = _column(raw, correction.field)
    positions = _positions(raw, correction.id, ids)
    if column is None:
        known = nearest(correction.field, [*raw.text.columns, *raw.headings.values()], list_few=False)
        return _refused(raw, correction, log, "field", f"the file has no such declared column; {known}; correct the field")
    if len(positions) != 1:
        return _refused(raw, correction, log, "id", f"{len(positions) or 'no'} rows of the file have this id; name one, by its row as `row 12` if need be")
    at = positions[0]
    if not _is_same(str(raw.text[column].iloc[at]), correction.old):
        return _refused(raw, correction, log, "old", "the cell does not hold this old value, so it was not corrected; see what it holds and why")
    reason = f"corrected by the log ({log}, row {correction.row}), by {correction.author}"
    remark = raw.problem("corrected", reason, raw.text.index[at], column)
    cells = raw.text[column].cat.add_categories(sorted({correction.new} - set(raw.text[column].cat.categories)))
    changed = cells.where(np.arange(len(cells)) != at, correction.new)
    return replace(raw, text=raw.text.assign(**{column: changed}), remarks=(*raw.remarks, remark))


def _refused(raw: RawTable, correction: Correction, log: str, column: str, reason: str) -> RawTable:
    return replace(raw, problems=(*raw.problems, Problem(log, row=correction.row, column=column, rule="correction_refused", reason=reason)))


def _column(raw: RawTable, field: str) -> str | None:
    """Return the declared column that ``field`` names, by its declared name or its heading in the file."""
    by_name = {normalise(name): column for column in raw.text.columns for name in (raw.headings.get(column, column), column)}
    return by_name.get(normalise(field))


def _positions(raw: RawTable, named: str, ids: Sequence[Sequence[str]]) -> list[int]:
    if normalise(named).startswith("row ") and normalise(named)[4:].isdecimal():
        return list(np.flatnonzero(raw.text.index == int(normalise(named)[4:])))
    for columns in ids:
        if columns and all(column in raw.text for column in columns):
            found = np.flatnonzero(joined([raw.text[column] for column in columns]).astype(object) == named)
            if len(found):
                return list(found)
    return []


def _is_same(cell: str, old: str) -> bool:
    """Tell whether the cell holds what the log says, whichever decimal sign the log's author typed."""
    return old.strip() in (cell.strip(), cell.strip().replace(",", "."))
