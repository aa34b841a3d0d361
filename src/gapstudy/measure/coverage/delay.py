r"""Reporting delay: how long after its date an item is first seen, free of right truncation.

An item dated x and first seen d days later is known only if :math:`x + d \le \tau`, the last
retrieval: recent items show short delays alone. Looking back in time from :math:`\tau` turns this
into delayed entry, and the distribution is found from the reverse-time hazards

.. math:: g(d) = P(D = d \mid D \le d) = \frac{n_d}{N_d}, \qquad
          F(d) = \prod_{k > d} (1 - g(k)),

with :math:`n_d` items of delay d among the :math:`N_d` items of delay at most d that could have
been seen with it (:math:`\tau - x \ge d`). Items that were already there at the first retrieval
have a delay of at most :math:`t_0 - x`: they are censored there, and stay in :math:`N_d` above it.
Only the distribution up to the longest delay with enough items is identified, so that F is that of
delays up to it. The variance of :math:`\log F(d)` is :math:`\sum_{k > d} n_k / (N_k (N_k - n_k))`.
A period's count is its items divided by the chance that each had to be seen by now.

References: Lagakos, Barraj and De Gruttola (1988), Biometrika 75, 515-523; Kalbfleisch and Lawless
(1989), Journal of the American Statistical Association 84, 360-372; Lawless (1994), Canadian
Journal of Statistics 22, 15-31; formulas as restated by Hohle and an der Heiden (2014), sec. 3,
https://doi.org/10.1111/biom.12194.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from gapstudy.errors import FitError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Delay:
    """Distribution of a delay, in days.

    Attributes:
        days: delays at which it grows, ascending, (J,).
        share: share of items seen by then, (J,); one at the last.
        spread: variance of the logarithm of that share, (J,).
        longest: longest delay that could be looked at; shares are of items seen by then.
        n: items used.
        exact: those whose delay is known, not only bounded from above.
        beyond: items left out because their delay is longer than that.
    """

    days: Ints
    share: Floats
    spread: Floats
    longest: int
    n: int
    exact: int
    beyond: int

    def at(self, days: ArrayLike) -> tuple[Floats, Floats]:
        """Share seen within so many days, and the variance of its logarithm."""
        where = np.searchsorted(self.days, np.asarray(days), side="right")
        share = np.concatenate([[0.0], self.share])[where]
        spread = np.concatenate([[0.0], self.spread])[where]
        return np.asarray(share, dtype=float), np.asarray(spread, dtype=float)

    def interval(self, days: ArrayLike, confidence: float) -> tuple[Floats, Floats, Floats]:
        """Share seen within so many days with its interval (on the log of minus the log)."""
        share, spread = self.at(days)
        z = float(stats.norm.ppf(0.5 + confidence / 2))
        inside = (share > 0) & (share < 1)
        logs = np.log(np.where(inside, share, 0.5))
        half = z * np.sqrt(spread) / -logs
        low = np.where(inside, np.exp(logs * np.exp(half)), share)
        high = np.where(inside, np.exp(logs * np.exp(-half)), share)
        return share, low, high

    def quantile(self, part: float) -> float:
        """Smallest delay by which that share was seen."""
        return float(self.days[np.searchsorted(self.share, part - 1e-12)])


@dataclass(frozen=True)
class Nowcast:
    """What a period's count will be when all of it is seen.

    Attributes:
        seen: items seen so far.
        expected: items in the end (of delays up to the longest).
        low: lower end of its prediction interval.
        high: upper end.
        complete: share seen so far, 0 to 1.
        complete_low: lower end of its interval.
        complete_high: upper end.
    """

    seen: int
    expected: float
    low: float
    high: float
    complete: float
    complete_low: float
    complete_high: float


def fit(
    origin: ArrayLike, seen: ArrayLike, first: int | None, last: int, *, fewest: int = 10,
    width: int = 1,
) -> Delay:  # fmt: skip
    """Distribution of the delay from an item's date to when it was first seen.

    Args:
        origin: day of each item, days since 1970, (n,).
        seen: day on which it was first seen, (n,), not before `origin`.
        first: day of the first retrieval, whose items were there at some unknown time before; None
            when each was seen on the day itself, such as a publication.
        last: day of the last retrieval.
        fewest: fewest items at risk at the longest delay that is looked at.
        width: days that are put together, which smooths the hazards; 1 leaves them as they are.

    Raises:
        FitError: fewer than `fewest` items with a known delay, a delay is negative, or an item was
            seen after the last retrieval.
    """
    x, y = np.asarray(origin, dtype=np.int64), np.asarray(seen, dtype=np.int64)
    if (y < x).any() or (y > last).any():
        raise FitError(
            f"{int(((y < x) | (y > last)).sum())} items were seen before their date or after the "
            "last retrieval",
            remedy="Leave such items out and count them, or mend their dates",
        )
    bounded = np.zeros(len(x), bool) if first is None else y <= first
    # The end of each class of delays stands for the class: an item is at risk in a class only if
    # the whole of it could have been seen.
    delay = (y - x) // width
    limit = (last - x + 1) // width - 1
    known = ~bounded & (delay <= limit)
    if int(known.sum()) < fewest:
        raise FitError(
            f"the delay of {int(known.sum())} items is known, fewer than {fewest}",
            remedy="Collect the source again later: each collection dates what is new in it",
        )
    candidates = np.unique(delay[known])
    at_risk = np.array([_at_risk(d, delay, limit, bounded, known) for d in candidates])
    enough = np.flatnonzero(at_risk >= fewest)
    if len(enough) == 0:
        raise FitError(
            f"no delay could be seen of {fewest} items or more",
            remedy="Collect the source again later",
        )
    top = int(candidates[enough[-1]])
    beyond = known & (delay > top)
    known = known & ~beyond
    support = np.unique(delay[known])
    n = np.array([(delay[known] == d).sum() for d in support], dtype=float)
    risk = np.array(
        [_at_risk(d, delay, limit, bounded & ~beyond, known) for d in support], dtype=float
    )
    hazard = n / risk
    if (hazard[1:] >= 1).any():
        low = int(support[1:][hazard[1:] >= 1].max())
        raise FitError(
            f"all items that could show a delay of {low * width} days have it, so that shorter "
            "delays cannot be weighed against longer ones",
            remedy="Group the delays (`width`), or collect the source more often",
        )
    keep = np.concatenate([np.cumprod((1 - hazard)[::-1])[::-1][1:], [1.0]])
    step = n / (risk * np.maximum(risk - n, 1e-9))
    spread = np.concatenate([np.cumsum(step[::-1])[::-1][1:], [0.0]])
    return Delay(
        (support + 1) * width - 1, keep, spread, (top + 1) * width - 1,
        int(known.sum() + bounded.sum()), int(known.sum()), int(beyond.sum()),
    )  # fmt: skip


def _at_risk(
    d: int, delay: Ints, limit: Ints, bounded: NDArray[np.bool_], known: NDArray[np.bool_]
) -> int:
    """Items of a delay of at most d, known to be so, that could have been seen with d."""
    could = limit >= d
    return int((could & ((known & (delay <= d)) | (bounded & (delay < d)))).sum())


def nowcast(
    model: Delay, origin: ArrayLike, last: int, confidence: float, days: tuple[int, int]
) -> Nowcast:
    """Count of one period when all of it is seen.

    Args:
        model: the delay.
        origin: day of each item of the period that was seen, (n,).
        last: day of the last retrieval.
        confidence: level of the prediction interval.
        days: first and last day of the period: they tell how complete a period without any item is.
    """
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    age = last - np.asarray(origin, dtype=np.int64)
    seen = len(age)
    share, spread = model.at(np.minimum(age, model.longest))
    useful = share > 0
    if not useful.any():
        span = last - np.arange(days[0], days[1] + 1)
        part, low, high = (
            float(values.mean())
            for values in model.interval(np.minimum(span, model.longest), confidence)
        )
        return Nowcast(seen, np.nan, np.nan, np.nan, part, low, high)
    chance, noise = share[useful], spread[useful]
    expected = float((1 / chance).sum()) + float((~useful).sum())
    # Shares of two delays have the covariance of the longer one.
    order = np.argsort(chance, kind="stable")
    inverse, of = 1 / chance[order], noise[order]
    before = np.cumsum(inverse) - inverse
    # In order of rising share the later item has the smaller spread: the covariance of each pair.
    model_part = float((of * inverse**2).sum() + 2 * (of * inverse * before).sum())
    unseen = expected - seen
    luck = float(((1 - chance) / chance**2).sum())
    if unseen <= 1e-9:
        return Nowcast(seen, expected, float(seen), float(seen), 1.0, 1.0, 1.0)
    spread_all = np.exp(z * np.sqrt(np.log1p((model_part + luck) / unseen**2)))
    sure = np.exp(z * np.sqrt(np.log1p(model_part / unseen**2)))
    return Nowcast(
        seen, expected, seen + unseen / spread_all, seen + unseen * spread_all, seen / expected,
        seen / (seen + unseen * sure), seen / (seen + unseen / sure),
    )  # fmt: skip
