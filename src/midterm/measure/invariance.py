"""Does an item mean the same in both waves? In, persons by items of a scale and their wave; out, differential functioning per item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from midterm.measure.clustered import NO_VARIANCE, Floats

FEWEST_PER_WAVE = 150
JODOIN_GIERL = (0.035, 0.070)  # change in Nagelkerke R2 from which it is moderate, large
ZUMBO = (0.13, 0.26)
STEPS = 100
CONVERGED = 1e-10
STEEPEST = 15.0  # log-odds per standard deviation; beyond it the answers are as good as separated
SMALLEST_P = float(np.finfo(float).tiny)
Matching = Literal["total", "rest"]


@dataclass(frozen=True)
class CumulativeLogit:
    """A proportional odds fit: log-likelihood, coefficients and errors (q,), thresholds; ``flag`` says why there is none."""

    log_likelihood: float
    coefficients: Floats
    std_errors: Floats
    thresholds: Floats
    flag: str = ""


def cumulative_logit(y: Floats, x: Floats) -> CumulativeLogit:
    """Return the maximum likelihood fit of logit P(Y <= k) = threshold_k - x b to ``y`` (n,), any ordered values, and ``x`` (n, q).

    Newton steps, halved until the likelihood rises (it is concave: Pratt 1981, Journal of the American Statistical Association
    76). All NaN with flag ``no_data``, ``no_variance`` (one value), ``collinear`` or ``separation`` (``x`` foretells ``y`` fully).
    Source: McCullagh 1980, Journal of the Royal Statistical Society B 42(2), 109-142; equal to R ordinal ``clm``.
    """
    values, codes = np.unique(y, return_inverse=True)
    n, q = x.shape
    cuts = len(values) - 1
    spread = x.std(axis=0) if n else np.zeros(q)
    scale = np.where(spread > NO_VARIANCE, spread, 1.0)
    centre = x.mean(axis=0) if n else np.zeros(q)
    z = (x - centre) / scale
    if n == 0 or cuts < 1:
        return _no_fit(q, "no_data" if n == 0 else "no_variance")
    if q and (not (spread > NO_VARIANCE).all() or np.linalg.matrix_rank(z) < q):
        return _no_fit(q, "collinear")
    share = np.cumsum(np.bincount(codes))[:-1] / n
    point = np.concatenate([np.log(share / (1 - share)), np.zeros(q)])
    now = _likelihood(point, codes, z)
    for _ in range(STEPS):
        value, slope, curve = now
        step = _solved(-curve, slope)
        gain = float(slope @ step)
        size, then = 1.0, _likelihood(point + step, codes, z)
        while not then[0] >= value - CONVERGED and size > 1e-6:
            size /= 2
            then = _likelihood(point + size * step, codes, z)
        if not then[0] >= value - CONVERGED:
            break
        point, now = point + size * step, then
        if np.abs(point[cuts:]).max(initial=0.0) > STEEPEST:
            return _no_fit(q, "separation")
        if gain < CONVERGED:
            break
    value, slope, curve = now
    covariance = np.linalg.pinv(-curve, hermitian=True)
    if float(slope @ covariance @ slope) > 1e-6:
        return _no_fit(q, "separation")
    coefficients = point[cuts:] / scale
    errors = np.sqrt(np.maximum(np.diag(covariance)[cuts:], 0.0)) / scale
    return CumulativeLogit(value, coefficients, errors, point[:cuts] + float(centre @ coefficients))


def _no_fit(q: int, flag: str) -> CumulativeLogit:
    return CumulativeLogit(np.nan, np.full(q, np.nan), np.full(q, np.nan), np.empty(0), flag)


def _solved(matrix: Floats, vector: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, vector))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(matrix, hermitian=True) @ vector)


def _likelihood(point: Floats, codes: NDArray[np.intp], z: Floats) -> tuple[float, Floats, Floats]:
    """Return log-likelihood, gradient and Hessian; minus infinity where thresholds are out of order."""
    n, q = z.shape
    cuts = len(point) - q
    thresholds = point[:cuts]
    if (np.diff(thresholds) <= 0).any():
        return -np.inf, point, np.empty((0, 0))
    ends = np.concatenate([[-np.inf], thresholds, [np.inf]])
    fixed = z @ point[cuts:]
    upper, lower = ends[codes + 1] - fixed, ends[codes] - fixed
    # 1 - F(upper) and F(lower) are small on different sides: the difference is taken on the side where it loses no digits.
    chance = np.where(lower > 0, expit(-lower) - expit(-upper), expit(upper) - expit(lower))
    if (chance <= 0).any():
        return -np.inf, point, np.empty((0, 0))
    at_upper, at_lower = expit(upper), expit(lower)
    first_upper, first_lower = at_upper * (1 - at_upper), at_lower * (1 - at_lower)
    second_upper, second_lower = first_upper * (1 - 2 * at_upper), first_lower * (1 - 2 * at_lower)
    to_upper, to_lower = np.zeros((n, cuts + q)), np.zeros((n, cuts + q))
    has_upper, has_lower = np.flatnonzero(codes < cuts), np.flatnonzero(codes > 0)
    to_upper[has_upper, codes[has_upper]] = 1.0
    to_lower[has_lower, codes[has_lower] - 1] = 1.0
    to_upper[:, cuts:] = to_lower[:, cuts:] = -z
    slopes = (first_upper / chance)[:, None] * to_upper - (first_lower / chance)[:, None] * to_lower
    bend = to_upper.T @ ((second_upper / chance)[:, None] * to_upper) - to_lower.T @ ((second_lower / chance)[:, None] * to_lower)
    return float(np.log(chance).sum()), slopes.sum(axis=0), bend - slopes.T @ slopes


@dataclass(frozen=True)
class Functioning:
    """Differential functioning of j items between two waves, arrays (j,); NaN where not computable, ``flag`` says why.

    ``uniform_p``, ``nonuniform_p`` by likelihood ratio, 1 degree of freedom each, never 0; ``uniform_size``, ``nonuniform_size``
    the change in Nagelkerke's R2; ``uniform_mcfadden``, ``nonuniform_mcfadden`` that in McFadden's; ``log_odds`` the coefficient
    of the last wave in the uniform model with its ``std_error``: above 0 the item is answered higher than the scale foretells.
    """

    uniform_p: Floats
    nonuniform_p: Floats
    uniform_size: Floats
    nonuniform_size: Floats
    uniform_mcfadden: Floats
    nonuniform_mcfadden: Floats
    log_odds: Floats
    std_error: Floats
    flag: tuple[str, ...]


NUMBERS = tuple(field.name for field in fields(Functioning) if field.name != "flag")


def functioning(items: Floats, is_after: NDArray[np.bool_], matching: Matching = "total", fewest: int = FEWEST_PER_WAVE) -> Functioning:
    """Return whether each of ``items`` (n, j; all pointing one way) is answered alike in both waves at the same level of the scale.

    Three cumulative logits of the item: on the score m; on m and the wave (uniform); on m, the wave and their product
    (non-uniform). ``matching`` says what m is: the ``total`` of all items, or the ``rest`` without the item itself. Where people
    truly changed, the rest of a short scale is too unsure a measure of where they stand, and sound items look changed (three
    items, a true change of half a standard deviation: false alarms at 5 % in a third of the items; with the total in about one
    of twenty): hence the default. The test of non-uniform functioning then has false alarms in about one of ten.
    ``items`` is NaN where not answered. An item is judged over the persons who answered it; m is the mean of the items (of the
    rest: the other items) that a person answered, times their number, so that a gap counts as that person's own mean. This takes
    for granted that the items someone skips are, for that person, like those answered, and that skipping goes with the score, not
    with the answer that would have been given. Answers missing at random raise no false alarms; where the hardest of three items is
    skipped far more in one wave (35 % against 5 %), sound items look changed in one of five, but by less than .035 of R2. An item
    that nobody answered in one of the waves is left out of m.
    p takes persons as independent. NaN with ``too_few_items`` (under 3 in both waves), ``too_few_for_invariance`` (under ``fewest``
    who answered the item in a wave), or the flags of ``cumulative_logit``.
    Source: Swaminathan & Rogers 1990, Journal of Educational Measurement 27(4), 361-370; Zumbo 1999, A Handbook on the Theory
    and Methods of Differential Item Functioning; the fits are those of R ordinal ``clm``.
    """
    count = items.shape[1]
    numbers, flags = np.full((len(NUMBERS), count), np.nan), [""] * count
    is_given = ~np.isnan(items)
    in_both = np.logical_and(is_given[is_after].any(axis=0), is_given[~is_after].any(axis=0))
    for column in range(count):
        score = _matching_score(items, in_both, column, matching)
        judged = ~np.isnan(score)
        per_wave = min(int((judged & is_after).sum()), int((judged & ~is_after).sum()))
        is_few = count >= 3 and per_wave < max(fewest, 1)
        flags[column] = "too_few_for_invariance" if is_few else "too_few_items" if in_both.sum() < 3 else ""
        if not flags[column]:
            numbers[:, column], flags[column] = _judged(items[judged, column], score[judged], is_after[judged])
    return Functioning(**dict(zip(NUMBERS, numbers, strict=True)), flag=tuple(flags))


def _matching_score(items: Floats, in_both: NDArray[np.bool_], column: int, matching: Matching) -> Floats:
    """Return the level of the scale (n,) at which the item in ``column`` is judged; NaN where it, or all it is matched on, has no answer."""
    is_given = ~np.isnan(items)
    counted = is_given & in_both
    total, answered, count = np.where(counted, items, 0.0).sum(axis=1), counted.sum(axis=1), int(in_both.sum())
    if matching == "rest" and in_both[column]:
        total, answered, count = total - np.where(counted[:, column], items[:, column], 0.0), answered - counted[:, column], count - 1
    score: Floats = total * np.divide(count, answered, out=np.full(len(items), np.nan), where=is_given[:, column] & (answered > 0))
    return score


def _judged(item: Floats, score: Floats, is_after: NDArray[np.bool_]) -> tuple[Floats, str]:
    """Return the ``NUMBERS`` of one item, and why there are none."""
    wave, score = is_after.astype(float), score - score.mean()
    designs = (score[:, None], np.column_stack([score, wave]), np.column_stack([score, wave, score * wave]))
    fits = [cumulative_logit(item, design) for design in designs]
    flag = next((fit.flag for fit in fits if fit.flag), "")
    return (np.full(len(NUMBERS), np.nan), flag) if flag else (np.array(_compared(item, fits)), "")


def _compared(item: Floats, fits: Sequence[CumulativeLogit]) -> list[float]:
    n, counts = len(item), np.unique(item, return_counts=True)[1]
    alone = float((counts * np.log(counts / n)).sum())
    found = [fit.log_likelihood for fit in fits]
    gains = [max(later - earlier, 0.0) for earlier, later in pairwise(found)]
    tests = [max(float(stats.chi2.sf(2 * gain, 1)), SMALLEST_P) for gain in gains]
    nagelkerke = [(1 - np.exp(2 * (alone - value) / n)) / (1 - np.exp(2 * alone / n)) for value in found]
    sizes = [max(float(later - earlier), 0.0) for earlier, later in pairwise(nagelkerke)]
    return [*tests, *sizes, *(gain / -alone for gain in gains), float(fits[1].coefficients[1]), float(fits[1].std_errors[1])]


def false_discovery(p: Floats) -> Floats:
    """Return p values (any shape) adjusted by Benjamini & Hochberg over those there are; NaN stays NaN.

    Source: Benjamini & Hochberg 1995, Journal of the Royal Statistical Society B 57(1), 289-300; equal to R ``p.adjust(method = "BH")``.
    """
    adjusted = np.full(p.shape, np.nan)
    there = ~np.isnan(p)
    if there.any():
        adjusted[there] = stats.false_discovery_control(p[there], method="bh")
    return adjusted


def size_of(change: float, adjusted_p: float, rate: float, thresholds: tuple[float, float] = JODOIN_GIERL) -> str:
    """Return what a change in Nagelkerke's R2 comes to: ``no_dif`` where p is above ``rate``, else ``dif_negligible``, ``_moderate`` or ``_large``.

    Thresholds of Jodoin & Gierl 2001, Applied Measurement in Education 14(4), 329-349 (.035 and .070); those of Zumbo 1999 are wider.
    Empty where not computable.
    """
    if np.isnan(change) or np.isnan(adjusted_p):
        return ""
    if adjusted_p > rate:
        return "no_dif"
    return "dif_large" if change >= thresholds[1] else "dif_moderate" if change >= thresholds[0] else "dif_negligible"
