"""The factsheet that an alliance is asked to check: two pages, plain words, and by rule what the data do not show."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from midterm.description import load_evaluation
from midterm.publish.disclosure import Published
from midterm.publish.documents import FORMATS
from midterm.publish.published import read_published
from midterm.publish.report.context import Context
from midterm.publish.report.factsheet import PARTS, factsheet
from midterm.tables import Store


@pytest.fixture
def context(evaluated: Path) -> Context:
    evaluation = load_evaluation(evaluated)
    return Context(evaluation, read_published(Store(evaluated), evaluation), "nl", evaluated / "reports/figures")


def said(context: Context, alliance: str) -> str:
    """The factsheet without the marks of Markdown."""
    return re.sub(r"\\(.)", r"\1", "\n".join(factsheet(context, alliance)))


def with_change(context: Context, alliance: str, **values: object) -> Context:
    """The same with other values in the planned changes of ``alliance``."""
    table = context.tables["change"]
    changed = table.copy()
    for name, value in values.items():
        changed.loc[changed["alliance"] == alliance, name] = value
    return Context(context.evaluation, Published({**context.tables, "change": changed}), context.language, context.figures)


def test_every_alliance_has_one_in_every_format_and_language(evaluated: Path) -> None:
    evaluation = load_evaluation(evaluated)
    made = {path.name for path in (evaluated / "reports/factsheets").iterdir()}
    assert made == {f"{alliance}.{language}.{kind}" for alliance in evaluation.alliances for language in ("nl", "en") for kind in FORMATS}


def test_every_pdf_has_two_pages_at_most(evaluated: Path) -> None:
    for path in (evaluated / "reports/factsheets").glob("*.pdf"):
        pages = [int(count) for count in re.findall(rb"/Type/Pages/Count (\d+)", path.read_bytes())]
        assert max(pages) <= 2, path.name


def test_no_heading_in_word_begins_a_page(evaluated: Path) -> None:
    with zipfile.ZipFile(evaluated / "reports/factsheets/klimop.nl.docx") as archive:
        assert b"pageBreakBefore" not in archive.read("word/styles.xml")
    with zipfile.ZipFile(evaluated / "reports/factsheets/klimop.nl.odt") as archive:
        assert b'break-before="page"' not in archive.read("styles.xml")
    with zipfile.ZipFile(evaluated / "reports/report.nl.docx") as archive:
        assert b"pageBreakBefore" in archive.read("word/styles.xml")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_all_parts_speak_both_languages(context: Context, language: str) -> None:
    spoken = Context(context.evaluation, context.tables, language, context.figures)  # type: ignore[arg-type]
    for alliance in context.evaluation.alliances:
        text = "\n".join(factsheet(spoken, alliance))
        assert text.count("\n# ") == len(PARTS) - 2, "all parts but the request and the evaluators' own text have a heading"
        assert not re.search(r"[^\\]\{[a-z_]+\}", text)
        assert "nan" not in text.lower().split()


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("changed_better", "Dit is een verbetering die niet goed met toeval te verklaren is."),
        ("changed_worse", "Dit is een verslechtering die niet goed met toeval te verklaren is."),
        ("no_relevant_change", "Een verandering van 0,30 punten (1-5) of meer, groot genoeg om van belang te zijn, is er niet."),
        ("inconclusive", "Of er echt iets is veranderd, valt met deze gegevens niet te zeggen."),
    ],
)
def test_a_verdict_is_said_in_plain_words(context: Context, verdict: str, sentence: str) -> None:
    text = said(with_change(context, "zonnewijzer", verdict=verdict, ci_low=-0.2, ci_high=0.5), "zonnewijzer")
    assert sentence in text
    assert "Het echte verschil ligt waarschijnlijk tussen −0,20 en +0,50." in text


def test_a_small_group_is_described_without_an_interval(context: Context) -> None:
    text = said(context, "klimop")
    assert "De groep is te klein om te toetsen" in text
    assert "waarschijnlijk tussen" not in text
    assert "Er zijn gegevens van 3 organisaties in beide metingen." in text


def test_what_is_unsure_hidden_or_absent_is_said_by_rule(context: Context) -> None:
    assert "Of dit is veranderd: Samenwerking" in said(with_change(context, "baken", verdict="inconclusive"), "baken")
    hidden = with_change(context, "baken", estimate=float("nan"), flag="small_n")
    assert "Hoe dit veranderde, omdat het om minder dan 10 personen gaat of omdat de antwoorden van anderen eruit zijn af te leiden: Samenwerking, " in said(
        hidden, "baken"
    )
    absent = with_change(context, "baken", estimate=float("nan"), flag="")
    assert "Onderwerpen waarover geen gegevens zijn: Samenwerking" in said(absent, "baken")


def test_who_did_not_answer_is_told_of_the_last_wave(context: Context) -> None:
    row = context.tables["response"].set_index(["alliance", "wave"]).loc[("klimop", "2025")]
    assert (int(row["usable"]), int(row["invited"])) == (15, 20)
    assert "in 2025 was dat 25% van de genodigden" in said(context, "klimop")


def test_an_alliance_without_a_framework_is_told_so(context: Context) -> None:
    attainment = context.tables["attainment"]
    without = Published({**context.tables, "attainment": attainment[attainment["alliance"] != "klimop"]})
    text = said(Context(context.evaluation, without, "nl", context.figures), "klimop")
    assert "Er is geen bruikbaar evaluatiekader van deze alliantie ontvangen." in text
    assert "zelf gemeld" not in text


def test_the_evaluators_own_text_ends_it(context: Context) -> None:
    own = Context(context.evaluation, context.tables, "nl", context.figures, {"alliance-klimop": "Eigen woorden."})
    assert said(own, "klimop").endswith("# Toelichting van de evaluatoren\nEigen woorden.")


def test_a_changed_number_changes_the_words(context: Context) -> None:
    table: pd.DataFrame = context.tables["indicators"].copy()
    is_row = (table["alliance"] == "baken") & (table["indicator"] == "cooperation") & (table["wave"] == "2025") & (table["statistic"] == "mean")
    table.loc[is_row, "estimate"] = 1.23
    changed = Context(context.evaluation, Published({**context.tables, "indicators": table}), "nl", context.figures)
    assert "en 1,2 in 2025" in said(changed, "baken")
    assert "en 1,2 in 2025" not in said(context, "baken")


@pytest.mark.slow
def test_two_pages_suffice_in_an_office_program_too(evaluated: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("there is no LibreOffice here; how many pages it needs is not counted")
    sheets = sorted((evaluated / "reports/factsheets").glob("*.nl.docx"))
    command = [office, "--headless", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--convert-to", "pdf", "--outdir", tmp_path, *sheets]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    for path in tmp_path.glob("*.pdf"):
        pages = re.findall(rb"/Type\s*/Pages\b.*?/Count\s+(\d+)", path.read_bytes(), re.DOTALL)
        assert max(map(int, pages)) <= 2, path.name
    assert len(list(tmp_path.glob("*.pdf"))) == len(sheets)
