"""The form in which names are compared: in, a name as typed; out, the same for all spellings that mean it."""

from __future__ import annotations

import unicodedata


def normalise(text: str) -> str:
    """Return ``text`` without invisible characters, with single spaces, case folded, in NFKC (again after folding, which undoes it)."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()).casefold()
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    composed = unicodedata.normalize("NFKC", visible)
    spaced = "".join(" " if unicodedata.category(char) in ("Zs", "Cc") else char for char in composed)
    return " ".join(unicodedata.normalize("NFKC", spaced.casefold()).split())
