r"""Product by market: the panel of the policy analysis.

A row is a product in a market where its availability is known. Outcomes: `delayed` (not usable on
the day of the first availability anywhere), `beyond_90d` (nor within 90 days) and `delay_365d`
(delay in days, up to 365). Where a product stopped being followed earlier, the last two are not
known, and its pseudo-observation stands in,

.. math:: \hat\theta_m + n_m \psi_i,

with the Kaplan-Meier estimate of its market and the influence of the product on it (infinitesimal
jackknife). Products followed to the end have their own value. References: Andersen, Klein and
Rosthøj (2003), https://doi.org/10.1093/biomet/90.1.15; Parner, Andersen and Overgaard (2023),
https://doi.org/10.1007/s10985-023-09597-5. They ask that being followed does not depend on the
outcome or on the date; `out_availability_selection` shows how far the first could matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gapstudy.measure import survival
from gapstudy.measure.availability import MARKETS, Lags
from gapstudy.measure.imputation import Floats, Ints
from gapstudy.measure.policy.rules import MONTH

#: Outcome -> unit of its changes; those of shares are printed in percentage points.
OUTCOMES = {"delayed": "points", "beyond_90d": "points", "delay_365d": "days"}


@dataclass(frozen=True)
class Panel:
    """N product-market rows of P products, in M draws of the dates.

    Attributes:
        y: outcome, (M, N).
        product: product of each row, 0 to P - 1, (N,).
        market: market of each row, position in `markets`, (N,).
        day: first availability anywhere, days since 1970, (N,).
        maker: maker of each row, (N,).
        markets: names of the markets.
    """

    y: Floats
    product: Ints
    market: Ints
    day: Floats
    maker: Ints
    markets: tuple[str, ...]

    def only(self, rows: NDArray[np.bool_]) -> Panel:
        """Some rows; products that are left in one market compare nothing and go."""
        seen = np.bincount(self.product[rows], minlength=int(self.product.max(initial=-1)) + 1)
        rows = rows & (seen[self.product] > 1)
        product = np.unique(self.product[rows], return_inverse=True)[1].astype(np.int64)
        return replace(
            self, y=self.y[:, rows], product=product, market=self.market[rows],
            day=self.day[rows], maker=self.maker[rows],
        )  # fmt: skip

    def around(self, day: float, months: float) -> Panel:
        """Launches so many months before and after a day."""
        return self.only(np.abs(self.day - day) <= months * MONTH)

    def sides(self, treated: int, day: float) -> tuple[int, int]:
        """Products seen in the treated market and another, launched before and from the day on."""
        inside = self.market == treated
        others = np.bincount(self.product, minlength=int(self.product.max(initial=-1)) + 1) > 1
        mine = self.day[inside & others[self.product]]
        return int((mine < day).sum()), int((mine >= day).sum())

    def treatment(self, treated: int, day: float) -> Floats:
        """One for launches from the day on in the treated market, else zero, (N,)."""
        return np.asarray((self.market == treated) & (self.day >= day), dtype=float)


def panel(table: Lags, outcome: str, markets: tuple[str, ...]) -> Panel:
    """The panel of one outcome.

    Args:
        table: lags with their start.
        outcome: a name of `OUTCOMES`.
        markets: names of the markets, the treated one first.
    """
    columns = [MARKETS.index(name) for name in markets]
    parts = []
    for k, m in enumerate(columns):
        rows = np.flatnonzero(table.seen[:, m])
        days, on = np.maximum(table.days[:, rows, m], 0.0), table.available[rows, m]
        parts.append((rows, np.full(len(rows), k), _outcome(days, on, outcome)))
    product = np.concatenate([part[0] for part in parts])
    whole = Panel(
        np.concatenate([part[2] for part in parts], axis=1), product.astype(np.int64),
        np.concatenate([part[1] for part in parts]).astype(np.int64), table.entry[product],
        table.maker[product], markets,
    )  # fmt: skip
    return whole.only(np.ones(len(product), bool))


def _outcome(days: Floats, on: NDArray[np.bool_], outcome: str) -> Floats:
    if outcome == "delayed" or not len(on):
        return ((days > 0) | ~on).astype(float)
    steps = survival.steps(days, on, np.ones((len(on), 1)))
    if outcome == "beyond_90d":
        found = survival.incidence(steps, [90.0])
        return 1.0 - found.value[:, :1, 0] - len(on) * found.influence[:, :, 0, 0]
    mean = survival.restricted_mean(steps, 365.0)
    return mean.value[:, :1, 0] + len(on) * mean.influence[:, :, 0, 0]
