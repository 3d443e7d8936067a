"""The specification curve: in, ``checks``; out, the pooled change of a planned indicator under every combination of reasonable choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from midterm.compare.specifications import SCORINGS, WEIGHINGS
from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.model import Language
from midterm.publish.charts.layout import INNER, Entry, Page, decimals_of, draw_key, even_steps, key_height, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, Chart, Words
from midterm.publish.style import BAND, FAINT, INK, PAPER, RULE, SMALL, SOFT, wrap
from midterm.publish.wording import ALL, Wording, change_factor, planned_changes, records, rows_of

PREFIX = "specification: "
CHOICES = {"scoring": SCORINGS, "persons": ("everyone", "linked", "sent_in"), "weights": tuple(WEIGHINGS)}
PLANNED = {"scoring": "planned_items", "persons": "everyone", "weights": "persons"}  # what the primary comparison takes
NAMES, CURVE, STEP, GAP = 2.1, 2.2, 0.17, 0.08  # inches: names of choices, height of the curve, of a row of dots, between groups


@dataclass(frozen=True)
class _Curve:
    wording: Wording
    indicator: Indicator
    rows: tuple[Any, ...]  # those with an estimate, from low to high
    absent: int

    @property
    def planned(self) -> Any | None:
        """The row with the plan's own choices."""
        return next((row for row in self.rows if all(getattr(row, group) == choice for group, choice in PLANNED.items())), None)

    def name(self, group: str, choice: str) -> str:
        """Return a choice in words."""
        return self.wording.labels.specification.choice(group, choice, str(self.wording.evaluation.plan.min_answered))


def specification(tables: Published, evaluation: Evaluation, language: Language, _unit: str, *, indicator: str) -> Chart | None:
    """Draw the change of one indicator over all persons under every combination of choices, the plan's own marked."""
    wording, checks = Wording(evaluation, language), tables["checks"]
    chosen = checks[(checks["indicator"] == indicator) & checks["method"].fillna("").str.startswith(PREFIX)]
    found = _by_choice(rows_of(planned_changes(chosen, evaluation), (ALL,)))
    known = found.dropna(subset=["estimate"])
    if known.empty:
        return None
    drawn = _Curve(wording, evaluation.indicator(indicator), tuple(records(known)), len(found) - len(known))
    words = _words(drawn)
    return Chart(_draw(drawn, words).figure, found, words)


def _by_choice(found: pd.DataFrame) -> pd.DataFrame:
    """Split the methods into their choices, and sort by estimate, those without one last."""
    parts = found["method"].str.removeprefix(PREFIX).str.split(", ", expand=True).reindex(columns=range(3))
    named = found.assign(**{group: parts[place] for place, group in enumerate(CHOICES)})
    return named.sort_values(["estimate", "method"], kind="stable", na_position="last").reset_index(drop=True)


def _words(drawn: _Curve) -> Words:
    wording, texts, plan = drawn.wording, drawn.wording.labels.specification, drawn.wording.evaluation.plan
    period = wording.period((plan.from_wave, plan.to_wave))
    level, unit = wording.number(100 * (1 - plan.alpha), 0), wording.change_unit(drawn.indicator)
    title = _title(drawn)
    subtitle = texts.subtitle.format(indicator=wording.indicator(drawn.indicator.id), units=wording.units, period=period, level=level, unit=unit)
    n_from, n_to = (wording.span(getattr(row, name) for row in drawn.rows) for name in ("n_from", "n_to"))
    absent = texts.note_absent.format(n=drawn.absent, too_small=wording.too_small) if drawn.absent else ""
    note = f"{texts.note.format(margin=wording.margin(drawn.indicator))} {absent}".strip()
    return Words(title, subtitle, texts.source.format(period=period, n_from=n_from, n_to=n_to), note, _alt(drawn, title))


