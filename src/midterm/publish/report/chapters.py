"""The chapters of the report: in, a context; out, Markdown, every number filled in from the tables.

The order is that of evaluations of this kind: questions, approach, response first, a section per alliance,
findings across, conclusions, recommendations, annexes. A new chapter is one function and one row of ``CHAPTERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd

from midterm.collect.questionnaire import questionnaire
from midterm.publish.report.context import Context, escaped, markdown_table
from midterm.publish.report.plan_words import the_plan
from midterm.publish.wording import STATUSES, records

Chapter = Callable[[Context], list[str]]
SOURCES = ("survey", "framework", "interview")


def summary(c: Context) -> list[str]:
    """Return the findings on one page."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    last = c.one("response", alliance="all", wave=plan.to_wave)
    counted = {"units_n": str(len(c.evaluation.alliances)), "units": say.units}
    lead = t.summary_lead.format(
        **counted, period=say.period(c.evaluation.waves), usable=say.number(last.usable, 0), invited=_count(c, last.invited), rate=say.percent(last.rate)
    )
    findings = [f"- {_finding(c, row)}" for row in records(c.rows("evidence", alliance="all"))]
    changed = t.summary_change.format(**counted, from_wave=say.wave(plan.from_wave), to_wave=say.wave(plan.to_wave))
    shared = c.shared_remarks("all")
    changes = [f"- {escaped(c.change_in_words('all', c.evaluation.indicator(name), shared))}" for name in plan.primary]
    changed = " ".join([changed, *shared.values()])
    return [f"# {t.summary}", escaped(lead), "\n".join(findings), escaped(changed), "\n".join(changes), escaped(t.mid_term)]


def _finding(c: Context, row: Any) -> str:
    t, values = c.texts, row._asdict()
    voices = ", ".join(f"{getattr(t, f'source_{source}')}: {getattr(t, f'voice_{values[source]}')}" for source in SOURCES)
    claim = next(question.claim.in_(c.language) for question in c.evaluation.file.questions if question.id == values["question"])
    strength, conclusion = getattr(t, f"strength_{values['strength']}"), getattr(t, f"conclusion_{values['conclusion']}")
    return t.summary_question.format(claim=escaped(claim), conclusion=escaped(conclusion), strength=escaped(strength), voices=escaped(voices))


def questions(c: Context) -> list[str]:
    """Return the evaluation's questions and claims."""
    listed = [
        f"{number}. {escaped(question.text.in_(c.language))} *{escaped(question.claim.in_(c.language))}*"
        for number, question in enumerate(c.evaluation.file.questions, 1)
    ]
    return [f"# {c.texts.questions}", escaped(c.texts.questions_lead), "\n".join(listed)]


def approach(c: Context) -> list[str]:
    """Return how the evaluation was done, in words for a steering group."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    sources = t.approach_sources.format(units=say.units, waves=", ".join(say.wave(wave) for wave in c.evaluation.waves))
    primary = ", ".join(say.indicator(name) for name in plan.primary)
    paragraphs = [
        c.evaluation.file.background.in_(c.language),
        *(note.in_(c.language) for note in c.evaluation.file.notes),
        sources,
        t.approach_scores.format(min_answered=str(plan.min_answered)),
        t.approach_not,
        t.approach_change.format(primary=primary, from_wave=say.wave(plan.from_wave), to_wave=say.wave(plan.to_wave)),
        t.approach_small.format(units=say.units, minimum=c.evaluation.minimum),
        t.approach_targets,
        t.mid_term,
    ]
    return [f"# {t.approach}", *(escaped(paragraph) for paragraph in paragraphs), *the_plan(c)]


def response(c: Context) -> list[str]:
    """Return who answered, before any result."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    leads = []
    for wave in c.evaluation.waves:
        row = c.one("response", alliance="all", wave=wave)
        counts = {name: _count(c, getattr(row, name)) for name in ("usable", "invited", "complete", "partial")}
        leads.append(t.response_lead.format(wave=say.wave(wave), **counts, rate=say.percent(row.rate)))
    first = c.change_of("all", plan.primary[0])
    linked = t.response_linked.format(
        from_wave=say.wave(plan.from_wave),
        to_wave=say.wave(plan.to_wave),
        n=_count(c, first.n_paired),
        n_from=_count(c, first.n_from),
        n_to=_count(c, first.n_to),
    )
    names = ("population", "invited", "complete", "partial", "usable")
    rows = []
    for alliance in (*c.evaluation.alliances, "all"):
        for wave in c.evaluation.waves:
            row = c.one("response", alliance=alliance, wave=wave)
            rows.append([say.unit_name(alliance), say.wave(wave), *(_count(c, getattr(row, name)) for name in names), say.percent(row.rate)])
    columns = [c.unit.capitalize(), t.col_wave, *(getattr(t, f"col_{name}") for name in names), t.col_rate]
    table = markdown_table(t.table_response.format(unit=c.unit), columns, rows, numeric=range(2, 8))
    return [f"# {t.response}", *map(escaped, leads), escaped(linked), escaped(t.response_entrants), c.figure("response", "all"), table]


