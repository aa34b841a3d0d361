r"""The funnel from paper to code or model, patent and product (C7).

For each stage: the share of results that reach it within n years of the paper (Kaplan-Meier on a
clock that starts `stages.BEFORE` years earlier, so that a stage before the paper has its place),
the share that ever did by the cut-off, and the mean time to it, restricted. Given an earlier
stage: the share with a product among results with it and among those without. Since stages have no
fixed order, how often each of a pair comes first is a table of its own. A share given another stage
compares results that differ in more than the stage: it is a description, not an effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from gapstudy.measure import survival
from gapstudy.measure.cohort import ALL, COLUMNS, Weights
from gapstudy.measure.conversion import problem
from gapstudy.measure.counting.stages import BEFORE, STAGES, Reached
from gapstudy.measure.imputation import Floats
from gapstudy.measure.regional import Regional, combine, mean_share
from gapstudy.measure.survival import Estimates

_UNSEEN = {
    "artifact": "no source of code or models gave anything: this stage could not be seen",
    "patent": "no source of patents gave anything: this stage could not be seen",
}


def table(
    reached: Reached, weight: Weights, horizons: Sequence[float], tau: float, confidence: float,
    min_cell: int,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_funnel`.

    Args:
        reached: when each result reaches each stage.
        weight: credits of the results.
        horizons: years after the paper.
        tau: upper limit of the mean time, years.
        confidence: level of the intervals.
        min_cell: fewest results for which a figure is shown.
    """
    head = {"scheme": weight.scheme.name, "counting": weight.counting}
    rows: list[dict[str, object]] = []
    for stage in STAGES:
        base = dict(head) | {"stage": stage, "given": "paper"}
        if stage not in reached.possible:
            rows += [
                dict(base) | _row(region, "ever", "share", _UNSEEN.get(stage, ""))
                for region in COLUMNS
            ]
            continue
        rows += _by_time(base, stage, reached, weight.value, horizons, tau, confidence, min_cell)
        rows += _ever(base, reached, stage, None, weight.value, confidence, min_cell)
    for earlier in STAGES[:-1]:
        for given in (earlier, f"no_{earlier}"):
            base = dict(head) | {"stage": "product", "given": given}
            if earlier not in reached.possible:
                rows += [
                    dict(base) | _row(region, "ever", "share", _UNSEEN[earlier])
                    for region in COLUMNS
                ]
            else:
                rows += _ever(base, reached, "product", given, weight.value, confidence, min_cell)
    return pd.DataFrame(rows)


