"""Stored responses of a source: WARC files with an index beside them, addressed by content.

A response is kept once under the SHA-256 of its body, so the same bytes always have the same
reference, whenever and wherever they were collected. A row of a table points to its response with
`SOURCE:SHA256#ROW`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import re
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from gapstudy.errors import StoreError
from gapstudy.store import atomic, write_bytes

_REF = re.compile(r"(?P<source>[a-z0-9_]+):(?P<sha>[0-9a-f]{64})(?:#(?P<row>\d+))?")


@dataclass(frozen=True)
class Entry:
    """One stored response, as the manifest lists it.

    Attributes:
        url: address without credentials; `file:NAME` for a file of the study folder and
            `package:NAME/FILE` for data that an installed package carries.
        retrieved: day and time of the retrieval, ISO text; of an embedded file, the day its
            content speaks of, or empty.
        status: HTTP status, 200 for files.
        sha256: of the body.
        file: name of the WARC file.
        note: version of the package or other remark.
    """

    url: str
    retrieved: str
    status: int
    sha256: str
    file: str
    note: str = ""


@dataclass(frozen=True)
class Reference:
    """What an `archive_ref` says."""

    source: str
    sha256: str
    row: int | None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read SOURCE:SHA256#ROW.

        Raises:
            StoreError: not of that form.
        """
        match = _REF.fullmatch(text)
        if match is None:
            raise StoreError(f"{text!r} is not an archive reference")
        row = match["row"]
        return cls(match["source"], match["sha"], None if row is None else int(row))


class Archive:
    """The stored responses of one source.

    Args:
        folder: `data/raw/<source>/archive`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "manifest.jsonl"

    @classmethod
    def of(cls, raw: Path, source: str) -> Archive:
        """Archive of a source below `data/raw`."""
        return cls(raw / source / "archive")

    def entries(self) -> list[Entry]:
        """All stored responses, oldest first.

        Raises:
            StoreError: the manifest is damaged.
        """
        if not self.manifest.is_file():
            return []
        try:
            lines = self.manifest.read_text(encoding="utf-8").splitlines()
            return [Entry(**json.loads(line)) for line in lines]
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"the list of stored responses is damaged: {error}",
                where=str(self.manifest),
                remedy="Restore the file, or delete the archive and run `gapstudy collect`",
            ) from error

    def keep(self, found: list[tuple[str, bytes, str, str]]) -> list[Entry]:
        """Store the current state of an embedded source, whole.

        Bodies already stored are not written again. The manifest lists the state given here after
        the earlier ones and is replaced last, so a run killed half-way leaves the old state.

        Args:
            found: address, body, retrieval date (or empty) and note of each response.

        Returns:
            The entries of this state, in the given order.
        """
        old = self.entries()
        known = {entry.sha256: entry for entry in old}
        state = []
        for url, body, retrieved, note in found:
            digest = hashlib.sha256(body).hexdigest()
            name = f"{digest[:16]}.warc.gz"
            entry = Entry(url, retrieved, 200, digest, name, note)
            if digest not in known or not (self.folder / known[digest].file).is_file():
                self._write(self.folder / name, entry, body)
            state.append(entry)
        # What comes back after a change is listed again: the last of an address is the newest.
        newest = {entry.url: entry for entry in old}
        fresh = [entry for entry in state if newest.get(entry.url) != entry]
        if fresh:
            lines = [json.dumps(asdict(entry), sort_keys=True) for entry in [*old, *fresh]]
            write_bytes(self.manifest, ("\n".join(lines) + "\n").encode())
        return state

    def _write(self, path: Path, entry: Entry, body: bytes) -> None:
        from warcio.warcwriter import WARCWriter

        when = entry.retrieved or "1970-01-01"
        with atomic(path) as temporary, open(temporary, "wb") as file:
            # The fixed date keeps the file the same, byte for byte, whenever it is made.
            writer = WARCWriter(file, gzip=True, warc_version="1.1")
            record = writer.create_warc_record(
                entry.url,
                "resource",
                payload=io.BytesIO(body),
                warc_content_type="application/octet-stream",
                http_headers=None,
                warc_headers_dict={
                    "WARC-Date": dt.date.fromisoformat(when[:10]).isoformat() + "T00:00:00Z",
                    "WARC-Record-ID": f"<urn:sha256:{entry.sha256}>",
                },
            )
            writer.write_record(record)

    def body(self, sha256: str) -> bytes:
        """The bytes of a stored response, checked against their hash.

        Raises:
            StoreError: not stored, or damaged.
        """
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed

        entry = next((entry for entry in self.entries() if entry.sha256 == sha256), None)
        path = self.folder / (entry.file if entry else "")
        if entry is None or not path.is_file():
            raise StoreError(
                f"no stored response {sha256[:16]}",
                where=str(self.folder),
                remedy="Run `gapstudy collect`",
            )
        with open(path, "rb") as file, contextlib.suppress(ArchiveLoadFailed, EOFError, zlib.error):
            for record in ArchiveIterator(file):
                data: bytes = record.content_stream().read()
                if hashlib.sha256(data).hexdigest() == sha256:
                    return data
        raise StoreError(
            f"the stored response {sha256[:16]} is damaged",
            where=str(path),
            remedy="Delete the file and run `gapstudy collect`",
        )


def reference(source: str, sha256: str, row: int) -> str:
    """The `archive_ref` of a row of a stored response."""
    return f"{source}:{sha256}#{row}"


def excerpt(body: bytes, row: int | None, *, width: int = 2000) -> str:
    """What a person wants to see of a stored response: the row named, or its opening."""
    text = body.decode("utf-8", errors="replace")
    if row is not None:
        lines = text.splitlines()
        if 0 < row <= len(lines):
            text = lines[row - 1]
    return text[:width]
