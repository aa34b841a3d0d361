"""A .qmd file: front matter, code cells, inline code, and Markdown with placeholders for both."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gapstudy.publish.embedded import settings
from gapstudy.publish.embedded.settings import fail

_FRONT: settings.Schema = {"title": "text", "subtitle": "text", "description": "text"}
_OPTIONS: settings.Schema = {
    "label": "text",
    "fig-cap": "text",
    "fig-alt": "text",
    "tbl-cap": "text",
    "echo": "flag",
    "code-fold": "flag",
    "code-summary": "text",
}
CALLOUTS = ("note", "tip", "warning", "important", "caution")
#: Classes that stand for cells while pandoc reads the page; a page may not use them itself.
CELL, INLINE = "gapstudy-cell", "gapstudy-inline"

_FENCE = re.compile(r"( *)(`{3,}|~{3,})[ \t]*(.*?)[ \t]*$")
_DIV = re.compile(r" *:{3,}[ \t]*(.*?)[ \t]*:*$")
_EXPRESSION = re.compile(r"(?<!`)`\{(\w+)\}[ \t]([^`]+)`(?!`)")
# A title with signs that mean something in Markdown belongs in a heading, where pandoc reads them.
_CALLOUT = re.compile(
    r"\{\.callout-(?P<kind>\w+)"
    r"(?:[ \t]+(?:title=\"[^\"*_`$@<\[]*\"|collapse=\"(?:true|false)\"))*[ \t]*\}"
)
_LABEL = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Cell:
    """One code cell or inline expression.

    Attributes:
        line: first line of its code in the file.
        code: the code without its options.
        options: what its `#|` lines say.
        inline: whether it stands in a sentence.
    """

    line: int
    code: str
    options: dict[str, Any] = field(default_factory=dict)
    inline: bool = False

    @property
    def label(self) -> str:
        """The label, or an empty text."""
        return str(self.options.get("label", ""))

    @property
    def caption(self) -> str:
        """Markdown of the caption, or an empty text."""
        return str(self.options.get("fig-cap") or self.options.get("tbl-cap") or "")


@dataclass(frozen=True)
class Source:
    """One page as written.

    Attributes:
        path: the file.
        title: its title.
        subtitle: its subtitle, or an empty text.
        description: what it holds, for the page's metadata.
        lines: all lines of the file.
        code: numbers of the lines that belong to cells.
        cells: code cells and inline expressions in order.
        markdown: the text for pandoc, cells replaced by placeholders that hold their captions.
    """

    path: Path
    title: str
    subtitle: str
    description: str
    lines: tuple[str, ...]
    code: frozenset[int]
    cells: tuple[Cell, ...]
    markdown: str


def read_page(path: Path, text: str | None = None) -> Source:
    """Read one page and check everything that can be seen line by line.

    Raises:
        RenderError: something is outside the subset; names the file and the line.
    """
    lines = (path.read_text(encoding="utf-8") if text is None else text).splitlines()
    for number, line in enumerate(lines, 1):
        if "{{<" in line or "{{%" in line:
            raise fail(path, number, "shortcodes are outside the subset")
        if CELL in line or INLINE in line:
            raise fail(path, number, "classes named gapstudy-... are reserved for the renderer")
    front, start = _front(path, lines)
    body = _Body(path, lines, start)
    body.read()
    return Source(
        path=path,
        title=front["title"],
        subtitle=front.get("subtitle", ""),
        description=front.get("description", ""),
        lines=tuple(lines),
        code=frozenset(body.code),
        cells=tuple(body.cells),
        markdown="\n".join(body.out) + "\n",
    )


def _front(path: Path, lines: list[str]) -> tuple[dict[str, Any], int]:
    if not lines or lines[0].rstrip() != "---":
        raise fail(path, 1, "a page begins with front matter", "Begin it with ---, title: ..., ---")
    for end in range(1, len(lines)):
        if lines[end].rstrip() == "---":
            front = settings.read("\n".join(lines[1:end]), _FRONT, path, 2)
            if not front.get("title"):
                raise fail(path, 1, "the page has no title", "Add title: ... to its front matter")
            return front, end + 1
    raise fail(path, 1, "the front matter is not closed", "End it with a line ---")


class _Body:
    """Reads the lines after the front matter one by one."""

    def __init__(self, path: Path, lines: list[str], start: int) -> None:
        self.path, self.lines, self.at = path, lines, start
        self.cells: list[Cell] = []
        self.code: set[int] = set()
        self.labels: set[str] = set()
        self.open: list[int] = []
        self.out: list[str] = []

    def read(self) -> None:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            fence = _FENCE.match(line)
            if fence and (fence[2][0] == "~" or "`" not in fence[3]):
                self._fence(fence)
            else:
                if _DIV.fullmatch(line) and line.lstrip().startswith(":::"):
                    self._div(line)
                self.out.append(_EXPRESSION.sub(self._expression, line))
                self.at += 1
        if self.open:
            raise fail(self.path, self.open[-1], "this div is not closed", "Close it with :::")

    def _fence(self, fence: re.Match[str]) -> None:
        number, info = self.at + 1, fence[3]
        close = re.compile(rf" *{re.escape(fence[2][0])}{{{len(fence[2])},}}[ \t]*$")
        end = self.at + 1
        while end < len(self.lines) and not close.fullmatch(self.lines[end]):
            end += 1
        if end == len(self.lines):
            raise fail(self.path, number, "this code block is not closed", "Close its fence")
        body = self.lines[self.at + 1 : end]
        if info.startswith("{="):
            raise fail(self.path, number, "raw blocks are outside the subset")
        if info.startswith("{python"):
            if info != "{python}" or fence[1] or fence[2][0] == "~":
                raise fail(self.path, number, "a cell begins with ```{python} at the margin and "
                                              "has its options on #| lines")  # fmt: skip
            self.code |= set(range(number, end + 2))
            self._cell(body)
        elif info.startswith("{") and not re.fullmatch(r"\{\.[\w-]+\}", info):
            raise fail(self.path, number, f"the block {info} is outside the subset")
        else:
            self.out += self.lines[self.at : end + 1]
        self.at = end + 1

    def _cell(self, body: list[str]) -> None:
        first = self.at + 2
        head = next((i for i, line in enumerate(body) if not line.startswith("#|")), len(body))
        yaml = "\n".join(line[2:].removeprefix(" ") for line in body[:head])
        options = settings.read(yaml, _OPTIONS, self.path, first)
        cell = Cell(first + head, "\n".join(body[head:]), options)
        self._label(cell, first)
        number = len(self.cells)
        self.cells.append(cell)
        self.out += ["", f'::::: {{.{CELL} n="{number}"}}', cell.caption, ":::::", ""]

    def _label(self, cell: Cell, line: int) -> None:
        label, options = cell.label, cell.options
        if label and not _LABEL.fullmatch(label):
            raise fail(self.path, line, f"{label!r} is not a label", "Use a-z, 0-9 and hyphens")
        if label in self.labels and label:
            raise fail(self.path, line, f"the label {label!r} is used twice", "Name them apart")
        self.labels.add(label)
        for kind, name in (("fig", "fig-cap"), ("tbl", "tbl-cap")):
            if label.startswith(kind + "-") != (name in options):
                what = f"a label that begins with {kind}- and the option {name} belong together"
                raise fail(self.path, line, what, "Give both or none")

    def _expression(self, match: re.Match[str]) -> str:
        number = self.at + 1
        if match[1] != "python":
            raise fail(self.path, number, f"inline code of {match[1]!r} is outside the subset")
        self.cells.append(Cell(number, match[2].strip(), inline=True))
        return f"`{len(self.cells) - 1}`{{.{INLINE}}}"

    def _div(self, line: str) -> None:
        number = self.at + 1
        match = _DIV.fullmatch(line)
        assert match is not None
        if not match[1]:
            if not self.open:
                raise fail(self.path, number, "this closes a div that was not opened", "Delete it")
            self.open.pop()
            return
        callout = _CALLOUT.fullmatch(match[1])
        if callout is None or callout["kind"] not in CALLOUTS:
            raise fail(
                self.path, number, f"the div {match[1]} is outside the subset: callouts only"
            )
        if line.startswith(" "):
            raise fail(self.path, number, "callouts begin at the margin", "Remove the spaces")
        self.open.append(number)
