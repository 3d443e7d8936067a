"""Does the description hold together? In, its files as read; out, every name or path that leads nowhere or to two, by place."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import combinations
from math import inf
from os.path import normpath
from pathlib import Path, PurePosixPath

from midterm.description.codebook import Codebook
from midterm.description.evaluation_file import EvaluationFile
from midterm.description.indicators import Indicator, Indicators
from midterm.description.model import Loaded
from midterm.description.personal import is_personal
from midterm.description.publication import file_fault
from midterm.description.spelling import normalise
from midterm.errors import Problem, nearest

Key = tuple[str | int, ...]
RESERVED = ("all", "average")


def path_faults(root: Path, file: Loaded[EvaluationFile]) -> Iterator[Problem]:
    """Give every path that is absolute, and every raw file that lies outside the evaluation's folder."""
    model = file.model
    described: list[tuple[Key, str]] = [(("codebook",), model.codebook), (("indicators",), model.indicators), (("corrections",), model.corrections)]
    described += [(("labels", language), name) for language, name in model.labels.items()]
    published: list[tuple[Key, str]] = [(("publication", *key), name) for key, name in model.publication.files.items()]
    described += [(("publication", "texts"), model.publication.texts), *published]
    sources = model.sources
    raw: list[tuple[Key, str]] = [(("sources", "surveys", at, "file"), source.file) for at, source in enumerate(sources.surveys)]
    raw += [(("sources", "frameworks", at, "file"), name) for at, source in enumerate(sources.frameworks) for name in (source.file, *source.earlier)]
    raw += [(("sources", "interviews", at, "file"), source.file) for at, source in enumerate(sources.interviews)]
    raw += [(("sources", "population", "file"), sources.population.file)] if sources.population else []
    for key, name in (*described, *raw):
        if any(unicodedata.category(char) == "Cc" for char in name):
            yield file.problem(key, "path_invisible", "this path holds a line break or another invisible character; rename the file")
        elif Path(name).is_absolute() or PurePosixPath(name).is_absolute():
            yield file.problem(key, "path_absolute", f"the path {name!r} is absolute; make it relative to the evaluation's folder")
        elif (key, name) in raw and not Path(os.path.realpath(root / name)).is_relative_to(root):
            yield file.problem(key, "path_outside", f"the path {name!r} leads outside the evaluation's folder; put the raw data inside it")
        elif (key, name) in published and not (root / name).is_file():
            yield file.problem(key, "missing_file", f"the file {name!r} is not there; put it in place or correct the name")
        elif (key, name) in published and (fault := file_fault(root / name, key[-1], model.publication.font)):
            yield file.problem(key, "wrong_file", fault)


def evaluation_faults(file: Loaded[EvaluationFile]) -> Iterator[Problem]:
    """Give what in ``evaluation.yml`` itself is named twice, not declared, or in the wrong order."""
    model = file.model
    for name, entries in (("waves", model.waves), ("alliances", model.alliances), ("organisations", model.organisations), ("questions", model.questions)):
        yield from _twice(file, name, [entry.id for entry in entries])
    for at, alliance in enumerate(model.alliances):
        if alliance.id in RESERVED:
            yield file.problem(("alliances", at, "id"), "reserved_id", f"the alliance id {alliance.id!r} is reserved for pooled rows; choose another")
    if not model.plan.primary:
        yield file.problem(("plan", "primary"), "no_primary", "the plan names no indicator to be decided on; name one to five of indicators.yml")
    yield from _same_spelling(file, "waves", [(wave.id, wave.aliases) for wave in model.waves])
    yield from _same_spelling(file, "alliances", [(alliance.id, (alliance.name, *alliance.aliases)) for alliance in model.alliances])
    yield from _same_spelling(file, "organisations", [(entry.id, (entry.name, *entry.aliases)) for entry in model.organisations])
    waves, alliances, organisations = ([entry.id for entry in entries] for entries in (model.waves, model.alliances, model.organisations))
    named: list[tuple[Key, str, str, list[str]]] = []
    for at, survey in enumerate(model.sources.surveys):
        named += [(("sources", "surveys", at, "wave"), "wave", name, waves) for name in survey.waves]
    named += [(("plan", key), "wave", name, waves) for key, name in (("from_wave", model.plan.from_wave), ("to_wave", model.plan.to_wave))]
    named += [(("sources", "frameworks", at, "alliance"), "alliance", source.alliance, alliances) for at, source in enumerate(model.sources.frameworks)]
    for at, interview in enumerate(model.sources.interviews):
        for name, entry in interview.documents.items():
            named.append((("sources", "interviews", at, "documents", name), "alliance", entry.alliance, alliances))
    if model.iati:
        named += [(("iati", "identifiers", name), "alliance", name, alliances) for name in model.iati.identifiers]
        named += [(("iati", "organisations", name), "organisation", name, organisations) for name in model.iati.organisations]
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
        others = [normpath(other.file) for other in model.sources.frameworks[:at]]
        if source.reader != "iati" and normpath(source.file) in others:
            reason = f"this workbook is declared for another alliance already; name the one of {source.alliance!r}"
            yield file.problem(("sources", "frameworks", at, "file"), "same_workbook", reason)
    segments = [(normpath(source.file), source.sheet, source.columns, tuple(source.documents)) for source in model.sources.interviews]
    for at, segment in enumerate(segments):
        if segment in segments[:at]:
            reason = "this file of interviews is declared twice, so that its segments would count twice; remove one"
            yield file.problem(("sources", "interviews", at, "file"), "same_interviews", reason)


