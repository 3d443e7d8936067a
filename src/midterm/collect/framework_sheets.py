"""The sheets of the framework workbook: in, the form in one language and its rows; out, instructions, form and closed lists laid out.

Rows and columns are counted from 0, as xlsxwriter does.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_range, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from midterm.collect import framework_texts as texts
from midterm.description import Evaluation, Language, Text
from midterm.description.codebook import Category
from midterm.description.spelling import normalise

HEADING_ROW = 4
NUMBERS = ("baseline_value", "target_value", "actual_value")
YEARS = ("baseline_year", "target_year")
WHEN = {**dict.fromkeys((*NUMBERS, *YEARS), texts.WHEN_KNOWN), "remarks": texts.WHEN_NEEDED}
WIDTHS = {"indicator_id": 6, "level": 16, "indicator": 36, "source": 20, "bottleneck": 20, "remarks": 32}
WIDTH = 13
GUIDE_WIDTHS = (26, 84, 18, 42)
LINE = 15.0  # points
ACCENT, PAPER, SHADE, RULE = "#154273", "#FFFFFF", "#ECECEC", "#BDBDBD"
MAY = ("format_cells", "format_columns", "format_rows")
A4 = 9


@dataclass(frozen=True)
class Column:
    """A column of the form: its name as declared to the reader, its field, and its heading."""

    name: str
    field: str
    heading: str


@dataclass(frozen=True)
class Form:
    """The form in one language: its columns, the closed lists by field, and the names that the fixed texts mention."""

    language: Language
    columns: tuple[Column, ...]
    lists: Mapping[str, Sequence[Category]]
    names: Mapping[str, str]
    years: tuple[int, ...]

    def say(self, text: Text) -> str:
        """Return a fixed text with this form's own names in it."""
        return text.in_(self.language).format(**self.names)


@dataclass(frozen=True)
class Row:
    """A row of the form: its cells by declared column; ``is_fixed`` when its number may not be changed."""

    cells: Mapping[str, str]
    is_fixed: bool


def form_of(evaluation: Evaluation, alliance: str, language: Language) -> Form:
    """Return the form that the codebook declares, with a column for remarks where it has none."""
    form = evaluation.codebook.framework
    if form is None:
        raise AssertionError("a workbook is made only where the codebook has a framework form")
    years = evaluation.reporting_years
    columns: list[Column] = []
    for field, text in form.columns.items():
        heading = text.in_(language)
        by_year = [Column(f"{field} {year}", field, heading.format(year=year)) for year in years]
        columns += by_year if field == "actual_value" else [Column(field, field, heading)]
    remarks = texts.REMARKS.in_(language)
    if normalise(remarks) not in {normalise(column.heading) for column in columns}:
        columns.append(Column("remarks", "remarks", remarks))
    names = {"sheet": form.sheet.in_(language), "remarks": remarks, "alliance": evaluation.alliance(alliance).name}
    names["evaluation"] = evaluation.file.title.in_(language)
    names |= {name: text.in_(language) for name, text in (("instructions", texts.INSTRUCTIONS), ("lists", texts.LISTS))}
    names |= {field: form.columns[field].in_(language) for field in ("status", "reporting")}
    return Form(language, tuple(columns), form.lists, names, years)


