r"""Checks of the time to product: rank test, Cox model, discrete-time model.

A proportional-hazards model mixes whether with when (METHOD.md, trap 2), so these only check the
direction of the headline. All three are fitted in every drawn link set and pooled by Rubin's rules.

- Log-rank: observed minus expected events O - E of a region against another and its hypergeometric
  variance V; Peto's one-step log hazard ratio (O - E) / V with variance 1 / V, which exists also
  when one region has no product. Peto et al. (1977), https://doi.org/10.1038/bjc.1977.1.
- Cox: `models.cox` with Efron's ties.
- Discrete: `models.cloglog`, a product in each year, year as linear and square term.

The variance of both is robust to a result that counts for several regions. A region without any
product in a link set separates the data: its results are left out of that fit, which is what the
others' estimates tend to as its hazard ratio runs to zero, and the region itself is reported as
not fitted, with that reason.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import rubin
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import Case
from gapstudy.measure.intervals import quantile
from gapstudy.measure.models import cox as models
from gapstudy.measure.models.cloglog import cloglog
from gapstudy.measure.models.sample import Sample
from gapstudy.measure.survival import Floats, check

#: Region whose hazard is compared, with the other regions and the base of the models.
BASE = "US"
COMPARED = ("EU", "CN")
Bools = NDArray[np.bool_]


def log_rank(time: Floats, event: Bools, group: Bools) -> tuple[float, float]:
    """Observed minus expected events of a group, and its variance.

    Args:
        time: durations.
        event: whether each ends in an event.
        group: whether each belongs to the group; the others are its comparison.

    Raises:
        FitError: a duration is negative or missing.
    """
    check(time)
    times = np.unique(time[event])
    ordered, mine = np.sort(time), np.sort(time[group])
    risk = len(time) - np.searchsorted(ordered, times)
    risk_mine = group.sum() - np.searchsorted(mine, times)
    died = np.array([(event & (time == t)).sum() for t in times])
    died_mine = np.array([(event & group & (time == t)).sum() for t in times])
    part = risk_mine / risk
    spread = np.where(risk > 1, (risk - died) / np.maximum(risk - 1, 1), 0.0)
    return float((died_mine - died * part).sum()), float((died * part * (1 - part) * spread).sum())


def cox(
    time: Floats, event: Bools, design: Floats, paper: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Coefficients of a Cox model and their variances, robust to clustering by result.

    Args:
        time: durations.
        event: whether each ends in an event.
        design: covariates, one column each.
        paper: which result each row belongs to.

    Raises:
        FitError: negative durations, no event, collinear or separated covariates.
    """
    check(time)
    fit = models.cox(_sample(time, event, design, paper), engine="kernel")
    return fit.estimate, np.asarray(fit.error**2, dtype=float)


