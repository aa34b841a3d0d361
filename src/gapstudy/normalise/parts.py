"""Parts: the typed records of one input of one source, kept until the input or the code changes.

An input is a piece of a raw table or a bulk file. Its part is a folder

    data/processed/parts/SOURCE/KEY/TABLE.parquet    typed rows of one core table
    data/processed/parts/SOURCE/KEY/quarantine.parquet    what could not be used

where KEY is made of what the part depends on (`key`), so a part that is there is right. Parts are
written by workers (`Writer`), each input by one, and merged into the core tables afterwards. A part
folder appears whole, by renaming; a killed worker leaves nothing that could be taken for a part.

A row of a part has the columns of its core table (without `source`, which the folder says) and:

- `archive_ref`, `sequence`: the record, as in the raw table; unique together within the source;
- `item`: text by which rows of one source are put in order: of two with the same key, or of the
  same paper, the one of the lesser (`item`, `sequence`) stands.

Rows are in runs sorted by the table's key, in small row groups, so that all parts can be read side
by side in the order of the key.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from gapstudy.normalise.typed import Values, typed_columns
from gapstudy.tables import contract
from gapstudy.tables.checks import neighbours

#: Core tables in the order in which they are made: a row may only point to what is already there.
ORDER = (
    "organisations", "papers", "products", "patents", "paper_affiliations", "patent_parties",
    "patent_citations", "product_references", "product_availability", "followups",
    "labelled_pairs", "indicators", "policy_events", "survey_responses",
)  # fmt: skip
QUARANTINE = "quarantine"
_FAULTS = arrow.schema([
    ("archive_ref", arrow.string()), ("sequence", arrow.int64()), ("table", arrow.string()),
    ("reason", arrow.string()), ("kept", arrow.bool_()), ("record", arrow.string()),
])  # fmt: skip
#: Rows, and bytes, that are sorted and written together, and rows of a row group (see `gather`).
_RUN, _RUN_BYTES, _ROWS = 1 << 16, 48 << 20, 1 << 11
_LIBRARIES = ("numpy", "orjson", "pyarrow", "pycountry")


@dataclass(frozen=True)
class Where:
    """Where records stand; arrays of one length.

    Attributes:
        refs: `SOURCE:SHA256#ROW`.
        sequences: number within its row; unique among all records of that row.
        items: text that orders the records of a source.
    """

    refs: arrow.Array
    sequences: arrow.Array
    items: arrow.Array

    @classmethod
    def of_rows(cls, source: str, sha256: str, table: str, rows: Sequence[int],
                label: str = "") -> Where:  # fmt: skip
        """Places of records that were read from one table-like file, in the file's order.

        Records of one table and row follow each other in `rows` and are numbered; those of
        different tables are kept apart by ten thousands.

        Args:
            source: the source.
            sha256: of the file.
            table: core table that they are meant for.
            rows: row of the file that each stands in, 1 is the first.
            label: puts several files of one source in order, such as "00012".
        """
        numbers = np.asarray(rows, dtype=np.int64)
        index = np.arange(len(numbers))
        begins = np.r_[True, numbers[1:] != numbers[:-1]][: len(numbers)]
        place = index - np.maximum.accumulate(np.where(begins, index, 0))
        text = arrow.array(numbers).cast(arrow.string())
        items = pc.utf8_lpad(text, width=12, padding="0")
        return cls(
            pc.binary_join_element_wise(f"{source}:{sha256}", text, "#"),
            arrow.array(place + 10_000 * ORDER.index(table)),
            pc.binary_join_element_wise(label, items, "#"),
        )


class Writer:
    """Writes the part of one input; to be used in a `with` block.

    >>> with Writer(folder, "openalex_snapshot", key) as part:      # doctest: +SKIP
    ...     for batch in source.batches(path):
    ...         where = Where.of_rows(source.name, sha256, batch.table, batch.rows)
    ...         part.add(batch.table, batch.columns, where)

    Args:
        folder: `data/processed/parts`.
        source: the source.
        key: names the part; see `key`.
    """

    def __init__(self, folder: Path, source: str, key: str) -> None:
        self.place = folder / source / key
        self._making = folder / source / f".{key}.making"
        self._files: dict[str, parquet.ParquetWriter] = {}
        self._waiting: dict[str, list[arrow.Table]] = {}

    def __enter__(self) -> Writer:
        shutil.rmtree(self._making, ignore_errors=True)
        self._making.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            if kind is None:
                for name in list(self._waiting):
                    self._flush(name)
            for file in self._files.values():
                file.close()
            if kind is None:
                shutil.rmtree(self.place, ignore_errors=True)
                self._making.replace(self.place)
        finally:
            shutil.rmtree(self._making, ignore_errors=True)

    def add(
        self, table: str, columns: Mapping[str, Values], where: Where,
        records: arrow.Array | None = None,
    ) -> None:  # fmt: skip
        """Type some records of one table and keep them, those that cannot be in quarantine.

        Args:
            table: core table that they are meant for.
            columns: as for `typed_columns`.
            where: their places.
            records: each as text, for the quarantine; by default the columns as JSON.
        """
        typed = typed_columns(contract(table), columns, len(where.refs))
        rows = arrow.array(typed.rows)
        whole = len(typed.rows) == len(where.refs)
        made = typed.table
        for name, values in (("archive_ref", where.refs), ("sequence", where.sequences),
                             ("item", where.items)):  # fmt: skip
            made = made.append_column(name, values if whole else values.take(rows))
        self._keep(table, made)
        if typed.faults:
            self.quarantine(
                [table] * len(typed.faults), [fault.reason for fault in typed.faults],
                [fault.row for fault in typed.faults], where, records,
                kept=[fault.kept for fault in typed.faults], columns=columns,
            )  # fmt: skip

    def quarantine(
        self, tables: Sequence[str], reasons: Sequence[str], rows: Sequence[int], where: Where,
        records: arrow.Array | None = None, *, kept: Sequence[bool] = (),
        columns: Mapping[str, Values] | None = None,
    ) -> None:  # fmt: skip
        """Put faults into quarantine.

        Args:
            tables: core table that each record was meant for.
            reasons: what is wrong.
            rows: number of the faulty record in `where`, 0 is the first.
            where: places.
            records: the records as text.
            kept: whether the record is used all the same; by default none is.
            columns: the records' columns, if there is no text.
        """
        picked = arrow.array(rows, arrow.int64())
        texts = records.take(picked) if records is not None else _texts(columns or {}, rows)
        columns_ = [
            where.refs.take(picked), where.sequences.cast(arrow.int64()).take(picked),
            arrow.array(tables, arrow.string()), arrow.array(reasons, arrow.string()),
            arrow.array(kept or [False] * len(rows), arrow.bool_()), texts,
        ]  # fmt: skip
        self._keep(QUARANTINE, arrow.table(columns_, schema=_FAULTS))

    def _keep(self, name: str, rows: arrow.Table) -> None:
        waiting = self._waiting.setdefault(name, [])
        waiting.append(rows)
        if (sum(len(part) for part in waiting) >= _RUN
                or sum(part.nbytes for part in waiting) >= _RUN_BYTES):  # fmt: skip
            self._flush(name)

    def _flush(self, name: str) -> None:
        waiting = self._waiting.pop(name)
        rows = arrow.concat_tables(waiting)
        if len(rows) == 0:
            return
        if name not in self._files:
            path = self._making / f"{name}.parquet"
            self._files[name] = parquet.ParquetWriter(path, rows.schema, compression="lz4")
        if name != QUARANTINE:
            rows = in_order(rows, contract(name).key)
        self._files[name].write_table(rows, row_group_size=_ROWS)


def in_order(rows: arrow.Table, key: Sequence[str]) -> arrow.Table:
    """Rows sorted by some columns; of equal ones the order stays."""
    less, equal = neighbours(rows, key)
    if (less | equal).all():
        return rows
    ranks = []
    for name in key:
        column = rows[name]
        if arrow.types.is_string(column.type):
            # Texts repeat within a key: their places in the order are sorted instead.
            encoded = column.combine_chunks().dictionary_encode()
            places = pc.rank(encoded.dictionary, tiebreaker="dense").to_numpy()
            ranks.append(places[encoded.indices.to_numpy()])
        else:
            ranks.append(column.to_numpy())
    return rows.take(arrow.array(np.lexsort(ranks[::-1])))


def empty(table: str) -> arrow.Table:
    """A part of a core table, or of the quarantine, without rows."""
    if table == QUARANTINE:
        return _FAULTS.empty_table()
    fields = [field.with_nullable(True) for field in contract(table).arrow_schema()
              if field.name != "source"]  # fmt: skip
    extra = [arrow.field("sequence", arrow.int64()), arrow.field("item", arrow.string())]
    return arrow.schema([*fields, *extra]).empty_table()


def _texts(columns: Mapping[str, Values], rows: Sequence[int]) -> arrow.Array:
    import orjson

    def at(values: Values, row: int) -> Any:
        value = values[row]
        return value.as_py() if isinstance(value, arrow.Scalar) else value

    return arrow.array(
        [
            orjson.dumps({name: at(values, row) for name, values in columns.items()},
                         option=orjson.OPT_SORT_KEYS, default=str).decode()
            for row in rows
        ],
        arrow.string(),
    )  # fmt: skip


def key(*depends: str) -> str:
    """Name of a part: a hash of this code and of what else the part depends on.

    Args:
        depends: hash of the input, hash of the source's code where it is parsed here, and so on.
    """
    return hashlib.sha256("\0".join((_code(), *depends)).encode()).hexdigest()[:32]


@functools.cache
def _code() -> str:
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted([
        *(package / "tables").glob("*.py"), Path(__file__), Path(__file__).with_name("typed.py"),
        package / "dates.py", package / "regions.py",
    ]):  # fmt: skip
        digest.update(path.read_bytes() + b"\0")
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\0".encode())
    return digest.hexdigest()


def missing(folder: Path, source: str, keys: Iterable[str]) -> list[str]:
    """Those of some parts that have to be made."""
    return [name for name in dict.fromkeys(keys) if not (folder / source / name).is_dir()]


def prune(folder: Path, wanted: Mapping[str, Sequence[str]]) -> None:
    """Remove the parts that are no longer wanted.

    Args:
        folder: `data/processed/parts`.
        wanted: source -> keys of its parts.
    """
    for place in folder.glob("*/*"):
        if place.name not in wanted.get(place.parent.name, ()):
            shutil.rmtree(place, ignore_errors=True)
    for place in folder.glob("*"):
        with contextlib.suppress(OSError):
            place.rmdir()  # of a source that is no longer used; others are not empty


def files(folder: Path, wanted: Mapping[str, Sequence[str]], table: str) -> list[tuple[str, Path]]:
    """Source and file of each part that holds rows of a table, in order.

    Args:
        folder: `data/processed/parts`.
        wanted: source -> keys of its parts, in the order of the study.
        table: core table, or `quarantine`.
    """
    paths = [
        (source, folder / source / name / f"{table}.parquet")
        for source, names in wanted.items()
        for name in names
    ]
    return [(source, path) for source, path in paths if path.is_file()]
