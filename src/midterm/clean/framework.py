"""Cleaning of one alliance's framework: in, its raw table and the versions it replaces; out, one row per indicator and reporting year."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import pandas as pd

from midterm.clean.framework_cells import field_of
from midterm.clean.framework_doubts import doubts
from midterm.clean.framework_rows import Version, version_of
from midterm.clean.framework_versions import count_of, not_compared, revisions
from midterm.clean.ledger import Cleaned, reconcile, undeclared
from midterm.description import Evaluation
from midterm.description.spelling import normalise
from midterm.errors import Problem, UserError, nearest
from midterm.read import RawTable
from midterm.read.sources import framework_declared
from midterm.tables import shaped

NEAR = 0.8
OF_THE_RECORD = ("corrected", "changed_since_received")  # what is told of an earlier version too; other remarks on it ask for nothing


def clean_framework(evaluation: Evaluation, alliance: str, raw: RawTable, earlier: Sequence[RawTable] = ()) -> Cleaned:
    """Return the table ``framework`` of one alliance.

    A cell that is no number in its row's unit, no year or not in its closed list is set aside; a row of totals, without
    its number, or with a number that another row has too, as well. ``earlier`` are the versions that this file replaces,
    oldest first: what differs from them is noted, and none of their rows is taken. Raises UserError when a heading is
    missing, unless it is that of the last years, in which nothing was reported yet.
    """
    form = evaluation.codebook.framework
    if form is None:
        raise AssertionError("an evaluation with frameworks has a framework form in its codebook")
    waves = {wave.year for wave in evaluation.file.waves}
    years = [year for year in evaluation.reporting_years if year in waves or _is_reported(raw, year)]
    not_yet = _years_not_yet(evaluation, raw)
    current, versions = version_of(form, raw), [version_of(form, version) for version in earlier]
    quarantine = (*raw.problems, *current.aside, *(problem for version in earlier for problem in version.problems if not version.is_of(problem)))
    notices = (
        *undeclared(raw),
        *not_yet,
        *_nothing_filled_in(current),
        *_milestones_unused(evaluation, alliance, current),
        *current.notices,
        *doubts(current, years[0]),
        *revisions(current, versions),
        *(problem for version in versions for problem in not_compared(version)),
        *(remark for version in earlier for remark in version.remarks if remark.rule in OF_THE_RECORD),
    )
    n_unread = raw.rows_read - len(raw.text)
    count = reconcile(raw, alliance, current.n_rows + n_unread, len(current.indicators), raw.text.shape[1], quarantine)
    table = _by_year(current, alliance, years)
    return Cleaned({"framework": table}, quarantine, notices, (count, *(count_of(version, alliance) for version in versions)))


def _is_reported(raw: RawTable, year: int) -> bool:
    """Tell whether anything stands in the column of a year (one between waves counts only then)."""
    column = f"actual_value {year}"
    return column in raw.text and any(str(text).strip() for text in raw.text[column].unique())


def _years_not_yet(evaluation: Evaluation, raw: RawTable) -> list[Problem]:
    """Return a notice for each of the last years without a column; raise UserError for every other declared column that is missing.

    A year between waves may be absent: who measures every other year may report so too. A workbook from before a year was
    over has no column for it. But when a column of another name has that year in its heading, or nearly the same heading,
    that one is meant and its values would be lost.
    """
    between = {f"actual_value {year}" for year in evaluation.reporting_years} - {f"actual_value {wave.year}" for wave in evaluation.file.waves}
    declared = {name: spellings for name, spellings in framework_declared(evaluation).columns.items() if name in raw.text or name not in between}
    absent = [column for column in declared if column not in raw.text]
    by_year = sorted(column for column in declared if field_of(column) == "actual_value")
    reported = [column for column in by_year if column in raw.text]
    not_yet = [column for column in absent if reported and column in by_year and column > reported[-1] and not _may_be_renamed(raw, column, declared[column])]
    missing = [column for column in absent if column not in not_yet]
    if missing:
        raise UserError(_missing(raw, declared[column]) for column in missing)
    reason = "the file has no column for this year, so nothing counts as reported in it; if there is something to report, add the column"
    return [raw.problem("year_not_in_file", reason, column=declared[column][0]) for column in not_yet]


def _nothing_filled_in(current: Version) -> list[Problem]:
    reason = "no indicator is filled in here, so that nothing of this framework counts; see that it is the right version, or ask for it"
    return [] if current.n_rows or not current.raw.rows_read else [current.raw.problem("nothing_filled_in", reason)]


def _milestones_unused(evaluation: Evaluation, alliance: str, current: Version) -> list[Problem]:
    """Return a notice for each milestone of ``evaluation.yml`` whose row is not here, or whose year is not between baseline and target."""
    reason = "evaluation.yml gives milestone {year} for row {row!r}, but that row is not here or its baseline and target are of other years; correct one"
    years = {row.key: tuple(row.values.get(name) for name in ("baseline_year", "target_year")) for row in current.indicators}
    unused = [
        (row, year)
        for (unit, row), steps in evaluation.milestones.items()
        for year in steps
        if unit == alliance and (row not in years or not _is_between(year, *years[row]))
    ]
    return [current.raw.problem("milestone_unused", reason.format(year=year, row=row)) for row, year in unused]


def _is_between(year: int, start: int | None, end: int | None) -> bool:
    return (start is None or start < year) and (end is None or year < end)


def _may_be_renamed(raw: RawTable, column: str, spellings: Sequence[str]) -> bool:
    others = [normalise(heading) for heading in raw.undeclared]
    has_year = any(column.rpartition(" ")[2] in heading for heading in others)
    return has_year or any(difflib.get_close_matches(normalise(text), others, n=1, cutoff=NEAR) for text in spellings)


def _missing(raw: RawTable, spellings: Sequence[str]) -> Problem:
    dutch, english = spellings
    hint = nearest(dutch, raw.undeclared, list_few=False)
    reason = f"this declared column (in English {english!r}) is not in the file; {hint}; correct the heading"
    return raw.problem("missing_column", reason, column=dutch)


def _by_year(version: Version, alliance: str, years: Sequence[int]) -> pd.DataFrame:
    rows = [
        {**found.values, "alliance": alliance, "year": year, "actual_value": found.values.get(f"actual_value {year}")}
        for found in version.indicators
        for year in years
    ]
    return shaped("framework", pd.DataFrame(rows, columns=None if rows else ["alliance"]))
