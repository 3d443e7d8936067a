"""The base of every description model: frozen, typed, and refusing unknown keys in one readable sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from midterm.description.yaml import Lines, load_yaml
from midterm.errors import ConfigError, Problem, nearest

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Frozen(BaseModel):
    """A part of the description: immutable, and every key known."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


UNTRANSLATED: dict[Language, str] = {"nl": "(niet vertaald)", "en": "(not translated)"}


class Text(Frozen):
    """A text for people, in every language that the project speaks; what is written in one only stands in for the other, and says so."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["nl"]}, {"required": ["en"]}]})

    nl: str = ""
    en: str = ""

    @model_validator(mode="before")
    @classmethod
    def _stand_in(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        given = {language: text for language in LANGUAGES if isinstance(text := content.get(language), str) and text.strip()}
        if not given and not any(content.get(language) for language in LANGUAGES):
            raise ValueError(f"this text is there in no language; write it in {' or '.join(LANGUAGES)}")
        missing = {language: f"{next(iter(given.values()))} {mark}" for language, mark in UNTRANSLATED.items() if not content.get(language)} if given else {}
        return {**content, **missing}

    def in_(self, language: Language) -> str:
        """Return the text in ``language``."""
        return self.nl if language == "nl" else self.en


Model = TypeVar("Model", bound=Frozen)


@dataclass(frozen=True)
class Loaded(Generic[Model]):
    """A description file as read: its content, and where each key stands for messages."""

    model: Model
    lines: Lines
    shown: str

    def problem(self, key: tuple[str | int, ...], rule: str, reason: str) -> Problem:
        """Return a problem at ``key``, on the line of the key or of the nearest one above it."""
        row = next((self.lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.lines), None)
        return Problem(self.shown, row=row, column=".".join(map(str, key)), rule=rule, reason=reason)


def load_model(model: type[Model], path: Path, shown: str, under: Mapping[str, Any] | None = None) -> Loaded[Model]:
    """Read ``path`` as ``model``; raise ConfigError naming file, line, key and what to write instead.

    Keys that are not there are those of ``under``, where it is given.
    """
    content, lines = load_yaml(path, shown)
    if not isinstance(content, dict):
        raise ConfigError(Problem(shown, row=1, rule="yaml", reason="the file must be a mapping of keys to values"))
    content = over(content, under) if under else content
    try:
        return Loaded(model.model_validate(content), lines, shown)
    except ValidationError as error:
        raise ConfigError([_problem(model, fault, lines, shown) for fault in error.errors(include_url=False)]) from None


def over(content: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``content`` with the keys that it lacks from ``under``, at every depth."""
    filled = {key: over(value, under[key]) if isinstance(value, dict) and isinstance(under.get(key), dict) else value for key, value in content.items()}
    return {**under, **filled}


def _problem(model: type[Frozen], fault: Any, lines: Lines, shown: str) -> Problem:
    location = tuple(part for part in fault["loc"])
    key = ".".join(str(part) for part in location)
    row = next((lines[location[:end]] for end in range(len(location), -1, -1) if location[:end] in lines), None)
    return Problem(shown, row=row, column=key, rule=f"config_{fault['type']}", reason=_reason(model, fault, location))


def _reason(model: type[Frozen], fault: Any, location: tuple[Any, ...]) -> str:
    kind = fault["type"]
    if kind == "extra_forbidden":
        return f"this key is not known; {nearest(str(location[-1]), _keys_beside(model, location[:-1]))}"
    if kind == "missing":
        return "this key is required; add it"
    if kind == "literal_error":
        return f"this value is not one of {fault['ctx']['expected']}; choose one of them"
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    return f"{fault['msg'][0].lower()}{fault['msg'][1:]}; correct the value"


def _keys_beside(model: type[Frozen], location: tuple[Any, ...]) -> list[str]:
    """Follow ``location`` through the models' annotations and return the keys valid at its end."""
    types: set[type[Frozen]] = {model}
    for part in location:
        fields = [field.annotation for current in types for name, field in current.model_fields.items() if name == part]
        types = _models_in(fields) or types
    return sorted({name for current in types for name in current.model_fields})


def _models_in(annotations: list[Any]) -> set[type[Frozen]]:
    found: set[type[Frozen]] = set()
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, Frozen):
            found.add(annotation)
        found |= _models_in(list(get_args(annotation)))
    return found


def untranslated(model: Frozen, languages: Iterable[Language]) -> Iterator[tuple[str, Language]]:
    """Give the key of every text within ``model`` that is missing in one of ``languages``, and which."""
    for name in type(model).model_fields:
        yield from _untranslated(name, getattr(model, name), tuple(languages))


def _untranslated(key: str, value: object, languages: tuple[Language, ...]) -> Iterator[tuple[str, Language]]:
    if isinstance(value, Text):
        yield from ((key, language) for language in languages if value.in_(language).endswith(UNTRANSLATED[language]))
    elif isinstance(value, Frozen):
        yield from ((f"{key}.{inner}", language) for inner, language in untranslated(value, languages))
    elif isinstance(value, tuple | dict):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for place, entry in entries:
            yield from _untranslated(f"{key}.{getattr(entry, 'id', place)}", entry, languages)
