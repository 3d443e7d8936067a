"""What is fuzzed: in, any bytes; out, nothing, or an error where a law of reading or cleaning is broken.

Each target makes what it needs out of the bytes, so that a crash is reproduced from them alone. ``seeds`` are where fuzzing
starts, TOKENS what it likes to put in; an ordinary test runs every target over its seeds.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args
from unittest import mock

from midterm.clean.decoder import BoxDecoder, Decimal, Decoder, Meaning, readings
from midterm.clean.doubts import is_sent_in, parse_time
from midterm.clean.framework_cells import ERROR, UNCALCULATED
from midterm.clean.names import Names
from midterm.clean.values import parse_number, parse_year, visible
from midterm.description import Item, Scale
from midterm.description.codebook import MissingKind
from midterm.description.spelling import normalise
from midterm.description.yaml import load_yaml
from midterm.errors import UserError
from midterm.read.headings import heading_row, located
from midterm.read.raw import Declared, RawTable
from midterm.read.text import read_text

OWN_RULES = ("", "off_scale", "ambiguous_number", "code_and_label_contradict", "unknown_missing_code", "unknown_option")
RULES = frozenset({*OWN_RULES, ERROR.rule, UNCALCULATED.rule})
AROUND = (" {}", "{}\u200b", "\ufeff{}\u00a0", "\t{} ")
DECLARED = Declared({"id": (), "G1": ("Wij hebben één doel [voor ogen].",), "G01[SQ1]": (), "naam": ("Naam",)}, linking=frozenset({"naam"}), salt="zout")
OTHER_FILES = (b"titel\n\nid\tG1\n1\t", "id,G1\n1,é".encode("utf-16"), b"id,G1\n1,\xe9", b"id,G1\n1,a\r2,b\n")


LETTERS = ("\u200b", "\ufeff", "\u00a0", "\u2009", "\u2028", "\u0301", "\u030c", "\u0345", "\u2212", "²", "①", "½", "４", "٣", "ﬃ", "ǰ", "İ", "ß", "Å")
WORDS = ("A1", "a10", "-99", ".000", ",00", "1e5", "N/A", '"', '""', ";", "\r\n", "\r", "\t", "|", "<p>", "</", "&#91;", "[", "]", "!!", "&a", "*a", "? ", ": ")
TOKENS = (*(word.encode() for word in (*LETTERS, *WORDS)), b"\xff\xfe", b"\xe9", b"\0")


@dataclass(frozen=True)
class Target:
    """One thing that is fuzzed: its check, which raises on any broken law, and the bytes that fuzzing starts from."""

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def hold(law: bool, what: str) -> None:
    """Raise AssertionError with ``what`` when the law does not hold."""
    if not law:
        raise AssertionError(what)


def _both(text: str) -> dict[str, str]:
    return {"nl": text, "en": text}


def _answers(codes: dict[float, tuple[str, str, str]]) -> list[dict[str, object]]:
    return [{"value": value, "codes": [code], "label": {"nl": nl, "en": en}} for value, (code, nl, en) in codes.items()]


def _scales() -> Iterator[Scale]:
    agree: dict[float, tuple[str, str, str]] = {1: ("1", "Oneens", "Disagree"), 2: ("2", "Niet eens, niet oneens", "Neither"), 3: ("3", "Eens", "Agree")}
    coded = {1: ("A1", "Één keer", "Once"), 2.5: ("A2", "4,0", "4.0"), 4: ("a10", "Straße", "Weet ik wel")}
    missing = [{"kind": "dont_know", "codes": ["9", "-99"], "label": {"nl": "Weet ik niet", "en": "Don't know"}}]
    for answers in (agree, coded):
        yield Scale.model_validate({"low": 1, "high": 4, "unit": _both("punten"), "answers": _answers(answers), "missing": missing})
    for low, high, whole in ((0, 50, True), (0, 1, False), (0, 100, False), (-5, 5000, False)):
        yield Scale.model_validate({"low": low, "high": high, "whole": whole, "unit": _both("aantal"), "missing": missing[: low < 0]})


SCALES = tuple(_scales())
DECIMALS: tuple[Decimal | None, ...] = (None, "comma", "point")
DECODERS = tuple(Decoder(scale, decimal) for scale, decimal in itertools.product(SCALES, DECIMALS))
SPSS = tuple(Decoder(scale, "point", {"7": "eens", "8": "weigert", "3": "Oneens"}, frozenset({"8", "9", "44"})) for scale in SCALES)
OPTIONS = {"staff": ("1", "Te weinig mensen, of wisselingen"), "money": ("2", "Geld"), "reach": ("12", "Bereik | (anders)")}
BOXES = tuple(
    Item.model_validate({"id": name, "block": "b", "scale": "box", "column": "Q9", "option": [code], "wording": _both(label)})
    for name, (code, label) in OPTIONS.items()
)
BOX = Scale.model_validate({"low": 0, "high": 1, "unit": _both("x"), "missing": [{"kind": "not_reached", "codes": ["-99"], "label": _both("niet gezien")}]})
BOX_DECODERS = tuple(BoxDecoder(box, BOXES, BOX) for box in BOXES)
NAMES = Names.of([("anker", ("Stichting Anker",)), ("boei", ("Vereniging Boei",)), ("cafe", ("Café Straße", "C.S."))])


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="ignore")


def _around(text: str) -> str:
    """Return the text with spaces around it, seen or not, which may change nothing."""
    return AROUND[len(text) % len(AROUND)].format(text)


def decode(data: bytes) -> None:
    """Any cell is an answer on its scale, a kind of missing, or set aside by a rule; its spelling does not matter."""
    chosen, text = (data[0] if data else 0) % len(DECODERS), _text(data[1:])
    meaning = DECODERS[chosen].decode(text)
    _hold_meaning(meaning, DECODERS[chosen].scale)
    hold(DECODERS[chosen].decode(_around(text)) == meaning, "spaces around a cell change what it means")
    has_raised = any(char.isnumeric() and not char.isdecimal() for char in text)
    hold(has_raised or DECODERS[chosen].decode(normalise(text)) == meaning, "the normalised cell means something else")
    of_file = SPSS[chosen % len(SPSS)]
    _hold_meaning(of_file.decode(text), of_file.scale)
    hold(of_file.decode(_around(text)) == of_file.decode(text), "spaces around a cell change what it means")


def _hold_meaning(meaning: Meaning, scale: Scale) -> None:
    hold((meaning.value is None) == bool(meaning.kind), "a cell is either answered or missing in one way")
    hold(meaning.rule in RULES and meaning.kind in ("", *get_args(MissingKind)), "a rule or kind that nobody knows")
    hold((meaning.kind == "invalid") == (bool(meaning.rule) and meaning.value is None), "what is set aside has a rule, and only that")
    if meaning.value is not None:
        hold(scale.low <= meaning.value <= scale.high, "an answer lies off its scale")
        hold(not scale.answers or meaning.value in [answer.value for answer in scale.answers], "an answer that the scale does not have")
        hold(bool(scale.answers) or not scale.whole or meaning.value == int(meaning.value), "a part of a whole number")


def boxes(data: bytes) -> None:
    """Boxes in one column agree on what the cell is; ticked ones are found in any order, between any separators."""
    text = _text(data)
    meanings = [decoder.decode(text) for decoder in BOX_DECODERS]
    for meaning in meanings:
        _hold_meaning(meaning, BOX)
    hold(len({(meaning.kind, meaning.rule) for meaning in meanings}) == 1, "one box is answered and another is not")
    hold(meanings[0].value is None or any(meaning.value for meaning in meanings), "a cell that is answered has no box ticked")
    hold([decoder.decode(normalise(text)) for decoder in BOX_DECODERS] == meanings, "the normalised cell means something else")
    chosen = [list(OPTIONS.values())[byte % 3][byte // 3 % 2] for byte in data[:4]]
    cell = (";", ",", " ; ", "|")[len(data) % 4].join(chosen)
    ticked = [float(any(spelling in chosen for spelling in spellings)) for spellings in OPTIONS.values()]
    hold(not chosen or [decoder.decode(cell).value for decoder in BOX_DECODERS] == ticked, "ticked boxes are not found again")


def numbers(data: bytes) -> None:
    """Numbers are finite, have a sign that can be turned, and read back when written out in Dutch or English."""
    text = _text(data)
    for decimal in DECIMALS:
        found = readings(text, decimal)
        hold(len(found) <= 2 and all(abs(number) < float("inf") for number in found), "a number without end")
    hold(readings(text, None) == readings(text, "comma") | readings(text, "point"), "a reading that neither convention has")
    number, year = parse_number(text), parse_year(text)
    hold(number is None or abs(number) < float("inf"), "a number without end")
    hold(year is None or (1900 <= year <= 2199 and parse_number(text) == year), "a year that is none")
    hold((parse_number(_around(text)), parse_year(_around(text))) == (number, year), "spaces around a number change it")
    if number is not None and visible(text)[0].isdecimal():
        hold(parse_number(f"-{text}") == -number, "a sign changes more than the sign")
    _written_out(int.from_bytes(data[:6], "big"), len(data) % 3)


def _written_out(digits: int, places: int) -> None:
    """Hold a number that is written out in both conventions against itself."""
    value = digits / 10**places
    english = f"{digits // 10**places:,}" + (f".{digits % 10**places:0{places}d}" if places else "")
    dutch = english.translate(str.maketrans(",.", ".,"))
    hold(parse_number(dutch) == value, "a number written out in Dutch does not read back")
    hold(readings(dutch, "comma") == {value} and readings(english, "point") == {value}, "a number written out does not read back")
    hold(Decoder(SCALES[-1], "comma").decode(dutch) == Decoder(SCALES[-1], "point").decode(english), "the same number means two things")


def times(data: bytes) -> None:
    """A time is one that can exist, without a zone, whatever stands around it, and reads back as a program writes it."""
    text = _text(data)
    found = parse_time(text)
    hold(found is None or found.tzinfo is None, "a time with a zone")
    hold(found is None or parse_time(found.isoformat(" ")) == found, "a time does not read back")
    hold(found is None or is_sent_in(text), "a time that is no sign of being sent in")
    hold((parse_time(_around(text)), is_sent_in(_around(text))) == (found, is_sent_in(text)), "spaces around a time change it")
    with suppress(ValueError, OverflowError):
        made = datetime.fromordinal(int.from_bytes(data[:3], "big") + 1)
        hold(parse_time(f"{made.day}-{made.month}-{made.year:04d}") == made, "a Dutch date does not read back")


def names(data: bytes) -> None:
    """A name is known by its normalised spelling alone, and a hint never repeats it."""
    text = _text(data)
    found = NAMES.match(text)
    hold(normalise(normalise(text)) == normalise(text), "normalising twice changes a name")
    hold(NAMES.match(normalise(text)) == found and (found is None) == (normalise(text) not in NAMES.ids), "a name is known by more than its spelling")
    hold(NAMES.match(_around(text)) == found, "spaces around a name change it")
    hints = {"no known name is near it", "the cell is empty", *(f"the nearest known is {name!r}" for name in NAMES.written.values())}
    hold(NAMES.hint(text) in hints, "a hint repeats what was typed")


def headings(data: bytes) -> None:
    """Declared headings are found where they stand, whatever stands beside them."""
    rows = [line.split("\t") for line in _text(data).split("\n")]
    hold(0 <= heading_row(rows, DECLARED.columns) < len(rows), "a row of headings that is not there")
    found = located([tuple(cell.split("|")) for cell in rows[0]], DECLARED.columns)
    hold(set(found) <= set(DECLARED.columns), "a column that nobody declared")
    hold(all(at == sorted(set(at)) and 0 <= at[0] <= at[-1] < len(rows[0]) for at in found.values()), "a position that is not there")
    strange = [(cell,) for cell in rows[0] if cell not in DECLARED.columns]
    exact = located([*strange, *((name,) for name in DECLARED.columns)], DECLARED.columns)
    hold(exact == {name: [len(strange) + at] for at, name in enumerate(DECLARED.columns)}, "a heading that is exactly the declared one is not surest")


def delimited(data: bytes) -> None:
    """Any bytes are refused in one sentence or give a table, and the short way of reading gives what the long way gives."""
    short = _read(data)
    with mock.patch("midterm.read.text.regular_columns", return_value=None):
        long = _read(data)
    if isinstance(short, str) or isinstance(long, str):
        hold(short == long, "one way refuses what the other reads, or for another reason")
        return
    for table in (short, long):
        rows = [*table.text.index, *(problem.row or 0 for problem in table.problems)]
        hold(len(rows) == len(set(rows)) == table.rows_read, "a row is counted twice")
        hold(list(table.text.index) == sorted(table.text.index) and set(table.text) <= set(DECLARED.columns), "rows or columns that are not there")
        hold(all(isinstance(cell, str) for name in table.text for cell in table.text[name]), "a cell that is no text")
    hold(short.text.astype(object).equals(long.text.astype(object)), "the short way reads other cells than the long way")
    hold((short.problems, short.headings, short.undeclared) == (long.problems, long.headings, long.undeclared), "the short way tells other things")


def _read(data: bytes) -> RawTable | str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "fuzz.csv").write_bytes(data)
        try:
            return read_text(Path(folder), "fuzz.csv", DECLARED)
        except UserError as error:
            return str(error)


def description(data: bytes) -> None:
    """Any bytes are refused in one sentence or give mappings, lists and text, with a line for every key."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fuzz.yml")
        path.write_bytes(data)
        try:
            content, lines = load_yaml(path, "fuzz.yml")
        except UserError as error:
            hold(all(problem.reason for problem in error.problems), "a refusal without a reason")
            return
    for path in _paths(content):
        hold(lines.get(path, 0) >= 1 or not path, "a key without a line")


