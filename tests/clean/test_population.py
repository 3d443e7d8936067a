"""Cleaning the staff list: every rule, and that cells and rows reconcile."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from factory import Draft, draft
from midterm.clean.ledger import Cleaned
from midterm.clean.population import clean_population
from midterm.errors import UserError
from midterm.read import read_population

PLACES = 12  # two waves x two alliances x three partners


def staff(start: Draft, folder: Path) -> Cleaned:
    evaluation = start.load(folder)
    raw = read_population(evaluation)
    assert raw is not None
    return clean_population(evaluation, raw)


def aside(result: Cleaned) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.column, problem.rule) for problem in result.quarantine]


def reconciles(result: Cleaned, rows_read: int) -> None:
    (count,) = result.reconciliation
    assert count["rows_read"] == rows_read == int(str(count["rows_kept"])) + int(str(count["rows_set_aside"]))
    assert count["cells_read"] == int(str(count["cells_kept"])) + int(str(count["cells_set_aside"]))
    assert count["rows_kept"] == sum(map(len, result.tables.values()))


def test_a_sound_staff_list_is_kept_whole(tmp_path: Path) -> None:
    result = staff(draft(), tmp_path)
    assert not result.quarantine
    assert result.tables["population"]["invited"].sum() == PLACES * 3
    reconciles(result, PLACES)


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"wave": "2024"}, "unknown_wave"),
        ({"wave": ""}, "unknown_wave"),
        ({"alliance": "oost"}, "unknown_alliance"),
        ({"organisation": "anjer"}, "unknown_organisation"),
        ({"organisation": "kompas"}, "organisation_not_in_alliance"),
    ],
)
def test_a_staff_row_that_belongs_nowhere_is_set_aside(tmp_path: Path, cells: dict[str, str], rule: str) -> None:
    start = draft()
    start.population[0] |= cells
    result = staff(start, tmp_path)
    assert aside(result) == [(2, "", rule)]
    reconciles(result, PLACES)


def test_a_second_row_of_an_organisation_in_a_wave_is_set_aside(tmp_path: Path) -> None:
    start = draft()
    start.population.append({**start.population[0], "organisation": " Stichting ANKER"})
    result = staff(start, tmp_path)
    assert aside(result) == [(PLACES + 2, "", "duplicate_row")]
    reconciles(result, PLACES + 1)


@pytest.mark.parametrize("typed", ["-1", "2,5", "vijf", "1e1", "NA"])
def test_what_is_no_number_of_people_is_set_aside_alone(tmp_path: Path, typed: str) -> None:
    start = draft()
    start.population[0]["invited"] = typed
    result = staff(start, tmp_path)
    assert aside(result) == [(2, "invited", "not_a_count")]
    assert pd.isna(result.tables["population"].query("organisation == 'anker' and wave == '2023'")["invited"].iloc[0])
    reconciles(result, PLACES)


def test_an_empty_number_is_not_known_and_no_fault(tmp_path: Path) -> None:
    start = draft()
    start.population[0]["population"] = ""
    assert not staff(start, tmp_path).quarantine


def test_a_staff_list_without_its_columns_says_which(tmp_path: Path) -> None:
    start = draft()
    start.population = [{"wave": "2023", "alliance": "noord", "organisation": "anker", "medewerkers": "4"}]
    with pytest.raises(UserError) as error:
        staff(start, tmp_path)
    assert {problem.column for problem in error.value.problems} == {"population", "invited"}


def test_a_wave_is_known_by_its_other_names(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["waves"][0]["aliases"] = ["nulmeting"]
    start.population[0]["wave"] = "Nulmeting"
    result = staff(start, tmp_path)
    assert not result.quarantine
    reconciles(result, PLACES)


@pytest.mark.parametrize(("typed", "rule"), [("#NOT_CALCULATED", "not_calculated"), ("#DEEL/0!", "error_cell")])
def test_a_number_of_people_without_a_result_is_named_as_what_it_is(tmp_path: Path, typed: str, rule: str) -> None:
    start = draft()
    start.population[0]["population"] = typed
    assert aside(staff(start, tmp_path)) == [(2, "population", rule)]


def test_more_invited_than_there_are_is_kept_and_noted(tmp_path: Path) -> None:
    start = draft()
    start.population[0] |= {"population": "5", "invited": "6"}
    start.population[1] |= {"population": "5", "invited": "5"}
    result = staff(start, tmp_path)
    assert not result.quarantine
    assert [(notice.row, notice.column, notice.rule) for notice in result.notices] == [(2, "invited", "more_invited")]
    reconciles(result, PLACES)


def test_a_row_that_is_set_aside_is_not_doubted_as_well(tmp_path: Path) -> None:
    start = draft()
    start.population.append({**start.population[0], "population": "1", "invited": "9"})
    result = staff(start, tmp_path)
    assert {rule for *_, rule in aside(result)} == {"contradictory_rows"}
    assert not result.notices
