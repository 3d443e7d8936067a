"""Safe YAML: in, a file; out, plain mappings of text, with the line of every key for messages.

Every scalar stays text (``007``, ``1e5``, ``NO`` and ``null`` are what they look like), so that the typed models
decide what a value is. Tags, anchors, aliases and repeated keys are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from midterm.errors import ConfigError, Problem

Lines = dict[tuple[str | int, ...], int]
MAX_BYTES = 2_000_000
MAX_DEPTH = 50


def load_yaml(path: Path, shown: str) -> tuple[Any, Lines]:
    """Return the content of ``path`` as dicts, lists and strings, and the line on which each key stands.

    ``shown`` is the file's name in messages. Raises ConfigError when the file is missing, too large, not UTF-8,
    not YAML, or uses tags, anchors, aliases or a key twice.
    """
    text = _read_text(path, shown)
    try:
        _refuse_tricks(text, shown)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else None
        raise ConfigError(Problem(shown, row=row, rule="yaml", reason="this is not valid YAML here; check indentation, colons and quotes")) from None
    lines: Lines = {}
    return (_build(node, (), lines, shown) if node is not None else {}), lines


def _read_text(path: Path, shown: str) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(Problem(shown, rule="missing_file", reason="this file does not exist; create it or name another folder")) from None
    except OSError:
        raise ConfigError(Problem(shown, rule="unreadable", reason="this file cannot be read; check that it is a file and its permissions")) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(Problem(shown, rule="too_large", reason="this file is over 2 MB, too large for a description; check that it is the right file"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(Problem(shown, rule="encoding", reason="this file is not UTF-8; save it as UTF-8")) from None


def _refuse_tricks(text: str, shown: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        row = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(Problem(shown, row=row, rule="yaml_alias", reason="anchors and aliases (& and *) are not allowed; write the value out"))
        if depth > MAX_DEPTH:
            raise ConfigError(Problem(shown, row=row, rule="yaml_depth", reason="the lists and keys here are nested too deeply; check the brackets"))
        if getattr(event, "tag", None):
            raise ConfigError(Problem(shown, row=row, rule="yaml_tag", reason="tags (!) are not allowed; write the plain value"))


def _build(node: yaml.Node, path: tuple[str | int, ...], lines: Lines, shown: str) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, index), lines, shown) for index, child in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        row = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ConfigError(Problem(shown, row=row, rule="yaml_key", reason="a key must be plain text; rewrite it"))
        key = key_node.value
        if key in built:
            raise ConfigError(Problem(shown, row=row, column=key, rule="yaml_duplicate_key", reason="this key stands here twice; keep one of them"))
        lines[(*path, key)] = row
        built[key] = _build(value_node, (*path, key), lines, shown)
    return built
