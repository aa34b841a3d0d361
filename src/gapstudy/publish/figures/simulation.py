"""How often intervals hold the truth in worlds where the truth is known."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, look, p9

TITLE = "Coverage of the intervals in simulated worlds"
HEIGHTS = (7.2, 8.8)
_METHODS = {
    "imputed": "link sets drawn (ours)", "threshold": "links taken as certain",
    "known": "true links known",
}  # fmt: skip
_BREAKS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)
_COLOURS = {
    "link sets drawn (ours)": "#0072B2", "links taken as certain": "#D55E00",
    "true links known": "#6E6E6E",
}  # fmt: skip


def data(results: Results) -> pd.DataFrame:
    """Coverage of every estimator in every world."""
    rows = results.rows("out_simulation", {"method": None})
    rows["nominal"] = results.study.measurement.confidence
    columns = ["estimator", "scenario", "method", "coverage", "coverage_low", "coverage_high",
               "nominal", "bias", "mc_error", "worlds", "n"]  # fmt: skip
    return rows[columns]


def alt(frame: pd.DataFrame) -> str:
    """Every coverage in words."""
    parts = [
        f"{row['estimator']}, {row['scenario']}, {_METHODS[row['method']]} "
        f"{values.plain(row['coverage'], 'share')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals around the nominal level", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One row for each world, one dot for each estimator in it."""
    # Worlds with uncertain links first: there the methods differ.
    sure = (frame["method"] == "known").groupby(frame["scenario"]).transform("all")
    worlds = frame.assign(sure=sure)[["sure", "scenario"]].drop_duplicates()
    names = worlds.sort_values(["sure", "scenario"])["scenario"].tolist()
    rows = pd.Categorical(frame["scenario"], categories=names[::-1])
    width = 24 if size.narrow else 50
    frame = frame.assign(
        kind=pd.Categorical(frame["method"].map(_METHODS), categories=list(_COLOURS)[::-1]),
        world=rows.rename_categories(lambda name: plots.folded(name, width)),
    )
    # Two points either way of the level that the intervals claim, as METHOD asks.
    level = float(frame["nominal"].iloc[0])
    band = p9.annotate(
        "rect", ymin=level - 0.02, ymax=level + 0.02, xmin=-float("inf"), xmax=float("inf"),
        fill="#CBD2D9", alpha=0.5,
    )  # fmt: skip
    place = plots.dodged(0.7)
    kinds = list(_COLOURS)
    return (
        p9.ggplot(frame, p9.aes("world", "coverage", color="kind", shape="kind"))
        + band
        + p9.geom_linerange(
            p9.aes(ymin="coverage_low", ymax="coverage_high"), size=0.6, alpha=0.4, position=place
        )
        + p9.geom_point(size=2, position=place)
        + p9.coord_flip()
        + p9.scale_color_manual(_COLOURS, breaks=kinds)
        + p9.scale_shape_manual(dict(zip(kinds, "osD", strict=True)), breaks=kinds)
        + p9.scale_y_continuous(labels=plots.percent, breaks=_BREAKS)
        + p9.labs(x="", y="worlds whose interval holds the truth")
        + look(size, long_legend=True)
        + p9.theme(
            axis_text_y=p9.element_text(size=7.2 if size.narrow else 8.5),
            legend_direction="vertical",
        )
    )