def order_table(
    reached: Reached, weight: Weights, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_funnel_order`: which of two stages comes first, where a result has both.

    Args:
        reached: when each result reaches each stage; the paper itself is a stage at time zero.
        weight: credits of the results.
        confidence: level of the intervals.
        min_cell: fewest results with both for which a share is shown.
    """
    times = {"paper": np.zeros_like(reached.follow), **reached.lag}
    rows: list[dict[str, object]] = []
    for first, second in combinations(("paper", *STAGES), 2):
        if (first, second) == ("paper", "product"):
            continue  # By definition: a product before its result is a wrong link or date.
        if first not in times or second not in times:
            continue
        both = np.isfinite(times[first]) & np.isfinite(times[second])
        x = np.where(both, (times[first] < times[second]).astype(float), 0.0)
        for k, region in enumerate(COLUMNS):
            fit, n, expected = _ratio(x, both, weight.value[:, [k]])
            row: dict[str, object] = {
                "scheme": weight.scheme.name, "counting": weight.counting, "first": first,
                "second": second, "region": region, "n": n, "both": expected,
            }  # fmt: skip
            rows.append(row | _shown(fit, expected, confidence, min_cell))
    return pd.DataFrame(rows)


def _by_time(
    base: Mapping[str, object], stage: str, reached: Reached, weight: Floats,
    horizons: Sequence[float], tau: float, confidence: float, min_cell: int,
) -> list[dict[str, object]]:  # fmt: skip
    lag = reached.lag[stage]
    event = np.isfinite(lag)
    time = np.where(event, np.nan_to_num(lag), reached.follow) + BEFORE
    steps = survival.steps(time, event, weight)
    shares = combine(survival.incidence(steps, [h + BEFORE for h in horizons]), weight, ALL)
    mean = survival.restricted_mean(steps, tau + BEFORE)
    span = tau + BEFORE
    lost = combine(
        Estimates(1 - mean.value / span, -mean.influence / span, mean.at_risk), weight, ALL
    )
    undated = reached.undated[stage]
    limit = f"{undated:.1f} expected results by undated items alone" if undated > 0 else ""
    rows = []
    for k, region in enumerate(COLUMNS):
        n = int(shares.results[k])
        for h, horizon in enumerate(horizons):
            why = problem(n, float(shares.raw.at_risk[:, k, h].mean()), horizon, min_cell)
            ends = shares.interval(confidence)
            by_then = event & (lag <= horizon)
            values = (shares.share.value[k, h], ends.low[k, h], ends.high[k, h])
            rows.append(
                dict(base)
                | _row(
                    region,
                    f"by_{horizon:g}y",
                    "share",
                    why or limit,
                    n,
                    _expected(by_then, weight, k),
                    None if why else values,
                )
            )
        why = problem(n, float(lost.raw.at_risk[:, k, 0].mean()), tau, min_cell)
        edges = lost.interval(confidence)
        years = tuple(
            span * (1 - float(part[k, 0])) - BEFORE
            for part in (lost.share.value, edges.high, edges.low)
        )
        rows.append(dict(base) | _row(region, f"mean_{tau:g}y", "years", why or limit, n,
                                _expected(event & (lag <= tau), weight, k),
                                None if why else years))  # fmt: skip
    return rows


def _ever(
    base: Mapping[str, object], reached: Reached, stage: str, given: str | None, weight: Floats,
    confidence: float, min_cell: int,
) -> list[dict[str, object]]:  # fmt: skip
    there = np.isfinite(reached.lag[stage])
    inside = np.ones_like(there)
    if given is not None:
        earlier = np.isfinite(reached.lag[given.removeprefix("no_")])
        inside = ~earlier if given.startswith("no_") else earlier
    rows = []
    for k, region in enumerate(COLUMNS):
        fit, n, expected = _ratio(there.astype(float), inside, weight[:, [k]])
        shown = _shown(fit, expected, confidence, min_cell)
        rows.append(dict(base) | _row(region, "ever", "share", str(shown.pop("note")), n,
                                _expected(there & inside, weight, k)) | shown)  # fmt: skip
    return rows


def _ratio(x: Floats, inside: np.ndarray, weight: Floats) -> tuple[Regional | None, int, float]:
    """Share of x among the results inside, drawn by drawn; results, and expected weight inside."""
    column = weight[None] * inside[:, :, None]
    total = column[:, :, 0].sum(axis=1)
    expected = float(total.mean())
    n = int((inside.any(axis=0) & (weight[:, 0] > 0)).sum())
    some = total > 0
    if not some.any():
        return None, n, expected
    part = mean_share(x[some], column[some])
    return combine(part, inside.mean(axis=0)[:, None] * weight), n, expected


def _shown(
    fit: Regional | None, expected: float, confidence: float, min_cell: int
) -> dict[str, object]:
    if fit is None or expected < min_cell:
        return {"estimate": np.nan, "low": np.nan, "high": np.nan,
                "note": f"fewer than {min_cell} such results"}  # fmt: skip
    ends = fit.interval(confidence)
    return {"estimate": float(fit.share.value[0, 0]), "low": float(ends.low[0, 0]),
            "high": float(ends.high[0, 0]), "note": ""}  # fmt: skip


def _row(
    region: str, measure: str, unit: str, note: str, n: int = 0, events: float = np.nan,
    values: Sequence[float] | None = None,
) -> dict[str, object]:  # fmt: skip
    three = values if values is not None else (np.nan,) * 3
    return {"region": region, "measure": measure, "estimate": float(three[0]),
            "low": float(three[1]), "high": float(three[2]), "n": n, "events": events,
            "unit": unit, "note": note}  # fmt: skip


def _expected(there: np.ndarray, weight: Floats, k: int) -> float:
    return float((there.astype(float) @ weight[:, k]).mean())
