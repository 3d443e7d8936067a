"""Changes by ranks, exact with ties: in, two waves; out, a result per test with the share of persons that is better off.

Answers on a few steps tie all the time, where the usual tables of exact p values do not hold. Here every p comes from the
permutation distribution of the tied ranks themselves, counted by the shift algorithm of Streitberg & Roehmel.
Scores are compared to nine decimals (above 1,000 to 12 digits of the largest), so that equal means of items tie whatever the order
they were added in.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from midterm.compare.means import moments
from midterm.compare.result import Result, Settings, flags, t_result
from midterm.compare.two_waves import AFTER, BEFORE, Codes, Truths, TwoWaves
from midterm.measure.clustered import NO_VARIANCE, Floats

Integers = NDArray[np.int64]
DECIMALS = 9
LARGEST = 1_000.0
COST = 1.5e6
"""Above this number of additions (about 5 ms) Mann-Whitney is asymptotic."""
SHIFT_COST = 1.2e7
"""Above this number of additions (about 5 ms) the signed rank test is asymptotic."""
PERSONS = 1_000
"""With more persons the numbers of subsets do not fit a double."""
TINY = float(np.finfo(float).tiny)


def signed_rank(data: TwoWaves, settings: Settings) -> Result:  # noqa: ARG001
    """Return the mean change of linked persons, tested by Wilcoxon's signed ranks with Pratt's zeros, exact with ties.

    All |changes|, zeros with them, get midranks; the zeros' ranks are dropped; W is the sum of those of persons who went up. p is
    the share of all sign patterns with W at least as far from its mean, ``p_floor`` 2 / 2^(changed persons). Above about
    280 linked persons the normal approximation (flag "asymptotic"). Effect: matched rank-biserial correlation
    (W up - W down) / (W up + W down), from -1 to 1, without interval. Estimate in the indicator's unit, arrays (k,). NaN:
    all where nobody is linked; p and effect where nobody changed (flag "all_ties"). Exposure is not used.
    Source: Pratt 1959, J. Am. Stat. Assoc. 54(287); Streitberg & Roehmel 1986, Statistical Software Newsletter 12(1);
    Kerby 2014, Comprehensive Psychology 3. Equal to coin ``wilcoxsign_test(zero.method = "Pratt", distribution = "exact")``.
    """
    change = np.round(data.linked.change / unit(np.concatenate([data.linked.before, data.linked.after])), DECIMALS)
    is_there = ~np.isnan(change)
    count = is_there.sum(axis=0)
    estimate = np.divide(np.where(is_there, data.linked.change, 0.0).sum(axis=0), count, out=np.full(len(count), np.nan), where=count > 0)
    ranks = (2 * stats.rankdata(np.where(is_there, np.abs(change), np.inf), axis=0)).astype(np.int64) * (is_there & (change != 0))
    up, down = (ranks * (change > 0)).sum(axis=0), (ranks * (change < 0)).sum(axis=0)
    changed = (ranks > 0).sum(axis=0)
    found = [_signed_p(np.sort(own[own > 0]), int(low)) for own, low in zip(ranks.T, np.minimum(up, down), strict=True)]
    p_value, is_exact = np.array([p for p, _ in found]), np.array([exact for _, exact in found], dtype=bool)
    floor = np.where(changed > 0, np.maximum(2.0 ** (1 - np.maximum(changed, 1).astype(float)), TINY), np.nan)
    effect = np.divide(up - down, up + down, out=np.full(len(count), np.nan), where=changed > 0)
    remarks = flags((count == 0, "nobody_linked"), ((count > 0) & (changed == 0), "all_ties"), (~is_exact, "asymptotic"))
    return Result(estimate, p_value=np.maximum(p_value, floor), p_floor=floor, effect_size=effect, effect_name="rank_biserial_matched", flag=remarks)


def mann_whitney(data: TwoWaves, settings: Settings) -> Result:
    """Return the difference of means, tested by the rank sum of Wilcoxon, Mann and Whitney, exact with ties.

    W is the sum of the midranks of the persons after; p the share of all divisions of the persons over the waves with W at
    least as far from its mean, ``p_floor`` the smallest p that these ranks allow. Where counting would be too long (about 80
    persons on a scale of several items, 250 with five answers) the normal approximation with tie correction (flag "asymptotic"). Effect: Cliff's delta
    P(after > before) - P(after < before), -1 to 1, with Cliff's consistent variance and the asymmetric interval on
    t(n0 + n1 - 2). Links and organisations are not used. Estimate in the indicator's unit, arrays (k,). NaN: all where a
    wave has no scores; p where all scores are the same (flag "all_ties"); the interval with one person in a wave
    (flag "one_respondent"), and where all of a wave are above all of the other (flag "separated"). Exposure is not used.
    Source: Mann & Whitney 1947, Ann. Math. Stat. 18(1); Streitberg & Roehmel 1986, Statistical Software Newsletter 12(1);
    Cliff 1996, Multivariate Behavioral Research 31(3); Feng & Cliff 2004, J. Modern Applied Statistical Methods 3(2). Equal to
    coin ``wilcox_test(distribution = "exact")`` and effsize ``cliff.delta(use.unbiased = FALSE)``.
    """
    n, ahead = data.n, dominance(data)
    delta = cliff(data, ahead)
    found = np.array([_rank_sum(column, data.is_after) for column in compared(data.y).T]).reshape(data.y.shape[1], 4).T
    p_value, floor, is_exact, tied_pairs = found
    error = np.sqrt(_cliff_variance(data, ahead, delta, n.prod(axis=0) - tied_pairs))
    low, high = asymmetric(delta, error, n.sum(axis=0) - 2, settings.level)
    smallest = n.min(axis=0)
    remarks = flags(
        (smallest == 0, "no_data"),
        ((smallest > 0) & np.isnan(p_value), "all_ties"),
        (np.abs(delta) == 1, "separated"),
        ((smallest == 1) & (np.abs(delta) < 1), "one_respondent"),
        (is_exact == 0, "asymptotic"),
    )
    return Result(
        _difference(data), p_value=p_value, p_floor=floor, effect_size=delta, effect_low=low, effect_high=high, effect_name="cliffs_delta", flag=remarks
    )


def brunner_munzel(data: TwoWaves, settings: Settings) -> Result:
    """Return the difference of means, tested by Brunner and Munzel: P(after > before) + P(tie) / 2 against one half.

    With v the waves' variances of each person's share of better persons in the other wave: error sqrt(v0 / n0 + v1 / n1), df by
    Satterthwaite. Effect: that probability, 0 to 1, with its t interval cut at 0 and 1. Unequal spreads are allowed; links and
    organisations are not used. Estimate in the indicator's unit, arrays (k,). NaN: all where a wave has no scores; p, df and
    interval with one person in a wave, where all scores are the same (flag "all_ties"), and where all of a wave are above all
    of the other (flag "separated"). Exposure is not used.
    Source: Brunner & Munzel 2000, Biometrical Journal 42(1). Equal to scipy ``brunnermunzel``, lawstat ``brunner.munzel.test``.
    """
    n, ahead = data.n, dominance(data)
    delta = cliff(data, ahead)
    parts = np.array([moments(ahead[data.is_after == wave])[2] / 4 for wave in (BEFORE, AFTER)]) / _squared_other(n) / np.where(n > 0, n, np.nan)
    better, variance = (delta + 1) / 2, parts.sum(axis=0)
    spread = (parts**2 / np.where(n > 1, n - 1, np.nan)).sum(axis=0)
    df = np.divide(variance**2, spread, out=np.full_like(spread, np.nan), where=spread > 0)
    test = t_result(better - 0.5, np.sqrt(variance), df, settings.level)
    smallest, is_known = n.min(axis=0), ~np.isnan(np.asarray(test.p_value))
    is_separated = np.abs(delta) == 1
    remarks = flags(
        (smallest == 0, "no_data"),
        (smallest == 1, "one_respondent"),
        (is_separated, "separated"),
        ((smallest > 1) & ~is_known & ~is_separated, "all_ties"),
    )
    low, high = (np.clip(np.asarray(limit) + 0.5, 0.0, 1.0) for limit in (test.ci_low, test.ci_high))
    p_value = np.maximum(np.asarray(test.p_value), TINY)
    return Result(
        _difference(data), df=test.df, p_value=p_value, effect_size=better, effect_low=low, effect_high=high, effect_name="probability_better", flag=remarks
    )


def compared(values: Floats) -> Floats:
    """Return ``values`` (n, k) in units in which scores that differ by rounding only tie, for their order."""
    return np.asarray(np.round(values / unit(values), DECIMALS))


def unit(values: Floats) -> Floats:
    """Return the power of ten (k,) of which the largest of the columns of ``values`` (n, k) is at most 1,000, at least 1."""
    largest = np.fmax.reduce(np.abs(values), axis=0, initial=LARGEST)
    return np.asarray(10.0 ** np.ceil(np.log10(largest / LARGEST)))


def dominance(data: TwoWaves) -> Floats:
    """Return for each person (n, k) how much speaks for a rise; NaN where there is no score.

    After: persons before who are lower minus those who are higher; before: persons after who are higher minus those who are
    lower. Both waves sum to n0 n1 times Cliff's delta.
    """
    y = np.where(data.is_there, compared(data.y), np.inf)
    own = np.empty_like(y)
    for wave in (data.is_after, ~data.is_after):
        own[wave] = stats.rankdata(y[wave], axis=0)
    below = stats.rankdata(y, axis=0) - own
    ahead = np.where(data.is_after[:, None], 2 * below - data.n[BEFORE], data.n[AFTER] - 2 * below)
    return np.where(data.is_there, ahead, np.nan)


def cliff(data: TwoWaves, ahead: Floats) -> Floats:
    """Return Cliff's delta (k,), P(after > before) - P(after < before), from the ``dominance``; NaN where a wave has no scores.

    Source: Cliff 1993, Psychological Bulletin 114(3).
    """
    pairs = data.n.prod(axis=0)
    total = np.nan_to_num(ahead[data.is_after]).sum(axis=0)
    return np.asarray(np.divide(total, pairs, out=np.full_like(pairs, np.nan), where=pairs > 0))


def asymmetric(delta: Floats, error: Floats, df: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the limits (k,) of Cliff's delta: where (d - delta)^2 = t^2 s^2 (1 - delta^2) / (1 - d^2), always within -1 to 1.

    NaN where the error is, or is 0. Source: Feng & Cliff 2004, J. Modern Applied Statistical Methods 3(2).
    """
    known = (error > NO_VARIANCE) & (df > 0)
    spread = stats.t.ppf(0.5 + level / 2, np.where(known, df, np.nan)) * np.where(known, error, np.nan)
    room = 1 - delta**2
    half = spread * np.sqrt(room**2 + spread**2)
    return (delta * room - half) / (room + spread**2), (delta * room + half) / (room + spread**2)


