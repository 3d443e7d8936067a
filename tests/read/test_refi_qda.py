"""Reading coding projects: every segment and code with its place and its people, never the words that were spoken."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pyrefiqda.models import Project
from xsdata_pydantic.bindings import XmlParser

from coding_projects import ATLAS, MAXQDA, NVIVO, PERSON, SPOKEN, filled, guid, qdpx
from midterm.errors import UserError
from midterm.read import SYNTHETIC_MARK, RawTable
from midterm.read.raw import Declared
from midterm.read.refi_qda import OFFERED, read_refi_qda

SECONDS = 5


def read(folder: Path, content: str | bytes, *columns: str, file: str = "interviews.qdpx") -> RawTable:
    (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_refi_qda(folder, file, Declared(dict.fromkeys(columns or OFFERED, ())))


def column(raw: RawTable, name: str) -> list[str]:
    return list(raw.text[name].astype(str))


def refusal(folder: Path, content: str | bytes) -> tuple[str, str]:
    started = time.monotonic()
    with pytest.raises(UserError) as error:
        read(folder, content)
    assert time.monotonic() - started < SECONDS
    (problem,) = error.value.problems
    return problem.rule, problem.reason


def project(sources: str, rest: str = "") -> str:
    codes = '<Codes><Code guid="[samenwerking]" name="Samenwerking"/><Code guid="[positief]" name="+"/></Codes>'
    return filled(f'<Project xmlns="urn:QDA-XML:project:1.0"><CodeBook>{codes}</CodeBook>{rest}<Sources>{sources}</Sources></Project>')


def selection(code: str, start: int, end: int, name: str = "s", user: str = "") -> str:
    place = f'guid="[{name}{code}{start}]" startPosition="{start}" endPosition="{end}"'
    return f'<PlainTextSelection {place}><Coding {user} guid="[c]"><CodeRef targetGUID="[{code}]"/></Coding></PlainTextSelection>'


def text(name: str, *selections: str) -> str:
    return f'<TextSource guid="[{name}]" name="{name}">{"".join(selections)}</TextSource>'


@pytest.mark.parametrize("given", [NVIVO, MAXQDA, ATLAS])
def test_the_projects_here_keep_to_the_standard(given: str) -> None:
    """pyrefiqda's models are generated from the standard's own schema and refuse what it does not know."""
    assert XmlParser().from_string(given, Project).sources is not None


@pytest.mark.parametrize("given", [NVIVO, MAXQDA, ATLAS])
def test_no_words_of_a_respondent_no_path_and_no_name_of_a_coder_leave_the_reader(tmp_path: Path, given: str) -> None:
    raw = read(tmp_path, qdpx(given))
    everything = raw.text.to_csv() + repr(raw)
    assert not [secret for secret in (SPOKEN, PERSON, "petra", "Users") if secret in everything]


def test_maxqda_gives_a_selection_for_each_coding_and_variables_by_cases_without_a_name(tmp_path: Path) -> None:
    raw = read(tmp_path, qdpx(MAXQDA), *OFFERED, "Alliantie", "Jaar")
    assert raw.sheet == "project.qde"
    assert column(raw, "document") == ["Interview 1"] * 5
    assert column(raw, "code") == ["Samenwerking", "positief", "Samenwerking", "negatief", "Mooie citaten"]
    assert column(raw, "path")[1] == "Oordeel > positief"
    assert column(raw, "Alliantie") == ["Alliantie Noord"] * 5
    assert column(raw, "Jaar") == ["2025"] * 5
    assert column(raw, "case") == [""] * 5
    assert column(raw, "set") == ["Alliantie"] * 5


def test_the_codes_of_a_segment_are_those_of_one_coder_even_where_each_has_its_own_selection(tmp_path: Path) -> None:
    raw = read(tmp_path, qdpx(MAXQDA))
    assert column(raw, "codes")[:4] == ["Samenwerking\nOordeel > positief"] * 2 + ["Samenwerking\nOordeel > negatief"] * 2
    assert column(raw, "codes")[4] == "Mooie citaten"
    assert len(set(column(raw, "coder"))) == 2


def test_the_row_is_the_line_of_the_coding(tmp_path: Path) -> None:
    raw = read(tmp_path, qdpx(MAXQDA))
    lines = MAXQDA.splitlines()
    assert ["CodeRef" in lines[row - 1] for row in raw.text.index] == [True] * 5


def test_where_codings_share_a_line_the_row_is_their_number(tmp_path: Path) -> None:
    raw = read(tmp_path, qdpx(MAXQDA.replace("\n", "")))
    assert list(raw.text.index) == [1, 2, 3, 4, 5]
    assert [remark.rule for remark in raw.remarks] == ["rows_by_coding"]


def test_a_coding_at_a_case_of_nvivo_says_whose_words_a_stretch_holds_and_is_no_row(tmp_path: Path) -> None:
    raw = read(tmp_path, qdpx(NVIVO), "path", "case", "Alliantie", "Cases:Groep")
    assert column(raw, "path") == ["Samenwerking > positief", "Samenwerking > negatief", "Samenwerking"]
    assert column(raw, "case") == ["Anker", "Kompas", ""]  # the last stretch lies across both
    assert column(raw, "Alliantie") == ["Alliantie Noord", "Alliantie Zuid", ""]
    assert column(raw, "Cases:Groep") == ["alliantie", "", ""]
    assert [(remark.rule, remark.reason[-3:]) for remark in raw.remarks] == [("coded_at_case", ": 2")]


def test_atlas_ti_gives_several_codings_to_a_selection_in_texts_pdfs_and_recordings(tmp_path: Path) -> None:
    raw = read(tmp_path, qdpx(ATLAS, "Interviews.qde"))
    assert raw.sheet == "Interviews.qde"
    assert column(raw, "document") == ["Noord 1.pdf"] * 3 + ["Zuid 1.m4a"] * 2
    assert column(raw, "code") == ["Samenwerking", "Samenwerking", "positief", "Samenwerking", "positief"]
    assert column(raw, "codes") == ["Samenwerking", *["Samenwerking\npositief"] * 2, "Samenwerking", "positief"]
    assert column(raw, "set") == ["Alliantie Noord\nalliantie"] * 3 + ["Alliantie Zuid\nalliantie"] * 2


def test_a_project_reads_the_same_from_a_bare_qde_with_braces_other_case_or_new_guids(tmp_path: Path) -> None:
    expected = read(tmp_path, qdpx(MAXQDA)).text
    braced = MAXQDA.replace(guid("samenwerking"), f"{{{guid('samenwerking').upper()}}}", 1)
    renewed = MAXQDA.replace(guid("positief"), guid("exported again"))
    assert [read(tmp_path, given, file="i.qde").text.equals(expected) for given in (MAXQDA, braced, renewed)] == [True] * 3
    assert read(tmp_path, MAXQDA, file="i.qde").sheet == ""


def test_a_project_in_utf_16_reads_the_same(tmp_path: Path) -> None:
    wide = MAXQDA.replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16")
    assert read(tmp_path, qdpx(wide)).text.equals(read(tmp_path, qdpx(MAXQDA)).text)


def test_a_document_coded_as_a_whole_is_one_segment(tmp_path: Path) -> None:
    coding = '<Coding guid="[c]"><CodeRef targetGUID="[samenwerking]"/></Coding>'
    raw = read(tmp_path, project(f'<PictureSource guid="[p]" name="Foto">{coding}</PictureSource>'))
    assert (column(raw, "document"), column(raw, "codes")) == (["Foto"], ["Samenwerking"])


def test_what_is_said_of_a_document_and_of_its_cases_stands_together(tmp_path: Path) -> None:
    value = '<VariableValue><VariableRef targetGUID="[{}]"/><TextValue>{}</TextValue></VariableValue>'
    rest = (
        '<Variables><Variable guid="[v]" name="Rol"/><Variable guid="[w]" name="Rol"/></Variables><Cases>'
        f'<Case guid="[a]" name="A">{value.format("v", "trekker")}<SourceRef targetGUID="[I]"/></Case>'
        f'<Case guid="[b]" name="B">{value.format("v", "lid")}<SelectionRef targetGUID="[ssamenwerking5]"/></Case></Cases>'
    )
    source = text("I", selection("samenwerking", 5, 9), selection("positief", 6, 8), selection("positief", 1, 5), value.format("w", "trekker"))
    raw = read(tmp_path, project(source, rest), "Rol", "case")
    assert column(raw, "Rol") == ["trekker\nlid", "trekker\nlid", "trekker"]
    assert column(raw, "case") == ["A\nB", "A\nB", "A"]


def test_a_coding_at_a_code_that_is_not_there_is_set_aside_and_counted(tmp_path: Path) -> None:
    raw = read(tmp_path, project(text("I", selection("samenwerking", 1, 2), selection("nowhere", 1, 2))))
    assert [(problem.row, problem.rule) for problem in raw.problems] == [(2, "dangling_code")]
    assert (list(raw.text.index), raw.rows_read) == ([1], 2)


def test_two_documents_of_one_name_are_remarked_on(tmp_path: Path) -> None:
    raw = read(tmp_path, project(text("I", selection("samenwerking", 1, 2)) + '<TextSource guid="[other]" name="I"/>'))
    assert [remark.rule for remark in raw.remarks] == ["same_document_name"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\petra\\Interview 1.docx", "Interview 1.docx"),
        ("/home/petra/Interview 1.docx", "Interview 1.docx"),
        ("file:///home/petra/I.txt", "I.txt"),
        ("Gesprek 1/2", "Gesprek 1/2"),
    ],
)
def test_a_document_named_by_its_path_keeps_only_the_last_part(tmp_path: Path, name: str, shown: str) -> None:
    given = project(text("I", selection("samenwerking", 1, 2)).replace('name="I"', f'name="{name}"'))
    assert column(read(tmp_path, given), "document") == [shown]


def test_the_synthetic_mark_anywhere_in_the_project_marks_it(tmp_path: Path) -> None:
    marked = MAXQDA.replace('name="Interviews"', f'name="{SYNTHETIC_MARK}"')
    assert read(tmp_path, qdpx(marked)).is_synthetic
    assert read(tmp_path, marked.replace("utf-8", "utf-16").encode("utf-16")).is_synthetic
    assert not read(tmp_path, qdpx(MAXQDA)).is_synthetic


def test_a_coder_is_a_pseudonym_that_depends_on_the_salt(tmp_path: Path) -> None:
    (tmp_path / "i.qde").write_text(MAXQDA)
    one, other = (read_refi_qda(tmp_path, "i.qde", Declared({"coder": ()}, salt=salt)).text["coder"].iloc[0] for salt in ("a", "b"))
    assert len(one) == 12
    assert one != other


def test_columns_that_nobody_declared_stay_behind_and_are_named(tmp_path: Path) -> None:
    raw = read(tmp_path, qdpx(MAXQDA), "document", "code")
    assert list(raw.text.columns) == ["document", "code"]
    assert raw.undeclared == ("set", "case", "path", "codes", "coder", "segment", "Alliantie", "Jaar")


def test_a_project_without_codings_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, project(text("I"))).text.empty


def archive(entries: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, given in entries.items():
            made.writestr(name, given)
    return content.getvalue()


def test_a_project_in_a_folder_or_beside_what_macos_adds_is_found(tmp_path: Path) -> None:
    assert read(tmp_path, archive({"export/project.qde": MAXQDA})).sheet == "project.qde"
    assert read(tmp_path, archive({"Interviews.QDE": MAXQDA, "__MACOSX/._Interviews.QDE": "x"})).sheet == "Interviews.QDE"


def test_an_archive_with_two_projects_or_none_is_refused(tmp_path: Path) -> None:
    assert "2 projects" in refusal(tmp_path, archive({"a.qde": MAXQDA, "b.qde": MAXQDA}))[1]
    assert "0 projects" in refusal(tmp_path, archive({"a.txt": "text"}))[1]


@pytest.mark.parametrize(
    "given",
    [b"PK\x03\x04 not really a zip", qdpx(MAXQDA)[:300], MAXQDA[:900], "interview;code\nI;Samenwerking\n", b"\x80\x04\x95\x00", filled("<CodeBook/>")],
    ids=["no zip", "cut zip", "cut xml", "csv", "pickle", "codebook"],
)
def test_what_is_no_project_is_refused(tmp_path: Path, given: str | bytes) -> None:
    assert refusal(tmp_path, given)[0] == "not_a_project"


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    locked = bytearray(qdpx(MAXQDA))
    locked[6] |= 1
    entry = locked.index(b"PK\x01\x02")
    locked[entry + 8] |= 1
    assert "password" in refusal(tmp_path, bytes(locked))[1]


def test_names_that_lead_out_of_the_archive_write_nothing(tmp_path: Path) -> None:
    inside = tmp_path / "evaluation"
    inside.mkdir()
    raw = read(inside, archive({"../../evil.qde": MAXQDA}))
    assert raw.sheet == "evil.qde"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["evaluation", "interviews.qdpx"]


def test_an_archive_that_unpacks_to_far_too_much_is_refused_whatever_it_says_of_itself(tmp_path: Path) -> None:
    honest = qdpx(b"<a>" + b"0" * 200_000_000)
    lying = bytearray(honest)
    for start in (lying.index(b"PK\x03\x04") + 22, lying.index(b"PK\x01\x02") + 24):
        lying[start : start + 4] = struct.pack("<I", 100)
    assert refusal(tmp_path, honest)[0] == "too_large"
    assert refusal(tmp_path, bytes(lying))[0] in ("too_large", "not_a_project")


@pytest.mark.parametrize(
    "entities",
    [
        '<!ENTITY a "EXPANDED">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        "".join(f'<!ENTITY {letter} "{f"&{before};" * 20}">' for before, letter in zip("zbcdefgh", "bcdefgha", strict=True)).replace("&z;", "lol"),
    ],
    ids=["inner", "outer", "bomb"],
)
@pytest.mark.parametrize("place", ["cell", "attribute"])
def test_a_project_with_entities_is_refused(tmp_path: Path, entities: str, place: str) -> None:
    used = MAXQDA.replace("<TextValue>Alliantie Noord", "<TextValue>&a;") if place == "cell" else MAXQDA.replace('name="Interview 1"', 'name="&a;"')
    rule, _ = refusal(tmp_path, qdpx(used.replace("<Project", f"<!DOCTYPE Project [{entities}]><Project", 1)))
    assert rule in ("document_type", "not_a_project")


def many_cells() -> str:
    variables = "".join(f'<Variable guid="v{number}" name="v{number}"/>' for number in range(800))
    return project(text("I", selection("samenwerking", 1, 2) * 30_000), f"<Variables>{variables}</Variables>")


def many_attributes() -> str:
    attributes = " ".join(f'a{number}=""' for number in range(4_000_001))
    return f"<Project {attributes}/>"


@pytest.mark.parametrize("given", [lambda: "<Project>" + "<a/>" * 5_000_000, many_attributes, many_cells], ids=["elements", "attributes", "cells"])
def test_a_project_that_asks_for_endless_memory_is_refused(tmp_path: Path, given: Callable[[], str]) -> None:
    assert refusal(tmp_path, given())[0] == "too_large"


def test_a_project_nested_without_end_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "<Project>" + "<Code>" * 100_000)[0] == "not_a_project"


def test_cases_that_own_all_of_many_segments_are_refused(tmp_path: Path) -> None:
    owned = "".join(selection("case", number, number + 1) for number in range(6_000))
    coded = "".join(selection("samenwerking", number, number + 1) for number in range(6_000, 12_000))
    rest = '<Cases><Case guid="[case]" name="A"/></Cases>'
    assert refusal(tmp_path, project(text("I", owned, coded), rest))[0] == "too_large"


def test_five_thousand_codings_take_little_time(tmp_path: Path) -> None:
    given = project("".join(text(f"I{number}", *(selection("samenwerking", at, at + 9) for at in range(0, 1000, 10))) for number in range(50)))
    started = time.monotonic()
    assert len(read(tmp_path, qdpx(given)).text) == 5_000
    assert time.monotonic() - started < SECONDS
