"""Shares usable and mean delays of groups of products in markets, makers kept together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.availability.lags import MARKETS, Lags
from gapstudy.measure.imputation import Floats, Ints
from gapstudy.measure.regional import Regional, combine
from gapstudy.measure.survival import Estimates

LIMIT = 730
#: A market (its position in `MARKETS`) and which products count, (P,).
Cell = tuple[int, NDArray[np.bool_]]


def fit(table: Lags, points: Sequence[float], inside: NDArray[np.bool_] | None = None) -> Regional:
    """Share usable within so many days, one set of weights per market.

    Args:
        table: the lags.
        points: days, (H,).
        inside: which products count; all by default.
    """
    return usable(table, _markets(table, inside), points)


def delay(table: Lags, inside: NDArray[np.bool_] | None = None, limit: float = LIMIT) -> Regional:
    """Mean delay of the first days as a part of them, one set of weights per market.

    Args:
        table: the lags.
        inside: which products count; all by default.
        limit: number of those days.
    """
    return lost(table, _markets(table, inside), limit)


def usable(table: Lags, cells: Sequence[Cell], points: Sequence[float]) -> Regional:
    """Share usable within so many days, one set of weights per cell."""
    return _combine(
        table, cells, lambda steps, shift: survival.incidence(steps, np.add(points, shift))
    )


def lost(table: Lags, cells: Sequence[Cell], limit: float) -> Regional:
    """Mean delay of the first days as a part of them, one set of weights per cell."""

    def part(steps: survival.Steps, shift: float) -> Estimates:
        mean = survival.restricted_mean(steps, limit + shift)
        scale = limit + shift
        return Estimates(mean.value / scale, mean.influence / scale, mean.at_risk)

    return _combine(table, cells, part)


def by_maker(influence: Floats, maker: Ints) -> Floats:
    """Influences of products, (M, n, ...), summed by their makers."""
    member = np.arange(int(maker.max(initial=-1)) + 1)[:, None] == maker
    total = np.tensordot(member.astype(float), influence, axes=(1, 1))
    return np.asarray(np.moveaxis(total, 0, 1), dtype=float)


def _markets(table: Lags, inside: NDArray[np.bool_] | None) -> list[Cell]:
    chosen = np.ones(len(table.product), bool) if inside is None else inside
    return [(m, chosen) for m in range(len(MARKETS))]


def _combine(
    table: Lags,
    cells: Sequence[Cell],
    estimator: Callable[[survival.Steps, float], Estimates],
) -> Regional:
    """One estimate per cell, influences summed by maker."""
    use = np.stack([table.seen[:, m] & chosen for m, chosen in cells], axis=1)
    days = table.days[:, :, [m for m, _ in cells]]
    shift = -float(min(0.0, np.where(use, days, 0.0).min(initial=0.0)))
    makers = int(table.maker.max(initial=-1)) + 1
    parts = []
    for k, (m, _) in enumerate(cells):
        rows = np.flatnonzero(use[:, k])
        time = np.maximum(days[:, rows, k] + shift, 0.0)
        one = estimator(
            survival.steps(time, table.available[rows, m], np.ones((len(rows), 1))), shift
        ) if len(rows) else None  # fmt: skip
        parts.append((rows, one))
    example = next((one for _, one in parts if one is not None), None)
    if example is None:
        raise FitError(
            "no product has an availability date in any of the groups",
            remedy="Widen the groups, or add rows of availability",
        )
    draws, _, horizons = example.value.shape
    value = np.zeros((draws, len(cells), horizons))
    risk, influence = value.copy(), np.zeros((draws, makers, len(cells), horizons))
    for k, (rows, one) in enumerate(parts):
        if one is None:
            continue
        value[:, k], risk[:, k] = one.value[:, 0], one.at_risk[:, 0]
        member = (np.arange(makers)[:, None] == table.maker[rows]).astype(float)
        influence[:, :, k] = np.einsum("op,dph->doh", member, one.influence[:, :, 0])
    return combine(Estimates(value, influence, risk), use.astype(float))
