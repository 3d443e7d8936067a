"""Shares between two waves: in, two waves of 0/1 values; out, exact and score tests and intervals that take persons as independent.

They see only 0 and 1: where a person's value is anything between (an average over alliances), the person is left out, with a flag.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from midterm.compare.counts import HALVES, SAME_AS_OBSERVED, SMALLEST_P
from midterm.compare.result import Result, Settings, flags
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import Floats
from midterm.measure.levels import clopper_pearson, wilson

SAME_STATISTIC = 1 + 1e-9
MOST_PERSONS = 2_000
GRID, TOPS, ROUNDS, AROUND = 512, 4, 3, 16


def mcnemar_exact(data: TwoWaves, settings: Settings) -> Result:
    """Return the change of the share of linked persons with McNemar's exact test.

    Of b persons from 0 to 1 and c from 1 to 0, b is binomial (b + c, 1/2) when nothing changed: p = 2 P(X <= min(b, c)), at most
    1, and ``p_floor`` = 2^(1 - b - c). ``estimate`` (b - c) / linked persons with the interval of ``newcombe_paired`` (0-1);
    ``effect_size`` the odds b / c of a change upwards, with the interval q / (1 - q) of Clopper & Pearson's q. All arrays (k,).
    NaN: all with nobody linked; p where nobody changed (``all_ties``); the odds where nobody went down (``nobody_went_down``).
    Source: McNemar 1947, Psychometrika 12(2):153-157. Equal to R ``binom.test(b, b + c)``.
    """
    return _mcnemar(data, settings, mid=False)


def mcnemar_mid_p(data: TwoWaves, settings: Settings) -> Result:
    """Return the same as ``mcnemar_exact`` with the mid-p: closer to the nominal level, which it may pass a little.

    p = 2 P(X <= min(b, c)) - P(X = min(b, c)), and 1 - P(X = b) / 2 where b = c; ``p_floor`` = 2^-(b + c). All arrays (k,).
    Source: Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13:91.
    """
    return _mcnemar(data, settings, mid=True)


def newcombe_paired(data: TwoWaves, settings: Settings) -> Result:
    """Return the change of the share of linked persons with Newcombe's interval for paired shares; no p.

    Square-and-add of both waves' Wilson limits with the correlation phi of the pairs: D - sqrt(d1^2 - 2 phi d1 u2 + u2^2) to
    D + sqrt(u1^2 - 2 phi u1 d2 + d2^2), d and u the distances of share and limits; phi's numerator is lowered by n / 2 to at
    least 0 where it is positive, and phi is 0 where a wave has only 0 or only 1. All arrays (k,), 0-1. NaN with nobody linked.
    Source: Newcombe 1998, Stat. Med. 17(22):2635-2650, method 10.
    """
    pairs, left_out = _pairs(data)
    low, high = _newcombe_pairs(pairs, settings.level)
    return Result(_paired_change(pairs), ci_low=low, ci_high=high, flag=flags((pairs.sum(axis=0) == 0, "nobody_linked"), (left_out, HALVES)))


def newcombe_independent(data: TwoWaves, settings: Settings) -> Result:
    """Return the change of the share of all persons with Newcombe's hybrid score interval; no p. Links are ignored.

    Square-and-add of both waves' Wilson limits (l, u): D - sqrt((p2 - l2)^2 + (u1 - p1)^2) to D + sqrt((u2 - p2)^2 + (p1 - l1)^2),
    wave 2 after. All arrays (k,), 0-1. NaN without persons in both waves.
    Source: Newcombe 1998, Stat. Med. 17(8):873-890, method 10. Equal to R Epi ``ci.pd(method = "Nc")``.
    """
    yes, n, left_out = _totals(data)
    low, high = _square_and_add(*_distances(yes, n, settings.level), np.zeros(n.shape[1]))
    change = _change(yes, n)
    return Result(change, ci_low=change - low, ci_high=change + high, flag=flags((np.isnan(change), "no_data"), (left_out, HALVES)))


def fisher_exact(data: TwoWaves, settings: Settings) -> Result:  # noqa: ARG001
    """Return the change of the share of all persons with Fisher's exact test. Links are ignored.

    Given all the yes, those of the first wave are hypergeometric when nothing changed: p is the sum of all probabilities at most
    the observed one; ``p_floor`` the smallest p with so many yes and persons. ``estimate`` the difference of shares (0-1). All
    arrays (k,). NaN: all without persons in both waves; p where all or none said yes (``no_variance``).
    Source: Fisher 1935, J. R. Stat. Soc. 98(1):39-82. Equal to R ``fisher.test`` (two-sided).
    """
    yes, n, left_out = _totals(data)
    tested = _is_mixed(yes, n)
    first, last, all_yes = n[BEFORE], n[AFTER], yes.sum(axis=0)
    x = np.arange(int(first.max(initial=0)) + 1)[:, None]
    possible = (x <= first) & (x <= all_yes) & (all_yes - x <= last)
    logs = _log_choose(first, np.where(possible, x, 0)) + _log_choose(last, np.where(possible, all_yes - x, 0)) - _log_choose(first + last, all_yes)
    chances = np.where(possible, np.exp(logs), 0.0)
    observed = chances[yes[BEFORE].astype(int), np.arange(n.shape[1])]
    smallest = np.where(possible, chances, np.inf).min(axis=0, initial=np.inf)
    p_value, floor = (np.where(chances <= bound * SAME_AS_OBSERVED, chances, 0.0).sum(axis=0) for bound in (observed, smallest))
    return _tested(yes, n, np.where(tested, p_value, np.nan), np.where(tested, floor, np.nan), (left_out, HALVES))


def boschloo(data: TwoWaves, settings: Settings) -> Result:  # noqa: ARG001
    """Return the change of the share of all persons with Boschloo's exact test, less cautious than Fisher's. Links are ignored.

    The tables whose one-sided Fisher p is at most the observed one get the highest probability that any common share can give
    them; p is twice the smaller of both directions, at most 1. ``p_floor`` is that of everybody yes in one wave and nobody in the
    other: 2 (n1/n)^n1 (n2/n)^n2. ``estimate`` the difference of shares (0-1). All arrays (k,). NaN: all without persons in both
    waves; p where all or none said yes (``no_variance``), or with more than 2,000 persons (``too_many_persons``).
    Source: Boschloo 1970, Stat. Neerl. 24(1):1-9. Equal to R Exact ``exact.test(method = "boschloo", tsmethod = "central")`` and to
    ``scipy.stats.boschloo_exact``.
    """
    yes, n, left_out = _totals(data)
    first, last, size = n[BEFORE], n[AFTER], n.sum(axis=0)
    too_many = _is_mixed(yes, n) & (size > MOST_PERSONS)
    tested = _is_mixed(yes, n) & ~too_many
    p_value = np.full(n.shape[1], np.nan)
    for n_first, n_last in sorted(set(zip(first[tested].astype(int).tolist(), last[tested].astype(int).tolist(), strict=True))):
        columns = np.flatnonzero(tested & (first == n_first) & (last == n_last))
        p_value[columns] = _boschloo_p(n_first, n_last, yes[:, columns].astype(int))
    parts = np.where(tested, n / np.where(size > 0, size, 1.0), 1.0)
    floor = 2 * np.exp(special.xlogy(n, parts).sum(axis=0))
    return _tested(yes, n, p_value, np.where(tested, np.minimum(floor, 1.0), np.nan), (too_many, "too_many_persons"), (left_out, HALVES))


def partially_overlapping_z(data: TwoWaves, settings: Settings) -> Result:
    """Return the change of the share of all persons with the z of partially overlapping samples (z8): all data, links respected.

    z = D / e, e^2 = p (1 - p) (1 / n1 + 1 / n2 - 2 phi m / (n1 n2)), p the share of all answers of both waves, m linked persons and
    phi their correlation (0 where a wave of them has only 0 or only 1); interval D -+ z e. With nobody linked it is the pooled z of
    two samples (R ``prop.test(correct = FALSE)``), with all linked close to McNemar's. All arrays (k,), 0-1. NaN: all without
    persons in both waves; all but the estimate where e is 0 (``no_variance``).
    Source: Derrick, Dobson-McKittrick, Toher & White 2015, J. Appl. Quant. Methods 10(3). Formula of R Partiallyoverlapping ``Prop.test``.
    """
    yes, n, left_out = _totals(data)
    pairs, _ = _pairs(data)
    linked, known = pairs.sum(axis=0), _is_there(n)
    sizes = np.where(known, n, 1.0)
    pooled = yes.sum(axis=0) / sizes.sum(axis=0)
    inner = 1 / sizes[BEFORE] + 1 / sizes[AFTER] - 2 * _phi(pairs, corrected=False) * linked / (sizes[BEFORE] * sizes[AFTER])
    square = pooled * (1 - pooled) * inner
    has_error = known & (square > 1e-14)
    error, change = np.sqrt(np.where(has_error, square, np.nan)), _change(yes, n)
    half = stats.norm.ppf(0.5 + settings.level / 2) * error
    p_value = np.maximum(2 * stats.norm.sf(np.abs(change) / error), SMALLEST_P)
    remarks = flags(
        (~known, "no_data"),
        (known & ~has_error, "no_variance"),
        (has_error, "normal_approximation"),
        (known & (linked == 0), "nobody_linked"),
        (known & (linked == 1), "one_linked"),
        (known & (linked > 0) & (linked == n).all(axis=0), "all_linked"),
        (left_out, HALVES),
    )
    return Result(change, error, ci_low=change - half, ci_high=change + half, p_value=p_value, flag=remarks)


def _totals(data: TwoWaves) -> tuple[Floats, Floats, Truths]:
    """Return yes and persons in each wave (2, k) of those with 0 or 1, and where others were left out (k,)."""
    is_whole = (data.y == 0) | (data.y == 1)
    yes, n = (data.by_organisation(values).sum(axis=1) for values in (np.where(is_whole, data.y, 0.0), is_whole.astype(float)))
    return yes, n, (data.is_there & ~is_whole).any(axis=0)


def _pairs(data: TwoWaves) -> tuple[Floats, Truths]:
    """Return linked persons (4, k) with 1 in both waves, 1 then 0, 0 then 1, 0 in both; and where others were left out (k,)."""
    before, after = data.linked.before, data.linked.after
    counts = [((before == first) & (after == last)).sum(axis=0) for first, last in ((1, 1), (1, 0), (0, 1), (0, 0))]
    pairs = np.array(counts, dtype=float)
    return pairs, (~np.isnan(before)).sum(axis=0) > pairs.sum(axis=0)


def _change(yes: Floats, n: Floats) -> Floats:
    shares = np.divide(yes, n, out=np.full_like(yes, np.nan), where=n > 0)
    return np.asarray(shares[AFTER] - shares[BEFORE])


def _paired_change(pairs: Floats) -> Floats:
    _, lost, gained, _ = pairs
    linked = pairs.sum(axis=0)
    return np.asarray(np.divide(gained - lost, linked, out=np.full_like(linked, np.nan), where=linked > 0))


def _is_there(n: Floats) -> Truths:
    """Return where both waves have persons (k,)."""
    return np.asarray((n > 0).all(axis=0))


def _is_mixed(yes: Floats, n: Floats) -> Truths:
    """Return where both waves have persons, and somebody said yes and somebody not (k,)."""
    return np.asarray(_is_there(n) & (yes.sum(axis=0) > 0) & (yes.sum(axis=0) < n.sum(axis=0)))


def _tested(yes: Floats, n: Floats, p_value: Floats, floor: Floats, *remarks: tuple[Truths, str]) -> Result:
    """Return the difference of shares with its exact p and floor, neither ever 0."""
    flag = flags((~_is_there(n), "no_data"), (_is_there(n) & ~_is_mixed(yes, n), "no_variance"), *remarks)
    return Result(_change(yes, n), p_value=np.clip(p_value, SMALLEST_P, 1.0), p_floor=np.clip(floor, SMALLEST_P, 1.0), flag=flag)


def _mcnemar(data: TwoWaves, settings: Settings, *, mid: bool) -> Result:
    pairs, left_out = _pairs(data)
    _, lost, gained, _ = pairs
    linked, changed, fewer = pairs.sum(axis=0), lost + gained, np.minimum(lost, gained)
    exact = np.minimum(2 * stats.binom.cdf(fewer, changed, 0.5), 1.0)
    point = stats.binom.pmf(fewer, changed, 0.5)
    p_value = exact - np.where(lost == gained, point / 2, point) if mid else exact
    floor = np.exp2(-changed) if mid else np.minimum(np.exp2(1 - changed), 1.0)
    some, down = changed > 0, lost > 0
    low, high = _newcombe_pairs(pairs, settings.level)
    limits = clopper_pearson(np.where(down, gained, np.nan), changed, settings.level)
    share = gained / np.where(some, changed, 1.0)
    odds, odds_low, odds_high = (np.divide(q, 1 - q, out=np.full_like(q, np.nan), where=down) for q in (share, *limits))
    return Result(
        _paired_change(pairs),
        ci_low=low,
        ci_high=high,
        p_value=np.where(some, np.maximum(p_value, SMALLEST_P), np.nan),
        p_floor=np.where(some, np.maximum(floor, SMALLEST_P), np.nan),
        effect_size=odds,
        effect_low=odds_low,
        effect_high=odds_high,
        effect_name="odds_of_change_upwards",
        flag=flags((linked == 0, "nobody_linked"), ((linked > 0) & ~some, "all_ties"), (some & ~down, "nobody_went_down"), (left_out, HALVES)),
    )


def _newcombe_pairs(pairs: Floats, level: float) -> tuple[Floats, Floats]:
    both, lost, gained, _ = pairs
    linked = pairs.sum(axis=0)
    distances = _distances(np.array([both + lost, both + gained]), np.array([linked, linked]), level)
    low, high = _square_and_add(*distances, _phi(pairs, corrected=True))
    change = _paired_change(pairs)
    return change - low, change + high


def _distances(yes: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    """Return how far Wilson's limits lie below and above the share in each wave (2, k); NaN without persons."""
    low, high = wilson(yes, n, level)
    share = np.divide(yes, n, out=np.full_like(yes, np.nan), where=n > 0)
    return share - low, high - share


