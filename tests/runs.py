"""Real runs of the command, for tests: in, an evaluation's folder; out, how it ended and every byte that it made."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

MIDTERM = Path(sys.executable).with_name("midterm")
NOT_STEADY = ("run.json", "ro-crate-metadata.json")  # with clocks in them, as the executed notebooks have


@dataclass(frozen=True)
class Ran:
    """A run: its folder, exit status and messages."""

    folder: Path
    status: int
    messages: str

    def table(self, name: str, folder: str = "reports/tables") -> pd.DataFrame:
        """Return a table of the contract as text."""
        return pd.read_csv(self.folder / folder / f"{name}.csv", dtype=str, keep_default_na=False)

    def ended(self, state: str) -> set[str]:
        """Return the tasks that ended as ``done`` or ``failed``, by their label."""
        return {match[1] for match in re.finditer(rf"^\[ *\d+/\d+\] {state} +(.+) \([\d.]+ s\)$", self.messages, re.MULTILINE)}

    @property
    def failed(self) -> set[str]:
        """Return the tasks that failed."""
        return self.ended("failed")

    @property
    def done(self) -> set[str]:
        """Return the tasks that ran and succeeded."""
        return self.ended("done")


def command(folder: Path, *arguments: str) -> list[str | Path]:
    """Return the call of ``midterm run``."""
    return [MIDTERM, "run", folder, *(() if "--cluster" in arguments else ("--jobs", "2")), *arguments]


def run(folder: Path, *arguments: str, **settings: Any) -> Ran:
    """Run ``midterm run`` on ``folder`` to its end; no run may show a traceback."""
    ran = subprocess.run(command(folder, *arguments), capture_output=True, text=True, check=False, timeout=600, **settings)
    assert "Traceback" not in ran.stderr + ran.stdout, ran.stderr
    return Ran(folder, ran.returncode, ran.stderr)


def disturbed(folder: Path, disturb: Callable[[int], object], *arguments: str) -> Ran:
    """Run on ``folder`` and call ``disturb`` with the process id until it returns something true."""
    with subprocess.Popen(command(folder, *arguments), stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_hears_interrupts) as running:
        waited = time.monotonic() + 60
        while running.poll() is None and not disturb(running.pid) and time.monotonic() < waited:
            time.sleep(0.01)
        messages = running.communicate()[1]
    assert "Traceback" not in messages, messages
    return Ran(folder, running.returncode, messages)


def _hears_interrupts() -> None:
    """Let a run be interrupted as at a terminal, also where the tests run in the background of a shell, which ignores interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def send(how: signal.Signals, when: Callable[[], bool]) -> Callable[[int], bool]:
    """Return what sends a signal to a run once ``when`` says so: to its whole group as a terminal does, but for a kill."""

    def disturb(process: int) -> bool:
        if not when():
            return False
        (os.kill if how is signal.SIGKILL else os.killpg)(process, how)
        return True

    return disturb


def notebook_processes(process: int) -> list[psutil.Process]:
    """Return the processes under a run that each execute a notebook: children of the one that they are forked from."""
    try:
        return [grandchild for child in psutil.Process(process).children() for grandchild in child.children()]
    except psutil.Error:
        return []


def results(folder: Path) -> dict[str, bytes]:
    """Return every result that must be the same bytes each time, by name."""
    made = [path for part in ("data/processed", "reports") for path in sorted((folder / part).rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in made if path.name not in NOT_STEADY and path.parent.name != "notebooks"}


def differing(first: Path, second: Path) -> list[str]:
    """Return the results that differ between two folders, by name."""
    left, right = results(first), results(second)
    return sorted(name for name in {*left, *right} if left.get(name) != right.get(name))


def nothing_half_written(folder: Path) -> None:
    """Check that every file under a final name is whole, and that no other is left."""
    for part in ("reports", "data/processed"):
        assert not [path for path in (folder / part).rglob("*") if path.name.startswith(".") and path.name != ".gitkeep"]
    every_file_is_whole(folder)


def every_file_is_whole(folder: Path) -> None:
    """Check that every file under a final name can be read to its end."""
    for path in (path for path in folder.rglob("*.parquet") if not path.name.startswith(".")):
        pd.read_parquet(path)
    for path in [*folder.glob("reports/**/[!.]*.json"), *folder.glob("reports/notebooks/[!.]*.ipynb")]:
        json.loads(path.read_text(encoding="utf-8"))
    for path in folder.glob("reports/**/[!.]*.svg"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</svg>"), path
