"""Reader of SPSS files (.sav, .zsav): in, a file and what is declared; out, a RawTable of the declared variables with their labels.

Codes stay codes; what the file itself says of them (value labels, user-missing values) goes along beside them.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyreadstat

from midterm.errors import UserError
from midterm.read import spss_probe
from midterm.read.raw import Declared, Intake, RawTable, has_mark, raw_bytes
from midterm.read.spss_bounds import MAX_CELLS, broken, max_rows, too_large

CHUNK_CELLS = 2_000_000
EPOCH = datetime(1582, 10, 14)
DATES = frozenset({"DATE", "ADATE", "EDATE", "SDATE", "JDATE", "QYR", "MOYR", "WKYR"})
MOMENTS = frozenset({"DATETIME", "YMDHMS"})
SPANS = frozenset({"TIME", "DTIME", "MTIME"})
BYTEWISE = "iso-8859-1"
TEXT = frozenset({"A", "AHEX"})
BROKEN = (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, LookupError, ValueError, ArithmeticError, MemoryError, UserWarning)

Value = float | str | None
Data = Mapping[str, Sequence[Value]]


@dataclass(frozen=True)
class _Variable:
    """A variable as the dictionary of the file describes it; ``kind`` is its print format without the width."""

    name: str
    label: str
    kind: str
    labels: Mapping[str, str]
    missing: Sequence[Mapping[str, Any]]
    encoding: str

    def text(self, value: Value) -> str:
        """Return a cell as text."""
        if isinstance(value, str):
            return _text(value, self.encoding).rstrip()
        return "" if value is None else _formatted(value, self.kind)

    def is_missing(self, value: Value) -> bool:
        """Tell whether the file declares a value as user-missing."""
        return value is not None and any(bounds["lo"] <= value <= bounds["hi"] for bounds in self.missing)


@dataclass(frozen=True)
class _Set:
    """A multiple-response set: its variables, and for a set of boxes the number that means ticked."""

    label: str
    members: tuple[_Variable, ...]
    ticked: float | None

    def text(self, values: Sequence[Value]) -> str:
        """Return what was given in one case, joined by semicolons; a user-missing code only where nothing else was given."""
        if self.ticked is not None:
            return ";".join(self._box(member) for member, value in zip(self.members, values, strict=True) if value == self.ticked)
        filled = [(member.text(value), member.is_missing(value)) for member, value in zip(self.members, values, strict=True)]
        given = [text for text, is_missing in filled if text and not is_missing]
        return ";".join(given or [text for text, _ in filled if text][:1])

    def _box(self, box: _Variable) -> str:
        is_clear = ";" not in box.label and sum(member.label == box.label for member in self.members) == 1
        return box.label if box.label and is_clear else box.name


@dataclass(frozen=True)
class _Source:
    """An SPSS file of which the dictionary was read: its variables, its sets, and what it says of itself."""

    encoding: str
    variables: Mapping[str, _Variable]
    sets: Mapping[str, _Set]
    notes: tuple[str, ...]

    @property
    def headings(self) -> list[tuple[str, str]]:
        """Return name and label of every column that the file offers."""
        shown = [(_text(name, self.encoding), variable.label) for name, variable in self.variables.items()]
        return shown + [(_text(name, self.encoding), found.label) for name, found in self.sets.items()]

    def behind(self, position: int) -> tuple[_Variable, ...]:
        """Return the variables from which the cells of a column come."""
        return [*((variable,) for variable in self.variables.values()), *(found.members for found in self.sets.values())][position]


def read_spss(folder: Path, file: str, declared: Declared) -> RawTable:
    """Read the declared variables of an SPSS file, by name or label, as text; row numbers are case numbers from 1.

    Numbers are the shortest text with a decimal point, dates and times ISO text (what lies outside the calendar stays a
    number), system-missing is empty. User-missing codes stay, and ``missing`` names those that occur. A multiple-response
    set is one more column ``$NAME`` (not where text means ticked). Raises UserError on what is no SPSS file, or unpacks
    to more than 50 million cells.
    """
    content = raw_bytes(folder, file)
    for encoding in _encodings(content, file, max_rows(content, file)):
        try:
            return _table(content, file, encoding, declared)
        except BROKEN:
            continue
    raise UserError(broken(file))


def _table(content: bytes, file: str, encoding: str, declared: Declared) -> RawTable:
    source = _source(content, encoding)
    intake = Intake(file, "", source.headings, declared)
    taken = {name: source.behind(position) for name, position in intake.positions.items()}
    is_synthetic = has_mark([*source.notes, *(text for variable in source.variables.values() for text in (variable.label, *variable.labels.values()))])
    occurring = dict.fromkeys(source.variables, frozenset[str]())
    rows = 0
    for data in _chunks(content, source, {variable.name for variables in taken.values() for variable in variables}):
        first, rows = rows + 1, rows + len(next(iter(data.values())))
        intake.extend(range(first, rows + 1), _cells(source, data))
        is_synthetic = is_synthetic or any(has_mark(values) for values in data.values())
        occurring |= {name: occurring[name] | _missing(source.variables[name], values) for name, values in data.items()}
    # What the file says of a linking column would repeat the codes that are to leave as pseudonyms only.
    said = {name: variables for name, variables in taken.items() if name not in declared.linking}
    return intake.table(
        is_synthetic=is_synthetic,
        labels={name: {text: label for variable in variables for text, label in variable.labels.items()} for name, variables in said.items()},
        missing={name: frozenset(text for variable in variables for text in occurring[variable.name]) for name, variables in said.items()},
    )


def _cells(source: _Source, data: Data) -> list[tuple[str, ...]]:
    """Return the cases of a chunk as text, a cell for each heading (empty where the variable was not read)."""
    columns = {name: _texts(source.variables[name], values) for name, values in data.items()}
    for name, found in source.sets.items():
        if all(member.name in data for member in found.members):
            columns[name] = [found.text(values) for values in zip(*(data[member.name] for member in found.members), strict=True)]
    nothing = [""] * len(next(iter(data.values())))
    return list(zip(*(columns.get(name, nothing) for name in (*source.variables, *source.sets)), strict=True))


def _texts(variable: _Variable, values: Sequence[Value]) -> list[str]:
    texts = {value: variable.text(value) for value in set(values)}
    return [texts[value] for value in values]


def _missing(variable: _Variable, values: Sequence[Value]) -> frozenset[str]:
    return frozenset(variable.text(value) for value in set(values) if variable.is_missing(value))


def _chunks(content: bytes, source: _Source, wanted: set[str]) -> Iterator[Data]:
    """Give the wanted variables, and all that hold text (one may carry the mark), some thousands of cases at a time."""
    names = [variable.name for variable in source.variables.values() if variable.name in wanted or variable.kind in TEXT] or list(source.variables)[:1]
    step = max(1, CHUNK_CELLS // max(1, len(source.headings)))
    for start in range(0, MAX_CELLS, step) if names else ():
        data, _ = _parsed(content, source.encoding, names=names, start=start, count=step)
        if data[names[0]]:
            yield data
        if len(data[names[0]]) < step:
            return


def _parsed(content: bytes, encoding: str, *, names: list[str] | None = None, start: int = 0, count: int = 0) -> tuple[dict[str, list[Any]], Any]:
    """Return data and dictionary as the library reads them; only the dictionary where ``count`` is 0."""
    # It warns of names that stand twice, which only a damaged file has.
    with warnings.catch_warnings(action="error", category=UserWarning):
        return pyreadstat.read_sav(
            io.BytesIO(content),
            metadataonly=count == 0,
            usecols=names,
            encoding=encoding or None,
            row_offset=start,
            row_limit=count,
            user_missing=True,
            # The library's own conversion loses the whole file for one date outside the calendar.
            disable_datetime_conversion=True,
            output_format="dict",
        )


def _source(content: bytes, encoding: str) -> _Source:
    """Read the dictionary; a set of which the ticked value or a variable is not known to the library is left out."""
    _, meta = _parsed(content, encoding)
    if None in meta.column_names:
        raise ValueError("a variable without a name")
    variables = {name: _variable(meta, name, label or "", encoding) for name, label in zip(meta.column_names, meta.column_labels, strict=True)}
    sets = {
        f"${name}": _Set(_text(said["label"], encoding), tuple(variables[member] for member in said["variable_list"]), said["counted_value"])
        for name, said in meta.mr_sets.items()
        if (said["counted_value"] is not None or not said["is_dichotomy"]) and all(member in variables for member in said["variable_list"])
    }
    return _Source(encoding, variables, sets, (meta.file_label or "", *meta.notes))


def _encodings(content: bytes, file: str, allowed: int) -> Iterator[str]:
    """Give the encodings in which the dictionary can be read: the file's own (empty), then byte by byte; raise UserError on too many cases."""
    for encoding in ("", BYTEWISE):
        command = [sys.executable, str(Path(spss_probe.__file__)), encoding, str(allowed)]
        status = subprocess.run(command, input=content, capture_output=True, check=False).returncode  # noqa: S603
        if status == spss_probe.TOO_LARGE:
            raise UserError(too_large(file))
        if status == spss_probe.READABLE:
            yield encoding


