"""What the people on the staff list said: in, two waves with the number of people; out, the level and change of a finite population.

Beside it ``raked_change``, the process estimand with persons weighted to the same list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import stats

from midterm.compare.primary import weighted
from midterm.compare.result import Result, Settings, flags
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import NO_VARIANCE, Floats
from midterm.measure.weights import Margin, is_unbalanced, kish_effect, raked

DF_IN_EFFECT = 8.0


@dataclass(frozen=True)
class _Levels:
    """Both waves (2, k): mean, variance of it, degrees of freedom (persons less organisations).

    ``load`` is the variance where every organisation has variance 1 within, and ``spread`` the sum of the squares of its parts over
    their degrees of freedom: load^2 / spread are the degrees of freedom in effect (Satterthwaite).
    """

    mean: Floats
    variance: Floats
    df: Floats
    load: Floats
    spread: Floats

    def of(self, wave: int) -> _Levels:
        """Return one wave (k,)."""
        return _Levels(self.mean[wave], self.variance[wave], self.df[wave], self.load[wave], self.spread[wave])


def descriptive_change(data: TwoWaves, settings: Settings) -> Result:
    """Return what the people present said after minus before, in the indicator's unit, with its finite-population interval; no test.

    In each wave the mean over organisations g of N_g people, n_g with a score: M = sum N_g ybar_g / sum N_g (a count with exposure t:
    sum N_g ybar_g / sum N_g tbar_g), with e = y - M t and
    V = sum N_g^2 (1 - n_g / N_g) s_g^2(e) / n_g / (sum N_g tbar_g)^2. Waves are taken as independent samples: V is the sum of the two; df is
    persons less organisations, over both waves. It takes who answered as a random sample of each organisation. An organisation with
    one person who answered, of more, counts with its distance to M instead of s_g, on no degree of freedom.

    ``std_error`` is 0 and the interval the point in a census (``census``; ``census_of_organisations_with_answers`` where others
    on the list gave none). Only the plain difference of means stands, without error, where people are not known
    (``population_unknown``) or fewer than answered (``population_below_respondents``); only the estimate where nothing varies within
    organisations (``no_variance``) or each has one person (``no_degrees_of_freedom``). ``organisations_without_answers: k`` are on the list
    of a wave and nobody there has a score in it: the mean is about the others. ``df_in_effect: d``, given below 8: hardly more than d persons
    less organisations decide the error, as where few answered in a large organisation and all in the others; the interval is then
    too narrow. p is never given.
    Source: Cochran 1977, Sampling Techniques, chapter 5. Equal to R survey ``svydesign(ids = ~1, strata, fpc)`` with ``svyby`` and
    ``svycontrast``, ``lonely.psu = "adjust"`` and t on ``degf``.
    """
    levels = _levels(data, np.asarray(_is_covered(data).all(axis=0)))
    mean = levels.mean[AFTER] - levels.mean[BEFORE]
    found = _Levels(mean, *(values.sum(axis=0) for values in (levels.variance, levels.df, levels.load, levels.spread)))
    return _described(data, (BEFORE, AFTER), found, settings)


def descriptive_level(data: TwoWaves, wave: Literal[0, 1], settings: Settings) -> Result:
    """Return what the people present in ``wave`` (0 before, 1 after) said: the mean of one wave as in ``descriptive_change``.

    Without a staff list it is the plain mean. The t interval is not cut to the ends of the scale.
    Source: Cochran 1977, Sampling Techniques, chapter 5. Equal to R survey ``svymean`` with that design.
    """
    levels = _levels(data, _is_covered(data)[wave])
    return _described(data, (wave,), levels.of(wave), settings)


def _levels(data: TwoWaves, is_covered: Truths) -> _Levels:
    """Return both waves of every column, by the staff list where ``is_covered`` (k,), plain where not."""
    sizes, wave = data.sizes, data.is_after.astype(int)
    has_answers = sizes > 0
    n = np.where(has_answers, sizes, 1.0)
    people = np.where(has_answers & is_covered, np.nan_to_num(data.population)[:, :, None], sizes)
    weight = people / n
    exposure = np.where(data.is_there, data.exposure, 0.0)
    whole = (weight * data.by_organisation(exposure)).sum(axis=1)
    whole = np.where(whole > 0, whole, np.nan)
    mean = (weight * data.sums).sum(axis=1) / whole
    rest = np.where(data.is_there, data.y - mean[wave] * exposure, 0.0)
    centre = np.where(sizes > 1, data.by_organisation(rest) / n, 0.0)
    squares = data.by_organisation(np.where(data.is_there, rest - centre[wave, data.organisation], 0.0) ** 2)
    missed = np.where(has_answers, 1 - sizes / np.where(people > 0, people, 1.0), 0.0)
    freedom = np.where(sizes > 1, sizes - 1, 1.0)
    variance = (missed * weight**2 * np.where(sizes > 1, n / freedom, 1.0) * squares).sum(axis=1) / whole**2
    variance = np.where(variance > (NO_VARIANCE * mean) ** 2, variance, 0.0)
    load = missed * weight**2 * n / whole[:, None] ** 2
    return _Levels(mean, variance, (sizes - has_answers).sum(axis=1), load.sum(axis=1), (load**2 / freedom).sum(axis=1))


def _described(data: TwoWaves, waves: tuple[int, ...], found: _Levels, settings: Settings) -> Result:
    """Return the estimate with its t interval, blanked where it has none, and the flags."""
    at = list(waves)
    sizes, people = data.sizes[at], data.population[at][:, :, None]
    has_answers = sizes > 0
    is_covered, has_data = _is_covered(data)[at].all(axis=0), ~np.isnan(found.mean)
    is_census = is_covered & has_data & (~has_answers | (sizes == people)).all(axis=(0, 1))
    error = np.sqrt(found.variance)
    varies, has_df = error > NO_VARIANCE, found.df > 0
    without = _without_answers(data, waves)
    lonely = ((sizes == 1) & (people > 1)).any(axis=0).sum(axis=0)
    known = is_covered & has_data & (is_census | (varies & has_df))
    error = np.where(is_census, 0.0, np.where(known, error, np.nan))
    df = np.where(known & has_df, found.df, np.nan)
    half = np.where(is_census, 0.0, stats.t.ppf(0.5 + settings.level / 2, df) * error)
    reasons = {
        "no_data": ~has_answers.any(axis=(0, 1)),
        "one_wave_only": has_answers.any(axis=(0, 1)) & ~has_data,
        **_list_faults(data, waves),
        "census": is_census & (without == 0),
        "census_of_organisations_with_answers": is_census & (without > 0),
        "no_degrees_of_freedom": is_covered & has_data & ~is_census & ~has_df,
        "no_variance": is_covered & has_data & ~is_census & has_df & ~varies,
    }
    in_effect = _df_in_effect(found)
    counts = {
        "organisations_without_answers": np.where(has_data, without, 0),
        "organisations_with_one_respondent": np.where(is_covered & has_data, lonely, 0),
        "df_in_effect": np.where(known & ~is_census & (in_effect < DF_IN_EFFECT), in_effect, 0),
    }
    return Result(found.mean, error, df, found.mean - half, found.mean + half, flag=_flags(reasons, counts))


def _df_in_effect(found: _Levels) -> Floats:
    """Return the whole degrees of freedom that decide the error (k,), were all organisations as varied within; NaN without any."""
    in_effect = np.divide(found.load**2, found.spread, out=np.full_like(found.load, np.nan), where=found.spread > 0)
    return np.asarray(np.floor(in_effect + NO_VARIANCE))


def _is_covered(data: TwoWaves) -> Truths:
    """Return in which wave and column (2, k) every organisation with answers has at least that many people on the list."""
    return np.asarray(((data.sizes == 0) | (np.nan_to_num(data.population)[:, :, None] >= data.sizes)).all(axis=1))


def _without_answers(data: TwoWaves, waves: tuple[int, ...]) -> Floats:
    """Return how many organisations (k,) are on the list of one of the waves without a score in it."""
    at = list(waves)
    is_listed = (np.nan_to_num(data.population[at]) > 0)[:, :, None]
    return np.asarray((is_listed & (data.sizes[at] == 0)).any(axis=0).sum(axis=0), dtype=np.float64)


def _list_faults(data: TwoWaves, waves: tuple[int, ...]) -> dict[str, Truths]:
    """Return for which columns (k,) the staff list does not say, or contradicts, how many people there are."""
    at = list(waves)
    people, sizes = data.population[at][:, :, None], data.sizes[at]
    is_known = np.nan_to_num(people) > 0
    return {
        "population_unknown": np.asarray(((sizes > 0) & ~is_known).any(axis=(0, 1))),
        "population_below_respondents": np.asarray((is_known & (people < sizes)).any(axis=(0, 1))),
    }


def _flags(reasons: dict[str, Truths], counts: dict[str, Floats]) -> tuple[str, ...]:
    """Return per column the reasons that hold, and the counts above 0."""
    counted = [[f"{name}: {count[column]:.0f}" for name, count in counts.items() if count[column] > 0] for column in range(len(next(iter(reasons.values()))))]
    return tuple("; ".join(filter(None, [said, *more])) for said, more in zip(flags(**reasons), counted, strict=True))


def raked_weights(data: TwoWaves) -> Floats:
    """Return weights (n, k) by which the persons of each wave stand for the people of each organisation, with mean 1 in each wave.

    Capped at 3 times the median; 1 where the response does not differ between organisations (``is_unbalanced``, in neither wave), 0
    without a score, and 0 for all where a wave has no scores or the list does not know, or contradicts, the people of an organisation.
    """
    return _raked(data)[0]


def _raked(data: TwoWaves) -> tuple[Floats, tuple[str, ...]]:
    """Return the weights, and per column what came of raking."""
    is_usable = np.asarray(_is_covered(data).all(axis=0) & (data.n > 0).all(axis=0))
    differs = np.asarray(np.array([is_unbalanced(data.sizes[wave], data.population[wave]) for wave in (BEFORE, AFTER)]).any(axis=0))
    is_raked = is_usable & differs
    weights = np.where(data.is_there & is_usable, 1.0, 0.0)
    said = [["response_alike"] if alike else [] for alike in is_usable & ~differs]
    for wave, name in ((BEFORE, "before"), (AFTER, "after")):
        rows = data.is_after == bool(wave)
        base = np.where(is_raked & data.is_there[rows], 1.0, np.nan)
        found = raked(base, [Margin(data.organisation[rows], data.population[wave])])
        raw = np.nan_to_num(found.weights)
        scale = np.divide(data.n[wave], raw.sum(axis=0), out=np.zeros_like(data.n[wave]), where=is_raked)
        weights[rows] = np.where(is_raked, raw * scale, weights[rows])
        for column in np.flatnonzero(is_raked):
            said[column] += [f"{remark} ({name})" for remark in _cuts(found.flag[column])]
    return weights, tuple("; ".join(remarks) for remarks in said)


def _cuts(flag: str) -> list[str]:
    """Return the remarks of raking but those on empty categories, which are counted apart."""
    return [remark for remark in flag.split("; ") if remark and not remark.startswith("empty_category")]


def raked_change(data: TwoWaves, settings: Settings) -> Result:
    """Return the weighted mean after minus before, in the indicator's unit, with persons raked to the people of each organisation.

    A person of an organisation with N_g people, n_g with a score, weighs N_g / n_g in each wave, capped at 3 times the median; CR2 on
    organisations with the weights, of mean 1 in each wave, as inverse variances. It corrects for organisations that answered more
    than others; who answers within one is taken as at random. Nothing is weighted where the highest response rate is at most 1.25
    times the lowest in both waves (``response_alike``): then it is the primary estimate.

    Flags: ``kish_effect: x``, by how much unequal weights enlarge the variance; ``capped: persons (wave)``; ``totals_not_met: gap (wave)``;
    ``organisations_without_answers: k``. No number with ``no_data``, ``one_wave_only``, ``population_unknown`` or
    ``population_below_respondents``; only the estimate with ``one_organisation`` or ``no_variance``.
    Source: Deming & Stephan 1940, Ann. Math. Stat. 11(4); Kish 1965, Survey Sampling, section 11.7. Equal to R survey ``rake`` with
    clubSandwich ``vcovCR(lm(y ~ wave, weights = w), type = "CR2", inverse_var = TRUE)``; for counts whose exposure t differs within an
    organisation, equal to clubSandwich on the same regression multiplied by sqrt(w t), whose small-sample correction differs a little.
    """
    weights, said = _raked(data)
    found = weighted(data, weights, settings)
    effect = kish_effect(weights)
    has_data, has_number = data.n.sum(axis=0) > 0, ~np.isnan(found.estimate)
    has_error = ~np.isnan(np.asarray(found.std_error))
    is_alone = (data.sizes > 0).sum(axis=1).max(axis=0) < 2
    reasons = {
        "no_data": ~has_data,
        "one_wave_only": has_data & (data.n == 0).any(axis=0),
        **_list_faults(data, (BEFORE, AFTER)),
        "one_organisation": has_number & ~has_error & is_alone,
        "no_variance": has_number & ~has_error & ~is_alone,
    }
    without = np.where(has_number, _without_answers(data, (BEFORE, AFTER)), 0)
    notes = _flags(reasons, {"organisations_without_answers": without})
    effects = ["" if np.isnan(value) else f"kish_effect: {value:.2f}" for value in effect]
    return replace(found, flag=tuple("; ".join(part for part in parts if part) for parts in zip(notes, said, effects, strict=True)))
