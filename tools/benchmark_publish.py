"""Time publishing beside drawing the figures once, as a ratio: in, the finished shipped evaluation; out, a table on the terminal.

Bare: every figure of every unit and language drawn once, as SVG in memory. Publishing: the same written with numbers, words and dots, then
report, factsheets, workbook and explorer. Both in one run of one process, one after the other, so that what else the machine does weighs on both.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from matplotlib import pyplot

from midterm.description import LANGUAGES, load_evaluation
from midterm.judge.evidence import evidence
from midterm.places import FIGURES
from midterm.publish.annex import write_annex
from midterm.publish.charts.registry import draw_figures
from midterm.publish.explorer.page import write_explorer
from midterm.publish.gallery import publish_figures
from midterm.publish.published import read_published
from midterm.publish.report.write import write_report
from midterm.publish.style import font_of, house_style
from midterm.tables import Store

ROOT = Path(__file__).parents[1]
ASKED, DOCUMENTS = 2.0, 3.0  # times the bare drawing; seconds


def timed(act: Callable[[], object]) -> float:
    """Return how many seconds ``act`` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Print what each part takes and the ratio of all to the bare drawing."""
    evaluation = load_evaluation(ROOT)
    units = (*evaluation.alliances, "all")
    shown = {unit: read_published(Store(ROOT), evaluation, unit) for unit in units}

    def bare() -> None:
        for language in LANGUAGES:
            for unit in units:
                for chart in draw_figures(shown[unit], evaluation, language, unit).values():
                    with house_style(font_of(evaluation)):
                        chart.figure.savefig(io.StringIO(), format="svg")
                    pyplot.close(chart.figure)

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / FIGURES, Path(folder) / FIGURES)
        store = Store(Path(folder), is_synthetic=True)
        tables = shown["all"]
        tables["evidence"] = evidence(evaluation, tables)
        parts: dict[str, Callable[[], object]] = {
            "figures": lambda: [publish_figures(store, evaluation, unit, shown[unit]) for unit in units],
            "report and factsheets": lambda: write_report(store, evaluation, tables),
            "workbook": lambda: write_annex(store, evaluation, tables),
            "explorer": lambda: write_explorer(store, evaluation, tables),
        }
        draw_figures(shown["all"], evaluation, "nl", "all")  # fonts and caches, which both would else pay for
        once = timed(bare)
        taken = {name: timed(act) for name, act in parts.items()}
    print(f"figures drawn once, bare: {once:.1f} s")
    for name, seconds in taken.items():
        print(f"{name}: {seconds:.1f} s")
    print(f"all of it: {sum(taken.values()) / once:.2f} x the bare drawing (asked: {ASKED:g} x)")
    documents = sum(seconds for name, seconds in taken.items() if name != "figures")
    print(f"documents, workbook and explorer: {documents:.1f} s (asked of the documents: {DOCUMENTS:g} s)")


if __name__ == "__main__":
    main()
