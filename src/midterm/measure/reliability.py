"""May a mean be called a scale, or an alliance's view? In, persons by items or by alliance; out, alpha and ICC(1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from midterm.measure.clustered import NO_VARIANCE, Estimate, Floats


def cronbach_alpha(items: Floats, level: float = 0.95) -> Estimate:
    """Return Cronbach's alpha of ``items`` (persons, items; complete, all pointing one way) with Feldt's interval.

    Source: Feldt, Woodruff & Salih 1987, Applied Psychological Measurement 11(1): (1 - alpha) F quantiles with
    n - 1 and (n - 1)(k - 1) degrees of freedom; R psych ``alpha`` gives the same point. NaN under 3 persons or 2 items.
    """
    n, k = items.shape
    total = float(items.sum(axis=1).var(ddof=1)) if n > 2 else 0.0
    if k < 2 or total <= NO_VARIANCE**2:
        return Estimate(np.nan)
    alpha = k / (k - 1) * (1 - float(items.var(axis=0, ddof=1).sum()) / total)
    low, high = (1 - (1 - alpha) * float(stats.f.ppf(q, n - 1, (n - 1) * (k - 1))) for q in (0.5 + level / 2, 0.5 - level / 2))
    return Estimate(alpha, ci_low=low, ci_high=high)


def icc1(y: Floats, group: NDArray[np.generic]) -> float:
    """Return ICC(1) of ``y`` (n,) over ``group`` (n,): the share of variance that lies between groups.

    One-way analysis of variance with the unequal-size n0 = (n - sum n_g^2 / n) / (G - 1).
    Source: Shrout & Fleiss 1979; Snedecor & Cochran 1989. NaN with one group or no person beyond one a group.
    """
    codes = np.unique(group, return_inverse=True)[1]
    sizes = np.bincount(codes).astype(float)
    n, groups = float(len(y)), len(sizes)
    if groups < 2 or n <= groups:
        return float("nan")
    means = np.bincount(codes, weights=y) / sizes
    between = float((sizes * (means - y.mean()) ** 2).sum()) / (groups - 1)
    within = float(((y - means[codes]) ** 2).sum()) / (n - groups)
    size = (n - float((sizes**2).sum()) / n) / (groups - 1)
    denominator = between + (size - 1) * within
    return (between - within) / denominator if denominator > NO_VARIANCE**2 else float("nan")
