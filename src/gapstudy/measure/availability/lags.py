"""From availability rows to lags: what is drawn, what is censored, what is not known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.imputation import Floats, Ints

MARKETS = ("EU", "US", "CN", "GB", "other")


@dataclass(frozen=True)
class Lags:
    """Lags of P products in the markets, in M draws of the dates.

    Attributes:
        days: lag to availability or to censoring, (M, P, markets); missing without a row.
        available: whether it ends in availability, (P, markets).
        seen: whether there is a row, (P, markets).
        maker: which organisation makes each product, (P,).
        product: identifiers, (P,).
        confirmed: whether the deciding row is confirmed, (P, markets).
        start: day from which the lags count, days since 1970, (M, P); empty when not known.
        after_cutoff: whether it is known to become available after the cut-off, where it is
            censored, (P, markets); empty without a cut-off.
    """

    days: Floats
    available: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    maker: Ints
    product: NDArray[np.object_]
    confirmed: NDArray[np.bool_]
    start: Floats = field(default_factory=lambda: np.empty((0, 0)))
    after_cutoff: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), bool))

    @property
    def entry(self) -> Floats:
        """Mean day from which the lags of each product count, (P,)."""
        return np.asarray(np.floor(self.start.mean(axis=0)), dtype=float)


def lags(
    rows: pd.DataFrame,
    products: pd.DataFrame,
    reference: str,
    imputations: int,
    seed: list[int],
    cutoff: int | None = None,
) -> Lags:
    """Draw the dates of availability rows of one basis and take lags.

    Several offers in one market count by the earliest; a market without any counts by its last
    check. The launch of the product itself counts as availability somewhere when it is known to the
    day, or when no market has it.

    Args:
        rows: availability rows of one basis.
        products: all products.
        reference: "anywhere" or "US"; products without a date there are left out.
        imputations: number of draws, M.
        seed: seed of the generator.
        cutoff: end of observation, days since 1970: later products are left out, later dates are
            censored there; without it every date counts.
    """
    random = np.random.default_rng(seed)
    known = rows[rows["product_id"].isin(products["product_id"])]
    names = np.array(sorted(known["product_id"].astype(str).unique()), dtype=object)
    info = products.set_index("product_id").loc[list(names)]
    position = random.random((imputations, len(names)))
    p = pd.Index(names).get_indexer(pd.Index(known["product_id"].astype(str)))
    m = pd.Index(MARKETS).get_indexer(pd.Index(known["market"].astype(str)))
    on = (known["status"] == "available").to_numpy(bool)
    day = _draw(known["date_from"], known["date_to"], position[:, p])
    shape = (imputations, len(names), len(MARKETS))
    first, check = np.full(shape, np.inf), np.full(shape, -np.inf)
    draws = np.arange(imputations)[:, None]
    np.minimum.at(first, (draws, p[on][None], m[on][None]), day[:, on])
    np.maximum.at(check, (draws, p[~on][None], m[~on][None]), day[:, ~on])
    launch = _draw(info["date_from"], info["date_to"], position)
    exact = (info["date_precision"] == "day").to_numpy(bool) | ~np.isfinite(first[0]).any(axis=1)
    if reference == "US":
        start = first[:, :, MARKETS.index("US")]
    else:
        start = np.minimum(first.min(axis=2), np.where(exact, launch, np.inf))
    available = np.isfinite(first[0])
    seen = available | np.isfinite(check[0])
    keep = np.isfinite(start[0])
    late = np.zeros_like(available)
    if cutoff is not None:
        late = available & (first.mean(axis=0) > cutoff)
        available = available & ~late
        keep = keep & (start.mean(axis=0) <= cutoff)
    end = np.where(available, first, np.where(seen, check, np.nan))
    if cutoff is not None:
        end = np.where(late, float(cutoff), np.minimum(end, cutoff))
    # A check before the reference date says nothing about the time after it.
    days = end - np.where(np.isfinite(start), start, np.nan)[:, :, None]
    seen = seen & (available | ~(days < 0).any(axis=0))
    confirmed = np.zeros(seen.shape, bool)
    sure = known["confirmed"].to_numpy(bool)
    np.logical_or.at(confirmed, (p[sure], m[sure]), True)
    maker = np.unique(info["organisation"].astype(str), return_inverse=True)[1]
    return Lags(
        days[:, keep], available[keep], seen[keep], maker[keep].astype(np.int64), names[keep],
        confirmed[keep], start[:, keep], late[keep],
    )  # fmt: skip


def _draw(first: pd.Series, last: pd.Series, position: Floats) -> Floats:
    start = first.to_numpy().astype("datetime64[D]").astype(np.int64)
    length = last.to_numpy().astype("datetime64[D]").astype(np.int64) - start
    return np.asarray(start + np.floor(position * (length + 1)), dtype=float)
