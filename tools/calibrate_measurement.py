"""Do the measures of scales, coders and targets keep their promises? In, drawn answers with a known truth; out, how often each is right.

Part of ``make calibrate``: rows in the form of ``calibrate.py``. Where no formula gives the truth for answers cut into five, it is that of
a very large draw of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from midterm.measure.agreement import krippendorff
from midterm.measure.clustered import Estimate
from midterm.measure.invariance import functioning
from midterm.measure.reliability import cronbach_alpha, intraclass, omega_total

Floats = NDArray[np.float64]
Row = dict[str, object]
LEVEL, ALPHA = 0.95, 0.05
CUTS = np.array([-1.9, -1.2, -0.6, 0.4])
LOADINGS = np.array([0.8, 0.7, 0.6, 0.5])
CHANGE = 0.5  # standard deviations: true change of the persons where items are to mean the same
PERSONS, GROUPS = 400_000, 20_000  # of the draws that stand for the truth
SEED = 20250401


@dataclass(frozen=True)
class Sample:
    """One way that answers can be: what is measured, groups, persons (a wave) or units, and the share of variance between groups."""

    what: Literal["consistency", "views", "functioning", "coders"]
    groups: int
    n: int
    icc: float

    @property
    def seed(self) -> int:
        """A seed of its own, the same each time."""
        return crc32(repr(self).encode()) + SEED


def samples() -> Iterator[Sample]:
    """Give what is measured."""
    for n in (20, 60, 200):
        for icc in (0.0, 0.3):
            yield Sample("consistency", 8, n, icc)
    for groups, n in ((5, 60), (8, 48), (8, 200)):
        for icc in (0.0, 0.1, 0.3):
            yield Sample("views", groups, n, icc)
    for n in (150, 300):
        yield Sample("functioning", 1, n, 0.0)
    for n in (50, 150):
        yield Sample("coders", 1, n, 0.0)


def measured_sample(sample: Sample, share: float) -> list[Row]:
    """Return the rows of one sample."""
    rates: dict[str, Callable[[Sample, float], list[Row]]] = {
        "consistency": _consistency,
        "views": _views,
        "functioning": _functioning,
        "coders": _coders,
    }
    return rates[sample.what](sample, share)


def _answers(random: np.random.Generator, group: NDArray[np.intp], icc: float, shift: Floats | float = 0.0) -> Floats:
    """Return answers (n, 4) from 1 to 5 to items of unlike quality; ``shift`` (n,) moves the persons."""
    between = random.normal(0, np.sqrt(icc), int(group.max()) + 1)[group]
    person = between + random.normal(0, np.sqrt(1 - icc), len(group)) + shift
    latent = person[:, None] * LOADINGS + random.normal(0, 1, (len(group), 4)) * np.sqrt(1 - LOADINGS**2)
    return np.asarray(1.0 + np.searchsorted(CUTS, latent))


def _groups(count: int, n: int) -> NDArray[np.intp]:
    """Return groups (n,), from half to one and a half times the mean size."""
    sizes = np.maximum(np.round(np.linspace(1.5, 0.5, count) / count * n), 2).astype(int)
    return np.repeat(np.arange(count), sizes)


def _consistency(sample: Sample, share: float) -> list[Row]:
    """Return how often the intervals of alpha and omega hold the truth."""
    count = max(int(1_000 * share), 20)
    random = np.random.default_rng(sample.seed)
    whole = _answers(random, np.arange(PERSONS) // 25, sample.icc)
    truths = cronbach_alpha(whole).estimate, omega_total(whole)[0].estimate
    group = _groups(sample.groups, sample.n)
    drawn = [_answers(random, group, sample.icc) for _ in range(count)]
    found = [cronbach_alpha(items, LEVEL) for items in drawn], [omega_total(items, LEVEL)[0] for items in drawn]
    return [_covered(sample, name, fits, truth) for name, fits, truth in zip(("alpha", "omega"), found, truths, strict=True)]


def _views(sample: Sample, share: float) -> list[Row]:
    """Return how often the interval of ICC(1) holds the truth, and how often it lies above 0 where there is nothing between groups."""
    count = max(int(1_000 * share), 20)
    random = np.random.default_rng(sample.seed)
    many = np.arange(GROUPS * 20) // 20
    truth = intraclass(_answers(random, many, sample.icc).mean(axis=1), many)[0].estimate if sample.icc else 0.0
    group = _groups(sample.groups, sample.n)
    fits = [intraclass(_answers(random, group, sample.icc).mean(axis=1), group, LEVEL)[0] for _ in range(count)]
    row = _covered(sample, "icc1", fits, truth)
    return [row if sample.icc else {**row, "false_alarms": float(np.mean([fit.ci_low > 0 for fit in fits]))}]


def _functioning(sample: Sample, share: float) -> list[Row]:
    """Return how often a sound item is said to have changed, where people changed by half a standard deviation and where they did not."""
    count = max(int(200 * share), 10)
    random = np.random.default_rng(sample.seed)
    is_after = np.repeat([False, True], sample.n)
    rows = []
    for change in (0.0, CHANGE):
        fits = [functioning(_answers(random, np.arange(2 * sample.n), 0.0, change * is_after), is_after) for _ in range(count)]
        for name, p_values in (("dif_uniform", [fit.uniform_p for fit in fits]), ("dif_nonuniform", [fit.nonuniform_p for fit in fits])):
            alarms = float((np.concatenate(p_values) < ALPHA).mean())
            rows.append({**_row(sample, name, 4 * count), "case": f"true change {change:g} SD", "false_alarms": alarms})
    return rows


def _coders(sample: Sample, share: float) -> list[Row]:
    """Return how often the bootstrap interval of Krippendorff's alpha holds the truth, with moderate and with high agreement."""
    count = max(int(1_000 * share), 10)
    random = np.random.default_rng(sample.seed)
    rows = []
    for alpha in (0.75, 0.90):
        agree = float(np.sqrt(alpha))  # both see the true code with chance alpha; else they agree by chance
        fits = [krippendorff(_codings(random, sample.n, agree), "nominal", LEVEL, draws=500, seed=at)[0] for at in range(count)]
        rows.append({**_covered(sample, "krippendorff_alpha", fits, alpha), "case": f"true alpha {alpha:.2f}"})
    return rows


