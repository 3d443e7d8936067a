"""The questionnaire for LimeSurvey: in, what one alliance is asked; out, a survey structure in tab-separated text to import.

The format is that of LimeSurvey's manual, "Tab Separated Value survey structure", as its import (TSVImportSurvey in
application/helpers/admin/import_helper.php) reads it: a row for every setting (S), setting by language (SL), group (G),
question (Q), subquestion (SQ) and answer (A), all of the base language first, then all of the other. A group is a page
and bears its number, so that the page reached is the page of the codebook. Question and subquestion codes are those of
the declared columns, so that the responses come back under ``DOEL[SQ001]`` or ``INCID``.
"""

from __future__ import annotations

import csv
import hashlib
import html
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby

from midterm.collect.questionnaire import (
    ASK_CODE,
    ASK_CODE_HINT,
    ASK_ORGANISATION,
    ASK_WHO,
    THANKS,
    AskedQuestion,
    Choice,
    Handout,
    Section,
    number_hint,
    plain_number,
)
from midterm.description import LANGUAGES, Language, Scale, Text
from midterm.description.evaluation import FILE
from midterm.errors import ConfigError, Problem

COLUMNS = ["id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language"]
QUESTION_COLUMNS = ["validation", "mandatory", "encrypted", "other", "default", "same_default"]
ATTRIBUTES = ["equation", "hidden", "max_num_value_n", "min_num_value_n", "num_value_int_only"]
# Nothing that identifies a person is kept; times are, as they tell which answers are complete and which were hasty.
SETTINGS = {
    "format": "G",
    "anonymized": "Y",
    "datestamp": "Y",
    "savetimings": "Y",
    "ipaddr": "N",
    "refurl": "N",
    "usetokens": "N",
    "usecookie": "N",
    "allowregister": "N",
    "allowsave": "N",
    "allowprev": "Y",
    "alloweditaftercompletion": "N",
    "printanswers": "N",
    "publicstatistics": "N",
    "listpublic": "N",
    "showwelcome": "Y",
    "showprogress": "Y",
    "shownoanswer": "Y",
}
# The rules of the model Question: a letter, then letters and digits, at most 20; these words mean something else there.
CODE = re.compile(r"([A-Za-z][A-Za-z0-9]{0,19})(?:\[([A-Za-z0-9]{1,20})\])?")
RESERVED = {"LANG", "SID", "SAVEDID", "TOKEN", "QID", "GID", "SGQ", "self", "that", "this", "time"}
ANSWER_CODE = re.compile(r"[A-Za-z0-9]{1,5}")
ALONE = {"choice": "L", "box": "L", "number": "N", "text": "T"}
IN_ARRAY = {"choice": "F", "box": "M", "number": "K", "text": "Q"}


@dataclass(frozen=True)
class _Question:
    """One question of LimeSurvey: its type by LimeSurvey's letter, and everything that hangs on it."""

    kind: str
    code: str
    text: Text
    help: Text | None = None
    mandatory: str = "N"
    attributes: dict[str, str] = field(default_factory=dict)
    subquestions: tuple[tuple[str, Text], ...] = ()
    answers: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True)
class _Page:
    title: Text
    questions: tuple[_Question, ...]


def limesurvey(handout: Handout) -> bytes:
    """Return the questionnaire as LimeSurvey's tab-separated survey structure (UTF-8 with a byte-order mark), in both languages.

    Raises ConfigError where LimeSurvey has no code for a column or answer, would give two columns one code, or a page is empty.
    """
    base, *others = sorted(LANGUAGES, key=lambda language: language != handout.evaluation.file.languages[0])
    pages = list(_pages(handout))
    _refuse_same_codes(handout, [question.code for page in pages for question in page.questions])
    content = io.StringIO()
    writer = csv.DictWriter(content, [*COLUMNS, *QUESTION_COLUMNS, *ATTRIBUTES], restval="", delimiter="\t", lineterminator="\n")
    writer.writeheader()
    languages = {"language": base, "additional_languages": " ".join(others)}
    writer.writerows({"class": "S", "name": name, "text": text} for name, text in {"sid": _survey_id(handout), **languages, **SETTINGS}.items())
    for language in (base, *others):
        writer.writerows(_language_rows(handout, language))
    for language in (base, *others):
        writer.writerows(_structure_rows(pages, language, is_base=language == base))
    return content.getvalue().encode("utf-8-sig")


def _survey_id(handout: Handout) -> str:
    """Return the number that LimeSurvey gives the survey while it is free: one of its own for each alliance and wave."""
    digest = hashlib.sha256(f"{handout.alliance.id} {handout.wave.id}".encode()).hexdigest()
    return str(100_000 + int(digest, 16) % 900_000)


