"""The framework workbook: what an alliance reported comes back to it whole, and what it fills in is read as it meant it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import draft
from midterm.clean.framework import clean_framework
from midterm.clean.ledger import Cleaned
from midterm.collect import framework_texts as texts
from midterm.collect.framework_sheets import as_number, form_of
from midterm.collect.framework_workbook import NEW_ROWS, framework_workbook
from midterm.description import LANGUAGES, Evaluation, Language, load_evaluation
from midterm.description.codebook import FRAMEWORK_FIELDS
from midterm.description.spelling import normalise
from midterm.errors import ConfigError, UserError
from midterm.read import SYNTHETIC_MARK, RawTable, read_framework
from midterm.read.raw import Intake
from midterm.read.sources import framework_declared
from midterm.read.workbook import read_workbook

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = load_evaluation(ROOT)
LISTS = ("level", "unit", "direction", "reporting", "status", "bottleneck")
HEADING_ROW = 5
FEW = settings(derandomize=True, deadline=None, max_examples=15)
ROW = {
    "indicator_id": "A1",
    "level": "Activiteit",
    "indicator": "Trainingen",
    "unit": "aantal",
    "direction": "hoger is beter",
    "baseline_year": "2022",
    "baseline_value": "0",
    "target_year": "2027",
    "target_value": "12,5",
    "actual_value 2023": "3",
    "actual_value 2024": "",
    "actual_value 2025": "-0,75",
    "reporting": "per jaar",
    "source": "verslagen",
    "status": "loopt",
    "bottleneck": "geen",
}


def version(rows: Sequence[Mapping[str, str]], evaluation: Evaluation = EXAMPLE, *, is_synthetic: bool = False) -> RawTable:
    """Return rows as a reader gives them: text, from row 6 of a sheet."""
    declared = framework_declared(evaluation)
    names = list(declared.columns)
    intake = Intake("earlier.xlsx", "Kader", [(name,) for name in names], declared)
    intake.extend(range(6, 6 + len(rows)), [[row.get(name, "") for name in names] for row in rows])
    return intake.table(is_synthetic=is_synthetic)


def read_back(content: bytes, folder: Path, evaluation: Evaluation = EXAMPLE) -> RawTable:
    (folder / "returned.xlsx").write_bytes(content)
    return read_workbook(folder, "returned.xlsx", framework_declared(evaluation))


def filled(raw: RawTable) -> list[dict[str, str]]:
    """Return the rows that hold more than a prepared number."""
    records = raw.text.astype(str).to_dict("records")
    return [{str(name): text for name, text in record.items()} for record in records if any(text for name, text in record.items() if name != "indicator_id")]


def sheet(content: bytes, position: int = 1) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[position]


def columns(page: Any) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in page[HEADING_ROW]}


def literal(value: str) -> float | None:
    """Return what a cell of the example's source means (an apostrophe: typed as text, in Dutch spelling)."""
    if value.startswith("'"):
        value = value[1:].replace(".", "").replace(",", ".")
    value = value.removesuffix("%")
    return float(value) if value else None


