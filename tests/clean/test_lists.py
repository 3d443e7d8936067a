"""Cleaning the staff list and the coded interviews: every rule, and that cells and rows reconcile."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from factory import SECRETS, Draft, draft
from midterm.clean.ledger import Cleaned
from midterm.clean.lists import clean_interviews, clean_population
from midterm.errors import UserError
from midterm.read import read_interviews, read_population

PLACES = 12  # two waves x two alliances x three partners


def staff(start: Draft, folder: Path) -> Cleaned:
    evaluation = start.load(folder)
    raw = read_population(evaluation)
    assert raw is not None
    return clean_population(evaluation, raw)


def interviews(start: Draft, folder: Path) -> Cleaned:
    evaluation = start.load(folder)
    ((source, raw),) = read_interviews(evaluation)
    return clean_interviews(evaluation, source, raw)


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


def test_sound_interviews_are_kept_without_their_text(tmp_path: Path) -> None:
    result = interviews(draft(), tmp_path)
    assert not result.quarantine
    assert list(result.tables["interviews"]["rating"]) == [1.0, 1.0]
    assert SECRETS[2] not in "".join(table.to_csv() for table in (*result.tables.values(), *result.books().values()))
    reconciles(result, 2)


def test_a_segment_of_an_unknown_alliance_is_set_aside(tmp_path: Path) -> None:
    start = draft()
    start.segments[0]["alliantie"] = "Alliantie Oost"
    result = interviews(start, tmp_path)
    assert aside(result) == [(2, "", "unknown_alliance")]
    reconciles(result, 2)


@pytest.mark.parametrize(("column", "typed"), [("groep", "ministerie"), ("code", "Sfeer"), ("oordeel", "++"), ("groep", ""), ("code", "")])
def test_a_code_outside_the_code_frame_is_set_aside_alone_and_not_repeated(tmp_path: Path, column: str, typed: str) -> None:
    start = draft()
    start.segments[0][column] = typed
    result = interviews(start, tmp_path)
    assert aside(result) == [(2, column, "unknown_code")]
    assert not typed or f"{typed!r}" not in str(result.quarantine[0])
    reconciles(result, 2)


def test_a_segment_may_go_without_a_rating(tmp_path: Path) -> None:
    start = draft()
    start.segments[0]["oordeel"] = ""
    result = interviews(start, tmp_path)
    assert not result.quarantine
    assert int(result.tables["interviews"]["rating"].isna().sum()) == 1


@pytest.mark.parametrize(("typed", "means"), [("+/-", 0.0), ("-", -1.0), ("negatief", -1.0), ("mixed", 0.0), (" + ", 1.0), ("Positief", 1.0), ("+\u00a0", 1.0)])
def test_ratings_are_known_by_sign_and_word(tmp_path: Path, typed: str, means: float) -> None:
    start = draft()
    start.segments = [{**start.segments[0], "oordeel": typed}]
    result = interviews(start, tmp_path)
    assert not result.quarantine
    assert list(result.tables["interviews"]["rating"]) == [means]
