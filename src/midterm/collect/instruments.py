"""The questionnaire as files: in, an evaluation and an alliance; out, the instruments for survey tools and for people."""

from __future__ import annotations

from midterm.collect.document import document
from midterm.collect.limesurvey import limesurvey
from midterm.collect.questionnaire import Handout, handout
from midterm.collect.xlsform import xlsform
from midterm.description import LANGUAGES, Evaluation

LIMESURVEY = "questionnaire.limesurvey.txt"


def questionnaire_files(evaluation: Evaluation, alliance: str, wave: str | None = None) -> dict[str, bytes]:
    """Return the questionnaire of ``alliance`` in ``wave`` (left out: the last) by file name, the same bytes each time.

    LimeSurvey takes a survey structure as ``.txt``; it gives every box a column of its own, so where the codebook has
    boxes that share one it is left out. Raises ConfigError where the codebook cannot be made into one of the others.
    """
    asked = handout(evaluation, alliance, wave)
    documents = {f"questionnaire.{language}.docx": document(asked, language) for language in LANGUAGES}
    structure = {} if has_shared_boxes(asked) else {LIMESURVEY: limesurvey(asked)}
    return {**structure, "questionnaire.xlsform.xlsx": xlsform(asked), **documents}


def has_shared_boxes(asked: Handout) -> bool:
    """Tell whether boxes of the questionnaire share a column."""
    return any(question.option for section in asked.sections for question in section.questions)
