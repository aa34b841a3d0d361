r"""The Cox partial likelihood by sorting and sums: weights, entry, strata, ties, score residuals.

Every spell is at risk in a run of the ordered event times of its stratum. With risks
:math:`r_i = w_i e^{x_i'\beta}`, at-risk sums :math:`S_0, S_1` of :math:`r, r x` and the like sums
:math:`D_0, D_1` over the d tied events of a time, Efron's l-th term of that time has

.. math:: S_{0l} = S_0 - c_l D_0, \quad \bar x_l = (S_1 - c_l D_1) / S_{0l}, \quad c_l = l / d,
          \quad l = 0, \dots, d - 1

and weight :math:`\bar w`, the mean weight of the tied events; Breslow's has all :math:`c_l = 0`. A
spell's cumulated hazard :math:`A_i = \sum \bar w (1 - c_l 1\{i \text{ tied}\}) / S_{0l}` over its
times at risk gives score and information without any sum of squares per time:

.. math:: U = \sum_i x_i (w_i \delta_i - r_i A_i), \qquad
          I = \sum_i r_i A_i x_i x_i' - \sum_{j,l} \bar w \bar x_l \bar x_l' .

One evaluation is O(n p^2), with no loop over times. References: Cox (1972); Efron (1977),
https://doi.org/10.1080/01621459.1977.10480613; Breslow (1974), https://doi.org/10.2307/2529620;
weights as in R's survival: Therneau and Grambsch (2000), Modeling Survival Data, ch. 3 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gapstudy.errors import FitError
from gapstudy.measure.models import identified
from gapstudy.measure.models.sample import Floats, Ints, Sample

Ties = Literal["efron", "breslow"]
#: Newton stops when U' I^-1 U, the squared distance in standard errors, is below this.
_NEAR, _ROUNDS = 1e-14, 60
_SEPARATED = (
    "A group without any event has no hazard ratio: leave its spells out, join groups, or use "
    "firth=True"
)


class Point(NamedTuple):
    """The partial likelihood at one value of the coefficients.

    Attributes:
        beta: coefficients, (p,).
        log_likelihood: logarithm of the partial likelihood.
        score: its derivative, (p,).
        information: minus its second derivative, (p, p).
    """

    beta: Floats
    log_likelihood: float
    score: Floats
    information: Floats


class Sums(NamedTuple):
    """Sums at the G event times.

    Attributes:
        risk: r of the spells, (n,).
        cumulated: A of the spells, (n,).
        log_terms: sum of the weighted logarithms of the denominators.
        mean: at-risk mean of the covariates, mean over a time's terms, (p, G).
        hazard_mean: sum of hazard times mean, over a time's terms, (p, G).
        tied_mean: the same with c_l, (p, G).
        square: sum of hazard times mean times mean', (p, p).
    """

    risk: Floats
    cumulated: Floats
    log_terms: float
    mean: Floats
    hazard_mean: Floats
    tied_mean: Floats
    square: Floats


@dataclass(frozen=True)
class Risk:
    """A sample sorted for the partial likelihood; spells never at risk at an event are left out.

    Attributes:
        row: position of each spell in the sample, in order of `last`, (n,).
        x: covariates less their means, (p, n).
        weight: weights, (n,).
        event: positions of the spells that end in the event, (E,).
        first: event times before each spell's entry, counted through all strata, (n,).
        last: event times up to each spell's end, likewise, (n,).
        start: first spell of each event time, (G,).
        start_event: first event of each event time, among the events, (G,).
        tied: number of events of each time, (G,).
        step: Efron's c_l of each event, (E,); zero for Breslow.
        mean_weight: mean weight of the events of each time, (G,).
        names: names of the covariates.
        rows: spells in the sample.
    """

    row: NDArray[np.intp]
    x: Floats
    weight: Floats
    event: NDArray[np.intp]
    first: Ints
    last: Ints
    start: Ints
    start_event: Ints
    tied: Ints
    step: Floats
    mean_weight: Floats
    names: tuple[str, ...]
    rows: int

    @property
    def time_of_event(self) -> Ints:
        """Event time (0 to G - 1) of each event, (E,)."""
        return self.last[self.event] - 1

    def sums(self, beta: Floats) -> Sums:
        """All sums over the risk sets at some coefficients."""
        linear = beta @ self.x
        # The largest risk is put at one: the likelihood knows risks only up to a factor.
        linear -= linear.max()
        risk = self.weight * np.exp(linear)
        at, late = self.time_of_event, self.first > 0
        died = risk[self.event]
        s0 = self._at_risk(risk, late)
        d0 = np.add.reduceat(died, self.start_event)
        part = s0[at] - self.step * d0[at]
        if not (part > 0).all():
            raise FitError(
                "the Cox model ran into risks too far apart for the computer's numbers",
                remedy="Look for extreme values among the covariates, or put them on a log scale",
            )
        inverse = 1.0 / part
        weight = self.mean_weight
        square, slope = inverse**2, self.step * inverse
        k0, k1, a0, a1, a2 = (
            np.add.reduceat(value, self.start_event)
            for value in (inverse, slope, square, slope * inverse, slope**2)
        )
        total = np.concatenate([[0.0], np.cumsum(weight * k0)])
        cumulated = total[self.last] - total[self.first]
        cumulated[self.event] -= (weight * k1)[at]
        s1 = np.stack([self._at_risk(risk * column, late) for column in self.x])
        d1 = np.stack(
            [np.add.reduceat(died * column[self.event], self.start_event) for column in self.x]
        )
        cross = (s1 * (weight * a1)) @ d1.T
        outer = (s1 * (weight * a0)) @ s1.T - cross - cross.T + (d1 * (weight * a2)) @ d1.T
        logs = float((weight[at] * np.log(part)).sum())
        logs -= float(self.weight[self.event] @ linear[self.event])
        return Sums(
            risk, cumulated, logs, (k0 * s1 - k1 * d1) / self.tied,
            weight * (a0 * s1 - a1 * d1), weight * (a1 * s1 - a2 * d1), outer,
        )  # fmt: skip

    def _at_risk(self, value: Floats, late: NDArray[np.bool_]) -> Floats:
        """Sums of a value over the spells at risk at each event time, (G,)."""
        count = len(self.start)
        ending: Floats = np.cumsum(np.add.reduceat(value, self.start)[::-1])[::-1]
        if late.any():
            begun = np.bincount(self.first[late] - 1, value[late], count)
            ending = ending - np.cumsum(begun[::-1])[::-1]
        return ending

    def at(self, beta: ArrayLike) -> Point:
        """Likelihood, score and information at some coefficients."""
        b = np.asarray(beta, dtype=float)
        sums = self.sums(b)
        spread = sums.risk * sums.cumulated
        rest = -spread
        rest[self.event] += self.weight[self.event]
        # Column by column, so that no second copy of the covariates is made.
        inner = np.stack([self.x @ (spread * column) for column in self.x])
        information = inner - sums.square
        return Point(b, -sums.log_terms, self.x @ rest, (information + information.T) / 2)

    def residuals(self, beta: ArrayLike) -> Floats:
        """Score residuals times weights of all spells of the sample, in its order, (rows, p).

        They are the derivative of the score in the logarithm of each weight, with Efron's terms
        as they are: Therneau and Grambsch (2000), sec. 7.2.
        """
        sums = self.sums(np.asarray(beta, dtype=float))
        result = np.zeros((self.rows, len(self.x)))
        at = self.time_of_event
        for k, column in enumerate(self.x):
            total = np.concatenate([[0.0], np.cumsum(sums.hazard_mean[k])])
            part = -sums.risk * (column * sums.cumulated - total[self.last] + total[self.first])
            own = self.weight[self.event] * (column[self.event] - sums.mean[k][at])
            part[self.event] += own - sums.risk[self.event] * sums.tied_mean[k][at]
            result[self.row, k] = part
        return result

    def schoenfeld(self, beta: ArrayLike) -> Floats:
        """Covariates of each event less their at-risk mean, in the order of `event`, (E, p)."""
        mean = self.sums(np.asarray(beta, dtype=float)).mean
        return np.asarray((self.x[:, self.event] - mean[:, self.time_of_event]).T, dtype=float)


def prepare(
    sample: Sample,
    *,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
    kind: int | None = None,
) -> Risk:
    """Sort a sample once for all evaluations.

    Args:
        sample: the spells.
        ties: how tied events count.
        strata: stratum of each spell, (n,); each has a baseline hazard of its own.
        kind: the event that counts, others censor; None counts events of every kind.

    Raises:
        FitError: no covariate, or no event with positive weight.
    """
    if not sample.names:
        raise FitError("the Cox model has no covariate", remedy="Name at least one")
    happened = (sample.event > 0) if kind is None else (sample.event == kind)
    used = np.flatnonzero(sample.weight > 0)
    if not happened[used].any():
        raise FitError("no duration ends in an event", remedy="There is nothing to fit")
    group = np.zeros(sample.n, np.int64)
    if strata is not None:
        group = np.unique(np.asarray(strata).ravel(), return_inverse=True)[1].astype(np.int64)
    time = sample.time[used]
    order = np.argsort(time, kind="stable")
    if strata is not None:
        order = order[np.argsort(group[used][order], kind="stable")]
    row = used[order]
    time, stratum, died = time[order], group[row], happened[row]
    fresh = np.concatenate([[True], (np.diff(time) > 0) | (np.diff(stratum) > 0)])
    eventful = np.logical_or.reduceat(died, np.flatnonzero(fresh))
    last = np.cumsum(eventful)[np.cumsum(fresh) - 1]
    head = np.flatnonzero(np.concatenate([[True], np.diff(stratum) > 0]))
    before = np.concatenate([[0], last[head[1:] - 1]])
    first = before[stratum - stratum[0]] if strata is None else before[_dense(stratum)]
    first = _entered(sample.entry[row], time, stratum, fresh, eventful, first)
    seen = last > first
    row, first, last, died = row[seen], first[seen], last[seen], died[seen]
    weight = sample.weight[row]
    event = np.flatnonzero(died)
    start = np.flatnonzero(np.diff(last, prepend=0))
    at = last[event] - 1
    start_event = np.flatnonzero(np.diff(at, prepend=-1))
    tied = np.bincount(at, minlength=len(start))
    step = (np.arange(len(event)) - start_event[at]) / tied[at]
    x = np.ascontiguousarray(sample.covariates[row].T)
    x -= (x @ weight / weight.sum())[:, None]
    return Risk(
        row, x, weight, event, first.astype(np.int64), last.astype(np.int64), start, start_event,
        tied, step if ties == "efron" else np.zeros(len(event)),
        np.add.reduceat(weight[event], start_event) / tied, sample.names, sample.n,
    )  # fmt: skip


def _dense(codes: Ints) -> Ints:
    """Sorted codes counted 0, 1, 2, ... without gaps."""
    return np.asarray(np.cumsum(np.diff(codes, prepend=codes[0]) > 0), dtype=np.int64)


def _entered(
    entry: Floats, time: Floats, stratum: Ints, fresh: NDArray[np.bool_],
    eventful: NDArray[np.bool_], first: Ints,
) -> Ints:  # fmt: skip
    """Event times at or before each spell's entry; an entry of zero is before all of them."""
    late = entry > 0
    if not late.any():
        return first
    result = first.copy()
    times, places = time[fresh][eventful], stratum[fresh][eventful]
    for place in np.unique(stratum[late]):
        mine = late & (stratum == place)
        result[mine] += np.searchsorted(times[places == place], entry[mine], side="right")
    return result


