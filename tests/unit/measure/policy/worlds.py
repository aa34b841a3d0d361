"""Small panels for the tests of this theme."""

from __future__ import annotations

import numpy as np

from gapstudy.measure.policy.panel import Panel

DATE = 18_500.0


def made(
    seed: int, effect: float = 0.0, *, markets: int = 4, products: int = 60, makers: int = 15,
    trend: float = 0.0, drop: float = 0.3, noise: float = 1.0,
) -> Panel:  # fmt: skip
    """A panel with holes: products, each in some markets, and an effect in the first market."""
    random = np.random.default_rng(seed)
    day = np.sort(random.integers(18_000, 19_000, products)).astype(float)
    product = np.repeat(np.arange(products), markets)
    market = np.tile(np.arange(markets), products)
    keep = random.random(len(product)) > drop
    y = random.standard_normal(products)[product] + 0.5 * market
    y = y + noise * random.standard_normal(len(product))
    y = y + np.where(market == 0, effect * (day[product] >= DATE), 0.0)
    y = y + np.where(market == 0, trend * (day[product] - DATE) / 365.25, 0.0)
    maker = random.integers(0, makers, products)[product]
    whole = Panel(y[None], product.astype(np.int64), market.astype(np.int64), day[product],
                  maker.astype(np.int64), tuple(f"m{m}" for m in range(markets)))  # fmt: skip
    return whole.only(keep)
