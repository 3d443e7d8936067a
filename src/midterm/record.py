"""The record of a run: in, the evaluation's files; out, ``reports/run.json`` and whether everything is current by it."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from midterm.description import Evaluation
from midterm.description.evaluation import SHIPPED
from midterm.steps import NOTEBOOKS
from midterm.tables import replacing

RECORD = "reports/run.json"
PACKAGE = Path(__file__).resolve().parent
REPOSITORY = PACKAGE.parents[1]
OUTPUTS = ("data/processed/[a-z]*.*", "data/processed/open/*", "reports/quality.*", "reports/tables/*", "reports/figures/*", "reports/report.*")
LIBRARIES = ("jupyter_client", "matplotlib", "numpy", "pandas", "papermill", "pyarrow", "pypandoc_binary", "scipy", "seaborn", "statsmodels", "typst")


def is_current(evaluation: Evaluation) -> bool:
    """Tell whether the last run was of everything and ended well, and neither its inputs, its code nor its outputs have changed since."""
    path = evaluation.folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    same = record.get("exit_status") == 0 and not record.get("only") and record.get("inputs") == inputs(evaluation) and record.get("code") == code()
    return bool(same and record.get("outputs") == outputs(evaluation.folder))


def write_record(evaluation: Evaluation, failures: dict[str, str], seconds: dict[str, float], exit_status: int, only: Sequence[str]) -> None:
    """Write ``reports/run.json``: id, time, versions, commit, seed, parameters, sha256 of inputs, code and outputs."""
    made, put_in, program = outputs(evaluation.folder), inputs(evaluation), code()
    content = {
        "run_id": hashlib.sha256(json.dumps([put_in, program, made]).encode()).hexdigest()[:16],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit_status": exit_status,
        "only": list(only),
        "commit": _commit(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("midterm", *LIBRARIES)},
        "seed": evaluation.file.seed,
        "parameters": json.loads(evaluation.plan.model_dump_json()),
        "tasks_seconds": {name: round(value, 2) for name, value in seconds.items()},
        "failures": failures,
        "inputs": put_in,
        "code": program,
        "outputs": made,
    }
    with replacing(evaluation.folder / RECORD) as path:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def inputs(evaluation: Evaluation) -> dict[str, str]:
    """Return the sha256 of every file that describes the evaluation and of every raw file that is there."""
    return _hashes(evaluation.folder, (evaluation.folder / name for name in (*evaluation.description_files, *evaluation.sources.files)))


def code() -> dict[str, str]:
    """Return the sha256 of every notebook, module and vendored file, and of the lock."""
    files = [
        *NOTEBOOKS.glob("*.ipynb"),
        *(path for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts),
        REPOSITORY / "requirements.txt",
        *SHIPPED.glob("labels.*.yml"),
    ]
    return _hashes(REPOSITORY, files)


def outputs(folder: Path) -> dict[str, str]:
    """Return the sha256 of every output but the record and the executed notebooks."""
    return _hashes(folder, (path for pattern in OUTPUTS for path in folder.glob(pattern)))


def _hashes(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    files = sorted({path for path in paths if path.is_file() and path.name not in (".gitkeep", ".gitignore")})
    return {_relative(path, root): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _commit() -> str | None:
    try:
        found: Any = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return str(found.stdout).strip()
