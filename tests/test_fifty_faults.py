"""A folder in which everything is wrong that can be: each fault is named with its place, by ``check``, by ``run`` and on the quality page.

The places are worked out by hand from ``fifty_faults``: a line as a text editor counts it, a row as Excel does, a case in
SPSS. A row that is empty in the tables below means the whole column, sheet or file.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lxml import html

from fifty_faults import SECRET, SECRETS, files_of, write
from midterm.description import Evaluation, Language, load_evaluation
from midterm.publish.quality.tables import AS_INTENDED

MIDTERM = Path(sys.executable).parent / "midterm"
Fault = tuple[str, str, int | None, str, str]  # file, sheet, row, column, rule
Table = dict[tuple[str, str], list[tuple[int | None, str, str]]]

ASIDE: Table = {
    ("config/corrections.csv", ""): [
        (3, "old", "correction_refused"),
        (4, "id", "correction_refused"),
        (5, "field", "correction_refused"),
        (6, "old", "correction_refused"),
    ],
    ("data/raw/survey-2023.csv", ""): [
        (4, "", "unknown_alliance"),
        (5, "", "unknown_organisation"),
        (6, "", "organisation_not_in_alliance"),
        (7, "G1", "off_scale"),
        (8, "N1", "off_scale"),
        (10, "", "duplicate_identical"),
        (12, "", "duplicate_partial"),
        (13, "", "duplicate_contradicts"),
        (14, "", "duplicate_contradicts"),
        (15, "", "ragged_row"),
    ],
    ("data/raw/qualtrics.csv", ""): [(None, "T3", "missing_column"), (5, "", "test_response"), (6, "", "test_response")],
    ("data/raw/paper.xlsx", "Antwoorden"): [(4, "", "unknown_wave"), (5, "N1", "not_calculated"), (6, "G2", "off_scale")],
    ("data/raw/panel.sav", ""): [(2, "G2", "code_and_label_contradict"), (3, "G3", "unknown_missing_code"), (5, "T1", "off_scale")],
    ("data/raw/letters.csv", ""): [(3, "", "unknown_wave"), (4, "U1", "ambiguous_number"), (5, "S1", "off_scale"), (8, "", "repeated_heading")],
    ("data/raw/named.csv", ""): [(None, "", "not_text")],
    ("data/raw/quotes.csv", ""): [(3, "", "broken_csv")],
    ("data/raw/empty.csv", ""): [(None, "", "empty_file")],
    ("data/raw/folder.csv", ""): [(None, "", "unreadable")],
    ("data/raw/letters-lost.csv", ""): [(3, "", "encoding")],
    ("data/raw/twice.csv", ""): [(1, "CODE", "duplicate_heading")],
    ("data/raw/nameless.csv", ""): [(None, "ALLIANTIE", "missing_column")],
    ("data/raw/bomb.xlsx", ""): [(None, "", "too_large")],
    ("data/raw/other-sheet.xlsx", ""): [(None, "", "missing_sheet")],
    ("data/raw/no-headings.xlsx", "Kader"): [(None, "", "missing_heading")],
    ("data/raw/pickle.sav", ""): [(None, "", "not_spss")],
    ("data/raw/cut-off.sav", ""): [(None, "", "broken_spss")],
    ("data/raw/locked.sav", ""): [(None, "", "encrypted")],
    ("data/raw/noord.xlsx", "Kader"): [
        (7, "Jaar nulmeting", "not_a_year"),
        (8, "Eenheid", "not_in_the_list"),
        (9, "Realisatie 2025", "note_in_number"),
        (10, "Realisatie 2025", "other_unit"),
        (11, "Realisatie 2025", "date_in_number"),
        (12, "Realisatie 2025", "abbreviated_number"),
        (13, "Realisatie 2025", "error_cell"),
        (14, "Realisatie 2025", "not_calculated"),
        (15, "Realisatie 2025", "ambiguous_number"),
        (19, "", "totals_row"),
        (20, "", "missing_number"),
        (21, "", "duplicate_indicator"),
        (22, "", "duplicate_indicator"),
    ],
    ("data/raw/oost.xml", ""): [
        (11, "actual/@value 2025", "note_in_number"),
        (14, "actual/@value 2025", "note_in_number"),
        (20, "actual/@value 2025", "note_in_number"),
    ],
    ("data/raw/oost-2019.xml", ""): [(6, "", "not_xml")],
    ("data/raw/oost-2020.xml", ""): [(None, "", "document_type")],
    ("data/raw/oost-2021.xml", ""): [(1, "", "not_iati")],
    ("data/raw/oost-2022.xml", ""): [(None, "", "no_indicators")],
    ("data/raw/segments.csv", ""): [
        (3, "code", "unknown_code"),
        (4, "oordeel", "unknown_code"),
        (5, "groep", "unknown_code"),
        (6, "", "unknown_alliance"),
        (7, "oordeel", "contradictory_rating"),
    ],
    ("data/raw/project.qdpx", "project.qde"): [
        (18, "", "dangling_code"),
        (19, "", "unknown_code"),
        (20, "", "rating_without_theme"),
        (21, "codes", "contradictory_rating"),
        (31, "", "unknown_document"),
    ],
    ("data/raw/codes-only.qdpx", "project.qde"): [(None, "", "not_a_project")],
    ("data/raw/population.csv", ""): [
        (2, "", "unknown_wave"),
        (3, "", "unknown_alliance"),
        (4, "", "unknown_organisation"),
        (5, "", "organisation_not_in_alliance"),
        (6, "invited", "not_a_count"),
        (7, "", "contradictory_rows"),
        (8, "", "contradictory_rows"),
        (10, "", "duplicate_row"),
    ],
}
# The step of this alliance fails, as there is no other framework.
FAILED: Table = {("data/raw/west.xlsx", ""): [(None, "", "not_a_workbook")]}
AWAITED: Table = {("data/raw/awaited.csv", ""): [(None, "", "awaited")]}
DOUBTED: Table = {
    ("data/raw/survey-2023.csv", ""): [
        (16, "", "straight_lining"),
        (17, "", "speeder"),
        (18, "startdate", "impossible_date"),
        (19, "submitdate", "impossible_date"),
        (20, "startdate", "impossible_date"),
        (20, "submitdate", "impossible_date"),
    ],
    ("data/raw/survey-2025.csv", ""): [(None, "", "changed_since_received")],
    ("data/raw/qualtrics.csv", ""): [
        (7, "", "respondent_in_two_alliances"),
        (8, "", "respondent_in_two_alliances"),
        (9, "M", "unknown_option"),
    ],
    ("data/raw/paper.xlsx", "Antwoorden"): [(None, "", "hidden_sheet"), (5, "N1", "not_calculated")],
    ("data/raw/panel.sav", ""): [(4, "INGEVULD", "impossible_date")],
    ("data/raw/only-headings.csv", ""): [(None, "", "no_rows"), (None, "TOELICHTING", "missing_column")],
    ("data/raw/noord.xlsx", "Kader"): [
        (None, "", "indicator_gone"),
        (4, "Realisatie 2023", "revised_value"),
        (4, "Streefwaarde", "revised_target"),
        (5, "Eenheid", "unit_changed"),
        (6, "Wijze van rapporteren", "reporting_changed"),
        (14, "Realisatie 2025", "not_calculated"),
        (16, "Realisatie 2025", "perhaps_thousands"),
        (17, "Realisatie 2025", "said_no_value"),
        (18, "Indicator", "perhaps_a_total"),
        (23, "Realisatie 2023", "merged_rows"),
        (25, "Realisatie 2025", "merged_cells"),
        (26, "", "hidden_rows"),
        (27, "Nr", "loose_note"),
    ],
    ("data/raw/noord.xlsx", "Kader oud"): [(None, "", "other_sheet")],
    ("data/raw/noord-2024.xlsx", ""): [(None, "", "changed_since_received")],
    ("data/raw/zuid.xlsx", "Kader"): [
        (4, "Niveau", "field_missing"),
        (5, "Nulmeting", "baseline_missing"),
        (6, "Streefwaarde", "target_missing"),
        (7, "Streefwaarde", "baseline_equals_target"),
        (8, "Richting", "direction_contradicts"),
        (9, "Realisatie 2025", "above_target"),
        (10, "Realisatie 2025", "equals_target"),
        (11, "Realisatie 2025", "carried_forward"),
        (12, "Jaar streefwaarde", "year_order"),
        (13, "Realisatie 2023", "beyond_100"),
        (14, "Realisatie 2023", "negative_count"),
        (15, "Nulmeting", "perhaps_a_share"),
        (15, "Streefwaarde", "perhaps_a_share"),
        (15, "Realisatie 2023", "perhaps_a_share"),
        (15, "Realisatie 2025", "perhaps_a_share"),
        (16, "Realisatie 2023", "unit_jump"),
        (17, "Realisatie 2025", "cumulative_falls"),
        (18, "Status", "status_contradicts"),
    ],
    ("data/raw/oost.xml", ""): [
        (None, "", "several_activities"),
        (None, "reporting", "reporting_unsaid"),
        (5, "indicator/reference/@code", "position_as_number"),
        (8, "indicator/@ascending", "no_direction"),
        (8, "indicator/@ascending", "field_missing"),
        (11, "actual/@value 2025", "several_values"),
        (14, "actual/@value 2025", "only_parts"),
        (17, "actual/@value 2025", "parts_left"),
        (20, "actual/@value 2025", "not_a_decimal"),
        (23, "actual/@value 2025", "only_a_comment"),
        (26, "target/@value", "milestones_left"),
        (29, "actual/@value 2025", "spans_years"),
        (32, "", "ends_before_start"),
        (35, "", "no_period_end"),
        (38, "reporting", "field_missing"),
        (43, "result/@type", "no_level"),
        (43, "result/@type", "field_missing"),
    ],
    ("data/raw/duin.xml", ""): [(None, "", "several_activities")],
    ("data/raw/kust.csv", ""): [(None, "", "nothing_filled_in"), (None, "", "milestone_unused"), (None, "Realisatie 2025", "year_not_in_file")],
    ("data/raw/letters.csv", ""): [(6, "CODE", "near_code"), (7, "CODE", "near_code"), (9, "", "mixed_encoding")],
    ("data/raw/population.csv", ""): [(11, "invited", "more_invited")],
    ("data/raw/segments.csv", ""): [(10, "interview", "missing_interview")],
    ("data/raw/project.qdpx", "project.qde"): [(None, "document", "same_document_name")],
}


def faults(*tables: Table) -> set[Fault]:
    """Return the faults of hand-made tables, one by one."""
    return {(file, sheet, row, column, rule) for table in tables for (file, sheet), places in table.items() for row, column, rule in places}


@dataclass(frozen=True)
class Called:
    """A call of the command on the folder with everything wrong."""

    folder: Path
    status: int
    out: str
    messages: str
    seconds: float


def called(folder: Path, command: str, *arguments: str) -> Called:
    started = time.monotonic()
    ran = subprocess.run([MIDTERM, command, folder, *arguments], capture_output=True, text=True, check=False, timeout=900)
    return Called(folder, ran.returncode, ran.stdout, ran.stderr, time.monotonic() - started)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("faults") / "evaluation")


@pytest.fixture(scope="module")
def spoken(folder: Path) -> Called:
    return called(folder, "check")


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what ``check --json`` finds."""
    made: dict[str, list[dict[str, Any]]] = json.loads(called(folder, "check", "--json").out)
    return made


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Called:
    """Run a folder of its own, as a run writes results beside the raw files."""
    folder = write(tmp_path_factory.mktemp("run") / "evaluation")
    before = files_of(folder)
    result = called(folder, "run", "--jobs", "2")
    after = files_of(folder)
    assert {name: after[name] for name in before} == before
    return result


