"""Who stayed, left and came: in, two waves; out, how they differ, what they add to the change, and the change without them.

The primary comparison takes everybody; these are the rows beside it that say what its partly linked persons may have done to it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from midterm.compare.people import Persons, anybody, persons
from midterm.compare.primary import contrast
from midterm.compare.result import Result, Settings, flags
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import Floats


def stayers_table(data: TwoWaves, settings: Settings) -> pd.DataFrame:
    """Return who stayed, left and came, how they differ and what they add to the change: one row per indicator.

    Leavers against stayers in the first wave and entrants against stayers in the last: the difference of means with its CR2 error
    on organisations, Satterthwaite df, interval and p (``score ~ is_leaver`` within one wave), and the identity

        change = change of stayers + from leavers + from entrants,
        from leavers = -(leavers' part of the first wave) x (leavers' mean - stayers' mean, first wave),
        from entrants = (entrants' part of the last wave) x (entrants' mean - stayers' mean, last wave),

    which is exact: ``change`` is the mean of the last wave less the mean of the first, as in ``primary``. Parts are parts of
    persons, for a count of exposure. Numbers in the indicator's unit; NaN where a group has nobody; the two parts are 0 where nobody left
    or came, and NaN where nobody stayed.
    Source: the identity is worked out here; differences as ``primary.contrast``, equal to clubSandwich
    ``vcovCR(lm(score ~ is_leaver), type = "CR2")``.
    """
    people = persons(data)
    stays, leaves, enters = people.stays, people.leaves, people.enters
    left, came = _gap(people, BEFORE, leaves, settings.level), _gap(people, AFTER, enters, settings.level)
    before, after = _mean(people, BEFORE, stays), _mean(people, AFTER, stays)
    change = _mean(people, AFTER, people.is_there[AFTER]) - _mean(people, BEFORE, people.is_there[BEFORE])
    return pd.DataFrame(
        {
            "indicator": [outcome.name for outcome in data.outcomes],
            "n_stayers": stays.sum(axis=0),
            "n_leavers": leaves.sum(axis=0),
            "n_entrants": enters.sum(axis=0),
            "stayers_before": before,
            "leavers_before": _mean(people, BEFORE, leaves),
            **_named("leavers", left),
            "stayers_after": after,
            "entrants_after": _mean(people, AFTER, enters),
            **_named("entrants", came),
            "change": change,
            "change_of_stayers": after - before,
            "from_leavers": _added(-_part(people, BEFORE, leaves), left.estimate, stays),
            "from_entrants": _added(_part(people, AFTER, enters), came.estimate, stays),
            "flag": flags(
                no_data=~anybody(people.seen),
                nobody_linked=~anybody(stays) & anybody(people.seen),
                no_leavers=~anybody(leaves) & anybody(people.is_there[BEFORE]),
                no_entrants=~anybody(enters) & anybody(people.is_there[AFTER]),
            ),
        }
    )


def _named(group: str, gap: Result) -> dict[str, object]:
    fields = ("std_error", "df", "ci_low", "ci_high", "p_value")
    return {f"{group}_gap": gap.estimate, **{f"{group}_{name}": getattr(gap, name) for name in fields}}


def _mean(people: Persons, wave: int, kept: Truths) -> Floats:
    """Return the mean (k,) of the persons ``kept`` (P, k) in a wave."""
    weight = people.exposed(wave, kept)
    whole = weight.sum(axis=0)
    total = (weight * np.nan_to_num(people.scores[wave])).sum(axis=0)
    return np.asarray(np.divide(total, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def _part(people: Persons, wave: int, kept: Truths) -> Floats:
    """Return the part (k,) of a wave's exposure that the persons ``kept`` hold."""
    whole = people.exposed(wave, people.is_there[wave]).sum(axis=0)
    return np.asarray(np.divide(people.exposed(wave, kept).sum(axis=0), whole, out=np.zeros(whole.shape), where=whole > 0))


def _added(part: Floats, gap: Floats, stays: Truths) -> Floats:
    return np.where(anybody(stays), np.where(part == 0, 0.0, part * gap), np.nan)


def _gap(people: Persons, wave: int, kept: Truths, level: float) -> Result:
    """Return the mean of the persons ``kept`` less that of those who stayed, both in one wave."""
    groups = [people.exposed(wave, group) for group in (people.stays, kept)]
    values = np.nan_to_num(people.scores[wave])
    return contrast(np.stack([people.sums(group, wave) for group in groups]), np.stack([people.sums(group * values, wave) for group in groups]), level)


def linked_cr2(data: TwoWaves, settings: Settings) -> Result:
    """Return the mean change of linked persons with CR2 error on organisations and Satterthwaite df, in the indicator's unit.

    estimate = mean of (after - before) over persons with both scores; a count's is the change of their rate (sum over sum of
    exposure). An organisation is that of the first wave. NaN where nobody is linked; the error is NaN with one organisation or no variance.
    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Equal to clubSandwich
    ``coef_test(lm(after - before ~ 1), "CR2", test = "Satterthwaite")``.
    """
    people = persons(data)
    found = linked_change(people, np.ones(people.stays.shape), settings.level)
    return replace(found, flag=flags(**lacks(people, found)))


def linked_change(people: Persons, weight: Floats, level: float) -> Result:
    """Return the change of linked persons' weighted means; ``weight`` (P, k) above 0, the same in both waves."""
    weights = [weight * people.exposed(wave, people.stays) for wave in (BEFORE, AFTER)]
    totals = [weights[wave] * np.nan_to_num(people.scores[wave]) for wave in (BEFORE, AFTER)]
    return contrast(np.stack([people.sums(part) for part in weights]), np.stack([people.sums(part) for part in totals]), level)


def lacks(people: Persons, found: Result) -> dict[str, Truths]:
    """Return what the linked persons lack for an estimate or its error, by flag (k,)."""
    is_linked, has_any, few = anybody(people.stays), anybody(people.seen), people.n_organisations(people.stays) == 1
    no_error = np.isnan(np.asarray(found.std_error)) & ~np.isnan(found.estimate)
    return {"no_data": ~has_any, "nobody_linked": has_any & ~is_linked, "one_organisation": few, "no_variance": no_error & ~few}


def worst_case_bounds(data: TwoWaves, settings: Settings) -> Result:  # noqa: ARG001 (every method takes both)
    """Return between which values, in the indicator's unit, the mean change of everybody seen must lie, whatever the missing scores are.

    ``ci_low``: each leaver's last score at the low end of the scale and each entrant's first score at the high end; ``ci_high``: the
    other way about; their distance is the part of persons with one score times the width of the scale. ``estimate`` is their middle, the
    value that is least wrong at worst, and no finding of its own: flag ``bounds_not_interval``. There is no
    error: the bounds are about these persons, not about a sample. NaN where a scale has no end and somebody has one score only
    (a count: ``no_upper_end``), and where there is nobody.
    Source: Horowitz & Manski 2000, J. Am. Stat. Assoc. 95(449). By hand: the formula is the definition.
    """
    people = persons(data)
    low, high = (np.array([getattr(outcome, end) for outcome in data.outcomes], dtype=float) for end in ("low", "high"))
    is_count = np.array([outcome.kind == "count" for outcome in data.outcomes], dtype=bool)
    has_any, is_partial = anybody(people.seen), anybody(people.leaves | people.enters)
    no_low, no_high = ~np.isfinite(low), ~np.isfinite(high) | is_count
    known = has_any & ~(is_partial & (no_low | no_high))
    low, high = np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)
    ends = [_mean_between(people, *pair) for pair in ((high, low), (low, high))]
    bottom, top = (np.where(known, end, np.nan) for end in ends)
    blank = np.full(len(known), np.nan)
    notes = flags(
        no_data=~has_any,
        nobody_linked=has_any & ~anybody(people.stays),
        no_lower_end=is_partial & no_low,
        no_upper_end=is_partial & no_high,
        bounds_not_interval=known,
    )
    return Result((bottom + top) / 2, blank, blank, bottom, top, flag=notes)


def _mean_between(people: Persons, before: Floats, after: Floats) -> Floats:
    """Return the change (k,) of everybody's mean with ``before`` and ``after`` (k,) for missing scores of the first and last wave."""
    kept = people.seen
    filled = Persons(
        np.where(kept & ~people.is_there, np.stack([before, after])[:, None], people.scores),
        people.exposure,
        people.organisation,
        people.n_codes,
    )
    return _mean(filled, AFTER, kept) - _mean(filled, BEFORE, kept)
