"""Small numbers stay inside: in, tables; out, the same tables with survey results on too few persons blanked and flagged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from midterm.description.evaluation import Evaluation
from midterm.measure.survey_targets import BELOW_MINIMUM
from midterm.tables import BY_NAME, shaped

FLAG = "small_n"
LEVEL = ["estimate", "std_error", "ci_low", "ci_high"]
ATTAINMENT = ["baseline", "actual", "attainment", "expected"]
CHANGE = [*LEVEL, "df", "p_value", "p_adjusted", "effect_size", "effect_low", "effect_high", "equivalence_p", "minimal_detectable", "shrunken"]


class Published(dict[str, pd.DataFrame]):
    """Tables as they may be shown; only ``publishable`` makes them, and figures, texts and pages take nothing else."""


def publishable(tables: Mapping[str, pd.DataFrame], evaluation: Evaluation) -> Published:
    """Return ``tables`` fit to be shown: every survey result on fewer persons than the audience's minimum is empty, flag ``small_n``.

    Verdicts of blanked changes become ``described_only``, statuses of blanked targets ``not_computable``; answers of too small a
    group are left out.
    """
    minimum = evaluation.minimum
    blank = {"indicators": _indicators, "change": _change, "attrition": _attrition, "attainment": _attainment, "answers": _answers}
    return Published({name: blank[name](table, minimum) if name in blank else table for name, table in tables.items()})


def _indicators(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    n = table["n"].mask(table["source"] != "survey", minimum).mask(_is_below(table), minimum - 1)
    return shaped("indicators", _blanked(table, n, minimum, LEVEL))


def _change(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    n = table[["n_from", "n_to"]].min(axis=1, skipna=False)
    blanked = _blanked(table, n, minimum, CHANGE)
    return shaped("change", blanked.assign(verdict=blanked["verdict"].mask(n.fillna(0) < minimum, "described_only")))


def _attrition(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Blank rows in which a group that is there is too small: what one group adds would follow from what the others do."""
    counts = table[["n_stayers", "n_leavers", "n_entrants"]]
    numbers = [name for name, (kind, _) in BY_NAME["attrition"].columns.items() if kind == "number"]
    return shaped("attrition", _blanked(table, counts.mask(counts == 0).min(axis=1), minimum, numbers))


def _attainment(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Blank targets of the survey, whose rows say how many persons they rest on by a flag; those of the framework are the alliance's own."""
    n = _is_below(table).map({True: minimum - 1, False: minimum})
    blanked = _blanked(table, n, minimum, ATTAINMENT)
    return shaped("attainment", blanked.assign(status=blanked["status"].mask(n < minimum, "not_computable")))


def _is_below(table: pd.DataFrame) -> pd.Series:
    """Tell of each row whether a target's attainment rests on too few persons in one of its two waves."""
    return table["flag"].fillna("").str.contains(BELOW_MINIMUM, regex=False)


def _answers(table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    return shaped("answers", table[table["n_usable"] >= minimum])


def _blanked(table: pd.DataFrame, n: pd.Series, minimum: int, columns: list[str]) -> pd.DataFrame:
    """Empty ``columns`` where ``n`` is below ``minimum`` or unknown; the flag is for groups that exist."""
    small = n.fillna(0) < minimum
    flags = table["flag"].fillna("")
    joined = flags.where(flags == "", flags + "; ") + FLAG
    return table.assign(**{column: table[column].mask(small, np.nan) for column in columns}, flag=flags.mask(small & (n.fillna(1) > 0), joined))
