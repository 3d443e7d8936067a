"""What an analyst may say of a change: in, the rows of ``change`` of one alliance; out, the report's own sentences in every language."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from midterm.description import Evaluation
from midterm.publish.disclosure import publishable
from midterm.publish.report.context import Context


def changes_in_words(evaluation: Evaluation, changes: pd.DataFrame, alliance: str) -> pd.DataFrame:
    """Return a row per indicator of the plan and a column per language, in the words of the report and by its rule for small numbers."""
    tables = publishable({"change": changes}, evaluation)
    names = evaluation.plan.primary
    said = {
        language: [Context(evaluation, tables, language, Path()).change_in_words(alliance, evaluation.indicator(name)) for name in names]
        for language in evaluation.file.languages
    }
    return pd.DataFrame(said, index=pd.Index(names, name="indicator"))
