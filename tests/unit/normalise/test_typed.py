"""One column of records to one typed column."""

from typing import Any

import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.normalise.typed import Typed, typed_columns
from gapstudy.tables import Table, contract
from gapstudy.tables.checks import keeps
from gapstudy.tables.contract import count, day, flag, number, text
from gapstudy.tables.core import TABLES

from .test_normalise import PAPER, PRODUCT

MIXED = Table("mixed", "", "tests", (
    text("name", ""), text("note", "", null=True), text("side", "", values=("left", "right")),
    text("office", "", null=True, form="[A-Z]{2}"), count("size", "", null=True, high=9),
    number("weight", "", null=True), flag("good", "", null=True), day("seen", "", null=True),
), ("name",))  # fmt: skip
GOOD = {"name": "a", "side": "left"}


def one(table: Table, record: dict[str, Any]) -> Typed:
    return typed_columns(table, {name: [value] for name, value in record.items()}, 1)


def value(column: str, given: Any) -> Any:
    found = one(MIXED, GOOD | {column: given})
    assert found.faults == []
    return found.table[column][0].as_py()


def test_dates_bring_their_interval() -> None:
    (row,) = one(contract("papers"), PAPER).table.to_pylist()
    assert row["date_precision"] == "month"
    assert (str(row["date_from"]), str(row["date_to"])) == ("2016-05-01", "2016-05-31")
    assert row["source_id"] == "net"


def test_country_names_become_codes() -> None:
    assert one(contract("products"), PRODUCT).table["home_country"].to_pylist() == ["DE"]


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("name", " a \t b\n", "a b"), ("note", " a \t b\n", "a \t b"), ("note", "", None),
        ("note", 1, "1"), ("note", 1.5, "1.5"), ("note", "\ud800x", "?x"),
        ("side", " left", "left"),
        ("size", "7", 7), ("size", 7.0, 7), ("size", "", None), ("size", None, None),
        ("weight", "1.5", 1.5), ("weight", 2, 2.0), ("weight", "nan", None), ("good", True, True),
        ("good", None, None), ("office", "EP", "EP"), ("note", "\u3000a\x85", "a"),
    ],
)  # fmt: skip
def test_values(column: str, given: Any, wanted: Any) -> None:
    assert value(column, given) == wanted


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"side": ""}, "side is missing"), ({"side": "up"}, "side: 'up' is not one of left, right"),
        ({"name": " "}, "name is missing"), ({"size": "MM"}, "size: 'MM' is not int"),
        ({"size": 1.5}, "size: 1.5 is not int"), ({"size": 10}, "size: 10 is out of range"),
        ({"size": -1}, "size: -1 is out of range"), ({"size": 2**70}, "is out of range"),
        ({"size": [1]}, "size: [1] is not int"), ({"weight": "1,5"}, "weight: '1,5' is not float"),
        ({"weight": "inf"}, "weight: 'inf' is out of range"), ({"good": 1}, "good: 1 is not bool"),
        ({"good": "yes"}, "good: 'yes' is not bool"), ({"seen": "2020"}, "seen: '2020' is not day"),
        ({"office": "ep"}, "office: 'ep' is not of the form"), ({"note": {"a": 1}}, "is not text"),
        ({"size": "\ud800"}, "is not int"),
    ],
)  # fmt: skip
def test_faults(change: dict[str, Any], reason: str) -> None:
    found = one(MIXED, GOOD | change)
    (fault,) = found.faults
    assert reason in fault.reason
    assert not fault.kept
    assert len(found.table) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"date": "2021-02-30", "date_precision": "day"}, "does not exist"),
        ({"date": "May 2016"}, "not a date"),
        ({"date": "2016-05-01"}, "date '2016-05-01' is not of the precision 'month'"),
        ({"date": ""}, "date is missing"),
        ({"paper_id": ""}, "paper_id is missing"),
    ],
)
def test_faults_of_papers(change: dict[str, str], reason: str) -> None:
    assert reason in one(contract("papers"), PAPER | change).faults[0].reason


def test_of_several_faults_the_first_column_is_told() -> None:
    (fault,) = one(MIXED, {"name": "a", "side": "up", "size": -1}).faults
    assert fault.reason.startswith("side")


def test_the_rows_at_fault_are_left_out_and_named() -> None:
    columns = {"name": ["a", "b", "c"], "side": ["left", "up", "right"], "size": [1, "2", None]}
    found = typed_columns(MIXED, columns, 3)
    assert found.table["name"].to_pylist() == ["a", "c"]
    assert found.table["size"].to_pylist() == [1, None]
    assert found.rows.tolist() == [0, 2]
    assert [fault.row for fault in found.faults] == [1]


ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
                st.lists(st.integers(), max_size=2), st.dates().map(str),
                st.sampled_from(["left", "EP", "7", "2020-02", "DE"]))  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(MIXED.names), ANY), max_size=6))
def test_columns_say_what_single_records_say(records: list[dict[str, Any]]) -> None:
    columns = {name: [record.get(name) for record in records] for name in MIXED.names}
    together = typed_columns(MIXED, columns, len(records))
    alone = [one(MIXED, record) for record in records]
    assert together.table.to_pylist() == [row for found in alone for row in found.table.to_pylist()]
    assert [(fault.row, fault.reason) for fault in together.faults] == [
        (row, fault.reason) for row, found in enumerate(alone) for fault in found.faults
    ]
    schema = arrow.schema([field.with_nullable(True) for field in MIXED.arrow_schema()])
    assert keeps(MIXED, together.table.cast(schema))


@pytest.mark.parametrize("name", [table.name for table in TABLES])
def test_arrow_columns_and_lists_are_the_same(name: str) -> None:
    table = contract(name)
    lists: dict[str, Any] = {item.name: ["2020", None, "DE"] for item in table.columns}
    arrays = {key: arrow.array(values) for key, values in lists.items()}
    by_list, by_array = typed_columns(table, lists, 3), typed_columns(table, arrays, 3)
    assert by_list.table.equals(by_array.table)
    assert by_list.faults == by_array.faults
