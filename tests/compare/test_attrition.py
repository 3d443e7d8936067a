"""Stayers, leavers and entrants against clubSandwich and glm, hand-worked cases, laws and poor data.

The expected values come from ``tests/reference/attrition.R`` (versions in ``tests/reference/attrition/versions.csv``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.compare.attrition import linked_cr2, stayers_table, worst_case_bounds
from midterm.compare.people import persons
from midterm.compare.primary import primary
from midterm.compare.result import Result, Settings
from midterm.compare.two_waves import Outcome, TwoWaves
from midterm.compare.weighting import chances_of_staying, inverse_probability_weighted

REFERENCE = Path(__file__).parents[1] / "reference" / "attrition"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
FITS = pd.read_csv(REFERENCE / "fits.csv")
OUTCOMES = (Outcome("scale", "mean", 1, 5), Outcome("share", "share", 0, 1), Outcome("count", "count", 0, np.inf))
STAYS = pd.read_csv(REFERENCE / "stays.csv")
FIELDS = ["estimate", "std_error", "df", "p_value", "ci_low", "ci_high"]
AGREES = {"rel": 1e-6, "abs": 1e-12}
METHODS = (linked_cr2, inverse_probability_weighted, worst_case_bounds)
NAN = np.nan
laws = settings(derandomize=True, max_examples=25, deadline=None)


def of_design(design: str) -> TwoWaves:
    wide = PERSONS[PERSONS["design"] == design]
    waves = []
    for wave in ("before", "after"):
        part = pd.DataFrame({"respondent_id": wide["person"], "organisation": wide["organisation"], "alliance": "a", "wave": wave})
        for outcome in OUTCOMES:
            part[outcome.name] = wide[f"{outcome.name}_{wave}"]
        part["count:exposure"] = wide[f"exposure_{wave}"]
        waves.append(part[part[[outcome.name for outcome in OUTCOMES]].notna().any(axis=1)])
    return TwoWaves.of(pd.concat(waves), OUTCOMES, ("before", "after"))


def of_pairs(before: list[float], after: list[float], organisation: list[int], outcome: Outcome = OUTCOMES[0]) -> TwoWaves:
    """One indicator; a row for every person and wave, NaN where there is no score."""
    n, codes = len(before), np.array(organisation, dtype=np.intp)
    return TwoWaves(
        y=np.array([*before, *after], dtype=float).reshape(-1, 1),
        is_after=np.repeat([False, True], n),
        organisation=np.tile(codes, 2),
        person=np.tile(np.arange(n), 2),
        alliance=np.zeros(2 * n, dtype=np.intp),
        exposure=np.ones((2 * n, 1)),
        population=np.full((2, int(codes.max(initial=-1)) + 1), np.nan),
        outcomes=(outcome,),
    )


DATA = {design: of_design(design) for design in PERSONS["design"].unique()}
NAMES = [outcome.name for outcome in OUTCOMES]


# Against other programs


@pytest.mark.parametrize("row", [row for _, row in FITS.iterrows()], ids=lambda row: f"{row.design}-{row.outcome}-{row.quantity}")
def test_equals_r(row: pd.Series) -> None:
    data, column = DATA[row["design"]], NAMES.index(row["outcome"])
    if row["quantity"] in ("leavers", "entrants"):
        table = stayers_table(data, Settings()).iloc[column]
        found = {field: table[f"{row['quantity']}_{'gap' if field == 'estimate' else field}"] for field in FIELDS}
    else:
        method = linked_cr2 if row["quantity"] == "linked" else inverse_probability_weighted
        fit = method(data, Settings())
        assert fit.flag[column] == ("weights_capped" if row["quantity"].endswith("capped") else "")
        found = {field: getattr(fit, field)[column] for field in FIELDS}
    for field in FIELDS:
        assert found[field] == pytest.approx(row[field], **AGREES), field


@pytest.mark.parametrize("row", [row for _, row in STAYS.iterrows()], ids=lambda row: f"{row.design}-{row.outcome}")
def test_chances_equal_glm(row: pd.Series) -> None:
    people, column = persons(DATA[row["design"]]), NAMES.index(row["outcome"])
    has_first, first = people.is_there[0][:, [column]], np.nan_to_num(people.scores[0][:, [column]])
    chance, is_settled = chances_of_staying(first, has_first, people.stays[:, [column]])
    assert is_settled.all()
    expected = 1 / (1 + np.exp(-row["intercept"] - row["slope"] * first[has_first]))
    assert chance[has_first] == pytest.approx(expected, **AGREES)


# By hand


def test_table_by_hand() -> None:
    # Before: stayers 2, 4 (mean 3), leaver 1; mean 7/3. After: stayers 3, 5 (mean 4), entrants 2, 2; mean 3. Change 2/3.
    # Stayers 1; leavers -(1/3)(1 - 3) = 2/3; entrants (2/4)(2 - 4) = -1; together 2/3.
    table = stayers_table(of_pairs([2, 4, 1, NAN, NAN], [3, 5, NAN, 2, 2], [0, 1, 0, 1, 0]), Settings()).iloc[0]
    assert list(table[["indicator", "n_stayers", "n_leavers", "n_entrants", "flag"]]) == ["scale", 2, 1, 2, ""]
    numbers = ["stayers_before", "leavers_before", "leavers_gap", "stayers_after", "entrants_after", "entrants_gap"]
    assert table[numbers].tolist() == pytest.approx([3, 1, -2, 4, 2, -2])
    assert table[["change", "change_of_stayers", "from_leavers", "from_entrants"]].tolist() == pytest.approx([2 / 3, 1, 2 / 3, -1])


def test_linked_by_hand() -> None:
    # Changes 1 and 3 in two organisations of one person: mean 2; CR2 with two equal clusters: variance 2/(2-1) (1 + 1)/4 = 1, df 1.
    fit = linked_cr2(of_pairs([1, 1], [2, 4], [0, 1]), Settings())
    assert [fit.estimate[0], fit.std_error[0], fit.df[0]] == pytest.approx([2, 1, 1])
    assert fit.ci_high[0] == pytest.approx(2 + np.tan(0.475 * np.pi))
    assert fit.flag == ("",)


def test_weights_by_hand() -> None:
    # Of four with no, two stay (weight 2); of four with yes, three stay (weight 4/3): the regression is saturated.
    # Changes of the linked: no 1, 0; yes 0, 0, -1. Weighted sum 2 - 4/3 = 2/3 over the weight of all, 8.
    before = [0, 0, 0, 0, 1, 1, 1, 1]
    after = [1, 0, NAN, NAN, 1, 1, 0, NAN]
    fit = inverse_probability_weighted(of_pairs(before, after, [0, 1, 0, 1, 0, 1, 1, 0], OUTCOMES[1]), Settings())
    assert fit.estimate[0] == pytest.approx(1 / 12, rel=1e-9)
    assert linked_cr2(of_pairs(before, after, [0, 1, 0, 1, 0, 1, 1, 0], OUTCOMES[1]), Settings()).estimate[0] == 0


def test_bounds_by_hand() -> None:
    # Scale 1-5. Linked: +1. Leaver at 4: between -3 and +1. Entrant at 2: between -3 and +1. Three persons: -5/3 to 1.
    fit = worst_case_bounds(of_pairs([2, 4, NAN], [3, NAN, 2], [0, 0, 1]), Settings())
    assert [fit.ci_low[0], fit.estimate[0], fit.ci_high[0]] == pytest.approx([-5 / 3, -1 / 3, 1])
    assert fit.flag == ("bounds_not_interval",)
    assert fit.p_value is None
    # Everybody answered twice: nothing is open.
    fit = worst_case_bounds(of_pairs([2, 4], [3, 1], [0, 1]), Settings())
    assert [fit.ci_low[0], fit.estimate[0], fit.ci_high[0]] == pytest.approx([-1, -1, -1])


def test_counts_have_no_upper_end() -> None:
    count = Outcome("count", "count", 0, 40)
    assert worst_case_bounds(of_pairs([2, 4], [3, NAN], [0, 1], count), Settings()).flag == ("no_upper_end",)
    fit = worst_case_bounds(of_pairs([2, 4], [3, 1], [0, 1], replace(count, high=np.nan)), Settings())
    assert [fit.ci_low[0], fit.ci_high[0]] == pytest.approx([-1, -1])


# Too little to judge by: a flag and no number, nothing raised or warned

S, C = OUTCOMES[0], OUTCOMES[1]
POOR = {
    "zero rows": ([], [], [], "no_data", "no_data", "no_data"),
    "all missing": ([NAN] * 3, [NAN] * 3, [0, 1, 1], "no_data", "no_data", "no_data"),
    "one respondent": ([2], [4], [0], "one_organisation", "one_organisation; no_leavers", "bounds_not_interval"),
    "one respondent once": ([2], [NAN], [0], "nobody_linked", "nobody_linked", "nobody_linked; bounds_not_interval"),
    "nobody linked": ([1, 2, NAN, NAN], [NAN, NAN, 3, 5], [0, 1, 0, 1], "nobody_linked", "nobody_linked", "nobody_linked; bounds_not_interval"),
    "one wave": ([1, 2, 4], [NAN] * 3, [0, 1, 0], "nobody_linked", "nobody_linked", "nobody_linked; bounds_not_interval"),
    "one organisation": ([1, 2, 4, 3], [2, 2, 3, NAN], [0] * 4, "one_organisation", "one_organisation", "bounds_not_interval"),
    "no variance": ([1, 2, 3, 2], [2, 3, 4, NAN], [0, 1, 1, 0], "no_variance", "", "bounds_not_interval"),
    "all ties": ([3] * 4, [3, 3, 3, NAN], [0, 1, 0, 1], "no_variance", "no_variance; same_baseline", "bounds_not_interval"),
    "nobody left": ([1, 3, 3], [2, 3, 4], [0, 1, 1], "", "no_leavers", "bounds_not_interval"),
    "perfect separation": ([4, 5, 1, 2], [5, 5, NAN, NAN], [0, 1, 0, 1], "", "separation", "bounds_not_interval"),
    "quasi separation": ([2, 5, 1, 2], [5, 5, NAN, NAN], [0, 1, 0, 1], "", "separation", "bounds_not_interval"),
    "organisation once": ([1, 3, 2, NAN, NAN], [2, 5, NAN, 4, 5], [0, 1, 0, 2, 2], "", "", "bounds_not_interval"),
}
ONLY_ESTIMATE = ("one_organisation", "no_variance")
NOTHING = ("no_data", "nobody_linked", "separation")


def judged(fit: Result) -> None:
    for column, flag in enumerate(fit.flag):
        numbers = [np.asarray(getattr(fit, field))[column] for field in FIELDS[1:] if getattr(fit, field) is not None]
        if any(name in flag for name in NOTHING) and "bounds" not in flag:
            assert np.isnan([fit.estimate[column], *numbers]).all()
        elif any(name in flag for name in ONLY_ESTIMATE):
            assert np.isfinite(fit.estimate[column])
            assert np.isnan(numbers).all()
        elif "bounds" not in flag:
            assert np.isfinite([fit.estimate[column], *numbers]).all()
            assert np.asarray(fit.p_value)[column] > 0


@pytest.mark.parametrize("case", list(POOR))
@pytest.mark.parametrize("which", range(3), ids=[method.__name__ for method in METHODS])
def test_poor_data(case: str, which: int) -> None:
    before, after, organisation, *flag = POOR[case]
    data = of_pairs(before, after, organisation)
    if case == "no variance" and which == 1:
        data = of_pairs([1, 2, 3, 2.5], after, organisation)
        flag[1] = "no_variance"
    fit = METHODS[which](data, Settings())
    assert fit.flag == (flag[which],)
    judged(fit)


@pytest.mark.parametrize("case", list(POOR))
def test_poor_data_in_the_table(case: str) -> None:
    before, after, organisation, flag, *_ = POOR[case]
    table = stayers_table(of_pairs(before, after, organisation), Settings())
    assert len(table) == 1
    row = table.iloc[0]
    has_stayers = row["n_stayers"] > 0
    assert np.isfinite(row["change_of_stayers"]) == has_stayers
    assert np.isfinite(row["from_leavers"]) == has_stayers
    assert (flag if flag in NOTHING else "") in row["flag"]


@pytest.mark.parametrize("method", METHODS)
def test_no_indicators(method: Callable[[TwoWaves, Settings], Result]) -> None:
    data = DATA["three"].only(np.zeros(3, dtype=bool))
    assert method(data, Settings()).estimate.shape == (0,)
    assert method(data, Settings()).flag == ()
    assert len(stayers_table(data, Settings())) == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_poor_column_leaves_the_others_alone(method: Callable[[TwoWaves, Settings], Result]) -> None:
    data = DATA["eight"]
    poor = replace(data, y=np.column_stack([data.y[:, 0], np.full(len(data.y), np.nan), data.y[:, 2]]))
    before, after = method(data, Settings()), method(poor, Settings())
    same(before, after, [0, 2])
    assert np.isnan(after.estimate[1])
    assert after.flag[1] == "no_data"


@pytest.mark.parametrize("method", METHODS)
def test_exposure_of_zero_is_no_score(method: Callable[[TwoWaves, Settings], Result]) -> None:
    data = DATA["five"].only([2])
    exposure, y = data.exposure.copy(), data.y.copy()
    exposure[:3], y[:3] = 0.0, np.nan
    same(method(replace(data, exposure=exposure), Settings()), method(replace(data, y=y), Settings()), [0])


# Laws


def same(left: Result, right: Result, columns: list[int]) -> None:
    for field in FIELDS:
        one, other = getattr(left, field), getattr(right, field)
        assert (one is None) == (other is None), field
        if one is not None:
            assert np.asarray(one)[columns] == pytest.approx(np.asarray(other)[columns], rel=1e-8, abs=1e-10, nan_ok=True), field


@st.composite
def samples(draw: st.DrawFn) -> TwoWaves:
    """Five-point answers of persons in up to five organisations, each wave of each person there or not."""
    n = draw(st.integers(1, 25))
    answers = st.lists(st.one_of(st.integers(1, 5).map(float), st.just(NAN)), min_size=n, max_size=n)
    return of_pairs(draw(answers), draw(answers), [person % draw(st.integers(1, 5)) for person in range(n)])


@laws
@given(samples())
def test_parts_add_up_to_the_primary_change(data: TwoWaves) -> None:
    table = stayers_table(data, Settings()).iloc[0]
    assert table["change"] == pytest.approx(primary(data, Settings()).estimate[0], abs=1e-12, nan_ok=True)
    if table["n_stayers"]:
        assert table["change_of_stayers"] + table["from_leavers"] + table["from_entrants"] == pytest.approx(table["change"], abs=1e-12)


@pytest.mark.parametrize("design", list(DATA))
def test_parts_add_up_for_rates(design: str) -> None:
    table = stayers_table(DATA[design], Settings())
    parts = table[["change_of_stayers", "from_leavers", "from_entrants"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(primary(DATA[design], Settings()).estimate, rel=1e-12)


@laws
@given(samples())
def test_bounds_hold_what_the_data_could_have_been(data: TwoWaves) -> None:
    fit = worst_case_bounds(data, Settings())
    n, filled = len(data.y) // 2, data.y.copy()
    is_seen = np.tile(data.is_there[:n, 0] | data.is_there[n:, 0], 2)
    filled[np.isnan(data.y[:, 0]) & is_seen] = 2.0
    change = linked_cr2(replace(data, y=filled), Settings()).estimate[0]
    if np.isfinite(change):
        assert fit.ci_low[0] - 1e-12 <= change <= fit.ci_high[0] + 1e-12
    partial = (data.is_there[:n, 0] != data.is_there[n:, 0]).sum()
    if is_seen.any():
        assert fit.ci_high[0] - fit.ci_low[0] == pytest.approx(4 * partial / (is_seen.sum() / 2), abs=1e-12)


@laws
@given(samples(), st.randoms(use_true_random=False))
def test_order_of_rows_and_codes_do_not_matter(data: TwoWaves, random: object) -> None:
    order = np.random.default_rng(random.randint(0, 99)).permutation(len(data.y))  # type: ignore[attr-defined]
    turned = replace(data.rows(order), organisation=data.n_codes - 1 - data.organisation[order])
    for method in METHODS:
        same(method(data, Settings()), method(turned, Settings()), [0])


@laws
@given(samples())
def test_waves_changed_round_turn_the_sign(data: TwoWaves) -> None:
    swapped = replace(data, is_after=~data.is_after)
    for method in (linked_cr2, worst_case_bounds):
        one, other = method(data, Settings()), method(swapped, Settings())
        assert one.estimate == pytest.approx(-other.estimate, abs=1e-12, nan_ok=True)
        assert one.ci_low == pytest.approx(-np.asarray(other.ci_high), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("method", METHODS)
def test_another_unit(method: Callable[[TwoWaves, Settings], Result]) -> None:
    data = DATA["ten"].only([0])
    scaled = replace(data, y=10 + 3 * data.y, outcomes=(Outcome("scale", "mean", 13, 25),))
    one, other = method(data, Settings()), method(scaled, Settings())
    for field in ("estimate", "ci_low", "ci_high"):
        assert 3 * np.asarray(getattr(one, field)) == pytest.approx(getattr(other, field), rel=1e-9, abs=1e-10)


def test_leaving_at_random_leaves_the_weights_alike() -> None:
    # Who leaves has the same mean score as who stays: the slope is 0 and every weight 1.
    data = of_pairs([1, 2, 3, 4, 5, 2, 4], [2, 2, 4, 4, 5, NAN, NAN], [0, 1, 0, 1, 1, 0, 1])
    same(inverse_probability_weighted(data, Settings()), linked_cr2(data, Settings()), [0])
