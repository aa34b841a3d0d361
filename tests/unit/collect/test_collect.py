"""Collecting and parsing embedded sources."""

from pathlib import Path

import pytest

from gapstudy.archive import Archive
from gapstudy.collect.fetch import fetch
from gapstudy.collect.parse import parse_source, records, rows_of
from gapstudy.errors import ShapeError, UnknownNameError
from gapstudy.sources.base import Bad, Record
from gapstudy.study import Study

EVENTS = (
    "event_id,date,date_precision,region,event,instrument,status,evidence,checked,note\n"
    "act,2024-08-01,day,EU,In force,The Act,in_force,https://example.org/act,page,\n"
)
WINDOW = {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2025-12-31"}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.from_data({"window": WINDOW, "sources": ["landmark"]}, root=tmp_path)


def test_a_record_of_each_row() -> None:
    (found,) = records("landmark", "file:policy_events.csv", EVENTS.encode())
    assert isinstance(found, Record)
    assert (found.table, found.row) == ("policy_events", 2)
    assert found.data["place"] == "EU"


def test_the_same_bytes_give_the_same_rows() -> None:
    body = EVENTS.encode()
    assert rows_of("landmark", "file:policy_events.csv", body, "0" * 64) == rows_of(
        "landmark", "file:policy_events.csv", body, "0" * 64
    )


def test_missing_column_stops_with_its_name() -> None:
    body = EVENTS.replace(",status", "").replace(",in_force", "").encode()
    with pytest.raises(ShapeError, match="'status' is missing"):
        list(records("landmark", "file:policy_events.csv", body))


def test_cut_off_row_is_bad_and_the_others_stay() -> None:
    body = (EVENTS + "next,2024-08-02,day,EU,In fo").encode()
    good, bad = records("landmark", "file:policy_events.csv", body)
    assert isinstance(good, Record)
    assert isinstance(bad, Bad)
    assert bad.row == 3
    assert "5 cells where the header has 10" in bad.reason


def test_cut_off_inside_a_full_row_is_bad() -> None:
    body = EVENTS.rstrip("\n").encode()
    (bad,) = records("landmark", "file:policy_events.csv", body)
    assert isinstance(bad, Bad)
    assert "no line end" in bad.reason


def test_open_quote_is_bad_and_kept_whole() -> None:
    body = (EVENTS + 'x,2024-08-02,day,EU,"In force and\nmore').encode()
    *_, bad = records("landmark", "file:policy_events.csv", body)
    assert isinstance(bad, Bad)
    assert "quote is open" in bad.reason
    assert bad.raw.endswith("more")


@pytest.mark.parametrize("body", [b"", b"event_id,date\n"])
def test_empty_file_stops(body: bytes) -> None:
    with pytest.raises(ShapeError, match="no rows"):
        list(records("landmark", "file:policy_events.csv", body))


def test_not_utf8_stops() -> None:
    with pytest.raises(ShapeError, match="not UTF-8"):
        list(records("landmark", "file:policy_events.csv", b"event_id\n\xff\n"))


def test_unknown_source_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'landmark'"):
        list(records("landmarks", "file:x.csv", b""))


def test_source_without_its_files_fails_alone(study: Study, tmp_path: Path) -> None:
    problems = fetch(study, tmp_path)
    assert "cannot be read" in problems["landmark"]
    parsed = parse_source("landmark", tmp_path, problems["landmark"])
    assert parsed.state["state"] == "failed"
    assert parsed.rows == []


def test_broken_shape_gives_way_to_the_one_before(tmp_path: Path) -> None:
    archive = Archive.of(tmp_path, "landmark")
    archive.keep([("file:policy_events.csv", EVENTS.encode(), "2026-01-01", "")])
    archive.keep([("file:policy_events.csv", b"event_id\nx\n", "2026-02-01", "")])
    parsed = parse_source("landmark", tmp_path, "")
    assert parsed.state["state"] == "stale"
    assert "is missing" in parsed.state["note"]
    assert parsed.state["as_of"] == "2026-01-01"
    assert len(parsed.rows) == 1
