"""The evaluation on one page: in, ``response``, ``indicators``, ``change`` and ``attainment``; out, a small trend and verdict per alliance and indicator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.collections import LineCollection

from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.model import Language
from midterm.measure.attainment import to_date
from midterm.publish.charts.layout import INNER, Entry, Page, draw_key, key_height, lay_rows, name_rows, names_width, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, Chart, Words
from midterm.publish.style import FAINT, INK, PAPER, SMALL, SOFT, Palette, wrap
from midterm.publish.wording import ALL, NO_DATA, NOT_PUBLISHED, UNTOLD, VERDICTS, WITHHELD, Wording, planned_changes, records, rows_of, verdict_of

NAMES, RATE, TARGETS, SPACE = 1.2, 0.5, 0.74, 0.14  # inches: names, response, targets, between columns
TALL, LOWER, LOW = 0.6, 0.36, 0.24  # inches of a row with words, and most and least of a row where only signs fit
GOOD = ("reached", "on_track", "maintained")


@dataclass(frozen=True)
class _Overview:
    wording: Wording
    units: tuple[str, ...]
    waves: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    levels: dict[tuple[str, str, str], Any]
    changes: dict[tuple[str, str], Any]
    rates: dict[str, float]
    statuses: dict[str, tuple[str, ...]]

    @property
    def has_words(self) -> bool:
        """Whether there are verdicts, and room for them in words."""
        return self.has_changes and len(self.units) * TALL <= 7.0

    @property
    def has_changes(self) -> bool:
        """Whether any alliance has a change to tell of."""
        return not {self.verdict(unit, one) for unit in self.wording.evaluation.alliances for one in self.indicators} <= UNTOLD

    def verdict(self, unit: str, indicator: Indicator) -> str:
        """Return the verdict on a change, or why there is none."""
        return verdict_of(self.changes.get((unit, indicator.id)))

    def known(self, unit: str, indicator: Indicator) -> list[tuple[int, Any]]:
        """Return the waves, by place, that have a level."""
        rows = [(place, self.levels.get((unit, indicator.id, wave))) for place, wave in enumerate(self.waves)]
        return [(place, row) for place, row in rows if row is not None and not pd.isna(row.estimate)]


def overview(tables: Published, evaluation: Evaluation, language: Language, _unit: str) -> Chart | None:
    """Draw every alliance and all together: response, the planned indicators over the waves with their verdicts, targets on track."""
    wording, plan = Wording(evaluation, language), evaluation.plan
    units = (*evaluation.alliances, ALL)
    indicators = tuple(evaluation.indicator(name) for name in plan.primary)
    levels = rows_of(_levels(tables["indicators"], indicators), units)
    if levels.empty:
        return None
    change = tables["change"]
    changes = rows_of(planned_changes(change[change["indicator"].isin(plan.primary)], evaluation), units)
    waves = tuple(wave for wave in evaluation.waves if wave in set(levels["wave"]))
    response = rows_of(tables["response"], units)
    rates = {row.alliance: row.rate for row in records(response[response["wave"] == waves[-1]])}
    drawn = _Overview(
        wording,
        units,
        waves,
        indicators,
        {(row.alliance, row.indicator, row.wave): row for row in records(levels)},
        {(row.alliance, row.indicator): row for row in records(changes)},
        rates,
        _statuses(tables["attainment"], evaluation),
    )
    words = _words(drawn, response)
    return Chart(_draw(drawn, words).figure, _data(drawn), words)


def _levels(table: pd.DataFrame, indicators: Sequence[Indicator]) -> pd.DataFrame:
    wanted = {one.id: one.statistic for one in indicators}
    return table[(table["source"] == "survey") & (table["statistic"] == table["indicator"].map(wanted))]


def _statuses(attainment: pd.DataFrame, evaluation: Evaluation) -> dict[str, tuple[str, ...]]:
    """Return the status of every target to date, per alliance and of all alliances together."""
    rows = to_date(rows_of(attainment, evaluation.alliances))
    each = {unit: tuple(rows.loc[rows["alliance"] == unit, "status"].fillna("not_computable")) for unit in evaluation.alliances}
    return {**each, ALL: tuple(status for one in each.values() for status in one)}


def _data(drawn: _Overview) -> pd.DataFrame:
    """Return one row per cell: levels by wave, change, verdict, and the response and targets of its row."""
    cells = []
    for unit in drawn.units:
        targets = {"n_on_track": _good(drawn, unit), "n_targets": len(drawn.statuses[unit])}
        for indicator in drawn.indicators:
            known = {drawn.waves[place]: row.estimate for place, row in drawn.known(unit, indicator)}
            row = drawn.changes.get((unit, indicator.id))
            found = {"change": None if row is None else row.estimate, "verdict": drawn.verdict(unit, indicator)}
            levels = {f"level_{wave}": known.get(wave) for wave in drawn.waves}
            cells.append({"alliance": unit, "indicator": indicator.id, **levels, **found, "rate": drawn.rates.get(unit), **targets})
    return pd.DataFrame(cells)


def _good(drawn: _Overview, unit: str) -> int:
    return sum(status in GOOD for status in drawn.statuses[unit])


def _words(drawn: _Overview, response: pd.DataFrame) -> Words:
    wording, texts = drawn.wording, drawn.wording.labels.overview
    named = {"units": wording.units, "period": wording.period(drawn.waves), "level": wording.number(100 * (1 - wording.evaluation.plan.alpha), 0)}
    title = _title(drawn, named["period"])
    usable = response.loc[(response["alliance"] == ALL) & response["wave"].isin(drawn.waves), "usable"]
    source = texts.source.format(n=wording.span(usable), **named)
    alt = texts.alt.format(title=title, parts="; ".join(_alt_part(drawn, unit) for unit in drawn.units))
    return Words(title, texts.subtitle.format(**named), source, texts.note.format(**named), alt)


def _title(drawn: _Overview, period: str) -> str:
    wording, texts = drawn.wording, drawn.wording.labels.overview
    total = len(drawn.statuses[ALL])
    targets = texts.targets.format(good=_good(drawn, ALL), total=total) if total else texts.no_targets
    found = [drawn.verdict(unit, indicator) for unit in wording.evaluation.alliances for indicator in drawn.indicators]
    if not drawn.has_changes:
        return texts.title_plain.format(period=period, targets=targets)
    return texts.title.format(tally=wording.tally(texts.subject.format(period=period), found, "verdict", VERDICTS, texts.counted), targets=targets)


def _alt_part(drawn: _Overview, unit: str) -> str:
    wording, texts = drawn.wording, drawn.wording.labels.overview
    cells = []
    for indicator in drawn.indicators:
        known = [f"{wording.level(indicator, row.estimate)} ({wording.wave(drawn.waves[place])})" for place, row in drawn.known(unit, indicator)]
        verdict = wording.word("verdict", drawn.verdict(unit, indicator))
        cells.append(
            texts.alt_cell.format(indicator=wording.indicator(indicator.id), levels=", ".join(known) or _absent(drawn, unit, indicator), verdict=verdict)
        )
    return texts.alt_part.format(name=wording.unit_name(unit), rate=_rate(drawn, unit), cells="; ".join(cells), targets=_targets(drawn, unit))


def _absent(drawn: _Overview, unit: str, indicator: Indicator) -> str:
    rows = (drawn.levels.get((unit, indicator.id, wave)) for wave in reversed(drawn.waves))
    return drawn.wording.absent(next((row for row in rows if row is not None), None))


def _rate(drawn: _Overview, unit: str) -> str:
    rate = drawn.rates.get(unit)
    return drawn.wording.labels.no_data_short if rate is None or pd.isna(rate) else drawn.wording.percent(rate)


def _targets(drawn: _Overview, unit: str) -> str:
    total = len(drawn.statuses[unit])
    return drawn.wording.labels.overview.of.format(good=_good(drawn, unit), total=total) if total else drawn.wording.labels.no_data_short


def _draw(drawn: _Overview, words: Words) -> Page:
    wording, texts = drawn.wording, drawn.wording.labels.overview
    names = [wording.unit_name(unit) for unit in drawn.units]
    size = (TALL, TALL) if drawn.has_words else (LOW, LOWER)
    rows = lay_rows(names, NAMES, breaks=(len(names) - 1,), least=size[0], most=size[1])
    entries = _key(drawn)
    first = MARGIN + names_width(names, NAMES) + SPACE + RATE
    step = (MARGIN + INNER - TARGETS - first) / len(drawn.indicators)
    headings = [wrap(wording.indicator(one.id), step - SPACE, SMALL, "semibold", lines=3) for one in drawn.indicators]
    head = key_height(entries) + 0.12 + 0.13 * max(3, *(heading.count("\n") + 1 for heading in headings))
    page = new_page(words, head + rows.height + 0.08)
    draw_key(page, entries)
    look: dict[str, Any] = {"size": SMALL, "va": "bottom"}
    page.text(first, head - 0.04, wrap(texts.column_response.format(wave=wording.wave(drawn.waves[-1])), RATE, SMALL, lines=2), ha="right", color=SOFT, **look)
    page.text(MARGIN + INNER, head - 0.04, wrap(texts.column_targets, TARGETS - 0.05, SMALL, lines=2), ha="right", color=SOFT, **look)
    name_rows(page, rows, head, strong=[len(names) - 1])
    for unit, middle in zip(drawn.units, rows.middles, strict=True):
        page.text(first, head + middle, _rate(drawn, unit), size=SMALL, ha="right")
        page.text(MARGIN + INNER, head + middle, _targets(drawn, unit), size=SMALL, ha="right")
    for place, (indicator, heading) in enumerate(zip(drawn.indicators, headings, strict=True)):
        left = first + SPACE + place * step
        page.text(left, head - 0.04, heading, fontweight=600, **look)
        for unit, middle in zip(drawn.units, rows.middles, strict=True):
            _draw_cell(page, drawn, (unit, indicator), (left, head + middle - rows.step / 2, step - SPACE, rows.step))
    return page


def verdict_sign(palette: Palette, verdict: str) -> dict[str, Any]:
    """Return the marker of a verdict: up is better, down worse, a bar no relevant change, a ring inconclusive, a dot described only."""
    colour = palette.verdict(verdict)
    shape = {"changed_better": "^", "changed_worse": "v", "no_relevant_change": "_", "inconclusive": "o", "described_only": "."}.get(verdict, "x")
    filled = {} if verdict.startswith("changed") or verdict == "described_only" else {"markerfacecolor": "none"}
    return {"marker": shape, "markersize": 5.0, "color": colour, "markeredgecolor": colour, "markeredgewidth": 1.2, **filled}


def _key(drawn: _Overview) -> list[Entry]:
    found = {drawn.verdict(unit, indicator) for unit in drawn.units for indicator in drawn.indicators}
    return [(verdict_sign(drawn.wording.palette, one), drawn.wording.word("verdict", one)) for one in (*VERDICTS, NOT_PUBLISHED, WITHHELD) if one in found]


def _draw_cell(page: Page, drawn: _Overview, what: tuple[str, Indicator], place: tuple[float, float, float, float]) -> None:
    """Draw one trend, its last level at the right, and the verdict below it, or where rows are low beside it."""
    (unit, indicator), (left, top, width, height) = what, place
    wording, verdict = drawn.wording, drawn.verdict(unit, indicator)
    known = drawn.known(unit, indicator)
    trend = height * (0.48 if drawn.has_words else 0.72)
    wide = width - (0.3 if drawn.has_words else 0.42)
    middle = top + trend / 2 + (0.04 if drawn.has_words else height * 0.14)
    if not known:
        page.text(left, middle, _absent(drawn, unit, indicator), size=SMALL, color=SOFT)
    else:
        _draw_trend(page, drawn, what, known, (left, middle - trend / 2, wide, trend))
        page.text(left + wide + 0.04, middle, wording.level(indicator, known[-1][1].estimate), size=SMALL, color=INK)
    if verdict == NO_DATA:
        return
    sign = verdict_sign(wording.palette, verdict)
    if not drawn.has_words:
        page.sign(left + width - 0.04, middle, sign)
        return
    below = top + height * 0.78
    colour = wording.palette.verdict(verdict) if verdict.startswith("changed") else SOFT
    page.sign(left + 0.04, below, {**sign, "markersize": 4.4})
    page.text(left + 0.13, below, wrap(wording.word("verdict", verdict), width - 0.1, SMALL, lines=2), size=SMALL, color=colour)


def _draw_trend(page: Page, drawn: _Overview, what: tuple[str, Indicator], known: list[tuple[int, Any]], place: tuple[float, float, float, float]) -> None:
    (unit, indicator), (left, top, width, height) = what, place
    low, high = _range(drawn, indicator)
    colour = FAINT if drawn.verdict(unit, indicator) in ("described_only", *UNTOLD) else drawn.wording.palette.accent
    step = width / max(len(drawn.waves), 1)

    def down(value: float) -> float:
        return page.top + top + height * (1 - (value - low) / (high - low))

    xs = [left + (wave + 0.5) * step for wave, _ in known]
    ends = [[(x, down(row.ci_low)), (x, down(row.ci_high))] for x, (_, row) in zip(xs, known, strict=True) if not pd.isna(row.ci_low + row.ci_high)]
    page.sheet.add_collection(LineCollection(ends, colors=[colour], linewidths=0.9, alpha=0.5))
    shape: dict[str, Any] = {"marker": "o", "markersize": 2.6, "markerfacecolor": PAPER if colour == FAINT else colour}
    page.sheet.plot(xs, [down(row.estimate) for _, row in known], color=colour, linewidth=1.0, **shape)


def _range(drawn: _Overview, indicator: Indicator) -> tuple[float, float]:
    """Return the axis that all cells of a column share: whatever holds every interval."""
    rows = [row for (_, name, _), row in drawn.levels.items() if name == indicator.id]
    values = [float(value) for row in rows for value in (row.estimate, row.ci_low, row.ci_high) if not pd.isna(value)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
