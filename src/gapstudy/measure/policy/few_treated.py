r"""Inference with few treated markets by the residuals of the others (Conley and Taber 2011).

With one treated market :math:`\hat\delta - \delta` does not shrink as launches are added: it is
the market's own before-after difference of shocks. The controls show how large such differences
are,

.. math:: W_j = \bar e_{j,\text{after}} - \bar e_{j,\text{before}},

from the residuals of the fit, weighted as the treated market's are. An effect is rejected when it
lies further from the estimate than all but 5% of the :math:`|W_j|`; with J controls p cannot fall
below 1/(J+1), and a 95% interval needs J of 19 or more. The W of a few controls are also pulled
together by their common fit, so few controls make the test reject too often as well as too
coarsely. Reference: https://doi.org/10.1162/REST_a_00049. Their method takes controls to spread as
the treated market does; a correction for unequal numbers of launches (Ferman and Pinto 2019,
https://doi.org/10.1162/rest_a_00759) needs many controls and is not applied.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gapstudy.measure.imputation import Floats
from gapstudy.measure.policy import within
from gapstudy.measure.policy.panel import Panel


class Few(NamedTuple):
    """What the controls say of the estimate.

    Attributes:
        estimate: the estimate on the mean outcome of the draws.
        low: lower end of its interval, missing with too few controls.
        high: upper end.
        p_value: share of controls, and itself, that differ as much.
        differences: the W of the controls, (J,).
    """

    estimate: float
    low: float
    high: float
    p_value: float
    differences: Floats


def conley_taber(panel: Panel, treated: int, day: float, confidence: float) -> Few:
    """Estimate, interval and p-value from the residuals of the controls.

    Args:
        panel: the rows.
        treated: the treated market, position in the panel's.
        day: the day.
        confidence: level.
    """
    sweep = within.Sweep(panel)
    x = sweep(panel.treatment(treated, day)[:, None])[:, 0]
    y = sweep(panel.y.mean(axis=0)[:, None])[:, 0]
    square = float(x @ x)
    value = float(x @ y) / square if square > 0 else float("nan")
    rest = y - value * x
    after = panel.day >= day
    gaps = []
    for market in range(len(panel.markets)):
        mine = panel.market == market
        if market != treated and (mine & after).any() and (mine & ~after).any():
            gaps.append(float(rest[mine & after].mean() - rest[mine & ~after].mean()))
    w = np.array(gaps)
    p = (1 + int((np.abs(w) >= abs(value) - 1e-10).sum())) / (1 + len(w))
    rank = int(np.ceil(confidence * (len(w) + 1) - 1e-9))
    if rank > len(w):
        return Few(value, float("nan"), float("nan"), p, w)
    half = float(np.sort(np.abs(w))[rank - 1])
    return Few(value, value - half, value + half, p, w)
