"""Do the methods keep their promises? In, designs with a known true change; out, how often each method is wrong or right about it.

``make calibrate`` draws evaluations of 3 to 10 organisations (and 40 pooled) again and again, with no change and with a change
of .4 points, applies the primary comparison and every row of the registry, and writes ``docs/calibration.csv``: the false
alarms at a nominal 5 %, the coverage of the 95 % intervals, and the power. Columns of one table are the replicates, so that the
very functions of the package are measured. The report of what was found is ``docs/calibration.md``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from calibrate_measurement import Sample, measured_sample, samples
from midterm.compare.alliances import random_effects
from midterm.compare.attrition import stayers_table
from midterm.compare.change import equivalence
from midterm.compare.primary import primary
from midterm.compare.registry import CHECKS, LEVELS, PRIMARY, Check
from midterm.compare.result import Result, Settings, t_result
from midterm.compare.specifications import Specification, specifications
from midterm.compare.two_waves import Kind, Outcome, TwoWaves
from midterm.description import load_evaluation
from midterm.judge.verdict import judge
from midterm.measure.clustered import clustered_mean, share_interval
from midterm.measure.targets import attained, wave_means
from midterm.measure.tiers import tier_of
from midterm.tables import shaped

Floats = NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "calibration.csv"
SEED, LEVEL, ALPHA = 20250401, 0.95, 0.05
SD, CHANGE = 0.9, 0.4
EXPOSURE, EVENTS = (0.5, 1.0), 1.5
MANY, SOME, FEW, POOLED = 10_000, 2_000, 800, 40
TIE = 1e-9
NO_EFFECT = {"odds_ratio": 1.0, "rate_ratio": 1.0, "odds_of_change_upwards": 1.0, "probability_better": 0.5}  # 0 of the other effects
DRAWS = 499
PLANNED, VERDICTS = 4, 16
DEAR = {"multiply_imputed": FEW, "mixed_model": FEW, "cumulative_logit": FEW, "gee": FEW, "alliance_terms": FEW, "mann_whitney": SOME // 2}
CUTS = np.array([-1.9, -1.2, -0.6, 0.4])  # of a standard normal: a skewed five-point item, a third gives the highest answer
SHIFTS = (-0.3, -0.1, 0.1, 0.3)  # a mean is of four such items, some agreed with more easily
YES = 0.5  # above this cut a person says yes: some 31 %
MARGIN, BETWEEN = 0.3, 0.15  # latent points: the margin of equivalence, the SD of the changes of alliances


What = Literal["primary", "checks", "specifications", "pooled", "average", "levels", "descriptive", "verdict", "measurement"]


@dataclass(frozen=True)
class Design:
    """One way that an evaluation can be: what is measured, organisations, persons a wave, ICC of organisations, SD of their own change."""

    kind: Kind
    organisations: int
    n: int
    icc: float
    own_change: float

    @property
    def seed(self) -> int:
        """A seed of its own, the same each time."""
        return crc32(repr(self).encode()) + SEED


Job = tuple[What, Design | Sample, float]


def main() -> None:
    """Measure all designs side by side and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the replicates (a quick look)")
    share = parser.parse_args().share
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    jobs: list[Job] = [(what, design, share) for what, design in plan()]
    jobs += [("measurement", sample, share) for sample in samples()]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as executor:
        found = []
        for done, rows in enumerate(executor.map(measured, jobs), 1):
            found += rows
            print(f"{done} of {len(jobs)} designs measured", file=sys.stderr)
    table = pd.DataFrame(found).sort_values(["method", "kind", "case", "organisations", "n", "icc", "own_change"], kind="stable")
    table.round(4).to_csv(TABLE, index=False, lineterminator="\n")


def plan() -> Iterator[tuple[What, Design]]:
    """Give what is measured in which design."""
    for organisations in (3, 5, 8, 10):
        for n in (10, 30, 60):
            for icc in (0.0, 0.1, 0.3):
                for own_change in (0.0, 0.25):
                    for kind in PRIMARY:
                        yield "primary", Design(kind, organisations, n, icc, own_change)
    for organisations, n in ((3, 20), (5, 30), (8, 48), (10, 60)):
        for icc, own_change in ((0.0, 0.0), (0.1, 0.0), (0.1, 0.25), (0.3, 0.25)):
            for kind in PRIMARY:
                yield "checks", Design(kind, organisations, n, icc, own_change)
                yield "specifications", Design(kind, organisations, n, icc, own_change)
            if organisations > 3:  # with three nothing is tested
                yield "verdict", Design("mean", organisations, n, icc, own_change)
    for own_change in (0.0, 0.25):
        for kind in PRIMARY:
            yield "pooled", Design(kind, POOLED, 320, 0.1, own_change)
            yield "average", Design(kind, 8, 48, 0.1, own_change)
            yield "average", Design(kind, 5, 30, 0.1, own_change)
    for organisations, n in ((3, 20), (8, 48)):
        for icc in (0.0, 0.1, 0.3):
            for kind in ("share", "count", "mean"):
                yield "levels", Design(kind, organisations, n, icc, 0.0)
                yield "descriptive", Design(kind, organisations, n, icc, 0.25)


