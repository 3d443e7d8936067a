"""Small numbers stay inside: every published number on too few persons is blank, said, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from midterm.publish.disclosure import CHANGE, LEVEL, publishable
from midterm.tables import shaped

NUMBERS = {"estimate": 3.5, "std_error": 0.2, "ci_low": 3.1, "ci_high": 3.9}
SURVEY = {"alliance": "noord", "wave": "2023", "indicator": "goal", "source": "survey", "statistic": "mean", **NUMBERS}
MORE = {
    "df": 5.0,
    "p_value": 0.2,
    "p_adjusted": 0.4,
    "effect_size": 0.3,
    "effect_low": 0.0,
    "effect_high": 0.6,
    "equivalence_p": 0.1,
    "minimal_detectable": 0.5,
    "shrunken": 0.2,
}
CHANGED = {"alliance": "noord", "indicator": "goal", "from_wave": "2023", "to_wave": "2025", **NUMBERS, **MORE, "margin": 0.3, "verdict": "changed_better"}


def indicators(**change: object) -> pd.DataFrame:
    return publishable({"indicators": shaped("indicators", pd.DataFrame([{**SURVEY, "n": 20, **change}]))}, SHIPPED)["indicators"]


def changes(**change: object) -> pd.DataFrame:
    return publishable({"change": shaped("change", pd.DataFrame([{**CHANGED, "n_from": 20, "n_to": 20, **change}]))}, SHIPPED)["change"]


@pytest.mark.parametrize(("n", "is_shown"), [(10, True), (9, False), (0, False), (None, False)])
def test_the_threshold_itself_is_enough(n: int | None, is_shown: bool) -> None:
    row = indicators(n=n).iloc[0]
    assert row[LEVEL].notna().all() == is_shown
    assert row[LEVEL].isna().all() != is_shown
    assert ("small_n" in str(row["flag"])) is (n != 0 and not is_shown), "nobody at all is no data, not a small group"


def test_a_flag_that_was_there_stays() -> None:
    assert indicators(n=3, flag="one_organisation").iloc[0]["flag"] == "one_organisation; small_n"


def test_frameworks_and_interviews_are_no_persons_and_stay() -> None:
    for source in ("framework", "interview"):
        assert indicators(n=2, source=source).iloc[0]["estimate"] == 3.5


@pytest.mark.parametrize("small", [{"n_from": 9}, {"n_to": 9}, {"n_from": 0}, {"n_to": None}])
def test_a_change_needs_enough_persons_in_both_waves(small: dict[str, object]) -> None:
    row = changes(**small).iloc[0]
    assert row[CHANGE].isna().all()
    assert row["verdict"] == "described_only"
    assert ("small_n" in str(row["flag"])) is (0 not in small.values())


def test_no_number_of_a_small_change_is_left_but_its_margin_and_counts() -> None:
    row = changes(n_to=4, p_floor=0.0078).iloc[0]
    numbers = {name for name, kind in changes().dtypes.items() if kind == "float64" and pd.notna(row[name])}
    assert numbers <= {"margin", "p_floor"}


def test_a_change_on_enough_persons_is_untouched() -> None:
    before = shaped("change", pd.DataFrame([{**CHANGED, "n_from": 10, "n_to": 10}]))
    pd.testing.assert_frame_equal(publishable({"change": before}, SHIPPED)["change"].drop(columns="flag"), before.drop(columns="flag"))


def test_answers_of_too_small_a_group_are_left_out() -> None:
    rows = [{"alliance": "noord", "wave": "2023", "block": "goal", "item": "goal_1", "answer": "3", "n": 3, "n_usable": n} for n in (9, 10)]
    assert list(publishable({"answers": shaped("answers", pd.DataFrame(rows))}, SHIPPED)["answers"]["n_usable"]) == [10]


def test_the_tables_given_are_not_changed_and_others_pass() -> None:
    table = shaped("indicators", pd.DataFrame([{**SURVEY, "n": 2}]))
    copy = table.copy(deep=True)
    response = shaped("response", pd.DataFrame([{"alliance": "noord", "wave": "2023", "usable": 2, "rate": np.nan}]))
    shown = publishable({"indicators": table, "response": response}, SHIPPED)
    pd.testing.assert_frame_equal(table, copy)
    pd.testing.assert_frame_equal(shown["response"], response)


def test_a_target_on_too_few_persons_is_blank_in_both_its_tables_and_one_of_the_framework_is_not() -> None:
    few, enough = "from_survey; below_public_minimum", "from_survey"
    numbers = {"alliance": "noord", "year": 2025, "baseline": 3.0, "target": 4.0, "actual": 3.5, "attainment": 0.5, "expected": 0.5, "status": "on_track"}
    rows = [{**numbers, "indicator_id": name, "flag": flag} for name, flag in (("a", few), ("b", enough), ("1.1", ""))]
    measured = {"alliance": "noord", "wave": "2025", "source": "survey", "statistic": "attainment", "estimate": 0.5, "ci_low": 0.1, "ci_high": 0.9, "n": 40}
    found = publishable(
        {
            "attainment": shaped("attainment", pd.DataFrame(rows)),
            "indicators": shaped("indicators", pd.DataFrame([{**measured, "indicator": "a", "flag": few}, {**measured, "indicator": "b", "flag": enough}])),
        },
        10,
    )
    shown = found["attainment"].set_index("indicator_id")
    assert shown.loc["a", ["baseline", "actual", "attainment", "expected"]].isna().all()
    assert (shown.loc["a", "target"], shown.loc["a", "status"]) == (4.0, "not_computable")
    assert shown.loc[["b", "1.1"], "actual"].tolist() == [3.5, 3.5]
    assert shown.loc[["b", "1.1"], "status"].tolist() == ["on_track", "on_track"]
    # The wave itself has 40 persons; too few were in that of the baseline.
    assert found["indicators"].set_index("indicator")["estimate"].isna().tolist() == [True, False]
