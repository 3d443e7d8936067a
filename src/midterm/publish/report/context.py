"""What a chapter may say: in, the publishable tables and a language; out, numbers by reference to a cell, as text.

A number reaches the report only through here, so a reference to a row that does not exist stops the report by name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from midterm.description import Evaluation, Indicator, Language
from midterm.description.report_texts import ReportTexts
from midterm.errors import Problem, UserError
from midterm.measure.attainment import to_date
from midterm.publish.charts.registry import figures_of
from midterm.publish.disclosure import Published
from midterm.publish.wording import Wording, flags_of, why_absent

WRAP = 26  # characters after which a text in a table may wrap


class Indexed:
    """Tables with their rows found by key at once, as a report refers to thousands of cells."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self.tables = tables
        self._records: dict[str, list[Any]] = {}
        self._by_key: dict[tuple[str, ...], dict[tuple[object, ...], list[int]]] = {}

    def records(self, table: str) -> list[Any]:
        """Return every row of ``table`` as a named tuple."""
        if table not in self._records:
            self._records[table] = list(self.tables[table].itertuples(index=False))
        return self._records[table]

    def by_key(self, table: str, columns: tuple[str, ...]) -> dict[tuple[object, ...], list[int]]:
        """Return the places of the rows of ``table`` by their values in ``columns``."""
        known = (table, *columns)
        if known not in self._by_key:
            found: dict[tuple[object, ...], list[int]] = {}
            for place, key in enumerate(zip(*(self.tables[table][column].tolist() for column in columns), strict=True)):
                found.setdefault(key, []).append(place)
            self._by_key[known] = found
        return self._by_key[known]


