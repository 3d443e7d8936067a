"""The benchmark of the batch: in, the same notebooks; out, what papermill, the batch and bare scripts need for them, as ratios.

Every variant runs in a process of its own, one after the other in one call, from its own empty folder, and counts only when it
leaves the same bytes as plain papermill. ``--growth N`` adds an evaluation of N alliances. Nothing here is a test: machines are noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MIDTERM = Path(sys.executable).with_name("midterm")
JOBS, COUNT = 2, 24
SETUP = """
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from IPython.display import Image, display
from matplotlib import pyplot as plt
from pathlib import Path
rng = np.random.default_rng(int(alliance))
size = 5000
frame = pd.DataFrame({"group": rng.integers(0, 40, size), "wave": rng.integers(0, 3, size), "item": rng.integers(0, 8, size)})
frame["score"] = rng.normal(0, 1, 40)[frame["group"]] / 2 + frame["wave"] / 5 + rng.normal(0, 1, size)
out = Path(evaluation, "out")
out.mkdir(exist_ok=True)
"""
FITS = """
mixed = smf.mixedlm("score ~ wave", frame, groups="group").fit()
gee = smf.gee("score ~ wave", "group", frame).fit()
fits = [smf.ols("score ~ wave", part).fit(cov_type="cluster", cov_kwds={"groups": part["group"]}) for _, part in frame.groupby("item")]
found = pd.DataFrame({"estimate": [mixed.params["wave"], gee.params["wave"], *(fit.params["wave"] for fit in fits)]}).round(6)
found.to_csv(out / f"{alliance}.csv", index=False)
found
"""
DRAW = """
grid = sns.catplot(frame[frame["item"] == {item}], x="wave", y="score", hue="group", kind="{kind}", height=5, seed=1, legend=False)
grid.figure.suptitle("Score per wave, item {item}")
grid.figure.savefig(out / f"{{alliance}}_{item}.png", dpi=150, metadata={{"Software": None}})
"""
ONCE = """
plt.close(grid.figure)
display(Image(out / f"{{alliance}}_{item}.png"))
"""


def cells(*, is_drawn_once: bool) -> list[str]:
    """Return the cells of a notebook of about four seconds of work: data, fits, figures; each figure drawn once or a second time to show it."""
    kinds = ["point", "box", "violin", "bar"]
    return [SETUP, FITS, *((DRAW + (ONCE if is_drawn_once else "")).format(item=item, kind=kind) for item, kind in enumerate(kinds))]


def write_notebook(folder: Path, *, is_drawn_once: bool) -> Any:
    """Write the notebook and return its step of a plan."""
    import nbformat

    from midterm.steps import Step

    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    parameters = nbformat.v4.new_code_cell('evaluation: str = "."\nalliance: str = "0"', metadata={"tags": ["parameters"]})
    book.cells = [parameters, *(nbformat.v4.new_code_cell(cell.strip()) for cell in cells(is_drawn_once=is_drawn_once))]
    nbformat.write(book, folder / "10_work_alone.ipynb")
    return Step("work", str(folder / "10_work_alone"), "alliance", (), ("out/{alliance}.csv", "out/{alliance}_*.png"))


def plain(folder: Path, task: Any) -> None:
    """Run one notebook as papermill does by itself."""
    import papermill

    from midterm.run.notebooks import source_of

    source, made = source_of(task.step.notebook), folder / task.executed
    made.parent.mkdir(parents=True, exist_ok=True)
    papermill.execute_notebook(source, made, {"evaluation": str(folder), **task.parameters}, cwd=source.parent, progress_bar=False)


def script(sender: Any, folder: Path, task: Any) -> None:
    """Run the cells of one notebook as they stand, without IPython, papermill or anything shown: the limit of what a batch can do."""
    import matplotlib

    from midterm.run.basis import Contents
    from midterm.run.notebooks import source_of

    matplotlib.use("agg")
    source = source_of(task.step.notebook)
    os.chdir(source.parent)
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(source.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), space)  # noqa: S102
            if "parameters" in cell["metadata"].get("tags", ()):
                space |= {"evaluation": str(folder), **task.parameters}
    sender.send(Contents().of(folder, task.writes()))


def as_script(folder: Path, task: Any, *_: object) -> Any:
    """Stand in for the batch's own way of executing a task."""
    import multiprocessing

    from midterm.run.process import ENVIRONMENT, WARM, Outcome, now

    os.environ.update(ENVIRONMENT)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=script, args=(sender, folder, task))
    process.start()
    sender.close()
    outputs = receiver.recv()
    process.join()
    return Outcome(started=now(), outputs=outputs)


