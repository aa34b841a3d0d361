"""Reading one response of an embedded source."""

import pytest

from gapstudy.collect.parse import records, rows_of
from gapstudy.errors import ShapeError, UnknownNameError
from gapstudy.sources.base import Bad, Record

EVENTS = (
    "event_id,date,date_precision,region,event,instrument,status,evidence,checked,note\n"
    "act,2024-08-01,day,EU,In force,The Act,in_force,https://example.org/act,page,\n"
)


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
