"""What the data-quality page counts: in, the clean tables; out, findings with their kind, answers by item, and files that do not balance."""

from __future__ import annotations

import re

import pandas as pd

from midterm.tables import BY_NAME

ASIDE, DOUBT, INFORMATION = OUTCOMES = ("aside", "doubt", "information")
# What went as declared asks for nothing.
AS_INTENDED = (
    "undeclared_column",
    "corrected",
    "ignored_code",
    "rating_of_theme",
    "several_themes",
    "coded_at_case",
    "rows_by_indicator",
    "rows_by_coding",
    "not_compared",
)
ANSWERED = "answered"
PLACE = list(BY_NAME["quarantine"].columns)


def findings(quarantine: pd.DataFrame, notices: pd.DataFrame) -> pd.DataFrame:
    """Return all rows of both lists with their ``outcome``: aside, doubt or information; texts are never missing."""
    aside = quarantine[PLACE].assign(outcome=ASIDE)
    kept = notices[PLACE].assign(outcome=[INFORMATION if rule in AS_INTENDED else DOUBT for rule in notices["rule"]])
    both = pd.concat([aside.astype(object), kept.astype(object)], ignore_index=True)
    texts = {name: both[name].fillna("").astype(str) for name in ("file", "sheet", "column", "rule", "reason", "outcome")}
    return both.assign(**texts, row=both["row"].astype("Int64"))


def counted(found: pd.DataFrame) -> pd.DataFrame:
    """Return how often each rule was met in each file: file, outcome, rule, n; what was set aside first, then the most frequent."""
    counts = found.groupby(["file", "outcome", "rule"], sort=True).size().rename("n").reset_index()
    rank = counts["outcome"].map({outcome: place for place, outcome in enumerate(OUTCOMES)})
    order = counts.assign(rank=rank, least=-counts["n"]).sort_values(["file", "rank", "least", "rule"], kind="stable")
    return order[["file", "outcome", "rule", "n"]].reset_index(drop=True)


def places(found: pd.DataFrame) -> list[tuple[str, str, list[int], str]]:
    """Return where findings stand as (sheet, column, rows, reason), one for all rows that differ in nothing else."""
    together: dict[tuple[str, str, str], list[int]] = {}
    for sheet, column, reason, row in zip(found["sheet"], found["column"], found["reason"], found["row"], strict=True):
        together.setdefault((sheet, column, reason), []).extend([] if pd.isna(row) else [int(row)])
    sorted_rows = {key: sorted(set(rows)) for key, rows in together.items()}
    ordered = sorted(sorted_rows.items(), key=lambda entry: (entry[0][0], entry[1][:1], entry[0]))
    return [(sheet, column, rows, reason) for (sheet, column, reason), rows in ordered]


def names_in(reason: str) -> str:
    """Return what of a reason reads in any language: names between quotes, the rows or columns that it counts up, and the count that it ends with."""
    names = [first or second for first, second in re.findall(r"(?<!\w)(?:'(.+?)'|\"(.+?)\")(?!\w)", reason)]
    numbers = [found.replace(" to ", "–") for found in re.findall(r"\b(?:rows|columns) (\d+(?:(?:, | to )\d+)+)", reason)]
    counts = [f"{count}×" for count in re.findall(r": (\d+)(?=;|$)", reason)]
    return ", ".join(dict.fromkeys([*names, *numbers, *counts]))


def balanced(reconciliation: pd.DataFrame, quarantine: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``reconciliation`` with ``balances``: read = kept + set aside, and the file's quarantine counts the same.

    The second is counted anew from the places: distinct rows without a column, and distinct cells of the other rows.
    """
    books = reconciliation.astype({"file": object})
    adds_up = pd.Series(True, index=books.index)
    for what in ("rows", "cells"):
        adds_up &= (books[f"{what}_read"] == books[f"{what}_kept"] + books[f"{what}_set_aside"]).fillna(False).astype(bool)
        in_quarantine = books["file"].map(_set_aside(quarantine, what)).fillna(0).astype("int64")
        in_books = books.groupby("file")[f"{what}_set_aside"].transform("sum")
        adds_up &= (in_books == in_quarantine).fillna(False).astype(bool)
    return books.assign(balances=adds_up)


def _set_aside(quarantine: pd.DataFrame, what: str) -> pd.Series:
    """Return how many rows or cells of each file stand in quarantine."""
    placed = quarantine.astype({"file": object, "sheet": object, "column": object})
    placed = placed[placed["row"].notna()].fillna({"sheet": "", "column": ""})
    rows = placed.loc[placed["column"] == "", ["file", "sheet", "row"]].drop_duplicates()
    if what == "rows":
        return rows.groupby("file").size()
    cells = placed.loc[placed["column"] != "", ["file", "sheet", "row", "column"]].drop_duplicates()
    merged = cells.merge(rows, how="left", on=["file", "sheet", "row"], indicator=True)
    return merged[merged["_merge"] == "left_only"].groupby("file").size()


def answer_kinds(responses: pd.DataFrame) -> pd.DataFrame:
    """Return how often each item was answered or missing, by kind: alliance, wave, item, kind, n. No answer itself is counted."""
    keys = ["alliance", "wave", "item"]
    counts = responses.groupby([*keys, "missing_kind"], observed=True, dropna=False).size().rename("n").reset_index()
    kinds = counts["missing_kind"].astype(object)
    texts = {name: counts[name].astype(object) for name in keys}
    return counts.assign(**texts, kind=kinds.where(kinds.notna(), ANSWERED))[[*keys, "kind", "n"]].sort_values([*keys, "kind"], ignore_index=True)


def shares(kinds: pd.DataFrame, by: str) -> dict[str, dict[str, float]]:
    """Return per value of ``by`` the share (0-1) of each kind that occurs, of those asked, and their number as ``asked``."""
    counts = kinds.groupby([by, "kind"], sort=True)["n"].sum().unstack(fill_value=0)
    asked = counts.sum(axis=1)
    table = counts.div(asked, axis=0).assign(asked=asked)
    return {str(name): {str(kind): float(row[kind]) for kind in table.columns} for name, row in table.iterrows()}
