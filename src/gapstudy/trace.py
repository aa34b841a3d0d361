"""From a printed number to the table row, the records and the stored bytes behind it."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gapstudy.archive import Archive, Reference
from gapstudy.errors import ContractError, StoreError, UnknownNameError
from gapstudy.store import Store
from gapstudy.tables import contract

if TYPE_CHECKING:
    import pandas as pd

#: Rows shown of each table on the way, and stored responses opened at its end.
SHOWN = 3


@dataclass(frozen=True)
class Hop:
    """One table on the way from a number to its bytes.

    Attributes:
        table: the table.
        depth: how many tables lie between it and the number.
        rows: rows of it that the number rests on.
        sample: the first of them, as JSON-ready records.
    """

    table: str
    depth: int
    rows: int
    sample: list[dict[str, Any]]


@dataclass(frozen=True)
class Stored:
    """A stored response, or the row of it, at the end of the way."""

    archive_ref: str
    url: str
    retrieved: str
    sha256: str
    excerpt: str


def trace(store: Store, name: str) -> tuple[dict[str, Any], list[Hop], list[Stored]]:
    """Follow a number back to the stored bytes.

    Args:
        store: the study's tables.
        name: name of the number, as pages print it (table `out_numbers`).

    Returns:
        The number's row, the tables on the way (nearest first), and stored responses at the end.

    Raises:
        UnknownNameError: no number is called so.
        ContractError: the number's cell is not where it says.
    """
    numbers = store.read("out_numbers")
    found = numbers[numbers["name"] == name]
    if found.empty:
        raise UnknownNameError.of("number", name, [str(known) for known in numbers["name"]])
    number = _records(found)[0]
    start = _pick(store.read(number["table"]), json.loads(number["where"]))
    if start.empty:
        raise ContractError(
            f"the number {name} points to no row of {number['table']}",
            where=str(number["where"]),
            remedy="Run `gapstudy refresh`",
        )
    hops: list[Hop] = []
    references: dict[str, None] = {}
    for hop, refs in _walk(store, number["table"], start, 0, {}):
        hops.append(hop)
        references.update(dict.fromkeys(refs))
    stored = [_open(store, ref) for ref in list(references)[:SHOWN]]
    return number, hops, stored


def _walk(
    store: Store, table: str, rows: pd.DataFrame, depth: int, seen: dict[str, None]
) -> Iterator[tuple[Hop, list[str]]]:
    seen[table] = None
    refs = [column for column in ("archive_ref", "evidence_ref") if column in rows.columns]
    found = [str(ref) for column in refs for ref in rows[column].dropna().unique()[:SHOWN] if ref]
    yield Hop(table, depth, len(rows), _records(rows.head(SHOWN))), found
    for origin in contract(table).origins:
        if origin.table in seen or not store.has(origin.table):
            continue
        parents = store.read(origin.table)
        on = {mine: theirs for mine, theirs in origin.on.items() if mine in rows.columns}
        if on:
            # A missing value on this side stands for every row of that side.
            wanted = rows[list(on)].drop_duplicates()
            keep = parents.index[:0]
            for values in _records(wanted):
                mask = _mask(parents, {on[key]: value for key, value in values.items()})
                keep = keep.union(parents.index[mask])
            parents = parents.loc[keep]
        if not parents.empty:
            yield from _walk(store, origin.table, parents, depth + 1, seen)


def _pick(frame: pd.DataFrame, where: dict[str, Any]) -> pd.DataFrame:
    rows: pd.DataFrame = frame[_mask(frame, where)]
    return rows


def _mask(frame: pd.DataFrame, where: dict[str, Any]) -> Any:
    import pandas as pd

    mask = pd.Series(True, index=frame.index)
    for column, value in where.items():
        if value is not None:
            mask &= (frame[column] == value).fillna(False).astype(bool)
    return mask


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    text = frame.to_json(
        orient="records", date_format="iso", force_ascii=False, double_precision=15
    )
    records: list[dict[str, Any]] = json.loads(text)
    return records


def _open(store: Store, ref: str) -> Stored:
    reference = Reference.parse(ref)
    archive = Archive.of(store.raw, reference.source)
    entry = next((item for item in archive.entries() if item.sha256 == reference.sha256), None)
    if entry is None:
        raise StoreError(f"no stored response {reference.sha256[:16]}", where=str(archive.folder))
    shown = _excerpt(archive, reference)
    return Stored(ref, entry.url, entry.retrieved, reference.sha256, shown)


def _excerpt(archive: Archive, reference: Reference, *, width: int = 2000) -> str:
    """What a person wants to see of a stored response: the row named, or its opening.

    Raises:
        StoreError: not stored, or damaged.
    """
    place = archive.place(reference.sha256)
    path = archive.folder / place.file
    if place.length >= 0:
        return excerpt(archive.body(reference.sha256), reference.row, width=width)
    if path.suffix in {".parquet", ".zip", ".xlsx"}:
        return f"row {reference.row} of {path}"
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            lines = itertools.islice(file, max((reference.row or 1) - 1, 0), None)
            return next(lines, b"").decode("utf-8", errors="replace")[:width]
    except OSError as error:
        raise StoreError(
            f"the bulk file cannot be read: {error.strerror}",
            where=str(path),
            remedy="Put the file back, or take it out of study.toml",
        ) from error


def excerpt(body: bytes, row: int | None, *, width: int = 2000) -> str:
    """What a person wants to see of a stored response: the row named, or its opening."""
    text = body.decode("utf-8", errors="replace")
    if row is None:
        return text[:width]
    if body.lstrip()[:1] in {b"{", b"["} and (item := _item(body, row)):
        return item[:width]
    lines = text.splitlines()
    return (lines[row - 1] if 0 < row <= len(lines) else text)[:width]


def _item(body: bytes, row: int) -> str:
    """Item of the first list of objects in a JSON answer; empty when there is no such item."""
    import orjson

    try:
        level = [orjson.loads(body)]
    except orjson.JSONDecodeError:
        return ""
    for _ in range(4):
        for node in level:
            # The outer array of [head, rows] is not the list.
            nested = isinstance(node, list) and len(node) > 1 and isinstance(node[1], list)
            if isinstance(node, list) and node and isinstance(node[0], dict) and not nested:
                return orjson.dumps(node[row - 1]).decode() if 0 < row <= len(node) else ""
        level = [
            child for node in level if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]  # fmt: skip
    return ""
