"""Small worlds for what the sources do not show: delay, capture-recapture, missed products."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure import recall, survival
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.coverage import capture, delay, reweight
from gapstudy.measure.imputation import draw
from gapstudy.measure.regional import combine
from gapstudy.simulate import worlds
from gapstudy.simulate.counting import tabulate
from gapstudy.simulate.others import Answer, Small
from gapstudy.simulate.recovery import CONFIDENCE
from gapstudy.simulate.worlds import Truth, World

Floats = NDArray[np.float64]
_NONE: Answer = (float("nan"),) * 4
#: Days of the items, of the first retrieval and of the last; longest delay.
_SPAN, _FIRST, _LAST, _LONGEST = 1095, 365, 1095, 300
_SIZE = 300
_HIDDEN = World("40% of EU products never seen", {
    "EU": Truth(150, 0.30, coverage=0.6), "US": Truth(200, 0.30)})  # fmt: skip
_HORIZON = 5.0


def table(count: int, seed: int) -> pd.DataFrame:
    """Rows of `out_simulation` for the coverage models.

    Args:
        count: realisations of each world.
        seed: seed of all.
    """
    return tabulate(SMALL, count, seed, 2000)


def _reports(random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dates of 900 items over three years and the days on which they are first seen."""
    origin = random.integers(0, _SPAN + 1, 900)
    wait = np.floor(_LONGEST * random.beta(1.0, 2.0, 900)).astype(np.int64)
    # What was there before the first retrieval is first seen in it.
    return origin, np.maximum(origin + wait, _FIRST)


def _delay(random: np.random.Generator) -> Answer:
    origin, seen = _reports(random)
    there = seen <= _LAST
    model = delay.fit(origin[there], seen[there], _FIRST, _LAST)
    value, low, high = model.interval([90], CONFIDENCE)
    return float(value[0]), float(low[0]), float(high[0]), np.nan


def _naive_delay(random: np.random.Generator) -> Answer:
    """Share of short delays among the recent items that were seen, truncation ignored."""
    origin, seen = _reports(random)
    recent = (seen <= _LAST) & (origin > _LAST - 200)
    short = (seen - origin)[recent] < 91
    p, n = float(short.mean()), int(recent.sum())
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    return p, p - half, p + half, np.nan


def _nowcast(random: np.random.Generator, *, naive: bool = False) -> Answer:
    """Count of four months that ended two months ago, over the true one."""
    origin, seen = _reports(random)
    inside = (origin >= _LAST - 180) & (origin <= _LAST - 60)
    there = seen <= _LAST
    truth = int(inside.sum())
    if naive:
        known = int((inside & there).sum())
        half = 1.96 * np.sqrt(known)
        return known / truth, (known - half) / truth, (known + half) / truth, np.nan
    model = delay.fit(origin[there], seen[there], _FIRST, _LAST)
    found = delay.nowcast(
        model, origin[inside & there], _LAST, CONFIDENCE, (_LAST - 180, _LAST - 60)
    )
    return found.expected / truth, found.low / truth, found.high / truth, np.nan


def _found(random: np.random.Generator, odds: float, chances: tuple[float, ...]) -> Floats:
    """Items found by each source; the second finds what the first found with other odds."""
    found = random.random((_SIZE, len(chances))) < np.array(chances)
    if odds != 1:
        # Chances given the first source that keep the second's own chance and have the odds ratio.
        first, second = chances[:2]
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            other = middle / (1 - middle) * odds
            mixed = first * other / (1 + other) + (1 - first) * middle
            low, high = (middle, high) if mixed < second else (low, middle)
        other = low / (1 - low) * odds
        chance = np.where(found[:, 0], other / (1 + other), low)
        found[:, 1] = random.random(_SIZE) < chance
    return np.asarray(found[found.any(axis=1)])


def _two(random: np.random.Generator, odds: float, assumed: float) -> Answer:
    found = _found(random, odds, (0.5, 0.4))
    first, second = (int(found[:, j].sum()) for j in (0, 1))
    both = int(found.all(axis=1).sum())
    try:
        size = capture.dependent(first, second, both, assumed, CONFIDENCE)
    except FitError:
        return _NONE
    return size.estimate, size.low, size.high, np.nan


