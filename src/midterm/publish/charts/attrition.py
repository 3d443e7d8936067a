"""Who stayed, left and came: in, ``attrition``; out, persons, how leavers and entrants differ, and what that adds to the change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

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
from midterm.publish.style import BAND, FAINT, INK, PAPER, SMALL, SOFT, ink_on, wrap
from midterm.publish.wording import ALL, Wording, change_factor, records, rows_of

NAMES, PERSONS, PART, SPACE = 1.3, 1.35, 0.44, 0.12  # inches: names, bar of persons, one column of numbers, between columns
GROUPS = ("leavers", "entrants")
PARTS = ("change", "change_of_stayers", "from_leavers", "from_entrants")
APART = 0.17  # of a row's step: how far leavers and entrants stand above and below its middle


@dataclass(frozen=True)
class _Line:
    """One row of the figure."""

    name: str
    indicator: Indicator
    row: Any | None

    def count(self, group: str) -> float:
        """Return how many persons stayed, left or came; NaN where that is not known."""
        return float("nan") if self.row is None else float(getattr(self.row, f"n_{group}"))


@dataclass(frozen=True)
class _Attrition:
    wording: Wording
    unit: str
    lines: tuple[_Line, ...]

    def scale(self, line: _Line) -> float:
        """Return what gaps are multiplied with: to show them in their unit, or, where a figure has several units, in margins."""
        return change_factor(line.indicator) if self.unit == ALL else 1 / line.indicator.margin

    @property
    def told(self) -> _Line:
        """The row that the title is about: all persons together, or the first planned indicator."""
        return self.lines[-1 if self.unit == ALL else 0]


def attrition(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw stayers, leavers and entrants of every alliance for the first planned indicator; of one alliance for each of them."""
    wording, primary = Wording(evaluation, language), evaluation.plan.primary
    table = tables["attrition"]
    wanted = [(name, one) for one in primary[:1] for name in (*evaluation.alliances, ALL)] if unit == ALL else [(unit, one) for one in primary]
    found = rows_of(table[table["indicator"].isin([one for _, one in wanted])], list(dict.fromkeys(name for name, _ in wanted)))
    if found.empty:
        return None
    rows = {(row.alliance, row.indicator): row for row in records(found)}
    names = [wording.unit_name(name) if unit == ALL else wording.indicator(one) for name, one in wanted]
    lines = [_Line(name, evaluation.indicator(key[1]), rows.get(key)) for name, key in zip(names, wanted, strict=True)]
    drawn = _Attrition(wording, unit, tuple(lines))
    words = _words(drawn)
    order = found.assign(_rank=found["indicator"].map(list(primary).index).astype(int)).sort_values("_rank", kind="stable")
    return Chart(_draw(drawn, words).figure, order.drop(columns="_rank").reset_index(drop=True), words)


def _words(drawn: _Attrition) -> Words:
    wording, texts, plan = drawn.wording, drawn.wording.labels.attrition, drawn.wording.evaluation.plan
    waves = {"from_wave": wording.wave(plan.from_wave), "to_wave": wording.wave(plan.to_wave)}
    first = drawn.lines[0].indicator
    if drawn.unit == ALL:
        subtitle = texts.subtitle_all.format(indicator=wording.indicator(first.id), unit=wording.change_unit(first), units=wording.units, **waves)
    else:
        subtitle = texts.subtitle_unit.format(name=wording.unit_name(drawn.unit), **waves)
    n_from, n_to = (wording.span(line.count("stayers") + line.count(group) for line in drawn.lines) for group in GROUPS)
    source = texts.source.format(period=wording.period((plan.from_wave, plan.to_wave)), n_from=n_from, n_to=n_to)
    title = _title(drawn, waves)
    alt = texts.alt.format(title=title, parts="; ".join(_alt_part(drawn, line) for line in drawn.lines))
    return Words(title, subtitle, source, texts.note.format(level=wording.number(100 * (1 - plan.alpha), 0)), alt)


def _title(drawn: _Attrition, waves: dict[str, str]) -> str:
    wording, texts, told = drawn.wording, drawn.wording.labels.attrition, drawn.told
    stayed, left = told.count("stayers"), told.count("leavers")
    name = wording.unit_name(drawn.unit)
    if pd.isna(stayed) or pd.isna(left) or stayed + left == 0:
        return texts.title_plain.format(name=name, **waves)
    numbers = {"stayed": wording.number(stayed, 0), "first": wording.number(stayed + left, 0), "rate": wording.percent(stayed / (stayed + left))}
    leavers = str(getattr(texts, f"leavers_{_leavers(told, wording.evaluation.plan.alpha)}")).format(indicator=wording.indicator(told.indicator.id))
    return texts.title.format(name=name, leavers=leavers, **numbers, **waves)


