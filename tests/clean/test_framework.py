"""Cleaning a framework workbook: the traps of sheets filled in by hand, and the counts that must reconcile."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import draft, framework
from midterm.clean.framework import clean_framework
from midterm.clean.ledger import Cleaned
from midterm.description import Evaluation
from midterm.errors import Problem, UserError
from midterm.measure.attainment import attainment
from midterm.read import RawTable, read_framework
from midterm.read.raw import Intake
from midterm.read.sources import framework_declared

FIRST = 4  # a title, an empty row, the headings in row 3
FIELDS = 15  # 13 headings once, the actual value in two years
NOW = "Realisatie 2025"
NOUGHTS = {"Nulmeting": 0, "Streefwaarde": 0, "Realisatie 2023": 0}  # numbers that are sound in any unit
Rows = Sequence[Mapping[str, object]]
Found = tuple[int | None, str, str]
laws = settings(derandomize=True, deadline=None, max_examples=40)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Return the tiny evaluation with a unit from 0 to 1 and the status "not started" beside its own."""
    start = draft()
    form = start.codebook["framework"]
    form["units"].append({"id": "fraction", "kind": "share", "label": {"nl": "deel", "en": "fraction"}})
    form["statuses"].append({"id": "not_started", "label": {"nl": "niet gestart", "en": "not started"}})
    return start.load(tmp_path_factory.mktemp("frameworks"))


def table(evaluation: Evaluation, rows: Rows, file: str = "data/raw/noord.xlsx", **said: Any) -> RawTable:
    """Return rows as a reader gives them: text, numbers with a decimal comma, the sheet's own row numbers."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    intake = Intake(file, "Kader", [(heading,) for heading in headings], framework_declared(evaluation), FIRST - 1)
    intake.extend(range(FIRST, FIRST + len(rows)), [[shown(row.get(heading)) for heading in headings] for row in rows])
    return intake.table(is_synthetic=False, **said)


def shown(cell: object) -> str:
    return "" if cell is None else str(cell).replace(".", ",") if isinstance(cell, float) else str(cell)


def clean(evaluation: Evaluation, rows: Rows, earlier: Sequence[Rows] = ()) -> Cleaned:
    versions = [table(evaluation, version, f"data/raw/noord-v{number}.xlsx") for number, version in enumerate(earlier, 1)]
    return clean_framework(evaluation, "noord", table(evaluation, rows), versions)


def from_workbook(folder: Path, rows: list[dict[str, object]]) -> Cleaned:
    start = draft()
    start.frameworks["noord"] = rows
    loaded = start.load(folder)
    return clean_framework(loaded, "noord", read_framework(loaded, "noord"))


def with_first(changes: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the sound rows with cells of the first one changed."""
    first, *rest = framework()
    return [{**first, **changes}, *rest]


def places(problems: Sequence[Problem]) -> list[Found]:
    return sorted(((problem.row, problem.column, problem.rule) for problem in problems), key=str)


def noted(result: Cleaned, row: int | None = FIRST) -> set[tuple[str, str]]:
    return {(problem.column, problem.rule) for problem in result.notices if problem.row == row}


def reconciles(result: Cleaned, rows_read: int) -> None:
    count = result.reconciliation[0]
    number = {name: int(str(value)) for name, value in count.items() if name.startswith(("rows", "cells"))}
    ours = [problem for problem in result.quarantine if problem.file == count["file"] and problem.row]
    assert number["rows_read"] == rows_read == number["rows_kept"] + number["rows_set_aside"]
    assert number["cells_read"] == number["cells_kept"] + number["cells_set_aside"] == number["rows_kept"] * FIELDS
    assert number["rows_set_aside"] == len({problem.row for problem in ours if not problem.column})
    assert number["cells_set_aside"] == len({(problem.row, problem.column) for problem in ours if problem.column})
    assert len(result.tables["framework"]) == 2 * number["rows_kept"]


def value(result: Cleaned, column: str = "actual_value", row: str = "P1", year: int = 2025) -> Any:
    table = result.tables["framework"]
    return table.loc[(table["indicator_id"] == row) & (table["year"] == year), column].iloc[0]


def test_a_sound_workbook_gives_one_row_an_indicator_and_year_and_nothing_to_doubt(tmp_path: Path) -> None:
    result = from_workbook(tmp_path, framework())
    assert (result.quarantine, result.notices) == ((), ())
    reconciles(result, 3)
    table = result.tables["framework"]
    assert [(row.indicator_id, row.year, row.actual_value) for row in table.itertuples()] == [
        ("E1", 2023, 38.0),
        ("E1", 2025, 28.5),
        ("P1", 2023, 8.0),
        ("P1", 2025, 12.0),
        ("P2", 2023, 10.0),
        ("P2", 2025, 30.0),
    ]
    assert [value(result, name) for name in ("level", "unit", "direction", "reporting", "status", "bottleneck")] == [
        "output",
        "number",
        "up",
        "annual",
        "under_way",
        "none",
    ]


