"""Laws of cleaning a survey: order does not matter, twice is once, and of all mess laid over a sound file the place is told."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import AGREE, AGREE_EN, BOXES, MEMBERS, STATEMENTS, both, draft
from factory import Row as Cells
from midterm.clean.contracts import held
from midterm.clean.ledger import Cleaned
from midterm.clean.survey import clean_survey
from midterm.description import Evaluation
from midterm.errors import Problem, UserError
from midterm.read import read_survey

Line = Cells | list[str]
Answer = tuple[float | None, str | None]
Place = tuple[int | None, str, str]
laws = settings(derandomize=True, deadline=None, max_examples=15)

FILE = "data/raw/survey-2023.csv"
COLUMNS = {f"goal_{n}": f"G{n}" for n in (1, 2, 3)} | {f"trust_{n}": f"T{n}" for n in (1, 2, 3)}
COLUMNS |= {"safety_1": "S1", "incidents_1": "N1", "box_1": "K1", "box_2": "K2", "option_1": "M1", "option_2": "M1"}
PAGES = {"G1": 2, "G2": 2, "G3": 2, "T1": 3, "T2": 3, "T3": 3, "S1": 4, "N1": 4, "K1": 5, "K2": 5, "M1": 6}
OPTIONS = {"option_1": ("1", "Te weinig mensen, of wisselingen"), "option_2": ("2", "Geld")}
UNDECLARED: list[Place] = [(None, column, "undeclared_column") for column in ("email", "ipaddr")]
DOUBTS = ("straight_lining", "speeder", "impossible_date", "unknown_option")
INVALID: Answer = (None, "invalid")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Return the tiny evaluation with times, a duration, boxes in one column and an open question."""
    start = draft()
    for source in start.evaluation["sources"]["surveys"]:
        source["columns"] |= {"started": "startdate", "duration": "interviewtime"}
    for name, (code, wording) in OPTIONS.items():
        start.codebook["items"].append({**start.item("box_1"), "id": name, "column": "M1", "page": 6, "option": [code], "wording": both(wording)})
    start.codebook["open_questions"] = [{"id": "remark", "block": "goal", "column": "TOELICHTING", "page": 6, "wording": both("Wilt u iets toelichten?")}]
    return start.load(tmp_path_factory.mktemp("laws"))


def sound(chance: Random) -> list[Cells]:
    """Return a sound export: three persons a partner with random answers, none of them in a straight line."""
    rows: list[Cells] = []
    for alliance, organisations in MEMBERS.items():
        for number, organisation in enumerate(organisations * 3):
            answers = {column: f"A{chance.randint(1, 5)}" for column in STATEMENTS}
            answers["T3"] = "A1" if answers["G1"] != "A1" else "A2"
            counts = {"N1": str(chance.randint(0, 50)), **{box: chance.choice(("Y", "")) for box in BOXES}, "M1": chance.choice(("", "1", "2", "1;2"))}
            times = {"submitdate": "2023-04-01 12:00:00", "lastpage": "6", "startdate": "2023-04-01 11:45:00", "interviewtime": "900.25"}
            who = {"id": str(len(rows) + 1), "CODE": f"{alliance[0]}{number:02d}", "ALLIANTIE": alliance, "ORGANISATIE": organisation}
            aside = {"ipaddr": "203.0.113.77", "email": "jan@voorbeeld.example", "TOELICHTING": chance.choice(("", 'Zeer "goed"; dank', "Twee\nregels"))}
            rows.append({**times, **who, **answers, **counts, **aside})
    return rows


def meant(row: Cells) -> dict[str, Answer]:
    """Return what the cells of a sound row mean, by the rules as they are written."""
    answers: dict[str, Answer] = {}
    for item, column in COLUMNS.items():
        text, is_box = row[column], column in (*BOXES, "M1")
        if not text and not row["submitdate"] and PAGES[column] > int(row["lastpage"]):
            answers[item] = (None, "not_reached")
        elif is_box:
            answers[item] = (float(text == "Y" or item[-1] in text.split(";")), None)
        else:
            answers[item] = (float(text.removeprefix("A")), None) if text else (None, "empty")
    return answers


