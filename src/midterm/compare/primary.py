"""The primary comparison: in, two waves; out, ``y ~ wave`` over all respondents with CR2 errors on organisations.

With a mean for each wave the sandwich has a closed form, so that all indicators (and all weights) take one pass over sums by
organisation; it equals ``measure.clustered.cr2``, which takes any regression.
"""

from __future__ import annotations

import numpy as np

from midterm.compare.result import Result, Settings, t_result
from midterm.compare.two_waves import AFTER, BEFORE, TwoWaves
from midterm.measure.clustered import Floats


def primary(data: TwoWaves, settings: Settings) -> Result:
    """Return the mean after minus the mean before, in the indicator's unit, with CR2 error and Satterthwaite df.

    Paired, partly paired and unpaired persons are all covered, as both waves of an organisation are one cluster. A count
    is a rate: the sum over the sum of ``exposure``. Formula: ``contrast``.
    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Equal to clubSandwich
    ``vcovCR(lm(y ~ wave), type = "CR2")`` with ``coef_test(test = "Satterthwaite")``.
    """
    return weighted(data, np.ones_like(data.y), settings)


def weighted(data: TwoWaves, weights: Floats, settings: Settings) -> Result:
    """Return the change of weighted means; ``weights`` (n, k) at least 0, taken as inverse variances in the small-sample correction.

    A count with its ``exposure`` t is a rate: y / t with weight w t.
    Equal to clubSandwich ``vcovCR(type = "CR2")`` of the regression multiplied by sqrt(w); where weights are alike within an organisation
    and wave that is ``vcovCR(lm(y ~ wave, weights = w), type = "CR2", inverse_var = TRUE)``.
    """
    kept = np.where(data.is_there, weights, 0.0)
    return contrast(data.by_organisation(kept * np.where(data.is_there, data.exposure, 0.0)), data.by_organisation(kept * data.y), settings.level)


def contrast(weights: Floats, totals: Floats, level: float, spread: Floats | float = 1.0) -> Result:
    """Return the difference of two means with its CR2 error from sums by organisation.

    ``weights`` and ``totals`` (2, G, k) are the sums of w and of w y in each wave and organisation; ``spread`` (2, k) the
    working variance of sqrt(w) y in each wave. With W the total weight of a wave, the leverage of the block of an organisation is
    w / W, so that its adjustment is (1 - w / W)^(-1/2), and nothing where it is the whole wave.
    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4), eq. 4 and section 4.
    """
    whole = weights.sum(axis=1, keepdims=True)
    has_both = (whole[:, 0] > 0).all(axis=0)
    whole = np.where(whole > 0, whole, np.nan)
    means = totals.sum(axis=1, keepdims=True) / whole
    room = 1 - weights / whole
    adjust = np.where(room > 1e-12, np.abs(room).clip(1e-12) ** -0.5, 0.0)
    sign = np.array([-1.0, 1.0])[:, None, None]
    scores = (sign * adjust * (totals - weights * means) / whole).sum(axis=0)
    variance = np.asarray(spread, dtype=float) * np.ones((2, weights.shape[2]))
    loads = adjust * weights / whole
    own = (variance[:, None] * adjust**2 * weights / whole**2).sum(axis=0)
    shared = variance / whole[:, 0]
    trace = own.sum(axis=0) - (shared * (loads**2).sum(axis=1)).sum(axis=0)
    cross = np.einsum("vgk,wgk->vwk", loads, loads)
    mixed = (own[None] * shared[:, None] * loads**2).sum(axis=(0, 1))
    squares = (own**2).sum(axis=0) - 2 * mixed + (shared[:, None] * shared[None] * cross**2).sum(axis=(0, 1))
    df = np.divide(trace**2, squares, out=np.full_like(trace, np.nan), where=squares > 0)
    estimate = np.where(has_both, (means[AFTER] - means[BEFORE])[0], np.nan)
    return t_result(estimate, np.sqrt((scores**2).sum(axis=0)), df, level, np.abs(means).max(axis=(0, 1)))
