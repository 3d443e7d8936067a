"""The way to a target: in, means of two waves, years and milestones; out, the share travelled with its interval, what is asked, the status.

In a survey that share is a ratio of two estimates from the same organisations, so its interval is Fieller's, with CR2 (co)variances of
the means of both waves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import stats

from midterm.measure.clustered import NO_VARIANCE, Floats

BEFORE, AFTER = 0, 1
NEARLY, BEHIND = 0.9, 0.6
ROUNDING = 1e-9
CANCELLED = 1e-12


class WaveMeans(NamedTuple):
    """Means of two waves (2, k), their CR2 covariance (2, 2, k), and what Satterthwaite's df of any combination takes of them."""

    mean: Floats
    covariance: Floats
    trace: Floats
    squares: Floats


class Attained(NamedTuple):
    """The share of the way (k,), its delta error and interval, Fieller's interval, and the df of both; NaN where not computable."""

    estimate: Floats
    std_error: Floats
    df: Floats
    delta_low: Floats
    delta_high: Floats
    fieller_low: Floats
    fieller_high: Floats


def wave_means(weights: Floats, totals: Floats) -> WaveMeans:
    """Return both waves' means of k indicators with their joint CR2 covariance, from sums by organisation.

    ``weights`` and ``totals`` (2, G, k) are the sums of w and of w y in each wave and organisation (w 1, or the exposure of a count);
    NaN where a wave has nobody. As in a regression on one dummy per wave, clusters the organisations in both waves, working model
    independence: the residual sum of an organisation is divided by the wave's total W and by (1 - w / W)^(1/2).
    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4), eq. 4 and section 4. Equal to
    clubSandwich ``vcovCR(lm(y ~ 0 + wave), type = "CR2")`` with ``linear_contrast(test = "Satterthwaite")``.
    """
    whole = weights.sum(axis=1, keepdims=True)
    whole = np.where(whole > 0, whole, np.nan)
    means = totals.sum(axis=1, keepdims=True) / whole
    room = 1 - weights / whole
    adjust = np.where(room > 1e-12, np.abs(room).clip(1e-12) ** -0.5, 0.0)
    scores = adjust * (totals - weights * means) / whole
    own, loads, shared = adjust**2 * weights / whole**2, adjust * weights / whole, 1 / whole[:, 0]
    cross = np.einsum("vgk,wgk->vwk", own, shared[:, None] * loads**2)
    joint = shared[:, None] * shared[None] * np.einsum("vgk,wgk->vwk", loads, loads) ** 2
    return WaveMeans(
        mean=means[:, 0],
        covariance=np.einsum("vgk,wgk->vwk", scores, scores),
        trace=(own - shared[:, None] * loads**2).sum(axis=1),
        squares=np.einsum("vgk,wgk->vwk", own, own) - cross - cross.transpose(1, 0, 2) + joint,
    )


def combined(fit: WaveMeans, of_before: Floats) -> tuple[Floats, Floats]:
    """Return standard error and Satterthwaite df (k,) of the mean after plus ``of_before`` (k,) times the mean before.

    Where ``of_before`` is 0 the first wave need not be there. NaN without variance, or with one organisation.
    """
    factors = np.stack([of_before, np.ones_like(of_before)])
    pairs = factors[:, None] * factors[None]
    parts = np.where(pairs == 0, 0.0, pairs * fit.covariance)
    variance = parts.sum(axis=(0, 1))
    rounding = np.maximum(NO_VARIANCE**2 * np.fmax.reduce(fit.mean**2, axis=0, initial=1.0), CANCELLED * np.abs(parts).sum(axis=(0, 1)))
    trace = np.where(factors == 0, 0.0, factors**2 * fit.trace).sum(axis=0)
    squares = np.where(pairs == 0, 0.0, pairs**2 * fit.squares).sum(axis=(0, 1))
    has_error = (variance > rounding) & (squares > 0)
    error = np.sqrt(np.where(has_error, variance, np.nan))
    return error, np.divide(trace**2, squares, out=np.full_like(trace, np.nan), where=has_error)


