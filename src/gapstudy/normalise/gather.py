"""Rows of Parquet files in any order, with memory for a small part of them.

The files of a part are made of runs sorted by the table's key, in small row groups (see `parts`).
Rows in the order of the key then take a few row groups of each run at a time; any other order works
as well, only slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]

#: Number of a row: that of its file, shifted, plus that of the row in the file.
SHIFT = 40


class Gather:
    """Reader of some files; to be used in a `with` block.

    Args:
        paths: the files, numbered from 0.
        columns: columns wanted.
    """

    def __init__(self, paths: Sequence[Path], columns: Sequence[str]) -> None:
        self._files = [parquet.ParquetFile(path) for path in paths]
        self._columns = list(columns)
        self._groups: list[tuple[int, int]] = []
        starts = []
        for number, file in enumerate(self._files):
            row = 0
            for group in range(file.num_row_groups):
                self._groups.append((number, group))
                starts.append((number << SHIFT) + row)
                row += file.metadata.row_group(group).num_rows
        self._starts = np.array(starts, dtype=np.int64)
        self._held: dict[int, arrow.Table] = {}

    def __enter__(self) -> Gather:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._held = {}
        for file in self._files:
            file.close()

    def take(self, numbers: Numbers) -> arrow.Table:
        """The rows of some numbers, in their order; not too many, they are all in memory."""
        order = np.argsort(numbers, kind="stable")
        wanted = numbers[order]
        groups = np.searchsorted(self._starts, wanted, side="right") - 1
        used, firsts = np.unique(groups, return_index=True)
        held = {int(group): self._read(int(group)) for group in used}
        self._held = held
        pieces = []
        for group, rows in zip(used, np.split(wanted, firsts[1:]), strict=True):
            places = rows - self._starts[group]
            if places[-1] - places[0] + 1 == len(places):
                pieces.append(held[int(group)].slice(places[0], len(places)))
            else:
                pieces.append(held[int(group)].take(arrow.array(places)))
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        rows_ = arrow.concat_tables(pieces).combine_chunks()
        return rows_ if (back[1:] > back[:-1]).all() else rows_.take(arrow.array(back))

    def _read(self, group: int) -> arrow.Table:
        if group in self._held:
            return self._held[group]
        file, number = self._groups[group]
        return self._files[file].read_row_group(number, columns=self._columns, use_threads=False)

    def pieces(self, numbers: Numbers, size: int) -> Iterator[tuple[int, arrow.Table]]:
        """The rows of all numbers, so many at a time, each time with the place of the first."""
        for start in range(0, len(numbers), size):
            yield start, self.take(numbers[start : start + size])


def ahead(pieces: Iterator[arrow.Table]) -> Iterator[arrow.Table]:
    """The same pieces; while one is used, the next is made in a thread."""
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(next, pieces, None)
        while (piece := waiting.result()) is not None:
            waiting = thread.submit(next, pieces, None)
            yield piece
