"""Who stayed, left and came: in, two waves; out, how they differ, what they add to the change, and the change without them.

The primary comparison takes everybody; these are the rows beside it that say what its partly linked persons may have done to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from midterm.compare.primary import contrast
from midterm.compare.result import Result, Settings, flags, t_result
from midterm.compare.two_waves import AFTER, BEFORE, Codes, Truths, TwoWaves
from midterm.measure.clustered import Floats

CAP = 3.0
STEPS = 100
HALVINGS = 30
FLAT = 1e-9


@dataclass(frozen=True)
class Persons:
    """Everybody with a row in either wave, in the order of their codes.

    ``scores`` (2, P, k) in each wave, NaN where there is none; a count is a rate, per ``exposure`` (2, P, k). ``organisation``
    (2, P) in each wave, that of the other wave where the person has no row; ``n_codes`` the number of organisations G.
    """

    scores: Floats
    exposure: Floats
    organisation: Codes
    n_codes: int

    @cached_property
    def is_there(self) -> Truths:
        """Which scores there are (2, P, k)."""
        return ~np.isnan(self.scores)

    @cached_property
    def seen(self) -> Truths:
        """Who has a score in either wave (P, k)."""
        return np.asarray(self.is_there.any(axis=0))

    @cached_property
    def stays(self) -> Truths:
        """Who has both scores (P, k)."""
        return np.asarray(self.is_there.all(axis=0))

    @cached_property
    def leaves(self) -> Truths:
        """Who has a score in the first wave only (P, k)."""
        return np.asarray(self.is_there[BEFORE] & ~self.is_there[AFTER])

    @cached_property
    def enters(self) -> Truths:
        """Who has a score in the last wave only (P, k)."""
        return np.asarray(self.is_there[AFTER] & ~self.is_there[BEFORE])

    def sums(self, values: Floats, wave: int = BEFORE) -> Floats:
        """Return the sums (G, k) of ``values`` (P, k) by the organisation of that wave; NaN counts for nothing."""
        return sums_by(self.organisation[wave], self.n_codes, np.nan_to_num(values))

    def n_organisations(self, kept: Truths) -> NDArray[np.intp]:
        """Return how many organisations (k,) the persons ``kept`` (P, k) are of."""
        return np.asarray((self.sums(kept.astype(float)) > 0).sum(axis=0))


def sums_by(codes: Codes, count: int, values: Floats) -> Floats:
    """Return the sums (count, k) of ``values`` (n, k) over the rows of each code (n,)."""
    picks = sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(max(count, 1), len(codes)))
    return np.asarray(picks @ values)[:count]


def persons(data: TwoWaves) -> Persons:
    """Return the two waves with one row per person."""
    known, row = np.unique(data.person, return_inverse=True)
    shape = (2, len(known), data.y.shape[1])
    scores, exposure, organisation = np.full(shape, np.nan), np.ones(shape), np.full(shape[:2], -1, dtype=np.intp)
    rates = np.divide(data.y, data.exposure, out=np.full_like(data.y, np.nan), where=data.is_there & (data.exposure > 0))
    wave = data.is_after.astype(np.intp)
    scores[wave, row], exposure[wave, row], organisation[wave, row] = rates, data.exposure, data.organisation
    organisation = np.where(organisation < 0, organisation[::-1], organisation)
    return Persons(scores, exposure, organisation, data.n_codes)


def stayers_table(data: TwoWaves, settings: Settings) -> pd.DataFrame:
    """Return who stayed, left and came, how they differ and what they add to the change: one row per indicator.

    Leavers against stayers in the first wave and entrants against stayers in the last: the difference of means with its CR2 error
    on organisations, Satterthwaite df, interval and p (``score ~ is_leaver`` within one wave), and the identity

        change = change of stayers + from leavers + from entrants,
        from leavers = -(leavers' part of the first wave) x (leavers' mean - stayers' mean, first wave),
        from entrants = (entrants' part of the last wave) x (entrants' mean - stayers' mean, last wave),

    which is exact: ``change`` is the mean of the last wave less the mean of the first, as in ``primary``. Parts are parts of
    persons, for a count of exposure. Numbers in the indicator's unit; NaN where a group has nobody; the two parts are 0 where nobody left
    or came, and NaN where nobody stayed.
    Source: the identity is worked out here; differences as ``primary.contrast``, equal to clubSandwich
    ``vcovCR(lm(score ~ is_leaver), type = "CR2")``.
    """
    people = persons(data)
    stays, leaves, enters = people.stays, people.leaves, people.enters
    left, came = _gap(people, BEFORE, leaves, settings.level), _gap(people, AFTER, enters, settings.level)
    before, after = _mean(people, BEFORE, stays), _mean(people, AFTER, stays)
    change = _mean(people, AFTER, people.is_there[AFTER]) - _mean(people, BEFORE, people.is_there[BEFORE])
    return pd.DataFrame(
        {
            "indicator": [outcome.name for outcome in data.outcomes],
            "n_stayers": stays.sum(axis=0),
            "n_leavers": leaves.sum(axis=0),
            "n_entrants": enters.sum(axis=0),
            "stayers_before": before,
            "leavers_before": _mean(people, BEFORE, leaves),
            **_named("leavers", left),
            "stayers_after": after,
            "entrants_after": _mean(people, AFTER, enters),
            **_named("entrants", came),
            "change": change,
            "change_of_stayers": after - before,
            "from_leavers": _added(-_part(people, BEFORE, leaves), left.estimate, stays),
            "from_entrants": _added(_part(people, AFTER, enters), came.estimate, stays),
            "flag": flags(
                no_data=~anybody(people.seen),
                nobody_linked=~anybody(stays) & anybody(people.seen),
                no_leavers=~anybody(leaves) & anybody(people.is_there[BEFORE]),
                no_entrants=~anybody(enters) & anybody(people.is_there[AFTER]),
            ),
        }
    )


def _named(group: str, gap: Result) -> dict[str, object]:
    fields = ("std_error", "df", "ci_low", "ci_high", "p_value")
    return {f"{group}_gap": gap.estimate, **{f"{group}_{name}": getattr(gap, name) for name in fields}}


def _weight(people: Persons, wave: int, kept: Truths) -> Floats:
    return np.asarray(np.where(kept, people.exposure[wave], 0.0))


def _mean(people: Persons, wave: int, kept: Truths) -> Floats:
    """Return the mean (k,) of the persons ``kept`` (P, k) in a wave."""
    weight = _weight(people, wave, kept)
    whole = weight.sum(axis=0)
    total = (weight * np.nan_to_num(people.scores[wave])).sum(axis=0)
    return np.asarray(np.divide(total, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def _part(people: Persons, wave: int, kept: Truths) -> Floats:
    """Return the part (k,) of a wave's exposure that the persons ``kept`` hold."""
    whole = _weight(people, wave, people.is_there[wave]).sum(axis=0)
    return np.asarray(np.divide(_weight(people, wave, kept).sum(axis=0), whole, out=np.zeros(whole.shape), where=whole > 0))


def _added(part: Floats, gap: Floats, stays: Truths) -> Floats:
    return np.where(anybody(stays), np.where(part == 0, 0.0, part * gap), np.nan)


def _gap(people: Persons, wave: int, kept: Truths, level: float) -> Result:
    """Return the mean of the persons ``kept`` less that of those who stayed, both in one wave."""
    groups = [_weight(people, wave, group) for group in (people.stays, kept)]
    values = np.nan_to_num(people.scores[wave])
    return contrast(np.stack([people.sums(group, wave) for group in groups]), np.stack([people.sums(group * values, wave) for group in groups]), level)


def linked_cr2(data: TwoWaves, settings: Settings) -> Result:
    """Return the mean change of linked persons with CR2 error on organisations and Satterthwaite df, in the indicator's unit.

    estimate = mean of (after - before) over persons with both scores; a count's is the change of their rate (sum over sum of
    exposure). An organisation is that of the first wave. NaN where nobody is linked; the error is NaN with one organisation or no variance.
    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Equal to clubSandwich
    ``coef_test(lm(after - before ~ 1), "CR2", test = "Satterthwaite")``.
    """
    people = persons(data)
    found = linked_change(people, np.ones(people.stays.shape), settings.level)
    return replace(found, flag=flags(**_lacks(people, found)))


def linked_change(people: Persons, weight: Floats, level: float) -> Result:
    """Return the change of linked persons' weighted means; ``weight`` (P, k) above 0, the same in both waves."""
    weights = [weight * _weight(people, wave, people.stays) for wave in (BEFORE, AFTER)]
    totals = [weights[wave] * np.nan_to_num(people.scores[wave]) for wave in (BEFORE, AFTER)]
    return contrast(np.stack([people.sums(part) for part in weights]), np.stack([people.sums(part) for part in totals]), level)


def _lacks(people: Persons, found: Result) -> dict[str, Truths]:
    """Return what the linked persons lack for an estimate or its error, by flag (k,)."""
    is_linked, has_any, few = anybody(people.stays), anybody(people.seen), people.n_organisations(people.stays) == 1
    no_error = np.isnan(np.asarray(found.std_error)) & ~np.isnan(found.estimate)
    return {"no_data": ~has_any, "nobody_linked": has_any & ~is_linked, "one_organisation": few, "no_variance": no_error & ~few}


def anybody(kept: Truths) -> Truths:
    """Return for which indicators (k,) anybody is ``kept`` (P, k)."""
    return np.asarray(kept.any(axis=0))


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
    lacks = _lacks(people, found)
    found = blanked(found, ~(is_parted | is_lost))
    notes = flags(
        **lacks,
        no_leavers=anybody(stays) & ~has_left,
        same_baseline=anybody(stays) & has_left & is_same,
        separation=is_parted,
        not_converged=is_lost,
        weights_capped=is_capped & wanted & is_fitted,
    )
    return replace(found, flag=notes)


def chosen(kept: Truths, one: Result, other: Result) -> Result:
    """Return estimate, error, df, interval and p of ``one`` where ``kept`` (k,) is true, of ``other`` elsewhere."""

    def either(name: str) -> Floats:
        return np.asarray(np.where(kept, getattr(one, name), getattr(other, name)))

    return Result(either("estimate"), either("std_error"), either("df"), either("ci_low"), either("ci_high"), either("p_value"))


def _weighted_change(people: Persons, weight: Floats, level: float) -> Result:
    """Return the change of linked persons' weighted means as clubSandwich has it for ``lm(weights = )``; ``weight`` (P, k) above 0.

    With T = diag(1 / w) as working variance, the correction of organisation g in a wave of total weight W is
    A = T^(1/2) (T^2 - T^(1/2) 1 1' T^(1/2) / W)^(-1/2) T^(1/2). Where weights differ within an organisation this is not the root that
    ``contrast`` takes of the same leverage, which has a closed form; both are unbiased under the working model.
    """
    weights = np.stack([weight * _weight(people, wave, people.stays) for wave in (BEFORE, AFTER)])
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


def blanked(found: Result, kept: Truths) -> Result:
    """Return the result with every number, the estimate too, NaN where ``kept`` (k,) is false."""
    return replace(found.where(kept), estimate=np.where(kept, found.estimate, np.nan))


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


def worst_case_bounds(data: TwoWaves, settings: Settings) -> Result:  # noqa: ARG001 (every method takes both)
    """Return between which values, in the indicator's unit, the mean change of everybody seen must lie, whatever the missing scores are.

    ``ci_low``: each leaver's last score at the low end of the scale and each entrant's first score at the high end; ``ci_high``: the
    other way about; their distance is the part of persons with one score times the width of the scale. ``estimate`` is their middle, the
    value that is least wrong at worst, and no finding of its own: flag ``bounds_not_interval``. There is no
    error: the bounds are about these persons, not about a sample. NaN where a scale has no end and somebody has one score only
    (a count: ``no_upper_end``), and where there is nobody.
    Source: Horowitz & Manski 2000, J. Am. Stat. Assoc. 95(449). By hand: the formula is the definition.
    """
    people = persons(data)
    low, high = (np.array([getattr(outcome, end) for outcome in data.outcomes], dtype=float) for end in ("low", "high"))
    is_count = np.array([outcome.kind == "count" for outcome in data.outcomes], dtype=bool)
    has_any, is_partial = anybody(people.seen), anybody(people.leaves | people.enters)
    no_low, no_high = ~np.isfinite(low), ~np.isfinite(high) | is_count
    known = has_any & ~(is_partial & (no_low | no_high))
    low, high = np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)
    ends = [_mean_between(people, *pair) for pair in ((high, low), (low, high))]
    bottom, top = (np.where(known, end, np.nan) for end in ends)
    blank = np.full(len(known), np.nan)
    notes = flags(
        no_data=~has_any,
        nobody_linked=has_any & ~anybody(people.stays),
        no_lower_end=is_partial & no_low,
        no_upper_end=is_partial & no_high,
        bounds_not_interval=known,
    )
    return Result((bottom + top) / 2, blank, blank, bottom, top, flag=notes)


def _mean_between(people: Persons, before: Floats, after: Floats) -> Floats:
    """Return the change (k,) of everybody's mean with ``before`` and ``after`` (k,) for missing scores of the first and last wave."""
    kept = people.seen
    filled = Persons(
        np.where(kept & ~people.is_there, np.stack([before, after])[:, None], people.scores),
        people.exposure,
        people.organisation,
        people.n_codes,
    )
    return _mean(filled, AFTER, kept) - _mean(filled, BEFORE, kept)
