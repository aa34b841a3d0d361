r"""How soon products can be used in a market after their first availability (C4, C5).

The lag of a product in a market runs from its first availability anywhere (or in the US) to its
first availability there. A product that a page still calls unavailable is censored on the day of
that check, so that "not yet" neither counts as "never" nor drops out. Kaplan-Meier gives the share
usable within so many days; the mean of the first 730 days counts an absent product up to that
limit.

Dates known to the month or year are drawn in their interval, one position for all dates of a
product: two markets dated by the same month are then taken as the same day, never as a lag drawn
by chance. Products of one maker are kept together in the intervals. Medians exist only where the
curve reaches one half; their interval inverts the intervals of the curve (Brookmeyer and Crowley
1982, https://doi.org/10.2307/2530286). Lags behind the US may be negative and stay so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import survival
from gapstudy.measure.imputation import Floats, Ints
from gapstudy.measure.regional import Regional, combine
from gapstudy.measure.survival import Estimates

MARKETS = ("EU", "US", "CN", "GB", "other")
PAIRS = (("EU", "US"), ("GB", "US"), ("CN", "US"), ("EU", "GB"))
DAYS = {"same_day": 0, "within_90d": 90, "within_365d": 365}
LIMIT = 730
#: Shares this close to one half are one half, whatever the order of their products.
_ROUNDING = 1e-9


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
    """

    days: Floats
    available: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    maker: Ints
    product: NDArray[np.object_]
    confirmed: NDArray[np.bool_]