def _leavers(line: _Line, alpha: float) -> str:
    """Return how those who left scored beside those who stayed: alike needs the whole interval within the margin."""
    row, margin = line.row, line.indicator.margin
    if line.count("leavers") == 0:
        return "nobody"
    if row is None or pd.isna(row.leavers_gap):
        return "unknown"
    if pd.isna(row.leavers_p_value):
        return "described"
    if -margin < row.leavers_ci_low and row.leavers_ci_high < margin:
        return "alike"
    if row.leavers_p_value >= alpha:
        return "unclear"
    return "higher" if row.leavers_gap > 0 else "lower"


def _absent(drawn: _Attrition, row: Any | None) -> str:
    """Return what stands in the place of a number that is not there."""
    return drawn.wording.absent(row)


def _persons(drawn: _Attrition, line: _Line, group: str) -> str:
    count = line.count(group)
    return _absent(drawn, line.row) if pd.isna(count) else drawn.wording.number(count, 0)


def _number(drawn: _Attrition, line: _Line, name: str) -> str:
    value = float("nan") if line.row is None else getattr(line.row, name)
    return _absent(drawn, line.row) if pd.isna(value) else drawn.wording.change(line.indicator, value)


def _alt_part(drawn: _Attrition, line: _Line) -> str:
    texts = drawn.wording.labels.attrition
    counts = {name: _persons(drawn, line, group) for name, group in (("stayed", "stayers"), ("left", "leavers"), ("came", "entrants"))}
    gaps = {group: _number(drawn, line, f"{group}_gap") for group in GROUPS}
    parts = dict(zip(("change", "stayers", "from_leavers", "from_entrants"), (_number(drawn, line, name) for name in PARTS), strict=True))
    return texts.alt_part.format(name=line.name, **counts, **gaps, **parts)


def _draw(drawn: _Attrition, words: Words) -> Page:
    names = [line.name for line in drawn.lines]
    breaks = (len(drawn.lines) - 1,) if drawn.unit == ALL else ()
    rows = lay_rows(names, NAMES, breaks=breaks, least=0.24, most=0.5)
    entries = _key(drawn)
    head = key_height(entries) + 0.4
    page = new_page(words, head + rows.height + 0.42)
    draw_key(page, entries)
    name_rows(page, rows, head, strong=breaks)
    bar = MARGIN + names_width(names, NAMES) + SPACE
    left = bar + PERSONS + SPACE
    width = MARGIN + INNER - len(PARTS) * PART - SPACE - left
    _head(page, drawn, head, (bar, left, width))
    axes = page.plot(left, head, width, rows.height)
    _scale(page, axes, drawn, (left, head + rows.height + 0.3, width))
    for line, middle in zip(drawn.lines, rows.middles, strict=True):
        _draw_persons(page, drawn, line, (bar, head + middle))
        for group, side in zip(GROUPS, (-1, 1), strict=True):
            _draw_gap(axes, drawn, line, group, (middle, side, rows))
        for place, name in enumerate(PARTS, 1):
            right = MARGIN + INNER - (len(PARTS) - place) * PART
            page.text(right, head + middle, _number(drawn, line, name), size=SMALL, color=INK if place == 1 else SOFT, ha="right")
        if drawn.unit != ALL:
            page.text(MARGIN + INNER, head + middle + 0.14, drawn.wording.change_unit(line.indicator), size=SMALL, color=SOFT, ha="right")
    return page


def _look(drawn: _Attrition, group: str, *, is_tested: bool) -> dict[str, Any]:
    """Return how leavers (circle) and entrants (square) look: filled where tested, open and grey where described only."""
    colour = {"leavers": INK, "entrants": drawn.wording.palette.diverging[3]}[group] if is_tested else FAINT
    shape = {"marker": "o" if group == "leavers" else "s", "markersize": 4.6 if group == "leavers" else 4.2}
    return {**shape, "color": colour, "markeredgecolor": colour, "markerfacecolor": colour if is_tested else PAPER}


def _key(drawn: _Attrition) -> list[Entry]:
    texts, labels = drawn.wording.labels.attrition, drawn.wording.labels
    entries: list[Entry] = [
        ({**_look(drawn, "leavers", is_tested=True), "linestyle": "-"}, texts.key_leavers),
        ({**_look(drawn, "entrants", is_tested=True), "linestyle": "-"}, texts.key_entrants),
    ]
    rows = [line.row for line in drawn.lines if line.row is not None]
    if any(not pd.isna(getattr(row, f"{group}_gap")) and pd.isna(getattr(row, f"{group}_p_value")) for row in rows for group in GROUPS):
        entries.append((_look(drawn, "leavers", is_tested=False), texts.key_described))
    margins = {drawn.wording.margin(line.indicator) for line in drawn.lines}
    word = labels.key_margin.format(margin=margins.pop()) if drawn.unit == ALL else texts.key_margins
    return [*entries, ({"marker": "s", "color": "#dcdcdc", "markersize": 7.0}, word)]


