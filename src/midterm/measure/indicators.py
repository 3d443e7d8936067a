"""The table ``indicators``: in, scores of persons, attainment and interviews; out, every statistic with its error and n."""

from __future__ import annotations

import numpy as np
import pandas as pd

from midterm.clean.answers import MEMBERSHIP
from midterm.description import Evaluation, Indicator
from midterm.description.codebook import Codebook, Item
from midterm.measure.agreement import means_of_interviews
from midterm.measure.attainment import SCHEDULED
from midterm.measure.clustered import FEW_DF, Estimate, clustered_mean, share_interval
from midterm.measure.scores import values
from midterm.measure.tiers import tier_of
from midterm.tables import shaped, stack


def survey_indicators(evaluation: Evaluation, scores: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return the mean or share of every indicator in every wave for one alliance, or ``all``.

    ``scores`` has one row per person and wave (see ``scores_by_person`` and ``once_per_person``).
    """
    coded = scores.assign(organisation=scores["organisation"].astype("category").cat.codes)
    by_wave = {wave: coded[(coded["wave"] == wave).to_numpy()] for wave in evaluation.waves}
    rows = [_level(evaluation, indicator, by_wave[wave], alliance, wave) for indicator in evaluation.indicators for wave in evaluation.waves]
    return shaped("indicators", pd.DataFrame(rows))


def _level(evaluation: Evaluation, indicator: Indicator, scores: pd.DataFrame, alliance: str, wave: str) -> dict[str, object]:
    given = scores[indicator.id].to_numpy(dtype=float) if len(scores) else np.empty(0)
    exposure = scores[f"{indicator.id}:exposure"].to_numpy(dtype=float) if indicator.exposure and len(scores) else np.ones(len(given))
    given = np.divide(given, exposure, out=np.full(len(given), np.nan), where=exposure > 0)
    has_score = ~np.isnan(given)
    y, organisations = given[has_score], scores["organisation"].to_numpy()[has_score]
    n_organisations = int(np.count_nonzero(np.bincount(organisations)))
    level = 1 - evaluation.plan.alpha
    fit = clustered_mean(y, organisations, level, exposure[has_score]) if len(y) else Estimate(np.nan)
    scale = evaluation.codebook.scale_of(indicator.items[0])
    low, high = max(fit.ci_low, scale.low), min(fit.ci_high, scale.high)
    if indicator.statistic == "share" and len(y):
        low, high = share_interval(fit.estimate, fit, len(y), n_organisations, level)
    return {
        "alliance": alliance,
        "wave": wave,
        "indicator": indicator.id,
        "source": "survey",
        "statistic": indicator.statistic,
        "estimate": fit.estimate,
        "std_error": fit.std_error,
        "ci_low": low,
        "ci_high": high,
        "n": len(y),
        "n_organisations": n_organisations,
        "n_missing": int((~has_score).sum()),
        "unit": indicator.unit.en,
        "method": "CR2, Satterthwaite df" + (", Korn-Graubard interval" if indicator.statistic == "share" else ", t interval cut to the scale"),
        "tier": tier_of(alliance, n_organisations, len(y)),
        "flag": "; ".join(_flags(len(y), n_organisations, fit, y)),
    }


def _flags(n: int, n_organisations: int, fit: Estimate, y: np.ndarray) -> list[str]:
    if n == 0:
        return ["no_data"]
    flags = ["one_organisation"] if n_organisations == 1 else []
    flags += ["no_variance"] if n > 1 and float(np.ptp(y)) == 0 else []
    if not flags and not np.isfinite(fit.std_error):
        flags.append("no_error")
    return flags + (["few_df"] if fit.df < FEW_DF else [])


def interview_indicators(evaluation: Evaluation, interviews: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return per theme the balance of ratings (-1 to 1): the mean over interviews of each interview's mean.

    A segment that several coders rated counts once, with the mean of its coders.
    """
    form = evaluation.codebook.interviews
    rated = interviews[interviews["rating"].notna() & interviews["theme"].notna()]
    rows = []
    for theme in form.themes if form else ():
        means = means_of_interviews(rated[(rated["theme"] == theme.id).to_numpy(dtype=bool)])
        missing = interviews["interview"].nunique() - len(means)
        rows.append(
            {
                "alliance": alliance,
                "wave": evaluation.plan.to_wave,
                "indicator": theme.id,
                "source": "interview",
                "statistic": "balance",
                "estimate": float(means.mean()) if len(means) else np.nan,
                "n": len(means),
                "n_missing": missing,
                "unit": "balance (-1 to 1)",
                "method": "mean of interview means, described",
                "tier": "T0",
                "flag": "described_only" if len(means) else "no_data",
            }
        )
    return stack("indicators", [pd.DataFrame(rows)])


def framework_indicators(evaluation: Evaluation, attainment: pd.DataFrame, framework: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return per level the share of framework rows with a status that are on track, reached or maintained."""
    levels = framework[["alliance", "indicator_id", "level"]].drop_duplicates()
    judged = attainment.merge(levels, on=["alliance", "indicator_id"], how="left")
    rows = []
    for wave in evaluation.file.waves:
        for level, group in judged[judged["year"] == wave.year].groupby("level", sort=True):
            known = group[group["status"] != "not_computable"]
            share = float(known["status"].isin(SCHEDULED).mean()) if len(known) else np.nan
            rows.append(
                {
                    "alliance": alliance,
                    "wave": wave.id,
                    "indicator": level,
                    "source": "framework",
                    "statistic": "share_on_schedule",
                    "estimate": share,
                    "n": len(known),
                    "n_missing": len(group) - len(known),
                    "unit": "share of framework rows (0-1)",
                    "method": "census of framework rows, described",
                    "tier": "T0",
                    "flag": "census" if len(known) else "no_data",
                }
            )
    return stack("indicators", [pd.DataFrame(rows)])


def answer_counts(evaluation: Evaluation, responses: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return how often each answer (turned) and each kind of missing was given to each item, per wave.

    ``responses`` of usable persons, turned; in ``all`` a person in two alliances counts by their first membership.
    """
    blocks = {item.id: item.block for item in evaluation.codebook.items}
    once = responses.sort_values(MEMBERSHIP).drop_duplicates(["respondent_id", "wave", "item"])
    answers = once.assign(answer=_answer_text(once), block=once["item"].map(blocks))
    counts = answers.groupby(["wave", "block", "item", "answer"], sort=True).size().rename("n").reset_index()
    totals = answers.groupby(["wave", "item"]).size().rename("n_usable").reset_index()
    return shaped("answers", counts.merge(totals, on=["wave", "item"]).assign(alliance=alliance))


def _answer_text(responses: pd.DataFrame) -> pd.Series:
    values = responses["value"].map(lambda value: "" if pd.isna(value) else f"{value:g}")
    return values.where(responses["value"].notna(), responses["missing_kind"].astype(object))


def combination_counts(evaluation: Evaluation, items: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return how many persons ticked exactly which boxes, per wave, for every block of boxes; only who answered them all.

    ``items`` as from ``items_by_person``; in ``all`` a person in two alliances counts by their first membership.
    """
    once = items.sort_values(MEMBERSHIP).drop_duplicates(["respondent_id", "wave"])
    frames = []
    for block, boxes in _blocks_of_boxes(evaluation.codebook).items():
        for wave in evaluation.waves:
            persons = once[(once["wave"] == wave).to_numpy(dtype=bool)]
            asked = sorted(item.id for item in boxes if item.asked_in(wave))
            counts = pd.Series(_ticked(evaluation, persons, asked), dtype=object).value_counts()
            frames.append(
                pd.DataFrame(
                    {"alliance": alliance, "wave": wave, "block": block, "combination": counts.index, "n": counts.to_numpy(), "n_usable": len(persons)}
                )
            )
    return stack("combinations", frames)


def _blocks_of_boxes(codebook: Codebook) -> dict[str, list[Item]]:
    """Return by block its items, for the blocks of which every item, two or more, is a box: 0 or 1 and nothing between."""
    by_block = {block.id: [item for item in codebook.items if item.block == block.id] for block in codebook.blocks}
    boxes = {name for name, scale in codebook.scales.items() if (scale.low, scale.high, scale.whole) == (0, 1, True)}
    return {block: items for block, items in by_block.items() if len(items) > 1 and all(item.scale in boxes for item in items)}


def _ticked(evaluation: Evaluation, persons: pd.DataFrame, boxes: list[str]) -> list[str]:
    """Return of each person who answered all ``boxes`` which ones were ticked."""
    given = np.array([values(evaluation, persons, box) for box in boxes]).T if boxes else np.empty((0, 0))
    is_answered = ~np.isnan(given).any(axis=1)
    return ["; ".join(box for box, tick in zip(boxes, row, strict=True) if tick == 1) for row in given[is_answered]]


def response(evaluation: Evaluation, respondents: pd.DataFrame, population: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return the response of one alliance, or ``all`` with each person once, in every wave."""
    rows = []
    for wave in evaluation.waves:
        persons = respondents[respondents["wave"] == wave].groupby("respondent_id")[["is_complete", "is_usable"]].any()
        staff = population[population["wave"] == wave]
        invited = staff["invited"].sum(min_count=1)
        usable_n = int(persons["is_usable"].sum())
        rows.append(
            {
                "alliance": alliance,
                "wave": wave,
                "population": staff["population"].sum(min_count=1),
                "invited": invited,
                "complete": int(persons["is_complete"].sum()),
                "partial": int((~persons["is_complete"].astype(bool)).sum()),
                "usable": usable_n,
                "rate": usable_n / float(invited) if pd.notna(invited) and invited > 0 else np.nan,
            }
        )
    return shaped("response", pd.DataFrame(rows))
