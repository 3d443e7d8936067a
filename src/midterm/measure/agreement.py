"""Do coders of interviews agree? In, the table ``interviews``; out, Krippendorff's alpha per theme, and means that count a segment once."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from midterm.description import Evaluation
from midterm.measure.clustered import Estimate, Floats
from midterm.tables import empty, shaped

RELIABLE = 0.800  # Krippendorff 2004: rely on data from here on,
TENTATIVE = 0.667  # draw tentative conclusions only from here to there
FEWEST_UNITS = 50
LEAST_SHARE = 0.20
DRAWS = 2_000
OVERALL = "all_themes"
UNIT = ["alliance", "interview", "segment"]
Metric = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(units: Floats, metric: Metric) -> float:
    """Return Krippendorff's alpha of ``units`` (units, coders; NaN where a coder gave no value): 1 - observed / expected disagreement.

    Each pair of values in a unit of m values counts 1 / (m - 1) in the coincidences o_ck; with their sums n_c, and n in all,
    alpha = 1 - (n - 1) sum o_ck d_ck / sum n_c n_k d_ck. The squared difference d is 1 between unlike values (nominal), the
    square of how many values lie between, ends counted half (ordinal), or (c - k)^2 (interval). Units with one value drop out.
    NaN where no unit has two values, or all values are the same.
    Source: Krippendorff 2004, Content Analysis, ch. 11; Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    patterns, counts, values = _coincidences(units)
    return float(_alphas(counts[None, :].astype(float), patterns, values, metric)[0]) if len(counts) else float("nan")


