"""Only what changed runs, and what it leaves is what a run from nothing leaves; real runs of a tiny evaluation."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import yaml

from factory import FEW, delimited, draft
from runs import MIDTERM, Ran, differing, results, run

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
POOLED = {"review_quality", "compare_alliances", "draw_all", "publish_report", "publish_tables"}


def copy(whole: Ran, folder: Path) -> Path:
    """Return a copy of the finished evaluation, memory and all."""
    shutil.copytree(whole.folder, folder)
    return folder


def from_nothing(folder: Path, beside: Path) -> Path:
    """Return the results of the same description and data, run from nothing."""
    shutil.copytree(folder, beside, ignore=shutil.ignore_patterns(".midterm", "reports", "processed"))
    ran = run(beside)
    assert ran.status in (0, 1)
    return beside


def corrected_workbook(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    page = book["Kader"]
    column = next(cell.column for cell in page[3] if cell.value == "Realisatie 2025")
    page.cell(4, column, int(page.cell(4, column).value) + 1)
    content = io.BytesIO()
    book.save(content)
    path.write_bytes(content.getvalue())


def one_answer_changed(path: Path, alliance: str) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    mine = next(row for row in rows if row["ALLIANTIE"] == alliance)
    mine["G1"] = "A1" if mine["G1"] != "A1" else "A2"
    path.write_bytes(delimited(rows))


def test_nothing_changed_runs_nothing_writes_nothing_and_imports_neither_pandas_nor_papermill(whole: Ran) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*") if path.is_file()}
    heavy = "[name for name in ('pandas', 'numpy', 'papermill', 'nbformat') if name in sys.modules]"
    look = f"import sys\nfrom midterm.cli import app\ntry:\n    app()\nfinally:\n    print({heavy})"
    ran = subprocess.run([sys.executable, "-c", look, "run", whole.folder], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr
    assert "Everything is current" in ran.stderr
    assert {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*") if path.is_file()} == before


def test_time_stamps_and_the_place_decide_nothing(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "elsewhere")
    for path in folder.rglob("*"):
        path.touch()
    assert "Everything is current" in run(folder).messages


def test_one_alliances_workbook_runs_that_alliance_and_what_pools_over_it(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "changed")
    corrected_workbook(folder / "data/raw/zuid.xlsx")
    told = subprocess.run([MIDTERM, "explain", folder], capture_output=True, text=True, check=True).stderr
    assert "zuid would run: data/raw/zuid.xlsx changed." in told
    assert "zuid would run if the result of clean_frameworks zuid changes." in told
    assert "noord would" not in told
    ran = run(folder)
    assert ran.status == 0
    assert ran.done == POOLED | {f"{step} zuid" for step in ("clean_frameworks", "measure_indicators", "draw_alliance")}
    assert differing(folder, from_nothing(folder, tmp_path / "fresh")) == []
    assert differing(folder, whole.folder) != []


def test_a_late_answer_runs_its_wave_and_its_alliance_only(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "late")
    one_answer_changed(folder / "data/raw/survey-2025.csv", "noord")
    ran = run(folder)
    drawn = {"draw_alliance noord", "draw_alliance zuid"}  # in the other's figures all together stand behind its own
    assert ran.done == POOLED | drawn | {"clean_survey 2025", "measure_indicators noord", "compare_waves noord"}


def test_a_change_that_makes_no_difference_stops_where_it_does_not(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "same")
    corrected = folder / "data/raw/population.csv"
    corrected.write_bytes(corrected.read_bytes() + b"\n")  # an empty line at the end
    ran = run(folder)
    assert "clean_population" in ran.done
    assert not {label for label in ran.done if label.startswith(("measure", "compare_waves"))}


def test_a_changed_label_leaves_cleaned_data_and_measures_as_they_are(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "label")
    described = yaml.safe_load((folder / "evaluation.yml").read_text(encoding="utf-8"))
    described["labels"] = {"nl": "config/labels.nl.yml"}
    (folder / "evaluation.yml").write_text(yaml.safe_dump(described, allow_unicode=True), encoding="utf-8")
    labels = (ROOT / "config/labels.nl.yml").read_text(encoding="utf-8")
    (folder / "config/labels.nl.yml").write_text(labels, encoding="utf-8")
    assert run(folder).status == 0
    (folder / "config/labels.nl.yml").write_text(labels.replace("Tussenevaluatie", "Midtermevaluatie").replace("Synthetisch", "Kunstmatig"), encoding="utf-8")
    assert labels.count("Synthetisch")
    ran = run(folder)
    assert {label.split()[0] for label in ran.done} == POOLED | {"draw_alliance"}
    assert differing(folder, from_nothing(folder, tmp_path / "fresh")) == []


def test_a_result_that_was_changed_by_hand_or_removed_is_made_again(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "by_hand")
    table = folder / "reports/tables/change.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("inconclusive", "changed_better"), encoding="utf-8")
    (folder / "reports/report.nl.pdf").unlink()
    assert "its result reports/tables/change.csv changed" in subprocess.run([MIDTERM, "explain", folder], capture_output=True, text=True, check=True).stderr
    assert run(folder).done == {"compare_alliances", "publish_report"}
    assert differing(folder, whole.folder) == []


def test_what_failed_before_runs_again(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "again")
    kept = (folder / "data/raw/zuid.xlsx").read_bytes()
    (folder / "data/raw/zuid.xlsx").unlink()
    first = run(folder)
    assert (first.status, first.failed) == (1, {"clean_frameworks zuid"})
    status = subprocess.run([MIDTERM, "status", folder, "--json"], capture_output=True, text=True, check=False)
    told = json.loads(status.stdout)
    assert (status.returncode, told["failed"], told["stale"]) == (1, 1, len(told["tasks"]) - told["current"] - 1)
    assert next(task for task in told["tasks"] if task["state"] == "failed")["failure"].startswith("data/raw/zuid.xlsx: ")
    second = run(folder)
    assert (second.status, second.failed) == (1, {"clean_frameworks zuid"})
    assert second.done == set()
    (folder / "data/raw/zuid.xlsx").write_bytes(kept)
    assert run(folder).status == 0
    assert differing(folder, whole.folder) == []


def test_what_the_report_asks_to_be_looked_at_is_named_until_it_is_mended(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "claims")
    text = folder / "texts/summary.nl.md"
    text.parent.mkdir()
    text.write_text("Het onderwijs werd veiliger dankzij het programma.\n", encoding="utf-8")
    for done in ({"publish_report"}, set[str]()):
        ran = run(folder)
        assert (ran.status, ran.done) == (1, done)
        assert "look at: reports/report.nl.html" in ran.messages
        assert "dankzij" in ran.messages
    told = subprocess.run([MIDTERM, "status", folder, "--json"], capture_output=True, text=True, check=False)
    assert (told.returncode, len(json.loads(told.stdout)["remarks"])) == (1, 1)
    text.unlink()
    assert run(folder).status == 0
    assert differing(folder, whole.folder) == []


def test_a_raw_file_that_cannot_be_read_costs_what_reads_it_and_is_named(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "unreadable")
    (folder / "data/raw/zuid.xlsx").unlink()
    (folder / "data/raw/zuid.xlsx").symlink_to("zuid.xlsx")  # a link to itself: no user can read it
    ran = run(folder)
    assert (ran.status, ran.failed) == (1, {"clean_frameworks zuid"}), ran.messages
    assert "clean_frameworks zuid: data/raw/zuid.xlsx: " in ran.messages
    assert "data/raw/zuid.xlsx" not in json.loads((folder / "reports/run.json").read_text(encoding="utf-8"))["inputs"]


def test_an_alliance_that_left_leaves_no_result_behind(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "left")
    described = yaml.safe_load((folder / "evaluation.yml").read_text(encoding="utf-8"))
    described["alliances"] = [entry for entry in described["alliances"] if entry["id"] != "zuid"]
    described["sources"]["frameworks"] = [entry for entry in described["sources"]["frameworks"] if entry["alliance"] != "zuid"]
    (folder / "evaluation.yml").write_text(yaml.safe_dump(described, allow_unicode=True), encoding="utf-8")
    run(folder)
    assert not [name for name in results(folder) if "zuid" in name]
    assert not list((folder / "reports/notebooks").glob("*zuid*"))
    assert differing(folder, from_nothing(folder, tmp_path / "fresh")) == []


def test_what_an_alliance_left_is_removed_also_when_the_journal_is_lost(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "lost")
    shutil.rmtree(folder / ".midterm")
    for made in ("data/processed/parts/indicators/gone.parquet", "reports/notebooks/70_compare_waves.gone.ipynb", "reports/figures/waves_gone.nl.svg"):
        source = folder / made.replace("gone", "zuid")
        shutil.copy(source, folder / made)
    mine = ("reports/report.nl.reviewed.docx", "reports/figures/my_drawing.png", "reports/notes.txt")
    for name in mine:
        (folder / name).write_text("of the user", encoding="utf-8")
    assert run(folder).status == 0
    assert set(results(folder)) - set(results(whole.folder)) == set(mine)
    assert differing(folder, whole.folder) == sorted(mine)
    assert not list(folder.glob("reports/notebooks/*gone*"))


def test_a_name_with_brackets_is_a_name(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "brackets")
    (folder / "data/raw/zuid.xlsx").rename(folder / "data/raw/zuid [v2].xlsx")
    described = (folder / "evaluation.yml").read_text(encoding="utf-8").replace("zuid.xlsx", "zuid [v2].xlsx")
    (folder / "evaluation.yml").write_text(described, encoding="utf-8")
    assert run(folder).status == 0
    corrected_workbook(folder / "data/raw/zuid [v2].xlsx")
    assert "data/raw/zuid [v2].xlsx changed" in subprocess.run([MIDTERM, "explain", folder], capture_output=True, text=True, check=True).stderr


def test_a_record_that_is_gone_is_written_again_and_tells_what_is_stale(whole: Ran, tmp_path: Path) -> None:
    folder = copy(whole, tmp_path / "record")
    (folder / "reports/run.json").unlink()
    assert "Everything is current" in run(folder).messages
    again = json.loads((folder / "reports/run.json").read_text(encoding="utf-8"))
    assert {task["state"] for task in again["tasks"].values()} == {"current"}
    corrected_workbook(folder / "data/raw/noord.xlsx")
    assert run(folder, "--only", "noord").status == 0
    states = {label: task["state"] for label, task in json.loads((folder / "reports/run.json").read_text(encoding="utf-8"))["tasks"].items()}
    assert {label for label, state in states.items() if state == "stale"} == POOLED | {"draw_alliance noord", "draw_alliance zuid"}
    assert {label for label, state in states.items() if state == "done"} == {f"{step} noord" for step in ("clean_frameworks", "measure_indicators")}


def test_only_takes_a_step_or_an_alliance_with_what_it_waits_for(tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)
    assert run(folder, "--only", "clean_population").done == {"clean_population"}
    assert not (folder / "reports/report.nl.html").exists()
    ran = run(folder, "--only", "noord")
    waves = {"clean_survey 2023", "clean_survey 2025"}
    assert ran.done == waves | {"clean_interviews"} | {f"{step} noord" for step in ("clean_frameworks", "measure_indicators", "compare_waves")}
    assert run(folder, "--only", "noord", "--fresh").done == {f"{step} noord" for step in ("clean_frameworks", "measure_indicators", "compare_waves")}
    assert "All of noord is current" in run(folder, "--only", "noord").messages
    rest = run(folder)
    drawn = {"draw_alliance noord", "draw_alliance zuid"}  # what may be shown of one follows from all
    assert rest.done == POOLED | drawn | {f"{step} zuid" for step in ("clean_frameworks", "measure_indicators", "compare_waves")}
    assert json.loads((folder / "reports/run.json").read_text(encoding="utf-8"))["exit_status"] == 0


def test_status_and_explain_of_what_never_ran_write_nothing(tmp_path: Path) -> None:
    folder = draft().write(tmp_path)
    for command in ("status", "explain"):
        ran = subprocess.run([MIDTERM, command, folder], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (0, "")
    assert "it has not been run to its end" in ran.stderr
    assert not (folder / ".midterm").exists()
