"""What a notebook declares is read without running it, and a misspelt parameter is refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import papermill
import pytest

from midterm.errors import ConfigError
from midterm.run.notebooks import check_parameters, read_notebook
from midterm.steps import NOTEBOOKS, STEPS, Step, Task


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_parameters_are_those_that_papermill_finds(step: Step) -> None:
    path = NOTEBOOKS / f"{step.notebook}.ipynb"
    assert set(read_notebook(path).parameters) == set(papermill.inspect_notebook(str(path)))


def test_a_misspelt_parameter_is_refused_with_the_nearest(tmp_path: Path) -> None:
    step = next(step for step in STEPS if step.name == "compare_waves")
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["evaluation: str = '..'\n", "aliance: str = 'klimop'"]}
    (tmp_path / f"{step.notebook}.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    check_parameters([Task(step, "klimop")])
    with pytest.raises(ConfigError, match=r"70_compare_waves.ipynb, column alliance: the notebook has no such parameter; .*'aliance'"):
        check_parameters([Task(step, "klimop")], tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": [{"cell_type": "code", "metadata": {}, "source": ["for"]}]}'])
def test_a_broken_notebook_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a\.ipynb: this is no notebook in plain Python"):
        read_notebook(tmp_path / "a.ipynb")


def test_a_notebook_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.ipynb: this notebook is not there"):
        read_notebook(tmp_path / "a.ipynb")
