"""The evaluation: in, the folder with ``evaluation.yml``; out, its whole description, typed, frozen and checked."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import Field

from midterm.description.codebook import Codebook
from midterm.description.indicators import Indicator, Indicators
from midterm.description.labels import Labels
from midterm.description.model import LANGUAGES, Frozen, Language, Text, load_model
from midterm.description.resolve import codebook_faults, evaluation_faults, indicator_faults, path_faults
from midterm.errors import ConfigError, Problem, nearest

FILE = "evaluation.yml"
SHIPPED = Path(__file__).resolve().parents[3] / "config"
Slug = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$", max_length=60)
Certainty = Literal["read_in_source", "read_in_excerpt", "general_knowledge", "unconfirmed"]


class UnitName(Frozen):
    """What this evaluation calls its unit (alliance, consortium, region)."""

    singular: Text
    plural: Text


class Wave(Frozen):
    """One round of the survey and the reporting year it belongs to."""

    id: str = Slug
    label: Text
    year: int


class Organisation(Frozen):
    """A partner; ``members`` when it is itself a consortium."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class Alliance(Frozen):
    """A unit of the evaluation. ``organisations`` left out: taken from the data as found."""

    id: str = Slug
    name: str
    aliases: tuple[str, ...] = ()
    theme: Text | None = None
    goal: Text | None = None
    organisations: tuple[str, ...] = ()
    certainty: Certainty | None = None
    source: str | None = None


class WaveColumn(Frozen):
    """The wave stands in a column: which, and what its values mean."""

    column: str
    values: dict[str, str]


class SurveyColumns(Frozen):
    """Which columns of a survey export say who answered. Several columns form one composite key.

    ``respondent`` is the code that links waves; where it is empty the row's ``record`` number stands in, unlinked.
    """

    respondent: tuple[str, ...]
    alliance: tuple[str, ...]
    organisation: tuple[str, ...]
    record: str | None = None
    submitted: str | None = None
    last_page: str | None = None


class SurveySource(Frozen):
    """One survey export: file, reader, wave, key columns."""

    file: str
    reader: Literal["limesurvey", "csv"]
    wave: str | WaveColumn
    columns: SurveyColumns

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves that this file holds."""
        return (self.wave,) if isinstance(self.wave, str) else tuple(dict.fromkeys(self.wave.values.values()))


class FrameworkSource(Frozen):
    """One framework workbook and the alliance that filled it in."""

    file: str
    alliance: str


class InterviewColumns(Frozen):
    """Which columns of a file of coded segments are read; all others stay in the reader."""

    interview: str
    alliance: str
    group: str
    theme: str
    rating: str


class InterviewSource(Frozen):
    """One file of coded interview segments."""

    file: str
    columns: InterviewColumns


class PopulationSource(Frozen):
    """The known staff list: per wave, alliance and organisation how many people, how many invited."""

    file: str


class Sources(Frozen):
    """The raw files and how each is read."""

    surveys: tuple[SurveySource, ...] = ()
    frameworks: tuple[FrameworkSource, ...] = ()
    interviews: tuple[InterviewSource, ...] = ()
    population: PopulationSource | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every declared raw file, once."""
        named = [*(source.file for source in self.surveys), *(source.file for source in self.frameworks), *(source.file for source in self.interviews)]
        return tuple(dict.fromkeys([*named, *([self.population.file] if self.population else [])]))


class Plan(Frozen):
    """What was fixed before the data: contrast, primaries, and the thresholds of the rules.

    ``schedule_good`` and ``schedule_poor``: share of framework rows on schedule that speaks for or against a claim;
    ``balance``: mean interview rating (-1 to 1) from which interviews do.
    """

    from_wave: str
    to_wave: str
    primary: tuple[str, ...] = Field(max_length=5)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    power: float = Field(default=0.80, gt=0.5, lt=1)
    false_discovery_rate: float = Field(default=0.10, gt=0, lt=0.5)
    min_answered: Fraction = Field(default=Fraction(2, 3), gt=0, le=1)
    usable_share: Fraction = Field(default=Fraction(1, 2), gt=0, le=1)
    public_minimum: int = Field(default=10, ge=1)
    schedule_good: float = Field(default=0.75, gt=0, le=1)
    schedule_poor: float = Field(default=0.50, ge=0, lt=1)
    balance: float = Field(default=0.33, gt=0, lt=1)


