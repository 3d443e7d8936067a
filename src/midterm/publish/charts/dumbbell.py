"""The dumbbell of an indicator: in, ``indicators`` and ``change``; out, its level in the first and last wave, alliances under each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.model import Language
from midterm.publish.charts.layout import (
    INNER,
    Entry,
    Page,
    Rows,
    decimals_of,
    draw_key,
    even_steps,
    key_height,
    lay_rows,
    name_rows,
    names_width,
    new_page,
)
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, Chart, Words
from midterm.publish.style import FAINT, PAPER, SMALL, SOFT, text_width, wrap
from midterm.publish.wording import ALL, UNTOLD, VERDICTS, Wording, planned_changes, records, rows_of, verdict_of

NAMES, PERSONS, JUDGED = 1.4, 0.58, 0.86  # inches of the text columns; that of the change is as wide as its numbers
APART = 0.19  # of a row's step: how far first and last wave stand above and below its middle
LEVELS = ["alliance", "wave", "indicator", "statistic", "estimate", "ci_low", "ci_high", "n", "unit", "flag"]
CHANGES = ["alliance", "estimate", "ci_low", "ci_high", "verdict", "flag"]


@dataclass(frozen=True)
class _Dumbbell:
    wording: Wording
    indicator: Indicator
    waves: tuple[str, ...]
    units: tuple[str, ...]
    levels: dict[tuple[str, str], Any]
    changes: dict[str, Any]

    @property
    def verdicts(self) -> list[str]:
        """The verdict of every alliance; no data where there is none."""
        return [verdict_of(self.changes.get(unit)) for unit in self.wording.evaluation.alliances]

    @property
    def has_changes(self) -> bool:
        """Whether there is a change to tell of."""
        return not {*self.verdicts, verdict_of(self.changes.get(ALL))} <= UNTOLD

    def level(self, unit: str, wave: str) -> float:
        """Return a level, NaN where there is none."""
        row = self.levels.get((unit, wave))
        return float("nan") if row is None else float(row.estimate)


def dumbbell(tables: Published, evaluation: Evaluation, language: Language, _unit: str, *, indicator: str) -> Chart | None:
    """Draw the level of one indicator in the waves of the plan, in every alliance and for all persons together."""
    wording, measured = Wording(evaluation, language), evaluation.indicator(indicator)
    waves = _between(evaluation)
    table = tables["indicators"]
    chosen = table[(table["indicator"] == indicator) & (table["source"] == "survey") & (table["statistic"] == measured.statistic) & table["wave"].isin(waves)]
    found = rows_of(chosen[LEVELS], (*evaluation.alliances, ALL))
    if found.empty:
        return None
    change = tables["change"]
    changes = rows_of(planned_changes(change[change["indicator"] == indicator], evaluation)[CHANGES], (*evaluation.alliances, ALL))
    levels = {(row.alliance, row.wave): row for row in records(found)}
    units = (*evaluation.alliances, *([ALL] if ALL in set(found["alliance"]) else []))
    present = tuple(wave for wave in waves if wave in set(found["wave"]))
    drawn = _Dumbbell(wording, measured, present, units, levels, {row.alliance: row for row in records(changes)})
    words = _words(drawn, found)
    return Chart(_draw(drawn, words).figure, _data(found, changes, waves), words)


def _between(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the waves from the first to the last of the plan."""
    places = sorted(evaluation.waves.index(wave) for wave in (evaluation.plan.from_wave, evaluation.plan.to_wave))
    return evaluation.waves[places[0] : places[1] + 1]


def _data(found: pd.DataFrame, changes: pd.DataFrame, waves: Sequence[str]) -> pd.DataFrame:
    """Return one row per point, in the order of rows and waves, each with the change of its row."""
    named = {"estimate": "change", "ci_low": "change_low", "ci_high": "change_high", "verdict": "verdict"}
    beside = changes[["alliance", *named]].rename(columns=named).drop_duplicates("alliance")
    order = found.assign(_unit=found.groupby("alliance", sort=False).ngroup(), _wave=found["wave"].map(list(waves).index).astype(int))
    return order.sort_values(["_unit", "_wave"], kind="stable")[LEVELS].merge(beside, on="alliance", how="left")


