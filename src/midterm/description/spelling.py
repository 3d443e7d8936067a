"""The form in which names are compared: in, a name as typed; out, the same for all spellings that mean it."""

from __future__ import annotations

import unicodedata


def normalise(text: str) -> str:
    """Return ``text`` in NFKC, without invisible characters, with single spaces, case folded."""
    composed = unicodedata.normalize("NFKC", text)
    visible = "".join(" " if unicodedata.category(char) in ("Zs", "Cc") else char for char in composed if unicodedata.category(char) != "Cf")
    return " ".join(visible.split()).casefold()
