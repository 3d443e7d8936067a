"""The questionnaire as files: in, an evaluation and an alliance; out, the instruments for survey tools and for people."""

from __future__ import annotations

from midterm.collect.document import document
from midterm.collect.limesurvey import limesurvey
from midterm.collect.questionnaire import handout
from midterm.collect.xlsform import xlsform
from midterm.description import LANGUAGES, Evaluation


def questionnaire_files(evaluation: Evaluation, alliance: str, wave: str | None = None) -> dict[str, bytes]:
    """Return the questionnaire of ``alliance`` in ``wave`` (left out: the last) by file name, the same bytes each time.

    LimeSurvey takes a survey structure as ``.txt``. Raises ConfigError where the codebook cannot be made into one of them.
    """
    asked = handout(evaluation, alliance, wave)
    documents = {f"questionnaire.{language}.docx": document(asked, language) for language in LANGUAGES}
    return {"questionnaire.limesurvey.txt": limesurvey(asked), "questionnaire.xlsform.xlsx": xlsform(asked), **documents}
