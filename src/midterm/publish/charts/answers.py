"""The answers themselves: in, ``answers``; out, stacked Likert bars per block, first and last wave under each other, no answer apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from midterm.description.codebook import Block, Scale
from midterm.description.evaluation import Evaluation
from midterm.description.model import Language
from midterm.publish.charts.layout import Entry, Page, draw_key, key_height, lay_rows, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, WIDTH, Chart, Words
from midterm.publish.style import LABEL, SMALL, SOFT, ink_on, text_width, wrap
from midterm.publish.wording import Wording, rows_of

KINDS = ("cooperation", "efficiency", "safety")
NAMES, WAVES, BARS, APART, PERSONS = 1.3, 0.4, 2.9, 1.0, 0.35  # inches of the columns
BAR = 0.185
UNKNOWN, OTHER = "#6b6b6b", "#c9c9c9"


@dataclass(frozen=True)
class _Bar:
    """One bar: shares of the answers given (in the scale's order), shares of all asked without one, persons asked."""

    block: str
    wave: str
    shares: tuple[float, ...]
    unknown: float
    other: float
    persons: float
    is_public: bool
    persons_asked: float = 0.0

    @property
    def left(self) -> float:
        """The share left of the middle: disagreement and half of the neutral answers."""
        half = len(self.shares) // 2
        return sum(self.shares[:half]) + (self.shares[half] / 2 if len(self.shares) % 2 else 0.0)

    @property
    def agree(self) -> float:
        """The share that agrees."""
        return sum(self.shares[(len(self.shares) + 1) // 2 :])


def answers(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw how the persons of ``unit`` answered each block in the plan's first and last wave."""
    wording, (scale, blocks) = Wording(evaluation, language), _likert_blocks(evaluation)
    found = rows_of(tables["answers"], (unit,))
    plan = evaluation.plan
    waves = [wave for wave in dict.fromkeys((plan.from_wave, plan.to_wave)) if wave in set(found["wave"])]
    bars = [bar for block in blocks for wave in waves for bar in _bars(found, block.id, wave, scale)] if scale else []
    if scale is None or not bars:
        return None
    used = [block for block in blocks if any(bar.block == block.id for bar in bars)]
    title = _title(wording, used, bars, waves[-1])
    named = {"unit": wording.unit_name(unit), "period": wording.period(waves)}
    source = wording.labels.answers_source.format(n=wording.span(bar.persons for bar in bars), **named)
    words = Words(title, wording.labels.answers_subtitle.format(**named), source, wording.labels.answers_note, _alt(wording, used, bars, title))
    return Chart(_draw(wording, used, bars, scale, words).figure, _numbers(bars, scale, unit), words)


def _likert_blocks(evaluation: Evaluation) -> tuple[Scale | None, list[Block]]:
    """Return the first scale with an odd or even row of at least four answers, and the blocks that use only it."""
    codebook = evaluation.codebook
    scales = {block.id: {item.scale for item in codebook.items if item.block == block.id} for block in codebook.blocks if block.kind in KINDS}
    named = [name for names in scales.values() for name in sorted(names) if len(codebook.scales[name].answers) >= 4]
    if not named:
        return None, []
    return codebook.scales[named[0]], [block for block in codebook.blocks if scales.get(block.id) == {named[0]}]


def _bars(found: pd.DataFrame, block: str, wave: str, scale: Scale) -> list[_Bar]:
    """Return the bar of one block and wave; none when it was not asked."""
    rows = found[(found["block"] == block) & (found["wave"] == wave)]
    if rows.empty:
        return []
    if rows["n"].isna().any() or rows["n"].sum() == 0:
        return [_Bar(block, wave, (), float("nan"), float("nan"), float("nan"), is_public=False, persons_asked=float(rows["n_usable"].max()))]
    counts = rows.groupby("answer")["n"].sum()
    given = [float(counts.get(f"{answer.value:g}", 0.0)) for answer in scale.answers]
    asked, unknown = float(counts.sum()), float(counts.get("dont_know", 0.0))
    shares = tuple(count / max(sum(given), 1.0) for count in given)
    return [_Bar(block, wave, shares, unknown / asked, (asked - sum(given) - unknown) / asked, float(rows["n_usable"].max()), is_public=True)]


def _why(wording: Wording, bar: _Bar) -> str:
    """Return why a bar is not shown: too few persons were asked, or it would tell of others."""
    return wording.too_small if bar.persons_asked < wording.evaluation.minimum else wording.labels.withheld


def _title(wording: Wording, blocks: Sequence[Block], bars: Sequence[_Bar], wave: str) -> str:
    titles = {block.id: block.title.in_(wording.language) for block in blocks}
    last = sorted((bar for bar in bars if bar.wave == wave and bar.is_public), key=lambda bar: bar.agree)
    if len(last) < 2:
        return wording.labels.answers_title_plain.format(wave=wording.wave(wave))
    low, high = last[0], last[-1]
    shares = {"high_share": wording.percent(high.agree), "low_share": wording.percent(low.agree)}
    return wording.labels.answers_title.format(wave=wording.wave(wave), high=titles[high.block], low=titles[low.block], **shares)


def _draw(wording: Wording, blocks: Sequence[Block], bars: Sequence[_Bar], scale: Scale, words: Words) -> Page:
    colours = wording.palette.likert(len(scale.answers))
    entries = [_patch(colour, answer.label.in_(wording.language)) for colour, answer in zip(colours, scale.answers, strict=True)]
    apart = [_patch(UNKNOWN, wording.word("missing", "dont_know")), _patch(OTHER, wording.labels.missing_other)]
    head = key_height(entries) + key_height(apart) + 0.3
    breaks = [index for index, block in enumerate(blocks) if index and block.kind != blocks[index - 1].kind]
    waves = max(sum(bar.block == block.id for bar in bars) for block in blocks)
    step = max(waves * (BAR + 0.03) + 0.12, 0.34)
    rows = lay_rows([block.title.in_(wording.language) for block in blocks], NAMES, breaks=breaks, least=step, most=step)
    page = new_page(words, head + rows.height + 0.05)
    draw_key(page, entries)
    draw_key(page, apart, top=key_height(entries))
    _head_columns(page, wording, head)
    for block, name, middle in zip(blocks, rows.names, rows.middles, strict=True):
        page.text(MARGIN, head + middle, name, size=LABEL, fontweight=600)
        _draw_block(page, wording, [bar for bar in bars if bar.block == block.id], head + middle, _Frame.around(bars, colours))
    return page


def _patch(colour: str, word: str) -> Entry:
    return {"marker": "s", "color": colour, "markersize": 7.0}, word


@dataclass(frozen=True)
class _Frame:
    """Where the bars stand: inches of the middle line, of a share of 1, of the column without answer."""

    middle: float
    unit: float
    apart: float
    colours: tuple[str, ...]

    @staticmethod
    def around(bars: Sequence[_Bar], colours: tuple[str, ...]) -> _Frame:
        """Return the widest scale on which all of ``bars`` fit."""
        public = [bar for bar in bars if bar.is_public]
        left = max((bar.left for bar in public), default=0.5)
        right = max((1 - bar.left for bar in public), default=0.5)
        most = max((bar.unknown + bar.other for bar in public), default=0.0)
        unit = min(BARS / (left + right), (APART - 0.3) / max(most, 0.05))
        start = MARGIN + NAMES + WAVES
        return _Frame(start + left * unit, unit, WIDTH - MARGIN - PERSONS - APART, colours)


def _head_columns(page: Page, wording: Wording, head: float) -> None:
    look: dict[str, Any] = {"size": SMALL, "color": SOFT, "va": "bottom"}
    page.text(WIDTH - MARGIN - PERSONS - APART, head - 0.02, wrap(wording.labels.column_no_answer, APART, SMALL, lines=2), ha="left", **look)
    page.text(WIDTH - MARGIN, head - 0.02, wording.labels.column_persons, ha="right", **look)


def _draw_block(page: Page, wording: Wording, bars: Sequence[_Bar], middle: float, frame: _Frame) -> None:
    for place, bar in enumerate(bars):
        y = middle + (place - (len(bars) - 1) / 2) * (BAR + 0.03)
        page.text(MARGIN + NAMES + WAVES - 0.08, y, wrap(wording.wave(bar.wave), WAVES - 0.04, SMALL, lines=1), size=SMALL, color=SOFT, ha="right")
        if not bar.is_public:
            page.text(MARGIN + NAMES + WAVES, y, _why(wording, bar), size=SMALL, color=SOFT)
            continue
        _draw_bar(page, wording, list(zip(bar.shares, frame.colours, strict=True)), (frame.middle - bar.left * frame.unit, y), frame.unit)
        _draw_bar(page, wording, [(bar.unknown, UNKNOWN), (bar.other, OTHER)], (frame.apart, y), frame.unit)
        total = bar.unknown + bar.other
        page.text(frame.apart + total * frame.unit + 0.04, y, wording.percent(total), size=SMALL, color=SOFT)
        page.text(WIDTH - MARGIN, y, wording.count(bar.persons), size=SMALL, ha="right")


def _draw_bar(page: Page, wording: Wording, parts: Sequence[tuple[float, str]], place: tuple[float, float], unit: float) -> None:
    x, y = place
    for share, colour in parts:
        if share > 0:
            page.box(x, y - BAR / 2, share * unit, BAR, colour)
        label = wording.number(100 * share, 0)
        if share * unit > text_width(label, SMALL) + 0.05 and share > 0:
            page.text(x + share * unit / 2, y, label, size=SMALL, color=ink_on(colour), ha="center")
        x += share * unit


def _numbers(bars: Sequence[_Bar], scale: Scale, unit: str) -> pd.DataFrame:
    names = [f"share_{answer.value:g}" for answer in scale.answers]
    rows = [[unit, bar.block, bar.wave, *(bar.shares or [float("nan")] * len(names)), bar.unknown, bar.other, bar.persons] for bar in bars]
    return pd.DataFrame(rows, columns=["alliance", "block", "wave", *names, "share_dont_know", "share_other_missing", "n_persons"])


def _alt(wording: Wording, blocks: Sequence[Block], bars: Sequence[_Bar], title: str) -> str:
    parts = []
    for block in blocks:
        shown = [f"{wording.percent(bar.agree) if bar.is_public else _why(wording, bar)} ({wording.wave(bar.wave)})" for bar in bars if bar.block == block.id]
        parts.append(f"{block.title.in_(wording.language)} {', '.join(shown)}")
    return wording.labels.answers_alt.format(title=title, parts="; ".join(parts))
