"""When items happened and when they were first seen, as far as the tables hold both.

The archive knows when a response was first retrieved, and with it every item in it: `first_seen`
of the raw tables, found by the stored row that a core row was made from. Patents also carry their
own dates: priority, publication and grant, which need no second retrieval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.cohort import COLUMNS
from gapstudy.regions import REGIONS, UNKNOWN, RegionScheme, add_region

Ints = NDArray[np.int64]
#: Date of an item in each table, without suffix.
DATED = {"papers": "date", "products": "date", "patents": "priority_date"}
_TOLD = ("day", "month")
#: What of a raw table tells when its items were first seen.
COLUMNS_RAW = ("archive_ref", "first_seen")


@dataclass(frozen=True)
class Arrivals:
    """Items of one source and table with one event that ends their delay.

    Attributes:
        source: the source.
        item: papers, products or patents.
        event: first_seen, publication or grant.
        origin: day of each item (middle of a month), days since 1970, (n,).
        seen: day of the event, (n,).
        region: number of its region in `REGIONS`, (n,).
        first: day of the first retrieval; None for an event of its own date.
        last: day of the last retrieval or of the last event.
        undated: items without a date to the month.
        early: items whose event lies before their date.
    """

    source: str
    item: str
    event: str
    origin: Ints
    seen: Ints
    region: Ints
    first: int | None
    last: int
    undated: int
    early: int

    @property
    def problem(self) -> str:
        """Why the delay cannot be estimated at all; empty when it may be tried."""
        if self.event == "first_seen" and (self.first is None or self.first >= self.last):
            return ("not estimable: the source was retrieved on one day only, which dates nothing "
                    "that was there before")  # fmt: skip
        return "" if len(self.origin) else "not estimable: no item has both dates"

    def of(self, column: str) -> NDArray[np.bool_]:
        """The items of one column of `COLUMNS`."""
        if column == "all":
            return np.ones(len(self.origin), bool)
        return np.asarray(self.region == REGIONS.index(column))


def collect(
    frames: Mapping[str, pd.DataFrame], scheme: RegionScheme, cutoff: pd.Timestamp
) -> list[Arrivals]:
    """Arrivals of every source, by table.

    Args:
        frames: papers, products and patents, with paper_affiliations and patent_parties where
            regions are wanted, and `raw_<source>` of the sources; what is missing is not used.
        scheme: what the regions contain.
        cutoff: last day of observation, for dates that no retrieval bounds.
    """
    result = []
    for item, name in DATED.items():
        rows = frames.get(item)
        if rows is None or rows.empty:
            continue
        region = _regions(item, rows, frames, scheme)
        for source in sorted(rows["source"].astype(str).unique()):
            mine = (rows["source"] == source).to_numpy()
            raw = frames.get(f"raw_{source}")
            part, where = rows[mine], region[mine]
            if raw is not None and len(raw):
                result.append(_first_seen(source, item, name, part, where, raw))
            else:
                empty = np.zeros(0, np.int64)
                result.append(Arrivals(source, item, "first_seen", empty, empty, empty, None, 0,
                                       len(part), 0))  # fmt: skip
            if item == "patents":
                for event in ("publication", "grant"):
                    known = part[f"{event}_date"].notna().to_numpy()
                    if known.any():
                        result.append(_own_event(source, event, part[known], where[known], cutoff))
    return result


def _first_seen(
    source: str, item: str, name: str, rows: pd.DataFrame, region: Ints, raw: pd.DataFrame
) -> Arrivals:
    day = pd.to_datetime(raw["first_seen"].astype(str).str[:10], errors="coerce", format="%Y-%m-%d")
    seen = day.groupby(raw["archive_ref"].astype(str)).min()
    when = rows["archive_ref"].astype(str).map(seen)
    first, last = day.min(), day.max()
    known = when.notna().to_numpy() & _precise(rows, name)
    origin, end = _middle(rows, name)[known], _days(when[known])
    early = end < origin
    return Arrivals(
        source, item, "first_seen", origin[~early], end[~early], region[known][~early],
        None if pd.isna(first) else int(_days(pd.Series([first]))[0]),
        0 if pd.isna(last) else int(_days(pd.Series([last]))[0]),
        int((~known).sum()), int(early.sum()),
    )  # fmt: skip


def _own_event(
    source: str, event: str, rows: pd.DataFrame, region: Ints, cutoff: pd.Timestamp
) -> Arrivals:
    name = f"{event}_date"
    known = _precise(rows, "priority_date") & _precise(rows, name)
    origin, end = _middle(rows[known], "priority_date"), _middle(rows[known], name)
    last = int(_days(pd.Series([cutoff]))[0])
    fine = (end >= origin) & (end <= last)
    return Arrivals(
        source, "patents", event, origin[fine], end[fine], region[known][fine], None, last,
        int((~known).sum()), int((~fine).sum()),
    )  # fmt: skip


def _precise(rows: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    return np.asarray(rows[f"{name}_precision"].isin(_TOLD).to_numpy(), dtype=bool)


def _middle(rows: pd.DataFrame, name: str) -> Ints:
    start, end = _days(rows[f"{name}_from"]), _days(rows[f"{name}_to"])
    return np.asarray((start + end) // 2, dtype=np.int64)


def _days(values: pd.Series) -> Ints:
    return np.asarray(values.to_numpy().astype("datetime64[D]").astype(np.int64), dtype=np.int64)


def _regions(
    item: str, rows: pd.DataFrame, frames: Mapping[str, pd.DataFrame], scheme: RegionScheme
) -> Ints:
    """One region per item: its maker's, or that of its first organisation or applicant."""
    if item == "products":
        names = add_region(rows, scheme, country="home_country", date=("date_from", "date_to"))
        return np.asarray(pd.Index(REGIONS).get_indexer(pd.Index(names)), dtype=np.int64)
    table, key = (
        ("paper_affiliations", "paper_id") if item == "papers" else ("patent_parties", "patent_id")
    )
    parties = frames.get(table)
    if parties is None or parties.empty:
        return np.full(len(rows), REGIONS.index(UNKNOWN), dtype=np.int64)
    order = ["role", "position"] if item == "patents" else ["position"]
    first = parties[parties["country"].notna()].sort_values([key, *order]).drop_duplicates(key)
    country = rows[key].astype(str).map(first.set_index(first[key].astype(str))["country"])
    name = DATED[item]
    # A patent without priority takes the borders of its last known day.
    located = pd.DataFrame({"country": country, "from": rows[f"{name}_from"],
                            "to": rows[f"{name}_to"]})  # fmt: skip
    known = located.dropna()
    result = np.full(len(rows), REGIONS.index(UNKNOWN), dtype=np.int64)
    where = pd.Index(located.index).get_indexer(known.index)
    names = add_region(known, scheme, date=("from", "to"))
    result[where] = pd.Index(REGIONS).get_indexer(pd.Index(names))
    return result


#: The columns for which delays are given.
GROUPS = COLUMNS
