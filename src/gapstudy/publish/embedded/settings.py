"""YAML that may say only what its schema knows; errors carry file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gapstudy.errors import RenderError, nearest

#: A schema is a mapping of keys to schemas, a list of one schema for its items, a tuple of the only
#: values allowed, or "text", "flag" or "texts" (one text or a list of them).
Schema = Any
REMEDY = "docs/renderer.md lists what the embedded renderer knows; or install Quarto"


def fail(path: Path, line: int, what: str, remedy: str = REMEDY) -> RenderError:
    """The error of one place in a file of the project."""
    return RenderError(what, where=f"{path.name}:{line}", remedy=remedy)


def read(text: str, schema: Schema, path: Path, first_line: int = 1) -> dict[str, Any]:
    """Read a YAML mapping by its schema.

    Args:
        text: the YAML.
        schema: what it may say.
        path: the file it stands in, for messages.
        first_line: line of that file on which it begins.

    Raises:
        RenderError: not YAML, an unknown or repeated key, or a value of the wrong kind.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = first_line + (mark.line if mark else 0)
        raise fail(path, line, f"not valid YAML: {error.problem}", "Correct that line") from error
    if node is None:
        return {}
    value = _value(node, schema, path, first_line, "")
    assert isinstance(value, dict)
    return value


def _value(node: yaml.Node, schema: Schema, path: Path, first: int, name: str) -> Any:
    line = first + node.start_mark.line
    if isinstance(schema, Mapping):
        if not isinstance(node, yaml.MappingNode):
            raise fail(path, line, f"{name or 'this'} must be a mapping of keys")
        return _mapping(node, schema, path, first, name)
    if isinstance(schema, list):
        if not isinstance(node, yaml.SequenceNode):
            raise fail(path, line, f"{name} must be a list")
        return [_value(item, schema[0], path, first, name) for item in node.value]
    if schema == "texts" and isinstance(node, yaml.SequenceNode):
        return [_value(item, "text", path, first, name) for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        raise fail(path, line, f"{name} must be a single value")
    if schema == "flag":
        value = yaml.SafeLoader("").construct_object(node)
        if not isinstance(value, bool):
            raise fail(path, line, f"{name} must be true or false, not {node.value!r}")
        return value
    if isinstance(schema, tuple) and node.value not in schema:
        raise fail(path, line, f"{name}: {node.value!r} is outside the subset, only "
                               + " or ".join(repr(item) for item in schema))  # fmt: skip
    return [node.value] if schema == "texts" else node.value


def _mapping(
    node: yaml.MappingNode, schema: Mapping[str, Schema], path: Path, first: int, name: str
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = first + key_node.start_mark.line
        key = key_node.value
        full = f"{name}.{key}" if name else str(key)
        if key not in schema:
            known = nearest(str(key), list(schema))
            raise fail(path, line, f"the key {full!r} is outside the subset", f"{known} {REMEDY}")
        if key in result:
            raise fail(path, line, f"the key {full!r} is given twice", "Keep one of them")
        result[key] = _value(value_node, schema[key], path, first, full)
    return result
