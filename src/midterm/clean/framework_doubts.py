"""What is doubtful in a framework: in, its decoded rows; out, notices of what contradicts itself or looks unlike what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from midterm.clean.framework_cells import NUMBERS, SUMMABLE, WHOLES, field_of
from midterm.clean.framework_rows import Indicator, Version
from midterm.errors import Problem

ROUNDING = 1e-9
NOT_STARTED = "not_started"
DONE = "done"
THOUSAND = (500.0, 2000.0)  # between two years no activity grows by so much, while a figure in thousands does
Doubt = tuple[str, str]  # declared column, rule

REASONS = {
    "field_missing": "this cell is empty, so that the row cannot be weighed with the others; ask for it",
    "baseline_missing": "the baseline or its year is not given, so that no attainment or milestone can be computed; ask for it",
    "target_missing": "the target or its year is not given, so that no attainment or milestone can be computed; ask for it",
    "baseline_equals_target": "the target equals the baseline, which is read as: keep it so; ask whether that is meant",
    "direction_contradicts": "the target lies the other way than this direction says; correct one of them",
    "above_target": "this value (of yearly numbers: with the years before) is beyond the target; see that unit, way of reporting and target are right",
    "equals_target": "every year equals the target exactly; ask whether it was measured or copied from the target",
    "carried_forward": "this value equals that of the year before; ask whether it was measured again or carried forward",
    "year_order": "this year is not after that of the baseline, or lies before the first year of the evaluation; correct the year",
    "beyond_100": "a part of a whole lies between 0 and 100 %; see that number and unit are right",
    "negative_count": "a count cannot be below nought; see that number and unit are right",
    "perhaps_a_share": "all numbers of this row in per cent are at most 1; if they are shares, write them as per cent (37, not 0,37)",
    "unit_jump": "this number is far from the others of its row, as if in another unit (shares and per cent, or thousands); ask in which unit it is",
    "cumulative_falls": "this number is lower than the year before, which a number that adds up over the years cannot be; see if it is per year",
    "status_contradicts": "this status says something else than the values of the row; ask which is right",
}


@dataclass(frozen=True)
class Row:
    """What the doubts about one indicator need to know of it."""

    indicator: Indicator
    first_year: int

    def number(self, column: str) -> float | None:
        """Return the number in a column, None where there is none."""
        value = self.indicator.values.get(column)
        return None if value is None else float(value)

    @cached_property
    def reported(self) -> dict[str, float]:
        """The values reported, by column in the order of years."""
        columns = sorted(column for column in self.indicator.values if field_of(column) == "actual_value")
        return {column: value for column in columns if (value := self.number(column)) is not None}

    @cached_property
    def numbers(self) -> dict[str, float]:
        """Baseline, target and values reported, by column, where given."""
        fixed = {column: value for column in NUMBERS if (value := self.number(column)) is not None}
        return {**fixed, **self.reported}

    @cached_property
    def way(self) -> int:
        """Which way is better: 1 up, -1 down, 0 not known, as the row says both or neither."""
        said = {"up": 1, "down": -1}.get(str(self.indicator.values.get("direction")), 0)
        baseline, target = self.number("baseline_value"), self.number("target_value")
        shown = 0 if baseline is None or target is None or baseline == target else 1 if target > baseline else -1
        return said or shown if said * shown >= 0 else 0

    @cached_property
    def is_maintained(self) -> bool:
        """Whether the target is to keep the baseline."""
        return self.number("target_value") is not None and self.number("target_value") == self.number("baseline_value")

    @cached_property
    def to_date(self) -> dict[str, float]:
        """The values reported as they compare with the target: yearly numbers that are to rise are added up, up to a gap."""
        is_annual = self.indicator.values.get("reporting") == "annual" and self.indicator.kind in SUMMABLE
        if not is_annual or self.way != 1 or self.is_maintained:
            return self.reported
        columns = sorted(column for column in self.indicator.values if field_of(column) == "actual_value")
        total, sums = 0.0, {}
        for column in columns:
            if column in self.reported:
                total += self.reported[column]
                sums[column] = total
            elif sums:
                break
        return sums


def doubts(version: Version, first_year: int) -> list[Problem]:
    """Return a notice for every doubt about an indicator, none at a cell that was set aside (it is empty for that reason)."""
    found = []
    for indicator in version.indicators:
        row = Row(indicator, first_year)
        for check in CHECKS:
            found += [version.raw.problem(rule, REASONS[rule], indicator.row, column) for column, rule in check(row)]
    return [problem for problem in found if (problem.row, problem.column) not in version.places_aside]


def _missing(row: Row) -> Iterator[Doubt]:
    for column in ("level", "indicator", "unit", "direction", "reporting"):
        if not row.indicator.values.get(column):
            yield column, "field_missing"
    for name in ("baseline", "target"):
        absent = [column for column in (f"{name}_value", f"{name}_year") if row.indicator.values.get(column) is None]
        yield from ((column, f"{name}_missing") for column in absent[:1])


def _goal(row: Row) -> Iterator[Doubt]:
    baseline, target = row.number("baseline_value"), row.number("target_value")
    direction = row.indicator.values.get("direction")
    if row.is_maintained:
        yield "target_value", "baseline_equals_target"
    elif baseline is not None and target is not None and direction in ("up", "down") and (direction == "up") != (target > baseline):
        yield "direction", "direction_contradicts"


def _years(row: Row) -> Iterator[Doubt]:
    before, after = row.indicator.values.get("baseline_year"), row.indicator.values.get("target_year")
    if after is not None and (after < row.first_year or (before is not None and after <= before)):
        yield "target_year", "year_order"


def _beyond_target(row: Row) -> Iterator[Doubt]:
    """Doubt the first value beyond the target; one that is to be kept may well be a little better."""
    target = row.number("target_value")
    if target is None or row.is_maintained:
        return
    beyond = [column for column, value in row.to_date.items() if row.way * (value - target) > ROUNDING]
    yield from ((column, "above_target") for column in beyond[:1])


def _repeated(row: Row) -> Iterator[Doubt]:
    """Doubt values equal to the year before; where all equal the target, once."""
    target, values = row.number("target_value"), set(row.reported.values())
    if len(row.reported) > 1 and values == {target} and target and not row.is_maintained:
        yield list(row.reported)[-1], "equals_target"
        return
    same = (after for before, after in pairwise(row.reported) if row.reported[after] == row.reported[before] != 0)
    yield from ((column, "carried_forward") for column in same)


def _impossible(row: Row) -> Iterator[Doubt]:
    highest = 100 if row.indicator.kind == "percentage" else 1
    for column, value in row.numbers.items():
        if row.indicator.kind in WHOLES and not 0 <= value <= highest:
            yield column, "beyond_100"
        if row.indicator.kind == "count" and value < 0:
            yield column, "negative_count"


def _hundredfold(row: Row) -> Iterator[Doubt]:
    """Doubt per cents at most 1 that may be shares: all of the row, or one that stands nearer to the others a hundred times larger.

    Typing 37% into some cells and 0,37 into others happens; one with its per cent sign leaves no doubt.
    """
    if row.indicator.kind != "percentage":
        return
    suspect = [column for column, value in row.numbers.items() if 0 < value <= 1 and "%" not in row.indicator.typed[column]]
    if max(row.numbers.values(), default=0) <= 1:
        yield from ((column, "perhaps_a_share") for column in suspect)
        return
    for column in suspect:
        others = [value for other, value in row.numbers.items() if other != column]
        if median(others) > 10 * row.numbers[column]:  # ten is half-way between once and a hundred times
            yield column, "unit_jump"


def _thousandfold(row: Row) -> Iterator[Doubt]:
    if row.indicator.kind not in SUMMABLE:
        return
    low, high = THOUSAND
    for before, after in pairwise(row.reported):
        small, large = sorted((abs(row.reported[before]), abs(row.reported[after])))
        if small and low <= large / small <= high:
            yield after, "unit_jump"


def _falls(row: Row) -> Iterator[Doubt]:
    """Doubt a fall in what adds up over the years; a cumulative percentage may well fall."""
    if row.indicator.values.get("reporting") == "cumulative" and row.indicator.kind in SUMMABLE:
        yield from ((after, "cumulative_falls") for before, after in pairwise(row.reported) if row.reported[after] < row.reported[before] - ROUNDING)


def _status(row: Row) -> Iterator[Doubt]:
    """Doubt "done" without a value or short of the target, and "not started" where the last value shows a result."""
    status, target = row.indicator.values.get("status"), row.number("target_value")
    last = list(row.to_date.values())[-1] if row.to_date else None
    is_short = last is None or (target is not None and row.way * (target - last) > ROUNDING)
    has_result = last is not None and last not in (0.0, row.number("baseline_value"))
    if (status == DONE and is_short) or (status == NOT_STARTED and has_result):
        yield "status", "status_contradicts"


CHECKS: Sequence[Callable[[Row], Iterator[Doubt]]] = (
    _missing,
    _goal,
    _years,
    _beyond_target,
    _repeated,
    _impossible,
    _hundredfold,
    _thousandfold,
    _falls,
    _status,
)
