"""The registry of readers: one row a format; every reader takes folder, file and what is declared, and gives a RawTable."""

from __future__ import annotations

from midterm.read.iati import read_iati
from midterm.read.qualtrics import read_qualtrics
from midterm.read.raw import Reader
from midterm.read.refi_qda import read_refi_qda
from midterm.read.spss import read_spss
from midterm.read.text import read_limesurvey, read_text
from midterm.read.workbook import read_workbook

READERS: dict[str, Reader] = {
    "limesurvey": read_limesurvey,
    "csv": read_text,
    "qualtrics": read_qualtrics,
    "spss": read_spss,
    "excel": read_workbook,
    "iati": read_iati,
    "refi_qda": read_refi_qda,
}