def codebook_faults(file: Loaded[EvaluationFile], codebook: Loaded[Codebook]) -> Iterator[Problem]:
    """Give what in the codebook leads nowhere, and two variables that would be read from one column."""
    model, book = file.model, codebook.model
    waves, blocks = [wave.id for wave in model.waves], [block.id for block in book.blocks]
    yield from _twice(codebook, "items", [item.id for item in book.items])
    yield from _twice(codebook, "blocks", blocks)
    yield from _twice(codebook, "open_questions", [question.id for question in book.open_questions])
    asked: list[tuple[Key, str, str, list[str]]] = [
        (("open_questions", at, "block"), "block", entry.block, blocks) for at, entry in enumerate(book.open_questions)
    ]
    yield from _unknown(
        codebook, asked + [(("open_questions", at, "waves"), "wave", name, waves) for at, entry in enumerate(book.open_questions) for name in entry.waves]
    )
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
    yield from _same_export(file, book)
    if book.framework:
        spellings: list[tuple[str, tuple[str, ...]]] = [(field, (text.nl, text.en)) for field, text in book.framework.columns.items()]
        for first, second in _clashes(spellings):
            yield codebook.problem(("framework", "columns", second), "same_heading", f"{second!r} has the same heading as {first!r}; give each its own")
    elif model.sources.frameworks:
        yield file.problem(("sources", "frameworks"), "no_form", "workbooks are declared, but the codebook has no framework form; add one or remove them")
    yield from _interview_faults(file, codebook)
    if model.sources.interviews and not book.interviews:
        yield file.problem(("sources", "interviews"), "no_form", "interviews are declared, but the codebook has no interview form; add one or remove them")


def _same_export(file: Loaded[EvaluationFile], book: Codebook) -> Iterator[Problem]:
    """Give exports of which the same answers would be read twice, for one wave or for two (a wide file has columns for each)."""
    read = [(at, source, wave) for at, source in enumerate(file.model.sources.surveys) for wave in source.waves]
    for (_, first, wave), (at, second, other) in combinations(read, 2):
        is_one_table = (normpath(first.file), first.sheet, first.columns) == (normpath(second.file), second.sheet, second.columns)
        is_whole = isinstance(first.wave, str) and isinstance(second.wave, str)
        in_both = [item for item in book.items if item.asked_in(wave) and item.asked_in(other)]
        is_same = any(in_both) and all(item.column_in(wave) == item.column_in(other) for item in in_both)
        if is_one_table and first is not second and (wave == other or is_whole) and is_same:
            reason = f"the same answers are declared for wave {wave!r} and again for {other!r}; name the other wave's file, or remove one of the two"
            yield file.problem(("sources", "surveys", at, "file"), "same_export", reason)


def _interview_faults(file: Loaded[EvaluationFile], codebook: Loaded[Codebook]) -> Iterator[Problem]:
    """Give documents of an unknown group, and codes to ignore that are themes or ratings."""
    form = codebook.model.interviews
    if form is None:
        return
    groups = {normalise(name): group.id for group in form.groups for name in (group.id, group.label.nl, group.label.en, *group.aliases)}
    for at, source in enumerate(file.model.sources.interviews):
        named = [((("sources", "interviews", at, "documents", name)), "group", entry.group, [*groups.values()]) for name, entry in source.documents.items()]
        yield from _unknown(file, [entry for entry in named if normalise(entry[2]) not in groups])
    used = {normalise(name) for theme in form.themes for name in (theme.id, theme.label.nl, theme.label.en, *theme.aliases)}
    used |= {normalise(name) for rating in form.ratings for name in (*rating.codes, rating.label.nl, rating.label.en)}
    for at, name in enumerate(form.ignore):
        if normalise(name) in used:
            reason = f"the code {name!r} is a theme or rating of the frame and cannot be ignored as well; remove it from one of them"
            yield codebook.problem(("interviews", "ignore", at), "ignored_code", reason)