def source_rows() -> pd.DataFrame:
    """Return the example's frameworks as the literal rows from which its workbooks were typed."""
    with (ROOT / "tools/synthetic_frameworks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    numbers = ("baseline_year", "baseline_value", "target_year", "target_value")
    return pd.DataFrame(
        {
            **{name: row[name] for name in ("alliance", "indicator_id", "indicator", "source", *LISTS)},
            **{name: literal(row[name]) for name in numbers},
            "year": year,
            "actual_value": literal(row[str(year)]),
        }
        for row in rows
        for year in (2023, 2024, 2025)
    )


def as_expected(cleaned: Cleaned) -> pd.DataFrame:
    expected = source_rows()
    table = cleaned.tables["framework"]
    mine = expected[expected["alliance"] == table["alliance"].iloc[0]].sort_values(["indicator_id", "year"], ignore_index=True)
    return mine[list(table.columns)].astype(table.dtypes.to_dict())


@pytest.mark.parametrize("alliance", EXAMPLE.alliances)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_comes_back_as_the_rows_that_its_workbooks_were_typed_from(alliance: str, language: Language, tmp_path: Path) -> None:
    earlier = read_framework(EXAMPLE, alliance)
    returned = read_back(framework_workbook(EXAMPLE, alliance, language, [earlier]), tmp_path)
    cleaned = clean_framework(EXAMPLE, alliance, returned)
    pd.testing.assert_frame_equal(cleaned.tables["framework"], as_expected(cleaned))
    assert (cleaned.quarantine, returned.remarks, returned.problems) == ((), (), ())
    words = [name for name in earlier.text if name not in LISTS]
    assert [[row[name] for name in words] for row in filled(returned)] == earlier.text[words].astype(str).to_numpy().tolist()


def test_lists_are_in_the_language_of_the_workbook_and_all_other_words_are_the_alliances_own(tmp_path: Path) -> None:
    mess = {"unit": "stuks", "target_value": "1.250", "actual_value 2023": "ca. 30", "actual_value 2024": "36%", "status": "LOOPT "}
    returned = read_back(framework_workbook(EXAMPLE, "klimop", "en", [version([{**ROW, **mess}])]), tmp_path)
    english = {"level": "Activity", "direction": "higher is better", "reporting": "annual", "bottleneck": "none"}
    assert filled(returned) == [{**ROW, **mess, **english, "status": "under way"}]


def texts_of(most: int = 30) -> st.SearchStrategy[str]:
    """Return strategies of what people type, with what spreadsheets and XML trip over."""
    anything = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.just("\n"), max_size=most)
    awkward = st.sampled_from(["=1+1", "+31 6", "-5 %", "@naam", "'07", '"ja"', "één\ntwee", "a & b < c", "_x000D_", "1e5", "TRUE", "NA", "007", "{sheet}"])
    return st.builds(lambda start, rest: (start + rest).strip(), awkward | st.just(""), anything)


@FEW
@given(st.lists(st.fixed_dictionaries({name: texts_of() for name in ROW}), min_size=1, max_size=4))
def test_whatever_words_an_earlier_version_holds_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    folder = tmp_path_factory.mktemp("words")
    returned = read_back(framework_workbook(EXAMPLE, "klimop", "nl", [version(rows)]), folder)
    assert filled(returned) == [row for row in rows if any(text for name, text in row.items() if name != "indicator_id")]


def test_cleaning_says_the_same_of_what_comes_back_as_of_what_was_there(tmp_path: Path) -> None:
    rows = [
        {**ROW, "actual_value 2023": "ca. 30", "unit": "stuks", "status": "bijna"},
        {**ROW, "indicator_id": "", "indicator": "Totaal"},
        {**ROW, "indicator_id": "B1", "baseline_year": "'22", "target_value": "#DIV/0!", "actual_value 2024": "1.250"},
        {**ROW, "indicator_id": "B2", "actual_value 2023": "2023-05-03", "actual_value 2024": "n.v.t."},
        {**ROW, "indicator_id": "b2 "},
    ]
    before = version(rows)
    first = clean_framework(EXAMPLE, "klimop", before)
    second = clean_framework(EXAMPLE, "klimop", read_back(framework_workbook(EXAMPLE, "klimop", "nl", [before]), tmp_path))
    pd.testing.assert_frame_equal(first.tables["framework"], second.tables["framework"])
    assert len(first.quarantine) >= 8
    assert sorted((problem.row, problem.rule) for problem in first.quarantine) == sorted((problem.row, problem.rule) for problem in second.quarantine)


NUMBERS = st.decimals(-1_000_000_000, 1_000_000_000, places=4) | st.integers(-(10**12), 10**12)
VISIBLE = texts_of().filter(lambda text: normalise(text).strip("#") != "")  # "###": a number in a column too narrow
VALID = st.fixed_dictionaries(
    {
        "indicator": VISIBLE,
        "source": VISIBLE | st.just(""),
        **{name: st.integers(1990, 2050) | st.none() for name in ("baseline_year", "target_year")},
        **{name: NUMBERS | st.none() for name in ("baseline_value", "target_value", *(f"actual_value {year}" for year in (2023, 2024, 2025)))},
        **{field: st.sampled_from(list(entries)) for field, entries in form_of(EXAMPLE, "klimop", "nl").lists.items()},
    }
)


