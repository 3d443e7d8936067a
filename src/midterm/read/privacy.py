"""What never leaves a reader as it is: in, a heading or a linking column; out, whether it is personal, or its pseudonyms."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd

from midterm.description.personal import is_personal
from midterm.description.spelling import normalise
from midterm.read.cells import recoded
from midterm.read.headings import code_of


def pseudonym(column: pd.Series, headings: Sequence[str], salt: str) -> pd.Series:
    """Return a linking column with every text replaced by a keyed digest where one of its headings is personal, else every address in it.

    The same text gives the same pseudonym in every wave, whatever else its file holds; empty cells stay empty. A digest
    hides a token from a reader; who knows the salt and guesses the address can still recompute it, so codes made for the
    purpose are better.
    """
    is_all = any(is_personal(part) for heading in headings for part in (heading, code_of(heading)))
    if not (is_all or any("@" in text for text in column.cat.categories)):
        return column
    return recoded(column, lambda text: digest(text, salt) if "@" in text or (is_all and normalise(text)) else text)


def digest(text: str, salt: str) -> str:
    """Return twelve hexadecimal digits that stand for ``text`` under ``salt`` (BLAKE2b, keyed)."""
    return hashlib.blake2b(normalise(text).encode(), key=salt.encode()[:64], digest_size=6).hexdigest()
