"""What a cell means: codes, labels, what an SPSS file says of its codes, numbers in two conventions, boxes in one column."""

from __future__ import annotations

import pytest

from midterm.clean.decoder import BoxDecoder, Decoder, readings
from midterm.description import Item, Scale


def both(text: str) -> dict[str, str]:
    return {"nl": text, "en": text}


AGREE = Scale.model_validate(
    {
        "low": 1,
        "high": 3,
        "unit": both("punten"),
        "answers": [
            {"value": 1, "codes": ["1"], "label": {"nl": "Oneens", "en": "Disagree"}},
            {"value": 2, "codes": ["2"], "label": {"nl": "Neutraal", "en": "Neutral"}},
            {"value": 3, "codes": ["3"], "label": {"nl": "Eens", "en": "Agree"}},
        ],
        "missing": [
            {"kind": "dont_know", "codes": ["9"], "label": {"nl": "Weet ik niet", "en": "Don't know"}},
            {"kind": "refused", "codes": ["99"], "label": both("Weigert")},
        ],
    }
)


def number_scale(low: float, high: float, *, whole: bool = False) -> Scale:
    return Scale.model_validate({"low": low, "high": high, "whole": whole, "unit": both("aantal")})


@pytest.mark.parametrize(
    ("cell", "value", "kind"),
    [
        ("3", 3.0, ""),
        (" 3 ", 3.0, ""),
        ("3.0", 3.0, ""),
        ("3,00", 3.0, ""),
        ("eens", 3.0, ""),
        ("AGREE", 3.0, ""),
        ("Neutraal\u200b", 2.0, ""),
        ("9", None, "dont_know"),
        ("don't know", None, "dont_know"),
        ("99", None, "refused"),
        ("", None, "empty"),
        ("\u00a0", None, "empty"),
        ("N/A", None, "not_applicable"),
    ],
)
def test_answers_are_known_by_code_and_by_label_in_either_language(cell: str, value: float | None, kind: str) -> None:
    meaning = Decoder(AGREE).decode(cell)
    assert (meaning.value, meaning.kind, meaning.rule) == (value, kind, "")


@pytest.mark.parametrize("cell", ["4", "0", "-1", "Eenss", "3.5", "NA", "nan", "1e0", "drie", "２２"])
def test_anything_else_is_set_aside(cell: str) -> None:
    assert (Decoder(AGREE).decode(cell).kind, Decoder(AGREE).decode(cell).rule) == ("invalid", "off_scale")


def test_full_width_digits_are_the_same_digits() -> None:
    assert Decoder(AGREE).decode("３").value == 3.0


def test_a_label_of_the_file_means_what_the_codebook_says_of_it() -> None:
    decoder = Decoder(AGREE, labels={"11": "Helemaal", "12": "Eens", "13": "Weet ik niet"})
    assert decoder.decode("12").value == 3.0
    assert decoder.decode("13").kind == "dont_know"
    assert decoder.decode("11").rule == "off_scale"


def test_a_code_that_means_one_thing_and_its_label_another_is_set_aside() -> None:
    # The classic fault: an export coded the other way round, 1 = agree.
    decoder = Decoder(AGREE, labels={"1": "Eens", "2": "Neutraal", "3": "Oneens"})
    assert [decoder.decode(code).rule for code in "123"] == ["code_and_label_contradict", "", "code_and_label_contradict"]


def test_what_the_file_declares_missing_is_never_an_answer() -> None:
    decoder = Decoder(number_scale(0, 99, whole=True), missing=frozenset({"88", "99"}))
    assert [decoder.decode(cell).rule for cell in ("87", "88", "99")] == ["", "unknown_missing_code", "unknown_missing_code"]
    assert Decoder(AGREE, missing=frozenset({"9"})).decode("9").kind == "dont_know"
    assert Decoder(AGREE, missing=frozenset({"3"})).decode("3").rule == "unknown_missing_code"
    assert Decoder(AGREE, labels={"7": "Weigert"}, missing=frozenset({"7"})).decode("7").kind == "refused"


