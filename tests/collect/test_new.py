"""A new evaluation: valid at once, ready to hand out, clearly to be changed, and never on top of something else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from midterm.collect.new import new_evaluation, skeleton
from midterm.description import load_evaluation
from midterm.description.evaluation import SHIPPED

MIDTERM = Path(sys.executable).with_name("midterm")
SENTENCE = re.compile(r"Error: .+: .+")


def midterm(*arguments: object) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run([MIDTERM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in ran.stderr + ran.stdout, ran.stderr
    return ran


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "mijn evaluatie é"
    ran = midterm("new", folder)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    assert "change evaluation.yml" in ran.stderr
    return folder


def test_it_has_a_description_and_every_instrument_for_every_alliance(made: Path) -> None:
    evaluation = load_evaluation(made)
    assert {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file() and "collect" not in path.parts} == set(skeleton())
    for alliance in evaluation.alliances:
        names = {path.name for path in (made / "collect" / alliance).iterdir()}
        assert {"framework.nl.xlsx", "framework.en.xlsx", "letter.nl.txt", "letter.en.txt"} < names
        assert any(name.startswith("questionnaire.") for name in names)


def test_check_finds_no_fault_and_lists_every_file_that_is_awaited(made: Path) -> None:
    ran = midterm("check", made, "--json")
    assert ran.returncode == 0
    found = json.loads(ran.stdout)
    assert (found["problems"], found["notices"]) == ([], [])
    assert {problem["file"] for problem in found["awaited"]} == set(load_evaluation(made).sources.files)


def test_its_questionnaire_framework_and_indicators_are_the_uniform_ones_without_history_and_targets(made: Path) -> None:
    evaluation, shipped = load_evaluation(made), load_evaluation(SHIPPED.parent)
    assert evaluation.codebook.framework == shipped.codebook.framework
    assert evaluation.codebook.items == tuple(item.model_copy(update={"changes": {}}) for item in shipped.codebook.items)
    assert evaluation.indicators == tuple(indicator.model_copy(update={"target": None}) for indicator in shipped.indicators)
    assert evaluation.corrections == ()


def test_its_comments_say_what_to_change(made: Path) -> None:
    text = (made / "evaluation.yml").read_text(encoding="utf-8")
    assert text.count("# CHANGE") >= 6


def test_data_results_and_what_is_handed_out_stay_out_of_version_control(made: Path) -> None:
    subprocess.run(["git", "init", "-q", made], check=True, capture_output=True)
    names = ["data/raw/survey-2025.csv", "data/processed/x.csv", "reports/report.nl.html", "collect/alliantie-a/framework.nl.xlsx", "config/corrections.csv"]
    kept = ["evaluation.yml", "config/codebook.yml", "data/raw/README.md", ".gitignore"]
    asked = subprocess.run(["git", "check-ignore", *names, *kept], cwd=made, check=False, capture_output=True, text=True)
    assert asked.stdout.splitlines() == names


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    new_evaluation(tmp_path / "empty")
    assert load_evaluation(tmp_path / "empty").alliances == ("alliantie-a", "alliantie-b")


@pytest.mark.parametrize("what", ["file", "folder", "hidden", "below_a_file"])
def test_nothing_is_done_where_something_stands(tmp_path: Path, what: str) -> None:
    target = tmp_path / "place"
    if what in ("file", "below_a_file"):
        target.write_text("mine")
    else:
        target.mkdir()
        (target / (".hidden" if what == "hidden" else "mine.txt")).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    ran = midterm("new", target / "deeper" if what == "below_a_file" else target)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert SENTENCE.fullmatch(ran.stderr.strip())
    assert sorted(tmp_path.rglob("*")) == before
