"""The mixed model as a check: in, two waves; out, the change by REML with organisations, organisations by wave and persons as random.

Written anew because no Python library gives degrees of freedom with it. As each effect is alike for all persons of an
organisation and wave, the likelihood needs no matrices beyond two by two: sums by organisation do for all indicators at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from midterm.compare.result import Result, Settings, first_reason, t_result
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import NO_VARIANCE, Floats

Numbers = NDArray[np.float64] | NDArray[np.complex128]
PERSON, CELL, ORGANISATION = 0, 1, 2
STARTS = (0.0, 0.05, 0.3, 1.5)
STRIDES = np.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.03, 1e-3, 1e-5, 0.0])
STEPS = 100
SLOPE = 1e-9
CLOSE = 1e-2
LARGEST = 1e7
FLAT = 1e-6
TINY = 1e-100
NEAR = 1e-4
AT_ONCE = 2_000


@dataclass(frozen=True)
class _Sums:
    """What the likelihood needs of y: by wave and organisation (2, G, k) or by column (k,).

    ``pairs`` (G, k) and ``singles`` (2, G, k) are numbers of persons with both scores and with one; ``pair_sums`` and
    ``single_sums`` their sums; ``together`` and ``apart`` the sums over persons of (before + after)^2 / 2 and of
    (after - before)^2 / 2; ``alone`` the sum of squares of the persons with one score; ``freedom`` scores less 2.
    """

    pairs: Floats
    singles: Floats
    pair_sums: Floats
    single_sums: Floats
    together: Floats
    apart: Floats
    alone: Floats
    freedom: Floats

    def only(self, columns: Truths | NDArray[np.intp]) -> _Sums:
        return _Sums(**{name: values[..., columns] for name, values in vars(self).items()})


def mixed_model(data: TwoWaves, settings: Settings) -> Result:
    """Return the change by ``y ~ wave + (1 | organisation) + (1 | organisation:wave) + (1 | person)``, REML, Satterthwaite df.

    The estimate is the generalised least squares difference (after minus before), in the indicator's unit; its error the model's; df are
    1 / (1 / (n - 2) + v' P^-1 v), P the second derivatives of the profiled REML deviance in the variance ratios above 0 and v the
    derivatives of the logarithm of the squared error. A person belongs to the organisation of the first row. Variances at 0: flag
    "boundary". Without linked persons there is no person term ("nobody_linked"); where organisations cannot be parted from
    organisations by wave only the latter stays, and where each has but one person only persons ("no_organisation_term"); with at most
    one person in each there is none for organisations by wave ("no_organisation_by_wave_term"). Nothing is given with "no_data", "one_organisation" (two
    cells of organisation and wave or fewer), "no_variance" (left after the model), "not_identified" and "not_for_counts".
    Source: Patterson & Thompson 1971, Biometrika 58(3); Fai & Cornelius 1996, J. Stat. Comput. Simul. 54(4); Kuznetsova et al. 2017,
    J. Stat. Softw. 82(13). Equal to lme4 ``lmer`` with lmerTest ``summary(ddf = "Satterthwaite")``.
    """
    k = len(data.outcomes)
    is_count = np.array([outcome.kind == "count" for outcome in data.outcomes], dtype=bool)
    data = _at_home(data)
    scaled, shift, scale = within_waves(data)
    cells = data.sizes > 0
    n_both, n_only = cells.all(axis=0).sum(axis=0), (cells & ~cells[::-1]).sum(axis=1)
    reasons = {
        "not_for_counts": is_count,
        "no_data": (data.n == 0).any(axis=0),
        "one_organisation": cells.sum(axis=(0, 1)) <= 2,
        "no_variance": ~(scale > 0),
    }
    is_usable = ~np.logical_or.reduce(list(reasons.values()))
    sums = _sums(scaled, data)
    is_free = np.ones((3, k), dtype=bool)
    is_free[PERSON] = sums.pairs.sum(axis=0) > 0
    is_free[CELL] = (data.sizes > 1).any(axis=(0, 1))
    has_colleagues = (sums.pairs + sums.singles.sum(axis=0) > 1).any(axis=0)
    is_free[ORGANISATION] = ((n_both > 1) | ((n_both == 1) & (n_only > 0).all(axis=0))) & (has_colleagues | ~is_free[PERSON])
    estimate, error, df = (np.full(k, np.nan) for _ in range(3))
    on_edge, is_flat, is_spent = (np.zeros(k, dtype=bool) for _ in range(3))
    for columns in _portions(np.flatnonzero(is_usable), data.n_codes):
        ratios = _optimum(sums.only(columns), is_free[:, columns])
        estimate[columns], error[columns], df[columns], is_flat[columns] = _inference(sums.only(columns), ratios)
        on_edge[columns] = (is_free[:, columns] & (ratios <= 0)).any(axis=0)
        is_spent[columns] = (ratios >= LARGEST).any(axis=0)
    is_good = is_usable & ~is_flat & ~is_spent
    reasons |= {"no_variance": reasons["no_variance"] | is_spent, "not_identified": is_flat & ~is_spent}
    names = {"nobody_linked": PERSON, "no_organisation_by_wave_term": CELL, "no_organisation_term": ORGANISATION}
    remarks = {"boundary": on_edge & is_good, **{name: ~is_free[term] & is_good for name, term in names.items()}}
    blank = np.where(is_good, 1.0, np.nan)
    result = t_result((shift + scale * estimate) * blank, scale * error * blank, df * blank, settings.level)
    return replace(result, flag=first_reason(reasons, remarks))


def _at_home(data: TwoWaves) -> TwoWaves:
    """Return the same with everyone in the organisation of the first wave that has them."""
    before, after = _linked_rows(data)
    organisation = data.organisation.copy()
    organisation[after] = organisation[before]
    return replace(data, organisation=organisation)


def _linked_rows(data: TwoWaves) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, last = np.flatnonzero(~data.is_after), np.flatnonzero(data.is_after)
    _, before, after = np.intersect1d(data.person[first], data.person[last], return_indices=True)
    return first[before], last[after]


def within_waves(data: TwoWaves) -> tuple[Floats, Floats, Floats]:
    """Return y less its wave's mean, by the SD within waves, 0 where missing (n, k); the difference of means (k,); that SD (k,), 0 if nothing."""
    means = np.divide(data.sums.sum(axis=1), data.n, out=np.zeros_like(data.n), where=data.n > 0)
    centred = np.nan_to_num(data.y - means[data.is_after.astype(int)])
    freedom = data.n.sum(axis=0) - 2
    spread = np.sqrt(np.divide((centred**2).sum(axis=0), freedom, out=np.zeros_like(freedom), where=freedom > 0))
    scale = np.where(spread > NO_VARIANCE * np.maximum(1.0, np.abs(means).max(axis=0, initial=0.0)), spread, 0.0)
    return centred / np.where(scale > 0, scale, 1.0), means[AFTER] - means[BEFORE], scale


def _sums(scaled: Floats, data: TwoWaves) -> _Sums:
    before, after = _linked_rows(data)
    has_both = data.is_there[before] & data.is_there[after]
    is_pair = np.zeros_like(data.is_there)
    is_pair[before], is_pair[after] = has_both, has_both
    is_single = data.is_there & ~is_pair
    together = ((scaled[before] + scaled[after]) ** 2 * has_both).sum(axis=0) / 2
    apart = ((scaled[after] - scaled[before]) ** 2 * has_both).sum(axis=0) / 2
    return _Sums(
        pairs=data.by_organisation(is_pair.astype(float))[BEFORE],
        singles=data.by_organisation(is_single.astype(float)),
        pair_sums=data.by_organisation(is_pair * scaled),
        single_sums=data.by_organisation(is_single * scaled),
        together=together,
        apart=apart,
        alone=(scaled**2 * is_single).sum(axis=0),
        freedom=data.n.sum(axis=0) - 2,
    )


def _portions(columns: NDArray[np.intp], n_codes: int) -> list[NDArray[np.intp]]:
    """Return the columns in portions small enough for the processor's memory."""
    size = max(1, AT_ONCE // max(1, n_codes))
    return [columns[start : start + size] for start in range(0, len(columns), size)]


def _profile(ratios: Numbers, sums: _Sums) -> tuple[Numbers, Numbers, Numbers]:
    """Return REML deviance, logarithm of the squared error and estimate (P, k) at ratios of variances to the residual's (3, P, k).

    With D the variance of persons and residual alone and S that of the effects of an organisation in its two waves, by
    organisation: A = Z' D^-1 Z, u = Z' D^-1 y (Z the waves' columns), M = I + A S; then Z' V^-1 Z = M^-1 A, Z' V^-1 y = M^-1 u,
    y' V^-1 y = y' D^-1 y - u' S M^-1 u and |V| = |D| |M|. The residual variance is profiled out.
    """
    person, cell, organisation = ratios[:, :, None, :]
    both, one = 1 / (1 + 2 * person), 1 / (1 + person)
    same, other = (both + 1) / 2, (both - 1) / 2
    a11, a22, a12 = same * sums.pairs + one * sums.singles[0], same * sums.pairs + one * sums.singles[1], other * sums.pairs
    u1 = same * sums.pair_sums[0] + other * sums.pair_sums[1] + one * sums.single_sums[0]
    u2 = other * sums.pair_sums[0] + same * sums.pair_sums[1] + one * sums.single_sums[1]
    own, shared = cell + organisation, organisation
    m11, m12, m21, m22 = 1 + a11 * own + a12 * shared, a11 * shared + a12 * own, a12 * own + a22 * shared, 1 + a12 * shared + a22 * own
    determinant = m11 * m22 - m12 * m21
    r1, r2 = (m22 * u1 - m12 * u2) / determinant, (m11 * u2 - m21 * u1) / determinant
    explained = (u1 * (own * r1 + shared * r2) + u2 * (shared * r1 + own * r2)).sum(axis=1)
    w11, w22 = ((m22 * a11 - m12 * a12) / determinant).sum(axis=1), ((m11 * a22 - m21 * a12) / determinant).sum(axis=1)
    w12, r1, r2 = ((m22 * a12 - m12 * a22) / determinant).sum(axis=1), r1.sum(axis=1), r2.sum(axis=1)
    both, one = both[:, 0], one[:, 0]
    weight = w11 * w22 - w12**2
    estimate = ((w11 + w12) * r2 - (w22 + w12) * r1) / weight
    fitted = (w22 * r1**2 - 2 * w12 * r1 * r2 + w11 * r2**2) / weight
    residual = both * sums.together + sums.apart + one * sums.alone - explained - fitted
    residual = np.where(residual.real > TINY, residual, TINY)
    logs = -_log(both) * sums.pairs.sum(axis=0) - _log(one) * sums.singles.sum(axis=(0, 1)) + _log(determinant).sum(axis=1) + _log(weight)
    return logs + sums.freedom * _log(residual), _log((w11 + w22 + 2 * w12) / weight * residual / sums.freedom), estimate


def _log(values: Numbers) -> Numbers:
    """Return the logarithm; of a complex step its first order, which is all there is to it and much faster."""
    return np.log(values.real) + 1j * (values.imag / values.real) if np.iscomplexobj(values) else np.log(values)


def _slopes(ratios: Floats, sums: _Sums) -> tuple[Floats, Floats]:
    """Return the first derivatives of deviance and of log squared error (2, 3, P, k) at ``ratios`` (3, P, k), to rounding (complex steps)."""
    points, k = ratios.shape[1:]
    moved = ratios[:, None] + 1j * TINY * np.eye(3)[:, :, None, None]
    deviance, log_variance, _ = _profile(moved.reshape(3, 3 * points, k), sums)
    first, second = (found.imag.reshape(3, points, k) / TINY for found in (deviance, log_variance))
    return first, second


def _curvature(ratios: Floats, sums: _Sums) -> tuple[Floats, Floats, Floats]:
    """Return derivatives (k, 3) of deviance and of log squared error, and second ones (k, 3, 3) of the deviance, at ``ratios`` (3, k)."""
    width = NEAR * np.maximum(ratios, 1e-3)
    moves = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)]).T
    slopes, trend = _slopes(ratios[:, None] + moves[:, :, None] * width[:, None], sums)
    second = (slopes[:, 1:4] - slopes[:, 4:7]) / (2 * width)
    return slopes[:, 0].T, trend[:, 0].T, (second + second.transpose(1, 0, 2)).transpose(2, 0, 1) / 2


