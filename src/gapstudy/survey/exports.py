"""What survey tools export as CSV -> columns with every name that they go by, and rows.

LimeSurvey names a column by the question's code (`ROLE`, `BAR[DATA1]`) or by its text; Qualtrics
writes three header rows (name, text, a JSON with `ImportId`), see
https://www.qualtrics.com/support/survey-platform/data-and-analysis-module/data/download-data/understanding-your-dataset/;
Google Forms has the text of the question alone, that of a grid's row in brackets behind it.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Literal

from gapstudy.errors import UsageError
from gapstudy.survey.questionnaire import Questionnaire, fold

Tool = Literal["auto", "limesurvey", "qualtrics", "google", "csv"]
TOOLS: tuple[Tool, ...] = ("limesurvey", "qualtrics", "google", "csv")
#: Largest file taken, bytes; a survey of 100,000 practitioners is smaller.
MOST = 256 << 20
_LIME = frozenset({
    "submitdate", "date submitted", "startlanguage", "start language", "lastpage", "last page",
    "seed", "response id",
})  # fmt: skip


@dataclass(frozen=True)
class Export:
    """One export.

    Attributes:
        tool: the tool that made it.
        names: for each column what it is called, without case and signs; the first is its own name.
        rows: cells of each response; the shorter of them are filled with empty cells.
        first: line of the file, in rows of the CSV, that the first response stands in.
        ragged: rows (as numbers from `first`) with more cells than there are columns.
    """

    tool: Tool
    names: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    first: int
    ragged: frozenset[int]


def read(body: bytes, form: Questionnaire, tool: Tool = "auto", where: str = "") -> Export:
    """Read an export.

    Args:
        body: its bytes: UTF-8, or UTF-16 with a mark, separated by commas, semicolons or tabs.
        form: the questionnaire, to tell the separator by the columns that it makes.
        tool: the tool, or auto to see by the header.
        where: name of the file, for messages.

    Raises:
        UsageError: not such a file, or no header that can be read.
    """
    if len(body) > MOST:
        raise UsageError(f"the file is larger than {MOST >> 20} MB", where=where,
                         remedy="Export the questionnaire's columns alone")  # fmt: skip
    tables = [_table(_decoded(body, where), mark) for mark in (",", ";", "\t")]
    table = max(tables, key=lambda rows: _fitting(rows, form))
    if not table or not any(cell.strip() for cell in table[0]):
        raise UsageError("the file has no header", where=where,
                         remedy="Export with the names of questions as first row")  # fmt: skip
    triple = len(table) > 2 and any('"ImportId"' in cell for cell in table[2])
    if tool == "auto":
        tool = "qualtrics" if triple else _tool(table[0])
    if tool == "qualtrics" and not triple:
        raise UsageError("the three header rows of Qualtrics are not there", where=where,
                         remedy="Export as CSV without removing header rows, or give another "
                                "--tool")  # fmt: skip
    width = len(table[0])
    heads = table[:2] if tool == "qualtrics" else table[:1]
    names = tuple(
        tuple(dict.fromkeys(
            name for head in heads if column < len(head) for name in _names(head[column])
        ))
        for column in range(width)
    )  # fmt: skip
    skip = 3 if tool == "qualtrics" else 1
    rows = [row for row in table[skip:] if any(cell.strip() for cell in row)]
    ragged = frozenset(number for number, row in enumerate(rows) if any(row[width:]))
    filled = tuple(tuple((row + [""] * width)[:width]) for row in rows)
    return Export(tool, names, filled, skip + 1, ragged)


def _decoded(body: bytes, where: str) -> str:
    marked = body[:2] in {b"\xff\xfe", b"\xfe\xff"}
    try:
        return body.decode("utf-16" if marked else "utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError as error:
        raise UsageError("the file is not UTF-8", where=where,
                         remedy="Export as CSV in UTF-8") from error  # fmt: skip


def _table(text: str, mark: str) -> list[list[str]]:
    # A cell may be long: comments are not limited.
    before = csv.field_size_limit(MOST)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    finally:
        csv.field_size_limit(before)


def _fitting(table: list[list[str]], form: Questionnaire) -> tuple[int, int]:
    """Columns of the header that the questionnaire knows, and columns at all."""
    known = {fold(part) for item in form.items for part in (item.name, item.code, item.text)}
    heads = [cell for row in table[:2] for cell in row]
    found = sum(any(name in known for name in _names(cell)) for cell in heads)
    return found, len(table[0]) if table else 0


def _names(cell: str) -> list[str]:
    """What a column is called: the whole cell, and the part that names a row of a grid."""
    parts = [cell]
    # `BAR[DATA1]`, `How strongly ... [Getting the data]`, `How strongly ... - Getting the data`
    parts += re.findall(r"\[([^\[\]]*)\]\s*$", cell)
    parts += [cell.rpartition(" - ")[2], cell.partition(" - ")[2]]
    return [name for name in dict.fromkeys(fold(part) for part in parts) if name]


def _tool(header: list[str]) -> Tool:
    names = {fold(cell) for cell in header}
    if names & _LIME:
        return "limesurvey"
    return "google" if names and fold(header[0]) == "timestamp" else "csv"
