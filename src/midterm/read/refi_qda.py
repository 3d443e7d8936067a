"""Reader of coding projects (REFI-QDA, .qdpx or .qde): in, a project of NVivo, ATLAS.ti or MAXQDA; out, one row for each coded segment and code.

Its columns are ``document``, ``set``, ``case``, ``code``, ``path``, ``codes``, ``coder``, ``segment`` and every variable by its
name: the names of the document, of the sets (document groups) and cases that it belongs to, of the code, of the code below its
parents (``Theme > Child``), of all codes that this coder gave this segment (as paths), a pseudonym of the coder, a mark that
is the same for every coding of one place in one document, and the values of the document and its cases. Where a cell holds
several names, each stands on a line of its own.
The text of a segment, also where a program copies it into the segment's name, stays behind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from midterm.errors import Problem
from midterm.read.privacy import digest
from midterm.read.raw import SYNTHETIC_MARK, Declared, Intake, RawTable, raw_bytes
from midterm.read.refi_project import kind_of, project_of, too_large, tree_of

CODE_COLUMNS = ("code", "path", "codes")
OFFERED = ("document", "set", "case", *CODE_COLUMNS, "coder", "segment")
STEP = " > "  # between a code and its parent, as MAXQDA writes it
MAX_PAIRS = 20_000_000
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
NO_PLACE = frozenset({"guid", "name", "creatingUser", "creationDateTime", "modifyingUser", "modifiedDateTime"})
PARTS = frozenset({"Representation", "Transcript"})  # of a document, besides itself
SPANS = (("startPosition", "endPosition"), ("begin", "end"), ("fromSyncPoint", "toSyncPoint"))
LOCAL_PATH = re.compile(r"([A-Za-z]:[\\/]|\\\\|/|~[\\/]|(file|internal|relative|absolute):)")


@dataclass(frozen=True)
class Segment:
    """A piece of a document: which one, in which of its texts or recordings, and where (empty: the whole)."""

    document: int
    part: str = ""
    kind: str = ""
    place: tuple[tuple[str, str], ...] = ()

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last position, or None where the segment has no such (a picture, a page, a whole document)."""
        place = dict(self.place)
        ends = next(((place[first], place[last]) for first, last in SPANS if first in place and last in place), ("", ""))
        return (int(ends[0]), int(ends[1])) if all(end.isdecimal() for end in ends) else None

    def holds(self, other: Segment) -> bool:
        """Tell whether ``other``, of the same document, lies in this segment."""
        if not self.place or self == other:
            return True
        mine, its = self.span, other.span
        return (self.part, self.kind) == (other.part, other.kind) and mine is not None and its is not None and mine[0] <= its[0] and its[1] <= mine[1]


@dataclass(frozen=True)
class Coding:
    """One code given to one segment by one coder; ``line`` is where it stands in the project."""

    line: int
    segment: Segment
    code: str
    coder: str


Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Case:
    """A person or organisation of the project: its name, its values by variable, the codes and pieces that are its own."""

    guid: str
    name: str
    values: Values
    codes: frozenset[str]
    documents: frozenset[str]
    selections: frozenset[str]


def read_refi_qda(folder: Path, file: str, declared: Declared) -> RawTable:
    """Read every coding of a project by the REFI-QDA standard 1.5 (qdasoftware.org, namespace ``urn:QDA-XML:project:1.0``).

    The row is the line of the coding in the .qde where each has a line of its own, else its number in it. A coding at a
    case (NVivo writes cases among the codes, under the same GUID) says whose words a segment holds and is no row. Codes go by
    their names, as programs make new GUIDs at each export. Raises UserError when the file is no project or too large.
    """
    sheet, content = project_of(raw_bytes(folder, file), file)
    root = tree_of(content, file, sheet)
    codes, cases, variables = _codes(root), _cases(root), _variables(root)
    codings, selections = _codings(root)
    headings = [*((name,) for name in OFFERED), *_spellings(variables.values())]
    _bound(len(codings) * len(headings), file, sheet)
    of_cases = {case.guid for case in cases}
    coded = [coding for coding in codings if coding.code not in of_cases]
    rows = _numbers([coding.line for coding in coded])
    known = [(row, coding) for row, coding in zip(rows, coded, strict=True) if coding.code in codes]
    cells = _cells(root, [coding for _, coding in known], codes, _members(root, cases, codings, selections, file, sheet), variables, declared.salt)
    intake = Intake(file, sheet, headings, declared)
    intake.extend([row for row, _ in known], cells)
    reason = "this coding is at a code that the project does not hold; export the project again"
    problems = [Problem(file, sheet, row, rule="dangling_code", reason=reason) for row, coding in zip(rows, coded, strict=True) if coding.code not in codes]
    remarks = tuple(_remarks(root, len(codings) - len(coded), isinstance(rows, range), file, sheet))
    return intake.table(is_synthetic=any(SYNTHETIC_MARK.encode(encoding) in content for encoding in ENCODINGS), problems=problems, remarks=remarks)


def _bound(pairs: int, file: str, sheet: str) -> None:
    if pairs > MAX_PAIRS:
        raise too_large(file, sheet)


