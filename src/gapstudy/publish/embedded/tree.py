"""Small functions on pandoc's syntax tree: dictionaries with a type `t` and a content `c`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from gapstudy.publish.embedded.source import Cell
from gapstudy.publish.escape import html_text

Node = dict[str, Any]
#: What is numbered: the beginning of its labels, and its name.
KINDS = {"fig": "Figure", "tbl": "Table", "eq": "Equation"}
EQUATION = re.compile(r"\{#(eq-[a-z0-9-]+)\}")
FORMS = {"Emph", "Strong", "Superscript", "Subscript", "Strikeout", "Quoted", "Note"}
INLINE_KINDS = {
    *FORMS, "Str", "Space", "SoftBreak", "LineBreak", "Math", "Code", "Cite", "Link", "Image",
    "RawInline", "Span", "SmallCaps", "Underline",
}  # fmt: skip


def node(kind: str, content: Any = None) -> Node:
    """A node of the tree."""
    return {"t": kind} if content is None else {"t": kind, "c": content}


def string(text: str) -> Node:
    """A text."""
    return node("Str", text)


def raw(html: str) -> Node:
    """Raw HTML as a block."""
    return node("RawBlock", ["html", html])


def raw_inline(html: str) -> Node:
    """Raw HTML within a text."""
    return node("RawInline", ["html", html])


def displayed(node: Node) -> bool:
    """Whether a node is a displayed equation."""
    return bool(node["t"] == "Math" and node["c"][0]["t"] == "DisplayMath")


def label_after(inlines: list[Node]) -> tuple[str, int]:
    """Label that follows a displayed equation, and how many nodes it takes up."""
    spaces = 0
    while spaces < len(inlines) and inlines[spaces]["t"] in {"Space", "SoftBreak"}:
        spaces += 1
    if spaces < len(inlines) and inlines[spaces]["t"] == "Str":
        match = EQUATION.fullmatch(inlines[spaces]["c"])
        if match:
            return match[1], spaces + 1
    return "", 0


def number_labels(cells: Sequence[Cell], blocks: list[Node]) -> dict[str, int]:
    """Numbers of all labels of a page, each kind counted from 1 in the page's order."""
    counts = dict.fromkeys(KINDS, 0)
    numbers: dict[str, int] = {}

    def count(label: str) -> None:
        kind = label.split("-")[0]
        if kind in counts and label not in numbers:
            counts[kind] += 1
            numbers[label] = counts[kind]

    for cell in cells:
        if cell.caption:
            count(cell.label)
    for label in equation_labels(blocks):
        count(label)
    return numbers


def equation_labels(content: Any) -> list[str]:
    """Labels of displayed equations at any depth, in order."""
    found: list[str] = []
    if isinstance(content, list):
        for index, item in enumerate(content):
            if isinstance(item, dict) and item.get("t") == "Math" and displayed(item):
                label, _ = label_after(content[index + 1 :])
                found += [label] if label else []
            else:
                found += equation_labels(item)
    elif isinstance(content, dict):
        found += equation_labels(content.get("c"))
    return found


def code_blocks(cell: Cell) -> list[Node]:
    """The code of a cell, folded if it says so."""
    block = node("CodeBlock", [["", ["python"], []], cell.code])
    if not cell.options.get("code-fold", False):
        return [block]
    summary = html_text(cell.options.get("code-summary", "Code"))
    return [raw(f'<details class="code-fold"><summary>{summary}</summary>'), block,
            raw("</details>")]  # fmt: skip


def plain_text(inlines: Any) -> str:
    """Text of inlines, without their form."""
    if isinstance(inlines, list):
        return "".join(plain_text(item) for item in inlines)
    if isinstance(inlines, dict):
        if inlines.get("t") in {"Space", "SoftBreak", "LineBreak"}:
            return " "
        return plain_text(inlines.get("c", ""))
    return inlines if isinstance(inlines, str) else ""


def sample_text(content: Any) -> str:
    """First text inside a node, to find its line by."""
    if isinstance(content, str):
        return "" if content in {"html", "tex", "latex"} else content
    if isinstance(content, dict):
        return sample_text(content.get("c", ""))
    if isinstance(content, list):
        return next((text for text in map(sample_text, content) if text), "")
    return ""