@pytest.mark.parametrize(
    ("column", "typed", "rule"),
    [
        (NOW, "circa 40", "note_in_number"),
        (NOW, "40-50", "note_in_number"),
        (NOW, True, "note_in_number"),
        (NOW, "#DIV/0!", "error_cell"),
        ("Streefwaarde", "meer", "note_in_number"),
        ("Jaar nulmeting", "vorig jaar", "not_a_year"),
        ("Jaar nulmeting", "2023-01-01", "not_a_year"),
        ("Jaar streefwaarde", 27, "not_a_year"),
        ("Niveau", "Prestaties", "not_in_the_list"),
        ("Eenheid", "stuks", "not_in_the_list"),
        ("Eenheid", "#REF!", "error_cell"),
        ("Richting", "omhoog", "not_in_the_list"),
        ("Wijze van rapporteren", "kwartaal", "not_in_the_list"),
        ("Status", "bezig", "not_in_the_list"),
        ("Knelpunt", "geld", "not_in_the_list"),
        ("Knelpunt", "-", "not_in_the_list"),
        ("Bron", "#VERW!", "error_cell"),
    ],
)
def test_a_cell_that_cannot_be_used_is_set_aside_alone(evaluation: Evaluation, column: str, typed: object, rule: str) -> None:
    result = clean(evaluation, with_first({column: typed}))
    assert places(result.quarantine) == [(FIRST, column, rule)]
    assert result.quarantine[0].sheet == "Kader"
    assert column not in {place for place, _ in noted(result)}
    reconciles(result, 3)


@pytest.mark.parametrize(
    ("unit", "typed", "means"),
    [
        ("aantal", 1250, 1250),
        ("aantal", "1.250", 1250),
        ("aantal", "1 250", 1250),
        ("aantal", "1'250", 1250),
        ("aantal", " 12 ", 12),
        ("aantal", "\u200b12\u00a0", 12),
        ("aantal", 0, 0),
        ("cijfer", 3.142, 3.142),
        ("cijfer", "3,142", 3.142),
        ("procent", "45%", 45),
        ("procent", "45 %", 45),
        ("procent", "45", 45),
        ("procent", "36,5%", 36.5),
        ("deel", "45%", 0.45),
        ("deel", "33,3%", 0.333),
        ("deel", "0,45", 0.45),
        ("deel", "0.45", 0.45),
        ("deel", 1, 1),
        ("euro", "€ 1.250,50", 1250.5),
        ("euro", "€1250", 1250),
        ("euro", "1.250 €", 1250),
        ("euro", "EUR 1.250,50", 1250.5),
        ("euro", "1.250 euro", 1250),
        ("euro", "1.250,-", 1250),
        ("euro", "€ 1.250,–", 1250),
        ("euro", "-€ 3", -3),
        ("euro", "1.234,56", 1234.56),
    ],
)
def test_a_value_means_what_was_typed_in_the_unit_of_its_row(evaluation: Evaluation, unit: str, typed: object, means: float) -> None:
    result = clean(evaluation, with_first({**NOUGHTS, "Eenheid": unit, NOW: typed}))
    assert not result.quarantine
    assert value(result) == means


@pytest.mark.parametrize(
    ("unit", "typed", "rule", "says"),
    [
        ("deel", "45", "other_unit", "from 0 to 1"),
        ("aantal", "45%", "other_unit", "sign"),
        ("cijfer", "4 %", "other_unit", "sign"),
        ("euro", "45%", "other_unit", "sign"),
        ("aantal", "€ 12", "other_unit", "sign"),
        ("procent", "12 euro", "other_unit", "sign"),
        ("aantal", "12,-", "other_unit", "sign"),
        ("euro", "$ 12", "other_unit", "sign"),
        ("", "45%", "other_unit", "sign"),
        ("euro", "12k", "abbreviated_number", "in full"),
        ("euro", "€ 1,2 mln", "abbreviated_number", "in full"),
        ("aantal", "3 duizend", "abbreviated_number", "in full"),
        ("aantal", "12 x 1.000", "abbreviated_number", "in full"),
        ("aantal", "2 miljoen", "abbreviated_number", "in full"),
        ("aantal", "12 (schatting)", "note_in_number", "the number alone"),
        ("aantal", "ca. 30", "note_in_number", "the number alone"),
        ("aantal", ">100", "note_in_number", "the number alone"),
        ("aantal", "12 deelnemers", "note_in_number", "the number alone"),
        ("aantal", "12*", "note_in_number", "the number alone"),
        ("aantal", "12²", "note_in_number", "the number alone"),
        ("aantal", "?", "note_in_number", "the number alone"),
        ("aantal", "+10", "note_in_number", "a rise"),
        ("procent", "+10%", "note_in_number", "a rise"),
        ("aantal", "-", "note_in_number", "nought"),
        ("aantal", "–", "note_in_number", "nought"),
        ("aantal", "geen", "note_in_number", "nought"),
        ("aantal", "2023-05-03", "date_in_number", "Excel"),
        ("aantal", "2023-05-03T00:00:00", "date_in_number", "Excel"),
        ("aantal", "3-5-2023", "date_in_number", "Excel"),
        ("aantal", "3-mei", "date_in_number", "Excel"),
        ("aantal", "36:00:00", "date_in_number", "Excel"),
        ("cijfer", "4.125", "ambiguous_number", "comma"),
        ("procent", "12.500%", "ambiguous_number", "comma"),
        ("aantal", "#DEEL/0!", "error_cell", "formula"),
        ("aantal", "#NOT_CALCULATED", "not_calculated", "never calculated"),
    ],
)
def test_what_is_not_surely_a_number_in_the_rows_unit_is_set_aside_and_says_what_to_do(
    evaluation: Evaluation, unit: str, typed: str, rule: str, says: str
) -> None:
    result = clean(evaluation, with_first({**NOUGHTS, "Eenheid": unit, NOW: typed}))
    (problem,) = result.quarantine
    assert (problem.row, problem.column, problem.rule) == (FIRST, NOW, rule)
    assert says in problem.reason
    assert pd.isna(value(result))


