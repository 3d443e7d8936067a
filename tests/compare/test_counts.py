"""Rates and odds of two waves against clubSandwich and R, hand-worked cases, bad input and laws.

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

from midterm.compare import counts
from midterm.compare.result import Method, Result, Settings
from midterm.compare.two_waves import Outcome, TwoWaves

REFERENCE = Path(__file__).parents[1] / "reference" / "shares_counts"
PERSONS, CLUSTERED, RATES = (pd.read_csv(REFERENCE / f"{name}.csv") for name in ("persons", "clustered", "rates"))
AGREES = {"rel": 1e-6, "abs": 1e-12, "nan_ok": True}
METHODS: tuple[Method, ...] = (counts.poisson_rate_difference, counts.poisson_rate_ratio, counts.odds_ratio, counts.exact_conditional_rate_ratio)
NUMBERS = ("estimate", "std_error", "df", "ci_low", "ci_high", "p_value", "p_floor", "effect_size", "effect_low", "effect_high")
laws = hypothesis_settings(derandomize=True, max_examples=12, deadline=None)
by_name = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def two_waves(y: object, is_after: object, organisation: object, exposure: object = 1.0, person: object = None) -> TwoWaves:
    """Make two waves of counts; ``y`` (n,) or (n, k)."""
    values, later = np.asarray(y, dtype=float), np.asarray(is_after, dtype=bool)
    values = values[:, None] if values.ndim < 2 else values
    names, codes = np.unique(np.asarray(organisation, dtype=str), return_inverse=True)
    spread = np.broadcast_to(np.asarray(exposure, dtype=float), len(later))[:, None] * np.ones_like(values)
    persons = np.arange(len(later)) if person is None else np.unique(np.asarray(person, dtype=str), return_inverse=True)[1]
    outcomes = tuple(Outcome(f"count_{column}", "count", 0, np.inf) for column in range(values.shape[1]))
    return TwoWaves(values, later, codes, persons, np.zeros(len(later), int), spread, np.full((2, len(names)), np.nan), outcomes)


def totals(rows: pd.DataFrame) -> TwoWaves:
    """A column for each row: one person a wave with all events and exposure."""
    events, exposure = (rows[[f"{name}_first", f"{name}_last"]].to_numpy(float).T for name in ("events", "exposure"))
    return replace(two_waves(events, [0, 1], ["a", "b"]), exposure=exposure)


def two_totals(*rows: tuple[float, ...]) -> TwoWaves:
    return totals(pd.DataFrame(rows, columns=["events_first", "events_last", "exposure_first", "exposure_last"]))


def quiet(method: Method, data: TwoWaves, level: float = 0.95) -> Result:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return method(data, Settings(level=level))


# Against clubSandwich


def designed(row: pd.Series) -> tuple[Result, pd.DataFrame]:
    persons = PERSONS[PERSONS["design"] == row["design"]]
    method, y, exposure = {
        "rate_difference": (counts.poisson_rate_difference, "events", "exposure"),
        "log_rate_ratio": (counts.poisson_rate_ratio, "events", "exposure"),
        "log_rate_ratio_of_persons": (counts.poisson_rate_ratio, "events", "same_exposure"),
        "log_odds_ratio": (counts.odds_ratio, "yes", None),
    }[row["quantity"]]
    data = two_waves(persons[y], persons["wave"] == "last", persons["organisation"], persons[exposure] if exposure else 1.0, persons["person"])
    return quiet(method, data, row["level"]), persons


@pytest.mark.parametrize("row", [row for _, row in CLUSTERED.iterrows()], ids=lambda row: f"{row.design}-{row.quantity}-{row.level}")
def test_equals_club_sandwich(row: pd.Series) -> None:
    found, persons = designed(row)
    if row["quantity"] == "rate_difference":
        got = [found.estimate, found.std_error, found.ci_low, found.ci_high]
    else:
        got = [np.log(value) for value in (found.effect_size, found.effect_low, found.effect_high)]
        # The estimate is the difference of what the ratio compares.
        sums = persons.assign(one=1.0).groupby("wave")[["events", "exposure", "same_exposure", "yes", "one"]].sum()
        top, bottom = {"log_rate_ratio": ("events", "exposure"), "log_rate_ratio_of_persons": ("events", "same_exposure")}.get(row["quantity"], ("yes", "one"))
        assert found.estimate[0] == pytest.approx((sums[top] / sums[bottom]).loc["last"] - (sums[top] / sums[bottom]).loc["first"])
    expected = row[["estimate", "std_error", "ci_low", "ci_high"] if len(got) == 4 else ["estimate", "ci_low", "ci_high"]]
    assert np.concatenate(got) == pytest.approx(expected.to_numpy(float), **AGREES)
    assert (found.df[0], found.p_value[0]) == pytest.approx((row["df"], row["p_value"]), **AGREES)
    assert found.flag == ("",)


# Against R's poisson.test: every pair of totals is a column of one call


def test_exact_ratio_equals_r() -> None:
    found = quiet(counts.exact_conditional_rate_ratio, totals(RATES)).columns()
    names = {"estimate": "estimate", "p_value": "p_value", "effect_size": "ratio", "effect_low": "ratio_low", "effect_high": "ratio_high"}
    for name, column in names.items():
        assert np.asarray(found[name]) == pytest.approx(RATES[column].to_numpy(float), **AGREES), name
    # Where R's smallest p underflows to 0, ours is the smallest number above 0.
    assert np.asarray(found["p_floor"]) == pytest.approx(RATES["p_floor"].to_numpy(float), rel=1e-6, abs=1e-300, nan_ok=True)
    assert (np.asarray(found["p_floor"])[RATES["p_floor"].notna()] > 0).all()


@laws
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.5, 1.0, 2.0, 7.3]))
def test_exact_p_equals_scipy(before: int, after: int, times: float) -> None:
    found = quiet(counts.exact_conditional_rate_ratio, two_totals((before, after, 1.0, times)))
    if before + after:
        assert found.p_value[0] == pytest.approx(stats.binomtest(after, before + after, times / (1 + times)).pvalue, rel=1e-9)


# By hand


def test_two_equal_organisations_by_hand() -> None:
    # Events 2 and 6 before, 9 and 3 after, everybody exposure 2: rates 8/4 = 2 and 12/4 = 3. Each organisation is half of a wave, so that
    # each of its residuals (events - rate x exposure: -2, 2; 3, -3) is multiplied by 2^(1/2). Log ratio: sum over organisations of
    # 2 (3/12 + 2/8)^2 = 1. Difference: 2 x 2 (3/4 + 2/4)^2 = 6.25. Both have 1 df.
    data = two_waves([2, 6, 9, 3], [0, 0, 1, 1], list("abab"), 2.0)
    ratio, difference = quiet(counts.poisson_rate_ratio, data), quiet(counts.poisson_rate_difference, data)
    reach = np.tan(0.475 * np.pi)
    assert (ratio.effect_size[0], np.log(ratio.effect_high[0]), ratio.df[0]) == pytest.approx((1.5, np.log(1.5) + reach, 1))
    assert (ratio.estimate[0], ratio.effect_name) == (1, "rate_ratio")
    assert (difference.estimate[0], difference.std_error[0], difference.df[0]) == pytest.approx((1, 2.5, 1))
    # With 1 df: p = 1 - (2 / pi) atan(t).
    assert difference.p_value[0] == pytest.approx(1 - 2 / np.pi * np.arctan(1 / 2.5))
    assert ratio.p_value[0] == pytest.approx(1 - 2 / np.pi * np.arctan(np.log(1.5)))


def test_odds_by_hand() -> None:
    # 1 and 3 of 4 before, 2 and 4 of 4 after in two organisations: shares .5 and .75, odds ratio 3. Residual sums -1, 1 and -1, 1; adjusted by
    # 2^(1/2) and divided by n p (1 - p) = 2 and 1.5: each organisation (2/3 - 1/2) 2^(1/2), squared and added 2 x 2 / 36 = 1/9.
    y = [1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1]
    found = quiet(counts.odds_ratio, two_waves(y, [0] * 8 + [1] * 8, list("aaaabbbb") * 2))
    assert (found.estimate[0], found.effect_size[0], found.df[0]) == pytest.approx((0.25, 3, 1))
    assert np.log(found.effect_low[0]) == pytest.approx(np.log(3) - np.tan(0.475 * np.pi) / 3)
    assert found.p_value[0] == pytest.approx(1 - 2 / np.pi * np.arctan(3 * np.log(3)))


def test_exact_by_hand() -> None:
    # 1 and 4 events in equal time: 2 (1 + 5) / 32; the smallest p with 5 events 2/32. In thrice the time after, 0 events of 3: (1/4)^3.
    found = quiet(counts.exact_conditional_rate_ratio, two_totals((1, 4, 2.0, 2.0), (3, 0, 1.0, 3.0)))
    assert found.p_value.tolist() == pytest.approx([0.375, 1 / 64])
    assert found.p_floor.tolist() == pytest.approx([2 / 32, 1 / 64])
    assert found.effect_size.tolist() == pytest.approx([4, 0])
    assert found.flag == ("", "no_events_in_one_wave")


# Bad input: a flag and no number, no warning, and the other columns unharmed


def flags(y: list[float], is_after: list[int], organisation: str, exposure: object = 1.0) -> dict[str, str]:
    return {method.__name__: quiet(method, two_waves(y, is_after, list(organisation), exposure)).flag[0] for method in METHODS}


@by_name
@pytest.mark.parametrize("is_after", [[0, 0, 0], [1, 1, 1], []])
def test_one_wave_or_nobody(method: Method, is_after: list[int]) -> None:
    found = quiet(method, two_waves([1.0] * len(is_after), is_after, list("abc")[: len(is_after)]))
    assert found.flag == ("no_data",)
    assert all(np.isnan(np.asarray(found.columns()[name])).all() for name in NUMBERS)


@by_name
def test_all_missing_beside_a_good_one(method: Method) -> None:
    y = np.column_stack([[1, 0, 1, 0, 1, 1.0], [np.nan] * 6])
    both = quiet(method, two_waves(y, [0, 0, 0, 1, 1, 1], list("abcabc")))
    alone = quiet(method, two_waves(y[:, 0], [0, 0, 0, 1, 1, 1], list("abcabc")))
    assert both.flag == (*alone.flag, "no_data")
    for name in NUMBERS:
        assert np.asarray(both.columns()[name])[0] == pytest.approx(np.asarray(alone.columns()[name])[0], nan_ok=True), name
        assert np.isnan(np.asarray(both.columns()[name])[1])


@by_name
def test_no_indicators_and_no_rows(method: Method) -> None:
    assert quiet(method, two_waves(np.empty((4, 0)), [0, 0, 1, 1], list("abab"))).flag == ()
    nobody = two_waves(np.empty((0, 2)), [], [])
    assert quiet(method, nobody).flag == ("no_data", "no_data")


def test_one_organisation() -> None:
    data = two_waves([2, 4, 3, 5, 7], [0, 0, 1, 1, 1], list("aaaaa"))
    for method in METHODS[:2]:
        found = quiet(method, data)
        assert found.flag == ("one_organisation",)
        assert found.estimate[0] == pytest.approx(2)
        assert np.isnan([found.p_value[0], np.asarray(found.columns()["effect_low"])[0], np.asarray(found.columns()["ci_low"])[0]]).all()
    assert quiet(counts.poisson_rate_ratio, data).effect_size[0] == pytest.approx(5 / 3)
    assert flags([1, 0, 1, 1, 0], [0, 0, 1, 1, 1], "aabbb")["odds_ratio"] == "one_organisation"


def test_an_organisation_in_one_wave_only() -> None:
    found = flags([2, 4, 3, 5, 7, 1], [0, 0, 0, 1, 1, 1], "abcabd")
    assert found["poisson_rate_ratio"] == found["poisson_rate_difference"] == found["exact_conditional_rate_ratio"] == ""


def test_all_ties() -> None:
    found = flags([3, 3, 3, 3], [0, 0, 1, 1], "abab")
    assert found["poisson_rate_ratio"] == found["poisson_rate_difference"] == "no_variance"
    # The same rate with other exposures.
    assert flags([3, 6, 3, 9], [0, 0, 1, 1], "abab", [1, 2, 1, 3])["poisson_rate_ratio"] == "no_variance"


def test_no_events() -> None:
    data = two_waves([0, 0, 0, 0], [0, 0, 1, 1], list("abab"))
    assert quiet(counts.poisson_rate_ratio, data).flag == ("no_events",)
    assert quiet(counts.exact_conditional_rate_ratio, data).flag == ("no_events",)
    assert quiet(counts.poisson_rate_difference, data).flag == ("no_variance; no_events",)
    assert [quiet(method, data).estimate[0] for method in METHODS] == [0, 0, 0, 0]


@pytest.mark.parametrize("is_after", [[0, 0, 1, 1], [1, 1, 0, 0]])
def test_no_events_in_one_wave(is_after: list[int]) -> None:
    data = two_waves([0, 0, 3, 5], is_after, list("abab"))
    found = quiet(counts.poisson_rate_ratio, data)
    assert found.flag == ("no_events_in_one_wave",)
    assert np.isnan([found.effect_size[0], found.effect_low[0], found.p_value[0]]).all()
    assert abs(found.estimate[0]) == 4
    # The difference can be told: the error comes from the wave with events alone, sqrt(2) sqrt(1 + 1) / 2.
    difference = quiet(counts.poisson_rate_difference, data)
    assert (abs(difference.estimate[0]), difference.std_error[0], difference.df[0]) == pytest.approx((4, 1, 1))
    assert difference.flag == ("no_events_in_one_wave",)
    exact = quiet(counts.exact_conditional_rate_ratio, data)
    assert (exact.p_value[0], exact.flag) == (pytest.approx(2 / 2**8), ("no_events_in_one_wave",))


def test_halves_count_for_the_clustered_only() -> None:
    whole, half = two_waves([2, 4, 3, 5], [0, 0, 1, 1], list("abab")), two_waves([2, 4, 2.5, 3, 5, 0.5], [0, 0, 0, 1, 1, 1], list("abcabc"))
    found, expected = quiet(counts.exact_conditional_rate_ratio, half), quiet(counts.exact_conditional_rate_ratio, whole)
    assert (found.p_value[0], found.estimate[0], found.flag) == (expected.p_value[0], expected.estimate[0], ("half_values_left_out",))
    assert quiet(counts.poisson_rate_ratio, half).effect_size[0] == pytest.approx(8.5 / 8.5)


def test_overdispersed_by_hand() -> None:
    # Rates 3 and 1: (3 x 3^2 + 9^2) / 3 = 36 with 8 persons less 2 rates, p about 3e-6; beside it 2/3 with 6.
    y = np.column_stack([[0, 0, 0, 12, 1, 1, 1, 1], [2, 4, 3, 3, 1, 1, 1, 1]])
    found = quiet(counts.exact_conditional_rate_ratio, two_waves(y, [0] * 4 + [1] * 4, list("abcdabcd")))
    assert found.flag == ("overdispersed_p_too_small", "")


def test_without_exposure_left_out() -> None:
    data = two_waves([2, 4, 9, 3, 5, 9], [0, 0, 0, 1, 1, 1], list("abcabc"), [1, 1, 0, 1, 1, -2])
    assert [quiet(method, data).estimate[0] for method in (counts.poisson_rate_difference, counts.exact_conditional_rate_ratio)] == [1, 1]


def test_p_is_never_zero() -> None:
    found = quiet(counts.exact_conditional_rate_ratio, two_totals((5000, 1, 1.0, 1.0)))
    assert found.p_value[0] > 0
    assert found.p_floor[0] > 0


# Laws


@st.composite
def samples(draw: st.DrawFn) -> TwoWaves:
    """Counts of 2 to 6 organisations of unequal size, in one or both waves, some missing, with exposure; two columns."""
    size = draw(st.integers(4, 24))
    organisation = [draw(st.integers(0, 5)) for _ in range(size)]
    value = st.sampled_from([0.0, 1.0, 0.0, 1.0, 2.0, 5.0, np.nan])
    y = [[draw(value), draw(value)] for _ in range(size)]
    return two_waves(y, [draw(st.booleans()) for _ in range(size)], organisation, [draw(st.sampled_from([0.5, 1.0, 3.0])) for _ in range(size)])


def same(left: Result, right: Result) -> None:
    for name in NUMBERS:
        assert np.asarray(right.columns()[name]) == pytest.approx(np.asarray(left.columns()[name]), rel=1e-6, abs=1e-9, nan_ok=True), name
    assert left.flag == right.flag


@by_name
@laws
@given(data=samples(), seed=st.integers(0, 99))
def test_order_of_rows_and_names_do_not_matter(method: Method, data: TwoWaves, seed: int) -> None:
    random = np.random.default_rng(seed)
    renamed = replace(data, organisation=random.permutation(data.n_codes)[data.organisation])
    same(quiet(method, data), quiet(method, renamed.rows(random.permutation(len(data.y)))))


@by_name
@laws
@given(data=samples())
def test_swapping_waves_turns_the_ratio_over(method: Method, data: TwoWaves) -> None:
    found, swapped = quiet(method, data).columns(), quiet(method, replace(data, is_after=~data.is_after)).columns()
    for name, other, sign in (("estimate", "estimate", -1), ("ci_low", "ci_high", -1), ("df", "df", 1), ("p_value", "p_value", 1), ("p_floor", "p_floor", 1)):
        assert np.asarray(swapped[name]) == pytest.approx(sign * np.asarray(found[other]), rel=1e-6, abs=1e-9, nan_ok=True), name
    for name, other in (("effect_size", "effect_size"), ("effect_low", "effect_high")):
        product = np.asarray(swapped[name]) * np.asarray(found[other])
        assert product[np.isfinite(product) & (product > 0)] == pytest.approx(1, rel=1e-6)


@laws
@given(data=samples(), scale=st.sampled_from([0.01, 2.0, 365.25]))
def test_unit_of_exposure(data: TwoWaves, scale: float) -> None:
    longer = replace(data, exposure=data.exposure * scale)
    for method in (counts.poisson_rate_ratio, counts.exact_conditional_rate_ratio):
        found, scaled = quiet(method, data), quiet(method, longer)
        same(replace(found, estimate=found.estimate / scale), scaled)
    found, scaled = quiet(counts.poisson_rate_difference, data), quiet(counts.poisson_rate_difference, longer)
    for got, expected in ((scaled.estimate * scale, found.estimate), (scaled.df, found.df), (scaled.p_value, found.p_value)):
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True)


@laws
@given(data=samples())
def test_one_row_per_organisation_and_wave_is_enough(data: TwoWaves) -> None:
    """Events and exposure of an organisation may be summed beforehand: the likelihood is the same."""
    column = data.only([0])
    kept = column.rows(column.is_there[:, 0])
    frame = pd.DataFrame({"y": kept.y[:, 0], "t": kept.exposure[:, 0], "g": kept.organisation, "w": kept.is_after}).groupby(["g", "w"]).sum().reset_index()
    summed = two_waves(frame["y"], frame["w"], frame["g"], frame["t"])
    for method in (counts.poisson_rate_difference, counts.poisson_rate_ratio, counts.exact_conditional_rate_ratio):
        same(replace(quiet(method, kept), flag=()), replace(quiet(method, summed), flag=()))


@by_name
@laws
@given(data=samples())
def test_bounds(method: Method, data: TwoWaves) -> None:
    found = {name: np.asarray(values) for name, values in quiet(method, data).columns().items() if name in NUMBERS}
    p_value = found["p_value"]
    assert (np.isnan(p_value) | (p_value > 0) & (p_value <= 1 + 1e-12)).all()
    assert (np.isnan(found["p_floor"]) | (found["p_floor"] <= p_value + 1e-12)).all()
    assert (np.isnan(found["effect_low"]) | (found["effect_low"] <= found["effect_size"] * (1 + 1e-9))).all()
    assert not np.isinf(np.concatenate([found[name] for name in NUMBERS])).any()
