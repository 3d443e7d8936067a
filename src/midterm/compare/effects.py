"""Sizes of the change that compare across scales: in, two waves; out, the primary's change with the effect and its interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special, stats

from midterm.compare.means import moments
from midterm.compare.primary import primary
from midterm.compare.ranks import TINY, asymmetric, cliff, dominance
from midterm.compare.result import Result, Settings, flags
from midterm.compare.two_waves import Truths, TwoWaves
from midterm.measure.clustered import NO_VARIANCE, Floats

FARTHEST = 100.0
"""With a t beyond this no interval of the noncentral t is given."""


def hedges_g_noncentral_t(data: TwoWaves, settings: Settings) -> Result:
    """Return the primary's change, and it in standard deviations of the first wave, corrected for small n (Glass's delta with J).

    g = J(n0 - 1) change / s0, with s0 the standard deviation and n0 the persons of the first wave. Its interval: the noncentrality
    parameters between which t = change / SE is likely, SE and df by CR2 on organisations (Satterthwaite), times J SE / s0; it leaves
    out 0 where p is below 1 - level. It takes SE / s0 as a constant of the design, as it is for independent persons only:
    with few organisations it is too short at small changes and too long at large ones (see ``hedges_g``).
    Change, error and interval in the indicator's unit, effect without unit, arrays (k,). NaN: all where a wave has no scores;
    the effect with fewer than 3 persons before (flag "few_before") or where they all answered the same ("no_variance_before");
    its interval where the primary has no error ("one_organisation", "no_variance") or t is beyond plus or minus 100 ("far_beyond").
    Source: Hedges 1981, J. Educational Statistics 6(2); Glass, McGaw & Smith 1981, Meta-Analysis in Social Research; Steiger &
    Fouladi 1997, in What If There Were No Significance Tests? With one person in each organisation near effectsize ``glass_delta``.
    """
    fit = primary(data, settings)
    scale, remarks = _baseline(data)
    error = _known(fit.std_error)
    t = np.asarray(fit.estimate) / error
    low, high = noncentral_interval(t, _known(fit.df), settings.level)
    return replace(
        fit,
        effect_size=fit.estimate * scale,
        effect_low=low * error * scale,
        effect_high=high * error * scale,
        effect_name="hedges_g_baseline_sd",
        flag=flags(*_remarks(data, fit), *remarks, (np.abs(t) > FARTHEST, "far_beyond")),
    )


def hedges_g(data: TwoWaves, settings: Settings) -> Result:
    """Return the same as ``hedges_g_noncentral_t`` with an interval that lets organisations move the change and the standard deviation alike.

    To first order g is a difference of means: after of z = y / s0, before of z = y / s0 + (g / 2) ((y - mean0)^2 / s0^2 - 1). The CR2 error of
    that difference, on organisations, with its Satterthwaite t gives g plus or minus t SE, times J. Units and NaN as ``hedges_g_noncentral_t``,
    but that the interval stands where only the change has no variance: the standard deviation still has.
    Source: Hedges 1981, J. Educational Statistics 6(2); linearised variance as Binder 1983, International Statistical Review 51(3);
    Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4). Error equal to clubSandwich ``vcovCR(lm(z ~ wave), type = "CR2")``.
    """
    fit = primary(data, settings)
    scale, remarks = _baseline(data)
    _, mean, variance = moments(data.y[~data.is_after])
    variance = np.where(np.isnan(scale), np.nan, variance)
    bend = fit.estimate / np.sqrt(variance) * ((data.y - mean) ** 2 / variance - 1) / 2
    z = data.y / np.sqrt(variance) + np.where(data.is_after[:, None], 0.0, bend)
    spread = primary(replace(data, y=z, exposure=np.ones_like(z)), settings)
    half = (_known(spread.ci_high) - _known(spread.ci_low)) / 2 * scale * np.sqrt(variance)
    return replace(
        fit,
        effect_size=fit.estimate * scale,
        effect_low=fit.estimate * scale - half,
        effect_high=fit.estimate * scale + half,
        effect_name="hedges_g_baseline_sd",
        flag=flags(*_remarks(data, fit), *remarks),
    )


def cliffs_delta(data: TwoWaves, settings: Settings) -> Result:
    """Return the difference of means with Cliff's delta, P(after > before) - P(after < before), and its clustered interval.

    Each person has a mean dominance over the other wave; delta is the mean over the persons of either wave. Its error is the CR2
    error, on organisations, of the difference of these means (after, and before with the sign turned); the limits are where
    (d - delta)^2 = t^2 SE^2 (1 - delta^2) / (1 - d^2), t with the primary's Satterthwaite df, so that they stay within -1 and 1. p is
    of delta = 0 by the same rule: t = d sqrt(1 - d^2) / SE. Estimate in the indicator's unit, delta from -1 to 1, arrays
    (k,). NaN: all where a wave has no scores; p and limits with one organisation ("one_organisation"), where nobody differs
    ("no_variance"), and where all of a wave are above all of the other ("separated").
    Source: Cliff 1993, Psychological Bulletin 114(3); Feng & Cliff 2004, J. Modern Applied Statistical Methods 3(2) (limits);
    Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4) (error). Error equal to clubSandwich ``vcovCR(type = "CR2")`` of the mean dominances.
    """
    fit = primary(data, settings)
    ahead = dominance(data)
    delta = cliff(data, ahead)
    other = np.where(data.n > 0, data.n, np.nan)[::-1]
    sign = np.where(data.is_after, 1.0, -1.0)[:, None]
    placed = replace(data, y=sign * ahead / other[data.is_after.astype(int)], exposure=np.ones_like(data.y))
    projected = primary(placed, settings)
    is_separated = np.abs(delta) > 1 - NO_VARIANCE
    error = np.where(is_separated, np.nan, _known(projected.std_error))
    df = _known(projected.df)
    low, high = asymmetric(delta, error, df, settings.level)
    p_value = np.maximum(2 * stats.t.sf(np.abs(delta) * np.sqrt(np.maximum(1 - delta**2, 0.0)) / error, df), TINY)
    has_none = np.isnan(error) & ~np.isnan(delta) & ~is_separated
    is_one = _organisations(data) == 1
    return Result(
        fit.estimate,
        df=np.where(np.isnan(error), np.nan, df),
        p_value=p_value,
        effect_size=delta,
        effect_low=low,
        effect_high=high,
        effect_name="cliffs_delta",
        flag=flags(
            (np.isnan(delta), "no_data"),
            (~np.isnan(delta) & is_one, "one_organisation"),
            (is_separated, "separated"),
            (has_none & ~is_one, "no_variance"),
        ),
    )


def top_two_box(data: TwoWaves, settings: Settings) -> Result:
    """Return the difference of means of an item, and of the shares (0-1) of persons on its two highest answers with CR2 on organisations.

    A person counts whose answer is at least the end of the scale minus 1 (5-point item: 4 or 5). p, df and the effect's interval are of
    the share's change: the linear probability model ``y ~ wave``. Estimate in the indicator's unit, arrays (k,). NaN:
    everything for what is not an item (flag "not_an_item") or where a wave has no scores; p and limits with one
    organisation ("one_organisation") or where the shares do not vary ("no_variance").
    Source: as ``compare.primary``, on 0/1 values. Equal to clubSandwich ``vcovCR(lm(top ~ wave), type = "CR2")``.
    """
    is_item = np.array([outcome.kind == "item" for outcome in data.outcomes], dtype=bool)
    highest = np.array([outcome.high for outcome in data.outcomes], dtype=float)
    fit = primary(data, settings)
    share = primary(replace(data, y=np.where(data.is_there, (data.y >= highest - 1).astype(float), np.nan), exposure=np.ones_like(data.y)), settings)
    return Result(
        np.where(is_item, fit.estimate, np.nan),
        df=np.where(is_item, _known(share.df), np.nan),
        p_value=np.where(is_item, _known(share.p_value), np.nan),
        effect_size=np.where(is_item, share.estimate, np.nan),
        effect_low=np.where(is_item, _known(share.ci_low), np.nan),
        effect_high=np.where(is_item, _known(share.ci_high), np.nan),
        effect_name="top_two_box_difference",
        flag=flags((~is_item, "not_an_item"), *((is_item & holds, name) for holds, name in _remarks(data, share))),
    )


def small_sample_factor(df: Floats) -> Floats:
    """Return J(df) = Gamma(df / 2) / (sqrt(df / 2) Gamma((df - 1) / 2)), what a standardised mean is too large by; NaN for df up to 1.

    Source: Hedges 1981, J. Educational Statistics 6(2).
    """
    half = np.where(df > 1, df, np.nan) / 2
    return np.asarray(np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / np.sqrt(half))


def noncentral_interval(t: Floats, df: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the noncentrality parameters (k,) for which ``t`` (k,) on ``df`` is the (1 + level) / 2 and the (1 - level) / 2 quantile.

    By Newton steps on the distribution of scipy from its own root, which is good to 6 digits only. NaN where t or df is, and for
    t beyond plus or minus 100. Source: Steiger & Fouladi 1997. Equal to the roots of R ``pt(t, df, ncp)``.
    """
    known = (np.abs(t) <= FARTHEST) & (df > 0)
    tails = np.array([0.5 + level / 2, 0.5 - level / 2])[:, None]
    found = np.full((2, len(t)), np.nan)
    t, df = t[known], df[known]
    centre = special.nctdtrinc(df, tails, t)
    for _ in range(2):
        step = 1e-4 * np.maximum(1.0, np.abs(centre))
        slope = (special.nctdtr(df, centre + step, t) - special.nctdtr(df, centre - step, t)) / (2 * step)
        centre = centre - (special.nctdtr(df, centre, t) - tails) / slope
    found[:, known] = centre
    return found[0], found[1]