def side_by_side(folder: Path, execute: Callable[..., Any], tasks: Iterable[Any]) -> None:
    """Execute tasks in threads, as the batch does on one machine."""
    from midterm.run.executors import this_machine
    from midterm.run.lock import one_run_at_a_time

    with one_run_at_a_time(folder) as lock, this_machine(JOBS) as (executor, _):
        mark = lock.take()
        ended = wait([executor.submit(execute, folder, task, (30.0, 4.0), mark) for task in tasks]).done
    failures = [outcome.failure for outcome in (future.result() for future in ended) if outcome.failure]
    if failures:
        raise SystemExit(failures[0])


def notebooks_variant(folder: Path, variant: str) -> None:
    """Run the synthetic notebooks in one of the ways."""
    from midterm.run.process import execute
    from midterm.steps import Task

    step = write_notebook(folder, is_drawn_once=variant.endswith("once"))
    tasks = [Task(step, str(number)) for number in range(COUNT)]
    way = variant.split()[0]
    if way == "papermill":
        for task in tasks:
            plain(folder, task)
    elif way == "papermill-2":
        with ProcessPoolExecutor(JOBS) as processes:
            list(processes.map(plain, [folder] * COUNT, tasks))
    else:
        side_by_side(folder, execute if way == "ours" else as_script, tasks)


def evaluation_variant(folder: Path, variant: str) -> None:
    """Run the evaluation in ``folder`` in one of the ways."""
    from midterm.description import load_evaluation
    from midterm.run import batch
    from midterm.run.call import Call, bring_up_to_date
    from midterm.steps import STEPS, tasks

    evaluation = load_evaluation(folder)
    if variant == "papermill":
        for task in (task for step in STEPS for task in tasks(evaluation, step)):
            plain(folder, task)
        return
    if variant == "scripts":
        batch.execute = as_script
    if not bring_up_to_date(evaluation, Call(jobs=JOBS), lambda _: None):
        raise SystemExit("the run did not end well")


def measured(kind: str, folder: Path, variant: str) -> dict[str, float]:
    """Return wall-clock and processor seconds, and the main process's memory, of a variant in a process of its own."""
    ran = subprocess.run([sys.executable, __file__, "--variant", kind, str(folder), variant], capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        raise SystemExit(f"{kind} {variant}: {ran.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return figures


def one_variant(kind: str, folder: Path, variant: str) -> None:
    """Run a variant here and print what it took."""
    import resource

    import psutil

    start = time.perf_counter()
    {"notebooks": notebooks_variant, "evaluation": evaluation_variant}[kind](folder, variant)
    seconds = time.perf_counter() - start
    me = psutil.Process()
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(me.cpu_times()[:2]) + waited.ru_utime + waited.ru_stime
    cpu += sum(sum(child.cpu_times()[:4]) for child in me.children())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak}))


