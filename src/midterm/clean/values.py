"""Decoding of cells: in, text as people and programs write it; out, numbers, or None where it is none."""

from __future__ import annotations

import math
import re
import unicodedata

_DUTCH_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?")
_SPACED_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([ \u00a0\u2009\u202f'\u2019])\d{3}(\1\d{3})*([.,]\d+)?")
_ENGLISH_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3}){2,}(\.\d+)?|[+-]?\d{1,3}(,\d{3})+\.\d+")
_PLAIN = re.compile(r"[+-]?\d+([.,]\d+)?")


def parse_number(text: str) -> float | None:
    """Return the number that a hand-typed cell means: ``1.234,5``, ``1234,5``, ``1 234``, ``1'234``, ``-3``; else None.

    A single point before exactly three digits is a Dutch thousands separator (``1.250`` is 1250).
    """
    plain = _with_point(re.sub(r"^([+-])\s+", r"\1", visible(text).replace("\u2212", "-")))
    number = float(plain) if plain else math.inf
    return number + 0.0 if math.isfinite(number) else None  # no -0.0


def _with_point(text: str) -> str:
    """Return a number as a program writes it (``1234.5``), or nothing where the text is none."""
    if _DUTCH_THOUSANDS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _SPACED_THOUSANDS.fullmatch(text):
        return re.sub(r"[\s'\u2019]", "", text).replace(",", ".")
    if _ENGLISH_THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    return text.replace(",", ".") if _PLAIN.fullmatch(text) else ""


def parse_year(text: str) -> int | None:
    """Return a four-digit year from 1900 to 2199 (also as a program writes it, ``2024.0``), else None."""
    found = re.fullmatch(r"((?:19|20|21)\d\d)(?:[.,]0)?", visible(text))
    return int(found[1]) if found else None


def visible(text: str) -> str:
    """Return ``text`` without the invisible characters that come along when a cell is pasted."""
    return "".join(char for char in text if unicodedata.category(char) != "Cf").strip()
