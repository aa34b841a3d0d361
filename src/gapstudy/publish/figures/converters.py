"""How many results ever have a product against how long those take, by region."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, look, p9

TITLE = "Whether and when: eventual conversion against time among converters, by region"
HEIGHTS = (3.6, 3.8)
_REGIONS = ["EU", "US", "CN", "other", "all"]


def data(results: Results) -> pd.DataFrame:
    """Both estimates of each region whose model may be shown, by the best distribution."""
    rows = results.rows("out_cure", {"region": _REGIONS, "best": True, "versus": ""})
    columns = ["region", "distribution", "estimate", "low", "high", "n"]
    share = rows.loc[rows["term"] == "eventual_share", columns]
    time = rows.loc[rows["term"] == "median", ["region", "estimate", "low", "high"]]
    time = time.rename(columns={name: f"years_{name}" for name in ("estimate", "low", "high")})
    return share.merge(time, on="region").dropna(subset=["estimate", "years_estimate"])


def alt(frame: pd.DataFrame) -> str:
    """Both estimates of every region in words."""
    parts = [
        f"{name} {plots.estimate_text(row, 'share')} ever, half of these within "
        f"{row['years_estimate']:.1f} years"
        for name, row in zip(plots.named(frame), frame.to_dict("records"), strict=True)
    ]
    return plots.sentence("Dots with a cross of intervals, one for each region", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Right is later, up is more often."""
    frame = frame.assign(name=plots.named(frame))
    return (
        p9.ggplot(frame, p9.aes("years_estimate", "estimate", color="name", shape="name"))
        + p9.geom_segment(
            p9.aes(x="years_low", xend="years_high", yend="estimate"), size=1.1, alpha=0.55
        )
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), size=1.1, alpha=0.55)
        + p9.geom_point(size=3)
        + plots.by_region()
        + p9.scale_x_continuous(limits=(0, None))
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, None))
        + p9.labs(x="years within which half of the converters have a product",
                  y="share that ever has a product")
        + look(size)
    )  # fmt: skip
