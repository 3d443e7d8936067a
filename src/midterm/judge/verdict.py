"""Verdicts on change: in, estimates of all alliances; out, what may be tested, adjusted p and a verdict by rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from midterm.clean.answers import MEMBERSHIP
from midterm.compare.alliances import FEW, Averaged, average_rows
from midterm.compare.change import changes, flagged, two_waves
from midterm.description import Evaluation
from midterm.measure.indicators import response, survey_indicators
from midterm.tables import empty, shaped

EQUIVALENCE_ALPHA = 0.05
DROPPED = "dropped_after_seal"


def judge(evaluation: Evaluation, table: pd.DataFrame) -> pd.DataFrame:
    """Return the changes of one alliance (or ``all``) with tests blanked at T0, p adjusted, verdict and flags.

    Holm over the primaries of the plan, those dropped from it after the seal included (who drops one gains nothing by it);
    Benjamini-Hochberg (labelled exploratory) over the other indicators.
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
    is_planned = table["planned"].astype(bool) | table["flag"].fillna("").str.contains(DROPPED, regex=False)
    for kept, method in ((is_planned, "holm"), (~is_planned, "fdr_bh")):
        tested = table.index[kept & table["p_value"].notna()]
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


def across(evaluation: Evaluation, by_alliance: pd.DataFrame, pooled: pd.DataFrame, averages: list[Averaged], shared: str = "") -> pd.DataFrame:
    """Return the whole table ``change``: the judged alliances with shrunken values, ``all`` and ``average``.

    ``by_alliance`` and ``pooled`` are judged. The average says how many alliances it leaves out; shrinkage needs at least
    five. Where ``all`` and ``average`` disagree in sign or verdict, both rows say so; both carry the flag ``shared`` too, where
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
    both = [pooled, judge(evaluation, shaped("change", average_rows(evaluation, averages)))]
    differ = dict.fromkeys(_disagreeing(*both), "all_and_average_disagree")
    return shaped("change", pd.concat([alliances, *(flagged(flagged(rows, shared), differ) for rows in both)], ignore_index=True))


def _disagreeing(pooled: pd.DataFrame, averages: pd.DataFrame) -> set[str]:
    """Return the indicators whose ``all`` and ``average`` differ in sign, or in verdict where both have one."""
    both = pooled.merge(averages, on="indicator", suffixes=("_all", "_average"))
    signs = np.sign(both["estimate_all"].astype(float)) != np.sign(both["estimate_average"].astype(float))
    is_judged = (both[["verdict_all", "verdict_average"]] != "described_only").all(axis=1)
    differ = signs | (is_judged & (both["verdict_all"] != both["verdict_average"]))
    return set(both.loc[differ & both["estimate_average"].notna() & both["estimate_all"].notna(), "indicator"])
