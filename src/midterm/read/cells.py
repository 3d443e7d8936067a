"""Columns of text held as codes: in, cells; out, a categorical of strings in which each distinct text stands once.

What is done to a column is done to its distinct texts: a hundred thousand answers to one question hold some six of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals


class Cells:
    """A column of text while it is being read: a code for each cell, and each distinct text once."""

    def __init__(self) -> None:
        self._codes: defaultdict[str, int] = defaultdict()
        self._codes.default_factory = self._codes.__len__
        self._chunks: list[np.ndarray] = []

    def extend(self, cells: Sequence[str]) -> None:
        """Add cells at the end."""
        self._chunks.append(np.fromiter(map(self._codes.__getitem__, cells), dtype=np.int32, count=len(cells)))

    def categorical(self) -> pd.Categorical:
        """Return all cells as a categorical of strings."""
        codes = np.concatenate(self._chunks) if self._chunks else np.empty(0, dtype=np.int32)
        return coded(codes, list(self._codes))


def coded(codes: np.ndarray, texts: Sequence[str]) -> pd.Categorical:
    """Return the categorical with these codes into ``texts`` (distinct); -1 is no cell at all."""
    return pd.Categorical.from_codes(codes, pd.Index(list(texts), dtype=object))


def recoded(column: pd.Series, meaning: Callable[[str], str]) -> pd.Series:
    """Return a categorical column with each distinct text replaced by its ``meaning`` (looked up once a text)."""
    return pd.Series(merged(column.cat.codes.to_numpy(), [meaning(str(text)) for text in column.cat.categories]), index=column.index)


def looked_up(column: pd.Series, by_text: np.ndarray, absent: object) -> np.ndarray:
    """Return for each cell the entry of ``by_text`` (one for each distinct text), or ``absent`` where there is no cell."""
    return np.append(by_text, np.array([absent], dtype=by_text.dtype))[column.cat.codes.to_numpy()]


def joined(columns: Sequence[pd.Series], separator: str = "/") -> pd.Series:
    """Return the stripped texts of several columns as one, ``separator`` between them; empty where one of them is empty."""
    stripped = [column if all(text == text.strip() for text in column.cat.categories.tolist()) else recoded(column, str.strip) for column in columns]
    if len(stripped) == 1:
        return stripped[0]
    rows, texts = distinct_rows(stripped)
    return pd.Series(merged(rows, [separator.join(row) if all(row) else "" for row in texts]), index=columns[0].index)


def distinct_rows(columns: Sequence[pd.Series]) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Return for each row which distinct combination of texts it holds, and those combinations."""
    number = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        number = number * (len(column.cat.categories) + 1) + column.cat.codes.to_numpy() + 1
    _, first, rows = np.unique(number, return_index=True, return_inverse=True)
    return rows, list(zip(*(column.iloc[first].astype(object) for column in columns), strict=True))


def merged(codes: np.ndarray, texts: Sequence[str]) -> pd.Categorical:
    """Return the categorical with these codes into ``texts``, of which some may be the same."""
    distinct = list(dict.fromkeys(texts))
    position = {text: code for code, text in enumerate(distinct)}
    to_code = np.array([*(position[text] for text in texts), -1], dtype=np.int32)
    return coded(to_code[codes], distinct)


def stacked(columns: Sequence[pd.Series]) -> pd.Categorical:
    """Return the cells of several categorical columns under one another."""
    return union_categoricals([column.array for column in columns])


def in_order(column: pd.Series | pd.Categorical) -> pd.Categorical:
    """Return the same cells with the texts in alphabetical order, so that codes sort as texts do; unused texts are gone."""
    used = pd.Categorical(column).remove_unused_categories()
    return used.reorder_categories(sorted(used.categories))
