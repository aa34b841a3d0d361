"""Exports of Google Patents: forms of a file, options, and spoilt ones."""

import contextlib
import datetime as dt
import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from tests.sources.mutate import spoil

from gapstudy.errors import ShapeError
from gapstudy.sources._files import Chunk, Piece
from gapstudy.sources.google_patents import GooglePatents

HERE = Path(__file__).parent
LINES = (HERE / "json_lines" / "response").read_bytes().splitlines()


def chunks(path: Path, **options: Any) -> list[Chunk]:
    return list(GooglePatents(options=options).chunks(Piece(path)))


def patents(found: list[Chunk]) -> list[str]:
    return [
        str(name)
        for chunk in found
        for part in chunk.batches
        if part.table == "patents"
        for name in part.columns["patent_id"]
    ]


def test_json_csv_and_parquet_give_the_same(tmp_path: Path) -> None:
    lines = tmp_path / "patents-000.json.gz"
    lines.write_bytes(gzip.compress(LINES[0] + b"\n"))
    nested = tmp_path / "patents.parquet"
    item = json.loads(LINES[0])
    for part in item["cpc"]:
        del part["tree"]
    parquet.write_table(arrow.Table.from_pylist([item]), nested)
    table = tmp_path / "patents.csv"
    table.write_bytes((HERE / "csv_nested" / "response").read_bytes())
    first = chunks(lines)[0].batches
    assert [part.columns for part in first] == [part.columns for part in chunks(nested)[0].batches]
    assert [part.columns for part in first] == [part.columns for part in chunks(table)[0].batches]
    assert patents(chunks(lines)) == ["US10000001B2"]


def test_options_choose_classes_and_years(tmp_path: Path) -> None:
    path = tmp_path / "patents.json"
    path.write_bytes(b"\n".join(LINES))
    assert patents(chunks(path)) == ["US10000001B2", "EP3000000A1"]
    assert patents(chunks(path, cpc=["A61B"])) == ["US10000003B1"]
    assert len(patents(chunks(path, cpc=[]))) == 3
    assert patents(chunks(path, to=2019)) == []


def test_dates_may_be_days_of_the_calendar(tmp_path: Path) -> None:
    path = tmp_path / "patents.parquet"
    item = {"publication_number": "US-10000001-B2", "publication_date": dt.date(2020, 3, 17),
            "cpc": [{"code": "G06N3/08"}], "filing_date": None}  # fmt: skip
    parquet.write_table(arrow.Table.from_pylist([item]), path)
    (part,) = chunks(path)[0].batches
    assert part.columns["publication_date"] == ["2020-03-17"]
    assert part.columns["filing_date"] == [None]
    assert part.columns["first_office"] == [None]


def test_a_column_that_must_be_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "patents.parquet"
    parquet.write_table(arrow.table({"publication_number": ["US-10000001-B2"]}), path)
    with pytest.raises(ShapeError, match="the column 'publication_date' is missing"):
        chunks(path)
    path = tmp_path / "patents.csv"
    path.write_text("publication_number,publication_date\nUS-1-A,20200101\n")
    with pytest.raises(ShapeError, match="the column 'cpc' is missing"):
        chunks(path)


def test_many_items_of_which_none_can_be_read_are_a_changed_shape(tmp_path: Path) -> None:
    path = tmp_path / "patents.json"
    item = json.loads(LINES[0]) | {"publication_date": "17 March"}
    path.write_bytes((json.dumps(item).encode() + b"\n") * 60)
    with pytest.raises(ShapeError, match="none of 60 items can be read: publication_date"):
        chunks(path)


def test_spoilt_exports_give_bad_rows_or_a_shape_error(tmp_path: Path) -> None:
    random = Random(20260101)
    seeds = {
        "patents.json": (HERE / "json_lines" / "response").read_bytes(),
        "patents.csv": (HERE / "csv_nested" / "response").read_bytes(),
        "flat.csv": (HERE / "csv_flat" / "response").read_bytes(),
    }
    given = 0
    for _ in range(1500):
        name = random.choice(list(seeds))
        path = tmp_path / name
        path.write_bytes(spoil(seeds[name], random, random.randint(1, 3)))
        with contextlib.suppress(ShapeError):
            given += len(patents(chunks(path, cpc=[])))
    assert given > 500
