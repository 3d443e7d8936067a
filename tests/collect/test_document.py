"""The questionnaire to read: whole, in plain words, accessible, and the same bytes each time; and all instruments together."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn

import factory
from midterm.collect.document import document
from midterm.collect.instruments import questionnaire_files
from midterm.collect.questionnaire import handout
from midterm.description import Evaluation, Language, load_evaluation

ROOT = Path(__file__).resolve().parents[2]
REAL = "evaluations/allianties-2023-2025"


@cache
def shipped(name: str) -> Evaluation:
    """Return a description of the repository, read once."""
    return load_evaluation(ROOT / name)


@cache
def read(name: str, alliance: str, language: Language, wave: str = "2025") -> Any:
    return docx.Document(io.BytesIO(document(handout(shipped(name), alliance, wave), language)))


def words(form: Any) -> str:
    """Return all text of a document, tables included."""
    return "\n".join("".join(text.text or "" for text in paragraph.iter(qn("w:t"))) for paragraph in form.element.body.iter(qn("w:p")))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_it_asks_everything_that_the_codebook_asks_in_its_order(language: Language) -> None:
    text, codebook = words(read(".", "klimop", language)), shipped(".").codebook
    asked = [(entry.wording.nl, entry.wording.en)[language == "en"] for entry in (*codebook.items, *codebook.open_questions)]
    assert [wording for wording in asked if wording not in text] == []
    assert [text.index(wording) for wording in asked] == sorted(text.index(wording) for wording in asked)
    headings = [paragraph.text for paragraph in read(".", "klimop", language).paragraphs if paragraph.style.name == "Heading 1"]
    assert headings == [{"nl": "Over u", "en": "About you"}[language], *((block.title.nl, block.title.en)[language == "en"] for block in codebook.blocks)]


def test_statements_are_rows_with_a_box_under_every_answer() -> None:
    tables = read(".", "klimop", "nl").tables
    assert len(tables) == 9
    first = [[cell.text for cell in row.cells] for row in tables[0].rows]
    assert first[0] == [
        "Uitspraak",
        "Helemaal mee oneens",
        "Mee oneens",
        "Niet eens en niet oneens",
        "Mee eens",
        "Helemaal mee eens",
        "Weet ik niet",
    ]
    assert first[1:] == [
        [wording, *["☐"] * 6]
        for wording in (
            "Het doel van de alliantie is voor mij duidelijk.",
            "De partners willen met de alliantie hetzelfde bereiken.",
            "Ik zie hoe ons eigen werk bijdraagt aan het doel van de alliantie.",
        )
    ]


def test_it_says_who_it_is_for_and_promises_what_the_project_keeps() -> None:
    text = words(read(".", "klimop", "nl"))
    assert "voor iedereen die werkt voor een partner van Alliantie Klimop" in text
    assert "alleen uitkomsten zien over groepen van ten minste 10 personen" in text
    assert "U mag vragen overslaan" in text
    assert not any(word in text.casefold() for word in ("anoniem", "vertrouwelijk"))
    assert "groups of at least 10 persons" in words(read(".", "klimop", "en"))


def test_organisations_are_ticked_where_they_are_known_and_written_where_they_are_not() -> None:
    assert "☐ Stichting Klimroos" in words(read(".", "klimop", "nl"))
    assert "☐ School & Veiligheid" in words(read(REAL, "worden-wie-je-bent", "nl"))
    before_the_code = words(read(REAL, "act4respect", "nl")).split("Uw deelnemerscode")[0]
    assert "☐" not in before_the_code
    assert "____" in before_the_code


def test_numbers_boxes_and_own_words_have_room_for_an_answer(tmp_path: Path) -> None:
    draft = factory.draft()
    draft.codebook["open_questions"] = [
        {"id": "remarks", "block": "bottlenecks", "column": "OPEN", "page": 5, "wording": factory.both("Wat wilt u nog kwijt?")}
    ]
    text = words(docx.Document(io.BytesIO(document(handout(draft.load(tmp_path), "noord"), "nl"))))
    assert "(Een heel getal van 0 tot en met 50)" in text
    assert "☐ Stelling box_1." in text
    assert text.index("Wat wilt u nog kwijt?") > text.index("☐ Stelling box_2.")
    assert "____" in text.split("Wat wilt u nog kwijt?")[1]


def test_it_uses_the_words_of_the_wave() -> None:
    assert "De partners zijn open over tegenvallers." in words(read(".", "klimop", "nl", "2023"))
    assert "De partners zijn open over wat niet lukt." not in words(read(".", "klimop", "nl", "2023"))


@pytest.mark.parametrize(("language", "locale"), [("nl", "nl-NL"), ("en", "en-GB")])
def test_a_screen_reader_finds_language_title_headings_and_headers(language: Language, locale: str) -> None:
    content = document(handout(shipped("."), "klimop"), language)
    form = docx.Document(io.BytesIO(content))
    styles = zipfile.ZipFile(io.BytesIO(content)).read("word/styles.xml").decode()
    assert f'w:val="{locale}"' in styles
    assert form.core_properties.title
    assert all(table.rows[0]._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for table in form.tables)
    assert all(len({len(row.cells) for row in table.rows}) == 1 for table in form.tables)
    assert not list(form.element.body.iter(qn("w:sdt")))


def test_all_instruments_are_made_for_an_alliance_and_are_the_same_bytes_each_time() -> None:
    files = questionnaire_files(shipped(REAL), "act4respect")
    assert sorted(files) == ["questionnaire.en.docx", "questionnaire.limesurvey.txt", "questionnaire.nl.docx", "questionnaire.xlsform.xlsx"]
    assert questionnaire_files(shipped(REAL), "act4respect") == files
    assert questionnaire_files(shipped(REAL), "act4respect", "2023")["questionnaire.nl.docx"] != files["questionnaire.nl.docx"]