def measured(job: Job) -> list[dict[str, object]]:
    """Return the rows of one design."""
    what, design, share = job
    if isinstance(design, Sample):
        return measured_sample(design, share)
    settings = Settings(LEVEL, draws=DRAWS, seed=SEED)
    rows = []
    if what == "primary":
        count = int(MANY * share)
        nothing, change = drawn(design, 0.0, count), drawn(design, CHANGE, count)
        function = PRIMARY[design.kind][1]
        none, some = function(nothing, settings), function(change, settings)
        rows.append(_row(design, "primary", count, none, some, true_change(design, 0.0), true_change(design, CHANGE)))
        rows.append(_equivalence_row(design, count, settings))
        rows += [_attainment_row(design, count)] if design.kind == "mean" else []
    elif what in ("checks", "pooled"):
        fitting = [check for check in CHECKS if design.kind in check.kinds and check.estimand == "process" and (check.scope == "any" or what == "pooled")]
        rows += [_check_row(design, check, share, settings) for check in fitting]
        if what == "pooled":
            count = int(SOME * share)
            none, some = (PRIMARY[design.kind][1](drawn(design, change, count), settings) for change in (0.0, CHANGE))
            rows.append(_row(design, "primary", count, none, some, true_change(design, 0.0), true_change(design, CHANGE)))
    elif what == "verdict":
        rows += _verdict_rows(design, int(FEW * share / 2), settings)
    elif what == "average":
        rows += _average_rows(design, int(SOME * share), settings)
    elif what == "levels":
        rows += _level_rows(design, int(SOME * share), settings)
    elif what == "specifications":
        rows += _specification_rows(design, int(SOME * share), settings) + _attrition_rows(design, int(SOME * share), settings)
    else:
        rows += _descriptive_rows(design, int(SOME * share), settings)
    return rows


def _check_row(design: Design, check: Check, share: float, settings: Settings) -> dict[str, object]:
    count = max(int(DEAR.get(check.method, SOME) * share * (0.5 if design.organisations >= POOLED else 1)), 20)
    results = []
    for change in (0.0, CHANGE):
        data = drawn(design, change, count)
        results.append(check.function(data, settings).where(check.valid.holds(data)))
    return _row(design, check.method, count, *results, true_change(design, 0.0), true_change(design, CHANGE))


# What is drawn


def drawn(design: Design, change: float, replicates: int) -> TwoWaves:
    """Return ``replicates`` evaluations as columns: unequal organisations, half of the persons linked, a true change on average.

    Latent scores have SD .9: organisation (its share is the ICC), person and occasion alike; organisations' own change is
    normal around ``change``, and as a whole the last wave spreads as the first. An item is cut into five skewed answers, a mean is of
    four such items, a share is cut into two; a count is Poisson with the latent score in its log rate and exposure of half a
    year or a whole.
    """
    random = np.random.default_rng([design.seed, int(change * 1000)])
    organisation, person, is_after = _persons(design)
    latent = _latent(design, change, random, (organisation, person, is_after), replicates)
    exposure = np.ones_like(latent)
    if design.kind == "count":
        exposure = random.choice(EXPOSURE, size=latent.shape)
    y = _answers(design.kind, latent, exposure, random)
    low, high = {"mean": (1.0, 5.0), "item": (1.0, 5.0), "share": (0.0, 1.0), "count": (0.0, np.inf)}[design.kind]
    outcome = Outcome(design.kind, design.kind, low, high)
    strata = organisation % 8 if design.organisations >= POOLED else np.zeros_like(organisation)
    people = np.bincount(organisation[~is_after], minlength=design.organisations) * 2.0
    return TwoWaves(y, is_after, organisation, person, strata, exposure, np.tile(people, (2, 1)), (outcome,) * replicates)


