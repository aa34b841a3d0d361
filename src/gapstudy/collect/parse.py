"""Stored responses -> raw records, by the callbacks of the sources."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet

from gapstudy.archive import Archive, Entry, reference
from gapstudy.errors import ShapeError, UnknownNameError
from gapstudy.sources import load
from gapstudy.sources.base import Ask, Bad, Record
from gapstudy.tables import contract

#: Responses that one worker reads at a time.
CHUNK = 64
#: Rows that are written at a time.
_GROUP = 1 << 14
_TEXT, _INT = arrow.string(), arrow.int64()
#: Columns of what a worker writes: those of a raw table, the number of the response in the archive,
#: and for each item its content as a hash, with its first row marked.
_SCHEMA = arrow.schema([
    ("number", _INT), ("first", arrow.bool_()), ("digest", _TEXT), ("archive_ref", _TEXT),
    ("sequence", _INT), ("item", _TEXT), ("retrieved", _TEXT), ("table", _TEXT),
    ("problem", _TEXT), ("record", _TEXT),
])  # fmt: skip
#: Libraries that parsers use.
_LIBRARIES = ("ijson", "lxml", "openpyxl", "orjson", "pyarrow", "pycountry", "scrapy")
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Chunk:
    """Some responses of one source to read.

    Attributes:
        source: the source.
        raw: `data/raw` of the study.
        entries: the responses, each with its number in the archive.
        target: Parquet file to write their rows to.
        options: settings of the source in study.toml.
    """

    source: str
    raw: str
    entries: tuple[tuple[int, Entry], ...]
    target: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a response gave.

    Attributes:
        number: its number in the archive.
        url: its address, as the source tells addresses apart.
        items: items in it.
        problem: why it could not be read; empty when it could.
    """

    number: int
    url: str
    items: int
    problem: str


def read_chunk(chunk: Chunk) -> list[Answer]:
    """Read some responses and write what they give; for a worker.

    A response in an unknown shape gives nothing.
    """
    archive = Archive.of(Path(chunk.raw), chunk.source)
    address = load(chunk.source).address
    answers = []
    rows: list[dict[str, Any]] = []
    with parquet.ParquetWriter(chunk.target, _SCHEMA, compression="lz4") as file:
        for number, entry in chunk.entries:
            body = archive.body(entry.sha256)
            try:
                found = rows_of(
                    chunk.source, entry.url, body, entry.sha256, entry.status, chunk.options
                )
            except ShapeError as error:
                answers.append(Answer(number, address(entry.url), 0, str(error)))
                continue
            for row in found:
                row["number"] = number
                row["retrieved"] = entry.retrieved
            items = sum(row["first"] for row in found)
            answers.append(Answer(number, address(entry.url), items, ""))
            rows += found
            if len(rows) >= _GROUP:
                file.write_table(arrow.Table.from_pylist(rows, _SCHEMA))
                rows = []
        if rows:
            file.write_table(arrow.Table.from_pylist(rows, _SCHEMA))
    return answers


def rows_of(
    name: str,
    url: str,
    body: bytes,
    sha256: str,
    status: int = 200,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Rows that one response gives, with what `fold` needs to know of them.

    The records of one row of the response are one item, named by the first of them; where rows do
    not apply (0), and for what is `Bad`, each is one by itself. When an item comes up again in the
    same response, that is a second item.

    Raises:
        ShapeError: the response has an unknown shape.
    """
    sequence: Counter[int] = Counter()
    times: Counter[str] = Counter()
    items: dict[int, list[dict[str, Any]]] = {}
    groups: list[list[dict[str, Any]]] = []
    for found in records(name, url, body, status, options):
        bad = isinstance(found, Bad)
        row = {
            "archive_ref": reference(name, sha256, found.row),
            "sequence": sequence[found.row],
            "table": found.table,
            "problem": _text(found.reason) if isinstance(found, Bad) else "",
            "record": _text(found.raw) if isinstance(found, Bad) else _json(found.data),
        }
        sequence[found.row] += 1
        group = items.get(found.row)
        if bad or group is None:
            label = _item(found, row)
            times[label] += 1
            row["item"] = label if times[label] == 1 else f"{label} #{times[label]}"
            groups.append(group := [])
            if found.row and not bad:
                items[found.row] = group
        group.append(row)
    for group in groups:
        content = "".join(f"{row['table']}\x1f{row['problem']}\x1f{row['record']}\x1e"
                          for row in group)  # fmt: skip
        digest = hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
        for row in group:
            row |= {"item": group[0]["item"], "digest": digest, "first": row is group[0]}
    return [row for group in groups for row in group]


def _item(found: Record | Bad, row: dict[str, Any]) -> str:
    """What identifies an item across responses: table and key of its first record."""
    if isinstance(found, Bad):
        content = "\0".join((row["table"], row["problem"], row["record"]))
        return "bad:" + hashlib.sha256(content.encode()).hexdigest()[:16]
    parts = [found.data[name] for name in _key(found.table) if found.data.get(name) is not None]
    if not parts:
        return f"{found.table}:{hashlib.sha256(row['record'].encode()).hexdigest()[:16]}"
    return _text(f"{found.table}:" + "/".join(str(part).strip() for part in parts))


@cache
def _key(table: str) -> tuple[str, ...]:
    try:
        return contract(table).key
    except UnknownNameError:
        return ()


def _json(data: dict[str, Any]) -> str:
    import orjson

    try:
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # numbers beyond 64 bits, halves of characters
        return _text(json.dumps(data, sort_keys=True, ensure_ascii=False))


def _text(text: str) -> str:
    """The text without what UTF-8 cannot say."""
    return text.encode("utf-8", "replace").decode()


def records(
    name: str,
    url: str,
    body: bytes,
    status: int = 200,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[Record | Bad]:
    """Records of one response, by the source's callback.

    Args:
        name: the source.
        url: address of the response.
        body: its bytes.
        status: its HTTP status.
        options: settings of the source in study.toml, over its own.

    Raises:
        UnknownNameError: no such source.
        ShapeError: the response has an unknown shape.
    """
    from scrapy.http import TextResponse

    address = url if "://" in url else "file:///" + url.removeprefix("file:")
    response = TextResponse(address, status=status, body=body, encoding="utf-8")
    source = load(name)()
    source.ask = Ask(dt.date.min, dt.date.max, options={**source.OPTIONS, **options})
    yield from source.parse(response)


def code_of(name: str, options: Mapping[str, Any]) -> str:
    """Hash of everything but the responses that decides what the records of a source are."""
    settings = json.dumps(dict(options), sort_keys=True, default=str)
    return hashlib.sha256(f"{_code(name)} {settings}".encode()).hexdigest()


@cache
def _code(name: str) -> str:
    sources = _PACKAGE / "sources"
    files = [
        Path(__file__), Path(__file__).with_name("fold.py"),
        sources / f"{name}.py", sources / "base.py", *sources.glob("_*.py"),
        *(path for path in (sources / "data").rglob("*") if path.suffix == ".csv"),
        *(_PACKAGE / "tables").glob("*.py"),
        _PACKAGE / "dates.py", _PACKAGE / "regions.py",
    ]  # fmt: skip
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes() + b"\0")
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()
