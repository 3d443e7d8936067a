"""Reader of IATI activities (version 2.01 to 2.03): in, a file with results; out, a RawTable of framework rows, one an indicator.

Source of the structure: IATI activity standard 2.03, its schema and its guidance on results. docs/iati.md has the whole mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from lxml import etree

from midterm.description.codebook import FRAMEWORK_FIELDS
from midterm.errors import Problem, UserError
from midterm.read.raw import SYNTHETIC_MARK, Declared, Intake, RawTable, raw_bytes

MAX_BYTES = 20_000_000
OWN = "urn:x-midterm:framework"
REPORTER_VOCABULARY = "99"
LEVELS = {"1": "output", "2": "outcome", "3": "impact", "9": ""}
MEASURES = {"1": "count", "2": "percentage", "3": "nominal", "4": "ordinal", "5": "qualitative"}
DIRECTIONS = {"1": "up", "true": "up", "0": "down", "false": "down", "": ""}
ACTUAL = "actual_value"
SHOWN = {
    "indicator_id": "indicator/reference/@code",
    "level": "result/@type",
    "indicator": "indicator/title",
    "unit": "indicator/@measure",
    "direction": "indicator/@ascending",
    "baseline_year": "baseline/@year",
    "baseline_value": "baseline/@value",
    "target_year": "period-end/@iso-date of the target",
    "target_value": "target/@value",
}
NOT_READ = ("result/title", "result/description", "indicator/description", "baseline/comment", "target/comment", "actual/comment", "result//document-link")
DOUBTS = {
    "position_as_number": "this indicator has no single code of vocabulary 99, so its place in the file became its number; ask for a code that stays",
    "no_level": "the result has no type, or type 9 (other), which is no level of the framework; the level is left empty",
    "no_direction": "the file does not say whether more is better, and the standard names no default; the direction is left empty",
    "several_values": "the file gives more than one total here and does not say which holds; keep the one that does",
    "only_parts": "the file gives this only by dimension or place, and parts need not add up; add the total",
    "parts_left": "values by dimension or place are not read; the total is",
    "not_a_decimal": "numbers in IATI have digits and a decimal point and no other sign; correct the number",
    "only_a_comment": "a comment stands where a number belongs; comments are not read, and the cell is left empty",
    "milestones_left": "the framework has room for one target: the last is read, earlier ones are not; check that it is what is to be reached by then",
    "spans_years": "this period covers more than one calendar year; its value stands under the year in which it ends",
    "ends_before_start": "this period ends before it starts; correct its dates",
    "no_period_end": "a period without a valid end date has no year, so its values are not read; give it a date",
}


@dataclass(frozen=True)
class Said:
    """One baseline, target or actual as the file gives it; ``part`` says of what it is a part (empty: a total)."""

    when: str
    value: str
    part: str
    has_comment: bool


@dataclass(frozen=True)
class Period:
    """One period of an indicator that has an end date."""

    start: date | None
    end: date
    targets: tuple[Said, ...]
    actuals: tuple[Said, ...]


@dataclass(frozen=True)
class Row:
    """One indicator: its line in the file, its cells by field, and what is doubtful as pairs of field and rule."""

    line: int
    cells: dict[str, str]
    doubts: tuple[tuple[str, str], ...]


def read_iati(folder: Path, file: str, declared: Declared) -> RawTable:
    """Read the results of all activities in an IATI file as framework rows, under the names of the fields.

    The row is the line where the indicator's opening tag ends, or its number in the file where two share a line. Numbers
    get a decimal comma, as in workbooks. A cell that the file leaves open holds all that it says, so that cleaning sets it
    aside, and a remark with the reason. Raises UserError when the file is no IATI 2 activities file, declares entities or
    a document type, is over 20 MB, or has no indicators.
    """
    root = _activities(raw_bytes(folder, file), file)
    rows = [_row(result, indicator, place) for result, indicator, place in _indicators(root)]
    if not rows:
        raise UserError(Problem(file, rule="no_indicators", reason="this file holds no result with an indicator; export the activity with its results"))
    headings = _headings(rows, declared)
    numbers, shared = _numbers(rows)
    left = [path for path in NOT_READ if root.find(f".//{path}") is not None]
    intake = Intake(file, "", [*headings.values(), *((path,) for path in left)], declared)
    intake.extend(numbers, [[*(row.cells.get(name, "") for name in headings), *("" for _ in left)] for row in rows])
    remarks = [
        Problem(file, "", number, headings[field][0] if field else "", rule, DOUBTS[rule])
        for number, row in zip(numbers, rows, strict=True)
        for field, rule in row.doubts
    ]
    is_synthetic = SYNTHETIC_MARK in etree.tostring(root.getroottree(), encoding="unicode")
    return intake.table(is_synthetic=is_synthetic, remarks=(*_of_the_file(file, root, rows, shared), *remarks))


def _activities(content: bytes, file: str) -> etree._Element:
    """Return the root element; raise UserError where the file is none of ours or could do harm."""
    if len(content) > MAX_BYTES:
        raise UserError(Problem(file, rule="too_large", reason="this file is over 20 MB; export only the activities of this framework"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        reason = "this file is not well-formed XML from this row on; export it again"
        raise UserError(Problem(file, row=error.lineno or None, rule="not_xml", reason=reason)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UserError(Problem(file, rule="document_type", reason="this file declares a document type or entities, which IATI files never do; remove them"))
    if root.tag != "iati-activities" or not re.fullmatch(r"2\.0[1-3]", root.get("version", "").strip()):
        raise UserError(Problem(file, row=1, rule="not_iati", reason="this is no activities file of IATI version 2.01 to 2.03; export it as such"))
    return root


def _indicators(root: etree._Element) -> Iterator[tuple[etree._Element, etree._Element, str]]:
    """Give each indicator with its result and its place: R2.1 is the first of the second result in the file."""
    for number, result in enumerate(root.iterfind("iati-activity/result"), 1):
        for position, indicator in enumerate(result.iterfind("indicator"), 1):
            yield result, indicator, f"R{number}.{position}"


def _row(result: etree._Element, indicator: etree._Element, place: str) -> Row:
    name, named = _identity(indicator, place)
    level, levelled = _level(result, indicator)
    measure, ascending = indicator.get("measure", "").strip(), indicator.get("ascending", "").strip()
    described = {
        "indicator_id": name,
        "level": level,
        "indicator": _narrative(indicator.find("title")),
        "unit": indicator.get(f"{{{OWN}}}unit", MEASURES.get(measure, measure)),
        "direction": DIRECTIONS.get(ascending, ascending),
        "reporting": indicator.get(f"{{{OWN}}}reporting", ""),
    }
    doubts = [*named, *levelled, *([] if ascending else [("direction", "no_direction")])]
    baseline, doubted = _baseline(indicator)
    periods, undated = _periods(indicator)
    values, unsure = _values(periods)
    return Row(int(indicator.sourceline), {**described, **baseline, **values}, (*doubts, *doubted, *undated, *unsure))


def _identity(indicator: etree._Element, place: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the reporter's own code: codes of other vocabularies (SDG, WHO) may stand for several indicators of one framework."""
    own = {entry.get("code", "").strip() for entry in indicator.iterfind("reference") if entry.get("vocabulary", "").strip() == REPORTER_VOCABULARY} - {""}
    return (own.pop(), []) if len(own) == 1 else (place, [("indicator_id", "position_as_number")])


