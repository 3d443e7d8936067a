"""Handing out: every alliance gets its files, the same each time, and nobody's work is ever written over."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree

from factory import Draft, draft, framework, workbook
from midterm.collect.hand_out import HandedOut, hand_out
from midterm.description import Evaluation
from midterm.errors import ConfigError

MIDTERM = Path(sys.executable).with_name("midterm")
PER_ALLIANCE = {
    *(f"framework.{language}.xlsx" for language in ("nl", "en")),
    *(f"letter.{language}.txt" for language in ("nl", "en")),
    *(f"questionnaire.{language}.docx" for language in ("nl", "en")),
    "questionnaire.limesurvey.txt",
    "questionnaire.xlsform.xlsx",
}


def handed_out(evaluation: Evaluation) -> HandedOut:
    return hand_out(evaluation, lambda _: None)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted((folder / "collect").rglob("*")) if path.is_file()}


def numbers(path: Path) -> list[Any]:
    """Return the numbers of the rows that stand in a framework workbook, up to the first prepared one."""
    page = openpyxl.load_workbook(path).worksheets[1]
    ids = [row[0].value for row in page.iter_rows(min_row=6)]
    return ids[: ids.index("N1")]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Draft:
    """Return the tiny evaluation; the questionnaire's files stand in for the real ones, which pandoc takes seconds to make."""
    names = [name for name in PER_ALLIANCE if name.startswith("questionnaire")]
    monkeypatch.setattr("midterm.collect.hand_out.questionnaire_files", lambda _, alliance: {name: f"{alliance} {name}".encode() for name in names})
    return draft()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_list_of_what_was_written_has_its_digests_as_sha256sum_reads_them(start: Draft, tmp_path: Path) -> None:
    handed_out(start.load(tmp_path))
    lines = (tmp_path / "collect/written.sha256").read_text().splitlines()
    assert lines == [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in contents(tmp_path).items() if not name.endswith(".sha256")]


def test_handing_out_again_changes_nothing(start: Draft, tmp_path: Path) -> None:
    evaluation = start.load(tmp_path)
    handed_out(evaluation)
    before = contents(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "collect").rglob("*")}
    done = handed_out(evaluation)
    assert (done.written, done.problems, contents(tmp_path)) == (0, (), before)
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_files_that_somebody_changed_are_kept_and_named(start: Draft, tmp_path: Path) -> None:
    evaluation = start.load(tmp_path)
    handed_out(evaluation)
    names = ["collect/noord/framework.nl.xlsx", "collect/zuid/letter.en.txt"]
    for name in names:
        (tmp_path / name).write_bytes(b"filled in")
    for _ in range(2):
        done = handed_out(evaluation)
        assert [(problem.file, problem.rule) for problem in done.problems] == [(name, "kept") for name in names]
        assert {(tmp_path / name).read_bytes() for name in names} == {b"filled in"}
        assert done.ready == 14


def test_a_file_that_was_there_before_the_first_time_is_kept(start: Draft, tmp_path: Path) -> None:
    evaluation = start.load(tmp_path)
    mine = tmp_path / "collect/zuid/framework.nl.xlsx"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    assert [problem.file for problem in handed_out(evaluation).problems] == ["collect/zuid/framework.nl.xlsx"]
    assert mine.read_bytes() == b"mine"


def test_a_file_that_nobody_touched_follows_the_description(start: Draft, tmp_path: Path) -> None:
    handed_out(start.load(tmp_path))
    start.evaluation["alliances"][0]["name"] = "Alliantie Noordpool"
    done = handed_out(start.load(tmp_path))
    assert done.problems == ()
    assert 0 < done.written < 16
    assert "Alliantie Noordpool" in (tmp_path / "collect/noord/letter.nl.txt").read_text(encoding="utf-8")


def test_what_was_made_for_an_alliance_that_is_gone_is_named_and_left(start: Draft, tmp_path: Path) -> None:
    handed_out(start.load(tmp_path))
    start.evaluation["alliances"][0]["id"] = "noordpool"
    start.evaluation["sources"]["frameworks"] = start.evaluation["sources"]["frameworks"][1:]
    done = handed_out(start.load(tmp_path))
    assert done.problems == ()
    assert [notice.file for notice in done.notices if notice.rule == "no_alliance"] == ["collect/noord"]
    assert (tmp_path / "collect/noord/letter.nl.txt").exists()


def test_the_rows_are_those_of_the_last_version_that_has_arrived(start: Draft, tmp_path: Path) -> None:
    rows = framework()
    start.files = {"first.xlsx": workbook(rows[:1]), "second.xlsx": workbook(rows[:2])}
    source = start.evaluation["sources"]["frameworks"][0]
    source |= {"file": "data/raw/third.xlsx", "earlier": ["data/raw/first.xlsx", "data/raw/second.xlsx"]}
    assert handed_out(start.load(tmp_path)).problems == ()
    assert numbers(tmp_path / "collect/noord/framework.nl.xlsx") == [row["Nr"] for row in rows[:2]]
    assert numbers(tmp_path / "collect/zuid/framework.en.xlsx") == [row["Nr"] for row in rows]