def _words(drawn: _Dumbbell, found: pd.DataFrame) -> Words:
    wording, texts = drawn.wording, drawn.wording.labels.dumbbell
    level = wording.number(100 * (1 - wording.evaluation.plan.alpha), 0)
    period = wording.period(drawn.waves)
    named = {"indicator": wording.indicator(drawn.indicator.id), "units": wording.units, "period": period, "level": level}
    is_share = drawn.indicator.statistic == "share"
    subtitle = texts.subtitle_share.format(**named) if is_share else texts.subtitle.format(unit=drawn.indicator.unit.in_(wording.language), **named)
    note = (texts.note if drawn.has_changes else texts.note_levels).format(level=level)
    is_planned = drawn.indicator.id in wording.evaluation.plan.primary
    title = _title(drawn)
    alt = texts.alt.format(title=title, parts="; ".join(_alt_part(drawn, unit) for unit in drawn.units))
    source = texts.source.format(period=period, n=wording.span(found["n"].where(found["estimate"].notna())))
    return Words(title, subtitle, source, note if is_planned or not drawn.has_changes else f"{note} {texts.exploratory}", alt)


def _title(drawn: _Dumbbell) -> str:
    """Say where all persons together went and how many alliances have which verdict; without changes, who stands highest and lowest."""
    wording, texts, plan = drawn.wording, drawn.wording.labels.dumbbell, drawn.wording.evaluation.plan
    if not drawn.has_changes:
        return _title_of_levels(drawn)
    name = wording.indicator(drawn.indicator.id)
    ends = [drawn.level(ALL, wave) for wave in (plan.from_wave, plan.to_wave)]
    if any(pd.isna(end) for end in ends):
        return wording.tally(name, drawn.verdicts, "verdict", VERDICTS, wording.units)
    first, last = (wording.level(drawn.indicator, end) for end in ends)
    named = {"indicator": name, "units": wording.units, "from_wave": wording.wave(plan.from_wave), "to_wave": wording.wave(plan.to_wave)}
    pooled = texts.pooled.format(first=first, last=last, verdict=wording.word("verdict", verdict_of(drawn.changes.get(ALL))), **named)
    return texts.title.format(pooled=pooled, tally=wording.tally(texts.per_unit.format(unit=wording.unit), drawn.verdicts, "verdict", VERDICTS, wording.units))


def _title_of_levels(drawn: _Dumbbell) -> str:
    wording, texts = drawn.wording, drawn.wording.labels.dumbbell
    name = wording.indicator(drawn.indicator.id)
    wave = next((one for one in reversed(drawn.waves) if any(not pd.isna(drawn.level(unit, one)) for unit in drawn.units)), None)
    if wave is None:
        return texts.title_plain.format(indicator=name, period=wording.period(drawn.waves))
    values = {unit: drawn.level(unit, wave) for unit in wording.evaluation.alliances if not pd.isna(drawn.level(unit, wave))}
    shown, pooled = {unit: wording.level(drawn.indicator, value) for unit, value in values.items()}, drawn.level(ALL, wave)
    if len(set(shown.values())) < 2:
        value = next(iter(shown.values()), wording.level(drawn.indicator, pooled))
        return texts.title_level.format(indicator=name, wave=wording.wave(wave), name=_named(wording, list(shown) or [ALL]), value=value)
    ends = {"high": shown[max(values, key=values.__getitem__)], "low": shown[min(values, key=values.__getitem__)]}
    named = {end: _named(wording, [unit for unit, text in shown.items() if text == value]) for end, value in ends.items()}
    together = "" if pd.isna(pooled) else texts.title_pooled.format(units=wording.units, value=wording.level(drawn.indicator, pooled))
    return texts.title_levels.format(indicator=name, wave=wording.wave(wave), pooled=together, high_value=ends["high"], low_value=ends["low"], **named)


def _named(wording: Wording, units: Sequence[str]) -> str:
    """Return the names of those that show the same number; more than two are counted."""
    return ", ".join(map(wording.unit_name, units)) if len(units) <= 2 else wording.labels.average_n.format(n=len(units), units=wording.units)


def _alt_part(drawn: _Dumbbell, unit: str) -> str:
    wording, texts, row = drawn.wording, drawn.wording.labels.dumbbell, drawn.changes.get(unit)
    shown = [f"{_level_text(drawn, unit, wave)} ({wording.wave(wave)})" for wave in drawn.waves]
    levels = texts.alt_levels.format(name=wording.unit_name(unit), levels=", ".join(shown))
    if row is None or pd.isna(row.estimate):
        return f"{levels}, {wording.word('verdict', verdict_of(row))}" if drawn.has_changes else levels
    numbers = {"estimate": wording.change(drawn.indicator, row.estimate), "verdict": wording.word("verdict", verdict_of(row))}
    if pd.isna(row.ci_low):
        return f"{levels}, {texts.alt_point.format(**numbers)}"
    ends = {"low": wording.change(drawn.indicator, row.ci_low), "high": wording.change(drawn.indicator, row.ci_high)}
    return f"{levels}, {texts.alt_change.format(**ends, **numbers)}"


