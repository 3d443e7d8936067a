"""For whom the results are and how they look: in, the section ``publication`` of ``evaluation.yml``; out, the same typed and frozen."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from midterm.description.model import Frozen

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
COLOURS: tuple[Colour, Colour, Colour, Colour, Colour] = ("#8e3b00", "#e08214", "#bdbdbd", "#5aa0d0", "#154273")
FACES = ("regular", "italic", "semibold", "bold")
PARTS = {"reference_docx": "word/styles.xml", "reference_odt": "styles.xml"}
READABLE = 4.5  # contrast of text with its ground (WCAG 2.1, 1.4.3)


class FontFiles(Frozen):
    """A font of the evaluator's own: its family name and its four files, relative to the evaluation's folder."""

    name: str = Field(min_length=1)
    regular: str
    italic: str
    semibold: str
    bold: str

    @property
    def files(self) -> tuple[str, ...]:
        """The four files."""
        return tuple(getattr(self, face) for face in FACES)


class Publication(Frozen):
    """For whom the results are, and how they look.

    Of fewer than ``plan.public_minimum`` persons (``internal_minimum`` where ``audience`` is internal) no result is shown.
    ``figures`` are the kinds that are drawn (left out: all). ``colours``: five, from unfavourable to favourable; the first and the
    last are also the colours of text. ``texts`` is the folder with the evaluator's own texts, ``reference_docx`` and
    ``reference_odt`` documents whose styles the report takes.
    """

    audience: Literal["public", "internal"] = "public"
    internal_minimum: int = Field(default=5, ge=1)
    figures: tuple[str, ...] | None = None
    colours: tuple[Colour, Colour, Colour, Colour, Colour] = COLOURS
    font: FontFiles | None = None
    texts: str = "texts"
    reference_docx: str | None = None
    reference_odt: str | None = None

    @property
    def files(self) -> dict[tuple[str, ...], str]:
        """Every file that is named, by its key."""
        named: dict[tuple[str, ...], str] = {("font", face): file for face, file in zip(FACES, self.font.files, strict=True)} if self.font else {}
        references = {"reference_docx": self.reference_docx, "reference_odt": self.reference_odt}
        return {**named, **{(key,): file for key, file in references.items() if file}}

    @model_validator(mode="after")
    def _ends_can_be_read(self) -> Publication:
        pale = next((colour for colour in (self.colours[0], self.colours[-1]) if _contrast_with_white(colour) < READABLE), None)
        if pale:
            raise ValueError(f"the colour {pale} is too pale for text on white (contrast below {READABLE}:1, WCAG 2.1); choose a darker one")
        return self


def luminance(colour: str) -> float:
    """Return the relative luminance (0-1) of ``colour`` (#rrggbb). Source: WCAG 2.1, definition of relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast_with_white(colour: str) -> float:
    return 1.05 / (luminance(colour) + 0.05)


def file_fault(path: Path, key: object, font: FontFiles | None) -> str:
    """Return what is wrong with a font or reference document; empty when it is what its key says."""
    if key in PARTS:
        with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            return "" if PARTS[str(key)] in archive.namelist() else f"this file is no document of {str(key).rpartition('_')[2]}; name one"
        return f"this file cannot be opened as {str(key).rpartition('_')[2]}; save it anew"
    from fontTools.ttLib import TTFont, TTLibError

    try:
        names = TTFont(path, lazy=True)["name"]
    except (OSError, TTLibError, KeyError):
        return "this file is no font that can be read; name a .ttf or .otf file"
    families = {str(names.getDebugName(number)) for number in (1, 16) if names.getDebugName(number)}
    wanted = font.name if font else ""
    return (
        ""
        if any(family.startswith(wanted) for family in families)
        else f"this file is of the font {min(families, default='?')!r}, not {wanted!r}; correct the name"
    )
