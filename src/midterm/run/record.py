"""The record of a run: in, the plan after it; out, ``reports/run.json`` with where every output comes from."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from typing import Any

from midterm.files import replacing
from midterm.run.basis import REPOSITORY, UNREADABLE, Hashes
from midterm.run.crate import write_crate
from midterm.run.lock import RECORD
from midterm.run.standing import Plan, Standing

KEPT = ("started", "seconds", "megabytes", "parameters", "code", "inputs", "outputs", "failure")


@dataclass(frozen=True)
class Run:
    """What the call was and how it ended."""

    started: datetime
    exit_status: int
    ran: Sequence[str]
    only: Sequence[str] = ()
    jobs: int | None = None
    cluster: str = ""


def record_of(plan: Plan, run: Run) -> dict[str, Any]:
    """Return id, times, versions, commit, seed, parameters, sha256 of inputs, code and outputs, and for each task its own share of them.

    ``inputs`` and ``outputs`` are those of all that is current; ``outputs`` leaves out the executed notebooks, whose
    bytes hold times. A task that was current keeps the times of when it ran.
    """
    standings, ran = plan.standings(), set(run.ran)
    known = {label: plan.journal[label] for label in plan.tasks}
    tasks = {label: _task(standings[label], values, has_run=label in ran) for label, values in known.items()}
    current = [known[label] for label, standing in standings.items() if standing.state == "current"]
    inputs = _together(*(values["inputs"] for values in current))
    outputs = _together(*(values["outputs"] for values in current))
    made = {name: found for name, found in outputs.items() if not name.startswith("reports/notebooks/")}
    code = _together(*(plan.journal.code(values["code"]) for values in known.values() if values))
    raw = {name: found for name, found in inputs.items() if name not in outputs and not found.startswith(UNREADABLE)}
    return {
        "run_id": hashlib.sha256(json.dumps([raw, code, made], sort_keys=True).encode()).hexdigest()[:16],
        "started": run.started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit_status": run.exit_status,
        "only": list(run.only),
        "jobs": run.jobs,
        "cluster": run.cluster,
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": dict(sorted((library.name, library.version) for library in distributions())),
        "seed": plan.evaluation.file.seed,
        "parameters": json.loads(plan.evaluation.plan.model_dump_json()),
        "failures": {label: values["failure"] for label, values in known.items() if values.get("failure")},
        "inputs": raw,
        "code": code,
        "outputs": made,
        "tasks": tasks,
    }


def write_record(plan: Plan, run: Run) -> None:
    """Write ``reports/run.json`` and the crate beside it."""
    record = record_of(plan, run)
    with replacing(plan.evaluation.folder / RECORD) as path:
        path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    write_crate(plan.evaluation, record)


def _task(standing: Standing, values: dict[str, Any], *, has_run: bool) -> dict[str, Any]:
    state = "not_run" if not values else "done" if has_run and standing.state == "current" else standing.state
    return {"state": state, "notebook": f"notebooks/{standing.task.step.notebook}.ipynb", **{name: values[name] for name in KEPT if name in values}}


def _together(*hashes: Hashes) -> Hashes:
    return dict(sorted({name: found for each in hashes for name, found in each.items()}.items()))


def _commit() -> str | None:
    try:
        found: Any = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return str(found.stdout).strip()
