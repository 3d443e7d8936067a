"""One alliance (or all together) in words: in, a context; out, Markdown on who it is, what was planned and came, what changed, and safety.

The report's section of an alliance and its factsheet are made of the same parts.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from midterm.publish.report.context import Context, escaped, markdown_table
from midterm.publish.wording import SHOWN_STATUSES, records, status_of, verdict_of


def portrait(c: Context, alliance_id: str) -> list[str]:
    """Return theme, goal, partners and response."""
    t, say, alliance = c.texts, c.say, c.evaluation.alliance(alliance_id)
    partners = {partner.id: partner for partner in c.evaluation.file.organisations}
    lines = []
    if alliance.theme:
        lines.append(t.unit_theme.format(theme=escaped(alliance.theme.in_(c.language))))
    if alliance.goal:
        lines.append(t.unit_goal.format(goal=escaped(alliance.goal.in_(c.language))))
    if alliance.organisations:
        names = ", ".join(escaped(partners[partner].name) for partner in alliance.organisations)
        lines.append(t.unit_partners.format(n=len(alliance.organisations), names=names))
    for partner in (partners[name] for name in alliance.organisations):
        if partner.members:
            lines.append(escaped(t.unit_consortium.format(name=partner.name, n=len(partner.members), members=", ".join(partner.members))))
    wave = c.evaluation.plan.to_wave
    last = c.one("response", alliance=alliance_id, wave=wave)
    if pd.isna(last.invited):
        lines.append(t.unit_response_uninvited.format(wave=say.wave(wave), usable=c.count(last.usable)))
    else:
        answered = {"usable": say.answered(last, "usable"), "invited": c.count(last.invited), "rate": say.percent(last.rate)}
        lines.append(t.unit_response.format(wave=say.wave(wave), **answered))
    return ["\\\n".join(lines)]


def planned(c: Context, alliance: str) -> list[str]:
    """Return the targets with what came of them, in a sentence, a table and a figure."""
    if c.rows("attainment", alliance=alliance).empty:
        return [escaped(c.texts.planned_absent.format(unit=c.unit))]
    caption, columns, cells = targets_table(c, alliance)
    table = markdown_table(caption, columns, cells, numeric=range(2, 7))
    return [statuses(c, alliance), table, c.figure("attainment", alliance)]


def targets_table(c: Context, alliance: str) -> tuple[str, list[str], list[list[object]]]:
    """Return caption, headings and rows of the targets of ``alliance``, each in its last year with a value."""
    t, say = c.texts, c.say
    year = int(c.rows("attainment", alliance=alliance)["year"].max())
    names = c.rows("framework", alliance=alliance).set_index("indicator_id")["indicator"].to_dict()
    columns = [t.col_code, t.col_indicator, t.col_baseline, t.col_target, t.col_actual, t.col_attainment, t.col_expected, t.col_status]
    rows: list[list[object]] = []
    for row in records(c.targets(alliance)):
        number, name = say.target(str(row.indicator_id), names)
        rows.append(
            [
                number,
                c.framed(name, alliance) if number else name,
                *(say.as_given(value) for value in (row.baseline, row.target)),
                say.as_given(row.actual) if row.year == year else f"{say.as_given(row.actual)} ({row.year})",
                say.percent(row.attainment),
                say.percent(row.expected),
                say.word("status", status_of(row)),
            ]
        )
    return t.table_targets.format(unit=say.unit_name(alliance), year=year), columns, rows


def statuses(c: Context, alliance: str) -> str:
    """Return how many targets of ``alliance`` have which status, in a sentence."""
    rows = c.rows("attainment", alliance=alliance)
    found = [status_of(row) for row in records(c.targets(alliance))]
    counts = ", ".join(f"{c.say.word('status', status)} {found.count(status)}" for status in SHOWN_STATUSES if status in found)
    return escaped(c.texts.planned_lead.format(n=len(found), year=int(rows["year"].max()), counts=counts))


def changed(c: Context, alliance: str) -> list[str]:
    """Return the planned changes but those of safety, with table and figures."""
    plan, t = c.evaluation.plan, c.texts
    first = c.change_of(alliance, plan.primary[0])
    is_described = first.tier == "T0" and not pd.isna(first.estimate)
    shared = c.shared_remarks(alliance)
    notes = [t.change_described.format(n_organisations=first.n_organisations)] if is_described else []
    note = [escaped(" ".join([*notes, *shared.values()]))] if notes or shared else []
    listed = [name for name in plan.primary if c.evaluation.indicator(name).group != "safety"]
    sentences = [f"- {escaped(c.change_in_words(alliance, c.evaluation.indicator(name), shared))}" for name in listed]
    return [*note, "\n".join(sentences), change_table(c, alliance), c.figure("waves", alliance)]


def change_table(c: Context, *alliances: str) -> str:
    """Return the changes of the plan's indicators in ``alliances`` as a table."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    rows = []
    for name in plan.primary:
        indicator = c.evaluation.indicator(name)
        for alliance in alliances:
            row = c.change_of(alliance, name)
            is_known = not pd.isna(row.estimate)
            interval = "" if pd.isna(row.ci_low) else f"{say.change(indicator, row.ci_low)} / {say.change(indicator, row.ci_high)}"
            label = f"{say.indicator(name)} ({say.change_unit(indicator)})"
            label = f"{label}, {say.unit_name(alliance)}" if len(alliances) > 1 else label
            value = say.change(indicator, row.estimate) if is_known else say.absent(row)
            rows.append(
                [
                    label,
                    f"{c.count(row.n_from)} / {c.count(row.n_to)}",
                    value,
                    interval or t.value_absent,
                    c.detectable(row, indicator) or t.value_absent,
                    say.word("verdict", verdict_of(row)),
                ]
            )
    columns = [
        t.col_indicator,
        f"{t.col_n} {say.wave(plan.from_wave)} / {say.wave(plan.to_wave)}",
        t.col_change,
        t.col_interval.format(level=c.level),
        t.col_detectable,
        t.col_verdict,
    ]
    waves = {"from_wave": say.wave(plan.from_wave), "to_wave": say.wave(plan.to_wave)}
    caption = t.table_across.format(units=say.units, **waves) if len(alliances) > 1 else t.table_change.format(unit=say.unit_name(alliances[0]), **waves)
    return markdown_table(caption, columns, rows, numeric=range(1, 5))


