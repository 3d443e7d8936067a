"""What may be shown is there for whoever reads it, also while it is written anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from midterm.description import load_evaluation
from midterm.publish.published import read_published, write_published
from midterm.steps import COMPARED, MEASURED
from midterm.tables import Store
from runs import Ran


def test_another_notebook_reads_every_table_while_they_are_written_anew(whole: Ran, tmp_path: Path) -> None:
    folder = shutil.copytree(whole.folder, tmp_path / "evaluation")
    evaluation = load_evaluation(folder)
    before = read_published(Store(folder), evaluation)
    found = []

    class Watched(Store):
        def write_published(self, name: str, unit: str, frame: pd.DataFrame) -> None:
            super().write_published(name, unit, frame)
            found.append({name: len(table) for name, table in read_published(Store(folder), evaluation).items()})

    store = Watched(folder)
    write_published(store, evaluation, {name: store.read(name) for name in (*MEASURED, *COMPARED, "combinations", "framework", "population")})
    assert len(found) > len(before)
    assert all(rows == {name: len(table) for name, table in before.items()} for rows in found)