def _level(result: etree._Element, indicator: etree._Element) -> tuple[str, list[tuple[str, str]]]:
    code = result.get("type", "").strip()
    level = indicator.get(f"{{{OWN}}}level", LEVELS.get(code, code))
    return level, [] if level else [("level", "no_level")]


def _narrative(element: etree._Element | None) -> str:
    """Return the first narrative, which is in the activity's own language; line breaks are the file's layout."""
    text: str = "" if element is None else element.findtext("narrative") or ""
    return re.sub(r"\s*[\r\n]\s*", " ", text.strip())


def _baseline(indicator: etree._Element) -> tuple[dict[str, str], list[tuple[str, str]]]:
    entries = list(indicator.iterfind("baseline"))
    said = [_said(entry, _baseline_year(entry)) for entry in entries]
    value, doubts = _told(said, "baseline_value")
    years = list(dict.fromkeys(entry.when for entry in _totals(said) or said if entry.when))
    return {"baseline_value": value, "baseline_year": "; ".join(years)}, doubts


def _baseline_year(entry: etree._Element) -> str:
    year: str = entry.get("year", "").strip() or entry.get("iso-date", "").strip()[:4]
    return year


def _periods(indicator: etree._Element) -> tuple[list[Period], list[tuple[str, str]]]:
    periods, doubts = [], []
    for element in indicator.iterfind("period"):
        start, end = (_date(element.find(name)) for name in ("period-start", "period-end"))
        when = f"{start or ''}/{end or ''}"
        targets, actuals = (tuple(_said(entry, when) for entry in element.iterfind(name)) for name in ("target", "actual"))
        if end is not None:
            periods.append(Period(start, end, targets, actuals))
        elif any(said.value for said in (*targets, *actuals)):
            doubts.append(("", "no_period_end"))
        if end is not None and start is not None and end < start:
            doubts.append(("", "ends_before_start"))
    return periods, doubts


