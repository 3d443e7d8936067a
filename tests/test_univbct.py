"""A real data set through the whole pipeline, described in ``tests/univbct/`` with no code changed.

Expected values are those of another program: R 4.2.2 and clubSandwich, as the README beside the data says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from midterm.check import check
from midterm.clean.ledger import Cleaned, together
from midterm.clean.survey import clean_survey
from midterm.compare import change
from midterm.compare.alliances import averaged
from midterm.description import Evaluation, load_evaluation
from midterm.judge.verdict import across, judge
from midterm.measure import scales, scores
from midterm.read import read_survey
from midterm.tables import stack

FOLDER = os.environ.get("MIDTERM_TEST_DATA", "")
DATA = Path(FOLDER) / "univbct.csv"
pytestmark = pytest.mark.skipif(
    not FOLDER or not DATA.is_file(), reason="MIDTERM_TEST_DATA names no folder with univbct.csv (real data, not in the repository)"
)

PERSONS, WAVES, UNITS, SUBUNITS = 495, 3, 16, 43


def laid_down(folder: Path) -> Path:
    shutil.copytree(Path(__file__).parent / "univbct", folder, dirs_exist_ok=True)
    (folder / "data/raw").mkdir(parents=True)
    shutil.copyfile(DATA, folder / "data/raw/univbct.csv")
    return folder


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return load_evaluation(laid_down(tmp_path_factory.mktemp("univbct")))


@pytest.fixture(scope="module")
def clean(described: Evaluation) -> Cleaned:
    return together(clean_survey(described, wave, read_survey(described, wave)) for wave in described.waves)


@pytest.fixture(scope="module")
def items(clean: Cleaned) -> pd.DataFrame:
    return scores.items_by_person(clean.tables["responses"], clean.tables["respondents"])


@pytest.fixture(scope="module")
def members(described: Evaluation, items: pd.DataFrame) -> pd.DataFrame:
    return scores.scores_by_person(described, items)


@pytest.fixture(scope="module")
def tables(described: Evaluation, items: pd.DataFrame, members: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of the contract as the notebooks make them, by the stages' own functions."""
    persons = change.two_waves(described, scores.once_per_person(members))
    by_unit = {unit: change.two_waves(described, members[members["alliance"] == unit]) for unit in described.alliances}
    changes = stack("change", [judge(described, change.changes(described, part, unit)) for unit, part in by_unit.items()])
    return {
        "checks": change.checks(described, persons, "all"),
        "indicators": scales.reliability(described, items, members),
        "change": across(described, changes, judge(described, change.changes(described, persons, "all")), averaged(described, changes)),
    }


def expected_in(found: dict[str, pd.DataFrame]) -> None:
    """Compare the three tables with the reference values of the README of the data."""
    paired = found["checks"].query("alliance == 'all' and indicator == 'job_satisfaction' and method == 'paired_t'").iloc[0]
    assert paired["n_paired"] == 442
    assert paired["estimate"] == pytest.approx(0.09351, abs=5e-6)
    assert paired["estimate"] / paired["std_error"] == pytest.approx(1.9155, abs=5e-5)
    assert paired["std_error"] == pytest.approx(1.02639 / 442**0.5, rel=1e-5)
    assert (paired["df"], paired["p_value"]) == (441, pytest.approx(0.05608, abs=5e-6))
    icc = found["indicators"].query("indicator == 'job_satisfaction' and statistic == 'icc1' and wave == '1'").iloc[0]
    assert icc["estimate"] == pytest.approx(0.03488, abs=5e-6)
    pooled = found["change"].query("alliance == 'all' and indicator == 'job_satisfaction'").iloc[0]
    assert [round(float(pooled[name]), 4) for name in ("estimate", "std_error", "p_value")] == [0.1033, 0.0456, 0.0331]
    assert [round(float(pooled[name]), 4) for name in ("ci_low", "ci_high")] == [0.0090, 0.1976]
    assert pooled["df"] == pytest.approx(22.7, abs=0.05)
    assert (pooled["n_organisations"], pooled["design"]) == (SUBUNITS, "partly_paired")


def test_the_data_are_found_sound_and_nothing_is_awaited(described: Evaluation) -> None:
    findings = check(described)
    assert not findings.problems
    assert not findings.awaited


def test_every_row_is_kept_under_its_unit_and_composite_subunit(clean: Cleaned) -> None:
    people = clean.tables["respondents"]
    assert len(people) == PERSONS * WAVES
    assert people["respondent_id"].nunique() == PERSONS
    assert people["alliance"].nunique() == UNITS
    assert people["organisation"].nunique() == SUBUNITS
    assert list(people.groupby("wave").size()) == [PERSONS] * WAVES
    assert not clean.quarantine


def test_every_score_comes_through_as_it_stands_in_the_file(clean: Cleaned) -> None:
    raw = pd.read_csv(DATA, dtype={"SUBNUM": str})
    expected = raw.assign(wave=(raw["TIME"] + 1).astype(str)).set_index(["SUBNUM", "wave"])["JSAT"].sort_index()
    responses = clean.tables["responses"].query("item == 'jsat'").set_index(["respondent_id", "wave"])["value"].sort_index()
    assert responses.to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)


def test_change_and_clustering_equal_those_of_another_program(tables: dict[str, pd.DataFrame]) -> None:
    expected_in(tables)


def test_units_of_up_to_three_subunits_are_described_and_not_tested(tables: dict[str, pd.DataFrame]) -> None:
    units = tables["change"].query("alliance not in ['all', 'average']")
    small = units[units["n_organisations"] <= 3]
    assert len(small)
    assert set(small["verdict"]) == {"described_only"}
    assert small["p_value"].isna().all()


@pytest.mark.slow
def test_the_command_gives_the_same_and_calls_nothing_synthetic(tmp_path: Path) -> None:
    folder = laid_down(tmp_path)
    ran = subprocess.run([Path(sys.executable).parent / "midterm", "run", folder, "--jobs", "2"], capture_output=True, text=True, check=False, timeout=900)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    expected_in({name: pd.read_csv(folder / f"reports/tables/{name}.csv", dtype={"wave": str, "alliance": str}) for name in ("checks", "indicators", "change")})
    for path in [*folder.glob("data/processed/*.json"), *folder.glob("reports/tables/*.json")]:
        assert json.loads(path.read_text(encoding="utf-8"))["synthetic"] is False, path
    made = [path for ending in ("html", "svg", "csv", "json") for path in folder.glob(f"reports/[!t]*/*.{ending}")] + [*folder.glob("reports/*.html")]
    assert folder / "reports/report.en.html" in made
    for path in made:
        text = path.read_text(encoding="utf-8").casefold().replace('"synthetic": false', "")
        assert "synthetic" not in text, path
        assert "synthetisch" not in text, path
