"""The change had everybody answered twice: in, two waves; out, the change with the missing scores drawn many times over.

All imputations of all indicators are drawn at once; only sums by organisation and the missing scores themselves are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from midterm.compare.attrition import linked_cr2
from midterm.compare.people import Persons, anybody, persons, sums_by
from midterm.compare.primary import contrast
from midterm.compare.result import Result, Settings, blanked, chosen, flags, t_result
from midterm.compare.two_waves import AFTER, BEFORE, Codes, Truths, TwoWaves
from midterm.measure.clustered import Floats

IMPUTATIONS = 20
ROUNDS = 20
FEWEST_LINKED = 5
SLOPE_PRIOR = 0.1
SMALLEST = 1e-9
NOTHING = 1e-24
FAR = 6.0
MOST_EXTREME = 1e-3
ICCS = np.linspace(0.0, 0.5, 26)
RATIOS = ICCS / (1 - ICCS)


def pooled(estimates: Floats, variances: Floats, df: Floats, level: float = 0.95) -> Result:
    """Return what m imputations say together, by Rubin's rules with the degrees of freedom of Barnard and Rubin.

    ``estimates`` and ``variances`` (m, k), ``df`` (k,) that of complete data. With Q their mean, U the mean variance, B the variance
    of the estimates: T = U + (1 + 1/m) B, r = (1 + 1/m) B / T, df = 1 / (r^2 / (m - 1) + 1 / ((df + 1) / (df + 3) df (1 - r))).
    In the indicator's unit. The error is NaN where T is 0 or not known, or m is 1.
    Source: Rubin 1987; Barnard & Rubin 1999, Biometrika 86(4). Equal to mice ``pool.scalar`` (which takes r as at least .0001).
    """
    m = len(estimates)
    if m < 2:
        return t_result(estimates.sum(axis=0) if m else np.full(len(df), np.nan), np.full(len(df), np.nan), df, level)
    between = (1 + 1 / m) * estimates.var(axis=0, ddof=1)
    total = variances.mean(axis=0) + between
    rate = np.divide(between, total, out=np.zeros(total.shape), where=total > 0).clip(0, 1)
    observed = (df + 1) / (df + 3) * df * (1 - rate)
    freedom = np.divide(observed, 1 + observed * rate**2 / (m - 1), out=np.zeros(total.shape), where=observed > 0)
    return t_result(estimates.mean(axis=0), np.sqrt(total), freedom, level)


def multiply_imputed(data: TwoWaves, settings: Settings) -> Result:
    """Return the mean change of everybody seen in either wave, their missing scores imputed 20 times, in the indicator's unit.

    A leaver's last score and an entrant's first are drawn from the regression of the one wave on the other with an intercept
    of its own for each organisation; see ``imputed_changes``. Each completed data set gives the mean change with its CR2 error on
    organisations; ``pooled`` puts them together. With few organisations the interval is rather too wide, as its df shrinks twice. Right
    where leaving and coming depend on the observed score and the organisation alone. All NaN with fewer than ``FEWEST_LINKED`` linked
    persons (``few_linked``), as only they say how one wave goes with the other. Where nobody has one score only, it is ``linked_cr2``
    (``nothing_missing``). A count is imputed as a rate, per the exposure of the other wave.
    Source: Rubin 1987; Barnard & Rubin 1999, Biometrika 86(4). Equal to mice (``2l.lmer``, ``pool``) within Monte Carlo error.
    """
    people = persons(data)
    linked = people.stays.sum(axis=0)
    is_partial = anybody(people.leaves | people.enters)
    wanted = is_partial & (linked >= FEWEST_LINKED)
    result = linked_cr2(data, settings)
    if wanted.any():
        fit = pooled(*imputed_changes(data.only(wanted), settings), settings.level)
        result = chosen(wanted, _spread_out(fit, wanted), result)
    few, alone = is_partial & (linked > 0) & ~wanted, people.n_organisations(people.seen) == 1
    lacks_error = np.isnan(np.asarray(result.std_error)) & (wanted | ((linked > 0) & ~is_partial))
    notes = flags(
        no_data=~anybody(people.seen),
        nobody_linked=anybody(people.seen) & (linked == 0),
        few_linked=few,
        nothing_missing=(linked > 0) & ~is_partial,
        one_organisation=alone,
        no_variance=lacks_error & ~alone,
    )
    return replace(blanked(result, wanted | ~is_partial), flag=notes)


def _spread_out(fit: Result, at: Truths) -> Result:
    """Return the result of the columns ``at`` (k,) in their places among all k; what stands elsewhere is of no account."""
    place = np.maximum(at.cumsum() - 1, 0)

    def placed(name: str) -> Floats:
        return np.asarray(np.asarray(getattr(fit, name))[place])

    return Result(placed("estimate"), placed("std_error"), placed("df"), placed("ci_low"), placed("ci_high"), placed("p_value"))


@dataclass(frozen=True)
class Cells:
    """The (person, indicator) pairs with a score in one wave only: their place, score and sum-by-organisation code, N pairs."""

    person: NDArray[np.intp]
    column: NDArray[np.intp]
    organisation: Codes
    known: Floats


@dataclass(frozen=True)
class Moments:
    """Sums by indicator and organisation of persons with both scores filled: their number (k, G), x, y, x^2, x y, y^2 (k, G, m)."""

    n: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats

    def plus(self, other: Moments) -> Moments:
        """Return the sums over both groups of persons."""
        return Moments(self.n + other.n, self.x + other.x, self.y + other.y, self.xx + other.xx, self.xy + other.xy, self.yy + other.yy)

    def turned(self) -> Moments:
        """Return the same with x and y changed round."""
        return Moments(self.n, self.y, self.x, self.yy, self.xy, self.xx)


@dataclass(frozen=True)
class Draw:
    """Missing scores: their mean and spread by the model and the standard normal draws that go with them, all (N, m)."""

    mean: Floats
    spread: Floats
    normal: Floats

    @property
    def values(self) -> Floats:
        """The draws themselves, wherever the scale ends."""
        return self.mean + self.spread * self.normal


@dataclass(frozen=True)
class Regression:
    """Drawn parameters of y on x: intercept, slope and residual spread (k, m), organisations' own intercepts (k, G, m)."""

    intercept: Floats
    slope: Floats
    spread: Floats
    organisation: Floats


