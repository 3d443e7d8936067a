"""Ratios of rates and of odds: in, two waves of counts (with exposure) or 0/1 shares; out, their change, clustered or exact.

The three clustered ones are generalised linear models with a mean for each wave, whose sandwich is the closed form of
``primary.contrast``: an organisation's total and its exposure are all that they look at, so that the result is that of one row per
organisation and wave.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from midterm.compare.primary import contrast
from midterm.compare.result import Result, Settings
from midterm.compare.two_waves import AFTER, BEFORE, Truths, TwoWaves
from midterm.measure.clustered import Floats
from midterm.measure.levels import clopper_pearson, first_where

SMALLEST_P = float(np.finfo(float).tiny)
SAME_AS_OBSERVED = 1 + 1e-7
OVERDISPERSED = 0.05
HALVES = "half_values_left_out"


def poisson_rate_difference(data: TwoWaves, settings: Settings) -> Result:
    """Return the rate after minus the rate before, events per unit of exposure, with CR2 error and Satterthwaite df.

    Rate = sum of y / sum of exposure in each wave; Poisson quasi-likelihood with identity link, so that the working variance of a
    person's rate is rate / exposure, different between waves (it decides the df only; overdispersion does not matter to the
    error). All arrays (k,), in events per unit. NaN: all without persons in both waves; all but the estimate with one
    organisation or where organisations do not differ.
    Source: Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Equal to clubSandwich ``vcovCR(glm(y ~ 0 + t + t:wave, family =
    poisson("identity")), type = "CR2")`` with ``coef_test(test = "Satterthwaite")`` of one row per organisation and wave.
    """
    exposure, events = _events(data)
    rates = _rates(exposure, events)
    found = contrast(exposure, events, settings.level, np.maximum(rates, 0.0))
    return _with_flags(found, _reasons(exposure, found), _no_events(rates))


def poisson_rate_ratio(data: TwoWaves, settings: Settings) -> Result:
    """Return the rate after / the rate before with its t interval and p, log link and CR2 on organisations.

    log(rate after / rate before) with its CR2 error e and Satterthwaite df of the Poisson quasi-likelihood with log link and
    offset log(exposure): interval exp(log ratio -+ t e), p of log ratio = 0. ``estimate`` is the difference of the rates (events
    per unit; its interval is in ``poisson_rate_difference``), ``effect_size`` the ratio (no unit), ``df`` that of the log ratio. All
    arrays (k,). NaN as in ``poisson_rate_difference`` (the ratio stands where the rates do), and all but the estimate where a wave has
    no events.
    Source: Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Equal to clubSandwich ``vcovCR(glm(y ~ wave, family = poisson,
    offset = log(t)), type = "CR2")`` of one row per organisation and wave, and of one row per person where exposure is the same
    for all persons of an organisation in a wave.
    """
    exposure, events = _events(data)
    rates = _rates(exposure, events)
    has_events = np.asarray((rates > 0).all(axis=0))
    usable = np.where(has_events, rates, 1.0)
    expected = exposure * usable[:, None]
    found = contrast(expected, expected * np.log(usable)[:, None] + events - expected, settings.level)
    return _ratio(found, rates, has_events, "rate_ratio", _reasons(exposure, found), _no_events(rates))


def odds_ratio(data: TwoWaves, settings: Settings) -> Result:
    """Return the odds after / the odds before of a share with its t interval and p, logit link and CR2 on organisations.

    Log odds ratio with its CR2 error e and Satterthwaite df of the binomial quasi-likelihood with logit link: interval
    exp(log ratio -+ t e), p of log ratio = 0. Values are 0 to 1 (halves are taken as they are). ``estimate`` is the difference of the
    shares (0-1), ``effect_size`` the odds ratio (no unit), ``df`` that of the log ratio. All arrays (k,). NaN: all without persons
    in both waves; all but the estimate where a wave has no or only yes (``separation``); interval and p with one organisation, or
    where organisations do not differ.
    Source: Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Equal to clubSandwich ``vcovCR(glm(y ~ wave, family =
    binomial), type = "CR2")``.
    """
    shares = _rates(data.sizes, data.sums)
    is_mixed = np.asarray(((shares > 0) & (shares < 1)).all(axis=0))
    usable = np.where(is_mixed, shares, 0.5)
    slopes = usable * (1 - usable)
    weights = data.sizes * slopes[:, None]
    found = contrast(weights, weights * np.log(usable / (1 - usable))[:, None] + data.sums - data.sizes * usable[:, None], settings.level)
    is_equal = (shares[BEFORE] == shares[AFTER]) & ~is_mixed
    separated = np.where(np.isnan(shares).any(axis=0) | is_mixed, "", np.where(is_equal, "no_variance", "separation"))
    return _ratio(found, shares, is_mixed, "odds_ratio", _reasons(data.sizes, found), separated)


def exact_conditional_rate_ratio(data: TwoWaves, settings: Settings) -> Result:
    """Return the rate after / the rate before by the exact test and interval of two independent Poisson totals.

    Given all events, those after are binomial with probability T_after / (T_after + T_before), T the exposures, when nothing
    changed: p the sum of all probabilities at most the observed one; the interval of the ratio is Clopper & Pearson's of the
    probability q as q / (1 - q) x T_before / T_after. ``estimate`` is the difference of the rates (events per unit); ``p_floor``
    the smallest p with so many events. All arrays (k,). Events count as independent (no overdispersion, no organisations, links
    ignored); where persons differ more than that allows (Pearson's chi-squared, p below .05) the p is too small and flagged
    (``overdispersed_p_too_small``). Only whole numbers from 0 count; others are left out with a flag. NaN: all without persons in both waves; all but
    the estimate without events; the ratio where the first wave has none.
    Source: Przyborowski & Wilenski 1940, Biometrika 31(3/4):313-323. Equal to R ``poisson.test(c(after, before), c(T_after, T_before))``.
    """
    is_count = (data.y % 1 == 0) & (data.y >= 0)
    exposure, events = (values.sum(axis=1) for values in _events(data, is_count))
    rates = _rates(exposure[:, None], events[:, None])
    before, total = events[BEFORE], events.sum(axis=0)
    known = (exposure > 0).all(axis=0)
    tested = known & (total > 0)
    chance = np.where(known, exposure[AFTER], 1.0) / np.where(known, exposure.sum(axis=0), 2.0)
    p_value = _binomial_p(events[AFTER], total, chance)
    ends = np.array([(1 - chance) ** total, chance**total])
    floor = np.where(ends <= ends.min(axis=0) * SAME_AS_OBSERVED, ends, 0.0).sum(axis=0)
    p_value, floor = (np.where(tested, np.clip(p, SMALLEST_P, 1.0), np.nan) for p in (p_value, floor))
    is_finite = tested & (before > 0)
    share = np.divide(events[AFTER], total, out=np.full_like(total, np.nan), where=is_finite)
    back = np.divide(exposure[BEFORE], exposure[AFTER], out=np.full_like(total, np.nan), where=is_finite)
    limits = clopper_pearson(np.where(is_finite, events[AFTER], np.nan), total, settings.level)
    ratio, low, high = (back * np.divide(q, 1 - q, out=np.full_like(q, np.nan), where=is_finite) for q in (share, *limits))
    change = rates[AFTER] - rates[BEFORE]
    found = Result(change, p_value=p_value, p_floor=floor, effect_size=ratio, effect_low=low, effect_high=high, effect_name="rate_ratio")
    left_out = np.where((data.is_there & ~is_count).any(axis=0), HALVES, "")
    overdispersed = np.where(_is_overdispersed(data, is_count, rates), "overdispersed_p_too_small", "")
    return _with_flags(found, np.where(known, "", "no_data"), _no_events(rates), overdispersed, left_out)


def _is_overdispersed(data: TwoWaves, kept: Truths, rates: Floats) -> Truths:
    """Return where persons differ more than Poisson counts do (k,): Pearson's chi-squared around each wave's rate, p below .05."""
    expected = data.exposure * rates[data.is_after.astype(int)]
    counted = data.is_there & kept & (expected > 0)
    surplus = np.divide((data.y - expected) ** 2, expected, out=np.zeros_like(data.y), where=counted).sum(axis=0)
    df = counted.sum(axis=0) - (rates > 0).sum(axis=0)
    return np.asarray((df > 0) & (stats.chi2.sf(surplus, np.maximum(df, 1)) < OVERDISPERSED))


def _binomial_p(count: Floats, size: Floats, chance: Floats) -> Floats:
    """Return the two-sided exact binomial p as R's ``binom.test`` has it: one tail, and what is no likelier in the other; all (k,)."""
    is_high = count > size * chance
    near, chance = np.where(is_high, size - count, count), np.where(is_high, 1 - chance, chance)
    bound = stats.binom.pmf(near, size, chance) * SAME_AS_OBSERVED
    far = first_where(np.ceil(size * chance), size + 1, lambda number: np.asarray(stats.binom.pmf(number, size, chance) <= bound))
    return np.where(near == size * chance, 1.0, stats.binom.cdf(near, size, chance) + stats.binom.sf(far - 1, size, chance))


def _events(data: TwoWaves, kept: Truths | None = None) -> tuple[Floats, Floats]:
    """Return sums of exposure and of events by wave and organisation (2, G, k), of those ``kept``."""
    counted = data.is_there & (data.exposure > 0) & (True if kept is None else kept)
    return data.by_organisation(np.where(counted, data.exposure, 0.0)), data.by_organisation(np.where(counted, data.y, 0.0))


def _rates(sizes: Floats, sums: Floats) -> Floats:
    """Return each wave's sum over its size (2, k); NaN without any."""
    size, total = sizes.sum(axis=1), sums.sum(axis=1)
    return np.asarray(np.divide(total, size, out=np.full_like(total, np.nan), where=size > 0))


def _ratio(found: Result, means: Floats, usable: Truths, name: str, *flags: np.ndarray) -> Result:
    """Return a ratio from the difference ``found`` on its log scale, where it is ``usable`` (k,); ``means`` (2, k) of the waves."""
    log = found.where(usable).columns()
    low, high, df, p_value = (np.asarray(log[field], dtype=float) for field in ("ci_low", "ci_high", "df", "p_value"))
    size = np.where(usable, found.estimate, np.nan)
    ratio, low, high = (np.exp(np.clip(value, -700, 700)) for value in (size, low, high))
    result = Result(means[AFTER] - means[BEFORE], df=df, p_value=p_value, effect_size=ratio, effect_low=low, effect_high=high, effect_name=name)
    own = np.where(usable | np.isnan(result.estimate), flags[0], "")
    return _with_flags(result, own, *flags[1:])


def _reasons(sizes: Floats, found: Result) -> np.ndarray:
    """Return why there is no error (k,), "" where there is one; ``sizes`` (2, G, k)."""
    error = np.asarray(found.columns()["std_error"], dtype=float)
    one = ((sizes > 0).sum(axis=1) <= 1).all(axis=0)
    return np.where(np.isnan(found.estimate), "no_data", np.where(~np.isnan(error), "", np.where(one, "one_organisation", "no_variance")))


def _no_events(rates: Floats) -> np.ndarray:
    """Return what a wave without events is flagged with (k,); ``rates`` (2, k)."""
    none = rates <= 0
    return np.where(none.all(axis=0), "no_events", np.where(none.any(axis=0) & ~np.isnan(rates).any(axis=0), "no_events_in_one_wave", ""))


def _with_flags(found: Result, *flags: np.ndarray) -> Result:
    """Return the same with each indicator's ``flags`` (k,), parted by semicolons, each once."""
    joined = tuple("; ".join(flag for flag in dict.fromkeys(map(str, column)) if flag) for column in zip(*flags, strict=True))
    return replace(found, flag=joined)
