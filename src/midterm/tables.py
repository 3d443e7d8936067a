"""The tables of the contract and their one writer: in, a frame; out, CSV, Parquet and a description beside, whole or not at all.

Every table is declared here once: folder, row unit, and each column with its type and meaning. The description
beside a table (``NAME.json``) carries the synthetic mark of the data that it was made from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from midterm.errors import Problem, UserError
from midterm.files import finished, replacing
from midterm.places import OPEN, PARTS, PROCESSED, PUBLISHED, TABLES

ALL, AVERAGE = "all", "average"  # what stands for an alliance in pooled rows
DTYPES: dict[str, Any] = {"text": "string", "number": "float64", "integer": "Int64", "truth": "boolean"}


@dataclass(frozen=True)
class Table:
    """A table's folder, what one row is, its columns (name -> type: meaning), and the columns that sort it."""

    name: str
    folder: str
    row: str
    columns: dict[str, tuple[str, str]]
    order: tuple[str, ...]


_PLACE = {
    "file": ("text", "raw file, relative to the evaluation"),
    "sheet": ("text", "worksheet, empty for text files"),
    "row": ("integer", "row as the user sees it; empty: the whole file or column"),
    "column": ("text", "heading of the column; empty: the whole row"),
    "rule": ("text", "name of the rule"),
    "reason": ("text", "what is wrong and what to do; never the value"),
}
_CHANGE = {
    "alliance": ("text", "alliance id; all = all respondents pooled; average = random-effects mean over alliances"),
    "indicator": ("text", "indicator id"),
    "from_wave": ("text", "first wave of the contrast"),
    "to_wave": ("text", "last wave of the contrast"),
    "estimand": ("text", "descriptive (these people) or process (would it recur)"),
    "planned": ("truth", "a primary comparison of the plan, and of the seal where there is one"),
    "design": ("text", "paired, partly_paired or independent respondents"),
    "n_from": ("integer", "persons with a score in the first wave"),
    "n_to": ("integer", "persons with a score in the last wave"),
    "n_paired": ("integer", "persons with a score in both"),
    "n_organisations": ("integer", "organisations with data in both waves; for average: alliances"),
    "estimate": ("number", "last minus first wave, in the indicator's unit"),
    "std_error": ("number", "standard error of the estimate"),
    "df": ("number", "degrees of freedom of the interval and test"),
    "ci_low": ("number", "lower end of the 95 % interval (level 1 - alpha of the plan)"),
    "ci_high": ("number", "upper end of the interval"),
    "p_value": ("number", "two-sided p of no change; empty where the data are described and not tested"),
    "p_adjusted": ("number", "p adjusted within the alliance: Holm over the primaries, Benjamini-Hochberg over the others"),
    "p_floor": ("number", "smallest p the method can give; empty for methods without a floor"),
    "effect_size": ("number", "standardised change"),
    "effect_name": ("text", "which standardised change"),
    "effect_low": ("number", "lower end of its interval"),
    "effect_high": ("number", "upper end of its interval"),
    "equivalence_p": ("number", "larger p of the two one-sided tests against the margin"),
    "margin": ("number", "smallest change that matters, in the indicator's unit"),
    "minimal_detectable": ("number", "smallest true change that these data would have shown with the plan's power"),
    "shrunken": ("number", "the alliance's change after shrinkage to the average"),
    "verdict": ("text", "changed_better, changed_worse, no_relevant_change, inconclusive or described_only"),
    "tier": ("text", "T0 described, T1 low power, T2 tested, T3 pooled"),
    "method": ("text", "estimator and test"),
    "flag": ("text", "remarks, separated by semicolons"),
}

