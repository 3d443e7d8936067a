"""The specification curve: the same change under all reasonable choices. In, scores by rule of scoring; out, a row for each choice.

The choices are of scoring (how many items must be answered), of persons (everyone, only those linked, only those who sent the
questionnaire in) and of weights (persons alike, organisations alike, raked to the staff list where there is one).
Source: Simonsohn, Simmons & Nelson 2020, Nature Human Behaviour 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from midterm.compare.descriptive import raked_weights
from midterm.compare.primary import weighted
from midterm.compare.result import Result, Settings
from midterm.compare.two_waves import Truths, TwoWaves
from midterm.measure.clustered import Floats

SCORINGS = ("any_item", "planned_items", "all_items")
ANY, ALL = 1e-6, 1.0


@dataclass(frozen=True)
class Specification:
    """One set of choices and what it gives."""

    name: str
    data: TwoWaves
    result: Result


def specifications(scored: Mapping[str, TwoWaves], sent_in: Mapping[str, Truths], settings: Settings) -> Iterator[Specification]:
    """Give every combination of choices: ``scored`` two waves by rule of scoring, ``sent_in`` which of their rows (n,) were sent in."""
    for scoring, everyone in scored.items():
        chosen = {"everyone": everyone, "linked": everyone.rows(_is_linked(everyone)), "sent_in": everyone.rows(sent_in[scoring])}
        for persons, data in chosen.items():
            for weighing, weights in WEIGHINGS.items():
                if weighing != "staff_list" or np.isfinite(data.population).any():
                    yield Specification(f"specification: {scoring}, {persons}, {weighing}", data, weighted(data, weights(data), settings))


def _is_linked(data: TwoWaves) -> Truths:
    linked = np.intersect1d(data.person[data.is_after], data.person[~data.is_after])
    return np.isin(data.person, linked)


def alike(data: TwoWaves) -> Floats:
    """Return weight 1 for every person (n, k)."""
    return np.ones_like(data.y)


def organisations_alike(data: TwoWaves) -> Floats:
    """Return 1 / the persons of the same organisation and wave (n, k): every organisation weighs the same."""
    sizes = data.sizes[data.is_after.astype(int), data.organisation]
    return np.asarray(np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0))


WEIGHINGS: dict[str, Callable[[TwoWaves], Floats]] = {"persons": alike, "organisations": organisations_alike, "staff_list": raked_weights}


@dataclass(frozen=True)
class Agreement:
    """Of how many choices (k,) the change has the sign of the primary, and comes to the same conclusion (sign and significance)."""

    n: Floats
    same_sign: Floats
    same_conclusion: Floats


def agreement(primary: Result, found: list[Specification], alpha: float) -> Agreement:
    """Count over the choices that give a number; ``alpha`` is the level of the tests."""
    estimates = np.array([entry.result.estimate for entry in found]).reshape(len(found), len(primary.estimate))
    p_values = np.array([entry.result.columns()["p_value"] for entry in found]).reshape(estimates.shape)
    is_there = ~np.isnan(estimates)
    sign = np.sign(estimates) == np.sign(primary.estimate)
    is_significant = np.nan_to_num(np.asarray(primary.columns()["p_value"], dtype=float), nan=1.0) < alpha
    alike = (np.nan_to_num(p_values, nan=1.0) < alpha) == is_significant
    return Agreement(is_there.sum(axis=0), (sign & is_there).sum(axis=0), ((sign | ~is_significant) & alike & is_there).sum(axis=0))
