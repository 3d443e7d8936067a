"""What a killed process leaves beside a file is no part of a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from midterm.files import UNFINISHED
from midterm.tables import Store


def test_a_part_that_was_written_but_not_moved_into_place_is_not_read_twice(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_part("response", "noord", pd.DataFrame([{"alliance": "noord", "wave": "2023", "usable": 12}]))
    place = tmp_path / "data/processed/parts/response"
    (place / f"{UNFINISHED}0123.parquet").write_bytes((place / "noord.parquet").read_bytes())
    assert len(store.read_parts("response")) == 1
    store.write_published("response", "noord", store.read_parts("response"))
    shown = tmp_path / "data/processed/published/noord"
    (shown / f"{UNFINISHED}0123.parquet").write_bytes((shown / "response.parquet").read_bytes())
    assert list(store.read_published(["noord"])) == ["response"]
    assert len(store.read_published(["noord"])["response"]) == 1
