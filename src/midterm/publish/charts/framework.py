"""Target attainment: in, ``attainment`` and ``framework``; out, a bullet per indicator of an alliance, or statuses counted per alliance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from midterm.description.evaluation import Evaluation
from midterm.description.model import Language
from midterm.measure.attainment import to_date
from midterm.publish.charts.layout import INNER, Entry, Page, Rows, draw_key, key_height, lay_rows, name_rows, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, WIDTH, Chart, Words
from midterm.publish.style import BAND, FAINT, INK, SMALL, SOFT, Palette, ink_on, wrap
from midterm.publish.wording import ALL, NO_DATA, SHOWN_STATUSES, Wording, records, rows_of, status_of

NAMES, REACHED, JUDGED = 2.15, 0.62, 0.95  # inches of the text columns
LOWEST, HIGHEST = -0.5, 1.5  # attainment beyond is drawn at the edge, its number in full
UNITS = 1.85  # inches for the names of alliances


def attainment(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw how far the indicators of ``unit`` are on the way to their targets; for all, how many have which status."""
    wording = Wording(evaluation, language)
    reached = to_date(rows_of(tables["attainment"], evaluation.alliances if unit == ALL else (unit,)))
    if reached.empty:
        return None
    return _statuses(wording, reached) if unit == ALL else _bullets(wording, reached, tables["framework"], unit)


def _years(rows: pd.DataFrame) -> str:
    years = sorted({int(year) for year in rows["year"].dropna()})
    return "" if not years else str(years[0]) if years[0] == years[-1] else f"{years[0]}–{years[-1]}"


def _bullets(wording: Wording, rows: pd.DataFrame, framework: pd.DataFrame, unit: str) -> Chart:
    framed = framework[framework["alliance"] == unit]
    named = dict(zip(framed["indicator_id"], framed["indicator"], strict=True))
    found = records(rows)
    title = wording.tally(wording.unit_name(unit), [status_of(row) for row in found], "status", SHOWN_STATUSES, wording.labels.counted_targets)
    subtitle = wording.labels.attainment_subtitle.format(unit=wording.unit_name(unit), year=_years(rows))
    texts = [" ".join(part for part in wording.target(str(row.indicator_id), named) if part) for row in found]
    source = wording.labels.attainment_source.format(unit=wording.unit_name(unit), year=_years(rows), n=len(found))
    parts = [f"{text} {_percent(wording, row)}, {wording.word('status', status_of(row))}" for text, row in zip(texts, found, strict=True)]
    alt = wording.labels.attainment_alt.format(title=title, parts="; ".join(parts))
    words = Words(title, subtitle, source, wording.labels.attainment_note, alt)
    return Chart(_draw_bullets(wording, found, lay_rows(texts, NAMES, least=0.26, most=0.36), words).figure, rows, words)


def _draw_bullets(wording: Wording, found: Sequence[Any], rows: Rows, words: Words) -> Page:
    labels = wording.labels
    entries: list[Entry] = [
        ({"marker": "s", "color": wording.palette.accent, "markersize": 7.0}, labels.key_attainment),
        ({"marker": "|", "color": INK, "markersize": 9.0, "markeredgewidth": 1.8}, labels.key_milestone),
        ({"marker": "|", "color": FAINT, "markersize": 9.0, "markeredgewidth": 1.0}, labels.key_target),
    ]
    head = key_height(entries) + 0.12
    left, width = MARGIN + NAMES + 0.1, INNER - NAMES - REACHED - JUDGED - 0.4
    page = new_page(words, head + rows.height + 0.25)
    draw_key(page, entries)
    name_rows(page, rows, head)
    axes = page.plot(left, head, width, rows.height)
    values = [value for row in found for value in (row.attainment, row.expected) if not pd.isna(value)]
    low, high = max(min([0.0, *values]) * 1.05, LOWEST), min(max([1.0, *values]) * 1.05, HIGHEST)
    axes.set_xlim(low, high)
    ticks = [tick for tick in (-0.5, 0.0, 0.5, 1.0, 1.5) if low <= tick <= high]
    axes.set_xticks(ticks, [wording.percent(tick) for tick in ticks])
    axes.axvline(1, color=FAINT, linewidth=1.0, zorder=1)
    axes.axvline(0, color=FAINT, linewidth=0.6, zorder=1)
    latest = max((row.year for row in found if not pd.isna(row.year)), default=0)
    for row, middle in zip(found, rows.middles, strict=True):
        _draw_bullet(axes, wording.palette.accent, row, middle, (low, high))
        text = _percent(wording, row) + ("" if pd.isna(row.year) or row.year == latest else f" ({int(row.year)})")
        page.text(left + width + REACHED + 0.06, head + middle, text, size=SMALL, ha="right")
        _draw_status(page, wording, status_of(row), left + width + REACHED + 0.18, head + middle)
    return page


