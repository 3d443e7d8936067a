"""The parts of an Excel workbook: in, the content of a file; out, its sheets by name, its texts and its number formats.

A workbook is a zip of XML parts. They are read as a stream, in bounded memory; entities are never expanded.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from midterm.errors import Problem, UserError
from midterm.read.xlsx_formats import BUILTIN, Kind, kind_of, unescaped

MAX_UNZIPPED = 200_000_000
MAX_PARTS = 10_000
MAX_LISTED = 100_000
BOMB_SIZE, BOMB_RATIO = 20_000_000, 150  # sheets shrink to a tenth or a fortieth of their size, never to a hundredth
SPACES = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
BROKEN = (zipfile.BadZipFile, zlib.error, etree.LxmlError, LookupError, ValueError, OverflowError, EOFError, NotImplementedError, RuntimeError)
TRUE = frozenset({"1", "true"})
Attributes = Mapping[str, str]
TargetT = TypeVar("TargetT", bound="Target")


class Target:
    """Takes the elements of a part as they come; ``row`` is where in the sheet it is, for messages."""

    row: int | None = None

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type, which no program writes and in which entities would be declared."""
        raise ValueError(name, public, system)

    def start(self, tag: str, attributes: Attributes) -> None:
        """Take the start of an element."""

    def end(self, tag: str) -> None:
        """Take the end of an element."""

    def data(self, text: str) -> None:
        """Take a piece of text."""

    def close(self) -> None:
        """Take the end of the part."""


class Texts(Target):
    """Takes the text of cells: the runs (``t``) joined, without the phonetic guide beside them.

    ``opening`` and ``closing`` say by name of an element what else to do at its start and end.
    """

    def __init__(self, opening: Mapping[str, Callable[[Attributes], None]], closing: Mapping[str, Callable[[], None]]) -> None:
        opened_by = {"t": self._open_text, "rPh": self._open_guide, **opening}
        closed_by = {"t": self._close_text, "rPh": self._close_guide, **closing}
        self._opening = {f"{{{space}}}{name}": taken for space in SPACES for name, taken in opened_by.items()}
        self._closing = {f"{{{space}}}{name}": taken for space in SPACES for name, taken in closed_by.items()}
        self.pieces: list[str] = []
        self.is_open = self._is_guide = False

    def start(self, tag: str, attributes: Attributes) -> None:
        """Take the start of an element."""
        taken = self._opening.get(tag)
        if taken:
            taken(attributes)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        taken = self._closing.get(tag)
        if taken:
            taken()

    def data(self, text: str) -> None:
        """Keep a piece of text that belongs to the cell."""
        if self.is_open:
            self.pieces.append(text)

    def _open_text(self, _: Attributes) -> None:
        self.is_open = not self._is_guide

    def _close_text(self) -> None:
        self.is_open = False

    def _open_guide(self, _: Attributes) -> None:
        self._is_guide = True

    def _close_guide(self) -> None:
        self._is_guide = False


class _SharedTexts(Texts):
    def __init__(self) -> None:
        super().__init__({"si": self._open_entry}, {"si": self._close_entry})
        self.texts: list[str] = []

    def _open_entry(self, _: Attributes) -> None:
        self.pieces = []

    def _close_entry(self) -> None:
        self.texts.append(unescaped("".join(self.pieces)))


class _Listed(Target):
    """Lists the attributes of elements by name, with the name of the element around them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._path = [""]
        self.found: list[tuple[str, str, dict[str, str]]] = []

    def start(self, tag: str, attributes: Attributes) -> None:
        name = tag.rpartition("}")[2]
        if name in self._names:
            if len(self.found) == MAX_LISTED:
                raise ValueError(name)
            self.found.append((self._path[-1], name, dict(attributes)))
        self._path.append(name)

    def end(self, tag: str) -> None:  # noqa: ARG002 - the parser calls it so
        self._path.pop()


@dataclass(frozen=True)
class SheetPart:
    """A worksheet: its name and the part that holds it."""

    name: str
    part: str
    is_hidden: bool


@dataclass(frozen=True)
class Book:
    """What the cells of all sheets refer to.

    ``kinds`` are what the cell formats show, by number; ``is_uncalculated`` when the program that wrote the workbook
    left the calculation of its formulas to whoever opens it, so that their stored values mean nothing.
    """

    file: str
    archive: zipfile.ZipFile
    sheets: tuple[SheetPart, ...]
    texts: tuple[str, ...]
    kinds: tuple[Kind, ...]
    is_1904: bool
    is_uncalculated: bool


def opened(content: bytes, file: str) -> zipfile.ZipFile:
    """Return the zip file of a workbook; raise UserError for what is none, or would unpack to far too much."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UserError(_no_workbook(file, "this workbook has a password or is an old .xls; open it in Excel, remove the password and save it as .xlsx"))
    if not content.startswith(b"PK"):
        raise UserError(_no_workbook(file, "this file is not an Excel workbook; declare its own reader or save it as .xlsx"))
    if content.count(b"PK\x01\x02") > MAX_PARTS:
        raise UserError(too_large(file, f"this workbook has over {MAX_PARTS} parts inside; check that it is the right file"))
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (*BROKEN, OSError):
        raise UserError(damaged(file)) from None
    entries = archive.infolist()
    is_bomb = any(entry.file_size > max(BOMB_SIZE, BOMB_RATIO * entry.compress_size) for entry in entries)
    if is_bomb or sum(entry.file_size for entry in entries) > MAX_UNZIPPED:
        raise UserError(
            too_large(file, "this workbook unpacks to far too much (over 200 MB is refused); remove what does not belong in it or export it as csv")
        )
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise UserError(damaged(file))
    return archive


