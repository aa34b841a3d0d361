"""Small worlds for the estimators that need no links: shares, availability, hazards, data scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import availability, data_scale, industry, survival
from gapstudy.measure.aalen_johansen import destinations
from gapstudy.measure.availability import MARKETS, Lags
from gapstudy.measure.intervals import Share, difference_p, quantile
from gapstudy.measure.latency import cox, log_rank
from gapstudy.measure.productisation import ratio_interval
from gapstudy.measure.regional import combine, mean_share
from gapstudy.simulate.recovery import CONFIDENCE, Answers, summary

Floats = NDArray[np.float64]
#: Estimate, lower end, upper end, p-value (missing without a comparison).
Answer = tuple[float, float, float, float]


class Small(NamedTuple):
    """One small world with its estimator.

    Attributes:
        estimator: name of the estimator.
        scenario: what is set.
        truth: true value.
        n: observations.
        answer: one realisation and what the estimator says of it.
        null: value that its p-value tests against.
    """

    estimator: str
    scenario: str
    truth: float
    n: int
    answer: Callable[[np.random.Generator], Answer]
    null: float = 0.0


def table(count: int, seed: int, *, slow: bool = False) -> pd.DataFrame:
    """Rows of `out_simulation` for the estimators that need no links.

    Args:
        count: realisations of each world.
        seed: seed of all.
        slow: also the Cox model, whose fits take most of a minute.
    """
    rows = []
    for number, small in enumerate((*SMALL, *(SLOW if slow else ()))):
        random = np.random.default_rng([seed, 1000 + number])
        answers = np.array([small.answer(random) for _ in range(count)])
        result = summary(small.truth, Answers(*answers.T), null=small.null)
        rows.append(
            {"estimator": small.estimator, "scenario": small.scenario, "method": "known",
             "n": small.n, **result}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _credits(random: np.random.Generator, n: int, q: Floats) -> Floats:
    """Fractional credits of n results of one to four organisations in three regions."""
    organisations = random.integers(1, 5, n)
    return random.multinomial(organisations, q) / organisations[:, None]


def _share(random: np.random.Generator, q: Floats) -> Answer:
    credit = _credits(random, 300, q)
    everyone = np.ones_like(credit)
    fit = combine(mean_share(credit[None], everyone), everyone)
    gap, ends, p = fit.difference(0, 1, CONFIDENCE)
    return float(gap[0]), float(ends.low[0]), float(ends.high[0]), float(p[0])


def _industry(random: np.random.Generator, firms: Floats) -> Answer:
    base = _credits(random, 300, np.array([0.3, 0.5, 0.2]))
    # Four parts of each result's credit, of industry or not.
    part = base * random.binomial(4, firms, base.shape) / 4
    fit = industry.ratio(part, base)
    gap, ends, p = fit.difference(0, 1, CONFIDENCE)
    return float(gap[0]), float(ends.low[0]), float(ends.high[0]), float(p[0])


def _productisation(random: np.random.Generator, product: float, result: float) -> Answer:
    sides = []
    for size, chance in ((120, product), (300, result)):
        share = random.binomial(size, chance) / size
        sides.append(Share(np.array([share]), np.array([float(size)]), np.array([np.inf])))
    ends = ratio_interval(sides[0], sides[1], CONFIDENCE)
    p = float(difference_p(sides[0], sides[1], 0.0)[0])
    value = float(sides[0].value[0] / sides[1].value[0])
    return value, float(ends.low[0]), float(ends.high[0]), p


def _lags(random: np.random.Generator, same: tuple[float, float]) -> Lags:
    """A hundred products of forty makers in two markets, late ones log-normal, some censored."""
    maker = random.integers(0, 40, 100)
    # Makers differ in how often they ship the same day; the mean over them is what is set.
    chance = np.stack([random.beta(8 * s, 8 * (1 - s), 40) for s in same], axis=1)[maker]
    late = np.round(np.exp(random.normal(np.log(120), 0.8, (100, 2)))) + 1
    lag = np.where(random.random((100, 2)) < chance, 0.0, late)
    check = np.round(random.uniform(200, 900, (100, 2)))
    days, seen = np.full((1, 100, len(MARKETS)), np.nan), np.zeros((100, len(MARKETS)), bool)
    available = seen.copy()
    days[0, :, :2] = np.minimum(lag, check)
    available[:, :2], seen[:, :2] = lag <= check, True
    names = np.arange(100).astype(str).astype(object)
    return Lags(days, available, seen, maker.astype(np.int64), names, seen)


def _within(random: np.random.Generator, same: tuple[float, float]) -> Answer:
    fit = availability.fit(_lags(random, same), [90.0])
    gap, ends, p = fit.difference(0, 1, CONFIDENCE)
    return float(gap[0]), float(ends.low[0]), float(ends.high[0]), float(p[0])


def _late_share(days: float) -> float:
    """Share of late products that are usable within so many days (lags are rounded up by one)."""
    from scipy import special

    return float(special.ndtr((np.log(days - 0.5) - np.log(120)) / 0.8))


def _hazards(
    random: np.random.Generator, effect: float
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    group = np.arange(160) < 60
    time = random.exponential(np.exp(-effect * group) * 8.0)
    end = random.uniform(3, 12, 160)
    return np.minimum(time, end), time <= end, group


def _rank(random: np.random.Generator) -> Answer:
    gap, variance = log_rank(*_hazards(random, 0.0))
    return _normal(gap / variance, 1 / np.sqrt(variance))


def _cox(random: np.random.Generator, effect: float) -> Answer:
    time, event, group = _hazards(random, effect)
    value, variance = cox(time, event, group[:, None].astype(float), np.arange(len(time)))
    return _normal(float(value[0]), float(np.sqrt(variance[0])))


def _normal(value: float, error: float) -> Answer:
    from scipy import special

    half = float(quantile(CONFIDENCE)) * error
    return value, value - half, value + half, float(2 * special.ndtr(-abs(value) / error))


def _scale(random: np.random.Generator, effect: float) -> Answer:
    error = np.array([0.5, 0.4, 0.3])
    value, spread = data_scale.combined(effect + error * random.standard_normal(3), error)
    return _normal(value, spread)


def _home(random: np.random.Generator) -> Answer:
    n = 150
    time = np.where(random.random(n) < 0.3, random.exponential(3.0, n), np.inf)
    cause = (random.random(n) < 0.4).astype(int)
    end = random.uniform(3, 14, n)
    table = survival.steps(np.minimum(time, end)[None], (time <= end)[None], np.ones((n, 1)))
    fit = combine(destinations(table, cause[None], [5.0], 2)[0], np.ones((n, 1)), 0)
    ends = fit.interval(CONFIDENCE)
    return float(fit.share.value[0, 0]), float(ends.low[0, 0]), float(ends.high[0, 0]), np.nan


_EVEN, _UNEVEN = np.array([0.3, 0.3, 0.4]), np.array([0.2, 0.5, 0.3])
_FIRMS = np.array([0.2, 0.35, 0.3])
SMALL = (
    Small("share-EU-minus-US", "equal shares", 0.0, 300, lambda r: _share(r, _EVEN)),
    Small("share-EU-minus-US", "unequal shares", -0.3, 300, lambda r: _share(r, _UNEVEN)),
    Small("industry-share-EU-minus-US", "equal shares of industry", 0.0, 300,
          lambda r: _industry(r, np.full(3, 0.3))),
    Small("industry-share-EU-minus-US", "unequal shares of industry", -0.15, 300,
          lambda r: _industry(r, _FIRMS)),
    Small("productisation-ratio", "ratio of one", 1.0, 120,
          lambda r: _productisation(r, 0.15, 0.15), 1.0),
    Small("productisation-ratio", "ratio of one half", 0.5, 120,
          lambda r: _productisation(r, 0.1, 0.2), 1.0),
    Small("availability-within-90d-EU-minus-US", "equal markets, makers differ", 0.0, 100,
          lambda r: _within(r, (0.6, 0.6))),
    Small("availability-within-90d-EU-minus-US", "EU later, makers differ",
          -0.4 * (1 - _late_share(90)), 100, lambda r: _within(r, (0.45, 0.85))),
    Small("destination-home-5y", "three of five products at home",
          0.3 * 0.6 * (1 - float(np.exp(-5 / 3))), 150, _home),
    Small("log-rank", "equal hazards", 0.0, 160, _rank),
    Small("data-scale-log10-ratio", "equal sizes, three groups", 0.0, 3, lambda r: _scale(r, 0.0)),
    Small("data-scale-log10-ratio", "academic sets a tenth, three groups", -1.0, 3,
          lambda r: _scale(r, -1.0)),
)  # fmt: skip
SLOW = (
    Small("cox", "equal hazards", 0.0, 160, lambda r: _cox(r, 0.0)),
    Small("cox", "proportional hazards", -0.5, 160, lambda r: _cox(r, -0.5)),
)  # fmt: skip
