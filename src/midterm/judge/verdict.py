"""Verdicts on change: in, estimates of all alliances; out, what may be tested, adjusted p and a verdict by rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from midterm.clean.answers import MEMBERSHIP
from midterm.compare.alliances import FEW, random_effects
from midterm.compare.change import average_row, changes
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
    nobody = pd.DataFrame(columns=[*MEMBERSHIP, *(indicator.id for indicator in evaluation.indicators)])
    return {
        "indicators": survey_indicators(evaluation, nobody, alliance),
        "response": response(evaluation, empty("respondents"), empty("population"), alliance),
        "change": judge(evaluation, changes(evaluation, nobody, alliance)),
    }


def across(evaluation: Evaluation, by_alliance: pd.DataFrame, pooled: pd.DataFrame) -> pd.DataFrame:
    """Return the whole table ``change``: the judged alliances with shrunken values, ``all`` and ``average``.

    ``by_alliance`` and ``pooled`` are judged. The average leaves out alliances that are only described (T0), whose
    errors cannot be trusted, and says how many; shrinkage needs at least five alliances. Where ``all`` and
    ``average`` disagree in sign or verdict, both rows say so.
    """
    averages: list[dict[str, object]] = []
    shrunken: dict[tuple[str, str], float] = {}
    for indicator in evaluation.indicators:
        rows = by_alliance[by_alliance["indicator"] == indicator.id]
        used = rows[(rows["tier"] != "T0") & rows["std_error"].notna()]
        average, values = _average(evaluation, indicator, used, len(rows) - len(used))
        averages.append(average)
        shrunken |= values
    keys = zip(by_alliance["alliance"], by_alliance["indicator"], strict=True)
    alliances = by_alliance.assign(shrunken=[shrunken.get(key, np.nan) for key in keys])
    judged_averages = judge(evaluation, shaped("change", pd.DataFrame(averages)))
    return shaped("change", pd.concat([alliances, *_flag_disagreement(pooled, judged_averages)], ignore_index=True))


def _average(evaluation: Evaluation, indicator: Indicator, used: pd.DataFrame, left_out: int) -> tuple[dict[str, object], dict[tuple[str, str], float]]:
    flags = [f"alliances_left_out: {left_out}"] if left_out else []
    if len(used) < 2:
        row = average_row(evaluation, indicator, used, Estimate(np.nan))
        return {**row, "tier": "T0", "flag": "; ".join([*flags, "too_few_alliances"])}, {}
    found = random_effects(used["estimate"].to_numpy(dtype=float), used["std_error"].to_numpy(dtype=float), 1 - evaluation.plan.alpha)
    flags += ["few_alliances"] if len(used) < FEW else []
    mean = Estimate(found.estimate, found.std_error, found.df, found.ci_low, found.ci_high)
    row = {**average_row(evaluation, indicator, used, mean), "tier": "T3" if len(used) >= FEW else "T0", "flag": "; ".join(flags)}
    if len(used) < FEW:
        return row, {}
    return row, {(alliance, indicator.id): float(value) for alliance, value in zip(used["alliance"], found.shrunken, strict=True)}


def _flag_disagreement(pooled: pd.DataFrame, averages: pd.DataFrame) -> list[pd.DataFrame]:
    both = pooled.merge(averages, on="indicator", suffixes=("_all", "_average"))
    signs = np.sign(both["estimate_all"].astype(float)) != np.sign(both["estimate_average"].astype(float))
    differ = set(both.loc[(signs | (both["verdict_all"] != both["verdict_average"])) & both["estimate_average"].notna(), "indicator"])
    return [
        rows.assign(
            flag=[_joined(flag, "all_and_average_disagree") if name in differ else flag for name, flag in zip(rows["indicator"], rows["flag"], strict=True)]
        )
        for rows in (pooled, averages)
    ]


def _joined(flag: Any, remark: str) -> str:
    return remark if pd.isna(flag) or not flag else f"{flag}; {remark}"