@pytest.mark.parametrize("typed", ["n.v.t.", "NVT", "n/a", "N.A.", "onbekend", "Unknown", "nog niet bekend", "n.b.", "(n.v.t.)", "p.m."])
def test_a_word_for_no_value_leaves_the_cell_empty_and_is_noted(evaluation: Evaluation, typed: str) -> None:
    result = clean(evaluation, with_first({NOW: typed, "Knelpunt": typed}))
    assert not result.quarantine
    assert pd.isna(value(result))
    assert noted(result) == {(NOW, "said_no_value"), ("Knelpunt", "said_no_value")}


def test_three_decimals_in_a_count_are_read_as_decimals_and_noted(evaluation: Evaluation) -> None:
    result = clean(evaluation, with_first({NOW: "1,250"}))
    assert value(result) == 1.25
    assert (NOW, "perhaps_thousands") in noted(result)


def test_empty_cells_are_missing_and_no_fault(evaluation: Evaluation) -> None:
    result = clean(evaluation, with_first({"Nulmeting": None, "Realisatie 2023": "  ", "Knelpunt": None}))
    assert not result.quarantine
    assert pd.isna(value(result, "baseline_value"))
    assert pd.isna(value(result, year=2023))
    assert noted(result) == {("Nulmeting", "baseline_missing")}
    reconciles(result, 3)


def test_a_row_without_its_number_is_set_aside(evaluation: Evaluation) -> None:
    for number in (None, " ", "#REF!"):
        result = clean(evaluation, with_first({"Nr": number}))
        assert places(result.quarantine) == [(FIRST, "", "missing_number")]
        reconciles(result, 3)


def test_two_rows_with_one_number_are_both_set_aside_never_the_last_kept(evaluation: Evaluation) -> None:
    for first, second in (("P1", " p1 "), ("2.1", 2.1)):
        rows = framework()
        rows[0]["Nr"], rows[1]["Nr"] = first, second
        result = clean(evaluation, rows)
        assert places(result.quarantine) == [(FIRST, "", "duplicate_indicator"), (FIRST + 1, "", "duplicate_indicator")]
        reconciles(result, 3)


@pytest.mark.parametrize(
    ("typed", "kept"), [("007", "007"), (7, "7"), ("1e5", "1e5"), ("NA", "NA"), ("TRUE", "TRUE"), (2.1, "2.1"), ("2.1", "2.1"), (" P\u200b9 ", "P9")]
)
def test_an_indicators_number_stays_text(tmp_path: Path, typed: object, kept: str) -> None:
    assert kept in set(from_workbook(tmp_path, with_first({"Nr": typed})).tables["framework"]["indicator_id"])


@pytest.mark.parametrize(
    "total",
    [
        {"Nr": "Totaal", NOW: 42},
        {"Nr": "TOTAAL:", NOW: 42},
        {"Nr": "Subtotaal prestaties", NOW: 42},
        {"Indicator": "Totaal", NOW: 42},
        {"Indicator": "Subtotal outputs", NOW: 42},
        {"Indicator": "Totaal Prestatie:", NOW: 42},
        {"Niveau": "Som", NOW: 42},
    ],
)
def test_a_row_of_totals_is_set_aside(evaluation: Evaluation, total: dict[str, object]) -> None:
    result = clean(evaluation, [*framework(), total])
    assert places(result.quarantine) == [(FIRST + 3, "", "totals_row")]
    reconciles(result, 4)


