"""The level of one wave by an exact or score interval: in, two waves and which of them; out, share or rate with its interval, no test.

They count persons: who has a value between whole numbers (an average over alliances) is left out, with a flag.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from midterm.compare.counts import HALVES
from midterm.compare.result import Result, Settings, flags
from midterm.compare.two_waves import Truths, TwoWaves
from midterm.measure.clustered import Floats
from midterm.measure.levels import Interval, clopper_pearson, garwood, hypergeometric, wilson

Wave = Literal[0, 1]
LevelMethod = Callable[[TwoWaves, Wave, Settings], Result]


def wilson_level(data: TwoWaves, wave: Wave, settings: Settings) -> Result:
    """Return the share (0-1) of persons with Wilson's interval, all indicators (k,); formula and source: ``measure.levels.wilson``."""
    whole, left_out = _whole(data)
    return _result(whole.sums[wave].sum(axis=0), whole.n[wave], lambda yes, n: wilson(yes, n, settings.level), (left_out, HALVES))


def clopper_pearson_level(data: TwoWaves, wave: Wave, settings: Settings) -> Result:
    """Return the share (0-1) of persons with the exact binomial interval (k,); formula and source: ``measure.levels.clopper_pearson``."""
    whole, left_out = _whole(data)
    return _result(whole.sums[wave].sum(axis=0), whole.n[wave], lambda yes, n: clopper_pearson(yes, n, settings.level), (left_out, HALVES))


def hypergeometric_level(data: TwoWaves, wave: Wave, settings: Settings) -> Result:
    """Return the share (0-1) of persons with its exact interval among the people on the staff list (k,).

    Formula and source: ``measure.levels.hypergeometric``. No interval where the list does not say how many people there are in every
    organisation (``population_unknown``), or says fewer than answered (``population_below_respondents``).
    """
    whole, left_out = _whole(data)
    people = np.full(len(data.outcomes), data.population[wave].sum())
    n = whole.n[wave]
    unknown, too_few = ~np.isfinite(people) & (n > 0), people < n
    remarks = ((unknown, "population_unknown"), (too_few, "population_below_respondents"), (left_out, HALVES))
    return _result(whole.sums[wave].sum(axis=0), n, lambda yes, n: hypergeometric(yes, n, people, settings.level), *remarks)


def garwood_level(data: TwoWaves, wave: Wave, settings: Settings) -> Result:
    """Return the rate (events per unit of exposure) with the exact Poisson interval (k,); formula and source: ``measure.levels.garwood``."""
    whole, left_out = _whole(data)
    exposure = whole.by_organisation(np.where(whole.is_there, whole.exposure, 0.0))[wave].sum(axis=0)
    return _result(whole.sums[wave].sum(axis=0), exposure, lambda events, time: garwood(events, time, settings.level), (left_out, HALVES))


def _whole(data: TwoWaves) -> tuple[TwoWaves, Truths]:
    """Return the scores that are whole numbers, and for which indicators (k,) others were left out."""
    is_whole = data.y % 1 == 0
    return replace(data, y=np.where(is_whole, data.y, np.nan)), np.asarray((data.is_there & ~is_whole).any(axis=0))


def _result(total: Floats, base: Floats, interval: Callable[[Floats, Floats], Interval], *remarks: tuple[Truths, str]) -> Result:
    """Return ``total`` per ``base`` (k,) with its interval; nothing where the base is 0."""
    estimate = np.divide(total, base, out=np.full_like(total, np.nan), where=base > 0)
    low, high = interval(total, base)
    return Result(estimate, ci_low=low, ci_high=high, flag=flags((base <= 0, "no_data"), *remarks))
