"""Every way to look at a change: in, nothing; out, the registries. A new analysis is one row here and one pure function.

``PRIMARY`` and ``EFFECTS`` say per kind of outcome what the row in ``change`` is made with; ``CHECKS`` are the other ways (table
``checks``), each with what it takes for granted and when it is valid; ``LEVELS`` are intervals of one wave (same table).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from midterm.compare import attrition, counts, descriptive, effects, imputation, means, models, one_wave, ranks, resampling, shares, weighting
from midterm.compare.one_wave import LevelMethod
from midterm.compare.primary import primary
from midterm.compare.result import Method
from midterm.compare.two_waves import Kind, Truths, TwoWaves

Estimand = Literal["process", "descriptive"]
Uses = Literal["all", "linked", "organisations"]
Scope = Literal["any", "pooled"]
ANY: tuple[Kind, ...] = ("mean", "item", "share", "count")
POINTS: tuple[Kind, ...] = ("mean", "item")
UNCOUNTED: tuple[Kind, ...] = ("mean", "item", "share")
ITEM: tuple[Kind, ...] = ("item",)
SHARE: tuple[Kind, ...] = ("share",)
COUNT: tuple[Kind, ...] = ("count",)


@dataclass(frozen=True)
class Valid:
    """A condition of a method: its name, and for which indicators (k,) of the data it holds."""

    name: str
    holds: Callable[[TwoWaves], Truths]


LINKED = Valid("at_least_2_linked_persons", lambda data: np.asarray(data.n_paired >= 2))
IMPUTABLE = Valid("at_least_5_linked_persons", lambda data: np.asarray(data.n_paired >= 5))
BOTH_WAVES = Valid("persons_in_both_waves", lambda data: np.asarray((data.n > 0).all(axis=0)))
ORGANISATIONS = Valid("at_least_2_organisations_in_both_waves", lambda data: np.asarray(data.is_in_both.sum(axis=0) >= 2))
ON_STAFF_LIST = Valid("people_on_the_staff_list", lambda data: np.full(len(data.outcomes), np.isfinite(data.population).any()))
PARTLY_LINKED = Valid("linked_and_unlinked_persons", lambda data: np.asarray((data.n_paired >= 2) & ((data.n - data.n_paired).sum(axis=0) > 0)))


USED: dict[Uses, Callable[[TwoWaves], TwoWaves]] = {"all": lambda data: data, "linked": TwoWaves.linked_only, "organisations": TwoWaves.lasting_only}


@dataclass(frozen=True)
class Check:
    """Another way to the same change: name, pure function, the outcomes it suits, whose scores it uses, and how it is to be read.

    ``reading`` is what the method takes for granted; ``valid`` when it may be used; ``scope`` where it is worth its cost;
    ``estimand`` whether it tells of these people (descriptive) or of what would recur (process).
    """

    method: str
    function: Method
    kinds: tuple[Kind, ...]
    uses: Uses
    reading: str
    valid: Valid = BOTH_WAVES
    scope: Scope = "any"
    estimand: Estimand = "process"

    def used(self, data: TwoWaves) -> TwoWaves:
        """Return the scores that the method rests on: what n, tier and organisations are counted from."""
        return USED[self.uses](data)


PRIMARY: dict[Kind, tuple[str, Method]] = {
    "mean": ("y ~ wave, CR2 on organisations, Satterthwaite t", primary),
    "item": ("y ~ wave, CR2 on organisations, Satterthwaite t", primary),
    "share": ("y ~ wave (linear probability), CR2 on organisations, Satterthwaite t", primary),
    "count": ("y ~ wave (Poisson, identity link, exposure), CR2 on organisations, Satterthwaite t", counts.poisson_rate_difference),
}
EFFECTS: dict[Kind, Method] = {
    "mean": effects.hedges_g,
    "item": effects.cliffs_delta,
    "share": counts.odds_ratio,
    "count": counts.poisson_rate_ratio,
}
INDEPENDENT = "persons_taken_as_independent"
AT_RANDOM = "missing_at_random_within_organisation"
ALIKE = "organisations_taken_to_change_alike"
CHECKS: tuple[Check, ...] = (
    Check("hedges_g", effects.hedges_g, POINTS, "all", "effect_size"),
    Check("hedges_g_noncentral_t", effects.hedges_g_noncentral_t, POINTS, "all", "effect_size"),
    Check("cliffs_delta", effects.cliffs_delta, POINTS, "all", "effect_size"),
    Check("top_two_box", effects.top_two_box, ITEM, "all", "effect_size"),
    Check("odds_ratio", counts.odds_ratio, SHARE, "all", "clustered"),
    Check("poisson_rate_ratio", counts.poisson_rate_ratio, COUNT, "all", "clustered"),
    Check("paired_t", means.paired_t, POINTS, "linked", ALIKE, LINKED),
    Check("welch_t", means.welch_t, POINTS, "all", INDEPENDENT),
    Check("partially_overlapping_t", means.partially_overlapping_t, POINTS, "all", ALIKE, PARTLY_LINKED),
    Check("organisation_mean_t", means.organisation_mean_t, ANY, "organisations", "organisations_weigh_the_same", ORGANISATIONS),
    Check("signed_rank_pratt", ranks.signed_rank, POINTS, "linked", ALIKE, LINKED),
    Check("mann_whitney", ranks.mann_whitney, POINTS, "all", INDEPENDENT),
    Check("brunner_munzel", ranks.brunner_munzel, POINTS, "all", INDEPENDENT),
    Check("mcnemar_exact", shares.mcnemar_exact, SHARE, "linked", ALIKE, LINKED),
    Check("mcnemar_mid_p", shares.mcnemar_mid_p, SHARE, "linked", ALIKE, LINKED),
    Check("newcombe_paired", shares.newcombe_paired, SHARE, "linked", ALIKE, LINKED),
    Check("newcombe_independent", shares.newcombe_independent, SHARE, "all", INDEPENDENT),
    Check("fisher_exact", shares.fisher_exact, SHARE, "all", INDEPENDENT),
    Check("boschloo", shares.boschloo, SHARE, "all", INDEPENDENT),
    Check("partially_overlapping_z", shares.partially_overlapping_z, SHARE, "all", ALIKE, PARTLY_LINKED, "pooled"),
    Check("exact_conditional_rate_ratio", counts.exact_conditional_rate_ratio, COUNT, "all", INDEPENDENT),
    Check("sign_flip", resampling.sign_flip, ANY, "organisations", "organisations_weigh_the_same", ORGANISATIONS),
    Check("permuted_organisations", resampling.permuted_organisations, ANY, "all", "organisations_exchangeable"),
    Check("wild_cluster_bootstrap", resampling.wild_cluster_bootstrap, ANY, "all", "clustered"),
    Check("linked_cr2", attrition.linked_cr2, ANY, "linked", "stayers_only", LINKED),
    Check("inverse_probability_weighted", weighting.inverse_probability_weighted, ANY, "linked", "missing_at_random_given_baseline", LINKED),
    Check("multiply_imputed", imputation.multiply_imputed, ANY, "all", "missing_at_random_given_other_wave", IMPUTABLE),
    Check("worst_case_bounds", attrition.worst_case_bounds, ANY, "all", "nothing_about_the_missing"),
    Check("raked_to_staff_list", descriptive.raked_change, ANY, "all", AT_RANDOM, ON_STAFF_LIST),
    Check("finite_population_change", descriptive.descriptive_change, ANY, "all", AT_RANDOM, ON_STAFF_LIST, estimand="descriptive"),
    Check("mixed_model", models.mixed_model, UNCOUNTED, "all", "normal_random_effects", scope="pooled"),
    Check("gee", models.gee, UNCOUNTED, "all", "clustered", scope="pooled"),
    Check("cumulative_logit", models.cumulative_logit, UNCOUNTED, "all", "proportional_odds", scope="pooled"),
    Check("alliance_terms", models.alliance_terms, ANY, "all", "alliances_weigh_the_same", scope="pooled"),
)


@dataclass(frozen=True)
class Level:
    """Another interval of one wave's level: name, the outcomes it suits, what it tells of, function, and what it takes for granted."""

    method: str
    kinds: tuple[Kind, ...]
    estimand: Estimand
    function: LevelMethod
    reading: str


LEVELS: tuple[Level, ...] = (
    Level("wilson", SHARE, "process", one_wave.wilson_level, INDEPENDENT),
    Level("clopper_pearson", SHARE, "process", one_wave.clopper_pearson_level, INDEPENDENT),
    Level("hypergeometric", SHARE, "descriptive", one_wave.hypergeometric_level, "simple_random_sample_of_the_staff_list"),
    Level("garwood", COUNT, "process", one_wave.garwood_level, INDEPENDENT),
    Level("finite_population_level", ANY, "descriptive", descriptive.descriptive_level, AT_RANDOM),
)
