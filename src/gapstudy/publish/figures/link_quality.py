"""Precision and recall of the linker by region, on pairs that it never saw."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, p9

TITLE = "Precision and recall of the linker by region, on pairs held out"
HEIGHTS = (3.6, 4.6)
METRICS = {"precision": "precision: links that are right", "recall": "recall: true links found"}
_REGIONS = ("all", "EU", "US", "CN", "other", "unknown")


def data(results: Results) -> pd.DataFrame:
    """Precision and recall over all pairs and by region, for the study's own method."""
    rows = results.rows("out_link_quality", {"metric": list(METRICS), "method": None})
    rows = rows[rows["group"].isin(["all", "region"])].dropna(subset=["value"])
    for column in ("sample", "method"):
        if not rows.empty:
            rows = rows[rows[column] == _preferred(rows[column])]
    rows = rows.rename(columns={"value": "estimate", "group_value": "region"})
    rows["region"] = rows["region"].where(rows["group"] == "region", "all")
    columns = ["sample", "method", "metric", "region", "estimate", "low", "high", "n", "positives"]
    return rows[columns]


def _preferred(column: pd.Series[str]) -> str:
    """The model where it is there, else the first by name."""
    present = sorted(set(column))
    return next(
        (item for item in ("model", "hybrid", "natural", "all") if item in present), present[0]
    )


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{row['metric']}, {values.place(row['region'])} {plots.estimate_text(row, 'share')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each measure."""
    order = [values.place(item) for item in _REGIONS]
    order[0] = "All pairs"
    frame = frame.assign(
        name=[values.place(item) for item in frame["region"]],
        panel=frame["metric"].map(METRICS),
    )
    frame["label"] = frame["name"].replace("All results", "All pairs")
    frame["row"] = plots.rising(frame, "label", order)
    return (
        plots.dots(frame, size, y="row", x_title="share of held-out pairs")
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2)
        + p9.scale_x_continuous(labels=plots.percent, limits=(0, 1))
    )
