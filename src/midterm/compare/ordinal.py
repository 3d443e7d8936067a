"""The cumulative logit as a check of ordinal scores: in, two waves; out, the odds ratio of a higher score, errors by organisation."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from midterm.compare.ranks import compared
from midterm.compare.result import Result, Settings, first_reason, t_result
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import Floats

MOST_VALUES = 20
STEPS = 100
HALVES = 2.0 ** -np.arange(12.0)
GAIN, LAST_GAIN = 1e-6, 1e-18
LEAST = 1e-150
HIGHEST_LOG = 700.0


def cumulative_logit(data: TwoWaves, settings: Settings) -> Result:
    """Return the odds ratio of a higher score after than before by proportional odds, tested with errors clustered on organisation.

    logit P(y <= j) = threshold_j - beta is_after, by maximum likelihood; the effect is exp(beta) with the t(G - 1) interval, p that of
    beta. The error of beta is the sandwich of scores summed by organisation, times G / (G - 1); the model's own, which takes persons
    as independent, is not used. ``estimate`` is the difference of means in the indicator's unit, without error of its own.
    Assumes one odds ratio at every cut of the scale. For items, shares, and means of at most 20 distinct values.
    The estimate stands alone with "no_variance" (one value in all), "too_many_values", "not_for_counts" and "separation" (nobody after is
    below anybody before, or the reverse: the likelihood has no finite maximum, and in no other case); the odds ratio stands without
    test with "one_organisation" and "no_variance_between_organisations". Nothing stands with "no_data".
    Source: McCullagh 1980, J. R. Stat. Soc. B 42(2); Liang & Zeger 1986, Biometrika 73(1) (sandwich). Equal to ordinal ``clm`` with
    sandwich ``vcovCL(type = "HC0", cadjust = TRUE)``.
    """
    k = len(data.outcomes)
    means = np.divide(data.sums.sum(axis=1), data.n, out=np.full_like(data.n, np.nan), where=data.n > 0)
    clusters = (data.sizes > 0).any(axis=0).sum(axis=0)
    values = [_values(data, column) for column in range(k)]
    reasons: dict[str, Truths] = {
        "no_data": np.asarray((data.n == 0).any(axis=0)),
        "not_for_counts": np.array([outcome.kind == "count" for outcome in data.outcomes], dtype=bool),
        "no_variance": np.array([len(found) < 2 for found in values], dtype=bool),
        "too_many_values": np.array([len(found) > MOST_VALUES for found in values], dtype=bool),
        "separation": np.array([_is_separated(data, column) for column in range(k)], dtype=bool),
    }
    is_usable: Truths = ~np.logical_or.reduce(list(reasons.values()))
    beta, error = np.full(k, np.nan), np.full(k, np.nan)
    for column in np.flatnonzero(is_usable).tolist():
        beta[column], error[column], _ = proportional_odds(_table(data, column, values[column]))
    found = t_result(beta, error, clusters - 1.0, settings.level)
    is_untested = is_usable & np.isnan(np.asarray(found.p_value))
    remarks = {"one_organisation": is_untested & (clusters == 1), "no_variance_between_organisations": is_untested & (clusters > 1)}
    return Result(
        estimate=means[AFTER] - means[BEFORE],
        df=found.df,
        p_value=found.p_value,
        effect_size=_exp(found.estimate),
        effect_low=_exp(found.ci_low),
        effect_high=_exp(found.ci_high),
        effect_name="odds_ratio",
        flag=first_reason(reasons, remarks),
    )


def proportional_odds(counts: Floats) -> tuple[float, float, float]:
    """Return beta (log odds ratio, after against before), its error clustered on organisation and the model's own error.

    ``counts`` (2, G, J) persons by wave, organisation and value, each of the J values at least once, not separated. Newton steps from the
    thresholds without change; the likelihood is concave, so that there is one maximum. With one organisation the clustered error is NaN.
    """
    totals = counts.sum(axis=1)
    cuts = counts.shape[2] - 1
    at = np.append(logit(totals.sum(axis=0).cumsum()[:-1] / totals.sum()), 0.0)
    for _ in range(STEPS):
        scores, information = _derivatives(at, totals)
        step = np.linalg.solve(information, np.einsum("wj,wjp->p", totals, scores))
        gain = float(step @ information @ step)
        length = 1.0 if gain < GAIN else HALVES[int(np.argmax([_log_likelihood(at + half * step, totals) for half in HALVES]))]
        at = at + length * step
        if gain < LAST_GAIN:
            break
    scores, information = _derivatives(at, totals)
    direction = np.linalg.inv(information)[cuts]
    clusters = int((counts.sum(axis=(0, 2)) > 0).sum())
    by_organisation = np.einsum("wgj,wjp,p->g", counts, scores, direction)
    correction = clusters / (clusters - 1) if clusters > 1 else np.nan
    return float(at[cuts]), float(np.sqrt(correction * (by_organisation**2).sum())), float(np.sqrt(direction[cuts]))


def _ends(at: Floats) -> Floats:
    """Return P(y <= j) (2, J + 1) in both waves for j = 0 .. J, from thresholds and beta."""
    shares = np.zeros((2, len(at) + 1))
    shares[:, 1:-1] = expit(at[:-1] - np.outer([0.0, 1.0], at[-1:]))
    shares[:, -1] = 1.0
    return shares


def _log_likelihood(at: Floats, totals: Floats) -> float:
    chances = np.diff(_ends(at))
    if (chances[totals > 0] <= LEAST).any() or (np.diff(at[:-1]) <= 0).any():
        return -np.inf
    return float((totals[totals > 0] * np.log(chances[totals > 0])).sum())


def _derivatives(at: Floats, totals: Floats) -> tuple[Floats, Floats]:
    """Return the scores of one person (2, J, p) by wave and value, and minus the second derivatives of the log likelihood (p, p)."""
    ends = _ends(at)
    p = len(at)
    chances = np.maximum(np.diff(ends), LEAST)
    # The derivatives of the linear predictors of the ends 0 .. J; those of the outer two do not matter, as their density is 0.
    design = np.zeros((2, p + 1, p))
    design[:, np.arange(1, p), np.arange(p - 1)] = 1.0
    design[AFTER, :, p - 1] = -1.0
    density = ends * (1 - ends)
    bend = density * (1 - 2 * ends)
    upper, lower = density[:, 1:] / chances, density[:, :-1] / chances
    scores = upper[:, :, None] * design[:, 1:] - lower[:, :, None] * design[:, :-1]
    curve = np.zeros_like(ends)
    curve[:, 1:] += totals * bend[:, 1:] / chances
    curve[:, :-1] -= totals * bend[:, :-1] / chances
    information = np.einsum("wj,wjp,wjq->pq", totals, scores, scores) - np.einsum("wj,wjp,wjq->pq", curve, design, design)
    return scores, information


def _values(data: TwoWaves, column: int) -> Floats:
    """Return the distinct scores, alike but for rounding taken as one."""
    found: Floats = np.unique(compared(data.y[data.is_there[:, column], column, None]))
    return found


def _table(data: TwoWaves, column: int, values: Floats) -> Floats:
    """Return persons by wave, organisation and value (2, G, J)."""
    is_there = data.is_there[:, column]
    code = np.searchsorted(values, compared(data.y[is_there, column, None])[:, 0])
    cell = (data.is_after[is_there] * data.n_codes + data.organisation[is_there]) * len(values) + code
    counts = np.bincount(cell, minlength=2 * data.n_codes * len(values)).astype(float)
    return counts.reshape(2, data.n_codes, len(values))


def _is_separated(data: TwoWaves, column: int) -> bool:
    """Return whether the scores of one wave all lie at or above the highest of the other."""
    y = compared(data.y[:, column, None])[:, 0]
    before, after = (y[data.is_there[:, column] & (data.is_after == wave)] for wave in (False, True))
    if not (len(before) and len(after)):
        return False
    return bool(after.min() >= before.max() or before.min() >= after.max())


def _exp(values: Floats | None) -> Floats:
    """Return exp, held at the largest number that there is."""
    found: Floats = np.exp(np.minimum(np.asarray(values, dtype=float), HIGHEST_LOG))
    return found
