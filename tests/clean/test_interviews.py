"""Cleaning the coded interviews: every rule, the exports of three programs, and that rows and cells reconcile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_projects import ATLAS, MAXQDA, NVIVO, SPOKEN, guid, qdpx
from factory import SECRETS, Draft, delimited, draft, workbook
from midterm.clean.code_frame import Code, CodeFrame
from midterm.clean.interviews import clean_interviews
from midterm.clean.ledger import Cleaned
from midterm.description.codebook import InterviewForm
from midterm.errors import UserError
from midterm.read import read_interviews


def interviews(start: Draft, folder: Path) -> Cleaned:
    evaluation = start.load(folder)
    ((source, raw),) = read_interviews(evaluation)
    return clean_interviews(evaluation, source, raw)


def aside(result: Cleaned) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.column, problem.rule) for problem in result.quarantine]


def reconciles(result: Cleaned, rows_read: int) -> None:
    (count,) = result.reconciliation
    assert count["rows_read"] == rows_read == int(str(count["rows_kept"])) + int(str(count["rows_set_aside"]))
    assert count["cells_read"] == int(str(count["cells_kept"])) + int(str(count["cells_set_aside"]))
    assert count["rows_kept"] == sum(map(len, result.tables.values()))


def test_sound_interviews_are_kept_without_their_text(tmp_path: Path) -> None:
    result = interviews(draft(), tmp_path)
    assert not result.quarantine
    assert list(result.tables["interviews"]["rating"]) == [1.0, 1.0]
    assert SECRETS[2] not in "".join(table.to_csv() for table in (*result.tables.values(), *result.books().values()))
    reconciles(result, 2)


def test_a_segment_of_an_unknown_alliance_is_set_aside(tmp_path: Path) -> None:
    start = draft()
    start.segments[0]["alliantie"] = "Alliantie Oost"
    result = interviews(start, tmp_path)
    assert aside(result) == [(2, "", "unknown_alliance")]
    reconciles(result, 2)


@pytest.mark.parametrize(("column", "typed"), [("groep", "ministerie"), ("code", "Sfeer"), ("oordeel", "++"), ("groep", ""), ("code", "")])
def test_a_code_outside_the_code_frame_is_set_aside_alone_and_not_repeated(tmp_path: Path, column: str, typed: str) -> None:
    start = draft()
    start.segments[0][column] = typed
    result = interviews(start, tmp_path)
    assert aside(result) == [(2, column, "unknown_code")]
    assert not typed or f"{typed!r}" not in str(result.quarantine[0])
    reconciles(result, 2)


def test_a_segment_may_go_without_a_rating(tmp_path: Path) -> None:
    start = draft()
    start.segments[0]["oordeel"] = ""
    result = interviews(start, tmp_path)
    assert not result.quarantine
    assert int(result.tables["interviews"]["rating"].isna().sum()) == 1


@pytest.mark.parametrize(("typed", "means"), [("+/-", 0), ("-", -1), ("negatief", -1), ("mixed", 0), (" + ", 1), ("Positief", 1), ("+\u00a0", 1)])
def test_ratings_are_known_by_sign_and_word(typed: str, means: float) -> None:
    assert frame().codes(typed) == (Code(ratings=frozenset({means})),)


def rows(result: Cleaned) -> list[tuple[Any, ...]]:
    table = result.tables["interviews"].drop(columns=["segment", "coder"])
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in table.astype(object).itertuples(index=False, name=None)]


def counts(result: Cleaned) -> tuple[int, int, int]:
    (count,) = result.reconciliation
    return tuple(int(str(count[name])) for name in ("rows_read", "rows_kept", "rows_set_aside"))  # type: ignore[return-value]


def noticed(result: Cleaned) -> list[tuple[str, str]]:
    return [(notice.rule, notice.reason.split(" ")[-1]) for notice in result.notices]


def of_file(name: str, content: bytes, columns: tuple[str, str, str, str, str], **source: Any) -> Draft:
    """Return the tiny evaluation with one other file of interviews."""
    start = draft()
    names = dict(zip(("interview", "alliance", "group", "theme", "rating"), columns, strict=True))
    start.evaluation["sources"]["interviews"] = [{"file": f"data/raw/{name}", "columns": names, **source}]
    start.files[name] = content
    return start


def project(content: str, columns: tuple[str, str, str, str, str], **source: Any) -> Draft:
    return of_file("interviews.qdpx", qdpx(content), columns, reader="refi_qda", **source)


def by_document(*names: str) -> dict[str, dict[str, str]]:
    return {name: {"alliance": "noord", "group": "alliance"} for name in names}


BY_DOCUMENT = ("document", "document", "document", "path", "codes")


def test_a_project_of_maxqda_gives_each_coders_segments_with_the_rating_that_coder_gave(tmp_path: Path) -> None:
    start = project(MAXQDA, ("document", "Alliantie", "set", "path", "codes"))
    start.codebook["interviews"]["ignore"] = ["mooie CITATEN"]
    result = interviews(start, tmp_path)
    assert rows(result) == [("Interview 1", "noord", "alliance", "cooperation", 1.0), ("Interview 1", "noord", "alliance", "cooperation", -1.0)]
    assert not result.quarantine
    assert counts(result) == (2, 2, 0)
    assert noticed(result)[-2:] == [("ignored_code", "1"), ("rating_of_theme", "2")]


def test_a_code_of_a_project_that_is_in_no_list_sets_its_row_aside(tmp_path: Path) -> None:
    result = interviews(project(MAXQDA, ("document", "Alliantie", "set", "path", "codes")), tmp_path)
    assert [rule for _, _, rule in aside(result)] == ["unknown_code"]
    assert aside(result)[0][0] == 1 + next(number for number, line in enumerate(MAXQDA.splitlines()) if 'name="200,300"' in line) + 1
    assert counts(result) == (3, 2, 1)


def test_a_project_of_nvivo_takes_alliance_and_group_from_its_cases_and_the_rating_from_the_child_code(tmp_path: Path) -> None:
    result = interviews(project(NVIVO, ("case", "Alliantie", "Cases:Groep", "path", "path")), tmp_path)
    assert rows(result) == [("Anker", "noord", "alliance", "cooperation", 1.0), ("Kompas", "zuid", None, "cooperation", -1.0)]
    assert [rule for _, _, rule in aside(result)] == ["unknown_code", "unknown_alliance"]
    assert [column for _, column, _ in aside(result)] == ["Cases:Groep", ""]
    assert counts(result) == (3, 2, 1)


def test_a_project_of_atlas_ti_takes_alliance_and_group_from_its_document_groups(tmp_path: Path) -> None:
    result = interviews(project(ATLAS, ("document", "set", "set", "code", "codes")), tmp_path)
    assert rows(result) == [
        ("Noord 1.pdf", "noord", "alliance", "cooperation", None),
        ("Noord 1.pdf", "noord", "alliance", "cooperation", 1.0),
        ("Zuid 1.m4a", "zuid", "alliance", "cooperation", None),
    ]
    assert [rule for _, _, rule in aside(result)] == ["rating_without_theme"]
    assert counts(result) == (4, 3, 1)


def test_ratings_of_a_project_that_nobody_reads_with_their_theme_are_set_aside(tmp_path: Path) -> None:
    result = interviews(project(MAXQDA, ("document", "Alliantie", "set", "path", "path")), tmp_path)
    assert [rule for _, _, rule in aside(result)] == ["rating_without_theme", "rating_without_theme", "unknown_code"]
    assert [row[-1] for row in rows(result)] == [None, None]


def test_documents_say_whose_interview_a_document_is_where_the_project_does_not(tmp_path: Path) -> None:
    result = interviews(project(MAXQDA, BY_DOCUMENT, documents=by_document(" INTERVIEW  1")), tmp_path)
    assert {row[:3] for row in rows(result)} == {("Interview 1", "noord", "alliance")}


def test_a_document_that_is_not_listed_sets_its_rows_aside_with_the_nearest(tmp_path: Path) -> None:
    result = interviews(project(MAXQDA, BY_DOCUMENT, documents=by_document("Interview 2")), tmp_path)
    assert {(rule, column) for _, column, rule in aside(result)} == {("unknown_document", ""), ("unknown_code", "")}
    assert "Interview 2" in result.quarantine[0].reason
    assert counts(result) == (3, 0, 3)


def test_a_project_without_a_declared_column_says_which_is_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        interviews(project(MAXQDA, ("document", "Aliantie", "set", "path", "codes")), tmp_path)
    assert "'Alliantie'" in str(error.value)


def test_what_the_reader_offers_and_nobody_declared_is_no_notice_but_a_variable_is(tmp_path: Path) -> None:
    result = interviews(project(MAXQDA, BY_DOCUMENT, documents=by_document("Interview 1")), tmp_path)
    assert [notice.column for notice in result.notices if notice.rule == "undeclared_column"] == ["Alliantie", "Jaar"]


@pytest.mark.parametrize("content", [NVIVO, MAXQDA, ATLAS])
def test_no_words_of_a_respondent_and_no_code_of_a_project_stand_in_the_books(tmp_path: Path, content: str) -> None:
    result = interviews(project(content, BY_DOCUMENT, documents=by_document("Groepsgesprek", "Interview 1", "Noord 1.pdf")), tmp_path)
    text = "".join(table.to_csv() for table in (*result.tables.values(), *result.books().values()))
    assert SPOKEN not in text
    assert "citaten" not in text


MAXQDA_HEADINGS = ("Color", "Document group", "Document name", "Code", "Beginning", "End", "Weight score", "Segment", "Modified by", "Modified")


def coded_segment(**cells: object) -> dict[str, object]:
    """Return a row of MAXQDA's table of coded segments, with the headings that scripts for that table name."""
    return {**dict.fromkeys(MAXQDA_HEADINGS, ""), "Document group": "Alliantie Noord", "Document name": "Interview 1", "Segment": SPOKEN, **cells}


