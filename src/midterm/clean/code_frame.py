"""The code frame of the interviews: in, a cell with one code or several; out, the theme and ratings that each of them names.

A code may stand with its parents: ``Theme > Child`` (MAXQDA), ``Nodes\\Theme\\Child`` (NVivo), ``Theme: Child`` (ATLAS.ti)
or ``Theme/rating``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from midterm.clean.names import Names
from midterm.description.codebook import InterviewForm
from midterm.description.spelling import normalise

STEPS = re.compile(r"\s*>\s*|\\+|:\s+")


@dataclass(frozen=True)
class Code:
    """What one code means: a theme, a rating or both, or one to ignore; ``hint`` is the nearest theme where it is none of these."""

    theme: str = ""
    ratings: frozenset[float] = frozenset()
    is_ignored: bool = False
    hint: str = ""


@dataclass(frozen=True)
class CodeFrame:
    """The themes, ratings and other codes that the codebook names."""

    themes: Names
    ratings: Mapping[str, float]
    ignored: frozenset[str]

    @classmethod
    def of(cls, form: InterviewForm) -> CodeFrame:
        """Build the frame from the codebook's interview form."""
        return cls(
            Names.of((theme.id, (theme.label.nl, theme.label.en, *theme.aliases)) for theme in form.themes),
            {normalise(spelling): rating.value for rating in form.ratings for spelling in (*rating.codes, rating.label.nl, rating.label.en)},
            frozenset(map(normalise, form.ignore)),
        )

    def codes(self, cell: str, *, by_line: bool = False) -> tuple[Code, ...]:
        """Return what the codes of a cell mean; they stand on lines of their own or, unless ``by_line``, between semicolons."""
        lines = [line.strip() for line in cell.splitlines()]
        texts = [text.strip() for line in lines for text in ([line] if by_line or self._is_known(line) else line.split(";"))]
        return tuple(self.code(text) for text in texts if text)

    def code(self, text: str) -> Code:
        """Return what one code means. Of its steps, the deepest that is a theme or to be ignored decides."""
        steps = self._steps(text)
        ratings = frozenset(self.ratings[normalise(step)] for step in steps if normalise(step) in self.ratings)
        for step in reversed(steps):
            theme = self.themes.match(step)
            if theme:
                return Code(theme, ratings)
            if normalise(step) in self.ignored:
                return Code(is_ignored=True)
        return Code(ratings=ratings) if ratings else Code(hint=self.themes.hint(steps[-1]))

    def _steps(self, text: str) -> list[str]:
        if self._names(text):
            return [text]
        steps: list[str] = []
        for step in filter(None, STEPS.split(text)):
            theme, _, rating = step.partition("/")
            steps += [theme, rating] if not self._names(step) and self.themes.match(theme) and normalise(rating) in self.ratings else [step]
        return steps or [text]

    def _is_known(self, text: str) -> bool:
        return all(map(self._names, self._steps(text)))

    def _names(self, step: str) -> bool:
        key = normalise(step)
        return key in self.ratings or key in self.ignored or self.themes.match(step) is not None
