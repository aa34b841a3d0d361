"""The dates that are studied, which market each treats, and which markets it can be set against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gapstudy.errors import FitError

#: Events of the table `policy_events` that are studied unless study.toml names others.
EVENTS = (
    "eu-2018-05-25-regulation-applicable",
    "cn-2023-08-15-measures-in-effect",
    "eu-2024-08-01-act-in-force",
    "eu-2025-02-02-prohibited-practices-and-ai-literacy-apply",
    "eu-2025-08-02-obligations-for-general-purpose-models-apply",
    "eu-2026-07-27-amending-regulation-in-force",
    "eu-2026-08-02-general-application-with-transparency-duties-of",
    "eu-2027-12-02-new-date-for-annex-iii-high-risk-systems",
    "eu-2028-08-02-new-date-for-annex-i-high-risk-systems",
)
#: Markets of the design: those whose rows are compiled product by product.
DESIGN = ("EU", "US", "CN", "GB")
#: Until 2020 European law was law of the United Kingdom, which then kept it as its own.
_BREXIT = np.datetime64("2021-01-01")
#: A date that was moved before it came is no event.
_VOID = ("postponed", "repealed")


@dataclass(frozen=True)
class Event:
    """One dated event and its design.

    Attributes:
        event_id: identifier in `policy_events`.
        day: its first possible day, days since 1970.
        text: its date as given.
        event: what happened.
        instrument: law or programme.
        treated: market that it applies to.
        controls: markets that it does not apply to.
    """

    event_id: str
    day: int
    text: str
    event: str
    instrument: str
    treated: str
    controls: tuple[str, ...]

    @property
    def markets(self) -> tuple[str, ...]:
        """Treated market, then the controls."""
        return (self.treated, *self.controls)


def chosen(events: pd.DataFrame, names: tuple[str, ...] = EVENTS) -> list[Event]:
    """The events by name, in order of their dates.

    Args:
        events: table `policy_events`; without rows there is no event.
        names: identifiers.

    Raises:
        FitError: a name is not in the table, its place is no market of the design, or its date was
            moved before it came.
    """
    if not len(events):
        return []
    rows = events.set_index("event_id")
    result = []
    for name in names:
        if name not in rows.index:
            raise FitError(
                f"no policy event is called {name!r}", where="study.toml",
                remedy="Name an event_id of the table policy_events",
            )  # fmt: skip
        row = rows.loc[name]
        if row["place"] not in DESIGN:
            raise FitError(f"{name!r} is an event of {row['place']}, no market of the design",
                           remedy=f"Name an event of {', '.join(DESIGN)}")  # fmt: skip
        if row["status"] in _VOID:
            raise FitError(f"the date of {name!r} was moved before it came",
                           remedy="Name the event with the new date")  # fmt: skip
        first = np.datetime64(row["date_from"], "D")
        also = {"EU": ("GB",)} if first < _BREXIT else {}
        outside = {row["place"], *also.get(str(row["place"]), ())}
        result.append(
            Event(name, int(first.astype(np.int64)), str(row["date"]), str(row["event"]),
                  str(row["instrument"]), str(row["place"]),
                  tuple(market for market in DESIGN if market not in outside))
        )  # fmt: skip
    return sorted(result, key=lambda event: (event.day, event.event_id))
