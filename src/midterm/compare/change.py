"""Change between two waves: in, scores of persons; out, the estimate with interval, test, effect and what was detectable.

Nothing is judged here: whether a test may be shown, how p is adjusted and what the verdict is, ``judge`` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from midterm.compare.paired import paired_t
from midterm.description import Evaluation, Indicator
from midterm.measure.clustered import Estimate, clustered_change
from midterm.measure.tiers import tier_of
from midterm.tables import shaped, stack

PRIMARY_METHOD = "y ~ wave, CR2 on organisations, Satterthwaite t"


@dataclass(frozen=True)
class TwoWaves:
    """The scores of one indicator in the two waves of the contrast, one row per person and wave, none missing."""

    y: np.ndarray
    is_after: np.ndarray
    organisation: np.ndarray
    person: np.ndarray

    @classmethod
    def of(cls, scores: pd.DataFrame, indicator: str, from_wave: str, to_wave: str) -> TwoWaves:
        """Take the two waves out of ``scores`` and drop persons without a score."""
        kept = scores[scores["wave"].isin([from_wave, to_wave]) & scores[indicator].notna()]
        persons, organisations = kept["respondent_id"].to_numpy(dtype=object), kept["organisation"].to_numpy(dtype=object)
        return cls(kept[indicator].to_numpy(dtype=float), (kept["wave"] == to_wave).to_numpy(dtype=bool), organisations, persons)

    @property
    def before(self) -> pd.Series:
        """Scores in the first wave by person."""
        return pd.Series(self.y[~self.is_after], index=self.person[~self.is_after])

    @property
    def after(self) -> pd.Series:
        """Scores in the last wave by person."""
        return pd.Series(self.y[self.is_after], index=self.person[self.is_after])

    @property
    def linked(self) -> pd.DataFrame:
        """Both scores of those who answered twice."""
        return pd.concat({"before": self.before, "after": self.after}, axis=1, join="inner").sort_index()

    @property
    def organisation_means(self) -> pd.DataFrame:
        """Both means of the organisations with scores in both waves."""
        frame = pd.DataFrame({"y": self.y, "organisation": self.organisation, "is_after": self.is_after})
        means = frame.groupby(["organisation", "is_after"])["y"].mean().unstack("is_after")
        return means.reindex(columns=[False, True]).set_axis(["before", "after"], axis=1).dropna()


def primary(data: TwoWaves, level: float) -> Estimate:
    """Return the primary estimate: ``y ~ wave`` over all respondents with CR2 on organisations."""
    if data.is_after.all() or not data.is_after.any():
        return Estimate(np.nan)
    return clustered_change(data.y, data.is_after, data.organisation, level)


def linked_only(data: TwoWaves, level: float) -> Estimate:
    """Return the paired t of linked persons; valid only where organisations change alike."""
    return paired_t(data.linked["before"].to_numpy(), data.linked["after"].to_numpy(), level)


def organisation_means(data: TwoWaves, level: float) -> Estimate:
    """Return the paired t over organisation means: every organisation weighs the same."""
    return paired_t(data.organisation_means["before"].to_numpy(), data.organisation_means["after"].to_numpy(), level)


@dataclass(frozen=True)
class Check:
    """Another way to the same change: name, pure function, and how the result is to be read."""

    method: str
    function: Callable[[TwoWaves, float], Estimate]
    reading: str


CHECKS = (
    Check("paired_t", linked_only, "linked persons only; persons taken as independent"),
    Check("organisation_mean_t", organisation_means, "organisations weigh the same"),
)


def changes(evaluation: Evaluation, scores: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return one row of the table ``change`` per indicator for one alliance, or ``all``, not yet judged."""
    plan = evaluation.plan
    rows = []
    for indicator in evaluation.indicators:
        data = TwoWaves.of(scores, indicator.id, plan.from_wave, plan.to_wave)
        fit = primary(data, 1 - plan.alpha)
        rows.append({**_row(evaluation, indicator, alliance, data, fit, PRIMARY_METHOD), **_effect(data, fit)})
    return shaped("change", pd.DataFrame(rows))


