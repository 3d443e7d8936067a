"""Cleaning of the staff list: in, its raw table; out, the table ``population``, and everything set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

import pandas as pd

from midterm.clean.framework_cells import without_result
from midterm.clean.ledger import Cleaned, reconcile, undeclared
from midterm.clean.names import Names
from midterm.clean.register import Register
from midterm.clean.values import parse_number, visible
from midterm.description import Evaluation
from midterm.errors import Problem
from midterm.read import RawTable
from midterm.tables import shaped

POPULATION_COLUMNS = ["wave", "alliance", "organisation", "population", "invited"]
MOST_PEOPLE = 10_000_000_000
INVALID = -1.0
NOT_A_COUNT = "this cell is not a whole number of people; correct it"
MORE_INVITED = "more people were invited than there are in the population; see which of the two numbers is right"
DUPLICATES = {
    "duplicate_row": "this organisation stands here before in this wave, with the same numbers; the first row was kept",
    "contradictory_rows": "this organisation stands here more than once in this wave, with other numbers; remove all rows but the right one",
}
Key = tuple[str, str, str]
Counts = dict[str, float | None]


def clean_population(evaluation: Evaluation, raw: RawTable) -> Cleaned:
    """Return the table ``population`` from the staff list; rows of unknown waves or partners are set aside.

    Of rows that say the same of an organisation and wave the first is kept; where they contradict each other, none.
    """
    raw.require(POPULATION_COLUMNS)
    register = Register.of(evaluation)
    waves = Names.of((wave.id, (wave.label.nl, wave.label.en, *wave.aliases)) for wave in evaluation.file.waves)
    problems = list(raw.problems)
    said: dict[Key, dict[int, Counts]] = {}
    for row, cells in raw.text[POPULATION_COLUMNS].astype(str).iterrows():
        wave, place = waves.match(cells["wave"]), register.partner(cells["alliance"], cells["organisation"])
        if wave is None:
            problems.append(
                raw.problem("unknown_wave", f"this wave is not known ({waves.hint(cells['wave'])}); correct it or declare it in evaluation.yml", row)
            )
        elif place.rule:
            problems.append(raw.problem(place.rule, place.reason, row))
        else:
            said.setdefault((wave, place.alliance, place.organisation), {})[int(str(row))] = _counts(cells)
    rows, doubled = _once(raw, said)
    problems += doubled
    table = shaped("population", pd.DataFrame(rows, columns=POPULATION_COLUMNS))
    notices = (*undeclared(raw), *_with_more_invited(raw, said, {problem.row for problem in problems if not problem.column}))
    count = reconcile(raw, "population", raw.rows_read, len(rows), len(POPULATION_COLUMNS), problems)
    return Cleaned({"population": table}, tuple(problems), notices, (count,))


def _once(raw: RawTable, said: Mapping[Key, Mapping[int, Counts]]) -> tuple[list[tuple[object, ...]], list[Problem]]:
    """Return one row for each organisation and wave that the list does not contradict, and what is set aside."""
    rows: list[tuple[object, ...]] = []
    problems: list[Problem] = []
    for key, by_row in said.items():
        rule = "duplicate_row" if len({tuple(counts.items()) for counts in by_row.values()}) == 1 else "contradictory_rows"
        first = next(iter(by_row))
        problems += [raw.problem(rule, DUPLICATES[rule], row) for row in by_row if row != first or rule == "contradictory_rows"]
        if rule == "duplicate_row":
            problems += [_not_a_count(raw, first, column) for column, count in by_row[first].items() if count == INVALID]
            rows.append((*key, *(None if count == INVALID else count for count in by_row[first].values())))
    return rows, problems


def _with_more_invited(raw: RawTable, said: Mapping[Key, Mapping[int, Counts]], aside: Set[int | None]) -> Iterator[Problem]:
    """Note the rows, unless set ``aside``, by which more people were invited than there are."""
    for row, counts in sorted(((row, counts) for by_row in said.values() for row, counts in by_row.items()), key=lambda entry: entry[0]):
        people, invited = counts["population"], counts["invited"]
        if row not in aside and people is not None and invited is not None and INVALID < people < invited:
            yield raw.problem("more_invited", MORE_INVITED, row, "invited")


def _not_a_count(raw: RawTable, row: int, column: str) -> Problem:
    fault = without_result(str(raw.text.loc[row, column]))
    return raw.problem(fault.rule, fault.reason, row, column) if fault else raw.problem("not_a_count", NOT_A_COUNT, row, column)


def _counts(cells: pd.Series) -> Counts:
    """Return both numbers of people in a row: None where the cell is empty, INVALID where it holds no such number."""
    return {column: _count(cells[column]) for column in ("population", "invited")}


def _count(cell: str) -> float | None:
    if not visible(cell):
        return None
    number = parse_number(cell)
    return number if number is not None and 0 <= number <= MOST_PEOPLE and number == int(number) else INVALID
