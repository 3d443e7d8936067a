"""The evaluator's own texts: in, ``texts/SECTION.LANGUAGE.md``; out, the same as Markdown with every number taken from its table.

A number is written as ``{{change all cooperation = +0.21}}``: table, row, column (left out: the estimate), and what it was when the text
was written. The report prints what it is now and says so when that differs; nothing is ever written into these files. A
number from elsewhere stands with its source: ``{{given 17 million | Letter of 3 March 2023}}``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from midterm.description import LANGUAGES, Evaluation
from midterm.description.numbers import typed_numbers
from midterm.errors import Problem, UserError, nearest
from midterm.publish.charts.registry import figures_of
from midterm.publish.report.chapters import CHAPTERS
from midterm.publish.report.context import Context, escaped
from midterm.publish.report.references import Read, reference
from midterm.tables import ALL

REFERENCE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
POINTER = re.compile(r"\[\]\(#(fig|tab)-([^)]*)\)")
GIVEN = "given"
ALLIANCE = "alliance-"
FORBIDDEN = (
    ("heading", re.compile(r"^ {0,3}#{1,3}(?:\s|$)"), "this heading would break the report's own; begin it with four # or more"),
    ("heading", re.compile(r"^ {0,3}(?:=+|-{2,})\s*$"), "a line of = or - makes a heading of the line above it; leave it out, or begin a heading with four #"),
    ("picture", re.compile(r"!\["), "a picture here would be in no register of figures and have no numbers; leave it out"),
    ("address", re.compile(r"^ {0,3}\[[^\]]+\]:"), "an address that stands apart from its link is not read; write the link as [words](https://…)"),
    ("unclosed", re.compile(r"\{\{|\}\}"), "a reference is not closed; write it as {{change all cooperation = …}} on one line"),
    ("link", re.compile(r"\]\((?!https?://|mailto:|#)"), "this link is none of http, https or mailto; correct or remove it"),
)


@dataclass(frozen=True)
class OwnTexts:
    """The texts by section as Markdown, and what the reader of the run should know of them."""

    parts: Mapping[str, str]
    remarks: tuple[Problem, ...]


def own_texts(context: Context) -> OwnTexts:
    """Read and fill in the texts of one language; raise UserError naming every number typed by hand and every reference that is broken."""
    sections = section_names(context.evaluation)
    found, remarks, faults = dict[str, str](), list[Problem](), list[Problem]()
    for file, section, language in named(context.evaluation):
        misnamed = list(_misnamed(file, section, language, sections))
        faults += misnamed
        if language == context.language and not misnamed:
            filled = _Filling(context, file, _content(context.evaluation, file))
            text = filled.text()
            found |= {section: text} if text.strip() else {}
            remarks += [] if text.strip() else [Problem(file, rule="empty_text", reason="this text is empty; write it or remove the file")]
            faults += filled.faults
            remarks += filled.remarks
    if faults:
        raise UserError(faults)
    spoken = {section for _, section, language in named(context.evaluation) if language == context.language}
    elsewhere = {section: language for _, section, language in named(context.evaluation) if section not in spoken and language in LANGUAGES}
    for section, language in elsewhere.items():
        file = f"{context.evaluation.file.publication.texts}/{section}.{context.language}.md"
        remarks.append(Problem(file, rule="one_language", reason=f"this text is there in {language!r} only; write it, or the report says that it is not there"))
        found[section] = escaped(context.texts.own_text_elsewhere)
    return OwnTexts(found, tuple(remarks))


def named(evaluation: Evaluation) -> Iterator[tuple[str, str, str]]:
    """Give each text: its file, its section and its language by its name."""
    for file in evaluation.text_files:
        section, _, language = file.rpartition("/")[2].removesuffix(".md").rpartition(".")
        yield file, section, language


def section_names(evaluation: Evaluation) -> list[str]:
    """Return every section that may have a text of the evaluator's own: each chapter of the report, and each alliance."""
    return [*(chapter.__name__ for chapter in CHAPTERS), *(f"{ALLIANCE}{alliance}" for alliance in evaluation.alliances)]


def _misnamed(file: str, section: str, language: str, sections: Collection[str]) -> Iterator[Problem]:
    if language not in LANGUAGES or not section:
        yield Problem(file, rule="text_name", reason=f"a text is named SECTION.LANGUAGE.md, with one of {', '.join(LANGUAGES)}; rename it")
    elif section not in sections:
        yield Problem(file, rule="unknown_section", reason=f"the report has no section {section!r}; {nearest(section, sections)}")


