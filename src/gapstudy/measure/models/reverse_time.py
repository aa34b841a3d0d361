r"""Distribution of lags in a sample of products: right truncation, in reverse time.

Looking back from products to the results that they use, a lag x is only seen when it is at most
the time u from its result to the cut-off: short lags of young results are seen, their long ones not
yet, and the plain distribution of the lags seen is too short. In reverse time, :math:`\tau - x`,
the lags are left truncated at :math:`\tau - u`, and the product-limit estimate is

.. math:: \hat G(x) = \prod_{x_j > x} \Big( 1 - \frac{d_j}{R_j} \Big), \qquad
          R(x) = \#\{i : x_i \le x \le u_i\},

the distribution given that the lag is at most :math:`\tau`, :math:`P(X \le x | X \le \tau)`.
Nothing in such data says how many lags exceed the longest one that could be seen, so it is stated
with every number. It assumes that the lag does not depend on the date of the result, and that every
product of its results had the same chance to be in the sample whenever it came.

References: Lagakos, Barraj and De Gruttola (1988), Biometrika 75, 515-523; Kalbfleisch and Lawless
(1989), https://doi.org/10.1080/01621459.1989.10478780.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.models.curves import clustered
from gapstudy.measure.models.sample import Floats, Ints


@dataclass(frozen=True)
class LagDistribution:
    """Distribution of lags, given that they are at most the longest.

    Attributes:
        longest: the maximum lag, tau.
        points: lags at which the distribution is given, (H,).
        value: share of lags within each point, (H,) or (K, H).
        influence: influence of each cluster, (C, H) or (C, K, H).
        n: lags used.
        smallest: smallest weight at risk at a lag beyond the first tenth of all lags.
    """

    longest: float
    points: Floats
    value: Floats
    influence: Floats
    n: int
    smallest: float

    @property
    def error(self) -> Floats:
        """Standard errors, shape of `value`."""
        return np.asarray(np.sqrt(np.square(self.influence).sum(axis=0)), dtype=float)


def longest_lag(lag: ArrayLike, limit: ArrayLike, fewest: int) -> float:
    """Largest seen lag that at least so many pairs could have shown and did not exceed.

    Args:
        lag: lags, (n,).
        limit: longest lag that could have been seen, (n,).
        fewest: pairs wanted in the risk set of the answer and of every lag above the median.

    Raises:
        FitError: no lag has so many.
    """
    x, u = np.asarray(lag, dtype=float), np.asarray(limit, dtype=float)
    _check(x, u)
    at = np.unique(x)
    risk = np.searchsorted(np.sort(x), at, side="right") - np.searchsorted(np.sort(u), at)
    enough = at[risk >= fewest]
    if not len(enough):
        raise FitError(f"no lag could have been seen in {fewest} pairs",
                       remedy="The sample is too small for a reverse-time estimate")  # fmt: skip
    return float(enough[-1])


def reverse_time(
    lag: ArrayLike,
    limit: ArrayLike,
    points: ArrayLike,
    longest: float,
    *,
    weight: ArrayLike | None = None,
    cluster: Ints | None = None,
) -> LagDistribution:
    """Distribution of lags corrected for right truncation.

    Args:
        lag: lags, (n,).
        limit: longest lag that could have been seen, at least the lag, (n,).
        points: lags at which to give it, (H,).
        longest: maximum lag; longer ones are left out and the shares are of lags within it.
        weight: weights, (n,).
        cluster: which lags are not independent (one product, several results), (n,).

    Raises:
        FitError: a lag is negative or beyond its limit, none is within the longest, or a risk set
            before it is exhausted.
    """
    x, u, w, group, at = _prepared(lag, limit, points, longest, weight, cluster)
    # In reverse time; a lag equal to its limit is just in time.
    back, entry = longest - x, np.nextafter(longest - np.minimum(u, longest), -np.inf)
    table = survival.steps(back[None], np.ones((1, len(x)), bool), w[:, None], entry=entry[None])
    empty = table.after[0, :, 0] <= 0
    gone = longest - float(table.time[0, int(np.argmax(empty))]) if empty.any() else 0.0
    if gone > max(float(x.min()), float(at.min())):
        raise FitError(
            f"no other lag could be seen at {gone:.6g}, so that nothing is known of shorter ones",
            remedy="Lower the longest lag",
        )
    fit = survival.incidence(table, np.nextafter(longest - at, -np.inf))
    inside = at < longest
    value = np.where(inside, 1 - fit.value[0, 0], 1.0)
    influence = np.where(inside, -fit.influence[0, :, 0], 0.0)
    late = x >= np.quantile(x, 0.1)
    ordered, ends = np.sort(x), np.sort(np.minimum(u, longest))
    risk = np.searchsorted(ordered, x[late], side="right") - np.searchsorted(ends, x[late])
    return LagDistribution(
        longest, at, value, clustered(influence, group), len(x), float(risk.min())
    )


def naive(
    lag: ArrayLike,
    limit: ArrayLike,
    points: ArrayLike,
    longest: float,
    *,
    weight: ArrayLike | None = None,
    cluster: Ints | None = None,
) -> LagDistribution:
    """Plain distribution of the lags seen within the longest; arguments as `reverse_time`."""
    x, _, w, group, at = _prepared(lag, limit, points, longest, weight, cluster)
    within = (x[:, None] <= at).astype(float)
    value = w @ within / w.sum()
    influence = w[:, None] * (within - value) / w.sum()
    return LagDistribution(longest, at, value, clustered(influence, group), len(x), float(len(x)))


def quantiles(points: Floats, values: Floats, probabilities: ArrayLike) -> Floats:
    """First point at which a distribution reaches each probability; missing where none does.

    Args:
        points: lags, ascending, (H,).
        values: shares within them, (H,).
        probabilities: wanted, (Q,).
    """
    wanted = np.atleast_1d(np.asarray(probabilities, dtype=float))
    reached = np.maximum.accumulate(values)[None] >= wanted[:, None] - 1e-12
    first = np.argmax(reached, axis=1)
    return np.where(reached.any(axis=1), points[first], np.nan)


def _check(x: Floats, u: Floats) -> None:
    bad = ~(np.isfinite(x) & np.isfinite(u)) | (x < 0) | (x > u)
    if not len(x) or bad.any():
        raise FitError(
            f"{int(bad.sum())} of {len(x)} lags are missing, negative or beyond the longest that "
            "could be seen",
            remedy="A product before its result is a wrong link or date: classify it",
        )


def _prepared(
    lag: ArrayLike, limit: ArrayLike, points: ArrayLike, longest: float,
    weight: ArrayLike | None, cluster: Ints | None,
) -> tuple[Floats, Floats, Floats, Ints, Floats]:  # fmt: skip
    x, u = np.asarray(lag, dtype=float), np.asarray(limit, dtype=float)
    _check(x, u)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=float)
    group = np.arange(len(x)) if cluster is None else np.asarray(cluster, dtype=np.int64)
    use = (x <= longest) & (w > 0)
    if not use.any():
        raise FitError(f"no lag lies within {longest:g}", remedy="Raise the longest lag")
    at = np.atleast_1d(np.asarray(points, dtype=float))
    return x[use], u[use], w[use], group[use], at
