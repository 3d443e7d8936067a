"""Small numbers stay inside: in, tables; out, the same tables with every result on too few persons blanked and flagged.

Three rules, over all tables together: a result on fewer persons than the audience's minimum is blank (flag ``small_n``); of an answer of a
special category no alliance's level is told in a wave in which it is 0 % or 100 % in any of them (to hide that one alone would tell which it
is); and what could be found from what is shown, by subtraction from the total or from the parts of a scale, is blank too (both ``withheld``).
Source of the terms: Hundepool et al. 2012, Statistical Disclosure Control (primary and secondary suppression).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import get_args

import numpy as np
import pandas as pd

from midterm.description.codebook import MissingKind
from midterm.description.evaluation import Evaluation
from midterm.measure.survey_targets import PERSONS
from midterm.publish.suppression import SMALL, WITHHELD, Cell, Key, Reasons, cells_of, complemented, everywhere
from midterm.tables import ALL, AVERAGE, shaped, stack

POOLED = "(other)"  # no item can be called so
# What a blank row may still say of itself; any other flag could be found from the answers only, and would tell of them.
HARMLESS = (
    *("few_df", "low_power", "exploratory", "definition_changed", "from_survey", "milestone_is_a_level", "shared_organisations", "alliances_left_out"),
    *("too_small_to_test", "described_only", "added_after_seal", "dropped_after_seal", "changed_after_seal", "sealed_after_data", "plan_not_sealed"),
    *("one_organisation", "persons", "stayers_only", "level_of_one_wave"),
)
UNTESTED = "T0"
RESTING_ON_ALL = ("prediction_interval", "alliance_terms")  # checks that weigh the alliances' own changes
LEVELS = ("mean", "share", "count")
LEVEL = ["estimate", "std_error", "ci_low", "ci_high"]
ATTAINMENT = ["baseline", "actual", "attainment", "expected"]
CHANGE = [*LEVEL, "df", "p_value", "p_adjusted", "effect_size", "effect_low", "effect_high", "equivalence_p", "minimal_detectable", "shrunken"]
RESPONSE = ["complete", "partial", "usable", "rate"]
GROUPS = ("n_stayers", "n_leavers", "n_entrants")
MEANS = (
    *("stayers_before", "leavers_before", "stayers_after", "entrants_after", "change_of_stayers", "from_leavers", "from_entrants"),
    *(f"{group}_{name}" for group in ("leavers", "entrants") for name in ("gap", "std_error", "df", "ci_low", "ci_high", "p_value")),
)


class Published(dict[str, pd.DataFrame]):
    """Tables as they may be shown; only ``publishable`` makes them, and figures, texts and pages take nothing else."""


def publishable(tables: Mapping[str, pd.DataFrame], evaluation: Evaluation) -> Published:
    """Return ``tables`` fit for the evaluation's audience: numbers that may not be shown are empty, with a flag where there is one.

    Give all tables of all alliances at once: what follows from a total is seen only beside it. Verdicts of blanked changes become
    ``described_only``, statuses of blanked targets ``not_computable``; answers to open numbers, each one person's own, are left out.
    """
    rules = _Rules(evaluation, tables.get("indicators"), tables.get("change"))
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
    shown = {name: shaped(name, blank[name](rules, table)) if name in blank and len(table) else table for name, table in tables.items()}
    if "change" in shown and "checks" in shown:
        shown["change"] = _recounted(shown["change"], shown["checks"])
    return Published(shown)


def _recounted(change: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Take from a change how many choices agree with it where some of them are blank: the count would tell of them."""
    curve = checks[checks["method"].str.startswith("specification") & checks["flag"].fillna("").str.contains(f"{SMALL}|{WITHHELD}")]
    blank = set(zip(curve["alliance"], curve["indicator"], strict=True))
    is_told = [key in blank for key in zip(change["alliance"], change["indicator"], strict=True)]
    without = change["flag"].str.replace(r"(?:; )?specifications: [^;]*", "", regex=True).str.removeprefix("; ")
    return change.assign(flag=change["flag"].mask(pd.Series(is_told, index=change.index), without))


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
    changes: pd.DataFrame | None

    @property
    def minimum(self) -> int:
        return self.evaluation.minimum

    @cached_property
    def special(self) -> set[str]:
        """The indicators of which 0 % or 100 % would tell everybody's answer."""
        return {one.id for one in self.evaluation.indicators if self.special_items & set(one.items)}

    @cached_property
    def special_items(self) -> set[str]:
        """The questions of a special category."""
        codebook = self.evaluation.codebook
        blocks = {block.id for block in codebook.blocks if block.special_category}
        return {item.id for item in codebook.items if item.block in blocks}

    @cached_property
    def levels(self) -> Reasons:
        """Why the level of an alliance in a wave is hidden: (alliance, wave, indicator)."""
        if self.indicators is None:
            return {}
        table = self.indicators
        rows = table[(table["source"] == "survey") & table["statistic"].isin(LEVELS) & table["n"].notna()]
        reasons = np.where(rows["n"] < self.minimum, SMALL, np.where(self._whole(rows), WITHHELD, ""))
        cells = cells_of(rows, ("wave", "indicator"), rows["n"], reasons)
        first = complemented(everywhere(cells), self.minimum)
        return complemented([replace(cell, reason=self._nested(cell, first)) for cell in cells], self.minimum)

    def _whole(self, rows: pd.DataFrame) -> pd.Series:
        """Tell of each row of a special category whether all answered alike, or nobody did."""
        codebook = self.evaluation.codebook
        scales = {one.id: codebook.scale_of(one.items[0]) for one in self.evaluation.indicators if one.statistic == "mean"}
        ends = {name: (scale.low, scale.high) for name, scale in scales.items()}
        low, high = ([ends.get(name, (0.0, 1.0))[at] for name in rows["indicator"]] for at in (0, 1))
        return rows["indicator"].isin(self.special) & (
            np.isclose(rows["estimate"], low) | (np.isclose(rows["estimate"], high) & (rows["statistic"] != "count"))
        )

    def _nested(self, cell: Cell, first: Reasons) -> str:
        """Return why a level is hidden, also where it would tell the one part of it that is."""
        reason = first.get((cell.alliance, *cell.key), "")
        parts = [(cell.alliance, cell.key[0], part) for part in self._parts.get(cell.key[1], ())]
        return reason or (WITHHELD if sum(part in first for part in parts) == 1 else "")

    @cached_property
    def _parts(self) -> dict[str, list[str]]:
        """The indicators that another one is made of."""
        items = {one.id: set(one.items) for one in self.evaluation.indicators if one.statistic == "mean"}
        return {whole: [part for part in items if items[part] < items[whole]] for whole in items}

    @cached_property
    def item_levels(self) -> set[Key]:
        """The items whose answers would tell a hidden level: (alliance, wave, item)."""
        items = {one.id: one.items for one in self.evaluation.indicators}
        return {(alliance, wave, item) for alliance, wave, name in self.levels for item in items.get(name, ())}

    def change(self, table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        """Return for each row of ``change`` or ``checks`` the persons of its smaller wave, and why one of its levels is hidden."""
        first, last = (pd.Series(self.why(table["alliance"], table[wave], table["indicator"]), index=table.index) for wave in ("from_wave", "to_wave"))
        return table[["n_from", "n_to"]].min(axis=1, skipna=False), first.mask(first == "", last)

    @cached_property
    def weighed_and_hidden(self) -> set[str]:
        """The indicators of which an alliance's change is hidden that the average over alliances was made of."""
        if self.changes is None:
            return set()
        n, reasons = self.change(self.changes)
        is_blank = (n.fillna(0) > 0) & ((n.fillna(0) < self.minimum) | (reasons != ""))
        is_weighed = ~self.changes["alliance"].isin([ALL, AVERAGE]) & (self.changes["tier"].fillna("") != UNTESTED)
        return set(self.changes.loc[is_blank & is_weighed, "indicator"])

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


def _indicators(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    is_survey, is_target = table["source"] == "survey", table["statistic"] == "attainment"
    n = table["n"].astype("Float64").mask(is_target & (_persons(table) < table["n"]), _persons(table)).where(is_survey, rules.minimum)
    own = pd.Series(rules.why(table["alliance"], table["wave"], table["indicator"]), index=table.index)
    start = pd.Series(rules.why(table["alliance"], map(rules.baseline_of, table["indicator"]), table["indicator"]), index=table.index)
    reasons = own.mask((own == "") & is_target, start).where(is_survey, "")
    return _blanked(table, n, rules.minimum, reasons, LEVEL)


def _change(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    """Blank changes, and where one that was weighed into the average is blank also the average and what was drawn to it."""
    n, reasons = rules.change(table)
    is_telling = table["indicator"].isin(rules.weighed_and_hidden)
    is_weighed = is_telling & ((table["alliance"] == AVERAGE) | table["method"].isin(RESTING_ON_ALL))
    reasons = reasons.mask(is_weighed, WITHHELD)
    is_blank = (n.fillna(0) < rules.minimum) | (reasons != "")
    blanked = _blanked(table, n.mask(is_weighed, rules.minimum), rules.minimum, reasons, CHANGE)
    verdict = table["verdict"].mask(is_blank & table["verdict"].notna(), "described_only")
    return blanked.assign(verdict=verdict, shrunken=blanked["shrunken"].mask(is_telling))


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
    is_hidden = _are_in(complemented(cells_of(table, ("wave",), table["invited"], few), rules.minimum), table, "wave")
    return table.assign(**{name: table[name].mask(is_hidden) for name in RESPONSE})


def _answers(rules: _Rules, table: pd.DataFrame) -> pd.DataFrame:
    """Blank the counts of an item that too few answered, or that would tell a hidden level."""
    codebook = rules.evaluation.codebook
    closed = {item.id for item in codebook.items if codebook.scales[item.scale].answers}
    kept = table[table["item"].isin(closed)]
    given = kept[~kept["answer"].isin(get_args(MissingKind))].groupby(["alliance", "wave", "item"])["n"].agg(n="sum", most="max").reset_index()
    is_alike = given["item"].isin(rules.special_items) & (given["most"] == given["n"])
    reasons = np.where(given["n"] < rules.minimum, SMALL, np.where(is_alike, WITHHELD, ""))
    cells = everywhere(cells_of(given, ("wave", "item"), given["n"], reasons))
    hidden = {*complemented(cells, rules.minimum), *rules.item_levels}
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
    """Blank the means of all groups where one of them is too small, as it follows from the others and the levels.

    How many stayed, left and came is blank too where a wave as a whole is too small.
    """
    counts = {name: table[name].astype("Float64").fillna(0) for name in GROUPS}
    few = pd.concat([(n > 0) & (n < rules.minimum) for n in counts.values()], axis=1).any(axis=1)
    ends = [rules.why(table["alliance"], [wave] * len(table), table["indicator"]) for wave in (rules.evaluation.plan.from_wave, rules.evaluation.plan.to_wave)]
    is_level = pd.Series([bool(first or last) for first, last in zip(*ends, strict=True)], index=table.index)
    first = few | is_level
    hidden = {key for n in counts.values() for key in complemented(cells_of(table, ("indicator",), n, np.where(first, SMALL, "")), rules.minimum)}
    is_blank = first | _are_in(hidden, table, "indicator")
    totals = [counts["n_stayers"] + counts["n_leavers"], counts["n_stayers"] + counts["n_entrants"]]
    is_tiny = (totals[0] < rules.minimum) | (totals[1] < rules.minimum)
    columns = ((MEANS, is_blank), (("change",), is_level | is_tiny), (GROUPS, is_tiny & (totals[0] + totals[1] > 0)))
    masked = {name: table[name].mask(blank.astype(bool)) for group, blank in columns for name in group}
    return table.assign(**masked, flag=_flagged(table["flag"], is_blank, pd.Series(np.where(few, SMALL, WITHHELD), index=table.index)))


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
    """Add the reason to the flags of blanked rows, and keep of the others what tells nothing of the answers."""
    kept = flags.fillna("").map(lambda text: "; ".join(flag for flag in text.split("; ") if re.split(r"[: ]", flag)[0] in HARMLESS))
    joined = kept.where(kept == "", kept + "; ") + reasons
    return flags.mask(is_flagged, joined)
