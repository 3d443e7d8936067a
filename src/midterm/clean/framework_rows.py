"""Rows of a framework: in, the raw table of one version; out, its indicators by row, what was set aside, and what the cells leave in doubt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from midterm.clean.framework_cells import Decoding, Reading, identity, is_error
from midterm.description.codebook import FrameworkForm
from midterm.description.spelling import normalise
from midterm.errors import Problem
from midterm.read import RawTable

_TOTAL = r"(?:(?:eind|sub|grand |generaal |algemeen )?(?:totaal|totalen|total|totals)|som|sum)"
_ONLY_TOTAL = re.compile(rf"{_TOTAL}\s*[:.=]*")
_SUBTOTAL = re.compile(r"sub-?tota+l\b.*")


@dataclass(frozen=True)
class Indicator:
    """One row that counts: its cells as ``typed``, what they mean (``values``; None: no value), and the kind of its unit."""

    row: int
    typed: Mapping[str, str]
    values: Mapping[str, Any]
    kind: str

    @property
    def key(self) -> str:
        """The indicator's number in the form in which numbers are compared."""
        return normalise(self.values["indicator_id"])


@dataclass(frozen=True)
class Version:
    """One framework as it was handed in.

    ``n_rows`` counts the rows with more than a prepared number in them; ``numbers`` are all indicators' numbers on them,
    also on rows that were set aside.
    """

    raw: RawTable
    indicators: tuple[Indicator, ...]
    aside: tuple[Problem, ...]
    notices: tuple[Problem, ...]
    n_rows: int
    numbers: frozenset[str]

    @cached_property
    def places_aside(self) -> frozenset[tuple[int | None, str]]:
        """Row and heading of every cell that was set aside."""
        return frozenset((problem.row, problem.column) for problem in self.aside)


def version_of(form: FrameworkForm, raw: RawTable) -> Version:
    """Decode one version row by row; a cell that cannot be used is empty and set aside, a row as a whole where it must be."""
    decoding = Decoding.of(form)
    cells = {int(row): {str(name): str(cell) for name, cell in record.items()} for row, record in _records(raw)}
    filled = {row: record for row, record in cells.items() if _is_filled(record)}
    aside = _rows_aside(form, raw, filled)
    set_aside = {problem.row for problem in aside}
    indicators, problems, notices = [], list(aside), list(_loose_notes(raw, cells))
    for row, record in filled.items():
        if row not in set_aside:
            kind = decoding.kind(record.get("unit", ""))
            readings = {column: decoding.read(column, cell, kind) for column, cell in record.items()}
            indicators.append(Indicator(row, record, {column: reading.value for column, reading in readings.items()}, kind))
            problems += _problems(raw, row, readings, is_doubt=False)
            notices += [*_problems(raw, row, readings, is_doubt=True), *_named_total(raw, row, record)]
    numbers = frozenset(normalise(identity(record.get("indicator_id", ""))) for record in filled.values())
    return Version(raw, tuple(indicators), tuple(problems), tuple(notices), len(filled), numbers)


def _records(raw: RawTable) -> Iterator[tuple[Any, dict[Any, Any]]]:
    return zip(raw.text.index, raw.text.astype(str).to_dict("records"), strict=True)


def _is_filled(record: Mapping[str, str]) -> bool:
    """Tell whether more is filled in than the number: the form is handed out with numbers on rows that may stay empty."""
    return any(normalise(cell) for column, cell in record.items() if column != "indicator_id")


def _problems(raw: RawTable, row: int, readings: Mapping[str, Reading], *, is_doubt: bool) -> list[Problem]:
    return [raw.problem(found.rule, found.reason, row, column) for column, found in readings.items() if found.rule and found.is_doubt == is_doubt]


def _rows_aside(form: FrameworkForm, raw: RawTable, filled: Mapping[int, Mapping[str, str]]) -> list[Problem]:
    """Set aside rows of totals, rows without the number of an indicator, and all rows that share one."""
    heading = raw.headings.get("indicator_id", "indicator_id")
    levels = frozenset(normalise(text) for level in form.levels for text in (level.label.nl, level.label.en, *level.aliases))
    rules = {row: "totals_row" for row, record in filled.items() if _is_total(record, levels)}
    keys = {row: _key(record) for row, record in filled.items() if row not in rules}
    times = Counter(keys.values())
    reasons = {
        "totals_row": "this row adds up others and is no indicator, so it was left out; remove it, or give it a number of its own if it is one",
        "missing_number": f"this row has no {heading!r}; give it the number of its indicator, or remove it if it is none",
        "duplicate_indicator": f"another row has the same {heading!r} (in a cell for numbers 2.10 is 2.1); keep the right one, or type the number as text",
    }
    rules |= {row: "duplicate_indicator" if key else "missing_number" for row, key in keys.items() if not key or times[key] > 1}
    return [raw.problem(rule, reasons[rule], row) for row, rule in rules.items()]


def _key(record: Mapping[str, str]) -> str:
    number = record.get("indicator_id", "")
    return "" if is_error(number) else normalise(identity(number))


def _is_total(record: Mapping[str, str], levels: frozenset[str]) -> bool:
    """Tell whether a row adds up others: it says so as its number, or it has none and says so as its level or wording.

    "Totaal aantal deelnemers" is an ordinary indicator; "Totaal activiteit" is the total of a level.
    """
    number, *texts = (normalise(record.get(column, "")) for column in ("indicator_id", "level", "indicator"))
    if number:
        return bool(_ONLY_TOTAL.fullmatch(number) or _SUBTOTAL.fullmatch(number))
    return any(_ONLY_TOTAL.fullmatch(text) or _SUBTOTAL.fullmatch(text) or _is_total_of(text, levels) for text in texts)


def _is_total_of(text: str, levels: frozenset[str]) -> bool:
    found = re.fullmatch(rf"{_TOTAL}\s+(.+?)\s*[:.=]*", text)
    return bool(found and found[1] in levels)


def _named_total(raw: RawTable, row: int, record: Mapping[str, str]) -> list[Problem]:
    is_total = _ONLY_TOTAL.fullmatch(normalise(record.get("indicator", "")))
    reason = "this indicator is called a total but has a number of its own, so it counts beside the others; check that it is an indicator"
    return [raw.problem("perhaps_a_total", reason, row, "indicator")] if is_total else []


def _loose_notes(raw: RawTable, cells: Mapping[int, Mapping[str, str]]) -> list[Problem]:
    """Note rows that hold nothing but words where the number belongs: a remark under the table, not a prepared number."""
    reason = "there is only a text here, no indicator, so it was passed over; read it in the file, it may say something about the numbers"
    return [
        raw.problem("loose_note", reason, row, "indicator_id")
        for row, record in cells.items()
        if not _is_filled(record) and " " in normalise(record.get("indicator_id", ""))
    ]
