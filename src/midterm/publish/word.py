"""Word and OpenDocument files after pandoc: in, a document; out, the same with its pictures, the mark on every page, tables legible.

How it looks stands in the styles of the reference document (``templates/reference.docx`` and ``.odt``, or the evaluator's own);
here is only what styles cannot do.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from midterm.description.publication import COLOURS

FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
BREAK = f"{FO}break-before"
A, WP = "{http://schemas.openxmlformats.org/drawingml/2006/main}", "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
TABLE_TEXT = "TableText"  # the id of the style of text in tables
FIXED_TIME = (2025, 1, 1, 0, 0, 0)
PNG = b"\x89PNG\r\n\x1a\n"
STAND_IN = b"%!PS-Adobe-3.0 EPSF-3.0\n"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
RELATED = "{http://schemas.openxmlformats.org/package/2006/relationships}"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
LINK = "{http://www.w3.org/1999/xlink}href"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"

LENGTH = re.compile(r"([0-9.]+)(pt|mm|cm|in)")
# How much smaller a short document is: type, spaces between paragraphs, margins of the page, pictures.
SHORT_TYPE, SHORT_SPACE, SHORT_MARGIN, SHORT_PICTURE = 0.84, 0.4, 0.75, 0.62
SHORT_WORD = {
    (f"{W}sz", f"{W}szCs"): SHORT_TYPE,
    (f"{W}spacing",): SHORT_SPACE,
    (f"{W}pgMar",): SHORT_MARGIN,
    (f"{WP}extent", f"{A}ext"): SHORT_PICTURE,
}
SHORT_ODF = {f"{FO}font-size": SHORT_TYPE, f"{FO}margin-top": SHORT_SPACE, f"{FO}margin-bottom": SHORT_SPACE}


def stand_in(picture: Path) -> bytes:
    """Return what pandoc reads in place of a PNG: the head of an EPS, which says the size (a PNG it would read dot by dot), and the name."""
    with picture.open("rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    return STAND_IN + b"%%%%BoundingBox: 0 0 %d %d\n%s" % (width, height, picture.name.encode())


def finish_docx(content: bytes, mark: str, pictures: Path, accent: str, *, is_short: bool) -> bytes:
    """Return the Word file with its pictures, the mark in its headers, small text in tables and rows that stay whole; a short one flows on."""
    parts, _ = _parts(content, pictures)
    has_small = f'w:styleId="{TABLE_TEXT}"'.encode() in parts["word/styles.xml"]
    if mark and not _headers(parts):
        _add_header(parts)
    for name in _headers(parts) if mark else []:
        parts[name] = _changed(parts[name], lambda root: _say(root, mark))
    parts["word/document.xml"] = _changed(parts["word/document.xml"], lambda root: _tables(root, has_small=has_small))
    if is_short:
        parts |= {name: _changed(parts[name], _short_word) for name in ("word/styles.xml", "word/document.xml")}
    return _zipped(_coloured(parts, "word/styles.xml", accent))


def _headers(parts: Mapping[str, bytes]) -> list[str]:
    return [name for name in parts if name.startswith("word/header")]


def _add_header(parts: dict[str, bytes]) -> None:
    """Give a document whose reference has no header an empty one."""
    name, identity = "header9.xml", "midtermHeader"
    parts[f"word/{name}"] = etree.tostring(etree.Element(f"{W}hdr", nsmap={"w": W[1:-1]}))

    def related(root: Any) -> None:
        etree.SubElement(root, f"{RELATED}Relationship", {"Id": identity, "Type": f"{R[1:-1]}/header", "Target": name})

    def typed(root: Any) -> None:
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"
        etree.SubElement(root, f"{TYPES}Override", {"PartName": f"/word/{name}", "ContentType": kind})

    def referred(root: Any) -> None:
        for section in root.iter(f"{W}sectPr"):
            section.insert(0, etree.Element(f"{W}headerReference", {f"{W}type": "default", f"{R}id": identity}))

    for part, change in (("word/_rels/document.xml.rels", related), ("[Content_Types].xml", typed), ("word/document.xml", referred)):
        parts[part] = _changed(parts[part], change)


def _say(header: Any, mark: str) -> None:
    """Put the mark into the header's last paragraph where that is empty, else into one of its own."""
    paragraphs = header.findall(f"{W}p")
    if paragraphs and not paragraphs[-1].findall(f"{W}r"):
        paragraph = paragraphs[-1]
    else:
        paragraph = etree.SubElement(header, f"{W}p")
        etree.SubElement(etree.SubElement(paragraph, f"{W}pPr"), f"{W}pStyle").set(f"{W}val", "Header")
    etree.SubElement(etree.SubElement(paragraph, f"{W}r"), f"{W}t").text = mark


