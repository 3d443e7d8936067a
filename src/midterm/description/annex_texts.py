"""The texts of tables for people: in, the ``annex`` part of a labels file; out, headings, words for values and flags, and notes, typed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from midterm.description.model import Frozen
from midterm.description.placeholders import uses

SheetName = Annotated[str, Field(min_length=1, max_length=31, pattern=r"^[^\[\]:*?/\\']+$")]  # what Excel takes
Meaning = Annotated[str, uses("unit", "units")]


class ColumnText(Frozen):
    """A column's heading, and what stands in it."""

    heading: Annotated[str, uses("unit_name")]
    meaning: Meaning


class SheetText(Frozen):
    """The name of a sheet, at most 31 characters, and its title."""

    name: SheetName
    title: Meaning


class Sheets(Frozen):
    """The sheets with a table, in their order."""

    response: SheetText
    levels: SheetText
    measurement: SheetText
    change: SheetText
    attrition: SheetText
    attainment: SheetText
    evidence: SheetText


class StatisticText(Frozen):
    """What a statistic is called, and its unit; without one it has the unit of its indicator."""

    name: str
    unit: str = ""


class MethodText(Frozen):
    """A name that the column ``method`` uses, and what it means."""

    term: str
    meaning: Meaning


class AnnexTexts(Frozen):
    """One text per field, in one language.

    Columns, flags, statistics and words go by their technical name; one that is not here is shown by that name.
    """

    title: Annotated[str, uses("title")]
    cover: SheetName
    contents: SheetName
    notes: SheetName
    about: str
    commissioner: Annotated[str, uses("commissioner")]
    period: Annotated[str, uses("period")]
    numbers: str
    disclosure: Annotated[str, uses("minimum", "word", "withheld")]
    elsewhere: str
    one_table: Annotated[str, uses("table", "rows", "columns")]
    empty: str
    suppressed: Annotated[str, uses("minimum", "word")]
    withheld: Annotated[str, uses("minimum", "word")]
    no_rows: str
    to_contents: str
    to_notes: str
    contents_title: str
    notes_title: str
    shows: str
    rows: str
    kind: str
    name: str
    technical: str
    meaning: str
    kind_column: str
    kind_flag: str
    kind_method: str
    planned_yes: str
    planned_no: str
    item: Annotated[str, uses("indicator", "item")]
    flag_of: Annotated[str, uses("flag", "group")]
    interval: Annotated[str, uses("level")]
    persons: str
    sheets: Sheets
    statistics: dict[str, StatisticText]
    words: dict[str, str]
    methods: tuple[MethodText, ...]
    flags: dict[str, Annotated[str, uses("n", "same", "unit", "units")]]
    columns: dict[str, ColumnText]

    @model_validator(mode="after")
    def _sheets_differ(self) -> AnnexTexts:
        names = [name.casefold() for name in (self.cover, self.contents, self.notes, *(sheet.name for _, sheet in self.sheets))]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two sheets have the name {twice!r}; give each its own")
        return self
