"""The pipeline recovers what the synthetic example was made from (tools/synthetic_truth.yml)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def against_truth(evaluated: Path) -> pd.DataFrame:
    """Return the changes of alliances that are tested, each with the true change on the observed scale."""
    truth = yaml.safe_load((ROOT / "tools/synthetic_truth.yml").read_text(encoding="utf-8"))["expected_change"]
    change = pd.read_csv(evaluated / "reports/tables/change.csv")
    known = change[change["indicator"].isin(truth) & ~change["alliance"].isin(["all", "average"]) & (change["tier"] != "T0") & change["std_error"].notna()]
    return known.assign(truth=[truth[row.indicator][row.alliance] for row in known.itertuples()])


def test_intervals_cover_the_true_changes(against_truth: pd.DataFrame) -> None:
    covered = against_truth["truth"].between(against_truth["ci_low"], against_truth["ci_high"])
    assert len(covered) > 100
    # Dimensions share their persons, so the 95 % is that of about 4 independent questions in 7 alliances: 28 intervals.
    assert covered.mean() >= stats.binom.ppf(0.001, 28, 0.95) / 28


def test_the_story_is_found(evaluated: Path) -> None:
    change = pd.read_csv(evaluated / "reports/tables/change.csv").set_index(["alliance", "indicator"])
    assert change.loc[("all", "cooperation"), "verdict"] == "changed_better"
    assert change.loc[("all", "capacity"), "verdict"] == "changed_worse"
    assert change.loc[("all", "incident_share"), "verdict"] == "changed_worse"


def test_estimates_order_the_alliances_about_as_the_truth_does(against_truth: pd.DataFrame) -> None:
    cooperation = against_truth[against_truth["indicator"] == "cooperation"]
    assert stats.spearmanr(cooperation["estimate"], cooperation["truth"]).statistic > 0.7