def test_an_indicator_about_a_total_number_is_no_row_of_totals(evaluation: Evaluation) -> None:
    result = clean(evaluation, with_first({"Indicator": "Totaal aantal deelnemers"}))
    assert (result.quarantine, result.notices) == ((), ())
    assert places(clean(evaluation, with_first({"Indicator": "Totaal aantal deelnemers", "Nr": None})).quarantine) == [(FIRST, "", "missing_number")]
    assert noted(clean(evaluation, with_first({"Indicator": "Totaal"}))) == {("Indicator", "perhaps_a_total")}


def test_rows_with_no_more_than_a_prepared_number_are_no_rows(evaluation: Evaluation) -> None:
    result = clean(evaluation, [*framework(), {"Nr": "N1"}, {"Nr": "N2", NOW: " \u200b"}, {}])
    assert (result.quarantine, result.notices) == ((), ())
    reconciles(result, 3)


def test_a_text_under_the_table_is_passed_over_and_noted(evaluation: Evaluation) -> None:
    result = clean(evaluation, [*framework(), {"Nr": "Let op: cijfers zijn voorlopig"}])
    assert places(result.notices) == [(FIRST + 3, "Nr", "loose_note")]
    assert "voorlopig" not in str(result.notices[0])
    reconciles(result, 3)


def test_rows_that_the_reader_could_not_read_count_as_read_and_set_aside(evaluation: Evaluation) -> None:
    lost = Problem("data/raw/noord.xlsx", row=9, rule="ragged_row", reason="too many cells")
    elsewhere = Problem("config/corrections.csv", row=2, column="old", rule="correction_refused", reason="another value")
    doubt = Problem("data/raw/noord.xlsx", row=4, column=NOW, rule="corrected", reason="by the log")
    result = clean_framework(evaluation, "noord", table(evaluation, framework(), problems=(lost, elsewhere), remarks=(doubt,)))
    assert {lost, elsewhere} <= set(result.quarantine)
    assert doubt in result.notices
    reconciles(result, 4)


def test_english_headings_and_entries_are_understood(tmp_path: Path) -> None:
    english = {
        **{"Nr": "No.", "Niveau": "Level", "Eenheid": "Unit", "Richting": "Direction", "Jaar nulmeting": "Baseline year", "Nulmeting": "Baseline"},
        **{"Jaar streefwaarde": "Target year", "Streefwaarde": "Target", "Realisatie 2023": "Actual 2023", "Realisatie 2025": "Actual 2025"},
        **{"Wijze van rapporteren": "Reporting", "Bron": "Source", "Status": "Status", "Knelpunt": "Bottleneck"},
    }
    entries = {"Prestatie": "Output", "aantal": "number", "hoger is beter": "Higher is better", "per jaar": "annual", "loopt": "under way", "geen": "none"}
    row = {english.get(name, name): entries.get(str(cell), cell) for name, cell in framework()[0].items()}
    result = from_workbook(tmp_path, [row])
    assert not result.quarantine
    assert value(result) == 12.0


def test_headings_match_through_case_and_invisible_spaces(evaluation: Evaluation) -> None:
    rows = [{"realisatie\u00a02025 " if name == NOW else name.upper(): cell for name, cell in row.items()} for row in framework()]
    assert not clean(evaluation, rows).quarantine


def test_missing_headings_are_all_named_at_once(evaluation: Evaluation) -> None:
    rows = [{name: cell for name, cell in row.items() if name not in ("Bron", "Realisatie 2023")} for row in framework()]
    with pytest.raises(UserError) as error:
        clean(evaluation, rows)
    assert {(problem.column, problem.rule) for problem in error.value.problems} == {("Bron", "missing_column"), ("Realisatie 2023", "missing_column")}
    assert "'Source'" in str(error.value)


def test_a_last_year_without_a_column_is_a_year_in_which_nothing_was_reported_yet(evaluation: Evaluation) -> None:
    rows = [{name: cell for name, cell in row.items() if name != NOW} for row in framework()]
    result = clean(evaluation, rows)
    assert (places(result.notices), result.quarantine) == ([(None, NOW, "year_not_in_file")], ())
    assert pd.isna(value(result))
    assert value(result, year=2023) == 8.0
    assert result.reconciliation[0]["cells_read"] == 3 * (FIELDS - 1)


@pytest.mark.parametrize("heading", ["Realisatie 2O25", "Gerealiseerd in 2025", "Stand eind 2025"])
def test_a_last_year_whose_column_has_another_name_is_not_taken_for_empty(evaluation: Evaluation, heading: str) -> None:
    rows = [{heading if name == NOW else name: cell for name, cell in row.items()} for row in framework()]
    with pytest.raises(UserError) as error:
        clean(evaluation, rows)
    assert [(problem.column, problem.rule) for problem in error.value.problems] == [(NOW, "missing_column")]