def imputed_changes(data: TwoWaves, settings: Settings, imputations: int = IMPUTATIONS) -> tuple[Floats, Floats, Floats]:
    """Return estimates and CR2 variances (m, k) of the mean change in completed data, and their df (k,); all with enough linked persons.

    Chained equations: y = a + b x + u(organisation) + e for the last wave on the first and the first on the last in turn, over persons
    with y observed, ``ROUNDS`` times; at the start over linked persons. In each, drawn from their joint posterior: ICC
    (uniform from 0 to .5), variance of e, a and b (flat; on b as much prior as a tenth of a person), u, then the missing scores. The scores of
    the last round are drawn with the model's mean and variance inside the ends of the scale (``inside``). The draws
    do not depend on the other indicators, the order of rows or the codes of organisations.
    Source: Rubin 1987; van Buuren 2007, Stat. Methods Med. Res. 16(3) (chained equations).
    """
    people = _in_order(persons(data))
    centre, unit = _scaling(people)
    scaled = replace(people, scores=(people.scores - centre) / unit)
    random, counts = settings.random(), (scaled.n_codes, data.y.shape[1], imputations)
    leavers, entrants = _cells(scaled, scaled.leaves, BEFORE), _cells(scaled, scaled.enters, AFTER)
    linked = _linked_moments(scaled, imputations)
    of_last = _regression(linked, random)
    for _ in range(ROUNDS):
        last = _draw(leavers, of_last, random, len(people.stays))
        of_first = _regression(linked.turned().plus(_moments(leavers, last.values, counts)), random)
        first = _draw(entrants, of_first, random, len(people.stays))
        of_last = _regression(linked.plus(_moments(entrants, first.values, counts)), random)
    filled = [_on_scale(data, cells, draw, centre, unit) for cells, draw in ((leavers, last), (entrants, first))]
    return _completed(people, (leavers, filled[0]), (entrants, filled[1]), settings.level)


def _in_order(people: Persons) -> Persons:
    """Return the same with one organisation per person, that of the first wave, coded in the order of persons."""
    _, first, code = np.unique(people.organisation[BEFORE], return_index=True, return_inverse=True)
    code = np.argsort(np.argsort(first))[code]
    return replace(people, organisation=np.stack([code, code]), n_codes=len(first))


def _scaling(people: Persons) -> tuple[Floats, Floats]:
    """Return mean and standard deviation (k,) of all scores of both waves; 1 where they do not vary."""
    n = np.maximum(people.is_there.sum(axis=(0, 1)), 1)
    centre = np.nansum(people.scores, axis=(0, 1)) / n
    spread = np.sqrt(np.nansum((people.scores - centre) ** 2, axis=(0, 1)) / n)
    return centre, np.where(spread > SMALLEST * np.maximum(1.0, np.abs(centre)), spread, 1.0)


def _cells(people: Persons, kept: Truths, wave: int) -> Cells:
    person, column = np.nonzero(kept)
    return Cells(person, column, column * people.n_codes + people.organisation[BEFORE][person], people.scores[wave][person, column])


