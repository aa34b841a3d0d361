r"""Cumulative incidence by region with bands that hold at all its points at once.

The interval at a point is Wilson's at the effective sample size (`intervals`). The band is the same
interval with the quantile of the largest standardised deviation of the whole curve in place of that
of one point: equal precision on the scale of the score, never outside 0 to 1, never empty. The
quantile comes from the process of `models.processes`, over the drawn link sets.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import intervals
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import CURVE_STEP, Case, incidence
from gapstudy.measure.models.processes import critical_value, total_covariance

#: Digits of a critical value: more are noise of its draws.
_DIGITS = 3


def band_rows(case: Case, longest: float, draws: int, seed: list[int]) -> pd.DataFrame:
    """Rows of `out_bands`.

    Args:
        case: the analysis.
        longest: end of the band, years; earlier where a region's follow-up ends in a link set.
        draws: repetitions of the process.
        seed: seed of its random numbers.
    """
    points = np.arange(CURVE_STEP, longest + CURVE_STEP / 2, CURVE_STEP)
    fit = incidence(case.steps, case.weights.value, list(points))
    point = fit.interval(case.confidence)
    rows = []
    for k, region in enumerate(COLUMNS):
        seen = fit.raw.at_risk[:, k].min(axis=0) > 0
        n = int(fit.results[k])
        row: dict[str, object] = {**case.labels, "region": region, "n": n}
        if n < case.min_cell or not seen.any():
            continue
        covariance = total_covariance(
            fit.raw.value[:, k][:, seen], fit.raw.influence[:, :, k][:, :, seen]
        )
        df = float(fit.pooled.df[k, seen].min())
        try:
            critical, note = critical_value(
                covariance, case.confidence, draws, [*seed, k], df
            ), ""  # fmt: skip
        except FitError:
            # Without an event the points are one and the same number of results.
            critical = float(intervals.quantile(case.confidence))
            note = "no product by the last point: the band is that of one point"
        critical = round(critical, _DIGITS)
        side = fit.side(k)
        # Never narrower than at one point alone, for all the noise of the draws.
        wide = np.maximum(critical, intervals.quantile(case.confidence, side.df))
        band = intervals.wilson(side.value, side.n, wide)
        rows += [
            {
                **row, "years": points[h], "estimate": side.value[h], "low": band.low[h],
                "high": band.high[h], "point_low": point.low[k, h], "point_high": point.high[k, h],
                "critical": critical, "at_risk": float(fit.raw.at_risk[:, k, h].mean()),
                "note": note,
            }
            for h in np.flatnonzero(seen)
        ]  # fmt: skip
    return pd.DataFrame(rows)
