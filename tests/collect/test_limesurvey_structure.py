"""The questionnaire for LimeSurvey: what LimeSurvey makes of it, and that every answer given there comes back.

LimeSurvey's side is written here by its own rules. Import: the manual's page "Tab Separated Value survey structure" and
TSVImportSurvey in application/helpers/admin/import_helper.php (LimeSurvey 6). Codes: the rules of the model Question and
the lengths in installer/create-database.php. Response export: headings are question codes, a subquestion in brackets.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import factory
from midterm.clean.survey import clean_survey
from midterm.collect.limesurvey import limesurvey
from midterm.collect.questionnaire import handout
from midterm.description import Evaluation, load_evaluation
from midterm.errors import ConfigError
from midterm.read import read_survey

ROOT = Path(__file__).resolve().parents[2]
REAL = "evaluations/allianties-2023-2025"
NO_ATTRIBUTE = ["class", "type/scale", "name", "text", "validation", "relevance", "help", "language", "mandatory", "other", "same_default", "default"]
WITH_SUBQUESTIONS = {"F", "M", "K", "Q"}


@dataclass
class Question:
    """One question as LimeSurvey holds it after the import: texts by language, the rest once."""

    kind: str
    code: str
    mandatory: str
    attributes: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)
    help: dict[str, str] = field(default_factory=dict)
    subquestions: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def headings(self) -> list[str]:
        return [f"{self.code}[{sub}]" for sub in self.subquestions] if self.kind in WITH_SUBQUESTIONS else [self.code]


@dataclass
class Survey:
    """A survey after the import."""

    settings: dict[str, str] = field(default_factory=dict)
    said: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: dict[str, list[Question]] = field(default_factory=dict)
    titles: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def questions(self) -> list[Question]:
        return [question for group in self.groups.values() for question in group]

    def question(self, code: str) -> Question:
        return next(question for question in self.questions if question.code == code)


def imported(content: bytes) -> Survey:
    """Read a survey structure as TSVImportSurvey does: by proximity, a question in a second language known by group and code."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8")), delimiter="\t"))
    heads = [re.sub(r"^\W+", "", lines[0][0]), *lines[0][1:]]
    survey, group, question = Survey(), "", None
    for line in lines[1:]:
        assert len(line) == len(heads)
        row = {head: cell for head, cell in zip(heads, line, strict=True) if cell}
        if row["class"] == "S":
            survey.settings[row["name"]] = row["text"]
        elif row["class"] == "SL":
            survey.said.setdefault(row["language"], {})[row["name"]] = row["text"]
        elif row["class"] == "G":
            group = row["type/scale"]
            survey.groups.setdefault(group, [])
            survey.titles.setdefault(group, {})[row["language"]] = row["name"]
        elif row["class"] == "Q":
            question = next((known for known in survey.groups[group] if known.code == row["name"]), None)
            if question is None:
                assert row["language"] == survey.settings["language"]
                attributes = {head: cell for head, cell in row.items() if head not in (*NO_ATTRIBUTE, "id")}
                question = Question(row["type/scale"], row["name"], row.get("mandatory", ""), attributes)
                survey.groups[group].append(question)
            question.texts[row["language"]] = row["text"]
            question.help[row["language"]] = row.get("help", "")
        else:
            assert question
            entries = {"SQ": question.subquestions, "A": question.answers}[row["class"]]
            entries.setdefault(row["name"], {})[row["language"]] = row["text"]
    return survey


def evaluated(equation: str, answers: dict[str, str]) -> str:
    """Return what LimeSurvey stores for an equation: text as it stands, and in braces nested ``if(list=='code','value',...)``."""
    if not equation.startswith("{"):
        return equation
    for code, answer, value in re.findall(r"if\((\w+)=='(\w+)','([^']*)',", equation):
        if answers.get(code) == answer:
            return str(value)
    return ""


