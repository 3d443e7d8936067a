"""What the charts show: invented numbers, chosen so that every finding can be counted by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from midterm.description.evaluation import Evaluation, load_evaluation
from midterm.errors import ConfigError
from midterm.publish.charts.registry import FIGURES, draw_figures, figure_name, figures_of
from midterm.publish.figures import Chart
from midterm.publish.style import house_style
from midterm.tables import BY_NAME, empty, shaped

ROOT = Path(__file__).parents[2]
LONG = "Alliantie voor Zelfbeschikkingsrechtenbevordering en Gelijkwaardigheid in Stad en Ommeland"
READ = ("response", "answers", "combinations", "indicators", "change", "checks", "attrition", "attainment", "framework", "population")
PLACED = {1: ("activity", "staff"), 2: ("output", "safety"), 10: ("outcome", "none")}  # level and bottleneck by row of the framework
VERDICTS = ("changed_better", "changed_better", "inconclusive", "described_only", "no_relevant_change", "changed_worse")


def evaluation_of(count: int, waves: Sequence[str] = ("2023", "2024", "2025"), name: str = "Alliantie") -> Evaluation:
    """The shipped description with ``count`` invented alliances and only ``waves``."""
    shipped = load_evaluation(ROOT)
    alliances = tuple(shipped.file.alliances[0].model_copy(update={"id": f"a{number}", "name": f"{name} {number}"}) for number in range(1, count + 1))
    plan = shipped.plan.model_copy(update={"from_wave": waves[0], "to_wave": waves[-1]})
    kept = tuple(wave for wave in shipped.file.waves if wave.id in waves)
    return dataclasses.replace(shipped, file=shipped.file.model_copy(update={"alliances": alliances, "waves": kept, "plan": plan}))


def table_of(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """A table of the contract from rows that name only the columns that matter."""
    blank = dict.fromkeys(BY_NAME[name].columns)
    return shaped(name, pd.DataFrame([{**blank, **row} for row in rows])) if rows else empty(name)


def tables_of(evaluation: Evaluation, verdicts: Sequence[str] = VERDICTS) -> dict[str, pd.DataFrame]:
    """One small set of tables in which every alliance but the last has enough persons."""
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in READ}
    for place, unit in enumerate([*evaluation.alliances, "all"]):
        is_small = unit == evaluation.alliances[-1]
        for wave in evaluation.waves:
            rows["response"].append({"alliance": unit, "wave": wave, "invited": 40, "usable": 30, "rate": 0.75})
            rows["answers"] += _answers(evaluation, unit, wave, is_small)
            rows["indicators"] += _indicators(evaluation, unit, wave, is_small)
        if unit != "all":
            rows["framework"] += [
                {"alliance": unit, "indicator_id": f"1.{n}", "indicator": f"{LONG} {n}", "year": 2025, "level": level, "bottleneck": bottleneck}
                for n, (level, bottleneck) in PLACED.items()
            ]
            rows["attainment"] += _attainment(unit)
        rows["change"] += _changes(evaluation, unit, verdicts[place % len(verdicts)])
        rows["attrition"] += _attrition(evaluation, unit, is_small)
    rows["change"] += _changes(evaluation, "average", "inconclusive")
    rows["checks"] += _checks(evaluation)
    asked = {"alliance": "all", "wave": evaluation.waves[-1], "block": "bottlenecks", "n_usable": 40}
    rows["combinations"] = [{**asked, "combination": boxes, "n": n} for boxes, n in (("bottleneck_money; bottleneck_staff", 20), ("", 12))]
    return {name: table_of(name, content) for name, content in rows.items()}


def _answers(evaluation: Evaluation, unit: str, wave: str, is_small: bool) -> list[dict[str, object]]:
    counts = {"1": 1, "2": 2, "3": 7, "4": 12, "5": 5, "dont_know": 2, "not_reached": 1}
    items = [item for item in evaluation.codebook.items if item.scale == "agree"]
    named = [{"alliance": unit, "wave": wave, "block": item.block, "item": item.id, "n_usable": 9 if is_small else 30} for item in items]
    return [{**row, "answer": answer, "n": None if is_small else n} for row in named for answer, n in counts.items()]


def _indicators(evaluation: Evaluation, unit: str, wave: str, is_small: bool) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for indicator in evaluation.indicators:
        middle = 0.25 if indicator.statistic == "share" else 3.85
        numbers = {"estimate": middle, "ci_low": middle - 0.2, "ci_high": middle + 0.2, "n": 30, "flag": ""}
        named = {"alliance": unit, "wave": wave, "indicator": indicator.id, "source": "survey", "statistic": indicator.statistic}
        rows.append({**named, **({"flag": "small_n"} if is_small else numbers)})
    return rows


def _changes(evaluation: Evaluation, unit: str, verdict: str) -> list[dict[str, object]]:
    plan = evaluation.plan
    if plan.from_wave == plan.to_wave:
        return []
    interval = {} if verdict == "described_only" else {"ci_low": -0.25, "ci_high": 1.5, "shrunken": 0.2}
    common = {"alliance": unit, "from_wave": plan.from_wave, "to_wave": plan.to_wave, "estimand": "process", "n_from": 24, "n_to": 31, "n_organisations": 6}
    return [{**common, "indicator": one.id, "estimate": 0.45, "verdict": verdict, "flag": "", **interval} for one in evaluation.indicators]


def _checks(evaluation: Evaluation) -> list[dict[str, object]]:
    """The choices of the pooled change, half of them with a change of 0.4 that is significant, half with one of 0.1 that is not; and a prediction."""
    plan = evaluation.plan
    if plan.from_wave == plan.to_wave:
        return []
    named = {"alliance": "all", "from_wave": plan.from_wave, "to_wave": plan.to_wave, "n_from": 24, "n_to": 31, "flag": ""}
    choices = [f"{scoring}, {persons}" for scoring in ("any_item", "planned_items", "all_items") for persons in ("everyone", "linked", "sent_in")]
    strong = {"method_end": "persons", "estimate": 0.4, "std_error": 0.1, "ci_low": 0.2, "ci_high": 0.6, "p_value": 0.01}
    weak = {"method_end": "organisations", "estimate": 0.1, "std_error": 0.1, "ci_low": -0.1, "ci_high": 0.3, "p_value": 0.3}
    rows: list[dict[str, object]] = []
    for name in plan.primary:
        for choice in choices:
            rows += [{**named, **found, "indicator": name, "method": f"specification: {choice}, {found['method_end']}"} for found in (strong, weak)]
        ends = {"ci_low": -0.55, "ci_high": 1.02, "estimate": 0.45}
        rows.append({**named, **ends, "alliance": "average", "indicator": name, "method": "prediction_interval"})
    return [{key: value for key, value in row.items() if key != "method_end"} for row in rows]


def _attrition(evaluation: Evaluation, unit: str, is_small: bool) -> list[dict[str, object]]:
    """Eight of twenty stay; who leaves scores 0.1 higher, so 0.1 x 12/20 is what that takes from the change; the parts add up."""
    if evaluation.plan.from_wave == evaluation.plan.to_wave:
        return []
    gaps = {
        f"{group}_{name}": value for group in ("leavers", "entrants") for name, value in (("gap", 0.1), ("ci_low", -0.5), ("ci_high", 0.7), ("p_value", 0.4))
    }
    parts = {"change": 0.45, "change_of_stayers": 0.43, "from_leavers": -0.06, "from_entrants": 0.08}
    numbers = {"n_stayers": 8, "n_leavers": 12, "n_entrants": 10, **gaps, **parts, "flag": ""}
    return [{"alliance": unit, "indicator": one, **({"flag": "small_n"} if is_small else numbers)} for one in evaluation.plan.primary]


def _attainment(unit: str) -> list[dict[str, object]]:
    common = {"alliance": unit, "expected": 0.6}
    return [
        {**common, "indicator_id": "1.1", "year": 2024, "actual": 10.0, "attainment": 0.2, "status": "off_track"},
        {**common, "indicator_id": "1.1", "year": 2025, "actual": 40.0, "attainment": 0.8, "status": "on_track"},
        {**common, "indicator_id": "1.2", "year": 2024, "actual": 90.0, "attainment": 1.9, "status": "reached"},
        {**common, "indicator_id": "1.2", "year": 2025, "status": "not_computable"},
        {**common, "indicator_id": "1.10", "year": 2025, "status": "not_computable"},
    ]


def chart_of(name: str, evaluation: Evaluation, tables: dict[str, pd.DataFrame], language: str = "nl", unit: str = "all") -> Chart:
    """The chart called ``name``, which must be there."""
    spec = next(spec for spec in figures_of(evaluation) if spec.name == name)
    chart = spec.draw(tables, evaluation, language, unit)  # type: ignore[arg-type]
    assert chart is not None
    return chart


def shown(chart: Chart) -> list[str]:
    """Every text in the figure."""
    return [text.get_text() for text in chart.figure.findobj(Text) if text.get_text()]


def test_forest_title_counts_the_verdicts_of_the_alliances() -> None:
    evaluation = evaluation_of(6)
    before = chart_of("forest_cooperation", evaluation, tables_of(evaluation))
    after = chart_of("forest_cooperation", evaluation, tables_of(evaluation, ("changed_better", "inconclusive")))
    assert before.words.title == (
        "Samenwerking: beter bij 2 van 6 allianties, slechter bij 1, geen relevante verandering bij 1, onbeslist bij 1, alleen beschreven bij 1"
    )
    assert after.words.title == "Samenwerking: beter bij 3 van 6 allianties, onbeslist bij 3"
    assert chart_of("forest_cooperation", evaluation, tables_of(evaluation), "en").words.title.startswith("Cooperation: better in 2 of 6 alliances, worse in 1")


def test_forest_names_a_blanked_row_and_an_absent_row_apart() -> None:
    evaluation = evaluation_of(6)
    tables = tables_of(evaluation)
    change = tables["change"]
    blanked = change.assign(flag=change["flag"].where(change["alliance"] != "a1", "small_n"), estimate=change["estimate"].where(change["alliance"] != "a1"))
    chart = chart_of("forest_cooperation", evaluation, tables | {"change": blanked[blanked["alliance"] != "a2"]})
    assert chart.words.title.endswith("te weinig personen bij 1, geen gegevens bij 1")
    assert {"te weinig personen", "geen gegevens"} <= set(shown(chart))


def test_forest_shows_decimal_commas_and_a_proper_minus() -> None:
    evaluation = evaluation_of(6)
    chart = chart_of("forest_cooperation", evaluation, tables_of(evaluation))
    assert "+0,45" in shown(chart)
    assert "Alliantie 1 +0,45 (van −0,25 tot +1,50), beter" in chart.words.alt
    assert "+0.45" in shown(chart_of("forest_cooperation", evaluation, tables_of(evaluation), "en"))


def test_forest_of_a_share_is_in_percentage_points() -> None:
    evaluation = evaluation_of(6)
    chart = chart_of("forest_incident_share", evaluation, tables_of(evaluation))
    assert "+45" in shown(chart)
    assert "procentpunten" in chart.words.subtitle
    assert "← beter" in shown(chart)  # fewer incidents is better


def test_alliances_stand_in_the_order_of_the_register() -> None:
    evaluation = evaluation_of(6)
    chart = chart_of("forest_cooperation", evaluation, tables_of(evaluation))
    assert list(chart.data["alliance"]) == ["a1", "a2", "a3", "a4", "a5", "a6", "all", "average", "average"]  # the last is the prediction


def test_answers_sum_the_items_and_keep_no_answer_apart() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("answers", evaluation, tables_of(evaluation))
    first = chart.data.iloc[0]
    assert first["share_4"] == pytest.approx(12 / 27)  # 12 of the 27 answers given to each of three items
    assert first["share_dont_know"] == pytest.approx(2 / 30)
    assert first["share_other_missing"] == pytest.approx(1 / 30)
    assert first["n_persons"] == 30
    assert set(chart.data["block"]) == {"goal", "leadership", "coordination", "resources", "trust", "value", "efficiency", "capacity"}


def test_too_few_persons_are_named_and_never_drawn() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    assert "n<10" in shown(chart_of("heatmap", evaluation, tables))
    assert "n<10" in shown(chart_of("answers", evaluation, tables, unit="a3"))
    assert "2025\nn<10" in shown(chart_of("waves", evaluation, tables, unit="a3"))


def test_attainment_takes_the_last_year_with_a_value_in_natural_order() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("attainment", evaluation, tables_of(evaluation), unit="a1")
    assert list(chart.data["indicator_id"]) == ["1.1", "1.2", "1.10"]
    assert list(chart.data["year"]) == [2025, 2024, 2025]
    assert {"80%", "190% (2024)", "op schema", "bereikt", "niet te berekenen"} <= set(shown(chart))
    assert chart.words.title == "Alliantie 1: bereikt bij 1 van 3 streefwaarden, op schema bij 1, niet te berekenen bij 1"


def test_attainment_of_all_counts_and_never_averages() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("attainment", evaluation, tables_of(evaluation))
    statuses = ["reached", "on_track", "maintained", "uncertain", "off_track", "described_only", "not_computable", "not_published", "withheld"]
    assert list(chart.data.columns) == ["alliance", *statuses]
    assert chart.data[["reached", "on_track", "not_computable"]].sum().tolist() == [3, 3, 3]
    assert not any("%" in text for text in shown(chart))


def test_a_target_that_may_not_be_shown_says_so_and_not_that_it_cannot_be_computed() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    rows = tables["attainment"]
    small, withheld = (rows["alliance"].eq("a1") & rows["indicator_id"].eq(number) for number in ("1.1", "1.2"))
    hidden = rows.assign(flag=rows["flag"].mask(small, "small_n").mask(withheld, "withheld"), status=rows["status"].mask(small | withheld, "not_computable"))
    hidden[["actual", "attainment"]] = hidden[["actual", "attainment"]].mask(small | withheld)
    chart = chart_of("attainment", evaluation, {**tables, "attainment": hidden}, unit="a1")
    assert chart.words.title == "Alliantie 1: niet te berekenen bij 1 van 3 streefwaarden, te weinig personen bij 1, afgeschermd bij 1"
    assert {"te weinig personen", "afgeschermd", "niet te berekenen"} <= set(shown(chart))
    counts = chart_of("attainment", evaluation, {**tables, "attainment": hidden}).data.set_index("alliance")
    assert counts.loc["a1", ["not_computable", "not_published", "withheld"]].tolist() == [1, 1, 1]


def test_response_says_usable_of_invited() -> None:
    evaluation = evaluation_of(3)
    chart = chart_of("response", evaluation, tables_of(evaluation))
    assert shown(chart).count("30/40") == 4
    assert chart.words.title == "Respons in 2025: 75% over alles, per alliantie van 75% tot 75%"


@pytest.mark.parametrize("unit", ["all", "a1"])
def test_nothing_is_drawn_from_empty_tables(unit: str) -> None:
    evaluation = evaluation_of(3)
    drawn = draw_figures({name: empty(name) for name in tables_of(evaluation)}, evaluation, "nl", unit)
    assert set(drawn) == {f"network_{unit}.nl"}, "who takes part stands in the register"


def test_every_spec_is_drawn_for_its_scope() -> None:
    evaluation = evaluation_of(3)
    tables = tables_of(evaluation)
    wanted = {figure_name(spec, "all", "en") for spec in figures_of(evaluation)}
    assert set(draw_figures(tables, evaluation, "en", "all")) == wanted
    assert len(wanted) == len(FIGURES) + 2 * len(evaluation.plan.primary) + len(evaluation.indicators)
    of_each = ("answers", "waves", "attainment", "attrition", "bottlenecks", "network", "safety", "theory")
    assert set(draw_figures(tables, evaluation, "en", "a2")) == {f"{name}_a2.en" for name in of_each}


@pytest.mark.parametrize(
    ("count", "waves", "name", "language"),
    [
        (3, ("2023", "2025"), LONG, "nl"),
        (3, ("2023", "2025"), LONG, "en"),
        (8, ("2025",), "Alliantie", "en"),
        (30, ("2023", "2024", "2025"), LONG, "nl"),
    ],
    ids=["three", "three-english", "one-wave", "thirty"],
)
def test_no_text_is_clipped_or_overlaps(count: int, waves: tuple[str, ...], name: str, language: str) -> None:
    evaluation = evaluation_of(count, waves, name)
    tables = tables_of(evaluation)
    for unit in ("all", "a1"):
        for figure, chart in draw_figures(tables, evaluation, language, unit).items():  # type: ignore[arg-type]
            _assert_texts_have_room(figure, chart)


def _assert_texts_have_room(name: str, chart: Chart) -> None:
    canvas = chart.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    with house_style():
        canvas.draw()
        texts = [text for text in chart.figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
        boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer()), text.get_rotation()) for text in texts]
    width, height = canvas.get_width_height()
    for text, box, _ in boxes:
        assert box.x0 >= 0, f"{name}: {text!r} leaves the figure at the left"
        assert box.x1 <= width + 0.5, f"{name}: {text!r} leaves the figure at the right"
        assert box.y0 >= 0, f"{name}: {text!r} leaves the figure at the bottom"
        assert box.y1 <= height, f"{name}: {text!r} leaves the figure at the top"
    level = [(text, box.padded(-1.6)) for text, box, rotation in boxes if rotation == 0]  # a line's box is taller than its letters
    clashes = [(one, other) for place, (one, a) in enumerate(level) for other, b in level[place + 1 :] if a.overlaps(b)]
    assert not clashes, f"{name}: {clashes[:3]}"


def test_an_evaluation_may_draw_some_kinds_only() -> None:
    evaluation = evaluation_of(3)
    publication = evaluation.file.publication.model_copy(update={"figures": ("forest", "waves")})
    few = dataclasses.replace(evaluation, file=evaluation.file.model_copy(update={"publication": publication}))
    assert [spec.name for spec in figures_of(few)] == ["waves", *(f"forest_{name}" for name in evaluation.plan.primary)]
    wrong = evaluation.file.publication.model_copy(update={"figures": ("forrest",)})
    with pytest.raises(ConfigError, match="'forrest' is no kind of figure; the nearest valid name is 'forest'"):
        figures_of(dataclasses.replace(evaluation, file=evaluation.file.model_copy(update={"publication": wrong})))
