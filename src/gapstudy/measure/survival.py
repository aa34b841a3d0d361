r"""Kaplan-Meier curves and restricted mean time for many samples at once, with weights.

The curve of a region is that of all results, each weighted by its credit to the region. With
weights :math:`w_i`, at-risk sum :math:`Y_j` and event sum :math:`d_j` at the event times
:math:`t_j`,

.. math:: \hat S(t) = \prod_{t_j \le t} (1 - d_j / Y_j), \qquad
          \widehat{RMST}(\tau) = \int_0^\tau \hat S(u)\,du.

Variances are sums of squared influences of the results (infinitesimal jackknife): the influence of
result i is :math:`w_i \partial \hat\theta / \partial w_i`, here

.. math:: -w_i \Big[ \frac{\delta_i c_i}{Y_i - d_i} -
          \sum_{t_j \le T_i} \frac{d_j\, c_j}{Y_j (Y_j - d_j)} \Big], \quad
          c_j = S(t) 1\{t_j \le t\} \text{ or } \int_{t_j}^{\tau} S(u)\,du .

Without weights and with a common start this is Greenwood's variance to the last digit; with weights
or delayed entry it is its robust counterpart, and a result that counts for two regions gives their
covariance. References: Kaplan and Meier (1958);
Greenwood (1926); Efron (1981), https://doi.org/10.1080/01621459.1981.10477650; restricted mean:
Royston and Parmar (2013), https://doi.org/10.1186/1471-2288-13-152.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gapstudy.errors import FitError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: At-risk sums below this are rounding left over from weights, not results.
_NOTHING = 1e-9


@dataclass(frozen=True)
class Steps:
    """The ordered steps of M samples of n results under K sets of weights.

    Results stand in order of time, events before censorings of the same time. Tied events are
    taken one after another, which leaves the curve and its derivatives as they are.

    Attributes:
        order: positions of the results in order of time, (M, n).
        time: their times in that order, (M, n).
        event: whether the time ends in an event, (M, n).
        weight: their weights, (M, n, K).
        at_risk: weight at risk just before each step, Y, (M, n, K).
        gain: 1 / (Y - d) at events, else 0: effect of an event on the result that has it.
        loss: d / (Y (Y - d)): effect of an event on every result at risk.
        after: the curve after each step, (M, n, K).
        entered: steps at or before each result's entry, (M, n); None when all enter at the start.
    """

    order: NDArray[np.intp]
    time: Floats
    event: Bools
    weight: Floats
    at_risk: Floats
    gain: Floats
    loss: Floats
    after: Floats
    entered: NDArray[np.intp] | None

    @property
    def before(self) -> Floats:
        """The curve just before each step, (M, n, K)."""
        return np.concatenate([np.ones_like(self.after[:, :1]), self.after[:, :-1]], axis=1)

    def influence(self, gain: Floats, loss: Floats) -> Floats:
        """Influences of the results, (M, n, K), in the order in which they were given.

        Args:
            gain: effect of a step on the result that it belongs to, (M, n, K).
            loss: effect of a step on every result at risk in it, (M, n, K).
        """
        passed = np.cumsum(loss, axis=1)
        if self.entered is not None:
            padded = np.concatenate([np.zeros_like(passed[:, :1]), passed], axis=1)
            passed = passed - np.take_along_axis(padded, self.entered[:, :, None], axis=1)
        result = np.empty_like(passed)
        np.put_along_axis(result, self.order[:, :, None], self.weight * (gain - passed), axis=1)
        return result

    def index(self, horizons: ArrayLike) -> NDArray[np.intp]:
        """Number of steps at or before each horizon, (M, H)."""
        at = np.atleast_1d(np.asarray(horizons, float))
        return np.asarray((self.time[:, :, None] <= at).sum(axis=1), dtype=np.intp)

    def read(self, values: Floats, horizons: ArrayLike, start: float) -> Floats:
        """A step function at the horizons, (M, H, K): `values` after each step, `start` before."""
        first = np.full_like(values[:, :1], start)
        padded = np.concatenate([first, values], axis=1)
        return np.take_along_axis(padded, self.index(horizons)[:, :, None], axis=1)


@dataclass(frozen=True)
class Estimates:
    """Estimates of M samples under K sets of weights with the influence of each result.

    Attributes:
        value: estimates, (M, K, H); H horizons.
        influence: influence of each result on each, (M, n, K, H).
        at_risk: weight of the results still followed after the horizon, (M, K, H).
    """

    value: Floats
    influence: Floats
    at_risk: Floats

    @property
    def variance(self) -> Floats:
        """Variances, (M, K, H)."""
        return np.asarray(np.square(self.influence).sum(axis=1), dtype=float)

    def covariance(self, first: int, second: int) -> Floats:
        """Covariance of two sets of weights, (M, H)."""
        return np.asarray(
            (self.influence[:, :, first] * self.influence[:, :, second]).sum(axis=1), dtype=float
        )


def check(time: ArrayLike, entry: ArrayLike | None = None, weight: ArrayLike | None = None) -> None:
    """Refuse durations that no survival estimate can use.

    Raises:
        FitError: a duration is missing, infinite or negative, a late entry is not before its exit,
            or a weight is negative. statsmodels takes the first two in silence.
    """
    times = np.asarray(time, float)
    bad = ~np.isfinite(times) | (times < 0)
    if bad.any():
        raise FitError(
            f"{int(bad.sum())} durations are negative or missing, first {times[bad].flat[0]}",
            remedy="A product before its result is a wrong link or date: classify it",
        )
    starts = np.zeros_like(times) if entry is None else np.asarray(entry, float)
    if ((starts >= times) & (starts > 0)).any():
        raise FitError(
            "some results enter at or after their exit",
            remedy="Leave out results that were never under observation",
        )
    if weight is not None and (~(np.asarray(weight, float) >= 0)).any():
        raise FitError("a weight is negative or missing", remedy="Credits lie between 0 and 1")


def steps(
    time: ArrayLike, event: ArrayLike, weight: ArrayLike, *, entry: ArrayLike | None = None
) -> Steps:
    """Order the results and compute what every estimate needs.

    Args:
        time: time to the event or to censoring, (M, n); the unit is the caller's.
        event: whether it is an event, (M, n).
        weight: weights, (n, K) or (M, n, K).
        entry: time after which each result is under observation, (M, n) or (n,); zero, or left
            out, is from the start.

    Raises:
        FitError: see `check`.
    """
    check(time, entry, weight)
    times = np.atleast_2d(np.asarray(time, float))
    events = np.broadcast_to(np.atleast_2d(np.asarray(event, bool)), times.shape)
    weights = np.asarray(weight, float)
    weights = np.broadcast_to(weights, (*times.shape, weights.shape[-1]))
    order = np.lexsort((~events, times), axis=1)
    time_, event_ = np.take_along_axis(times, order, 1), np.take_along_axis(events, order, 1)
    weight_ = np.take_along_axis(weights, order[:, :, None], 1)
    risk: Floats = np.cumsum(weight_[:, ::-1], axis=1)[:, ::-1]
    entered = None
    if entry is not None:
        entries = np.broadcast_to(np.asarray(entry, float), times.shape)
        # Under observation from the start means at risk at time zero too.
        entries = np.where(entries > 0, entries, -np.inf)
        risk = risk - _not_entered(entries, weights, time_)
        late = np.take_along_axis(entries, order, 1)
        entered = np.stack(
            [np.searchsorted(a, b, side="right") for a, b in zip(time_, late, strict=True)]
        )
    died = weight_ * event_[:, :, None]
    left = risk - died
    some, more = risk > _NOTHING, left > _NOTHING
    safe_risk, safe_left = np.where(some, risk, 1.0), np.where(more, left, 1.0)
    factor = np.where(died > 0, np.where(more, safe_left / safe_risk, 0.0), 1.0)
    gain = np.where(more & event_[:, :, None], 1.0 / safe_left, 0.0)
    return Steps(
        order, time_, event_, weight_, risk, gain, died * gain / safe_risk,
        np.asarray(np.cumprod(factor, axis=1), dtype=float), entered,
    )  # fmt: skip


def _not_entered(entries: Floats, weights: Floats, times: Floats) -> Floats:
    """Weight of the results that are not yet under observation at each ordered time."""
    result = np.empty((*times.shape, weights.shape[-1]))
    for m, (entry, weight, time) in enumerate(zip(entries, weights, times, strict=True)):
        order = np.argsort(entry, kind="stable")
        total = np.concatenate([np.cumsum(weight[order][::-1], axis=0)[::-1], weight[:1] * 0])
        result[m] = total[np.searchsorted(entry[order], time, side="left")]
    return result


def incidence(table: Steps, horizons: ArrayLike) -> Estimates:
    """Share with an event by each horizon, 1 - S, with influences.

    Args:
        table: the ordered steps.
        horizons: times, (H,).
    """
    at = np.atleast_1d(np.asarray(horizons, float))
    curve = table.read(table.after, at, 1.0)
    values, parts = [], []
    for h, horizon in enumerate(at):
        use = (table.time <= horizon)[:, :, None]
        raw = table.influence(table.gain * use, table.loss * use)
        parts.append(raw * curve[:, h][:, None, :])
        values.append(1 - curve[:, h])
    return Estimates(np.stack(values, -1), np.stack(parts, -1), followed(table, at))


def restricted_mean(table: Steps, tau: float) -> Estimates:
    """Restricted mean time to the event up to `tau`, with influences.

    Args:
        table: the ordered steps.
        tau: upper limit, in the unit of the times.
    """
    ends = np.minimum(table.time, tau)
    starts = np.concatenate([np.zeros_like(ends[:, :1]), ends[:, :-1]], axis=1)
    area = table.before * (ends - starts)[:, :, None]
    last = table.after[:, -1] * np.maximum(tau - ends[:, -1], 0.0)[:, None]
    value = area.sum(axis=1) + last
    # Area under the curve from each step to tau.
    beyond = value[:, None, :] - np.cumsum(area, axis=1)
    effect = table.influence(table.gain * beyond, table.loss * beyond)
    return Estimates(value[:, :, None], -effect[..., None], followed(table, np.array([tau])))


def followed(table: Steps, horizons: Floats) -> Floats:
    """Weight of the results still followed, without an event, after each horizon, (M, K, H)."""
    padded = np.concatenate([table.at_risk, np.zeros_like(table.at_risk[:, :1])], axis=1)
    risk = np.take_along_axis(padded, table.index(horizons)[:, :, None], axis=1)
    return np.asarray(np.maximum(np.swapaxes(risk, 1, 2), 0.0), dtype=float)
