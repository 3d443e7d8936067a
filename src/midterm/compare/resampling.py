"""Tests that resample whole organisations: in, two waves; out, p values that take no person as independent of colleagues.

Random draws go to organisations in the order of what they said, so that neither codes nor the order of rows decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from midterm.compare.primary import contrast
from midterm.compare.result import Result, Settings
from midterm.compare.two_waves import AFTER, BEFORE, Codes, Truths, TwoWaves
from midterm.measure.clustered import Floats

TIE = 1e-9
ROUNDING = 1e-12
DIGITS = 9
BLOCK = 2_000_000
QUANTITIES = 6
WEBB = np.concatenate([-np.sqrt([0.5, 1.0, 1.5]), np.sqrt([0.5, 1.0, 1.5])])
Flags = NDArray[np.object_]
Strata = tuple[tuple[int, int], ...]
Layout = tuple[int, Strata]
Rest = tuple[Floats, Floats]


def sign_flip(data: TwoWaves, settings: Settings) -> Result:
    """Return the mean of the organisations' mean changes with the p of the exact sign-flip test.

    d_g = mean after minus mean before (of a count: rates) of organisation g; estimate = mean of d_g over the organisations in
    both waves, all weighing the same, in the indicator's unit. p = share of all patterns of signs s with |sum s_g d_g| at least
    |sum d_g|, ties included; changes of 0 have no sign, and where the m others have more than ``draws`` + 1 patterns,
    p = (1 + hits) / (1 + draws) over random ones. ``p_floor`` = 2 / 2^m, or 1 / (1 + draws). The null: each organisation's
    change is as likely up as down. p is NaN with fewer than two organisations in both waves and where none of them changed.
    Source: Fisher 1935, The Design of Experiments, section 21; equal to exactRankTests ``perm.test(paired = TRUE)``.
    """
    weights, totals = _sums(data)
    is_in_both = (weights > 0).all(axis=0)
    means = np.divide(totals, weights, out=np.zeros_like(totals), where=weights > 0)
    change = np.where(is_in_both, means[AFTER] - means[BEFORE], 0.0)
    change[np.abs(change) <= ROUNDING * _largest(means)] = 0.0
    counts, n_moved = is_in_both.sum(axis=0), (change != 0).sum(axis=0)
    estimate = np.divide(change.sum(axis=0), counts, out=np.full(len(counts), np.nan), where=counts > 0)
    flag = _flags(
        ["no_data", "no_organisation_in_both_waves", "one_organisation", "all_ties"], [data.n.min(axis=0) == 0, counts == 0, counts == 1, n_moved == 0]
    )
    sizes = -np.sort(-np.abs(change), axis=0)
    p_value, p_floor = np.full((2, len(flag)), np.nan)
    is_exact = n_moved <= _fitting(2, settings)
    for exact in (True, False):
        for part in _parts((flag == "") & (is_exact == exact), settings.draws):
            loads = sizes[: n_moved[part].max(), part]
            patterns = [_all_signs(len(loads))] if exact else _random_signs(len(loads), settings)
            hits = np.abs(_products(patterns, loads)) >= (np.abs(change[:, part].sum(axis=0)) - TIE * loads.sum(axis=0))[:, None]
            p_value[part] = _p(hits, exact)
            p_floor[part] = 0.5 ** (n_moved[part] - 1.0) if exact else 1 / (1 + settings.draws)
    return Result(estimate, p_value=p_value, p_floor=p_floor, flag=tuple(flag))


def permuted_organisations(data: TwoWaves, settings: Settings) -> Result:
    """Return the primary's change with the p of permuting the wave labels of whole organisations.

    An organisation in both waves swaps its two waves or not; those in one wave only exchange their wave with others of the same
    alliances. estimate = mean after minus mean before over all respondents, in the indicator's unit; p = share of all
    relabellings (found among them) with a t at least as large in size, ties included; where they are more than ``draws`` + 1,
    p = (1 + hits) / (1 + draws) over random ones. t is the change by its cluster-robust error (CR0; CR1 orders alike): without
    the error organisations of unlike size or variance give false alarms up to .45 at .05, with it up to .09. ``p_floor`` =
    share of the relabellings that tie with the largest t, or 1 / (1 + draws). p is NaN with one organisation, when all
    organisations say the same in both waves and when nothing can be exchanged.
    Source: Chung & Romano 2013, Ann. Stat. 41(2) (studentised); where all organisations have one person a wave, equal to
    coin ``oneway_test`` (one wave only, half in each) and exactRankTests ``perm.test(paired = TRUE)`` (both).
    """
    weights, totals = _sums(data)
    residuals = _centred(weights, totals)
    fit = contrast(weights, totals, settings.level)
    has_one, all_tie = (weights > 0).any(axis=0).sum(axis=0) == 1, (residuals == 0).all(axis=(0, 1))
    flag = _flags(["no_data", "one_organisation", "all_ties"], [data.n.min(axis=0) == 0, has_one, all_tie])
    slots, layouts = _arrange(weights, residuals, _memberships(data), flag == "")
    patterns = np.array([_count(*layout) for layout in layouts], dtype=object)
    flag[(flag == "") & (patterns == 1)] = "nothing_to_permute"
    is_exact = (patterns <= settings.draws + 1).astype(bool)
    is_open = flag == ""
    rounding = 0.1 * ROUNDING * np.abs(residuals).sum(axis=(0, 1)) ** 2 / np.where(is_open, weights.sum(axis=1).min(axis=0), 1.0) ** 2
    p_value, p_floor = np.full((2, len(flag)), np.nan)

    def judge(part: Codes, sums: Floats, rest: Rest, exact: bool) -> None:
        half, found = _halves(np.stack([weights[..., part], residuals[..., part]]))
        t = _student(half.sum(axis=0)[:, :, None], found)
        drawn = _student(sums, rest)
        p_value[part] = _p(_is_at_least(drawn, t, rounding[part]), exact)
        p_floor[part] = _floor(drawn, rounding[part]) if exact else 1 / (1 + settings.draws)

    for members in _alike(layouts, is_open & is_exact):
        n_both, strata = max(layouts[column] for column in members)
        rows = np.r_[:n_both, data.n_codes : data.n_codes + sum(size for size, _ in strata)]
        labels = _all_labels(n_both, strata)
        for part in _split(members, labels.shape[1] * QUANTITIES):
            half, rest = _halves(slots[..., part])
            judge(part, _products([labels], half[rows]), rest, True)
    for part in _parts(is_open & ~is_exact, settings.draws * QUANTITIES):
        half, rest = _halves(slots[..., part])
        sums = _products(_random_signs(max(1, *(layouts[column][0] for column in part)), settings), half)
        is_in_part = np.zeros(len(flag), dtype=bool)
        is_in_part[part] = True
        for members in _alike(layouts, is_in_part):
            chosen = np.searchsorted(part, members)
            sums[:, chosen] += _products(_random_labels(layouts[members[0]][1], settings), half[data.n_codes :, :, chosen])
        judge(part, sums, rest, False)
    return Result(fit.estimate, p_value=p_value, p_floor=p_floor, flag=tuple(flag))


def wild_cluster_bootstrap(data: TwoWaves, settings: Settings) -> Result:
    """Return the primary's change with the p of the restricted wild cluster bootstrap of its t.

    The residuals about the mean of both waves together (no change imposed) are multiplied, organisation by organisation, by
    one of Webb's six weights, -+sqrt(1/2), -+1, -+sqrt(3/2), and the change and its CR2 error are computed anew: p = share of
    all 6^G patterns with a t at least as large in size, ties included; where they are more than ``draws`` + 1,
    p = (1 + hits) / (1 + draws) over random ones. estimate = mean after minus mean before over all respondents, in the
    indicator's unit. ``p_floor`` = 6 / 6^G, as the six patterns with all weights alike give the t that was found, or
    1 / (1 + draws). p is NaN where the primary has no error. Approximate: with few organisations, or one that outweighs the
    others, false alarms were 6 to 7 % (at worst 10 %) at 5 %.
    Source: Cameron, Gelbach & Miller 2008, Rev. Econ. Stat. 90(3); Webb 2023, Can. J. Econ. 56(3); MacKinnon, Nielsen & Webb
    2023, J. Econometrics 232(2). CR2 and not their CR1, as in the primary: fewer false alarms where one organisation outweighs.
    """
    weights, totals = _sums(data)
    fit = contrast(weights, totals, settings.level)
    n_organisations = (weights > 0).any(axis=0).sum(axis=0)
    error = np.asarray(fit.std_error, dtype=float)
    flag = _flags(["no_data", "one_organisation", "no_variance"], [data.n.min(axis=0) == 0, n_organisations == 1, np.isnan(error)])
    whole = weights.sum(axis=1, keepdims=True)
    whole = np.where(whole > 0, whole, 1.0)
    shares, moves = weights / whole, _centred(weights, totals) / whole
    moves, shares = _sorted(moves, shares)
    rounding = 0.1 * ROUNDING * np.abs(moves).sum(axis=(0, 1)) ** 2
    squares, variances = np.nan_to_num(fit.estimate) ** 2, np.nan_to_num(error) ** 2
    p_value, p_floor = np.full((2, len(flag)), np.nan)
    is_exact = n_organisations <= _fitting(6, settings)
    for exact in (True, False):
        for part in _parts((flag == "") & (is_exact == exact), settings.draws * 5):
            size = int(n_organisations[part].max())
            drawn = _webb(moves[:, :size, part], shares[:, :size, part], settings, exact)
            p_value[part] = _p(_is_at_least(drawn, (squares[part, None], variances[part, None]), rounding[part]), exact)
            p_floor[part] = 6.0 ** (1 - n_organisations[part]) if exact else 1 / (1 + settings.draws)
    return Result(fit.estimate, p_value=p_value, p_floor=p_floor, flag=tuple(flag))


# What organisations said


def _sums(data: TwoWaves) -> tuple[Floats, Floats]:
    """Return the sums of exposure (of 1 per person but for counts) and of scores, both (2, G, k)."""
    return data.by_organisation(np.where(data.is_there, data.exposure, 0.0)), data.sums


def _centred(weights: Floats, totals: Floats) -> Floats:
    """Return the sums (2, G, k) about the mean of both waves together, those that are rounding errors as 0."""
    whole = weights.sum(axis=(0, 1))
    mean = np.divide(totals.sum(axis=(0, 1)), whole, out=np.zeros_like(whole), where=whole > 0)
    means = np.divide(totals, weights, out=np.zeros_like(totals), where=weights > 0)
    residuals = totals - weights * mean
    return np.where(np.abs(residuals) <= ROUNDING * weights * _largest(means), 0.0, residuals)


def _largest(values: Floats) -> Floats:
    """Return the largest size in each column (k,), 0 without rows."""
    return np.asarray(np.abs(values).max(axis=tuple(range(values.ndim - 1)), initial=0.0))


def _flags(names: list[str], conditions: list[Truths]) -> Flags:
    """Return the name of the first condition that holds in each column (k,), "" where none does."""
    return np.select(conditions, names, "").astype(object)


def _memberships(data: TwoWaves) -> Codes:
    """Return a code for the alliances that each organisation is in (G,)."""
    members = np.zeros((data.n_codes, int(data.alliance.max(initial=-1)) + 2), dtype=bool)
    members[data.organisation, data.alliance] = True
    return np.unique(np.packbits(members, axis=1), axis=0, return_inverse=True)[1].reshape(-1)


def _rounded(values: Floats) -> Floats:
    """Return ``values`` (..., k) as shares of the largest of each column, so that rounding errors do not order them."""
    largest = _largest(values)
    return np.asarray(np.round(values / np.where(largest > 0, largest, 1.0), DIGITS))


def _sorted(moves: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Return both (2, G, k) with those organisations first that move the change most, each turned so that it moves it up."""
    change, level = _rounded(moves[AFTER] - moves[BEFORE]), _rounded(moves.sum(axis=0))
    turn = np.where(change != 0, np.sign(change), np.where(level != 0, np.sign(level), 1.0))
    keys = (np.round(shares[BEFORE], DIGITS), np.round(shares.sum(axis=0), DIGITS), turn * level, np.abs(change))
    order = np.lexsort(keys, axis=0)[None, ::-1]
    return np.take_along_axis(moves * turn, order, axis=1), np.take_along_axis(shares, order, axis=1)


