"""The chapters of the report: in, a context; out, Markdown, every number filled in from the tables.

The order is that of evaluations of this kind: questions, approach, response first, a section per alliance,
findings across, conclusions, recommendations, annexes. A new chapter is one function and one row of ``CHAPTERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from midterm.collect.questionnaire import questionnaire
from midterm.publish.report.alliance import bottlenecks, change_table, changed, planned, portrait, safety
from midterm.publish.report.context import Context, escaped, markdown_table
from midterm.publish.report.plan_words import the_plan
from midterm.publish.wording import VOICES, records

Chapter = Callable[[Context], list[str]]


def summary(c: Context) -> list[str]:
    """Return the findings on one page."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    last = c.one("response", alliance="all", wave=plan.to_wave)
    counted = {"units_n": str(len(c.evaluation.alliances)), "units": say.units}
    spoken = {**counted, "period": say.period(c.evaluation.waves), "usable": say.number(last.usable, 0)}
    invited = {"invited": c.count(last.invited), "rate": say.percent(last.rate)}
    lead = t.summary_lead_uninvited.format(**spoken) if pd.isna(last.invited) else t.summary_lead.format(**spoken, **invited)
    findings = [f"- {_finding(c, row)}" for row in records(c.rows("evidence", alliance="all"))]
    changed = t.summary_change.format(**counted, from_wave=say.wave(plan.from_wave), to_wave=say.wave(plan.to_wave))
    shared = c.shared_remarks("all")
    changes = [f"- {escaped(c.change_in_words('all', c.evaluation.indicator(name), shared))}" for name in plan.primary]
    changed = " ".join([changed, *shared.values()])
    overview = [c.pointing(t.summary_overview, "overview"), c.figure("overview", "all")]
    return [f"# {t.summary}", escaped(lead), "\n".join(findings), escaped(changed), "\n".join(changes), escaped(t.mid_term), *overview]


def _finding(c: Context, row: Any) -> str:
    t, values = c.texts, row._asdict()
    voices = ", ".join(f"{getattr(t, f'source_{source}')}: {getattr(t, f'voice_{values[source]}')}" for source in VOICES)
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
    declared, has_framework = c.evaluation.sources, c.evaluation.codebook.framework is not None
    waves = ", ".join(say.wave(wave) for wave in c.evaluation.waves)
    sources = [t.approach_survey.format(units=say.units, waves=waves)] if declared.surveys else []
    sources += [t.approach_framework.format(units=say.units)] if has_framework and declared.frameworks else []
    sources += [t.approach_interviews.format(units=say.units)] if declared.interviews else []
    primary = ", ".join(say.indicator(name) for name in plan.primary)
    paragraphs = [
        c.evaluation.file.background.in_(c.language),
        *(note.in_(c.language) for note in c.evaluation.file.notes),
        " ".join([t.approach_sources, *sources]),
        t.approach_scores.format(min_answered=str(plan.min_answered)),
        t.approach_not,
        t.approach_change.format(primary=primary, from_wave=say.wave(plan.from_wave), to_wave=say.wave(plan.to_wave)),
        t.approach_small.format(units=say.units, minimum=c.evaluation.minimum),
        *([t.approach_targets] if has_framework else []),
        t.mid_term,
    ]
    return [f"# {t.approach}", *(escaped(paragraph) for paragraph in paragraphs), *the_plan(c)]


