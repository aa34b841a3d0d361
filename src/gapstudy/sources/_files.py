"""Bulk files that the user names: the shape of their sources, and reading them piece by piece."""

from __future__ import annotations

import csv
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from gapstudy.errors import RecordError, ShapeError
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Bad, Batch, Record, Source

if TYPE_CHECKING:
    from scrapy.http import Response

#: Bytes that are read at a time (few enough for the processor's cache), and the longest line that
#: is taken for one.
BLOCK, LONGEST = 1 << 20, 64 << 20
#: Items in one chunk.
ITEMS = 2000
#: With so many items or more, a fault that all of them share is a changed shape.
MANY = 50
_DAMAGED = (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Piece:
    """What one worker reads: a file, a range of a plain file, or files that belong together.

    Attributes:
        path: the file; of several, the one that the items are counted by.
        start: first byte, at the beginning of a line.
        stop: byte after the last, at the beginning of a line; None for the end of the file.
        others: files that are read with it.
    """

    path: Path
    start: int = 0
    stop: int | None = None
    others: tuple[Path, ...] = ()


@dataclass
class Chunk:
    """A bounded piece of one file, read.

    Attributes:
        path: the file that the rows count in.
        batches: records; where items have versions, the first batch holds one record per item.
        bad: rows that could not be read.
        items: items that stood in it, also those that the options leave out.
        versions: for each record of the first batch its version; of an item that comes in several
            versions the greatest stands. Empty where items have none.
    """

    path: Path
    batches: list[Batch] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    items: int = 0
    versions: list[str] = field(default_factory=list)


class FileSource(Source):
    """A source that reads bulk files; `[source.NAME] files` in study.toml names them.

    Attributes:
        options: its settings: `OPTIONS` overlaid with those of the study.
        SPLITS: whether a plain file may be read in ranges of lines.
    """

    FILES = True
    SPLITS: ClassVar[bool] = False
    OPTIONS: ClassVar[Mapping[str, Any]] = {"files": []}
    options: Mapping[str, Any] = {}

    def option(self, name: str) -> Any:
        """A setting."""
        return self.options.get(name, self.OPTIONS[name])

    def pieces(self, paths: Sequence[Path]) -> list[Piece]:
        """What is to be read of the files named; of equal items, the one of the first stands.

        Raises:
            ShapeError: a file that must be there is not among them.
        """
        return [Piece(path) for path in paths]

    def notes(self, paths: Sequence[Path]) -> list[str]:
        """What is to be told of the set of files, such as parts that are missing."""
        del paths
        return []

    def withdrawn(self, paths: Sequence[Path]) -> Iterator[list[str]]:
        """Identifiers whose items are left out, in pieces: merged into others, or deleted."""
        del paths
        yield from ()

    def chunks(self, piece: Piece) -> Iterator[Chunk]:
        """Read a piece.

        Raises:
            ShapeError: a shape never seen; names the field and the file.
        """
        raise TypeError(f"{type(self).__name__} reads no files: {piece.path}")

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Records of one small file by itself, such as a saved example.

        Raises:
            ShapeError: a shape never seen; names the field and the file.
        """
        with tempfile.TemporaryDirectory() as folder:
            name = response.url.rpartition("/")[2].removeprefix("file:")
            path = Path(folder) / (name or "file")
            path.write_bytes(response.body)
            found: list[Record | Bad] = []
            try:
                for piece in self.pieces([path]):
                    for chunk in self.chunks(piece):
                        found += chunk.bad
                        for part in chunk.batches:
                            found += _records(part)
            except ShapeError as error:
                raise ShapeError(error.what, where=response.url, remedy=error.remedy) from None
        yield from sorted(found, key=lambda item: item.row)

    def batches(self, path: Path) -> Iterator[Batch]:
        """Read one file by itself; rows that cannot be read are in `chunks` alone."""
        for piece in self.pieces([path]):
            for chunk in self.chunks(piece):
                yield from chunk.batches


def _records(part: Batch) -> Iterator[Record]:
    for row, *values in zip(part.rows, *part.columns.values(), strict=True):
        yield Record(part.table, dict(zip(part.columns, values, strict=True)), row)


def batch(
    table: str, fields: Sequence[str], records: Sequence[tuple[Any, ...]], rows: list[int]
) -> Batch:
    """A batch from records given as tuples of the values of `fields`."""
    columns = list(map(list, zip(*records, strict=True))) or [[] for _ in fields]
    return Batch(table, dict(zip(fields, columns, strict=True)), rows)


def open_bytes(path: Path, stack: ExitStack) -> IO[bytes]:
    """The bytes of a file, unpacked by the end of its name: `.gz`, `.zip` (its one file), plain."""
    if path.suffix == ".zip":
        packed = stack.enter_context(zipfile.ZipFile(path))
        names = [info.filename for info in packed.infolist() if not info.is_dir()]
        if len(names) != 1:
            raise unknown(f"a zip with one file was expected, not {len(names)}", str(path))
        return stack.enter_context(packed.open(names[0]))
    if path.suffix == ".gz":
        from isal import igzip

        packed_file: IO[bytes] = igzip.open(path, "rb")  # type: ignore[no-untyped-call]  # no types
        return stack.enter_context(packed_file)
    return stack.enter_context(open(path, "rb"))


Made = defaultdict[str, list[tuple[int, tuple[Any, ...]]]]
"""Table -> records made so far, each with its row of the file."""


@dataclass
class Lines:
    """Whole lines of a file, one after the other.

    Attributes:
        first: row of the first of them.
        lines: without their ends.
        fault: why the file cannot be read further; empty when it can.
    """

    first: int
    lines: list[bytes]
    fault: str = ""


def read_lines(piece: Piece) -> Iterator[Lines]:
    """Lines of a piece, in blocks; a damaged file ends with a fault, never with an error.

    A line longer than `LONGEST` is given cut off: memory stays bounded whatever the file holds.
    """
    with ExitStack() as stack:
        row, rest, cut = 1, b"", False
        try:
            file = open_bytes(piece.path, stack)
            if piece.start:
                row += _count_lines(file, piece.start)
            left = None if piece.stop is None else piece.stop - piece.start
            while block := file.read(BLOCK if left is None else min(BLOCK, left)):
                left = None if left is None else left - len(block)
                *lines, tail = block.split(b"\n")
                if lines:
                    lines[0] = rest if cut else rest + lines[0]
                    yield Lines(row, lines)
                    row, rest, cut = row + len(lines), tail, False
                elif not cut:
                    rest += tail
                    cut = len(rest) > LONGEST
            if rest:
                yield Lines(row, [rest])
        except _DAMAGED as error:
            fault = f"the file is damaged or cut off from here on: {str(error) or 'it just ends'}"
            yield Lines(row, [], fault)


def _count_lines(file: IO[bytes], stop: int) -> int:
    """Line ends before a byte; the file is left standing there."""
    count = 0
    while stop and (block := file.read(min(BLOCK, stop))):
        count += block.count(b"\n")
        stop -= len(block)
    return count


def read_table(
    path: Path, needed: Sequence[str], *, separator: str = "\t"
) -> Iterator[tuple[int, dict[str, str]] | Bad]:
    """Rows of a text table with a header, as (row of the file, column -> text).

    A row with another number of cells than the header is `Bad`, and so is the place from which on a
    damaged file cannot be read.

    Args:
        path: the file; plain, `.gz` or `.zip`.
        needed: columns that must be there.
        separator: between cells.

    Raises:
        ShapeError: a column is missing, or occurs twice, or the file is empty.
    """
    fault: list[tuple[int, str]] = []

    def texts() -> Iterator[str]:
        for found in read_lines(Piece(path)):
            for line in found.lines:
                yield line.decode("utf-8", "replace").rstrip("\r").replace("\0", "\ufffd") + "\n"
            if found.fault:
                fault.append((found.first, found.fault))

    reader = csv.reader(texts(), delimiter=separator)
    header: list[str] = []
    while True:
        before = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Bad("", f"the row cannot be read: {error}", "", before + 1)
            continue
        if not header:
            header = [cell.strip().lstrip("\ufeff").strip('"') for cell in cells]
            for name in needed:
                if header.count(name) != 1:
                    raise unknown(f"the column {name!r} is missing", str(path))
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cells where the header has {len(header)}"
            yield Bad("", reason, separator.join(cells)[:10_000], before + 1)
            continue
        yield before + 1, dict(zip(header, cells, strict=True))
    if fault:
        yield Bad("", fault[0][1], "", fault[0][0])
    elif not header:
        raise unknown("the file holds no header", str(path))


def gather(
    path: Path,
    rows: Iterator[tuple[int, Any] | Bad],
    table: str,
    read: Callable[[int, Any, Made], None],
    fields: Mapping[str, Sequence[str]],
) -> Iterator[Chunk]:
    """Chunks of a file whose items come one by one.

    Args:
        path: the file.
        rows: items with their rows, and rows that could not be read.
        table: core table that a row which cannot be read was meant for.
        read: adds the records of one item; raises RecordError, before it adds any, for one that
            cannot be read.
        fields: table -> names of the values.

    Raises:
        ShapeError: not one of `MANY` or more items of a chunk can be read.
    """
    chunk, made = Chunk(path), Made(list)
    failed = 0

    def finish() -> Chunk:
        if failed >= MANY and failed == chunk.items:
            raise unknown(f"none of {failed} items can be read: {chunk.bad[-1].reason}", str(path))
        chunk.batches = [
            batch(name, fields[name], [record for _, record in rows], [row for row, _ in rows])
            for name, rows in made.items()
            if rows
        ]
        return chunk

    for found in rows:
        if isinstance(found, Bad):
            chunk.bad.append(Bad(table, found.reason, found.raw, found.row))
            continue
        row, item = found
        chunk.items += 1
        try:
            read(row, item, made)
        except RecordError as error:
            failed += 1
            raw = str(item)[:10_000]
            chunk.bad.append(Bad(table, str(error), raw, row))
        if chunk.items >= ITEMS:
            yield finish()
            chunk, made, failed = Chunk(path), Made(list), 0
    if chunk.items or chunk.bad:
        yield finish()
