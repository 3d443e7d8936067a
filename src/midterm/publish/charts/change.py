"""The forest of changes: in, ``change`` and ``checks``; out, one figure per primary indicator, alliances under each other with the pooled rows below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.model import Language
from midterm.publish.charts.layout import INNER, Entry, Page, Rows, decimals_of, draw_key, key_height, lay_rows, name_rows, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, Chart, Words
from midterm.publish.style import BAND, FAINT, INK, PAPER, SMALL, SOFT, wrap
from midterm.publish.wording import ALL, AVERAGE, VERDICTS, Wording, change_factor, planned_changes, records, rows_of, verdict_of

NAMES, PERSONS, CHANGES, JUDGED = 1.5, 0.62, 0.55, 1.0  # inches of the text columns
HOLLOW: dict[str, Any] = {"marker": "o", "markerfacecolor": PAPER, "markeredgecolor": FAINT, "markersize": 5.0, "color": FAINT}
SHRUNKEN: dict[str, Any] = {"marker": "s", "markerfacecolor": "none", "markeredgecolor": SOFT, "markersize": 3.2, "markeredgewidth": 0.8, "color": SOFT}
PREDICTION: dict[str, Any] = {"color": SOFT, "linewidth": 0.9, "linestyle": (0, (3, 1.6))}


@dataclass(frozen=True)
class _Forest:
    wording: Wording
    indicator: Indicator
    units: tuple[str, ...]
    rows: dict[str, Any]
    further: Any | None  # where the change of a further alliance is to be expected

    @property
    def verdicts(self) -> list[str]:
        """The verdict of every alliance; no data where there is none."""
        return [verdict_of(self.rows.get(unit)) for unit in self.wording.evaluation.alliances]


def forest(tables: Published, evaluation: Evaluation, language: Language, _unit: str, *, indicator: str) -> Chart | None:
    """Draw the planned change of one indicator in every alliance, for all persons together, and on average."""
    wording, plan = Wording(evaluation, language), evaluation.plan
    table = tables["change"]
    found = rows_of(planned_changes(table[table["indicator"] == indicator], evaluation), (*evaluation.alliances, ALL, AVERAGE))
    if found.empty:
        return None
    rows = {row.alliance: row for row in records(found)}
    pooled = [name for name in (ALL, AVERAGE) if name in rows]
    is_told = AVERAGE in rows and not pd.isna(rows[AVERAGE].estimate) and rows[AVERAGE].verdict != "described_only"
    further = _further(tables["checks"], evaluation, indicator) if is_told else pd.DataFrame()
    drawn = _Forest(wording, evaluation.indicator(indicator), (*evaluation.alliances, *pooled), rows, next(iter(records(further)), None))
    title = wording.tally(wording.indicator(indicator), drawn.verdicts, "verdict", VERDICTS, wording.units)
    named = {"indicator": wording.indicator(indicator), "units": wording.units, "period": wording.period((plan.from_wave, plan.to_wave))}
    level = wording.number(100 * (1 - plan.alpha), 0)
    subtitle = wording.labels.forest_subtitle.format(level=level, unit=wording.change_unit(drawn.indicator), **named)
    source = wording.labels.forest_source.format(n_from=wording.span(found["n_from"]), n_to=wording.span(found["n_to"]), **named)
    note = wording.labels.forest_note.format(level=level, margin=wording.margin(drawn.indicator))
    words = Words(title, subtitle, source, note, _alt(drawn, title))
    data = found if further.empty else pd.concat([found, further], ignore_index=True)
    return Chart(_draw(drawn, words).figure, data, words)


def _further(checks: pd.DataFrame, evaluation: Evaluation, indicator: str) -> pd.DataFrame:
    """Return the row with the prediction interval, if there is one."""
    chosen = checks[(checks["indicator"] == indicator) & (checks["method"] == "prediction_interval")]
    return rows_of(planned_changes(chosen, evaluation), (AVERAGE,)).dropna(subset=["ci_low", "ci_high"])


def _draw(drawn: _Forest, words: Words) -> Page:
    wording = drawn.wording
    rows = lay_rows([wording.unit_name(unit) for unit in drawn.units], NAMES, breaks=(len(wording.evaluation.alliances),))
    left, width = MARGIN + NAMES + PERSONS + 0.15, INNER - NAMES - PERSONS - CHANGES - JUDGED - 0.35
    entries = _key(drawn)
    head = key_height(entries) + 0.36
    page = new_page(words, head + rows.height + 0.42)
    draw_key(page, entries)
    _head_columns(page, drawn, head, left + width)
    name_rows(page, rows, head, strong=[index for index, unit in enumerate(drawn.units) if unit in (ALL, AVERAGE)])
    axes = page.plot(left, head, width, rows.height)
    _frame(page, axes, drawn, rows, (left, head, width))
    for unit, middle in zip(drawn.units, rows.middles, strict=True):
        row = drawn.rows.get(unit)
        _draw_texts(page, drawn, row, (left + width, head + middle), rows.size)
        if row is not None and not pd.isna(row.estimate):
            _draw_change(axes, drawn, row, middle)
    return page


def _key(drawn: _Forest) -> list[Entry]:
    labels = drawn.wording.labels
    entries: list[Entry] = [({"marker": "o", "color": INK, "markersize": 5.0, "linestyle": "-"}, labels.key_change)]
    if any(row.verdict == "described_only" for row in drawn.rows.values() if not pd.isna(row.verdict)):
        entries.append((HOLLOW, labels.key_described))
    if any(not pd.isna(row.shrunken) for row in drawn.rows.values()):
        entries.append((SHRUNKEN, labels.key_shrunken))
    if len(drawn.units) > len(drawn.wording.evaluation.alliances):
        entries.append(({"marker": "D", "color": INK, "markersize": 5.0}, labels.key_pooled))
    if drawn.further is not None:
        entries.append((PREDICTION, labels.key_prediction.format(unit=drawn.wording.unit)))
    return [*entries, ({"marker": "s", "color": "#dcdcdc", "markersize": 7.0}, labels.key_margin.format(margin=drawn.wording.margin(drawn.indicator)))]


def _head_columns(page: Page, drawn: _Forest, head: float, right: float) -> None:
    plan, wording = drawn.wording.evaluation.plan, drawn.wording
    persons = wrap(f"n {wording.wave(plan.from_wave)} → {wording.wave(plan.to_wave)}", PERSONS, SMALL, lines=2)
    look: dict[str, Any] = {"size": SMALL, "color": SOFT, "va": "bottom"}
    page.text(MARGIN + NAMES + 0.05 + PERSONS, head - 0.06, persons, ha="right", **look)
    page.text(right + 0.1 + CHANGES, head - 0.06, wording.labels.column_change, ha="right", **look)
    page.text(right + 0.2 + CHANGES, head - 0.06, wording.labels.column_verdict, ha="left", **look)


def _frame(page: Page, axes: Axes, drawn: _Forest, rows: Rows, place: tuple[float, float, float]) -> None:
    """Set the axis around zero, wide enough for every interval, and shade what is too small to matter."""
    left, head, width = place
    factor = change_factor(drawn.indicator)
    margin = drawn.indicator.margin * factor
    shown = [*drawn.rows.values(), *([] if drawn.further is None else [drawn.further])]
    ends = [value * factor for row in shown for value in (row.estimate, row.ci_low, row.ci_high, row.shrunken) if not pd.isna(value)]
    reach = max([abs(end) for end in ends] + [margin * 1.5]) * 1.06
    axes.set_xlim(-reach, reach)
    axes.axvspan(-margin, margin, color=BAND, zorder=0.5, linewidth=0)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    ticks = [tick for tick in axes.xaxis.get_major_locator().tick_values(-reach, reach) if abs(tick) <= reach]
    ticks = ticks[::2] if len(ticks) > 7 else ticks
    ticks = ticks if 0.0 in ticks else [-ticks[-1], 0.0, ticks[-1]]
    axes.set_xticks(ticks, [drawn.wording.number(tick, decimals_of(ticks), signed=True) for tick in ticks])
    labels, better_left = drawn.wording.labels, drawn.indicator.better == "down"
    ends_of_axis = (labels.better, labels.worse) if better_left else (labels.worse, labels.better)
    below = head + rows.height + 0.3
    page.text(left, below, f"← {ends_of_axis[0]}", size=SMALL, color=SOFT, ha="left")
    page.text(left + width, below, f"{ends_of_axis[1]} →", size=SMALL, color=SOFT, ha="right")


def _draw_texts(page: Page, drawn: _Forest, row: Any, place: tuple[float, float], size: float) -> None:
    wording, (right, middle) = drawn.wording, place
    verdict = verdict_of(row)
    colour = wording.palette.verdict(verdict) if verdict in ("changed_better", "changed_worse") else SOFT
    page.text(right + 0.2 + CHANGES, middle, wrap(wording.word("verdict", verdict_of(row)), JUDGED, SMALL, lines=2), size=SMALL, color=colour)
    if row is None:
        return
    text = f"{wording.count(row.n_from)} → {wording.count(row.n_to)}"
    if row.alliance == AVERAGE:
        text = wording.labels.average_n.format(n=wording.number(row.n_organisations, 0), units=wording.units)
    page.text(MARGIN + NAMES + 0.05 + PERSONS, middle, wrap(text, PERSONS, SMALL, lines=2), size=SMALL, color=SOFT, ha="right")
    if not pd.isna(row.estimate):
        page.text(right + 0.1 + CHANGES, middle, wording.change(drawn.indicator, row.estimate), size=size, color=colour, ha="right")


def _draw_change(axes: Axes, drawn: _Forest, row: Any, middle: float) -> None:
    verdict, unit, factor = verdict_of(row), row.alliance, change_factor(drawn.indicator)
    colour = drawn.wording.palette.verdict(verdict)
    if not pd.isna(row.ci_low) and not pd.isna(row.ci_high):
        axes.plot([row.ci_low * factor, row.ci_high * factor], [middle, middle], color=colour, linewidth=1.3)
    look = HOLLOW if verdict == "described_only" else {"marker": "D" if unit in (ALL, AVERAGE) else "o", "color": colour, "markersize": 5.5}
    axes.plot([row.estimate * factor], [middle], linestyle="none", **look)
    if unit == AVERAGE and drawn.further is not None:
        axes.plot([drawn.further.ci_low * factor, drawn.further.ci_high * factor], [middle + 0.1] * 2, **PREDICTION)
    if unit not in (ALL, AVERAGE) and not pd.isna(row.shrunken):
        axes.plot([row.shrunken * factor], [middle + 0.085], linestyle="none", **SHRUNKEN)


def _alt(drawn: _Forest, title: str) -> str:
    wording = drawn.wording
    parts = []
    for unit in drawn.units:
        row = drawn.rows.get(unit)
        words = {"name": wording.unit_name(unit), "verdict": wording.word("verdict", verdict_of(row))}
        if row is None or pd.isna(row.estimate):
            parts.append(wording.labels.forest_alt_empty.format(**words))
        elif pd.isna(row.ci_low):
            parts.append(wording.labels.forest_alt_described.format(estimate=wording.change(drawn.indicator, row.estimate), **words))
        else:
            parts.append(wording.labels.forest_alt_part.format(estimate=wording.change(drawn.indicator, row.estimate), **_ends(drawn, row), **words))
    if drawn.further is not None:
        parts.append(wording.labels.forest_alt_prediction.format(unit=wording.unit, **_ends(drawn, drawn.further)))
    return wording.labels.forest_alt.format(title=title, unit=wording.change_unit(drawn.indicator), parts="; ".join(parts))


def _ends(drawn: _Forest, row: Any) -> dict[str, str]:
    return {"low": drawn.wording.change(drawn.indicator, row.ci_low), "high": drawn.wording.change(drawn.indicator, row.ci_high)}
