"""The questionnaire to read, or to fill in on paper: in, what one alliance is asked; out, a Word document in one language."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from midterm.collect.questionnaire import (
    ASK_CODE,
    ASK_CODE_HINT,
    ASK_ORGANISATION,
    ASK_WHO,
    THANKS,
    AskedQuestion,
    Handout,
    Section,
    number_hint,
)
from midterm.description import Language, Text
from midterm.publish.documents import Job, Look, Manuscript, write_documents
from midterm.publish.report.context import escaped, markdown_table
from midterm.publish.word import steady

BOX = "☐"
LINE = "_" * 12
OWN_WORDS_LINES = 4
BOX_SIZE = Pt(11)  # to be ticked by pen
PAGE_WIDTH, STATEMENT_WIDTH = Mm(162), Mm(60)
AFTER_BORDERS = ("w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook", "w:tblCaption", "w:tblDescription")
STATEMENT = Text(nl="Uitspraak", en="Statement")
TICK_ONE = Text(nl="Kruis bij elke uitspraak één antwoord aan.", en="Tick one answer for every statement.")
TICK_ANSWER = Text(nl="Kruis één antwoord aan.", en="Tick one answer.")
YOUR_ANSWER = Text(nl="Uw antwoord:", en="Your answer:")


def document(handout: Handout, language: Language) -> bytes:
    """Return the questionnaire as a Word document (docx) on A4 in ``language``, the same bytes each time."""
    with tempfile.TemporaryDirectory(prefix="midterm-") as scratch:
        path = Path(scratch) / "questionnaire.docx"
        write_documents([Job(_manuscript(handout, language, Path(scratch)), path, "docx")])
        return _as_form(path)


def _manuscript(handout: Handout, language: Language, folder: Path) -> Manuscript:
    purpose = [escaped(" ".join(text.in_(language) for text in handout.purpose))]
    sections = [part for section in handout.sections for part in _section(section, language)]
    return Manuscript(
        title=handout.evaluation.codebook.title.in_(language),
        subtitle=f"{handout.alliance.name}, {handout.wave.label.in_(language)}",
        mark="",
        notice="",
        body="\n\n".join([*purpose, *_who(handout, language), *sections, escaped(THANKS.in_(language))]),
        figures=folder,
        look=Look.of(handout.evaluation, language).of_a_form(),
    )


def _as_form(path: Path) -> bytes:
    """Return the document with room to tick in its tables, and with what belongs together on one page."""
    form = docx.Document(str(path))
    heading = form.styles["Heading 1"].paragraph_format
    heading.page_break_before, heading.space_before = False, Pt(18)
    for table in form.tables:
        _roomy(table)
    parts = list(form.iter_inner_content())
    for part, following in pairwise(parts):
        _keep_together(part, is_last=isinstance(following, Paragraph) and following.style == form.styles["Heading 1"])
    made = io.BytesIO()
    form.save(made)
    return steady(made.getvalue())


def _roomy(table: Any) -> None:
    """Set a wide column of statements, equal columns of boxes, and a line under every row."""
    boxes = len(table.columns) - 1
    for column, width in zip(table.columns, [STATEMENT_WIDTH, *[(PAGE_WIDTH - STATEMENT_WIDTH) // boxes] * boxes], strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width
    for row in table.rows:
        for paragraph in (paragraph for cell in row.cells[1:] for paragraph in cell.paragraphs):
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            for run in (run for run in paragraph.runs if run.text == BOX):
                run.font.size = BOX_SIZE
    lines = OxmlElement("w:tblBorders")
    for edge in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{edge}")
        for name, value in (("val", "single"), ("sz", "4"), ("color", "8C8C8C")):
            line.set(qn(f"w:{name}"), value)
        lines.append(line)
    table._tbl.tblPr.insert_element_before(lines, *AFTER_BORDERS)


def _keep_together(part: Any, *, is_last: bool) -> None:
    """Keep a paragraph or table with what follows it; the ``is_last`` of a block only with itself."""
    if isinstance(part, Paragraph):
        part.paragraph_format.keep_with_next = not is_last
        return
    for row in part.rows:
        for paragraph in (paragraph for cell in row.cells for paragraph in cell.paragraphs):
            paragraph.paragraph_format.keep_with_next = not is_last or row._tr is not part.rows[-1]._tr


def _who(handout: Handout, language: Language) -> Iterator[str]:
    """Give the questions who answers: the organisation to tick or to write, and the code."""
    yield f"# {escaped(ASK_WHO.in_(language))}"
    yield _bold(ASK_ORGANISATION, language)
    yield _lines([f"{BOX} {partner.name}" for partner in handout.partners] or [LINE * 3])
    yield _bold(ASK_CODE, language)
    yield _lines([ASK_CODE_HINT.in_(language), LINE * 3])


def _section(section: Section, language: Language) -> Iterator[str]:
    """Give one block: its title and introduction, then statements as tables and other questions one by one."""
    yield f"# {escaped(section.block.title.in_(language))}"
    yield escaped(section.block.intro.in_(language))
    for (kind, _), group in groupby(section.questions, key=lambda question: (question.kind, question.scale_id)):
        questions = list(group)
        if kind == "choice" and len(questions) > 1:
            yield _statements(questions, language)
        elif kind == "box":
            yield _lines([f"{BOX} {question.wording.in_(language)}" for question in questions])
        else:
            for question in questions:
                yield _bold(question.wording, language)
                yield _lines(_answer(question, language))


def _statements(questions: list[AskedQuestion], language: Language) -> str:
    """Return statements on one scale as a table with the answers as column heads and a box in every cell."""
    answers = [label.in_(language) for _, label in questions[0].choices]
    rows = [[question.wording.in_(language), *[BOX] * len(answers)] for question in questions]
    return markdown_table(TICK_ONE.in_(language), [STATEMENT.in_(language), *answers], rows)


def _answer(question: AskedQuestion, language: Language) -> list[str]:
    """Return the lines in which a question that stands alone is answered."""
    if question.scale is None:
        return [LINE * 6] * OWN_WORDS_LINES
    if question.kind == "number":
        return [f"{YOUR_ANSWER.in_(language)} {LINE} ({number_hint(question.scale).in_(language).rstrip('.')})"]
    return [TICK_ANSWER.in_(language), *(f"{BOX} {label.in_(language)}" for _, label in question.choices)]


def _bold(text: Text, language: Language) -> str:
    return f"**{escaped(text.in_(language))}**"


def _lines(texts: list[str]) -> str:
    """Return lines of one paragraph."""
    return "\\\n".join(escaped(text) for text in texts)
