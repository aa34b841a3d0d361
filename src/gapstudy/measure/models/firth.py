r"""Cox model with Firth's penalty: finite estimates also where a group has no event.

Where covariates separate the events (a region without any product), the partial likelihood L keeps
rising and the hazard ratio runs to zero or infinity. Firth's penalty gives

.. math:: \log L^*(\beta) = \log L(\beta) + \tfrac12 \log |I(\beta)|,

whose maximum is finite. Intervals are those of the profile of :math:`L^*` and p-values those of its
ratio test; the Wald interval is wrong here, because the likelihood is far from a parabola.
References: Firth (1993), https://doi.org/10.1093/biomet/80.1.27; Heinze and Schemper (2001),
https://doi.org/10.1111/j.0006-341X.2001.00114.x. The profile takes the spells to be independent:
it has no form that is robust to clusters.

Profiles of M drawn link sets are joined by their average distribution function (combined likelihood
profiles): Heinze, Ploner and Beyea (2013), https://doi.org/10.1002/sim.5899.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models.cox_kernel import Risk, refuse_collinear
from gapstudy.measure.models.sample import Fit, Floats

_NEAR, _ROUNDS = 1e-13, 200
#: Steps of the penalty's derivative, and the longest step, both in ranges of a covariate.
_SMALL, _LONGEST = 1e-4, 2.0


@dataclass(frozen=True)
class FirthFit(Fit):
    """A penalised fit, whose intervals and p-values are those of its profile.

    Attributes:
        risk: the sorted sample.
    """

    risk: Risk = field(kw_only=True, repr=False)

    def root(self, k: int, value: float) -> float:
        """Signed root of the penalised likelihood ratio of one coefficient at a value."""
        index = np.array([k])
        start = self.estimate.copy()
        start[k] = value
        there = _climb(self.risk, start, index).log_likelihood
        drop = max(2 * (self.log_likelihood - there), 0.0)
        return float(np.sign(value - self.estimate[k]) * np.sqrt(drop))

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        """Lower and upper ends of profile intervals, (p,) each."""
        ends = [_ends(self.roots(k), self.estimate[k], self.error[k], confidence)
                for k in range(len(self.names))]  # fmt: skip
        low, high = np.array(ends).T
        return low, high

    def roots(self, k: int) -> Callable[[float], float]:
        """Distribution function that the profile of a coefficient stands for."""
        return lambda value: float(stats.norm.cdf(self.root(k, value)))

    @property
    def p_value(self) -> Floats:
        """Two-sided p-values of the penalised likelihood ratio tests, (p,)."""
        roots = [self.root(k, 0.0) for k in range(len(self.names))]
        return np.asarray(2 * stats.norm.sf(np.abs(roots)), dtype=float)


class Joined(NamedTuple):
    """One coefficient over M penalised fits: estimate, ends of its interval, p-value."""

    estimate: float
    low: float
    high: float
    p_value: float


class _Top(NamedTuple):
    beta: Floats
    log_likelihood: float
    information: Floats


def firth(risk: Risk, clusters: int, note: str = "") -> FirthFit:
    """Maximise the penalised partial likelihood.

    Args:
        risk: the sorted sample.
        clusters: clusters of the spells, carried along.
        note: what to say of the fit besides.

    Raises:
        FitError: covariates that are constant or collinear; no convergence.
    """
    refuse_collinear(risk)
    top = _climb(risk, np.zeros(len(risk.names)), np.zeros(0, dtype=int))
    said = "Firth's penalty; interval of the profile, clusters not in it"
    covariance = np.asarray(np.linalg.inv(top.information), dtype=float)
    said = f"{said}; {note}" if note else said
    return FirthFit(
        risk.names, top.beta, covariance, top.log_likelihood, risk.rows, len(risk.event),
        clusters, said, risk=risk,
    )  # fmt: skip


def join(fits: Sequence[FirthFit], name: str, confidence: float) -> Joined:
    """One answer on one coefficient from the penalised fits of M link sets.

    Args:
        fits: the fits.
        name: the coefficient.
        confidence: level of the interval.
    """
    ks = [fit.names.index(name) for fit in fits]
    values = np.array([fit.estimate[k] for fit, k in zip(fits, ks, strict=True)])
    error = max(float(fit.error[k]) for fit, k in zip(fits, ks, strict=True))
    parts = [fit.roots(k) for fit, k in zip(fits, ks, strict=True)]

    def average(value: float) -> float:
        return float(np.mean([part(value) for part in parts]))

    low, high = _ends(average, float(values.mean()), error, confidence)
    below = average(0.0)
    return Joined(float(values.mean()), low, high, 2 * min(below, 1 - below))


def _less(distribution: Callable[[float], float], level: float, value: float) -> float:
    return distribution(value) - level


def _ends(
    distribution: Callable[[float], float], middle: float, error: float, confidence: float
) -> tuple[float, float]:
    """Values at which a distribution function has its tails."""
    from scipy import optimize

    tail = (1 - confidence) / 2
    ends = []
    for side, level in ((-1.0, tail), (1.0, 1 - tail)):
        far = middle + side * error
        for _ in range(60):
            if side * (distribution(far) - level) >= 0:
                break
            far += side * error
        else:
            raise FitError(
                "the profile of the penalised likelihood has no end",
                remedy="There are too few events for an interval",
            )
        near, beyond = sorted((middle - side * error, far))
        ends.append(
            float(optimize.brentq(partial(_less, distribution, level), near, beyond, xtol=1e-9))
        )
    return ends[0], ends[1]


def _climb(risk: Risk, start: Floats, fixed: np.ndarray) -> _Top:
    """Maximum over all coefficients but the fixed ones, by scoring with step halving."""
    beta, free = start.copy(), np.setdiff1d(np.arange(len(start)), fixed)
    spread = np.ptp(risk.x, axis=1)
    here = _value(risk, beta)
    for _ in range(_ROUNDS):
        if not len(free):
            return here
        score = risk.at(beta).score[free] + _penalty_slope(risk, beta, free, spread)
        step = np.linalg.solve(here.information[np.ix_(free, free)], score)
        if step @ score < _NEAR:
            return here
        step *= min(1.0, _LONGEST / float(np.max(np.abs(step) * spread[free])))
        for _ in range(40):
            moved = beta.copy()
            moved[free] += step
            there = _value(risk, moved)
            if there.log_likelihood >= here.log_likelihood - 1e-12 * abs(here.log_likelihood):
                break
            step = step / 2
        beta, here = moved, there
    raise FitError(
        f"the penalised Cox model did not converge in {_ROUNDS} rounds",
        remedy="Look for extreme values among the covariates",
    )


def _value(risk: Risk, beta: Floats) -> _Top:
    point = risk.at(beta)
    sign, size = np.linalg.slogdet(point.information)
    value = point.log_likelihood + size / 2 if sign > 0 else -np.inf
    return _Top(beta, value, point.information)


def _penalty_slope(risk: Risk, beta: Floats, free: np.ndarray, spread: Floats) -> Floats:
    """Derivative of half the logarithm of |I|, by central differences."""
    result = np.empty(len(free))
    for j, k in enumerate(free):
        move = np.zeros_like(beta)
        move[k] = _SMALL / spread[k]
        above, below = (
            np.linalg.slogdet(risk.at(b).information)[1] for b in (beta + move, beta - move)
        )
        result[j] = (above - below) / (4 * move[k])
    return result
