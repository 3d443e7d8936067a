"""Krippendorff's alpha against published values and R, its interval, the rows of the table, and means that count a segment once.

The expected values come from ``tests/reference/measurement.R``, which writes the formula out pair by pair and stops unless it gives
the values of Krippendorff 2011, Computing Krippendorff's Alpha-Reliability (nominal .743, ordinal .815, interval .849).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import draft
from midterm.description import Evaluation
from midterm.measure.agreement import Metric, coding_agreement, krippendorff, krippendorff_alpha, means_of_interviews
from midterm.measure.indicators import interview_indicators
from midterm.tables import empty, shaped

REFERENCE = Path(__file__).parents[1] / "reference" / "measurement"
CODED = pd.read_csv(REFERENCE / "coded.csv")
ALPHA = pd.read_csv(REFERENCE / "alpha_coders.csv")
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval")
NAN = np.nan
laws = settings(derandomize=True, max_examples=25, deadline=None)


def units(name: str) -> np.ndarray:
    return CODED[CODED["set"] == name].pivot(index="unit", columns="coder", values="value").to_numpy(float)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("row", [row for _, row in ALPHA.iterrows()], ids=lambda row: row["set"])
def test_alpha_equals_the_formula_in_r(row: pd.Series, metric: Metric) -> None:
    assert krippendorff_alpha(units(row["set"]), metric) == pytest.approx(row[metric], rel=1e-9)
    assert krippendorff(units(row["set"]), metric)[0].estimate == pytest.approx(row[metric], rel=1e-9)


@pytest.mark.parametrize(("metric", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_as_published(metric: Metric, value: float) -> None:
    # Krippendorff 2011, section C: four observers, twelve units, some values missing.
    assert krippendorff_alpha(units("published"), metric) == pytest.approx(value, abs=5e-4)


def test_alpha_by_hand() -> None:
    # Four units, two coders, one unlike pair: o_01 = 1 of 8 each way; n_0 = 3, n_1 = 5: 1 - 7 x 2 / (2 x 15) = 8 / 15.
    coded = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    assert krippendorff_alpha(coded, "nominal") == pytest.approx(8 / 15)
    assert krippendorff_alpha(coded, "ordinal") == pytest.approx(8 / 15)  # of two values any distance gives the same
    assert krippendorff_alpha(np.array([[0.0, 1.0], [1.0, 0.0]]), "nominal") == pytest.approx(1 - 3 * 4 / 8)


@pytest.mark.parametrize(
    ("coded", "flag"),
    [
        (np.empty((0, 0)), "not_double_coded"),
        (np.empty((0, 2)), "not_double_coded"),
        (np.array([[1.0], [2.0]]), "not_double_coded"),
        (np.array([[1.0, NAN], [NAN, 2.0]]), "not_double_coded"),
        (np.full((3, 2), NAN), "not_double_coded"),
        (np.ones((5, 2)), "no_variance"),
        (np.array([[1.0, 1.0], [2.0, NAN]]), "no_variance"),
    ],
    ids=["nothing", "no unit", "one coder", "each its own", "no value", "one value", "the other value once"],
)
@pytest.mark.parametrize("metric", METRICS)
def test_alpha_not_computable(coded: np.ndarray, flag: str, metric: Metric) -> None:
    fit, found = krippendorff(coded, metric)
    assert found == flag
    assert np.isnan([fit.estimate, fit.ci_low, fit.ci_high, krippendorff_alpha(coded, metric)]).all()


def test_without_disagreement_or_with_one_unit_there_is_no_interval() -> None:
    fit, flag = krippendorff(np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]), "nominal")
    assert (fit.estimate, flag) == (1.0, "no_disagreement")
    assert np.isnan(fit.ci_low)
    fit, flag = krippendorff(np.array([[1.0, 2.0]]), "ordinal")
    assert (fit.estimate, flag) == (0.0, "one_unit")
    assert np.isnan(fit.ci_low)


@laws
@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, 5.0, NAN]), min_size=3, max_size=3), min_size=2, max_size=20), st.integers(0, 999))
def test_alpha_and_interval_ignore_the_order_of_units_and_coders(answers: list[list[float]], seed: int) -> None:
    coded, random = np.array(answers), np.random.default_rng(seed)
    for metric in METRICS:
        fit, flag = krippendorff(coded, metric, draws=50)
        mixed = random.permuted(coded, axis=1)[random.permutation(len(coded))]  # coders change places in each unit
        other, same = krippendorff(mixed, metric, draws=50)
        assert same == flag
        assert (other.estimate, other.ci_low, other.ci_high) == pytest.approx((fit.estimate, fit.ci_low, fit.ci_high), rel=1e-9, abs=1e-12, nan_ok=True)


@laws
@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, NAN]), min_size=2, max_size=2), min_size=2, max_size=12))
def test_ordinal_alpha_rests_on_order_and_nominal_on_likeness_only(answers: list[list[float]]) -> None:
    coded = np.array(answers)
    assert krippendorff_alpha(coded**3, "ordinal") == pytest.approx(krippendorff_alpha(coded, "ordinal"), nan_ok=True)
    assert krippendorff_alpha(-coded, "ordinal") == pytest.approx(krippendorff_alpha(coded, "ordinal"), nan_ok=True)
    assert krippendorff_alpha(coded * 7 - 3, "interval") == pytest.approx(krippendorff_alpha(coded, "interval"), nan_ok=True)
    relabelled = np.select([coded == 1, coded == 2, coded == 3], [9.0, 4.0, 6.0], NAN)
    assert krippendorff_alpha(relabelled, "nominal") == pytest.approx(krippendorff_alpha(coded, "nominal"), nan_ok=True)


def test_interval_covers_what_more_units_show() -> None:
    """Two coders who agree four times in five on three values: the alpha of very many units lies in the interval of 60 as often as it says."""
    random = np.random.default_rng(20250603)

    def drawn(count: int) -> np.ndarray:
        first = random.choice([-1.0, 0.0, 1.0], count, p=[0.2, 0.3, 0.5])
        return np.column_stack([first, np.where(random.random(count) < 0.75, first, random.choice([-1.0, 0.0, 1.0], count, p=[0.2, 0.3, 0.5]))])

    truth = krippendorff_alpha(drawn(200_000), "ordinal")
    fits = [krippendorff(drawn(60), "ordinal", draws=400, seed=number)[0] for number in range(300)]
    covered = sum(fit.ci_low <= truth <= fit.ci_high for fit in fits)
    assert covered >= 0.89 * len(fits)


# Rows of the table


def coded(*rows: Sequence[Any]) -> pd.DataFrame:
    names = ["interview", "segment", "coder", "theme", "rating"]
    return shaped("interviews", pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names).assign(alliance="noord", group="alliance"))


@pytest.fixture
def themed(tmp_path: Path) -> Evaluation:
    start = draft()
    start.codebook["interviews"]["themes"].append({"id": "efficiency", "label": {"nl": "Doelmatigheid", "en": "Efficiency"}})
    return start.load(tmp_path)


def found(evaluation: Evaluation, table: pd.DataFrame) -> dict[tuple[str, str], Any]:
    rows = coding_agreement(evaluation, table)
    return {(str(row["indicator"]), str(row["statistic"]).removeprefix("krippendorff_alpha")): row for _, row in rows.iterrows()}


def test_agreement_on_themes_and_ratings(themed: Evaluation) -> None:
    rows = []
    for number in range(60):
        theme = "cooperation" if number % 3 else "efficiency"
        rows += [("1", f"s{number}", "a", theme, number % 2), ("1", f"s{number}", "b", theme if number else "cooperation", number % 2)]
    rows += [("2", f"t{number}", "a", "cooperation", 1) for number in range(10)]
    table = found(themed, coded(*rows))
    assert set(table) == {(theme, kind) for theme in ("all_themes", "cooperation", "efficiency") for kind in ("", "_ratings")}
    # One unlike pair of 60, so of 120 values 81 are cooperation and 39 efficiency: 1 - 119 x 2 / (2 x 81 x 39).
    expected = 1 - 119 * 2 / (2 * 81 * 39)
    for theme in ("all_themes", "cooperation", "efficiency"):
        row = table[theme, ""]
        assert row["estimate"] == pytest.approx(expected)
        assert (row["n"], row["n_missing"], row["flag"]) == (60, 10, "reliable")
        assert row["ci_low"] <= row["estimate"] <= row["ci_high"]
    assert table["all_themes", "_ratings"]["estimate"] == 1
    assert (table["efficiency", "_ratings"]["n"], table["efficiency", "_ratings"]["n_missing"]) == (19, 1)
    assert table["efficiency", "_ratings"]["flag"] == "no_disagreement; too_few_double_coded"
    assert {(row["alliance"], row["source"], row["wave"]) for row in table.values()} == {("all", "interview", "2025")}


@pytest.mark.parametrize(("agree", "flag"), [(58, "reliable"), (51, "tentative"), (40, "not_reliable")])
def test_the_flag_says_what_may_be_built_on_it(themed: Evaluation, agree: int, flag: str) -> None:
    themes = ["cooperation", "efficiency"]
    rows = [("1", f"s{at}", coder, themes[(at + (coder == "b" and at >= agree)) % 2], None) for at in range(60) for coder in "ab"]
    assert found(themed, coded(*rows))["all_themes", ""]["flag"] == flag


def test_fewer_than_fifty_or_a_fifth_are_too_few(themed: Evaluation) -> None:
    rows = [("1", f"s{at}", coder, ["cooperation", "efficiency"][at % 2], None) for at in range(50) for coder in "ab"]
    assert found(themed, coded(*rows))["all_themes", ""]["flag"] == "no_disagreement; reliable"
    assert found(themed, coded(*rows[:98]))["all_themes", ""]["flag"] == "no_disagreement; too_few_double_coded"
    single = [("2", f"t{at}", "a", "cooperation", None) for at in range(201)]
    assert found(themed, coded(*rows, *single[:200]))["all_themes", ""]["flag"] == "no_disagreement; reliable"
    assert found(themed, coded(*rows, *single))["all_themes", ""]["flag"] == "no_disagreement; too_few_double_coded"


def test_a_coding_whose_theme_was_set_aside_is_not_known_to_disagree(themed: Evaluation) -> None:
    rows = [("1", f"s{at}", coder, ["cooperation", "efficiency"][at % 2], None) for at in range(4) for coder in "ab"]
    unsure = [("1", "s9", "a", "cooperation", None), ("1", "s9", "b", None, None), ("1", "s9", "b", "efficiency", None)]
    row = found(themed, coded(*rows, *unsure))["all_themes", ""]
    assert (row["estimate"], row["n"], row["n_missing"]) == (1.0, 4, 1)


@pytest.mark.parametrize(
    "rows",
    [
        [("1", None, None, "cooperation", 1)],
        [("1", "s1", None, "cooperation", 1), ("1", "s1", None, "cooperation", 0)],
        [("1", "s1", "a", "cooperation", 1), ("1", "s2", "b", "cooperation", 0)],
        [("1", "s1", "a", None, None), ("1", "s1", "b", None, None)],
    ],
    ids=["neither given", "no coder", "no segment twice", "no theme"],
)
def test_without_double_coding_there_are_rows_without_a_number(themed: Evaluation, rows: list[Any]) -> None:
    table = found(themed, coded(*rows))
    assert len(table) == 6
    assert all(np.isnan(row["estimate"]) and row["flag"] == "not_double_coded" and row["n"] == 0 for row in table.values())


def test_without_interviews_there_is_no_row(themed: Evaluation) -> None:
    assert coding_agreement(themed, empty("interviews")).empty


def test_the_order_of_rows_does_not_matter(themed: Evaluation) -> None:
    random = np.random.default_rng(5)
    rows = [
        (str(at % 4), f"s{at // 2}", "ab"[at % 2], ["cooperation", "efficiency"][int(random.integers(2))], float(random.integers(-1, 2))) for at in range(120)
    ]
    shuffled = [rows[at] for at in random.permutation(len(rows))]
    pd.testing.assert_frame_equal(coding_agreement(themed, coded(*rows)), coding_agreement(themed, coded(*shuffled)))


# Balance


def test_a_segment_of_two_coders_counts_once(tiny: Evaluation) -> None:
    once = [("1", "s1", "a", "cooperation", 1), ("1", "s2", "a", "cooperation", -1), ("2", "t1", "a", "cooperation", 0)]
    again = [("1", "s1", "b", "cooperation", 1)]
    for table in (coded(*once), coded(*once, *again)):
        row = interview_indicators(tiny, table, "noord").iloc[0]
        assert (row["estimate"], row["n"]) == (0.0, 2)
    # The second coder of s1 sees it mixed: its mean .5, the interview's (.5 - 1) / 2 = -.25, over two interviews -.125.
    row = interview_indicators(tiny, coded(*once, ("1", "s1", "b", "cooperation", 0)), "noord").iloc[0]
    assert row["estimate"] == pytest.approx(-0.125)


def test_a_coder_who_gave_a_theme_twice_weighs_as_much_as_the_other() -> None:
    table = coded(("1", "s1", "a", "cooperation", 1), ("1", "s1", "a", "cooperation", 1), ("1", "s1", "b", "cooperation", -1))
    assert means_of_interviews(table).to_dict() == {"1": 0.0}


def test_rows_without_a_segment_are_segments_of_their_own() -> None:
    table = coded(
        ("1", None, None, "cooperation", 1), ("1", None, None, "cooperation", 1), ("1", None, "a", "cooperation", -1), ("1", "s", None, "cooperation", -1)
    )
    assert means_of_interviews(table).to_dict() == {"1": 0.0}
    assert means_of_interviews(table.iloc[:0]).empty