DECLARED = (
    Table(
        "responses",
        PROCESSED,
        "one answer of one person to one item in one wave",
        {
            "respondent_id": ("text", "person, the same over waves where linked"),
            "alliance": ("text", "alliance id"),
            "organisation": ("text", "organisation id"),
            "wave": ("text", "wave id"),
            "item": ("text", "item id of the codebook"),
            "value": ("number", "answer as given, before turning reversed items; empty when missing"),
            "missing_kind": ("text", "empty, dont_know, not_applicable, not_reached, refused or invalid; empty when answered"),
        },
        ("wave", "alliance", "organisation", "respondent_id", "item"),
    ),
    Table(
        "respondents",
        PROCESSED,
        "one person in one alliance and wave",
        {
            "respondent_id": ("text", "person, the same over waves where linked"),
            "alliance": ("text", "alliance id"),
            "organisation": ("text", "organisation id"),
            "wave": ("text", "wave id"),
            "is_complete": ("truth", "the questionnaire was sent in"),
            "is_usable": ("truth", "enough items answered to count (plan.usable_share)"),
        },
        ("wave", "alliance", "organisation", "respondent_id"),
    ),
    Table(
        "open_answers",
        OPEN,
        "one answer in a respondent's own words, apart from who gave it",
        {
            "alliance": ("text", "alliance id"),
            "wave": ("text", "wave id"),
            "question": ("text", "open question id of the codebook"),
            "answer": ("text", "the words as given; internal, never in report, log or message"),
        },
        ("wave", "alliance", "question", "answer"),
    ),
    Table(
        "framework",
        PROCESSED,
        "one indicator of an alliance's framework in one reporting year",
        {
            "alliance": ("text", "alliance id"),
            "level": ("text", "input, activity, output, outcome or impact"),
            "indicator_id": ("text", "number of the row in the alliance's framework"),
            "indicator": ("text", "the alliance's own wording"),
            "unit": ("text", "unit id of the codebook"),
            "direction": ("text", "up or down is better"),
            "baseline_year": ("integer", "year of the baseline"),
            "baseline_value": ("number", "baseline, in unit"),
            "target_year": ("integer", "year of the target"),
            "target_value": ("number", "target, in unit"),
            "year": ("integer", "reporting year"),
            "actual_value": ("number", "reported value, in unit"),
            "reporting": ("text", "annual or cumulative"),
            "source": ("text", "means of verification"),
            "status": ("text", "status that the alliance reports"),
            "bottleneck": ("text", "bottleneck category that the alliance reports"),
        },
        ("alliance", "indicator_id", "year"),
    ),
    Table(
        "interviews",
        PROCESSED,
        "one coded interview segment (without its text)",
        {
            "interview": ("text", "interview id"),
            "alliance": ("text", "alliance id"),
            "group": ("text", "alliance or account_holder"),
            "theme": ("text", "theme id of the codebook"),
            "rating": ("number", "-1 negative, 0 mixed, 1 positive; empty when not rated"),
            "segment": ("text", "mark of the piece that was coded, the same for every coder; empty where not given"),
            "coder": ("text", "pseudonym of who coded it; empty where not given"),
        },
        ("alliance", "interview", "theme"),
    ),
    Table(
        "population",
        PROCESSED,
        "one organisation in one alliance and wave, from the staff list",
        {
            "wave": ("text", "wave id"),
            "alliance": ("text", "alliance id"),
            "organisation": ("text", "organisation id"),
            "population": ("integer", "people who work in the alliance"),
            "invited": ("integer", "people invited to the survey"),
        },
        ("wave", "alliance", "organisation"),
    ),
    Table("quarantine", PROCESSED, "one cell or row that was set aside", _PLACE, ("file", "sheet", "row", "column", "rule")),
    Table("notices", PROCESSED, "one cell, row or file that was kept but is doubtful", _PLACE, ("file", "sheet", "row", "column", "rule")),
    Table(
        "remarks",
        TABLES,
        "one thing that the report lacks, or that its own texts must be looked at for",
        _PLACE,
        ("file", "sheet", "row", "column", "rule"),
    ),
    Table(
        "reconciliation",
        PROCESSED,
        "one raw file: rows and cells read, kept and set aside",
        {
            "file": ("text", "raw file, relative to the evaluation"),
            "sheet": ("text", "worksheet, empty for text files"),
            "part": ("text", "wave or alliance that was taken from the file"),
            "rows_read": ("integer", "data rows of this part"),
            "rows_kept": ("integer", "rows kept"),
            "rows_set_aside": ("integer", "rows in quarantine"),
            "cells_read": ("integer", "declared cells in the rows kept"),
            "cells_kept": ("integer", "cells kept, missing ones included"),
            "cells_set_aside": ("integer", "cells in quarantine"),
            "is_synthetic": ("truth", "the file says that its data are synthetic"),
        },
        ("file", "sheet", "part"),
    ),
    Table(
        "response",
        TABLES,
        "response of one alliance (or all) in one wave",
        {
            "alliance": ("text", "alliance id, or all (each person once)"),
            "wave": ("text", "wave id"),
            "population": ("integer", "people who work in the alliance"),
            "invited": ("integer", "people invited"),
            "complete": ("integer", "persons who sent the questionnaire in"),
            "partial": ("integer", "persons who stopped before the end"),
            "usable": ("integer", "persons with enough answers to count"),
            "rate": ("number", "usable / invited (0-1)"),
        },
        ("alliance", "wave"),
    ),
    Table(
        "answers",
        TABLES,
        "how often one answer was given to one item",
        {
            "alliance": ("text", "alliance id, or all"),
            "wave": ("text", "wave id"),
            "block": ("text", "block of the questionnaire"),
            "item": ("text", "item id"),
            "answer": ("text", "value in the direction of the block (reversed items turned), or the kind of missing"),
            "n": ("integer", "usable persons with this answer"),
            "n_usable": ("integer", "usable persons who were asked"),
        },
        ("alliance", "wave", "block", "item", "answer"),
    ),
    Table(
        "combinations",
        TABLES,
        "how many persons ticked exactly these boxes of one block, in one wave",
        {
            "alliance": ("text", "all (each person once)"),
            "wave": ("text", "wave id"),
            "block": ("text", "block of the questionnaire of which every item is a box to tick"),
            "combination": ("text", "item ids of the boxes that were ticked, sorted, separated by semicolons; empty = none of them"),
            "n": ("integer", "usable persons who answered every box of the block and ticked exactly these"),
            "n_usable": ("integer", "usable persons who were asked"),
        },
        ("alliance", "wave", "block", "combination"),
    ),
    Table(
        "indicators",
        TABLES,
        "one statistic of one indicator for one alliance (or all) and wave",
        {
            "alliance": ("text", "alliance id; all = pooled"),
            "wave": ("text", "wave id"),
            "indicator": ("text", "indicator id (with :item for one item of a scale), level of the framework, or theme of interviews"),
            "source": ("text", "survey, framework or interview"),
            "statistic": (
                "text",
                "survey: mean, share, count, attainment, alpha, omega, icc1, icc2, rwg, dif_uniform, dif_uniform_p, dif_nonuniform, dif_nonuniform_p, "
                "dif_log_odds; framework: share_on_schedule; interview: balance, krippendorff_alpha, krippendorff_alpha_ratings",
            ),
            "estimate": ("number", "value, in unit"),
            "std_error": ("number", "standard error, clustered on organisations"),
            "ci_low": ("number", "lower end of the interval"),
            "ci_high": ("number", "upper end of the interval"),
            "n": ("integer", "persons (survey), framework rows or interviews"),
            "n_organisations": ("integer", "organisations with data"),
            "n_missing": ("integer", "usable persons (or rows) without a value"),
            "unit": ("text", "unit of estimate"),
            "method": ("text", "estimator and interval"),
            "tier": ("text", "T0 to T3 by size"),
            "flag": ("text", "remarks, separated by semicolons"),
        },
        ("alliance", "indicator", "wave", "source", "statistic"),
    ),
    Table(
        "change", TABLES, "one change of one indicator for one alliance, all or average", _CHANGE, ("alliance", "indicator", "from_wave", "to_wave", "estimand")
    ),
    Table("checks", TABLES, "the same change by another method", _CHANGE, ("alliance", "indicator", "from_wave", "to_wave", "method")),
    Table(
        "attrition",
        TABLES,
        "who stayed, left and came between the waves of the contrast, for one indicator of one alliance (or all)",
        {
            "alliance": ("text", "alliance id, or all (each person once)"),
            "indicator": ("text", "indicator id"),
            "n_stayers": ("integer", "persons with a score in both waves"),
            "n_leavers": ("integer", "persons with a score in the first wave only"),
            "n_entrants": ("integer", "persons with a score in the last wave only"),
            **{
                f"{group}_{wave}": ("number", f"mean of the {group} in the {place} wave")
                for group, wave, place in (
                    ("stayers", "before", "first"),
                    ("leavers", "before", "first"),
                    ("stayers", "after", "last"),
                    ("entrants", "after", "last"),
                )
            },
            **{
                f"{group}_{name}": (kind, meaning.format(group=group, place=place))
                for group, place in (("leavers", "first"), ("entrants", "last"))
                for name, kind, meaning in (
                    ("gap", "number", "{group} minus stayers in the {place} wave, in the indicator's unit"),
                    ("std_error", "number", "its standard error, clustered on organisations (CR2)"),
                    ("df", "number", "its degrees of freedom (Satterthwaite)"),
                    ("ci_low", "number", "lower end of its interval"),
                    ("ci_high", "number", "upper end of its interval"),
                    ("p_value", "number", "two-sided p of no difference, not adjusted; empty where too small to test"),
                )
            },
            "change": ("number", "mean of the last wave minus mean of the first, everyone"),
            "change_of_stayers": ("number", "the same of the stayers"),
            "from_leavers": ("number", "what leaving adds to the change"),
            "from_entrants": ("number", "what entering adds; change = change_of_stayers + from_leavers + from_entrants"),
            "tier": ("text", "T0 described, T1 low power, T2 tested, T3 pooled"),
            "method": ("text", "estimator and interval"),
            "flag": ("text", "remarks, separated by semicolons"),
        },
        ("alliance", "indicator"),
    ),
    Table(
        "attainment",
        TABLES,
        "one framework indicator, or survey indicator with a target, in one year against its milestone",
        {
            "alliance": ("text", "alliance id"),
            "indicator_id": ("text", "number of the row in the alliance's framework, or indicator id of the survey"),
            "year": ("integer", "reporting year"),
            "baseline": ("number", "baseline, in unit"),
            "target": ("number", "target, in unit"),
            "actual": ("number", "value to date: annual counts summed, all else as reported"),
            "attainment": ("number", "(actual - baseline) / (target - baseline), uncapped"),
            "expected": ("number", "milestone: share of the way that was agreed for the year, or that even steps ask for"),
            "status": ("text", "on_track, uncertain, off_track, reached, maintained or not_computable"),
            "flag": ("text", "remarks, separated by semicolons"),
        },
        ("alliance", "indicator_id", "year"),
    ),
    Table(
        "evidence",
        TABLES,
        "what the sources say on one question for one alliance (or all)",
        {
            "question": ("text", "question id"),
            "claim": ("text", "the claim that is weighed"),
            "alliance": ("text", "alliance id, or all"),
            "survey": ("text", "supports, mixed, contradicts or silent"),
            "framework": ("text", "supports, mixed, contradicts or silent"),
            "interview": ("text", "supports, mixed, contradicts or silent"),
            "agreement": ("text", "agree, differ, single_source or none"),
            "strength": ("text", "strong, moderate, weak or none"),
            "conclusion": ("text", "supported, mixed, not_supported or not_known"),
            "sources": ("text", "the cells that were weighed: table, row key = value"),
        },
        ("question", "alliance"),
    ),
)
BY_NAME = {table.name: table for table in DECLARED}
CLEAN = tuple(table.name for table in DECLARED if table.folder in (PROCESSED, OPEN))