def repeated(said: str) -> list[str]:
    """Return what of the folder's secrets is said."""
    return [secret for secret in SECRETS if secret.casefold() in said.casefold()]


def placed(problems: list[dict[str, Any]]) -> list[Fault]:
    return [(problem["file"], problem["sheet"], problem["row"], problem["column"], problem["rule"]) for problem in problems]


def asks(notices: list[Fault]) -> list[Fault]:
    """Return the notices that ask for something."""
    return [notice for notice in notices if notice[-1] not in AS_INTENDED]


def test_there_are_far_more_than_fifty_faults() -> None:
    assert len(faults(ASIDE, FAILED)) >= 50
    assert len(faults(DOUBTED)) >= 50


def test_every_kind_of_fault_that_there_are_words_for_is_among_them(folder: Path, found: dict[str, list[dict[str, Any]]]) -> None:
    rules = {rule for *_, rule in (*faults(ASIDE, FAILED, AWAITED, DOUBTED), *placed(found["notices"]))}
    words = load_evaluation(folder).labels["nl"].quality.rules
    assert set(words) - rules == set()
    assert rules - set(words) == set()


def test_check_lists_every_place_and_no_other(found: dict[str, list[dict[str, Any]]]) -> None:
    problems = placed(found["problems"])
    assert sorted(map(str, problems)) == sorted(map(str, faults(ASIDE, FAILED)))
    notices = asks(placed(found["notices"]))
    assert sorted(map(str, notices)) == sorted(map(str, faults(DOUBTED)))
    assert set(placed(found["awaited"])) == faults(AWAITED)


