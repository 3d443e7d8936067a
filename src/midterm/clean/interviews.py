"""Cleaning of the interviews: in, a raw table of coded segments; out, the table ``interviews``, and everything set aside or left out.

A row is a segment with its codes: one (a row of a coding project, of MAXQDA's table) or several (ATLAS.ti's table of quotations).
Each theme in it becomes a row of the clean table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from midterm.clean.code_frame import Code, CodeFrame
from midterm.clean.ledger import Cleaned, reconcile, undeclared
from midterm.clean.names import Names
from midterm.clean.register import Place, Register
from midterm.description import Evaluation
from midterm.description.codebook import InterviewForm
from midterm.description.evaluation_file import InterviewSource
from midterm.description.spelling import normalise
from midterm.errors import Problem
from midterm.read import RawTable
from midterm.read.privacy import digest
from midterm.read.refi_qda import CODE_COLUMNS, OFFERED
from midterm.tables import shaped

COLUMNS = ["interview", "alliance", "group", "theme", "rating", "segment", "coder"]
COUNTED = {
    "ignored_code": "rows left out, as they hold no other codes than those that the codebook says to ignore",
    "rating_of_theme": "rows that are ratings, each read with the theme that the same coder gave the same segment",
    "several_themes": "rows that hold more than one theme, each of which counts as a segment of its own",
}
UNNAMED = "this segment does not say of which interview it is; all such segments of an alliance count as one interview together; name it"


@dataclass(frozen=True)
class Verdict:
    """What the codes of a row come to: its themes with their rating, the cells at fault, or why the row is not one of the frame.

    ``cells`` are column, rule and reason; ``aside`` is rule and reason; ``left_out`` the rule under which it is counted.
    """

    themes: tuple[tuple[str | None, float | None], ...] = ()
    cells: tuple[tuple[str, str, str], ...] = ()
    aside: tuple[str, str] | None = None
    left_out: str = ""


def clean_interviews(evaluation: Evaluation, source: InterviewSource, raw: RawTable) -> Cleaned:
    """Return the table ``interviews`` from coded segments; their text stays in the reader.

    A code outside the code frame sets its cell aside, in a coding project its row, as there each code has a row. Rows of
    which all codes are to be ignored are counted in the notices and are no part of what was read. Raises UserError when
    the file lacks a declared column.
    """
    form = evaluation.codebook.interviews
    if form is None:
        raise AssertionError("an evaluation with interviews has an interview form in its codebook")
    whose = [source.columns.interview] * 2 if source.documents else [source.columns.alliance, source.columns.group]
    used = [source.columns.interview, *whose, source.columns.theme, source.columns.rating]
    optional = [column for column in (source.columns.segment, source.columns.coder) if column]
    raw.require(list(dict.fromkeys([*used, *optional])))
    segments, coders = (_marks(evaluation, raw, column) for column in (source.columns.segment, source.columns.coder))
    places, groups = _places(evaluation, source, raw), _groups(form, source, raw)
    verdicts = _verdicts(CodeFrame.of(form), source, raw)
    rows, problems, unnamed, counts, kept = [], list(raw.problems), list[Problem](), Counter[str](), 0
    cells = [raw.text[column].astype(str) for column in used]
    for row, segment, coder, interview, alliance, group, theme, rating in zip(raw.text.index, segments, coders, *cells, strict=True):
        verdict, place = verdicts[theme, rating], places[alliance]
        counts[verdict.left_out] += 1
        found = list(_faults(raw, row, verdict, place, (whose[1], *groups[group])))
        problems += found
        if verdict.left_out or any(not problem.column for problem in found):
            continue
        kept += 1
        counts["several_themes"] += len(verdict.themes) > 1
        unnamed += [] if normalise(interview) else [raw.problem("missing_interview", UNNAMED, row, source.columns.interview)]
        rows += [(interview.strip(), place.alliance, groups[group][0], *rated, segment, coder) for rated in verdict.themes]
    left_out = counts["ignored_code"] + counts["rating_of_theme"]
    count = reconcile(raw, "interviews", raw.rows_read - left_out, kept, len({*used, *optional}), problems)
    table = shaped("interviews", pd.DataFrame(rows, columns=COLUMNS))
    return Cleaned({"interviews": table}, tuple(problems), (*_notices(source, raw, counts), *unnamed), (count,))


def _marks(evaluation: Evaluation, raw: RawTable, column: str) -> list[str | None]:
    """Return a keyed digest for each text of ``column``, the same in every file, None where it is empty or no column is declared.

    So neither a coder's name nor the words of a segment, which some tables give in place of a number, get any further.
    """
    if not column:
        return [None] * len(raw.text)
    salt = f"midterm {evaluation.file.seed}"
    known = {text: digest(text, salt) if normalise(text) else None for text in _texts(raw, column)}
    return [known[text] for text in raw.text[column].astype(str)]


def _faults(raw: RawTable, row: int, verdict: Verdict, place: Place, group: tuple[str, str | None, str]) -> Iterator[Problem]:
    """Give what sets the row aside, else what sets its cells aside."""
    if verdict.left_out:
        return
    rule, reason = verdict.aside or (place.rule, place.reason)
    if rule:
        yield raw.problem(rule, reason, row)
        return
    column, known, hint = group
    if known is None:
        yield raw.problem("unknown_code", f"this code is not in the code frame ({hint}); correct it", row, column)
    for column, rule, reason in verdict.cells:
        yield raw.problem(rule, reason, row, column)


def _notices(source: InterviewSource, raw: RawTable, counts: Counter[str]) -> Iterator[Problem]:
    is_project = source.reader == "refi_qda"
    yield from (notice for notice in undeclared(raw) if not (is_project and notice.rule == "undeclared_column" and notice.column in OFFERED))
    for rule, reason in COUNTED.items():
        if counts[rule]:
            yield raw.problem(rule, f"{reason}: {counts[rule]}", column=source.columns.theme)


def _places(evaluation: Evaluation, source: InterviewSource, raw: RawTable) -> dict[str, Place]:
    """Return where each distinct text of the alliance's column belongs, or of the document's where ``documents`` says it."""
    register = Register.of(evaluation)
    if not source.documents:
        texts = _texts(raw, source.columns.alliance)
        return {text: register.alliance(_chosen(text, register.alliances.match)) for text in texts}
    documents = Names.of((name, ()) for name in source.documents)
    return {text: _of_document(register, source, documents, text) for text in _texts(raw, source.columns.interview)}


def _of_document(register: Register, source: InterviewSource, documents: Names, text: str) -> Place:
    name = documents.match(text)
    if name is None:
        reason = f"this document is not under documents in evaluation.yml ({documents.hint(text)}); add it with its alliance and group"
        return Place(rule="unknown_document", reason=reason)
    return register.alliance(source.documents[name].alliance)


def _groups(form: InterviewForm, source: InterviewSource, raw: RawTable) -> dict[str, tuple[str | None, str]]:
    """Return the group for each distinct text of its column (or of the document's), and a hint where it is none."""
    groups = Names.of((group.id, (group.label.nl, group.label.en, *group.aliases)) for group in form.groups)
    if not source.documents:
        chosen = {text: _chosen(text, groups.match) for text in _texts(raw, source.columns.group)}
    else:
        documents = Names.of((name, ()) for name in source.documents)
        named = {text: documents.match(text) for text in _texts(raw, source.columns.interview)}
        chosen = {text: source.documents[name].group if name else "" for text, name in named.items()}
    return {text: (groups.match(name), groups.hint(name)) for text, name in chosen.items()}


def _texts(raw: RawTable, column: str) -> list[str]:
    return [str(text) for text in raw.text[column].cat.categories]


def _chosen(cell: str, match: Callable[[str], str | None]) -> str:
    """Return the one name in a cell of several that is known (a document may be in other sets too), else the whole cell."""
    known = {match(name): name for name in re.split(r"[\r\n;]+", cell)}
    known.pop(None, None)
    return next(iter(known.values())) if len(known) == 1 and match(cell) is None else cell


def _verdicts(frame: CodeFrame, source: InterviewSource, raw: RawTable) -> dict[tuple[str, str], Verdict]:
    """Return the verdict for each distinct pair of theme and rating cells."""
    columns, is_project = source.columns, source.reader == "refi_qda"
    has_row = columns.rating == columns.theme or (is_project and raw.headings[columns.rating] in CODE_COLUMNS)
    pairs = dict.fromkeys(zip(raw.text[columns.theme].astype(str), raw.text[columns.rating].astype(str), strict=True))
    themes = {text: frame.codes(text, by_line=is_project) for text in _texts(raw, columns.theme)}
    ratings = {text: frame.codes(text, by_line=is_project) for text in _texts(raw, columns.rating)}
    judge = _in_project if is_project else _in_table
    return {(theme, rating): judge(frame, source, themes[theme], ratings[rating], has_row=has_row) for theme, rating in pairs}


def _in_project(frame: CodeFrame, source: InterviewSource, said: tuple[Code, ...], rated: tuple[Code, ...], *, has_row: bool) -> Verdict:
    """Judge the one code of a row; ``has_row`` when the codes of the rating column have rows of their own."""
    if any(code.theme for code in said):
        return _with_themes(frame, source, said, rated, has_row=has_row)
    if any(code.is_ignored for code in said):
        return Verdict(left_out="ignored_code")
    if not any(code.ratings for code in said):
        hint = next((code.hint for code in said), "it has no name")
        reason = f"this code is not in the code frame ({hint}); correct it, or name it in the codebook under interviews: ignore"
        return Verdict(aside=("unknown_code", reason))
    if has_row and any(code.theme for code in rated):
        return Verdict(left_out="rating_of_theme")
    reason = "this code is a rating, but this coder gave the segment no theme that it could rate; code the theme too"
    return Verdict(aside=("rating_without_theme", reason))


def _in_table(frame: CodeFrame, source: InterviewSource, said: tuple[Code, ...], rated: tuple[Code, ...], *, has_row: bool) -> Verdict:
    """Judge the codes of a row of a csv or workbook."""
    if said and all(code.is_ignored for code in said):
        return Verdict(left_out="ignored_code")
    return _with_themes(frame, source, said, rated, has_row=has_row)


def _with_themes(frame: CodeFrame, source: InterviewSource, said: tuple[Code, ...], rated: tuple[Code, ...], *, has_row: bool) -> Verdict:
    """Return the themes of a row with their ratings, or the one theme that is not known."""
    columns = source.columns
    cells: list[tuple[str, str, str]] = []
    themes: list[str | None] = list(dict.fromkeys(code.theme for code in said if code.theme))
    unknown = next((code.hint for code in said if code.hint), "" if themes else "it names no theme")
    if unknown:
        rest = "; the others in the cell are kept" if themes else ""
        cells.append((columns.theme, "unknown_code", f"this code is not in the code frame ({unknown}); correct it{rest}"))
    found = {theme: frozenset[float]().union(*(code.ratings for code in (*said, *rated) if code.theme in ("", theme))) for theme in themes or [None]}
    if not has_row and any(not code.ratings for code in rated):
        cells.append((columns.rating, "unknown_code", f"this rating is not in the code frame; use one of {', '.join(frame.ratings)}"))
        found = dict.fromkeys(found, frozenset())
    if any(len(values) > 1 for values in found.values()):
        reason = "the ratings of this segment contradict each other; leave the one that holds"
        cells.append((columns.rating, "contradictory_rating", reason))
    return Verdict(tuple((theme, next(iter(values)) if len(values) == 1 else None) for theme, values in found.items()), tuple(cells))
