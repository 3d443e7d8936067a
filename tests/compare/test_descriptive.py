"""What the people on the staff list said, and the change raked to that list, against R survey and clubSandwich, hand-worked cases and laws.

The expected values come from ``tests/reference/weights_descriptive.R`` (programs and versions in ``versions.csv`` beside them).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy import stats

from midterm.compare.descriptive import descriptive_change, descriptive_level, raked_change, raked_weights
from midterm.compare.primary import primary
from midterm.compare.result import Method, Result, Settings
from midterm.compare.two_waves import AFTER, BEFORE, Outcome, TwoWaves

REFERENCE = Path(__file__).parents[1] / "reference" / "weights_descriptive"
PERSONS = pd.read_csv(REFERENCE / "persons.csv").rename(columns={"person": "respondent_id", "events_exposure": "events:exposure"}).assign(alliance="one")
PEOPLE = pd.read_csv(REFERENCE / "people.csv").assign(alliance="one")
DESCRIPTIVE = pd.read_csv(REFERENCE / "descriptive.csv")
RAKED = pd.read_csv(REFERENCE / "raked_change.csv")
OUTCOMES = [Outcome("score", "mean", 1, 5), Outcome("gapped", "mean", 1, 5), Outcome("has", "share", 0, 1), Outcome("events", "count", 0, np.inf)]
COLUMN = {outcome.name: at for at, outcome in enumerate(OUTCOMES)}
WAVES = ("first", "last")
AGREES = {"rel": 1e-6, "abs": 1e-12}
DEFAULT = Settings()
laws = examples(derandomize=True, max_examples=25, deadline=None)


def of_design(design: str) -> TwoWaves:
    return TwoWaves.of(PERSONS[PERSONS["design"] == design], OUTCOMES, WAVES, PEOPLE[PEOPLE["design"] == design])


def small(before: list[list[float]], after: list[list[float]], people: list[list[float]]) -> TwoWaves:
    """One indicator: the scores of each organisation in each wave, and people (2, G); nobody is linked."""
    cells = [*enumerate(before), *enumerate(after)]
    y = np.array([score for _, scores in cells for score in scores], dtype=float)[:, None]
    organisation = np.array([at for at, scores in cells for _ in scores], dtype=np.intp)
    is_after = np.arange(len(y)) >= sum(map(len, before))
    person, alliance = np.arange(len(y)), np.zeros(len(y), dtype=np.intp)
    population = np.array(people, dtype=float).reshape(2, len(before))
    return TwoWaves(y, is_after, organisation, person, alliance, np.ones_like(y), population, (Outcome("score", "mean", 1, 5),))


def numbers(result: Result) -> np.ndarray:
    """Return estimate, error, df, interval, p and p floor (7, k)."""
    found = result.columns()
    return np.array([found[name] for name in ("estimate", "std_error", "df", "ci_low", "ci_high", "p_value", "p_floor")], dtype=float)


# Against R survey


@pytest.mark.parametrize("row", [row for _, row in DESCRIPTIVE.iterrows()], ids=lambda row: f"{row.design}-{row.outcome}-{row.quantity}-{row.level}")
def test_equals_survey(row: pd.Series) -> None:
    data, settings, at = of_design(row["design"]), Settings(level=row["level"]), COLUMN[row["outcome"]]
    result = descriptive_change(data, settings) if row["quantity"] == "change" else descriptive_level(data, WAVES.index(row["quantity"]), settings)  # type: ignore[arg-type]
    found = result.columns()
    for name in ("estimate", "std_error", "df", "ci_low", "ci_high"):
        assert found[name][at] == pytest.approx(row[name], **AGREES), name  # type: ignore[index]
    assert np.isnan(found["p_value"]).all()  # type: ignore[call-overload]


@pytest.mark.parametrize("row", [row for _, row in RAKED.iterrows()], ids=lambda row: f"{row.design}-{row.outcome}")
def test_raked_change_equals_survey_and_club_sandwich(row: pd.Series) -> None:
    data, at = of_design(row["design"]), COLUMN[row["outcome"]]
    result = raked_change(data, DEFAULT)
    found = result.columns()
    for name in ("estimate", "std_error", "df", "ci_low", "ci_high", "p_value"):
        assert found[name][at] == pytest.approx(row[name], **AGREES), name  # type: ignore[index]
    assert ("response_alike" in result.flag[at]) != row["is_raked"]
    assert f"kish_effect: {row['kish_effect']:.2f}" in result.flag[at]


def test_flags_of_the_designs() -> None:
    assert descriptive_change(of_design("sampled"), DEFAULT).flag == ("",) * 4
    assert descriptive_change(of_design("census"), DEFAULT).flag == ("census", "organisations_with_one_respondent: 1; df_in_effect: 1", "census", "census")
    # Above, the second has gaps: 5 of 6, then 1 of 3 and 4 of 5 people: (.0071 + .0417 + .0087)^2 / (.0071^2 / 4 + .0417^2 + .0087^2 / 3) = 1.9.
    assert descriptive_level(of_design("census_first"), BEFORE, DEFAULT).flag[0] == "census"
    assert descriptive_change(of_design("census_first"), DEFAULT).flag[0] == ""
    # 1, 5, 4 of 6, 12, 10 people, then 3, 1, 6 of 7, 12, 11: (.0383 + .0214 + .0191 + .0104 + .1467 + .0102)^2 / .0233 = 2.6.
    assert descriptive_change(of_design("lonely"), DEFAULT).flag[0] == "organisations_with_one_respondent: 2; df_in_effect: 2"
    assert descriptive_change(of_design("lonely_of_one"), DEFAULT).flag[0] == ""
    assert descriptive_change(of_design("without_answers"), DEFAULT).flag[0] == "organisations_without_answers: 2"
    assert descriptive_level(of_design("without_answers"), AFTER, DEFAULT).flag[0] == "organisations_without_answers: 1"
    assert descriptive_change(of_design("leaver_and_entrant"), DEFAULT).flag[0] == ""
    assert raked_change(of_design("without_answers"), DEFAULT).flag[0].startswith("organisations_without_answers: 2; kish_effect")
    # 3 of 90 people are 30 each; the others of the first wave are 1.25 to 1.4 each, so that 3 x the median is about 4.
    assert raked_change(of_design("one_hard_to_reach"), DEFAULT).flag[0].startswith("capped: 3 (before); totals_not_met")
    assert raked_change(of_design("one_organisation"), DEFAULT).flag[0] == "one_organisation; response_alike; kish_effect: 1.00"


# By hand


def test_two_organisations_by_hand() -> None:
    # Before: 2 of 6 people with 1 and 3, 2 of 4 with 4 and 4: (6 x 2 + 4 x 4) / 10 = 2.8; variance (36 x (1 - 2/6) x 2 / 2) / 100 = .24.
    # After: 3 of 6 with 3, 4, 5, 2 of 4 with 2 and 4: (24 + 12) / 10 = 3.6; variance (36 x .5 x 1 / 3 + 16 x .5 x 2 / 2) / 100 = .14.
    result = descriptive_change(small([[1, 3], [4, 4]], [[3, 4, 5], [2, 4]], [[6, 4], [6, 4]]), DEFAULT)
    half = stats.t.ppf(0.975, 5) * np.sqrt(0.38)
    assert numbers(result)[:5, 0] == pytest.approx([0.8, np.sqrt(0.38), 5, 0.8 - half, 0.8 + half])
    # With variance 1 in each: .12 + .04 + .06 + .04 = .26, squared over .0144 + .0016 + .0036 / 2 + .0016 = .0194: 3.48.
    assert result.flag == ("df_in_effect: 3",)


def test_census_has_no_error() -> None:
    result = descriptive_change(small([[1, 3], [4]], [[3, 4, 5], [2]], [[2, 1], [3, 1]]), DEFAULT)
    assert numbers(result)[:, 0] == pytest.approx([3.5 - 8 / 3, 0, 3, 3.5 - 8 / 3, 3.5 - 8 / 3, np.nan, np.nan], nan_ok=True)
    assert result.flag == ("census",)


def test_census_of_one_person_each() -> None:
    result = descriptive_change(small([[1], [4]], [[3], [2]], [[1, 1], [1, 1]]), DEFAULT)
    assert numbers(result)[:, 0] == pytest.approx([0, 0, np.nan, 0, 0, np.nan, np.nan], nan_ok=True)
    assert result.flag == ("census",)


def test_census_of_those_with_answers_is_called_that() -> None:
    result = descriptive_change(small([[1, 3], []], [[3, 4, 5], [2]], [[2, 5], [3, 1]]), DEFAULT)
    assert (result.estimate[0], numbers(result)[1, 0]) == pytest.approx((1.5, 0))
    assert result.flag == ("census_of_organisations_with_answers; organisations_without_answers: 1",)


def test_a_person_without_a_score_ends_the_census() -> None:
    data = small([[1, 3], [4]], [[3, 4, 5], [2]], [[2, 1], [3, 1]])
    y = np.where(np.arange(len(data.y)) == 3, np.nan, data.y[:, 0])[:, None]
    result = descriptive_change(replace(data, y=y), DEFAULT)
    # After: 2 of 3 people with 4 and 5, weight 3 of 4: variance 9 x (1 / 3) x .5 / 2 / 16. These two decide the error alone.
    assert numbers(result)[1, 0] == pytest.approx(np.sqrt(0.75 / 16))
    assert result.flag == ("df_in_effect: 1",)


def test_raked_weights_by_hand() -> None:
    # Before: 3 of 3 and 1 of 2 people: 1, 1, 1, 2 times 4 / 5. After: 2 of 4 and 2 of 4: all 1.
    weights = raked_weights(small([[1, 3, 2], [4]], [[3, 4], [2, 5]], [[3, 2], [4, 4]]))
    assert weights[:, 0] == pytest.approx([0.8, 0.8, 0.8, 1.6, 1, 1, 1, 1])


def test_raked_weights_are_capped_at_three_times_the_median() -> None:
    # Before: 3 of 3 and 1 of 9 people: 1, 1, 1, 9 cut to 3, of sum 6, to mean 1.
    data = small([[1, 3, 2], [4]], [[3, 4], [2, 5]], [[3, 9], [4, 4]])
    assert raked_weights(data)[:4, 0] == pytest.approx(np.array([1, 1, 1, 3]) * 4 / 6)
    assert "capped: 1 (before); totals_not_met: 1 (before)" in raked_change(data, DEFAULT).flag[0]


def test_even_response_is_the_primary_estimate() -> None:
    data = of_design("nearly_even")
    assert numbers(raked_change(data, DEFAULT))[:, 0] == pytest.approx(numbers(primary(data, DEFAULT))[:, 0], nan_ok=True)


# Too little to judge by: what can be said stands, with the reason; nothing is raised or warned

NAN = np.nan
SCORES: list[list[float]] = [[1, 3], [4, 2]]
KNOWN: list[list[float]] = [[6, 4], [6, 4]]


@pytest.mark.parametrize(
    ("before", "after", "people", "estimate", "flag"),
    [
        ([[], []], [[], []], KNOWN, NAN, "no_data"),
        ([], [], [], NAN, "no_data"),
        (SCORES, [[], []], KNOWN, NAN, "one_wave_only"),
        ([[], []], SCORES, KNOWN, NAN, "one_wave_only"),
        ([[NAN], [NAN]], [[NAN], []], KNOWN, NAN, "no_data"),
        (SCORES, [[3, 5], [5, 5]], [[NAN, NAN], [NAN, NAN]], 2, "population_unknown"),
        (SCORES, [[3, 5], [5, 5]], [[6, 4], [60, NAN]], 2, "population_unknown"),
        (SCORES, [[3, 5], [5, 5]], [[6, 4], [60, 1]], 2, "population_below_respondents"),
        (SCORES, [[3, 5], [5, 5]], [[NAN, 4], [60, 1]], 2, "population_unknown; population_below_respondents"),
        ([[2, 2], [4, 4]], [[3, 3], [5, 5]], KNOWN, 1, "no_variance"),
        ([[3.3, 3.3], [3.3, 3.3]], [[3.3, 3.3, 3.3], [3.3, 3.3]], KNOWN, 0, "no_variance"),
        ([[1, 3], [4, 4]], [[3, 3], [5, 5]], [[2, 4], [6, 4]], 3.8 - 20 / 6, "no_variance"),
        ([[2]], [[5]], [[4], [4]], 3, "no_degrees_of_freedom; organisations_with_one_respondent: 1"),
        ([[2], [4]], [[3], [5]], [[5, 5], [5, 1]], 1 / 3, "no_degrees_of_freedom; organisations_with_one_respondent: 2"),
    ],
)
def test_descriptive_without_error(before: list[list[float]], after: list[list[float]], people: list[list[float]], estimate: float, flag: str) -> None:
    result = descriptive_change(small(before, after, people), DEFAULT)
    assert numbers(result)[:, 0] == pytest.approx([estimate, *[np.nan] * 6], nan_ok=True)
    assert result.flag == (flag,)


@pytest.mark.parametrize(
    ("before", "people", "estimate", "flag"),
    [
        ([[], []], KNOWN, NAN, "no_data"),
        (SCORES, [[NAN, 4], [6, 4]], 2.5, "population_unknown"),
        (SCORES, [[1, 4], [6, 4]], 2.5, "population_below_respondents"),
        ([[2, 2], [4, 4]], KNOWN, 2.8, "no_variance"),
        ([[2], []], [[5, NAN], [5, 5]], 2, "no_degrees_of_freedom; organisations_with_one_respondent: 1"),
    ],
)
def test_level_without_error(before: list[list[float]], people: list[list[float]], estimate: float, flag: str) -> None:
    result = descriptive_level(small(before, [[3, 3.5], [1, 2]], people), BEFORE, DEFAULT)
    assert numbers(result)[:, 0] == pytest.approx([estimate, *[np.nan] * 6], nan_ok=True)
    assert result.flag == (flag,)


def test_level_does_not_need_the_other_wave() -> None:
    result = descriptive_level(small(SCORES, [[], []], [[6, 4], [NAN, NAN]]), BEFORE, DEFAULT)
    assert result.flag == ("df_in_effect: 1",)
    # (6 x 2 + 4 x 3) / 10; variance (36 x (2/3) x 2 / 2 + 16 x .5 x 2 / 2) / 100.
    assert numbers(result)[:3, 0] == pytest.approx([2.4, np.sqrt(0.32), 2])


@pytest.mark.parametrize(
    ("before", "after", "people", "estimate", "flag"),
    [
        ([[], []], [[], []], KNOWN, NAN, "no_data"),
        ([], [], [], NAN, "no_data"),
        (SCORES, [[], []], KNOWN, NAN, "one_wave_only"),
        (SCORES, [[3, 5], [5, 5]], [[6, 4], [60, NAN]], NAN, "population_unknown"),
        (SCORES, [[3, 5], [5, 5]], [[6, 4], [60, 1]], NAN, "population_below_respondents"),
        ([[1, 3]], [[2, 4]], [[5], [5]], 1, "one_organisation; response_alike; kish_effect: 1.00"),
        ([[2], []], [[], [5]], [[4, NAN], [NAN, 4]], 3, "one_organisation; response_alike; kish_effect: 1.00"),
        # Weights 4.5, 4.5, 2, 2 in each wave: 8 x 4 (4.5^2 + 2^2) / (4 x 6.5)^2 = 776 / 676.
        ([[2, 2], [2, 2]], [[3, 3], [3, 3]], [[9, 4], [9, 4]], 1, "no_variance; kish_effect: 1.15"),
        ([[2]], [[5]], [[1], [1]], 3, "one_organisation; response_alike; kish_effect: 1.00"),
    ],
)
def test_raked_without_error(before: list[list[float]], after: list[list[float]], people: list[list[float]], estimate: float, flag: str) -> None:
    result = raked_change(small(before, after, people), DEFAULT)
    assert numbers(result)[:, 0] == pytest.approx([estimate, *[np.nan] * 6], nan_ok=True)
    assert result.flag == (flag,)


@pytest.mark.parametrize("method", [descriptive_change, raked_change])
def test_bad_columns_do_not_touch_the_others(method: Method) -> None:
    data = of_design("sampled")
    wave = data.is_after[:, None]
    bad = np.hstack([np.full_like(data.y[:, :1], np.nan), np.where(wave, np.nan, data.y[:, :1]), np.ones_like(data.y[:, :1])])
    kind = (Outcome("bad", "mean", 1, 5),)
    mixed = replace(data, y=np.hstack([bad, data.y]), exposure=np.hstack([np.ones_like(bad), data.exposure]), outcomes=kind * 3 + data.outcomes)
    assert numbers(method(mixed, DEFAULT))[:, 3:] == pytest.approx(numbers(method(data, DEFAULT)), nan_ok=True)
    assert method(mixed, DEFAULT).flag[3:] == method(data, DEFAULT).flag
    assert method(mixed, DEFAULT).flag[:2] == ("no_data", "one_wave_only")


@pytest.mark.parametrize("method", [descriptive_change, raked_change, lambda data, settings: descriptive_level(data, AFTER, settings)])
def test_no_indicators_and_no_rows(method: Method) -> None:
    data = of_design("sampled")
    assert method(data.only(np.zeros(4, dtype=bool)), DEFAULT).flag == ()
    assert method(data.rows(np.zeros(len(data.y), dtype=bool)), DEFAULT).flag[0].startswith("no_data")


# Laws


@st.composite
def samples(draw: st.DrawFn) -> TwoWaves:
    """Five-point answers of 2 to 5 organisations in both waves, some of their people without answers."""
    sizes = np.array(draw(st.lists(st.tuples(st.integers(1, 7), st.integers(1, 7)), min_size=2, max_size=5))).T
    extra = np.array(draw(st.lists(st.integers(0, 12), min_size=sizes.size, max_size=sizes.size))).reshape(sizes.shape)
    scores = [[draw(st.lists(st.integers(1, 5), min_size=int(size), max_size=int(size))) for size in wave] for wave in sizes]
    return small(scores[0], scores[1], (sizes + extra).tolist())


def same(left: Result, right: Result, *, scale: float = 1.0) -> None:
    """Assert that ``right`` is ``left`` times ``scale``."""
    expected = numbers(left) * np.array([scale, abs(scale), 1, scale, scale, 1, 1])[:, None]
    expected[3:5] = np.sort(expected[3:5], axis=0)
    assert numbers(right) == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True)
    assert left.flag == right.flag


METHODS: list[Method] = [descriptive_change, raked_change]


@laws
@given(samples(), st.randoms(use_true_random=False))
def test_order_of_rows_and_codes_of_organisations_do_not_matter(data: TwoWaves, random: object) -> None:
    order = np.array(sorted(range(len(data.y)), key=lambda _: random.random()))  # type: ignore[attr-defined]
    turned = replace(data, organisation=data.n_codes - 1 - data.organisation, population=data.population[:, ::-1]).rows(order)
    for method in METHODS:
        same(method(data, DEFAULT), method(turned, DEFAULT))


@laws
@given(samples())
def test_swapping_waves_flips_the_sign(data: TwoWaves) -> None:
    left, right = (descriptive_change(each, DEFAULT) for each in (data, replace(data, is_after=~data.is_after, population=data.population[::-1])))
    same(left, right, scale=-1.0)


@laws
@given(samples(), st.integers(-20, 20), st.sampled_from([-1.0, 0.01, 25.0, 1000.0]))
def test_shift_does_not_matter_and_scale_scales(data: TwoWaves, shift: int, scale: float) -> None:
    for method in METHODS:
        same(method(data, DEFAULT), method(replace(data, y=data.y + shift), DEFAULT))
        same(method(data, DEFAULT), method(replace(data, y=data.y * scale), DEFAULT), scale=scale)


@laws
@given(samples())
def test_interval_is_inside_that_of_an_infinite_population(data: TwoWaves) -> None:
    # The same shares of a far larger population: no correction left, so the error can only be larger.
    finite, infinite = numbers(descriptive_change(data, DEFAULT)), numbers(descriptive_change(replace(data, population=data.population * 1e9), DEFAULT))
    assert infinite[0] == pytest.approx(finite[0], abs=1e-12)
    assert np.nan_to_num(finite[1])[0] <= np.nan_to_num(infinite[1], nan=np.inf)[0] + 1e-12


@laws
@given(samples(), st.sampled_from([BEFORE, AFTER]))
def test_change_is_the_difference_of_levels(data: TwoWaves, first: Literal[0, 1]) -> None:
    levels = [numbers(descriptive_level(data, wave, DEFAULT))[0] for wave in (first, 1 - first)]  # type: ignore[arg-type]
    change = numbers(descriptive_change(data, DEFAULT))[0]
    assert levels[1] - levels[0] == pytest.approx(change if first == BEFORE else -change, abs=1e-12)


@laws
@given(samples())
def test_raked_weights_have_mean_one_in_each_wave(data: TwoWaves) -> None:
    weights = raked_weights(data)[:, 0]
    assert weights[data.is_after].mean() == pytest.approx(1)
    assert weights[~data.is_after].mean() == pytest.approx(1)
