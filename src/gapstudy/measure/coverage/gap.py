r"""Tipping point: how much would have to be missed to overturn a difference of conversion.

Sources see regions unevenly, and a product that was not found counts as none. If a share m of a
region's productised results was missed, its true conversion is :math:`k \hat F` with
:math:`k = 1 / (1 - m)`. Reported are the factor k at which the region would equal the other, and
the smallest factor at which the interval of the difference would change between leaving out zero
and not. Reference for the idea: Rosenbaum (2002), Observational Studies, ch. 4; tipping-point
analysis: Yan, Lee and Li (2009), https://doi.org/10.1080/10543400903243033.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import PAIRS, Case, incidence, problem
from gapstudy.measure.intervals import Share, difference_interval
from gapstudy.measure.recall import factors
from gapstudy.measure.survival import Floats

#: Factors tried: from the estimate as it is up to a hundredfold.
_FACTORS = np.geomspace(1.0, 100.0, 2001)


def table(case: Case, horizon: float, recall: Floats | None = None) -> pd.DataFrame:
    """Rows of `out_coverage`, each pair both ways round.

    Args:
        case: the headline.
        horizon: years after a result.
        recall: drawn recall of the links, (M, K): the factor that it asks for is shown beside.
    """
    fit = incidence(case.steps, case.weights.value, [horizon])
    rows = []
    for region, versus in (*PAIRS, *(pair[::-1] for pair in PAIRS)):
        a, b = COLUMNS.index(region), COLUMNS.index(versus)
        n = int(min(fit.results[a], fit.results[b]))
        at_risk = float(min(fit.raw.at_risk[:, k, 0].mean() for k in (a, b)))
        note = problem(n, at_risk, horizon, case.min_cell)
        row: dict[str, object] = {
            "scheme": case.labels["scheme"], "counting": case.labels["counting"],
            "region": region, "versus": versus, "horizon": horizon, "n": n,
            "region_estimate": np.nan, "versus_estimate": np.nan, "factor_equal": np.nan,
            "missed_equal": np.nan, "factor_decides": np.nan, "extra_products": np.nan,
            "factor_recall": np.nan, "factor_recall_low": np.nan, "factor_recall_high": np.nan,
        }  # fmt: skip
        if recall is not None:
            row |= factors(recall, a, b, case.confidence)
        if not note:
            low, high = fit.side(a), fit.side(b)
            rho = float(fit.correlation(a, b)[0])
            weight = float(case.weights.value[:, a].sum())
            row |= _tip(low, high, rho, weight, case.confidence)
            if float(low.value[0]) == 0:
                note = "no product of the region was found, so no factor can make it equal"
            elif float(low.value[0]) >= float(high.value[0]):
                note = "the region is not behind: more coverage of it would not overturn the sign"
        rows.append(row | {"note": note})
    return pd.DataFrame(rows)


def _tip(
    region: Share, versus: Share, rho: float, weight: float, confidence: float
) -> dict[str, float]:
    mine, other = float(region.value[0]), float(versus.value[0])
    result = {"region_estimate": mine, "versus_estimate": other}
    if mine < other:
        # Counted in results, so that a region without any product has an answer too.
        result["extra_products"] = (other - mine) * weight
    if mine == 0:
        return result
    if mine < other:
        result |= {"factor_equal": other / mine, "missed_equal": 1 - mine / other}
    scaled = np.minimum(mine * _FACTORS, 1.0)
    size = np.full_like(scaled, float(region.n[0]))
    many = Share(scaled, size, np.full_like(scaled, float(region.df[0])))
    one = Share(*(np.full_like(scaled, float(part[0])) for part in versus))
    ends = difference_interval(many, one, rho, confidence)
    clear = (ends.low > 0) | (ends.high < 0)
    changed = np.flatnonzero(clear != clear[0])
    if len(changed):
        result["factor_decides"] = float(_FACTORS[changed[0]])
    return result
