"""The contracts themselves."""

import re

import pandas as pd
import pytest

from gapstudy.errors import ContractError, UnknownNameError
from gapstudy.tables import (
    ALL,
    Table,
    artifacts,
    contract,
    core,
    link,
    link_quality,
    out,
    patent_links,
    sources,
)
from gapstudy.tables.checks import validate

RAW = sources.raw("landmark")
TABLES = [*ALL.values(), RAW]
every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def test_names_are_used_once() -> None:
    modules = (sources, core, artifacts, link, link_quality, out, patent_links)
    declared = [table.name for module in modules for table in module.TABLES]
    assert len(declared) == len(set(declared))
    assert set(declared) == set(ALL)
    assert all(ALL[name].name == name for name in declared)


@every_table
def test_a_table_says_what_a_row_is_and_who_writes_it(table: Table) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", table.name)
    assert table.meaning.endswith(".")
    assert table.writer in {"parse", "normalise", "link", "measure", "simulate"}


@every_table
def test_every_column_has_a_name_of_its_own_and_a_meaning(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    for column in table.columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert column.meaning.strip(), f"{table.name}.{column.name}"
        assert len(set(column.values)) == len(column.values)
        re.compile(column.form)


@every_table
def test_the_key_is_of_columns_that_are_never_missing(table: Table) -> None:
    columns = {column.name: column for column in table.columns}
    assert table.key
    for name in table.key:
        assert not columns[name].null, f"{table.name}.{name}"


@every_table
def test_origins_lead_to_columns_that_exist(table: Table) -> None:
    for origin in table.origins:
        there = contract(origin.table)
        for here, name in origin.on.items():
            assert here in table.names, f"{table.name}.{here}"
            assert name in there.names, f"{there.name}.{name}"


def leads_to_bytes(table: Table, seen: frozenset[str] = frozenset()) -> bool:
    """Whether rows can be followed along the origins to stored responses."""
    # A named number says itself in which table, row and column it stands.
    if "archive_ref" in table.names or table.name == "out_numbers":
        return True
    ways = [contract(origin.table) for origin in table.origins if origin.table not in seen]
    return any(leads_to_bytes(way, seen | {table.name}) for way in ways)


# Of sources as a whole, of worlds that were made up, and of sentences of our own.
NO_RECORDS = {"sources", "source_states", "out_language_quality"} | {
    table.name for table in TABLES if table.writer == "simulate"
}


@every_table
def test_every_table_of_results_can_be_followed_to_stored_bytes(table: Table) -> None:
    assert leads_to_bytes(table) or table.name in NO_RECORDS


@every_table
def test_a_date_has_all_four_columns(table: Table) -> None:
    for name in table.names:
        if name.endswith("_precision"):
            start = name.removesuffix("_precision")
            assert {start, f"{start}_from", f"{start}_to"} <= set(table.names)


@every_table
def test_both_schemas_say_the_same(table: Table) -> None:
    arrow = table.arrow_schema()
    assert arrow.names == table.names
    assert [field.nullable for field in arrow] == [column.null for column in table.columns]
    columns = table.pandera_schema().columns
    assert list(columns) == table.names
    assert [column.nullable for column in columns.values()] == [
        column.null for column in table.columns
    ]


#: One of these fits every form that a contract asks of a text.
_TEXTS = ("2020", "DE", "a-1", "conversion")


def example(table: Table) -> dict[str, object]:
    """A row that keeps the contract, with every value that may be missing missing."""
    values: dict[str, object] = {"text": "x", "int": 1, "float": 1.0, "bool": True,
                                 "day": "2020-01-01"}  # fmt: skip
    row: dict[str, object] = {}
    for column in table.columns:
        value = None if column.null else column.values[0] if column.values else values[column.kind]
        if value == "x" and column.form:
            value = next(text for text in _TEXTS if re.fullmatch(column.form, text))
        row[column.name] = value
    return row


@every_table
def test_a_row_that_keeps_the_contract_is_kept(table: Table) -> None:
    found = validate(table, pd.DataFrame([example(table)]))
    assert len(found) == 1
    with pytest.raises(ContractError, match=f"table {table.name}, column"):
        validate(table, pd.DataFrame([example(table)] * 2))


def test_raw_tables_exist_once_per_source() -> None:
    assert contract("raw_landmark") == RAW
    assert contract("papers") is ALL["papers"]
    with pytest.raises(UnknownNameError, match="Did you mean 'papers'"):
        contract("paper")