def delimited(lines: Iterable[Line], columns: Sequence[str]) -> tuple[bytes, list[int]]:
    """Return the lines as a csv, and the physical line on which each of them starts."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    starts: list[int] = []
    for line in lines:
        starts.append(text.getvalue().count("\n") + 1)
        writer.writerow([line[column] for column in columns] if isinstance(line, dict) else line)
    return text.getvalue().encode("utf-8-sig"), starts


def cleaned(evaluation: Evaluation, *contents: bytes) -> Cleaned:
    """Clean the first wave from files with these contents; its counts must add up and its contract hold."""
    names = [FILE.replace(".csv", f"-{at}.csv") if at else FILE for at in range(len(contents))]
    for name, content in zip(names, contents, strict=True):
        (evaluation.folder / name).write_bytes(content)
    first, *others = evaluation.sources.surveys
    surveys = (*(first.model_copy(update={"file": name}) for name in names), *others)
    described = replace(evaluation, file=evaluation.file.model_copy(update={"sources": evaluation.sources.model_copy(update={"surveys": surveys})}))
    return held(described, clean_survey(described, "2023", read_survey(described, "2023")))


def of_rows(evaluation: Evaluation, rows: Sequence[Line], columns: Sequence[str] = ()) -> Cleaned:
    return cleaned(evaluation, delimited(rows, columns or list(next(row for row in rows if isinstance(row, dict))))[0])


def places(problems: Iterable[Problem]) -> Counter[Place]:
    """Return where which rule was broken; boxes in one column are one cell."""
    return Counter({(problem.row, problem.column, problem.rule) for problem in problems})


def same_tables(one: Cleaned, other: Cleaned) -> None:
    assert set(one.tables) == set(other.tables)
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, other.tables[name])


def answers_of(result: Cleaned) -> dict[tuple[str, str], dict[str, Answer]]:
    """Return the clean answers by alliance and respondent, then by item."""
    found: dict[tuple[str, str], dict[str, Answer]] = {}
    table = result.tables["responses"]
    for alliance, person, item, value, kind in zip(*(table[name] for name in ("alliance", "respondent_id", "item", "value", "missing_kind")), strict=True):
        found.setdefault((alliance, person), {})[item] = (None if pd.isna(value) else float(value), None if pd.isna(kind) else str(kind))
    return found


def keys_of(people: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(people["alliance"], people["respondent_id"], strict=True))


@dataclass(frozen=True)
class Laid:
    """What stands in the file in place of one sound row, and what must come of it.

    ``lines``: the first in the row's own place, others anywhere below it. ``aside`` and ``noted``: which of the lines,
    column and rule. ``now``: the items that are answered otherwise than in the sound row; ``who``: its other respondent id.
    ``also``: another alliance in which the same person is kept with the same answers.
    """

    lines: tuple[Line, ...]
    aside: tuple[tuple[int, str, str], ...] = ()
    noted: tuple[tuple[int, str, str], ...] = ()
    is_kept: bool = True
    now: Mapping[str, Answer] = field(default_factory=dict)
    who: str = ""
    also: str = ""


Mess = Callable[[Cells, Random], Laid]


def typed(choices: Sequence[Mapping[str, str]], rule: str = "", column: str = "", now: Mapping[str, Answer] | None = None) -> Mess:
    """Return the mess of cells typed over a row: ``rule`` is broken at ``column`` (none: the row is set aside for it, or doubted)."""

    def lay(row: Cells, chance: Random) -> Laid:
        found = ((0, column, rule),) if rule else ()
        is_doubt = rule in DOUBTS
        line = {**row, **chance.choice(choices)}
        return Laid((line,), () if is_doubt else found, found if is_doubt else (), not rule or is_doubt or bool(column), now or {})

    return lay


def texts(column: str, *choices: str) -> list[dict[str, str]]:
    return [{column: text} for text in choices]


def foreign(row: Cells, chance: Random) -> Laid:
    others = {"noord": "kompas", "zuid": " Bureau\u00a0DOK"}
    return typed(texts("ORGANISATIE", others[row["ALLIANTIE"]]), "organisation_not_in_alliance")(row, chance)


def harmless(row: Cells, chance: Random) -> Laid:
    """Spaces, invisible characters and case around names, codes and answers change nothing."""
    edges = ("", " ", "\u00a0", "\u200b", "\t", "\ufeff", " \u2009")

    def around(text: str, *, is_folded: bool = True) -> str:
        inner = chance.choice((str.upper, str.title, str.lower))(text) if is_folded else text
        return chance.choice(edges) + inner + chance.choice(edges)

    names = {"ALLIANTIE": {"noord": "Alliantie  Noord", "zuid": "Alliantie\u00a0Zuid"}[row["ALLIANTIE"]], "ORGANISATIE": row["ORGANISATIE"]}
    columns = (*STATEMENTS, "N1", *BOXES, "M1", "submitdate", "lastpage", "interviewtime")
    folded = {name: around(text) for name, text in names.items()} | {column: around(row[column]) for column in columns}
    return Laid(({**row, **folded, "CODE": around(row["CODE"], is_folded=False)},))


def labelled(row: Cells, chance: Random) -> Laid:
    labels = chance.choice((AGREE, AGREE_EN))
    words = {column: labels[int(row[column][1:])] for column in STATEMENTS} | {box: row[box] and chance.choice(("Ja", "Yes")) for box in BOXES}
    boxes = [chance.choice(OPTIONS[f"option_{code}"]) for code in row["M1"].split(";") if code]
    return Laid(({**row, **words, "M1": chance.choice((";", ",", "; ")).join(boxes)},))


def stopped(row: Cells, chance: Random) -> Laid:
    return stopped_after(chance.choice((1, 2, 4, 5)), row)


def halfway(row: Cells, _: Random) -> Laid:
    """Six of twelve items were answered, which is just enough to be usable."""
    return stopped_after(3, row)


def stopped_after(last: int, row: Cells) -> Laid:
    line = {**row, "submitdate": "", "lastpage": str(last), **{column: "" for column, page in PAGES.items() if page > last}}
    return Laid((line,), now=meant(line))


def again(row: Cells, **cells: str) -> Cells:
    return {**row, "id": f"9{row['id']}", **cells}


def twice(row: Cells, _: Random) -> Laid:
    return Laid((row, again(row, ALLIANTIE=row["ALLIANTIE"].upper())), ((1, "", "duplicate_identical"),))


def twice_in_part(row: Cells, chance: Random) -> Laid:
    """A row that was broken off, or lacks an answer, gives way to the whole one, whichever comes first."""
    part = chance.choice((stopped(row, chance).lines[0], {**row, "G2": ""}, {**row, "T1": "", "S1": " "}))
    assert isinstance(part, dict)
    if chance.random() < 0.5:
        return Laid((row, again(part)), ((1, "", "duplicate_partial"),))
    return Laid((part, again(row)), ((0, "", "duplicate_partial"),))


def contradicted(row: Cells, chance: Random) -> Laid:
    answer = {"G1": "A1" if row["G1"] != "A1" else "A2"}
    organisation = {"ORGANISATIE": next(name for name in MEMBERS[row["ALLIANTIE"]] if name != row["ORGANISATIE"])}
    other = again(row, **chance.choice((answer, organisation)))
    return Laid((row, other), ((0, "", "duplicate_contradicts"), (1, "", "duplicate_contradicts")), is_kept=False)


def in_both(row: Cells, chance: Random) -> Laid:
    """A person may answer for two alliances; where no organisation is a partner in both, somebody should look."""
    other = next(alliance for alliance in MEMBERS if alliance != row["ALLIANTIE"])
    organisation = chance.choice(MEMBERS[other])
    noted = ((0, "", "respondent_in_two_alliances"), (1, "", "respondent_in_two_alliances"))
    lines = (row, again(row, ALLIANTIE=other, ORGANISATIE=organisation))
    return Laid(lines, noted=() if organisation == row["ORGANISATIE"] else noted, also=other)


def ragged(row: Cells, chance: Random) -> Laid:
    cells = list(row.values())
    return Laid((chance.choice((cells[:-1], cells[:3], [*cells, ""], [*cells, "A4", "x"])),), ((0, "", "ragged_row"),), is_kept=False)


def blank(row: Cells, chance: Random) -> Laid:
    return Laid((row, chance.choice(([""], [], [" "], [""] * len(row)))))


def unlinked(row: Cells, chance: Random) -> Laid:
    return Laid(({**row, "CODE": chance.choice(("", "  ", "\u200b"))},), who=f"2023#{row['id']}")


MESS: dict[str, Mess] = {
    "unknown alliance": typed(texts("ALLIANTIE", "Alliantie Oost", "noordd", "", "\u200b", "noord/zuid"), "unknown_alliance"),
    "misspelt organisation": typed(texts("ORGANISATIE", "Stichting Ankr", "Vereniging Boeii", "", "\u00a0", "n.v.t."), "unknown_organisation"),
    "organisation of another alliance": foreign,
    "off-scale answer": typed(texts("G1", "A7", "6", "4", "-1", "eenss", "A4A4"), "off_scale", "G1", {"goal_1": INVALID}),
    "letters in a number": typed(texts("N1", "drie", "2x", "1e1", "O", "51", "-1", "2.5", "1 2"), "off_scale", "N1", {"incidents_1": INVALID}),
    "a tick that is none": typed(texts("K1", "N", "X", "1"), "off_scale", "K1", {"box_1": INVALID}),
    "no known box": typed(texts("M1", "12", "anders", "3"), "off_scale", "M1", {"option_1": INVALID, "option_2": INVALID}),
    "one unknown box": typed(texts("M1", "1;anders", "3, 1"), "unknown_option", "M1", {"option_1": (1.0, None), "option_2": (0.0, None)}),
    "identical duplicate": twice,
    "partial duplicate": twice_in_part,
    "contradicting duplicate": contradicted,
    "in two alliances": in_both,
    "ragged row": ragged,
    "blank line": blank,
    "invisible spaces and case": harmless,
    "labels instead of codes": labelled,
    "no code": unlinked,
    "don't know": typed(texts("S1", "A9", "weet ik niet", "Don't know"), now={"safety_1": (None, "dont_know")}),
    "empty page": typed([{"T1": "", "T2": " ", "T3": "\u00a0"}], now={f"trust_{n}": (None, "empty") for n in (1, 2, 3)}),
    "not shown": typed(texts("T2", "N/A", "{question_not_shown}"), now={"trust_2": (None, "not_applicable")}),
    "broken off": stopped,
    "broken off half way": halfway,
    "straight line": typed(
        [dict.fromkeys(STATEMENTS, text) for text in ("A4", "Eens")],
        "straight_lining",
        now={item: (4.0, None) for item, column in COLUMNS.items() if column in STATEMENTS},
    ),
    "too fast": typed(texts("interviewtime", "1", "0", "9.5"), "speeder", "interviewtime"),
    "less than no time": typed(texts("interviewtime", "-5", "-900.25"), "impossible_date", "interviewtime"),
    "impossible date": typed(texts("submitdate", "2023-13-01 12:00:00", "morgen", "31-04-2023", "2023-04-01 25:00:00"), "impossible_date", "submitdate"),
    "30 February": typed(texts("startdate", "2023-02-30 11:45:00", "30-02-2023", "30/2/2023"), "impossible_date", "startdate"),
    "date of another wave": typed(texts("submitdate", "2025-04-01 12:00:00", "1-4-2021", "01/04/1923 12:00"), "impossible_date", "submitdate"),
}


@dataclass(frozen=True)
class File:
    """A sound file with mess laid over it: its lines, the sound row that each stands for (None: none), and all that must come of it."""

    lines: list[Line]
    origins: list[Cells | None]
    content: bytes
    starts: list[int]
    aside: Counter[Place]
    noted: Counter[Place]
    answers: dict[tuple[str, str], dict[str, Answer]]
    mended: dict[tuple[str, str], dict[str, Answer]]


def messed(rows: list[Cells], kinds: Sequence[str], chance: Random) -> File:
    """Lay each of the kinds of mess over a random row of its own."""
    chosen = dict(zip(chance.sample(range(len(rows)), len(kinds)), kinds, strict=True))
    laid = [MESS[chosen[at]](row, chance) if at in chosen else Laid((row,)) for at, row in enumerate(rows)]
    order = [(at, 0) for at in range(len(rows))]
    for at, number in ((at, number) for at, entry in enumerate(laid) for number in range(1, len(entry.lines))):
        order.insert(chance.randint(order.index((at, 0)) + 1, len(order)), (at, number))
    lines = [laid[at].lines[number] for at, number in order]
    content, starts = delimited(lines, list(rows[0]))
    row_of = dict(zip(order, starts, strict=True))
    aside: Counter[Place] = Counter((row_of[at, number], column, rule) for at, entry in enumerate(laid) for number, column, rule in entry.aside)
    noted: Counter[Place] = Counter(
        [*UNDECLARED, *((row_of[at, number], column, rule) for at, entry in enumerate(laid) for number, column, rule in entry.noted)]
    )
    pairs = list(zip(rows, laid, strict=True))
    keys = [(row["ALLIANTIE"], entry.who or row["CODE"]) for row, entry in pairs]
    answers = {key: {**meant(row), **entry.now} for key, (row, entry) in zip(keys, pairs, strict=True) if entry.is_kept}
    mended = {key: {**meant(row), **({} if entry.aside or entry.noted else entry.now)} for key, (row, entry) in zip(keys, pairs, strict=True)}
    twofold = {(entry.also, row["CODE"]): (meant(row), bool(entry.noted)) for row, entry in pairs if entry.also}
    answers |= {key: said for key, (said, _) in twofold.items()}
    mended |= {key: said for key, (said, is_told) in twofold.items() if not is_told}
    origins = [_origin(laid[at], number, rows[at]) for at, number in order]
    return File(lines, origins, content, starts, aside, noted, answers, mended)


def _origin(entry: Laid, number: int, row: Cells) -> Cells | None:
    """Return the row that the line becomes when its fault is mended: a superfluous line goes, the surplus one of a pair first."""
    is_first_surplus = entry.aside == ((0, "", "duplicate_partial"),)
    return row if (number == 1) == is_first_surplus else None


chances = st.integers(0, 2**32).map(Random)
several = st.lists(st.sampled_from(sorted(MESS)), max_size=12)


def comes_out(evaluation: Evaluation, file: File) -> Cleaned:
    """Clean the file and hold the result against all that must come of it; return the result."""
    result = cleaned(evaluation, file.content)
    assert places(result.quarantine) == file.aside
    assert places(result.notices) == file.noted
    assert answers_of(result) == file.answers
    people = result.tables["respondents"].astype(object)
    assert {key: (bool(complete), bool(usable)) for key, complete, usable in zip(keys_of(people), people["is_complete"], people["is_usable"], strict=True)} == {
        key: ((None, "not_reached") not in answers.values(), 2 * sum(value is not None for value, _ in answers.values()) >= len(answers))
        for key, answers in file.answers.items()
    }
    (count,) = result.reconciliation
    rows_aside, cells_aside = ({place[:2] for place in file.aside if bool(place[1]) is has_column} for has_column in (False, True))
    rows_read = sum(any(cell.strip() for cell in (line.values() if isinstance(line, dict) else line)) for line in file.lines)
    assert (count["rows_read"], count["rows_kept"], count["rows_set_aside"]) == (rows_read, len(file.answers), len(rows_aside))
    assert rows_read == len(file.answers) + len(rows_aside)
    cells_read = len(file.answers) * len(set(COLUMNS.values()))
    assert (count["cells_read"], count["cells_kept"], count["cells_set_aside"]) == (cells_read, cells_read - len(cells_aside), len(cells_aside))
    return result


@pytest.mark.parametrize("kind", MESS)
def test_each_kind_of_mess_is_told_at_its_place_and_changes_nothing_else(evaluation: Evaluation, kind: str) -> None:
    for seed in range(2):
        chance = Random(seed)  # noqa: S311
        comes_out(evaluation, messed(sound(chance), [kind], chance))


@laws
@given(chances, several)
def test_of_all_mess_at_once_exactly_its_places_are_told_and_the_rest_is_kept(evaluation: Evaluation, chance: Random, kinds: list[str]) -> None:
    comes_out(evaluation, messed(sound(chance), kinds, chance))


@laws
@given(chances, several)
def test_mending_the_places_that_were_told_gives_the_sound_file_back(evaluation: Evaluation, chance: Random, kinds: list[str]) -> None:
    file = messed(sound(chance), kinds, chance)
    first = cleaned(evaluation, file.content)
    told: dict[int, set[str]] = {}
    for problem in (problem for problem in (*first.quarantine, *first.notices) if problem.row):
        told.setdefault(problem.row or 0, set()).add(problem.column)
    second = of_rows(evaluation, [mended for line in zip(file.lines, file.origins, file.starts, strict=True) for mended in _mended(*line, told)])
    assert places(second.quarantine) == Counter()
    assert places(second.notices) == Counter(UNDECLARED)
    assert answers_of(second) == file.mended


def _mended(line: Line, origin: Cells | None, start: int, told: dict[int, set[str]]) -> list[Line]:
    """Return the line as it stands, or with what was told of it put right: its cells, or all of it."""
    if start not in told:
        return [line]
    if origin is None or isinstance(line, list) or "" in told[start]:
        return [origin] if origin else []
    return [{**line, **{column: origin[column] for column in told[start]}}]


def by_person(file: File, problems: Iterable[Problem]) -> Counter[tuple[str, str, str]]:
    """Return the problems by the code in their row instead of the row's number; rows without a code are all alike."""
    codes = {start: line["CODE"] if isinstance(line, dict) else "" for line, start in zip(file.lines, file.starts, strict=True)}
    return Counter((codes.get(problem.row or 0, ""), problem.column, problem.rule) for problem in problems)


