"""The batch: parameters are refused before a kernel starts, and a notebook that did not end well is never a result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from midterm import run as batch
from midterm.description import Evaluation
from midterm.errors import ConfigError
from midterm.run import check_parameters, execute, one_run_at_a_time, run
from midterm.steps import NOTEBOOKS, Step, Task


def write_notebook(folder: Path, name: str, *cells: str) -> None:
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    parameters = nbformat.v4.new_code_cell('evaluation: str = ".."', metadata={"tags": ["parameters"]})
    book.cells = [parameters, *(nbformat.v4.new_code_cell(cell) for cell in cells)]
    nbformat.write(book, folder / f"{name}.ipynb")


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    monkeypatch.setattr(batch, "NOTEBOOKS", tmp_path)
    return Step("try", "10_try_this", "once", (), ("out/*",))


def outcome_of(tmp_path: Path, step: Step, *cells: str) -> str:
    write_notebook(tmp_path, step.notebook, *cells)
    return execute(tmp_path, Task(step, "")).failure


def test_a_misspelt_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"70_compare_waves.ipynb, column aliance: .*'alliance'"):
        check_parameters(NOTEBOOKS / "70_compare_waves.ipynb", {"aliance": "klimop"})
    check_parameters(NOTEBOOKS / "70_compare_waves.ipynb", {"alliance": "klimop"})


def test_an_unknown_name_stops_before_anything_is_handed_out(tiny: Evaluation) -> None:
    with ThreadPoolExecutor(1) as executor:
        executor.submit = lambda *_: pytest.fail("something was handed out")  # type: ignore[method-assign]
        with pytest.raises(ConfigError, match="no step and no alliance"):
            run(tiny, executor, print, ["norod"])


def test_a_notebook_that_ends_well_is_kept(tmp_path: Path, step: Step) -> None:
    assert outcome_of(tmp_path, step, "1 + 1") == ""
    assert (tmp_path / "reports/notebooks/10_try_this.ipynb").exists()


def test_a_notebook_that_exits_is_a_failure(tmp_path: Path, step: Step) -> None:
    assert "stopped before its last cell" in outcome_of(tmp_path, step, "import sys; sys.exit(0)", "1 + 1")
    assert not (tmp_path / "reports").exists()


def test_a_fault_is_named_without_its_text_and_leaves_nothing(tmp_path: Path, step: Step) -> None:
    made = "import pathlib\npathlib.Path(evaluation, 'out').mkdir()\npathlib.Path(evaluation, 'out', 'half.csv').write_text('half')"
    failure = outcome_of(tmp_path, step, made, "raise ValueError('the answer of a respondent')")
    assert "ValueError" in failure
    assert "10_try_this.ipynb" in failure
    assert "respondent" not in failure
    assert "Traceback" not in failure
    assert list((tmp_path / "out").iterdir()) == []


def test_a_users_error_comes_back_as_its_sentence(tmp_path: Path, step: Step) -> None:
    raising = "from midterm.errors import Problem, UserError\nraise UserError(Problem('a.csv', row=3, reason='mend this'))"
    assert outcome_of(tmp_path, step, raising) == "a.csv, row 3: mend this"


def test_a_kernel_that_dies_is_a_failure(tmp_path: Path, step: Step) -> None:
    assert "could not be run to its end" in outcome_of(tmp_path, step, "import os; os._exit(1)")


def test_a_second_run_at_once_is_refused_with_the_firsts_process(tmp_path: Path) -> None:
    import os

    with one_run_at_a_time(tmp_path), pytest.raises(ConfigError, match=rf"process {os.getpid()}"), one_run_at_a_time(tmp_path):
        pytest.fail("two runs at once")
    with one_run_at_a_time(tmp_path):
        pass


def test_an_interrupted_notebook_leaves_nothing(tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path, _task: Task) -> str:
        (folder / "out").mkdir()
        (folder / "out" / "half.csv").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "_run_notebook", interrupted)
    with pytest.raises(KeyboardInterrupt):
        execute(tmp_path, Task(step, ""))
    assert list((tmp_path / "out").iterdir()) == []
