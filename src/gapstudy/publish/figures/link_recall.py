"""Share of each region's true links that the drawn link sets hold, with its uncertainty."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, p9

TITLE = "Recall of the links by region of the result"
HEIGHTS = (3.6, 5.0)
PANELS = {"model": "link model alone", "both": "link model or follow-up"}


def data(results: Results) -> pd.DataFrame:
    """Recall with its interval, for the model alone and with the follow-up beside it."""
    rows = results.rows("out_link_recall", {"links": list(PANELS)})
    rows = rows.rename(columns={"recall": "estimate"})
    return rows[["links", "region", "estimate", "low", "high", "own", "n", "effective_n"]]


def alt(frame: pd.DataFrame) -> str:
    """Every recall in words."""
    parts = [
        f"{PANELS[str(row['links'])]}, {values.place(row['region'])} "
        f"{plots.estimate_text(row, 'share')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each kind of links, one row for each region."""
    frame = frame.assign(name=plots.named(frame), panel=frame["links"].map(PANELS))
    frame["row"] = plots.rising(frame, "name", plots.REGIONS)
    return (
        plots.dots(frame, size, y="row", x_title="share of true links that are held")
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2)
        + p9.scale_x_continuous(labels=plots.percent, limits=(0, 1))
    )
