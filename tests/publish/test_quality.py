"""The data-quality page: every finding has its place on it, the books are checked anew, and nobody's answer stands on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from midterm.description import Evaluation, Language
from midterm.publish.quality.page import compose, write_quality
from midterm.publish.quality.tables import answer_kinds, balanced, counted, findings, names_in, places, shares
from midterm.tables import Store, empty, shaped

SURVEY, FRAMEWORK = "data/raw/survey-2023.csv", "data/raw/noord.xlsx"
NAME = "Jan Janssen"
Tables = dict[str, pd.DataFrame]


class Page(HTMLParser):
    """Collects the tags of a page, the text of its headings and its whole text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text = ""
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag if re.fullmatch("h[1-6]", tag) else self._open
        if tag == self._open:
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == self._open else self._open

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open:
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def place(file: str, rule: str, row: int | None = None, column: str = "", sheet: str = "", reason: str = "this is wrong; mend it") -> dict[str, object]:
    return {"file": file, "sheet": sheet, "row": row, "column": column, "rule": rule, "reason": reason}


def book(file: str, part: str, rows: tuple[int, int, int], cells: tuple[int, int, int], sheet: str = "") -> dict[str, object]:
    names = [f"{what}_{which}" for what in ("rows", "cells") for which in ("read", "kept", "set_aside")]
    return {"file": file, "sheet": sheet, "part": part, **dict(zip(names, (*rows, *cells), strict=True)), "is_synthetic": False}


def answers() -> list[dict[str, object]]:
    """Return ten persons of one alliance on two items: one don't know, three empty and one refused in ten, and nine answered."""
    kinds = {"goal_1": ["dont_know", *["empty"] * 3, "refused", *[None] * 5], "goal_2": ["dont_know", *[None] * 9]}
    who = {"alliance": "noord", "organisation": "anker", "wave": "2023"}
    return [
        {"respondent_id": f"p{number}", **who, "item": item, "value": None if kind else 4.0, "missing_kind": kind}
        for item, column in kinds.items()
        for number, kind in enumerate(column)
    ]