def indicator_faults(file: Loaded[EvaluationFile], codebook: Loaded[Codebook], indicators: Loaded[Indicators]) -> Iterator[Problem]:
    """Give indicators on unknown, repeated or mixed items, and names of indicators, levels and themes that do not exist."""
    entries, book, model = indicators.model.indicators, codebook.model, file.model
    names = [indicator.id for indicator in entries]
    yield from _twice(indicators, "indicators", names)
    for at, indicator in enumerate(entries):
        for rule, reason in _item_faults(book, indicator):
            yield indicators.problem(("indicators", at, "items"), rule, f"indicator {indicator.id!r}: {reason}")
        for rule, key, reason in _target_faults(model, book, indicator):
            yield indicators.problem(("indicators", at, "target", key), rule, f"indicator {indicator.id!r}: {reason}")
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
    unknown = [name for name in (*indicator.items, *([indicator.exposure] if indicator.exposure else [])) if name not in items]
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


def _target_faults(model: EvaluationFile, book: Codebook, indicator: Indicator) -> Iterator[tuple[str, str, str]]:
    """Give a baseline that no wave can tell, years in the wrong order, and values that the indicator cannot take."""
    target = indicator.target
    if target is None:
        return
    years = {wave.id: wave.year for wave in model.waves}
    start = years.get(model.plan.from_wave) if target.baseline_year is None else target.baseline_year
    if target.baseline is None and target.baseline_year is not None and target.baseline_year not in years.values():
        yield "baseline_without_wave", "baseline_year", f"no wave was held in {target.baseline_year}; name a wave's year, or give the baseline itself"
    elif start is not None and not all(start < year for year in (target.year, *target.milestones)):
        yield "target_order", "year", f"target and milestones must come after the baseline, which is of {start}; correct the years"
    known = {name: book.scale_of(name) for name in indicator.items if name in {item.id for item in book.items}}
    if not known:
        return
    scale = next(iter(known.values()))
    low, high = {"share": (0.0, 1.0), "count": (0.0, inf)}.get(indicator.statistic, (scale.low, scale.high))
    named = [("value", target.value), ("baseline", target.baseline), *(("milestones", value) for value in target.milestones.values())]
    for key, value in named:
        if value is not None and not low <= value <= high:
            yield "target_off_scale", key, f"{key} {value:g} of its target is a value that it cannot take; give it in the indicator's unit"


def _shared_columns(model: EvaluationFile, codebook: Loaded[Codebook]) -> Iterator[Problem]:
    """Give questions that would be read from another's column, from one that says who answered, or from one with personal data.

    Boxes (items with ``option``) may share a column among themselves.
    """
    keys = {column for source in model.sources.surveys for column in (*source.columns.respondent, *source.columns.alliance, *source.columns.organisation)}
    seen: set[tuple[str, int]] = set()
    for wave in (wave.id for wave in model.waves):
        taken: dict[str, tuple[str, bool]] = {}
        for where, at, name, column, is_box in _columns_in(codebook.model, wave):
            other, is_boxes = ("who answered", False) if column in keys else taken.get(column, ("", False))
            fault = f"the column {column!r} already holds {other}; give {name!r} its own" if other and not (is_box and is_boxes) else ""
            if is_personal(column):
                fault = f"the column {column!r} holds personal data, which never leaves the reader; ask {name!r} in a column of its own"
            if fault and (where, at) not in seen:
                seen.add((where, at))
                yield codebook.problem((where, at, "column"), "shared_column", fault)
            taken.setdefault(column, (f"the item {name!r}", is_box))


def _columns_in(book: Codebook, wave: str) -> Iterator[tuple[str, int, str, str, bool]]:
    """Give list, position, id and column of every question asked in ``wave``, and whether it is one box of several in a column."""
    yield from (("items", at, item.id, item.column_in(wave), bool(item.option)) for at, item in enumerate(book.items) if item.asked_in(wave))
    yield from (("open_questions", at, entry.id, entry.column, False) for at, entry in enumerate(book.open_questions) if entry.asked_in(wave))


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