def _text(text: str, encoding: str) -> str:
    """Return text of the file; what was read byte by byte is UTF-8 if it can be that, else Windows-1252."""
    if encoding != BYTEWISE:
        return text
    content = text.encode(BYTEWISE)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _variable(meta: Any, name: str, label: str, encoding: str) -> _Variable:
    kind = re.sub(r"[\d.]+$", "", meta.original_variable_types[name] or "")
    plain = _Variable(name, _text(label, encoding), kind, {}, meta.missing_ranges.get(name, ()), encoding)
    said = meta.variable_value_labels.get(name, {})
    return replace(plain, labels={plain.text(value): _text(label, encoding) for value, label in said.items()})


def _formatted(value: float, kind: str) -> str:
    """Return a number by the print format of its variable: a date, a moment, a time as hours, or the number itself."""
    try:
        since = timedelta(milliseconds=round(value * 1000))
        if kind in SPANS:
            return _clock(since)
        if kind in DATES:
            return (EPOCH + since).date().isoformat()
        if kind in MOMENTS:
            return (EPOCH + since).isoformat()
    except (OverflowError, ValueError):
        pass
    return _number(value)


def _clock(span: timedelta) -> str:
    """Return a span of time as hours, minutes and seconds; hours run on after 24."""
    sign, span = ("-", -span) if span < timedelta(0) else ("", span)
    hours, rest = divmod(span, timedelta(hours=1))
    return f"{sign}{hours:02d}:{(datetime.min + rest).time().isoformat()[3:]}"


def _number(value: float) -> str:
    """Return the shortest text of a number; one with three decimals gets a zero more, else 1.125 might pass for 1125."""
    text = format(Decimal(repr(value)).normalize() + 0, "f")
    return f"{text}0" if re.fullmatch(r"-?\d+\.\d{3}", text) else text
