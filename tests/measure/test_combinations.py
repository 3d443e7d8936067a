"""Which boxes were ticked together: a few persons whose ticks can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from midterm.clean.answers import MEMBERSHIP
from midterm.description import Evaluation, load_evaluation
from midterm.measure.indicators import combination_counts
from midterm.measure.scores import items_by_person
from midterm.tables import shaped

ROOT = Path(__file__).parents[2]
BOXES = ("bottleneck_cooperation", "bottleneck_money", "bottleneck_policy", "bottleneck_reach", "bottleneck_safety", "bottleneck_staff")


def items(*persons: tuple[str, str, str | None]) -> pd.DataFrame:
    """Answers in coded form: each person with alliance and the boxes ticked; None is a page that was not reached."""
    rows = [
        {
            "respondent_id": person,
            "alliance": alliance,
            "organisation": "o",
            "wave": "2025",
            "item": box,
            "value": None if ticked is None else float(box.removeprefix("bottleneck_") in ticked.split()),
            "missing_kind": "not_reached" if ticked is None else None,
        }
        for person, alliance, ticked in persons
        for box in BOXES
    ]
    responses = shaped("responses", pd.DataFrame(rows))
    return items_by_person(responses, responses[MEMBERSHIP].drop_duplicates().assign(is_usable=True))


def counted(evaluation: Evaluation, given: pd.DataFrame) -> dict[str, int]:
    table = combination_counts(evaluation, given, "all")
    assert set(table["block"]) <= {"bottlenecks"}, "only blocks of which every item is a box"
    return dict(zip(table["combination"], table["n"], strict=True))


def test_exactly_these_boxes_are_counted_and_none_is_a_combination() -> None:
    given = items(("p1", "baken", "staff money"), ("p2", "baken", "money staff"), ("p3", "baken", "staff"), ("p4", "baken", ""))
    assert counted(load_evaluation(ROOT), given) == {"": 1, "bottleneck_money; bottleneck_staff": 2, "bottleneck_staff": 1}


def test_who_did_not_see_every_box_is_asked_and_not_counted() -> None:
    table = combination_counts(load_evaluation(ROOT), items(("p1", "baken", "staff"), ("p2", "baken", None)), "all")
    assert table[["combination", "n", "n_usable"]].values.tolist() == [["bottleneck_staff", 1, 2]]


def test_a_person_in_two_alliances_counts_once_by_the_first_membership() -> None:
    given = items(("p1", "regenwulp", "policy"), ("p1", "baken", "staff"))
    assert counted(load_evaluation(ROOT), given) == {"bottleneck_staff": 1}


def test_nobody_gives_an_empty_table() -> None:
    assert combination_counts(load_evaluation(ROOT), items(("p1", "baken", None)), "all").empty
