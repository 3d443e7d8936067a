"""Safety and resilience: apart from cooperation, blank where few persons answered, and said by rule."""

from __future__ import annotations

import pandas as pd
from test_charts import chart_of, evaluation_of, shown, table_of

LEVELS = {"capacity": ("mean", 3.5, 3.0), "incident_share": ("share", 0.20, 0.40), "incident_mean": ("count", 0.5, 1.5)}


def tables_of(verdict: str = "changed_worse", waves: tuple[str, ...] = ("2023", "2025"), small: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
    """Levels that fall or rise from the first to the last wave, and their changes with one verdict."""
    levels, changes = [], []
    for unit in ("a1", "a2", "all"):
        blank = {"flag": "small_n"}
        for name, (statistic, first, last) in LEVELS.items():
            key = {"alliance": unit, "indicator": name, "source": "survey", "statistic": statistic}
            for wave in waves:
                value = first if wave == "2023" else last
                numbers = {"estimate": value, "ci_low": value - 0.1, "ci_high": value + 0.1, "n": 24, "flag": ""}
                levels.append({**key, "wave": wave, **(blank if unit in small else numbers)})
            moved = {"estimate": last - first, "ci_low": last - first - 0.1, "ci_high": last - first + 0.1, "verdict": verdict, "flag": ""}
            contrast = {"alliance": unit, "indicator": name, "from_wave": "2023", "to_wave": "2025"}
            changes.append({**contrast, **({**blank, "verdict": "described_only"} if unit in small else moved)})
    return {"indicators": table_of("indicators", levels), "change": table_of("change", changes if len(waves) > 1 else [])}


def test_the_title_says_from_to_and_the_verdict_of_the_planned_ones() -> None:
    evaluation = evaluation_of(2)
    chart = chart_of("safety", evaluation, tables_of())
    assert chart.words.title == "Alle allianties: Weerbaarheid van 3,5 naar 3,0 (slechter), Personen met een incident van 20% naar 40% (slechter)"
    other = chart_of("safety", evaluation, tables_of("inconclusive"), "en", "a1")
    assert other.words.title == "Alliantie 1: Resilience from 3.5 to 3.0 (inconclusive), Persons with an incident from 20% to 40% (inconclusive)"


def test_it_says_that_it_stands_apart_and_draws_no_cooperation() -> None:
    evaluation = evaluation_of(2)
    chart = chart_of("safety", evaluation, tables_of(), "en")
    assert "apart from cooperation" in chart.words.subtitle
    assert "do not count in the figure for cooperation" in chart.words.note
    assert set(chart.data["indicator"]) == {"capacity", "incident_share", "incident_mean"}


def test_one_alliance_says_its_planned_change_with_its_interval() -> None:
    chart = chart_of("safety", evaluation_of(2), tables_of(), "nl", "a1")
    said = " ".join(" ".join(text.split()) for text in shown(chart))
    assert "Verandering −0,50 punten (1-5) (van −0,60 tot −0,40): slechter" in said
    assert "Verandering +20 procentpunten (van +10 tot +30): slechter" in said
    assert "2025\nn=24" in shown(chart)


def test_few_persons_stay_blank_in_figure_title_and_alt() -> None:
    evaluation = evaluation_of(2)
    tables = tables_of(small=("a1",))
    together, alone = chart_of("safety", evaluation, tables), chart_of("safety", evaluation, tables, "nl", "a1")
    assert shown(together).count("n<10") == 3
    assert shown(together).count("te weinig\npersonen") + shown(together).count("te weinig personen") == 3
    assert alone.words.title == "Alliantie 1: Weerbaarheid (te weinig personen), Personen met een incident (te weinig personen)"
    assert "n = <10" in alone.words.source


def test_an_alliance_without_data_is_named_so() -> None:
    tables = {name: table[table["alliance"] != "a2"] for name, table in tables_of().items()}
    chart = chart_of("safety", evaluation_of(2), tables)
    assert shown(chart).count("geen gegevens") == 3
    assert "Alliantie 2: Weerbaarheid (geen gegevens)" in chart.words.alt


def test_few_persons_in_the_one_wave_there_is_are_named_so() -> None:
    chart = chart_of("safety", evaluation_of(2, ("2025",)), tables_of(waves=("2025",), small=("a1",)), "en", "a1")
    assert chart.words.title == "Alliantie 1: Resilience (too few persons), Persons with an incident (too few persons)"


def test_one_wave_says_levels_and_no_change() -> None:
    evaluation = evaluation_of(2, ("2025",))
    chart = chart_of("safety", evaluation, tables_of(waves=("2025",)), "en")
    assert chart.words.title == "All alliances: Resilience 3.0, Persons with an incident 40%"
    assert not any("Change" in text for text in shown(chart_of("safety", evaluation, tables_of(waves=("2025",)), "en", "a1")))


def test_without_the_first_wave_of_the_plan_nothing_is_compared() -> None:
    evaluation = evaluation_of(2)
    tables = tables_of(waves=("2024", "2025")) | {"change": table_of("change", [])}
    assert chart_of("safety", evaluation, tables, "en").words.title == "All alliances: Resilience 3.0, Persons with an incident 40%"
    assert {"2024\nn=24", "2025\nn=24"} <= set(shown(chart_of("safety", evaluation, tables, "en", "a1")))