def _level_text(drawn: _Dumbbell, unit: str, wave: str) -> str:
    row = drawn.levels.get((unit, wave))
    return drawn.wording.absent(row) if row is None or pd.isna(row.estimate) else drawn.wording.level(drawn.indicator, row.estimate)


def _result_text(drawn: _Dumbbell, unit: str) -> str:
    """Return the number at the right of a row: its change with interval, or in a single wave its level."""
    wording, texts = drawn.wording, drawn.wording.labels.dumbbell
    row = drawn.changes.get(unit) if drawn.has_changes else drawn.levels.get((unit, drawn.waves[-1]))
    if row is None or pd.isna(row.estimate):
        return "" if drawn.has_changes else wording.absent(row)
    text = wording.change if drawn.has_changes else wording.level
    ends = [] if pd.isna(row.ci_low) or pd.isna(row.ci_high) else [text(drawn.indicator, end) for end in (row.ci_low, row.ci_high)]
    estimate = text(drawn.indicator, row.estimate)
    return texts.interval.format(estimate=estimate, low=ends[0], high=ends[1]) if ends else estimate


def _draw(drawn: _Dumbbell, words: Words) -> Page:
    wording = drawn.wording
    results = [_result_text(drawn, unit) for unit in drawn.units]
    heading = _heading(drawn)
    wide = max(text_width(text, SMALL) for text in (*results, *heading.split("\n")))
    judged = JUDGED + 0.1 if drawn.has_changes else 0.0
    names = [wording.unit_name(unit) for unit in drawn.units]
    start = MARGIN + names_width(names, NAMES) + PERSONS + 0.05
    left, width = start + 0.15, MARGIN + INNER - start - 0.25 - wide - judged
    rows = lay_rows(names, NAMES, breaks=(len(wording.evaluation.alliances),), most=0.36)
    entries = _key(drawn)
    head = key_height(entries) + 0.1 + 0.13 * max(2, heading.count("\n") + 1)
    page = new_page(words, head + rows.height + 0.24)
    draw_key(page, entries)
    look: dict[str, Any] = {"size": SMALL, "color": SOFT, "va": "bottom"}
    page.text(start, head - 0.06, wrap(f"n {' → '.join(_ends(drawn))}", PERSONS, SMALL, lines=2), ha="right", **look)
    page.text(left + width + 0.1, head - 0.06, heading, ha="left", **look)
    if drawn.has_changes:
        page.text(left + width + 0.2 + wide, head - 0.06, wording.labels.column_verdict, ha="left", **look)
    name_rows(page, rows, head, strong=[place for place, unit in enumerate(drawn.units) if unit == ALL], gids=[f"name-{unit}" for unit in drawn.units])
    axes = page.plot(left, head, width, rows.height)
    _scale(axes, drawn)
    for unit, middle, result in zip(drawn.units, rows.middles, results, strict=True):
        _draw_persons(page, drawn, unit, start, head + middle)
        _draw_result(page, drawn, unit, result, (left + width + 0.1, head + middle, wide))
        _draw_row(axes, drawn, unit, middle, rows)
    return page


def _ends(drawn: _Dumbbell) -> list[str]:
    return [drawn.wording.wave(wave) for wave in dict.fromkeys((drawn.waves[0], drawn.waves[-1]))]


def _heading(drawn: _Dumbbell) -> str:
    texts = drawn.wording.labels.dumbbell
    unit = drawn.wording.change_unit(drawn.indicator)
    return wrap(texts.column_change.format(unit=unit) if drawn.has_changes else texts.column_level, 1.2, SMALL, lines=3)


def _key(drawn: _Dumbbell) -> list[Entry]:
    wording, texts = drawn.wording, drawn.wording.labels.dumbbell
    entries: list[Entry] = []
    for wave in drawn.waves:
        look = {"markersize": 5.0, "color": wording.palette.accent, **_mark(drawn, wave, wording.palette.accent)}
        entries.append((look, texts.key_wave.format(wave=wording.wave(wave))))
    if any(verdict_of(row) == "described_only" for row in drawn.changes.values()):
        entries.append(({"color": FAINT, "linestyle": (0, (1, 1.2))}, texts.key_described))
    return entries


