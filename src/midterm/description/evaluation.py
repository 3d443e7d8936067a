"""The evaluation: in, the folder with ``evaluation.yml``; out, its whole description, typed, frozen and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from midterm.description.codebook import Codebook
from midterm.description.corrections import Correction, load_corrections
from midterm.description.evaluation_file import Alliance, EvaluationFile, Plan, Sources, Wave
from midterm.description.indicators import Indicator, Indicators
from midterm.description.labels import Labels
from midterm.description.model import LANGUAGES, Language, load_model
from midterm.description.resolve import codebook_faults, evaluation_faults, indicator_faults, path_faults
from midterm.description.seal import SEAL, Seal, read_seal
from midterm.description.spelling import normalise
from midterm.errors import ConfigError, Problem, nearest

FILE = "evaluation.yml"
SHIPPED = Path(__file__).resolve().parents[3] / "config"


@dataclass(frozen=True)
class Evaluation:
    """A folder with everything that describes one evaluation; all paths are relative to ``folder``."""

    folder: Path
    file: EvaluationFile
    codebook: Codebook
    indicators: tuple[Indicator, ...]
    labels: dict[Language, Labels]
    corrections: tuple[Correction, ...] = ()
    seal: Seal | None = None

    @property
    def plan(self) -> Plan:
        """The plan before the data."""
        return self.file.plan

    @property
    def minimum(self) -> int:
        """The fewest persons of whom a result is shown to the evaluation's audience."""
        publication = self.file.publication
        return self.plan.public_minimum if publication.audience == "public" else publication.internal_minimum

    @property
    def sources(self) -> Sources:
        """The raw files."""
        return self.file.sources

    @property
    def waves(self) -> tuple[str, ...]:
        """Wave ids in order."""
        return tuple(wave.id for wave in self.file.waves)

    @property
    def reporting_years(self) -> tuple[int, ...]:
        """Every year from that of the first wave to that of the last: alliances report each year, also between waves."""
        years = [wave.year for wave in self.file.waves]
        return tuple(range(min(years), max(years) + 1))

    @property
    def alliances(self) -> tuple[str, ...]:
        """Alliance ids in order."""
        return tuple(alliance.id for alliance in self.file.alliances)

    @property
    def milestones(self) -> dict[tuple[str, str], dict[int, float]]:
        """What was agreed for the years before a target's, by alliance and number of the framework's row (``normalise``)."""
        return {(source.alliance, normalise(row)): steps for source in self.sources.frameworks for row, steps in source.milestones.items()}

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
        """The files that describe the evaluation but for its labels, relative to its folder."""
        log = (self.file.corrections,) if (self.folder / self.file.corrections).exists() else ()
        seal = (SEAL,) if self.seal else ()
        return (FILE, self.file.codebook, self.file.indicators, *log, *seal, *self.file.publication.files.values())

    @property
    def label_files(self) -> tuple[str, ...]:
        """The files with its words: its own, relative to its folder, or the shipped ones, absolute."""
        return tuple(self.file.labels.get(language) or str(_shipped_labels(language)) for language in LANGUAGES)


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
    corrections = load_corrections(root / described.corrections, described.corrections, described.sources.files)
    return Evaluation(root, described, codebook.model, indicators.model.indicators, labels, corrections, read_seal(root))


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise ConfigError(problems)


def _labels(root: Path, file: EvaluationFile, language: Language) -> Labels:
    """Read the evaluation's own labels, or the shipped ones where it names none."""
    named = file.labels.get(language)
    shipped = _shipped_labels(language)
    return (load_model(Labels, root / named, named) if named else load_model(Labels, shipped, shipped.name)).model


def _shipped_labels(language: Language) -> Path:
    return SHIPPED / f"labels.{language}.yml"
