"""The evaluation: in, the folder with ``evaluation.yml``; out, its whole description, typed, frozen and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from midterm.description.codebook import Codebook
from midterm.description.corrections import Correction, load_corrections
from midterm.description.evaluation_file import Alliance, EvaluationFile, Plan, Sources, Wave
from midterm.description.indicators import Indicator, Indicators
from midterm.description.labels import Labels
from midterm.description.model import LANGUAGES, Frozen, Language, load_model, untranslated
from midterm.description.resolve import codebook_faults, evaluation_faults, indicator_faults, path_faults
from midterm.description.seal import SEAL, Seal, read_seal
from midterm.description.spelling import normalise
from midterm.description.yaml import load_yaml
from midterm.errors import ConfigError, Problem, nearest
from midterm.files import finished

FILE = "evaluation.yml"
SHIPPED = Path(__file__).resolve().parents[3] / "config"


@dataclass(frozen=True)
class Evaluation:
    """A folder with everything that describes one evaluation; all paths are relative to ``folder``.

    ``stand_ins`` name the texts that are missing in a language, for which another stands in.
    """

    folder: Path
    file: EvaluationFile
    codebook: Codebook
    indicators: tuple[Indicator, ...]
    labels: dict[Language, Labels]
    corrections: tuple[Correction, ...] = ()
    seal: Seal | None = None
    stand_ins: tuple[Problem, ...] = ()

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

    def framework_language(self, alliance_id: str) -> Language:
        """Return the language that an alliance's framework is written in."""
        own = (source.language for source in self.sources.frameworks if source.alliance == alliance_id and source.language)
        return next(own, self.file.languages[0])

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
        """The files with its words: its own, relative to its folder, and those that midterm ships, absolute."""
        own = {language: self.folder / name for language, name in self.file.labels.items()}
        shipped = [str(path) for path in map(_shipped_labels, LANGUAGES) if path not in [other.resolve() for other in own.values()]]
        return (*self.file.labels.values(), *shipped)

    @property
    def text_files(self) -> tuple[str, ...]:
        """The evaluator's own texts, relative to the evaluation's folder."""
        folder = self.folder / self.file.publication.texts
        return tuple(f"{self.file.publication.texts}/{path.name}" for path in finished(folder.glob("*.md")))


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
    texts = {FILE: described, described.codebook: codebook.model, described.indicators: indicators.model}
    stand_ins = (*_untranslated(texts, described.languages), *_unlabelled(root, described))
    return Evaluation(root, described, codebook.model, indicators.model.indicators, labels, corrections, read_seal(root), stand_ins)


def _untranslated(files: Mapping[str, Frozen], languages: tuple[Language, ...]) -> Iterator[Problem]:
    for name, model in files.items():
        for key, language in untranslated(model, languages):
            reason = f"this text is missing in {language!r}, and the one in the other language stands in for it; translate it"
            yield Problem(name, column=key, rule="untranslated", reason=reason)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise ConfigError(problems)


def _labels(root: Path, file: EvaluationFile, language: Language) -> Labels:
    """Read the evaluation's own labels over the shipped ones, or these alone where it names none."""
    named, shipped = file.labels.get(language), _shipped_labels(language)
    if not named or (root / named).resolve() == shipped:
        return load_model(Labels, shipped, named or shipped.name).model
    return load_model(Labels, root / named, named, under=_keys(shipped, shipped.name)).model


def _keys(path: Path, shown: str) -> Mapping[str, Any]:
    content, _ = load_yaml(path, shown)
    return content if isinstance(content, dict) else {}


def _unlabelled(root: Path, file: EvaluationFile) -> Iterator[Problem]:
    """Give each of the evaluation's own labels files that lacks keys."""
    for language, named in file.labels.items():
        shipped = _shipped_labels(language)
        if (root / named).resolve() != shipped:
            lacking = sorted(_flat(_keys(shipped, shipped.name)) - _flat(_keys(root / named, named)))
            if lacking:
                shown = f"{', '.join(lacking[:5])}{f' and {len(lacking) - 5} more' if len(lacking) > 5 else ''}"
                reason = f"the shipped texts stand in for the keys that are not there ({shown}); write them to have your own"
                yield Problem(named, rule="labels_missing", reason=reason)


def _flat(content: Mapping[str, Any], above: str = "") -> set[str]:
    """Return every key with those above it, joined by points."""
    nested = [_flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}"} for key, value in content.items()]
    return set().union(*nested)


def _shipped_labels(language: Language) -> Path:
    return SHIPPED / f"labels.{language}.yml"
