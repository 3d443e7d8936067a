"""Targets of survey indicators: in, scores of persons; out, how far on the way, with an interval, and a status that follows from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from midterm.description import Evaluation, Indicator
from midterm.description.evaluation_file import Wave
from midterm.description.indicators import Target
from midterm.measure.clustered import FEW_DF, Floats
from midterm.measure.scores import is_redefined
from midterm.measure.targets import (
    AFTER,
    BEFORE,
    ROUNDING,
    Attained,
    WaveMeans,
    attained,
    class_of_point,
    combined,
    expected_share,
    status_of_interval,
    status_of_maintained,
    trajectory,
    wave_means,
)
from midterm.measure.tiers import tier_of
from midterm.tables import empty, shaped

PERSONS = "persons"  # the flag that says how many persons a target rests on, in the smaller of its two waves
UNIT = "share of the way from baseline to target (1 = target)"
ESTIMATED = "(actual - baseline) / (target - baseline), Fieller interval on CR2 variances, Satterthwaite df"
KNOWN = "(actual - baseline) / (target - baseline) from a known baseline, CR2, Satterthwaite t interval"


def survey_attainment(evaluation: Evaluation, scores: pd.DataFrame, alliance: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of ``attainment`` and of ``indicators`` (statistic ``attainment``) of every survey indicator with a target.

    ``scores`` has one row per person and wave (see ``scores_by_person`` and ``once_per_person``). A row for every year with a wave, but not
    for the wave that is the baseline. The status follows from the interval of the mean after against what the year asks for; with
    even steps that is Fieller's interval against ``expected``. Up to three organisations or under eight persons: the numbers, but no status.
    """
    waves = {wave.year: wave for wave in evaluation.file.waves}.values()
    rows = []
    for indicator in evaluation.indicators:
        first = _first_wave(evaluation, indicator)
        for wave in waves:
            if indicator.target and (first is None or wave.year != first.year):
                case = _case(evaluation, indicator, indicator.target, (first, wave), scores)
                rows.append(_rows(evaluation, indicator, case, alliance))
    if not rows:
        return empty("attainment"), empty("indicators")
    return shaped("attainment", pd.DataFrame([row for row, _ in rows])), shaped("indicators", pd.DataFrame([row for _, row in rows]))


class _Case(NamedTuple):
    """One indicator in one wave: its target, the wave of the baseline (None: known), and what was found; G organisations, k = 1."""

    target: Target
    first: Wave | None
    wave: Wave
    n_asked: int
    persons: Floats
    fit: WaveMeans
    found: Attained
    baseline: float
    start: float
    asked: tuple[float, float]

    @property
    def n(self) -> tuple[int, int]:
        """Persons with a score in the wave of the baseline and in this one."""
        return int(self.persons[BEFORE].sum()), int(self.persons[AFTER].sum())

    @property
    def n_judged(self) -> int:
        """The smaller number of persons that the attainment rests on."""
        return min(self.n) if self.first else self.n[AFTER]

    @property
    def n_organisations(self) -> int:
        """Organisations with scores in all that it rests on."""
        in_wave = self.persons[:, :, 0] > 0
        return int((in_wave.all(axis=0) if self.first else in_wave[AFTER]).sum())

    @property
    def is_maintain(self) -> bool:
        """Whether the target is to keep a known baseline."""
        return self.first is None and abs(self.target.value - self.baseline) <= ROUNDING


def _first_wave(evaluation: Evaluation, indicator: Indicator) -> Wave | None:
    """Return the wave that the baseline is estimated from; None where the baseline is known."""
    target = indicator.target
    if target is None or target.baseline is not None:
        return None
    planned = evaluation.wave(evaluation.plan.from_wave)
    return planned if target.baseline_year is None else next(wave for wave in evaluation.file.waves if wave.year == target.baseline_year)


def _case(evaluation: Evaluation, indicator: Indicator, target: Target, waves: tuple[Wave | None, Wave], scores: pd.DataFrame) -> _Case:
    first, wave = waves
    persons, weights, totals = _sums(indicator, scores, (first.id if first else "", wave.id))
    fit = wave_means(weights, totals)
    known = np.nan if target.baseline is None else target.baseline
    found = attained(fit, np.array([target.value]), np.array([known]), 1 - evaluation.plan.alpha)
    start = float(first.year if first else target.baseline_year or np.nan)
    asked = trajectory(wave.year, start, target.year, target.value, target.milestones)
    n_asked = int((scores["wave"] == wave.id).sum())
    return _Case(target, first, wave, n_asked, persons, fit, found, float(fit.mean[BEFORE, 0]) if first else known, start, asked)