def krippendorff(units: Floats, metric: Metric, level: float = 0.95, draws: int = DRAWS, seed: int = 1) -> tuple[Estimate, str]:
    """Return alpha with the percentile interval of ``draws`` bootstrap samples of units, and a flag.

    Samples without any difference between values have no alpha and are left out. NaN with ``not_double_coded`` (no unit has two values) or
    ``no_variance``; no interval with ``no_disagreement`` (alpha is 1 in every sample) or under 2 units.
    The order of units and of coders does not matter. The interval may be too short where units are few and alpha is high
    (``docs/calibration.md``). Source: as ``krippendorff_alpha``; Zapf, Castell, Morawietz & Karch 2016, BMC
    Medical Research Methodology 16:93, for the bootstrap of units.
    """
    patterns, counts, values = _coincidences(units)
    if not len(counts):
        return Estimate(np.nan), "not_double_coded"
    point = float(_alphas(counts[None, :].astype(float), patterns, values, metric)[0])
    if np.isnan(point):
        return Estimate(np.nan), "no_variance"
    total = int(counts.sum())
    if point >= 1 or total < 2:
        return Estimate(point), "no_disagreement" if point >= 1 else "one_unit"
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, size=draws).astype(float)
    alphas = _alphas(drawn, patterns, values, metric)
    low, high = np.nanquantile(alphas, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(point, ci_low=float(low), ci_high=float(high)), ""


def _coincidences(units: Floats) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Return the distinct patterns of the units with two values or more as coincidences (P, V, V), how often each is there, and the values."""
    kept = units[(~np.isnan(units)).sum(axis=1) > 1] if units.size else np.empty((0, 0))
    values, codes = np.unique(kept[~np.isnan(kept)], return_inverse=True)
    per_unit = np.zeros((len(kept), len(values)))
    np.add.at(per_unit, (np.nonzero(~np.isnan(kept))[0], codes), 1.0)
    patterns, counts = np.unique(per_unit, axis=0, return_counts=True) if len(kept) else (per_unit, np.empty(0, dtype=np.intp))
    pairs = patterns[:, :, None] * patterns[:, None, :] - patterns[:, :, None] * np.eye(len(values))
    return pairs / np.maximum(patterns.sum(axis=1) - 1, 1)[:, None, None], counts, values


def _alphas(weights: Floats, patterns: Floats, values: Floats, metric: Metric) -> Floats:
    """Return alpha of each row of ``weights`` (B, P): how often each pattern is there."""
    size = len(values)
    totals = weights @ patterns.sum(axis=2)
    n = totals.sum(axis=1)
    if metric == "ordinal":
        up_to = np.cumsum(totals, axis=1) - totals / 2
        gaps = (up_to[:, :, None] - up_to[:, None, :]) ** 2
        observed = ((weights @ patterns.reshape(len(patterns), -1)).reshape(-1, size, size) * gaps).sum(axis=(1, 2))
        expected = (totals[:, :, None] * totals[:, None, :] * gaps).sum(axis=(1, 2))
    else:
        fixed = 1.0 - np.eye(size) if metric == "nominal" else (values[:, None] - values[None, :]) ** 2
        observed = weights @ (patterns * fixed).sum(axis=(1, 2))
        expected = ((totals @ fixed) * totals).sum(axis=1)
    alphas: Floats = np.full(len(weights), np.nan)
    np.divide((n - 1) * observed, expected, out=alphas, where=expected > 0)
    return 1 - alphas


def means_of_interviews(rated: pd.DataFrame) -> pd.Series:
    """Return the mean rating of each interview: of its segments, each the mean of its coders, each the mean of what they gave it.

    ``rated`` has rows of the table ``interviews`` on one theme, with a rating. A row without a segment is a segment of its own.
    """
    named = rated["segment"].astype(object).where(rated["segment"].notna(), [f" {at}" for at in range(len(rated))])
    coder = rated["coder"].astype(object).where(rated["coder"].notna(), "")
    by_coder = rated["rating"].astype(float).groupby([rated["interview"].astype(object), named, coder], sort=True).mean()
    return by_coder.groupby(level=[0, 1], sort=True).mean().groupby(level=0, sort=True).mean()


def coding_agreement(evaluation: Evaluation, interviews: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the table ``indicators``: Krippendorff's alpha of the coders per theme and over all, pooled over alliances.

    A unit is a segment (same document, same place) that two coders or more coded. ``krippendorff_alpha`` of a theme is nominal:
    did the coder give the segment this theme or not; over all (``all_themes``): which set of themes. ``krippendorff_alpha_ratings`` is
    ordinal, of the ratings that coders gave the same segment under the same theme. ``n`` counts double-coded units, ``n_missing``
    those with one coder. Flags: ``not_double_coded``, ``no_variance``, ``too_few_double_coded`` (under 50 units or a fifth), else
    ``reliable`` (alpha from .800), ``tentative`` (from .667) or ``not_reliable``. A segment that only one coder marked cannot show
    disagreement on where a segment begins.
    Source: Krippendorff 2004, Human Communication Research 30(3), 411-433, for the thresholds.
    """
    form = evaluation.codebook.interviews
    if form is None or interviews.empty:
        return empty("indicators")
    given = interviews[interviews["segment"].notna() & interviews["coder"].notna()].astype(dict.fromkeys((*UNIT, "coder", "theme"), object))
    unknown = given[given["theme"].isna()].set_index([*UNIT, "coder"]).index
    given = given[~given.set_index([*UNIT, "coder"]).index.isin(unknown)]
    themes = [theme.id for theme in form.themes]
    said = given.groupby([*UNIT, "coder"], sort=True)["theme"].agg(lambda found: "\n".join(sorted(set(found))))
    codes = pd.Series(pd.factorize(said, sort=True)[0].astype(float), index=said.index)
    sets = [set(text.split("\n")) for text in said]
    has = {theme: pd.Series([float(theme in one) for one in sets], index=said.index, dtype=float) for theme in themes}
    rated = given[given["rating"].notna()].groupby([*UNIT, "theme", "coder"], sort=True)["rating"].mean()
    of_theme = rated.index.get_level_values("theme")
    tables: list[tuple[str, str, pd.Series, Metric]] = [(OVERALL, "krippendorff_alpha", codes, "nominal")]
    tables += [(theme, "krippendorff_alpha", has[theme], "nominal") for theme in themes]
    tables += [(OVERALL, "krippendorff_alpha_ratings", rated, "ordinal")]
    tables += [(theme, "krippendorff_alpha_ratings", rated[of_theme == theme], "ordinal") for theme in themes]
    return shaped("indicators", pd.DataFrame([_agreement(evaluation, *table) for table in tables]))


def _agreement(evaluation: Evaluation, theme: str, statistic: str, values: pd.Series, metric: Metric) -> dict[str, object]:
    units = values.unstack("coder").to_numpy(dtype=float) if len(values) else np.empty((0, 0))
    coders = (~np.isnan(units)).sum(axis=1)
    double, single = int((coders > 1).sum()), int((coders == 1).sum())
    alpha, flag = krippendorff(units, metric, 1 - evaluation.plan.alpha, DRAWS, evaluation.file.seed)
    return {
        "alliance": "all",
        "wave": evaluation.plan.to_wave,
        "indicator": theme,
        "source": "interview",
        "statistic": statistic,
        "estimate": alpha.estimate,
        "ci_low": alpha.ci_low,
        "ci_high": alpha.ci_high,
        "n": double,
        "n_missing": single,
        "unit": "alpha (1: all agree, 0: as by chance)",
        "method": f"Krippendorff, {metric}; percentile interval of {DRAWS} bootstrap samples of units",
        "tier": "T0",
        "flag": "; ".join(filter(None, [flag, _worth(alpha.estimate, double, single)])),
    }


def _worth(alpha: float, double: int, single: int) -> str:
    """Return what may be built on an alpha of ``double`` units with two coders beside ``single`` ones."""
    if np.isnan(alpha):
        return ""
    if double < FEWEST_UNITS or double < LEAST_SHARE * (double + single):
        return "too_few_double_coded"
    return "reliable" if alpha >= RELIABLE else "tentative" if alpha >= TENTATIVE else "not_reliable"
