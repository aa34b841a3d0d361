r"""Cumulative incidence of one large sample at some horizons, all kinds of event at once.

The estimates of `survival` and `aalen_johansen` for one set of weights, without an array of n for
every horizon of every cause: sums are kept by event time, and a spell's influence is read from
running sums at its entry and its end. Unweighted spells that all begin at the start are counted by
time and event first, which takes one pass where times repeat. With the curve S of no event of any
kind, at-risk sums Y, event sums d and those of kind k,

.. math:: \hat F_k(t) = \sum_{t_j \le t} \hat S(t_j-)\, d_{kj} / Y_j ,

and :math:`1 - \hat S(t)` for events of every kind. The variance is the sum of squared influences,
by cluster: for :math:`1 - \hat S` of independent spells it is Greenwood's. Ties are taken together,
which gives the same curve and the same influences. References: Aalen and Johansen (1978); Greenwood
(1926); see `aalen_johansen` for the influences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats, Ints, Sample

#: Room for so many different times at first; more are made room for as they come.
_DAYS = 1 << 14
#: Largest number of a kind for which spells are counted by kind.
_KINDS = 64


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence at H horizons.

    Attributes:
        kind: the event that counts; None for events of every kind.
        horizons: years, (H,).
        value: share with the event by each horizon, (H,).
        variance: its variance, robust to clusters, (H,).
        at_risk: weight of the spells still followed after each horizon, (H,).
        n: spells.
        events: spells that end in the event.
    """

    kind: int | None
    horizons: Floats
    value: Floats
    variance: Floats
    at_risk: Floats
    n: int
    events: int


class _Cells(NamedTuple):
    """Spells that count alike, or single ones.

    Attributes:
        first: event times at or before their entry, (m,).
        last: event times up to their end, (m,).
        event: what ended them, (m,).
        weight: weight of each cell, (m,).
        square: sum of the squared weights of its spells, (m,).
    """

    first: Ints
    last: Ints
    event: Ints
    weight: Floats
    square: Floats


class _Table(NamedTuple):
    """What is summed at the G event times.

    Attributes:
        risk: Y, (G,).
        before: S just before each event time, (G,).
        gain: 1 / (Y - d), zero where none is left, (G,).
        running: sum of d / (Y (Y - d)) up to each event time, with a zero before, (G + 1,).
        rate: sum of S(t-) d_k / Y up to each event time, with a zero before, (G + 1,).
    """

    risk: Floats
    before: Floats
    gain: Floats
    running: Floats
    rate: Floats


def cumulative_incidence(
    sample: Sample, horizons: Sequence[float], *, kinds: Sequence[int | None] = (None,)
) -> tuple[Incidence, ...]:
    """Share of the spells with an event of some kind by each horizon.

    Args:
        sample: the spells; an event of another kind ends a spell.
        horizons: years.
        kinds: the events that count, each by itself; None counts events of every kind, 1 - S.

    Returns:
        One result for each of the kinds.

    Raises:
        FitError: no spell has weight, or with delayed entries the curve falls to zero before the
            last spells enter.
    """
    lightest, heaviest = float(sample.weight.min()), float(sample.weight.max())
    if heaviest <= 0:
        raise FitError("no spell has any weight", remedy="Credits lie between 0 and 1")
    at = np.asarray(horizons, dtype=float)
    groups = int(sample.cluster.max()) + 1
    alone = groups == sample.n
    plain = alone and lightest == heaviest == 1 and not sample.entry.any()
    plain = plain and int(sample.event.max()) <= _KINDS
    times, cells, followed = _counted(sample, at) if plain else _single(sample, at)
    index = np.searchsorted(times, at, side="right")
    found = []
    for kind in kinds:
        mine = (cells.event > 0) if kind is None else (cells.event == kind)
        table = _summed(times, cells, mine)
        variance = np.empty(len(at))
        for h, stop in enumerate(index):
            part = _influence(cells, mine, table, int(stop))
            if alone:
                variance[h] = float((cells.square * part**2).sum())
            else:
                total = np.bincount(sample.cluster, sample.weight * part, groups)
                variance[h] = float(np.square(total).sum())
        events = int(cells.weight[mine].sum() if plain else mine.sum())
        found.append(Incidence(kind, at, table.rate[index], variance, followed, sample.n, events))
    return tuple(found)