def _difference(data: TwoWaves) -> Floats:
    """Return the mean after minus the mean before (k,); NaN where a wave has no scores."""
    means = data.sums.sum(axis=1) / np.where(data.n > 0, data.n, np.nan)
    return np.asarray(means[AFTER] - means[BEFORE])


def _squared_other(n: Floats) -> Floats:
    """Return the squared number of persons in the other wave (2, k), NaN for none."""
    return np.asarray(np.where(n > 0, n, np.nan)[::-1] ** 2)


def _cliff_variance(data: TwoWaves, ahead: Floats, delta: Floats, untied: Floats) -> Floats:
    """Return Cliff's consistent variance (k,) of delta; NaN with one person in a wave.

    ((n1 - 1) v0 + (n0 - 1) v1 + vv) / (n0 n1): v the waves' variances of the persons' mean dominance, vv the sum of squares
    of all n0 n1 comparisons (of which ``untied`` are plus or minus 1) about delta over (n0 - 1) (n1 - 1).
    """
    n = data.n
    before, after = (moments(ahead[data.is_after == wave])[2] for wave in (BEFORE, AFTER))
    rows, columns = np.array([before, after]) / _squared_other(n)
    first, last = np.where(n > 1, n - 1, np.nan)
    crossed = np.where(n.prod(axis=0) > 0, n.prod(axis=0), np.nan)
    single = np.maximum(untied - crossed * delta**2, 0.0) / (first * last)
    return np.asarray((last * rows + first * columns + single) / crossed)


