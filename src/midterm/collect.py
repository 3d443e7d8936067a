"""The questionnaire as handed out: in, the codebook; out, its blocks and questions in one language, ready to lay out."""

from __future__ import annotations

from dataclasses import dataclass

from midterm.description import Codebook, Item, Language, Scale
from midterm.description.codebook import Block


@dataclass(frozen=True)
class AskedItem:
    """One question as a respondent sees it, and the other wordings it had, by wave."""

    item: Item
    wording: str
    answers: str
    changed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AskedBlock:
    """One block of the questionnaire with its introduction."""

    block: Block
    title: str
    intro: str
    items: tuple[AskedItem, ...]


def questionnaire(codebook: Codebook, language: Language) -> tuple[AskedBlock, ...]:
    """Return the questionnaire in the order of its pages, with wordings and answers in ``language``."""
    return tuple(
        AskedBlock(
            block,
            block.title.in_(language),
            block.intro.in_(language),
            tuple(_asked(codebook, item, language) for item in codebook.items if item.block == block.id),
        )
        for block in codebook.blocks
    )


def _asked(codebook: Codebook, item: Item, language: Language) -> AskedItem:
    changed = tuple((wave, change.wording.in_(language)) for wave, change in item.changes.items() if change.wording)
    return AskedItem(item, item.wording.in_(language), _answers(codebook.scales[item.scale], language), changed)


def _answers(scale: Scale, language: Language) -> str:
    """Return the possible answers in words: the labelled ones, or the range."""
    missing = [code.label.in_(language) for code in scale.missing]
    if not scale.answers:
        return "; ".join([f"{scale.low:g}–{scale.high:g} ({scale.unit.in_(language)})", *missing])
    return "; ".join([*(f"{answer.value:g} {answer.label.in_(language)}" for answer in scale.answers), *missing])
