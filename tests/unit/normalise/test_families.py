"""Which publication a patent family is counted by."""

import datetime as dt
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.dates import parse_date
from gapstudy.normalise.families import DATES, mark


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    filled = []
    names = ("patent_id", "family_id", "application_number", "office")
    for row in rows:
        data = {"office": "US", **{name: row.get(name) for name in names if name in row}}
        data = {name: data.get(name) for name in names}
        for name in DATES:
            date = parse_date(row[name]) if row.get(name) else None
            data[f"{name}_from"] = date.first if date else None
            data[f"{name}_to"] = date.last if date else None
        filled.append(data)
    columns = [*names, *(f"{name}_{end}" for name in DATES for end in ("from", "to"))]
    return pd.DataFrame(filled, columns=columns)


def first(*rows: dict[str, Any]) -> set[str]:
    marked = mark(frame(*rows))
    return set(marked.loc[marked["family_first"], "patent_id"])


def test_the_earliest_priority_then_filing_then_publication() -> None:
    assert first(
        {"patent_id": "US1B2", "family_id": "7", "priority_date": "2019-03-01"},
        {"patent_id": "EP1A1", "family_id": "7", "priority_date": "2019-02-01"},
    ) == {"EP1A1"}
    same = {"family_id": "7", "priority_date": "2019-03-01"}
    assert first(
        {**same, "patent_id": "A", "filing_date": "2020-02-01"},
        {**same, "patent_id": "B", "filing_date": "2020-01-01"},
    ) == {"B"}
    same["filing_date"] = "2020-01-01"
    assert first(
        {**same, "patent_id": "A", "publication_date": "2021-02-01"},
        {**same, "patent_id": "B", "publication_date": "2021-01-01"},
    ) == {"B"}
    assert first({**same, "patent_id": "B"}, {**same, "patent_id": "A"}) == {"A"}


def test_a_year_is_not_its_first_of_january() -> None:
    year = {"patent_id": "A", "family_id": "7", "priority_date": "2020"}
    assert first(year, {**year, "patent_id": "B", "priority_date": "2020-06-15"}) == {"B"}
    assert first(year, {**year, "patent_id": "B", "priority_date": "2020-12-31"}) == {"B"}
    assert first(year, {**year, "patent_id": "B", "priority_date": "2021-01-01"}) == {"A"}
    assert first(year, {**year, "patent_id": "B", "priority_date": "2020-12"}) == {"B"}


def test_an_unknown_date_comes_last() -> None:
    assert first(
        {"patent_id": "A", "family_id": "7", "filing_date": "2001-01-01"},
        {"patent_id": "B", "family_id": "7", "priority_date": "2020"},
    ) == {"B"}


def test_without_a_family_each_stands_for_itself() -> None:
    rows = [{"patent_id": "A"}, {"patent_id": "B", "family_id": ""},
            {"patent_id": "C", "family_id": "A"}]  # fmt: skip
    assert first(*rows) == {"A", "B", "C"}


def test_an_empty_table() -> None:
    assert mark(frame()).empty


def test_days_in_the_types_of_the_store() -> None:
    table = frame({"patent_id": "A", "family_id": "7", "filing_date": "2020"})
    days = [column for column in map(str, table) if column.endswith(("_from", "_to"))]
    table = table.astype({"patent_id": "string[pyarrow]", "family_id": "string[pyarrow]",
                          **dict.fromkeys(days, "datetime64[s]")})  # fmt: skip
    assert mark(table)["family_first"].tolist() == [True]
    assert mark(table)["family_first"].dtype == bool


DATE = st.none() | st.sampled_from(["2019", "2020", "2020-06", "2020-06-15", "2020-12-31"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {"family_id": st.sampled_from([None, "", "1", "2", "P0"]), **dict.fromkeys(DATES, DATE)}
    ),
    max_size=9,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_exactly_one_of_each_family_whatever_the_order(
    rows: list[dict[str, Any]], order: Any
) -> None:
    rows = [{**row, "patent_id": f"P{number}"} for number, row in enumerate(rows)]
    marked = mark(frame(*rows))
    known = marked[marked["family_id"].notna() & (marked["family_id"] != "")]
    assert (known.groupby("family_id")["family_first"].sum() == 1).all()
    assert marked.drop(known.index)["family_first"].all()
    assert marked["patent_id"].tolist() == [row["patent_id"] for row in rows]
    shuffled = list(rows)
    order.shuffle(shuffled)
    again = mark(frame(*shuffled))
    assert set(again.loc[again["family_first"], "patent_id"]) == set(
        marked.loc[marked["family_first"], "patent_id"]
    )


@given(ROWS)
def test_no_other_is_surely_earlier(rows: list[dict[str, Any]]) -> None:
    rows = [{**row, "patent_id": f"P{number}", "family_id": "1"} for number, row in enumerate(rows)]
    marked = mark(frame(*rows))
    ends = [date if isinstance(date, dt.date) else dt.date.max
            for date in marked["priority_date_to"]]  # fmt: skip
    for end, chosen in zip(ends, marked["family_first"], strict=True):
        assert not chosen or end == min(ends)


def test_publications_of_one_application_are_one_where_no_family_is_named() -> None:
    filed = {"application_number": "15/123,456", "filing_date": "2017-01-01"}
    assert first(
        {**filed, "patent_id": "US2018000001A1", "publication_date": "2018-01-04"},
        {**filed, "patent_id": "US10000001B2", "publication_date": "2018-06-19"},
        {**filed, "patent_id": "GB1A", "office": "GB"},
        {**filed, "patent_id": "EP1A1", "office": "EP", "family_id": "9"},
    ) == {"US2018000001A1", "GB1A", "EP1A1"}