def maximise(risk: Risk) -> Point:
    """Newton's method with step halving.

    Raises:
        FitError: covariates that are constant, collinear or do not vary among spells at risk
            together; covariates that separate the events; no convergence.
    """
    refuse_collinear(risk)
    point = risk.at(np.zeros(len(risk.names)))
    spread = np.ptp(risk.x, axis=1)
    for _ in range(_ROUNDS):
        try:
            step = np.linalg.solve(point.information, point.score)
            error = np.sqrt(np.abs(np.diag(np.linalg.inv(point.information))))
        except np.linalg.LinAlgError:
            step, error = np.full_like(point.beta, np.nan), np.full_like(point.beta, np.inf)
        gone = identified.running_away(point.beta, error, spread)
        if gone.any() or not np.isfinite(step).all():
            raise identified.separated("Cox model", risk.names, gone, _SEPARATED)
        if step @ point.score < _NEAR:
            return point
        for _ in range(30):
            moved = risk.at(point.beta + step)
            if moved.log_likelihood >= point.log_likelihood - 1e-12 * abs(point.log_likelihood):
                break
            step = step / 2
        point = moved
    raise FitError(
        f"the Cox model did not converge in {_ROUNDS} rounds",
        remedy="Look for extreme values among the covariates, or leave one of two alike out",
    )


