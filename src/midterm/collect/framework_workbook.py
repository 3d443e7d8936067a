"""The framework workbook that an alliance fills in: in, the form and what the alliance reported before; out, an xlsx in one language."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from midterm.clean.names import Names
from midterm.collect import framework_texts as texts
from midterm.collect.framework_sheets import Form, Row, form_of, write_framework, write_instructions, write_lists
from midterm.description import Evaluation, Language
from midterm.description.spelling import normalise
from midterm.errors import ConfigError, Problem, UserError
from midterm.read import SYNTHETIC_MARK, RawTable

NEW_ROWS = 25
MAX_CELL = 32_767
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def framework_workbook(evaluation: Evaluation, alliance: str, language: Language, versions: Sequence[RawTable] = ()) -> bytes:
    """Return the workbook of one alliance; the same input gives the same bytes.

    ``versions`` are the frameworks that the alliance filled in so far, oldest first. The rows of the last come back as
    they were read, word for word, also what cleaning would set aside; only what stands for an entry of a closed list is
    written in ``language``. So cleaning says the same of what comes back as of what was there. Below them stand empty
    rows with numbers that no version has used. Raises ConfigError when Excel cannot take the sheet's name, UserError when
    a cell has more text than Excel holds.
    """
    form = form_of(evaluation, alliance, language)
    rows = [*_earlier(form, versions[-1]), *_prepared(versions)] if versions else _prepared(())
    rules = (*texts.RULES[:1], *(texts.RULES_WITH_EARLIER_ROWS if versions else ()), *texts.RULES[1:])
    mark = SYNTHETIC_MARK if any(version.is_synthetic for version in versions) else ""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, OPTIONS) as book:
        try:
            instructions, sheet, lists = (book.add_worksheet(form.names[name]) for name in ("instructions", "sheet", "lists"))
        except XlsxWriterException:
            raise _sheet_name(evaluation, form) from None
        _describe(book, evaluation, form, mark)
        write_instructions(book, instructions, form, rules, mark)
        write_framework(book, sheet, form, rows, mark)
        write_lists(lists, form)
    return content.getvalue()


def _earlier(form: Form, version: RawTable) -> list[Row]:
    """Return the rows of the last version, entries of closed lists in the form's language."""
    _refuse_long(version)
    rows = _filled(version)
    ids = [normalise(row.get("indicator_id", "")) for row in rows]
    names = {field: Names.of((entry.id, (entry.label.nl, entry.label.en, *entry.aliases)) for entry in entries) for field, entries in form.lists.items()}
    labels = {field: {entry.id: entry.label.in_(form.language) for entry in entries} for field, entries in form.lists.items()}

    def written(field: str, text: str) -> str:
        found = names[field].match(text) if field in names else None
        return labels[field][found] if found else text

    return [
        # A number that is missing or stands twice is left open, so that the alliance can mend it.
        Row({name: written(name, text) for name, text in row.items()}, is_fixed=ids.count(number) == 1 and number != "")
        for row, number in zip(rows, ids, strict=True)
    ]


def _filled(version: RawTable) -> list[dict[str, str]]:
    """Return the rows of a version in which more is filled in than a number."""
    records = ({str(name): str(text) for name, text in record.items()} for record in version.text.astype(str).to_dict("records"))
    return [record for record in records if any(text.strip() for name, text in record.items() if name != "indicator_id")]


def _prepared(versions: Sequence[RawTable]) -> list[Row]:
    """Return empty rows with numbers that count on from the highest that any version has: a number is never used again."""
    ids = (normalise(row.get("indicator_id", "")) for version in versions for row in _filled(version))
    highest = max((int(found[1]) for number in ids if (found := re.fullmatch(r"n([0-9]{1,9})", number))), default=0)
    return [Row({"indicator_id": f"N{number}"}, is_fixed=True) for number in range(highest + 1, highest + 1 + NEW_ROWS)]


def _refuse_long(version: RawTable) -> None:
    """Raise UserError for cells that would be cut off (other formats than Excel's hold longer ones)."""
    reason = f"this cell has more than {MAX_CELL} characters, more than Excel holds; shorten it, so that nothing is cut off in the new workbook"
    long = [(row, str(column)) for column in version.text for row, text in version.text[column].astype(str).items() if len(text) > MAX_CELL]
    if long:
        raise UserError(version.problem("too_long", reason, row, column) for row, column in long)


def _sheet_name(evaluation: Evaluation, form: Form) -> ConfigError:
    others = f"{form.names['instructions']!r} and {form.names['lists']!r}"
    reason = f"Excel takes no sheet of this name beside {others}; use another, of at most 31 characters and none of []:*?/\\"
    return ConfigError(Problem(evaluation.file.codebook, column=f"framework.sheet.{form.language}", rule="sheet_name", reason=reason))


def _describe(book: xlsxwriter.Workbook, evaluation: Evaluation, form: Form, mark: str) -> None:
    """Set title, language and a date without a clock."""
    year = max(wave.year for wave in evaluation.file.waves)
    about = {"title": form.say(texts.TITLE), "subject": evaluation.file.title.in_(form.language), "keywords": mark}
    book.set_properties({**about, "created": datetime(year, 1, 1)})
    book.set_custom_property("Language", {"nl": "nl-NL", "en": "en-GB"}[form.language])
