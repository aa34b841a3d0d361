"""Bulk files into parts: pieces, ranges, caching, newest versions, withdrawn items, faults."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from gapstudy.errors import StudyError
from gapstudy.normalise import bulk
from gapstudy.normalise.bulk import Bulk, File

SOURCE = "openalex_snapshot"


def work(number: int, updated: str = "2026-03-02", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/W{number}", "title": f"Example {number}, {updated}",
        "publication_date": "2024-05-17", "cited_by_count": 1,
        "authorships": [
            {"author": {"display_name": "Jane Roe"}, "institutions": [
                {"id": f"https://openalex.org/I{number % 3}", "country_code": "DE",
                 "display_name": f"Example University {number % 3}", "type": "education"}]},
            {"author": {"display_name": "John Doe"}, "institutions": [], "countries": ["FR"]},
        ],
        "topics": [{"subfield": {"id": "https://openalex.org/subfields/1702"}}],
        "updated_date": f"{updated}T00:00:00",
    } | changes  # fmt: skip


def write(path: Path, *works: dict[str, Any] | str) -> File:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [item if isinstance(item, str) else json.dumps(item) for item in works]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return File(path, hashlib.sha256(path.read_bytes()).hexdigest())


def parse(tmp_path: Path, *files: File, workers: int = 1, **options: Any) -> Bulk:
    return bulk.parse(SOURCE, files, options, tmp_path / "parts", workers=workers)


def rows(tmp_path: Path, found: Bulk, table: str = "papers") -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for name in found.keys:
        path = tmp_path / "parts" / SOURCE / name / f"{table}.parquet"
        if path.is_file():
            made += parquet.read_table(path).to_pylist()
    return sorted(made, key=lambda row: (row["archive_ref"].partition("#")[0],
                                         int(row["archive_ref"].rpartition("#")[2]),
                                         row["sequence"]))  # fmt: skip


def test_rows_are_typed_and_lead_to_their_line(tmp_path: Path) -> None:
    file = write(tmp_path / "part.jsonl", work(1), "", work(2))
    found = parse(tmp_path, file)
    first, second = rows(tmp_path, found)
    assert (first["paper_id"], first["source_id"]) == ("openalex:W1", "openalex:W1")
    assert first["archive_ref"] == f"{SOURCE}:{file.sha256}#1"
    assert second["archive_ref"] == f"{SOURCE}:{file.sha256}#3"
    assert first["date_from"].isoformat() == "2024-05-17"
    affiliations = rows(tmp_path, found, "paper_affiliations")
    assert [row["archive_ref"] for row in affiliations] == [first["archive_ref"]] * 2 + [
        second["archive_ref"]
    ] * 2
    assert (found.records, found.quarantined, found.superseded) == (6, 0, 0)


def test_a_large_file_is_read_in_ranges_with_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "part.jsonl", *[work(number) for number in range(1, 201)])
    whole = parse(tmp_path, file)
    monkeypatch.setattr(bulk, "RANGE", 20_000)
    parted = parse(tmp_path, file)
    assert len(whole.keys) == 1
    assert len(parted.keys) > 3
    for table in ("papers", "paper_affiliations"):
        assert rows(tmp_path, parted, table) == rows(tmp_path, whole, table)


def test_two_processes_give_the_parts_of_one(tmp_path: Path) -> None:
    files = [write(tmp_path / f"part_{n}.jsonl", work(n), work(n + 10)) for n in range(1, 4)]
    one = parse(tmp_path, *files)
    other = bulk.parse(SOURCE, files, {}, tmp_path / "others", workers=2)
    assert one == other
    for name in one.keys:
        for path in (tmp_path / "parts" / SOURCE / name).iterdir():
            assert (
                path.read_bytes() == (tmp_path / "others" / SOURCE / name / path.name).read_bytes()
            )


def test_a_new_file_is_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    make = bulk._make

    def counting(task: bulk._Task) -> str:
        read.append(task.piece.path.name)
        return make(task)

    monkeypatch.setattr(bulk, "_make", counting)
    first, second = (write(tmp_path / f"{name}.jsonl", work(n)) for n, name in ((1, "b"), (2, "c")))
    before = parse(tmp_path, first, second)
    assert read == ["b.jsonl", "c.jsonl"]
    assert parse(tmp_path, first, second) == before
    assert len(read) == 2
    third = write(tmp_path / "a.jsonl", work(3))
    after = parse(tmp_path, third, first, second)
    assert read[2:] == ["a.jsonl"]
    assert set(before.keys) < set(after.keys)
    # Other settings, and other bytes, are read anew.
    parse(tmp_path, first, **{"to": 2030})
    parse(tmp_path, write(tmp_path / "c.jsonl", work(2, title="Changed")))
    assert read[3:] == ["b.jsonl", "c.jsonl"]


def test_of_a_work_in_several_partitions_the_newest_stands(tmp_path: Path) -> None:
    works = tmp_path / "works"
    many = [{"author": {"display_name": f"Author {n}"}, "institutions": []} for n in range(9)]
    old = write(works / "updated_date=2025-01-01" / "part_000.jsonl",
                work(1, "2025-01-01", authorships=many), work(2, "2025-01-01"))  # fmt: skip
    new = write(works / "updated_date=2026-03-02" / "part_000.jsonl",
                work(3), work(1), work(3, title="A repeated line"))  # fmt: skip
    for files in ((old, new), (new, old)):
        found = parse(tmp_path, *files)
        made = {row["paper_id"]: row["title"] for row in rows(tmp_path, found)}
        assert made == {
            "openalex:W1": "Example 1, 2026-03-02", "openalex:W2": "Example 2, 2025-01-01",
            "openalex:W3": "Example 3, 2026-03-02",
        }  # fmt: skip
        # Nothing of the older version is left: not even authors beyond those of the newer one.
        assert len(rows(tmp_path, found, "paper_affiliations")) == 6
        assert (found.superseded, found.quarantined) == (2, 0)
        assert set(found.keys) < set(found.kept)


def test_merged_works_are_left_out(tmp_path: Path) -> None:
    part = write(tmp_path / "works" / "part.jsonl", work(1), work(2), work(3))
    merged = write(
        tmp_path / "merged_ids" / "works" / "2026-01-01.csv",
        "merge_date,id,merge_into_id", "2026-01-01,W1,W2", "2026-01-01,W9,W2",
    )  # fmt: skip
    found = parse(tmp_path, part, merged)
    assert [row["paper_id"] for row in rows(tmp_path, found)] == ["openalex:W2", "openalex:W3"]
    assert found.superseded == 1
    assert parse(tmp_path, part, merged) == found


def test_bad_lines_are_in_quarantine_with_their_row(tmp_path: Path) -> None:
    file = write(tmp_path / "part.jsonl", work(1), '{"id": "https://openalex.org/W2", "tit',
                 work(3, publication_date="2024-02-30"))  # fmt: skip
    found = parse(tmp_path, file)
    bad = rows(tmp_path, found, "quarantine")
    assert [row["archive_ref"].rpartition("#")[2] for row in bad] == ["2", "3"]
    assert bad[0]["reason"].startswith("not JSON")
    assert bad[0]["record"].startswith('{"id": "https://openalex.org/W2"')
    assert [row["kept"] for row in bad] == [False, False]
    assert (found.quarantined, found.failed) == (2, False)


def test_a_file_in_an_unknown_shape_leaves_the_others(tmp_path: Path) -> None:
    works = [work(number) for number in range(60)]
    for item in works:
        del item["publication_date"]
    odd, good = write(tmp_path / "odd.jsonl", *works), write(tmp_path / "good.jsonl", work(1))
    found = parse(tmp_path, odd, good)
    (note,) = found.notes
    assert note.startswith("the field 'publication_date' is missing")
    assert str(odd.path) in note
    assert (len(found.keys), found.failed) == (1, False)
    found = parse(tmp_path, odd)
    assert (found.keys, found.failed) == ([], True)


def test_a_partial_release_is_told(tmp_path: Path) -> None:
    part = write(tmp_path / "works" / "updated_date=2026-03-02" / "part_0000.jsonl", work(1))
    url = "s3://openalex/data/jsonl/works/updated_date=2026-03-02/part_0001.gz"
    manifest = write(tmp_path / "manifest.json", json.dumps({"entries": [{"url": url}]}))
    found = parse(tmp_path, part, manifest)
    assert "1 of 1 parts" in found.notes[0]
    assert len(rows(tmp_path, found)) == 1


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    there, gone = write(tmp_path / "a.jsonl", work(1)), File(tmp_path / "b.jsonl", "0" * 64)
    found = parse(tmp_path, there, gone)
    assert (len(found.keys), found.failed) == (1, False)
    assert found.notes == [f"the file {gone.path} is no longer there"]
    assert parse(tmp_path, gone).failed


def test_no_files_are_no_failure(tmp_path: Path) -> None:
    assert parse(tmp_path) == Bulk()


def test_a_source_of_the_web_reads_no_files(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="reads no files"):
        bulk.parse("landmark", [], {}, tmp_path)
