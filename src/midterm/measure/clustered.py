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
    members = _members(cluster)
    if len(members) < 2 or np.abs(residual).max() < NO_VARIANCE:
        return Estimate(estimate)
    weights = [_adjusted(x[rows] @ bread @ contrast, x[rows], bread) for rows in members]
    variance = sum(float(weight @ residual[rows]) ** 2 for weight, rows in zip(weights, members, strict=True))
    df = _satterthwaite([x[rows] for rows in members], weights, bread)
    return with_interval(estimate, float(np.sqrt(variance)), df, level)


def _members(cluster: NDArray[np.generic]) -> list[NDArray[np.intp]]:
    """Return the rows of each cluster, in the order of their first row."""
    codes = pd.factorize(cluster)[0]
    return np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])


def with_interval(estimate: float, std_error: float, df: float, level: float = 0.95) -> Estimate:
    """Return the estimate with its t interval; without error or df the interval stays empty."""
    if not (std_error > NO_VARIANCE and df > 0):
        return Estimate(estimate)
    half = float(stats.t.ppf(0.5 + level / 2, df)) * std_error
    return Estimate(estimate, std_error, df, estimate - half, estimate + half)


def _adjusted(vector: Floats, x: Floats, bread: Floats) -> Floats:
    """Return (I - H_gg)^(-1/2) times ``vector`` (n_g,), zero on the directions that the fit absorbs entirely.

    H_gg = x bread x' acts in the few directions of x only: with x = QR it is Q (R bread R') Q', so that a cluster of any
    size takes the root of a (k, k) matrix.
    """
    basis, triangle = np.linalg.qr(x)
    values, vectors = np.linalg.eigh(np.eye(len(triangle)) - triangle @ bread @ triangle.T)
    powers = np.where(values > EIGENVALUE_FLOOR, np.abs(values).clip(EIGENVALUE_FLOOR) ** -0.5, 0.0)
    within = basis.T @ vector
    return np.asarray(vector + basis @ ((vectors * powers) @ vectors.T @ within - within))


def _satterthwaite(designs: list[Floats], weights: list[Floats], bread: Floats) -> float:
    scores = np.array([design.T @ weight for design, weight in zip(designs, weights, strict=True)])
    gamma = np.diag([weight @ weight for weight in weights]) - scores @ bread @ scores.T
    spread = float((gamma**2).sum())
    return float(np.trace(gamma) ** 2 / spread) if spread > 0 else np.nan


def clustered_mean(y: Floats, cluster: NDArray[np.generic], level: float = 0.95) -> Estimate:
    """Return the mean of ``y`` (n,) with CR2 error over ``cluster`` (n,)."""
    return cr2(y, np.ones((len(y), 1)), cluster, np.ones(1), level)


def clustered_change(y: Floats, is_after: NDArray[np.bool_], cluster: NDArray[np.generic], level: float = 0.95) -> Estimate:
    """Return the mean after minus the mean before: ``y ~ wave`` over all respondents, clusters as given.

    Paired, partly paired and unpaired respondents are all covered, as both waves of an organisation are one cluster.
    """
    return cr2(y, np.column_stack([np.ones(len(y)), is_after.astype(float)]), cluster, np.array([0.0, 1.0]), level)


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
