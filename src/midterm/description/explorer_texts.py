"""The words of the explorer: in, the ``explorer`` part of a labels file; out, every text with its placeholders, typed."""

from __future__ import annotations

from typing import Annotated

from midterm.description.placeholders import Sentences, uses

Plain = str


class LevelFlags(Sentences):
    """What is said of a number that carries a flag, in the order in which it is said; flags that are not here are not said."""

    one_organisation: Plain
    no_variance: Plain
    no_error: Plain
    few_df: Plain


class ExplorerTexts(Sentences):
    """One text per field, in one language; numbers enter only through placeholders. ``figures`` has short names by kind of figure."""

    # The page
    title: Plain
    lead: Annotated[str, uses("unit")]
    skip: Plain
    no_script: Plain
    choose: Plain
    language: Plain

    # Figure
    figure: Plain
    group_indicator: Annotated[str, uses("units")]
    in_words: Plain
    figure_absent: Plain
    figure_unreadable: Plain
    figures: dict[str, Plain]

    # Tables
    numbers: Plain
    table_numbers: Annotated[str, uses("indicator", "unit", "scale", "change_scale", "level")]
    interval: Annotated[str, uses("low", "high")]
    persons: Annotated[str, uses("n")]
    col_change: Annotated[str, uses("from_wave", "to_wave")]
    targets: Plain
    targets_absent: Annotated[str, uses("name")]

    # About this number
    note: Plain
    note_what: Plain
    note_who: Plain
    note_interval: Plain
    note_size: Plain
    note_change: Plain
    note_target: Plain
    note_remarks: Plain
    note_method: Plain
    what_mean: Annotated[str, uses("scale")]
    what_share: Annotated[str, uses("at_least")]
    what_count: Annotated[str, uses("scale")]
    better_up: Plain
    better_down: Plain
    who: Annotated[str, uses("n", "organisations")]
    once: Plain
    range: Annotated[str, uses("low", "high", "level")]
    range_absent: Plain
    target: Annotated[str, uses("target", "target_year", "attainment", "year", "status")]
    too_few: Annotated[str, uses("minimum")]
    withheld: str
    no_data: Plain
    method_mean: Plain
    method_share: Plain
    method_count: Plain
    more: Plain
    level_flags: LevelFlags