@dataclass(frozen=True)
class Spoken:
    """A text in a language of its own, which a document marks where it is not the document's."""

    text: str
    language: Language

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Context:
    """One report in one language, over tables in which small numbers are already blank."""

    evaluation: Evaluation
    tables: Published
    language: Language
    figures: Path
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> ReportTexts:
        """The report's sentences."""
        return self.evaluation.labels[self.language].report

    @property
    def say(self) -> Wording:
        """Names, words and formatted values."""
        return Wording(self.evaluation, self.language)

    @property
    def unit(self) -> str:
        """What the evaluation calls its unit."""
        return self.evaluation.file.unit.singular.in_(self.language)

    @property
    def level(self) -> str:
        """The level of the intervals in per cent."""
        return f"{100 * (1 - self.evaluation.plan.alpha):g}"

    def rows(self, table: str, **key: object) -> pd.DataFrame:
        """Return the rows of ``table`` with ``key``."""
        return self.tables[table].iloc[self._places(table, key)] if key else self.tables[table]

    def one(self, table: str, **key: object) -> Any:
        """Return the one row of ``table`` with ``key``; raise UserError naming the reference when there is none."""
        found = self._places(table, key)
        if len(found) != 1:
            wanted = ", ".join(f"{column}={value}" for column, value in key.items())
            raise UserError(
                Problem(
                    f"reports/tables/{table}.csv",
                    rule="broken_reference",
                    reason=f"the report refers to {wanted}, of which there are {len(found)} rows; correct it",
                )
            )
        return self._indexed.records(table)[found[0]]

    def _places(self, table: str, key: Mapping[str, object]) -> list[int]:
        return self._indexed.by_key(table, tuple(key)).get(tuple(key.values()), [])

    @cached_property
    def _indexed(self) -> Indexed:
        return Indexed(self.tables)

    def own_text(self, section: str, heading: str = "##") -> list[str]:
        """Return what the evaluators wrote on ``section`` themselves, under its heading; nothing where they wrote nothing."""
        return [f"{heading} {self.texts.own_text}", self.own[section]] if section in self.own else []

    def framed(self, text: str, alliance: str) -> str | Spoken:
        """Return a text from the framework of ``alliance``, in the language that it is written in."""
        language = self.evaluation.framework_language(alliance)
        return text if language == self.language else Spoken(text, language)

    def count(self, value: float) -> str:
        """Return a number of persons, or the sign that there is none."""
        return self.texts.value_absent if pd.isna(value) else self.say.number(float(value), 0)

    @property
    def has_targets(self) -> bool:
        """Tell whether this evaluation has targets at all, of frameworks or of the survey."""
        return self.evaluation.codebook.framework is not None or len(self.tables["attainment"]) > 0

    def targets(self, alliance: str) -> pd.DataFrame:
        """Return one row of ``attainment`` per target of ``alliance``: its last year with a value, or its last year when there is none."""
        return self._targets[self._targets["alliance"] == alliance]

    @cached_property
    def _targets(self) -> pd.DataFrame:
        return to_date(self.tables["attainment"])

    def change_of(self, alliance: str, indicator: str) -> Any:
        """Return the planned change of one indicator."""
        plan = self.evaluation.plan
        return self.one("change", alliance=alliance, indicator=indicator, from_wave=plan.from_wave, to_wave=plan.to_wave)

    def level_of(self, alliance: str, indicator: Indicator, wave: str) -> Any:
        """Return the level of one indicator in one wave."""
        return self.one("indicators", alliance=alliance, indicator=indicator.id, wave=wave, source="survey", statistic=indicator.statistic)

    def shared_remarks(self, alliance: str) -> dict[str, str]:
        """Return what qualifies every change of the plan in ``alliance`` alike, by flag: to be said once, and not of each."""
        rows = [self.change_of(alliance, name) for name in self.evaluation.plan.primary]
        carried = [set(flags_of(row)) for row in rows if not pd.isna(row.estimate)]
        common = set.intersection(*carried) if len(carried) > 1 else set()
        return {name: sentence for name, sentence in self.texts.change_flags if name in common and "{" not in sentence}

    def change_in_words(self, alliance: str, indicator: Indicator, said: Collection[str] = ()) -> str:
        """Return one change as sentences: estimate and interval, verdict, what qualifies it, and what the data could have shown.

        What qualifies it and was ``said`` already (names of flags) is left out.
        """
        row, say, texts = self.change_of(alliance, indicator.id), self.say, self.texts
        if pd.isna(row.estimate):
            reason = say.word("verdict", why_absent(row))
            return texts.sentence_absent.format(subject=say.indicator(indicator.id), reason=reason)
        is_described = row.verdict == "described_only"
        verdict = texts.change_untested if is_described else texts.change_verdict.format(verdict=say.word("verdict", row.verdict))
        return " ".join([self._estimate(row, indicator), verdict, *self._chance(row), *self._flags(row, indicator, said), *self._shown(row, indicator)])

    def change_in_plain_words(self, alliance: str, indicator: Indicator) -> str:
        """Return one change for who reads no intervals: both levels, the difference and its uncertainty, and what may be concluded."""
        row, say, texts, plan = self.change_of(alliance, indicator.id), self.say, self.texts, self.evaluation.plan
        if pd.isna(row.estimate):
            return texts.sentence_absent.format(subject=say.indicator(indicator.id), reason=say.word("verdict", why_absent(row)))
        first, last = (self.level_of(alliance, indicator, wave) for wave in (plan.from_wave, plan.to_wave))
        levels = {"before": say.level(indicator, first.estimate, 1), "after": say.level(indicator, last.estimate, 1)}
        named = {"indicator": say.indicator(indicator.id), "from_wave": say.wave(plan.from_wave), "to_wave": say.wave(plan.to_wave)}
        persons = {"n_from": say.number(row.n_from, 0), "n_to": say.number(row.n_to, 0)}
        change = {"estimate": say.change(indicator, row.estimate), "unit": say.change_unit(indicator)}
        parts = [texts.plain_levels.format(**named, **levels, **persons, **change)]
        if row.verdict != "described_only" and not pd.isna(row.ci_low):
            parts.append(texts.plain_interval.format(low=say.change(indicator, row.ci_low), high=say.change(indicator, row.ci_high)))
        margin = say.change(indicator, indicator.margin).lstrip("+")
        return " ".join([*parts, *self._chance(row), getattr(texts, f"plain_{row.verdict}").format(margin=margin, unit=say.change_unit(indicator))])

    def detectable(self, row: Any, indicator: Indicator) -> str:
        """Return the smallest change that these data could have shown; empty where nothing was tested or it is not known."""
        is_absent = row.verdict == "described_only" or pd.isna(row.minimal_detectable)
        return "" if is_absent else self.say.change(indicator, row.minimal_detectable).lstrip("+")

    def _estimate(self, row: Any, indicator: Indicator) -> str:
        say, plan = self.say, self.evaluation.plan
        common = {
            "indicator": say.indicator(indicator.id),
            "estimate": say.change(indicator, row.estimate),
            "unit": say.change_unit(indicator),
            "n_from": say.number(row.n_from, 0),
            "n_to": say.number(row.n_to, 0),
            "from_wave": say.wave(plan.from_wave),
            "to_wave": say.wave(plan.to_wave),
        }
        if pd.isna(row.ci_low):
            return self.texts.change_point.format(**common)
        ends = {"low": say.change(indicator, row.ci_low), "high": say.change(indicator, row.ci_high)}
        return self.texts.change_sentence.format(**common, **ends, level=self.level)

    def _chance(self, row: Any) -> list[str]:
        """Say why a verdict is inconclusive although the interval leaves out zero: the interval is of one test, the verdict of all."""
        return [self.texts.change_multiple] if _is_inconclusive(row) and not row.ci_low <= 0 <= row.ci_high else []

    def _flags(self, row: Any, indicator: Indicator, said: Collection[str]) -> list[str]:
        """Say every flag of the row that has words; that it was not planned is said once, with the reason where there is one."""
        say, carried = self.say, flags_of(row)
        if carried.keys() & {"added_after_seal", "dropped_after_seal"}:
            carried.pop("exploratory", None)
        words = {"margin": say.change(indicator, indicator.margin).lstrip("+"), "unit": say.change_unit(indicator), "units": say.units}
        numbers = dict(zip(("same", "n"), carried.get("specifications", []), strict=False))  # further ones are not said
        return [sentence.format(**words, **numbers) for name, sentence in self.texts.change_flags if name in carried and name not in said]

    def _shown(self, row: Any, indicator: Indicator) -> list[str]:
        """Say what the data could have shown, unless as much was found or the interval leaves out zero: it would contradict them."""
        detectable = self.detectable(row, indicator)
        if not detectable or not _is_inconclusive(row) or not row.ci_low <= 0 <= row.ci_high or abs(row.estimate) >= row.minimal_detectable:
            return []
        return [self.texts.change_detectable.format(detectable=detectable, unit=self.say.change_unit(indicator))]

    def level_in_words(self, alliance: str, indicator: Indicator, wave: str) -> str:
        """Return one level as a sentence with its interval and n."""
        row, say = self.level_of(alliance, indicator, wave), self.say
        label = say.indicator(indicator.id)
        if pd.isna(row.estimate):
            reason = say.word("verdict", why_absent(row))
            return self.texts.sentence_absent.format(subject=label, reason=reason)
        values = {name: say.level(indicator, value) for name, value in (("value", row.estimate), ("low", row.ci_low), ("high", row.ci_high))}
        return self.texts.level_sentence.format(indicator=label, **values, n=say.number(row.n, 0), wave=say.wave(wave), level=self.level)

    def figure(self, name: str, unit: str) -> str:
        """Return a figure with its caption and alt text as Markdown, or the sentence that it is not there; ``see`` refers to either.

        Nothing where the evaluation leaves out its kind.
        """
        if name not in self._drawn:
            return ""
        stem, place = f"{name}_{unit}.{self.language}", f"fig-{name}_{unit}"
        words = self.figures / f"{stem}.json"
        if not words.exists():
            return f"::: {{#{place} .absent}}\n{escaped(self.texts.figure_absent.format(name=self._kind(name), unit=self.say.unit_name(unit)))}\n:::"
        content = json.loads(words.read_text(encoding="utf-8"))
        alt = str(content["alt"]).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        return f'![{escaped(content["title"])}. {escaped(content["caption"])}]({stem}){{#{place} alt="{alt}" width=100%}}'

    @cached_property
    def _drawn(self) -> set[str]:
        """The figures that this evaluation has."""
        return {spec.name for spec in figures_of(self.evaluation)}

    def _kind(self, name: str) -> str:
        """Return what a figure shows, in words: the short name of its kind, and the indicator that it is drawn of."""
        kinds = self.say.labels.explorer.figures
        kind = max((known for known in kinds if name == known or name.startswith(f"{known}_")), key=len, default="")
        of = {one.id for one in self.evaluation.indicators} & {name.removeprefix(f"{kind}_")}
        return ": ".join([kinds.get(kind, name), *(self.say.indicator(indicator) for indicator in of)])

    def see(self, name: str, unit: str) -> str:
        """Return a reference to a figure as Markdown: “figure 3”, a link, with the number that it has in each document."""
        return f"[](#fig-{name}_{unit})"

    def pointing(self, text: str, name: str, unit: str = "all") -> str:
        """Return ``text`` as Markdown with a reference to a figure in the place of its ``{figure}``; nothing where the figure is not there."""
        if not (self.figures / f"{name}_{unit}.{self.language}.json").exists():
            return ""
        before, _, after = text.partition("{figure}")
        return f"{escaped(before)}{self.see(name, unit)}{'' if before else '{.capital}'}{escaped(after)}"

    def see_table(self, key: str) -> str:
        """Return a reference to the table with ``key`` as Markdown, like ``see``."""
        return f"[](#tab-{key})"


