"""Equivalence and the minimal detectable change against R 4.2.2 (``pt``, ``qt``), and whose scores a row rests on, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from midterm.compare import change
from midterm.compare.change import equivalence, minimal_detectable
from midterm.compare.two_waves import Outcome, TwoWaves
from midterm.description import Evaluation


@pytest.mark.parametrize(
    ("estimate", "error", "df", "margin", "p"),
    [
        # R: max(pt((e + m) / s, df, lower.tail = FALSE), pt((e - m) / s, df)), printed with 10 digits.
        (0.05, 0.10, 6.2, 0.3, 0.022632955),
        (-0.25, 0.10, 6.2, 0.3, 0.3171619136),
        (0.40, 0.20, 2.5, 0.3, 0.6711510401),
    ],
)
def test_equivalence_equals_r(estimate: float, error: float, df: float, margin: float, p: float) -> None:
    assert equivalence(*(np.array([value]) for value in (estimate, error, df, margin)))[0] == pytest.approx(p, rel=1e-8)


def test_below_five_per_cent_the_ninety_per_cent_interval_lies_inside_the_margin() -> None:
    # t(.95, 6) = 1.943180 (R qt, any printed table): .1 + 1.943180 x .1 = .294318 is inside .3, with error .103 it is .300148.
    inside, outside = (equivalence(np.array([0.1]), np.array([error]), np.array([6.0]), np.array([0.3]))[0] for error in (0.1, 0.103))
    assert inside < 0.05 < outside


def test_without_error_or_df_there_is_no_equivalence() -> None:
    assert np.isnan(equivalence(np.array([0.1, 0.1]), np.array([0.0, np.nan]), np.array([3.0, 3.0]), np.array([0.3, 0.3]))).all()


@pytest.mark.parametrize(
    ("error", "df", "found"),
    # R: (qt(.975, df) + qt(.8, df)) * s, printed with 10 digits.
    [(0.10, 4, 0.3717409682), (0.25, 7, 0.815163474), (0.06, 40, 0.1723065112)],
)
def test_minimal_detectable_equals_r(error: float, df: float, found: float) -> None:
    assert minimal_detectable(np.array([error]), np.array([float(df)]))[0] == pytest.approx(found, rel=1e-8)


def test_one_organisation_detects_nothing() -> None:
    assert np.isnan(minimal_detectable(np.array([0.1]), np.array([0.0]))[0])


# Which persons a row rests on


def persons_of(tiny: Evaluation, linked: int, per_organisation: int = 6, organisations: int = 6) -> TwoWaves:
    """Return scores of the tiny evaluation's indicators: so many organisations and persons each wave, the first ``linked`` in both."""
    n = per_organisation * organisations
    names = [f"organisation {at}" for at in range(organisations)]
    random = np.random.default_rng(7)
    rows = []
    for wave in (tiny.plan.from_wave, tiny.plan.to_wave):
        for at in range(n):
            who = f"{at}" if at < linked or wave == tiny.plan.from_wave else f"new {at}"
            scores = {indicator.id: float(random.integers(0, 2) if indicator.statistic == "share" else random.integers(1, 6)) for indicator in tiny.indicators}
            rows.append({"respondent_id": who, "alliance": "noord", "organisation": names[at % organisations], "wave": wave, **scores})
    return change.two_waves(tiny, pd.DataFrame(rows))


def test_a_method_of_linked_persons_has_their_numbers_and_tier(tiny: Evaluation) -> None:
    table = change.checks(tiny, persons_of(tiny, linked=4), "noord")
    few = table[(table["indicator"] == "goal") & (table["method"] == "linked_cr2")].iloc[0]
    everybody = table[(table["indicator"] == "goal") & (table["method"] == "welch_t")].iloc[0]
    # Four linked persons, of four organisations: T0 by persons, though six organisations have data in both waves.
    assert [few[name] for name in ("n_from", "n_to", "n_paired", "n_organisations", "tier", "design")] == [4, 4, 4, 4, "T0", "paired"]
    assert pd.isna(few["p_value"])
    assert "too_small_to_test" in few["flag"]
    assert [everybody[name] for name in ("n_from", "n_to", "n_paired", "n_organisations", "tier")] == [36, 36, 4, 6, "T2"]


def test_differences_of_few_leavers_are_not_tested(tiny: Evaluation) -> None:
    few, many = (change.attrition(tiny, persons_of(tiny, linked=linked), "noord").set_index("indicator").loc["goal"] for linked in (32, 20))
    assert (few["n_leavers"], many["n_leavers"]) == (4, 16)
    assert pd.isna(few["leavers_p_value"])
    assert not pd.isna(many["leavers_p_value"])
    assert "too_small_to_test (leavers)" in few["flag"]


def test_scores_of_linked_persons_and_of_lasting_organisations_only() -> None:
    # Persons 0 and 1 are in both waves, 1 without a score in the last; organisation 1 has nobody in the last wave.
    y = np.array([[1.0], [2.0], [3.0], [4.0], [np.nan], [5.0]])
    person, organisation = np.array([0, 1, 2, 0, 1, 3]), np.array([0, 0, 1, 0, 0, 0])
    data = TwoWaves(y, np.arange(6) > 2, organisation, person, 0 * person, np.ones_like(y), np.full((2, 2), np.nan), (Outcome("x", "mean", 1, 5),))
    np.testing.assert_array_equal(data.linked_only().y[:, 0], [1, np.nan, np.nan, 4, np.nan, np.nan])
    np.testing.assert_array_equal(data.lasting_only().y[:, 0], [1, 2, np.nan, 4, np.nan, 5])


def test_what_is_only_described_is_not_said_to_be_too_small_for_a_test(tiny: Evaluation) -> None:
    table = change.checks(tiny, persons_of(tiny, linked=4, organisations=3), "noord").query("indicator == 'goal'").set_index("method")
    assert "too_small_to_test" in table.loc["welch_t", "flag"]
    assert "too_small_to_test" not in table.loc["finite_population_change", "flag"]
    assert not table["flag"].str.split("; ").map(lambda flags: len(flags) != len(set(flags))).any()
