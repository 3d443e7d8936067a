"""The rows on scales in the table ``indicators``: who counts, what is flagged, and that they hold what the functions give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from factory import Draft, draft
from midterm.clean.answers import wide as wide_of
from midterm.description import Evaluation
from midterm.measure import scores
from midterm.measure.invariance import functioning
from midterm.measure.reliability import cronbach_alpha, intraclass, omega_total, rwg
from midterm.measure.scales import invariance, reliability
from midterm.tables import shaped

ITEMS = ("goal_1", "goal_2", "goal_3", "trust_1", "trust_2", "trust_3", "safety_1")
GOAL = ["goal_1", "goal_2", "goal_3"]


def people(count: int, seed: int = 1, *, waves: tuple[str, ...] = ("2023", "2025"), lean: float = 0.8, organisations: int = 3) -> pd.DataFrame:
    """Return answers of ``count`` persons a wave, half in each alliance; trust_3 points the other way. Up to three organisations are T0."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for wave in waves:
        for number in range(count):
            alliance = ("noord", "zuid")[number % 2]
            trait = 3.2 + lean * (number % 2) + random.normal(0, 0.7)
            given = np.clip(np.rint(trait + random.normal(0, 0.6, len(ITEMS))), 1, 5)
            given[5] = 6 - given[5]
            who = {"respondent_id": f"p{number:03d}", "alliance": alliance, "organisation": f"{alliance}{number // 2 % organisations}", "wave": wave}
            rows += [{**who, "item": item, "value": value} for item, value in zip(ITEMS, given, strict=True)]
    return pd.DataFrame(rows, columns=["respondent_id", "alliance", "organisation", "wave", "item", "value"])


def wide(answers: pd.DataFrame) -> pd.DataFrame:
    return wide_of(shaped("responses", answers.assign(value=answers["value"].astype(float))))


def rows_of(evaluation: Evaluation, answers: pd.DataFrame) -> pd.DataFrame:
    items = wide(answers)
    return reliability(evaluation, items, scores.scores_by_person(evaluation, items))


def one(table: pd.DataFrame, statistic: str, indicator: str = "goal", wave: str = "2023", alliance: str = "all") -> Any:
    (row,) = table[(table["statistic"] == statistic) & (table["indicator"] == indicator) & (table["wave"] == wave) & (table["alliance"] == alliance)].to_dict(
        "records"
    )
    return row


def matrix(answers: pd.DataFrame, wave: str = "2023") -> pd.DataFrame:
    return answers[answers["wave"] == wave].pivot(index=["respondent_id", "alliance"], columns="item", values="value").reset_index()


def with_gaps(answers: pd.DataFrame, gap: pd.Series) -> pd.DataFrame:
    return answers.assign(value=answers["value"].mask(gap), missing_kind=np.where(gap, "empty", None))


def skipped(answers: pd.DataFrame, persons: int, items: list[str], start: int = 0) -> pd.Series:
    """Return which answers are those of the given number of persons to the items, in 2023."""
    names = [f"p{number:03d}" for number in range(start, start + persons)]
    return answers["respondent_id"].isin(names) & answers["item"].isin(items) & (answers["wave"] == "2023")


def test_rows_hold_what_the_functions_give(tiny: Evaluation) -> None:
    answers = people(40)
    table, plain = rows_of(tiny, answers), matrix(answers)
    goal = plain[GOAL].to_numpy(float)
    for name, fit in (("alpha", cronbach_alpha(goal)), ("omega", omega_total(goal)[0])):
        row = one(table, name)
        assert (row["estimate"], row["ci_low"], row["ci_high"]) == pytest.approx((fit.estimate, fit.ci_low, fit.ci_high))
        assert (row["n"], row["n_organisations"], row["n_missing"], row["flag"], row["tier"]) == (40, 6, 0, "", "T3")
    for name, fit in zip(("icc1", "icc2"), intraclass(goal.mean(axis=1), plain["alliance"].to_numpy(object)), strict=True):
        row = one(table, name)
        assert (row["estimate"], row["ci_low"], row["ci_high"]) == pytest.approx((fit.estimate, fit.ci_low, fit.ci_high))
    within = rwg(goal, (plain["alliance"] == "zuid").to_numpy().astype(np.intp), np.full(3, 2.0), 2)
    assert [one(table, "rwg", alliance=name)["estimate"] for name in ("noord", "zuid")] == pytest.approx(within)
    assert one(table, "rwg")["estimate"] == pytest.approx(float(np.median(within)))
    assert (one(table, "rwg", alliance="zuid")["n"], one(table, "rwg", alliance="zuid")["n_organisations"]) == (20, 3)