def _guid(text: str | None) -> str:
    """Return a GUID in the one form that its spellings (braces, case) have in common."""
    return (text or "").strip().strip("{}").upper()


def _target(element: etree._Element) -> str:
    return _guid(element.get("targetGUID"))


def _targets(element: etree._Element, kind: str) -> frozenset[str]:
    return frozenset(_target(reference) for reference in element.iterfind(f"{{*}}{kind}"))


def _documents(root: etree._Element) -> list[etree._Element]:
    return [source for source in root.iterfind("{*}Sources/*") if kind_of(source).endswith("Source")]


def _name(element: etree._Element) -> str:
    """Return the name of a document; of a path, which would tell whose computer it was on, only the last part."""
    name = (element.get("name") or "").strip()
    return re.split(r"[\\/]", name.rstrip("\\/"))[-1] if LOCAL_PATH.match(name) else name


def _codes(root: etree._Element) -> dict[str, tuple[str, ...]]:
    """Return for each code its name and those of its parents, the topmost first."""
    paths: dict[str, tuple[str, ...]] = {}
    for code in root.iterfind("{*}CodeBook//{*}Code"):
        parent = code.getparent()
        above = paths.get(_guid(parent.get("guid")), ()) if parent is not None and kind_of(parent) == "Code" else ()
        paths[_guid(code.get("guid"))] = (*above, (code.get("name") or "").strip())
    return paths


def _variables(root: etree._Element) -> dict[str, str]:
    return {_guid(variable.get("guid")): (variable.get("name") or "").strip() for variable in root.iterfind("{*}Variables/{*}Variable")}


