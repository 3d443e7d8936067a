"""The level of one wave: in, numbers of persons or events of all indicators; out, exact or score intervals (low, high), arrays alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from midterm.measure.clustered import Floats

Interval = tuple[Floats, Floats]
TIE = 1e-9


def wilson(successes: Floats, n: Floats, level: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share.

    (x + z^2/2 -+ z sqrt(x (n - x) / n + z^2/4)) / (n + z^2), z the normal quantile of ``level``. ``successes`` x and ``n`` of one
    shape, x may be a sum of shares; limits 0-1. NaN where n is not above 0 or x lies outside 0..n. Persons count as independent.
    Source: Wilson 1927, J. Am. Stat. Assoc. 22(158):209-212. Equal to R ``prop.test(correct = FALSE)``.
    """
    x, n, is_usable = _usable(successes, n)
    z = stats.norm.ppf(0.5 + level / 2)
    centre, half = (x + z**2 / 2) / (n + z**2), z * np.sqrt(x * (n - x) / n + z**2 / 4) / (n + z**2)
    low, high = np.where(x <= 0, 0.0, centre - half), np.where(x >= n, 1.0, centre + half)
    return np.where(is_usable, low, np.nan), np.where(is_usable, high, np.nan)


def clopper_pearson(successes: Floats, n: Floats, level: float = 0.95) -> Interval:
    """Return the exact binomial interval of a share: it covers at least ``level``, often more.

    Quantiles (1 - level)/2 of Beta(x, n - x + 1) and (1 + level)/2 of Beta(x + 1, n - x). ``successes`` x and ``n`` of one shape;
    limits 0-1. NaN where n is not above 0 or x lies outside 0..n. Persons count as independent.
    Source: Clopper & Pearson 1934, Biometrika 26(4):404-413. Equal to R ``binom.test``.
    """
    x, n, is_usable = _usable(successes, n)
    has_some, has_others = x > 0, x < n
    low = np.where(has_some, stats.beta.ppf((1 - level) / 2, np.where(has_some, x, 1.0), n - x + 1), 0.0)
    high = np.where(has_others, stats.beta.ppf((1 + level) / 2, x + 1, np.where(has_others, n - x, 1.0)), 1.0)
    return np.where(is_usable, low, np.nan), np.where(is_usable, high, np.nan)


def hypergeometric(successes: Floats, n: Floats, population: Floats, level: float = 0.95) -> Interval:
    """Return the exact interval of a share of a known number of people, from a simple random sample of them without replacement.

    All numbers M of the ``population`` N that neither one-sided test rejects at (1 - level)/2: the smallest M with
    P(X >= x | M) and the largest with P(X <= x | M) above it, over N; X hypergeometric (N, M, n). Where all answered both limits
    are the share itself. ``successes`` x, ``n`` and ``population`` of one shape, whole numbers; limits 0-1. NaN where they are
    not, where n is not above 0, x lies outside 0..n or n is above N. No cluster: everybody in N could have been drawn alike.
    Source: Buonaccorsi 1987, American Statistician 41(3):215-218; by R's ``phyper``. R samplingbook ``Sprop`` gives as limits the
    first M rejected, one person wider at each end.
    """
    people = np.asarray(population, dtype=float)
    x, n, is_usable = _usable(successes, n)
    x, n, people = np.broadcast_arrays(x, n, people)
    is_usable = is_usable & np.isfinite(people) & (n <= people) & (x % 1 == 0) & (n % 1 == 0) & (people % 1 == 0)
    x, n, people = (np.where(is_usable, values, 1.0) for values in (x, n, people))
    least, most, tail = x, people - (n - x), (1 - level) / 2 * (1 + TIE)
    low = first_where(least, most, lambda number: np.asarray(stats.hypergeom.sf(x - 1, people, number, n) > tail))
    high = most - first_where(np.zeros_like(x), most - least, lambda fewer: np.asarray(stats.hypergeom.cdf(x, people, most - fewer, n) > tail))
    return np.where(is_usable, low / people, np.nan), np.where(is_usable, high / people, np.nan)


def garwood(events: Floats, exposure: Floats, level: float = 0.95) -> Interval:
    """Return the exact Poisson interval of a rate: events per unit of ``exposure``.

    Quantiles (1 - level)/2 of chi-squared(2 x) and (1 + level)/2 of chi-squared(2 x + 2), over 2 t. ``events`` x and ``exposure`` t
    of one shape. NaN where t is not above 0 or x is below 0. Events count as independent and equally likely for everybody.
    Source: Garwood 1936, Biometrika 28(3/4):437-442. Equal to R ``poisson.test``.
    """
    x, t = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(exposure, dtype=float))
    is_usable = np.isfinite(x) & np.isfinite(t) & (x >= 0) & (t > 0)
    x, t = np.where(is_usable, x, 0.0), np.where(is_usable, t, 1.0)
    low = np.where(x > 0, stats.chi2.ppf((1 - level) / 2, np.where(x > 0, 2 * x, 1.0)), 0.0) / (2 * t)
    high = stats.chi2.ppf((1 + level) / 2, 2 * x + 2) / (2 * t)
    return np.where(is_usable, low, np.nan), np.where(is_usable, high, np.nan)


def _usable(successes: Floats, n: Floats) -> tuple[Floats, Floats, np.ndarray]:
    """Return x and n with 0 of 1 in place of what cannot be, and where they can."""
    x, size = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(n, dtype=float))
    is_usable = np.isfinite(x) & np.isfinite(size) & (size > 0) & (x >= 0) & (x <= size)
    return np.where(is_usable, x, 0.0), np.where(is_usable, size, 1.0), is_usable


def first_where(low: Floats, high: Floats, holds: Callable[[Floats], np.ndarray]) -> Floats:
    """Return the smallest whole number from ``low`` to ``high`` from which on ``holds`` is true (it is at ``high``), by halving."""
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        is_true = holds(middle)
        low, high = np.where(is_true | (low >= high), low, middle + 1), np.where(is_true, middle, high)
    return high
