"""The questionnaire as XLSForm: what pyxform makes of it, and that every answer given in KoboToolbox comes back.

The form is read by pyxform, the reference converter of xlsform.org. The export is laid out as KoboToolbox writes its
csv with XML values and headers: semicolons, every cell in quotes, names without their groups, ``_id`` and
``_submission_time`` at the end, and for a question with boxes its codes and a column of 1 and 0 for every box.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree
from pyxform.xls2xform import convert

import factory
from midterm.clean.survey import clean_survey
from midterm.collect.questionnaire import handout
from midterm.collect.xlsform import xlsform
from midterm.description import Evaluation, load_evaluation
from midterm.errors import ConfigError
from midterm.read import read_survey

ROOT = Path(__file__).resolve().parents[2]
REAL = "evaluations/allianties-2023-2025"
X = {"x": "http://www.w3.org/2002/xforms", "h": "http://www.w3.org/1999/xhtml"}


class Form:
    """An XForm as ODK and KoboToolbox run it."""

    def __init__(self, content: bytes) -> None:
        self.warnings: list[str] = []
        self.root = etree.fromstring(convert(content, warnings=self.warnings).xform.encode())

    def all(self, path: str) -> list[Any]:
        return list(self.root.xpath(path, namespaces=X))

    @property
    def binds(self) -> dict[str, dict[str, str]]:
        """What each field may hold, by its name without groups."""
        return {bind.get("nodeset").rsplit("/", 1)[-1]: dict(bind.attrib) for bind in self.all("//x:bind")}

    @property
    def controls(self) -> dict[str, Any]:
        return {control.get("ref").rsplit("/", 1)[-1]: control for control in self.all("//h:body//*[self::x:select or self::x:select1 or self::x:input]")}

    def choices(self, name: str) -> list[str]:
        """Return the codes on offer at a question."""
        nodeset = self.controls[name].find("x:itemset", X).get("nodeset")
        return [str(code) for code in self.all(f"//x:instance[@id='{nodeset.split(chr(39))[1]}']/x:root/x:item/x:name/text()")]

    def text(self, name: str, language: str, part: str = "label") -> str:
        """Return a label or hint as shown in one language."""
        ref = next(bind.get("nodeset") for bind in self.all("//x:bind") if bind.get("nodeset").endswith(f"/{name}"))
        return "".join(self.all(f"//x:translation[@lang='{language}']/x:text[@id='{ref}:{part}']/x:value/text()"))

    def fields(self) -> Iterator[str]:
        """Give the fields that hold answers, in their order, without notes."""
        for name, bind in self.binds.items():
            if bind.get("readonly") != "true()" and name != "instanceID":
                yield name


def exported(form: Form, answers: list[dict[str, str]]) -> bytes:
    """Return the export of people who gave ``answers`` by name."""
    rows = []
    for number, given in enumerate(answers, 1):
        row: dict[str, str] = {}
        for name in form.fields():
            fixed = form.binds[name].get("calculate")
            row[name] = fixed.strip("'") if fixed else given.get(name, "")
            if name in form.controls and form.controls[name].tag.endswith("}select"):
                row |= {f"{name}/{code}": ("1" if code in row[name].split() else "0") if row[name] else "" for code in form.choices(name)}
        rows.append({**row, "_id": str(number), "_uuid": f"uuid-{number}", "_submission_time": f"2025-04-{number:02d}T10:00:00"})
    return factory.delimited(rows, ";")


def people(form: Form) -> Iterator[dict[str, str]]:
    """Give seven people: they use every answer of every question between them; the last answers nothing that may be skipped."""
    for person in range(7):
        given = {"DEELCODE": f"p{person}"}
        for at, name in enumerate(form.fields()):
            kind = form.controls[name].tag.rsplit("}", 1)[-1] if name in form.controls else ""
            if name == "ORGANISATIE":
                choices = form.choices(name) if kind == "select1" else [f"Stichting {letter}" for letter in "ABCDEFG"]
                given[name] = choices[person % len(choices)]
            elif person < 6 and kind == "select1":
                given[name] = form.choices(name)[(person + at) % len(form.choices(name))]
            elif person < 6 and kind == "select":
                given[name] = "Y" if (person + at) % 2 else ""
            elif person < 6 and form.binds[name]["type"] == "int":
                given[name] = str(person * 10)
            elif person < 6 and name == "TOELICHTING":
                given[name] = f'Woord {person}; met "puntkomma"'
        yield given


@cache
def shipped(name: str) -> Evaluation:
    """Return a description of the repository, read once."""
    return load_evaluation(ROOT / name)


def collected_by_kobo(name: str, folder: Path) -> Evaluation:
    """Return a copy of a description whose last wave is collected by KoboToolbox."""
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / name / "data/raw").mkdir(parents=True)
    described = yaml.safe_load((ROOT / name / "evaluation.yml").read_text(encoding="utf-8"))
    keys = {"respondent": ["DEELCODE"], "alliance": ["ALLIANTIE"], "organisation": ["ORGANISATIE"], "record": "_id", "submitted": "_submission_time"}
    described["sources"]["surveys"] = [{"file": "data/raw/kobo.csv", "reader": "csv", "wave": "2025", "columns": keys}]
    (folder / name / "evaluation.yml").write_text(factory.as_yaml(described), encoding="utf-8")
    return load_evaluation(folder / name)


MEANING: dict[str, tuple[float | None, str]] = {**{f"A{value}": (float(value), "") for value in range(1, 6)}, "A9": (None, "dont_know"), "": (None, "empty")}


def meant(name: str, cell: str) -> tuple[float | None, str]:
    """Return what the codebook says that a cell means, worked by hand."""
    if name.startswith("KNELP"):
        return (1.0 if cell == "Y" else 0.0), ""
    if name == "INCID":
        return (float(cell), "") if cell else (None, "empty")
    return MEANING[cell]


@pytest.mark.parametrize(("name", "alliance"), [(".", "klimop"), (REAL, "politica"), (REAL, "act4respect")])
def test_every_answer_given_in_kobo_comes_back(name: str, alliance: str, tmp_path: Path) -> None:
    evaluation = collected_by_kobo(name, tmp_path)
    form = Form(xlsform(handout(evaluation, alliance)))
    given = list(people(form))
    (evaluation.folder / "data/raw/kobo.csv").write_bytes(exported(form, given))
    cleaned = clean_survey(evaluation, "2025", read_survey(evaluation, "2025"))
    assert cleaned.quarantine == ()
    responses = cleaned.tables["responses"].set_index(["respondent_id", "item"])
    items = evaluation.codebook.items
    assert len(responses) == 7 * len(items)
    for answers in given:
        for item in items:
            field = item.column.replace("[", "_").replace("]", "")
            found = responses.loc[(answers["DEELCODE"], item.id)]
            value, kind = meant(field, answers.get(field, ""))
            assert found["alliance"] == alliance
            assert (None if value is None else float(found["value"])) == value
            assert (found["missing_kind"] == kind) if kind else not isinstance(found["missing_kind"], str)
    own_words = [text for answers in given for name, text in answers.items() if name == "TOELICHTING"]
    assert own_words
    assert sorted(cleaned.tables["open_answers"]["answer"]) == sorted(own_words)


@pytest.mark.parametrize("name", [".", REAL])
def test_pyxform_takes_the_form_of_every_alliance_without_a_warning(name: str) -> None:
    evaluation = shipped(name)
    for alliance in evaluation.alliances:
        form = Form(xlsform(handout(evaluation, alliance)))
        assert form.warnings == []
        assert form.binds["ALLIANTIE"]["calculate"] == f"'{alliance}'"
        assert form.binds["ORGANISATIE"]["required"] == "true()"
        partners = evaluation.alliance(alliance).organisations
        assert (form.choices("ORGANISATIE") == list(partners)) if partners else form.controls["ORGANISATIE"].tag.endswith("}input")


def test_questions_are_those_of_the_codebook_in_both_languages_and_in_the_words_of_the_wave() -> None:
    form = Form(xlsform(handout(shipped("."), "klimop", "2023")))
    assert [(entry.get("lang"), entry.get("default")) for entry in form.all("//x:translation")] == [("Nederlands (nl)", "true()"), ("English (en)", None)]
    assert form.text("VERTR_SQ003", "Nederlands (nl)") == "De partners zijn open over tegenvallers."
    assert form.text("VERTR_SQ003", "English (en)") == "The partners are open about setbacks."
    assert form.choices("DOEL_SQ001") == ["A1", "A2", "A3", "A4", "A5", "A9"]
    assert form.choices("KNELP_SQ001") == ["Y"]
    assert "10 personen" in form.text("questionnaire_intro", "Nederlands (nl)")
    assert form.text("page_2_goal_intro", "English (en)") == "The next statements are about the goal of the alliance."
    assert [group.get("appearance") for group in form.all("//h:body/x:group")] == ["field-list"] * 7


def test_a_number_has_bounds_and_says_so_in_both_languages() -> None:
    form = Form(xlsform(handout(shipped("."), "klimop")))
    bind = form.binds["INCID"]
    assert (bind["type"], bind["constraint"]) == ("int", ". >= 0 and . <= 50")
    assert form.text("INCID", "Nederlands (nl)", "jr:constraintMsg") == "Een heel getal van 0 tot en met 50."
    assert form.text("INCID", "English (en)", "jr:constraintMsg") == "A whole number from 0 to 50."


def test_a_large_or_broken_bound_is_written_in_digits(tmp_path: Path) -> None:
    draft = factory.draft()
    draft.codebook["scales"]["incidents"].update(low=-0.5, high=12345678, whole=False)
    bind = Form(xlsform(handout(draft.load(tmp_path), "noord"))).binds["N1"]
    assert (bind["type"], bind["constraint"]) == ("decimal", ". >= -0.5 and . <= 12345678")


def test_only_questions_of_the_wave_are_asked_and_open_ones_as_text(tmp_path: Path) -> None:
    draft = factory.draft()
    draft.item("goal_2")["waves"] = ["2023"]
    draft.codebook["open_questions"] = [
        {"id": "remarks", "block": "goal", "column": "OPEN", "page": 2, "wording": factory.both("Wat wilt u nog kwijt?")},
        {"id": "earlier", "block": "goal", "column": "EERDER", "page": 2, "wording": factory.both("Wat ging eraan vooraf?"), "waves": ["2023"]},
    ]
    form = Form(xlsform(handout(draft.load(tmp_path), "noord", "2025")))
    assert form.warnings == []
    assert {"G1", "G3", "OPEN"} <= set(form.binds)
    assert {"G2", "EERDER"} & set(form.binds) == set()
    assert form.binds["OPEN"]["type"] == "string"


def test_boxes_that_share_a_column_are_one_question_whose_codes_come_back(tmp_path: Path) -> None:
    draft = factory.draft()
    for box in ("box_1", "box_2"):
        draft.item(box).update(column="K", option=[box[-1]])
    keys = {"respondent": ["CODE"], "alliance": ["ALLIANTIE"], "organisation": ["ORGANISATIE"], "record": "_id", "submitted": "_submission_time"}
    draft.evaluation["sources"]["surveys"][1] = {"file": "data/raw/kobo.csv", "reader": "csv", "wave": "2025", "columns": keys}
    evaluation = draft.load(tmp_path)
    form = Form(xlsform(handout(evaluation, "noord")))
    assert form.warnings == []
    assert form.choices("K") == ["1", "2"]
    given = [{"CODE": f"p{ticked}", "ORGANISATIE": "anker", "K": ticked} for ticked in ("1", "1 2", "2")]
    (tmp_path / "data/raw/kobo.csv").write_bytes(exported(form, given))
    responses = clean_survey(evaluation, "2025", read_survey(evaluation, "2025")).tables["responses"]
    ticked = {(row.respondent_id, row.item): row.value for row in responses.itertuples() if row.item.startswith("box_")}
    assert ticked == {("p1", "box_1"): 1, ("p1", "box_2"): 0, ("p1 2", "box_1"): 1, ("p1 2", "box_2"): 1, ("p2", "box_1"): 0, ("p2", "box_2"): 1}


def test_a_wave_that_stands_in_a_column_is_filled_in(tmp_path: Path) -> None:
    draft = factory.draft()
    both = {
        **factory.survey_source("2023"),
        "file": "data/raw/survey.csv",
        "wave": {"column": "RONDE", "values": {"nulmeting": "2023", "tussenmeting": "2025"}},
    }
    draft.evaluation["sources"]["surveys"] = [both]
    form = Form(xlsform(handout(draft.load(tmp_path), "zuid", "2025")))
    assert (form.binds["RONDE"]["calculate"], form.binds["ALLIANTIE"]["calculate"]) == ("'tussenmeting'", "'zuid'")


def test_same_input_gives_the_same_bytes() -> None:
    assert xlsform(handout(shipped("."), "klimop")) == xlsform(handout(shipped("."), "klimop"))


def set_item(name: str, **changes: Any) -> Any:
    return lambda draft: draft.item(name).update(changes)


def set_codes(*codes: str) -> Any:
    return lambda draft: draft.codebook["scales"]["agree"]["answers"][0].update(codes=list(codes))


FAULTS = [
    (set_item("goal_1", column="1. Doel"), "no_form_name", "1. Doel"),
    (set_item("goal_1", column="[]"), "no_form_name", "[]"),
    (set_item("goal_1", column="T[1]"), "same_form_name", "t_1"),
    (set_codes("helemaal niet"), "no_form_code", "G1"),
    (set_codes("A1", "helemaal niet"), "", ""),
    (lambda draft: draft.codebook["scales"]["box"].update(empty_value=1), "no_ticked_answer", "K1"),
]


@pytest.mark.parametrize(("change", "rule", "column"), FAULTS)
def test_what_a_form_cannot_hold_is_refused_by_name(change: Any, rule: str, column: str, tmp_path: Path) -> None:
    draft = factory.draft()
    draft.item("trust_1")["column"] = "T_1"
    change(draft)
    evaluation = draft.load(tmp_path)
    if not rule:
        assert Form(xlsform(handout(evaluation, "noord"))).choices("G1")[0] == "A1"
        return
    with pytest.raises(ConfigError) as refused:
        xlsform(handout(evaluation, "noord"))
    assert [(problem.rule, problem.column) for problem in refused.value.problems] == [(rule, column)]
