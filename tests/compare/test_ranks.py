"""Rank tests against coin, exactRankTests, effectsize, hand-worked cases, whole enumerations and laws.

The expected values come from ``tests/reference/ranks_effects.R`` (versions in ``tests/reference/ranks_effects/versions.csv``).
"""

from __future__ import annotations

from itertools import combinations, product
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from midterm.compare import ranks
from midterm.compare.ranks import asymmetric, brunner_munzel, mann_whitney, signed_rank
from midterm.compare.result import Method, Result, Settings
from midterm.compare.two_waves import Outcome, TwoWaves
from midterm.measure.clustered import Floats

REFERENCE = Path(__file__).parents[1] / "reference" / "ranks_effects"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
OUTCOMES = (Outcome("item", "item", 1, 5), Outcome("scale", "mean", 1, 5), Outcome("smooth", "mean", -5, 10))
CASES = list(dict.fromkeys(PERSONS["case"]))
AGREES = {"rel": 1e-9, "abs": 1e-14}
P_AGREES = {"rel": 1e-9, "abs": 0.0}
METHODS = [signed_rank, mann_whitney, brunner_munzel]
laws = settings(derandomize=True, max_examples=20, deadline=None)


def reference(name: str, case: str) -> pd.DataFrame:
    """Return the expected values of one case, a row per outcome in their order, NaN where there is none."""
    table = pd.read_csv(REFERENCE / f"{name}.csv")
    table = table[table["case"] == case].set_index("outcome")
    return table.reindex([outcome.name for outcome in OUTCOMES])


def of_case(case: str) -> TwoWaves:
    persons = PERSONS[PERSONS["case"] == case].rename(columns={"person": "respondent_id"}).assign(alliance="one")
    return TwoWaves.of(persons, OUTCOMES, ("first", "last"))


def linked(before: list[float], after: list[float]) -> TwoWaves:
    """Return persons with one indicator in both waves, each in an organisation of its own."""
    return waves(before, after, list(range(len(before))), list(range(len(after))))


def waves(before: list[float], after: list[float], first: list[int] | None = None, last: list[int] | None = None) -> TwoWaves:
    """Return persons with one indicator, nobody linked unless ``first`` and ``last`` say so."""
    y = np.array([*before, *after], dtype=float)[:, None]
    person = np.array([*(first or range(len(before))), *(last or range(len(before), len(y)))], dtype=np.intp)
    is_after = np.repeat([False, True], [len(before), len(after)])
    people = np.full((2, max(len(y), 1)), np.nan)
    return TwoWaves(y, is_after, person, person, np.zeros(len(y), dtype=np.intp), np.ones_like(y), people, (Outcome("x", "item", 1, 5),))


def one(result: Result) -> dict[str, object]:
    return {name: values[0] for name, values in result.columns().items()}  # type: ignore[index]


# Against other programs


@pytest.mark.parametrize("case", CASES)
def test_signed_rank_equals_coin(case: str) -> None:
    expected, found = reference("signed_rank", case), signed_rank(of_case(case), Settings())
    assert found.p_value == pytest.approx(expected["p_value"].to_numpy(), nan_ok=True, **P_AGREES)
    assert found.estimate == pytest.approx(expected["estimate"].to_numpy(), nan_ok=True, **AGREES)
    assert found.effect_size == pytest.approx(expected["effect_by_hand"].to_numpy(), nan_ok=True, **AGREES)
    for name, column in [("effect_size", "effect_by_effectsize"), ("p_value", "p_by_exact_rank_tests")]:
        has = expected[column].notna().to_numpy()
        assert getattr(found, name)[has] == pytest.approx(expected.loc[has, column].to_numpy(), **AGREES), column
    assert found.p_floor == pytest.approx(2.0 ** (1 - expected["changed"].to_numpy()), nan_ok=True)


@pytest.mark.parametrize("case", CASES)
def test_mann_whitney_equals_coin_and_effectsize(case: str) -> None:
    expected, found = reference("mann_whitney", case), mann_whitney(of_case(case), Settings())
    assert found.estimate == pytest.approx(expected["estimate"].to_numpy(), **AGREES)
    assert found.p_value == pytest.approx(expected["p_value"].to_numpy(), **P_AGREES)
    assert found.effect_size == pytest.approx(expected["delta"].to_numpy(), **AGREES)
    assert found.effect_low == pytest.approx(expected["delta_low"].to_numpy(), **AGREES)
    assert found.effect_high == pytest.approx(expected["delta_high"].to_numpy(), **AGREES)
    assert found.flag == ("", "", "")