def _arrange(weights: Floats, residuals: Floats, memberships: Codes, is_open: Truths) -> tuple[Floats, list[Layout]]:
    """Return weights and residuals (2, 2, 2G, k) in slots that take a label, and per column which slots there are.

    Of the first G slots the first ``n_both`` hold organisations in both waves, the wave with the higher sum as the last; of the other
    G the first hold, stratum after stratum, those in one wave, all in the last. A label of -1 puts them the other way round.
    """
    n_codes = weights.shape[1]
    slots = np.zeros((2, 2, 2 * n_codes, weights.shape[2]))
    layouts: list[Layout] = [(0, ())] * weights.shape[2]
    ordinals = _rounded(residuals)
    for column in np.flatnonzero(is_open):
        both, n, said = np.stack([weights[..., column], residuals[..., column]]), weights[..., column], ordinals[..., column]
        gap, tilt = said[AFTER] - said[BEFORE], n[AFTER] - n[BEFORE]
        is_turned = (gap < 0) | ((gap == 0) & (tilt < 0))
        turned = np.where(is_turned, both[:, ::-1], both)
        keys = (n.sum(axis=0), np.round(said.sum(axis=0), DIGITS), np.where(is_turned, -tilt, tilt), np.round(np.abs(gap), DIGITS))
        order = np.lexsort(keys)
        stays = order[(n[:, order] > 0).all(axis=0)]
        slots[:, :, : len(stays), column] = turned[:, :, stays]
        comes = order[(n[:, order] > 0).sum(axis=0) == 1]
        strata: dict[int, list[int]] = {}
        for organisation in comes:
            strata.setdefault(int(memberships[organisation]), []).append(int(organisation))
        blocks = sorted(
            ((len(own), int((n[AFTER, own] > 0).sum())), np.round(said.sum(axis=0)[own], DIGITS).tolist(), n.sum(axis=0)[own].tolist(), own)
            for own in strata.values()
        )
        singles = [organisation for *_, own in blocks for organisation in own]
        slots[:, AFTER, n_codes : n_codes + len(singles), column] = both.sum(axis=1)[:, singles]
        layouts[column] = (len(stays), tuple(block[0] for block in blocks))
    return slots, layouts


