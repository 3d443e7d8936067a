"""Reading LimeSurvey exports in the variants that its export screen offers, written as its own csv writer writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from midterm.read.raw import Declared, RawTable
from midterm.read.readers import READERS
from midterm.read.text import read_text

# What LimeSurvey exports of one array, one multiple choice with "other" and a comment, one number and one text: code, question, part.
INTRO = "<p>In hoeverre bent u het&nbsp;eens?</p>"
FIELDS = (
    ("id", "Antwoord-ID", ""),
    ("submitdate", "Datum ingezonden", ""),
    ("lastpage", "Laatste pagina", ""),
    ("startlanguage", "Begintaal", ""),
    ("seed", "Startwaarde", ""),
    ("token", "Toegangscode", ""),
    ("startdate", "Startdatum", ""),
    ("datestamp", "Datum laatste actie", ""),
    ("ipaddr", "IP-adres", ""),
    ("refurl", "Verwijzende URL", ""),
    ("DOEL[SQ001]", INTRO, "De partners delen een doel."),
    ("DOEL[SQ002]", INTRO, "Iedereen kent zijn rol; ook ik, dus."),
    ("KNEL[SQ001]", "Wat knelt?", "Tijd"),
    ("KNEL[SQ002]", "Wat knelt?", "Geld"),
    ("KNEL[other]", "Wat knelt?", "Anders"),
    ("UREN", "Hoeveel uren?", ""),
    ("OPM", 'Wat wilt u nog <strong>"kwijt"</strong>?', ""),
    ("interviewtime", "Totale tijd", ""),
    ("groupTime12", "Groepstijd: Samenwerking", ""),
    ("DOELTime", "Vraagtijd: DOEL", ""),
)
SENT, PARTIAL, ANONYMOUS = ("2025-04-01 12:00:00", "", "1980-01-01 00:00:00")
PERSONAL = ("aBc123XyZ", "192.0.2.7", "https://example.org/?naam=jan")
ITEMS = {
    "DOEL[SQ001]": ("De partners delen een doel.",),
    "DOEL[SQ002]": ("Iedereen kent zijn rol; ook ik, dus.",),
    "KNEL[SQ001]": (),
    "KNEL[SQ002]": (),
    "KNEL[other]": (),
    "UREN": ("Hoeveel uren?",),
    "OPM": ('Wat wilt u nog "kwijt"?',),
}
KEYS = ("id", "submitdate", "lastpage")


def row(number: int, submitted: str, answers: list[str]) -> list[str]:
    seen = [str(number), submitted, "5" if submitted else "2", "nl", "12345", PERSONAL[0], "2025-04-01 11:50:00", "2025-04-01 12:00:00", *PERSONAL[1:]]
    return [*seen, *answers, "600.5", "310.2", "12"]


def heading(form: str, code: str, question: str, part: str) -> str:
    """Return a heading in one of the forms of the export screen (names of code, text, both; shortened; for expressions; underscores)."""
    full = f"{question} [{part}]" if part else question
    forms = {
        "code": code,
        "code for expressions": code.translate(str.maketrans({"[": "_", "]": ""})),
        "full": full,
        "full with underscores": full.replace(" ", "_"),
        "code and full": f"{code}. {full}",
        "code and short": f"{code}. {question[:15]}.. " + (f" [{part[:15]}.. ]" if part else ""),
    }
    return forms[form]


def written(form: str, rows: list[list[str]], separator: str = ",") -> bytes:
    """Return what LimeSurvey's CsvWriter writes: a mark, everything in quotes, a blank line at the end."""
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in cells) for cells in ([heading(form, *field) for field in FIELDS], *rows)]
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in [*quoted, ""]).encode()


def read(folder: Path, content: bytes, declared: Declared) -> RawTable:
    (folder / "results-survey1.csv").write_bytes(content)
    return read_text(folder, "results-survey1.csv", declared)


def items(table: RawTable) -> list[list[str]]:
    return [list(map(str, cells)) for cells in table.text[list(ITEMS)].itertuples(index=False)]


