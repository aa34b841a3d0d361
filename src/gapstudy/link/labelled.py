"""A labelled file of pairs of papers and products, read into the two ends that the linker knows.

One row is one pair. Only titles, names and labels must be filled; the other columns may be empty or
absent, and columns that the linker does not know are kept as they are. Every row gets a
probability; a row whose title, name or label cannot be read is told and left out of the measures,
and a date that cannot be read counts as unknown and is told.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.dates import parse_date
from gapstudy.errors import RecordError, UsageError, nearest

PAPER = ("paper_title", "paper_abstract", "paper_date", "paper_organisations")
PRODUCT = ("product_name", "product_description", "product_date", "product_organisation")
NEEDED = ("paper_title", "product_name", "label")
COLUMNS = (*PAPER, *PRODUCT, "label")
_TRUE, _FALSE = frozenset({"1", "true", "yes", "1.0"}), frozenset({"0", "false", "no", "0.0"})
#: Longest cell that is read: far beyond any abstract, and a bound on what a broken quote swallows.
_LONGEST = 10_000_000


@dataclass(frozen=True)
class Problem:
    """Something in the file that could not be read.

    Attributes:
        line: line of the file on which the row begins, from 1.
        column: the column; empty when it is the row as a whole.
        what: what is wrong.
        left_out: whether the row is left out of the measures.
    """

    line: int
    column: str
    what: str
    left_out: bool


@dataclass(frozen=True)
class Labelled:
    """The pairs of a file.

    Attributes:
        header: its columns in their order.
        cells: its rows as they are, one list per row.
        lines: line on which each row begins.
        papers: one row per distinct paper, columns of `ends.PAPERS`.
        targets: one row per distinct product, columns of `ends.TARGETS`.
        rows: position of each pair's paper.
        columns: position of each pair's product.
        truth: 1.0 for links, 0.0 for non-links, missing where the row is left out.
        problems: what could not be read, in the order of the lines.
        repeated: rows that say the same as an earlier one.
    """

    header: list[str]
    cells: list[list[str]]
    lines: list[int]
    papers: pd.DataFrame
    targets: pd.DataFrame
    rows: np.ndarray[Any, np.dtype[np.int64]]
    columns: np.ndarray[Any, np.dtype[np.int64]]
    truth: np.ndarray[Any, np.dtype[np.float64]]
    problems: list[Problem]
    repeated: int


def read(data: bytes, where: str) -> Labelled:
    """Read a labelled file.

    Args:
        data: its bytes, CSV in UTF-8, with or without a byte order mark.
        where: its name, for messages.

    Raises:
        UsageError: it is not UTF-8 or not CSV, has no rows, lacks a needed column, or names one
            twice.
    """
    header, cells, lines = _table(_text(data, where), where)
    place = {name: at for at, name in enumerate(header)}
    problems: list[Problem] = []
    for line, row in zip(lines, cells, strict=True):
        if len(row) != len(header):
            what = f"{len(row)} cells where the header has {len(header)}"
            problems.append(Problem(line, "", what, left_out=True))
    known = {name: _column(cells, place.get(name)) for name in COLUMNS}
    truth = np.array([_label(text) for text in known["label"]], dtype=float)
    for at, line in enumerate(lines):
        problems += [
            Problem(line, name, "is empty", left_out=True)
            for name in ("paper_title", "product_name")
            if not known[name][at]
        ]
        if np.isnan(truth[at]):
            shown = known["label"][at][:40]
            what = f"{shown!r} is no label; write 1 or 0, true or false, yes or no"
            problems.append(Problem(line, "label", what, left_out=True))
    dates = {}
    for name in ("paper_date", "product_date"):
        dates[name], wrong = _dates(known[name], lines, name)
        problems += wrong
    out = {problem.line for problem in problems if problem.left_out}
    truth[[at for at, line in enumerate(lines) if line in out]] = np.nan
    papers, rows = _papers(known, dates["paper_date"])
    targets, columns = _targets(known, dates["product_date"])
    seen = pd.DataFrame({"row": rows, "column": columns})
    return Labelled(
        header, cells, lines, papers, targets, rows, columns, truth,
        sorted(problems, key=lambda problem: (problem.line, problem.column)),
        int(seen.duplicated().sum()),
    )  # fmt: skip


def notes(pairs: Labelled) -> list[str]:
    """What a reader should know before believing the measures."""
    told: list[str] = []
    truth = pairs.truth[~np.isnan(pairs.truth)]
    if not len(truth):
        told.append("no row can be measured: every row was left out")
    elif not truth.any():
        told.append("there is no link among the labels: precision, recall and average precision "
                     "say nothing")  # fmt: skip
    elif truth.all():
        told.append("every label is a link: precision and average precision are 1 whatever the "
                     "scores")  # fmt: skip
    if pairs.repeated:
        told.append(f"{pairs.repeated} rows repeat the pair of an earlier row; each counts")
    by_pair: dict[tuple[int, int], set[float]] = {}
    for row, column, label in zip(pairs.rows, pairs.columns, pairs.truth, strict=True):
        if not np.isnan(label):
            by_pair.setdefault((int(row), int(column)), set()).add(float(label))
    clashes = sum(len(labels) > 1 for labels in by_pair.values())
    if clashes:
        told.append(f"{clashes} pairs are labelled both as a link and as none")
    return told


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"not UTF-8 text: a byte on line {line} cannot be read",
            where=where,
            remedy="Save it as CSV in UTF-8",
        ) from error


def _table(text: str, where: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows, and the line on which each row begins; empty lines are left out."""
    before = csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""))
    header: list[str] = []
    cells: list[list[str]] = []
    lines: list[int] = []
    begun = 1
    try:
        for row in reader:
            if row and not header:
                header = [name.strip() for name in row]
            elif row:
                cells.append(row)
                lines.append(begun)
            begun = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(
            f"not CSV: {error}, in the row that begins on line {begun}",
            where=where,
            remedy="Close every quote, and separate the cells by commas",
        ) from error
    finally:
        csv.field_size_limit(before)
    _check(header, where)
    if not cells:
        raise UsageError("it has no rows", where=where, remedy="Give one row per labelled pair")
    return header, cells, lines


