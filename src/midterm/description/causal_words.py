"""Words that claim a cause: in, a text and its language; out, those in it that a mid-term evaluation cannot answer for.

An evaluation during a programme describes change and the conditions for effectiveness; it has nothing to compare with that
would show what brought the change about (Regeling periodiek evaluatieonderzoek 2022; docs/style-sheet.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from midterm.description.model import Language

WORDS: dict[Language, tuple[str, ...]] = {
    "nl": (
        r"dankzij",
        r"le(?:iden|idt|idde|idden) tot",
        r"(?:heeft|hebben|had|hadden|is|zijn) .{0,60}?geleid tot",
        r"(?:als|ten) gevolge? van",
        r"veroorza(?:akt|akte|akten|ken)",
        r"zorg(?:t|en|de|den) voor",
        r"(?:komt|kwam|komen|kwamen) door",
        r"effect(?:en)? van (?:de|het|dit|deze|onze)",
        r"invloed van (?:de|het|dit|deze|onze)",
        r"result(?:eert|eren|eerde|eerden) in",
        r"bewerkstellig(?:t|en|de|den)",
        r"te danken aan",
        r"toe te schrijven aan",
        r"door (?:de|het|dit|deze) (?:beleid|regeling|programma|alliantie|allianties|subsidie)",
    ),
    "en": (
        r"thanks to",
        r"le(?:ad|ads|d) to",
        r"leading to",
        r"as a (?:result|consequence) of",
        r"caus(?:e|es|ed|ing) (?:by|a|an|the|this|that)",
        r"caused",
        r"due to",
        r"owing to",
        r"because of (?:the|this|these)",
        r"(?:effects?|impacts?|influence) of (?:the|this|these|our)",
        r"result(?:s|ed|ing)? in",
        r"br(?:ing|ings|ought) about",
        r"attribut(?:ed|able) to",
        r"contribut(?:es|ed|ing) to",
    ),
}
# A sentence that first says "not" may name a cause: it says that none is shown.
DENIALS: dict[Language, re.Pattern[str]] = {
    "nl": re.compile(r"\b(?:niet|geen|nooit|noch|zonder)\b", re.IGNORECASE),
    "en": re.compile(r"\b(?:not|no|never|nor|cannot|without)\b", re.IGNORECASE),
}
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


def causal_words(text: str, language: Language) -> Iterator[str]:
    """Give each wording in ``text`` that claims a cause, as it stands there; a sentence that denies one claims none."""
    pattern = re.compile(rf"\b(?:{'|'.join(WORDS[language])})\b", re.IGNORECASE)
    for sentence in SENTENCE.split(text):
        yield from (found[0] for found in pattern.finditer(sentence) if not DENIALS[language].search(sentence[: found.start()]))
