"""The theory of change: in, ``attainment`` and ``framework``; out, the levels of a framework with the state of each link between them.

The states are those of ``judge/links.py``: what was reported at both ends of a link, never that one end brought about the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from midterm.description.evaluation import Evaluation
from midterm.description.model import Language
from midterm.judge.links import LEVEL_STATES, LINK_STATES, levels, links
from midterm.measure.attainment import STATUSES
from midterm.publish.charts.framework import status_sign
from midterm.publish.charts.layout import INNER, Entry, Page, Rows, draw_key, key_height, lay_rows, name_rows, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, WIDTH, Chart, Words
from midterm.publish.style import BAND, FAINT, INK, LABEL, PAPER, SMALL, SOFT, ink_on, wrap
from midterm.publish.wording import ALL, Wording, records

NAMES, SCHEDULED, LINK = 1.5, 1.25, 0.34  # inches: names, the column that says how a level stands, the height of a link
CELLS = 1.6  # inches for the names of alliances


@dataclass(frozen=True)
class _Chain:
    """Levels of one alliance or of all, and the links between those that follow each other."""

    wording: Wording
    levels: list[Any]
    links: list[Any]

    @property
    def order(self) -> list[str]:
        """The levels that are there, in the order of the theory."""
        form = self.wording.evaluation.codebook.framework
        return [level.id for level in form.levels if level.id in {row.level for row in self.levels}] if form else []

    def level(self, level_id: str) -> str:
        """Return a level's name."""
        form = self.wording.evaluation.codebook.framework
        return next(level.label.in_(self.wording.language) for level in form.levels if level.id == level_id) if form else level_id

    def scheduled(self, row: Any) -> str:
        """Return how many indicators of a level are on schedule, in words."""
        if not row.known:
            return self.wording.word("level", row.state)
        return self.wording.labels.theory_scheduled.format(on_schedule=row.on_schedule, known=row.known)


