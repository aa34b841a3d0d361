r"""Whether and when results become products, by region (C2, C4).

Whether: cumulative incidence :math:`1 - \hat S(t)` at the horizons of the study. When: restricted
mean time to a product up to :math:`\tau`. Its interval is that of the part of :math:`\tau` that is
lost to having a product, :math:`p = 1 - RMST/\tau`, which lies between 0 and 1 like a share; the
difference of two regions is :math:`-\tau (p_a - p_b)`. Medians are not given: far fewer than half
of the results ever have a product. References: see `survival`, `intervals` and `rubin`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gapstudy.measure import recall, survival
from gapstudy.measure.cohort import ALL, COLUMNS, Weights
from gapstudy.measure.imputation import Spells
from gapstudy.measure.regional import Regional, combine
from gapstudy.measure.survival import Estimates, Floats

#: Pairs of regions compared: the first minus the second.
PAIRS = (("EU", "US"), ("EU", "CN"), ("US", "CN"))
#: Distance of the points of the incidence curve, years.
CURVE_STEP = 0.25


@dataclass(frozen=True)
class Case:
    """One analysis: results with credits, drawn spells, and what the rows are called.

    Attributes:
        labels: values of the columns that say which analysis it is.
        weights: credits of the results.
        spells: drawn spells.
        confidence: level of the intervals.
        min_cell: fewest results for which a rate is shown.
        recall: drawn recall of the links, (M, K), by which shares are divided; None leaves them.
    """

    labels: dict[str, str]
    weights: Weights
    spells: Spells
    confidence: float
    min_cell: int
    recall: Floats | None = None

    @property
    def steps(self) -> survival.Steps:
        """The ordered steps of the spells under the credits."""
        return survival.steps(self.spells.time, self.spells.event, self.weights.value)


def incidence(
    steps: survival.Steps, weight: Floats, horizons: Sequence[float], everyone: int = ALL,
    rates: Floats | None = None,
) -> Regional:  # fmt: skip
    """Cumulative incidence at the horizons, pooled.

    Args:
        steps: the ordered steps.
        weight: credits, (n, K).
        horizons: years.
        everyone: column of all results.
        rates: drawn recall of the links, (M, K); None leaves the shares as they are.
    """
    part = survival.incidence(steps, horizons)
    return combine(part if rates is None else recall.corrected(part, rates), weight, everyone)


def lost_time(
    steps: survival.Steps, weight: Floats, tau: float, everyone: int = ALL,
    rates: Floats | None = None,
) -> Regional:  # fmt: skip
    """Part of `tau` lost to having a product, 1 - RMST / tau, pooled; arguments as `incidence`."""
    mean = survival.restricted_mean(steps, tau)
    part = Estimates(1 - mean.value / tau, -mean.influence / tau, mean.at_risk)
    return combine(part if rates is None else recall.corrected(part, rates), weight, everyone)


def problem(results: int, at_risk: float, horizon: float, min_cell: int) -> str:
    """Why a rate may not be shown; empty when it may."""
    if results < min_cell:
        return f"fewer than {min_cell} results"
    if at_risk <= 0:
        return f"no result is followed for {horizon:g} years"
    return ""


def conversion_table(case: Case, horizons: Sequence[float]) -> pd.DataFrame:
    """Rows of `out_conversion`."""
    steps, weight = case.steps, case.weights.value
    fit = incidence(steps, weight, horizons, rates=case.recall)
    ends = fit.interval(case.confidence)
    rows = []
    for k, region in enumerate(COLUMNS):
        for h, horizon in enumerate(horizons):
            at_risk = float(fit.raw.at_risk[:, k, h].mean())
            n = int(fit.results[k])
            why = problem(n, at_risk, horizon, case.min_cell)
            # The share left at risk, before any product took a result away.
            events = _events(case, k, horizon)
            rows.append(
                {
                    **case.labels, "region": region, "horizon": horizon,
                    **_shown(why, fit.share.value[k, h], ends.low[k, h], ends.high[k, h]),
                    "n": n, "at_risk": at_risk, "events": events,
                    "missing_information": np.nan if why else fit.pooled.missing_information[k, h],
                    "note": why or _short(at_risk + events, float(weight[:, k].sum()), horizon),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def rmst_table(case: Case, tau: float) -> pd.DataFrame:
    """Rows of `out_rmst`."""
    weight = case.weights.value
    fit = lost_time(case.steps, weight, tau, rates=case.recall)
    ends = fit.interval(case.confidence)
    rows = []
    for k, region in enumerate(COLUMNS):
        at_risk = float(fit.raw.at_risk[:, k, 0].mean())
        n, events = int(fit.results[k]), _events(case, k, tau)
        why = problem(n, at_risk, tau, case.min_cell)
        value, low, high = (
            tau * (1 - float(part[k, 0])) for part in (fit.share.value, ends.high, ends.low)
        )
        rows.append(
            {
                **case.labels, "region": region, "horizon": tau, **_shown(why, value, low, high),
                "n": n, "at_risk": at_risk, "events": events,
                "note": why or _short(at_risk + events, float(weight[:, k].sum()), tau),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def conversion_differences(case: Case, horizons: Sequence[float]) -> pd.DataFrame:
    """Rows of `out_conversion_difference`."""
    fit = incidence(case.steps, case.weights.value, horizons, rates=case.recall)
    return _differences(case, fit, horizons, scale=1.0)


def rmst_differences(case: Case, tau: float) -> pd.DataFrame:
    """Rows of `out_rmst_difference`."""
    fit = lost_time(case.steps, case.weights.value, tau, rates=case.recall)
    return _differences(case, fit, [tau], scale=-tau)


def curve_table(case: Case, longest: float) -> pd.DataFrame:
    """Rows of `out_incidence_curve`: points until `longest`, or until a region's follow-up ends."""
    points = np.arange(0.0, longest + CURVE_STEP / 2, CURVE_STEP)
    weight = case.weights.value
    fit = incidence(case.steps, weight, list(points), rates=case.recall)
    ends = fit.interval(case.confidence)
    parts = []
    for k, region in enumerate(COLUMNS):
        if fit.results[k] < case.min_cell:
            continue
        at_risk = fit.raw.at_risk[:, k].mean(axis=0)
        part = pd.DataFrame(
            {
                "years": points, "estimate": fit.share.value[k], "low": ends.low[k],
                "high": ends.high[k], "at_risk": at_risk,
            }
        )  # fmt: skip
        parts.append(part[at_risk > 0].assign(region=region, n=int(fit.results[k]), **case.labels))
    return pd.concat(parts, ignore_index=True) if parts else _no_curve(case)


