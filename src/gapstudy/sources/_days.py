"""Windows of days: how a source is asked for a long time in pieces below its cap."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple


class Days(NamedTuple):
    """Days from the first to the last, both within."""

    first: dt.date
    last: dt.date

    @classmethod
    def read(cls, text: str) -> Days:
        """From `FIRST/LAST`, ISO days, as `str` gives it."""
        first, last = text.split("/")
        return cls(dt.date.fromisoformat(first), dt.date.fromisoformat(last))

    def __str__(self) -> str:
        return f"{self.first.isoformat()}/{self.last.isoformat()}"

    def halves(self) -> tuple[Days, Days] | None:
        """The window in two parts; None when it is one day."""
        if self.first >= self.last:
            return None
        middle = self.first + (self.last - self.first) // 2
        return Days(self.first, middle), Days(middle + dt.timedelta(days=1), self.last)

    def months(self) -> Iterator[Days]:
        """The window by calendar months.

        >>> [str(part) for part in Days.read("2024-01-30/2024-02-02").months()]
        ['2024-01-30/2024-01-31', '2024-02-01/2024-02-02']
        """
        first = self.first
        while first <= self.last:
            end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
            yield Days(first, min(end, self.last))
            first = end + dt.timedelta(days=1)