@laws
@given(chances, several)
def test_the_order_of_rows_and_of_columns_does_not_matter(evaluation: Evaluation, chance: Random, kinds: list[str]) -> None:
    rows = sound(chance)
    file = messed(rows, [kind for kind in kinds if kind != "ragged row"], chance)
    lines, columns = [line for line in file.lines if isinstance(line, dict)], list(rows[0])
    before = cleaned(evaluation, file.content)
    chance.shuffle(lines)
    chance.shuffle(columns)
    content, starts = delimited(lines, columns)
    after = cleaned(evaluation, content)
    same_tables(before, after)
    moved = replace(file, lines=list(lines), starts=starts)
    assert by_person(moved, after.quarantine) == by_person(file, before.quarantine)
    assert by_person(moved, after.notices) == by_person(file, before.notices)


@laws
@given(chances, several, st.integers(2, 4))
def test_one_wave_in_several_files_is_the_wave_in_one(evaluation: Evaluation, chance: Random, kinds: list[str], count: int) -> None:
    rows = sound(chance)
    lines = [line for line in messed(rows, [kind for kind in kinds if kind != "no code"], chance).lines if isinstance(line, dict)]
    split: list[list[Line]] = [[] for _ in range(count)]
    for line in lines:
        chance.choice(split).append(line)
    one, several_files = (cleaned(evaluation, *(delimited(part, list(rows[0]))[0] for part in parts)) for parts in ([lines], split))
    same_tables(one, several_files)
    for of_one, of_several in ((one.quarantine, several_files.quarantine), (one.notices, several_files.notices)):
        counted = [Counter(problem.rule for problem in problems if problem.row) for problems in (of_one, of_several)]
        assert counted[0] == counted[1]