def exported(survey: Survey, answers: list[dict[str, str]]) -> bytes:
    """Return the response export (codes) of people who gave ``answers`` by heading and reached the last page."""
    rows = []
    for number, given in enumerate(answers, 1):
        row = {"id": str(number), "submitdate": f"2025-04-{number:02d} 10:00:00", "lastpage": str(len(survey.groups)), "startlanguage": "nl"}
        row |= {"seed": "1", "startdate": f"2025-04-{number:02d} 09:50:00", "datestamp": f"2025-04-{number:02d} 10:00:00"}
        for question in survey.questions:
            for heading in question.headings:
                row[heading] = evaluated(question.attributes["equation"], given) if question.kind == "*" else given.get(heading, "")
        timings = ("interviewtime", *(f"groupTime{group}" for group in survey.groups)) if survey.settings["savetimings"] == "Y" else ()
        rows.append({**row, **dict.fromkeys(timings, "540.5")})
    return factory.delimited(rows)


def people(survey: Survey) -> Iterator[dict[str, str]]:
    """Give seven people: they use every answer of every question between them; the last answers nothing that may be skipped."""
    for person in range(7):
        given = {"DEELCODE": f"p{person}"}
        for question in survey.questions:
            for at, heading in enumerate(question.headings):
                if question.code == "ORGANISATIELIST":
                    given[heading] = list(question.answers)[person % len(question.answers)]
                elif question.code == "ORGANISATIE" and question.kind == "S":
                    given[heading] = f"Stichting {'ABCDEFG'[person]}"
                elif person < 6 and question.kind in ("F", "L"):
                    given[heading] = list(question.answers)[(person + at) % len(question.answers)]
                elif person < 6 and question.kind == "M":
                    given[heading] = "Y" if (person + at) % 2 else ""
                elif person < 6 and question.kind == "N":
                    given[heading] = str(person * 10)
                elif person < 6 and question.kind == "T":
                    given[heading] = f'Woord {person}, met "komma"\nen regel'
        yield given


@cache
def shipped(name: str) -> Evaluation:
    """Return a description of the repository, read once."""
    return load_evaluation(ROOT / name)


def copied(name: str, folder: Path) -> Evaluation:
    """Return a copy of a description that the tests may give data."""
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / name / "data/raw/survey").mkdir(parents=True)
    shutil.copy(ROOT / name / "evaluation.yml", folder / name / "evaluation.yml")
    return load_evaluation(folder / name)


MEANING: dict[str, tuple[float | None, str]] = {**{f"A{value}": (float(value), "") for value in range(1, 6)}, "A9": (None, "dont_know"), "": (None, "empty")}


def meant(heading: str, cell: str) -> tuple[float | None, str]:
    """Return what the codebook says that a cell means, worked by hand."""
    if heading.startswith("KNELP"):
        return (1.0 if cell == "Y" else 0.0), ""
    if heading == "INCID":
        return (float(cell), "") if cell else (None, "empty")
    return MEANING[cell]


@pytest.mark.parametrize(
    ("name", "alliance", "wave"),
    [(".", "klimop", "2023"), (".", "waterlelie", "2025"), (REAL, "worden-wie-je-bent", "2023"), (REAL, "act4respect", "2025")],
)
def test_every_answer_given_in_limesurvey_comes_back(name: str, alliance: str, wave: str, tmp_path: Path) -> None:
    evaluation = copied(name, tmp_path)
    survey = imported(limesurvey(handout(evaluation, alliance, wave)))
    given = list(people(survey))
    (evaluation.folder / f"data/raw/survey/results-survey-{wave}.csv").write_bytes(exported(survey, given))
    cleaned = clean_survey(evaluation, wave, read_survey(evaluation, wave))
    assert cleaned.quarantine == ()
    responses = cleaned.tables["responses"].set_index(["respondent_id", "item"])
    items = evaluation.codebook.items
    assert len(responses) == 7 * len(items)
    for answers in given:
        for item in items:
            found = responses.loc[(answers["DEELCODE"], item.id)]
            value, kind = meant(item.column, answers.get(item.column, ""))
            assert (found["alliance"], found["wave"]) == (alliance, wave)
            assert (None if value is None else float(found["value"])) == value
            assert (found["missing_kind"] == kind) if kind else not isinstance(found["missing_kind"], str)
    own_words = [text for answers in given for heading, text in answers.items() if heading == "TOELICHTING"]
    assert own_words
    assert sorted(cleaned.tables["open_answers"]["answer"]) == sorted(own_words)


