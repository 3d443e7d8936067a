"""The one error type for users: in, a fault and its place; out, one sentence without a traceback or an answer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One fault at one place, as the user sees it.

    ``row`` is the physical line in a text file (the first is 1) or Excel's own row number; ``None`` means the
    whole file or column. ``reason`` says what is wrong and what to do, and never repeats an answer.
    """

    file: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    rule: str = ""
    reason: str = ""

    def __str__(self) -> str:
        place = [self.file]
        if self.sheet:
            place.append(f"sheet {self.sheet}")
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.reason}"


class UserError(Exception):
    """Something the user can mend; carries every problem found, not only the first."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows of it (IPython asks): the sentences, as a traceback says nothing to who can mend it."""
        return [str(problem) for problem in self.problems]


class ConfigError(UserError):
    """The call or the description of the evaluation is wrong: nothing was done (exit status 2)."""


class AwaitedError(UserError):
    """A declared file has not arrived yet (``check`` lists it, ``run`` goes on without it)."""


def nearest(name: str, known: Iterable[str], *, list_few: bool = True) -> str:
    """Return a hint naming the known name nearest to ``name``, or the valid names when few (unless they may be answers)."""
    names = sorted(set(known))
    folded = {candidate.casefold(): candidate for candidate in names}
    match = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    if match:
        return f"the nearest valid name is {folded[match[0]]!r}"
    if list_few and 0 < len(names) <= 12:
        return f"valid names are {', '.join(names)}"
    return "no valid name is near it"
