"""Ratios of restricted mean times to a product, and of the times lost to having one.

Logarithms are estimated in every drawn link set by the delta method (`models.restricted_mean`) and
pooled by Rubin's rules. A restricted mean near its limit makes a ratio near one whatever happens to
the few results with a product; the ratio of the times lost is the one that can move.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from gapstudy.measure import rubin, survival
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import PAIRS, Case, problem
from gapstudy.measure.intervals import quantile
from gapstudy.measure.models.sample import Floats

QUANTITIES = ("restricted mean", "lost time")


def ratio_rows(case: Case, tau: float) -> pd.DataFrame:
    """Rows of `out_rmst_ratio`.

    Args:
        case: the analysis.
        tau: limit of the restricted mean, years.
    """
    fit = survival.restricted_mean(case.steps, tau)
    mean, psi = fit.value[:, :, 0], fit.influence[:, :, :, 0]
    rows = []
    for quantity in QUANTITIES:
        value, effect = (mean, psi) if quantity == QUANTITIES[0] else (tau - mean, -psi)
        for region, versus in PAIRS:
            a, b = COLUMNS.index(region), COLUMNS.index(versus)
            n = int(min((case.weights.value[:, j] > 0).sum() for j in (a, b)))
            at_risk = float(min(fit.at_risk[:, j, 0].mean() for j in (a, b)))
            why = problem(n, at_risk, tau, case.min_cell)
            if not why and (value[:, [a, b]] <= 1e-9 * tau).any():
                some = float((value[:, [a, b]] <= 1e-9 * tau).any(axis=1).mean())
                why = f"no product in one of the regions in {some:.0%} of the link sets"
            rows.append(
                {
                    **case.labels, "region": region, "versus": versus, "quantity": quantity,
                    "horizon": tau, **_ratio(case, value, effect, a, b, why), "n": n, "note": why,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _ratio(
    case: Case, value: Floats, effect: Floats, a: int, b: int, why: str
) -> dict[str, float]:  # fmt: skip
    if why:
        return dict.fromkeys(("estimate", "low", "high", "p_value"), np.nan)
    log = np.log(value[:, a] / value[:, b])
    part = effect[:, :, a] / value[:, None, a] - effect[:, :, b] / value[:, None, b]
    fit = rubin.pool(log, np.square(part).sum(axis=1))
    centre, error, df = float(fit.estimate), float(fit.error), float(fit.df)
    half = float(quantile(case.confidence, df)) * error
    p = float(2 * stats.t.sf(abs(centre) / error, df)) if error > 0 else float("nan")
    return {
        "estimate": float(np.exp(centre)), "low": float(np.exp(centre - half)),
        "high": float(np.exp(centre + half)), "p_value": p,
    }  # fmt: skip
