"""Links by their order in time.

A product dated before the result it is linked to is a wrong link, a wrong date, or a result that
was published after its product. Such links are counted here; they never enter a spell, and none is
moved to lag zero.
"""

from __future__ import annotations

import pandas as pd

from gapstudy.measure.imputation import YEAR


def table(links: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_lag_classes` from the table `links`."""
    key = ["target_type", "basis", "lag_class"]
    group = links.groupby(key, sort=True, observed=True)
    return group.agg(
        n=("probability", "size"),
        expected=("probability", "sum"),
        median_years=("lag_days", _median),
    ).reset_index()


def _median(lag: pd.Series) -> float:
    known = lag.dropna()
    return float(known.median()) / YEAR if len(known) else float("nan")
