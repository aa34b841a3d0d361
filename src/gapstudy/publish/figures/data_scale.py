"""Training-set size of academic systems over that of industrial systems, by group of models."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import INK, STRONG, Size, look, p9

TITLE = "Training sets of academic systems over those of industrial systems"
HEIGHTS = (2.8, 3.0)


def data(results: Results) -> pd.DataFrame:
    """The factor of every group of models, all together last."""
    rows = results.rows("out_data_scale").dropna(subset=["factor", "factor_low", "factor_high"])
    rows = rows.assign(together=rows["group"] == "all").sort_values(["together", "group"])
    return rows[["group", "factor", "factor_low", "factor_high", "n"]].reset_index(drop=True)


def alt(frame: pd.DataFrame) -> str:
    """Every factor in words."""
    parts = [
        f"{row['group']} models, factor {row['factor']:.2g} ({row['factor_low']:.2g} to "
        f"{row['factor_high']:.2g})"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals on a logarithmic scale around one", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One row for each group."""
    names = [values.label("group", item) for item in frame["group"]]
    frame = frame.assign(row=pd.Categorical(names, categories=names[::-1]))
    return (
        p9.ggplot(frame, p9.aes("factor", "row"))
        + p9.geom_vline(xintercept=1, color=INK, size=0.6)
        + p9.geom_segment(
            p9.aes(x="factor_low", xend="factor_high", yend="row"),
            color=STRONG, size=1.1, alpha=0.55,
        )
        + p9.geom_point(color=STRONG, size=3)
        + p9.scale_x_log10(labels=plots.factors)
        + p9.labs(x="academic over industrial (logarithmic)", y="")
        + look(size)
    )  # fmt: skip