@pytest.mark.parametrize("case", CASES)
def test_asymptotic_p_equals_coin(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "COST", 0.0)
    monkeypatch.setattr(ranks, "SHIFT_COST", 0.0)
    for name, method in [("mann_whitney", mann_whitney), ("signed_rank", signed_rank)]:
        expected, found = reference(name, case), method(of_case(case), Settings())
        has = expected["p_asymptotic"].notna().to_numpy()
        floor = np.asarray(found.p_floor)[has]
        assert np.asarray(found.p_value)[has] == pytest.approx(np.maximum(expected.loc[has, "p_asymptotic"].to_numpy(), floor), **AGREES)
        assert all("asymptotic" in flag for flag, there in zip(found.flag, has & (np.asarray(found.p_value) < 1), strict=True) if there)


def test_many_persons_are_asymptotic() -> None:
    large = pd.read_csv(REFERENCE / "large.csv")
    found = one(mann_whitney(waves(*[large.loc[large["is_last"] == wave, "scale"].tolist() for wave in (0, 1)]), Settings()))
    assert found["p_value"] == pytest.approx(pd.read_csv(REFERENCE / "large_p.csv")["p_value"][0], **AGREES)
    assert found["flag"] == "asymptotic"


@pytest.mark.parametrize("case", CASES)
def test_brunner_munzel_equals_all_comparisons_and_scipy(case: str) -> None:
    data, expected = of_case(case), reference("brunner_munzel", case)
    found = brunner_munzel(data, Settings())
    assert found.effect_size == pytest.approx(expected["better"].to_numpy(), **AGREES)
    assert found.df == pytest.approx(expected["df"].to_numpy(), **AGREES)
    assert found.p_value == pytest.approx(expected["p_value"].to_numpy(), **P_AGREES)
    # A probability is between 0 and 1; the reference's limits are not cut there.
    assert found.effect_low == pytest.approx(expected["better_low"].clip(0, 1).to_numpy(), **AGREES)
    assert found.effect_high == pytest.approx(expected["better_high"].clip(0, 1).to_numpy(), **AGREES)
    for column in range(3):
        y = data.y[:, column]
        assert stats.brunnermunzel(y[~data.is_after], y[data.is_after]).pvalue == pytest.approx(found.p_value[column], **AGREES)  # type: ignore[index]


def test_brunner_munzel_published() -> None:
    # Pain after two treatments, as printed by lawstat's brunner.munzel.test: df 17.683, p .005786, .788961 (.5952169 to .9827052).
    found = one(brunner_munzel(waves([1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1], [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]), Settings()))
    assert (found["df"], found["p_value"], found["effect_size"]) == (
        pytest.approx(17.683, abs=5e-4),
        pytest.approx(0.005786, abs=5e-7),
        pytest.approx(0.788961, abs=5e-7),
    )
    assert (found["effect_low"], found["effect_high"]) == (pytest.approx(0.5952169, abs=5e-8), pytest.approx(0.9827052, abs=5e-8))


def test_cliff_limits_published() -> None:
    # Limits: effsize's kept output of cliff.delta(use.unbiased = FALSE, use.normal = TRUE). Variance terms of its data (10, 10, 20, 20, 20,
    # 30, 30, 30, 40, 50 and 10, 20, 30, 40, 40, 50): with R's m = sign(outer()), var(rowMeans(m)), var(colMeans(m)), sum((m - mean(m))^2) / (9 x 5).
    variance = (5 * 0.26697530864 + 9 * 0.447 + 1.00555555556) / 60
    low, high = asymmetric(np.array([-0.25]), np.sqrt([variance]), np.array([1e12]), 0.95)
    assert (low[0], high[0]) == pytest.approx((-0.7125351, 0.3639999), abs=1e-7)


# By hand


def test_signed_rank_by_hand() -> None:
    # Changes 0, 1, 1, -2, 3: midranks 1, 2.5, 2.5, 4, 5; up 10, down 4; of 16 sign patterns the smaller sum is at most 4 in
    # 0, 2.5, 2.5, 4: four, and as many on the other side: p = 8 / 16.
    found = one(signed_rank(linked([3, 3, 3, 3, 2], [3, 4, 4, 1, 5]), Settings()))
    assert (found["estimate"], found["p_value"], found["p_floor"], found["effect_size"]) == pytest.approx((0.6, 0.5, 2 / 16, 6 / 14))


