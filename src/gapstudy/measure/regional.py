"""Shares of several regions, pooled over imputations, with their intervals and differences.

All estimands that lie between 0 and 1 pass through here: cumulative incidence, restricted mean time
lost as part of its limit, shares of results, leakage. Each comes as M estimates under K sets of
weights with the influence of every result; what leaves is one `Share` per set of weights and the
correlation of any two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gapstudy.measure import intervals, rubin
from gapstudy.measure.intervals import Interval, Share
from gapstudy.measure.survival import Estimates, Floats
from gapstudy.measure.uncertainty import averaged

#: How the variance over link sets is made: Rubin's rules, the variance of the average
#: (`uncertainty.averaged`), or that with draws that the results of a link set share.
Rule = Literal["rubin", "averaged", "averaged_shared"]
#: Events, or results without, from which a region's own variance is believed (averaged rules).
ENOUGH = 10.0


@dataclass(frozen=True)
class Regional:
    """Pooled shares under K sets of weights at H horizons.

    Attributes:
        raw: the estimates before pooling.
        pooled: what Rubin's rules give, (K, H).
        share: the same with effective sample sizes, (K, H).
        results: results with any weight, (K,).
        rule: how the variance was made.
    """

    raw: Estimates
    pooled: rubin.Pooled
    share: Share
    results: NDArray[np.int64]
    rule: Rule = "rubin"

    def correlation(self, first: int, second: int) -> Floats:
        """Correlation of two pooled estimates, (H,)."""
        if self.rule == "rubin":
            common = rubin.covariance(
                self.raw.value[:, first], self.raw.value[:, second],
                self.raw.covariance(first, second),
            )  # fmt: skip
        else:
            shared = self.rule == "averaged_shared"
            common = averaged.covariance(self.raw, first, second, shared=shared)
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


def combine(
    estimates: Estimates, weight: Floats, reference: int | None = None, rule: Rule = "rubin"
) -> Regional:
    """Pool estimates over imputations.

    A region with no event, or with one of tiny weight, has a variance near zero that says nothing.
    Its effective sample size is therefore held at most at its number of results times a design
    effect that is read off a larger sample: that of all results together, or else of all sets of
    weights. It carries the loss through censoring, clusters and uncertain links, and the gain of
    values that spread less than yes and no.

    Args:
        estimates: shares of M imputations.
        weight: the weights they were made with, (n, K), or (M, n, K) where they were drawn.
        reference: which set of weights holds all results; None takes all sets.
        rule: how the variance over link sets is made.
    """
    if rule == "rubin":
        pooled = rubin.pool(estimates.value, estimates.variance)
    else:
        pooled = averaged.pool(estimates, shared=rule == "averaged_shared")
    value = np.clip(pooled.estimate, 0.0, 1.0)
    # What all results of a link set share does not shrink with their number: it is added after.
    shared = pooled.variance * pooled.missing_information if rule == "averaged_shared" else None
    variance = pooled.variance if shared is None else pooled.variance - shared
    drawn = weight if weight.ndim == 3 else weight[None]
    size = np.mean([kish(one) for one in drawn], axis=0)[:, None]
    if reference is None:
        use = (size > 0) & np.ones_like(value, dtype=bool)
        spread = np.where(use, value * (1 - value), 0.0).sum(axis=0)
        noise = np.where(use, variance * size, 0.0).sum(axis=0)
        effect = np.divide(spread, noise, out=np.ones_like(noise), where=(noise > 0) & (spread > 0))
    else:
        whole = max(float(size[reference, 0]), 1.0)
        followed = np.minimum(estimates.at_risk[:, reference].mean(axis=0), whole)
        spread, noise = value[reference] * (1 - value[reference]), variance[reference]
        effect = np.divide(spread, noise, out=followed, where=(noise > 0) & (spread > 0)) / whole
    bound = size * effect
    if rule != "rubin":
        # Regions whose links are less sure gain more from averaging: with events enough, its own
        # variance tells a region's size better than that of all results.
        known = np.minimum(value, 1 - value) * size >= ENOUGH
        bound = np.where(known & (variance > 0), np.inf, bound)
    n = intervals.effective_n(value, variance, bound)
    if shared is not None:
        spread = value * (1 - value)
        own = np.divide(spread, n, out=np.zeros_like(spread), where=n > 0)
        n = np.divide(spread, own + shared, out=n, where=(own + shared > 0) & (spread > 0))
    results = np.rint((drawn > 0).sum(axis=1).mean(axis=0)).astype(np.int64)
    return Regional(estimates, pooled, Share(value, n, pooled.df), results, rule)


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
