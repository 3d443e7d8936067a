"""Tables for people: in, a publishable table; out, its ids, verdicts and flags in words, its numbers as they are, and its headings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from midterm.description.annex_texts import AnnexTexts, ColumnText, StatisticText
from midterm.publish.wording import VOICES, Wording, flags_in, verdict_of, why_absent

Speak = Callable[[str], str]


def in_words(say: Wording, frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with words for every id of the contract; numbers stay numbers, and what is missing stays missing."""
    spoken = {column: _spoken(frame[column], speak) for column, speak in _speakers(say).items() if column in frame}
    if "indicator" in frame:
        spoken["indicator"] = _indicators(say, frame)
    if "unit" in frame:
        spoken["unit"] = _units(say, frame)
    return frame.assign(**spoken)


def column_text(say: Wording, column: str) -> ColumnText:
    """Return a column's heading and meaning; the technical name where the labels have none."""
    unit, units = say.unit, say.units
    found = texts(say).columns.get(column, ColumnText(heading=column, meaning=""))
    return ColumnText(heading=found.heading.format(unit_name=unit.capitalize()), meaning=found.meaning.format(unit=unit, units=units))


def texts(say: Wording) -> AnnexTexts:
    """Return the texts of tables."""
    return say.labels.annex


def flags_in_words(say: Wording, flag: object) -> str:
    """Return what a cell of the column ``flag`` says, in words; a flag that the labels do not know is shown by its name.

    A flag without the numbers that it carries in a row is put in general ("in … of … reasonable choices").
    """
    return "; ".join(dict.fromkeys(_flag(say, name, numbers) for name, numbers in flags_in(flag).items()))


def interval_heading(say: Wording) -> str:
    """Return the heading of an interval, with its level."""
    return texts(say).interval.format(level=f"{100 * (1 - say.evaluation.plan.alpha):g}")


def change_cells(say: Wording, row: Any) -> dict[str, str]:
    """Return what is shown of a row of ``change``: number, its unit, interval, persons, what could have been shown, verdict."""
    indicator = say.evaluation.indicator(row.indicator)
    is_tested = not pd.isna(row.estimate) and row.verdict != "described_only" and not pd.isna(row.minimal_detectable)
    return {
        "estimate": _or_why_not(say, row, say.change(indicator, row.estimate)),
        "unit": say.change_unit(indicator),
        "interval": _span(row, say.change(indicator, row.ci_low), say.change(indicator, row.ci_high)),
        "n": f"{_persons(say, row.n_from)};\u00a0{_persons(say, row.n_to)}",
        "detectable": say.change(indicator, row.minimal_detectable).lstrip("+") if is_tested else "",
        "verdict": say.word("verdict", verdict_of(row)),
    }


def level_cells(say: Wording, row: Any) -> dict[str, str]:
    """Return what is shown of a level of the survey: number, its unit, interval, persons."""
    indicator = say.evaluation.indicator(row.indicator)
    return {
        "estimate": _or_why_not(say, row, say.level(indicator, row.estimate)),
        "unit": "" if indicator.statistic == "share" else indicator.unit.in_(say.language),
        "interval": _span(row, say.level(indicator, row.ci_low), say.level(indicator, row.ci_high)),
        "n": _persons(say, row.n),
    }


def _or_why_not(say: Wording, row: Any, shown: str) -> str:
    return say.word("verdict", why_absent(row)) if pd.isna(row.estimate) else shown


def _span(row: Any, low: str, high: str) -> str:
    return "" if pd.isna(row.estimate) or pd.isna(row.ci_low) or pd.isna(row.ci_high) else f"{low};\u00a0{high}"


def _persons(say: Wording, count: float) -> str:
    """Return a number of persons; of a group that is too small only that it is."""
    return say.too_small if not pd.isna(count) and 0 < count < say.evaluation.minimum else say.number(count, 0)


def words_of_the_blank(say: Wording, frame: pd.DataFrame) -> list[str]:
    """Return for each row what stands in the place of a number that may not be shown; empty where nothing was left out."""
    small, withheld = say.too_small, say.labels.withheld
    if "flag" in frame:
        found = [flags_in(flag) for flag in frame["flag"]]
        return [small if "small_n" in flags else withheld if "withheld" in flags else "" for flags in found]
    if "usable" in frame:  # the response has no flag: who was invited is shown, who answered is not
        is_few = frame["invited"].fillna(0) < say.evaluation.minimum
        return ["" if not is_blank else small if few else withheld for is_blank, few in zip(frame["usable"].isna(), is_few, strict=True)]
    return [""] * len(frame)


