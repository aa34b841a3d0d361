"""How well the lexicon finds each theme."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.figures.language import THEMES
from gapstudy.publish.results import Results
from gapstudy.publish.theme import COLOURS, Size, look, p9

TITLE = "Precision and recall of the lexicon on the labelled test sentences"
HEIGHTS = (3.2, 3.6)
_METRICS = {"precision": COLOURS["EU"], "recall": COLOURS["US"]}
_SHAPES = {"precision": "o", "recall": "s"}


def data(results: Results) -> pd.DataFrame:
    """Precision and recall by theme, all kinds of text together."""
    where = {"sample": "labelled", "split": "test", "kind": "all", "metric": list(_METRICS)}
    rows = results.rows("out_language_quality", where)
    return rows[["theme", "metric", "estimate", "low", "high", "n"]].dropna(subset=["estimate"])


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{THEMES[row['theme']]}, {row['metric']} {plots.estimate_text(row, 'share')}"
        for row in frame.to_dict("records")
    ]
    return plots.sentence("Dots with intervals, one row for each theme", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Rows are themes."""
    frame = frame.assign(
        row=pd.Categorical(frame["theme"].map(THEMES), categories=list(THEMES.values())[::-1]),
        # Reversed, because the flipped axis draws the last on top.
        metric=pd.Categorical(frame["metric"], categories=list(_METRICS)[::-1]),
    )
    place = plots.dodged()
    return (
        p9.ggplot(frame, p9.aes("row", "estimate", color="metric", shape="metric"))
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), size=1.1, alpha=0.55, position=place)
        + p9.geom_point(size=2.6, position=place)
        + p9.scale_color_manual(_METRICS, breaks=list(_METRICS))
        + p9.scale_shape_manual(_SHAPES, breaks=list(_METRICS))
        + p9.coord_flip()
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, 1))
        + p9.labs(x="", y="share")
        + look(size)
    )
