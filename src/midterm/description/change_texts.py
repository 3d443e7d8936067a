"""The words of the figures about change: in, parts of a labels file; out, every text with its placeholders, typed."""

from __future__ import annotations

from typing import Annotated

from midterm.description.placeholders import Sentences, uses

Plain = str


class DumbbellTexts(Sentences):
    """Level in the first and last wave, alliances under each other."""

    title: Annotated[str, uses("pooled", "tally")]
    pooled: Annotated[str, uses("indicator", "units", "from_wave", "to_wave", "first", "last", "verdict")]
    per_unit: Annotated[str, uses("unit")]
    title_levels: Annotated[str, uses("indicator", "wave", "pooled", "high", "high_value", "low", "low_value")]
    title_level: Annotated[str, uses("indicator", "wave", "name", "value")]
    title_plain: Annotated[str, uses("indicator", "period")]
    title_pooled: Annotated[str, uses("units", "value")]
    subtitle: Annotated[str, uses("indicator", "period", "level", "unit", "units")]
    subtitle_share: Annotated[str, uses("indicator", "period", "level", "units")]
    source: Annotated[str, uses("period", "n")]
    note: Annotated[str, uses("level")]
    note_levels: Annotated[str, uses("level")]
    exploratory: Plain
    alt: Annotated[str, uses("title", "parts")]
    alt_levels: Annotated[str, uses("name", "levels")]
    alt_change: Annotated[str, uses("estimate", "low", "high", "verdict")]
    alt_point: Annotated[str, uses("estimate", "verdict")]
    interval: Annotated[str, uses("estimate", "low", "high")]
    key_wave: Annotated[str, uses("wave")]
    key_described: Plain
    column_change: Annotated[str, uses("unit")]
    column_level: Plain


class SpecificationTexts(Sentences):
    """The same change under all reasonable choices."""

    title: Annotated[str, uses("indicator", "same", "n", "tests")]
    title_tests: Annotated[str, uses("alike", "tested")]
    title_plain: Annotated[str, uses("indicator", "n")]
    subtitle: Annotated[str, uses("indicator", "units", "period", "level", "unit")]
    source: Annotated[str, uses("period", "n_from", "n_to")]
    note: Annotated[str, uses("margin")]
    note_absent: Annotated[str, uses("n", "too_small")]
    alt: Annotated[str, uses("title", "low", "high", "unit", "planned", "parts")]
    alt_planned: Annotated[str, uses("estimate", "low", "high")]
    alt_choice: Annotated[str, uses("choice", "low", "high")]
    key_significant: Plain
    key_not_significant: Plain
    key_not_tested: Plain
    key_planned: Plain
    scoring_any_item: Plain
    scoring_planned_items: Annotated[str, uses("share")]
    scoring_all_items: Plain
    persons_everyone: Plain
    persons_linked: Plain
    persons_sent_in: Plain
    weights_persons: Plain
    weights_organisations: Plain
    weights_staff_list: Plain

    def choice(self, group: str, key: str, share: str) -> str:
        """Return the words for one choice: ``choice("persons", "linked", "2/3")``; a choice that has none is its own name."""
        return str(getattr(self, f"{group}_{key}", key)).format(share=share)


class AttritionTexts(Sentences):
    """Who stayed, left and came."""

    title: Annotated[str, uses("name", "stayed", "first", "rate", "from_wave", "to_wave", "leavers")]
    title_plain: Annotated[str, uses("name", "from_wave", "to_wave")]
    leavers_alike: Annotated[str, uses("indicator")]
    leavers_higher: Annotated[str, uses("indicator")]
    leavers_lower: Annotated[str, uses("indicator")]
    leavers_unclear: Annotated[str, uses("indicator")]
    leavers_described: Annotated[str, uses("indicator")]
    leavers_unknown: Annotated[str, uses("indicator")]
    leavers_nobody: Plain
    subtitle_all: Annotated[str, uses("indicator", "units", "from_wave", "to_wave", "unit")]
    subtitle_unit: Annotated[str, uses("name", "from_wave", "to_wave")]
    source: Annotated[str, uses("period", "n_from", "n_to")]
    note: Annotated[str, uses("level")]
    alt: Annotated[str, uses("title", "parts")]
    alt_part: Annotated[str, uses("name", "stayed", "left", "came", "leavers", "entrants", "change", "stayers", "from_leavers", "from_entrants")]
    column_left: Plain
    column_stayed: Plain
    column_came: Plain
    column_gap: Plain
    column_change: Plain
    column_stayers: Plain
    column_from_leavers: Plain
    column_from_entrants: Plain
    key_leavers: Plain
    key_entrants: Plain
    key_described: Plain
    key_margins: Plain
    lower: Plain
    higher: Plain


class OverviewTexts(Sentences):
    """Everything on one page."""

    title: Annotated[str, uses("tally", "targets")]
    title_plain: Annotated[str, uses("period", "targets")]
    subject: Annotated[str, uses("period")]
    counted: Plain
    targets: Annotated[str, uses("good", "total")]
    no_targets: Plain
    subtitle: Annotated[str, uses("units", "period", "level")]
    source: Annotated[str, uses("units", "period", "n")]
    note: Annotated[str, uses("level")]
    alt: Annotated[str, uses("title", "parts")]
    alt_part: Annotated[str, uses("name", "rate", "cells", "targets")]
    alt_cell: Annotated[str, uses("indicator", "levels", "verdict")]
    column_response: Annotated[str, uses("wave")]
    column_targets: Plain
    of: Annotated[str, uses("good", "total")]