def response(c: Context) -> list[str]:
    """Return who answered, before any result."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    leads = []
    for wave in c.evaluation.waves:
        row = c.one("response", alliance="all", wave=wave)
        if pd.isna(row.usable) or row.usable == 0:
            leads.append(t.sentence_absent.format(subject=say.wave(wave), reason=say.labels.no_data))
            continue
        counts = {name: c.count(getattr(row, name)) for name in ("usable", "invited", "complete", "partial")}
        leads.append(t.response_lead.format(wave=say.wave(wave), **counts, rate=say.percent(row.rate)))
    first = c.change_of("all", plan.primary[0])
    linked = t.response_linked.format(
        from_wave=say.wave(plan.from_wave),
        to_wave=say.wave(plan.to_wave),
        n=c.count(first.n_paired),
        n_from=c.count(first.n_from),
        n_to=c.count(first.n_to),
    )
    names = ("population", "invited", "complete", "partial", "usable")
    rows = []
    for alliance in (*c.evaluation.alliances, "all"):
        for wave in c.evaluation.waves:
            row = c.one("response", alliance=alliance, wave=wave)
            rows.append([say.unit_name(alliance), say.wave(wave), *(c.count(getattr(row, name)) for name in names), say.percent(row.rate)])
    columns = [c.unit.capitalize(), t.col_wave, *(getattr(t, f"col_{name}") for name in names), t.col_rate]
    table = markdown_table(t.table_response.format(unit=c.unit), columns, rows, numeric=range(2, 8))
    stayed = [c.pointing(t.response_attrition, "attrition"), c.figure("attrition", "all")]
    return [f"# {t.response}", *map(escaped, leads), c.figure("response", "all"), table, escaped(linked), escaped(t.response_entrants), *stayed]


def per_unit(c: Context) -> list[str]:
    """Return a section for every alliance: who, what was planned and done, change, bottlenecks, safety."""
    shared = c.pointing(c.texts.per_unit_network, "network").replace("\\{units\\}", escaped(c.say.units))
    parts = [f"# {c.texts.per_unit.format(unit=c.unit)}", escaped(c.texts.per_unit_lead.format(unit=c.unit)), shared, c.figure("network", "all")]
    for alliance in c.evaluation.alliances:
        parts += [f"## {escaped(c.evaluation.alliance(alliance).name)}", *portrait(c, alliance)]
        parts += [f"### {c.texts.planned_done}", *planned(c, alliance)] if c.has_targets else []
        parts += [f"### {c.texts.change}", *changed(c, alliance)]
        parts += [f"### {c.texts.bottlenecks}", *bottlenecks(c, alliance)]
        parts += [
            f"### {c.texts.safety}",
            *safety(c, alliance, c.shared_remarks(alliance)),
            c.figure("safety", alliance),
            *c.own_text(f"alliance-{alliance}", "###"),
        ]
    return parts


def across(c: Context) -> list[str]:
    """Return the findings over all alliances."""
    t, say, plan = c.texts, c.say, c.evaluation.plan
    apart = [name for name in plan.primary if c.evaluation.indicator(name).group == "safety"]
    others = [name for name in plan.primary if name not in apart]
    parts = [f"# {t.across.format(units=say.units)}", escaped(t.across_lead.format(unit=c.unit, units=say.units)), f"## {t.across_dimensions}"]
    parts += [c.figure("answers", "all"), c.figure("heatmap", "all"), *_reliability(c), f"## {t.across_change}", change_table(c, "all", "average")]
    parts += [c.figure(f"forest_{name}", "all") for name in others]
    robust = [c.pointing(t.across_robust, f"specification_{plan.primary[0]}")] if plan.primary else []
    parts += [c.figure("waves", "all"), *robust, f"## {t.across_targets}", c.figure("attainment", "all")]
    parts += [c.pointing(t.theory_lead, "theory"), c.figure("theory", "all"), f"## {t.bottlenecks}", *bottlenecks(c, "all")]
    parts += [c.figure("bottlenecks", "all"), c.figure("combinations", "all"), f"## {t.across_safety}", *safety(c, "all"), c.figure("safety", "all")]
    return [*parts, *(c.figure(f"forest_{name}", "all") for name in apart)]


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
            voices = [getattr(t, f"voice_{getattr(row, source)}") for source in VOICES]
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


def annex_robustness(c: Context) -> list[str]:
    """Return the planned changes over all alliances under all reasonable choices."""
    curves = [c.figure(f"specification_{name}", "all") for name in c.evaluation.plan.primary]
    return [f"# {c.texts.annex_robustness}", escaped(c.texts.annex_robustness_lead), *curves] if curves else []


def annex_methods(c: Context) -> list[str]:
    """Return where methods, numbers and provenance are found."""
    return [f"# {c.texts.annex_methods}", escaped(c.texts.annex_methods_lead)]


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
    annex_robustness,
    annex_quality,
    annex_methods,
)
