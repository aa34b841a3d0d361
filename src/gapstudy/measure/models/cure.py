r"""Mixture cure models: whether a result ever has a product, and when, told apart.

A share :math:`\pi(x)` of the results ever has a product; those that do take a Weibull, log-normal
or log-logistic time; the others never have one:

.. math:: S(t \mid x) = 1 - \pi(x) + \pi(x) S_0(t \mid x), \quad
          \mathrm{logit}\,\pi(x) = \gamma_0 + x'\gamma, \quad
          \log T = \mu + x'\beta + \sigma\varepsilon .

References: Boag (1949), Journal of the Royal Statistical Society B 11; Farewell (1982),
https://doi.org/10.2307/2529885; Sy and Taylor (2000),
https://doi.org/10.1111/j.0006-341X.2000.00227.x. The likelihood can have several maxima: it is
climbed from fixed starts. It says nothing of never where follow-up is short: see
`sufficient_followup`, and the test of no cure below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from gapstudy.errors import FitError
from gapstudy.measure.models import aft
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
    is_robust,
    linear,
    logistic,
    maximise,
    standardised,
)
from gapstudy.measure.models.sample import Fit, Floats, Sample

INCIDENCE, LATENCY = "incidence_", "latency_"
#: Logit of a share that is one for all purposes.
_EVERYONE = 8.0
#: Standard error of a logit beyond which the data hardly tell never from late.
_VAGUE = 1.0
#: More spells than this choose their start on a part of them.
_MANY, _PART = 50_000, 20_000


class NoCure(NamedTuple):
    """Likelihood-ratio test of no cured part.

    Attributes:
        deviance: twice the gain in log-likelihood by a cured part.
        p_value: its p-value.
        aic_without: Akaike's criterion of the model without a cured part.
        aic_with: that of the model with one.
        note: what limits the test, else empty.
    """

    deviance: float
    p_value: float
    aic_without: float
    aic_with: float
    note: str


class _Model(NamedTuple):
    """The parts of one model that the search needs."""

    kind: Family
    sample: Sample
    data: LogSpells
    whether: Floats
    when: Floats
    back: Floats


def fit(
    sample: Sample,
    distribution: str,
    *,
    incidence: Sequence[str] | None = None,
    latency: Sequence[str] | None = None,
    upper: ArrayLike | None = None,
    robust: bool | None = None,
) -> Fit:
    """Fit the model.

    Args:
        sample: the spells; any kind of event counts.
        distribution: weibull, log-normal or log-logistic: of the time among those who ever have it.
        incidence: covariates of whether; None takes all.
        latency: covariates of when; None takes all.
        upper: upper end of each event's time where the sample's time is only its lower end, (n,).
        robust: whether the covariance is the sandwich by cluster; None: where weights differ from
            one or clusters repeat.

    Returns:
        Parameters: incidence_intercept, incidence_... (log odds ratios), latency_intercept,
        latency_... (log time ratios), latency_log_scale.

    Raises:
        FitError: no event, too few, collinear or separating covariates, no spread, a share at a
            boundary (none is left who never converts), a flat likelihood, no convergence.
    """
    model, names = _prepare(sample, distribution, incidence, latency, upper)
    part = model.sample
    best = _climb(model)
    _inside(best, model)
    aft.settled(best, part.n)
    scores = None
    if is_robust(part, robust):
        scores = _scores(_pieces(model, best.theta), model) * part.weight[:, None]
    spread = model.back @ covariance(best.point.bend, scores, part.cluster) @ model.back.T
    note = aft.zero_note(part)
    if np.sqrt(spread[0, 0]) > _VAGUE:
        vague = "the data hardly tell never from late: very wide interval"
        note = f"{note}; {vague}" if note else vague
    return Fit(
        names, model.back @ best.theta, spread, best.point.value, part.n, part.events,
        len(np.unique(part.cluster)), note,
    )  # fmt: skip


def no_cure_test(sample: Sample, distribution: str, *, upper: ArrayLike | None = None) -> NoCure:
    """Test whether a cured part is needed: one share for all, covariates in the latency.

    No cure lies on the edge of the model, so twice the gain in log-likelihood is under the null
    zero in one half of all samples and chi-squared with one degree of freedom in the other: Self
    and Liang (1987), https://doi.org/10.1080/01621459.1987.10478472, case 5; for cure models Maller
    and Zhou (1995), Testing for the presence of immune or cured individuals in censored survival
    data, Biometrics 51.

    Raises:
        FitError: see `fit`; a share at the boundary is no error here but a deviance of zero.
    """
    whole = aft.fit(sample, distribution, upper=upper, robust=False)
    model, names = _prepare(sample, distribution, (), None, upper)
    value = max(_climb(model).point.value, whole.log_likelihood)
    deviance = 2 * (value - whole.log_likelihood)
    if deviance < 1e-6:
        deviance = 0.0
    p = 0.5 * float(stats.chi2.sf(deviance, 1)) if deviance > 0 else 1.0
    part = model.sample
    note = ""
    if is_robust(part, None):
        note = "approximate: weights or repeated results"
    return NoCure(deviance, p, aft.aic(whole), 2 * len(names) - 2 * value, note)


def eventual_share(fitted: Fitted, row: ArrayLike, confidence: float) -> Estimate:
    """Share that ever has the event, with an interval taken for its logit.

    Args:
        fitted: a fit, or a pool of fits.
        row: values of the covariates of the incidence.
        confidence: level of the interval.
    """
    gradient = _whether(fitted, row)
    return logistic(linear(fitted, float(gradient @ fitted.estimate), gradient, confidence))


def share_difference(
    fitted: Fitted, row: ArrayLike, versus: ArrayLike, confidence: float
) -> Estimate:
    """Difference of two eventual shares with interval and test (delta method).

    Args:
        fitted: a fit, or a pool of fits.
        row: values of the covariates of the incidence.
        versus: those that it is compared with.
        confidence: level of the interval.
    """
    first, second = _whether(fitted, row), _whether(fitted, versus)
    a, b = (float(special.expit(item @ fitted.estimate)) for item in (first, second))
    gradient = a * (1 - a) * first - b * (1 - b) * second
    return linear(fitted, a - b, gradient, confidence)


def converter_time(
    fitted: Fitted, distribution: str, row: ArrayLike, confidence: float, share: float = 0.5
) -> Estimate:
    """Time by which a share of those who ever have the event has had it, years.

    Args:
        fitted: a fit, or a pool of fits.
        distribution: its distribution.
        row: values of the covariates of the latency.
        confidence: level of the interval.
        share: 0.5 gives the median.
    """
    return aft.quantile(fitted, distribution, share, row, confidence, LATENCY)


def converter_ratio(
    fitted: Fitted, row: ArrayLike, versus: ArrayLike, confidence: float
) -> Estimate:
    """Ratio of times among those who ever have the event."""
    return aft.time_ratio(fitted, row, versus, confidence, LATENCY)


def _whether(fitted: Fitted, row: ArrayLike) -> Floats:
    gradient = np.zeros(len(fitted.names))
    values = np.concatenate([[1.0], np.asarray(row, dtype=float).ravel()])
    gradient[: len(values)] = values
    return gradient


def _prepare(
    sample: Sample, distribution: str, incidence: Sequence[str] | None,
    latency: Sequence[str] | None, upper: ArrayLike | None,
) -> tuple[_Model, tuple[str, ...]]:  # fmt: skip
    used = sample.weight > 0
    part = sample.only(used)
    ends = None if upper is None else np.asarray(upper, dtype=float).ravel()[used]
    first, second = (
        [part.names.index(name) for name in (part.names if chosen is None else chosen)]
        for chosen in (incidence, latency)
    )
    check_design(part, first, len(first) + len(second) + 3)
    check_design(part, second, len(first) + len(second) + 3)
    check_times(part, ends)
    whether, back = standardised(part.covariates[:, first], part.weight)
    when, other = standardised(part.covariates[:, second], part.weight)
    p, q = len(first) + 1, len(second) + 1
    turn = np.eye(p + q + 1)
    turn[:p, :p], turn[p : p + q, p : p + q] = back, other
    names = (
        INCIDENCE + aft.INTERCEPT, *(INCIDENCE + part.names[j] for j in first),
        LATENCY + aft.INTERCEPT, *(LATENCY + part.names[j] for j in second),
        LATENCY + aft.LOG_SCALE,
    )  # fmt: skip
    data = LogSpells.of(part, ends)
    return _Model(family(distribution), part, data, whether, when, turn), names


def _pieces(model: _Model, theta: Floats) -> Pieces:
    p = model.whether.shape[1]
    return pieces(
        model.kind, model.data, model.when @ theta[p:-1], float(theta[-1]),
        model.whether @ theta[:p],
    )  # fmt: skip


def _total(model: _Model, theta: Floats) -> Point:
    """Log-likelihood of all spells with derivatives by incidence, latency and log scale."""
    made, weight, x = _pieces(model, theta), model.sample.weight, model.whether
    late = aft.total(made, model.when, weight)
    p, size = x.shape[1], len(theta)
    slope, bend = np.empty(size), np.empty((size, size))
    slope[:p], slope[p:] = x.T @ (weight * made.slope[2]), late.slope
    bend[:p, :p] = x.T @ (x * (weight * made.bend[2, 2])[:, None])
    bend[p:, p:] = late.bend
    bend[:p, p:-1] = x.T @ (model.when * (weight * made.bend[2, 0])[:, None])
    bend[:p, -1] = x.T @ (weight * made.bend[2, 1])
    bend[p:, :p] = bend[:p, p:].T
    return Point(late.value, slope, bend)


def _climb(model: _Model) -> Maximum:
    """The highest maximum from the fixed starts."""
    many = model.sample.n > _MANY
    starts = [_climb(_thinned(model)).theta] if many else _starts(model)
    events = float(model.sample.weight[model.sample.event > 0].sum())
    found = [maximise(lambda theta: _total(model, theta), start, events) for start in starts]
    return max(found, key=lambda item: item.point.value)


def _starts(model: _Model) -> list[Floats]:
    """Three guesses: nearly all who will convert have, half of the others will, nearly all will."""
    part = model.sample
    event = part.event > 0
    weight, logs = part.weight[event], np.log(part.positive[event])
    seen = float(weight.sum() / part.weight.sum())
    mean = float(weight @ logs / weight.sum())
    spread = max(float(np.sqrt(weight @ (logs - mean) ** 2 / weight.sum())), 0.1)
    exposure = float(np.log(part.weight @ (part.positive - part.entry) / weight.sum()))
    p, size = model.whether.shape[1], model.whether.shape[1] + model.when.shape[1] + 1
    result = []
    for share, location, scale in (
        (min(1.1 * seen, 0.98), mean, spread),
        (0.5 + 0.5 * min(seen, 0.96), mean + 0.5 * spread, 1.2 * spread),
        (0.98, exposure, 1.0),
    ):
        start = np.zeros(size)
        start[0], start[p], start[-1] = special.logit(share), location, np.log(scale)
        result.append(start)
    return result


def _thinned(model: _Model) -> _Model:
    """Every so-many-th spell, events and others alike."""
    rows = np.zeros(model.sample.n, dtype=bool)
    rows[:: max(model.sample.n // _PART, 1)] = True
    data = model.data
    keep = {
        "time": data.time[rows], "upper": data.upper[rows[data.between]],
        "entry": data.entry[rows[data.late]],
    }  # fmt: skip
    place = np.cumsum(rows) - 1
    exact, between, censored, late = (
        place[item[rows[item]]] for item in (data.exact, data.between, data.censored, data.late)
    )
    thin = LogSpells(keep["time"], exact, between, keep["upper"], censored, late, keep["entry"])
    return model._replace(
        sample=model.sample.only(rows), data=thin, whether=model.whether[rows],
        when=model.when[rows],
    )  # fmt: skip


def _inside(best: Maximum, model: _Model) -> None:
    """Refuse a share at its boundary.

    Raises:
        FitError: the share runs to one for some of the spells.
    """
    highest = float((model.whether @ best.theta[: model.whether.shape[1]]).max())
    if best.flat and highest > _EVERYONE:
        raise FitError(
            "the share that ever has the event runs to one: the curve has no flat end",
            remedy="Read the model without a cured part, and the test of no cure",
        )


def _scores(made: Pieces, model: _Model) -> Floats:
    return np.column_stack(
        [model.whether * made.slope[2][:, None], model.when * made.slope[0][:, None], made.slope[1]]
    )
