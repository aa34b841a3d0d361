"""Cumulative incidence of the first product by region, with simultaneous bands."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, look, p9
from gapstudy.regions import STUDIED

TITLE = "Share of results with a product by region, with bands that hold for the whole curve"
HEIGHTS = (3.4, 7.2)


def data(results: Results) -> pd.DataFrame:
    """Points of the curves of the studied regions."""
    rows = results.rows("out_bands", {"region": list(STUDIED)})
    columns = [
        "region", "years", "estimate", "low", "high", "point_low", "point_high", "critical",
        "at_risk", "n",
    ]  # fmt: skip
    return rows[columns]


def alt(frame: pd.DataFrame) -> str:
    """Where each curve and its band end."""
    last = frame.sort_values("years", kind="stable").groupby("region", sort=False).tail(1)
    parts = [
        f"{name} reaches {plots.estimate_text(row, 'share')} after {row['years']:.1f} years"
        for name, row in zip(plots.named(last), last.to_dict("records"), strict=True)
    ]
    return plots.sentence("Rising step curves with wide bands, one panel for each region", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel a region: the curve, its band, and thin lines for the intervals at each point."""
    frame = plots.steps(frame.assign(name=plots.named(frame)), "name", "years")
    thin = {"linetype": "dotted", "size": 0.6}
    return (
        p9.ggplot(frame, p9.aes("years", "estimate", color="name", fill="name"))
        + p9.geom_ribbon(p9.aes(ymin="low", ymax="high"), alpha=0.15, color="none")
        + p9.geom_line(p9.aes(y="point_low"), **thin)
        + p9.geom_line(p9.aes(y="point_high"), **thin)
        + p9.geom_line(size=1)
        + plots.by_region(fill=True)
        + p9.facet_wrap("name", ncol=1 if size.narrow else 3)
        + p9.scale_x_continuous(breaks=range(0, 30, 2))
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, None))
        + p9.labs(x="years since the result was first public", y="share with a product")
        + look(size)
        + p9.theme(legend_position="none")
    )
