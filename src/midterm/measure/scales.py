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
from midterm.measure.scores import score, values
from midterm.measure.tiers import tier_of
from midterm.tables import stack

INDEPENDENT = "persons_taken_as_independent"
COMPLETE_PCT = 80  # of the persons with a score; with fewer, alpha and omega say on how many they rest
WITHIN = "r_wg(j), uniform null; each item over who answered it"
Row = dict[str, object]
Counts = tuple[int, int, int]


def reliability(evaluation: Evaluation, items: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return alpha, omega, ICC(1), ICC(2) and r_wg of every scale in every wave: pooled (``all``), and r_wg of each alliance too.

    ``items`` one row per membership, ``scores`` those of ``scores_by_person`` for the same rows; a person in two alliances counts
    once in alpha and omega (the mean of the answers) and in each alliance in the others. Alpha and omega rest on persons who
    answered every item, the others on persons with a score. The r_wg of ``all`` is the median over the alliances that are no T0
    (over all where each is), on whose persons its n stands; scales that are no rating scale (more than 11 steps) have none. Flags:
    ``interval_only`` (alpha, omega: under 30 persons, quote no point without its interval), ``complete_cases: NN %`` (alpha, omega:
    under 80 % of the persons with a score answered every item), ``shared_view`` or ``no_shared_view`` (ICC(1) and r_wg: may the
    mean be called the alliance's view; of an alliance that is no T0, of ``all`` where at least two are not),
    ``alliances_left_out: N`` (r_wg of ``all``: with a score, but not in the median), ``not_computable`` and why.
    """
    member = items[MEMBERSHIP].astype(object)
    person = [member["respondent_id"], member["wave"]]
    organisation = member["organisation"].groupby(person).min()
    level = 1 - evaluation.plan.alpha
    rows: list[Row] = []
    for indicator in (entry for entry in evaluation.indicators if entry.statistic == "mean"):
        given = pd.DataFrame({item: values(evaluation, items, item) for item in indicator.items}, index=items.index)
        of_scored = given[scores[indicator.id].reindex(items.index).notna()].reindex(items.index)
        by_person = given.groupby(person).mean()
        for wave in evaluation.waves:
            answers = by_person[by_person.index.get_level_values("wave") == wave]
            complete = answers.dropna()
            counts = (len(complete), int(organisation[complete.index].nunique()), len(answers) - len(complete))
            scored = scores[(scores["wave"] == wave).to_numpy(dtype=bool)]
            if len(indicator.items) > 1:
                n_scored = scored.loc[scored[indicator.id].notna(), "respondent_id"].nunique()
                rows += _consistency(indicator, wave, complete.to_numpy(dtype=float), counts, n_scored, level)
            rows += _views(evaluation, indicator, wave, scored, (of_scored, member), level)
    return stack("indicators", [pd.DataFrame(rows)])


def _consistency(indicator: Indicator, wave: str, complete: Floats, counts: Counts, n_scored: int, level: float) -> Iterator[Row]:
    few = ["interval_only"] if counts[0] < INTERVAL_ONLY else []
    few += [f"complete_cases: {100 * counts[0] // n_scored} %"] if 100 * counts[0] < COMPLETE_PCT * n_scored else []
    yield _pooled(indicator, wave, "alpha", cronbach_alpha(complete, level), counts, "Cronbach, Feldt interval", few)
    omega, flag = omega_total(complete, level)
    method = "McDonald, one factor by maximum likelihood, delta-method interval on the logit scale"
    yield _pooled(indicator, wave, "omega", omega, counts, method, [*filter(None, [flag]), *few])


def _views(
    evaluation: Evaluation, indicator: Indicator, wave: str, scored: pd.DataFrame, answers: tuple[pd.DataFrame, pd.DataFrame], level: float
) -> list[Row]:
    """Return ICC(1), ICC(2) over alliances and r_wg within them, with whether a mean is a shared view."""
    there = scored[scored[indicator.id].notna().to_numpy(dtype=bool)]
    counts = _counts(scored, there)
    several = there["alliance"].nunique() > 1
    y, group = there[indicator.id].to_numpy(dtype=float), there["alliance"].to_numpy(dtype=object)
    first, second = intraclass(y, group, level) if several else (Estimate(np.nan), Estimate(np.nan))
    within = list(_agreement(evaluation, indicator, wave, answers, first))
    if not several:
        return within
    large = _large(there)
    median, used = _median(within, large)
    shared = _shared(median, first) if len(large) > 1 else []
    method = "one-way ANOVA over alliances, n0; a membership is a row; F interval, persons as independent"
    pooled = [_pooled(indicator, wave, "icc1", first, counts, method, shared), _pooled(indicator, wave, "icc2", second, counts, method)]
    if within:
        left_out = there["alliance"].nunique() - len(used)
        flags = [*shared, *([f"alliances_left_out: {left_out}"] if used and left_out else [])]
        counts = _counts(*(table[table["alliance"].isin(used)] for table in (scored, there))) if used else counts
        pooled.append(_pooled(indicator, wave, "rwg", Estimate(median), counts, "median of r_wg(j) over alliances, uniform null", flags))
    return [*within, *pooled]


def _median(within: list[Row], large: set[str]) -> tuple[float, set[str]]:
    """Return the median r_wg of the alliances that are ``large``, of all where none is, and the alliances it rests on."""
    known = pd.Series({str(row["alliance"]): row["estimate"] for row in within}, dtype=float).dropna()
    chosen = known[known.index.isin(large)]
    used = chosen if len(chosen) else known
    return float(used.median()), set(used.index)


def _counts(scored: pd.DataFrame, there: pd.DataFrame) -> Counts:
    """Return persons and organisations with a score, and persons without one."""
    persons = there["respondent_id"].nunique()
    return persons, there["organisation"].nunique(), scored["respondent_id"].nunique() - persons


def _large(there: pd.DataFrame) -> set[str]:
    """Return the alliances of which the persons with a score carry more than a description (no T0)."""
    groups = there.groupby("alliance", observed=True)
    sizes = zip(groups["organisation"].nunique().items(), groups.size(), strict=True)
    return {str(alliance) for (alliance, n_organisations), n in sizes if tier_of(str(alliance), n_organisations, n) != "T0"}


def _shared(agreement: float, first: Estimate) -> list[str]:
    answer = is_shared_view(agreement, first)
    return [] if answer is None else ["shared_view" if answer else "no_shared_view"]


def _agreement(evaluation: Evaluation, indicator: Indicator, wave: str, answers: tuple[pd.DataFrame, pd.DataFrame], first: Estimate) -> Iterator[Row]:
    """Give r_wg of every alliance with answers in the wave; ``answers`` are empty where a person has no score."""
    scales = [evaluation.codebook.scale_of(item) for item in indicator.items]
    if any(not scale.whole or scale.high - scale.low + 1 > MOST_CATEGORIES for scale in scales):
        return
    null = np.array([uniform_variance(scale.low, scale.high) for scale in scales])
    given, member = answers
    in_wave = (member["wave"] == wave).to_numpy(dtype=bool)
    cells, who = given.to_numpy(dtype=float)[in_wave], member[in_wave]
    has_score = ~np.isnan(cells).all(axis=1)
    alliances = list(evaluation.alliances)
    codes = pd.Categorical(who["alliance"], categories=alliances).codes.astype(np.intp)
    asked, n_scored = np.bincount(codes, minlength=len(alliances)), np.bincount(codes[has_score], minlength=len(alliances))
    organisations = who[has_score].groupby("alliance")["organisation"].nunique()
    found = rwg(cells[has_score], codes[has_score], null, len(alliances))
    for at in np.flatnonzero(asked):
        alliance, agreement, n = alliances[at], float(found[at]), int(n_scored[at])
        counts = (n, int(organisations.get(alliance, 0)), int(asked[at]) - n)
        tier = tier_of(alliance, counts[1], n)
        flags = [] if tier == "T0" else _shared(agreement, first)
        flags += ["spread_as_if_even"] if agreement == 0 else []
        reason = "no_data" if n == 0 else "one_person" if n == 1 else "too_few_answers"
        row = _pooled(indicator, wave, "rwg", Estimate(agreement), counts, WITHIN, [reason] if np.isnan(agreement) else flags)
        yield {**row, "alliance": alliance, "tier": tier}


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
    ``dif_log_odds`` (of the last wave, with Wald interval). A person in two alliances counts by the first membership. An item is
    judged over the persons with a score who answered it (``n``), matched on their answered items: see ``functioning`` for what that
    takes for granted. Flags: ``no_dif``, ``dif_negligible``, ``dif_moderate`` or ``dif_large``; ``too_few_for_invariance`` under 150
    such persons in a wave.
    """
    plan = evaluation.plan
    member = items[MEMBERSHIP].astype(object)
    once = items[
        (~member.sort_values(MEMBERSHIP).duplicated(["respondent_id", "wave"])).reindex(items.index) & member["wave"].isin([plan.from_wave, plan.to_wave])
    ]
    is_after = (once["wave"].astype(object) == plan.to_wave).to_numpy(dtype=bool)
    organisation = once["organisation"].astype(object).to_numpy()
    scales: list[tuple[Indicator, Functioning, list[Counts]]] = []
    for indicator in (entry for entry in evaluation.indicators if entry.statistic == "mean" and len(entry.items) > 1):
        given = np.column_stack([values(evaluation, once, item) for item in indicator.items]) if len(once) else np.empty((0, len(indicator.items)))
        has_score = ~np.isnan(score(evaluation, indicator, once))
        judged = has_score[:, None] & ~np.isnan(given)
        counts = [(int(kept.sum()), len(set(organisation[kept])), int((~kept).sum())) for kept in judged.T]
        scales.append((indicator, functioning(given[has_score], is_after[has_score]), counts))
    if not scales:
        return stack("indicators", [])
    adjusted = {kind: false_discovery(np.concatenate([getattr(found, f"{kind}_p") for _, found, _ in scales])) for kind in ("uniform", "nonuniform")}
    rows: list[Row] = []
    start = 0
    for indicator, found, counts in scales:
        for at, item in enumerate(indicator.items):
            p = {kind: float(adjusted[kind][start + at]) for kind in adjusted}
            for row in _functioning_rows(evaluation, indicator, found, at, p, counts[at]):
                rows.append({**row, "indicator": f"{indicator.id}:{item}"})
        start += len(indicator.items)
    return stack("indicators", [pd.DataFrame(rows)])


def _functioning_rows(evaluation: Evaluation, indicator: Indicator, found: Functioning, at: int, p: dict[str, float], counts: Counts) -> Iterator[Row]:
    plan = evaluation.plan
    method = f"cumulative logit on the total score (gaps at the person's mean), {plan.from_wave} against {plan.to_wave}"
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
