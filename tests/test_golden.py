"""The shipped evaluation against an independent recomputation in R from the raw files (tests/reference/example.R)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from midterm.description import load_evaluation
from midterm.tables import BY_NAME

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
KEYS = {
    "response": ["alliance", "wave"],
    "indicators": ["alliance", "wave", "indicator", "statistic"],
    "change": ["alliance", "indicator"],
    "attainment": ["alliance", "indicator_id", "year"],
}
TOLERANCE = 1e-6


def both(folder: Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the golden table and ours, row for row, ours limited to the golden keys and columns."""
    types = {key: str for key in KEYS[name] if key != "year"}
    golden = pd.read_csv(GOLDEN / f"{name}.csv", dtype=types, keep_default_na=False, na_values=[""])
    ours = pd.read_csv(folder / BY_NAME[name].folder / f"{name}.csv", dtype=types, keep_default_na=False, na_values=[""])
    merged = golden[KEYS[name]].merge(ours, on=KEYS[name], how="left", validate="one_to_one", indicator=True)
    assert (merged["_merge"] == "both").all(), f"rows of {name} that we do not have"
    return golden, merged


def assert_equal(name: str, column: str, golden: pd.Series, ours: pd.Series) -> None:
    if golden.dtype == object or str(golden.dtype) in ("str", "string"):
        pd.testing.assert_series_equal(ours.astype(str), golden.astype(str), check_names=False, obj=f"{name}.{column}")
    else:
        pd.testing.assert_series_equal(ours.astype(float), golden.astype(float), rtol=TOLERANCE, atol=1e-9, check_names=False, obj=f"{name}.{column}")


@pytest.mark.parametrize("name", ["response", "attainment"])
def test_table_equals_the_recomputation_in_r(evaluated: Path, name: str) -> None:
    golden, ours = both(evaluated, name)
    for column in golden.columns.difference(KEYS[name]):
        assert_equal(name, column, golden[column], ours[column])


def test_indicators_equal_the_recomputation_in_r(evaluated: Path) -> None:
    golden, ours = both(evaluated, "indicators")
    scales = {entry.id: load_evaluation(ROOT).codebook.scale_of(entry.items[0]) for entry in load_evaluation(ROOT).indicators}
    is_mean = golden["statistic"].isin(["mean", "count"])
    lows, highs = (golden["indicator"].map({name: getattr(scale, end) for name, scale in scales.items()}) for end in ("low", "high"))
    golden["ci_low"] = golden["ci_low"].where(~is_mean, golden["ci_low"].clip(lower=lows))
    golden["ci_high"] = golden["ci_high"].where(~is_mean, golden["ci_high"].clip(upper=highs))
    for column in golden.columns.difference(KEYS["indicators"]):
        assert_equal("indicators", column, golden[column], ours[column])


def test_changes_equal_the_recomputation_in_r(evaluated: Path) -> None:
    golden, ours = both(evaluated, "change")
    is_tested = ours["tier"] != "T0"
    for column in golden.columns.difference(KEYS["change"]):
        compared = golden[column].notna() & is_tested if column in ("p_value", "p_adjusted", "equivalence_p") else golden[column].notna()
        assert_equal("change", column, golden.loc[compared, column], ours.loc[compared, column])
        assert compared.sum() > 20, f"almost nothing of {column} was compared"


def test_what_the_people_on_the_staff_list_said_equals_survey_in_r(evaluated: Path) -> None:
    golden = pd.read_csv(GOLDEN / "descriptive.csv")
    checks = pd.read_csv(evaluated / "reports" / "tables" / "checks.csv")
    ours = checks[checks["method"] == "finite_population_change"]
    merged = golden[KEYS["change"]].merge(ours, on=KEYS["change"], how="left", validate="one_to_one")
    assert len(golden) > 100
    for column in golden.columns.difference(KEYS["change"]):
        compared = golden[column].notna() & ((column == "estimate") | (golden["std_error"] > 1e-9))
        assert_equal("checks", column, golden.loc[compared, column], merged.loc[compared, column])
    assert set(ours["estimand"]) == {"descriptive"}
    assert ours["p_value"].isna().all()


def test_a_change_has_one_row_for_each_indicator_and_contrast(evaluated: Path) -> None:
    change = pd.read_csv(evaluated / "reports" / "tables" / "change.csv")
    assert not change.duplicated(["alliance", "indicator", "from_wave", "to_wave"]).any()


def test_no_test_is_shown_where_the_data_are_only_described(evaluated: Path) -> None:
    change = pd.read_csv(evaluated / "reports" / "tables" / "change.csv")
    described = change[change["tier"] == "T0"]
    assert len(described) > 0
    assert described[["p_value", "p_adjusted", "equivalence_p"]].isna().all(axis=None)
    assert (described["verdict"] == "described_only").all()
