"""Estimates from clustered persons: in, values with their organisation; out, an estimate with honest error.

Few and unequal organisations make the usual cluster-robust error far too small (22 % false alarms with three).
CR2 with Satterthwaite degrees of freedom keeps its level; it is what every mean and change here rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
EIGENVALUE_FLOOR = 1e-12
NO_VARIANCE = 1e-10
FEW_DF = 4.0  # below it the error itself is uncertain (Tipton 2015)


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error, degrees of freedom and interval; NaN where not computable."""

    estimate: float
    std_error: float = np.nan
    df: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan


def cr2(y: Floats, x: Floats, cluster: NDArray[np.generic], contrast: Floats, level: float = 0.95) -> Estimate:
    """Return one contrast of an ordinary least squares fit with its CR2 error and Satterthwaite df.

    ``y`` (n,), ``x`` (n, k), ``cluster`` (n,), ``contrast`` (k,). With one cluster, or residuals without variance, only
    the estimate is given; where ``x`` has not full column rank (nobody, or one wave only) not even that.
    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4), eq. 4 and section 4 (working
    model: independence); equal to clubSandwich ``vcovCR(type = "CR2")`` with ``coef_test(test = "Satterthwaite")``.
    """
    gram = x.T @ x
    if len(y) < x.shape[1] or np.linalg.matrix_rank(gram, hermitian=True) < x.shape[1]:
        return Estimate(np.nan)
    bread: Floats = np.linalg.inv(gram).astype(np.float64)
    beta = bread @ x.T @ y
    estimate = float(contrast @ beta)
    residual = y - x @ beta
    codes, clusters = pd.factorize(cluster)
    rounding = NO_VARIANCE * max(1.0, float(np.abs(y).max()))
    if len(clusters) < 2 or np.abs(residual).max() < rounding:
        return Estimate(estimate)
    grams = np.array([[_sums(codes, first * second) for second in x.T] for first in x.T]).transpose(2, 0, 1)
    directions = np.array([_direction(own, bread, bread @ contrast) for own in grams])
    scores = np.einsum("gkl,gl->gk", grams, directions)
    moments = np.array([_sums(codes, column * residual) for column in x.T]).T
    variance = float(((directions * moments).sum(axis=1) ** 2).sum())
    gamma = np.diag((directions * scores).sum(axis=1)) - scores @ bread @ scores.T
    spread = float((gamma**2).sum())
    df = float(np.trace(gamma) ** 2 / spread) if spread > 0 else np.nan
    error = float(np.sqrt(variance))
    return with_interval(estimate, error if error > rounding else 0.0, df, level)


def _sums(codes: NDArray[np.intp], values: Floats) -> Floats:
    """Return the sum of ``values`` in each cluster."""
    sums: Floats = np.bincount(codes, weights=values).astype(np.float64)
    return sums


def _direction(gram: Floats, bread: Floats, vector: Floats) -> Floats:
    """Return d (k,) with (I - H_gg)^(-1/2) x vector = x d for a cluster of which ``gram`` = x'x, however many rows x has.

    With x = U S V' the matrix H_gg = x bread x' is U (S V' bread V S) U', so that only a (k, k) root is taken. Directions
    that the cluster lacks, and those that the fit absorbs entirely, count for nothing.
    """
    values, vectors = np.linalg.eigh(gram)
    is_there = values > EIGENVALUE_FLOOR * values.max()
    sizes, basis = np.sqrt(values[is_there]), vectors[:, is_there]
    inner, turns = np.linalg.eigh(np.eye(len(sizes)) - (basis * sizes).T @ bread @ (basis * sizes))
    powers = np.where(inner > EIGENVALUE_FLOOR, np.abs(inner).clip(EIGENVALUE_FLOOR) ** -0.5, 0.0)
    return np.asarray((basis / sizes) @ (turns * powers) @ turns.T @ (sizes * (basis.T @ vector)))


def with_interval(estimate: float, std_error: float, df: float, level: float = 0.95) -> Estimate:
    """Return the estimate with its t interval; without error or df the interval stays empty."""
    if not (std_error > NO_VARIANCE and df > 0):
        return Estimate(estimate)
    half = float(stats.t.ppf(0.5 + level / 2, df)) * std_error
    return Estimate(estimate, std_error, df, estimate - half, estimate + half)


def clustered_mean(y: Floats, cluster: NDArray[np.generic], level: float = 0.95, weights: Floats | None = None) -> Estimate:
    """Return the mean of ``y`` (n,) with CR2 error over ``cluster`` (n,); ``weights`` (n,), above 0, count as inverse variances."""
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    return cr2(y * root, root[:, None], cluster, np.ones(1), level)


def share_interval(share: float, fit: Estimate, n: int, n_clusters: int, level: float = 0.95) -> tuple[float, float]:
    """Return the Korn-Graubard interval of a share (0-1): Clopper-Pearson on the effective number of persons.

    ``fit`` is the clustered mean of the 0/1 values. The effective n is never above ``n``, which it is where all
    organisations have one and the same share between 0 and 1. Where all or none answered yes, or with one organisation,
    there is no variance between organisations to judge by, and their number stands in for it.
    Source: Korn & Graubard 1998, Survey Methodology, pp. 193-201; R survey ``svyciprop(method = "beta")``.
    """
    if np.isfinite(fit.std_error):
        shrink = (stats.t.ppf(0.5 + level / 2, n - 1) / stats.t.ppf(0.5 + level / 2, fit.df)) ** 2
        effective = min(float(n), share * (1 - share) / fit.std_error**2 * float(shrink))
    else:
        is_mixed = NO_VARIANCE < share < 1 - NO_VARIANCE
        effective = float(n if is_mixed and n_clusters > 1 else n_clusters)
    successes, tail = effective * share, (1 - level) / 2
    low = 0.0 if share <= 0 else float(stats.beta.ppf(tail, successes, effective - successes + 1))
    high = 1.0 if share >= 1 else float(stats.beta.ppf(1 - tail, successes + 1, effective - successes))
    return low, high
