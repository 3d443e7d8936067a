"""Raw files stay as they came: a list of checksums beside them tells when one did not."""

from __future__ import annotations

import hashlib
from pathlib import Path

from factory import draft
from midterm.check import check
from midterm.description import load_evaluation
from midterm.read.received import changed_since_received


def noted(folder: Path, name: str, listed: str) -> None:
    digest = hashlib.sha256((folder / "data/raw" / name).read_bytes()).hexdigest()
    (folder / "data/raw/received.sha256").write_text(f"{digest}  {listed}\n")


def test_a_file_as_received_is_not_remarked_on_and_a_changed_one_is(tmp_path: Path) -> None:
    draft().write(tmp_path)
    for listed in ("population.csv", "data/raw/population.csv"):
        noted(tmp_path, "population.csv", listed)
        assert changed_since_received(tmp_path, "data/raw/population.csv") == ()
    with (tmp_path / "data/raw/population.csv").open("a") as lines:
        lines.write("\n")
    findings = check(load_evaluation(tmp_path))
    assert [(notice.file, notice.rule) for notice in findings.notices if notice.rule == "changed_since_received"] == [
        ("data/raw/population.csv", "changed_since_received")
    ]


def test_a_file_that_no_list_names_is_not_remarked_on(tmp_path: Path) -> None:
    draft().write(tmp_path)
    noted(tmp_path, "population.csv", "population.csv")
    assert changed_since_received(tmp_path, "data/raw/segments.csv") == ()
