"""A figure, a table or an estimate on demand: what is asked for, what is refused in one sentence, and what stands on all of it."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path

import pandas as pd
import pytest
from test_charts import tables_of

from midterm.description import Evaluation, Text, load_evaluation
from midterm.errors import UserError
from midterm.places import BOOKS
from midterm.publish import draw, estimate, figure_list, level
from midterm.publish.charts.registry import figures_of
from midterm.publish.disclosure import Published
from midterm.publish.figures import Chart
from midterm.publish.finished import described, finished
from midterm.publish.notebook_tables import NotebookTable, change_table, evidence_table, level_table
from midterm.publish.published import read_published, write_published
from midterm.tables import Store, empty, shaped

ROOT = Path(__file__).parents[2]
MARK = "Synthetisch / synthetic"
SMALL = "klimop"  # is given too few persons in the last wave


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped description with small invented tables: the same numbers everywhere, and one alliance with 4 persons in the last wave."""
    place = tmp_path_factory.mktemp("finished")
    shutil.copytree(ROOT / "config", place / "config")
    shutil.copy(ROOT / "evaluation.yml", place)
    tables = tables_of(load_evaluation(place))
    change = tables["change"]
    tables["change"] = change.assign(
        n_to=change["n_to"].mask(change["alliance"] == SMALL, 4),
        method="y ~ wave, CR2",
        flag=change["flag"].mask(change["alliance"] == "zonnewijzer", "few_df; specifications: 3 of 24 same sign"),
        planned=change["indicator"].isin(load_evaluation(place).plan.primary),
    )
    store, evaluation = Store(place, is_synthetic=True), load_evaluation(place)
    write_published(store, evaluation, tables)
    for book in BOOKS:
        store.write(book, empty(book))
    return place


@pytest.fixture(scope="module")
def read(folder: Path) -> tuple[Store, Evaluation, Published]:
    """What a notebook has at hand: the store, the description and the tables that may be shown."""
    store, evaluation = Store(folder), load_evaluation(folder)
    return store, evaluation, read_published(store, evaluation)