@pytest.mark.parametrize(("name", "alliance"), [(".", "klimop"), (REAL, "politica"), (REAL, "act4respect")])
def test_organisations_are_chosen_from_the_partners_and_come_back_as_their_ids(name: str, alliance: str) -> None:
    evaluation = shipped(name)
    survey = imported(limesurvey(handout(evaluation, alliance)))
    partners = evaluation.alliance(alliance).organisations
    question = survey.question("ORGANISATIE")
    if not partners:
        assert (question.kind, question.mandatory) == ("S", "Y")
        return
    chosen = survey.question("ORGANISATIELIST")
    assert (chosen.kind, chosen.mandatory, len(chosen.answers)) == ("L", "Y", len(partners))
    assert [evaluated(question.attributes["equation"], {"ORGANISATIELIST": answer}) for answer in chosen.answers] == list(partners)


def test_headings_of_the_export_are_the_columns_that_the_evaluation_declares() -> None:
    survey = imported(limesurvey(handout(shipped("."), "klimop")))
    headings = [heading for question in survey.questions for heading in question.headings]
    raw = (ROOT / "data/raw/survey/results-survey-2025.csv").read_text(encoding="utf-8-sig").splitlines()[0].replace('"', "").split(",")
    own = {"id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "ipaddr", "refurl", "interviewtime", "HERKOMST"}
    assert set(headings) - {"ORGANISATIELIST"} == {heading for heading in raw if heading not in own and not heading.startswith("groupTime")}


def test_types_bounds_and_pages_are_those_of_the_codebook() -> None:
    survey = imported(limesurvey(handout(shipped("."), "klimop")))
    kinds = {question.code: question.kind for question in survey.questions}
    assert (kinds["DOEL"], kinds["INCID"], kinds["KNELP"], kinds["DEELCODE"], kinds["ALLIANTIE"]) == ("F", "N", "M", "S", "*")
    assert survey.question("INCID").attributes == {"min_num_value_n": "0", "max_num_value_n": "50", "num_value_int_only": "1"}
    assert survey.question("ALLIANTIE").attributes == {"equation": "klimop", "hidden": "1"}
    assert list(survey.question("DOEL").answers) == ["A1", "A2", "A3", "A4", "A5", "A9"]
    page = {question.code: int(number) for number, group in survey.groups.items() for question in group}
    assert [page[code] for code in ("DEELCODE", "DOEL", "AFST", "VERTR", "VOORT", "INCID", "KNELP")] == [1, 2, 3, 4, 5, 6, 7]


def test_nothing_that_identifies_is_kept_and_times_are() -> None:
    settings = imported(limesurvey(handout(shipped("."), "klimop"))).settings
    assert {settings[name] for name in ("ipaddr", "refurl", "usetokens", "usecookie", "allowregister", "listpublic", "publicstatistics")} == {"N"}
    assert {settings[name] for name in ("anonymized", "datestamp", "savetimings")} == {"Y"}
    assert (settings["language"], settings["additional_languages"], settings["format"]) == ("nl", "en", "G")
    assert re.fullmatch(r"[1-9]\d{5}", settings["sid"])


def test_codes_are_such_as_limesurvey_does_not_rename() -> None:
    for name in (".", REAL):
        evaluation = shipped(name)
        for alliance in evaluation.alliances:
            survey = imported(limesurvey(handout(evaluation, alliance)))
            codes = [question.code for question in survey.questions]
            assert len(codes) == len(set(codes))
            assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]{0,19}", code) for code in codes)
            assert all(re.fullmatch(r"[a-zA-Z0-9]{1,20}", sub) and sub != "time" for question in survey.questions for sub in question.subquestions)
            assert all(re.fullmatch(r"[a-zA-Z0-9]{1,5}", answer) for question in survey.questions for answer in question.answers)