def theory(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw the levels of the framework of ``unit`` with the state of each link; for all, one row per alliance."""
    wording = Wording(evaluation, language)
    framework, attainment = tables["framework"], tables["attainment"]
    found = levels(evaluation, attainment, framework if unit == ALL else framework[framework["alliance"] == unit])
    if found.empty:
        return None
    between = links(found)
    chain = _Chain(wording, records(found), records(between))
    words = _words(chain, unit)
    page = _draw_table(chain, words) if unit == ALL else _draw_chain(chain, words)
    before = between.rename(columns={"later": "level", "earlier": "level_before", "state": "link_from_before"})
    return Chart(page.figure, found.merge(before, on=["alliance", "level"], how="left"), words)


def _words(chain: _Chain, unit: str) -> Words:
    wording, labels, plan = chain.wording, chain.wording.labels, chain.wording.evaluation.plan
    name, years = wording.unit_name(unit), [row.year for row in chain.levels if not pd.isna(row.year)]
    named = {"unit": name, "year": max(years, default=wording.evaluation.wave(plan.to_wave).year)}
    states = [row.state for row in chain.links]
    title = wording.tally(name, states, "link", LINK_STATES, labels.counted_links) if states else labels.theory_title_plain.format(**named)
    note = labels.theory_note.format(good=wording.percent(plan.schedule_good), poor=wording.percent(plan.schedule_poor))
    source = labels.theory_source.format(n=sum(row.n for row in chain.levels), **named)
    alliances = list(dict.fromkeys(row.alliance for row in chain.levels))
    parts = [(f"{wording.unit_name(alliance)}: " if unit == ALL else "") + _in_words(chain, alliance) for alliance in alliances]
    return Words(title, labels.theory_subtitle.format(**named), source, note, labels.theory_alt.format(title=title, parts=". ".join(parts)))


def _in_words(chain: _Chain, alliance: str) -> str:
    ends = [f"{chain.level(row.level)} {chain.scheduled(row)}" for row in chain.levels if row.alliance == alliance]
    states = [
        f"{chain.level(row.earlier)} → {chain.level(row.later)}: {chain.wording.word('link', row.state)}" for row in chain.links if row.alliance == alliance
    ]
    return "; ".join([*ends, *states])


def _link_sign(wording: Wording, state: str) -> dict[str, Any]:
    """Return the sign of a link: full, half and empty circles where both ends are alike, arrows where one is ahead."""
    palette = wording.palette
    look: dict[str, dict[str, Any]] = {
        "both_on_schedule": {"marker": "o", "color": palette.accent},
        "both_partly": {"marker": "o", "color": palette.accent, "fillstyle": "left", "markerfacecoloralt": PAPER},
        "no_footing": {"marker": "o", "color": palette.warning, "markerfacecolor": PAPER, "markeredgewidth": 1.2},
        "later_ahead": {"marker": ">", "color": palette.diverging[1]},
        "later_behind": {"marker": "<", "color": palette.warning},
    }
    return {"markersize": 6.5, **look.get(state, {"marker": "x", "color": SOFT, "markersize": 5.0})}


def _level_sign(wording: Wording, state: str) -> dict[str, Any]:
    colour, edge = _level_colours(wording, state)
    return {"marker": "s", "color": colour, "markeredgecolor": edge, "markeredgewidth": 1.0, "markersize": 6.5}


def _level_colours(wording: Wording, state: str) -> tuple[str, str]:
    """Return fill and edge of a level: dark, middle and empty also in grey."""
    palette = wording.palette
    dark, middle, light = palette.accent, palette.diverging[3], palette.warning
    return {"on_schedule": (dark, dark), "partly": (middle, dark), "behind": (PAPER, light)}.get(state, (BAND, FAINT))


def _draw_chain(chain: _Chain, words: Words) -> Page:
    """Draw one alliance: its levels under each other with their indicators by status, and the links between them in words."""
    wording, width = chain.wording, INNER - NAMES - SCHEDULED - 0.35
    tokens = [_tokens(wording, row) for row in chain.levels]
    heights = [max(key_height(entries, width) + 0.16, 0.36) for entries in tokens]
    page = new_page(words, sum(heights) + LINK * (len(heights) - 1) + 0.05)
    top = 0.0
    for place, (row, entries, height) in enumerate(zip(chain.levels, tokens, heights, strict=True)):
        _draw_level(page, chain, row, top, height)
        draw_key(page, entries, MARGIN + NAMES + 0.25, top + (height - key_height(entries, width)) / 2, width)
        top += height
        if place < len(chain.links):
            _draw_link(page, wording, chain.links[place].state, top)
            top += LINK
    return page


def _tokens(wording: Wording, row: Any) -> list[Entry]:
    return [(status_sign(wording.palette, status), f"{getattr(row, status)} {wording.word('status', status)}") for status in STATUSES if getattr(row, status)]


def _draw_level(page: Page, chain: _Chain, row: Any, top: float, height: float) -> None:
    middle = top + height / 2
    page.box(MARGIN, top, INNER, height, BAND)
    page.sign(MARGIN + 0.15, middle, _level_sign(chain.wording, row.state))
    page.text(MARGIN + 0.3, middle, wrap(chain.level(row.level), NAMES - 0.15, LABEL, "semibold", lines=2), fontweight=600)
    state = wrap(chain.wording.word("level", row.state), SCHEDULED, SMALL, "semibold", lines=1)
    if not row.known:
        page.text(WIDTH - MARGIN - 0.08, middle, state, size=SMALL, ha="right", fontweight=600)
        return
    page.text(WIDTH - MARGIN - 0.08, middle - 0.07, state, size=SMALL, ha="right", fontweight=600)
    page.text(WIDTH - MARGIN - 0.08, middle + 0.07, wrap(chain.scheduled(row), SCHEDULED, SMALL, lines=1), size=SMALL, ha="right")


def _draw_link(page: Page, wording: Wording, state: str, top: float) -> None:
    x, middle = MARGIN + 0.15, top + LINK / 2
    page.line((x, x), (top + 0.02, top + LINK - 0.04), color=SOFT, linewidth=1.0)
    page.sign(x, top + LINK - 0.05, {"marker": "v", "color": SOFT, "markersize": 4.0})
    page.sign(x, middle - 0.03, _link_sign(wording, state))
    page.text(MARGIN + 0.3, middle - 0.02, wrap(wording.word("link_long", state), INNER - 0.35, SMALL, lines=2), size=SMALL)


def _draw_table(chain: _Chain, words: Words) -> Page:
    """Draw all alliances: a cell per level, the sign of the link between two cells."""
    wording = chain.wording
    units = wording.evaluation.alliances
    rows = lay_rows([wording.unit_name(unit) for unit in units], CELLS)
    states = [state for state in LEVEL_STATES if state in {row.state for row in chain.levels}]
    ends: list[Entry] = [(_level_sign(wording, state), wording.word("level", state)) for state in states]
    signs: list[Entry] = [(_link_sign(wording, state), wording.word("link", state)) for state in LINK_STATES if state in {row.state for row in chain.links}]
    step = (INNER - CELLS - 0.1) / len(chain.order)
    heads = [wrap(chain.level(level), step - 0.1, SMALL, lines=2) for level in chain.order]
    key = key_height(ends) + key_height(signs)
    head = key + 0.14 + 0.13 * (max(text.count("\n") for text in heads) + 1)
    page = new_page(words, head + rows.height + 0.05)
    draw_key(page, ends)
    draw_key(page, signs, top=key_height(ends))
    name_rows(page, rows, head)
    middles = {level: MARGIN + CELLS + 0.1 + (place + 0.5) * step for place, level in enumerate(chain.order)}
    for level, text in zip(chain.order, heads, strict=True):
        page.text(middles[level], head - 0.04, text, size=SMALL, color=SOFT, ha="center", va="bottom")
    for unit, middle in zip(units, rows.middles, strict=True):
        _draw_row(page, chain, unit, (head + middle, min(step * 0.5, 0.6)), middles, rows)
    return page


def _draw_row(page: Page, chain: _Chain, unit: str, place: tuple[float, float], middles: dict[str, float], rows: Rows) -> None:
    (y, width), height = place, min(rows.step * 0.72, 0.2)
    own: Sequence[Any] = [row for row in chain.levels if row.alliance == unit]
    if not own:
        page.text(MARGIN + CELLS + 0.1, y, chain.wording.labels.no_data, size=SMALL, color=SOFT)
    for link in (row for row in chain.links if row.alliance == unit):
        start, end = middles[link.earlier] + width / 2, middles[link.later] - width / 2
        page.line((start, end), (y, y), color=FAINT, linewidth=1.0)
        page.sign((start + end) / 2, y, _link_sign(chain.wording, link.state))
    for row in own:
        fill, edge = _level_colours(chain.wording, row.state)
        page.box(middles[row.level] - width / 2, y - height / 2, width, height, fill, edge)
        text = f"{row.on_schedule}/{row.known}" if row.known else chain.wording.labels.no_data_short
        page.text(middles[row.level], y, text, size=SMALL, color=ink_on(fill) if fill != PAPER else INK, ha="center")
