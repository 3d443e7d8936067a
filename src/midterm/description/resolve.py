"""Does the description hold together? In, its files as read; out, every name or path that leads nowhere or to two, by place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from midterm.description.codebook import Codebook
from midterm.description.evaluation_file import EvaluationFile
from midterm.description.indicators import Indicator, Indicators
from midterm.description.model import Loaded
from midterm.description.spelling import normalise
from midterm.errors import Problem, nearest

Key = tuple[str | int, ...]
RESERVED = ("all", "average")


def path_faults(root: Path, file: Loaded[EvaluationFile]) -> Iterator[Problem]:
    """Give every path that is absolute, and every raw file that lies outside the evaluation's folder."""
    model = file.model
    described: list[tuple[Key, str]] = [(("codebook",), model.codebook), (("indicators",), model.indicators)]
    described += [(("labels", language), name) for language, name in model.labels.items()]
    sources = model.sources
    raw: list[tuple[Key, str]] = [(("sources", "surveys", at, "file"), source.file) for at, source in enumerate(sources.surveys)]
    raw += [(("sources", "frameworks", at, "file"), source.file) for at, source in enumerate(sources.frameworks)]
    raw += [(("sources", "interviews", at, "file"), source.file) for at, source in enumerate(sources.interviews)]
    raw += [(("sources", "population", "file"), sources.population.file)] if sources.population else []
    for key, name in (*described, *raw):
        if Path(name).is_absolute() or PurePosixPath(name).is_absolute():
            yield file.problem(key, "path_absolute", f"the path {name!r} is absolute; make it relative to the evaluation's folder")
        elif (key, name) in raw and not (root / name).resolve().is_relative_to(root):
            yield file.problem(key, "path_outside", f"the path {name!r} leads outside the evaluation's folder; put the raw data inside it")


def evaluation_faults(file: Loaded[EvaluationFile]) -> Iterator[Problem]:
    """Give what in ``evaluation.yml`` itself is named twice, not declared, or in the wrong order."""
    model = file.model
    for name, entries in (("waves", model.waves), ("alliances", model.alliances), ("organisations", model.organisations), ("questions", model.questions)):
        yield from _twice(file, name, [entry.id for entry in entries])
    for at, alliance in enumerate(model.alliances):
        if alliance.id in RESERVED:
            yield file.problem(("alliances", at, "id"), "reserved_id", f"the alliance id {alliance.id!r} is reserved for pooled rows; choose another")
    yield from _same_spelling(file, "alliances", [(alliance.id, (alliance.name, *alliance.aliases)) for alliance in model.alliances])
    yield from _same_spelling(file, "organisations", [(entry.id, (entry.name, *entry.aliases)) for entry in model.organisations])
    waves, alliances, organisations = ([entry.id for entry in entries] for entries in (model.waves, model.alliances, model.organisations))
    named: list[tuple[Key, str, str, list[str]]] = []
    for at, survey in enumerate(model.sources.surveys):
        named += [(("sources", "surveys", at, "wave"), "wave", name, waves) for name in survey.waves]
    named += [(("plan", key), "wave", name, waves) for key, name in (("from_wave", model.plan.from_wave), ("to_wave", model.plan.to_wave))]
    named += [(("sources", "frameworks", at, "alliance"), "alliance", source.alliance, alliances) for at, source in enumerate(model.sources.frameworks)]
    for at, alliance in enumerate(model.alliances):
        named += [(("alliances", at, "organisations"), "organisation", name, organisations) for name in alliance.organisations]
    unknown = list(_unknown(file, named))
    yield from unknown
    if not unknown and waves.index(model.plan.from_wave) >= waves.index(model.plan.to_wave):
        yield file.problem(("plan", "to_wave"), "wave_order", "to_wave must come after from_wave in the list of waves; swap them")
    filled = [source.alliance for source in model.sources.frameworks]
    for at, source in enumerate(model.sources.frameworks):
        if source.alliance in filled[:at]:
            reason = f"the alliance {source.alliance!r} has a workbook already; keep the one that counts"
            yield file.problem(("sources", "frameworks", at, "alliance"), "second_workbook", reason)


def codebook_faults(file: Loaded[EvaluationFile], codebook: Loaded[Codebook]) -> Iterator[Problem]:
    """Give what in the codebook leads nowhere, and two variables that would be read from one column."""
    model, book = file.model, codebook.model
    waves, blocks = [wave.id for wave in model.waves], [block.id for block in book.blocks]
    yield from _twice(codebook, "items", [item.id for item in book.items])
    yield from _twice(codebook, "blocks", blocks)
    for at, item in enumerate(book.items):
        named: list[tuple[Key, str, str, list[str]]] = [
            (("items", at, "block"), "block", item.block, blocks),
            (("items", at, "scale"), "scale", item.scale, [*book.scales]),
        ]
        named += [(("items", at, "changes", wave, "scale"), "scale", change.scale, [*book.scales]) for wave, change in item.changes.items() if change.scale]
        named += [(("items", at, "waves"), "wave", name, waves) for name in item.waves]
        named += [(("items", at, "changes", name), "wave", name, waves) for name in item.changes]
        unknown = list(_unknown(codebook, named))
        yield from unknown
        for wave, change in item.changes.items():
            if not unknown and change.scale and _ends(book, item.scale) != _ends(book, change.scale):
                reason = f"the item {item.id!r} changes to a scale with other ends; give it another id, as its values cannot be compared"
                yield codebook.problem(("items", at, "changes", wave, "scale"), "other_scale", reason)
    yield from _shared_columns(model, codebook)
    if book.framework:
        spellings: list[tuple[str, tuple[str, ...]]] = [(field, (text.nl, text.en)) for field, text in book.framework.columns.items()]
        for first, second in _clashes(spellings):
            yield codebook.problem(("framework", "columns", second), "same_heading", f"{second!r} has the same heading as {first!r}; give each its own")
    elif model.sources.frameworks:
        yield file.problem(("sources", "frameworks"), "no_form", "workbooks are declared, but the codebook has no framework form; add one or remove them")
    if model.sources.interviews and not book.interviews:
        yield file.problem(("sources", "interviews"), "no_form", "interviews are declared, but the codebook has no interview form; add one or remove them")