def dutch(value: Any) -> str:
    """Return a number as the reader gives a number cell: the shortest text, with a decimal comma."""
    if value is None:
        return ""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-0", "0" if float(text) == 0 else "-0").replace(".", ",")


@FEW
@given(st.lists(VALID, min_size=1, max_size=4), st.sampled_from(LANGUAGES))
def test_valid_rows_come_back_with_every_value(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], language: Language) -> None:
    folder = tmp_path_factory.mktemp("valid")
    typed = [
        {
            "indicator_id": f"R{number}",
            **{name: value.label.nl if name in LISTS else value if isinstance(value, str) else dutch(value) for name, value in row.items()},
        }
        for number, row in enumerate(rows)
    ]
    cleaned = clean_framework(EXAMPLE, "klimop", read_back(framework_workbook(EXAMPLE, "klimop", language, [version(typed)]), folder))
    table = cleaned.tables["framework"].astype(object)
    assert cleaned.quarantine == ()
    assert len(table) == 3 * len(rows)
    for entry in table.where(table.notna(), None).to_dict("records"):
        row = rows[int(entry["indicator_id"][1:])]
        for name in (*LISTS, "baseline_year", "target_year", "baseline_value", "target_value"):
            wanted = row[name].id if name in LISTS else None if row[name] is None else float(row[name])
            assert entry[name] == wanted
        actual = row[f"actual_value {entry['year']}"]
        assert entry["actual_value"] == (None if actual is None else float(actual))
        assert entry["indicator"] == row["indicator"]
        assert (entry["source"] or "") == row["source"]


def test_numbers_are_number_cells_and_other_words_are_text() -> None:
    page = sheet(framework_workbook(EXAMPLE, "klimop", "nl", [version([{**ROW, "indicator_id": "007", "actual_value 2024": "1.250"}])]))
    at = {heading: page.cell(HEADING_ROW + 1, column).value for heading, column in columns(page).items()}
    assert (at["Nr"], at["Jaar nulmeting"], at["Nulmeting"], at["Streefwaarde"]) == ("007", 2022, 0, 12.5)
    assert (at["Realisatie 2023"], at["Realisatie 2024"], at["Realisatie 2025"]) == (3, "1.250", -0.75)


@pytest.mark.parametrize("text", ["007", "1.250", "37,50", "-0", "1e5", "45%", "", " 3", "1234567890123456", "0,1234567890123456", ",5", "٣"])
def test_text_that_would_come_back_otherwise_is_no_number_cell(text: str) -> None:
    assert as_number(text) is None


def test_formulas_and_addresses_are_only_text() -> None:
    content = framework_workbook(EXAMPLE, "klimop", "nl", [version([{**ROW, "indicator": "=HYPERLINK(1)", "source": "https://voorbeeld.example"}])])
    page = sheet(content)
    cells = [cell for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)


@pytest.mark.parametrize("language", LANGUAGES)
def test_closed_lists_numbers_and_years_are_checked_in_every_row_and_column(language: Language) -> None:
    content = framework_workbook(EXAMPLE, "klimop", language, [read_framework(EXAMPLE, "klimop")])
    page, form = sheet(content), EXAMPLE.codebook.framework
    assert form
    by_column = {next(iter(rule.sqref.ranges)).min_col: rule for rule in page.data_validations.dataValidation}
    at = columns(page)
    entries = {"level": form.levels, "unit": form.units, "direction": form.directions}
    entries |= {"reporting": form.reporting, "status": form.statuses, "bottleneck": form.bottlenecks}
    listed = sheet(content, 2)
    for field, wanted in entries.items():
        rule = by_column[at[form.columns[field].in_(language)]]
        assert rule.type == "list"
        cells = re.fullmatch(r"'(.+)'!(.+)", rule.formula1)
        assert cells
        assert cells[1] == listed.title
        assert [cell.value for (cell,) in listed[cells[2].replace("$", "")]] == [entry.label.in_(language) for entry in wanted]
    kinds = {by_column[at[form.columns[field].in_(language).format(year=2024)]].type for field in ("baseline_value", "target_value", "actual_value")}
    assert kinds == {"decimal"}
    assert {by_column[at[form.columns[field].in_(language)]].type for field in ("baseline_year", "target_year")} == {"whole"}
    first, last = HEADING_ROW + 1, HEADING_ROW + 9 + NEW_ROWS
    assert {(place.min_row, place.max_row) for rule in by_column.values() for place in rule.sqref.ranges} == {(first, last)}
    assert all(rule.prompt and rule.promptTitle for rule in by_column.values())
    assert listed.sheet_state == "hidden"


