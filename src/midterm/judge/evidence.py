"""The evidence matrix: in, the tables of all sources; out, per question and alliance what each source says and whether they agree."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from midterm.description import Evaluation, Indicator
from midterm.description.evaluation_file import Question
from midterm.tables import shaped

Said = tuple[str, list[str]]
SUPPORTS, MIXED, CONTRADICTS, SILENT = "supports", "mixed", "contradicts", "silent"
CONCLUSIONS = {SUPPORTS: "supported", MIXED: "mixed", CONTRADICTS: "not_supported", SILENT: "not_known"}


def evidence(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the table ``evidence``: every question of the evaluation for every alliance and for ``all``."""
    rows = [_row(evaluation, tables, question, alliance) for question in evaluation.file.questions for alliance in (*evaluation.alliances, "all")]
    return shaped("evidence", pd.DataFrame(rows)) if rows else shaped("evidence", pd.DataFrame(columns=["question"]))


def _row(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], question: Question, alliance: str) -> dict[str, str]:
    said = {
        "survey": _survey(evaluation, tables, question, alliance),
        "framework": _framework(evaluation, tables, question, alliance),
        "interview": _interview(evaluation, tables, question, alliance),
    }
    voices = [voice for voice, _ in said.values() if voice != SILENT]
    agreement = _agreement(voices)
    return {
        "question": question.id,
        "claim": question.claim.in_(evaluation.file.languages[0]),
        "alliance": alliance,
        **{source: voice for source, (voice, _) in said.items()},
        "agreement": agreement,
        "strength": _strength(voices, agreement),
        "conclusion": CONCLUSIONS[_together(voices)],
        "sources": "; ".join(cell for _, cells in said.values() for cell in cells),
    }


def _together(voices: list[str]) -> str:
    """Return what several voices say together: one word when they agree, else mixed."""
    heard = [voice for voice in voices if voice != SILENT]
    if not heard:
        return SILENT
    return heard[0] if len(set(heard)) == 1 else MIXED


def _agreement(voices: list[str]) -> str:
    if len(voices) < 2:
        return "single_source" if voices else "none"
    return "agree" if len(set(voices)) == 1 else "differ"


def _strength(voices: list[str], agreement: str) -> str:
    if not voices:
        return "none"
    if agreement != "agree":
        return "weak"
    return "strong" if len(voices) == 3 else "moderate"


def _survey(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], question: Question, alliance: str) -> Said:
    voices, cells = [], []
    for name in question.survey:
        indicator = evaluation.indicator(name)
        level = _one(tables["indicators"], alliance=alliance, indicator=name, source="survey", statistic=indicator.statistic, wave=evaluation.plan.to_wave)
        change = _one(tables["change"], alliance=alliance, indicator=name)
        voice = _level_says(indicator, level, change)
        voices.append(voice)
        if voice != SILENT:
            cells += [f"indicators: alliance={alliance}, indicator={name}, wave={evaluation.plan.to_wave}", f"change: alliance={alliance}, indicator={name}"]
    return _together(voices), cells


def _one(table: pd.DataFrame, **key: str) -> pd.Series | None:
    kept = table
    for column, value in key.items():
        kept = kept[kept[column] == value]
    return None if kept.empty else kept.iloc[0]


def _level_says(indicator: Indicator, level: pd.Series | None, change: pd.Series | None) -> str:
    """Return what level and change say: a worsening never supports, an improvement never contradicts."""
    if indicator.norm is None or level is None or pd.isna(level["estimate"]):
        return SILENT
    sign = 1 if indicator.better == "up" else -1
    verdict = "" if change is None else change["verdict"]
    if sign * (level["estimate"] - indicator.norm.good) >= 0:
        return MIXED if verdict == "changed_worse" else SUPPORTS
    if sign * (level["estimate"] - indicator.norm.poor) <= 0:
        return MIXED if verdict == "changed_better" else CONTRADICTS
    return CONTRADICTS if verdict == "changed_worse" else MIXED


def _framework(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], question: Question, alliance: str) -> Said:
    table = tables["indicators"]
    rows = table[(table["source"] == "framework") & table["indicator"].isin(question.levels) & (table["wave"] == evaluation.plan.to_wave) & (table["n"] > 0)]
    rows = rows if alliance == "all" else rows[rows["alliance"] == alliance]
    if rows.empty:
        return SILENT, []
    share = float((rows["estimate"] * rows["n"]).sum() / rows["n"].sum())
    voice = SUPPORTS if share >= evaluation.plan.schedule_good else CONTRADICTS if share < evaluation.plan.schedule_poor else MIXED
    return voice, [f"indicators: alliance={alliance}, source=framework, wave={evaluation.plan.to_wave}"]


def _interview(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], question: Question, alliance: str) -> Said:
    table = tables["indicators"]
    rows = table[(table["source"] == "interview") & (table["statistic"] == "balance") & table["indicator"].isin(question.themes) & (table["n"] > 0)]
    rows = rows if alliance == "all" else rows[rows["alliance"] == alliance]
    if rows.empty:
        return SILENT, []
    balance = float((rows["estimate"] * rows["n"]).sum() / rows["n"].sum())
    voice = SUPPORTS if balance >= evaluation.plan.balance else CONTRADICTS if balance <= -evaluation.plan.balance else MIXED
    return voice, [f"indicators: alliance={alliance}, source=interview, indicator={'+'.join(question.themes)}"]
