"""Everybody with a row in either wave: in, two waves; out, one row per person with both scores, and who stayed, left or came."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from midterm.compare.two_waves import AFTER, BEFORE, Codes, Truths, TwoWaves
from midterm.measure.clustered import Floats


@dataclass(frozen=True)
class Persons:
    """Everybody with a row in either wave, in the order of their codes.

    ``scores`` (2, P, k) in each wave, NaN where there is none; a count is a rate, per ``exposure`` (2, P, k). ``organisation``
    (2, P) in each wave, that of the other wave where the person has no row; ``n_codes`` the number of organisations G.
    """

    scores: Floats
    exposure: Floats
    organisation: Codes
    n_codes: int

    @cached_property
    def is_there(self) -> Truths:
        """Which scores there are (2, P, k)."""
        return ~np.isnan(self.scores)

    @cached_property
    def seen(self) -> Truths:
        """Who has a score in either wave (P, k)."""
        return np.asarray(self.is_there.any(axis=0))

    @cached_property
    def stays(self) -> Truths:
        """Who has both scores (P, k)."""
        return np.asarray(self.is_there.all(axis=0))

    @cached_property
    def leaves(self) -> Truths:
        """Who has a score in the first wave only (P, k)."""
        return np.asarray(self.is_there[BEFORE] & ~self.is_there[AFTER])

    @cached_property
    def enters(self) -> Truths:
        """Who has a score in the last wave only (P, k)."""
        return np.asarray(self.is_there[AFTER] & ~self.is_there[BEFORE])

    def exposed(self, wave: int, kept: Truths) -> Floats:
        """Return the exposure in a wave (P, k) of the persons ``kept`` (P, k), 0 of others: what they weigh."""
        return np.asarray(np.where(kept, self.exposure[wave], 0.0))

    def sums(self, values: Floats, wave: int = BEFORE) -> Floats:
        """Return the sums (G, k) of ``values`` (P, k) by the organisation of that wave; NaN counts for nothing."""
        return sums_by(self.organisation[wave], self.n_codes, np.nan_to_num(values))

    def n_organisations(self, kept: Truths) -> NDArray[np.intp]:
        """Return how many organisations (k,) the persons ``kept`` (P, k) are of."""
        return np.asarray((self.sums(kept.astype(float)) > 0).sum(axis=0))


def sums_by(codes: Codes, count: int, values: Floats) -> Floats:
    """Return the sums (count, k) of ``values`` (n, k) over the rows of each code (n,)."""
    picks = sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(max(count, 1), len(codes)))
    return np.asarray(picks @ values)[:count]


def persons(data: TwoWaves) -> Persons:
    """Return the two waves with one row per person."""
    known, row = np.unique(data.person, return_inverse=True)
    shape = (2, len(known), data.y.shape[1])
    scores, exposure, organisation = np.full(shape, np.nan), np.ones(shape), np.full(shape[:2], -1, dtype=np.intp)
    rates = np.divide(data.y, data.exposure, out=np.full_like(data.y, np.nan), where=data.is_there & (data.exposure > 0))
    wave = data.is_after.astype(np.intp)
    scores[wave, row], exposure[wave, row], organisation[wave, row] = rates, data.exposure, data.organisation
    organisation = np.where(organisation < 0, organisation[::-1], organisation)
    return Persons(scores, exposure, organisation, data.n_codes)


def anybody(kept: Truths) -> Truths:
    """Return for which indicators (k,) anybody is ``kept`` (P, k)."""
    return np.asarray(kept.any(axis=0))
