"""How soon products can be used in each market."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, look, p9

TITLE = "Share of products that can be used in a market, by time since their first launch"
HEIGHTS = (4.0, 4.3)
_MARKETS = ("EU", "US", "CN", "GB")
_NAMES = ("EU", "US", "China", "UK")
_LINES = {"EU": "solid", "US": "dashed", "China": "dashdot", "UK": "dotted"}


def data(results: Results) -> pd.DataFrame:
    """Curves of access by users, after the first launch anywhere, all rows."""
    where = {"basis": "market_access", "reference": "anywhere", "rows": "all"}
    rows = results.rows("out_availability_curve", {**where, "market": list(_MARKETS)})
    return rows[["market", "days", "estimate", "low", "high", "at_risk", "n"]].dropna(
        subset=["estimate"]
    )


def alt(frame: pd.DataFrame) -> str:
    """Where each curve starts and ends."""
    frame = frame.sort_values("days", kind="stable")
    ends = frame.groupby("market", sort=False)
    parts = [
        f"{values.place(market)} from {values.plain(rows['estimate'].iloc[0], 'share', 0)}"
        f" on the first day to {values.plain(rows['estimate'].iloc[-1], 'share', 0)}"
        for market, rows in ends
    ]
    return plots.sentence("Rising step curves, one for each market", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Steps with bands over years."""
    frame = frame.assign(name=plots.named(frame, "market", _NAMES), years=frame["days"] / 365.25)
    frame = plots.steps(frame, "name", "years")
    x_title = "years since first available anywhere"
    return (
        p9.ggplot(frame, p9.aes("years", "estimate", color="name", fill="name"))
        + p9.geom_ribbon(p9.aes(ymin="low", ymax="high"), alpha=0.1, color="none")
        + p9.geom_line(p9.aes(linetype="name"), size=1)
        + plots.by_region(fill=True)
        + p9.scale_linetype_manual(_LINES)
        + p9.scale_x_continuous(breaks=range(0, 20))
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, 1))
        + p9.labs(x=x_title, y="share usable")
        + look(size)
    )
