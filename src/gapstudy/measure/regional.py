"""Shares of several regions, pooled over imputations, with their intervals and differences.

All estimands that lie between 0 and 1 pass through here: cumulative incidence, restricted mean time
lost as part of its limit, shares of results, leakage. Each comes as M estimates under K sets of
weights with the influence of every result; what leaves is one `Share` per set of weights and the
correlation of any two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gapstudy.measure import intervals, rubin
from gapstudy.measure.intervals import Interval, Share
from gapstudy.measure.survival import Estimates, Floats


@dataclass(frozen=True)
class Regional:
    """Pooled shares under K sets of weights at H horizons.

    Attributes:
        raw: the estimates before pooling.
        pooled: what Rubin's rules give, (K, H).
        share: the same with effective sample sizes, (K, H).
        results: results with any weight, (K,).
    """

    raw: Estimates
    pooled: rubin.Pooled
    share: Share
    results: NDArray[np.int64]

    def correlation(self, first: int, second: int) -> Floats:
        """Correlation of two pooled estimates, (H,)."""
        common = rubin.covariance(
            self.raw.value[:, first], self.raw.value[:, second], self.raw.covariance(first, second)
        )
        scale = np.sqrt(self.pooled.variance[first] * self.pooled.variance[second])
        rho = np.divide(common, scale, out=np.zeros_like(common), where=scale > 0)
        return np.asarray(np.clip(rho, -1.0, 1.0), dtype=float)

    def side(self, k: int) -> Share:
        """The shares under one set of weights, (H,)."""
        return Share(*(part[k] for part in self.share))

    def interval(self, confidence: float) -> Interval:
        """Intervals of the shares, (K, H)."""
        return self.share.interval(confidence)

    def difference(
        self, first: int, second: int, confidence: float
    ) -> tuple[Floats, Interval, Floats]:
        """Difference of two shares, its interval and its p-value, each (H,)."""
        a, b = self.side(first), self.side(second)
        rho = self.correlation(first, second)
        return (
            np.asarray(a.value - b.value, dtype=float),
            intervals.difference_interval(a, b, rho, confidence),
            intervals.difference_p(a, b, rho),
        )


def kish(weight: Floats) -> Floats:
    """Effective number of results behind weights, (sum w)^2 / sum w^2; zero without weight.

    Args:
        weight: weights, (n, K).

    Reference: Kish (1965), Survey Sampling, sec. 11.7.
    """
    total, square = weight.sum(axis=0), np.square(weight).sum(axis=0)
    size = np.divide(total**2, square, out=np.zeros_like(total), where=square > 0)
    return np.asarray(size, dtype=float)


def combine(estimates: Estimates, weight: Floats, reference: int | None = None) -> Regional:
    """Pool estimates over imputations.

    A region with no event, or with one of tiny weight, has a variance near zero that says nothing.
    Its effective sample size is therefore held at most at its number of results times a design
    effect that is read off a larger sample: that of all results together, or else of all sets of
    weights. It carries the loss through censoring, clusters and uncertain links, and the gain of
    values that spread less than yes and no.

    Args:
        estimates: shares of M imputations.
        weight: the weights they were made with, (n, K).
        reference: which set of weights holds all results; None takes all sets.
    """
    pooled = rubin.pool(estimates.value, estimates.variance)
    value = np.clip(pooled.estimate, 0.0, 1.0)
    size = kish(weight)[:, None]
    if reference is None:
        use = (size > 0) & np.ones_like(value, dtype=bool)
        spread = np.where(use, value * (1 - value), 0.0).sum(axis=0)
        noise = np.where(use, pooled.variance * size, 0.0).sum(axis=0)
        effect = np.divide(spread, noise, out=np.ones_like(noise), where=(noise > 0) & (spread > 0))
    else:
        whole = max(float(size[reference, 0]), 1.0)
        followed = np.minimum(estimates.at_risk[:, reference].mean(axis=0), whole)
        spread, noise = value[reference] * (1 - value[reference]), pooled.variance[reference]
        effect = np.divide(spread, noise, out=followed, where=(noise > 0) & (spread > 0)) / whole
    n = intervals.effective_n(value, pooled.variance, size * effect)
    return Regional(
        estimates, pooled, Share(value, n, pooled.df), (weight > 0).sum(axis=0).astype(np.int64)
    )


def mean_share(values: Floats, weight: Floats) -> Estimates:
    r"""Weighted means of values between 0 and 1, with influences.

    .. math:: \hat p_k = \frac{\sum_i w_{ik} x_{ik}}{\sum_i w_{ik}}, \quad
              \text{influence}_i = \frac{w_{ik} (x_{ik} - \hat p_k)}{\sum_i w_{ik}}

    Args:
        values: values, (M, n) or (M, n, K).
        weight: weights, (n, K) or (M, n, K).
    """
    x = values[:, :, None] if values.ndim == 2 else values
    w = np.broadcast_to(weight, (x.shape[0], *weight.shape[-2:]))
    x = np.broadcast_to(x, w.shape)
    total = w.sum(axis=1)
    safe = np.where(total > 0, total, 1.0)
    p = (w * x).sum(axis=1) / safe
    part = w * (x - p[:, None]) / safe[:, None]
    return Estimates(p[:, :, None], part[..., None], total[:, :, None])
