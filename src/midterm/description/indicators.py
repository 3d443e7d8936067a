"""The indicators: in, ``config/indicators.yml``; out, what is computed from which items, typed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from midterm.description.model import Frozen, Text

IndicatorGroup = Literal["cooperation", "dimension", "efficiency", "safety", "progress", "bottlenecks", "item"]


class Norm(Frozen):
    """From which level (in the indicator's unit) a result speaks for or against a claim; between them it is mixed."""

    good: float
    poor: float


class Indicator(Frozen):
    """One indicator from the survey.

    ``statistic``: ``mean`` of the persons' scores (a score is the mean of the answered items), ``share`` of persons
    whose score is ``at_least`` a value, or ``count`` of events per unit of ``exposure`` (an item with, for instance,
    years worked; left out, every person counts as one). ``margin`` is the smallest change that matters, in ``unit``.
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

    @model_validator(mode="after")
    def _is_complete(self) -> Indicator:
        if not self.items:
            raise ValueError(f"indicator {self.id!r} has no items; list at least one")
        if (self.statistic == "share") != (self.at_least is not None):
            raise ValueError(f"indicator {self.id!r}: a share needs at_least, and only a share; add or remove it")
        if self.exposure and self.statistic != "count":
            raise ValueError(f"indicator {self.id!r}: only a count has an exposure; make statistic count or remove exposure")
        if self.norm and (self.norm.good > self.norm.poor) != (self.better == "up"):
            raise ValueError(f"indicator {self.id!r}: norm.good and norm.poor contradict better; swap them")
        return self


class Indicators(Frozen):
    """All survey indicators, in the order in which they are reported."""

    indicators: tuple[Indicator, ...]
