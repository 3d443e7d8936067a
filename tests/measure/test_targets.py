"""The way to a target against clubSandwich and car, hand-worked cases, laws, and what must never raise.

The expected values come from ``tests/reference/targets.R`` (programs and versions in ``tests/reference/targets/versions.csv``).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from factory import draft
from midterm.description import Evaluation
from midterm.measure.clustered import Floats, cr2
from midterm.measure.survey_targets import survey_attainment
from midterm.measure.targets import (
    Attained,
    attained,
    class_of_point,
    combined,
    expected_share,
    status_of_interval,
    status_of_maintained,
    trajectory,
    wave_means,
)
from midterm.tables import BY_NAME

REFERENCE = Path(__file__).parents[1] / "reference" / "targets"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
WAYS = pd.read_csv(REFERENCE / "ways.csv")
AGREES: dict[str, Any] = {"rel": 1e-6, "abs": 1e-10, "nan_ok": True}
laws = settings(derandomize=True, max_examples=25, deadline=None)


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def sums(y: Floats, is_after: np.ndarray, organisation: np.ndarray, exposure: Floats | None = None) -> tuple[Floats, Floats]:
    """Return weights and totals (2, G, 1) by wave and organisation."""
    codes, names = pd.factorize(organisation, sort=True)
    weight = np.ones(len(y)) if exposure is None else exposure
    made = [np.array([np.bincount(codes[is_after == at], values[is_after == at], len(names)) for at in (False, True)]) for values in (weight, y)]
    return made[0][..., None], made[1][..., None]


def of_persons(persons: pd.DataFrame, outcome: str, target: float, baseline: float, level: float = 0.95) -> Attained:
    exposure = persons["years"].to_numpy(float) if outcome == "incidents" else None
    made = sums(persons[outcome].to_numpy(float), persons["wave"].eq("last").to_numpy(), persons["organisation"].to_numpy(str), exposure)
    return attained(wave_means(*made), np.array([target]), np.array([baseline]), level)


@pytest.mark.parametrize("row", [row for _, row in WAYS.iterrows()], ids=lambda row: f"{row.design}-{row.outcome}-{row.target}-{row.baseline}-{row.level}")
def test_equals_car_and_club_sandwich(row: pd.Series) -> None:
    found = of_persons(PERSONS[PERSONS["design"] == row["design"]], row["outcome"], row["target"], row["baseline"], row["level"])
    for field in Attained._fields:
        assert getattr(found, field)[0] == pytest.approx(row[field], **AGREES), field


def test_the_reference_holds_intervals_without_an_end() -> None:
    assert WAYS["fieller_low"].isna().any()
    assert (WAYS["baseline"].notna() & WAYS["fieller_low"].isna()).sum() == 0


def test_all_indicators_at_once_equal_one_by_one() -> None:
    persons = PERSONS[PERSONS["design"] == "eight_organisations"]
    one = [of_persons(persons, name, target, baseline) for name, target, baseline in (("score", 4.5, np.nan), ("has_incident", 0.1, 0.5))]
    is_after, organisation = persons["wave"].eq("last").to_numpy(), persons["organisation"].to_numpy(str)
    made = [sums(persons[name].to_numpy(float), is_after, organisation) for name in ("score", "has_incident")]
    weights, totals = (np.concatenate([part[at] for part in made], axis=2) for at in (0, 1))
    both = attained(wave_means(weights, totals), np.array([4.5, 0.1]), np.array([np.nan, 0.5]))
    for field in Attained._fields:
        np.testing.assert_allclose(getattr(both, field), [float(getattr(part, field)[0]) for part in one], rtol=1e-12)


@pytest.mark.parametrize("factor", [-1.0, -0.4, 0.0, 1.5])
@pytest.mark.parametrize("design", ["four_organisations", "leaver_and_entrant"])
def test_any_combination_of_both_means_equals_the_general_regression(design: str, factor: float) -> None:
    persons = PERSONS[PERSONS["design"] == design]
    y, is_after, organisation = persons["score"].to_numpy(float), persons["wave"].eq("last").to_numpy(), persons["organisation"].to_numpy(str)
    fit = cr2(y, np.column_stack([~is_after, is_after]).astype(float), organisation, np.array([factor, 1.0]))
    error, df = combined(wave_means(*sums(y, is_after, organisation)), np.array([factor]))
    assert (error[0], df[0]) == pytest.approx((fit.std_error, fit.df))


# Two organisations, two persons in each wave: means before 1 and 3 (all: 2), after 2 and 4 (all: 3). The residual sums divided by the
# wave's 4 persons are -1/2, 1/2 in both waves; CR2 doubles their squares (each holds half of a wave): both variances 1, covariance 1.
BY_HAND = (np.full((2, 2, 1), 2.0), np.array([[2.0, 6.0], [4.0, 8.0]])[..., None])


def test_two_organisations_by_hand() -> None:
    fit = wave_means(*BY_HAND)
    np.testing.assert_allclose(fit.mean[:, 0], [2.0, 3.0])
    np.testing.assert_allclose(fit.covariance[:, :, 0], np.ones((2, 2)))


def test_the_covariance_between_waves_counts_by_hand() -> None:
    # p = (3 - 2) / (6 - 2) = 1/4; error of A - 3/4 B = |1 - 3/4| = 1/4, through 4: 1/16. Without the covariance it would be 5/4 / 4.
    found = attained(wave_means(*BY_HAND), np.array([6.0]), np.array([np.nan]))
    assert (found.estimate[0], found.std_error[0]) == pytest.approx((0.25, 0.0625))


def test_fieller_by_hand() -> None:
    # A and B move as one: A - B = 1 has no error, T - B = 100 - B with B = 2 +- h, h = t(.975, 1 df) = tan(.475 pi) = 12.7062.
    # (A - B) / (T - B) then lies between 1 / (98 + h) and 1 / (98 - h).
    found = attained(wave_means(*BY_HAND), np.array([100.0]), np.array([np.nan]))
    half = np.tan(0.475 * np.pi)
    assert found.df[0] == pytest.approx(1.0)
    assert (found.fieller_low[0], found.fieller_high[0]) == pytest.approx((1 / (98 + half), 1 / (98 - half)))


def test_a_target_that_the_baseline_is_hardly_away_from_has_no_interval() -> None:
    # T - B = 12 is less than 12.7 errors of B: no end.
    near, far = (attained(wave_means(*BY_HAND), np.array([target]), np.array([np.nan])) for target in (14.0, 15.0))
    assert np.isnan(near.fieller_low[0])
    assert near.std_error[0] > 0
    assert near.estimate[0] == pytest.approx(1 / 12)
    assert np.isfinite(far.fieller_low[0])


def test_from_a_known_baseline_only_the_mean_after_is_random() -> None:
    # A = 3 with error 1 and 1 df; from 1 to 5: p = 1/2, error 1/4, and both intervals are t's.
    found = attained(wave_means(*BY_HAND), np.array([5.0]), np.array([1.0]))
    half = np.tan(0.475 * np.pi) / 4
    assert (found.estimate[0], found.std_error[0], found.df[0]) == pytest.approx((0.5, 0.25, 1.0))
    assert (found.fieller_low[0], found.fieller_high[0]) == pytest.approx((0.5 - half, 0.5 + half))
    assert (found.delta_low[0], found.delta_high[0]) == pytest.approx((0.5 - half, 0.5 + half))


drawn = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(2, 10)), min_size=12, max_size=40)


@laws
@given(drawn, st.sampled_from([0.05, 1.0, 300.0]), st.integers(-20, 20), st.randoms(use_true_random=False))
def test_neither_unit_nor_zero_nor_direction_nor_order_matters(rows: list[tuple[int, bool, int]], factor: float, shift: int, random: Any) -> None:
    def found(table: list[tuple[int, bool, int]], times: float, plus: float) -> Attained:
        codes, after, y = (np.array([row[at] for row in table]) for at in range(3))
        made = sums(times * y + plus, after.astype(bool), codes)
        return attained(wave_means(*made), np.array([times * 15.0 + plus]), np.array([np.nan]))

    plain, shuffled = found(rows, 1.0, 0.0), list(rows)
    random.shuffle(shuffled)
    for other in (found(shuffled, 1.0, 0.0), found(rows, factor, 0.0), found(rows, -1.0, shift)):
        for field in Attained._fields:
            np.testing.assert_allclose(getattr(other, field), getattr(plain, field), rtol=1e-6, atol=1e-7)


@laws
@given(drawn, st.floats(0.05, 0.95))
def test_with_even_steps_the_status_is_that_of_fiellers_interval(rows: list[tuple[int, bool, int]], asked: float) -> None:
    codes, after, y = (np.array([row[at] for row in rows]) for at in range(3))
    fit = wave_means(*sums(y.astype(float), after.astype(bool), codes))
    found = attained(fit, np.array([12.0]), np.array([np.nan]))
    if np.isnan(found.fieller_low[0]):
        return
    error, _ = combined(fit, np.array([asked - 1]))
    half = stats.t.ppf(0.975, found.df[0]) * error[0]
    distance = fit.mean[1, 0] - (1 - asked) * fit.mean[0, 0] - asked * 12
    for end, is_past in ((found.fieller_low[0], distance - half > 0), (found.fieller_high[0], distance + half > 0)):
        assert abs(end - asked) < 1e-6 or (end > asked) == is_past


BAD = {
    "nobody": (np.zeros((2, 0, 1)), np.zeros((2, 0, 1))),
    "no_scores": (np.zeros((2, 3, 1)), np.zeros((2, 3, 1))),
    "one_person": (np.array([[0.0], [1.0]])[..., None], np.array([[0.0], [3.0]])[..., None]),
    "one_organisation": (np.full((2, 1, 1), 4.0), np.array([[8.0], [12.0]])[..., None]),
    "no_variance": (np.full((2, 3, 1), 2.0), np.full((2, 3, 1), 6.0)),
    "apart": (np.array([[2.0, 0.0], [0.0, 2.0]])[..., None], np.array([[4.0, 0.0], [0.0, 6.0]])[..., None]),
    "one_wave": (np.array([[0.0, 0.0], [2.0, 2.0]])[..., None], np.array([[0.0, 0.0], [4.0, 6.0]])[..., None]),
    "no_indicators": (np.ones((2, 3, 0)), np.ones((2, 3, 0))),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("baseline", [np.nan, 1.0, 4.0])
def test_what_cannot_be_computed_is_nan_and_never_raises(name: str, baseline: float) -> None:
    weights, totals = BAD[name]
    count = weights.shape[2]
    found = attained(wave_means(weights, totals), np.full(count, 4.0), np.full(count, baseline))
    assert all(len(values) == count for values in found)
    if name != "one_wave" or np.isnan(baseline):
        assert np.isnan(found.fieller_low).all()


def test_nothing_spreads_to_other_indicators() -> None:
    weights, totals = (np.concatenate([first, second], axis=2) for first, second in zip(BAD["no_variance"], BAD["no_variance"], strict=True))
    weights[0, :, 0] = totals[0, :, 0] = 0
    totals[:, :, 1] = [[2.0, 4.0, 5.0], [5.0, 6.0, 9.0]]
    found = attained(wave_means(weights, totals), np.full(2, 40.0), np.full(2, np.nan))
    assert np.isnan(found.estimate[0])
    assert np.isfinite([values[1] for values in found]).all()


# ---------------------------------------------------------------- what a year asks for
@pytest.mark.parametrize(
    ("year", "asked"),
    [(2023, (1.0, 0.0)), (2024, (0.75, 1.0)), (2025, (0.5, 2.0)), (2027, (0.0, 4.0)), (2030, (0.0, 4.0)), (2022, (np.nan, np.nan))],
)
def test_even_steps(year: int, asked: tuple[float, float]) -> None:
    assert trajectory(year, 2023, 2027, 4.0, {}) == pytest.approx(asked, nan_ok=True)


@pytest.mark.parametrize(("year", "asked"), [(2024, (0.5, 1.5)), (2025, (0.0, 3.0)), (2026, (0.0, 3.5)), (2027, (0.0, 4.0))])
def test_straight_between_milestones(year: int, asked: tuple[float, float]) -> None:
    assert trajectory(year, 2023, 2027, 4.0, {2025: 3.0}) == pytest.approx(asked)


def test_a_milestone_speaks_where_the_year_of_the_baseline_or_target_is_not_known() -> None:
    assert trajectory(2025, np.nan, np.nan, 4.0, {2025: 3.0}) == (0.0, 3.0)
    assert np.isnan(trajectory(2024, np.nan, 2027, 4.0, {2025: 3.0})).all()
    assert np.isnan(trajectory(2026, 2023, np.nan, 4.0, {2025: 3.0})).all()
    assert trajectory(2027, np.nan, 2027, 4.0, {}) == (0.0, 4.0)


@pytest.mark.parametrize("end", [2023, 2020])
def test_a_target_that_does_not_come_after_its_baseline_asks_for_nothing(end: int) -> None:
    assert np.isnan(trajectory(2025, 2023, end, 4.0, {2024: 3.0})).all()


def test_milestones_outside_the_years_are_left_aside() -> None:
    assert trajectory(2025, 2023, 2027, 4.0, {2023: 9.0, 2022: 9.0, 2027: 9.0, 2029: 9.0}) == pytest.approx((0.5, 2.0))


def test_what_is_asked_as_a_share_of_the_way() -> None:
    # From 2 to 4, to be 3.5 by then: three quarters.
    assert expected_share(0.0, 3.5, 2.0, 4.0, is_linear=False) == pytest.approx(0.75)
    assert expected_share(0.5, 2.0, 2.0, 4.0, is_linear=True) == pytest.approx(0.5)
    assert np.isnan(expected_share(0.0, 4.0, 4.0, 4.0, is_linear=False))


@pytest.mark.parametrize(
    ("milestone", "target", "status"),
    [
        ((0.1, 0.5), (-0.4, 0.2), "on_track"),
        ((0.0, 0.5), (-0.4, 0.2), "on_track"),
        ((-0.1, 0.5), (-0.4, 0.2), "uncertain"),
        ((-0.5, -0.1), (-0.9, -0.4), "off_track"),
        ((0.3, 0.9), (0.0, 0.5), "reached"),
        ((np.nan, np.nan), (0.1, 0.5), "not_computable"),
    ],
)
def test_the_status_follows_from_the_interval(milestone: tuple[float, float], target: tuple[float, float], status: str) -> None:
    assert status_of_interval(milestone, target) == status


@pytest.mark.parametrize(
    ("target", "status"), [((-0.2, 0.1), "maintained"), ((-0.2, -0.1), "maintained"), ((-0.4, 0.1), "uncertain"), ((-0.6, -0.1), "off_track")]
)
def test_maintained_is_a_loss_that_matters_ruled_out(target: tuple[float, float], status: str) -> None:
    assert status_of_maintained(target, 0.3) == status


@pytest.mark.parametrize(
    ("reached", "expected", "name"),
    [
        (0.45, 0.5, "point_on_track"),
        (0.449, 0.5, "point_nearly"),
        (0.3, 0.5, "point_nearly"),
        (0.299, 0.5, "point_behind"),
        (-0.1, 0.0, "point_behind"),
        (np.nan, 0.5, ""),
        (0.5, np.nan, ""),
    ],
)
def test_the_class_of_the_point(reached: float, expected: float, name: str) -> None:
    assert class_of_point(reached, expected) == name


# ---------------------------------------------------------------- rows of the tables
NAME = "goal"


def described(folder: Path, *, better: str = "up", changes: dict[str, Any] | None = None, **target: Any) -> Evaluation:
    start = draft()
    entry = next(entry for entry in start.indicators["indicators"] if entry["id"] == NAME)
    entry["target"], entry["better"] = {"value": 4.0, "year": 2027, **target}, better
    if changes:
        start.item("goal_1")["changes"] = {"2025": changes}
    return start.load(folder)


def people(before: list[list[float]], after: list[list[float]]) -> pd.DataFrame:
    """Return scores: one list of persons for each organisation in each wave."""
    rows = [
        {"respondent_id": f"{g}-{at}", "alliance": "noord", "organisation": f"org {g}", "wave": wave, NAME: value}
        for wave, groups in (("2023", before), ("2025", after))
        for g, values in enumerate(groups)
        for at, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["respondent_id", "alliance", "organisation", "wave", NAME])


def spread(levels: list[float]) -> list[list[float]]:
    """Return three persons in each organisation around its level."""
    return [[level - 0.2, level, level + 0.2] for level in levels]


BEFORE, AFTER = spread([2.9, 3.0, 3.1, 3.0, 2.95, 3.05]), spread([3.5, 3.6, 3.7, 3.6, 3.5, 3.7])


def one_row(evaluation: Evaluation, scores: pd.DataFrame, alliance: str = "noord") -> tuple[pd.Series, pd.Series]:
    judged, measured = survey_attainment(evaluation, scores, alliance)
    assert list(judged.columns) == list(BY_NAME["attainment"].columns)
    assert list(measured.columns) == list(BY_NAME["indicators"].columns)
    assert len(judged) == len(measured) == 1
    return judged.iloc[0], measured.iloc[0]


def flags(row: pd.Series) -> list[str]:
    return str(row["flag"]).split("; ")


def test_on_the_way_by_hand(tmp_path: Path) -> None:
    # From 3.0 to 3.6, target 4.0: .6 of the way; half of the four years: .5 asked.
    judged, measured = one_row(described(tmp_path), people(BEFORE, AFTER))
    assert list(judged[["baseline", "target", "actual", "attainment", "expected"]]) == pytest.approx([3.0, 4.0, 3.6, 0.6, 0.5])
    assert (judged["indicator_id"], judged["year"], judged["status"]) == (NAME, 2025, "on_track")
    assert (measured["wave"], measured["source"], measured["statistic"], measured["tier"]) == ("2025", "survey", "attainment", "T2")
    assert (measured["n"], measured["n_organisations"], measured["n_missing"]) == (18, 6, 0)
    assert 0.5 < measured["ci_low"] < measured["estimate"] < measured["ci_high"] < 0.7
    assert flags(judged) == ["from_survey", "persons: 18"]


@pytest.mark.parametrize(
    ("levels", "status", "flag"),
    [
        ([4.1, 4.2, 4.3, 4.2, 4.1, 4.3], "reached", ""),
        ([3.1, 3.2, 3.3, 3.2, 3.1, 3.3], "off_track", ""),
        ([2.9, 4.2, 3.1, 4.0, 3.3, 3.5], "uncertain", "point_on_track"),
        ([2.6, 4.2, 2.8, 4.0, 3.3, 3.4], "uncertain", "point_nearly"),
        ([2.3, 4.2, 2.5, 4.0, 2.8, 3.2], "uncertain", "point_behind"),
    ],
)
def test_the_status_of_a_survey_indicator(tmp_path: Path, levels: list[float], status: str, flag: str) -> None:
    judged, _ = one_row(described(tmp_path), people(BEFORE, spread(levels)))
    assert judged["status"] == status
    assert not flag or flag in flags(judged)


def test_a_falling_target_of_a_survey(tmp_path: Path) -> None:
    turned = people([[6 - value for value in group] for group in BEFORE], [[6 - value for value in group] for group in AFTER])
    judged, _ = one_row(described(tmp_path, better="down", value=2.0), turned)
    assert (judged["attainment"], judged["status"]) == (pytest.approx(0.6), "on_track")


def test_from_a_known_baseline_every_wave_has_a_row(tmp_path: Path) -> None:
    judged, measured = survey_attainment(described(tmp_path, baseline=2.0, baseline_year=2021), people(BEFORE, AFTER), "noord")
    assert list(judged["attainment"]) == pytest.approx([0.5, 0.8])
    assert list(judged["expected"]) == pytest.approx([1 / 3, 2 / 3])
    assert list(judged["status"]) == ["on_track", "on_track"]
    assert measured["method"].str.contains("known baseline").all()


def test_a_wave_before_the_known_baseline_has_no_status(tmp_path: Path) -> None:
    judged, _ = survey_attainment(described(tmp_path, baseline=2.0, baseline_year=2024), people(BEFORE, AFTER), "noord")
    assert list(judged["status"]) == ["not_computable", "on_track"]
    assert "before_baseline_year" in flags(judged.iloc[0])


@pytest.mark.parametrize(("milestone", "status"), [(3.2, "on_track"), (3.9, "off_track"), (3.6, "uncertain")])
def test_a_milestone_is_what_the_mean_is_held_against(tmp_path: Path, milestone: float, status: str) -> None:
    judged, _ = one_row(described(tmp_path, milestones={2025: milestone}), people(BEFORE, AFTER))
    assert judged["expected"] == pytest.approx(milestone - 3.0)
    assert judged["status"] == status


@pytest.mark.parametrize(("level", "status"), [(3.0, "maintained"), (3.3, "maintained"), (2.9, "maintained"), (2.4, "off_track")])
def test_a_target_equal_to_the_known_baseline_is_kept_within_the_margin(tmp_path: Path, level: float, status: str) -> None:
    evaluation = described(tmp_path, value=3.0, baseline=3.0, baseline_year=2023)
    after = spread([level + lean for lean in (-0.1, 0.0, 0.1, 0.0, -0.05, 0.05)])
    judged, measured = (table.iloc[-1] for table in survey_attainment(evaluation, people(BEFORE, after), "noord"))
    assert (judged["status"], "maintain" in flags(judged)) == (status, True)
    assert pd.isna(judged["attainment"])
    assert pd.isna(measured["ci_low"])


def test_a_baseline_past_its_target_is_not_turned_round(tmp_path: Path) -> None:
    judged, measured = one_row(described(tmp_path, value=2.0), people(BEFORE, AFTER))
    assert "baseline_beyond_target" in flags(judged)
    assert pd.isna(judged["attainment"])
    assert pd.isna(measured["estimate"])
    assert judged["status"] == "reached"


def test_a_milestone_that_the_baseline_has_passed_is_said_in_a_survey(tmp_path: Path) -> None:
    judged, _ = one_row(described(tmp_path, milestones={2025: 2.5}), people(BEFORE, AFTER))
    assert (judged["expected"], judged["status"]) == (pytest.approx(-0.5), "on_track")
    assert "baseline_beyond_milestone" in flags(judged)


def test_a_count_is_a_rate_by_its_exposure(tmp_path: Path) -> None:
    # In four organisations, on average: before 6 + 3 incidents in 2 + 1 years, after 2 + 2 in 3 + 1 (one person did not say how long).
    # From 3 a year to 1, to be 0.5: 2 / 2.5.
    start = draft()
    entry = {"id": "rate", "label": {"nl": "r", "en": "r"}, "group": "safety", "items": ["incidents_1"], "statistic": "count", "exposure": "goal_1"}
    target = {"value": 0.5, "year": 2027}
    start.indicators["indicators"].append({**entry, "better": "down", "unit": {"nl": "r", "en": "r"}, "margin": 0.5, "target": target})
    rows = [
        {"respondent_id": f"{g}{at}", "alliance": "noord", "organisation": f"o{g}", "wave": wave, "rate": y + g % 2, "rate:exposure": years}
        for g in range(4)
        for wave, at, y, years in (("2023", 0, 5.5, 2.0), ("2023", 1, 2.5, 1.0), ("2025", 0, 1.5, 3.0), ("2025", 1, 1.5, 1.0), ("2025", 2, 9.0, np.nan))
    ]
    judged, measured = one_row(start.load(tmp_path), pd.DataFrame(rows))
    assert list(judged[["baseline", "actual", "attainment"]]) == pytest.approx([3.0, 1.0, 0.8])
    assert (measured["n"], measured["n_missing"]) == (8, 4)
    assert np.isfinite(measured["std_error"])


def test_a_target_near_the_baseline_has_no_interval_but_may_have_a_status(tmp_path: Path) -> None:
    judged, measured = one_row(described(tmp_path, value=3.02), people(BEFORE, AFTER))
    assert "target_near_baseline" in flags(judged)
    assert measured[["ci_low", "ci_high"]].isna().all()
    assert judged["status"] == "reached"
    judged, _ = one_row(described(tmp_path / "b", value=3.02), people(BEFORE, spread([2.6, 3.4, 2.8, 3.3, 3.0, 3.0])))
    assert judged["status"] == "uncertain"


@pytest.mark.parametrize("keep", [2, 3])
def test_few_organisations_have_numbers_and_no_status(tmp_path: Path, keep: int) -> None:
    judged, measured = one_row(described(tmp_path), people(BEFORE[:keep], AFTER[:keep]))
    assert (judged["status"], measured["tier"]) == ("not_computable", "T0")
    assert np.isfinite(judged["attainment"])
    assert "too_small_to_test" in flags(judged)


def test_few_persons_are_marked_for_what_is_published(tmp_path: Path) -> None:
    judged, _ = one_row(described(tmp_path), people(BEFORE[:3], AFTER[:3]))
    assert "persons: 9" in flags(judged)


@pytest.mark.parametrize(
    ("change", "flag"),
    [({"wording": {"nl": "Anders.", "en": "Other."}}, "definition_changed"), ({"column": "G1B"}, "")],
)
def test_a_changed_question_is_said(tmp_path: Path, change: dict[str, Any], flag: str) -> None:
    judged, _ = one_row(described(tmp_path, changes=change), people(BEFORE, AFTER))
    assert ("definition_changed" in flags(judged)) == bool(flag)


@pytest.mark.parametrize(
    ("before", "after", "flag"),
    [
        ([], [], "actual_missing"),
        (BEFORE, [], "actual_missing"),
        ([], AFTER, "baseline_missing"),
        ([[3.0]], [[3.5]], "one_organisation"),
        (BEFORE[:1], AFTER[:1], "one_organisation"),
        ([[3.0] * 4] * 5, [[3.5] * 4] * 5, "no_variance"),
        ([[3.0, 3.2], []], [[], [3.3, 3.5]], "no_organisation_in_both"),
        ([[np.nan] * 3] * 5, [[np.nan] * 3] * 5, "baseline_missing"),
    ],
)
def test_what_has_no_interval_has_no_status_and_says_why(tmp_path: Path, before: list[list[float]], after: list[list[float]], flag: str) -> None:
    judged, measured = one_row(described(tmp_path), people(before, after))
    assert judged["status"] == "not_computable"
    assert flag in flags(judged)
    assert measured[["std_error", "ci_low", "ci_high"]].isna().all()


def test_without_targets_there_are_no_rows(tiny: Evaluation) -> None:
    assert all(table.empty for table in survey_attainment(tiny, people(BEFORE, AFTER), "noord"))


def test_the_order_of_rows_and_the_names_of_organisations_do_not_matter(tmp_path: Path) -> None:
    evaluation, scores = described(tmp_path), people(BEFORE, AFTER)
    plain = survey_attainment(evaluation, scores, "noord")
    other = scores.iloc[::-1].assign(organisation=scores["organisation"].str.replace("org ", "z").str[::-1])
    for first, second in zip(plain, survey_attainment(evaluation, other, "noord"), strict=True):
        pd.testing.assert_frame_equal(first, second, rtol=1e-10)
