"""The annex workbook: in, the publishable tables; out, ``reports/annex.LANGUAGE.xlsx``, one table a sheet, for people and for screen readers.

Laid out as the guidance for accessible government spreadsheets asks: cover, contents and notes, each table from column A under its
title, no merged cells, no empty rows or columns, tables by name, headings that repeat in print.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from midterm.description import Evaluation, Language
from midterm.files import replacing
from midterm.publish.annex_layout import LINE, formats, lines_of, link, make_table, set_up_page, write_heads
from midterm.publish.cells import column_text, flags_in_words, in_words, texts, words_of_the_blank
from midterm.publish.disclosure import Published
from midterm.publish.wording import Wording, flags_in, marks
from midterm.tables import BY_NAME, Store

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
COVER = 100  # characters of the cover's one column
MAX_CELL = 32_767  # characters, as many as Excel holds
LEVELS = ("mean", "share", "count", "attainment", "share_on_schedule", "balance")
SPECIAL = {**dict.fromkeys(("rate", "attainment", "expected"), "percent"), **dict.fromkeys(("baseline", "target", "actual"), "decimal"), "year": "year"}
WIDTHS = {
    "alliance": 26,
    "indicator": 40,
    "method": 44,
    "flag": 60,
    "question": 36,
    "claim": 36,
    "sources": 60,
    "unit": 26,
    "statistic": 26,
    "estimand": 30,
    "design": 26,
    "tier": 24,
}


@dataclass(frozen=True)
class Sheet:
    """A sheet: its key in the labels, the table that it shows, and the columns and rows of it."""

    key: str
    table: str
    chosen: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame


@dataclass(frozen=True)
class Made:
    """A sheet in one language: names, the cells (words and numbers), and what stands for a number that may not be shown, by row."""

    key: str
    table: str
    name: str
    title: str
    cells: pd.DataFrame
    blanks: Sequence[str]


SHEETS = (
    Sheet("response", "response"),
    Sheet("levels", "indicators", lambda frame: frame[frame["statistic"].isin(LEVELS)]),
    Sheet("measurement", "indicators", lambda frame: frame[~frame["statistic"].isin(LEVELS)]),
    Sheet("change", "change", lambda frame: _with_unit(frame)),
    Sheet("attrition", "attrition", lambda frame: _with_unit(frame)),
    Sheet("attainment", "attainment"),
    Sheet("evidence", "evidence"),
)
TABLES = tuple(dict.fromkeys(sheet.table for sheet in SHEETS))


def write_annex(store: Store, evaluation: Evaluation, tables: Published) -> list[str]:
    """Write the workbook in every language of the evaluation; return the files' names. A table that is not there has a sheet that says so."""
    names = {language: f"reports/annex.{language}.xlsx" for language in evaluation.file.languages}
    for language, name in names.items():
        mark = " · ".join(marks(evaluation, language, is_synthetic=store.is_synthetic).values())
        with replacing(store.folder / name) as path:
            path.write_bytes(annex(evaluation, tables, language, mark))
    return list(names.values())


def annex(evaluation: Evaluation, tables: Published, language: Language, mark: str) -> bytes:
    """Return the workbook in one language; the same input gives the same bytes."""
    say = Wording(evaluation, language)
    sheets = [_made(say, sheet, tables) for sheet in SHEETS]
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, OPTIONS) as book:
        _describe(book, say, mark)
        looks = formats(book)
        t = texts(say)
        cover, contents, notes, *pages = (book.add_worksheet(name) for name in (t.cover, t.contents, t.notes, *(sheet.name for sheet in sheets)))
        _write_cover(cover, say, looks, mark)
        noted = _notes(say, sheets, tables)
        listed = [(t.notes, t.notes_title, len(noted)), *((sheet.name, sheet.title, len(sheet.cells)) for sheet in sheets)]
        _write_contents(contents, say, looks, listed, mark)
        _write_list(notes, say, looks, "notes", (t.notes_title, mark), {t.kind: 14, t.name: 34, t.technical: 28, t.meaning: 90}, noted)
        for page, sheet in zip(pages, sheets, strict=True):
            _write_sheet(page, say, looks, sheet, mark)
    return content.getvalue()


