"""The sentences of the data-quality page: in, the ``quality`` part of a labels file; out, every sentence with its placeholders, typed."""

from __future__ import annotations

from typing import Annotated

from midterm.description.model import Frozen
from midterm.description.placeholders import uses

Plain = str


class RuleTexts(Frozen):
    """What a rule of reading or cleaning is called, and what its finding means and asks for."""

    title: Annotated[str, uses("unit", "units")]
    action: Annotated[str, uses("unit", "units")]


class QualityTexts(Frozen):
    """One text per field, in one language; numbers enter only through placeholders. ``rules`` has the words by rule."""

    title: Plain
    subtitle: Annotated[str, uses("evaluation")]
    internal: Plain

    # In short
    verdict: Plain
    verdict_counts: Annotated[str, uses("files", "rows_read", "rows_kept", "rows_set_aside", "cells_read", "cells_kept", "cells_set_aside")]
    verdict_balanced: Plain
    verdict_unbalanced: Annotated[str, uses("files")]
    verdict_absent: Annotated[str, uses("n", "files")]
    verdict_problems: Annotated[str, uses("aside", "doubts", "files")]
    verdict_clean: Plain
    verdict_place: Annotated[str, uses("aside", "doubts")]
    verdict_information: Annotated[str, uses("n")]

    # Per wave
    waves: Annotated[str, uses("wave")]
    wave_empty: Annotated[str, uses("wave")]
    wave_response: Plain
    wave_missing: Plain
    wave_missing_lead: Annotated[str, uses("n", "wave", "units")]
    wave_missing_much: Annotated[str, uses("n", "share", "items")]
    wave_missing_little: Annotated[str, uses("share")]
    wave_dont_know: Annotated[str, uses("share", "item", "highest")]
    wave_not_met: Annotated[str, uses("kinds")]
    wave_not_there: Annotated[str, uses("items")]
    wave_signs: Plain
    wave_signs_lead: Plain

    # Per alliance
    unit_framework: Plain
    unit_framework_absent: Annotated[str, uses("unit")]
    unit_framework_clean: Plain
    unit_survey: Plain
    unit_survey_lead: Annotated[str, uses("minimum")]

    # Books
    books: Plain
    books_lead: Plain

    # All findings
    findings: Plain
    findings_lead: Plain
    findings_none: Plain
    fold_aside: Annotated[str, uses("title", "n")]
    fold_doubt: Annotated[str, uses("title", "n")]
    fold_information: Annotated[str, uses("title", "n")]
    whole_file: Plain
    whole_column: Plain
    whole_row: Plain
    outcome_aside: Plain
    outcome_doubt: Plain
    outcome_information: Plain

    # Tables
    table_response: Annotated[str, uses("unit", "wave")]
    table_missing: Annotated[str, uses("wave")]
    table_signs: Annotated[str, uses("wave")]
    table_framework: Annotated[str, uses("unit")]
    table_framework_findings: Annotated[str, uses("unit")]
    table_unit_survey: Annotated[str, uses("unit")]
    table_dont_know: Annotated[str, uses("unit")]
    table_books: Plain
    table_findings: Annotated[str, uses("file", "title")]
    col_asked: Plain
    col_answered: Plain
    col_finding: Plain
    col_outcome: Plain
    col_count: Plain
    col_places: Plain
    col_block: Plain
    col_questionnaires: Plain
    col_part: Plain
    col_sheet: Plain
    col_books_rows: Plain
    col_books_cells: Plain
    col_balance: Plain
    col_rows: Plain
    col_message: Plain
    balance_yes: Plain
    balance_no: Plain

    rules: dict[str, RuleTexts]
