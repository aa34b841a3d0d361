"""Dates that are known to the day, the month or the year, kept as the interval they stand for."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from typing import NamedTuple

from gapstudy.errors import RecordError

_FORM = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
PRECISIONS = ("day", "month", "year")


class PartialDate(NamedTuple):
    """A date with its precision.

    Attributes:
        text: the ISO form that shows the precision: YYYY, YYYY-MM or YYYY-MM-DD.
        precision: "day", "month" or "year".
        first: first day that the date can mean.
        last: last day that the date can mean.
    """

    text: str
    precision: str
    first: dt.date
    last: dt.date


def parse_date(text: str) -> PartialDate:
    """Read YYYY, YYYY-MM or YYYY-MM-DD.

    Raises:
        RecordError: not of that form, or a day that does not exist (2021-02-30).
    """
    match = _FORM.fullmatch(text.strip())
    if match is None or not match[0].isascii():
        raise RecordError(f"{text!r} is not a date", remedy="Write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = match[1], match[2], match[3]
    try:
        if day is not None:
            first = last = dt.date(int(year), int(month), int(day))
            precision = "day"
        elif month is not None:
            first = dt.date(int(year), int(month), 1)
            last = first.replace(day=monthrange(first.year, first.month)[1])
            precision = "month"
        else:
            first, last = dt.date(int(year), 1, 1), dt.date(int(year), 12, 31)
            precision = "year"
    except ValueError as error:
        raise RecordError(
            f"{text!r} is a day that does not exist", remedy="Correct it at its source"
        ) from error
    return PartialDate(match[0], precision, first, last)
