"""Tables in a notebook: in, what may be shown; out, a table to read: in words, with its title, units, n and remarks."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from midterm.description import Evaluation, Language
from midterm.publish.cells import change_cells, column_text, flags_in_words, in_words, interval_heading, level_cells, texts
from midterm.publish.disclosure import Published
from midterm.publish.finished import language_of
from midterm.publish.wording import ALL, AVERAGE, VOICES, Wording, flags_in, marks, planned_changes, records
from midterm.tables import Store

NUMERIC = ("estimate", "interval", "n", "detectable")


@dataclass(frozen=True)
class NotebookTable:
    """A table of texts under their headings, with a title and notes, and how it looks in a notebook."""

    title: str
    subtitle: str
    rows: pd.DataFrame
    notes: tuple[str, ...]
    html: str

    def __repr__(self) -> str:
        return "\n".join([self.title, self.subtitle, self.rows.to_string(index=False), *self.notes])

    def _repr_html_(self) -> str:
        return self.html


def change_table(store: Store, evaluation: Evaluation, tables: Published, unit: str, language: str | None = None) -> NotebookTable:
    """Return the planned changes of ``unit`` (an alliance id or ``all``) to read: change, interval, n, what could have been shown, verdict, remarks."""
    say = Wording(evaluation, language_of(evaluation, language))
    shown = _chosen(evaluation, planned_changes(tables["change"], evaluation), unit)
    cells = [change_cells(say, row) for row in records(shown)]
    named = in_words(say, shown[["indicator", "alliance"]])
    plan, t = evaluation.plan, texts(say)
    heads = {"interval": interval_heading(say), "n": t.persons, "detectable": say.labels.report.col_detectable}
    title = t.sheets.change.title, say.period((plan.from_wave, plan.to_wave))
    return _table(store, say, "change", title, pd.concat([named, pd.DataFrame(cells)], axis=1), heads, shown["flag"])


def level_table(store: Store, evaluation: Evaluation, tables: Published, unit: str, language: str | None = None) -> NotebookTable:
    """Return the levels of the plan's indicators of ``unit`` to read: value, interval, n, remarks."""
    say = Wording(evaluation, language_of(evaluation, language))
    own = {one.id: one.statistic for one in evaluation.indicators}
    survey = tables["indicators"].query("source == 'survey'")
    shown = _chosen(evaluation, survey[survey["statistic"] == survey["indicator"].map(own)], unit)
    cells = [level_cells(say, row) for row in records(shown)]
    named = in_words(say, shown[["indicator", "alliance", "wave"]])
    title = texts(say).sheets.levels.title.format(unit=say.unit, units=say.units), say.period(list(shown["wave"]))
    return _table(store, say, "levels", title, pd.concat([named, pd.DataFrame(cells)], axis=1), {"interval": interval_heading(say)}, shown["flag"])


def evidence_table(store: Store, evaluation: Evaluation, tables: Published, unit: str = ALL, language: str | None = None) -> NotebookTable:
    """Return what each source says on each question about ``unit``, and the conclusion, to read."""
    say = Wording(evaluation, language_of(evaluation, language))
    weighed = tables["evidence"]
    shown = weighed[weighed["alliance"] == unit].reset_index(drop=True)
    rows = in_words(say, shown[["question", "alliance", *VOICES, "agreement", "strength", "conclusion"]])
    title = texts(say).sheets.evidence.title, say.period(evaluation.waves)
    return _table(store, say, "evidence", title, rows, {}, pd.Series("", index=shown.index))


def _chosen(evaluation: Evaluation, rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the rows of the plan's indicators about ``unit`` (all together: also the average), in the order of the plan."""
    place = {name: number for number, name in enumerate(evaluation.plan.primary)}
    units = (ALL, AVERAGE) if unit == ALL else (unit,)
    chosen = rows[rows["indicator"].isin(place) & rows["alliance"].isin(units)]
    return chosen.sort_values("indicator", key=lambda names: names.map(place), kind="stable").reset_index(drop=True)


def _table(store: Store, say: Wording, name: str, heads: tuple[str, str], rows: pd.DataFrame, headings: Mapping[str, str], flags: pd.Series) -> NotebookTable:
    """Give the columns their headings, put remarks below by letter, and lay the table out. A column that is the same throughout goes."""
    kept = rows.drop(columns=[one for one in ("alliance",) if one in rows and rows[one].nunique() == 1])
    only = rows["alliance"].iloc[0] if "alliance" in rows and "alliance" not in kept else ""
    marked, notes = _lettered(say, flags)
    if notes:
        kept = kept.assign(flag=marked)
    labels = {column: headings.get(str(column), column_text(say, str(column)).heading) for column in kept}
    subtitle = ", ".join(filter(None, [str(only), heads[1]]))
    below = (*notes, *marks(say.evaluation, say.language, is_synthetic=store.is_synthetic).values())
    right = [str(column) for column in kept if column in NUMERIC]
    shown = _as_html(_identity(name, say.language, kept), say.language, (heads[0], subtitle), kept.astype(object), labels, right, below)
    return NotebookTable(heads[0], subtitle, kept.rename(columns=labels), below, shown)


def _lettered(say: Wording, flags: pd.Series) -> tuple[list[str], tuple[str, ...]]:
    """Return for each row the letters of its remarks, and the remarks by letter in the order in which they come."""
    said = [[flags_in_words(say, f"{one}: {' '.join(numbers)}") for one, numbers in flags_in(flag).items()] for flag in flags]
    letters = {remark: _letter(place) for place, remark in enumerate(dict.fromkeys(remark for row in said for remark in row))}
    return [", ".join(letters[remark] for remark in row) for row in said], tuple(f"{letter}: {remark}." for remark, letter in letters.items())


def _letter(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else f"{chr(ord('a') + place // 26 - 1)}{chr(ord('a') + place % 26)}"


def _identity(name: str, language: Language, rows: pd.DataFrame) -> str:
    """Return an id that is the same for the same table and, in one notebook, another for another."""
    return f"table-{name}-{hashlib.sha256(f'{language}{rows.to_csv()}'.encode()).hexdigest()[:8]}"


def _as_html(
    identity: str, language: Language, heads: tuple[str, str], rows: pd.DataFrame, labels: Mapping[Any, str], right: Sequence[str], notes: Sequence[str]
) -> str:
    """Return the table as HTML with header cells for rows and columns; the same bytes for the same rows."""
    from great_tables import GT
    from great_tables import html as literal

    first = str(rows.columns[0])
    grid = GT(rows, rowname_col=first, id=identity).tab_stubhead(labels[first]).cols_label({str(column): labels[column] for column in rows.columns[1:]})
    grid = grid.tab_options(table_font_size="14px")
    grid = grid.tab_header(literal(html.escape(heads[0])), literal(html.escape(heads[1]))).cols_align("left")
    grid = grid.cols_align("right", columns=list(right)) if right else grid
    for note in notes:
        grid = grid.tab_source_note(literal(html.escape(note)))
    return f'<div lang="{language}">{grid.as_raw_html()}</div>'
