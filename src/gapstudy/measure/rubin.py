r"""Rubin's rules: one answer from the estimates of M drawn link sets.

With estimates :math:`\hat Q_m` and their covariances :math:`U_m`,

.. math:: \bar Q = \frac1M \sum \hat Q_m, \quad \bar U = \frac1M \sum U_m, \quad
          B = \frac{1}{M-1} \sum (\hat Q_m - \bar Q)(\hat Q_m - \bar Q)', \quad
          T = \bar U + (1 + 1/M) B.

Reference: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; degrees of freedom:
Barnard and Rubin (1999), https://doi.org/10.1093/biomet/86.4.948.

When the probabilities of the links are right, the drawn links carry information from outside the
cohort, and T is on the large side: intervals hold at least their level (Meng 1994,
https://doi.org/10.1214/ss/1177010269). The simulation reports by how much.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gapstudy.errors import FitError

Floats = NDArray[np.float64]


class Pooled(NamedTuple):
    """What Rubin's rules give, of one shape.

    Attributes:
        estimate: mean over the imputations.
        variance: total variance T.
        df: degrees of freedom of Barnard and Rubin; infinite where imputations agree and the
            complete data are many.
        missing_information: share of T that is due to uncertain links, (1 + 1/M) B / T.
    """

    estimate: Floats
    variance: Floats
    df: Floats
    missing_information: Floats

    @property
    def error(self) -> Floats:
        """Standard error."""
        return np.sqrt(self.variance)


def pool(estimates: ArrayLike, variances: ArrayLike, *, complete_df: ArrayLike = np.inf) -> Pooled:
    """Combine the estimates of M imputations.

    Args:
        estimates: estimates, imputations along the first axis.
        variances: their variances, same shape.
        complete_df: degrees of freedom if no link were uncertain.

    Raises:
        FitError: the shapes differ or there is no imputation.
    """
    q, u = np.asarray(estimates, float), np.asarray(variances, float)
    if q.shape != u.shape or q.ndim == 0 or q.shape[0] == 0:
        raise FitError(
            f"estimates of shape {q.shape} and variances of shape {u.shape} cannot be pooled",
            remedy="Give one variance for every estimate, imputations first",
        )
    m = q.shape[0]
    within = u.mean(axis=0)
    between = q.var(axis=0, ddof=1) if m > 1 else np.zeros(q.shape[1:])
    added = (1 + 1 / m) * between
    total = within + added
    share = np.divide(added, total, out=np.zeros_like(total), where=total > 0)
    return Pooled(q.mean(axis=0), total, _df(share, m, np.asarray(complete_df, float)), share)


def covariance(a: ArrayLike, b: ArrayLike, within: ArrayLike) -> Floats:
    """Total covariance of two pooled estimates.

    Args:
        a: estimates of the first, imputations along the first axis.
        b: estimates of the second.
        within: covariance of the two in each imputation.
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    m = first.shape[0]
    inner = np.asarray(within, float).mean(axis=0)
    if m == 1:
        return np.asarray(inner, dtype=float)
    product = (first - first.mean(axis=0)) * (second - second.mean(axis=0))
    return np.asarray(inner + (1 + 1 / m) * product.sum(axis=0) / (m - 1), dtype=float)


def _df(share: Floats, m: int, complete: Floats) -> Floats:
    """Barnard and Rubin's degrees of freedom, infinite where nothing limits them."""
    complete = np.broadcast_to(complete, share.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        old = np.where(share > 0, (m - 1) / share**2, np.inf)
        finite = np.where(np.isfinite(complete), complete, 1.0)
        seen = (finite + 1) / (finite + 3) * finite * (1 - share)
        seen = np.where(np.isfinite(complete), seen, np.inf)
        df = 1 / (1 / old + 1 / np.where(seen > 0, seen, 1e-3))
    return np.asarray(np.maximum(df, 1.0), dtype=float)
