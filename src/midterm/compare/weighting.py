"""Weighting for who left: in, two waves; out, the change of linked persons, each standing for those like them at baseline who left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from midterm.compare.attrition import lacks, linked_change
from midterm.compare.people import Persons, anybody, persons
from midterm.compare.result import Result, Settings, blanked, chosen, flags, t_result
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import Floats

CAP = 3.0
STEPS = 100
HALVINGS = 30
FLAT = 1e-9


def inverse_probability_weighted(data: TwoWaves, settings: Settings) -> Result:
    """Return the change of linked persons, each standing for those like them at baseline who left, in the indicator's unit.

    Weight w = P(stay) / P(stay | score in the first wave), the latter by logistic regression of having a last score on the first
    score; above ``CAP`` times the linked persons' median it is cut to that (flag ``weights_capped``). estimate = difference of the weighted means
    (``linked_cr2`` with weights), CR2 error on organisations and Satterthwaite df with the weights taken as known, which as a rule makes
    the error rather too large. It is about those of the first wave and right where, with the same first score, leaving
    says nothing more about the change; entrants count for nothing. Nobody left, or all have one first score: all weights are 1,
    flags ``no_leavers``, ``same_baseline``. All NaN where the scores part stayers from leavers (``separation``) or nobody is linked.
    Source: Robins, Rotnitzky & Zhao 1995, J. Am. Stat. Assoc. 90(429) (weighting); Pustejovsky & Tipton 2018 (error). Equal to R
    ``glm(stays ~ before, binomial)`` and clubSandwich ``vcovCR(lm(y ~ wave, weights = w), type = "CR2", inverse_var = TRUE)``.
    """
    people = persons(data)
    first, stays = np.nan_to_num(people.scores[BEFORE]), people.stays
    has_first, has_left = people.is_there[BEFORE], anybody(people.leaves)
    is_same, is_parted = _is_same(first, has_first), _is_parted(first, stays, people.leaves)
    wanted = anybody(stays) & has_left & ~is_same & ~is_parted
    chance, is_fitted = chances_of_staying(first, has_first & wanted, stays)
    overall = stays.sum(axis=0) / np.maximum(has_first.sum(axis=0), 1)
    weight = np.where(wanted & stays, overall / np.maximum(chance, np.finfo(float).tiny), 1.0)
    most = CAP * _median(weight, stays)
    is_capped = anybody(stays & (weight > most * (1 + FLAT)))
    found = _weighted_change(people, np.minimum(weight, most), settings.level)
    plain = linked_change(people, np.ones(weight.shape), settings.level)
    found = chosen(wanted, found.where(people.n_organisations(stays) > 1), plain)
    is_parted &= anybody(stays) & ~is_same
    is_lost = wanted & ~is_fitted
    missing = lacks(people, found)
    found = blanked(found, ~(is_parted | is_lost))
    notes = flags(
        **missing,
        no_leavers=anybody(stays) & ~has_left,
        same_baseline=anybody(stays) & has_left & is_same,
        separation=is_parted,
        not_converged=is_lost,
        weights_capped=is_capped & wanted & is_fitted,
    )
    return replace(found, flag=notes)


def _weighted_change(people: Persons, weight: Floats, level: float) -> Result:
    """Return the change of linked persons' weighted means as clubSandwich has it for ``lm(weights = )``; ``weight`` (P, k) above 0.

    With T = diag(1 / w) as working variance, the correction of organisation g in a wave of total weight W is
    A = T^(1/2) (T^2 - T^(1/2) 1 1' T^(1/2) / W)^(-1/2) T^(1/2). Where weights differ within an organisation this is not the root that
    ``contrast`` takes of the same leverage, which has a closed form; both are unbiased under the working model.
    """
    weights = np.stack([weight * people.exposed(wave, people.stays) for wave in (BEFORE, AFTER)])
    whole = weights.sum(axis=1)
    is_there = (whole > 0).all(axis=0)
    unit = np.where(is_there, whole.sum(axis=0) / np.maximum(2 * people.stays.sum(axis=0), 1), 1.0)
    weights, whole = np.where(is_there, weights / unit, 0.0), np.where(is_there, whole / unit, 1.0)
    values = np.where(people.stays, people.scores, 0.0)
    means = (weights * values).sum(axis=1) / whole
    sign = np.array([-1.0, 1.0])[:, None]
    scores, own, loads = [], [], []
    for rows in _members(people):
        w, rest = weights[:, rows], values[:, rows] - means[:, None]
        pull = sign[:, None] * _adjusted(w, whole) / whole[:, None]
        scores.append((pull * rest).sum(axis=(0, 1)))
        own.append(np.divide(pull**2, w, out=np.zeros_like(w), where=w > 0).sum(axis=(0, 1)))
        loads.append(pull.sum(axis=1))
    shape = (len(own), len(unit))
    score, single, load = np.reshape(scores, shape), np.reshape(own, shape), np.reshape(loads, (shape[0], 2, shape[1]))
    parts = load**2 / whole
    cross = np.einsum("gvk,gwk->vwk", load, load) ** 2 / (whole[:, None] * whole)
    trace = single.sum(axis=0) - parts.sum(axis=(0, 1))
    squares = (single**2).sum(axis=0) - 2 * (single[:, None] * parts).sum(axis=(0, 1)) + cross.sum(axis=(0, 1))
    df = np.divide(trace**2, squares, out=np.full(len(unit), np.nan), where=squares > 0)
    return t_result(np.where(is_there, means[AFTER] - means[BEFORE], np.nan), np.sqrt((score**2).sum(axis=0)), df, level, np.abs(means).max(axis=0))


def _members(people: Persons) -> list[NDArray[np.intp]]:
    """Return the persons of each organisation in the first wave who are linked on any indicator."""
    rows = np.flatnonzero(people.stays.any(axis=1))
    rows = rows[np.argsort(people.organisation[BEFORE][rows], kind="stable")]
    starts = np.flatnonzero(np.diff(people.organisation[BEFORE][rows])) + 1
    return [part for part in np.split(rows, starts) if len(part)]


def _adjusted(weights: Floats, whole: Floats) -> Floats:
    """Return A w (2, p, k) for one organisation's weights (2, p, k), see ``_weighted_change``; ``whole`` (2, k) is the waves'."""
    w = np.moveaxis(weights, 1, 2)
    half = np.sqrt(np.divide(1.0, w, out=np.zeros_like(w), where=w > 0))
    blocks = -half[..., :, None] * half[..., None, :] / whole[:, :, None, None]
    diagonal = np.arange(w.shape[2])
    blocks[..., diagonal, diagonal] += np.where(w > 0, half**4, 1.0)
    sizes, turns = np.linalg.eigh(blocks)
    floor = 1e-10 * sizes.max(axis=-1, keepdims=True, initial=0.0)
    powers = np.where(sizes > floor, np.abs(sizes).clip(np.finfo(float).tiny) ** -0.5, 0.0)
    turned = np.einsum("vkpq,vkp->vkq", turns, np.sqrt(w))
    return np.asarray(np.moveaxis(half * np.einsum("vkpq,vkq->vkp", turns, powers * turned), 2, 1))


def _is_same(values: Floats, kept: Truths) -> Truths:
    """Return where the values ``kept`` (P, k) are all one (k,)."""
    low, high = _ends(values, kept)
    return np.asarray(high - low <= FLAT * np.maximum(1.0, np.abs(high)))


def _ends(values: Floats, kept: Truths) -> tuple[Floats, Floats]:
    """Return the smallest and the largest value (k,) of those ``kept``; where nobody is, 0 and 0."""
    low, high = (np.where(kept, values, end) for end in (np.inf, -np.inf))
    there = anybody(kept)
    return np.where(there, low.min(axis=0, initial=np.inf), 0.0), np.where(there, high.max(axis=0, initial=-np.inf), 0.0)


def _is_parted(first: Floats, stays: Truths, leaves: Truths) -> Truths:
    """Return where one cut of the first score parts stayers from leavers (k,), so that the regression has no finite solution.

    Albert & Anderson 1984, Biometrika 71(1): the estimate is finite just where the two groups overlap by more than one point.
    """
    low, high = _ends(first, stays)
    bottom, top = _ends(first, leaves)
    tolerance = FLAT * np.maximum(1.0, np.abs(high))
    return np.asarray(anybody(leaves) & anybody(stays) & ((high <= bottom + tolerance) | (top <= low + tolerance)))


def chances_of_staying(first: Floats, kept: Truths, stays: Truths) -> tuple[Floats, Truths]:
    """Return P(stay | first score) (P, k) of a logistic regression per column over the persons ``kept``, and where it settled (k,).

    Newton's steps on the score in units of its standard deviation, a step halved for as long as it makes the likelihood smaller.
    """
    n = np.maximum(kept.sum(axis=0), 1)
    centred = np.where(kept, first - (first * kept).sum(axis=0) / n, 0.0)
    x = centred / np.maximum(np.sqrt((centred**2).sum(axis=0) / n), np.finfo(float).tiny)
    share = ((stays & kept).sum(axis=0) / n).clip(0.5 / n, 1 - 0.5 / n)
    level, slope = special.logit(share), np.zeros(first.shape[1])
    sign = np.where(stays, 1.0, -1.0)

    def likelihood(level: Floats, slope: Floats) -> Floats:
        return np.asarray((kept * special.log_expit(sign * (level + slope * x))).sum(axis=0))

    best, is_settled = likelihood(level, slope), np.zeros(first.shape[1], dtype=bool)
    for _ in range(STEPS):
        chance = special.expit(level + slope * x)
        rest, spread = kept * (stays - chance), kept * chance * (1 - chance)
        pull, lean = rest.sum(axis=0), (rest * x).sum(axis=0)
        is_settled = np.maximum(np.abs(pull), np.abs(lean)) <= 1e-11 * n
        if is_settled.all():
            break
        plain, cross, square = spread.sum(axis=0), (spread * x).sum(axis=0), (spread * x**2).sum(axis=0)
        det = np.maximum(plain * square - cross**2, np.finfo(float).tiny)
        up, along = np.where(is_settled, 0.0, [(square * pull - cross * lean) / det, (plain * lean - cross * pull) / det])
        size = np.ones(len(n))
        for _ in range(HALVINGS):
            found = likelihood(level + size * up, slope + size * along)
            is_worse = ~(found >= best - 1e-12 * np.abs(best))
            if not is_worse.any():
                break
            size = np.where(is_worse, size / 2, size)
        level, slope = level + size * up, slope + size * along
        best = likelihood(level, slope)
    return special.expit(level + slope * x), np.asarray(is_settled)


def _median(values: Floats, kept: Truths) -> Floats:
    """Return the median (k,) of the values ``kept`` (P, k); 1 where there is none."""
    there = anybody(kept)
    median = np.ones(values.shape[1])
    if there.any():
        median[there] = np.nanmedian(np.where(kept, values, np.nan)[:, there], axis=0)
    return median
