"""Files as people leave them, read and cleaned: nothing is lost, nothing altered, nothing passes unseen, no answer is repeated."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import openpyxl
import pytest

from factory import SECRETS, Draft, cleaned, delimited, draft, survey
from midterm.check import Findings, check
from midterm.clean.ledger import Cleaned
from midterm.errors import ConfigError, Problem, UserError

SURVEY = "data/raw/survey-2023.csv"
Told = set[tuple[int | None, str, str]]


def told(problems: Sequence[Problem], file: str = SURVEY) -> Told:
    """Return row, column and rule of what is told of one file, without the columns that nothing declares."""
    return {(found.row, found.column, found.rule) for found in problems if found.file == file and found.rule != "undeclared_column"}


def found(start: Draft, folder: Path) -> Findings:
    return check(start.load(folder))


def ids(result: Cleaned) -> list[str]:
    return sorted(result.tables["respondents"]["respondent_id"].astype(str))


def second_file(start: Draft, **changes: str) -> None:
    start.evaluation["sources"]["surveys"].append({**deepcopy(start.evaluation["sources"]["surveys"][0]), **changes})


def as_text(rows: Sequence[Mapping[str, str]], separator: str = ";") -> str:
    return delimited(list(rows), separator).decode("utf-8-sig")


# Codes of persons


def test_codes_that_look_like_numbers_truths_or_nothing_stay_as_they_are(tmp_path: Path) -> None:
    start = draft()
    codes = ["007", "7", "7.0", "1e5", "100000", "NA", "TRUE", "null", "nan", "None", "#N/B", "-"]
    for row, code in zip(start.surveys["2023"], codes, strict=True):
        row["CODE"] = code
    result = cleaned(start, tmp_path)
    assert ids(result) == sorted(codes)
    assert not result.quarantine


@pytest.mark.parametrize("typed", [" p1 ", "\u00a0p1", "p\u200b1", "\ufeffp1", "p\u00ad1"])
def test_blanks_around_a_code_and_characters_that_nobody_sees_make_no_other_person(tmp_path: Path, typed: str) -> None:
    start = draft()
    start.surveys["2023"][0]["CODE"] = "p1"
    start.surveys["2023"].append({**start.surveys["2023"][0], "CODE": typed})
    result = cleaned(start, tmp_path)
    assert told(result.quarantine) == {(14, "", "duplicate_identical")}
    assert ids(result).count("p1") == 1


def test_an_accent_in_one_character_or_two_is_one_code(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"][0]["CODE"] = "caf\u00e9"
    start.surveys["2023"].append({**start.surveys["2023"][0], "CODE": "cafe\u0301"})
    assert told(cleaned(start, tmp_path).quarantine) == {(14, "", "duplicate_identical")}


@pytest.mark.parametrize(("one", "other"), [("p1", "P1"), ("p 1", "p\u00a01"), ("p 1", "p  1"), ("p1", "\uff501")])
def test_codes_alike_but_for_case_blanks_or_width_stay_two_persons_and_are_both_named(tmp_path: Path, one: str, other: str) -> None:
    start = draft()
    start.surveys["2023"][0]["CODE"] = one
    start.surveys["2023"][1]["CODE"] = other
    result = cleaned(start, tmp_path)
    assert told(result.notices) == {(2, "CODE", "near_code"), (3, "CODE", "near_code")}
    assert len(ids(result)) == 12
    assert not result.quarantine


def test_whether_a_code_is_hidden_does_not_depend_on_others_in_its_file(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"][0]["CODE"] = start.surveys["2025"][0]["CODE"] = SECRETS[0]
    first, second = (ids(cleaned(start, tmp_path, wave)) for wave in ("2023", "2025"))
    assert first == second
    assert sum(code.startswith(("n", "z")) for code in first) == 11
    assert not any("@" in code for code in first)


def test_answers_without_code_and_record_number_are_different_persons(tmp_path: Path) -> None:
    start = draft()
    for row in start.surveys["2023"][:3]:
        row |= {"CODE": "", "id": " "}
    result = cleaned(start, tmp_path)
    assert not result.quarantine
    assert ids(result)[:3] == ["2023#row 2", "2023#row 3", "2023#row 4"]


def test_records_of_two_files_of_the_same_name_are_different_persons(tmp_path: Path) -> None:
    start = draft()
    second_file(start, file="data/raw/more/survey-2023.csv")
    anonymous = [{**row, "CODE": ""} for row in survey("2023")]
    start.surveys["2023"] = anonymous
    (tmp_path / "data/raw/more").mkdir(parents=True)
    start.files["more/survey-2023.csv"] = delimited([{**row, "G1": "A5"} for row in anonymous])
    result = cleaned(start, tmp_path)
    assert not result.quarantine
    assert len(set(ids(result))) == 24


def test_records_of_two_sheets_are_different_persons_and_one_that_is_missing_leaves_the_other(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["sources"]["surveys"][0] |= {"file": "data/raw/both.xlsx", "reader": "excel", "sheet": "Noord"}
    second_file(start, sheet="Zuid")
    rows = [{**row, "CODE": ""} for row in survey("2023")]
    start.files["both.xlsx"] = sheets(Noord=rows, Zuid=rows)
    result = cleaned(start, tmp_path)
    assert (len(set(ids(result))), result.quarantine) == (24, ())
    start.files["both.xlsx"] = sheets(Noord=rows)
    alone = cleaned(start, tmp_path)
    assert (len(ids(alone)), [problem.rule for problem in alone.quarantine]) == (12, ["missing_sheet"])


def sheets(**rows_by_name: Sequence[Mapping[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in rows_by_name.items():
        page = book.create_sheet(name)
        for cells in (list(rows[0]), *(list(row.values()) for row in rows)):
            page.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


# Answers


@pytest.mark.parametrize("typed", ["1\u00b2", "\u00bd", "\u2461", "1e1", "+-3", "3.", "NaN", "null", "12 (schatting)", "\u22121"])
def test_what_is_not_only_a_number_sets_its_cell_aside_and_is_not_repeated(tmp_path: Path, typed: str) -> None:
    start = draft()
    start.surveys["2023"][0]["N1"] = typed
    result = cleaned(start, tmp_path)
    assert told(result.quarantine) == {(2, "N1", "off_scale")}
    assert not any(typed in problem.reason for problem in result.quarantine)


@pytest.mark.parametrize("typed", ["#N/A", "#DEEL/0!"])
def test_an_error_of_the_spreadsheet_is_named_as_such(tmp_path: Path, typed: str) -> None:
    start = draft()
    start.surveys["2023"][0]["N1"] = typed
    assert told(cleaned(start, tmp_path).quarantine) == {(2, "N1", "error_cell")}


def test_a_negative_nought_is_nought(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"][0]["N1"] = "-0"
    table = cleaned(start, tmp_path).tables["responses"]
    value = table[(table["item"] == "incidents_1") & (table["respondent_id"] == start.surveys["2023"][0]["CODE"])]["value"].iloc[0]
    assert str(value) == "0.0"


@pytest.mark.parametrize("never", ["", "NA", "NULL", "NaT", "0000-00-00 00:00:00", "N/A", "\u00a0"])
def test_a_word_of_a_program_for_no_date_is_no_date_of_sending_in(tmp_path: Path, never: str) -> None:
    start = draft()
    start.surveys["2023"][0]["submitdate"] = never
    result = cleaned(start, tmp_path)
    assert list(result.tables["respondents"].query(f"respondent_id == '{start.surveys['2023'][0]['CODE']}'")["is_complete"]) == [False]
    assert not told(result.notices)


# Files


@pytest.mark.parametrize("above", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\n"])
def test_the_line_by_which_excel_knows_the_separator_is_no_heading(tmp_path: Path, above: str) -> None:
    start = draft()
    start.files["survey-2023.csv"] = (above + as_text(start.surveys["2023"])).encode()
    result = cleaned(start, tmp_path)
    assert (len(ids(result)), result.quarantine) == (12, ())
    assert result.reconciliation[0]["rows_read"] == 12


def test_two_exports_pasted_together_show_their_second_heading_and_lose_no_row(tmp_path: Path) -> None:
    start = draft()
    rows = start.surveys["2023"]
    start.files["survey-2023.csv"] = delimited(rows[:6]) + delimited(rows[6:])
    result = cleaned(start, tmp_path)
    assert told(result.quarantine) == {(8, "", "repeated_heading")}
    assert len(ids(result)) == 12
    assert result.reconciliation[0]["rows_read"] == 13


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one_and_the_last_may_be_missing(tmp_path: Path, ending: str) -> None:
    start = draft()
    start.files["survey-2023.csv"] = as_text(start.surveys["2023"]).rstrip("\n").replace("\n", ending).encode()
    result = cleaned(start, tmp_path)
    assert (len(ids(result)), result.quarantine) == (12, ())


def test_a_separator_behind_every_line_is_one_unnamed_column(tmp_path: Path) -> None:
    start = draft()
    lines = as_text(start.surveys["2023"]).splitlines()
    start.files["survey-2023.csv"] = "\n".join(f"{line};" for line in lines).encode()
    result = cleaned(start, tmp_path)
    assert (len(ids(result)), result.quarantine) == (12, ())
    assert f"(column {len(start.surveys['2023'][0]) + 1})" in {notice.column for notice in result.notices}


def test_a_file_with_headings_alone_is_named(tmp_path: Path) -> None:
    start = draft()
    start.files = {name: as_text(rows).splitlines()[0].encode() for name, rows in raw_tables(start).items()}
    notices = found(start, tmp_path).notices
    assert {notice.file.removeprefix("data/raw/") for notice in notices if notice.rule == "no_rows"} == set(start.files)


def raw_tables(start: Draft) -> dict[str, Sequence[Mapping[str, str]]]:
    return {"survey-2023.csv": start.surveys["2023"], "segments.csv": start.segments, "population.csv": start.population}


def test_a_framework_in_which_nothing_was_filled_in_is_named(tmp_path: Path) -> None:
    start = draft()
    start.frameworks["noord"] = [{**dict.fromkeys(row), "Nr": row["Nr"]} for row in start.frameworks["noord"]]
    assert (None, "", "nothing_filled_in") in told(found(start, tmp_path).notices, "data/raw/noord.xlsx")


def test_a_heading_over_several_lines_is_shown_on_one(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"] = [{("Toe\nlichting " if name == "TOELICHTING" else name): cell for name, cell in row.items()} for row in start.surveys["2023"]]
    result = cleaned(start, tmp_path)
    assert "Toe lichting" in {notice.column for notice in result.notices}
    assert not any("\n" in str(notice) for notice in result.notices)


def test_a_file_without_headings_offers_nobodys_cells_as_names(tmp_path: Path) -> None:
    start = draft()
    rows = [{**row, "CODE": "CODES-7", "ALLIANTIE": "ALLIANTIE1"} for row in start.surveys["2023"]]
    start.files["survey-2023.csv"] = as_text(rows).partition("\n")[2].encode()
    with pytest.raises(UserError) as error:
        cleaned(start, tmp_path)
    assert {problem.rule for problem in error.value.problems} == {"missing_column"}
    assert "CODES-7" not in str(error.value)
    assert "ALLIANTIE1" not in str(error.value)


def test_a_number_of_people_beyond_all_numbers_sets_its_cell_aside(tmp_path: Path) -> None:
    start = draft()
    start.population[0]["invited"] = "9" * 20
    assert told(found(start, tmp_path).problems, "data/raw/population.csv") == {(2, "invited", "not_a_count")}


def test_rows_of_the_staff_list_that_contradict_each_other_are_all_set_aside_in_any_order(tmp_path: Path) -> None:
    start = draft()
    start.population.append({**start.population[0], "invited": "2"})
    expected = {(2, "", "contradictory_rows"), (14, "", "contradictory_rows")}
    assert told(found(start, tmp_path).problems, "data/raw/population.csv") == expected
    start.population.reverse()
    expected = {(2, "", "contradictory_rows"), (14, "", "contradictory_rows")}
    assert told(found(start, tmp_path).problems, "data/raw/population.csv") == expected


def test_a_segment_that_names_no_interview_is_named(tmp_path: Path) -> None:
    start = draft()
    start.segments[0]["interview"] = "\u200b "
    assert (2, "interview", "missing_interview") in told(found(start, tmp_path).notices, "data/raw/segments.csv")


# The description


@pytest.mark.parametrize("file", [SURVEY, "./data/raw/survey-2023.csv", "data/raw/../raw/survey-2023.csv"])
@pytest.mark.parametrize("wave", ["2023", "2025"])
def test_the_same_answers_cannot_be_declared_twice(tmp_path: Path, file: str, wave: str) -> None:
    start = draft()
    second_file(start, file=file, wave=wave)
    with pytest.raises(ConfigError) as error:
        start.load(tmp_path)
    assert [problem.rule for problem in error.value.problems] == ["same_export"]


def test_a_wide_file_may_hold_two_waves_in_columns_of_their_own(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["sources"]["surveys"][1]["file"] = SURVEY
    for item in start.codebook["items"]:
        item["changes"] = {"2025": {"column": f"{item['column']}_2025"}}
    start.surveys["2023"] = [{**row, **{f"{name}_2025": cell for name, cell in row.items() if name[-1].isdigit()}} for row in start.surveys["2023"]]
    assert not told(cleaned(start, tmp_path, "2025").quarantine)


def test_one_workbook_or_file_of_interviews_cannot_count_twice(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["sources"]["frameworks"][1]["file"] = "data/raw/./noord.xlsx"
    start.evaluation["sources"]["interviews"] *= 2
    with pytest.raises(ConfigError) as error:
        start.load(tmp_path)
    assert {problem.rule for problem in error.value.problems} == {"same_workbook", "same_interviews"}
