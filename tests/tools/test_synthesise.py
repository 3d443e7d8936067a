"""The shipped example is what its generator makes, is marked throughout, and says what an analysis should find."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from statistics import fmean, stdev

import openpyxl
import pytest

import synthesise
from midterm.description import Evaluation, load_evaluation

MARK = "Synthetisch / synthetic"
RAW = synthesise.ROOT / "data" / "raw"


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return load_evaluation(synthesise.ROOT)


@pytest.fixture(scope="module")
def truth() -> synthesise.Truth:
    return synthesise.load_truth()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example")
    synthesise.main(folder)
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted((folder / "data/raw").rglob("*")) if path.is_file()}


def _records(content: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def _surveys(evaluation: Evaluation) -> dict[str, list[dict[str, str]]]:
    return {wave: _records((synthesise.ROOT / source.file).read_bytes()) for source in evaluation.sources.surveys for wave in source.waves}


def test_generator_makes_the_committed_files(generated: Path) -> None:
    committed, made = _files(synthesise.ROOT), _files(generated)
    assert sorted(made) == sorted(name for name in committed if not name.endswith("/.gitkeep"))
    assert [name for name, content in made.items() if committed[name] != content] == []


def test_a_second_run_gives_the_same_bytes(generated: Path, evaluation: Evaluation, truth: synthesise.Truth) -> None:
    assert synthesise.synthesise(evaluation, truth) == _files(generated)


def test_manifest_and_readme_name_every_file(evaluation: Evaluation) -> None:
    lines = (RAW / "SYNTHETIC.sha256").read_text(encoding="utf-8").splitlines()
    manifest = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert list(manifest) == sorted({*evaluation.sources.files, "data/raw/README.md"})
    assert manifest == {name: hashlib.sha256((synthesise.ROOT / name).read_bytes()).hexdigest() for name in manifest}
    readme = (RAW / "README.md").read_text(encoding="utf-8")
    assert MARK in readme
    assert [name for name in evaluation.sources.files if f"`{name.removeprefix('data/raw/')}`" not in readme] == []


def test_every_record_and_workbook_carries_the_mark(evaluation: Evaluation) -> None:
    assert {record["HERKOMST"] for records in _surveys(evaluation).values() for record in records} == {MARK}
    assert {record["herkomst"] for record in _records((RAW / "population.csv").read_bytes())} == {MARK}
    assert {record["herkomst"] for record in _records((RAW / "interviews/segments.csv").read_bytes(), ";")} == {MARK}
    for source in evaluation.sources.frameworks:
        book = openpyxl.load_workbook(synthesise.ROOT / source.file, read_only=True)
        notes, form = book.worksheets
        assert form["A2"].value == MARK
        assert (MARK,) in notes.iter_rows(values_only=True)


def test_expected_change_is_what_the_model_implies(evaluation: Evaluation, truth: synthesise.Truth) -> None:
    written, computed = truth["expected_change"], synthesise.expected_change(evaluation, truth)
    assert list(written) == list(computed)
    for indicator, by_alliance in computed.items():
        assert written[indicator] == pytest.approx(by_alliance, abs=5.1e-5)


def test_expected_answer_of_a_hand_worked_case(truth: synthesise.Truth) -> None:
    # Symmetry: a latent mean of exactly 3 gives an expected answer of 3 for any spread, whatever is cut off at 1 and 5.
    level = {**truth, "scales": {"goal": {**truth["scales"]["goal"], "mean": 3.0}}, "alliance_effects": {"general": {"klimop": 0.0}}}
    assert synthesise._expected_answer(level, "goal", 1, "klimop", "2023") == pytest.approx(3.0, abs=1e-12)


def test_expected_count_matches_the_closed_form(truth: synthesise.Truth) -> None:
    # 1 + the mean of the negative binomial; the cut at 50 takes away less than 0.001.
    assert synthesise._expected_count(truth, 50) == pytest.approx(1 + truth["incidents"]["extra_mean"], abs=1e-3)


def test_stated_average_and_spread_of_the_true_changes(evaluation: Evaluation, truth: synthesise.Truth) -> None:
    for stated in truth["change"].values():
        changes = [stated[alliance] for alliance in evaluation.alliances]
        assert stated["average"] == pytest.approx(fmean(changes))
        assert stated["sd"] == pytest.approx(stdev(changes), abs=1e-3)


def test_headings_are_those_of_the_codebook(evaluation: Evaluation) -> None:
    for wave, records in _surveys(evaluation).items():
        columns = list(records[0])
        items = [item.column_in(wave) for item in evaluation.codebook.items]
        assert columns[: 12 + len(items)] == [*synthesise.FIRST_COLUMNS, *items]


def test_a_code_answers_once_per_wave_and_alliance_and_stays_in_its_organisation(evaluation: Evaluation) -> None:
    names = {alias.casefold(): alliance.id for alliance in evaluation.file.alliances for alias in (alliance.name, *alliance.aliases)}
    places: dict[str, set[str]] = {}
    in_two = set()
    for records in _surveys(evaluation).values():
        seen: dict[str, list[str]] = {}
        for record in records:
            if record["DEELCODE"]:
                seen.setdefault(record["DEELCODE"], []).append(names[_plain(record["ALLIANTIE"])])
                places.setdefault(record["DEELCODE"].casefold(), set()).add(_plain(record["ORGANISATIE"]))
        assert all(len(alliances) == len(set(alliances)) for alliances in seen.values())
        in_two |= {code for code, alliances in seen.items() if len(alliances) > 1}
    assert {len(organisations) for organisations in places.values()} == {1}
    assert 3 <= len(in_two) <= 5


def _plain(name: str) -> str:
    return name.replace("\u00a0", " ").strip().casefold()


def test_linked_partial_and_response_shares_are_as_stated(evaluation: Evaluation, truth: synthesise.Truth) -> None:
    surveys = _surveys(evaluation)
    population = _records((RAW / "population.csv").read_bytes())
    for wave, records in surveys.items():
        elsewhere = {record["DEELCODE"] for other, others in surveys.items() if other != wave for record in others} - {""}
        assert fmean(record["DEELCODE"] in elsewhere for record in records) == pytest.approx(truth["linked_share"], abs=0.05)
        assert fmean(not record["submitdate"] for record in records) == pytest.approx(truth["partial_share"], abs=0.04)
        invited = sum(int(record["invited"]) for record in population if record["wave"] == wave)
        assert len(records) / invited == pytest.approx(truth["response_rate"][wave], abs=0.06)


def test_pages_after_the_last_one_are_empty(evaluation: Evaluation) -> None:
    for wave, records in _surveys(evaluation).items():
        for record in records:
            assert bool(record["submitdate"]) == (record["lastpage"] == "7")
            assert not any(record[item.column_in(wave)] for item in evaluation.codebook.items if item.page > int(record["lastpage"]))
