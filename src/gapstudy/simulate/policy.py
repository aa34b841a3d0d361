r"""Worlds with one treated market: which tests keep their size, and what they can find.

The outcome of a product in a market is a market effect, the market's shock of the month (which
follows itself, first-order autoregressive), noise of the product-market, and the effect from the
date on in the treated market:

.. math:: y_{pm} = \gamma_m + u_{m,t(p)} + \varepsilon_{pm} + \delta\, 1\{m = 0, t_p \ge T\},
          \quad u_{m,t} = \rho\, u_{m,t-1} + \eta_{m,t} .

The shocks are what ordinary tests do not see. Where the date is drawn among all months, ranks of
dates are exact by design; where it stays in the middle, they are not, and the table says by how
much. With many markets the residuals of the others (Conley and Taber) can carry a 95% interval;
with four they cannot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gapstudy.measure.intervals import wilson
from gapstudy.measure.policy import few_treated, randomisation, within
from gapstudy.measure.policy.panel import Panel
from gapstudy.measure.policy.rules import MONTH
from gapstudy.measure.policy.wild import Wild
from gapstudy.tables.rounding import rounded

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
_START, _NAN = 18_000.0, float("nan")


class World(NamedTuple):
    """One kind of world.

    Attributes:
        scenario: what is set, in words.
        markets: number of markets; the first is treated.
        effect: true effect.
        persistence: correlation of a market's shocks of neighbouring months.
        shock: their standard deviation.
        noise: standard deviation of the noise of a product in a market.
        drawn: whether the date is drawn among all months, or lies in the middle.
        months: months of launches.
        products: products.
        makers: makers.
    """

    scenario: str
    markets: int
    effect: float
    persistence: float
    shock: float
    noise: float = 1.0
    drawn: bool = True
    months: int = 40
    products: int = 80
    makers: int = 25


class Said(NamedTuple):
    """What one method says of one world.

    Attributes:
        estimate: the estimate.
        low: lower end of its interval, missing where it has none.
        high: upper end.
        p_value: against no effect.
        smallest: smallest p-value that it can give.
    """

    estimate: float
    low: float
    high: float
    p_value: float
    smallest: float


WORLDS = (
    World("four markets, no shocks, no effect", 4, 0.0, 0.0, 0.0),
    World("four markets, lasting shocks, no effect", 4, 0.0, 0.8, 0.6),
    World("four markets, lasting shocks, date in the middle, no effect", 4, 0.0, 0.8, 0.6,
          drawn=False),
    World("four markets, lasting shocks, effect 1.5", 4, 1.5, 0.8, 0.6),
    World("four markets, no shocks, effect 1.5", 4, 1.5, 0.0, 0.0),
    World("twenty markets, lasting shocks, no effect", 20, 0.0, 0.8, 0.6),
    World("twenty markets, lasting shocks, effect 1.5", 20, 1.5, 0.8, 0.6),
)  # fmt: skip
#: Fewest products on either side of a placebo date.
_SMALLEST = 10


def table(count: int, seed: int, worlds: tuple[World, ...] = WORLDS) -> pd.DataFrame:
    """Rows of `out_policy_simulation`.

    Args:
        count: realisations of each world.
        seed: seed of all.
        worlds: the worlds.
    """
    parts = [_rows(world, number, count, seed) for number, world in enumerate(worlds)]
    return pd.concat(parts, ignore_index=True)


def part(chosen: tuple[int, int, int]) -> pd.DataFrame:
    """Rows of one world of `WORLDS`: its number, realisations, seed of all."""
    number, count, seed = chosen
    return _rows(WORLDS[number], number, count, seed)


def _rows(world: World, number: int, count: int, seed: int) -> pd.DataFrame:
    said: dict[str, list[Said]] = {}
    # Small matrices by the thousand: further threads only wait for each other.
    with threadpool_limits(limits=1):
        for turn in range(count):
            random = np.random.default_rng([seed, 51, number, turn])
            for method, one in answers(world, random, [seed, 52, number, turn]).items():
                said.setdefault(method, []).append(one)
    rows = [_row(world, method, np.array(all_)) for method, all_ in said.items()]
    return rounded(pd.DataFrame(rows), 10)


def draw(world: World, random: np.random.Generator) -> tuple[Panel, float]:
    """One realisation: its panel and the day of the law."""
    month = np.sort(random.integers(0, world.months, world.products))
    day = np.sort(np.floor(_START + month * MONTH + random.integers(0, 28, world.products)))
    dates = randomisation.months(day[_SMALLEST - 1] + 1, day[-_SMALLEST])
    date = float(random.choice(dates)) if world.drawn else float(dates[len(dates) // 2])
    shock = np.zeros((world.markets, world.months))
    spread = world.shock * np.sqrt(1 - world.persistence**2)
    shock[:, 0] = world.shock * random.standard_normal(world.markets)
    for t in range(1, world.months):
        new = spread * random.standard_normal(world.markets)
        shock[:, t] = world.persistence * shock[:, t - 1] + new
    product = np.repeat(np.arange(world.products), world.markets)
    market = np.tile(np.arange(world.markets), world.products)
    noise = world.noise * random.standard_normal(len(product))
    outcome = 0.3 * market + shock[market, month[product]] + noise
    outcome += world.effect * ((market == 0) & (day[product] >= date))
    maker = random.integers(0, world.makers, world.products)
    names = tuple(f"market {m}" for m in range(world.markets))
    panel = Panel(outcome[None], product.astype(np.int64), market.astype(np.int64),
                  day[product], maker[product].astype(np.int64), names)  # fmt: skip
    return panel, date


def answers(world: World, random: np.random.Generator, seed: list[int]) -> dict[str, Said]:
    """What every method says of one realisation."""
    panel, date = draw(world, random)
    result = {}
    for cluster in ("market", "maker"):
        one = within.effect(panel, 0, date, cluster, CONFIDENCE)
        result[f"cluster_{cluster}"] = Said(one.estimate, one.low, one.high, one.p_value, 0.0)
    value = one.estimate
    pairs = panel.maker * world.markets + panel.market
    for name, weights in (("wild_market", None), ("wild_subcluster", pairs)):
        boot = Wild(panel, 0, date, "market", 199, seed, weights)
        result[name] = Said(value, _NAN, _NAN, boot.p_value(), 1 / 200)
    found = randomisation.placebos(panel, 0, date, _SMALLEST)
    for kind in ("dates", "markets", "both"):
        chosen = found.inside(kind)
        low, high = randomisation.interval(found, chosen, CONFIDENCE)
        p = randomisation.p_value(found.estimate[chosen], 0)
        result[f"randomisation_{kind}"] = Said(value, low, high, p, 1 / len(chosen))
    few = few_treated.conley_taber(panel, 0, date, CONFIDENCE)
    result["conley_taber"] = Said(
        value, few.low, few.high, few.p_value, 1 / (1 + len(few.differences))
    )
    return result


def _row(world: World, method: str, said: Floats) -> dict[str, object]:
    estimate, low, high, p, smallest = said.T
    count = len(said)
    rejected = float((p <= 1 - CONFIDENCE + 1e-12).mean())
    ends = wilson(rejected, count, 1.96)
    known = ~np.isnan(low)
    inside = (low <= world.effect) & (world.effect <= high)
    return {
        "scenario": world.scenario, "method": method, "truth": world.effect,
        "bias": float(estimate.mean() - world.effect),
        "mc_error": float(estimate.std(ddof=1) / np.sqrt(count)) if count > 1 else 0.0,
        "rejection": rejected, "rejection_low": float(ends.low),
        "rejection_high": float(ends.high), "null_true": world.effect == 0,
        "coverage": float(inside[known].mean()) if known.all() else np.nan,
        "smallest_p": float(smallest.mean()), "worlds": count, "markets": world.markets,
        "n": world.products,
    }  # fmt: skip