def _title(drawn: _Curve) -> str:
    """Count under how many choices the change has the sign of the plan's own, and in how many tests the finding is the same.

    The same: neither is significant, or both are with the same sign, unadjusted (``compare.specifications.agreement``).
    """
    wording, texts, planned = drawn.wording, drawn.wording.labels.specification, drawn.planned
    known = [row for row in drawn.rows if not pd.isna(row.std_error)]
    name = wording.indicator(drawn.indicator.id)
    if planned is None or not known:
        return texts.title_plain.format(indicator=name, n=len(drawn.rows))
    same = sum(_sign(row) == _sign(planned) for row in known)
    tested = [row for row in known if not pd.isna(row.p_value)]
    alike = sum(_finding(drawn, row) == _finding(drawn, planned) for row in tested)
    has_tests = tested and not pd.isna(planned.p_value)
    return texts.title.format(indicator=name, same=same, n=len(known), tests=texts.title_tests.format(alike=alike, tested=len(tested)) if has_tests else "")


def _sign(row: Any) -> int:
    return int(row.estimate > 0) - int(row.estimate < 0)


def _finding(drawn: _Curve, row: Any) -> int:
    return _sign(row) if row.p_value < drawn.wording.evaluation.plan.alpha else 0


def _alt(drawn: _Curve, title: str) -> str:
    wording, texts, planned = drawn.wording, drawn.wording.labels.specification, drawn.planned
    ends = {"low": wording.change(drawn.indicator, drawn.rows[0].estimate), "high": wording.change(drawn.indicator, drawn.rows[-1].estimate)}
    own = "" if planned is None else texts.alt_planned.format(**{key: wording.change(drawn.indicator, value) for key, value in _numbers(planned).items()})
    parts = []
    for group, choices in CHOICES.items():
        for choice in choices:
            values = [row.estimate for row in drawn.rows if getattr(row, group) == choice]
            if values:
                low, high = (wording.change(drawn.indicator, value) for value in (min(values), max(values)))
                parts.append(texts.alt_choice.format(choice=drawn.name(group, choice), low=low, high=high))
    return texts.alt.format(title=title, unit=wording.change_unit(drawn.indicator), planned=own, parts="; ".join(parts), **ends)


def _numbers(row: Any) -> dict[str, float]:
    return {"estimate": row.estimate, "low": row.ci_low, "high": row.ci_high}


def _draw(drawn: _Curve, words: Words) -> Page:
    groups = {group: [one for one in choices if any(getattr(row, group) == one for row in drawn.rows)] for group, choices in CHOICES.items()}
    matrix = sum(len(choices) * STEP + GAP for choices in groups.values())
    entries = _key(drawn)
    head = key_height(entries) + 0.12
    page = new_page(words, head + CURVE + 0.1 + matrix)
    draw_key(page, entries)
    left, width = MARGIN + NAMES, INNER - NAMES
    places = [left + (place + 0.5) * width / len(drawn.rows) for place in range(len(drawn.rows))]
    axes = page.plot(left, head, width, CURVE)
    axes.grid(visible=False, axis="x")
    axes.set_xlim(left, left + width)
    _scale(page, axes, drawn, (left, head))
    if drawn.planned is not None:
        own = places[drawn.rows.index(drawn.planned)]
        page.line((own, own), (head, head + CURVE + 0.1 + matrix), color=FAINT, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0.6)
    for row, place in zip(drawn.rows, places, strict=True):
        _draw_choice(axes, drawn, row, place)
    _draw_matrix(page, drawn, groups, places, head + CURVE + 0.12)
    return page


def _look(drawn: _Curve, row: Any) -> dict[str, Any]:
    """Return how a point looks: filled where a test finds a difference, open where it finds none, small and grey where there is no test.

    That of the plan's own choices is a black diamond.
    """
    is_found = bool(row.p_value < drawn.wording.evaluation.plan.alpha)
    if drawn.planned is not None and row is drawn.planned:
        return {"marker": "D", "markersize": 5.2, "color": INK, "markeredgewidth": 1.1, "markerfacecolor": INK if is_found else PAPER}
    if pd.isna(row.p_value):
        return {"marker": "o", "markersize": 2.6, "color": FAINT}
    colour = drawn.wording.palette.accent
    if is_found:
        return {"marker": "o", "markersize": 4.6, "color": colour}
    return {"marker": "o", "markersize": 4.6, "markerfacecolor": PAPER, "markeredgecolor": colour, "markeredgewidth": 1.1, "color": colour}