def test_maxqdas_table_of_coded_segments_has_codes_with_their_parents_and_ratings_as_weights(tmp_path: Path) -> None:
    given = [
        coded_segment(Code="Samenwerking", **{"Weight score": 1}),
        coded_segment(Code="Samenwerking > positief", **{"Weight score": 1}),
        coded_segment(Code="Samenwerking > Vertrouwen", **{"Weight score": 0}),
        coded_segment(Code="Mooie citaten", **{"Weight score": 0}),
    ]
    columns = ("Document name", "Document name", "Document name", "Code", "Weight score")
    start = of_file(
        "segments.xlsx", workbook(given, "Coded segments", 0), columns, reader="excel", sheet="Coded segments", documents=by_document("Interview 1")
    )
    start.codebook["interviews"]["ratings"][0]["codes"].append("1")
    start.codebook["interviews"]["ratings"][1]["codes"].append("0")
    start.codebook["interviews"]["ignore"] = ["Mooie citaten"]
    result = interviews(start, tmp_path)
    assert [row[3:] for row in rows(result)] == [("cooperation", 1.0), ("cooperation", 1.0), ("cooperation", 0.0)]
    assert not result.quarantine
    assert counts(result) == (3, 3, 0)


def quotation(document: str, codes: str) -> dict[str, object]:
    """Return a row of ATLAS.ti's table of quotations: the codes stand in one cell, each on a line (scripts split them at the line break)."""
    return {"ID": "1:1", "Document": document, "Quotation Name": SPOKEN, "Codes": codes, "Comment": ""}


