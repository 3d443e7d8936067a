"""Attainment worked by hand: (actual - baseline) / (target - baseline), what is summed, and the status that follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.description import Evaluation
from midterm.measure.attainment import attainment
from midterm.tables import shaped

ROW = {
    **{"alliance": "noord", "indicator_id": "P1", "level": "output", "unit": "number", "direction": "up", "reporting": "cumulative"},
    **{"baseline_year": 2022, "baseline_value": 0.0, "target_year": 2027, "target_value": 100.0},
}


def judged(tiny: Evaluation, actuals: dict[int, float], **change: object) -> pd.DataFrame:
    rows = [{**ROW, **change, "year": year, "actual_value": actual} for year, actual in actuals.items()]
    return attainment(tiny, shaped("framework", pd.DataFrame(rows))).set_index("year")


def test_half_way_to_a_rising_target(tiny: Evaluation) -> None:
    row = judged(tiny, {2025: 60.0}, baseline_value=20.0).loc[2025]
    assert (row["attainment"], row["expected"]) == pytest.approx((0.5, 0.6))


def test_a_falling_target_is_reached_from_above(tiny: Evaluation) -> None:
    # From 40 down to 20: 28.5 is 11.5 of 20 on the way, .575; three of five years ask .6, and .9 of that is .54.
    row = judged(tiny, {2025: 28.5}, unit="percent", direction="down", baseline_value=40.0, target_value=20.0).loc[2025]
    assert row["attainment"] == pytest.approx(0.575)
    assert row["status"] == "uncertain"
    assert not row["flag"]


def test_going_the_wrong_way_is_below_nought(tiny: Evaluation) -> None:
    row = judged(tiny, {2025: 44.0}, unit="percent", direction="down", baseline_value=40.0, target_value=20.0).loc[2025]
    assert (row["attainment"], row["status"]) == (pytest.approx(-0.2), "off_track")


def test_above_the_target_is_not_capped(tiny: Evaluation) -> None:
    row = judged(tiny, {2025: 130.0}).loc[2025]
    assert (row["attainment"], row["status"]) == (pytest.approx(1.3), "reached")


@pytest.mark.parametrize(
    ("actual", "status"),
    [(60.0, "on_track"), (59.99, "uncertain"), (54.0, "uncertain"), (53.99, "off_track"), (100.0, "reached"), (99.99, "on_track"), (0.0, "off_track")],
)
def test_the_status_turns_at_the_milestone_and_at_nine_tenths_of_it(tiny: Evaluation, actual: float, status: str) -> None:
    # Milestone of 2025 from 2022 to 2027: .6; nine tenths: .54.
    assert judged(tiny, {2025: actual}).loc[2025, "status"] == status


@pytest.mark.parametrize(("year", "expected"), [(2023, 0.2), (2024, 0.4), (2025, 0.6), (2027, 1.0), (2029, 1.0)])
def test_the_milestone_is_linear_time_and_at_most_all_of_it(tiny: Evaluation, year: int, expected: float) -> None:
    assert judged(tiny, {year: 1.0}).loc[year, "expected"] == pytest.approx(expected)


def test_before_its_baseline_year_nothing_is_expected_and_nothing_is_on_track(tiny: Evaluation) -> None:
    row = judged(tiny, {2023: 0.0}, baseline_year=2024).loc[2023]
    assert not row["expected"] < 0
    assert row["status"] != "on_track" or row["expected"] == 0


def test_annual_counts_are_summed_to_date(tiny: Evaluation) -> None:
    found = judged(tiny, {2023: 10.0, 2024: 15.0, 2025: 20.0}, reporting="annual")
    assert list(found["actual"]) == [10.0, 25.0, 45.0]
    assert list(found["attainment"]) == pytest.approx([0.10, 0.25, 0.45])
    assert found["flag"].str.contains("summed_to_date").all()


def test_annual_amounts_are_summed_too(tiny: Evaluation) -> None:
    assert list(judged(tiny, {2023: 10.0, 2024: 15.0}, reporting="annual", unit="euro")["actual"]) == [10.0, 25.0]


@pytest.mark.parametrize("change", [{"reporting": "cumulative"}, {"reporting": "annual", "unit": "percent"}, {"reporting": "annual", "unit": "score"}])
def test_cumulative_figures_percentages_and_scores_are_never_summed(tiny: Evaluation, change: dict[str, object]) -> None:
    assert list(judged(tiny, {2023: 10.0, 2024: 15.0, 2025: 20.0}, **change)["actual"]) == [10.0, 15.0, 20.0]


def test_a_gap_in_annual_counts_leaves_the_sums_after_it_unknown(tiny: Evaluation) -> None:
    found = judged(tiny, {2023: 10.0, 2024: np.nan, 2025: 20.0}, reporting="annual")
    assert found["actual"].isna().tolist() == [False, True, True]
    assert list(found["status"].iloc[1:]) == ["not_computable", "not_computable"]
    assert "earlier_year_missing" in found.loc[2025, "flag"]


def test_empty_first_years_of_annual_counts_are_said(tiny: Evaluation) -> None:
    found = judged(tiny, {2023: np.nan, 2024: 10.0, 2025: 20.0}, reporting="annual")
    assert found.loc[2025, "actual"] == 30.0
    assert "first_years_empty" in found.loc[2025, "flag"]


@pytest.mark.parametrize(
    ("direction", "actual", "status"),
    [("up", 80.0, "maintained"), ("up", 85.0, "maintained"), ("up", 79.9, "off_track"), ("down", 80.0, "maintained"), ("down", 80.1, "off_track")],
)
def test_a_target_equal_to_the_baseline_means_maintain(tiny: Evaluation, direction: str, actual: float, status: str) -> None:
    row = judged(tiny, {2025: actual}, unit="percent", direction=direction, baseline_value=80.0, target_value=80.0).loc[2025]
    assert row["status"] == status
    assert pd.isna(row["attainment"])
    assert "maintain" in row["flag"]


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"baseline_value": None}, "baseline_missing"),
        ({"target_value": None}, "target_missing"),
        ({"unit": None}, "unit_unknown"),
        ({"reporting": None}, "reporting_unknown"),
    ],
)
def test_what_is_missing_makes_no_status_and_is_said(tiny: Evaluation, change: dict[str, object], flag: str) -> None:
    row = judged(tiny, {2025: 60.0}, **change).loc[2025]
    assert row["status"] == "not_computable"
    assert flag in row["flag"].split("; ")


@pytest.mark.parametrize("field", ["direction", "reporting", "unit", "level", "baseline_year", "target_year", "baseline_value", "target_value"])
@pytest.mark.parametrize("reporting", ["annual", "cumulative"])
def test_an_empty_cell_is_never_the_end_of_it(tiny: Evaluation, field: str, reporting: str) -> None:
    # An empty direction, unit or way of reporting is an ordinary gap in a workbook, not a fault of the program.
    found = judged(tiny, {2023: 10.0, 2025: 60.0}, **{"reporting": reporting, field: None})
    assert len(found) == 2
    assert field == "level" or found["flag"].str.contains("missing|unknown").all()


def test_without_an_actual_value_nothing_is_computed(tiny: Evaluation) -> None:
    row = judged(tiny, {2025: np.nan}).loc[2025]
    assert (row["status"], row["flag"]) == ("not_computable", "actual_missing")
    assert pd.isna(row["attainment"])


def test_without_years_the_way_is_known_but_not_the_milestone(tiny: Evaluation) -> None:
    row = judged(tiny, {2025: 60.0}, baseline_year=None).loc[2025]
    assert row["attainment"] == pytest.approx(0.6)
    assert row["status"] == "not_computable"
    assert "baseline_year_missing" in row["flag"]


def test_a_direction_that_contradicts_the_target_is_said(tiny: Evaluation) -> None:
    assert "direction_contradicts_target" in judged(tiny, {2025: 30.0}, baseline_value=40.0, target_value=20.0).loc[2025, "flag"]


def test_a_figure_repeated_from_the_year_before_is_said(tiny: Evaluation) -> None:
    found = judged(tiny, {2023: 30.0, 2024: 30.0, 2025: 40.0})
    assert [("same_as_year_before" in str(flag)) for flag in found["flag"]] == [False, True, False]


def test_the_same_number_in_two_alliances_stays_two_indicators(tiny: Evaluation) -> None:
    rows = [{**ROW, "alliance": name, "year": year, "actual_value": 10.0, "reporting": "annual"} for name in ("noord", "zuid") for year in (2023, 2024)]
    found = attainment(tiny, shaped("framework", pd.DataFrame(rows)))
    assert list(found["actual"]) == [10.0, 20.0, 10.0, 20.0]


def test_no_framework_gives_no_rows(tiny: Evaluation) -> None:
    assert attainment(tiny, shaped("framework", pd.DataFrame(columns=["alliance"]))).empty


def revised(tiny: Evaluation, **change: object) -> pd.DataFrame:
    """Return the judged rows of an indicator of which 2025 has something else than 2023."""
    rows = [{**ROW, "year": 2023, "actual_value": 20.0}, {**ROW, "year": 2025, "actual_value": 60.0, **change}]
    return attainment(tiny, shaped("framework", pd.DataFrame(rows))).set_index("year")


@pytest.mark.parametrize(
    ("change", "flag", "reached"),
    [
        ({"baseline_value": 20.0}, "baseline_revised", 0.5),
        ({"baseline_year": 2021}, "baseline_revised", 0.6),
        ({"target_value": 120.0}, "target_revised", 0.5),
        ({"target_year": 2026}, "target_revised", 0.6),
        ({"indicator": "In other words", "level": "outcome"}, "definition_changed", 0.6),
    ],
)
def test_what_was_revised_counts_as_it_is_now_and_is_said(tiny: Evaluation, change: dict[str, object], flag: str, reached: float) -> None:
    found = revised(tiny, **change)
    assert found["flag"].str.contains(flag).all()
    assert found.loc[2025, "attainment"] == pytest.approx(reached)
    assert found.loc[2025, "status"] != "not_computable"


@pytest.mark.parametrize(("change", "flag"), [({"unit": "percent"}, "unit_changed"), ({"reporting": "annual"}, "reporting_changed")])
def test_years_in_another_unit_or_way_of_reporting_are_not_compared(tiny: Evaluation, change: dict[str, object], flag: str) -> None:
    found = revised(tiny, **change)
    assert list(found["status"]) == ["not_computable", "not_computable"]
    assert found["flag"].str.contains(flag).all()


def test_an_empty_cell_is_no_revision(tiny: Evaluation) -> None:
    assert not revised(tiny, indicator=None, baseline_year=None)["flag"].str.contains("revised|changed").any()


@pytest.mark.parametrize(("unit", "flag"), [("percent", "zero_baseline"), ("score", "zero_baseline"), ("number", ""), ("euro", "")])
def test_a_baseline_of_nought_is_no_division_by_it_and_said_where_it_may_mean_not_measured(tiny: Evaluation, unit: str, flag: str) -> None:
    row = judged(tiny, {2025: 60.0}, unit=unit).loc[2025]
    assert (row["attainment"], row["status"], row["flag"]) == (pytest.approx(0.6), "on_track", flag)


def test_from_nought_down_and_kept_at_nought(tiny: Evaluation) -> None:
    assert judged(tiny, {2025: -6.0}, direction="down", target_value=-10.0).loc[2025, "attainment"] == pytest.approx(0.6)
    assert judged(tiny, {2025: 0.0}, direction="down", target_value=0.0).loc[2025, "status"] == "maintained"


@pytest.mark.parametrize(("actual", "target", "is_said"), [(120.0, 100.0, True), (60.0, 150.0, True), (100.0, 100.0, False)])
def test_a_percentage_above_100_is_computed_and_said(tiny: Evaluation, actual: float, target: float, is_said: bool) -> None:
    row = judged(tiny, {2025: actual}, unit="percent", baseline_value=40.0, target_value=target).loc[2025]
    assert row["attainment"] == pytest.approx((actual - 40) / (target - 40))
    assert ("beyond_100" in row["flag"]) is is_said


def test_a_count_above_100_is_just_a_count(tiny: Evaluation) -> None:
    assert "beyond_100" not in judged(tiny, {2025: 120.0}).loc[2025, "flag"]


def with_milestones(evaluation: Evaluation, steps: dict[int, float]) -> Evaluation:
    """Return the evaluation with milestones for row P1 of ``noord``."""
    sources = evaluation.sources
    named = tuple(one.model_copy(update={"milestones": {"P1": steps}}) if one.alliance == "noord" else one for one in sources.frameworks)
    return replace(evaluation, file=evaluation.file.model_copy(update={"sources": sources.model_copy(update={"frameworks": named})}))


@pytest.mark.parametrize(
    ("year", "actual", "expected", "status"),
    [
        (2023, 5.0, 0.05, "on_track"),  # half of the way from 2022 to the first milestone
        (2024, 10.0, 0.1, "on_track"),
        (2025, 36.0, 0.4, "uncertain"),  # half-way from 10 to 70; .9 of 40
        (2025, 35.9, 0.4, "off_track"),
        (2026, 70.0, 0.7, "on_track"),
        (2027, 99.0, 1.0, "uncertain"),
    ],
)
def test_milestones_of_a_framework_row_take_the_place_of_even_steps(tiny: Evaluation, year: int, actual: float, expected: float, status: str) -> None:
    rows = shaped("framework", pd.DataFrame([{**ROW, "year": year, "actual_value": actual}]))
    (row,) = attainment(with_milestones(tiny, {2024: 10.0, 2026: 70.0}), rows).to_dict("records")
    assert (row["expected"], row["status"]) == (pytest.approx(expected), status)


def test_milestones_of_a_falling_target_and_of_another_row(tiny: Evaluation) -> None:
    change = {"baseline_value": 40.0, "target_value": 20.0, "direction": "down", "unit": "percent", "year": 2025, "actual_value": 30.0}
    rows = shaped("framework", pd.DataFrame([{**ROW, **change}, {**ROW, **change, "indicator_id": "P2"}]))
    found = attainment(with_milestones(tiny, {2025: 32.0}), rows).set_index("indicator_id")
    assert list(found["expected"]) == pytest.approx([0.4, 0.6])
    assert list(found["status"]) == ["on_track", "off_track"]


def test_a_milestone_that_the_baseline_has_passed_is_said(tiny: Evaluation) -> None:
    # From 40 to 100, but only 30 asked in 2025: a sixth of the way back.
    rows = shaped("framework", pd.DataFrame([{**ROW, "baseline_value": 40.0, "year": 2025, "actual_value": 28.0}]))
    (row,) = attainment(with_milestones(tiny, {2025: 30.0}), rows).to_dict("records")
    assert (row["expected"], row["status"], row["flag"]) == (pytest.approx(-1 / 6), "off_track", "baseline_beyond_milestone")


def test_a_milestone_counts_without_the_year_of_the_baseline(tiny: Evaluation) -> None:
    rows = shaped("framework", pd.DataFrame([{**ROW, "baseline_year": None, "year": 2025, "actual_value": 60.0}]))
    assert attainment(with_milestones(tiny, {2025: 50.0}), rows).loc[0, "status"] == "on_track"


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.integers(-50, 50), st.integers(1, 60), st.integers(-80, 150), st.sampled_from([0.01, 1.0, 1000.0]))
def test_the_unit_and_the_sign_do_not_matter(tiny: Evaluation, baseline: int, way: int, actual: int, factor: float) -> None:
    def at(sign: float) -> tuple[float, str]:
        numbers = {"baseline_value": sign * baseline * factor, "target_value": sign * (baseline + way) * factor, "direction": "up" if sign > 0 else "down"}
        row = judged(tiny, {2025: sign * actual * factor}, **numbers).loc[2025]
        return float(row["attainment"]), str(row["status"])

    expected = (actual - baseline) / way
    for value, _ in (at(1), at(-1)):
        assert value == pytest.approx(expected)
    assert at(1)[1] == at(-1)[1]