def _square_and_add(below: Floats, above: Floats, phi: Floats) -> tuple[Floats, Floats]:
    """Return how far the limits of the difference lie below and above it (k,)."""
    down, up = ((below[AFTER], above[BEFORE]), (above[AFTER], below[BEFORE]))
    low, high = (np.sqrt(np.maximum(one**2 - 2 * phi * one * other + other**2, 0.0)) for one, other in (down, up))
    return low, high


def _phi(pairs: Floats, *, corrected: bool) -> Floats:
    """Return the correlation of both answers of linked persons (k,), ``corrected`` for continuity as Newcombe does; 0 where there is none."""
    both, lost, gained, neither = pairs
    product = (both + lost) * (gained + neither) * (both + gained) * (lost + neither)
    excess = both * neither - lost * gained
    if corrected:
        excess = np.where(excess > 0, np.maximum(excess - pairs.sum(axis=0) / 2, 0.0), excess)
    return np.asarray(np.divide(excess, np.sqrt(product), out=np.zeros_like(product), where=product > 0))


def _log_choose(n: Floats, k: Floats) -> Floats:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def _boschloo_p(n_first: int, n_last: int, yes: np.ndarray) -> Floats:
    """Return the two-sided p of the tables ``yes`` (2, m), all with ``n_first`` and ``n_last`` persons.

    Given s yes in all, a set of tables has a hypergeometric probability q(s); with a common share it is the mean of q(s) over the
    binomial distribution of s, which is what is maximised.
    """
    size = n_first + n_last
    s, x = np.arange(size + 1.0)[:, None], np.arange(n_first + 1.0)
    possible = (x <= s) & (s - x <= n_last)
    others = np.where(possible, s - x, 0.0)
    given = np.where(possible, np.exp(_log_choose(np.array(n_first), x) + _log_choose(np.array(n_last), others) - _log_choose(np.array(size), s)), 0.0)
    fewer, more = np.cumsum(given, axis=1), np.cumsum(given[:, ::-1], axis=1)[:, ::-1]
    angles = (np.arange(GRID) + 0.5) * np.pi / (2 * GRID)
    grid = _binomial(angles, size)
    found = np.empty(yes.shape[1])
    for column, (in_first, in_last) in enumerate(yes.T):
        sides = []
        for statistic in (fewer, more):
            observed = statistic[in_first + in_last, in_first]
            rejected = np.where(statistic <= observed * SAME_STATISTIC, given, 0.0).sum(axis=1)
            sides.append(_highest(rejected, angles, grid @ rejected, size))
        found[column] = min(2 * min(sides), 1.0)
    return found


