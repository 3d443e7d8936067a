"""References to a table's cell: in, its words ("change all cooperation ci_low"); out, the cell as the report writes it.

A new table that texts may refer to is one function and one row of ``TABLES``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from midterm.errors import Problem, UserError, nearest
from midterm.publish.report.context import Context

Cell = Callable[[Context, Sequence[str], str], tuple[Any, str]]  # context, keys, column -> row and text


@dataclass(frozen=True)
class Read:
    """A cell in words; ``is_there`` is false where it may not be shown or holds nothing, and ``text`` says so."""

    text: str
    is_there: bool = True


def reference(context: Context, words: Sequence[str]) -> Read:
    """Return the cell that ``words`` name; raise UserError when there is no such table, row or column."""
    table = words[0] if words else ""
    if table not in TABLES:
        raise _broken(f"a reference begins with the name of a table, and {table!r} is none; {nearest(table, TABLES)}")
    kind = TABLES[table]
    keys, rest = words[1 : 1 + len(kind.keys)], words[1 + len(kind.keys) :]
    if len(keys) < len(kind.keys) or len(rest) > 1:
        raise _broken(f"a reference to {table} is written {{{{{table} {' '.join(kind.keys)} COLUMN}}}}, and the column may be left out; correct it")
    column = rest[0] if rest else kind.column
    if column not in kind.columns:
        raise _broken(f"{table} has no column {column!r} to refer to; {nearest(column, kind.columns)}")
    row, text = kind.cell(context, keys, column)
    is_hidden = hasattr(row, "estimate") and pd.isna(row.estimate)  # then its persons are not told either
    if not is_hidden and not pd.isna(getattr(row, column)):
        return Read(text)
    return Read(context.say.absent(row) if hasattr(row, "flag") else context.say.answered(row, "usable"), is_there=False)


def _broken(reason: str) -> UserError:
    return UserError(Problem("", rule="broken_reference", reason=reason))


def _change(c: Context, keys: Sequence[str], column: str) -> tuple[Any, str]:
    alliance, name = keys
    indicator, row = c.evaluation.indicator(name), c.change_of(alliance, name)
    value = getattr(row, column)
    if column == "verdict":
        return row, c.say.word("verdict", value)
    if column in ("n_from", "n_to", "n_paired", "n_organisations"):
        return row, c.say.count(value)
    return row, "" if pd.isna(value) else c.say.change(indicator, value)


def _level(c: Context, keys: Sequence[str], column: str) -> tuple[Any, str]:
    alliance, name, wave = keys
    indicator = c.evaluation.indicator(name)
    row = c.level_of(alliance, indicator, wave)
    value = getattr(row, column)
    return row, "" if pd.isna(value) else c.say.count(value) if column.startswith("n") else c.say.level(indicator, value)


def _response(c: Context, keys: Sequence[str], column: str) -> tuple[Any, str]:
    row = c.one("response", alliance=keys[0], wave=keys[1])
    value = getattr(row, column)
    return row, "" if pd.isna(value) else c.say.percent(value) if column == "rate" else c.say.number(float(value), 0)


def _attainment(c: Context, keys: Sequence[str], column: str) -> tuple[Any, str]:
    row = c.one("attainment", alliance=keys[0], indicator_id=keys[1], year=_year(keys[2]))
    value = getattr(row, column)
    if column == "status":
        return row, c.say.word("status", value)
    return row, "" if pd.isna(value) else c.say.percent(value) if column in ("attainment", "expected") else c.say.as_given(value)


def _evidence(c: Context, keys: Sequence[str], column: str) -> tuple[Any, str]:
    row = c.one("evidence", question=keys[0], alliance=keys[1])
    group = "voice" if column in ("survey", "framework", "interview") else column
    return row, str(getattr(c.texts, f"{group}_{getattr(row, column)}"))


def _year(text: str) -> int:
    if not text.isdigit():
        raise _broken(f"{text!r} is no year; write four digits")
    return int(text)


@dataclass(frozen=True)
class Kind:
    """What a reference to one table names, the columns that it may ask for, and the one that it means when it asks for none."""

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    column: str
    cell: Cell


TABLES: dict[str, Kind] = {
    "change": Kind(
        ("ALLIANCE", "INDICATOR"), ("estimate", "ci_low", "ci_high", "n_from", "n_to", "n_paired", "n_organisations", "verdict"), "estimate", _change
    ),
    "level": Kind(("ALLIANCE", "INDICATOR", "WAVE"), ("estimate", "ci_low", "ci_high", "n", "n_organisations", "n_missing"), "estimate", _level),
    "response": Kind(("ALLIANCE", "WAVE"), ("rate", "population", "invited", "complete", "partial", "usable"), "rate", _response),
    "attainment": Kind(("ALLIANCE", "NUMBER", "YEAR"), ("attainment", "expected", "baseline", "target", "actual", "status"), "attainment", _attainment),
    "evidence": Kind(("QUESTION", "ALLIANCE"), ("conclusion", "strength", "agreement", "survey", "framework", "interview"), "conclusion", _evidence),
}
