"""Lags of products seen by looking back: as seen, and corrected for right truncation."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import COLOURS, Size, look, p9

TITLE = "How long ago the results behind products were first public, as seen and corrected"
HEIGHTS = (3.6, 4.0)
_NAMES = {"naive": "as seen", "reverse time": "corrected in reverse time"}
_COLOURS = {"as seen": COLOURS["US"], "corrected in reverse time": COLOURS["EU"]}
_LINES = {"as seen": "dashed", "corrected in reverse time": "solid"}


def data(results: Results) -> pd.DataFrame:
    """Both distributions, for the results that were chosen because they have a product."""
    where = {"population": "illustration", "region": "all", "measure": "share"}
    rows = results.rows("out_reverse_time", where)
    columns = ["estimator", "point", "estimate", "low", "high", "longest", "n"]
    return rows[columns].dropna(subset=["estimate"]).rename(columns={"point": "years"})


def alt(frame: pd.DataFrame) -> str:
    """The median row of each distribution."""
    parts = []
    for name, rows in frame.groupby("estimator", sort=False):
        row = rows.sort_values("years", kind="stable").iloc[(len(rows) - 1) // 2]
        parts.append(
            f"{_NAMES[str(name)]}, {plots.estimate_text(row, 'share')} of the lags are within "
            f"{row['years']:.1f} years"
        )
    return plots.sentence("Two rising step curves", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Steps, the corrected ones with a band of their intervals."""
    frame = frame.assign(
        name=pd.Categorical(frame["estimator"].map(_NAMES), categories=[*_COLOURS])
    )
    frame = plots.steps(frame, "name", "years")
    return (
        p9.ggplot(frame, p9.aes("years", "estimate", color="name", fill="name"))
        + p9.geom_ribbon(p9.aes(ymin="low", ymax="high"), alpha=0.13, color="none")
        + p9.geom_line(p9.aes(linetype="name"), size=1)
        + p9.scale_color_manual(_COLOURS)
        + p9.scale_fill_manual(_COLOURS)
        + p9.scale_linetype_manual(_LINES)
        + p9.scale_x_continuous(breaks=range(0, 30, 2))
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, 1))
        + p9.labs(x="years from result to product", y="share of lags within")
        + look(size, long_legend=True)
    )
