"""The links of the theory of change: invented frameworks whose levels can be counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from midterm.description import Evaluation
from midterm.judge.links import levels, links, state_of_level, state_of_link
from midterm.tables import BY_NAME, empty, shaped

STATUS = {"good": "on_track", "kept": "maintained", "done": "reached", "near": "uncertain", "bad": "off_track", "none": "not_computable"}


def tables_of(alliance: str, **statuses: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Attainment and framework of one alliance: per level, words of STATUS separated by spaces."""
    attainment, framework = [], []
    for level, words in statuses.items():
        for place, word in enumerate(words.split()):
            key = {"alliance": alliance, "indicator_id": f"{level}{place}", "year": 2025}
            framework.append({**dict.fromkeys(BY_NAME["framework"].columns), **key, "level": level})
            attainment.append({**dict.fromkeys(BY_NAME["attainment"].columns), **key, "actual": 1.0, "status": STATUS[word]})
    return shaped("attainment", pd.DataFrame(attainment)), shaped("framework", pd.DataFrame(framework))


@pytest.mark.parametrize(
    ("on_schedule", "known", "state"),
    [(0, 0, "not_known"), (3, 4, "on_schedule"), (2, 4, "partly"), (1, 3, "behind"), (0, 2, "behind"), (2, 2, "on_schedule"), (2, 3, "partly")],
)
def test_a_level_is_on_schedule_from_three_quarters_and_behind_under_a_half(on_schedule: int, known: int, state: str) -> None:
    assert state_of_level(on_schedule, known, good=0.75, poor=0.50) == state


@pytest.mark.parametrize(
    ("earlier", "later", "state"),
    [
        ("on_schedule", "on_schedule", "both_on_schedule"),
        ("on_schedule", "partly", "later_behind"),
        ("on_schedule", "behind", "later_behind"),
        ("partly", "on_schedule", "later_ahead"),
        ("partly", "partly", "both_partly"),
        ("partly", "behind", "later_behind"),
        ("behind", "on_schedule", "later_ahead"),
        ("behind", "partly", "later_ahead"),
        ("behind", "behind", "no_footing"),
        ("not_known", "on_schedule", "not_known"),
        ("behind", "not_known", "not_known"),
    ],
)
def test_the_state_of_a_link_follows_from_both_ends(earlier: str, later: str, state: str) -> None:
    assert state_of_link(earlier, later) == state


def test_levels_stand_in_the_order_of_the_theory_and_links_join_neighbours(tiny: Evaluation) -> None:
    alliance = tiny.alliances[0]
    found = levels(tiny, *tables_of(alliance, outcome="bad near", activity="good kept done none", output="good bad"))
    assert found["level"].tolist() == ["activity", "output", "outcome"]
    assert found[["n", "known", "on_schedule"]].values.tolist() == [[4, 3, 3], [2, 2, 1], [2, 2, 0]]
    assert found["state"].tolist() == ["on_schedule", "partly", "behind"]
    assert links(found).values.tolist() == [[alliance, "activity", "output", "later_behind"], [alliance, "output", "outcome", "later_behind"]]


def test_a_level_that_is_not_there_is_passed_by(tiny: Evaluation) -> None:
    found = levels(tiny, *tables_of(tiny.alliances[0], activity="good", outcome="good"))
    assert links(found)[["earlier", "later", "state"]].values.tolist() == [["activity", "outcome", "both_on_schedule"]]


def test_links_never_join_two_alliances(tiny: Evaluation) -> None:
    first, second = tiny.alliances[:2]
    (a, b), (c, d) = tables_of(first, activity="good"), tables_of(second, output="bad")
    found = levels(tiny, pd.concat([c, a]), pd.concat([d, b]))
    assert found["alliance"].tolist() == [first, second], "in the order of the register"
    assert links(found).empty


def test_the_last_year_with_a_value_counts(tiny: Evaluation) -> None:
    attainment, framework = tables_of(tiny.alliances[0], activity="good")
    earlier = attainment.assign(year=2024, status="off_track")
    later = attainment.assign(year=2026, status="not_computable", actual=None)
    found = levels(tiny, shaped("attainment", pd.concat([later, attainment, earlier])), framework)
    assert found[["state", "year"]].values.tolist() == [["on_schedule", 2025]]


def test_an_indicator_without_attainment_is_not_computable(tiny: Evaluation) -> None:
    _, framework = tables_of(tiny.alliances[0], activity="good good")
    found = levels(tiny, empty("attainment"), framework)
    assert found[["n", "known", "state"]].values.tolist() == [[2, 0, "not_known"]]


def test_nothing_gives_nothing(tiny: Evaluation) -> None:
    found = levels(tiny, empty("attainment"), empty("framework"))
    assert found.empty
    assert links(found).empty
