"""What may be shown, on disk: in, the tables of all alliances; out, the publishable ones by alliance, and the same read again.

Figures, texts and pages are made from these files alone. A file for each alliance keeps the others' figures current when only
one has new numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from midterm.description import Evaluation
from midterm.judge.evidence import evidence
from midterm.places import BOOKS
from midterm.publish.disclosure import Published, publishable
from midterm.tables import ALL, AVERAGE, Store


def write_published(store: Store, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Published:
    """Blank what may not be shown in ``tables``, weigh what may as evidence, and write both, a file for each table and alliance; return it."""
    shown = publishable(tables, evaluation)
    shown["evidence"] = store.write("evidence", evidence(evaluation, shown))
    for unit in (*evaluation.alliances, ALL):
        rows = (ALL, AVERAGE) if unit == ALL else (unit,)
        for name, table in shown.items():
            store.write_published(name, unit, table[table["alliance"].isin(rows)])
    return shown


def read_published(store: Store, evaluation: Evaluation, unit: str = ALL) -> Published:
    """Return what may be shown about one alliance beside all together; for ``all`` about every alliance, with the books of cleaning."""
    if unit != ALL:
        return Published(store.read_published((unit, ALL)))
    return Published({**store.read_published((*evaluation.alliances, ALL)), **{name: store.read(name) for name in BOOKS}})
