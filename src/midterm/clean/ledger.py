"""The books of cleaning: in, what was set aside or doubted; out, tables in which rows and cells reconcile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import pandas as pd

from midterm.errors import Problem
from midterm.read import RawTable
from midterm.tables import shaped, stack


@dataclass(frozen=True)
class Cleaned:
    """The clean tables of one step by name, with what was set aside, what is doubtful and the counts per file."""

    tables: dict[str, pd.DataFrame]
    quarantine: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()
    reconciliation: tuple[dict[str, object], ...] = field(default=())

    @property
    def is_synthetic(self) -> bool:
        """Whether any file that went in says that its data are synthetic."""
        return any(bool(count["is_synthetic"]) for count in self.reconciliation)

    def books(self) -> dict[str, pd.DataFrame]:
        """Return quarantine, notices and reconciliation as tables."""
        counts = [pd.DataFrame(list(self.reconciliation))] if self.reconciliation else []
        return {
            "quarantine": as_frame("quarantine", self.quarantine),
            "notices": as_frame("notices", self.notices),
            "reconciliation": stack("reconciliation", counts),
        }


def together(parts: Iterable[Cleaned]) -> Cleaned:
    """Return several results as one; tables of the same name are stacked."""
    cleaned = list(parts)
    names = dict.fromkeys(name for part in cleaned for name in part.tables)
    return Cleaned(
        {name: stack(name, [part.tables[name] for part in cleaned if name in part.tables]) for name in names},
        tuple(problem for part in cleaned for problem in part.quarantine),
        tuple(problem for part in cleaned for problem in part.notices),
        tuple(count for part in cleaned for count in part.reconciliation),
    )


def as_frame(name: str, problems: Iterable[Problem]) -> pd.DataFrame:
    """Return problems as the table ``quarantine`` or ``notices``, each once."""
    rows = [asdict(problem) for problem in dict.fromkeys(problems)]
    return shaped(name, pd.DataFrame(rows)) if rows else stack(name, [])


def reconcile(raw: RawTable, part: str, rows_read: int, rows_kept: int, cells_per_row: int, quarantine: Iterable[Problem]) -> dict[str, object]:
    """Return the counts of one file: rows read = kept + set aside, and cells of the rows kept likewise.

    Raises AssertionError when they do not add up: that is a fault in the cleaning, never in the data.
    """
    aside = [problem for problem in dict.fromkeys(quarantine) if raw.is_of(problem) and problem.row is not None]
    rows_aside = len({problem.row for problem in aside if not problem.column})
    cells_aside = len({(problem.row, problem.column) for problem in aside if problem.column})
    if rows_read != rows_kept + rows_aside:
        raise AssertionError(f"{raw.file}: {rows_read} rows read, {rows_kept} kept and {rows_aside} set aside")
    cells_read = rows_kept * cells_per_row
    return {
        "file": raw.file,
        "sheet": raw.sheet,
        "part": part,
        "rows_read": rows_read,
        "rows_kept": rows_kept,
        "rows_set_aside": rows_aside,
        "cells_read": cells_read,
        "cells_kept": cells_read - cells_aside,
        "cells_set_aside": cells_aside,
        "is_synthetic": raw.is_synthetic,
    }


def undeclared(raw: RawTable) -> list[Problem]:
    """Return a notice for every column that stayed in the reader because nothing declares it, and the reader's own remarks."""
    reason = "this column is not declared in the codebook or the mapping; it was not read"
    return [*raw.remarks, *(raw.problem("undeclared_column", reason, column=column) for column in raw.undeclared)]
