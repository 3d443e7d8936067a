"""Every method of the registry on poor data and under the laws that hold for all of them, and whether each has what the house asks of it.

Their numbers are tested elsewhere, each beside the program or paper that it is compared with.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from midterm.compare.change import _remarks
from midterm.compare.registry import CHECKS, EFFECTS, LEVELS, PRIMARY, Level
from midterm.compare.result import Method, Result, Settings
from midterm.compare.two_waves import Kind, Outcome, TwoWaves
from midterm.measure.agreement import Metric, krippendorff
from midterm.measure.clustered import Estimate
from midterm.measure.levels import clopper_pearson, garwood, hypergeometric, wilson
from midterm.measure.reliability import intraclass, omega_total, rwg
from midterm.measure.targets import Attained, WaveMeans, attained, wave_means

pytestmark = pytest.mark.filterwarnings("error")
NAN = float("nan")
TESTS = Path(__file__).parents[1]
WAVES = ("before", "after")
NUMBERS = ("estimate", "std_error", "df", "ci_low", "ci_high", "p_value", "p_floor", "effect_size", "effect_low", "effect_high")
IN_UNIT = ("estimate", "std_error", "ci_low", "ci_high")
ENDS: dict[Kind, tuple[float, float]] = {"mean": (1.0, 5.0), "item": (1.0, 5.0), "share": (0.0, 1.0), "count": (0.0, np.inf)}
FEW = Settings(draws=199)


class Entry(NamedTuple):
    """A method of the registry on one kind of outcome that it suits."""

    name: str
    method: Method
    kind: Kind


def of_wave(level: Level, wave: int, data: TwoWaves, settings: Settings) -> Result:
    return level.function(data, wave, settings)  # type: ignore[arg-type]


def changes() -> list[Entry]:
    """Return every function for a change once for each kind that it suits."""
    found = [Entry(check.method, check.function, kind) for check in CHECKS for kind in check.kinds]
    own = [*((kind, function) for kind, (_, function) in PRIMARY.items()), *EFFECTS.items()]
    known = {(entry.method, entry.kind) for entry in found}
    return [*(Entry(function.__name__, function, kind) for kind, function in own if (function, kind) not in known), *found]


CHANGES = changes()
ONE_WAVE = [Entry(f"{level.method}_{name}", partial(of_wave, level, wave), kind) for level in LEVELS for kind in level.kinds for wave, name in enumerate(WAVES)]


def each(entries: list[Entry]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", entries, ids=[f"{entry.name}-{entry.kind}" for entry in entries])


def changes_without(*names: str, kinds: tuple[Kind, ...] = ("mean", "item", "share", "count")) -> pytest.MarkDecorator:
    """Go through all methods for a change on these kinds but those named, which have to exist."""
    assert set(names) <= {entry.name for entry in CHANGES}
    return each([entry for entry in CHANGES if entry.name not in names and entry.kind in kinds])


# Data: persons in rows


def persons(n_organisations: int = 6, linked: float = 0.5, each: int = 0, seed: int = 0) -> pd.DataFrame:
    """Return a row per person and wave; organisations of 3 to 6 persons a wave (or ``each``), that part of them in both waves."""
    random = np.random.default_rng(seed)
    rows = []
    for organisation in range(n_organisations):
        first, last = (each, each) if each else (int(number) for number in random.integers(3, 7, 2))
        stay = round(linked * min(first, last))
        for wave, numbers in (("before", range(first)), ("after", [*range(stay), *range(100, 100 + last - stay)])):
            rows += [(f"p{organisation:03}-{number:03}", f"o{organisation:03}", f"a{organisation % 2}", wave) for number in numbers]
    return pd.DataFrame(rows, columns=["respondent_id", "organisation", "alliance", "wave"])


def scores(rows: pd.DataFrame, kind: Kind, seed: int = 0) -> np.ndarray:
    """Return scores (n,) that a person and an organisation have in part in common in both waves, and that rise a little."""
    random = np.random.default_rng([seed, 7])
    common = [rows[name].map({value: random.normal() for value in sorted(set(rows[name]))}).to_numpy(dtype=float) for name in ("respondent_id", "organisation")]
    drift = rows["organisation"].map({value: random.normal(0.4, 0.4) for value in sorted(set(rows["organisation"]))}).to_numpy(dtype=float)
    latent = 0.6 * common[0] + 0.3 * common[1] + random.normal(0, 0.7, len(rows)) + np.where(rows["wave"] == "after", drift, 0.0)
    if kind == "mean":
        return np.round(np.clip(3 + 0.8 * latent, 1, 5) * 3) / 3
    if kind == "item":
        return np.clip(np.round(3 + latent), 1, 5)
    return (latent > 0).astype(float) if kind == "share" else random.poisson(np.exp(0.4 + 0.4 * latent)).astype(float)


def usual(kind: Kind, rows: pd.DataFrame | None = None, seed: int = 0) -> pd.DataFrame:
    """Return persons with a ``score``, and for a count its ``exposure``."""
    rows = persons(seed=seed) if rows is None else rows
    exposure = np.random.default_rng([seed, 8]).choice([0.5, 1.0, 2.0], len(rows)) if kind == "count" else 1.0
    return rows.assign(score=scores(rows, kind, seed), exposure=exposure)


def staff(rows: pd.DataFrame, spare: int = 3) -> pd.DataFrame:
    """Return a staff list with ``spare`` people more than answered in every second organisation, one more elsewhere."""
    sizes = rows.groupby(["wave", "alliance", "organisation"], as_index=False).size()
    more = np.where(sizes["organisation"].str[-1].isin(list("02468")), spare, min(spare, 1))
    return sizes.assign(population=(sizes["size"] + more).astype(float))


Column = tuple[Outcome, np.ndarray, np.ndarray]


def waves(rows: pd.DataFrame, columns: dict[str, Column], population: pd.DataFrame | None) -> TwoWaves:
    """Return two waves with an indicator for each of ``columns`` (outcome, scores (n,), exposures (n,))."""
    found = {name: values for name, (_, values, _) in columns.items()} | {f"{name}:exposure": exposure for name, (_, _, exposure) in columns.items()}
    outcomes = [replace(outcome, name=name) for name, (outcome, _, _) in columns.items()]
    return TwoWaves.of(rows.assign(**found), outcomes, WAVES, population)


# Poor data


@dataclass(frozen=True)
class Poor:
    """One way in which data are poor: who is there, what is done to their scores, and the kinds that it is about.

    ``change`` may drop rows; ``times`` is what the ends of the scale are multiplied by; ``spare`` what the staff list has more than
    there are respondents, None without a list.
    """

    change: Callable[[pd.DataFrame], pd.DataFrame]
    rows: Callable[[], pd.DataFrame] = persons
    kinds: tuple[Kind, ...] = ("mean", "item", "share", "count")
    times: float = 1.0
    spare: int | None = 3


def pick(*places: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.iloc[list(places)]


def of(**allowed: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Keep the rows of one wave or some organisations."""
    return lambda rows: rows[np.logical_and.reduce([rows[name].isin(np.atleast_1d(values)) for name, values in allowed.items()])]


