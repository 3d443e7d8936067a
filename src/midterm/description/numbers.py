"""Numbers typed by hand: in, a line of text; out, the numbers in it that no table gave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

ADDRESS = re.compile(r"\]\([^)]*\)|https?://\S+")
MONTHS = (
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|"
    "january|february|march|may|june|july|august|october|jan|feb|mrt|mar|apr|jun|jul|aug|sep|sept|okt|oct|nov|dec"
)
DATE = re.compile(rf"\b\d{{1,2}}\s+(?=(?:{MONTHS})\b)", re.IGNORECASE)
LIST_MARK = re.compile(r"^\s*(\d+[.)])\s")
NUMBER = re.compile(r"(?<![\w.,])(?<!\w[-–])[-+−]?\d[\d.,]*(?:\s?%)?(?![\w])")
YEAR = re.compile(r"(?:19|20)\d\d")


def typed_numbers(line: str, names: Iterable[str] = ()) -> Iterator[str]:
    """Give every number in ``line``, but for years, dates, the marks of a numbered list, addresses, and what is part of a word or of ``names``."""
    text = DATE.sub("", ADDRESS.sub("]", line))
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    mark = LIST_MARK.match(text)
    for found in NUMBER.findall(text[mark.end() :] if mark else text):
        number = found.rstrip(".,")
        if not all(YEAR.fullmatch(part) for part in re.split(r"[-–−/]", number) if part):
            yield number
