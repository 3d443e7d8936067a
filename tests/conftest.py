"""What several tests share: the tiny evaluation, the shipped one with its results, and where the real data lie."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from factory import FEW, draft
from midterm.description import Evaluation
from runs import MIDTERM, Ran, run

ROOT = Path(__file__).resolve().parents[1]
PERSONS = 5


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run files with slow tests first, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Return the tiny evaluation of ``factory``, unchanged."""
    return draft().load(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def evaluated() -> Path:
    """Return the repository with the shipped evaluation's results, brought up to date first (nothing runs when they are)."""
    while "is under way" in (done := subprocess.run([MIDTERM, "run", ROOT], capture_output=True, text=True, check=False)).stderr:
        time.sleep(0.2)  # by another process of the tests
    assert done.returncode == 0, done.stderr
    return ROOT


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Return the run of a tiny evaluation with all its results; a test that changes something takes a copy."""
    ran = run(draft(PERSONS, FEW).write(tmp_path_factory.mktemp("whole")))
    assert ran.status == 0, ran.messages
    return ran


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Return the folder with real public data for checks, or skip saying that it is not there."""
    named = os.environ.get("MIDTERM_TEST_DATA", "")
    if not named or not Path(named).is_dir():
        pytest.skip("MIDTERM_TEST_DATA does not name a folder with the real public data (univbct.csv); these checks need it")
    return Path(named)
