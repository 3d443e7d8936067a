"""Weights of persons: in, starting weights and known totals; out, weights that meet the totals, and what they cost in precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from midterm.measure.clustered import Floats

Codes = NDArray[np.intp]
Truths = NDArray[np.bool_]
CAP = 3.0
RESPONSE_RATIO = 1.25
CLOSE = 1e-6
NOTHING = 1e-100


class Margin(NamedTuple):
    """One thing that totals are known of: each person's category (n,), 0..m-1, the total of each category (m,), and names for flags."""

    codes: Codes
    totals: Floats
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Raked:
    """Weights (n, k) of persons for k indicators; NaN for who does not count, and in columns that have no number.

    ``gap`` (k,) is the largest relative distance to a total that was to be met; ``capped`` (k,) how many persons were cut;
    ``flag`` says per column what else is to be known.
    """

    weights: Floats
    gap: Floats
    capped: Floats
    flag: tuple[str, ...]


@dataclass(frozen=True)
class _Target:
    """A margin made ready: its sums (m, n), the code of each person, and the totals to be met in each column (m, k)."""

    table: Any
    codes: Codes
    totals: Floats


def raked(base: Floats, margins: Sequence[Margin], cap: float = CAP, tolerance: float = 1e-10, rounds: int = 1_000, trims: int = 100) -> Raked:
    """Return weights that add up to the totals of every margin, none above ``cap`` times the median weight.

    ``base`` (n, k) are starting weights in any unit, NaN for persons who do not count; the weights are in the unit of the first
    margin's totals. Raking multiplies the weights of each category by total / sum, margin after margin, until nothing moves by more
    than ``tolerance`` (relative) or ``rounds`` are over. Trimming comes before raking: base weights above the cap are cut to it and
    raked; while a raked weight is above the cap it is cut and all are raked again, at most ``trims`` times. Where cap and totals cannot
    both hold, the cap does. Cutting keeps the sum by scaling everyone alike, so that who counts more never comes to count less.

    Flags: ``empty_category: margin.category`` has a total but nobody to carry it, and is left out; the other totals of that margin
    then stand, and further margins are scaled to the sum of the first. ``totals_differ``: so they are where margins have other sums.
    ``capped: persons``; ``totals_not_met: gap`` because of the cap; ``not_converged: gap``, the last margin is then met. No number
    for a column with ``no_data``, ``weight_not_positive``, ``category_unknown`` or ``total_not_positive`` (0 or below, or unknown, of
    a category with persons).
    Source: Deming & Stephan 1940, Ann. Math. Stat. 11(4). Raking equals R survey ``rake``.
    """
    refused = _refusals(base, margins)
    usable = np.array([not reason for reason in refused], dtype=bool)
    weights = np.full(base.shape, np.nan)
    gap, capped = np.full(base.shape[1], np.nan), np.full(base.shape[1], np.nan)
    flags = [[reason] if reason else [] for reason in refused]
    if usable.any():
        is_there = ~np.isnan(base[:, usable])
        start = np.where(is_there, base[:, usable], 0.0)
        targets, remarks = _targets(is_there, margins)
        # Raking does not see the unit of the base; a largest weight of 1 keeps it away from the ends of the number range.
        found, cut, is_clipped = _capped(start / start.max(axis=0) if margins else start, is_there, targets, cap, tolerance, rounds, trims)
        gap[usable], capped[usable] = _gap(found, targets), cut.sum(axis=0)
        weights[:, usable] = np.where(is_there, found, np.nan)
        for at, column in enumerate(np.flatnonzero(usable)):
            flags[column] += [*remarks[at], *_outcome(int(capped[column]), float(gap[column]), bool(is_clipped[at]))]
    return Raked(weights, gap, capped, tuple("; ".join(said) for said in flags))


