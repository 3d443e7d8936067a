"""Versions of one framework: in, the present one and those that it replaces; out, notices of what was changed afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from midterm.clean.framework_cells import field_of
from midterm.clean.framework_rows import Indicator, Version
from midterm.clean.ledger import reconcile
from midterm.description.spelling import normalise
from midterm.errors import Problem

REVISED = {
    "actual_value": ("revised_value", "this value is another than in {file}; ask why a year that was reported has changed"),
    "target_value": ("revised_target", "this target is another than in {file}; ask why, and since when it holds"),
    "target_year": ("revised_target", "this year of the target is another than in {file}; ask why, and since when it holds"),
    "baseline_value": ("revised_target", "this baseline is another than in {file}; ask why, as it moves the way to the target"),
    "baseline_year": ("revised_target", "this year of the baseline is another than in {file}; ask why, as it moves the milestones"),
    "direction": ("revised_target", "this direction is another than in {file}; ask why, as it turns what counts as better"),
    "indicator": ("revised_target", "this wording is another than in {file}; ask whether the same is still measured"),
    "level": ("revised_target", "this level is another than in {file}; ask why the indicator was moved"),
    "unit": ("unit_changed", "this unit is another than in {file}; ask whether older and newer values can be compared"),
    "reporting": ("reporting_changed", "this way of reporting is another than in {file}; ask whether older and newer values can be compared"),
}


def revisions(current: Version, earlier: Sequence[Version]) -> list[Problem]:
    """Return notices of cells that differ from any earlier version (the latest that differs is named), and of indicators that are gone.

    ``earlier`` is oldest first. What an earlier version left open or cannot be read is no difference; a status, source
    or bottleneck may change at any time.
    """
    found: dict[tuple[int, str], Problem] = {}
    gone: dict[str, Problem] = {}
    now = {indicator.key: indicator for indicator in current.indicators}
    for version in reversed(earlier):
        for before in version.indicators:
            if before.key in now:
                indicator = now[before.key]
                for column in _revised(current, indicator, before):
                    rule, reason = REVISED[field_of(column)]
                    problem = current.raw.problem(rule, reason.format(file=version.raw.file), indicator.row, column)
                    found.setdefault((indicator.row, column), problem)
            elif before.key not in current.numbers:
                reason = f"the indicator {before.values['indicator_id']!r} of {version.raw.file} is no longer here; ask why it was dropped"
                gone.setdefault(before.key, current.raw.problem("indicator_gone", reason))
    return [*found.values(), *gone.values()]


def _revised(current: Version, now: Indicator, before: Indicator) -> Iterator[str]:
    for column, value in now.values.items():
        old = before.values.get(column)
        is_aside = (now.row, current.raw.headings.get(column, column)) in current.places_aside
        if field_of(column) in REVISED and old not in (None, "") and not is_aside and not _is_same(old, value):
            yield column


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, str) or isinstance(new, str):
        return normalise(str(old)) == normalise(str(new))
    return new is not None and math.isclose(old, new, rel_tol=1e-9)


def not_compared(version: Version) -> list[Problem]:
    """Return a notice when parts of an earlier version cannot be read: changes in them stay unseen."""
    unread = {problem.row for problem in version.raw.problems if problem.file == version.raw.file}
    rows = unread | {problem.row for problem in version.aside if not problem.column}
    cells = len([problem for problem in version.aside if problem.column])
    reason = f"{len(rows)} rows and {cells} cells of this earlier version cannot be read, so that changes in them stay unseen; nothing needs doing"
    return [version.raw.problem("not_compared", reason)] if rows or cells else []


def count_of(version: Version, alliance: str) -> dict[str, object]:
    """Return the books of an earlier version: nothing of it enters the framework, and nothing is set aside from it.

    Its rows are read and kept to be compared; those that cannot be are named by ``not_compared``.
    """
    n_rows = version.n_rows + version.raw.rows_read - len(version.raw.text)
    return reconcile(version.raw, f"{alliance} (earlier version)", n_rows, n_rows, version.raw.text.shape[1], ())
