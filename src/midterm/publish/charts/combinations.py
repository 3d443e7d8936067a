"""Boxes that were ticked together: in, ``combinations`` and ``answers``; out, an UpSet plot of the plan's last wave."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from midterm.description.evaluation import Evaluation
from midterm.description.model import Language
from midterm.publish.charts.layout import INNER, Page, lay_rows, new_page
from midterm.publish.disclosure import POOLED, Published
from midterm.publish.figures import MARGIN, Chart, Words
from midterm.publish.style import FAINT, SMALL, SOFT, wrap
from midterm.publish.wording import Wording, records, rows_of

NAMES, TOTALS, BARS = 1.75, 0.95, 1.35  # inches: names of the boxes, bars of their totals, bars of the combinations
MOST = 18  # combinations with a column of their own; the rarest beyond join the others
WIDEST = 0.4  # inches of a column


@dataclass(frozen=True)
class _UpSet:
    """The boxes of one block by their totals, and the combinations by how often they occur; the rest comes last."""

    wording: Wording
    wave: str
    boxes: list[str]
    totals: dict[str, float]
    columns: list[tuple[frozenset[str], int]]
    rest: int
    usable: int

    @property
    def persons(self) -> int:
        """Who answered every box."""
        return sum(n for _, n in self.columns) + self.rest

    def name(self, box: str) -> str:
        """Return the words beside a box."""
        return self.wording.evaluation.codebook.item(box).wording_in(self.wave).in_(self.wording.language)


def combinations(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw which boxes of the block of bottlenecks (else of the first block of boxes) the persons of ``unit`` ticked together."""
    found = rows_of(tables["combinations"], (unit,))
    kinds = {block.id: block.kind for block in evaluation.codebook.blocks}
    blocks = sorted(set(found["block"]), key=lambda block: (kinds[block] != "bottlenecks", list(kinds).index(block)))
    waves = [wave for wave in evaluation.waves if wave in set(found[found["block"].isin(blocks[:1])]["wave"])]
    if not waves:
        return None
    shown = found[(found["block"] == blocks[0]) & (found["wave"] == waves[-1])].reset_index(drop=True)
    drawn = _upset(Wording(evaluation, language), shown, rows_of(tables["answers"], (unit,)))
    words = _words(drawn)
    return Chart(_draw(drawn, words).figure, shown, words)


def _upset(wording: Wording, shown: pd.DataFrame, answers: pd.DataFrame) -> _UpSet:
    block, wave, usable = shown["block"].iloc[0], shown["wave"].iloc[0], int(shown["n_usable"].max())
    ticked = answers[(answers["block"] == block) & (answers["wave"] == wave) & (answers["answer"] == "1")]
    totals = dict(zip(ticked["item"], ticked["n"], strict=True))
    boxes = [item.id for item in wording.evaluation.codebook.items if item.block == block and item.asked_in(wave)]
    boxes.sort(key=lambda box: -totals[box] if box in totals and not pd.isna(totals[box]) else 0.0)
    named = [(frozenset(box for box in str(row.combination).split("; ") if box), int(row.n)) for row in records(shown) if row.combination != POOLED]
    named.sort(key=lambda column: -column[1])
    rest = int(shown["n"][shown["combination"] == POOLED].sum()) + sum(n for _, n in named[MOST:])
    return _UpSet(wording, str(wave), boxes, totals, named[:MOST], rest, usable)


def _words(drawn: _UpSet) -> Words:
    wording, labels = drawn.wording, drawn.wording.labels
    texts = {"wave": wording.wave(drawn.wave), "n": wording.number(drawn.persons, 0)}
    title = labels.combinations_title_plain.format(**texts)
    together = [(boxes, n) for boxes, n in drawn.columns if len(boxes) > 1]
    if together:
        boxes, most = together[0]
        title = labels.combinations_title.format(boxes=_joined(drawn, boxes), most=wording.number(most, 0), **texts)
    source = labels.combinations_source.format(usable=wording.number(drawn.usable, 0), **texts)
    note = labels.combinations_note.format(minimum=wording.evaluation.minimum)
    parts = [f"{_joined(drawn, boxes)} {wording.number(n, 0)}" for boxes, n in drawn.columns]
    parts += [f"{labels.combinations_rest} {wording.number(drawn.rest, 0)}"] if drawn.rest else []
    totals = "; ".join(f"{drawn.name(box)} {wording.count(drawn.totals.get(box, float('nan')))}" for box in drawn.boxes)
    alt = labels.combinations_alt.format(title=title, parts="; ".join(parts), totals=totals)
    return Words(title, labels.combinations_subtitle.format(**texts), source, note, alt)