def _key(drawn: _Curve) -> list[Entry]:
    texts, alpha = drawn.wording.labels.specification, drawn.wording.evaluation.plan.alpha
    named: dict[str, Entry] = {}
    for row in (row for row in drawn.rows if row is not drawn.planned):
        word = texts.key_not_tested if pd.isna(row.p_value) else texts.key_significant if row.p_value < alpha else texts.key_not_significant
        named[word] = (_look(drawn, row), word)
    entries = [named[word] for word in (texts.key_significant, texts.key_not_significant, texts.key_not_tested) if word in named]
    if drawn.planned is not None:
        entries.append((_look(drawn, drawn.planned), texts.key_planned))
    margin = drawn.wording.labels.key_margin.format(margin=drawn.wording.margin(drawn.indicator))
    return [*entries, ({"marker": "s", "color": "#dcdcdc", "markersize": 7.0}, margin)]


def _scale(page: Page, axes: Axes, drawn: _Curve, place: tuple[float, float]) -> None:
    """Set the axis of the change, upwards, wide enough for every interval and the margin; write its steps at the left."""
    factor = change_factor(drawn.indicator)
    margin = drawn.indicator.margin * factor
    ends = [value * factor for row in drawn.rows for value in _numbers(row).values() if not pd.isna(value)]
    low, high = min([*ends, -margin]), max([*ends, margin])
    low, high = low - 0.06 * (high - low), high + 0.06 * (high - low)
    axes.set_ylim(low, high)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    axes.axhspan(-margin, margin, color=BAND, zorder=0.5, linewidth=0)
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    ticks = even_steps(low, high, most=5.5)
    axes.set_yticks(ticks, [drawn.wording.number(tick, decimals_of(ticks), signed=True) for tick in ticks])
    left, top = place
    labels = drawn.wording.labels
    above, below = (labels.worse, labels.better) if drawn.indicator.better == "down" else (labels.better, labels.worse)
    page.text(left - 0.45, top + 0.08, f"↑ {above}", size=SMALL, color=SOFT, ha="right")
    page.text(left - 0.45, top + CURVE - 0.08, f"↓ {below}", size=SMALL, color=SOFT, ha="right")


def _draw_choice(axes: Axes, drawn: _Curve, row: Any, place: float) -> None:
    factor, look = change_factor(drawn.indicator), _look(drawn, row)
    if not pd.isna(row.ci_low) and not pd.isna(row.ci_high):
        axes.plot([place, place], [row.ci_low * factor, row.ci_high * factor], color=look["color"], linewidth=1.1, alpha=0.6)
    axes.plot([place], [row.estimate * factor], linestyle="none", zorder=2.6, **look)


def _draw_matrix(page: Page, drawn: _Curve, groups: dict[str, list[str]], places: list[float], top: float) -> None:
    """Draw which choices each column takes: a dot where it does, and the plan's own names in bold."""
    y = top
    for group, choices in groups.items():
        page.line((MARGIN, MARGIN + INNER), (y, y), color=RULE)
        y += GAP / 2
        for choice in choices:
            middle = y + STEP / 2
            weight = 600 if PLANNED[group] == choice else 400
            page.text(MARGIN, middle, wrap(drawn.name(group, choice), NAMES - 0.1, SMALL, lines=1), size=SMALL, fontweight=weight)
            taken = [place for place, row in zip(places, drawn.rows, strict=True) if getattr(row, group) == choice]
            page.line(places, [middle] * len(places), color="#dcdcdc", linestyle="none", marker="o", markersize=1.6)
            page.line(taken, [middle] * len(taken), color=SOFT, linestyle="none", marker="s", markersize=3.6)
            y += STEP
        y += GAP / 2