def _optimum(sums: _Sums, is_free: Truths) -> Floats:
    """Return the ratios (3, k), at least 0, of least REML deviance: the best of a grid, then Newton steps that stop at the edge."""
    grid = np.stack(np.meshgrid(STARTS, STARTS, STARTS, indexing="ij")).reshape(3, -1)[:, :, None] * is_free[:, None]
    ratios = _best(grid, sums)
    left = np.arange(ratios.shape[1])
    for _ in range(STEPS):
        moved, is_there = _step(ratios[:, left], sums.only(left), is_free[:, left])
        ratios[:, left] = moved
        left = left[~is_there]
        if not len(left):
            break
    return ratios


def _step(ratios: Floats, sums: _Sums, is_free: Truths) -> tuple[Floats, Truths]:
    """Return the ratios (3, k) a Newton step further, and where there was none to take (k,).

    Far from the optimum the best of several lengths is taken; near it, where rounding hides the deviance's differences, the whole step.
    """
    slope, _, second = _curvature(ratios, sums)
    unit = np.maximum(ratios, NEAR).T
    is_held = ~is_free.T | ((ratios.T <= 0) & (slope >= 0)) | ((ratios.T >= LARGEST) & (slope <= 0))
    slope = np.where(is_held, 0.0, slope * unit)
    values, vectors = np.linalg.eigh(_kept(second * unit[:, :, None] * unit[:, None], ~is_held))
    steepest = np.abs(slope).max(axis=1)
    is_near = steepest < CLOSE * values[:, 0]
    values = np.maximum(np.abs(values), FLAT * (1 + np.abs(values).max(axis=1, keepdims=True)))
    step = np.where(is_held, 0.0, unit * np.einsum("kij,kj,klj,kl->ki", vectors, -1 / values, vectors, slope)).T
    tried = np.clip(ratios[:, None] + STRIDES[:, None] * step[:, None], 0.0, LARGEST)
    moved = np.where(is_near, np.clip(ratios + step, 0.0, LARGEST), _best(tried, sums))
    return moved, (steepest < SLOPE) | (moved == ratios).all(axis=0)


