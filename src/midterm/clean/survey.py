"""Cleaning of one survey wave: in, its raw tables; out, responses by person and item, and everything set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from midterm.clean.answers import in_words, long, numbers
from midterm.clean.decoder import BoxDecoder, Decoder, Meaning, readings
from midterm.clean.doubts import dates, haste, is_sent_in, straight_lines
from midterm.clean.framework_cells import ERROR, UNCALCULATED
from midterm.clean.ledger import Cleaned, reconcile, undeclared
from midterm.clean.respondents import Sheet, decimal_of, in_two_alliances, keyed, near_codes, of_all, without_duplicates
from midterm.clean.values import visible
from midterm.description import Evaluation, Item
from midterm.description.codebook import OpenQuestion
from midterm.description.evaluation_file import SurveySource
from midterm.errors import Problem
from midterm.read import RawTable
from midterm.read.cells import coded, joined, looked_up, merged, stacked
from midterm.tables import shaped, stack

Pairs = Sequence[tuple[SurveySource, RawTable]]


def clean_survey(evaluation: Evaluation, wave: str, sources: Pairs) -> Cleaned:
    """Return the tables ``responses``, ``respondents`` and ``open_answers`` of ``wave`` from all files that hold it.

    Rows of unknown alliances or organisations and duplicate respondents are set aside, cells off their scale too.
    """
    persons, answers, cleaned = clean_answers(evaluation, wave, sources)
    respondents = persons.drop(columns="answered").assign(is_usable=persons["answered"] >= float(evaluation.plan.usable_share) - 1e-9)
    tables = {"responses": long(persons, answers), "respondents": shaped("respondents", respondents)}
    return Cleaned(tables | cleaned.tables, cleaned.quarantine, cleaned.notices, cleaned.reconciliation)


def clean_answers(evaluation: Evaluation, wave: str, sources: Pairs) -> tuple[pd.DataFrame, pd.DataFrame, Cleaned]:
    """Return persons (with is_complete and the share of items answered), their answers in coded form, and the rest.

    The two frames have a row for each person, alliance and file; see ``answers`` for the coded form.
    """
    items = [item for item in evaluation.codebook.items if item.asked_in(wave)]
    sheets = [keyed(evaluation, wave, source, raw) for source, raw in sources]
    meanings = [_meanings(evaluation, wave, sheet, items) for sheet in sheets]
    said = [_coded(evaluation, wave, sheet, found, items) for sheet, found in zip(sheets, meanings, strict=True)]
    kept = without_duplicates(sheets, said)
    answers = [table if len(table) == len(sheet.persons) else table.loc[sheet.persons.index] for sheet, table in zip(kept, said, strict=True)]
    parts = [_books(evaluation, wave, *part) for part in zip(kept, meanings, answers, strict=True)]
    notices = (*(notice for part in parts for notice in part.notices), *in_two_alliances(evaluation, kept), *near_codes(kept))
    everyone = of_all(kept, wave).assign(
        is_complete=np.concatenate([_progress(sheet)[0] for sheet in kept]), answered=np.concatenate([_answered(table) for table in answers])
    )
    present = [item.id for item in items if any(item.id in table for table in answers)]
    together = pd.DataFrame({item: stacked([_or_absent(table, item) for table in answers]) for item in present})
    tables = {"open_answers": stack("open_answers", [part.tables["open_answers"] for part in parts])}
    quarantine = tuple(problem for part in parts for problem in part.quarantine)
    return everyone, together, Cleaned(tables, quarantine, notices, tuple(count for part in parts for count in part.reconciliation))


def _or_absent(table: pd.DataFrame, item: str) -> pd.Series:
    """Return the item's answers, or, where the file has none, as many cells that were not asked."""
    return table[item] if item in table else pd.Series(coded(np.full(len(table), -1, dtype=np.int8), []), index=table.index)


def _meanings(evaluation: Evaluation, wave: str, sheet: Sheet, items: list[Item]) -> dict[str, list[Meaning]]:
    """Return for each item that the file has what each distinct text of its column means."""
    found = {}
    for item in items:
        column = item.column_in(wave)
        if column in sheet.raw.text:
            decoder = _decoder(evaluation, wave, sheet, item, items)
            found[item.id] = [decoder.decode(str(text)) for text in sheet.raw.text[column].cat.categories]
    return found


def _decoder(evaluation: Evaluation, wave: str, sheet: Sheet, item: Item, items: list[Item]) -> Decoder | BoxDecoder:
    column, scale = item.column_in(wave), evaluation.codebook.scales[item.scale_in(wave)]
    if item.option:
        return BoxDecoder(item, [box for box in items if box.column_in(wave) == column], scale)
    return Decoder(scale, decimal_of(sheet.source), dict(sheet.raw.labels.get(column, {})), sheet.raw.missing.get(column, frozenset()))


def _coded(evaluation: Evaluation, wave: str, sheet: Sheet, meanings: dict[str, list[Meaning]], items: list[Item]) -> pd.DataFrame:
    """Return the answers of the sheet's rows in coded form: an empty cell is not reached, or means what its scale says."""
    is_complete, last_page = _progress(sheet)
    text = sheet.text
    columns = {}
    for item in (item for item in items if item.id in meanings):
        words = pd.Series(merged(text[item.column_in(wave)].cat.codes.to_numpy(), [in_words(meaning) for meaning in meanings[item.id]]), index=text.index)
        empty_value = evaluation.codebook.scales[item.scale_in(wave)].empty_value
        columns[item.id] = _filled(words, is_complete | (last_page >= item.page), "empty" if empty_value is None else repr(float(empty_value)))
    return pd.DataFrame(columns, index=text.index)


