"""Data that are broken stay alone: real runs of a small evaluation with one thing wrong in them, against the same run undisturbed."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from runs import Ran, nothing_half_written, run

pytestmark = pytest.mark.slow
TABLES = ("response", "indicators", "change", "attainment", "evidence")
CLEAN = ("responses", "framework", "quarantine")


def disturbed(whole: Ran, folder: Path, disturb: Callable[[Path], object]) -> Ran:
    """Run a copy of the finished evaluation again with one thing broken: what was made before must not pass for new."""
    shutil.copytree(whole.folder, folder)
    disturb(folder / "data/raw")
    return run(folder)


def same_but(first: Ran, second: Ran, name: str, without: str, folder: str = "reports/tables") -> None:
    """Compare a table of both runs for the alliances that were not touched."""
    left, right = (ran.table(name, folder) for ran in (first, second))
    kept = [table[~table["alliance"].isin([without, "all", "average"])].reset_index(drop=True) for table in (left, right)]
    assert len(kept[0]), name
    pd.testing.assert_frame_equal(*kept)


def broken_cell(raw: Path) -> None:
    book = openpyxl.load_workbook(raw / "zuid.xlsx")
    page = book["Kader"]
    column = next(cell.column for cell in page[3] if cell.value == "Realisatie 2025")
    page.cell(4, column, "ongeveer twaalf")
    content = io.BytesIO()
    book.save(content)
    (raw / "zuid.xlsx").write_bytes(content.getvalue())


def test_the_whole_run_is_whole(whole: Ran) -> None:
    nothing_half_written(whole.folder)
    for ending in ("html", "docx", "odt", "pdf"):
        assert (whole.folder / f"reports/report.nl.{ending}").stat().st_size > 1000
    assert set(whole.table("attainment")["alliance"]) == {"noord", "zuid"}
    assert set(whole.table("change")["alliance"]) == {"noord", "zuid", "all", "average"}
    assert whole.table("quarantine", "data/processed").empty


def test_a_workbook_that_is_gone_leaves_the_other_alliance_complete_and_is_named(whole: Ran, tmp_path: Path) -> None:
    ran = disturbed(whole, tmp_path / "gone", lambda raw: (raw / "zuid.xlsx").unlink())
    assert ran.status == 1
    assert ran.failed == {"clean_frameworks zuid"}, ran.messages
    assert "clean_frameworks zuid: data/raw/zuid.xlsx: " in ran.messages
    for name in TABLES:
        same_but(whole, ran, name, "zuid")
    assert "zuid" not in set(ran.table("attainment")["alliance"])
    assert "zuid" not in set(ran.table("framework", "data/processed")["alliance"])
    assert "zuid" in set(ran.table("change")["alliance"])  # its survey is sound
    assert not (ran.folder / "data/processed/parts/framework/zuid.parquet").exists()
    assert not (ran.folder / "reports/notebooks/20_clean_frameworks.zuid.ipynb").exists()
    assert (ran.folder / "reports/report.nl.html").exists()
    nothing_half_written(ran.folder)


def test_one_broken_cell_costs_that_cell_only_and_is_named(whole: Ran, tmp_path: Path) -> None:
    ran = disturbed(whole, tmp_path / "cell", broken_cell)
    assert ran.status == 1
    assert ran.failed == set(), ran.messages
    assert "zuid.xlsx, sheet Kader, row 4, column Realisatie 2025" in ran.messages
    assert "ongeveer twaalf" not in ran.messages
    for name in TABLES:
        same_but(whole, ran, name, "zuid")
    aside = ran.table("quarantine", "data/processed")
    assert list(aside[["file", "row", "column"]].itertuples(index=False, name=None)) == [("data/raw/zuid.xlsx", "4", "Realisatie 2025")]
    left, right = (each.table("framework", "data/processed") for each in (whole, ran))
    differ = (left != right).any(axis=1)
    assert left[differ][["alliance", "indicator_id", "year"]].to_numpy().tolist() == [["zuid", "P1", "2025"]]
    nothing_half_written(ran.folder)


def test_an_empty_survey_file_leaves_the_other_wave_and_the_frameworks_and_is_named(whole: Ran, tmp_path: Path) -> None:
    ran = disturbed(whole, tmp_path / "empty", lambda raw: (raw / "survey-2025.csv").write_bytes(b""))
    assert ran.status == 1
    assert ran.failed == {"clean_survey 2025"}, ran.messages
    assert "clean_survey 2025: data/raw/survey-2025.csv: this file is empty" in ran.messages
    assert set(ran.table("responses", "data/processed")["wave"]) == {"2023"}
    pd.testing.assert_frame_equal(ran.table("attainment"), whole.table("attainment"))
    first = [each.table("indicators").query("wave == '2023' and source == 'survey'").reset_index(drop=True) for each in (whole, ran)]
    pd.testing.assert_frame_equal(*first)
    changes = ran.table("change")
    assert set(changes["estimate"]) == {""}
    assert not list((ran.folder / "data/processed/parts/responses/2025").glob("*"))
    assert not (ran.folder / "reports/notebooks/10_clean_survey.2025.ipynb").exists()
    nothing_half_written(ran.folder)