def _counted(sample: Sample, horizons: Floats) -> tuple[Floats, _Cells, Floats]:
    """Event times, spells counted by time and event, and spells followed after each horizon."""
    # Times are at least zero: their bits order as they do, and are faster to tell apart.
    code, bits = pd.factorize((sample.time + 0.0).view(np.int64), size_hint=_DAYS)
    order = np.argsort(bits)
    ends = bits[order].view(np.float64)
    width = int(sample.event.max()) + 1
    count = np.bincount(code * width + sample.event, minlength=len(bits) * width)
    count = count.reshape(-1, width)[order]
    eventful = count[:, 1:].any(axis=1)
    last = np.cumsum(eventful).astype(np.int64)
    kind = np.tile(np.arange(width), len(ends))
    size = count.ravel().astype(float)
    some = size > 0
    cells = _Cells(
        np.zeros(int(some.sum()), dtype=np.int64), np.repeat(last, width)[some], kind[some],
        size[some], size[some],
    )  # fmt: skip
    after = np.append(np.cumsum(count.sum(axis=1)[::-1])[::-1], 0)
    followed = after[np.searchsorted(ends, horizons, side="right")]
    return ends[eventful], cells, followed.astype(float)


def _single(sample: Sample, horizons: Floats) -> tuple[Floats, _Cells, Floats]:
    """Event times, every spell by itself, and weight followed after each horizon."""
    event = np.where(sample.weight > 0, sample.event, 0)
    times = np.unique(sample.time[event > 0])
    first = np.zeros(sample.n, dtype=np.int64)
    late = sample.entry > 0
    first[late] = np.searchsorted(times, sample.entry[late], side="right")
    last = np.searchsorted(times, sample.time, side="right").astype(np.int64)
    followed = [
        float(sample.weight[(sample.time > horizon) & (sample.entry <= horizon)].sum())
        for horizon in horizons
    ]
    cells = _Cells(first, last, event, sample.weight, sample.weight**2)
    return times, cells, np.array(followed)


def _summed(times: Floats, cells: _Cells, mine: NDArray[np.bool_]) -> _Table:
    count = len(times)
    died = cells.event > 0
    risk = _from(cells.last, cells.weight, count) - _from(cells.first, cells.weight, count)
    every = np.bincount(cells.last[died] - 1, cells.weight[died], count)[:count]
    own = np.bincount(cells.last[mine] - 1, cells.weight[mine], count)[:count]
    left = risk - every
    some = left > 1e-9 * np.maximum(risk, 1e-300)
    if cells.first.any() and not some[:-1].all():
        raise FitError(
            f"everyone observed at time {times[int(np.argmin(some))]:.6g} had an event while "
            "others enter later",
            remedy="Start the curve after the time at which enough spells are observed",
        )
    gain = np.where(some, 1 / np.where(some, left, 1.0), 0.0)
    after = np.cumprod(np.where(some, left / risk, 0.0))
    before = np.concatenate([[1.0], after[:-1]])
    return _Table(
        risk, before, gain, np.concatenate([[0.0], np.cumsum(every * gain / risk)]),
        np.concatenate([[0.0], np.cumsum(before * own / risk)]),
    )  # fmt: skip


def _from(place: Ints, weight: Floats, count: int) -> Floats:
    """Weight of the places past each event time, (G,)."""
    sums = np.bincount(place, weight, count + 1)
    return np.asarray(np.cumsum(sums[::-1])[::-1][1:], dtype=float)


def _influence(cells: _Cells, mine: NDArray[np.bool_], table: _Table, stop: int) -> Floats:
    """Derivative of the incidence at an event time in the weight of a spell of each cell, (m,).

    What an event adds to the spell that has it, less what the event times it was at risk at add:
    their effect on the curve lasts to the horizon, that on the increment is there and then.
    """
    begin, end = np.minimum(cells.first, stop), np.minimum(cells.last, stop)
    increment = np.diff(table.rate)
    # Sum of increments times the running sum before them, and of increments over those at risk.
    carried = np.concatenate([[0.0], np.cumsum(increment * table.running[:-1])])
    thinned = np.concatenate([[0.0], np.cumsum(increment / table.risk)])
    total, start = table.rate[stop], table.running[begin]
    result = carried[end] - carried[begin] - start * (table.rate[end] - table.rate[begin])
    result += (table.running[end] - start) * (total - table.rate[end])
    result -= thinned[end] - thinned[begin]
    died = (cells.event > 0) & (cells.last <= stop)
    place = cells.last[died] - 1
    result[died] -= table.gain[place] * (total - table.rate[cells.last[died]])
    own = mine & (cells.last <= stop)
    place = cells.last[own] - 1
    result[own] += table.before[place] / table.risk[place]
    return np.asarray(result, dtype=float)
