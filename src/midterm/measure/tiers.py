"""Tiers by size: in, organisations and persons; out, what these data can carry (described, tested with care, tested)."""

from __future__ import annotations

POOLED = ("all", "average")
DESCRIBE_ORGANISATIONS = 3
LOW_POWER_ORGANISATIONS = 5
DESCRIBE_PERSONS = 8


def tier_of(alliance: str, n_organisations: int, n: int) -> str:
    """Return T0 (describe: up to 3 organisations or under 8 persons), T1 (4-5, low power), T2 (6 or more), T3 (pooled).

    ``n`` is the smaller number of persons per wave. The pooled rows are T3 only where they are large enough to test.
    """
    if n_organisations <= DESCRIBE_ORGANISATIONS or n < DESCRIBE_PERSONS:
        return "T0"
    if alliance in POOLED:
        return "T3"
    return "T1" if n_organisations <= LOW_POWER_ORGANISATIONS else "T2"
