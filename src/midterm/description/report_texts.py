"""The report's own sentences: in, the ``report`` part of a labels file; out, every sentence with its placeholders, typed."""

from __future__ import annotations

from typing import Annotated

from midterm.description.placeholders import Sentences, uses

Plain = str


class ChangeFlags(Sentences):
    """What is said of a change that carries a flag, in the order in which it is said; flags that are not here are not said."""

    # What the verdict and the interval are worth
    significant_within_margin: Annotated[str, uses("margin", "unit")]
    definition_changed: Plain
    low_power: Plain
    few_df: Plain
    all_and_average_disagree: Annotated[str, uses("units")]
    specifications: Annotated[str, uses("same", "n")]

    # What the plan and its seal say
    exploratory: Plain
    added_after_seal: Plain
    dropped_after_seal: Plain
    changed_after_seal: Plain
    sealed_after_data: Plain
    plan_not_sealed: Plain


class ReportTexts(Sentences):
    """One text per field, in one language; numbers enter only through placeholders."""

    # Front
    subtitle: Annotated[str, uses("commissioner", "period")]
    synthetic_notice: Plain
    locale: Plain
    contents: Plain
    skip: Plain
    figure: Plain
    table: Plain
    see_figure: Plain
    see_table: Plain
    see_absent: Plain
    figure_absent: Annotated[str, uses("name", "unit")]
    value_absent: Plain
    sentence_absent: Annotated[str, uses("subject", "reason")]
    own_text: Plain
    own_text_elsewhere: Plain
    own_text_changed: Annotated[str, uses("parts")]
    own_text_was: Annotated[str, uses("before", "now")]
    own_text_given: Annotated[str, uses("value", "source")]

    # Summary
    summary: Plain
    summary_lead: Annotated[str, uses("units_n", "units", "period", "usable", "invited", "rate")]
    summary_lead_uninvited: Annotated[str, uses("units_n", "units", "period", "usable")]
    summary_question: Annotated[str, uses("claim", "conclusion", "strength", "voices")]
    summary_change: Annotated[str, uses("units_n", "units", "from_wave", "to_wave")]
    summary_overview: Annotated[str, uses("figure")]
    mid_term: Plain

    # Questions and approach
    questions: Plain
    questions_lead: Plain
    approach: Plain
    approach_sources: Plain
    approach_survey: Annotated[str, uses("units", "waves")]
    approach_framework: Annotated[str, uses("units")]
    approach_interviews: Annotated[str, uses("units")]
    approach_scores: Annotated[str, uses("min_answered")]
    approach_change: Annotated[str, uses("primary", "from_wave", "to_wave")]
    approach_small: Annotated[str, uses("minimum", "units")]
    approach_targets: Plain
    approach_not: Plain

    # The plan and its seal
    plan: Plain
    plan_sealed_before: Annotated[str, uses("date", "hash", "wave")]
    plan_sealed_after: Annotated[str, uses("date", "hash", "wave")]
    plan_date: Plain
    plan_not_sealed: Plain
    plan_synthetic: Annotated[str, uses("mark")]
    plan_planned: Annotated[str, uses("from_wave", "to_wave", "names")]
    plan_planned_none: Plain
    plan_touched: Annotated[str, uses("names")]
    plan_unchanged: Plain
    plan_amended: Plain
    plan_amendment: Annotated[str, uses("date", "when", "changes", "reason")]
    plan_before: Annotated[str, uses("wave")]
    plan_after: Annotated[str, uses("wave")]
    plan_unamended: Plain
    plan_change: Annotated[str, uses("key", "before", "after")]
    plan_added: Annotated[str, uses("key", "names")]
    plan_removed: Annotated[str, uses("key", "names")]
    plan_of: Annotated[str, uses("key", "indicator")]
    plan_indicator_added: Annotated[str, uses("indicator")]
    plan_indicator_removed: Annotated[str, uses("indicator")]
    plan_unset: Plain
    plan_keys: dict[str, Plain]
    plan_values: dict[str, Plain]

    # Response
    response: Plain
    response_lead: Annotated[str, uses("wave", "usable", "invited", "rate", "complete", "partial")]
    response_linked: Annotated[str, uses("from_wave", "to_wave", "n", "n_from", "n_to")]
    response_entrants: Plain
    response_attrition: Annotated[str, uses("figure")]

    # Alliances
    per_unit: Annotated[str, uses("unit")]
    per_unit_lead: Annotated[str, uses("unit")]
    per_unit_network: Annotated[str, uses("figure", "units")]
    unit_theme: Annotated[str, uses("theme")]
    unit_goal: Annotated[str, uses("goal")]
    unit_partners: Annotated[str, uses("n", "names")]
    unit_consortium: Annotated[str, uses("name", "n", "members")]
    unit_response: Annotated[str, uses("wave", "usable", "invited", "rate")]
    unit_response_uninvited: Annotated[str, uses("wave", "usable")]
    planned_done: Plain
    planned_lead: Annotated[str, uses("n", "year", "counts")]
    planned_absent: Annotated[str, uses("unit")]
    change: Plain
    change_described: Annotated[str, uses("n_organisations")]
    bottlenecks: Plain
    bottlenecks_survey: Annotated[str, uses("wave", "parts")]
    bottlenecks_framework: Annotated[str, uses("parts")]
    bottlenecks_none: Plain
    safety: Plain
    cooperation: Plain

    # One change in words
    change_sentence: Annotated[str, uses("indicator", "estimate", "unit", "low", "high", "n_from", "n_to", "level", "from_wave", "to_wave")]
    change_point: Annotated[str, uses("indicator", "estimate", "unit", "n_from", "n_to", "from_wave", "to_wave")]
    change_verdict: Annotated[str, uses("verdict")]
    change_untested: Plain
    change_multiple: Plain
    change_detectable: Annotated[str, uses("detectable", "unit")]
    change_flags: ChangeFlags
    level_sentence: Annotated[str, uses("indicator", "value", "level", "low", "high", "n", "wave")]

    # One change in plain words
    plain_levels: Annotated[str, uses("indicator", "from_wave", "to_wave", "before", "after", "estimate", "unit", "n_from", "n_to")]
    plain_interval: Annotated[str, uses("low", "high")]
    plain_changed_better: Annotated[str, uses("margin", "unit")]
    plain_changed_worse: Annotated[str, uses("margin", "unit")]
    plain_no_relevant_change: Annotated[str, uses("margin", "unit")]
    plain_inconclusive: Annotated[str, uses("margin", "unit")]
    plain_described_only: Annotated[str, uses("margin", "unit")]

    # Factsheet of an alliance
    sheet: Annotated[str, uses("evaluation")]
    sheet_asked: Plain
    sheet_who: Plain
    sheet_change_lead: Annotated[str, uses("level")]
    sheet_cannot: Plain
    sheet_no_cause: Plain
    sheet_unsure: Annotated[str, uses("names")]
    sheet_hidden: Annotated[str, uses("names", "minimum")]
    sheet_no_data: Annotated[str, uses("names")]
    sheet_response: Annotated[str, uses("rate", "wave")]
    sheet_own_report: Plain

    # Across
    across: Annotated[str, uses("units")]
    across_lead: Annotated[str, uses("unit", "units")]
    across_dimensions: Plain
    across_change: Plain
    across_robust: Annotated[str, uses("figure")]
    across_targets: Plain
    theory_lead: Annotated[str, uses("figure")]
    across_reliability: Annotated[str, uses("wave", "low", "high", "lowest")]
    across_safety: Plain

    # Conclusions and recommendations
    conclusions: Plain
    conclusions_lead: Plain
    conclusion_sentence: Annotated[str, uses("question", "claim", "conclusion", "agreement", "strength")]
    recommendations: Plain
    recommendations_absent: Plain
    recommendations_within: Plain
    recommendations_beyond: Plain

    # Annexes
    annex_matrix: Plain
    annex_matrix_lead: Annotated[str, uses("unit")]
    annex_questionnaire: Plain
    annex_quality: Plain
    annex_quality_lead: Annotated[str, uses("rows_read", "rows_kept", "rows_set_aside", "cells_read", "cells_set_aside", "notices")]
    annex_quality_none: Plain
    annex_robustness: Plain
    annex_robustness_lead: Plain
    annex_methods: Plain
    annex_methods_lead: Plain

    # Headings of tables
    col_wave: Plain
    col_population: Plain
    col_invited: Plain
    col_complete: Plain
    col_partial: Plain
    col_usable: Plain
    col_rate: Plain
    col_indicator: Plain
    col_baseline: Plain
    col_target: Plain
    col_actual: Plain
    col_attainment: Plain
    col_expected: Plain
    col_status: Plain
    col_change: Plain
    col_interval: Annotated[str, uses("level")]
    col_detectable: Plain
    col_verdict: Plain
    col_n: Plain
    col_question: Plain
    col_survey: Plain
    col_framework: Plain
    col_interview: Plain
    col_strength: Plain
    col_conclusion: Plain
    col_file: Plain
    col_row: Plain
    col_column: Plain
    col_reason: Plain
    col_code: Plain
    col_item: Plain
    col_answers: Plain
    table_response: Annotated[str, uses("unit")]
    table_targets: Annotated[str, uses("unit", "year")]
    table_change: Annotated[str, uses("unit", "from_wave", "to_wave")]
    table_across: Annotated[str, uses("units", "from_wave", "to_wave")]
    table_matrix: Plain
    table_quarantine: Plain
    table_questionnaire: Annotated[str, uses("block")]
    reversed_item: Plain
    changed_wording: Annotated[str, uses("wave", "wording")]

    # Words
    voice_supports: Plain
    voice_mixed: Plain
    voice_contradicts: Plain
    voice_silent: Plain
    agreement_agree: Plain
    agreement_differ: Plain
    agreement_single_source: Plain
    agreement_none: Plain
    strength_strong: Plain
    strength_moderate: Plain
    strength_weak: Plain
    strength_none: Plain
    conclusion_supported: Plain
    conclusion_mixed: Plain
    conclusion_not_supported: Plain
    conclusion_not_known: Plain
    source_survey: Plain
    source_framework: Plain
    source_interview: Plain
