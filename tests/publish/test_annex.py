"""The annex workbook, read back by another library: structure, words, numbers, text that is no formula, and the same bytes."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from test_charts import evaluation_of, tables_of

from midterm.description import Evaluation, load_evaluation
from midterm.publish.annex import SHEETS, annex, write_annex
from midterm.publish.cells import column_text, flags_in_words
from midterm.publish.disclosure import Published, publishable
from midterm.publish.wording import Wording
from midterm.tables import BY_NAME, Store, shaped

ROOT = Path(__file__).parents[2]
MARK = "Synthetisch / synthetic"
HOSTILE = ("=1+1", "+31 6", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=2", "http://example.org", "007", "1e5")


def tables() -> tuple[Evaluation, Published]:
    """Six invented alliances: the last is too small, the first has names that begin like formulas."""
    evaluation = evaluation_of(6)
    made = tables_of(evaluation)
    framework = made["framework"]
    names = framework["indicator"].where(framework["alliance"] != "a1", pd.Series(HOSTILE * 9).iloc[: len(framework)].to_numpy())
    change = made["change"].assign(n_from=made["change"]["n_from"].mask(made["change"]["alliance"] == "a6", 3), flag="few_df; made_up_flag: 7")
    counts = {"n_stayers": 20, "n_leavers": 4, "n_entrants": 15, "stayers_before": 3.5, "leavers_before": 3.25, "leavers_gap": -0.25, "change": 0.5}
    attrition = [{"alliance": "all", "indicator": "cooperation", **counts, "n_leavers": 12}, {"alliance": "a1", "indicator": "cooperation", **counts}]
    more = {
        "attrition": shaped("attrition", pd.DataFrame(attrition)),
        "evidence": shaped("evidence", pd.DataFrame([{"question": "cooperation", "alliance": "all", "survey": "supports", "conclusion": "supported"}])),
    }
    return evaluation, publishable({**made, "framework": framework.assign(indicator=names), "change": change, **more}, evaluation)


def book(language: str = "nl", mark: str = MARK) -> openpyxl.Workbook:
    evaluation, made = tables()
    return openpyxl.load_workbook(io.BytesIO(annex(evaluation, made, language, mark)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def dutch() -> openpyxl.Workbook:
    return book()


def frame(page: Worksheet) -> pd.DataFrame:
    """The table of a sheet, its columns by their technical name."""
    (table,) = page.tables.values()
    heads, *rows = ([cell.value for cell in row] for row in page[table.ref])
    return pd.DataFrame(rows, columns=[str(head).rpartition("(")[2].rstrip(")").lower() for head in heads])


def pages(made: openpyxl.Workbook) -> dict[str, Worksheet]:
    """The sheets with a table of the contract, by its key."""
    return {name: page for page in made for name in page.tables if name in {sheet.key for sheet in SHEETS}}


def test_one_table_a_sheet_from_column_a_under_its_title_without_gaps(dutch: openpyxl.Workbook) -> None:
    assert dutch.sheetnames[:3] == ["Voorblad", "Inhoud", "Toelichting"]
    assert list(pages(dutch)) == [sheet.key for sheet in SHEETS]
    for page in dutch.worksheets[1:]:
        (table,) = page.tables.values()
        first, last = table.ref.split(":")
        top = int("".join(filter(str.isdigit, first)))
        assert first == f"A{top}"
        assert all(page.cell(row, 1).value for row in range(1, top + 1)), "no empty row above the table"
        assert not any(page.cell(row, 2).value for row in range(1, top)), "one cell a row above the table"
        assert last == page.dimensions.split(":")[1], "nothing below or beside it"
        assert page.print_title_rows == f"${top}:${top}"
        assert not page.merged_cells.ranges
        heads = [cell.value for cell in page[top]]
        assert all(heads)
        assert len(set(heads)) == len(heads)
    for page in pages(dutch).values():
        (table,) = page.tables.values()
        assert page.freeze_panes == f"B{int(''.join(filter(str.isdigit, table.ref.split(':')[0]))) + 1}"


def test_cover_contents_and_notes_lead_the_way(dutch: openpyxl.Workbook) -> None:
    cover = [row[0] for row in dutch["Voorblad"].iter_rows(values_only=True)]
    assert cover[0] == "Tabellen bij: Tussenevaluatie partnerschappen 2023-2025 (voorbeeld)"
    assert "Opdrachtgever: Ministerie van Voorbeelden" in cover
    assert any("minder dan 10 personen" in str(line) and "n<10" in str(line) for line in cover)
    listed = frame(dutch["Inhoud"])
    assert list(listed["inhoud"]) == dutch.sheetnames[2:]
    assert listed["aantal rijen"].iloc[1] == 7 * 3, "six alliances and all, in three waves"
    links = {cell.hyperlink.location for row in dutch["Inhoud"].iter_rows() for cell in row if cell.hyperlink}
    assert links == {f"'{name}'!A1" for name in dutch.sheetnames[2:]}
    notes = frame(dutch["Toelichting"])
    said = set(notes["technische naam"])
    assert {str(column) for page in pages(dutch).values() for column in frame(page)} <= said
    assert {"few_df", "made_up_flag", "small_n"} <= said, "every flag that occurs"
    assert notes["betekenis"].notna().all()


def test_the_mark_stands_on_every_sheet_and_a_real_workbook_has_none(dutch: openpyxl.Workbook) -> None:
    for page in dutch:
        assert any(MARK in str(row[0]) for row in page.iter_rows(max_row=3, values_only=True)), page.title
    for page in book(mark=""):
        assert not any(MARK in str(cell) for row in page.iter_rows(values_only=True) for cell in row)


def test_numbers_are_numbers_and_words_are_in_the_language(dutch: openpyxl.Workbook) -> None:
    english = book("en")
    change, same = frame(pages(dutch)["change"]), frame(pages(english)["change"])
    row = change[(change["alliance"] == "Alliantie 1") & (change["indicator"] == "Samenwerking")].iloc[0]
    assert (row["estimate"], row["n_to"], row["ci_low"]) == (0.45, 31, -0.25)
    assert (row["unit"], row["verdict"]) == ("punten (1-5)", "beter")
    assert row["flag"] == "weinig organisaties, de onzekerheid is zelf onzeker; made_up_flag"
    assert set(same["verdict"]) <= {"better", "worse", "no relevant change", "inconclusive", "described only"}
    numbers = [[value for value in table["estimate"] if isinstance(value, float | int)] for table in (change, same)]
    assert numbers[0] == numbers[1]
    response = pages(dutch)["response"]
    cell = next(cell for row in response.iter_rows() for cell in row if cell.value == 0.75)
    assert cell.number_format == "0%"
    assert [page.title for page in english][:3] == ["Cover", "Contents", "Notes"]


def test_too_few_persons_are_words_with_a_note_and_never_a_number(dutch: openpyxl.Workbook) -> None:
    page = pages(dutch)["change"]
    small = frame(page).query("alliance == 'Alliantie 6'")
    assert len(small)
    assert set(small["estimate"]) == set(small["ci_low"]) == set(small["p_value"]) == {"n<10"}
    assert set(small["flag"].str.contains("te weinig personen om te tonen")) == {True}
    assert any("‘n<10’ staat in de plaats" in str(row[0]) for row in page.iter_rows(max_row=5, values_only=True))
    assert not any("n<10" in str(row[0]) for row in pages(dutch)["response"].iter_rows(max_row=5, values_only=True))


def test_a_small_group_of_leavers_is_not_shown_but_the_counts_are(dutch: openpyxl.Workbook) -> None:
    shown = frame(pages(dutch)["attrition"]).set_index("alliance")
    assert shown.loc["Alle allianties", ["leavers_before", "leavers_gap", "change"]].tolist() == [3.25, -0.25, 0.5]
    assert shown.loc["Alliantie 1", ["stayers_before", "leavers_before", "leavers_gap"]].tolist() == ["n<10"] * 3


def test_text_that_begins_like_a_formula_is_text(dutch: openpyxl.Workbook) -> None:
    cells = [cell for page in dutch for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}, "no formula, no error, no link made of a text"
    assert {"=1+1", "+31 6", "-1"} <= {cell.value for cell in cells}
    own = [cell for cell in cells if cell.hyperlink]
    assert all(cell.hyperlink.target is None for cell in own), "links lead inside the workbook only"


def test_properties_say_title_language_and_no_clock(dutch: openpyxl.Workbook) -> None:
    assert dutch.properties.title == "Tabellen bij: Tussenevaluatie partnerschappen 2023-2025 (voorbeeld)"
    assert dutch.properties.created.isoformat() == "2025-01-01T00:00:00"
    assert dutch.custom_doc_props["Language"].value == "nl-NL"
    assert book("en").custom_doc_props["Language"].value.startswith("en")


def test_a_long_text_and_a_table_that_is_not_there_cost_nothing_else() -> None:
    evaluation, made = tables()
    long = "x" * 40_000
    framework = made["framework"].assign(indicator=long)
    without = Published({**{name: table for name, table in made.items() if name != "evidence"}, "framework": framework})
    found = openpyxl.load_workbook(io.BytesIO(annex(evaluation, without, "en", "")))
    assert list(frame(pages(found)["evidence"])["question"]) == ["There are no data for this table."]
    assert {len(name) for name in frame(pages(found)["attainment"])["indicator"]} == {32_767}


def test_every_column_flag_and_statistic_of_the_shipped_tables_has_words(evaluated: Path) -> None:
    evaluation, store = load_evaluation(evaluated), Store(evaluated)
    for language in ("nl", "en"):
        say = Wording(evaluation, language)  # type: ignore[arg-type]
        for name in {sheet.table for sheet in SHEETS}:
            table = store.read(name)
            assert all(column_text(say, column).meaning for column in BY_NAME[name].columns)
            for flag in table["flag"].dropna().unique() if "flag" in table else ():
                assert "_" not in flags_in_words(say, flag), flag


def test_an_evaluation_that_calls_its_units_otherwise_and_has_one_language(tmp_path: Path) -> None:
    evaluation, made = tables()
    unit = evaluation.file.unit.model_copy(update={"singular": evaluation.file.title.model_copy(update={"nl": "coalitie", "en": "coalition"})})
    other = dataclasses.replace(evaluation, folder=tmp_path, file=evaluation.file.model_copy(update={"unit": unit, "languages": ("en",)}))
    assert write_annex(Store(tmp_path), other, made) == ["reports/annex.en.xlsx"]
    found = openpyxl.load_workbook(tmp_path / "reports/annex.en.xlsx")
    assert found["Response"]["A4"].value == "Coalition (alliance)" or "Coalition (alliance)" in [
        row[0] for row in found["Response"].iter_rows(values_only=True)
    ]


def test_the_same_bytes_in_another_zone_locale_and_hash_seed(tmp_path: Path) -> None:
    code = "import sys, test_annex as t; sys.stdout.buffer.write(t.annex(*t.tables(), 'nl', t.MARK))"
    settings = [{"TZ": "UTC", "PYTHONHASHSEED": "1"}, {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "2", "LC_ALL": "C"}]
    where = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "tests/publish")])
    made = [
        subprocess.run([sys.executable, "-c", code], env={**os.environ, **one, "PYTHONPATH": where}, cwd=tmp_path, check=True, capture_output=True).stdout
        for one in settings
    ]
    assert made[0] == made[1]
    assert made[0][:2] == b"PK"
