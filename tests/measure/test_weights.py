"""Raking, capping and what weights cost, against R survey, hand-worked cases and laws.

The expected values come from ``tests/reference/weights_descriptive.R`` (programs and versions in ``versions.csv`` beside them).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.measure.weights import Margin, Raked, effective_n, is_unbalanced, kish_effect, raked, response_ratio, trimmed

REFERENCE = Path(__file__).parents[1] / "reference" / "weights_descriptive"
RAKING = pd.read_csv(REFERENCE / "raking.csv")
TOTALS = pd.read_csv(REFERENCE / "totals.csv")
CASES = list(RAKING["case"].unique())
AGREES = {"rel": 1e-6, "abs": 1e-12}
laws = settings(derandomize=True, max_examples=25, deadline=None)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def margin(codes: list[int], totals: list[float], *names: str) -> Margin:
    return Margin(np.array(codes, dtype=np.intp), np.array(totals, dtype=float), names)


def case_of(case: str) -> tuple[pd.DataFrame, list[Margin]]:
    persons, totals = RAKING[RAKING["case"] == case], TOTALS[TOTALS["case"] == case]
    return persons, [Margin(persons[f"margin_{number}"].to_numpy(np.intp) - 1, rows["total"].to_numpy(float)) for number, rows in totals.groupby("margin")]


# Against R survey


@pytest.mark.parametrize("case", CASES)
def test_raking_equals_survey_rake(case: str) -> None:
    persons, margins = case_of(case)
    found = raked(persons[["base"]].to_numpy(float), margins, cap=np.inf)
    assert found.weights[:, 0] == pytest.approx(persons["uncapped"].to_numpy(), **AGREES)
    assert (found.flag, found.gap[0] < 1e-6) == (("",), True)


@pytest.mark.parametrize("case", CASES)
def test_trimming_before_raking_equals_survey(case: str) -> None:
    persons, margins = case_of(case)
    found = raked(persons[["base"]].to_numpy(float), margins)
    weights = found.weights[:, 0]
    assert weights == pytest.approx(persons["capped"].to_numpy(), **AGREES)
    assert weights.max() <= 3 * np.median(weights) * (1 + 1e-6)
    assert (found.gap[0] < 1e-6) == persons["is_met"].iloc[0]
    assert ("totals_not_met" in found.flag[0]) != persons["is_met"].iloc[0]
    assert found.capped[0] == persons["ever_cut"].sum()
    assert (f"capped: {persons['ever_cut'].sum()}" in found.flag[0]) == persons["ever_cut"].any()


@pytest.mark.parametrize("case", CASES)
def test_trimming_cuts_whom_survey_trim_weights_cuts(case: str) -> None:
    persons, _ = case_of(case)
    base = persons[["base"]].to_numpy(float)
    cut = trimmed(base, np.ones_like(base, dtype=bool))[:, 0]
    # In units of the cap those cut have the largest weight and the others keep their proportions.
    kept = ~persons["is_cut"].to_numpy(bool)
    assert cut.sum() == pytest.approx(base.sum())
    assert cut[kept] / cut[kept][0] == pytest.approx(base[kept, 0] / base[kept, 0][0])
    assert cut[~kept] / cut[kept][0] == pytest.approx(3 * np.median(base) / base[kept, 0][0])


def test_all_columns_at_once_are_the_columns_one_by_one() -> None:
    persons, margins = case_of("three_margins")
    base = persons[["base"]].to_numpy(float) * np.ones(3)
    base[::7, 1], base[::5, 2] = np.nan, np.nan
    together = raked(base, margins)
    for at in range(3):
        alone = raked(base[:, [at]], margins)
        assert together.weights[:, at] == pytest.approx(alone.weights[:, 0], rel=1e-9, nan_ok=True)
        assert together.flag[at] == alone.flag[0]


# By hand


def test_one_margin_is_people_by_answers() -> None:
    found = raked(column(1, 1, 1, 1, 1), [margin([0, 0, 0, 1, 1], [9, 10])])
    assert found.weights[:, 0] == pytest.approx([3, 3, 3, 5, 5])
    assert (found.flag, found.capped[0]) == (("",), 0)


def test_two_margins_in_proportion() -> None:
    # Two by two, one person a cell, totals 30 and 10 by 20 and 20: the fit from equal weights is row total x column total / 40.
    found = raked(column(1, 1, 1, 1), [margin([0, 0, 1, 1], [30, 10]), margin([0, 1, 0, 1], [20, 20])])
    assert found.weights[:, 0] == pytest.approx([15, 15, 5, 5])


def test_cap_has_the_last_word_where_totals_cannot_hold() -> None:
    # Weights 1, 1, 1 and 9: the cap is 3; cut 1, 1, 1, 3, scaled from sum 6 to 12: 2, 2, 2, 6. The totals are missed by 6 / 3 - 1 = 1.
    found = raked(column(1, 1, 1, 1), [margin([0, 0, 0, 1], [3, 9])])
    assert found.weights[:, 0] == pytest.approx([2, 2, 2, 6])
    assert (found.capped[0], found.gap[0]) == pytest.approx((1, 1))
    assert found.flag == ("capped: 1; totals_not_met: 1",)


def test_base_weights_are_cut_first() -> None:
    # Weights 1, 1, 1, 60: cut to 1, 1, 1, 3; raked to 60 they are 10, 10, 10, 30.
    found = raked(column(1, 1, 1, 60), [margin([0, 0, 0, 0], [60])])
    assert found.weights[:, 0] == pytest.approx([10, 10, 10, 30])
    assert found.flag == ("capped: 1",)


def test_cutting_never_turns_the_order_of_weights() -> None:
    # survey's trimWeights makes 12.1, 13.1, 12.1, 12.1, 4.5, 13.1 of these: who counted most then counts least.
    base = column(1, 2, 1, 1, 60, 2)
    # Median 1.5, cap 4.5, sum 67; cut to sum 11.5.
    assert trimmed(base, np.ones_like(base, dtype=bool))[:, 0] == pytest.approx(np.array([1, 2, 1, 1, 4.5, 2]) * 67 / 11.5)


def test_without_margins_only_the_cap() -> None:
    assert raked(column(1, 1, 1, 60), []).weights[:, 0] == pytest.approx(np.array([1, 1, 1, 3]) * 63 / 6)


def test_kish_effect_by_hand() -> None:
    # 1, 1, 2: 3 x 6 / 16 = 1.125; 16 / 6 = 2.667 persons. 2 and 2 are equal weights.
    weights = np.array([[1, 2, np.nan], [1, 2, 0], [2, np.nan, 5]])
    assert kish_effect(weights) == pytest.approx([1.125, 1, 1])
    assert effective_n(weights) == pytest.approx([16 / 6, 2, 1])


def test_response_ratio_by_hand() -> None:
    # 5 of 10 and 6 of 8: .75 / .5 = 1.5. Third: nobody answered, or nobody is known to be there.
    answers = np.array([[5, 9, 0], [6, 8, 0], [0, 3, 0]], dtype=float)
    assert response_ratio(answers, np.array([10, 8, 4], dtype=float)) == pytest.approx([1.5, 1 / 0.75, np.nan], nan_ok=True)
    assert is_unbalanced(answers, np.array([10, 8, np.nan])).tolist() == [True, False, False]
    assert is_unbalanced(answers, np.array([10, 8, 4]), limit=1.4).tolist() == [True, False, False]


def test_response_that_differs_by_a_quarter_is_still_alike() -> None:
    assert not is_unbalanced(column(4, 5), np.array([10.0, 10.0]))[0]
    assert not is_unbalanced(column(7, 7), np.array([8.0, 10.0]))[0]  # 1.25 but for the last bit
    assert is_unbalanced(column(4, 5.01), np.array([10.0, 10.0]))[0]


# What cannot be met


def test_empty_category_is_named_and_left_out() -> None:
    found = raked(column(1, 1, 1), [margin([0, 0, 2], [10, 7, 6], "north", "east", "south")])
    assert found.weights[:, 0] == pytest.approx([5, 5, 6])
    assert found.flag == ("empty_category: east",)


def test_empty_category_of_a_later_margin_is_left_out_and_the_rest_scaled() -> None:
    # The second margin says 12, 4 (nobody) and 4: of the 20 people of the first, 15 and 5.
    found = raked(column(1, 1, 1, 1), [margin([0, 0, 1, 1], [10, 10]), margin([0, 2, 0, 2], [12, 4, 4])])
    assert found.weights[:, 0] == pytest.approx([7.5, 2.5, 7.5, 2.5])
    assert found.flag == ("empty_category: 1.1",)


def test_margins_with_other_sums_are_scaled_to_the_first() -> None:
    found = raked(column(1, 1, 1, 1), [margin([0, 0, 1, 1], [30, 10]), margin([0, 1, 0, 1], [1, 1])])
    assert found.weights[:, 0] == pytest.approx([15, 15, 5, 5])
    assert found.flag == ("totals_differ",)


def test_contradicting_margins_do_not_converge_and_the_last_holds() -> None:
    found = raked(column(1, 1), [margin([0, 1], [30, 10]), margin([0, 1], [20, 20])])
    assert found.weights[:, 0] == pytest.approx([20, 20])
    assert found.gap[0] == pytest.approx(1)
    assert found.flag == ("not_converged: 1",)


def test_too_few_rounds_are_said() -> None:
    persons, margins = case_of("three_margins")
    assert "not_converged" in raked(persons[["base"]].to_numpy(float), margins, cap=np.inf, rounds=1).flag[0]


def no_number(found: Raked, flag: str) -> None:
    assert np.isnan(found.weights).all()
    assert np.isnan([*found.gap, *found.capped]).all()
    assert found.flag == (flag,)


@pytest.mark.parametrize(
    ("base", "codes", "totals", "flag"),
    [
        ([1, 1], [0, 1], [3, 0], "total_not_positive"),
        ([1, 1], [0, 1], [3, -2], "total_not_positive"),
        ([1, 1], [0, 0], [3, -2], "total_not_positive"),
        ([1, 1], [0, 1], [3, np.nan], "total_not_positive"),
        ([1, 1], [0, 1], [3, np.inf], "total_not_positive"),
        ([1, 0], [0, 1], [3, 2], "weight_not_positive"),
        ([1, -1], [0, 1], [3, 2], "weight_not_positive"),
        ([1, np.inf], [0, 1], [3, 2], "weight_not_positive"),
        ([1, 1], [0, 2], [3, 2], "category_unknown"),
        ([1, 1], [0, -1], [3, 2], "category_unknown"),
        ([1, 1], [0, 1], [], "category_unknown"),
        ([np.nan, np.nan], [0, 1], [3, 2], "no_data"),
        ([], [], [3, 2], "no_data"),
        ([], [], [], "no_data"),
    ],
)
def test_no_number(base: list[float], codes: list[int], totals: list[float], flag: str) -> None:
    no_number(raked(column(*base), [margin(codes, totals)]), flag)


def test_a_column_without_number_does_not_touch_the_others() -> None:
    base = np.array([[1, 1, np.nan, -1], [1, np.nan, np.nan, 1], [1, 1, np.nan, 1]])
    found = raked(base, [margin([0, 1, 1], [4, 6])])
    assert found.weights[:, :2] == pytest.approx(np.array([[4, 4], [3, np.nan], [3, 6]]), nan_ok=True)
    assert found.flag == ("", "", "no_data", "weight_not_positive")


@pytest.mark.parametrize("totals", [[5.0, 0.0], [5.0, np.nan]])
def test_a_category_without_people_and_without_persons_does_not_matter(totals: list[float]) -> None:
    found = raked(column(1, 1), [margin([0, 0], totals)])
    assert found.weights[:, 0] == pytest.approx([2.5, 2.5])
    assert found.flag == ("",)


def test_one_person_and_no_indicators() -> None:
    assert raked(column(7), [margin([0], [4])]).weights[:, 0] == pytest.approx([4])
    assert raked(np.empty((3, 0)), [margin([0, 0, 0], [4])]).weights.shape == (3, 0)


def test_far_apart_base_weights_raise_nothing() -> None:
    found = raked(column(1e-300, 1e300, 1, 1), [margin([0, 0, 1, 1], [3, 2])])
    assert np.isfinite(found.weights).all()
    # A sum too small to divide by counts as nobody.
    assert raked(column(1e-310, 1, 1, 1), [margin([0, 1, 1, 1], [3e6, 2])]).flag == ("not_converged: 1",)


@pytest.mark.parametrize("weights", [[np.nan, np.nan], [0.0, 0.0], [1.0, -1.0], [-1.0, -2.0], []])
def test_kish_effect_without_weights(weights: list[float]) -> None:
    assert np.isnan([*kish_effect(column(*weights)), *effective_n(column(*weights))]).all()


def test_response_ratio_without_categories() -> None:
    assert np.isnan(response_ratio(np.empty((0, 2)), np.empty(0))).all()
    assert response_ratio(np.empty((3, 0)), np.ones(3)).shape == (0,)
    assert np.isnan(response_ratio(np.ones((2, 1)), np.array([0.0, -1.0]))).all()


# Laws


@st.composite
def samples(draw: st.DrawFn) -> tuple[np.ndarray, list[Margin]]:
    """Persons in every cell of two margins, so that raking has an answer, with base weights of all sizes."""
    rows, columns = draw(st.integers(2, 4)), draw(st.integers(2, 3))
    cells = [(row, col) for row in range(rows) for col in range(columns)] * draw(st.integers(1, 3))
    base = np.array(draw(st.lists(st.floats(0.05, 20), min_size=len(cells), max_size=len(cells))))
    first = np.array(draw(st.lists(st.integers(1, 50), min_size=rows, max_size=rows)), float)
    second = np.array(draw(st.lists(st.integers(1, 50), min_size=columns, max_size=columns)), float)
    codes = np.array(cells, dtype=np.intp)
    return base[:, None], [Margin(codes[:, 0], first), Margin(codes[:, 1], second * first.sum() / second.sum())]


@laws
@given(samples())
def test_uncapped_weights_meet_all_totals(sample: tuple[np.ndarray, list[Margin]]) -> None:
    base, margins = sample
    found = raked(base, margins, cap=np.inf)
    for codes, totals, _ in margins:
        assert np.bincount(codes, weights=found.weights[:, 0]) == pytest.approx(totals, rel=1e-6)


@settings(derandomize=True, max_examples=10, deadline=None)
@given(samples())
def test_no_weight_is_above_the_cap(sample: tuple[np.ndarray, list[Margin]]) -> None:
    weights = raked(*sample).weights[:, 0]
    assert weights.max() <= 3 * np.median(weights) * (1 + 2e-6)
    assert weights.sum() == pytest.approx(sample[1][0].totals.sum(), rel=1e-6)


@laws
@given(samples(), st.sampled_from([0.01, 3.0, 1e6]))
def test_unit_of_base_does_not_matter_and_that_of_totals_scales(sample: tuple[np.ndarray, list[Margin]], scale: float) -> None:
    base, margins = sample
    found = raked(base, margins, cap=np.inf).weights
    assert raked(base * scale, margins, cap=np.inf).weights == pytest.approx(found, rel=1e-6)
    larger = [Margin(codes, totals * scale) for codes, totals, _ in margins]
    assert raked(base, larger, cap=np.inf).weights == pytest.approx(found * scale, rel=1e-6)


@laws
@given(samples(), st.randoms(use_true_random=False))
def test_order_of_persons_and_numbers_of_categories_do_not_matter(sample: tuple[np.ndarray, list[Margin]], random: object) -> None:
    base, margins = sample
    order = np.array(sorted(range(len(base)), key=lambda _: random.random()))  # type: ignore[attr-defined]
    turned = [Margin(len(totals) - 1 - codes[order], totals[::-1]) for codes, totals, _ in margins]
    assert raked(base[order], turned, cap=np.inf).weights == pytest.approx(raked(base, margins, cap=np.inf).weights[order], rel=1e-6)


@laws
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.sampled_from([0.001, 1.0, 1e150]))
def test_kish_effect_is_at_least_one_and_has_no_unit(weights: list[float], scale: float) -> None:
    effect = kish_effect(column(*weights))[0]
    assert 1 - 1e-12 <= effect <= len(weights) + 1e-9
    assert kish_effect(column(*weights) * scale)[0] == pytest.approx(effect)
    assert effect == pytest.approx(1 + np.var(weights) / np.mean(weights) ** 2)
