r"""Cumulative incidence of competing destinations (Aalen-Johansen) with weights and influences.

A result can have its first product at home or in one of several regions abroad; the first of them
ends its spell. With the curve :math:`S` of no product anywhere and the event sum
:math:`d_{kj}` of destination k,

.. math:: \hat F_k(t) = \sum_{t_j \le t} \hat S(t_j-)\, d_{kj} / Y_j, \qquad
          \sum_k \hat F_k(t) = 1 - \hat S(t).

The influence of result i, under observation after :math:`e_i`, follows by differentiating in its
weight:

.. math:: w_i \Big[ \frac{\delta_{ki} S(T_i-)}{Y_i} - \frac{\delta_i (G - G_i)}{Y_i - d_i}
          - \sum_{e_i < t_j \le T_i} \Big( \frac{g_j}{Y_j}
          - \frac{d_j (G - G_j)}{Y_j (Y_j - d_j)} \Big) \Big]

with increments :math:`g_j = S(t_j-) d_{kj}/Y_j` and their running sum G. Its squares sum to the
delta-method variance. References: Aalen and Johansen (1978); Marubini and Valsecchi (1995), ch. 10;
Betensky and Schoenfeld (2001), https://doi.org/10.1111/j.0006-341X.2001.00282.x; with delayed entry
Parner, Andersen and Overgaard (2023), https://doi.org/10.1007/s10985-023-09597-5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gapstudy.measure.survival import Estimates, Floats, Steps, followed


def destinations(
    table: Steps, cause: ArrayLike, horizons: ArrayLike, kinds: int
) -> list[Estimates]:
    """Cumulative incidence of each destination.

    Args:
        table: the ordered steps.
        cause: destination of each result's event, 0 to kinds - 1, in the order given to `steps`;
            (M, n), or (M, n, K) when what is home depends on the weights' region. Ignored where
            there is no event.
        horizons: times, (H,).
        kinds: number of destinations.
    """
    causes = np.asarray(cause)
    if causes.ndim == 2:
        causes = causes[:, :, None]
    causes = np.broadcast_to(causes, table.weight.shape)
    causes = np.take_along_axis(causes, table.order[:, :, None], axis=1)
    return [
        _one(table, causes == k, np.atleast_1d(np.asarray(horizons, float))) for k in range(kinds)
    ]


def _one(table: Steps, mine: NDArray[np.bool_], horizons: Floats) -> Estimates:
    own = mine & table.event[:, :, None]
    risk = np.where(table.at_risk > 0, table.at_risk, 1.0)
    rate = np.where(own, table.before / risk, 0.0)
    increment = rate * table.weight
    total = np.cumsum(increment, axis=1)
    value = table.read(total, horizons, 0.0)
    values, parts = [], []
    for h, horizon in enumerate(horizons):
        use = (table.time <= horizon)[:, :, None]
        rest = np.where(use, value[:, h][:, None, :] - total, 0.0)
        gain = np.where(use, rate, 0.0) - table.gain * rest
        loss = np.where(use, increment / risk, 0.0) - table.loss * rest
        parts.append(table.influence(gain, loss))
        values.append(value[:, h])
    return Estimates(np.stack(values, -1), np.stack(parts, -1), followed(table, horizons))