def _spellings(variables: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the headings of the variables; ``Cases:Region`` (NVivo's classification before the name) is also ``Region`` where that is clear."""
    names = list(dict.fromkeys(variables))
    bare = {name: name.partition(":")[2].strip() for name in names}
    taken = [*names, *bare.values(), *OFFERED]
    return [(name, bare[name]) if bare[name] and taken.count(bare[name]) == 1 else (name,) for name in names]


def _values(element: etree._Element) -> Values:
    """Return what is said of a document or case: variable and value."""
    found = []
    for value in element.iterfind("{*}VariableValue"):
        texts = [(child.text or "").strip() for child in value if kind_of(child).endswith("Value")]
        found += [(_target(reference), text) for reference in value.iterfind("{*}VariableRef") for text in texts if text]
    return tuple(found)


def _cases(root: etree._Element) -> list[Case]:
    return [
        Case(
            _guid(case.get("guid")),
            (case.get("name") or "").strip(),
            _values(case),
            _targets(case, "CodeRef"),
            _targets(case, "SourceRef"),
            _targets(case, "SelectionRef"),
        )
        for case in root.iterfind("{*}Cases/{*}Case")
    ]


def _codings(root: etree._Element) -> tuple[list[Coding], dict[str, Segment]]:
    """Return every coding in the order of the project, and the coded segments by the GUID of their selection."""
    points = {_guid(point.get("guid")): point.get("position") or point.get("timeStamp") or "" for point in root.iter("{*}SyncPoint")}
    codings: list[Coding] = []
    selections: dict[str, Segment] = {}
    for number, document in enumerate(_documents(root)):
        for coding in document.iter("{*}Coding"):
            holder = coding.getparent()
            if holder is None:
                continue
            segment = _segment(number, holder, points)
            selections[_guid(holder.get("guid"))] = segment
            coder = _guid(coding.get("creatingUser") or holder.get("creatingUser"))
            codings += [Coding(reference.sourceline or 0, segment, _target(reference), coder) for reference in coding.iterfind("{*}CodeRef")]
    return codings, selections


def _segment(document: int, holder: etree._Element, points: Mapping[str, str]) -> Segment:
    """Return the segment that holds a coding: a selection, known by its place and not its GUID, or the whole document."""
    kind, part = kind_of(holder), holder.getparent()
    if not kind.endswith("Selection") or part is None:
        return Segment(document)
    place = [(name, text.strip()) for name, text in sorted(holder.attrib.items()) if name not in NO_PLACE]
    known = tuple((str(name), points.get(_guid(text), text)) for name, text in place) or (("guid", _guid(holder.get("guid"))),)
    return Segment(document, _guid(part.get("guid")), kind, known)


def _numbers(lines: Sequence[int]) -> Sequence[int]:
    """Return the rows: the lines, or plain numbers where a program writes several codings on one line."""
    return lines if len(set(lines)) == len(lines) else range(1, len(lines) + 1)


Members = dict[Segment, tuple[Case, ...]]


def _members(root: etree._Element, cases: Sequence[Case], codings: Sequence[Coding], selections: Mapping[str, Segment], file: str, sheet: str) -> Members:
    """Return for each coded segment the cases that it belongs to, in the order of the project.

    A case owns what it refers to, and what is coded at it or at a code of it: a whole document, or a stretch of it.
    """
    numbers = {_guid(document.get("guid")): number for number, document in enumerate(_documents(root))}
    owners: dict[str, list[int]] = {}
    owned: dict[int, dict[tuple[int, Segment], None]] = {}
    for number, case in enumerate(cases):
        pieces = [Segment(numbers[guid]) for guid in sorted(case.documents) if guid in numbers]
        pieces += [selections[guid] for guid in sorted(case.selections) if guid in selections]
        for piece in pieces:
            owned.setdefault(piece.document, {})[number, piece] = None
        for code in {case.guid, *case.codes}:
            owners.setdefault(code, []).append(number)
    for coding in codings:
        for number in owners.get(coding.code, ()):
            owned.setdefault(coding.segment.document, {})[number, coding.segment] = None
    segments = dict.fromkeys(coding.segment for coding in codings)
    _bound(sum(len(owned.get(segment.document, ())) for segment in segments), file, sheet)
    return {
        segment: tuple(cases[number] for number in sorted({number for number, piece in owned.get(segment.document, ()) if piece.holds(segment)}))
        for segment in segments
    }


def _cells(
    root: etree._Element, codings: Sequence[Coding], codes: Mapping[str, tuple[str, ...]], members: Members, variables: Mapping[str, str], salt: str
) -> list[list[str]]:
    """Return the cells of each coding under ``OFFERED`` and the variables."""
    documents, users = _documents(root), {_guid(user.get("guid")): user.get("name") or "" for user in root.iterfind("{*}Users/{*}User")}
    sets = _sets(root)
    of_document = [[_name(document), _lines(sets.get(_guid(document.get("guid")), ()))] for document in documents]
    names = list(dict.fromkeys(variables.values()))
    given: dict[tuple[Segment, str], dict[str, None]] = {}
    for coding in codings:
        given.setdefault((coding.segment, coding.coder), {})[STEP.join(codes[coding.code])] = None
    all_codes = {key: _lines(paths) for key, paths in given.items()}
    values = [_values(document) for document in documents]
    segments = dict.fromkeys(coding.segment for coding in codings)
    said = {segment: _said(values[segment.document], members[segment], variables, names) for segment in segments}
    marks = _marks(documents, segments)
    coders = {coder: digest(users.get(coder) or coder, salt) if coder else "" for coder in {coding.coder for coding in codings}}
    return [
        [
            *of_document[coding.segment.document],
            said[coding.segment][0],
            codes[coding.code][-1],
            STEP.join(codes[coding.code]),
            all_codes[coding.segment, coding.coder],
            coders[coding.coder],
            marks[coding.segment],
            *said[coding.segment][1:],
        ]
        for coding in codings
    ]


def _marks(documents: Sequence[etree._Element], segments: Iterable[Segment]) -> dict[Segment, str]:
    """Return a mark for each segment by document, kind, part and place.

    It rests on names and positions and on no GUID, so that two coders' copies of one project give one segment the same mark;
    where two documents have one name, their numbers keep them apart.
    """
    parts: dict[tuple[int, str], int] = {}
    named: list[tuple[str, int]] = []
    seen = Counter[str]()
    for number, document in enumerate(documents):
        name = _name(document)
        named.append((name, seen[name]))
        seen[name] += 1
        inside = [_guid(part.get("guid")) for part in document.iter("{*}*") if part is document or kind_of(part) in PARTS]
        parts |= {(number, guid): at for at, guid in enumerate(inside)}
    where = {segment: (*named[segment.document], parts.get((segment.document, segment.part), 0), segment.kind, segment.place) for segment in segments}
    return {segment: digest("\n".join(map(repr, place)), "segment") for segment, place in where.items()}


def _said(of_document: Values, cases: Sequence[Case], variables: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return the names of the cases of a segment, and the values of its document and cases by the name of each variable."""
    values: dict[str, list[str]] = {}
    for variable, value in (*of_document, *(pair for case in cases for pair in case.values)):
        values.setdefault(variables.get(variable, ""), []).append(value)
    return [_lines(case.name for case in cases), *(_lines(values.get(name, ())) for name in names)]


def _sets(root: etree._Element) -> dict[str, list[str]]:
    """Return the names of the sets by document."""
    sets: dict[str, list[str]] = {}
    for found in root.iterfind("{*}Sets/{*}Set"):
        for document in sorted(_targets(found, "MemberSource")):
            sets.setdefault(document, []).append((found.get("name") or "").strip())
    return sets


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text for text in dict.fromkeys(texts) if text)


def _remarks(root: etree._Element, at_cases: int, is_numbered: bool, file: str, sheet: str) -> Iterator[Problem]:
    if is_numbered:
        reason = "several codings stand on one line, so rows are numbered by coding: 1 is the first in the file"
        yield Problem(file, sheet, rule="rows_by_coding", reason=reason)
    if at_cases:
        reason = f"codings at a case, not at a code, which say whose words a segment holds and are no rows: {at_cases}"
        yield Problem(file, sheet, rule="coded_at_case", reason=reason)
    names = [_name(document) for document in _documents(root)]
    if len(set(names)) < len(names):
        reason = "two documents have one name, so that they may count as one interview; give each its own name in the coding program"
        yield Problem(file, sheet, column="document", rule="same_document_name", reason=reason)