def test_check_says_each_in_a_sentence_with_its_place_and_what_to_do(spoken: Called, found: dict[str, list[dict[str, Any]]]) -> None:
    assert (spoken.status, spoken.out) == (1, "")
    assert "Traceback" not in spoken.messages
    lines = spoken.messages.splitlines()
    for problem in found["problems"]:
        place = [problem["file"]]
        place += [f"sheet {problem['sheet']}"] if problem["sheet"] else []
        place += [f"row {problem['row']}"] if problem["row"] is not None else []
        place += [f"column {problem['column']}"] if problem["column"] else []
        assert f"Problem: {', '.join(place)}: {problem['reason']}" in lines
        assert "; " in problem["reason"], problem
    assert lines[-1].startswith(f"{len(found['problems'])} problems, 1 awaited, ")


def test_check_is_done_within_seconds_whatever_the_files_hold(spoken: Called) -> None:
    assert spoken.seconds < 30


def test_check_repeats_no_answer_name_or_cell(spoken: Called, found: dict[str, list[dict[str, Any]]]) -> None:
    assert repeated(spoken.messages + json.dumps(found)) == []


def test_check_writes_nothing_and_needs_no_leave_to_write(tmp_path: Path, spoken: Called) -> None:
    folder = write(tmp_path / "evaluation")
    before = files_of(folder)
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    again = called(folder, "check")
    for path in paths:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert (again.status, again.messages) == (1, spoken.messages)
    assert files_of(folder) == before
    assert sorted(folder.rglob("*")) == sorted(paths[1:])


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def listed(folder: Path, name: str) -> list[Fault]:
    rows = table(folder / "data/processed", name)
    return [(row.file, row.sheet, int(row.row) if row.row else None, row.column, row.rule) for row in rows.itertuples()]  # type: ignore[arg-type, misc]