def _flag(say: Wording, name: str, numbers: list[str]) -> str:
    """Return one flag in words; ``few_df (leavers)`` is one of a group, and ``specifications`` has two numbers that matter."""
    stem, _, group = name.rstrip(")").partition(" (")
    same, n = (numbers[0], numbers[min(1, len(numbers) - 1)]) if numbers else ("…", "…")
    words = texts(say).flags.get(stem, name).format(n=n, same=same, unit=say.unit, units=say.units)
    return texts(say).flag_of.format(flag=words, group=texts(say).words.get(group, group)) if group else words


def _spoken(values: pd.Series, speak: Speak) -> pd.Series:
    known = {value: speak(value) for value in values.dropna().unique()}
    return values.map(known).astype(object)


def _speakers(say: Wording) -> Mapping[str, Speak]:
    """Return for each column of ids how one of them is said."""
    t, report, questions = texts(say), say.labels.report, {question.id: question for question in say.evaluation.file.questions}

    def from_report(group: str) -> Speak:
        return lambda key: str(getattr(report, f"{group}_{key}", key))

    def word(key: str) -> str:
        return t.words.get(key, key)

    return {
        "alliance": say.unit_name,
        **dict.fromkeys(("wave", "from_wave", "to_wave"), say.wave),
        "source": from_report("source"),
        "statistic": lambda key: t.statistics.get(key, StatisticText(name=key)).name,
        **{group: _word_of(say, group) for group in ("verdict", "status", "tier")},
        **dict.fromkeys(("design", "estimand", "effect_name", "agreement", "conclusion"), word),
        "planned": lambda key: t.planned_yes if key else t.planned_no,
        "question": lambda key: questions[key].text.in_(say.language),
        **dict.fromkeys(VOICES, from_report("voice")),
        "strength": from_report("strength"),
        "flag": lambda flag: flags_in_words(say, flag),
    }


def _word_of(say: Wording, group: str) -> Speak:
    return lambda key: say.word(group, key)


def _indicators(say: Wording, frame: pd.DataFrame) -> pd.Series:
    """Return the names of indicators of the survey, levels of the framework and themes of interviews, each by its source."""
    codebook = say.evaluation.codebook
    levels = {one.id: one.label.in_(say.language) for one in codebook.framework.levels} if codebook.framework else {}
    themes = {one.id: one.label.in_(say.language) for one in codebook.interviews.themes} if codebook.interviews else {}
    survey = {one.id: one.label.in_(say.language) for one in say.evaluation.indicators}
    asked = {item.id: item.wording.in_(say.language) for item in codebook.items}

    def name(source: object, key: str) -> str:
        indicator, _, item = key.partition(":")
        known = {"framework": levels, "interview": {**themes, "all_themes": texts(say).words.get("all_themes", "all_themes")}}.get(str(source), survey)
        shown = known.get(indicator, indicator)
        return texts(say).item.format(indicator=shown, item=asked.get(item, item)) if item else shown

    sources = frame["source"] if "source" in frame else pd.Series("survey", index=frame.index)
    pairs = list(zip(sources, frame["indicator"], strict=True))
    names = {pair: name(*pair) for pair in dict.fromkeys(pairs)}
    return pd.Series([names[pair] for pair in pairs], index=frame.index, dtype=object)


def _units(say: Wording, frame: pd.DataFrame) -> pd.Series:
    """Return each row's unit: that of its statistic, or of its indicator."""
    units = {key: found.unit for key, found in texts(say).statistics.items()}
    own = {one.id: one.unit.in_(say.language) for one in say.evaluation.indicators}
    statistics = frame["statistic"] if "statistic" in frame else pd.Series("mean", index=frame.index)
    pairs = zip(statistics, frame["indicator"], frame["unit"], strict=True)
    return pd.Series([units.get(statistic) or own.get(indicator, unit) for statistic, indicator, unit in pairs], index=frame.index, dtype=object)
