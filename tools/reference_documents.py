"""The reference documents: in, pandoc's own; out, ``reference.docx`` and ``reference.odt`` with the house's styles, the same bytes each time.

Their styles are all that an evaluator needs to restyle the report: open one, change its styles, name it in ``evaluation.yml``.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import docx
import pypandoc
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from lxml import etree

from midterm.publish.style import Palette
from midterm.publish.word import FIXED_TIME

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "src/midterm/publish/templates"
FONT = "Arial"  # a font that every office has
ACCENT, SOFT = Palette().accent, "#404040"
WIDTH, HEIGHT, MARGIN = 210, 297, 24  # millimetres
BODY, SMALL, CAPTION = 10.5, 8.5, 9.0  # points
HEADINGS = {1: 18.0, 2: 14.0, 3: 11.5}
SPACE = {1: (0.0, 10.0), 2: (16.0, 6.0), 3: (12.0, 4.0)}  # before and after a heading, points


def reference_docx() -> bytes:
    """Return the reference document for Word."""
    document = docx.Document(io.BytesIO(_pandocs("docx")))
    section = document.sections[0]
    section.page_width, section.page_height = Mm(WIDTH), Mm(HEIGHT)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(MARGIN)
    _add_styles(document)
    _set_styles(document)
    section.header_distance = section.footer_distance = Mm(MARGIN / 2)
    section.gutter = 0
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
    section.header.paragraphs[0].style, section.footer.paragraphs[0].style = document.styles["Header"], document.styles["Footer"]
    footer = section.footer.paragraphs[0]
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), " PAGE ")
    field.append(OxmlElement("w:r"))
    field[0].append(OxmlElement("w:t"))
    field[0][0].text = "1"
    footer._p.append(field)
    made = io.BytesIO()
    document.save(made)
    return _steady(made.getvalue())


def _add_styles(document: Any) -> None:
    """Add the styles that pandoc's own document lacks: text in tables, header and footer, lines of the contents."""
    bases = {"Table Text": "Compact", "Header": "Normal", "Footer": "Normal", "TOC 1": "Normal", "TOC 2": "Normal"}
    for name, base in bases.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=name != "Table Text")
        style.element.set(qn("w:styleId"), name.replace(" ", ""))  # as Word itself calls it
        style.base_style = document.styles[base]
        style.quick_style = True
    width = Mm(WIDTH - 2 * MARGIN)
    for name, indent in (("TOC 1", 0), ("TOC 2", 6)):
        shape = document.styles[name].paragraph_format
        shape.left_indent, shape.space_before, shape.space_after = Mm(indent), Pt(0 if indent else 4), Pt(1)
        shape.tab_stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _set_styles(document: Any) -> None:
    styles = document.styles
    document.styles.element.xpath("w:style[@w:styleId='Caption']/w:name")[0].set(qn("w:val"), "caption")  # as Word itself calls it
    sizes = {"Normal": BODY, "Title": 26, "Subtitle": 12, "TOC Heading": HEADINGS[1], "Table Text": SMALL, "Header": SMALL, "Footer": SMALL, "Caption": CAPTION}
    for name, size in sizes.items():
        _lettered(styles[name], size)
    for level, size in HEADINGS.items():
        _lettered(styles[f"Heading {level}"], size, ACCENT)
        before, after = SPACE[level]
        styles[f"Heading {level}"].paragraph_format.space_before, styles[f"Heading {level}"].paragraph_format.space_after = Pt(before), Pt(after)
    styles["Heading 1"].paragraph_format.page_break_before = True
    styles["TOC Heading"].paragraph_format.page_break_before = True
    for name in ("Title", "Subtitle"):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    _lettered(styles["Title"], 26, ACCENT)
    _lettered(styles["Subtitle"], 12, SOFT)
    _lettered(styles["TOC Heading"], HEADINGS[1], ACCENT)
    _lettered(styles["Caption"], CAPTION, SOFT)
    styles["Caption"].font.italic = False
    styles["Table Caption"].paragraph_format.keep_with_next = True
    styles["Table Caption"].paragraph_format.space_before = Pt(10)
    styles["Table Caption"].font.italic = styles["Image Caption"].font.italic = False
    styles["Table Text"].paragraph_format.space_before = styles["Table Text"].paragraph_format.space_after = Pt(1.5)
    styles["Header"].paragraph_format.alignment, styles["Footer"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.CENTER
    styles["Hyperlink"].font.color.rgb = RGBColor.from_string(ACCENT[1:].upper())
    _ruled(styles["Table"])


def _lettered(style: Any, size: float, colour: str = "") -> None:
    """Set size, colour and font, the font for every script, so that no theme font takes its place."""
    style.font.size, style.font.name = Pt(size), FONT
    if colour:
        style.font.color.rgb = RGBColor.from_string(colour[1:].upper())
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in [name for name in fonts.attrib if "heme" in name]:
        del fonts.attrib[name]
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), FONT)


def _ruled(table: Any) -> None:
    """Give tables a thin line between rows and bold headings over a line in the accent."""
    for found in table.element.findall(qn("w:tblStylePr")):
        table.element.remove(found)
    properties = table.element.find(qn("w:tblPr"))
    borders = OxmlElement("w:tblBorders")
    for side in ("bottom", "insideH"):
        borders.append(_line(side, "4", "D0D0D0"))
    properties.insert(list(properties).index(properties.find(qn("w:tblInd"))) + 1, borders)
    first = OxmlElement("w:tblStylePr")
    first.set(qn("w:type"), "firstRow")
    bold, cell, lines = OxmlElement("w:rPr"), OxmlElement("w:tcPr"), OxmlElement("w:tcBorders")
    bold.append(OxmlElement("w:b"))
    lines.append(_line("bottom", "12", ACCENT[1:].upper()))
    cell.append(lines)
    first.extend([bold, cell])
    table.element.append(first)


