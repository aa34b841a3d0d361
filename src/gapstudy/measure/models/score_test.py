r"""Tests of equality by a score vector, and one answer from those of many drawn link sets.

A score :math:`U` has expectation zero when the groups are equal; with its covariance V the
statistic :math:`U' V^- U` is chi-squared with rank(V) degrees of freedom.

Over M link sets the scores are pooled by the D1 rule: as estimates :math:`Q_m = U_m` with
covariances :math:`V_m`,

.. math:: D_1 = \frac{\bar Q' \bar V^{-1} \bar Q}{k (1 + r)}, \quad
          r = (1 + 1/M)\, \mathrm{tr}(B \bar V^{-1}) / k,

against F with k and :math:`\nu` degrees of freedom. D1 is used because the whole score and its
covariance are at hand; the D2 rule, which sees the M statistics alone, is less powerful and its
degrees of freedom are rough, and is kept for tests that give nothing else. D1: Li, Raghunathan and
Rubin (1991), https://doi.org/10.1080/01621459.1991.10475152. D2: Li, Meng, Raghunathan and Rubin
(1991), Statistica Sinica 1, 65-92.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats

_TOLERANCE = 1e-10


@dataclass(frozen=True)
class ScoreTest:
    """One test in one sample.

    Attributes:
        name: name of the test.
        score: observed minus expected of each group, (K,); they add up to zero.
        covariance: its covariance when the groups are equal, (K, K).
        n: spells.
        events: spells that end in the event of interest.
        clusters: clusters of the spells.
        robust: whether the covariance is that of independent clusters rather than of spells.
    """

    name: str
    score: Floats
    covariance: Floats
    n: int
    events: int
    clusters: int
    robust: bool

    @property
    def df(self) -> int:
        """Degrees of freedom: rank of the covariance."""
        return _inverse(self.covariance)[1]

    @property
    def statistic(self) -> float:
        """Chi-squared statistic."""
        return float(self.score @ _inverse(self.covariance)[0] @ self.score)

    @property
    def p_value(self) -> float:
        """P-value of equality; missing when nothing can be compared."""
        return float(stats.chi2.sf(self.statistic, self.df)) if self.df else float("nan")


@dataclass(frozen=True)
class PooledTest:
    """One test of M link sets.

    Attributes:
        statistic: statistic of the rule, to be set against F.
        df: degrees of freedom of the numerator.
        df_denominator: those of the denominator; infinite where the link sets agree.
        p_value: p-value of equality.
        increase: relative increase in variance that is due to the draws, r.
        n: spells, mean over the link sets.
        events: events of interest, mean over the link sets.
    """

    statistic: float
    df: int
    df_denominator: float
    p_value: float
    increase: float
    n: int
    events: float


def pool_scores(tests: Sequence[ScoreTest]) -> PooledTest:
    """Pool the scores of one test in M link sets by the D1 rule.

    Args:
        tests: the tests, of the same groups in the same order.

    Raises:
        FitError: no test, or nothing that can be compared in any of them.
    """
    if not tests:
        raise FitError("no test to pool", remedy="Read the reasons that the tests failed for")
    q = np.array([test.score for test in tests])
    m = len(q)
    inverse, k = _inverse(np.mean([test.covariance for test in tests], axis=0))
    if k == 0:
        raise FitError("the groups have no event while two of them are at risk",
                       remedy="There is nothing to compare")  # fmt: skip
    centre = q.mean(axis=0)
    gap = q - centre
    between = gap.T @ gap / (m - 1) if m > 1 else np.zeros_like(inverse)
    r = max(float((1 + 1 / m) * np.trace(between @ inverse) / k), 0.0)
    statistic = float(centre @ inverse @ centre) / (k * (1 + r))
    df = _d1_df(k, m, r)
    return PooledTest(
        statistic, k, df, _f_tail(statistic, k, df), r,
        round(float(np.mean([test.n for test in tests]))),
        float(np.mean([test.events for test in tests])),
    )  # fmt: skip


def pool_statistics(statistics: ArrayLike, df: int) -> tuple[float, float, float]:
    """Pool M chi-squared statistics by the D2 rule.

    Args:
        statistics: the statistics, (M,).
        df: their degrees of freedom.

    Returns:
        The statistic, the degrees of freedom of its denominator, the p-value.
    """
    d = np.asarray(statistics, dtype=float)
    m = len(d)
    r = (1 + 1 / m) * float(np.sqrt(d).var(ddof=1)) if m > 1 else 0.0
    statistic = (float(d.mean()) / df - (m + 1) / max(m - 1, 1) * r) / (1 + r)
    second = np.inf if r <= 0 else df ** (-3 / m) * (m - 1) * (1 + 1 / r) ** 2
    statistic = max(statistic, 0.0)
    return statistic, float(second), _f_tail(statistic, df, float(second))


def _inverse(covariance: Floats) -> tuple[Floats, int]:
    """Generalised inverse of a covariance, and its rank."""
    value, vector = np.linalg.eigh((covariance + covariance.T) / 2)
    kept = value > _TOLERANCE * max(float(value.max(initial=0.0)), 1e-300)
    vector = vector[:, kept]
    return (vector / value[kept]) @ vector.T, int(kept.sum())


def _d1_df(k: int, m: int, r: float) -> float:
    """Degrees of freedom of the denominator of D1 (Li, Raghunathan and Rubin, 1991)."""
    if r <= 1e-12:
        return float("inf")
    t = k * (m - 1)
    if t > 4:
        return float(4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2)
    return float(t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2)


def _f_tail(statistic: float, df: int, second: float) -> float:
    if np.isfinite(second):
        return float(stats.f.sf(statistic, df, second))
    return float(stats.chi2.sf(statistic * df, df))
