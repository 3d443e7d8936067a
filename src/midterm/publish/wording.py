"""The words and numbers in figures: in, the evaluation and a language; out, names, formatted values and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from midterm.description.evaluation import Evaluation
from midterm.description.indicators import Indicator
from midterm.description.labels import Labels
from midterm.description.model import Language
from midterm.measure.attainment import STATUSES
from midterm.publish.style import Palette, format_number, format_percent
from midterm.tables import ALL as ALL
from midterm.tables import AVERAGE as AVERAGE

VOICES = ("survey", "framework", "interview")  # the sources that speak to a question
VERDICTS = ("changed_better", "changed_worse", "no_relevant_change", "inconclusive", "described_only")
NO_DATA, NOT_PUBLISHED, WITHHELD = "no_data", "not_published", "withheld"
SHOWN_STATUSES = (*STATUSES[:-1], "described_only", "not_computable", NOT_PUBLISHED, WITHHELD)  # as ``status_of`` says them
UNTOLD = frozenset({NO_DATA, NOT_PUBLISHED, WITHHELD})  # what stands for a verdict where there is none


@dataclass(frozen=True)
class Wording:
    """How one evaluation is spoken of in one language."""

    evaluation: Evaluation
    language: Language

    @property
    def labels(self) -> Labels:
        """The fixed texts."""
        return self.evaluation.labels[self.language]

    @property
    def palette(self) -> Palette:
        """The colours."""
        return Palette(self.evaluation.file.publication.colours)

    @property
    def unit(self) -> str:
        """What the evaluation calls one of its units."""
        return self.evaluation.file.unit.singular.in_(self.language)

    @property
    def units(self) -> str:
        """What the evaluation calls its units, plural."""
        return self.evaluation.file.unit.plural.in_(self.language)

    def unit_name(self, unit: str) -> str:
        """Return the name of a row: an alliance, all together, or their average."""
        if unit == ALL:
            return self.labels.all_units.format(units=self.units)
        if unit == AVERAGE:
            return self.labels.average_of_units.format(units=self.units)
        return self.evaluation.alliance(unit).name

    def indicator(self, indicator_id: str) -> str:
        """Return an indicator's label."""
        return self.evaluation.indicator(indicator_id).label.in_(self.language)

    def target(self, indicator_id: str, framed: Mapping[Any, Any]) -> tuple[str, str]:
        """Return number and name of what has a target: a row of the framework (``framed`` by number), or an indicator of the survey."""
        if indicator_id not in framed and indicator_id in {one.id for one in self.evaluation.indicators}:
            return "", self.indicator(indicator_id)
        name = framed.get(indicator_id, "")
        return indicator_id, "" if pd.isna(name) else str(name)

    def wave(self, wave_id: str) -> str:
        """Return a wave's label."""
        return self.evaluation.wave(wave_id).label.in_(self.language)

    def period(self, waves: Sequence[str]) -> str:
        """Return the first and last of ``waves``, as one text."""
        names = [self.wave(wave) for wave in self.evaluation.waves if wave in set(waves)]
        return names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}" if names else ""

    def number(self, value: float, decimals: int = 2, *, signed: bool = False) -> str:
        """Return a number as text."""
        return format_number(value, self.language, decimals, signed=signed)

    def as_given(self, value: float | None) -> str:
        """Return a number with as many decimals as it has, at most two."""
        if value is None or pd.isna(value):
            return format_number(None, self.language)
        decimals = next(places for places in (0, 1, 2) if places == 2 or round(value, places) == value)
        return format_number(float(value), self.language, decimals)

    def percent(self, share: float) -> str:
        """Return a share (0-1) as a whole percentage."""
        return format_percent(share, self.language)

    def level(self, indicator: Indicator, value: float, decimals: int = 2) -> str:
        """Return an indicator's value: a percentage for a share, else a number."""
        return self.percent(value) if indicator.statistic == "share" else self.number(value, decimals)

    def change(self, indicator: Indicator, value: float) -> str:
        """Return a change with its sign, in the unit that ``change_unit`` names."""
        return self.number(value * change_factor(indicator), 0 if indicator.statistic == "share" else 2, signed=True)

    def margin(self, indicator: Indicator) -> str:
        """Return the smallest change that matters, in the unit that ``change_unit`` names, with no more decimals than it needs."""
        margin = indicator.margin * change_factor(indicator)
        return self.number(margin, 0 if margin >= 2 else 1 if round(margin, 1) == round(margin, 3) else 2)

    def change_unit(self, indicator: Indicator) -> str:
        """Return the unit of a change: percentage points for a share."""
        return self.labels.percentage_points if indicator.statistic == "share" else indicator.unit.in_(self.language)

    @property
    def too_small(self) -> str:
        """What stands in the place of a number about too few persons."""
        return self.labels.too_small.format(minimum=self.evaluation.minimum)

    def count(self, value: float) -> str:
        """Return a number of persons; what was blanked is named as too small."""
        return self.too_small if pd.isna(value) else self.number(value, 0)

    def answered(self, row: Any, column: str) -> str:
        """Return how many persons of a row of ``response`` did something, or why that is not shown."""
        value = getattr(row, column)
        if not pd.isna(value):
            return self.number(float(value), 0)
        if pd.isna(row.invited):
            return self.labels.no_data_short
        return self.too_small if row.invited < self.evaluation.minimum else self.labels.withheld

    def span(self, values: Iterable[float]) -> str:
        """Return the smallest and largest of ``values`` as whole numbers."""
        known = [float(value) for value in values if not pd.isna(value)]
        if not known:
            return f"<{self.evaluation.minimum}"
        low, high = self.number(min(known), 0), self.number(max(known), 0)
        return low if low == high else f"{low}–{high}"

    def word(self, group: str, key: str) -> str:
        """Return the word for a verdict, status, tier or kind of missing; what is absent has one word in every group."""
        absent = {NO_DATA: self.labels.no_data, NOT_PUBLISHED: self.labels.not_published, WITHHELD: self.labels.withheld}
        return absent[key] if key in absent else self.labels.word(group, key)

    def absent(self, row: Any) -> str:
        """Return what stands in the place of a number that is not there: too few persons, withheld, or no data."""
        return {NOT_PUBLISHED: self.too_small, WITHHELD: self.labels.withheld}.get(why_absent(row), self.labels.no_data_short)

    def tally(self, subject: str, found: Sequence[str], group: str, order: Sequence[str], counted: str) -> str:
        """Return a finding by rule: ``subject``, then how many of ``found`` are what, in ``order``."""
        counts = [(key, list(found).count(key)) for key in dict.fromkeys((*order, NOT_PUBLISHED, WITHHELD, NO_DATA)) if key in found]
        first = [self.labels.tally_first.format(word=self.word(group, key), n=n, total=len(found), counted=counted) for key, n in counts[:1]]
        rest = [self.labels.tally_next.format(word=self.word(group, key), n=n) for key, n in counts[1:]]
        return self.labels.tally.format(subject=subject, parts=", ".join([*first, *rest]))


