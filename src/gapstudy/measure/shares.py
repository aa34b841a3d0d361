r"""Shares of results by region (C3): whole, fractional and first-author counting.

.. math:: \hat s_r = \frac1n \sum_i c_{ir}

with the credit :math:`c_{ir}` of result i to region r. Under whole counting shares add to more than
one; under the other two to one, unknown region included. The interval treats the results of a frame
as a sample of those that could have entered it; one result's credits to several regions are kept
together (`regional.mean_share`). Reference: Waltman and van Eck (2015),
https://doi.org/10.1016/j.joi.2015.08.001.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.regional import Regional, combine, mean_share
from gapstudy.regions import REGIONS

PAIRS = (("EU", "US"), ("EU", "CN"), ("US", "CN"))
#: Groups of venues by field; any other venue is "other venues".
VENUES = {
    "NeurIPS": "machine learning", "ICML": "machine learning", "ICLR": "machine learning",
    "AISTATS": "machine learning", "UAI": "machine learning", "COLT": "machine learning",
    "CVPR": "vision and graphics", "ICCV": "vision and graphics", "ECCV": "vision and graphics",
    "3DV": "vision and graphics", "SIGGRAPH": "vision and graphics", "BMVC": "vision and graphics",
    "ACL": "language", "EMNLP": "language", "NAACL": "language", "EACL": "language",
    "COLING": "language", "AAAI": "general", "IJCAI": "general", "KDD": "data mining",
    "WWW": "data mining", "ICRA": "robotics", "IROS": "robotics", "RSS": "robotics",
    "CoRL": "robotics",
}  # fmt: skip
#: First year of each period; the last one is open.
PERIODS = (2012, 2015, 2018, 2021)


def tables(
    papers: pd.DataFrame, weight: Weights, confidence: float, min_cell: int, *, slices: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `out_shares` and `out_share_difference`.

    Args:
        papers: results of one or several frames.
        weight: their credits.
        confidence: level of the intervals.
        min_cell: fewest results for which shares are shown.
        slices: also by group of venues and by period.
    """
    shares, differences = [], []
    for labels, inside in _slices(papers, by_part=slices):
        credit = weight.value[inside][:, : len(REGIONS)]
        fit = _fit(credit)
        n = int(inside.sum())
        why = f"fewer than {min_cell} results" if n < min_cell else ""
        ends = fit.interval(confidence)
        head = {"scheme": weight.scheme.name, "counting": weight.counting, **labels}
        for k, region in enumerate(REGIONS):
            values = (fit.share.value[k, 0], ends.low[k, 0], ends.high[k, 0])
            estimate, low, high = (np.nan if why else float(value) for value in values)
            shares.append(
                {
                    **head, "region": region, "estimate": estimate, "low": low, "high": high,
                    "n": n, "credit": float(credit[:, k].sum()), "note": why,
                }
            )  # fmt: skip
        for region, versus in PAIRS:
            gap, between, p = fit.difference(
                COLUMNS.index(region), COLUMNS.index(versus), confidence
            )
            four = (gap[0], between.low[0], between.high[0], p[0])
            estimate, low, high, p_value = (np.nan if why else float(value) for value in four)
            differences.append(
                {
                    **head, "region": region, "versus": versus, "estimate": estimate, "low": low,
                    "high": high, "p_value": p_value, "n": n, "note": why,
                }
            )  # fmt: skip
    return pd.DataFrame(shares), pd.DataFrame(differences)


def period(years: pd.Series) -> pd.Series:
    """Period of each year, such as 2015-2017; the last one is open to the newest year."""
    last = max(int(years.max()), PERIODS[-1]) if len(years) else PERIODS[-1]
    ends = [*(start - 1 for start in PERIODS[1:]), last]
    names = [f"{start}-{end}" for start, end in zip(PERIODS, ends, strict=True)]
    index = np.clip(np.searchsorted(PERIODS, years.to_numpy(), side="right") - 1, 0, None)
    result = pd.Series([names[i] for i in index], index=years.index, dtype="object")
    return result.mask(years < PERIODS[0], f"before {PERIODS[0]}")


def _fit(credit: NDArray[np.float64]) -> Regional:
    n = len(credit)
    everyone = np.ones_like(credit)
    return combine(mean_share(credit[None], everyone), everyone[:n])


def _slices(
    papers: pd.DataFrame, *, by_part: bool
) -> Iterator[tuple[dict[str, str], NDArray[np.bool_]]]:
    venues = papers["venue"].map(VENUES).fillna("other venues").astype(object)
    years = period(papers["date_from"].dt.year)
    for frame in sorted(papers["frame"].unique()):
        mine = (papers["frame"] == frame).to_numpy(bool)
        yield {"frame": str(frame), "venues": "all", "years": "all"}, mine
        if not by_part:
            continue
        for name in sorted(venues[mine].unique()):
            part = mine & (venues == name).to_numpy(bool)
            yield {"frame": str(frame), "venues": str(name), "years": "all"}, part
        for name in sorted(years[mine].unique()):
            part = mine & (years == name).to_numpy(bool)
            yield {"frame": str(frame), "venues": "all", "years": str(name)}, part
