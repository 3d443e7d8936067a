"""What an answer means: in, the text of a cell and what the file says of it; out, a number, a kind of missing, or the rule it breaks."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from midterm.clean.framework_cells import without_result
from midterm.clean.values import visible
from midterm.description import Item, Scale
from midterm.description.codebook import MissingCode
from midterm.description.spelling import normalise

Decimal = Literal["comma", "point"]
_POINT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}([. \u00a0\u202f]\d{3})+)(,\d+)?")
SEPARATORS = ";,| "
NOT_SHOWN = {"n/a": "not_applicable", "{question_not_shown}": "not_applicable"}


@dataclass(frozen=True)
class Meaning:
    """What one distinct text means: ``value`` when answered, else ``kind`` of missing; ``rule`` when it is set aside, or doubted."""

    value: float | None = None
    kind: str = ""
    rule: str = ""


EMPTY = Meaning(kind="empty")


def broken(rule: str) -> Meaning:
    """Return the meaning of a cell that is set aside by ``rule``."""
    return Meaning(kind="invalid", rule=rule)


class Decoder:
    """What the cells of one scale mean: by code, by label in either language, or by number.

    ``decimal`` is the decimal sign of typed numbers (None: either, as far as only one reading lies on the scale);
    ``labels`` and ``missing`` are what the file itself says of its codes (SPSS).
    """

    def __init__(self, scale: Scale, decimal: Decimal | None = None, labels: dict[str, str] | None = None, missing: frozenset[str] = frozenset()) -> None:
        self.scale = scale
        self._decimal = decimal
        self._labels = labels or {}
        self._missing = missing
        self._known = dict(_spelled(scale))

    def decode(self, cell: str) -> Meaning:
        """Return the meaning of one cell."""
        key = _plain(cell)
        if not key:
            return EMPTY
        by_code, by_label = self._known.get(key), self._known.get(_plain(self._labels.get(visible(cell), "")))
        if by_code and by_label and by_code != by_label:
            return broken("code_and_label_contradict")
        meaning = by_code or by_label
        if visible(cell) in self._missing and (meaning is None or meaning.value is not None):
            return broken("unknown_missing_code")
        if meaning or key in NOT_SHOWN:
            return meaning or Meaning(kind=NOT_SHOWN[key])
        if fault := without_result(cell):
            return broken(fault.rule)
        return broken("off_scale") if self.scale.answers or _has_raised_digit(cell) else self._number(key)

    def _number(self, text: str) -> Meaning:
        """Return the number that a typed cell means on a scale without a list of answers."""
        numbers = {
            number / 100 if text.endswith("%") and self.scale.high <= 1 else number for number in readings(text.removesuffix("%").strip(), self._decimal)
        }
        if text.endswith("%") and self.scale.high not in (1, 100):
            return broken("off_scale")
        possible = [number for number in sorted(numbers) if self.scale.low <= number <= self.scale.high and not (self.scale.whole and number % 1)]
        if len(possible) > 1:
            return broken("ambiguous_number")
        return Meaning(possible[0] + 0.0) if possible else broken("off_scale")  # no -0.0

    @property
    def expected(self) -> str:
        """What a valid cell holds, in words."""
        if self.scale.answers:
            return "one of the codes " + ", ".join(code for answer in self.scale.answers for code in answer.codes)
        return f"a {'whole ' if self.scale.whole else ''}number from {self.scale.low:g} to {self.scale.high:g}"


def readings(text: str, decimal: Decimal | None) -> set[float]:
    """Return the numbers that ``text`` can mean: ``1.250`` is 1.25 with a decimal point and 1250 with a decimal comma."""
    found = set()
    if decimal != "comma" and _POINT.fullmatch(text):
        found.add(float(text.replace(",", "")))
    if decimal != "point" and _COMMA.fullmatch(text):
        found.add(float(re.sub(r"[.\s]", "", text).replace(",", ".")))
    return {number for number in found if math.isfinite(number)}


def _plain(cell: str) -> str:
    """Return the form in which cells are compared: ``4``, ``4.0`` and ``4,00`` are one code."""
    return re.sub(r"^([+-]?\d+)[.,]0{1,2}$", r"\1", normalise(cell).replace("\u2212", "-"))


def _has_raised_digit(cell: str) -> bool:
    """Tell whether a cell holds a digit that marks a note (12²) or a fraction, which would count as an ordinary one."""
    return any(unicodedata.category(char) == "No" for char in cell)


def _spelled(scale: Scale) -> Iterator[tuple[str, Meaning]]:
    for answer in scale.answers:
        for spelling in (*answer.codes, answer.label.nl, answer.label.en):
            yield _plain(spelling), Meaning(answer.value)
    yield from _spelled_missing(scale.missing)


def _spelled_missing(codes: Iterable[MissingCode]) -> Iterator[tuple[str, Meaning]]:
    for missing in codes:
        for spelling in (*missing.codes, missing.label.nl, missing.label.en):
            yield _plain(spelling), Meaning(kind=missing.kind)


class BoxDecoder:
    """What a cell means for one box, where one column holds every box that was ticked (codes or labels, separated)."""

    expected = "the codes or labels of its boxes, separated by semicolons or commas"

    def __init__(self, item: Item, boxes: Iterable[Item], scale: Scale) -> None:
        self._own = {normalise(text) for text in _option_spellings(item)}
        self._missing = dict(_spelled_missing(scale.missing))
        known = sorted({normalise(text) for box in boxes for text in _option_spellings(box)}, key=lambda text: (-len(text), text))
        self._box = re.compile(rf"(?:^|(?<=[{SEPARATORS}]))(?:{'|'.join(map(re.escape, known))})(?=$|[{SEPARATORS}])")

    def decode(self, cell: str) -> Meaning:
        """Return 1 when the box was ticked, 0 when only others were; with ``rule`` where the cell also holds what is no box."""
        text = normalise(cell)
        if not text:
            return EMPTY
        if text in self._missing:
            return self._missing[text]
        ticked = self._box.findall(text)
        if not ticked:
            fault = without_result(text)
            return broken(fault.rule if fault else "off_scale")
        is_all = not self._box.sub("", text).strip(SEPARATORS)
        return Meaning(float(any(found in self._own for found in ticked)), rule="" if is_all else "unknown_option")


def _option_spellings(item: Item) -> tuple[str, ...]:
    return (*item.option, item.wording.nl, item.wording.en)