def _language_rows(handout: Handout, language: Language) -> Iterator[dict[str, str]]:
    texts = {
        "surveyls_title": _html(handout.title.in_(language)),
        "surveyls_welcometext": "".join(f"<p>{_html(text.in_(language))}</p>" for text in handout.purpose),
        "surveyls_endtext": f"<p>{_html(THANKS.in_(language))}</p>",
        "surveyls_numberformat": "1" if language == "nl" else "0",  # a decimal comma, or a point
    }
    yield from ({"class": "SL", "name": name, "text": text, "language": language} for name, text in texts.items())


def _structure_rows(pages: Sequence[_Page], language: Language, *, is_base: bool) -> Iterator[dict[str, str]]:
    """Give groups, questions, subquestions and answers in one language; attributes stand in the base language alone."""
    ids = count(1)
    for number, page in enumerate(pages, 1):
        group = {"id": str(number), "class": "G", "type/scale": str(number), "name": _html(page.title.in_(language)), "relevance": "1"}
        yield {**group, "language": language}
        for question in page.questions:
            number_of_question = str(next(ids))
            said = {"text": _html(question.text.in_(language)), "help": _html(question.help.in_(language)) if question.help else "", "language": language}
            row = {"id": number_of_question, "class": "Q", "type/scale": question.kind, "name": question.code, "relevance": "1", **said}
            yield {**row, "mandatory": question.mandatory, "other": "N", **(question.attributes if is_base else {})}
            for code, text in question.subquestions:
                row = {"id": str(next(ids)), "class": "SQ", "type/scale": "0", "name": code, "relevance": "1"}
                yield {**row, "text": _html(text.in_(language)), "language": language}
            for code, text in question.answers:
                row = {"id": number_of_question, "class": "A", "type/scale": "0", "name": code}
                yield {**row, "text": _html(text.in_(language)), "language": language}


def _html(text: str) -> str:
    """Return a text as LimeSurvey shows it: its texts are HTML, in which braces are expressions; one line, without quotes."""
    escaped = html.escape(" ".join(text.split()), quote=False).replace('"', "&quot;")
    return escaped.replace("{", "&#123;").replace("}", "&#125;")


def _pages(handout: Handout) -> Iterator[_Page]:
    """Give the pages from 1 on; who answers stands on the first, alone or above its questions."""
    sections = {page: list(group) for page, group in groupby(handout.sections, key=lambda section: section.page)}
    last = max(sections, default=1)
    for number in range(1, last + 1):
        on_page = sections.get(number, [])
        if number > 1 and not on_page:
            reason = f"page {number} has no question in wave {handout.wave.id!r}; number the pages without gaps, so that the page reached is known"
            raise ConfigError(Problem(handout.evaluation.file.codebook, column="page", rule="empty_page", reason=reason))
        titles = [*([ASK_WHO] if number == 1 else []), *(section.block.title for section in on_page)]
        title = Text(nl=" / ".join(title.nl for title in titles), en=" / ".join(title.en for title in titles))
        questions = [question for section in on_page for question in _section(handout, section)]
        yield _Page(title, (*(_who(handout) if number == 1 else ()), *questions))


def _who(handout: Handout) -> Iterator[_Question]:
    """Give the questions who answers, and hidden equations for what is known: their values stand in the responses.

    An answer code has five characters at most, so an organisation is chosen from a list of its own, and an equation
    gives its id.
    """
    for column, text in handout.fixed:
        yield _equation(column, _literal(text))
    yield _Question("S", _key(handout.respondent), ASK_CODE, ASK_CODE_HINT)
    code = _key(handout.organisation)
    if not handout.partners:
        yield _Question("S", code, ASK_ORGANISATION, mandatory="Y")
        return
    chosen, choices = f"{code[:16]}LIST", {f"A{at}": partner for at, partner in enumerate(handout.partners, 1)}
    answers = tuple((answer, Text(nl=partner.name, en=partner.name)) for answer, partner in choices.items())
    yield _Question("L", chosen, ASK_ORGANISATION, mandatory="Y", answers=answers)
    meaning = "''"
    for answer, partner in reversed(choices.items()):
        meaning = f"if({chosen}=='{answer}','{_literal(partner.id)}',{meaning})"
    yield _equation(handout.organisation, f"{{{meaning}}}")


def _equation(column: str, equation: str) -> _Question:
    """Return a hidden question whose value is computed; LimeSurvey evaluates what stands in braces."""
    code = _key(column)
    return _Question("*", code, Text(nl=code, en=code), attributes={"equation": equation, "hidden": "1"})


