"""The paired t of linked persons against R's t.test, a published case and laws.

The expected values come from ``tests/reference/estimators.R`` (programs and versions in ``tests/reference/versions.csv``).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from midterm.compare.paired import paired_t

REFERENCE = Path(__file__).parents[1] / "reference" / "estimators"
PAIRS = pd.read_csv(REFERENCE / "pairs.csv")
PAIRED_T = pd.read_csv(REFERENCE / "paired_t.csv")
FIELDS = ["estimate", "std_error", "df", "ci_low", "ci_high"]
AGREES = {"rel": 1e-6, "abs": 1e-12}
laws = settings(derandomize=True, max_examples=25, deadline=None)
pairs_of_answers = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=15)


@pytest.mark.parametrize("row", [row for _, row in PAIRED_T.iterrows()], ids=lambda row: row["sample"])
def test_equals_t_test_in_r(row: pd.Series) -> None:
    persons = PAIRS[PAIRS["sample"] == row["sample"]]
    fit = paired_t(persons["before"].to_numpy(float), persons["after"].to_numpy(float))
    for field in FIELDS:
        assert getattr(fit, field) == pytest.approx(row[field], **AGREES), field


def test_sleep_of_student() -> None:
    # Student 1908, Biometrika 6(1): ten patients, hours of sleep gained with two drugs; mean difference 1.58, its standard
    # deviation 1.23 with n - 1. The interval .7001 to 2.4599 is in R's help page of `sleep` (t = 4.0621, df = 9).
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    fit = paired_t(first, second)
    assert (fit.estimate, fit.df) == pytest.approx((1.58, 9))
    assert fit.estimate / fit.std_error == pytest.approx(4.0621, abs=0.00005)
    assert (fit.ci_low, fit.ci_high) == pytest.approx((0.7001, 2.4599), abs=0.00005)


@pytest.mark.skipif("MIDTERM_TEST_DATA" not in os.environ, reason="MIDTERM_TEST_DATA does not name the folder with univbct.csv, which may not be committed")
def test_real_survey() -> None:
    # Values to the decimals printed in that folder's README (R 4.2.2); JOBSAT1 and JOBSAT3 are the first and third wave.
    data = pd.read_csv(Path(os.environ["MIDTERM_TEST_DATA"]) / "univbct.csv").drop_duplicates("SUBNUM").dropna(subset=["JOBSAT1", "JOBSAT3"])
    fit = paired_t(data["JOBSAT1"].to_numpy(float), data["JOBSAT3"].to_numpy(float))
    assert (len(data), fit.df) == (442, 441)
    assert fit.estimate == pytest.approx(0.09351, abs=0.000005)
    assert fit.estimate / fit.std_error == pytest.approx(1.9155, abs=0.00005)
    assert 2 * stats.t.sf(fit.estimate / fit.std_error, fit.df) == pytest.approx(0.05608, abs=0.000005)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [([], [], np.nan), ([2.0], [3.0], 1.0), ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], 1.0), ([4.0] * 5, [4.0] * 5, 0.0), ([0.1, 0.2], [0.2, 0.3], 0.1)],
    ids=["nobody", "one person", "all change alike", "all ties", "alike but for rounding"],
)
def test_without_error(before: list[float], after: list[float], change: float) -> None:
    fit = paired_t(np.array(before), np.array(after))
    assert fit.estimate == pytest.approx(change, nan_ok=True)
    assert np.isnan([fit.std_error, fit.df, fit.ci_low, fit.ci_high]).all()


@laws
@given(pairs_of_answers, st.integers(-9, 9), st.sampled_from([0.1, 2.0, 30.0]))
def test_laws(rows: list[tuple[int, int]], shift: int, scale: float) -> None:
    before, after = np.array(rows, float).T
    fit = paired_t(before, after)
    plain = [getattr(fit, field) for field in FIELDS]
    scaled = [fit.estimate * scale, fit.std_error * scale, fit.df, fit.ci_low * scale, fit.ci_high * scale]
    flipped = [-fit.estimate, fit.std_error, fit.df, -fit.ci_high, -fit.ci_low]
    for other, expected in (
        (paired_t(before[::-1], after[::-1]), plain),
        (paired_t(before + shift, after + shift), plain),
        (paired_t(before * scale, after * scale), scaled),
        (paired_t(after, before), flipped),
    ):
        assert [getattr(other, field) for field in FIELDS] == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True)
