"""First public date of an OpenAlex work; the rule is told in `_openalex_work`."""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import Any

from gapstudy.errors import RecordError

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def date_of(work: dict[str, Any], arxiv: str | None) -> tuple[str, str, bool]:
    """Date, its precision, and whether it is the month of the arXiv identifier.

    Args:
        work: the work.
        arxiv: its arXiv identifier, if it has one.

    Raises:
        RecordError: there is no date, or one that cannot be.
    """
    value = work.get("publication_date")
    if isinstance(value, dt.date):
        value = value.isoformat()[:10]
    if value is None:
        year = work.get("publication_year")
        value = f"{year:04d}-01-01" if type(year) is int and 0 <= year <= 9999 else None
    if value is None:
        raise RecordError("publication_date: there is none")
    if not isinstance(value, str) or len(value) != 10:
        raise RecordError(f"publication_date: {repr(value)[:80]} is not a day")
    year = _year(value)
    newest = str(work.get("updated_date") or work.get("created_date"))[:4]
    # Printed dates run ahead of the day of entry by a year at most.
    last = int(newest) + 1 if newest.isascii() and newest.isdigit() else _LAST_YEAR
    if not _FIRST_YEAR <= year <= min(last, _LAST_YEAR):
        raise RecordError(f"publication_date: {value} lies before 1900 or in the far future")
    known, precision = (value[:4], "year") if value.endswith("-01-01") else (value, "day")
    month = _month(arxiv) if arxiv else None
    if month and (month < value[:7] or (precision == "year" and month[:4] == value[:4])):
        return month, "month", True
    return known, precision, False


@functools.lru_cache(1 << 14)
def _year(day: str) -> int:
    """Year of a day YYYY-MM-DD that exists."""
    match = _DAY.fullmatch(day)
    if match is None or not day.isascii():
        raise RecordError(f"publication_date: {day!r} is not a day")
    year, month, number = map(int, match.groups())
    try:
        return dt.date(year, month, number).year
    except ValueError:
        raise RecordError(f"publication_date: {day} is a day that does not exist") from None


def _month(arxiv: str) -> str | None:
    """Month in which arXiv gave out an identifier; None when the digits are no month."""
    digits = arxiv.rpartition("/")[2][:4]
    if not "01" <= digits[2:] <= "12":
        return None
    century = "19" if digits[:2] >= "91" else "20"
    return f"{century}{digits[:2]}-{digits[2:]}"
