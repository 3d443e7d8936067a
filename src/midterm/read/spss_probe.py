"""Whether an SPSS file can be read: in, its bytes on stdin, an encoding and how many cases are allowed; out, an exit status.

A program of its own, because a damaged dictionary can end the process in which the library reads it.
"""

from __future__ import annotations

import io
import sys

import pyreadstat

READABLE, UNREADABLE, TOO_LARGE = 0, 1, 3


def main(encoding: str, allowed: int) -> int:
    """Return READABLE, UNREADABLE, or TOO_LARGE where there is a case beyond those allowed (the header need not say)."""
    content = io.BytesIO(sys.stdin.buffer.read())
    try:
        data, _ = pyreadstat.read_sav(
            content, encoding=encoding or None, row_offset=allowed, row_limit=1, user_missing=True, disable_datetime_conversion=True, output_format="dict"
        )
    except Exception:
        return UNREADABLE
    return TOO_LARGE if any(data.values()) else READABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
