"""The framework workbooks of the synthetic example: in, literal rows; out, one hand-filled-looking xlsx per alliance."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import canonicalize

import numpy as np
import openpyxl
from openpyxl.styles import Alignment, Font

from midterm.description import Evaluation, Language
from midterm.description.codebook import Category, FrameworkForm

ROOT = Path(__file__).resolve().parents[1]
ENGLISH_WORKBOOK = "sterrenwacht"
FRAMEWORKS = 3  # this part's stream of random numbers
Truth = dict[str, Any]
Row = dict[str, str]


def framework_rows(path: Path = ROOT / "tools" / "synthetic_frameworks.csv") -> list[Row]:
    """Read the literal rows of all frameworks; a leading apostrophe marks a number that was typed as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def framework_form(evaluation: Evaluation) -> FrameworkForm:
    """Return the form that the shipped codebook declares."""
    if evaluation.codebook.framework is None:
        raise ValueError("the shipped codebook declares no framework form")
    return evaluation.codebook.framework


def framework_xlsx(evaluation: Evaluation, truth: Truth, alliance: str, rows: list[Row]) -> bytes:
    """Return one alliance's filled-in workbook."""
    form = framework_form(evaluation)
    language: Language = "en" if alliance == ENGLISH_WORKBOOK else "nl"
    rng = np.random.default_rng([evaluation.file.seed, FRAMEWORKS, evaluation.alliances.index(alliance)])
    years = [str(wave.year) for wave in evaluation.file.waves]
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = {"nl": "Toelichting", "en": "Explanation"}[language]
    for line in (*truth["texts"]["instructions"][language], truth["mark"]):
        notes.append([line])
    sheet = book.create_sheet(form.sheet.in_(language))
    keys = [(key, name) for key in form.columns for name in (years if key == "actual_value" else [key])]
    headings = [form.columns[key].in_(language).replace("{year}", name) for key, name in keys]
    for line in ([evaluation.alliance(alliance).name], [truth["mark"]], [], [], [*headings, {"nl": "Toelichting", "en": "Remarks"}[language]]):
        sheet.append(line)
    for row in rows:
        sheet.append([*(_cell(form, key, row[name], language, rng) for key, name in keys), row["remark"] or None])
    _lay_out(sheet)
    return _stable_zip(book, datetime(int(years[-1]), 4, 1))


def _cell(form: FrameworkForm, key: str, value: str, language: Language, rng: np.random.Generator) -> str | float | None:
    lists: dict[str, Sequence[Category]] = {"level": form.levels, "unit": form.units, "direction": form.directions}
    lists |= {"reporting": form.reporting, "status": form.statuses, "bottleneck": form.bottlenecks}
    if key not in lists:
        is_number = re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
        return (float(value) if "." in value else int(value)) if is_number else value.removeprefix("'") or None
    entry = next(entry for entry in lists[key] if entry.id == value)
    label = entry.label.in_(language)
    variants = [label.capitalize(), label.upper(), label + " ", *entry.aliases]
    return variants[rng.integers(0, len(variants))] if rng.random() < 0.12 else label


def _lay_out(sheet: Any) -> None:
    sheet["A1"].font = Font(bold=True, size=14)
    for cell in sheet[5]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[cell.column_letter].width = 44 if cell.column_letter == "C" else 16
    sheet.freeze_panes = "D6"


def _stable_zip(book: openpyxl.Workbook, moment: datetime) -> bytes:
    """Save a workbook so that its bytes do not depend on clock, compression library or XML writer."""
    saved, stable = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(stable, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=</dcterms)", f"{moment.isoformat()}Z", canonicalize(source.read(name).decode("utf-8")))
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            target.writestr(entry, content.encode("utf-8"))
    return stable.getvalue()