def made(folder: Path) -> dict[str, bytes]:
    """Return the artefacts of a variant, which must be the same bytes in all."""
    paths = [path for part in ("out", "data/processed", "reports") for path in sorted((folder / part).rglob("*")) if path.is_file()]
    unsteady = ("run.json", "ro-crate-metadata.json", "plan.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.suffix != ".ipynb" and path.name not in unsteady}


def report_notebooks(scratch: Path, ways: Iterable[str] = ("once", "twice")) -> None:
    """Compare the ways to run notebooks of about four seconds of work."""
    for how in ways:
        print(f"\n{COUNT} notebooks, each figure drawn {how}, {JOBS} processes (to reach: ours 4.2 x, at most .35 s of CPU beyond the cells)")
        print(f"{'':34} {'s':>7} {'x faster':>9} {'CPU beyond the cells, s each':>30} {'same bytes':>11}")
        base: dict[str, float] = {}
        cells_cpu, expected, rows = 0.0, dict[str, bytes](), []
        for way in ("papermill", "papermill-2", "ours", "scripts"):
            folder = scratch / f"{way}-{how}"
            folder.mkdir()
            took = measured("notebooks", folder, f"{way} {how}")
            base, expected = base or took, expected or made(folder)
            cells_cpu = took["cpu"] if way == "scripts" else cells_cpu
            rows.append((way, took, made(folder) == expected))
        for way, took, is_same in rows:
            beyond = (took["cpu"] - cells_cpu) / COUNT
            print(f"{NAMES[way]:34} {took['seconds']:>7.1f} {base['seconds'] / took['seconds']:>9.2f} {beyond:>30.2f} {'yes' if is_same else 'NO':>11}")


NAMES = {
    "papermill": "papermill, one after the other",
    "papermill-2": "papermill's API in 2 processes",
    "ours": "ours",
    "scripts": "cells as scripts, warm (the limit)",
}


def report_evaluation(scratch: Path) -> None:
    """Compare the ways to run the shipped evaluation, then what a second run and one changed workbook cost."""
    took, bytes_of = {}, {}
    for way in ("papermill", "scripts", "ours"):
        folder = evaluation_at(scratch / f"evaluation-{way}")
        took[way] = measured("evaluation", folder, way)
        bytes_of[way] = made(folder)
    print("\nThe shipped evaluation, nothing current (to reach: at most 1.15 of the scripts)")
    for way, each in took.items():
        is_same = bytes_of[way] == bytes_of["papermill"]
        ratio = f"{took['papermill']['seconds'] / each['seconds']:>6.2f} x faster, {each['seconds'] / took['scripts']['seconds']:.2f} of the scripts"
        print(f"{NAMES[way]:34} {each['seconds']:>7.1f} s {ratio}, same bytes: {'yes' if is_same else 'NO'}")
    again = at_best([MIDTERM, "run", scratch / "evaluation-ours"])
    pandas = at_best([sys.executable, "-c", "import pandas"])
    faster, beside = took["papermill"]["seconds"] / again, again / pandas
    print(f"\nNothing changed: {again:.2f} s, {faster:.0f} x faster than papermill, {beside:.2f} x importing pandas (to reach: 100 x, at most 3)")
    changed = {}
    for way in ("scripts", "ours"):
        folder = scratch / f"evaluation-{way}"
        correct_workbook(folder / "data/raw/frameworks/klimop.xlsx")
        changed[way] = measured("evaluation", folder, way)["seconds"]
    share, whole = changed["ours"] / changed["scripts"], changed["ours"] / took["ours"]["seconds"]
    told = f"{changed['ours']:.1f} s, {share:.2f} of the same tasks as scripts (to reach: at most 1.15), {whole:.2f} of the whole"
    print(f"One alliance's workbook changed: {told}")


def evaluation_at(folder: Path) -> Path:
    """Copy the shipped evaluation without its results."""
    for name in ("config", "data/raw"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "evaluation.yml", folder)
    return folder


def at_best(command: list[Any], rounds: int = 5) -> float:
    """Return the least seconds of several runs of a command."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)  # noqa: S603
        times.append(time.perf_counter() - start)
    return min(times)


def correct_workbook(path: Path) -> None:
    """Add one to the first number of the last column with numbers."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    page = next(page for page in book if any(isinstance(cell.value, int) for row in page for cell in row))
    cell = [cell for row in page for cell in row if isinstance(cell.value, int)][-1]
    cell.value += 1
    book.save(path)


def report_growth(scratch: Path, sizes: Iterable[int]) -> None:
    """Compare evaluations of more and more alliances: time per alliance, time of what pools over them, memory of the main process."""
    print("\nGrowth (to reach: time per alliance within 20 %, memory of the main process flat)")
    print(f"{'alliances':>10} {'s':>8} {'s per alliance':>15} {'pooled s':>9} {'main MB':>8} {'again s':>8}")
    for size in sizes:
        folder = alliances_at(scratch / f"growth-{size}", size)
        took = measured("evaluation", folder, "ours")
        record = json.loads((folder / "reports/run.json").read_text(encoding="utf-8"))
        pooled = sum(task["seconds"] for label, task in record["tasks"].items() if " " not in label)
        each = sum(task["seconds"] for label, task in record["tasks"].items() if label.startswith(("clean_frameworks", "measure", "compare_waves"))) / size
        again = at_best([MIDTERM, "run", folder], 1)
        print(f"{size:>10} {took['seconds']:>8.1f} {each:>15.2f} {pooled:>9.1f} {took['peak_mb']:>8.0f} {again:>8.2f}")


def alliances_at(folder: Path, size: int) -> Path:
    """Write the tests' tiny evaluation with ``size`` alliances, each of two partners with three persons."""
    sys.path.insert(0, str(ROOT / "tests"))
    import factory

    start = factory.draft(3)
    names = [f"a{number:04d}" for number in range(size)]
    members = {name: (f"{name}-x", f"{name}-y") for name in names}
    start.evaluation["alliances"] = [{"id": name, "name": f"Alliantie {name}", "organisations": list(members[name])} for name in names]
    start.evaluation["organisations"] = [{"id": partner, "name": f"Partner {partner}"} for partners in members.values() for partner in partners]
    start.evaluation["sources"]["frameworks"] = [{"alliance": name, "file": f"data/raw/{name}.xlsx"} for name in names]
    start.frameworks = {name: factory.framework() for name in names}
    for wave, rows in start.surveys.items():
        like = rows[:3]
        start.surveys[wave] = [
            {**row, "id": f"{name}{place}{number}", "CODE": f"{name}{place}{number}", "ALLIANTIE": name, "ORGANISATIE": partner}
            for name in names
            for place, partner in enumerate(members[name])
            for number, row in enumerate(like)
        ]
    start.population = [
        {"wave": wave, "alliance": name, "organisation": partner, "population": "4", "invited": "4"}
        for wave in start.surveys
        for name in names
        for partner in members[name]
    ]
    start.segments = [{**start.segments[0], "interview": f"{name}-1", "alliantie": name} for name in names]
    return start.write(folder)


def report_nbval() -> None:
    """Compare nbval over all notebooks, plain and two files at a time."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", ROOT / "notebooks"]
    alone, parallel = at_best(command, 1), at_best([*command, "-n", str(JOBS), "--dist", "loadscope"], 1)
    print(f"\nnbval over all notebooks: {alone:.0f} s plain, {parallel:.0f} s by file side by side, {parallel / alone:.2f} of it (to reach: at most .60)")


def main() -> None:
    """Measure everything and print the ratios."""
    call = argparse.ArgumentParser(description=__doc__)
    call.add_argument("--variant", nargs=3, metavar=("KIND", "FOLDER", "NAME"), help=argparse.SUPPRESS)
    call.add_argument("--growth", type=int, nargs="*", default=[], help="numbers of alliances to grow to")
    call.add_argument("--only", choices=("notebooks", "evaluation", "growth", "nbval"), help="one of the parts")
    given = call.parse_args()
    if given.variant:
        kind, folder, name = given.variant
        one_variant(kind, Path(folder), name)
        return
    with tempfile.TemporaryDirectory() as made_here:
        scratch = Path(made_here)
        parts: dict[str, Callable[[], None]] = {
            "notebooks": lambda: report_notebooks(scratch),
            "evaluation": lambda: report_evaluation(scratch),
            "growth": lambda: report_growth(scratch, given.growth or (8, 80)),
            "nbval": report_nbval,
        }
        for name, report in parts.items():
            if given.only in (None, name):
                report()


if __name__ == "__main__":
    main()
