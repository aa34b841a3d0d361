r"""Which products are in the availability set, and how far their choice and loss could matter.

**Statuses** count every product and market once: available (the same day, later, or after the
cut-off), not available at the last check, and not known.

**Censoring.** A product whose page was read early says little about later days. The share usable
within h days lies between the one in which such products never come (`censored_never`) and the one
in which they come at once (`censored_at_once`).

**Selection.** Pages report delays, so late products are more likely to be in the set. `weighted`
gives each cell of maker's home and launch period the weight that it has among all products of the
corpus (post-stratification; Holt and Smith 1979, https://doi.org/10.2307/2344652); it mends what
home and period explain and nothing else. `others_same_day` and `others_late` are the bounds without
any assumption: every product of the corpus that is not in the set was usable the same day, or was
late (Manski 1990, https://www.jstor.org/stable/2006592).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import survival
from gapstudy.measure.availability.estimates import by_maker
from gapstudy.measure.availability.lags import MARKETS, Lags
from gapstudy.measure.imputation import Floats
from gapstudy.measure.regional import combine, kish, mean_share
from gapstudy.measure.survival import Estimates

#: Launch years that part the periods of the weights: before generative products, their first two
#: years, and since.
PERIODS = (2022, 2024)
_DAYS = {"delayed": 0.0, "beyond_90d": 90.0, "beyond_365d": 365.0}


def status_table(labels: dict[str, str], table: Lags) -> pd.DataFrame:
    """Rows of `out_availability_status`."""
    rows = []
    late = table.after_cutoff if table.after_cutoff.size else np.zeros_like(table.available)
    same = table.days.mean(axis=0) <= 0
    for m, market in enumerate(MARKETS):
        on, seen, moved = table.available[:, m], table.seen[:, m], late[:, m]
        counts = {
            "available_same_day": on & same[:, m], "available_later": on & ~same[:, m],
            "available_after_cutoff": seen & moved, "not_available": seen & ~on & ~moved,
            "not_known": ~seen,
        }  # fmt: skip
        rows += [
            {**labels, "market": market, "status": name, "n": int(part.sum()),
             "products": len(table.product)}
            for name, part in counts.items()
        ]  # fmt: skip
    return pd.DataFrame(rows)


def selection_table(
    labels: dict[str, str], table: Lags, everyone: pd.DataFrame, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_availability_selection`.

    Args:
        labels: values of basis and rows.
        table: the lags of the availability set.
        everyone: products of the corpus launched by the cut-off, with product_id, home and year.
        confidence: level of the intervals.
        min_cell: fewest products for which a figure is shown.
    """
    weight, kept = _weights(table, everyone)
    rows: list[dict[str, Any]] = []
    for m, market in enumerate(MARKETS):
        mine = table.seen[:, m]
        n = int(mine.sum())
        if not n:
            continue
        base = {**labels, "market": market, "n": n, "corpus": len(everyone)}
        few = f"fewer than {min_cell} products" if n < min_cell else ""
        for measure, day in _DAYS.items():
            for method, values in _methods(table, m, day, weight, len(everyone), confidence):
                if measure != "delayed" and method.startswith("others_"):
                    continue
                if few:
                    values = (np.nan, np.nan, np.nan)
                rows.append(
                    {**base, "measure": measure, "method": method, "estimate": values[0],
                     "low": values[1], "high": values[2],
                     "effective_n": float(kish(weight[mine][:, None])[0])
                     if method == "weighted" else float(n),
                     "represented": kept if method == "weighted" else 1.0,
                     "note": few or ("a bound over products that were not looked at: no sampling "
                                     "interval" if method.startswith("others_") else "")}
                )  # fmt: skip
    return pd.DataFrame(rows)


def _methods(
    table: Lags, m: int, day: float, weight: Floats, corpus: int, confidence: float
) -> list[tuple[str, tuple[float, float, float]]]:
    mine = table.seen[:, m]
    days, on = np.maximum(table.days[:, mine, m], 0.0), table.available[mine, m]
    maker, n = table.maker[mine], int(mine.sum())
    known_late = ((days > day) | (~on & (days >= day))).astype(float)
    lost = (~on & (days < day)).astype(float)
    flat = np.ones(n)
    result = []
    for method, w in (("observed", flat), ("weighted", weight[mine])):
        if not w.sum() > 0:
            result.append((method, (np.nan, np.nan, np.nan)))
            continue
        found = survival.incidence(survival.steps(days, on, w[:, None]), [day])
        one = combine(
            Estimates(1 - found.value, by_maker(found.influence, maker), found.at_risk), w[:, None]
        )
        ends = one.interval(confidence)
        result.append((method, (float(one.share.value[0, 0]), float(ends.low[0, 0]),
                                float(ends.high[0, 0]))))  # fmt: skip
    bounds = {"censored_at_once": known_late, "censored_never": known_late + lost}
    if day == 0:
        # On the first day nothing is lost: only the products outside the set are unknown.
        bounds = {}
        share = known_late.mean(axis=0).sum() / corpus
        result.append(("others_same_day", (float(share), np.nan, np.nan)))
        result.append(("others_late", (float(share + (corpus - n) / corpus), np.nan, np.nan)))
    for method, value in bounds.items():
        raw = mean_share(value, flat[:, None])
        one = combine(Estimates(raw.value, by_maker(raw.influence, maker), raw.at_risk),
                      flat[:, None])  # fmt: skip
        ends = one.interval(confidence)
        result.append((method, (float(one.share.value[0, 0]), float(ends.low[0, 0]),
                                float(ends.high[0, 0]))))  # fmt: skip
    return result


def _weights(table: Lags, everyone: pd.DataFrame) -> tuple[Floats, float]:
    """Weight of each product of the set, and the share of the corpus whose cell is in the set."""
    inside = pd.Index(everyone["product_id"].astype(str)).get_indexer(
        pd.Index(table.product.astype(str))
    )
    period = np.searchsorted(np.array(PERIODS), everyone["year"].to_numpy(float), side="right")
    cell = everyone["home"].astype(str).to_numpy() + "|" + period.astype(str)
    names, code = np.unique(cell, return_inverse=True)
    total = np.bincount(code, minlength=len(names)).astype(float)
    known: NDArray[np.bool_] = inside >= 0
    mine = np.bincount(code[inside[known]], minlength=len(names)).astype(float)
    each = np.divide(total, mine, out=np.zeros_like(total), where=mine > 0)
    weight = np.zeros(len(table.product))
    weight[known] = each[code[inside[known]]]
    if weight.sum() > 0:
        weight *= known.sum() / weight.sum()
    return weight, float(total[mine > 0].sum() / max(total.sum(), 1.0))
