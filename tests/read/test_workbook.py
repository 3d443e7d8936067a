"""Reading workbooks: what stays as it was typed, what the sheet and the headings may look like, and what is refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from factory import workbook
from midterm.clean.values import parse_number
from midterm.errors import AwaitedError, Problem, UserError
from midterm.read.raw import RawTable
from midterm.read.workbook import read_workbook

HEADINGS = ["Nr", "No.", "Waarde", "Value"]
ROWS = [{"Nr": "P1", "Waarde": 12}, {"Nr": "P2", "Waarde": 13}]


def read(folder: Path, content: bytes, sheets: tuple[str, ...] = ("Kader", "Framework")) -> RawTable:
    (folder / "book.xlsx").write_bytes(content)
    return read_workbook(folder, "book.xlsx", sheets, HEADINGS)


def refused(folder: Path, content: bytes) -> tuple[Problem, ...]:
    with pytest.raises(UserError) as error:
        read(folder, content)
    return error.value.problems


def cell(folder: Path, value: object, number_format: str = "General") -> str:
    book = openpyxl.load_workbook(io.BytesIO(workbook([{"Nr": "P1", "Waarde": None}])))
    place = book["Kader"]["B4"]
    place.value, place.number_format = value, number_format
    return str(read(folder, saved(book)).text["Waarde"].iloc[0])


def saved(book: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_part(content: bytes, part: str, text: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return made.getvalue()


@pytest.mark.parametrize(
    ("value", "means"),
    [(3.142, 3.142), (0.125, 0.125), (1250, 1250.0), (1250.0, 1250.0), (37.5, 37.5), (-2, -2.0), (1e-7, 1e-7), (1234567.891, 1234567.891), (0, 0.0)],
)
def test_a_number_typed_as_a_number_stays_that_number(tmp_path: Path, value: float, means: float) -> None:
    assert parse_number(cell(tmp_path, value)) == means


@pytest.mark.parametrize(("text", "means"), [("1.250", 1250.0), ("1.234,5", 1234.5), ("37,5", 37.5), ("1 250", 1250.0), ("12", 12.0)])
def test_a_number_typed_as_text_means_what_a_dutch_hand_wrote(tmp_path: Path, text: str, means: float) -> None:
    assert parse_number(cell(tmp_path, text)) == means


def test_dates_become_iso_text_and_truth_is_spelled_as_excel_does(tmp_path: Path) -> None:
    assert cell(tmp_path, date(2025, 3, 1), "dd-mm-yyyy").startswith("2025-03-01")
    assert cell(tmp_path, datetime(2025, 3, 1, 14, 30), "dd-mm-yyyy hh:mm").startswith("2025-03-01T14:30")
    assert cell(tmp_path, True) == "TRUE"


def test_text_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    assert [cell(tmp_path, text) for text in ("007", "1e5", "NA")] == ["007", "1e5", "NA"]


@pytest.mark.parametrize("above", [0, 1, 2, 12])
def test_rows_have_excels_own_numbers_wherever_the_headings_stand(tmp_path: Path, above: int) -> None:
    table = read(tmp_path, workbook(ROWS, above=above))
    assert list(table.text.index) == [above + 2, above + 3]
    assert list(table.text["Nr"]) == ["P1", "P2"]


def test_empty_rows_are_passed_over_and_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    table = read(tmp_path, workbook([ROWS[0], {"Nr": None, "Waarde": None}, ROWS[1]]))
    assert list(table.text.index) == [4, 6]


def test_a_table_that_does_not_start_in_the_first_column_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Kader"
    for place, value in (("D7", "Nr"), ("E7", "Waarde"), ("D9", "P1"), ("E9", 4)):
        page[place] = value
    table = read(tmp_path, saved(book))
    assert list(table.text.index) == [9]
    assert list(table.text.iloc[0]) == ["P1", "4"]


def test_english_headings_and_sheet_are_found_too(tmp_path: Path) -> None:
    table = read(tmp_path, workbook([{"No.": "P1", "Value": 4}], sheet="framework "))
    assert list(table.text.columns) == ["No.", "Value"]


def test_a_missing_sheet_is_named_with_the_nearest(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, workbook(ROWS, sheet="Kaders"))
    assert problem.rule == "missing_sheet"
    assert "Kaders" in problem.reason


def test_a_sheet_without_its_row_of_headings_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, workbook([{"A": 1, "B": 2}]))
    assert (problem.sheet, problem.rule) == ("Kader", "missing_heading")


def test_an_empty_sheet_is_refused_in_a_sentence(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "Kader"
    assert [problem.rule for problem in refused(tmp_path, saved(book))] == ["missing_heading"]


def test_a_heading_that_stands_twice_is_refused_with_its_row(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book["Kader"]["C3"] = "Waarde"
    (problem,) = refused(tmp_path, saved(book))
    assert (problem.sheet, problem.row, problem.column, problem.rule) == ("Kader", 3, "Waarde", "duplicate_heading")


@pytest.mark.parametrize(
    "content",
    [b"Nr;Waarde\nP1;2\n", b"PK\x03\x04 broken", workbook(ROWS)[:900], b"\xd0\xcf\x11\xe0 with a password"],
    ids=["csv", "broken_zip", "cut_short", "encrypted"],
)
def test_what_is_no_workbook_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (problem,) = refused(tmp_path, content)
    assert (problem.file, problem.rule) == ("book.xlsx", "not_a_workbook")


def test_a_zip_of_something_else_is_no_workbook(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert [problem.rule for problem in refused(tmp_path, content.getvalue())] == ["not_a_workbook"]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "[Content_Types].xml"])
def test_a_broken_part_never_ends_in_a_traceback(tmp_path: Path, part: str) -> None:
    for text in (b"<broken", b"", b"\xff\xfe\x00"):
        try:
            read(tmp_path, with_part(workbook(ROWS), part, text))
        except UserError as error:
            assert all("\n" not in str(problem) for problem in error.problems)  # noqa: PT017 - a part that is not needed may be broken


def test_flipped_bytes_never_end_in_a_traceback(tmp_path: Path) -> None:
    sound = workbook(ROWS)
    for place in range(30, len(sound), 97):
        content = bytearray(sound)
        content[place] ^= 0xFF
        try:
            read(tmp_path, bytes(content))
        except UserError as error:
            assert error.problems  # noqa: PT017 - some bytes do no harm


def test_an_empty_file_is_said_to_be_empty_and_an_absent_one_awaited(tmp_path: Path) -> None:
    assert [problem.rule for problem in refused(tmp_path, b"")] == ["empty_file"]
    with pytest.raises(AwaitedError):
        read_workbook(tmp_path, "later.xlsx", ["Kader"], HEADINGS)


def test_a_zip_that_unpacks_to_far_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_001)
    assert [problem.rule for problem in refused(tmp_path, content.getvalue())] == ["too_large"]


def test_an_error_in_a_cell_is_kept_as_its_text_and_means_no_number(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book["Kader"]["B4"].value = "#DIV/0!"
    book["Kader"]["B4"].data_type = "e"
    text = str(read(tmp_path, saved(book)).text["Waarde"].iloc[0])
    assert text
    assert parse_number(text) is None


def test_the_synthetic_mark_is_seen_anywhere_on_the_sheet(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    assert not read(tmp_path, saved(book)).is_synthetic
    book["Kader"]["F1"] = "Let op: Synthetisch / synthetic"
    assert read(tmp_path, saved(book)).is_synthetic
