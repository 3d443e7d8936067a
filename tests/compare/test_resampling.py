"""Resampling of whole organisations against other programs, full enumeration in R, hand-worked cases, laws and a simulation.

The expected values come from ``tests/reference/resampling.R`` (versions beside them).
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats

from midterm.compare.primary import primary
from midterm.compare.resampling import permuted_organisations, sign_flip, wild_cluster_bootstrap
from midterm.compare.result import Method, Result, Settings
from midterm.compare.two_waves import Outcome, TwoWaves

REFERENCE = Path(__file__).parents[1] / "reference" / "resampling"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
ENUMERATED = pd.read_csv(REFERENCE / "enumerated.csv")
SINGLE = pd.read_csv(REFERENCE / "single_persons.csv")
PROGRAMS = pd.read_csv(REFERENCE / "programs.csv")
METHODS: dict[str, Method] = {"sign_flip": sign_flip, "permuted_organisations": permuted_organisations, "wild_cluster_bootstrap": wild_cluster_bootstrap}
AGREES = {"rel": 1e-6, "abs": 1e-12}
laws = hypothesis_settings(derandomize=True, max_examples=12, deadline=None)
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())


def waves(y: np.ndarray, is_after: np.ndarray, organisation: np.ndarray, alliance: np.ndarray | None = None, exposure: np.ndarray | None = None) -> TwoWaves:
    """Two waves from columns ``y`` (n, k) and codes (n,); every row another person."""
    y = np.asarray(y, dtype=float)
    organisation, rows = np.asarray(organisation, dtype=np.intp), np.arange(len(y))
    population = np.full((2, int(organisation.max(initial=-1)) + 1), np.nan)
    outcomes = tuple(Outcome(f"y{column}", "mean", 1.0, 5.0) for column in range(y.shape[1]))
    alliance = np.zeros(len(y), dtype=np.intp) if alliance is None else np.asarray(alliance, dtype=np.intp)
    return TwoWaves(y, np.asarray(is_after, dtype=bool), organisation, rows, alliance, np.ones_like(y) if exposure is None else exposure, population, outcomes)


def design(name: str, outcome: str) -> TwoWaves:
    own = PERSONS[PERSONS["design"] == name]
    exposure = own[["years"]].to_numpy(float) if outcome == "meetings" else None
    codes = [pd.factorize(own[field])[0] for field in ("organisation", "alliance")]
    return waves(own[[outcome]].to_numpy(float), own["is_after"].to_numpy(), *codes, exposure)


def of_changes(changes: list[float]) -> TwoWaves:
    """One person per organisation and wave, with these changes."""
    count = len(changes)
    y = np.concatenate([np.full(count, 3.0), 3.0 + np.array(changes)])
    return waves(y[:, None], np.repeat([0, 1], count), np.tile(np.arange(count), 2))


# Other programs, and R going through all patterns one by one


@pytest.mark.parametrize("row", [row for _, row in ENUMERATED.iterrows()], ids=lambda row: f"{row.design}-{row.outcome}-{row.method}")
def test_equals_enumeration_in_r(row: pd.Series) -> None:
    data = design(row["design"], row["outcome"])
    found = METHODS[row["method"]](data, Settings())
    assert found.estimate[0] == pytest.approx(row["estimate"], **AGREES)
    assert found.flag == ("",)
    assert (found.p_value[0], found.p_floor[0]) == pytest.approx((row["p_value"], row["p_floor"]), **AGREES)


@pytest.mark.parametrize("row", [row for _, row in PROGRAMS.iterrows()], ids=lambda row: f"{row.program}-{row.design}")
def test_equals_other_programs(row: pd.Series) -> None:
    own = SINGLE[SINGLE["design"] == row["design"]]
    data = waves(own[["y"]].to_numpy(float), own["is_after"].to_numpy(), pd.factorize(own["organisation"])[0])
    for method in (sign_flip, permuted_organisations) if row["design"].startswith("pairs") else (permuted_organisations,):
        assert method(data, Settings()).p_value[0] == pytest.approx(row["p_value"], **AGREES)


# By hand


@pytest.mark.parametrize(
    ("changes", "p_value", "p_floor"),
    [
        ([1.0, 2.0, 3.0], 2 / 8, 2 / 8),  # only +++ and --- reach 6
        ([3.0, 1.0, -1.0], 6 / 8, 2 / 8),  # of 3, 5, 3 and 1 (each twice) all but 1 reach 3
        ([2.0, 2.0, 2.0], 2 / 8, 2 / 8),  # all changed alike: no variance, yet the test stands
        ([2.0, 0.0, 1.0], 4 / 8, 4 / 8),  # the sign of 0 is no pattern: 3 and 1, each four times
        ([0.1, 0.2, -0.3], 1.0, 2 / 8),  # a sum of 0 but for rounding is reached by every pattern
    ],
)
def test_three_organisations_by_hand(changes: list[float], p_value: float, p_floor: float) -> None:
    for method in (sign_flip, permuted_organisations):
        found = method(of_changes(changes), Settings())
        assert (found.p_value[0], found.p_floor[0], found.flag) == (pytest.approx(p_value), pytest.approx(p_floor), ("",))


def test_leavers_and_entrants_by_hand() -> None:
    # Organisations a, b (before) and c, d (after), persons 1; 2; 5; 6: of the 6 ways to choose two, {c, d} and {a, b} are the furthest apart.
    y, is_after, organisation = np.array([[1.0], [2.0], [5.0], [6.0]]), [0, 0, 1, 1], [0, 1, 2, 3]
    assert permuted_organisations(waves(y, is_after, organisation), Settings()).p_value[0] == pytest.approx(2 / 6)
    # In strata a, c and b, d: 4 relabellings, of which again two.
    assert permuted_organisations(waves(y, is_after, organisation, [0, 1, 0, 1]), Settings()).p_value[0] == pytest.approx(2 / 4)
    # Each in its own stratum: nothing may be exchanged.
    alone = permuted_organisations(waves(y, is_after, organisation, [0, 1, 2, 3]), Settings())
    assert (np.isnan(alone.p_value[0]), alone.estimate[0], alone.flag) == (True, 4.0, ("nothing_to_permute",))


def test_member_of_two_alliances_is_exchanged_with_its_like_only() -> None:
    # a (before) in alliances 0 and 1, b (after) in 1 and 0: one stratum; c (before) in 0, d (after) in 1: none.
    y = np.array([[1.0], [2.0], [4.0], [6.0], [2.0], [5.0]])
    data = waves(y, [0, 0, 1, 1, 0, 1], [0, 0, 1, 1, 2, 3], [0, 1, 1, 0, 0, 1])
    found = permuted_organisations(data, Settings())
    assert found.p_floor[0] == pytest.approx(1 / 2)


def test_bootstrap_by_hand() -> None:
    # The second organisation lies on the mean of all: its weight does nothing, and t does not depend on the size of the other's.
    found = wild_cluster_bootstrap(waves(np.array([[0.0], [2.0], [1.0], [1.0]]), [0, 1, 0, 1], [0, 0, 1, 1]), Settings())
    assert (found.estimate[0], found.p_value[0], found.p_floor[0]) == pytest.approx((1.0, 1.0, 1 / 6))


# Random patterns where all are too many


def near_all_patterns(method: Method, data: TwoWaves, draws: int) -> None:
    """Assert that p by random patterns is, over 60 seeds, (1 + draws p) / (1 + draws) with p by all of them, within five binomial errors."""
    exact = method(data, Settings()).p_value
    random = np.mean([method(data, Settings(draws=draws, seed=seed)).p_value for seed in range(60)], axis=0)
    assert not np.array_equal(random, exact)
    assert np.all(np.abs(random - (1 + draws * exact) / (1 + draws)) <= 5 * np.sqrt(exact * (1 - exact) / draws / 60) + 1e-12)


@each_method
def test_random_patterns_are_near_all_patterns(method: Method) -> None:
    y = np.random.default_rng(3).normal(0, 1, (20, 30)) + np.tile([0, 0, 0.5, 0.9], 5)[:, None]
    # All are 2^5 = 32 patterns, of the bootstrap 6^5 = 7,776.
    near_all_patterns(method, waves(y, np.tile([0, 0, 1, 1], 5), np.repeat(np.arange(5), 4)), 30)


def test_random_labels_of_strata_are_near_all() -> None:
    is_after = np.array([0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1])
    organisation, alliance = np.array([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8]), np.array([0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1])
    y = np.random.default_rng(4).normal(0, 1, (11, 25)) + 0.8 * is_after[:, None]
    # All are 2 * 2 swaps, 6 ways to choose two of four and 3 to choose one of three: 72.
    near_all_patterns(permuted_organisations, waves(y, is_after, organisation, alliance), 50)


@each_method
def test_smallest_random_p(method: Method) -> None:
    organisation = np.repeat(np.arange(20), 2)
    y = (2.0 * np.tile([0, 1], 20) + np.random.default_rng(5).normal(0, 0.1, 40))[:, None]
    found = method(waves(y, np.tile([0, 1], 20), organisation), Settings(draws=199))
    assert (found.p_value[0], found.p_floor[0]) == pytest.approx((1 / 200, 1 / 200))


# Laws


@st.composite
def samples(draw: st.DrawFn, most: int = 7) -> TwoWaves:
    """Five-point answers, two columns with gaps, of two to ``most`` organisations in two alliances, some in one wave only."""
    shape = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(any), min_size=2, max_size=most))
    organisation = np.repeat(np.arange(len(shape)), [sum(pair) for pair in shape])
    is_after = np.concatenate([np.repeat([0, 1], pair) for pair in shape])
    answers = draw(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]), min_size=2 * len(is_after), max_size=2 * len(is_after)))
    return waves(np.array(answers).reshape(-1, 2), is_after, organisation, organisation % 2)


def same(left: Result, right: Result, scale: float = 1.0) -> None:
    assert right.estimate == pytest.approx(scale * left.estimate, abs=1e-9, nan_ok=True)
    for field in ("p_value", "p_floor"):
        assert getattr(right, field) == pytest.approx(getattr(left, field), rel=1e-9, nan_ok=True)
    assert left.flag == right.flag


def rebuilt(data: TwoWaves, order: np.ndarray | slice = slice(None), shift: float = 0.0, scale: float = 1.0, swap: bool = False) -> TwoWaves:
    return waves(scale * data.y[order] + shift, data.is_after[order] ^ swap, data.organisation[order], data.alliance[order])


@each_method
@pytest.mark.parametrize("draws", [9_999, 6], ids=["all", "random"])
@laws
@given(data=samples(), random=st.randoms(use_true_random=False))
def test_order_of_rows_and_codes_do_not_matter(method: Method, draws: int, data: TwoWaves, random: object) -> None:
    order = np.array(sorted(range(len(data.y)), key=lambda _: random.random()))  # type: ignore[attr-defined]
    found = method(data, Settings(draws=draws))
    same(found, method(rebuilt(data, order), Settings(draws=draws)))
    renamed = waves(data.y, data.is_after, data.organisation.max() - data.organisation, 1 - data.alliance)
    same(found, method(renamed, Settings(draws=draws)))


# With five organisations all patterns are enumerated; random ones may fall otherwise on the mirror images that a swap makes of two organisations.
@each_method
@laws
@given(data=samples(most=5))
def test_shift_scale_and_swap(method: Method, data: TwoWaves) -> None:
    found = method(data, Settings())
    same(found, method(rebuilt(data, shift=7.0), Settings()))
    same(found, method(rebuilt(data, scale=25.0), Settings()), 25.0)
    same(found, method(rebuilt(data, scale=-1.0), Settings()), -1.0)
    same(found, method(rebuilt(data, swap=True), Settings()), -1.0)


@each_method
@pytest.mark.parametrize("draws", [9_999, 20], ids=["all", "random"])
@laws
@given(data=samples())
def test_columns_do_not_know_of_each_other(method: Method, draws: int, data: TwoWaves) -> None:
    together, alone = method(data, Settings(draws=draws)), [method(data.only([column]), Settings(draws=draws)) for column in range(2)]
    for field in ("estimate", "p_value", "p_floor"):
        assert getattr(together, field) == pytest.approx(np.concatenate([getattr(own, field) for own in alone]), rel=1e-9, nan_ok=True)
    assert together.flag == alone[0].flag + alone[1].flag


@each_method
@laws
@given(data=samples())
def test_p_lies_between_floor_and_one(method: Method, data: TwoWaves) -> None:
    found = method(data, Settings())
    known = np.array(found.flag) == ""
    assert np.array_equal(known, ~np.isnan(found.p_value))
    assert np.array_equal(known, ~np.isnan(found.p_floor))
    assert np.all((found.p_floor[known] > 0) & (found.p_floor[known] <= found.p_value[known] * (1 + 1e-12)) & (found.p_value[known] <= 1))


def test_estimate_is_the_primary_one() -> None:
    data = design("two_alliances", "meetings")
    for method in (permuted_organisations, wild_cluster_bootstrap):
        assert method(data, Settings()).estimate == pytest.approx(primary(data, Settings()).estimate, rel=1e-12)


# Too little to test: the number stays empty and the flag says why; nothing is raised or warned


GAP = np.nan
BAD = {
    "one respondent": ([3.0], [0], [0], ("no_data",) * 3),
    "all missing": ([GAP, GAP, GAP, GAP], [0, 1, 0, 1], [0, 0, 1, 1], ("no_data",) * 3),
    "one wave": ([3.0, 4.0, 2.0], [1, 1, 1], [0, 1, 2], ("no_data",) * 3),
    "one organisation": ([3.0, 4.0, 2.0, 5.0], [0, 0, 1, 1], [0, 0, 0, 0], ("one_organisation",) * 3),
    "one in both waves": ([3.0, 4.0, 2.0], [0, 1, 1], [0, 0, 1], ("one_organisation", "", "")),
    "all ties": ([0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2], ("all_ties", "all_ties", "no_variance")),
    "means alike": ([1.0, 5.0, 3.0, 2.0, 4.0, 3.0, 3.0], [0, 0, 1, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1], ("all_ties", "all_ties", "no_variance")),
    "all changed alike": ([1.0, 2.0, 1.0, 2.0, 1.0, 2.0], [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2], ("", "", "no_variance")),
    "perfect separation": ([0.0, 0.0, 1.0, 1.0], [0, 0, 1, 1], [0, 1, 0, 1], ("", "", "no_variance")),
    "nobody shared": ([1.0, 2.0, 4.0, 3.0], [0, 0, 1, 1], [0, 1, 2, 3], ("no_organisation_in_both_waves", "", "")),
    "waves of one each": ([1.0, 2.0, 4.0, 3.0], [0, 0, 1, 1], [0, 0, 1, 1], ("no_organisation_in_both_waves", "", "no_variance")),
    "zero rows": ([], [], [], ("no_data",) * 3),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str) -> None:
    y, is_after, organisation, flags = BAD[case]
    good = np.random.default_rng(1).normal(3, 1, len(y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method, flag in zip(METHODS.values(), flags, strict=True):
            for draws in (9_999, 1):
                found = method(waves(np.column_stack([y, good]), is_after, organisation), Settings(draws=draws))
                assert found.flag[0] == flag, method
                assert np.isnan([found.p_value[0], found.p_floor[0]]).all() == (flag != ""), method
                alone = method(waves(good[:, None], is_after, organisation), Settings(draws=draws))
                assert found.p_value[1] == pytest.approx(alone.p_value[0], nan_ok=True)


@each_method
def test_no_indicators(method: Method) -> None:
    found = method(waves(np.empty((4, 0)), [0, 1, 0, 1], [0, 0, 1, 1]), Settings())
    assert (len(found.estimate), len(found.p_value), found.flag) == (0, 0, ())


@each_method
def test_more_organisations_than_powers_of_two_hold(method: Method) -> None:
    organisation = np.repeat(np.arange(1500), 2)
    y = np.random.default_rng(2).normal(3, 1, (3000, 2)) + np.tile([0.0, 0.3], 1500)[:, None]
    found = method(waves(y, np.tile([0, 1], 1500), organisation), Settings(draws=39))
    assert found.p_value == pytest.approx([1 / 40, 1 / 40])


# Do they keep their level? Organisations that differ in size and in their change, half of the persons in both waves

SIZES = ([6, 5, 4, 3, 2, 2, 1, 1], [4, 6, 3, 4, 3, 2, 1, 1])
WITH_LEAVERS = ([5, 4, 3, 2, 2, 1, 0, 0, 0, 0], [3, 3, 3, 3, 3, 3, 6, 2, 0, 0], [3, 3, 3, 3, 3, 3, 0, 0, 7, 3])
REPLICATES = 2000


def drawn(seed: int, stay: list[int], leave: list[int], enter: list[int], change: float = 0.0) -> TwoWaves:
    """Replicates as columns: SD between organisations .3, persons .6, residual .6, of organisations' own change .25 about ``change``."""
    random, count = np.random.default_rng(seed), len(stay)
    stays, leaves, enters = (np.repeat(np.arange(count), sizes) for sizes in (stay, leave, enter))
    organisation = np.concatenate([stays, leaves, stays, enters])
    is_after = np.arange(len(organisation)) >= len(stays) + len(leaves)
    person = random.normal(0, 0.6, (len(stays), REPLICATES))
    persons = np.concatenate([person, random.normal(0, 0.6, (len(leaves), REPLICATES)), person, random.normal(0, 0.6, (len(enters), REPLICATES))])
    level, own = random.normal(0, 0.3, (count, REPLICATES)), random.normal(change, 0.25, (count, REPLICATES))
    return waves(3.2 + level[organisation] + own[organisation] * is_after[:, None] + persons + random.normal(0, 0.6, persons.shape), is_after, organisation)


# Claims: the first two 5 % (exact where change is as likely up as down), the bootstrap 7 %.
# Were it exactly that, 999 of 1,000 runs would show at most this many.
@pytest.mark.parametrize("shape", [(*SIZES, SIZES[1]), WITH_LEAVERS], ids=["eight unequal", "four of ten in one wave"])
@pytest.mark.parametrize(("name", "claim"), [("sign_flip", 0.05), ("permuted_organisations", 0.05), ("wild_cluster_bootstrap", 0.07)])
def test_false_alarms_stay_at_the_level(name: str, claim: float, shape: tuple[list[int], list[int], list[int]]) -> None:
    found = METHODS[name](drawn(20250411, *shape), Settings(draws=399))
    assert (found.p_value <= 0.05).sum() <= stats.binom.ppf(0.999, REPLICATES, claim)


@each_method
def test_a_change_is_found(method: Method) -> None:
    found = method(drawn(20250412, *SIZES, SIZES[1], change=0.4), Settings(draws=399))
    assert (found.p_value <= 0.05).mean() > 0.4