def test_a_file_without_any_year_is_not_taken_for_a_plan(evaluation: Evaluation) -> None:
    rows = [{name: cell for name, cell in row.items() if not name.startswith("Realisatie")} for row in framework()]
    with pytest.raises(UserError):
        clean(evaluation, rows)


def test_two_headings_that_mean_the_same_are_refused_not_read_last_wins(evaluation: Evaluation) -> None:
    with pytest.raises(UserError) as error:
        clean(evaluation, [{**row, "Actual 2025": 99} for row in framework()])
    assert {problem.rule for problem in error.value.problems} == {"duplicate_heading"}


def test_columns_of_the_alliances_own_stay_in_the_reader(tmp_path: Path) -> None:
    result = from_workbook(tmp_path, [{**row, "Contactpersoon": "jan@voorbeeld.example"} for row in framework()])
    assert [problem.column for problem in result.notices if problem.rule == "undeclared_column"] == ["Contactpersoon"]
    assert "jan@" not in "".join(table.to_csv() for table in (*result.tables.values(), *result.books().values()))


def test_no_message_repeats_what_stood_in_a_cell(evaluation: Evaluation) -> None:
    secrets = {NOW: "bel Jan 0612345678", "Eenheid": "gevoelig woord", "Status": "ruzie met penvoerder", "Streefwaarde": "€ 8765 zwart"}
    result = clean(evaluation, with_first(secrets), [framework()])
    text = "\n".join(str(problem) for problem in (*result.quarantine, *result.notices))
    assert len(result.quarantine) == 4
    assert not any(word in text for word in ("0612345678", "gevoelig", "ruzie", "8765"))


SCORE = {"Eenheid": "cijfer", "Nulmeting": 3, "Streefwaarde": 4, "Realisatie 2023": 3.1}
SHARES = {"Eenheid": "procent", "Nulmeting": 0.4, "Streefwaarde": 0.6, "Realisatie 2023": 0.45, NOW: 0.5}
PERCENT = {"Eenheid": "procent", "Nulmeting": 40, "Streefwaarde": 60, "Realisatie 2023": 45, NOW: 50}
TOTAL = {"Wijze van rapporteren": "cumulatief"}
EURO = {"Eenheid": "euro", "Streefwaarde": 400_000, "Realisatie 2023": 78_500, NOW: 84_200}
FALLING = {"Richting": "lager is beter", "Nulmeting": 50, "Streefwaarde": 10}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Streefwaarde": None}, {("Streefwaarde", "target_missing")}),
        ({"Jaar streefwaarde": None}, {("Jaar streefwaarde", "target_missing")}),
        ({"Jaar nulmeting": None}, {("Jaar nulmeting", "baseline_missing")}),
        ({"Richting": None}, {("Richting", "field_missing")}),
        ({"Eenheid": None, "Wijze van rapporteren": None}, {("Eenheid", "field_missing"), ("Wijze van rapporteren", "field_missing")}),
        ({"Niveau": None, "Indicator": None}, {("Niveau", "field_missing"), ("Indicator", "field_missing")}),
        # Told to keep a mark of 4: a little above it is no doubt, and no milestone is missed.
        ({**SCORE, "Nulmeting": 4, "Realisatie 2023": 4.1, NOW: 4.2}, {("Streefwaarde", "baseline_equals_target")}),
        ({"Richting": "lager is beter"}, {("Richting", "direction_contradicts")}),
        ({**FALLING, "Realisatie 2023": 40, NOW: 30}, set()),
        ({**FALLING, "Realisatie 2023": 40, NOW: 8}, {(NOW, "above_target")}),
        ({**TOTAL, "Realisatie 2023": 49, NOW: 51}, {(NOW, "above_target")}),
        ({**TOTAL, "Realisatie 2023": 51, NOW: 52}, {("Realisatie 2023", "above_target")}),
        ({**TOTAL, NOW: 50}, set()),
        # Yearly numbers count together: 8 + 43 is beyond 50, 8 + 42 is not.
        ({NOW: 43}, {(NOW, "above_target")}),
        ({NOW: 42}, set()),
        ({"Jaar nulmeting": 2028}, {("Jaar streefwaarde", "year_order")}),
        ({"Jaar nulmeting": 2027}, {("Jaar streefwaarde", "year_order")}),
        ({"Jaar nulmeting": 2020, "Jaar streefwaarde": 2022}, {("Jaar streefwaarde", "year_order")}),
        ({**PERCENT, "Streefwaarde": 110}, {("Streefwaarde", "beyond_100")}),
        ({**PERCENT, "Nulmeting": -1}, {("Nulmeting", "beyond_100")}),
        ({**PERCENT, "Streefwaarde": 100}, set()),
        ({**SHARES, "Eenheid": "deel"}, set()),
        ({**SHARES, "Eenheid": "deel", "Streefwaarde": "120%"}, {("Streefwaarde", "beyond_100")}),
        ({**SCORE, NOW: -1}, set()),
        ({NOW: -1}, {(NOW, "negative_count")}),
        (SHARES, {(name, "perhaps_a_share") for name in ("Nulmeting", "Streefwaarde", "Realisatie 2023", NOW)}),
        (
            {**SHARES, **dict.fromkeys(("Nulmeting", "Streefwaarde", "Realisatie 2023", NOW), "0,4%")},
            {("Streefwaarde", "baseline_equals_target"), (NOW, "carried_forward")},
        ),
        ({**PERCENT, "Nulmeting": 0, "Realisatie 2023": 0, NOW: 1}, set()),
        ({**PERCENT, "Realisatie 2023": 0.45}, {("Realisatie 2023", "unit_jump")}),
        ({**PERCENT, "Nulmeting": 1, "Streefwaarde": 5, "Realisatie 2023": 2, NOW: 3}, set()),
        (EURO, set()),
        ({**EURO, NOW: 84.2}, {(NOW, "unit_jump")}),
        ({**TOTAL, "Realisatie 2023": 2, "Streefwaarde": 3000, NOW: 600}, set()),
        ({**TOTAL, "Realisatie 2023": 30, NOW: 12}, {(NOW, "cumulative_falls")}),
        ({**PERCENT, **TOTAL, "Realisatie 2023": 50, NOW: 45}, set()),
        ({NOW: 8}, {(NOW, "carried_forward")}),
        ({"Realisatie 2023": 0, NOW: 0}, set()),
        ({**PERCENT, "Realisatie 2023": 60, NOW: 60}, {(NOW, "equals_target")}),
        ({"Status": "afgerond"}, {("Status", "status_contradicts")}),
        ({"Status": "afgerond", "Realisatie 2023": None, NOW: None}, {("Status", "status_contradicts")}),
        ({"Status": "afgerond", NOW: 42}, set()),
        ({**FALLING, "Realisatie 2023": 30, NOW: 12, "Status": "afgerond"}, {("Status", "status_contradicts")}),
        ({"Status": "niet gestart"}, {("Status", "status_contradicts")}),
        ({"Status": "niet gestart", "Realisatie 2023": None, NOW: 0}, set()),
    ],
)
def test_a_doubt_is_noted_where_it_lies_and_nowhere_else(evaluation: Evaluation, changes: dict[str, object], expected: set[tuple[str, str]]) -> None:
    result = clean(evaluation, with_first(changes))
    assert not result.quarantine
    assert noted(result) == expected


