"""Indicators over the waves: in, ``indicators`` and ``change``; out, small panels with points, intervals and persons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.model import Language
from midterm.publish.charts.layout import Entry, Page, draw_key, even_steps, key_height, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, WIDTH, Chart, Words
from midterm.publish.style import LABEL, PAPER, RULE, SMALL, wrap
from midterm.publish.wording import ALL, UNTOLD, VERDICTS, Wording, planned_changes, records, rows_of, verdict_of

ACROSS, GAP, INDENT, PANEL, TICKS = 3, 0.4, 0.28, 1.1, 0.36  # panels beside each other; inches


@dataclass(frozen=True)
class Panels:
    """What small panels show: indicators of one unit over the waves, each on the axis of its unit of measurement."""

    wording: Wording
    unit: str
    waves: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    rows: dict[tuple[str, str, str], Any]
    ranges: dict[str, tuple[float, float]]


def waves(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw the primary and dimension indicators of ``unit`` over the waves, with intervals; all together in grey behind."""
    wording = Wording(evaluation, language)
    wanted = [indicator for indicator in evaluation.indicators if indicator.id in evaluation.plan.primary or indicator.group == "dimension"]
    table = tables["indicators"]
    chosen = table[(table["source"] == "survey") & table["statistic"].isin(["mean", "share", "count"]) & table["indicator"].isin([one.id for one in wanted])]
    found = rows_of(chosen, tuple(dict.fromkeys((unit, ALL))))
    own = found[found["alliance"] == unit]
    present = tuple(wave for wave in evaluation.waves if wave in set(own["wave"]))
    if not present:
        return None
    found = found[found["wave"].isin(present)].reset_index(drop=True)
    shown = tuple(indicator for indicator in wanted if indicator.id in set(own["indicator"]))
    rows = {(row.alliance, row.indicator, row.wave): row for row in records(found)}
    drawn = Panels(wording, unit, present, shown, rows, {one.unit.en: axis_range(found, shown, one, evaluation) for one in shown})
    title = _title(drawn, tables["change"])
    named = {"unit": wording.unit_name(unit), "period": wording.period(present)}
    subtitle = wording.labels.waves_subtitle.format(level=wording.number(100 * (1 - evaluation.plan.alpha), 0), **named)
    source = wording.labels.waves_source.format(n=wording.span(own["n"]), **named)
    words = Words(title, subtitle, source, wording.labels.waves_note, _alt(drawn, title))
    return Chart(draw_panels(drawn, words).figure, found, words)


def axis_range(found: pd.DataFrame, shown: Sequence[Indicator], indicator: Indicator, evaluation: Evaluation) -> tuple[float, float]:
    """Return one axis for all panels in the same unit: 0-100 % for shares, else what holds every interval, in half points."""
    if indicator.statistic == "share":
        return 0.0, 1.0
    same = [one.id for one in shown if one.unit == indicator.unit]
    drawn = found[found["indicator"].isin(same)]
    values = [value for name in ("estimate", "ci_low", "ci_high") for value in drawn[name].dropna()]
    scale = evaluation.codebook.scale_of(indicator.items[0])
    if not values:
        return scale.low, scale.high
    low, high = min(values), max(values)
    half = 0.5 if scale.high - scale.low <= 10 else 10 ** math.floor(math.log10(max(high - low, 1e-6)))
    return math.floor(low / half) * half, math.ceil(high / half + 1e-9) * half


def _title(drawn: Panels, change: pd.DataFrame) -> str:
    wording = drawn.wording
    rows = {row.indicator: row for row in records(rows_of(planned_changes(change, wording.evaluation), (drawn.unit,)))}
    found = [verdict_of(rows.get(one.id)) for one in drawn.indicators]
    if set(found) <= UNTOLD:
        return wording.labels.waves_title_plain.format(unit=wording.unit_name(drawn.unit), period=wording.period(drawn.waves))
    return wording.tally(wording.unit_name(drawn.unit), found, "verdict", VERDICTS, wording.labels.counted_indicators)


