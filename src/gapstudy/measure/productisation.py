r"""Productisation ratio: a region's share in products over its share in results (C4).

.. math:: R_r = \hat P_r / \hat S_r

Above one the region makes more of the products than of the research. Its interval combines
Wilson's intervals of both shares: Donner and Zou (2012), https://doi.org/10.1177/0962280210383082,
taking the two shares as independent. Products of one organisation are kept together, because a
maker with a hundred versions is one decision, not a hundred.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.measure.cohort import Weights, product_regions
from gapstudy.measure.imputation import Spells
from gapstudy.measure.intervals import Interval, Share, difference_p
from gapstudy.measure.regional import combine, mean_share
from gapstudy.measure.survival import Estimates, Floats
from gapstudy.regions import REGIONS

#: What limits a comparison with the products of each entry.
LIMITS = {
    "compiled": "compiled with regions in mind: an illustration, not a rate",
    "feed": "AI models offered as a service, most of them newer than the results",
    "cohort_recall": "each product counted for the missed ones beside it, by recall of the links",
}


def ratio_interval(a: Share, b: Share, confidence: float) -> Interval:
    """Interval of `a / b` for independent shares, from the intervals of both."""
    first, second = a.interval(confidence), b.interval(confidence)
    product = a.value * b.value

    def end(p: Floats, s: Floats, sign: int) -> Floats:
        scale = s * (2 * b.value - s)
        root = product**2 - p * (2 * a.value - p) * scale
        safe = np.where(scale > 0, scale, 1.0)
        value = (product + sign * np.sqrt(np.maximum(root, 0.0))) / safe
        return np.asarray(np.where(scale > 0, value, np.inf), dtype=float)

    low = end(first.low, second.high, -1)
    return Interval(np.maximum(np.where(np.isfinite(low), low, 0.0), 0.0),
                    end(first.high, second.low, 1))  # fmt: skip


def from_products(products: pd.DataFrame, entry: str, weight: Weights) -> tuple[Share, Floats]:
    """Shares of the regions in the products of one entry, and their numbers."""
    rows = products[products["entry"] == entry]
    region = product_regions(rows, weight.scheme)[:-1]
    x = (region[:, None] == np.arange(len(REGIONS))).astype(float)
    owner = np.unique(rows["organisation"].astype(str), return_inverse=True)[1]
    one = mean_share(x[None], np.ones_like(x))
    influence = np.zeros((1, int(owner.max()) + 1, *one.influence.shape[2:]))
    np.add.at(influence[0], owner, one.influence[0])
    # A region is that of the maker, so the makers are the sample, weighted by their products.
    size = np.repeat(np.bincount(owner).astype(float)[:, None], len(REGIONS), axis=1)
    fit = combine(Estimates(one.value, influence, one.at_risk), size)
    return _column(fit.share), x.sum(axis=0)


def from_spells(
    spells: Spells, made_in: np.ndarray, n: int, each: Floats | None = None
) -> tuple[Share, Floats]:
    """Shares of the regions in the first products of the cohort, and their expected numbers.

    Args:
        spells: drawn spells of the cohort.
        made_in: position in `REGIONS` of each product's maker.
        n: results.
        each: what a product of each result counts for, (M, n); one by default.
    """
    place = made_in[spells.product]
    x = (place[:, :, None] == np.arange(len(REGIONS))).astype(float)
    counted = spells.event.astype(float) if each is None else spells.event * each
    weight = np.broadcast_to(counted[:, :, None], x.shape)
    some = spells.event.any(axis=1)
    typical = np.broadcast_to(counted.mean(axis=0)[:, None], (n, len(REGIONS)))
    fit = combine(mean_share(x[some], weight[some]), np.asarray(typical))
    counts = (x * spells.event[:, :, None]).sum(axis=1).mean(axis=0)
    return _column(fit.share), counts


def table(
    weight: Weights, parts: dict[str, tuple[Share, Floats]], confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_productisation`.

    Args:
        weight: credits of the cohort's results.
        parts: product shares and counts, by what products are counted.
        confidence: level of the intervals.
        min_cell: fewest products, and fewest results of the region, for which a ratio is shown.
    """
    credit = weight.value[:, : len(REGIONS)]
    results = result_shares(credit)
    rows = []
    for name, (share, counts) in parts.items():
        ends = ratio_interval(share, results, confidence)
        p = difference_p(share, results, 0.0)
        for k, region in enumerate(REGIONS):
            n = int((credit[:, k] > 0).sum())
            few = n < min_cell or counts.sum() < min_cell
            shown = not few and results.value[k] > 0 and np.isfinite(ends.high[k])
            value = share.value[k] / results.value[k] if shown else np.nan
            note = f"fewer than {min_cell} results or products" if not shown else ""
            rows.append(
                {
                    "scheme": weight.scheme.name, "counting": weight.counting, "products": name,
                    "region": region, "estimate": value,
                    "low": ends.low[k] if shown else np.nan,
                    "high": ends.high[k] if shown else np.nan,
                    "p_value": p[k] if shown else np.nan, "n": n,
                    "product_share": share.value[k], "result_share": results.value[k],
                    "product_count": counts[k],
                    "note": note or LIMITS.get(name, ""),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def result_shares(credit: Floats) -> Share:
    """Shares of the regions in results, from their credits, (n, 5) or more columns."""
    mine = credit[:, : len(REGIONS)]
    everyone = np.ones_like(mine)
    return _column(combine(mean_share(mine[None], everyone), everyone).share)


def _column(share: Share) -> Share:
    return Share(*(part[:, 0] for part in share))