class Question(Frozen):
    """One evaluation question, the claim that is weighed, and the sources that speak to it."""

    id: str
    text: Text
    claim: Text
    survey: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


class Recommendation(Frozen):
    """A recommendation in the evaluator's own words, within the present scheme or beyond it."""

    horizon: Literal["within", "beyond"]
    text: Text


class EvaluationFile(Frozen):
    """The content of ``evaluation.yml``. Left out, ``labels`` are those that midterm ships."""

    title: Text
    commissioner: Text
    background: Text
    unit: UnitName
    languages: tuple[Language, ...] = ("nl",)
    seed: int = 1
    codebook: str = "config/codebook.yml"
    indicators: str = "config/indicators.yml"
    labels: dict[Language, str] = Field(default_factory=dict)
    waves: tuple[Wave, ...] = Field(min_length=1)
    alliances: tuple[Alliance, ...] = Field(min_length=1)
    organisations: tuple[Organisation, ...] = ()
    sources: Sources = Sources()
    plan: Plan
    questions: tuple[Question, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """A folder with everything that describes one evaluation; all paths are relative to ``folder``."""

    folder: Path
    file: EvaluationFile
    codebook: Codebook
    indicators: tuple[Indicator, ...]
    labels: dict[Language, Labels]

    @property
    def plan(self) -> Plan:
        """The plan before the data."""
        return self.file.plan

    @property
    def sources(self) -> Sources:
        """The raw files."""
        return self.file.sources

    @property
    def waves(self) -> tuple[str, ...]:
        """Wave ids in order."""
        return tuple(wave.id for wave in self.file.waves)

    @property
    def alliances(self) -> tuple[str, ...]:
        """Alliance ids in order."""
        return tuple(alliance.id for alliance in self.file.alliances)

    def alliance(self, alliance_id: str) -> Alliance:
        """Return one alliance by id."""
        return _named("alliance", alliance_id, self.file.alliances)

    def wave(self, wave_id: str) -> Wave:
        """Return one wave by id."""
        return _named("wave", wave_id, self.file.waves)

    def indicator(self, indicator_id: str) -> Indicator:
        """Return one indicator by id."""
        return _named("indicator", indicator_id, self.indicators)

    @property
    def description_files(self) -> tuple[str, ...]:
        """The files that describe the evaluation, relative to its folder."""
        return (FILE, self.file.codebook, self.file.indicators, *self.file.labels.values())


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Entry = TypeVar("Entry", bound=_Identified)


def _named(what: str, name: str, entries: tuple[Entry, ...]) -> Entry:
    known = {entry.id: entry for entry in entries}
    if name not in known:
        raise ConfigError(Problem(FILE, rule=f"unknown_{what}", reason=f"the {what} {name!r} is not declared; {nearest(name, known)}"))
    return known[name]


def load_evaluation(folder: Path | str) -> Evaluation:
    """Read and check the whole description in ``folder``; raise ConfigError with file, line, key and remedy."""
    root = Path(folder).resolve()
    if not root.is_dir():
        raise ConfigError(Problem(str(folder), rule="missing_folder", reason="this folder does not exist; name a folder with an evaluation.yml"))
    file = load_model(EvaluationFile, root / FILE, FILE)
    _refuse([*path_faults(root, file), *evaluation_faults(file)])
    described = file.model
    codebook = load_model(Codebook, root / described.codebook, described.codebook)
    indicators = load_model(Indicators, root / described.indicators, described.indicators)
    _refuse([*codebook_faults(file, codebook), *indicator_faults(file, codebook, indicators)])
    labels = {language: _labels(root, described, language) for language in LANGUAGES}
    return Evaluation(root, described, codebook.model, indicators.model.indicators, labels)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise ConfigError(problems)


def _labels(root: Path, file: EvaluationFile, language: Language) -> Labels:
    """Read the evaluation's own labels, or the shipped ones where it names none."""
    named = file.labels.get(language)
    shipped = SHIPPED / f"labels.{language}.yml"
    return (load_model(Labels, root / named, named) if named else load_model(Labels, shipped, shipped.name)).model
