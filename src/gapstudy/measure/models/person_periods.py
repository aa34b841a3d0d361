"""Person-periods, counted: spells of the same covariates together for each period.

A period holds its beginning and not its end. It counts for a spell that was observed from its
beginning: one that enters within a period counts from the next, and one that is censored within a
period counts until the last. The counts come from sums over the spells' first and last periods, so
that the rows of persons by periods are never written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats, Ints, Sample

Baseline = Literal["period", "quadratic"]
#: Most numbers in one block of a design matrix.
BLOCK = 2_000_000


@dataclass(frozen=True)
class Grid:
    """Counted person-periods: Q patterns of covariates by J periods.

    Attributes:
        pattern: covariates of each pattern, (Q, p).
        trials: weight of the spells that came to each period, (Q, J).
        events: weight of those with an event in it, (Q, J).
        base: columns of the baseline for each period, (J, b).
        band: band of each period, (J,).
        columns: for each effect its covariate and its band (-1: all bands).
        which: pattern of each spell, (n,).
        first: first period of each spell, (n,).
        last: period after its last, (n,).
        died: whether its last period has the event, (n,).
        weight: weights, (n,).
    """

    pattern: Floats
    trials: Floats
    events: Floats
    base: Floats
    band: Ints
    columns: list[tuple[int, int]]
    which: Ints
    first: Ints
    last: Ints
    died: NDArray[np.bool_]
    weight: Floats

    @property
    def width(self) -> int:
        """Number of parameters."""
        return len(self.columns) + int(self.base.shape[1])

    def design(self, pattern: Ints, period: Ints) -> Floats:
        """Rows of the design matrix for pairs of pattern and period."""
        x = np.empty((len(pattern), self.width))
        for j, (k, band) in enumerate(self.columns):
            x[:, j] = self.pattern[pattern, k]
            if band >= 0:
                x[:, j] *= self.band[period] == band
        x[:, len(self.columns) :] = self.base[period]
        return x

    def blocks(self) -> Iterator[tuple[Floats, Floats, Floats]]:
        """Design, trials and events of the cells that have trials, a block at a time."""
        pattern, period = np.nonzero(self.trials)
        step = max(BLOCK // self.width, 1)
        for at in range(0, len(pattern), step):
            q, j = pattern[at : at + step], period[at : at + step]
            yield self.design(q, j), self.trials[q, j], self.events[q, j]


def edges_of(sample: Sample, cuts: Sequence[float] | None) -> Floats:
    """Edges of the periods: those given, or every year to the longest spell.

    Raises:
        FitError: they do not ascend from zero.
    """
    if cuts is None:
        return np.arange(0.0, np.floor(sample.time.max()) + 2.0)
    edges = np.asarray(cuts, dtype=float)
    if len(edges) < 2 or edges[0] != 0 or (np.diff(edges) <= 0).any():
        raise FitError("the periods' edges do not ascend from zero",
                       remedy="Give years such as 0, 1, 2, 3")  # fmt: skip
    return edges


def count(
    sample: Sample, edges: Floats, baseline: Baseline, varying: Sequence[str],
    bands: Sequence[float], kind: int | None,
) -> tuple[Grid, NDArray[np.bool_]]:  # fmt: skip
    """Count the person-periods, and say which periods are used.

    Args:
        sample: the spells with their covariates.
        edges: edges of the periods.
        baseline: a parameter for each period, or a line and a square in the period's number.
        varying: covariates whose effect differs by band.
        bands: times that part the bands.
        kind: the event that counts; None counts events of every kind.

    Raises:
        FitError: no event in any whole period, or no period with both an event and none.
    """
    happened = (sample.event > 0) if kind is None else (sample.event == kind)
    periods = len(edges) - 1
    at = np.searchsorted(edges, sample.time, side="right") - 1
    died = happened & (at < periods)
    first = np.searchsorted(edges, sample.entry, side="left")
    last = np.minimum(np.where(died, at + 1, at), periods)
    seen = (last > first) & (sample.weight > 0)
    died, last = died & seen, np.where(seen, last, first)
    mass = np.where(seen, sample.weight, 0.0)
    came = np.cumsum(np.bincount(first, mass, periods + 1) - np.bincount(last, mass, periods + 1))
    ended = np.asarray(np.bincount(last[died] - 1, mass[died], periods + 1)[:periods], float)
    if not ended.any():
        raise FitError("no duration ends in an event within a period seen from its beginning",
                       remedy="There is nothing to fit, or the periods are too long")  # fmt: skip
    small = 1e-9 * float(mass.max())
    used = came[:periods] > small
    if baseline == "period":
        used &= (ended > 0) & (came[:periods] - ended > small)
    if not used.any():
        raise FitError("every duration ends in an event in the first period that it reaches",
                       remedy="Cut time into shorter periods")  # fmt: skip
    # Periods are counted anew without those that have no say.
    place = np.concatenate([[0], np.cumsum(used)])
    died &= used[np.maximum(last - 1, 0)]
    first, last, kept = place[first], place[last], int(used.sum())
    which, pattern = _patterns(sample.covariates)
    shape = (len(pattern), kept + 1)
    begun, gone = (_sums(which, edge, mass, shape) for edge in (first, last))
    trials = np.cumsum(begun - gone, axis=1)[:, :kept]
    # What is left over from sums of weights is rounding, not a spell.
    trials[trials < small] = 0.0
    events = _sums(which[died], last[died] - 1, mass[died], (shape[0], kept))
    number = np.flatnonzero(used).astype(float)
    base = np.eye(kept)
    if baseline == "quadratic":
        centred = (number - number.mean()) / max(float(np.ptp(number)), 1.0)
        base = np.stack([centred**power for power in range(min(3, kept))], axis=1)
    starts = edges[:-1][used]
    band = np.searchsorted(np.asarray(bands, dtype=float), starts, side="right")
    fixed = [k for k, name in enumerate(sample.names) if name not in varying]
    columns = [(k, -1) for k in fixed]
    columns += [(sample.names.index(name), b) for name in varying for b in range(len(bands) + 1)]
    return (
        Grid(pattern, np.maximum(trials, events), events, base, band.astype(np.int64), columns,
              which, first, last, died, mass),
        used,
    )  # fmt: skip


def _sums(row: Ints, column: Ints, weight: Floats, shape: tuple[int, int]) -> Floats:
    """Weight in each cell of a table."""
    flat = np.bincount(row * shape[1] + column, weight, shape[0] * shape[1])
    return np.asarray(flat, dtype=float).reshape(shape)


def _patterns(x: Floats) -> tuple[Ints, Floats]:
    """Number of each row's pattern, and the patterns."""
    code = np.zeros(len(x), dtype=np.int64)
    for column in x.T:
        values, own = np.unique(column, return_inverse=True)
        code = np.unique(code * len(values) + own, return_inverse=True)[1].astype(np.int64)
    row = np.zeros(int(code.max()) + 1, dtype=np.int64)
    row[code] = np.arange(len(x))
    return code, x[row]
