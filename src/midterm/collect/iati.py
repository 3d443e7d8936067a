"""Export to IATI 2.03: in, an alliance's framework and its publisher's facts; out, a valid activity and what it leaves out.

Source: IATI activity schema 2.03 and its guidance on results. docs/iati.md has the whole mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

import pandas as pd
from lxml import etree
from lxml.builder import ElementMaker

from midterm.description import Evaluation
from midterm.description.codebook import Category, FrameworkForm
from midterm.description.model import LANGUAGES, Language, Text
from midterm.description.publisher import IatiPublisher
from midterm.errors import ConfigError, Problem
from midterm.read import SYNTHETIC_MARK
from midterm.read.iati import OWN

E = ElementMaker(nsmap={"midterm": OWN})
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TYPES = {"output": "1", "outcome": "2", "impact": "3"}
OTHER = "9"
IMPLEMENTING = "4"
NO_LEVEL = Text(nl="Resultaten zonder niveau", en="Results without a level")
UNWRITABLE = re.compile(r"\s*[\x00-\x08\x0a-\x1f\ud800-\udfff\ufffe\uffff]+\s*")
LOST = {
    "source": Text(nl="De bron van de cijfers (middel van verificatie) staat er niet in.", en="The source of the figures (means of verification) is left out."),
    "status": Text(nl="De status die de alliantie zelf geeft staat er niet in.", en="The status that the alliance itself gives is left out."),
    "bottleneck": Text(nl="De knelpunten staan er niet in.", en="The bottlenecks are left out."),
    "level": Text(
        nl="IATI kent geen middelen en activiteiten: het niveau van {ids} is er soort 9 (overig); het eigen niveau staat in de titel van het resultaat.",
        en="IATI has no inputs and activities: the level of {ids} is type 9 (other) there; their own level stands in the title of the result.",
    ),
    "unit": Text(
        nl="IATI kent als maat aantal en percentage: de eenheid zelf staat voor andere programma's alleen in de omschrijving.",
        en="IATI knows units and percentages as measures: for other programs the unit itself stands in the description only.",
    ),
    "no_unit": Text(
        nl="IATI eist een maat; zonder eenheid staat er aantal (maat 1): {ids}.",
        en="IATI requires a measure; without a unit it is given as unit (measure 1): {ids}.",
    ),
    "reporting": Text(
        nl="Of de cijfers per jaar of cumulatief zijn staat voor andere programma's alleen in de omschrijving.",
        en="For other programs it stands in the description only whether figures are annual or cumulative.",
    ),
    "baseline": Text(
        nl="De nulmeting van {ids} mist jaar of waarde, en staat er niet in.", en="The baseline of {ids} lacks its year or value, and is left out."
    ),
    "target": Text(
        nl="De streefwaarde van {ids} mist jaar of waarde, en staat er niet in.", en="The target of {ids} lacks its year or value, and is left out."
    ),
    "no_wording": Text(
        nl="Zonder omschrijving van de indicator is het nummer de titel: {ids}.", en="Without a wording of the indicator its number is the title: {ids}."
    ),
    "line_breaks": Text(
        nl="Regeleinden en onzichtbare tekens in de tekst van {ids} zijn spaties geworden.",
        en="Line breaks and invisible characters in the text of {ids} became spaces.",
    ),
}


def iati_activity(
    evaluation: Evaluation, alliance: str, framework: pd.DataFrame, publisher: IatiPublisher, *, is_synthetic: bool
) -> tuple[bytes, tuple[Text, ...]]:
    """Return an IATI 2.03 file with the alliance's framework (table ``framework``) as results, and what it leaves out.

    The same input gives the same bytes: the optional times of making and updating are left out. ``is_synthetic`` puts
    the mark in the description. Raises ConfigError when the publisher's facts have no identifier for the alliance.
    """
    form = evaluation.codebook.framework
    if form is None:
        raise AssertionError("an evaluation with frameworks has a framework form in its codebook")
    if alliance not in publisher.identifiers:
        reason = f"the alliance {alliance!r} has no IATI identifier; add the one under which its activity is published"
        raise ConfigError(Problem("evaluation.yml", column="iati.identifiers", rule="missing_identifier", reason=reason))
    languages = evaluation.file.languages
    rows = framework[framework["alliance"] == alliance]
    indicators = [group for _, group in rows.groupby("indicator_id", sort=False)]
    activity = E(
        "iati-activity",
        {LANG: languages[0]},
        *_head(evaluation, alliance, publisher, languages, is_synthetic=is_synthetic),
        *_results(indicators, form, languages),
    )
    content: bytes = etree.tostring(E("iati-activities", activity, version="2.03"), xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content, tuple(_lost([group.iloc[0] for group in indicators]))


def note_of_loss(name: str, lost: Iterable[Text]) -> str:
    """Return the note that goes beside the file, as Markdown in Dutch and English; ``name`` is the alliance's."""
    sentences = list(lost)
    titles = {"nl": f"# {name}: wat het IATI-bestand weglaat", "en": f"# {name}: what the IATI file leaves out"}
    parts = [titles[language] + "\n\n" + "\n".join(f"- {sentence.in_(language)}" for sentence in sentences) for language in LANGUAGES]
    return "\n\n".join(parts) + "\n"