CODES = ["A4", "A9", "Y", "", 'Reizen; en "meer"', "3.5", "Goed,\nmaar traag"]
WORDS = ["Eens", "Weet ik niet", "Ja", "Nee", 'Reizen; en "meer"', "3.5", "Goed,\nmaar traag"]
NOT_SEEN = ["", "", "N/A", "N/A", "", "", ""]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("form", ["code", "code for expressions", "code and full", "code and short"])
def test_answers_are_read_under_headings_with_a_code(tmp_path: Path, form: str, separator: str) -> None:
    table = read(tmp_path, written(form, [row(1, SENT, CODES), row(2, PARTIAL, [""] * 7)], separator), Declared({**dict.fromkeys(KEYS, ()), **ITEMS}))
    assert items(table) == [CODES, [""] * 7]
    # The text of the first row has a line break, so that the second stands on line 4.
    assert (list(table.text.index), table.problems) == ([2, 4], ())
    assert list(table.text["submitdate"]) == [SENT, PARTIAL]


@pytest.mark.parametrize("form", ["full", "full with underscores"])
def test_statements_and_questions_are_read_under_headings_in_full(tmp_path: Path, form: str) -> None:
    boxes = {"KNEL[SQ001]": ("Tijd",), "KNEL[SQ002]": ("Geld",), "KNEL[other]": ("Anders",)}
    table = read(tmp_path, written(form, [row(1, SENT, WORDS), row(2, PARTIAL, NOT_SEEN)]), Declared({**ITEMS, **boxes}))
    assert items(table) == [WORDS, NOT_SEEN]


def test_timings_are_never_taken_for_answers(tmp_path: Path) -> None:
    table = read(tmp_path, written("code", [row(1, SENT, CODES)]), Declared({"DOEL": (), "interviewtime": (), "UREN": ()}))
    assert list(table.text.columns) == ["interviewtime", "UREN"]
    assert {"groupTime12", "DOELTime"} <= set(table.undeclared)


def test_dates_stay_as_they_are_whether_sent_partial_or_made_anonymous(tmp_path: Path) -> None:
    rows = [row(number, date, [""] * 7) for number, date in enumerate((SENT, PARTIAL, ANONYMOUS), 1)]
    assert list(read(tmp_path, written("code", rows), Declared({"submitdate": ()})).text["submitdate"]) == [SENT, PARTIAL, ANONYMOUS]


def test_an_export_without_a_response_has_no_rows(tmp_path: Path) -> None:
    # LimeSurvey then writes one row without anything in it.
    assert read(tmp_path, written("code", [[""] * len(FIELDS)]), Declared({"UREN": ()})).text.empty


def test_an_export_saved_again_by_a_dutch_excel_is_read_alike(tmp_path: Path) -> None:
    lines = [";".join(heading("code", *field) for field in FIELDS), ";".join(row(1, "1-4-2025 12:00", ["A4", "A9", "Y", "", "Reizen, enz.", "3,5", "Één"]))]
    table = read(tmp_path, "\r\n".join(lines).encode("cp1252"), Declared(ITEMS))
    assert items(table) == [["A4", "A9", "Y", "", "Reizen, enz.", "3,5", "Één"]]


@pytest.mark.parametrize("form", ["code", "code for expressions", "full", "code and full"])
def test_no_token_address_or_page_leaves_where_it_is_not_declared(tmp_path: Path, form: str) -> None:
    table = read(tmp_path, written(form, [row(1, SENT, CODES), row(2, PARTIAL, [""] * 6)]), Declared(ITEMS))
    shown = repr([getattr(table, name) for name in table.__dataclass_fields__]) + table.text.to_csv()
    assert [secret for secret in PERSONAL if secret in shown] == []
    assert [problem.rule for problem in table.problems] == ["ragged_row"]


def test_the_tools_own_columns_are_known_by_their_headings_in_full(tmp_path: Path) -> None:
    # As the fieldmap of LimeSurvey's source names them; code and text together are written with a point between.
    headings = {"id": "Response ID", "submitdate": "Date submitted", "lastpage": "Last page", "startdate": "Date started", "interviewtime": "Total time"}
    for names in (headings.values(), [f"{code}. {name}" for code, name in headings.items()], headings):
        (tmp_path / "file.csv").write_text(",".join(f'"{name}"' for name in names) + '\n"7","2025-04-01","5","2025-04-01","61.5"\n', encoding="utf-8")
        table = READERS["limesurvey"](tmp_path, "file.csv", Declared(dict.fromkeys(headings, ())))
        assert [str(table.text.loc[2, code]) for code in headings] == ["7", "2025-04-01", "5", "2025-04-01", "61.5"]
        assert table.undeclared == ()


def test_other_readers_do_not_take_the_tools_headings_for_its_columns(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_bytes(b"Response ID,q\n7,1\n")
    assert list(READERS["csv"](tmp_path, "file.csv", Declared({"id": (), "q": ()})).text) == ["q"]