def _refusals(base: Floats, margins: Sequence[Margin]) -> list[str]:
    """Return per column why there can be no weights, "" where there can."""
    is_there = ~np.isnan(base)
    checks: dict[str, Truths] = {
        "no_data": ~np.asarray(is_there.any(axis=0)),
        "weight_not_positive": np.asarray((is_there & ~((base > 0) & np.isfinite(base))).any(axis=0)),
        "category_unknown": np.zeros(base.shape[1], dtype=bool),
        "total_not_positive": np.zeros(base.shape[1], dtype=bool),
    }
    for margin in margins:
        totals = np.asarray(margin.totals, dtype=float)
        is_known = (margin.codes >= 0) & (margin.codes < len(totals))
        is_good = (totals > 0) & np.isfinite(totals)
        carries = is_known & np.append(is_good, False)[np.where(is_known, margin.codes, -1)]
        checks["category_unknown"] |= np.asarray((is_there & ~is_known[:, None]).any(axis=0))
        checks["total_not_positive"] |= np.asarray((is_there & (is_known & ~carries)[:, None]).any(axis=0)) | bool((totals < 0).any())
    return [next((reason for reason, holds in checks.items() if holds[column]), "") for column in range(base.shape[1])]


def _targets(is_there: Truths, margins: Sequence[Margin]) -> tuple[list[_Target], list[list[str]]]:
    """Return the margins made ready, and per column what could not be met."""
    n, k = is_there.shape
    remarks: list[list[str]] = [[] for _ in range(k)]
    targets: list[_Target] = []
    for number, (codes, totals, names) in enumerate(margins):
        table = sparse.csr_array((np.ones(n), (np.clip(codes, 0, len(totals) - 1), np.arange(n))), shape=(len(totals), n))
        has_persons = np.asarray(table @ is_there.astype(float)) > 0
        wanted = np.where(has_persons, np.nan_to_num(totals)[:, None], 0.0)
        if targets:
            wanted = wanted * (targets[0].totals.sum(axis=0) / wanted.sum(axis=0))
            differs = not np.isclose(np.nansum(totals), np.nansum(margins[0].totals), rtol=CLOSE, atol=0)
        else:
            differs = False
        targets.append(_Target(table, np.clip(codes, 0, len(totals) - 1), wanted))
        for column in range(k):
            empty = np.flatnonzero(~has_persons[:, column] & (np.nan_to_num(totals) > 0))
            remarks[column] += [f"empty_category: {names[category] if len(names) else f'{number}.{category}'}" for category in empty.tolist()]
            remarks[column] += ["totals_differ"] if differs else []
    return targets, remarks


def _outcome(capped: int, gap: float, is_clipped: bool) -> list[str]:
    """Return what to say of one column's way to its weights."""
    said = [f"capped: {capped}"] if capped else []
    if gap > CLOSE:
        said.append(f"totals_not_met: {gap:.2g}" if is_clipped else f"not_converged: {gap:.2g}")
    return said


def _capped(base: Floats, is_there: Truths, targets: Sequence[_Target], cap: float, tolerance: float, rounds: int, trims: int) -> tuple[Floats, Truths, Truths]:
    """Return raked weights (n, k), who was ever cut (n, k), and the columns (k,) where the cap had the last word."""
    cut = base > _limit(base, is_there, cap) * (1 + CLOSE)
    weights = _rake(trimmed(base, is_there, cap), targets, tolerance, rounds)
    for _ in range(trims):
        over = weights > _limit(weights, is_there, cap) * (1 + CLOSE)
        active = over.any(axis=0)
        if not active.any():
            break
        cut = cut | over
        again = np.where(active, _rake(trimmed(weights, is_there, cap), targets, tolerance, rounds), weights)
        if _is_settled(weights, again, tolerance):
            break
        weights = again
    over = weights > _limit(weights, is_there, cap) * (1 + CLOSE)
    is_clipped = np.asarray(over.any(axis=0))
    return np.where(is_clipped, trimmed(weights, is_there, cap), weights), cut | over, is_clipped