def _head(evaluation: Evaluation, alliance: str, publisher: IatiPublisher, languages: tuple[Language, ...], *, is_synthetic: bool) -> Iterator[etree._Element]:
    """Give what stands before the results, in the order of the schema."""
    described = evaluation.alliance(alliance)
    yield E("iati-identifier", publisher.identifiers[alliance])
    yield E("reporting-org", E.narrative(publisher.reporter_name), ref=publisher.reporter, type=publisher.reporter_type)
    yield E("title", E.narrative(described.name))
    purpose = described.goal or described.theme or Text(nl=described.name, en=described.name)
    mark = f"{SYNTHETIC_MARK}. " if is_synthetic else ""
    yield _text("description", Text(nl=mark + purpose.nl, en=mark + purpose.en), languages)
    names = {organisation.id: organisation.name for organisation in evaluation.file.organisations}
    for partner in described.organisations or (described.name,):
        reference = {"ref": publisher.organisations[partner]} if partner in publisher.organisations else {}
        yield E("participating-org", E.narrative(names.get(partner, partner)), {**reference, "role": IMPLEMENTING})
    yield E("activity-status", code=publisher.status)
    for code, day in publisher.dates.items():
        yield E("activity-date", {"type": code, "iso-date": day.isoformat()})
    yield E("recipient-country", code=publisher.country)
    yield E("sector", vocabulary="1", code=publisher.sector)


def _results(indicators: list[pd.DataFrame], form: FrameworkForm, languages: tuple[Language, ...]) -> Iterator[etree._Element]:
    """Give one result a level, in the order of the codebook, as the framework has no results above its indicators."""
    for level in (*form.levels, None):
        of_level = [group for group in indicators if _known(group.iloc[0]["level"]) == (level.id if level else None)]
        if of_level:
            code = TYPES.get(level.id, OTHER) if level else OTHER
            title = _text("title", level.label if level else NO_LEVEL, languages)
            yield E("result", title, *(_indicator(group, form, languages) for group in of_level), type=code)


def _indicator(group: pd.DataFrame, form: FrameworkForm, languages: tuple[Language, ...]) -> etree._Element:
    first = group.iloc[0]
    name, wording = _writable(first["indicator_id"]), _writable(first["indicator"])
    kinds = {unit.id: unit.kind for unit in form.units}
    ascending = {"up": {"ascending": "1"}, "down": {"ascending": "0"}}.get(_writable(first["direction"]), {})
    measure = "2" if kinds.get(_writable(first["unit"])) == "percentage" else "1"
    own = {f"{{{OWN}}}{field}": _writable(first[field]) for field in ("level", "unit", "reporting")}
    return E(
        "indicator",
        {"measure": measure, **ascending, **own},
        E("title", E.narrative(wording or name)),
        *_description(first, form, languages),
        E("reference", vocabulary="99", code=name),
        *_baseline(first),
        *_periods(group),
    )


