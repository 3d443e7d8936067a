"""Cleaning a survey wave: every rule, the counts that must reconcile, and that nothing of a respondent is told."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import BOXES, SECRETS, STATEMENTS, Draft, cleaned, delimited, draft, survey, survey_source
from midterm.clean.ledger import Cleaned
from midterm.clean.survey import clean_survey
from midterm.errors import UserError
from midterm.read import read_survey

ROWS = 12  # two persons in each of the three partners of two alliances
FIRST = 2  # the heading is line 1
CELLS = len(STATEMENTS) + 1 + len(BOXES)
laws = settings(derandomize=True, deadline=None, max_examples=15)


def changed(folder: Path, **cells: str) -> Cleaned:
    """Clean the first wave with ``cells`` changed in its first row."""
    start = draft()
    start.surveys["2023"][0] |= cells
    return cleaned(start, folder)


def aside(result: Cleaned) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.column, problem.rule) for problem in result.quarantine]


def answer(result: Cleaned, respondent: str, item: str) -> tuple[float | None, str | None]:
    rows = result.tables["responses"]
    row = rows[(rows["respondent_id"] == respondent) & (rows["item"] == item)].iloc[0]
    return (None if pd.isna(row["value"]) else float(row["value"]), None if pd.isna(row["missing_kind"]) else str(row["missing_kind"]))


def counts(result: Cleaned) -> dict[str, int]:
    (count,) = result.reconciliation
    return {name: int(str(value)) for name, value in count.items() if name.startswith(("rows", "cells"))}


def reconciles(result: Cleaned, rows_read: int) -> None:
    found, responses, respondents = counts(result), result.tables["responses"], result.tables["respondents"]
    assert found["rows_read"] == rows_read
    assert found["rows_read"] == found["rows_kept"] + found["rows_set_aside"]
    assert found["cells_read"] == found["cells_kept"] + found["cells_set_aside"]
    assert found["rows_kept"] == len(respondents)
    assert found["cells_read"] == len(responses)
    assert found["cells_set_aside"] == int((responses["missing_kind"] == "invalid").sum())
    assert found["rows_set_aside"] == len({problem.row for problem in result.quarantine if problem.row and not problem.column})


def told(result: Cleaned) -> str:
    return "\n".join(str(problem) for problem in (*result.quarantine, *result.notices))


def test_a_sound_wave_is_kept_whole(tmp_path: Path) -> None:
    result = cleaned(draft(), tmp_path)
    assert not result.quarantine
    assert counts(result) == {"rows_read": ROWS, "rows_kept": ROWS, "rows_set_aside": 0, "cells_read": 120, "cells_kept": 120, "cells_set_aside": 0}
    assert set(result.tables["respondents"]["is_complete"]) == {True}


@pytest.mark.parametrize(
    ("column", "typed", "rule"),
    [
        ("ALLIANTIE", "Alliantie Oost", "unknown_alliance"),
        ("ALLIANTIE", "Noordd", "unknown_alliance"),
        ("ALLIANTIE", "", "unknown_alliance"),
        ("ORGANISATIE", "Stichting Anjer", "unknown_organisation"),
        ("ORGANISATIE", "", "unknown_organisation"),
        ("ORGANISATIE", "kompas", "organisation_not_in_alliance"),
    ],
)
def test_a_row_that_belongs_nowhere_is_set_aside_with_its_line_and_reason(tmp_path: Path, column: str, typed: str, rule: str) -> None:
    result = changed(tmp_path, **{column: typed})
    assert aside(result) == [(FIRST, "", rule)]
    reconciles(result, ROWS)


def test_an_unknown_name_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    (problem,) = changed(tmp_path, ALLIANTIE="Aliantie Nord").quarantine
    assert "'Alliantie Noord'" in problem.reason


@pytest.mark.parametrize(
    ("alliance", "organisation"), [(" ALLIANTIE  noord", "Stichting\u00a0Anker\u200b"), ("Noorderlicht", "ANKER "), ("noord", "stichting anker")]
)
def test_names_match_through_case_aliases_and_invisible_spaces(tmp_path: Path, alliance: str, organisation: str) -> None:
    result = changed(tmp_path, ALLIANTIE=alliance, ORGANISATIE=organisation)
    assert not result.quarantine
    people = result.tables["respondents"]
    assert list(people.loc[people["respondent_id"] == "nan00", ["alliance", "organisation"]].iloc[0]) == ["noord", "anker"]


def test_of_identical_duplicates_the_first_is_kept(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"].append(dict(start.surveys["2023"][0]))
    result = cleaned(start, tmp_path)
    assert aside(result) == [(FIRST + ROWS, "", "duplicate_identical")]
    reconciles(result, ROWS + 1)


def test_of_contradicting_duplicates_none_is_kept(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"].append({**start.surveys["2023"][0], "G1": "A5" if start.surveys["2023"][0]["G1"] != "A5" else "A4"})
    result = cleaned(start, tmp_path)
    assert aside(result) == [(FIRST, "", "duplicate_contradicts"), (FIRST + ROWS, "", "duplicate_contradicts")]
    assert "nan00" not in set(result.tables["responses"]["respondent_id"])
    reconciles(result, ROWS + 1)


def test_the_same_answers_under_two_organisations_of_an_alliance_contradict(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"].append({**start.surveys["2023"][0], "ORGANISATIE": "dok"})
    assert {rule for _, _, rule in aside(cleaned(start, tmp_path))} == {"duplicate_contradicts"}


def test_a_person_may_answer_for_two_alliances(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"].append({**start.surveys["2023"][2], "ALLIANTIE": "zuid", "ORGANISATIE": "boei", "G1": "A1", "id": "99"})
    result = cleaned(start, tmp_path)
    assert not result.quarantine
    people = result.tables["respondents"]
    assert set(people.loc[people["respondent_id"] == "nbo00", "alliance"]) == {"noord", "zuid"}
    reconciles(result, ROWS + 1)


def test_the_same_person_in_another_wave_is_no_duplicate(tmp_path: Path) -> None:
    start = draft()
    for wave in ("2023", "2025"):
        assert not cleaned(start, tmp_path, wave).quarantine


def test_a_cell_off_its_scale_is_set_aside_alone_and_the_rest_of_the_row_kept(tmp_path: Path) -> None:
    result = changed(tmp_path, G1="A7", N1="51")
    assert sorted(aside(result), key=str) == [(FIRST, "G1", "off_scale"), (FIRST, "N1", "off_scale")]
    assert all("; correct it in the log of corrections, or add the code to the codebook" in problem.reason for problem in result.quarantine)
    assert answer(result, "nan00", "goal_1") == (None, "invalid")
    assert answer(result, "nan00", "goal_2")[0] is not None
    reconciles(result, ROWS)


def test_dont_know_empty_and_not_reached_are_three_things(tmp_path: Path) -> None:
    # Stopped on page 3: the items of page 4 (safety) and the boxes of page 5 were never seen.
    result = changed(tmp_path, submitdate="", lastpage="3", G1="A9", T1="", S1="", N1="", K1="", K2="")
    assert answer(result, "nan00", "goal_1") == (None, "dont_know")
    assert answer(result, "nan00", "trust_1") == (None, "empty")
    assert answer(result, "nan00", "safety_1") == (None, "not_reached")
    assert answer(result, "nan00", "incidents_1") == (None, "not_reached")
    assert not result.quarantine


def test_an_unticked_box_is_a_no_where_it_was_seen_and_missing_where_not(tmp_path: Path) -> None:
    assert answer(changed(tmp_path / "seen", K1=""), "nan00", "box_1") == (0.0, None)
    assert answer(changed(tmp_path / "ticked", K1="Y"), "nan00", "box_1") == (1.0, None)
    assert answer(changed(tmp_path / "stopped", K1="", submitdate="", lastpage="4"), "nan00", "box_1") == (None, "not_reached")


def test_an_answer_given_on_a_page_counts_although_the_export_says_it_was_not_reached(tmp_path: Path) -> None:
    result = changed(tmp_path, submitdate="", lastpage="1", G1="A4")
    assert answer(result, "nan00", "goal_1") == (4.0, None)


def test_labels_in_either_language_are_answers(tmp_path: Path) -> None:
    result = changed(tmp_path, G1="Eens", G2="Strongly disagree", G3="Weet ik niet", K1="Ja")
    assert [answer(result, "nan00", item) for item in ("goal_1", "goal_2", "goal_3", "box_1")] == [(4.0, None), (1.0, None), (None, "dont_know"), (1.0, None)]


@pytest.mark.parametrize("code", ["007", "1e5", "NA", "TRUE", "null", "0012.50"])
def test_a_respondents_code_stays_the_text_that_it_is(tmp_path: Path, code: str) -> None:
    assert code in set(changed(tmp_path, CODE=code).tables["responses"]["respondent_id"])


def test_a_respondent_without_a_code_is_kept_and_links_to_nothing(tmp_path: Path) -> None:
    start = draft()
    for wave in ("2023", "2025"):
        start.surveys[wave][0]["CODE"] = ""
        start.surveys[wave][1]["CODE"] = "  "
    waves = [set(cleaned(start, tmp_path, wave).tables["responses"]["respondent_id"]) for wave in ("2023", "2025")]
    assert [len(ids) for ids in waves] == [ROWS, ROWS]
    assert len(waves[0] & waves[1]) == ROWS - 2


def test_two_exports_of_one_wave_may_number_their_records_alike(tmp_path: Path) -> None:
    # Each export counts its records from 1; without linking codes these are different people all the same.
    start = draft()
    rows = [{**row, "CODE": ""} for row in survey("2023")]
    start.surveys["2023"] = rows
    start.files["second.csv"] = delimited([{**row, "G1": "A1" if row["G1"] != "A1" else "A2"} for row in rows])
    start.evaluation["sources"]["surveys"].append({**survey_source("2023"), "file": "data/raw/second.csv"})
    result = cleaned(start, tmp_path)
    assert not result.quarantine
    assert len(result.tables["respondents"]) == 2 * ROWS


def test_a_duplicate_over_two_exports_of_one_wave_is_found(tmp_path: Path) -> None:
    start = draft()
    start.files["second.csv"] = delimited([start.surveys["2023"][0]])
    start.evaluation["sources"]["surveys"].append({**survey_source("2023"), "file": "data/raw/second.csv"})
    result = cleaned(start, tmp_path)
    assert [(problem.file, problem.row, problem.rule) for problem in result.quarantine] == [("data/raw/second.csv", 2, "duplicate_identical")]


def test_a_composite_organisation_is_its_parts_together(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["organisations"] = []
    for alliance in start.evaluation["alliances"]:
        del alliance["organisations"]
    for source in start.evaluation["sources"]["surveys"]:
        source["columns"]["organisation"] = ["ALLIANTIE", "AFDELING"]
    for number, row in enumerate(start.surveys["2023"]):
        row["AFDELING"] = "AB"[number % 2]
    start.surveys["2023"][0]["AFDELING"] = " "
    result = cleaned(start, tmp_path)
    assert set(result.tables["responses"]["organisation"]) == {"noord/a", "noord/b", "zuid/a", "zuid/b"}
    assert aside(result) == [(FIRST, "", "unknown_organisation")]


def in_one_file(values: dict[str, str], ids: tuple[str, str] = ("2023", "2025")) -> Draft:
    """Return a draft with both waves in one file, told apart by the column MOMENT."""
    start = draft()
    start.evaluation["sources"]["surveys"] = [{**survey_source("2023"), "file": "data/raw/both.csv", "wave": {"column": "MOMENT", "values": values}}]
    start.evaluation["waves"] = [{"id": name, "label": {"nl": name, "en": name}, "year": year} for name, year in zip(ids, (2023, 2025), strict=True)]
    start.evaluation["plan"] |= {"from_wave": ids[0], "to_wave": ids[1]}
    first, last = values
    rows = [{**row, "MOMENT": first} for row in survey("2023")] + [{**row, "MOMENT": last} for row in survey("2025")]
    start.files["both.csv"] = delimited(rows)
    return start


def test_a_wave_in_a_column_takes_its_own_rows(tmp_path: Path) -> None:
    evaluation = in_one_file({"nul": "2023", "twee": "2025"}).load(tmp_path)
    for wave in evaluation.waves:
        result = clean_survey(evaluation, wave, read_survey(evaluation, wave))
        assert not result.quarantine
        reconciles(result, ROWS)


def test_values_of_the_wave_column_that_look_like_other_waves_are_not_confused(tmp_path: Path) -> None:
    # TIME 0 and 1 are the waves called 1 and 2: the cell "1" is wave 2 because the mapping says so.
    evaluation = in_one_file({"0": "1", "1": "2"}, ids=("1", "2")).load(tmp_path)
    for wave in evaluation.waves:
        result = clean_survey(evaluation, wave, read_survey(evaluation, wave))
        assert not result.quarantine
        reconciles(result, ROWS)


def test_a_row_of_an_unknown_wave_is_set_aside_once(tmp_path: Path) -> None:
    start = in_one_file({"nul": "2023", "twee": "2025"})
    start.files["both.csv"] = start.files["both.csv"].replace(b'"nul"', b'"vier"', 1)
    evaluation = start.load(tmp_path)
    first, last = (clean_survey(evaluation, wave, read_survey(evaluation, wave)) for wave in evaluation.waves)
    assert aside(first) == [(FIRST, "", "unknown_wave")]
    assert not last.quarantine
    reconciles(first, ROWS)
    reconciles(last, ROWS)


def test_an_item_that_the_file_lacks_is_named_and_the_others_used(tmp_path: Path) -> None:
    start = draft()
    for row in start.surveys["2023"]:
        row["Doel2"] = row.pop("G2")
    result = cleaned(start, tmp_path)
    assert aside(result) == [(None, "G2", "missing_column")]
    assert "goal_2" not in set(result.tables["responses"]["item"])
    assert counts(result)["cells_read"] == ROWS * (CELLS - 1)
    reconciles(result, ROWS)


def test_an_item_renamed_in_one_wave_is_found_in_each(tmp_path: Path) -> None:
    start = draft()
    start.item("goal_2")["changes"] = {"2025": {"column": "Doel2"}}
    for row in start.surveys["2025"]:
        row["Doel2"] = row.pop("G2")
    for wave in ("2023", "2025"):
        result = cleaned(start, tmp_path, wave)
        assert not result.quarantine
        assert int((result.tables["responses"]["item"] == "goal_2").sum()) == ROWS


def test_an_item_of_one_wave_only_is_not_missed_in_the_other(tmp_path: Path) -> None:
    start = draft()
    start.item("goal_2")["waves"] = ["2025"]
    result = cleaned(start, tmp_path)
    assert not result.quarantine
    assert "goal_2" not in set(result.tables["responses"]["item"])


@pytest.mark.parametrize("column", ["CODE", "ALLIANTIE", "ORGANISATIE", "submitdate", "lastpage"])
def test_a_file_that_lacks_a_column_of_who_answered_is_refused_and_says_which(tmp_path: Path, column: str) -> None:
    start = draft()
    for row in start.surveys["2023"]:
        del row[column]
    with pytest.raises(UserError) as error:
        cleaned(start, tmp_path)
    assert [(problem.column, problem.rule) for problem in error.value.problems] == [(column, "missing_column")]


def test_a_ragged_row_counts_as_read_and_set_aside(tmp_path: Path) -> None:
    start = draft()
    start.files["survey-2023.csv"] = delimited(start.surveys["2023"]) + b'"13","2023-04-01"\n'
    result = cleaned(start, tmp_path)
    assert aside(result) == [(FIRST + ROWS, "", "ragged_row")]
    reconciles(result, ROWS + 1)


def test_one_answer_to_all_items_is_kept_and_noted(tmp_path: Path) -> None:
    result = changed(tmp_path, **dict.fromkeys(STATEMENTS, "A4"))
    assert [problem.row for problem in result.notices if problem.rule == "straight_lining"] == [FIRST]
    assert not result.quarantine


def test_who_answered_too_little_is_kept_but_not_usable(tmp_path: Path) -> None:
    # Ten items, the rule is half: five answered is enough, four is not. Boxes of a page not reached are not answers.
    enough = changed(tmp_path / "five", submitdate="", lastpage="3", T3="", S1="", N1="", K1="", K2="")
    little = changed(tmp_path / "four", submitdate="", lastpage="3", T2="A9", T3="", S1="", N1="", K1="", K2="")
    for result, expected in ((enough, True), (little, False)):
        people = result.tables["respondents"].set_index("respondent_id")
        assert bool(people.loc["nan00", "is_usable"]) is expected
        assert not bool(people.loc["nan00", "is_complete"])


def test_no_undeclared_column_reaches_any_table(tmp_path: Path) -> None:
    result = cleaned(draft(), tmp_path)
    for name, table in {**result.tables, **result.books()}.items():
        text = table.to_csv()
        assert not any(secret in text for secret in SECRETS), name
    assert {problem.column for problem in result.notices if problem.rule == "undeclared_column"} == {"ipaddr", "email", "TOELICHTING"}


def test_no_message_repeats_what_a_respondent_wrote(tmp_path: Path) -> None:
    result = changed(tmp_path, G1=SECRETS[2], N1="bel mij: 0612345678", ORGANISATIE=SECRETS[0])
    other = changed(tmp_path, ALLIANTIE=SECRETS[0])
    for text in (*SECRETS, "0612345678"):
        assert text not in told(result)
        assert text not in told(other)


def test_no_message_repeats_an_answer_where_the_row_of_headings_is_missing(tmp_path: Path) -> None:
    # Without a heading the first respondent's cells stand where the headings should: hints may not spell them out.
    start = draft()
    secrets = [SECRETS[0], SECRETS[1], "A3", "zeer persoonlijk"]
    start.files["survey-2023.csv"] = (",".join(secrets) + "\n" + ",".join(["b@b.example", "203.0.113.9", "A1", "ook"]) + "\n").encode()
    with pytest.raises(UserError) as error:
        cleaned(start, tmp_path)
    for secret in secrets:
        assert secret not in str(error.value)


@laws
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(shuffler: random.Random) -> None:
    start = draft()
    start.surveys["2023"][3]["G1"] = "A7"
    start.surveys["2023"][5]["ALLIANTIE"] = "Oost"
    with tempfile.TemporaryDirectory() as before, tempfile.TemporaryDirectory() as after:
        first = cleaned(start, Path(before))
        shuffler.shuffle(start.surveys["2023"])
        second = cleaned(start, Path(after))
    for name in first.tables:
        pd.testing.assert_frame_equal(first.tables[name], second.tables[name])
    assert sorted(rule for _, _, rule in aside(first)) == sorted(rule for _, _, rule in aside(second))


COLUMNS = ("CODE", "ALLIANTIE", "ORGANISATIE", "submitdate", "lastpage", "id", *STATEMENTS, "N1", *BOXES)
MESS = ("", " ", "A3", "A9", "A77", "Ja", "nan00", "zuid", "boei", "Oost", "-1", "7", "1e5", "NA", '"', ",", "\n", "\u200b", "Y", "é", "=1+1", "secret#1")


@laws
@given(
    st.lists(st.tuples(st.integers(0, ROWS - 1), st.sampled_from(COLUMNS), st.sampled_from(MESS)), max_size=25), st.lists(st.integers(0, ROWS - 1), max_size=4)
)
def test_any_mess_over_a_sound_file_reconciles_and_is_not_repeated(mess: list[tuple[int, str, str]], doubled: list[int]) -> None:
    start = draft()
    rows = start.surveys["2023"]
    for row, column, value in mess:
        rows[row][column] = value
    rows += [dict(rows[row]) for row in doubled]
    with tempfile.TemporaryDirectory() as folder:
        result = cleaned(start, Path(folder))
    reconciles(result, len(rows))
    assert not any(text in told(result) for text in ("secret#1", "A77", "1e5", "=1+1"))
    known = result.tables["responses"]
    assert known["value"].isna().eq(known["missing_kind"].notna()).all()
    assert not known.duplicated(["respondent_id", "alliance", "item"]).any()
