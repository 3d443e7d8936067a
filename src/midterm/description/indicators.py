"""The indicators: in, ``config/indicators.yml``; out, what is computed from which items, typed."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from midterm.description.model import Frozen, Text

IndicatorGroup = Literal["cooperation", "dimension", "efficiency", "safety", "progress", "bottlenecks", "item"]


class Norm(Frozen):
    """From which level (in the indicator's unit) a result speaks for or against a claim; between them it is mixed."""

    good: float
    poor: float


class Target(Frozen):
    """What the indicator is to be by the end of ``year``, and from where; all values in the indicator's unit.

    ``baseline`` is a value known from elsewhere, without sampling error; left out, it is estimated from the wave of
    ``baseline_year``, or of the plan's ``from_wave`` where that is left out too. ``milestones`` say what it is to be in years
    between (left out: even steps).
    """

    value: float = Field(allow_inf_nan=False)
    year: int
    baseline: float | None = Field(default=None, allow_inf_nan=False)
    baseline_year: int | None = None
    milestones: dict[int, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_in_order(self) -> Target:
        if self.baseline is not None and self.baseline_year is None:
            raise ValueError("a target with a known baseline needs its baseline_year; add it, or remove baseline to estimate it from a wave")
        if self.baseline_year is not None and self.baseline_year >= self.year:
            raise ValueError(f"the target's year {self.year} must come after its baseline_year {self.baseline_year}; correct one of them")
        start = -math.inf if self.baseline_year is None else self.baseline_year
        outside = [year for year in self.milestones if not start < year < self.year]
        if outside:
            raise ValueError(f"the milestone of {outside[0]} must lie between the years of baseline and target; correct or remove it")
        return self


class Indicator(Frozen):
    """One indicator from the survey.

    ``statistic``: ``mean`` of the persons' scores (a score is the mean of the answered items), ``share`` of persons
    whose score is ``at_least`` a value, or ``count`` of events per unit of ``exposure`` (an item with, for instance,
    years worked; left out, every person counts as one). ``margin`` is the smallest change that matters, in ``unit``; ``target``
    is what was promised, the same for every alliance.
    """

    id: str
    label: Text
    group: IndicatorGroup
    items: tuple[str, ...]
    statistic: Literal["mean", "share", "count"] = "mean"
    at_least: float | None = None
    exposure: str | None = None
    better: Literal["up", "down"] = "up"
    unit: Text
    margin: float = Field(gt=0, allow_inf_nan=False)
    norm: Norm | None = None
    target: Target | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Indicator:
        if not self.items:
            raise ValueError(f"indicator {self.id!r} has no items; list at least one")
        if (self.statistic == "share") != (self.at_least is not None):
            raise ValueError(f"indicator {self.id!r}: a share needs at_least, and only a share; add or remove it")
        if self.statistic == "count" and len(self.items) != 1:
            raise ValueError(f"indicator {self.id!r}: a count is one item; list one")
        if self.exposure and self.statistic != "count":
            raise ValueError(f"indicator {self.id!r}: only a count has an exposure; make statistic count or remove exposure")
        if self.norm and (self.norm.good > self.norm.poor) != (self.better == "up"):
            raise ValueError(f"indicator {self.id!r}: norm.good and norm.poor contradict better; swap them")
        if self.target:
            self._is_towards(self.target)
        return self

    def _is_towards(self, target: Target) -> None:
        sign = 1 if self.better == "up" else -1
        if target.baseline is not None and sign * (target.value - target.baseline) < 0:
            raise ValueError(f"indicator {self.id!r}: from its baseline to its target is not what better says; correct one of the three")
        beyond = [year for year, value in target.milestones.items() if sign * (target.value - value) < 0]
        if beyond:
            raise ValueError(f"indicator {self.id!r}: the milestone of {beyond[0]} lies beyond the target; correct one of them")


class Indicators(Frozen):
    """All survey indicators, in the order in which they are reported."""

    indicators: tuple[Indicator, ...]
