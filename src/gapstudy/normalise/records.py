"""Raw records of one piece of a raw table -> the part that is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as arrow
import pyarrow.parquet as parquet

from gapstudy.normalise.parts import ORDER, Where, Writer, key
from gapstudy.tables import contract

#: Records that are in memory at a time.
_BATCH = 1 << 13


@dataclass(frozen=True)
class Piece:
    """One row group of a raw table, for a worker.

    Attributes:
        folder: `data/processed/parts`.
        source: the source.
        key: of the part.
        raw: Parquet file of the raw table.
        group: number of the row group.
        rows: rows of it.
    """

    folder: str
    source: str
    key: str
    raw: str
    group: int
    rows: int


def pieces(folder: Path, source: str, raw: Path, sha256: str) -> list[Piece]:
    """The pieces of a raw table.

    Args:
        folder: `data/processed/parts`.
        source: the source.
        raw: file of the raw table.
        sha256: of that file.
    """
    about = parquet.read_metadata(raw)
    return [
        Piece(str(folder), source, key(sha256, str(group)), str(raw), group,
              about.row_group(group).num_rows)
        for group in range(about.num_row_groups)
    ]  # fmt: skip


def make(piece: Piece) -> None:
    """Type the records of a piece and write its part."""
    with (
        parquet.ParquetFile(piece.raw) as file,
        Writer(Path(piece.folder), piece.source, piece.key) as part,
    ):
        for batch in file.iter_batches(_BATCH, row_groups=[piece.group], use_threads=False):
            _add(part, arrow.Table.from_batches([batch]))


def _add(part: Writer, raws: arrow.Table) -> None:
    tables = raws["table"].to_pylist()
    problems = raws["problem"].to_pylist()
    texts = raws["record"].combine_chunks()
    rows: dict[str, list[int]] = {}
    records: dict[str, list[dict[str, Any]]] = {}
    faults: list[tuple[int, str]] = []
    for row, (table, problem, text) in enumerate(
        zip(tables, problems, texts.to_pylist(), strict=True)
    ):
        if not problem and table not in ORDER:
            problem = f"there is no core table {table!r}"
        if not problem:
            try:
                record = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                problem = f"the record is not JSON: {error}"
        if problem:
            faults.append((row, problem))
            continue
        rows.setdefault(table, []).append(row)
        records.setdefault(table, []).append(record)
    everywhere = _where(raws)
    if faults:
        part.quarantine(
            [tables[row] for row, _ in faults], [problem for _, problem in faults],
            [row for row, _ in faults], everywhere, texts,
        )  # fmt: skip
    for table, found in records.items():
        wanted = set(contract(table).names) & set().union(*found)
        columns = {name: [record.get(name) for record in found] for name in wanted}
        picked = arrow.array(rows[table])
        part.add(table, columns, _where(raws, picked), texts.take(picked))


def _where(raws: arrow.Table, rows: Sequence[int] | np.ndarray[Any, Any] | None = None) -> Where:
    picked = raws if rows is None else raws.take(rows)
    names = ("archive_ref", "sequence", "item")
    return Where(*(picked[name].combine_chunks() for name in names))
