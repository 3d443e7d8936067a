"""The codebook: in, ``config/codebook.yml``; out, the questionnaire, framework form and interview form, typed.

Wording, scale, direction, values and missing codes of every variable stand beside it, per wave where they changed.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from midterm.description.model import Frozen, Text
from midterm.description.spelling import normalise
from midterm.errors import nearest

MissingKind = Literal["empty", "dont_know", "not_applicable", "not_reached", "refused", "invalid"]
UnitKind = Literal["count", "percentage", "share", "score", "amount"]
FRAMEWORK_FIELDS = (
    "indicator_id",
    "level",
    "indicator",
    "unit",
    "direction",
    "baseline_year",
    "baseline_value",
    "target_year",
    "target_value",
    "actual_value",
    "reporting",
    "source",
    "status",
    "bottleneck",
)


class Answer(Frozen):
    """One possible answer: its value, the codes that stand for it in exports, its label."""

    value: float
    codes: tuple[str, ...]
    label: Text


class MissingCode(Frozen):
    """Codes for one kind of no answer."""

    kind: MissingKind
    codes: tuple[str, ...]
    label: Text


class Scale(Frozen):
    """What values an item may take: a list of answers, or any number from ``low`` to ``high``.

    ``empty_value`` is what an empty cell means where the page was reached (an unticked box); left out: missing.
    """

    low: float
    high: float
    unit: Text
    whole: bool = True
    empty_value: float | None = None
    answers: tuple[Answer, ...] = ()
    missing: tuple[MissingCode, ...] = ()

    @model_validator(mode="after")
    def _values_lie_on_the_scale(self) -> Scale:
        if self.low >= self.high:
            raise ValueError("low must be below high; correct the scale")
        outside = [answer.value for answer in self.answers if not self.low <= answer.value <= self.high]
        if outside:
            raise ValueError(f"the answer {outside[0]:g} lies outside low-high; correct one of them")
        codes = [*(code for answer in self.answers for code in answer.codes), *(code for missing in self.missing for code in missing.codes)]
        if len(codes) != len(set(codes)):
            raise ValueError("a code stands for two answers; give each answer its own codes")
        self._refuse_same_labels()
        return self

    def _refuse_same_labels(self) -> None:
        """Raise ValueError where one label, in whichever language, would mean two answers."""
        meant: dict[str, object] = {}
        entries = [*((answer.value, answer.label) for answer in self.answers), *((missing.kind, missing.label) for missing in self.missing)]
        for meaning, label in entries:
            for spelling in (label.nl, label.en):
                if meant.setdefault(normalise(spelling), meaning) != meaning:
                    raise ValueError(f"the label {spelling!r} stands for two answers; give each answer its own label")


class ItemInWave(Frozen):
    """What was different about an item in one wave."""

    column: str | None = None
    scale: str | None = None
    wording: Text | None = None


class Item(Frozen):
    """One variable of the questionnaire. ``column`` is its heading in the export, ``page`` where it stands.

    ``reversed`` items point the other way than their block; ``waves`` lists the waves in which it was asked
    (empty: all), ``changes`` what differed in a wave. ``option``: the codes and labels of this box where one column (or
    an SPSS multiple-response set) holds all boxes that were ticked; several items then share that column.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    block: str
    scale: str
    column: str
    page: int = 1
    reversed: bool = False
    option: tuple[str, ...] = ()
    wording: Text
    waves: tuple[str, ...] = ()
    changes: dict[str, ItemInWave] = Field(default_factory=dict)

    def asked_in(self, wave: str) -> bool:
        """Tell whether the item was part of the questionnaire in ``wave``."""
        return not self.waves or wave in self.waves

    def column_in(self, wave: str) -> str:
        """Return the item's heading in the export of ``wave``."""
        change = self.changes.get(wave)
        return change.column if change and change.column else self.column

    def scale_in(self, wave: str) -> str:
        """Return the name of the item's scale in ``wave``."""
        change = self.changes.get(wave)
        return change.scale if change and change.scale else self.scale

    def wording_in(self, wave: str) -> Text:
        """Return the item's wording in ``wave``."""
        change = self.changes.get(wave)
        return change.wording if change and change.wording else self.wording


