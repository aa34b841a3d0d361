"""Find the maximum of a log-likelihood, say why there is none, and give the covariance.

The maximum is found by `scipy.optimize` (trust region with the exact Hessian, Conn, Gould and Toint
2000, Trust-Region Methods, ch. 7), which also walks off saddle points, as mixtures have. With
gradient and Hessian at hand this is less code of our own than statsmodels'
`GenericLikelihoodModel`, which would still need weights, entry and clustered scores from us.

Covariance: the inverse of the observed information, or the sandwich of Huber (1967) and White
(1982), https://doi.org/10.2307/1912526, with scores summed by cluster (Liang and Zeger 1986,
https://doi.org/10.1093/biomet/73.1.13) and the factor G / (G - 1) for G clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy import special, stats

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats, Ints, Sample

#: Information per event below this is none: the likelihood is flat in some direction.
FLAT = 1e-6
#: Gradient per event at which the search stops, and above which it has not converged.
_STOP, _CONVERGED = 1e-7, 1e-5
_ITERATIONS, _POLISH = 200, 4
#: Times that vary by less, on the log scale, are one time.
_SAME = 1e-9


class Point(NamedTuple):
    """A log-likelihood with gradient (p,) and Hessian (p, p) at some parameters."""

    value: float
    slope: Floats
    bend: Floats


class Fitted(Protocol):
    """What a fit, or a pool of fits, has in common."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""

    @property
    def estimate(self) -> Floats:
        """Estimates."""

    @property
    def covariance(self) -> Floats:
        """Covariance of the estimates."""


class Estimate(NamedTuple):
    """A function of the parameters with its interval.

    Attributes:
        value: the estimate.
        low: lower end of its interval.
        high: upper end.
        p_value: two-sided p-value against no effect; missing where there is none to test.
    """

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class Maximum:
    """Where a search ended.

    Attributes:
        theta: parameters, (p,).
        point: log-likelihood and derivatives there.
        events: weight of the events, the unit of information.
    """

    theta: Floats
    point: Point
    events: float

    @property
    def converged(self) -> bool:
        """Whether the gradient vanishes."""
        return bool(np.abs(self.point.slope).max() < _CONVERGED * self.events)

    @property
    def flat(self) -> bool:
        """Whether the likelihood has no curvature in some direction."""
        information = -self.point.bend / self.events
        if not np.isfinite(information).all():
            return True
        return bool(np.linalg.eigvalsh(information)[0] < FLAT)


def maximise(log_likelihood: Callable[[Floats], Point], start: Floats, events: float) -> Maximum:
    """The nearest maximum of a log-likelihood.

    Args:
        log_likelihood: value and derivatives; not finite where there is none.
        start: parameters to start from, (p,).
        events: weight of the events.
    """
    from scipy.optimize import minimize

    seen: dict[bytes, Point] = {}

    def at(theta: Floats) -> Point:
        key = theta.tobytes()
        if key not in seen:
            if len(seen) > 3:
                seen.clear()
            with np.errstate(all="ignore"):
                seen[key] = log_likelihood(theta)
        return seen[key]

    def height(theta: Floats) -> float:
        value = at(theta).value
        return -value / events if np.isfinite(value) else np.inf

    derivatives: Any = {
        "jac": lambda theta: -at(theta).slope / events,
        "hess": lambda theta: -at(theta).bend / events,
    }
    options: Any = {"gtol": _STOP, "maxiter": _ITERATIONS}
    found = minimize(height, start, method="trust-exact", options=options, **derivatives)
    best = Maximum(np.asarray(found.x, dtype=float), at(found.x), events)
    for _ in range(_POLISH):
        # Plain Newton steps for the last digits, while they climb or stay.
        if best.flat:
            break
        theta = best.theta - np.linalg.solve(best.point.bend, best.point.slope)
        point = at(theta)
        if not np.abs(point.slope).max() < np.abs(best.point.slope).max():
            break
        best = Maximum(theta, point, events)
    return best