def discrete(
    time: Floats, event: Bools, design: Floats, paper: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Coefficients of the discrete-time complementary log-log model and their variances.

    Args:
        time: durations, years; each year begun is one observation.
        event: whether each ends in an event.
        design: covariates, one column each.
        paper: which result each row belongs to.

    Raises:
        FitError: negative durations, no event, collinear or separated covariates.
    """
    check(time)
    sample = _sample(time, event, design, paper)
    fit = cloglog(sample, baseline="quadratic", engine="blocks").effects
    return fit.estimate, np.asarray(fit.error**2, dtype=float)


def _sample(time: Floats, event: Bools, design: Floats, paper: NDArray[np.int64]) -> Sample:
    names = [f"column {k}" for k in range(design.shape[1])]
    return Sample.of(time, event, design, names, cluster=paper)


def table(case: Case) -> pd.DataFrame:
    """Rows of `out_latency`: hazard of EU and of China against that of the US."""
    rows = [{**row, "model": "log-rank"} for region in COMPARED for row in [_ranks(case, region)]]
    for name, model in (("cox", cox), ("discrete", discrete)):
        rows += [{**row, "model": name} for row in _models(case, model)]
    return pd.DataFrame(rows)


_SEPARATION = "A region without any product separates the data: read the log-rank row instead"
Model = Callable[[Floats, Bools, Floats, NDArray[np.int64]], tuple[Floats, Floats]]


def _ranks(case: Case, region: str) -> dict[str, object]:
    first, second = COLUMNS.index(region), COLUMNS.index(BASE)
    paper, inside = _rows(case, (first, second))
    effects, variances = [], []
    for time, event in zip(case.spells.time, case.spells.event, strict=True):
        gap, variance = log_rank(time[paper], event[paper], inside == first)
        if variance > 0:
            effects.append(gap / variance)
            variances.append(1 / variance)
    if not effects:
        return _row(case, region, None, "no product in either region")
    return _row(case, region, rubin.pool(np.array(effects), np.array(variances)), "")


def _models(case: Case, model: Model) -> list[dict[str, object]]:
    """One model over all regions with the base left out, pooled."""
    use = tuple(k for k in range(len(COLUMNS) - 1) if case.weights.value[:, k].any())
    paper, inside = _rows(case, use)
    others = [k for k in use if k != COLUMNS.index(BASE)]
    effects, variances, why = [], [], ""
    for time, event in zip(case.spells.time, case.spells.event, strict=True):
        try:
            design, kept, use_rows = _design(inside, event[paper], others)
            mine = paper[use_rows]
            effect, variance = model(time[mine], event[mine], design, mine)
        except FitError as error:
            why = error.what
            continue
        full = np.full((2, len(others)), np.nan)
        full[:, kept] = effect, variance
        effects.append(full[0])
        variances.append(full[1])
    rows: list[dict[str, object]] = []
    for region in COMPARED:
        k = COLUMNS.index(region)
        column = others.index(k) if k in others else -1
        if not effects or column < 0:
            rows.append(_row(case, region, None, why or "no results"))
            continue
        effect, variance = np.array(effects)[:, column], np.array(variances)[:, column]
        seen = np.isfinite(effect)
        share = seen.sum() / len(case.spells.time)
        if share < 1:
            note = f"not fitted: no product of the region in {1 - share:.0%} of the link sets"
            rows.append(_row(case, region, None, note))
        else:
            rows.append(_row(case, region, rubin.pool(effect, variance), ""))
    return rows


def _rows(case: Case, regions: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One row for each result and region that it counts for."""
    paper, column = np.nonzero(case.weights.value[:, list(regions)])
    return paper.astype(np.int64), np.asarray(regions)[column]


def _design(
    inside: NDArray[np.int64], event: Bools, others: list[int]
) -> tuple[Floats, list[int], Bools]:
    """Dummies of the regions with an event, and the rows of those and of the base."""
    base = COLUMNS.index(BASE)
    if not event[inside == base].any():
        raise FitError(f"no product of {BASE} results to compare with", remedy=_SEPARATION)
    kept = [j for j, k in enumerate(others) if event[inside == k].any()]
    if not kept:
        raise FitError("only one region has products", remedy=_SEPARATION)
    rows = np.isin(inside, [base, *(others[j] for j in kept)])
    dummies = [(inside[rows] == others[j]).astype(float) for j in kept]
    return np.column_stack(dummies), kept, rows


def _row(case: Case, region: str, fit: rubin.Pooled | None, note: str) -> dict[str, object]:
    weight = case.weights.value
    k, base = COLUMNS.index(region), COLUMNS.index(BASE)
    count = int(min((weight[:, j] > 0).sum() for j in (k, base)))
    if count < case.min_cell:
        fit, note = None, f"fewer than {case.min_cell} results"
    row: dict[str, object] = {
        **case.labels, "region": region, "versus": BASE, "n": count,
        "events": float((case.spells.event @ weight[:, k]).mean()), "note": note,
        "estimate": np.nan, "low": np.nan, "high": np.nan, "p_value": np.nan,
    }  # fmt: skip
    if fit is not None:
        value, error, df = float(fit.estimate), float(fit.error), float(fit.df)
        half = float(quantile(case.confidence, df)) * error
        row |= {
            "estimate": value, "low": value - half, "high": value + half,
            "p_value": float(2 * stats.t.sf(abs(value) / error, df)),
        }  # fmt: skip
    return row
