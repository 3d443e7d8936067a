"""The README holds: its first command, run in a clean copy, makes the results that stand here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from test_repository import readme_commands, tracked

ROOT = Path(__file__).resolve().parents[1]


def test_readme_has_the_two_commands() -> None:
    assert readme_commands() == ["make evaluation", "make test"]


def test_readme_shows_the_figure_that_the_evaluation_makes(evaluated: Path) -> None:
    shown = re.findall(r"\]\((docs/figures/[^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(shown) == 1
    is_same = (ROOT / shown[0]).read_bytes() == (evaluated / "reports/figures" / Path(shown[0]).name).read_bytes()
    assert is_same, f"copy reports/figures/{Path(shown[0]).name} to {shown[0]}"


def test_links_in_the_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.slow
def test_first_command_in_a_clean_copy_makes_the_same_results(evaluated: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a clean copy"
    for name in tracked():
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    command = readme_commands()[0].split()
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(command, cwd=copy, env={**environment, "TZ": "Pacific/Auckland", "LC_ALL": "C"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for folder in ("reports/tables", "reports/figures", "data/processed"):
        made = {path.name: path.read_bytes() for path in (copy / folder).iterdir() if path.is_file()}
        expected = {path.name: path.read_bytes() for path in (evaluated / folder).iterdir() if path.is_file()}
        assert [name for name in {*made, *expected} if made.get(name) != expected.get(name)] == [], folder
    for path in evaluated.glob("reports/report.*"):
        assert (copy / "reports" / path.name).read_bytes() == path.read_bytes(), path.name
