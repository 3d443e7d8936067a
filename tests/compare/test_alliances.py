"""The average over alliances and the shrunken changes against metafor, hand-worked cases and laws.

The expected values come from ``tests/reference/estimators.R`` (programs and versions in ``tests/reference/versions.csv``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.compare.alliances import random_effects

REFERENCE = Path(__file__).parents[1] / "reference" / "estimators"
ALLIANCES = pd.read_csv(REFERENCE / "alliances.csv")
AVERAGE = pd.read_csv(REFERENCE / "average.csv")
FIELDS = ["estimate", "std_error", "df", "ci_low", "ci_high", "tau2", "prediction_low", "prediction_high"]
AGREES = {"rel": 1e-6, "abs": 1e-12}
laws = settings(derandomize=True, max_examples=25, deadline=None)
changes_with_errors = st.lists(st.tuples(st.integers(-100, 100), st.integers(5, 60)), min_size=2, max_size=9)


@pytest.mark.parametrize("row", [row for _, row in AVERAGE.iterrows()], ids=lambda row: row["case"])
def test_equals_metafor(row: pd.Series) -> None:
    alliances = ALLIANCES[ALLIANCES["case"] == row["case"]]
    average = random_effects(alliances["change"].to_numpy(float), alliances["std_error"].to_numpy(float))
    # With two alliances metafor takes 1 degree of freedom for the prediction where there is none; we give no interval.
    expected = {field: np.nan if len(alliances) == 2 and field.startswith("prediction") else row[field] for field in FIELDS}
    for field in FIELDS:
        assert getattr(average, field) == pytest.approx(expected[field], nan_ok=True, **AGREES), field
    assert average.shrunken == pytest.approx(alliances["shrunken"].to_numpy(float), **AGREES)


def test_two_alliances_by_hand() -> None:
    # Equal errors .1: tau2 = variance of the changes (.02) - .01 = .01; mean .2; q = .02 / (.02 * 1) = 1; error sqrt(.02 / 2) = .1.
    # Half the way to the mean: trust = .01 / .02.
    average = random_effects(np.array([0.1, 0.3]), np.array([0.1, 0.1]))
    assert (average.tau2, average.estimate, average.std_error, average.df) == pytest.approx((0.01, 0.2, 0.1, 1.0))
    assert average.shrunken == pytest.approx([0.15, 0.25])
    # The .975 quantile of t with 1 df is tan(.475 pi) = 12.7062 (any printed table).
    assert (average.ci_low, average.ci_high) == pytest.approx((0.2 - 0.1 * np.tan(0.475 * np.pi), 0.2 + 0.1 * np.tan(0.475 * np.pi)))


def test_alike_alliances_shrink_to_one_number_by_hand() -> None:
    # No variance between: weights 1/.04 and 1/.16, mean (25 * .2 + 6.25 * .2) / 31.25; the error is the plain 1 / sqrt(31.25), not 0.
    average = random_effects(np.array([0.2, 0.2]), np.array([0.2, 0.4]))
    assert (average.tau2, average.estimate, average.std_error) == pytest.approx((0.0, 0.2, 31.25**-0.5))
    assert average.shrunken == pytest.approx([0.2, 0.2])


@laws
@given(changes_with_errors)
def test_order_of_alliances_does_not_matter(rows: list[tuple[int, int]]) -> None:
    change, error = np.array(rows, float).T / 100
    forward, backward = random_effects(change, error), random_effects(change[::-1], error[::-1])
    assert [getattr(backward, field) for field in FIELDS] == pytest.approx([getattr(forward, field) for field in FIELDS], rel=1e-6, abs=1e-9, nan_ok=True)
    assert backward.shrunken[::-1] == pytest.approx(forward.shrunken, rel=1e-6, abs=1e-9)


@laws
@given(changes_with_errors, st.integers(-5, 5))
def test_shift_moves_the_mean_and_nothing_else(rows: list[tuple[int, int]], shift: int) -> None:
    change, error = np.array(rows, float).T / 100
    plain, moved = random_effects(change, error), random_effects(change + shift, error)
    assert (moved.estimate - shift, moved.std_error, moved.tau2) == pytest.approx((plain.estimate, plain.std_error, plain.tau2), rel=1e-6, abs=1e-9)
    assert moved.shrunken - shift == pytest.approx(plain.shrunken, rel=1e-6, abs=1e-9)


@laws
@given(changes_with_errors, st.sampled_from([-1.0, 0.1, 20.0]))
def test_scaling_scales(rows: list[tuple[int, int]], scale: float) -> None:
    change, error = np.array(rows, float).T / 100
    plain, scaled = random_effects(change, error), random_effects(change * scale, error * abs(scale))
    expected = (plain.estimate * scale, plain.std_error * abs(scale), plain.tau2 * scale**2)
    assert (scaled.estimate, scaled.std_error, scaled.tau2) == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert scaled.shrunken == pytest.approx(plain.shrunken * scale, rel=1e-6, abs=1e-8)


@laws
@given(changes_with_errors)
def test_shrunken_lies_between_the_change_and_the_average(rows: list[tuple[int, int]]) -> None:
    change, error = np.array(rows, float).T / 100
    average = random_effects(change, error)
    assert (np.minimum(change, average.estimate) - 1e-12 <= average.shrunken).all()
    assert (average.shrunken <= np.maximum(change, average.estimate) + 1e-12).all()
