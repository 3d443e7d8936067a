"""Who answered: in, a raw table of one wave; out, each row's person, alliance and organisation, and the rows set aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from unicodedata import normalize

import numpy as np
import pandas as pd

from midterm.clean.decoder import Decimal
from midterm.clean.names import Names
from midterm.clean.register import Place, Register
from midterm.clean.values import visible
from midterm.description import Evaluation
from midterm.description.evaluation_file import SurveySource
from midterm.description.spelling import normalise
from midterm.errors import Problem
from midterm.read import RawTable
from midterm.read.cells import coded, distinct_rows, joined, looked_up, merged, recoded, stacked

DUPLICATES = {
    "duplicate_identical": "this respondent answered the same before in this wave; the first row was kept",
    "duplicate_partial": "this respondent answered the same, and more, in another row of this wave; the fuller row was kept",
    "duplicate_contradicts": "this respondent has rows in this wave that contradict each other; remove all but the right one",
}


@dataclass(frozen=True)
class Sheet:
    """One file of the wave on its way through: its rows of this wave by person, and the problems so far.

    ``text`` holds the cells of the rows kept. ``persons`` has respondent_id, alliance, organisation (categorical) and is_linked (by a code), indexed by row.
    """

    raw: RawTable
    source: SurveySource
    text: pd.DataFrame
    persons: pd.DataFrame
    rows_read: int
    aside: tuple[Problem, ...]

    def without(self, rules: dict[int, str]) -> Sheet:
        """Return the sheet with the rows in ``rules`` set aside as duplicates."""
        problems = tuple(self.raw.problem(rule, DUPLICATES[rule], row) for row, rule in rules.items())
        if not rules:
            return self
        text, persons = (frame.drop(index=list(rules)) for frame in (self.text, self.persons))
        return replace(self, text=text, persons=persons, aside=self.aside + problems)


DECIMALS: dict[str, Decimal | None] = {"limesurvey": "point", "qualtrics": "point", "spss": "point", "excel": "comma", "csv": None}


def decimal_of(source: SurveySource) -> Decimal | None:
    """Return the decimal sign in a source: as declared, else that of its reader (None: either)."""
    return source.decimal or DECIMALS[source.reader]


def keyed(evaluation: Evaluation, wave: str, source: SurveySource, raw: RawTable) -> Sheet:
    """Take the rows of ``wave`` and find out who answered; set rows aside that cannot be placed."""
    text, lost = _of_wave(evaluation, wave, source, raw)
    places, rows = _places(evaluation, source, text)
    is_placed = np.array([not place.rule for place in places], dtype=bool)[rows] if len(text) else np.empty(0, dtype=bool)
    astray = [raw.problem(places[pair].rule, places[pair].reason, row) for row, pair in zip(text.index[~is_placed], rows[~is_placed], strict=True)]
    kept = text if is_placed.all() else text[is_placed]
    ids, is_linked = _respondent_ids(kept, source, _export_name(evaluation, source, wave))
    persons = pd.DataFrame(
        {
            "respondent_id": ids,
            "alliance": merged(rows[is_placed], [place.alliance for place in places]),
            "organisation": merged(rows[is_placed], [place.organisation for place in places]),
            "is_linked": is_linked,
        },
        index=kept.index,
    )
    is_first = wave == source.waves[0]  # what belongs to no wave is told once
    unread = [problem for problem in raw.problems if is_first or problem.file != raw.file]
    rows_unread = raw.rows_read - len(raw.text) if is_first else 0
    return Sheet(raw, source, kept, persons, len(text) + len(lost) + rows_unread, (*lost, *unread, *astray))


def _of_wave(evaluation: Evaluation, wave: str, source: SurveySource, raw: RawTable) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the rows of ``wave``, and (with the file's first wave) a problem for each row of no known wave."""
    if isinstance(source.wave, str):
        return raw.text, []
    column = source.wave.column
    waves = _wave_names(evaluation, source.wave.values)
    found = looked_up(raw.text[column], np.array([waves.match(str(cell)) or "" for cell in raw.text[column].cat.categories], dtype=object), "")
    lost = raw.text[column][found == ""] if wave == source.waves[0] else raw.text[column].iloc[:0]
    reason = "this wave is not known; correct it or declare it in evaluation.yml"
    problems = [raw.problem("unknown_wave", f"{reason} ({waves.hint(str(cell))})", row) for row, cell in lost.items()]
    return raw.text if (found == wave).all() else raw.text[found == wave], problems