def _persons(design: Design) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Return organisation and person of every row: organisations from half to one and a half times the mean size, half linked."""
    shares = np.linspace(1.5, 0.5, design.organisations)
    sizes = np.maximum(np.round(shares / shares.sum() * design.n), 1).astype(int)
    first = np.repeat(np.arange(design.organisations), sizes)
    place = np.concatenate([np.arange(size) for size in sizes])
    is_linked = place % 2 == 0
    persons = np.arange(len(first))
    later = np.where(is_linked, persons, persons + len(first))
    both = np.concatenate([persons, later])
    return np.concatenate([first, first]), both, np.repeat([False, True], len(first))


def _latent(design: Design, change: float, random: np.random.Generator, who: tuple[Any, Any, Any], replicates: int) -> Floats:
    organisation, person, is_after = who
    between, within = SD * np.sqrt(design.icc), SD * np.sqrt((1 - design.icc) / 2)
    level = random.normal(0, between, (design.organisations, replicates)) if between else np.zeros((design.organisations, replicates))
    own = random.normal(0, design.own_change, (design.organisations, replicates)) if design.own_change else np.zeros((design.organisations, replicates))
    persons = random.normal(0, within, (int(person.max()) + 1, replicates))
    later = np.sqrt(within**2 - design.own_change**2)  # so that the last wave as a whole spreads as the first
    occasion = random.normal(0, 1, (len(person), replicates)) * np.where(is_after, later, within)[:, None]
    latent: Floats = level[organisation] + (change + own[organisation]) * is_after[:, None] + persons[person] + occasion
    return latent


def _answers(kind: Kind, latent: Floats, exposure: Floats, random: np.random.Generator) -> Floats:
    if kind == "mean":
        return np.mean([1.0 + np.searchsorted((CUTS + shift) * SD, latent) for shift in SHIFTS], axis=0)
    if kind == "item":
        return np.asarray(1.0 + np.searchsorted(CUTS * SD, latent))
    if kind == "share":
        return np.asarray((latent > YES * SD).astype(float))
    return np.asarray(random.poisson(exposure * EVENTS * np.exp(0.5 * latent)).astype(float))


def true_change(design: Design, change: float) -> float:
    """Return the true change on the scale of what is measured: of expected answers, by the normal distribution of the latent score."""
    return _expected(design.kind, change) - _expected(design.kind, 0.0)


def _expected(kind: Kind, change: float) -> float:
    if kind == "count":
        return float(EVENTS * np.exp(0.125 * SD**2 + 0.5 * change))
    if kind == "share":
        return float(stats.norm.sf(YES * SD, change, SD))
    shifts = SHIFTS if kind == "mean" else (0.0,)
    return 1 + float(np.mean([stats.norm.sf((CUTS + shift) * SD, change, SD).sum() for shift in shifts]))


# What is counted


def _row(design: Design, method: str, count: int, none: Result, some: Result, truth: float, truth_changed: float) -> dict[str, object]:
    """Return the rates of one method in one design."""
    p_none, p_some = (result.columns()["p_value"] for result in (none, some))
    tested = ~np.isnan(p_none)
    return {
        "method": method,
        "kind": design.kind,
        "case": "",
        "organisations": design.organisations,
        "n": design.n,
        "icc": design.icc,
        "own_change": design.own_change,
        "replicates": count,
        "tested": float(tested.mean()),
        "false_alarms": float((p_none[tested] < ALPHA).mean()) if tested.any() else np.nan,
        "coverage": _coverage(none, truth),
        "coverage_of_change": _coverage(some, truth_changed),
        "coverage_of_no_effect": _coverage(none, NO_EFFECT.get(none.effect_name, 0.0), "effect_low", "effect_high"),
        "power": float((p_some[~np.isnan(p_some)] < ALPHA).mean()) if (~np.isnan(p_some)).any() else np.nan,
        "bias": float(np.nanmean(some.estimate) - truth_changed) if (~np.isnan(some.estimate)).any() else np.nan,
    }


def _coverage(found: Result, truth: float, lower: str = "ci_low", upper: str = "ci_high") -> float:
    """Return how often the interval holds the truth, of the intervals there are."""
    low, high = (found.columns()[name] for name in (lower, upper))
    known = ~np.isnan(low) & ~np.isnan(high)
    return float(((low <= truth) & (truth <= high))[known].mean()) if known.any() else np.nan


def _equivalence_row(design: Design, count: int, settings: Settings) -> dict[str, object]:
    """Return how often "no relevant change" is said of a change as large as the margin (false alarms), and of none (power)."""
    rates = []
    for change in (MARGIN, 0.0):
        found = PRIMARY[design.kind][1](drawn(design, change, count), settings)
        margin = true_change(design, MARGIN)
        p = equivalence(found.estimate, found.columns()["std_error"], found.columns()["df"], np.full(count, margin))
        rates.append(float((p[~np.isnan(p)] < ALPHA).mean()))
    row = _row(design, "equivalence", count, found, found, 0.0, 0.0)
    return {**row, "false_alarms": rates[0], "power": rates[1], "coverage": np.nan, "coverage_of_change": np.nan, "bias": np.nan}


def _attainment_row(design: Design, count: int) -> dict[str, object]:
    """Return how often Fieller's interval holds the true share of the way to a target that lies 1 point above the true baseline."""
    data = drawn(design, CHANGE, count)
    fit = wave_means(data.by_organisation(data.is_there.astype(float)), data.sums)
    found = attained(fit, np.full(count, _expected("mean", 0.0) + 1), np.full(count, np.nan), LEVEL)
    interval = Result(found.estimate, ci_low=found.fieller_low, ci_high=found.fieller_high)
    truth, nothing = true_change(design, CHANGE), Result(np.full(count, np.nan))
    row = _row(design, "attainment", count, nothing, interval, 0.0, truth)
    return {**row, "tested": float(np.isfinite(found.fieller_low).mean())}


