"""Share of research results by region, under each way of counting."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, p9

TITLE = "Share of research results by region, under three ways of counting"
HEIGHTS = (4.6, 5.4)
COUNTINGS = {
    "whole": "whole: every region with an author counts fully",
    "fractional": "fractional: one result is split over its authors",
    "first": "first author only",
}


def data(results: Results) -> pd.DataFrame:
    """Shares over all venues and years of the study's first frame."""
    where = {
        "counting": list(COUNTINGS), "venues": "all", "years": "all",
        "frame": results.study.frames[0], "region": None,
    }  # fmt: skip
    rows = results.rows("out_shares", where)
    rows = rows[rows["region"] != "all"]
    return rows[["counting", "region", "estimate", "low", "high", "n"]].dropna(subset=["estimate"])


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{row['counting']} counting, {name} {plots.estimate_text(row, 'share')}"
        for name, row in zip(plots.named(frame), frame.to_dict("records"), strict=True)
    ]
    return plots.sentence("Dots with intervals, share of results", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each way of counting."""
    texts = {
        key: text.partition(":")[0] if size.narrow else text for key, text in COUNTINGS.items()
    }
    frame = frame.assign(
        name=plots.named(frame),
        panel=pd.Categorical(frame["counting"].map(texts), categories=list(texts.values())),
    )
    frame["row"] = plots.rising(frame, "name", plots.REGIONS)
    return (
        plots.dots(frame, size, y="row", x_title="share of results")
        + p9.facet_wrap("panel", ncol=1)
        + p9.scale_x_continuous(labels=plots.percent, limits=(0, None))
    )
