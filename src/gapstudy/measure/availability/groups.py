"""Availability by kind of product and home of its maker, and mean delays up to several limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.measure.availability.curves import PAIRS
from gapstudy.measure.availability.estimates import Cell, lost, usable
from gapstudy.measure.availability.lags import MARKETS, Lags

#: Shares usable within so many days.
WITHIN = {"same_day": 0.0, "within_90d": 90.0, "within_180d": 180.0, "within_365d": 365.0}
#: Limits of the mean delay, days.
LIMITS = (90, 180, 365, 730)
#: Limit of the mean delay of groups and cohorts, days: few recent products are followed longer.
MEAN = 365
#: Makers of the releases behind the published figures that stand beside ours.
MAKERS = ("Anthropic", "Google", "Meta", "OpenAI")
HOMES = ("EU", "US", "CN", "other", "unknown")


def group_table(
    labels: dict[str, str], table: Lags, about: pd.DataFrame, confidence: float, min_cell: int
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_availability_groups`.

    Args:
        labels: values of basis and rows.
        table: the lags.
        about: kind, home (region of the maker) and organisation of each product, by identifier.
        confidence: level of the intervals.
        min_cell: fewest products for which a figure is shown.
    """
    mine = about.loc[list(table.product)]
    kinds, homes, makers = (
        mine[name].to_numpy().astype(str) for name in ("kind", "home", "organisation")
    )
    groups = [("all", "all", np.ones(len(table.product), bool))]
    groups += [("kind", str(value), kinds == value) for value in sorted(set(kinds))]
    groups += [("home", value, homes == value) for value in HOMES if (homes == value).any()]
    four = np.isin(makers, MAKERS)
    if four.any():
        groups.append(("makers", ", ".join(MAKERS), four))
    cells = [
        (m, part) for _, _, part in groups for m in range(len(MARKETS))
        if (table.seen[:, m] & part).any()
    ]  # fmt: skip
    names = [
        {"group": group, "value": value, "market": MARKETS[m]}
        for group, value, part in groups for m in range(len(MARKETS))
        if (table.seen[:, m] & part).any()
    ]  # fmt: skip
    rows = [
        {**labels, **name, **row}
        for name, part in zip(names, levels(table, cells, confidence, min_cell), strict=True)
        for row in part
    ]
    return pd.DataFrame(rows)


def levels(
    table: Lags, cells: list[Cell], confidence: float, min_cell: int
) -> Iterator[list[dict[str, Any]]]:
    """For each cell the shares within so many days and the mean delay of the first year."""
    if not cells:
        return
    now, late = usable(table, cells, list(WITHIN.values())), lost(table, cells, MEAN)
    ends, late_ends = now.interval(confidence), late.interval(confidence)
    for k, (m, part) in enumerate(cells):
        mine = table.seen[:, m] & part
        n = int(mine.sum())
        note = f"fewer than {min_cell} products" if n < min_cell else ""
        about = {"n": n, "makers": len(np.unique(table.maker[mine])),
                 "unavailable": int((mine & ~table.available[:, m]).sum())}  # fmt: skip
        rows = []
        for h, name in enumerate(WITHIN):
            values = (now.share.value[k, h], ends.low[k, h], ends.high[k, h])
            rows.append(_row(name, values, "share", note, 1.0) | about)
        values = (late.share.value[k, 0], late_ends.low[k, 0], late_ends.high[k, 0])
        rows.append(_row(f"mean_{MEAN}d", values, "days", note, float(MEAN)) | about)
        yield rows


def rmst_table(
    labels: dict[str, str], table: Lags, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_availability_rmst`: levels of all products, differences of those seen in both.

    Args:
        labels: values of basis and rows.
        table: the lags.
        confidence: level of the intervals.
        min_cell: fewest products for which a figure is shown.
    """
    everyone = np.ones(len(table.product), bool)
    rows = []
    for limit in LIMITS:
        fitted = lost(table, [(m, everyone) for m in range(len(MARKETS))], limit)
        ends = fitted.interval(confidence)
        for m, market in enumerate(MARKETS):
            n = int(fitted.results[m])
            if not n:
                continue
            followed = float(fitted.raw.at_risk[:, m, 0].mean())
            note = f"fewer than {min_cell} products" if n < min_cell else _carried(table, m, limit)
            values = (fitted.share.value[m, 0], ends.low[m, 0], ends.high[m, 0])
            rows.append(
                {**labels, "market": market, "versus": "", "limit": limit, "n": n,
                 "at_risk": followed, "p_value": np.nan,
                 **_numbers(values, float(limit), blank=n < min_cell), "note": note}
            )  # fmt: skip
        for market, versus in PAIRS:
            a, b = MARKETS.index(market), MARKETS.index(versus)
            both = table.seen[:, a] & table.seen[:, b]
            n = int(both.sum())
            if not n:
                continue
            gap, span, p = lost(table, [(a, both), (b, both)], limit).difference(0, 1, confidence)
            few = n < min_cell
            rows.append(
                {**labels, "market": market, "versus": versus, "limit": limit, "n": n,
                 "at_risk": np.nan, "p_value": np.nan if few else float(p[0]),
                 **_numbers((gap[0], span.low[0], span.high[0]), float(limit), blank=few),
                 "note": f"fewer than {min_cell} products" if few else ""}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _carried(table: Lags, market: int, limit: float) -> str:
    mine = table.seen[:, market]
    last = float(table.days[:, mine, market].max())
    open_ends = bool((mine & ~table.available[:, market]).any())
    return "the curve is carried on beyond the last product followed" if (
        open_ends and last < limit) else ""  # fmt: skip


def _row(
    measure: str, values: tuple[float, ...], unit: str, note: str, scale: float
) -> dict[str, Any]:
    return {"measure": measure, **_numbers(values, scale, blank=bool(note)), "unit": unit,
            "note": note}  # fmt: skip


def _numbers(values: tuple[Any, ...], scale: float, *, blank: bool) -> dict[str, float]:
    names = ("estimate", "low", "high")
    return {
        name: np.nan if blank else scale * float(value)
        for name, value in zip(names, values, strict=True)
    }
