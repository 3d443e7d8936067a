"""Regressions as checks: in, two waves; out, the change by estimating equations, and with every alliance weighing the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from midterm.compare.mixed_model import mixed_model, within_waves
from midterm.compare.ordinal import cumulative_logit
from midterm.compare.result import Result, Settings, first_reason, t_result
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import Floats

__all__ = ["alliance_terms", "cumulative_logit", "gee", "mixed_model"]
STEPS = 200
SETTLED = 1e-13
EDGE = 1e-6
ABSORBED = 1e-12


def gee(data: TwoWaves, settings: Settings) -> Result:
    """Return the change by ``y ~ wave`` with one correlation alpha between any two scores of an organisation, bias-reduced error.

    The estimate is the generalised least squares difference (after minus before), in the indicator's unit, at the alpha that
    ``exchangeable`` settles on; the error is the sandwich with each organisation's residuals multiplied by (I - H_gg)^-1; t(G - 1).
    For items, means and shares (a difference of shares). Where alpha is none that the largest organisation can have, or 1, it is
    taken as 0 ("correlation_held_at_0"), which leaves estimate and error valid. Nothing is given with "no_data", "no_variance" (within
    waves) and "not_for_counts"; the estimate alone with "one_organisation", "organisation_is_a_wave" (one has all the scores of a wave:
    its residuals cannot be corrected) and "no_variance_between_organisations".
    Source: Liang & Zeger 1986, Biometrika 73(1); Mancl & DeRouen 2001, Biometrics 57(1). Estimate and alpha equal to geepack ``geese(corstr =
    "exchangeable")``, the error to statsmodels ``GEE.fit(cov_type="bias_reduced")`` with that alpha.
    """
    k = len(data.outcomes)
    scaled, shift, scale = within_waves(data)
    reasons = {
        "not_for_counts": np.array([outcome.kind == "count" for outcome in data.outcomes], dtype=bool),
        "no_data": (data.n == 0).any(axis=0),
        "no_variance": ~(scale > 0),
    }
    kept = np.flatnonzero(~np.logical_or.reduce(list(reasons.values())))
    sizes, totals = data.sizes[..., kept], data.by_organisation(scaled[:, kept])
    alpha, means, is_held = exchangeable(sizes, totals, (scaled[:, kept] ** 2).sum(axis=0))
    clusters = (data.sizes.sum(axis=0) > 0).sum(axis=0)
    is_alone, has_whole = clusters[kept] == 1, ((sizes > 0) & (sizes == sizes.sum(axis=1, keepdims=True))).any(axis=(0, 1))
    estimate, error = np.full(k, np.nan), np.full(k, np.nan)
    estimate[kept] = shift[kept] + scale[kept] * (means[AFTER] - means[BEFORE])
    error[kept[~has_whole]] = scale[kept[~has_whole]] * _bias_reduced(sizes[..., ~has_whole], totals[..., ~has_whole], alpha[~has_whole], means[:, ~has_whole])
    found = t_result(estimate, error, clusters - 1.0, settings.level, np.fmax.reduce(np.abs(data.y), axis=0, initial=0.0))
    is_exact = ~has_whole & np.isnan(np.asarray(found.std_error))[kept]
    names = {
        "one_organisation": is_alone,
        "organisation_is_a_wave": ~is_alone & has_whole,
        "no_variance_between_organisations": is_exact,
        "correlation_held_at_0": is_held & ~is_alone & ~has_whole & ~is_exact,
    }
    return replace(found, flag=first_reason(reasons, {name: _spread(holds, kept, k) for name, holds in names.items()}))


def _spread(holds: Truths, kept: NDArray[np.intp], k: int) -> Truths:
    """Return ``holds`` at the places ``kept`` of k, false elsewhere."""
    everywhere = np.zeros(k, dtype=bool)
    everywhere[kept] = holds
    return everywhere


def exchangeable(sizes: Floats, totals: Floats, squares: Floats) -> tuple[Floats, Floats, Truths]:
    """Return alpha (k,), the means of both waves (2, k) that the estimating equations settle on, and where alpha is held at 0 (k,).

    ``sizes`` and ``totals`` (2, G, k) are numbers of scores, some in both waves, and their sums by wave and organisation; ``squares`` (k,) the sums of
    squares. Given alpha the means are the generalised least squares ones; given the means alpha is the mean of e e' over the pairs of
    scores in an organisation by the mean of e^2, no degrees of freedom taken off; 0 without pairs. It is held at 0 where the equations
    settle on nothing between the least alpha of the largest organisation and 1.
    """
    people = sizes.sum(axis=0)
    per_pair = np.divide(sizes.sum(axis=(0, 1)), (people * (people - 1)).sum(axis=0), out=np.zeros(sizes.shape[2]), where=(people > 1).any(axis=0))
    low, high = _lowest(sizes) + EDGE / 2, np.full(sizes.shape[2], 1 - EDGE / 2)
    alpha, moved = np.zeros(sizes.shape[2]), np.full(sizes.shape[2], np.inf)
    means = _means(sizes, totals, alpha)
    for _ in range(STEPS):
        rest = totals - sizes * means[:, None]
        square = squares - (means * (totals + rest).sum(axis=1)).sum(axis=0)
        fresh = np.clip(((rest.sum(axis=0) ** 2).sum(axis=0) / square - 1) * per_pair, low, high)
        moved, alpha = np.abs(fresh - alpha), fresh
        means = _means(sizes, totals, alpha)
        if not (moved > SETTLED).any():
            break
    is_held = (alpha <= low) | (alpha >= high) | (moved > EDGE)
    alpha = np.where(is_held, 0.0, alpha)
    return alpha, _means(sizes, totals, alpha), is_held


def _lowest(sizes: Floats) -> Floats:
    """Return the alpha (k,) at which the matrix of the largest organisation is no longer valid."""
    largest = sizes.sum(axis=0).max(axis=0, initial=0.0)
    lowest: Floats = -1 / np.maximum(largest - 1, 1)
    return lowest


def _shrink(sizes: Floats, alpha: Floats) -> Floats:
    """Return f (G, k) with V^-1 = (I - f 1 1') / (1 - alpha) for the matrix V of an organisation."""
    shrink: Floats = alpha / (1 + np.maximum(sizes.sum(axis=0) - 1, 0) * alpha)
    return shrink


def _information(sizes: Floats, alpha: Floats) -> Floats:
    """Return x' V^-1 x (G, k, 2, 2), times 1 - alpha, of the waves' columns by organisation."""
    n = np.moveaxis(sizes, 0, -1)
    return n[..., None] * np.eye(2) - _shrink(sizes, alpha)[..., None, None] * n[..., None] * n[..., None, :]


def _scores(sizes: Floats, totals: Floats, alpha: Floats) -> Floats:
    """Return x' V^-1 y (G, k, 2), times 1 - alpha, from the sums of y by wave and organisation."""
    return np.moveaxis(totals - _shrink(sizes, alpha) * sizes * totals.sum(axis=0), 0, -1)


def _means(sizes: Floats, totals: Floats, alpha: Floats) -> Floats:
    information, scores = _information(sizes, alpha).sum(axis=0), _scores(sizes, totals, alpha).sum(axis=0)
    return np.linalg.solve(information, scores[..., None])[..., 0].T


def _bias_reduced(sizes: Floats, totals: Floats, alpha: Floats, means: Floats) -> Floats:
    """Return the error of the difference (k,): x' V^-1 (I - H)^-1 e = (I - W B)^-1 x' V^-1 e with W = x' V^-1 x and B the inverse of its sum."""
    information = _information(sizes, alpha)
    bread = np.linalg.inv(information.sum(axis=0))
    scores = _scores(sizes, totals - sizes * means[:, None], alpha)
    corrected = np.linalg.solve(np.eye(2) - information @ bread, scores[..., None])[..., 0]
    error: Floats = np.sqrt((np.einsum("kw,gkw->gk", bread[:, AFTER] - bread[:, BEFORE], corrected) ** 2).sum(axis=0))
    return error


def alliance_terms(data: TwoWaves, settings: Settings) -> Result:
    """Return the mean of the alliances' changes, every alliance weighing the same: ``y ~ alliance * wave``, CR2 on organisations.

    The change of an alliance is its mean after less its mean before (a count: sum over sum of ``exposure``), in the indicator's unit; df are
    Satterthwaite's. An organisation in several alliances is one cluster. Alliances without scores in one of the waves are left out
    ("alliances_left_out: 2"); where one organisation is all of an alliance in a wave, that mean adds nothing to the error, which
    is then too small ("alliances_of_one_organisation: 1"). Nothing is given with "no_data" and "one_alliance" (fewer than two left);
    the estimate alone with "one_organisation" and "no_variance".
    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Equal to clubSandwich ``coef_test(vcov = "CR2", test =
    "Satterthwaite")`` of the wave in ``lm(y ~ alliance * wave)`` with sum contrasts, and to ``measure.clustered.cr2``.
    """
    k = len(data.outcomes)
    alliances, place = np.unique(data.alliance, return_inverse=True)
    n_cells = 2 * len(alliances)
    blocks, block = np.unique(data.organisation * n_cells + place * 2 + data.is_after, return_inverse=True)
    organisation, cell = np.divmod(blocks, max(1, n_cells))
    weights = np.where(data.is_there, data.exposure, 0.0)
    values = np.where(data.is_there, data.y / data.exposure, 0.0)
    centre = np.divide((weights * values).sum(axis=0), weights.sum(axis=0), out=np.zeros(k), where=data.is_there.any(axis=0))
    own, totals = (_gather(block, len(blocks)) @ found for found in (weights, weights * (values - centre)))
    holders = (_gather(cell, n_cells) @ (own > 0)).reshape(len(alliances), 2, k)
    is_kept = (holders > 0).all(axis=1)
    n_kept, n_lost = is_kept.sum(axis=0), ((holders > 0).any(axis=1) & ~is_kept).sum(axis=0)
    n_alone = (is_kept & (holders == 1).any(axis=1)).sum(axis=0)
    share = np.repeat(is_kept / np.maximum(n_kept, 1), 2, axis=0) * np.tile([[-1.0], [1.0]], (len(alliances), 1))
    estimate, error, df = _cell_contrast(organisation, cell, own, totals, share)
    n_organisations = (_gather(organisation, data.n_codes) @ (own * (share[cell] != 0)) > 0).sum(axis=0)
    is_usable = n_kept > 1
    blank = np.where(is_usable, 1.0, np.nan)
    found = t_result(estimate * blank, np.where(n_organisations > 1, error, np.nan), df, settings.level, np.abs(centre))
    is_untested = is_usable & np.isnan(np.asarray(found.std_error))
    remarks = {"one_organisation": is_untested & (n_organisations == 1), "no_variance": is_untested & (n_organisations > 1)}
    flags = first_reason({"no_data": (data.n == 0).any(axis=0), "one_alliance": ~is_usable}, remarks)
    counts = [f"alliances_left_out: {lost}" if lost and usable else "" for lost, usable in zip(n_lost.tolist(), is_usable.tolist(), strict=True)]
    alone = [
        f"alliances_of_one_organisation: {number}" if number and usable else "" for number, usable in zip(n_alone.tolist(), is_usable.tolist(), strict=True)
    ]
    return replace(found, flag=tuple("; ".join(part for part in parts if part) for parts in zip(flags, counts, alone, strict=True)))


def _gather(codes: NDArray[np.intp], count: int) -> sparse.csr_array:
    """Return the matrix (count, n) that sums rows of the same code."""
    return sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(count, len(codes)))


