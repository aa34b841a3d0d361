"""When the observation of a result begins: delayed entry, by a stated rule.

A source that only looks from some day on cannot see a product that came before. A result older than
that day is under observation from then, and one with an earlier product was never at risk: left in
from the start, the years that nobody watched would count as years without a product (left
truncation; Klein and Moeschberger 2003, Survival Analysis, sec. 3.4). The award frame needs no
rule, since its follow-up searched back to the day of the result; a frame or source is delayed only
when the study names its first day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.imputation import YEAR

Floats = NDArray[np.float64]


def entry(papers: pd.DataFrame, first_days: Mapping[str, dt.date]) -> Floats:
    """Years after each result at which its observation begins, (n,).

    Args:
        papers: the results: frame, source, date_from, date_to.
        first_days: frame or source -> first day from which its products could be seen. Of both,
            the later day holds. What is not named is observed from the start.
    """
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    start = np.zeros(len(papers))
    for column in ("frame", "source"):
        day = pd.to_datetime(papers[column].astype("object").map(dict(first_days)))
        years = ((day - middle).dt.total_seconds() / 86400 / YEAR).to_numpy(float)
        start = np.fmax(start, years)
    return np.asarray(start, dtype=float)


def rule(papers: pd.DataFrame, first_days: Mapping[str, dt.date]) -> NDArray[np.object_]:
    """The rule that gives each result its entry, in words; empty where it enters at the start."""
    late = entry(papers, first_days) > 0
    days = [
        f"observed from {max(d for d in (first_days.get(str(f)), first_days.get(str(s))) if d)}"
        if is_late else ""
        for f, s, is_late in zip(papers["frame"], papers["source"], late, strict=True)
    ]  # fmt: skip
    return np.asarray(days, dtype=object)
