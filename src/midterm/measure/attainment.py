"""Attainment of targets: in, framework rows; out, per indicator and year how far on the way and with what status."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from midterm.description import Evaluation
from midterm.description.spelling import normalise
from midterm.measure.targets import NEARLY, ROUNDING, expected_share, trajectory
from midterm.tables import empty, shaped

SUMMABLE = ("count", "amount")
SCHEDULED = ("reached", "on_track", "maintained")  # the statuses of what is on schedule
STATUSES = (*SCHEDULED, "uncertain", "off_track", "not_computable")
REVISED = {
    "baseline_revised": ("baseline_value", "baseline_year"),
    "target_revised": ("target_value", "target_year"),
    "unit_changed": ("unit",),
    "reporting_changed": ("reporting",),
    "definition_changed": ("indicator", "level", "direction"),
}


def attainment(evaluation: Evaluation, framework: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``attainment``: (actual - baseline) / (target - baseline), uncapped, in either direction.

    Annual counts and amounts that are to rise are summed to date; percentages, scores and cumulative figures never. There is no sample
    here, so the status follows from the point: reached, on_track from the milestone, uncertain from .9 of it. Milestones are those
    of ``evaluation.yml``, else even steps. Baseline, target and definition are those of the last year; where a year has others,
    that is flagged.
    """
    form = evaluation.codebook.framework
    kinds = {unit.id: unit.kind for unit in form.units} if form else {}
    rows: list[dict[str, object]] = []
    for key, group in framework.groupby(["alliance", "indicator_id"], sort=True):
        steps = evaluation.milestones.get((str(key[0]), normalise(str(key[1]))), {})
        rows += _indicator_rows(group.sort_values("year"), kinds, steps)
    return shaped("attainment", pd.DataFrame(rows)) if rows else empty("attainment")


