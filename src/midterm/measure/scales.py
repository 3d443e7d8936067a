"""The quality of the scales in the table ``indicators``: in, answers and scores of persons; out, alpha, omega, ICC, r_wg and item invariance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from midterm.clean.answers import MEMBERSHIP
from midterm.description import Evaluation, Indicator
from midterm.measure.clustered import Estimate, Floats
from midterm.measure.invariance import Functioning, false_discovery, functioning, size_of
from midterm.measure.reliability import INTERVAL_ONLY, MOST_CATEGORIES, cronbach_alpha, intraclass, is_shared_view, omega_total, rwg, uniform_variance
from midterm.measure.scores import values
from midterm.measure.tiers import tier_of
from midterm.tables import stack

INDEPENDENT = "persons_taken_as_independent"
Row = dict[str, object]
Counts = tuple[int, int, int]


def reliability(evaluation: Evaluation, items: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return alpha, omega, ICC(1), ICC(2) and r_wg of every scale in every wave: pooled (``all``), and r_wg of each alliance too.

    ``items`` and ``scores`` one row per membership; a person in two alliances counts once in alpha and omega (the mean of the
    answers) and in each alliance in the others. The r_wg of ``all`` is the median over alliances; scales that are no rating scale
    (more than 11 steps) have none. Flags: ``interval_only`` (alpha, omega: under 30 persons, quote no point without its interval),
    ``shared_view`` or ``no_shared_view`` (ICC(1) and r_wg: may the mean be called the alliance's view), ``not_computable`` and why.
    """
    member = items[MEMBERSHIP].astype(object)
    person = [member["respondent_id"], member["wave"]]
    organisation = member["organisation"].groupby(person).min()
    level = 1 - evaluation.plan.alpha
    rows: list[Row] = []
    for indicator in (entry for entry in evaluation.indicators if entry.statistic == "mean"):
        given = pd.DataFrame({item: values(evaluation, items, item) for item in indicator.items}, index=items.index)
        by_person = given.groupby(person).mean()
        for wave in evaluation.waves:
            answers = by_person[by_person.index.get_level_values("wave") == wave]
            complete = answers.dropna()
            counts = (len(complete), int(organisation[complete.index].nunique()), len(answers) - len(complete))
            if len(indicator.items) > 1:
                rows += _consistency(indicator, wave, complete.to_numpy(dtype=float), counts, level)
            scored = scores[(scores["wave"] == wave).to_numpy(dtype=bool)]
            rows += _views(evaluation, indicator, wave, scored, (given, member), level)
    return stack("indicators", [pd.DataFrame(rows)])


def _consistency(indicator: Indicator, wave: str, complete: Floats, counts: Counts, level: float) -> Iterator[Row]:
    few = ["interval_only"] if counts[0] < INTERVAL_ONLY else []
    yield _pooled(indicator, wave, "alpha", cronbach_alpha(complete, level), counts, "Cronbach, Feldt interval", few)
    omega, flag = omega_total(complete, level)
    method = "McDonald, one factor by maximum likelihood, delta-method interval on the logit scale"
    yield _pooled(indicator, wave, "omega", omega, counts, method, [*filter(None, [flag]), *few])


def _views(
    evaluation: Evaluation, indicator: Indicator, wave: str, scored: pd.DataFrame, answers: tuple[pd.DataFrame, pd.DataFrame], level: float
) -> list[Row]:
    """Return ICC(1), ICC(2) over alliances and r_wg within them, with whether a mean is a shared view."""
    there = scored[scored[indicator.id].notna().to_numpy(dtype=bool)]
    persons = there["respondent_id"].nunique()
    counts = (persons, there["organisation"].nunique(), scored["respondent_id"].nunique() - persons)
    several = there["alliance"].nunique() > 1
    y, group = there[indicator.id].to_numpy(dtype=float), there["alliance"].to_numpy(dtype=object)
    first, second = intraclass(y, group, level) if several else (Estimate(np.nan), Estimate(np.nan))
    within = list(_agreement(evaluation, indicator, wave, answers, first))
    is_rated = bool(within)
    known = pd.Series([row["estimate"] for row in within], dtype=float)
    median = float(known.median())
    if several:
        shared = _shared(median, first)
        method = "one-way ANOVA over alliances, n0; a membership is a row; F interval, persons as independent"
        within.append(_pooled(indicator, wave, "icc1", first, counts, method, shared))
        within.append(_pooled(indicator, wave, "icc2", second, counts, method, []))
        if is_rated:
            within.append(_pooled(indicator, wave, "rwg", Estimate(median), counts, "median of r_wg(j) over alliances, uniform null", shared))
    return within


def _shared(agreement: float, first: Estimate) -> list[str]:
    answer = is_shared_view(agreement, first)
    return [] if answer is None else ["shared_view" if answer else "no_shared_view"]


