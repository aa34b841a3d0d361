"""Dates with their precision."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.dates import PRECISIONS, parse_date
from gapstudy.errors import RecordError

fixed = settings(derandomize=True, database=None, deadline=None, max_examples=200)
YEARS = st.integers(1, 9999)


@fixed
@given(st.dates())
def test_a_day_goes_both_ways(day: dt.date) -> None:
    found = parse_date(day.isoformat())
    assert found == (day.isoformat(), "day", day, day)


@fixed
@given(YEARS, st.integers(1, 12))
def test_a_month_is_all_its_days(year: int, month: int) -> None:
    found = parse_date(f"{year:04}-{month:02}")
    assert (found.precision, found.first) == ("month", dt.date(year, month, 1))
    assert found.last.month == month
    assert found.last == dt.date.max or (found.last + dt.timedelta(days=1)).day == 1


@fixed
@given(YEARS)
def test_a_year_is_all_its_days(year: int) -> None:
    found = parse_date(f"{year:04}")
    assert found == (f"{year:04}", "year", dt.date(year, 1, 1), dt.date(year, 12, 31))


def test_leap_years() -> None:
    assert parse_date("2024-02").last == dt.date(2024, 2, 29)
    assert parse_date("2023-02").last == dt.date(2023, 2, 28)
    assert parse_date("1900-02").last == dt.date(1900, 2, 28)


def test_blanks_around_it_do_not_matter() -> None:
    assert parse_date(" 2020-05 \n") == parse_date("2020-05")


@pytest.mark.parametrize(
    "text", ["2021-02-30", "2023-02-29", "2021-13", "2021-00-10", "2021-04-31", "0000",
             "2021-01-00", "2025-25-11"],
)  # fmt: skip
def test_days_that_do_not_exist(text: str) -> None:
    with pytest.raises(RecordError, match=rf"'{text}' is a day that does not exist"):
        parse_date(text)


@pytest.mark.parametrize(
    "text", ["", "20", "2021-1", "2021-1-1", "20210101", "2021/01/01", "01.02.2021",
             "2021-01-01T00", "-2021", "２０２１", "2021-01-", "yesterday", "2021-01-01 x"],
)  # fmt: skip
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(RecordError, match=r"is not a date.*YYYY-MM-DD"):
        parse_date(text)


@fixed
@given(st.one_of(st.text(max_size=12), st.from_regex(r"\d{4}(-\d{2}){0,2}", fullmatch=True)))
def test_any_text_is_a_date_or_a_bad_record(text: str) -> None:
    try:
        found = parse_date(text)
    except RecordError:
        return
    assert found.precision in PRECISIONS
    assert found.first <= found.last
    assert parse_date(found.text) == found
