"""Differences between regions in the share of results with a product."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import COLOURS, INK, Size, look, p9
from gapstudy.regions import STUDIED

TITLE = "Differences between regions in the share of results with a product"
HEIGHTS = (3.4, 3.8)
_KINDS = {
    "EU minus US": COLOURS["US"], "EU minus China": COLOURS["China"],
    "US minus China": COLOURS["Elsewhere"],
}  # fmt: skip
_SHAPES = {"EU minus US": "s", "EU minus China": "^", "US minus China": "v"}


def data(results: Results) -> pd.DataFrame:
    """Differences of the studied regions at every horizon."""
    where = {"region": list(STUDIED), "versus": list(STUDIED)}
    rows = results.rows("out_conversion_difference", where)
    columns = ["region", "versus", "horizon", "estimate", "low", "high", "p_value", "n"]
    rows = rows[columns].dropna(subset=["estimate"])
    rows.insert(0, "pair", _pairs(rows))
    return rows[rows["pair"].isin(list(_KINDS))]


def _pairs(rows: pd.DataFrame) -> list[str]:
    sides = zip(rows["region"].map(values.place), rows["versus"].map(values.place),
                strict=True)  # fmt: skip
    return [f"{left} minus {right}" for left, right in sides]


def alt(frame: pd.DataFrame) -> str:
    """Every difference in words."""
    parts = [
        f"{row['pair']} within {row['horizon']:g} years {plots.estimate_text(row, 'points')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals around a line at no difference", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Rows are horizons, dots are pairs of regions."""
    frame = frame.assign(
        # Reversed, because the flipped axis draws the last on top.
        kind=pd.Categorical(frame["pair"], categories=[*_KINDS][::-1]),
        row=pd.Categorical(
            frame["horizon"], categories=sorted(set(frame["horizon"]), reverse=True)
        ),
    )
    place = plots.dodged()
    return (
        p9.ggplot(frame, p9.aes("row", "estimate", color="kind", shape="kind"))
        + p9.geom_hline(yintercept=0, color=INK, size=0.6)
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), size=1.1, alpha=0.55, position=place)
        + p9.geom_point(size=3, position=place)
        + p9.scale_color_manual(_KINDS, breaks=list(_KINDS))
        + p9.scale_shape_manual(_SHAPES, breaks=list(_KINDS))
        + p9.coord_flip()
        + p9.scale_x_discrete(labels=lambda rows: [f"within {float(row):g} years" for row in rows])
        + p9.scale_y_continuous(labels=plots.points)
        + p9.labs(x="", y="difference, percentage points")
        + look(size, long_legend=True)
    )
