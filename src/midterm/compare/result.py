"""What a comparison finds: in, arrays over indicators; out, the same under the names of the tables ``change`` and ``checks``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy import stats

from midterm.compare.two_waves import Truths, TwoWaves
from midterm.measure.clustered import NO_VARIANCE, Floats


@dataclass(frozen=True)
class Settings:
    """What a method may be told: level of intervals, power, number of random draws, their seed."""

    level: float = 0.95
    power: float = 0.80
    draws: int = 9_999
    seed: int = 1

    def random(self) -> np.random.Generator:
        """Return a fresh generator: every method draws the same numbers each time."""
        return np.random.default_rng(self.seed)


@dataclass(frozen=True)
class Result:
    """One method's answer for k indicators, arrays (k,); NaN where not computable, None where the method has no such thing.

    ``estimate``, ``std_error``, ``ci_low`` and ``ci_high`` are in the indicator's unit; ``p_value`` is two-sided against no change;
    ``p_floor`` is the smallest p that the method could have given with these data; ``effect_size`` is of the kind ``effect_name``.
    ``flag`` says per indicator what else is to be known ("" nothing; several parted by "; ").
    """

    estimate: Floats
    std_error: Floats | None = None
    df: Floats | None = None
    ci_low: Floats | None = None
    ci_high: Floats | None = None
    p_value: Floats | None = None
    p_floor: Floats | None = None
    effect_size: Floats | None = None
    effect_low: Floats | None = None
    effect_high: Floats | None = None
    effect_name: str = ""
    flag: tuple[str, ...] = ()

    def columns(self) -> dict[str, Any]:
        """Return the arrays by name, NaN where the method has none; ``effect_name`` only where there is an effect."""
        count = len(self.estimate)
        found: dict[str, Any] = {}
        for name in (field.name for field in fields(self) if field.name not in ("effect_name", "flag")):
            value = getattr(self, name)
            found[name] = np.full(count, np.nan) if value is None else np.asarray(value, dtype=float)
        effect = found["effect_size"]
        found["effect_name"] = [self.effect_name if there else None for there in ~np.isnan(np.asarray(effect, dtype=float))]
        found["flag"] = list(self.flag or ("",) * count)
        return found

    def where(self, kept: np.ndarray) -> Result:
        """Return the same with every number but the estimate blanked where ``kept`` (k,) is false."""
        names = [field.name for field in fields(self) if field.name not in ("estimate", "effect_name", "flag") and getattr(self, field.name) is not None]
        blanked: dict[str, Any] = {name: np.where(kept, getattr(self, name), np.nan) for name in names}
        return replace(self, **blanked)


Method = Callable[[TwoWaves, Settings], Result]


def flags(*remarks: tuple[Truths, str], **named: Truths) -> tuple[str, ...]:
    """Return per indicator the names of the remarks, given as (holds (k,), name) or by name, that hold, parted by "; "."""
    said = [*remarks, *((holds, name) for name, holds in named.items())]
    columns = zip(*(holds for holds, _ in said), strict=True)
    return tuple("; ".join(name for (_, name), is_so in zip(said, column, strict=True) if is_so) for column in columns)


def first_reason(reasons: dict[str, Truths], remarks: dict[str, Truths]) -> tuple[str, ...]:
    """Return per indicator the first of ``reasons`` (k,) that holds and every one of ``remarks`` (k,), parted by "; "."""
    is_open = np.ones_like(next(iter(reasons.values())), dtype=bool)
    stopped = []
    for name, holds in reasons.items():
        stopped.append((is_open & holds, name))
        is_open = is_open & ~holds
    return flags(*stopped, **remarks)


def t_result(estimate: Floats, std_error: Floats, df: Floats, level: float, size: Floats | float = 1.0) -> Result:
    """Return estimate, t interval and two-sided t p (never 0); without error or df only the estimate stands. All arrays (k,).

    ``size`` is that of the levels compared: an error below 1e-10 of it (at least of 1) is rounding, and none.
    """
    estimate, std_error, df = (np.asarray(values, dtype=float) for values in (estimate, std_error, df))
    known = (std_error > NO_VARIANCE * np.maximum(1.0, size)) & (df > 0) & ~np.isnan(estimate)
    error, freedom = np.where(known, std_error, np.nan), np.where(known, df, np.nan)
    half = stats.t.ppf(0.5 + level / 2, freedom) * error
    p_value = np.maximum(2 * stats.t.sf(np.abs(estimate) / error, freedom), np.finfo(float).tiny)
    return Result(estimate, error, freedom, estimate - half, estimate + half, p_value)


def chosen(kept: Truths, one: Result, other: Result) -> Result:
    """Return estimate, error, df, interval and p of ``one`` where ``kept`` (k,) is true, of ``other`` elsewhere."""

    def either(name: str) -> Floats:
        return np.asarray(np.where(kept, getattr(one, name), getattr(other, name)))

    return Result(either("estimate"), either("std_error"), either("df"), either("ci_low"), either("ci_high"), either("p_value"))


def blanked(found: Result, kept: Truths) -> Result:
    """Return the result with every number, the estimate too, NaN where ``kept`` (k,) is false."""
    return replace(found.where(kept), estimate=np.where(kept, found.estimate, np.nan))
