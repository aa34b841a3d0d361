"""One stored response as one gzip member of a WARC file, by warcio.

Format: WARC 1.1, https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO

from gapstudy.errors import StoreError

#: Above level 1 the crawl waits for the compressor, and the files get little smaller.
_LEVEL = 1


@dataclass(frozen=True)
class Message:
    """A response as it is stored.

    Attributes:
        url: address without credentials.
        retrieved: ISO text; of an embedded file the day its content speaks of, or empty.
        status: HTTP status, 200 for files.
        body: bytes, decompressed.
        headers: of the response, without anything secret; empty for files.
        run: stamp of the collection; empty for files.
        note: version of the package or other remark.
    """

    url: str
    retrieved: str
    status: int
    body: bytes
    headers: Sequence[tuple[str, str]] = ()
    run: str = ""
    note: str = ""
    sha256: str = field(default="")

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", hashlib.sha256(self.body).hexdigest())


def member(message: Message, *, revisit: bool = False) -> bytes:
    """The gzip member of a response.

    Args:
        message: the response.
        revisit: whether its bytes are stored already: then the record only points to them.
    """
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False, warc_version="1.1")
    # Ours, so that the record is the same, byte for byte, whenever it is made.
    own = {
        "WARC-Date": _stamp(message.retrieved),
        "WARC-Record-ID": f"<urn:sha256:{_identity(message)}>",
        "Gapstudy-SHA256": message.sha256,
    }
    own |= {"Gapstudy-Run": message.run} if message.run else {}
    own |= {"Gapstudy-Note": message.note} if message.note else {}
    http = None
    if message.headers or message.url.startswith("http"):
        status = f"{message.status} {_phrase(message.status)}".strip()
        http = StatusAndHeaders(status, list(message.headers), protocol="HTTP/1.1")
    if revisit:
        own["WARC-Profile"] = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    kind = "revisit" if revisit else "response" if http else "resource"
    record = writer.create_warc_record(
        message.url, kind, payload=io.BytesIO(b"" if revisit else message.body),
        http_headers=http, warc_headers_dict=own,
        warc_content_type="" if http else "application/octet-stream",
    )  # fmt: skip
    writer.write_record(record)
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return compressor.compress(buffer.getvalue()) + compressor.flush()


def _identity(message: Message) -> str:
    if not message.run:
        return message.sha256
    text = f"{message.sha256} {message.url} {message.retrieved} {message.run}"
    return hashlib.sha256(text.encode()).hexdigest()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _stamp(retrieved: str) -> str:
    text = retrieved or "1970-01-01"
    return f"{text.removesuffix('Z')}Z" if "T" in text else f"{text[:10]}T00:00:00Z"


@dataclass(frozen=True)
class Stored:
    """One record read back.

    Attributes:
        message: the response; without body when only its head was asked for or it is a revisit.
        revisit: whether the record only points to bytes stored earlier.
        offset: of its member in the file.
        length: of its member.
    """

    message: Message
    revisit: bool
    offset: int
    length: int


def read(file: BinaryIO, *, start: int = 0) -> Iterator[Stored]:
    """Records of a WARC file from an offset on, up to the first that is cut off.

    Args:
        file: opened for reading, seekable.
        start: offset of a member.
    """
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    file.seek(start)
    at = start
    while True:
        decompressor = zlib.decompressobj(zlib.MAX_WBITS + 16)
        data, length = bytearray(), 0
        while not decompressor.eof:
            chunk = file.read(1 << 16)
            if not chunk:
                return
            try:
                data += decompressor.decompress(chunk)
            except zlib.error:
                return
            length += len(chunk)
        length -= len(decompressor.unused_data)
        try:
            for record in ArchiveIterator(io.BytesIO(bytes(data)), no_record_parse=False):
                if record.rec_type in {"response", "resource", "revisit"}:
                    yield Stored(_message(record), record.rec_type == "revisit", at, length)
        except (ArchiveLoadFailed, EOFError, ValueError):
            return
        at += length
        file.seek(at)


def _message(record: object) -> Message:
    head = record.rec_headers.get_header  # type: ignore[attr-defined]  # warcio has no types
    http = record.http_headers  # type: ignore[attr-defined]
    body: bytes = record.content_stream().read()  # type: ignore[attr-defined]
    run = head("Gapstudy-Run") or ""
    when = head("WARC-Date").removesuffix("Z")
    if not run:
        when = "" if when.startswith("1970-01-01") else when[:10]
    return Message(
        url=head("WARC-Target-URI"),
        retrieved=when,
        status=int(http.get_statuscode()) if http else 200,
        body=body,
        headers=tuple(http.headers) if http else (),
        run=run,
        note=head("Gapstudy-Note") or "",
        sha256=head("Gapstudy-SHA256") or "",
    )


def open_member(data: bytes, where: str) -> Message:
    """The response that one member holds, checked against its hash.

    Raises:
        StoreError: the member is damaged.
    """
    stored = next(read(io.BytesIO(data)), None)
    if stored is None or hashlib.sha256(stored.message.body).hexdigest() != stored.message.sha256:
        raise StoreError(
            "a stored response is damaged",
            where=where,
            remedy="Restore the file, or delete the archive of this source and collect again",
        )
    return stored.message
