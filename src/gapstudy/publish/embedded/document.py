"""One page between parsing and writing: checks pandoc's tree, numbers and links its floats.

Only figures, tables and equations are numbered, so no heading (a callout's title least of all) can
shift a number; sections are linked by their title, which pandoc does itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gapstudy.errors import RenderError
from gapstudy.publish.embedded.execute import Output
from gapstudy.publish.embedded.outputs import cell_html
from gapstudy.publish.embedded.settings import REMEDY, fail
from gapstudy.publish.embedded.source import CELL, INLINE, Source
from gapstudy.publish.embedded.tree import (
    EQUATION,
    FORMS,
    INLINE_KINDS,
    KINDS,
    Node,
    code_blocks,
    displayed,
    equation_labels,
    label_after,
    node,
    number_labels,
    plain_text,
    raw,
    raw_inline,
    sample_text,
    string,
)

_BLOCKS = {"BulletList", "OrderedList", "DefinitionList", "BlockQuote", "HorizontalRule"}


@dataclass(frozen=True)
class Section:
    """One entry of the page's table of contents."""

    anchor: str
    title: str


class Document:
    """The tree of one page, made ready for the HTML writer.

    Args:
        source: the page as written.
        blocks: its tree from pandoc.
        outputs: what its cells gave.
        pages: names of all pages of the site.
        keys: citation keys that exist.
        echo: whether cells show their code unless they say otherwise.

    Attributes:
        blocks: the tree to write.
        sections: headings of the second level.
        files: pictures that cells gave, by name.

    Raises:
        RenderError: something is outside the subset, or a reference leads nowhere.
    """

    def __init__(
        self,
        source: Source,
        blocks: list[Node],
        outputs: Sequence[Sequence[Output]],
        *,
        pages: frozenset[str],
        keys: frozenset[str],
        echo: bool,
    ) -> None:
        self.source, self.outputs, self.pages, self.keys, self.echo = (
            source, outputs, pages, keys, echo,
        )  # fmt: skip
        self.sections: list[Section] = []
        self.files: dict[str, bytes] = {}
        self.cited = False
        self.in_callout = False
        self._cursor = 0
        self.numbers = number_labels(source.cells, blocks)
        labels = equation_labels(blocks)
        twice = next((label for label in labels if labels.count(label) > 1), "")
        if twice:
            raise self._error(f"the label {twice!r} is used twice", twice, "Name them apart")
        self.blocks = self._blocks(blocks)
        if self.cited:
            self.sections.append(Section("references", "References"))
            self.blocks += [
                node("Header", [2, ["references", [], []], [string("References")]]),
                node("Div", [["refs", [], []], []]),
            ]

    # Blocks

    def _blocks(self, blocks: Sequence[Node]) -> list[Node]:
        return [made for block in blocks for made in self._block(block)]

    def _block(self, block: Node) -> list[Node]:
        kind = block["t"]
        content: Any = block.get("c")
        if kind in {"Para", "Plain"}:
            return self._paragraph(kind, content)
        if kind == "Header":
            return self._header(content)
        if kind == "Div":
            return self._div(content)
        if kind == "CodeBlock":
            return [block]
        if kind == "Table":
            return self._table(block)
        if kind in _BLOCKS:
            return [node(kind, self._nested(content))] if content is not None else [block]
        raise self._outside(f"a block of the kind {kind}", sample_text(content))

    def _nested(self, content: Any) -> Any:
        """Lists and quotes: nodes at any depth of plain lists."""
        if isinstance(content, list):
            if content and all(isinstance(item, dict) and "t" in item for item in content):
                if content[0]["t"] in INLINE_KINDS:
                    return self._inlines(content)
                return self._blocks(content)
            return [self._nested(item) for item in content]
        return content

    def _header(self, content: Any) -> list[Node]:
        level, (anchor, classes, attributes), inlines = content
        title = plain_text(inlines)
        if level == 1:
            raise self._outside("a heading of the first level (the title is it)", title)
        if classes or attributes:
            raise self._outside("a heading with classes or attributes", title)
        if level == 2 and not self.in_callout:
            self.sections.append(Section(anchor, title))
        return [node("Header", [level, [anchor, [], []], self._inlines(inlines)])]

    def _paragraph(self, kind: str, inlines: list[Node]) -> list[Node]:
        """A paragraph; displayed equations become blocks of their own."""
        made: list[Node] = []
        rest: list[Node] = []
        index = 0
        while index < len(inlines):
            item = inlines[index]
            index += 1
            if not displayed(item):
                rest.append(item)
                continue
            label, used = label_after(inlines[index:])
            index += used
            if plain_text(rest).strip():
                made.append(node(kind, self._inlines(rest)))
            rest = []
            made += self._equation(item, label)
        if not made or plain_text(rest).strip():
            made.append(node(kind, self._inlines(rest)))
        return made

    def _equation(self, math: Node, label: str) -> list[Node]:
        name = f"Equation {self.numbers[label]}" if label else "Equation"
        anchor = f' id="{label}"' if label else ""
        # Focusable, because a long equation scrolls sideways in its own box on a narrow screen.
        start = f'<div class="equation"{anchor} role="group" aria-label="{name}" tabindex="0">'
        end = f'<span class="equation-number">({self.numbers[label]})</span>' if label else ""
        return [raw(start), node("Plain", [math]), raw(f"{end}</div>")]

    def _table(self, block: Node) -> list[Node]:
        attributes, caption, *rest = block["c"]
        if caption[1] or attributes[0] or attributes[1]:
            raise self._outside(
                "a Markdown table with a caption (use a cell)", sample_text(caption)
            )
        box = '<div class="table-scroll" role="group" aria-label="Table" tabindex="0">'
        return [
            raw(box),
            node("Table", [attributes, caption, *self._cells(rest)]),
            raw("</div>"),
        ]

    def _cells(self, content: Any) -> Any:
        """Rows of a Markdown table: blocks within their cells, at any depth."""
        if not isinstance(content, list):
            return content
        if content and all(isinstance(item, dict) and "t" in item for item in content):
            layout = content[0]["t"].startswith(("Align", "ColWidth"))
            return content if layout else self._blocks(content)
        return [self._cells(item) for item in content]

    def _div(self, content: Any) -> list[Node]:
        (_, classes, attributes), blocks = content
        if CELL in classes:
            return self._cell(int(dict(attributes)["n"]), blocks)
        kind = classes[0].removeprefix("callout-")
        options = dict(attributes)
        title: Any = [string(options.get("title", kind.capitalize()))]
        if not options.get("title") and blocks and blocks[0]["t"] == "Header":
            title, blocks = blocks[0]["c"][2], blocks[1:]
        self.in_callout, before = True, self.in_callout
        body = self._blocks(blocks)
        self.in_callout = before
        head = self._inlines(title)
        if options.get("collapse") in {"true", "false"}:
            shown = " open" if options["collapse"] == "false" else ""
            start, middle = (
                f'<details class="callout callout-{kind}"{shown}><summary>',
                "</summary>",
            )
            end = "</details>"
        else:
            start = f'<div class="callout callout-{kind}" role="note"><p class="callout-title">'
            middle, end = "</p>", "</div>"
        return [raw(start), node("Plain", head), raw(middle), *body, raw(end)]

    def _cell(self, number: int, caption: list[Node]) -> list[Node]:
        cell = self.source.cells[number]
        made: list[Node] = []
        if cell.options.get("echo", self.echo):
            made += code_blocks(cell)
        html = cell_html(self.source, number, self.outputs[number], self.files)
        if not cell.caption:
            return [*made, raw(html)] if html else made
        kind = cell.label.split("-")[0]
        name = f'<span class="float-number">{KINDS[kind]} {self.numbers[cell.label]}:</span> '
        caption_inlines = [inline for block in caption for inline in block["c"]]
        text = [
            raw("<figcaption>"),
            node("Plain", [raw_inline(name), *self._inlines(caption_inlines)]),
            raw("</figcaption>"),
        ]
        body = [*text, raw(html)] if kind == "tbl" else [raw(html), *text]
        return [*made, raw(f'<figure class="float float-{kind}" id="{cell.label}">'), *body,
                raw("</figure>")]  # fmt: skip

    # Inlines

    def _inlines(self, inlines: Sequence[Node]) -> list[Node]:
        return [made for inline in inlines for made in self._inline(inline)]

    def _inline(self, inline: Node) -> list[Node]:
        kind = inline["t"]
        content: Any = inline.get("c")
        if kind == "Code":
            if INLINE in content[0][1]:
                return [raw_inline(self.outputs[int(content[1])][0].data)]
            return [inline]
        if kind in {"Str", "Space", "SoftBreak", "LineBreak", "Math"}:
            if kind == "Str" and EQUATION.fullmatch(content):
                raise self._outside("an equation's label away from its equation", content)
            return [inline]
        if kind == "Cite":
            return self._cite(content)
        if kind == "Link":
            return [self._link(content)]
        if kind == "Quoted":
            return [node(kind, [content[0], self._inlines(content[1])])]
        if kind == "Note":
            return [node(kind, self._blocks(content))]
        if kind in FORMS:
            return [node(kind, self._inlines(content))]
        raise self._outside(f"text of the kind {kind}", sample_text(content))

    def _link(self, content: Any) -> Node:
        attributes, inlines, (target, title) = content
        # pandoc itself marks bare addresses with the class uri.
        if set(attributes[1]) - {"uri", "email"} or attributes[2]:
            raise self._outside("a link with classes or attributes", target)
        page, mark, anchor = target.partition("#")
        if page.endswith(".qmd"):
            if page not in self.pages:
                raise self._error(f"the page {page} does not exist", page, "Correct the link")
            target = page.removesuffix(".qmd") + ".html" + mark + anchor
        return node("Link", [attributes, self._inlines(inlines), [target, title]])

    def _cite(self, content: Any) -> list[Node]:
        citations, inlines = content
        ids = [citation["citationId"] for citation in citations]
        references = [name for name in ids if name.split("-")[0] in {*KINDS, "sec"}]
        if not references:
            for name in ids:
                if name not in self.keys:
                    raise self._error(
                        f"the bibliography has no {name!r}", name, "Add or correct it"
                    )
            self.cited = True
            return [node("Cite", [citations, inlines])]
        if len(references) < len(ids):
            raise self._error("a citation and a reference in one bracket", f"@{ids[0]}", REMEDY)
        links: list[Node] = []
        for citation in citations:
            name = citation["citationId"]
            if name not in self.numbers:
                known = "Known on this page: " + (", ".join(self.numbers) or "none")
                raise self._error(f"nothing on this page is labelled {name!r}", f"@{name}", known)
            bare = citation["citationMode"]["t"] == "SuppressAuthor"
            word = "" if bare else KINDS[name.split("-")[0]] + "\N{NO-BREAK SPACE}"
            text = string(f"{word}{self.numbers[name]}")
            if links:
                links += [string(","), node("Space")]
            links.append(node("Link", [["", ["cross-reference"], []], [text], [f"#{name}", ""]]))
        return links

    # Errors

    def _outside(self, what: str, sample: str) -> RenderError:
        return self._error(f"{what} is outside the subset", sample, REMEDY)

    def _error(self, what: str, sample: str, remedy: str) -> RenderError:
        return fail(self.source.path, self._line(sample), what, remedy)

    def _line(self, sample: str) -> int:
        """First line of the text that holds the sample's first line, or its first word, or line 1.

        Captions stand in cells, so these are searched last.
        """
        first = sample.strip().splitlines()[0].strip() if sample.strip() else ""
        numbered = list(enumerate(self.source.lines, 1))
        ordered = sorted(numbered, key=lambda item: item[0] in self.source.code)
        for text in (first, *first.split()[:1]):
            for number, line in ordered:
                if text and text in line:
                    return number
        return 1
