"""Scores of persons: how many items are enough, what is turned, what a share counts, and each person once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from factory import draft
from midterm.description import Evaluation
from midterm.measure import scores
from midterm.tables import shaped

NAN = np.nan
ITEMS = ("goal_1", "goal_2", "goal_3", "trust_1", "trust_2", "trust_3", "safety_1", "incidents_1", "box_1", "box_2")
WHO = {"respondent_id": "p", "alliance": "noord", "organisation": "anker", "wave": "2023"}


def responses(*people: dict[str, object]) -> pd.DataFrame:
    rows = [{**WHO, **{key: person[key] for key in WHO if key in person}, "item": item, "value": person.get(item)} for person in people for item in ITEMS]
    return shaped("responses", pd.DataFrame(rows).assign(value=lambda table: table["value"].astype(float)))


def respondents(*people: dict[str, object]) -> pd.DataFrame:
    rows = [{**WHO, **{key: person[key] for key in WHO if key in person}, "is_complete": True, "is_usable": person.get("is_usable", True)} for person in people]
    return shaped("respondents", pd.DataFrame(rows))


def scored(evaluation: Evaluation, *people: dict[str, object]) -> pd.DataFrame:
    return scores.scores_by_person(evaluation, scores.items_by_person(responses(*people), respondents(*people)))


@pytest.mark.parametrize(("answers", "score"), [((4, 5, 3), 4.0), ((4, 5, None), 4.5), ((None, 5, 2), 3.5), ((4, None, None), NAN), ((None, None, None), NAN)])
def test_two_of_three_items_are_enough_and_one_is_not(tiny: Evaluation, answers: tuple[int | None, ...], score: float) -> None:
    person = dict(zip(("goal_1", "goal_2", "goal_3"), answers, strict=True))
    assert scored(tiny, person)["goal"].iloc[0] == pytest.approx(score, nan_ok=True)


def test_four_of_six_is_exactly_two_thirds_and_enough(tiny: Evaluation) -> None:
    four = {"goal_1": 4, "goal_2": 4, "goal_3": 2, "trust_1": 2}
    assert scored(tiny, four)["cooperation"].iloc[0] == 3.0
    three = {name: four[name] for name in ("goal_1", "goal_2", "goal_3")}
    assert np.isnan(scored(tiny, three)["cooperation"].iloc[0])


@pytest.mark.parametrize(("rule", "is_enough"), [("1/2", True), ("0.5", True), ("2/3", False), ("1", False)])
def test_the_evaluation_may_set_another_rule(tmp_path: Path, rule: str, is_enough: bool) -> None:
    start = draft()
    start.evaluation["plan"]["min_answered"] = rule
    found = scored(start.load(tmp_path), {"goal_1": 4, "goal_2": 4, "goal_3": 4})["cooperation"].iloc[0]
    assert bool(np.isnan(found)) is not is_enough


def test_reversed_items_are_turned_before_the_mean(tiny: Evaluation) -> None:
    # trust_3 points the other way on 1-5: a 2 counts as 4.
    assert scored(tiny, {"trust_1": 4, "trust_2": 4, "trust_3": 2})["trust"].iloc[0] == 4.0


def test_turning_twice_gives_the_answers_back(tiny: Evaluation) -> None:
    given = responses({item: 1 + number % 5 for number, item in enumerate(ITEMS)})
    once = scores.turned(tiny, given)
    assert set(once.loc[once["value"] != given["value"], "item"]) <= {"trust_3"}
    pd.testing.assert_frame_equal(scores.turned(tiny, once), given)


def test_a_missing_reversed_item_stays_missing(tiny: Evaluation) -> None:
    turned = scores.turned(tiny, responses({"trust_1": 4}))
    assert turned.loc[turned["item"] == "trust_3", "value"].isna().all()


@pytest.mark.parametrize(("incidents", "share"), [(0, 0.0), (1, 1.0), (7, 1.0), (None, NAN)])
def test_a_share_counts_persons_from_the_threshold_on(tiny: Evaluation, incidents: int | None, share: float) -> None:
    assert scored(tiny, {"goal_1": 3, "incidents_1": incidents})["incident_share"].iloc[0] == pytest.approx(share, nan_ok=True)


def test_persons_who_are_not_usable_have_no_score(tiny: Evaluation) -> None:
    people = ({"respondent_id": "a", "goal_1": 4}, {"respondent_id": "b", "goal_1": 4, "is_usable": False})
    assert list(scored(tiny, *people)["respondent_id"]) == ["a"]


def test_a_person_in_two_alliances_counts_once_with_the_mean_of_both(tiny: Evaluation) -> None:
    same = {"goal_2": 4, "goal_3": 4}
    there = {"respondent_id": "a", "alliance": "zuid", "organisation": "kompas", "goal_1": 4, **same}
    here = {"respondent_id": "a", "alliance": "noord", "organisation": "boei", "goal_1": 1, **same}
    other = {"respondent_id": "b", "goal_1": 2, "goal_2": 2, "goal_3": 2}
    found = scores.once_per_person(scored(tiny, there, here, other))
    # Memberships of a: 4 and 3, so 3.5, under boei and noord, which come before kompas and zuid.
    assert list(found[["respondent_id", "alliance", "organisation", "goal"]].itertuples(index=False, name=None)) == [
        ("a", "noord", "boei", 3.5),
        ("b", "noord", "anker", 2.0),
    ]


def test_who_is_in_two_alliances_counts_under_a_membership_that_there_is(tiny: Evaluation) -> None:
    # By organisation first: boei of zuid comes before kompas of noord, so that it is zuid, not the first name of each.
    there = {"respondent_id": "a", "alliance": "noord", "organisation": "kompas", "goal_1": 4}
    here = {"respondent_id": "a", "alliance": "zuid", "organisation": "boei", "goal_1": 1}
    found = scores.once_per_person(scored(tiny, there, here)).iloc[0]
    assert (found["organisation"], found["alliance"]) == ("boei", "zuid")


def test_the_same_person_in_two_waves_is_two_rows(tiny: Evaluation) -> None:
    found = scores.once_per_person(scored(tiny, {"wave": "2023", "goal_1": 1}, {"wave": "2025", "goal_1": 1}))
    assert list(found["wave"]) == ["2023", "2025"]
