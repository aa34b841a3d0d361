r"""Where results first become products: flows, leakage and competing destinations.

A product belongs to the region of its maker's home country. A result of several regions is at home
in each of them, so that a product made in one is home for that one and abroad for the other.
Leakage is the share of a region's results with a product by the cut-off whose first product was
made elsewhere,

.. math:: \hat\lambda_r = \frac{\sum_i w_{ir} 1\{\text{product abroad}\}}
                               {\sum_i w_{ir} 1\{\text{product}\}},

a ratio over results with influences as in `regional.mean_share`, pooled over the drawn link sets.
Destinations compete: the first product, wherever made, ends the spell (`aalen_johansen`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import aalen_johansen
from gapstudy.measure.cohort import ALL, COLUMNS
from gapstudy.measure.conversion import Case, problem
from gapstudy.measure.imputation import Ints, Spells
from gapstudy.measure.regional import Regional, combine, mean_share
from gapstudy.measure.survival import Estimates, Floats
from gapstudy.regions import REGIONS

#: Destinations of a region's results: at home, then the regions.
KINDS = ("home", *REGIONS)


def flow_table(case: Case, made_in: Ints) -> pd.DataFrame:
    """Rows of `out_flows`.

    Args:
        case: the analysis.
        made_in: position in `REGIONS` of each product's maker, last entry for none known.
    """
    weight = case.weights.value
    place = made_in[case.spells.product]
    counts = np.stack(
        [((case.spells.event & (place == d)).astype(float) @ weight) for d in range(len(REGIONS))],
        axis=-1,
    )
    ever = case.spells.event.any(axis=0)
    tail = (1 - case.confidence) / 2
    rows = []
    for k, region in enumerate(COLUMNS):
        total = counts[:, k].sum(axis=1).mean()
        n = int((ever & (weight[:, k] > 0)).sum())
        why = f"fewer than {case.min_cell} products" if total < case.min_cell else ""
        for d, destination in enumerate(REGIONS):
            drawn = counts[:, k, d]
            low, high = np.quantile(drawn, [tail, 1 - tail])
            rows.append(
                {
                    **case.labels, "region": region, "destination": destination,
                    "expected": drawn.mean(), "low": low, "high": high,
                    "share": np.nan if why else drawn.mean() / total, "n": n, "note": why,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def leakage_table(case: Case, made_in: Ints) -> pd.DataFrame:
    """Rows of `out_leakage`; products of unknown home count as abroad for no region.

    Args:
        case: the analysis.
        made_in: position in `REGIONS` of each product's maker, last entry for none known.
    """
    weight = case.weights.value
    rows = []
    for k, region in enumerate(REGIONS[:3]):
        made = leakage(weight, case.spells, made_in, k)
        row = {**case.labels, "region": region, "estimate": np.nan, "low": np.nan, "high": np.nan}
        why = f"fewer than {case.min_cell} results with a product"
        if made.fit is not None and made.productised >= case.min_cell:
            ends = made.fit.interval(case.confidence)
            row |= {
                "estimate": float(made.fit.share.value[0, 0]),
                "low": float(ends.low[0, 0]), "high": float(ends.high[0, 0]),
            }  # fmt: skip
            why = ""
        rows.append(
            row | {"n": made.results, "productised": made.productised, "abroad": made.abroad,
                   "note": why}
        )  # fmt: skip
    return pd.DataFrame(rows)


class Leakage(NamedTuple):
    """Leakage of one region.

    Attributes:
        fit: the share; None where no link set gives a product.
        productised: expected credit of results with a product of known home.
        abroad: expected credit of those with one made elsewhere.
        results: results with such a product in any link set.
    """

    fit: Regional | None
    productised: float
    abroad: float
    results: int


def leakage(weight: Floats, spells: Spells, made_in: Ints, k: int) -> Leakage:
    """Leakage of the region at position `k` of `REGIONS`.

    Args:
        weight: credits, (n, K).
        spells: drawn spells.
        made_in: position in `REGIONS` of each product's maker, last entry for none known.
        k: the region.
    """
    estimates, known, elsewhere = _abroad(weight, spells, made_in, [k])
    some = estimates.at_risk[:, 0, 0] > 0
    kept = Estimates(estimates.value[some], estimates.influence[some], estimates.at_risk[some])
    # The number of results with a product bounds the effective sample size.
    fit = combine(kept, known.mean(axis=0)[:, None] * weight[:, [k]]) if some.any() else None
    count = float((weight[None, :, k] * known * elsewhere[:, :, 0]).sum(axis=1).mean())
    n = int((known.any(axis=0) & (weight[:, k] > 0)).sum())
    productised = float(estimates.at_risk.mean()) if len(estimates.at_risk) else 0.0
    return Leakage(fit, productised, count, n)


def leakage_correlation(weight: Floats, spells: Spells, made_in: Ints, a: int, b: int) -> float:
    """Correlation of the leakage of two regions, over the link sets that give both a product."""
    estimates, known, _ = _abroad(weight, spells, made_in, [a, b])
    some = (estimates.at_risk[:, :, 0] > 0).all(axis=1)
    if not some.any():
        return 0.0
    kept = Estimates(estimates.value[some], estimates.influence[some], estimates.at_risk[some])
    fit = combine(kept, known.mean(axis=0)[:, None] * weight[:, [a, b]])
    return float(fit.correlation(0, 1)[0])


def _abroad(
    weight: Floats, spells: Spells, made_in: Ints, regions: list[int]
) -> tuple[Estimates, NDArray[np.bool_], Floats]:
    """Shares made elsewhere by region, results with a product of known home, and which are so."""
    place = made_in[spells.product]
    known = spells.event & (place != REGIONS.index("unknown"))
    elsewhere = (place[:, :, None] != np.asarray(regions)).astype(float)
    return mean_share(elsewhere, weight[None][:, :, regions] * known[:, :, None]), known, elsewhere


def destination_table(case: Case, made_in: Ints, horizons: Sequence[float]) -> pd.DataFrame:
    """Rows of `out_destination_incidence`.

    Args:
        case: the analysis.
        made_in: position in `REGIONS` of each product's maker, last entry for none known.
        horizons: years.
    """
    weight = case.weights.value
    place = made_in[case.spells.product][:, :, None]
    own = np.arange(len(COLUMNS))[None, None]
    # Home is column k itself; results of unknown region and all results together have no home.
    at_home = (place == own) & (own < REGIONS.index("other"))
    cause = np.where(at_home, 0, place + 1)
    fits = [
        combine(part, weight, ALL)
        for part in aalen_johansen.destinations(case.steps, cause, horizons, len(KINDS))
    ]
    rows = []
    for k, region in enumerate(COLUMNS):
        for d, destination in enumerate(KINDS):
            if destination == region or (destination == "home" and k >= REGIONS.index("other")):
                continue
            fit = fits[d]
            ends = fit.interval(case.confidence)
            for h, horizon in enumerate(horizons):
                at_risk = float(fit.raw.at_risk[:, k, h].mean())
                why = problem(int(fit.results[k]), at_risk, horizon, case.min_cell)
                values = (fit.share.value[k, h], ends.low[k, h], ends.high[k, h])
                estimate, low, high = (np.nan if why else float(value) for value in values)
                rows.append(
                    {
                        **case.labels, "region": region, "destination": destination,
                        "horizon": horizon, "estimate": estimate, "low": low, "high": high,
                        "n": int(fit.results[k]), "at_risk": at_risk, "note": why,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)