def _count(n_both: int, strata: Strata) -> int:
    """Return the number of relabellings, of any size."""
    count = 1 << n_both
    for size, after in strata:
        count *= comb(size, after)
    return count


def _alike(layouts: list[Layout], chosen: Truths) -> list[Codes]:
    """Return the chosen columns in groups with the same strata."""
    groups: dict[Strata, list[int]] = {}
    for column in np.flatnonzero(chosen):
        groups.setdefault(layouts[column][1], []).append(int(column))
    return [np.array(members, dtype=np.intp) for members in groups.values()]


# Patterns: blocks (slots, R), slot after slot, so that the draws of a slot do not depend on how many follow


def _fitting(choices: int, settings: Settings) -> int:
    """Return how many slots with so many choices may be enumerated: their patterns are at most ``draws`` + 1."""
    slots = 0
    while choices ** (slots + 1) <= settings.draws + 1:
        slots += 1
    return slots


def _all_signs(slots: int) -> Floats:
    """Return all patterns of signs (slots, 2^slots)."""
    is_down = (np.arange(2**slots) >> np.arange(slots)[:, None]) & 1
    return np.where(is_down, -1.0, 1.0)


def _random_signs(slots: int, settings: Settings) -> Iterator[Floats]:
    random = settings.random()
    for rows in _split(np.arange(slots), settings.draws):
        yield np.where(random.random((len(rows), settings.draws)) < 0.5, -1.0, 1.0)


