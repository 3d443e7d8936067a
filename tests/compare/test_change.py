"""Equivalence and the minimal detectable change, against R 4.2.2 (``pt``, ``qt``) and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from midterm.compare.change import equivalence, minimal_detectable


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