def _wave_names(evaluation: Evaluation, values: dict[str, str]) -> Names:
    """Return what the cells of a wave column mean: the declared values, and the waves' other names (not their ids, which values may be)."""
    spelled = {normalise(text): (wave, text) for text, wave in values.items()}
    others = {normalise(text): (wave.id, text) for wave in evaluation.file.waves if wave.id in values.values() for text in wave.aliases}
    return Names({key: wave for key, (wave, _) in (others | spelled).items()}, {key: text for key, (_, text) in (others | spelled).items()})


def _places(evaluation: Evaluation, source: SurveySource, text: pd.DataFrame) -> tuple[list[Place], np.ndarray]:
    """Return the place of each distinct pair of alliance and organisation, and which pair each row has."""
    register = Register.of(evaluation)
    alliance, organisation = (joined([text[name] for name in names]) for names in (source.columns.alliance, source.columns.organisation))
    rows, pairs = distinct_rows([alliance, organisation])
    return [register.partner(*pair) for pair in pairs], rows


def _export_name(evaluation: Evaluation, source: SurveySource, wave: str) -> str:
    """Return what tells the records of one export from another's: the wave, and file and sheet where a wave has several."""
    is_only = sum(wave in other.waves for other in evaluation.sources.surveys) == 1
    sheet = f"#{source.sheet}" if source.sheet else ""
    return wave if is_only else f"{wave}#{PurePosixPath(source.file)}{sheet}"


def _respondent_ids(text: pd.DataFrame, source: SurveySource, export: str) -> tuple[pd.Categorical, np.ndarray]:
    """Return the linking code, or, where it is empty, an id of this export's record that links to nothing; and which link."""
    codes = joined([_visible(text[name]) for name in source.columns.respondent])
    is_linked = looked_up(codes, np.array([code != "" for code in codes.cat.categories.tolist()], dtype=bool), False)
    if is_linked.all():
        return codes.array, is_linked
    own = [f"{export}#{record}" for record in _records(text[~is_linked], source.columns.record)]
    position = codes.cat.codes.to_numpy().astype(np.int64)
    position[~is_linked] = len(codes.cat.categories) + np.arange(len(own))
    return merged(position, [*map(str, codes.cat.categories), *own]), is_linked


def _records(text: pd.DataFrame, column: str | None) -> Iterator[str]:
    """Give each row's record number; where it has none, its row, in a form that is no other row's record number."""
    if column is None:
        yield from map(str, text.index)
        return
    for row, record in zip(text.index, text[column].astype(object), strict=True):
        yield visible(record) or f"row {row}"


def _visible(column: pd.Series) -> pd.Series:
    """Return a column of codes as they are seen: an invisible character, or an accent typed apart, would make another person."""
    return column if all(text.isascii() for text in column.cat.categories.tolist()) else recoded(column, lambda text: visible(normalize("NFC", text)))


def without_duplicates(sheets: list[Sheet], answers: list[pd.DataFrame]) -> list[Sheet]:
    """Set duplicates aside over all files of the wave: those that say no more than another row, and contradicting ones all.

    ``answers`` has for each sheet what each row says (coded form). A row that is the same as another, or the same as far
    as it was answered, gives way to the fuller (first) one.
    """
    person = pd.DataFrame({name: stacked([sheet.persons[name] for sheet in sheets]) for name in ("respondent_id", "alliance")})
    key = person["respondent_id"].cat.codes.to_numpy().astype(np.int64) * (len(person["alliance"].cat.categories) + 1) + person["alliance"].cat.codes
    doubled = np.flatnonzero(pd.Series(key).duplicated(keep=False))
    organisation = stacked([sheet.persons["organisation"] for sheet in sheets])
    sheet_of = np.repeat(np.arange(len(sheets)), [len(sheet.persons) for sheet in sheets])
    row_of = np.concatenate([sheet.persons.index.to_numpy() for sheet in sheets])
    rules: list[dict[int, str]] = [{} for _ in sheets]
    for same in _groups(doubled, key):
        said = [(str(organisation[at]), answers[sheet_of[at]].loc[row_of[at]].to_dict()) for at in same]
        for at, rule in zip(same, _verdicts(said), strict=True):
            if rule:
                rules[sheet_of[at]][int(row_of[at])] = rule
    return [sheet.without(aside) for sheet, aside in zip(sheets, rules, strict=True)]


