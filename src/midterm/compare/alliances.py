"""Across alliances: in, each alliance's change with its error; out, their average and the shrunken changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from midterm.measure.clustered import Floats

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
    The prediction interval is mean +- t(K - 1) sqrt(tau2 + error^2).
    Source: Viechtbauer 2005 (REML); Knapp & Hartung 2003 with max(1, q), Röver et al. 2015; Higgins, Thompson &
    Spiegelhalter 2009 (prediction); equal to metafor ``rma(method = "REML", test = "adhoc")``, ``blup()`` and ``predict()``.
    """
    variances = std_errors**2
    tau2 = _reml(changes, variances)
    weights = 1 / (variances + tau2)
    mean = float((weights * changes).sum() / weights.sum())
    df = len(changes) - 1
    q = float((weights * (changes - mean) ** 2).sum()) / df
    error = float(np.sqrt(max(1.0, q) / weights.sum()))
    half = float(stats.t.ppf(0.5 + level / 2, df)) * error
    reach = float(stats.t.ppf(0.5 + level / 2, df)) * float(np.sqrt(tau2 + error**2))
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