def test_mann_whitney_by_hand() -> None:
    # 1, 1, 2 before and 2, 3 after: midranks 1.5, 1.5, 3.5 | 3.5, 5: rank sum 8.5, mean 6. Of 10 pairs of ranks: 8.5 comes up
    # twice (5 with either 3.5), 3 once (distance 3): 2.5 or farther are 3 of 10. The farthest alone is 1 of 10.
    found = one(mann_whitney(waves([1, 1, 2], [2, 3]), Settings()))
    assert (found["p_value"], found["p_floor"], found["effect_size"]) == pytest.approx((0.3, 0.1, 5 / 6))
    assert found["effect_name"] == "cliffs_delta"


def test_scipy_is_wrong_with_ties_where_the_enumeration_is_right() -> None:
    before, after = [2, 2, 3, 3, 3, 4], [3, 4, 4, 4, 5, 5]
    own = stats.rankdata([*before, *after])
    sums = np.array([own[list(chosen)].sum() for chosen in combinations(range(12), 6)])
    right = np.mean(np.abs(sums - 39) >= abs(own[6:].sum() - 39) - 1e-9)
    assert one(mann_whitney(waves(before, after), Settings()))["p_value"] == pytest.approx(right)
    assert abs(stats.mannwhitneyu(before, after, method="exact").pvalue - right) > 0.005


# Laws

answers = st.lists(st.integers(1, 5), min_size=1, max_size=7)
steps = st.lists(st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0, 4.75]), min_size=1, max_size=7)


@laws
@given(before=st.one_of(answers, steps), after=st.one_of(answers, steps))
def test_mann_whitney_is_the_enumeration(before: list[float], after: list[float]) -> None:
    found = one(mann_whitney(waves(before, after), Settings()))
    own = stats.rankdata([*before, *after])
    away = np.abs([own[list(chosen)].sum() - own.mean() * len(after) for chosen in combinations(range(len(own)), len(after))])
    if len(set(own)) == 1:
        assert found["flag"].split("; ")[0] == "all_ties"  # type: ignore[attr-defined]
        return
    distance = abs(own[len(before) :].sum() - own.mean() * len(after))
    assert found["p_value"] == pytest.approx(np.mean(away >= distance - 1e-9))
    assert found["p_floor"] == pytest.approx(np.mean(away >= away.max() - 1e-9))


