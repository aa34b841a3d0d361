"""Answers spoilt without knowing their source: a page emptied, a field renamed."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

from lxml import etree


def empty_page(body: bytes) -> bytes | None:
    """The document without its items; None where it has no list of items.

    In JSON the items are the longest list of objects in the first three levels, in XML the
    elements of the most frequent name among those whose parent holds several; in CSV all lines but
    the first.
    """
    data = _json(body)
    if data is not None:
        if isinstance(data, list):
            # An envelope of two, {about the page} and [items], keeps its first part.
            pair = len(data) == 2 and isinstance(data[0], dict) and isinstance(data[1], list)
            return json.dumps([data[0], []] if pair else []).encode()
        holder = max(_lists(data, 3), key=lambda found: len(found[0][found[1]]), default=None)
        if holder is None:
            return None
        holder[0][holder[1]] = []
        return json.dumps(data).encode()
    root = _xml(body)
    if root is not None:
        items = _items(root)
        for element in items:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8") if items else None
    lines = body.splitlines(keepends=True)
    return lines[0] if len(lines) > 1 else None


def renamed(body: bytes, name: str, random: Random) -> bytes | None:
    """The document with one field renamed everywhere; None where there is no such field.

    Args:
        body: JSON or XML.
        name: the field; drawn from those of the first item when empty.
        random: for the draw.
    """
    data = _json(body)
    if data is not None:
        first = next(iter(data), None) if isinstance(data, list) else data
        if isinstance(data, dict):
            found = max(_lists(data, 3), key=lambda one: len(one[0][one[1]]), default=None)
            first = found[0][found[1]][0] if found else data
        name = name or (random.choice(sorted(first)) if isinstance(first, dict) and first else "")
        changed = _rename(data, name)
        return None if changed == data else json.dumps(changed).encode()
    root = _xml(body)
    if root is None:
        return None
    names = sorted({etree.QName(element).localname for element in root.iter(etree.Element)})
    name = name or random.choice(names)
    if name not in names:
        return None
    for element in root.iter(etree.Element):
        if etree.QName(element).localname == name:
            element.tag = str(element.tag).replace(name, f"new_{name}")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _json(body: bytes) -> Any:
    try:
        data = json.loads(body)
    except ValueError:
        return None
    return data if isinstance(data, (dict, list)) else None


def _lists(data: dict[str, Any], depth: int) -> list[tuple[dict[str, Any], str]]:
    found = []
    for key, value in data.items():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            found.append((data, key))
        elif isinstance(value, dict) and depth > 1:
            found += _lists(value, depth - 1)
    return found


def _rename(data: Any, name: str) -> Any:
    if isinstance(data, dict):
        return {f"new_{k}" if k == name else k: _rename(v, name) for k, v in data.items()}
    return [_rename(one, name) for one in data] if isinstance(data, list) else data


def _xml(body: bytes) -> Any:
    if not body.lstrip().startswith(b"<"):
        return None
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None


def _items(root: Any) -> list[Any]:
    named = ("entry", "record", "item", "publication-reference", "exchange-document")
    for name in named:
        found = [e for e in root.iter(etree.Element) if etree.QName(e).localname == name]
        if found:
            return found
    counts = Counter(element.tag for element in root)
    tag, times = max(counts.items(), key=lambda pair: pair[1], default=("", 0))
    return [element for element in root if element.tag == tag] if times > 1 else []