def lags(
    rows: pd.DataFrame, products: pd.DataFrame, reference: str, imputations: int, seed: list[int]
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
    end = np.where(available, first, np.where(seen, check, np.nan))
    keep = np.isfinite(start[0])
    # A check before the reference date says nothing about the time after it.
    days = end - np.where(np.isfinite(start), start, np.nan)[:, :, None]
    seen = seen & (available | ~(days < 0).any(axis=0))
    confirmed = np.zeros(seen.shape, bool)
    sure = known["confirmed"].to_numpy(bool)
    np.logical_or.at(confirmed, (p[sure], m[sure]), True)
    maker = np.unique(info["organisation"].astype(str), return_inverse=True)[1]
    return Lags(
        days[:, keep], available[keep], seen[keep], maker[keep].astype(np.int64), names[keep],
        confirmed[keep],
    )  # fmt: skip


def fit(table: Lags, points: Sequence[float], inside: NDArray[np.bool_] | None = None) -> Regional:
    """Share usable within so many days, one set of weights per market.

    Args:
        table: the lags.
        points: days, (H,).
        inside: which products count; all by default.
    """
    return _combine(
        table, inside, lambda steps, shift: survival.incidence(steps, np.add(points, shift))
    )


def delay(table: Lags, inside: NDArray[np.bool_] | None = None) -> Regional:
    """Mean delay of the first 730 days as a part of them, one set of weights per market."""

    def lost(steps: survival.Steps, shift: float) -> Estimates:
        mean = survival.restricted_mean(steps, LIMIT + shift)
        scale = LIMIT + shift
        return Estimates(mean.value / scale, mean.influence / scale, mean.at_risk)

    return _combine(table, inside, lost)


def points_table(
    rows: pd.DataFrame, labels: dict[str, str], table: Lags, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_availability` for one basis, reference and choice of rows.

    Args:
        rows: points of the curves from `curve_table`, which hold the medians.
        labels: values of basis, reference and rows.
        table: the lags.
        confidence: level of the intervals.
        min_cell: fewest products for which a figure is shown.
    """
    now, late = fit(table, list(DAYS.values())), delay(table)
    ends, late_ends = now.interval(confidence), late.interval(confidence)
    result = []
    for m, market in enumerate(MARKETS):
        n = int(now.results[m])
        if n == 0 or (labels["reference"] == "US" and market == "US"):
            continue
        few = f"fewer than {min_cell} products" if n < min_cell else ""
        absent = int((table.seen & ~table.available)[:, m].sum())
        base = {**labels, "market": market, "n": n, "unavailable": absent}
        for h, name in enumerate(DAYS):
            values = [now.share.value[m, h], ends.low[m, h], ends.high[m, h]]
            at_risk = float(now.raw.at_risk[:, m, h].mean())
            result.append(_row(base, name, values, "share", at_risk, few))
            if name == "same_day":
                turned = [1 - values[0], 1 - values[2], 1 - values[1]]
                result.append(_row(base, "delayed", turned, "share", at_risk, few))
        result.append(_median(base, rows[rows["market"] == market], few))
        if labels["reference"] == "anywhere":
            values = [LIMIT * part[m, 0] for part in (late.share.value, *late_ends)]
            at_risk = float(late.raw.at_risk[:, m, 0].mean())
            result.append(_row(base, "mean_730d", values, "days", at_risk, few))
    return pd.DataFrame(result)


def differences(
    labels: dict[str, str], table: Lags, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_availability_difference`, over the products with rows in both markets."""
    result = []
    for market, versus in PAIRS:
        a, b = MARKETS.index(market), MARKETS.index(versus)
        if labels["reference"] == versus:
            continue
        both = table.seen[:, a] & table.seen[:, b]
        n = int(both.sum())
        few = f"fewer than {min_cell} products" if n < min_cell else ""
        base = {**labels, "market": market, "versus": versus, "n": n, "note": few}
        if n == 0:
            continue
        parts = [("share", list(DAYS), fit(table, list(DAYS.values()), both), 1.0)]
        if labels["reference"] == "anywhere":
            parts.append(("days", ["mean_730d"], delay(table, both), float(LIMIT)))
        for unit, names, fitted, scale in parts:
            gap, ends, p = fitted.difference(a, b, confidence)
            for h, name in enumerate(names):
                values = (scale * gap[h], scale * ends.low[h], scale * ends.high[h], p[h])
                estimate, low, high, p_value = (np.nan if few else float(v) for v in values)
                result.append(
                    base | {
                        "measure": name, "estimate": estimate, "low": low, "high": high,
                        "p_value": p_value, "unit": unit,
                    }
                )  # fmt: skip
    return pd.DataFrame(result)


def curve_table(
    labels: dict[str, str], table: Lags, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_availability_curve`: every day on which a curve can change, to the limit."""
    seen = np.where(table.seen, table.days, np.nan)
    days = np.unique(seen[np.isfinite(seen) & (seen <= LIMIT)])
    names = [*labels, "market", "days", "estimate", "low", "high", "n", "at_risk"]
    if len(days) == 0:
        return pd.DataFrame(columns=names)
    points = np.union1d(days, [0.0, float(LIMIT)])
    fitted = fit(table, list(points))
    ends = fitted.interval(confidence)
    parts = []
    for m, market in enumerate(MARKETS):
        if fitted.results[m] < min_cell or (labels["reference"] == "US" and market == "US"):
            continue
        at_risk = fitted.raw.at_risk[:, m].mean(axis=0)
        part = pd.DataFrame(
            {
                "days": points, "estimate": fitted.share.value[m], "low": ends.low[m],
                "high": ends.high[m], "at_risk": at_risk,
            }
        )  # fmt: skip
        # Beyond the last product still followed, the curve is not known.
        part = part[(at_risk > 0) | (part["estimate"] >= 1)]
        parts.append(part.assign(market=market, n=int(fitted.results[m]), **labels))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def lag_table(labels: dict[str, str], table: Lags, home: pd.Series) -> pd.DataFrame:
    """Rows of `out_availability_lags`.

    Args:
        labels: values of basis and reference.
        table: the lags, one draw with dates at the middle of their intervals.
        home: region of the maker by product identifier.
    """
    p, m = np.nonzero(table.seen)
    return pd.DataFrame(
        {
            "product_id": table.product[p].astype(str),
            "market": np.asarray(MARKETS)[m],
            "rows": np.where(table.confirmed[p, m], "confirmed", "inferred"),
            "available": table.available[p, m],
            "lag_days": table.days[:, p, m].mean(axis=0),
            "home": home.loc[list(table.product[p])].to_numpy(),
        }
    ).assign(**labels)


def _combine(
    table: Lags,
    inside: NDArray[np.bool_] | None,
    estimator: Callable[[survival.Steps, float], Estimates],
) -> Regional:
    """One estimate per market, influences summed by maker."""
    use = table.seen if inside is None else table.seen & inside[:, None]
    shift = -float(min(0.0, np.where(use, table.days, 0.0).min(initial=0.0)))
    makers = int(table.maker.max(initial=-1)) + 1
    parts = []
    for m in range(len(MARKETS)):
        rows = np.flatnonzero(use[:, m])
        time = np.maximum(table.days[:, rows, m] + shift, 0.0)
        one = estimator(
            survival.steps(time, table.available[rows, m], np.ones((len(rows), 1))), shift
        ) if len(rows) else None  # fmt: skip
        parts.append((rows, one))
    example = next(one for _, one in parts if one is not None)
    draws, _, horizons = example.value.shape
    value = np.zeros((draws, len(MARKETS), horizons))
    risk, influence = value.copy(), np.zeros((draws, makers, len(MARKETS), horizons))
    for m, (rows, one) in enumerate(parts):
        if one is None:
            continue
        value[:, m], risk[:, m] = one.value[:, 0], one.at_risk[:, 0]
        member = (np.arange(makers)[:, None] == table.maker[rows]).astype(float)
        influence[:, :, m] = np.einsum("op,dph->doh", member, one.influence[:, :, 0])
    return combine(Estimates(value, influence, risk), use.astype(float))


def _row(
    base: dict[str, object],
    measure: str,
    values: Sequence[float],
    unit: str,
    at_risk: float | None,
    note: str,
) -> dict[str, object]:
    estimate, low, high = (np.nan if note else float(value) for value in values)
    return base | {
        "measure": measure, "estimate": estimate, "low": low, "high": high, "unit": unit,
        "at_risk": np.nan if at_risk is None else at_risk, "note": note,
    }  # fmt: skip


def _median(base: dict[str, object], curve: pd.DataFrame, note: str) -> dict[str, object]:
    """First day on which the curve, and each end of its interval, reaches one half."""

    def reach(column: str) -> float:
        days = curve.loc[curve[column] >= 0.5 - _ROUNDING, "days"]
        return float(days.min()) if len(days) else np.nan

    value = reach("estimate")
    if not note and np.isnan(value):
        note = "fewer than half are available at the end of follow-up: there is no median"
    return _row(base, "median", [value, reach("high"), reach("low")], "days", None, note)


def _draw(first: pd.Series, last: pd.Series, position: Floats) -> Floats:
    start = first.to_numpy().astype("datetime64[D]").astype(np.int64)
    length = last.to_numpy().astype("datetime64[D]").astype(np.int64) - start
    return np.asarray(start + np.floor(position * (length + 1)), dtype=float)
