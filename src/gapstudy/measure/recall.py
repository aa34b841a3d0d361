r"""Missed links: shares of results with a product, divided by the recall of the links.

The linker misses some true links, and perhaps more of one region than of another. If it holds a
share :math:`\rho_r` of the links of region r, and misses do not depend on time, then of the results
with a product a share :math:`\rho_r` is seen to have one, and the corrected share is

.. math:: \tilde F_r(t) = \min(1, \hat F_r(t) / \rho_r).

The recall is itself uncertain: each of the M link sets draws its own from the Beta distribution of
`out_link_recall`, so that Rubin's rules carry it into the interval. The correction is exact when a
result has one true product; a result with several is seen more easily, and drawn link sets also
hold false links, so the corrected share is rather too high than too low. It is shown beside the
uncorrected one, never instead. Reference for dividing by a sensitivity with its own uncertainty:
Rogan and Gladen (1978), https://doi.org/10.1093/oxfordjournals.aje.a112510.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.cohort import ALL, COLUMNS, Weights
from gapstudy.measure.survival import Estimates, Floats
from gapstudy.regions import REGIONS

#: Smallest recall that anything is divided by: below it a share says nothing about the truth.
LEAST = 0.02


def draw(table: pd.DataFrame, links: str, imputations: int, seed: list[int]) -> Floats | None:
    """Recall of each region in each link set, (M, K), columns as in `cohort.COLUMNS`.

    Each region draws from a stream of its own, so that its draws do not hang on the others.

    Args:
        table: table `out_link_recall`.
        links: evidence whose recall is wanted.
        imputations: number of link sets, M.
        seed: seed of the generator.

    Returns:
        The draws; None when the table does not hold this evidence.

    Raises:
        FitError: a region is missing from it.
    """
    rows = table[table["links"] == links].set_index("region")
    if rows.empty:
        return None
    missing = [region for region in COLUMNS if region not in rows.index]
    if missing:
        raise FitError(
            f"there is no recall of the links of {', '.join(missing)}",
            where="out_link_recall",
            remedy="Run `gapstudy link` again",
        )
    drawn = np.empty((imputations, len(COLUMNS)))
    for k, region in enumerate(COLUMNS):
        uniform = np.random.default_rng([*seed, k]).random(imputations)
        row = rows.loc[region]
        drawn[:, k] = stats.beta.ppf(uniform, float(row["alpha"]), float(row["beta"]))
    return np.clip(drawn, LEAST, 1.0)


def corrected(estimates: Estimates, recall: Floats) -> Estimates:
    """Shares of M link sets divided by the recall drawn for each, with their influences.

    Args:
        estimates: shares, (M, K, H).
        recall: drawn recalls, (M, K).
    """
    rate = recall[:, :, None]
    return Estimates(
        np.minimum(estimates.value / rate, 1.0),
        estimates.influence / rate[:, None],
        estimates.at_risk,
    )


def factors(recall: Floats, region: int, versus: int, confidence: float) -> dict[str, float]:
    """By how much more the links of one region are missed than those of another.

    Args:
        recall: drawn recalls, (M, K).
        region: column of the region.
        versus: column of the other.
        confidence: level of the interval.

    Returns:
        Mean and interval, over the draws, of the factor on the region's conversions relative to
        the other's that unequal recall alone asks for.
    """
    ratio = recall[:, versus] / recall[:, region]
    tail = (1 - confidence) / 2
    low, high = np.quantile(ratio, [tail, 1 - tail])
    return {
        "factor_recall": float(np.exp(np.log(ratio).mean())),
        "factor_recall_low": float(low),
        "factor_recall_high": float(high),
    }


def per_result(recall: Floats, weights: Weights) -> Floats:
    """What a product of each result counts for, (M, n): the mean of 1 / recall over its regions.

    Args:
        recall: drawn recalls, (M, K).
        weights: credits of the results.
    """
    credit = weights.value[:, : len(REGIONS)]
    total = credit.sum(axis=1)
    known = np.where(total > 0, total, 1.0)
    mean = (1.0 / recall[:, : len(REGIONS)]) @ credit.T / known
    return np.where(total > 0, mean, 1.0 / recall[:, [ALL]])