@pytest.mark.parametrize(
    ("text", "decimal", "numbers"),
    [
        ("1.234,5", None, {1234.5}),
        ("1,234.5", None, {1234.5}),
        ("1.250", None, {1.25, 1250.0}),
        ("1,250", None, {1.25, 1250.0}),
        ("1.250", "comma", {1250.0}),
        ("1.250", "point", {1.25}),
        ("1.25", None, {1.25}),
        ("1.25", "comma", set()),
        ("0,45", None, {0.45}),
        ("12", "comma", {12.0}),
        ("-3", None, {-3.0}),
        ("1 250", None, {1250.0}),
        ("12 250 1", None, set()),
        ("1.2.3", None, set()),
        ("1e3", None, set()),
        ("", None, set()),
    ],
)
def test_a_typed_number_has_the_readings_that_its_signs_allow(text: str, decimal: str | None, numbers: set[float]) -> None:
    assert readings(text, decimal) == numbers  # type: ignore[arg-type]


def test_the_scale_decides_between_two_readings_or_the_cell_is_set_aside() -> None:
    assert Decoder(number_scale(0, 5)).decode("1.250").value == 1.25
    assert Decoder(number_scale(0, 5000, whole=True)).decode("1.250").value == 1250.0
    assert Decoder(number_scale(0, 5000)).decode("1.250").rule == "ambiguous_number"
    assert Decoder(number_scale(0, 5000), decimal="comma").decode("1.250").value == 1250.0
    assert Decoder(number_scale(0, 5000), decimal="point").decode("1.250").value == 1.25


def test_a_per_cent_sign_is_read_by_the_scale() -> None:
    assert Decoder(number_scale(0, 100)).decode("45%").value == 45.0
    assert Decoder(number_scale(0, 1)).decode("45 %").value == 0.45
    assert Decoder(number_scale(0, 1)).decode("0,45").value == 0.45
    assert Decoder(number_scale(0, 1)).decode("45").rule == "off_scale"
    assert Decoder(number_scale(0, 50)).decode("45%").rule == "off_scale"


def boxes() -> list[Item]:
    labels = {"staff": ("1", "Te weinig mensen, of wisselingen"), "money": ("2", "Geld"), "reach": ("12", "Bereik")}
    return [
        Item.model_validate({"id": name, "block": "b", "scale": "box", "column": "Q9", "option": [code], "wording": both(label)})
        for name, (code, label) in labels.items()
    ]


BOX = Scale.model_validate(
    {"low": 0, "high": 1, "unit": both("aangekruist"), "missing": [{"kind": "not_reached", "codes": ["-99"], "label": both("niet gezien")}]}
)


@pytest.mark.parametrize(
    ("cell", "ticked"),
    [
        ("1", "staff"),
        ("12", "reach"),
        ("1,2", "staff money"),
        ("1;12", "staff reach"),
        ("2 12", "money reach"),
        ("Te weinig mensen, of wisselingen,Geld", "staff money"),
        ("geld; BEREIK", "money reach"),
    ],
)
def test_boxes_in_one_column_are_told_apart_whatever_separates_them(cell: str, ticked: str) -> None:
    found = {box.id: BoxDecoder(box, boxes(), BOX).decode(cell) for box in boxes()}
    assert {name for name, meaning in found.items() if meaning.value == 1} == set(ticked.split())
    assert {meaning.rule for meaning in found.values()} == {""}


def test_a_box_that_nobody_knows_is_doubted_and_the_known_ones_are_read() -> None:
    meaning = BoxDecoder(boxes()[1], boxes(), BOX).decode("2, iets anders")
    assert (meaning.value, meaning.rule) == (1.0, "unknown_option")
    assert BoxDecoder(boxes()[1], boxes(), BOX).decode("iets anders").rule == "off_scale"
    assert BoxDecoder(boxes()[1], boxes(), BOX).decode("-99").kind == "not_reached"
    assert BoxDecoder(boxes()[1], boxes(), BOX).decode("").kind == "empty"


@pytest.mark.parametrize(("cell", "rule"), [("#NOT_CALCULATED", "not_calculated"), ("#DIV/0!", "error_cell"), ("#N/B", "error_cell"), ("####", "error_cell")])
def test_a_cell_without_a_result_is_named_as_what_it_is_on_every_scale(cell: str, rule: str) -> None:
    for decoder in (Decoder(AGREE), Decoder(number_scale(0, 50)), BoxDecoder(boxes()[1], boxes(), BOX)):
        assert (decoder.decode(cell).kind, decoder.decode(cell).rule) == ("invalid", rule)


def test_an_error_that_the_codebook_takes_for_no_answer_is_one() -> None:
    scale = Scale.model_validate({**AGREE.model_dump(), "missing": [{"kind": "refused", "codes": ["#N/A"], "label": both("Weigert")}]})
    assert (Decoder(scale).decode("#N/A").kind, Decoder(scale).decode("#N/A").rule) == ("refused", "")