def test_a_cell_with_several_codes_gives_a_segment_for_each_theme(tmp_path: Path) -> None:
    expected: list[tuple[str, list[tuple[str | None, float | None]], list[str]]] = [
        ("Samenwerking\npositief", [("cooperation", 1.0)], []),
        ("Samenwerking: positief\nDoelmatigheid: negatief", [("cooperation", 1.0), ("efficiency", -1.0)], []),
        ("Samenwerking; Doelmatigheid; positief", [("cooperation", 1.0), ("efficiency", 1.0)], []),
        ("Samenwerking\nSfeer", [("cooperation", None)], ["unknown_code"]),
        ("Samenwerking\nMooie citaten", [("cooperation", None)], []),
        ("Samenwerking\npositief\nnegatief", [("cooperation", None)], ["contradictory_rating"]),
        ("positief", [(None, 1.0)], ["unknown_code"]),
        ("Mooie citaten", [], []),
    ]
    names = [f"Noord {number}" for number in range(2, 2 + len(expected))]  # as the rows that they stand in
    content = workbook([quotation(name, codes) for name, (codes, _, _) in zip(names, expected, strict=True)], "Quotations", 0)
    columns = ("Document", "Document", "Document", "Codes", "Codes")
    start = of_file("quotations.xlsx", content, columns, reader="excel", sheet="Quotations", documents=by_document(*names))
    start.codebook["interviews"]["themes"].append({"id": "efficiency", "label": {"nl": "Doelmatigheid", "en": "Efficiency"}})
    start.codebook["interviews"]["ignore"] = ["Mooie citaten"]
    result = interviews(start, tmp_path)
    found = [[row[3:] for row in rows(result) if row[0] == name] for name in names]
    assert found == [segments for _, segments, _ in expected]
    assert aside(result) == [(row, "Codes", rule) for row, (_, _, rules) in enumerate(expected, 2) for rule in rules]
    assert counts(result) == (7, 7, 0)
    assert noticed(result)[-2:] == [("ignored_code", "1"), ("several_themes", "2")]


