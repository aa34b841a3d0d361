r"""The within-product comparison of markets: difference in differences by least squares.

.. math:: y_{pm} = \alpha_p + \gamma_m + \delta\, 1\{m = \text{treated}\} 1\{t_p \ge T\} +
          \varepsilon_{pm}

The product effects hold everything that the markets share for a product, its launch day and maker
among them; the market effects what a market always has. With two markets :math:`\delta` is the
change at T of the mean difference between them. Both effects are swept out (Frisch, Waugh, Lovell)
and many treatments are estimated at once, which placebo dates and worlds need.

Cluster-robust covariance (CR1) with Student's t on clusters less one; see Cameron and Miller
(2015), https://doi.org/10.3368/jhr.50.2.317. Draws of uncertain dates are joined by Rubin's rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import rubin
from gapstudy.measure.imputation import Floats, Ints
from gapstudy.measure.policy.panel import Panel

Cluster = Literal["maker", "product", "market"]
#: What is left of a column after sweeping, as a share of it, below which it is collinear.
_COLLINEAR = 1e-9


class Sweep:
    """Takes product and market effects out of columns.

    Args:
        panel: the rows.
    """

    def __init__(self, panel: Panel) -> None:
        self.product = panel.product
        self.size = np.bincount(panel.product).astype(float)
        self.order = np.argsort(panel.product, kind="stable")
        self.first = np.concatenate([[0], np.cumsum(self.size)[:-1]]).astype(np.int64)
        dummies = np.eye(len(panel.markets))[panel.market][:, 1:]
        kept = self._means_out(dummies)
        # An orthonormal basis: markets that no product ties to the others drop out.
        u, s, _ = np.linalg.svd(kept, full_matrices=False)
        self.basis = u[:, s > 1e-8 * max(float(s.max(initial=0.0)), 1.0)]

    def _means_out(self, x: Floats) -> Floats:
        total = np.add.reduceat(x[self.order], self.first, axis=0)
        return np.asarray(x - (total / self.size[:, None])[self.product], dtype=float)

    def __call__(self, x: Floats) -> Floats:
        """Columns, (N, k), without the effects."""
        clean = self._means_out(x)
        return np.asarray(clean - self.basis @ (self.basis.T @ clean), dtype=float)


@dataclass(frozen=True)
class Effect:
    """One difference in differences.

    Attributes:
        estimate: the estimate, in the unit of the outcome.
        error: its standard error.
        low: lower end of its interval.
        high: upper end.
        p_value: two-sided, against zero.
        clusters: number of clusters.
    """

    estimate: float
    error: float
    low: float
    high: float
    p_value: float
    clusters: int


def codes(panel: Panel, cluster: Cluster) -> Ints:
    """Cluster of each row, 0 to G - 1."""
    labels = {"maker": panel.maker, "product": panel.product, "market": panel.market}[cluster]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def summed(rows: Floats, group: Ints, size: int) -> Floats:
    """Sums of rows, (N, ...), by group, (G, ...)."""
    member = np.zeros((size, len(group)))
    member[group, np.arange(len(group))] = 1.0
    return np.asarray(member @ rows, dtype=float)


def correction(sweep: Sweep, n: int, clusters: int, cluster: Cluster, extra: int = 1) -> float:
    """Finite-sample factor of CR1; effects nested in the clusters are not counted."""
    nested = cluster != "market"
    k = (sweep.basis.shape[1] if nested else len(sweep.size)) + extra
    return clusters / (clusters - 1) * (n - 1) / max(n - k, 1)


def coefficients(panel: Panel, columns: Floats, cluster: Cluster) -> tuple[Floats, Floats, int]:
    """Estimates of M draws with their covariance.

    Args:
        panel: the rows.
        columns: regressors, (N, k).
        cluster: which rows are not independent.

    Returns:
        Estimates, (M, k), covariances, (M, k, k), and the number of clusters.

    Raises:
        FitError: nothing to estimate from, one cluster, or regressors that the effects or each
            other explain.
    """
    if not len(panel.product):
        raise FitError("no product is seen in two markets",
                       remedy="Add rows of availability, or widen the window")  # fmt: skip
    sweep = Sweep(panel)
    x = sweep(columns)
    norm = np.linalg.norm(x, axis=0)
    if (norm <= _COLLINEAR * np.maximum(np.linalg.norm(columns, axis=0), 1.0)).any():
        raise FitError(
            "the treated market has no launch on one side of the date that another market shares",
            remedy="Widen the window, or leave the event out",
        )
    q, r = np.linalg.qr(x / norm)
    if np.abs(np.diag(r)).min() <= 1e-8:
        raise FitError("the steps of the event study explain each other",
                       remedy="Take longer steps")  # fmt: skip
    group = codes(panel, cluster)
    clusters = int(group.max()) + 1
    if clusters < 2:
        raise FitError("all rows are one cluster", remedy="Cluster by something finer")
    inverse = np.linalg.inv(r) / norm[:, None]
    y = sweep(panel.y.T)
    beta = inverse @ (q.T @ y)
    rest = y - x @ beta
    bread = inverse @ inverse.T
    factor = correction(sweep, len(panel.product), clusters, cluster, columns.shape[1])
    covariance = []
    for m in range(y.shape[1]):
        score = summed(x * rest[:, m : m + 1], group, clusters)
        covariance.append(factor * bread @ (score.T @ score) @ bread)
    return beta.T, np.array(covariance), clusters


def effect(panel: Panel, treated: int, day: float, cluster: Cluster, confidence: float) -> Effect:
    """The difference in differences of one market at one day.

    Args:
        panel: the rows.
        treated: the market, position in the panel's.
        day: the day.
        cluster: which rows are not independent. `market` is the naive choice: with one treated
            market its test rejects far too often (Bertrand, Duflo and Mullainathan 2004,
            https://doi.org/10.1162/003355304772839588; MacKinnon and Webb 2018,
            https://doi.org/10.1111/ectj.12107).
        confidence: level of the interval.
    """
    beta, covariance, clusters = coefficients(
        panel, panel.treatment(treated, day)[:, None], cluster
    )
    return pooled(beta[:, 0], covariance[:, 0, 0], clusters, confidence)


def pooled(values: Floats, variances: Floats, clusters: int, confidence: float) -> Effect:
    """One effect from M draws."""
    one = rubin.pool(values, variances, complete_df=float(clusters - 1))
    value, error, df = float(one.estimate), float(one.error), float(one.df)
    half = float(stats.t.ppf(0.5 + confidence / 2, df)) * error
    p = float(2 * stats.t.sf(abs(value) / error, df)) if error > 0 else float(value == 0)
    return Effect(value, error, value - half, value + half, p, clusters)
