"""The plan in words: in, a context; out, when it was sealed, what was planned, and what changed since and why, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from midterm.description.seal import Change
from midterm.plan import History, plan_history, planned_status
from midterm.publish.report.context import Context, escaped

WAVE_KEYS = ("waves", "from_wave", "to_wave")
SHOWN = 12  # characters of the hash


def the_plan(c: Context) -> list[str]:
    """Return the section on the plan; every date comes from the seal."""
    t, history = c.texts, plan_history(c.evaluation)
    if not history.is_sealed:
        return [f"## {t.plan}", escaped(t.plan_not_sealed)]
    sealed = t.plan_sealed_after if history.after_data else t.plan_sealed_before
    sentences = [
        sealed.format(date=history.date, hash=history.hash[:SHOWN], wave=_wave(c, history.to_wave)),
        t.plan_synthetic.format(mark=c.say.labels.synthetic) if history.synthetic else t.plan_date,
        *_planned(c),
        *([] if history.amendments or history.unamended else [t.plan_unchanged]),
    ]
    return [f"## {t.plan}", escaped(" ".join(sentences)), *_changes(c, history)]


def _planned(c: Context) -> Iterable[str]:
    plan, status = c.evaluation.plan, planned_status(c.evaluation)
    names = [name for name in plan.primary if status[name].planned]
    if not names:
        return [c.texts.plan_planned_none]
    planned = c.texts.plan_planned.format(from_wave=c.say.wave(plan.from_wave), to_wave=c.say.wave(plan.to_wave), names=_names(c, names))
    touched = [name for name in names if "changed_after_seal" in status[name].flags]
    return [planned, *([c.texts.plan_touched.format(names=_names(c, touched))] if touched else [])]


def _changes(c: Context, history: History) -> list[str]:
    t, wave = c.texts, _wave(c, history.to_wave)
    parts = []
    if history.amendments:
        lines = []
        for entry in history.amendments:
            when = (t.plan_after if entry.after_data else t.plan_before).format(wave=wave)
            said = t.plan_amendment.format(date=entry.date, when=when, changes="; ".join(changes_in_words(c, entry.changes)), reason=entry.reason)
            lines.append(f"- {escaped(said)}")
        parts += [escaped(t.plan_amended), "\n".join(lines)]
    if history.unamended:
        parts += [escaped(t.plan_unamended), "\n".join(f"- {escaped(said)}" for said in changes_in_words(c, history.unamended))]
    return parts


def changes_in_words(c: Context, changes: Iterable[Change]) -> list[str]:
    """Return each change in words; an indicator that came or went is told once, not key by key."""
    listed = list(changes)
    came_or_went = {_split(change.key)[0]: change for change in listed if _split(change.key)[1] == "items" and None in (change.before, change.after)}
    lines = []
    for change in listed:
        indicator, field = _split(change.key)
        if indicator in came_or_went:
            if change is came_or_went[indicator]:
                text = c.texts.plan_indicator_added if change.before is None else c.texts.plan_indicator_removed
                lines.append(text.format(indicator=_indicator(c, indicator)))
            continue
        key = _key(c, field)
        lines += _values(c, field, c.texts.plan_of.format(key=key, indicator=_indicator(c, indicator)) if indicator else key, change)
    return lines


def _split(key: str) -> tuple[str, str]:
    """Return indicator (empty for a key of the plan itself) and field; an indicator's id may hold points, a field never does."""
    room, _, rest = key.partition(".")
    if room == "milestones":
        row, _, year = rest.rpartition(".")
        return row.replace(".", " ", 1), f"target_milestones_{year}"
    if room != "indicators":
        return "", rest or room
    indicator, _, field = rest.rpartition(".")
    return indicator, field


def _values(c: Context, field: str, key: str, change: Change) -> list[str]:
    t = c.texts
    before, after = ([] if value is None else value for value in (change.before, change.after))
    if isinstance(before, list) and isinstance(after, list) and sorted(map(str, before)) != sorted(map(str, after)):
        gone, come = ([name for name in one if name not in other] for one, other in ((before, after), (after, before)))
        parts = ((t.plan_added, come), (t.plan_removed, gone))
        return [text.format(key=key, names=_value(c, field, found)) for text, found in parts if found]
    return [t.plan_change.format(key=key, before=_value(c, field, change.before), after=_value(c, field, change.after))]


def _value(c: Context, field: str, value: JsonValue) -> str:
    if value is None:
        return c.texts.plan_unset
    if isinstance(value, list):
        return ", ".join(_value(c, field, entry) for entry in value)
    if isinstance(value, int | float):
        text = f"{value:.15g}"
        return text.replace(".", ",") if c.language == "nl" else text
    if field in WAVE_KEYS:
        return _wave(c, str(value))
    return _indicator(c, str(value)) if field == "primary" else c.texts.plan_values.get(str(value), str(value))


def _key(c: Context, field: str) -> str:
    """Return the words for a key, for a nested one (``target_milestones_2025``) with its last part; else the key itself."""
    words, (head, _, last) = c.texts.plan_keys, field.rpartition("_")
    return words.get(field) or (f"{words[head]} {last}" if head in words else field)


def _names(c: Context, names: Iterable[str]) -> str:
    return ", ".join(_indicator(c, name) for name in names)


def _indicator(c: Context, name: str) -> str:
    """Return an indicator's label, or its id when it is no longer there."""
    return c.say.indicator(name) if name in {entry.id for entry in c.evaluation.indicators} else name


def _wave(c: Context, name: str) -> str:
    return c.say.wave(name) if name in c.evaluation.waves else name