def write_framework(book: Workbook, sheet: Worksheet, form: Form, rows: Sequence[Row], mark: str) -> None:
    """Write headings and rows; lock headings and fixed numbers, help with every other cell."""
    plain = {"text_wrap": True, "valign": "top", "border": 1, "border_color": RULE, "locked": False}
    # Typed text stays text as typed ("=", "1-2"); numbers stay "General", so that Excel keeps a typed per cent sign.
    formats = {"number": book.add_format(plain), "text": book.add_format({**plain, "num_format": "@", "align": "left", "indent": 1})}
    formats["fixed"] = book.add_format({**plain, "num_format": "@", "locked": True, "bg_color": SHADE})
    last = HEADING_ROW + len(rows)
    for number, row in enumerate(rows, HEADING_ROW + 1):
        for position, column in enumerate(form.columns):
            kind = "number" if column.field in (*NUMBERS, *YEARS) else "fixed" if column.field == "indicator_id" and row.is_fixed else "text"
            _write_cell(sheet, number, position, row.cells.get(column.name, ""), kind, formats[kind])
        sheet.set_row(number, LINE * max(2, _lines((row.cells.get(column.name, ""), _width(column) - 1) for column in form.columns)))
    _write_heads(book, sheet, form, mark)
    sheet.write_string(HEADING_ROW - 1, 0, form.say(texts.FILL_IN))
    _write_table(book, sheet, "framework", HEADING_ROW, [column.heading for column in form.columns], last)
    for position, column in enumerate(form.columns):
        sheet.set_column(position, position, _width(column))
        sheet.data_validation(HEADING_ROW + 1, position, last, position, _validation(form, column))
    first = next(position for position, column in enumerate(form.columns) if column.field == "indicator_id")
    sheet.ignore_errors({"number_stored_as_text": xl_range(HEADING_ROW + 1, first, last, first)})
    sheet.freeze_panes(HEADING_ROW + 1, 3)  # number, level and indicator stay in sight
    sheet.set_row(HEADING_ROW, LINE * _lines((column.heading, _width(column) - 2) for column in form.columns))
    sheet.repeat_rows(HEADING_ROW)
    sheet.protect("", dict.fromkeys(MAY, True))


def _width(column: Column) -> int:
    return WIDTHS.get(column.field, WIDTH)


def _lines(cells: Iterable[tuple[str, int]]) -> int:
    """Return how many lines the cell takes that needs most, of texts and their widths in characters (not every program finds it itself)."""
    return max(sum(max(1, len(textwrap.wrap(line, width))) for line in text.split("\n")) for text, width in cells)


def _write_cell(sheet: Worksheet, row: int, column: int, text: str, kind: str, cell_format: Any) -> None:
    number = as_number(text) if kind == "number" else None
    if not text:
        sheet.write_blank(row, column, None, cell_format)
    elif number is None:
        sheet.write_string(row, column, text, cell_format)
    else:
        sheet.write_number(row, column, number, cell_format)


def as_number(text: str) -> float | None:
    """Return the number whose cell is read as exactly ``text`` (a decimal comma, at most Excel's 15 digits), else None."""
    is_plain = re.fullmatch(r"-?(0|[1-9][0-9]*)(,[0-9]*[1-9])?", text) is not None and text != "-0"
    return float(text.replace(",", ".")) if is_plain and sum(map(str.isdigit, text)) <= 15 else None


def _validation(form: Form, column: Column) -> dict[str, Any]:
    """Return what Excel says of a cell of ``column`` when it is chosen, and what it takes there."""
    said = {"input_title": column.heading[:32], "input_message": form.say(texts.HELP[column.field]), "error_title": form.say(texts.FAULT_TITLE)}
    if column.field in form.lists:
        position = list(form.lists).index(column.field)
        entries = xl_range_abs(0, position, len(form.lists[column.field]) - 1, position)
        return {**said, "validate": "list", "source": f"='{form.names['lists']}'!{entries}", "error_message": form.say(texts.NOT_IN_LIST)}
    if column.field in YEARS:
        return {**said, "validate": "integer", "criteria": "between", "minimum": 1900, "maximum": 2199, "error_message": form.say(texts.NOT_A_YEAR)}
    if column.field in NUMBERS:
        return {**said, "validate": "decimal", "criteria": "between", "minimum": -1e15, "maximum": 1e15, "error_message": form.say(texts.NOT_A_NUMBER)}
    return {**said, "validate": "any"}


