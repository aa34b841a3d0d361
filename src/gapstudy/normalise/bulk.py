"""Bulk files of a source -> parts: planned in pieces, read by all workers, kept until they change.

A piece is a file, a range of lines of a plain file, or a set of files that belong together. Each is
read by one worker, in chunks that fit in memory, and gives one part (see `parts`), named by the
content of its files, its range, the settings and the code: a run with one new file reads only that.

Of an item that stands in several places the newest version is taken, and identifiers that the
source withdrew are left out: those records are taken out of the parts before the merge, silently,
since a superseded version is no fault.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as arrow
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from gapstudy import engine
from gapstudy.errors import ShapeError, StudyError
from gapstudy.normalise.parts import QUARANTINE, Where, Writer, key, missing
from gapstudy.sources import load
from gapstudy.sources._files import Chunk, FileSource, Piece
from gapstudy.tables import contract

if TYPE_CHECKING:
    import duckdb

#: Bytes of a plain file that one worker reads at a time.
RANGE = 128 << 20
_COMPLEMENT = str.maketrans("0123456789", "9876543210")
_IMPORTS = re.compile(r"^from gapstudy\.sources\.(\w+) import", re.MULTILINE)
_MEMORY = "300MB"


@dataclass(frozen=True)
class File:
    """A bulk file as the archive lists it."""

    path: Path
    sha256: str


@dataclass
class Bulk:
    """What the bulk files of one source gave.

    Attributes:
        keys: names of its parts, to be merged.
        kept: names of all parts that must stay, those too from which superseded items were taken.
        notes: what is to be told: a release that is not whole, a file in an unknown shape.
        failed: whether no file at all could be read.
        records: records in the parts.
        quarantined: records in quarantine.
        superseded: items left out because a newer version stands, or because they were withdrawn.
    """

    keys: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: bool = False
    records: int = 0
    quarantined: int = 0
    superseded: int = 0


@dataclass(frozen=True)
class _Task:
    source: str
    options: Mapping[str, Any]
    piece: Piece
    hashes: Mapping[Path, str]
    folder: Path
    key: str


def parse(
    source: str,
    files: Sequence[File],
    options: Mapping[str, Any],
    folder: Path,
    *,
    where: str = "local",
    workers: int = 2,
) -> Bulk:
    """Make the parts of a source that reads bulk files, as far as they are not there.

    Args:
        source: the source.
        files: its files, in the order in which the study names them.
        options: its settings in study.toml.
        folder: `data/processed/parts`.
        where: where the partitions run; see `engine.map_partitions`.
        workers: processes of this machine.
    """
    reader = _reader(source, options)
    hashes = {file.path: file.sha256 for file in files if file.path.is_file()}
    gone = [file.path for file in files if file.path not in hashes]
    result = Bulk(notes=[f"the file {path} is no longer there" for path in gone])
    try:
        tasks = list(_plan(reader, hashes, options, folder))
        result.notes += reader.notes(list(hashes))
    except ShapeError as error:
        return Bulk(notes=[str(error)], failed=True)
    if hashes and not tasks:
        result.notes.append("none of the files named is one that this source reads")
    wanted = set(missing(folder, source, [task.key for task in tasks]))
    todo = [task for task in tasks if task.key in wanted]
    problems = engine.map_partitions(_make, todo, engine=where, workers=workers)
    result.notes += dict.fromkeys(problem for problem in problems if problem)
    bad = {task.key for task, problem in zip(todo, problems, strict=True) if problem}
    keys = [key for key in dict.fromkeys(task.key for task in tasks) if key not in bad]
    result.failed = bool(files) and not keys
    try:
        result.keys, result.superseded = _settle(reader, keys, list(hashes), folder, workers)
    except ShapeError as error:
        return Bulk(notes=[*result.notes, str(error)], failed=True)
    result.kept = list(dict.fromkeys([*keys, *result.keys]))
    for name in result.keys:
        for path in (folder / source / name).glob("*.parquet"):
            rows = parquet.read_metadata(path).num_rows
            if path.stem == QUARANTINE:
                result.quarantined += rows
            else:
                result.records += rows
    return result


def _reader(source: str, options: Mapping[str, Any]) -> FileSource:
    kind = load(source)
    if not issubclass(kind, FileSource):
        raise StudyError(f"the source {source} reads no files")
    reader: FileSource = kind(options=dict(options))
    return reader


def _plan(
    reader: FileSource, hashes: Mapping[Path, str], options: Mapping[str, Any], folder: Path
) -> Iterator[_Task]:
    settings = {name: value for name, value in options.items() if name != "files"}
    depends = (reader.name, json.dumps(settings, sort_keys=True, default=str), _code(reader))
    for whole in reader.pieces(list(hashes)):
        for piece in _ranges(whole) if reader.SPLITS else [whole]:
            paths = (piece.path, *piece.others)
            marks = [f"{path.suffix} {hashes[path]}" for path in paths]
            name = key(*depends, *marks, f"{piece.start} {piece.stop}")
            yield _Task(reader.name, options, piece, {path: hashes[path] for path in paths},
                        folder, name)  # fmt: skip


def _ranges(piece: Piece) -> Iterator[Piece]:
    """A plain file in ranges of whole lines; any other file whole."""
    size = piece.path.stat().st_size
    if size <= RANGE * 5 // 4 or piece.path.suffix in {".gz", ".zip", ".parquet"}:
        yield piece
        return
    with open(piece.path, "rb") as file:
        start = 0
        while start < size:
            file.seek(start + RANGE)
            stop = None
            if size - start > RANGE * 5 // 4:
                file.readline()
                stop = file.tell()
            yield replace(piece, start=start, stop=stop)
            start = size if stop is None or stop >= size else stop


def _code(reader: FileSource) -> str:
    """Hash of the code that reads: the source and what it takes from beside it."""
    folder = Path(__file__).parents[1] / "sources"
    digest = hashlib.sha256(Path(__file__).read_bytes())
    known: set[str] = set()
    waiting = [type(reader).__module__.rpartition(".")[2]]
    while waiting:
        name = waiting.pop()
        path = folder / f"{name}.py"
        if name not in known and path.is_file():
            known.add(name)
            waiting += _IMPORTS.findall(path.read_text(encoding="utf-8"))
    for name in sorted(known):
        digest.update((folder / f"{name}.py").read_bytes() + b"\0")
    return digest.hexdigest()


def _make(task: _Task) -> str:
    """Read one piece into its part; what is wrong with its shape, or nothing."""
    reader = _reader(task.source, task.options)
    try:
        # Records hold no cycles: looking for them among so many objects costs a fifth of the time.
        with _no_cycles(), Writer(task.folder, task.source, task.key) as part:
            for chunk in reader.chunks(task.piece):
                _keep(part, chunk, task)
    except ShapeError as error:
        return str(error)
    return ""


@contextlib.contextmanager
def _no_cycles() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _keep(part: Writer, chunk: Chunk, task: _Task) -> None:
    digest = task.hashes[chunk.path]
    # The newest version first: in the order of their items, the first stands.
    versions = arrow.array([version.translate(_COMPLEMENT) for version in chunk.versions])
    for batch in chunk.batches:
        if not batch.rows:
            continue
        place = Where.of_rows(task.source, digest, batch.table, batch.rows, digest[:12])
        if chunk.versions:
            at = arrow.array(np.searchsorted(chunk.batches[0].rows, batch.rows))
            items = pc.binary_join_element_wise(versions.take(at), place.items, " ")
            place = replace(place, items=items)
        part.add(batch.table, batch.columns, place)
    if chunk.bad:
        bad = chunk.bad
        place = Where.of_rows(
            task.source, digest, bad[0].table, [fault.row for fault in bad], digest[:12]
        )
        part.quarantine(
            [fault.table for fault in bad], [fault.reason for fault in bad], range(len(bad)), place,
            arrow.array([fault.raw for fault in bad], arrow.string()),
        )  # fmt: skip


def _settle(
    reader: FileSource, keys: list[str], paths: Sequence[Path], folder: Path, workers: int
) -> tuple[list[str], int]:
    """Parts without superseded and withdrawn items, and how many items that were."""
    table = reader.GIVES[0]
    identifier = contract(table).key[0]
    places = {name: folder / reader.name / name / f"{table}.parquet" for name in keys}
    there = [str(path) for path in places.values() if path.is_file()]
    if not there:
        return keys, 0
    import duckdb

    spill = folder / ".settle"
    settings: dict[str, Any] = {
        "threads": workers,
        "memory_limit": _MEMORY,
        "temp_directory": str(spill),
    }
    with duckdb.connect(config=settings) as connection:
        lost = _lost(connection, there, identifier, reader.withdrawn(paths))
    shutil.rmtree(spill, ignore_errors=True)
    settled = [
        _without(folder / reader.name, name, lost[str(path)]) if str(path) in lost else name
        for name, path in places.items()
    ]
    return settled, sum(map(len, lost.values()))


def _lost(
    connection: duckdb.DuckDBPyConnection,
    files: list[str],
    identifier: str,
    withdrawn: Iterator[list[str]],
) -> dict[str, list[str]]:
    """File -> `archive_ref` of the items that do not stand."""
    parts = connection.read_parquet(files, filename=True)
    parts.project(f"{identifier} AS id, item, sequence, archive_ref, filename").create_view("parts")
    connection.execute("CREATE TABLE gone (id VARCHAR)")
    for marks in withdrawn:
        if marks:
            found = arrow.table({"id": arrow.array(marks, arrow.string())})
            connection.register("found", found)
            connection.execute(
                "INSERT INTO gone SELECT found.id FROM found SEMI JOIN parts USING (id)"
            )
            connection.unregister("found")
    rows = connection.execute(
        """
        WITH twice AS (SELECT id FROM parts GROUP BY id HAVING count(*) > 1),
        ranked AS (
            SELECT *, row_number() OVER (PARTITION BY id ORDER BY item, sequence) AS rank
            FROM parts SEMI JOIN twice USING (id))
        SELECT filename, archive_ref FROM ranked WHERE rank > 1
        UNION
        SELECT filename, archive_ref FROM parts SEMI JOIN gone USING (id)
        ORDER BY ALL
        """
    ).fetchall()
    lost: dict[str, list[str]] = {}
    for name, ref in rows:
        lost.setdefault(name, []).append(ref)
    return lost


def _without(folder: Path, name: str, refs: list[str]) -> str:
    """Name of a part that is as another one, but for some records; made unless it is there."""
    fresh = hashlib.sha256("\0".join((name, *refs)).encode()).hexdigest()[:32]
    if (folder / fresh).is_dir():
        return fresh
    making = folder / f".{fresh}.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    picked = arrow.array(refs, arrow.string())
    for path in sorted((folder / name).glob("*.parquet")):
        if path.stem == QUARANTINE:
            shutil.copyfile(path, making / path.name)
            continue
        with (
            parquet.ParquetFile(path) as file,
            parquet.ParquetWriter(making / path.name, file.schema_arrow, compression="lz4") as kept,
        ):
            for batch in file.iter_batches(use_threads=False):
                mask = pc.invert(pc.is_in(batch["archive_ref"], value_set=picked))
                kept.write_batch(batch.filter(mask))
    making.replace(folder / fresh)
    return fresh
