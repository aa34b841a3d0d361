"""Lags seen when looking back from products to the results that they use.

Every drawn link of a product to an earlier result is one lag; a product with several counts once in
all. Lags are seen only up to the cut-off, so that the plain distribution of those seen is too short
(`models.reverse_time`); both stand side by side, by region of the product's maker, and both are
given that the lag is at most the longest, which is stated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import CURVE_STEP
from gapstudy.measure.imputation import YEAR, Candidates, LinkChoice
from gapstudy.measure.models.reverse_time import LagDistribution, longest_lag, naive, quantiles
from gapstudy.measure.models.reverse_time import reverse_time as reverse
from gapstudy.measure.models.sample import Floats, Ints
from gapstudy.measure.regional import Regional, combine
from gapstudy.measure.survival import Estimates

METHODS: dict[str, Callable[..., LagDistribution]] = {"naive": naive, "reverse time": reverse}
PROBABILITIES = (0.25, 0.5, 0.75)
#: Fewest pairs at risk at a lag, beyond the shortest tenth, for a reverse-time estimate.
FEWEST_AT_RISK = 3
_POINT = 2 * CURVE_STEP


@dataclass(frozen=True)
class Lags:
    """Lags of one link set.

    Attributes:
        lag: years from result to product, (P,).
        limit: years from result to the cut-off, (P,).
        product: position of the product, (P,).
    """

    lag: Floats
    limit: Floats
    product: Ints


def draw_lags(
    table: Candidates, links: LinkChoice, cutoff: int, imputations: int, seed: list[int]
) -> list[Lags]:
    """Lags of all links of M drawn link sets; products before their results are left out.

    Args:
        table: possible links.
        links: evidence to use.
        cutoff: last day of observation, days since 1970.
        imputations: number of link sets, M.
        seed: seed of the generator.
    """
    random = np.random.default_rng(seed)

    def day(first: Ints, last: Ints) -> Ints:
        part = random.random(len(first))
        return first + np.floor(part * (last - first + 1)).astype(np.int64)

    result = []
    for _ in range(imputations):
        paper = day(table.paper_from, table.paper_to)[table.paper]
        product = day(table.product_from, table.product_to)[table.product]
        use = random.random(len(table.paper)) < table.probability(links)
        use &= (product >= paper) & (product <= cutoff)
        lag, limit = (product - paper)[use] / YEAR, (cutoff - paper)[use] / YEAR
        result.append(Lags(lag, limit, table.product[use]))
    return result


def lag_rows(
    labels: dict[str, str], drawn: list[Lags], made_in: Ints, longest: float, confidence: float,
    min_cell: int,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_reverse_time`.

    Args:
        labels: values of the columns that say which analysis it is.
        drawn: lags of every link set.
        made_in: position in `COLUMNS` of each product's maker, (products,).
        longest: longest lag wanted, years; shorter where no such lag could have been seen in
            enough pairs.
        confidence: level of the intervals.
        min_cell: fewest products, and fewest pairs at the longest lag.
    """
    count = [len(np.unique(part.product)) for part in drawn]
    end, why = 0.0, ""
    if min(count, default=0) < min_cell:
        why = f"fewer than {min_cell} products with a result"
    else:
        try:
            end = min(longest, *(longest_lag(p.lag, p.limit, min_cell) for p in drawn))
        except FitError as error:
            why = error.what
    end = float(np.floor(end / _POINT) * _POINT)
    if not why and end < 2 * _POINT:
        why = "no lag of a year could have been seen in enough pairs"
    if why:
        return pd.DataFrame([
            _row(labels, method, region, "share", max(end, 0.0), 0, end, note=why)
            for method in METHODS for region in COLUMNS
        ])  # fmt: skip
    points = np.arange(_POINT, end + _POINT / 2, _POINT)
    rows: list[dict[str, object]] = []
    for method, estimate in METHODS.items():
        for k, region in enumerate(COLUMNS):
            fit, note, n = _pooled(drawn, made_in, k, points, end, estimate, min_cell)
            if fit is None:
                rows.append(_row(labels, method, region, "share", end, n, end, note=note))
                continue
            ends = fit.interval(confidence)
            share, low, high = fit.share.value[0], ends.low[0], ends.high[0]
            rows += [
                _row(labels, method, region, "share", points[h], n, end,
                     (share[h], low[h], high[h]))
                for h in range(len(points))
            ]  # fmt: skip
            # A quantile's interval holds the points whose own intervals hold its probability.
            found = [quantiles(points, part, PROBABILITIES) for part in (share, high, low)]
            rows += [
                _row(labels, method, region, "quantile", p, n, end, tuple(f[i] for f in found))
                for i, p in enumerate(PROBABILITIES)
            ]
    return pd.DataFrame(rows)


def _pooled(
    drawn: list[Lags], made_in: Ints, k: int, points: Floats, end: float,
    estimate: Callable[..., LagDistribution], min_cell: int,
) -> tuple[Regional | None, str, int]:  # fmt: skip
    """One distribution over the link sets; without it, why; and the products of all sets."""
    size = len(made_in)
    everyone = k == len(COLUMNS) - 1
    values = np.zeros((len(drawn), 1, len(points)))
    influence = np.zeros((len(drawn), size, 1, len(points)))
    weight = np.zeros((size, 1))
    for m, part in enumerate(drawn):
        use = part.lag <= end
        if not everyone:
            use &= made_in[part.product] == k
        product = part.product[use]
        found = np.unique(product)
        if len(found) < min_cell:
            return None, f"fewer than {min_cell} products with a result", len(found)
        each = 1.0 / np.bincount(product, minlength=size)[product]
        try:
            fit = estimate(
                part.lag[use], part.limit[use], points, end, weight=each, cluster=product
            )
        except FitError as error:
            return None, error.what, len(found)
        if fit.smallest < FEWEST_AT_RISK:
            return None, f"fewer than {FEWEST_AT_RISK} pairs at risk at a long lag", len(found)
        values[m, 0], influence[m, found, 0] = fit.value, fit.influence
        weight[found, 0] += 1 / len(drawn)
    total = np.full(values.shape, float(weight.sum()))
    fit_all = combine(Estimates(values, influence, total), weight, 0)
    return fit_all, "", int(fit_all.results[0])


def _row(
    labels: dict[str, str], method: str, region: str, measure: str, point: float, n: int,
    end: float, value: tuple[float, ...] = (np.nan, np.nan, np.nan), note: str = "",
) -> dict[str, object]:  # fmt: skip
    return {
        **labels, "estimator": method, "region": region, "measure": measure, "point": point,
        "estimate": value[0], "low": value[1], "high": value[2], "longest": end, "n": n,
        "note": note,
    }  # fmt: skip
