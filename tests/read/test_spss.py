"""Reading SPSS files: files written by GNU PSPP and by libreadstat, the same files damaged, and files made to do harm."""

from __future__ import annotations

import base64
import pickle
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from midterm.errors import UserError
from midterm.read.raw import Declared, RawTable
from midterm.read.readers import READERS
from midterm.read.spss import read_spss
from midterm.read.spss_bounds import _dictionary

FILES = Path(__file__).parent / "files"
ANSWER = "GEHEIM-ANTWOORD"


def pspp(name: str) -> bytes:
    return base64.b64decode((FILES / f"{name}.b64").read_bytes())


def read(folder: Path, content: bytes, *columns: str, **further: Any) -> RawTable:
    (folder / "file.sav").write_bytes(content)
    return read_spss(folder, "file.sav", Declared(dict.fromkeys(columns, ()), **further))


def cells(table: RawTable, column: str) -> list[str]:
    return [str(cell) for cell in table.text[column]]


def written(folder: Path, data: dict[str, list[Any]], **how: Any) -> bytes:
    """Return the file as libreadstat writes it."""
    pyreadstat.write_sav(pd.DataFrame(data), folder / "made.sav", **how)
    return (folder / "made.sav").read_bytes()


def rule(folder: Path, content: bytes) -> str:
    """Return the rule by which a file is refused, in a sentence that repeats nothing of it and within seconds."""
    started = time.monotonic()
    with pytest.raises(UserError) as error:
        read(folder, content, "RESP", "SAMEN")
    assert time.monotonic() - started < 20
    (problem,) = error.value.problems
    assert (problem.file, "\n" in problem.reason, ANSWER in str(problem)) == ("file.sav", False, False)
    return problem.rule


def test_spss_is_a_reader_that_a_source_may_name() -> None:
    assert READERS["spss"] is read_spss


@pytest.mark.parametrize("name", ["sets.sav", "sets_plain.sav", "sets.zsav"])
def test_cells_are_text_as_the_user_sees_them_however_the_file_is_compressed(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, pspp(name), "RESP", "SAMEN", "DUUR", "LAND", "OPM")
    assert list(table.text.index) == [1, 2, 3, 4]
    assert cells(table, "RESP") == ["r01", "r02", "r03", " r4"]
    assert cells(table, "SAMEN") == ["4", "9", "", "-8"]
    # A zero is added after three decimals: 1.125 is how a Dutch hand writes 1125.
    assert cells(table, "DUUR") == ["1.1250", "", "3", "2.25"]
    assert cells(table, "LAND") == ["NL", "XX", "BE", "NL"]
    assert cells(table, "OPM") == ["kort", "begin" + "-" * 255 + "eind", "", ""]


def test_dates_and_times_are_iso_text(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("sets.sav"), "INGEVULD", "BEGONNEN", "TIJD")
    assert cells(table, "INGEVULD") == ["2025-04-01", "2025-04-02", "", "1999-12-31"]
    assert cells(table, "BEGONNEN") == ["2025-04-01T12:30:15", "", "", "1999-12-31T23:59:59"]
    assert cells(table, "TIJD") == ["10:05:00", "26:00:00", "", "00:00:01"]


def test_every_format_of_dates_is_known_and_a_date_outside_the_calendar_loses_nothing_else(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("dates.sav"), "D", "A", "E", "S", "J", "Q", "M", "T", "DT", "YM", "DD", "W", "MO")
    good, bad = (list(map(str, row)) for row in table.text.itertuples(index=False))
    day = ["2025-05-03"] * 5
    assert good == [*day, "2025-04-01", "2025-05-01", "10:05:00.250000", "2025-05-03T10:05:00.250000", "2025-05-03T10:05:07", "26:03:04", "2", "5"]
    assert (bad[0], bad[8]) == ("100000000000000000000", "100000000000000000000")
    assert bad[1:5] == day[1:]
    with pytest.raises(OverflowError):  # what the library does by itself: the whole file is lost
        pyreadstat.read_sav(tmp_path / "file.sav")


