"""Changes of means by t tests: in, two waves; out, a result per test, all indicators at once.

They stand beside the primary comparison and take persons as independent of their organisation, but for ``organisation_mean_t``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from midterm.compare.result import Result, Settings, flags, t_result
from midterm.compare.two_waves import AFTER, BEFORE, TwoWaves
from midterm.measure.clustered import NO_VARIANCE, Floats

ROUNDING = 1e-12


def paired_t(data: TwoWaves, settings: Settings) -> Result:
    """Return the mean change of linked persons with the ordinary paired t: mean(d), s(d) / sqrt(m), df = m - 1.

    All in the indicator's unit, arrays (k,). NaN: everything where nobody is linked; error, interval and p with one linked
    person or where all changed alike. Valid where organisations change alike.
    Source: Student 1908, Biometrika 6(1). Equal to R ``t.test(paired = TRUE)``.
    """
    return _one_mean(data.linked.before, data.linked.after, settings.level, ("nobody_linked", "one_linked_person"))


def organisation_mean_t(data: TwoWaves, settings: Settings) -> Result:
    """Return the paired t over the means of organisations with scores in both waves; every organisation weighs the same.

    With d the change of an organisation's mean (a count: of its rate per exposure) and G organisations: mean(d),
    s(d) / sqrt(G), df = G - 1, in the indicator's unit, arrays (k,). NaN: everything where no organisation is in both waves;
    error, interval and p with one organisation or where all changed alike.
    Source: Student 1908, Biometrika 6(1), on cluster means (Donner & Klar 2000, Design and Analysis of Cluster
    Randomization Trials). Equal to R ``t.test(paired = TRUE)`` on the means.
    """
    exposures = data.by_organisation(np.where(data.is_there, data.exposure, 0.0))
    means = np.divide(data.sums, exposures, out=np.full_like(data.sums, np.nan), where=exposures > 0)
    return _one_mean(means[BEFORE], means[AFTER], settings.level, ("no_organisation_in_both_waves", "one_organisation"))


def welch_t(data: TwoWaves, settings: Settings) -> Result:
    """Return the difference of all means by Welch's t: error sqrt(v0 / n0 + v1 / n1), df by Satterthwaite.

    ``v`` are the waves' variances, ``n`` their persons; links between waves are not used. In the indicator's unit, arrays (k,).
    NaN: everything where a wave has no scores; error, interval and p where a wave has one, or none differ within waves.
    Source: Welch 1947, Biometrika 34(1/2). Equal to R ``t.test(var.equal = FALSE)`` and scipy ``ttest_ind(equal_var=False)``.
    """
    n, means, variances = _waves(data)
    shares = variances / np.where(n > 0, n, np.nan)
    return _between(n, means, shares.sum(axis=0), _welch_df(n, shares), settings.level)


def partially_overlapping_t(data: TwoWaves, settings: Settings) -> Result:
    """Return the difference of all means by the partially overlapping samples t for unequal variances (T_new2).

    With n0 and n1 persons, variances v0 and v1, nc linked persons and their correlation r: error
    sqrt(v0 / n0 + v1 / n1 - 2 r sqrt(v0 v1) nc / (n0 n1)), df = nc - 1 + (g - nc + 1) (n0 + n1 - 2 nc) / (n0 + n1), g the df of
    Welch. With all linked it is the paired t, with nobody linked Welch's; with one linked person too (flag "one_linked_person").
    Where linked persons do not vary in one wave, r is 0. In the indicator's unit, arrays (k,). NaN: as ``welch_t``.
    Source: Derrick, Russ, Toher & White 2017, J. Modern Applied Statistical Methods 16(1). Equal to R Partiallyoverlapping
    ``Partover.test(var.equal = FALSE)``.
    """
    n, means, variances = _waves(data)
    shares = variances / np.where(n > 0, n, np.nan)
    pairs = np.where(data.n_paired >= 2, data.n_paired, 0.0)
    persons, crossed = np.maximum(n.sum(axis=0), 1.0), np.maximum(n.prod(axis=0), 1.0)
    common = correlation(data.linked.before, data.linked.after) * np.sqrt(shares.prod(axis=0) / crossed) * pairs
    welch_df = _welch_df(n, shares)
    df = np.where(pairs == 0, welch_df, pairs - 1 + (welch_df - pairs + 1) * (persons - 2 * pairs) / persons)
    whole = shares.sum(axis=0)
    result = _between(n, means, np.where(whole - 2 * common > ROUNDING * whole, whole - 2 * common, 0.0), df, settings.level)
    remarks = flags((data.n_paired == 1, "one_linked_person"))
    return replace(result, flag=tuple("; ".join(filter(None, both)) for both in zip(result.flag, remarks, strict=True)))


def moments(values: Floats, size: Floats | float = 1.0) -> tuple[Floats, Floats, Floats]:
    """Return number, mean and variance (divisor n - 1) of the columns of ``values`` (n, k), each (k,); NaN are left out.

    The mean is NaN with no value, the variance with fewer than 2. A variance that is rounding only is 0: a standard deviation below
    1e-10 of the mean, of ``size`` (what values are differences of) and of 1.
    """
    is_there = ~np.isnan(values)
    n = is_there.sum(axis=0).astype(float)
    mean = np.divide(np.where(is_there, values, 0.0).sum(axis=0), n, out=np.full_like(n, np.nan), where=n > 0)
    squares = (np.where(is_there, values - mean, 0.0) ** 2).sum(axis=0)
    variance = np.divide(squares, n - 1, out=np.full_like(n, np.nan), where=n > 1)
    largest = np.fmax(np.abs(mean), np.fmax(size, 1.0))
    return n, mean, np.where(variance <= (NO_VARIANCE * largest) ** 2, 0.0, variance)


def correlation(first: Floats, second: Floats) -> Floats:
    """Return Pearson's correlation (k,) of the columns of ``first`` and ``second`` (m, k), NaN in both where one is missing.

    0 where there are fewer than 2 pairs or one of the two does not vary.
    """
    pairs, mean_first, variance_first = moments(first)
    _, mean_second, variance_second = moments(second)
    products = np.where(np.isnan(first), 0.0, (first - mean_first) * (second - mean_second)).sum(axis=0)
    spread = np.sqrt(variance_first * variance_second)
    return np.asarray(np.divide(products, (pairs - 1) * spread, out=np.zeros_like(pairs), where=spread > 0))


def _waves(data: TwoWaves) -> tuple[Floats, Floats, Floats]:
    """Return number, mean and variance of both waves, each (2, k)."""
    number, mean, variance = zip(moments(data.y[~data.is_after]), moments(data.y[data.is_after]), strict=True)
    return np.array(number), np.array(mean), np.array(variance)


def _welch_df(n: Floats, shares: Floats) -> Floats:
    """Return the df of Welch (k,) from the waves' n and variance / n (2, k); NaN where neither varies."""
    parts = (shares**2 / np.where(n > 1, n - 1, np.nan)).sum(axis=0)
    return np.asarray(np.divide(shares.sum(axis=0) ** 2, parts, out=np.full_like(parts, np.nan), where=parts > 0))


def _one_mean(before: Floats, after: Floats, level: float, names: tuple[str, str]) -> Result:
    """Return the t result of the mean change of the columns of ``before`` and ``after`` (m, k); ``names`` of no and of one change."""
    size = np.fmax.reduce(np.abs(np.concatenate([before, after])), axis=0, initial=0.0)
    n, mean, variance = moments(after - before, size)
    result = t_result(mean, np.sqrt(variance / np.maximum(n, 1.0)), n - 1, level)
    return replace(result, flag=flags((n == 0, names[0]), (n == 1, names[1]), (variance == 0, "no_variance")))


def _between(n: Floats, means: Floats, squared_error: Floats, df: Floats, level: float) -> Result:
    """Return the t result of the difference of two ``means`` (2, k) with its ``squared_error`` (k,)."""
    result = t_result(means[AFTER] - means[BEFORE], np.sqrt(squared_error), df, level, np.abs(means).max(axis=0))
    smallest = n.min(axis=0)
    has_none = (smallest > 1) & np.isnan(np.asarray(result.std_error))
    return replace(result, flag=flags((smallest == 0, "no_data"), (smallest == 1, "one_respondent"), (has_none, "no_variance")))