def _tables(root: Any, *, has_small: bool) -> None:
    """Set the text of tables in its own style (where the reference document has it), and keep each row on one page."""
    for table in root.iter(f"{W}tbl"):
        for style in table.iter(f"{W}pStyle") if has_small else ():
            style.set(f"{W}val", TABLE_TEXT)
        for row in table.iter(f"{W}tr"):
            properties = row.find(f"{W}trPr")
            if properties is None:
                properties = etree.Element(f"{W}trPr")
                row.insert(0, properties)
            properties.insert(0, etree.Element(f"{W}cantSplit"))


def finish_odt(content: bytes, mark: str, pictures: Path, accent: str, *, is_short: bool) -> bytes:
    """Return the OpenDocument file with its pictures and their alt texts, and the mark in its headers; a short one flows on."""
    parts, alts = _parts(content, pictures)
    parts["content.xml"] = _changed(parts["content.xml"], lambda root: _described(root, alts))
    if mark:
        parts["styles.xml"] = _changed(parts["styles.xml"], lambda root: _headed(root, mark))
    if is_short:
        parts |= {name: _changed(parts[name], _short_odf) for name in ("styles.xml", "content.xml")}
    return _zipped(_coloured(parts, "styles.xml", accent))


def _described(root: Any, alts: Mapping[str, str]) -> None:
    """Give pictures their alt texts, which pandoc drops here, and declare the sequences that number figures and tables."""
    for frame in root.iter(f"{DRAW}frame"):
        name = frame.find(f"{DRAW}image").get(LINK)
        if name in alts:
            etree.SubElement(frame, f"{SVG}desc").text = alts[name]
    declared = etree.Element(f"{TEXT}sequence-decls")
    for name in ("Figure", "Table"):
        etree.SubElement(declared, f"{TEXT}sequence-decl", {f"{TEXT}display-outline-level": "0", f"{TEXT}name": name})
    root.find(f"{OFFICE}body/{OFFICE}text").insert(0, declared)


def _headed(root: Any, mark: str) -> None:
    for page in root.iter(f"{STYLE}master-page"):
        header = page.find(f"{STYLE}header")
        if header is None:
            header = etree.Element(f"{STYLE}header")
            page.insert(0, header)
        etree.SubElement(header, f"{TEXT}p", {f"{TEXT}style-name": "Header"}).text = mark


def _parts(content: bytes, pictures: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the parts of a document by name, each picture in the place of its stand-in, and the pictures' alt texts by part."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    alts = {}
    for name, part in parts.items():
        if part.startswith(STAND_IN):
            _, _, picture, alts[name] = part.decode().split("\n", 3)
            parts[name] = (pictures / picture).read_bytes()
    return parts, alts


def _short_word(root: Any) -> None:
    """Make a Word part fit a short document: smaller type, spaces, margins and pictures, and no heading that begins a page."""
    for element in [*root.iter(f"{W}pageBreakBefore")]:
        element.getparent().remove(element)
    for names, factor in SHORT_WORD.items():
        for element in root.iter(*names):
            for name, value in element.attrib.items():
                if value.isdigit() and not name.endswith(("line", "header", "footer", "gutter", "id")):
                    element.set(name, str(round(int(value) * factor)))


def _short_odf(root: Any) -> None:
    """Make an OpenDocument part fit a short document, as ``_short_word`` does."""
    for element in root.iter():
        for name in (BREAK, f"{FO}line-height"):
            element.attrib.pop(name, None)
        for name, factor in SHORT_ODF.items():
            length = LENGTH.fullmatch(element.get(name, ""))
            if length:
                element.set(name, f"{float(length[1]) * factor:.4g}{length[2]}")
        if element.tag == f"{DRAW}frame":
            element.set(f"{STYLE}rel-width", f"{SHORT_PICTURE:.0%}")


def _coloured(parts: Mapping[str, bytes], name: str, accent: str) -> dict[str, bytes]:
    """Return ``parts`` with the house's accent in their styles replaced by the evaluation's."""
    return {**parts, name: parts[name].replace(COLOURS[-1][1:].encode(), accent[1:].encode())}


def _changed(part: bytes, change: Callable[[Any], None]) -> bytes:
    root = etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    change(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def steady(content: bytes) -> bytes:
    """Return a document that another program wrote as a zip with fixed times."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return _zipped({entry.filename: archive.read(entry) for entry in archive.infolist()})


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    """Return the parts as a zip with fixed times, so that the same content is the same bytes; pictures are small already."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in parts.items():
            entry = zipfile.ZipInfo(name, date_time=FIXED_TIME)
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" or part.startswith(PNG) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, part)
    return made.getvalue()
