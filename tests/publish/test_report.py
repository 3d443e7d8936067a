"""The documents of the shipped evaluation: whole, accessible, marked, and with numbers from the tables only."""

from __future__ import annotations

import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest

from midterm.description import load_evaluation
from midterm.errors import UserError
from midterm.publish.disclosure import Published, publishable
from midterm.publish.published import read_published
from midterm.publish.report.chapters import CHAPTERS
from midterm.publish.report.context import Context, escaped, markdown_table
from midterm.tables import Store

MARK = "Synthetisch / synthetic"


class Page(HTMLParser):
    """Collects what an accessible page needs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def context(evaluated: Path) -> Context:
    store, evaluation = Store(evaluated), load_evaluation(evaluated)
    tables = Published({**read_published(store, evaluation), "evidence": store.read("evidence")})
    return Context(evaluation, tables, "nl", evaluated / "reports/figures", "svg")


def test_html_is_whole_and_asks_nothing_of_the_network(evaluated: Path) -> None:
    text = (evaluated / "reports/report.nl.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.all("html")[0]["lang"] == "nl-NL"
    assert len(page.all("img")) > 30
    assert all(image["alt"] and str(image["src"]).startswith("data:") for image in page.all("img"))
    assert not [attributes for tag, attributes in page.tags if tag in ("script", "link", "iframe")]
    assert not re.findall(r'(?:src|href)="https?:', text)
    assert page.all("th")
    assert all(header.get("scope") == "col" for header in page.all("th"))
    assert len(page.all("nav")) == 1
    assert MARK in text


def test_headings_come_in_order_of_the_chapters(evaluated: Path) -> None:
    document = docx.Document(str(evaluated / "reports/report.nl.docx"))
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style and paragraph.style.name == "Heading 1"]
    assert len(headings) == len(CHAPTERS)
    order = ["Respons", "Per alliantie", "Conclusies", "Aanbevelingen"]
    assert [heading for heading in headings if heading in order] == order


def test_word_pictures_have_alt_texts_and_the_document_its_mark(evaluated: Path) -> None:
    for name, part in (("docx", "word/document.xml"), ("odt", "content.xml")):
        with zipfile.ZipFile(evaluated / f"reports/report.nl.{name}") as archive:
            content = archive.read(part).decode("utf-8")
        assert MARK in content
        if name == "docx":
            described = re.findall(r'<wp:docPr[^>]*descr="([^"]*)"', content)
            assert len(described) > 30
            assert all(len(text) > 40 for text in described)


def test_pdf_claims_both_standards_and_has_tags_language_and_pictures(evaluated: Path) -> None:
    content = (evaluated / "reports/report.nl.pdf").read_bytes()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"/MarkInfo" in content


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.__name__)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_chapter_speaks_both_languages(context: Context, chapter: object, language: str) -> None:
    spoken = Context(context.evaluation, context.tables, language, context.figures, context.picture)  # type: ignore[arg-type]
    text = "\n\n".join(chapter(spoken))  # type: ignore[operator]
    assert text.startswith("# ")
    assert not re.search(r"[^\\]\{[a-z_]+\}", text), "a placeholder was left open"
    assert "nan" not in text.lower().split()
    assert "<NA>" not in text


def test_no_document_holds_a_path_of_the_machine(evaluated: Path) -> None:
    for path in evaluated.glob("reports/report.*"):
        content = path.read_bytes()
        if path.suffix in (".docx", ".odt"):
            with zipfile.ZipFile(path) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".xml"))
        assert str(evaluated).encode() not in content, path.name
        assert b"/tmp/" not in content, path.name


def test_a_changed_number_changes_the_text(context: Context) -> None:
    indicator = context.evaluation.indicator("cooperation")
    before = context.change_in_words("all", indicator)
    changed = context.tables["change"].copy()
    changed.loc[(changed["alliance"] == "all") & (changed["indicator"] == "cooperation"), "estimate"] = 1.23
    after = Context(context.evaluation, {**context.tables, "change": changed}, "nl", context.figures, "svg").change_in_words("all", indicator)
    assert "+1,23" in after
    assert "+1,23" not in before


def test_a_reference_to_a_row_that_is_gone_is_named(context: Context) -> None:
    change = context.tables["change"]
    gone = change[~((change["alliance"] == "klimop") & (change["indicator"] == "capacity"))]
    with pytest.raises(UserError, match="alliance=klimop, indicator=capacity"):
        Context(context.evaluation, {**context.tables, "change": gone}, "nl", context.figures, "svg").change_of("klimop", "capacity")


def test_a_small_group_is_not_told(context: Context) -> None:
    change = context.tables["change"].copy()
    is_row = (change["alliance"] == "klimop") & (change["indicator"] == "cooperation")
    change.loc[is_row, "n_to"] = 9
    hidden = publishable({"change": change}, context.evaluation)
    text = Context(context.evaluation, {**context.tables, **hidden}, "nl", context.figures, "svg").change_in_words(
        "klimop", context.evaluation.indicator("cooperation")
    )
    assert text == "Samenwerking: te weinig personen."


@pytest.mark.parametrize(
    "text", ["*sterren* _streepjes_", "# kop", "<b>html</b>", "$x^2$", "[naam](http://x.nl)", "a | b", "=SOM(A1)", "1. een", "@naam", "C:\\pad", "'aanhaling'"]
)
def test_markup_in_a_text_stays_a_text(text: str) -> None:
    import pypandoc

    from midterm.publish.documents import READER

    plain = pypandoc.convert_text(f"Tekst {escaped(text)}", "plain", format=READER, extra_args=["--wrap=none"]).strip()
    assert plain == f"Tekst {text}"


def test_table_keeps_a_bar_in_a_cell() -> None:
    made = markdown_table("Titel", ["a", "b"], [["x | y", 1]], numeric=[1])
    assert made.splitlines()[2] == "|x \\| y|1|"


def test_report_names_no_cause(evaluated: Path) -> None:
    text = (evaluated / "reports/report.nl.html").read_text(encoding="utf-8").lower()
    assert [word for word in ("dankzij", "leidt tot", "leidde tot", "als gevolg van", "door het beleid") if word in text] == []


def test_incomplete_sources_are_said(context: Context) -> None:
    framework = context.tables["framework"]
    attainment = context.tables["attainment"]
    without = {"framework": framework[framework["alliance"] != "baken"], "attainment": attainment[attainment["alliance"] != "baken"]}
    text = "\n".join(part for chapter in CHAPTERS for part in chapter(Context(context.evaluation, {**context.tables, **without}, "nl", context.figures, "svg")))
    assert escaped("Er is geen bruikbaar evaluatiekader van deze alliantie ontvangen.") in text
