"""The specification curve: the headline difference under every combination of choices."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import INK, Size, look, p9

TITLE = "The same difference under every combination of choices, lowest to highest"
HEIGHTS = (4.6, 5.4)
KINDS = {
    "interval leaves out the line": "#0072B2", "interval holds the line": "#A5B1BC",
    "choices of the headline": "#D55E00",
}  # fmt: skip


def data(results: Results) -> pd.DataFrame:
    """Specifications of the difference in conversion of the EU against the US and China."""
    where = {"estimand": "conversion", "region": "EU", "versus": ["US", "CN"]}
    choices = {"counting": None, "links": None}
    rows = results.rows("out_specifications", {**where, **choices}).dropna(subset=["estimate"])
    columns = [
        "versus", "rank", "estimate", "low", "high", "significant", "headline",
        "europe", "china", "counting", "years", "links", "link_sets", "n",
    ]  # fmt: skip
    return rows[columns]


def alt(frame: pd.DataFrame) -> str:
    """Range and agreement of the specifications."""
    parts = []
    for versus, rows in frame.groupby("versus", sort=False):
        low, high = rows["estimate"].min(), rows["estimate"].max()
        parts.append(
            f"EU minus {values.place(versus)}, {len(rows)} specifications from "
            f"{values.with_unit(low, 'points')} to {values.with_unit(high, 'points')}, "
            f"{int((rows['estimate'] < 0).sum())} below zero"
        )
    return plots.sentence("Estimates with intervals in rising order", parts)


def kind_of(frame: pd.DataFrame) -> Any:
    """What each specification is drawn as: sure or not, or the headline."""
    kinds = list(KINDS)
    sure = frame["significant"].astype("boolean").fillna(value=False).astype(bool)
    kind = sure.map({True: kinds[0], False: kinds[1]})
    return pd.Categorical(kind.where(~frame["headline"].astype(bool), kinds[2]), categories=kinds)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Estimates in rising order, the headline's own marked."""
    frame = frame.assign(
        kind=kind_of(frame),
        panel=pd.Categorical(
            [f"EU minus {values.place(item)}" for item in frame["versus"]],
            categories=["EU minus US", "EU minus China"],
        ),
    )
    own = frame[frame["headline"]]
    return (
        p9.ggplot(frame, p9.aes("rank", "estimate", color="kind"))
        + p9.geom_ribbon(
            p9.aes(ymin="low", ymax="high", group="panel"), fill="#DCE2E8", color="none"
        )
        + p9.geom_point(shape="_", size=2)
        + p9.geom_hline(yintercept=0, color=INK, size=0.6)
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), data=own, size=1)
        + p9.geom_point(data=own, size=3)
        + p9.facet_wrap("panel", ncol=1, scales="free_x")
        + p9.scale_color_manual(KINDS)
        + p9.scale_y_continuous(labels=plots.points)
        + p9.labs(x="specifications, lowest estimate first", y="difference, percentage points")
        + look(size, long_legend=True)
        + p9.theme(axis_text_x=p9.element_blank(), panel_grid_major_x=p9.element_blank())
    )  # fmt: skip
