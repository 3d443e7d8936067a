"""Bottlenecks: in, ``indicators`` and ``framework``; out, which are named how often, and for all, where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from midterm.description.evaluation import Evaluation
from midterm.description.model import Language
from midterm.publish.charts.layout import INNER, LONGEST, Entry, Page, draw_key, key_height, lay_rows, name_rows, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, WIDTH, Chart, Words
from midterm.publish.style import BAND, LABEL, RULE, SMALL, SOFT, ink_on, wrap
from midterm.publish.wording import ALL, Wording, planned_waves, records, rows_of

NAMES, PANEL = 1.5, 1.25  # inches for names of rows; for the points
MOST = 3  # bottlenecks that a title names at most
NONE = "none"  # the framework's word for no bottleneck


@dataclass(frozen=True)
class _Bottleneck:
    """One bottleneck: its name, its indicator of the survey and its category of the framework, where there are."""

    name: str
    indicator: str
    category: str


@dataclass(frozen=True)
class _Named:
    """Who named which bottleneck: rows of the survey by unit, indicator and wave; indicators of the framework by category."""

    wording: Wording
    unit: str
    waves: tuple[str, ...]
    columns: list[_Bottleneck]
    rows: dict[tuple[str, str, str], Any]
    counts: dict[str, int]
    indicators: int

    def row(self, unit: str, column: _Bottleneck, wave: str) -> Any:
        """Return the survey's row; None when there is none."""
        return self.rows.get((unit, column.indicator, wave))

    def share(self, column: _Bottleneck) -> float:
        """Return the share of persons of the unit in the last wave; NaN when it is not known."""
        row = self.row(self.unit, column, self.waves[-1]) if self.waves else None
        return float("nan") if row is None else float(row.estimate)


