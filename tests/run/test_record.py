"""Where every output comes from: the record of a real run, and the same as a Workflow Run Crate."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from midterm.description import load_evaluation
from midterm.steps import STEPS, tasks
from runs import Ran, results

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def record(whole: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((whole.folder / "reports/run.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def graph(whole: Ran) -> dict[str, dict[str, Any]]:
    content = json.loads((whole.folder / "reports/ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert content["@context"].endswith("/1.1/context")
    return {entity["@id"]: entity for entity in content["@graph"]}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_result_is_recorded_with_its_hash_and_the_task_that_made_it(whole: Ran, record: dict[str, Any]) -> None:
    made = {name for name in results(whole.folder) if name != "reports/plan.json"}
    assert set(record["outputs"]) == made
    assert all(sha256(whole.folder / name) == found for name, found in record["outputs"].items())
    makers = [name for task in record["tasks"].values() for name in task["outputs"] if not name.startswith("reports/notebooks/")]
    assert sorted(makers) == sorted(made)


def test_every_input_is_recorded_with_its_hash(whole: Ran, record: dict[str, Any]) -> None:
    raw = {path.relative_to(whole.folder).as_posix() for path in (whole.folder / "data/raw").iterdir()}
    assert raw | {"evaluation.yml", "config/codebook.yml", "config/indicators.yml"} <= set(record["inputs"])
    assert all(sha256(whole.folder / name) == found for name, found in record["inputs"].items() if (whole.folder / name).exists())


def test_every_task_has_its_parameters_code_inputs_and_times(whole: Ran, record: dict[str, Any]) -> None:
    evaluation = load_evaluation(whole.folder)
    assert list(record["tasks"]) == [task.label for step in STEPS for task in tasks(evaluation, step)]
    for task in record["tasks"].values():
        assert task["state"] == "done"
        assert task["failure"] == ""
        assert task["seconds"] > 0
        assert task["megabytes"] > 50
        assert record["started"] <= task["started"] <= record["finished"]
    compared = record["tasks"]["compare_waves noord"]
    assert compared["parameters"] == {"alliance": "noord"}
    assert "data/processed/parts/change/noord.parquet" in compared["outputs"]
    assert "data/processed/parts/responses/2025/noord.parquet" in compared["inputs"]
    assert not [name for name in compared["inputs"] if "zuid" in name]


def test_code_is_what_the_notebooks_use(record: dict[str, Any]) -> None:
    assert {"notebooks/70_compare_waves.ipynb", "src/midterm/compare/change.py", "requirements.txt", "python"} <= set(record["code"])
    assert [name for name in record["code"] if name.startswith("src/midterm/publish/fonts/")]
    assert "src/midterm/collect/xlsform.py" not in record["code"]
    assert record["versions"]["papermill"]


def test_the_run_has_an_id_of_its_contents(whole: Ran, record: dict[str, Any]) -> None:
    content = [record["inputs"], record["code"], record["outputs"]]
    assert record["run_id"] == hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    assert record["seed"] == load_evaluation(whole.folder).file.seed


def test_the_crate_names_its_profiles_and_its_workflow_which_lies_in_it(whole: Ran, graph: dict[str, dict[str, Any]]) -> None:
    root = graph["./"]
    profiles = {entry["@id"] for entry in root["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in profiles
    workflow = graph[root["mainEntity"]["@id"]]
    assert set(workflow["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    plan = json.loads((whole.folder / "reports" / workflow["@id"]).read_text(encoding="utf-8"))
    assert [step["name"] for step in plan] == [step.name for step in STEPS]
    assert graph[workflow["programmingLanguage"]["@id"]]["@type"] == "ComputerLanguage"


def test_the_crate_tells_of_each_run_what_it_read_and_made(graph: dict[str, dict[str, Any]], record: dict[str, Any]) -> None:
    actions = {name: entity for name, entity in graph.items() if entity["@type"] == "CreateAction"}
    assert len(actions) == 1 + len(record["tasks"])
    for action in actions.values():
        assert action["instrument"]["@id"] in graph
        assert all(entry["@id"] in graph for kind in ("object", "result") for entry in action[kind])
        assert action["startTime"] <= action["endTime"]
        assert action["actionStatus"].endswith("CompletedActionStatus")
    assert {graph[entry["@id"]]["name"] for entry in actions["#run"]["object"]} >= {"evaluation.yml", "data/raw/noord.xlsx"}
    assert actions["#run"]["instrument"] == graph["./"]["mainEntity"]


def test_files_in_the_crate_are_there_and_those_outside_go_by_their_content(whole: Ran, graph: dict[str, dict[str, Any]]) -> None:
    files = {name: entity for name, entity in graph.items() if "File" in entity["@type"] and name != "ro-crate-metadata.json"}
    assert [name for name in files if name.startswith("ni:///sha-256;")]
    for name, entity in files.items():
        if not name.startswith("ni:///sha-256;"):
            assert (whole.folder / "reports" / name).exists()
            assert "sha256" not in entity or sha256(whole.folder / "reports" / name) == entity["sha256"]
    assert str(whole.folder) not in json.dumps(list(graph.values()))
