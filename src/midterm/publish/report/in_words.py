"""What an analyst may say of a change: in, what may be shown of one alliance; out, the report's own sentences in every language."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from midterm.description import Evaluation
from midterm.publish.disclosure import Published
from midterm.publish.report.context import Context


def changes_in_words(evaluation: Evaluation, tables: Published, alliance: str) -> pd.DataFrame:
    """Return a row per indicator of the plan and a column per language, in the words of the report."""
    names = evaluation.plan.primary
    said = {
        language: [Context(evaluation, tables, language, Path(), "").change_in_words(alliance, evaluation.indicator(name)) for name in names]
        for language in evaluation.file.languages
    }
    return pd.DataFrame(said, index=pd.Index(names, name="indicator"))