def test_reversed_items_are_turned_first(tiny: Evaluation) -> None:
    table = rows_of(tiny, people(40))
    assert one(table, "omega", "trust")["flag"] == ""
    assert one(table, "rwg", "trust", alliance="noord")["estimate"] > 0.5


def test_the_keys_are_unique_and_the_table_is_that_of_the_contract(tiny: Evaluation) -> None:
    answers = people(160)
    table = pd.concat([rows_of(tiny, answers), invariance(tiny, wide(answers))])
    assert not table.duplicated(["alliance", "indicator", "wave", "source", "statistic"]).any()
    assert list(table.columns) == list(shaped("indicators", table).columns)


@pytest.mark.parametrize(("count", "flag"), [(29, "interval_only"), (30, "")])
def test_under_thirty_persons_only_the_interval_may_be_quoted(tiny: Evaluation, count: int, flag: str) -> None:
    table = rows_of(tiny, people(count, seed=4))
    for name in ("alpha", "omega"):
        row = one(table, name)
        assert row["flag"] == flag
        assert row["ci_low"] < row["estimate"] < row["ci_high"]


def test_a_scale_of_two_items_has_alpha_but_no_omega_and_of_one_neither(tmp_path: Path) -> None:
    start = draft()
    start.indicators["indicators"][1]["items"] = ["goal_1", "goal_2"]
    table = rows_of(start.load(tmp_path), people(40))
    assert one(table, "alpha")["flag"] == ""
    assert one(table, "omega")["flag"] == "not_computable; too_few_items"
    assert set(table[table["indicator"] == "safety"]["statistic"]) == {"icc1", "icc2", "rwg"}


def test_a_view_is_shared_or_not(tiny: Evaluation) -> None:
    shared = rows_of(tiny, people(80, lean=1.5, organisations=4))
    assert one(shared, "icc1")["flag"] == one(shared, "rwg")["flag"] == one(shared, "rwg", alliance="zuid")["flag"] == "shared_view"
    apart = rows_of(tiny, people(80, lean=0.0, organisations=4))
    assert one(apart, "icc1")["ci_low"] < 0
    assert one(apart, "icc1")["flag"] == one(apart, "rwg", alliance="noord")["flag"] == "no_shared_view"


@pytest.mark.parametrize(("count", "organisations"), [(80, 3), (14, 4)], ids=["three organisations", "seven persons"])
def test_no_view_is_said_of_small_groups_nor_of_all_where_each_is_small(tiny: Evaluation, count: int, organisations: int) -> None:
    table = rows_of(tiny, people(count, lean=1.5, organisations=organisations))
    within = [one(table, "rwg", alliance=name) for name in ("noord", "zuid")]
    assert [(row["tier"], row["flag"]) for row in within] == [("T0", ""), ("T0", "")]
    assert one(table, "rwg")["estimate"] == pytest.approx(np.median([row["estimate"] for row in within]))
    assert (one(table, "rwg")["flag"], one(table, "icc1")["flag"], one(table, "rwg")["n"]) == ("", "", count)


