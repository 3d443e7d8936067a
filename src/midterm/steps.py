"""The plan of a run as one plain table: each step's notebook, its unit, what it reads and what it writes.

The batch knows the evaluation only through this table: what waits for what follows from what is read and written.
``{wave}`` and ``{alliance}`` stand for the unit; ``{description}``, ``{labels}`` and ``{texts}`` (the evaluator's own) for the files
that describe the evaluation; ``{raw}`` (all), ``{surveys}``, ``{framework}``, ``{population}`` and ``{interviews}`` for the raw
files that it declares. Paths are globs relative to the evaluation's folder.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from fnmatch import translate as fnmatch_translate
from functools import cache
from pathlib import Path
from typing import Literal

from midterm.description import LANGUAGES, Evaluation
from midterm.description.evaluation import FILE
from midterm.description.evaluation_file import Limits
from midterm.errors import ConfigError, Problem, nearest
from midterm.places import BOOKS, FIGURES, PARTS, PUBLISHED, TABLES

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
Unit = Literal["wave", "alliance", "once"]
UNIT = "UNIT"  # stands for a wave or alliance in a pattern
CLEANED = ("responses", "respondents", "open_answers", "framework", "population", "interviews")
MEASURED = ("indicators", "response", "answers", "attainment")
COMPARED = ("change", "checks", "attrition")
TABLE = ("csv", "parquet", "json")
FIGURE = tuple(f"{language}.{ending}" for language in LANGUAGES for ending in ("svg", "png", "csv", "json"))


@dataclass(frozen=True)
class Step:
    """One row of the plan; ``needs`` names the source that an evaluation may do without.

    A run that takes longer than ``minutes`` or more memory than ``gigabytes`` is stopped; ``limits`` in ``evaluation.yml``
    sets others.
    """

    name: str
    notebook: str
    unit: Unit
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    needs: Literal["", "framework", "population", "interviews"] = ""
    minutes: float = 30
    gigabytes: float = 4


STEPS = (
    Step(
        "clean_survey",
        "10_clean_survey",
        "wave",
        ("{description}", "{surveys}"),
        (
            *(f"{PARTS}/{name}/{{wave}}/*.parquet" for name in ("responses", "respondents", "open_answers")),
            *(f"{PARTS}/{book}/survey-{{wave}}.parquet" for book in BOOKS),
        ),
    ),
    Step(
        "clean_frameworks",
        "20_clean_frameworks",
        "alliance",
        ("{description}", "{framework}"),
        (f"{PARTS}/framework/{{alliance}}.parquet", *(f"{PARTS}/{book}/framework-{{alliance}}.parquet" for book in BOOKS)),
        needs="framework",
    ),
    Step(
        "clean_population",
        "30_clean_population",
        "once",
        ("{description}", "{population}"),
        (f"{PARTS}/population/*.parquet", *(f"{PARTS}/{book}/population.parquet" for book in BOOKS)),
        needs="population",
    ),
    Step(
        "clean_interviews",
        "40_clean_interviews",
        "once",
        ("{description}", "{interviews}"),
        (f"{PARTS}/interviews/*.parquet", *(f"{PARTS}/{book}/interviews.parquet" for book in BOOKS)),
        needs="interviews",
    ),
    Step(
        "review_quality",
        "50_review_quality",
        "once",
        (
            "{description}",
            "{labels}",
            "{raw}",  # only those that no other step could read, to say why
            *(f"{PARTS}/{name}/*/*.parquet" for name in ("responses", "respondents", "open_answers")),
            *(f"{PARTS}/{name}/*.parquet" for name in ("framework", "population", "interviews", *BOOKS)),
        ),
        (
            *(f"data/processed/{name}.{ending}" for name in (*CLEANED, *BOOKS) if name != "open_answers" for ending in TABLE),
            *(f"data/processed/open/open_answers.{ending}" for ending in TABLE),
            *(f"reports/quality.{language}.html" for language in LANGUAGES),
        ),
    ),
    Step(
        "measure_indicators",
        "60_measure_indicators",
        "alliance",
        (
            "{description}",
            *(f"{PARTS}/{name}/*/{{alliance}}.parquet" for name in ("responses", "respondents")),
            *(f"{PARTS}/{name}/{{alliance}}.parquet" for name in ("framework", "population", "interviews")),
        ),
        tuple(f"{PARTS}/{name}/{{alliance}}.parquet" for name in MEASURED),
    ),
    Step(
        "compare_waves",
        "70_compare_waves",
        "alliance",
        (
            "{description}",
            *(f"{PARTS}/{name}/*/{{alliance}}.parquet" for name in ("responses", "respondents")),
            f"{PARTS}/population/{{alliance}}.parquet",
        ),
        tuple(f"{PARTS}/{name}/{{alliance}}.parquet" for name in COMPARED),
    ),
    Step(
        "compare_alliances",
        "80_compare_alliances",
        "once",
        (
            "{description}",
            "{labels}",
            *(f"data/processed/{name}.parquet" for name in CLEANED if name != "open_answers"),
            *(f"{PARTS}/{name}/*.parquet" for name in (*MEASURED, *COMPARED)),
        ),
        (
            *(f"{TABLES}/{name}.{ending}" for name in (*MEASURED, *COMPARED, "combinations", "evidence") for ending in TABLE),
            f"{PUBLISHED}/*/*.parquet",
        ),
    ),
    Step(
        "draw_all",
        "85_draw_figures",
        "once",
        ("{description}", "{labels}", f"{PUBLISHED}/*/*.parquet", *(f"data/processed/{book}.parquet" for book in BOOKS)),
        tuple(f"{FIGURES}/*_all.{ending}" for ending in FIGURE),
    ),
    Step(
        "draw_alliance",
        "85_draw_figures",
        "alliance",
        ("{description}", "{labels}", f"{PUBLISHED}/{{alliance}}/*.parquet", f"{PUBLISHED}/all/*.parquet"),
        tuple(f"{FIGURES}/*_{{alliance}}.{ending}" for ending in FIGURE),
    ),
    Step(
        "publish_report",
        "90_publish_report",
        "once",
        (
            "{description}",
            "{labels}",
            "{texts}",
            *(f"data/processed/{book}.parquet" for book in BOOKS),
            f"{PUBLISHED}/*/*.parquet",
            f"{FIGURES}/*",
        ),
        (
            *(f"reports/report.{language}.{ending}" for language in LANGUAGES for ending in ("html", "docx", "odt", "pdf")),
            *(f"reports/factsheets/*.{language}.{ending}" for language in LANGUAGES for ending in ("html", "docx", "odt", "pdf")),
            *(f"{TABLES}/remarks.{ending}" for ending in TABLE),
        ),
    ),
    Step(
        "publish_tables",
        "95_publish_tables",
        "once",
        ("{description}", "{labels}", *(f"data/processed/{book}.parquet" for book in BOOKS), f"{PUBLISHED}/*/*.parquet", f"{FIGURES}/*"),
        (*(f"reports/annex.{language}.xlsx" for language in LANGUAGES), "reports/explorer.html"),
    ),
)


@dataclass(frozen=True)
class Task:
    """One notebook run: a step for one unit (``key`` is empty for steps that run once)."""

    step: Step
    key: str

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters besides the evaluation's folder."""
        return {} if self.step.unit == "once" else {self.step.unit: self.key}

    @property
    def label(self) -> str:
        """What the user sees."""
        return f"{self.step.name} {self.key}".strip()

    @property
    def executed(self) -> str:
        """Where the executed notebook goes, relative to the evaluation's folder."""
        return f"reports/notebooks/{Path(self.step.notebook).name}{'.' if self.key else ''}{self.key}.ipynb"

    def reads(self, evaluation: Evaluation) -> Iterator[str]:
        """The declared inputs as paths and globs for this unit."""
        sources = evaluation.sources
        declared = {
            "{description}": list(evaluation.description_files),
            "{labels}": list(evaluation.label_files),
            "{texts}": list(evaluation.text_files),
            "{surveys}": [source.file for source in sources.surveys if self.key in source.waves],
            "{framework}": [file for source in sources.frameworks if source.alliance == self.key for file in (source.file, *source.earlier)],
            "{raw}": list(sources.files),
            "{population}": [sources.population.file] if sources.population else [],
            "{interviews}": [source.file for source in sources.interviews],
        }
        for pattern in self.step.reads:
            if pattern in declared:
                yield from map(glob.escape, declared[pattern])  # a name is a name, also with brackets in it
            else:
                yield pattern.format(wave=self.key, alliance=self.key)

    def writes(self) -> Iterator[str]:
        """The declared outputs as globs for this unit."""
        yield from (pattern.format(wave=self.key, alliance=self.key) for pattern in self.step.writes)
        yield self.executed


