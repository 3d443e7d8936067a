"""The evidence matrix on tables made by hand: what each source says, whether they agree, and where it can be looked up."""

from __future__ import annotations

import pandas as pd
import pytest

from midterm.description import Evaluation
from midterm.judge.evidence import evidence
from midterm.tables import shaped

# The question asks the survey for cooperation (good from 3.5, poor to 3.0), the framework for outputs (.75, .50),
# the interviews for the theme cooperation (.33).
BASE = {"alliance": "noord", "wave": "2025", "n": 20}


def matrix(
    tiny: Evaluation, level: float | None = None, verdict: str = "inconclusive", schedule: float | None = None, balance: float | None = None
) -> pd.Series:
    rows: list[dict[str, object]] = []
    if level is not None:
        rows.append({**BASE, "indicator": "cooperation", "source": "survey", "statistic": "mean", "estimate": level})
    if schedule is not None:
        rows.append({**BASE, "indicator": "output", "source": "framework", "statistic": "share_on_schedule", "estimate": schedule, "n": 4})
    if balance is not None:
        rows.append({**BASE, "indicator": "cooperation", "source": "interview", "statistic": "balance", "estimate": balance, "n": 3})
    return table(tiny, rows, verdict).loc["noord"]


def table(tiny: Evaluation, rows: list[dict[str, object]], verdict: str = "inconclusive") -> pd.DataFrame:
    indicators = shaped("indicators", pd.DataFrame(rows, columns=["alliance", "wave", "indicator", "source", "statistic", "estimate", "n"]))
    change = shaped("change", pd.DataFrame([{"alliance": "noord", "indicator": "cooperation", "from_wave": "2023", "to_wave": "2025", "verdict": verdict}]))
    return evidence(tiny, {"indicators": indicators, "change": change}).set_index("alliance")


@pytest.mark.parametrize(
    ("level", "verdict", "says"),
    [
        (3.5, "inconclusive", "supports"),
        (3.49, "inconclusive", "mixed"),
        (3.01, "no_relevant_change", "mixed"),
        (3.0, "inconclusive", "contradicts"),
        (4.2, "changed_better", "supports"),
        (4.2, "changed_worse", "mixed"),
        (2.5, "changed_better", "mixed"),
        (2.5, "changed_worse", "contradicts"),
        (3.2, "changed_worse", "contradicts"),
        (3.2, "changed_better", "mixed"),
        (4.2, "described_only", "supports"),
        (None, "inconclusive", "silent"),
    ],
)
def test_the_survey_speaks_by_level_and_change(tiny: Evaluation, level: float | None, verdict: str, says: str) -> None:
    assert matrix(tiny, level, verdict)["survey"] == says


@pytest.mark.parametrize(("share", "says"), [(0.75, "supports"), (0.74, "mixed"), (0.5, "mixed"), (0.49, "contradicts"), (None, "silent")])
def test_the_framework_speaks_by_the_share_on_schedule(tiny: Evaluation, share: float | None, says: str) -> None:
    assert matrix(tiny, schedule=share)["framework"] == says


@pytest.mark.parametrize(("balance", "says"), [(0.33, "supports"), (0.32, "mixed"), (0.0, "mixed"), (-0.32, "mixed"), (-0.33, "contradicts"), (None, "silent")])
def test_the_interviews_speak_by_their_balance(tiny: Evaluation, balance: float | None, says: str) -> None:
    assert matrix(tiny, balance=balance)["interview"] == says


@pytest.mark.parametrize(
    ("sources", "agreement", "strength", "conclusion"),
    [
        ({"level": 4.0, "schedule": 0.9, "balance": 0.8}, "agree", "strong", "supported"),
        ({"level": 2.0, "schedule": 0.1, "balance": -0.8}, "agree", "strong", "not_supported"),
        ({"level": 4.0, "schedule": 0.9}, "agree", "moderate", "supported"),
        ({"level": 4.0, "schedule": 0.9, "balance": -0.8}, "differ", "weak", "mixed"),
        ({"level": 4.0, "schedule": 0.6}, "differ", "weak", "mixed"),
        ({"balance": 0.8}, "single_source", "weak", "supported"),
        ({}, "none", "none", "not_known"),
    ],
)
def test_agreement_strength_and_conclusion_follow_from_the_voices(
    tiny: Evaluation, sources: dict[str, float], agreement: str, strength: str, conclusion: str
) -> None:
    row = matrix(tiny, **sources)
    assert (row["agreement"], row["strength"], row["conclusion"]) == (agreement, strength, conclusion)


def test_every_question_has_a_row_for_every_alliance_and_for_all(tiny: Evaluation) -> None:
    found = table(tiny, [])
    assert sorted(found.index) == ["all", "noord", "zuid"]
    assert set(found["conclusion"]) == {"not_known"}
    assert set(found["claim"]) == {"De partners werken goed samen."}


def test_over_all_alliances_framework_rows_and_interviews_weigh_by_their_number(tiny: Evaluation) -> None:
    # (1 x 9 + 0 x 1) / 10 = .9 supports; a plain mean of the two shares, .5, would not.
    rows = [
        {**BASE, "indicator": "output", "source": "framework", "statistic": "share_on_schedule", "estimate": 1.0, "n": 9},
        {**BASE, "alliance": "zuid", "indicator": "output", "source": "framework", "statistic": "share_on_schedule", "estimate": 0.0, "n": 1},
    ]
    found = table(tiny, rows)
    assert list(found.loc[["noord", "zuid", "all"], "framework"]) == ["supports", "contradicts", "supports"]


def test_another_wave_and_another_level_do_not_speak(tiny: Evaluation) -> None:
    rows = [
        {**BASE, "wave": "2023", "indicator": "cooperation", "source": "survey", "statistic": "mean", "estimate": 4.0},
        {**BASE, "indicator": "outcome", "source": "framework", "statistic": "share_on_schedule", "estimate": 1.0},
        {**BASE, "indicator": "cooperation", "source": "survey", "statistic": "alpha", "estimate": 4.0},
    ]
    assert table(tiny, rows).loc["noord", "agreement"] == "none"


def test_the_cells_that_were_weighed_are_named_and_only_those(tiny: Evaluation) -> None:
    named = matrix(tiny, level=4.0, balance=0.5)["sources"].split("; ")
    assert "indicators: alliance=noord, indicator=cooperation, wave=2025" in named
    assert not any("framework" in cell for cell in named)
    assert pd.isna(matrix(tiny)["sources"]) or matrix(tiny)["sources"] == ""
