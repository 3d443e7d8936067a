"""The coded form of answers: what it says in words, and that the long table and it are one thing in two shapes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.clean.answers import MISSING, in_words, long, numbers, wide
from midterm.clean.decoder import Meaning
from midterm.tables import shaped

laws = settings(derandomize=True, deadline=None, max_examples=40)
CELL = st.one_of(st.none(), st.sampled_from(MISSING), st.floats(-5, 50, allow_nan=False).map(lambda value: repr(float(value))))


def frames(cells: dict[str, list[str | None]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    size = len(next(iter(cells.values())))
    persons = pd.DataFrame({"respondent_id": [f"r{at}" for at in range(size)], "alliance": ["b", "a"] * (size // 2) + ["a"] * (size % 2)})
    persons = persons.assign(organisation="o", wave="2023").astype("category")
    return persons, pd.DataFrame({item: pd.Categorical(column) for item, column in cells.items()})


def test_a_cell_says_in_words_what_was_answered() -> None:
    assert in_words(Meaning(4.0)) == "4.0"
    assert in_words(Meaning(kind="dont_know")) == "dont_know"


def test_numbers_are_looked_up_and_kinds_of_missing_are_none() -> None:
    column = pd.Series(pd.Categorical(["4.0", "dont_know", None, "0.5"]))
    np.testing.assert_array_equal(numbers(column), [4.0, np.nan, np.nan, 0.5])


def test_the_long_table_has_a_row_for_each_item_asked_in_its_order() -> None:
    persons, answers = frames({"b_1": ["1.0", "empty"], "a_1": [None, "3.0"]})
    table = long(persons, answers)
    assert list(table.astype(object)[["alliance", "respondent_id", "item"]].itertuples(index=False, name=None)) == [
        ("a", "r1", "a_1"),
        ("a", "r1", "b_1"),
        ("b", "r0", "b_1"),
    ]
    assert list(table["missing_kind"].astype(object).fillna("")) == ["", "empty", ""]


@laws
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
def test_wide_and_long_are_each_others_inverse(rows: list[tuple[str | None, ...]]) -> None:
    persons, answers = frames({f"q_{at}": list(column) for at, column in enumerate(zip(*rows, strict=True))})
    table = shaped("responses", long(persons, answers))
    if len(table):
        back = wide(table)
        pd.testing.assert_frame_equal(shaped("responses", long(back, back.drop(columns=["respondent_id", "alliance", "organisation", "wave"]))), table)


@laws
@given(st.permutations(range(6)))
def test_the_order_of_persons_does_not_matter(order: list[int]) -> None:
    persons, answers = frames({"q_1": ["1.0", "2.0", "empty", "dont_know", "5.0", "3.0"], "q_2": ["1.0"] * 6})
    pd.testing.assert_frame_equal(
        shaped("responses", long(persons, answers)),
        shaped("responses", long(persons.iloc[order].reset_index(drop=True), answers.iloc[order].reset_index(drop=True))),
    )
