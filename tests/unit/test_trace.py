"""Excerpts of stored responses."""

import gzip
import hashlib
from pathlib import Path

from gapstudy.archive import Archive, Reference
from gapstudy.trace import _excerpt, excerpt


def test_excerpt() -> None:
    assert excerpt(b"a\nb\nc\n", 2) == "b"
    assert excerpt(b"a\nb\n", 9) == "a\nb\n"
    assert excerpt(b"a\nb\n", 0) == "a\nb\n"
    assert excerpt(b"x" * 50, None, width=5) == "xxxxx"
    assert excerpt(b"\xff", None) == "�"
    assert excerpt(b'[{"page": 1}, [{"id": 1}, {"id": 2}]]', 2) == '{"id":2}'
    assert excerpt(b'{"meta": {}, "results": [{"id": 1}, {"id": 2}]}', 2) == '{"id":2}'


def test_excerpt_of_a_bulk_file(tmp_path: Path) -> None:
    path = tmp_path / "works.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": 1}\n{"id": 2}\n'))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    archive = Archive(tmp_path / "archive")
    archive.link([(str(path), digest)])
    assert _excerpt(archive, Reference("x", digest, 2)) == '{"id": 2}\n'