def test_every_text_stands_in_both_languages_and_in_the_words_of_the_wave() -> None:
    survey = imported(limesurvey(handout(shipped("."), "klimop", "2023")))
    texts = [question.texts for question in survey.questions] + list(survey.titles.values())
    texts += [entry for question in survey.questions for entry in (*question.subquestions.values(), *question.answers.values())]
    assert all(set(text) == {"nl", "en"} for text in texts)
    assert survey.question("VERTR").subquestions["SQ003"] == {
        "nl": "De partners zijn open over tegenvallers.",
        "en": "The partners are open about setbacks.",
    }
    assert survey.question("INCID").texts["en"].startswith("How often in the past year")
    assert "10 personen" in survey.said["nl"]["surveyls_welcometext"]
    assert "10 persons" in survey.said["en"]["surveyls_welcometext"]


def test_signs_that_mean_something_in_html_or_to_limesurvey_stay_signs(tmp_path: Path) -> None:
    draft = factory.draft()
    draft.item("goal_1")["wording"] = factory.both('Meer dan 5 < 6 & "zeker" {TOKEN}')
    draft.evaluation["organisations"][0]["name"] = "School & Veiligheid"
    survey = imported(limesurvey(handout(draft.load(tmp_path), "noord")))
    assert survey.question("G1").texts["nl"] == "Meer dan 5 &lt; 6 &amp; &quot;zeker&quot; &#123;TOKEN&#125;"
    assert survey.question("ORGANISATIELIST").answers["A1"]["nl"] == "School &amp; Veiligheid"


def test_statements_with_columns_of_their_own_are_questions_of_their_own_with_the_introduction_at_the_first(tmp_path: Path) -> None:
    survey = imported(limesurvey(handout(factory.draft().load(tmp_path), "noord")))
    assert [question.kind for question in survey.groups["2"]] == ["L", "L", "L"]
    assert [question.help["nl"] for question in survey.groups["2"]] == ["De vragen gaan hierover.", "", ""]
    assert list(survey.question("K1").answers) == ["Y"]


def test_open_questions_come_back_apart_from_the_items(tmp_path: Path) -> None:
    draft = factory.draft()
    draft.codebook["open_questions"] = [
        {"id": "remarks", "block": "bottlenecks", "column": "OPEN", "page": 5, "wording": factory.both("Wat wilt u nog kwijt?")}
    ]
    evaluation = draft.load(tmp_path)
    survey = imported(limesurvey(handout(evaluation, "noord")))
    assert (survey.question("OPEN").kind, survey.groups["5"][-1].code) == ("T", "OPEN")
    given = [{"CODE": "p1", "ORGANISATIELIST": "A1", "G1": "A4", "OPEN": "Meer tijd, minder papier."}]
    (tmp_path / "data/raw/survey-2025.csv").write_bytes(exported(survey, given))
    cleaned = clean_survey(evaluation, "2025", read_survey(evaluation, "2025"))
    assert cleaned.quarantine == ()
    assert "Meer tijd, minder papier." in cleaned.tables["open_answers"].to_numpy()
    assert "Meer tijd" not in cleaned.tables["responses"].to_csv()


