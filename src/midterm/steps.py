"""The plan of a run as one plain table: each step's notebook, its unit, what it reads and what it writes.

The runner, whichever executor it is given, knows the evaluation only through this table. ``{wave}`` and
``{alliance}`` stand for the unit; ``{raw}`` (all), ``{surveys}``, ``{framework}``, ``{population}`` and ``{interviews}`` for the raw files that the
evaluation declares for it; paths are globs relative to the evaluation's folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from midterm.description import Evaluation

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
Unit = Literal["wave", "alliance", "once"]
PARTS = "data/processed/parts"


@dataclass(frozen=True)
class Step:
    """One row of the plan; ``needs`` names the source that an evaluation may do without."""

    name: str
    notebook: str
    unit: Unit
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    needs: Literal["", "framework", "population", "interviews"] = ""


STEPS = (
    Step(
        "clean_survey",
        "10_clean_survey",
        "wave",
        ("{surveys}",),
        (*(f"{PARTS}/{name}/{{wave}}/*" for name in ("responses", "respondents", "open_answers")), f"{PARTS}/*/survey-{{wave}}.*"),
    ),
    Step(
        "clean_frameworks",
        "20_clean_frameworks",
        "alliance",
        ("{framework}",),
        (f"{PARTS}/framework/{{alliance}}.*", f"{PARTS}/*/framework-{{alliance}}.*"),
        needs="framework",
    ),
    Step(
        "clean_population",
        "30_clean_population",
        "once",
        ("{population}",),
        (f"{PARTS}/population/*", f"{PARTS}/*/population.*"),
        needs="population",
    ),
    Step(
        "clean_interviews",
        "40_clean_interviews",
        "once",
        ("{interviews}",),
        (f"{PARTS}/interviews/*", f"{PARTS}/*/interviews.*"),
        needs="interviews",
    ),
    Step(
        "review_quality",
        "50_review_quality",
        "once",
        (
            "{raw}",  # only those that no other step could read, to say why
            f"{PARTS}/responses/*/*",
            f"{PARTS}/respondents/*/*",
            f"{PARTS}/open_answers/*/*",
            f"{PARTS}/framework/*",
            f"{PARTS}/population/*",
            f"{PARTS}/interviews/*",
            f"{PARTS}/quarantine/*",
            f"{PARTS}/notices/*",
            f"{PARTS}/reconciliation/*",
        ),
        ("data/processed/[a-z]*.*", "data/processed/open/*", "reports/quality.*"),
    ),
    Step(
        "measure_indicators",
        "60_measure_indicators",
        "alliance",
        (
            f"{PARTS}/responses/*/{{alliance}}.*",
            f"{PARTS}/respondents/*/{{alliance}}.*",
            f"{PARTS}/framework/{{alliance}}.*",
            f"{PARTS}/population/{{alliance}}.*",
            f"{PARTS}/interviews/{{alliance}}.*",
        ),
        (f"{PARTS}/indicators/{{alliance}}.*", f"{PARTS}/response/{{alliance}}.*", f"{PARTS}/answers/{{alliance}}.*", f"{PARTS}/attainment/{{alliance}}.*"),
    ),
    Step(
        "compare_waves",
        "70_compare_waves",
        "alliance",
        (
            *(f"{PARTS}/{name}/*/{{alliance}}.*" for name in ("responses", "respondents")),
            *(f"{PARTS}/{name}/{{alliance}}.*" for name in ("population", "indicators", "answers", "attainment", "framework")),
        ),
        (*(f"{PARTS}/{name}/{{alliance}}.*" for name in ("change", "checks", "attrition")), "reports/figures/*_{alliance}.*"),
    ),
    Step(
        "compare_alliances",
        "80_compare_alliances",
        "once",
        (
            "data/processed/*.parquet",
            *(f"{PARTS}/{name}/*" for name in ("indicators", "response", "answers", "attainment", "change", "checks", "attrition")),
        ),
        ("reports/tables/*", "reports/figures/*_all.*"),
    ),
    Step(
        "publish_report",
        "90_publish_report",
        "once",
        ("data/processed/*.parquet", "reports/tables/*.parquet", "reports/figures/*"),
        ("reports/report.*", "reports/tables/evidence.*"),
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
        return f"reports/notebooks/{self.step.notebook}{'.' if self.key else ''}{self.key}.ipynb"

    def reads(self, evaluation: Evaluation) -> Iterator[str]:
        """The declared inputs as paths and globs for this unit."""
        sources = evaluation.sources
        declared = {
            "{surveys}": [source.file for source in sources.surveys if self.key in source.waves],
            "{framework}": [file for source in sources.frameworks if source.alliance == self.key for file in (source.file, *source.earlier)],
            "{raw}": list(sources.files),
            "{population}": [sources.population.file] if sources.population else [],
            "{interviews}": [source.file for source in sources.interviews],
        }
        for pattern in self.step.reads:
            yield from declared[pattern] if pattern in declared else (pattern.format(wave=self.key, alliance=self.key),)

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
