"""What is kept but doubtful in a survey: in, the cells and answers of one file; out, notices of straight lines, haste and impossible dates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import numpy as np
import pandas as pd

from midterm.clean.answers import numbers
from midterm.clean.decoder import readings
from midterm.clean.respondents import Sheet, decimal_of
from midterm.clean.values import visible
from midterm.description import Evaluation, Item
from midterm.errors import Problem
from midterm.read.cells import looked_up

STRAIGHT_LINE_ITEMS = 6
ANONYMOUS_YEAR = 1980  # LimeSurvey writes 1980-01-01 where dates are not kept
FORMATS = tuple(f"{day}{time}" for day in ("%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y") for time in ("", " %H:%M", " %H:%M:%S"))
SENT = frozenset({"1", "true", "yes", "ja", "waar", "y", "j"})
NOT_SENT = frozenset({"", "0", "false", "no", "nee", "onwaar", "n", "n/a", "na", "nan", "nat", "null", "none", "0000-00-00", "0000-00-00 00:00:00"})


def straight_lines(evaluation: Evaluation, wave: str, sheet: Sheet, items: list[Item], answers: pd.DataFrame) -> Iterator[Problem]:
    """Note rows that gave one and the same answer to all items of a scale although some point the other way."""
    for name, scale in evaluation.codebook.scales.items():
        same = [item for item in items if item.scale_in(wave) == name and scale.answers]
        if len(same) < STRAIGHT_LINE_ITEMS or not any(item.reversed for item in same):
            continue
        first = numbers(answers[same[0].id])
        is_same = ~np.isnan(first)
        for item in same[1:]:
            is_same &= numbers(answers[item.id]) == first
        reason = f"the same answer was given to all {len(same)} items, reversed ones too; kept, look at it"
        yield from (sheet.raw.problem("straight_lining", reason, row) for row in answers.index[is_same])


def haste(evaluation: Evaluation, sheet: Sheet, answers: pd.DataFrame) -> Iterator[Problem]:
    """Note rows answered in less than ``plan.seconds_per_item`` for each item answered."""
    keys = sheet.source.columns
    seconds = _seconds(sheet)
    if seconds is None:
        return
    answered = np.zeros(len(answers), dtype=np.int32)
    for item in answers.columns:
        answered += ~np.isnan(numbers(answers[item]))
    with np.errstate(invalid="ignore"):
        is_hasty = (seconds < evaluation.plan.seconds_per_item * answered) & (seconds >= 0)
        is_impossible = seconds < 0
    reason = f"this took less than {evaluation.plan.seconds_per_item:g} s for each item answered; kept, look at it"
    yield from (sheet.raw.problem("speeder", reason, row, keys.duration or "") for row in answers.index[is_hasty])
    reason = "the time that this took is below zero; kept, look at the dates"
    yield from (sheet.raw.problem("impossible_date", reason, row, keys.duration or keys.submitted or "") for row in answers.index[is_impossible])


def _seconds(sheet: Sheet) -> np.ndarray | None:
    """Return how long each row took: as the file says, or from start to sending in; NaN where not known."""
    keys = sheet.source.columns
    if keys.duration and keys.duration in sheet.text:
        column = sheet.text[keys.duration]
        by_text = [min(readings(visible(str(text)), decimal_of(sheet.source)), default=np.nan) for text in column.cat.categories]
        return looked_up(column, np.array(by_text, dtype=float), np.nan)
    if not (keys.started and keys.submitted and keys.started in sheet.text):
        return None
    start, end = (_times(sheet.text[name]) for name in (keys.started, keys.submitted))
    seconds: np.ndarray = (end - start) / np.timedelta64(1, "s")
    return seconds


def dates(evaluation: Evaluation, wave: str, sheet: Sheet) -> Iterator[Problem]:
    """Note dates that are none, or that lie more than a year from the wave's."""
    year = evaluation.wave(wave).year
    for name in (sheet.source.columns.started, sheet.source.columns.submitted):
        if not name or name not in sheet.text:
            continue
        column = sheet.text[name]
        is_said = looked_up(column, np.array([visible(str(text)).casefold() not in SENT | NOT_SENT for text in column.cat.categories], dtype=bool), False)
        found = _times(column)
        years = found.astype("datetime64[Y]").astype(float) + 1970
        is_off = is_said & ~np.isnat(found) & (np.abs(years - year) > 1) & (years != ANONYMOUS_YEAR)
        reason = "this is no date that can exist; kept, look at it"
        yield from (sheet.raw.problem("impossible_date", reason, row, name) for row in column.index[is_said & np.isnat(found)])
        reason = f"this date is more than a year from {year}, the year of this wave; kept, see that the row belongs to it"
        yield from (sheet.raw.problem("impossible_date", reason, row, name) for row in column.index[is_off])


def _times(column: pd.Series) -> np.ndarray:
    by_text = [parse_time(str(text)) or np.datetime64("NaT") for text in column.cat.categories]
    return looked_up(column, np.array(by_text, dtype="datetime64[s]"), np.datetime64("NaT"))


def parse_time(text: str) -> datetime | None:
    """Return the date or time that a cell means: ISO, or day-month-year (month-day-year where the day cannot be a month)."""
    with suppress(ValueError):
        return datetime.fromisoformat(visible(text)).replace(tzinfo=None)
    for form in FORMATS:
        with suppress(ValueError):
            return datetime.strptime(visible(text), form)
    return None


def is_sent_in(text: str) -> bool:
    """Tell whether a cell of the column ``submitted`` says that the questionnaire was sent in: a date, or a word for yes."""
    return visible(text).casefold() not in NOT_SENT