def test_value_labels_and_declared_missing_values_go_along_and_change_no_cell(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("sets.sav"), "SAMEN", "LAND", "TAAK1", "BOX1")
    assert table.labels["SAMEN"] == {"1": "helemaal oneens", "4": "eens", "5": "eens", "9": "weet niet", "-8": "niet van toepassing"}
    assert table.labels["LAND"] == {"NL": "Nederland", "XX": "onbekend"}
    # The file declares everything up to -1, and 9, as missing; -8 and 9 are what occurs.
    assert table.missing["SAMEN"] == {"-8", "9"}
    assert (table.missing["LAND"], table.missing["TAAK1"], table.missing["BOX1"]) == ({"XX"}, {"99"}, frozenset())


def test_a_file_of_libreadstat_is_read_alike(tmp_path: Path) -> None:
    content = written(
        tmp_path,
        {"Q1": [1.0, 2.5, 99.0, None], "Q2": ["a", "é ", "", "n"]},
        column_labels={"Q1": "De vraag", "Q2": "Waarom?"},
        variable_value_labels={"Q1": {1: "nooit", 99: "weet niet"}},
        missing_ranges={"Q1": [{"lo": 90, "hi": 99}]},
        variable_measure={"Q1": "ordinal"},
    )
    table = read(tmp_path, content, "De vraag", "Q2")
    assert (cells(table, "De vraag"), cells(table, "Q2")) == (["1", "2.5", "99", ""], ["a", "é", "", "n"])
    assert (table.labels["De vraag"], table.missing["De vraag"]) == ({"1": "nooit", "99": "weet niet"}, {"99"})
    assert (table.headings["De vraag"], table.sheet, table.undeclared) == ("Q1", "", ())


def test_a_variable_is_found_by_name_in_any_case_or_by_its_label(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("sets.sav"), "eenlangenaamvantweeendertigtekens", "de partners werken samen.")
    assert cells(table, "eenlangenaamvantweeendertigtekens") == ["1", "2", "", "-1"]
    assert table.headings["de partners werken samen."] == "SAMEN"


def test_a_label_that_two_variables_have_is_refused_with_both_places(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="columns 7, 8 both hold this"):
        read(tmp_path, pspp("sets.sav"), "Taak")


def test_a_set_of_categories_is_one_more_column_and_keeps_its_variables(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("sets.sav"), "$TAKEN", "TAAK2")
    # 99 is user-missing: it shows only where nothing else was given.
    assert cells(table, "$TAKEN") == ["1;2", "3", "", "99"]
    assert cells(table, "TAAK2") == ["2", "99", "", ""]
    assert (table.labels["$TAKEN"]["2"], table.missing["$TAKEN"]) == ("notuleren", {"99"})


def test_a_set_of_boxes_names_those_ticked_by_label_or_where_that_would_not_be_clear_by_name(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("sets.sav"), "Knelpunten", "BOX2")
    assert cells(table, "Knelpunten") == ["Tijd;Mensen", "", "", "BOX2"]
    assert (cells(table, "BOX2"), table.headings["Knelpunten"]) == (["0", "0", "", "1"], "$KNEL")


def test_a_set_whose_tick_is_text_is_not_offered(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("sets.sav"), "$JA", "JA1")
    assert ("$JA" in table.text, cells(table, "JA1")) == (False, ["Y", "Y", "", ""])


def test_an_old_file_in_windows_1252_keeps_its_letters_and_its_mark(tmp_path: Path) -> None:
    table = read(tmp_path, pspp("windows1252.sav"), "NAAM", "Eén antwoord")
    assert cells(table, "NAAM") == ["Coöperatie", "Crèche €"]
    assert table.labels["Eén antwoord"] == {"1": "zéér"}
    assert table.is_synthetic  # by the label of the file


def declaring(encoding: bytes) -> bytes:
    """Return the Windows-1252 file with another encoding in its own record of it (7, 20)."""
    content = pspp("windows1252.sav")
    at = content.index(struct.pack("<4i", 7, 20, 1, 12))
    return content[:at] + struct.pack("<4i", 7, 20, 1, len(encoding)) + encoding + content[at + 28 :]


