"""t tests of means against R's t.test, the formula of the partially overlapping t in R, hand-worked cases and laws.

The expected values come from ``tests/reference/ranks_effects.R`` (versions in ``tests/reference/ranks_effects/versions.csv``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from midterm.compare.means import correlation, moments, organisation_mean_t, paired_t, partially_overlapping_t, welch_t
from midterm.compare.result import Method, Settings
from midterm.compare.two_waves import Outcome, TwoWaves

REFERENCE = Path(__file__).parents[1] / "reference" / "ranks_effects"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
OUTCOMES = (Outcome("item", "item", 1, 5), Outcome("scale", "mean", 1, 5), Outcome("smooth", "mean", -5, 10))
CASES = list(dict.fromkeys(PERSONS["case"]))
FIELDS = ["estimate", "std_error", "df", "p_value", "ci_low", "ci_high"]
METHODS: list[Method] = [paired_t, welch_t, partially_overlapping_t, organisation_mean_t]
laws = settings(derandomize=True, max_examples=20, deadline=None)


def of_case(case: str) -> TwoWaves:
    persons = PERSONS[PERSONS["case"] == case].rename(columns={"person": "respondent_id"}).assign(alliance="one")
    return TwoWaves.of(persons, OUTCOMES, ("first", "last"))


def waves(before: list[float], after: list[float], n_linked: int = 0, organisations: int = 100) -> TwoWaves:
    """Return persons with one indicator; the first ``n_linked`` of both waves are the same; organisations take turns."""
    y = np.array([*before, *after], dtype=float)[:, None]
    last = [place if place < n_linked else place + 1001 for place in range(len(after))]
    person = np.array([*range(len(before)), *last], dtype=np.intp)
    is_after = np.repeat([False, True], [len(before), len(after)])
    people = np.full((2, organisations), np.nan)
    return TwoWaves(y, is_after, person % organisations, person, 0 * person, np.ones_like(y), people, (Outcome("x", "mean", 1, 5),))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@pytest.mark.parametrize("case", CASES)
def test_equals_r(method: Method, case: str) -> None:
    table = pd.read_csv(REFERENCE / f"{method.__name__}.csv")
    expected = table[table["case"] == case].set_index("outcome").reindex([outcome.name for outcome in OUTCOMES])
    found = method(of_case(case), Settings())
    # R gives nothing where nobody is linked, or no two organisations are in both waves.
    for field in FIELDS[int(expected["p_value"].isna().all()) :]:
        assert getattr(found, field) == pytest.approx(expected[field].to_numpy(), rel=1e-9, abs=1e-14, nan_ok=True), field
    assert all((flag == "") == has_p for flag, has_p in zip(found.flag, expected["p_value"].notna(), strict=True))


def test_partially_overlapping_example() -> None:
    # Data of Derrick, Toher & White 2017, The Quantitative Methods for Psychology 13(2); the reference script checks their p = .026.
    pairs = [14, 15, 18, 20, 11, 19, 14, 15], [15, 10, 15, 17, 13, 19, 12, 13]
    data = waves([*pairs[0], 20, 21, 16, 18, 14, 12, 14, 17], [*pairs[1], 10, 16, 18, 16, 15, 14, 13, 10], n_linked=8)
    found, expected = partially_overlapping_t(data, Settings()), pd.read_csv(REFERENCE / "overlapping_example.csv").iloc[0]
    for field in FIELDS:
        assert getattr(found, field)[0] == pytest.approx(expected[field], rel=1e-9), field


def test_paired_t_by_hand() -> None:
    # Changes 1, 2, 3: mean 2, standard deviation 1, error 1 / sqrt(3), 2 df; t with 2 df has p = 1 - t / sqrt(2 + t^2).
    found = paired_t(waves([1, 1, 1], [2, 3, 4], n_linked=3), Settings())
    t = 2 * np.sqrt(3)
    assert (found.estimate[0], found.std_error[0], found.df[0]) == pytest.approx((2, 1 / np.sqrt(3), 2))  # type: ignore[index]
    assert found.p_value == pytest.approx([1 - t / np.sqrt(2 + t**2)])


def test_organisations_weigh_the_same_by_hand() -> None:
    # Organisation 0 goes from 1 to (2 + 4) / 2 = 3, organisation 1 from 2 to 3: changes 2 and 1, mean 1.5, error .5, 1 df: p = 2 atan(1 / 3) / pi.
    y = np.array([[1.0], [2.0], [2.0], [4.0], [3.0]])
    codes = np.array([0, 1, 0, 0, 1], dtype=np.intp)
    data = TwoWaves(
        y, np.array([0, 0, 1, 1, 1], dtype=bool), codes, np.arange(5), 0 * codes, np.ones_like(y), np.full((2, 2), np.nan), (Outcome("x", "mean", 1, 5),)
    )
    found = organisation_mean_t(data, Settings())
    assert (found.estimate[0], found.std_error[0], found.df[0]) == pytest.approx((1.5, 0.5, 1))  # type: ignore[index]
    assert found.p_value == pytest.approx([2 * np.arctan(1 / 3) / np.pi])
    # Counts with exposure 2 after: organisation 0 goes from 1 to 6 / 4, organisation 1 from 2 to 3 / 2.
    rates = organisation_mean_t(replace(data, exposure=np.where(data.is_after[:, None], 2.0, 1.0)), Settings())
    assert rates.estimate == pytest.approx([((6 / 4 - 1) + (3 / 2 - 2)) / 2])


@pytest.mark.parametrize("case", ["paired", "unlinked"])
def test_partially_overlapping_t_ends_in_the_paired_and_in_welch(case: str) -> None:
    data = of_case(case)
    found, end = partially_overlapping_t(data, Settings()), {"paired": paired_t, "unlinked": welch_t}[case](data, Settings())
    for field in FIELDS:
        assert getattr(found, field) == pytest.approx(getattr(end, field), rel=1e-9)


def test_one_pair_counts_as_none() -> None:
    data = waves([1, 2, 4], [3, 3, 5, 6], n_linked=1)
    found, end = partially_overlapping_t(data, Settings()), welch_t(data, Settings())
    assert found.flag == ("one_linked_person",)
    assert (found.p_value, found.df) == (pytest.approx(end.p_value), pytest.approx(end.df))


values = st.lists(st.one_of(st.floats(-50, 50).map(lambda x: round(x, 2)), st.just(np.nan)), min_size=1, max_size=8)


@laws
@given(before=values, after=values, n_linked=st.integers(0, 8))
def test_equals_scipy_wherever_scipy_has_a_number(before: list[float], after: list[float], n_linked: int) -> None:
    n_linked = min(n_linked, len(before), len(after))
    data = waves(before, after, n_linked)
    first, last = (np.array([value for value in wave if not np.isnan(value)]) for wave in (before, after))
    if min(len(first), len(last)) > 1 and first.std() + last.std() > 1e-6:
        assert welch_t(data, Settings()).p_value == pytest.approx([stats.ttest_ind(last, first, equal_var=False).pvalue], rel=1e-6)
    change = np.array([b - a for a, b in zip(before[:n_linked], after[:n_linked], strict=True) if not np.isnan(b - a)])
    if len(change) > 1 and change.std() > 1e-6:
        assert paired_t(data, Settings()).p_value == pytest.approx([stats.ttest_1samp(change, 0).pvalue], rel=1e-6)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@pytest.mark.parametrize("case", ["small", "unequal", "no_rise"])
def test_laws_of_order_direction_shift_and_scale(method: Method, case: str) -> None:
    data = of_case(case)
    found = method(data, Settings())
    order = np.random.default_rng(3).permutation(len(data.y))
    variants = [
        (1.0, data.rows(order)),  # type: ignore[arg-type]
        (-1.0, replace(data, is_after=~data.is_after)),
        (-2.5, replace(data, y=7 - 2.5 * data.y)),
        (1.0, replace(data, organisation=data.n_codes - 1 - data.organisation, person=data.person.max() - data.person)),
    ]
    for factor, variant in variants:
        other = method(variant, Settings())
        assert other.estimate == pytest.approx(factor * found.estimate, rel=1e-9, abs=1e-12)
        assert other.std_error == pytest.approx(abs(factor) * np.asarray(found.std_error), rel=1e-9)
        assert (other.df, other.p_value) == (pytest.approx(found.df, rel=1e-9), pytest.approx(found.p_value, rel=1e-9))


def test_moments_and_correlation_with_gaps() -> None:
    x = np.array([[1.0, np.nan, 3.0, 0.1], [2.0, np.nan, np.nan, 0.1], [6.0, np.nan, np.nan, 0.1]])
    n, mean, variance = moments(x)
    assert n.tolist() == [3, 0, 1, 3]
    assert mean == pytest.approx([3, np.nan, 3, 0.1], nan_ok=True)
    assert variance == pytest.approx([7, np.nan, np.nan, 0], nan_ok=True)
    assert correlation(x, np.where(np.isnan(x), np.nan, 10 - x)) == pytest.approx([-1, 0, 0, 0])


NAN = float("nan")
BAD: dict[str, tuple[TwoWaves, tuple[str, str, str, str]]] = {
    "nobody": (waves([], []), ("nobody_linked", "no_data", "no_data", "no_organisation_in_both_waves")),
    "one_wave": (waves([1, 2, 3], []), ("nobody_linked", "no_data", "no_data", "no_organisation_in_both_waves")),
    "all_missing": (waves([NAN] * 3, [NAN] * 3, 3), ("nobody_linked", "no_data", "no_data", "no_organisation_in_both_waves")),
    "one_each": (waves([3], [4]), ("nobody_linked", "one_respondent", "one_respondent", "no_organisation_in_both_waves")),
    "one_linked": (waves([3], [4], 1), ("one_linked_person", "one_respondent", "one_respondent; one_linked_person", "one_organisation")),
    "all_the_same": (waves([3, 3, 3], [3, 3, 3], 3), ("no_variance",) * 4),
    "all_up_alike": (waves([0.1] * 3, [0.3] * 3, 3), ("no_variance",) * 4),
    "same_steps": (waves([1, 2, 3], [2, 3, 4], 3), ("no_variance", "", "no_variance", "no_variance")),
    "one_wave_does_not_vary": (waves([2, 2, 2], [2, 3, 4], 3), ("", "", "", "")),
    "one_organisation": (waves([1, 2, 4], [2, 3, 3], 3, organisations=1), ("", "", "", "one_organisation")),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("position", range(4), ids=[method.__name__ for method in METHODS])
def test_bad_input_gives_a_flag_and_no_number(name: str, position: int) -> None:
    data, expected = BAD[name]
    found = METHODS[position](data, Settings())
    assert found.flag == (expected[position],)
    assert np.isfinite(np.asarray(found.p_value)[0]) == (expected[position] == "")
    has_none = {"no_data", "nobody_linked", "no_organisation_in_both_waves"} & set(expected[position].split("; "))
    assert np.isnan(found.estimate[0]) == bool(has_none)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_a_bad_column_leaves_the_others_alone(method: Method) -> None:
    data = of_case("usual")
    spoilt = np.column_stack([data.y, np.full(len(data.y), np.nan), np.full(len(data.y), 3.0)])
    wide = replace(data, y=spoilt, exposure=np.ones_like(spoilt), outcomes=(*OUTCOMES, OUTCOMES[0], OUTCOMES[0]))
    found, alone = method(wide, Settings()), method(data, Settings())
    assert np.asarray(found.p_value)[:3] == pytest.approx(alone.p_value)
    assert np.isnan(np.asarray(found.p_value)[3:]).all()
    assert len(method(data.only(np.zeros(3, dtype=bool)), Settings()).estimate) == 0
