"""How a sheet of the annex workbook is laid out: in, texts and a table's place; out, titles, links, named tables and the page, in xlsxwriter.

Rows and columns are counted from 0, as xlsxwriter does.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from midterm.publish.style import BAND, INK, RULE

A4, PAGE = 9, 170  # xlsxwriter's number of the paper; characters that can be read on a page of it, lying
LINE = 15.0  # points
FORMATS = {"text": "@", "number": "0.000", "integer": "#,##0", "percent": "0%", "year": "0", "decimal": "#,##0.00"}


def formats(book: xlsxwriter.Workbook) -> Mapping[str, Any]:
    """Return the formats of cells by name, each made once."""
    top = {"valign": "top", "font_color": INK}
    kinds = {kind: book.add_format({**top, "num_format": code, "text_wrap": kind == "text"}) for kind, code in FORMATS.items()}
    header = {"bold": True, "text_wrap": True, "bg_color": BAND, "bottom": 1, "border_color": RULE}
    return {
        **kinds,
        "title": book.add_format({**top, "bold": True, "font_size": 14}),
        "header": book.add_format({**top, **header}),
        "line": book.add_format(top),
        "link": book.add_format({**top, "font_color": "#0000EE", "underline": 1}),
        "absent": book.add_format({**top, "italic": True, "align": "right"}),
    }


def write_heads(page: Worksheet, looks: Mapping[str, Any], title: str, lines: Sequence[str]) -> int:
    """Write title and lines in column A; return the row below them."""
    page.write_string(0, 0, title, looks["title"])
    for row, line in enumerate(lines, 1):
        page.write_string(row, 0, line, looks["line"])
    return len(lines) + 1


def link(page: Worksheet, row: int, sheet: str, shown: str, looks: Mapping[str, Any]) -> None:
    page.write_url(row, 0, f"internal:'{sheet}'!A1", looks["link"], shown)


def make_table(page: Worksheet, looks: Mapping[str, Any], name: str, top: int, widths: Mapping[str, int], rows: int) -> None:
    """Make what was written a table by name with a header row, which a screen reader announces and print repeats."""
    columns = [{"header": heading, "header_format": looks["header"]} for heading in widths]
    page.add_table(top, 0, top + max(rows, 1), len(widths) - 1, {"name": name, "columns": columns, "style": "Table Style Light 1", "banded_rows": False})
    page.set_row(top, LINE * max(lines_of(heading, width - 3) for heading, width in widths.items()))  # the arrow of the filter takes three
    page.repeat_rows(top)


def lines_of(text: str, width: int) -> int:
    """Return how many lines a cell takes (not every program finds it itself)."""
    return len(textwrap.wrap(text, width)) or 1


def set_up_page(page: Worksheet, width: int) -> None:
    """Print lying on A4, a table as many pages wide as it needs to be read."""
    page.set_landscape()
    page.set_paper(A4)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.fit_to_pages(math.ceil(width / PAGE), 0)
    page.set_footer("&L&A&R&P / &N")
