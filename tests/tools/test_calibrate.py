"""The simulation study: what is drawn has the truth that it says it has, and rates are counted right (worked by hand)."""

from __future__ import annotations

import numpy as np
import pytest

import calibrate
from calibrate import CHANGE, Design, drawn, true_change
from calibrate_measurement import Sample, measured_sample, samples
from midterm.compare.registry import CHECKS, PRIMARY
from midterm.compare.result import Result, Settings

NAN = np.nan
KINDS = list(PRIMARY)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("icc", "own_change"), [(0.0, 0.0), (0.3, 0.25)])
def test_the_true_change_is_what_many_draws_show(kind: str, icc: float, own_change: float) -> None:
    design = Design(kind, 10, 60, icc, own_change)  # type: ignore[arg-type]
    data = drawn(design, CHANGE, 2_000)
    after, before = ((data.y * of_wave[:, None]).sum(axis=0) / (data.exposure * of_wave[:, None]).sum(axis=0) for of_wave in (data.is_after, ~data.is_after))
    changes = after - before
    # Five standard errors of the mean of 2,000 draws.
    assert changes.mean() == pytest.approx(true_change(design, CHANGE), abs=5 * changes.std() / np.sqrt(2_000))
    assert true_change(design, 0.0) == 0.0


def test_half_of_the_persons_are_linked_and_organisations_are_unequal() -> None:
    data = drawn(Design("mean", 5, 30, 0.1, 0.0), 0.0, 3)
    both = np.intersect1d(data.person[data.is_after], data.person[~data.is_after])
    sizes = np.bincount(data.organisation[~data.is_after])
    assert (len(data.y), data.y.shape[1]) == (60, 3)
    assert 14 <= len(both) <= 18
    assert sizes.max() / sizes.min() == pytest.approx(3, abs=0.5)


def test_the_same_design_draws_the_same() -> None:
    design = Design("item", 3, 10, 0.1, 0.25)
    np.testing.assert_array_equal(drawn(design, CHANGE, 4).y, drawn(design, CHANGE, 4).y)
    assert (drawn(design, CHANGE, 4).y != drawn(design, 0.0, 4).y).any()


def test_rates_by_hand() -> None:
    none = Result(np.zeros(4), ci_low=np.array([-1.0, 0.1, -1.0, NAN]), ci_high=np.array([1.0, 1.0, -0.5, NAN]), p_value=np.array([0.2, 0.04, 0.01, NAN]))
    some = Result(np.array([0.5, 0.3, 0.4, NAN]), ci_low=np.full(4, 0.0), ci_high=np.full(4, 0.45), p_value=np.array([0.001, 0.2, 0.04, 0.03]))
    row = calibrate._row(Design("mean", 5, 30, 0.1, 0.0), "x", 4, none, some, 0.0, 0.4)
    # Three of four have a p, two of them below .05; one of three intervals holds 0; every interval at a change holds .4; three of four find it.
    assert [row[name] for name in ("tested", "false_alarms", "coverage", "coverage_of_change", "power")] == pytest.approx([0.75, 2 / 3, 1 / 3, 1.0, 0.75])
    assert row["bias"] == pytest.approx(0.0)


def test_every_kind_of_job_gives_rows() -> None:
    first = dict(reversed(list(calibrate.plan())))
    methods = {str(row["method"]) for what, design in first.items() for row in calibrate.measured((what, design, 0.005))}
    for organisations, kind in ((3, "item"), (3, "share"), (3, "count"), (calibrate.POOLED, "share")):
        what = "pooled" if organisations == calibrate.POOLED else "checks"
        methods |= {str(row["method"]) for row in calibrate.measured((what, Design(kind, organisations, 20, 0.1, 0.0), 0.005))}  # type: ignore[arg-type]
    assert {check.method for check in CHECKS} <= methods
    assert {"primary", "equivalence", "attainment", "average", "prediction_interval", "leavers_gap", "entrants_gap", "wilson"} <= methods


@pytest.mark.parametrize("what", ["consistency", "views", "functioning", "coders"])
def test_measures_of_scales_and_coders_are_rated(what: str) -> None:
    sample = next(sample for sample in samples() if sample.what == what)
    rows = measured_sample(Sample(sample.what, sample.groups, sample.n, sample.icc), 0.01)
    assert rows
    assert all(0 <= float(str(row["tested"])) <= 1 for row in rows)


def test_no_effect_has_its_own_value_for_every_effect() -> None:
    settings, design = Settings(draws=99), Design("share", 8, 48, 0.1, 0.0)
    data = drawn(design, 0.0, 200)
    for check in CHECKS:
        if check.scope == "any" and "share" in check.kinds and check.estimand == "process":
            found = check.function(data, settings).columns()
            middle = np.nanmedian(found["effect_size"]) if np.isfinite(found["effect_size"]).any() else NAN
            expected = calibrate.NO_EFFECT.get(next((name for name in found["effect_name"] if name), ""), 0.0)
            assert np.isnan(middle) or abs(middle - expected) < 0.35, check.method