def _draw_bullet(axes: Axes, colour: str, row: Any, middle: float, ends: tuple[float, float]) -> None:
    low, high = ends
    axes.barh([middle], [high - low], left=low, height=0.15, color=BAND, zorder=0.5)
    if not pd.isna(row.attainment):
        end = min(max(row.attainment, low), high)
        axes.barh([middle], [end], height=0.11, color=colour, zorder=2)
        if end != row.attainment:
            axes.plot([end], [middle], marker=">" if end == high else "<", color=colour, markersize=5.5, clip_on=False, linestyle="none")
    if not pd.isna(row.expected) and low <= row.expected <= high:
        axes.plot([row.expected] * 2, [middle - 0.095, middle + 0.095], color="white", linewidth=3.2, zorder=3)
        axes.plot([row.expected] * 2, [middle - 0.095, middle + 0.095], color=INK, linewidth=1.8, zorder=3.1)


def _percent(wording: Wording, row: Any) -> str:
    return wording.percent(row.attainment)


def status_sign(palette: Palette, status: str) -> dict[str, Any]:
    """Return the sign of a target's status."""
    marker, colour = palette.status(status)
    edge = {"markeredgecolor": SOFT, "markeredgewidth": 1.2} if marker == "x" else {"markeredgecolor": INK, "markeredgewidth": 0.4}
    return {"marker": marker, "color": colour, "markersize": 7.5 if marker == "*" else 5.5, **edge}


def _draw_status(page: Page, wording: Wording, status: str, x: float, y: float) -> None:
    page.sign(x + 0.04, y, status_sign(wording.palette, status))
    page.text(x + 0.14, y, wrap(wording.word("status", status), JUDGED - 0.1, SMALL, lines=2), size=SMALL)


def _statuses(wording: Wording, rows: pd.DataFrame) -> Chart:
    """Count statuses per alliance; attainments of unlike indicators are never averaged."""
    counts = pd.crosstab(rows["alliance"].astype(str), pd.Series([status_of(row) for row in records(rows)], index=rows.index))
    table = counts.reindex(index=list(wording.evaluation.alliances), columns=list(SHOWN_STATUSES), fill_value=0)
    title = wording.tally(wording.unit_name(ALL), [status_of(row) for row in records(rows)], "status", SHOWN_STATUSES, wording.labels.counted_targets)
    subtitle = wording.labels.attainment_all_subtitle.format(units=wording.units, year=_years(rows))
    source = wording.labels.attainment_all_source.format(units=wording.units, year=_years(rows), n=wording.number(len(rows), 0))
    parts = [f"{wording.unit_name(str(name))}: {_counted(wording, row)}" for name, row in table.iterrows()]
    data = table.rename_axis("alliance").reset_index().rename_axis(None, axis="columns")
    words = Words(title, subtitle, source, wording.labels.attainment_all_note, wording.labels.attainment_alt.format(title=title, parts="; ".join(parts)))
    return Chart(_draw_statuses(wording, table, words).figure, data, words)


def _counted(wording: Wording, row: pd.Series) -> str:
    return ", ".join(f"{int(n)} {wording.word('status', str(status))}" for status, n in row.items() if n) or wording.word("status", NO_DATA)


def _draw_statuses(wording: Wording, table: pd.DataFrame, words: Words) -> Page:
    entries: list[Entry] = [(status_sign(wording.palette, status), wording.word("status", status)) for status in SHOWN_STATUSES if table[status].sum()]
    rows = lay_rows([wording.unit_name(str(name)) for name in table.index], UNITS)
    head = key_height(entries) + 0.1
    left, width = MARGIN + UNITS + 0.1, INNER - UNITS - 0.55
    page = new_page(words, head + rows.height + 0.05)
    draw_key(page, entries)
    name_rows(page, rows, head)
    step = width / max(int(table.sum(axis=1).max()), 1)
    for (_, counts), middle in zip(table.iterrows(), rows.middles, strict=True):
        x = left
        for status in SHOWN_STATUSES:
            _draw_count(page, wording.palette, status, int(counts[status]), (x, head + middle), (step, min(rows.step * 0.72, 0.2)))
            x += counts[status] * step
        total = int(counts.sum())
        page.text(WIDTH - MARGIN, head + middle, f"n={total}" if total else wording.labels.no_data, size=SMALL, color=SOFT, ha="right")
    return page


def _draw_count(page: Page, palette: Palette, status: str, count: int, place: tuple[float, float], size: tuple[float, float]) -> None:
    """Draw one part of a bar: the sign of its status and its number, beside each other or, where it is narrow, under each other."""
    (x, y), (step, height) = place, size
    wide = count * step
    if count == 0:
        return
    colour = palette.status(status)[1]
    page.box(x, y - height / 2, wide, height, colour)
    ink, middle = ink_on(colour), x + wide / 2
    aside, above, points = (0.07, 0.0, SMALL) if wide > 0.3 else (0.0, min(height * 0.25, 0.05), SMALL - 1.5)
    page.sign(middle - aside, y - above, {**status_sign(palette, status), "markersize": 4.5 if aside else 3.0, "color": ink, "markeredgecolor": ink})
    if wide > 0.1:
        page.text(middle + aside * 0.9, y + above, str(count), size=points, color=ink, ha="center")
