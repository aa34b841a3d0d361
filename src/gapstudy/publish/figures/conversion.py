"""The headline: share of each region's results with a product within some years."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, p9
from gapstudy.regions import STUDIED

TITLE = "Share of research results with a product, by region"
HEIGHTS = (5.4, 5.4)


def data(results: Results) -> pd.DataFrame:
    """Estimates of the studied regions at every horizon."""
    rows = results.rows("out_conversion", {"region": list(STUDIED)})
    return rows[["region", "horizon", "estimate", "low", "high", "n", "note"]].dropna(
        subset=["estimate"]
    )


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{name} within {row['horizon']:g} years {plots.estimate_text(row, 'share')}"
        for name, row in zip(plots.named(frame), frame.to_dict("records"), strict=True)
    ]
    return plots.sentence("Dots with intervals, share of results with a product", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each horizon, one row for each region."""
    frame = frame.assign(
        name=plots.named(frame),
        panel=pd.Categorical(
            [f"within {value:g} years" for value in frame["horizon"]],
            categories=[f"within {value:g} years" for value in sorted(set(frame["horizon"]))],
        ),
    )
    frame["row"] = plots.rising(frame, "name", plots.REGIONS)
    frame["text"] = [
        values.with_unit(row["estimate"], "share", row["low"], row["high"])
        for row in frame.to_dict("records")
    ]
    return (
        plots.dots(frame, size, y="row", x_title="share of results with a product", label="text")
        + p9.facet_wrap("panel", ncol=1)
        + p9.scale_x_continuous(labels=plots.percent, limits=(0, None))
    )
