"""Share of industry in the authorship of each region's results."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size
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
    return plots.shares_in_words(frame, "Dots with intervals, share of industry")


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One row for each region."""
    return plots.shares_by_region(frame, size, "share of industry in authorship")