def test_text_that_is_not_in_the_declared_encoding_is_read_as_what_it_is(tmp_path: Path) -> None:
    table = read(tmp_path, declaring(b"UTF-8"), "NAAM", "Eén antwoord")
    assert (cells(table, "NAAM"), table.labels["Eén antwoord"]) == (["Coöperatie", "Crèche €"], {"1": "zéér"})


def test_one_cell_in_another_encoding_does_not_alter_the_letters_of_the_others(tmp_path: Path) -> None:
    content = written(tmp_path, {"A": ["Coöperatie", "Creche  "], "B": ["é", "e"]}).replace(b"Creche", b"Cr\xe8che")
    table = read(tmp_path, content, "A", "B")
    assert (cells(table, "A"), cells(table, "B")) == (["Coöperatie", "Crèche"], ["é", "e"])


@pytest.mark.parametrize("place", ["cell", "note", "label", "value label"])
def test_the_synthetic_mark_is_seen_wherever_it_stands_also_in_undeclared_columns(tmp_path: Path, place: str) -> None:
    mark = "Synthetisch / synthetic"
    how: dict[str, dict[str, Any]] = {
        "note": {"note": mark},
        "label": {"column_labels": ["vraag", mark]},
        "value label": {"variable_value_labels": {"A": {1: mark}}},
    }
    data = {"A": [1.0], "B": [mark if place == "cell" else "niets"]}
    assert read(tmp_path, written(tmp_path, data, **how.get(place, {})), "A").is_synthetic
    assert not read(tmp_path, written(tmp_path, {"A": [1.0], "B": ["niets"]}), "A").is_synthetic


def test_nothing_of_an_undeclared_or_personal_variable_leaves(tmp_path: Path) -> None:
    data = {"token": ["abc123", "def456"], "ipaddr": ["10.0.0.7", "10.0.0.8"], "OPM": [ANSWER, ""], "Q1": [1.0, 2.0]}
    content = written(tmp_path, data, variable_value_labels={"token": {"abc123": "Jan"}}, missing_ranges={"token": ["def456"]})
    table = read(tmp_path, content, "token", "Q1", linking=frozenset({"token"}), salt="zout")
    shown = repr([getattr(table, name) for name in table.__dataclass_fields__]) + table.text.to_csv()
    assert [secret for secret in ("abc123", "def456", "Jan", "10.0.0", ANSWER) if secret in shown] == []
    assert len(set(cells(table, "token"))) == 2


def test_a_file_without_cases_or_without_a_declared_variable_is_read(tmp_path: Path) -> None:
    assert list(read(tmp_path, written(tmp_path, {"A": [1.0]}), "Z").text.index) == [1]
    assert read(tmp_path, written(tmp_path, {"A": []}), "A").text.shape == (0, 1)


def test_cases_are_read_in_pieces_and_counted_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = written(tmp_path, {"A": [float(number) for number in range(25)], "B": [f"b{number}" for number in range(25)]})
    monkeypatch.setattr("midterm.read.spss.CHUNK_CELLS", 14)
    table = read(tmp_path, content, "A", "B")
    assert (list(table.text.index), cells(table, "A")) == (list(range(1, 26)), [str(number) for number in range(25)])
    assert cells(table, "B")[-1] == "b24"


@pytest.mark.parametrize(
    "content",
    [pickle.dumps({"a": 1}), b"a,b\n1,2\n", b"PK\x03\x04 workbook", b"ASCII SPSS PORT FILE", b"x"],
    ids=["pickle", "csv", "xlsx", "por", "a letter"],
)
def test_what_is_no_spss_file_is_refused_by_its_first_bytes(tmp_path: Path, content: bytes) -> None:
    assert rule(tmp_path, content) == "not_spss"


def test_a_file_with_a_password_is_said_to_have_one(tmp_path: Path) -> None:
    assert rule(tmp_path, b"\x1c" + b"\0" * 7 + b"ENCRYPTEDSAV" + b"\x15" + b"\0" * 40) == "encrypted"


@pytest.mark.parametrize("kept", [4, 300, 1000, -30], ids=["signature", "variables", "labels", "data"])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    assert rule(tmp_path, pspp("sets_plain.sav")[:kept]) == "broken_spss"


