"""Which choice moves the headline difference: its mean under each value of each choice."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import COLOURS, INK, Size, look, p9

TITLE = "Mean difference over all specifications that share one choice"
HEIGHTS = (6.6, 6.8)
_CHOICES = {
    "europe": "EU is", "china": "China is", "counting": "counting", "years": "years",
    "links": "evidence", "link_sets": "link sets",
}  # fmt: skip
_PAIRS = {"EU minus US": COLOURS["US"], "EU minus China": COLOURS["China"]}


def data(results: Results) -> pd.DataFrame:
    """Means for conversion of the EU against the US and China."""
    where = {"estimand": "conversion", "region": "EU", "versus": ["US", "CN"]}
    rows = results.rows("out_specification_choices", where).dropna(subset=["mean"])
    return rows[["choice", "value", "versus", "mean", "n"]]


def alt(frame: pd.DataFrame) -> str:
    """The spread that each choice makes."""
    parts = []
    for (versus, choice), rows in frame.groupby(["versus", "choice"], sort=True):
        spread = rows["mean"].max() - rows["mean"].min()
        parts.append(
            f"EU minus {values.place(versus)}, {choice} moves it by "
            f"{values.with_unit(spread, 'points')}"
        )
    return plots.sentence("Dots, mean difference by choice", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each choice, one row for each of its values."""
    pairs = [f"EU minus {values.place(item)}" for item in frame["versus"]]
    frame = frame.assign(pair=pd.Categorical(pairs, categories=list(_PAIRS)))
    frame["choice"] = frame["choice"].map(_CHOICES).fillna(frame["choice"])
    return (
        p9.ggplot(frame, p9.aes("mean", "value", color="pair", shape="pair"))
        + p9.geom_vline(xintercept=0, color=INK, size=0.6)
        + p9.geom_point(size=3)
        + p9.facet_grid("choice", scales="free_y", space="free_y")
        + p9.scale_color_manual(_PAIRS)
        + p9.scale_shape_manual(["s", "^"])
        + p9.scale_x_continuous(labels=plots.points)
        + p9.labs(x="mean difference, percentage points", y="")
        + look(size, long_legend=True)
        + p9.theme(strip_text_y=p9.element_text(angle=0, ha="left"))
    )