def _filled(words: pd.Series, is_reached: np.ndarray, empty: str) -> pd.Series:
    """Return the column with its empty cells as ``empty`` where the page was reached, as not reached or not shown elsewhere."""
    texts = [str(text) for text in words.cat.categories]
    codes = words.cat.codes.to_numpy()
    meant = [empty if text == "empty" else text for text in texts]
    if is_reached.all():
        return pd.Series(merged(codes, meant), index=words.index)
    is_open = looked_up(words, np.array([text in ("empty", "not_applicable") for text in texts], dtype=bool), False) & ~is_reached
    return pd.Series(merged(np.where(is_open, len(texts), codes), [*meant, "not_reached"]), index=words.index)


def _answered(answers: pd.DataFrame) -> np.ndarray:
    """Return the share of items that each row answered (0 where the file has none)."""
    count = np.zeros(len(answers))
    for item in answers:
        count += ~np.isnan(numbers(answers[item]))
    return count / max(answers.shape[1], 1)


def _progress(sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each row was sent in, and the last page that its respondent reached."""
    submitted, last_page, text = sheet.source.columns.submitted, sheet.source.columns.last_page, sheet.text
    everywhere = np.ones(len(text), dtype=bool)
    is_complete = (
        looked_up(text[submitted], np.array([is_sent_in(str(cell)) for cell in text[submitted].cat.categories], dtype=bool), False) if submitted else everywhere
    )
    if not last_page:
        return is_complete, np.full(len(text), np.inf)
    pages = [min(readings(visible(str(cell)), decimal_of(sheet.source)), default=0.0) for cell in text[last_page].cat.categories]
    return is_complete, looked_up(text[last_page], np.array(pages, dtype=float), 0.0)


def _books(evaluation: Evaluation, wave: str, sheet: Sheet, meanings: dict[str, list[Meaning]], answers: pd.DataFrame) -> Cleaned:
    """Return what was set aside, doubted and counted in one file, and its open answers."""
    items = [item for item in evaluation.codebook.items if item.asked_in(wave)]
    present = [item for item in items if item.id in meanings]
    problems, notices = list(sheet.aside), list[Problem]()
    problems += dict.fromkeys(sheet.raw.missing_column(item.column_in(wave)) for item in items if item not in present)
    notices += [sheet.raw.missing_column(name) for name in _beside(evaluation, wave, sheet.source) if name not in sheet.raw.text]
    for item in present:
        decoder = _decoder(evaluation, wave, sheet, item, items)
        for problem, is_aside in _broken(sheet, item, item.column_in(wave), meanings[item.id], decoder.expected):
            (problems if is_aside else notices).append(problem)
    notices += [*(undeclared(sheet.raw) if wave == sheet.source.waves[0] else ()), *straight_lines(evaluation, wave, sheet, present, answers)]
    notices += [*haste(evaluation, sheet, answers), *dates(evaluation, wave, sheet)]
    columns = len({item.column_in(wave) for item in present})
    count = reconcile(sheet.raw, wave, sheet.rows_read, len(answers), columns, problems)
    return Cleaned({"open_answers": _open_answers(evaluation, wave, sheet)}, tuple(problems), tuple(dict.fromkeys(notices)), (count,))


def _beside(evaluation: Evaluation, wave: str, source: SurveySource) -> list[str]:
    """Return the declared columns without which all answers can still be read: times, and open questions."""
    times = [name for name in (source.columns.started, source.columns.duration) if name]
    return [*times, *(question.column for question in evaluation.codebook.open_questions if question.asked_in(wave))]


def _broken(sheet: Sheet, item: Item, column: str, meanings: list[Meaning], expected: str) -> Iterator[tuple[Problem, bool]]:
    """Give a problem for every cell that breaks a rule, and whether the cell is set aside for it (else only doubted)."""
    correct = "correct it in the log of corrections, or add the code to the codebook"
    reasons = {
        "off_scale": f"this answer is off its scale; the item {item.id!r} takes {expected}; {correct}",
        ERROR.rule: ERROR.reason,
        UNCALCULATED.rule: UNCALCULATED.reason,
        "ambiguous_number": f"this number can be read in two ways for the item {item.id!r}; declare the source's decimal sign in evaluation.yml",
        "code_and_label_contradict": f"code and label of this answer mean two things for the item {item.id!r}; correct the codebook or the file",
        "unknown_missing_code": f"the file takes this code for no answer, the codebook does not for the item {item.id!r}; add it under missing",
        "unknown_option": "this cell also holds what is no box of the codebook; the known boxes were read; declare the other as an item",
    }
    codes = sheet.text[column].cat.codes.to_numpy()
    for code, meaning in enumerate(meanings):
        if meaning.rule:
            for row in sheet.text.index[codes == code]:
                yield sheet.raw.problem(meaning.rule, reasons[meaning.rule], row, column), meaning.value is None


def _open_answers(evaluation: Evaluation, wave: str, sheet: Sheet) -> pd.DataFrame:
    """Return what was written in respondents' own words by alliance, sorted by text, so that it cannot be told whose it is."""
    asked = [question for question in evaluation.codebook.open_questions if question.asked_in(wave) and question.column in sheet.raw.text]
    return stack("open_answers", [_open_answer(wave, sheet, question) for question in asked])


def _open_answer(wave: str, sheet: Sheet, question: OpenQuestion) -> pd.DataFrame:
    words = joined([sheet.text[question.column]]).astype(object)
    is_said = (words != "").to_numpy(dtype=bool)
    alliances = sheet.persons["alliance"].astype(object)[is_said]
    return pd.DataFrame({"alliance": alliances, "wave": wave, "question": question.id, "answer": words[is_said]})
