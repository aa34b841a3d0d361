r"""Accelerated failure time models of the time to the first product.

.. math:: \log T_i = \mu + x_i'\beta + \sigma \varepsilon_i

with :math:`\varepsilon` of smallest extreme value, normal or logistic (Weibull, log-normal,
log-logistic time). :math:`e^{\beta}` is a time ratio: every quantile of one region over that of
another. Fitted by maximum likelihood with weights, left truncation, right censoring and events
known only to an interval. References: Kalbfleisch and Prentice (2002), The Statistical Analysis of
Failure Time Data, ch. 3 and 7; Wei (1992), https://doi.org/10.1002/sim.4780111409.

All results are taken to have a product some day. Where many never do, a mixture cure model
(`cure`) tells whether from when; here both move the location.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gapstudy.errors import FitError
from gapstudy.measure.models.distributions import Family, family
from gapstudy.measure.models.location_scale import LogSpells, Pieces, pieces
from gapstudy.measure.models.maximum_likelihood import (
    Estimate,
    Fitted,
    Maximum,
    Point,
    check_design,
    check_times,
    covariance,
    exponential,
    is_robust,
    linear,
    maximise,
    standardised,
)
from gapstudy.measure.models.sample import Fit, Floats, Sample

INTERCEPT, LOG_SCALE = "intercept", "log_scale"
#: Smallest log scale: below it the times do not vary around the model at all.
_NO_SPREAD = -12.0


def fit(
    sample: Sample,
    distribution: str,
    *,
    upper: ArrayLike | None = None,
    robust: bool | None = None,
) -> Fit:
    """Fit the model.

    Args:
        sample: the spells; any kind of event counts.
        distribution: weibull, log-normal or log-logistic.
        upper: upper end of each event's time where the sample's time is only its lower end, (n,);
            missing where the time is known.
        robust: whether the covariance is the sandwich by cluster; None: where weights differ from
            one or clusters repeat.

    Returns:
        Parameters: intercept, one per covariate (log time ratios), log_scale.

    Raises:
        FitError: no event, too few, collinear or separating covariates, no spread, no convergence.
    """
    kind = family(distribution)
    used = sample.weight > 0
    part = sample.only(used)
    ends = None if upper is None else np.asarray(upper, dtype=float).ravel()[used]
    check_design(part, range(len(part.names)), len(part.names) + 2)
    check_times(part, ends)
    data = LogSpells.of(part, ends)
    design, back = standardised(part.covariates, part.weight)
    best = search(kind, data, design, part)
    settled(best, part.n)
    turn = np.eye(len(best.theta))
    turn[:-1, :-1] = back
    scores = None
    if is_robust(part, robust):
        made = pieces(kind, data, design @ best.theta[:-1], best.theta[-1])
        scores = _scores(made, design) * part.weight[:, None]
    spread = covariance(best.point.bend, scores, part.cluster)
    return Fit(
        (INTERCEPT, *part.names, LOG_SCALE), turn @ best.theta, turn @ spread @ turn.T,
        best.point.value, part.n, part.events, len(np.unique(part.cluster)), zero_note(part),
    )  # fmt: skip


def search(kind: Family, data: LogSpells, design: Floats, part: Sample) -> Maximum:
    """The maximum in the standardised parameters, whether or not it may be shown."""
    weight = part.weight
    event = part.event > 0
    deaths = float(weight[event].sum())

    def log_likelihood(theta: Floats) -> Point:
        made = pieces(kind, data, design @ theta[:-1], float(theta[-1]))
        return total(made, design, weight)

    exposure = float(weight @ (part.positive - part.entry))
    start = np.zeros(design.shape[1] + 1)
    start[0] = np.log(exposure / deaths)
    return maximise(log_likelihood, start, deaths)


def total(made: Pieces, design: Floats, weight: Floats) -> Point:
    """Log-likelihood of all spells with derivatives by coefficients and log scale."""
    p = design.shape[1]
    slope, bend = np.empty(p + 1), np.empty((p + 1, p + 1))
    slope[:p] = design.T @ (weight * made.slope[0])
    slope[p] = weight @ made.slope[1]
    bend[:p, :p] = design.T @ (design * (weight * made.bend[0, 0])[:, None])
    bend[p, :p] = bend[:p, p] = design.T @ (weight * made.bend[0, 1])
    bend[p, p] = weight @ made.bend[1, 1]
    return Point(float(weight @ made.value), slope, bend)


def settled(best: Maximum, n: int) -> None:
    """Refuse a search that ended anywhere but at a proper maximum.

    Raises:
        FitError: no spread, a flat likelihood, or no convergence.
    """
    if best.theta[-1] < _NO_SPREAD:
        raise FitError(
            "the times do not vary around the model",
            remedy="Leave out covariates, or give intervals for tied times",
        )
    if best.flat:
        raise FitError(
            "the likelihood is flat: some parameter has no finite estimate",
            remedy="A group without any event separates the data: leave it out",
        )
    if not best.converged:
        raise FitError(
            f"the search did not converge on {n} spells",
            remedy="Look for extreme covariates or times, or use another distribution",
        )


def aic(fitted: Fit) -> float:
    """Akaike's information criterion; with weights, of the weighted likelihood."""
    return 2 * len(fitted.names) - 2 * fitted.log_likelihood


def zero_note(sample: Sample) -> str:
    """Note on spells of zero days."""
    zero = int(((sample.time <= sample.entry) | (sample.time == 0)).sum())
    return f"{zero} spells of zero days counted as half a day" if zero else ""


def quantile(
    fitted: Fitted, distribution: str, share: float, row: ArrayLike, confidence: float,
    prefix: str = "",
) -> Estimate:  # fmt: skip
    """Time by which a share of the events has happened, years, with its interval.

    The interval is taken for the logarithm.

    Args:
        fitted: a fit, or a pool of fits.
        distribution: its distribution.
        share: between 0 and 1; 0.5 gives the median.
        row: values of the covariates.
        confidence: level of the interval.
        prefix: what the names of the parameters begin with.
    """
    z = family(distribution).quantile(share)
    gradient = np.zeros(len(fitted.names))
    first = fitted.names.index(prefix + INTERCEPT)
    last = fitted.names.index(prefix + LOG_SCALE)
    gradient[first:last] = np.concatenate([[1.0], np.asarray(row, dtype=float).ravel()])
    value = float(gradient @ fitted.estimate)
    gradient[last] = z * float(np.exp(fitted.estimate[last]))
    raw = exponential(linear(fitted, value + gradient[last], gradient, confidence))
    return raw._replace(p_value=float("nan"))


def time_ratio(
    fitted: Fitted, row: ArrayLike, versus: ArrayLike, confidence: float, prefix: str = ""
) -> Estimate:
    """Ratio of any quantile, the median say, between two values of the covariates.

    Args:
        fitted: a fit, or a pool of fits.
        row: values of the covariates.
        versus: values of the covariates that it is compared with.
        confidence: level of the interval.
        prefix: what the names of the parameters begin with.
    """
    gradient = np.zeros(len(fitted.names))
    first = fitted.names.index(prefix + INTERCEPT)
    last = fitted.names.index(prefix + LOG_SCALE)
    gap = np.asarray(row, dtype=float) - np.asarray(versus, dtype=float)
    gradient[first + 1 : last] = gap
    return exponential(linear(fitted, float(gradient @ fitted.estimate), gradient, confidence))


def _scores(made: Pieces, design: Floats) -> Floats:
    return np.column_stack([design * made.slope[0][:, None], made.slope[1]])
