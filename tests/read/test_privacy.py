"""What never leaves a reader: addresses and places not at all, tokens only as pseudonyms that link one person's answers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import SECRETS
from midterm.read.cells import coded
from midterm.read.privacy import digest, pseudonym
from midterm.read.raw import Declared, RawTable
from midterm.read.text import read_text

HEADINGS = ("id", "token", "CODE", "ipaddr", "email", "LocationLatitude", "LocationLongitude", "RecipientLastName", "refurl", "Q1")
FIRST = ("1", "aBc123XyZ", "p-01", "192.0.2.7", "jan@example.org", "52.0907", "5.1214", "Jansen", "https://example.org/?u=7", "A4")
SECOND = ("2", "qRs456TuV", "p-02", "192.0.2.8", "els@example.org", "51.9244", "4.4777", "Pietersen", "https://example.org/?u=8", "A2")


def read(folder: Path, rows: list[tuple[str, ...]], linking: str = "token", salt: str = "zout", file: str = "survey.csv") -> RawTable:
    lines = [",".join(f'"{cell}"' for cell in cells) for cells in (HEADINGS, *rows)]
    (folder / file).write_text("\n".join(lines), encoding="utf-8")
    return read_text(folder, file, Declared({linking: (), "Q1": ()}, linking=frozenset({linking}), salt=salt))


def shown(table: RawTable) -> str:
    """Return all that a table holds, as text."""
    return (
        repr([getattr(table, name) for name in table.__dataclass_fields__])
        + table.text.to_csv()
        + repr([list(table.text[name].cat.categories) for name in table.text])
    )


def test_no_token_address_name_or_place_is_anywhere_in_what_a_reader_gives(tmp_path: Path) -> None:
    everything = shown(read(tmp_path, [FIRST, SECOND, SECOND[:3]]))
    assert [cell for row in (FIRST, SECOND) for cell in row[1:9] if cell in everything] == []


def test_a_token_leaves_as_a_pseudonym_that_links_the_same_person_over_two_files(tmp_path: Path) -> None:
    first = read(tmp_path, [FIRST, SECOND], file="first.csv")
    second = read(tmp_path, [SECOND, FIRST, ("3", "", *FIRST[2:])], file="second.csv")
    assert list(first.text["token"]) == list(second.text["token"])[1::-1]
    assert (first.text["token"].nunique(), list(second.text["token"])[2]) == (2, "")


def test_another_evaluation_gives_other_pseudonyms(tmp_path: Path) -> None:
    assert set(read(tmp_path, [FIRST]).text["token"]).isdisjoint(read(tmp_path, [FIRST], salt="peper").text["token"])


def test_a_code_made_for_linking_stays_as_it_is_unless_it_holds_an_address(tmp_path: Path) -> None:
    assert list(read(tmp_path, [FIRST, SECOND], "CODE").text["CODE"]) == ["p-01", "p-02"]
    table = read(tmp_path, [FIRST, (*SECOND[:2], SECRETS[0], *SECOND[3:])], "CODE")
    assert "@" not in shown(table)
    assert "p-01" in set(table.text["CODE"])


@pytest.mark.parametrize("heading", ["token", " Token ", "IP Address", "E-mail", "RecipientEmail", "Voornaam"])
def test_a_heading_is_personal_in_any_spelling(heading: str) -> None:
    column = pd.Series(coded([0], ["geheim"]))
    assert list(pseudonym(column, [heading], "zout")) == [digest("geheim", "zout")]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.text("abAB12 é", max_size=4), min_size=1, max_size=8))
def test_equal_codes_and_only_those_get_equal_pseudonyms(codes: list[str]) -> None:
    distinct = list(dict.fromkeys(codes))
    column = pd.Series(coded([distinct.index(code) for code in codes], distinct))
    made = [str(text).strip() for text in pseudonym(column, ["token"], "zout")]
    same = [" ".join(code.split()).casefold() for code in codes]
    assert len(set(zip(same, made, strict=True))) == len(set(same)) == len(set(made))