def test_numbers_of_rows_and_headings_are_locked_without_a_password_and_all_else_is_open() -> None:
    content = framework_workbook(EXAMPLE, "klimop", "nl", [version([ROW, {**ROW, "indicator_id": "A2"}])])
    page = sheet(content)
    assert page.protection.sheet
    assert page.protection.password is None
    open_columns = {cell.column for row in page.iter_rows(min_row=HEADING_ROW + 1) for cell in row if not cell.protection.locked}
    assert open_columns == set(columns(page).values()) - {1}
    assert all(cell.protection.locked for cell in (*page[1], *page[HEADING_ROW]))


def test_a_number_that_is_missing_or_stands_twice_can_be_mended() -> None:
    page = sheet(framework_workbook(EXAMPLE, "klimop", "nl", [version([{**ROW, "indicator_id": number} for number in ("A1", "", "B1", "b1 ")])]))
    assert [page.cell(HEADING_ROW + row, 1).protection.locked for row in range(1, 6)] == [True, False, False, False, True]


def test_without_an_earlier_version_there_are_only_empty_rows_that_clean_to_none(tmp_path: Path) -> None:
    content = framework_workbook(EXAMPLE, "klimop", "nl")
    returned = read_back(content, tmp_path)
    assert list(returned.text["indicator_id"].astype(str)) == [f"N{number}" for number in range(1, NEW_ROWS + 1)]
    cleaned = clean_framework(EXAMPLE, "klimop", returned)
    assert cleaned.tables["framework"].empty
    assert cleaned.quarantine == ()
    assert not returned.is_synthetic


def test_a_number_that_any_version_has_used_is_given_to_no_new_row(tmp_path: Path) -> None:
    first = version([{**ROW, "indicator_id": "n7"}])
    last = version([{**ROW, "indicator_id": "N3"}, {"indicator_id": "N9"}])
    returned = read_back(framework_workbook(EXAMPLE, "klimop", "nl", [first, last]), tmp_path)
    assert list(returned.text["indicator_id"].astype(str)) == ["N3", *(f"N{number}" for number in range(8, 8 + NEW_ROWS))]


