"""Effect sizes against clubSandwich, effectsize, R's noncentral t, hand-worked cases, laws and a simulation.

The expected values come from ``tests/reference/ranks_effects.R`` (versions in ``tests/reference/ranks_effects/versions.csv``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from midterm.compare.effects import cliffs_delta, hedges_g, hedges_g_noncentral_t, noncentral_interval, small_sample_factor, top_two_box
from midterm.compare.primary import primary
from midterm.compare.result import Method, Settings
from midterm.compare.two_waves import Outcome, TwoWaves

REFERENCE = Path(__file__).parents[1] / "reference" / "ranks_effects"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
OUTCOMES = (Outcome("item", "item", 1, 5), Outcome("scale", "mean", 1, 5), Outcome("smooth", "mean", -5, 10))
CASES = list(dict.fromkeys(PERSONS["case"]))
METHODS: list[Method] = [hedges_g_noncentral_t, hedges_g, cliffs_delta, top_two_box]
AGREES = {"rel": 1e-7, "abs": 1e-12}


def reference(name: str, case: str) -> pd.DataFrame:
    table = pd.read_csv(REFERENCE / f"{name}.csv")
    return table[table["case"] == case].set_index("outcome").reindex([outcome.name for outcome in OUTCOMES])


def of_case(case: str) -> TwoWaves:
    persons = PERSONS[PERSONS["case"] == case].rename(columns={"person": "respondent_id"}).assign(alliance="one")
    return TwoWaves.of(persons, OUTCOMES, ("first", "last"))


def waves(before: list[float], after: list[float], organisations: int = 4) -> TwoWaves:
    """Return persons with one item, the same persons as far as both waves go; organisations take turns."""
    y = np.array([*before, *after], dtype=float)[:, None]
    person = np.array([*range(len(before)), *range(len(after))], dtype=np.intp)
    is_after = np.repeat([False, True], [len(before), len(after)])
    return TwoWaves(
        y, is_after, person % organisations, person, 0 * person, np.ones_like(y), np.full((2, organisations), np.nan), (Outcome("x", "item", 1, 5),)
    )


# Hedges' g


def test_small_sample_factor_by_hand() -> None:
    # Gamma(1) / Gamma(.5) = 1 / sqrt(pi); Gamma(1.5) / Gamma(1) = sqrt(pi) / 2; Gamma(2) / Gamma(1.5) = 2 / sqrt(pi).
    expected = [np.nan, np.nan, 1 / np.sqrt(np.pi), np.sqrt(np.pi) / 2 / np.sqrt(1.5), np.sqrt(2 / np.pi)]
    assert small_sample_factor(np.array([0.0, 1.0, 2.0, 3.0, 4.0])) == pytest.approx(expected, nan_ok=True)
    # Near Hedges' approximation 1 - 3 / (4 m - 1).
    assert small_sample_factor(np.array([50.0, 500.0])) == pytest.approx([1 - 3 / 199, 1 - 3 / 1999], abs=2e-5)


def test_noncentral_interval_equals_r() -> None:
    table = pd.read_csv(REFERENCE / "noncentral.csv")
    for level, rows in table.groupby("level"):
        low, high = noncentral_interval(rows["t"].to_numpy(float), rows["df"].to_numpy(float), float(level))  # type: ignore[arg-type]
        assert low == pytest.approx(rows["low"].to_numpy(), rel=1e-8, abs=1e-8)
        assert high == pytest.approx(rows["high"].to_numpy(), rel=1e-8, abs=1e-8)


def test_scipy_alone_is_not_accurate_enough() -> None:
    rows = pd.read_csv(REFERENCE / "noncentral.csv").query("level == 0.95 and t > 0")
    rough = special.nctdtrinc(rows["df"].to_numpy(float), 0.025, rows["t"].to_numpy(float))
    assert np.abs(rough - rows["high"]).max() > 1e-7


def test_noncentral_interval_where_there_is_none() -> None:
    # At t = 0 the limits are the normal's, whatever the df, as P(T <= 0) is that of a normal below minus the noncentrality: R qnorm(.975) = 1.959964.
    low, high = noncentral_interval(np.array([np.nan, 1.0, 101.0, 0.0]), np.array([5.0, np.nan, 5.0, 1e6]), 0.95)
    assert (low[:3], high[:3]) == (pytest.approx([np.nan] * 3, nan_ok=True), pytest.approx([np.nan] * 3, nan_ok=True))
    assert (low[3], high[3]) == pytest.approx((-1.959964, 1.959964), abs=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_hedges_g_equals_r(case: str) -> None:
    expected, data = reference("hedges_g", case), of_case(case)
    found, linear = hedges_g_noncentral_t(data, Settings()), hedges_g(data, Settings())
    for field, column in [("estimate", "change"), ("std_error", "std_error"), ("df", "df"), ("p_value", "p_value"), ("effect_size", "effect")]:
        assert getattr(found, field) == pytest.approx(expected[column].to_numpy(), **AGREES), field
        assert getattr(linear, field) == pytest.approx(getattr(found, field)), field
    assert found.effect_low == pytest.approx(expected["effect_low"].to_numpy(), **AGREES)
    assert found.effect_high == pytest.approx(expected["effect_high"].to_numpy(), **AGREES)
    assert linear.effect_low == pytest.approx(expected["linear_low"].to_numpy(), **AGREES)
    assert linear.effect_high == pytest.approx(expected["linear_high"].to_numpy(), **AGREES)


@pytest.mark.parametrize("case", CASES)
def test_noncentral_limits_are_those_of_effectsize(case: str) -> None:
    # Glass's delta of independent persons: t by Welch's error on n0 - 1 df. effectsize searches with a tolerance of some 1e-4.
    expected = reference("glass_delta", case)
    low, high = noncentral_interval(expected["t"].to_numpy(float), expected["n_from"].to_numpy(float) - 1, 0.95)
    error = expected["error_in_sd"].to_numpy(float)
    assert low * error == pytest.approx(expected["delta_low"].to_numpy(), abs=1e-3)
    assert high * error == pytest.approx(expected["delta_high"].to_numpy(), abs=1e-3)


def test_hedges_g_of_independent_persons_is_near_glass_delta() -> None:
    # One person in each organisation: the same error as Welch's; the df are other (37 for 18), so that the limits are near only.
    expected, found = reference("glass_delta", "each_alone"), hedges_g_noncentral_t(of_case("each_alone"), Settings())
    factor = small_sample_factor(expected["n_from"].to_numpy(float) - 1)
    assert found.effect_size == pytest.approx(factor * expected["delta"].to_numpy())
    assert found.effect_low == pytest.approx(factor * expected["delta_low"].to_numpy(), abs=0.05)
    assert found.effect_high == pytest.approx(factor * expected["delta_high"].to_numpy(), abs=0.05)


def test_hedges_g_leaves_out_zero_where_p_is_small() -> None:
    for case in CASES:
        found = hedges_g_noncentral_t(of_case(case), Settings())
        leaves_out = (np.asarray(found.effect_low) > 0) | (np.asarray(found.effect_high) < 0)
        assert leaves_out.tolist() == (np.asarray(found.p_value) < 0.05).tolist()


# Cliff's delta and the two highest answers


@pytest.mark.parametrize("case", CASES)
def test_cliffs_delta_equals_club_sandwich(case: str) -> None:
    expected, data = reference("cliffs_delta", case), of_case(case)
    found = cliffs_delta(data, Settings())
    for field, column in [("effect_size", "delta"), ("effect_low", "delta_low"), ("effect_high", "delta_high"), ("df", "df"), ("p_value", "p_value")]:
        assert getattr(found, field) == pytest.approx(expected[column].to_numpy(), **AGREES), field
    assert found.estimate == pytest.approx(primary(data, Settings()).estimate)
    assert found.flag == ("", "", "")


def test_cliffs_delta_by_hand() -> None:
    # 1, 2, 3 before and 2, 4 after: of 6 comparisons 4 higher, 1 tie, 1 lower.
    found = cliffs_delta(waves([1, 2, 3], [2, 4]), Settings())
    assert found.effect_size == pytest.approx([(4 - 1) / 6])


@pytest.mark.parametrize("case", CASES)
def test_top_two_box_equals_club_sandwich(case: str) -> None:
    expected, data = reference("top_two_box", case).iloc[0], of_case(case)
    found = top_two_box(data, Settings())
    for field, column in [("effect_size", "change"), ("effect_low", "ci_low"), ("effect_high", "ci_high"), ("df", "df"), ("p_value", "p_value")]:
        assert getattr(found, field)[0] == pytest.approx(expected[column], **AGREES), field
    assert found.estimate[0] == pytest.approx(primary(data, Settings()).estimate[0])
    assert found.flag == ("", "not_an_item", "not_an_item")
    assert np.isnan(np.asarray(found.effect_size)[1:]).all()


def test_top_two_box_by_hand() -> None:
    # 4 and 5 of 1, 4, 5, 2 before (a half), 3.5 is not 4: of 3.5, 4, 5, 5 after three quarters.
    found = top_two_box(waves([1, 4, 5, 2], [3.5, 4, 5, 5]), Settings())
    assert found.effect_size == pytest.approx([0.25])
    assert found.effect_name == "top_two_box_difference"


# Laws


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@pytest.mark.parametrize("case", ["small", "usual", "unequal"])
def test_laws_of_order_and_codes(method: Method, case: str) -> None:
    data = of_case(case)
    found = method(data, Settings())
    order = np.random.default_rng(3).permutation(len(data.y))
    for other in (data.rows(order), replace(data, organisation=data.n_codes - 1 - data.organisation, person=data.person.max() - data.person)):  # type: ignore[arg-type]
        same = method(other, Settings())
        for field in ("estimate", "effect_size", "effect_low", "effect_high", "p_value", "df"):
            assert getattr(same, field) == pytest.approx(getattr(found, field), nan_ok=True, rel=1e-8, abs=1e-12), field


@pytest.mark.parametrize("method", [hedges_g_noncentral_t, hedges_g, cliffs_delta], ids=lambda method: method.__name__)
@pytest.mark.parametrize("case", ["small", "usual", "unequal"])
def test_effects_know_no_unit(method: Method, case: str) -> None:
    data = of_case(case)
    found, scaled = method(data, Settings()), method(replace(data, y=2 + 10 * data.y), Settings())
    turned = method(replace(data, y=6 - data.y), Settings())
    assert scaled.estimate == pytest.approx(10 * found.estimate)
    for field in ("effect_size", "effect_low", "effect_high"):
        assert getattr(scaled, field) == pytest.approx(getattr(found, field), rel=1e-7)
    assert turned.effect_size == pytest.approx(-np.asarray(found.effect_size))
    assert turned.effect_low == pytest.approx(-np.asarray(found.effect_high), rel=1e-7)


def test_swapping_waves_turns_cliffs_delta() -> None:
    data = of_case("usual")
    found, swapped = cliffs_delta(data, Settings()), cliffs_delta(replace(data, is_after=~data.is_after), Settings())
    assert swapped.effect_size == pytest.approx(-np.asarray(found.effect_size))
    assert swapped.effect_low == pytest.approx(-np.asarray(found.effect_high))
    assert swapped.p_value == pytest.approx(found.p_value)


# Simulation


def drawn(sizes: list[int], rise: float, replicates: int, seed: int) -> TwoWaves:
    """Return replicates as columns: organisations of these sizes, change differing between them (SD .25), persons drawn anew, SD .9 in all."""
    random = np.random.default_rng(seed)
    home = np.repeat(np.arange(len(sizes)), sizes)
    n = len(home)
    lean, tilt = random.normal(0, 0.3, (len(sizes), replicates)), random.normal(0, 0.25, (len(sizes), replicates))
    before = lean[home] + random.normal(0, 0.85, (n, replicates))
    after = lean[home] + tilt[home] + rise + random.normal(0, 0.85, (n, replicates))
    y, organisation = np.vstack([before, after]), np.tile(home, 2)
    outcomes = (Outcome("x", "mean", -9, 9),) * replicates
    return TwoWaves(
        y, np.repeat([False, True], n), organisation, np.arange(2 * n), 0 * organisation, np.ones_like(y), np.full((2, len(sizes)), np.nan), outcomes
    )


def test_cliffs_delta_keeps_its_level_with_few_and_uneven_organisations() -> None:
    for seed, sizes in enumerate([[4, 8, 12], [3, 6, 9, 3, 9], [40, 3, 3, 3, 3]]):
        data = drawn(sizes, 0.0, 1500, seed)
        assert np.mean(np.asarray(cliffs_delta(data, Settings()).p_value) < 0.05) <= stats.binom.ppf(0.999, 1500, 0.05) / 1500


def test_linearised_interval_covers_where_the_noncentral_one_does_not() -> None:
    # Change of one standard deviation (.9014), eight organisations: the noncentral t on clustered errors is far too wide.
    true = 1.0
    data = drawn([3, 5, 8, 3, 10, 6, 3, 8], np.hypot(0.3, 0.85) * true, 1500, 9)
    covered = {}
    for method in (hedges_g_noncentral_t, hedges_g):
        found = method(data, Settings())
        covered[method.__name__] = np.mean((np.asarray(found.effect_low) <= true) & (np.asarray(found.effect_high) >= true))
    assert 0.93 <= covered["hedges_g"] <= 0.97
    assert covered["hedges_g_noncentral_t"] > 0.97


# Bad input

NAN = float("nan")
BAD: dict[str, tuple[TwoWaves, tuple[str, str, str]]] = {
    "nobody": (waves([], []), ("no_data", "no_data", "no_data")),
    "one_wave": (waves([1, 2, 3], []), ("no_data", "no_data", "no_data")),
    "all_missing": (waves([NAN] * 3, [NAN] * 3), ("no_data", "no_data", "no_data")),
    "one_each": (waves([3], [5]), ("one_organisation; few_before", "one_organisation; separated", "one_organisation")),
    "two_each": (waves([3, 3], [4, 2]), ("few_before", "", "")),
    "one_organisation": (waves([1, 2, 4, 4], [3, 4, 2, 5], organisations=1), ("one_organisation", "one_organisation", "one_organisation")),
    "all_the_same": (waves([3] * 4, [3] * 4), ("no_variance; no_variance_before", "no_variance", "no_variance")),
    "all_up_alike": (waves([3] * 4, [4] * 4), ("no_variance; no_variance_before", "separated", "no_variance")),
    "same_before": (waves([3] * 4, [1, 4, 5, 2]), ("no_variance_before", "", "")),
    "separated": (waves([1, 2, 1, 2], [4, 5, 5, 4]), ("", "separated", "no_variance")),
}
NAMES = ["hedges_g", "cliffs_delta", "top_two_box"]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("position", range(3), ids=NAMES)
def test_bad_input_gives_a_flag_and_no_number(name: str, position: int) -> None:
    data, expected = BAD[name]
    for method in [[hedges_g_noncentral_t, hedges_g], [cliffs_delta], [top_two_box]][position]:
        found = method(data, Settings())
        assert found.flag == (expected[position],)
        assert np.isfinite(np.asarray(found.effect_low)[0]) == np.isfinite(np.asarray(found.effect_high)[0]) == (expected[position] == "")
        assert np.isnan(found.estimate[0]) == (expected[position] == "no_data")


def test_no_interval_where_t_is_far_beyond() -> None:
    found = hedges_g_noncentral_t(waves([1, 1.001, 1, 1.001, 1.002, 1], [5, 5, 5.001, 5, 5, 5.001]), Settings())
    assert found.flag == ("far_beyond",)
    assert np.isfinite(found.effect_size[0])  # type: ignore[index]
    assert np.isnan(found.effect_low[0])  # type: ignore[index]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_a_bad_column_leaves_the_others_alone(method: Method) -> None:
    data = of_case("usual")
    spoilt = np.column_stack([data.y, np.full(len(data.y), np.nan), np.full(len(data.y), 3.0)])
    wide = replace(data, y=spoilt, exposure=np.ones_like(spoilt), outcomes=(*OUTCOMES, OUTCOMES[0], OUTCOMES[0]))
    found, alone = method(wide, Settings()), method(data, Settings())
    assert np.asarray(found.effect_low)[:3] == pytest.approx(alone.effect_low, nan_ok=True)
    assert np.isnan(np.asarray(found.effect_low)[3:]).all()
    assert len(method(data.only(np.zeros(3, dtype=bool)), Settings()).estimate) == 0
