"""Tests and intervals of two shares against R, published and hand-worked cases, bad input and laws.

The expected values come from ``tests/reference/shares_counts.R`` (programs and versions in ``tests/reference/shares_counts/versions.csv``).
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats

from midterm.compare import shares
from midterm.compare.counts import odds_ratio
from midterm.compare.result import Method, Result, Settings
from midterm.compare.two_waves import Outcome, TwoWaves

REFERENCE = Path(__file__).parents[1] / "reference" / "shares_counts"
INDEPENDENT, PAIRED, OVERLAPPING = (pd.read_csv(REFERENCE / f"{name}.csv") for name in ("independent", "paired", "overlapping"))
AGREES = {"rel": 1e-6, "abs": 1e-12, "nan_ok": True}
METHODS: tuple[Method, ...] = (
    shares.mcnemar_exact,
    shares.mcnemar_mid_p,
    shares.newcombe_paired,
    shares.newcombe_independent,
    shares.fisher_exact,
    shares.boschloo,
    shares.partially_overlapping_z,
    odds_ratio,
)
NUMBERS = ("estimate", "std_error", "df", "ci_low", "ci_high", "p_value", "p_floor", "effect_size", "effect_low", "effect_high")
TURNED = (("estimate", "estimate", -1), ("ci_low", "ci_high", -1), ("std_error", "std_error", 1), ("p_value", "p_value", 1), ("p_floor", "p_floor", 1))
laws = hypothesis_settings(derandomize=True, max_examples=12, deadline=None)
by_name = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
Table = tuple[float, ...]


def two_waves(answers: list[tuple[list[float], list[float]]], linked: int = 0) -> TwoWaves:
    """Make two waves with a column per pair (answers before, answers after); the first ``linked`` of each wave are the same persons."""
    sizes = [max((len(pair[wave]) for pair in answers), default=0) for wave in (0, 1)]
    y = np.full((sum(sizes), len(answers)), np.nan)
    for column, (before, after) in enumerate(answers):
        y[: len(before), column], y[sizes[0] : sizes[0] + len(after), column] = before, after
    persons = np.concatenate([np.arange(sizes[0]), np.where(np.arange(sizes[1]) < linked, 0, sizes[0]) + np.arange(sizes[1])]).astype(int)
    outcomes = tuple(Outcome(f"share_{column}", "share", 0, 1) for column in range(len(answers)))
    organisations = persons % 3
    count = int(organisations.max(initial=-1)) + 1
    return TwoWaves(y, np.arange(len(y)) >= sizes[0], organisations, persons, np.zeros(len(y), int), np.ones_like(y), np.full((2, count), np.nan), outcomes)


def independent(tables: pd.DataFrame) -> TwoWaves:
    """A column for each table ``yes_first`` of ``n_first`` and ``yes_last`` of ``n_last``, nobody linked."""
    waves = [[[1.0] * yes + [0.0] * (n - yes) for yes, n in zip(tables[f"yes_{wave}"], tables[f"n_{wave}"], strict=True)] for wave in ("first", "last")]
    return two_waves(list(zip(*waves, strict=True)))


def overlapping(tables: pd.DataFrame) -> TwoWaves:
    """A column for each table of linked (both, lost, gained, neither) and other persons; columns are of different size."""
    most = int((tables.both + tables.lost + tables.gained + tables.neither).max())
    answers = []
    for row in tables.itertuples():
        first, last = ([1.0] * row.both + one + [0.0] * row.neither for one in ([1.0] * row.lost + [0.0] * row.gained, [0.0] * row.lost + [1.0] * row.gained))
        gap = [np.nan] * (most - len(first))
        others = [[1.0] * getattr(row, f"{wave}_yes", 0) + [0.0] * getattr(row, f"{wave}_no", 0) for wave in ("first", "last")]
        answers.append((first + gap + others[0], last + gap + others[1]))
    return two_waves(answers, linked=most)


def pairs(*tables: Table) -> TwoWaves:
    return overlapping(pd.DataFrame(tables, columns=["both", "lost", "gained", "neither"]))


def independents(*tables: Table) -> TwoWaves:
    return independent(pd.DataFrame(tables, columns=["yes_first", "n_first", "yes_last", "n_last"]))


def quiet(method: Method, data: TwoWaves, level: float = 0.95) -> Result:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return method(data, Settings(level=level))


def agree(found: Result, expected: pd.DataFrame, **names: str) -> None:
    columns = found.columns()
    for field, name in names.items():
        assert np.asarray(columns[field]) == pytest.approx(expected[name].to_numpy(float), **AGREES), field


# Against R: every table is a column of one call


def test_fisher_and_boschloo_equal_r() -> None:
    data = independent(INDEPENDENT)
    agree(quiet(shares.fisher_exact, data), INDEPENDENT, estimate="estimate", p_value="fisher", p_floor="fisher_floor")
    agree(quiet(shares.boschloo, data), INDEPENDENT, estimate="estimate", p_value="boschloo", p_floor="boschloo_floor")


@pytest.mark.parametrize(("level", "end"), [(0.95, ""), (0.90, "_90")])
def test_newcombe_intervals_equal_r(level: float, end: str) -> None:
    names = {"estimate": "estimate", "ci_low": f"ci_low{end}", "ci_high": f"ci_high{end}"}
    agree(quiet(shares.newcombe_independent, independent(INDEPENDENT), level), INDEPENDENT, **names)
    for method in (shares.newcombe_paired, shares.mcnemar_exact, shares.mcnemar_mid_p):
        agree(quiet(method, overlapping(PAIRED), level), PAIRED, **names)


def test_mcnemar_equals_r() -> None:
    data = overlapping(PAIRED)
    odds = {"effect_size": "odds", "effect_low": "odds_low", "effect_high": "odds_high"}
    agree(quiet(shares.mcnemar_exact, data), PAIRED, p_value="exact", p_floor="exact_floor", **odds)
    agree(quiet(shares.mcnemar_mid_p, data), PAIRED, p_value="mid_p", p_floor="mid_p_floor", **odds)


def test_overlapping_z_equals_r() -> None:
    found = quiet(shares.partially_overlapping_z, overlapping(OVERLAPPING))
    agree(found, OVERLAPPING, **{name: name for name in ("estimate", "std_error", "p_value", "ci_low", "ci_high")})


# Published


def test_boschloo_of_r_exact() -> None:
    # R package Exact, exact.test(method = "Boschloo", tsmethod = "central", np.interval = TRUE, beta = 1e-8), printed to 7 digits in scipy's
    # own tests (scipy/stats/tests/test_hypotests.py).
    tables = [(43, 53, 40, 79), (2, 10, 7, 9), (5, 15, 1, 11), (5, 25, 16, 41), (5, 6, 0, 4), (0, 3, 1, 3), (7, 15, 12, 15)]
    expected = [0.0003231115, 0.01977228, 0.1801707, 0.116547, 0.01373073, 0.6875, 0.06821831]
    assert quiet(shares.boschloo, independents(*tables)).p_value == pytest.approx(expected, abs=1e-7)


def test_bentur_and_cavo() -> None:
    # Bentur et al. 2009 and Cavo et al. 2012 in Fagerland, Lydersen & Laake 2013 (exact .0703, mid-p .0391) and 2014 (Newcombe
    # .0256 to .5069), and in R contingencytables (Newcombe .0046 to .1186).
    data = pairs((1, 1, 7, 12), (59, 6, 16, 80))
    assert np.round(quiet(shares.mcnemar_exact, data).p_value[0], 4) == 0.0703
    found = quiet(shares.mcnemar_mid_p, data)
    assert np.round(found.p_value[0], 4) == 0.0391
    assert np.round([found.ci_low, found.ci_high], 4).tolist() == [[0.0256, 0.0046], [0.5069, 0.1186]]


def test_newcombe_printed() -> None:
    # Newcombe 1998, Stat. Med. 17:2635, method 10: 36, 12, 2, 0 gives .0569 to .3404; 17:873, method 10: 56/70 v 48/80 gives
    # .0524 to .3339, 9/10 v 3/10 .1705 to .8090, 10/10 v 0/10 .6075 to 1.
    paired = quiet(shares.newcombe_paired, pairs((36, 2, 12, 0)))
    assert (np.round(paired.ci_low[0], 4), np.round(paired.ci_high[0], 4)) == (0.0569, 0.3404)
    found = quiet(shares.newcombe_independent, independents((48, 80, 56, 70), (3, 10, 9, 10), (0, 10, 10, 10)))
    assert np.round([found.ci_low, found.ci_high], 4).tolist() == [[0.0524, 0.1705, 0.6075], [0.3339, 0.8090, 1.0]]


def test_derrick_example() -> None:
    # Derrick et al. 2015, as in the help page of Prop.test in R Partiallyoverlapping: p = .053.
    table = pd.DataFrame([{"both": 8, "lost": 1, "gained": 3, "neither": 3, "first_yes": 5, "first_no": 4, "last_yes": 6, "last_no": 0}])
    found = quiet(shares.partially_overlapping_z, overlapping(table))
    assert np.round(found.p_value[0], 3) == 0.053
    assert found.flag == ("normal_approximation",)


def test_tea() -> None:
    # Fisher 1935: three of four cups right; p (two-sided) = 34/70, the smallest possible 2/70.
    found = quiet(shares.fisher_exact, independents((3, 4, 1, 4)))
    assert (found.p_value[0], found.p_floor[0]) == pytest.approx((34 / 70, 2 / 70))


# By hand


def test_mcnemar_by_hand() -> None:
    # 1 down, 4 up: 2 (1 + 5) / 32 = .375; mid-p .375 - 5/32; floors 2/32 and 1/32. 2 and 2: 1, and 1 - 6/16/2.
    data = pairs((3, 1, 4, 2), (0, 2, 2, 1))
    exact, mid = quiet(shares.mcnemar_exact, data), quiet(shares.mcnemar_mid_p, data)
    assert (exact.p_value.tolist(), exact.p_floor.tolist()) == (pytest.approx([0.375, 1]), pytest.approx([0.0625, 0.125]))
    assert (mid.p_value.tolist(), mid.p_floor.tolist()) == (pytest.approx([0.375 - 5 / 32, 1 - 3 / 16]), pytest.approx([1 / 32, 1 / 16]))
    assert exact.estimate.tolist() == pytest.approx([0.3, 0])
    assert (exact.effect_size.tolist(), exact.effect_name) == (pytest.approx([4, 1]), "odds_of_change_upwards")


def test_overlapping_z_without_links_is_the_pooled_z() -> None:
    # 7/19 and 11/17: pooled 18/36, z = (11/17 - 7/19) / sqrt(.25 (1/19 + 1/17)).
    found = quiet(shares.partially_overlapping_z, independents((7, 19, 11, 17)))
    z = (11 / 17 - 7 / 19) / np.sqrt(0.25 * (1 / 19 + 1 / 17))
    assert found.p_value[0] == pytest.approx(2 * stats.norm.sf(z))
    assert found.flag == ("normal_approximation; nobody_linked",)


def test_overlapping_z_with_all_linked() -> None:
    # Equal margins (4 of 10 both times, phi = (2 x 4 - 4) / 24 = 1/6): z = 0, and e^2 = 2 p (1 - p) (1 - phi) / n = McNemar's (b + c) / n^2.
    found = quiet(shares.partially_overlapping_z, pairs((2, 2, 2, 4)))
    assert (found.estimate[0], found.p_value[0], found.std_error[0] ** 2) == pytest.approx((0, 1, 4 / 100))
    assert found.flag == ("normal_approximation; all_linked",)


# Bad input: a flag and no number, no warning, and the other columns unharmed


def flag_of(method: Method, data: TwoWaves) -> str:
    (flag,) = quiet(method, data).flag
    return flag


LINKED = (shares.mcnemar_exact, shares.mcnemar_mid_p, shares.newcombe_paired)
ALL = (shares.newcombe_independent, shares.fisher_exact, shares.boschloo, shares.partially_overlapping_z, odds_ratio)


@pytest.mark.parametrize("method", [*LINKED, *ALL], ids=lambda method: method.__name__)
@pytest.mark.parametrize("answers", [([], []), ([1.0], []), ([], [0.0]), ([np.nan] * 3, [1.0, 0.0, 1.0]), ([np.nan] * 2, [np.nan] * 2)])
def test_without_one_wave(method: Method, answers: tuple[list[float], list[float]]) -> None:
    found = quiet(method, two_waves([answers], linked=3))
    assert found.flag == ("nobody_linked" if method in LINKED else "no_data",)
    assert all(np.isnan(np.asarray(found.columns()[name])).all() for name in NUMBERS)


@pytest.mark.parametrize("method", LINKED, ids=lambda method: method.__name__)
def test_nobody_linked(method: Method) -> None:
    found = quiet(method, independents((3, 5, 1, 4)))
    assert found.flag == ("nobody_linked",)
    assert all(np.isnan(np.asarray(found.columns()[name])).all() for name in NUMBERS)


@pytest.mark.parametrize("table", [(5, 0, 0, 3), (4, 0, 0, 0), (0, 0, 0, 6), (1, 0, 0, 0)])
def test_nobody_changed(table: Table) -> None:
    for method in (shares.mcnemar_exact, shares.mcnemar_mid_p):
        found = quiet(method, pairs(table))
        assert found.flag == ("all_ties",)
        assert np.isnan([found.p_value[0], found.p_floor[0], found.effect_size[0]]).all()
        assert (found.estimate[0], found.ci_low[0] < 0 < found.ci_high[0]) == (0, True)


def test_nobody_went_down() -> None:
    found = quiet(shares.mcnemar_exact, pairs((2, 0, 3, 1)))
    assert found.flag == ("nobody_went_down",)
    assert np.isnan([found.effect_size[0], found.effect_low[0], found.effect_high[0]]).all()
    assert found.p_value[0] == pytest.approx(0.25)


@pytest.mark.parametrize("table", [(0, 4, 0, 6), (4, 4, 6, 6), (1, 1, 1, 1), (0, 1, 0, 1)])
def test_all_or_none_said_yes(table: Table) -> None:
    for method in (shares.fisher_exact, shares.boschloo, shares.partially_overlapping_z):
        found = quiet(method, independents(table))
        assert found.flag[0].split("; ")[0] == "no_variance"
        assert (found.estimate[0], np.isnan(found.p_value[0])) == (0, True)
    assert flag_of(odds_ratio, independents(table)) == "no_variance"
    assert quiet(shares.newcombe_independent, independents(table)).ci_low[0] < 0


@pytest.mark.parametrize("table", [(0, 4, 6, 6), (4, 4, 0, 6), (0, 1, 1, 1)])
def test_perfect_separation(table: Table) -> None:
    data = independents(table)
    found = quiet(odds_ratio, data)
    assert found.flag == ("separation",)
    assert np.isnan([found.effect_size[0], found.effect_low[0], found.p_value[0]]).all()
    assert abs(found.estimate[0]) == 1
    assert 0 < quiet(shares.boschloo, data).p_value[0] <= 1
    assert quiet(shares.fisher_exact, data).p_value[0] == pytest.approx(quiet(shares.fisher_exact, data).p_floor[0])


def test_same_answers_have_no_variance() -> None:
    # All linked, all the same twice: phi = 1 and the error 0.
    assert flag_of(shares.partially_overlapping_z, pairs((3, 0, 0, 4))) == "no_variance; all_linked"


def test_one_linked() -> None:
    assert flag_of(shares.partially_overlapping_z, two_waves([([1.0, 0.0], [0.0, 1.0])], linked=1)) == "normal_approximation; one_linked"


@pytest.mark.parametrize("method", LINKED, ids=lambda method: method.__name__)
def test_pairs_with_halves_are_left_out(method: Method) -> None:
    whole, half = pairs((3, 2, 4, 2)), pairs((3, 2, 4, 3))
    half.y[half.y.shape[0] // 2 - 1] = 0.5
    found, expected = quiet(method, half), quiet(method, whole)
    assert found.flag == ("half_values_left_out",)
    for name in NUMBERS:
        assert np.asarray(found.columns()[name]) == pytest.approx(np.asarray(expected.columns()[name]), nan_ok=True), name


def test_halves_are_left_out_of_all_persons() -> None:
    whole, half = two_waves([([1.0, 0.0, 0.0], [1.0, 1.0, 0.0])]), two_waves([([1.0, 0.0, 0.0, 0.5], [1.0, 0.5, 1.0, 0.0])])
    for method in ALL[:4]:
        assert quiet(method, half).estimate == pytest.approx(quiet(method, whole).estimate)
        assert "half_values_left_out" in quiet(method, half).flag[0]


@by_name
def test_no_rows_and_no_indicators(method: Method) -> None:
    nobody = two_waves([([], []), ([], [])])
    assert np.isnan(quiet(method, nobody).estimate).all()
    assert quiet(method, two_waves([])).estimate.shape == (0,)
    assert quiet(method, pairs((1, 2, 3, 4)).only(np.array([False]))).flag == ()


def test_one_organisation() -> None:
    data = pairs((3, 2, 4, 2))
    found = quiet(odds_ratio, replace(data, organisation=np.zeros_like(data.organisation)))
    assert found.flag == ("one_organisation",)
    assert np.isnan([found.p_value[0], found.effect_low[0]]).all()
    # 5 of 11 and 7 of 11: odds (7/4) / (5/6).
    assert found.effect_size[0] == pytest.approx(2.1)


def test_too_many_for_boschloo() -> None:
    found = quiet(shares.boschloo, independents((400, 1001, 500, 1000), (3, 10, 9, 10)))
    assert found.flag == ("too_many_persons", "")
    assert np.isnan(found.p_value).tolist() == [True, False]


def test_p_is_never_zero() -> None:
    found = quiet(shares.fisher_exact, independents((0, 900, 900, 900)))
    assert found.p_value[0] > 0
    table = pd.DataFrame([{"both": 0, "lost": 0, "gained": 1200, "neither": 0}])
    assert quiet(shares.mcnemar_exact, overlapping(table)).p_value[0] > 0
    assert quiet(shares.partially_overlapping_z, independents((1, 5000, 4999, 5000))).p_value[0] > 0


# Laws


@st.composite
def samples(draw: st.DrawFn) -> TwoWaves:
    """Three columns of 0, 1 and nothing of up to 14 persons a wave, some linked."""
    sizes, linked = [draw(st.integers(2, 14)) for _ in range(2)], draw(st.integers(0, 8))
    value = st.sampled_from([0.0, 1.0, 0.0, 1.0, np.nan])
    return two_waves([tuple(draw(st.lists(value, min_size=size, max_size=size)) for size in sizes) for _ in range(3)], linked)


def same(left: Result, right: Result) -> None:
    for name in NUMBERS:
        assert np.asarray(right.columns()[name]) == pytest.approx(np.asarray(left.columns()[name]), rel=1e-7, abs=1e-10, nan_ok=True), name
    assert left.flag == right.flag


@by_name
@laws
@given(data=samples(), seed=st.integers(0, 99))
def test_order_of_rows_and_names_do_not_matter(method: Method, data: TwoWaves, seed: int) -> None:
    random = np.random.default_rng(seed)
    order = random.permutation(len(data.y))
    names, codes = random.permutation(100), random.permutation(data.n_codes)
    turned = data.rows(order)
    same(quiet(method, data), quiet(method, replace(turned, person=names[turned.person], organisation=codes[turned.organisation])))


@by_name
@laws
@given(data=samples())
def test_columns_do_not_matter_to_each_other(method: Method, data: TwoWaves) -> None:
    together = quiet(method, data)
    for column in range(3):
        alone = quiet(method, data.only([column])).columns()
        for name in NUMBERS:
            assert np.asarray(alone[name])[0] == pytest.approx(np.asarray(together.columns()[name])[column], rel=1e-9, nan_ok=True), name


@by_name
@laws
@given(data=samples())
def test_swapping_waves_turns_the_sign(method: Method, data: TwoWaves) -> None:
    found, swapped = quiet(method, data).columns(), quiet(method, replace(data, is_after=~data.is_after)).columns()
    for name, other, sign in TURNED:
        assert np.asarray(swapped[name]) == pytest.approx(sign * np.asarray(found[other]), rel=1e-7, abs=1e-10, nan_ok=True), name


@by_name
@laws
@given(data=samples())
def test_yes_and_no_may_be_exchanged(method: Method, data: TwoWaves) -> None:
    found, turned = quiet(method, data).columns(), quiet(method, replace(data, y=1 - data.y)).columns()
    for name, other, sign in TURNED:
        assert np.asarray(turned[name]) == pytest.approx(sign * np.asarray(found[other]), rel=1e-7, abs=1e-10, nan_ok=True), name


@by_name
@laws
@given(data=samples())
def test_bounds(method: Method, data: TwoWaves) -> None:
    found = {name: np.asarray(values) for name, values in quiet(method, data).columns().items() if name in NUMBERS}
    p_value, floor = found["p_value"], found["p_floor"]
    assert ((p_value > 0) & (p_value <= 1 + 1e-12) | np.isnan(p_value)).all()
    assert ((floor <= p_value + 1e-9) | np.isnan(floor)).all()
    assert (np.isnan(found["ci_low"]) | (found["ci_low"] <= found["estimate"] + 1e-12)).all()
    assert (np.isnan(found["ci_high"]) | (found["ci_high"] >= found["estimate"] - 1e-12)).all()


def test_boschloo_is_never_above_twice_the_one_sided_fisher() -> None:
    first, last = (values.ravel() for values in np.meshgrid(np.arange(8), np.arange(11), indexing="ij"))
    found = quiet(shares.boschloo, independent(pd.DataFrame({"yes_first": first, "n_first": 7, "yes_last": last, "n_last": 10}))).p_value
    sides = stats.hypergeom.cdf(first, 17, 7, first + last), stats.hypergeom.sf(first - 1, 17, 7, first + last)
    fisher = np.minimum(2 * np.minimum(*sides), 1)
    assert (found[~np.isnan(found)] <= fisher[~np.isnan(found)] + 1e-9).all()


def test_exact_tests_keep_their_level() -> None:
    """Over all tables of 9 and 12 persons: never more false alarms than the level, in either test."""
    first, last = (values.ravel() for values in np.meshgrid(np.arange(10), np.arange(13), indexing="ij"))
    tables = pd.DataFrame({"yes_first": first, "n_first": 9, "yes_last": last, "n_last": 12})
    data = independent(tables)
    for method in (shares.fisher_exact, shares.boschloo):
        rejected = np.nan_to_num(quiet(method, data).p_value, nan=1.0) <= 0.05
        for share in np.linspace(0.01, 0.99, 99):
            assert (stats.binom.pmf(first, 9, share) * stats.binom.pmf(last, 12, share))[rejected].sum() <= 0.05
