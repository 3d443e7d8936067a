"""Verdicts on change: in, estimates of all alliances; out, what may be tested, adjusted p and a verdict by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from midterm.clean.answers import MEMBERSHIP
from midterm.compare.alliances import FEW, Average, random_effects
from midterm.compare.change import average_row, changes, flagged, two_waves, with_plan
from midterm.description import Evaluation, Indicator
from midterm.measure.clustered import Estimate
from midterm.measure.indicators import response, survey_indicators
from midterm.tables import empty, shaped

EQUIVALENCE_ALPHA = 0.05


def judge(evaluation: Evaluation, table: pd.DataFrame) -> pd.DataFrame:
    """Return the changes of one alliance (or ``all``) with tests blanked at T0, p adjusted, verdict and flags.

    Holm over the primaries of the plan, Benjamini-Hochberg (labelled exploratory) over the other indicators.
    """
    described = table["tier"] == "T0"
    judged = table.assign(
        p_value=table["p_value"].mask(described),
        equivalence_p=table["equivalence_p"].mask(described),
    )
    judged["p_adjusted"] = _adjusted(judged)
    rows = [{**row, **_verdict(evaluation, row)} for row in judged.to_dict("records")]
    return shaped("change", pd.DataFrame(rows))


def _adjusted(table: pd.DataFrame) -> pd.Series:
    adjusted = pd.Series(np.nan, index=table.index)
    for is_planned, method in ((True, "holm"), (False, "fdr_bh")):
        tested = table.index[(table["planned"].astype(bool) == is_planned) & table["p_value"].notna()]
        if len(tested):
            adjusted[tested] = multipletests(table.loc[tested, "p_value"].to_numpy(dtype=float), method=method)[1]
    return adjusted


def _verdict(evaluation: Evaluation, row: Mapping[Any, Any]) -> dict[str, str]:
    """Return verdict and flag of one row, by the rules of the contract."""
    plan = evaluation.plan
    flags = [flag for flag in str(row["flag"] or "").split("; ") if flag and flag != "<NA>"]
    if row["tier"] == "T0":
        return {"verdict": "described_only", "flag": "; ".join([*flags, "too_small_to_test"])}
    flags += ["low_power"] if row["tier"] == "T1" else []
    flags += [] if row["planned"] else ["exploratory"]
    if pd.isna(row["p_adjusted"]):
        return {"verdict": "inconclusive", "flag": "; ".join(flags)}
    is_significant = float(row["p_adjusted"]) < (plan.alpha if row["planned"] else plan.false_discovery_rate)
    is_equivalent = float(row["equivalence_p"]) < EQUIVALENCE_ALPHA
    if is_equivalent:
        flags += ["significant_within_margin"] if is_significant else []
        return {"verdict": "no_relevant_change", "flag": "; ".join(flags)}
    if not is_significant:
        return {"verdict": "inconclusive", "flag": "; ".join(flags)}
    is_up = float(row["estimate"]) > 0
    is_better = is_up == (evaluation.indicator(str(row["indicator"])).better == "up")
    return {"verdict": "changed_better" if is_better else "changed_worse", "flag": "; ".join(flags)}


def without_data(evaluation: Evaluation, alliance: str) -> dict[str, pd.DataFrame]:
    """Return the rows of an alliance of which nothing could be computed: no number, flag ``no_data``."""
    exposures = [f"{indicator.id}:exposure" for indicator in evaluation.indicators if indicator.exposure]
    nobody = pd.DataFrame(columns=[*MEMBERSHIP, *(indicator.id for indicator in evaluation.indicators), *exposures])
    return {
        "indicators": survey_indicators(evaluation, nobody, alliance),
        "response": response(evaluation, empty("respondents"), empty("population"), alliance),
        "change": judge(evaluation, changes(evaluation, two_waves(evaluation, nobody), alliance)),
    }


@dataclass(frozen=True)
class Averaged:
    """One indicator over alliances: the ``judged`` rows that carry its average, how many were left out, and the average when there are two."""

    indicator: Indicator
    used: pd.DataFrame
    left_out: int
    found: Average | None


def averaged(evaluation: Evaluation, by_alliance: pd.DataFrame) -> list[Averaged]:
    """Return the random-effects average of every indicator over the alliances of ``by_alliance`` (judged rows of ``change``).

    Alliances that are only described (T0), whose errors cannot be trusted, are left out.
    """
    usable = by_alliance[(by_alliance["tier"] != "T0") & by_alliance["std_error"].notna()]
    results = []
    for indicator in evaluation.indicators:
        used = usable[usable["indicator"] == indicator.id]
        estimates, errors = (used[name].to_numpy(dtype=float) for name in ("estimate", "std_error"))
        found = random_effects(estimates, errors, 1 - evaluation.plan.alpha) if len(used) >= 2 else None
        results.append(Averaged(indicator, used, int((by_alliance["indicator"] == indicator.id).sum()) - len(used), found))
    return results


def across(evaluation: Evaluation, by_alliance: pd.DataFrame, pooled: pd.DataFrame, averages: list[Averaged], shared: int = 0) -> pd.DataFrame:
    """Return the whole table ``change``: the judged alliances with shrunken values, ``all`` and ``average``.

    ``by_alliance`` and ``pooled`` are judged. The average says how many alliances it leaves out; shrinkage needs at least
    five. Where ``all`` and ``average`` disagree in sign or verdict, both rows say so; so they do where ``shared``
    organisations stand in several alliances: one cluster in ``all``, alliances that are not independent in ``average``.
    """
    shrunken = {
        (alliance, entry.indicator.id): float(value)
        for entry in averages
        if entry.found is not None and len(entry.used) >= FEW
        for alliance, value in zip(entry.used["alliance"], entry.found.shrunken, strict=True)
    }
    keys = zip(by_alliance["alliance"], by_alliance["indicator"], strict=True)
    alliances = by_alliance.assign(shrunken=[shrunken.get(key, np.nan) for key in keys])
    judged_averages = judge(evaluation, shaped("change", _averages(evaluation, averages)))
    both = [_with_remark(rows, set(rows["indicator"]), f"shared_organisations: {shared}") if shared else rows for rows in (pooled, judged_averages)]
    differ = _disagreeing(*both)
    return shaped("change", pd.concat([alliances, *(_with_remark(rows, differ, "all_and_average_disagree") for rows in both)], ignore_index=True))


def predictions(evaluation: Evaluation, averages: list[Averaged]) -> pd.DataFrame:
    """Return where the change of a further alliance is to be expected (rows of ``checks`` under ``average``)."""
    found = [entry.found for entry in averages]
    ends = {
        "ci_low": [one.prediction_low if one else np.nan for one in found],
        "ci_high": [one.prediction_high if one else np.nan for one in found],
    }
    untested = dict.fromkeys(("std_error", "df", "p_value", "equivalence_p", "minimal_detectable"), np.nan)
    return shaped("checks", _averages(evaluation, averages).assign(method="prediction_interval", **ends, **untested))


def _averages(evaluation: Evaluation, averages: list[Averaged]) -> pd.DataFrame:
    return with_plan(evaluation, pd.DataFrame([_average(evaluation, entry) for entry in averages]))


def _average(evaluation: Evaluation, entry: Averaged) -> dict[str, object]:
    flags = [f"alliances_left_out: {entry.left_out}"] if entry.left_out else []
    found, is_few = entry.found, len(entry.used) < FEW
    mean = Estimate(found.estimate, found.std_error, found.df, found.ci_low, found.ci_high) if found else Estimate(np.nan)
    flags += [] if not is_few else ["few_alliances" if found else "too_few_alliances"]
    return {**average_row(evaluation, entry.indicator, entry.used, mean), "tier": "T0" if is_few else "T3", "flag": "; ".join(flags)}


def _disagreeing(pooled: pd.DataFrame, averages: pd.DataFrame) -> set[str]:
    """Return the indicators whose ``all`` and ``average`` differ in sign or verdict."""
    both = pooled.merge(averages, on="indicator", suffixes=("_all", "_average"))
    signs = np.sign(both["estimate_all"].astype(float)) != np.sign(both["estimate_average"].astype(float))
    return set(both.loc[(signs | (both["verdict_all"] != both["verdict_average"])) & both["estimate_average"].notna(), "indicator"])


def _with_remark(rows: pd.DataFrame, indicators: set[str], remark: str) -> pd.DataFrame:
    """Return ``rows`` with a flag on those of ``indicators``."""
    return flagged(rows, dict.fromkeys(indicators, remark))
