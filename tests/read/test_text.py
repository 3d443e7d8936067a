"""Reading delimited text: what arrives from survey tools and Excel, in every disguise seen in life."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory import workbook
from midterm.errors import AwaitedError, Problem, UserError
from midterm.read.raw import Declared, RawTable
from midterm.read.text import read_text


def read(folder: Path, content: bytes, columns: str = "a b c") -> RawTable:
    (folder / "file.csv").write_bytes(content)
    return read_text(folder, "file.csv", Declared(dict.fromkeys(columns.split(), ())))


def refused(folder: Path, content: bytes) -> tuple[Problem, ...]:
    with pytest.raises(UserError) as error:
        read(folder, content)
    return error.value.problems


def cells(table: RawTable) -> list[list[str]]:
    return [list(map(str, row)) for row in table.text.itertuples(index=False)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_whichever_it_is(tmp_path: Path, separator: str) -> None:
    table = read(tmp_path, separator.join(["id", "naam"]).encode() + b"\n" + separator.join(["1", "Jan"]).encode(), "id naam")
    assert list(table.text.columns) == ["id", "naam"]
    assert cells(table) == [["1", "Jan"]]


def test_a_separator_inside_a_quoted_heading_does_not_count(tmp_path: Path) -> None:
    table = read(tmp_path, b'"a, b, c, d";"e"\n"1";"2"\n', "e")
    assert (cells(table), table.undeclared) == ([["2"]], ("a, b, c, d",))


def test_a_title_above_the_headings_does_not_decide_the_separator(tmp_path: Path) -> None:
    table = read(tmp_path, b"Export, 3 april, versie 2;;\na;b;c\n1;2;3\n")
    assert (cells(table), list(table.text.index)) == ([["1", "2", "3"]], [3])


def test_the_row_of_headings_is_found_below_other_rows(tmp_path: Path) -> None:
    table = read(tmp_path, b"Titel,,\n\nuitleg,1,2\na,b,c\n1,2,3\n")
    assert (cells(table), list(table.text.index)) == ([["1", "2", "3"]], [5])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_accents_survive_every_encoding(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, "naam;rol\nCoöperatie é;penvoerder\n".encode(encoding), "naam rol")
    assert list(table.text.columns) == ["naam", "rol"]
    assert cells(table) == [["Coöperatie é", "penvoerder"]]


def test_utf16_is_read_in_both_byte_orders(tmp_path: Path) -> None:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert cells(read(tmp_path, mark + "a;b\né;2\n".encode(encoding))) == [["é", "2"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_physical_lines_whatever_ends_them(tmp_path: Path, end: str) -> None:
    table = read(tmp_path, end.join(["a,b", "1,2", "", "3,4", ""]).encode())
    assert list(table.text.index) == [2, 4]


def test_a_quoted_cell_over_three_lines_shifts_the_rows_after_it(tmp_path: Path) -> None:
    # Line 1 heading, 2-4 the first row with its cell of three lines, 5 the second row.
    table = read(tmp_path, b'a,b\n1,"een\ntwee\ndrie"\n2,x\n')
    assert list(table.text.index) == [2, 5]
    assert cells(table)[0] == ["1", "een\ntwee\ndrie"]


def test_quoted_quotes_and_separators_stay_in_their_cell(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b'a,b\n"zij zei ""ja"", toch",2\n')) == [['zij zei "ja", toch', "2"]]


def test_ragged_rows_are_set_aside_with_their_line_and_the_others_kept(tmp_path: Path) -> None:
    table = read(tmp_path, b"a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert list(table.text.index) == [2, 5]
    assert [(problem.row, problem.rule) for problem in table.problems] == [(3, "ragged_row"), (4, "ragged_row")]


def test_rows_without_any_cell_filled_are_no_rows(tmp_path: Path) -> None:
    table = read(tmp_path, b"\na,b\n,\n1,2\n   ,  \n")
    assert list(table.text.index) == [4]
    assert not table.problems


def test_every_cell_stays_text_as_it_stands(tmp_path: Path) -> None:
    row = ["007", "1e5", "NA", "TRUE", "1.50", " x "]
    table = read(tmp_path, b"a,b,c,d,e,f\n" + ",".join(row).encode(), "a b c d e f")
    assert cells(table) == [row]


def test_undeclared_headings_are_named_stripped_and_an_unnamed_one_by_its_position(tmp_path: Path) -> None:
    table = read(tmp_path, b" x ,,c\n1,2,3\n")
    assert (list(table.text.columns), table.undeclared) == (["c"], ("x", "(column 2)"))


def test_declared_headings_that_stand_twice_are_refused_by_position(tmp_path: Path) -> None:
    problems = refused(tmp_path, b"a,secret,a,secret,c,c\n1,2,3,4,5,6\n")
    assert [(problem.row, problem.column, problem.rule) for problem in problems] == [(1, "a", "duplicate_heading"), (1, "c", "duplicate_heading")]
    assert "columns 1, 3 " in problems[0].reason
    assert "secret" not in str(problems)


def test_undeclared_headings_may_stand_twice(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"a,x,x\n1,2,3\n")) == [["1"]]


@pytest.mark.parametrize("content", [b"", b"  \n\n ", b"\xef\xbb\xbf", b"\xff\xfe", b",,,\n,,,\n"], ids=["nothing", "blanks", "mark", "mark16", "separators"])
def test_a_file_with_nothing_in_it_is_said_to_be_empty(tmp_path: Path, content: bytes) -> None:
    (problem,) = refused(tmp_path, content)
    assert problem.rule == "empty_file"
    assert "empty" in problem.reason


def test_a_workbook_named_csv_is_said_to_be_a_workbook(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, workbook([{"a": 1}]))
    assert (problem.file, problem.rule) == ("file.csv", "not_text")
    assert "Excel" in problem.reason


@pytest.mark.parametrize("content", [b"\xd0\xcf\x11\xe0old", b"%PDF-1.7", b"$FL2@(#)", b"a,b\n\x00\x01\x02"], ids=["xls", "pdf", "sav", "binary"])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    assert [problem.rule for problem in refused(tmp_path, content)] == ["not_text"]


def test_a_quote_that_never_closes_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, b'a,b\n1,2\n3,"open\n4,5\n')
    assert (problem.rule, problem.row) == ("broken_csv", 3)


def test_a_file_that_is_not_there_is_awaited(tmp_path: Path) -> None:
    with pytest.raises(AwaitedError, match="not there yet"):
        read_text(tmp_path, "later.csv", Declared({}))


def test_a_folder_in_place_of_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file.csv").mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        read_text(tmp_path, "file.csv", Declared({}))


def test_the_synthetic_mark_is_seen_in_a_cell_and_in_a_heading(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\n1,Synthetisch / synthetic\n").is_synthetic
    assert read(tmp_path, b"a,Synthetisch / synthetic\n1,2\n").is_synthetic
    assert not read(tmp_path, b"a,b\n1,synthetisch\n").is_synthetic


def test_the_synthetic_mark_is_seen_in_utf16(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,Synthetisch / synthetic\n".encode("utf-16")).is_synthetic


def test_only_declared_columns_leave_under_their_declared_names(tmp_path: Path) -> None:
    table = read(tmp_path, b"A,b,other\n1,2,3\n", "a b z")
    assert (list(table.text.columns), dict(table.headings), table.undeclared) == (["a", "b"], {"a": "A", "b": "b"}, ("other",))
    assert [problem.rule for problem in [table.missing_column("z")]] == ["missing_column"]


@pytest.mark.parametrize("rest", [b"\x81", b"4\n5,6\n" * 5000 + b"7,\x81"], ids=["at once", "far down"])
def test_bytes_that_are_letters_in_no_encoding_are_refused_with_their_place(tmp_path: Path, rest: bytes) -> None:
    (problem,) = refused(tmp_path, b"a,b\n1,2\n3," + rest + b"\n")
    assert problem.rule == "encoding"


def test_a_file_that_stops_within_a_letter_of_utf16_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, "a,b\n1,2\n".encode("utf-16") + b"3")
    assert problem.rule == "encoding"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("id;naam\n1;café\n".encode("cp1252") + "2;Coöperatie\n".encode(), 3),
        ("id;naam\n1;café\n".encode("cp1252") + "2;‘t Huis\n".encode(), 3),
        ("id;naam\n1;Jan\n2;" + "Coöperatie é".encode().decode("latin-1") + "\n", 3),
        ("id;naam\n1;" + "‘t Huis".encode().decode("cp1252", errors="replace") + "\n", 2),
        ("id;naam\n1;" + "École".encode().decode("cp1252") + "\n", 2),
    ],
    ids=["UTF-8 in Windows-1252", "a quote in UTF-8 in Windows-1252", "UTF-8 twice", "a quote in UTF-8 twice", "a capital in UTF-8 twice"],
)
def test_two_encodings_in_one_file_are_remarked_where_the_second_begins(tmp_path: Path, content: bytes | str, row: int) -> None:
    table = read(tmp_path, content.encode() if isinstance(content, str) else content, "id naam")
    assert [(remark.row, remark.rule) for remark in table.remarks] == [(row, "mixed_encoding")]
    assert "save it anew as UTF-8" in table.remarks[0].reason
    assert table.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_accents_quotes_and_signs_in_one_encoding_need_no_remark(tmp_path: Path, encoding: str) -> None:
    text = "id;naam\n1;Coöperatie ‘de Brug’ – België € 5… één Übung café\n"
    assert read(tmp_path, text.encode(encoding), "id naam").remarks == ()


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
def test_utf32_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    (problem,) = refused(tmp_path, "id;naam\n1;Jan\n".encode(encoding))
    assert problem.rule == "encoding"
    assert "UTF-32" in problem.reason


@pytest.mark.parametrize("cell", ['="007"', '"=""007"""'])
def test_of_a_cell_that_excel_is_to_keep_as_text_only_the_text_is_read(tmp_path: Path, cell: str) -> None:
    assert cells(read(tmp_path, f"id;naam\n{cell};Jan\n".encode(), "id naam")) == [["007", "Jan"]]


def test_an_apostrophe_before_a_number_is_a_sign_like_any_other(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"id;naam\n'008;'t Huis\n", "id naam")) == [["'008", "'t Huis"]]


@pytest.mark.parametrize("again", [b"id;naam;rest", b"\xef\xbb\xbfid;naam;rest", b'\xef\xbb\xbf"id";"naam";"rest"'])
def test_headings_halfway_are_named_as_such_and_set_aside(tmp_path: Path, again: bytes) -> None:
    table = read(tmp_path, b"id;naam;rest\n1;Jan;x\n" + again + b"\n2;Piet;y\n", "id naam")
    assert (cells(table), list(table.text.index)) == ([["1", "Jan"], ["2", "Piet"]], [2, 4])
    assert [(problem.row, problem.column, problem.rule) for problem in table.problems] == [(3, "", "repeated_heading")]
    assert table.rows_read == 3


def test_a_row_that_only_looks_like_the_headings_is_a_row(tmp_path: Path) -> None:
    table = read(tmp_path, b"id;naam;rest\nid;naam;x\n", "id naam")
    assert (cells(table), table.problems) == ([["id", "naam"]], ())
