"""The labels: in, ``config/labels.nl.yml`` and ``labels.en.yml``; out, every fixed text of figures and reports, typed.

A text may hold placeholders in braces; those it may use stand beside the field, and others are refused by name.
What the evaluation calls its units is no label: it stands in ``evaluation.yml``.
"""

from __future__ import annotations

from typing import Annotated

from midterm.description.annex_texts import AnnexTexts
from midterm.description.change_texts import AttritionTexts, DumbbellTexts, OverviewTexts, SpecificationTexts
from midterm.description.explorer_texts import ExplorerTexts
from midterm.description.placeholders import Sentences, uses
from midterm.description.quality_texts import QualityTexts
from midterm.description.report_texts import ReportTexts


class Labels(Sentences):
    """One text per field, in one language."""

    # General
    synthetic: str
    internal: str
    language: str
    wave: str
    all_units: Annotated[str, uses("units")]
    average_of_units: Annotated[str, uses("units")]
    average_n: Annotated[str, uses("n", "units")]
    no_data: str
    no_data_short: str
    too_small: Annotated[str, uses("minimum")]
    not_published: str
    withheld: str
    percentage_points: str
    better: str
    worse: str

    # Verdicts on a change
    verdict_changed_better: str
    verdict_changed_worse: str
    verdict_no_relevant_change: str
    verdict_inconclusive: str
    verdict_described_only: str

    # Tiers by size
    tier_t0: str
    tier_t1: str
    tier_t2: str
    tier_t3: str

    # Statuses of a target
    status_reached: str
    status_on_track: str
    status_maintained: str
    status_uncertain: str
    status_off_track: str
    status_described_only: str
    status_not_computable: str

    # Kinds of missing answers
    missing_empty: str
    missing_dont_know: str
    missing_not_applicable: str
    missing_not_reached: str
    missing_refused: str
    missing_invalid: str
    missing_other: str

    # Findings counted by rule
    tally: Annotated[str, uses("subject", "parts")]
    tally_first: Annotated[str, uses("word", "n", "total", "counted")]
    tally_next: Annotated[str, uses("word", "n")]
    counted_indicators: str
    counted_targets: str

    # Figure: response
    response_title: Annotated[str, uses("wave", "unit", "rate", "low", "high")]
    response_title_plain: Annotated[str, uses("wave")]
    response_subtitle: Annotated[str, uses("units", "period")]
    response_column: Annotated[str, uses("wave")]
    response_source: Annotated[str, uses("period", "wave", "invited", "usable")]
    response_note: str
    response_alt: Annotated[str, uses("title", "wave", "parts")]

    # Figure: answers
    answers_title: Annotated[str, uses("wave", "high", "high_share", "low", "low_share")]
    answers_title_plain: Annotated[str, uses("wave")]
    answers_subtitle: Annotated[str, uses("unit", "period")]
    answers_source: Annotated[str, uses("unit", "period", "n")]
    answers_note: str
    answers_alt: Annotated[str, uses("title", "parts")]
    column_no_answer: str
    column_persons: str

    # Figure: waves
    waves_title_plain: Annotated[str, uses("unit", "period")]
    waves_subtitle: Annotated[str, uses("unit", "period", "level")]
    waves_source: Annotated[str, uses("unit", "period", "n")]
    waves_note: str
    waves_alt: Annotated[str, uses("title", "parts")]

    # Figure: forest
    forest_subtitle: Annotated[str, uses("indicator", "units", "period", "level", "unit")]
    forest_source: Annotated[str, uses("period", "n_from", "n_to")]
    forest_note: Annotated[str, uses("level", "margin")]
    forest_alt: Annotated[str, uses("title", "unit", "parts")]
    forest_alt_part: Annotated[str, uses("name", "estimate", "low", "high", "verdict")]
    forest_alt_described: Annotated[str, uses("name", "estimate", "verdict")]
    forest_alt_empty: Annotated[str, uses("name", "verdict")]
    forest_alt_prediction: Annotated[str, uses("unit", "low", "high")]
    column_change: str
    column_verdict: str
    key_change: str
    key_described: str
    key_shrunken: str
    key_pooled: str
    key_prediction: Annotated[str, uses("unit")]
    key_margin: Annotated[str, uses("margin")]

    # Figure: attainment
    attainment_subtitle: Annotated[str, uses("unit", "year")]
    attainment_source: Annotated[str, uses("unit", "year", "n")]
    attainment_note: str
    attainment_all_subtitle: Annotated[str, uses("units", "year")]
    attainment_all_source: Annotated[str, uses("units", "year", "n")]
    attainment_all_note: str
    attainment_alt: Annotated[str, uses("title", "parts")]
    key_attainment: str
    key_milestone: str
    key_target: str

    # Figure: heat map
    heatmap_title: Annotated[str, uses("wave", "high", "high_mean", "low", "low_mean")]
    heatmap_title_plain: Annotated[str, uses("wave")]
    heatmap_subtitle: Annotated[str, uses("units", "wave", "scale")]
    heatmap_source: Annotated[str, uses("wave", "n")]
    heatmap_note: Annotated[str, uses("too_small")]
    heatmap_alt: Annotated[str, uses("title", "units", "parts")]
    heatmap_alt_part: Annotated[str, uses("indicator", "low", "high")]

    # Figures about change, each with its own texts
    dumbbell: DumbbellTexts
    specification: SpecificationTexts
    attrition: AttritionTexts
    overview: OverviewTexts
    # Figure: bottlenecks
    bottlenecks_title: Annotated[str, uses("unit", "wave", "parts")]
    bottlenecks_title_part: Annotated[str, uses("name", "share")]
    bottlenecks_title_framework: Annotated[str, uses("unit", "names", "n", "total")]
    bottlenecks_and: str
    bottlenecks_title_plain: Annotated[str, uses("unit")]
    bottlenecks_subtitle: Annotated[str, uses("unit", "period", "level")]
    bottlenecks_source: Annotated[str, uses("unit", "period", "n", "indicators")]
    bottlenecks_note: Annotated[str, uses("too_small")]
    bottlenecks_framework: str
    bottlenecks_alt: Annotated[str, uses("title", "parts")]
    bottlenecks_alt_framework: Annotated[str, uses("n")]
    bottlenecks_alt_where: Annotated[str, uses("low_unit", "low_share", "high_unit", "high_share")]

    # Figure: combinations of boxes
    combinations_title: Annotated[str, uses("wave", "boxes", "most", "n")]
    combinations_title_plain: Annotated[str, uses("wave", "n")]
    combinations_subtitle: Annotated[str, uses("wave", "n")]
    combinations_source: Annotated[str, uses("wave", "n", "usable")]
    combinations_note: Annotated[str, uses("minimum")]
    combinations_alt: Annotated[str, uses("title", "parts", "totals")]
    combinations_bars: str
    combinations_totals: str
    combinations_none: str
    combinations_rest: str
    combinations_rest_n: Annotated[str, uses("rest", "n")]

    # Figure: network
    network_title: Annotated[str, uses("n", "total", "unit", "units")]
    network_title_one: Annotated[str, uses("total", "unit", "units")]
    network_title_none: Annotated[str, uses("total", "unit", "units")]
    network_title_unit: Annotated[str, uses("n", "total", "name", "unit", "units")]
    network_title_unit_none: Annotated[str, uses("name", "unit", "units")]
    network_subtitle: Annotated[str, uses("total", "count", "units")]
    network_subtitle_unit: Annotated[str, uses("name", "unit", "units")]
    network_source: Annotated[str, uses("total", "count", "units")]
    network_note: str
    network_consortium: Annotated[str, uses("name", "n")]
    network_more: Annotated[str, uses("n")]
    network_alt: Annotated[str, uses("title")]
    network_alt_crossings: Annotated[str, uses("units", "parts")]
    network_alt_consortium: Annotated[str, uses("name", "members")]

    # Figure: safety and resilience
    safety_title: Annotated[str, uses("unit", "period", "parts")]
    safety_from_to: Annotated[str, uses("indicator", "first", "last", "verdict")]
    safety_level: Annotated[str, uses("indicator", "last")]
    safety_partly: Annotated[str, uses("indicator", "level", "wave", "other", "why")]
    safety_absent: Annotated[str, uses("indicator", "why")]
    safety_subtitle: Annotated[str, uses("unit", "period", "level")]
    safety_source: Annotated[str, uses("unit", "period", "n")]
    safety_note: Annotated[str, uses("level", "too_small")]
    safety_alt: Annotated[str, uses("title", "parts")]
    safety_change: Annotated[str, uses("estimate", "unit", "low", "high", "verdict")]
    safety_change_described: Annotated[str, uses("estimate", "unit", "verdict")]
    safety_verdict: Annotated[str, uses("verdict")]

    # Figure: theory of change
    level_on_schedule: str
    level_partly: str
    level_behind: str
    level_not_known: str
    link_both_on_schedule: str
    link_both_partly: str
    link_later_ahead: str
    link_later_behind: str
    link_no_footing: str
    link_not_known: str
    link_long_both_on_schedule: str
    link_long_both_partly: str
    link_long_later_ahead: str
    link_long_later_behind: str
    link_long_no_footing: str
    link_long_not_known: str
    counted_links: str
    theory_title_plain: Annotated[str, uses("unit", "year")]
    theory_subtitle: Annotated[str, uses("unit", "year")]
    theory_source: Annotated[str, uses("unit", "year", "n")]
    theory_note: Annotated[str, uses("good", "poor")]
    theory_alt: Annotated[str, uses("title", "parts")]
    theory_scheduled: Annotated[str, uses("on_schedule", "known")]

    # Report
    report: ReportTexts

    # Data-quality page
    quality: QualityTexts

    # Explorer
    explorer: ExplorerTexts

    # Tables for people
    annex: AnnexTexts

    def word(self, group: str, key: str) -> str:
        """Return the word for ``key`` in ``group``: ``word("verdict", "inconclusive")``, ``word("tier", "T0")``."""
        return str(getattr(self, f"{group}_{key.lower()}"))
