"""The contract on clean tables: in, what cleaning made; out, the tables on disk, or an error that names table, column and rule.

What arrives is cleaned by our own rules with a place for every fault; this is the last look at the result. A breach is a
fault in the cleaning, never in the data, so it stops the step. Its message holds no value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import get_args

import pandas as pd
import pandera.pandas as pandera
from pandera.errors import SchemaErrors

from midterm.clean.ledger import Cleaned
from midterm.description import Evaluation
from midterm.description.codebook import Category, MissingKind
from midterm.tables import Store

PLACED = ("file", "rule", "reason")


def held(evaluation: Evaluation, cleaned: Cleaned) -> Cleaned:
    """Return ``cleaned`` when all its tables and books keep their contract; raise AssertionError naming each breach."""
    schemas = contracts(evaluation)
    breaches = [breach for name, table in {**cleaned.tables, **cleaned.books()}.items() for breach in _breaches(name, schemas[name], table)]
    if breaches:
        raise AssertionError("; ".join(breaches))
    return cleaned


def save(evaluation: Evaluation, cleaned: Cleaned, book: str, alliances: Iterable[str] = (), prefix: str = "") -> None:
    """Hold the tables to their contract and write them: in pieces per alliance (all, or those given), the books under ``book``.

    ``prefix`` stands before the alliance's id in the name of a piece.
    """
    store = Store(evaluation.folder, is_synthetic=cleaned.is_synthetic)
    held(evaluation, cleaned)
    for alliance in alliances or evaluation.alliances:
        for name, table in cleaned.tables.items():
            store.write_part(name, f"{prefix}{alliance}", table[(table["alliance"] == alliance).to_numpy(dtype=bool)])
    for name, table in cleaned.books().items():
        store.write_part(name, book, table)


def _breaches(name: str, schema: pandera.DataFrameSchema, table: pd.DataFrame) -> list[str]:
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        columns = cases["column"].astype(str).where(cases["schema_context"] == "Column", "its rows")
        faults = dict.fromkeys(zip(columns, cases["check"].astype(str).str.split("(").str[0], strict=True))
        return [f"the clean table {name!r} breaks its contract in {column}: {rule}" for column, rule in faults]
    return []


def contracts(evaluation: Evaluation) -> dict[str, pandera.DataFrameSchema]:
    """Return the contract of every clean table of the evaluation by name."""
    book = evaluation.codebook
    place = {name: _filled() for name in PLACED}
    return {
        "responses": _table(
            {**_membership(evaluation), "item": _one_of(item.id for item in book.items), "missing_kind": _one_of(get_args(MissingKind), nullable=True)},
            ["respondent_id", "alliance", "wave", "item"],
            value_or_kind=lambda rows: rows["value"].notna() != rows["missing_kind"].notna(),
            value_on_scale=lambda rows: _is_on_scale(evaluation, rows),
        ),
        "respondents": _table(
            {**_membership(evaluation), "is_complete": pandera.Column(nullable=False), "is_usable": pandera.Column(nullable=False)},
            ["respondent_id", "alliance", "wave"],
        ),
        "open_answers": _table({"alliance": _alliance(evaluation), "question": _one_of(entry.id for entry in book.open_questions), "answer": _filled()}),
        "framework": _framework(evaluation),
        "interviews": _table(
            {
                "alliance": _alliance(evaluation),
                "interview": pandera.Column(nullable=False),
                "group": _one_of(_ids(book.interviews.groups if book.interviews else ()), nullable=True),
                "theme": _one_of(_ids(book.interviews.themes if book.interviews else ()), nullable=True),
                "rating": pandera.Column(checks=pandera.Check.in_range(-1, 1), nullable=True),
            }
        ),
        "population": _table(
            {"wave": _one_of(evaluation.waves), "alliance": _alliance(evaluation), "organisation": _filled(), "population": _count(), "invited": _count()},
            ["wave", "alliance", "organisation"],
        ),
        "quarantine": _table(place),
        "notices": _table(place),
        "reconciliation": _table(
            {},
            rows_balance=lambda rows: rows["rows_read"] == rows["rows_kept"] + rows["rows_set_aside"],
            cells_balance=lambda rows: rows["cells_read"] == rows["cells_kept"] + rows["cells_set_aside"],
        ),
    }


def _framework(evaluation: Evaluation) -> pandera.DataFrameSchema:
    form = evaluation.codebook.framework
    closed = {name: _one_of(_ids(entries), nullable=True) for name, entries in (form.lists if form else {}).items()}
    years = {name: pandera.Column(checks=pandera.Check.in_range(1900, 2199), nullable=True) for name in ("baseline_year", "target_year", "year")}
    return _table({"alliance": _alliance(evaluation), "indicator_id": _filled(), **closed, **years}, ["alliance", "indicator_id", "year"])


def _membership(evaluation: Evaluation) -> dict[str, pandera.Column]:
    return {"respondent_id": _filled(), "alliance": _alliance(evaluation), "organisation": _filled(), "wave": _one_of(evaluation.waves)}


def _alliance(evaluation: Evaluation) -> pandera.Column:
    return _one_of(evaluation.alliances)


def _is_on_scale(evaluation: Evaluation, rows: pd.DataFrame) -> pd.Series:
    scales = {item.id: evaluation.codebook.scale_of(item.id) for item in evaluation.codebook.items}
    low, high = (rows["item"].map({item: getattr(scale, end) for item, scale in scales.items()}).astype(float) for end in ("low", "high"))
    return rows["value"].isna() | rows["value"].between(low, high)


def _ids(entries: Iterable[Category]) -> list[str]:
    return [entry.id for entry in entries]


def _one_of(names: Iterable[str], *, nullable: bool = False) -> pandera.Column:
    return pandera.Column(checks=pandera.Check.isin(list(names)), nullable=nullable)


def _filled() -> pandera.Column:
    return pandera.Column(checks=pandera.Check(lambda column: column.astype(object) != "", name="filled"), nullable=False)


def _count() -> pandera.Column:
    return pandera.Column(checks=pandera.Check.ge(0), nullable=True)


def _table(columns: dict[str, pandera.Column], unique: list[str] | None = None, **rules: Callable[[pd.DataFrame], pd.Series]) -> pandera.DataFrameSchema:
    checks = [pandera.Check(rule, name=name) for name, rule in rules.items()]
    return pandera.DataFrameSchema(columns, checks=checks, unique=unique, strict=False, coerce=False)
