"""The bounds of an SPSS file: in, its bytes; out, how many cases may be read, before anything is unpacked.

Source of the format: the description of system files in the developers' manual of GNU PSPP.
"""

from __future__ import annotations

import struct

from midterm.errors import Problem, UserError

SIGNATURES = (b"$FL2", b"$FL3")
HEADER = 176
MAX_CELLS = 50_000_000
MAX_UNPACKED = 500_000_000
MAX_DICTIONARY = 50_000_000


def max_rows(content: bytes, file: str) -> int:
    """Return how many cases may be read; raise UserError where this is no SPSS file, is damaged or too large."""
    if b"ENCRYPTEDSAV" in content[:40]:
        raise UserError(Problem(file, rule="encrypted", reason="this SPSS file is locked with a password; save it again without one"))
    if not content.startswith(SIGNATURES):
        reason = "this is no SPSS file (.sav or .zsav), whatever its name says; export it again or declare the reader that fits"
        raise UserError(Problem(file, rule="not_spss", reason=reason))
    try:
        order = "<" if 0 < struct.unpack_from("<i", content, 64)[0] < 4 else ">"
        compression, _, cases = struct.unpack_from(f"{order}3i", content, 72)
        end, variables = _dictionary(content, order)
        unpacked = _unpacked(content, order, end) if compression == 2 else 0
    except (struct.error, IndexError, ValueError):
        raise UserError(broken(file)) from None
    if unpacked > MAX_UNPACKED or end > MAX_DICTIONARY or cases * variables > MAX_CELLS:
        raise UserError(too_large(file))
    return MAX_CELLS // max(1, variables)


def _dictionary(content: bytes, order: str) -> tuple[int, int]:
    """Return where the dictionary ends and how many variables it has, by walking over its records; stop where it is too large."""
    at, variables = HEADER, 0
    while at <= MAX_DICTIONARY:
        kind, first, second, third = struct.unpack(f"{order}4i", content[at : at + 16].ljust(16, b"\0"))
        if kind == 999:
            return at + 8, variables
        # A long text takes several records, of which all but the first have the type -1.
        variables += kind == 2 and first >= 0
        at += _length(content, order, at, (kind, first, second, third))
    return at, variables


def _length(content: bytes, order: str, at: int, record: tuple[int, int, int, int]) -> int:
    """Return the length in bytes of the record that begins at ``at``: a variable, value labels, documents or an extension."""
    kind, first, second, third = record
    if kind == 2:
        label = 4 + _padded(struct.unpack_from(f"{order}i", content, at + 32)[0], 4) if second else 0
        return 32 + label + 8 * abs(third)
    if kind == 3:
        length = 8
        for _ in range(first):
            length += 8 + _padded(content[at + length + 8] + 1, 8)
        return length
    if kind in (4, 6):
        return 8 + (4 if kind == 4 else 80) * _padded(first, 1)
    if kind == 7:
        return 16 + _padded(second, 1) * _padded(third, 1)
    raise ValueError("an unknown kind of record")


def _padded(length: int, unit: int) -> int:
    if length < 0:
        raise ValueError("a negative length")
    return -(-length // unit) * unit


def _unpacked(content: bytes, order: str, at: int) -> int:
    """Return to how many bytes the blocks of a .zsav unpack, by its trailer (past which the library unpacks none)."""
    _, trailer, length = struct.unpack_from(f"{order}3q", content, at)
    if not 0 < trailer < trailer + length <= len(content):
        raise ValueError("a trailer outside the file")
    return sum(size if size > 0 else MAX_UNPACKED for _, _, size, _ in struct.iter_unpack(f"{order}2q2i", content[trailer + 24 : trailer + length]))


def broken(file: str) -> Problem:
    """Return the problem of an SPSS file that cannot be read."""
    return Problem(file, rule="broken_spss", reason="this SPSS file is cut off or damaged; save it again from SPSS")


def too_large(file: str) -> Problem:
    """Return the problem of an SPSS file that is larger than is read."""
    reason = "this SPSS file holds more than is read (50 million cells); check that it is the right file, or save only the variables needed"
    return Problem(file, rule="too_large", reason=reason)
