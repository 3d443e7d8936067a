"""The run as a Workflow Run Crate: in, the record of a run; out, ``reports/ro-crate-metadata.json`` and the plan that it was a run of.

Files below ``reports/`` go by their path; all others, which lie outside the crate, by their content (RFC 6920,
``ni:///sha-256;``), as no address of them is known that holds on another machine. https://w3id.org/ro/wfrun/workflow/0.5
"""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rocrate.model import ContextEntity, DataEntity
from rocrate.rocrate import ROCrate

from midterm.description import Evaluation
from midterm.files import replacing
from midterm.run.lock import CRATE, PLAN
from midterm.steps import STEPS

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
COMPLETED, FAILED = "http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus"


def write_crate(evaluation: Evaluation, record: Mapping[str, Any]) -> None:
    """Write the crate of the run that ``record`` (``run.json``) tells of, and the plan, the crate's workflow, beside it."""
    with replacing(evaluation.folder / PLAN) as path:
        path.write_text(json.dumps([asdict(step) for step in STEPS], indent=1) + "\n", encoding="utf-8")
    content = crate_of(evaluation, record).metadata.generate()
    with replacing(evaluation.folder / CRATE) as path:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def crate_of(evaluation: Evaluation, record: Mapping[str, Any]) -> ROCrate:
    """Return the whole run as one action of the workflow, and each notebook's run as an action of its own."""
    crate = ROCrate(version="1.1")  # that of the profiles
    language = evaluation.file.languages[0]
    crate.name = evaluation.file.title.in_(language)
    crate.description = f"Run {record['run_id']} of midterm: {evaluation.file.background.in_(language)}"
    crate.license = "Not for publication as a whole: executed notebooks show small groups."
    crate.datePublished = record["finished"]
    crate.root_dataset["conformsTo"] = [
        crate.add(ContextEntity(crate, url, {"@type": "CreativeWork", "name": name, "version": url.rpartition("/")[2]})) for url, name in PROFILES.items()
    ]
    files = _files(crate, record)
    crate.mainEntity = workflow = _workflow(crate, files, record)
    inputs = [files[name] for name in record["inputs"] if name in files]
    outputs = [files[name] for name in record["outputs"] if name in files]
    times = {"startTime": record["started"], "endTime": record["finished"]}
    _action(crate, "#run", f"midterm run {record['run_id']}", workflow, inputs, outputs, times, "; ".join(record["failures"]))
    for label, task in record["tasks"].items():
        if task["state"] in ("done", "current", "failed"):
            read, made = ([files[name] for name in task[kind] if name in files] for kind in ("inputs", "outputs"))
            _action(crate, f"#{label.replace(' ', '-')}", label, files[task["notebook"]], read, made, _times(task), task["failure"])
    return crate


def _files(crate: ROCrate, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entity for every file that was read, made or run; two of the same content outside ``reports/`` are one."""
    executed = {name: found for task in record["tasks"].values() for name, found in task.get("outputs", {}).items()}
    hashes = {**{name: found for name, found in record["code"].items() if name != "python"}, **record["inputs"], **record["outputs"], **executed}
    files, known = dict[str, Any](), dict[str, Any]()
    for name, found in sorted(hashes.items()):
        identifier = name.removeprefix("reports/") if name.startswith("reports/") else _by_content(found)
        form = mimetypes.guess_type(name)[0] or "application/octet-stream"
        properties = {"@type": _kind(name, record), "name": name, "sha256": found, "encodingFormat": form}
        if identifier not in known:
            known[identifier] = crate.add(DataEntity(crate, identifier, properties))
        files[name] = known[identifier]
    return files


def _kind(name: str, record: Mapping[str, Any]) -> list[str]:
    is_code = name in record["code"] and name.endswith((".ipynb", ".py"))
    return ["File", "SoftwareSourceCode"] if is_code else ["File"]


def _by_content(sha256: str) -> str:
    return f"ni:///sha-256;{base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip('=')}"


def _workflow(crate: ROCrate, files: Mapping[str, Any], record: Mapping[str, Any]) -> Any:
    """Return the plan as the crate's workflow, with the language that runs it and its notebooks as parts."""
    version = record["versions"]["midterm"]
    language = crate.add(ContextEntity(crate, "#midterm", {"@type": "ComputerLanguage", "name": "midterm", "version": version}))
    said = {"@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"], "name": "the plan of midterm", "version": version}
    workflow = crate.add(DataEntity(crate, PLAN.removeprefix("reports/"), {**said, "encodingFormat": "application/json"}))
    workflow["programmingLanguage"] = language
    workflow["hasPart"] = [files[name] for name in sorted({task["notebook"] for task in record["tasks"].values()}) if name in files]
    return workflow


def _times(task: Mapping[str, Any]) -> dict[str, str]:
    end = datetime.fromisoformat(task["started"]) + timedelta(seconds=task["seconds"])
    return {"startTime": task["started"], "endTime": end.isoformat(timespec="seconds")}


def _action(
    crate: ROCrate, identifier: str, name: str, instrument: Any, read: Iterable[Any], made: Iterable[Any], times: Mapping[str, str], failure: str
) -> None:
    status = {"actionStatus": FAILED, "error": failure} if failure else {"actionStatus": COMPLETED}
    action = crate.add(ContextEntity(crate, identifier, {"@type": "CreateAction", "name": name, **times, **status}))
    action["instrument"], action["object"], action["result"] = instrument, list(read), list(made)
    crate.root_dataset.append_to("mentions", action)