def refuse_collinear(risk: Risk) -> None:
    """Refuse covariates of which one is a combination of others.

    Raises:
        FitError: names the covariates concerned.
    """
    square = np.stack([risk.x @ (risk.weight * column) for column in risk.x])
    size = np.sqrt(np.maximum(np.diag(square), 0.0))
    largest = np.abs(risk.x).max(axis=1, initial=0.0) * np.sqrt(risk.weight.sum())
    identified.refuse_flat(risk.names, size <= 1e-10 * np.maximum(largest, 1e-300))
    scale = np.outer(size, size)
    identified.refuse_collinear(risk.names, square / scale)
    information = risk.at(np.zeros(len(risk.names))).information
    where = " among spells at risk together"
    identified.refuse_collinear(risk.names, information / scale, where)


def sandwich(risk: Risk, point: Point, cluster: Ints) -> Floats:
    """Covariance robust to clusters, I^-1 (sum of squared cluster scores) I^-1, (p, p).

    Reference: Lin and Wei (1989), https://doi.org/10.1080/01621459.1989.10478874.
    """
    residual = risk.residuals(point.beta)
    score = np.stack([np.bincount(cluster, column) for column in residual.T])
    bread = np.linalg.inv(point.information)
    return np.asarray(bread @ (score @ score.T) @ bread, dtype=float)