def shaped(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with exactly the declared columns, types and order of rows; absent columns are empty."""
    table = BY_NAME[name]
    dtypes = {column: DTYPES[kind] for column, (kind, _) in table.columns.items()}
    typed = pd.DataFrame(
        {column: frame[column].astype(dtype) if column in frame else pd.Series(index=frame.index, dtype=dtype) for column, dtype in dtypes.items()}
    )
    return typed.sort_values(list(table.order), kind="stable", na_position="first", ignore_index=True)


def empty(name: str) -> pd.DataFrame:
    """Return the table without rows."""
    return shaped(name, pd.DataFrame(columns=list(BY_NAME[name].columns)))


def stack(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all ``frames`` as one table."""
    filled = [frame for frame in frames if len(frame)]
    return shaped(name, pd.concat(filled, ignore_index=True)) if filled else empty(name)


class Store:
    """The tables of one evaluation on disk: reads and writes them whole, and passes the synthetic mark on.

    Whatever is written after reading synthetic data is marked synthetic: the mark follows the data, not a setting.
    """

    def __init__(self, folder: Path, *, is_synthetic: bool = False) -> None:
        self.folder = folder
        self.is_synthetic = is_synthetic

    def write(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Write a table of the contract as CSV, Parquet and JSON description; return it as written."""
        table = BY_NAME[name]
        written = shaped(name, frame)
        base = self.folder / table.folder / name
        with replacing(base.with_suffix(".csv")) as path:
            _as_text(table, written).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
        _write_parquet(base.with_suffix(".parquet"), written, self.is_synthetic)
        with replacing(base.with_suffix(".json")) as path:
            path.write_text(_description(table, len(written), self.is_synthetic), encoding="utf-8")
        return written

    def read(self, name: str) -> pd.DataFrame:
        """Read a table of the contract; raise UserError when it was not made yet."""
        if not self.has(name):
            place = f"{BY_NAME[name].folder}/{name}.csv"
            raise UserError(Problem(place, rule="not_made", reason="this table was not made yet; run `midterm run` first"))
        return shaped(name, self._load(self._path(name)))

    def has(self, name: str) -> bool:
        """Tell whether a table of the contract was made."""
        return self._path(name).exists()

    def write_part(self, name: str, part: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Write the piece of a table that one step makes for one wave or alliance; return it as written."""
        written = shaped(name, frame)
        _write_parquet(self._part(name, part), written, self.is_synthetic)
        return written

    def read_parts(self, name: str, pattern: str = "**/*") -> pd.DataFrame:
        """Read and stack the pieces of a table that match ``pattern`` (a step that failed left none)."""
        paths = finished((self.folder / PARTS / name).glob(f"{pattern}.parquet"))
        return stack(name, [self._load(path) for path in paths])

    def write_published(self, name: str, unit: str, frame: pd.DataFrame) -> None:
        """Write what may be shown of one table about one alliance (or ``all``)."""
        _write_parquet(self.folder / PUBLISHED / unit / f"{name}.parquet", shaped(name, frame), self.is_synthetic)

    def read_published(self, units: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Read what may be shown about ``units``, by table; raise UserError when nothing was made yet."""
        paths = [path for unit in units for path in finished((self.folder / PUBLISHED / unit).glob("*.parquet"))]
        if not paths:
            raise UserError(Problem(PUBLISHED, rule="not_made", reason="these tables were not made yet; run `midterm run` first"))
        return {name: stack(name, [self._load(path) for path in paths if path.stem == name]) for name in sorted({path.stem for path in paths})}

    def _path(self, name: str) -> Path:
        return self.folder / BY_NAME[name].folder / f"{name}.parquet"

    def _part(self, name: str, part: str) -> Path:
        return self.folder / PARTS / name / f"{part}.parquet"

    def _load(self, path: Path) -> pd.DataFrame:
        content = pq.read_table(path)
        self.is_synthetic |= (content.schema.metadata or {}).get(b"synthetic") == b"true"
        frame: pd.DataFrame = content.to_pandas()
        return frame


def _as_text(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it stands in the CSV: truths are ``true`` and ``false``."""
    truths = [name for name, (kind, _) in table.columns.items() if kind == "truth"]
    return frame.assign(**{name: frame[name].map({True: "true", False: "false"}) for name in truths})


def _write_parquet(path: Path, frame: pd.DataFrame, is_synthetic: bool) -> None:
    content = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(content.schema.metadata or {}), b"synthetic": str(is_synthetic).lower().encode()}
    with replacing(path) as beside:
        pq.write_table(content.replace_schema_metadata(metadata), beside)


def _description(table: Table, rows: int, is_synthetic: bool) -> str:
    content = {
        "name": table.name,
        "row": table.row,
        "rows": rows,
        "synthetic": is_synthetic,
        "mark": "Synthetisch / synthetic" if is_synthetic else "",
        "columns": {name: {"type": kind, "meaning": meaning} for name, (kind, meaning) in table.columns.items()},
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