def _all_labels(n_both: int, strata: Strata) -> Floats:
    """Return all relabellings: any sign for ``n_both`` slots, and in each stratum (size, after) ``after`` of ``size`` slots at 1."""
    found = _all_signs(n_both)
    for size, after in strata:
        own = np.full((size, comb(size, after)), -1.0)
        for column, chosen in enumerate(combinations(range(size), after)):
            own[list(chosen), column] = 1.0
        found = np.vstack([np.repeat(found, own.shape[1], axis=1), np.tile(own, found.shape[1])])
    return found


def _random_labels(strata: Strata, settings: Settings) -> Iterator[Floats]:
    random, own = np.random.default_rng([settings.seed, 1]), []
    for size, after in strata:
        labels = np.full((size, settings.draws), 1.0 if after else -1.0)
        if 0 < after < size:
            np.put_along_axis(labels, random.random((size, settings.draws)).argsort(axis=0)[after:], -1.0, axis=0)
        own.append(labels)
        if sum(map(len, own)) * settings.draws >= BLOCK:
            yield np.vstack(own)
            own = []
    if own:
        yield np.vstack(own)


def _random_webb(slots: int, settings: Settings) -> Iterator[Floats]:
    random = settings.random()
    for rows in _split(np.arange(slots), settings.draws):
        yield WEBB[(6 * random.random((len(rows), settings.draws))).astype(np.intp)]


def _products(patterns: Iterable[Floats], loads: Floats) -> Floats:
    """Return the sums over slots of ``loads`` (slots, ..., k) by each pattern (..., k, R)."""
    flat, start = loads.reshape(len(loads), -1), 0
    found = np.zeros((flat.shape[1], 1))
    for block in patterns:
        sums = flat[start : start + len(block)].T @ block
        found = found + sums if start else sums
        start += len(block)
    return found.reshape(*loads.shape[1:], -1)