def _line(side: str, eighths: str, colour: str) -> Any:
    line = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", eighths), ("space", "0"), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    return line


def reference_odt() -> bytes:
    """Return the reference document for OpenDocument."""
    with zipfile.ZipFile(io.BytesIO(_pandocs("odt"))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    root = etree.fromstring(parts["styles.xml"])
    _set_odt_page(root)
    for name, (paragraph, text) in _odt_styles().items():
        _set_odt(root, name, paragraph, text)
    parts["styles.xml"] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return _zipped(parts)


def _odt_styles() -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Return of each style its paragraph's and its text's properties."""
    accent, soft = {"fo:color": ACCENT}, {"fo:color": SOFT}
    upright = {"fo:font-style": "normal", "fo:font-weight": "bold"}
    made = {
        "Standard": ({"fo:line-height": "125%"}, {"style:font-name": FONT, "fo:font-size": f"{BODY}pt"}),
        "Text_20_body": ({"fo:margin-top": "0mm", "fo:margin-bottom": "2.4mm"}, {}),
        "Title": ({"fo:text-align": "start", "fo:margin-top": "40mm"}, {"fo:font-size": "26pt", **accent}),
        "Subtitle": ({"fo:text-align": "start"}, {"fo:font-size": "12pt", "fo:font-style": "normal", **soft}),
        "Contents_20_Heading": ({"fo:break-before": "page"}, {"fo:font-size": f"{HEADINGS[1]}pt", **accent}),
        "Caption": ({"fo:keep-together": "always"}, {"fo:font-size": f"{CAPTION}pt", "fo:font-style": "normal", **soft}),
        "TableCaption": ({"fo:keep-with-next": "always", "fo:margin-top": "4mm"}, {}),
        "Table_20_Contents": ({"fo:line-height": "110%", "fo:margin-top": "0.4mm", "fo:margin-bottom": "0.4mm"}, {"fo:font-size": f"{SMALL}pt"}),
        "Table_20_Heading": ({"fo:border-bottom": f"0.75pt solid {ACCENT}"}, {"fo:font-weight": "bold"}),
        "Header": ({"fo:text-align": "end"}, {"fo:font-size": f"{SMALL}pt"}),
        "Footer": ({"fo:text-align": "center"}, {"fo:font-size": f"{SMALL}pt"}),
        "Internet_20_link": ({}, {"fo:color": ACCENT}),
    }
    for level, size in HEADINGS.items():
        before, after = SPACE[level]
        paragraph = {"fo:margin-top": f"{before}pt", "fo:margin-bottom": f"{after}pt", **({"fo:break-before": "page"} if level == 1 else {})}
        made[f"Heading_20_{level}"] = (paragraph, {"fo:font-size": f"{size}pt", **upright, **accent})
    return made


def _set_odt_page(root: Any) -> None:
    """Set A4, its and its margins."""
    for layout in root.iter(_q(root, "style:page-layout")):
        shape = layout.find(_q(root, "style:page-layout-properties"))
        values = {"page-width": WIDTH, "page-height": HEIGHT, **{f"margin-{side}": MARGIN for side in ("top", "bottom", "left", "right")}}
        for name, value in values.items():
            shape.set(_q(root, f"fo:{name}"), f"{value}mm")


def _set_odt(root: Any, name: str, paragraph: dict[str, str], text: dict[str, str]) -> None:
    """Set the properties of one style, which is made where it is not there."""
    name_key = _q(root, "style:name")
    found = next((style for style in root.iter(_q(root, "style:style")) if style.get(name_key) == name), None)
    if found is None:
        parent = {name_key: name, _q(root, "style:family"): "paragraph", _q(root, "style:parent-style-name"): "Standard"}
        found = etree.SubElement(root.find(_q(root, "office:styles")), _q(root, "style:style"), parent)
    for at, (kind, values) in enumerate((("paragraph", paragraph), ("text", text))):
        if not values:
            continue
        properties = found.find(_q(root, f"style:{kind}-properties"))
        if properties is None:
            properties = etree.Element(_q(root, f"style:{kind}-properties"))
            found.insert(0 if at == 0 else len(found), properties)
        for key, value in values.items():
            properties.set(_q(root, key), value)


def _q(root: Any, name: str) -> str:
    """Return a prefixed name in full."""
    prefix, _, local = name.partition(":")
    return f"{{{root.nsmap[prefix]}}}{local}"


def _pandocs(kind: str) -> bytes:
    command = [pypandoc.get_pandoc_path(), "--print-default-data-file", f"reference.{kind}"]
    return subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603


def _steady(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return _zipped({name: archive.read(name) for name in archive.namelist()})


def _zipped(parts: dict[str, bytes]) -> bytes:
    """Return the parts as a zip with fixed times, not compressed: quick to read, and the same bytes whatever the zlib."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=FIXED_TIME), part)
    return made.getvalue()


REFERENCES = {"reference.docx": reference_docx, "reference.odt": reference_odt}


def main() -> None:
    """Write both documents into the package."""
    for name, made in REFERENCES.items():
        (TEMPLATES / name).write_bytes(made())


if __name__ == "__main__":
    main()