def per_unit(c: Context) -> list[str]:
    """Return a section for every alliance: who, what was planned and done, change, bottlenecks, safety."""
    parts = [f"# {c.texts.per_unit.format(unit=c.unit)}"]
    for alliance in c.evaluation.alliances:
        parts += [f"## {escaped(c.evaluation.alliance(alliance).name)}", *_portrait(c, alliance)]
        parts += [f"### {c.texts.planned_done}", *_planned(c, alliance)]
        parts += [f"### {c.texts.change}", *_changed(c, alliance)]
        parts += [f"### {c.texts.bottlenecks}", *_bottlenecks(c, alliance)]
        parts += [f"### {c.texts.safety}", *_safety(c, alliance, c.shared_remarks(alliance))]
    return parts


def _portrait(c: Context, alliance_id: str) -> list[str]:
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
    last = c.one("response", alliance=alliance_id, wave=c.evaluation.plan.to_wave)
    lines.append(
        t.unit_response.format(
            wave=say.wave(c.evaluation.plan.to_wave), usable=_count(c, last.usable), invited=_count(c, last.invited), rate=say.percent(last.rate)
        )
    )
    return ["\\\n".join(lines)]


def _planned(c: Context, alliance: str) -> list[str]:
    t, say = c.texts, c.say
    rows = c.rows("attainment", alliance=alliance)
    if rows.empty:
        return [escaped(t.planned_absent.format(unit=c.unit))]
    year = int(rows["year"].max())
    last = rows[rows["year"] == year]
    names = c.rows("framework", alliance=alliance, year=year).set_index("indicator_id")["indicator"].to_dict()
    counts = ", ".join(f"{say.word('status', status)} {n}" for status in STATUSES if (n := int((last["status"] == status).sum())))
    cells = [
        [
            *say.target(str(row.indicator_id), names),
            *(say.as_given(value) for value in (row.baseline, row.target, row.actual)),
            say.percent(row.attainment),
            say.percent(row.expected),
            say.word("status", row.status),
        ]
        for row in records(last)
    ]
    columns = [t.col_code, t.col_indicator, t.col_baseline, t.col_target, t.col_actual, t.col_attainment, t.col_expected, t.col_status]
    table = markdown_table(t.table_targets.format(unit=say.unit_name(alliance), year=year), columns, cells, numeric=range(2, 7))
    return [escaped(t.planned_lead.format(n=len(last), year=year, counts=counts)), table, c.figure("attainment", alliance)]


def _changed(c: Context, alliance: str) -> list[str]:
    plan, t = c.evaluation.plan, c.texts
    first = c.change_of(alliance, plan.primary[0])
    is_described = first.tier == "T0" and not pd.isna(first.estimate)
    shared = c.shared_remarks(alliance)
    notes = [t.change_described.format(n_organisations=first.n_organisations)] if is_described else []
    note = [escaped(" ".join([*notes, *shared.values()]))] if notes or shared else []
    listed = [name for name in plan.primary if c.evaluation.indicator(name).group != "safety"]
    sentences = [f"- {escaped(c.change_in_words(alliance, c.evaluation.indicator(name), shared))}" for name in listed]
    return [*note, "\n".join(sentences), _change_table(c, alliance), c.figure("waves", alliance), c.figure("answers", alliance)]


