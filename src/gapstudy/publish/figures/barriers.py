"""Reasons for not using AI in official surveys, each survey and base for itself."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import STRONG, Size, look, p9

TITLE = "Share of enterprises that name each reason for not using AI, by survey"
HEIGHTS = (5.6, 7.4)
#: Enterprises that are drawn: all that were asked, and the size classes that the press reports.
ENTITIES = ("", "GE10", "50 to 249 employed", "250 or more employed")
_SHAPES = {"all asked": "o", "10 or more employed": "o", "50 to 249 employed": "s",
           "250 or more employed": "^"}  # fmt: skip


def data(results: Results) -> pd.DataFrame:
    """The newest figures of each survey, place and base."""
    rows = results.rows("out_barriers", {"geo": ["EU27", "US"]})
    rows = rows[rows["entity"].isin(ENTITIES) & rows["estimate"].notna()]
    newest = rows.groupby(["source_name", "geo", "base"])["period"].transform("max")
    columns = ["source_name", "geo", "period", "base", "entity", "barrier", "estimate", "low",
               "high", "interval"]  # fmt: skip
    return rows.loc[rows["period"] == newest, columns].reset_index(drop=True)


def alt(frame: pd.DataFrame) -> str:
    """Every figure in words."""
    parts = [
        f"{row['source_name']}, {values.place(row['geo'])}, {row['period']}, {_who(row['entity'])},"
        f" {row['barrier']} {plots.estimate_text(row, 'share')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots, one panel for each survey and base", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Panels are surveys with their base, rows reasons, shapes sizes of enterprises."""
    from mizani.breaks import breaks_extended

    width, words = (26, 18) if size.narrow else (62, 34)
    panels = [
        plots.folded(
            f"{row['geo']}, {row['period']}, {row['source_name']}; asked: {row['base']}", width
        )
        for row in frame.to_dict("records")
    ]
    order = frame.groupby("barrier")["estimate"].mean().sort_values(kind="stable").index
    frame = frame.assign(
        panel=pd.Categorical(panels, categories=list(dict.fromkeys(panels))),
        row=pd.Categorical(
            [plots.folded(str(text), words) for text in frame["barrier"]],
            categories=[plots.folded(str(text), words) for text in order],
        ),
        size=[_who(entity) for entity in frame["entity"]],
    )
    ranged = frame.dropna(subset=["low", "high"])
    return (
        p9.ggplot(frame, p9.aes("estimate", "row", shape="size"))
        + p9.geom_segment(p9.aes(x="low", xend="high", yend="row"), data=ranged, color=STRONG,
                          size=1.1, alpha=0.55)
        + p9.geom_point(color=STRONG, size=2.8)
        + p9.facet_wrap("panel", ncol=1, scales="free")
        + p9.scale_shape_manual(_SHAPES)
        + p9.scale_x_continuous(labels=plots.percent, limits=(0, None),
                                breaks=breaks_extended(3 if size.narrow else 5))
        + p9.labs(x="share of those asked", y="")
        + look(size, long_legend=True)
    )  # fmt: skip


def _who(entity: Any) -> str:
    return {"": "all asked", "GE10": "10 or more employed"}.get(str(entity), str(entity))
