"""The questionnaire as XLSForm: in, what one alliance is asked; out, a workbook for KoboToolbox, ODK and their like.

A form name cannot hold brackets: ``DOEL[SQ001]`` is asked as ``DOEL_SQ001``, by which the readers know the column
again. Each box is a question of its own with one choice, as the columns of a question with many boxes depend on how it
is exported; boxes that share a column are one question, whose column holds the codes of those that were ticked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

import xlsxwriter

from midterm.collect.questionnaire import (
    ASK_CODE,
    ASK_CODE_HINT,
    ASK_ORGANISATION,
    ASK_WHO,
    TICK_ALL,
    AskedQuestion,
    Choice,
    Handout,
    Section,
    number_hint,
    plain_number,
)
from midterm.description import LANGUAGES, Language, Text
from midterm.description.evaluation import FILE
from midterm.errors import ConfigError, Problem

Row = dict[str, str]
NAMES: dict[Language, str] = {"nl": "Nederlands (nl)", "en": "English (en)"}
FIXED_TIME = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # documents carry no clock; xlsxwriter takes no time zone
INTRO, WHO = "questionnaire_intro", "questionnaire_who"
PARTNERS = "partners"


def xlsform(handout: Handout) -> bytes:
    """Return the questionnaire as an XLSForm workbook (xlsform.org), in both languages, the same bytes each time.

    Raises ConfigError where a column or code of the description can be no name in a form, or two would have one name.
    """
    survey = list(_survey(handout))
    choices = list({tuple(row.items()): row for row in _choices(handout)}.values())
    _refuse_same_names(handout, [row["name"] for row in survey if "name" in row])
    _refuse_same_names(handout, [f"{row['list_name']} {row['name']}" for row in choices])
    settings = {
        "form_title": handout.title.in_(_first_language(handout)),
        "form_id": f"{handout.alliance.id}-{handout.wave.id}",
        "default_language": NAMES[_first_language(handout)],
        "style": "pages",
    }
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"created": FIXED_TIME})
        heading = book.add_format({"bold": True})
        for name, rows in (("survey", survey), ("choices", choices), ("settings", [settings])):
            sheet = book.add_worksheet(name)
            columns = list(dict.fromkeys(column for row in rows for column in row))
            sheet.write_row(0, 0, columns, heading)
            sheet.freeze_panes(1, 0)
            for at, row in enumerate(rows, 1):
                sheet.write_row(at, 0, [row.get(column, "") for column in columns])
    return content.getvalue()


def _survey(handout: Handout) -> Iterator[Row]:
    """Give the rows of the sheet survey: what is fixed, who answers, then a group for each page and in it for each block."""
    for column, text in handout.fixed:
        yield {"type": "calculate", "name": _name(column, FILE), "calculation": f"'{text}'" if "'" not in text else f'"{text}"'}
    yield {"type": "note", "name": INTRO, **_said("label", _paragraphs(handout.purpose))}
    yield {"type": "begin_group", "name": WHO, "appearance": "field-list", **_said("label", ASK_WHO)}
    yield {"type": "text", "name": _name(handout.respondent, FILE), **_said("label", ASK_CODE), **_said("hint", ASK_CODE_HINT)}
    organisation = f"select_one {PARTNERS}" if handout.partners else "text"
    yield {"type": organisation, "name": _name(handout.organisation, FILE), **_said("label", ASK_ORGANISATION), "required": "yes"}
    yield {"type": "end_group"}
    for page, sections in groupby(handout.sections, key=lambda section: section.page):
        yield from _page(handout, page, list(sections))


def _page(handout: Handout, page: int, sections: list[Section]) -> Iterator[Row]:
    titles = [section.block.title for section in sections]
    label = Text(nl=" / ".join(title.nl for title in titles), en=" / ".join(title.en for title in titles))
    yield {"type": "begin_group", "name": f"page_{page}", "appearance": "field-list", **_said("label", label)}
    for section in sections:
        name = f"page_{page}_{_name(section.block.id, handout.evaluation.file.codebook)}"
        yield {"type": "begin_group", "name": name, **_said("label", section.block.title)}
        yield {"type": "note", "name": f"{name}_intro", **_said("label", section.block.intro)}
        for column, questions in groupby(section.questions, key=lambda question: question.column):
            yield _question(handout, _name(column, handout.evaluation.file.codebook), list(questions))
        yield {"type": "end_group"}
    yield {"type": "end_group"}


def _question(handout: Handout, name: str, questions: list[AskedQuestion]) -> Row:
    """Return the row of one column: one question, or all boxes that share it."""
    question = questions[0]
    if question.option:
        return {"type": f"select_multiple {_list(question, handout)}", "name": name, **_said("label", TICK_ALL)}
    label = _said("label", question.wording)
    if question.scale is None:
        return {"type": "text", "name": name, **label, "appearance": "multiline"}
    if question.kind == "number":
        hint = number_hint(question.scale)
        bounds = f". >= {plain_number(question.scale.low)} and . <= {plain_number(question.scale.high)}"
        kind = "integer" if question.scale.whole else "decimal"
        return {"type": kind, "name": name, **label, **_said("hint", hint), "constraint": bounds, **_said("constraint_message", hint)}
    return {"type": f"{'select_multiple' if question.kind == 'box' else 'select_one'} {_list(question, handout)}", "name": name, **label}


def _list(question: AskedQuestion, handout: Handout) -> str:
    """Return the name of the list of choices that a question takes."""
    codebook = handout.evaluation.file.codebook
    if question.option:
        return f"boxes_{_name(question.column, codebook)}"
    return f"{'ticked' if question.kind == 'box' else 'scale'}_{re.sub(r'[^0-9A-Za-z]+', '_', question.scale_id)}"


def _choices(handout: Handout) -> Iterator[Row]:
    """Give the rows of the sheet choices, by list."""
    codebook = handout.evaluation.file.codebook
    for partner in handout.partners:
        yield _choice(PARTNERS, ((partner.id,), Text(nl=partner.name, en=partner.name)), FILE, handout.organisation)
    for question in (question for section in handout.sections for question in section.questions):
        if question.kind in ("text", "number"):
            continue
        if question.option:
            offered: Sequence[Choice] = [(question.option, question.wording)]
        else:
            offered = question.ticked if question.kind == "box" else question.choices
        for choice in offered:
            yield _choice(_list(question, handout), choice, codebook, question.column)


def _choice(list_name: str, choice: Choice, file: str, column: str) -> Row:
    """Return one choice by the first of its codes that can stand in a form: without blanks, as blanks part the codes of boxes."""
    codes, label = choice
    name = next((code for code in codes if code and not re.search(r"\s", code)), None)
    if name is None:
        raise ConfigError(Problem(file, column=column, rule="no_form_code", reason="an answer has no code without blanks; give it one"))
    return {"list_name": list_name, "name": name, **_said("label", label)}


def _said(column: str, text: Text) -> Row:
    """Return a text in every language, as the columns that XLSForm has for it."""
    return {f"{column}::{NAMES[language]}": text.in_(language) for language in LANGUAGES}


def _paragraphs(texts: Sequence[Text]) -> Text:
    return Text(nl="\n\n".join(text.nl for text in texts), en="\n\n".join(text.en for text in texts))


def _name(column: str, file: str) -> str:
    """Return a column as a name that a form takes; raise ConfigError where it has none."""
    name = re.sub(r"[^0-9A-Za-z]+", "_", column).strip("_")
    if not re.match(r"[A-Za-z]", name):
        reason = f"the column {column!r} can be no question in a form; let it begin with a letter"
        raise ConfigError(Problem(file, column=column, rule="no_form_name", reason=reason))
    return name


def _refuse_same_names(handout: Handout, names: Sequence[str]) -> None:
    folded = [name.casefold() for name in names]
    same = sorted({name for name in folded if folded.count(name) > 1})
    if same:
        reason = f"a form would hold {same[0]!r} twice; give every column and code its own name, and keep boxes that share a column on one page"
        raise ConfigError(Problem(handout.evaluation.file.codebook, column=same[0], rule="same_form_name", reason=reason))


def _first_language(handout: Handout) -> Language:
    return handout.evaluation.file.languages[0]
