"""Suppression: in, numbers with the persons behind them and why some are hidden; out, what must be hidden along so that those cannot be found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from midterm.tables import ALL

SMALL, WITHHELD = "small_n", "withheld"
Key = tuple[str, ...]
Reasons = dict[Key, str]


@dataclass(frozen=True)
class Cell:
    """A number of one alliance (or all), what it is of, on how many persons it rests, and why it is hidden (empty: shown)."""

    alliance: str
    key: Key
    n: int
    reason: str


def cells_of(table: pd.DataFrame, key: tuple[str, ...], n: pd.Series, reasons: Iterable[str]) -> list[Cell]:
    """Return the numbers of ``table`` that somebody stands behind."""
    keys = zip(*(table[name] for name in key), strict=True)
    rows = zip(table["alliance"], keys, n.astype("Float64").fillna(0), reasons, strict=True)
    return [Cell(alliance, of, int(persons), reason) for alliance, of, persons, reason in rows if persons > 0]


def everywhere(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells with every one of a key hidden where any is withheld."""
    given = list(cells)
    whole = {cell.key for cell in given if cell.reason == WITHHELD and cell.alliance != ALL}
    return [replace(cell, reason=cell.reason or WITHHELD) if cell.key in whole and cell.alliance != ALL else cell for cell in given]


def complemented(cells: Iterable[Cell], minimum: int) -> Reasons:
    """Return why each of ``cells`` is hidden, those added that could be found as the total less what is shown.

    Where the total is shown, at least two alliances are hidden, together at least ``minimum`` persons; the smallest are
    added first. Source: Hundepool et al. 2012, section 4.3 (secondary suppression).
    """
    groups: dict[Key, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.key, []).append(cell)
    reasons: Reasons = {}
    for key, group in groups.items():
        hidden = {cell.alliance: cell for cell in group if cell.reason}
        reasons |= {(name, *key): cell.reason for name, cell in hidden.items()}
        if not hidden or ALL in hidden or not any(cell.alliance == ALL for cell in group):
            continue
        shown = sorted((cell for cell in group if cell.alliance not in {*hidden, ALL}), key=lambda cell: (cell.n, cell.alliance))
        while shown and (len(hidden) < 2 or sum(cell.n for cell in hidden.values()) < minimum):
            added = shown.pop(0)
            hidden[added.alliance] = added
            reasons[(added.alliance, *key)] = WITHHELD
    return reasons