def bottlenecks(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw which bottlenecks the persons of ``unit`` name and its framework; for all, also in which alliances."""
    wording = Wording(evaluation, language)
    columns = _bottlenecks(wording)
    units = (ALL, *evaluation.alliances) if unit == ALL else (unit,)
    table = tables["indicators"]
    asked = table[(table["source"] == "survey") & (table["statistic"] == "share") & table["indicator"].isin([one.indicator for one in columns])]
    found = rows_of(asked, units)
    waves = planned_waves(evaluation, found["wave"])
    found = found[found["wave"].isin(waves)].reset_index(drop=True)
    framework = rows_of(tables["framework"], evaluation.alliances if unit == ALL else (unit,))
    framed = _counts(framework)
    if found.empty and framed.empty:
        return None
    rows = {(row.alliance, row.indicator, row.wave): row for row in records(found)}
    counts = {str(name): int(n) for name, n in framed.groupby("bottleneck")["n"].sum().items()}
    named = _Named(wording, unit, waves, columns, rows, counts, len(framework.drop_duplicates(["alliance", "indicator_id"])))
    named.columns.sort(key=lambda column: float("inf") if pd.isna(named.share(column)) else -named.share(column))
    words = _words(named, found)
    return Chart(_draw(named, words).figure, _numbers(found, framed), words)


def _bottlenecks(wording: Wording) -> list[_Bottleneck]:
    """Return every bottleneck once: a category of the framework and an indicator of the survey are one where the latter's id ends in the former's."""
    form = wording.evaluation.codebook.framework
    categories = [category for category in form.bottlenecks if category.id != NONE] if form else []
    left = [one for one in wording.evaluation.indicators if one.group == "bottlenecks" and one.statistic == "share"]
    found = []
    for category in categories:
        own = next((one for one in left if f"_{one.id}".endswith(f"_{category.id}")), None)
        left = [one for one in left if one is not own]
        found.append(_Bottleneck(category.label.in_(wording.language), own.id if own else "", category.id))
    return [*found, *(_Bottleneck(one.label.in_(wording.language), one.id, "") for one in left)]


def _counts(framework: pd.DataFrame) -> pd.DataFrame:
    """Return how many indicators of each alliance name a bottleneck in at least one year."""
    named = framework[framework["bottleneck"].notna() & (framework["bottleneck"] != NONE)]
    once = named.drop_duplicates(["alliance", "indicator_id", "bottleneck"])
    return once.groupby(["alliance", "bottleneck"], sort=False).size().rename("n").reset_index()


def _numbers(found: pd.DataFrame, framed: pd.DataFrame) -> pd.DataFrame:
    """Return the survey's rows, and below them the framework's counts as rows of their own."""
    counted = framed.rename(columns={"bottleneck": "indicator", "n": "estimate"}).assign(source="framework", statistic="indicators_naming_it")
    return pd.concat([frame for frame in (found, counted.astype({"estimate": float})) if len(frame)], ignore_index=True)


def _words(named: _Named, found: pd.DataFrame) -> Words:
    wording, labels = named.wording, named.wording.labels
    texts = {"unit": wording.unit_name(named.unit), "period": wording.period(named.waves or (wording.evaluation.plan.to_wave,))}
    level = wording.number(100 * (1 - wording.evaluation.plan.alpha), 0)
    own = found[found["alliance"] == named.unit]
    persons = wording.span(own["n"][own["estimate"].notna()]) if len(own) else labels.no_data
    source = labels.bottlenecks_source.format(n=persons, indicators=named.indicators, **texts)
    title = _title(named)
    subtitle = labels.bottlenecks_subtitle.format(level=level, **texts)
    note = labels.bottlenecks_note.format(too_small=wording.too_small)
    parts = "; ".join(_in_words(named, column) for column in named.columns)
    return Words(title, subtitle, source, note, labels.bottlenecks_alt.format(title=title, parts=parts))


def _title(named: _Named) -> str:
    """Say which bottlenecks most persons name, else which most indicators of the framework do; nothing when more than three are level."""
    wording, labels = named.wording, named.wording.labels
    unit = wording.unit_name(named.unit)
    shares = [(column.name, wording.percent(named.share(column))) for column in named.columns if not pd.isna(named.share(column))]
    first = [pair for pair in shares if len(shares) > 1 and pair[1] in (shares[0][1], shares[1][1])]
    if 0 < len(first) <= MOST:
        parts = ", ".join(labels.bottlenecks_title_part.format(name=name, share=share) for name, share in first)
        return labels.bottlenecks_title.format(unit=unit, wave=wording.wave(named.waves[-1]), parts=parts)
    most = max(named.counts.values(), default=0)
    framed = [column.name for column in named.columns if most and named.counts.get(column.category) == most]
    if not shares and 0 < len(framed) <= MOST:
        names = labels.bottlenecks_and.join(framed)
        return labels.bottlenecks_title_framework.format(unit=unit, names=names, n=most, total=named.indicators)
    return labels.bottlenecks_title_plain.format(unit=unit)


def _in_words(named: _Named, column: _Bottleneck) -> str:
    wording, labels = named.wording, named.wording.labels
    rows = [(wave, named.row(named.unit, column, wave)) for wave in named.waves]
    found = [(wave, wording.absent(row) if pd.isna(row.estimate) else wording.percent(row.estimate)) for wave, row in rows if row is not None]
    shares = [f"{share} ({wording.wave(wave)})" for wave, share in found]
    parts = [*shares, labels.bottlenecks_alt_framework.format(n=named.counts.get(column.category, 0))] if column.category else shares
    return f"{column.name} {', '.join([*parts, *_where(named, column)])}"


def _where(named: _Named, column: _Bottleneck) -> list[str]:
    """Return in which alliances the fewest and the most persons name a bottleneck."""
    wording = named.wording
    rows = [named.row(unit, column, named.waves[-1]) for unit in wording.evaluation.alliances] if named.unit == ALL and named.waves else []
    known = sorted((row for row in rows if row is not None and not pd.isna(row.estimate)), key=lambda row: row.estimate)
    if len(known) < 2:
        return []
    units = {"low_unit": wording.unit_name(known[0].alliance), "high_unit": wording.unit_name(known[-1].alliance)}
    shares = {"low_share": wording.percent(known[0].estimate), "high_share": wording.percent(known[-1].estimate)}
    return [wording.labels.bottlenecks_alt_where.format(**units, **shares)]


def _draw(named: _Named, words: Words) -> Page:
    wording = named.wording
    units = wording.evaluation.alliances if named.unit == ALL else ()
    step = (INNER - NAMES) / len(named.columns)
    heads = [wrap(column.name, step - 0.06, SMALL, lines=3) for column in named.columns]
    shades = wording.palette.waves(len(named.waves)) if named.waves else ()
    look = {"marker": "o", "markersize": 5.0, "linestyle": "-"}
    entries: list[Entry] = [({**look, "color": shade}, wording.wave(wave)) for shade, wave in zip(shades, named.waves, strict=True)]
    head = key_height(entries) + 0.1 + 0.13 * (max(text.count("\n") for text in heads) + 1)
    rows = lay_rows([wording.unit_name(unit) for unit in units], NAMES - 0.1, least=0.185, longest=LONGEST - PANEL - 0.6)
    below = head + PANEL + 0.32
    page = new_page(words, below + (rows.height + 0.12 if units else 0.0))
    draw_key(page, entries)
    middles = [MARGIN + NAMES + (place + 0.5) * step for place in range(len(named.columns))]
    for middle, text in zip(middles, heads, strict=True):
        page.text(middle, head - 0.06, text, size=SMALL, ha="center", va="bottom", fontweight=600)
    _draw_panel(page.plot(MARGIN + NAMES, head, INNER - NAMES, PANEL), named, shades)
    _draw_counts(page, named, middles, head + PANEL + 0.17)
    if units:
        page.line((MARGIN, WIDTH - MARGIN), (below, below), color="#9a9a9a")
        name_rows(page, rows, below + 0.1)
    for unit, y in zip(units, rows.middles, strict=True):
        for column, middle in zip(named.columns, middles, strict=True):
            _draw_cell(page, named, named.row(unit, column, named.waves[-1]) if named.waves else None, (middle, below + 0.1 + y), (step, rows.step))
    return page


def _draw_panel(axes: Axes, named: _Named, shades: tuple[str, ...]) -> None:
    """Draw a point and its interval per bottleneck and wave, standing on 0 %."""
    wording, count = named.wording, len(named.columns)
    ends = [value for row in named.rows.values() if row.alliance == named.unit for value in (row.estimate, row.ci_high) if not pd.isna(value)]
    top = min(max(ends, default=0.5) * 1.02, 1.0)
    axes.set(xlim=(0, count), ylim=(0, top * 1.12))
    axes.grid(visible=False, axis="x")
    axes.grid(visible=True, axis="y")
    ticks = [tick for tick in (0.0, 0.25, 0.5, 0.75, 1.0) if tick <= top * 1.12]
    axes.set_yticks(ticks, [wording.percent(tick) for tick in ticks])
    axes.set_xticks([])
    axes.axhline(0, color=RULE, linewidth=0.6)
    for place, column in enumerate(named.columns):
        for index, (wave, shade) in enumerate(zip(named.waves, shades, strict=True)):
            x = place + 0.5 + 0.2 * (index - (len(shades) - 1) / 2)
            _draw_share(axes, named, named.row(named.unit, column, wave), x, shade, is_last=wave == named.waves[-1])


def _draw_share(axes: Axes, named: _Named, row: Any, x: float, shade: str, *, is_last: bool) -> None:
    if row is None or pd.isna(row.estimate):
        if is_last:
            axes.text(x, 0.04 * axes.get_ylim()[1], named.wording.absent(row), fontsize=SMALL, color=SOFT, ha="center")
        return
    if not pd.isna(row.ci_low):
        axes.plot([x, x], [row.ci_low, row.ci_high], color=shade, linewidth=1.6, alpha=0.55)
    axes.plot([x], [row.estimate], marker="o", markersize=5.0, color=shade, linestyle="none")
    if is_last:
        axes.annotate(named.wording.percent(row.estimate), (x, row.estimate), (4.5, 0), textcoords="offset points", fontsize=SMALL, va="center")


def _draw_counts(page: Page, named: _Named, middles: list[float], y: float) -> None:
    """Write under each bottleneck how many indicators of the framework name it."""
    page.text(MARGIN, y, wrap(named.wording.labels.bottlenecks_framework, NAMES - 0.1, SMALL, lines=2), size=SMALL, color=SOFT)
    for column, middle in zip(named.columns, middles, strict=True):
        text = str(named.counts.get(column.category, 0)) if column.category else named.wording.labels.no_data_short
        page.text(middle, y, text, size=LABEL, ha="center", fontweight=600)


def _draw_cell(page: Page, named: _Named, row: Any, place: tuple[float, float], size: tuple[float, float]) -> None:
    (x, y), (width, height) = place, size
    wording = named.wording
    if row is None or pd.isna(row.estimate):
        page.box(x - width / 2, y - height / 2, width, height, BAND)
        page.text(x, y, wording.absent(row), size=SMALL, color=SOFT, ha="center")
        return
    colour = wording.palette.heat(0.5 + row.estimate / 2)
    page.box(x - width / 2, y - height / 2, width, height, colour)
    page.text(x, y, wording.percent(row.estimate), size=LABEL, color=ink_on(colour), ha="center")
