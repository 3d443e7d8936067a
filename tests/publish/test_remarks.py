"""What a run says of its report: missing figures, missing translations, claims of cause, each with its place."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from factory import draft
from midterm.description import load_evaluation
from midterm.errors import ConfigError, Problem
from midterm.publish.charts.registry import figures_of
from midterm.publish.report.remarks import remarks
from midterm.publish.style import HOUSE_FONT, font_of

ROOT = Path(__file__).parents[2]
FACES = {"regular": "Regular", "italic": "It", "semibold": "Semibold", "bold": "Bold"}
FONT = {"name": "Source Sans 3", **{face: f"fonts/SourceSans3-{file}.ttf" for face, file in FACES.items()}}


def told(tmp_path: Path, bodies: dict[str, tuple[Any, str]], figures: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    evaluation = dataclasses.replace(load_evaluation(ROOT), folder=tmp_path)
    (tmp_path / "reports/figures").mkdir(parents=True)
    for name in figures:
        (tmp_path / "reports/figures" / f"{name}.json").write_text("{}", encoding="utf-8")
    table = remarks(evaluation, bodies, [])
    return list(zip(table["file"], table["rule"], table["reason"], strict=True))


def test_a_claim_of_cause_is_named_with_its_heading(tmp_path: Path) -> None:
    found = told(tmp_path, {"reports/report.nl.html": ("nl", "# Samen\\-werking\n\nGoed.\n\nDit leidt tot meer\\.")})
    assert len(found) == 1
    file, rule, reason = found[0]
    assert (file, rule) == ("reports/report.nl.html", "causal_wording")
    assert "under 'Samen-werking' 'leidt tot' claims a cause" in reason


def test_what_alliances_named_their_own_indicators_is_not_looked_at(tmp_path: Path) -> None:
    assert told(tmp_path, {"reports/report.nl.html": ("nl", "|Training leidt tot werk|3|")}) == []


def test_a_figure_that_only_one_alliance_lacks_is_named(tmp_path: Path) -> None:
    evaluation = load_evaluation(ROOT)
    drawn = tuple(f"{spec.name}_{unit}.nl" for spec in figures_of(evaluation) for unit in evaluation.alliances if spec.is_for(unit))
    lacking = tuple(name for name in drawn if name != "waves_baken.nl")
    ((file, rule, reason),) = told(tmp_path, {}, lacking)
    assert (file, rule) == ("reports/figures/waves_baken.nl.svg", "no_figure")
    assert reason.startswith("there are no data to draw it of 'Alliantie Baken', and the report says so")


def test_a_figure_that_all_lack_is_none_of_this_evaluation(tmp_path: Path) -> None:
    assert told(tmp_path, {}) == []


def test_a_text_in_one_language_stands_in_and_says_so(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["languages"] = ["nl", "en"]
    start.evaluation["alliances"][0]["theme"] = {"nl": "Veiligheid"}
    evaluation = load_evaluation(start.write(tmp_path))
    theme = evaluation.file.alliances[0].theme
    assert theme
    assert (theme.in_("nl"), theme.in_("en")) == ("Veiligheid", "Veiligheid (not translated)")
    reason = "this text is missing in 'en', and the one in the other language stands in for it; translate it"
    assert evaluation.stand_ins == (Problem("evaluation.yml", column="alliances.noord.theme", rule="untranslated", reason=reason),)


def test_a_language_that_the_report_does_not_speak_may_be_missing(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["languages"] = ["nl"]
    start.evaluation["alliances"][0]["theme"] = {"nl": "Veiligheid"}
    assert load_evaluation(start.write(tmp_path)).stand_ins == ()


def test_a_text_in_no_language_is_refused(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["alliances"][0]["theme"] = {}
    with pytest.raises(ConfigError, match="this text is there in no language"):
        load_evaluation(start.write(tmp_path))


def labelled(tmp_path: Path, text: str) -> Any:
    start = draft()
    start.evaluation["labels"] = {"nl": "config/labels.nl.yml"}
    folder = start.write(tmp_path)
    (folder / "config/labels.nl.yml").write_text(text, encoding="utf-8")
    return load_evaluation(folder)


def test_labels_of_ones_own_may_hold_only_what_differs(tmp_path: Path) -> None:
    evaluation = labelled(tmp_path, "better: vooruit\nreport:\n  summary: Samenvatting\n")
    labels, shipped = evaluation.labels["nl"], load_evaluation(ROOT).labels["nl"]
    assert (labels.better, labels.report.summary, labels.worse, labels.report.response) == ("vooruit", "Samenvatting", shipped.worse, shipped.report.response)
    (stand_in,) = evaluation.stand_ins
    assert (stand_in.file, stand_in.rule) == ("config/labels.nl.yml", "labels_missing")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("report:\n  mid_term: Er is 12% vooruitgang.\n", "the number 12% is typed by hand"),
        ("tally: In 5 van de allianties.\n", "the number 5 is typed by hand"),
        ("dumbbell:\n  subtitle: Met 95%-interval.\n", "the number 95% is typed by hand"),
        ("betre: beter\n", "the nearest valid name is 'better'"),
    ],
)
def test_a_number_typed_in_a_label_or_an_unknown_one_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        labelled(tmp_path, text)


@pytest.mark.parametrize(
    ("publication", "reason"),
    [
        ({"colours": ["#ffff00", "#e08214", "#bdbdbd", "#5aa0d0", "#154273"]}, "the colour #ffff00 is too pale for text on white"),
        ({"colours": ["#8e3b00"]}, "correct the value|this key is required"),
        ({"colours": ["rood", "#e08214", "#bdbdbd", "#5aa0d0", "#154273"]}, "correct the value"),
        ({"audience": "iedereen"}, "is not one of 'public' or 'internal'"),
        ({"reference_docx": "config/huisstijl.docx"}, "the file 'config/huisstijl.docx' is not there"),
        ({"internal_minimum": 0}, "correct the value"),
        ({"reference_docx": "evaluation.yml"}, "this file cannot be opened as docx"),
        ({"reference_odt": "data/raw/noord.xlsx"}, "this file is no document of odt"),
        ({"font": FONT | {"bold": "evaluation.yml"}}, "this file is no font that can be read"),
        ({"font": FONT | {"name": "Fira Sans"}}, "this file is of the font 'Source Sans 3', not 'Fira Sans'"),
    ],
)
def test_what_cannot_be_published_so_is_refused(tmp_path: Path, publication: dict[str, Any], reason: str) -> None:
    start = draft()
    start.evaluation["publication"] = publication
    (tmp_path / "fonts").mkdir()
    for file in HOUSE_FONT.files:
        shutil.copy(file, tmp_path / "fonts")
    with pytest.raises(ConfigError, match=reason):
        load_evaluation(start.write(tmp_path))


def test_a_font_of_ones_own_is_taken_with_its_files(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["publication"] = {"font": FONT}
    (tmp_path / "fonts").mkdir()
    for file in HOUSE_FONT.files:
        shutil.copy(file, tmp_path / "fonts")
    evaluation = load_evaluation(start.write(tmp_path))
    assert font_of(evaluation).files[0] == evaluation.folder / "fonts/SourceSans3-Regular.ttf"
    assert set(FONT.values()) - {"Source Sans 3"} <= set(evaluation.description_files)


def test_a_sign_that_the_font_lacks_is_named_by_its_number(tmp_path: Path) -> None:
    ((file, rule, reason),) = told(tmp_path, {"reports/report.nl.html": ("nl", "Regenboog 🌈, café.\n")})
    assert (file, rule) == ("reports/report.nl.pdf", "no_sign")
    assert "U+1F308" in reason
    assert HOUSE_FONT.lacking("Één café – 12 °C, ‘zo’…\n") == []