def _verdict_rows(design: Design, count: int, settings: Settings) -> list[dict[str, object]]:
    """Return how often any of four planned, or of twelve exploratory, indicators is called changed where none changed; and the planned one by one.

    The verdict is the whole of it: tiers, Holm or Benjamini-Hochberg, equivalence first. Indicators are independent, of which any is
    called changed more often than of alike ones.
    """
    evaluation = load_evaluation(ROOT)
    names = [indicator.id for indicator in evaluation.indicators if indicator.better == "up"][:1] * VERDICTS
    is_planned = np.arange(VERDICTS) < PLANNED
    hits: dict[float, list[NDArray[np.bool_]]] = {0.0: [], CHANGE: []}
    for change, said in hits.items():
        data = drawn(design, change, VERDICTS * count)
        fit = primary(data, settings).columns()
        margin = np.full(len(fit["estimate"]), true_change(design, MARGIN))
        fit["equivalence_p"] = equivalence(fit["estimate"], fit["std_error"], fit["df"], margin)
        tier = tier_of("one", int(data.is_in_both[:, 0].sum()), int(data.n.min()))
        for at in range(count):
            own = {name: fit[name][at * VERDICTS : (at + 1) * VERDICTS] for name in ("estimate", "p_value", "equivalence_p")}
            table = pd.DataFrame({**own, "indicator": names, "planned": is_planned, "tier": tier, "flag": ""})
            said.append(judge(evaluation, shaped("change", table))["verdict"].isin(["changed_better", "changed_worse"]).to_numpy(dtype=bool))
    none, some = (np.array(found) for found in hits.values())
    nothing = Result(np.full(count, np.nan))
    rows = []
    for name, kept in (("any of 4 planned", is_planned), ("any of 12 exploratory", ~is_planned)):
        row = _row(design, "verdict", count, nothing, nothing, 0.0, 0.0)
        rows.append({**row, "case": name, "false_alarms": float(none[:, kept].any(axis=1).mean()), "power": float(some[:, kept].mean())})
    return rows


def _average_rows(design: Design, count: int, settings: Settings) -> list[dict[str, object]]:
    """Return the rates of the random-effects mean over eight alliances of this design whose changes differ, and of a ninth alliance's interval."""
    random, function = np.random.default_rng(design.seed), PRIMARY[design.kind][1]
    between = true_change(design, BETWEEN)  # on the scale of what is measured
    found, hits = {}, []
    for change in (0.0, CHANGE):
        fits = [function(drawn(replace(design, n=design.n + at), change, count), settings) for at in range(8)]
        own = random.normal(0, between, (8, count))
        estimates = np.array([fit.estimate for fit in fits]) + own
        errors = np.array([fit.columns()["std_error"] for fit in fits], dtype=float)
        usable = np.flatnonzero((np.isfinite(errors) & (errors > 0)).all(axis=0))
        means = [random_effects(estimates[:, at], errors[:, at], LEVEL) for at in usable]
        found[change] = t_result(*(np.array([getattr(mean, name) for mean in means]) for name in ("estimate", "std_error", "df")), LEVEL)
        reach = np.array([[mean.prediction_low, mean.prediction_high] for mean in means]).T
        further = true_change(design, change) + random.normal(0, between, len(usable))
        hits.append(float(((reach[0] <= further) & (further <= reach[1])).mean()))
    row = _row(design, "average", count, found[0.0], found[CHANGE], 0.0, true_change(design, CHANGE))
    unknown = dict.fromkeys(("tested", "false_alarms", "power", "bias"), np.nan)
    return [row, {**row, **unknown, "method": "prediction_interval", "coverage": hits[0], "coverage_of_change": hits[1]}]


