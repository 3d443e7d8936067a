"""The evaluator's own texts: filled in from the tables, never written to, and told when a number under them has changed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from midterm.description import Evaluation, load_evaluation
from midterm.description.causal_words import causal_words
from midterm.description.numbers import typed_numbers
from midterm.errors import UserError
from midterm.publish.disclosure import Published
from midterm.publish.report.context import Context
from midterm.publish.report.own_texts import OwnTexts, own_texts, text_faults
from midterm.tables import shaped

ROOT = Path(__file__).parents[2]
PLANNED = {"from_wave": "2023", "to_wave": "2025", "n_from": 193, "n_to": 207, "verdict": "changed_better", "flag": ""}
CHANGE = [
    {**PLANNED, "alliance": "all", "indicator": "cooperation", "estimate": 0.214, "ci_low": 0.06, "ci_high": 0.37},
    {**PLANNED, "alliance": "klimop", "indicator": "cooperation", "verdict": "described_only", "flag": "small_n"},
    {**PLANNED, "alliance": "all", "indicator": "incident_share", "estimate": 0.19, "verdict": "changed_worse"},
]
RESPONSE = [{"alliance": "all", "wave": "2025", "invited": 319, "usable": 208, "rate": 0.652}]


def evaluation_with(tmp_path: Path, **texts: str) -> Evaluation:
    """The shipped evaluation with its texts in ``tmp_path``: ``summary_nl`` is texts/summary.nl.md."""
    (tmp_path / "texts").mkdir()
    for name, text in texts.items():
        section, _, language = name.rpartition("_")
        (tmp_path / "texts" / f"{section.replace('_', '-')}.{language}.md").write_text(text, encoding="utf-8")
    return dataclasses.replace(load_evaluation(ROOT), folder=tmp_path)


def filled(evaluation: Evaluation, language: str = "nl", change: list[dict[str, object]] | None = None) -> OwnTexts:
    tables = {"change": shaped("change", pd.DataFrame(change or CHANGE)), "response": shaped("response", pd.DataFrame(RESPONSE))}
    context = Context(evaluation, Published(tables), language, Path())  # type: ignore[arg-type]
    return own_texts(context)


def told(texts: OwnTexts) -> list[str]:
    return [str(remark) for remark in texts.remarks]


def faults(evaluation: Evaluation) -> list[str]:
    with pytest.raises(UserError) as error:
        filled(evaluation)
    return [str(problem) for problem in error.value.problems]


def test_numbers_come_from_their_cells_in_the_language_of_the_text(tmp_path: Path) -> None:
    text = "Samen {{change all cooperation = +0,21}}; respons {{response all 2025 = 65%}}; {{change all incident_share = +19}}."
    evaluation = evaluation_with(tmp_path, summary_nl=text, summary_en=text.replace("0,21", "0.21"))
    assert filled(evaluation).parts["summary"].replace("\\", "") == "Samen +0,21; respons 65%; +19."
    assert filled(evaluation, "en").parts["summary"].replace("\\", "") == "Samen +0.21; respons 65%; +19."
    assert told(filled(evaluation)) == []


def test_other_columns_and_verdicts_can_be_asked_for(tmp_path: Path) -> None:
    text = "{{change all cooperation ci_low = +0,06}} {{change all cooperation n_to = 207}} {{change all cooperation verdict = beter}}"
    assert filled(evaluation_with(tmp_path, summary_nl=text)).parts["summary"].replace("\\", "") == "+0,06 207 beter"


def test_a_changed_number_is_printed_anew_named_and_told_with_the_old_one(tmp_path: Path) -> None:
    evaluation = evaluation_with(tmp_path, summary_nl="Eerste regel.\n\nSamen {{change all cooperation = +0,35}} hoger.\n")
    before = (tmp_path / "texts/summary.nl.md").read_bytes()
    texts = filled(evaluation)
    assert "Samen \\+0\\,21 hoger" in texts.parts["summary"].replace("0,", "0\\,")
    assert "was +0,35, is nu +0,21" in texts.parts["summary"].replace("\\", "")
    assert told(texts) == [
        "texts/summary.nl.md, row 3: {{change all cooperation}} was +0,35 when this was written and is +0,21 now; "
        "see whether the text still holds, then note the new value"
    ]
    assert (tmp_path / "texts/summary.nl.md").read_bytes() == before


def test_a_number_without_its_value_is_asked_to_be_noted(tmp_path: Path) -> None:
    found = told(filled(evaluation_with(tmp_path, summary_nl="{{change all cooperation}}")))
    assert found == ["texts/summary.nl.md, row 1: write {{change all cooperation = +0,21}}, so that you are told when this number changes"]


def test_a_suppressed_number_is_named_and_said_in_the_text(tmp_path: Path) -> None:
    texts = filled(evaluation_with(tmp_path, alliance_klimop_nl="Bij Klimop {{change klimop cooperation = +0,08}}."))
    assert texts.parts["alliance-klimop"].replace("\\", "") == "Bij Klimop n<10."
    assert told(texts) == [
        "texts/alliance-klimop.nl.md, row 1: {{change klimop cooperation}} cannot be shown (n<10), and the report says so; leave it out or say it otherwise"
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Een stijging van 12%.", "the number 12% is typed by hand"),
        ("Zo'n 3,5 punten.", "the number 3,5 is typed by hand"),
        ("{{change all coperation}}", "the nearest valid name is 'cooperation'"),
        ("{{change nergens cooperation}}", "of which there are 0 rows"),
        ("{{wijziging all cooperation}}", "'wijziging' is none"),
        ("{{change all}}", "is written {{change ALLIANCE INDICATOR COLUMN}}"),
        ("{{change all cooperation shrunken}}", "has no column 'shrunken'"),
        ("# Kop", "this heading would break the report's own"),
        ("![x](y.png)", "a picture here would be in no register"),
        ("[x](javascript:alert())", "this link is none of http"),
        ("====", "a line of = or - makes a heading of the line above it"),
        ("---", "a line of = or - makes a heading of the line above it"),
        ("![x][een]", "a picture here would be in no register"),
        ("[een]: javascript:alert()", "an address that stands apart from its link"),
        ("{{change all cooperation", "a reference is not closed"),
        ("{{given 17 miljoen}}", "a number from elsewhere stands with its source"),
        ("{{given 17 | }}", "a number from elsewhere stands with its source"),
        ("[](#fig-nietes_all)", "no such figure to refer to ('nietes_all')"),
    ],
)
def test_what_no_table_gave_stops_the_report_by_name(tmp_path: Path, text: str, reason: str) -> None:
    found = faults(evaluation_with(tmp_path, summary_nl=f"Goed.\n{text}"))
    assert len(found) == 1
    assert found[0].startswith("texts/summary.nl.md, row 2: ")
    assert reason in found[0]


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    assert len(faults(evaluation_with(tmp_path, summary_nl="12 en 13\n\n{{change x y}}", conclusions_nl="14"))) == 4


@pytest.mark.parametrize("name", ["samenvatting_nl", "summary_fr", "summary"])
def test_a_text_that_belongs_nowhere_is_named(tmp_path: Path, name: str) -> None:
    evaluation = evaluation_with(tmp_path, summary_nl="Goed.")
    (tmp_path / "texts" / f"{name.replace('_', '.')}.md").write_text("Goed.", encoding="utf-8")
    assert len(faults(evaluation)) == 1


def test_a_text_in_one_language_is_said_not_to_be_there_in_the_other(tmp_path: Path) -> None:
    texts = filled(evaluation_with(tmp_path, summary_nl="Goed."), "en")
    assert "not available in this language" in texts.parts["summary"]
    assert told(texts)[0].startswith("texts/summary.en.md: this text is there in 'nl' only")


def test_a_number_from_elsewhere_stands_with_its_source(tmp_path: Path) -> None:
    texts = filled(evaluation_with(tmp_path, summary_nl="Er was {{given 17 miljoen euro | Brief van 3 maart 2023}}."))
    assert texts.parts["summary"].replace("\\", "") == "Er was 17 miljoen euro (bron: Brief van 3 maart 2023)."


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("In 2023–2025 en in 2024", []),
        ("1. Eerste punt", []),
        ("2) Tweede punt met 3 dingen", ["3"]),
        ("CR2, T0 en Act4Respect", []),
        ("Verandering van Binnenuit 2.0 doet mee", []),
        ("-0,25 en −0,3 of +12 %", ["-0,25", "−0,3", "+12 %"]),
        ("[zie](https://voorbeeld.example/2023/04/17.html)", []),
        ("12.000 euro.", ["12.000"]),
        ("2023/24", ["24"]),
        ("op 12 mei 2024 en 3 March 2023", []),
        ("COVID-19 en https://voorbeeld.example/17", []),
        ("12 meiden, 3 marges en 5 decibel", ["12", "3", "5"]),
    ],
)
def test_what_counts_as_a_typed_number(line: str, found: list[str]) -> None:
    assert list(typed_numbers(line, ["Verandering van Binnenuit 2.0"])) == found


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Dankzij de alliantie is er meer vertrouwen.", "nl", ["Dankzij"]),
        ("De alliantie heeft in deze jaren geleid tot meer vertrouwen.", "nl", ["heeft in deze jaren geleid tot"]),
        ("Dit leidt tot minder incidenten, maar niet overal.", "nl", ["leidt tot"]),
        ("De evaluatie laat niet zien of het beleid de verandering heeft veroorzaakt.", "nl", []),
        ("Het vertrouwen nam toe. Hoe dat komt, is niet onderzocht.", "nl", []),
        ("Trust grew thanks to the alliance, which led to more.", "en", ["thanks to", "led to"]),
        ("It does not show whether the policy caused the change.", "en", []),
        ("Trust was higher in the last wave.", "en", []),
    ],
)
def test_words_that_claim_a_cause_are_found(text: str, language: str, found: list[str]) -> None:
    assert list(causal_words(text, language)) == found  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["-0,53", "−0,53", "– 0,53", "-0,53 "])
def test_a_minus_and_spaces_from_a_keyboard_are_no_change(tmp_path: Path, written: str) -> None:
    falling = [{**PLANNED, "alliance": "all", "indicator": "capacity", "estimate": -0.53, "ci_low": -0.7, "ci_high": -0.3}]
    texts = filled(evaluation_with(tmp_path, summary_nl=f"{{{{change all capacity = {written}}}}}"), change=falling)
    assert told(texts) == []
    assert texts.parts["summary"].replace("\\", "") == "−0,53"


def test_a_mark_at_the_start_of_a_file_hides_no_heading(tmp_path: Path) -> None:
    evaluation = evaluation_with(tmp_path)
    (tmp_path / "texts/summary.nl.md").write_bytes("\ufeff# Kop\r\n".encode())
    assert [fault.partition(": ")[0] for fault in faults(evaluation)] == ["texts/summary.nl.md, row 1"]


def test_an_empty_text_makes_no_heading_and_is_named(tmp_path: Path) -> None:
    texts = filled(evaluation_with(tmp_path, summary_nl=" \n"))
    assert (dict(texts.parts), len(told(texts))) == ({}, 1)


def test_how_many_persons_stand_behind_a_hidden_number_is_hidden_too(tmp_path: Path) -> None:
    texts = filled(evaluation_with(tmp_path, summary_nl="{{change klimop cooperation n_to = 207}}"))
    assert texts.parts["summary"].replace("\\", "") == "n<10"


def test_a_figure_may_be_referred_to(tmp_path: Path) -> None:
    assert filled(evaluation_with(tmp_path, summary_nl="Zie [](#fig-waves_klimop).")).parts["summary"] == "Zie [](#fig-waves_klimop)."


def test_a_file_in_another_encoding_is_named_beside_the_others(tmp_path: Path) -> None:
    evaluation = evaluation_with(tmp_path, conclusions_nl="In 12 van de gevallen.")
    (tmp_path / "texts/summary.nl.md").write_bytes("Coöperatie".encode("latin-1"))
    assert [problem.rule for problem in text_faults(evaluation)] == ["typed_number", "encoding"]
