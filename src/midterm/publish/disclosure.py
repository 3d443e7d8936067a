"""Small numbers stay inside: in, tables; out, the same tables with every result on too few persons blanked and flagged.

Three rules, over all tables together: a result on fewer persons than the audience's minimum is blank (flag ``small_n``); of an answer of a
special category neither 0 % nor 100 % is told; and what could be found by subtraction from the total is blank too (both ``withheld``, so
that the flag does not tell which). Source of the terms: Hundepool et al. 2012, Statistical Disclosure Control (primary and
secondary suppression of magnitude and frequency tables).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
import pandas as pd

from midterm.description.codebook import MissingKind
from midterm.description.evaluation import Evaluation
from midterm.measure.survey_targets import PERSONS
from midterm.tables import shaped, stack

SMALL, WITHHELD = "small_n", "withheld"
ALL, AVERAGE = "all", "average"
POOLED = "(other)"  # no item can be called so
# What is told of a blank row by these flags would be the answer itself.
TELLING = ("no_variance", "no_error", "no_events_in_one_wave", "separation", "no_disagreement")
LEVELS = ("mean", "share", "count")
LEVEL = ["estimate", "std_error", "ci_low", "ci_high"]
ATTAINMENT = ["baseline", "actual", "attainment", "expected"]
CHANGE = [*LEVEL, "df", "p_value", "p_adjusted", "effect_size", "effect_low", "effect_high", "equivalence_p", "minimal_detectable", "shrunken"]
RESPONSE = ["complete", "partial", "usable", "rate"]
BEFORE = ("stayers_before", "leavers_before", *(f"leavers_{name}" for name in ("gap", "std_error", "df", "ci_low", "ci_high", "p_value")))
AFTER = ("stayers_after", "entrants_after", *(f"entrants_{name}" for name in ("gap", "std_error", "df", "ci_low", "ci_high", "p_value")))
PARTS = ("change_of_stayers", "from_leavers", "from_entrants")

Key = tuple[str, ...]
Reasons = dict[Key, str]


class Published(dict[str, pd.DataFrame]):
    """Tables as they may be shown; only ``publishable`` makes them, and figures, texts and pages take nothing else."""


def publishable(tables: Mapping[str, pd.DataFrame], evaluation: Evaluation) -> Published:
    """Return ``tables`` fit for the evaluation's audience: numbers that may not be shown are empty, with a flag where there is one.

    Give all tables of all alliances at once: what follows from a total is seen only beside it. Verdicts of blanked changes become
    ``described_only``, statuses of blanked targets ``not_computable``; answers to open numbers, each one person's own, are left out.
    """
    rules = _Rules(evaluation, tables.get("indicators"))
    blank: dict[str, Callable[[_Rules, pd.DataFrame], pd.DataFrame]] = {
        "response": _response,
        "answers": _answers,
        "combinations": _combinations,
        "indicators": _indicators,
        "change": _change,
        "checks": _change,
        "attrition": _attrition,
        "attainment": _attainment,
    }
    return Published({name: shaped(name, blank[name](rules, table)) if name in blank and len(table) else table for name, table in tables.items()})


def hidden_counts(tables: Published) -> pd.DataFrame:
    """Return how many rows of each table are blank, by the reason that their flag tells."""
    flags = {name: table["flag"].fillna("").str.split("; ") for name, table in tables.items() if "flag" in table}
    counts = {name: {reason: int(found.map(lambda own, reason=reason: reason in own).sum()) for reason in (SMALL, WITHHELD)} for name, found in flags.items()}
    return pd.DataFrame.from_dict(counts, orient="index").rename_axis("table").sort_index()


@dataclass(frozen=True)
class _Rules:
    """What is hidden and why, found once from the levels of the survey, for every table that could tell it."""

    evaluation: Evaluation
    indicators: pd.DataFrame | None

    @property
    def minimum(self) -> int:
        return self.evaluation.minimum

    @cached_property
    def special(self) -> set[str]:
        """The indicators of which 0 % or 100 % would tell everybody's answer."""
        codebook = self.evaluation.codebook
        blocks = {block.id for block in codebook.blocks if block.special_category}
        items = {item.id for item in codebook.items if item.block in blocks}
        return {one.id for one in self.evaluation.indicators if items & set(one.items)}

    @cached_property
    def levels(self) -> Reasons:
        """Why the level of an alliance in a wave is hidden: (alliance, wave, indicator)."""
        if self.indicators is None:
            return {}
        table = self.indicators
        rows = table[(table["source"] == "survey") & table["statistic"].isin(LEVELS) & table["n"].notna()]
        is_whole = rows["indicator"].isin(self.special) & (rows["estimate"].isin([0.0]) | ((rows["statistic"] == "share") & rows["estimate"].isin([1.0])))
        reasons = np.where(rows["n"] < self.minimum, SMALL, np.where(is_whole, WITHHELD, ""))
        return complemented(_cells(rows, ("wave", "indicator"), rows["n"], reasons), self.minimum)

    @cached_property
    def item_levels(self) -> set[Key]:
        """The items whose answers would tell a hidden level: (alliance, wave, item)."""
        items = {one.id: one.items for one in self.evaluation.indicators}
        return {(alliance, wave, item) for alliance, wave, name in self.levels for item in items.get(name, ())}

    def wave_of(self, year: int) -> str:
        """Return the wave whose reports are of ``year``; empty where there is none."""
        return next((wave.id for wave in self.evaluation.file.waves if wave.year == year), "")

    def baseline_of(self, indicator_id: str) -> str:
        """Return the wave in which a survey target's baseline was measured."""
        target = next((one.target for one in self.evaluation.indicators if one.id == indicator_id), None)
        return self.wave_of(target.baseline_year) if target and target.baseline_year else self.evaluation.plan.from_wave

    def why(self, alliances: Iterable[str], waves: Iterable[str], indicators: Iterable[str]) -> list[str]:
        """Return for each place why its level is hidden; empty where it is shown."""
        return [self.levels.get(key, "") for key in zip(alliances, waves, indicators, strict=True)]


