"""From any number to its formula, source and measured rate: every method that the example prints is in the index and was measured."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from midterm.compare.registry import CHECKS, LEVELS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
INDEX = (DOCS / "method-index.md").read_text(encoding="utf-8")
RATES = pd.read_csv(DOCS / "calibration.csv")
PRIMARY_METHODS = 4
ALARMS, LEAST, MOST = 0.06, 0.935, 0.965


def lines() -> list[list[str]]:
    """Return the cells of all rows of the index that begin with a method, column or statistic."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in INDEX.splitlines() if line.startswith("| `")]


def test_every_method_of_the_tables_is_in_the_index(evaluated: Path) -> None:
    known = {name for row in lines() for name in re.findall(r"`([^`]+)`", row[0])}
    for table in ("change", "checks"):
        methods = set(pd.read_csv(evaluated / "reports" / "tables" / f"{table}.csv")["method"])
        special = {name for name in methods if name.startswith(("specification: ", "random-effects mean"))}
        assert methods - special - known == set()
    assert "specification: SCORING, PERSONS, WEIGHTS" in known
    statistics = set(pd.read_csv(evaluated / "reports" / "tables" / "indicators.csv")["statistic"])
    assert {name.removesuffix("_p") for name in statistics} - known - {"dif_log_odds"} == set()


@pytest.mark.parametrize("row", [row for row in lines() if len(row) == 6 and row[0] != "`method` or column"], ids=lambda row: f"{row[0]} {row[1]}")
def test_every_line_leads_to_function_source_tests_and_rates(row: list[str]) -> None:
    name, _, function, source, tests, rate = row
    paths = [path for cell in (function, tests) for path in re.findall(r"\]\(\.\./([^)]+)\)", cell)]
    assert len(paths) >= 2
    assert all((ROOT / path).is_file() for path in paths)
    assert source or "p_adjusted" in name
    assert rate or "minimal_detectable" in name


@pytest.mark.parametrize("method", [*(check.method for check in CHECKS), *(level.method for level in LEVELS)])
def test_every_method_was_measured_for_every_outcome_that_it_suits(method: str) -> None:
    entry = next(entry for entry in (*CHECKS, *LEVELS) if entry.method == method)
    rows = RATES[RATES["method"] == method]
    shown = rows[["false_alarms", "coverage", "coverage_of_change", "coverage_of_no_effect"]].notna().any(axis=1)
    wanted = set(entry.kinds) - ({"item"} if method.startswith("finite_population") else set())  # to which an item is a mean like any
    wanted -= {"count"} if method == "worst_case_bounds" else set()  # a count has no upper end, so that there are no bounds
    assert wanted <= set(rows.loc[shown, "kind"])


def test_the_primary_keeps_false_alarms_and_least_coverage_in_every_design() -> None:
    primary = RATES[(RATES["method"] == "primary") & (RATES["organisations"] <= 10)]
    assert len(primary) == 4 * 3 * 3 * 2 * PRIMARY_METHODS
    assert set(primary["organisations"]) == {3, 5, 8, 10}
    assert (primary["false_alarms"] <= ALARMS).all()
    covered = primary[["coverage", "coverage_of_change"]]
    assert (covered >= LEAST).all(axis=None)
    # Shares of few persons, and three organisations, are covered more often than they say: cautious, and the page of rates names them.
    tight = primary[(primary["kind"].isin(["mean", "count"])) & (primary["organisations"] >= 5)]
    assert (tight[["coverage", "coverage_of_change"]] <= MOST).all(axis=None)
