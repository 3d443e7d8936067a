"""The project in a REFI-QDA file: in, the content of a .qdpx or .qde; out, its XML, read without entities, network or endless memory.

pyrefiqda, the library for the format, unpacks the whole archive to disk, reads what a former call left there, expands
entities and refuses a project whose program left out an attribute, and it keeps no lines; so it does not serve here.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath

from lxml import etree

from midterm.errors import Problem, UserError

MAX_PROJECT = 50_000_000
MAX_MARKS = 2_000_000
MAX_PARTS = 100_000
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def project_of(content: bytes, file: str) -> tuple[str, bytes]:
    """Return name and content of the one .qde in an archive, or the content as it is; nothing is unpacked to disk."""
    if not content.startswith(b"PK"):
        return "", content
    if content.count(b"PK\x01\x02") > MAX_PARTS:
        raise too_large(file, "")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = [entry for entry in archive.infolist() if _is_project(entry.filename)]
            if len(found) != 1:
                reason = f"this archive holds {len(found)} projects (.qde) where it should hold one; export it from the program as a REFI-QDA project"
                raise UserError(Problem(file, rule="not_a_project", reason=reason))
            if found[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise NotImplementedError
            with archive.open(found[0]) as part:
                project = part.read(MAX_PROJECT + 1)
    except BROKEN:
        raise UserError(Problem(file, rule="not_a_project", reason="this archive is damaged or has a password; export the project again")) from None
    return PurePosixPath(found[0].filename).name, project


def _is_project(name: str) -> bool:
    return name.lower().endswith(".qde") and not PurePosixPath(name).name.startswith("._")  # macOS adds ._ files beside


def tree_of(content: bytes, file: str, sheet: str) -> etree._Element:
    """Parse a project without entities, network or deep nesting; raise UserError when it is none or too large."""
    if len(content) > MAX_PROJECT or content.count(b"<") + content.count(b"=") > MAX_MARKS:
        raise too_large(file, sheet)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        reason = "this project cannot be read: its XML is damaged or it is another kind of file; export it as a REFI-QDA project"
        raise UserError(Problem(file, sheet, rule="not_a_project", reason=reason)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        reason = "this project declares a document type, which no coding program does; export it again"
        raise UserError(Problem(file, sheet, rule="document_type", reason=reason))
    if kind_of(root) != "Project":
        reason = "this is no REFI-QDA project (a codebook alone has no coded segments); export the whole project"
        raise UserError(Problem(file, sheet, rule="not_a_project", reason=reason))
    return root


def too_large(file: str, sheet: str) -> UserError:
    """Return the error of a project that asks for more memory or time than any set of interviews does."""
    return UserError(Problem(file, sheet, rule="too_large", reason="this project is larger than can be read; export only the interviews"))


def kind_of(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(etree.QName(element).localname)
