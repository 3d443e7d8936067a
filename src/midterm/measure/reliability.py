"""May a mean be called a scale, or an alliance's view? In, persons by items or by alliance; out, alpha, omega, ICC and r_wg."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from midterm.measure.clustered import NO_VARIANCE, Estimate, Floats

INTERVAL_ONLY = 30  # persons; below it a coefficient is too unsure for its point to be quoted without the interval
LEAST_UNIQUE = 0.005  # of an item's variance, as in R's factanal
SINGULAR = 1e-10
PRECISE = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000}
MOST_CATEGORIES = 11  # a wider scale (a count) has no uniform distribution to compare with
SHARED_RWG = 0.70  # strong agreement from here on (LeBreton & Senter 2008): a rule of thumb
SHARED_ICC1 = 0.0  # the lower end of the interval of ICC(1) lies above


def rounding(values: Floats) -> float:
    """Return the standard deviation up to which ``values`` differ by rounding only: 1e-10 of the largest, at least of 1."""
    return NO_VARIANCE * max(1.0, float(np.abs(values).max(initial=0.0)))


def cronbach_alpha(items: Floats, level: float = 0.95) -> Estimate:
    """Return Cronbach's alpha of ``items`` (persons, items; complete, all pointing one way) with Feldt's interval.

    Source: Feldt, Woodruff & Salih 1987, Applied Psychological Measurement 11(1): (1 - alpha) F quantiles with
    n - 1 and (n - 1)(k - 1) degrees of freedom; R psych ``alpha`` gives the same point. NaN under 3 persons or 2 items.
    """
    n, k = items.shape
    total = float(items.sum(axis=1).var(ddof=1)) if n > 2 else 0.0
    if k < 2 or total <= rounding(items) ** 2:
        return Estimate(np.nan)
    alpha = k / (k - 1) * (1 - float(items.var(axis=0, ddof=1).sum()) / total)
    low, high = (1 - (1 - alpha) * float(stats.f.ppf(q, n - 1, (n - 1) * (k - 1))) for q in (0.5 + level / 2, 0.5 - level / 2))
    return Estimate(alpha, ci_low=low, ci_high=high)


# One factor


@dataclass(frozen=True)
class OneFactor:
    """One common factor of k items: loadings (k,) in the items' unit, uniquenesses (k,) in its square.

    ``is_heywood`` where a uniqueness lies at its bound, so that the data ask for a negative variance.
    """

    loadings: Floats
    uniquenesses: Floats
    is_heywood: bool


def one_factor(covariance: Floats) -> OneFactor | None:
    """Return the maximum likelihood fit of one factor to ``covariance`` (k, k), k at least 3; None where that is singular.

    The discrepancy log|Sigma| + tr(S Sigma^-1) - log|S| - k with Sigma = l l' + diag(u) is minimised over u, taking the best
    loadings l for each u; every u is at least ``LEAST_UNIQUE`` of its item's variance. The sum of loadings is not negative.
    Source: Joreskog 1967, Psychometrika 32(4), 443-482; equal to R ``factanal(factors = 1)`` in the items' unit, and lavaan.
    """
    sizes = np.sqrt(np.diag(covariance))
    if len(sizes) < 3 or not (sizes > NO_VARIANCE).all():
        return None
    correlation = covariance / np.outer(sizes, sizes)
    if float(np.linalg.eigvalsh(correlation)[0]) < SINGULAR:
        return None

    def best(unique: Floats) -> tuple[Floats, Floats]:
        root = np.sqrt(unique)
        values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
        return root * vectors[:, -1] * np.sqrt(max(float(values[-1]) - 1, 0.0)), values[:-1]

    def discrepancy(unique: Floats) -> tuple[float, Floats]:
        loadings, rest = best(unique)
        return float((rest - np.log(rest) - 1).sum()), (loadings**2 + unique - 1) / unique**2

    start = np.clip((1 - 0.5 / len(sizes)) / np.diag(np.linalg.inv(correlation)), LEAST_UNIQUE, 1.0)
    fit = optimize.minimize(discrepancy, start, jac=True, method="L-BFGS-B", bounds=[(LEAST_UNIQUE, 1.0)] * len(sizes), options=PRECISE)
    loadings = best(fit.x)[0]
    sign = -1.0 if loadings.sum() < 0 else 1.0
    return OneFactor(sign * sizes * loadings, sizes**2 * fit.x, bool((fit.x <= LEAST_UNIQUE * (1 + 1e-6)).any()))


def omega_total(items: Floats, level: float = 0.95) -> tuple[Estimate, str]:
    """Return McDonald's omega of ``items`` (persons, items; complete, all pointing one way), and a flag.

    omega = (sum l)^2 / ((sum l)^2 + sum u) with the loadings l and uniquenesses u of ``one_factor``: the share (0-1) of the
    variance of the sum that the factor explains. Its error is by the delta method from the expected information under normal
    errors, the interval on the logit scale with t quantiles of n - 1 degrees of freedom. Items without variance add nothing and
    are left out. The point is NaN with ``no_data``, ``too_few_items`` (under 3: not identified), ``too_few_persons`` (not more
    than items), ``no_variance``, ``items_collinear`` or ``no_common_factor``; only the interval with ``heywood_case`` (the point
    is at the bound) or ``not_identified``. ``negative_loading``: an item points the other way.
    Source: McDonald 1999, Test Theory, ch. 6; Raykov 2002, Multivariate Behavioral Research 37(1), 89-103; lavaan gives the same
    point and error.
    """
    n, k = items.shape
    varies = items.std(axis=0) > rounding(items) if n else np.zeros(k, dtype=bool)
    chosen = items[:, varies]
    reasons = {"no_data": n == 0, "too_few_items": k < 3, "no_variance": int(varies.sum()) < 3, "too_few_persons": n <= chosen.shape[1]}
    reason = next((name for name, holds in reasons.items() if holds), "")
    if reason:
        return Estimate(np.nan), reason
    fit = one_factor(np.cov(chosen, rowvar=False, ddof=0))
    if fit is None:
        return Estimate(np.nan), "items_collinear"
    common, unique = float(fit.loadings.sum()), float(fit.uniquenesses.sum())
    if common**2 <= NO_VARIANCE * unique:
        return Estimate(np.nan), "no_common_factor"
    omega = common**2 / (common**2 + unique)
    flags = ["negative_loading"] if (fit.loadings < 0).any() else []
    if fit.is_heywood:
        return Estimate(omega), "; ".join(["heywood_case", *flags])
    error = _omega_error(fit, common, unique, n)
    if np.isnan(error):
        return Estimate(omega), "; ".join(["not_identified", *flags])
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * error / (omega * (1 - omega))
    middle = np.log(omega / (1 - omega))
    low, high = (float(1 / (1 + np.exp(-end))) for end in (middle - half, middle + half))
    return Estimate(omega, error, float(n - 1), low, high), "; ".join(flags)


def _omega_error(fit: OneFactor, common: float, unique: float, n: int) -> float:
    """Return the standard error of omega: sqrt(g' I^-1 g / n) with its gradient g and the information I of one person."""
    loadings = fit.loadings
    precision = np.linalg.inv(np.outer(loadings, loadings) + np.diag(fit.uniquenesses))
    weights = precision @ loadings
    cross = precision * weights
    information = np.block([[np.outer(weights, weights) + float(loadings @ weights) * precision, cross], [cross.T, precision**2 / 2]])
    gradient = np.concatenate([np.full(len(loadings), 2 * common * unique), np.full(len(loadings), -(common**2))]) / (common**2 + unique) ** 2
    scale = 1 / np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    if values[0] < SINGULAR:
        return float("nan")
    turned = vectors.T @ (scale * gradient)
    return float(np.sqrt((turned**2 / values).sum() / n))


# Groups


@dataclass(frozen=True)
class _Anova:
    between: float
    within: float
    size: float
    df_between: int
    df_within: int


def _anova(y: Floats, group: NDArray[np.generic]) -> _Anova | None:
    """Return mean squares, and n0 = (n - sum n_g^2 / n) / (G - 1); None with one group or no person beyond one a group."""
    codes = np.unique(group, return_inverse=True)[1]
    sizes = np.bincount(codes).astype(float)
    n, groups = len(y), len(sizes)
    if groups < 2 or n <= groups:
        return None
    means = np.bincount(codes, weights=y) / sizes
    between = float((sizes * (means - y.mean()) ** 2).sum()) / (groups - 1)
    within = float(((y - means[codes]) ** 2).sum()) / (n - groups)
    return _Anova(between, within, (n - float((sizes**2).sum()) / n) / (groups - 1), groups - 1, n - groups)


def icc1(y: Floats, group: NDArray[np.generic]) -> float:
    """Return ICC(1) of ``y`` (n,) over ``group`` (n,): the share of variance that lies between groups.

    One-way analysis of variance with the unequal-size n0 = (n - sum n_g^2 / n) / (G - 1).
    Source: Shrout & Fleiss 1979; Snedecor & Cochran 1989. NaN with one group or no person beyond one a group.
    """
    return intraclass(y, group)[0].estimate


def intraclass(y: Floats, group: NDArray[np.generic], level: float = 0.95) -> tuple[Estimate, Estimate]:
    """Return ICC(1) and ICC(2) of ``y`` (n,) over ``group`` (n,): how much of a person's answer, and of a group's mean, is the group's.

    ICC(1) = (B - W) / (B + (n0 - 1) W) and ICC(2) = (B - W) / B with the mean squares B and W and n0 as in ``icc1``; the intervals
    come from F = B / W with G - 1 and n - G degrees of freedom: F / F_.975 and F x F_.975(n - G, G - 1) in place of F, exact for
    equal groups and normal errors, near for unequal ones. Negative where means differ less than chance makes them. NaN as in
    ``icc1``; ICC(2) also where all means are the same; no interval where nobody differs within a group.
    Source: Shrout & Fleiss 1979, Psychological Bulletin 86(2), 420-428; McGraw & Wong 1996, Psychological Methods 1(1), 30-46;
    with equal groups R psych ``ICC`` (ICC1, ICC1k) and multilevel ``ICC1``, ``ICC2``.
    """
    table = _anova(y, group)
    nothing = rounding(y) ** 2
    if table is None or table.between + (table.size - 1) * table.within <= nothing:
        return Estimate(np.nan), Estimate(np.nan)
    between, within, size = table.between, table.within, table.size
    first = (between - within) / (between + (size - 1) * within)
    second = (between - within) / between if between > nothing else np.nan
    if within <= nothing or between <= nothing:
        return Estimate(first), Estimate(second)
    ratio, upper = between / within, 0.5 + level / 2
    low = ratio / float(stats.f.ppf(upper, table.df_between, table.df_within))
    high = ratio * float(stats.f.ppf(upper, table.df_within, table.df_between))
    ends = [((end - 1) / (end + size - 1), 1 - 1 / end) for end in (low, high)]
    return Estimate(first, ci_low=ends[0][0], ci_high=ends[1][0]), Estimate(second, ci_low=ends[0][1], ci_high=ends[1][1])


def uniform_variance(low: float, high: float, *, is_whole: bool = True) -> float:
    """Return the variance of answers spread evenly over a scale: (A^2 - 1) / 12 for A whole steps, (high - low)^2 / 12 for any number."""
    return ((high - low + 1) ** 2 - 1) / 12 if is_whole else (high - low) ** 2 / 12


def rwg(items: Floats, group: NDArray[np.intp], null_variance: Floats, n_groups: int) -> Floats:
    """Return r_wg(j) of each group (G,): how far its persons agree, from 0 (as if answers were spread evenly) to 1 (all the same).

    With r the mean over j items of the variance in the group (n - 1) / the variance under the null: j (1 - r) / (j (1 - r) + r); of one
    item 1 - r. Where r is above 1 it is taken as 1, so that r_wg is 0. ``items`` (n, j), NaN where not answered: an item's variance
    is that of those in the group who answered it, and j counts the items with 2 answers in the group; this takes for granted that
    those who skipped an item agree on it as much as those who answered. ``group`` (n,) codes 0..G-1; ``null_variance`` (j,) of
    ``uniform_variance``. NaN without an item of 2 answers.
    Source: James, Demaree & Wolf 1984, Journal of Applied Psychology 69(1), 85-98; R multilevel ``rwg.j`` and ``rwg``.
    """
    if not items.size:
        return np.full(n_groups, np.nan)
    given = ~np.isnan(items)
    centre = np.where(given, items, 0.0)
    centre = np.where(given, centre - centre.sum(axis=0) / np.maximum(given.sum(axis=0), 1), 0.0)
    answers, sums, squares = (_sums(group, column, n_groups) for column in (given.astype(float), centre, centre**2))
    enough = answers > 1
    variances = np.maximum(squares - sums**2 / np.maximum(answers, 1), 0.0) / np.maximum(answers - 1, 1)
    count = enough.sum(axis=0)
    ratio = np.minimum(np.where(enough, variances / null_variance[:, None], 0.0).sum(axis=0) / np.maximum(count, 1), 1.0)
    ratio = np.where(ratio < NO_VARIANCE, 0.0, ratio)
    agreement: Floats = np.divide(count * (1 - ratio), count * (1 - ratio) + ratio, out=np.full(n_groups, np.nan), where=count > 0)
    return agreement


def _sums(group: NDArray[np.intp], columns: Floats, n_groups: int) -> Floats:
    """Return the sum of each of ``columns`` (n, j) in each group: (j, G)."""
    return np.array([np.bincount(group, weights=column, minlength=n_groups) for column in columns.T])


def is_shared_view(agreement: float, icc: Estimate) -> bool | None:
    """Tell whether a mean may be called the group's view: r_wg at least .70 within, and ICC(1) surely above 0 between; None if not known.

    ``agreement`` is a group's own r_wg, or the median over groups; one of the two that fails decides, whether or not the other is
    known. A rule of thumb, on values that LeBreton & Senter 2008 (Organizational Research Methods 11(4), 815-852) call strong
    agreement; they warn against a single cut-off.
    """
    if agreement < SHARED_RWG or icc.ci_low <= SHARED_ICC1 or icc.estimate <= SHARED_ICC1:
        return False
    return None if np.isnan(agreement) or np.isnan(icc.ci_low) else True