def _head(page: Page, drawn: _Attrition, head: float, places: tuple[float, float, float]) -> None:
    texts, (bar, left, width) = drawn.wording.labels.attrition, places
    look: dict[str, Any] = {"size": SMALL, "color": SOFT, "va": "bottom"}
    shares = ((texts.column_left, 0.0, "left"), (texts.column_stayed, 0.5, "center"), (texts.column_came, 1.0, "right"))
    for word, place, side in shares:
        page.text(bar + place * PERSONS, head - 0.04, wrap(word, PERSONS / 3, SMALL, lines=2), ha=side, **look)
    page.text(left + width / 2, head - 0.04, wrap(texts.column_gap, width, SMALL, lines=2), ha="center", **look)
    words = (texts.column_change, texts.column_stayers, texts.column_from_leavers, texts.column_from_entrants)
    for place, word in enumerate(words, 1):
        page.text(MARGIN + INNER - (len(PARTS) - place) * PART, head - 0.04, wrap(word, PART - 0.02, SMALL, lines=3), ha="right", **look)


def _draw_persons(page: Page, drawn: _Attrition, line: _Line, place: tuple[float, float]) -> None:
    """Draw who left, stayed and came as parts of everybody; where a number is missing, only the numbers there are."""
    bar, middle = place
    counts = [line.count(group) for group in ("leavers", "stayers", "entrants")]
    texts = [_persons(drawn, line, group) for group in ("leavers", "stayers", "entrants")]
    total = sum(counts)
    if pd.isna(total) or total == 0:
        for text, (share, side) in zip(texts, ((0.0, "left"), (0.5, "center"), (1.0, "right")), strict=True):
            page.text(bar + share * PERSONS, middle, text, size=SMALL, color=SOFT, ha=side)
        return
    palette, x = drawn.wording.palette, bar
    for count, text, colour in zip(counts, texts, ("#d9d9d9", palette.accent, palette.diverging[3]), strict=True):
        wide = PERSONS * count / total
        if count:
            page.box(x, middle - 0.085, wide, 0.17, colour)
        if wide >= 0.16:
            page.text(x + wide / 2, middle, text, size=SMALL, color=ink_on(colour), ha="center")
        x += wide


def _gaps(drawn: _Attrition) -> list[float]:
    rows = [(line, line.row) for line in drawn.lines if line.row is not None]
    return [drawn.scale(line) * getattr(row, f"{group}_{name}") for line, row in rows for group in GROUPS for name in ("gap", "ci_low", "ci_high")]


def _scale(page: Page, axes: Axes, drawn: _Attrition, place: tuple[float, float, float]) -> None:
    """Set an axis around zero that holds every point; intervals far beyond (few organisations) are cut and marked."""
    texts, (left, below, width) = drawn.wording.labels.attrition, place
    indicator = drawn.lines[0].indicator
    margin = drawn.scale(drawn.lines[0]) * indicator.margin
    gaps = [abs(value) for value in _gaps(drawn) if not pd.isna(value)]
    points = [abs(value) for value in _gaps(drawn)[::3] if not pd.isna(value)]
    reach = min(max([*gaps, 1.5 * margin]) * 1.06, max([1.2 * point for point in points] + [4.5 * margin]))
    axes.set_xlim(-reach, reach)
    axes.axvspan(-margin, margin, color=BAND, zorder=0.5, linewidth=0)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    ticks = even_steps(-reach, reach, most=5.5) if drawn.unit == ALL else [0.0]
    axes.set_xticks(ticks, [drawn.wording.number(tick, decimals_of(ticks), signed=True) for tick in ticks])
    page.text(left, below, f"← {texts.lower}", size=SMALL, color=SOFT, ha="left")
    page.text(left + width, below, f"{texts.higher} →", size=SMALL, color=SOFT, ha="right")


def _draw_gap(axes: Axes, drawn: _Attrition, line: _Line, group: str, place: tuple[float, int, Rows]) -> None:
    """Draw how leavers or entrants differ from those who stayed, with its number where there is room."""
    middle, side, rows = place
    gap, low, high, p = (float("nan") if line.row is None else getattr(line.row, f"{group}_{name}") for name in ("gap", "ci_low", "ci_high", "p_value"))
    if pd.isna(gap):
        return
    y, reach, scale = middle + side * APART * rows.step, axes.get_xlim()[1], drawn.scale(line)
    look = _look(drawn, group, is_tested=not pd.isna(p))
    if not pd.isna(low) and not pd.isna(high):
        ends = [max(low * scale, -reach), min(high * scale, reach)]
        axes.plot(ends, [y, y], color=look["color"], linewidth=1.0)
        for end, is_cut, marker in ((-reach, low * scale < -reach, "<"), (reach, high * scale > reach, ">")):
            if is_cut:
                axes.plot([end], [y], marker=marker, color=look["color"], markersize=4.0, clip_on=False, linestyle="none")
    axes.plot([gap * scale], [y], linestyle="none", zorder=2.6, **look)
    if rows.step >= 0.44:
        text = drawn.wording.change(line.indicator, gap)
        halo = [withStroke(linewidth=2.0, foreground=PAPER)]
        axes.text(gap * scale, y + side * 0.1, text, fontsize=SMALL, color=SOFT, ha="center", va="center", path_effects=halo)
