"""Scores of persons: in, responses; out, one score per person, membership, wave and indicator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from midterm.clean.answers import MEMBERSHIP, numbers, wide
from midterm.description import Evaluation, Indicator
from midterm.measure.clustered import Floats


def usable(responses: pd.DataFrame, respondents: pd.DataFrame) -> pd.DataFrame:
    """Return the responses of usable persons only."""
    kept = respondents.loc[respondents["is_usable"].astype(bool), MEMBERSHIP]
    return responses.merge(kept, on=MEMBERSHIP, how="inner")


def turned(evaluation: Evaluation, responses: pd.DataFrame) -> pd.DataFrame:
    """Return the responses with reversed items turned (low + high - value), so that all of a block point one way."""
    sums = {item.id: _ends(evaluation, item.id) for item in evaluation.codebook.items if item.reversed}
    total = responses["item"].map(sums).astype(float)
    return responses.assign(value=responses["value"].where(total.isna(), total - responses["value"]))


def _ends(evaluation: Evaluation, item: str) -> float:
    scale = evaluation.codebook.scale_of(item)
    return scale.low + scale.high


def items_by_person(responses: pd.DataFrame, respondents: pd.DataFrame) -> pd.DataFrame:
    """Return the answers of usable persons in coded form: one row per membership and wave, one column per item."""
    return wide(usable(responses, respondents))


def values(evaluation: Evaluation, items: pd.DataFrame, item: str) -> Floats:
    """Return the answers to one item, turned where it is reversed; NaN where there is none, or nobody was asked."""
    if item not in items:
        return np.full(len(items), np.nan)
    given = numbers(items[item])
    return _ends(evaluation, item) - given if evaluation.codebook.item(item).reversed else given


def is_redefined(evaluation: Evaluation, indicator: Indicator, waves: Sequence[str]) -> bool:
    """Tell whether an item was asked in one of the ``waves`` only, or in other words or with other answers."""
    items = [evaluation.codebook.item(name) for name in indicator.items]
    asked = [[(item.asked_in(wave), item.wording_in(wave), item.scale_in(wave)) for item in items] for wave in waves]
    return any(one != asked[0] for one in asked)


def score(evaluation: Evaluation, indicator: Indicator, items: pd.DataFrame, min_answered: float | None = None) -> Floats:
    """Return each row's score: the mean of the answered items when enough are answered, as 0/1 for a share.

    A person with fewer than ``min_answered`` (left out: ``plan.min_answered``) of the indicator's items has no score (NaN).
    """
    share = float(evaluation.plan.min_answered) if min_answered is None else min_answered
    total, answered = np.zeros(len(items)), np.zeros(len(items))
    for item in indicator.items:
        given = values(evaluation, items, item)
        is_given = ~np.isnan(given)
        total += np.where(is_given, given, 0.0)
        answered += is_given
    needed = max(share * len(indicator.items) - 1e-9, 1.0)
    mean: Floats = np.divide(total, answered, out=np.full(len(items), np.nan), where=answered >= needed)
    if indicator.at_least is None:
        return mean
    reached: Floats = np.where(np.isnan(mean), np.nan, mean >= indicator.at_least)
    return reached


def scores_by_person(evaluation: Evaluation, items: pd.DataFrame, min_answered: float | None = None) -> pd.DataFrame:
    """Return one row per membership and wave with one score column per indicator.

    A count with an exposure has a column ``ID:exposure`` beside it. ``min_answered`` as in ``score``.
    """
    scores = {indicator.id: score(evaluation, indicator, items, min_answered) for indicator in evaluation.indicators}
    exposures = {f"{indicator.id}:exposure": values(evaluation, items, indicator.exposure) for indicator in evaluation.indicators if indicator.exposure}
    return pd.concat([items[MEMBERSHIP], pd.DataFrame(scores | exposures, index=items.index)], axis=1)


def once_per_person(by_membership: pd.DataFrame) -> pd.DataFrame:
    """Return scores with each person once a wave: the mean over memberships, under the membership that is first by organisation, then alliance."""
    plain = by_membership.astype(dict.fromkeys(MEMBERSHIP, object)).sort_values(["organisation", "alliance"], kind="stable")
    names = [column for column in plain.columns if column not in MEMBERSHIP]
    persons = plain.groupby(["respondent_id", "wave"], sort=True)
    return pd.concat([persons[names].mean(), persons[["organisation", "alliance"]].first()], axis=1).reset_index()