def tasks(evaluation: Evaluation, step: Step) -> list[Task]:
    """Return the runs of one step, in the order of the description."""
    has = {
        "framework": evaluation.codebook.framework is not None,
        "population": evaluation.sources.population is not None,
        "interviews": bool(evaluation.sources.interviews),
    }
    if step.needs and not has[step.needs]:
        return []
    keys = {"wave": evaluation.waves, "alliance": evaluation.alliances, "once": ("",)}[step.unit]
    return [Task(step, key) for key in keys]


def left_behind(evaluation: Evaluation) -> Iterator[Path]:
    """Give the results of units that are not in the evaluation (any more), which would be pooled with the others."""
    for step in STEPS:
        keys = {task.key for task in tasks(evaluation, step)}
        for pattern in Task(step, f"{{{step.unit}}}").writes() if step.unit != "once" else ():
            named = re.compile(fnmatch_translate(pattern.replace(f"{{{step.unit}}}", UNIT)).replace(UNIT, "(?P<unit>[A-Za-z0-9-]+)"))
            for name in glob.glob(pattern.replace(f"{{{step.unit}}}", "*"), root_dir=evaluation.folder):
                found = named.fullmatch(name)
                if found and found["unit"] not in keys and not _is_pooled(name):
                    yield evaluation.folder / name


