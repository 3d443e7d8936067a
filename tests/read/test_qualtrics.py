"""Reading Qualtrics exports: three rows of headings, the older two, what Excel makes of them, and what is no response."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from midterm.read.qualtrics import read_qualtrics
from midterm.read.raw import Declared, RawTable
from midterm.read.readers import READERS

# The columns, their texts in Dutch and their ImportIds stand as Qualtrics writes them; the text of Q1_1 has a comma and a line break.
COLUMNS = (
    ("StartDate", "Begindatum", "startDate"),
    ("EndDate", "Einddatum", "endDate"),
    ("Status", "Soort reactie", "status"),
    ("IPAddress", "IP-adres", "ipAddress"),
    ("Progress", "Voortgang", "progress"),
    ("Duration (in seconds)", "Duur (in seconden)", "duration"),
    ("Finished", "Voltooid", "finished"),
    ("ResponseId", "Reactie-ID", "_recordId"),
    ("RecipientEmail", "E-mail ontvanger", "recipientEmail"),
    ("LocationLatitude", "Breedtegraad locatie", "locationLatitude"),
    ("DistributionChannel", "Distributiekanaal", "distributionChannel"),
    ("Q1_1", "In hoeverre eens,\nof oneens? - De partners delen een doel.", "QID1_1"),
    ("Q2", "Status", "QID2"),
)
PERSONAL = ("10.0.0.7", "jan@example.org", "52.0907")


def response(number: int, status: str = "IP Address", channel: str = "anonymous", answer: str = "Eens") -> list[str]:
    times = [f"2025-04-01 12:0{number}:00", f"2025-04-01 12:1{number}:00"]
    return [*times, status, PERSONAL[0], "100", "600", "True", f"R_2YPOQ602ER1jkf{number}", PERSONAL[1], PERSONAL[2], channel, answer, "1"]


def above(rows: int) -> list[list[str]]:
    names, texts, ids = (list(row) for row in zip(*COLUMNS, strict=True))
    return [names, texts, [f'{{"ImportId":"{name}"}}' for name in ids]][:rows]


def written(rows: list[list[str]], separator: str = ",", encoding: str = "utf-8", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    made = io.StringIO()
    csv.writer(made, delimiter=separator, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]
    return made.getvalue().encode(encoding)


def read(folder: Path, content: bytes, *columns: str) -> RawTable:
    (folder / "file.csv").write_bytes(content)
    return read_qualtrics(folder, "file.csv", Declared(dict.fromkeys(columns, ())))


def cells(table: RawTable) -> list[list[str]]:
    return [list(map(str, row)) for row in table.text.itertuples(index=False)]


def test_qualtrics_is_a_reader_that_a_source_may_name() -> None:
    assert READERS["qualtrics"] is read_qualtrics


@pytest.mark.parametrize(
    ("separator", "encoding", "quoting"),
    [(",", "utf-8", csv.QUOTE_MINIMAL), (",", "utf-8-sig", csv.QUOTE_ALL), ("\t", "utf-16", csv.QUOTE_MINIMAL), (";", "utf-8-sig", csv.QUOTE_MINIMAL)],
    ids=["csv", "csv with a mark", "tsv in UTF-16", "saved again by Excel"],
)
def test_responses_stand_under_three_rows_of_headings_on_their_physical_lines(tmp_path: Path, separator: str, encoding: str, quoting: int) -> None:
    table = read(tmp_path, written([*above(3), response(1), response(2, answer="Één\nkeer")], separator, encoding, quoting), "ResponseId", "Q1_1")
    # Line 1 names, 2 and 3 texts (one has a line break), 4 ImportIds.
    assert list(table.text.index) == [5, 6]
    assert cells(table) == [["R_2YPOQ602ER1jkf1", "Eens"], ["R_2YPOQ602ER1jkf2", "Één\nkeer"]]
    assert not table.problems


@pytest.mark.parametrize("declared", ["Q1_1", "q1_1", "QID1_1", "In hoeverre eens, of oneens? - De partners delen een doel."])
def test_a_question_is_found_by_its_name_its_text_or_its_import_id(tmp_path: Path, declared: str) -> None:
    table = read(tmp_path, written([*above(3), response(1)]), declared)
    assert (cells(table), table.headings[declared]) == ([["Eens"]], "Q1_1")


def test_rows_without_import_ids_are_read_under_names_and_texts(tmp_path: Path) -> None:
    table = read(tmp_path, written([*above(2), response(1)]), "Q1_1")
    assert (cells(table), list(table.text.index)) == ([["Eens"]], [4])


def test_a_file_of_which_somebody_removed_the_texts_loses_no_response(tmp_path: Path) -> None:
    names, _, ids = above(3)
    assert list(read(tmp_path, written([names, response(1), response(2)]), "Q1_1").text.index) == [2, 3]
    assert list(read(tmp_path, written([names, ids, response(1)]), "Q1_1").text.index) == [3]


def test_the_older_export_has_its_names_in_the_second_row(tmp_path: Path) -> None:
    # As the older export was: V1 to V10, a comma at the end of each line.
    names = "V1,V2,V3,V4,V5,V6,V7,V8,V9,V10,Q1,LocationLatitude,\n"
    texts = "ResponseID,ResponseSet,Name,ExternalDataReference,EmailAddress,IPAddress,Status,StartDate,EndDate,Finished,De vraag?,LocationLatitude,\n"
    row = "R_2YPOQ602ER1jkf{0},Default Response Set,Anonymous,,,10.0.0.7,{1},2017-07-18 08:28:09,2017-07-18 08:28:48,1,{2},52.0907,\n"
    content = (names + texts + row.format(1, 0, 4) + row.format(2, 1, 5)).encode()
    table = read(tmp_path, content, "ResponseID", "De vraag?")
    assert (cells(table), list(table.text.index)) == ([["R_2YPOQ602ER1jkf1", "4"]], [3])
    assert [(problem.row, problem.rule) for problem in table.problems] == [(4, "test_response")]


# The codes and words of Status: Qualtrics' own value labels, as it writes them into an SPSS export.
STATUSES = {
    "0": "IP Address",
    "4": "Imported",
    "16": "Offline",
    "32": "EX",
    "48": "EX Offline",
    "1": "Survey Preview",
    "2": "Survey Test",
    "8": "Spam",
    "9": "Survey Preview Spam",
    "12": "Imported Spam",
    "17": "Offline Survey Preview",
    "40": "EX Spam",
    "256": "Synthetic",
}


@pytest.mark.parametrize("code", STATUSES)
def test_previews_tests_and_spam_are_set_aside_with_their_line_by_code_and_by_word(tmp_path: Path, code: str) -> None:
    is_real = code in ("0", "4", "16", "32", "48")
    table = read(tmp_path, written([*above(3), response(1, code), response(2, STATUSES[code]), response(3)]), "Q1_1")
    assert list(table.text.index) == ([5, 6, 7] if is_real else [7])
    assert [(problem.row, problem.column, problem.rule) for problem in table.problems] == (
        [] if is_real else [(5, "", "test_response"), (6, "", "test_response")]
    )


def test_the_channel_tells_a_preview_too_and_neither_column_leaves_undeclared(tmp_path: Path) -> None:
    table = read(tmp_path, written([*above(3), response(1, channel="preview"), response(2, channel="email")]), "Q1_1")
    assert (list(table.text.columns), list(table.text.index), [problem.row for problem in table.problems]) == (["Q1_1"], [6], [5])


def test_a_question_about_status_sets_nothing_aside(tmp_path: Path) -> None:
    # Q2 asks for "Status" and every answer to it is 1; the export came without the columns of Qualtrics itself.
    rows = [[row[position] for position in (7, 11, 12)] for row in [*above(3), response(1), response(2)]]
    assert len(read(tmp_path, written(rows), "Q1_1").text) == 2


def test_ragged_rows_are_set_aside_with_their_line(tmp_path: Path) -> None:
    table = read(tmp_path, written([*above(3), response(1)[:5], response(2)]), "Q1_1")
    assert ([(problem.row, problem.rule) for problem in table.problems], list(table.text.index)) == ([(5, "ragged_row")], [6])


def test_no_address_place_or_answer_stands_in_what_leaves(tmp_path: Path) -> None:
    table = read(tmp_path, written([*above(3), response(1, "Spam", answer="geheim"), response(2)]), "Q1_1")
    shown = repr([getattr(table, name) for name in table.__dataclass_fields__]) + table.text.to_csv()
    assert [secret for secret in (*PERSONAL, "geheim", "R_2YPOQ602ER1jkf1") if secret in shown] == []


def test_the_synthetic_mark_is_seen_in_any_cell(tmp_path: Path) -> None:
    marked = response(1, channel="Synthetisch / synthetic")
    assert read(tmp_path, written([*above(3), response(2), marked], "\t", "utf-16"), "Q1_1").is_synthetic
    assert not read(tmp_path, written([*above(3), response(2)]), "Q1_1").is_synthetic


def test_two_exports_pasted_together_have_all_rows_of_headings_set_aside(tmp_path: Path) -> None:
    table = read(tmp_path, written([*above(3), response(1), *above(3), response(2)]), "ResponseId", "Q1_1")
    assert [row[0][-1] for row in cells(table)] == ["1", "2"]
    assert [problem.rule for problem in table.problems] == ["repeated_heading"] * 3
    assert [problem.row for problem in table.problems] == [6, 7, 9]  # the text of Q1_1 has a line break


def test_two_encodings_in_one_export_are_remarked(tmp_path: Path) -> None:
    content = written([*above(3), response(1, answer="één")], encoding="cp1252") + written([response(2, answer="één")])
    assert [(remark.row, remark.rule) for remark in read(tmp_path, content, "ResponseId", "Q1_1").remarks] == [(6, "mixed_encoding")]
