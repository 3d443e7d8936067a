"""Matching of names and closed lists: in, a cell; out, the id it stands for, or the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from midterm.description.spelling import normalise


@dataclass(frozen=True)
class Names:
    """Known names: what each normalised spelling stands for, and how the name is written."""

    ids: Mapping[str, str]
    written: Mapping[str, str]

    @classmethod
    def of(cls, entries: Iterable[tuple[str, Iterable[str]]]) -> Names:
        """Build from pairs of id and spellings (the first is how it is written); the id itself counts as well."""
        ids: dict[str, str] = {}
        written: dict[str, str] = {}
        for entry, spellings in entries:
            for spelling in (*spellings, entry):
                ids.setdefault(normalise(spelling), entry)
                written.setdefault(normalise(spelling), spelling)
        return cls(ids, written)

    def match(self, text: str) -> str | None:
        """Return the id that ``text`` stands for, or None: anything but the same name is unknown."""
        return self.ids.get(normalise(text))

    def hint(self, text: str) -> str:
        """Return a hint with the nearest known name, or that there is nothing, without repeating ``text``."""
        if not normalise(text):
            return "the cell is empty"
        close = difflib.get_close_matches(normalise(text), self.ids, n=1, cutoff=0.6)
        return f"the nearest known is {self.written[close[0]]!r}" if close else "no known name is near it"