def test_an_earlier_framework_that_cannot_be_read_gives_no_empty_workbook_and_stops_no_other(start: Draft, tmp_path: Path) -> None:
    start.files["noord.xlsx"] = b"no workbook"
    done = handed_out(start.load(tmp_path))
    assert [problem.file for problem in done.problems] == ["data/raw/noord.xlsx"]
    names = {path.name for path in (tmp_path / "collect/noord").iterdir()}
    assert names == {name for name in PER_ALLIANCE if not name.startswith("framework")}
    assert numbers(tmp_path / "collect/zuid/framework.nl.xlsx")


def test_columns_that_are_not_in_the_form_are_named_as_left_behind(start: Draft, tmp_path: Path) -> None:
    for row in start.frameworks["zuid"]:
        row["Eigen kolom"] = "een geheim"
    done = handed_out(start.load(tmp_path))
    assert [(notice.file, notice.column) for notice in done.notices] == [("data/raw/zuid.xlsx", "Eigen kolom")]
    assert done.problems == ()
    assert "geheim" not in str(done)


def test_what_stands_in_the_way_is_named_and_the_rest_is_done(start: Draft, tmp_path: Path) -> None:
    evaluation = start.load(tmp_path)
    (tmp_path / "collect/noord/letter.nl.txt").mkdir(parents=True)
    done = handed_out(evaluation)
    assert [(problem.file, problem.rule) for problem in done.problems] == [("collect/noord/letter.nl.txt", "not_written")]
    assert done.ready == 15


def test_an_evaluation_without_a_framework_form_hands_out_the_questionnaire(start: Draft, tmp_path: Path) -> None:
    del start.codebook["framework"]
    start.evaluation["sources"]["frameworks"] = []
    start.evaluation["questions"] = []
    assert handed_out(start.load(tmp_path)).problems == ()
    assert {path.name for path in (tmp_path / "collect/zuid").iterdir()} == {name for name in PER_ALLIANCE if not name.startswith("framework")}
    assert "framework" not in (tmp_path / "collect/zuid/letter.nl.txt").read_text(encoding="utf-8")


def test_the_command_makes_every_file_and_nothing_else_and_says_so(start: Draft, tmp_path: Path) -> None:
    before = files(start.write(tmp_path))
    ran = subprocess.run([MIDTERM, "collect", tmp_path], capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert files(tmp_path) - before == {f"collect/{alliance}/{name}" for alliance in ("noord", "zuid") for name in PER_ALLIANCE} | {"collect/written.sha256"}
    assert ran.stderr.splitlines()[-1].startswith("16 files stand ready in collect/, 16 of them written now")


def test_the_command_exits_1_when_it_kept_a_file(start: Draft, tmp_path: Path) -> None:
    mine = start.write(tmp_path) / "collect/noord/framework.en.xlsx"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"filled in")
    ran = subprocess.run([MIDTERM, "collect", tmp_path], capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.search(r"^Problem: collect/noord/framework.en.xlsx: .+ run again$", ran.stderr, flags=re.MULTILINE)


def test_a_broken_description_is_refused_before_anything_is_written(start: Draft, tmp_path: Path) -> None:
    start.evaluation["colour"] = "red"
    start.write(tmp_path)
    ran = subprocess.run([MIDTERM, "collect", tmp_path], capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Error: evaluation.yml, row")
    assert not (tmp_path / "collect").exists()


def test_a_sheet_that_excel_cannot_name_is_refused_before_anything_is_written(start: Draft, tmp_path: Path) -> None:
    start.codebook["framework"]["sheet"]["en"] = "Framework [2025]"
    with pytest.raises(ConfigError, match=r"column framework.sheet.en"):
        handed_out(start.load(tmp_path))
    assert not (tmp_path / "collect").exists()


def test_an_alliance_with_an_iati_identifier_gets_its_activity_with_what_it_loses(tmp_path: Path) -> None:
    start = draft()
    publisher = {"reporter": "XX-EXAMPLE-123", "reporter_name": "Stichting Voorbeeld", "reporter_type": "22", "status": "2", "sector": "15170", "country": "NL"}
    start.evaluation["iati"] = {**publisher, "identifiers": {"noord": "XX-EXAMPLE-123-NOORD"}, "planned_start": "2023-01-01"}
    evaluation = start.load(tmp_path)
    assert not handed_out(evaluation).problems
    written = contents(tmp_path)
    activity = etree.fromstring(written["collect/noord/framework.iati.xml"])
    assert activity.findtext("iati-activity/iati-identifier") == "XX-EXAMPLE-123-NOORD"
    assert len(activity.findall("iati-activity/result/indicator")) == 3
    assert "Alliantie Noord" in written["collect/noord/framework.iati.lost.md"].decode()
    assert "collect/zuid/framework.iati.xml" not in written


def test_boxes_that_share_a_column_cost_the_limesurvey_structure_only_and_that_is_said(tmp_path: Path) -> None:
    start = draft()
    for box in ("box_1", "box_2"):
        start.item(box).update(column="K", option=[box[-1]])
    done = handed_out(start.load(tmp_path))
    assert not done.problems
    assert [(notice.file, notice.rule) for notice in done.notices if notice.rule == "no_limesurvey"] == [
        ("collect/noord", "no_limesurvey"),
        ("collect/zuid", "no_limesurvey"),
    ]
    written = set(contents(tmp_path))
    assert {"collect/noord/questionnaire.xlsform.xlsx", "collect/noord/framework.nl.xlsx"} <= written
    assert "collect/noord/questionnaire.limesurvey.txt" not in written
