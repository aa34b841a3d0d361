"""Share of industry in the authorship of each region's results."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, p9
from gapstudy.regions import STUDIED

TITLE = "Share of industry in the authorship of research results, by region"
HEIGHTS = (2.4, 2.4)


def data(results: Results) -> pd.DataFrame:
    """Industry's share in the studied regions, for the study's first frame."""
    where = {"frame": results.study.frames[0], "kind": "industry", "region": list(STUDIED)}
    rows = results.rows("out_industry", {**where, "counting": None})
    if not rows.empty:
        rows = rows[rows["counting"] == sorted(set(rows["counting"]))[0]]
    return rows[["region", "estimate", "low", "high", "n"]].dropna(subset=["estimate"])


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{name} {plots.estimate_text(row, 'share')}"
        for name, row in zip(plots.named(frame), frame.to_dict("records"), strict=True)
    ]
    return plots.sentence("Dots with intervals, share of industry", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One row for each region."""
    frame = frame.assign(name=plots.named(frame))
    frame["row"] = plots.rising(frame, "name", plots.REGIONS)
    frame["text"] = [values.plain(value, "share", 0) for value in frame["estimate"]]
    return plots.dots(
        frame, size, y="row", x_title="share of industry in authorship", label="text"
    ) + p9.scale_x_continuous(labels=plots.percent, limits=(0, None))
