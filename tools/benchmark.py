"""The benchmark: in, invented answers of growing size; out, times and memory beside plain pandas' on the same data, as ratios.

Each measurement runs in a process of its own, ours and pandas' by turns, and the medians are compared; seconds are of the
processor, as other work on the machine then weighs less. Nothing here is a test: machines are noisy.
"""

from __future__ import annotations

import csv
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from midterm.clean.survey import clean_answers, clean_survey
from midterm.description import Evaluation, load_evaluation
from midterm.measure.indicators import survey_indicators
from midterm.measure.scores import scores_by_person
from midterm.read import RawTable, read_survey

ITEMS, BLOCKS, WAVE, SEED = 60, 20, "2025", 20250401
COLUMNS = [f"Q{block:02d}[SQ{item:03d}]" for block in range(BLOCKS) for item in range(ITEMS // BLOCKS)]
CODES = ("A1", "A2", "A3", "A4", "A5", "A9", "")
CHANCES = (0.08, 0.15, 0.25, 0.27, 0.15, 0.07, 0.03)
MEANINGS = {"A1": 1.0, "A2": 2.0, "A3": 3.0, "A4": 4.0, "A5": 5.0, "A9": np.nan, "": np.nan}
KEYS = ["CODE", "ALLIANTIE", "ORGANISATIE"]
READ_SIZES, ROUNDS, LARGE, PARTS = (25_000, 50_000, 100_000, 200_000), 5, 1_000_000, 10


def main() -> None:
    """Make the data, measure, and print the ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _describe(folder)
        _report_reading(folder)
        _report_computing(folder)


def _report_reading(folder: Path) -> None:
    print(f"\nReading and cleaning a survey export of n x {ITEMS} (pandas: read_csv as text, one melt)")
    print(f"{'n':>9} {'ours s':>8} {'pandas s':>9} {'ratio':>6} {'us/row':>7} {'peak MB':>8} {'text MB':>8} {'ratio':>6} {'file MB':>8}")
    for size in READ_SIZES:
        _write_export(folder, size)
        ours, pandas = _by_turns(folder, "read_clean", "read_pandas", ROUNDS)
        per_row = ours["seconds"] / size * 1e6
        memory = f"{ours['peak_mb']:>8.0f} {pandas['text_mb']:>8.0f} {ours['peak_mb'] / pandas['text_mb']:>6.2f} {pandas['file_mb']:>8.0f}"
        print(f"{size:>9,} {ours['seconds']:>8.2f} {pandas['seconds']:>9.2f} {ours['seconds'] / pandas['seconds']:>6.2f} {per_row:>7.1f} {memory}")


def _report_computing(folder: Path) -> None:
    print(f"\nCleaning and indicators of {LARGE:,} x {ITEMS} (pandas: replace, melt, groupby)")
    _write_parts(folder, 1)
    ours, pandas = _by_turns(folder, "compute", "compute_pandas", 1)
    print(f"ours {ours['seconds']:.2f} s, {ours['peak_mb']:.0f} MB; pandas {pandas['seconds']:.2f} s, {pandas['peak_mb']:.0f} MB")
    print(f"ratio of time {ours['seconds'] / pandas['seconds']:.3f}, of memory {ours['peak_mb'] / pandas['peak_mb']:.3f}")
    _write_parts(folder, PARTS)
    many = _measured(folder, "compute")
    print(f"{PARTS * LARGE:,} x {ITEMS}, one alliance after another as the steps do: {many['seconds']:.2f} s, {many['peak_mb']:.0f} MB")


def _by_turns(folder: Path, ours: str, pandas: str, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    runs = [(_measured(folder, ours), _measured(folder, pandas)) for _ in range(rounds)]
    return _medians([run[0] for run in runs]), _medians([run[1] for run in runs])


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _measured(folder: Path, what: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, what, folder], check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _text(nl: str) -> dict[str, str]:
    return {"nl": nl, "en": nl}


def _describe(folder: Path) -> None:
    """Write an evaluation of ten alliances of four organisations and one wave."""
    agree = {
        "low": 1,
        "high": 5,
        "unit": _text("punten"),
        "answers": [{"value": value, "codes": [f"A{value}"], "label": _text(f"antwoord {value}")} for value in range(1, 6)],
        "missing": [{"kind": "dont_know", "codes": ["A9"], "label": _text("weet niet")}],
    }
    items = [
        {"id": f"q{at}", "block": "b", "scale": "agree", "column": column, "wording": _text(f"Stelling {at}."), **({"reversed": "true"} if at % 9 == 8 else {})}
        for at, column in enumerate(COLUMNS)
    ]
    block = {"id": "b", "kind": "cooperation", "title": _text("Blok"), "intro": _text("Uitspraken.")}
    per_block = ITEMS // BLOCKS
    indicators = [
        {"id": f"d{at}", "label": _text(f"Deel {at}"), "group": "dimension", "items": [f"q{at * per_block + step}" for step in range(per_block)]}
        | {"unit": _text("punten"), "margin": "0.3"}
        for at in range(BLOCKS)
    ]
    columns = {"respondent": ["CODE"], "alliance": ["ALLIANTIE"], "organisation": ["ORGANISATIE"], "submitted": "submitdate", "duration": "interviewtime"}
    waves = [{"id": year, "label": _text(year), "year": int(year)} for year in ("2024", WAVE)]
    described = {
        "title": _text("Meting"),
        "commissioner": _text("geen"),
        "background": _text("Verzonnen."),
        "unit": {"singular": _text("alliantie"), "plural": _text("allianties")},
        "waves": waves,
        "alliances": [{"id": f"a{at}", "name": f"Alliantie {at}"} for at in range(PARTS)],
        "sources": {"surveys": [{"file": "survey.csv", "reader": "limesurvey", "wave": WAVE, "columns": columns}]},
        "plan": {"from_wave": "2024", "to_wave": WAVE, "primary": ["d0"]},
    }
    (folder / "config").mkdir()
    codebook = {"title": _text("Lijst"), "scales": {"agree": agree}, "blocks": [block], "items": items}
    for name, content in (("evaluation", described), ("config/codebook", codebook), ("config/indicators", {"indicators": indicators})):
        (folder / f"{name}.yml").write_text(yaml.dump(content, Dumper=_Plain), encoding="utf-8")


class _Plain(yaml.SafeDumper):
    """Writes every value out, as the project's YAML knows no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def _answers(size: int, part: int) -> np.ndarray:
    return np.random.default_rng([SEED, part]).choice(len(CODES), size=(size, ITEMS), p=CHANCES).astype(np.int8)


def _write_export(folder: Path, size: int) -> None:
    """Write a LimeSurvey export."""
    answers = np.array(CODES)[_answers(size, 0)]
    with (folder / "survey.csv").open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.writer(lines, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["id", "submitdate", "ipaddr", *KEYS, *COLUMNS, "TOELICHTING", "interviewtime"])
        for row in range(size):
            sent = f"{WAVE}-04-{1 + row % 28:02d} {row % 24:02d}:{row % 60:02d}:{row // 60 % 60:02d}"
            who = [f"c{row:07d}", f"a{row % PARTS}", f"org {row % (4 * PARTS)}"]
            writer.writerow([row + 1, sent, "192.0.2.1", *who, *answers[row], "", f"{300 + row % 900}.{row % 100:02d}"])


def _write_parts(folder: Path, parts: int) -> None:
    """Write the answers of each alliance as Parquet, text coded as a reader gives it."""
    for part in range(parts):
        _raw_text(LARGE, part).to_parquet(folder / f"part{part:02d}.parquet")


def _raw_text(size: int, part: int) -> pd.DataFrame:
    answers = _answers(size, part)
    columns: dict[str, Any] = {
        "CODE": pd.Categorical.from_codes(np.arange(size, dtype=np.int32), [f"c{row:07d}" for row in range(size)]),
        "ALLIANTIE": pd.Categorical.from_codes(np.zeros(size, dtype=np.int8), [f"a{part}"]),
        "ORGANISATIE": pd.Categorical.from_codes(np.arange(size) % 4, [f"org {number}" for number in range(4)]),
        "submitdate": pd.Categorical.from_codes(np.zeros(size, dtype=np.int8), [f"{WAVE}-04-01 12:00:00"]),
        "interviewtime": pd.Categorical.from_codes(np.arange(size) % 900, [f"{300 + number}.5" for number in range(900)]),
    }
    columns |= {name: pd.Categorical.from_codes(answers[:, at], list(CODES)) for at, name in enumerate(COLUMNS)}
    return pd.DataFrame(columns)


def _read_clean(evaluation: Evaluation) -> dict[str, float]:
    """Our own way from file to the long table."""
    with _clock() as seconds:
        rows = len(clean_survey(evaluation, WAVE, read_survey(evaluation, WAVE)).tables["responses"])
    return {"seconds": seconds(), "rows": rows}


def _read_pandas(evaluation: Evaluation) -> dict[str, float]:
    """Plain pandas: the file as text, and one melt."""
    path = evaluation.folder / "survey.csv"
    with _clock() as seconds:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        rows = len(frame.melt(id_vars=KEYS, value_vars=COLUMNS))
    return {"seconds": seconds(), "rows": rows, "text_mb": frame.memory_usage(deep=True).sum() / 2**20, "file_mb": path.stat().st_size / 2**20}


def _compute(evaluation: Evaluation) -> dict[str, float]:
    """Our own way from text to indicators, a part after another."""
    total, rows = 0.0, 0
    for path in sorted(evaluation.folder.glob("part*.parquet")):
        text = pd.read_parquet(path)
        columns = {name: pd.Categorical.from_codes(column.cat.codes, column.cat.categories.astype(object)) for name, column in text.items()}
        text = pd.DataFrame(columns, index=pd.RangeIndex(2, len(text) + 2, name="row"))
        with _clock() as seconds:
            raw = RawTable(path.name, "", text, is_synthetic=True)
            persons, answers, _ = clean_answers(evaluation, WAVE, [(evaluation.sources.surveys[0], raw)])
            scores = scores_by_person(evaluation, pd.concat([persons, answers], axis=1))
            rows += len(survey_indicators(evaluation, scores, str(persons["alliance"].iloc[0])))
        total += seconds()
    return {"seconds": total, "rows": rows}


def _compute_pandas(evaluation: Evaluation) -> dict[str, float]:
    """Plain pandas on the same text: replace codes by numbers, melt, group."""
    text = pd.read_parquet(evaluation.folder / "part00.parquet").astype(str)
    block = {column: at // (ITEMS // BLOCKS) for at, column in enumerate(COLUMNS)}
    with _clock() as seconds:
        answers = text.assign(**text[COLUMNS].replace(MEANINGS).astype(float))
        tidy = answers.melt(id_vars=KEYS, value_vars=COLUMNS, var_name="item", value_name="value")
        tidy["block"] = tidy["item"].map(block)
        scores = tidy.groupby([*KEYS, "block"])["value"].mean()
        rows = len(scores.groupby(["ALLIANTIE", "block"]).agg(["mean", "std", "count"]))
    return {"seconds": seconds(), "rows": rows}


class _clock:  # noqa: N801
    """Gives the processor's seconds spent within the block."""

    def __enter__(self) -> Callable[[], float]:
        self._start, self._end = time.process_time(), 0.0
        return lambda: self._end - self._start

    def __exit__(self, *_: object) -> None:
        self._end = time.process_time()


MEASUREMENTS: dict[str, Callable[[Evaluation], dict[str, float]]] = {
    "read_clean": _read_clean,
    "read_pandas": _read_pandas,
    "compute": _compute,
    "compute_pandas": _compute_pandas,
}


def _measure(name: str, folder: Path) -> dict[str, float]:
    """Run one measurement in this process; memory is the peak beyond what the process held before (Linux)."""
    evaluation = load_evaluation(folder)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    found = MEASUREMENTS[name](evaluation)
    return {**found, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before}


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(_measure(sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
