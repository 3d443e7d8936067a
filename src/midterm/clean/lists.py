"""Cleaning of the short lists: in, the raw staff list or coded interviews; out, their clean tables."""

from __future__ import annotations

import pandas as pd

from midterm.clean.ledger import Cleaned, reconcile, undeclared
from midterm.clean.names import Names
from midterm.clean.register import Register
from midterm.clean.values import parse_number
from midterm.description import Evaluation
from midterm.description.evaluation_file import InterviewSource
from midterm.description.spelling import normalise
from midterm.errors import Problem
from midterm.read import RawTable
from midterm.tables import shaped

POPULATION_COLUMNS = ["wave", "alliance", "organisation", "population", "invited"]


def clean_population(evaluation: Evaluation, raw: RawTable) -> Cleaned:
    """Return the table ``population`` from the staff list; rows of unknown waves or partners are set aside."""
    raw.require(POPULATION_COLUMNS)
    register = Register.of(evaluation)
    waves = Names.of((wave.id, (wave.label.nl, wave.label.en)) for wave in evaluation.file.waves)
    rows, problems = [], list(raw.problems)
    seen: set[tuple[str, str, str]] = set()
    for row, cells in raw.text[POPULATION_COLUMNS].iterrows():
        wave, place = waves.match(cells["wave"]), register.partner(cells["alliance"], cells["organisation"])
        key = (wave or "", place.alliance, place.organisation)
        if wave is None:
            problems.append(
                raw.problem("unknown_wave", f"this wave is not known ({waves.hint(cells['wave'])}); correct it or declare it in evaluation.yml", row)
            )
        elif place.rule:
            problems.append(raw.problem(place.rule, place.reason, row))
        elif key in seen:
            problems.append(raw.problem("duplicate_row", "this organisation stands here before in this wave; keep one of the rows", row))
        else:
            seen.add(key)
            counts, invalid = _counts(raw, row, cells)
            problems += invalid
            rows.append({"wave": wave, "alliance": place.alliance, "organisation": place.organisation, **counts})
    table = shaped("population", pd.DataFrame(rows, columns=POPULATION_COLUMNS))
    notices = undeclared(raw.only(POPULATION_COLUMNS))
    count = reconcile(raw, "population", len(raw.text) + len(raw.problems), len(rows), len(POPULATION_COLUMNS), problems)
    return Cleaned({"population": table}, tuple(problems), tuple(notices), (count,))


def _counts(raw: RawTable, row: object, cells: pd.Series) -> tuple[dict[str, float | None], list[Problem]]:
    counts: dict[str, float | None] = {}
    problems = []
    for column in ("population", "invited"):
        number = parse_number(cells[column])
        is_count = number is not None and number >= 0 and number == int(number)
        counts[column] = number if is_count else None
        if not is_count and cells[column].strip():
            problems.append(raw.problem("not_a_count", "this cell is not a whole number of people; correct it", int(str(row)), column))
    return counts, problems


def clean_interviews(evaluation: Evaluation, source: InterviewSource, raw: RawTable) -> Cleaned:
    """Return the table ``interviews`` from coded segments; their text stays in the reader."""
    form = evaluation.codebook.interviews
    if form is None:
        raise AssertionError("an evaluation with interviews has an interview form in its codebook")
    columns = source.columns
    declared = [columns.interview, columns.alliance, columns.group, columns.theme, columns.rating]
    raw.require(declared)
    register = Register.of(evaluation)
    groups, themes = (Names.of((entry.id, (entry.label.nl, entry.label.en, *entry.aliases)) for entry in entries) for entries in (form.groups, form.themes))
    ratings = {normalise(spelling): rating.value for rating in form.ratings for spelling in (*rating.codes, rating.label.nl, rating.label.en)}
    rows, problems = [], list(raw.problems)
    for row, cells in raw.text[declared].iterrows():
        place = register.alliance(cells[columns.alliance])
        if place.rule:
            problems.append(raw.problem(place.rule, place.reason, row))
            continue
        rating = normalise(cells[columns.rating])
        for column, names in ((columns.group, groups), (columns.theme, themes)):
            if names.match(cells[column]) is None:
                problems.append(raw.problem("unknown_code", f"this code is not in the code frame ({names.hint(cells[column])}); correct it", row, column))
        if rating and rating not in ratings:
            problems.append(raw.problem("unknown_code", f"this rating is not in the code frame; use one of {', '.join(ratings)}", row, columns.rating))
        group, theme = groups.match(cells[columns.group]), themes.match(cells[columns.theme])
        rows.append({"interview": cells[columns.interview].strip(), "alliance": place.alliance, "group": group, "theme": theme, "rating": ratings.get(rating)})
    table = shaped("interviews", pd.DataFrame(rows, columns=["interview", "alliance", "group", "theme", "rating"]))
    count = reconcile(raw, "interviews", len(raw.text) + len(raw.problems), len(rows), len(declared), problems)
    return Cleaned({"interviews": table}, tuple(problems), tuple(undeclared(raw.only(declared))), (count,))
