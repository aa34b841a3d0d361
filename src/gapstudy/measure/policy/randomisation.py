r"""Randomisation inference: the estimate among those of placebo dates and placebo markets.

If the date (or the market, or both) could as well have been another one of a list, and the law did
nothing, then the true one's estimate has any rank among all with equal chance, so

.. math:: p = \frac{\#\{k : |\hat\delta_k| \ge |\hat\delta|\}}{K},

the true one counted among the K, is exact, and cannot fall below 1/K. Estimates of dates near the
ends rest on few products and spread more, so their t statistics (clustered by maker) are ranked
too. Fisher (1935); MacKinnon and Webb (2020), https://doi.org/10.1016/j.jeconom.2020.04.024, who
show that neither form is safe when the treated unit is unlike the others. Neighbouring dates share
most of their products, so K counts divisions of the data, not independent experiments.

The interval holds the effects d that the ranks do not reject, where the placebo k answers an effect
of d with :math:`\hat\delta_k - d\, c_k` and the true one with :math:`\hat\delta - d`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gapstudy.measure.imputation import Floats, Ints
from gapstudy.measure.policy import within
from gapstudy.measure.policy.panel import Panel

#: Estimates this close are ties.
_TIE = 1e-10


@dataclass(frozen=True)
class Placebos:
    """Estimates of K assignments; the true one is one of them.

    Attributes:
        market: market of each, position in the panel's, (K,).
        day: day of each, days since 1970, (K,).
        estimate: its estimate, (K,).
        t: its t statistic, clustered by maker, (K,).
        response: what an effect of one of the true assignment adds to it, (K,).
        before: products before, (K,).
        after: products after, (K,).
        actual: position of the true one.
    """

    market: Ints
    day: Floats
    estimate: Floats
    t: Floats
    response: Floats
    before: Ints
    after: Ints
    actual: int

    def inside(self, kind: str) -> Ints:
        """Positions of the assignments of one kind: dates, markets or both."""
        same_market = self.market == self.market[self.actual]
        same_day = self.day == self.day[self.actual]
        chosen = {"dates": same_market, "markets": same_day}.get(kind, same_day | True)
        return np.flatnonzero(chosen)


def months(first: float, last: float) -> Floats:
    """First days of the months between two days."""
    start = np.datetime64(int(first), "D").astype("datetime64[M]")
    stop = np.datetime64(int(last), "D").astype("datetime64[M]") + 1
    days = np.arange(start, stop).astype("datetime64[D]").astype(np.int64)
    return days[(days >= first) & (days <= last)].astype(float)


def assignments(
    panel: Panel, treated: int, day: float, smallest: int
) -> tuple[Ints, Floats, Ints, Ints]:
    """Markets and days that could have been treated, the true pair first.

    Days are the first of each month; those that divide the launches alike count once.

    Args:
        panel: the rows, every product in two or more markets.
        treated: the true market.
        day: the true day.
        smallest: fewest products on either side.

    Returns:
        Market, day, products before and products after of each, (K,).
    """
    grid = months(panel.day.min(initial=day), panel.day.max(initial=day))
    dates = np.concatenate([[day], grid])
    late = panel.day[:, None] >= dates
    parts = []
    for market in [treated, *(m for m in range(len(panel.markets)) if m != treated)]:
        mine = panel.market == market
        after = late[mine].sum(axis=0)
        # Launches in order of time: as many after the date means the same ones.
        first = np.sort(np.unique(after, return_index=True)[1])
        enough = np.minimum(after, mine.sum() - after)[first] >= smallest
        kept = first[enough | ((first == 0) & (market == treated))]
        size = int(mine.sum())
        parts.append((np.full(len(kept), market), dates[kept], size - after[kept], after[kept]))
    joined = [np.concatenate(part) for part in zip(*parts, strict=True)]
    return (
        joined[0].astype(np.int64), np.asarray(joined[1], dtype=float),
        joined[2].astype(np.int64), joined[3].astype(np.int64),
    )  # fmt: skip


def placebos(
    panel: Panel, treated: int, day: float, smallest: int, sweep: within.Sweep | None = None
) -> Placebos:
    """All placebo estimates on the mean outcome of the draws.

    Args:
        panel: the rows, every product in two or more markets.
        treated: the true market, position in the panel's.
        day: the true day.
        smallest: fewest products before and after a placebo date.
        sweep: of the same products and markets, where it was made before.
    """
    market, date, before, after = assignments(panel, treated, day, smallest)
    clean = within.Sweep(panel) if sweep is None else sweep
    columns = (panel.market[:, None] == market) & (panel.day[:, None] >= date)
    x = clean(columns.astype(float))
    square = np.square(x).sum(axis=0)
    keep = np.flatnonzero((square > 1e-9) | (np.arange(len(square)) == 0))
    x, square = x[:, keep], np.where(square > 1e-9, square, np.nan)[keep]
    y = clean(panel.y.mean(axis=0)[:, None])
    estimate = (x.T @ y)[:, 0] / square
    rest = y - x * estimate
    group = within.codes(panel, "maker")
    clusters = int(group.max()) + 1
    score = within.summed(x * rest, group, clusters)
    factor = within.correction(clean, len(panel.product), max(clusters, 2), "maker")
    error = np.sqrt(factor * np.square(score).sum(axis=0)) / square
    t = np.divide(estimate, error, out=np.zeros_like(estimate), where=error > 0)
    return Placebos(
        market[keep], date[keep], estimate, t, (x.T @ x[:, 0]) / square, before[keep], after[keep],
        0,
    )  # fmt: skip


def p_value(statistic: Floats, actual: int) -> float:
    """Share of the statistics that are at least as far from zero as the true one."""
    size = np.abs(statistic)
    return float((size >= size[actual] - _TIE).mean())


def interval(found: Placebos, chosen: Ints, confidence: float) -> tuple[float, float]:
    """Effects that the ranks of the estimates do not reject; missing when too few placebos.

    Args:
        found: the placebos.
        chosen: positions that count.
        confidence: level.
    """
    a, c = found.estimate[chosen], found.response[chosen]
    true = found.estimate[found.actual]
    others = chosen != found.actual
    if 1 / len(chosen) > 1 - confidence + 1e-12 or not others.any():
        return float("nan"), float("nan")
    a, c = a[others], c[others]
    # |a - d c| = |true - d| at these d; between them the rank does not change.
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.concatenate([(true - a) / (1 - c), (true + a) / (1 + c)])
    roots = np.unique(roots[np.isfinite(roots)])
    edges = np.concatenate([[roots[0] - 1e6], roots, [roots[-1] + 1e6]])
    middle = (edges[:-1] + edges[1:]) / 2
    far = np.abs(a[:, None] - middle * c[:, None]) >= np.abs(true - middle) - _TIE
    kept = (1 + far.sum(axis=0)) / (1 + len(a)) > 1 - confidence
    if not kept.any():
        return true, true
    if kept[0] or kept[-1]:
        # Placebos that move with the effect as much as the true one never reject.
        low = -np.inf if kept[0] else float(edges[:-1][kept][0])
        high = np.inf if kept[-1] else float(edges[1:][kept][-1])
        return low, high
    return float(edges[:-1][kept][0]), float(edges[1:][kept][-1])