def _linked_moments(people: Persons, imputations: int) -> Moments:
    x, y = (np.where(people.stays, people.scores[wave], 0.0) for wave in (BEFORE, AFTER))
    n, *sums = (people.sums(values).T for values in (people.stays.astype(float), x, y, x * x, x * y, y * y))
    return Moments(n, *(np.repeat(part[:, :, None], imputations, axis=2) for part in sums))


def _moments(cells: Cells, drawn: Floats, counts: tuple[int, int, int]) -> Moments:
    """Return the sums of persons of whom y is observed and x was drawn (N, m)."""
    organisations, columns, imputations = counts
    y = cells.known[:, None]
    values = np.concatenate([np.ones_like(y), y, y**2, drawn, drawn**2, drawn * y], axis=1)
    sums = sums_by(cells.organisation, organisations * columns, values).reshape(columns, organisations, -1)
    n, own, square, x, xx, xy = np.split(sums, [1, 2, 3, 3 + imputations, 3 + 2 * imputations], axis=2)
    return Moments(n[:, :, 0], x, np.repeat(own, imputations, axis=2), xx, xy, np.repeat(square, imputations, axis=2))


def _regression(sums: Moments, random: np.random.Generator) -> Regression:
    """Return one draw for each imputation from the posterior of a random-intercept regression of y on x.

    For a ratio q of the organisations' variance to the residual, organisation g of n persons counts 1 / (1 + n q) of itself, and
    intercept, slope and residual variance have their usual posterior; q itself is drawn from the rest on a grid.
    """
    imputations, organisations = sums.x.shape[2], sums.n.shape[1]
    ratio = RATIOS[None, :, None]
    kept = 1 / (1 + sums.n[:, None, :] * ratio)
    lost = ratio * kept
    plain = kept @ sums.n[:, :, None]
    cross, own = kept @ sums.x, kept @ sums.y
    square = sums.xx.sum(axis=1)[:, None] - lost @ sums.x**2 + SLOPE_PRIOR
    both = sums.xy.sum(axis=1)[:, None] - lost @ (sums.x * sums.y)
    det = np.maximum(plain * square - cross**2, SMALLEST)
    slope = (plain * both - cross * own) / det
    rest = sums.yy.sum(axis=1)[:, None] - lost @ sums.y**2 - slope * both - (own - cross * slope) / plain * own
    rest = np.maximum(rest, NOTHING)
    df = sums.n.sum(axis=1) - 2
    chance = 0.5 * np.log(kept).sum(axis=2, keepdims=True) - 0.5 * np.log(det) - 0.5 * df[:, None, None] * np.log(rest)
    weight = np.exp(chance - chance.max(axis=1, keepdims=True)).cumsum(axis=1)
    at = (weight < random.random(imputations) * weight[:, -1:]).sum(axis=1, keepdims=True).clip(max=len(RATIOS) - 1)

    def picked(values: Floats) -> Floats:
        return np.asarray(np.take_along_axis(np.broadcast_to(values, weight.shape), at, axis=1)[:, 0])

    spread = np.sqrt(picked(rest) / special.chdtri(df[:, None], random.random(imputations)))
    normal = random.standard_normal((2, imputations))
    drawn = picked(slope) + spread * np.sqrt(picked(plain / det)) * normal[0]
    intercept = (picked(own) - picked(cross) * drawn) / picked(plain) + spread / np.sqrt(picked(plain)) * normal[1]
    ratios = RATIOS[at]
    part = ratios / (1 + sums.n[:, :, None] * ratios)
    residual = sums.y - intercept[:, None] * sums.n[:, :, None] - drawn[:, None] * sums.x
    effect = part * residual + spread[:, None] * np.sqrt(part) * random.standard_normal((organisations, imputations))
    return Regression(intercept, drawn, spread, effect)


def _draw(cells: Cells, fit: Regression, random: np.random.Generator, n_persons: int) -> Draw:
    """Return a draw of each pair's missing score; the normal draws are a person's own and the same for all indicators."""
    own = fit.organisation.reshape(-1, fit.organisation.shape[2])[cells.organisation]
    mean = fit.intercept[cells.column] + own + fit.slope[cells.column] * cells.known[:, None]
    return Draw(mean, fit.spread[cells.column], random.standard_normal((n_persons, mean.shape[1]))[cells.person])


def _on_scale(data: TwoWaves, cells: Cells, draw: Draw, centre: Floats, unit: Floats) -> Floats:
    """Return the draws (N, m) in the indicator's unit, inside the ends of its scale."""
    low, high, is_share = _scale(data, cells.column)
    size = unit[cells.column][:, None]
    return inside(draw.mean * size + centre[cells.column][:, None], draw.spread * size, draw.normal, low[:, None], high[:, None], is_share)