def _differences(
    case: Case, fit: Regional, horizons: Sequence[float], scale: float
) -> pd.DataFrame:
    rows = []
    for region, versus in PAIRS:
        a, b = COLUMNS.index(region), COLUMNS.index(versus)
        gap, ends, p = fit.difference(a, b, case.confidence)
        n = int(min(fit.results[a], fit.results[b]))
        for h, horizon in enumerate(horizons):
            at_risk = float(min(fit.raw.at_risk[:, k, h].mean() for k in (a, b)))
            why = problem(n, at_risk, horizon, case.min_cell)
            low, high = sorted((scale * float(ends.low[h]), scale * float(ends.high[h])))
            rows.append(
                {
                    **case.labels, "region": region, "versus": versus, "horizon": horizon,
                    **_shown(why, scale * float(gap[h]), low, high),
                    "p_value": np.nan if why else float(p[h]), "n": n, "note": why,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _shown(why: str, value: float, low: float, high: float) -> dict[str, float]:
    """The three columns of an estimate, missing when it may not be shown."""
    if why:
        return {"estimate": np.nan, "low": np.nan, "high": np.nan}
    return {"estimate": float(value), "low": float(low), "high": float(high)}


def _events(case: Case, k: int, horizon: float) -> float:
    """Expected number of products within the horizon, by credit."""
    within = case.spells.event & (case.spells.time <= horizon)
    return float((within @ case.weights.value[:, k]).mean())


def _short(seen: float, total: float, horizon: float) -> str:
    """Note that most results were not followed to the horizon; empty when they were."""
    if seen >= 0.5 * total:
        return ""
    return f"fewer than half of the results are followed for {horizon:g} years"


def _no_curve(case: Case) -> pd.DataFrame:
    names = [*case.labels, "region", "years", "estimate", "low", "high", "n", "at_risk"]
    return pd.DataFrame(columns=names)
