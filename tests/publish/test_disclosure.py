"""Small numbers stay inside: every published number on too few persons is blank, said, and nothing else is touched."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midterm.description import Evaluation, load_evaluation
from midterm.publish.disclosure import CHANGE, LEVEL, hidden_counts, publishable
from midterm.publish.suppression import Cell, complemented
from midterm.tables import shaped

SHIPPED = load_evaluation(Path(__file__).parents[2])  # at least 10 persons for the public, 5 inside

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


def test_a_flag_that_tells_nothing_of_the_answers_stays() -> None:
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


def test_answers_of_too_small_a_group_are_blank() -> None:
    rows = [{"alliance": "noord", "wave": "2023", "block": "goal", "item": "goal_1", "answer": "3", "n": 3, "n_usable": n} for n in (9, 10)]
    shown = publishable({"answers": shaped("answers", pd.DataFrame(rows))}, SHIPPED)["answers"]
    assert shown["n"].isna().all(), "3 answered the question, of however many"


def test_the_tables_given_are_not_changed_and_others_pass() -> None:
    table = shaped("indicators", pd.DataFrame([{**SURVEY, "n": 2}]))
    copy = table.copy(deep=True)
    response = shaped("response", pd.DataFrame([{"alliance": "noord", "wave": "2023", "usable": 2, "rate": np.nan}]))
    shown = publishable({"indicators": table, "response": response}, SHIPPED)
    pd.testing.assert_frame_equal(table, copy)
    pd.testing.assert_frame_equal(shown["response"], response)


def test_a_target_on_too_few_persons_is_blank_in_both_its_tables_and_one_of_the_framework_is_not() -> None:
    few, enough = "from_survey; persons: 9", "from_survey; persons: 10"
    numbers = {"alliance": "noord", "year": 2025, "baseline": 3.0, "target": 4.0, "actual": 3.5, "attainment": 0.5, "expected": 0.5, "status": "on_track"}
    rows = [{**numbers, "indicator_id": name, "flag": flag} for name, flag in (("a", few), ("b", enough), ("1.1", ""))]
    measured = {"alliance": "noord", "wave": "2025", "source": "survey", "statistic": "attainment", "estimate": 0.5, "ci_low": 0.1, "ci_high": 0.9, "n": 40}
    found = publishable(
        {
            "attainment": shaped("attainment", pd.DataFrame(rows)),
            "indicators": shaped("indicators", pd.DataFrame([{**measured, "indicator": "a", "flag": few}, {**measured, "indicator": "b", "flag": enough}])),
        },
        SHIPPED,
    )
    shown = found["attainment"].set_index("indicator_id")
    assert shown.loc["a", ["baseline", "actual", "attainment", "expected"]].isna().all()
    assert (shown.loc["a", "target"], shown.loc["a", "status"]) == (4.0, "not_computable")
    assert shown.loc[["b", "1.1"], "actual"].tolist() == [3.5, 3.5]
    assert shown.loc[["b", "1.1"], "status"].tolist() == ["on_track", "on_track"]
    # The wave itself has 40 persons; too few were in that of the baseline.
    assert found["indicators"].set_index("indicator")["estimate"].isna().tolist() == [True, False]


def inside(minimum: int = 5) -> Evaluation:
    """The shipped evaluation for its own people."""
    publication = SHIPPED.file.publication.model_copy(update={"audience": "internal", "internal_minimum": minimum})
    return dataclasses.replace(SHIPPED, file=SHIPPED.file.model_copy(update={"publication": publication}))


@pytest.mark.parametrize(("n", "public", "internal"), [(4, False, False), (5, False, True), (9, False, True), (10, True, True)])
def test_the_audience_decides_and_is_public_unless_said_otherwise(n: int, public: bool, internal: bool) -> None:
    table = {"indicators": shaped("indicators", pd.DataFrame([{**SURVEY, "n": n}]))}
    for evaluation, is_shown in ((SHIPPED, public), (inside(), internal)):
        assert publishable(table, evaluation)["indicators"]["estimate"].notna().all() == is_shown


def levels(*rows: tuple[str, int, float], indicator: str = "goal", statistic: str = "mean") -> pd.DataFrame:
    """One indicator in 2025: alliance, persons, estimate."""
    common = {**SURVEY, "wave": "2025", "indicator": indicator, "statistic": statistic}
    return shaped("indicators", pd.DataFrame([{**common, "alliance": alliance, "n": n, "estimate": value} for alliance, n, value in rows]))


def hidden(table: pd.DataFrame) -> dict[str, str]:
    """Alliance and flag of every blank row."""
    blank = table[table["estimate"].isna()]
    return dict(zip(blank["alliance"], blank["flag"], strict=True))


def test_what_the_total_less_the_others_would_tell_is_blank_too() -> None:
    # (3.6 x 50 - 3.5 x 30 - 4.0 x 14) / 6 = 3.17: the mean of the six. With the next smallest blank, 20 persons share the rest.
    found = publishable({"indicators": levels(("klimop", 6, 3.17), ("baken", 14, 4.0), ("windvaan", 30, 3.5), ("all", 50, 3.6))}, SHIPPED)
    assert hidden(found["indicators"]) == {"klimop": "small_n", "baken": "withheld"}


def test_two_small_ones_that_are_enough_together_protect_each_other() -> None:
    found = publishable({"indicators": levels(("klimop", 6, 3.2), ("baken", 7, 4.0), ("windvaan", 30, 3.5), ("all", 43, 3.6))}, SHIPPED)
    assert hidden(found["indicators"]) == {"klimop": "small_n", "baken": "small_n"}


def test_where_no_total_is_shown_nothing_can_be_subtracted() -> None:
    found = publishable({"indicators": levels(("klimop", 6, 3.2), ("baken", 14, 4.0))}, SHIPPED)
    assert hidden(found["indicators"]) == {"klimop": "small_n"}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 40), min_size=1), st.integers(1, 20))
def test_nobody_can_subtract_to_fewer_than_the_minimum(sizes: dict[str, int], minimum: int) -> None:
    cells = [Cell(name, ("2025",), n, "small_n" if n < minimum else "") for name, n in {**sizes, "all": sum(sizes.values())}.items()]
    gone = {name for name, _ in complemented(cells, minimum)} - {"all"}
    rest = [sizes[name] for name in gone]
    is_total_shown = sum(sizes.values()) >= minimum
    assert not is_total_shown or not gone or gone == set(sizes) or (len(gone) >= 2 and sum(rest) >= minimum)
    assert {name for name, n in sizes.items() if n < minimum} <= gone


def test_of_a_special_category_neither_nobody_nor_everybody_is_told_nor_of_whom() -> None:
    rows = levels(("klimop", 15, 0.0), ("baken", 20, 0.3), ("windvaan", 30, 0.4), ("all", 65, 0.28), indicator="incident_share", statistic="share")
    found = publishable({"indicators": rows.assign(flag=["no_variance", "", "", ""])}, SHIPPED)["indicators"]
    assert hidden(found) == {"klimop": "withheld", "baken": "withheld", "windvaan": "withheld"}, "any fewer would tell which of them it is"
    other = levels(("klimop", 15, 0.0), ("all", 65, 0.55), indicator="bottleneck_staff", statistic="share")
    assert hidden(publishable({"indicators": other}, SHIPPED)["indicators"]) == {}


def test_a_hidden_level_takes_its_change_its_target_its_answers_and_its_checks_along() -> None:
    table = levels(("klimop", 6, 3.17), ("baken", 14, 4.0), ("windvaan", 30, 3.5), ("all", 50, 3.6), indicator="capacity")
    change = shaped("change", pd.DataFrame([{**CHANGED, "alliance": "baken", "indicator": "capacity", "n_from": 14, "n_to": 14}]))
    target = {"alliance": "baken", "indicator_id": "capacity", "year": 2025, "actual": 4.0, "attainment": 0.5, "status": "on_track", "flag": "persons: 14"}
    asked = {"alliance": "baken", "wave": "2025", "block": "capacity", "item": "capacity_1", "answer": "3", "n": 14, "n_usable": 14}
    found = publishable(
        {
            "indicators": table,
            "change": change,
            "checks": change.assign(method="welch_t"),
            "attainment": shaped("attainment", pd.DataFrame([target])),
            "answers": shaped("answers", pd.DataFrame([asked, {**asked, "item": "goal_1"}])),
        },
        SHIPPED,
    )
    assert (found["change"]["verdict"][0], found["change"]["flag"][0]) == ("described_only", "withheld")
    assert found["change"][CHANGE].isna().all(axis=None)
    assert found["checks"]["estimate"].isna().all()
    assert (found["attainment"]["status"][0], found["attainment"]["actual"].isna().all()) == ("not_computable", True)
    assert found["answers"].set_index("item")["n"].isna().to_dict() == {"capacity_1": True, "goal_1": False}


def test_numbers_that_persons_wrote_themselves_are_left_out() -> None:
    rows = [{"alliance": "baken", "wave": "2025", "block": "incidents", "item": "incidents_1", "answer": "37", "n": 1, "n_usable": 30}]
    assert publishable({"answers": shaped("answers", pd.DataFrame(rows))}, SHIPPED)["answers"].empty


def test_who_stayed_and_who_left_are_blank_together() -> None:
    row = {"alliance": "baken", "indicator": "goal", "n_stayers": 30, "n_leavers": 4, "n_entrants": 20, "flag": ""}
    values = {
        "stayers_before": 3.5, "leavers_before": 2.0, "leavers_gap": -1.5, "stayers_after": 3.8, "entrants_after": 3.6, "entrants_gap": -0.2,
        "change": 0.4, "change_of_stayers": 0.3, "from_leavers": 0.2, "from_entrants": -0.1,
    }  # fmt: skip
    found = publishable({"attrition": shaped("attrition", pd.DataFrame([{**row, **values}]))}, SHIPPED)["attrition"].iloc[0]
    told = found[["stayers_before", "leavers_before", "leavers_gap", "stayers_after", "entrants_after", "change_of_stayers", "from_leavers", "from_entrants"]]
    assert told.isna().all(), "from one of these and the levels the others follow"
    assert found[["change", "n_stayers", "n_leavers"]].notna().all()
    assert found["flag"] == "small_n"


def test_of_few_invited_it_is_not_told_who_answered() -> None:
    common = {"wave": "2025", "population": 40, "complete": 5, "partial": 1, "usable": 6, "rate": 0.75}
    rows = [{**common, "alliance": name, "invited": invited} for name, invited in (("klimop", 8), ("baken", 12), ("windvaan", 40), ("all", 60))]
    found = publishable({"response": shaped("response", pd.DataFrame(rows))}, SHIPPED)["response"].set_index("alliance")
    assert found["rate"].isna().to_dict() == {"klimop": True, "baken": True, "windvaan": False, "all": False}
    assert found["invited"].notna().all()


def test_an_average_does_not_tell_the_one_change_that_is_hidden_in_it() -> None:
    # Of a weighted mean all parts but one are shown: the last follows from it.
    weighed = {**CHANGED, "indicator": "capacity", "tier": "T2", "method": "average"}
    rows = [{**weighed, "alliance": name, "n_from": n, "n_to": n} for name, n in (("klimop", 9), ("baken", 20), ("windvaan", 30), ("all", 59), ("average", 59))]
    table = shaped("change", pd.DataFrame(rows))
    checks = table[table["alliance"] == "average"].assign(method="prediction_interval")
    found = publishable({"change": table, "checks": checks}, SHIPPED)
    shown = found["change"].set_index("alliance")
    assert shown["estimate"].isna().to_dict() == {"all": False, "average": True, "baken": False, "klimop": True, "windvaan": False}
    assert shown["shrunken"].isna().all()
    assert found["checks"]["ci_low"].isna().all()
    described = table.assign(tier=["T0" if name == "klimop" else "T2" for name in table["alliance"]])
    assert publishable({"change": described}, SHIPPED)["change"].set_index("alliance")["estimate"].notna()["average"], "it was not weighed in"


def test_a_scale_does_not_tell_the_one_part_that_is_hidden() -> None:
    parts = ("goal", "leadership", "coordination", "resources", "trust", "value")
    rows = [levels(("klimop", 9 if name == "resources" else 12, 3.8), ("baken", 20, 3.9), ("all", 200, 4.0), indicator=name) for name in parts]
    whole = levels(("klimop", 12, 3.8), ("baken", 20, 3.9), ("all", 200, 4.0), indicator="cooperation")
    found = publishable({"indicators": shaped("indicators", pd.concat([*rows, whole]))}, SHIPPED)["indicators"]
    blank = found[found["estimate"].isna()]
    assert set(zip(blank["alliance"], blank["indicator"], strict=True)) == {
        (name, part) for name in ("klimop", "baken") for part in ("resources", "cooperation")
    }


@pytest.mark.parametrize(
    "flag", ["no_variance_before", "nobody_went_down", "all_ties", "shared_view", "specifications: 9 of 9 same sign", "few_df (leavers); separation"]
)
def test_what_a_flag_would_tell_of_the_answers_goes_with_them(flag: str) -> None:
    left = indicators(n=3, flag=flag).iloc[0]["flag"]
    assert left in ("small_n", "few_df (leavers); small_n")


def test_how_much_is_hidden_is_counted() -> None:
    found = publishable({"indicators": levels(("klimop", 6, 3.17), ("baken", 14, 4.0), ("windvaan", 30, 3.5), ("all", 50, 3.6))}, SHIPPED)
    assert hidden_counts(found).loc["indicators"].to_dict() == {"small_n": 1, "withheld": 1}


def test_how_many_choices_agree_is_not_told_where_one_of_them_is_hidden() -> None:
    said = "low_power; specifications: 2 of 2 same sign"
    change = shaped("change", pd.DataFrame([{**CHANGED, "alliance": "all", "n_from": 20, "n_to": 20, "flag": said}]))
    for n, flag in ((20, said), (4, "low_power")):
        curve = change.assign(method="specification: all_items, linked, persons", n_from=n, flag="")
        assert publishable({"change": change, "checks": curve}, SHIPPED)["change"]["flag"].tolist() == [flag]
