"""The contract on clean tables: it holds for what cleaning makes, and each breach is named without a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from factory import draft
from midterm.clean.contracts import held, save
from midterm.clean.ledger import Cleaned
from midterm.clean.survey import clean_survey
from midterm.description import Evaluation
from midterm.read import read_survey

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def wave(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evaluation, Cleaned]:
    evaluation = draft().load(tmp_path_factory.mktemp("contracts"))
    return evaluation, clean_survey(evaluation, "2023", read_survey(evaluation, "2023"))


def test_the_contract_holds_for_what_cleaning_makes(wave: tuple[Evaluation, Cleaned]) -> None:
    assert held(*wave) is wave[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.assign(value=rows["value"].replace(4.0, 77.0)), "its rows: value_on_scale"),
        (lambda rows: rows.assign(missing_kind="empty"), "its rows: value_or_kind"),
        (lambda rows: rows.assign(alliance="oost"), "'responses' breaks its contract in alliance: isin"),
        (lambda rows: rows.assign(organisation=""), "organisation: filled"),
        (lambda rows: pd.concat([rows, rows.iloc[[0]]], ignore_index=True), "multiple_fields_uniqueness"),
        (lambda rows: rows.drop(columns="item"), "column_in_dataframe"),
    ],
)
def test_a_breach_is_named_without_a_value(wave: tuple[Evaluation, Cleaned], change: Change, words: str) -> None:
    evaluation, cleaned = wave
    rows = cleaned.tables["responses"].astype(dict.fromkeys(("respondent_id", "alliance", "organisation", "wave", "item", "missing_kind"), object))
    with pytest.raises(AssertionError) as error:
        held(evaluation, replace(cleaned, tables={**cleaned.tables, "responses": change(rows)}))
    assert words in str(error.value)
    assert not any(secret in str(error.value) for secret in ("77", "oost", *map(str, rows["respondent_id"].unique())))


def test_books_that_do_not_balance_are_a_breach(wave: tuple[Evaluation, Cleaned]) -> None:
    evaluation, cleaned = wave
    (count,) = cleaned.reconciliation
    with pytest.raises(AssertionError, match="rows_balance"):
        held(evaluation, replace(cleaned, reconciliation=({**count, "rows_kept": 3},)))


def test_nothing_is_written_when_the_contract_is_broken(wave: tuple[Evaluation, Cleaned]) -> None:
    evaluation, cleaned = wave
    with pytest.raises(AssertionError):
        save(evaluation, replace(cleaned, tables={"respondents": cleaned.tables["respondents"].assign(wave="1999")}), "survey-2023")
    assert not list(evaluation.folder.glob("data/processed/**/*.parquet"))