def _codings(random: np.random.Generator, units: int, agree: float) -> Floats:
    """Return the codes of two coders, who each see the true one of three codes with chance ``agree`` and else guess."""
    true = random.choice(3, size=units, p=(0.5, 0.3, 0.2))
    guessed = random.choice(3, size=(units, 2), p=(0.5, 0.3, 0.2))
    return np.where(random.random((units, 2)) < agree, true[:, None], guessed).astype(float)


def _covered(sample: Sample, method: str, fits: Sequence[Estimate], truth: float) -> Row:
    known = [fit for fit in fits if np.isfinite(fit.ci_low)]
    covered = float(np.mean([fit.ci_low <= truth <= fit.ci_high for fit in known])) if known else np.nan
    bias = float(np.nanmean([fit.estimate for fit in fits]) - truth)
    return {**_row(sample, method, len(fits)), "tested": len(known) / len(fits), "coverage": covered, "bias": bias}


def _row(sample: Sample, method: str, count: int) -> Row:
    unknown = dict.fromkeys(("false_alarms", "coverage", "coverage_of_change", "coverage_of_no_effect", "power", "bias"), np.nan)
    kind = "interview" if sample.what == "coders" else "mean"
    about = {"organisations": sample.groups, "n": sample.n, "icc": sample.icc, "own_change": 0.0, "replicates": count, "tested": 1.0}
    return {"method": method, "kind": kind, "case": "", **about, **unknown}