def _change_table(c: Context, *alliances: str) -> str:
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
                    f"{_count(c, row.n_from)} / {_count(c, row.n_to)}",
                    value,
                    interval or t.value_absent,
                    c.detectable(row, indicator) or t.value_absent,
                    say.word("verdict", row.verdict),
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


def _bottlenecks(c: Context, alliance: str) -> list[str]:
    t, say, wave = c.texts, c.say, c.evaluation.plan.to_wave
    named = []
    for indicator in (entry for entry in c.evaluation.indicators if entry.group == "bottlenecks"):
        row = c.level_of(alliance, indicator, wave)
        if not pd.isna(row.estimate):
            named.append((-row.estimate, f"{c.evaluation.codebook.item(indicator.items[0]).wording.in_(c.language)} ({say.percent(row.estimate)})"))
    lines = [escaped(t.bottlenecks_survey.format(wave=say.wave(wave), parts="; ".join(text for _, text in sorted(named))))] if named else []
    form = c.evaluation.codebook.framework
    if form:
        rows = c.rows("framework", alliance=alliance).drop_duplicates("indicator_id")
        counts = {entry.label.in_(c.language): int((rows["bottleneck"] == entry.id).sum()) for entry in form.bottlenecks if entry.id != "none"}
        parts = "; ".join(f"{label} ({n}×)" for label, n in counts.items() if n)
        lines += [escaped(t.bottlenecks_framework.format(parts=parts))] if parts else []
    return lines or [escaped(t.bottlenecks_none)]


def _safety(c: Context, alliance: str, said: Collection[str] = ()) -> list[str]:
    indicators = [entry for entry in c.evaluation.indicators if entry.group == "safety"]
    levels = [f"- {escaped(c.level_in_words(alliance, indicator, c.evaluation.plan.to_wave))}" for indicator in indicators]
    planned = [indicator for indicator in indicators if indicator.id in c.evaluation.plan.primary]
    changes = [f"- {escaped(c.change_in_words(alliance, indicator, said))}" for indicator in planned]
    return ["\n".join([*levels, *changes])] if levels else [escaped(c.texts.sentence_absent.format(subject=c.texts.safety, reason=c.say.labels.no_data))]


def across(c: Context) -> list[str]:
    """Return the findings over all alliances."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    safety = [name for name in plan.primary if c.evaluation.indicator(name).group == "safety"]
    others = [name for name in plan.primary if name not in safety]
    parts = [f"# {t.across.format(units=say.units)}", escaped(t.across_lead.format(unit=c.unit, units=say.units)), f"## {t.across_dimensions}"]
    parts += [c.figure("answers", "all"), c.figure("heatmap", "all"), *_reliability(c), f"## {t.across_change}", _change_table(c, "all", "average")]
    parts += [c.figure(f"forest_{name}", "all") for name in others]
    parts += [c.figure("waves", "all"), f"## {t.across_targets}", c.figure("attainment", "all"), f"## {t.across_safety}", *_safety(c, "all")]
    return [*parts, *(c.figure(f"forest_{name}", "all") for name in safety)]


def _reliability(c: Context) -> list[str]:
    wave = c.evaluation.plan.to_wave
    dimensions = [entry.id for entry in c.evaluation.indicators if entry.group == "dimension"]
    rows = c.rows("indicators", alliance="all", statistic="alpha", wave=wave)
    rows = rows[rows["indicator"].isin(dimensions) & rows["estimate"].notna()]
    if rows.empty:
        return []
    lowest = rows.sort_values("estimate").iloc[0]
    values = {"low": c.say.number(rows["estimate"].min()), "high": c.say.number(rows["estimate"].max()), "lowest": c.say.indicator(lowest["indicator"])}
    return [escaped(c.texts.across_reliability.format(wave=c.say.wave(wave), **values))]


def conclusions(c: Context) -> list[str]:
    """Return one conclusion per question, by rule."""
    t = c.texts
    lines = []
    for question in c.evaluation.file.questions:
        row = c.one("evidence", question=question.id, alliance="all")
        words = {name: escaped(getattr(t, f"{name}_{getattr(row, name)}")) for name in ("conclusion", "agreement", "strength")}
        lines.append(
            f"- {t.conclusion_sentence.format(question=escaped(question.text.in_(c.language)), claim=escaped(question.claim.in_(c.language)), **words)}"
        )
    return [f"# {t.conclusions}", escaped(t.conclusions_lead), "\n".join(lines)]


def recommendations(c: Context) -> list[str]:
    """Return the evaluator's own recommendations, within and beyond the scheme, or that there are none yet."""
    t = c.texts
    if not c.evaluation.file.recommendations:
        return [f"# {t.recommendations}", escaped(t.recommendations_absent)]
    parts = [f"# {t.recommendations}"]
    for horizon, heading in (("within", t.recommendations_within), ("beyond", t.recommendations_beyond)):
        texts = [f"- {escaped(entry.text.in_(c.language))}" for entry in c.evaluation.file.recommendations if entry.horizon == horizon]
        parts += [f"## {heading}", "\n".join(texts)] if texts else []
    return parts