def test_a_wave_that_stands_in_a_column_is_filled_in(tmp_path: Path) -> None:
    draft = factory.draft()
    both = {
        **factory.survey_source("2023"),
        "file": "data/raw/survey.csv",
        "wave": {"column": "RONDE", "values": {"nulmeting": "2023", "tussenmeting": "2025"}},
    }
    draft.evaluation["sources"]["surveys"] = [both]
    survey = imported(limesurvey(handout(draft.load(tmp_path), "zuid", "2025")))
    assert survey.question("RONDE").attributes == {"equation": "tussenmeting", "hidden": "1"}
    assert survey.question("ALLIANTIE").attributes == {"equation": "zuid", "hidden": "1"}


def test_same_input_gives_the_same_bytes() -> None:
    assert limesurvey(handout(shipped("."), "klimop")) == limesurvey(handout(shipped("."), "klimop"))


def shared_boxes(draft: factory.Draft) -> None:
    for box in ("box_1", "box_2"):
        draft.item(box).update(column="K", option=[box[-1]])


def set_item(name: str, **changes: Any) -> Any:
    return lambda draft: draft.item(name).update(changes)


def set_codes(*codes: str) -> Any:
    return lambda draft: draft.codebook["scales"]["agree"]["answers"][0].update(codes=list(codes))


FAULTS = [
    (set_item("goal_1", column="Q1_a"), "no_limesurvey_code", "Q1_a"),
    (set_item("goal_1", column="1a"), "no_limesurvey_code", "1a"),
    (set_item("goal_1", column="A234567890123456789012"), "no_limesurvey_code", "A234567890123456789012"),
    (set_item("goal_1", column="SAVEDID"), "no_limesurvey_code", "SAVEDID"),
    (set_item("goal_1", column="X[a][b]"), "no_limesurvey_code", "X[a][b]"),
    (set_item("goal_1", column="T[time]"), "no_limesurvey_code", "T[time]"),
    (set_codes("te lang"), "no_limesurvey_code", "G1"),
    (set_item("goal_1", page=9), "empty_page", "page"),
    (shared_boxes, "shared_column", "K"),
    (lambda draft: (set_item("safety_1", column="S[a]")(draft), set_item("goal_1", column="S[b]")(draft)), "same_limesurvey_code", "S"),
    (lambda draft: (set_item("safety_1", column="S[a]", block="incidents")(draft), set_item("incidents_1", column="S[b]")(draft)), "mixed_scales", "S[a]"),
    (lambda draft: draft.codebook["scales"]["box"].update(empty_value=1), "no_ticked_answer", "K1"),
    (
        lambda draft: [draft.codebook["scales"]["box"]["answers"][0].update(codes=["1"]), *(set_item(f"box_{n}", column=f"K[{n}]")(draft) for n in (1, 2))],
        "no_limesurvey_code",
        "K[1]",
    ),
]


@pytest.mark.parametrize(("change", "rule", "column"), FAULTS, ids=[f"{rule} {column}" for _, rule, column in FAULTS])
def test_what_limesurvey_would_change_is_refused_by_name(change: Any, rule: str, column: str, tmp_path: Path) -> None:
    draft = factory.draft()
    change(draft)
    evaluation = draft.load(tmp_path)
    with pytest.raises(ConfigError) as refused:
        limesurvey(handout(evaluation, "noord"))
    assert [(problem.rule, problem.column) for problem in refused.value.problems] == [(rule, column)]


def test_who_answers_must_be_asked_in_one_declared_column(tmp_path: Path) -> None:
    draft = factory.draft()
    draft.evaluation["sources"]["surveys"][1]["columns"]["organisation"] = ["ORG", "DEEL"]
    draft.evaluation["waves"].append({"id": "2027", "label": factory.both("2027"), "year": 2027})
    evaluation = draft.load(tmp_path)
    for wave, rule in (("2025", "composite_key"), ("2027", "undeclared_survey"), ("2031", "unknown_wave")):
        with pytest.raises(ConfigError) as refused:
            handout(evaluation, "noord", wave)
        assert refused.value.problems[0].rule == rule