def _agreement(evaluation: Evaluation, indicator: Indicator, wave: str, answers: tuple[pd.DataFrame, pd.DataFrame], first: Estimate) -> Iterator[Row]:
    """Give r_wg of every alliance with answers in the wave."""
    scales = [evaluation.codebook.scale_of(item) for item in indicator.items]
    if any(not scale.whole or scale.high - scale.low + 1 > MOST_CATEGORIES for scale in scales):
        return
    null = np.array([uniform_variance(scale.low, scale.high) for scale in scales])
    given, member = answers
    in_wave = (member["wave"] == wave).to_numpy(dtype=bool)
    cells, who = given.to_numpy(dtype=float)[in_wave], member[in_wave]
    is_complete = ~np.isnan(cells).any(axis=1)
    alliances = list(evaluation.alliances)
    codes = pd.Categorical(who["alliance"], categories=alliances).codes.astype(np.intp)
    asked, complete = np.bincount(codes, minlength=len(alliances)), np.bincount(codes[is_complete], minlength=len(alliances))
    organisations = who[is_complete].groupby("alliance")["organisation"].nunique()
    found = rwg(cells[is_complete], codes[is_complete], null, len(alliances))
    for at in np.flatnonzero(asked):
        alliance, agreement = alliances[at], float(found[at])
        counts = (int(complete[at]), int(organisations.get(alliance, 0)), int(asked[at] - complete[at]))
        flags = _shared(agreement, first) if complete[at] > 1 else ["no_data" if complete[at] == 0 else "one_person"]
        flags += ["spread_as_if_even"] if agreement == 0 else []
        row = _pooled(indicator, wave, "rwg", Estimate(agreement), counts, "r_wg(j), uniform null", flags)
        yield {**row, "alliance": alliance, "tier": tier_of(alliance, counts[1], counts[0])}


def _pooled(indicator: Indicator, wave: str, statistic: str, value: Estimate, counts: Counts, method: str, flags: Iterable[str] = ()) -> Row:
    n, n_organisations, n_missing = counts
    return {
        "alliance": "all",
        "wave": wave,
        "indicator": indicator.id,
        "source": "survey",
        "statistic": statistic,
        "estimate": value.estimate,
        "std_error": value.std_error,
        "ci_low": value.ci_low,
        "ci_high": value.ci_high,
        "n": n,
        "n_organisations": n_organisations,
        "n_missing": n_missing,
        "unit": "ratio (0-1)",
        "method": method,
        "tier": "T3",
        "flag": "; ".join([*(["not_computable"] if np.isnan(value.estimate) else []), *flags]),
    }


def invariance(evaluation: Evaluation, items: pd.DataFrame) -> pd.DataFrame:
    """Return whether the items of every scale are answered alike in the two waves of the contrast at the same level of the scale, pooled.

    Rows stand under ``SCALE:ITEM`` and the last wave of the plan: ``dif_uniform`` and ``dif_nonuniform`` (change in Nagelkerke's
    R2), their ``dif_uniform_p`` and ``dif_nonuniform_p`` (Benjamini-Hochberg over all items, each kind by itself), and
    ``dif_log_odds`` (of the last wave, with Wald interval). A person in two alliances counts by the first membership. Flags:
    ``no_dif``, ``dif_negligible``, ``dif_moderate`` or ``dif_large``; ``too_few_for_invariance`` under 150 persons in a wave.
    """
    plan = evaluation.plan
    member = items[MEMBERSHIP].astype(object)
    once = items[
        (~member.sort_values(MEMBERSHIP).duplicated(["respondent_id", "wave"])).reindex(items.index) & member["wave"].isin([plan.from_wave, plan.to_wave])
    ]
    is_after = (once["wave"].astype(object) == plan.to_wave).to_numpy(dtype=bool)
    organisation = once["organisation"].astype(object).to_numpy()
    scales: list[tuple[Indicator, Functioning, Counts]] = []
    for indicator in (entry for entry in evaluation.indicators if entry.statistic == "mean" and len(entry.items) > 1):
        given = np.column_stack([values(evaluation, once, item) for item in indicator.items]) if len(once) else np.empty((0, len(indicator.items)))
        kept = ~np.isnan(given).any(axis=1)
        counts = (int(kept.sum()), len(set(organisation[kept])), int((~kept).sum()))
        scales.append((indicator, functioning(given[kept], is_after[kept]), counts))
    if not scales:
        return stack("indicators", [])
    adjusted = {kind: false_discovery(np.concatenate([getattr(found, f"{kind}_p") for _, found, _ in scales])) for kind in ("uniform", "nonuniform")}
    rows: list[Row] = []
    start = 0
    for indicator, found, counts in scales:
        for at, item in enumerate(indicator.items):
            p = {kind: float(adjusted[kind][start + at]) for kind in adjusted}
            for row in _functioning_rows(evaluation, indicator, found, at, p, counts):
                rows.append({**row, "indicator": f"{indicator.id}:{item}"})
        start += len(indicator.items)
    return stack("indicators", [pd.DataFrame(rows)])


def _functioning_rows(evaluation: Evaluation, indicator: Indicator, found: Functioning, at: int, p: dict[str, float], counts: Counts) -> Iterator[Row]:
    plan = evaluation.plan
    method = f"cumulative logit on the total score, {plan.from_wave} against {plan.to_wave}"
    why = [found.flag[at]] if found.flag[at] else [INDEPENDENT]
    for kind, size in (("uniform", found.uniform_size), ("nonuniform", found.nonuniform_size)):
        verdict = size_of(float(size[at]), p[kind], plan.false_discovery_rate)
        flags = [*filter(None, [verdict]), *why]
        row = _pooled(indicator, plan.to_wave, f"dif_{kind}", Estimate(float(size[at])), counts, f"{method}; {kind}: change in Nagelkerke's R2", flags)
        yield {**row, "unit": "change in R2 (0-1)"}
        test = f"{method}; {kind}: likelihood ratio, 1 df, Benjamini-Hochberg over items"
        yield {**_pooled(indicator, plan.to_wave, f"dif_{kind}_p", Estimate(p[kind]), counts, test, why), "unit": "p value"}
    error, log_odds = float(found.std_error[at]), float(found.log_odds[at])
    half = float(stats.norm.ppf(1 - plan.alpha / 2)) * error
    value = Estimate(log_odds, error, np.nan, log_odds - half, log_odds + half)
    yield {**_pooled(indicator, plan.to_wave, "dif_log_odds", value, counts, f"{method}; Wald interval", why), "unit": "log-odds"}
