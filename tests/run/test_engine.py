"""The engine beside papermill's own: the same cells give the same outputs, counts, marks and errors, without a kernel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

CELLS = {
    "result": "6 * 7",
    "streams": "import sys\nprint('to', flush=True)\nprint('err', file=sys.stderr, flush=True)\nprint('out')",
    "frame": "import pandas as pd\npd.DataFrame({'a': [1.5, None], 'b': ['x', 'y']})",
    "last_of_two": "1\n2",
    "nothing": "x = 1",
    "display": "from IPython.display import HTML, display\ndisplay(HTML('<b>one</b>'))\ndisplay('two')\n3",
    "updated": "handle = display('before', display_id='it')\nhandle.update('after')",
    "cleared": "from IPython.display import clear_output\nprint('gone', flush=True)\nclear_output()\nprint('here')",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('t');",
    "awaits": "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "shell_command": "!echo from a shell",
    "magic": "%precision 2\n3.14159",
    "cell_magic": "%%capture caught\nprint('captured')",
    "captured": "caught.stdout",
    "previous": "_",
    "module": "__name__, type(get_ipython()).__name__",
    "class": "class Kept: pass\nimport pickle\npickle.loads(pickle.dumps(Kept())).__class__ is Kept",
    "widths": "pd.get_option('display.width'), plt.get_backend()",
}
ERRORS = {
    "raises": "print('before')\nraise ValueError('of the data')",
    "syntax": "for",
    "exits": "import sys\nsys.exit(0)",
    "exits_badly": "import sys\nsys.exit(3)",
}


def notebook(cells: list[str], tags: tuple[str, ...] = ()) -> Any:
    """Return a notebook with a parameters cell, ``cells``, and a last one."""
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    book.cells = [nbformat.v4.new_code_cell("given: str = 'default'", metadata={"tags": ["parameters"]}), nbformat.v4.new_markdown_cell("text")]
    book.cells += [nbformat.v4.new_code_cell(cell, metadata={"tags": list(tags)}) for cell in cells]
    book.cells.append(nbformat.v4.new_code_cell("given"))
    return book


def executed(folder: Path, name: str, book: Any, engine: str | None) -> Any:
    """Execute in a process of its own by papermill's command, as a user does; return what it left."""
    source, made = folder / f"{name}.ipynb", folder / f"{name}.{engine}.ipynb"
    nbformat.write(book, source)
    command = [Path(sys.executable).with_name("papermill"), source, made, "-r", "given", "a value", "--cwd", folder, "--no-progress-bar"]
    subprocess.run([*command, *(["--engine", engine] if engine else [])], capture_output=True, check=False)
    return nbformat.read(made, as_version=4)


def shown(book: Any) -> list[dict[str, Any]]:
    """Return what is to be equal: sources, outputs, counts and marks, without times, ids and the frames of a traceback."""
    cells = []
    for cell in book.cells:
        marks = {name: cell.metadata.get("papermill", {}).get(name) for name in ("exception", "status")}
        outputs = [{name: value for name, value in output.items() if name != "traceback"} for output in cell.get("outputs", [])]
        cells.append({"source": cell.source, "outputs": outputs, "count": cell.get("execution_count"), **marks})
    return cells


@pytest.mark.slow
def test_every_kind_of_cell_leaves_what_a_kernel_leaves(tmp_path: Path) -> None:
    ours, theirs = (executed(tmp_path, "all", notebook(list(CELLS.values())), engine) for engine in ("midterm", None))
    for name, mine, his in zip(["given", "text", "injected", *CELLS, "last"], shown(ours), shown(theirs), strict=True):
        assert mine == his, name
    assert shown(ours)[-1]["outputs"][0]["data"] == {"text/plain": "'a value'"}
    assert ours.metadata.language_info == theirs.metadata.language_info
    assert ours.metadata.papermill.parameters == theirs.metadata.papermill.parameters
    images = [output for cell in ours.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    assert len(images) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_told_as_papermill_tells_it_and_stops_the_rest(tmp_path: Path, name: str) -> None:
    ours, theirs = (executed(tmp_path, name, notebook([ERRORS[name]]), engine) for engine in ("midterm", None))
    assert shown(ours) == shown(theirs)
    assert ours.cells[-1].execution_count is None


@pytest.mark.slow
def test_a_cell_that_may_fail_does_not_stop_the_rest(tmp_path: Path) -> None:
    ours, theirs = (executed(tmp_path, "may", notebook(["1 / 0"], ("raises-exception",)), engine) for engine in ("midterm", None))
    assert shown(ours)[-1] == shown(theirs)[-1]
    assert ours.cells[-1].execution_count == 4


def test_exit_stops_the_notebook(tmp_path: Path) -> None:
    assert executed(tmp_path, "exit", notebook(["exit()"]), "midterm").cells[-1].execution_count is None


def test_a_time_limit_for_cells_and_another_language_are_refused() -> None:
    book = notebook(["1"])
    with pytest.raises(papermill.exceptions.PapermillException, match="no time limit for a cell"):
        papermill.execute_notebook(book, None, engine_name="midterm", progress_bar=False, execution_timeout=5)
    book.metadata.kernelspec.update(language="R", name="ir")
    with pytest.raises(papermill.exceptions.PapermillException, match="runs Python, not R"):
        papermill.execute_notebook(book, None, engine_name="midterm", progress_bar=False)


def test_two_notebooks_in_one_process_do_not_see_each_other_and_leave_it_as_it_was() -> None:
    before = sys.stdout, sys.stderr, sys.displayhook, sys.argv, list(sys.path), sys.modules["__main__"]
    papermill.execute_notebook(notebook(["left = 1"]), None, engine_name="midterm", progress_bar=False)
    second = papermill.execute_notebook(notebook(["'left' in globals()"]), None, engine_name="midterm", progress_bar=False)
    assert second.cells[2].outputs[0]["data"]["text/plain"] == "False"
    assert (sys.stdout, sys.stderr, sys.displayhook, sys.argv, list(sys.path), sys.modules["__main__"]) == before
