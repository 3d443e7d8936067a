"""Safety and resilience, apart from cooperation: in, ``indicators`` and ``change``; out, panels over the waves, or a row per alliance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.model import Language
from midterm.publish.charts.layout import INNER, Entry, Page, draw_key, even_steps, key_height, lay_rows, name_rows, new_page
from midterm.publish.charts.waves import Panels, axis_range, draw_panels, values_in_words
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, Chart, Words
from midterm.publish.style import LABEL, PAPER, SMALL, SOFT, wrap
from midterm.publish.wording import ALL, NO_DATA, Wording, planned_changes, planned_waves, records, rows_of, verdict_of, why_absent

NAMES, JUDGED, GAP = 1.25, 0.68, 0.12  # inches of the text columns, and between the parts
APART = 0.055  # inches between the points of two waves


@dataclass(frozen=True)
class _Safety:
    """The indicators of safety for some units: what panels show of them, and their planned changes."""

    panels: Panels
    units: tuple[str, ...]
    changes: dict[tuple[str, str], Any]

    @property
    def wording(self) -> Wording:
        """Names, numbers and words."""
        return self.panels.wording

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves that the plan compares, as far as they are there."""
        return planned_waves(self.wording.evaluation, self.panels.waves)

    def ends(self, unit: str, indicator: Indicator) -> list[Any]:
        """Return the rows of these waves; None where there is none."""
        return [self.panels.rows.get((unit, indicator.id, wave)) for wave in self.waves]

    def verdict(self, unit: str, indicator: Indicator) -> str:
        """Return the verdict on the planned change, or why there is none."""
        return verdict_of(self.changes.get((unit, indicator.id)))


