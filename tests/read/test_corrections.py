"""Corrections: only by the log, only where the old value is what the log says, and each made or refused in so many words."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory import SECRETS, Draft, draft
from midterm.clean.survey import clean_survey
from midterm.description import load_evaluation
from midterm.errors import ConfigError
from midterm.read import RawTable, read_framework, read_survey

FILE = "data/raw/survey-2023.csv"


def logged(folder: Path, *rows: str, start: Draft | None = None) -> Path:
    (start or draft()).write(folder)
    (folder / "config/corrections.csv").write_text("\n".join(["file,id,field,old,new,reason,author", *rows]) + "\n", encoding="utf-8")
    return folder


def survey(folder: Path) -> RawTable:
    return read_survey(load_evaluation(folder), "2023")[0][1]


def first(folder: Path) -> dict[str, str]:
    return {str(name): str(cell) for name, cell in survey(draft().write(folder)).text.iloc[0].items()}


def test_a_correction_changes_its_cell_and_says_so(tmp_path: Path) -> None:
    before = first(tmp_path / "before")
    raw = survey(logged(tmp_path, f"{FILE},{before['CODE']},G1,{before['G1']},A2,verkeerd overgetypt,A. Analist"))
    assert raw.text["G1"].iloc[0] == "A2"
    assert [(remark.rule, remark.row, remark.column) for remark in raw.remarks] == [("corrected", 2, "G1")]
    assert "config/corrections.csv, row 2" in raw.remarks[0].reason
    assert "A2" not in raw.remarks[0].reason
    assert not raw.problems


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (f"{FILE},row 2,G1,A0,A2,r,a", "old"),
        (f"{FILE},nobody,G1,A1,A2,r,a", "id"),
        (f"{FILE},row 99,G1,A1,A2,r,a", "id"),
        (f"{FILE},row 2,GG9,A1,A2,r,a", "field"),
        (f"{FILE},row 2,email,{SECRETS[0]},x,r,a", "field"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused_and_changes_nothing(tmp_path: Path, cells: str, column: str) -> None:
    untouched = survey(draft().write(tmp_path / "before"))
    folder = logged(tmp_path, cells)
    raw = survey(folder)
    assert raw.text.astype(object).equals(untouched.text.astype(object))
    (problem,) = raw.problems
    assert (problem.file, problem.row, problem.column, problem.rule) == ("config/corrections.csv", 2, column, "correction_refused")
    assert SECRETS[0] not in problem.reason
    evaluation = load_evaluation(folder)
    assert problem in clean_survey(evaluation, "2023", read_survey(evaluation, "2023")).quarantine


def test_an_id_that_names_two_rows_is_refused(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"][1]["CODE"] = start.surveys["2023"][0]["CODE"]
    code = start.surveys["2023"][0]["CODE"]
    raw = survey(logged(tmp_path, f"{FILE},{code},G1,A1,A2,r,a", start=start))
    assert "2 rows of the file have this id" in raw.problems[0].reason


def test_the_record_number_and_the_row_name_a_row_as_well(tmp_path: Path) -> None:
    before = first(tmp_path / "before")
    raw = survey(logged(tmp_path, f"{FILE},{before['id']},g1,{before['G1']},A2,r,a", f"{FILE},row 2,G2,{before['G2']},A3,r,a"))
    assert list(raw.text.iloc[0][["G1", "G2"]]) == ["A2", "A3"]


def test_a_workbooks_cell_is_corrected_by_indicator_and_heading(tmp_path: Path) -> None:
    folder = logged(tmp_path, "data/raw/noord.xlsx,E1,Realisatie 2025,28.5,29,fout in het jaarverslag,A. Analist")
    raw = read_framework(load_evaluation(folder), "noord")
    assert raw.text.loc[raw.text["indicator_id"] == "E1", "actual_value 2025"].item() == "29"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("data/raw/survey-2024.csv,1,G1,A1,A2,r,a", "the nearest valid name is 'data/raw/survey-202"),
        (f"{FILE},1,G1,A1,A2,,a", "this cell is empty"),
        (f"{FILE},1,G1,A1,A2,r", "6 cells"),
    ],
)
def test_a_faulty_log_is_refused_as_a_whole_with_its_row(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"config/corrections\.csv, row 2") as error:
        load_evaluation(logged(tmp_path, row))
    assert words in str(error.value)


def test_no_log_is_no_correction(tmp_path: Path) -> None:
    assert load_evaluation(draft().write(tmp_path)).corrections == ()