def _is_inconclusive(row: Any) -> bool:
    """Tell whether a change has an interval and was tested without a conclusion."""
    return row.verdict == "inconclusive" and not pd.isna(row.ci_low)


def escaped(text: object) -> str:
    """Return ``text`` with every character that Markdown could take for markup made literal."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]()<>#+-.!|$^~@'\"" and not char.isalnum() else char for char in str(text).replace("\n", " "))


def markdown_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[object]], numeric: Sequence[int] = (), key: str = "") -> str:
    """Return a pipe table with its caption; ``numeric`` columns (by position) are aligned right; ``see_table`` refers to it by ``key``."""
    widths = [max(_width(row[at]) for row in [columns, *rows]) for at in range(len(columns))]
    rule = "|".join("-" * (width - 1) + (":" if at in numeric else "-") for at, width in enumerate(widths))
    lines = ["|" + "|".join(map(_cell, row)) + "|" for row in [columns, *rows]]
    return "\n".join([lines[0], f"|{rule}|", *lines[1:], "", f": {escaped(caption)}{f' {{#tab-{key}}}' if key else ''}", ""])


def _cell(cell: object) -> str:
    return f"[{escaped(cell)}]{{lang={cell.language}}}" if isinstance(cell, Spoken) and cell.text else escaped(cell)


def _width(cell: object) -> int:
    """Return the relative width that a cell asks for: its longest word whole, long texts wrapped."""
    words = str(cell).split()
    return 3 + max([min(WRAP, len(str(cell))), *map(len, words)])
