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
    """Give every combination of choices: ``scored`` two waves by rule of scoring, ``sent_in`` which of their rows (n,) were sent in.

    Each is ``primary.weighted`` of the chosen scores, in the indicator's unit.
    Source: Simonsohn, Simmons & Nelson 2020, Nature Human Behaviour 4. Equal to clubSandwich ``vcovCR(lm(y ~ wave, weights = w), type = "CR2",
    inverse_var = TRUE)``.
    """
    for scoring, everyone in scored.items():
        chosen = {"everyone": everyone, "linked": everyone.linked_only(), "sent_in": everyone.rows(sent_in[scoring])}
        for persons, data in chosen.items():
            for weighing, weights in WEIGHINGS.items():
                if weighing != "staff_list" or np.isfinite(data.population).any():
                    yield Specification(f"specification: {scoring}, {persons}, {weighing}", data, weighted(data, weights(data), settings))


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
    """Of how many choices (k,) the change has the sign of the primary; of how many tested ones it is significant alike."""

    n: Floats
    same_sign: Floats
    n_tested: Floats
    significant_alike: Floats


def agreement(primary: Result, found: list[Specification], is_tested: Truths, alpha: float) -> Agreement:
    """Count over the choices ``found`` (m) that give a number with an error, and of them over those that may be tested.

    ``is_tested`` (m, k) says where a test may be shown. Alike: neither is significant, or both are with the same sign, at
    ``alpha`` and unadjusted, in the choices as in the primary.
    """
    columns = [entry.result.columns() for entry in found]
    estimates, errors, p_values = (np.array([one[name] for one in columns]).reshape(is_tested.shape) for name in ("estimate", "std_error", "p_value"))
    own = primary.columns()
    has_error, is_tested = ~np.isnan(errors), is_tested & ~np.isnan(p_values)
    same_sign = np.sign(estimates) == np.sign(own["estimate"])
    is_significant = np.nan_to_num(own["p_value"], nan=1.0) < alpha
    alike = ((p_values < alpha) == is_significant) & (same_sign | ~is_significant)
    counts = (has_error, same_sign & has_error, is_tested, alike & is_tested)
    return Agreement(*(np.asarray(count.sum(axis=0), dtype=float) for count in counts))