def draw_panels(drawn: Panels, words: Words, below: Mapping[str, str] | None = None) -> Page:
    """Draw a panel per indicator, with what is said ``below`` it."""
    wording = drawn.wording
    entries: list[Entry] = [({"marker": "o", "color": wording.palette.accent, "markersize": 4.5, "linestyle": "-"}, wording.unit_name(drawn.unit))]
    if drawn.unit != ALL:
        entries.append(({"marker": "o", "color": "#b5b5b5", "markersize": 3.0, "linestyle": "-"}, wording.unit_name(ALL)))
    head = key_height(entries) + 0.08 if drawn.unit != ALL else 0.0
    step = (WIDTH - 2 * MARGIN - INDENT + GAP) / ACROSS
    headings = [wrap(wording.indicator(indicator.id), step - 0.12, LABEL, "semibold", lines=2) for indicator in drawn.indicators]
    heading_height = 0.05 + 0.15 * max(heading.count("\n") + 1 for heading in headings)
    said = {name: wrap(text, step - 0.12, SMALL) for name, text in (below or {}).items()}
    foot = max((0.06 + 0.13 * (text.count("\n") + 1) for text in said.values()), default=0.0)
    tall = heading_height + PANEL + TICKS + foot
    page = new_page(words, head + math.ceil(len(drawn.indicators) / ACROSS) * (tall + 0.12))
    if head:
        draw_key(page, entries)
    for place, (indicator, heading) in enumerate(zip(drawn.indicators, headings, strict=True)):
        left, top = MARGIN + INDENT + (place % ACROSS) * step, head + (place // ACROSS) * (tall + 0.12)
        page.text(left - INDENT, top + heading_height - 0.04, heading, fontweight=600, va="bottom")
        _draw_panel(page.plot(left, top + heading_height, step - GAP, PANEL), drawn, indicator)
        if indicator.id in said:
            page.text(left - INDENT, top + heading_height + PANEL + TICKS, said[indicator.id], size=SMALL, va="top")
    return page


def _draw_panel(axes: Axes, drawn: Panels, indicator: Indicator) -> None:
    wording, count = drawn.wording, len(drawn.waves)
    low, high = drawn.ranges[indicator.unit.en]
    axes.set(xlim=(-0.45, count - 0.35), ylim=(low, high + 0.2 * (high - low)))  # above the highest interval there is room for its number
    axes.grid(visible=False, axis="x")
    axes.grid(visible=True, axis="y")
    ticks = [0, 0.5, 1] if indicator.statistic == "share" else even_steps(low, high)
    decimals = 0 if all(float(tick).is_integer() for tick in ticks) else 1
    axes.set_yticks(ticks, [wording.level(indicator, tick, decimals) for tick in ticks])
    own = [drawn.rows.get((drawn.unit, indicator.id, wave)) for wave in drawn.waves]
    if drawn.unit != ALL:
        pooled = [drawn.rows.get((ALL, indicator.id, wave)) for wave in drawn.waves]
        _draw_line(axes, pooled, color="#b5b5b5", linewidth=1.6, marker="o", markersize=3.0, zorder=1.2)
    _draw_line(axes, own, color=wording.palette.accent, linewidth=1.0, marker="o", markersize=4.5, zorder=2.5)
    for x, row in enumerate(own):
        if row is not None and not pd.isna(row.ci_low):
            axes.plot([x, x], [max(row.ci_low, low), min(row.ci_high, high)], color=wording.palette.accent, linewidth=1.6, alpha=0.45, zorder=2)
        if row is not None and not pd.isna(row.estimate):
            top = row.estimate if pd.isna(row.ci_high) else min(row.ci_high, high)
            look: dict[str, Any] = {"fontsize": SMALL, "ha": "center", "path_effects": [withStroke(linewidth=2.0, foreground=PAPER)]}
            axes.annotate(wording.level(indicator, row.estimate, 1), (x, top), (0, 3), textcoords="offset points", **look)
    size = SMALL if count <= 4 else SMALL - 1.5
    axes.set_xticks(range(count), [_tick(wording, wave, row) for wave, row in zip(drawn.waves, own, strict=True)], fontsize=size)
    axes.tick_params(axis="x", length=0)
    axes.axhline(low, color=RULE, linewidth=0.6)


def _draw_line(axes: Axes, rows: Sequence[Any], **look: Any) -> None:
    values = [float("nan") if row is None else row.estimate for row in rows]
    axes.plot(range(len(values)), values, **look)


def _tick(wording: Wording, wave: str, row: Any) -> str:
    is_there = row is not None and not pd.isna(row.estimate)
    return f"{wording.wave(wave)}\n{f'n={wording.count(row.n)}' if is_there else wording.absent(row)}"


def _alt(drawn: Panels, title: str) -> str:
    parts = [values_in_words(drawn, indicator) for indicator in drawn.indicators]
    return drawn.wording.labels.waves_alt.format(title=title, parts="; ".join(parts))


def values_in_words(drawn: Panels, indicator: Indicator) -> str:
    """Return an indicator's name and its values wave by wave."""
    wording = drawn.wording
    rows = [(wave, drawn.rows.get((drawn.unit, indicator.id, wave))) for wave in drawn.waves]
    values = [(wave, wording.absent(row) if pd.isna(row.estimate) else wording.level(indicator, row.estimate, 1)) for wave, row in rows if row is not None]
    shown = [f"{value} ({wording.wave(wave)})" for wave, value in values]
    return f"{wording.indicator(indicator.id)} {', '.join(shown)}"
