r"""Three distributions of time in location-scale form of log time.

With location :math:`\mu` and scale :math:`\sigma`, :math:`z = (\log t - \mu) / \sigma` has a
standard distribution; time is Weibull, log-normal or log-logistic as z is of smallest extreme
value, normal or logistic. Then :math:`\log f(t) = \log g(z) - \log(\sigma t)` and
:math:`S(t) = G(z)`, with

======================  ==============================  ===========================
time                    :math:`\log g(z)`               :math:`\log G(z)`
======================  ==============================  ===========================
Weibull                 :math:`z - e^z`                 :math:`-e^z`
log-normal              :math:`-z^2/2 - \log\sqrt{2\pi}`  :math:`\log \Phi(-z)`
log-logistic            :math:`z - 2\log(1 + e^z)`      :math:`-\log(1 + e^z)`
======================  ==============================  ===========================

A Weibull time has shape :math:`1/\sigma` and scale :math:`e^\mu`. Reference: Kalbfleisch and
Prentice (2002), The Statistical Analysis of Failure Time Data, ch. 2.2 and 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats

_HALF_LOG_2PI = 0.5 * float(np.log(2 * np.pi))
#: Beyond this the exponential leaves the floating-point numbers.
_LARGEST = 700.0


class Curve(NamedTuple):
    """A function at some points with its first two derivatives, of one shape."""

    value: Floats
    slope: Floats
    bend: Floats


@dataclass(frozen=True)
class Family:
    """One distribution.

    Attributes:
        name: weibull, log-normal or log-logistic.
        log_density: log g with derivatives, at standardised log times.
        log_survival: log G with derivatives.
        quantile: z by which a share of the events has happened.
    """

    name: str
    log_density: Callable[[Floats], Curve]
    log_survival: Callable[[Floats], Curve]
    quantile: Callable[[float], float]


def family(name: str) -> Family:
    """A distribution by its name.

    Raises:
        FitError: there is none of that name.
    """
    if name not in FAMILIES:
        raise FitError(f"no distribution is called {name}",
                       remedy=f"Use {', '.join(FAMILIES)}")  # fmt: skip
    return FAMILIES[name]


def _extreme_density(z: Floats) -> Curve:
    power = np.exp(np.minimum(z, _LARGEST))
    return Curve(z - power, 1 - power, -power)


def _extreme_survival(z: Floats) -> Curve:
    power = np.exp(np.minimum(z, _LARGEST))
    return Curve(-power, -power, -power)


def _normal_density(z: Floats) -> Curve:
    return Curve(-0.5 * z * z - _HALF_LOG_2PI, -z, np.full_like(z, -1.0))


def _normal_survival(z: Floats) -> Curve:
    value = special.log_ndtr(-z)
    hazard = np.exp(-0.5 * z * z - _HALF_LOG_2PI - value)
    return Curve(value, -hazard, -hazard * (hazard - z))


def _logistic_density(z: Floats) -> Curve:
    done = special.expit(z)
    return Curve(z - 2 * np.logaddexp(0.0, z), 1 - 2 * done, -2 * done * special.expit(-z))


def _logistic_survival(z: Floats) -> Curve:
    done = special.expit(z)
    return Curve(-np.logaddexp(0.0, z), -done, -done * special.expit(-z))


FAMILIES = {
    item.name: item
    for item in (
        Family("weibull", _extreme_density, _extreme_survival,
               lambda share: float(np.log(-np.log1p(-share)))),
        Family("log-normal", _normal_density, _normal_survival,
               lambda share: float(special.ndtri(share))),
        Family("log-logistic", _logistic_density, _logistic_survival,
               lambda share: float(special.logit(share))),
    )
}  # fmt: skip