def standardised(x: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """A design with intercept whose columns have mean 0 and spread 1, and the way back.

    Args:
        x: covariates, (n, p).
        weight: weights, (n,).

    Returns:
        The design, (n, p + 1), and the matrix that turns its coefficients into those of the
        covariates, (p + 1, p + 1).
    """
    total = weight.sum()
    mean = weight @ x / total
    spread = np.sqrt(weight @ (x - mean) ** 2 / total)
    spread = np.where(spread > 0, spread, 1.0)
    back = np.diag(np.concatenate([[1.0], 1 / spread]))
    back[0, 1:] = -mean / spread
    design = np.empty((len(x), x.shape[1] + 1))
    design[:, 0] = 1.0
    np.divide(x - mean, spread, out=design[:, 1:])
    return design, back


def check_design(sample: Sample, columns: Sequence[int], parameters: int) -> None:
    """Refuse spells whose likelihood has no maximum.

    Args:
        sample: the spells with a weight above zero.
        columns: covariates in use.
        parameters: parameters of the model.

    Raises:
        FitError: no event, fewer events than parameters, collinear covariates, a covariate that
            separates the events.
    """
    event = sample.event > 0
    if not event.any():
        raise FitError("no spell ends in an event", remedy="There is nothing to fit")
    if event.sum() < parameters:
        raise FitError(
            f"{int(event.sum())} events cannot give {parameters} parameters",
            remedy="Leave out covariates, or follow more results",
        )
    x = sample.covariates[:, list(columns)]
    if x.shape[1]:
        centred = x - x.mean(axis=0)
        # The rank of the p by p cross-product, with columns scaled: no copy of the whole design.
        size = np.sqrt((centred**2).sum(axis=0))
        unit = np.where(size > 0, size, 1.0)
        cross = centred.T @ centred / np.outer(unit, unit)
        if (size == 0).any() or np.linalg.eigvalsh(cross)[0] < 1e-10:
            raise FitError("the covariates are collinear or constant",
                           remedy="Leave one of them out")  # fmt: skip
    for j, column in zip(columns, x.T, strict=True):
        ends = column[event].min(), column[event].max()
        if ends[0] == ends[1] and (ends[0] <= column.min() or ends[1] >= column.max()):
            raise FitError(
                f"{sample.names[j]} separates the data: every event has the value {ends[0]:g}",
                remedy="Leave that covariate, or the spells without any event, out",
            )


def check_times(sample: Sample, upper: Floats | None) -> None:
    """Refuse events that all have one known time and nothing after it: their spread is zero.

    Raises:
        FitError: they do.
    """
    event = sample.event > 0
    known = event if upper is None else event & ~(upper > sample.time)
    time = np.log(sample.positive)
    if known.sum() == event.sum() and np.ptp(time[event]) < _SAME and not (
        time[~event] > time[event][0] + _SAME
    ).any():  # fmt: skip
        raise FitError(
            "all events have the same time",
            remedy="Give intervals for dates known to the month or year, or use another model",
        )


def covariance(bend: Floats, scores: Floats | None, cluster: Ints | None) -> Floats:
    """Covariance of the estimates.

    Args:
        bend: Hessian of the log-likelihood, (p, p).
        scores: weighted scores of the spells, (n, p); None takes the inverse information.
        cluster: cluster of each spell, (n,).
    """
    bread = np.linalg.inv(-bend)
    bread = (bread + bread.T) / 2
    if scores is None or cluster is None:
        return np.asarray(bread, dtype=float)
    count = int(cluster.max()) + 1
    sums = np.stack([np.bincount(cluster, column, minlength=count) for column in scores.T])
    groups = len(np.unique(cluster))
    filling = sums @ sums.T * (groups / max(groups - 1, 1))
    return np.asarray(bread @ filling @ bread, dtype=float)


def is_robust(sample: Sample, robust: bool | None) -> bool:
    """Whether to take the sandwich: as asked, else where weights differ or clusters repeat."""
    if robust is not None:
        return robust
    return bool((sample.weight != 1).any() or len(np.unique(sample.cluster)) < sample.n)


def linear(fit: Fitted, value: float, gradient: Floats, confidence: float) -> Estimate:
    """Wald interval and test against zero of a function of the parameters (delta method).

    Args:
        fit: the fit; with degrees of freedom (pooled) by Student's t, else by the normal.
        value: the function at the estimates.
        gradient: its derivatives by the parameters, (p,).
        confidence: level of the interval.
    """
    error = float(np.sqrt(max(float(gradient @ fit.covariance @ gradient), 0.0)))
    df: Floats = getattr(fit, "df", np.full(len(gradient), np.inf))
    least = float(np.min(np.where(gradient != 0, df, np.inf)))
    half = float(stats.t.ppf(0.5 + confidence / 2, least)) * error
    p = float(2 * stats.t.sf(abs(value) / error, least)) if error > 0 else float("nan")
    return Estimate(float(value), value - half, value + half, p)


def mapped(raw: Estimate, function: Callable[[float], Any]) -> Estimate:
    """An estimate and its interval on another, rising scale; the test stays as it is."""
    with np.errstate(over="ignore"):
        value, low, high = (float(function(part)) for part in (raw.value, raw.low, raw.high))
    return Estimate(value, low, high, raw.p_value)


def exponential(raw: Estimate) -> Estimate:
    """An estimate of a logarithm turned into one of the thing itself."""
    return mapped(raw, np.exp)


def logistic(raw: Estimate) -> Estimate:
    """An estimate of a logit turned into one of the share."""
    return mapped(raw, special.expit)._replace(p_value=float("nan"))
