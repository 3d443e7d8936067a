"""Verdicts by the rules of the contract, on rows made by hand: Holm, the margin, the tiers, and what disagrees."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from midterm.compare.alliances import averaged
from midterm.description import Evaluation
from midterm.judge.verdict import across, judge
from midterm.tables import shaped

NAN = np.nan
ROW = {
    **{"alliance": "noord", "indicator": "cooperation", "from_wave": "2023", "to_wave": "2025", "planned": True, "tier": "T2", "margin": 0.3},
    **{
        "estimate": 0.5,
        "std_error": 0.1,
        "df": 10.0,
        "n_from": 40,
        "n_to": 40,
        "n_paired": 20,
        "n_organisations": 8,
        "p_value": 0.01,
        "equivalence_p": 0.9,
        "flag": "",
    },
}


def table(*changes: dict[str, object]) -> pd.DataFrame:
    return shaped("change", pd.DataFrame([{**ROW, **change} for change in changes]))


def judged(tiny: Evaluation, **change: object) -> pd.Series:
    return judge(tiny, table(change)).iloc[0]


def flags(row: pd.Series) -> list[str]:
    return [] if pd.isna(row["flag"]) else [flag for flag in str(row["flag"]).split("; ") if flag]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"estimate": 0.5}, "changed_better"),
        ({"estimate": -0.5}, "changed_worse"),
        ({"indicator": "incident_share", "estimate": 0.2, "p_value": 0.01}, "changed_worse"),
        ({"indicator": "incident_share", "estimate": -0.2, "p_value": 0.01}, "changed_better"),
        ({"p_value": 0.2}, "inconclusive"),
        ({"p_value": 0.0499}, "changed_better"),
        ({"p_value": 0.05}, "inconclusive"),
        ({"p_value": 0.6, "equivalence_p": 0.01, "estimate": 0.02}, "no_relevant_change"),
        ({"p_value": 0.6, "equivalence_p": 0.05, "estimate": 0.02}, "inconclusive"),
        ({"p_value": NAN, "equivalence_p": NAN, "estimate": NAN}, "inconclusive"),
    ],
)
def test_the_verdict_follows_from_p_margin_and_direction(tiny: Evaluation, change: dict[str, object], verdict: str) -> None:
    assert judged(tiny, **change)["verdict"] == verdict


def test_significant_but_inside_the_margin_is_no_relevant_change_and_flagged(tiny: Evaluation) -> None:
    row = judged(tiny, estimate=0.1, std_error=0.03, p_value=0.003, equivalence_p=0.0001)
    assert row["verdict"] == "no_relevant_change"
    assert "significant_within_margin" in flags(row)
    assert "significant_within_margin" not in flags(judged(tiny, estimate=0.02, p_value=0.5, equivalence_p=0.001))


def test_a_small_group_is_described_and_not_tested(tiny: Evaluation) -> None:
    row = judged(tiny, tier="T0", p_value=0.0001, equivalence_p=0.0001)
    assert row["verdict"] == "described_only"
    assert row[["p_value", "p_adjusted", "equivalence_p"]].isna().all()
    assert row["estimate"] == 0.5
    assert "too_small_to_test" in flags(row)


def test_few_organisations_are_tested_and_called_low_power(tiny: Evaluation) -> None:
    row = judged(tiny, tier="T1")
    assert (row["verdict"], "low_power" in flags(row)) == ("changed_better", True)
    assert "low_power" not in flags(judged(tiny, tier="T2"))


def test_holm_over_the_primaries_by_hand(tiny: Evaluation) -> None:
    # Two primaries with p .01 and .04: .01 x 2 = .02; .04 x 1 = .04, not below .02.
    found = judge(tiny, table({"p_value": 0.01}, {"indicator": "safety", "p_value": 0.04})).set_index("indicator")
    assert found.loc["cooperation", "p_adjusted"] == pytest.approx(0.02)
    assert found.loc["safety", "p_adjusted"] == pytest.approx(0.04)


def test_holm_never_lets_a_larger_p_become_smaller(tiny: Evaluation) -> None:
    # .02 x 3 = .06; .025 x 2 = .05 is lifted to .06; .5 x 1 = .5.
    rows = ({"p_value": 0.02}, {"indicator": "safety", "p_value": 0.025}, {"indicator": "goal", "p_value": 0.5})
    found = judge(tiny, table(*rows)).set_index("indicator")
    assert found.loc[["cooperation", "safety", "goal"], "p_adjusted"].tolist() == pytest.approx([0.06, 0.06, 0.5])
    assert set(found["verdict"]) == {"inconclusive"}


def test_dropping_a_primary_after_the_seal_buys_nothing(tiny: Evaluation) -> None:
    # .02 x 2 = .04 with the one that was dropped in the family, .02 without; and the dropped one is adjusted with it.
    dropped = {"indicator": "safety", "p_value": 0.6, "planned": False, "flag": "dropped_after_seal"}
    found = judge(tiny, table({"p_value": 0.02}, dropped, {"indicator": "goal", "planned": False, "p_value": 0.5})).set_index("indicator")
    assert found.loc[["cooperation", "safety", "goal"], "p_adjusted"].tolist() == pytest.approx([0.04, 0.6, 0.5])


def test_a_p_that_is_missing_is_left_out_of_holm(tiny: Evaluation) -> None:
    found = judge(tiny, table({"p_value": 0.03}, {"indicator": "safety", "p_value": NAN, "equivalence_p": NAN})).set_index("indicator")
    assert found.loc["cooperation", "p_adjusted"] == pytest.approx(0.03)
    assert pd.isna(found.loc["safety", "p_adjusted"])


def test_a_row_that_is_only_described_is_left_out_of_holm(tiny: Evaluation) -> None:
    found = judge(tiny, table({"p_value": 0.03}, {"indicator": "safety", "p_value": 0.01, "tier": "T0"})).set_index("indicator")
    assert found.loc["cooperation", "p_adjusted"] == pytest.approx(0.03)


def test_the_others_are_exploratory_by_benjamini_hochberg_and_do_not_cost_the_primaries(tiny: Evaluation) -> None:
    # Others p .02 and .08: .02 x 2 / 1 = .04, .08 x 2 / 2 = .08; both below the false discovery rate of .10.
    rows = ({"p_value": 0.03}, {"indicator": "goal", "planned": False, "p_value": 0.02}, {"indicator": "trust", "planned": False, "p_value": 0.08})
    found = judge(tiny, table(*rows)).set_index("indicator")
    assert found.loc[["cooperation", "goal", "trust"], "p_adjusted"].tolist() == pytest.approx([0.03, 0.04, 0.08])
    assert set(found["verdict"]) == {"changed_better"}
    assert ["exploratory" in flags(row) for _, row in found.loc[["cooperation", "goal", "trust"]].iterrows()] == [False, True, True]


def test_the_order_of_the_rows_does_not_matter(tiny: Evaluation) -> None:
    rows = [{"p_value": 0.03}, {"indicator": "safety", "p_value": 0.01}, {"indicator": "goal", "planned": False, "p_value": 0.02}]
    first = judge(tiny, table(*rows))
    for order in itertools.permutations(rows):
        pd.testing.assert_frame_equal(judge(tiny, table(*order)), first)


def alliances(*estimates: float, **change: object) -> list[dict[str, object]]:
    return [{"alliance": f"a{number}", "estimate": estimate, **change} for number, estimate in enumerate(estimates)]


def combined(tiny: Evaluation, rows: list[dict[str, object]], **pooled: object) -> pd.DataFrame:
    by_alliance = judge(tiny, table(*rows))
    everyone = judge(tiny, table({"alliance": "all", "tier": "T3", **pooled}))
    return across(tiny, by_alliance, everyone, averaged(tiny, by_alliance)).query("indicator == 'cooperation'").set_index("alliance")


def test_the_average_of_equal_alliances_is_their_value(tiny: Evaluation) -> None:
    # Six alliances of .4 with error .12: no spread between them, mean .4, error .12 / sqrt(6), df 5.
    found = combined(tiny, alliances(*[0.4] * 6, std_error=0.12)).loc["average"]
    assert [found[name] for name in ("estimate", "std_error", "df")] == pytest.approx([0.4, 0.12 / np.sqrt(6), 5])
    assert (found["n_organisations"], found["tier"], found["verdict"]) == (6, "T3", "changed_better")


def test_alliances_that_are_only_described_are_left_out_of_the_average_and_counted(tiny: Evaluation) -> None:
    found = combined(tiny, [*alliances(*[0.4] * 6), {"alliance": "klein", "tier": "T0", "estimate": 9.0}])
    assert found.loc["average", "estimate"] == pytest.approx(0.4)
    assert "alliances_left_out: 1" in flags(found.loc["average"])
    assert pd.isna(found.loc["klein", "shrunken"])
    assert found.loc["a0", "shrunken"] == pytest.approx(0.4)


def test_fewer_than_five_alliances_are_averaged_with_a_warning_and_not_shrunk_or_tested(tiny: Evaluation) -> None:
    found = combined(tiny, alliances(0.4, 0.4, 0.4))
    assert "few_alliances" in flags(found.loc["average"])
    assert found["shrunken"].isna().all()
    assert found.loc["average", "verdict"] == "described_only"


def test_one_alliance_has_no_average(tiny: Evaluation) -> None:
    found = combined(tiny, alliances(0.4)).loc["average"]
    assert pd.isna(found["estimate"])
    assert "too_few_alliances" in flags(found)


@pytest.mark.parametrize(
    ("pooled", "is_flagged"),
    [({"estimate": 0.4, "p_value": 0.001}, False), ({"estimate": -0.4, "p_value": 0.001}, True), ({"estimate": 0.4, "p_value": 0.5}, True)],
)
def test_all_and_average_both_say_where_they_disagree_in_sign_or_verdict(tiny: Evaluation, pooled: dict[str, object], is_flagged: bool) -> None:
    found = combined(tiny, alliances(*[0.4] * 6, std_error=0.12), **pooled)
    assert [("all_and_average_disagree" in flags(found.loc[name])) for name in ("all", "average")] == [is_flagged, is_flagged]
    assert "all_and_average_disagree" not in flags(found.loc["a0"])


def test_an_average_that_is_only_described_has_no_verdict_to_disagree_with(tiny: Evaluation) -> None:
    same, other = (combined(tiny, alliances(0.4, 0.4, 0.4), estimate=estimate, p_value=0.001) for estimate in (0.4, -0.4))
    assert "all_and_average_disagree" not in flags(same.loc["all"])
    assert "all_and_average_disagree" in flags(other.loc["all"])


def test_nothing_is_lost_or_added_across_alliances(tiny: Evaluation) -> None:
    rows = [{**row, "indicator": indicator.id} for indicator in tiny.indicators for row in alliances(*[0.4] * 6)]
    pooled = judge(tiny, table(*[{"alliance": "all", "tier": "T3", "indicator": indicator.id} for indicator in tiny.indicators]))
    by_alliance = judge(tiny, table(*rows))
    found = across(tiny, by_alliance, pooled, averaged(tiny, by_alliance))
    assert len(found) == 8 * len(tiny.indicators)
    assert not found.duplicated(["alliance", "indicator"]).any()
