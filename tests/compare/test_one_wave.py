"""The level of one wave: whose answers count and what is flagged; the intervals themselves are held in ``tests/measure/test_levels.py``."""

from __future__ import annotations

import numpy as np
import pytest

from midterm.compare.one_wave import LevelMethod, clopper_pearson_level, garwood_level, hypergeometric_level, wilson_level
from midterm.compare.result import Settings
from midterm.compare.two_waves import AFTER, BEFORE, Outcome, TwoWaves

NAN = np.nan
SHARES: list[LevelMethod] = [wilson_level, clopper_pearson_level, hypergeometric_level]


def of(before: list[float], after: list[float], people: float = NAN, exposure: float = 1.0, kind: str = "share") -> TwoWaves:
    """Return persons of one organisation with one indicator, none linked."""
    y = np.array([*before, *after], dtype=float)[:, None]
    n = len(y)
    outcome = Outcome("x", kind, 0, 1)  # type: ignore[arg-type]
    zeros = np.zeros(n, dtype=np.intp)
    return TwoWaves(y, np.arange(n) >= len(before), zeros, np.arange(n), zeros, np.full_like(y, exposure), np.full((2, 1), people), (outcome,))


def test_wilson_and_clopper_pearson_of_the_wave_that_is_asked_for() -> None:
    # 2 of 4 before, 7 of 10 after; R 4.2.2: prop.test(7, 10, correct = FALSE), binom.test(7, 10).
    data = of([1, 1, 0, 0], [1] * 7 + [0] * 3)
    wilson, exact = wilson_level(data, AFTER, Settings()), clopper_pearson_level(data, AFTER, Settings())
    assert (wilson.estimate[0], exact.estimate[0], wilson_level(data, BEFORE, Settings()).estimate[0]) == (0.7, 0.7, 0.5)
    assert (wilson.ci_low[0], wilson.ci_high[0]) == pytest.approx((0.3967781475, 0.8922087326))
    assert (exact.ci_low[0], exact.ci_high[0]) == pytest.approx((0.3475471499, 0.9332604888))


def test_a_rate_is_per_exposure() -> None:
    # 6 events in 4 x 2 years: R poisson.test(6, 8).
    found = garwood_level(of([1, 2, 3, 0], [0], exposure=2.0, kind="count"), BEFORE, Settings())
    assert found.estimate[0] == 0.75
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((0.2752367817, 1.632434253))


@pytest.mark.parametrize("method", SHARES)
def test_half_persons_are_left_out_and_said(method: LevelMethod) -> None:
    data, plain = of([1, 0, 0.5], [1], people=20), of([1, 0], [1], people=20)
    found, expected = method(data, BEFORE, Settings()), method(plain, BEFORE, Settings())
    assert (found.estimate[0], found.ci_low[0], found.ci_high[0]) == (expected.estimate[0], expected.ci_low[0], expected.ci_high[0])
    assert (found.flag, expected.flag) == (("half_values_left_out",), ("",))


@pytest.mark.parametrize(("people", "flag"), [(NAN, "population_unknown"), (2.0, "population_below_respondents")])
def test_without_a_fitting_staff_list_there_is_no_finite_interval(people: float, flag: str) -> None:
    found = hypergeometric_level(of([1, 0, 1], [1], people=people), BEFORE, Settings())
    assert found.estimate[0] == pytest.approx(2 / 3)
    assert np.isnan([found.ci_low[0], found.ci_high[0]]).all()
    assert found.flag == (flag,)


def test_in_a_census_the_share_is_known() -> None:
    found = hypergeometric_level(of([1, 0, 1], [1], people=3.0), BEFORE, Settings())
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((2 / 3, 2 / 3))


@pytest.mark.parametrize("method", [*SHARES, garwood_level])
def test_nobody_has_no_level(method: LevelMethod) -> None:
    found = method(of([], [1, 0]), BEFORE, Settings())
    assert np.isnan([found.estimate[0], found.ci_low[0], found.ci_high[0]]).all()
    assert found.flag == ("no_data",)
