"""Across alliances: in, each alliance's change with its error; out, their average, the shrunken changes, and where a further one may lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from midterm.compare.change import equivalence, minimal_detectable, with_plan
from midterm.description import Evaluation, Indicator
from midterm.measure.clustered import Estimate, Floats
from midterm.tables import shaped

FEW = 5
GRID = 400


@dataclass(frozen=True)
class Average:
    """The random-effects mean with its error, df and interval, tau2, where a further alliance's change is expected, and each shrunken change."""

    estimate: float
    std_error: float
    df: float
    ci_low: float
    ci_high: float
    tau2: float
    prediction_low: float
    prediction_high: float
    shrunken: Floats


def random_effects(changes: Floats, std_errors: Floats, level: float = 0.95) -> Average:
    """Return the average change over alliances: REML, Knapp-Hartung error never below the plain one, shrinkage.

    ``changes`` and ``std_errors`` (K,), K at least 2 and errors above 0, in the indicator's unit.
    The prediction interval is mean +- t(K - 2) sqrt(tau2 + error^2), for K at least 3; with few alliances it is rather too narrow, as
    tau2 is taken as known.
    Source: Viechtbauer 2005 (REML); Knapp & Hartung 2003 with max(1, q), Röver et al. 2015; Higgins, Thompson &
    Spiegelhalter 2009 (prediction); equal to metafor ``rma(method = "REML", test = "adhoc")``, ``blup()`` and
    ``predict(pi.type = "riley")``.
    """
    variances = std_errors**2
    tau2 = _reml(changes, variances)
    weights = 1 / (variances + tau2)
    mean = float((weights * changes).sum() / weights.sum())
    df = len(changes) - 1
    q = float((weights * (changes - mean) ** 2).sum()) / df
    error = float(np.sqrt(max(1.0, q) / weights.sum()))
    half = float(stats.t.ppf(0.5 + level / 2, df)) * error
    reach = float(stats.t.ppf(0.5 + level / 2, df - 1)) * float(np.sqrt(tau2 + error**2)) if df > 1 else np.nan
    trust = tau2 / (tau2 + variances)
    return Average(mean, error, float(df), mean - half, mean + half, tau2, mean - reach, mean + reach, trust * changes + (1 - trust) * mean)


def _reml(changes: Floats, variances: Floats) -> float:
    """Return the between-alliance variance at the highest restricted likelihood (0 when that is at the edge).

    The likelihood may have more than one top and Fisher steps may miss them all, so a grid finds the highest and the
    root of the score beside it.
    """
    widest = 10 * float(changes.var(ddof=1)) + float(variances.max())
    grid = np.concatenate([[0.0], np.geomspace(widest * 1e-8, widest, GRID)])
    best = int(np.argmax([_likelihood(tau2, changes, variances) for tau2 in grid]))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, GRID)])
    if _score(low, changes, variances) <= 0:
        return low
    return float(brentq(_score, low, high, args=(changes, variances), xtol=1e-16, rtol=1e-14))


def _likelihood(tau2: float, changes: Floats, variances: Floats) -> float:
    weights = 1 / (variances + tau2)
    mean = (weights * changes).sum() / weights.sum()
    return float(0.5 * np.log(weights).sum() - 0.5 * np.log(weights.sum()) - 0.5 * (weights * (changes - mean) ** 2).sum())


def _score(tau2: float, changes: Floats, variances: Floats) -> float:
    weights = 1 / (variances + tau2)
    mean = (weights * changes).sum() / weights.sum()
    return float((weights**2 * (changes - mean) ** 2).sum() - weights.sum() + (weights**2).sum() / weights.sum())


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


def predictions(evaluation: Evaluation, averages: list[Averaged]) -> pd.DataFrame:
    """Return where the change of a further alliance is to be expected (rows of ``checks`` under ``average``)."""
    found = [entry.found for entry in averages]
    ends = {
        "ci_low": [one.prediction_low if one else np.nan for one in found],
        "ci_high": [one.prediction_high if one else np.nan for one in found],
    }
    untested = dict.fromkeys(("std_error", "df", "p_value", "equivalence_p", "minimal_detectable"), np.nan)
    return shaped("checks", average_rows(evaluation, averages).assign(method="prediction_interval", **ends, **untested))


def average_rows(evaluation: Evaluation, averages: list[Averaged]) -> pd.DataFrame:
    """Return the ``average`` rows of ``change``, not yet judged."""
    return with_plan(evaluation, pd.DataFrame([_average(evaluation, entry) for entry in averages]))


def _average(evaluation: Evaluation, entry: Averaged) -> dict[str, object]:
    flags = [f"alliances_left_out: {entry.left_out}"] if entry.left_out else []
    found, is_few = entry.found, len(entry.used) < FEW
    mean = Estimate(found.estimate, found.std_error, found.df, found.ci_low, found.ci_high) if found else Estimate(np.nan)
    flags += [] if not is_few else ["few_alliances" if found else "too_few_alliances"]
    return {**_average_row(evaluation, entry.indicator, entry.used, mean), "tier": "T0" if is_few else "T3", "flag": "; ".join(flags)}


def _average_row(evaluation: Evaluation, indicator: Indicator, judged: pd.DataFrame, mean: Estimate) -> dict[str, object]:
    """Return the ``average`` row of one indicator from the alliances' ``judged`` rows and their random-effects mean."""
    plan = evaluation.plan
    designs = set(judged["design"])
    estimate, error, df = (np.array([value]) for value in (mean.estimate, mean.std_error, mean.df))
    return {
        "alliance": "average",
        "indicator": indicator.id,
        "from_wave": plan.from_wave,
        "to_wave": plan.to_wave,
        "estimand": "process",
        "design": designs.pop() if len(designs) == 1 else "partly_paired",
        "n_from": judged["n_from"].sum(),
        "n_to": judged["n_to"].sum(),
        "n_paired": judged["n_paired"].sum(),
        "n_organisations": len(judged),
        "estimate": mean.estimate,
        "std_error": mean.std_error,
        "df": mean.df,
        "ci_low": mean.ci_low,
        "ci_high": mean.ci_high,
        "p_value": np.maximum(2 * stats.t.sf(abs(mean.estimate) / mean.std_error, mean.df), np.finfo(float).tiny),
        "equivalence_p": equivalence(estimate, error, df, np.array([indicator.margin]))[0],
        "margin": indicator.margin,
        "minimal_detectable": minimal_detectable(error, np.array([len(judged) - 1.0]), plan.alpha, plan.power)[0],
        "method": "random-effects mean over alliances, REML, Knapp-Hartung",
    }