def test_a_small_group_is_left_out_of_the_median_and_one_alliance_is_not_all(tiny: Evaluation) -> None:
    answers = people(80, lean=1.5, organisations=4)
    table = rows_of(tiny, answers[(answers["alliance"] == "zuid") | (answers["organisation"] < "noord3")])
    large, pooled = one(table, "rwg", alliance="zuid"), one(table, "rwg")
    assert (large["flag"], one(table, "rwg", alliance="noord")["flag"]) == ("shared_view", "")
    assert (pooled["estimate"], pooled["n"], pooled["n_organisations"]) == (large["estimate"], 40, 4)
    assert (pooled["flag"], one(table, "icc1")["flag"]) == ("alliances_left_out: 1", "")


def test_answers_spread_wider_than_evenly_have_no_agreement(tiny: Evaluation) -> None:
    answers = people(40, organisations=4)
    answers["value"] = np.where(answers["respondent_id"].str[-2:].astype(int) % 4 < 2, 1.0, 5.0)
    row = one(rows_of(tiny, answers), "rwg", alliance="noord")
    assert (row["estimate"], row["flag"]) == (0.0, "no_shared_view; spread_as_if_even")


def test_a_person_in_two_alliances_counts_once_in_alpha_and_twice_between(tiny: Evaluation) -> None:
    answers = people(40)
    twin = answers[answers["respondent_id"] == "p000"].assign(alliance="zuid", organisation="zuid0")
    table, before = rows_of(tiny, pd.concat([answers, twin])), rows_of(tiny, answers)
    assert one(table, "alpha")["estimate"] == pytest.approx(one(before, "alpha")["estimate"])
    assert (one(table, "alpha")["n"], one(table, "icc1")["n"]) == (40, 40)
    assert (one(table, "rwg", alliance="noord")["n"], one(table, "rwg", alliance="zuid")["n"]) == (20, 21)


def test_persons_with_a_gap_are_missing_in_alpha_and_those_without_a_score_in_all(tiny: Evaluation) -> None:
    answers = people(40)
    gapped = with_gaps(answers, skipped(answers, 1, ["goal_1"]) | skipped(answers, 1, ["goal_1", "goal_2"], start=2))  # both in noord
    table = rows_of(tiny, gapped)
    for row in (one(table, "alpha"), one(table, "omega")):
        assert (row["n"], row["n_missing"]) == (38, 2)
    assert one(table, "alpha", wave="2025")["n_missing"] == 0
    agreed = one(table, "rwg", alliance="noord")  # of two of three items a score, of one none
    assert (agreed["n"], agreed["n_missing"]) == (19, 1)
    noord = matrix(gapped).query("alliance == 'noord' and respondent_id != 'p002'")[GOAL].to_numpy(float)
    assert agreed["estimate"] == pytest.approx(rwg(noord, np.zeros(19, dtype=np.intp), np.full(3, 2.0), 1)[0])


def test_the_plan_says_how_much_a_score_asks(tmp_path: Path) -> None:
    start, answers = draft(), people(40)
    start.evaluation["plan"]["min_answered"] = 1
    row = one(rows_of(start.load(tmp_path), with_gaps(answers, skipped(answers, 2, ["goal_1"]))), "rwg", alliance="noord")
    assert (row["n"], row["n_missing"]) == (19, 1)


@pytest.mark.parametrize(("gaps", "flag"), [(8, ""), (9, "complete_cases: 77 %"), (11, "interval_only; complete_cases: 72 %"), (40, "complete_cases: 0 %")])
def test_alpha_and_omega_say_where_few_of_the_scores_are_complete(tiny: Evaluation, gaps: int, flag: str) -> None:
    # Of 40 persons with a score 32 complete is 80 %, 31 is 77.5 %, 29 is 72.5 %.
    answers = people(40)
    table = rows_of(tiny, with_gaps(answers, skipped(answers, gaps, ["goal_1"])))
    for name in ("alpha", "omega"):
        row = one(table, name)
        assert row["flag"].endswith(flag) if gaps == 40 else row["flag"] == flag
        assert one(table, name, wave="2025")["flag"] == ""


