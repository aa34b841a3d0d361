"""Share of a region's productised results whose first product came from elsewhere."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size
from gapstudy.regions import STUDIED

TITLE = "Share of results with a product whose first product came from another region"
HEIGHTS = (2.4, 2.4)


def data(results: Results) -> pd.DataFrame:
    """Leakage of the studied regions."""
    rows = results.rows("out_leakage", {"region": list(STUDIED)})
    columns = ["region", "estimate", "low", "high", "n", "productised", "abroad"]
    return rows[columns].dropna(subset=["estimate"])


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    return plots.shares_in_words(frame, "Dots with intervals, share first productised abroad")


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One row for each region."""
    return plots.shares_by_region(frame, size, "share first productised abroad", highest=1)
