"""From a printed number to the table row, the records and the stored bytes behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gapstudy.archive import Archive, Reference, excerpt
from gapstudy.errors import ContractError, UnknownNameError
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
    body = archive.body(reference.sha256)
    entry = next(item for item in archive.entries() if item.sha256 == reference.sha256)
    return Stored(ref, entry.url, entry.retrieved, reference.sha256, excerpt(body, reference.row))
