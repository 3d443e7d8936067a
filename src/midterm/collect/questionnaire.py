"""The questionnaire: in, the codebook and an alliance; out, what is asked in one wave, and what was asked in all, ready to lay out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from midterm.description import Alliance, Codebook, Evaluation, Item, Language, Scale, Text
from midterm.description.codebook import Block
from midterm.description.evaluation import FILE
from midterm.description.evaluation_file import Organisation, SurveySource, Wave
from midterm.errors import ConfigError, Problem

Kind = Literal["choice", "number", "box", "text"]
Choice = tuple[tuple[str, ...], Text]
CHOSEN = ("dont_know", "not_applicable", "refused")  # the other kinds of missing are found on reading, nobody chooses them

ASK_WHO = Text(nl="Over u", en="About you")
ASK_CODE = Text(nl="Uw deelnemerscode", en="Your participant code")
ASK_CODE_HINT = Text(
    nl="Kreeg u een code, vul dan elke keer dezelfde in. Geen code? Laat dit leeg. Vul geen naam of e-mailadres in.",
    en="If you were given a code, use the same one every time. No code? Leave this empty. Do not give a name or e-mail address.",
)
ASK_ORGANISATION = Text(nl="Voor welke organisatie werkt u?", en="Which organisation do you work for?")
TICK_ALL = Text(nl="Kruis alles aan wat van toepassing is.", en="Tick all that apply.")
THANKS = Text(nl="Dank u wel voor het invullen.", en="Thank you for your answers.")


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
    """Return the questionnaire of all waves in the order of its pages, with wordings and answers in ``language``."""
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


@dataclass(frozen=True)
class AskedQuestion:
    """One item or open question as asked in one wave; ``scale`` is None where the answer is the respondent's own words."""

    column: str
    wording: Text
    scale_id: str = ""
    scale: Scale | None = None
    option: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """How it is answered: one of a list, a number, a box that is ticked or not, or text."""
        if self.scale is None:
            return "text"
        if self.option or self.scale.empty_value is not None:
            return "box"
        return "choice" if self.scale.answers else "number"

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The codes and label of every answer on offer: those of the scale, then those that are no answer (don't know)."""
        if self.scale is None:
            return ()
        answers = [(answer.codes, answer.label) for answer in self.scale.answers]
        return (*answers, *((code.codes, code.label) for code in self.scale.missing if code.kind in CHOSEN))

    @property
    def ticked(self) -> tuple[Choice, ...]:
        """The codes and label of the answer that means a ticked box (none where the scale has none)."""
        answers = self.scale.answers if self.scale else ()
        return tuple((answer.codes, answer.label) for answer in answers if self.scale and answer.value != self.scale.empty_value)[:1]


@dataclass(frozen=True)
class Section:
    """The questions of one block on one page, in the order asked."""

    page: int
    block: Block
    questions: tuple[AskedQuestion, ...]


@dataclass(frozen=True)
class Handout:
    """What one alliance is asked in one wave, and the columns in which its answers come back.

    ``fixed`` are columns with the same text for everybody (the alliance, and the wave where it stands in a column);
    ``partners`` are the organisations to choose from (empty: the organisation is typed).
    """

    evaluation: Evaluation
    alliance: Alliance
    wave: Wave
    respondent: str
    organisation: str
    fixed: tuple[tuple[str, str], ...]
    partners: tuple[Organisation, ...]
    sections: tuple[Section, ...]

    @property
    def title(self) -> Text:
        """The title above the questionnaire."""
        title = self.evaluation.codebook.title
        return Text(nl=f"{title.nl}: {self.alliance.name}", en=f"{title.en}: {self.alliance.name}")

    @property
    def purpose(self) -> tuple[Text, ...]:
        """Who it is for and what is done with the answers, in plain sentences."""
        file, name, minimum = self.evaluation.file, self.alliance.name, self.evaluation.plan.public_minimum
        return (
            Text(
                nl=f"Deze vragenlijst is voor iedereen die werkt voor een partner van {name}.",
                en=f"This questionnaire is for everyone who works for a partner in {name}.",
            ),
            Text(
                nl=f"Uw antwoorden worden gebruikt voor het onderzoek ‘{file.title.nl}’. Opdrachtgever: {file.commissioner.nl}.",
                en=f"Your answers are used for the study ‘{file.title.en}’. Commissioned by: {file.commissioner.en}.",
            ),
            Text(
                nl=f"Het rapport laat alleen uitkomsten zien over groepen van ten minste {minimum} personen.",
                en=f"The report only shows results on groups of at least {minimum} persons.",
            ),
            Text(
                nl="U mag vragen overslaan. Alleen uw organisatie is nodig: zonder kunnen uw antwoorden niet worden gebruikt.",
                en="You may skip questions. Only your organisation is needed: without it your answers cannot be used.",
            ),
        )


def number_hint(scale: Scale) -> Text:
    """Return what may be filled in on a scale without a list of answers."""
    low, high = plain_number(scale.low), plain_number(scale.high)
    kind = Text(nl="Een heel getal", en="A whole number") if scale.whole else Text(nl="Een getal", en="A number")
    return Text(nl=f"{kind.nl} van {low} tot en met {high}.", en=f"{kind.en} from {low} to {high}.")


def plain_number(value: float) -> str:
    """Return a bound as digits, never with an exponent."""
    return f"{value:.10f}".rstrip("0").rstrip(".")


def handout(evaluation: Evaluation, alliance: str, wave: str | None = None) -> Handout:
    """Return what ``alliance`` is asked in ``wave`` (left out: the last), by the columns of that wave's declared survey.

    Raises ConfigError when either is unknown, no survey of that wave is declared, a key is spread over several columns,
    or a box has no answer that means that it was ticked.
    """
    asked_in = evaluation.wave(wave or evaluation.waves[-1])
    entry = evaluation.alliance(alliance)
    source = _source(evaluation, asked_in.id)
    fixed = [(_only(source.columns.alliance, "alliance"), entry.id)]
    if not isinstance(source.wave, str):
        fixed.append((source.wave.column, next(text for text, named in source.wave.values.items() if named == asked_in.id)))
    sections = tuple(_sections(evaluation.codebook, asked_in.id))
    _refuse_unticked(evaluation, sections)
    organisations = {organisation.id: organisation for organisation in evaluation.file.organisations}
    return Handout(
        evaluation,
        entry,
        asked_in,
        _only(source.columns.respondent, "respondent"),
        _only(source.columns.organisation, "organisation"),
        tuple(fixed),
        tuple(organisations[name] for name in entry.organisations),
        sections,
    )


def _source(evaluation: Evaluation, wave: str) -> SurveySource:
    """Return the first declared survey of ``wave``."""
    source = next((source for source in evaluation.sources.surveys if wave in source.waves), None)
    if source is None:
        reason = f"no survey file is declared for wave {wave!r}; declare where it will arrive, as the questionnaire asks by its columns"
        raise ConfigError(Problem(FILE, column="sources.surveys", rule="undeclared_survey", reason=reason))
    return source


def _refuse_unticked(evaluation: Evaluation, sections: Iterable[Section]) -> None:
    for question in (question for section in sections for question in section.questions):
        if question.kind == "box" and not question.option and not question.ticked:
            reason = "the scale of this box has no answer besides its empty_value; add the one for a ticked box"
            raise ConfigError(Problem(evaluation.file.codebook, column=question.column, rule="no_ticked_answer", reason=reason))


def _only(columns: tuple[str, ...], key: str) -> str:
    if len(columns) != 1:
        reason = f"{key} stands in {len(columns)} columns, and the questionnaire asks it in one; declare one column for it"
        raise ConfigError(Problem(FILE, column=f"sources.surveys.columns.{key}", rule="composite_key", reason=reason))
    return columns[0]


def _sections(codebook: Codebook, wave: str) -> Iterator[Section]:
    """Give the sections by page, and on a page in the order of the codebook's blocks; open questions end a section."""
    asked: dict[tuple[int, str], list[AskedQuestion]] = {}
    for item in (item for item in codebook.items if item.asked_in(wave)):
        scale = item.scale_in(wave)
        question = AskedQuestion(item.column_in(wave), item.wording_in(wave), scale, codebook.scales[scale], item.option)
        asked.setdefault((item.page, item.block), []).append(question)
    for own_words in (question for question in codebook.open_questions if question.asked_in(wave)):
        asked.setdefault((own_words.page, own_words.block), []).append(AskedQuestion(own_words.column, own_words.wording))
    for page in sorted({page for page, _ in asked}):
        for block in codebook.blocks:
            if (page, block.id) in asked:
                yield Section(page, block, tuple(asked[page, block.id]))