def test_what_was_set_aside_is_not_noted_as_missing_as_well(evaluation: Evaluation) -> None:
    result = clean(evaluation, with_first({"Nulmeting": "?", "Streefwaarde": "veel", "Richting": "omhoog"}))
    assert len(result.quarantine) == 3
    assert noted(result) == set()


@pytest.mark.parametrize(
    ("field", "before", "rule"),
    [
        ("Realisatie 2023", 9, "revised_value"),
        ("Streefwaarde", 60, "revised_target"),
        ("Jaar streefwaarde", 2026, "revised_target"),
        ("Nulmeting", 5, "revised_target"),
        ("Jaar nulmeting", 2021, "revised_target"),
        ("Richting", "lower is better", "revised_target"),
        ("Indicator", "Grote bijeenkomsten", "revised_target"),
        ("Niveau", "Activity", "revised_target"),
        ("Eenheid", "euro", "unit_changed"),
        ("Wijze van rapporteren", "cumulative", "reporting_changed"),
    ],
)
def test_what_differs_from_an_earlier_version_is_noted_at_its_cell(evaluation: Evaluation, field: str, before: object, rule: str) -> None:
    result = clean(evaluation, framework(), [with_first({field: before})])
    assert places(result.notices) == [(FIRST, field, rule)]
    assert "data/raw/noord-v1.xlsx" in result.notices[0].reason
    assert result.notices[0].file == "data/raw/noord.xlsx"


@pytest.mark.parametrize(
    ("field", "before"),
    [
        (NOW, None),  # reported since
        ("Streefwaarde", "50,0"),
        ("Streefwaarde", "veel"),  # could not be read
        ("Indicator", "BIJEENKOMSTEN "),
        ("Niveau", "Output"),
        ("Nr", "p1"),
        ("Status", "afgerond"),
        ("Knelpunt", "mensen"),
        ("Bron", "eigen telling"),
    ],
)
def test_what_was_only_written_otherwise_or_may_change_is_no_revision(evaluation: Evaluation, field: str, before: object) -> None:
    result = clean(evaluation, framework(), [with_first({field: before})])
    assert {problem.rule for problem in result.notices} <= {"not_compared"}