def _mark(drawn: _Dumbbell, wave: str, colour: str) -> dict[str, Any]:
    """Return how the point of a wave looks: open in the first, filled in the last, a tick between."""
    if wave == drawn.waves[-1]:
        return {"marker": "o", "markersize": 5.0, "color": colour}
    if wave == drawn.waves[0]:
        return {"marker": "o", "markersize": 5.0, "markerfacecolor": PAPER, "markeredgecolor": colour, "markeredgewidth": 1.1}
    return {"marker": "|", "markersize": 5.0, "color": colour, "markeredgewidth": 1.1}


def _scale(axes: Axes, drawn: _Dumbbell) -> None:
    """Set the axis wide enough for every interval, with even steps."""
    rows = drawn.levels.values()
    values = [float(value) for row in rows for value in (row.estimate, row.ci_low, row.ci_high) if not pd.isna(value)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.04 * (high - low) or 0.05
    axes.set_xlim(low - room, high + room)
    ticks = even_steps(low - room, high + room, most=5.5)
    is_share = drawn.indicator.statistic == "share"
    texts = [drawn.wording.percent(tick) if is_share else drawn.wording.number(tick, decimals_of(ticks)) for tick in ticks]
    axes.set_xticks(ticks, texts)


def _draw_persons(page: Page, drawn: _Dumbbell, unit: str, right: float, middle: float) -> None:
    wording = drawn.wording
    counts = [drawn.levels.get((unit, wave)) for wave in dict.fromkeys((drawn.waves[0], drawn.waves[-1]))]
    persons = " → ".join(wording.absent(one) if one is None or pd.isna(one.estimate) else wording.count(one.n) for one in counts)
    page.text(right, middle, wrap(persons, PERSONS, SMALL, lines=2), size=SMALL, color=SOFT, ha="right")


def _draw_result(page: Page, drawn: _Dumbbell, unit: str, result: str, place: tuple[float, float, float]) -> None:
    wording, (left, middle, wide) = drawn.wording, place
    verdict = verdict_of(drawn.changes.get(unit))
    colour = wording.palette.verdict(verdict) if verdict in ("changed_better", "changed_worse") else SOFT
    page.text(left, middle, result, size=SMALL, color=colour)
    if drawn.has_changes:
        page.text(left + 0.1 + wide, middle, wrap(wording.word("verdict", verdict), JUDGED, SMALL, lines=2), size=SMALL, color=colour)


def _draw_row(axes: Axes, drawn: _Dumbbell, unit: str, middle: float, rows: Rows) -> None:
    """Draw the levels of one row from first (above) to last (below), each with its interval, and what joins them."""
    is_described = verdict_of(drawn.changes.get(unit)) == "described_only"
    colour = FAINT if is_described else drawn.wording.palette.accent
    shift = APART * rows.step / max((len(drawn.waves) - 1) / 2, 1)
    places = {wave: middle + (place - (len(drawn.waves) - 1) / 2) * shift for place, wave in enumerate(drawn.waves)}
    known = [wave for wave in drawn.waves if not pd.isna(drawn.level(unit, wave))]
    if not known:
        low, high = axes.get_xlim()
        one = next((row for (name, _), row in drawn.levels.items() if name == unit), None)
        axes.text((low + high) / 2, middle, drawn.wording.absent(one), fontsize=SMALL, color=SOFT, ha="center", va="center")
        return
    joined: dict[str, Any] = {"linestyle": (0, (1, 1.2))} if is_described else {}
    axes.plot([drawn.level(unit, wave) for wave in known], [places[wave] for wave in known], color=colour, linewidth=1.5, **joined)
    for wave in known:
        look = _mark(drawn, wave, colour)
        axes.plot([drawn.level(unit, wave)], [places[wave]], linestyle="none", zorder=2.6, gid=f"mark-{unit}-{wave}", **look)
    measured = [(drawn.levels[unit, wave], places[wave]) for wave in known if wave in (drawn.waves[0], drawn.waves[-1])]
    ends = [[(row.ci_low, y), (row.ci_high, y)] for row, y in measured if not pd.isna(row.ci_low) and not pd.isna(row.ci_high)]
    axes.add_collection(LineCollection(ends, colors=[colour], linewidths=0.8, alpha=0.6), autolim=False)