def score(value: Callable[[pd.DataFrame], object] | float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(score=value(rows) if callable(value) else value)


def parted(low: float, high: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return score(lambda rows: np.where(rows["wave"] == "after", high, low))


def linked_first(rows: pd.DataFrame) -> pd.Series:
    """Return each person's first score."""
    return rows.groupby("respondent_id")["score"].transform("first")


def apart(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep even organisations in the first wave and odd ones in the last."""
    is_even = rows["organisation"].str[-1].isin(list("02468"))
    return rows[is_even == (rows["wave"] == "before")]


def beside(rows: pd.DataFrame) -> pd.DataFrame:
    """Take one organisation out of each wave."""
    return rows[~((rows["organisation"] == "o000") & (rows["wave"] == "after")) & ~((rows["organisation"] == "o001") & (rows["wave"] == "before"))]


def jitter(rows: pd.DataFrame, base: pd.Series | float) -> object:
    """Return ``base`` with the last digit of a double up or down."""
    return base * (1 + np.finfo(float).eps * np.random.default_rng(5).integers(-2, 3, len(rows)))


def alternating(*values: float) -> Callable[[pd.DataFrame], object]:
    return lambda rows: np.resize(values, len(rows))


def everyone_twice() -> pd.DataFrame:
    """Return persons who are all in both waves, four in each organisation."""
    return persons(linked=1, each=4)


def many_of_one() -> pd.DataFrame:
    """Return 300 organisations of one person, who is in both waves."""
    return persons(300, linked=1, each=1)


def all_but_one(rows: pd.DataFrame) -> object:
    """Return 0 before and 1 after, but of one organisation 1 in both waves."""
    return np.where((rows["wave"] == "after") | (rows["organisation"] == "o000"), 1.0, 0.0)


def moved() -> pd.DataFrame:
    """Return persons of whom some have another organisation in the last wave."""
    rows = persons()
    is_moved = (rows["wave"] == "after") & rows["respondent_id"].str.endswith("000")
    return rows.assign(organisation=rows["organisation"].where(~is_moved, "o002"))


POOR: dict[str, Poor] = {
    "usual": Poor(lambda rows: rows),
    "no_staff_list": Poor(lambda rows: rows, spare=None),
    "census": Poor(lambda rows: rows, spare=0),
    "staff_list_too_short": Poor(lambda rows: rows, spare=-1),
    "no_rows": Poor(pick()),
    "one_respondent": Poor(pick(0)),
    "one_respondent_each": Poor(of(respondent_id=["p000-001", "p001-100"]), lambda: persons(2, linked=0, each=2)),
    "one_linked_respondent": Poor(of(respondent_id="p000-000")),
    "one_linked_in_two_organisations": Poor(of(respondent_id=["p000-000", "p001-002"])),
    "one_respondent_after": Poor(lambda rows: rows[(rows["wave"] == "before") | (rows["respondent_id"] == "p001-000")]),
    "one_organisation": Poor(of(organisation="o000")),
    "two_organisations": Poor(of(organisation=["o000", "o001"])),
    "first_wave_only": Poor(of(wave="before")),
    "last_wave_only": Poor(of(wave="after")),
    "organisations_in_one_wave_only": Poor(apart),
    "organisation_in_one_wave_beside_others": Poor(beside),
    "one_organisation_each_wave": Poor(lambda rows: rows[(rows["organisation"] == "o000") == (rows["wave"] == "before")]),
    "no_variance": Poor(score(1.0)),
    "no_variance_thirds": Poor(score(7 / 3), kinds=("mean", "count")),
    "no_variance_in_first_wave": Poor(score(lambda rows: rows["score"].where(rows["wave"] == "after", 1.0))),
    "no_variance_in_last_wave": Poor(score(lambda rows: rows["score"].where(rows["wave"] == "before", 1.0))),
    "unchanged": Poor(score(linked_first), everyone_twice),
    "linked_unchanged_beside_others": Poor(score(linked_first)),
    "changed_alike": Poor(score(lambda rows: linked_first(rows) + (rows["wave"] == "after")), everyone_twice, ("mean", "item", "count")),
    "all_missing": Poor(score(NAN)),
    "missing_in_last_wave": Poor(score(lambda rows: rows["score"].where(rows["wave"] == "before"))),
    "linked_missing": Poor(score(lambda rows: rows["score"].where(~rows["respondent_id"].duplicated(keep=False)))),
    "separated_up": Poor(parted(1.0, 5.0), kinds=("mean", "item", "count")),
    "separated_down": Poor(parted(5.0, 1.0), kinds=("mean", "item", "count")),
    "none_to_all": Poor(parted(0.0, 1.0), kinds=("share", "count")),
    "all_to_none": Poor(parted(1.0, 0.0), kinds=("share", "count")),
    "separated_with_variance": Poor(
        score(lambda rows: np.where(rows["wave"] == "after", 4, 1) + np.resize([0, 1], len(rows))), kinds=("mean", "item", "count")
    ),
    "none_before": Poor(score(lambda rows: rows["score"].where(rows["wave"] == "after", 0.0)), kinds=("share", "count")),
    "none_after": Poor(score(lambda rows: rows["score"].where(rows["wave"] == "before", 0.0)), kinds=("share", "count")),
    "no_events": Poor(score(0.0), kinds=("share", "count")),
    "organisations_alike": Poor(score(alternating(1.0, 0.0)), everyone_twice),
    "halves": Poor(score(alternating(0.5, 1.0, 0.0, 1.5)), kinds=("count",)),
    "half_shares": Poor(score(alternating(0.5, 1.0, 0.0)), kinds=("share",)),
    "all_halves": Poor(score(0.5), kinds=("share", "count")),
    "everyone_linked": Poor(lambda rows: rows, everyone_twice),
    "nobody_linked": Poor(lambda rows: rows, lambda: persons(linked=0)),
    "moved": Poor(lambda rows: rows, moved),
    "no_exposure_for_some": Poor(lambda rows: rows.assign(exposure=np.resize([0.0, 1.0, -1.0, 2.0, NAN, 0.5, 1.0], len(rows))), kinds=("count",)),
    "no_exposure": Poor(lambda rows: rows.assign(exposure=0.0), kinds=("count",)),
    "little_exposure": Poor(lambda rows: rows.assign(exposure=np.resize([1e-6, 1.0, 1e6], len(rows))), kinds=("count",)),
    "millions": Poor(score(lambda rows: 1e6 * rows["score"]), kinds=("mean", "item", "count"), times=1e6),
    "millionths": Poor(score(lambda rows: 1e-6 * rows["score"]), kinds=("mean",), times=1e-6),
    "rounding_beside_variance": Poor(score(lambda rows: jitter(rows, rows["score"])), kinds=("mean", "count")),
    "rounding_only": Poor(score(lambda rows: jitter(rows, 7 / 3)), kinds=("mean", "count")),
    "sums_of_tenths": Poor(score(alternating(1.1 + 2.2, 3.3, 3.3)), kinds=("mean", "count")),
    "rounding_of_millions": Poor(score(lambda rows: jitter(rows, 7e6 / 3)), kinds=("mean", "count"), times=1e6),
    "unchanged_but_for_rounding": Poor(score(lambda rows: jitter(rows, linked_first(rows) / 3)), everyone_twice, ("mean",)),
    "many_organisations": Poor(lambda rows: rows, many_of_one),
    "many_organisations_unlinked": Poor(lambda rows: rows, lambda: persons(300, linked=0, each=1)),
    "many_organisations_all_but_separated": Poor(score(all_but_one), many_of_one),
}
CASES = [
    pytest.param(entry, case, id=f"{entry.name}-{entry.kind}-{case}") for entry in CHANGES + ONE_WAVE for case, poor in POOR.items() if entry.kind in poor.kinds
]
# Flags that only say how to read a number: they are no reason for one that is missing.
READINGS = {
    "asymptotic",
    "normal_approximation",
    "all_linked",
    "boundary",
    "nothing_missing",
    "no_leavers",
    "same_baseline",
    "weights_capped",
    "bounds_not_interval",
    "response_alike",
    "few_df",
    "correlation_held_at_0",
    "half_values_left_out",
    "overdispersed_p_too_small",
    "no_organisation_term",
    "no_organisation_by_wave_term",
}


def outcome(kind: Kind, times: float = 1.0) -> Outcome:
    low, high = ENDS[kind]
    return Outcome("score", kind, low * times, high * times)


def good(kind: Kind, rows: pd.DataFrame) -> list[Column]:
    """Return two usual indicators of these persons."""
    return [(outcome(kind), scores(rows, kind, seed), rows["exposure"].to_numpy(float)) for seed in (1, 2)]


@cache
def good_alone(entry: Entry, persons_there: Callable[[], pd.DataFrame], spare: int | None) -> Result:
    rows = usual(entry.kind, persons_there())
    return entry.method(waves(rows, dict(zip("ab", good(entry.kind, rows), strict=True)), None if spare is None else staff(rows, spare)), FEW)


@cache
def between_good_ones(kind: Kind, case: str) -> TwoWaves:
    """Return the poor indicator between two good ones; on a row that is not in the poor data it has no score."""
    poor = POOR[case]
    rows = usual(kind, poor.rows())
    changed = poor.change(rows)[["score", "exposure"]].reindex(rows.index).fillna({"exposure": NAN if kind == "count" else 1.0})
    bad = (outcome(kind, poor.times), changed["score"].to_numpy(float), changed["exposure"].to_numpy(float))
    first, last = good(kind, rows)
    return waves(rows, {"first": first, "poor": bad, "last": last}, None if poor.spare is None else staff(rows, poor.spare))


@cache
def poor_data(kind: Kind, case: str) -> TwoWaves:
    """Return the poor indicator alone, without the rows that have no score."""
    poor = POOR[case]
    rows = usual(kind, poor.rows())
    changed = poor.change(rows)
    column = (outcome(kind, poor.times), changed["score"].to_numpy(float), changed["exposure"].to_numpy(float))
    return waves(changed, {"poor": column}, None if poor.spare is None else staff(rows, poor.spare))


def numbers(result: Result) -> dict[str, np.ndarray]:
    columns = result.columns()
    return {name: np.asarray(columns[name], dtype=float) for name in NUMBERS}


@cache
def usually_there(entry: Entry) -> set[str]:
    """Return the numbers that the method gives where nothing is wrong."""
    return {name for name, values in numbers(entry.method(poor_data(entry.kind, "usual"), FEW)).items() if np.isfinite(values).all()}


def is_sound(result: Result, sizes: np.ndarray) -> None:
    """Assert what holds of any result, whatever the data; ``sizes`` (k,) are those of the scores."""
    found = numbers(result)
    assert not any(np.isinf(values).any() for values in found.values()), found
    # Not 0, and no rounding; but 0 where everybody was asked.
    is_census = np.array(["census" in flag for flag in result.flag or [""] * len(sizes)], dtype=bool)
    assert not (found["std_error"] <= np.where(is_census, -1.0, 1e-7 * sizes)).any(), found["std_error"]
    assert not (found["df"] <= 0).any()
    for name in ("p_value", "p_floor"):
        assert not ((found[name] <= 0) | (found[name] > 1)).any(), (name, found[name])
    assert not (found["p_floor"] > found["p_value"] * (1 + 1e-9)).any(), (found["p_floor"], found["p_value"])
    for about, low, high in (("estimate", "ci_low", "ci_high"), ("effect_size", "effect_low", "effect_high")):
        assert np.array_equal(np.isnan(found[low]), np.isnan(found[high])), (found[low], found[high])
        beyond = 1e-9 * np.abs(found[about])
        assert not ((found[about] < found[low] - beyond) | (found[about] > found[high] + beyond)).any(), (found[about], found[low], found[high])
    # No number without the one that it is about.
    for about, names in {"estimate": NUMBERS[1:7], "effect_size": NUMBERS[8:]}.items():
        assert not any((np.isnan(found[about]) & ~np.isnan(found[name])).any() for name in names), about


def alike(one: Result, other: Result, columns: list[int] | None = None, of_other: list[int] | None = None, size: float = 1.0) -> None:
    """Assert that both give the same numbers and flags in these columns; ``size`` is that of the scores."""
    columns = list(range(len(one.estimate))) if columns is None else columns
    of_other = columns if of_other is None else of_other
    left, right = one.columns(), other.columns()
    for name in NUMBERS:
        expected, got = np.asarray(left[name], dtype=float)[columns], np.asarray(right[name], dtype=float)[of_other]
        near = 1e-12 * max(1.0, size if name in IN_UNIT else 1.0)
        assert np.allclose(got, expected, rtol=1e-9, atol=near, equal_nan=True), (name, expected, got)
    for name in ("flag", "effect_name"):
        assert [right[name][column] for column in of_other] == [left[name][column] for column in columns]


def sizes_of(data: TwoWaves) -> np.ndarray:
    """Return the largest score (k,), of a count by the largest exposure."""
    largest, most = (np.fmax.reduce(np.abs(values), axis=0, initial=0.0) for values in (data.y, data.exposure))
    return np.asarray(largest / np.where(most > 0, most, 1.0))


@pytest.mark.parametrize(("entry", "case"), CASES)
def test_poor_data(entry: Entry, case: str) -> None:
    data = poor_data(entry.kind, case)
    result = entry.method(data, FEW)
    assert {name: len(values) for name, values in result.columns().items() if name != "flag"} == dict.fromkeys([*NUMBERS, "effect_name"], 1)
    assert len(result.flag) in (0, 1)
    is_sound(result, sizes_of(data))
    absent = {name for name in usually_there(entry) if np.isnan(numbers(result)[name][0])}
    said = {re.sub(r"(: .*| \((before|after)\))$", "", flag) for flag in _remarks(data, result)[0].split("; ")} - {""}
    assert not absent or said - READINGS, f"no reason for {sorted(absent)} in {said}"
    # The same indicator on rows of others, who have no score in it; the draws of ``multiply_imputed`` are those of the n-th person.
    wide = between_good_ones(entry.kind, case)
    together = entry.method(wide, FEW)
    if entry.name != "multiply_imputed":
        alike(result, together, [0], [1], size=float(sizes_of(data)[0]))
    # Good indicators beside it are the same as without it.
    is_sound(together, sizes_of(wide))
    alike(good_alone(entry, POOR[case].rows, POOR[case].spare), together, [0, 1], [0, 2])


@cache
def nearly_alike(kind: Kind, way: str, size: float) -> tuple[TwoWaves, TwoWaves]:
    """Return scores (rates) that are alike, or changed alike; and the same with the last digit of a double up or down."""
    rows = usual(kind, everyone_twice())
    is_after = 1.0 * (rows["wave"] == "after")
    base = linked_first(rows) + is_after if way == "all_changed_alike" else 7 / 3
    rows = rows.assign(score=size * base * rows["exposure"])
    ends = (size, 6 * size) if kind == "mean" else None
    return data_of(rows, kind, ends=ends), data_of(rows.assign(score=jitter(rows, rows["score"])), kind, ends=ends)


# Left out: the exact ratio of counts, which takes whole numbers only.
@pytest.mark.parametrize("size", [1.0, 1e6])
@pytest.mark.parametrize("way", ["all_the_same", "all_changed_alike"])
@changes_without("exact_conditional_rate_ratio", kinds=("mean", "count"))
def test_rounding_is_no_variance(entry: Entry, way: str, size: float) -> None:
    exact, shaken = nearly_alike(entry.kind, way, size)
    found = [entry.method(data, FEW) for data in (exact, shaken)]
    for result in found:
        is_sound(result, sizes_of(exact))
    alike(*found, size=10 * size)


# Laws


@cache
def lawful(kind: Kind, seed: int, organisations: int = 6) -> pd.DataFrame:
    """Return usual data with gaps, but for the first seed with organisations in one wave only."""
    rows = usual(kind, persons(organisations, seed=seed), seed)
    rows["score"] = rows["score"].where(np.random.default_rng([seed, 9]).random(len(rows)) > 0.1)
    return rows if seed == 0 else beside(rows)


def data_of(rows: pd.DataFrame, kind: Kind, ends: tuple[float, float] | None = None) -> TwoWaves:
    own = outcome(kind) if ends is None else replace(outcome(kind), low=ends[0], high=ends[1])
    return waves(rows, {"score": (own, rows["score"].to_numpy(float), rows["exposure"].to_numpy(float))}, staff(rows))


@cache
def plain(kind: Kind, seed: int, organisations: int = 6) -> TwoWaves:
    return data_of(lawful(kind, seed, organisations), kind)


@cache
def shuffled(kind: Kind, seed: int) -> TwoWaves:
    return data_of(lawful(kind, seed).sample(frac=1, random_state=seed), kind)


@cache
def renamed(kind: Kind, seed: int, columns: tuple[str, ...]) -> TwoWaves:
    """Return the usual data with the names in these columns given to others; the staff list with them."""
    rows, random = lawful(kind, seed), np.random.default_rng(seed)
    for column in columns:
        names = sorted(set(rows[column]))
        rows = rows.assign(**{column: rows[column].map(dict(zip(names, random.permutation(names), strict=True)))})
    before, now = (part[["organisation", "alliance"]].to_numpy(object).tolist() for part in (lawful(kind, seed), rows))
    new = {tuple(old): fresh for old, fresh in zip(before, now, strict=True)}
    listed = staff(lawful(kind, seed))
    fresh = [new[old] for old in zip(listed["organisation"], listed["alliance"], strict=True)]
    listed = listed.assign(organisation=[organisation for organisation, _ in fresh], alliance=[alliance for _, alliance in fresh])
    return waves(rows, {"score": (outcome(kind), rows["score"].to_numpy(float), rows["exposure"].to_numpy(float))}, listed)


@cache
def swapped(kind: Kind, seed: int, organisations: int) -> TwoWaves:
    rows = lawful(kind, seed, organisations)
    return data_of(rows.assign(wave=np.where(rows["wave"] == "before", "after", "before")), kind)


@cache
def in_unit(kind: Kind, seed: int, shift: float, scale: float) -> TwoWaves:
    """Return the usual data times ``scale`` plus ``shift``, the ends of the scale too."""
    rows, ends = lawful(kind, seed), [shift + scale * end for end in ENDS[kind]]
    return data_of(rows.assign(score=shift + scale * rows["score"]), kind, ends=(min(ends), max(ends)))


@cache
def per_month(seed: int) -> TwoWaves:
    rows = lawful("count", seed)
    return data_of(rows.assign(exposure=12 * rows["exposure"]), "count")


@cache
def three(kind: Kind) -> TwoWaves:
    """Return three indicators with ever more gaps."""
    rows = usual(kind)
    exposure = rows["exposure"].to_numpy(float)
    gaps = [np.random.default_rng(seed).random(len(rows)) < 0.2 * seed for seed in range(3)]
    return waves(rows, {f"score{seed}": (outcome(kind), np.where(gap, NAN, scores(rows, kind, seed)), exposure) for seed, gap in enumerate(gaps)}, staff(rows))


def same(one: Result, other: Result, factor: float = 1.0, effect: str = "same", rel: float = 1e-8) -> None:
    """Assert that ``other`` is ``one`` in a unit ``factor`` times as small (below 0: mirrored); the effect the ``same``, ``turned`` or ``skipped``."""
    left, right = numbers(one), numbers(other)
    ends = {"ci_low": "ci_high", "ci_high": "ci_low", "effect_low": "effect_high", "effect_high": "effect_low"} if factor < 0 else {}
    expected = {name: left[ends.get(name, name)] for name in NUMBERS}
    for name in ("estimate", "ci_low", "ci_high"):
        expected[name] = factor * expected[name]
    expected["std_error"] = abs(factor) * expected["std_error"]
    for name in NUMBERS[7:]:
        if effect == "turned":
            expected[name] = turned(one.effect_name, expected[name])
        elif factor < 0 and effect == "same":
            expected[name] = left[name]
    for name in NUMBERS if effect != "skipped" else NUMBERS[:7]:
        near = 1e-10 * abs(factor) if name in IN_UNIT else 1e-10
        assert np.allclose(right[name], expected[name], rtol=rel, atol=near, equal_nan=True), (name, expected[name], right[name])
    assert effect == "skipped" or one.columns()["flag"] == other.columns()["flag"]


def turned(name: str, values: np.ndarray) -> np.ndarray:
    """Return an effect as it is when up is down: ratios upside down, a probability to its complement, the others with another sign."""
    if name in ("odds_ratio", "rate_ratio", "odds_of_change_upwards"):
        return np.asarray(1 / values)
    return np.asarray(1 - values if name == "probability_better" else -values)


seeds = pytest.mark.parametrize("seed", range(2))


@seeds
@each(CHANGES + ONE_WAVE)
def test_order_of_rows_does_not_matter(entry: Entry, seed: int) -> None:
    same(entry.method(plain(entry.kind, seed), FEW), entry.method(shuffled(entry.kind, seed), FEW))


@seeds
@each(CHANGES + ONE_WAVE)
def test_names_do_not_matter(entry: Entry, seed: int) -> None:
    # The draws of ``multiply_imputed`` go to persons in the order of their names.
    columns = ("organisation", "alliance") if entry.name == "multiply_imputed" else ("organisation", "alliance", "respondent_id")
    same(entry.method(plain(entry.kind, seed), FEW), entry.method(renamed(entry.kind, seed, columns), FEW))


# Left out: weights by the first score, and imputation, whose draws go to leavers first. Four organisations, so that all patterns are
# enumerated: random ones may fall otherwise on what a swap makes of organisations.
@pytest.mark.parametrize("seed", range(3))
@changes_without("inverse_probability_weighted", "multiply_imputed")
def test_waves_the_other_way_about(entry: Entry, seed: int) -> None:
    one, other = (entry.method(data, Settings()) for data in (plain(entry.kind, seed, 4), swapped(entry.kind, seed, 4)))
    # Standard deviations are those of the first wave.
    same(one, other, -1.0, "skipped" if one.effect_name == "hedges_g_baseline_sd" else "turned")


# Draws inside the ends of a scale are quantiles of a beta, which come with fewer digits; so do second derivatives.
FEWER_DIGITS = {"multiply_imputed": 1e-6, "mixed_model": 1e-6}


# Left out: what takes the two highest answers of a scale with steps of one.
@seeds
@pytest.mark.parametrize(("shift", "scale"), [(100.0, 1.0), (0.0, 25.0), (-7.0, 1e4)])
@changes_without("top_two_box", kinds=("mean", "item"))
def test_another_unit(entry: Entry, shift: float, scale: float, seed: int) -> None:
    one, other = (entry.method(data, FEW) for data in (plain(entry.kind, seed), in_unit(entry.kind, seed, shift, scale)))
    same(one, other, scale, rel=FEWER_DIGITS.get(entry.name, 1e-8))


# Left out: the two highest answers, which are not the two lowest; draws, which are not mirrored.
@pytest.mark.parametrize("seed", range(3))
@changes_without("top_two_box", "multiply_imputed", kinds=("mean", "item", "share"))
def test_scale_upside_down(entry: Entry, seed: int) -> None:
    one, other = (entry.method(data, FEW) for data in (plain(entry.kind, seed), in_unit(entry.kind, seed, sum(ENDS[entry.kind]), -1.0)))
    # Odds b / c are 0 one way about and none the other, where all who changed went one way.
    same(one, other, -1.0, "skipped" if "nobody_went_down" in one.flag + other.flag else "turned", rel=FEWER_DIGITS.get(entry.name, 1e-8))


@seeds
@changes_without(kinds=("count",))
def test_another_unit_of_exposure(entry: Entry, seed: int) -> None:
    same(entry.method(plain("count", seed), FEW), entry.method(per_month(seed), FEW), 1 / 12, rel=FEWER_DIGITS.get(entry.name, 1e-8))


@each(CHANGES + ONE_WAVE)
def test_alone_or_among_others(entry: Entry) -> None:
    data = three(entry.kind)
    for settings in [FEW, Settings()][: 1 + (entry.name in ("sign_flip", "permuted_organisations", "wild_cluster_bootstrap"))]:
        together = entry.method(data, settings)
        for column in range(3):
            alike(entry.method(data.only([column]), settings), together, [0], [column])


@each(CHANGES)
def test_the_same_seed_gives_the_same_numbers(entry: Entry) -> None:
    one, other = (numbers(entry.method(plain(entry.kind, 1, 9), Settings(draws=199, seed=4))) for _ in range(2))
    assert all(np.array_equal(one[name], other[name], equal_nan=True) for name in NUMBERS)


@seeds
@each(CHANGES + ONE_WAVE)
def test_a_surer_interval_is_wider(entry: Entry, seed: int) -> None:
    one, surer = (numbers(entry.method(plain(entry.kind, seed), replace(FEW, level=level))) for level in (0.95, 0.99))
    for name in ("estimate", "std_error", "df", "p_value", "p_floor", "effect_size"):
        assert np.array_equal(one[name], surer[name], equal_nan=True), name
    for low, high in (("ci_low", "ci_high"), ("effect_low", "effect_high")):
        assert not ((surer[low] > one[low]) | (surer[high] < one[high])).any()


@pytest.mark.parametrize("linked", [0.0, 1.0])
@pytest.mark.parametrize("kind", ["mean", "item", "share"])
def test_mixed_model_of_one_person_in_each_organisation_is_the_paired_t(kind: Kind, linked: float) -> None:
    # With persons (or organisations) as the only random effect and one score in each wave, REML is the analysis of variance of pairs.
    methods = {check.method: check.function for check in CHECKS}
    rows = usual(kind, persons(40, linked, each=1), seed=1)
    mixed, pairs = (numbers(methods[name](data_of(rows, kind), FEW)) for name in ("mixed_model", "organisation_mean_t"))
    for name in NUMBERS[:6]:
        assert mixed[name] == pytest.approx(pairs[name], rel=1e-6), name


# What the house asks of every row


def test_names_are_unique() -> None:
    assert len({check.method for check in CHECKS}) == len(CHECKS)
    assert len({level.method for level in LEVELS}) == len(LEVELS)
    assert not {check.method for check in CHECKS} & {level.method for level in LEVELS}


def test_every_kind_has_its_row() -> None:
    assert set(PRIMARY) == set(EFFECTS) == set(ENDS)
    assert {kind for check in CHECKS for kind in check.kinds} == set(ENDS)


FUNCTIONS = {
    function.__name__: function
    for function in (
        *(function for _, function in PRIMARY.values()),
        *EFFECTS.values(),
        *(check.function for check in CHECKS),
        *(level.function for level in LEVELS),
    )
}
UNIT = re.compile(r"\bunit\b|0-1|-1 to 1|events per unit")


def documentation(name: str) -> str:
    """Return a function's docstring with those of the functions that it names."""
    function = FUNCTIONS[name]
    text = inspect.getdoc(function) or ""
    scope = vars(sys.modules[function.__module__])
    named = [scope.get(word.rpartition(".")[2]) for word in re.findall(r"``([\w.]+)``", text)]
    return "\n".join([text, *(inspect.getdoc(other) or "" for other in named if inspect.isfunction(other))])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_names_source_and_unit(name: str) -> None:
    text = documentation(name)
    assert re.search(r"Source: ", text), "no source"
    assert UNIT.search(text), "no unit"


# Compared with numbers worked by hand only, as no program has them.
BY_HAND = {"worst_case_bounds": "the formula is the definition of the bounds"}
INTERVALS = {"wilson_level": "wilson", "clopper_pearson_level": "clopper_pearson", "hypergeometric_level": "hypergeometric", "garwood_level": "garwood"}


def reference_tests(name: str) -> list[str]:
    """Return the tests that name the function and read a table of expected values."""
    found = []
    for path in sorted([*TESTS.glob("compare/test_*.py"), *TESTS.glob("measure/test_*.py")]):
        text = path.read_text(encoding="utf-8")
        folders = re.findall(r'"reference" / "(\w+)"', text)
        has_tables = any(any((TESTS / "reference" / folder).glob("*.csv")) for folder in folders)
        if path != Path(__file__) and has_tables and re.search(rf"\b{name}\b", text):
            found.append(path.name)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_compared_with_another_program(name: str) -> None:
    assert reference_tests(INTERVALS.get(name, name)) or name in BY_HAND


# The intervals of levels, attainment, agreement of coders and the quality of scales, as functions of arrays


EDGE = np.array([0.0, 0.0, 1.0, 3.0, 3.0, 4.0, -1.0, NAN, 2.0, np.inf, 5.0, 1e6, 1e-12])
OF = np.array([0.0, 3.0, 1.0, 3.0, 7.0, 3.0, 3.0, 3.0, NAN, 5.0, np.inf, 2e6, 1.0])
PEOPLE = np.array([9.0, 3.0, 1.0, 40.0, 5.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 3e6, 2.0])
SHARES: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
    "wilson": wilson,
    "clopper_pearson": clopper_pearson,
    "hypergeometric": lambda yes, n, level=0.95: hypergeometric(yes, n, PEOPLE[: len(yes)] if len(yes) == len(EDGE) else n + 20, level),
}


@pytest.mark.parametrize("name", [*SHARES, "garwood"])
def test_levels_at_the_edge(name: str) -> None:
    interval = SHARES.get(name, garwood)
    low, high = interval(EDGE, OF)
    is_possible = np.isfinite(EDGE) & np.isfinite(OF) & (EDGE >= 0) & (OF > 0) & ((EDGE <= OF) | (name == "garwood"))
    if name == "hypergeometric":
        is_possible &= (OF <= PEOPLE) & (EDGE != 1e-12)
    assert np.array_equal(~np.isnan(low), is_possible)
    assert np.array_equal(~np.isnan(high), is_possible)
    point = EDGE[is_possible] / OF[is_possible]
    assert ((low[is_possible] >= 0) & (low[is_possible] <= point + 1e-12) & (high[is_possible] >= point - 1e-12) & np.isfinite(high[is_possible])).all()
    empty = interval(np.empty(0), np.empty(0))
    assert [len(end) for end in empty] == [0, 0]


@pytest.mark.parametrize("name", SHARES)
def test_yes_and_no_are_alike_in_levels(name: str) -> None:
    n = np.repeat([1.0, 5.0, 17.0], 4)
    yes = np.floor(n * np.tile([0.0, 0.2, 0.7, 1.0], 3))
    low, high = SHARES[name](yes, n)
    no_low, no_high = SHARES[name](n - yes, n)
    assert (no_low, no_high) == (pytest.approx(1 - high, abs=1e-9), pytest.approx(1 - low, abs=1e-9))
    wider = SHARES[name](yes, n, 0.99)
    assert ((wider[0] <= low) & (wider[1] >= high)).all()


def two_means(before: list[list[float]], after: list[list[float]]) -> WaveMeans:
    """Return the means of both waves from the scores of each organisation (NaN: none)."""
    scored = [np.array(wave, dtype=float).reshape(len(wave), 2) for wave in (before, after)]
    weights = np.stack([(~np.isnan(wave)).sum(axis=1) for wave in scored]).astype(float)[..., None]
    totals = np.stack([np.nansum(wave, axis=1) for wave in scored])[..., None]
    return wave_means(weights, totals)


GAP = [NAN, NAN]
WAYS: dict[str, tuple[list[list[float]], list[list[float]]]] = {
    "usual": ([[1, 2], [2, 3], [2, 4]], [[2, 3], [3, 3], [4, 4]]),
    "no_organisations": ([], []),
    "all_missing": ([GAP, GAP], [GAP, GAP]),
    "last_wave_only": ([GAP, GAP], [[1, 2], [3, 4]]),
    "first_wave_only": ([[1, 2], [3, 4]], [GAP, GAP]),
    "one_organisation": ([[1, 2]], [[2, 4]]),
    "one_person": ([[1, NAN]], [[2, NAN]]),
    "no_variance": ([[2, 2], [2, 2]], [[3, 3], [3, 3]]),
    "unchanged": ([[1, 2], [2, 3], [2, 4]], [[1, 2], [2, 3], [2, 4]]),
    "unchanged_thirds": ([[1 / 3, 0.1], [0.7, 2 / 3], [2, 4]], [[0.1, 1 / 3], [2 / 3, 0.7], [4, 2]]),
    "changed_alike": ([[0.1, 0.2], [0.3, 0.4]], [[1.1, 1.2], [1.3, 1.4]]),
    "one_wave_each": ([[1, 2], GAP], [GAP, [3, 5]]),
    "millions": ([[1e6, 2e6], [2e6, 3e6]], [[4e6, 1e6], [3e6, 3e6]]),
    "rounding_of_millions": ([[7e6 / 3, 7e6 / 3 + 5e-10], [7e6 / 3, 7e6 / 3]], [[7e6 / 3, 7e6 / 3], [7e6 / 3 - 5e-10, 7e6 / 3]]),
}
UNSURE = {"usual", "changed_alike", "last_wave_only", "unchanged", "unchanged_thirds", "one_wave_each", "millions"}


def of_way(way: str, target: float, baseline: float, shift: float = 0.0, scale: float = 1.0) -> Attained:
    before, after = ([[shift + scale * score for score in scored] for scored in wave] for wave in WAYS[way])
    ends = (np.array([shift + scale * end]) for end in (target, baseline))
    return attained(two_means(before, after), *ends)


@pytest.mark.parametrize("target", [5.0, 2.0, 0.0, NAN, 7e6])
@pytest.mark.parametrize("baseline", [NAN, 2.0])
@pytest.mark.parametrize("way", WAYS)
def test_attained_on_poor_data(way: str, baseline: float, target: float) -> None:
    found = of_way(way, target, baseline)
    values = {name: float(value[0]) for name, value in found._asdict().items()}
    assert not any(np.isinf(value) for value in values.values()), values
    assert np.isnan(values["estimate"]) <= all(np.isnan(value) for name, value in values.items() if name != "df"), values
    assert not values["std_error"] <= 1e-9, values
    assert np.isfinite(values["std_error"]) <= (way in UNSURE), values
    for low, high in (("delta_low", "delta_high"), ("fieller_low", "fieller_high")):
        assert np.isnan(values[low]) == np.isnan(values[high])
        assert not values[low] > values["estimate"] + 1e-9
        assert not values[high] < values["estimate"] - 1e-9


@pytest.mark.parametrize("way", sorted(UNSURE))
@pytest.mark.parametrize(("shift", "scale"), [(0.0, -1.0), (10.0, 25.0), (-3.0, 1e4)])
@pytest.mark.parametrize("baseline", [NAN, 1.5])
def test_attained_does_not_depend_on_unit_or_direction(way: str, shift: float, scale: float, baseline: float) -> None:
    one, other = of_way(way, 6.0, baseline), of_way(way, 6.0, baseline, shift, scale)
    assert np.array(other) == pytest.approx(np.array(one), rel=1e-6, abs=1e-9, nan_ok=True)


CODED: dict[str, list[list[float]]] = {
    "no_units": [],
    "all_missing": [[NAN, NAN], [NAN, NAN]],
    "one_coder": [[1], [2]],
    "one_value_each": [[1, NAN], [NAN, 2]],
    "one_unit": [[1, 2]],
    "all_the_same": [[1, 1], [1, 1], [1, NAN]],
    "all_agree": [[1, 1], [2, 2], [3, 3]],
    "all_disagree": [[1, 2], [2, 1], [3, 1], [1, 3]],
    "usual": [[1, 1, 1], [2, 2, NAN], [3, 3, 3], [1, 2, 1], [2, 3, 3], [NAN, 1, 1]],
    "millions": [[1e6, 1e6], [2e6, 3e6], [3e6, 3e6], [1e6, 2e6]],
}
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("case", CODED)
def test_krippendorff_on_poor_data(case: str, metric: Metric) -> None:
    units = np.array(CODED[case] or np.empty((0, 2)), dtype=float)
    found, flag = krippendorff(units, metric, draws=99)
    assert np.isfinite([found.ci_low, found.ci_high]).all() == (flag == "")
    assert not np.isnan(found.estimate) or flag in ("not_double_coded", "no_variance")
    assert not found.estimate > 1
    assert not found.ci_low > found.ci_high
    shuffled = units[np.random.default_rng(3).permutation(len(units))][:, ::-1]
    assert is_near(found, krippendorff(shuffled, metric, draws=99)[0])
    # Names of categories, their order alone, and the unit of numbers do not matter.
    renamed = {"nominal": (7 - units) ** 2, "ordinal": units**3, "interval": 10 - 3 * units}[metric]
    assert krippendorff(renamed, metric, draws=99)[0].estimate == pytest.approx(found.estimate, nan_ok=True)


def is_near(one: Estimate, other: Estimate) -> bool:
    return bool(np.allclose(list(vars(one).values()), list(vars(other).values()), rtol=1e-6, atol=1e-9, equal_nan=True))


def answers(n: int, items: int) -> np.ndarray:
    random = np.random.default_rng(2)
    return np.round(3 + random.normal(0, 1, (n, 1)) + random.normal(0, 0.8, (n, items)))


ITEMS: dict[str, np.ndarray] = {
    "no_persons": np.empty((0, 4)),
    "no_items": np.empty((9, 0)),
    "one_person": answers(1, 4),
    "two_items": answers(9, 2),
    "as_many_items_as_persons": answers(4, 4),
    "no_variance": np.full((9, 4), 7 / 3),
    "one_item_without_variance": np.column_stack([answers(30, 4), np.full(30, 0.1)]),
    "rounding": np.resize([0.1 + 0.2, 0.3, 0.3], (10, 4)),
    "rounding_of_millions": 7e6 / 3 * (1 + np.finfo(float).eps * np.random.default_rng(5).integers(-2, 3, (20, 4))),
    "same_item_twice": answers(30, 4)[:, [0, 1, 2, 2]],
    "separated": np.repeat([[1.0] * 4, [5.0] * 4], 10, axis=0),
    "unrelated": np.random.default_rng(4).normal(0, 1, (60, 4)),
    "one_turned": answers(60, 4) * [1, 1, 1, -1],
    "usual": answers(60, 5),
    "millions": 1e6 * answers(60, 5),
}


@pytest.mark.parametrize("case", ITEMS)
def test_omega_on_poor_data(case: str) -> None:
    items = ITEMS[case]
    found, flag = omega_total(items)
    assert not np.isnan(found.estimate) or flag
    assert np.isfinite(found.ci_low) or flag
    assert not np.isinf(list(vars(found).values())).any()
    assert not np.array([found.std_error <= 0, found.estimate <= 0, found.estimate > 1]).any()
    assert not np.array([found.ci_low > found.estimate, found.ci_high < found.estimate]).any()
    assert (flag == "no_variance") == (case in ("one_person", "no_variance", "rounding", "rounding_of_millions"))
    random = np.random.default_rng(3)
    other, other_flag = omega_total(5 + 2 * items[random.permutation(len(items))][:, random.permutation(items.shape[1])])
    assert (is_near(found, other), other_flag) == (True, flag)


GROUPED: dict[str, tuple[list[float], list[str]]] = {
    "nobody": ([], []),
    "one_person": ([3], ["a"]),
    "one_group": ([1, 2, 3], ["a", "a", "a"]),
    "one_person_each": ([1, 2, 3], ["a", "b", "c"]),
    "no_variance": ([7 / 3] * 5, ["a", "a", "b", "b", "c"]),
    "rounding": ([0.1 + 0.2, 0.3, 0.3, 0.3, 0.1 + 0.2], ["a", "a", "b", "b", "c"]),
    "rounding_of_millions": ([7e6 / 3, 7e6 / 3 + 5e-10, 7e6 / 3, 7e6 / 3, 7e6 / 3 - 5e-10], ["a", "a", "b", "b", "c"]),
    "no_variance_within": ([1, 1, 2, 2], ["a", "a", "b", "b"]),
    "no_variance_between": ([1, 3, 3, 1], ["a", "a", "b", "b"]),
    "usual": ([1, 2, 2, 4, 4, 5], ["a", "a", "b", "b", "c", "c"]),
    "unequal": ([1, 2, 2, 4, 4, 5, 3], ["a", "a", "a", "a", "b", "c", "c"]),
}
GROUPED["millions"] = ([1e6 * value for value in GROUPED["usual"][0]], GROUPED["usual"][1])


@pytest.mark.parametrize("case", GROUPED)
def test_intraclass_on_poor_data(case: str) -> None:
    y, group = np.array(GROUPED[case][0], dtype=float), np.array(GROUPED[case][1], dtype=object)
    first, second = intraclass(y, group)
    has_point = case in ("no_variance_within", "no_variance_between", "usual", "unequal", "millions")
    assert np.isfinite(first.estimate) == has_point
    assert np.isfinite(second.estimate) == (has_point and case != "no_variance_between")
    for found in (first, second):
        assert not np.isinf(list(vars(found).values())).any()
        assert not np.array([found.estimate > 1, found.ci_high > 1, found.ci_low > found.estimate, found.ci_high < found.estimate]).any()
    order = np.random.default_rng(1).permutation(len(y))
    renamed = np.array([{"a": "z", "b": "b", "c": "d"}[name] for name in group[order]], dtype=object)
    assert all(is_near(one, other) for one, other in zip((first, second), intraclass(10 - 25 * y[order], renamed), strict=True))


@pytest.mark.parametrize("case", [name for name, items in ITEMS.items() if name not in ("unrelated", "millions", "rounding_of_millions")])
def test_rwg_on_poor_data(case: str) -> None:
    items = ITEMS[case]
    group = np.arange(len(items)) % 3
    found = rwg(items, group, np.full(items.shape[1], 2.0), 4)
    assert found.shape == (4,)
    assert np.array_equal(~np.isnan(found), np.array([(group == code).sum() > 1 and items.shape[1] > 0 for code in range(4)]))
    known = found[~np.isnan(found)]
    assert ((known >= 0) & (known <= 1)).all()
    if case in ("no_variance", "rounding"):
        assert (known == 1).all()
    order = np.random.default_rng(1).permutation(len(items))
    other = rwg(6 - items[order][:, ::-1], 3 - group[order], np.full(items.shape[1], 2.0), 4)
    assert other[::-1] == pytest.approx(found, nan_ok=True)