def _paths(content: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    hold(isinstance(content, str | dict | list), "a value that is no text")
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in entries:
        yield from _paths(value, (*path, key))


TARGETS = {
    "decode": Target(decode, (b"\0003", b"\0eens", b"\0weet ik niet", b"\0N/A", b"\x0f1.250", b"\x0945 %", b"\x0f-3,5", b"\3A2", b"\0##", "\6４²".encode())),
    "boxes": Target(boxes, (b"1,12", b"Te weinig mensen, of wisselingen;2", b"2, iets anders", b"-99", b"bereik | (anders)", b"1;1;2")),
    "numbers": Target(numbers, (b"1.234,5", b"1 234", b"1'234", b"1,234.5", b"\xe2\x88\x923", b"+ 7", b"2024,0", b"0.5", b"9" * 400)),
    "times": Target(times, (b"2023-04-01 12:00:00", b"30-02-2023", b"1/13/2023 9:05", b"20230401T120000+0130", b"2023-W13-6", b"N", b"0001-01-01")),
    "names": Target(names, (b"stichting  ANKER", b"Stichting Ankr", b"C.S.", "cafe\u0301 STRASSE".encode(), "e\u200d\u0301".encode())),
    "headings": Target(headings, (b"id\tG1\nG1\tx", b"G01_SQ1_\tG1. Vraag", "<p>Wij hebben één doel [voor ogen].</p>\tVraag [[a]]".encode(), b"&#91;G1|id]")),
    "delimited": Target(delimited, (b'id;G1\n1;"a;b"\n', b'\xef\xbb\xbf"id","G1","naam"\r\n"1","x\ny","a@b"\r\n\r\n2,3\n', *OTHER_FILES)),
    "description": Target(description, (b"a: 1\nb: [x, {c: NO}]\n", b"- &a b\n- *a", b"a: !!int 3", b"? [x]\n: y", b"a: 1\na: 2", b"a: |\n  b\n\n c: 'd")),
}
