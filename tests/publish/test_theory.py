"""The theory of change as a figure: what its links say follows from the statuses, and never that one thing brings about another."""

from __future__ import annotations

import pandas as pd
from test_charts import chart_of, evaluation_of, shown, table_of

Statuses = dict[str, dict[str, list[str]]]
STATUSES: Statuses = {
    "a1": {"activity": ["reached", "on_track"], "output": ["on_track", "off_track"], "outcome": ["off_track"]},
    "a2": {"input": ["maintained"], "activity": ["on_track"]},
}


def tables_of(statuses: Statuses) -> dict[str, pd.DataFrame]:
    """One indicator per status, in 2025."""
    rows = [
        ({"alliance": unit, "indicator_id": f"{level}{place}", "year": 2025}, level, status)
        for unit, found in statuses.items()
        for level, states in found.items()
        for place, status in enumerate(states)
    ]
    attainment = [{**key, "actual": 1.0, "status": status} for key, _, status in rows]
    return {"attainment": table_of("attainment", attainment), "framework": table_of("framework", [{**key, "level": level} for key, level, _ in rows])}


def test_the_title_counts_the_links_by_state() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("theory", evaluation, tables_of(STATUSES), "en")
    assert chart.words.title == "All alliances: both on schedule in 1 of 3 links, the later level behind in 2"
    better = STATUSES | {"a1": {"activity": ["reached"], "output": ["on_track"], "outcome": ["off_track"]}}
    assert chart_of("theory", evaluation, tables_of(better), "en").words.title == "All alliances: both on schedule in 2 of 3 links, the later level behind in 1"


def test_one_alliance_says_each_level_and_link_in_words() -> None:
    chart = chart_of("theory", evaluation_of(3), tables_of(STATUSES), "nl", "a1")
    assert {"Activiteit", "Prestatie", "2 van 2 op schema", "1 van 2 op schema", "0 van 1 op schema", "1 bereikt"} <= set(shown(chart))
    assert shown(chart).count("Het latere niveau blijft achter bij het eerdere.") == 2
    assert "Middelen" not in shown(chart), "only the levels that the framework has"
    assert "Activiteit → Prestatie: het latere niveau blijft achter" in chart.words.alt


def test_it_says_that_a_link_is_no_proof() -> None:
    for language, words in (("nl", "geen bewijs dat het een uit het ander volgt"), ("en", "no proof that one follows from the other")):
        for unit in ("all", "a1"):
            assert words in chart_of("theory", evaluation_of(3), tables_of(STATUSES), language, unit).words.subtitle


def test_the_numbers_hold_each_level_and_the_link_before_it() -> None:
    found = chart_of("theory", evaluation_of(3), tables_of(STATUSES)).data
    assert found["link_from_before"].fillna("").tolist() == ["", "later_behind", "later_behind", "", "both_on_schedule"]
    assert found[["alliance", "level", "on_schedule", "known"]].values.tolist()[:2] == [["a1", "activity", 2, 2], ["a1", "output", 1, 2]]


def test_an_alliance_without_framework_has_a_row_that_says_so() -> None:
    assert shown(chart_of("theory", evaluation_of(3), tables_of(STATUSES))).count("geen gegevens") == 1


def test_one_level_has_no_link_to_count() -> None:
    chart = chart_of("theory", evaluation_of(3), tables_of({"a1": {"output": ["on_track"]}}), "en", "a1")
    assert chart.words.title == "Alliantie 1: levels of the framework in 2025"


def test_what_cannot_be_computed_is_not_known() -> None:
    chart = chart_of("theory", evaluation_of(3), tables_of({"a1": {"activity": ["not_computable"], "output": ["on_track"]}}), "en", "a1")
    assert chart.words.title == "Alliantie 1: not known in 1 of 1 links"