@pytest.mark.slow
def test_a_run_keeps_the_same_places_in_its_books(ran: Called) -> None:
    assert sorted(map(str, listed(ran.folder, "quarantine"))) == sorted(map(str, faults(ASIDE, FAILED, AWAITED)))
    assert sorted(map(str, asks(listed(ran.folder, "notices")))) == sorted(map(str, faults(DOUBTED)))


@pytest.mark.slow
def test_a_run_ends_with_1_and_says_all_of_it(ran: Called, found: dict[str, list[dict[str, Any]]]) -> None:
    assert ran.status == 1
    assert "Traceback" not in ran.messages + ran.out
    for problem in (*found["problems"], *found["awaited"]):
        assert problem["reason"] in ran.messages, problem
    assert "clean_frameworks west: data/raw/west.xlsx: " in ran.messages
    last = ran.messages.splitlines()[-1]
    assert "reports/quality.nl.html" in last
    assert "reports/report.nl.html" in last


@pytest.mark.slow
def test_every_alliance_gets_the_results_that_its_sound_files_allow(ran: Called) -> None:
    tables = ran.folder / "reports/tables"
    assert set(table(tables, "attainment")["alliance"]) == {"noord", "zuid", "oost", "duin"}
    indicators = table(tables, "indicators").query("source == 'survey' and indicator == 'cooperation' and estimate != ''")
    assert {(alliance, wave) for alliance in ("noord", "zuid", "oost", "west", "duin", "kust", "all") for wave in ("2023", "2025")} <= set(
        zip(indicators["alliance"], indicators["wave"], strict=True)
    )
    assert {"noord", "zuid", "oost", "west", "duin", "kust", "all", "average"} == set(table(tables, "change")["alliance"])
    for language in ("nl", "en"):
        assert (ran.folder / f"reports/report.{language}.html").stat().st_size > 1000


