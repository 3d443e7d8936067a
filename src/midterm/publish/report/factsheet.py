"""The factsheet of one alliance: in, a context; out, two pages of Markdown that the alliance is asked to check.

A new part is one function and one row of ``PARTS``.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from midterm.publish.report.alliance import bottlenecks, portrait, safety, statuses
from midterm.publish.report.context import Context, escaped
from midterm.publish.wording import NO_DATA, why_absent

Part = Callable[[Context, str], list[str]]
FEW_ORGANISATIONS = "T0"


def factsheet(c: Context, alliance: str) -> list[str]:
    """Return the factsheet of ``alliance`` as Markdown."""
    return [part for make in PARTS for part in make(c, alliance) if part]


def _asked(c: Context, _alliance: str) -> list[str]:
    return [escaped(c.texts.sheet_asked)]


def _who(c: Context, alliance: str) -> list[str]:
    return [f"# {c.texts.sheet_who}", *portrait(c, alliance)]


def _planned(c: Context, alliance: str) -> list[str]:
    if not c.has_targets:
        return []
    if c.rows("attainment", alliance=alliance).empty:
        return [f"# {c.texts.planned_done}", escaped(c.texts.planned_absent.format(unit=c.unit))]
    return [f"# {c.texts.planned_done}", statuses(c, alliance), c.figure("attainment", alliance)]


def _changed(c: Context, alliance: str) -> list[str]:
    """Return each planned change in plain words: what was measured, how sure it is, and what may be said."""
    named = [c.evaluation.indicator(name) for name in c.evaluation.plan.primary]
    others = [indicator for indicator in named if indicator.group != "safety"]
    lines = [f"- {escaped(c.change_in_plain_words(alliance, indicator))}" for indicator in others]
    return [f"# {c.texts.change}", escaped(c.texts.sheet_change_lead.format(level=c.level)), "\n".join(lines)]


def _bottlenecks(c: Context, alliance: str) -> list[str]:
    return [f"# {c.texts.bottlenecks}", *bottlenecks(c, alliance), c.figure("bottlenecks", alliance)]


def _safety(c: Context, alliance: str) -> list[str]:
    indicators = [entry for entry in c.evaluation.indicators if entry.group == "safety"]
    planned = [indicator for indicator in indicators if indicator.id in c.evaluation.plan.primary]
    lines = [f"- {escaped(c.change_in_plain_words(alliance, indicator))}" for indicator in planned]
    return [f"# {c.texts.safety}", *(["\n".join(lines)] if lines else safety(c, alliance)), c.figure("safety", alliance)]


def _cannot_say(c: Context, alliance: str) -> list[str]:
    """Return what the data of this alliance cannot tell, by rule."""
    t, plan = c.texts, c.evaluation.plan
    rows = [c.change_of(alliance, name) for name in plan.primary]
    known = [row for row in rows if not pd.isna(row.estimate)]
    hidden = [c.say.indicator(row.indicator) for row in rows if pd.isna(row.estimate) and why_absent(row) != NO_DATA]
    absent = [c.say.indicator(row.indicator) for row in rows if pd.isna(row.estimate) and why_absent(row) == NO_DATA]
    unsure = [c.say.indicator(row.indicator) for row in known if row.verdict == "inconclusive"]
    last = c.one("response", alliance=alliance, wave=plan.to_wave)
    lines = [t.sheet_no_cause]
    lines += [t.change_described.format(n_organisations=known[0].n_organisations)] if known and known[0].tier == FEW_ORGANISATIONS else []
    lines += [t.sheet_unsure.format(names=", ".join(unsure))] if unsure else []
    lines += [t.sheet_hidden.format(names=", ".join(hidden), minimum=c.evaluation.minimum)] if hidden else []
    lines += [t.sheet_no_data.format(names=", ".join(absent))] if absent else []
    lines += [t.sheet_response.format(rate=c.say.percent(1 - last.rate), wave=c.say.wave(plan.to_wave))] if not pd.isna(last.rate) and last.rate < 1 else []
    lines += [t.sheet_own_report] if len(c.rows("attainment", alliance=alliance)) else []
    return [f"# {t.sheet_cannot}", "\n".join(f"- {escaped(line)}" for line in lines)]


def _own_text(c: Context, alliance: str) -> list[str]:
    return c.own_text(f"alliance-{alliance}", "#")


PARTS: tuple[Part, ...] = (_asked, _who, _planned, _changed, _bottlenecks, _safety, _cannot_say, _own_text)
