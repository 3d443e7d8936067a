"""Multiple imputation against mice, hand-worked cases, laws and poor data.

The expected values come from ``tests/reference/attrition.R`` (versions in ``tests/reference/attrition/versions.csv``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from midterm.compare.attrition import linked_cr2
from midterm.compare.imputation import FEWEST_LINKED, imputed_changes, inside, multiply_imputed, pooled
from midterm.compare.result import Result, Settings
from midterm.compare.two_waves import Kind, Outcome, TwoWaves

REFERENCE = Path(__file__).parents[1] / "reference" / "attrition"
DRAWS = pd.read_csv(REFERENCE / "draws.csv")
POOLED = pd.read_csv(REFERENCE / "pooled.csv")
MICE = pd.read_csv(REFERENCE / "mice.csv").iloc[0]
FIELDS = ["estimate", "std_error", "df", "p_value", "ci_low", "ci_high"]
AGREES = {"rel": 1e-6, "abs": 1e-12}
NAN = np.nan


def of_waves(before: np.ndarray, after: np.ndarray, organisation: np.ndarray, outcomes: tuple[Outcome, ...], exposure: np.ndarray | None = None) -> TwoWaves:
    """Scores (P, k) of the two waves, NaN where there is none."""
    n, codes = len(before), np.asarray(organisation, dtype=np.intp)
    return TwoWaves(
        y=np.concatenate([before, after]),
        is_after=np.repeat([False, True], n),
        organisation=np.tile(codes, 2),
        person=np.tile(np.arange(n), 2),
        alliance=np.zeros(2 * n, dtype=np.intp),
        exposure=np.ones((2 * n, len(outcomes))) if exposure is None else exposure,
        population=np.full((2, int(codes.max(initial=-1)) + 1), np.nan),
        outcomes=outcomes,
    )


KINDS: tuple[tuple[Kind, float, float], ...] = (("mean", 1, 5), ("item", 1, 5), ("share", 0, 1), ("count", 0, np.inf))


def sample(seed: int = 1, n: int = 45, organisations: int = 6) -> TwoWaves:
    """One indicator of each kind; a third of the persons in one wave only."""
    random = np.random.default_rng(seed)
    organisation = random.permutation(np.arange(n) % organisations)
    trait = random.normal(0, 0.7, n) + random.normal(0, 0.3, organisations)[organisation]
    waves = []
    for _ in range(2):
        answer = 3.4 + trait + random.normal(0, 0.6, n)
        columns = [answer.clip(1, 5), answer.round().clip(1, 5), (answer > 3.5).astype(float), random.poisson(np.exp(trait)).astype(float)]
        waves.append(np.column_stack(columns))
    where = random.random(n)
    waves[0][where < 0.15], waves[1][where > 0.8] = np.nan, np.nan
    waves[1][:2, 1] = np.nan
    exposure = np.ones((2 * n, 4))
    exposure[:, 3] = random.integers(1, 4, 2 * n) / 2
    return of_waves(waves[0], waves[1], organisation, tuple(Outcome(kind, kind, low, high) for kind, low, high in KINDS), exposure)


def same(left: Result, right: Result, columns: list[int]) -> None:
    for field in FIELDS:
        assert np.asarray(getattr(left, field))[columns] == pytest.approx(np.asarray(getattr(right, field))[columns], rel=1e-7, abs=1e-9, nan_ok=True), field


# Against other programs


@pytest.mark.parametrize("case", list(POOLED["case"]))
def test_pooled_equals_mice(case: str) -> None:
    draws, expected = DRAWS[DRAWS["case"] == case], POOLED.set_index("case").loc[case]
    fit = pooled(draws[["estimate"]].to_numpy(), draws[["variance"]].to_numpy(), draws["df"].to_numpy()[:1])
    for field in FIELDS:
        assert getattr(fit, field)[0] == pytest.approx(expected[field], **AGREES), field


def test_imputation_agrees_with_mice_within_monte_carlo_error() -> None:
    # Random draws cannot be equal: 400 imputations here and 400 by mice. The two means differ by at most 3 of their Monte Carlo errors
    # (the linked persons alone give 2.44, everybody 5.23, mice 4.14). The variances also hang on the prior of
    # the organisations' variance, uniform on the ICC here and another in mice: within a fifth, and those between within a third.
    wide = pd.read_csv(REFERENCE / "mice_persons.csv")
    data = of_waves(wide[["before"]].to_numpy(), wide[["after"]].to_numpy(), wide["organisation"].to_numpy() - 1, (Outcome("y", "mean", 0, 100),))
    estimates, variances, df = imputed_changes(data, Settings(), 400)
    error = np.sqrt((estimates.var(ddof=1) + MICE["between"]) / 400)
    assert estimates.mean() == pytest.approx(MICE["estimate"], abs=3 * error)
    assert variances.mean() == pytest.approx(MICE["within"], rel=1 / 5)
    assert estimates.var(ddof=1) == pytest.approx(MICE["between"], rel=1 / 3)
    assert df[0] == pytest.approx(MICE["df"], **AGREES)


# By hand


def test_pooled_by_hand() -> None:
    # Estimates 1, 2, 3, variances 2, complete df 5: B = 1, T = 2 + 4/3 = 10/3, r = 2/5; old df 2/r^2 = 12.5, observed 6/8 * 5 * 3/5 = 2.25.
    fit = pooled(np.array([[1.0], [2.0], [3.0]]), np.full((3, 1), 2.0), np.array([5.0]))
    assert [fit.estimate[0], fit.std_error[0], fit.df[0]] == pytest.approx([2, np.sqrt(10 / 3), 12.5 * 2.25 / 14.75])


@pytest.mark.parametrize(
    ("estimates", "variances", "df"),
    [([0.3] * 5, [0.0] * 5, 4.0), ([0.3], [0.1], 4.0), ([0.3] * 5, [NAN] * 5, 4.0), ([0.3, 0.3], [0.1, 0.1], NAN), ([0.3, 0.3], [0.1, 0.1], 0.0)],
    ids=["no variance", "one imputation", "no variances", "no df", "df 0"],
)
def test_pooled_without_error(estimates: list[float], variances: list[float], df: float) -> None:
    fit = pooled(np.array(estimates).reshape(-1, 1), np.array(variances).reshape(-1, 1), np.array([df]))
    assert fit.estimate[0] == pytest.approx(0.3)
    assert np.isnan([fit.std_error[0], fit.df[0], fit.p_value[0], fit.ci_low[0]]).all()


def test_pooled_of_nothing() -> None:
    assert np.isnan(pooled(np.empty((0, 2)), np.empty((0, 2)), np.ones(2)).estimate).all()
    assert pooled(np.empty((20, 0)), np.empty((20, 0)), np.empty(0)).estimate.shape == (0,)


def test_a_line_without_scatter_is_followed() -> None:
    # Everybody's last score is the first plus 1, in all organisations: the missing ones can only be that, and the change 1.
    before = np.linspace(20, 80, 24)[:, None]
    after = before + 1
    after[[2, 9, 15]], before[[4, 20]] = np.nan, np.nan
    data = of_waves(before, after, np.arange(24) % 4, (Outcome("y", "mean", 0, 100),))
    # The prior on the slope pulls it by a tenth of a person in 19 linked: the change is 1 but for some hundredths.
    assert multiply_imputed(data, Settings()).estimate[0] == pytest.approx(1, abs=0.1)


# Draws inside the scale


@pytest.mark.parametrize(
    ("mean", "spread", "low", "high", "is_share"),
    [(3.0, 0.4, 1, 5, False), (4.5, 0.6, 1, 5, False), (1.2, 0.5, 1, 5, False), (0.3, 0.45, 0, 1, True), (0.8, 2.0, 0, np.inf, False), (50, 2, 0, 100, False)],
)
def test_draws_keep_mean_and_spread_inside_the_ends(mean: float, spread: float, low: float, high: float, is_share: bool) -> None:
    # Normal scores at 20,000 even steps: no random error, that of the steps is below a thousandth.
    normal = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)[None]
    ends = np.array([[low]], dtype=float), np.array([[high]], dtype=float)
    drawn = inside(np.full(normal.shape, mean), np.full(normal.shape, spread), normal, *ends, np.array([is_share]))
    assert low <= drawn.min()
    assert drawn.max() <= high
    assert drawn.mean() == pytest.approx(mean, rel=2e-3)
    assert drawn.std() == pytest.approx(np.sqrt(mean * (1 - mean)) if is_share else spread, rel=1e-2)
    assert not is_share or set(np.unique(drawn)) == {0.0, 1.0}


@pytest.mark.parametrize("mean", [-3.0, 0.0, 0.5, 1.0, 7.0])
@pytest.mark.parametrize("spread", [0.0, 1e-12, 0.3, 0.5, 40.0])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, np.inf), (-np.inf, np.inf), (0.5, 0.5)])
@pytest.mark.parametrize("is_share", [True, False])
def test_draws_at_the_edge(mean: float, spread: float, low: float, high: float, is_share: bool) -> None:
    normal = np.array([[-9.0, -1.0, 0.0, 1.0, 9.0]])
    drawn = inside(np.full((1, 5), mean), np.full((1, 5), spread), normal, np.array([[low]], float), np.array([[high]], float), np.array([is_share]))
    assert np.isfinite(drawn).all()
    assert ((low <= drawn) & (drawn <= high)).all()


# Too little to judge by: a flag and no number, nothing raised or warned

RANDOM = np.random.default_rng(5)
MANY = RANDOM.integers(1, 6, (14, 1)).astype(float)
LATER = (MANY + RANDOM.integers(-1, 2, (14, 1))).clip(1, 5)
GONE = np.arange(14)[:, None] > 10
SIX = np.arange(14) % 4
POOR = {
    "zero rows": (np.empty((0, 1)), np.empty((0, 1)), np.empty(0, int), "no_data"),
    "all missing": (MANY * NAN, LATER * NAN, SIX, "no_data"),
    "one respondent": (MANY[:1], LATER[:1], SIX[:1], "nothing_missing; one_organisation"),
    "nobody linked": (np.where(GONE, NAN, MANY), np.where(GONE, LATER, NAN), SIX, "nobody_linked"),
    "one wave": (MANY, LATER * NAN, SIX, "nobody_linked"),
    "few linked": (MANY, np.where(np.arange(14)[:, None] < FEWEST_LINKED - 1, LATER, NAN), SIX, "few_linked"),
    "just linked": (MANY, np.where(np.arange(14)[:, None] < FEWEST_LINKED, LATER, NAN), SIX, ""),
    "one organisation": (MANY, np.where(GONE, NAN, LATER), np.zeros(14, int), "one_organisation"),
    "nothing missing": (MANY, LATER, SIX, "nothing_missing"),
    "all ties": (MANY * 0 + 3, np.where(GONE, NAN, 3.0), SIX, "no_variance"),
    "no variance before": (MANY * 0 + 3, np.where(GONE, NAN, LATER), SIX, ""),
    "no variance after": (MANY, np.where(GONE, NAN, 3.0), SIX, ""),
    "separation": (np.where(GONE, 1.0, 5.0), np.where(GONE, NAN, LATER), SIX, ""),
    "organisation without linked": (MANY, np.where(GONE, NAN, LATER), np.where(GONE[:, 0], 4, SIX), ""),
    "organisation in one wave": (np.where(GONE, NAN, MANY), LATER, np.where(GONE[:, 0], 4, SIX), ""),
    "each an organisation": (MANY, np.where(GONE, NAN, LATER), np.arange(14), ""),
}


@pytest.mark.parametrize("case", list(POOR))
@pytest.mark.parametrize("ends", [(1, 5), (NAN, NAN), (1, np.inf)], ids=["ends", "no ends", "one end"])
def test_poor_data(case: str, ends: tuple[float, float]) -> None:
    before, after, organisation, flag = POOR[case]
    fit = multiply_imputed(of_waves(before, after, organisation, (Outcome("y", "item", *ends),)), Settings())
    assert fit.flag == (flag,)
    numbers = [np.asarray(getattr(fit, field))[0] for field in FIELDS[1:]]
    if flag in ("no_data", "nobody_linked", "few_linked"):
        assert np.isnan([fit.estimate[0], *numbers]).all()
    elif "one_organisation" in flag or flag == "no_variance":
        assert np.isfinite(fit.estimate[0])
        assert np.isnan(numbers).all()
    else:
        assert np.isfinite([fit.estimate[0], *numbers]).all()
        assert fit.p_value is not None
        assert fit.p_value[0] > 0


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_shares_all_alike(share: float) -> None:
    data = of_waves(MANY * 0 + share, np.where(GONE, NAN, share), SIX, (Outcome("share", "share", 0, 1),))
    fit = multiply_imputed(data, Settings())
    assert np.isfinite(fit.estimate[0])
    assert abs(fit.estimate[0]) <= 0.25


def test_no_indicators() -> None:
    fit = multiply_imputed(sample().only(np.zeros(4, dtype=bool)), Settings())
    assert fit.estimate.shape == (0,)
    assert fit.flag == ()


# Laws


@pytest.mark.parametrize("seed", range(2))
def test_columns_do_not_touch_each_other(seed: int) -> None:
    data = sample(seed)
    whole = multiply_imputed(data, Settings())
    assert whole.flag == ("",) * 4
    for column in range(4):
        alone = multiply_imputed(data.only([column]), Settings())
        for field in FIELDS:
            assert getattr(alone, field)[0] == pytest.approx(getattr(whole, field)[column], rel=1e-9), field
    poor = replace(data, y=np.where(np.arange(4) == 2, np.nan, data.y))
    same(multiply_imputed(poor, Settings()), whole, [0, 1, 3])


@pytest.mark.parametrize("seed", range(2))
def test_order_of_rows_and_codes_of_organisations_do_not_matter(seed: int) -> None:
    data, random = sample(seed), np.random.default_rng(seed)
    order, names = random.permutation(len(data.y)), random.permutation(data.n_codes)
    turned = replace(data.rows(order), organisation=names[data.organisation[order]])
    same(multiply_imputed(turned, Settings()), multiply_imputed(data, Settings()), [0, 1, 2, 3])


def test_same_seed_same_result_another_seed_another() -> None:
    one, again, other = (multiply_imputed(sample(), Settings(seed=seed)) for seed in (4, 4, 5))
    assert np.array_equal(one.estimate, again.estimate)
    assert not np.isclose(one.estimate, other.estimate, rtol=1e-6).any()


def test_another_unit() -> None:
    data = sample().only([0])
    scaled = replace(data, y=10 + 3 * data.y, outcomes=(Outcome("mean", "mean", 13, 25),))
    one, other = multiply_imputed(data, Settings()), multiply_imputed(scaled, Settings())
    for field in ("estimate", "std_error", "ci_low", "ci_high"):
        assert 3 * getattr(one, field) == pytest.approx(getattr(other, field), rel=1e-6)


def test_nothing_missing_is_linked() -> None:
    data = sample()
    full = replace(data, y=np.nan_to_num(data.y, nan=2.0))
    same(multiply_imputed(full, Settings()), linked_cr2(full, Settings()), [0, 1, 2, 3])


def test_the_more_is_missing_the_wider() -> None:
    random = np.random.default_rng(3)
    before = random.normal(50, 8, (60, 1))
    after = before + random.normal(3, 8, (60, 1))
    widths = []
    for missing in (3, 15, 30):
        cut = np.where(np.arange(60)[:, None] < missing, NAN, after)
        fit = multiply_imputed(of_waves(before, cut, np.arange(60) % 10, (Outcome("y", "mean", 0, 100),)), Settings())
        assert fit.ci_high is not None
        assert fit.ci_low is not None
        widths.append(fit.ci_high[0] - fit.ci_low[0])
    assert widths == sorted(widths)