def _description(first: pd.Series, form: FrameworkForm, languages: tuple[Language, ...]) -> Iterator[etree._Element]:
    """Give unit and way of reporting in words, as IATI's guidance asks for what its codes cannot say."""
    chosen = {"unit": _entry(first["unit"], form.units), "reporting": _entry(first["reporting"], form.reporting)}
    said = [(form.columns[field], entry.label) for field, entry in chosen.items() if entry]
    if said:
        words = {language: "; ".join(f"{heading.in_(language)}: {label.in_(language)}" for heading, label in said) for language in LANGUAGES}
        yield _text("description", Text(**words), languages)


def _baseline(first: pd.Series) -> Iterator[etree._Element]:
    if _is_whole(first, "baseline"):
        yield E("baseline", year=str(int(first["baseline_year"])), value=_number(first["baseline_value"]))


def _periods(group: pd.DataFrame) -> Iterator[etree._Element]:
    """Give a calendar year for each actual value, and for the target the time from the first reporting year to its own."""
    for year, value in zip(group["year"], group["actual_value"], strict=True):
        if pd.notna(value):
            yield E("period", *_days(int(year), int(year)), E("actual", value=_number(value)))
    first = group.iloc[0]
    if _is_whole(first, "target"):
        end = int(first["target_year"])
        yield E("period", *_days(min(int(group["year"].min()), end), end), E("target", value=_number(first["target_value"])))


def _days(first: int, last: int) -> tuple[etree._Element, etree._Element]:
    return E("period-start", {"iso-date": f"{first:04}-01-01"}), E("period-end", {"iso-date": f"{last:04}-12-31"})


def _is_whole(first: pd.Series, what: str) -> bool:
    return bool(first[[f"{what}_year", f"{what}_value"]].notna().all())


def _lost(firsts: list[pd.Series]) -> Iterator[Text]:
    """Give a sentence for each thing that the file leaves out or that only we can read back from it."""
    for rule, sentence in LOST.items():
        ids = [_writable(first["indicator_id"]) for first in firsts if _loses(rule, first)]
        if ids:
            named = ", ".join(ids)
            yield Text(nl=sentence.nl.replace("{ids}", named), en=sentence.en.replace("{ids}", named))


def _loses(rule: str, first: pd.Series) -> bool:
    level = _known(first["level"])
    loses = {
        "level": level is not None and level not in TYPES,
        "no_unit": _known(first["unit"]) is None,
        "baseline": first[["baseline_year", "baseline_value"]].notna().sum() == 1,
        "target": first[["target_year", "target_value"]].notna().sum() == 1,
        "no_wording": not _writable(first["indicator"]),
        "line_breaks": any(UNWRITABLE.search(str(first[field]).strip()) for field in ("indicator_id", "indicator")),
    }
    return bool(loses[rule]) if rule in loses else _known(first[rule]) is not None


def _entry(value: object, entries: Iterable[Category]) -> Category | None:
    return next((entry for entry in entries if entry.id == _known(value)), None)


def _text(tag: str, text: Text, languages: tuple[Language, ...]) -> etree._Element:
    """Return an element with a narrative a language; the first is the activity's own and needs no mark."""
    first, *others = languages
    return E(tag, E.narrative(_writable(text.in_(first))), *(E.narrative(_writable(text.in_(language)), {LANG: language}) for language in others))


def _known(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _writable(value: object) -> str:
    """Return text that XML can hold: line breaks and control characters as a space, empty for a missing value."""
    return UNWRITABLE.sub(" ", _known(value) or "").strip()


def _number(value: float) -> str:
    return format(Decimal(repr(float(value))).normalize(), "f")
