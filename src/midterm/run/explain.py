"""How the results stand, in words: in, each task's standing; out, sentences for the user and records for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from midterm.run.standing import Standing
from midterm.steps import STEPS, Step, follows

NAMED = 5  # reasons or runs that one sentence names


def as_records(standings: Mapping[str, Standing], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return counts, and for each task its state, reasons, failure, and when and how long it ran; for scripts."""
    tasks = [
        {
            "task": label,
            "step": standing.task.step.name,
            "key": standing.task.key,
            "state": standing.state,
            "reasons": list(standing.reasons),
            "after": list(standing.after),
            **{name: known[label].get(name) for name in ("failure", "started", "seconds", "megabytes")},
        }
        for label, standing in standings.items()
    ]
    counts = Counter(standing.state for standing in standings.values())
    found = {kind: [sentence for values in known.values() for sentence in values.get(kind, ())] for kind in ("set_aside", "remarks")}
    return {**{state: counts[state] for state in ("current", "stale", "failed")}, **found, "tasks": tasks}


def state_in_words(records: Mapping[str, Any]) -> Iterator[str]:
    """Give a sentence for each step, each failure, and all together."""
    for step in dict.fromkeys(task["step"] for task in records["tasks"]):
        counts = Counter(task["state"] for task in records["tasks"] if task["step"] == step)
        yield f"{step}: {', '.join(f'{counts[state]} {state}' for state in ('current', 'stale', 'failed') if counts[state])}."
    for task in records["tasks"]:
        yield from (f"{task['task']}: {sentence}" for sentence in (task["failure"] or "").splitlines())
    yield from (f"set aside: {sentence}" for sentence in records["set_aside"])
    yield from (f"look at: {sentence}" for sentence in records["remarks"])
    yield f"{records['current']} current, {records['stale']} stale, {records['failed']} failed; `midterm explain` says why each would run."


def plan_in_words(standings: Mapping[str, Standing]) -> Iterator[str]:
    """Give the plan step by step, and under each step which of its runs would run and why."""
    for step in STEPS:
        mine = [standing for standing in standings.values() if standing.task.step == step]
        if mine:
            yield _step_in_words(step, mine)
            yield from (f"  {sentence}" for sentence in _why(mine))
    stale = sum(standing.state != "current" for standing in standings.values())
    yield f"{stale} of {len(standings)} would run." if stale else "Everything is current; nothing would run."


def _step_in_words(step: Step, mine: list[Standing]) -> str:
    unit = "once" if step.unit == "once" else f"per {step.unit}"
    after = f", after {', '.join(follows(step))}" if follows(step) else ""
    current = sum(standing.state == "current" for standing in mine)
    return f"{step.name} ({step.notebook}.ipynb, {unit}{after}): {current} of {len(mine)} current."


def _why(mine: Iterable[Standing]) -> Iterator[str]:
    """Say why the runs of a step would run, those for the same reasons together."""
    together: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for standing in mine:
        if standing.state != "current":
            same = standing.reasons, () if standing.reasons else standing.after
            together.setdefault(same, []).append(standing.task.key or standing.task.step.name)
    for (reasons, after), runs in together.items():
        if reasons:
            yield f"{_few(runs)} would run: {_few(reasons, '; ')}."
        else:
            yield f"{_few(runs)} would run if the result of {_few(after)} changes."


def _few(names: Iterable[str], separator: str = ", ") -> str:
    listed = list(names)
    rest = f"{separator}and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return f"{separator.join(listed[:NAMED])}{rest}"