def test_a_dictionary_that_ends_the_librarys_own_process_is_refused(tmp_path: Path) -> None:
    # A text of 219 bytes without the records that must follow it.
    content = bytearray(pspp("sets.zsav"))
    at, records = 176, 0
    while records < 3:
        at, records = content.index(struct.pack("<2i", 2, 0), at + 4), records + 1
    content[at + 4] = 219
    assert rule(tmp_path, bytes(content)) == "broken_spss"


def promising(content: bytes, cases: int) -> bytes:
    return content[:80] + struct.pack("<i", cases) + content[84:]


def test_a_header_that_promises_more_than_is_read_is_refused_before_reading(tmp_path: Path) -> None:
    assert rule(tmp_path, promising(pspp("sets.sav"), 2_000_000_000)) == "too_large"


def test_a_header_that_does_not_say_how_many_cases_there_are_is_no_fault(tmp_path: Path) -> None:
    assert cells(read(tmp_path, promising(pspp("sets.sav"), -1), "SAMEN"), "SAMEN") == ["4", "9", "", "-8"]


def zipped(blocks: int, size: int, claimed: int) -> bytes:
    """Return a .zsav of one variable in which each byte of ``blocks`` blocks stands for a case, and its trailer ``claimed`` a size."""
    variable = struct.pack("<6i8s", 2, 0, 0, 0, 0x050100, 0x050100, b"SAMEN   ")
    header = b"$FL3" + b" " * 60 + struct.pack("<5id", 2, 1, 2, 0, -1, 100.0) + b"01 JAN 2500:00:00" + b" " * 64 + b"\0" * 3
    start = header + variable + struct.pack("<2i", 999, 0)
    block = zlib.compress(bytes([101]) * size, 9)
    at = len(start) + 24
    entries = [struct.pack("<2q2i", at + number * size, at + number * len(block), claimed, len(block)) for number in range(blocks)]
    trailer = struct.pack("<2q2i", -100, 0, size, blocks) + b"".join(entries)
    return start + struct.pack("<3q", len(start), at + blocks * len(block), len(trailer)) + block * blocks + trailer


def test_the_made_zsav_is_one_that_can_be_read(tmp_path: Path) -> None:
    assert cells(read(tmp_path, zipped(2, 8, 8), "SAMEN"), "SAMEN") == ["1"] * 16


@pytest.mark.parametrize(
    ("blocks", "claimed", "expected"),
    [(400, 4_190_208, "too_large"), (20, 4_190_208, "too_large"), (4, 1_000, "broken_spss"), (4, -1, "too_large")],
    ids=["1.7 GB in 2 MB", "84 million cases", "a size that is not true", "no size"],
)
def test_a_zip_bomb_is_refused(tmp_path: Path, blocks: int, claimed: int, expected: str) -> None:
    assert rule(tmp_path, zipped(blocks, 4_190_208, claimed)) == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (struct.pack("<4i", 7, 3, 2_000_000_000, 2_000_000_000), "too_large"),
        (struct.pack("<2i", 3, 2_000_000_000) + b"\0" * 4096, "broken_spss"),
        (struct.pack("<4i", 7, 3, -8, 1), "broken_spss"),
        (struct.pack("<4i", 5, 0, 0, 0), "broken_spss"),
    ],
    ids=["extension", "value labels", "a negative length", "an unknown record"],
)
def test_a_dictionary_that_promises_what_is_not_there_is_refused(tmp_path: Path, records: bytes, expected: str) -> None:
    assert rule(tmp_path, pspp("sets.sav")[:176] + records + b"\0" * 16) == expected


def test_the_dictionary_is_walked_over_to_its_very_end() -> None:
    # Eights of bytes in a case: RESP 2, seven numbers, LAND 1, three dates and a number, OPM 32 + 6 (two records), JA1, JA2.
    content = pspp("sets_plain.sav")
    end, variables = _dictionary(content, "<")
    assert (len(content) - end, variables) == (4 * 8 * (2 + 7 + 1 + 4 + 38 + 2), 17)
