"""The repository itself: generated files are current, notebooks keep their shape, no data but the marked example."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml

import document
from midterm.description import load_evaluation
from midterm.description.corrections import FIELDS
from midterm.steps import NOTEBOOKS, STEPS, Task, tasks

ROOT = Path(__file__).resolve().parents[1]
CODE_LINES = 60
DATA_ENDINGS = {".csv", ".xlsx", ".xls", ".sav", ".parquet", ".qdpx", ".tsv", ".zip"}
LOG = "config/corrections.csv"
NOT_DATA = ("tests/golden/", "tests/reference/", "tools/synthetic_frameworks.csv", "docs/calibration.csv", LOG)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy is no git checkout, so there is no list of tracked files to check")
    return listed.stdout.splitlines()


def notebooks() -> list[Path]:
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def test_environment_yml_is_generated_from_pyproject(tmp_path: Path) -> None:
    recipe = re.search(r"pyproject2conda (yaml .*?) -o environment.yml", (ROOT / "Makefile").read_text())
    assert recipe
    arguments = [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', recipe.group(1))]
    made = tmp_path / "environment.yml"
    subprocess.run([Path(sys.executable).with_name("pyproject2conda"), *arguments, "-o", made], cwd=ROOT, check=True, capture_output=True)
    assert made.read_text() == (ROOT / "environment.yml").read_text(), "run `make lock`"


def test_lock_pins_every_library_with_hashes_and_names_no_address() -> None:
    for name in ("requirements.txt", "requirements-lab.txt"):
        lock = (ROOT / name).read_text()
        pins = re.findall(r"^[a-z0-9][\w.-]*==[^ ]+", lock, flags=re.MULTILINE)
        assert len(pins) > 60
        assert lock.count("--hash=sha256:") >= len(pins)
        assert "://" not in lock
    direct = re.findall(r'"([a-z0-9-]+)==([^"]+)"', (ROOT / "pyproject.toml").read_text().split("[project.scripts]")[0].split("[project]")[1])
    locked = (ROOT / "requirements-lab.txt").read_text()
    assert [f"{name}=={version}" for name, version in direct if f"\n{name}=={version} " not in locked] == []


@pytest.mark.parametrize("name", sorted(document.documents(load_evaluation(ROOT))))
def test_generated_documents_are_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == document.documents(load_evaluation(ROOT))[name], "run `make docs`"


def test_tracked_data_are_the_marked_example_and_nothing_else() -> None:
    manifest = {name: digest for digest, name in (line.split("  ") for line in (ROOT / "data/raw/SYNTHETIC.sha256").read_text().splitlines())}
    data = [name for name in tracked() if Path(name).suffix.lower() in DATA_ENDINGS and not name.startswith(NOT_DATA)]
    assert sorted(set(data) - set(manifest)) == [], "data that are not the shipped synthetic example must not be tracked"
    for name in data:
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == manifest[name], name


def test_the_tracked_log_of_corrections_holds_no_data() -> None:
    assert (ROOT / LOG).read_text().strip() == ",".join(FIELDS), "a log with corrections holds answers: keep it out of version control"


def test_results_are_not_tracked() -> None:
    assert [name for name in tracked() if name.startswith(("data/processed/", "reports/")) and not name.endswith(".gitkeep")] == []


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_notebook_keeps_the_shape(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    tags = [tag for cell in code for tag in cell.metadata.get("tags", [])]
    assert re.fullmatch(r"\d[05]_[a-z]+_[a-z]+", path.stem)
    assert book.cells[0].cell_type == "markdown"
    assert book.cells[0].source.startswith("# ")
    assert tags.count("parameters") == 1
    assert "raises-exception" not in tags
    assert sum(1 for cell in code for line in cell.source.splitlines() if line.strip()) <= CODE_LINES
    assert not any(line.startswith(("def ", "class ")) for cell in code for line in cell.source.splitlines())
    assert book.metadata["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_compared_cells_store_an_output_and_no_others_do(path: Path) -> None:
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    compared = [cell for cell in code if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert compared
    assert all("keep_output" in cell.metadata["tags"] for cell in compared)
    assert all(cell.outputs for cell in compared)
    assert [cell.source for cell in code if cell.outputs and cell not in compared] == []


def test_every_notebook_is_a_step_and_takes_the_parameters_of_its_unit() -> None:
    evaluation = load_evaluation(ROOT)
    assert {f"{step.notebook}.ipynb" for step in STEPS} == {path.name for path in notebooks()}
    for step in STEPS:
        declared = papermill.inspect_notebook(str(NOTEBOOKS / f"{step.notebook}.ipynb"))
        sharing = [other for other in STEPS if other.notebook == step.notebook]  # one for each alliance, one for all
        wanted = {"evaluation", *(name for other in sharing for task in tasks(evaluation, other) for name in task.parameters)}
        assert set(declared) == wanted
        assert all(entry["inferred_type_name"] == "str" for entry in declared.values())


def test_notebook_defaults_point_at_the_shipped_example() -> None:
    evaluation = load_evaluation(ROOT)
    for step in STEPS:
        declared = papermill.inspect_notebook(str(NOTEBOOKS / f"{step.notebook}.ipynb"))
        assert (NOTEBOOKS / declared["evaluation"]["default"].strip('"')).resolve() == ROOT
        keys = {task.key or "all" for other in STEPS if other.notebook == step.notebook for task in tasks(evaluation, other)}
        assert step.unit == "once" or declared[step.unit]["default"].strip('"') in keys


def test_every_step_reads_and_writes_what_it_declares_to(evaluated: Path) -> None:
    evaluation = load_evaluation(evaluated)
    for task in (task for step in STEPS for task in tasks(evaluation, step)):
        for pattern in (*task.reads(evaluation), *task.writes()):
            assert list(evaluated.glob(pattern)), f"{task.label} declares {pattern}, of which there is nothing"


def test_no_step_writes_what_another_writes() -> None:
    evaluation = load_evaluation(ROOT)
    made: dict[Path, Task] = {}
    for task in (task for step in STEPS for task in tasks(evaluation, step)):
        for path in (path for pattern in task.writes() for path in ROOT.glob(pattern)):
            if task.step.name == "publish_report" and made.get(path) is not None:
                assert path.name.startswith("evidence."), path
            made.setdefault(path, task)


def test_ci_workflow_and_local_ci_call_the_readmes_test_command() -> None:
    second = readme_commands()[1]
    assert second in (ROOT / ".ci" / "run").read_text()
    steps = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())["jobs"]["tests"]["steps"]
    assert second in [step.get("run") for step in steps]


def readme_commands() -> list[str]:
    """Return the commands of the README's first shell block, without their comments."""
    block = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert block
    return [line.split("#")[0].strip() for line in block.group(1).splitlines() if line.startswith("make ")]


def test_schema_is_published_for_editors() -> None:
    schema = json.loads((ROOT / "docs/schema/evaluation.schema.json").read_text())
    assert schema["additionalProperties"] is False
    assert {"waves", "alliances", "plan"} <= set(schema["required"])