def to_date(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row of ``attainment`` per target: its last year with a value, or its last year when there is none."""
    known = rows.assign(_known=rows["actual"].notna()).sort_values(["_known", "year"], kind="stable")
    last = known.groupby(["alliance", "indicator_id"], sort=False).tail(1).drop(columns="_known")
    order = last["indicator_id"].map(_natural)
    return last.assign(_order=order).sort_values("_order", kind="stable").drop(columns="_order").reset_index(drop=True)


def _natural(name: str) -> str:
    """Return a key that sorts 2.10 after 2.9."""
    return ".".join(part.zfill(6) for part in str(name).split("."))


def _indicator_rows(group: pd.DataFrame, kinds: Mapping[str, str], steps: Mapping[int, float]) -> list[dict[str, object]]:
    stated, revised = group.iloc[-1], _revised(group)
    reported = group["actual_value"].astype(float).to_numpy()
    is_summed = _is_summed(stated, kinds)
    to_date = _sum_to_date(reported) if is_summed else reported
    previous: float = np.nan
    rows = []
    for year, value, actual in zip(group["year"], reported.tolist(), to_date.tolist(), strict=True):
        flags = [*_flags(stated, int(year), value, actual, is_summed=is_summed), *revised, *_doubts(stated, value, kinds)]
        if is_summed and not np.isnan(actual) and np.isnan(reported[0]):
            flags.append("first_years_empty")
        if not is_summed and value == previous and value != 0:
            flags.append("same_as_year_before")
        previous = value
        rows.append(_judged(stated, int(year), actual, flags, steps))
    return rows


def _revised(group: pd.DataFrame) -> list[str]:
    """Say what is not the same in all years of an indicator; an empty cell is no difference."""
    return [flag for flag, names in REVISED.items() if (group[list(names)].nunique(dropna=True) > 1).any()]


def _doubts(stated: pd.Series, value: float, kinds: Mapping[str, str]) -> list[str]:
    """Say of parts of a whole that one lies above all of it, and of what is not counted that its baseline is 0 (it may stand for not measured)."""
    kind = kinds.get(str(stated["unit"]))
    whole = {"percentage": 100.0, "share": 1.0}.get(str(kind), np.inf)
    numbers = [value, *(float(stated[name]) for name in ("baseline_value", "target_value") if not pd.isna(stated[name]))]
    flags = ["beyond_100"] if any(number > whole for number in numbers) else []
    is_zero = not pd.isna(stated["baseline_value"]) and stated["baseline_value"] == 0
    return flags + (["zero_baseline"] if kind and kind not in SUMMABLE and is_zero else [])


def _is_summed(stated: pd.Series, kinds: Mapping[str, str]) -> bool:
    """Tell whether annual values add up to the target: counts and amounts that are to rise from baseline to a total.

    A target that is to fall or to be kept (at most 10 incidents a year) is about each year by itself.
    """
    is_known = not (pd.isna(stated["baseline_value"]) or pd.isna(stated["target_value"]))
    is_rising = stated["target_value"] > stated["baseline_value"] if is_known else str(stated["direction"]) != "down"
    return bool(str(stated["reporting"]) == "annual" and kinds.get(str(stated["unit"])) in SUMMABLE and is_rising)


def _sum_to_date(reported: np.ndarray) -> np.ndarray:
    """Return running sums from the first reported year (empty years before it: not started); after a gap none is known."""
    started = np.maximum.accumulate(~np.isnan(reported)) if len(reported) else np.zeros(0, dtype=bool)
    return np.where(started, np.cumsum(np.where(started, reported, 0.0)), np.nan)


def _flags(stated: pd.Series, year: int, value: float, actual: float, *, is_summed: bool) -> list[str]:
    flags = []
    if np.isnan(actual):
        flags.append("actual_missing" if np.isnan(value) else "earlier_year_missing")
    flags += [f"{name}_missing" for name in ("baseline", "target") if pd.isna(stated[f"{name}_value"])]
    flags += [f"{name}_year_missing" for name in ("baseline", "target") if pd.isna(stated[f"{name}_year"])]
    flags += ["unit_unknown"] if pd.isna(stated["unit"]) else []
    flags += ["reporting_unknown"] if pd.isna(stated["reporting"]) else []
    flags += ["direction_unknown"] if pd.isna(stated["direction"]) else []
    flags += ["summed_to_date"] if is_summed and not np.isnan(actual) else []
    flags += ["before_baseline_year"] if not pd.isna(stated["baseline_year"]) and year < stated["baseline_year"] else []
    flags += ["direction_contradicts_target"] if _contradicts(stated) else []
    return flags


def _contradicts(stated: pd.Series) -> bool:
    if stated[["direction", "baseline_value", "target_value"]].isna().any() or stated["target_value"] == stated["baseline_value"]:
        return False
    return bool((stated["direction"] == "up") == (stated["target_value"] < stated["baseline_value"]))


def _judged(stated: pd.Series, year: int, actual: float, flags: list[str], steps: Mapping[int, float]) -> dict[str, object]:
    baseline, target = (np.nan if pd.isna(stated[name]) else float(stated[name]) for name in ("baseline_value", "target_value"))
    start, end = (np.nan if pd.isna(stated[name]) else float(stated[name]) for name in ("baseline_year", "target_year"))
    share, level = trajectory(year, start, end, target, steps)
    expected = expected_share(share, level, baseline, target, is_linear=not steps)
    flags = [*flags, "baseline_beyond_milestone"] if expected < -ROUNDING else flags
    is_maintain = baseline == target
    reached = np.nan if is_maintain or np.isnan(target - baseline) else (actual - baseline) / (target - baseline)
    status = _status(reached, expected)
    if is_maintain:
        flags = [*flags, "maintain"]
        status = _maintained(actual, target, str(stated["direction"]))
    if {"unit_unknown", "reporting_unknown", "unit_changed", "reporting_changed"} & set(flags) or (is_maintain and "direction_unknown" in flags):
        status = "not_computable"
    return {
        "alliance": stated["alliance"],
        "indicator_id": stated["indicator_id"],
        "year": year,
        "baseline": baseline,
        "target": target,
        "actual": actual,
        "attainment": reached,
        "expected": expected,
        "status": status,
        "flag": "; ".join(flags),
    }


def _status(reached: float, expected: float) -> str:
    if np.isnan(reached) or np.isnan(expected):
        return "not_computable"
    if reached >= 1 - ROUNDING:
        return "reached"
    if reached >= expected - ROUNDING:
        return "on_track"
    return "uncertain" if reached >= NEARLY * expected - ROUNDING else "off_track"


def _maintained(actual: float, target: float, direction: str) -> str:
    if np.isnan(actual):
        return "not_computable"
    is_kept = actual >= target - ROUNDING if direction == "up" else actual <= target + ROUNDING
    return "maintained" if is_kept else "off_track"