def _three(random: np.random.Generator, odds: float) -> Answer:
    counts = capture.histories(_found(random, odds, (0.5, 0.4, 0.45)))
    try:
        size, _ = capture.loglinear(counts, CONFIDENCE, 200, [int(random.integers(2**31))])
    except FitError:
        return _NONE
    return size.estimate, size.low, size.high, np.nan


def _lever(random: np.random.Generator, cover: float) -> Answer:
    """The difference of conversion as the tipping point has it, at an assumed coverage."""
    links = worlds.draw(_HIDDEN, random).links
    spells = draw(links, "model", worlds.CUTOFF, 2, [int(random.integers(2**31))])
    weight = np.zeros((_HIDDEN.size, len(COLUMNS)))
    weight[:, [0, 1, -1]] = _HIDDEN.weight
    steps = survival.steps(spells.time, spells.event, weight)
    raw = survival.incidence(steps, [_HORIZON])
    rate = np.ones((len(raw.value), len(COLUMNS)))
    rate[:, 0] = cover
    gap, ends, p = combine(recall.corrected(raw, rate), weight, len(COLUMNS) - 1).difference(
        0, 1, CONFIDENCE
    )
    return float(gap[0]), float(ends.low[0]), float(ends.high[0]), float(p[0])


def _weighted(random: np.random.Generator, *, naive: bool = False) -> Answer:
    """A share of 0.1, 0.3, 0.2 and 0.2 by region, of results that are not spread as the world's."""
    region = random.choice(4, size=400, p=[0.2, 0.6, 0.1, 0.1])
    event = random.random(400) < np.array([0.1, 0.3, 0.2, 0.2])[region]
    weight, _ = reweight.weights(np.eye(4)[region], np.array([0.3, 0.2, 0.4, 0.1]))
    both = np.column_stack([np.ones(400), np.ones(400) if naive else weight])
    steps = survival.steps(np.where(event, 1.0, 5.0), event, both)
    fit = combine(survival.incidence(steps, [4.0]), both, 0)
    ends = fit.interval(CONFIDENCE)
    return float(fit.share.value[1, 0]), float(ends.low[1, 0]), float(ends.high[1, 0]), np.nan


#: Share of delays of at most 90 days: those drawn below 91.
_WITHIN = 1 - (1 - 91 / _LONGEST) ** 2
SMALL = (
    Small("delay-within-90d", "recent items truncated, old ones there before", _WITHIN, 900,
          _delay),
    Small("delay-within-90d, naive", "recent items truncated, old ones there before", _WITHIN, 900,
          _naive_delay),
    Small("nowcast-over-truth", "four months, not yet all seen", 1.0, 900, _nowcast),
    Small("nowcast-over-truth, naive", "four months, not yet all seen", 1.0, 900,
          lambda r: _nowcast(r, naive=True)),
    Small("capture-two-sources", "independent sources", float(_SIZE), _SIZE,
          lambda r: _two(r, 1.0, 1.0)),
    Small("capture-two-sources, naive", "odds ratio of four between the sources", float(_SIZE),
          _SIZE, lambda r: _two(r, 4.0, 1.0)),
    Small("capture-two-sources, odds ratio of four", "odds ratio of four between the sources",
          float(_SIZE), _SIZE, lambda r: _two(r, 4.0, 4.0)),
    Small("capture-three-sources", "independent sources", float(_SIZE), _SIZE,
          lambda r: _three(r, 1.0)),
    Small("capture-three-sources", "odds ratio of four between two of them", float(_SIZE), _SIZE,
          lambda r: _three(r, 4.0)),
    Small("conversion-5y-EU-minus-US, naive", "40% of EU products never seen", 0.0, 350,
          lambda r: _lever(r, 1.0)),
    Small("conversion-5y-EU-minus-US, at the true coverage", "40% of EU products never seen", 0.0,
          350, lambda r: _lever(r, 0.6)),
    Small("share-reweighted", "regions over- and under-represented", 0.19, 400, _weighted),
    Small("share-reweighted, naive", "regions over- and under-represented", 0.19, 400,
          lambda r: _weighted(r, naive=True)),
)  # fmt: skip
