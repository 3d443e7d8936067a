"""Placeholders in texts: in, a text with names in braces; out, the text, refused when it uses a name not known there."""

from __future__ import annotations

import re
from string import Formatter

from pydantic import AfterValidator, field_validator

from midterm.description.model import Frozen
from midterm.description.numbers import typed_numbers
from midterm.errors import nearest

ENDS = ("0%", "100%")  # of a way or a scale, which no table holds
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


class Sentences(Frozen):
    """Texts of figures and reports: a number enters them through a placeholder only."""

    @field_validator("*")
    @classmethod
    def _no_number_is_typed(cls, content: object) -> object:
        texts = content.values() if isinstance(content, dict) else [content]
        typed = [number for text in texts if isinstance(text, str) for number in typed_numbers(PLACEHOLDER.sub(" ", text)) if number not in ENDS]
        if typed:
            raise ValueError(f"the number {typed[0]} is typed by hand, and numbers come from the tables; take it out or use a placeholder")
        return content


def uses(*names: str) -> AfterValidator:
    """Return a check that a text uses no placeholder but ``names``."""

    def checked(text: str) -> str:
        try:
            found = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
        except ValueError:
            raise ValueError("a brace is not closed; write placeholders as {name}") from None
        unknown = [name for name in found if name not in names]
        if unknown:
            raise ValueError(f"the placeholder {{{unknown[0]}}} is not known here; {nearest(unknown[0], names)}")
        return text

    return AfterValidator(checked)
