"""One estimate to look at: in, an indicator and for whom; out, number, interval, n, verdict and method, in words and as a notebook shows it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from midterm.description import Indicator, Language
from midterm.errors import Problem, UserError, nearest
from midterm.publish.cells import change_cells, column_text, flags_in_words, interval_heading, level_cells, texts
from midterm.publish.finished import Finished, check_alliance, described, finished, language_of
from midterm.publish.report.context import Context
from midterm.publish.wording import ALL, change_factor, verdict_of


@dataclass(frozen=True)
class Estimate:
    """A number with all that belongs to it; NaN where it is not there or may not be shown, which ``sentence`` says.

    ``value``, ``low`` and ``high`` are in ``unit`` (a share as 0-1, its change in percentage points); ``shown`` holds the same
    as text, with headings: number and unit, interval, persons, verdict, remarks, method. ``sentence`` is the report's.
    """

    value: float
    low: float
    high: float
    unit: str
    n: tuple[int, ...]
    verdict: str
    method: str
    flag: str
    subject: str
    sentence: str
    shown: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    language: Language

    def __repr__(self) -> str:
        return " ".join([self.sentence, *(f"{mark}." for mark in self.marks)])

    def _repr_html_(self) -> str:
        """Show the number large and all that belongs to it below, for everybody and not on hover alone."""
        (_, number), *rest = self.shown
        lines = "".join(f'<dt>{html.escape(name)}</dt><dd style="margin:0">{html.escape(text)}</dd>' for name, text in rest if text)
        head = f"<figcaption>{html.escape(self.subject)}</figcaption>"
        big = f'<p title="{html.escape(self.method)}" style="font-size:1.6em;font-weight:600;margin:0.2em 0">{html.escape(number)}</p>'
        listed = f'<dl style="display:grid;grid-template-columns:max-content 1fr;column-gap:1em">{lines}</dl>'
        below = "".join(f"<p><small>{html.escape(mark)}</small></p>" for mark in self.marks)
        return f'<figure lang="{self.language}" style="margin:0">{head}{big}{listed}{below}</figure>'


@dataclass(frozen=True)
class _Asked:
    run: Finished
    context: Context
    indicator: Indicator
    alliance: str


def estimate(indicator: str, alliance: str = ALL, *, language: str | None = None, evaluation: Path | str | None = None) -> Estimate:
    """Return the planned change of ``indicator`` in ``alliance`` (an id, ``all`` or ``average``), as it may be shown.

    ``evaluation`` is its folder; without it the nearest one upwards. Raises UserError, in one sentence, for an indicator,
    alliance or language that there is not, and for a change that was not estimated.
    """
    asked = _asked("change", indicator, alliance, language, evaluation)
    context, found, plan = asked.context, asked.indicator, asked.context.evaluation.plan
    row, say = context.change_of(alliance, found.id), context.say
    cells = change_cells(say, row)
    facts = {interval_heading(say): cells["interval"], texts(say).persons: cells["n"], column_text(say, "verdict").heading: cells["verdict"]}
    judged = {"verdict": verdict_of(row), "unit": say.change_unit(found), "n": _shown(context, row.n_from, row.n_to)}
    told = {"subject": _subject(asked, say.period((plan.from_wave, plan.to_wave))), "sentence": context.change_in_words(alliance, found)}
    return _estimate(asked, row, cells, facts, change_factor(found), **judged, **told)


def level(indicator: str, alliance: str = ALL, wave: str | None = None, *, language: str | None = None, evaluation: Path | str | None = None) -> Estimate:
    """Return the level of ``indicator`` in ``alliance`` (an id, or ``all``) in ``wave`` (left out: the last of the plan), as it may be shown."""
    asked = _asked("indicators", indicator, alliance, language, evaluation)
    context, found = asked.context, asked.indicator
    when = context.evaluation.wave(wave or context.evaluation.plan.to_wave).id
    row, say = context.level_of(alliance, found, when), context.say
    cells = level_cells(say, row)
    facts = {interval_heading(say): cells["interval"], column_text(say, "n").heading: cells["n"]}
    judged = {"verdict": "", "unit": found.unit.in_(context.language), "n": _shown(context, row.n)}
    told = {"subject": _subject(asked, say.wave(when)), "sentence": context.level_in_words(alliance, found, when)}
    return _estimate(asked, row, cells, facts, 1, **judged, **told)


def _asked(table: str, name: str, alliance: str, language: str | None, folder: Path | str | None) -> _Asked:
    """Return what was asked for, of the finished run; raise UserError for what there is not."""
    whole = described(folder)
    known = {one.id: one for one in whole.indicators}
    if name not in known:
        raise UserError(Problem("indicator", rule="unknown_indicator", reason=f"{name!r} is not declared; {nearest(name, known)}"))
    check_alliance(whole, alliance, with_average=table == "change")
    spoken = language_of(whole, language)
    run = finished(whole)
    rows = run.tables[table]
    if not (rows["indicator"].eq(name) & rows["alliance"].eq(alliance)).any():
        reason = f"{name!r} was not estimated for {alliance!r}: reports/tables/{table}.csv has no row of it"
        raise UserError(Problem("indicator", rule="nothing_to_show", reason=reason))
    return _Asked(run, Context(whole, run.tables, spoken, Path()), known[name], alliance)


def _subject(asked: _Asked, when: str) -> str:
    say = asked.context.say
    return f"{say.indicator(asked.indicator.id)}, {say.unit_name(asked.alliance)}, {when}"


def _shown(context: Context, *counts: float) -> tuple[int, ...]:
    return tuple(int(count) for count in counts if not pd.isna(count) and count >= context.evaluation.minimum)


def _estimate(asked: _Asked, row: Any, cells: Mapping[str, str], facts: Mapping[str, str], factor: int, **parts: Any) -> Estimate:
    """Put an estimate together; remarks and method come last."""
    say = asked.context.say
    method, flag = ("" if pd.isna(text) else str(text) for text in (row.method, row.flag))
    value, low, high = (float("nan") if pd.isna(end) else float(end) * factor for end in (row.estimate, row.ci_low, row.ci_high))
    number = cells["estimate"] if pd.isna(row.estimate) else f"{cells['estimate']} {cells['unit']}".strip()
    remarks = {column_text(say, "flag").heading: flags_in_words(say, flag), column_text(say, "method").heading: method}
    shown = tuple({column_text(say, "estimate").heading: number, **facts, **remarks}.items())
    marks = tuple(asked.run.marks(say.language).values())
    return Estimate(value, low, high, method=method, flag=flag, shown=shown, marks=marks, language=say.language, **parts)
