"""The same differences under every combination of choices: a specification curve.

Choices: what the EU and China contain, how results of several regions count, which results (all
years, first half, second half of the window), which evidence links them to products, and whether
link sets are drawn or cut at a threshold. Reference: Simonsohn, Simmons and Nelson (2020),
https://doi.org/10.1038/s41562-020-0912-z.

With links of the follow-up alone all thresholds below `followup_found` coincide; those rows are
kept so that every combination counts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import survival
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.conversion import incidence, lost_time, problem
from gapstudy.measure.imputation import Spells
from gapstudy.measure.intervals import Share, difference_interval, difference_p

PAIRS = (("EU", "US"), ("EU", "CN"))
CHOICES = ("europe", "china", "counting", "years", "links", "link_sets")
#: Years after a result at which conversion is compared.
HORIZON = 5.0


@dataclass(frozen=True)
class Rules:
    """What is the same in all specifications.

    Attributes:
        tau: upper limit of restricted mean time, years.
        confidence: level of the intervals.
        min_cell: fewest results a region needs.
        headline: the choices of the headline, by name.
    """

    tau: float
    confidence: float
    min_cell: int
    headline: Mapping[str, str]


def halves(dates: pd.Series) -> dict[str, NDArray[np.bool_]]:
    """All results, and their first and second half, parted at the year of the median."""
    years = dates.dt.year.to_numpy()
    split = int(np.median(years)) if len(years) else 0
    return {
        "all": np.ones(len(years), bool),
        f"to {split - 1}": years < split,
        f"from {split}": years >= split,
    }


def grid(
    weights: Sequence[Weights],
    spells: Mapping[tuple[str, str], Spells],
    slices: Mapping[str, NDArray[np.bool_]],
    rules: Rules,
) -> pd.DataFrame:
    """Rows of `out_specifications`.

    Args:
        weights: credits under every scheme and counting.
        spells: drawn or thresholded spells, by (links, link_sets).
        slices: which results are in, by name of the years.
        rules: what stays the same.
    """  # fmt: skip
    cells: list[dict[str, object]] = []
    for (links, link_sets), spell in spells.items():
        for years, inside in slices.items():
            if not inside.any():
                continue
            for weight in weights:
                labels = {
                    "europe": weight.scheme.europe, "china": weight.scheme.china,
                    "counting": weight.counting, "years": years, "links": links,
                    "link_sets": link_sets,
                }  # fmt: skip
                cells += _cells(weight.value[inside], _only(spell, inside), labels, rules)
    frame = _estimates(pd.DataFrame(cells), rules)
    head = pd.Series(True, index=frame.index)
    for choice, value in rules.headline.items():
        head &= frame[choice] == value
    ranks = frame.groupby(["estimand", "region", "versus"])["estimate"].rank(method="first")
    return frame.assign(headline=head, rank=ranks.astype("Int64"))


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_specification_summary`."""
    rows = []
    for key, part in frame.groupby(["estimand", "region", "versus"], sort=True):
        known = part[part["estimate"].notna()]
        value, clear = known["estimate"], known["significant"].astype(bool)
        head = known[known["headline"]]
        sign = np.sign(value)
        agree = bold = np.nan
        if len(head) and len(known):
            side = np.sign(head["estimate"].iloc[0])
            agree = (sign == side).mean()
            # The conclusion: on which side of zero for sure, or on neither.
            bold = (sign * clear == side * bool(head["significant"].iloc[0])).mean()
        spread = _spread(choices(part))
        rows.append(
            dict(zip(("estimand", "region", "versus"), key, strict=True))
            | {
                "specifications": len(part), "estimated": len(known),
                "negative": (sign < 0).mean(), "positive": (sign > 0).mean(),
                "same_sign": agree, "same_significance": bold,
                "significant_negative": (clear & (sign < 0)).mean(),
                "significant_positive": (clear & (sign > 0)).mean(),
                "lowest": value.min(), "median": value.median(), "highest": value.max(),
                "moves_most": spread[0], "moves_by": spread[1],
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def choices(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_specification_choices`: mean estimate by value of each choice."""
    parts = []
    for choice in CHOICES:
        group = frame.groupby(["estimand", "region", "versus", choice], sort=True)["estimate"]
        part = group.agg(mean="mean", n="count").reset_index().rename(columns={choice: "value"})
        parts.append(part.assign(choice=choice))
    return pd.concat(parts, ignore_index=True)


def _spread(table: pd.DataFrame) -> tuple[str, float]:
    """The choice whose values' means lie farthest apart, and how far."""
    means = table.dropna(subset="mean").groupby("choice")["mean"]
    spread = (means.max() - means.min()).sort_index()
    if spread.empty:
        return "", float("nan")
    return str(spread.idxmax()), float(spread.max())


def _only(spells: Spells, inside: NDArray[np.bool_]) -> Spells:
    return Spells(spells.time[:, inside], spells.event[:, inside], spells.product[:, inside])


def _cells(
    weight: NDArray[np.float64], spells: Spells, labels: dict[str, str], rules: Rules
) -> list[dict[str, object]]:
    """Both sides of every difference under one specification, before intervals are made."""
    ordered = survival.steps(spells.time, spells.event, weight)
    fits = (
        ("conversion", 1.0, HORIZON, incidence(ordered, weight, [HORIZON])),
        ("rmst", -rules.tau, rules.tau, lost_time(ordered, weight, rules.tau)),
    )
    rows: list[dict[str, object]] = []
    for estimand, scale, horizon, fit in fits:
        for region, versus in PAIRS:
            a, b = COLUMNS.index(region), COLUMNS.index(versus)
            n = int(min(fit.results[a], fit.results[b]))
            at_risk = float(min(fit.raw.at_risk[:, k, 0].mean() for k in (a, b)))
            row = {**labels, "estimand": estimand, "region": region, "versus": versus, "n": n}
            for side, k in (("a", a), ("b", b)):
                row |= {
                    f"{part}_{side}": float(values[k, 0])
                    for part, values in zip(Share._fields, fit.share, strict=True)
                }
            rows.append(
                row | {
                    "rho": float(fit.correlation(a, b)[0]), "scale": scale,
                    "shown": not problem(n, at_risk, horizon, rules.min_cell),
                }
            )  # fmt: skip
    return rows


def _estimates(cells: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Differences with intervals and p-values, all specifications at once."""
    a, b = (
        Share(*(cells.pop(f"{part}_{side}").to_numpy(float) for part in Share._fields))
        for side in ("a", "b")
    )
    rho, scale = cells.pop("rho").to_numpy(float), cells.pop("scale").to_numpy(float)
    shown = cells.pop("shown").to_numpy(bool)
    ends = difference_interval(a, b, rho, rules.confidence)
    low, high = np.sort(np.stack([scale * ends.low, scale * ends.high]), axis=0)
    clear = pd.Series((low > 0) | (high < 0), index=cells.index).astype("boolean")
    return cells.assign(
        estimate=np.where(shown, scale * (a.value - b.value), np.nan),
        low=np.where(shown, low, np.nan),
        high=np.where(shown, high, np.nan),
        p_value=np.where(shown, difference_p(a, b, rho), np.nan),
        significant=clear.where(pd.Series(shown, index=cells.index)),
    )
