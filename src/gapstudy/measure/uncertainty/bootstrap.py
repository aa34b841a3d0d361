r"""Cluster bootstrap by organisation, as a check of the intervals.

Whole clusters of results are reweighted by standard exponential draws (the Bayesian bootstrap of
Rubin 1981, https://doi.org/10.1214/aos/1176345338), which never empties a region with few results,
as drawing with replacement would. Each replicate computes the Kaplan-Meier shares of all M link
sets under its weights and averages them: it repeats the estimate that is reported. The link sets
stay as they are, since they are drawn from probabilities that the cohort does not determine. That
the sampling is repeated outside the imputation is what makes it valid when the imputation is not
congenial: Bartlett and Hughes (2020), https://doi.org/10.1177/0962280220932189.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.imputation import Floats, Spells

Ints = NDArray[np.int64]
#: Numbers held at a time, results x sets of weights: bounds the memory.
_CELLS = 4_000_000


def cluster_weights(cluster: Ints, replicates: int, seed: list[int]) -> Floats:
    """Weight of each result in each replicate, (B, n): one draw for each cluster.

    Raises:
        FitError: there are fewer than two clusters.
    """
    codes = np.unique(cluster, return_inverse=True)[1]
    count = int(codes.max()) + 1 if len(codes) else 0
    if count < 2:
        raise FitError(
            f"a bootstrap of clusters needs two or more, and there are {count}",
            remedy="Cluster by first organisation or by result",
        )
    drawn = np.random.default_rng(seed).standard_exponential((replicates, count))
    return np.asarray(drawn[:, codes], dtype=float)


def incidence(
    spells: Spells, weight: Floats, horizons: Sequence[float], drawn: Floats,
    recall: Floats | None = None,
) -> Floats:  # fmt: skip
    """Shares with a product by each horizon, averaged over link sets, (B, K, H).

    Args:
        spells: drawn spells, (M, n).
        weight: credits, (n, K), or (M, n, K) where they were drawn.
        horizons: years.
        drawn: weights of the replicates, (B, n).
        recall: drawn recall of the links, (M, K), that shares are divided by.
    """
    sets, n = spells.time.shape
    kinds = weight.shape[-1]
    result = np.zeros((len(drawn), kinds, len(horizons)))
    step = max(1, _CELLS // max(n * kinds, 1))
    for m in range(sets):
        credit = weight[m] if weight.ndim == 3 else weight
        for first in range(0, len(drawn), step):
            part = drawn[first : first + step]
            # Replicates stand beside the regions: one ordering of the spells serves them all.
            wide = (part.T[:, :, None] * credit[:, None, :]).reshape(n, -1)
            table = survival.steps(spells.time[m], spells.event[m], wide)
            curve = table.read(table.after, horizons, 1.0)[0]
            share = (1 - curve).T.reshape(len(part), kinds, len(horizons))
            if recall is not None:
                share = np.minimum(share / recall[m][None, :, None], 1.0)
            result[first : first + step] += share
    return np.asarray(result / sets, dtype=float)


def interval(replicates: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Percentile intervals over the replicates (first axis)."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail], axis=0)
    return np.asarray(low, dtype=float), np.asarray(high, dtype=float)