def _sums(indicator: Indicator, scores: pd.DataFrame, waves: tuple[str, str]) -> tuple[Floats, Floats, Floats]:
    """Return persons with a score, sums of w and sums of w y in each wave and organisation, each (2, G, 1)."""
    y = scores[indicator.id].to_numpy(dtype=float)
    exposure = scores[f"{indicator.id}:exposure"].to_numpy(dtype=float) if indicator.exposure else np.ones(len(y))
    has_score = ~np.isnan(y) & (exposure > 0)
    codes, names = pd.factorize(scores["organisation"].to_numpy(dtype=object), sort=True)
    in_wave = [(scores["wave"] == wave).to_numpy(dtype=bool) & has_score for wave in waves]
    persons, weights, totals = (
        np.array([np.bincount(codes[there], values[there], len(names)) for there in in_wave], dtype=float)[..., None]
        for values in (np.ones(len(y)), exposure, y)
    )
    return persons, weights, totals


def _rows(evaluation: Evaluation, indicator: Indicator, case: _Case, alliance: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return the row of ``attainment`` and that of ``indicators``."""
    target, found, is_beyond = case.target, case.found, _is_beyond(indicator, case)
    reached, error, low, high = (
        np.nan if is_beyond else float(values[0]) for values in (found.estimate, found.std_error, found.fieller_low, found.fieller_high)
    )
    share, level = case.asked
    is_linear = not target.milestones
    expected = expected_share(share, level, np.nan if is_beyond and not is_linear else case.baseline, target.value, is_linear=is_linear)
    tier = tier_of(alliance, case.n_organisations, case.n_judged)
    status = "not_computable" if tier == "T0" else _status_of(indicator, case, 1 - evaluation.plan.alpha)
    flags = ["from_survey", *_flags(evaluation, indicator, case), "too_small_to_test" if tier == "T0" and case.n_judged else ""]
    flags += ["baseline_beyond_milestone"] if expected < -ROUNDING else []
    flags += [] if is_linear or case.first is None else ["milestone_is_a_level"]
    flags += [class_of_point(reached, expected)] if status == "uncertain" else []
    flags.append(f"{PERSONS}: {case.n_judged}")
    key = {"alliance": alliance, "flag": "; ".join(flag for flag in flags if flag)}
    numbers = {"baseline": case.baseline, "target": target.value, "actual": float(case.fit.mean[AFTER, 0])}
    judged = {"attainment": reached, "expected": expected, "status": status}
    interval = {"estimate": reached, "std_error": error, "ci_low": low, "ci_high": high}
    n = case.n[AFTER]
    return {**key, "indicator_id": indicator.id, "year": case.wave.year, **numbers, **judged}, {
        **{**key, "wave": case.wave.id, "indicator": indicator.id, "source": "survey", "statistic": "attainment", **interval},
        **{"n": n, "n_organisations": case.n_organisations, "n_missing": case.n_asked - n, "unit": UNIT},
        **{"method": ESTIMATED if case.first else KNOWN, "tier": tier},
    }


def _is_beyond(indicator: Indicator, case: _Case) -> bool:
    """Tell whether the baseline is past the target already, so that the way to it would be turned round."""
    return _sign(indicator) * (case.target.value - case.baseline) < -ROUNDING


def _sign(indicator: Indicator) -> float:
    return 1.0 if indicator.better == "up" else -1.0


def _status_of(indicator: Indicator, case: _Case, level: float) -> str:
    to_target = _past(indicator, case, (0.0, case.target.value), level)
    if case.is_maintain:
        return status_of_maintained(to_target, indicator.margin)
    return status_of_interval(_past(indicator, case, case.asked, level), to_target)


def _past(indicator: Indicator, case: _Case, asked: tuple[float, float], level: float) -> tuple[float, float]:
    """Return the interval of how far the mean after lies past share x baseline + level, in the good direction.

    The df is that of the attainment, so that both intervals say the same; where that has none, the df of this distance.
    """
    share, constant = asked
    error, own_df = combined(case.fit, np.array([-share if case.first else 0.0]))
    df = float(case.found.df[0]) if np.isfinite(case.found.fieller_low[0]) else float(own_df[0])
    distance = _sign(indicator) * (float(case.fit.mean[AFTER, 0]) - share * case.baseline - constant)
    half = float(stats.t.ppf(0.5 + level / 2, df)) * float(error[0])
    return distance - half, distance + half


def _flags(evaluation: Evaluation, indicator: Indicator, case: _Case) -> list[str]:
    flags = ["definition_changed"] if is_redefined(evaluation, indicator, [wave.id for wave in (case.first, case.wave) if wave]) else []
    flags += ["before_baseline_year"] if case.wave.year < case.start else []
    if case.n_judged == 0:
        return flags + [
            name for name, n in zip(("baseline_missing", "actual_missing"), case.n, strict=True) if n == 0 and (case.first or name != "baseline_missing")
        ]
    flags += ["maintain"] if case.is_maintain else ["baseline_beyond_target"] if _is_beyond(indicator, case) else []
    if not np.isfinite(combined(case.fit, np.array([-1.0 if case.first else 0.0]))[0][0]):
        flags.append({0: "no_organisation_in_both", 1: "one_organisation"}.get(case.n_organisations, "no_variance"))
    elif not (np.isfinite(case.found.fieller_low[0]) or case.is_maintain):
        flags.append("target_near_baseline")
    return flags + (["few_df"] if case.found.df[0] < FEW_DF else [])
