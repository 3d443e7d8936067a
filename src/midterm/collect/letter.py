"""The letter that goes with what an alliance is sent: in, the evaluation and an alliance; out, plain text in one language."""

from __future__ import annotations

from midterm.description import Evaluation, Language, Text

GREETING = Text(nl="Beste mensen van {alliance},", en="Dear all of {alliance},")
PURPOSE = Text(
    nl="Voor {commissioner} doen wij dit onderzoek: {evaluation}. Daarbij vragen wij uw hulp.",
    en="For {commissioner} we carry out this study: {evaluation}. We ask for your help with it.",
)
FRAMEWORK = Text(
    nl="Vult u het evaluatiekader in? Dat is het bestand framework.nl.xlsx (in het Engels: framework.en.xlsx; u hoeft er maar één in te vullen).\n"
    "Op het eerste blad staat hoe het werkt. Stuur het bestand daarna als Excel-bestand aan ons terug.",
    en="Please fill in the evaluation framework. It is the file framework.en.xlsx (in Dutch: framework.nl.xlsx; fill in only one of them).\n"
    "Its first sheet says how it works. Then send the file back to us as an Excel file.",
)
QUESTIONNAIRE = Text(
    nl="De mensen die in de alliantie werken, krijgen van ons een vragenlijst. Vraagt u hun om die in te vullen?\n"
    "Wat wij vragen, kunt u nu al lezen in questionnaire.nl.docx (in het Engels: questionnaire.en.docx).",
    en="The people who work in the alliance will get a questionnaire from us. Please ask them to fill it in.\n"
    "What we ask you can already read in questionnaire.en.docx (in Dutch: questionnaire.nl.docx).",
)
QUESTIONS = Text(
    nl="Hebt u een vraag, of lukt iets niet? Antwoord dan op het bericht waarmee u deze bestanden kreeg.",
    en="Do you have a question, or does something not work? Then answer the message that brought you these files.",
)
CLOSING = Text(nl="Met vriendelijke groet,\nde onderzoekers", en="Kind regards,\nthe evaluators")


def letter(evaluation: Evaluation, alliance: str, language: Language) -> str:
    """Return the letter to one alliance; it asks for the framework where the codebook has a form for it."""
    names = {
        "alliance": evaluation.alliance(alliance).name,
        "evaluation": evaluation.file.title.in_(language),
        "commissioner": evaluation.file.commissioner.in_(language),
    }
    asked = (FRAMEWORK, QUESTIONNAIRE) if evaluation.codebook.framework else (QUESTIONNAIRE,)
    return "\n\n".join(text.in_(language).format(**names) for text in (GREETING, PURPOSE, *asked, QUESTIONS, CLOSING)) + "\n"
