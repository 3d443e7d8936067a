"""Figures of the survey as a whole: in, ``response`` or ``indicators``; out, response by wave, and a heat map of dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.model import Language
from midterm.publish.charts.layout import INNER, Page, Rows, draw_key, key_height, lay_rows, name_rows, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, WIDTH, Chart, Words
from midterm.publish.style import BAND, LABEL, SMALL, SOFT, ink_on, text_width, wrap
from midterm.publish.wording import ALL, Wording, records, rows_of

NAMES = 1.85  # inches for the names of alliances
COUNTS = 0.85  # inches for usable / invited


def response(tables: Published, evaluation: Evaluation, language: Language, _unit: str) -> Chart | None:
    """Draw the response rate by alliance and wave, with usable and invited persons in the last wave."""
    wording, units = Wording(evaluation, language), (*evaluation.alliances, ALL)
    found = rows_of(tables["response"], units)
    waves = [wave for wave in evaluation.waves if wave in set(found["wave"])]
    if not waves:
        return None
    title = _response_title(wording, found, waves[-1])
    subtitle = wording.labels.response_subtitle.format(units=wording.units, period=wording.period(waves))
    rows = lay_rows([wording.unit_name(name) for name in units], NAMES, breaks=(len(units) - 1,))
    last = found[(found["wave"] == waves[-1]) & (found["alliance"] == ALL)]
    invited, usable = (wording.span(last[name]) if len(last) else wording.labels.no_data for name in ("invited", "usable"))
    source = wording.labels.response_source.format(period=wording.period(waves), wave=wording.wave(waves[-1]), invited=invited, usable=usable)
    words = Words(title, subtitle, source, wording.labels.response_note, _response_alt(wording, found, waves[-1], title))
    return Chart(_draw_response(wording, found, waves, rows, words).figure, found, words)


def _response_title(wording: Wording, found: pd.DataFrame, wave: str) -> str:
    rates = found[found["wave"] == wave].set_index("alliance")["rate"].dropna()
    each = rates.drop(ALL, errors="ignore")
    if ALL not in rates or each.empty:
        return wording.labels.response_title_plain.format(wave=wording.wave(wave))
    shares = {name: wording.percent(value) for name, value in (("rate", rates[ALL]), ("low", each.min()), ("high", each.max()))}
    return wording.labels.response_title.format(wave=wording.wave(wave), unit=wording.evaluation.file.unit.singular.in_(wording.language), **shares)


def _draw_response(wording: Wording, found: pd.DataFrame, waves: Sequence[str], rows: Rows, words: Words) -> Page:
    colours = wording.palette.waves(len(waves))
    sizes = [8.0 - 3.0 * place / max(len(waves) - 1, 1) for place in range(len(waves))]  # equal rates show as rings
    looks: list[dict[str, Any]] = [{"marker": "o", "color": colour, "markersize": size} for colour, size in zip(colours, sizes, strict=True)]
    entries = [(look, wording.wave(wave)) for look, wave in zip(looks, waves, strict=True)]
    left, width = MARGIN + NAMES + 0.1, INNER - NAMES - COUNTS - 0.2
    heading = wrap(wording.labels.response_column.format(wave=wording.wave(waves[-1])), COUNTS, SMALL)
    head = max(key_height(entries, width), 0.14 * (heading.count("\n") + 1)) + 0.08
    page = new_page(words, head + rows.height + 0.25)
    draw_key(page, entries, left, head - key_height(entries, width) - 0.06, width)
    page.text(WIDTH - MARGIN, head - 0.05, heading, size=SMALL, color=SOFT, ha="right", va="bottom")
    name_rows(page, rows, head, strong=(len(rows.names) - 1,))
    axes = page.plot(left, head, width, rows.height)
    axes.set_xlim(0, max(1.0, float(found["rate"].max()) if found["rate"].notna().any() else 1.0))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], [wording.percent(share) for share in (0, 0.25, 0.5, 0.75, 1)])
    by_place = {(row.alliance, row.wave): row for row in records(found)}
    for name, middle in zip((*wording.evaluation.alliances, ALL), rows.middles, strict=True):
        rates = [by_place[name, wave].rate if (name, wave) in by_place else float("nan") for wave in waves]
        known = [rate for rate in rates if not pd.isna(rate)]
        axes.plot([min(known), max(known)] if known else [], [middle] * 2 if known else [], color="#c8c8c8", linewidth=1.2, zorder=1.5)
        for rate, look in zip(rates, looks, strict=True):
            axes.plot([rate], [middle], linestyle="none", clip_on=False, markeredgecolor="white", markeredgewidth=0.5, **look)
        page.text(WIDTH - MARGIN, head + middle, _usable_of_invited(wording, by_place.get((name, waves[-1]))), size=rows.size, ha="right")
    return page


def _usable_of_invited(wording: Wording, row: Any) -> str:
    if row is None:
        return wording.labels.no_data
    usable = wording.answered(row, "usable")
    return usable if pd.isna(row.usable) else f"{usable}/{wording.number(row.invited, 0)}"


def _response_alt(wording: Wording, found: pd.DataFrame, wave: str, title: str) -> str:
    last = found[found["wave"] == wave]
    parts = [f"{wording.unit_name(name)} {wording.percent(rate)}" for name, rate in zip(last["alliance"], last["rate"], strict=True)]
    return wording.labels.response_alt.format(title=title, wave=wording.wave(wave), parts="; ".join(parts))


def heatmap(tables: Published, evaluation: Evaluation, language: Language, _unit: str) -> Chart | None:
    """Draw the mean of every dimension in every alliance in the last wave; efficiency and resilience stand apart."""
    wording, groups = Wording(evaluation, language), _heat_groups(evaluation)
    names = [indicator.id for group in groups for indicator in group]
    table = tables["indicators"]
    units = (*evaluation.alliances, ALL)
    found = rows_of(table[(table["source"] == "survey") & (table["statistic"] == "mean") & table["indicator"].isin(names)], units)
    waves = [wave for wave in evaluation.waves if wave in set(found["wave"])]
    if not waves:
        return None
    last = found[found["wave"] == waves[-1]].reset_index(drop=True)
    cells = {(row.alliance, row.indicator): row for row in records(last)}
    title = _heat_title(wording, last, waves[-1])
    subtitle = wording.labels.heatmap_subtitle.format(units=wording.units, wave=wording.wave(waves[-1]), scale=groups[0][0].unit.in_(language))
    rows = lay_rows([wording.unit_name(name) for name in units], NAMES, breaks=(len(units) - 1,))
    source = wording.labels.heatmap_source.format(wave=wording.wave(waves[-1]), n=wording.span(last["n"]))
    words = Words(title, subtitle, source, wording.labels.heatmap_note.format(too_small=wording.too_small), _heat_alt(wording, last, title))
    page = _draw_heatmap(_Heat(wording, units, groups, cells, _bounds(evaluation, groups[0][0])), rows, words)
    return Chart(page.figure, last, words)


@dataclass(frozen=True)
class _Heat:
    wording: Wording
    units: tuple[str, ...]
    groups: list[list[Indicator]]
    cells: dict[tuple[str, str], Any]
    bounds: tuple[float, float]


def _heat_groups(evaluation: Evaluation) -> list[list[Indicator]]:
    """Return the mean indicators of dimensions, then of efficiency, then of safety, all on the scale of the first."""
    means = [indicator for indicator in evaluation.indicators if indicator.statistic == "mean"]
    dimensions = [indicator for indicator in means if indicator.group == "dimension"] or means[:1]
    others = [[indicator for indicator in means if indicator.group == group and indicator.unit == dimensions[0].unit] for group in ("efficiency", "safety")]
    return [dimensions, *[[indicator for indicator in group if indicator not in dimensions] for group in others if group]] if dimensions else []


def _bounds(evaluation: Evaluation, indicator: Indicator) -> tuple[float, float]:
    scale = evaluation.codebook.scale_of(indicator.items[0])
    return scale.low, scale.high


def _heat_title(wording: Wording, last: pd.DataFrame, wave: str) -> str:
    pooled = sorted(records(last[last["alliance"] == ALL].dropna(subset=["estimate"])), key=lambda row: row.estimate)
    if len(pooled) < 2:
        return wording.labels.heatmap_title_plain.format(wave=wording.wave(wave))
    low, high = pooled[0], pooled[-1]
    named = {"high": wording.indicator(high.indicator), "low": wording.indicator(low.indicator)}
    means = {"high_mean": wording.number(high.estimate, 1), "low_mean": wording.number(low.estimate, 1)}
    return wording.labels.heatmap_title.format(wave=wording.wave(wave), **named, **means)


def _draw_heatmap(heat: _Heat, rows: Rows, words: Words) -> Page:
    columns = [indicator for group in heat.groups for indicator in group]
    gaps = [0.14 * place for place, group in enumerate(heat.groups) for _ in group]
    headings = [wrap(heat.wording.indicator(indicator.id), 1.15, SMALL, lines=2) for indicator in columns]
    leans = [text_width(text, SMALL) * 0.71 + 0.1 * (text.count("\n") + 1) for text in headings]  # headings lean 45 degrees
    left, head = MARGIN + NAMES + 0.1, max(leans) + 0.06
    room = [(WIDTH - MARGIN - left - gap - lean) / (column + 0.5) for column, (gap, lean) in enumerate(zip(gaps, leans, strict=True))]
    step = min((WIDTH - MARGIN - left - gaps[-1]) / len(columns), 0.6, *room)
    page = new_page(words, head + rows.height + 0.05)
    name_rows(page, rows, head, strong=(len(rows.names) - 1,))
    for column, (indicator, gap, heading) in enumerate(zip(columns, gaps, headings, strict=True)):
        x = left + column * step + gap
        page.text(x + step / 2 - 0.03, head - 0.06, heading, size=SMALL, rotation=45, ha="left", va="bottom", rotation_mode="anchor")
        for name, middle in zip(heat.units, rows.middles, strict=True):
            _draw_cell(page, heat, (x, head + middle), (step, rows.step), heat.cells.get((name, indicator.id)))
    return page


def _draw_cell(page: Page, heat: _Heat, place: tuple[float, float], size: tuple[float, float], row: Any) -> None:
    (x, middle), (width, height) = place, size
    if row is None or pd.isna(row.estimate):
        page.box(x, middle - height / 2, width, height, BAND)
        page.text(x + width / 2, middle, heat.wording.absent(row), size=SMALL if width > 0.36 else SMALL - 1, color=SOFT, ha="center")
        return
    low, high = heat.bounds
    colour = heat.wording.palette.heat((row.estimate - low) / (high - low))
    page.box(x, middle - height / 2, width, height, colour)
    page.text(x + width / 2, middle, heat.wording.number(row.estimate, 1), size=LABEL, color=ink_on(colour), ha="center")


def _heat_alt(wording: Wording, last: pd.DataFrame, title: str) -> str:
    parts = []
    for name in dict.fromkeys(last["indicator"]):
        means = last[last["indicator"] == name].set_index("alliance")["estimate"].dropna()
        each = means.drop(ALL, errors="ignore")
        if len(each):
            texts = {key: wording.number(value, 1) for key, value in (("low", each.min()), ("high", each.max()))}
            parts.append(wording.labels.heatmap_alt_part.format(indicator=wording.indicator(name), **texts))
    return wording.labels.heatmap_alt.format(title=title, units=wording.units, parts="; ".join(parts))
