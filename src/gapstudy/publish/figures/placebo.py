"""The estimate at each date of law among those of placebo dates and placebo markets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import COLOURS, INK, Size, look, p9

TITLE = "The estimate at each date among those of other months and other markets"
HEIGHTS = (4.2, 7.0)
_NAMES = ("EU", "US", "China", "UK")


def data(results: Results) -> pd.DataFrame:
    """Every placebo estimate of lateness, all rows."""
    where = {"rows": "all", "outcome": "delayed"}
    rows = results.rows("out_placebo", where)
    names = results.rows("out_did", {**where, "method": "cluster_maker"}).set_index("event_id")
    about = names[["date", "event", "treated"]].rename(columns={"date": "event_date"})
    rows = rows.join(about, on="event_id")
    columns = ["event_id", "event_date", "event", "treated", "market", "date", "actual",
               "estimate", "n_before", "n_after"]  # fmt: skip
    return rows[columns].sort_values(["event_date", "market", "date"], kind="stable",
                                     ignore_index=True)  # fmt: skip


def alt(frame: pd.DataFrame) -> str:
    """For each date the estimate, and how many placebos lie as far from zero."""
    parts = []
    for date, rows in frame.groupby("event_date", sort=False):
        true = float(rows.loc[rows["actual"], "estimate"].iloc[0])
        far = int((rows["estimate"].abs() >= abs(true) - 1e-9).sum())
        parts.append(
            f"{date}: {values.plain(true, 'points', 0)} points, {far} of {len(rows)} "
            "assignments, itself counted, lie as far from zero"
        )
    return plots.sentence("Ticks of placebo estimates with a diamond at the true one", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each date, one row of ticks for each market."""
    panels = [
        f"{values.place(row['treated'])}, {row['event_date']}" for row in frame.to_dict("records")
    ]
    frame = frame.assign(
        panel=pd.Categorical(panels, categories=list(dict.fromkeys(panels))),
        name=plots.named(frame, "market", _NAMES),
    )
    frame["row"] = plots.rising(frame, "name", _NAMES)
    true = frame[frame["actual"].astype(bool)]
    return (
        p9.ggplot(frame, p9.aes("estimate", "row"))
        + p9.geom_vline(xintercept=0, color=INK, size=0.6)
        + p9.geom_point(p9.aes(color="name"), shape="|", size=5, alpha=0.6)
        + p9.geom_point(data=true, color=INK, shape="D", size=3)
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2)
        + p9.scale_color_manual(COLOURS)
        + p9.scale_x_continuous(labels=plots.points)
        + p9.labs(x="estimate, percentage points", y="market taken as treated")
        + look(size)
        + p9.theme(legend_position="none", panel_spacing=0.05)
    )