def _made(say: Wording, sheet: Sheet, tables: Published) -> Made:
    """Choose the rows of a sheet and put them in words."""
    found = tables[sheet.table] if sheet.table in tables else pd.DataFrame(columns=list(BY_NAME[sheet.table].columns))
    rows = sheet.chosen(found)
    cells = in_words(say, rows)
    if sheet.table == "attainment":
        cells.insert(2, "indicator", _targets(say, rows, tables))
    if sheet.table == "evidence":
        claims = {question.id: question.claim.in_(say.language) for question in say.evaluation.file.questions}
        cells["claim"] = rows["question"].map(claims).astype(object)
    name, title = (getattr(getattr(texts(say).sheets, sheet.key), field) for field in ("name", "title"))
    title = title.format(unit=say.unit, units=say.units)
    return Made(sheet.key, sheet.table, name, title, cells, words_of_the_blank(say, rows))


def _with_unit(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table of changes the unit of its numbers, beside the indicator."""
    place = list(frame.columns).index("indicator") + 1
    return pd.concat([frame.iloc[:, :place], pd.Series("", index=frame.index, name="unit", dtype=object), frame.iloc[:, place:]], axis=1)


def _targets(say: Wording, rows: pd.DataFrame, tables: Published) -> list[str]:
    """Return what each target is called: by the alliance in its framework, or by the survey."""
    framework = tables.get("framework", pd.DataFrame(columns=["alliance", "indicator_id", "indicator"]))
    named = framework.drop_duplicates(["alliance", "indicator_id"], keep="last")
    framed: dict[str, dict[object, object]] = {}
    for alliance, number, name in zip(named["alliance"], named["indicator_id"], named["indicator"], strict=True):
        framed.setdefault(alliance, {})[number] = name
    return [say.target(number, framed.get(alliance, {}))[1] for alliance, number in zip(rows["alliance"], rows["indicator_id"], strict=True)]


def _describe(book: xlsxwriter.Workbook, say: Wording, mark: str) -> None:
    """Set title, language and a date without a clock."""
    title = texts(say).title.format(title=say.evaluation.file.title.in_(say.language))
    author = say.evaluation.file.commissioner.in_(say.language)
    created = datetime(max(wave.year for wave in say.evaluation.file.waves), 1, 1)
    book.set_properties({"title": title, "author": author, "keywords": mark, "created": created})
    book.set_custom_property("Language", say.labels.report.locale)


def _write_cover(page: Worksheet, say: Wording, looks: Mapping[str, Any], mark: str) -> None:
    """Write what this workbook is, whose, and what does not stand in it; one column, no table."""
    t, evaluation = texts(say), say.evaluation
    lines = [
        mark,
        t.commissioner.format(commissioner=evaluation.file.commissioner.in_(say.language)),
        t.period.format(period=say.period(evaluation.waves)),
        t.about,
        t.numbers,
        t.disclosure.format(minimum=evaluation.minimum, word=say.too_small, withheld=say.labels.withheld),
        t.elsewhere,
    ]
    page.set_column(0, 0, COVER)
    page.write_string(0, 0, t.title.format(title=evaluation.file.title.in_(say.language)), looks["title"])
    said = [line for line in lines if line]
    for row, line in enumerate(said, 1):
        page.write_string(row, 0, line, looks["text"])
        page.set_row(row, LINE * lines_of(line, COVER))
    link(page, len(said) + 1, t.contents, t.to_contents, looks)
    link(page, len(said) + 2, t.notes, t.to_notes, looks)
    set_up_page(page, COVER)


def _write_contents(page: Worksheet, say: Wording, looks: Mapping[str, Any], listed: Sequence[tuple[str, str, int]], mark: str) -> None:
    """Write the list of sheets, each name leading to its sheet."""
    t = texts(say)
    heads = {t.contents: 28, t.shows: 80, t.rows: 14}
    top = _write_list(page, say, looks, "contents", (t.contents_title, mark), heads, [(name, title, "") for name, title, _ in listed])
    for row, (name, _, count) in enumerate(listed, top + 1):
        link(page, row, name, name, looks)
        page.write_number(row, 2, count, looks["integer"])


def _notes(say: Wording, sheets: Sequence[Made], tables: Published) -> list[tuple[str, str, str, str]]:
    """Return what every column means, and every flag and method that occurs: kind, name, technical name, meaning."""
    t = texts(say)
    columns = [(name, column_text(say, name)) for name in dict.fromkeys(str(column) for sheet in sheets for column in sheet.cells)]
    flags = sorted({name.partition(" (")[0] for flag in _occurring(tables, "flag") for name in flags_in(flag)})
    used = " ".join(_occurring(tables, "method"))
    rows = [(t.kind_column, text.heading, name, text.meaning) for name, text in columns]
    rows += [(t.kind_flag, flags_in_words(say, name), name, flags_in_words(say, name)) for name in flags]
    return rows + [(t.kind_method, one.term, one.term, one.meaning.format(unit=say.unit, units=say.units)) for one in t.methods if one.term in used]


def _occurring(tables: Published, column: str) -> list[str]:
    """Return the values of a column of text in all tables of the workbook."""
    given = [tables[name] for name in TABLES if name in tables and column in BY_NAME[name].columns]
    return sorted({str(value) for frame in given for value in frame[column].dropna().unique()})


def _write_list(
    page: Worksheet, say: Wording, looks: Mapping[str, Any], name: str, heads: tuple[str, str], widths: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> int:
    """Write a table of texts under a title and a mark; ``widths`` by heading. Return the row of its headings."""
    title, mark = heads
    top = write_heads(page, looks, title, [" · ".join(filter(None, [mark, _one_table(say, name, len(rows), len(widths))]))])
    if name != "contents":
        link(page, top, texts(say).contents, texts(say).to_contents, looks)
        top += 1
    for column, width in enumerate(widths.values()):
        page.set_column(column, column, width)
    for row, cells in enumerate(rows, top + 1):
        for column, cell in enumerate(cells):
            page.write_string(row, column, cell, looks["text"])
    make_table(page, looks, name, top, dict(widths), len(rows))
    set_up_page(page, sum(widths.values()))
    return top


def _write_sheet(page: Worksheet, say: Wording, looks: Mapping[str, Any], sheet: Made, mark: str) -> None:
    """Write one table of the contract: numbers as numbers, too few persons in words, what is missing empty."""
    t, rows = texts(say), len(sheet.cells)
    lines = [" · ".join(filter(None, [mark, _one_table(say, sheet.key, rows, len(sheet.cells.columns))])), t.empty]
    notes = {say.too_small: t.suppressed, say.labels.withheld: t.withheld}
    lines += [note.format(minimum=say.evaluation.minimum, word=word) for word, note in notes.items() if word in sheet.blanks]
    top = write_heads(page, looks, sheet.title, lines)
    link(page, top, t.contents, t.to_contents, looks)
    top += 1
    kinds = {str(column): _kind(sheet.table, str(column)) for column in sheet.cells}
    widths = {column: _width(say, column, kind) for column, kind in kinds.items()}
    for position, (column, kind) in enumerate(kinds.items()):
        page.set_column(position, position, widths[column])
        _write_column(page, (top + 1, position), sheet.cells[column].tolist(), kind, (looks, sheet.blanks))
    if not rows:  # a table has a row
        page.write_string(top + 1, 0, t.no_rows, looks["line"])
    make_table(page, looks, sheet.key, top, {_heading(say, column): width for column, width in widths.items()}, rows)
    page.freeze_panes(top + 1, 1)
    page.repeat_columns(0, 0)
    set_up_page(page, sum(widths.values()))


def _width(say: Wording, column: str, kind: str) -> int:
    """Return a column's width in characters: no word of its heading is broken, and the arrow of the filter takes three."""
    return max(WIDTHS.get(column, 16 if kind == "text" else 12), 3 + max(map(len, _heading(say, column).split())))


def _heading(say: Wording, column: str) -> str:
    """Return a column's heading with its technical name, which is left out where it is the same word."""
    heading = column_text(say, column).heading
    return heading if heading.casefold() == column.casefold() else f"{heading} ({column})"


def _write_column(page: Worksheet, place: tuple[int, int], values: Sequence[Any], kind: str, how: tuple[Mapping[str, Any], Sequence[str]]) -> None:
    """Write the cells of one column below ``place``; text is text, whatever it begins with."""
    (first, column), (looks, blanks) = place, how
    for row, (value, blank) in enumerate(zip(values, blanks, strict=True), first):
        if pd.isna(value) or value == "":
            if blank and kind != "text":
                page.write_string(row, column, blank, looks["absent"])
        elif kind == "text":
            page.write_string(row, column, value[:MAX_CELL], looks[kind])
        else:
            page.write_number(row, column, value, looks["integer" if kind == "decimal" and float(value).is_integer() else kind])


def _kind(table: str, column: str) -> str:
    """Return how a column of a table is shown."""
    declared = BY_NAME[table].columns.get(column, ("text", ""))[0]
    return "text" if declared in ("text", "truth") else SPECIAL.get(column, declared)


def _one_table(say: Wording, name: str, rows: int, columns: int) -> str:
    return texts(say).one_table.format(table=name, rows=say.number(rows, 0), columns=columns)
