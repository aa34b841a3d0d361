"""The link model beside simpler ways of linking, on the same held-out pairs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import STRONG, Size, look, p9

TITLE = "The link model beside simpler ways of linking, on pairs held out"
HEIGHTS = (3.4, 5.0)
METRICS = {
    "average_precision": "average precision",
    "precision_at_recall_80": "precision at recall 80%",
}


def data(results: Results) -> pd.DataFrame:
    """Both measures of every method on the labelled pairs."""
    where = {"metric": list(METRICS), "method": None, "sample": "labelled", "group": "all"}
    rows = results.rows("out_link_quality", where).dropna(subset=["value"])
    rows = rows.rename(columns={"value": "estimate"})
    return rows[["metric", "method", "estimate", "low", "high", "n", "positives"]]


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{METRICS[str(row['metric'])]}, {values.label('method', row['method'])} "
        f"{plots.estimate_text(row, 'share')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each measure, one row for each method, the best on top."""
    frame = frame.assign(
        panel=frame["metric"].map(METRICS),
        name=[values.label("method", item) for item in frame["method"]],
    )
    best = frame[frame["metric"] == "average_precision"].sort_values(
        ["estimate", "name"], kind="stable"
    )
    frame["row"] = pd.Categorical(frame["name"], categories=list(dict.fromkeys(best["name"])))
    return (
        p9.ggplot(frame, p9.aes("estimate", "row"))
        + p9.geom_segment(
            p9.aes(x="low", xend="high", yend="row"), size=1.1, alpha=0.55, color=STRONG
        )
        + p9.geom_point(size=3, color=STRONG)
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2)
        + p9.scale_x_continuous(labels=plots.percent, limits=(0, 1))
        + p9.labs(x="share", y="")
        + look(size)
    )