def _known(values: Floats | None) -> Floats:
    return np.asarray(values, dtype=float)


def _baseline(data: TwoWaves) -> tuple[Floats, tuple[tuple[Truths, str], ...]]:
    """Return J / s0 (k,), what a change is multiplied by to be Hedges' g, and why it is NaN where it is."""
    number, _, variance = moments(data.y[~data.is_after])
    is_usable = (number >= 3) & (variance > 0)
    scale = np.divide(small_sample_factor(number - 1), np.sqrt(np.where(is_usable, variance, 1.0)), out=np.full_like(number, np.nan), where=is_usable)
    return scale, (((number > 0) & (number < 3), "few_before"), ((number >= 3) & (variance == 0), "no_variance_before"))


def _organisations(data: TwoWaves) -> Floats:
    """Return the number of organisations with a score in either wave (k,)."""
    return np.asarray((data.sizes.sum(axis=0) > 0).sum(axis=0), dtype=float)


def _remarks(data: TwoWaves, fit: Result) -> tuple[tuple[Truths, str], ...]:
    """Return what there is to say of a clustered change: no scores, one organisation, no variance."""
    is_there, is_one = ~np.isnan(fit.estimate), _organisations(data) == 1
    has_none = is_there & np.isnan(_known(fit.std_error))
    return (~is_there, "no_data"), (is_there & is_one, "one_organisation"), (has_none & ~is_one, "no_variance")
