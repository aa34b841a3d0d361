"""OpenAlex snapshot: papers with authors' organisations, from files that the user has copied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import orjson

from gapstudy.errors import RecordError
from gapstudy.sources._files import ITEMS, MANY, Chunk, FileSource, Piece, batch, read_lines
from gapstudy.sources._openalex_work import (
    AFFILIATION,
    PAPER,
    TOMBSTONE,
    is_about,
    is_result,
    lacking,
    read_work,
)
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Bad

_PARTITION = re.compile(r"updated_date=(\d{4}-\d\d-\d\d)")
#: Folders of the other entities, which lie beside `works`.
_OTHERS = frozenset(
    {"authors", "awards", "concepts", "continents", "countries", "domains", "fields", "funders",
     "institution-types", "institutions", "keywords", "languages", "licenses", "publishers", "sdgs",
     "source-types", "sources", "subfields", "topics", "work-types"}
)  # fmt: skip
_DATA = (".gz", ".jsonl", ".ndjson", ".json", ".parquet")
#: Fields of a work that are read from Parquet.
_COLUMNS = (
    "id", "title", "display_name", "publication_date", "publication_year", "authorships", "doi",
    "ids", "type", "type_crossref", "cited_by_count", "abstract_inverted_index",
    "primary_location", "locations", "host_venue", "primary_topic", "topics", "concepts",
    "is_paratext", "updated_date", "created_date",
)  # fmt: skip
_ROWS = 500


class OpenAlexSnapshot(FileSource):
    """The works of an OpenAlex snapshot: JSON lines (plain or .gz) or Parquet.

    Name the files of either layout, with their folders, since those carry the date of a partition:

        [source.openalex_snapshot]
        files = ["openalex/data/jsonl/works/**/*.gz", "openalex/data/jsonl/manifest.json",
                 "openalex/legacy-data/merged_ids/works/*.csv.gz"]

    What is kept: works with a primary or other topic in one of `subfields` (1702 is "Artificial
    Intelligence"; an empty list takes all), dated from the year `from` to the year `to` (0 is
    open), except title pages, errata, retraction notes, peer reviews and the like. Works of a
    snapshot from before topics are kept by the concept "Artificial intelligence".

    A work that stands in several partitions is taken from the newest `updated_date`. A work whose
    identifier was merged into another (`merged_ids`) is left out in favour of the other, and so is
    the tombstone of deleted works. Parts that a `manifest.json` names and that are not among the
    files are told: the release is partial then.

    Not confirmed: the columns of `merged_ids` (read as `id`, or the second of three), the layout of
    `manifest.json` (every text in it that names a part of `works` counts), and the types of the
    Parquet columns (nested or JSON text are both read).
    """

    name = "openalex_snapshot"
    TITLE = "OpenAlex snapshot: research papers and their organisations"
    GIVES = ("papers", "paper_affiliations")
    LICENCE = "CC0"
    REGION_BASIS = "organisation"
    SPLITS = True
    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "files": [], "subfields": ["1702"], "from": 0, "to": 0,
    }  # fmt: skip

    def pieces(self, paths: Sequence[Path]) -> list[Piece]:
        """The parts of `works`, those of the newest partition first."""
        parts = [path for path in paths if _is_part(path)]
        return [Piece(path) for path in sorted(parts, key=lambda path: (_age(path), str(path)))]

    def notes(self, paths: Sequence[Path]) -> list[str]:
        """Parts that a manifest names and that are not there."""
        notes = []
        for path in paths:
            if path.name != "manifest.json":
                continue
            try:
                named = sorted(set(_parts_named(orjson.loads(path.read_bytes()))))
            except (OSError, orjson.JSONDecodeError, RecursionError) as error:
                notes.append(f"{path.name} cannot be read: {error}")
                continue
            # A manifest of one format says nothing of the parts of the other.
            endings = {_tail(part) for part in paths if _is_part(part)}
            missing = [part for part in named if _tail(Path(part)) not in endings]
            if missing:
                notes.append(
                    f"the release is partial: {len(missing)} of {len(named)} parts of works that "
                    f"{path.name} names are missing, the first is {_tail(Path(missing[0]))}"
                )
        return notes

    def withdrawn(self, paths: Sequence[Path]) -> Iterator[list[str]]:
        """Identifiers that were merged into others."""
        for path in paths:
            if "merged_ids" not in path.parts or path.name == "manifest.json":
                continue
            column = -1
            for found in read_lines(Piece(path)):
                rows = [line.decode("utf-8", "replace").strip().split(",") for line in found.lines]
                if column < 0 and rows:
                    column = _id_column(rows.pop(0), path)
                marks = [row[column].rpartition("/")[2] for row in rows if len(row) > column]
                yield ["openalex:" + mark for mark in marks if mark[:1] == "W"]

    def chunks(self, piece: Piece) -> Iterator[Chunk]:
        """Works of one part, or of a range of it."""
        subfields = [str(number) for number in self.option("subfields")]
        years = int(self.option("from")), int(self.option("to"))
        reader = _Reader(piece.path, subfields, years)
        if piece.path.suffix == ".parquet":
            yield from reader.parquet()
            return
        # A line that does not hold the digits of a subfield cannot be of it, in whatever shape.
        # Most lines of a whole snapshot need not be parsed so.
        marks = [mark.encode() for mark in subfields]
        if "1702" in subfields:
            marks.append(b"C154945302")
        for found in read_lines(piece):
            reader.lines(found.first, found.lines, marks)
            if found.fault:
                reader.chunk.bad.append(Bad("papers", found.fault, "", found.first))
            if reader.chunk.items >= ITEMS:
                yield reader.finish()
        yield reader.finish()


class _Reader:
    """Turns works into chunks."""

    def __init__(self, path: Path, subfields: Sequence[str], years: tuple[int, int]) -> None:
        self.path = path
        self.subfields = frozenset(subfields)
        self.first, self.last = str(years[0] or 0), str(years[1] or 9999)
        self.partition = _partition(path)
        self.checked = 0
        self.sample: list[Any] = []
        self.start()

    def start(self) -> None:
        self.chunk = Chunk(self.path)
        self.papers: list[tuple[Any, ...]] = []
        self.paper_rows: list[int] = []
        self.affiliations: list[tuple[Any, ...]] = []
        self.affiliation_rows: list[int] = []
        self.failed = self.parsed = 0

    def lines(self, first: int, lines: Sequence[bytes], marks: Sequence[bytes]) -> None:
        """Works of JSON lines."""
        loads = orjson.loads
        for row, line in enumerate(lines, first):
            # The first ones are parsed whatever they hold: they show the shape.
            if marks and self.checked >= MANY and line[:1] == b"{" and line[-1:] == b"}":
                for mark in marks:
                    if mark in line:
                        break
                else:
                    self.chunk.items += 1
                    continue
            if not line or line.isspace():
                continue
            try:
                work = loads(line)
            except orjson.JSONDecodeError as error:
                self.fail(f"not JSON: {error}", row, line)
                continue
            self.take(work, row, line)

    def parquet(self) -> Iterator[Chunk]:
        """Works of a Parquet file."""
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        try:
            with parquet.ParquetFile(self.path) as file:
                there = file.schema_arrow.names
                columns = [name for name in _COLUMNS if name in there]
                if (field := lacking([dict.fromkeys(columns)])) is not None:
                    raise unknown(f"the column {field!r} is missing", str(self.path))
                row = 0
                for part in file.iter_batches(_ROWS, columns=columns, use_threads=False):
                    for work in part.to_pylist():
                        row += 1
                        self.take(work, row, b"")
                    yield self.finish()
        except (arrow.ArrowException, OSError, ValueError, OverflowError) as error:
            raise unknown(f"the file is not Parquet that can be read: {error}",
                          str(self.path)) from None  # fmt: skip

    def take(self, work: Any, row: int, line: bytes) -> None:
        """One work."""
        self.parsed += 1
        self.chunk.items += 1
        if self.checked < MANY:
            self.look(work)
        try:
            if not isinstance(work, dict):
                raise RecordError(f"a work was expected, not {type(work).__name__}")
            if not is_about(work, self.subfields) or not is_result(work):
                return
            paper, affiliations = read_work(work)
        except RecordError as error:
            self.fail(str(error), row, line or str(work).encode("utf-8", "replace"))
            return
        if paper[0] == TOMBSTONE or not self.first <= paper[3][:4] <= self.last:
            return
        self.papers.append(paper)
        self.paper_rows.append(row)
        updated = work.get("updated_date")
        self.chunk.versions.append(str(updated)[:10] if updated else self.partition)
        self.affiliations += affiliations
        self.affiliation_rows += [row] * len(affiliations)

    def look(self, work: Any) -> None:
        """Look at the shape of the first works of a piece."""
        self.checked += 1
        self.sample.append(work)
        if self.checked == MANY:
            self.check()

    def check(self) -> None:
        works, self.sample = self.sample, []
        if (field := lacking(works)) is not None:
            raise unknown(f"the field {field!r} is missing", str(self.path))
        known = [work for work in works if isinstance(work, dict)]
        if self.subfields and not any({"topics", "primary_topic", "concepts"} & {*work}
                                      for work in known):  # fmt: skip
            raise unknown("the field 'topics' is missing", str(self.path))

    def fail(self, reason: str, row: int, line: bytes) -> None:
        self.failed += 1
        raw = line[:10_000].decode("utf-8", "replace")
        self.chunk.bad.append(Bad("papers", reason, raw, row))

    def finish(self) -> Chunk:
        """The chunk so far; a new one is begun."""
        if self.failed >= MANY and not self.papers and self.failed >= self.parsed:
            reason = f"none of {self.failed} works can be read: {self.chunk.bad[-1].reason}"
            raise unknown(reason, str(self.path))
        done = self.chunk
        done.batches = [
            batch("papers", PAPER, self.papers, self.paper_rows),
            batch("paper_affiliations", AFFILIATION, self.affiliations, self.affiliation_rows),
        ]
        self.start()
        return done


def _partition(path: Path) -> str:
    match = _PARTITION.search(str(path))
    return match[1] if match else ""


def _age(path: Path) -> list[int]:
    """Key by which the newest partition comes first."""
    return [-int(part) for part in _partition(path).split("-") if part]


def _is_part(path: Path) -> bool:
    return (
        path.suffix in _DATA
        and path.name != "manifest.json"
        and "merged_ids" not in path.parts
        and not _OTHERS & set(path.parts)
    )


def _tail(path: Path) -> str:
    """What identifies a part in either layout: its partition and its name."""
    return "/".join(path.parts[-2:])


def _parts_named(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for value in data.values():
            yield from _parts_named(value)
    elif isinstance(data, list):
        for value in data:
            yield from _parts_named(value)
    elif isinstance(data, str) and "/works/" in data and data.endswith((".gz", ".parquet")):
        yield data


def _id_column(header: Sequence[str], path: Path) -> int:
    names = [name.strip().strip('"').lower() for name in header]
    if "id" in names:
        return names.index("id")
    if len(names) == 3:
        return 1
    raise unknown("the column 'id' is missing", str(path))