def _literal(text: str) -> str:
    """Return a text that means itself in an equation and between its quotes; raise ConfigError for any other."""
    if re.search(r"['\"\\{}<>&]", text):
        reason = f"LimeSurvey cannot hold {text!r} in an equation; write it without quotes, braces, backslashes, < > or &"
        raise ConfigError(Problem(FILE, rule="no_limesurvey_text", reason=reason))
    return text


def _key(column: str) -> str:
    """Return the code of a column that says who answered: a question of its own."""
    code, sub = _codes(column, FILE)
    if sub:
        raise ConfigError(Problem(FILE, column=column, rule="no_limesurvey_code", reason="this column is asked as one question; name it without brackets"))
    return code


def _section(handout: Handout, section: Section) -> Iterator[_Question]:
    """Give the questions of one block; statements with one question code are the rows of one array."""
    file = handout.evaluation.file.codebook
    for at, (code, group) in enumerate(groupby(section.questions, key=lambda question: _codes(question.column, file)[0])):
        questions = list(group)
        first = questions[0]
        subs = [_codes(question.column, file)[1] for question in questions]
        if any(question.option for question in questions):
            reason = "LimeSurvey gives every box a column of its own; give each box the column CODE[SQ001] in place of an option"
            raise ConfigError(Problem(file, column=first.column, rule="shared_column", reason=reason))
        if any((question.kind, question.scale_id) != (first.kind, first.scale_id) for question in questions):
            reason = f"the statements of {code!r} are on different scales; give each scale a question code of its own"
            raise ConfigError(Problem(file, column=first.column, rule="mixed_scales", reason=reason))
        if subs[0]:
            rows = tuple((sub, question.wording) for sub, question in zip(subs, questions, strict=True))
            yield _Question(
                IN_ARRAY[first.kind], code, section.block.intro, _help(first), "N", _bounds(first.scale), rows, _answers(first, file, in_array=True)
            )
        else:
            intro = section.block.intro if at == 0 else None
            yield _Question(ALONE[first.kind], code, first.wording, _joined(intro, _help(first)), "N", _bounds(first.scale), (), _answers(first, file))


def _codes(column: str, file: str) -> tuple[str, str]:
    """Return question and subquestion code of a column; raise ConfigError where LimeSurvey would rename it."""
    found = CODE.fullmatch(column)
    if not found or RESERVED & set(found.groups()):
        reason = (
            f"LimeSurvey has no code for the column {column!r}: "
            "use letters and digits, a letter first, 20 at most, a statement in brackets as CODE[SQ001], and no reserved word"
        )
        raise ConfigError(Problem(file, column=column, rule="no_limesurvey_code", reason=reason))
    return found.group(1), found.group(2) or ""


def _answers(question: AskedQuestion, file: str, *, in_array: bool = False) -> tuple[tuple[str, Text], ...]:
    """Return the answers by the first code of each that LimeSurvey can hold; in an array, a ticked box is always Y."""
    if question.kind == "box" and in_array:
        if not any("Y" in codes for codes, _ in question.ticked):
            reason = "LimeSurvey writes Y for a box that was ticked; add Y to the codes of that answer"
            raise ConfigError(Problem(file, column=question.column, rule="no_limesurvey_code", reason=reason))
        return ()
    return tuple((_answer_code(choice, question, file), choice[1]) for choice in question.choices)


def _answer_code(choice: Choice, question: AskedQuestion, file: str) -> str:
    code = next((code for code in choice[0] if ANSWER_CODE.fullmatch(code)), None)
    if code is None:
        reason = "an answer has no code that LimeSurvey can hold; give it one of five letters and digits at most"
        raise ConfigError(Problem(file, column=question.column, rule="no_limesurvey_code", reason=reason))
    return code


def _bounds(scale: Scale | None) -> dict[str, str]:
    if scale is None or scale.answers:
        return {}
    bounds = {"min_num_value_n": plain_number(scale.low), "max_num_value_n": plain_number(scale.high)}
    return {**bounds, **({"num_value_int_only": "1"} if scale.whole else {})}


def _help(question: AskedQuestion) -> Text | None:
    return number_hint(question.scale) if question.scale and question.kind == "number" else None


def _joined(first: Text | None, second: Text | None) -> Text | None:
    """Return two texts as one, or the one that is there."""
    if first and second:
        return Text(nl=f"{first.nl} {second.nl}", en=f"{first.en} {second.en}")
    return first or second


def _refuse_same_codes(handout: Handout, codes: Sequence[str]) -> None:
    same = sorted({code for code in codes if codes.count(code) > 1})
    if same:
        reason = f"the question code {same[0]!r} would stand in LimeSurvey twice; keep its statements together, in one block and on one page"
        raise ConfigError(Problem(handout.evaluation.file.codebook, column=same[0], rule="same_limesurvey_code", reason=reason))
