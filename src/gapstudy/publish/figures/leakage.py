"""Share of a region's productised results whose first product came from elsewhere."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, p9
from gapstudy.regions import STUDIED

TITLE = "Share of results with a product whose first product came from another region"
HEIGHTS = (2.4, 2.4)


def data(results: Results) -> pd.DataFrame:
    """Leakage of the studied regions."""
    rows = results.rows("out_leakage", {"region": list(STUDIED)})
    columns = ["region", "estimate", "low", "high", "n", "productised", "abroad"]
    return rows[columns].dropna(subset=["estimate"])


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{name} {plots.estimate_text(row, 'share')}"
        for name, row in zip(plots.named(frame), frame.to_dict("records"), strict=True)
    ]
    return plots.sentence("Dots with intervals, share first productised abroad", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One row for each region."""
    frame = frame.assign(name=plots.named(frame))
    frame["row"] = plots.rising(frame, "name", plots.REGIONS)
    frame["text"] = [values.plain(value, "share", 0) for value in frame["estimate"]]
    return plots.dots(
        frame, size, y="row", x_title="share first productised abroad", label="text"
    ) + p9.scale_x_continuous(labels=plots.percent, limits=(0, 1))
