"""The benchmark of change: in, drawn scores; out, our time for every test of every indicator beside loops over other libraries.

Ours: all that stands in the tables ``change`` and ``checks`` (primary, effects, exact tests, permutations and bootstrap with 9,999
draws, multiple imputation, specification curve), eight alliances x 40 indicators. Theirs: scipy's and statsmodels' own
functions for the same quantities, one indicator after another, where they have any; what they lack (CR2, noncentral intervals,
wild bootstrap, tied exact distributions, raking, bounds) is in our time and not in theirs. Seconds are of the processor, in one
run, by turns. Nothing here is a test: machines are noisy.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.imputation.mice import MICE, MICEData
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from midterm.compare.registry import CHECKS, EFFECTS, LEVELS, PRIMARY
from midterm.compare.result import Settings
from midterm.compare.specifications import SCORINGS, specifications
from midterm.compare.two_waves import AFTER, BEFORE, Kind, Outcome, TwoWaves

KINDS: tuple[Kind, ...] = (*("mean",) * 16, *("item",) * 10, *("share",) * 10, *("count",) * 4)
ORGANISATIONS = (3, 4, 5, 6, 6, 7, 8, 9)
SEED, DRAWS, SPECIFICATIONS, IMPUTATIONS = 20250401, 9_999, 27, 20
SIZES = (8, 100, 1_000)


def main() -> None:
    """Measure ours and theirs by turns, then ours for ever more alliances, and print the ratios."""
    warnings.simplefilter("ignore")
    alliances = [drawn(size, at) for at, size in enumerate(ORGANISATIONS)]
    ours_only(alliances[:1])  # compiled and warm before the clock starts
    ours, theirs = 0.0, 0.0
    for data in alliances:
        ours += _seconds(partial(ours_only, [data]))
        theirs += _seconds(partial(loop, data))
    print(f"Every test of {len(alliances)} alliances x {len(KINDS)} indicators, {DRAWS:,} draws, {SPECIFICATIONS} specifications")
    for name, value in (("loops over scipy and statsmodels, s", theirs), ("ours, s", ours), ("ratio", theirs / ours)):
        print(f"{name:36}{value:8.1f}")
    print("\nOurs by number of alliances")
    for size in SIZES:
        many = [drawn(ORGANISATIONS[at % len(ORGANISATIONS)], at) for at in range(size)]
        seconds = _seconds(partial(ours_only, many))
        print(f"{size:>6,} alliances {seconds:8.1f} s {1000 * seconds / size:8.1f} ms each")


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def drawn(organisations: int, seed: int) -> TwoWaves:
    """Return one alliance: six persons an organisation and wave, half of them linked, all 40 indicators."""
    random = np.random.default_rng([SEED, seed])
    count = 6 * organisations
    organisation = np.tile(np.repeat(np.arange(organisations), 6), 2)
    later = np.where(np.arange(count) % 2, np.arange(count), np.arange(count) + count)
    person = np.concatenate([np.arange(count), later])
    is_after = np.repeat([False, True], count)
    latent = random.normal(0, 0.3, (organisations, len(KINDS)))[organisation] + random.normal(0, 0.6, (2 * count, len(KINDS)))[person]
    latent = latent + random.normal(0, 0.6, latent.shape) + 0.2 * is_after[:, None]
    items = 1.0 + np.searchsorted([-1.0, -0.4, 0.2, 0.9], latent)
    by_kind = {
        "mean": np.round(3 + latent, 2),
        "item": items,
        "share": (latent > 0.4).astype(float),
        "count": random.poisson(np.exp(0.5 * latent)).astype(float),
    }
    y = np.column_stack([by_kind[kind][:, at] for at, kind in enumerate(KINDS)])
    outcomes = tuple(
        Outcome(f"{kind}_{at}", kind, 0.0 if kind in ("share", "count") else 1.0, 1.0 if kind == "share" else 5.0) for at, kind in enumerate(KINDS)
    )
    people = np.full((2, organisations), 12.0)
    return TwoWaves(y, is_after, organisation, person, np.zeros(2 * count, dtype=np.intp), np.ones_like(y), people, outcomes)


def ours_only(alliances: list[TwoWaves]) -> int:
    """Compute everything of every alliance; return how many results there are."""
    settings, results = Settings(draws=DRAWS, seed=SEED), 0
    for data in alliances:
        by_kind = {kind: data.only(np.array([entry == kind for entry in KINDS])) for kind in PRIMARY}
        for kind, part in by_kind.items():
            results += len(PRIMARY[kind][1](part, settings).estimate) + len(EFFECTS[kind](part, settings).estimate)
        for check in CHECKS:
            if check.scope == "any":
                results += len(check.function(data.only(np.array([kind in check.kinds for kind in KINDS])), settings).estimate)
        for entry in LEVELS:
            part = data.only(np.array([kind in entry.kinds for kind in KINDS]))
            results += sum(len(entry.function(part, wave, settings).estimate) for wave in (BEFORE, AFTER))
        everyone = np.ones(len(data.is_after), dtype=bool)
        results += sum(len(found.result.estimate) for found in specifications(dict.fromkeys(SCORINGS, data), dict.fromkeys(SCORINGS, everyone), settings))
    return results


def loop(data: TwoWaves) -> None:
    """Do the same with scipy's and statsmodels' own functions, one indicator after another."""
    for at, kind in enumerate(KINDS):
        y = data.y[:, at]
        before, after = y[~data.is_after], y[data.is_after]
        linked = data.linked.before[:, at], data.linked.after[:, at]
        means = data.organisation_means[:, :, at]
        x = sm.add_constant(data.is_after.astype(float))
        _regressions(kind, y, x, data)
        random = np.random.default_rng(SEED)
        resampled = stats.PermutationMethod(n_resamples=DRAWS, rng=random)
        if kind in ("mean", "item"):
            stats.ttest_rel(*linked), stats.ttest_ind(after, before, equal_var=False), stats.brunnermunzel(before, after)
            stats.wilcoxon(linked[1] - linked[0], zero_method="pratt", method=resampled)
            stats.mannwhitneyu(after, before, method=resampled)
        if kind == "share":
            _shares(linked, before, after)
        stats.ttest_rel(means[1], means[0])
        stats.permutation_test((means[1] - means[0],), _mean, permutation_type="samples", vectorized=True, n_resamples=DRAWS, rng=random)
        stats.permutation_test((means[0], means[1]), _difference, permutation_type="samples", vectorized=True, n_resamples=DRAWS, rng=random)
        _imputed(linked, before, after)


def _regressions(kind: Kind, y: Any, x: Any, data: TwoWaves) -> None:
    clustered: dict[str, Any] = {"cov_type": "cluster", "cov_kwds": {"groups": data.organisation}}
    sm.OLS(y, x).fit(**clustered)
    if kind == "share":
        sm.GLM(y, x, family=sm.families.Binomial()).fit(**clustered)
    if kind == "count":
        sm.GLM(y, x, family=sm.families.Poisson()).fit(**clustered)
    stays = np.isin(np.arange(len(y)), np.flatnonzero(np.isin(data.person, data.person[data.is_after])))
    propensity = sm.GLM(stays[~data.is_after].astype(float), sm.add_constant(y[~data.is_after]), family=sm.families.Binomial()).fit()
    sm.WLS(y[: len(propensity.fittedvalues)], x[: len(propensity.fittedvalues)], weights=1 / propensity.fittedvalues).fit()
    for _ in range(SPECIFICATIONS):
        sm.WLS(y, x, weights=np.ones(len(y))).fit(**clustered)


def _shares(linked: tuple[Any, Any], before: Any, after: Any) -> None:
    table = np.array([[np.sum((linked[0] == first) & (linked[1] == last)) for last in (0, 1)] for first in (0, 1)])
    mcnemar(table, exact=True), mcnemar(table, exact=False)
    counts = np.array([[after.sum(), len(after) - after.sum()], [before.sum(), len(before) - before.sum()]])
    stats.fisher_exact(counts), stats.boschloo_exact(counts)
    confint_proportions_2indep(after.sum(), len(after), before.sum(), len(before), method="newcomb")
    for values in (before, after):
        proportion_confint(values.sum(), len(values), method="wilson"), proportion_confint(values.sum(), len(values), method="beta")


def _imputed(linked: tuple[Any, Any], before: Any, after: Any) -> None:
    unknown = np.full(len(linked[0]), np.nan)
    wide = pd.DataFrame({"before": np.concatenate([before, unknown]), "after": np.concatenate([unknown, after])})
    wide.iloc[: len(linked[0])] = np.column_stack(linked)
    MICE("after ~ before", sm.OLS, MICEData(wide)).fit(1, IMPUTATIONS)


def _mean(values: Any, axis: int) -> Any:
    return values.mean(axis=axis)


def _difference(first: Any, last: Any, axis: int) -> Any:
    return last.mean(axis=axis) - first.mean(axis=axis)


if __name__ == "__main__":
    main()
