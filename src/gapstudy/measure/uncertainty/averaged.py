r"""The variance of an average over drawn link sets, when the probabilities come from elsewhere.

Rubin's total variance is :math:`T = \bar U + (1 + 1/M) B`. It is right when the imputations come
from a model that was fitted to the same data. Links are not drawn so: their probabilities come from
labelled pairs outside the cohort. Let Q be the estimate with the true links and
:math:`\bar Q = E(Q \mid \text{what is seen})` its average over link sets. By the law of total
variance

.. math:: \underbrace{V(Q)}_{\bar U} = V(\bar Q) + \underbrace{E\,V(Q \mid \text{seen})}_{B},
          \qquad\text{hence}\qquad V(\bar Q) = \bar U - B ,

so that T exceeds the variance of what is reported by about 2B: the average is steadier than the
estimate with the true links would be, and intervals by T hold 99 to 100% in place of 95% when half
of the links are in doubt. That is Meng's uncongeniality (1994,
https://doi.org/10.1214/ss/1177010269): the imputer knows more than the analyst.

The remedy is that of Robins and Wang (2000, Biometrika 87, 113-124), reviewed by Hughes, Sterne and
Tilling (2014, https://doi.org/10.1177/0962280214526216): the variance of the averaged influences.
With the influence :math:`\psi_{im}` of result i in link set m,

.. math:: V_1 = \sum_i \bar\psi_i^2 , \qquad
          V_2 = \Bigl(1 + \frac1M\Bigr) \max\Bigl(0,\; B - \sum_i s_i^2\Bigr), \quad
          s_i^2 = \frac{1}{M-1} \sum_m (\psi_{im} - \bar\psi_i)^2 .

V1 holds the draws of each result, including the noise of a finite M. V2 is what the estimates vary
more than that: what all results of a link set share, such as drawn parameters of the calibration
or a drawn recall. It is in the sum only where such are drawn. Links of one result are taken to be
drawn independently of those of another.

The price: it rests on calibrated probabilities. Rubin's T forgives a calibration that is somewhat
off; this does not, unless the parameters of the calibration are drawn too.
"""

from __future__ import annotations

import numpy as np

from gapstudy.measure import rubin
from gapstudy.measure.survival import Estimates, Floats


def pool(estimates: Estimates, *, shared: bool) -> rubin.Pooled:
    """Combine the estimates of M link sets by the variance of their average.

    Args:
        estimates: estimates with influences, (M, K, H).
        shared: whether the draws of a link set share something (drawn parameters).

    Returns:
        Estimates, variances V1 + V2, degrees of freedom of V2's part (infinite without), and the
        part of the variance that V2 is, each (K, H).
    """
    own, common = parts(estimates.value, estimates.value, estimates.influence, estimates.influence)
    common = np.maximum(common, 0.0) if shared else np.zeros_like(own)
    total = own + common
    part = np.divide(common, total, out=np.zeros_like(total), where=total > 0)
    m = len(estimates.value)
    with np.errstate(divide="ignore"):
        df = np.where(part > 0, max(m - 1, 1) / part**2, np.inf)
    return rubin.Pooled(
        np.asarray(estimates.value.mean(axis=0), dtype=float), total,
        np.asarray(np.maximum(df, 1.0), dtype=float), part,
    )  # fmt: skip


def covariance(estimates: Estimates, first: int, second: int, *, shared: bool) -> Floats:
    """Covariance of the averages under two sets of weights, (H,).

    Args:
        estimates: estimates with influences, (M, K, H).
        first: one set of weights.
        second: the other.
        shared: as in `pool`.
    """
    a, b = (
        (estimates.value[:, k], estimates.influence[:, :, k]) for k in (first, second)
    )  # fmt: skip
    own, common = parts(a[0], b[0], a[1], b[1])
    if not shared:
        return own
    # Where a variance has no such part, a covariance cannot have one.
    both = [parts(x[0], x[0], x[1], x[1])[1] for x in (a, b)]
    return own + np.where((both[0] > 0) & (both[1] > 0), common, 0.0)


def parts(a: Floats, b: Floats, psi_a: Floats, psi_b: Floats) -> tuple[Floats, Floats]:
    """Covariance of two averages: that of the averaged influences, and what is beyond the draws.

    Args:
        a: estimates of the first, link sets along the first axis, (M, ...).
        b: estimates of the second.
        psi_a: influences of the first, (M, n, ...).
        psi_b: influences of the second.
    """
    m = len(a)
    mean_a, mean_b = psi_a.mean(axis=0), psi_b.mean(axis=0)
    own = np.asarray((mean_a * mean_b).sum(axis=0), dtype=float)
    if m == 1:
        return own, np.zeros_like(own)
    between = ((a - a.mean(axis=0)) * (b - b.mean(axis=0))).sum(axis=0) / (m - 1)
    product = np.einsum("mi...,mi...->...", psi_a, psi_b)
    drawn = (product - m * own) / (m - 1)
    return own, np.asarray((1 + 1 / m) * (between - drawn), dtype=float)
