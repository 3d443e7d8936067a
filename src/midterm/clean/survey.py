"""Cleaning of one survey wave: in, its raw tables; out, responses by person and item, and everything set aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from midterm.clean.ledger import Cleaned, reconcile, together, undeclared
from midterm.clean.names import Names
from midterm.clean.register import Register
from midterm.clean.values import Decoder, parse_number
from midterm.description import Evaluation, Item
from midterm.description.evaluation_file import SurveySource
from midterm.description.spelling import normalise
from midterm.errors import Problem
from midterm.read import RawTable
from midterm.tables import shaped, stack

KEYS = ["respondent_id", "alliance", "organisation"]
STRAIGHT_LINE_ITEMS = 6


@dataclass(frozen=True)
class _Sheet:
    """One file of the wave on its way through: its rows of this wave with their keys, and the problems so far."""

    raw: RawTable
    source: SurveySource
    rows: pd.DataFrame
    rows_read: int
    aside: tuple[Problem, ...]


def columns_of(evaluation: Evaluation, source: SurveySource, wave: str) -> tuple[list[str], list[str]]:
    """Return the declared columns of a survey file: those it must have, and those of the items asked in ``wave``."""
    keys = source.columns
    must = [*keys.respondent, *keys.alliance, *keys.organisation]
    must += [column for column in (keys.record, keys.submitted, keys.last_page) if column]
    must += [] if isinstance(source.wave, str) else [source.wave.column]
    return list(dict.fromkeys(must)), [item.column_in(wave) for item in evaluation.codebook.items if item.asked_in(wave)]


def clean_survey(evaluation: Evaluation, wave: str, sources: list[tuple[SurveySource, RawTable]]) -> Cleaned:
    """Return the tables ``responses`` and ``respondents`` of ``wave`` from all files that hold it.

    Rows of unknown alliances or organisations and duplicate respondents are set aside, cells off their scale too.
    Raises UserError when a file lacks a column that says who answered.
    """
    items = [item for item in evaluation.codebook.items if item.asked_in(wave)]
    sheets = [_keyed(evaluation, wave, source, raw) for source, raw in sources]
    sheets = _without_duplicates(sheets, [item.column_in(wave) for item in items])
    cleaned = [_decoded(evaluation, wave, sheet, items) for sheet in sheets]
    wave_tables = together(cleaned)
    responses, respondents = wave_tables.tables["responses"], wave_tables.tables["respondents"]
    return replace(wave_tables, tables={"responses": responses, "respondents": _with_usable(evaluation, responses, respondents)})


def _keyed(evaluation: Evaluation, wave: str, source: SurveySource, raw: RawTable) -> _Sheet:
    """Take the rows of ``wave`` and find out who answered; set rows aside that cannot be placed."""
    must, _ = columns_of(evaluation, source, wave)
    raw.require(must)
    in_wave, unknown_wave = _wave_of(raw, source, wave)
    text = raw.text[in_wave]
    register = Register.of(evaluation)
    aside = list(unknown_wave)
    if wave == source.waves[0]:
        aside += list(raw.problems)
    placed = []
    pairs = zip(text.index, _joined(text, source.columns.alliance), _joined(text, source.columns.organisation), strict=True)
    for row, alliance, organisation in pairs:
        place = register.partner(alliance, organisation)
        if place.rule:
            aside.append(raw.problem(place.rule, place.reason, row))
        else:
            placed.append((row, place.alliance, place.organisation))
    rows = pd.DataFrame(placed, columns=["row", "alliance", "organisation"]).set_index("row")
    rows["respondent_id"] = _respondent_ids(text.loc[rows.index], source, _export_name(evaluation, source, wave))
    return _Sheet(raw, source, rows, len(text) + len({problem.row for problem in aside} - set(text.index)), tuple(aside))


def _wave_of(raw: RawTable, source: SurveySource, wave: str) -> tuple[pd.Series, list[Problem]]:
    if isinstance(source.wave, str):
        return pd.Series(True, index=raw.text.index), []
    waves = Names({normalise(text): value for text, value in source.wave.values.items()}, {normalise(text): text for text in source.wave.values})
    cells = {cell: waves.match(cell) for cell in raw.text[source.wave.column].unique()}
    found = raw.text[source.wave.column].map(cells)
    lost = list(found.index[found.isna()]) if wave == source.waves[0] else []
    reason = "this wave is not known; correct it or declare it in evaluation.yml"
    return found == wave, [raw.problem("unknown_wave", f"{reason} ({waves.hint(raw.text.loc[row, source.wave.column])})", row) for row in lost]


def _joined(text: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
    """Return the key cells of each row as one text; a composite key is joined by a slash, empty when a part is."""
    cells = text[list(columns)].apply(lambda column: column.str.strip())
    return ["/".join(row) if all(row) else "" for row in cells.itertuples(index=False)]


def _export_name(evaluation: Evaluation, source: SurveySource, wave: str) -> str:
    """Return what tells the records of one export from another's: the wave, and the file where a wave has several."""
    is_only = sum(wave in other.waves for other in evaluation.sources.surveys) == 1
    return wave if is_only else f"{wave}#{Path(source.file).stem}"


