"""One notebook's process: faults are injected into real notebooks, and each is named, leaves nothing and shows no data."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import psutil
import pytest

from midterm.run.lock import one_run_at_a_time
from midterm.run.process import Outcome, execute
from midterm.steps import STEPS, Step, Task

LIMITS = (0.5, 4.0)
MAKES = "import pathlib\npathlib.Path(evaluation, 'out').mkdir()\npathlib.Path(evaluation, 'out', 'half.csv').write_text('half')"


def write_notebook(folder: Path, *cells: str) -> Task:
    """Write a notebook with ``cells`` and return a task of it, in the folder of an evaluation."""
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    parameters = nbformat.v4.new_code_cell('evaluation: str = ".."', metadata={"tags": ["parameters"]})
    book.cells = [parameters, *(nbformat.v4.new_code_cell(cell) for cell in cells)]
    nbformat.write(book, folder / "10_try_this.ipynb")
    return Task(Step("try", str(folder / "10_try_this"), "once", (), ("out/*",)), "")


def outcome_of(folder: Path, *cells: str, limits: tuple[float, float] = LIMITS) -> Outcome:
    task = write_notebook(folder, *cells)
    with one_run_at_a_time(folder) as lock:
        return execute(folder, task, limits, lock.take())


def printed(folder: Path, *cells: str) -> str:
    """Return what the last cell of a notebook showed."""
    assert outcome_of(folder, *cells).failure == ""
    book = nbformat.read(folder / "reports/notebooks/10_try_this.ipynb", as_version=4)
    return str(book.cells[-1].outputs[0]["data"]["text/plain"])


def nothing_is_left(folder: Path) -> None:
    assert not list((folder / "out").glob("*"))
    assert not list((folder / "reports").rglob("*.ipynb"))
    assert not list((folder / ".midterm").glob("scratch/*"))


def test_a_notebook_that_ends_well_is_kept_with_what_it_made(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, MAKES, "1 + 1")
    assert outcome.failure == ""
    assert sorted(outcome.outputs) == ["out/half.csv", "reports/notebooks/10_try_this.ipynb"]
    assert outcome.megabytes > 10
    assert (tmp_path / "reports/notebooks/10_try_this.ipynb").exists()


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("import sys\nsys.exit(0)", "stopped before its last cell"),
        ("exit()", "stopped before its last cell"),
        ("import os\nos._exit(0)", "ended before the notebook did (exit status 0)"),
        ("import os\nos._exit(7)", "ended before the notebook did (exit status 7)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "killed (SIGKILL)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "killed (SIGSEGV)"),
        ("import os\nos.abort()", "killed (SIGABRT)"),
        ("import time\ntime.sleep(60)", "longer than its limit of 0.05 minutes"),
        ("while True: pass", "longer than its limit of 0.05 minutes"),
        ("import numpy, time\nkept = numpy.ones(2 * 2**30, 'u1')\ntime.sleep(9)", "more memory than its limit of 1 GB"),
        ("kept = []\nwhile True: kept.append(b'x' * 10**7)", "more memory than its limit of 1 GB"),
        ("import numpy\nnumpy.ones(2**50)", "more memory than there is"),
        ("raise OSError(28, 'No space left on device', '/a/path')", "the disk is full"),
        ("raise ValueError('the answer of a respondent')", "a fault in cell 4 of 10_try_this.ipynb (ValueError)"),
        ("1 +", "SyntaxError"),
        ("from midterm.errors import Problem, UserError\nraise UserError(Problem('a.csv', row=3, reason='mend this'))", "a.csv, row 3: mend this"),
    ],
)
@pytest.mark.parametrize("is_last", [False, True])
def test_a_fault_is_named_in_a_sentence_without_data_and_leaves_nothing(tmp_path: Path, cell: str, told: str, is_last: bool) -> None:
    minutes = 0.05 if "0.05 minutes" in told else 0.5
    outcome = outcome_of(tmp_path, MAKES, "secret = 'the answer of a respondent'", cell, *([] if is_last else ["1 + 1"]), limits=(minutes, 1.0))
    assert told in outcome.failure
    assert "respondent" not in outcome.failure
    assert "Traceback" not in outcome.failure
    assert outcome.failure.count("\n") == 0
    nothing_is_left(tmp_path)


def test_what_a_stopped_notebook_had_started_ends_with_it(tmp_path: Path) -> None:
    starts = "import pathlib, subprocess\nchild = subprocess.Popen(['sleep', '60'])\npathlib.Path(evaluation, 'child').write_text(str(child.pid))"
    assert "longer than its limit" in outcome_of(tmp_path, starts, "child.wait()", limits=(0.03, 4.0)).failure
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE  # dead, whether or not it was taken note of


def test_a_notebook_that_ends_while_its_child_lives_does_not_hold_up_the_batch(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "import os, time\nif os.fork() == 0:\n    time.sleep(60)\n    os._exit(0)", "os._exit(3)")
    assert "exit status 3" in outcome.failure
    assert outcome.seconds < 20


def test_a_task_of_a_run_that_is_over_touches_nothing(tmp_path: Path) -> None:
    task = write_notebook(tmp_path, MAKES)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/half.csv").write_text("of a later run")
    with one_run_at_a_time(tmp_path) as lock:
        lock.take()
        assert "has ended" in execute(tmp_path, task, LIMITS, "1 1").failure
    assert (tmp_path / "out/half.csv").read_text() == "of a later run"


def test_a_process_with_other_code_than_the_run_goes_by_makes_nothing(tmp_path: Path) -> None:
    task = Task(next(step for step in STEPS if step.name == "clean_population"), "")
    with one_run_at_a_time(tmp_path) as lock:
        assert "other code" in execute(tmp_path, task, LIMITS, lock.take(), "another digest").failure


def test_a_folder_with_the_name_of_an_output_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out/half.csv_files").mkdir(parents=True)
    assert outcome_of(tmp_path, "1 + 1").failure == ""
    assert (tmp_path / "out/half.csv_files").is_dir()


def test_a_broken_notebook_is_named(tmp_path: Path) -> None:
    task = write_notebook(tmp_path, "1")
    (tmp_path / "10_try_this.ipynb").write_text("{", encoding="utf-8")
    with one_run_at_a_time(tmp_path) as lock:
        assert "10_try_this.ipynb could not be run to its end" in execute(tmp_path, task, LIMITS, lock.take()).failure


def test_a_run_that_let_go_of_its_lock_ends_what_it_left_running(tmp_path: Path) -> None:
    task = write_notebook(tmp_path, MAKES, "import time\ntime.sleep(60)")
    with one_run_at_a_time(tmp_path) as lock:
        mark = lock.take()
    assert "has ended" in execute(tmp_path, task, LIMITS, mark).failure
    nothing_is_left(tmp_path)


def test_runs_share_no_state(tmp_path: Path) -> None:
    disturb = [
        "import os, random, sys, types\nimport matplotlib, numpy, pandas",
        "os.environ['LEFT'] = 'behind'\nos.chdir('/')\nsys.modules['left'] = types.ModuleType('left')\npandas.left = 1",
        "matplotlib.rcParams['figure.dpi'] = 7\npandas.set_option('display.max_rows', 7)\nnumpy.random.seed(1)\nrandom.seed(1)",
    ]
    ask = (
        "import os, random, sys\nimport matplotlib, numpy, pandas\n"
        "('LEFT' in os.environ, os.getcwd(), 'left' in sys.modules, hasattr(pandas, 'left'), matplotlib.rcParams['figure.dpi'],"
        " pandas.get_option('display.max_rows'))"
    )
    fresh = printed(tmp_path, ask)
    assert outcome_of(tmp_path, *disturb).failure == ""
    assert printed(tmp_path, ask) == fresh
    assert f"(False, '{tmp_path}', False, False, 100.0, 60" in " ".join(fresh.split())


def test_random_state_is_the_runs_own(tmp_path: Path) -> None:
    draw = "import random, numpy\n(random.random(), numpy.random.random())"
    assert printed(tmp_path, draw) != printed(tmp_path, draw)


def test_the_process_has_one_thread_but_that_which_minds_its_parent_and_opens_no_socket(tmp_path: Path) -> None:
    look = (
        "import os, threading\n"
        "sockets = [link for link in (os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if os.path.islink(f'/proc/self/fd/{fd}'))"
        " if link.startswith('socket')]\n"
        "len(os.listdir('/proc/self/task')), threading.active_count(), len(os.listdir(f'/proc/{os.getppid()}/task')), sockets"
    )
    if not Path("/proc/self/task").exists():
        pytest.skip("this system has no /proc in which to count threads and sockets")
    assert printed(tmp_path, look) == "(2, 2, 1, [])"


def test_libraries_are_imported_already(tmp_path: Path) -> None:
    assert printed(tmp_path, "import sys\nall(name in sys.modules for name in ('pandas', 'matplotlib.pyplot', 'midterm.publish.report'))") == "True"


def test_scratch_lies_in_the_evaluations_folder(tmp_path: Path) -> None:
    where = printed(tmp_path, "import tempfile\ntempfile.gettempdir()")
    assert Path(where.strip("'")).is_relative_to(tmp_path / ".midterm" / "scratch")


def test_a_second_run_at_once_is_refused_with_the_firsts_process(tmp_path: Path) -> None:
    from midterm.errors import ConfigError

    with one_run_at_a_time(tmp_path) as lock:
        lock.take()
        with pytest.raises(ConfigError, match=rf"process {os.getpid()}"), one_run_at_a_time(tmp_path):
            pytest.fail("two runs at once")
    with one_run_at_a_time(tmp_path) as lock:
        lock.take()