def persons() -> list[dict[str, object]]:
    who = {"alliance": "noord", "organisation": "anker", "wave": "2023"}
    return [{"respondent_id": f"p{number}", **who, "is_complete": number > 1, "is_usable": number > 0} for number in range(10)]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Return small clean tables whose books balance: one row and two cells in quarantine, two doubts and an unread column."""
    quarantine = [place(SURVEY, "ragged_row", 7), place(SURVEY, "off_scale", 3, "G1"), place(FRAMEWORK, "not_a_year", 12, "Realisatie 2023", "Kader")]
    notices = [place(SURVEY, "straight_lining", 5), place(FRAMEWORK, "carried_forward", 14, "Realisatie 2025", "Kader")]
    notices += [place(SURVEY, "undeclared_column", None, "ipaddr")]
    books = [book(SURVEY, "2023", (11, 10, 1), (20, 19, 1)), book(FRAMEWORK, "noord", (3, 3, 0), (48, 47, 1), "Kader")]
    staff = {"wave": "2023", "alliance": "noord", "organisation": "anker", "population": 25, "invited": 20}
    content = {"quarantine": quarantine, "notices": notices, "reconciliation": books, "responses": answers(), "respondents": persons(), "population": [staff]}
    return {name: shaped(name, pd.DataFrame(rows)) for name, rows in content.items()}


def body(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], language: Language = "nl") -> str:
    return compose(evaluation, tables, language, Path(), is_synthetic=False).body.replace("\\", "")


def page(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], folder: Path, *, is_synthetic: bool = False) -> str:
    name, _ = write_quality(Store(folder, is_synthetic=is_synthetic), evaluation, tables)
    return (folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def dutch(tiny: Evaluation, tables: Tables) -> str:
    """Return the Dutch page of these tables as Markdown."""
    return body(tiny, tables)


def every_rule(evaluation: Evaluation) -> Tables:
    """Return a list of findings with every rule that has words, each with five places of its own in one of four files."""
    rules = list(evaluation.labels["nl"].quality.rules)
    rows = [
        place(f"data/raw/file-{at % 4}.csv", rule, 10_000 + 10 * at + step, f"K{step}", "", f"reason {at}")
        for at, rule in enumerate(rules)
        for step in range(5)
    ]
    half = len(rows) // 2
    return {name: shaped(name, pd.DataFrame(part)) for name, part in (("quarantine", rows[:half]), ("notices", rows[half:]))}


def test_the_verdict_counts_files_rows_and_cells_and_says_that_the_books_balance(dutch: str) -> None:
    assert "Uit 2 bestanden zijn 14 rijen gelezen: 13 zijn gebruikt en 1 apart gezet." in dutch
    assert "68 cellen: 66 zijn gebruikt (lege meegeteld) en 2 apart gezet" in dutch
    assert "De boeken kloppen" in dutch
    assert "Apart gezet en op te lossen: 3. Wel gebruikt, maar twijfelachtig: 2." in dutch
    assert "er 1 meldingen waar niets aan te doen is" in dutch


def test_the_verdict_comes_before_the_contents_and_leads_to_each_file(tiny: Evaluation, tables: Tables, tmp_path: Path) -> None:
    text = " ".join(page(tiny, tables, tmp_path).split())
    assert text.index("De boeken kloppen") < text.index("<nav") < text.index(">Meting 2023</h2>")
    assert f'<a href="#file-2">{SURVEY}</a>: 2 apart gezet, 1 twijfelachtig' in text
    assert '<h3 id="file-2">' in text


@pytest.mark.parametrize("change", [{"rows_kept": 9}, {"cells_kept": 18}, {"rows_read": 12, "rows_set_aside": 2}, {"cells_read": 21, "cells_set_aside": 2}])
def test_books_that_do_not_balance_are_said_loudly(tiny: Evaluation, tables: Tables, change: dict[str, int]) -> None:
    books = tables["reconciliation"]
    of_survey = books["file"] == SURVEY
    wrong = {**tables, "reconciliation": books.assign(**{name: books[name].mask(of_survey, value) for name, value in change.items()})}
    assert list(balanced(wrong["reconciliation"], wrong["quarantine"])["balances"]) == [True, False]
    assert f"**LET OP: DE BOEKEN KLOPPEN NIET bij {SURVEY}." in body(tiny, wrong)
    assert f"**ATTENTION: THE BOOKS DO NOT BALANCE for {SURVEY}." in body(tiny, wrong, "en")


def test_a_cell_in_a_row_that_is_set_aside_counts_with_its_row(tables: Tables) -> None:
    more = pd.concat([tables["quarantine"], shaped("quarantine", pd.DataFrame([place(SURVEY, "off_scale", 7, "G1")]))])
    assert balanced(tables["reconciliation"], more)["balances"].all()


def test_a_declared_file_of_which_nothing_was_read_is_named(dutch: str) -> None:
    assert "Van 4 opgegeven bestanden is niets gelezen: data/raw/survey-2025.csv, data/raw/zuid.xlsx" in dutch
    assert "Er is geen evaluatiekader van Alliantie Zuid gelezen." in dutch
    assert "Van meting 2025 zijn er geen bruikbare rijen in de tabellen." in dutch


def test_missing_answers_are_shared_out_over_everybody_asked() -> None:
    by_item = shares(answer_kinds(shaped("responses", pd.DataFrame(answers()))), "item")
    assert by_item["goal_1"] == pytest.approx({"asked": 10, "answered": 0.5, "dont_know": 0.1, "empty": 0.3, "refused": 0.1})
    assert by_item["goal_2"] == pytest.approx({"asked": 10, "answered": 0.9, "dont_know": 0.1, "empty": 0, "refused": 0})


def test_items_with_much_missing_and_items_that_are_not_there_are_pointed_out(dutch: str) -> None:
    assert "Geteld over alle 10 ingevulde vragenlijsten van meting 2023" in dutch
    assert "1 vragen bleven bij ten minste 20% zonder antwoord: goal_1 (50,0%)." in dutch
    assert "is 10,0% met ‘weet ik niet’ beantwoord, het vaakst ‘Stelling goal_1’ (10,0%)" in dutch
    assert "geheel afwezig in de gegevens: goal_3, trust_1" in dutch
    assert "|goal_1. Stelling goal_1.|10|50,0%|30,0%|10,0%|10,0%|" in dutch


def test_response_and_signs_of_haste_are_told_per_wave(dutch: str) -> None:
    assert "|Alliantie Noord|20|8|2|9|45%|" in dutch
    assert f"|{SURVEY}|Overal hetzelfde antwoord|gebruikt, twijfelachtig|1|" in dutch
    assert f"|{SURVEY}|Erg snel ingevuld||0|" in dutch


def test_an_alliance_sees_its_framework_and_its_dont_knows_by_block_only(dutch: str) -> None:
    part = dutch[dutch.index("## Alliantie Noord") : dutch.index("## Alliantie Zuid")]
    assert f"|{FRAMEWORK}|Kader|noord|3 = 3 + 0|48 = 47 + 1|ja|" in part.replace("\u00a0", " ")
    assert "|Geen jaartal|apart gezet|1|Realisatie 2023: 12|" in part
    assert "|Goal|10,0%|–|" in part
    assert "goal_1" not in part


def test_no_share_is_given_of_fewer_than_five_questionnaires(tiny: Evaluation, tables: Tables) -> None:
    few = {name: tables[name][tables[name]["respondent_id"].isin(["p0", "p1", "p2", "p3"])] for name in ("respondents", "responses")}
    assert "|Goal|n<5|–|" in body(tiny, {**tables, **few})


def test_findings_that_differ_only_in_their_row_stand_on_one_line() -> None:
    rows = [place(SURVEY, "off_scale", row, "G1") for row in (9, 4, 11)] + [place(SURVEY, "off_scale", 4, "G2")]
    found = findings(shaped("quarantine", pd.DataFrame(rows)), empty("notices"))
    assert [(column, numbers) for _, column, numbers, _ in places(found)] == [("G1", [4, 9, 11]), ("G2", [4])]
    assert list(counted(found)["n"]) == [4]


def test_the_names_in_a_reason_are_kept_for_readers_of_another_language() -> None:
    assert names_in("this alliance's name is not known (the nearest known is 'Alliantie Noord'); correct it") == "Alliantie Noord"
    assert names_in("the nearest known is \"L'Alliance\" or 'Zuid'") == "L'Alliance, Zuid"
    assert names_in("this row is wrong; mend it") == ""


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("rows 26 to 30 are hidden and read like the others; delete what does not count", "26–30"),
        ("one number is merged over rows 23 to 24 and was read for each; give each row its own", "23–24"),
        ("columns 3, 7, 12 both hold this; remove or rename one, so that it is clear which to read", "3, 7, 12"),
        ("rows that hold more than one theme, each of which counts as a segment of its own: 1", "1×"),
        ("cells of this column, from here on, with a formula that was never calculated: 12; open the workbook in Excel and save it", "12×"),
        ("this row has 18 cells where the heading has 17; check for a stray separator or quote", ""),
        ("over 10000 rows up to this one have not as many cells as the heading; check the separator", ""),
    ],
)
def test_the_rows_columns_and_counts_in_a_reason_are_kept_too(reason: str, said: str) -> None:
    assert names_in(reason) == said


def test_every_finding_stands_under_its_file_with_its_place_and_what_to_do(tiny: Evaluation, tables: Tables, tmp_path: Path) -> None:
    everything = every_rule(tiny)
    parts = body(tiny, {**tables, **everything}).split("\n## data/raw/")
    for row in pd.concat(list(everything.values())).itertuples():
        (of_file,) = [part for part in parts if f"data/raw/{part}".startswith(f"{row.file} ")]
        assert f"|{row.row}|{row.column}|" in of_file, f"{row.rule} in row {row.row} is not on the page"
    text = " ".join(Page(page(tiny, {**tables, **everything}, tmp_path)).text.split())
    for words in tiny.labels["nl"].quality.rules.values():
        for said in (words.title, words.action):
            assert " ".join(said.format(unit="alliantie", units="allianties").split()) in text


def test_a_rule_without_words_is_shown_with_its_own_name_and_reason(tiny: Evaluation, tables: Tables) -> None:
    new = shaped("notices", pd.DataFrame([place(SURVEY, "brand_new_rule", 8, "G1", reason="something new; look")]))
    text = body(tiny, {**tables, "notices": new})
    assert "Twijfelachtig (1×): brand new rule" in text
    assert "|8|G1|something new; look|" in text


def test_dutch_has_the_rule_in_dutch_and_english_the_reason_itself(tiny: Evaluation, tables: Tables, dutch: str) -> None:
    assert "Apart gezet (1×): Antwoord valt buiten de schaal" in dutch
    assert "mend it" not in dutch
    english = body(tiny, tables, "en")
    assert "Set aside (1×): Answer is off its scale" in english
    assert "|3|G1|this is wrong; mend it|" in english


@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_placeholder_is_left_open(tiny: Evaluation, tables: Tables, language: Language) -> None:
    text = re.sub(r"\{#file-\d+\}|\{\.fold[a-z-]*\}", "", body(tiny, {**tables, **every_rule(tiny)}, language))
    assert not re.search(r"\{[a-z_]*\}", text)
    assert "nan" not in text.lower().split()
    assert "<NA>" not in text


def test_the_page_does_not_change_with_what_anybody_answered(tiny: Evaluation, tables: Tables, dutch: str) -> None:
    other = tables["responses"].assign(value=tables["responses"]["value"].where(tables["responses"]["value"].isna(), 1.0))
    assert body(tiny, {**tables, "responses": other}) == dutch
    named = {name: tables[name].assign(respondent_id=tables[name]["respondent_id"] + NAME) for name in ("responses", "respondents")}
    assert body(tiny, {**tables, **named}) == dutch


def test_the_page_is_the_same_whatever_the_order_of_the_rows(tiny: Evaluation, tables: Tables, dutch: str) -> None:
    turned = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items() if name != "reconciliation"}
    assert body(tiny, {**tables, **turned}) == dutch


def test_coded_columns_give_the_same_page(tiny: Evaluation, tables: Tables, dutch: str) -> None:
    coded = {
        name: tables[name].astype({column: "category" for column in tables[name].columns if tables[name][column].dtype == "string"})
        for name in ("responses", "respondents")
    }
    assert body(tiny, {**tables, **coded}) == dutch


def test_nothing_found_is_said(tiny: Evaluation) -> None:
    names = ("quarantine", "notices", "reconciliation", "responses", "respondents", "population")
    text = body(tiny, {name: empty(name) for name in names})
    assert "Er is niets apart gezet en niets twijfelachtigs gevonden." in text
    assert "Er zijn geen meldingen." in text


def test_the_page_is_accessible_and_asks_nothing_of_the_network(tiny: Evaluation, tables: Tables, tmp_path: Path) -> None:
    text = page(tiny, {**tables, **every_rule(tiny)}, tmp_path)
    made = Page(text)
    assert made.all("html")[0]["lang"] == "nl-NL"
    assert len(made.all("title")) == 1
    levels = [level for level, _ in made.headings]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(made.all("caption")) == len(made.all("table")) == text.count('<div class="wide" tabindex="0"')
    assert {header.get("scope") for header in made.all("th")} <= {"col", "row"}
    assert len(made.all("details")) == len(made.all("summary")) == text.count("</details>") > 60
    assert not [tag for tag, _ in made.tags if tag in ("script", "link", "iframe", "img")]
    assert not re.findall(r'(?:src|href)="(?!#)|url\(|@import', text)
    ids = [str(attributes["id"]) for _, attributes in made.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(link["href"])[1:] for link in made.all("a")} <= set(ids)


def test_the_same_tables_give_the_same_bytes_and_no_path_of_the_machine(tiny: Evaluation, tables: Tables, tmp_path: Path) -> None:
    first, second = (page(tiny, tables, tmp_path / name) for name in ("one", "two"))
    assert first == second
    assert str(tmp_path) not in first


def test_the_synthetic_mark_stands_on_a_page_made_from_synthetic_data(tiny: Evaluation, tables: Tables, tmp_path: Path) -> None:
    assert "Synthetisch / synthetic" not in page(tiny, tables, tmp_path / "real")
    assert 'class="sticky-mark">Synthetisch / synthetic' in page(tiny, tables, tmp_path / "example", is_synthetic=True)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_says_that_it_is_not_for_publication(tiny: Evaluation, tables: Tables, language: Language) -> None:
    said = {"nl": "niet om te publiceren", "en": "not for publication"}[language]
    manuscript = compose(tiny, tables, language, Path(), is_synthetic=False)
    assert said in manuscript.subtitle
    assert said in manuscript.body
