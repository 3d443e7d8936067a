"""What is kept but doubted: haste, dates that cannot be, straight lines; and open answers, apart from who gave them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from factory import SECRETS, Draft, both, cleaned, draft
from midterm.clean.doubts import is_sent_in, parse_time
from midterm.clean.ledger import Cleaned


def timed(**cells: str) -> Draft:
    """Return the draft with times declared, and ``cells`` changed in its first row."""
    start = draft()
    for wave, rows in start.surveys.items():
        for row in rows:
            row |= {"startdate": f"{wave}-04-01 11:45:00", "interviewtime": "900.25"}
    for source in start.evaluation["sources"]["surveys"]:
        source["columns"] |= {"started": "startdate", "duration": "interviewtime"}
    start.surveys["2023"][0] |= cells
    return start


def noted(result: Cleaned) -> list[tuple[int | None, str, str]]:
    return [(notice.row, notice.column, notice.rule) for notice in result.notices if notice.rule != "undeclared_column"]


def test_a_sound_wave_is_not_doubted(tmp_path: Path) -> None:
    assert noted(cleaned(timed(), tmp_path)) == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"interviewtime": "19.9"}, [(2, "interviewtime", "speeder")]),  # ten cells answered, 2 s each
        ({"interviewtime": "20.0"}, []),
        ({"interviewtime": "-5"}, [(2, "interviewtime", "impossible_date")]),
        ({"interviewtime": ""}, []),
        ({"startdate": "2023-02-30 10:00:00"}, [(2, "startdate", "impossible_date")]),
        ({"submitdate": "morgen"}, [(2, "submitdate", "impossible_date")]),
        ({"submitdate": "2020-04-01 12:00:00"}, [(2, "submitdate", "impossible_date")]),
        ({"submitdate": "2024-01-02 12:00:00"}, []),
        ({"submitdate": "1980-01-01 00:00:00"}, []),
    ],
)
def test_haste_and_impossible_dates_are_noted_at_their_cell_and_kept(tmp_path: Path, cells: dict[str, str], expected: list[tuple[int, str, str]]) -> None:
    result = cleaned(timed(**cells), tmp_path)
    assert noted(result) == expected
    assert not result.quarantine
    assert len(result.tables["respondents"]) == 12


def test_without_a_duration_the_time_from_start_to_end_is_taken(tmp_path: Path) -> None:
    start = timed(startdate="2023-04-01 11:59:55")
    for source in start.evaluation["sources"]["surveys"]:
        del source["columns"]["duration"]
    assert noted(cleaned(start, tmp_path)) == [(2, "", "speeder")]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2023-04-01 12:30:00", datetime(2023, 4, 1, 12, 30)),
        ("2023-04-01T12:30:00Z", datetime(2023, 4, 1, 12, 30)),
        ("01-04-2023 12:30", datetime(2023, 4, 1, 12, 30)),
        ("1/4/2023", datetime(2023, 4, 1)),
        ("12/31/2023 08:00", datetime(2023, 12, 31, 8)),
        ("2023-02-29", None),
        ("31-04-2023", None),
        ("0", None),
        ("", None),
    ],
)
def test_dates_are_read_as_people_and_programs_write_them(text: str, meant: datetime | None) -> None:
    assert parse_time(text) == meant


@pytest.mark.parametrize(
    ("cell", "is_sent"), [("2023-04-01 12:00:00", True), ("True", True), ("1", True), ("", False), (" ", False), ("0", False), ("False", False), ("N/A", False)]
)
def test_sent_in_is_a_date_or_a_word_for_yes(cell: str, is_sent: bool) -> None:
    assert is_sent_in(cell) is is_sent


def with_open_question() -> Draft:
    start = draft()
    start.codebook["open_questions"] = [{"id": "remarks", "block": "goal", "column": "TOELICHTING", "page": "5", "wording": both("Wat wilt u nog kwijt?")}]
    start.surveys["2023"][0]["TOELICHTING"] = "zz laatste"
    start.surveys["2023"][1]["TOELICHTING"] = ""
    return start


def test_open_answers_are_kept_by_alliance_in_the_order_of_their_text_and_without_a_person(tmp_path: Path) -> None:
    result = cleaned(with_open_question(), tmp_path)
    table = result.tables["open_answers"]
    assert list(table.columns) == ["alliance", "wave", "question", "answer"]
    assert list(table.loc[table["alliance"] == "noord", "answer"]) == [*[SECRETS[2]] * 4, "zz laatste"]
    assert not any(SECRETS[2] in str(problem) for problem in (*result.quarantine, *result.notices))
    assert not any(SECRETS[2] in str(result.tables[name].to_dict()) for name in ("responses", "respondents"))


def test_an_open_question_cannot_be_asked_in_a_column_of_personal_data(tmp_path: Path) -> None:
    start = with_open_question()
    start.codebook["open_questions"][0]["column"] = "email"
    with pytest.raises(Exception, match="personal data"):
        start.load(tmp_path)


def test_columns_of_times_and_open_questions_may_be_absent_and_that_is_noted(tmp_path: Path) -> None:
    start = with_open_question()
    for source in start.evaluation["sources"]["surveys"]:
        source["columns"] |= {"started": "startdate", "duration": "interviewtime"}
    for row in start.surveys["2023"]:
        del row["TOELICHTING"]
    result = cleaned(start, tmp_path)
    assert not result.quarantine
    assert len(result.tables["respondents"]) == 12
    assert noted(result) == [(None, name, "missing_column") for name in ("startdate", "interviewtime", "TOELICHTING")]