def _level_rows(design: Design, count: int, settings: Settings) -> list[dict[str, object]]:
    """Return the coverage of one wave's level: the interval of the table ``indicators`` and the exact ones of the registry."""
    data = drawn(design, 0.0, count)
    first = ~data.is_after
    truth = _expected(design.kind, 0.0)
    ends = []
    for at in range(count):
        y, exposure = data.y[first, at], data.exposure[first, at]
        fit = clustered_mean(y / exposure, data.organisation[first], LEVEL, exposure)
        ends.append(share_interval(fit.estimate, fit, len(y), design.organisations, LEVEL) if design.kind == "share" else (fit.ci_low, fit.ci_high))
    low, high = np.array(ends).T
    nothing = Result(np.full(count, np.nan))
    rows = [_row(design, "level", count, replace(nothing, ci_low=low, ci_high=high), nothing, truth, truth)]
    for entry in (entry for entry in LEVELS if design.kind in entry.kinds and entry.estimand == "process"):
        rows.append(_row(design, entry.method, count, entry.function(data, 0, settings), nothing, truth, truth))
    return rows


def _descriptive_rows(design: Design, count: int, settings: Settings) -> list[dict[str, object]]:
    """Return the coverage of what the people there are said, level and change, where half of each organisation answered in each wave."""
    everyone = drawn(replace(design, n=2 * design.n), CHANGE, count)
    random = np.random.default_rng(design.seed)
    cell = everyone.is_after * design.organisations + everyone.organisation
    rank = pd.Series(random.random(len(cell))).groupby(cell).rank().to_numpy()
    sample = everyone.rows(rank <= np.ceil(np.bincount(cell)[cell] / 2))
    people = np.bincount(cell, minlength=2 * design.organisations).reshape(2, -1).astype(float)
    before, after = everyone.sums.sum(axis=1) / everyone.by_organisation(everyone.exposure).sum(axis=1)
    sample = replace(sample, population=people)
    found = [(check.method, check.function(sample, settings), after - before) for check in CHECKS if check.estimand == "descriptive"]
    levels = [entry for entry in LEVELS if entry.estimand == "descriptive" and design.kind in entry.kinds]
    found += [(entry.method, entry.function(sample, 0, settings), before) for entry in levels]
    return [_known_truth(design, method, count, result, truth) for method, result, truth in found]


def _known_truth(design: Design, method: str, count: int, found: Result, truth: Floats) -> dict[str, object]:
    """Return how often the interval holds the ``truth`` of each draw (count,)."""
    row = _row(design, method, count, found, found, 0.0, 0.0)
    low, high = (found.columns()[name] for name in ("ci_low", "ci_high"))
    known = ~np.isnan(low)
    covered = float(((low - TIE <= truth) & (truth <= high + TIE))[known].mean())
    return {**row, "coverage": np.nan, "coverage_of_change": covered, "power": np.nan, "bias": float(np.nanmean(found.estimate - truth))}


def _specification_rows(design: Design, count: int, settings: Settings) -> list[dict[str, object]]:
    """Return the rates of the choices of the specification curve: who counts and how they are weighted."""
    found: list[list[Specification]] = []
    for change in (0.0, CHANGE):
        data = drawn(design, change, count)
        found.append(list(specifications({"planned_items": data}, {"planned_items": np.ones(len(data.is_after), dtype=bool)}, settings)))
    kept = [pair for pair in zip(*found, strict=True) if "sent_in" not in pair[0].name]
    return [_row(design, none.name, count, none.result, some.result, 0.0, true_change(design, CHANGE)) for none, some in kept]


def _attrition_rows(design: Design, count: int, settings: Settings) -> list[dict[str, object]]:
    """Return the rates of who left and who came against who stayed, where staying is at random."""
    table = stayers_table(drawn(design, 0.0, count), settings)
    rows = []
    for group in ("leavers", "entrants"):
        names = {"estimate": "gap", "ci_low": "ci_low", "ci_high": "ci_high", "p_value": "p_value"}
        found = Result(**{name: table[f"{group}_{column}"].to_numpy(dtype=float) for name, column in names.items()})
        rows.append(_row(design, f"{group}_gap", count, found, Result(np.full(count, np.nan)), 0.0, 0.0))
    return rows


if __name__ == "__main__":
    main()
