"""What an Excel cell shows: in, a number as stored and the code of its format; out, the text that cleaning reads."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal

# What a cell format shows: number, percent, date, duration, or zeros only (000), which is a number of as many digits at least.
Kind = str
BUILTIN: dict[int, Kind] = {
    **dict.fromkeys((9, 10), "percent"),
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), "date"),
    46: "duration",
}
# What a format shows as it stands: quoted or escaped text, room (_x), filling (*x), and all in brackets but hours, minutes, seconds.
LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
DIGITS = 15
EXACT = 2**53
LAST_DAY = 2_958_466  # 1 January 10000, the first day that Excel does not show
NO_SUCH_DAY = 60


def kind_of(code: str) -> Kind:
    """Return what a number format shows (ECMA-376 part 1, 18.8.31); its first section decides."""
    section = LITERAL.sub("", code).partition(";")[0].casefold()
    if set(section) == {"0"} and len(section) > 1:
        return section
    if "%" in section:
        return "percent"
    if "[" in section:
        return "duration"
    return "date" if set(section) & set("dmyhs") else "number"


def shown(stored: str, kind: Kind, *, is_1904: bool) -> str:
    """Return a stored number as text: with a decimal comma, in per cent (45%), as an ISO date or as hours (36:00:00).

    A number has the 15 digits that Excel shows (0.30000000000000004 is 0,3), but whole numbers keep all of theirs, as
    they may be somebody's code, and get the zeros that their format puts before them (007 under 000). What is no
    number, or no date that Excel shows, stands as it is.
    """
    zeros = 0 if kind.strip("0") else len(kind)
    if (zeros or kind == "number") and stored.isdecimal() and stored.isascii() and (stored[0] != "0" or stored == "0"):
        return stored.zfill(zeros)
    if not NUMBER.fullmatch(stored) or not math.isfinite(value := float(stored)):
        return stored
    if kind == "percent":
        return f"{_plain(_rounded(value) * 100)}%"
    if kind == "date" and 0 <= value < LAST_DAY:
        return _date(value, is_1904=is_1904)
    if kind == "duration" and value >= 0:
        return _clock(round(value * 86_400))
    if value.is_integer() and abs(value) <= EXACT:
        return format(int(value), f"0{zeros + (value < 0)}d")
    return _plain(_rounded(value))


def _rounded(value: float) -> Decimal:
    return Decimal(format(value, f".{DIGITS}g"))


def _plain(number: Decimal) -> str:
    digits = format(number, "f")
    shortest = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if shortest == "-0" else shortest.removeprefix("+").replace(".", ",")


def _date(serial: float, *, is_1904: bool) -> str:
    """Return the day and time of a serial number; Excel counts 29 February 1900, which never was, as day 60."""
    days, seconds = divmod(round(serial * 86_400), 86_400)
    if days == 0 and serial < 1:
        return _clock(seconds).zfill(8)
    if days == NO_SUCH_DAY and not is_1904:
        return "1900-02-29"
    first = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 31 if days < NO_SUCH_DAY else 30)
    moment = first + timedelta(days=days, seconds=seconds)
    return moment.isoformat() if seconds else moment.date().isoformat()


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"


def unescaped(text: str) -> str:
    """Return text with the characters that a workbook writes as ``_x000D_`` (ECMA-376 part 1, 22.9.2.19)."""
    return ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found.group(1), 16)
    is_half_a_character = 0xD800 <= code <= 0xDFFF
    return found.group() if is_half_a_character else chr(code)
