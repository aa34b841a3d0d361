"""Curves, points of them and differences of markets: the tables of availability lags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gapstudy.measure.availability.estimates import LIMIT, delay, fit
from gapstudy.measure.availability.lags import MARKETS, Lags

PAIRS = (("EU", "US"), ("GB", "US"), ("CN", "US"), ("EU", "GB"))
DAYS = {"same_day": 0, "within_90d": 90, "within_365d": 365}
#: Shares this close to one half are one half, whatever the order of their products.
_ROUNDING = 1e-9


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
