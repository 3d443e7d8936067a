"""The links of the theory of change: in, ``attainment`` and ``framework``; out, how every level stands and the state of each link.

A link joins two levels of an alliance's framework that follow each other (activity and output). Its state says what was
reported at both ends, by the rule of ``state_of_link``; it is no proof that one level brought about the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from midterm.description import Evaluation
from midterm.measure.attainment import SCHEDULED, STATUSES, to_date

BEHIND, PARTLY, ON_SCHEDULE, NOT_KNOWN = "behind", "partly", "on_schedule", "not_known"
LEVEL_STATES = (ON_SCHEDULE, PARTLY, BEHIND, NOT_KNOWN)
LINK_STATES = ("both_on_schedule", "both_partly", "later_ahead", "later_behind", "no_footing", NOT_KNOWN)
FORWARD = {ON_SCHEDULE: 2, PARTLY: 1, BEHIND: 0}
ALIKE = {ON_SCHEDULE: "both_on_schedule", PARTLY: "both_partly", BEHIND: "no_footing"}


def levels(evaluation: Evaluation, attainment: pd.DataFrame, framework: pd.DataFrame) -> pd.DataFrame:
    """Return one row per alliance and level of its framework, in the order of the theory: indicators by status, and the state.

    Columns: alliance, level, a count per status, n, known (with a status), on_schedule, state, year (the last with a value).
    """
    form = evaluation.codebook.framework
    order = {level.id: place for place, level in enumerate(form.levels)} if form else {}
    rank = {alliance: place for place, alliance in enumerate(evaluation.alliances)}
    placed = framework[["alliance", "indicator_id", "level"]].drop_duplicates(["alliance", "indicator_id"])
    placed = placed[placed["level"].isin(list(order)) & placed["alliance"].isin(list(rank))]
    judged = placed.merge(to_date(attainment)[["alliance", "indicator_id", "status", "year", "actual"]], on=["alliance", "indicator_id"], how="left")
    groups = {(str(alliance), str(level)): rows for (alliance, level), rows in judged.groupby(["alliance", "level"])}
    found = sorted(groups, key=lambda key: (rank[key[0]], order[key[1]]))
    rows = [_row(evaluation, alliance, level, groups[alliance, level]) for alliance, level in found]
    return pd.DataFrame(rows, columns=["alliance", "level", *STATUSES, "n", "known", "on_schedule", "state", "year"])


def _row(evaluation: Evaluation, alliance: str, level: str, rows: pd.DataFrame) -> dict[str, object]:
    found, year = list(rows["status"].fillna("not_computable")), rows["year"].where(rows["actual"].notna()).max()
    counts = {status: found.count(status) for status in STATUSES}
    known, on_schedule = len(found) - counts["not_computable"], sum(counts[status] for status in SCHEDULED)
    state = state_of_level(on_schedule, known, evaluation.plan.schedule_good, evaluation.plan.schedule_poor)
    return {"alliance": alliance, "level": level, **counts, "n": len(found), "known": known, "on_schedule": on_schedule, "state": state, "year": year}


def state_of_level(on_schedule: int, known: int, good: float, poor: float) -> str:
    """Return how a level stands: ``on_schedule`` from a share of ``good`` on, ``behind`` below ``poor``, ``partly`` between."""
    if known == 0:
        return NOT_KNOWN
    share = on_schedule / known
    return ON_SCHEDULE if share >= good else BEHIND if share < poor else PARTLY


def state_of_link(earlier: str, later: str) -> str:
    """Return the state of a link from those of its ends.

    Alike: ``both_on_schedule``, ``both_partly``, or ``no_footing`` (both behind: the later level has nothing to build on yet).
    Unlike: ``later_behind``, or ``later_ahead``, which the earlier level does not explain. ``not_known`` where an end is.
    """
    if NOT_KNOWN in (earlier, later):
        return NOT_KNOWN
    if earlier == later:
        return ALIKE[earlier]
    return "later_ahead" if FORWARD[later] > FORWARD[earlier] else "later_behind"


def links(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per alliance and pair of its levels that follow each other: alliance, earlier, later, state."""
    return pd.DataFrame(list(_links(found)), columns=["alliance", "earlier", "later", "state"])


def _links(found: pd.DataFrame) -> Iterator[tuple[str, str, str, str]]:
    for alliance, group in found.groupby("alliance", sort=False):
        ends = list(zip(group["level"], group["state"], strict=True))
        for (earlier, before), (later, after) in pairwise(ends):
            yield str(alliance), earlier, later, state_of_link(before, after)
