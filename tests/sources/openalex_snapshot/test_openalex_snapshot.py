"""The OpenAlex snapshot: layouts, packed and damaged files, merged works, recorded works."""

import base64
import gzip
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
import yaml
from tests.sources.mutate import spoil

from gapstudy.errors import ShapeError
from gapstudy.sources._files import Chunk, Piece
from gapstudy.sources._openalex_work import PAPER, is_about, read_work, records
from gapstudy.sources.openalex_snapshot import OpenAlexSnapshot

HERE = Path(__file__).parent
LINES = (HERE / "shape_2026" / "response").read_bytes().splitlines()
RECORDED = Path(__file__).parents[3] / "../shared/recorded/openalex"


def chunks(path: Path, piece: Piece | None = None, **options: Any) -> list[Chunk]:
    return list(OpenAlexSnapshot(options=options).chunks(piece or Piece(path)))


def papers(found: list[Chunk]) -> list[str]:
    return [
        str(name)
        for chunk in found
        for part in chunk.batches
        if part.table == "papers"
        for name in part.columns["paper_id"]
    ]


def rows(found: list[Chunk]) -> list[int]:
    return [row for chunk in found for part in chunk.batches[:1] for row in part.rows]


def work(number: int, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(LINES[0])
    return made | {"id": f"https://openalex.org/W{number}"} | changes


def write(path: Path, works: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = b"".join(json.dumps(item).encode() + b"\n" for item in works)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


def test_the_parts_of_works_are_read_newest_first_in_either_layout(tmp_path: Path) -> None:
    names = [
        "data/works/updated_date=2023-05-01/part_000.gz",
        "data/jsonl/works/updated_date=2026-03-02/part_0001.gz",
        "data/jsonl/works/updated_date=2026-03-02/part_0000.gz",
        "data/parquet/works/updated_date=2026-06-01/part_0000.parquet",
        "data/jsonl/authors/updated_date=2026-03-02/part_0000.gz",
        "data/jsonl/manifest.json",
        "legacy-data/merged_ids/works/2023-01-01.csv.gz",
    ]
    found = OpenAlexSnapshot().pieces([tmp_path / name for name in names])
    assert [str(piece.path.relative_to(tmp_path)) for piece in found] == [
        names[3], names[2], names[1], names[0],
    ]  # fmt: skip


def test_packed_plain_and_parquet_give_the_same(tmp_path: Path) -> None:
    works = [work(number) for number in range(1, 8)]
    plain = chunks(write(tmp_path / "part.jsonl", works))
    packed = chunks(write(tmp_path / "part.gz", works))
    nested = tmp_path / "nested.parquet"
    texts = [item | {"abstract_inverted_index": json.dumps(item["abstract_inverted_index"])}
             for item in works]  # fmt: skip
    parquet.write_table(arrow.Table.from_pylist(texts), nested)
    assert plain[0].batches == packed[0].batches == chunks(nested)[0].batches
    assert plain[0].versions == ["2026-03-02"] * 7
    assert rows(plain) == list(range(1, 8))


def test_parquet_without_a_column_names_it(tmp_path: Path) -> None:
    item = work(1)
    del item["publication_date"]
    parquet.write_table(arrow.Table.from_pylist([item | {"abstract_inverted_index": None}]),
                        tmp_path / "part.parquet")  # fmt: skip
    with pytest.raises(ShapeError, match="the column 'publication_date' is missing"):
        chunks(tmp_path / "part.parquet")
    (tmp_path / "none.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(ShapeError, match="not Parquet"):
        chunks(tmp_path / "none.parquet")


def test_ranges_of_a_file_give_the_rows_of_the_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "part.jsonl", [work(number) for number in range(1, 31)])
    ends = [place + 1 for place, byte in enumerate(path.read_bytes()) if byte == 10]
    first = chunks(path, Piece(path, 0, ends[11]))
    second = chunks(path, Piece(path, ends[11], None))
    assert rows(first) == list(range(1, 13))
    assert rows(second) == list(range(13, 31))
    assert papers(first) + papers(second) == papers(chunks(path))


def test_options_choose_subfields_and_years(tmp_path: Path) -> None:
    other = {"subfield": {"id": "https://openalex.org/subfields/1705"}}
    works = [
        work(1),
        work(2, primary_topic=other, topics=[other]),
        work(3, publication_date="2012-04-05", locations=[], primary_location=None),
    ]
    path = write(tmp_path / "part.jsonl", works)
    assert papers(chunks(path)) == ["openalex:W1", "openalex:W3"]
    assert papers(chunks(path, subfields=[])) == ["openalex:W1", "openalex:W2", "openalex:W3"]
    assert papers(chunks(path, subfields=["1705"])) == ["openalex:W2"]
    assert papers(chunks(path, None, **{"from": 2013})) == ["openalex:W1"]
    assert papers(chunks(path, to=2012)) == ["openalex:W3"]


def test_numbers_of_subfields_are_read_in_any_form() -> None:
    for form in ("https://openalex.org/subfields/1702", "1702", 1702, "subfields/1702"):
        assert is_about({"topics": [{"subfield": {"id": form}}]}, ["1702"])
        assert not is_about({"topics": [{"subfield": {"id": form}}]}, ["170"])


def test_lines_that_cannot_concern_the_study_are_left_unread_but_the_shape_is_seen(
    tmp_path: Path,
) -> None:
    topic = {"subfield": {"id": "https://openalex.org/subfields/2613"}}
    others = [{"id": f"https://openalex.org/W{n}", "title": "x", "publication_date": "2020-02-02",
               "authorships": [], "topics": [topic]} for n in range(300, 400)]  # fmt: skip
    found = chunks(write(tmp_path / "part.jsonl", [*others, work(1)]))
    assert papers(found) == ["openalex:W1"]
    assert rows(found) == [101]
    assert sum(chunk.items for chunk in found) == 101
    for item in others:
        item["subjects"] = item.pop("topics")
    with pytest.raises(ShapeError, match="the field 'topics' is missing"):
        chunks(write(tmp_path / "part.jsonl", others))


def test_a_file_of_which_nothing_can_be_read_is_a_changed_shape(tmp_path: Path) -> None:
    path = tmp_path / "part.jsonl"
    path.write_bytes(b"<html>\n" * 60)
    with pytest.raises(ShapeError, match="none of 60 works can be read: not JSON"):
        chunks(path)


def test_a_damaged_file_keeps_what_was_read(tmp_path: Path) -> None:
    path = write(tmp_path / "part.gz", [work(number) for number in range(1, 4000)])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = chunks(path)
    assert 0 < len(papers(found)) < 3999
    assert "damaged or cut off" in found[-1].bad[-1].reason
    path.write_bytes(b"no gzip at all")
    assert "damaged or cut off" in chunks(path)[0].bad[0].reason


def test_a_line_without_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gapstudy.sources._files.BLOCK", 1000)
    monkeypatch.setattr("gapstudy.sources._files.LONGEST", 5000)
    path = tmp_path / "part.jsonl"
    path.write_bytes(b"x" * 100_000 + b"\n" + LINES[0] + b"\n")
    found = chunks(path)
    assert papers(found) == ["openalex:W1001"]
    assert len(found[0].bad[0].raw) <= 10_000


def test_missing_parts_are_told(tmp_path: Path) -> None:
    there = write(tmp_path / "data/jsonl/works/updated_date=2026-03-02/part_0000.gz", [work(1)])
    manifest = tmp_path / "data/jsonl/manifest.json"
    url = "s3://openalex/data/jsonl/works/updated_date=2026-03-02/part_{:04d}.gz"
    other = {"url": "s3://openalex/data/jsonl/authors/updated_date=2026-03-02/part_0000.gz"}
    entries = [{"url": url.format(n), "meta": {"record_count": 1}} for n in range(3)]
    manifest.write_text(json.dumps({"entries": [*entries, other]}))
    source = OpenAlexSnapshot()
    (note,) = source.notes([there, manifest])
    assert "2 of 3 parts of works that manifest.json names are missing" in note
    assert "updated_date=2026-03-02/part_0001.gz" in note
    manifest.write_text(json.dumps({"entries": [entries[0], other]}))
    assert source.notes([there, manifest]) == []
    manifest.write_text("{")
    assert "cannot be read" in source.notes([there, manifest])[0]


@pytest.mark.parametrize(
    "text",
    [
        "merge_date,id,merge_into_id\n2023-01-01,W1,W2\n2023-01-02,W3,W4\n",
        "id,merge_into_id\nW1,W2\nW3,W4\n",
        "a,b,c\n2023-01-01,https://openalex.org/W1,W2\n,W3,W4\nbroken\n",
    ],
)
def test_merged_identifiers_are_withdrawn(tmp_path: Path, text: str) -> None:
    path = tmp_path / "merged_ids" / "works" / "2023-01-01.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(text.encode()))
    (found,) = OpenAlexSnapshot().withdrawn([path, tmp_path / "part.gz"])
    assert found == ["openalex:W1", "openalex:W3"]


def test_merged_identifiers_of_an_unknown_shape_stop_the_source(tmp_path: Path) -> None:
    path = tmp_path / "merged_ids" / "works.csv"
    path.parent.mkdir()
    path.write_text("old,new\nW1,W2\n")
    with pytest.raises(ShapeError, match="the column 'id' is missing"):
        list(OpenAlexSnapshot().withdrawn([path]))


@pytest.mark.parametrize(
    ("changes", "date"),
    [
        ({}, ("2020-06-09", "day")),
        ({"publication_date": "2020-01-01"}, ("2020", "year")),
        ({"publication_date": None, "publication_year": 2020}, ("2020", "year")),
        # The month of an arXiv identifier: earlier than the date, or within a year only known so.
        ({"ids": {"arxiv": "https://arxiv.org/abs/1912.00001"}}, ("2019-12", "month")),
        ({"publication_date": "2020-01-01", "doi": "https://doi.org/10.48550/arXiv.2005.00001"},
         ("2020-05", "month")),
        ({"publication_date": "2019-01-01", "doi": "https://doi.org/10.48550/arXiv.2005.00001"},
         ("2019", "year")),
        ({"doi": "https://doi.org/10.48550/arxiv.2007.00001"}, ("2020-06-09", "day")),
        ({"doi": "https://doi.org/10.48550/arxiv.2006.00001"}, ("2020-06-09", "day")),
        ({"ids": {"arxiv": "https://arxiv.org/abs/cs.AI/9905014v1"}}, ("1999-05", "month")),
        ({"ids": {"arxiv": "https://arxiv.org/abs/1399.00001"}}, ("2020-06-09", "day")),
    ],
)  # fmt: skip
def test_dates(changes: dict[str, Any], date: tuple[str, str]) -> None:
    item = {"id": "https://openalex.org/W1", "title": "Example", "publication_date": "2020-06-09",
            "authorships": []}  # fmt: skip
    found = dict(zip(PAPER, read_work(item | changes)[0], strict=True))
    assert (found["date"], found["date_precision"]) == date


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded responses are not there")
def test_recorded_works() -> None:
    items = []
    tape = yaml.load(
        (RECORDED / "vcr__pro_fetch_search_biodiversity_AND_finance.yml").read_text(),
        Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),
    )
    for turn in tape["http_interactions"]:
        body = turn["response"]["body"]
        text = body.get("string") or base64.b64decode(body["base64_string"])
        items += json.loads(text)["results"]
    assert len(items) == 200
    seen: Counter[str] = Counter()
    for item in items:
        paper, *affiliations = [record.data for record in records(item, 1)]
        seen["no doi"] += paper["doi"] is None
        assert paper["paper_id"] == "openalex:" + item["id"].rsplit("/", 1)[1]
        assert paper["cited_by"] == item["cited_by_count"]
        assert paper["doi"] == (item["doi"] or "https://doi.org/").removeprefix(
            "https://doi.org/"
        ).lower() or (paper["doi"] is None and not item["doi"])  # fmt: skip
        if item["publication_date"].endswith("-01-01"):
            seen["new year"] += 1
            assert paper["date"] in {item["publication_date"][:4]} or paper["arxiv_id"]
        elif not paper["arxiv_id"]:
            assert paper["date"] == item["publication_date"]
        index = item["abstract_inverted_index"]
        seen["no abstract"] += not index
        if index:
            ends = max(place for places in index.values() for place in places)
            assert ("<" in str(index) or "&" in str(index)
                    or len(paper["abstract"].split(" ")) >= (ends + 1) * 0.9)  # fmt: skip
        assert {row["author"] for row in affiliations} == set(
            range(1, len(item["authorships"]) + 1)
        )
        given = [place["display_name"] for author in item["authorships"]
                 for place in author["institutions"]]  # fmt: skip
        assert set(given) == {row["organisation"] for row in affiliations if row["organisation"]}
        seen["no institution"] += not given
    # As counted in the bytes of the page.
    assert seen == {"no doi": 63, "new year": 73, "no abstract": 49, "no institution": 107}


def test_spoilt_lines_give_bad_rows_or_a_shape_error(tmp_path: Path) -> None:
    random = Random(20260101)
    seeds = [*LINES, *(HERE / "shape_2023" / "response").read_bytes().splitlines()]
    path = tmp_path / "part.jsonl"
    given = 0
    for _ in range(120):
        lines = [spoil(random.choice(seeds), random, random.randint(1, 3)) for _ in range(100)]
        path.write_bytes(b"\n".join(lines))
        try:
            found = chunks(path, subfields=[])
        except ShapeError:
            continue
        given += len(papers(found))
    assert given > 1000