def marks(evaluation: Evaluation, language: Language, *, is_synthetic: bool) -> dict[str, str]:
    """Return what must stand on every figure, table and page, by kind: synthetic data, not for publication."""
    labels = evaluation.labels[language]
    internal = {"internal": labels.internal} if evaluation.file.publication.audience == "internal" else {}
    return {**({"synthetic": labels.synthetic} if is_synthetic else {}), **internal}


def change_factor(indicator: Indicator) -> int:
    """Return what a change is multiplied with for display: shares change in percentage points."""
    return 100 if indicator.statistic == "share" else 1


def records(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of ``frame`` as objects with its columns as attributes."""
    return list(frame.itertuples())


def why_absent(row: Any) -> str:
    """Return why a row has no number: too few persons, withheld to protect others' answers, or no data."""
    found = {} if row is None else flags_of(row)
    return NOT_PUBLISHED if "small_n" in found else WITHHELD if "withheld" in found else NO_DATA


def flags_of(row: Any) -> dict[str, list[str]]:
    """Return a row's flags by name, each with the whole numbers that it carries ("shared_organisations: 4")."""
    return flags_in(row.flag)


def flags_in(flag: Any) -> dict[str, list[str]]:
    """Return the flags of a cell by name, each with its whole numbers."""
    parts = [] if pd.isna(flag) else [one.partition(":") for one in str(flag).split("; ") if one]
    return {name: re.findall(r"\d+", rest) for name, _, rest in parts}


def status_of(row: Any) -> str:
    """Return a target's status, or why it may not be shown; one with a value that is not to be tested is described only."""
    if why_absent(row) != NO_DATA:
        return why_absent(row)
    if pd.isna(row.status):
        return "not_computable"
    return "described_only" if row.status == "not_computable" and not pd.isna(row.attainment) else str(row.status)


def verdict_of(row: Any) -> str:
    """Return a change's verdict, or why there is none."""
    if row is None or pd.isna(row.estimate) or pd.isna(row.verdict):
        return why_absent(row)
    return str(row.verdict)


def planned_changes(change: pd.DataFrame, evaluation: Evaluation) -> pd.DataFrame:
    """Return the planned contrast, one row per alliance and indicator."""
    plan = evaluation.plan
    return change[(change["from_wave"] == plan.from_wave) & (change["to_wave"] == plan.to_wave)]


def planned_waves(evaluation: Evaluation, found: Iterable[str]) -> tuple[str, ...]:
    """Return of the waves in ``found`` those that the plan compares; when none of them is there, the last one."""
    plan, present = evaluation.plan, [wave for wave in evaluation.waves if wave in set(found)]
    return tuple(wave for wave in dict.fromkeys((plan.from_wave, plan.to_wave)) if wave in present) or tuple(present[-1:])


def floats(values: pd.Series) -> pd.Series:
    """Return ``values`` as plain floats, NaN for what is missing."""
    return values.astype("Float64").astype("float64")


def rows_of(table: pd.DataFrame, units: Sequence[str]) -> pd.DataFrame:
    """Return the rows of ``units``, in their order, with plain numbers."""
    chosen = table[table["alliance"].isin(list(units))]
    numeric = [name for name in chosen.columns if pd.api.types.is_numeric_dtype(chosen[name]) and not pd.api.types.is_bool_dtype(chosen[name])]
    plain = chosen.assign(**{name: floats(chosen[name]) for name in numeric})
    rank = {unit: place for place, unit in enumerate(units)}
    return plain.assign(_rank=plain["alliance"].map(rank).astype(int)).sort_values("_rank", kind="stable").drop(columns="_rank").reset_index(drop=True)