class OpenQuestion(Frozen):
    """A question answered in the respondent's own words; its answers are kept apart from who gave them."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    block: str
    column: str
    page: int = 1
    wording: Text
    waves: tuple[str, ...] = ()

    def asked_in(self, wave: str) -> bool:
        """Tell whether the question was part of the questionnaire in ``wave``."""
        return not self.waves or wave in self.waves


class Block(Frozen):
    """A part of the questionnaire: a dimension of cooperation, safety, efficiency or bottlenecks.

    ``special_category``: its answers may tell what the GDPR protects (art. 9), so that 0 % or 100 % of a group is not published.
    """

    id: str
    kind: Literal["cooperation", "safety", "efficiency", "progress", "bottlenecks"]
    title: Text
    intro: Text
    special_category: bool = False


class Category(Frozen):
    """One entry of a closed list, with other spellings that mean the same."""

    id: str
    label: Text
    aliases: tuple[str, ...] = ()


class Unit(Category):
    """A unit of measurement. Its kind decides whether annual values may be summed (only counts and amounts) and what a
    per cent sign means: 45% is 45 in a ``percentage`` and 0.45 in a ``share``.
    """

    kind: UnitKind


class FrameworkForm(Frozen):
    """The uniform framework workbook: its headings and closed lists. ``{year}`` stands for a reporting year."""

    sheet: Text
    columns: dict[str, Text]
    levels: tuple[Category, ...]
    units: tuple[Unit, ...]
    directions: tuple[Category, ...]
    reporting: tuple[Category, ...]
    statuses: tuple[Category, ...]
    bottlenecks: tuple[Category, ...]

    @model_validator(mode="after")
    def _columns_are_known(self) -> FrameworkForm:
        unknown = sorted(set(self.columns) - set(FRAMEWORK_FIELDS))
        if unknown:
            raise ValueError(f"the framework column {unknown[0]!r} is not known; {nearest(unknown[0], FRAMEWORK_FIELDS)}")
        absent = [field for field in FRAMEWORK_FIELDS if field not in self.columns]
        if absent:
            raise ValueError(f"the framework column {absent[0]!r} has no heading; add it")
        for field, heading in self.columns.items():
            if any(re.findall(r"{[^}]*}|[{}]", text) != (["{year}"] if field == "actual_value" else []) for text in (heading.nl, heading.en)):
                raise ValueError(f"the heading of {field!r} must name {{year}} once if it is actual_value, and have no other braces; correct it")
        return self

    @property
    def lists(self) -> dict[str, tuple[Category, ...]]:
        """The closed lists by the field that takes its entries from them."""
        lists: dict[str, tuple[Category, ...]] = {"level": self.levels, "unit": self.units, "direction": self.directions}
        return lists | {"reporting": self.reporting, "status": self.statuses, "bottleneck": self.bottlenecks}


class Rating(Frozen):
    """How a coded interview segment judges its theme."""

    value: float
    codes: tuple[str, ...]
    label: Text


class InterviewForm(Frozen):
    """The code frame of the interviews: themes, who was interviewed, and ratings from -1 to 1.

    ``ignore`` names further codes of the evaluators that are not of the frame: what they alone code is counted and left out.
    """

    themes: tuple[Category, ...]
    groups: tuple[Category, ...]
    ratings: tuple[Rating, ...]
    ignore: tuple[str, ...] = ()


class Codebook(Frozen):
    """Everything that was asked, and how."""

    title: Text
    scales: dict[str, Scale]
    blocks: tuple[Block, ...]
    items: tuple[Item, ...]
    open_questions: tuple[OpenQuestion, ...] = ()
    framework: FrameworkForm | None = None
    interviews: InterviewForm | None = None

    def item(self, item_id: str) -> Item:
        """Return one item by id."""
        return next(item for item in self.items if item.id == item_id)

    def scale_of(self, item_id: str) -> Scale:
        """Return the scale of an item (waves may code it differently, never with other bounds)."""
        return self.scales[self.item(item_id).scale]