LANGUAGES = {"codes": {value: f"A{value}" for value in AGREE}, "nl": AGREE, "en": AGREE_EN}
TICK = {"codes": "Y", "nl": "Ja", "en": "Yes"}
MISSING = {"dont_know": {"codes": "A9", "nl": "Weet ik niet", "en": "Don't know"}, "not_applicable": dict.fromkeys(LANGUAGES, "N/A")}


def exported(result: Cleaned, language: str) -> list[Line]:
    """Return clean answers as an export: by code, or by label in one language; what was off its scale stays off it."""
    rows: list[Line] = []
    people, answers = result.tables["respondents"].astype(object), answers_of(result)
    for key, organisation, is_complete in zip(keys_of(people), people["organisation"], people["is_complete"], strict=True):
        unreached = [PAGES[column] for item, column in COLUMNS.items() if answers[key][item] == (None, "not_reached")]
        who = {"id": str(len(rows)), "CODE": key[1], "ALLIANTIE": key[0], "ORGANISATIE": organisation}
        seen = {"lastpage": str(min(unreached, default=7) - 1), "submitdate": "2023-04-01" if is_complete else "", "startdate": "", "interviewtime": ""}
        rows.append({**who, **seen, **{column: _exported(answers[key], column, language) for column in PAGES}})
    return rows