@dataclass(frozen=True)
class _Cell:
    """A number of one alliance (or all), what it is of, on how many persons it rests, and why it is hidden (empty: shown)."""

    alliance: str
    key: Key
    n: int
    reason: str


def _cells(table: pd.DataFrame, key: tuple[str, ...], n: pd.Series, reasons: Iterable[str]) -> list[_Cell]:
    """Return the numbers of ``table`` that somebody stands behind."""
    keys = zip(*(table[name] for name in key), strict=True)
    rows = zip(table["alliance"], keys, n.astype("Float64").fillna(0), reasons, strict=True)
    return [_Cell(alliance, of, int(persons), reason) for alliance, of, persons, reason in rows if persons > 0]


def complemented(cells: Iterable[_Cell], minimum: int) -> Reasons:
    """Return why each of ``cells`` is hidden, those added that could be found as the total less what is shown.

    Where the total is shown, at least two alliances are hidden, together at least ``minimum`` persons; the smallest are
    added first. Source: Hundepool et al. 2012, section 4.3 (secondary suppression).
    """
    groups: dict[Key, list[_Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.key, []).append(cell)
    reasons: Reasons = {}
    for key, group in groups.items():
        hidden = {cell.alliance: cell for cell in group if cell.reason}
        reasons |= {(name, *key): cell.reason for name, cell in hidden.items()}
        if not hidden or ALL in hidden or not any(cell.alliance == ALL for cell in group):
            continue
        shown = sorted((cell for cell in group if cell.alliance not in {*hidden, ALL}), key=lambda cell: (cell.n, cell.alliance))
        while shown and (len(hidden) < 2 or sum(cell.n for cell in hidden.values()) < minimum):
            added = shown.pop(0)
            hidden[added.alliance] = added
            reasons[(added.alliance, *key)] = WITHHELD
    return reasons


def _indicators(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    is_survey, is_target = table["source"] == "survey", table["statistic"] == "attainment"
    n = table["n"].astype("Float64").mask(is_target & (_persons(table) < table["n"]), _persons(table)).where(is_survey, rules.minimum)
    own = pd.Series(rules.why(table["alliance"], table["wave"], table["indicator"]), index=table.index)
    start = pd.Series(rules.why(table["alliance"], map(rules.baseline_of, table["indicator"]), table["indicator"]), index=table.index)
    reasons = own.mask((own == "") & is_target, start).where(is_survey, "")
    return _blanked(table, n, rules.minimum, reasons, LEVEL)


def _change(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    n = table[["n_from", "n_to"]].min(axis=1, skipna=False)
    first, last = (pd.Series(rules.why(table["alliance"], table[wave], table["indicator"]), index=table.index) for wave in ("from_wave", "to_wave"))
    reasons = first.mask(first == "", last)
    is_blank = (n.fillna(0) < rules.minimum) | (reasons != "")
    verdict = table["verdict"].mask(is_blank & table["verdict"].notna(), "described_only")
    return _blanked(table, n, rules.minimum, reasons, CHANGE).assign(verdict=verdict)


def _attainment(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    """Blank targets of the survey, whose rows say by a flag how many persons they rest on; those of the framework are the alliance's own."""
    n, names = _persons(table), table["indicator_id"]
    first, last = (
        pd.Series(rules.why(table["alliance"], waves, names), index=table.index) for waves in (map(rules.baseline_of, names), map(rules.wave_of, table["year"]))
    )
    reasons = first.mask(first == "", last).where(n.notna(), "")
    is_blank = (n.fillna(rules.minimum) < rules.minimum) | (reasons != "")
    return _blanked(table, n.fillna(rules.minimum), rules.minimum, reasons, ATTAINMENT).assign(status=table["status"].mask(is_blank, "not_computable"))


def _persons(table: pd.DataFrame) -> pd.Series:
    """Return how many persons a target's attainment rests on, in the smaller of its two waves; empty for rows of the framework."""
    return pd.to_numeric(table["flag"].fillna("").str.extract(rf"{PERSONS}: (\d+)", expand=False)).astype("Float64")


def _response(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    """Blank who answered where fewer than the minimum were invited; how many were invited is the register's."""
    few = np.where(table["invited"].fillna(0) < rules.minimum, SMALL, "")
    is_hidden = _are_in(complemented(_cells(table, ("wave",), table["invited"], few), rules.minimum), table, "wave")
    return table.assign(**{name: table[name].mask(is_hidden) for name in RESPONSE})


def _answers(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    """Blank the counts of an item that too few answered, or that would tell a hidden level."""
    codebook = rules.evaluation.codebook
    closed = {item.id for item in codebook.items if codebook.scales[item.scale].answers}
    kept = table[table["item"].isin(closed)]
    given = kept[~kept["answer"].isin(get_args(MissingKind))].groupby(["alliance", "wave", "item"])["n"].sum().reset_index()
    few = np.where(given["n"] < rules.minimum, SMALL, "")
    hidden = {*complemented(_cells(given, ("wave", "item"), given["n"], few), rules.minimum), *rules.item_levels}
    return kept.assign(n=kept["n"].mask(_are_in(hidden, kept, "wave", "item") | (kept["n_usable"] < rules.minimum)))


def _combinations(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    """Put combinations of fewer than the minimum in one row per block and wave; leave out what is too small as a whole."""
    return stack("combinations", [_pooled(group, rules.minimum) for _, group in table.groupby(["alliance", "wave", "block"])])


def _pooled(group: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Pool the smallest combinations of one block and wave: all that are too small, and more until they are enough together."""
    ranked = group.sort_values(["n", "combination"], kind="stable", ignore_index=True)
    together = ranked["n"].cumsum()
    count = int((ranked["n"] < minimum).sum())
    while 0 < count < len(ranked) and together[count - 1] < minimum:
        count += 1
    if count == 0:
        return ranked
    rest = ranked.iloc[:1].assign(combination=POOLED, n=together[count - 1])
    return pd.concat([rest, ranked.iloc[count:]]) if together[count - 1] >= minimum else ranked.iloc[:0]


def _attrition(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    """Blank the means of both groups of a wave where one of them is too small, as it follows from the other and the level."""
    plan, names = rules.evaluation.plan, (table["alliance"], table["indicator"])
    ends = {"before": plan.from_wave, "after": plan.to_wave}
    levels = {place: np.array(rules.why(names[0], [wave] * len(table), names[1])) != "" for place, wave in ends.items()}
    few = {name: (table[name].fillna(0) > 0) & (table[name].fillna(0) < rules.minimum) for name in ("n_stayers", "n_leavers", "n_entrants")}
    blank = {}
    for place, others in (("before", "n_leavers"), ("after", "n_entrants")):
        first = few["n_stayers"] | few[others] | levels[place]
        cells = _cells(table, ("indicator",), table["n_stayers"], np.where(first, SMALL, ""))
        blank[place] = first | _are_in(complemented(cells, rules.minimum), table, "indicator")
    either = blank["before"] | blank["after"]
    columns = ((BEFORE, blank["before"]), (AFTER, blank["after"]), (PARTS, either), (("change",), levels["before"] | levels["after"]))
    masked = {name: table[name].mask(is_blank) for group, is_blank in columns for name in group}
    return table.assign(**masked, flag=_flagged(table["flag"], either, pd.Series(SMALL, index=table.index)))


def _are_in(keys: Collection[Key], table: pd.DataFrame, *columns: str) -> pd.Series:
    """Tell of each row whether its alliance and ``columns`` are among ``keys``."""
    found = [key in keys for key in zip(table["alliance"], *(table[name] for name in columns), strict=True)]
    return pd.Series(found, index=table.index, dtype=bool)


def _blanked(table: pd.DataFrame, n: pd.Series, minimum: int, hidden: pd.Series, columns: list[str]) -> pd.DataFrame:
    """Empty ``columns`` where ``n`` is below ``minimum`` or unknown, or a reason is ``hidden``; the flag is for groups that exist."""
    small = n.fillna(0).astype(float) < minimum
    is_flagged = (small & (n.fillna(1).astype(float) > 0)) | (hidden != "")
    reasons = hidden.mask(small, SMALL).mask(hidden == WITHHELD, WITHHELD)
    return table.assign(**{column: table[column].mask(small | (hidden != ""), np.nan) for column in columns}, flag=_flagged(table["flag"], is_flagged, reasons))


def _flagged(flags: pd.Series, is_flagged: pd.Series, reasons: pd.Series) -> pd.Series:
    """Add the reason to the flags of blanked rows, and take from them what would tell the answer."""
    kept = flags.fillna("").map(lambda text: "; ".join(flag for flag in text.split("; ") if flag and flag.partition(":")[0] not in TELLING))
    joined = kept.where(kept == "", kept + "; ") + reasons
    return flags.mask(is_flagged, joined)