def _split(members: Codes, size: int) -> list[Codes]:
    """Return ``members`` in parts with at most BLOCK numbers, where one takes ``size``."""
    step = max(1, BLOCK // max(size, 1))
    return [members[start : start + step] for start in range(0, len(members), step)]


def _parts(chosen: Truths, size: int) -> list[Codes]:
    return _split(np.flatnonzero(chosen), size)


# Change and error of each pattern


def _halves(slots: Floats) -> tuple[Floats, Rest]:
    """Return what a label adds to the sums of the last wave (slots, 6, k); what no label changes (6, k), (2, k)."""
    n, u = slots
    each = np.stack([n, u, u**2, u * n, n**2, u * n[::-1]], axis=1)
    middle = each.sum(axis=2) / 2
    return ((each[AFTER] - each[BEFORE]) / 2).transpose(1, 0, 2), (middle.sum(axis=0), np.stack([u.prod(axis=0).sum(axis=0), n.prod(axis=0).sum(axis=0)]))


def _student(sums: Floats, rest: Rest) -> tuple[Floats, Floats]:
    """Return the squared change and its CR0 variance (k, R): the sum of squares of r_g after / N after - r_g before / N before.

    With r_g = u_g - n_g mean, all its products are linear in the labels.
    """
    middle, (uu_both, nn_both) = rest[0][:, :, None], rest[1][:, :, None]
    n_after, u_after, uu_after, un_after, nn_after, cross_after = middle + sums
    n_before, u_before, uu_before, un_before, nn_before, cross_before = middle - sums
    after, before = u_after / n_after, u_before / n_before
    variance = (uu_after - 2 * after * un_after + after**2 * nn_after) / n_after**2
    variance += (uu_before - 2 * before * un_before + before**2 * nn_before) / n_before**2
    variance -= 2 * (uu_both - before * cross_after - after * cross_before + after * before * nn_both) / (n_after * n_before)
    return (after - before) ** 2, variance


def _webb(moves: Floats, shares: Floats, settings: Settings, exact: bool) -> tuple[Floats, Floats]:
    """Return the squared change and its CR2 variance (k, R) with Webb's weights on ``moves`` (2, G, k), residual sums by wave total."""

    def patterns() -> Iterable[Floats]:
        slots = moves.shape[1]
        return [WEBB[np.indices((6,) * slots).reshape(slots, -1)]] if exact else _random_webb(slots, settings)

    room = 1 - shares
    adjust = np.where(room > ROUNDING, room.clip(ROUNDING) ** -0.5, 0.0)
    loads = adjust * shares
    own = adjust[AFTER] * moves[AFTER] - adjust[BEFORE] * moves[BEFORE]
    each = np.stack([moves[AFTER], moves[BEFORE], own * loads[AFTER], own * loads[BEFORE]], axis=1)
    after, before, own_after, own_before = _products(patterns(), each)
    after_after, before_before, both = (product.sum(axis=0)[:, None] for product in (loads[AFTER] ** 2, loads[BEFORE] ** 2, loads[AFTER] * loads[BEFORE]))
    variance = _products((block**2 for block in patterns()), own**2)
    variance += after * (after * after_after - 2 * own_after - 2 * before * both) + before * (before * before_before + 2 * own_before)
    return (after - before) ** 2, variance


def _is_at_least(drawn: tuple[Floats, Floats], found: tuple[Floats, Floats], rounding: Floats) -> Truths:
    """Return where t squared is at least as large as ``found`` (k, 1), ties by rounding included; no division, as a variance may be 0."""
    return np.asarray(drawn[1] * found[0] <= drawn[0] * found[1] * (1 + TIE) + rounding[:, None] * found[0])


def _floor(drawn: tuple[Floats, Floats], rounding: Floats) -> Floats:
    """Return the share of all patterns that tie with the largest t (k,)."""
    sizes = drawn[0] / np.maximum(drawn[1], np.maximum(rounding, np.finfo(float).tiny)[:, None])
    best = sizes.argmax(axis=1)[:, None]
    largest = np.take_along_axis(drawn[0], best, axis=1), np.take_along_axis(drawn[1], best, axis=1)
    return _p(_is_at_least(drawn, largest, rounding), True)


def _p(hits: Truths, exact: bool) -> Floats:
    """Return the p of hits (k, R): their share of all patterns, or, with what was found among them, of the random ones."""
    count, patterns = hits.sum(axis=1), hits.shape[1]
    return np.asarray(np.maximum(count, 1) / patterns if exact else (1 + count) / (1 + patterns))
