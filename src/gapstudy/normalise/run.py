"""The normalise step."""

# ruff: noqa: S608  # the SQL is made of names of our own tables, columns and sources

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as arrow

from gapstudy.archive import Archive
from gapstudy.engine import map_partitions
from gapstudy.errors import StoreError
from gapstudy.normalise import bulk, families, ladder, records
from gapstudy.normalise.faults import quarantine
from gapstudy.normalise.gather import ahead
from gapstudy.normalise.merge import Merge
from gapstudy.normalise.organisations import Organisations
from gapstudy.normalise.parts import ORDER, missing, prune
from gapstudy.sources import load
from gapstudy.store import Store, database, sha256
from gapstudy.study import Study
from gapstudy.tables import contract

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Tables of which rows without a country are counted, with the column.
_COUNTRIES = {
    "paper_affiliations": "country", "products": "home_country", "patent_parties": "country",
}  # fmt: skip
_PIECE = 1 << 15
#: With fewer records, starting processes takes longer than typing.
_FEW = 1 << 16


def run(store: Store, study: Study) -> None:
    """Make the core tables, `quarantine` and `sources` from what the sources of the study gave."""
    folder = store.folder / "parts"
    states = {str(row["source"]): row for row in _rows(store.read("source_states"))}
    files = {name: _files(name, store, study, folder, states[name]) for name in study.sources}
    typed = _typed(store, study, folder)
    wanted = {name: [*typed[name], *files[name].keys] for name in study.sources}
    with store.scratch("normalise") as scratch:
        with database(scratch) as base:
            made = Merge(base, folder, wanted)
            organisations = Organisations(base)
            given = _frame("organisations", [organisations.rows(made.sources)])
            merged = made.merged()
            store.write_batches("same_as", made.same_as())
            faults = quarantine(base, made.sources).to_arrow_reader(_PIECE)
            store.write_batches("quarantine", _pieces(faults))
        # What the database held is free for the rows themselves.
        _write(store, made, organisations, given)
        with database(scratch) as base:
            rows = list(_sources(store, base, merged, states, files))
            store.write("sources", pd.DataFrame(rows))
    prune(folder, {name: [*keys, *files[name].kept] for name, keys in wanted.items()})
    if not store.rows("papers"):
        notes = [str(state["note"]) for state in states.values() if state["note"]]
        raise StoreError(
            "no source gave a single paper" + "".join(f": {note}" for note in notes),
            remedy="Mend the source, or restore its files; the earlier report stands",
        )


def _typed(store: Store, study: Study, folder: Path) -> dict[str, list[str]]:
    """Source -> keys of the parts made of its raw table; those not there yet are made."""
    pieces: list[records.Piece] = []
    for name in study.sources:
        raw = store.path(f"raw_{name}")
        pieces += records.pieces(folder, name, raw, sha256(raw))
    todo = []
    for name in study.sources:
        mine = [piece for piece in pieces if piece.source == name]
        lacking = set(missing(folder, name, [piece.key for piece in mine]))
        todo += [piece for piece in mine if piece.key in lacking]
    few = sum(piece.rows for piece in todo) < _FEW
    map_partitions(records.make, todo, engine=study.engine, workers=1 if few else study.workers)
    return {name: [piece.key for piece in pieces if piece.source == name]
            for name in study.sources}  # fmt: skip


def _files(name: str, store: Store, study: Study, folder: Path, state: dict[str, Any]) -> bulk.Bulk:
    """Parts made of a source's bulk files."""
    if not load(name).FILES or state["state"] == "skipped":
        return bulk.Bulk()
    listing = Archive.of(store.raw, name).folder / "files.json"
    known = json.loads(listing.read_text(encoding="utf-8")) if listing.is_file() else {}
    return bulk.parse(
        name, [bulk.File(Path(path), mark[-1]) for path, mark in known.items()],
        study.source.get(name, {}), folder, where=study.engine, workers=study.workers,
    )  # fmt: skip


def _write(store: Store, made: Merge, organisations: Organisations, given: pd.DataFrame) -> None:
    """Write the core tables; `given` are the rows of `organisations`."""
    store.write("organisations", given)
    for name in ORDER:
        rows = made.rows(name)
        if name in _COUNTRIES:
            rows = (organisations.named(name, piece) for piece in rows)
        if name == "products":
            store.write(name, ladder.climb(_frame(name, rows), given))
        elif name == "patents":
            store.write(name, families.mark(_frame(name, rows)))
        elif name != "organisations":
            store.write_batches(name, ahead(rows))


def _pieces(reader: arrow.RecordBatchReader) -> Iterator[arrow.Table]:
    for batch in reader:
        yield arrow.Table.from_batches([batch])


def _frame(name: str, pieces: Iterable[arrow.Table]) -> pd.DataFrame:
    """Rows of a table as pandas, in the types that they have when read."""
    terms = contract(name)
    schema = terms.arrow_schema()
    schema = arrow.schema([field.with_nullable(True) for field in schema])
    rows = arrow.concat_tables([schema.empty_table(), *(piece.cast(schema) for piece in pieces)])
    frame: pd.DataFrame = rows.to_pandas(date_as_object=False)
    return frame.astype({column.name: column.dtype for column in terms.columns})


def _sources(
    store: Store, base: DuckDBPyConnection, merged: dict[str, int],
    states: dict[str, dict[str, Any]],
    files: dict[str, bulk.Bulk],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    faults = _counted(base, store.path("quarantine"), "not kept")
    unknown: dict[str, int] = {}
    for table, column in _COUNTRIES.items():
        for name, count in _counted(base, store.path(table), f"{column} is null").items():
            unknown[name] = unknown.get(name, 0) + count
    for name, state in states.items():
        source = load(name)
        found = files[name]
        notes = " ".join([str(state["note"]), *found.notes]).strip()
        worse = "failed" if found.failed else "stale" if found.notes else state["state"]
        yield {
            **state,
            "state": worse if state["state"] == "ok" else state["state"],
            "note": notes,
            "records": int(state["records"]) + found.records,
            "title": source.TITLE,
            "licence": source.LICENCE,
            "region_basis": source.REGION_BASIS,
            "merged": merged.get(name, 0),
            "quarantined": faults.get(name, 0),
            "unknown_country": unknown.get(name, 0),
        }


def _counted(base: DuckDBPyConnection, path: Path, condition: str) -> dict[str, int]:
    """Source -> rows of a table for which a condition holds."""
    found = base.execute(
        f"select source, count(*) from read_parquet(?) where {condition} group by source",
        [str(path)],
    )
    return dict(found.fetchall())


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
