"""The four formats of one text: the same numbers, references that lead somewhere, headers, alt texts, styles that an evaluator can change."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import page as page_validation
import pytest
from docx.oxml.ns import qn
from docx.shared import RGBColor
from lxml import etree
from PIL import Image

import reference_documents
from midterm.description import Evaluation
from midterm.errors import UserError
from midterm.publish.documents import FORMATS, TEMPLATES, Job, Look, Manuscript, write_documents
from midterm.publish.report.context import Context, Spoken, markdown_table

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
NS = {
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
}
HOSTILE = "*ster* <b>html</b> $x^2$ \\textbf{tex} #let [naam](http://x.nl) | {#fig-x} ::: @ref ~~weg~~ [^1]"


def pictured(folder: Path, *names: str, title: str = "Titel") -> Path:
    """Lay down figures as the figure writer leaves them."""
    for name in names:
        (folder / f"{name}.svg").write_text(SVG)
        Image.new("RGB", (400, 200), "navy").save(folder / f"{name}.png")
        (folder / f"{name}.json").write_text(json.dumps({"title": title, "caption": "Bron.", "alt": f'Alt van "{name}".'}))
    return folder


@pytest.fixture
def context(tiny: Evaluation, tmp_path: Path) -> Context:
    return Context(tiny, {}, "nl", pictured(tmp_path, "answers_all.nl", "waves_all.nl"))


def text_of(context: Context) -> str:
    rows = [["a", 1], ["b", 2]]
    parts = ["# Eerste", f"Zie {context.see('waves', 'all')} en {context.see_table('tweede')}.", context.figure("answers", "all")]
    parts += [markdown_table("Een", ["Naam", "n"], rows, numeric=[1], key="eerste"), "## Onder"]
    parts += [context.figure("waves", "all"), markdown_table("Twee", ["Naam", "n"], rows, numeric=[1], key="tweede")]
    return "\n\n".join(parts)


def manuscript(context: Context, body: str, mark: str = "Merk") -> Manuscript:
    return Manuscript("Naam van het stuk", "Onder", mark, "Let op." if mark else "", body, context.figures, Look.of(context.evaluation, context.language))


def written(text: Manuscript, folder: Path) -> dict[str, Path]:
    paths = {kind: folder / f"out/stuk.{kind}" for kind in FORMATS}
    write_documents([Job(text, path, kind) for kind, path in paths.items()])  # type: ignore[arg-type]
    return paths


@pytest.fixture
def made(context: Context, tmp_path: Path) -> dict[str, Path]:
    return written(manuscript(context, text_of(context)), tmp_path)


def odt(path: Path, part: str = "content.xml") -> Any:
    return etree.fromstring(zipfile.ZipFile(path).read(part))


def test_word_numbers_captions_with_fields_in_the_caption_styles(made: dict[str, Path]) -> None:
    document = docx.Document(str(made["docx"]))
    captions = [paragraph for paragraph in document.paragraphs if paragraph.style.name in ("Image Caption", "Table Caption")]
    fields = [field.get(qn("w:instr")).split()[:2] for paragraph in captions for field in paragraph._p.iter(qn("w:fldSimple"))]
    assert fields == [["SEQ", "Figuur"], ["SEQ", "Tabel"], ["SEQ", "Figuur"], ["SEQ", "Tabel"]]
    whole = ["".join(part.text for part in paragraph._p.iter(qn("w:t"))) for paragraph in captions]
    assert whole == ["Figuur 1. Titel. Bron.", "Tabel 1. Een", "Figuur 2. Titel. Bron.", "Tabel 2. Twee"]
    assert {paragraph.style.base_style.name for paragraph in captions} == {"Caption"}


def test_word_references_are_fields_that_lead_to_the_number(made: dict[str, Path]) -> None:
    body = docx.Document(str(made["docx"])).element.body
    bookmarks = {mark.get(qn("w:name")): mark for mark in body.iter(qn("w:bookmarkStart"))}
    links = [link for link in body.iter(qn("w:hyperlink")) if list(link.iter(qn("w:fldSimple")))]
    assert ["".join(part.text for part in link.iter(qn("w:t"))) for link in links] == ["figuur 2", "tabel 2"]
    for link in links:
        field = next(link.iter(qn("w:fldSimple")))
        assert field.get(qn("w:instr")).split() == ["REF", link.get(qn("w:anchor")), "\\h"]
        numbered = bookmarks[link.get(qn("w:anchor"))].getnext()
        assert "SEQ" in numbered.get(qn("w:instr"))
    contents = [link for link in body.iter(qn("w:hyperlink")) if link not in links]
    assert len(contents) == 2
    assert all(link.get(qn("w:anchor")) in bookmarks for link in contents)
    assert len({mark.get(qn("w:id")) for mark in bookmarks.values()}) == len(bookmarks)


def test_word_tables_repeat_their_headers_and_pictures_speak(made: dict[str, Path]) -> None:
    document = docx.Document(str(made["docx"]))
    assert len(document.tables) == 2
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
        assert table.cell(0, 0).paragraphs[0].style.name == "Table Text"
        assert table._tbl.tblPr.find(qn("w:tblCaption")) is not None
    assert [drawn.get("descr") for drawn in document.element.body.iter(qn("wp:docPr"))] == ['Alt van "answers_all.nl".', 'Alt van "waves_all.nl".']
    drawn = (made["docx"].parents[1] / "answers_all.nl.png").read_bytes()
    assert [part.blob for part in document.part.package.image_parts] == [drawn, drawn]
    section = document.sections[0]
    assert section.header.paragraphs[-1].text == "Merk"
    assert "PAGE" in section.footer._element.xml
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert document.styles.element.xpath("//w:lang/@w:val") == ["nl-NL"]
    assert document.core_properties.title == "Naam van het stuk"


def test_opendocument_says_the_same(made: dict[str, Path]) -> None:
    root = odt(made["odt"])
    captions = ["".join(paragraph.itertext()) for paragraph in root.iterfind(".//text:p[text:sequence]", NS)]
    assert captions == ["Figuur 1. Titel. Bron.", "Tabel 1. Een", "Figuur 2. Titel. Bron.", "Tabel 2. Twee"]
    known = set(root.xpath("//text:bookmark/@text:name | //text:bookmark-start/@text:name", namespaces=NS))
    references = root.xpath("//text:a[text:sequence-ref]", namespaces=NS)
    assert ["".join(link.itertext()) for link in references] == ["figuur 2", "tabel 2"]
    sequences = set(root.xpath("//text:sequence/@text:ref-name", namespaces=NS))
    assert {link[0].get(f"{{{NS['text']}}}ref-name") for link in references} <= sequences
    assert {target[1:] for target in root.xpath("//text:a/@*[local-name()='href']", namespaces=NS)} <= known
    assert len(root.xpath("//table:table-header-rows", namespaces=NS)) == 2
    assert root.xpath("//draw:frame/svg:desc/text()", namespaces=NS) == ['Alt van "answers_all.nl".', 'Alt van "waves_all.nl".']
    styles = odt(made["odt"], "styles.xml")
    assert "Merk" in "".join(styles.itertext())
    assert set(styles.xpath("//@*[local-name()='country']")) >= {"NL"}


def test_html_says_the_same(made: dict[str, Path]) -> None:
    text = made["html"].read_text(encoding="utf-8")
    assert re.findall(r"<(?:figcaption|caption)[^>]*>(.*?)</", text) == ["Figuur 1. Titel. Bron.", "Tabel 1. Een", "Figuur 2. Titel. Bron.", "Tabel 2. Twee"]
    assert '<a href="#fig-waves_all">figuur 2</a> en <a href="#tab-tweede">tabel 2</a>' in text
    assert all(f'id="{name}"' in text for name in ("fig-waves_all", "tab-tweede"))
    assert re.findall(r"<th[^>]*scope=\"(\w+)\"", text) == ["col", "col", "row", "row"] * 2
    assert text.index("<nav") < text.index("<main")
    assert text.count("data:image/svg+xml") == 2
    assert 'title="Alt' not in text


def test_pdf_is_accessible_and_has_all_its_parts(made: dict[str, Path]) -> None:
    content = made["pdf"].read_bytes()
    for profile in ("ua1", "2a"):
        report = page_validation.validate_pdf_bytes(content, profile=profile)
        assert report.is_compliant, [failure.message for failure in report.failures]
    tags = {tag: len(re.findall(rb"/S/" + tag + rb"\b", content)) for tag in (b"TH", b"TD", b"Figure", b"Caption", b"Table", b"H1", b"H2")}
    assert tags == {b"TH": 4, b"TD": 8, b"Figure": 2, b"Caption": 4, b"Table": 2, b"H1": 2, b"H2": 1}  # the contents have a heading too
    assert b"/Lang(nl-NL)" in content
    assert b"/Outlines" in content


def test_pdf_shows_the_same_numbers(made: dict[str, Path]) -> None:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (Debian: poppler-utils) is not there; the text of the PDF is not read")
    shown = subprocess.run(["pdftotext", made["pdf"], "-"], capture_output=True, text=True, check=True).stdout
    for expected in ("Figuur 1. Titel. Bron.", "Tabel 1. Een", "Figuur 2. Titel. Bron.", "Tabel 2. Twee", "Zie figuur 2 en tabel 2."):
        assert expected in shown


def test_the_same_text_is_the_same_bytes(context: Context, made: dict[str, Path], tmp_path: Path) -> None:
    again = written(manuscript(context, text_of(context)), tmp_path / "elsewhere")
    assert {kind: path.read_bytes() for kind, path in again.items()} == {kind: path.read_bytes() for kind, path in made.items()}


@pytest.mark.parametrize(("see", "name"), [("[](#fig-forest_all)", "figure 'forest_all'"), ("[](#tab-weg)", "table 'weg'")])
def test_a_reference_to_what_is_not_there_is_named_and_nothing_is_written(context: Context, tmp_path: Path, see: str, name: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"stuk: the text refers to the {name}, which is not in the document")):
        written(manuscript(context, f"{text_of(context)}\n\nZie {see}."), tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_broken_reference_is_said_once(context: Context, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        written(manuscript(context, "Zie [](#tab-weg) en [](#tab-weg)."), tmp_path)
    assert len(raised.value.problems) == 1


def test_a_reference_to_a_figure_that_could_not_be_drawn_says_so(context: Context, tmp_path: Path) -> None:
    body = "\n\n".join([f"Zie {context.see('heatmap', 'all')}.", context.figure("heatmap", "all"), context.figure("waves", "all")])
    made = written(manuscript(context, body), tmp_path)
    text = made["html"].read_text(encoding="utf-8")
    assert '<a href="#fig-heatmap_all">figuur die er niet is</a>' in text
    assert 'id="fig-heatmap_all"' in text
    assert "Er is geen figuur ‘" in text
    assert "Figuur 1. Titel" in text
    assert page_validation.is_pdf_compliant_bytes(made["pdf"].read_bytes(), profile="ua1")


def test_a_figure_shown_twice_is_referred_to_at_its_first_place(context: Context, tmp_path: Path) -> None:
    figure = context.figure("waves", "all")
    made = written(manuscript(context, f"Zie {context.see('waves', 'all')}.\n\n{figure}\n\n{figure}"), tmp_path)
    text = made["html"].read_text(encoding="utf-8")
    assert text.count('id="fig-waves_all"') == 1
    assert "figuur 1</a>" in text
    assert "Figuur 2. Titel" in text


def test_markup_in_any_text_stays_text(tiny: Evaluation, tmp_path: Path) -> None:
    context = Context(tiny, {}, "nl", pictured(tmp_path, "waves_all.nl", title=HOSTILE))
    body = "\n\n".join(["# Kop", context.figure("waves", "all"), markdown_table(HOSTILE, [HOSTILE, "n"], [[HOSTILE, 1]])])
    made = written(replace(manuscript(context, body, mark=HOSTILE), title=HOSTILE, subtitle=HOSTILE), tmp_path)
    document = docx.Document(str(made["docx"]))
    shown = ["".join(part.text or "" for part in paragraph._p.iter(qn("w:t"))) for paragraph in document.paragraphs]
    assert shown[:3] == [HOSTILE, HOSTILE, HOSTILE]
    assert f"Figuur 1. {HOSTILE}. Bron." in shown
    assert f"Tabel 1. {HOSTILE}" in shown
    assert document.tables[0].cell(1, 0).text == HOSTILE
    assert document.core_properties.title == HOSTILE
    texts = ["".join(paragraph.itertext()) for paragraph in odt(made["odt"]).iterfind(".//text:p", NS)]
    assert texts.count(HOSTILE) == 5  # title, subtitle, mark, head and cell
    assert "<b>html</b>" not in made["html"].read_text(encoding="utf-8")
    assert page_validation.is_pdf_compliant_bytes(made["pdf"].read_bytes(), profile="ua1")


def test_a_restyled_reference_document_shows_in_the_result(context: Context, tmp_path: Path) -> None:
    own = docx.Document(str(TEMPLATES / "reference.docx"))
    own.styles["Heading 1"].font.color.rgb, own.styles["Heading 1"].font.name = RGBColor(0x7A, 0x00, 0x4C), "Georgia"
    own.save(str(tmp_path / "own.docx"))
    parts = {entry: zipfile.ZipFile(TEMPLATES / "reference.odt").read(entry) for entry in zipfile.ZipFile(TEMPLATES / "reference.odt").namelist()}
    with zipfile.ZipFile(tmp_path / "own.odt", "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part.replace(b'fo:font-size="18.0pt"', b'fo:font-size="33pt"'))
    text = manuscript(context, text_of(context))
    look = replace(text.look, references={"docx": tmp_path / "own.docx", "odt": tmp_path / "own.odt"})
    made = written(replace(text, look=look), tmp_path)
    heading = docx.Document(str(made["docx"])).styles["Heading 1"]
    assert (str(heading.font.color.rgb), heading.font.name) == ("7A004C", "Georgia")
    assert set(odt(made["odt"], "styles.xml").xpath("//*[@*[local-name()='name']='Heading_20_1']/*/@*[local-name()='font-size']")) == {"33pt"}


def test_a_reference_document_without_header_still_gets_the_mark(context: Context, tmp_path: Path) -> None:
    plain = tmp_path / "plain.docx"
    docx.Document().save(str(plain))
    text = manuscript(context, text_of(context))
    made = written(replace(text, look=replace(text.look, references={**text.look.references, "docx": plain})), tmp_path)
    document = docx.Document(str(made["docx"]))
    assert [paragraph.text for paragraph in document.sections[0].header.paragraphs] == ["Merk"]
    assert document.tables[0].cell(0, 0).paragraphs[0].style is not None


def test_colours_and_references_of_the_evaluation_are_taken(tiny: Evaluation) -> None:
    own = tiny.file.publication.model_copy(update={"colours": ("#8e3b00", "#e08214", "#bdbdbd", "#5aa0d0", "#0b5d1e"), "reference_docx": "stijl.docx"})
    look = Look.of(replace(tiny, file=tiny.file.model_copy(update={"publication": own})), "nl")
    assert look.accent == "#0b5d1e"
    assert look.references == {"docx": tiny.folder / "stijl.docx", "odt": TEMPLATES / "reference.odt"}


def test_headings_take_the_accent_in_every_format(context: Context, tmp_path: Path) -> None:
    text = manuscript(context, text_of(context))
    made = written(replace(text, look=replace(text.look, accent="#0b5d1e")), tmp_path)
    assert str(docx.Document(str(made["docx"])).styles["Heading 1"].font.color.rgb) == "0B5D1E"
    assert "#0b5d1e" in made["odt"].read_bytes().decode("latin-1") or b"#0b5d1e" in zipfile.ZipFile(made["odt"]).read("styles.xml")
    assert "h1, h2 { color: #0b5d1e" in made["html"].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(reference_documents.REFERENCES))
def test_the_reference_documents_are_those_that_the_script_makes(name: str) -> None:
    committed, fresh = (zipfile.ZipFile(file) for file in (TEMPLATES / name, io.BytesIO(reference_documents.REFERENCES[name]())))
    assert committed.namelist() == fresh.namelist()
    assert [part for part in committed.namelist() if committed.read(part) != fresh.read(part)] == [], "run tools/reference_documents.py"


def test_a_form_has_no_contents_and_no_numbers(context: Context, tmp_path: Path) -> None:
    text = manuscript(context, "# Eerste\n\n" + markdown_table("Een", ["a"], [["b"]]))
    made = written(replace(text, look=text.look.of_a_form()), tmp_path)
    document = docx.Document(str(made["docx"]))
    assert [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Table Caption"] == ["Een"]
    assert not list(document.element.body.iter(qn("w:sdt")))
    shown = made["html"].read_text(encoding="utf-8")
    assert "<nav" not in shown
    assert "<caption>Een</caption>" in shown
    assert page_validation.is_pdf_compliant_bytes(made["pdf"].read_bytes(), profile="ua1")


def test_libreoffice_opens_what_word_gets(made: dict[str, Path], tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if not office:
        pytest.skip("soffice (Debian: libreoffice-writer) is not there; the Word file is not rendered")
    for kind in ("docx", "odt"):
        command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", "--outdir", tmp_path / kind, made[kind]]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / kind / "stuk.pdf").read_bytes())) >= 2


def test_a_sign_that_the_font_lacks_costs_no_document(context: Context, tmp_path: Path) -> None:
    made = written(manuscript(context, "Regenboog 🌈 en 中, en een punt uit Word \uf0b7.\n"), tmp_path)
    assert set(made) == {"html", "docx", "odt", "pdf"}
    assert "🌈" in made["html"].read_text(encoding="utf-8")


def test_a_reference_that_begins_a_sentence_has_a_capital(context: Context, tmp_path: Path) -> None:
    body = "\n\n".join([context.pointing("{figure} laat alles zien.", "waves"), f"Zie {context.see('waves', 'all')}.", context.figure("waves", "all")])
    text = written(manuscript(context, body), tmp_path)["html"].read_text(encoding="utf-8")
    assert '<a href="#fig-waves_all">Figuur 1</a> laat alles zien' in text
    assert 'Zie <a href="#fig-waves_all">figuur 1</a>' in text
    assert context.pointing("{figure} is er niet.", "nietes") == ""


def test_a_text_in_another_language_is_marked_for_who_has_it_read_aloud(context: Context, tmp_path: Path) -> None:
    table = markdown_table("Twee talen", ["Naam", "Nog een"], [[Spoken("Schools, *with* |", "en"), "Scholen"], [Spoken("", "en"), "x"]])
    made = written(manuscript(context, f"{table}\n\nEn [onbekend]{{lang=ditisgeentaal}}."), tmp_path)
    assert re.findall(r'<span lang="(en)">([^<]*)</span>', made["html"].read_text(encoding="utf-8")) == [("en", "Schools, *with* |")]
    cell = docx.Document(str(made["docx"])).tables[0].rows[1].cells[0].paragraphs[0]
    assert {run.text: [one.get(qn("w:val")) for one in run._r.iter(qn("w:lang"))] for run in cell.runs} == {"Schools, *with* |": ["en"]}
    assert b'fo:language="en"' in etree.tostring(odt(made["odt"]))
    assert set(re.findall(rb"/Lang ?\((\w+)", made["pdf"].read_bytes())) == {b"nl", b"en"}
