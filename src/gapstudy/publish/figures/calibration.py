"""Predicted against observed share of links among pairs that the linker never saw."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import STRONG, Size, look, p9

TITLE = "Calibration of the link probabilities on pairs held out"
HEIGHTS = (4.2, 4.0)


def data(results: Results) -> pd.DataFrame:
    """Bins of the first sample that has any."""
    rows = results.rows("out_link_calibration").dropna(subset=["predicted", "observed"])
    if not rows.empty:
        rows = rows[rows["sample"] == sorted(set(rows["sample"]))[0]]
    return rows[["sample", "bin", "predicted", "observed", "low", "high", "n"]]


def alt(frame: pd.DataFrame) -> str:
    """Every bin in words."""
    parts = [
        f"predicted {values.plain(row['predicted'], 'share', 0)}, observed "
        f"{values.plain(row['observed'], 'share', 0)} of {row['n']} pairs"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Points around the line where both agree", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Bins with intervals around the diagonal."""
    return (
        p9.ggplot(frame, p9.aes("predicted", "observed"))
        + p9.geom_abline(slope=1, intercept=0, linetype="dashed", color="#52606D")
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), color=STRONG, alpha=0.5, size=1)
        + p9.geom_point(p9.aes(size="n"), color=STRONG)
        + p9.scale_size(range=(1.5, 7), guide=None)
        + p9.scale_x_continuous(labels=plots.percent, limits=(0, 1))
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, 1))
        + p9.labs(x="predicted probability of a link", y="share that is a link")
        + look(size)
    )