def _respondent_ids(text: pd.DataFrame, source: SurveySource, export: str) -> list[str]:
    """Return the linking code, or, where it is empty, an id of this export's record that links to nothing."""
    records = text[source.columns.record] if source.columns.record else text.index.astype(str)
    return [code if code else f"{export}#{record}" for code, record in zip(_joined(text, source.columns.respondent), records, strict=True)]


def _without_duplicates(sheets: list[_Sheet], columns: list[str]) -> list[_Sheet]:
    """Set duplicates aside over all files of the wave: identical ones but the first, contradicting ones all."""
    everyone = pd.concat([sheet.rows.assign(sheet=number, answers=_answers(sheet, columns)) for number, sheet in enumerate(sheets)]).reset_index()
    rules: dict[tuple[int, int], str] = {}
    for _, group in everyone.groupby(["respondent_id", "alliance"], sort=False):
        places = list(zip(group["sheet"], group["row"], strict=True))
        if len(group) < 2:
            continue
        same = group["answers"].nunique() == 1 and group["organisation"].nunique() == 1
        rules |= dict.fromkeys(places[1:] if same else places, "duplicate_identical" if same else "duplicate_contradicts")
    reasons = {
        "duplicate_identical": "this respondent answered the same before in this wave; the first row was kept",
        "duplicate_contradicts": "this respondent has rows in this wave that contradict each other; remove all but the right one",
    }
    cleaned = []
    for number, sheet in enumerate(sheets):
        aside = {row: rule for (place, row), rule in rules.items() if place == number}
        problems = tuple(sheet.raw.problem(rule, reasons[rule], row) for row, rule in aside.items())
        cleaned.append(_Sheet(sheet.raw, sheet.source, sheet.rows.drop(index=list(aside)), sheet.rows_read, sheet.aside + problems))
    return cleaned


def _answers(sheet: _Sheet, columns: list[str]) -> list[str]:
    present = [column for column in columns if column in sheet.raw.text]
    return ["\x1f".join(row) for row in sheet.raw.text.loc[sheet.rows.index, present].itertuples(index=False)]


