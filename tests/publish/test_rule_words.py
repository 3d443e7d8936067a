"""Every rule of reading and cleaning has words in both languages: the rules are collected from the source, not from a list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from midterm.description import Evaluation
from midterm.description.codebook import FRAMEWORK_FIELDS, MissingKind
from midterm.publish.quality.tables import AS_INTENDED
from midterm.tables import DECLARED

SOURCE = Path(__file__).resolve().parents[2] / "src/midterm"
ROOMS = ("clean", "read")
COLUMNS = {column for table in DECLARED for column in table.columns}
# What looks like a rule in a module that does not write its rules out where a finding is made, and is none.
NO_RULE = {*COLUMNS, *FRAMEWORK_FIELDS, *get_args(MissingKind), "refi_qda"}
LOOKS_LIKE_A_RULE = re.compile(r"[a-z]+(_[a-z0-9]+)+")


class Module:
    """One parsed module: what it defines and imports, its calls with the function around each, its tables of reasons by rule."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(SOURCE).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.imports = {
            alias.asname or alias.name: (f"{(node.module or '').removeprefix('midterm.').replace('.', '/')}.py", alias.name)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        self.tables = {
            target.id: [key.value for key in node.value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            for node in self.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }

    def calls(self, around: ast.AST | None = None, inside: ast.AST | None = None) -> Iterator[tuple[ast.Call, ast.AST | None]]:
        for node in ast.iter_child_nodes(inside or self.tree):
            if isinstance(node, ast.Call):
                yield node, around
            yield from self.calls(node if isinstance(node, ast.FunctionDef) else around, node)

    def takers(self) -> Iterator[tuple[str, str, int]]:
        """Give the module (empty for a method, which is known by its name alone), name and position of whatever takes a ``rule``."""
        methods = {part for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef) for part in node.body}
        for node in ast.walk(self.tree):
            names: list[str] = []
            if isinstance(node, ast.ClassDef):
                names = [part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)]
            elif isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]
            if "rule" in names:
                yield "" if node in methods else self.name, node.name, names.index("rule")  # type: ignore[attr-defined]

    def literals(self) -> set[str]:
        """Return every text in the module that looks like a rule and is not known as something else."""
        known = NO_RULE | {node.attr for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)} | set(self.imports)
        texts = {node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        return {text for text in texts - known if LOOKS_LIKE_A_RULE.fullmatch(text)}


def rule_arguments(module: Module, positions: dict[tuple[str, str], int]) -> Iterator[tuple[ast.expr, ast.AST | None]]:
    for call, around in module.calls():
        named = [keyword.value for keyword in call.keywords if keyword.arg == "rule"]
        if isinstance(call.func, ast.Name):
            position = positions.get(module.imports.get(call.func.id, (module.name, call.func.id)))
        else:
            position = positions.get(("", call.func.attr)) if isinstance(call.func, ast.Attribute) else None
        if named:
            yield named[0], around
        elif position is not None and len(call.args) > position:
            yield call.args[position], around


def given_by(expression: ast.expr, around: ast.AST | None, module: Module) -> set[str]:
    """Return the rules that an argument may be.

    One that passes on the ``rule`` of another call adds none; one that cannot be followed may be whatever in its module looks
    like a rule.
    """
    if isinstance(expression, ast.Constant):
        return {expression.value} - {""}
    if isinstance(expression, ast.IfExp):
        return given_by(expression.body, around, module) | given_by(expression.orelse, around, module)
    if isinstance(expression, ast.Attribute) and expression.attr == "rule":
        return set()
    if isinstance(expression, ast.Name) and isinstance(around, ast.FunctionDef):
        if expression.id == "rule" and "rule" in [argument.arg for argument in around.args.args]:
            return set()
        subscripts = [node for node in ast.walk(around) if isinstance(node, ast.Subscript) and ast.unparse(node.slice) == expression.id]
        tables = {ast.unparse(node.value) for node in subscripts} & set(module.tables)
        if tables:
            return {rule for table in tables for rule in module.tables[table]}
    return module.literals()


@cache
def collected() -> dict[str, str]:
    """Return every rule with a place where a finding may be given it."""
    parsed = [Module(path) for room in ROOMS for path in sorted((SOURCE / room).rglob("*.py"))]
    positions = {(module, name): position for part in (Module(SOURCE / "errors.py"), *parsed) for module, name, position in part.takers()}
    rules: dict[str, str] = {}
    for module in parsed:
        for expression, around in rule_arguments(module, positions):
            rules |= dict.fromkeys(sorted(given_by(expression, around, module)), f"{module.name}:{expression.lineno}")
    return rules


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_rule_in_the_source_has_words(tiny: Evaluation, language: str) -> None:
    words = tiny.labels[language].quality.rules  # type: ignore[index]
    without = {rule: place for rule, place in collected().items() if rule not in words}
    assert without == {}, f"add these rules to quality.rules in config/labels.{language}.yml"


def test_both_languages_have_words_for_the_same_rules(tiny: Evaluation) -> None:
    assert list(tiny.labels["nl"].quality.rules) == list(tiny.labels["en"].quality.rules)


def test_what_asks_for_nothing_is_a_rule_too(tiny: Evaluation) -> None:
    assert set(AS_INTENDED) <= set(tiny.labels["nl"].quality.rules)


def test_the_collection_finds_rules_however_they_are_given() -> None:
    """Known from the source: by position, by keyword, by a class of its own, through a function, from a table of reasons."""
    rules = collected()
    assert {"missing_column", "awaited", "unknown_alliance", "ragged_row", "straight_lining"} <= set(rules)
    assert len(rules) > 25


def test_no_words_are_kept_for_a_rule_that_is_gone(tiny: Evaluation) -> None:
    assert set(tiny.labels["nl"].quality.rules) - set(collected()) == set(), "remove these rules from config/labels.nl.yml and labels.en.yml"


def test_every_rule_stands_in_the_documents(tiny: Evaluation) -> None:
    told = (SOURCE.parents[1] / "docs/reading.md").read_text(encoding="utf-8")
    assert [rule for rule in tiny.labels["en"].quality.rules if f"| `{rule}` |" not in told] == []