@pytest.mark.slow
def test_the_books_balance(ran: Called) -> None:
    books = table(ran.folder / "data/processed", "reconciliation")
    for what in ("rows", "cells"):
        read, kept, aside = (books[f"{what}_{part}"].astype(int) for part in ("read", "kept", "set_aside"))
        assert (read == kept + aside).all()
        by_file = aside.groupby(books["file"]).sum()
        places = {(file, sheet, row, column) for file, sheet, row, column, _ in faults(ASIDE) if row is not None and bool(column) == (what == "cells")}
        for file, count in by_file.items():
            assert count == len([place for place in places if place[0] == file]), (file, what)


@pytest.mark.slow
def test_no_answer_stands_in_what_a_run_says_or_writes_for_others(ran: Called) -> None:
    assert repeated(ran.messages + ran.out) == []
    kept_apart = {"open", "open_answers"}  # what people wrote in their own words is a table of its own
    written = [path for room in ("reports", "data/processed") for path in sorted((ran.folder / room).rglob("*")) if path.is_file()]
    others = [path for path in written if not kept_apart.intersection(path.relative_to(ran.folder).parts)]
    assert len(others) > 100
    assert [path for path in others if SECRET.encode() in path.read_bytes()] == []
    for name in ("quarantine", "notices"):
        assert repeated((ran.folder / f"data/processed/{name}.csv").read_text(encoding="utf-8")) == []


def text_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def on_the_page(page: html.HtmlElement, evaluation: Evaluation, language: Language) -> Iterator[tuple[str, str, int | None, str, str]]:
    """Give file, sheet, row, column and title of every place that stands on the quality page under its file's own heading."""
    words, labels = evaluation.labels[language].quality, evaluation.labels[language].report
    for heading in page.xpath("//h3[starts-with(@id, 'file-')]"):
        for fold in heading.xpath("following-sibling::details"):
            if fold.xpath("preceding-sibling::h3[1]")[0] is not heading:
                continue
            title = text_of(fold.find("summary")).partition(": ")[2]
            names = [text_of(cell) for cell in fold.xpath(".//thead//th")]
            for row in fold.xpath(".//tbody/tr"):
                cells = dict(zip(names, (text_of(cell) for cell in row), strict=True))
                rows = cells[words.col_rows]
                numbers = [None] if rows in (words.whole_file, words.whole_column) else [int(number) for number in rows.split(", ")]
                column = cells.get(labels.col_column, "")
                for number in numbers:
                    yield text_of(heading), cells.get(words.col_sheet, ""), number, "" if column == words.whole_row else column, title


@pytest.mark.slow
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_reader_of_the_quality_page_finds_every_place_in_words(ran: Called, language: Language) -> None:
    page = html.parse(os.fspath(ran.folder / f"reports/quality.{language}.html")).getroot()
    evaluation = load_evaluation(ran.folder)
    words = evaluation.labels[language].quality.rules
    unit = evaluation.file.unit
    names = {"unit": unit.singular.in_(language), "units": unit.plural.in_(language)}
    shown = list(on_the_page(page, evaluation, language))
    expected = {(file, sheet, row, column, words[rule].title.format(**names)) for file, sheet, row, column, rule in faults(ASIDE, FAILED, AWAITED, DOUBTED)}
    assert expected - set(shown) == set()
    quiet = {words[rule].title.format(**names) for rule in AS_INTENDED}
    assert {title for *_, title in set(shown) - expected} <= quiet
    assert "data/raw/west.xlsx" in text_of(page)
    body = text_of(page)
    for *_, rule in faults(ASIDE, DOUBTED):
        assert " ".join(words[rule].action.format(**names).split()) in body
    assert repeated(body) == []