def annex_matrix(c: Context) -> list[str]:
    """Return the matrix question, sources, conclusion."""
    t = c.texts
    rows = []
    for question in c.evaluation.file.questions:
        for alliance in (*c.evaluation.alliances, "all"):
            row = c.one("evidence", question=question.id, alliance=alliance)
            voices = [getattr(t, f"voice_{getattr(row, source)}") for source in SOURCES]
            rows.append(
                [
                    question.claim.in_(c.language),
                    c.say.unit_name(alliance),
                    *voices,
                    getattr(t, f"strength_{row.strength}"),
                    getattr(t, f"conclusion_{row.conclusion}"),
                ]
            )
    columns = [t.col_question, c.unit.capitalize(), t.col_survey, t.col_framework, t.col_interview, t.col_strength, t.col_conclusion]
    return [f"# {t.annex_matrix}", escaped(t.annex_matrix_lead.format(unit=c.unit)), markdown_table(t.table_matrix, columns, rows)]


def annex_questionnaire(c: Context) -> list[str]:
    """Return the questionnaire with its wording in every wave."""
    t = c.texts
    parts = [f"# {t.annex_questionnaire}"]
    for block in questionnaire(c.evaluation.codebook, c.language):
        rows = []
        for asked in block.items:
            notes = [t.reversed_item] if asked.item.reversed else []
            notes += [t.changed_wording.format(wave=c.say.wave(wave), wording=wording) for wave, wording in asked.changed]
            rows.append([asked.item.id, " ".join([asked.wording, *notes]), asked.answers])
        table = markdown_table(t.table_questionnaire.format(block=block.title), [t.col_code, t.col_item, t.col_answers], rows)
        parts += [f"## {escaped(block.title)}", escaped(block.intro), table]
    return parts


def annex_quality(c: Context) -> list[str]:
    """Return whether the books balance, and everything that was set aside."""
    t, say = c.texts, c.say
    counts = c.tables["reconciliation"][["rows_read", "rows_kept", "rows_set_aside", "cells_read", "cells_set_aside"]].sum()
    notices = c.tables["notices"]
    lead = t.annex_quality_lead.format(
        **{str(name): say.number(value, 0) for name, value in counts.items()}, notices=say.number((notices["rule"] != "undeclared_column").sum(), 0)
    )
    aside = c.tables["quarantine"]
    parts = [f"# {t.annex_quality}", escaped(lead)]
    if aside.empty:
        return [*parts, escaped(t.annex_quality_none)]
    rows = [[row.file, "" if pd.isna(row.row) else row.row, "" if pd.isna(row.column) else row.column, row.reason] for row in records(aside)]
    return [*parts, markdown_table(t.table_quarantine, [t.col_file, t.col_row, t.col_column, t.col_reason], rows)]


def annex_methods(c: Context) -> list[str]:
    """Return where methods, numbers and provenance are found."""
    return [f"# {c.texts.annex_methods}", escaped(c.texts.annex_methods_lead)]


def _count(c: Context, value: float) -> str:
    return c.texts.value_absent if pd.isna(value) else c.say.number(float(value), 0)


CHAPTERS: tuple[Chapter, ...] = (
    summary,
    questions,
    approach,
    response,
    per_unit,
    across,
    conclusions,
    recommendations,
    annex_matrix,
    annex_questionnaire,
    annex_quality,
    annex_methods,
)
