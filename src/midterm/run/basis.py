"""What a result rests on: in, a task; out, the sha256 of its inputs and of the code that it uses, and what changed in them.

Contents decide, never time stamps. The code of a step is its notebook, every module of the package that the notebook imports,
directly or through others, what lies beside those modules, and the lock.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import grimp

from midterm.description import Evaluation
from midterm.run.notebooks import read_notebook, source_of
from midterm.steps import Step, Task

PACKAGE = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE.parents[1]
ENGINE = ("midterm.run.engine", "midterm.run.shell")  # what executes every notebook
LOCK = REPOSITORY / "requirements.txt"
Hashes = dict[str, str]
UNREADABLE = "unreadable"  # how what stands in place of the sha256 of a file begins that cannot be read


class Contents:
    """The sha256 of files, each read once as long as it is the same file, unchanged, in this one run."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int, int], str] = {}

    def sha256(self, path: str | Path) -> str | None:
        """Return the sha256 of a file, or nothing when it is not there."""
        try:
            with open(path, "rb") as file:
                stat = os.fstat(file.fileno())
                key = (str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns)
                if key not in self._known:
                    self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, IsADirectoryError):
            return None
        except OSError as error:  # the step that reads it will say so
            return f"{UNREADABLE}: {error.strerror}"
        return self._known[key]

    def of(self, folder: Path, patterns: Iterable[str]) -> Hashes:
        """Return the sha256 of every file below ``folder`` that a pattern names, sorted by name."""
        found = {name: self.sha256(folder / name) for pattern in patterns for name in _matching(folder, pattern)}
        return {shown(name): digest for name, digest in sorted(found.items()) if digest}


def _matching(folder: Path, pattern: str) -> list[str]:
    return glob.glob(pattern, root_dir=folder) if glob.has_magic(pattern) else [pattern]


def shown(name: str) -> str:
    """Return a file's name as the user sees it: one outside the evaluation by its name alone."""
    return Path(name).name if os.path.isabs(name) else name


def inputs(evaluation: Evaluation, task: Task, contents: Contents) -> Hashes:
    """Return the sha256 of each file that ``task`` declares to read and that is there."""
    return contents.of(evaluation.folder, task.reads(evaluation))


def code(step: Step, contents: Contents) -> Hashes:
    """Return the sha256 of each file of code that ``step`` uses, and the version of Python."""
    files = {path.relative_to(REPOSITORY).as_posix(): contents.sha256(path) for path in (source_of(step.notebook), *_modules(step.notebook), LOCK)}
    return {"python": platform.python_version(), **{name: digest for name, digest in sorted(files.items()) if digest}}


def package(contents: Contents) -> str:
    """Return one sha256 for the whole package, the lock and the version of Python: what a process that runs notebooks has imported."""
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    hashes = {path.relative_to(REPOSITORY).as_posix(): contents.sha256(path) or "" for path in (*files, LOCK)}
    return digest({"python": platform.python_version(), **hashes})


def digest(hashes: Mapping[str, str]) -> str:
    """Return one sha256 for many."""
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Say which entries changed, came or went, in words."""
    for name in sorted({*before, *now}):
        if name not in before:
            yield f"{name} is new"
        elif name not in now:
            yield f"{name} is gone"
        elif before[name] != now[name]:
            yield f"{name} changed"


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("midterm", cache_dir=None)


@cache
def _modules(notebook: str) -> tuple[Path, ...]:
    """Return the files of all modules that a notebook uses, and what lies beside them in their packages."""
    graph = _graph()
    wanted, used = [*ENGINE, *(name for name in read_notebook(source_of(notebook)).imports if name in graph.modules)], set[str]()
    while wanted:
        module = wanted.pop()
        if module in graph.modules and module not in used:
            used.add(module)
            wanted += [*graph.find_modules_directly_imported_by(module), module.rpartition(".")[0]]
    files = {_file(module) for module in used}
    data = {path for folder in {file.parent for file in files} for path in folder.glob("*/*") if path.is_file() and _is_data(path.parent)}
    return tuple(sorted(files | data))


def _is_data(folder: Path) -> bool:
    """Tell a folder with fonts or templates from a package of its own and from compiled code."""
    return folder.name != "__pycache__" and not (folder / "__init__.py").exists()


def _file(module: str) -> Path:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
