"""Mixed model, estimating equations, cumulative logit and alliance terms against other programs, by hand, by law and on bad input.

The expected values come from ``tests/reference/models.R`` (programs and versions in ``tests/reference/models/versions.csv``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.genmod.cov_struct import Exchangeable

from midterm.compare.models import alliance_terms, cumulative_logit, exchangeable, gee, mixed_model
from midterm.compare.ordinal import proportional_odds
from midterm.compare.result import Method, Result, Settings
from midterm.compare.two_waves import Kind, Outcome, TwoWaves
from midterm.measure.clustered import cr2

REFERENCE = Path(__file__).parents[1] / "reference" / "models"
PERSONS = pd.read_csv(REFERENCE / "persons.csv")
COUNTS = pd.read_csv(REFERENCE / "counts.csv")
KINDS: dict[str, Kind] = {"smooth": "mean", "score": "mean", "item": "item", "share": "share", "alike": "mean"}
FIELDS = ["estimate", "std_error", "df", "p_value", "ci_low", "ci_high"]
METHODS: list[Method] = [mixed_model, gee, cumulative_logit, alliance_terms]
AGREES = {"rel": 1e-9, "abs": 1e-12}
laws = settings(derandomize=True, max_examples=15, deadline=None)


def expected(name: str) -> list[object]:
    frame = pd.read_csv(REFERENCE / f"{name}.csv")
    return [pytest.param(row, id=f"{row.design}-{row.outcome}") for row in frame.itertuples()]


def design(name: str) -> TwoWaves:
    persons = PERSONS[PERSONS["design"] == name].rename(columns={"person": "respondent_id"})
    return TwoWaves.of(persons.assign(wave=persons["is_after"].astype(str)), [Outcome(outcome, kind, 1, 5) for outcome, kind in KINDS.items()], ("0", "1"))


DESIGNS = {name: design(name) for name in PERSONS["design"].unique()}
FITS = {(name, method): method(data, Settings()) for name, data in DESIGNS.items() for method in METHODS}


def found(row: object, method: Method) -> dict[str, object]:
    columns = FITS[row.design, method].columns()
    return {name: np.asarray(values, dtype=object)[list(KINDS).index(row.outcome)] for name, values in columns.items()}


def made(y: np.ndarray, is_after: object, organisation: object, person: object = None, alliance: object = 0, kind: Kind = "mean") -> TwoWaves:
    """Data of one or more columns, everyone a person of their own unless told."""
    y = np.asarray(y, float)
    y = y[:, None] if y.ndim == 1 else y
    n, k = y.shape
    organisation = np.asarray(organisation, int)
    return TwoWaves(
        y=y,
        is_after=np.asarray(is_after, bool),
        organisation=organisation,
        person=np.arange(n) if person is None else np.asarray(person, int),
        alliance=np.broadcast_to(np.asarray(alliance, int), (n,)),
        exposure=np.ones((n, k)),
        population=np.full((2, int(organisation.max(initial=-1)) + 1), np.nan),
        outcomes=tuple(Outcome(f"y{column}", kind, 1, 5) for column in range(k)),
    )


# Against other programs


@pytest.mark.parametrize("row", expected("mixed"))
def test_mixed_model_equals_lmer_test(row: object) -> None:
    result = found(row, mixed_model)
    # lmerTest takes second derivatives numerically; where a standard deviation is almost 0 (here 3 % of the residual's) they
    # are good to five digits only: its df there are 6.321243, those with the exact second derivatives of the restricted likelihood, written
    # out with whole matrices in R, 6.321198. Ours do not move in the eighth when their step is made ten times longer or shorter.
    precision = 2e-5 if (row.design, row.outcome) == ("unlinked", "score") else 1e-6
    for field in FIELDS:
        assert result[field] == pytest.approx(getattr(row, field), rel=precision, abs=1e-8), field
    assert ("boundary" in result["flag"]) == row.is_singular
    assert ("nobody_linked" in result["flag"]) == (row.design == "unlinked")


@pytest.mark.parametrize("row", expected("gee"))
def test_gee_equals_geepack(row: object) -> None:
    result = found(row, gee)
    for field in FIELDS:
        assert result[field] == pytest.approx(getattr(row, field), **AGREES), field
    assert result["flag"] == ("correlation_held_at_0" if row.is_held else "")


@pytest.mark.parametrize("name", ["pooled", "five", "unlinked"])
def test_gee_error_equals_statsmodels_at_the_same_correlation(name: str) -> None:
    data = DESIGNS[name]
    for column in range(4):
        kept = np.flatnonzero(data.is_there[:, column])
        y, is_after, organisation = data.y[kept, column], data.is_after[kept], data.organisation[kept]
        part = data.rows(data.is_there[:, column]).only([column])
        alpha = exchangeable(part.sizes, part.sums, (part.y**2).sum(axis=0))[0][0]
        assert alpha == pytest.approx(next(row.values[0].alpha for row in expected("gee") if row.id == f"{name}-{list(KINDS)[column]}"), rel=1e-9)
        structure = Exchangeable()
        structure.dep_params = alpha
        fit = sm.GEE(y, sm.add_constant(is_after.astype(float)), groups=organisation, cov_struct=structure, update_dep=False).fit(cov_type="bias_reduced")
        assert FITS[name, gee].estimate[column] == pytest.approx(fit.params[1], rel=1e-9)
        assert FITS[name, gee].std_error[column] == pytest.approx(fit.bse[1], rel=1e-9)


@pytest.mark.parametrize("row", expected("ordinal"))
def test_cumulative_logit_equals_clm(row: object) -> None:
    result = found(row, cumulative_logit)
    names = {"effect_size": "odds_ratio", "effect_low": "low", "effect_high": "high", "df": "df", "p_value": "p_value", "estimate": "difference"}
    for field, name in names.items():
        assert result[field] == pytest.approx(getattr(row, name), **AGREES), field
    data = DESIGNS[row.design].only([list(KINDS).index(row.outcome)])
    y = np.round(data.y[:, 0], 9)
    values = np.unique(y[data.is_there[:, 0]])
    counts = np.stack([data.by_organisation((y == value).astype(float)[:, None])[..., 0] for value in values], axis=-1)
    assert proportional_odds(counts) == pytest.approx((row.beta, row.cluster_error, row.model_error), **AGREES)


@pytest.mark.parametrize("row", expected("alliance_terms"))
def test_alliance_terms_equal_club_sandwich(row: object) -> None:
    result = found(row, alliance_terms)
    for field in FIELDS:
        assert result[field] == pytest.approx(getattr(row, field), **AGREES), field
    assert (f"alliances_left_out: {row.left_out}" in result["flag"]) == (row.left_out > 0)
    assert ("alliances_of_one_organisation: 1" in result["flag"]) == (row.design == "left_out")


def test_alliance_terms_of_rates_equal_club_sandwich() -> None:
    row = pd.read_csv(REFERENCE / "alliance_terms_counts.csv").iloc[0]
    persons = COUNTS.rename(columns={"person": "respondent_id", "exposure": "count:exposure"}).assign(wave=COUNTS["is_after"].astype(str))
    result = alliance_terms(TwoWaves.of(persons, [Outcome("count", "count", 0, np.inf)], ("0", "1")), Settings())
    for field in ("estimate", "std_error", "df", "p_value"):
        assert getattr(result, field)[0] == pytest.approx(row[field], **AGREES), field


def test_alliance_terms_equal_cr2_of_cell_means_where_organisations_work_in_several_alliances() -> None:
    data = DESIGNS["pooled"].only([0])
    rows = np.random.default_rng(2).permuted(np.arange(len(data.person)) % 4)
    crossed = replace(data, alliance=np.asarray((data.alliance + (rows == 0)) % 5))
    x = np.column_stack([(crossed.alliance == alliance) & (crossed.is_after == wave) for alliance in range(5) for wave in (False, True)]).astype(float)
    fit = cr2(data.y[:, 0], x, data.organisation, np.tile([-0.2, 0.2], 5))
    result = alliance_terms(crossed, Settings())
    assert [result.estimate[0], result.std_error[0], result.df[0]] == pytest.approx([fit.estimate, fit.std_error, fit.df], **AGREES)


# By hand


def balanced(organisations: int, persons: int, sd: tuple[float, float, float], seed: int) -> tuple[TwoWaves, np.ndarray]:
    """Everyone answers twice, every organisation is as large; also the persons' changes (G, m)."""
    random = np.random.default_rng(seed)
    shape = (organisations, persons)
    level, change = random.normal(0, sd[0], (organisations, 1)), random.normal(0.3, sd[1], (organisations, 1))
    person = random.normal(0, 0.6, shape)
    before, after = (3 + level + wave * change + person + random.normal(0, sd[2], shape) for wave in (0, 1))
    codes = np.arange(organisations * persons)
    waves = np.repeat([0, 1], len(codes))
    return made(np.concatenate([before.ravel(), after.ravel()]), waves, np.tile(codes // persons, 2), np.tile(codes, 2)), after - before


def test_balanced_mixed_model_is_the_paired_t_of_organisation_means() -> None:
    data, change = balanced(6, 5, (0.6, 0.6, 0.4), 3)
    means = change.mean(axis=1)
    result = mixed_model(data, Settings())
    assert result.flag == ("",)
    assert [result.estimate[0], result.std_error[0], result.df[0]] == pytest.approx([means.mean(), means.std(ddof=1) / np.sqrt(6), 5.0], rel=1e-7)
    assert result.p_value[0] == pytest.approx(stats.ttest_1samp(means, 0).pvalue, rel=1e-6)


def test_balanced_mixed_model_without_variance_of_change_is_the_paired_t_of_persons() -> None:
    data, change = balanced(6, 5, (0.6, 0.0, 0.6), 11)
    assert change.mean(axis=1).var(ddof=1) < change.var(axis=1, ddof=1).mean() / 5
    result = mixed_model(data, Settings())
    assert result.flag == ("boundary",)
    assert [result.estimate[0], result.std_error[0], result.df[0]] == pytest.approx([change.mean(), change.std(ddof=1) / np.sqrt(30), 29.0], rel=1e-7)


def test_balanced_gee_by_hand() -> None:
    # With equal organisations (I - H)^-1 is G / (G - 1) in the means' directions, whatever the correlation.
    data, change = balanced(6, 5, (0.6, 0.6, 0.4), 3)
    means = change.mean(axis=1)
    result = gee(data, Settings())
    assert [result.estimate[0], result.std_error[0], result.df[0]] == pytest.approx([means.mean(), means.std(ddof=0) / np.sqrt(6) * 6 / 5, 5.0], rel=1e-9)


def test_cumulative_logit_of_a_fourfold_table_by_hand() -> None:
    # 3 of 10 before, 6 of 8 after, ten and eight organisations of one person: odds ratio (6/2)/(3/7) = 7; the sandwich of the log odds
    # ratio of independent persons is its usual variance, here times G / (G - 1).
    y = np.repeat([1.0, 0.0, 1.0, 0.0], [3, 7, 6, 2])
    result = cumulative_logit(made(y, np.arange(18) >= 10, np.arange(18), kind="share"), Settings())
    error = np.sqrt((1 / 3 + 1 / 7 + 1 / 6 + 1 / 2) * 18 / 17)
    assert result.effect_size[0] == pytest.approx(7.0, rel=1e-12)
    assert result.effect_high[0] == pytest.approx(7 * np.exp(stats.t.ppf(0.975, 17) * error), rel=1e-10)
    assert result.estimate[0] == pytest.approx(0.75 - 0.3)
    assert result.std_error is None


def test_alliance_terms_by_hand() -> None:
    # Changes 1 and 3 of 4 and of 40 persons: their mean is 2, however many there are.
    large, small = [1.0, 3.0] * 10 + [4.0, 6.0] * 10, [2.0, 2.0, 3.0, 3.0]
    data = made(np.array(large + small), [0] * 20 + [1] * 20 + [0, 0, 1, 1], [0, 1] * 20 + [2, 3] * 2, alliance=[0] * 40 + [1] * 4)
    assert alliance_terms(data, Settings()).estimate[0] == pytest.approx(2.0)


def test_estimates_of_one_organisation_a_cell_of_separation() -> None:
    values = {"up": [1, 2, 3, 3, 4, 5], "down": [3, 4, 5, 1, 2, 3], "touching": [1, 2, 2, 2, 2, 3], "overlapping": [1, 2, 3, 2, 4, 5]}
    data = made(np.array(list(values.values()), float).T, [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2], kind="item")
    result = cumulative_logit(data, Settings())
    assert result.flag == ("separation", "separation", "separation", "")
    assert np.isnan(result.effect_size[:3]).all()
    assert result.estimate == pytest.approx([2.0, -2.0, 2 / 3, 5 / 3])
    assert np.isfinite(result.effect_size[3])


# Laws


def same(one: Result, other: Result, *, sign: float = 1.0, scale: float = 1.0, precision: float = 1e-6) -> None:
    """``other`` is ``one`` with the change turned over or in another unit."""
    left, right = one.columns(), other.columns()
    ends = ("ci_low", "ci_high") if sign > 0 else ("ci_high", "ci_low")
    for name, twin in {"estimate": "estimate", "std_error": "std_error", "ci_low": ends[0], "ci_high": ends[1], "df": "df", "p_value": "p_value"}.items():
        factor = {"df": 1.0, "p_value": 1.0, "std_error": scale}.get(name, sign * scale)
        np.testing.assert_allclose(np.asarray(right[twin], float), factor * np.asarray(left[name], float), rtol=precision, atol=1e-7, err_msg=name)
    assert one.flag == other.flag


@st.composite
def surveys(draw: st.DrawFn) -> TwoWaves:
    """Four to seven organisations in two alliances, two items on five points, some persons in both waves, some scores missing."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    organisations = draw(st.integers(4, 7))
    rows = [
        (g, 40 * g + p, wave) for g in range(organisations) for p in range(random.integers(3, 7)) for wave in ((0, 1), (0, 1), (0,), (1,))[random.integers(4)]
    ]
    organisation, person, wave = np.array(rows).T
    lean = random.normal(0, 0.5, (organisations, 2, 2))[organisation, wave] + random.normal(0, 0.7, (40 * organisations, 2))[person]
    y = np.clip(np.round(3 + lean + random.normal(0, 0.7, lean.shape)), 1, 5)
    return made(np.where(random.random(y.shape) < 0.05, np.nan, y), wave, organisation, person, organisation % 2, kind="item")


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@laws
@given(data=surveys(), seed=st.integers(0, 99))
def test_order_and_names_do_not_matter(method: Method, data: TwoWaves, seed: int) -> None:
    random = np.random.default_rng(seed)
    order, names = random.permutation(len(data.person)), random.permutation(data.n_codes)
    fields = ("y", "is_after", "organisation", "person", "alliance", "exposure")
    turned = replace(data, **{name: getattr(data, name)[order] for name in fields})
    turned = replace(turned, organisation=names[turned.organisation], person=turned.person.max() - turned.person, alliance=1 - turned.alliance)
    same(method(data, Settings()), method(turned, Settings()))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@laws
@given(data=surveys())
def test_swapped_waves_turn_the_sign(method: Method, data: TwoWaves) -> None:
    one, other = method(data, Settings()), method(replace(data, is_after=~data.is_after), Settings())
    same(one, other, sign=-1.0)
    if one.effect_size is not None:
        np.testing.assert_allclose(other.effect_size, 1 / one.effect_size, rtol=1e-8)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@laws
@given(data=surveys(), shift=st.floats(-50, 50), scale=st.floats(0.01, 100))
def test_unit_and_origin_do_not_matter(method: Method, data: TwoWaves, shift: float, scale: float) -> None:
    same(method(data, Settings()), method(replace(data, y=shift + scale * data.y), Settings()), scale=scale)


# Bad input

BAD: dict[str, tuple[TwoWaves, tuple[str, str, str, str]]] = {
    "zero rows": (made(np.empty((0, 1)), [], []), ("no_data",) * 4),
    "all missing": (made([np.nan] * 4, [0, 0, 1, 1], [0, 1, 0, 1]), ("no_data",) * 4),
    "one respondent": (made([3.0], [0], [0]), ("no_data",) * 4),
    "one wave": (made([3.0, 4.0, 2.0], [1, 1, 1], [0, 1, 1]), ("no_data",) * 4),
    "one respondent twice": (made([3.0, 4.0], [0, 1], [0, 0], [0, 0]), ("one_organisation", "no_variance", "separation", "one_alliance")),
    "one organisation": (
        made([3.0, 4.0, 2.0, 5.0, 3.0], [0, 0, 0, 1, 1], [0] * 5, [0, 1, 2, 0, 1]),
        ("one_organisation", "one_organisation", "one_organisation", "one_alliance"),
    ),
    "one organisation a wave": (
        made([3.0, 4.0, 2.0, 5.0, 3.0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]),
        ("one_organisation", "organisation_is_a_wave", "", "one_alliance"),
    ),
    "all alike": (made([3.0] * 6, [0, 0, 0, 1, 1, 1], [0, 1, 2] * 2), ("no_variance", "no_variance", "no_variance", "one_alliance")),
    "alike but for rounding": (made([0.1 + 0.2, 0.3, 0.3, 0.3], [0, 0, 1, 1], [0, 1] * 2), ("no_variance", "no_variance", "no_variance", "one_alliance")),
    "no variance left": (made([2.0, 2.0, 4.0, 4.0], [0, 0, 1, 1], [0, 1] * 2), ("no_variance", "no_variance", "separation", "one_alliance")),
    "all change alike": (
        made([1.0, 2.0, 4.0, 2.0, 3.0, 5.0], [0, 0, 0, 1, 1, 1], [0, 0, 1] * 2, [0, 1, 2] * 2),
        ("no_variance", "no_variance_between_organisations", "", "one_alliance"),
    ),
    "alike within organisations": (
        made([1.0, 1.0, 4.0, 4.0, 3.0, 3.0, 4.0, 4.0], [0] * 4 + [1] * 4, [0, 0, 1, 1] * 2),
        ("no_variance", "", "", "one_alliance"),
    ),
    "one person a cell": (made([1.0, 4.0, 2.0, 3.0, 3.0, 5.0], [0, 0, 0, 1, 1, 1], [0, 1, 2] * 2), ("", "", "", "one_alliance")),
    "everyone in one wave": (made([1.0, 4.0, 2.0, 3.0, 3.0, 5.0], [0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 2, 3]), ("", "", "", "one_alliance")),
}


def quiet(method: Method, data: TwoWaves) -> Result:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return method(data, Settings())


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@pytest.mark.parametrize("case", BAD)
def test_bad_input_has_its_flag(case: str, method: Method) -> None:
    data, flags = BAD[case]
    result = quiet(method, data)
    columns = result.columns()
    wanted = flags[METHODS.index(method)]
    assert wanted in columns["flag"][0], columns["flag"]
    if wanted and method is not cumulative_logit:
        assert np.isnan([columns[name][0] for name in FIELDS[1:]]).all()
    if wanted == "no_data":
        assert np.isnan(columns["estimate"][0])
    assert not np.isinf([columns[name][0] for name in [*FIELDS, "effect_size", "effect_low", "effect_high"]]).any()
    assert not columns["p_value"][0] <= 0


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_bad_column_leaves_the_others_alone(method: Method) -> None:
    data = DESIGNS["pooled"]
    bad = np.column_stack([np.full(len(data.y), np.nan), np.full(len(data.y), 3.0), np.where(data.is_after, np.nan, data.y[:, 0]), data.is_after.astype(float)])
    y = np.column_stack([data.y, bad])
    outcomes = (*data.outcomes, *(Outcome(f"bad{column}", "item", 1, 5) for column in range(4)))
    together = quiet(method, replace(data, y=y, exposure=np.ones_like(y), outcomes=outcomes)).columns()
    alone = FITS["pooled", method].columns()
    for name in FIELDS:
        np.testing.assert_allclose(np.asarray(together[name])[:5], alone[name], rtol=1e-12)
    assert together["flag"][:5] == alone["flag"]
    assert all(together["flag"][5:])


def test_p_is_never_0() -> None:
    noise = np.random.default_rng(1).normal(0, 0.001, 1200)
    waves = np.arange(1200) % 2
    result = quiet(mixed_model, made(4.0 * waves + noise, waves, np.arange(1200) // 2 % 40))
    assert 0 < result.p_value[0] < 1e-300


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_no_indicators(method: Method) -> None:
    result = quiet(method, DESIGNS["five"].only(np.zeros(5, dtype=bool)))
    assert len(result.estimate) == 0
    assert result.flag == ()


@pytest.mark.parametrize("method", [mixed_model, gee, cumulative_logit], ids=lambda method: method.__name__)
def test_counts_are_not_for(method: Callable[[TwoWaves, Settings], Result]) -> None:
    data = DESIGNS["five"].only([2])
    result = quiet(method, replace(data, outcomes=(Outcome("count", "count", 0, np.inf),)))
    assert result.flag == ("not_for_counts",)
    assert np.isnan(result.columns()["p_value"]).all()


def test_too_many_values_keep_the_difference_only() -> None:
    result = FITS["eight", cumulative_logit]
    assert result.flag[0] == "too_many_values"
    assert np.isfinite(result.estimate[0])
    assert np.isnan([result.effect_size[0], result.p_value[0]]).all()


def test_share_with_halves_has_three_values() -> None:
    data = made([0.0, 0.5, 1.0, 0.0, 1.0, 1.0, 0.5, 1.0], [0, 0, 0, 0, 1, 1, 1, 1], [0, 1, 2, 3] * 2, kind="share")
    assert np.isfinite(quiet(cumulative_logit, data).effect_size[0])
