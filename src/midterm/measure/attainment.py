"""Attainment of targets: in, framework rows; out, per indicator and year how far on the way and with what status."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from midterm.description import Evaluation
from midterm.tables import empty, shaped

SUMMABLE = ("count", "amount")
NEARLY = 0.9
ROUNDING = 1e-9


def attainment(evaluation: Evaluation, framework: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``attainment``: (actual - baseline) / (target - baseline), uncapped, in either direction.

    Annual counts and amounts that are to rise are summed to date; percentages, scores and cumulative figures never. There is no sample
    here, so the status follows from the point: reached, on_track from the milestone, uncertain from .9 of it.
    """
    form = evaluation.codebook.framework
    kinds = {unit.id: unit.kind for unit in form.units} if form else {}
    rows = [row for _, group in framework.groupby(["alliance", "indicator_id"], sort=True) for row in _indicator_rows(group.sort_values("year"), kinds)]
    return shaped("attainment", pd.DataFrame(rows)) if rows else empty("attainment")


def _indicator_rows(group: pd.DataFrame, kinds: Mapping[str, str]) -> list[dict[str, object]]:
    first = group.iloc[0]
    reported = group["actual_value"].astype(float).to_numpy()
    is_summed = _is_summed(first, kinds)
    to_date = _sum_to_date(reported) if is_summed else reported
    previous: float = np.nan
    rows = []
    for year, value, actual in zip(group["year"], reported.tolist(), to_date.tolist(), strict=True):
        flags = _flags(first, int(year), value, actual, is_summed=is_summed)
        if is_summed and not np.isnan(actual) and np.isnan(reported[0]):
            flags.append("first_years_empty")
        if not is_summed and value == previous and value != 0:
            flags.append("same_as_year_before")
        previous = value
        rows.append(_judged(first, int(year), actual, flags))
    return rows


def _is_summed(first: pd.Series, kinds: Mapping[str, str]) -> bool:
    """Tell whether annual values add up to the target: counts and amounts that are to rise from baseline to a total.

    A target that is to fall or to be kept (at most 10 incidents a year) is about each year by itself.
    """
    is_known = not (pd.isna(first["baseline_value"]) or pd.isna(first["target_value"]))
    is_rising = first["target_value"] > first["baseline_value"] if is_known else str(first["direction"]) != "down"
    return bool(str(first["reporting"]) == "annual" and kinds.get(str(first["unit"])) in SUMMABLE and is_rising)


def _sum_to_date(reported: np.ndarray) -> np.ndarray:
    """Return running sums from the first reported year (empty years before it: not started); after a gap none is known."""
    started = np.maximum.accumulate(~np.isnan(reported)) if len(reported) else np.zeros(0, dtype=bool)
    return np.where(started, np.cumsum(np.where(started, reported, 0.0)), np.nan)


def _flags(first: pd.Series, year: int, value: float, actual: float, *, is_summed: bool) -> list[str]:
    flags = []
    if np.isnan(actual):
        flags.append("actual_missing" if np.isnan(value) else "earlier_year_missing")
    flags += [f"{name}_missing" for name in ("baseline", "target") if pd.isna(first[f"{name}_value"])]
    flags += [f"{name}_year_missing" for name in ("baseline", "target") if pd.isna(first[f"{name}_year"])]
    flags += ["unit_unknown"] if pd.isna(first["unit"]) else []
    flags += ["reporting_unknown"] if pd.isna(first["reporting"]) else []
    flags += ["direction_unknown"] if pd.isna(first["direction"]) else []
    flags += ["summed_to_date"] if is_summed and not np.isnan(actual) else []
    flags += ["before_baseline_year"] if not pd.isna(first["baseline_year"]) and year < first["baseline_year"] else []
    flags += ["direction_contradicts_target"] if _contradicts(first) else []
    return flags


def _contradicts(first: pd.Series) -> bool:
    if first[["direction", "baseline_value", "target_value"]].isna().any() or first["target_value"] == first["baseline_value"]:
        return False
    return bool((first["direction"] == "up") == (first["target_value"] < first["baseline_value"]))


def _judged(first: pd.Series, year: int, actual: float, flags: list[str]) -> dict[str, object]:
    baseline, target = (np.nan if pd.isna(first[name]) else float(first[name]) for name in ("baseline_value", "target_value"))
    expected = _milestone(first, year)
    is_maintain = baseline == target
    reached = np.nan if is_maintain or np.isnan(target - baseline) else (actual - baseline) / (target - baseline)
    status = _status(reached, expected)
    if is_maintain:
        flags = [*flags, "maintain"]
        status = _maintained(actual, target, str(first["direction"]))
    if {"unit_unknown", "reporting_unknown"} & set(flags) or (is_maintain and "direction_unknown" in flags):
        status = "not_computable"
    return {
        "alliance": first["alliance"],
        "indicator_id": first["indicator_id"],
        "year": year,
        "baseline": baseline,
        "target": target,
        "actual": actual,
        "attainment": reached,
        "expected": expected,
        "status": status,
        "flag": "; ".join(flags),
    }


def _milestone(first: pd.Series, year: int) -> float:
    """Return linear time: the share of the way from baseline year to target year, at most 1."""
    if pd.isna(first["baseline_year"]) or pd.isna(first["target_year"]) or first["target_year"] <= first["baseline_year"]:
        return float("nan")
    if year < first["baseline_year"]:
        return float("nan")
    return min(1.0, (year - int(first["baseline_year"])) / (int(first["target_year"]) - int(first["baseline_year"])))


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