def _binomial(angles: Floats, size: int) -> Floats:
    """Return binomial probabilities (m, size + 1) of 0 to ``size`` yes with shares sin^2 of ``angles`` (m,)."""
    s = np.arange(size + 1.0)
    sine, cosine = np.log(np.sin(angles))[:, None], np.log(np.cos(angles))[:, None]
    return np.asarray(np.exp(_log_choose(np.array(size), s) + 2 * (s * sine + (size - s) * cosine)))


def _highest(rejected: Floats, angles: Floats, values: Floats, size: int) -> float:
    """Return the highest mean of ``rejected`` (size + 1,) over all shares: from the best tops of the grid, ever closer around them."""
    padded = np.concatenate([[-1.0], values, [-1.0]])
    tops = np.flatnonzero((values >= padded[:-2]) & (values >= padded[2:]))
    best = angles[tops[np.argsort(-values[tops], kind="stable")[:TOPS]]]
    width, highest = np.pi / (2 * GRID), values.max()
    for _ in range(ROUNDS):
        steps = best[:, None] + np.arange(-AROUND, AROUND + 1) * (width / AROUND)
        steps = steps.clip(1e-9, np.pi / 2 - 1e-9)
        reached = (_binomial(steps.ravel(), size) @ rejected).reshape(steps.shape)
        best, highest = steps[np.arange(len(steps)), reached.argmax(axis=1)], max(highest, reached.max())
        width /= AROUND
    return float(max(highest, rejected[0], rejected[-1]))