def _signed_p(ranks: Integers, low: int) -> tuple[float, bool]:
    """Return two-sided p of doubled ``ranks`` (m,), ascending, whose smaller signed sum is ``low``; and whether it is exact.

    Shift algorithm: the number of subsets with each sum up to ``low``, one rank after the other.
    """
    if len(ranks) == 0:
        return float("nan"), True
    if len(ranks) > PERSONS or len(ranks) * (low + 1) > SHIFT_COST:
        return float(2 * special.ndtr((2 * low - ranks.sum()) / np.sqrt((ranks.astype(float) ** 2).sum()))), False
    unit = int(np.gcd.reduce(ranks))
    low, reach = low // unit, 0
    counts = np.zeros(low + 1)
    counts[0] = 1.0
    for rank in (ranks // unit).tolist():
        if rank > low:
            break
        reach = min(reach + rank, low)
        counts[rank : reach + 1] += counts[: reach + 1 - rank]
    return min(1.0, float(2 * counts.sum() / 2.0 ** len(ranks))), True


def _rank_sum(y: Floats, is_after: Truths) -> tuple[float, float, float, float]:
    """Return two-sided p of the rank sum, its floor, 1 where it is exact, and the number of tied pairs between the waves."""
    is_there = ~np.isnan(y)
    values, place = np.unique(y[is_there], return_inverse=True)
    waves = np.array([np.bincount(place[is_after[is_there] == wave], minlength=len(values)) for wave in (False, True)])
    sizes, tied = waves.sum(axis=0), float(waves.prod(axis=0).sum())
    total, fewer = int(sizes.sum()), waves[int(waves[1].sum() < waves[0].sum())]
    taken = int(fewer.sum())
    if taken == 0 or len(values) == 1:
        return float("nan"), float("nan"), 1.0, tied
    ranks = 2 * np.cumsum(sizes) - sizes + 1
    middle = taken * (total + 1)
    distance = abs(int((fewer * ranks).sum()) - middle)
    floor = _floor(ranks, sizes, taken)
    if distance == 0:
        return 1.0, floor, 1.0, tied
    p_value = _share_beyond(ranks, sizes, taken, middle - distance, middle + distance) if total <= PERSONS else float("nan")
    is_exact = not np.isnan(p_value)
    if not is_exact:
        spread = taken * (total - taken) / (total * (total - 1)) * float((sizes * (ranks - total - 1.0) ** 2).sum())
        p_value = float(2 * special.ndtr(-distance / np.sqrt(spread)))
    return min(1.0, max(p_value, floor)), floor, float(is_exact), tied


def _floor(ranks: Codes, sizes: Codes, taken: int) -> float:
    """Return the share of the divisions of all persons with the rank sum of ``taken`` as far as it can be from its mean."""
    ends = []
    for own_ranks, own_sizes in ((ranks, sizes), (ranks[::-1], sizes[::-1])):
        filled = np.minimum(own_sizes, np.maximum(taken - np.cumsum(own_sizes) + own_sizes, 0))
        last = int(np.flatnonzero(filled)[-1])
        distance = abs(int((filled * own_ranks).sum()) - taken * (int(sizes.sum()) + 1))
        ends.append((distance, comb(int(own_sizes[last]), int(filled[last]))))
    farthest = max(distance for distance, _ in ends)
    return max(sum(ways for distance, ways in ends if distance == farthest) / comb(int(sizes.sum()), taken), TINY)


def _share_beyond(ranks: Codes, sizes: Codes, taken: int, low: int, high: int) -> float:
    """Return the share of the subsets of ``taken`` persons with a rank sum of at most ``low`` or at least ``high``; NaN if too long.

    ``ranks`` are doubled midranks, ascending, of ``sizes`` persons each. The cheaper of two ways: with few different answers all
    divisions are listed but for the two most frequent answers, else the lower and the upper half of the persons are counted.
    """
    persons = np.repeat(ranks, sizes)
    by_size = np.argsort(sizes, kind="stable")
    rest, pair = np.sort(by_size[:-2]), np.sort(by_size[-2:])
    halves = persons[: len(persons) // 2], persons[len(persons) // 2 :]
    two = np.repeat(ranks[pair], sizes[pair])
    listing = 10 * float(np.prod(np.minimum(sizes[rest], taken) + 1.0)) + _cells(two, taken, _unit(two))
    counting = sum(_cells(half, taken, _unit(*halves)) for half in halves)
    if min(listing, counting) > COST:
        return float("nan")
    if listing <= counting:
        beyond = _beyond_by_listing(_listed(ranks[rest], sizes[rest], taken), two, taken, low, high)
    else:
        beyond = _beyond_by_halves(*halves, taken, low, high)
    return float(beyond / special.comb(len(persons), taken))


def _beyond_by_listing(listed: tuple[Codes, Codes, Floats], two: Codes, taken: int, low: int, high: int) -> float:
    """Return the number of subsets beyond ``low`` and ``high``: those ``listed`` (number, sum, ways), filled up from the persons ``two``."""
    number, total, ways = listed
    unit = _unit(two)
    downward, upward = _tails(_counted(two, taken, unit))
    missing = taken - number
    fits = (missing >= 0) & (missing < len(downward))
    missing, total, ways = missing[fits], total[fits] + missing[fits] * int(two[0]), ways[fits]
    widest = downward.shape[1] - 1
    at_most, at_least = np.clip((low - total) // unit + 1, 0, widest), np.clip(-((total - high) // unit), 0, widest)
    return float(ways @ (downward[missing, at_most] + upward[missing, at_least]))


def _beyond_by_halves(first: Codes, second: Codes, taken: int, low: int, high: int) -> float:
    """Return the number of subsets beyond ``low`` and ``high`` that take some persons of ``first`` and the rest of ``second``."""
    unit = _unit(first, second)
    own = _counted(first, taken, unit)[:, ::-1]
    downward, upward = _tails(_counted(second, taken, unit))
    widest, width = downward.shape[1], own.shape[1]
    downward = np.pad(downward, ((0, 0), (width, width)), mode="edge")
    upward = np.pad(upward, ((0, 0), (width, width)), mode="edge")
    beyond = 0.0
    for number in range(max(0, taken - len(downward) + 1), len(own)):
        missing = taken - number
        total = number * int(first[0]) + missing * int(second[0])
        at_most = min(max((low - total) // unit + 1, 0), widest + width - 1) + 1
        at_least = min(max(-((total - high) // unit), 0), widest + width - 1) + 1
        beyond += float(own[number] @ downward[missing, at_most : at_most + width]) + float(own[number] @ upward[missing, at_least : at_least + width])
    return beyond


def _tails(table: Floats) -> tuple[Floats, Floats]:
    """Return for each row of counts those below column c and those from column c on, c from 0 to the width."""
    edge = np.zeros((len(table), 1))
    return np.hstack([edge, table.cumsum(axis=1)]), np.hstack([table[:, ::-1].cumsum(axis=1)[:, ::-1], edge])


def _unit(*groups: Codes) -> int:
    """Return the largest step that all differences of ranks within the ``groups`` are multiples of (1 where there are none)."""
    return max(int(np.gcd.reduce(np.concatenate([group - group[0] for group in groups]))), 1)


def _cells(persons: Codes, taken: int, unit: int) -> float:
    """Return about how many numbers ``_counted`` has to add."""
    steps, most = (persons - persons[0]) // unit, min(len(persons), taken)
    return float((most + 1) * (steps[len(persons) - most :].sum() + 1) * (1 + len(persons) / 4))


def _listed(ranks: Codes, sizes: Codes, taken: int) -> tuple[Codes, Codes, Floats]:
    """Return of every way to take up to ``taken`` persons, as numbers per rank: their number, their rank sum, and in how many ways."""
    number, total, ways = np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.intp), np.ones(1)
    for rank, size in zip(ranks.tolist(), sizes.tolist(), strict=True):
        own = np.arange(min(size, taken) + 1)
        number, total, ways = (number[:, None] + own).ravel(), (total[:, None] + rank * own).ravel(), np.outer(ways, special.comb(size, own)).ravel()
        fits = number <= taken
        number, total, ways = number[fits], total[fits], ways[fits]
    return number, total, ways


def _counted(persons: Codes, taken: int, unit: int) -> Floats:
    """Return the number of subsets of ``persons`` (doubled ranks, ascending) by their number and sum.

    Row j and column c: j persons with the sum j times the lowest rank plus c ``unit``. Shift algorithm, one person after the other.
    """
    steps = (persons - persons[0]) // unit
    most = min(len(steps), taken)
    widest = int(steps[len(steps) - most :].sum())
    table = np.zeros((most + 1, widest + 1))
    table[0, 0] = 1.0
    rows, reach = 0, 0
    for step in steps.tolist():
        rows, reach = min(rows + 1, most), min(reach + step, widest)
        table[1 : rows + 1, step : reach + 1] += table[:rows, : reach + 1 - step]
    return table