def _joined(drawn: _UpSet, boxes: frozenset[str]) -> str:
    return " + ".join(drawn.name(box) for box in drawn.boxes if box in boxes) or drawn.wording.labels.combinations_none


def _draw(drawn: _UpSet, words: Words) -> Page:
    labels = drawn.wording.labels
    left = MARGIN + NAMES + TOTALS + 0.2
    step = min((INNER - NAMES - TOTALS - 0.2) / max(len(drawn.columns), 1), WIDEST)
    rows = lay_rows([drawn.name(box) for box in drawn.boxes], NAMES, most=0.27)
    head = BARS + 0.3
    rest = labels.combinations_rest_n.format(rest=labels.combinations_rest, n=drawn.wording.number(drawn.rest, 0)) if drawn.rest else ""
    page = new_page(words, head + rows.height + (0.3 if rest else 0.05))
    page.text(left - 0.04, 0.08, labels.combinations_bars, size=SMALL, color=SOFT)
    page.text(MARGIN + NAMES + TOTALS, head - 0.06, wrap(labels.combinations_totals, TOTALS, SMALL), size=SMALL, color=SOFT, ha="right", va="bottom")
    for place, (box, middle) in enumerate(zip(drawn.boxes, rows.middles, strict=True)):
        if place % 2 == 0:
            page.box(MARGIN, head + middle - rows.step / 2, INNER, rows.step, "#f5f5f5")
        page.text(MARGIN + 0.03, head + middle, rows.names[place], size=rows.size)
        _draw_total(page, drawn, box, head + middle)
    most = max((n for _, n in drawn.columns), default=1)
    for place, (boxes, n) in enumerate(drawn.columns):
        x, height = left + (place + 0.5) * step, n / most * (BARS - 0.2)
        page.box(x - step * 0.36, head - 0.06 - height, step * 0.72, height, drawn.wording.palette.accent)
        page.text(x, head - 0.06 - height - 0.08, drawn.wording.number(n, 0), size=SMALL, ha="center")
        _draw_column(page, drawn, boxes, x, [head + y for y in rows.middles])
    page.text(left - 0.04, head + rows.height + 0.17, rest, size=SMALL, color=SOFT)
    return page


def _draw_total(page: Page, drawn: _UpSet, box: str, y: float) -> None:
    total, right = drawn.totals.get(box, float("nan")), MARGIN + NAMES + TOTALS
    most = max((n for n in drawn.totals.values() if not pd.isna(n)), default=1.0)
    width = 0.0 if pd.isna(total) else total / most * (TOTALS - 0.4)
    if width:
        page.box(right - width, y - 0.07, width, 0.14, FAINT)
    page.text(right - width - 0.05, y, drawn.wording.count(total), size=SMALL, ha="right")


def _draw_column(page: Page, drawn: _UpSet, boxes: frozenset[str], x: float, middles: list[float]) -> None:
    """Draw the dots of one combination, those that were ticked joined by a line."""
    accent = drawn.wording.palette.accent
    ticked = [y for box, y in zip(drawn.boxes, middles, strict=True) if box in boxes]
    for y in middles:
        page.sign(x, y, {"marker": "o", "color": accent, "markersize": 6.0} if y in ticked else {"marker": "o", "color": "#d0d0d0", "markersize": 4.0})
    if len(ticked) > 1:
        page.line((x, x), (ticked[0], ticked[-1]), color=accent, linewidth=1.6)
