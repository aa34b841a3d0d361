r"""Simultaneous confidence bands: intervals that hold at all times of a range at once.

For plain samples (no weights, no delayed entry), with Greenwood's sum :math:`\sigma^2(t)` and
:math:`a(t) = n\sigma^2 / (1 + n\sigma^2)`:

- Hall-Wellner: :math:`\hat S(t) \pm k\, n^{-1/2} (1 + n\sigma^2(t))\, \hat S(t)`, with k the
  quantile of the largest absolute Brownian bridge between :math:`a(t_L)` and :math:`a(t_U)`, here
  by the exact transition density between two walls. Hall and Wellner (1980),
  https://doi.org/10.1093/biomet/67.1.133.
- equal precision: :math:`\hat S(t) \pm c\, \sigma(t)\, \hat S(t)`, with c the quantile of the
  bridge over its standard deviation, by the tail formula
  :math:`\frac{4\varphi(c)}{c} + \varphi(c) (c - \frac1c) \log\frac{a_U (1 - a_L)}{a_L (1 - a_U)}`.
  Nair (1984), Technometrics 26, 265-275; Klein and Moeschberger (2003), sec. 4.4.

Both on the plain scale, or on that of log(-log S), where ends stay between 0 and 1. For any curve
with influences see `processes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models.risk_sets import risk_sets
from gapstudy.measure.models.sample import Floats, Sample

Kind = Literal["hall-wellner", "equal-precision"]
Scale = Literal["plain", "log-log"]
_NODES = 64
_IMAGES = np.arange(-6, 7)
#: Ranges shorter than this are widened to it, which errs to the wide side.
_SHORTEST = 1e-2


@dataclass(frozen=True)
class Band:
    """A curve with a simultaneous band.

    Attributes:
        time: times at which the curve steps or was asked for, (T,).
        estimate: the curve, (T,).
        low: lower end, (T,).
        high: upper end, (T,).
        critical: quantile behind the band.
    """

    time: Floats
    estimate: Floats
    low: Floats
    high: Floats
    critical: float


def survival_band(
    sample: Sample,
    kind: Kind,
    confidence: float = 0.95,
    *,
    scale: Scale = "log-log",
    start: float | None = None,
    end: float | None = None,
) -> Band:
    """Kaplan-Meier curve of a plain sample with its band, at the event times.

    Args:
        sample: the spells; an event of any kind counts.
        kind: hall-wellner or equal-precision.
        confidence: level over the whole range.
        scale: plain or log-log.
        start: begin of the range; the first event time by default.
        end: end of the range; the last event time with others left after it by default.

    Raises:
        FitError: weights, clusters or delayed entry, or fewer than two usable event times.
    """
    plain = (sample.weight == 1).all() and len(np.unique(sample.cluster)) == sample.n
    if not plain or (sample.entry > 0).any():
        raise FitError(
            f"the {kind} band needs spells of weight one, independent and without delayed entry",
            remedy="Use the band of the influence process",
        )
    table = risk_sets(sample, np.zeros(sample.n, dtype=np.int64), 1)
    died, risk = table.died[:, 0], table.at_risk[:, 0]
    curve: Floats = np.asarray(np.cumprod(1 - died / np.where(risk > 0, risk, 1.0)), float)
    use = risk > died
    if start is not None:
        use &= table.time >= start
    if end is not None:
        use &= table.time <= end
    greenwood = np.cumsum(died / np.where(risk > died, risk * (risk - died), np.inf))
    if use.sum() < 2:
        raise FitError("fewer than two event times with spells left after them lie in the range",
                       remedy="Widen the range, or give no band")  # fmt: skip
    time, estimate, spread = table.time[use], curve[use], greenwood[use]
    a = sample.n * spread / (1 + sample.n * spread)
    if kind == "hall-wellner":
        critical = hall_wellner_critical(float(a[0]), float(a[-1]), confidence)
        half = critical * (1 + sample.n * spread) / np.sqrt(sample.n)
    else:
        critical = equal_precision_critical(float(a[0]), float(a[-1]), confidence)
        half = critical * np.sqrt(spread)
    low, high = ends(estimate, half * estimate, scale)
    return Band(time, estimate, low, high, critical)


def ends(curve: Floats, half: Floats, scale: Scale) -> tuple[Floats, Floats]:
    r"""Lower and upper ends around survival probabilities.

    On the log-log scale :math:`S^{\exp(\mp h / (S \log S))}`; where the curve is 0 or 1 that scale
    has no width, and the ends are the curve itself.

    Args:
        curve: survival probabilities.
        half: half widths on the plain scale.
        scale: plain or log-log.
    """
    if scale == "plain":
        return np.clip(curve - half, 0.0, 1.0), np.clip(curve + half, 0.0, 1.0)
    inside = (curve > 0) & (curve < 1)
    safe = np.where(inside, curve, 0.5)
    factor = np.exp(np.minimum(half / np.abs(safe * np.log(safe)), 700.0))
    return (
        np.where(inside, safe**factor, curve),
        np.where(inside, safe ** (1 / factor), curve),
    )  # fmt: skip


def hall_wellner_critical(low: float, high: float, confidence: float) -> float:
    """Quantile of the largest absolute Brownian bridge between two times.

    Args:
        low: first time, 0 to 1.
        high: last time, above `low`.
        confidence: level.
    """
    from scipy import optimize

    def miss(k: float) -> float:
        return bridge_within(k, low, high) - confidence

    return float(optimize.brentq(miss, 1e-3, 6.0, xtol=1e-10))


def bridge_within(k: float, low: float, high: float) -> float:
    """Probability that a Brownian bridge stays between -k and k from one time to another.

    Args:
        k: the wall.
        low: first time, 0 to 1.
        high: last time, above `low`, at most 1.
    """
    node, width = np.polynomial.legendre.leggauss(_NODES)
    # Where the bridge can be at both ends: between the walls, within eight standard deviations.
    high = max(high, min(low + _SHORTEST, 1.0))
    left, right = min(k, 8 * np.sqrt(low)), min(k, 8 * np.sqrt(1 - high))
    begin, begin_weight = (left * node, left * width) if low > 0 else (np.zeros(1), np.ones(1))
    finish, finish_weight = (right * node, right * width) if high < 1 else (np.zeros(1), np.ones(1))
    if low > 0:
        begin_weight = begin_weight * _density(begin, low)
    # A bridge is a Brownian motion that ends at zero at time one.
    if high < 1:
        finish_weight = finish_weight * _density(finish, 1 - high)
    x, y = begin[:, None, None], finish[None, :, None]
    move = _density(y - x - 4 * k * _IMAGES, high - low)
    move = move - _density(y + x - 4 * k * _IMAGES - 2 * k, high - low)
    total = begin_weight @ move.sum(axis=-1) @ finish_weight
    return float(total * np.sqrt(2 * np.pi))


def _density(x: Floats, variance: float) -> Floats:
    """Normal density around zero."""
    return np.asarray(np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance), dtype=float)


def equal_precision_critical(low: float, high: float, confidence: float) -> float:
    """Quantile of the largest standardised Brownian bridge, by its tail formula.

    Args:
        low: first time, above 0.
        high: last time, below 1.
        confidence: level.
    """
    from scipy import optimize

    span = float(np.log(high * (1 - low) / (low * (1 - high))))

    def miss(c: float) -> float:
        density = float(stats.norm.pdf(c))
        return density * (4 / c + (c - 1 / c) * span) - (1 - confidence)

    return float(optimize.brentq(miss, 1.3, 12.0, xtol=1e-10))