def _is_pooled(name: str) -> bool:
    return any(fnmatch(name, pattern) for step in STEPS if step.unit == "once" for pattern in step.writes)


def limits(evaluation: Evaluation) -> dict[str, tuple[float, float]]:
    """Return minutes and gigabytes for each step; raise ConfigError when ``evaluation.yml`` limits a step that there is not."""
    known = {step.name: step for step in STEPS}
    given = evaluation.file.limits
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(
            Problem(FILE, column=f"limits.{name}", rule="unknown_step", reason=f"{name!r} is no step; {nearest(name, known)}") for name in unknown
        )
    own = {name: given.get(name, Limits()) for name in known}
    return {name: (own[name].minutes or step.minutes, own[name].gigabytes or step.gigabytes) for name, step in known.items()}


@cache
def follows(step: Step) -> dict[str, bool]:
    """Return the steps that write what ``step`` reads; true where only the same unit's run does."""
    found: dict[str, bool] = {}
    for other in STEPS:
        shared = [(mine, theirs) for mine in step.reads for theirs in other.writes if other is not step and _may_meet(mine, theirs)]
        if shared:
            unit = f"{{{step.unit}}}"
            found[other.name] = step.unit == other.unit and all(unit in mine and unit in theirs for mine, theirs in shared)
    return found


def _may_meet(one: str, other: str) -> bool:
    """Tell whether two globs can name the same file, whatever the unit."""
    pairs = [[part.replace("{wave}", "*").replace("{alliance}", "*") for part in glob.split("/")] for glob in (one, other)]
    if one.startswith("{") or len(pairs[0]) != len(pairs[1]):
        return False
    return all(fnmatch(left, right) or fnmatch(right, left) for left, right in zip(*pairs, strict=True))