def test_a_rating_cell_that_contradicts_itself_or_says_something_else_is_set_aside(tmp_path: Path) -> None:
    expected: dict[str, tuple[float | None, str]] = {
        "positief; positief": (1.0, ""),
        "+;-": (None, "contradictory_rating"),
        "positief\nnegatief": (None, "contradictory_rating"),
        "positief; boos": (None, "unknown_code"),
        "Samenwerking": (None, "unknown_code"),
    }
    start = draft()
    start.segments = [{**start.segments[0], "interview": str(number), "oordeel": typed} for number, typed in enumerate(expected)]
    result = interviews(start, tmp_path)
    assert [row[-1] for row in rows(result)] == [value for value, _ in expected.values()]
    assert [rule for _, _, rule in aside(result)] == [rule for _, rule in expected.values() if rule]
    assert {column for _, column, _ in aside(result)} == {"oordeel"}
    reconciles(result, 5)


def test_two_files_of_two_coders_are_both_kept(tmp_path: Path) -> None:
    start = draft()
    (source,) = start.evaluation["sources"]["interviews"]
    start.evaluation["sources"]["interviews"] = [source, {**source, "file": "data/raw/second.csv"}]
    start.files["second.csv"] = delimited(start.segments, ";")
    evaluation = start.load(tmp_path)
    assert [len(clean_interviews(evaluation, *pair).tables["interviews"]) for pair in read_interviews(evaluation)] == [2, 2]


# Who coded which segment


def doubled(result: Cleaned) -> list[tuple[Any, Any]]:
    table = result.tables["interviews"]
    return [tuple(None if pd.isna(cell) else cell for cell in pair) for pair in zip(table["segment"], table["coder"], strict=True)]


def test_without_declared_columns_nobody_is_said_to_have_coded_what(tmp_path: Path) -> None:
    assert doubled(interviews(draft(), tmp_path)) == [(None, None)] * 2


def with_coders(*pairs: tuple[str, str]) -> Draft:
    start = draft()
    (source,) = start.evaluation["sources"]["interviews"]
    source["columns"] |= {"segment": "stuk", "coder": "codeur"}
    start.segments = [{**start.segments[0], "stuk": segment, "codeur": coder} for segment, coder in pairs]
    return start


def test_a_table_may_say_who_coded_which_segment_and_neither_stands_in_the_open(tmp_path: Path) -> None:
    result = interviews(with_coders(("12", "Petra"), ("12", "Quinten"), (" 12 ", "petra "), ("13", ""), ("", "Quinten")), tmp_path)
    (one, first), (two, second), (three, third), (four, nobody), (nowhere, last) = doubled(result)
    assert one == two == three != four
    assert first == third != second == last
    assert (nobody, nowhere) == (None, None)
    reconciles(result, 5)
    text = "".join(table.to_csv() for table in (*result.tables.values(), *result.books().values()))
    assert "petra" not in text.casefold()
    assert not any(notice.rule == "undeclared_column" and notice.column in ("stuk", "codeur") for notice in result.notices)


def test_a_column_with_the_words_of_a_segment_tells_segments_apart_without_them(tmp_path: Path) -> None:
    result = interviews(with_coders((SPOKEN, "a"), (SPOKEN, "b"), (f"{SPOKEN}!", "a")), tmp_path)
    (one, _), (two, _), (three, _) = doubled(result)
    assert one == two != three
    assert SPOKEN not in "".join(table.to_csv() for table in (*result.tables.values(), *result.books().values()))


@pytest.mark.parametrize("column", ["segment", "coder"])
def test_a_declared_column_of_segment_or_coder_must_be_there(tmp_path: Path, column: str) -> None:
    start = draft()
    start.evaluation["sources"]["interviews"][0]["columns"][column] = "stuk"
    with pytest.raises(UserError) as error:
        interviews(start, tmp_path)
    assert "stuk" in str(error.value)


