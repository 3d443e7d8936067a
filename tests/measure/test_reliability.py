"""Alpha and ICC(1) against psych, R's analysis of variance, hand-worked and published cases.

The expected values come from ``tests/reference/estimators.R`` (programs and versions in ``tests/reference/versions.csv``).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.measure.reliability import cronbach_alpha, icc1

REFERENCE = Path(__file__).parents[1] / "reference" / "estimators"
SCALES = pd.read_csv(REFERENCE / "scales.csv")
ALPHA = pd.read_csv(REFERENCE / "alpha.csv")
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
ICC1 = pd.read_csv(REFERENCE / "icc1.csv")
AGREES = {"rel": 1e-6, "abs": 1e-12}
laws = settings(derandomize=True, max_examples=25, deadline=None)


@pytest.mark.parametrize("row", [row for _, row in ALPHA.iterrows()], ids=lambda row: row["scale"])
def test_alpha_equals_psych(row: pd.Series) -> None:
    items = SCALES[SCALES["scale"] == row["scale"]].pivot_table(index="person", columns="item", values="value").to_numpy(float)
    fit = cronbach_alpha(items)
    assert (fit.estimate, fit.ci_low, fit.ci_high) == pytest.approx((row["alpha"], row["ci_low"], row["ci_high"]), **AGREES)


def test_alpha_by_hand() -> None:
    # Item variances 1 and 1, totals 2, 5, 5 with variance 3: alpha = 2 / 1 * (1 - 2 / 3) = 2 / 3.
    assert cronbach_alpha(np.array([[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]])).estimate == pytest.approx(2 / 3)


def test_alpha_of_identical_items_is_one() -> None:
    fit = cronbach_alpha(np.repeat([[1.0], [2.0], [4.0], [5.0]], 3, axis=1))
    assert (fit.estimate, fit.ci_low, fit.ci_high) == pytest.approx((1.0, 1.0, 1.0))


@pytest.mark.parametrize(
    "items",
    [np.empty((0, 3)), np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.arange(5.0).reshape(5, 1), np.full((6, 3), 4.0)],
    ids=["nobody", "one person", "two persons", "one item", "no variance"],
)
def test_alpha_not_computable(items: np.ndarray) -> None:
    fit = cronbach_alpha(items)
    assert np.isnan([fit.estimate, fit.std_error, fit.df, fit.ci_low, fit.ci_high]).all()


@pytest.mark.parametrize("value", [0.1, 3.3, 10 / 3])
@pytest.mark.parametrize("persons", [6, 7, 13, 30])
def test_alpha_not_computable_where_only_rounding_varies(value: float, persons: int) -> None:
    """A person in two alliances has the mean of two answers, so equal answers need not be whole numbers."""
    assert np.isnan(cronbach_alpha(np.full((persons, 3), value)).estimate)


@laws
@given(st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=4, max_size=12), st.integers(-9, 9), st.sampled_from([0.1, 2.0, 30.0]))
def test_alpha_ignores_order_shift_and_scale(answers: list[list[int]], shift: int, scale: float) -> None:
    items = np.array(answers, float)
    fit = cronbach_alpha(items)
    for changed in (items[::-1], items[:, ::-1], items + shift, items * scale):
        other = cronbach_alpha(changed)
        assert (other.estimate, other.ci_low, other.ci_high) == pytest.approx((fit.estimate, fit.ci_low, fit.ci_high), rel=1e-7, abs=1e-9, nan_ok=True)


# ICC(1)


@pytest.mark.parametrize("row", [row for _, row in ICC1.iterrows()], ids=lambda row: row["design"])
def test_icc1_equals_anova_in_r(row: pd.Series) -> None:
    persons = PERSONS[(PERSONS["design"] == row["design"]) & (PERSONS["wave"] == "first")]
    assert icc1(persons["score"].to_numpy(float), persons["organisation"].to_numpy(str)) == pytest.approx(row["icc1"], **AGREES)


def test_icc1_of_equal_groups_by_hand() -> None:
    # Means 2 and 6: between 16 / 1, within 4 / 2, size 2: (16 - 2) / (16 + 2).
    assert icc1(np.array([1.0, 3.0, 5.0, 7.0]), np.array(list("aabb"))) == pytest.approx(14 / 18)


def test_icc1_of_unequal_groups_by_hand() -> None:
    # Grand mean 13/3, means 2, 6, 4: between (98 + 75 + 1) / 9 / 2 = 29/3, within 4/3, n0 = (6 - 14/6) / 2 = 11/6:
    # (29/3 - 4/3) / (29/3 + 5/6 * 4/3) = (75/9) / (97/9).
    assert icc1(np.array([1.0, 3.0, 5.0, 6.0, 7.0, 4.0]), np.array(list("aabbbc"))) == pytest.approx(75 / 97)


def test_icc1_of_shrout_and_fleiss() -> None:
    # Shrout & Fleiss 1979, Psychological Bulletin 86(2), table 2 (6 targets, 4 judges) and table 4: ICC(1,1) = .17.
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    assert icc1(ratings.ravel(), np.repeat(np.arange(6), 4)) == pytest.approx(0.17, abs=0.005)


def test_icc1_of_equal_means_is_the_lowest_possible() -> None:
    # No variance between: (0 - w) / (0 + (n0 - 1) w) = -1 / (n0 - 1), here groups of 3.
    assert icc1(np.array([1.0, 2.0, 3.0, 3.0, 2.0, 1.0]), np.array(list("aaabbb"))) == pytest.approx(-1 / 2)


@pytest.mark.skipif("MIDTERM_TEST_DATA" not in os.environ, reason="MIDTERM_TEST_DATA does not name the folder with univbct.csv, which may not be committed")
def test_icc1_of_real_survey() -> None:
    # Value to the decimals printed in that folder's README (R 4.2.2).
    data = pd.read_csv(Path(os.environ["MIDTERM_TEST_DATA"]) / "univbct.csv").query("TIME == 0").dropna(subset=["JSAT"])
    assert icc1(data["JSAT"].to_numpy(float), data["BTN"].to_numpy(str)) == pytest.approx(0.03488, abs=0.000005)


@pytest.mark.parametrize(
    ("y", "group"),
    [([], []), ([3.0], ["a"]), ([1.0, 2.0, 5.0], list("aaa")), ([1.0, 2.0, 5.0], list("abc")), ([4.0] * 6, list("aabbcc"))],
    ids=["nobody", "one person", "one group", "one person a group", "no variance"],
)
def test_icc1_not_computable(y: list[float], group: list[str]) -> None:
    assert np.isnan(icc1(np.array(y, float), np.array(group, str)))


@pytest.mark.parametrize("value", [0.1, 3.3, 10 / 3])
@pytest.mark.parametrize("persons", [7, 12, 13, 30])
def test_icc1_not_computable_where_only_rounding_varies(value: float, persons: int) -> None:
    """A scale score of three items is seldom a whole number, and everyone may have the same one."""
    assert np.isnan(icc1(np.full(persons, value), np.arange(persons) % 2))


@laws
@given(st.lists(st.integers(1, 5), min_size=7, max_size=20), st.integers(-9, 9), st.sampled_from([-1.0, 0.1, 30.0]))
def test_icc1_ignores_order_shift_and_scale(answers: list[int], shift: int, scale: float) -> None:
    y, group = np.array(answers, float), np.arange(len(answers)) % 3
    for changed, groups in ((y[::-1], group[::-1]), (y + shift, group), (y * scale, group), (y, 2 - group)):
        assert icc1(changed, groups) == pytest.approx(icc1(y, group), rel=1e-7, abs=1e-9, nan_ok=True)