def test_a_value_that_was_taken_back_is_a_revision(evaluation: Evaluation) -> None:
    assert ("Realisatie 2023", "revised_value") in noted(clean(evaluation, with_first({"Realisatie 2023": None}), [framework()]))


def test_a_target_moved_two_versions_ago_is_still_seen(evaluation: Evaluation) -> None:
    result = clean(evaluation, framework(), [with_first({"Streefwaarde": 90}), framework()])
    (notice,) = result.notices
    assert (notice.column, notice.rule) == ("Streefwaarde", "revised_target")
    assert "noord-v1" in notice.reason


def test_an_indicator_that_is_gone_is_named_by_its_number(evaluation: Evaluation) -> None:
    result = clean(evaluation, framework()[:2], [framework(), framework()])
    assert places(result.notices) == [(None, "", "indicator_gone")]
    assert "'E1'" in result.notices[0].reason


def test_an_indicator_whose_rows_were_set_aside_is_not_gone(evaluation: Evaluation) -> None:
    rows = framework()
    result = clean(evaluation, [*rows, rows[0]], [rows])
    assert len(result.quarantine) == 2
    assert not result.notices


def test_a_number_that_excel_turned_into_a_decimal_is_the_same_indicator_in_both_versions(evaluation: Evaluation) -> None:
    assert not clean(evaluation, with_first({"Nr": "2.1"}), [with_first({"Nr": 2.1})]).notices


def test_no_row_of_an_earlier_version_is_taken_and_its_books_say_so(evaluation: Evaluation) -> None:
    old = [*with_first({"Streefwaarde": "veel"}), {"Nr": "Totaal", NOW: 9}]
    result = clean(evaluation, framework(), [old])
    assert not result.quarantine
    assert len(result.tables["framework"]) == 6
    assert [count["part"] for count in result.reconciliation] == ["noord", "noord (earlier version)"]
    assert [result.reconciliation[1][name] for name in ("rows_read", "rows_kept", "rows_set_aside", "cells_set_aside")] == [4, 4, 0, 0]
    assert [(problem.file, problem.rule) for problem in result.notices] == [("data/raw/noord-v1.xlsx", "not_compared")]
    assert "1 rows and 1 cells" in result.notices[0].reason


def test_an_earlier_version_from_before_a_year_had_a_column_is_compared_all_the_same(evaluation: Evaluation) -> None:
    old = [{name: cell for name, cell in row.items() if name not in (NOW, "Bron")} for row in with_first({"Streefwaarde": 60})]
    assert places(clean(evaluation, framework(), [old]).notices) == [(FIRST, "Streefwaarde", "revised_target")]


# Kinds of mess, each on one sound row: the cells it changes, and the place and rule that must come of it. "" is the whole row.
CELL_MESS: tuple[tuple[str, object, str], ...] = (
    (NOW, "ca. 30", "note_in_number"),
    (NOW, "geen", "note_in_number"),
    (NOW, "€ 12", "other_unit"),
    ("Streefwaarde", "3-5-2024", "date_in_number"),
    ("Streefwaarde", "50k", "abbreviated_number"),
    ("Nulmeting", "#REF!", "error_cell"),
    ("Realisatie 2023", "#NOT_CALCULATED", "not_calculated"),
    ("Jaar nulmeting", "begin", "not_a_year"),
    ("Richting", "omlaag", "not_in_the_list"),
    ("Knelpunt", "weet niet", "not_in_the_list"),
    ("Bron", "#NAAM?", "error_cell"),
)
ROW_MESS: tuple[tuple[dict[str, object], str], ...] = (({"Nr": ""}, "missing_number"), ({"Nr": "Totaal"}, "totals_row"))
ADDED: tuple[tuple[dict[str, object], str], ...] = (({"Indicator": "Subtotaal", NOW: 3}, "totals_row"), ({"Nr": "N7"}, ""), ({NOW: 3}, "missing_number"))
FIELD = {
    **{"Streefwaarde": "target_value", "Nulmeting": "baseline_value", "Jaar nulmeting": "baseline_year", "Richting": "direction"},
    **{"Knelpunt": "bottleneck", "Bron": "source", "Realisatie 2023": "actual_value", NOW: "actual_value"},
}


def six() -> list[dict[str, object]]:
    """Return six sound rows."""
    return [*framework(), *({**row, "Nr": f"{row['Nr']}b"} for row in framework())]