def write_instructions(book: Workbook, sheet: Worksheet, form: Form, rules: Sequence[Text], mark: str) -> None:
    """Write how the form is filled in, and for each column what goes into it, with an example beside it.

    The columns stand below each other, so that no reader takes the example for a row of the form.
    """
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    band = book.add_format({"bold": True, "font_size": 12, "font_color": ACCENT})
    _write_heads(book, sheet, form, mark)
    sheet.write_string(HEADING_ROW, 0, form.say(texts.RULES_TITLE), band)
    for number, rule in enumerate(rules, 1):
        sheet.write_string(HEADING_ROW + number, 0, f"{number}. {form.say(rule)}")
    top = HEADING_ROW + len(rules) + 3
    sheet.write_string(top - 1, 0, form.say(texts.COLUMNS_TITLE), band)
    for row, (column, example) in enumerate(zip(form.columns, _examples(form), strict=True), top + 1):
        cells = (column.heading, form.say(texts.HELP[column.field]), form.say(WHEN.get(column.field, texts.ALWAYS)), example)
        for position, text in enumerate(cells):
            sheet.write_string(row, position, text, wrapped)
        sheet.set_row(row, LINE * _lines(zip(cells, GUIDE_WIDTHS, strict=True)))
    _write_table(book, sheet, "columns", top, [form.say(text) for text in texts.COLUMNS_HEADINGS], top + len(form.columns))
    for position, width in enumerate(GUIDE_WIDTHS):
        sheet.set_column(position, position, width)


def _examples(form: Form) -> list[str]:
    """Return an invented example for each column, one that hangs together."""
    invented = {"indicator_id": "A1", "indicator": form.say(texts.EXAMPLE_INDICATOR), "source": form.say(texts.EXAMPLE_SOURCE)}
    invented |= {"baseline_year": str(form.years[0] - 1), "baseline_value": "0", "target_year": str(form.years[-1]), "target_value": "60"}
    invented |= {f"actual_value {year}": str(10 + 5 * position) for position, year in enumerate(form.years)}
    invented["remarks"] = form.say(texts.EXAMPLE_REMARKS)
    for field, wanted in (
        ("level", "activity"),
        ("unit", "number"),
        ("direction", "up"),
        ("reporting", "annual"),
        ("status", "under_way"),
        ("bottleneck", "none"),
    ):
        entries = form.lists[field]
        entry = next((entry for entry in entries if entry.id == wanted), entries[0])
        invented[field] = entry.label.in_(form.language)
    return [invented[column.name] for column in form.columns]


def write_lists(sheet: Worksheet, form: Form) -> None:
    """Write the closed lists side by side on a hidden sheet, without headings, so that none is taken for those of the form."""
    for position, entries in enumerate(form.lists.values()):
        for row, entry in enumerate(entries):
            sheet.write_string(row, position, entry.label.in_(form.language))
    sheet.protect()
    sheet.hide()


def _write_heads(book: Workbook, sheet: Worksheet, form: Form, mark: str) -> None:
    """Write title, evaluation and synthetic mark above, and set up the page."""
    sheet.write_string(0, 0, form.say(texts.TITLE), book.add_format({"bold": True, "font_size": 14, "font_color": ACCENT}))
    sheet.write_string(1, 0, form.names["evaluation"])
    if mark:
        sheet.write_string(2, 0, mark)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


def _write_table(book: Workbook, sheet: Worksheet, name: str, top: int, headings: Sequence[str], last: int) -> None:
    """Make the rows under ``top`` a table with a header row, which a screen reader announces."""
    style = {"bold": True, "text_wrap": True, "valign": "top", "font_color": PAPER, "bg_color": ACCENT, "border": 1, "border_color": RULE}
    header_format = book.add_format(style)
    columns = [{"header": heading, "header_format": header_format} for heading in headings]
    sheet.add_table(top, 0, last, len(headings) - 1, {"name": name, "columns": columns, "style": None, "autofilter": False})
