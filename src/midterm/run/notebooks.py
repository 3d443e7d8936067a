"""What a notebook says of itself: in, its file; out, the parameters that it declares and the modules that it imports."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from midterm.errors import ConfigError, Problem, nearest
from midterm.steps import NOTEBOOKS, Task


@dataclass(frozen=True)
class Notebook:
    """The names in the cell tagged ``parameters``, and every module imported."""

    parameters: tuple[str, ...]
    imports: tuple[str, ...]


def read_notebook(path: Path) -> Notebook:
    """Read ``path``; raise ConfigError when it is not there or no notebook in Python.

    Neither Papermill nor nbformat is asked, as importing them takes longer than all else that a run needs to see that nothing changed.
    """
    try:
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        code = [("parameters" in cell["metadata"].get("tags", ()), ast.parse("".join(cell["source"]))) for cell in cells]
    except FileNotFoundError:
        raise ConfigError(Problem(path.name, rule="missing_notebook", reason="this notebook is not there; restore it")) from None
    except (ValueError, KeyError, TypeError, SyntaxError):
        raise ConfigError(Problem(path.name, rule="broken_notebook", reason="this is no notebook in plain Python; mend it in JupyterLab")) from None
    declared = [name for is_declaring, tree in code if is_declaring for name in _assigned(tree)]
    return Notebook(tuple(declared), tuple(sorted({module for _, tree in code for module in _imported(tree)})))


def _assigned(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _imported(tree: ast.AST) -> Iterator[str]:
    """Give each imported module; ``from a import b`` gives ``a`` and ``a.b``, of which the second need not be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{name.name}" for name in node.names))


def check_parameters(tasks: Iterable[Task], folder: Path = NOTEBOOKS) -> None:
    """Raise ConfigError where a task has a parameter that its notebook does not declare.

    Papermill only warns of a misspelt parameter and then runs the default.
    """
    wanted = {task.step.notebook: ("evaluation", *task.parameters) for task in tasks}
    problems = [problem for notebook, names in wanted.items() for problem in _unknown(folder / f"{notebook}.ipynb", names)]
    if problems:
        raise ConfigError(problems)


def _unknown(path: Path, names: Iterable[str]) -> Iterator[Problem]:
    declared = read_notebook(path).parameters
    for name in names:
        if name not in declared:
            yield Problem(path.name, column=name, rule="unknown_parameter", reason=f"the notebook has no such parameter; {nearest(name, declared)}")


def to_preload() -> list[str]:
    """Return what any notebook of the plan imports, for the process that the notebooks' processes are forked from."""
    return sorted({name for path in NOTEBOOKS.glob("*.ipynb") for name in read_notebook(path).imports})


def source_of(notebook: str) -> Path:
    """Return where the notebook of a step lies."""
    return NOTEBOOKS / f"{notebook}.ipynb"