def _exported(answers: dict[str, Answer], column: str, language: str) -> str:
    own = {item: answers[item] for item, at in COLUMNS.items() if at == column}
    value, kind = next(iter(own.values()))
    if value is None:
        return "off" if kind == "invalid" else MISSING.get(str(kind), {}).get(language, "")
    if column == "M1":
        return ";".join(OPTIONS[item][language != "codes"] for item, (ticked, _) in own.items() if ticked)
    if column in BOXES:
        return TICK[language] if value else ""
    return f"{value:g}" if column == "N1" else LANGUAGES[language][int(value)]


@laws
@given(chances, several)
def test_cleaning_twice_is_cleaning_once(evaluation: Evaluation, chance: Random, kinds: list[str]) -> None:
    once = cleaned(evaluation, messed(sound(chance), kinds, chance).content)
    for language in LANGUAGES:
        again_cleaned = of_rows(evaluation, exported(once, language))
        for name in ("responses", "respondents"):
            pd.testing.assert_frame_equal(again_cleaned.tables[name], once.tables[name])
        assert {problem.rule for problem in again_cleaned.quarantine} <= {"off_scale"}


SECRETS = ("geheim-7xq", "geheim@voorbeeld.example", "203.0.113.99", "Ik ben geheim; bel mij", "7xq\u200bgeheim", "noord 7xq", "A1 geheim", "2023-geheim")
written = st.sampled_from(["id", "CODE", "ALLIANTIE", "ORGANISATIE", "startdate", "submitdate", "lastpage", "interviewtime", "email", "TOELICHTING", *PAGES])