def _scale(data: TwoWaves, column: NDArray[np.intp]) -> tuple[Floats, Floats, Truths]:
    """Return the ends of the scale, infinite where there is none, and whether it is a share, for each pair (N,)."""
    low, high = (np.array([getattr(outcome, end) for outcome in data.outcomes], dtype=float)[column] for end in ("low", "high"))
    kind = np.array([outcome.kind for outcome in data.outcomes], dtype=object)[column]
    return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high) | (kind == "count"), np.inf, high), np.asarray(kind == "share")


def inside(mean: Floats, spread: Floats, normal: Floats, low: Floats, high: Floats, is_share: Truths) -> Floats:
    """Return draws (N, m) between ``low`` and ``high`` (N, 1) with this mean and spread, from standard normal draws in the same order.

    Far from both ends the normal itself; else a beta on the scale (a gamma where there is no upper end) with the same mean and variance, and
    for a share (``is_share`` (N,)), or where the variance is as large as the ends allow, one of the two ends. Cutting off
    normal draws at the ends would pull means to the middle; so would rounding. Means outside the scale are put to its end.
    Source: Horton, Lipsitz & Parzen 2003, Am. Stat. 57(4) (against rounding).
    """
    low, high = np.broadcast_to(low, mean.shape), np.broadcast_to(high, mean.shape)
    is_share = np.broadcast_to(is_share[:, None], mean.shape)
    drawn = mean + spread * normal
    is_near = ((mean - FAR * spread < low) | (mean + FAR * spread > high)) | is_share
    is_two_ended = is_near & np.isfinite(low) & np.isfinite(high) & (high > low)
    is_open = is_near & np.isfinite(low) & ~np.isfinite(high)
    at = is_two_ended
    drawn[at] = _beta(mean[at], spread[at], normal[at], low[at], high[at], is_share[at])
    drawn[is_open] = _gamma(*(part[is_open] for part in (mean, spread, normal, low)))
    return np.asarray(np.clip(drawn, low, high))


def _beta(mean: Floats, spread: Floats, normal: Floats, low: Floats, high: Floats, is_share: Truths) -> Floats:
    """Return draws (n,) of a beta between two ends, or of the ends alone."""
    width = high - low
    part = ((mean - low) / width).clip(0, 1)
    size = part * (1 - part) / np.maximum((spread / width) ** 2, SMALLEST) - 1
    is_curved = (size * np.minimum(part, 1 - part) > MOST_EXTREME) & ~is_share
    drawn = (special.ndtr(-normal) < part).astype(float)
    a, b, chance = (values[is_curved] for values in (part * size, (1 - part) * size, special.ndtr(normal)))
    drawn[is_curved] = special.betaincinv(a, b, chance)
    return np.asarray(low + width * drawn)


def _gamma(mean: Floats, spread: Floats, normal: Floats, low: Floats) -> Floats:
    """Return draws (n,) of a gamma above its low end; the end where the mean is not above it."""
    above = mean - low
    shape = np.divide(above, spread, out=np.zeros_like(above), where=(above > 0) & (spread > 0)) ** 2
    is_curved = shape > MOST_EXTREME
    drawn = np.zeros_like(above)
    drawn[is_curved] = special.gammainccinv(shape[is_curved], special.ndtr(-normal[is_curved])) * above[is_curved] / shape[is_curved]
    return low + drawn


def _completed(people: Persons, leavers: tuple[Cells, Floats], entrants: tuple[Cells, Floats], level: float) -> tuple[Floats, Floats, Floats]:
    """Return estimates and CR2 variances (m, k) of the change in completed data and their df (k,)."""
    exposure = np.where(people.is_there, people.exposure, np.where(people.seen, people.exposure[::-1], 0.0))
    known = np.where(people.is_there, people.scores, 0.0)
    m, columns, count = leavers[1].shape[1], people.scores.shape[2], people.n_codes
    weights = np.repeat(np.stack([people.sums(exposure[wave]) for wave in (BEFORE, AFTER)])[:, :, :, None], m, axis=3)
    totals = np.repeat(np.stack([people.sums(exposure[wave] * known[wave]) for wave in (BEFORE, AFTER)])[:, :, :, None], m, axis=3)
    for wave, (cells, drawn) in ((AFTER, leavers), (BEFORE, entrants)):
        added = sums_by(cells.organisation, count * columns, exposure[wave][cells.person, cells.column][:, None] * drawn)
        totals[wave] += added.reshape(columns, count, m).transpose(1, 0, 2)
    fit = contrast(weights.reshape(2, count, -1), totals.reshape(2, count, -1), level)
    estimates, errors, df = (np.asarray(values).reshape(columns, m) for values in (fit.estimate, fit.std_error, fit.df))
    freedom = np.where(np.isnan(df), -np.inf, df).max(axis=1)
    return estimates.T, np.nan_to_num(errors).T ** 2, np.where(np.isfinite(freedom), freedom, np.nan)
