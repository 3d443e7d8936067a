"""The labels: in, ``config/labels.nl.yml`` and ``labels.en.yml``; out, every fixed text of figures and reports, typed.

A text may hold placeholders in braces; those it may use stand beside the field, and others are refused by name.
What the evaluation calls its units is no label: it stands in ``evaluation.yml``.
"""

from __future__ import annotations

from typing import Annotated

from midterm.description.annex_texts import AnnexTexts
from midterm.description.model import Frozen
from midterm.description.placeholders import uses
from midterm.description.quality_texts import QualityTexts
from midterm.description.report_texts import ReportTexts


class Labels(Frozen):
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
    answers_too_small: Annotated[str, uses("too_small")]
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
    column_change: str
    column_verdict: str
    key_change: str
    key_described: str
    key_shrunken: str
    key_pooled: str
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

    # Report
    report: ReportTexts

    # Data-quality page
    quality: QualityTexts

    # Tables for people
    annex: AnnexTexts

    def word(self, group: str, key: str) -> str:
        """Return the word for ``key`` in ``group``: ``word("verdict", "inconclusive")``, ``word("tier", "T0")``."""
        return str(getattr(self, f"{group}_{key.lower()}"))
