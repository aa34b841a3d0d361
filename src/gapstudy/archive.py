"""Stored responses of a source: WARC files with index and manifest, addressed by content.

A response is kept once under the SHA-256 of its body, so the same bytes always have the same
reference, whenever and wherever they were collected. A row of a table points to its response with
`SOURCE:SHA256#ROW`. Three kinds of file lie beside each other in `data/raw/<source>/archive/`:

- `<source>-00001.warc.gz` and so on: the responses, one gzip member each;
- `index.jsonl`: where each record lies, a line per record of a WARC file;
- `manifest.jsonl`: what was seen when, a line per response, oldest first.

They are written in this order and only ever grow, so a crash loses nothing: what a WARC file holds
beyond its index is listed when the archive is next opened for writing, and a record cut off in the
middle is removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from gapstudy import warc
from gapstudy.errors import StoreError
from gapstudy.warc import Message

_REF = re.compile(r"(?P<source>[a-z0-9_]+):(?P<sha>[0-9a-f]{64})(?:#(?P<row>\d+))?")
#: A WARC file is closed at this size, and the next one begun.
ROTATE = 256 << 20


@dataclass(frozen=True)
class Entry:
    """One response, as the manifest lists it.

    Attributes:
        url: address without credentials; `file:NAME` for a file of the study folder and
            `package:NAME/FILE` for data that an installed package carries. A POST has its body's
            hash as the fragment.
        retrieved: time of the retrieval (UTC), ISO text; of an embedded file, the day its content
            speaks of, or empty.
        status: HTTP status, 200 for files.
        sha256: of the body.
        run: stamp of the collection that brought it; empty for files.
        note: version of the package or other remark; "not modified" where the source said so.
    """

    url: str
    retrieved: str
    status: int
    sha256: str
    run: str = ""
    note: str = ""


@dataclass(frozen=True)
class Place:
    """Where the bytes of a response lie: a member of a WARC file, or a bulk file (length -1)."""

    sha256: str
    file: str
    offset: int
    length: int
    revisit: bool = False


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


Line = TypeVar("Line", Entry, Place)


class Archive:
    """The stored responses of one source.

    Args:
        folder: `data/raw/<source>/archive`.
        name: of the source; opens the names of its WARC files.
    """

    def __init__(self, folder: Path, name: str = "responses") -> None:
        self.folder = folder
        self.name = name
        self.manifest = folder / "manifest.jsonl"
        self.index = folder / "index.jsonl"
        self._places: dict[str, Place] = {}
        self._indexed = -1

    @classmethod
    def of(cls, raw: Path, source: str) -> Archive:
        """Archive of a source below `data/raw`."""
        return cls(raw / source / "archive", source)

    # Reading.

    def entries(self) -> list[Entry]:
        """All responses, oldest first.

        Raises:
            StoreError: the manifest is damaged.
        """
        return self._lines(self.manifest, Entry)

    def _lines(self, path: Path, kind: type[Line]) -> list[Line]:
        import orjson

        if not path.is_file():
            return []
        # A last line without its end was being written when the run was killed.
        *whole, _ = path.read_bytes().split(b"\n")
        try:
            return [kind(**orjson.loads(line)) for line in whole]
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"the list of stored responses is damaged: {error}",
                where=str(path),
                remedy="Restore the file, or delete the archive and run `gapstudy collect`",
            ) from error

    def place(self, sha256: str) -> Place:
        """Where the bytes of a response lie.

        Raises:
            StoreError: nothing of this content is stored.
        """
        size = self.index.stat().st_size if self.index.is_file() else 0
        if size != self._indexed:
            self._places = {}
            for place in self._lines(self.index, Place):
                if not place.revisit:
                    # The last: what was lost or damaged is stored anew.
                    self._places[place.sha256] = place
            self._indexed = size
        if sha256 not in self._places:
            raise StoreError(
                f"no stored response {sha256[:16]}",
                where=str(self.folder),
                remedy="Run `gapstudy collect`",
            )
        return self._places[sha256]

    def message(self, sha256: str) -> Message:
        """A stored response with its headers, checked against its hash.

        Raises:
            StoreError: not stored, or damaged.
        """
        place = self.place(sha256)
        path = self.folder / place.file
        if place.length < 0:
            return Message(f"file:{place.file}", "", 200, self._bulk(path, sha256))
        try:
            with open(path, "rb") as file:
                file.seek(place.offset)
                data = file.read(place.length)
        except OSError as error:
            raise StoreError(
                f"a stored response cannot be read: {error.strerror}",
                where=str(path),
                remedy="Restore the file, or delete the archive and run `gapstudy collect`",
            ) from error
        found = warc.open_member(data, str(path))
        if found.sha256 != sha256:
            raise StoreError(
                f"the index leads to another response than {sha256[:16]}",
                where=str(path),
                remedy="Delete the archive of this source and run `gapstudy collect`",
            )
        return found

    def body(self, sha256: str) -> bytes:
        """The bytes of a stored response, checked against their hash.

        Raises:
            StoreError: not stored, or damaged.
        """
        return self.message(sha256).body

    def _there(self, place: Place) -> bool:
        path = self.folder / place.file
        return path.is_file() and path.stat().st_size >= place.offset + place.length

    def _bulk(self, path: Path, sha256: str) -> bytes:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StoreError(
                f"the bulk file cannot be read: {error.strerror}",
                where=str(path),
                remedy="Put the file back, or take it out of study.toml",
            ) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(
                "the bulk file has changed since it was collected",
                where=str(path),
                remedy="Run `gapstudy refresh`",
            )
        return data

    # Writing.

    def open(self) -> Writer:
        """Open for writing, mending what a killed run left.

        Raises:
            StoreError: the folder cannot be written.
        """
        return Writer(self)

    def keep(self, found: list[tuple[str, bytes, str, str]]) -> list[Entry]:
        """Store the current state of an embedded source, whole.

        Bodies already stored are not written again. The manifest gets all new lines at once and
        last, so a run killed half-way leaves the old state.

        Args:
            found: address, body, retrieval date (or empty) and note of each response.

        Returns:
            The entries of this state, in the given order.
        """
        messages = [Message(url, when, 200, body, note=note) for url, body, when, note in found]
        state = [_entry(message) for message in messages]
        # What comes back after a change is listed again: the last of an address is the newest.
        newest = {entry.url: entry for entry in self.entries()}
        if all(newest.get(entry.url) == entry for entry in state):
            with contextlib.suppress(StoreError):
                if all(self._there(self.place(entry.sha256)) for entry in state):
                    return state
        with self.open() as writer:
            for message in messages:
                writer.store(message)
            writer.enter([entry for entry in state if newest.get(entry.url) != entry])
        return state

    def link(self, files: Sequence[tuple[str, str]]) -> None:
        """List bulk files, which stay where they are.

        Args:
            files: path (absolute, or relative to the archive's folder) and SHA-256 of each.
        """
        newest = {entry.url: entry for entry in self.entries()}
        fresh = []
        with self.open() as writer:
            for path, digest in files:
                entry = Entry(f"file:{path}", "", 200, digest)
                if newest.get(entry.url) != entry:
                    writer.locate(Place(digest, path, 0, -1))
                    fresh.append(entry)
            writer.enter(fresh)


class Writer:
    """An archive opened for writing; one at a time, held by the store's lock."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._known = {entry.sha256 for entry in archive.entries()}
        self._file: Any = None
        self._size = 0
        with _reported(archive.folder):
            archive.folder.mkdir(parents=True, exist_ok=True)
            for path in (archive.manifest, archive.index):
                _cut_to_lines(path)
            self._index = open(archive.index, "ab")  # noqa: SIM115  # closed by close()
            self._manifest = open(archive.manifest, "ab")  # noqa: SIM115  # closed by close()
            self._mend()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files; what is written is on the disk."""
        with _reported(self.archive.folder):
            for file in (self._file, self._index, self._manifest):
                if file is not None and not file.closed:
                    os.fsync(file.fileno())
                    file.close()

    def add(self, message: Message) -> Entry:
        """Store and list one response."""
        self.store(message)
        entry = _entry(message)
        self.enter([entry])
        return entry

    def store(self, message: Message) -> None:
        """Write a response to the WARC file and the index; content stored before is pointed to."""
        known = message.sha256 in self._known
        if known and not message.run:
            with contextlib.suppress(StoreError):
                self.archive.message(message.sha256)
                return
            known = False
        self.write(warc.member(message, revisit=known), message.sha256, revisit=known)

    def write(self, data: bytes, sha256: str, *, revisit: bool) -> None:
        """Write a member made by `warc.member`."""
        with _reported(self.archive.folder):
            if self._file is None or self._size >= ROTATE:
                self._rotate()
            offset, self._size = self._size, self._size + len(data)
            self._file.write(data)
            self._file.flush()
            self.locate(Place(sha256, Path(self._file.name).name, offset, len(data), revisit))
        self._known.add(sha256)

    def knows(self, sha256: str) -> bool:
        """Whether bytes of this hash are stored."""
        return sha256 in self._known

    def locate(self, place: Place) -> None:
        """Add a line to the index."""
        with _reported(self.archive.folder):
            self._index.write(_line(asdict(place)))
            self._index.flush()

    def enter(self, entries: Sequence[Entry]) -> None:
        """Add lines to the manifest, all in one write."""
        if entries:
            with _reported(self.archive.folder):
                self._manifest.write(b"".join(_line(asdict(entry)) for entry in entries))
                self._manifest.flush()

    def _rotate(self) -> None:
        if self._file is not None:
            self._file.close()
        paths = self._files()
        if paths and paths[-1].stat().st_size < ROTATE:
            path = paths[-1]
        else:
            number = int(paths[-1].name.removesuffix(".warc.gz")[-5:]) + 1 if paths else 1
            path = self.archive.folder / f"{self.archive.name}-{number:05d}.warc.gz"
        self._file = open(path, "ab")  # noqa: SIM115  # closed by close()
        self._size = path.stat().st_size

    def _files(self) -> list[Path]:
        return sorted(self.archive.folder.glob(f"{self.archive.name}-*.warc.gz"))

    def _mend(self) -> None:
        """List what a killed run had stored but not yet listed; remove what it had cut off."""
        ends: dict[str, int] = {}
        last: Place | None = None
        for last in self.archive._lines(self.archive.index, Place):
            if last.length >= 0:
                ends[last.file] = last.offset + last.length
        found = []
        for path in self._files()[-2:]:
            end = ends.get(path.name, 0)
            if path.stat().st_size > end:
                with open(path, "rb") as file:
                    for record in warc.read(file, start=end):
                        self.locate(
                            Place(record.message.sha256, path.name, record.offset, record.length,
                                  record.revisit)
                        )  # fmt: skip
                        end = record.offset + record.length
                        found.append(record.message)
                os.truncate(path, end)
        if last is not None and last.length >= 0 and (self.archive.folder / last.file).is_file():
            with open(self.archive.folder / last.file, "rb") as file:
                newest = next(warc.read(file, start=last.offset), None)
            found[:0] = [newest.message] if newest else []
        # Embedded states are listed whole by the run that comes next.
        missing = [_entry(message) for message in found if message.run]
        if missing:
            listed = set(self.archive.entries())
            self.enter([entry for entry in missing if entry not in listed])
            self._known |= {entry.sha256 for entry in missing}


def _entry(message: Message) -> Entry:
    return Entry(message.url, message.retrieved, message.status, message.sha256, message.run,
                 message.note)  # fmt: skip


def _line(data: dict[str, Any]) -> bytes:
    import orjson

    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _cut_to_lines(path: Path) -> None:
    """Remove a last line that was cut off."""
    if path.is_file() and (size := path.stat().st_size):
        with open(path, "rb") as file:
            file.seek(max(0, size - (1 << 20)))
            tail = file.read()
        if not tail.endswith(b"\n"):
            os.truncate(path, size - len(tail) + tail.rfind(b"\n") + 1)


@contextlib.contextmanager
def _reported(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the archive cannot be written: {error.strerror}",
            where=str(folder),
            remedy="Free space on the disk, or correct the folder's permissions",
        ) from error


def reference(source: str, sha256: str, row: int) -> str:
    """The `archive_ref` of a row of a stored response."""
    return f"{source}:{sha256}#{row}"
