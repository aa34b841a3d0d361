"""What each family of features is worth: quality lost when the model is fitted without it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import INK, STRONG, Size, look, p9

TITLE = "Average precision lost without each family of features"
HEIGHTS = (3.6, 4.0)


def data(results: Results) -> pd.DataFrame:
    """Change of average precision by family, with the interval of the change."""
    rows = results.rows("out_link_ablation", {"metric": "average_precision"})
    rows = rows[rows["family"] != "none"].dropna(subset=["change"])
    names = {"change": "estimate", "change_low": "low", "change_high": "high"}
    rows = rows[["family", "features", *names, "n", "positives"]].rename(columns=names)
    return rows.sort_values(["estimate", "family"], ignore_index=True)


def alt(frame: pd.DataFrame) -> str:
    """Every change in words."""
    parts = [
        f"without {row['family']} {plots.estimate_text(row, 'points')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals around a line at no change", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One row for each family, the one that is missed most on top."""
    order = list(frame["family"])[::-1]
    frame = frame.assign(row=pd.Categorical(frame["family"], categories=order))
    return (
        p9.ggplot(frame, p9.aes("estimate", "row"))
        + p9.geom_vline(xintercept=0, color=INK, size=0.6)
        + p9.geom_segment(
            p9.aes(x="low", xend="high", yend="row"), size=1.1, alpha=0.55, color=STRONG
        )
        + p9.geom_point(size=3, color=STRONG)
        + p9.scale_x_continuous(labels=plots.points)
        + p9.labs(x="change of average precision, percentage points", y="left out")
        + look(size)
    )