def attained(fit: WaveMeans, target: Floats, baseline: Floats, level: float = 0.95) -> Attained:
    """Return p = (A - B) / (T - B) of k indicators with its delta and Fieller intervals.

    A is the mean after; B is ``baseline`` (k,) where that is known without error, else (NaN) the mean before; T is ``target`` (k,).
    Delta: the error of A - (1 - p) B, divided by |T - B|. Fieller: every p0 for which A - B - p0 (T - B) is not different from 0, with
    the t quantile of the same df, that of Satterthwaite for A - (1 - p) B; it is empty (NaN) where T - B is not clearly different from
    0, as it has no end there. With a known baseline both are the t interval. NaN: T = B (all), one organisation or no variance (error).
    Source: Fieller 1954, J. R. Stat. Soc. B 16(2); Cox 1990, Biometrics 46(3), for both side by side. Equal to R ``car::deltaMethod`` and to
    the numerical roots of Fieller's inequality, on clubSandwich's covariance.
    """
    is_known = ~np.isnan(baseline)
    start = np.where(is_known, baseline, fit.mean[BEFORE])
    done, way = fit.mean[AFTER] - start, np.where(np.abs(target - start) > ROUNDING, target - start, np.nan)
    estimate = done / way
    error, df = combined(fit, np.where(is_known, 0.0, np.nan_to_num(estimate) - 1))
    error = np.where(np.isnan(estimate), np.nan, error)
    quantile = stats.t.ppf(0.5 + level / 2, df)
    after = fit.covariance[AFTER, AFTER]
    before, shared = (np.where(is_known, 0.0, fit.covariance[BEFORE, wave]) for wave in (BEFORE, AFTER))
    square = way**2 - quantile**2 * before
    middle = done * way - quantile**2 * (before - shared)
    rest = done**2 - quantile**2 * (after - 2 * shared + before)
    has_ends = (square > ROUNDING * way**2) & np.isfinite(error)
    root = np.sqrt(np.where(has_ends, middle**2 - square * rest, np.nan).clip(0))
    divisor = np.where(has_ends, square, np.nan)
    std_error = error / np.abs(way)
    return Attained(
        estimate, std_error, df, estimate - quantile * std_error, estimate + quantile * std_error, (middle - root) / divisor, (middle + root) / divisor
    )


def trajectory(year: int, start: float, end: float, target: float, milestones: Mapping[int, float]) -> tuple[float, float]:
    """Return (share, level) of what ``year`` asks for: share x baseline + level, straight from year to year that is known.

    ``start`` and ``end`` are the years of baseline and target (NaN: not known). From the target year on it is the target. NaN before the
    first year that is known, after the last when that is not the target's, and where the target does not come after the baseline.
    """
    if end <= start:
        return np.nan, np.nan
    points = {float(when): (0.0, value) for when, value in milestones.items() if not (when <= start or when >= end)}
    points |= {when: point for when, point in ((start, (1.0, 0.0)), (end, (0.0, target))) if not np.isnan(when)}
    if not np.isnan(end) and year >= end:
        return points[end]
    years = sorted(points)
    if not years or not years[0] <= year <= years[-1]:
        return np.nan, np.nan
    share, level = (float(np.interp(year, years, [points[when][part] for when in years])) for part in (0, 1))
    return share, level


def expected_share(share: float, level: float, baseline: float, target: float, *, is_linear: bool) -> float:
    """Return the share of the way that a year asks for: by even steps 1 - ``share``; by milestones (milestone - B) / (T - B), NaN where T = B."""
    if is_linear:
        return 1 - share
    return float("nan") if abs(target - baseline) <= ROUNDING else (share * baseline + level - baseline) / (target - baseline)


def class_of_point(reached: float, expected: float) -> str:
    """Return how an uncertain attainment looks by its point: from .9 of the milestone, from .6 of it, or less; "" where not known."""
    if np.isnan(reached) or np.isnan(expected):
        return ""
    if reached >= NEARLY * expected - ROUNDING:
        return "point_on_track"
    return "point_nearly" if reached >= BEHIND * expected - ROUNDING else "point_behind"


def status_of_interval(to_milestone: tuple[float, float], to_target: tuple[float, float]) -> str:
    """Return the status from intervals of the distance past the milestone and past the target (in the good direction)."""
    if np.isnan([*to_milestone, *to_target]).any():
        return "not_computable"
    if to_target[0] >= -ROUNDING:
        return "reached"
    if to_milestone[0] >= -ROUNDING:
        return "on_track"
    return "off_track" if to_milestone[1] < -ROUNDING else "uncertain"


def status_of_maintained(to_target: tuple[float, float], margin: float) -> str:
    """Return the status where the target is to keep the baseline: maintained when a loss as large as ``margin`` is ruled out."""
    if np.isnan(to_target).any():
        return "not_computable"
    if to_target[0] >= -margin - ROUNDING:
        return "maintained"
    return "off_track" if to_target[1] < -ROUNDING else "uncertain"
