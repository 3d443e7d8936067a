"""A step reads what it declares and nothing else, and plain papermill makes of the same notebooks the same bytes."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
import yaml

from midterm.description import load_evaluation
from midterm.run.basis import Contents
from midterm.run.lock import one_run_at_a_time
from midterm.run.process import execute
from midterm.steps import NOTEBOOKS, STEPS, Step, Task, tasks
from runs import Ran, differing

pytestmark = pytest.mark.slow


def copied(source: Path, target: Path, patterns: Iterable[str]) -> None:
    for name in (name for pattern in patterns if not os.path.isabs(pattern) for name in glob.glob(pattern, root_dir=source)):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)


def other_words(content: Any) -> Any:
    """Return labels in which every sentence is another."""
    if isinstance(content, dict):
        return {name: value if name == "locale" else other_words(value) for name, value in content.items()}
    return f"{content} of niet" if isinstance(content, str) else content


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_makes_the_same_where_nothing_is_but_what_it_declares_to_read(step: Step, evaluated: Path, tmp_path: Path) -> None:
    evaluation = load_evaluation(evaluated)
    task = tasks(evaluation, step)[0]
    copied(evaluated, tmp_path, task.reads(evaluation))
    if "{labels}" not in step.reads:  # they are checked together with the description, but must make no difference
        for name in evaluation.label_files:
            (tmp_path / name).write_text(yaml.safe_dump(other_words(yaml.safe_load((evaluated / name).read_text(encoding="utf-8")))), encoding="utf-8")
    with one_run_at_a_time(tmp_path) as lock:
        outcome = execute(tmp_path, task, (5.0, 4.0), lock.take())
    assert outcome.failure == ""
    made = {name: found for name, found in outcome.outputs.items() if not name.startswith("reports/notebooks/")}
    assert made == {name: found for name, found in Contents().of(evaluated, task.writes()).items() if not name.startswith("reports/notebooks/")}
    left = {path.relative_to(tmp_path).as_posix() for part in ("data/processed", "reports") for path in (tmp_path / part).rglob("*") if path.is_file()}
    assert left - set(outcome.outputs) == left & set(Contents().of(tmp_path, task.reads(evaluation)))


def plainly(folder: Path, task: Task) -> Any:
    """Run one notebook as a user of papermill would: with a kernel, by papermill's own engine."""
    source, made = NOTEBOOKS / f"{task.step.notebook}.ipynb", folder / task.executed
    made.parent.mkdir(parents=True, exist_ok=True)
    return papermill.execute_notebook(source, made, {"evaluation": str(folder), **task.parameters}, cwd=NOTEBOOKS, progress_bar=False)


def test_plain_papermill_makes_the_same_bytes_and_shows_the_same(whole: Ran, tmp_path: Path) -> None:
    folder = shutil.copytree(whole.folder, tmp_path / "evaluation")
    evaluation = load_evaluation(folder)
    for step in STEPS:
        task = tasks(evaluation, step)[0]
        for name in Contents().of(folder, task.writes()):
            (folder / name).unlink()
        plain = plainly(folder, task)
        ours = nbformat.read(whole.folder / task.executed, as_version=4)
        for mine, his in zip(ours.cells, plain.cells, strict=True):
            if "injected-parameters" not in mine.metadata.get("tags", []):
                assert mine.source == his.source
            assert mine.get("outputs") == his.get("outputs"), (task.label, mine.source)
            assert mine.get("execution_count") == his.get("execution_count")
    assert differing(folder, whole.folder) == []
