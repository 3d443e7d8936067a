"""Bottlenecks and what is ticked together: invented shares and counts whose order can be seen by eye."""

from __future__ import annotations

import pandas as pd
import pytest
from test_charts import chart_of, evaluation_of, shown, table_of

from midterm.publish.disclosure import POOLED, publishable
from midterm.tables import shaped

SHARES = {"staff": 0.50, "safety": 0.40, "money": 0.30, "reach": 0.20, "cooperation": 0.10, "policy": 0.05}


def tables_of(shares: dict[str, float] = SHARES, waves: tuple[str, ...] = ("2023", "2025"), small: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
    """Shares of bottlenecks, the same in every wave, of two alliances and all; and a framework that names some of them."""
    survey = [
        {"alliance": unit, "wave": wave, "indicator": f"bottleneck_{name}", "source": "survey", "statistic": "share"}
        | ({"flag": "small_n"} if unit in small else {"estimate": share, "ci_low": share / 2, "ci_high": share * 1.4, "n": 30, "flag": ""})
        for unit in ("a1", "a2", "all")
        for wave in waves
        for name, share in shares.items()
    ]
    named = [("a1", "1", 2023, "reach"), ("a1", "1", 2025, "reach"), ("a1", "2", 2023, "none"), ("a1", "2", 2025, "reach"), ("a2", "1", 2025, "policy")]
    framework = [{"alliance": unit, "indicator_id": number, "year": year, "bottleneck": name} for unit, number, year, name in named]
    return {"indicators": table_of("indicators", survey), "framework": table_of("framework", framework)}


def test_the_title_names_the_two_that_most_persons_name() -> None:
    evaluation = evaluation_of(2)
    assert (
        chart_of("bottlenecks", evaluation, tables_of()).words.title
        == "Alle allianties: het vaakst genoemd in 2025: ‘mensen’ (50%), ‘onveiligheid of weerstand’ (40%)"
    )
    changed = chart_of("bottlenecks", evaluation, tables_of(SHARES | {"policy": 0.9}), "en")
    assert changed.words.title == "All alliances: named most in 2025: ‘policy or rules’ (90%), ‘staff’ (50%)"


def test_equal_shares_are_named_together() -> None:
    chart = chart_of("bottlenecks", evaluation_of(2), tables_of(SHARES | {"money": 0.40}), "en", "a1")
    assert chart.words.title == "Alliantie 1: named most in 2025: ‘staff’ (50%), ‘money or accounting’ (40%), ‘unsafety or resistance’ (40%)"


def test_where_more_than_three_are_level_the_title_claims_nothing() -> None:
    chart = chart_of("bottlenecks", evaluation_of(2), tables_of(dict.fromkeys(SHARES, 0.25)), "en")
    assert chart.words.title == "All alliances: bottlenecks"


def test_an_indicator_of_the_framework_counts_once_for_a_bottleneck_and_none_is_left_out() -> None:
    found = chart_of("bottlenecks", evaluation_of(2), tables_of()).data
    framed = found[found["source"] == "framework"]
    assert framed[["alliance", "indicator", "estimate"]].values.tolist() == [["a1", "reach", 2.0], ["a2", "policy", 1.0]]


def test_all_shows_where_and_one_alliance_does_not() -> None:
    evaluation = evaluation_of(2)
    assert {"Alliantie 1", "Alliantie 2"} <= set(shown(chart_of("bottlenecks", evaluation, tables_of())))
    assert "Alliantie 2" not in shown(chart_of("bottlenecks", evaluation, tables_of(), unit="a1"))


def test_too_few_persons_stay_blank_and_the_framework_speaks() -> None:
    evaluation = evaluation_of(2)
    chart = chart_of("bottlenecks", evaluation, tables_of(small=("a1",)), unit="a1")
    assert chart.words.title == "Alliantie 1: het kader noemt ‘bereik van de doelgroep’ het vaakst (bij 2 van de 2 indicatoren)"
    assert "n<10" in shown(chart)
    assert not any("%" in text for text in shown(chart) if text[0].isdigit() and text not in ("0%", "25%", "50%")), "no share is drawn"
    assert shown(chart_of("bottlenecks", evaluation, tables_of(small=("a1",)))).count("n<10") == len(SHARES)


def test_one_wave_is_enough() -> None:
    chart = chart_of("bottlenecks", evaluation_of(2, ("2025",)), tables_of(waves=("2025",)), "en", "a2")
    assert "staff 50% (2025), framework 0" in chart.words.alt


def combinations_of(**counts: int) -> dict[str, pd.DataFrame]:
    """Combinations of boxes in the last wave, by the boxes' names joined with an underscore."""
    boxes = {name: "; ".join(f"bottleneck_{box}" for box in sorted(name.split("_"))) if name != "nothing" else "" for name in counts}
    rows = [{"alliance": "all", "wave": "2025", "block": "bottlenecks", "combination": boxes[name], "n": n, "n_usable": 99} for name, n in counts.items()]
    asked = {"alliance": "all", "wave": "2025", "block": "bottlenecks", "answer": "1", "n_usable": 99}
    ticks = [{**asked, "item": "bottleneck_staff", "n": 44}, {**asked, "item": "bottleneck_money", "n": 33}]
    return {"combinations": table_of("combinations", rows), "answers": table_of("answers", ticks)}


def test_the_title_names_what_is_ticked_together_most() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("combinations", evaluation, combinations_of(staff=40, staff_money=20, reach_policy=15), "en")
    assert chart.words.title == "Named together most in 2025: Too few people or turnover + Money or accounting (20 of 75 persons)"
    changed = chart_of("combinations", evaluation, combinations_of(staff=40, staff_money=20, reach_policy=25), "en")
    assert changed.words.title == "Named together most in 2025: Target group is hard to reach + Policy or rules change (25 of 85 persons)"


def test_without_a_pair_the_title_claims_nothing() -> None:
    chart = chart_of("combinations", evaluation_of(3), combinations_of(staff=40, nothing=20))
    assert chart.words.title == "Wat 60 personen in 2025 samen aankruisten"
    assert "geen van deze 20" in chart.words.alt


def test_rare_combinations_are_one_number_and_never_a_bar() -> None:
    evaluation = evaluation_of(3)
    tables = publishable(combinations_of(staff=40, staff_money=20, reach=9, policy=6), evaluation)
    chart = chart_of("combinations", evaluation, tables, "en")
    assert "all other, rarer combinations: 15 persons together" in shown(chart)
    assert not {"9", "6", "15"} & set(shown(chart))
    assert "of 99 usable questionnaires" in chart.words.source


def test_totals_that_are_blank_are_named_so() -> None:
    chart = chart_of("combinations", evaluation_of(3), combinations_of(staff=40))
    assert shown(chart).count("n<10") == 4, "of six boxes two have a total"


COMBINED = {"alliance": "all", "wave": "2023", "block": "boxes", "n_usable": 99}


def pooled(**counts: int) -> dict[str, int]:
    rows = [{**COMBINED, "combination": name, "n": n} for name, n in counts.items()]
    table = publishable({"combinations": shaped("combinations", pd.DataFrame(rows))}, evaluation_of(3))["combinations"]
    return dict(zip(table["combination"], table["n"], strict=True))


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        ({"a": 30, "b": 10, "c": 9, "d": 4}, {"a": 30, "b": 10, POOLED: 13}),
        ({"a": 30, "b": 11, "c": 12, "d": 4}, {"a": 30, "c": 12, POOLED: 15}),
        ({"a": 30, "d": 4}, {POOLED: 34}),
        ({"a": 30, "b": 10}, {"a": 30, "b": 10}),
        ({"a": 5, "b": 4}, {}),
    ],
    ids=["rare ones together", "the next smallest joins", "all in one", "enough stay apart", "too few in all"],
)
def test_rare_combinations_stand_together_and_are_never_too_few(counts: dict[str, int], kept: dict[str, int]) -> None:
    assert pooled(**counts) == kept


def test_each_wave_and_block_is_pooled_on_its_own() -> None:
    rows = [{**COMBINED, "wave": wave, "combination": name, "n": n} for wave in ("2023", "2025") for name, n in (("a", 20), ("b", 6), ("c", 5))]
    found = publishable({"combinations": shaped("combinations", pd.DataFrame(rows))}, evaluation_of(3))["combinations"]
    assert found[["wave", "combination", "n"]].values.tolist() == [["2023", POOLED, 11], ["2023", "a", 20], ["2025", POOLED, 11], ["2025", "a", 20]]
