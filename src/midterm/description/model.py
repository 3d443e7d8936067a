"""The base of every description model: frozen, typed, and refusing unknown keys in one readable sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from midterm.description.yaml import Lines, load_yaml
from midterm.errors import ConfigError, Problem, nearest

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Frozen(BaseModel):
    """A part of the description: immutable, and every key known."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Text(Frozen):
    """A text for people, in every language that the project speaks."""

    nl: str
    en: str

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


def load_model(model: type[Model], path: Path, shown: str) -> Loaded[Model]:
    """Read ``path`` as ``model``; raise ConfigError naming file, line, key and what to write instead."""
    content, lines = load_yaml(path, shown)
    if not isinstance(content, dict):
        raise ConfigError(Problem(shown, row=1, rule="yaml", reason="the file must be a mapping of keys to values"))
    try:
        return Loaded(model.model_validate(content), lines, shown)
    except ValidationError as error:
        raise ConfigError([_problem(model, fault, lines, shown) for fault in error.errors(include_url=False)]) from None


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
