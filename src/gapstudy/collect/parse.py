"""Stored responses -> raw records, by the callbacks of the sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gapstudy.archive import Archive, Entry, reference
from gapstudy.errors import ShapeError
from gapstudy.sources import load
from gapstudy.sources.base import Bad, Record


@dataclass
class Parsed:
    """What the stored responses of one source say.

    Attributes:
        rows: rows of the table `raw_<source>`.
        state: row of the table `source_states`.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)


def parse_source(name: str, raw: Path, problem: str) -> Parsed:
    """Parse the newest good response of every address of one source.

    A response in an unknown shape gives way to the one before it at the same address, and the
    source is marked stale; where there is none before, the source has failed.

    Args:
        name: the source.
        raw: `data/raw` of the study.
        problem: what went wrong in its collection, or empty.
    """
    archive = Archive.of(raw, name)
    versions: dict[str, list[Entry]] = {}
    for entry in archive.entries():
        versions.setdefault(entry.url, []).insert(0, entry)
    notes = [problem] if problem else []
    result = Parsed()
    used: list[Entry] = []
    failed = not versions
    for url in sorted(versions):
        for entry in versions[url]:
            try:
                result.rows += rows_of(name, entry.url, archive.body(entry.sha256), entry.sha256)
                used.append(entry)
                break
            except ShapeError as error:
                notes.append(str(error))
        else:
            failed = True
    if failed:
        result.rows = []
    state = "failed" if failed else "stale" if notes else "ok"
    if problem.startswith("skipped"):
        state = "skipped"
    result.state = {
        "source": name,
        "state": state,
        "note": " ".join(dict.fromkeys(notes)),
        "as_of": max((entry.retrieved for entry in used), default=""),
        "responses": len(used),
        "records": sum(not row["problem"] for row in result.rows),
    }
    return result


def rows_of(name: str, url: str, body: bytes, sha256: str) -> list[dict[str, Any]]:
    """Rows of `raw_<source>` that one response gives.

    Raises:
        ShapeError: the response has an unknown shape.
    """
    sequence: dict[int, int] = {}
    rows = []
    for found in records(name, url, body):
        number = sequence[found.row] = sequence.get(found.row, -1) + 1
        rows.append(
            {
                "archive_ref": reference(name, sha256, found.row),
                "sequence": number,
                "table": found.table,
                "problem": found.reason if isinstance(found, Bad) else "",
                "record": found.raw
                if isinstance(found, Bad)
                else json.dumps(found.data, sort_keys=True, ensure_ascii=False),
            }
        )
    return rows


def records(name: str, url: str, body: bytes) -> Iterator[Record | Bad]:
    """Records of one response, by the source's callback.

    Raises:
        UnknownNameError: no such source.
        ShapeError: the response has an unknown shape.
    """
    from scrapy.http import TextResponse

    address = url if "://" in url else "file:///" + url.removeprefix("file:")
    response = TextResponse(address, body=body, encoding="utf-8")
    yield from load(name)().parse(response)