def safety(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw incidents and resilience of ``unit`` over the waves with the planned change; for all, a row per alliance as well."""
    wording = Wording(evaluation, language)
    wanted = [indicator for indicator in evaluation.indicators if indicator.group == "safety"]
    units = (*evaluation.alliances, ALL) if unit == ALL else (unit,)
    table = tables["indicators"]
    kinds = table["statistic"].isin(["mean", "share", "count"])
    found = rows_of(table[(table["source"] == "survey") & kinds & table["indicator"].isin([one.id for one in wanted])], tuple(dict.fromkeys((*units, ALL))))
    waves = tuple(wave for wave in evaluation.waves if wave in set(found[found["alliance"].isin(units)]["wave"]))
    if not waves:
        return None
    shown = tuple(one for one in wanted if one.id in set(found["indicator"]))
    rows = {(row.alliance, row.indicator, row.wave): row for row in records(found)}
    panels = Panels(wording, unit, waves, shown, rows, {one.unit.en: axis_range(found, shown, one, evaluation) for one in shown})
    changed = rows_of(planned_changes(tables["change"], evaluation), units)
    drawn = _Safety(panels, units, {(row.alliance, row.indicator): row for row in records(changed)})
    words = _words(drawn, found)
    if unit == ALL:
        return Chart(_draw_rows(drawn, words).figure, _numbers(found[found["wave"].isin(drawn.waves)], changed), words)
    below = {one.id: _change(drawn, unit, one) for one in shown} if len(drawn.waves) > 1 else None
    return Chart(draw_panels(panels, words, below).figure, _numbers(found, changed), words)


def _numbers(found: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Return the levels, and beside those of the last wave the planned change and its verdict."""
    columns = {"estimate": "change", "ci_low": "change_low", "ci_high": "change_high", "verdict": "verdict"}
    named = changed[["alliance", "indicator", "to_wave", *columns]].rename(columns={"to_wave": "wave", **columns})
    return found.merge(named, on=["alliance", "indicator", "wave"], how="left")


def _words(drawn: _Safety, found: pd.DataFrame) -> Words:
    wording, labels, panels = drawn.wording, drawn.wording.labels, drawn.panels
    unit, level = panels.unit, wording.number(100 * (1 - wording.evaluation.plan.alpha), 0)
    named = {"unit": wording.unit_name(unit), "period": wording.period(panels.waves)}
    planned = [one for one in panels.indicators if one.id in wording.evaluation.plan.primary] or panels.indicators
    title = labels.safety_title.format(parts=", ".join(_from_to(drawn, unit, one) for one in planned), **named)
    known = found[found["alliance"].isin(drawn.units) & found["estimate"].notna()]
    source = labels.safety_source.format(n=wording.span(known["n"]), **named)
    note = labels.safety_note.format(level=level, too_small=wording.too_small)
    parts = [part for name in drawn.units for part in _in_words(drawn, name)]
    alt = labels.safety_alt.format(title=title, parts="; ".join(parts))
    return Words(title, labels.safety_subtitle.format(level=level, **named), source, note, alt)


def _from_to(drawn: _Safety, unit: str, indicator: Indicator) -> str:
    """Return an indicator's level in the first and last wave and the verdict on the change."""
    wording = drawn.wording
    rows = drawn.ends(unit, indicator)
    levels = [wording.absent(row) if row is None or pd.isna(row.estimate) else wording.level(indicator, row.estimate, 1) for row in rows]
    name, verdict = wording.indicator(indicator.id), wording.word("verdict", drawn.verdict(unit, indicator))
    if all(row is None or pd.isna(row.estimate) for row in rows):
        why = next((reason for reason in map(why_absent, rows) if reason != NO_DATA), NO_DATA)
        return wording.labels.safety_absent.format(indicator=name, why=wording.word("verdict", why))
    if len(levels) == 1:
        return wording.labels.safety_level.format(indicator=name, last=levels[-1])
    gone = [at for at, row in enumerate(rows) if row is None or pd.isna(row.estimate)]
    if gone:
        lost, kept = gone[0], 1 - gone[0]
        words = {"level": levels[kept], "wave": wording.wave(drawn.waves[kept]), "other": wording.wave(drawn.waves[lost]), "why": levels[lost]}
        return wording.labels.safety_partly.format(indicator=name, **words)
    return wording.labels.safety_from_to.format(indicator=name, first=levels[0], last=levels[-1], verdict=verdict)


def _change(drawn: _Safety, unit: str, indicator: Indicator) -> str:
    """Return the planned change with its interval and verdict, in words."""
    wording, row = drawn.wording, drawn.changes.get((unit, indicator.id))
    verdict = wording.word("verdict", verdict_of(row))
    if row is None or pd.isna(row.estimate):
        return wording.labels.safety_verdict.format(verdict=verdict)
    numbers = {"estimate": wording.change(indicator, row.estimate), "unit": wording.change_unit(indicator)}
    if pd.isna(row.ci_low):
        return wording.labels.safety_change_described.format(verdict=verdict, **numbers)
    ends = {"low": wording.change(indicator, row.ci_low), "high": wording.change(indicator, row.ci_high)}
    return wording.labels.safety_change.format(verdict=verdict, **numbers, **ends)


def _in_words(drawn: _Safety, unit: str) -> list[str]:
    if unit != drawn.panels.unit:  # one of the rows of all
        return [f"{drawn.wording.unit_name(unit)}: {', '.join(_from_to(drawn, unit, one) for one in drawn.panels.indicators)}"]
    return [f"{values_in_words(drawn.panels, one)}. {_change(drawn, unit, one)}" for one in drawn.panels.indicators]


def _draw_rows(drawn: _Safety, words: Words) -> Page:
    """Draw a row per alliance and one for all: per indicator the first and last wave with intervals, and the verdict."""
    wording, panels = drawn.wording, drawn.panels
    rows = lay_rows([wording.unit_name(unit) for unit in drawn.units], NAMES, breaks=(len(drawn.units) - 1,), least=0.27)
    step = (INNER - NAMES) / len(panels.indicators)
    wide = step - JUDGED - 2 * GAP
    heads = [wrap(wording.indicator(one.id), step - GAP, LABEL, "semibold", lines=2) for one in panels.indicators]
    shades = wording.palette.waves(len(drawn.waves))
    entries = _key(drawn, shades)
    head = key_height(entries) + 0.14 + 0.15 * (max(text.count("\n") for text in heads) + 1)
    page = new_page(words, head + rows.height + 0.25)
    draw_key(page, entries)
    name_rows(page, rows, head, strong=(len(drawn.units) - 1,))
    for place, (indicator, text) in enumerate(zip(panels.indicators, heads, strict=True)):
        left = MARGIN + NAMES + GAP + place * step
        page.text(left, head - 0.06, text, fontweight=600, va="bottom")
        axes = page.plot(left, head, wide, rows.height)
        _frame(axes, drawn, indicator)
        for unit, middle in zip(drawn.units, rows.middles, strict=True):
            _draw_waves(axes, drawn, (unit, indicator), middle, shades)
            _judge(page, drawn, unit, indicator, (left + wide + 0.06, head + middle))
    return page


def _key(drawn: _Safety, shades: tuple[str, ...]) -> list[Entry]:
    look = {"marker": "o", "markersize": 5.0, "linestyle": "-"}
    entries: list[Entry] = [({**look, "color": shade}, drawn.wording.wave(wave)) for wave, shade in zip(drawn.waves, shades, strict=True)]
    found = {drawn.verdict(unit, one) for unit in drawn.units for one in drawn.panels.indicators}
    described: list[Entry] = [(_hollow(shades[-1]), drawn.wording.labels.key_described)]
    return [*entries, *(described if "described_only" in found else [])]


def _hollow(colour: str) -> dict[str, Any]:
    return {"marker": "o", "color": colour, "markerfacecolor": PAPER, "markeredgecolor": colour, "markersize": 4.8}


def _frame(axes: Axes, drawn: _Safety, indicator: Indicator) -> None:
    low, high = drawn.panels.ranges[indicator.unit.en]
    if indicator.statistic == "share":
        ends = [row.ci_high for row in drawn.panels.rows.values() if row.indicator == indicator.id and not pd.isna(row.ci_high)]
        high = min(1.0, max([0.5, *ends]))
    axes.set_xlim(low, high)
    ticks: Sequence[float] = [tick for tick in (0.0, 0.5, 1.0) if tick <= high] if indicator.statistic == "share" else even_steps(low, high)
    ticks = ticks[::2] if len(ticks) > 3 else ticks
    decimals = 0 if all(float(tick).is_integer() for tick in ticks) else 1
    axes.set_xticks(ticks, [drawn.wording.level(indicator, tick, decimals) for tick in ticks])


def _draw_waves(axes: Axes, drawn: _Safety, what: tuple[str, Indicator], middle: float, shades: tuple[str, ...]) -> None:
    ends = drawn.ends(*what)
    if all(row is None or pd.isna(row.estimate) for row in ends):
        axes.text(sum(axes.get_xlim()) / 2, middle, drawn.wording.absent(ends[-1]), fontsize=SMALL, color=SOFT, ha="center", va="center")
    is_described = drawn.verdict(*what) == "described_only"
    for row, shade, offset in zip(ends, shades, (-APART, APART) if len(ends) > 1 else (0.0,), strict=True):
        if row is None or pd.isna(row.estimate):
            continue
        if not pd.isna(row.ci_low):
            axes.plot([row.ci_low, row.ci_high], [middle + offset] * 2, color=shade, linewidth=1.3, alpha=0.6)
        look: dict[str, Any] = _hollow(shade) if is_described else {"marker": "o", "color": shade, "markersize": 4.8}
        axes.plot([row.estimate], [middle + offset], **{**look, "linestyle": "none"})


def _judge(page: Page, drawn: _Safety, unit: str, indicator: Indicator, place: tuple[float, float]) -> None:
    if len(drawn.waves) < 2:
        return
    wording, verdict = drawn.wording, drawn.verdict(unit, indicator)
    colour = wording.palette.verdict(verdict) if verdict in ("changed_better", "changed_worse") else SOFT
    page.text(*place, wrap(wording.word("verdict", verdict), JUDGED, SMALL - 0.5, lines=2), size=SMALL - 0.5, color=colour)