def _cell_contrast(organisation: NDArray[np.intp], cell: NDArray[np.intp], weights: Floats, totals: Floats, contrast: Floats) -> tuple[Floats, Floats, Floats]:
    """Return a contrast of the means of C cells with its CR2 error and Satterthwaite df, each (k,), from sums by block.

    A block is an organisation's part of a cell: ``organisation`` and ``cell`` (B,) say of which, ``weights`` and ``totals`` (B, k) are its sums of w
    and of w y; ``contrast`` (C, k), 0 where a cell is empty. With W the total weight of a cell the leverage of a block is w / W: as
    ``compare.primary.contrast``, which has two cells, for any number of them, and time that grows with the blocks alone.
    """
    to_cell, to_organisation = _gather(cell, len(contrast)), _gather(organisation, int(organisation.max(initial=-1)) + 1)
    whole = to_cell @ weights
    whole = np.where(whole > 0, whole, 1.0)
    means = (to_cell @ totals) / whole
    room = 1 - weights / whole[cell]
    adjust = np.where(room > ABSORBED, room.clip(ABSORBED) ** -0.5, 0.0)
    scores = to_organisation @ (contrast[cell] * adjust * (totals - weights * means[cell]) / whole[cell])
    loads = adjust * weights / whole[cell]
    variance = to_organisation @ (contrast[cell] ** 2 * adjust**2 * weights / whole[cell] ** 2)
    shared = contrast**2 / whole
    trace = variance.sum(axis=0) - (shared[cell] * loads**2).sum(axis=0)
    left, right = (to_organisation.T @ to_organisation).nonzero()
    pairs, pair = np.unique(cell[left] * len(contrast) + cell[right], return_inverse=True)
    crossed = _gather(pair, len(pairs)) @ (loads[left] * loads[right])
    one, other = np.divmod(pairs, max(1, len(contrast)))
    squares = (
        (variance**2).sum(axis=0) - 2 * (variance[organisation] * shared[cell] * loads**2).sum(axis=0) + (shared[one] * shared[other] * crossed**2).sum(axis=0)
    )
    df = np.divide(trace**2, squares, out=np.full(len(trace), np.nan), where=squares > 0)
    return (contrast * means).sum(axis=0), np.sqrt((scores**2).sum(axis=0)), df
