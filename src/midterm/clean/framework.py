"""Cleaning of one alliance's framework workbook: in, its raw table; out, one row per indicator and reporting year."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

import pandas as pd

from midterm.clean.ledger import Cleaned, reconcile, undeclared
from midterm.clean.names import Names
from midterm.clean.values import parse_number, parse_year
from midterm.description import Evaluation
from midterm.description.codebook import Category, FrameworkForm
from midterm.description.spelling import normalise
from midterm.errors import Problem, UserError
from midterm.read import RawTable
from midterm.tables import shaped

Cell = tuple[object, str]
NUMBERS = ("baseline_value", "target_value", "actual_value")
YEARS = ("baseline_year", "target_year")


def clean_framework(evaluation: Evaluation, alliance: str, raw: RawTable) -> Cleaned:
    """Return the table ``framework`` of one alliance from its uniform workbook.

    A cell that is no number, no year or not in its closed list is set aside; a row without its number, or with a
    number that another row has too, as well. Raises UserError when a required heading is missing.
    """
    form = evaluation.codebook.framework
    if form is None:
        raise AssertionError("an evaluation with frameworks has a framework form in its codebook")
    fields = _fields(form, raw, [wave.year for wave in evaluation.file.waves])
    table = raw.only(list(fields))
    aside = _unusable_rows(table, next(column for column, (field, _) in fields.items() if field == "indicator_id"))
    text = table.text.drop(index=[problem.row for problem in aside])
    values, problems = _decoded(table, text, fields, form)
    framework = _long(values, fields, alliance)
    quarantine = (*aside, *problems)
    count = reconcile(raw, alliance, len(raw.text), len(text), len(fields), quarantine)
    return Cleaned(
        {"framework": framework}, quarantine, (*undeclared(table), *_carried_forward(raw, values, fields), *_shares(raw, values, fields, form)), (count,)
    )


def _fields(form: FrameworkForm, raw: RawTable, years: list[int]) -> dict[str, tuple[str, int | None]]:
    """Map each declared heading in the file to its field and year; raise UserError for those that are missing."""
    _refuse_same_headings(raw)
    by_name = {normalise(column): column for column in raw.text.columns}
    found: dict[str, tuple[str, int | None]] = {}
    absent = []
    for field, heading in form.columns.items():
        for year in years if field == "actual_value" else [None]:
            spellings = [text.format(year=year) for text in (heading.nl, heading.en)]
            column = next((by_name[normalise(text)] for text in spellings if normalise(text) in by_name), None)
            if column is None:
                absent.append(spellings[0])
            else:
                found[column] = (field, year)
    raw.require(absent)
    return found


def _refuse_same_headings(raw: RawTable) -> None:
    names = [normalise(column) for column in raw.text.columns]
    twice = [column for column, name in zip(raw.text.columns, names, strict=True) if names.count(name) > 1]
    if twice:
        reason = "another heading means the same; remove or rename one, so that it is clear which to read"
        raise UserError(raw.problem("duplicate_heading", reason, column=column) for column in twice)


def _unusable_rows(raw: RawTable, id_column: str) -> list[Problem]:
    ids = raw.text[id_column].map(normalise)
    nameless = [raw.problem("missing_number", f"this row has no {id_column!r}; give it the number of its indicator", row) for row in ids.index[ids == ""]]
    twice = ids.index[(ids != "") & ids.duplicated(keep=False)]
    return nameless + [raw.problem("duplicate_indicator", f"another row has the same {id_column!r}; keep the right one", row) for row in twice]


def _decoded(raw: RawTable, text: pd.DataFrame, fields: dict[str, tuple[str, int | None]], form: FrameworkForm) -> tuple[pd.DataFrame, list[Problem]]:
    """Decode column by column; return the values (empty where invalid) and a problem for each invalid cell."""
    values = pd.DataFrame(index=text.index)
    problems: list[Problem] = []
    for column, (field, _) in fields.items():
        decode = _decoder(field, form)
        decoded = {row: decode(cell.strip()) if cell.strip() else (None, "") for row, cell in text[column].items()}
        values[column] = pd.Series({row: value for row, (value, _) in decoded.items()}, dtype=object)
        problems += [raw.problem(f"not_{_kind(field)}", reason, row, column) for row, (_, reason) in decoded.items() if reason]
    return values, problems


def _kind(field: str) -> str:
    return "a_number" if field in NUMBERS else "a_year" if field in YEARS else "in_the_list"


def _decoder(field: str, form: FrameworkForm) -> Callable[[str], Cell]:
    lists: dict[str, Iterable[Category]] = {
        "level": form.levels,
        "unit": form.units,
        "direction": form.directions,
        "reporting": form.reporting,
        "status": form.statuses,
        "bottleneck": form.bottlenecks,
    }
    if field in lists:
        names = Names.of((entry.id, (entry.label.nl, entry.label.en, *entry.aliases)) for entry in lists[field])
        return lambda cell: _listed(cell, names)
    if field in NUMBERS:
        return _number
    if field in YEARS:
        return _year
    return lambda cell: (cell, "")


def _listed(cell: str, names: Names) -> Cell:
    found = names.match(cell)
    return (found, "") if found else (None, f"this entry is not in the list ({names.hint(cell)}); choose one from the list")


def _number(cell: str) -> Cell:
    value = parse_number(re.sub(r"\s*%$", "", cell))
    return (value, "") if value is not None else (None, "this cell is not a number; write only the number and move the rest to the remarks")


def _year(cell: str) -> Cell:
    value = parse_year(cell)
    return (value, "") if value is not None else (None, "this cell is not a year; write four digits")


def _long(values: pd.DataFrame, fields: dict[str, tuple[str, int | None]], alliance: str) -> pd.DataFrame:
    fixed = {field: values[column] for column, (field, year) in fields.items() if year is None}
    yearly = [pd.DataFrame(fixed).assign(year=year, actual_value=values[column]) for column, (_, year) in fields.items() if year is not None]
    return shaped("framework", pd.concat(yearly, ignore_index=True).assign(alliance=alliance))


def _shares(raw: RawTable, values: pd.DataFrame, fields: dict[str, tuple[str, int | None]], form: FrameworkForm) -> list[Problem]:
    """Note rows in per cent in which no number is above 1: perhaps typed as 37% in Excel, which stores .37."""
    percentages = {unit.id for unit in form.units if unit.kind == "percentage"}
    unit_column = next(column for column, (field, _) in fields.items() if field == "unit")
    columns = [column for column, (field, _) in fields.items() if field in NUMBERS]
    numbers = values[columns].astype(float)
    suspect = values[unit_column].isin(percentages) & (numbers.max(axis=1) <= 1) & (numbers.max(axis=1) > 0)
    reason = "all numbers of this row in per cent are at most 1; if they are shares, write them as per cent (37, not 0,37)"
    return [raw.problem("perhaps_a_share", reason, row, column) for column in columns for row in values.index[suspect & (numbers[column] > 0)]]


def _carried_forward(raw: RawTable, values: pd.DataFrame, fields: dict[str, tuple[str, int | None]]) -> list[Problem]:
    """Note values equal to the year before: perhaps carried forward, which looks like stability."""
    years = sorted((year, column) for column, (field, year) in fields.items() if field == "actual_value" and year is not None)
    notices = []
    for (_, before), (_, column) in pairwise(years):
        same = values.index[values[column].notna() & (values[column] == values[before]) & (values[column] != 0)]
        reason = f"this value equals that of {before!r}; ask whether it was measured again or carried forward"
        notices += [raw.problem("carried_forward", reason, row, column) for row in same]
    return notices
