"""Difference of the treated market by months from launch to a date of law."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import INK, SOFT, STRONG, Size, look, p9

TITLE = "Late products in the EU against other markets, by launch month around each date of AI law"
HEIGHTS = (4.6, 7.6)
_ROLES = {"before": SOFT, "after": STRONG, "reference": INK}


def data(results: Results) -> pd.DataFrame:
    """Steps of every date that has any, all rows."""
    where = {"rows": "all", "outcome": "delayed"}
    rows = results.rows("out_event_study", where)
    dates = results.rows("out_did", {**where, "method": "cluster_maker"})
    names = dates.set_index("event_id")[["date", "event", "treated"]]
    rows = rows.join(names, on="event_id")
    # The reference is zero by construction, without an interval.
    zero = rows["role"] == "reference"
    rows.loc[zero, ["estimate", "low", "high"]] = 0.0
    columns = ["event_id", "date", "event", "treated", "start_month", "end_month", "role",
               "estimate", "low", "high", "n"]  # fmt: skip
    return rows[columns].dropna(subset=["estimate"]).sort_values(
        ["date", "start_month"], kind="stable", ignore_index=True
    )  # fmt: skip


def alt(frame: pd.DataFrame) -> str:
    """Every step in words."""
    parts = [
        f"{row['date']}, months {row['start_month']:g} to {row['end_month']:g} "
        f"{plots.estimate_text(row, 'points')}"
        for row in frame[frame["role"] != "reference"].to_dict("records")
    ]
    return plots.sentence("Dots with intervals around a line at no difference", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each date, dots at the middle of each step."""
    panels = [f"{values.place(row['treated'])}, {row['date']}" for row in frame.to_dict("records")]
    frame = frame.assign(
        panel=pd.Categorical(panels, categories=list(dict.fromkeys(panels))),
        middle=(frame["start_month"] + frame["end_month"]) / 2,
        kind=pd.Categorical(frame["role"], categories=list(_ROLES)),
    )
    return (
        p9.ggplot(frame, p9.aes("middle", "estimate", color="kind"))
        + p9.geom_hline(yintercept=0, color=INK, size=0.6)
        + p9.geom_vline(xintercept=0, color=INK, size=0.6, linetype="dashed")
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), size=1.1, alpha=0.55)
        + p9.geom_point(size=2.4)
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2)
        + p9.scale_color_manual(_ROLES, breaks=list(_ROLES))
        + p9.scale_x_continuous(breaks=range(-36, 37, 12))
        + p9.scale_y_continuous(labels=plots.points)
        + p9.labs(
            x="months from launch to the date",
            y="difference to the step before, percentage points",
        )
        + look(size)
        + p9.theme(panel_spacing=0.05)
    )
