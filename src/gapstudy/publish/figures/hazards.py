"""Hazard ratios of a first product between regions, by model: a check, not the headline."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import COLOURS, INK, Size, look, p9

TITLE = "Hazard ratios of a first product between regions, by model"
HEIGHTS = (3.4, 4.0)
_TABLES = {"out_cox": "Cox", "out_cloglog": "Discrete time"}
_ADJUSTED = {"no": "", "yes": ", adjusted"}
_KINDS = {
    "Cox": COLOURS["EU"], "Cox, adjusted": COLOURS["US"],
    "Discrete time": COLOURS["China"], "Discrete time, adjusted": COLOURS["Elsewhere"],
}  # fmt: skip
_SHAPES = dict(zip(_KINDS, ("o", "s", "^", "v"), strict=True))
_COLUMNS = ["pair", "model", "ratio", "ratio_low", "ratio_high", "p_value", "n", "events", "fit"]


def data(results: Results) -> pd.DataFrame:
    """Hazard ratios for all years together, of every pair of regions that has one."""
    parts = []
    for table, model in _TABLES.items():
        rows = results.rows(table, {"band": ["all"], "adjusted": list(_ADJUSTED)})
        rows = rows.dropna(subset=["ratio", "ratio_low", "ratio_high"])
        rows = rows[rows["ratio_low"] > 0]
        pairs = zip(rows["region"].map(values.place), rows["versus"].map(values.place),
                    strict=True)  # fmt: skip
        parts.append(
            rows.assign(
                pair=[f"{left} against {right}" for left, right in pairs],
                model=model + rows["adjusted"].map(_ADJUSTED).astype(str),
            )[_COLUMNS]
        )
    return pd.concat(parts, ignore_index=True)


def alt(frame: pd.DataFrame) -> str:
    """Every ratio in words."""
    parts = [
        f"{row['pair']}, {row['model']}: {row['ratio']:.2g} ({row['ratio_low']:.2g} to "
        f"{row['ratio_high']:.2g})"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals on a logarithmic scale around one", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Rows are pairs of regions, dots are models."""
    pairs = list(dict.fromkeys(frame["pair"]))
    frame = frame.assign(
        # Reversed, because the flipped axis draws the last on top.
        model=pd.Categorical(frame["model"], categories=[*_KINDS][::-1]),
        row=pd.Categorical(frame["pair"], categories=pairs[::-1]),
    )
    place = plots.dodged()
    return (
        p9.ggplot(frame, p9.aes("row", "ratio", color="model", shape="model"))
        + p9.geom_hline(yintercept=1, color=INK, size=0.6)
        + p9.geom_linerange(
            p9.aes(ymin="ratio_low", ymax="ratio_high"), size=1.1, alpha=0.55, position=place
        )
        + p9.geom_point(size=3, position=place)
        + p9.scale_color_manual(_KINDS, breaks=list(_KINDS))
        + p9.scale_shape_manual(_SHAPES, breaks=list(_KINDS))
        + p9.coord_flip()
        + p9.scale_y_log10(labels=plots.factors)
        + p9.labs(x="", y="hazard ratio (logarithmic)")
        + look(size, long_legend=True)
    )
