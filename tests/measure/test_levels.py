"""Intervals of one wave's level against R, published and hand-worked cases, and laws.

The expected values come from ``tests/reference/shares_counts.R`` (programs and versions in ``tests/reference/shares_counts/versions.csv``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from midterm.measure.levels import clopper_pearson, first_where, garwood, hypergeometric, wilson

LEVELS = pd.read_csv(Path(__file__).parents[1] / "reference" / "shares_counts" / "levels.csv")
AGREES = {"rel": 1e-6, "abs": 1e-12}
laws = settings(derandomize=True, max_examples=25, deadline=None)


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


@pytest.mark.parametrize("level", [0.95, 0.90])
@pytest.mark.parametrize(
    ("name", "interval"),
    [
        ("wilson", lambda rows, level: wilson(rows.x.to_numpy(float), rows.n.to_numpy(float), level)),
        ("exact", lambda rows, level: clopper_pearson(rows.x.to_numpy(float), rows.n.to_numpy(float), level)),
        ("finite", lambda rows, level: hypergeometric(rows.x.to_numpy(float), rows.n.to_numpy(float), rows.population.to_numpy(float), level)),
        ("garwood", lambda rows, level: garwood(rows.x.to_numpy(float), rows.n.to_numpy(float), level)),
    ],
)
def test_equals_r(name: str, interval: Callable[[pd.DataFrame, float], tuple[np.ndarray, np.ndarray]], level: float) -> None:
    rows = LEVELS[LEVELS["level"] == level]
    low, high = interval(rows, level)
    assert low == pytest.approx(rows[f"{name}_low"].to_numpy(), **AGREES)
    assert high == pytest.approx(rows[f"{name}_high"].to_numpy(), **AGREES)


# By hand and published


def test_nobody_and_everybody() -> None:
    # Of 12, none: upper limits z^2 / (12 + z^2), and the p with (1 - p)^12 = .025; of no event in t = 4: -log(.025) / 4.
    z = stats.norm.ppf(0.975)
    assert wilson(numbers(0, 12), numbers(12, 12)) == (pytest.approx([0, 12 / (12 + z**2)]), pytest.approx([z**2 / (12 + z**2), 1]))
    bound = 0.025 ** (1 / 12)
    assert clopper_pearson(numbers(0, 12), numbers(12, 12)) == (pytest.approx([0, bound]), pytest.approx([1 - bound, 1]))
    assert garwood(numbers(0), numbers(4)) == (pytest.approx([0]), pytest.approx([-np.log(0.025) / 4]))


def test_newcombe_table_of_single_shares() -> None:
    # Newcombe 1998, Stat. Med. 17:857, table I: 81/263, 15/148, 0/20 and 1/29 by Wilson (method 3) and Clopper-Pearson (method 5).
    x, n = numbers(81, 15, 0, 1), numbers(263, 148, 20, 29)
    assert np.round(wilson(x, n), 4).tolist() == [[0.2553, 0.0624, 0.0, 0.0061], [0.3662, 0.1605, 0.1611, 0.1718]]
    assert np.round(clopper_pearson(x, n), 4).tolist() == [[0.2527, 0.0578, 0.0, 0.0009], [0.3676, 0.1617, 0.1684, 0.1776]]


def test_census_is_a_point() -> None:
    low, high = hypergeometric(numbers(0, 3, 7), numbers(7, 7, 7), numbers(7, 7, 7))
    assert low.tolist() == high.tolist() == [0, 3 / 7, 1]


def test_one_of_forty() -> None:
    # One person of 40 asked, who said yes: with M of 40, P(yes) = M / 40. M = 1 gives .025, not above .025: rejected; from 2 on kept.
    assert hypergeometric(numbers(1), numbers(1), numbers(40)) == (pytest.approx([2 / 40]), pytest.approx([1]))
    # With M = 1 of 4 and 2 asked, P(both no) = 1/2; with 2 it is 1/6; with 3 impossible: at 60 % (.2 a side) up to M = 1.
    assert hypergeometric(numbers(0), numbers(2), numbers(4), 0.6) == (pytest.approx([0]), pytest.approx([0.25]))


def test_sprop_is_one_person_wider() -> None:
    # Readme of the R package samplingbook: 45 of 100 of 300 gives 110 to 161, the first numbers that are rejected.
    low, high = hypergeometric(numbers(45), numbers(100), numbers(300))
    assert (low * 300, high * 300) == (pytest.approx([111]), pytest.approx([160]))
    assert stats.hypergeom.sf(44, 300, 110, 100) < 0.025 < stats.hypergeom.sf(44, 300, 111, 100)
    assert stats.hypergeom.cdf(45, 300, 161, 100) < 0.025 < stats.hypergeom.cdf(45, 300, 160, 100)


# What cannot be: no number, no warning, and the others unharmed


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@pytest.mark.parametrize(("x", "n"), [(1, 0), (-1, 5), (6, 5), (np.nan, 5), (2, np.nan), (0, 0), (2, -3), (np.inf, 5), (3, np.inf)])
def test_impossible_share(interval: Callable[..., tuple[np.ndarray, np.ndarray]], x: float, n: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = interval(numbers(3, x), numbers(10, n))
    assert np.isnan([low[1], high[1]]).all()
    assert (low[0], high[0]) == (interval(numbers(3), numbers(10))[0][0], interval(numbers(3), numbers(10))[1][0])


@pytest.mark.parametrize(
    ("x", "n", "people"), [(1, 5, 4), (1.5, 5, 20), (1, 5.5, 20), (1, 5, 20.5), (1, 5, np.nan), (np.nan, 5, 20), (0, 0, 20), (0, 0, 0), (6, 5, 20)]
)
def test_impossible_sample(x: float, n: float, people: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = hypergeometric(numbers(3, x), numbers(10, n), numbers(40, people))
    assert np.isnan([low[1], high[1]]).all()
    assert low[0] < 0.3 < high[0]


@pytest.mark.parametrize(("x", "t"), [(-1, 5), (3, 0), (3, -2), (np.nan, 2), (3, np.nan)])
def test_impossible_rate(x: float, t: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = garwood(numbers(3, x), numbers(4, t))
    assert np.isnan([low[1], high[1]]).all()
    assert low[0] < 0.75 < high[0]


def test_no_indicators() -> None:
    none = np.empty(0)
    for low, high in (wilson(none, none), clopper_pearson(none, none), hypergeometric(none, none, none), garwood(none, none)):
        assert low.shape == high.shape == (0,)


# Laws


@laws
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 200), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_intervals_hold_the_share_and_turn_over(yes: int, no: int, others: int, level: float) -> None:
    x, n, people = numbers(yes, no), numbers(yes + no, yes + no), numbers(yes + no + others, yes + no + others)
    if yes + no == 0:
        return
    for low, high in (wilson(x, n, level), clopper_pearson(x, n, level), hypergeometric(x, n, people, level)):
        assert (low <= x / n + 1e-12).all()
        assert (high >= x / n - 1e-12).all()
        assert (low >= 0).all()
        assert (high <= 1).all()
        assert (low[0], high[0]) == pytest.approx((1 - high[1], 1 - low[1]), abs=1e-9)


@laws
@given(st.integers(1, 40), st.integers(0, 30))
def test_hypergeometric_keeps_what_no_test_rejects(n: int, others: int) -> None:
    people, x = n + others, np.arange(n + 1.0)
    low, high = hypergeometric(x, np.full(n + 1, float(n)), np.full(n + 1, float(people)))
    for count, first, last in zip(x, np.round(low * people), np.round(high * people), strict=True):
        numbers_kept = np.arange(count, people - (n - count) + 1)
        more, fewer = stats.hypergeom.sf(count - 1, people, numbers_kept, n), stats.hypergeom.cdf(count, people, numbers_kept, n)
        kept = numbers_kept[(more > 0.025 + 1e-10) & (fewer > 0.025 + 1e-10)]
        assert (first, last) == (kept.min(), kept.max())


@laws
@given(st.integers(0, 200), st.floats(0.1, 50), st.sampled_from([0.01, 10.0, 1000.0]))
def test_rates_scale_with_exposure(x: int, t: float, scale: float) -> None:
    low, high = garwood(numbers(x, x), numbers(t, t * scale))
    assert (low[1] * scale, high[1] * scale) == pytest.approx((low[0], high[0]))


def test_coverage_is_never_below_the_level() -> None:
    # Summed over all samples, for every number in a population of 30 with 12 asked, and for every share of a fine grid with n = 12.
    x = np.arange(13.0)
    low, high = hypergeometric(x, np.full(13, 12.0), np.full(13, 30.0))
    for number in range(31):
        covers = (low <= number / 30 + 1e-12) & (number / 30 - 1e-12 <= high)
        assert stats.hypergeom.pmf(x, 30, number, 12)[covers].sum() >= 0.95
    low, high = clopper_pearson(x, np.full(13, 12.0))
    for share in np.linspace(0, 1, 201):
        assert stats.binom.pmf(x, 12, share)[(low <= share) & (share <= high)].sum() >= 0.95 - 1e-12


def test_first_where_halves_each_on_its_own() -> None:
    bounds = numbers(3, 10, 0, 7)
    assert first_where(np.zeros(4), numbers(3, 20, 5, 7), lambda value: value >= bounds).tolist() == bounds.tolist()
