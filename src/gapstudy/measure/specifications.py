"""The same differences under every combination of choices: a specification curve.

Choices: what the EU and China contain, how results of several regions count, which results (all
years, first half, second half of the window), which evidence links them to products, and whether
link sets are drawn or cut at a threshold. Reference: Simonsohn, Simmons and Nelson (2020),
https://doi.org/10.1038/s41562-020-0912-z.

With links of the follow-up alone all thresholds below `followup_found` coincide; those rows are
kept so that every combination counts once. The choices of the other headlines are in
`gapstudy.measure.grids`; a choice that an estimand does not have is "none".
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
from gapstudy.measure.regional import Regional

PAIRS = (("EU", "US"), ("EU", "CN"))
CHOICES = (
    "europe", "china", "counting", "years", "links", "link_sets",
    "sample", "part", "rule", "horizon",
)  # fmt: skip
#: Value of a choice, or of `versus`, that an estimand does not have.
NONE = "none"
#: Years after a result at which conversion is compared.
HORIZON = 5.0
_KEY = ["estimand", "region", "versus"]


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
    found: list[dict[str, object]] = []
    for (links, link_sets), spell in spells.items():
        for years, inside in slices.items():
            if not inside.any():
                continue
            for weight in weights:
                labels = {
                    "europe": weight.scheme.europe, "china": weight.scheme.china,
                    "counting": weight.counting, "years": years, "links": links,
                    "link_sets": link_sets, "sample": "cohort",
                    **dict.fromkeys(("part", "rule", "horizon"), NONE),
                }  # fmt: skip
                found += cells(weight.value[inside], only(spell, inside), labels, rules)
    return marked(estimates(pd.DataFrame(found), rules), rules.headline)


def marked(frame: pd.DataFrame, headline: Mapping[str, str]) -> pd.DataFrame:
    """The rows with the headline among them marked, and ranked by their estimates.

    Args:
        frame: estimates under all combinations.
        headline: the choices of the headline; others do not matter.
    """
    head = pd.Series(True, index=frame.index)
    for choice, value in headline.items():
        head &= frame[choice] == value
    ranks = frame.groupby(_KEY)["estimate"].rank(method="first")
    return frame.assign(headline=head, rank=ranks.astype("Int64"))


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_specification_summary`."""
    rows = []
    for key, part in frame.groupby(_KEY, sort=True):
        known = part[part["estimate"].notna()]
        value = known["estimate"]
        clear = known["significant"].astype("boolean").fillna(value=False).astype(bool)
        head = known[known["headline"]]
        sign = pd.Series(np.sign(value - known["than"]), index=known.index)
        agree = bold = np.nan
        if len(head) and len(known):
            side = sign.loc[head.index[0]]
            agree = (sign == side).mean()
            # The conclusion: on which side of zero for sure, or on neither.
            bold = (sign * clear == side * bool(clear.loc[head.index[0]])).mean()
        spread = _spread(choices(part))
        rows.append(
            dict(zip(_KEY, key, strict=True))
            | {
                "than": part["than"].iloc[0],
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
    for _, rows in frame.groupby(_KEY, sort=True):
        for choice in varied(rows):
            group = rows.groupby([*_KEY, choice], sort=True)["estimate"]
            part = group.agg(mean="mean", n="count").reset_index()
            parts.append(part.rename(columns={choice: "value"}).assign(choice=choice))
    empty = pd.DataFrame(columns=[*_KEY, "value", "mean", "n", "choice"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def varied(rows: pd.DataFrame) -> list[str]:
    """The choices that take more than one value."""
    return [choice for choice in CHOICES if len(rows[choice].unique()) > 1]


def variance(frame: pd.DataFrame) -> pd.DataFrame:
    r"""Rows of `out_specification_variance`: what each choice explains of the estimates' variance.

    The share is the first-order one, eta squared: :math:`\sum_v n_v (\bar y_v - \bar y)^2` over the
    values v of a choice, divided by the sum of squares of all estimates. In a complete grid the
    shares add up to at most one, and `together` is what choices explain only in combination. Where
    some specifications have no estimate, shares may overlap, and `together` is at least zero.
    Reference: Saltelli et al. (2008), https://doi.org/10.1002/9780470725184, ch. 1.
    """
    rows: list[dict[str, object]] = []
    for key, part in frame.groupby(_KEY, sort=True):
        labels = dict(zip(_KEY, key, strict=True))
        known = part[part["estimate"].notna()]
        value = known["estimate"].to_numpy(float)
        total = float(np.square(value - value.mean()).sum()) if len(value) else 0.0
        explained = 0.0
        for choice in (*varied(part), "together"):
            share = float("nan")
            if total > 0 and choice == "together":
                share = max(0.0, 1.0 - explained)
            elif total > 0:
                fitted = known.groupby(choice)["estimate"].transform("mean").to_numpy(float)
                share = float(np.square(fitted - value.mean()).sum() / total)
                explained += share
            rows.append({**labels, "choice": choice, "share": round(share, 10), "n": len(value)})
    return pd.DataFrame(rows)


def _spread(table: pd.DataFrame) -> tuple[str, float]:
    """The choice whose values' means lie farthest apart, and how far."""
    means = table.dropna(subset=["mean"]).groupby("choice")["mean"]
    spread = (means.max() - means.min()).sort_index()
    if spread.empty:
        return "", float("nan")
    return str(spread.idxmax()), float(spread.max())


def only(spells: Spells, inside: NDArray[np.bool_]) -> Spells:
    """The spells of some of the results, (n,)."""
    return Spells(spells.time[:, inside], spells.event[:, inside], spells.product[:, inside])


def cells(
    weight: NDArray[np.float64], spells: Spells, labels: dict[str, str], rules: Rules
) -> list[dict[str, object]]:
    """Both sides of every difference under one specification, before intervals are made.

    Args:
        weight: credits of the results, (n, K).
        spells: their spells.
        labels: what the rows are called.
        rules: what stays the same.
    """
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
            rows.append(
                {
                    **labels, "estimand": estimand, "region": region, "versus": versus, "n": n,
                    **sides(fit, a, b), "scale": scale,
                    "note": problem(n, at_risk, horizon, rules.min_cell),
                }
            )  # fmt: skip
    return rows


def sides(fit: Regional, a: int, b: int, h: int = 0) -> dict[str, float]:
    """Both sides of a difference and their correlation, as `estimates` takes them.

    Args:
        fit: shares of several regions.
        a: position of the first.
        b: position of the one that is subtracted.
        h: position of the horizon.
    """
    row = {
        f"{part}_{side}": float(values[k, h])
        for side, k in (("a", a), ("b", b))
        for part, values in zip(Share._fields, fit.share, strict=True)
    }
    return row | {"rho": float(fit.correlation(a, b)[h])}


def estimates(sides: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Differences with intervals and p-values, all specifications at once.

    Args:
        sides: rows of `cells`; their columns of both sides are used up. A row with a note has no
            estimate.
        rules: what stays the same.
    """
    a, b = (
        Share(*(sides.pop(f"{part}_{side}").to_numpy(float) for part in Share._fields))
        for side in ("a", "b")
    )
    rho, scale = sides.pop("rho").to_numpy(float), sides.pop("scale").to_numpy(float)
    ends = difference_interval(a, b, rho, rules.confidence)
    low, high = np.sort(np.stack([scale * ends.low, scale * ends.high]), axis=0)
    return judged(
        sides.assign(
            than=0.0, estimate=scale * (a.value - b.value), low=low, high=high,
            p_value=difference_p(a, b, rho),
        )
    )  # fmt: skip


def judged(frame: pd.DataFrame) -> pd.DataFrame:
    """Nothing where a note says why, and elsewhere whether the interval leaves out `than`."""
    shown = frame["note"] == ""
    numbers = ["estimate", "low", "high", "p_value"]
    clear = ((frame["low"] > frame["than"]) | (frame["high"] < frame["than"])).astype("boolean")
    clear = clear.where(shown & frame["low"].notna())
    return frame.assign(**frame[numbers].where(shown), significant=clear)