@laws
@given(change=st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_signed_rank_is_the_enumeration(change: list[float]) -> None:
    found = one(signed_rank(linked([3.0] * len(change), [3.0 + step for step in change]), Settings()))
    own = stats.rankdata(np.abs(change))[np.array(change) != 0]
    signs = np.sign([step for step in change if step])
    if not len(own):
        assert np.isnan(found["p_value"])  # type: ignore[call-overload]
        return
    away = np.abs([(own * pattern).sum() for pattern in product((-1, 1), repeat=len(own))])
    assert found["p_value"] == pytest.approx(np.mean(away >= abs((own * signs).sum()) - 1e-9))


@pytest.mark.parametrize("levels", [2, 5, 9, 40])
def test_both_ways_of_counting_agree(levels: int) -> None:
    random = np.random.default_rng(levels)
    for total, taken in [(9, 3), (24, 12), (40, 11)]:
        _, sizes = np.unique(random.integers(0, levels, total), return_counts=True)
        own = 2 * np.cumsum(sizes) - sizes + 1
        persons, by_size = np.repeat(own, sizes), np.argsort(sizes, kind="stable")
        rest, pair = np.sort(by_size[:-2]), np.sort(by_size[-2:])
        bounds = (taken, taken * (total + 1) - total, taken * (total + 1) + total)
        halves = ranks._beyond_by_halves(persons[: total // 2], persons[total // 2 :], *bounds)
        if np.prod(sizes[rest] + 1.0) < 1e6:
            listing = ranks._beyond_by_listing(ranks._listed(own[rest], sizes[rest], taken), np.repeat(own[pair], sizes[pair]), *bounds)
            assert listing == pytest.approx(halves, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", ["small", "usual", "no_rise"])
def test_laws_of_order_direction_and_scale(method: Method, case: str) -> None:
    data = of_case(case)
    found = method(data, Settings())
    order = np.random.default_rng(3).permutation(len(data.y))
    shuffled = method(data.rows(order), Settings())  # type: ignore[arg-type]
    turned = TwoWaves(data.y, ~data.is_after, data.organisation, data.person, data.alliance, data.exposure, data.population, data.outcomes)
    swapped = method(turned, Settings())
    # A third of a point more and ten times as much: sums in another binary rounding, the same ties.
    other = TwoWaves(data.y * 10 / 3 + 1 / 3, data.is_after, data.organisation, data.person, data.alliance, data.exposure, data.population, data.outcomes)
    scaled = method(other, Settings())
    centre = 0.5 if method is brunner_munzel else 0.0
    for same in (shuffled, swapped, scaled):
        assert same.p_value == pytest.approx(found.p_value, **AGREES)
    assert shuffled.estimate == pytest.approx(found.estimate, **AGREES)
    assert swapped.estimate == pytest.approx(-found.estimate, **AGREES)
    assert scaled.estimate == pytest.approx(found.estimate * 10 / 3, **AGREES)
    assert np.asarray(swapped.effect_size) - centre == pytest.approx(centre - np.asarray(found.effect_size), **AGREES)
    assert scaled.effect_size == pytest.approx(found.effect_size, **AGREES)


def test_tiny_p_keeps_its_digits() -> None:
    # All of 100 went up alike: 2 / 2^100; all 40 below all 40: 2 / C(80, 40).
    up = one(signed_rank(linked([2.0] * 100, [2 + step / 100 for step in range(1, 101)]), Settings()))
    assert up["p_value"] == pytest.approx(2.0**-99, rel=1e-12, abs=0.0)
    apart = one(mann_whitney(waves(list(range(40)), list(range(50, 90))), Settings()))
    assert (apart["p_value"], apart["p_floor"]) == pytest.approx((2 / comb(80, 40),) * 2, rel=1e-12, abs=0.0)


# Bad input

BAD: dict[str, tuple[TwoWaves, tuple[str, str, str]]] = {
    "nobody": (waves([], []), ("nobody_linked", "no_data", "no_data")),
    "one_wave": (waves([1, 2, 3], []), ("nobody_linked", "no_data", "no_data")),
    "all_missing": (linked([np.nan] * 3, [np.nan] * 3), ("nobody_linked", "no_data", "no_data")),
    "one_each": (waves([3], [4]), ("nobody_linked", "separated", "one_respondent; separated")),
    "one_linked": (linked([3], [4]), ("", "separated", "one_respondent; separated")),
    "all_the_same": (linked([3, 3, 3], [3, 3, 3]), ("all_ties", "all_ties", "all_ties")),
    "all_up_alike": (linked([3, 3, 3], [4, 4, 4]), ("", "separated", "separated")),
    "separated": (linked([1, 2, 1], [4, 5, 4]), ("", "separated", "separated")),
    "half_missing": (linked([1, np.nan, 2], [np.nan, 3, 2]), ("all_ties", "", "")),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("position", range(3), ids=["signed_rank", "mann_whitney", "brunner_munzel"])
def test_bad_input_gives_a_flag_and_no_number(name: str, position: int) -> None:
    data, expected = BAD[name]
    found = one(METHODS[position](data, Settings()))
    assert found["flag"] == expected[position]
    has_p = position < 2 and not ({"no_data", "all_ties", "nobody_linked"} & set(expected[position].split("; ")))
    assert np.isfinite(found["p_value"]) == has_p or expected[position] == ""  # type: ignore[call-overload]
    if np.isfinite(found["p_value"]):  # type: ignore[call-overload]
        assert 0 < found["p_value"] <= 1  # type: ignore[operator]
        assert not found["p_value"] < found["p_floor"]  # type: ignore[operator]


@pytest.mark.parametrize("method", METHODS)
def test_a_bad_column_leaves_the_others_alone(method: Method) -> None:
    data = of_case("usual")
    spoilt: Floats = np.column_stack([data.y, np.full(len(data.y), np.nan), np.full(len(data.y), 3.0)])
    outcomes = (*OUTCOMES, Outcome("none", "item", 1, 5), Outcome("same", "item", 1, 5))
    wide = TwoWaves(spoilt, data.is_after, data.organisation, data.person, data.alliance, np.ones_like(spoilt), data.population, outcomes)
    found, alone = method(wide, Settings()), method(data, Settings())
    assert np.asarray(found.p_value)[:3] == pytest.approx(alone.p_value)
    assert np.isnan(np.asarray(found.p_value)[3:]).all()
    assert len(method(data.only(np.zeros(3, dtype=bool)), Settings()).estimate) == 0
