"""Cells as numbers, years and answers: what a hand-typed figure means, and what is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import codebook
from midterm.clean.decoder import Decoder
from midterm.clean.values import parse_number, parse_year
from midterm.description.codebook import Scale

laws = settings(derandomize=True, deadline=None, max_examples=200)


def decoded(scale: str | Scale, cell: str) -> tuple[float | None, str]:
    meaning = Decoder(scale if isinstance(scale, Scale) else Scale.model_validate(codebook()["scales"][scale])).decode(cell)
    return meaning.value, meaning.kind


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("1.250", 1250),
        ("12.500", 12500),
        ("1.234.567", 1234567),
        ("1.234,5", 1234.5),
        ("1234,5", 1234.5),
        ("1,234,567", 1234567),
        ("1,234.5", 1234.5),
        ("1 234", 1234),
        ("1\u00a0234", 1234),
        ("1\u202f234,5", 1234.5),
        ("12\u2009345", 12345),
        ("1 234.5", 1234.5),
        ("1'234'567", 1234567),
        ("1\u2019234,5", 1234.5),
        ("\u200b12\ufeff", 12),
        ("-3", -3),
        ("\u22123", -3),
        ("+4", 4),
        ("3,14", 3.14),
        ("3.14", 3.14),
        (" 7 ", 7),
        ("0", 0),
        ("007", 7),
    ],
)
def test_a_hand_typed_number_means_what_a_dutch_reader_sees(text: str, means: float) -> None:
    assert parse_number(text) == pytest.approx(means)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "circa 40",
        "40-50",
        "1e5",
        "nan",
        "inf",
        "1.2.3",
        "12..5",
        "1,2,3",
        "1.2345.678",
        "NA",
        "TRUE",
        "n.v.t.",
        "½",
        "--3",
        "40%",
        "1.234 567",
        "10²",
        "9" * 400,
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_number(text) is None


def test_a_decimal_below_one_is_not_taken_for_thousands() -> None:
    # No one groups thousands behind a nought: 0.125 is an eighth, or at least not 125.
    assert parse_number("0.125") != 125
    assert parse_number("0,125") == pytest.approx(0.125)


@pytest.mark.parametrize("text", ["3 4", "10 12", "2023 2024", "1 2 3"])
def test_two_numbers_in_a_cell_are_not_glued_into_one(text: str) -> None:
    assert parse_number(text) is None


@laws
@given(st.integers(-(10**9), 10**9))
def test_thousands_written_in_dutch_come_back(number: int) -> None:
    assert parse_number(f"{number:,}".replace(",", ".")) == number
    assert parse_number(f"{number:,}".replace(",", " ")) == number
    assert parse_number(str(number)) == number


@laws
@given(st.integers(0, 10**9), st.integers(0, 4), st.integers(0, 9999), st.sampled_from(". \u00a0\u202f'"), st.booleans())
def test_a_number_written_in_dutch_style_comes_back_exactly(whole: int, places: int, parts: int, separator: str, is_grouped: bool) -> None:
    decimals = f"{parts:04}"[:places]
    written = f"{whole:,}".replace(",", separator) if is_grouped else str(whole)
    text = f"{written},{decimals}" if places else written
    assert parse_number(text) == float(f"{whole}.{decimals or 0}")
    assert parse_number(f"-{text}") == -float(f"{whole}.{decimals or 0}")


@laws
@given(st.text(max_size=12))
def test_any_text_gives_a_number_or_none(text: str) -> None:
    number = parse_number(text)
    assert number is None or number == number


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2023", 2023),
        (" 2023 ", 2023),
        ("1899", None),
        ("2200", None),
        ("23", None),
        ("2023-01-01", None),
        ("", None),
        ("2024.0", 2024),
        ("2024.5", None),
        ("\ufeff2024", 2024),
    ],
)
def test_a_year_is_four_digits(text: str, year: int | None) -> None:
    assert parse_year(text) == year


@pytest.mark.parametrize("cell", ["A4", "a4", " A4 ", "Eens", "EENS", "Agree", "agree\u00a0"])
def test_an_answer_is_known_by_code_and_by_label_in_either_language(cell: str) -> None:
    assert decoded("agree", cell) == (4.0, "")


@pytest.mark.parametrize(
    ("cell", "kind"), [("A9", "dont_know"), ("Weet ik niet", "dont_know"), ("don't know", "dont_know"), ("", "empty"), (" \u200b", "empty")]
)
def test_dont_know_is_no_answer_and_not_the_same_as_empty(cell: str, kind: str) -> None:
    assert decoded("agree", cell) == (None, kind)


@pytest.mark.parametrize("cell", ["A6", "A0", "3", "6", "eens, denk ik", "0", "-", "NA", "TRUE"])
def test_what_is_not_among_the_answers_is_invalid(cell: str) -> None:
    assert decoded("agree", cell) == (None, "invalid")


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0", 0.0), ("50", 50.0), ("007", 7.0), ("51", None), ("-1", None), ("1.5", None), ("2,5", None), ("1e1", None), ("twee", None), ("TRUE", None)],
)
def test_a_count_is_a_whole_number_within_its_bounds(cell: str, value: float | None) -> None:
    assert decoded("incidents", cell) == ((value, "") if value is not None else (None, "invalid"))


@pytest.mark.parametrize(("cell", "value"), [("1", 1.0), ("5", 5.0), ("3.142", 3.142), ("3,142", 3.142), ("5.001", None), ("0.999", None)])
def test_a_continuous_scale_takes_a_survey_tools_point_as_a_decimal_point(cell: str, value: float | None) -> None:
    continuous = Scale.model_validate({"low": 1, "high": 5, "unit": {"nl": "p", "en": "p"}, "whole": False})
    assert decoded(continuous, cell) == ((value, "") if value is not None else (None, "invalid"))
