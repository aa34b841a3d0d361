r"""Events and risk sets of several groups at the event times: what rank tests are made of.

At each event time :math:`t_j` and for each group k: the weight :math:`d_{kj}` of the events of
interest, that of other events, and the weight :math:`Y_{kj}` of the spells at risk, which are those
with :math:`e_i < t_j \le T_i` (a spell observed from the start is at risk at time zero too).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats, Ints, Sample

#: Sums of weights below this part of all weight are rounding, not spells.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class RiskSets:
    """Events and risk sets of G groups at J event times.

    Attributes:
        time: the different event times, ascending, (J,).
        died: weight of the events of interest, (J, G).
        other: weight of the events of other kinds, (J, G).
        at_risk: weight of the spells at risk, (J, G).
        first: number of event times that each spell was not yet observed at, (n,).
        last: number of event times up to the end of each spell, (n,).
        group: group of each spell, (n,).
        event: whether each spell ends in an event of interest, (n,).
        ended: whether each spell ends in an event of any kind, (n,).
        weight: weight of each spell, (n,).
    """

    time: Floats
    died: Floats
    other: Floats
    at_risk: Floats
    first: Ints
    last: Ints
    group: Ints
    event: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    weight: Floats

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.died.shape[1])

    def passed(self, rate: Floats) -> Floats:
        """Sum of a value over the times at which each spell is at risk, (n,) or (n, K).

        Args:
            rate: value at each event time, (J,) or (J, K).
        """
        total = np.concatenate([np.zeros_like(rate[:1]), np.cumsum(rate, axis=0)])
        return np.asarray(total[self.last] - total[self.first], dtype=float)

    def at_end(self, values: Floats) -> Floats:
        """Value at the time at which each spell ends, (n,) or (n, K); zero without an event."""
        own = values[np.maximum(self.last - 1, 0)]
        ended = self.ended if values.ndim == 1 else self.ended[:, None]
        return np.where(ended, own, 0.0)


def risk_sets(sample: Sample, group: Ints, groups: int, cause: int | None = None) -> RiskSets:
    """Sort the spells into events and risk sets, in O(n log n).

    Args:
        sample: the spells.
        group: group of each spell, 0 to groups - 1, (n,).
        groups: number of groups, G.
        cause: kind of event of interest; None takes every kind.

    Raises:
        FitError: a group is not one of them.
    """
    code = np.asarray(group, dtype=np.int64)
    if len(code) != sample.n or ((code < 0) | (code >= groups)).any():
        raise FitError(
            f"groups of the spells must lie between 0 and {groups - 1}, one for each spell",
            remedy="Number the groups from zero",
        )
    ended = sample.event > 0
    event = ended if cause is None else sample.event == cause
    time = np.unique(sample.time[ended])
    last = np.searchsorted(time, sample.time, side="right")
    first = np.where(
        sample.entry > 0, np.searchsorted(time, sample.entry, side="right"), 0
    )  # fmt: skip
    count = len(time)

    def spread(position: Ints, use: NDArray[np.bool_], rows: int) -> Floats:
        flat = position[use] * groups + code[use]
        sums = np.bincount(flat, weights=sample.weight[use], minlength=rows * groups)
        return np.asarray(sums, dtype=float).reshape(rows, groups)

    everyone = np.ones(sample.n, dtype=bool)
    joined = spread(first, everyone, count + 1) - spread(last, everyone, count + 1)
    at_risk = np.cumsum(joined, axis=0)[:count]
    at_risk[at_risk < _ROUNDING * max(float(sample.weight.sum()), 1.0)] = 0.0
    return RiskSets(
        time, spread(last - 1, event, count), spread(last - 1, ended & ~event, count), at_risk,
        first, last, code, event, ended, sample.weight,
    )  # fmt: skip


def parts(sample: Sample, strata: Ints | None) -> list[NDArray[np.intp]]:
    """Rows of the spells of each stratum; all of them without strata."""
    if strata is None:
        return [np.arange(sample.n)]
    codes = np.unique(np.asarray(strata), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def cluster_sums(influence: Floats, cluster: Ints) -> Floats:
    """Sums of influences within clusters, (C, K).

    Args:
        influence: influence of each spell, (n, K).
        cluster: cluster of each spell, any numbers, (n,).
    """
    code = np.unique(cluster, return_inverse=True)[1]
    size = int(code.max()) + 1 if len(code) else 0
    sums = [np.bincount(code, weights=column, minlength=size) for column in influence.T]
    return np.stack(sums, axis=1) if sums else np.zeros((size, 0))
