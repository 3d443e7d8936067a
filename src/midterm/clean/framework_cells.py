"""Cells of a framework: in, the text of one cell and the kind of its row's unit; out, what it means, or the rule by which that cannot be said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from midterm.clean.names import Names
from midterm.clean.values import parse_number, parse_year, visible
from midterm.description.codebook import FrameworkForm
from midterm.description.spelling import normalise

NUMBERS = ("baseline_value", "target_value", "actual_value")
YEARS = ("baseline_year", "target_year")
WHOLES = ("percentage", "share")
SUMMABLE = ("count", "amount")
SIGNS = {"percentage": "%", "share": "%", "amount": "€"}

# Words that say that there is no value. A dash or "geen" is not among them: they may as well mean nought.
NO_VALUE = frozenset(
    (
        *("nvt", "n/a", "na", "niet van toepassing", "not applicable", "onbekend", "unknown", "nog onbekend", "niet bekend", "nog niet bekend"),
        *("not known", "not yet known", "nb", "nnb", "niet beschikbaar", "not available", "geen gegevens", "no data", "niet gemeten", "not measured"),
        *("nog niet gemeten", "not yet measured", "ntb", "nader te bepalen", "tbd", "to be determined", "pm"),
    )
)
PERHAPS_NOUGHT = frozenset({"-", "--", "–", "—", "/", "x", "geen", "none", "nihil", "nil", "nul", "zero"})
EXCEL_ERRORS = frozenset(
    (
        *("#div/0!", "#ref!", "#n/a", "#value!", "#name?", "#null!", "#num!", "#spill!", "#calc!", "#field!", "#getting_data", "#error"),
        *("#deel/0!", "#verw!", "#n/b", "#waarde!", "#naam?", "#leeg!", "#getal!"),
    )
)
NOT_CALCULATED = "#not_calculated"

_MONTH = r"(?:jan|feb|mrt|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)\w*\.?"
_DATE = re.compile(
    rf"(?i)\d{{4}}-\d\d-\d\d(?:[T ].*)?|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|\d{{1,2}}[- ]{_MONTH}(?:[- ]\d{{2,4}})?|{_MONTH}[- ]\d{{2,4}}|\d+:\d\d(?::\d\d)?"
)
_ABBREVIATED = re.compile(
    r"(?i)[+-]?\d[\d.,\s]*(?:k|dzd\.?|duizend|thousand|mln\.?|mio|miljoen|million|mrd\.?|miljard|billion|[x×*]\s*1[.,\s]?000(?:[.,\s]?000)?)"
)
_EURO_BEFORE = re.compile(r"(?i)([+-]?)\s*(?:€|euro?\b)\s*(.+)")
_EURO_AFTER = re.compile(r"(?i)(.*\d)\s*(?:€|euro?)")
_NO_CENTS = re.compile(r"(.*\d),\s?(?:[-–—=]{1,2})")
_OTHER_CURRENCY = re.compile(r"([$£¥])\s*(.+)|(.+?)\s*([$£¥])")
_POINT_AND_THREE = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_COMMA_AND_THREE = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


@dataclass(frozen=True)
class Reading:
    """What a cell means. With a ``rule`` it is set aside, or, where it ``is_doubt``, kept and noted."""

    value: Any = None
    rule: str = ""
    reason: str = ""
    is_doubt: bool = False


EMPTY = Reading()
SAID_NO_VALUE = Reading(
    None, "said_no_value", "a word here says that there is no value, so the cell counts as empty; check that it is not nought", is_doubt=True
)
ERROR = Reading(None, "error_cell", "this cell holds an error of the spreadsheet; correct the formula, or type the value")
UNCALCULATED = Reading(None, "not_calculated", "the formula in this cell was never calculated; open the workbook in Excel, save it and send it again")
NOT_A_YEAR = Reading(None, "not_a_year", "this cell is not a year; write four digits")
DATE = Reading(None, "date_in_number", "Excel has turned this number into a date or time; format the cell as a number and type the number again")
ABBREVIATED = Reading(None, "abbreviated_number", "this number is abbreviated to thousands or millions; write it in full, with all its digits")
OTHER_UNIT = Reading(None, "other_unit", "the sign at this number is not of the unit of its row; write the number in that unit, or correct the unit")
ABOVE_ONE = Reading(None, "other_unit", "this unit runs from 0 to 1; write a share (0,45), or a per cent sign behind the number (45%)")
TWO_WAYS = Reading(None, "ambiguous_number", "the point may be a decimal point or separate thousands; write decimals behind a comma")
PLUS = Reading(None, "note_in_number", "a plus sign may mean a rise by so much, or so much or more; write the level itself, only the number")
NOUGHT = Reading(None, "note_in_number", "this may mean nought or that there is no value; write 0, or leave the cell empty")
NOTE = Reading(None, "note_in_number", "this cell is not only a number; write the number alone and move the rest to the remarks")


@dataclass(frozen=True)
class Decoding:
    """How the cells of a form are read: its closed lists by field, and the kind of each unit."""

    lists: Mapping[str, Names]
    kinds: Mapping[str, str]

    @classmethod
    def of(cls, form: FrameworkForm) -> Decoding:
        """Build from the form of the codebook."""
        spelled = {field: [(entry.id, (entry.label.nl, entry.label.en, *entry.aliases)) for entry in entries] for field, entries in form.lists.items()}
        kinds = {unit.id: unit.kind for unit in form.units}  # IATI names a kind only, which is enough where one unit is of it
        spelled["unit"] += [(unit, (kind,)) for unit, kind in kinds.items() if list(kinds.values()).count(kind) == 1]
        return cls({field: Names.of(entries) for field, entries in spelled.items()}, kinds)

    def kind(self, unit: str) -> str:
        """Return the kind of the unit that a cell names; empty when it names none."""
        return self.kinds.get(self.lists["unit"].match(unit) or "", "")

    def read(self, column: str, cell: str, kind: str) -> Reading:
        """Return what a cell of a declared column means in a row whose unit is of this ``kind`` (empty: not known)."""
        field, key = field_of(column), normalise(cell)
        if not key:
            return EMPTY
        if fault := without_result(cell):
            return fault
        if field == "indicator_id":
            return Reading(identity(cell))
        if field in self.lists:
            return _listed(cell, self.lists[field])
        if field not in (*NUMBERS, *YEARS):
            return Reading(cell.strip())
        if _is_no_value(key):
            return SAID_NO_VALUE
        return _number(cell, kind) if field in NUMBERS else _year(cell)


def field_of(column: str) -> str:
    """Return the field of a declared column (``actual_value 2024`` is of the field ``actual_value``)."""
    return column.partition(" ")[0]


def identity(cell: str) -> str:
    """Return the number of an indicator as it is compared over versions and years.

    A 2.1 that was typed into a cell for numbers comes with a decimal comma, one typed as text with its point. They are
    one indicator, so the point is taken for both.
    """
    text = " ".join(visible(cell).split())
    return text.replace(",", ".") if re.fullmatch(r"\d+,\d+", text) else text


def without_result(cell: str) -> Reading | None:
    """Return what a cell means in which a spreadsheet shows no result: an error, or a formula never calculated; None for any other."""
    key = normalise(cell)
    if key == NOT_CALCULATED:
        return UNCALCULATED
    return ERROR if key in EXCEL_ERRORS or re.fullmatch("##+", key) else None  # ### is a column too narrow to show its numbers


def is_error(cell: str) -> bool:
    """Tell whether a cell holds an error of the spreadsheet instead of what was meant."""
    return without_result(cell) is not None


def _is_no_value(key: str) -> bool:
    return key.strip("() ").replace(".", "") in NO_VALUE


def _listed(cell: str, names: Names) -> Reading:
    found = names.match(cell)
    if found:
        return Reading(found)
    if _is_no_value(normalise(cell)):
        return SAID_NO_VALUE
    return Reading(None, "not_in_the_list", f"this entry is not in the list ({names.hint(cell)}); choose one from the list")


def _year(cell: str) -> Reading:
    year = parse_year(cell)
    return Reading(year) if year is not None else NOT_A_YEAR


def _number(cell: str, kind: str) -> Reading:
    sign, bare = _unsigned(visible(cell))
    value = parse_number(bare)
    if value is None:
        return _no_number(bare)
    if sign and sign != SIGNS.get(kind):
        return OTHER_UNIT
    if bare.startswith("+"):
        return PLUS
    if kind in (*WHOLES, "score") and _POINT_AND_THREE.fullmatch(bare):
        return TWO_WAYS
    if kind == "share":
        return _share(value, sign)
    if kind in SUMMABLE and _COMMA_AND_THREE.fullmatch(bare):
        reason = "this was read as a number with three decimals; if the comma separates thousands, write the number without it"
        return Reading(value, "perhaps_thousands", reason, is_doubt=True)
    return Reading(value)


def _share(value: float, sign: str) -> Reading:
    if sign:
        return Reading(float(Decimal(repr(value)) / 100))  # 33.3 / 100 in floats is not .333
    return Reading(value) if value <= 1 else ABOVE_ONE


def _unsigned(text: str) -> tuple[str, str]:
    """Return the sign of a unit at a number (%, € or another currency's) and the text without it."""
    if text.endswith("%"):
        return "%", text[:-1].rstrip()
    sign, bare = "", text
    if found := _EURO_BEFORE.fullmatch(bare):
        sign, bare = "€", found[1] + found[2]
    elif found := _EURO_AFTER.fullmatch(bare):
        sign, bare = "€", found[1]
    elif found := _OTHER_CURRENCY.fullmatch(bare):
        sign, bare = found[1] or found[4], found[2] or found[3]
    if found := _NO_CENTS.fullmatch(bare):
        sign, bare = sign or "€", found[1]
    return sign, bare


def _no_number(bare: str) -> Reading:
    if _DATE.fullmatch(bare):
        return DATE
    if _ABBREVIATED.fullmatch(bare):
        return ABBREVIATED
    return NOUGHT if normalise(bare) in PERHAPS_NOUGHT else NOTE