@settings(laws, max_examples=12)
@given(chances, several, st.lists(st.tuples(written, st.sampled_from(SECRETS)), min_size=1, max_size=20), st.floats(0, 1))
def test_nothing_that_a_respondent_wrote_is_in_any_message(
    evaluation: Evaluation, chance: Random, kinds: list[str], secrets: list[tuple[str, str]], cut: float
) -> None:
    rows = sound(chance)
    lines = messed(rows, kinds, chance).lines
    for column, secret in secrets:
        line = chance.choice(lines)
        line.insert(0, secret) if isinstance(line, list) else line.update({column: secret})
    whole = delimited(lines, list(rows[0]))[0]
    without_heading, without_quotes = whole[whole.index(b"\n") + 1 :], whole.replace(b'"', b"", 7)
    for content in (whole, whole[: int(len(whole) * cut)], without_heading, without_quotes, whole.replace(b",", b";", 40)):
        said = told_of(evaluation, content)
        assert not [part for part in ("geheim", "7xq", "voorbeeld.example", "203.0.113") if part in said]


def told_of(evaluation: Evaluation, content: bytes) -> str:
    """Return all that is said of a file, in lower case: messages and books, or the error that refuses it."""
    try:
        result = cleaned(evaluation, content)
    except UserError as error:
        return str(error).casefold()
    books = "".join(table.to_csv() for table in result.books().values())
    return (books + "".join(str(problem) for problem in (*result.quarantine, *result.notices))).casefold()
