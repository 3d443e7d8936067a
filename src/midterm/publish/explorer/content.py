"""What the explorer says in one language: in, the publishable tables; out, texts by alliance, wave and indicator, fit for JSON.

Every number is formatted here: the page itself computes and formats nothing, and holds no number that it does not show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from midterm.description import Indicator
from midterm.description.explorer_texts import ExplorerTexts
from midterm.publish.charts.registry import FigureSpec, figures_of
from midterm.publish.report.alliance import targets_table
from midterm.publish.report.context import Context
from midterm.publish.wording import ALL, AVERAGE, NO_DATA, NOT_PUBLISHED, WITHHELD, flags_of, planned_changes, records, verdict_of, why_absent

Said = dict[str, Any]


@dataclass(frozen=True)
class Explored:
    """The explorer in one language, over what the report of that language may say."""

    context: Context

    @property
    def texts(self) -> ExplorerTexts:
        """The explorer's own words."""
        return self.context.evaluation.labels[self.context.language].explorer

    @property
    def units(self) -> tuple[str, ...]:
        """What can be chosen: all together, then each alliance."""
        return (ALL, *self.context.evaluation.alliances)

    @cached_property
    def levels(self) -> dict[tuple[str, str, str, str], Any]:
        """The survey's statistics by alliance, indicator, wave and statistic."""
        survey = self.context.tables["indicators"].query("source == 'survey'")
        return {(row.alliance, row.indicator, row.wave, row.statistic): row for row in records(survey)}

    @cached_property
    def changes(self) -> dict[tuple[str, str], Any]:
        """The planned contrast by alliance and indicator."""
        rows = planned_changes(self.context.tables["change"], self.context.evaluation)
        return {(row.alliance, row.indicator): row for row in records(rows)}

    @cached_property
    def promises(self) -> dict[tuple[str, str, int], Any]:
        """The targets of survey indicators by alliance, indicator and year."""
        rows = (row for row in records(self.context.tables["attainment"]) if "from_survey" in flags_of(row))
        return {(row.alliance, row.indicator_id, int(row.year)): row for row in rows}


def content(context: Context) -> Said:
    """Return all that the page says in the language of ``context``."""
    explored, say, evaluation = Explored(context), context.say, context.evaluation
    return {
        "locale": context.texts.locale,
        "name": say.labels.language,
        "texts": _fixed(explored),
        "units": [{"id": unit, "name": say.unit_name(unit)} for unit in explored.units],
        "rows": [{"id": unit, "name": say.unit_name(unit)} for unit in (*evaluation.alliances, ALL, AVERAGE)],
        "waves": [{"id": wave, "name": say.wave(wave)} for wave in evaluation.waves],
        "indicators": [_described(explored, indicator) for indicator in evaluation.indicators],
        "numbers": {indicator.id: _numbers(explored, indicator) for indicator in evaluation.indicators},
        "targets": {unit: _targets(explored, unit) for unit in explored.units},
        "figures": _kinds(explored),
    }


def _fixed(e: Explored) -> dict[str, str]:
    """Return the texts that do not depend on the choice."""
    c, say, plan = e.context, e.context.say, e.context.evaluation.plan
    own = {name: text for name, text in e.texts.model_dump().items() if isinstance(text, str) and "{" not in text}
    return {
        **own,
        "evaluation": c.evaluation.file.title.in_(c.language),
        "subtitle": c.texts.subtitle.format(commissioner=c.evaluation.file.commissioner.in_(c.language), period=say.period(c.evaluation.waves)),
        "lead": e.texts.lead.format(unit=c.unit),
        "mid_term": c.texts.mid_term,
        "unit": c.unit.capitalize(),
        "wave": c.texts.col_wave,
        "indicator": c.texts.col_indicator,
        "verdict": c.texts.col_verdict,
        "interval": c.texts.col_interval.format(level=c.level),
        "col_change": e.texts.col_change.format(from_wave=say.wave(plan.from_wave), to_wave=say.wave(plan.to_wave)),
        "group_indicator": e.texts.group_indicator.format(units=say.units),
        "group_all": say.unit_name(ALL),
    }


def _described(e: Explored, indicator: Indicator) -> dict[str, str]:
    """Return what an indicator is and how it is computed."""
    say, texts = e.context.say, e.texts
    what = {
        "mean": texts.what_mean.format(scale=indicator.unit.in_(say.language)),
        "share": texts.what_share.format(at_least=say.as_given(indicator.at_least)),
        "count": texts.what_count.format(scale=indicator.unit.in_(say.language)),
    }
    method = {"mean": texts.method_mean, "share": texts.method_share, "count": texts.method_count}
    better = texts.better_up if indicator.better == "up" else texts.better_down
    return {
        "id": indicator.id,
        "name": say.indicator(indicator.id),
        "scale": _scale(e, indicator),
        "what": f"{what[indicator.statistic]} {better}",
        "method": method[indicator.statistic],
    }


def _scale(e: Explored, indicator: Indicator) -> str:
    """Return the unit that stands beside a number; a share carries its own."""
    return "" if indicator.statistic == "share" else indicator.unit.in_(e.context.language)


