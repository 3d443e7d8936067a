"""Which heading means which declared column: as survey tools, R and SPSS write them, and what stays open or unfound."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.read.headings import SEARCHED_ROWS, heading_row, located

WORDING = "De partners delen een doel."


def found(heading: str, declared: str = "DOEL[SQ001]", *wordings: str) -> bool:
    return located([("id",), (heading,)], {declared: wordings or (WORDING,)}) == {declared: [1]}


@pytest.mark.parametrize(
    "heading",
    [
        "DOEL[SQ001]",
        " doel[sq001] ",
        "DOEL_SQ001",
        "DOEL.SQ001.",
        "DOEL[SQ001]. In hoeverre eens? [De partners delen een doel.]",
        "DOEL[SQ001]. In hoevere.. [De partners del.. ]",
        "DOEL[SQ001]: In hoeverre eens?",
        "DOEL[SQ001] - In hoeverre eens?",
        "DOEL[SQ001]. ",
        "De partners delen een doel.",
        "In hoeverre eens? [De partners delen een doel.]",
        "In hoeverre eens [of niet]? [De partners delen een doel.]",
        "In_hoeverre_eens?_[De_partners_delen_een_doel.]",
        "De_partners_delen_een_doel.",
        "<p>De partners <b>delen</b> een&nbsp;doel.</p>\n",
        "In hoeverre eens?<br />Kies een antwoord. [<p>De partners delen een doel.</p>]",
        '<p style="color: #333">DOEL[SQ001]</p>',
        "De\u00a0partners delen\u200b een doel.",
    ],
)
def test_a_heading_is_known_however_a_tool_wrote_it(heading: str) -> None:
    assert found(heading)


@pytest.mark.parametrize(
    "heading",
    ["DOEL[SQ001]Time", "DOEL[SQ001comment]", "DOEL[SQ0011]", "DOEL[SQ002]", "DOEL", "DOELSQ001", "groupTime12", "Question time: DOEL", "", "[]", "<p></p>"],
)
def test_a_heading_of_something_else_is_not_taken_for_it(heading: str) -> None:
    assert not found(heading)


def test_a_shortened_heading_is_not_taken_for_a_question_that_merely_begins_alike() -> None:
    # LimeSurvey's abbreviated headings keep fifteen letters: any question may be meant.
    assert not found("De partners del.. ")
    assert not found("In hoeverre ee..  [De partners del.. ]")


@pytest.mark.parametrize(
    ("declared", "heading"), [("KNEL[other]", "KNEL[other]"), ("KNEL[other]", "KNEL_other"), ("KNEL[other]", "KNEL[other]. Wat knelt? [Anders]")]
)
def test_the_box_for_other_is_known_by_its_code(declared: str, heading: str) -> None:
    assert found(heading, declared, "Anders, namelijk")


def test_a_wording_that_has_brackets_or_angles_itself_is_known() -> None:
    assert found("Vraag? [De [vaste] partners delen een doel]", "D1", "De [vaste] partners delen een doel")
    assert found("Is a < b en b > c?", "D1", "Is a < b en b > c?")


def test_the_surest_way_decides_where_several_headings_could_mean_it() -> None:
    headings = [("Q1. De partners",), ("q1",), ("Q1",)]
    assert located(headings, {"Q1": ()}) == {"Q1": [2]}
    assert located(headings[:2], {"Q1": ()}) == {"Q1": [1]}
    assert located(headings[:1], {"Q1": ()}) == {"Q1": [0]}


def test_other_names_of_a_column_count_and_what_stays_open_is_given_in_full() -> None:
    headings = [("Q1", "De vraag?", "QID1"), ("Q2", "De vraag?", "QID2")]
    assert located(headings, {"QID2": (), "Q1": ("De vraag?",), "De vraag?": ()}) == {"QID2": [1], "Q1": [0, 1], "De vraag?": [0, 1]}


def test_the_row_with_most_of_the_declared_headings_is_the_row_of_headings() -> None:
    rows = [["Titel Q1", ""], ["Q1", "uitleg"], ["Q2", "Q1"], ["Q1", "Q2"]]
    assert heading_row(rows, {"Q1": (), "Q2": ()}) == 2
    assert heading_row([["x"], ["y"]], {"Q1": ()}) == 0
    assert heading_row([["x"]] * SEARCHED_ROWS + [["Q1"]], {"Q1": ()}) == 0


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.permutations(["Q1", "Q2[SQ001]", "<p>Q3</p>", "Q4. Vraag?", "id"]))
def test_the_order_of_the_columns_does_not_matter(order: list[str]) -> None:
    places = located([(heading,) for heading in order], dict.fromkeys(("Q1", "Q2_SQ001", "Q3", "Q4"), ()))
    assert [order[place] for (place,) in places.values()] == ["Q1", "Q2[SQ001]", "<p>Q3</p>", "Q4. Vraag?"]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=30))
def test_any_text_may_be_a_heading_and_is_found_as_it_stands(text: str) -> None:
    assert located([(text,)], {text: ()}) == ({text: [0]} if text else {})
