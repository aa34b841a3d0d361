"""The flow matrix: where results are made, and where their first product comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import TEXT, Size, look, p9

TITLE = "From the region of the result to the region of its first product"
HEIGHTS = (3.7, 3.9)
_ORDER = ("EU", "US", "CN", "other", "unknown")


def data(results: Results) -> pd.DataFrame:
    """Expected first products from every region to every region."""
    rows = results.rows("out_flows", {"region": list(_ORDER)})
    rows = rows[rows["expected"].groupby(rows["region"]).transform("sum") > 0]
    return rows[["region", "destination", "expected", "low", "high", "share", "n"]]


def alt(frame: pd.DataFrame) -> str:
    """The flows by size."""
    frame = frame.sort_values("expected", ascending=False, kind="stable")
    frame = frame[frame["expected"] > 0]
    parts = [
        f"from {values.place(row['region'])} to {values.place(row['destination'])} "
        f"{row['expected']:.1f} expected first products"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Heat map of flows, largest first", parts, most=9)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Tiles, filled by the share of the row, with the expected count printed."""
    total = frame["expected"].groupby(frame["region"]).transform("sum")
    frame = frame.assign(
        origin=pd.Categorical(plots.named(frame), categories=plots.REGIONS[:5][::-1]),
        target=plots.named(frame, "destination"),
        part=frame["expected"] / total,
    )
    frame["ink"] = np.where(frame["part"] > 0.55, "#FFFFFF", "#1F2933")
    share = [values.plain(value, "share", 0) for value in frame["part"]]
    frame["text"] = [
        f"{count:.1f}\n{part}" if count >= 0.05 else "0"
        for count, part in zip(frame["expected"], share, strict=True)
    ]
    frame["origin"] = frame["origin"].cat.remove_unused_categories()
    return (
        p9.ggplot(frame, p9.aes("target", "origin"))
        + p9.geom_tile(p9.aes(fill="part"), color="white", size=1.2)
        + p9.geom_text(p9.aes(label="text", color="ink"), size=TEXT - (1.5 if size.narrow else 0))
        + p9.scale_color_identity()
        + p9.scale_fill_gradient(low="#EEF4F8", high="#00507D", limits=(0, 1), labels=plots.percent)
        + p9.labs(x="region of the first product's maker", y="region of the result")
        + look(size)
        + p9.theme(axis_text_x=p9.element_text(size=TEXT - (2.2 if size.narrow else 0.5)))
        + p9.theme(legend_position="none", panel_grid_major=p9.element_blank())
    )