def _numbers(e: Explored, indicator: Indicator) -> Said:
    """Return the table of one indicator: levels by alliance and wave, the planned change by alliance and on average."""
    c, say = e.context, e.context.say
    scales = {"scale": _scale(e, indicator) or "%", "change_scale": say.change_unit(indicator)}
    return {
        "caption": e.texts.table_numbers.format(indicator=say.indicator(indicator.id), unit=c.unit, level=c.level, **scales),
        "levels": {unit: {wave: _level(e, indicator, unit, wave) for wave in c.evaluation.waves} for unit in e.units},
        "changes": {unit: _change(e, indicator, unit) for unit in (*e.units, AVERAGE)},
    }


def _level(e: Explored, indicator: Indicator, unit: str, wave: str) -> Said:
    """Return one number with all that is said of it; of a number that is not shown, why it is not."""
    c, say, texts = e.context, e.context.say, e.texts
    row = e.levels.get((unit, indicator.id, wave, indicator.statistic))
    if row is None or pd.isna(row.estimate):
        return _absent(e, indicator, row)
    ends = {"low": say.level(indicator, row.ci_low), "high": say.level(indicator, row.ci_high), "level": c.level}
    has_interval = not pd.isna(row.ci_low) and not pd.isna(row.ci_high)
    who = texts.who.format(n=say.number(row.n, 0), organisations=say.number(row.n_organisations, 0))
    flags = flags_of(row)
    return {
        "value": say.level(indicator, row.estimate),
        "interval": texts.interval.format(low=ends["low"], high=ends["high"]) if has_interval else "",
        "persons": texts.persons.format(n=say.number(row.n, 0)),
        "sentence": c.level_in_words(unit, indicator, wave),
        "who": f"{who} {texts.once}" if unit == ALL else who,
        "range": texts.range.format(**ends) if has_interval else texts.range_absent,
        "size": say.word("tier", row.tier) if isinstance(row.tier, str) else "",
        "remarks": " ".join(sentence for name, sentence in texts.level_flags if name in flags and not (name == "no_error" and has_interval)),
        "target": _promise(e, indicator, unit, wave),
    }


def _absent(e: Explored, indicator: Indicator, row: Any) -> Said:
    say, reason = e.context.say, why_absent(row)
    word, why = say.word("verdict", reason), {NOT_PUBLISHED: e.texts.too_few, WITHHELD: e.texts.withheld, NO_DATA: e.texts.no_data}[reason]
    sentence = e.context.texts.sentence_absent.format(subject=say.indicator(indicator.id), reason=word)
    return {"absent": word, "sentence": sentence, "why": why.format(minimum=e.context.evaluation.minimum)}


def _promise(e: Explored, indicator: Indicator, unit: str, wave: str) -> str:
    """Return what was promised and how far it is in ``wave``; empty where nothing was or it cannot be said."""
    say, year = e.context.say, e.context.evaluation.wave(wave).year
    row = e.promises.get((unit, indicator.id, year))
    if row is None or indicator.target is None or pd.isna(row.attainment):
        return ""
    told = {"attainment": say.percent(row.attainment), "year": str(year), "status": say.word("status", row.status)}
    return e.texts.target.format(target=say.level(indicator, indicator.target.value), target_year=str(indicator.target.year), **told)


def _change(e: Explored, indicator: Indicator, unit: str) -> Said:
    """Return the planned change with its verdict; the average over alliances has no sentence, for its n counts alliances."""
    say = e.context.say
    row = e.changes.get((unit, indicator.id))
    if row is None or pd.isna(row.estimate):
        word = say.word("verdict", verdict_of(row))
        return {"absent": word, "sentence": e.context.texts.sentence_absent.format(subject=say.indicator(indicator.id), reason=word)}
    low, high = say.change(indicator, row.ci_low), say.change(indicator, row.ci_high)
    return {
        "value": say.change(indicator, row.estimate),
        "interval": "" if pd.isna(row.ci_low) else e.texts.interval.format(low=low, high=high),
        "verdict": say.word("verdict", verdict_of(row)),
        "sentence": "" if unit == AVERAGE else e.context.change_in_words(unit, indicator),
    }


def _targets(e: Explored, unit: str) -> Said:
    """Return the targets of ``unit`` in its last year as a table: those of its framework and of the survey."""
    c = e.context
    if c.rows("attainment", alliance=unit).empty:
        return {"absent": e.texts.targets_absent.format(name=c.say.unit_name(unit))}
    caption, columns, cells = targets_table(c, unit)
    return {"caption": caption, "columns": columns, "rows": [list(map(str, row)) for row in cells], "language": c.evaluation.framework_language(unit)}


def _kinds(e: Explored) -> list[dict[str, str]]:
    """Return the kinds of figures with what each is drawn of: the chosen indicator, the chosen alliance, all together, or both."""
    found: dict[str, dict[str, str]] = {}
    for spec in figures_of(e.context.evaluation):
        kind, of = kind_of(spec, e.context.evaluation.indicators)
        found.setdefault(kind, {"id": kind, "of": of, "name": e.texts.figures.get(kind, kind)})
    return list(found.values())


def kind_of(spec: FigureSpec, indicators: tuple[Indicator, ...]) -> tuple[str, str]:
    """Return the kind of a figure and what it is drawn of; those of an indicator end in its id (the longest that fits)."""
    endings = [indicator.id for indicator in indicators if spec.scope == "all" and spec.name.endswith(f"_{indicator.id}")]
    return (spec.name.removesuffix(f"_{max(endings, key=len)}"), "indicator") if endings else (spec.name, spec.scope)