def test_persons_without_a_score_do_not_make_alpha_incomplete(tiny: Evaluation) -> None:
    answers = people(40)
    row = one(rows_of(tiny, with_gaps(answers, skipped(answers, 10, GOAL))), "alpha")
    assert (row["n"], row["n_missing"], row["flag"]) == (30, 10, "")


def test_the_order_of_rows_and_names_of_organisations_do_not_matter(tiny: Evaluation) -> None:
    answers = people(40)
    pd.testing.assert_frame_equal(rows_of(tiny, answers), rows_of(tiny, answers.sample(frac=1, random_state=2)))
    renamed = answers.assign(organisation="x" + answers["organisation"].str[::-1])
    pd.testing.assert_frame_equal(rows_of(tiny, answers), rows_of(tiny, renamed))


def only(answers: pd.DataFrame, **key: str) -> pd.DataFrame:
    for column, value in key.items():
        answers = answers[answers[column] == value]
    return answers


@pytest.mark.parametrize(
    "answers",
    [
        people(0),
        people(1, waves=("2023",)),
        people(2),
        only(people(40), alliance="noord"),
        only(people(40), wave="2025"),
        people(40).assign(value=4.0),
        people(40).assign(value=np.nan, missing_kind="empty"),
        only(people(40), item="goal_1"),
        people(40, lean=0).assign(value=lambda table: np.where(table["alliance"] == "noord", 1.0, 5.0)),
    ],
    ids=[
        "nobody",
        "one person",
        "one person an alliance",
        "one alliance",
        "one wave",
        "no variance",
        "nothing answered",
        "one item asked",
        "all alike in an alliance",
    ],
)
def test_bad_answers_give_rows_with_a_reason_and_no_number(tiny: Evaluation, answers: pd.DataFrame) -> None:
    for table in (rows_of(tiny, answers), invariance(tiny, wide(answers))):
        without = table[table["estimate"].isna()]
        assert (without["flag"] != "").all()
        assert without[["ci_low", "ci_high"]].isna().all(axis=None)


def test_counts_have_no_agreement_with_an_even_spread(tmp_path: Path) -> None:
    start = draft()
    count = {"id": "incident_mean", "label": {"nl": "Incidenten", "en": "Incidents"}, "group": "safety", "items": ["incidents_1"], "margin": 0.5}
    start.indicators["indicators"].append({**count, "unit": {"nl": "incidenten", "en": "incidents"}})
    answers = people(20)
    more = answers[answers["item"] == "goal_1"].assign(item="incidents_1")
    table = rows_of(start.load(tmp_path), pd.concat([answers, more]))
    assert set(table[table["indicator"] == "incident_mean"]["statistic"]) == {"icc1", "icc2"}


# Invariance


def moved(answers: pd.DataFrame) -> pd.DataFrame:
    is_moved = (answers["item"] == "goal_2") & (answers["wave"] == "2025")
    return answers.assign(value=np.clip(answers["value"] + 1.5 * is_moved.astype(float), 1, 5).round())


def test_an_item_that_moved_is_found_and_the_rows_hold_what_the_function_gives(tiny: Evaluation) -> None:
    answers = moved(people(200, seed=3))
    table = invariance(tiny, wide(answers))
    stacked = pd.concat([matrix(answers, wave).assign(wave=wave) for wave in ("2023", "2025")])
    expected = functioning(stacked[GOAL].to_numpy(float), (stacked["wave"] == "2025").to_numpy())
    for at, item in enumerate(GOAL):
        row = one(table, "dif_uniform", f"goal:{item}", "2025")
        assert row["estimate"] == pytest.approx(expected.uniform_size[at], abs=1e-9)
        odds = one(table, "dif_log_odds", f"goal:{item}", "2025")
        assert (odds["estimate"], odds["std_error"]) == pytest.approx((expected.log_odds[at], expected.std_error[at]))
        assert odds["ci_low"] == pytest.approx(odds["estimate"] - 1.959964 * odds["std_error"], abs=1e-6)  # R qnorm(.975)
    row = one(table, "dif_uniform", "goal:goal_2", "2025")
    assert row["flag"] == "dif_large; persons_taken_as_independent"
    assert one(table, "dif_log_odds", "goal:goal_2", "2025")["estimate"] > 1
    assert one(table, "dif_uniform_p", "goal:goal_2", "2025")["estimate"] < 1e-6
    assert (row["n"], row["n_organisations"], row["n_missing"]) == (400, 6, 0)
    assert set(table["indicator"].str.split(":").str[0]) == {"cooperation", "goal", "trust"}