def test_a_coder_has_one_pseudonym_in_every_file(tmp_path: Path) -> None:
    start = with_coders(("12", "Petra"))
    (source,) = start.evaluation["sources"]["interviews"]
    start.evaluation["sources"]["interviews"] = [source, {**source, "file": "data/raw/second.csv"}]
    start.files["second.csv"] = delimited(with_coders(("12", "PETRA"), ("12", "Q")).segments, ";")
    evaluation = start.load(tmp_path)
    first, second = (clean_interviews(evaluation, *pair) for pair in read_interviews(evaluation))
    assert doubled(first)[0] == doubled(second)[0]
    assert doubled(second)[0][0] == doubled(second)[1][0]
    assert doubled(second)[0][1] != doubled(second)[1][1]


def coded_by(content: str, folder: Path, *names: str) -> Cleaned:
    start = project(content, BY_DOCUMENT, documents=by_document(*names))
    start.evaluation["sources"]["interviews"][0]["columns"] |= {"segment": "segment", "coder": "coder"}
    start.codebook["interviews"]["ignore"] = ["mooie citaten"]
    return interviews(start, folder)


def test_a_project_says_who_coded_which_place_of_which_document(tmp_path: Path) -> None:
    (one, first), (two, second) = doubled(coded_by(MAXQDA, tmp_path / "a", "Interview 1"))
    assert one == two
    assert one is not None
    assert first != second
    marks = [segment for segment, _ in doubled(coded_by(ATLAS, tmp_path / "b", "Noord 1.pdf", "Zuid 1.m4a"))]
    assert None not in marks
    assert len(set(marks)) == len(marks) == 3


def test_two_copies_of_a_project_with_other_ids_mark_a_place_alike(tmp_path: Path) -> None:
    copy = re.sub(r'guid="([0-9a-f-]{4})', r'guid="ffff', re.sub(r'GUID="([0-9a-f-]{4})', r'GUID="ffff', MAXQDA))
    copy = copy.replace('creatingUser="' + guid("user")[:4], 'creatingUser="ffff').replace('creatingUser="' + guid("second")[:4], 'creatingUser="ffff')
    assert copy != MAXQDA
    assert doubled(coded_by(copy, tmp_path / "a", "Interview 1")) == doubled(coded_by(MAXQDA, tmp_path / "b", "Interview 1"))


def frame(**more: Any) -> CodeFrame:
    return CodeFrame.of(InterviewForm.model_validate({**draft().codebook["interviews"], **more}))


@pytest.mark.parametrize(
    ("text", "theme", "ratings"),
    [
        ("Samenwerking", "cooperation", set()),
        ("samenwerking > Vertrouwen > positief", "cooperation", {1}),
        ("Nodes\\\\Samenwerking\\\\negatief", "cooperation", {-1}),
        ("Cooperation: mixed", "cooperation", {0}),
        ("Samenwerking/+/-", "cooperation", {0}),
        ("Samenwerking/-", "cooperation", {-1}),
        ("Oordeel > +/-", "", {0}),
        ("+/-", "", {0}),
        ("positief > Samenwerking", "cooperation", {1}),
    ],
)
def test_a_code_is_read_with_its_parents(text: str, theme: str, ratings: set[float]) -> None:
    assert frame().code(text) == Code(theme, frozenset(ratings))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Oud > Samenwerking", Code("cooperation")), ("Samenwerking > Oud", Code(is_ignored=True)), ("Oud > positief", Code(is_ignored=True))],
)
def test_the_deepest_step_that_is_known_decides(text: str, expected: Code) -> None:
    assert frame(ignore=["Oud"]).code(text) == expected


def test_a_name_with_a_separator_in_it_is_that_name() -> None:
    themes = [{"id": "roles", "label": {"nl": "Rol: trekker > lid; allen", "en": "Roles"}}]
    assert frame(themes=themes).codes("Rol: trekker > lid; allen") == (Code("roles"),)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["Samenwerking", "Doelmatigheid", "positief", "negatief", "Sfeer", "Oud"]), min_size=1, unique=True), st.randoms())
def test_the_order_of_codes_in_a_cell_does_not_matter(names: list[str], random: Any) -> None:
    shuffled = random.sample(names, len(names))
    known = frame(ignore=["Oud"])
    assert sorted(map(repr, known.codes("\n".join(names)))) == sorted(map(repr, known.codes(";".join(shuffled))))
