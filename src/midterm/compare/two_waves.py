"""Two waves side by side: in, scores of persons; out, arrays over all indicators at once, which every comparison takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from midterm.measure.clustered import Floats

Codes = NDArray[np.intp]
Truths = NDArray[np.bool_]
Kind = Literal["mean", "item", "share", "count"]
BEFORE: Final = 0
AFTER: Final = 1


@dataclass(frozen=True)
class Outcome:
    """What one column of scores is: a mean of items, one ordinal item, a 0/1 share or a count; with the ends of its scale."""

    name: str
    kind: Kind
    low: float
    high: float


@dataclass(frozen=True)
class Linked:
    """Persons with a row in both waves: scores (m, k), NaN in both where one is missing, and their organisation (m,) in the first."""

    before: Floats
    after: Floats
    organisation: Codes

    @property
    def change(self) -> Floats:
        """After minus before (m, k)."""
        return self.after - self.before


@dataclass(frozen=True)
class TwoWaves:
    """Scores of k indicators in the two waves of a contrast; one row per person and wave.

    ``y`` (n, k), NaN where there is no score; ``is_after`` (n,); ``organisation`` (n,) codes 0..G-1; ``person`` (n,)
    codes, the same in both waves; ``alliance`` (n,) codes of the stratum that the organisation is permuted in;
    ``exposure`` (n, k), above 0, what a count is per (1 else); ``population`` (2, G) people by the staff list, NaN
    where it does not say; ``outcomes`` k descriptions of the columns.
    """

    y: Floats
    is_after: Truths
    organisation: Codes
    person: Codes
    alliance: Codes
    exposure: Floats
    population: Floats
    outcomes: tuple[Outcome, ...]

    @classmethod
    def of(cls, scores: pd.DataFrame, outcomes: Sequence[Outcome], waves: tuple[str, str], population: pd.DataFrame | None = None) -> TwoWaves:
        """Take two waves out of ``scores`` (a row per person and wave, a column per outcome).

        ``population`` has a row per wave, alliance and organisation with the number of people, also of organisations of which
        nobody answered; ``NAME:exposure`` in ``scores`` is the exposure of the outcome NAME.
        """
        kept = scores[scores["wave"].isin(waves).to_numpy(dtype=bool)]
        is_after = (kept["wave"] == waves[1]).to_numpy(dtype=bool)
        listed = [] if population is None else population.loc[population["wave"].isin(waves).to_numpy(dtype=bool), "organisation"].tolist()
        names = np.array(sorted({*kept["organisation"], *listed}), dtype=object)
        y = np.column_stack([kept[outcome.name].to_numpy(dtype=float) for outcome in outcomes]) if outcomes else np.empty((len(kept), 0))
        exposure = np.ones_like(y)
        for column, outcome in enumerate(outcomes):
            if f"{outcome.name}:exposure" in kept:
                exposure[:, column] = kept[f"{outcome.name}:exposure"].to_numpy(dtype=float)
        y = np.where(exposure > 0, y, np.nan)
        return cls(
            y=y,
            is_after=is_after,
            organisation=np.searchsorted(names, kept["organisation"].to_numpy(dtype=object)),
            person=pd.factorize(kept["respondent_id"].to_numpy(dtype=object), sort=True)[0],
            alliance=pd.factorize(kept["alliance"].to_numpy(dtype=object), sort=True)[0],
            exposure=exposure,
            population=_people(population, names, waves),
            outcomes=tuple(outcomes),
        )

    def only(self, columns: Sequence[int] | Truths) -> TwoWaves:
        """Return the same persons with these indicators only."""
        chosen = np.arange(len(self.outcomes))[np.asarray(columns, dtype=None if len(columns) else np.intp)]
        return replace(self, y=self.y[:, chosen], exposure=self.exposure[:, chosen], outcomes=tuple(self.outcomes[column] for column in chosen))

    def rows(self, kept: Truths) -> TwoWaves:
        """Return the rows ``kept`` (n,) only; codes stay as they are."""
        fields = ("y", "is_after", "organisation", "person", "alliance", "exposure")
        return replace(self, **{name: getattr(self, name)[kept] for name in fields})

    def linked_only(self) -> TwoWaves:
        """Return the same rows with the scores of those persons only who have one in both waves, indicator by indicator."""
        has_two = np.zeros((int(self.person.max(initial=-1)) + 1, len(self.outcomes)), dtype=np.intp)
        np.add.at(has_two, self.person, self.is_there)
        return replace(self, y=np.where(has_two[self.person] == 2, self.y, np.nan))

    def lasting_only(self) -> TwoWaves:
        """Return the same rows with the scores of those organisations only that have some in both waves, indicator by indicator."""
        return replace(self, y=np.where(self.is_in_both[self.organisation], self.y, np.nan))

    @cached_property
    def is_there(self) -> Truths:
        """Which scores there are (n, k)."""
        return ~np.isnan(self.y)

    @property
    def n_codes(self) -> int:
        """The number of organisation codes G."""
        return int(self.population.shape[1])

    @cached_property
    def _cells(self) -> sparse.csr_array:
        codes = self.is_after * self.n_codes + self.organisation
        return sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(2 * self.n_codes, len(codes)))

    def by_organisation(self, values: Floats) -> Floats:
        """Return the sums (2, G, k) of ``values`` (n, k) in each wave and organisation; NaN counts for nothing."""
        sums = self._cells @ np.nan_to_num(values)
        return np.asarray(sums).reshape(2, self.n_codes, values.shape[1])

    @cached_property
    def sizes(self) -> Floats:
        """Persons with a score (2, G, k)."""
        return self.by_organisation(self.is_there.astype(float))

    @cached_property
    def sums(self) -> Floats:
        """Sums of the scores (2, G, k)."""
        return self.by_organisation(self.y)

    @cached_property
    def organisation_means(self) -> Floats:
        """Mean score of each wave and organisation (2, G, k); NaN where nobody has one."""
        return np.divide(self.sums, self.sizes, out=np.full_like(self.sums, np.nan), where=self.sizes > 0)

    @cached_property
    def n(self) -> Floats:
        """Persons with a score in each wave (2, k)."""
        return np.asarray(self.sizes.sum(axis=1))

    @cached_property
    def is_in_both(self) -> Truths:
        """Which organisations have scores in both waves (G, k)."""
        return np.asarray((self.sizes > 0).all(axis=0))

    @cached_property
    def linked(self) -> Linked:
        """Persons with a row in both waves, in the order of their codes."""
        first, last = (np.flatnonzero(self.is_after == wave) for wave in (False, True))
        _, before, after = np.intersect1d(self.person[first], self.person[last], return_indices=True)
        before, after = first[before], last[after]
        has_both = self.is_there[before] & self.is_there[after]
        return Linked(np.where(has_both, self.y[before], np.nan), np.where(has_both, self.y[after], np.nan), self.organisation[before])

    @cached_property
    def n_paired(self) -> Floats:
        """Persons with a score in both waves (k,)."""
        return np.asarray((~np.isnan(self.linked.before)).sum(axis=0), dtype=float)


def _people(population: pd.DataFrame | None, organisations: NDArray[np.object_], waves: tuple[str, str]) -> Floats:
    """Return people by wave and organisation (2, G), summed over alliances; NaN where the staff list does not say."""
    people = np.full((2, len(organisations)), np.nan)
    if population is not None and len(population):
        known = population.groupby(["wave", "organisation"])["population"].sum(min_count=1)
        for row, wave in enumerate(waves):
            people[row] = [known.get((wave, organisation), np.nan) for organisation in organisations]
    return np.where(people > 0, people, np.nan)
