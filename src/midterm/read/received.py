"""Is it the file that was received? In, a raw file and the checksums kept beside it; out, a remark where it was changed since."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from midterm.errors import Problem

LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def changed_since_received(folder: Path, file: str) -> tuple[Problem, ...]:
    """Return a remark when a list of checksums (``*.sha256``, as sha256sum writes it) has another one for the file.

    Lists lie in the folder of the file or above it, up to the evaluation's; names in them are relative to the list's own
    folder or to the evaluation's.
    """
    lists = [path for above in _folders(folder, file) for path in sorted(above.glob("*.sha256"))]
    noted = {digest for path in lists for digest in _noted(path, folder, folder / file)}
    if not noted or hashlib.sha256((folder / file).read_bytes()).hexdigest() in noted:
        return ()
    reason = "this file is not the one whose checksum was noted when it came in; restore it and put changes in the log of corrections"
    return (Problem(file, rule="changed_since_received", reason=reason),)


def _folders(folder: Path, file: str) -> Iterator[Path]:
    above = (folder / file).parent
    while above != folder and folder in above.parents:
        yield above
        above = above.parent
    yield folder


def _noted(path: Path, folder: Path, file: Path) -> Iterator[str]:
    for found in map(LINE.fullmatch, path.read_text(encoding="utf-8", errors="replace").splitlines()):
        if found and file in (folder / found.group(2), path.parent / found.group(2)):
            yield found.group(1)
