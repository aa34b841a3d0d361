r"""Intervals and tests for shares, and for their differences, that hold when events are few.

A share is estimated with a variance that knows about censoring, weights, clusters and uncertain
links. That variance is turned into an effective sample size

.. math:: n^* = \hat p (1 - \hat p) / \hat V,

and Wilson's score interval is taken at :math:`n^*`: never outside 0 to 1, never empty, also when
no event was seen (then :math:`n^*` is the effective number still at risk). References: Wilson
(1927), https://doi.org/10.1080/01621459.1927.10502953; the effective sample size for survival
curves: Cutler and Ederer (1958), Rothman (1978), https://doi.org/10.1016/0021-9681(78)90043-7;
with multiple imputation: Lott and Reiter (2020), https://doi.org/10.1080/00031305.2018.1473796.

Differences combine the two intervals (method of variance estimates recovery): Newcombe (1998),
https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I; with
correlated sides Zou and Donner (2008), https://doi.org/10.1002/sim.3095. The p-value is the level
at which that interval first touches zero, so interval and test never disagree.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
#: Search for a p-value: each round divides the bracket of quantiles by the number of parts.
_WIDEST, _ROUNDS = 40.0, 6
_PARTS = np.arange(1, 33) / 32


class Interval(NamedTuple):
    """Lower and upper end, of one shape."""

    low: Floats
    high: Floats


def quantile(confidence: float, df: ArrayLike = np.inf) -> Floats:
    """Two-sided quantile of Student's t (of the normal when `df` is infinite)."""
    return np.asarray(stats.t.ppf(0.5 + confidence / 2, np.asarray(df, dtype=float)), dtype=float)


def effective_n(share: ArrayLike, variance: ArrayLike, fallback: ArrayLike) -> Floats:
    """Effective sample size behind a share.

    Args:
        share: estimates, 0 to 1.
        variance: their variances.
        fallback: upper bound, and the value where the variance is zero (no event, or nothing but
            events): the effective number of results that were at risk.
    """
    p, v, bound = np.broadcast_arrays(
        np.asarray(share, float), np.asarray(variance, float), np.asarray(fallback, float)
    )
    spread = p * (1 - p)
    seen = (v > 0) & (spread > 0)
    return np.where(seen, np.minimum(spread / np.where(seen, v, 1.0), bound), bound)


def wilson(share: ArrayLike, n: ArrayLike, z: ArrayLike) -> Interval:
    r"""Wilson's score interval.

    .. math:: \frac{\hat p + z^2/2n \pm z \sqrt{\hat p(1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Args:
        share: estimates, 0 to 1.
        n: sample sizes, whole or effective; zero gives the interval 0 to 1.
        z: quantiles.
    """
    p, size, q = np.broadcast_arrays(
        np.asarray(share, float), np.asarray(n, float), np.asarray(z, float)
    )
    known = size > 0
    size = np.where(known, size, 1.0)
    ratio = q**2 / size
    middle = (p + ratio / 2) / (1 + ratio)
    half = q * np.sqrt(p * (1 - p) / size + ratio / (4 * size)) / (1 + ratio)
    low = np.where(p <= 0, 0.0, np.clip(middle - half, 0.0, 1.0))
    high = np.where(p >= 1, 1.0, np.clip(middle + half, 0.0, 1.0))
    return Interval(np.where(known, low, 0.0), np.where(known, high, 1.0))


class Share(NamedTuple):
    """Estimated shares with all that their intervals need, of one shape.

    Attributes:
        value: estimates, 0 to 1.
        n: effective sample sizes.
        df: degrees of freedom of the variance; infinite without imputation.
    """

    value: Floats
    n: Floats
    df: Floats

    def interval(self, confidence: float) -> Interval:
        """Wilson's interval at the effective sample size."""
        return wilson(self.value, self.n, quantile(confidence, self.df))


def difference_interval(a: Share, b: Share, rho: ArrayLike, confidence: float) -> Interval:
    """Interval of `a - b` from the intervals of both sides.

    Args:
        a: first share.
        b: the share that is subtracted.
        rho: correlation of the two estimates (results that count for both regions).
        confidence: level.
    """
    df = np.minimum(a.df, b.df)
    return _combine(a, b, np.asarray(rho, float), quantile(confidence, df))


def difference_p(a: Share, b: Share, rho: ArrayLike) -> Floats:
    """Two-sided p-value of no difference: the level at which the interval first touches zero."""
    correlation = np.asarray(rho, float)
    gap = a.value - b.value
    df = np.minimum(a.df, b.df)
    low, width = np.zeros_like(gap), np.full_like(gap, _WIDEST)
    for _ in range(_ROUNDS):
        z = low[..., None] + width[..., None] * _PARTS
        wide_a, wide_b = (Share(*(part[..., None] for part in side)) for side in (a, b))
        ends = _combine(wide_a, wide_b, correlation[..., None], z)
        inside = np.where(gap[..., None] > 0, ends.low <= 0, ends.high >= 0)
        # The first part of the bracket whose upper end holds zero; the last if none does.
        first = np.where(inside.any(axis=-1), inside.argmax(axis=-1), len(_PARTS) - 1)
        width = width / len(_PARTS)
        low = low + width * first
    p = 2 * stats.t.sf(low + width / 2, df)
    return np.where(gap == 0, 1.0, np.asarray(p, dtype=float))


def _combine(a: Share, b: Share, rho: Floats, z: Floats) -> Interval:
    first, second = wilson(a.value, a.n, z), wilson(b.value, b.n, z)
    gap = a.value - b.value
    down_a, up_a = a.value - first.low, first.high - a.value
    down_b, up_b = b.value - second.low, second.high - b.value
    below = down_a**2 + up_b**2 - 2 * rho * down_a * up_b
    above = up_a**2 + down_b**2 - 2 * rho * up_a * down_b
    return Interval(
        np.clip(gap - np.sqrt(np.maximum(below, 0.0)), -1.0, 1.0),
        np.clip(gap + np.sqrt(np.maximum(above, 0.0)), -1.0, 1.0),
    )


def p_from_interval(
    value: float, low: float, high: float, than: float, confidence: float = 0.95
) -> float:
    """Two-sided p-value against `than`, recovered from an interval.

    The half of the interval on the side of `than` gives the standard error, so that the p-value is
    below 1 - confidence exactly when `than` lies outside the interval. Altman and Bland (2011),
    https://doi.org/10.1136/bmj.d2304, with each side of an unsymmetrical interval on its own.

    Returns:
        The p-value; missing when the interval is missing or has no width on that side.
    """
    reach = high - value if than > value else value - low
    if not np.isfinite(reach) or (reach <= 0 and than != value):
        return float("nan")
    if than == value:
        return 1.0
    z = float(quantile(confidence)) * abs(value - than) / reach
    return float(2 * stats.norm.sf(z))