def test_what_an_alliance_fills_in_is_read_as_it_meant_it(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(framework_workbook(EXAMPLE, "klimop", "nl", [version([ROW])])))
    page = book.worksheets[1]
    at = columns(page)
    typed = {
        "Niveau": "Prestatie",
        "Indicator": "Nieuwe handreikingen",
        "Eenheid": "procent",
        "Richting": "lager is beter",
        "Wijze van rapporteren": "cumulatief",
    }
    typed |= {"Jaar nulmeting": 2024, "Nulmeting": 40, "Jaar streefwaarde": 2027, "Streefwaarde": 12.5, "Realisatie 2025": 37, "Toelichting": "Nieuw dit jaar."}
    for heading, value in typed.items():
        page.cell(HEADING_ROW + 2, at[heading]).value = value
    saved = io.BytesIO()
    book.save(saved)
    cleaned = clean_framework(EXAMPLE, "klimop", read_back(saved.getvalue(), tmp_path))
    assert cleaned.quarantine == ()
    table = cleaned.tables["framework"]
    added = table[table["indicator_id"] == "N1"].set_index("year")
    assert set(table["indicator_id"]) == {"A1", "N1"}
    assert (added.loc[2025, "actual_value"], added.loc[2025, "target_value"], added.loc[2025, "baseline_year"]) == (37, 12.5, 2024)
    assert (added.loc[2025, "level"], added.loc[2025, "unit"], added.loc[2025, "direction"]) == ("output", "percent", "down")


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_the_synthetic_mark_stands_in_the_workbook_when_what_was_reported_is_synthetic(is_synthetic: bool, tmp_path: Path) -> None:
    content = framework_workbook(EXAMPLE, "klimop", "nl", [version([ROW], is_synthetic=is_synthetic)])
    assert read_back(content, tmp_path).is_synthetic == is_synthetic
    assert any(cell.value == SYNTHETIC_MARK for row in sheet(content, 0).iter_rows() for cell in row) == is_synthetic


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_is_ready_to_read_and_to_print(language: Language) -> None:
    book = openpyxl.load_workbook(io.BytesIO(framework_workbook(EXAMPLE, "klimop", language)))
    guide, page, _ = book.worksheets
    assert EXAMPLE.alliance("klimop").name in page["A1"].value
    assert page.title == EXAMPLE.codebook.framework.sheet.in_(language) if EXAMPLE.codebook.framework else False
    assert (page.freeze_panes, page.print_title_rows, page.page_setup.orientation) == ("D6", "$5:$5", "landscape")
    assert (page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage) == (0, True)
    assert page.tables["framework"].headerRowCount == 1
    assert book.properties.title == page["A1"].value
    assert book.custom_doc_props["Language"].value == {"nl": "nl-NL", "en": "en-GB"}[language]
    example = texts.EXAMPLE_INDICATOR.in_(language)
    assert any(cell.value == example for row in guide.iter_rows() for cell in row)
    assert not any(cell.value == example for row in page.iter_rows() for cell in row)
    assert "{" not in "".join(str(cell.value) for other in book.worksheets for row in other.iter_rows() for cell in row)


def test_every_field_of_a_form_is_explained_within_what_excel_shows() -> None:
    assert set(FRAMEWORK_FIELDS) | {"remarks"} == set(texts.HELP)
    for language in LANGUAGES:
        form = form_of(EXAMPLE, "klimop", language)
        assert max(len(form.say(text)) for text in (*texts.HELP.values(), texts.NOT_IN_LIST, texts.NOT_A_NUMBER, texts.NOT_A_YEAR)) <= 255


def test_the_same_input_gives_the_same_bytes() -> None:
    assert framework_workbook(EXAMPLE, "klimop", "nl", [version([ROW])]) == framework_workbook(EXAMPLE, "klimop", "nl", [version([ROW])])


@pytest.mark.parametrize("name", ["Kader/2025", "x" * 32, "uitleg", "Lijsten"])
def test_a_name_that_excel_takes_for_no_sheet_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    start = draft()
    start.codebook["framework"]["sheet"]["nl"] = name
    with pytest.raises(ConfigError, match=r"config/codebook.yml, column framework.sheet.nl: .+; use another"):
        framework_workbook(start.load(tmp_path), "noord", "nl")


def test_a_cell_longer_than_excel_holds_is_refused_and_not_cut_off() -> None:
    with pytest.raises(UserError, match=r"earlier.xlsx, sheet Kader, row 7, column source: .+ shorten it") as raised:
        framework_workbook(EXAMPLE, "klimop", "nl", [version([ROW, {**ROW, "source": "q" * 32_768}])])
    assert "qqq" not in str(raised.value)


def test_another_programmes_form_has_its_own_headings_years_and_lists(tiny: Evaluation, tmp_path: Path) -> None:
    content = framework_workbook(tiny, "noord", "en", [read_framework(tiny, "noord")])
    assert {"Actual 2023", "Actual 2025", "Bottleneck", "Remarks"} <= set(columns(sheet(content)))
    assert clean_framework(tiny, "noord", read_back(content, tmp_path, tiny)).quarantine == ()