@laws
@given(
    st.dictionaries(st.integers(0, 5), st.sampled_from([*CELL_MESS, *ROW_MESS]), max_size=6),
    st.lists(st.sampled_from(ADDED), max_size=3),
    st.booleans(),
)
def test_known_mess_is_set_aside_at_its_place_by_its_rule_and_all_else_stays(
    evaluation: Evaluation, mess: dict[int, Any], added: list[tuple[dict[str, object], str]], is_doubled: bool
) -> None:
    rows, sound = six(), clean(evaluation, six()).tables["framework"]
    left, expected = sound, []
    for place, kind in mess.items():
        number = rows[place]["Nr"]
        if len(kind) == 3:
            column, cell, rule = kind
            rows[place] = {**rows[place], column: cell}
            in_year = sound["year"] == int(column[-4:]) if column.startswith("Realisatie") else True
            left = left.assign(**{FIELD[column]: left[FIELD[column]].mask((left["indicator_id"] == number) & in_year)})
        else:
            changes, rule = kind
            column, rows[place] = "", {**rows[place], **changes}
            left = left[left["indicator_id"] != number]
        expected.append((FIRST + place, column, rule))
    expected += [(FIRST + 6 + place, "", rule) for place, (_, rule) in enumerate(added) if rule]
    rows += [row for row, _ in added]
    if is_doubled:
        rows += [{**framework()[0], "Nr": "D1"}, {**framework()[1], "Nr": "d1 "}]
        expected += [(FIRST + len(rows) - 2, "", "duplicate_indicator"), (FIRST + len(rows) - 1, "", "duplicate_indicator")]
    result = clean(evaluation, rows)
    assert places(result.quarantine) == sorted(expected, key=str)
    reconciles(result, len(rows) - sum(not rule for _, rule in added))
    pd.testing.assert_frame_equal(result.tables["framework"], left.loc[sound.index.intersection(left.index)].reset_index(drop=True))


MESS: tuple[object, ...] = (
    *(None, "", " ", 0, -1, 3.5, 0.45, "circa 4", "1.250", "1,250", "45%", "€ 5", True, "Prestatie", "P2", "geen", "omhoog", 2023, "secret#1"),
    *("n.v.t.", "-", "12k", "#DIV/0!", "2023-05-03", "Totaal", "procent", "deel", "euro", "cumulatief", "afgerond", "niet gestart", "lager is beter"),
)
messes = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(sorted(framework()[0])), st.sampled_from(MESS)), max_size=12)


def messy(mess: list[tuple[int, str, object]]) -> list[dict[str, object]]:
    rows = six()
    for row, column, cell in mess:
        rows[row][column] = cell
    return rows


@laws
@given(messes, st.randoms(use_true_random=False))
def test_any_mess_reconciles_and_the_order_of_rows_and_columns_does_not_matter(
    evaluation: Evaluation, mess: list[tuple[int, str, object]], shuffler: random.Random
) -> None:
    rows = messy(mess)
    order, columns = list(range(6)), sorted(rows[0])
    shuffler.shuffle(order)
    shuffler.shuffle(columns)
    first, second = clean(evaluation, rows), clean(evaluation, [{name: rows[place][name] for name in columns} for place in order])
    n_filled = sum(any(shown(cell).strip() for name, cell in row.items() if name != "Nr") for row in rows)
    reconciles(first, n_filled)
    pd.testing.assert_frame_equal(first.tables["framework"], second.tables["framework"])
    for ours, theirs in ((first.quarantine, second.quarantine), (first.notices, second.notices)):
        moved = [(FIRST + order[problem.row - FIRST] if problem.row else None, problem.column, problem.rule) for problem in theirs]
        assert places(ours) == sorted(moved, key=str)
    assert "secret#1" not in "\n".join(str(problem) for problem in (*first.quarantine, *first.notices))
    attainment(evaluation, first.tables["framework"])


@laws
@given(messes)
def test_cleaning_what_is_clean_changes_nothing(evaluation: Evaluation, mess: list[tuple[int, str, object]]) -> None:
    once = clean(evaluation, messy(mess)).tables["framework"]
    rows = written_back(evaluation, once)
    again = clean(evaluation, rows) if rows else None
    assert again is None or again.quarantine == ()
    assert again is None or again.tables["framework"].equals(once)


def written_back(evaluation: Evaluation, table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the clean table as the rows of a workbook: Dutch labels, numbers with a decimal comma."""
    form = evaluation.codebook.framework
    assert form is not None
    lists = {"level": form.levels, "unit": form.units, "direction": form.directions, "reporting": form.reporting, "status": form.statuses}
    labels = {field: {entry.id: entry.label.nl for entry in entries} for field, entries in {**lists, "bottleneck": form.bottlenecks}.items()}

    def cell(field: str, found: Any) -> str:
        if pd.isna(found):
            return ""
        return labels[field][found] if field in labels else format(Decimal(str(found)), "f").replace(".", ",") if field.endswith("value") else str(found)

    rows = []
    for _, years in table.groupby("indicator_id", sort=False):
        fixed = {heading.nl: cell(field, years.iloc[0][field]) for field, heading in form.columns.items() if field != "actual_value"}
        rows.append({**fixed, **{f"Realisatie {year}": cell("actual_value", found) for year, found in zip(years["year"], years["actual_value"], strict=True)}})
    return rows
