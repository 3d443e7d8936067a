"""The specification curve: its choices against clubSandwich, and how many agree, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from midterm.compare.result import Result, Settings
from midterm.compare.specifications import SCORINGS, Specification, agreement, specifications
from midterm.compare.two_waves import Outcome, TwoWaves

NAN = np.nan
REFERENCE = Path(__file__).parents[1] / "reference" / "estimators"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
CHOICES = pd.read_csv(REFERENCE / "specifications.csv")
OUTCOMES = (Outcome("score", "mean", 1, 5), Outcome("item", "item", 1, 5), Outcome("has_incident", "share", 0, 1))
NAMES = [outcome.name for outcome in OUTCOMES]


def of_design(design: str, people: pd.DataFrame | None = None) -> TwoWaves:
    persons = PERSONS[PERSONS["design"] == design].rename(columns={"person": "respondent_id"}).assign(alliance="one")
    return TwoWaves.of(persons, OUTCOMES, ("first", "last"), people)


def curve(data: TwoWaves) -> dict[str, Specification]:
    everyone = np.ones(len(data.is_after), dtype=bool)
    return {found.name: found for found in specifications(dict.fromkeys(SCORINGS, data), dict.fromkeys(SCORINGS, everyone), Settings())}


@pytest.mark.parametrize("design", list(dict.fromkeys(CHOICES["design"])))
def test_choices_equal_club_sandwich(design: str) -> None:
    found = curve(of_design(design))
    for row in CHOICES[CHOICES["design"] == design].itertuples():
        result = found[f"specification: planned_items, {row.who}, {row.weighing}"].result.columns()
        at = NAMES.index(row.outcome)
        for field in ("estimate", "std_error", "df", "p_value"):
            assert result[field][at] == pytest.approx(getattr(row, field), rel=1e-6, abs=1e-12), (row, field)


def test_there_are_as_many_choices_as_the_staff_list_allows() -> None:
    # Three rules of scoring, three of persons, two of weights, three with a staff list.
    design = CHOICES["design"].iloc[0]
    organisations = sorted(set(PERSONS.loc[PERSONS["design"] == design, "organisation"]))
    people = pd.DataFrame([{"wave": wave, "organisation": name, "population": 40} for wave in ("first", "last") for name in organisations])
    assert len(curve(of_design(design))) == 3 * 3 * 2
    assert len(curve(of_design(design, people))) == 3 * 3 * 3


def test_agreement_by_hand() -> None:
    # Primary: up and significant; nothing; down, not significant. Choices: the same; not significant; no number; the other way; not tested.
    primary = Result(np.array([0.5, 0.1, -0.2]), p_value=np.array([0.01, 0.5, 0.2]))
    given = [
        ([0.4, 0.2, -0.1], [0.02, 0.6, 0.3]),
        ([0.3, 0.1, -0.3], [0.2, 0.04, 0.01]),
        ([NAN] * 3, [NAN] * 3),
        ([-0.4, -0.1, 0.1], [0.01, 0.7, 0.9]),
        ([0.9, 0.9, -0.9], [0.01, 0.01, 0.01]),
    ]
    data = of_design(CHOICES["design"].iloc[0])
    choices = [Specification("a", data, Result(np.array(e), np.where(np.isnan(e), NAN, 0.1), p_value=np.array(p))) for e, p in given]
    is_tested = np.array([[True] * 3] * 4 + [[False] * 3])
    found = agreement(primary, choices, is_tested, 0.05)
    assert found.n.tolist() == [4, 4, 4]
    assert found.same_sign.tolist() == [3, 3, 3]
    # The fourth with a number is too small to be tested, so that its sign counts and its p does not.
    assert found.n_tested.tolist() == [3, 3, 3]
    # First: only the first choice is significant the same way. Second and third: not significant is alike whatever the sign.
    assert found.significant_alike.tolist() == [1, 2, 2]