def _content(evaluation: Evaluation, file: str) -> str:
    try:
        return (evaluation.folder / file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(Problem(file, rule="encoding", reason="this text is not in UTF-8; save it as UTF-8")) from None


class _Filling:
    """One text while its numbers are filled in; collects what is wrong and what is to be looked at."""

    def __init__(self, context: Context, file: str, source: str) -> None:
        self.context, self.file, self.source = context, file, source
        self.faults = list(_faults(context.evaluation, file, source))
        self.remarks: list[Problem] = []
        self.changed: list[str] = []

    def text(self) -> str:
        """Return the text as Markdown, with a last paragraph on what changed since it was written."""
        filled = REFERENCE.sub(self._filled, self.source.strip())
        notice = self.context.texts.own_text_changed.format(parts="; ".join(self.changed))
        return filled + (f"\n\n**{escaped(notice)}**" if self.changed else "")

    def _filled(self, match: re.Match[str]) -> str:
        row = self.source.strip().count("\n", 0, match.start()) + 1 + self.source[: len(self.source) - len(self.source.lstrip())].count("\n")
        words = match[1]
        if words.split(maxsplit=1)[:1] == [GIVEN]:
            value, _, source = (part.strip() for part in words.removeprefix(GIVEN).partition("|"))
            if not value or not source:
                reason = "a number from elsewhere stands with its source: {{given 17 million | Letter of 3 March 2023}}; write both"
                self.faults.append(Problem(self.file, row=row, rule="given_without_source", reason=reason))
            return escaped(self.context.texts.own_text_given.format(value=value, source=source))
        asked, _, written = (part.strip() for part in words.partition("="))
        try:
            read = reference(self.context, asked.split())
        except UserError as error:
            self.faults += [Problem(self.file, row=row, rule=fault.rule, reason=fault.reason) for fault in error.problems]
            return ""
        self._remark(row, asked, written, read)
        return escaped(read.text)

    def _remark(self, row: int, asked: str, written: str, read: Read) -> None:
        if not read.is_there:
            reason = f"{{{{{asked}}}}} cannot be shown ({read.text}), and the report says so; leave it out or say it otherwise"
            self.remarks.append(Problem(self.file, row=row, rule="not_shown", reason=reason))
        elif not written:
            reason = f"write {{{{{asked} = {read.text}}}}}, so that you are told when this number changes"
            self.remarks.append(Problem(self.file, row=row, rule="not_noted", reason=reason))
        elif _same(written) != _same(read.text):
            reason = f"{{{{{asked}}}}} was {written} when this was written and is {read.text} now; see whether the text still holds, then note the new value"
            self.remarks.append(Problem(self.file, row=row, rule="changed", reason=reason))
            self.changed.append(self.context.texts.own_text_was.format(before=written, now=read.text))


def _same(number: str) -> str:
    """Return a number as it is compared: any minus and no spaces, as keyboards have them."""
    return re.sub(r"\s", "", number).replace("−", "-").replace("–", "-")


def _faults(evaluation: Evaluation, file: str, source: str) -> Iterator[Problem]:
    """Give what may not stand in a text: numbers typed by hand, headings that break the report's, pictures, odd links."""
    names = [*(alliance.name for alliance in evaluation.file.alliances), *(partner.name for partner in evaluation.file.organisations)]
    blank = REFERENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    for row, line in enumerate(blank.splitlines(), 1):
        for number in typed_numbers(line, names):
            reason = f"the number {number} is typed by hand; write it as a reference to its table, or as {{{{given {number} | its source}}}}"
            yield Problem(file, row=row, rule="typed_number", reason=reason)
        for kind, name in POINTER.findall(line):
            if kind == "tab" or name not in _figures(evaluation):
                reason = (
                    f"the report has no such {'table' if kind == 'tab' else 'figure'} to refer to ({name!r}); figures are named as their files without language"
                )
                yield Problem(file, row=row, rule="broken_reference", reason=reason)
        broken = next(((rule, reason) for rule, pattern, reason in FORBIDDEN if pattern.search(line)), None)
        if broken:
            yield Problem(file, row=row, rule=broken[0], reason=broken[1])


def _figures(evaluation: Evaluation) -> set[str]:
    """Return every figure that a text may refer to: its name and its unit."""
    return {f"{spec.name}_{unit}" for spec in figures_of(evaluation) for unit in (*evaluation.alliances, ALL) if spec.is_for(unit)}


def text_faults(evaluation: Evaluation) -> Iterator[Problem]:
    """Give what can be seen to be wrong in the texts without any result."""
    sections = section_names(evaluation)
    for file, section, language in named(evaluation):
        yield from _misnamed(file, section, language, sections)
        try:
            yield from _faults(evaluation, file, _content(evaluation, file))
        except UserError as error:
            yield from error.problems