class Words(HTMLParser):
    """The texts of a page, its alt texts and its languages."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, midterm.publish as p; assert 'matplotlib' not in sys.modules and 'pandas' not in sys.modules; assert p.draw.__name__ == 'draw'"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_kind_of_figure_of_the_list_is_drawn_or_says_why_not(folder: Path) -> None:
    listed = figure_list(folder)
    assert list(listed.index) == [spec.name for spec in figures_of(load_evaluation(folder))]
    assert not listed.isin([""]).any(axis=None)
    few = [*listed.groupby(by=lambda name: name.partition("_")[0]).head(1).iterrows(), *listed.tail(1).iterrows()]
    for (name, row), language in zip(few, cycle(("nl", "en"))):
        unit = "zonnewijzer" if row["drawn for"] == "each alliance" else "all"
        said = drawn_or_said(str(name), unit, language, folder)
        assert said == f"{name}_{unit}.{language}" or "nothing to show" in said or "not made yet" in said, said


def drawn_or_said(name: str, unit: str, language: str, folder: Path) -> str:
    """The name of the chart, or the sentence why there is none."""
    try:
        return draw(name, unit, language=language, evaluation=folder).name
    except UserError as said:
        return str(said)


def test_a_shown_chart_has_alt_text_caption_language_and_mark(folder: Path) -> None:
    chart = draw("waves", "zonnewijzer", language="nl", evaluation=folder)
    page = chart._repr_html_()
    words = Words(page)
    assert words.all("alt") == [f"{chart.words.alt} {MARK}."]
    assert words.all("lang") == ["nl"]
    assert f"{chart.words.caption} {MARK}." in words.texts
    assert repr(chart) == f"{chart.words.alt} {MARK}."
    assert not re.search(r'(src|href)="http', page)
    assert MARK in [text.get_text() for text in chart.figure.texts], "the figure itself carries it, however it is saved"


def test_the_same_call_shows_the_same_bytes_and_a_changed_figure_is_shown_changed(folder: Path) -> None:
    one, other = (draw("heatmap", evaluation=folder) for _ in range(2))
    assert one._repr_html_() == other._repr_html_()
    before = other._repr_html_()
    other.figure.axes[0].set_facecolor("#ff0000")
    other.figure.text(0.5, 0.5, "my own remark")
    assert other._repr_html_() != before
    said = other.saying(alt="A heat map with a remark.")
    assert Words(said._repr_html_()).all("alt") == [f"A heat map with a remark. {MARK}."]
    assert said.figure is other.figure


def test_saving_writes_the_four_files_with_the_mark_once(folder: Path, tmp_path: Path) -> None:
    chart = draw("response", language="en", evaluation=folder)
    assert chart.save(tmp_path) == tmp_path / "reports/figures/response_all.en.png"
    chart.save(tmp_path, "mine")
    assert {path.name for path in (tmp_path / "reports/figures").iterdir()} == {
        f"{stem}.en.{ending}" for stem in ("response_all", "mine") for ending in ("svg", "png", "csv", "json")
    }
    assert (tmp_path / "reports/figures/mine.en.svg").read_text().count(f"<!-- {MARK} -->") == 1
    assert json.loads((tmp_path / "reports/figures/mine.en.json").read_text())["mark"] == MARK


def test_wave_leaves_later_waves_out(folder: Path) -> None:
    chart = draw("waves", "zonnewijzer", wave="2024", language="en", evaluation=folder)
    assert set(chart.data["wave"]) == {"2023", "2024"}
    assert "2025" not in json.dumps([chart.words.title, chart.words.subtitle, chart.words.source, chart.words.alt])
    assert set(draw("response", wave="2023", evaluation=folder).data["wave"]) == {"2023"}
    whole = draw("waves", "zonnewijzer", wave="2025", language="en", evaluation=folder)
    assert whole.words == draw("waves", "zonnewijzer", language="en", evaluation=folder).words, "the last wave is all there is"


def test_as_of_a_wave_also_years_and_the_planned_change_are_those_of_then(folder: Path) -> None:
    run = finished(described(folder))
    assert run.tables["attainment"]["year"].max() == 2025
    then = run.as_of("2024")
    assert then.tables["change"].empty
    assert set(then.tables["attainment"]["year"]) == {2024}
    assert len(run.as_of("2025").tables["change"]) == len(run.tables["change"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"figure": "forest_coperation"}, "nearest valid name is 'forest_cooperation'; there are overview"),
        ({"figure": "waves", "alliance": "klimpo"}, "nearest valid name is 'klimop'"),
        ({"figure": "waves", "wave": "2026"}, "the wave '2026' is not declared; the nearest valid name is"),
        ({"figure": "waves", "language": "de"}, "'de' is no language here"),
        ({"figure": "heatmap", "alliance": "klimop"}, "drawn for all together only"),
        ({"figure": "forest_cooperation", "wave": "2024"}, "the planned change from 2023 to 2025, which wave '2024' comes before"),
        (
            {"figure": "attainment", "alliance": "zonnewijzer", "wave": "2023"},
            "has nothing to show of 'zonnewijzer' until 2023: attainment and framework have no rows",
        ),
        ({"figure": "waves", "evaluation": "/nowhere"}, "this folder does not exist"),
    ],
)
def test_what_there_is_not_is_said_in_one_sentence(folder: Path, call: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)) as raised:
        draw(**{"evaluation": folder, **call})  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
    assert raised.value._render_traceback_() == [str(raised.value)], "a notebook shows the sentence and no traceback"


def test_the_evaluation_is_found_from_a_folder_below(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (folder / "notebooks" / "mine").mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder / "notebooks" / "mine")
    assert isinstance(draw("response"), Chart)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="name the evaluation's folder"):
        draw("response")


def test_a_result_on_too_few_persons_is_never_drawn(folder: Path) -> None:
    chart = draw("forest_cooperation", evaluation=folder)
    row = chart.data.set_index("alliance").loc[SMALL]
    assert pd.isna(row["estimate"])
    assert row["flag"] == "small_n"


def test_an_estimate_says_all_that_belongs_to_it(folder: Path) -> None:
    found = estimate("cooperation", "zonnewijzer", language="en", evaluation=folder)
    assert (found.value, found.low, found.high, found.n) == (0.45, -0.25, 1.5, (24, 31))
    assert (found.method, found.flag) == ("y ~ wave, CR2", "few_df; specifications: 3 of 24 same sign")
    words = Words(found._repr_html_())
    for text in ("+0.45 points (1-5)", "−0.25;\u00a0+1.50", "24;\u00a031", "y ~ wave, CR2", "Cooperation, Alliantie Zonnewijzer, 2023–2025", MARK):
        assert text in words.texts, f"{text} stands there for everybody to read"
    assert words.all("title") == ["y ~ wave, CR2"]
    assert "few organisations, the uncertainty is itself uncertain; in 3 of 24 reasonable choices the same way" in words.texts
    assert str(found).startswith("Cooperation: +0.45 points (1-5) from 2023 to 2025 (95% interval −0.25 to +1.50; n = 24 and 31).")
    assert "\n" not in repr(found)


def test_an_estimate_in_dutch_and_of_a_share(folder: Path) -> None:
    share = estimate("incident_share", "zonnewijzer", language="nl", evaluation=folder)
    assert share.value == 45, "a share changes in percentage points"
    assert share.shown[0] == ("Schatting", "+45 procentpunten")
    assert level("cooperation", "zonnewijzer", "2024", evaluation=folder).shown[0][1] == "3,85 punten (1-5)"
    assert level("incident_share", "zonnewijzer", language="en", evaluation=folder).shown[0][1] == "25%"


def test_an_estimate_on_too_few_persons_has_words_and_no_number(folder: Path) -> None:
    small = estimate("cooperation", SMALL, language="en", evaluation=folder)
    assert pd.isna(small.value)
    assert pd.isna(small.low)
    assert small.n == (24,), "the wave with 4 persons is not counted out"
    assert small.shown[0] == ("Estimate", "too few persons")
    assert "24;\u00a0n<10" in [text for _, text in small.shown]
    page = small._repr_html_()
    assert "0.45" not in page
    assert "0.45" not in str(small)
    assert "too few persons" in page


@pytest.mark.parametrize(
    ("call", "said"),
    [(("coperation", "zonnewijzer"), "nearest valid name is 'cooperation'"), (("cooperation", "bakan"), "nearest valid name is 'baken'")],
)
def test_an_unknown_estimate_is_refused_with_the_nearest_name(folder: Path, call: tuple[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        estimate(*call, evaluation=folder)


def test_a_table_to_read_has_headers_words_and_remarks_below(read: tuple[Store, Evaluation, Published]) -> None:
    found = change_table(*read, "zonnewijzer", "en")
    words = Words(found._repr_html_())
    assert words.all("scope").count("row") == 4, "a row for each indicator of the plan"
    assert words.all("scope").count("col") == len(found.rows.columns)
    assert list(found.rows["Indicator"]) == [read[1].indicator(name).label.en for name in read[1].plan.primary]
    assert set(found.rows["Remark"]) == {"a, b"}
    assert found.notes == ("a: few organisations, the uncertainty is itself uncertain.", "b: in 3 of 24 reasonable choices the same way.", MARK)
    assert found.subtitle == "Alliantie Zonnewijzer, 2023–2025"
    assert not re.search(r"https?://", found.html)


def test_tables_to_read_blank_few_persons_and_keep_their_bytes(read: tuple[Store, Evaluation, Published]) -> None:
    small = change_table(*read, SMALL, "nl")
    assert set(small.rows["Schatting"]) == {"te weinig personen"}
    assert set(small.rows["95%-interval"]) == {""}
    assert "0,45" not in small.html
    assert small.html == change_table(*read, SMALL, "nl").html
    both = change_table(*read, "all", "nl")
    assert len(both.rows) == 8, "all together, and the average"
    ids = [found[1] for table in (small, both) if (found := re.search(r'id="(table-change-[0-9a-f]{8})"', table.html))]
    assert len(set(ids)) == 2, "two tables in one notebook have two ids"


def test_levels_and_evidence_to_read(read: tuple[Store, Evaluation, Published]) -> None:
    store, evaluation, tables = read
    levels = level_table(*read, "zonnewijzer", "en")
    assert len(levels.rows) == len(evaluation.plan.primary) * 3
    assert set(levels.rows["Estimate"]) == {"3.85", "25%"}
    voices = {"survey": "supports", "framework": "silent", "interview": "mixed", "agreement": "differ", "strength": "weak", "conclusion": "mixed"}
    weighed = shaped("evidence", pd.DataFrame([{"question": "cooperation", "alliance": "all", **voices}]))
    table = evidence_table(store, evaluation, Published({**tables, "evidence": weighed}), "all", "en")
    assert list(table.rows.iloc[0]) == ["How do the partners in the alliances cooperate?", "supports", "–", "mixed", "differ", "weak", "mixed picture"]


def test_a_table_without_rows_is_a_table_still(read: tuple[Store, Evaluation, Published]) -> None:
    store, evaluation, tables = read
    none = Published({name: table.iloc[:0] for name, table in tables.items()})
    for table in (change_table(store, evaluation, none, "baken"), level_table(store, evaluation, none, "all")):
        assert isinstance(table, NotebookTable)
        assert table.rows.empty


def test_text_in_a_name_is_no_markup(read: tuple[Store, Evaluation, Published]) -> None:
    store, evaluation, tables = read
    name = "<b>=1+1</b> $x$ **vet**"
    alliances = tuple(one.model_copy(update={"name": name}) if one.id == "baken" else one for one in evaluation.file.alliances)
    indicators = tuple(one.model_copy(update={"label": Text(nl=name, en=name)}) for one in evaluation.indicators)
    other = dataclasses.replace(evaluation, file=evaluation.file.model_copy(update={"alliances": alliances}), indicators=indicators)
    page = change_table(store, other, tables, "baken", "en").html
    assert "<b>" not in page
    assert "".join(Words(page).texts).count("**vet**") == 5, "once in the heading, once a row"


def test_the_lines_of_the_page_run(evaluated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/figures.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks[0].strip().splitlines()) == 3, "the three lines"
    monkeypatch.chdir(evaluated / "notebooks")
    known: dict[str, object] = {}
    for block in blocks:
        exec(block.replace("my-work", str(tmp_path)), known)  # noqa: S102
    chart = known["chart"]
    assert isinstance(chart, Chart)
    assert chart.words.alt.endswith("A dashed line marks half a point.")
    assert (tmp_path / "reports/figures/my_figure.en.svg").exists()