def test_items_that_stayed_are_not_found_where_people_truly_changed(tiny: Evaluation) -> None:
    answers = people(200, seed=7)
    higher = answers["wave"] == "2025"
    random = np.random.default_rng(8)
    by_person = {name: random.choice([0.0, 1.0]) for name in sorted(set(answers["respondent_id"]))}
    turned = np.where(answers["item"] == "trust_3", -1.0, 1.0)
    changed = answers.assign(value=np.clip(answers["value"] + turned * higher * answers["respondent_id"].map(by_person), 1, 5))
    table = invariance(tiny, wide(changed))
    assert set(table[table["statistic"] == "dif_uniform"]["flag"].str.split(";").str[0]) <= {"no_dif", "dif_negligible"}


@pytest.mark.parametrize(("count", "flag"), [(149, "not_computable; too_few_for_invariance"), (150, "persons_taken_as_independent")])
def test_under_150_a_wave_items_are_not_tested(tiny: Evaluation, count: int, flag: str) -> None:
    table = invariance(tiny, wide(people(count)))
    assert set(table[table["statistic"] == "dif_log_odds"]["flag"]) == {flag}


def test_an_item_is_judged_over_persons_with_a_score_who_answered_it(tiny: Evaluation) -> None:
    answers = people(200, seed=3)
    gapped = with_gaps(answers, skipped(answers, 20, ["goal_1"]) | skipped(answers, 10, ["goal_1", "goal_2"], start=20))
    table = invariance(tiny, wide(gapped))
    stacked = pd.concat([matrix(gapped, wave).assign(wave=wave) for wave in ("2023", "2025")])
    scored = stacked[stacked[GOAL].notna().sum(axis=1) >= 2]
    expected = functioning(scored[GOAL].to_numpy(float), (scored["wave"] == "2025").to_numpy())
    for at, (item, n) in enumerate(zip(GOAL, (370, 390, 390), strict=True)):
        row = one(table, "dif_log_odds", f"goal:{item}", "2025")
        assert (row["estimate"], row["std_error"]) == pytest.approx((expected.log_odds[at], expected.std_error[at]))
        assert (row["n"], row["n_missing"]) == (n, 400 - n)


def test_an_item_that_too_few_answered_does_not_stop_the_others(tiny: Evaluation) -> None:
    answers = people(150)
    table = invariance(tiny, wide(with_gaps(answers, skipped(answers, 1, ["goal_1"]))))
    flags = [one(table, "dif_log_odds", f"goal:{item}", "2025")["flag"] for item in GOAL]
    assert flags == ["not_computable; too_few_for_invariance", "persons_taken_as_independent", "persons_taken_as_independent"]


def test_a_person_in_two_alliances_counts_by_the_first(tiny: Evaluation) -> None:
    answers = people(150)
    twin = answers[answers["respondent_id"] == "p000"].assign(alliance="zuid", organisation="zuid0", value=1.0)
    pd.testing.assert_frame_equal(invariance(tiny, wide(pd.concat([answers, twin]))), invariance(tiny, wide(answers)))


def test_an_evaluation_without_scales_has_no_rows(tmp_path: Path) -> None:
    start: Draft = draft()
    start.indicators["indicators"] = [entry for entry in start.indicators["indicators"] if entry["id"] in ("safety", "incident_share", "box_1")]
    start.evaluation["plan"]["primary"] = ["safety"]
    start.evaluation["questions"][0]["survey"] = ["safety"]
    assert invariance(start.load(tmp_path), wide(people(10))).empty