def _check(header: Sequence[str], where: str) -> None:
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise UsageError(f"the column {twice[0]} is there twice", where=where, remedy="Keep one")
    for name in NEEDED:
        if name in header:
            continue
        others = [item for item in header if item and item not in COLUMNS]
        hint = nearest(name, others) if others else ""
        raise UsageError(
            f"there is no column {name}",
            where=where,
            remedy=hint if hint.startswith("Did") else "Columns: " + ", ".join(COLUMNS),
        )


def _column(cells: list[list[str]], at: int | None) -> list[str]:
    if at is None:
        return [""] * len(cells)
    return [row[at].strip() if at < len(row) else "" for row in cells]


def _label(text: str) -> float:
    word = text.casefold()
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else np.nan


def _dates(
    texts: list[str], lines: list[int], column: str
) -> tuple[list[tuple[object, object]], list[Problem]]:
    """First and last possible day of each date; both missing when empty or unreadable."""
    days: list[tuple[object, object]] = []
    problems: list[Problem] = []
    for text, line in zip(texts, lines, strict=True):
        try:
            # A time of day, or the ".0" that spreadsheets put after a year, changes no day.
            short = text.replace("T", " ").split(" ")[0].removesuffix(".0")
            day = parse_date(short) if short else None
        except RecordError as error:
            problems.append(Problem(line, column, f"{error.what}; taken as unknown", False))
            day = None
        days.append((day.first, day.last) if day else (None, None))
    return days, problems


def _papers(
    known: dict[str, list[str]], days: list[tuple[object, object]]
) -> tuple[pd.DataFrame, Any]:
    first, rows = _distinct([known[name] for name in PAPER])
    made = {
        "paper_id": [f"paper {number + 1}" for number in range(len(first))],
        "title": [known["paper_title"][at] for at in first],
        "abstract": [known["paper_abstract"][at] for at in first],
        "coined_name": "",
        "arxiv_id": "",
        "doi": "",
        **_days(days, first),
        "organisations": [known["paper_organisations"][at] for at in first],
        "people": "",
    }
    return pd.DataFrame(made), rows


def _targets(
    known: dict[str, list[str]], days: list[tuple[object, object]]
) -> tuple[pd.DataFrame, Any]:
    first, columns = _distinct([known[name] for name in PRODUCT])
    made = {
        "target_type": "product",
        "target_id": [f"product {number + 1}" for number in range(len(first))],
        "name": [known["product_name"][at] for at in first],
        "feature": "",
        "description": [known["product_description"][at] for at in first],
        "category": "",
        "evidence": "",
        "website": "",
        "country": pd.Series([None] * len(first), dtype="object"),
        **_days(days, first),
        "organisations": [known["product_organisation"][at] for at in first],
        "people": "",
        "archive_ref": "",
    }
    return pd.DataFrame(made), columns


def _days(days: list[tuple[object, object]], first: list[int]) -> dict[str, Any]:
    return {
        name: pd.to_datetime(pd.Series([days[at][end] for at in first], dtype="object")).astype(
            "datetime64[s]"
        )
        for end, name in enumerate(("date_from", "date_to"))
    }


def _distinct(parts: list[list[str]]) -> tuple[list[int], Any]:
    """First row of each distinct combination, and the position of each row's combination."""
    place: dict[tuple[str, ...], int] = {}
    first: list[int] = []
    found = np.empty(len(parts[0]), dtype=np.int64)
    for at, key in enumerate(zip(*parts, strict=True)):
        if key not in place:
            place[key] = len(first)
            first.append(at)
        found[at] = place[key]
    return first, found