def indicator_faults(file: Loaded[EvaluationFile], codebook: Loaded[Codebook], indicators: Loaded[Indicators]) -> Iterator[Problem]:
    """Give indicators on unknown, repeated or mixed items, and names of indicators, levels and themes that do not exist."""
    entries, book, model = indicators.model.indicators, codebook.model, file.model
    names = [indicator.id for indicator in entries]
    yield from _twice(indicators, "indicators", names)
    for at, indicator in enumerate(entries):
        for rule, reason in _item_faults(book, indicator):
            yield indicators.problem(("indicators", at, "items"), rule, f"indicator {indicator.id!r}: {reason}")
    levels = [level.id for level in book.framework.levels] if book.framework else []
    themes = [theme.id for theme in book.interviews.themes] if book.interviews else []
    named: list[tuple[Key, str, str, list[str]]] = [(("plan", "primary"), "indicator", name, names) for name in model.plan.primary]
    for at, question in enumerate(model.questions):
        for key, what, wanted, known in (
            ("survey", "indicator", question.survey, names),
            ("levels", "level", question.levels, levels),
            ("themes", "theme", question.themes, themes),
        ):
            named += [(("questions", at, key), what, name, known) for name in wanted]
    yield from _unknown(file, named)


def _item_faults(book: Codebook, indicator: Indicator) -> Iterator[tuple[str, str]]:
    items = {item.id: item for item in book.items}
    unknown = [name for name in indicator.items if name not in items]
    yield from (("unknown_item", f"the item {name!r} is not in the codebook; {nearest(name, items)}") for name in unknown)
    repeated = sorted({name for name in indicator.items if indicator.items.count(name) > 1})
    yield from (("repeated_item", f"the item {name!r} stands here twice; keep one") for name in repeated)
    if unknown:
        return
    safety = {block.id for block in book.blocks if block.kind == "safety"}
    is_safety = [items[name].block in safety for name in indicator.items]
    if any(is_safety) and (not all(is_safety) or indicator.group in ("cooperation", "dimension")):
        named = ", ".join(repr(name) for name, is_apart in zip(indicator.items, is_safety, strict=True) if is_apart)
        yield "safety_in_cooperation", f"the safety items {named} may not be averaged with others or into cooperation; report them apart"
    if len({book.scale_of(name).unit for name in indicator.items}) > 1:
        yield "mixed_scales", "its items are on different scales; use items of one scale"


def _shared_columns(model: EvaluationFile, codebook: Loaded[Codebook]) -> Iterator[Problem]:
    """Give items that would be read from another item's column, or from a column that says who answered."""
    keys = {column for source in model.sources.surveys for column in (*source.columns.respondent, *source.columns.alliance, *source.columns.organisation)}
    seen: set[int] = set()
    for wave in (wave.id for wave in model.waves):
        taken: dict[str, str] = {}
        for at, item in ((at, item) for at, item in enumerate(codebook.model.items) if item.asked_in(wave)):
            column = item.column_in(wave)
            other = "who answered" if column in keys else taken.get(column)
            if other and at not in seen:
                seen.add(at)
                yield codebook.problem(("items", at, "column"), "shared_column", f"the column {column!r} already holds {other}; give {item.id!r} its own")
            taken.setdefault(column, f"the item {item.id!r}")


def _ends(book: Codebook, scale: str) -> tuple[float, float]:
    return book.scales[scale].low, book.scales[scale].high


def _twice(loaded: Loaded[EvaluationFile] | Loaded[Codebook] | Loaded[Indicators], where: str, ids: list[str]) -> Iterator[Problem]:
    for at, name in enumerate(ids):
        if name in ids[:at]:
            yield loaded.problem((where, at, "id"), "duplicate_id", f"the id {name!r} is used twice in {where}; give each its own id")


def _unknown(loaded: Loaded[EvaluationFile] | Loaded[Codebook], named: Iterable[tuple[Key, str, str, list[str]]]) -> Iterator[Problem]:
    for key, what, name, known in named:
        if name not in known:
            yield loaded.problem(key, f"unknown_{what}", f"the {what} {name!r} is not declared; {nearest(name, known)}")


def _same_spelling(file: Loaded[EvaluationFile], where: str, entries: list[tuple[str, tuple[str, ...]]]) -> Iterator[Problem]:
    order = [entry for entry, _ in entries]
    for first, second in _clashes([(entry, (entry, *names)) for entry, names in entries]):
        yield file.problem((where, order.index(second), "name"), "same_spelling", f"{second!r} has a name or alias that {first!r} has too; make them differ")


def _clashes(entries: list[tuple[str, tuple[str, ...]]]) -> Iterator[tuple[str, str]]:
    """Give pairs of entries that share a spelling once case, blanks and invisible characters are set aside."""
    owner: dict[str, str] = {}
    found: set[tuple[str, str]] = set()
    for entry, spellings in entries:
        for spelling in map(normalise, spellings):
            first = owner.setdefault(spelling, entry)
            if first != entry and (first, entry) not in found:
                found.add((first, entry))
                yield first, entry
