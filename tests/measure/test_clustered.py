"""Estimates from clustered persons against clubSandwich, survey, hand-worked cases, laws and a simulation.

The expected values come from ``tests/reference/estimators.R`` (programs and versions in ``tests/reference/versions.csv``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.measure.clustered import Estimate, clustered_mean, cr2, share_interval, with_interval

REFERENCE = Path(__file__).parents[1] / "reference" / "estimators"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
CLUSTERED = pd.read_csv(REFERENCE / "clustered.csv")
SHARES = pd.read_csv(REFERENCE / "shares.csv")
FIELDS = ["estimate", "std_error", "df", "ci_low", "ci_high"]
AGREES = {"rel": 1e-6, "abs": 1e-12}
laws = settings(derandomize=True, max_examples=25, deadline=None)


def change_of(y: np.ndarray, is_after: np.ndarray, cluster: np.ndarray, level: float = 0.95) -> Estimate:
    """Return the change by the regression of y on the wave; the primary comparison has a shorter way to it (``tests/compare/test_primary.py``)."""
    return cr2(y, np.column_stack([np.ones(len(y)), is_after]).astype(float), cluster, np.array([0.0, 1.0]), level)


def fitted(row: pd.Series) -> Estimate:
    persons = PERSONS[PERSONS["design"] == row["design"]]
    if row["quantity"].startswith("mean_"):
        persons = persons[persons["wave"] == row["quantity"].removeprefix("mean_")]
        return clustered_mean(persons[row["outcome"]].to_numpy(float), persons["organisation"].to_numpy(str), row["level"])
    y, is_last, organisation = persons[row["outcome"]].to_numpy(float), persons["wave"].eq("last").to_numpy(), persons["organisation"].to_numpy(str)
    if row["quantity"] == "change":
        return change_of(y, is_last, organisation, row["level"])
    x = np.column_stack([np.ones(len(y)), is_last, persons["years"]]).astype(float)
    return cr2(y, x, organisation, np.array([0.0, 1.0, 0.0]), row["level"])


@pytest.mark.parametrize("row", [row for _, row in CLUSTERED.iterrows()], ids=lambda row: f"{row.design}-{row.outcome}-{row.quantity}-{row.level}")
def test_equals_club_sandwich(row: pd.Series) -> None:
    fit = fitted(row)
    for field in FIELDS:
        assert getattr(fit, field) == pytest.approx(row[field], **AGREES), field


def test_two_equal_organisations_by_hand() -> None:
    # Means 2 and 4, mean 3; residual sums -2 and +2; CR2 with 2 equal clusters: variance = 2/(2-1) * (4 + 4) / 4^2 = 1, df = 1.
    fit = clustered_mean(np.array([1.0, 3.0, 4.0, 4.0]), np.array(["a", "a", "b", "b"]))
    assert (fit.estimate, fit.std_error, fit.df) == pytest.approx((3.0, 1.0, 1.0))
    # The .975 quantile of t with 1 df is tan(.475 pi) = 12.7062 (any printed table).
    assert (fit.ci_low, fit.ci_high) == pytest.approx((3 - np.tan(0.475 * np.pi), 3 + np.tan(0.475 * np.pi)))


# Shares


@pytest.mark.parametrize("row", [row for _, row in SHARES.iterrows()], ids=lambda row: f"{row.design}-{row.reference}")
def test_share_equals_survey(row: pd.Series) -> None:
    counts = [int(count) for count in row["yes"].split()]
    y = np.concatenate([np.repeat([1.0, 0.0], [count, row["size"] - count]) for count in counts])
    fit = clustered_mean(y, np.repeat(np.arange(len(counts)), row["size"]))
    assert fit.estimate == pytest.approx(row["share"], **AGREES)
    if row["std_error"] > 1e-10:
        assert (fit.std_error, fit.df) == pytest.approx((row["std_error"], len(counts) - 1), **AGREES)
    assert share_interval(fit.estimate, fit, len(y), len(counts)) == pytest.approx((row["ci_low"], row["ci_high"]), **AGREES)


@pytest.mark.parametrize("organisations", [1, 2, 5, 8])
@pytest.mark.parametrize("size", [1, 3, 7, 49])
def test_share_of_none_and_all_is_clopper_pearson_on_organisations(organisations: int, size: int) -> None:
    # Clopper & Pearson 1934: of G, none: upper limit solves (1 - p)^G = .025; all: lower limit solves p^G = .025.
    cluster = np.repeat(np.arange(organisations), size)
    bound = 0.025 ** (1 / organisations)
    none, every = clustered_mean(np.zeros(len(cluster)), cluster), clustered_mean(np.ones(len(cluster)), cluster)
    assert share_interval(none.estimate, none, len(cluster), organisations) == pytest.approx((0.0, 1 - bound))
    assert share_interval(every.estimate, every, len(cluster), organisations) == pytest.approx((bound, 1.0))


@laws
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(any), min_size=2, max_size=8))
def test_share_interval_holds_the_share_and_turns_over(counts: list[tuple[int, int]]) -> None:
    y = np.concatenate([np.repeat([1.0, 0.0], pair) for pair in counts])
    cluster = np.repeat(np.arange(len(counts)), [sum(pair) for pair in counts])
    fit, turned = clustered_mean(y, cluster), clustered_mean(1 - y, cluster)
    low, high = share_interval(fit.estimate, fit, len(y), len(counts))
    assert 0 <= low <= fit.estimate + 1e-12
    assert fit.estimate - 1e-12 <= high <= 1
    assert share_interval(turned.estimate, turned, len(y), len(counts)) == pytest.approx((1 - high, 1 - low), abs=1e-9)


# Too little to judge by: the estimate stands, the error stays empty, nothing is raised or warned


def only_estimate(fit: Estimate, estimate: float) -> None:
    assert fit.estimate == pytest.approx(estimate)
    assert np.isnan([fit.std_error, fit.df, fit.ci_low, fit.ci_high]).all()


def only_estimate_missing(fit: Estimate) -> None:
    assert np.isnan([fit.estimate, fit.std_error, fit.df, fit.ci_low, fit.ci_high]).all()


@pytest.mark.parametrize(
    ("y", "cluster"),
    [([4.0], ["a"]), ([1.0, 5.0, 3.0], ["a", "a", "a"]), ([3.3] * 7, list("aabbccc")), ([0.1 + 0.2, 0.3, 0.3], ["a", "b", "c"])],
    ids=["one person", "one organisation", "all alike", "alike but for rounding"],
)
def test_mean_without_error(y: list[float], cluster: list[str]) -> None:
    only_estimate(clustered_mean(np.array(y), np.array(cluster)), float(np.mean(y)))


def test_mean_of_nobody() -> None:
    only_estimate_missing(clustered_mean(np.array([], float), np.array([], str)))


def test_interval_stays_empty_without_df() -> None:
    only_estimate(with_interval(1.0, 0.5, float("nan")), 1.0)
    only_estimate(with_interval(1.0, 0.0, 3.0), 1.0)
    only_estimate(with_interval(1.0, float("nan"), 3.0), 1.0)


# Laws


@st.composite
def samples(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Five-point answers of 2 to 6 organisations of unequal size, both waves present in at least two of them."""
    sizes = draw(st.lists(st.integers(2, 9), min_size=2, max_size=6))
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    y = np.array(draw(st.lists(st.integers(1, 5), min_size=len(cluster), max_size=len(cluster))), float)
    is_after = np.array(draw(st.lists(st.booleans(), min_size=len(cluster), max_size=len(cluster))))
    starts = np.flatnonzero(np.r_[True, np.diff(cluster) > 0])
    is_after[starts], is_after[starts + 1] = False, True
    return y, is_after, cluster


