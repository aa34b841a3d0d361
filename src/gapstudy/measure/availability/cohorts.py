"""Products launched before and after a date of law: how soon each market had them.

A comparison of two groups of products, not of what the law did: they differ in kind, maker and
market, and the later ones are followed for a shorter time, which Kaplan-Meier allows for only while
products that are lost to follow-up are like the others. `out_did` sets markets against each other
within products.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gapstudy.measure.availability.estimates import lost, usable
from gapstudy.measure.availability.groups import MEAN, WITHIN, levels
from gapstudy.measure.availability.lags import MARKETS, Lags
from gapstudy.measure.policy.events import Event
from gapstudy.measure.policy.rules import MONTH


def cohort_table(
    labels: dict[str, str], table: Lags, events: Iterable[Event], months: float,
    confidence: float, min_cell: int,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_availability_cohorts`.

    Args:
        labels: values of basis and rows.
        table: the lags, with their start.
        events: the dates.
        months: months of launches before and after each date.
        confidence: level of the intervals.
        min_cell: fewest products for which a figure is shown.
    """
    rows = []
    for event in events:
        gap = table.entry - event.day
        sides = {
            "before": (gap < 0) & (gap >= -months * MONTH),
            "after": (gap >= 0) & (gap <= months * MONTH),
        }
        for m, market in enumerate(MARKETS):
            if not table.seen[:, m].any():
                continue
            base = {**labels, "event_id": event.event_id, "date": event.text, "market": market}
            counts = {name: int((table.seen[:, m] & part).sum()) for name, part in sides.items()}
            cells = [(m, part) for name, part in sides.items() if counts[name]]
            found = levels(table, cells, confidence, min_cell)
            for name in sides:
                if counts[name]:
                    rows += [{**base, "cohort": name, "p_value": np.nan, **row}
                             for row in next(found)]  # fmt: skip
            rows += _differences(base, table, m, sides, min(counts.values()), confidence, min_cell)
    return pd.DataFrame(rows)


def _differences(
    base: dict[str, str], table: Lags, m: int, sides: dict[str, np.ndarray], n: int,
    confidence: float, min_cell: int,
) -> list[dict[str, object]]:  # fmt: skip
    both = table.seen[:, m] & (sides["before"] | sides["after"])
    about = {
        **base, "cohort": "difference", "n": n, "makers": len(np.unique(table.maker[both])),
        "unavailable": int((both & ~table.available[:, m]).sum()),
    }  # fmt: skip
    names = [*((name, "points") for name in WITHIN), (f"mean_{MEAN}d", "days")]
    if n < min_cell:
        few = f"fewer than {min_cell} products on one side"
        return [
            {**about, "measure": name, "unit": unit, "note": few, "p_value": np.nan,
             "estimate": np.nan, "low": np.nan, "high": np.nan}
            for name, unit in names
        ]  # fmt: skip
    cells = [(m, sides["after"]), (m, sides["before"])]
    parts = [(usable(table, cells, list(WITHIN.values())), 1.0), (lost(table, cells, MEAN), MEAN)]
    values = []
    for fitted, scale in parts:
        gap, ends, p = fitted.difference(0, 1, confidence)
        values += [
            (scale * float(a), scale * float(b), scale * float(c), float(d))
            for a, b, c, d in zip(gap, ends.low, ends.high, p, strict=True)
        ]
    return [
        {**about, "measure": name, "unit": unit, "note": "", "estimate": value[0],
         "low": value[1], "high": value[2], "p_value": value[3]}
        for (name, unit), value in zip(names, values, strict=True)
    ]  # fmt: skip
