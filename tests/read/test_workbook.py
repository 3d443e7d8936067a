"""Reading workbooks: what stays as it was typed, what sheets and headings may look like, what is remarked and what is refused."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from factory import workbook
from midterm.clean.values import parse_number
from midterm.errors import AwaitedError, Problem, UserError
from midterm.read.raw import Declared, RawTable
from midterm.read.workbook import read_workbook
from midterm.read.xlsx_formats import kind_of, shown
from midterm.read.xlsx_sheet import NOT_CALCULATED

FILES = Path(__file__).with_name("files")
DECLARED = Declared({"id": ("Nr", "No."), "value": ("Waarde", "Value")}, ("Kader", "Framework"))
YEARLY = {"id": ("Nr",), "level": ("Niveau",), "first": ("Realisatie 2023",), "second": ("Realisatie 2024",), "source": ("Bron",)}
ROWS = [{"Nr": "P1", "Waarde": 12}, {"Nr": "P2", "Waarde": 13}]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def read(folder: Path, content: bytes, declared: Declared = DECLARED, file: str = "book.xlsx") -> RawTable:
    (folder / file).write_bytes(content)
    return read_workbook(folder, file, declared)


def refused(folder: Path, content: bytes, declared: Declared = DECLARED) -> tuple[Problem, ...]:
    with pytest.raises(UserError) as error:
        read(folder, content, declared)
    return error.value.problems


def cells(table: RawTable) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in table.text.to_numpy()]


def cell(folder: Path, value: object, number_format: str = "General") -> str:
    book = openpyxl.load_workbook(io.BytesIO(workbook([{"Nr": "P1", "Waarde": None}])))
    place = book["Kader"]["B4"]
    place.value, place.number_format = value, number_format
    return cells(read(folder, saved(book)))[0][1]


def saved(book: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def page_of(rows: Sequence[Sequence[object]], *merged: str, title: str = "Kader", top: int = 1) -> tuple[openpyxl.Workbook, Worksheet]:
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = title
    for number, row in enumerate(rows, top):
        for column, value in enumerate(row, 1):
            page.cell(number, column, value)
    for reference in merged:
        page.merge_cells(reference)
    return book, page


def with_part(content: bytes, part: str, text: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return made.getvalue()


def by_hand(sheet: str, parts: Mapping[str, str] | None = None, *, after: str = "", space: str = MAIN, target: str = "worksheets/sheet1.xml") -> bytes:
    """Return a workbook of hand-made XML: ``sheet`` is what stands in the worksheet."""
    links = f'<Relationship Id="rId1" Type="{LINKS}/worksheet" Target="{target}"/>'
    links += "".join(f'<Relationship Id="{name}" Type="{LINKS}/{name}" Target="{name}.xml"/>' for name in parts or {})
    book = f'<sheets><sheet name="Kader" sheetId="1" r:id="rId1"/></sheets>{after}'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels", f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        )
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{space}" xmlns:r="{LINKS}">{book}</workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>')
        archive.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{space}" xmlns:r="{LINKS}">{sheet}</worksheet>')
        for name, text in (parts or {}).items():
            archive.writestr(f"xl/{name}.xml", f'<{name} xmlns="{space}">{text}</{name}>')
    return made.getvalue()


def in_line(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = f'<row r="1">{in_line("A1", "Nr")}{in_line("B1", "Waarde")}</row>'


def one_cell(given: str) -> str:
    """Return a sheet with one row of data, whose value is the cell ``given``."""
    return f'<sheetData>{HEAD}<row r="2">{in_line("A2", "P1")}{given}</row></sheetData>'


# Cells


@pytest.mark.parametrize(
    ("value", "means"),
    [(3.142, 3.142), (0.125, 0.125), (1250, 1250.0), (1250.0, 1250.0), (37.5, 37.5), (-2, -2.0), (1e-7, 1e-7), (1234567.891, 1234567.891), (0, 0.0)],
)
def test_a_number_typed_as_a_number_stays_that_number(tmp_path: Path, value: float, means: float) -> None:
    assert parse_number(cell(tmp_path, value)) == means


@pytest.mark.parametrize(("text", "means"), [("1.250", 1250.0), ("1.234,5", 1234.5), ("37,5", 37.5), ("1 250", 1250.0), ("12", 12.0)])
def test_a_number_typed_as_text_means_what_a_dutch_hand_wrote(tmp_path: Path, text: str, means: float) -> None:
    assert parse_number(cell(tmp_path, text)) == means


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("0.30000000000000004", "0,3"),
        ("29.999999999999996", "30"),
        ("0.3333333333333333", "0,333333333333333"),
        ("12.0", "12"),
        ("-0", "0"),
        ("007", "7"),
        ("1E3", "1000"),
        ("1.23E-010", "0,000000000123"),
        ("1234567890123456", "1234567890123456"),
        ("abc", "abc"),
        ("NaN", "NaN"),
        ("1_000", "1_000"),
        ("1E999999", "1E999999"),
    ],
)
def test_a_stored_number_has_the_digits_that_excel_shows_and_whole_ones_keep_all(tmp_path: Path, stored: str, text: str) -> None:
    assert cells(read(tmp_path, by_hand(one_cell(f'<c r="B2"><v>{stored}</v></c>')))) == [["P1", text]]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_every_number_of_up_to_fifteen_digits_comes_back_as_typed(number: float) -> None:
    assert parse_number(shown(repr(float(number)), "number", is_1904=False)) == float(number)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.45, "0%", "45%"),
        (0.375, "0%", "37,5%"),
        (0.07, "0.00%", "7%"),
        (1.1, '#,##0.0" "%', "110%"),
        (0.45, "[Red][<0.5]0%;0%", "45%"),
        (45, '0"%"', "45"),
        (45, "0\\%", "45"),
        (1234.5, '"€" #,##0.00', "1234,5"),
        (1234567.0, "#,##0", "1234567"),
        (5, "[$€-413] #,##0", "5"),
        (0.00001, "0.00E+00", "0,00001"),
        (3, '0 "dagen"', "3"),
        (3, "@", "3"),
        (7, "000", "007"),
        (-7, "000", "-007"),
        (1234, "000", "1234"),
        (0, "00", "00"),
        (7, "[Red]000;000", "007"),
        (7.4, "000", "7,4"),
        (7, "0", "7"),
        (7, "0.00", "7"),
    ],
)
def test_a_cell_in_per_cent_reads_as_it_shows_and_other_formats_leave_the_number_alone(tmp_path: Path, value: float, number_format: str, text: str) -> None:
    assert cell(tmp_path, value, number_format) == text


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (date(2025, 3, 1), "dd-mm-yyyy", "2025-03-01"),
        (datetime(2025, 3, 1, 14, 30), "dd-mm-yyyy hh:mm", "2025-03-01T14:30:00"),
        (time(9, 5), "h:mm", "09:05:00"),
        (timedelta(hours=36), "[h]:mm", "36:00:00"),
        (date(2025, 2, 1), "[$-413]d mmmm yyyy;@", "2025-02-01"),
        (2023, "dd-mm-yyyy", "1905-07-15"),
        (60, "dd-mm-yyyy", "1900-02-29"),
        (59, "dd-mm-yyyy", "1900-02-28"),
        (61, "dd-mm-yyyy", "1900-03-01"),
        (-5, "dd-mm-yyyy", "-5"),
        (True, "General", "TRUE"),
        (False, "General", "FALSE"),
    ],
)
def test_dates_become_iso_text_and_truth_is_spelled_as_excel_does(tmp_path: Path, value: object, number_format: str, text: str) -> None:
    assert cell(tmp_path, value, number_format) == text


def test_a_number_that_a_date_format_disguises_is_no_number(tmp_path: Path) -> None:
    assert parse_number(cell(tmp_path, 2023, "dd-mm-yyyy")) is None


def test_the_1904_date_system_counts_from_1904(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([{"Nr": "P1", "Waarde": date(2025, 3, 1)}])))
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert cells(read(tmp_path, saved(book))) == [["P1", "2025-03-01"]]


@pytest.mark.parametrize("text", ["007", "1e5", "NA", "TRUE", "'37,5", "\u00a037,5 ", "  12", "regel één\nregel twee", "_xD83D_", "<&>"])
def test_text_stands_as_it_was_typed(tmp_path: Path, text: str) -> None:
    assert cell(tmp_path, text) == text


def test_characters_that_excel_writes_as_codes_are_themselves(tmp_path: Path) -> None:
    given = '<c r="B2" t="inlineStr"><is><t>een_x000D_twee _x005F_x000D_</t></is></c>'
    assert cells(read(tmp_path, by_hand(one_cell(given)))) == [["P1", "een\rtwee _x000D_"]]


def test_an_error_in_a_cell_is_kept_as_its_text_and_means_no_number(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book["Kader"]["B4"].value = "#DIV/0!"
    book["Kader"]["B4"].data_type = "e"
    assert cells(read(tmp_path, saved(book)))[0][1] == "#DIV/0!"
    assert parse_number("#DIV/0!") is None
    assert cells(read(tmp_path, by_hand(one_cell('<c r="B2" t="e"/>')))) == [["P1", "#ERROR"]]


def test_rich_text_is_joined_and_its_phonetic_guide_left_out(tmp_path: Path) -> None:
    texts = "<si><r><rPr><b/></rPr><t>vet</t></r><r><t xml:space='preserve'> en gewoon</t></r><rPh sb='0' eb='1'><t>gids</t></rPh></si>"
    content = by_hand(one_cell('<c r="B2" t="s"><v>0</v></c>'), {"sharedStrings": texts})
    assert cells(read(tmp_path, content)) == [["P1", "vet en gewoon"]]


# Formulas


def test_a_formula_that_was_never_calculated_is_no_empty_cell(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book["Kader"]["B5"] = "=1+1"
    table = read(tmp_path, saved(book))
    assert cells(table) == [["P1", "12"], ["P2", NOT_CALCULATED]]
    assert parse_number(NOT_CALCULATED) is None
    (remark,) = table.remarks
    assert (remark.sheet, remark.row, remark.column, remark.rule) == ("Kader", 5, "Waarde", "not_calculated")
    assert "open the workbook in Excel and save it" in remark.reason


def test_the_zero_that_xlsxwriter_puts_under_its_formulas_is_no_answer(tmp_path: Path) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page = book.add_worksheet("Kader")
        page.write_row(0, 0, ["Nr", "Waarde"])
        page.write_row(1, 0, ["P1", "=SUM(1,2)"])
    assert cells(read(tmp_path, content.getvalue())) == [["P1", NOT_CALCULATED]]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ('<c r="B2"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="B2" t="str"><f aca="false">""</f><v></v></c>', ""),
        ('<c r="B2" t="str"><f>A2</f><v>P1</v></c>', "P1"),
        ('<c r="B2" t="str"><f>A2</f></c>', NOT_CALCULATED),
        ('<c r="B2"><f>A2</f><v/></c>', NOT_CALCULATED),
        ('<c r="B2"><f t="shared" si="0"/><v>3</v></c>', "3"),
        ('<c r="B2" t="b"><f aca="false">TRUE()</f><v>1</v></c>', "TRUE"),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
    ],
)
def test_a_calculated_formula_reads_as_its_result(tmp_path: Path, given: str, text: str) -> None:
    assert cells(read(tmp_path, by_hand(one_cell(given)))) == [["P1", text]]


def test_no_result_is_trusted_where_the_program_left_calculation_to_whoever_opens_the_file(tmp_path: Path) -> None:
    content = by_hand(one_cell('<c r="B2"><f>1+1</f><v>0</v></c>'), after='<calcPr fullCalcOnLoad="1"/>')
    assert cells(read(tmp_path, content)) == [["P1", NOT_CALCULATED]]


# Rows


@pytest.mark.parametrize("above", [0, 1, 2, 12])
def test_rows_have_excels_own_numbers_wherever_the_headings_stand(tmp_path: Path, above: int) -> None:
    table = read(tmp_path, workbook(ROWS, above=above))
    assert list(table.text.index) == [above + 2, above + 3]
    assert [row[0] for row in cells(table)] == ["P1", "P2"]


def test_empty_rows_are_passed_over_and_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    table = read(tmp_path, workbook([ROWS[0], {"Nr": None, "Waarde": "  "}, ROWS[1]]))
    assert list(table.text.index) == [4, 6]


def test_a_table_that_does_not_start_in_the_first_column_is_read(tmp_path: Path) -> None:
    book, page = page_of([])
    for place, value in (("D7", "Nr"), ("E7", "Waarde"), ("D9", "P1"), ("E9", 4), ("G9", "naast de tabel")):
        page[place] = value
    table = read(tmp_path, saved(book))
    assert (list(table.text.index), cells(table)) == ([9], [["P1", "4"]])


def test_rows_and_cells_without_a_place_of_their_own_follow_the_one_before(tmp_path: Path) -> None:
    sheet = "<sheetData><row r='4'><c t='inlineStr'><is><t>Nr</t></is></c><c t='inlineStr'><is><t>Waarde</t></is></c></row>"
    sheet += "<row><c t='inlineStr'><is><t>P1</t></is></c><c><v>4</v></c></row></sheetData>"
    table = read(tmp_path, by_hand(sheet))
    assert (list(table.text.index), cells(table)) == ([5], [["P1", "4"]])


def test_a_lying_dimension_hides_nothing(tmp_path: Path) -> None:
    assert cells(read(tmp_path, by_hand('<dimension ref="A1"/>' + one_cell('<c r="B2"><v>4</v></c>')))) == [["P1", "4"]]


def test_empty_formatted_cells_at_the_far_corner_do_no_harm(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert cells(read(tmp_path, by_hand(one_cell('<c r="B2"><v>4</v></c>').replace("</sheetData>", far)))) == [["P1", "4"]]


def test_hidden_rows_are_read_and_remarked(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([*ROWS, {"Nr": "P3", "Waarde": 14}, {"Nr": "P4", "Waarde": 15}])))
    for row in (4, 6, 7, 9):
        book["Kader"].row_dimensions[row].hidden = True
    table = read(tmp_path, saved(book))
    assert len(table.text) == 4
    assert [(remark.rule, remark.row) for remark in table.remarks] == [("hidden_rows", 4), ("hidden_rows", 6)]
    assert "rows 6 to 7 are hidden" in table.remarks[1].reason


# Headings


def banded(*merged: str, top: int = 1) -> openpyxl.Workbook:
    head = [["Nr", "Niveau", "Realisatie", None, "Bron"], [None, None, 2023, 2024, None]]
    return page_of([*head, ["P1", "Prestatie", 5, 6, "agenda"], ["P2", None, 7, 8, "agenda"]], *merged, top=top)[0]


@pytest.mark.parametrize("top", [1, 4])
def test_a_heading_merged_over_years_is_joined_with_each_of_them(tmp_path: Path, top: int) -> None:
    merged = [f"{first}{top}:{last}{top + 1}" for first, last in ("AA", "BB", "EE")]
    table = read(tmp_path, saved(banded(f"C{top}:D{top}", *merged, top=top)), Declared(YEARLY))
    assert list(table.text.index) == [top + 2, top + 3]
    assert cells(table)[0] == ["P1", "Prestatie", "5", "6", "agenda"]
    assert table.headings["second"] == "Realisatie 2024"
    assert table.remarks == ()


def test_a_heading_over_three_rows_is_found(tmp_path: Path) -> None:
    head = [["Nr", "Realisatie", None, None], [None, "Totaal", None, "Deel"], [None, 2023, 2024, 2024]]
    book, _ = page_of([*head, ["P1", 1, 2, 3]], "A1:A3", "B1:D1", "B2:C2")
    names = {"id": ("Nr",), "a": ("Realisatie Totaal 2023",), "b": ("Realisatie totaal 2024",), "c": ("Realisatie Deel 2024",)}
    table = read(tmp_path, saved(book), Declared(names))
    assert (list(table.text.index), cells(table)) == ([4], [["P1", "1", "2", "3"]])


def test_a_band_that_only_groups_the_headings_changes_nothing(tmp_path: Path) -> None:
    book, _ = page_of([["Algemeen", None, "Cijfers", None], ["Nr", "Bron", "Waarde", "Doel"], ["P1", "agenda", 1, 2]], "A1:B1", "C1:D1")
    table = read(tmp_path, saved(book), Declared({"id": ("Nr",), "value": ("Waarde",)}))
    assert (list(table.text.index), table.headings["value"]) == ([3], "Waarde")


def test_bands_over_some_headings_and_years_under_one_are_both_found(tmp_path: Path) -> None:
    book, _ = page_of([["Algemeen", None, "Realisatie", None], ["Nr", "Bron", 2023, 2024], ["P1", "agenda", 1, 2]], "A1:B1", "C1:D1")
    table = read(tmp_path, saved(book), Declared(YEARLY))
    assert cells(table) == [["P1", "1", "2", "agenda"]]


def test_headings_that_reach_down_into_a_row_of_other_headings_leave_no_row_of_data_there(tmp_path: Path) -> None:
    book = banded("A1:A2", "B1:B2", "C1:D1", "E1:E2")
    table = read(tmp_path, saved(book), Declared({"id": ("Nr",), "level": ("Niveau",)}))
    assert list(table.text.index) == [3, 4]


def test_a_title_over_all_columns_is_no_heading(tmp_path: Path) -> None:
    book, page = page_of([["Nr", "Waarde"], ["P1", 1]], top=2)
    page["A1"] = "Waarde van het kader"
    page.merge_cells("A1:B1")
    table = read(tmp_path, saved(book))
    assert (list(table.text.index), table.headings["id"]) == ([3], "Nr")


def test_one_heading_over_two_columns_means_the_first(tmp_path: Path) -> None:
    book, _ = page_of([["Nr", "Waarde", None], ["P1", 1, None]], "B1:C1", "B2:C2")
    table = read(tmp_path, saved(book))
    assert (cells(table), table.remarks) == ([["P1", "1"]], ())


def test_two_columns_under_one_band_and_year_are_refused_rather_than_guessed(tmp_path: Path) -> None:
    book, _ = page_of([["Nr", "Realisatie", None], [None, 2023, 2023], ["P1", 1, 2]], "A1:A2", "B1:C1")
    (problem,) = refused(tmp_path, saved(book), Declared(YEARLY))
    assert (problem.row, problem.rule) == (2, "duplicate_heading")


def test_a_cell_merged_over_rows_belongs_to_each_of_them(tmp_path: Path) -> None:
    rows = [["Nr", "Niveau"], ["P1", "Prestatie"], ["P2", None], ["P3", None], ["P4", None]]
    table = read(tmp_path, saved(page_of(rows, "B2:B4")[0]), Declared({"id": ("Nr",), "level": ("Niveau",)}))
    assert cells(table) == [["P1", "Prestatie"], ["P2", "Prestatie"], ["P3", "Prestatie"], ["P4", ""]]
    assert table.remarks == ()


def test_a_row_that_is_empty_but_for_a_merge_stays_empty(tmp_path: Path) -> None:
    rows = [["Nr", "Niveau"], ["P1", "Prestatie"], [None, None], ["P3", None]]
    table = read(tmp_path, saved(page_of(rows, "B2:B4")[0]), Declared({"id": ("Nr",), "level": ("Niveau",)}))
    assert list(table.text.index) == [2, 4]


def test_one_number_merged_over_rows_is_remarked_as_it_may_be_counted_twice(tmp_path: Path) -> None:
    table = read(tmp_path, saved(page_of([["Nr", "Waarde"], ["P1", 12.5], ["P2", None]], "B2:B3")[0]))
    assert [row[1] for row in cells(table)] == ["12,5", "12,5"]
    assert [(remark.rule, remark.row, remark.column) for remark in table.remarks] == [("merged_rows", 2, "Waarde")]


def test_a_cell_merged_over_columns_counts_once_and_is_remarked(tmp_path: Path) -> None:
    rows = [["Nr", "Realisatie 2023", "Realisatie 2024", "Bron"], ["P1", 12, None, None]]
    table = read(tmp_path, saved(page_of(rows, "B2:D2")[0]), Declared(YEARLY))
    assert cells(table) == [["P1", "12", "", ""]]
    assert [(remark.rule, remark.row, remark.column) for remark in table.remarks] == [("merged_cells", 2, "Realisatie 2024"), ("merged_cells", 2, "Bron")]


@pytest.mark.parametrize(("rows", "top"), [(0, 2), (60, 50)])
def test_overlapping_merges_are_refused(tmp_path: Path, rows: int, top: int) -> None:
    below = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(3, 3 + rows))
    merges = f'<mergeCells><mergeCell ref="A{top}:A{top + 1}"/><mergeCell ref="A{top}:B{top + 2}"/></mergeCells>'
    sheet = one_cell('<c r="B2"><v>4</v></c>').replace("</sheetData>", f"{below}</sheetData>{merges}")
    assert [(problem.sheet, problem.row, problem.rule) for problem in refused(tmp_path, by_hand(sheet))] == [("Kader", top, "not_a_workbook")]


def test_a_sheet_without_its_row_of_headings_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, workbook([{"A": 1, "B": 2}]))
    assert (problem.sheet, problem.rule) == ("Kader", "missing_heading")


def test_an_empty_sheet_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert [problem.rule for problem in refused(tmp_path, saved(page_of([])[0]))] == ["missing_heading"]


def test_a_heading_that_stands_twice_is_refused_with_its_row(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book["Kader"]["C3"] = "Waarde"
    (problem,) = refused(tmp_path, saved(book))
    assert (problem.sheet, problem.row, problem.column, problem.rule) == ("Kader", 3, "value", "duplicate_heading")


def test_only_declared_columns_leave_the_reader(tmp_path: Path) -> None:
    table = read(tmp_path, workbook([{"Nr": "P1", "Waarde": 1, "E-mail": "jan@voorbeeld.example"}]))
    assert list(table.text.columns) == ["id", "value"]
    assert table.undeclared == ("E-mail",)


# Sheets


def test_english_headings_and_sheet_are_found_too(tmp_path: Path) -> None:
    assert cells(read(tmp_path, workbook([{"No.": "P1", "Value": 4}], sheet="framework "))) == [["P1", "4"]]


def test_a_missing_sheet_is_named_with_the_nearest(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, workbook(ROWS, sheet="Kaders"))
    assert problem.rule == "missing_sheet"
    assert "Kaders" in problem.reason


def test_without_a_declared_sheet_the_one_with_most_columns_is_read(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book.create_sheet("Toelichting", 0).append(["Waarde"])
    assert read(tmp_path, saved(book), Declared(DECLARED.columns)).sheet == "Kader"


def test_another_version_of_the_sheet_does_not_pass_unseen(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book.copy_worksheet(book["Kader"]).title = "Kader (2)"
    book.create_sheet("Lijsten").append(["Waarde"])
    table = read(tmp_path, saved(book))
    assert (table.sheet, len(table.text)) == ("Kader", 2)
    assert [(remark.sheet, remark.rule) for remark in table.remarks] == [("Kader (2)", "other_sheet")]
    assert "unless another source of evaluation.yml names it" in table.remarks[0].reason


def test_headings_among_the_rows_are_named_as_such_and_set_aside(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    page = book["Kader"]
    page.append([cell.value for cell in page[3]])
    page.append(["P3", 14])
    table = read(tmp_path, saved(book))
    assert cells(table) == [["P1", "12"], ["P2", cells(table)[1][1]], ["P3", "14"]]
    assert [(problem.sheet, problem.row, problem.rule) for problem in table.problems] == [("Kader", 6, "repeated_heading")]


def test_an_empty_form_beside_the_filled_one_needs_no_remark(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book.create_sheet("Leeg").append(["Nr", "Waarde"])
    assert read(tmp_path, saved(book)).remarks == ()


def test_a_hidden_sheet_that_is_declared_is_read_and_remarked(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    book["Kader"].sheet_state = "hidden"
    book.create_sheet("Voorblad")
    assert [remark.rule for remark in read(tmp_path, saved(book)).remarks] == ["hidden_sheet"]


@pytest.mark.parametrize("place", ["F1", "A900"])
def test_the_synthetic_mark_is_seen_anywhere_on_any_sheet(tmp_path: Path, place: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS)))
    assert not read(tmp_path, saved(book)).is_synthetic
    book.create_sheet("Uitleg")[place] = "Let op: Synthetisch / synthetic"
    assert read(tmp_path, saved(book)).is_synthetic


# Programs


def as_written(name: str) -> bytes:
    return base64.b64decode((FILES / f"{name}.xlsx.b64").read_text())


# As readxl 1.4.2 gives them; its serial numbers count from 1900: 40908 is 31 December 2011, 41051 is 22 May 2012.
@pytest.mark.parametrize(
    ("sheet", "heading", "read_as"),
    [
        ("logical_coercion", "maybe boolean?", ["", "0", "1", "2011-12-31", "TRUE", "FALSE", "cabbage", "true", "F", "False"]),
        ("numeric_coercion", "maybe numeric?", ["", "TRUE", "FALSE", "2010-12-22", "123456", "123456", "cabbage"]),
        ("date_coercion", "maybe a datetime?", ["", "2012-05-22", "2012-04-27T11:30:00", "TRUE", "cabbage", "4,3", "39448"]),
        ("text_coercion", "text", ["", "cabbage", "TRUE", "1,3", "2012-09-23", "36436153"]),
    ],
)
def test_a_workbook_from_excel_for_mac_reads_as_another_program_reads_it(tmp_path: Path, sheet: str, heading: str, read_as: list[str]) -> None:
    table = read(tmp_path, as_written("type-me"), Declared({"typed": (heading,), "meaning": ("description", "explanation")}, (sheet,)))
    assert [row[0] for row in cells(table)] == read_as
    assert list(table.text.index) == list(range(2, 2 + len(read_as)))


def test_two_rows_of_headings_from_excel_are_joined(tmp_path: Path) -> None:
    names = {"born_as": ("name (at birth)",), "died": ("death (date is approximate)",), "grams": ("weight (in grams)",)}
    table = read(tmp_path, as_written("clippy"), Declared(names, ("two-row-header",)))
    assert cells(table) == [["Clippy", "2007-01-01", "0,9"]]


def test_cells_as_libreoffice_writes_them_are_read(tmp_path: Path) -> None:
    """LibreOffice names the type and style of every cell, its numbers may have exponents of three digits, and formulas ``aca``."""
    head = '<row r="1" customFormat="false" ht="12.8" hidden="false"><c r="A1" s="0" t="s"><v>0</v></c><c r="B1" s="0" t="s"><v>1</v></c></row>'
    values = ['<c r="B{}" s="1" t="n"><v>0.375</v></c>', '<c r="B{}" s="0" t="n"><f aca="false">0.1+0.2</f><v>0.3</v></c>', '<c r="B{}" s="2"/>']
    values += ['<c r="B{}" s="2" t="n"><v>45717</v></c>', '<c r="B{}" s="0" t="n"><v>1.23E-005</v></c>']
    rows = [
        f'<row r="{n}" hidden="{"true" if n == 3 else "false"}"><c r="A{n}" s="0" t="s"><v>2</v></c>{value.format(n)}</row>'
        for n, value in enumerate(values, 2)
    ]
    texts = "".join(f'<si><t xml:space="preserve">{text}</t></si>' for text in ("Nr", "Waarde", "P1"))
    formats = '<numFmts count="2"><numFmt numFmtId="164" formatCode="General"/><numFmt numFmtId="165" formatCode="dd\\-mm\\-yyyy"/></numFmts>'
    formats += '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="164"/><xf numFmtId="9"/><xf numFmtId="165"/></cellXfs>'
    content = by_hand(f"<sheetData>{head}{''.join(rows)}</sheetData>", {"sharedStrings": texts, "styleSheet": ""})
    content = with_styles(content, formats)
    table = read(tmp_path, content)
    assert [row[1] for row in cells(table)] == ["37,5%", "0,3", "", "2025-03-01", "0,0000123"]
    assert [(remark.rule, remark.row) for remark in table.remarks] == [("hidden_rows", 3)]


def with_styles(content: bytes, formats: str) -> bytes:
    """Return the workbook with its styles under the kind of link that they have."""
    links = zipfile.ZipFile(io.BytesIO(content)).read("xl/_rels/workbook.xml.rels").replace(f"{LINKS}/styleSheet".encode(), f"{LINKS}/styles".encode())
    linked = with_part(content, "xl/_rels/workbook.xml.rels", links)
    return with_part(linked, "xl/styleSheet.xml", f'<styleSheet xmlns="{MAIN}">{formats}</styleSheet>'.encode())


def test_the_absolute_targets_of_google_sheets_are_followed(tmp_path: Path) -> None:
    content = by_hand(one_cell('<c s="0" r="B2"><v>0.02</v></c>'), target="/xl/worksheets/sheet1.xml")
    assert cells(read(tmp_path, content)) == [["P1", "0,02"]]


def test_the_strict_form_of_the_format_and_prefixed_names_are_read(tmp_path: Path) -> None:
    assert cells(read(tmp_path, by_hand(one_cell('<c r="B2"><v>4</v></c>'), space=STRICT))) == [["P1", "4"]]
    prefixed = re.sub(r"<(/?)", r"<\1x:", f"<worksheet>{one_cell('<c r=#B2#><v>4</v></c>')}</worksheet>".replace("#", '"'))
    sheet = prefixed.replace("<x:worksheet>", f'<x:worksheet xmlns:x="{MAIN}">')
    assert cells(read(tmp_path, with_part(by_hand(""), "xl/worksheets/sheet1.xml", sheet.encode()))) == [["P1", "4"]]


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"in_memory": True, "date_1904": True}])
def test_workbooks_of_xlsxwriter_are_read(tmp_path: Path, options: dict[str, bool]) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, options) as book:
        page = book.add_worksheet("Kader")
        page.write_row(0, 0, ["Nr", "Waarde"])
        page.write_row(1, 0, ["één", 12.5])
        page.write(2, 0, "twee")
        page.write_datetime(2, 1, datetime(2025, 3, 1), book.add_format({"num_format": "d mmm yyyy"}))
        page.write(3, 0, "drie")
        page.write(3, 1, 0.45, book.add_format({"num_format": "0%"}))
    assert cells(read(tmp_path, content.getvalue())) == [["één", "12,5"], ["twee", "2025-03-01"], ["drie", "45%"]]


def test_a_workbook_with_macros_is_read_and_its_macros_are_not(tmp_path: Path) -> None:
    assert cells(read(tmp_path, workbook(ROWS), file="book.xlsm")) == [["P1", "12"], ["P2", "13"]]


# Formats (ECMA-376 part 1, 18.8.30 and 18.8.31)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", "number"),
        ("0.00", "number"),
        ("0%", "percent"),
        ('0.0_);"%"', "number"),
        ("mm:ss.0", "date"),
        ("[h]:mm:ss", "duration"),
        ("[mm]", "duration"),
        ("yyyy", "date"),
        ("[Magenta]0", "number"),
        ('_-* #,##0.00\\ "dm"_-', "number"),
        ("# ?/?", "number"),
        ("000", "000"),
        ('000;"min "000', "000"),
    ],
)
def test_the_kind_of_a_format_is_known_by_its_code(code: str, kind: str) -> None:
    assert kind_of(code) == kind


# Refusals


@pytest.mark.parametrize(
    "content",
    [b"Nr;Waarde\nP1;2\n", b"PK\x03\x04 broken", workbook(ROWS)[:900], b"\xd0\xcf\x11\xe0 with a password"],
    ids=["csv", "broken_zip", "cut_short", "encrypted"],
)
def test_what_is_no_workbook_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (problem,) = refused(tmp_path, content)
    assert (problem.file, problem.rule) == ("book.xlsx", "not_a_workbook")


@pytest.mark.parametrize(
    "parts",
    [{"word/document.xml": "<w/>"}, {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<office/>"}],
    ids=["word", "ods"],
)
def test_a_zip_of_something_else_is_no_workbook(tmp_path: Path, parts: dict[str, str]) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    (problem,) = refused(tmp_path, content.getvalue())
    assert problem.rule == "not_a_workbook"
    assert "save it as .xlsx" in problem.reason


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "_rels/.rels"])
@pytest.mark.parametrize("text", [b"<broken", b"", b"\xff\xfe\x00"])
def test_a_broken_part_is_refused(tmp_path: Path, part: str, text: bytes) -> None:
    assert [problem.rule for problem in refused(tmp_path, with_part(as_written("clippy"), part, text))] == ["not_a_workbook"]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="0"/>',
        '<row r="2"/><row r="2"/>',
        '<row r="1048577"/>',
        '<row r="x"/>',
        '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="XFE2"><v>1</v></c></row>',
        '<row r="2"><c r="2"><v>1</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>0</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>-1</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>x</v></c></row>',
        '<row r="2"><c r="A2" s="7"><v>1</v></c></row>',
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_sheet_and_row(tmp_path: Path, rows: str) -> None:
    content = with_styles(by_hand(f"<sheetData>{HEAD}{rows}</sheetData>", {"styleSheet": ""}), "<cellXfs><xf numFmtId='0'/></cellXfs>")
    (problem,) = refused(tmp_path, content)
    assert (problem.sheet, problem.rule) == ("Kader", "not_a_workbook")
    assert "from this row on" in problem.reason or problem.row is None


def test_flipped_bytes_never_end_in_a_traceback(tmp_path: Path) -> None:
    sound = workbook(ROWS)
    for place in range(30, len(sound), 97):
        content = bytearray(sound)
        content[place] ^= 0xFF
        try:
            read(tmp_path, bytes(content))
        except UserError as error:
            assert all("\n" not in str(problem) for problem in error.problems)  # noqa: PT017 - some bytes do no harm


def test_an_empty_file_is_said_to_be_empty_and_an_absent_one_awaited(tmp_path: Path) -> None:
    assert [problem.rule for problem in refused(tmp_path, b"")] == ["empty_file"]
    with pytest.raises(AwaitedError):
        read_workbook(tmp_path, "later.xlsx", DECLARED)


def test_a_workbook_as_libreoffice_writes_it_reads_as_its_source_says(tmp_path: Path) -> None:
    # kader.fods: years under a merged heading on rows 4 and 5, text numbers, a per cent format, formulas, a date, two empty rows.
    (tmp_path / "kader.xlsx").write_bytes(as_written("kader"))
    columns = {"id": ("Nr",), "naam": ("Indicator",), "a 2023": ("Realisatie 2023",), "a 2025": ("Realisatie 2025",)}
    table = read_workbook(tmp_path, "kader.xlsx", Declared(columns, ("Kader",)))
    assert list(table.text.astype(object).itertuples(name=None)) == [
        (6, "007", "Coöperatie €", "37,5%", "1234,5"),
        (7, "1e5", "Som", "2469", "#DIV/0!"),
        (10, "NA", "2023-05-03", "12 (schatting)", "1"),  # LibreOffice itself writes true as the number 1
    ]
    assert table.remarks == ()
