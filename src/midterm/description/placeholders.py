"""Placeholders in texts: in, a text with names in braces; out, the text, refused when it uses a name not known there."""

from __future__ import annotations

from string import Formatter

from pydantic import AfterValidator

from midterm.errors import nearest


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
