"""Scores of persons: in, responses; out, one score per person, membership, wave and indicator."""

from __future__ import annotations

import pandas as pd

from midterm.description import Evaluation, Indicator

MEMBERSHIP = ["respondent_id", "alliance", "organisation", "wave"]


def usable(responses: pd.DataFrame, respondents: pd.DataFrame) -> pd.DataFrame:
    """Return the responses of usable persons only."""
    kept = respondents.loc[respondents["is_usable"].astype(bool), MEMBERSHIP]
    return responses.merge(kept, on=MEMBERSHIP, how="inner")


def turned(evaluation: Evaluation, responses: pd.DataFrame) -> pd.DataFrame:
    """Return the responses with reversed items turned (low + high - value), so that all of a block point one way."""
    scales = {item.id: evaluation.codebook.scale_of(item.id) for item in evaluation.codebook.items if item.reversed}
    sums = {item: scale.low + scale.high for item, scale in scales.items()}
    total = responses["item"].map(sums).astype(float)
    return responses.assign(value=responses["value"].where(total.isna(), total - responses["value"]))


def items_by_person(evaluation: Evaluation, responses: pd.DataFrame, respondents: pd.DataFrame) -> pd.DataFrame:
    """Return turned item values of usable persons, one row per membership and wave, one column per item."""
    values = turned(evaluation, usable(responses, respondents))
    wide = values.pivot(index=MEMBERSHIP, columns="item", values="value")
    return wide.reindex(columns=[item.id for item in evaluation.codebook.items]).sort_index()


def score(evaluation: Evaluation, indicator: Indicator, items: pd.DataFrame) -> pd.Series:
    """Return each row's score: the mean of the answered items when enough are answered, as 0/1 for a share.

    A person with fewer than ``plan.min_answered`` of the indicator's items has no score (NaN).
    """
    values = items[list(indicator.items)].astype(float)
    needed = float(evaluation.plan.min_answered) * len(indicator.items) - 1e-9
    mean = values.mean(axis=1).where(values.notna().sum(axis=1) >= needed)
    if indicator.at_least is None:
        return mean
    return (mean >= indicator.at_least).astype(float).where(mean.notna())


def scores_by_person(evaluation: Evaluation, items: pd.DataFrame) -> pd.DataFrame:
    """Return one row per membership and wave with one score column per indicator."""
    return pd.DataFrame({indicator.id: score(evaluation, indicator, items) for indicator in evaluation.indicators}, index=items.index).reset_index()


def once_per_person(by_membership: pd.DataFrame) -> pd.DataFrame:
    """Return scores with each person once a wave: the mean over memberships, under the first organisation by name."""
    values = [column for column in by_membership.columns if column not in MEMBERSHIP]
    means = by_membership.groupby(["respondent_id", "wave"], sort=True)[values].mean()
    organisation = by_membership.groupby(["respondent_id", "wave"], sort=True)["organisation"].min()
    return means.assign(organisation=organisation, alliance="all").reset_index()
