"""Simple comparisons that stand beside the primary one: in, scores per person or organisation; out, an estimate."""

from __future__ import annotations

import numpy as np

from midterm.measure.clustered import Estimate, Floats, with_interval


def paired_t(before: Floats, after: Floats, level: float = 0.95) -> Estimate:
    """Return the mean change of linked persons with the ordinary paired t error; ``before`` and ``after`` (n,).

    Source: Student 1908. It takes persons as independent: valid only where organisations change alike.
    """
    difference = after - before
    n = len(difference)
    if n < 2:
        return Estimate(float(difference.mean()) if n else np.nan)
    return with_interval(float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(n)), n - 1.0, level)
