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

import numpy as np
import pandas as pd

from gapstudy.measure import aalen_johansen
from gapstudy.measure.cohort import ALL, COLUMNS
from gapstudy.measure.conversion import Case, problem
from gapstudy.measure.imputation import Ints
from gapstudy.measure.regional import combine, mean_share
from gapstudy.measure.survival import Estimates
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
    place = made_in[case.spells.product]
    known = case.spells.event & (place != REGIONS.index("unknown"))
    rows = []
    for k, region in enumerate(REGIONS[:3]):
        column = weight[None, :, k : k + 1] * known[:, :, None]
        abroad = (place != k).astype(float)
        estimates = mean_share(abroad, column)
        productised = float(estimates.at_risk.mean())
        count = float((column[:, :, 0] * abroad).sum(axis=1).mean())
        some = estimates.at_risk[:, 0, 0] > 0
        n = int((known.any(axis=0) & (weight[:, k] > 0)).sum())
        row = {**case.labels, "region": region, "estimate": np.nan, "low": np.nan, "high": np.nan}
        why = f"fewer than {case.min_cell} results with a product"
        if productised >= case.min_cell:
            kept = Estimates(
                estimates.value[some], estimates.influence[some], estimates.at_risk[some]
            )
            # The number of results with a product bounds the effective sample size.
            fit = combine(kept, known.mean(axis=0)[:, None] * weight[:, [k]])
            ends = fit.interval(case.confidence)
            row |= {
                "estimate": float(fit.share.value[0, 0]),
                "low": float(ends.low[0, 0]), "high": float(ends.high[0, 0]),
            }  # fmt: skip
            why = ""
        rows.append(row | {"n": n, "productised": productised, "abroad": count, "note": why})
    return pd.DataFrame(rows)


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