def _decoded(evaluation: Evaluation, wave: str, sheet: _Sheet, items: list[Item]) -> Cleaned:
    """Decode the cells of the rows kept; note straight-lining and columns that nothing declares."""
    text = sheet.raw.text.loc[sheet.rows.index]
    present = [item for item in items if item.column_in(wave) in text]
    problems = list(sheet.aside)
    problems += [sheet.raw.missing_column(item.column_in(wave)) for item in items if item not in present]
    is_complete, last_page = _progress(text, sheet.source)
    parts = []
    for item in present:
        decoder = Decoder(evaluation.codebook.scales[item.scale_in(wave)])
        value, kind = _decode_column(text[item.column_in(wave)], decoder)
        is_reached = is_complete | (last_page >= item.page)
        kind = kind.mask((kind == "empty") & ~is_reached, "not_reached")
        if decoder.scale.empty_value is not None:
            value, kind = value.mask(kind == "empty", decoder.scale.empty_value), kind.mask(kind == "empty", "")
        invalid = kind.index[kind == "invalid"]
        reason = f"this answer is off its scale; the item {item.id!r} takes {decoder.expected}"
        problems += [sheet.raw.problem("off_scale", reason, row, item.column_in(wave)) for row in invalid]
        parts.append(sheet.rows.assign(wave=wave, item=item.id, value=value, missing_kind=kind.replace("", None)))
    respondents = stack("respondents", [sheet.rows.assign(wave=wave, is_complete=is_complete)])
    notices = [*undeclared(sheet.raw.only(_declared(evaluation, sheet.source))), *_straight_lines(evaluation, wave, sheet, text, present)]
    count = reconcile(sheet.raw, wave, sheet.rows_read, len(text), len(present), problems)
    return Cleaned({"responses": stack("responses", parts), "respondents": respondents}, tuple(problems), tuple(notices), (count,))


def _declared(evaluation: Evaluation, source: SurveySource) -> list[str]:
    return [column for wave in source.waves for columns in columns_of(evaluation, source, wave) for column in columns]


def _decode_column(cells: pd.Series, decoder: Decoder) -> tuple[pd.Series, pd.Series]:
    meanings = {cell: decoder.decode(cell) for cell in cells.unique()}
    value = cells.map({cell: np.nan if value is None else value for cell, (value, _) in meanings.items()})
    return value.astype(float), cells.map({cell: kind for cell, (_, kind) in meanings.items()}).astype(object)


def _progress(text: pd.DataFrame, source: SurveySource) -> tuple[pd.Series, pd.Series]:
    """Return whether each row was sent in, and the last page that its respondent reached."""
    submitted, last_page = source.columns.submitted, source.columns.last_page
    is_complete = text[submitted].str.strip() != "" if submitted else pd.Series(True, index=text.index)
    if not last_page:
        return is_complete, pd.Series(np.inf, index=text.index)
    pages = text[last_page].map(lambda cell: parse_number(cell) or 0.0)
    return is_complete, pages.astype(float)


def _straight_lines(evaluation: Evaluation, wave: str, sheet: _Sheet, text: pd.DataFrame, present: list[Item]) -> Iterable[Problem]:
    """Note rows that gave one and the same answer to all items of a scale although some point the other way."""
    for name in evaluation.codebook.scales:
        same = [item for item in present if item.scale_in(wave) == name and evaluation.codebook.scales[name].answers]
        if len(same) < STRAIGHT_LINE_ITEMS or not any(item.reversed for item in same):
            continue
        cells = text[[item.column_in(wave) for item in same]].apply(lambda column: column.str.strip())
        suspect = cells.index[(cells.nunique(axis=1) == 1) & (cells.iloc[:, 0] != "")]
        reason = f"the same answer was given to all {len(same)} items, reversed ones too; kept, look at it"
        yield from (sheet.raw.problem("straight_lining", reason, row) for row in suspect)


def _with_usable(evaluation: Evaluation, responses: pd.DataFrame, everyone: pd.DataFrame) -> pd.DataFrame:
    """Return the respondents with whether each answered enough items to count."""
    answered = responses.assign(answered=responses["value"].notna()).groupby([*KEYS, "wave"], observed=True)["answered"].mean()
    share = everyone.merge(answered.reset_index(), how="left", on=[*KEYS, "wave"])["answered"].fillna(0.0)
    return shaped("respondents", everyone.assign(is_usable=share.to_numpy() >= float(evaluation.plan.usable_share) - 1e-9))