def bottlenecks(c: Context, alliance: str) -> list[str]:
    """Return which bottlenecks persons ticked and the framework names."""
    t, say, wave = c.texts, c.say, c.evaluation.plan.to_wave
    named = []
    for indicator in (entry for entry in c.evaluation.indicators if entry.group == "bottlenecks"):
        row = c.level_of(alliance, indicator, wave)
        if not pd.isna(row.estimate):
            named.append((-row.estimate, f"{c.evaluation.codebook.item(indicator.items[0]).wording.in_(c.language)} ({say.percent(row.estimate)})"))
    lines = [escaped(t.bottlenecks_survey.format(wave=say.wave(wave), parts="; ".join(text for _, text in sorted(named))))] if named else []
    form = c.evaluation.codebook.framework
    if form:
        named_in = c.rows("framework", alliance=alliance).groupby("bottleneck")["indicator_id"].nunique().to_dict()
        counts = {entry.label.in_(c.language): int(named_in.get(entry.id, 0)) for entry in form.bottlenecks if entry.id != "none"}
        parts = "; ".join(f"{label} ({n}×)" for label, n in counts.items() if n)
        lines += [escaped(t.bottlenecks_framework.format(parts=parts))] if parts else []
    return lines or [escaped(t.bottlenecks_none)]


def safety(c: Context, alliance: str, said: Collection[str] = ()) -> list[str]:
    """Return levels and planned changes of safety and resilience."""
    indicators = [entry for entry in c.evaluation.indicators if entry.group == "safety"]
    levels = [f"- {escaped(c.level_in_words(alliance, indicator, c.evaluation.plan.to_wave))}" for indicator in indicators]
    planned = [indicator for indicator in indicators if indicator.id in c.evaluation.plan.primary]
    changes = [f"- {escaped(c.change_in_words(alliance, indicator, said))}" for indicator in planned]
    return ["\n".join([*levels, *changes])] if levels else [escaped(c.texts.sentence_absent.format(subject=c.texts.safety, reason=c.say.labels.no_data))]