def checks(evaluation: Evaluation, scores: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return the same changes by every other method of the registry (table ``checks``)."""
    plan = evaluation.plan
    rows = []
    for indicator in evaluation.indicators:
        data = TwoWaves.of(scores, indicator.id, plan.from_wave, plan.to_wave)
        for check in CHECKS:
            fit = check.function(data, 1 - plan.alpha)
            rows.append({**_row(evaluation, indicator, alliance, data, fit, check.method), "flag": "; ".join([check.reading, *_remarks(data, fit)])})
    return stack("checks", [pd.DataFrame(rows)])


def _row(evaluation: Evaluation, indicator: Indicator, alliance: str, data: TwoWaves, fit: Estimate, method: str) -> dict[str, object]:
    plan = evaluation.plan
    n_from, n_to, n_paired = len(data.before), len(data.after), len(data.linked)
    n_organisations = len(data.organisation_means)
    return {
        "alliance": alliance,
        "indicator": indicator.id,
        "from_wave": plan.from_wave,
        "to_wave": plan.to_wave,
        "estimand": "process",
        "planned": indicator.id in plan.primary,
        "design": _design(n_from, n_to, n_paired),
        "n_from": n_from,
        "n_to": n_to,
        "n_paired": n_paired,
        "n_organisations": n_organisations,
        "estimate": fit.estimate,
        "std_error": fit.std_error,
        "df": fit.df,
        "ci_low": fit.ci_low,
        "ci_high": fit.ci_high,
        "p_value": two_sided(fit),
        "equivalence_p": equivalence(fit, indicator.margin),
        "margin": indicator.margin,
        "minimal_detectable": minimal_detectable(fit.std_error, n_organisations - 1, plan.alpha, plan.power),
        "tier": tier_of(alliance, n_organisations, min(n_from, n_to)),
        "method": method,
        "flag": "; ".join(_remarks(data, fit)),
    }


def _design(n_from: int, n_to: int, n_paired: int) -> str:
    if n_paired == 0:
        return "independent"
    return "paired" if n_paired == n_from == n_to else "partly_paired"


def _remarks(data: TwoWaves, fit: Estimate) -> list[str]:
    if np.isnan(fit.estimate):
        return ["no_data"]
    if np.isfinite(fit.std_error):
        return ["few_df"] if fit.df < 4 else []
    return ["one_organisation"] if len(set(data.organisation)) == 1 else ["no_variance"]


def two_sided(fit: Estimate) -> float:
    """Return the two-sided t p of no change."""
    if not np.isfinite(fit.std_error):
        return float("nan")
    return float(2 * stats.t.sf(abs(fit.estimate) / fit.std_error, fit.df))


def equivalence(fit: Estimate, margin: float) -> float:
    """Return the larger p of the two one-sided t tests that the change lies within plus or minus ``margin``.

    Below .05 the 90 % interval lies inside the margin. Source: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15(6).
    """
    if not np.isfinite(fit.std_error):
        return float("nan")
    above, below = (fit.estimate + margin) / fit.std_error, (fit.estimate - margin) / fit.std_error
    return float(max(stats.t.sf(above, fit.df), stats.t.cdf(below, fit.df)))


def minimal_detectable(std_error: float, df: int, alpha: float = 0.05, power: float = 0.80) -> float:
    """Return the smallest true change that a test at ``alpha`` finds with ``power``: (t(1 - alpha/2) + t(power)) SE.

    ``df`` is organisations minus 1. Source: Bloom 1995, Evaluation Review 19(5).
    """
    if df < 1 or not np.isfinite(std_error):
        return float("nan")
    return float((stats.t.ppf(1 - alpha / 2, df) + stats.t.ppf(power, df)) * std_error)


def _effect(data: TwoWaves, fit: Estimate) -> dict[str, object]:
    """Return the change in standard deviations of the first wave, corrected for small n (Hedges 1981).

    The interval is that of the change on the same scale: it takes the standard deviation as known.
    """
    n = len(data.before)
    spread = float(data.before.std(ddof=1)) if n > 1 else 0.0
    if spread <= 0 or n < 3:
        return {}
    scale = (1 - 3 / (4 * (n - 1) - 1)) / spread
    return {
        "effect_size": fit.estimate * scale,
        "effect_name": "hedges_g_baseline_sd",
        "effect_low": fit.ci_low * scale,
        "effect_high": fit.ci_high * scale,
    }


def average_row(evaluation: Evaluation, indicator: Indicator, judged: pd.DataFrame, mean: Estimate) -> dict[str, object]:
    """Return the ``average`` row of one indicator from the alliances' ``judged`` rows and their random-effects mean."""
    plan = evaluation.plan
    designs = set(judged["design"])
    return {
        "alliance": "average",
        "indicator": indicator.id,
        "from_wave": plan.from_wave,
        "to_wave": plan.to_wave,
        "estimand": "process",
        "planned": indicator.id in plan.primary,
        "design": designs.pop() if len(designs) == 1 else "partly_paired",
        "n_from": judged["n_from"].sum(),
        "n_to": judged["n_to"].sum(),
        "n_paired": judged["n_paired"].sum(),
        "n_organisations": len(judged),
        "estimate": mean.estimate,
        "std_error": mean.std_error,
        "df": mean.df,
        "ci_low": mean.ci_low,
        "ci_high": mean.ci_high,
        "p_value": two_sided(mean),
        "equivalence_p": equivalence(mean, indicator.margin),
        "margin": indicator.margin,
        "minimal_detectable": minimal_detectable(mean.std_error, len(judged) - 1, plan.alpha, plan.power),
        "method": "random-effects mean over alliances, REML, Knapp-Hartung",
    }
