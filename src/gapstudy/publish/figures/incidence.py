"""Cumulative incidence of the first product, by region."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, look, p9
from gapstudy.regions import STUDIED

TITLE = "How the share of results with a product grows with time, by region"
HEIGHTS = (4.0, 4.2)
_LINES = {"EU": "solid", "US": "dashed", "China": "dashdot"}


def data(results: Results) -> pd.DataFrame:
    """Points of the curves of the studied regions."""
    rows = results.rows("out_incidence_curve", {"region": list(STUDIED)})
    return rows[["region", "years", "estimate", "low", "high", "at_risk", "n"]].dropna(
        subset=["estimate"]
    )


def alt(frame: pd.DataFrame) -> str:
    """Where each curve ends."""
    last = frame.sort_values("years", kind="stable").groupby("region", sort=False).tail(1)
    parts = [
        f"{name} reaches {plots.estimate_text(row, 'share')} after {row['years']:.1f} years"
        for name, row in zip(plots.named(last), last.to_dict("records"), strict=True)
    ]
    return plots.sentence("Rising step curves, one for each region", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Steps with bands."""
    frame = plots.steps(frame.assign(name=plots.named(frame)), "name", "years")
    return (
        p9.ggplot(frame, p9.aes("years", "estimate", color="name", fill="name"))
        + p9.geom_ribbon(
            p9.aes(ymin="low", ymax="high"),
            alpha=0.12,
            color="none",
        )
        + p9.geom_line(p9.aes(linetype="name"), size=1)
        + plots.by_region(fill=True)
        + p9.scale_linetype_manual(_LINES)
        + p9.scale_x_continuous(breaks=range(0, 30, 2))
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, None))
        + p9.labs(x="years since the result was first public", y="share with a product")
        + look(size)
    )
