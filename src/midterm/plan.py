"""The plan before the data: in, an evaluation with or without a seal; out, a seal, what changed since, and what was planned.

``plan_history`` and ``planned_status`` only compare; ``files_there``, ``notices`` and ``write_seal`` look at or write files.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from midterm.description import Evaluation, Indicator
from midterm.description.codebook import Scale
from midterm.description.evaluation_file import Plan
from midterm.description.seal import SEAL, Change, Entry, Flat, Seal, SealedFile, entry_of, seal_bytes
from midterm.errors import ConfigError, Problem
from midterm.files import replacing

# What is sealed of an indicator; its words and its place in the report are not.
INDICATOR_FIELDS = ("items", "reversed", "scale", "statistic", "at_least", "exposure", "better", "margin", "norm", "target")
# Of these, what the estimate, the test or the verdict of a change rests on.
TESTED_FIELDS = ("items", "reversed", "scale", "statistic", "at_least", "exposure", "better", "margin")
# Keys of the plan that no planned comparison rests on; every other key of the plan touches all of them.
APART = ("primary", "power", "false_discovery_rate", "public_minimum", "schedule_good", "schedule_poor", "balance", "seconds_per_item")
LONGEST_REASON = 500


@dataclass(frozen=True)
class Amendment:
    """A change of the plan that was recorded with its reason; ``after_data``: answers of the last wave were there by then."""

    date: str
    reason: str
    changes: tuple[Change, ...]
    after_data: bool


@dataclass(frozen=True)
class History:
    """What the seal tells. ``date`` and ``hash`` are empty and ``to_wave`` is the plan's where there is no seal.

    ``changed`` is the difference between the plan as first sealed and that of today; ``amendments`` and ``unamended``
    (since the last entry) are the steps between them.
    """

    date: str
    hash: str
    synthetic: bool
    to_wave: str
    after_data: bool
    amendments: tuple[Amendment, ...]
    unamended: tuple[Change, ...]
    changed: tuple[Change, ...]

    @property
    def is_sealed(self) -> bool:
        """Tell whether there is a seal."""
        return bool(self.date)


@dataclass(frozen=True)
class Status:
    """Whether the comparison of one indicator was planned, and what qualifies that (``flags``)."""

    planned: bool
    flags: tuple[str, ...] = ()


def plan_of(evaluation: Evaluation) -> Flat:
    """Return the plan as it stands, flat by key, defaults filled in; a key without a value is left out.

    Keys are ``waves`` (ids in order), ``plan.KEY``, ``indicators.ID.FIELD`` and ``milestones.ALLIANCE.ROW.YEAR`` of the frameworks;
    what is nested is joined (``norm_good``). Of the codebook, ``reversed`` and ``scale`` say how an indicator's items are read.
    Lists without an order (``primary``, ``items``, ``reversed``) are sorted.
    """
    flat: Flat = {"waves": list(evaluation.waves)}
    for key, value in json.loads(evaluation.plan.model_dump_json()).items():
        flat[f"plan.{key}"] = sorted(value) if isinstance(value, list) else value
    for indicator in evaluation.indicators:
        fields = json.loads(indicator.model_dump_json(include=set(INDICATOR_FIELDS))) | _reading(evaluation, indicator)
        for name in INDICATOR_FIELDS:
            flat |= _flat(f"indicators.{indicator.id}.{name}", fields.get(name))
    for (alliance, row), steps in evaluation.milestones.items():
        flat |= {f"milestones.{alliance}.{row}.{year}": value for year, value in steps.items()}
    return {key: value for key, value in flat.items() if value is not None}


def _reading(evaluation: Evaluation, indicator: Indicator) -> dict[str, object]:
    """Return which items are turned, and the scales of the items in the waves that are compared, as one text."""
    book, plan = evaluation.codebook, evaluation.plan
    items = [book.item(name) for name in indicator.items]
    scales = {_scale(book.scales[item.scale_in(wave)]) for item in items for wave in (plan.from_wave, plan.to_wave)}
    return {"reversed": [item.id for item in items if item.reversed] or None, "scale": "; ".join(sorted(scales))}


def _scale(scale: Scale) -> str:
    """Return the ends of a scale and the values of its answers: ``1-3 (1, 2, 3)``."""
    ends = f"{scale.low:.15g}-{scale.high:.15g}"
    answers = ", ".join(f"{value:.15g}" for value in sorted({answer.value for answer in scale.answers}))
    return f"{ends} ({answers})" if answers else ends


def _flat(key: str, value: object) -> Flat:
    if isinstance(value, dict):
        return {inner: leaf for name, part in value.items() for inner, leaf in _flat(f"{key}_{name}", part).items()}
    return {key: sorted(value) if isinstance(value, list) else value}  # type: ignore[dict-item]


def differences(before: Flat, after: Flat) -> tuple[Change, ...]:
    """Return every key with another value, in the order of the plan.

    A key of the plan that the sealed one does not know, with its default as value, is no change: a later version of
    midterm brought it.
    """
    keys = [*before, *(key for key in after if key not in before and _DEFAULTS.get(key, _NOTHING) != after[key])]
    changed = ({"key": key, "from": before.get(key), "to": after.get(key)} for key in keys)
    return tuple(Change.model_validate(change) for change in changed if change["from"] != change["to"])


_NOTHING = object()
_DEFAULTS = {f"plan.{key}": value for key, value in json.loads(Plan(from_wave="", to_wave="", primary=()).model_dump_json()).items() if value not in ("", [])}


def plan_history(evaluation: Evaluation) -> History:
    """Return when the plan was sealed, whether answers of its last wave were there, and what changed since, step by step."""
    seal, now = evaluation.seal, plan_of(evaluation)
    if seal is None:
        return History("", "", False, evaluation.plan.to_wave, False, (), (), ())
    amendments = tuple(
        Amendment(entry.date, entry.reason, entry.changed, _after_data(entry, seal.plan_after(at))) for at, entry in enumerate(seal.entries[1:], start=2)
    )
    first = seal.first
    return History(
        date=first.date,
        hash=first.hash,
        synthetic=any(entry.synthetic for entry in seal.entries),
        to_wave=str(first.plan.get("plan.to_wave")),
        after_data=_after_data(first, first.plan),
        amendments=amendments,
        unamended=differences(seal.plan, now),
        changed=differences(first.plan, now),
    )


def _after_data(entry: Entry, plan: Flat) -> bool:
    return any(plan.get("plan.to_wave") in file.waves for file in entry.data)


def planned_status(evaluation: Evaluation) -> dict[str, Status]:
    """Return for every indicator whether its comparison was planned: primary now, and in the seal as first made.

    ============================  =========  ==================================================================
    flag                          planned    when
    ============================  =========  ==================================================================
    ``plan_not_sealed``           true       primary; there is no seal
    ``added_after_seal``          false      primary now, not in the seal
    ``dropped_after_seal``        false      primary in the seal, not now
    ``changed_after_seal``        as it is   the indicator's own ``TESTED_FIELDS``, or a key of the plan that all
                                             tests rest on (contrast, alpha, usable answers), differ from the seal
    ``sealed_after_data``         true       primary in both; answers of the last wave were there at sealing
    ============================  =========  ==================================================================

    An amendment does not make planned what was not: it says when and why.
    """
    primary = set(evaluation.plan.primary)
    if evaluation.seal is None:
        return {entry.id: Status(entry.id in primary, ("plan_not_sealed",) if entry.id in primary else ()) for entry in evaluation.indicators}
    history, sealed = plan_history(evaluation), evaluation.seal.first.plan
    was = _names(sealed.get("plan.primary"))
    keys = {change.key for change in history.changed}
    is_all = any(key.startswith("plan.") and key.removeprefix("plan.") not in APART for key in keys)
    found = {}
    for name in (entry.id for entry in evaluation.indicators):
        is_changed = f"indicators.{name}.items" in sealed and (is_all or any(f"indicators.{name}.{field}" in keys for field in TESTED_FIELDS))
        flags = {
            "added_after_seal": name in primary - was,
            "dropped_after_seal": name in was - primary,
            "changed_after_seal": is_changed,
            "sealed_after_data": name in was & primary and history.after_data,
        }
        found[name] = Status(name in was & primary, tuple(flag for flag, holds in flags.items() if holds))
    return found


def _names(value: object) -> set[str]:
    return {str(name) for name in value} if isinstance(value, list) else set()


def sealed(evaluation: Evaluation, day: str, version: str, data: tuple[SealedFile, ...], *, synthetic: bool = False) -> Seal:
    """Return a new seal on the plan as it stands; raise ConfigError where there is one already."""
    if evaluation.seal:
        reason = f"the plan was sealed on {evaluation.seal.first.date} already; record a change with `midterm seal --amend REASON`"
        raise ConfigError(Problem(SEAL, rule="seal_exists", reason=reason))
    return Seal((_entry(day, version, data, synthetic=synthetic, plan=plan_of(evaluation)),))


def amended(evaluation: Evaluation, day: str, version: str, data: tuple[SealedFile, ...], reason: str) -> Seal:
    """Return the seal with an amendment: what differs from its last entry, and why; raise ConfigError where there is nothing to amend."""
    seal, said = evaluation.seal, " ".join(reason.split())
    if not said or len(said) > LONGEST_REASON or not said.isprintable():
        why = f"an amendment needs its reason, in one line of at most {LONGEST_REASON} characters; write one after --amend"
        raise ConfigError(Problem(SEAL, rule="seal_reason", reason=why))
    if seal is None:
        raise ConfigError(Problem(SEAL, rule="seal_missing", reason="there is no seal to amend; run `midterm seal` without --amend"))
    last = seal.entries[-1]
    changed = differences(seal.plan, plan_of(evaluation))
    if not changed:
        raise ConfigError(Problem(SEAL, rule="seal_unchanged", reason=f"the plan has not changed since {last.date}; there is nothing to amend"))
    if day < last.date:
        raise ConfigError(Problem(SEAL, rule="seal_date", reason=f"the computer's date is before the last entry ({last.date}); set its clock"))
    return Seal((*seal.entries, _entry(day, version, data, synthetic=last.synthetic, reason=said, changed=changed, previous=last.hash)))


def _entry(
    day: str,
    version: str,
    data: tuple[SealedFile, ...],
    *,
    synthetic: bool,
    plan: Flat | None = None,
    reason: str = "",
    changed: tuple[Change, ...] = (),
    previous: str = "",
) -> Entry:
    return entry_of(
        {
            "date": day,
            "midterm": version,
            "synthetic": synthetic,
            "plan": plan or {},
            "reason": reason,
            "changed": [change.model_dump(mode="json", by_alias=True) for change in changed],
            "data": [file.model_dump(mode="json") for file in data],
            "previous": previous,
        }
    )


def files_there(evaluation: Evaluation) -> tuple[SealedFile, ...]:
    """Return the declared raw files that are there, with sha256 and the waves whose answers they are declared to hold."""
    waves: dict[str, list[str]] = {file: [] for file in evaluation.sources.files}
    for source in evaluation.sources.surveys:
        waves[source.file] += [wave for wave in source.waves if wave not in waves[source.file]]
    return tuple(SealedFile(file=name, sha256=_sha256(evaluation, name), waves=tuple(held)) for name, held in waves.items() if _is_there(evaluation, name))


def _is_there(evaluation: Evaluation, name: str) -> bool:
    return (evaluation.folder / name).is_file()


def _sha256(evaluation: Evaluation, name: str) -> str:
    try:
        with (evaluation.folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise ConfigError(Problem(name, rule="unreadable", reason="this file cannot be read; check its permissions")) from None


def notices(evaluation: Evaluation) -> tuple[Problem, ...]:
    """Return what ``check`` says of the plan: changed without an amendment, or not sealed while the last wave is still awaited."""
    if evaluation.seal:
        reason = "the plan was changed after it was sealed, without an amendment; change it back, or run `midterm seal --amend REASON`"
        return tuple(Problem(SEAL, column=change.key, rule="plan_changed", reason=reason) for change in plan_history(evaluation).unamended)
    last = evaluation.plan.to_wave
    there = [wave for source in evaluation.sources.surveys if _is_there(evaluation, source.file) for wave in source.waves]
    if not there or last in there:  # nothing to hold it against yet, or too late: the report says so
        return ()
    return (Problem(SEAL, rule="plan_not_sealed", reason=f"the plan is not sealed; run `midterm seal` before answers of wave {last!r} arrive"),)


def write_seal(evaluation: Evaluation, seal: Seal) -> None:
    """Write ``config/seal.json``, whole or not at all; raise ConfigError when it cannot be written."""
    try:
        with replacing(evaluation.folder / SEAL) as path:
            path.write_bytes(seal_bytes(seal))
    except OSError:
        raise ConfigError(Problem(SEAL, rule="not_written", reason="this file cannot be written; check permissions and free space")) from None
