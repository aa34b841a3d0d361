r"""The leakage matrix: where results of each region first become products, each cell with interval.

The share of region r's results with a product whose first product was made in d is a ratio over
results with influences, pooled over the drawn link sets by Rubin's rules, with Wilson's interval at
its effective sample size (as `flows.leakage_table` for all places abroad together). A row adds up
to one; products whose maker's country is unknown are a destination of their own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.imputation import Ints, Spells
from gapstudy.measure.regional import combine, mean_share
from gapstudy.regions import REGIONS


def table(
    spells: Spells, weight: Weights, made_in: Ints, population: str, confidence: float,
    min_cell: int,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_leakage_matrix`.

    Args:
        spells: drawn spells.
        weight: credits of the results.
        made_in: position in `REGIONS` of each product's maker, last entry for none known.
        population: name of the population.
        confidence: level of the intervals.
        min_cell: fewest results with a product for which shares are shown.
    """
    place = made_in[spells.product]
    x = (place[:, :, None] == np.arange(len(REGIONS))).astype(float)
    rows: list[dict[str, object]] = []
    for k, region in enumerate(COLUMNS):
        credit = weight.value[:, [k]]
        column = np.repeat(credit[None] * spells.event[:, :, None], len(REGIONS), axis=2)
        total = column[:, :, 0].sum(axis=1)
        n = int((spells.event.any(axis=0) & (credit[:, 0] > 0)).sum())
        few = total.mean() < min_cell
        some = total > 0
        value = low = high = np.full(len(REGIONS), np.nan)
        if not few:
            typical = np.repeat(spells.event.mean(axis=0)[:, None] * credit, len(REGIONS), axis=1)
            fit = combine(mean_share(x[some], column[some]), typical)
            ends = fit.interval(confidence)
            value, low, high = fit.share.value[:, 0], ends.low[:, 0], ends.high[:, 0]
        expected = (column * x).sum(axis=1).mean(axis=0)
        for d, destination in enumerate(REGIONS):
            rows.append(
                {
                    "scheme": weight.scheme.name, "counting": weight.counting,
                    "population": population, "region": region, "destination": destination,
                    "estimate": value[d], "low": low[d], "high": high[d], "n": n,
                    "expected": expected[d],
                    "note": f"fewer than {min_cell} results with a product" if few else "",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)