def _groups(positions: np.ndarray, key: np.ndarray) -> Iterator[list[int]]:
    groups: dict[int, list[int]] = {}
    for at in positions:
        groups.setdefault(int(key[at]), []).append(int(at))
    yield from groups.values()


def _verdicts(said: list[tuple[str, dict[str, object]]]) -> list[str]:
    """Return for each of one person's rows the rule that sets it aside; empty for the row that is kept."""
    filled = [{item: answer for item, answer in answers.items() if answer not in ("empty", "not_reached")} for _, answers in said]
    fullest = max(range(len(said)), key=lambda at: (len(filled[at]), -at))
    is_one = len({organisation for organisation, _ in said}) == 1
    if not is_one or any(filled[fullest].get(item) != answer for answers in filled for item, answer in answers.items()):
        return ["duplicate_contradicts"] * len(said)
    return ["" if at == fullest else "duplicate_identical" if filled[at] == filled[fullest] else "duplicate_partial" for at in range(len(said))]


def in_two_alliances(evaluation: Evaluation, sheets: list[Sheet]) -> list[Problem]:
    """Note linked persons in several alliances, unless one organisation that is a declared partner in all of them explains it."""
    partners = {alliance.id: alliance.organisations for alliance in evaluation.file.alliances}
    person, alliance = (stacked([sheet.persons[name] for sheet in sheets]) for name in ("respondent_id", "alliance"))
    if np.bincount(person.codes, minlength=1).max() < 2:
        return []
    pairs = np.unique(person.codes.astype(np.int64) * len(alliance.categories) + alliance.codes)
    is_several = np.bincount(pairs // max(len(alliance.categories), 1), minlength=len(person.categories))[person.codes] > 1
    is_linked = np.concatenate([sheet.persons["is_linked"].to_numpy(dtype=bool) for sheet in sheets])
    rows = pd.concat([sheet.persons[["organisation"]].assign(sheet=at, row=sheet.persons.index).astype(object) for at, sheet in enumerate(sheets)])
    several = rows.assign(respondent_id=person, alliance=alliance)[is_several & is_linked].astype(object)
    notices = []
    for _, same in several.groupby("respondent_id", sort=False):
        organisations = set(same["organisation"])
        if len(organisations) == 1 and all(organisations <= set(partners[name]) for name in same["alliance"]):
            continue
        reason = "this respondent also answers for another alliance, under another or undeclared organisation; kept in both, see that it is one person"
        notices += [sheets[sheet].raw.problem("respondent_in_two_alliances", reason, row) for sheet, row in zip(same["sheet"], same["row"], strict=True)]
    return notices


def near_codes(sheets: list[Sheet]) -> list[Problem]:
    """Note rows whose code differs from another person's in this wave only by case, kind of blank or width of its letters."""
    person = stacked([sheet.persons["respondent_id"] for sheet in sheets])
    together = "\n".join(map(str, person.categories))
    lower = together.lower()
    if together.isascii() and " " not in together and (lower == together or len(set(lower.split("\n"))) == len(person.categories)):
        return []  # a million codes made by a program need no look at each
    is_linked = np.concatenate([sheet.persons["is_linked"].to_numpy(dtype=bool) for sheet in sheets])
    spellings: dict[str, list[int]] = {}
    for code in np.unique(person.codes[is_linked]):
        spellings.setdefault(normalise(str(person.categories[code])), []).append(int(code))
    near = [code for codes in spellings.values() if len(codes) > 1 for code in codes]
    is_near = np.isin(person.codes, near) & is_linked if near else np.zeros(len(person), dtype=bool)
    reason = "this code differs from another's in case, blanks or width of letters only; kept as two persons; if they are one, correct the code"
    ends = np.cumsum([len(sheet.persons) for sheet in sheets])[:-1]
    parts = zip(sheets, np.split(is_near, ends), strict=True)
    return [sheet.raw.problem("near_code", reason, row, sheet.source.columns.respondent[0]) for sheet, found in parts for row in sheet.persons.index[found]]


def of_all(sheets: list[Sheet], wave: str) -> pd.DataFrame:
    """Return the persons of all sheets under one another, with their wave."""
    columns = {name: stacked([sheet.persons[name] for sheet in sheets]) for name in ("respondent_id", "alliance", "organisation")}
    total = len(columns["respondent_id"])
    return pd.DataFrame({**columns, "wave": coded(np.zeros(total, dtype=np.int8), [wave])})
