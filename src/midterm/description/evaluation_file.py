"""The content of ``evaluation.yml``: in, the file's keys; out, the same typed and frozen, names not yet resolved."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from midterm.description.model import Frozen, Language, Text
from midterm.description.publication import Publication
from midterm.description.publisher import IatiPublisher

Slug = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$", max_length=60)
Certainty = Literal["read_in_source", "read_in_excerpt", "general_knowledge", "unconfirmed"]


class UnitName(Frozen):
    """What this evaluation calls its unit (alliance, consortium, region)."""

    singular: Text
    plural: Text


class Wave(Frozen):
    """One round of the survey and the reporting year it belongs to; ``aliases`` are other names for it in the data."""

    id: str = Slug
    label: Text
    aliases: tuple[str, ...] = ()
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
    ``started`` and ``submitted`` are times, ``duration`` is in seconds: they serve to doubt impossible dates and haste.
    """

    respondent: tuple[str, ...]
    alliance: tuple[str, ...]
    organisation: tuple[str, ...]
    record: str | None = None
    started: str | None = None
    submitted: str | None = None
    last_page: str | None = None
    duration: str | None = None


class SurveySource(Frozen):
    """One survey export: file, reader, wave, key columns.

    ``sheet`` names the worksheet of a workbook (left out: the first with the columns). ``decimal`` says which sign is
    the decimal one where numbers were typed; left out, a number that can be read in two ways is set aside.
    """

    file: str
    reader: Literal["limesurvey", "qualtrics", "spss", "excel", "csv"]
    sheet: str | None = None
    decimal: Literal["comma", "point"] | None = None
    wave: str | WaveColumn
    columns: SurveyColumns

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves that this file holds."""
        return (self.wave,) if isinstance(self.wave, str) else tuple(dict.fromkeys(self.wave.values.values()))


class FrameworkSource(Frozen):
    """One framework and the alliance that filled it in; ``earlier`` are versions of the same file that it replaces.

    ``milestones`` give, by number of the row and year, what was agreed for a year before that of the target, in the row's unit.
    ``language`` is the one that the alliance wrote in, for who has a page read aloud; left out, the report's first.
    """

    file: str
    reader: Literal["excel", "csv", "iati"] = "excel"
    alliance: str
    earlier: tuple[str, ...] = ()
    language: Language | None = None
    milestones: dict[str, dict[int, Annotated[float, Field(allow_inf_nan=False)]]] = Field(default_factory=dict)


class InterviewColumns(Frozen):
    """Which columns of a file of coded segments are read; all others stay in the reader.

    Where some segments were coded twice, ``coder`` says by whom (only a pseudonym is kept) and ``segment`` which piece of the
    interview it is, the same for both coders. Left out: each row is a segment of its own.
    """

    interview: str
    alliance: str
    group: str
    theme: str
    rating: str
    segment: str = ""
    coder: str = ""


class InterviewDocument(Frozen):
    """Whose interview a document of a coding project is, where the project itself does not say so."""

    alliance: str
    group: str


class InterviewSource(Frozen):
    """One file of coded interview segments.

    ``documents`` says by document name whose interview it is, for coding projects without variables for it.
    """

    file: str
    reader: Literal["csv", "excel", "refi_qda"] = "csv"
    sheet: str | None = None
    columns: InterviewColumns
    documents: dict[str, InterviewDocument] = Field(default_factory=dict)


class PopulationSource(Frozen):
    """The known staff list: per wave, alliance and organisation how many people, how many invited."""

    file: str
    reader: Literal["csv", "excel"] = "csv"
    sheet: str | None = None


class Sources(Frozen):
    """The raw files and how each is read."""

    surveys: tuple[SurveySource, ...] = ()
    frameworks: tuple[FrameworkSource, ...] = ()
    interviews: tuple[InterviewSource, ...] = ()
    population: PopulationSource | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every declared raw file, once."""
        frameworks = (file for source in self.frameworks for file in (source.file, *source.earlier))
        named = [*(source.file for source in self.surveys), *frameworks, *(source.file for source in self.interviews)]
        return tuple(dict.fromkeys([*named, *([self.population.file] if self.population else [])]))


class Plan(Frozen):
    """What was fixed before the data: contrast, primaries, and the thresholds of the rules.

    ``schedule_good`` and ``schedule_poor``: share of framework rows on schedule that speaks for or against a claim;
    ``balance``: mean interview rating (-1 to 1) from which interviews do; ``seconds_per_item``: less time than this per
    item answered is noted as haste (2 s: Huang et al. 2012, J Bus Psychol 27, 99-114).
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
    seconds_per_item: float = Field(default=2.0, ge=0)


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


class Limits(Frozen):
    """What a run of one step may take at most: time in minutes, memory in gigabytes; left out, the plan's own."""

    minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    gigabytes: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class EvaluationFile(Frozen):
    """The content of ``evaluation.yml``. Left out, ``labels`` are those that midterm ships; with ``iati`` frameworks are exported."""

    title: Text
    commissioner: Text
    background: Text
    unit: UnitName
    languages: tuple[Language, ...] = ("nl",)
    seed: int = 1
    codebook: str = "config/codebook.yml"
    indicators: str = "config/indicators.yml"
    corrections: str = "config/corrections.csv"
    labels: dict[Language, str] = Field(default_factory=dict)
    waves: tuple[Wave, ...] = Field(min_length=1)
    alliances: tuple[Alliance, ...] = Field(min_length=1)
    organisations: tuple[Organisation, ...] = ()
    sources: Sources = Sources()
    plan: Plan
    questions: tuple[Question, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    notes: tuple[Text, ...] = ()
    publication: Publication = Publication()
    limits: dict[str, Limits] = Field(default_factory=dict)
    iati: IatiPublisher | None = None