def same(left: Estimate, right: Estimate, *, shift: float = 0.0, scale: float = 1.0) -> None:
    """Assert that ``right`` is ``left`` times ``scale`` plus ``shift``."""
    low, high = sorted([left.ci_low * scale + shift, left.ci_high * scale + shift])
    expected = [left.estimate * scale + shift, left.std_error * abs(scale), left.df, low, high]
    assert [getattr(right, field) for field in FIELDS] == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True)


@laws
@given(samples(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(sample: tuple[np.ndarray, np.ndarray, np.ndarray], random: object) -> None:
    y, is_after, cluster = sample
    order = np.array(sorted(range(len(y)), key=lambda _: random.random()))  # type: ignore[attr-defined]
    same(change_of(y, is_after, cluster), change_of(y[order], is_after[order], cluster[order]))
    same(clustered_mean(y, cluster), clustered_mean(y[order], cluster[order]))


@laws
@given(samples(), st.integers(-20, 20))
def test_shift_moves_the_mean_and_not_the_change(sample: tuple[np.ndarray, np.ndarray, np.ndarray], shift: int) -> None:
    y, is_after, cluster = sample
    same(clustered_mean(y, cluster), clustered_mean(y + shift, cluster), shift=shift)
    same(change_of(y, is_after, cluster), change_of(y + shift, is_after, cluster))


@laws
@given(samples(), st.sampled_from([-1.0, 0.01, 0.5, 25.0, 1000.0]))
def test_scaling_scales(sample: tuple[np.ndarray, np.ndarray, np.ndarray], scale: float) -> None:
    y, is_after, cluster = sample
    same(clustered_mean(y, cluster), clustered_mean(y * scale, cluster), scale=scale)
    same(change_of(y, is_after, cluster), change_of(y * scale, is_after, cluster), scale=scale)


@laws
@given(samples())
def test_swapping_waves_flips_the_sign(sample: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    y, is_after, cluster = sample
    same(change_of(y, is_after, cluster), change_of(y, ~is_after, cluster), scale=-1.0)


@laws
@given(samples())
def test_names_of_organisations_do_not_matter(sample: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    y, is_after, cluster = sample
    same(change_of(y, is_after, cluster), change_of(y, is_after, np.array([f"organisation {9 - code}" for code in cluster])))
