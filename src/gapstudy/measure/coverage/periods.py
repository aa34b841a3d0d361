"""Delays and completeness of the periods, by source (rows of `out_delay` and `out_completeness`).

The rule: a period is cut from trends when less than `smallest` of it had been seen by the last
retrieval, when it was not over by then, or, where only a stated rule is known, when it ended less
than the rule's delay before. Where nothing is known, nothing is cut, and the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure.coverage import delay
from gapstudy.measure.coverage.arrivals import GROUPS, Arrivals
from gapstudy.measure.coverage.delay import Delay
from gapstudy.measure.coverage.rules import RULES

#: Days at which the share seen is shown.
POINTS = (30, 90, 180, 365, 548, 730, 1461)
_QUANTILES = {"median_days": 0.5, "p90_days": 0.9}
#: Smallest share of a period that must have been seen, for it to stay in trends.
SMALLEST = 0.9


def tables(
    arrivals: Sequence[Arrivals], confidence: float, min_cell: int, smallest: float = SMALLEST
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `out_delay` and `out_completeness`.

    Args:
        arrivals: items of every source with the event that ends their delay.
        confidence: level of the intervals.
        min_cell: fewest items with a known delay.
        smallest: smallest share of a period that must have been seen.
    """
    delays: list[dict[str, object]] = []
    periods: list[dict[str, object]] = []
    for part in arrivals:
        for group in GROUPS:
            inside = part.of(group)
            # What cannot be estimated at all is said once, not for each region.
            if group != "all" and (part.problem or not inside.any()):
                continue
            head = {"source": part.source, "item": part.item, "event": part.event,
                    "region": group}  # fmt: skip
            model, note = _model(part, inside, min_cell)
            delays += _delay_rows(head, model, note, part, int(inside.sum()), confidence)
            if inside.any():
                periods += _period_rows(head, model, note, part, inside, confidence, smallest)
    return pd.DataFrame(delays), pd.DataFrame(periods)


def _model(part: Arrivals, inside: np.ndarray, min_cell: int) -> tuple[Delay | None, str]:
    if part.problem:
        return None, part.problem
    try:
        model = delay.fit(
            part.origin[inside], part.seen[inside], part.first, part.last, fewest=min_cell
        )
    except FitError as error:
        return None, f"not estimable: {error}"
    left = [
        f"{count} {what}" for count, what in (
            (model.beyond, f"items with a delay beyond {model.longest} days"),
            (part.undated, "items without dates to the month"),
            (part.early, "items whose event lies before their date"),
        ) if count
    ]  # fmt: skip
    return model, f"left out: {', '.join(left)}" if left else ""


def _delay_rows(
    head: Mapping[str, object], model: Delay | None, note: str, part: Arrivals, n: int,
    confidence: float,
) -> list[dict[str, object]]:  # fmt: skip
    rule = RULES.get(part.event)
    rows = []
    if model is None:
        rows.append(dict(head) | {"method": "none", "measure": "median_days", "estimate": np.nan,
                            "low": np.nan, "high": np.nan, "n": n, "longest": np.nan,
                            "unit": "days", "note": note})  # fmt: skip
    else:
        base = dict(head) | {"method": "reverse_time", "n": model.exact,
                       "longest": float(model.longest), "note": note}  # fmt: skip
        for name, share in _QUANTILES.items():
            every = model.interval(model.days, confidence)
            # The interval of a quantile inverts that of the curve.
            ends = [_first(model.days, curve, share) for curve in (every[2], every[1])]
            rows.append(dict(base) | {"measure": name, "estimate": model.quantile(share),
                                "low": ends[0], "high": ends[1], "unit": "days"})  # fmt: skip
        points = [day for day in POINTS if day <= model.longest]
        for day, value, low, high in zip(points, *model.interval(points, confidence), strict=True):
            rows.append(
                dict(base)
                | {
                    "measure": f"within_{day}d",
                    "estimate": float(value),
                    "low": float(low),
                    "high": float(high),
                    "unit": "share",
                }
            )
    if rule and head["region"] == "all":
        rows.append(
            dict(head)
            | {
                "method": "rule",
                "measure": "rule_days",
                "estimate": float(rule.days),
                "low": np.nan,
                "high": np.nan,
                "n": n,
                "longest": np.nan,
                "unit": "days",
                "note": f"{rule.meaning}; {rule.source}",
            }
        )
    return rows


def _period_rows(
    head: Mapping[str, object], model: Delay | None, note: str, part: Arrivals, inside: np.ndarray,
    confidence: float, smallest: float,
) -> list[dict[str, object]]:  # fmt: skip
    origin = part.origin[inside]
    year = _year(origin)
    rule = RULES.get(part.event)
    rows = []
    for number in range(int(year.min()), int(_year(np.array([part.last]))[0]) + 1):
        first = int(np.datetime64(f"{number}-01-01", "D").astype(int))
        end = int(np.datetime64(f"{number + 1}-01-01", "D").astype(int)) - 1
        mine = origin[year == number]
        over = end <= part.last
        row: dict[str, object] = dict.fromkeys(
            ("expected", "low", "high", "completeness", "completeness_low", "completeness_high"),
            np.nan,
        )  # fmt: skip
        kept: bool | None = None if over else False
        basis, why = "none", note
        if model is not None:
            found = delay.nowcast(model, mine, part.last, confidence, (first, end))
            row = {"expected": found.expected, "low": found.low, "high": found.high,
                   "completeness": found.complete, "completeness_low": found.complete_low,
                   "completeness_high": found.complete_high}  # fmt: skip
            kept, basis = over and found.complete >= smallest, "reverse_time"
            why = note if kept else f"less than {smallest:g} of it had been seen"
        elif rule is not None:
            kept, basis = over and end + rule.days <= part.last, "rule"
            why = f"{note}; kept or cut by the rule of {rule.days} days"
        if not over:
            why = "the year was not over at the last retrieval"
        rows.append(dict(head) | {"period": str(number), "n": len(mine), **row, "kept": kept,
                            "basis": basis, "note": why})  # fmt: skip
    return rows


def _first(days: np.ndarray, curve: np.ndarray, share: float) -> float:
    reached = np.flatnonzero(curve >= share - 1e-12)
    return float(days[reached[0]]) if len(reached) else np.nan


def _year(days: np.ndarray) -> np.ndarray:
    whole = days.astype("datetime64[D]").astype("datetime64[Y]")
    return np.asarray(whole.astype(np.int64) + 1970)
