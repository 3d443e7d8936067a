"""Word and OpenDocument files after pandoc: in, a document; out, the same on A4, the mark on every page, tables legible."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from lxml import etree

FONT, TABLE_TEXT = "Arial", "Table Text"  # a font that every office has
SMALL, BODY = 8.5, 10.5  # points
INK = RGBColor(0x15, 0x42, 0x73)
FIXED_TIME = (2025, 1, 1, 0, 0, 0)
ODF = {
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
}


def finish_docx(path: Path, mark: str) -> None:
    """Set page, fonts and small table text by styles (to be restyled in Word), the mark in the header, page numbers."""
    document = docx.Document(str(path))
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(24)
    section.top_margin = section.bottom_margin = Mm(24)
    _styles(document)
    for paragraph in (paragraph for table in document.element.body.iter(qn("w:tbl")) for paragraph in table.iter(qn("w:pStyle"))):
        paragraph.set(qn("w:val"), document.styles[TABLE_TEXT].style_id)
    header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
    header.text, header.alignment = mark, WD_ALIGN_PARAGRAPH.RIGHT
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _page_number(footer)
    document.save(str(path))
    steady(path)


def _styles(document: Any) -> None:
    table_text = document.styles.add_style(TABLE_TEXT, WD_STYLE_TYPE.PARAGRAPH)
    table_text.base_style = document.styles["Compact"]
    table_text.paragraph_format.space_before = table_text.paragraph_format.space_after = Pt(1)
    sizes = {"Normal": BODY, TABLE_TEXT: SMALL, "Table Caption": SMALL + 0.5, "Image Caption": SMALL + 0.5, "Heading 1": 18, "Heading 2": 14, "Heading 3": 11.5}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.size, style.font.name = Pt(size), FONT
        _fonts(style)
        if name.startswith("Heading"):
            style.font.color.rgb = INK
    document.styles["Heading 1"].paragraph_format.page_break_before = True
    document.styles["Table Caption"].paragraph_format.keep_with_next = True


def _fonts(style: Any) -> None:
    """Name the font for every script, so that no theme font takes its place."""
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in [name for name in fonts.attrib if "heme" in name]:
        del fonts.attrib[name]
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), FONT)


def _page_number(paragraph: Any) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def finish_odt(path: Path, mark: str) -> None:
    """Set A4, small table text and the mark in the header, in the document's styles."""

    def restyled(content: bytes) -> bytes:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        for layout in root.iter(f"{{{ODF['style']}}}page-layout-properties"):
            layout.set(f"{{{ODF['fo']}}}page-width", "210mm")
            layout.set(f"{{{ODF['fo']}}}page-height", "297mm")
        for style in root.iter(f"{{{ODF['style']}}}style"):
            if style.get(f"{{{ODF['style']}}}name") in ("Table_20_Contents", "Table_20_Heading"):
                etree.SubElement(style, f"{{{ODF['style']}}}text-properties").set(f"{{{ODF['fo']}}}font-size", f"{SMALL}pt")
        for page in root.iter(f"{{{ODF['style']}}}master-page"):
            header = etree.Element(f"{{{ODF['style']}}}header")
            etree.SubElement(header, f"{{{ODF['text']}}}p").text = mark
            page.insert(0, header)
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))

    steady(path, {"styles.xml": restyled})


def steady(path: Path, changes: dict[str, Any] | None = None) -> None:
    """Write the zip anew with fixed times, so that the same content is the same bytes; ``changes`` rewrite parts by name."""
    with zipfile.ZipFile(path) as archive:
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in entries:
            fixed = zipfile.ZipInfo(entry.filename, date_time=FIXED_TIME)
            fixed.compress_type, fixed.external_attr = entry.compress_type, entry.external_attr
            archive.writestr(fixed, changes[entry.filename](content) if changes and entry.filename in changes else content)
