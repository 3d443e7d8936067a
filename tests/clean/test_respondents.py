"""Who answered: duplicates that say no more, or contradict; persons in two alliances; tokens that stay in the reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory import Draft, Row, cleaned, draft
from midterm.clean.ledger import Cleaned


def again(**cells: str) -> tuple[Draft, Row]:
    """Return the draft with its first respondent's row standing twice, the second time with ``cells`` changed."""
    start = draft()
    row = {**start.surveys["2023"][0], "id": "99", **cells}
    start.surveys["2023"].append(row)
    return start, row


def aside(result: Cleaned) -> list[tuple[int | None, str]]:
    return [(problem.row, problem.rule) for problem in result.quarantine]


def noted(result: Cleaned, rule: str) -> list[int | None]:
    return [notice.row for notice in result.notices if notice.rule == rule]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, [(14, "duplicate_identical")]),
        ({"G1": "", "T1": ""}, [(14, "duplicate_partial")]),
        ({"G1": " a3 "}, [(2, "duplicate_contradicts"), (14, "duplicate_contradicts")]),
        ({"ORGANISATIE": "boei"}, [(2, "duplicate_contradicts"), (14, "duplicate_contradicts")]),
    ],
)
def test_a_second_row_of_one_person_gives_way_or_contradicts(tmp_path: Path, cells: Row, expected: list[tuple[int, str]]) -> None:
    start, row = again(**cells)
    if "G1" in cells and cells["G1"].strip():
        assert start.surveys["2023"][0]["G1"] != "A3"
    assert sorted(aside(cleaned(start, tmp_path))) == expected
    assert row["id"] == "99"


def test_the_fuller_row_is_kept_where_it_comes_second(tmp_path: Path) -> None:
    start, _ = again()
    start.surveys["2023"][0] |= {"submitdate": "", "lastpage": "2", "T1": "", "T2": "", "T3": "", "S1": "", "N1": "", "K1": "", "K2": ""}
    result = cleaned(start, tmp_path)
    assert aside(result) == [(2, "duplicate_partial")]
    kept = result.tables["respondents"]
    assert bool(kept.loc[kept["respondent_id"] == start.surveys["2023"][0]["CODE"], "is_complete"].item())


def test_a_code_and_its_label_are_the_same_answer(tmp_path: Path) -> None:
    start, row = again()
    labels = {"A1": "Helemaal oneens", "A2": "Disagree", "A3": "neutraal", "A4": "Eens", "A5": "HELEMAAL EENS"}
    row["G2"] = labels[row["G2"]]
    assert aside(cleaned(start, tmp_path)) == [(14, "duplicate_identical")]


def in_both(organisation: str) -> Draft:
    start = draft()
    code = next(row["CODE"] for row in start.surveys["2023"] if row["ALLIANTIE"] == "noord" and row["ORGANISATIE"] == "boei")
    other = next(row for row in start.surveys["2023"] if row["ALLIANTIE"] == "zuid" and row["ORGANISATIE"] == organisation)
    other["CODE"] = code
    return start


def test_a_person_of_an_organisation_that_is_a_partner_in_both_alliances_is_legitimate(tmp_path: Path) -> None:
    result = cleaned(in_both("boei"), tmp_path)
    assert not result.quarantine
    assert noted(result, "respondent_in_two_alliances") == []


def test_a_person_in_two_alliances_under_two_organisations_is_kept_and_noted_in_both(tmp_path: Path) -> None:
    result = cleaned(in_both("loods"), tmp_path)
    assert not result.quarantine
    assert len(noted(result, "respondent_in_two_alliances")) == 2


def test_a_token_links_waves_and_never_leaves_the_reader(tmp_path: Path) -> None:
    start = draft()
    for rows in start.surveys.values():
        for row in rows:
            row["token"] = f"secret-{row.pop('CODE')}"
    for source in start.evaluation["sources"]["surveys"]:
        source["columns"]["respondent"] = ["token"]
    first, last = (cleaned(start, tmp_path, wave).tables["respondents"] for wave in ("2023", "2025"))
    assert set(first["respondent_id"]) == set(last["respondent_id"])
    assert len(set(first["respondent_id"])) == 12
    assert not any("secret" in str(code) for code in first["respondent_id"])


def test_one_refused_file_of_a_wave_does_not_hold_up_the_other(tmp_path: Path) -> None:
    start = draft()
    second = {**start.evaluation["sources"]["surveys"][0], "file": "data/raw/more.csv"}
    start.evaluation["sources"]["surveys"].insert(1, second)
    start.files["more.csv"] = b"PK\x03\x04 not text"
    result = cleaned(start, tmp_path)
    assert [(problem.file, problem.row, problem.rule) for problem in result.quarantine] == [("data/raw/more.csv", None, "not_text")]
    assert len(result.tables["respondents"]) == 12
