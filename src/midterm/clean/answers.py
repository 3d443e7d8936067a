"""Answers in coded form: in, one categorical column per item; out, numbers, kinds of missing, and the long table ``responses``.

A cell says in words what was answered: a number (``4.0``) or a kind of missing (``dont_know``); no cell where the item was
not asked. So a million people's answers to sixty items take sixty megabytes and are looked up, not parsed.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd

from midterm.clean.decoder import Meaning
from midterm.description.codebook import MissingKind
from midterm.read.cells import coded, in_order, looked_up

MISSING: tuple[str, ...] = get_args(MissingKind)
MEMBERSHIP = ["respondent_id", "alliance", "organisation", "wave"]


def in_words(meaning: Meaning) -> str:
    """Return the text by which a cell in coded form says what was answered."""
    return meaning.kind if meaning.value is None else repr(float(meaning.value))


def numbers(column: pd.Series) -> np.ndarray:
    """Return the answers of one item as numbers, NaN where there is none."""
    return looked_up(column, np.array([np.nan if text in MISSING else float(text) for text in column.cat.categories], dtype=float), np.nan)


def long(persons: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``responses``: a row for each person (row of ``persons``, with MEMBERSHIP) and item asked, in its order.

    Columns of text stay coded (categorical); cells without an answer or kind (not asked) give no row.
    """
    keys = {name: in_order(persons[name]) for name in MEMBERSHIP}
    order = np.lexsort([keys[name].codes for name in ("respondent_id", "organisation", "alliance", "wave")])
    items = sorted(map(str, answers.columns))
    shape = (len(persons), len(items))
    value, kind, is_asked = np.empty(shape), np.empty(shape, dtype=np.int8), np.empty(shape, dtype=bool)
    for at, item in enumerate(items):
        column = answers[item]
        value[:, at] = numbers(column)[order]
        kind[:, at] = looked_up(column, np.array([MISSING.index(text) if text in MISSING else -1 for text in column.cat.categories], dtype=np.int8), -1)[order]
        is_asked[:, at] = column.cat.codes.to_numpy()[order] >= 0

    def kept(cells: np.ndarray) -> np.ndarray:
        return cells.ravel() if is_asked.all() else cells.ravel()[is_asked.ravel()]

    columns: dict[str, pd.Categorical | np.ndarray] = {
        name: coded(kept(np.repeat(key.codes[order], len(items))), list(key.categories)) for name, key in keys.items()
    }
    columns["item"] = coded(kept(np.tile(np.arange(len(items), dtype=np.int16), len(persons))), items)
    return pd.DataFrame({**columns, "value": kept(value), "missing_kind": coded(kept(kind), MISSING)}, copy=False)


def wide(responses: pd.DataFrame) -> pd.DataFrame:
    """Return the coded form of the table ``responses``: a row for each person with MEMBERSHIP, a categorical column per item."""
    values = responses["value"].map(lambda value: repr(float(value)), na_action="ignore").astype(object)
    words = values.where(responses["value"].notna(), responses["missing_kind"].astype(object))
    cells = responses[MEMBERSHIP].astype(object).assign(item=responses["item"].astype(object), answer=words)
    table = cells.pivot(index=MEMBERSHIP, columns="item", values="answer").sort_index()
    columns = {str(item): pd.Categorical(table[item], categories=pd.Index(sorted(table[item].dropna().unique()), dtype="str")) for item in table.columns}
    keys = table.index.to_frame(index=False).astype("category")
    return pd.concat([keys, pd.DataFrame(columns, index=keys.index)], axis=1)