def _best(tried: Floats, sums: _Sums) -> Floats:
    """Return of the points (3, P, k) the one of least deviance in each column (3, k)."""
    deviance = _profile(tried, sums)[0].real
    least: Floats = np.take_along_axis(tried, deviance.argmin(axis=0)[None, None], axis=1)[:, 0]
    return least


def _kept(second: Floats, kept: Truths) -> Floats:
    """Return the matrices (k, 3, 3) with the identity in rows and columns that are not ``kept`` (k, 3)."""
    return np.where(kept[:, :, None] & kept[:, None], second, np.eye(3))


def _inference(sums: _Sums, ratios: Floats) -> tuple[Floats, Floats, Floats, Truths]:
    """Return estimate, error and df (k,) at the optimum, and where the deviance is flat so that there are none."""
    _, log_variance, estimate = _profile(ratios[:, None], sums)
    _, trend, second = _curvature(ratios, sums)
    unit = np.maximum(ratios, NEAR).T
    inside = ratios.T > 0
    scaled = _kept(second * unit[:, :, None] * unit[:, None], inside)
    is_flat = np.linalg.eigvalsh(scaled)[:, 0] < FLAT
    trend = np.where(inside, trend * unit, 0.0)
    inverse = np.linalg.inv(np.where(is_flat[:, None, None], np.eye(3), scaled))
    df = 1 / (1 / sums.freedom + np.einsum("ki,kij,kj->k", trend, inverse, trend))
    return estimate[0].real, np.exp(log_variance[0].real / 2), df, is_flat