def _values(periods: Sequence[Period]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the last target and the actual value of each year in which a period ends."""
    cells: dict[str, str] = {}
    doubts: list[tuple[str, str]] = []
    for year in sorted({period.end.year for period in periods if period.actuals}):
        field = f"{ACTUAL} {year}"
        of_year = [period for period in periods if period.end.year == year and period.actuals]
        cells[field], found = _told([said for period in of_year for said in period.actuals], field)
        doubts += found
        doubts += [(field, "spans_years")] if any(period.start and period.start.year < year for period in of_year) else []
    ends = sorted({period.end for period in periods if any(said.value for said in period.targets)})
    last = ends[-1] if ends else None
    cells["target_year"] = str(last.year) if last else ""
    cells["target_value"], found = _told([said for period in periods for said in period.targets if period.end == last or not last], "target_value")
    return cells, [*doubts, *found, *([("target_value", "milestones_left")] if len(ends) > 1 else [])]


def _said(entry: etree._Element, when: str) -> Said:
    """Return one value with what it is a part of; publishing tools leave empty dimensions and places, which say nothing."""
    dimensions = (f"{part.get('name', '').strip()} {part.get('value', '').strip()}".strip() for part in entry.iterfind("dimension"))
    places = (f"location {part.get('ref', '').strip()}" for part in entry.iterfind("location") if part.get("ref", "").strip())
    has_comment = bool(_narrative(entry.find("comment")))
    return Said(when, entry.get("value", "").strip(), ", ".join(filter(None, (*dimensions, *places))), has_comment)


def _totals(said: Iterable[Said]) -> list[Said]:
    """Return the values that are no part of another, each once for its period."""
    return list({(entry.when, entry.value): entry for entry in said if entry.value and not entry.part}.values())


def _told(said: Sequence[Said], field: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the cell and what is doubtful: the one total, or all that is said where there is not one."""
    totals = _totals(said)
    parts = [entry for entry in said if entry.value and entry.part]
    if len(totals) == 1:
        cell, is_decimal = _number(totals[0].value)
        return cell, [*([(field, "parts_left")] if parts else []), *([] if is_decimal else [(field, "not_a_decimal")])]
    if totals:
        return _listed(totals), [(field, "several_values")]
    if parts:
        return _listed(parts), [(field, "only_parts")]
    return "", [(field, "only_a_comment")] if any(entry.has_comment for entry in said) else []


def _listed(said: Iterable[Said]) -> str:
    return "; ".join(f"{entry.part or entry.when}: {entry.value}" for entry in said)


def _number(value: str) -> tuple[str, bool]:
    """Return a decimal with a comma; anything else in quotes, so that cleaning does not take 1,250 for 1.25."""
    is_decimal = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", value) is not None
    return (format(Decimal(value), "f").replace(".", ","), True) if is_decimal else (f'"{value}"', False)


def _date(element: etree._Element | None) -> date | None:
    """Return the day of an xsd:date, which may end in a time zone; None where it is none."""
    text = "" if element is None else element.get("iso-date", "").strip()
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?", text)
    try:
        return date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None


def _headings(rows: Sequence[Row], declared: Declared) -> dict[str, tuple[str, str]]:
    """Return for each field how the file calls it and its name; years without an actual are columns too where declared."""
    years = {name for name in declared.columns if name.startswith(f"{ACTUAL} ")} | {name for row in rows for name in row.cells if name.startswith(ACTUAL)}
    fixed = {name: (SHOWN.get(name, name), name) for name in FRAMEWORK_FIELDS if name != ACTUAL}
    return fixed | {name: (f"actual/@value {name.removeprefix(ACTUAL).strip()}", name) for name in sorted(years)}


def _numbers(rows: Sequence[Row]) -> tuple[list[int], bool]:
    """Return the row number of each indicator, and whether lines could not serve because two share one."""
    lines = [row.line for row in rows]
    shared = len(set(lines)) < len(lines)
    return (list(range(1, len(rows) + 1)) if shared else lines), shared


def _of_the_file(file: str, root: etree._Element, rows: Sequence[Row], shared: bool) -> Iterator[Problem]:
    """Give what is doubtful of the file as a whole."""
    if len(root.findall("iati-activity")) > 1:
        reason = "this file holds several activities, and all their indicators are read as one framework; keep those of this alliance"
        yield Problem(file, rule="several_activities", reason=reason)
    if shared:
        reason = "several indicators stand on one line, so rows are numbered by indicator: 1 is the first in the file"
        yield Problem(file, rule="rows_by_indicator", reason=reason)
    if not all(row.cells["reporting"] for row in rows):
        reason = "IATI does not say whether values are annual or cumulative; where this stays empty no status can be given"
        yield Problem(file, column="reporting", rule="reporting_unsaid", reason=reason)
