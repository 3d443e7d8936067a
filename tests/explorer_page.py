"""A small explorer for tests: in, the tiny evaluation; out, its page, with numbers invented here so that each can be recognised."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pandas as pd

from midterm.description import LANGUAGES, Evaluation
from midterm.publish.disclosure import publishable
from midterm.publish.explorer.page import Drawn, compose
from midterm.tables import BY_NAME, shaped

Rows = list[dict[str, object]]
MARK = '<g id="mark-{unit}-{wave}"><circle cx="{x}" cy="{y}" r="4"/></g>'
DUMBBELL = "dumbbell_cooperation_all"


def rows_of() -> dict[str, Rows]:
    """Return rows by table: cooperation in alliance noord and all together; zuid has no data."""
    level = {"wave": "2025", "indicator": "cooperation", "source": "survey", "statistic": "mean", "n": 20, "n_organisations": 3, "tier": "T1", "flag": ""}
    change = {"from_wave": "2023", "to_wave": "2025", "n_from": 18, "n_to": 20, "verdict": "inconclusive", "tier": "T1", "flag": ""}
    target = {"year": 2025, "baseline": 0.0, "target": 50.0, "attainment": 0.4, "expected": 0.6, "status": "off_track", "flag": ""}
    return {
        "indicators": [
            {**level, "alliance": "noord", "estimate": 3.21, "ci_low": 2.87, "ci_high": 3.55, "flag": "few_df"},
            {**level, "alliance": "noord", "wave": "2023", "estimate": 3.04, "ci_low": 2.66, "ci_high": 3.42},
            {**level, "alliance": "all", "estimate": 3.33, "ci_low": 3.12, "ci_high": 3.54, "n": 41, "n_organisations": 5, "tier": "T3"},
            {**level, "alliance": "noord", "indicator": "incident_share", "statistic": "share", "estimate": 0.25, "ci_low": 0.1, "ci_high": 0.47},
        ],
        "change": [{**change, "alliance": "noord", "indicator": "cooperation", "estimate": 0.17, "ci_low": -0.31, "ci_high": 0.65}],
        "attainment": [{**target, "alliance": "noord", "indicator_id": "P1", "actual": 20.0}],
        "framework": [{"alliance": "noord", "indicator_id": "P1", "indicator": "Bijeenkomsten", "year": 2025}],
    }


def tables_of(rows: dict[str, Rows]) -> dict[str, pd.DataFrame]:
    """Return tables of the contract from rows that name only the columns that matter."""
    blank = {name: dict.fromkeys(BY_NAME[name].columns) for name in rows}
    return {name: shaped(name, pd.DataFrame([{**blank[name], **row} for row in given], columns=list(blank[name]))) for name, given in rows.items()}


def figure(evaluation: Evaluation, language: str) -> Drawn:
    """Return a figure drawn by hand, whose marks and names can be found."""
    units = [*evaluation.alliances, "all"]
    rows = [
        f'<g id="name-{unit}"><rect x="10" y="{30 * place + 6}" width="60" height="10"/></g>'
        + "".join(MARK.format(unit=unit, wave=wave, x=120 + 40 * at, y=30 * place + 11) for at, wave in enumerate(evaluation.waves))
        for place, unit in enumerate(units)
    ]
    words = f'<title id="t-{language}">Titel {language}</title><desc id="d-{language}">Beschrijving {language}</desc>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t-{language} d-{language}" viewBox="0 0 240 100">'
    letter = '<defs><path id="letter" d="M 0 0 L 9 9"/></defs><use href="#letter"/>'
    return Drawn(f"{head}{words}{letter}{''.join(rows)}</svg>", f"Bijschrift {language}")


def explorer(evaluation: Evaluation, rows: dict[str, Rows] | None = None, figures: dict[str, Drawn] | None = None, *, is_synthetic: bool = True) -> str:
    """Return the page over ``rows`` as they may be shown."""
    drawn = {f"{DUMBBELL}.{language}": figure(evaluation, language) for language in LANGUAGES}
    given = tables_of(rows_of() if rows is None else rows)
    return compose(evaluation, publishable(given, evaluation), drawn if figures is None else figures, is_synthetic=is_synthetic)


def data_of(page: str) -> dict[str, Any]:
    """Return the data that the page holds."""
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    return dict(json.loads(found[0]))


def renamed(evaluation: Evaluation, name: str) -> Evaluation:
    """Return the evaluation with its first alliance called ``name``."""
    first, *others = evaluation.file.alliances
    alliances = (first.model_copy(update={"name": name}), *others)
    return dataclasses.replace(evaluation, file=evaluation.file.model_copy(update={"alliances": alliances}))