def _limit(weights: Floats, is_there: Truths, cap: float) -> Floats:
    """Return ``cap`` times the median weight of the persons there (k,)."""
    ordered, n = np.sort(np.where(is_there, weights, np.inf), axis=0), is_there.sum(axis=0)
    column = np.arange(weights.shape[1])
    return np.asarray(cap * (ordered[(n - 1) // 2, column] + ordered[n // 2, column]) / 2)


def trimmed(weights: Floats, is_there: Truths, cap: float = CAP) -> Floats:
    """Return ``weights`` (n, k) cut to ``cap`` times the median, all scaled alike to the sum from before.

    Someone must be there in every column. R survey ``trimWeights`` cuts the same persons but adds what was cut to everyone else in
    equal parts, by which a person can come to count more than one who counted more before (weights 1, 2, 1, 1, 60, 2).
    """
    cut = np.minimum(weights, _limit(weights, is_there, cap))
    return np.asarray(cut * (weights.sum(axis=0) / cut.sum(axis=0)))


def _rake(weights: Floats, targets: Sequence[_Target], tolerance: float, rounds: int) -> Floats:
    """Return ``weights`` (n, k) after iterative proportional fitting to ``targets``."""
    for _ in range(rounds):
        before = weights
        for target in targets:
            sums = np.asarray(target.table @ weights)
            factor = np.divide(target.totals, sums, out=np.zeros_like(sums), where=sums > NOTHING * target.totals)
            weights = weights * factor[target.codes]
        if _is_settled(before, weights, tolerance):
            break
    return weights


def _is_settled(before: Floats, after: Floats, tolerance: float) -> bool:
    return bool((np.abs(after - before) <= tolerance * before).all())


def _gap(weights: Floats, targets: Sequence[_Target]) -> Floats:
    """Return the largest |sum / total - 1| over all categories to be met (k,)."""
    gaps = [np.abs(np.divide(target.table @ weights, target.totals, out=np.ones_like(target.totals), where=target.totals > 0) - 1) for target in targets]
    return np.asarray(np.vstack([np.zeros((1, weights.shape[1])), *gaps]).max(axis=0))


def kish_effect(weights: Floats) -> Floats:
    """Return n sum w^2 / (sum w)^2 of each column of ``weights`` (n, k): how many times the variance unequal weights cost.

    Persons with weight NaN or 0 do not count; NaN where nobody does or a weight is below 0. 1 for equal weights. It holds for
    outcomes that do not go with the weights. Source: Kish 1965, Survey Sampling, section 11.7.
    """
    return np.asarray(_counted(weights) / effective_n(weights))


def effective_n(weights: Floats) -> Floats:
    """Return (sum w)^2 / sum w^2 of each column of ``weights`` (n, k): persons with equal weights that would be as precise.

    NaN as in ``kish_effect``, where the source stands.
    """
    known = np.where(np.isfinite(weights), weights, 0.0)
    largest = known.max(axis=0, initial=0.0)
    share = np.divide(known, largest, out=np.zeros_like(known), where=largest > 0)
    squares = (share**2).sum(axis=0)
    is_valid = (squares > 0) & (known >= 0).all(axis=0)
    return np.asarray(np.divide(share.sum(axis=0) ** 2, squares, out=np.full_like(squares, np.nan), where=is_valid))


def _counted(weights: Floats) -> Floats:
    return np.asarray((np.isfinite(weights) & (np.nan_to_num(weights) > 0)).sum(axis=0), dtype=np.float64)


def response_ratio(answers: Floats, totals: Floats) -> Floats:
    """Return the highest response rate over the lowest (k,), of the categories with answers and a known total.

    ``answers`` (m, k) persons who answered, ``totals`` (m,) people. NaN where no category has both; categories without any answers
    do not count, as no weight can speak for them.
    """
    people = np.asarray(totals, dtype=float)[:, None]
    is_known = (answers > 0) & (people > 0) & np.isfinite(people)
    rates = np.divide(answers, people, out=np.full(answers.shape, np.nan), where=is_known)
    highest = np.where(is_known, rates, -np.inf).max(axis=0, initial=-np.inf)
    lowest = np.where(is_known, rates, np.inf).min(axis=0, initial=np.inf)
    return np.asarray(np.divide(highest, lowest, out=np.full(answers.shape[1], np.nan), where=is_known.any(axis=0)))


def is_unbalanced(answers: Floats, totals: Floats, limit: float = RESPONSE_RATIO) -> Truths:
    """Return for which columns (k,) the response differs so much between categories that weighting is worth its cost.

    Rule of this project, no test: the highest response rate is more than ``limit`` times the lowest. Arguments as in ``response_ratio``.
    """
    return np.asarray(np.nan_to_num(response_ratio(answers, totals), nan=0.0) > limit * (1 + CLOSE))
