"""What the figures about change show: invented numbers, chosen so that every claim can be counted by hand, then changed to see the words change."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest
from test_charts import _assert_texts_have_room, chart_of, evaluation_of, shown, table_of, tables_of

from midterm.description.evaluation import Evaluation
from midterm.publish.charts.registry import draw_figures, figures_of
from midterm.publish.disclosure import publishable
from midterm.publish.figures import write_figure

Tables = dict[str, pd.DataFrame]


def leveled(evaluation: Evaluation, levels: dict[str, tuple[float | None, ...]], indicator: str = "cooperation") -> pd.DataFrame:
    """Levels of one indicator, by alliance and wave; None is blanked."""
    statistic = evaluation.indicator(indicator).statistic
    rows: list[dict[str, object]] = []
    for unit, values in levels.items():
        for wave, value in zip(evaluation.waves, values, strict=True):
            named = {"alliance": unit, "wave": wave, "indicator": indicator, "source": "survey", "statistic": statistic}
            numbers = {"flag": "small_n", "n": 4} if value is None else {"estimate": value, "ci_low": value - 0.1, "ci_high": value + 0.1, "n": 20, "flag": ""}
            rows.append({**named, **numbers})
    return table_of("indicators", rows)


def changed(table: pd.DataFrame, unit: str, **values: object) -> pd.DataFrame:
    """The table with other values in the rows of one alliance."""
    kept = table.copy()
    for name, value in values.items():
        kept.loc[kept["alliance"] == unit, name] = value
    return kept


def test_dumbbell_says_where_all_went_and_counts_the_verdicts() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation, ("changed_better", "inconclusive", "inconclusive", "changed_better"))
    tables["indicators"] = leveled(evaluation, {"a1": (3.0, 3.1, 4.0), "a2": (3.2, 3.2, 3.3), "a3": (4.0, 3.9, 3.8), "all": (3.4, 3.5, 3.75)})
    chart = chart_of("dumbbell_cooperation", evaluation, tables)
    assert (
        chart.words.title
        == "Samenwerking over alle allianties: van 3,40 (2023) naar 3,75 (2025), beter. Per alliantie: beter bij 1 van 3 allianties, onbeslist bij 2"
    )
    tables["change"] = changed(tables["change"], "all", verdict="inconclusive")
    tables["indicators"] = changed(tables["indicators"], "all", estimate=3.41)
    assert chart_of("dumbbell_cooperation", evaluation, tables, "en").words.title == (
        "Cooperation over all alliances: from 3.41 (2023) to 3.41 (2025), inconclusive. Per alliance: better in 1 of 3 alliances, inconclusive in 2"
    )


def test_dumbbell_shows_change_with_interval_and_every_wave_in_its_alt_text() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("dumbbell_cooperation", evaluation, tables_of(evaluation))
    assert "+0,45 (−0,25 tot +1,50)" in shown(chart)
    assert "Alliantie 1 3,85 (2023), 3,85 (2024), 3,85 (2025), verschil +0,45 (van −0,25 tot +1,50), beter" in chart.words.alt
    assert list(chart.data[["alliance", "wave"]].itertuples(index=False, name=None))[:4] == [("a1", "2023"), ("a1", "2024"), ("a1", "2025"), ("a2", "2023")]


def test_dumbbell_of_a_share_is_in_percent_and_its_change_in_points() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("dumbbell_incident_share", evaluation, tables_of(evaluation))
    assert "+45 (−25 tot +150)" in shown(chart)
    assert "25% (2023)" in chart.words.alt
    assert "in %" in chart.words.subtitle


def test_dumbbell_is_there_for_every_indicator_and_says_which_were_not_planned() -> None:
    evaluation = evaluation_of(3)
    names = {spec.name for spec in figures_of(evaluation) if spec.name.startswith("dumbbell_")}
    assert names == {f"dumbbell_{one.id}" for one in evaluation.indicators}
    tables = tables_of(evaluation)
    assert "verkennend" in chart_of("dumbbell_trust", evaluation, tables).words.note
    assert "verkennend" not in chart_of("dumbbell_cooperation", evaluation, tables).words.note


def test_dumbbell_draws_no_point_of_too_few_persons() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    tables["indicators"] = leveled(evaluation, {"a1": (3.0, 3.1, 4.0), "a2": (None, 3.2, 3.3), "a3": (None, None, None), "all": (3.4, 3.5, 3.75)})
    for unit in ("a2", "a3"):
        tables["change"] = changed(tables["change"], unit, estimate=None, ci_low=None, ci_high=None, flag="small_n")
    chart = chart_of("dumbbell_cooperation", evaluation, tables)
    assert {"n<10 → 20", "n<10 → n<10", "n<10"} <= {text.replace("\n", " ") for text in shown(chart)}
    assert shown(chart).count("te weinig personen") == 2
    marks = [line.get_gid() for axes in chart.figure.axes for line in axes.lines if line.get_gid()]
    assert sorted(marks) == [f"mark-{unit}-{wave}" for unit in ("a1", "a2", "all") for wave in evaluation.waves if (unit, wave) != ("a2", "2023")]
    assert "n = 20 personen" in chart.words.source


def test_points_and_names_can_be_found_in_the_svg(tmp_path: Path) -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("dumbbell_cooperation", evaluation, tables_of(evaluation))
    write_figure(tmp_path, "dumbbell.nl", chart, {})
    svg = (tmp_path / "reports/figures/dumbbell.nl.svg").read_text(encoding="utf-8")
    ids = re.findall(r'id="((?:mark|name)-[^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert set(ids) == {"name-a1", "name-a2", "name-a3", "name-all"} | {f"mark-{unit}-{wave}" for unit in ("a1", "a2", "all") for wave in evaluation.waves}


@pytest.mark.parametrize(
    ("levels", "title"),
    [
        (
            {"a1": (3.0,), "a2": (4.0,), "a3": (3.5,), "all": (3.6,)},
            "Samenwerking in 2025: het hoogst bij Alliantie 2 (4,00), het laagst bij Alliantie 1 (3,00); alle allianties samen 3,60",
        ),
        (
            {"a1": (3.0,), "a2": (4.0,), "a3": (4.001,)},
            "Samenwerking in 2025: het hoogst bij Alliantie 2, Alliantie 3 (4,00), het laagst bij Alliantie 1 (3,00)",
        ),
        ({"a1": (3.0,), "a2": (3.0,), "a3": (3.0,)}, "Samenwerking in 2025: 3 allianties 3,00"),
        ({"a1": (None,), "a2": (4.0,), "a3": (None,), "all": (3.6,)}, "Samenwerking in 2025: Alliantie 2 4,00"),
        ({"a1": (None,), "a2": (None,), "a3": (None,), "all": (3.6,)}, "Samenwerking in 2025: Alle allianties 3,60"),
        ({"a1": (None,), "a2": (None,), "a3": (None,), "all": (None,)}, "Samenwerking in 2025"),
    ],
    ids=["three", "tie", "same", "one", "pooled", "none"],
)
def test_dumbbell_of_one_wave_is_about_levels(levels: dict[str, tuple[float | None, ...]], title: str) -> None:
    evaluation = evaluation_of(3, ("2025",))
    chart = chart_of("dumbbell_cooperation", evaluation, tables_of(evaluation) | {"indicators": leveled(evaluation, levels)})
    assert chart.words.title == title
    assert "oordeel" not in shown(chart)
    if "a2" in levels and levels["a2"] == (4.0,):
        assert "4,00 (3,90 tot 4,10)" in shown(chart)


def test_forest_shows_where_a_further_alliance_is_expected() -> None:
    evaluation = evaluation_of(6)
    tables = tables_of(evaluation)
    chart = chart_of("forest_cooperation", evaluation, tables)
    assert "verwacht bij nog een alliantie" in shown(chart)
    assert "bij nog een alliantie te verwachten van −0,55 tot +1,02" in chart.words.alt
    bare = tables | {"checks": changed(tables["checks"], "average", ci_low=None, ci_high=None)}
    without = chart_of("forest_cooperation", evaluation, bare)
    assert "verwacht bij nog een alliantie" not in shown(without)
    assert "te verwachten" not in without.words.alt
    assert len(without.data) == len(chart.data) - 1


def test_specification_counts_same_sign_and_same_finding() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    title = chart_of("specification_cooperation", evaluation, tables).words.title
    assert title == "Samenwerking: de verandering wijst bij 18 van 18 redelijke keuzes dezelfde kant op als in het plan; de toets zegt bij 9 van 18 hetzelfde"
    checks = tables["checks"]
    first = (checks["method"] == "specification: all_items, linked, organisations") & (checks["indicator"] == "cooperation")
    turned = tables | {"checks": checks.assign(estimate=checks["estimate"].where(~first, -0.1))}
    assert "under 17 of 18 reasonable choices" in chart_of("specification_cooperation", evaluation, turned, "en").words.title
    untested = tables | {"checks": checks.assign(p_value=checks["p_value"].where(~first))}
    assert chart_of("specification_cooperation", evaluation, untested).words.title.endswith("de toets zegt bij 9 van 17 hetzelfde")
    assert "niet getoetst" in shown(chart_of("specification_cooperation", evaluation, untested))


def test_specification_of_a_significant_opposite_is_no_same_finding() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    checks = tables["checks"]
    turned = checks["method"] == "specification: all_items, linked, persons"
    opposite = tables | {"checks": checks.assign(estimate=checks["estimate"].where(~turned, -0.4))}
    assert chart_of("specification_cooperation", evaluation, opposite).words.title.endswith("bij 8 van 18 hetzelfde")


def test_specification_leaves_out_what_is_blanked_and_says_so() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    checks = tables["checks"]
    linked = checks["method"].str.contains("linked")
    blanks = {name: checks[name].where(~linked) for name in ("estimate", "std_error", "ci_low", "ci_high", "p_value")}
    blanked = checks.assign(**blanks, flag=checks["flag"].where(~linked, "small_n"))
    chart = chart_of("specification_cooperation", evaluation, tables | {"checks": blanked})
    assert "bij 12 van 12 redelijke keuzes" in chart.words.title
    assert "6 keuzes zijn er niet: te weinig personen (n<10) of geen uitkomst." in chart.words.note
    assert "alleen wie in beide metingen meedeed" not in shown(chart)
    assert "alleen wie in beide" not in chart.words.alt


def test_specification_without_the_plans_own_choice_claims_nothing() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    checks = tables["checks"][tables["checks"]["method"] != "specification: planned_items, everyone, persons"]
    chart = chart_of("specification_cooperation", evaluation, tables | {"checks": checks})
    assert chart.words.title == "Samenwerking: de verandering bij 17 redelijke keuzes"
    assert "keuzes van het plan" not in shown(chart)


def test_specification_names_its_choices_in_plain_words_and_is_sorted() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("specification_cooperation", evaluation, tables_of(evaluation))
    assert {"minstens 2/3 van de vragen beantwoord", "elke organisatie telt even zwaar"} <= set(shown(chart))
    assert "gewogen naar de personeelslijst" not in shown(chart)
    assert chart.data["estimate"].is_monotonic_increasing
    assert "elke persoon telt even zwaar +0,40 tot +0,40; elke organisatie telt even zwaar +0,10 tot +0,10" in chart.words.alt


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({}, "of wie vertrok op ‘Samenwerking’ anders scoorde, is onbeslist"),
        ({"leavers_ci_low": -0.1, "leavers_ci_high": 0.29}, "wie vertrok, scoorde op ‘Samenwerking’ vrijwel gelijk"),
        ({"leavers_gap": 0.5, "leavers_ci_low": 0.1, "leavers_p_value": 0.01}, "wie vertrok, scoorde op ‘Samenwerking’ hoger"),
        ({"leavers_gap": -0.5, "leavers_ci_high": -0.1, "leavers_p_value": 0.01}, "wie vertrok, scoorde op ‘Samenwerking’ lager"),
        ({"leavers_p_value": None}, "of wie vertrok op ‘Samenwerking’ anders scoorde, is met zo weinig personen niet getoetst"),
        ({"leavers_gap": None}, "hoe wie vertrok op ‘Samenwerking’ scoorde, is er niet: te weinig personen of geen gegevens"),
    ],
    ids=["unclear", "alike", "higher", "lower", "untested", "blank"],
)
def test_attrition_title_follows_the_interval_and_the_margin(numbers: dict[str, object], words: str) -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    chart = chart_of("attrition", evaluation, tables | {"attrition": changed(tables["attrition"], "all", **numbers)})
    assert chart.words.title == f"Alle allianties: 8 van de 20 personen uit 2023 (40%) deden ook in 2025 mee; {words}"


def test_attrition_when_everybody_stays() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    empty = {"leavers_gap": None, "leavers_ci_low": None, "leavers_ci_high": None, "leavers_p_value": None}
    chart = chart_of("attrition", evaluation, tables | {"attrition": changed(tables["attrition"], "all", n_leavers=0, n_stayers=20, **empty)}, "en")
    assert chart.words.title == "All alliances: 20 of the 20 persons of 2023 (100%) also took part in 2025; nobody left"


def test_attrition_of_one_alliance_has_its_planned_indicators_with_their_units() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("attrition", evaluation, tables_of(evaluation), unit="a1")
    assert list(chart.data["indicator"]) == list(evaluation.plan.primary)
    assert {"Personen met een incident", "procentpunten", "+45", "+43", "−6", "+8"} <= {text.replace("\n", " ") for text in shown(chart)}
    assert "Samenwerking: 12 vertrokken, 8 gebleven, 10 gekomen; vertrokken min gebleven +0,10, gekomen min gebleven +0,10; verschil +0,45" in chart.words.alt


def test_attrition_copes_with_any_number_being_blank() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    for name in tables["attrition"].select_dtypes("number").columns:
        blanked = changed(tables["attrition"], "a1", **{name: None, "flag": "small_n"})
        chart = chart_of("attrition", evaluation, tables | {"attrition": blanked}, unit="a1")
        assert (name in ("n_stayers", "n_leavers")) == ("personen uit 2023" not in chart.words.title)
    every = dict.fromkeys(tables["attrition"].select_dtypes("number").columns)
    chart = chart_of("attrition", evaluation, tables | {"attrition": changed(tables["attrition"], "a1", **every, flag="small_n")}, unit="a1")
    assert shown(chart).count("n<10") == 4 * 7  # three groups and four parts, for four indicators
    assert chart.words.title == "Alliantie 1: wie bleef, vertrok en kwam tussen 2023 en 2025"
    assert "n<10 gebleven" in chart.words.alt


def test_overview_counts_verdicts_and_targets() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation, ("changed_better", "inconclusive", "changed_worse"))
    chart = chart_of("overview", evaluation, tables)
    assert chart.words.title == (
        "Overzicht 2023–2025: beter bij 4 van 12 oordelen, slechter bij 4, onbeslist bij 4; 6 van 9 streefwaarden op schema of bereikt"
    )  # of each alliance's three targets one is reached and one on track
    assert shown(chart).count("2 van 3") == 3
    assert "6 van 9" in shown(chart)
    assert len(chart.data) == 4 * len(evaluation.plan.primary)
    after = tables | {"attainment": tables["attainment"][tables["attainment"]["alliance"] == "a1"]}
    assert chart_of("overview", evaluation, after, "en").words.title.endswith("; 2 of 3 targets on track or reached")
    assert shown(chart_of("overview", evaluation, after)).count("–") == 2


def test_overview_of_many_alliances_keeps_signs_where_words_have_no_room() -> None:
    evaluation = evaluation_of(30)
    chart = chart_of("overview", evaluation, tables_of(evaluation))
    assert shown(chart).count("beter") == 1  # in the key
    assert "Alliantie 30: respons 75%; Samenwerking n<10, slechter" in chart.words.alt
    assert chart.figure.get_size_inches()[1] < 10.2  # one page


def test_overview_fits_one_page_beside_its_caption() -> None:
    evaluation = evaluation_of(8)
    width, height = chart_of("overview", evaluation, tables_of(evaluation)).figure.get_size_inches()
    assert width == pytest.approx(6.3)
    assert height <= 8.4


@pytest.mark.parametrize("language", ["nl", "en"])
def test_everything_blanked_is_still_drawn_and_says_so(language: str) -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    tables["indicators"] = tables["indicators"].assign(n=3)
    tables["change"] = tables["change"].assign(n_from=3, n_to=3)
    for unit in ("all", "a1"):
        charts = draw_figures(publishable(tables, evaluation), evaluation, language, unit)  # type: ignore[arg-type]
        assert all("nan" not in f"{chart.words.title} {chart.words.alt}" for chart in charts.values())
    assert "n<10" in shown(chart_of("dumbbell_cooperation", evaluation, publishable(tables, evaluation)))


def test_an_alliance_without_data_keeps_its_row() -> None:
    evaluation = evaluation_of(3)
    tables = {name: table[table["alliance"] != "a2"] if "alliance" in table else table for name, table in tables_of(evaluation).items()}
    for name in ("dumbbell_cooperation", "overview", "attrition"):
        chart = chart_of(name, evaluation, tables)
        assert "Alliantie 2" in shown(chart)
        assert "–" in shown(chart)
    assert "geen gegevens bij 1" in chart_of("dumbbell_cooperation", evaluation, tables).words.title


def test_a_missing_last_wave_leaves_levels() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    tables["indicators"] = leveled(evaluation, {"a1": (3.0, 3.1, None), "a2": (3.2, 3.3, None), "all": (3.4, 3.5, None)})
    tables["change"] = tables["change"].iloc[:0]
    assert chart_of("dumbbell_cooperation", evaluation, tables).words.title == (
        "Samenwerking in 2024: het hoogst bij Alliantie 2 (3,30), het laagst bij Alliantie 1 (3,10); alle allianties samen 3,50"
    )


@pytest.mark.parametrize("count", [1, 13])
def test_long_names_of_five_indicators_have_room(count: int) -> None:
    evaluation = evaluation_of(count, ("2023", "2025"))
    long = {"nl": "Ervaren doelmatigheid van de samenwerkingsverbanden in $ en <b>%</b>", "en": "Judged efficiency of the partnerships in $ and <b>%</b>"}
    renamed = tuple(one.model_copy(update={"label": one.label.model_copy(update=long)}) for one in evaluation.indicators)
    plan = evaluation.plan.model_copy(update={"primary": (*evaluation.plan.primary, "incident_mean")})
    named = dataclasses.replace(evaluation, indicators=renamed, file=evaluation.file.model_copy(update={"plan": plan}))
    tables = tables_of(named)
    for name, unit in (
        ("overview", "all"),
        ("attrition", "all"),
        ("attrition", "a1"),
        ("dumbbell_incident_mean", "all"),
        ("specification_incident_mean", "all"),
    ):
        for language in ("nl", "en"):
            if not (unit == "a1" and count == 1):  # whose only alliance has too few persons
                _assert_texts_have_room(f"{name} {unit} {language}", chart_of(name, named, tables, language, unit))


def test_no_figure_says_what_a_mid_term_evaluation_cannot_show() -> None:
    evaluation = evaluation_of(3)
    causal = re.compile(r"leidt tot|dankzij|leads to|thanks to|effect of|effect van", re.IGNORECASE)
    for language in ("nl", "en"):
        for unit in ("all", "a1"):
            for name, chart in draw_figures(tables_of(evaluation), evaluation, language, unit).items():  # type: ignore[arg-type]
                words = chart.words
                assert not causal.search(" ".join((words.title, words.subtitle, words.caption, words.alt))), name
