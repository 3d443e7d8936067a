"""The command as a user calls it: exit status, one sentence a fault on stderr, never a traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from factory import SECRETS, Draft, draft, survey_source

MIDTERM = Path(sys.executable).parent / "midterm"
SENTENCE = re.compile(r"(Problem|Awaited|Notice|Error): .+: .+")


def midterm(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Call the command; whatever happens, no traceback."""
    ran = subprocess.run([MIDTERM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, cwd=cwd)
    assert "Traceback" not in ran.stderr + ran.stdout, ran.stderr
    return ran


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def faulty() -> Draft:
    """Return an evaluation with a fault of every kind that cleaning knows, each in its own place."""
    start = draft()
    rows = start.surveys["2023"]
    rows[0] |= {"ALLIANTIE": "Alliantie Oost"}
    rows[1] |= {"ORGANISATIE": "Stichting Anjer"}
    rows[2] |= {"ORGANISATIE": "kompas"}
    rows[3] |= {"G1": "A7", "N1": "99"}
    rows[4] |= {"T2": SECRETS[2]}
    rows += [dict(rows[5]), {**rows[6], "G1": "A9", "G2": "A9"}]
    for row in start.surveys["2025"]:
        del row["G3"]
    cells = start.frameworks["noord"]
    cells[0] |= {"Realisatie 2025": "circa 12", "Eenheid": "stuks", "Jaar nulmeting": "22"}
    cells[1] |= {"Nr": None}
    start.files["zuid.xlsx"] = b"no workbook"
    start.population[0] |= {"wave": "2031"}
    start.population[1] |= {"invited": "drie"}
    start.segments[0] |= {"code": "Sfeer"}
    start.segments[1] |= {"alliantie": "West"}
    return start


PLACES = {
    ("data/raw/survey-2023.csv", 2, ""),
    ("data/raw/survey-2023.csv", 3, ""),
    ("data/raw/survey-2023.csv", 4, ""),
    ("data/raw/survey-2023.csv", 5, "G1"),
    ("data/raw/survey-2023.csv", 5, "N1"),
    ("data/raw/survey-2023.csv", 6, "T2"),
    ("data/raw/survey-2023.csv", 14, ""),
    ("data/raw/survey-2023.csv", 8, ""),
    ("data/raw/survey-2023.csv", 15, ""),
    ("data/raw/survey-2025.csv", None, "G3"),
    ("data/raw/noord.xlsx", 4, "Realisatie 2025"),
    ("data/raw/noord.xlsx", 4, "Eenheid"),
    ("data/raw/noord.xlsx", 4, "Jaar nulmeting"),
    ("data/raw/noord.xlsx", 5, ""),
    ("data/raw/zuid.xlsx", None, ""),
    ("data/raw/population.csv", 2, ""),
    ("data/raw/population.csv", 3, "invited"),
    ("data/raw/segments.csv", 2, "code"),
    ("data/raw/segments.csv", 3, ""),
}


def test_a_sound_evaluation_passes_and_nothing_is_written(tmp_path: Path) -> None:
    draft().write(tmp_path)
    before = files(tmp_path)
    ran = midterm("check", tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "0 problems" in ran.stderr
    assert files(tmp_path) == before


def test_the_folder_is_where_the_command_is_called(tmp_path: Path) -> None:
    draft().write(tmp_path)
    assert midterm("check", cwd=tmp_path).returncode == 0


def test_check_lists_every_fault_at_once_each_in_a_sentence_with_its_place(tmp_path: Path) -> None:
    faulty().write(tmp_path)
    ran = midterm("check", tmp_path, "--json")
    assert ran.returncode == 1
    found = json.loads(ran.stdout)
    assert set(found) == {"problems", "notices", "awaited"}
    assert {frozenset(problem) for problem in found["problems"]} == {frozenset({"file", "sheet", "row", "column", "rule", "reason"})}
    assert {(problem["file"], problem["row"], problem["column"]) for problem in found["problems"]} == PLACES
    assert len(PLACES) >= 15
    spoken = midterm("check", tmp_path)
    assert (spoken.returncode, spoken.stdout) == (1, "")
    *lines, last = spoken.stderr.splitlines()
    assert all(SENTENCE.fullmatch(line) for line in lines)
    assert sum(line.startswith("Problem: ") for line in lines) == len(found["problems"])
    assert last.startswith(f"{len(found['problems'])} problems")
    assert not any(secret in spoken.stderr + ran.stdout for secret in SECRETS)


def test_a_broken_list_hides_no_fault_in_another(tmp_path: Path) -> None:
    start = draft()
    source = start.evaluation["sources"]["interviews"][0]
    start.evaluation["sources"]["interviews"] = [{**source, "file": f"data/raw/{name}.csv"} for name in ("none", "broken", "segments")]
    start.files["broken.csv"] = b"%PDF-1.7"
    start.segments[0]["code"] = "Sfeer"
    ran = midterm("check", start.write(tmp_path), "--json")
    found = json.loads(ran.stdout)
    assert [problem["file"] for problem in found["awaited"]] == ["data/raw/none.csv"]
    assert {(problem["file"], problem["row"]) for problem in found["problems"]} == {("data/raw/broken.csv", None), ("data/raw/segments.csv", 2)}


def test_a_broken_export_hides_no_fault_in_another_of_its_wave(tmp_path: Path) -> None:
    start = draft()
    start.surveys["2023"][0]["G1"] = "A7"
    for name in ("none", "broken"):
        start.evaluation["sources"]["surveys"].append({**survey_source("2023"), "file": f"data/raw/{name}.csv"})
    start.files["broken.csv"] = b"%PDF-1.7"
    found = json.loads(midterm("check", start.write(tmp_path), "--json").stdout)
    assert [problem["file"] for problem in found["awaited"]] == ["data/raw/none.csv"]
    assert {(problem["file"], problem["row"]) for problem in found["problems"]} == {("data/raw/broken.csv", None), ("data/raw/survey-2023.csv", 2)}


def test_awaited_files_are_listed_and_are_no_fault_for_check(tmp_path: Path) -> None:
    draft().write(tmp_path)
    for name in ("survey-2025.csv", "zuid.xlsx", "segments.csv", "population.csv"):
        (tmp_path / "data/raw" / name).unlink()
    ran = midterm("check", tmp_path, "--json")
    assert ran.returncode == 0
    assert {problem["file"] for problem in json.loads(ran.stdout)["awaited"]} == {
        f"data/raw/{name}" for name in ("survey-2025.csv", "zuid.xlsx", "segments.csv", "population.csv")
    }


def test_a_run_without_any_data_says_what_is_awaited_and_exits_1(tmp_path: Path) -> None:
    draft().write(tmp_path)
    for path in (tmp_path / "data/raw").iterdir():
        path.unlink()
    before = files(tmp_path)
    ran = midterm("run", tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.count("Awaited: ") == 6
    assert files(tmp_path) == before


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_folder_that_is_not_there_is_a_wrong_call(tmp_path: Path, command: str) -> None:
    ran = midterm(command, tmp_path / "nowhere")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert SENTENCE.fullmatch(ran.stderr.strip())
    assert "nowhere" in ran.stderr


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_broken_description_lists_its_faults_exits_2_and_does_nothing(tmp_path: Path, command: str) -> None:
    start = draft()
    start.evaluation |= {"colour": "red", "seed": "many"}
    start.write(tmp_path)
    before = files(tmp_path)
    ran = midterm(command, tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    lines = ran.stderr.splitlines()
    assert len(lines) == 2
    assert all(SENTENCE.fullmatch(line) and "evaluation.yml, row" in line for line in lines)
    assert files(tmp_path) == before


@pytest.mark.parametrize(("name", "near"), [("nord", "noord"), ("clean_surveys", "clean_survey")])
def test_only_with_an_unknown_name_offers_the_nearest_and_runs_nothing(tmp_path: Path, name: str, near: str) -> None:
    draft().write(tmp_path)
    before = files(tmp_path)
    ran = midterm("run", tmp_path, "--only", name)
    assert ran.returncode == 2
    assert f"'{name}'" in ran.stderr
    assert f"'{near}'" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert files(tmp_path) == before


@pytest.mark.parametrize("arguments", [("chek",), ("check", ".", "--jsn"), ("run", ".", "--jobs", "0"), ("run", ".", "--jobs", "x"), ("check", ".", "extra")])
def test_a_wrong_call_exits_2_and_says_so_on_stderr(arguments: tuple[str, ...]) -> None:
    ran = midterm(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.strip()


def test_help_lists_the_commands() -> None:
    ran = midterm("--help")
    assert ran.returncode == 0
    assert "check" in ran.stdout
    assert "run" in ran.stdout


def test_commands_of_later_issues_are_absent() -> None:
    for command in ("diff", "release"):
        assert midterm(command).returncode == 2


def test_a_folder_with_a_space_and_an_accent_is_no_trouble(tmp_path: Path) -> None:
    assert midterm("check", draft().write(tmp_path / "mijn evaluatie é")).returncode == 0
