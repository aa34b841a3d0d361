"""Calls of pandoc."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from gapstudy.errors import RenderError

#: Quarto's Markdown is pandoc's. HTML tags are kept as raw HTML so that they can be refused.
MARKDOWN = "markdown-yaml_metadata_block-pandoc_title_block-native_divs-native_spans-example_lists"


@cache
def _path() -> str:
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def _run(arguments: list[str], text: str, where: str = "") -> str:
    done = subprocess.run(
        [_path(), *arguments], input=text, capture_output=True, text=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    # Its warnings are things that it could not render rightly: TeX, a note without a text.
    if done.returncode or done.stderr.strip():
        raise RenderError(f"pandoc: {done.stderr.strip() or done.returncode}", where=where)
    return done.stdout


def parse(markdown: str, where: str = "") -> list[Any]:
    """Markdown to the blocks of pandoc's syntax tree."""
    blocks: list[Any] = json.loads(_run(["-f", MARKDOWN, "-t", "json"], markdown, where))["blocks"]
    return blocks


def to_html(blocks: list[Any], bibliography: Path | None = None, where: str = "") -> str:
    """Blocks of the syntax tree to HTML with MathML, citations resolved."""
    tree = {"pandoc-api-version": _version(), "meta": {}, "blocks": blocks}
    cite = ["--citeproc", f"--bibliography={bibliography}", "-Mlink-citations=true"]
    arguments = ["-f", "json", "-t", "html5", "--mathml", "--wrap=none", "--email-obfuscation=none"]
    return _run([*arguments, *(cite if bibliography else [])], json.dumps(tree), where)


@cache
def _version() -> tuple[int, ...]:
    return tuple(json.loads(_run(["-f", "markdown", "-t", "json"], ""))["pandoc-api-version"])


def citation_keys(bibliography: Path) -> frozenset[str]:
    """Keys of a BibTeX file."""
    text = bibliography.read_text(encoding="utf-8")
    return frozenset(
        item["id"] for item in json.loads(_run(["-f", "bibtex", "-t", "csljson"], text))
    )
