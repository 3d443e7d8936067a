"""The check before a run: what it lists, what it leaves alone, and when it is content."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from factory import SECRETS, Draft, draft, framework, survey_source, workbook
from midterm.check import Findings, check
from midterm.errors import Problem
from midterm.publish.quality.tables import AS_INTENDED

MIDTERM = Path(sys.executable).parent / "midterm"


def findings(start: Draft, folder: Path) -> Findings:
    """Check the draft and see that nothing is written and no answer repeated."""
    evaluation = start.load(folder)
    before = content(folder)
    found = check(evaluation)
    assert content(folder) == before
    assert not any(secret in str(found) for secret in SECRETS)
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def places(problems: tuple[Problem, ...]) -> set[tuple[str, int | None, str, str]]:
    return {(problem.file.removeprefix("data/raw/"), problem.row, problem.column, problem.rule) for problem in problems}


def called(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run([MIDTERM, "check", folder, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in ran.stderr + ran.stdout
    return ran


def with_earlier(*earlier: str) -> Draft:
    """Return the draft in which the framework of ``noord`` replaces other versions."""
    start = draft()
    start.evaluation["sources"]["frameworks"][0]["earlier"] = [f"data/raw/{name}" for name in earlier]
    return start


def test_a_sound_evaluation_has_no_problems_and_only_notices_that_ask_for_nothing(tmp_path: Path) -> None:
    found = findings(draft(), tmp_path)
    assert (found.problems, found.awaited) == ((), ())
    assert {notice.rule for notice in found.notices} == {"undeclared_column"} <= set(AS_INTENDED)


def test_with_nothing_there_yet_every_declared_file_is_awaited_and_that_is_no_fault(tmp_path: Path) -> None:
    start = with_earlier("noord-2024.xlsx")
    evaluation = start.load(tmp_path)
    for path in (tmp_path / "data/raw").iterdir():
        path.unlink()
    found = check(evaluation)
    assert (found.problems, found.notices) == ((), ())
    assert [problem.file for problem in found.awaited] == sorted(evaluation.sources.files)
    ran = called(tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert ran.stderr.splitlines()[-1] == "0 problems, 7 awaited, 0 notices."


def test_without_a_declared_staff_list_or_interviews_nothing_is_missed(tmp_path: Path) -> None:
    start = draft()
    del start.evaluation["sources"]["population"], start.evaluation["sources"]["interviews"]
    assert findings(start, tmp_path).problems == ()


def test_faults_in_the_description_are_all_listed_with_their_line_and_nothing_is_read(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"][0]["G1"] = "A7"
    start.evaluation["plan"]["to_wave"] = "2026"
    start.evaluation["sources"]["frameworks"][0]["alliance"] = "nord"
    start.evaluation["colour"] = "red"
    first = start.write(tmp_path / "unknown_key")
    del start.evaluation["colour"]
    second = start.write(tmp_path / "unknown_names")
    ran = called(first)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "evaluation.yml, row " in ran.stderr
    assert "colour" in ran.stderr
    ran = called(second, "--json")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert {"'2026'", "'2025'", "'nord'", "'noord'"} <= set(ran.stderr.replace(";", " ").split())
    assert all(line.startswith("Error: evaluation.yml, row ") for line in ran.stderr.splitlines())
    assert "survey-2023" not in ran.stderr


def test_what_check_says_does_not_depend_on_the_order_of_declaration(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"][0]["G1"] = "A7"
    start.population[0]["wave"] = "2031"
    start.segments[1]["alliantie"] = "West"
    start.evaluation["sources"]["surveys"].append({**survey_source("2025"), "file": "data/raw/more.csv"})
    start.files["more.csv"] = b"%PDF-1.7"
    both = [findings(start, tmp_path / "one")]
    for sources in ("surveys", "frameworks"):
        start.evaluation["sources"][sources].reverse()
    both.append(findings(start, tmp_path / "other"))
    assert both[0] == both[1]
    assert len(both[0].problems) == 4


def test_two_checks_say_the_same(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2025"][3]["ORGANISATIE"] = "Stichting Anjer"
    start.write(tmp_path)
    first, second = (called(tmp_path, "--json") for _ in range(2))
    assert first.stdout == second.stdout
    assert set(json.loads(first.stdout)) == {"problems", "notices", "awaited"}


@pytest.mark.parametrize("broken", ["noord.xlsx", "zuid.xlsx", "segments.csv", "population.csv", "survey-2023.csv"])
def test_a_file_that_is_refused_hides_no_fault_in_another(tmp_path: Path, broken: str) -> None:
    faults = {
        "noord.xlsx": (4, "Realisatie 2025", "note_in_number"),
        "zuid.xlsx": (4, "Eenheid", "not_in_the_list"),
        "segments.csv": (2, "code", "unknown_code"),
        "population.csv": (2, "invited", "not_a_count"),
        "survey-2023.csv": (2, "G1", "off_scale"),
    }
    start = draft()
    start.frameworks["noord"][0]["Realisatie 2025"] = "circa 12"
    start.frameworks["zuid"][0]["Eenheid"] = "stuks"
    start.segments[0]["code"] = "Sfeer"
    start.population[0]["invited"] = "drie"
    start.surveys["2023"][0]["G1"] = "A7"
    start.files[broken] = b"%PDF-1.7"
    found = places(findings(start, tmp_path).problems)
    assert {place for place in found if place[0] != broken} == {(file, *place) for file, place in faults.items() if file != broken}
    assert [place[1:3] for place in found if place[0] == broken] == [(None, "")]


def test_an_earlier_framework_that_is_refused_hides_nothing_and_one_that_is_awaited_is_no_fault(tmp_path: Path) -> None:
    start = with_earlier("first.xlsx", "second.xlsx", "third.xlsx", "fourth.xlsx")
    start.files = {"first.xlsx": b"%PDF-1.7", "third.xlsx": b"\n", "fourth.xlsx": workbook([{**row, "Nulmeting": 1} for row in framework()])}
    start.frameworks["noord"][0]["Realisatie 2025"] = "circa 12"
    found = findings(start, tmp_path)
    assert places(found.problems) == {
        ("first.xlsx", None, "", "not_a_workbook"),
        ("third.xlsx", None, "", "empty_file"),
        ("noord.xlsx", 4, "Realisatie 2025", "note_in_number"),
    }
    assert places(found.awaited) == {("second.xlsx", None, "", "awaited")}
    assert ("noord.xlsx", 4, "Nulmeting", "revised_target") in places(found.notices)


def test_an_earlier_framework_that_is_refused_is_named_though_the_present_one_is_too(tmp_path: Path) -> None:
    start = with_earlier("first.xlsx")
    start.files = {"first.xlsx": b"%PDF-1.7", "noord.xlsx": b"%PDF-1.7"}
    assert {problem.file for problem in findings(start, tmp_path).problems} == {"data/raw/first.xlsx", "data/raw/noord.xlsx"}


def test_a_correction_that_is_refused_in_an_earlier_framework_is_named(tmp_path: Path) -> None:
    start = with_earlier("first.xlsx")
    start.files["first.xlsx"] = workbook(framework())
    start.write(tmp_path)
    log = "file,id,field,old,new,reason,author\ndata/raw/first.xlsx,P1,Nulmeting,5,6,verschreven,R. Redacteur\n"
    (tmp_path / "config/corrections.csv").write_text(log, encoding="utf-8")
    assert places(findings(start, tmp_path).problems) == {("config/corrections.csv", 2, "old", "correction_refused")}


def test_a_column_that_is_not_there_is_not_offered_the_heading_of_another_question(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"] = [{("G33" if name == "G3" else name): cell for name, cell in row.items()} for row in start.surveys["2023"]]
    for row in start.surveys["2025"]:
        del row["G3"]
    renamed, gone = findings(start, tmp_path).problems
    assert (renamed.file, renamed.column, renamed.rule) == ("data/raw/survey-2023.csv", "G3", "missing_column")
    assert "'G33'" in renamed.reason
    assert (gone.file, gone.column, gone.rule) == ("data/raw/survey-2025.csv", "G3", "missing_column")
    assert not {"'G1'", "'G2'"} & set(gone.reason.replace(";", " ").split())


def test_what_one_cell_of_a_workbook_hides_is_told_by_sheet_row_and_column(tmp_path: Path) -> None:
    start = draft()
    book = openpyxl.load_workbook(io.BytesIO(workbook(framework())))
    page = book["Kader"]
    page["M5"] = "=L5*2"
    saved = io.BytesIO()
    book.save(saved)
    start.files["zuid.xlsx"] = saved.getvalue()
    (problem,) = findings(start, tmp_path).problems
    assert str(problem).startswith(f"data/raw/zuid.xlsx, sheet Kader, row 5, column {page['M3'].value}: ")
