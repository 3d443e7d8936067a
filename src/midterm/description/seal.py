"""The seal on the plan: in, ``config/seal.json``; out, its entries, refused where one does not fit its hash or the one before it.

The first entry holds the whole plan by key, every later one (an amendment) what it changed and why. The hash of an entry is
the sha256 of its content as canonical JSON (keys sorted, no blanks, UTF-8), the hash of the entry before it included.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, ValidationError, field_validator

from midterm.description.model import Frozen
from midterm.errors import ConfigError, Problem

SEAL = "config/seal.json"
MAX_BYTES = 2_000_000
Flat = dict[str, JsonValue]
Digest = Field(pattern=r"^[0-9a-f]{64}$")


class SealedFile(Frozen):
    """A declared raw file that was there; ``waves`` are those whose answers it is declared to hold (none: no survey)."""

    file: str
    sha256: str = Digest
    waves: tuple[str, ...]


class Change(Frozen):
    """One key of the plan and its values before and after; ``None`` where the key had no value."""

    key: str
    before: JsonValue = Field(alias="from")
    after: JsonValue = Field(alias="to")


class Entry(Frozen):
    """One entry: the sealing (with ``plan``) or an amendment (with ``reason`` and ``changed``); ``data`` are the raw files that were there.

    ``date`` is a day (UTC), ``midterm`` the version that wrote it, ``previous`` the hash of the entry before (empty: none).
    """

    date: str
    midterm: str
    synthetic: bool
    plan: Flat
    reason: str
    changed: tuple[Change, ...]
    data: tuple[SealedFile, ...]
    previous: str
    hash: str = Digest

    @field_validator("date")
    @classmethod
    def _is_a_day(cls, value: str) -> str:
        if date.fromisoformat(value).isoformat() != value:
            raise ValueError("no day")
        return value


@dataclass(frozen=True)
class Seal:
    """A whole and unbroken seal: at least one entry, in order of time."""

    entries: tuple[Entry, ...]

    @property
    def first(self) -> Entry:
        """The sealing itself."""
        return self.entries[0]

    def plan_after(self, entries: int) -> Flat:
        """Return the plan as it stood after so many entries."""
        plan = dict(self.first.plan)
        for entry in self.entries[1:entries]:
            plan |= {change.key: change.after for change in entry.changed}
        return {key: value for key, value in plan.items() if value is not None}

    @property
    def plan(self) -> Flat:
        """The plan with all amendments."""
        return self.plan_after(len(self.entries))


def entry_of(content: Mapping[str, Any]) -> Entry:
    """Return the entry with this content and its hash."""
    entry = Entry.model_validate({**content, "hash": "0" * 64})
    return entry.model_copy(update={"hash": digest(entry.model_dump(mode="json", by_alias=True))})


def digest(content: Mapping[str, Any]) -> str:
    """Return the sha256 of an entry's ``content`` as canonical JSON, without its own ``hash``."""
    plain = {key: value for key, value in content.items() if key != "hash"}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def seal_bytes(seal: Seal) -> bytes:
    """Return the content of ``config/seal.json``."""
    content = {"entries": [entry.model_dump(mode="json", by_alias=True) for entry in seal.entries]}
    return (json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")


def read_seal(folder: Path) -> Seal | None:
    """Read and check the seal in ``folder``, or return ``None`` where there is none; raise ConfigError (``seal_broken``)."""
    path = folder / SEAL
    if not path.exists() and not path.is_symlink():
        return None
    try:
        raw = path.read_bytes()
    except OSError:
        raise _broken("it cannot be read; check that it is a file and its permissions") from None
    return parse_seal(raw)


def parse_seal(raw: bytes) -> Seal:
    """Return the seal that ``raw`` holds; raise ConfigError (``seal_broken``) where it was edited or is none."""
    if len(raw) > MAX_BYTES:
        raise _broken("it is over 2 MB, so it is no seal; restore the file as it was made")
    try:
        content = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        listed = content["entries"] if isinstance(content, dict) and set(content) == {"entries"} else None
        if not isinstance(listed, list) or not listed:
            raise ValueError
        hashes = [digest(entry) for entry in listed]
        entries = tuple(Entry.model_validate(entry) for entry in listed)
        if json.loads(seal_bytes(Seal(entries))) != content:
            raise ValueError
    except (ValueError, TypeError, AttributeError, RecursionError, ValidationError):
        raise _broken("it does not have the form of a seal, so it was edited after it was made; restore the file as it was made") from None
    for at, (entry, computed) in enumerate(zip(entries, hashes, strict=True)):
        if entry.hash != computed or not _follows(entries[:at], entry):
            reason = f"entry {at + 1} does not fit its hash or the entry before it, so it was edited after it was made; restore the file as it was made"
            raise _broken(reason)
    return Seal(entries)


def _follows(before: tuple[Entry, ...], entry: Entry) -> bool:
    """Tell whether an entry fits those before it: the first has a plan, later ones changes from the plan as it then stood, and a reason."""
    if not before:
        return entry.previous == "" and bool(entry.plan) and not entry.changed and not entry.reason
    if entry.previous != before[-1].hash or entry.plan or not entry.changed or not entry.reason or entry.date < before[-1].date:
        return False
    stood = Seal(before).plan
    keys = [change.key for change in entry.changed]
    return len(set(keys)) == len(keys) and all(stood.get(change.key) == change.before != change.after for change in entry.changed)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: a reader and a program might take different ones."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError
    return content


def _no_number(_: str) -> float:
    raise ValueError


def _broken(reason: str) -> ConfigError:
    return ConfigError(Problem(SEAL, rule="seal_broken", reason=f"the seal on the plan is broken: {reason}"))