def read_book(archive: zipfile.ZipFile, file: str) -> Book:
    """Read what belongs to the workbook as a whole; raise UserError when it has no worksheets."""
    top = next((part for kind, part in _links(archive, file, "").values() if kind == "officeDocument"), "")
    links = _links(archive, file, top) if top else {}
    listed = parsed(archive, top, _Listed({"sheet", "workbookPr", "calcPr"}), file).found if links else []
    sheets = tuple(_sheets([attributes for _, name, attributes in listed if name == "sheet"], links))
    if not sheets:
        raise UserError(_no_workbook(file, "this is another kind of file than an Excel workbook (.xlsx or .xlsm); open it and save it as .xlsx"))
    settings = {name: attributes for _, name, attributes in listed if name != "sheet"}
    of_kind = dict(links.values())
    return Book(
        file,
        archive,
        sheets,
        tuple(parsed(archive, of_kind["sharedStrings"], _SharedTexts(), file).texts) if "sharedStrings" in of_kind else (),
        _kinds(archive, of_kind["styles"], file) if "styles" in of_kind else (),
        settings.get("workbookPr", {}).get("date1904") in TRUE,
        settings.get("calcPr", {}).get("fullCalcOnLoad") in TRUE,
    )


def _sheets(listed: Iterable[Attributes], links: Mapping[str, tuple[str, str]]) -> Iterable[SheetPart]:
    for attributes in listed:
        link = next((value for name, value in attributes.items() if name.endswith("}id")), "")
        kind, part = links.get(link, ("", ""))
        if kind == "worksheet" and not part.endswith(".bin"):
            yield SheetPart(attributes.get("name", ""), part, attributes.get("state", "visible") != "visible")


def _kinds(archive: zipfile.ZipFile, part: str, file: str) -> tuple[Kind, ...]:
    """Return what each cell format shows."""
    listed = parsed(archive, part, _Listed({"numFmt", "xf"}), file).found
    codes = {attributes.get("numFmtId", ""): attributes.get("formatCode", "") for around, _, attributes in listed if around == "numFmts"}
    used = [attributes.get("numFmtId", "0") for around, _, attributes in listed if around == "cellXfs"]
    return tuple(kind_of(codes[number]) if number in codes else BUILTIN.get(int(number), "number") for number in used)


def _links(archive: zipfile.ZipFile, file: str, source: str) -> dict[str, tuple[str, str]]:
    """Return the kind and the part of everything inside that ``source`` (empty: the package) refers to, by id."""
    folder, name = posixpath.split(source)
    part = posixpath.join(folder, "_rels", f"{name}.rels")
    if _key(part) not in map(_key, archive.namelist()):
        return {}
    listed = parsed(archive, part, _Listed({"Relationship"}), file).found
    return {
        attributes.get("Id", ""): (posixpath.basename(attributes.get("Type", "")), posixpath.join("/", folder, attributes.get("Target", "")))
        for _, _, attributes in listed
        if attributes.get("TargetMode") != "External"
    }


def _key(part: str) -> str:
    return posixpath.normpath(part).lstrip("/").casefold()


def parsed(archive: zipfile.ZipFile, part: str, target: TargetT, file: str, sheet: str = "") -> TargetT:
    """Feed one part to ``target`` and return it; raise UserError where the part is not there or is broken."""
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        entries = {_key(entry.filename): entry for entry in archive.infolist()}
        with archive.open(entries[_key(part)]) as stream:
            etree.parse(stream, parser)
    except (*BROKEN, OSError):
        raise UserError(damaged(file, sheet, target.row)) from None
    return target


def damaged(file: str, sheet: str = "", row: int | None = None) -> Problem:
    """Return the problem of a workbook that cannot be read through."""
    reason = f"this workbook is damaged{' from this row on' if row else ''}; open it in Excel, save it again as .xlsx, without a password"
    return Problem(file, sheet, row, rule="not_a_workbook", reason=reason)


def too_large(file: str, reason: str, sheet: str = "", row: int | None = None) -> Problem:
    """Return the problem of a workbook that asks for more memory than any evaluation's does."""
    return Problem(file, sheet, row, rule="too_large", reason=reason)


def _no_workbook(file: str, reason: str) -> Problem:
    return Problem(file, rule="not_a_workbook", reason=reason)
