"""The chapters of the data-quality page over all files: in, a review; out, Markdown with the verdict, the books and every finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from midterm.publish.quality.context import BOOKS, Review
from midterm.publish.quality.survey import units, waves
from midterm.publish.quality.tables import ASIDE, DOUBT, INFORMATION, counted, names_in, places
from midterm.publish.report.context import escaped, markdown_table
from midterm.publish.wording import records

Chapter = Callable[[Review], list[str]]
FOLD, FOLD_CLOSED, FOLD_END = "fold", "fold-closed", "fold-end"


def verdict(r: Review) -> list[str]:
    """Return in words whether the books balance and where there is something to do."""
    q, books = r.texts, r.books
    lead = q.verdict_counts.format(files=books["file"].nunique(), **{name: r.count(books[name].sum()) for name in BOOKS})
    wrong = ", ".join(dict.fromkeys(books.loc[~books["balances"], "file"]))
    balance = f"**{escaped(q.verdict_unbalanced.format(files=wrong))}**" if wrong else escaped(q.verdict_balanced)
    absent = [file for file in r.context.evaluation.sources.files if file not in set(books["file"])]
    not_read = [escaped(q.verdict_absent.format(n=len(absent), files=", ".join(absent)))] if absent else []
    return [f"# {q.verdict}", f"**{escaped(q.internal)}**", escaped(lead), balance, *not_read, *_to_do(r)]


def _to_do(r: Review) -> list[str]:
    """Return how much is to be solved or looked at, and by file where, with a link to its place on the page."""
    q = r.texts
    by_file = r.findings.groupby(["file", "outcome"]).size().unstack(fill_value=0).reindex(columns=[ASIDE, DOUBT, INFORMATION], fill_value=0)
    total = {outcome: int(by_file[outcome].sum()) for outcome in by_file.columns}
    quiet = [escaped(q.verdict_information.format(n=r.count(total[INFORMATION])))] if total[INFORMATION] else []
    if not total[ASIDE] and not total[DOUBT]:
        return [escaped(q.verdict_clean), *quiet]
    rows = [(str(row.Index), row.aside, row.doubt) for row in records(by_file) if row.aside or row.doubt]
    lines = [
        f"- [{escaped(file)}](#{r.anchor(file)}): {escaped(q.verdict_place.format(aside=r.count(aside), doubts=r.count(doubts)))}"
        for file, aside, doubts in rows
    ]
    lead = q.verdict_problems.format(aside=r.count(total[ASIDE]), doubts=r.count(total[DOUBT]), files=len(rows))
    return [escaped(lead), "\n".join(lines), *quiet]


def books(r: Review) -> list[str]:
    """Return the reconciliation of every file."""
    return [f"# {r.texts.books}", escaped(r.texts.books_lead), r.books_table(r.texts.table_books, r.books)]


def all_findings(r: Review) -> list[str]:
    """Return every finding with its place, by file and rule, each rule folded under its name."""
    parts = [f"# {r.texts.findings}", escaped(r.texts.findings_lead if r.files else r.texts.findings_none)]
    for file in r.files:
        here = r.findings[r.findings["file"] == file]
        parts.append(f"## {escaped(file)} {{#{r.anchor(file)}}}")
        for row in records(counted(here)):
            parts += _fold(r, row, here[(here["outcome"] == row.outcome) & (here["rule"] == row.rule)])
    return parts


def _fold(r: Review, rule: Any, same: pd.DataFrame) -> list[str]:
    """Return the findings of one rule in one file: its name and number, what to do, and the places.

    The reasons in the tables are English: another language has the rule's own words, and of the reason the names in it.
    """
    q, words = r.texts, r.rule(rule.rule)
    summary = getattr(q, f"fold_{rule.outcome}").format(title=r.title(rule.rule), n=r.count(rule.n))
    is_whole = r.context.language == "en" or words is None
    rows = [
        [sheet, r.rows(column, numbers), r.column(column, numbers), reason if is_whole else names_in(reason)] for sheet, column, numbers, reason in places(same)
    ]
    columns = [q.col_sheet, q.col_rows, r.context.texts.col_column, r.context.texts.col_reason if is_whole else q.col_message]
    filled = [at for at in range(len(columns)) if any(row[at] for row in rows)]
    caption = q.table_findings.format(file=rule.file, title=r.title(rule.rule))
    table = markdown_table(caption, [columns[at] for at in filled], [[row[at] for at in filled] for row in rows])
    start = FOLD_CLOSED if rule.outcome == INFORMATION else FOLD
    action = [escaped(words.action)] if words else []
    return [f"::: {{.{start}}}\n**{escaped(summary)}**\n:::", *action, table, f"::: {{.{FOLD_END}}}\n:::"]


CHAPTERS: tuple[Chapter, ...] = (verdict, waves, units, books, all_findings)
