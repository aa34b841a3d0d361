r"""Checks of the time to product: rank test, Cox model, discrete-time model.

A proportional-hazards model mixes whether with when (METHOD.md, trap 2), so these only check the
direction of the headline. All three are fitted in every drawn link set and pooled by Rubin's rules.

- Log-rank: observed minus expected events O - E of a region against another and its hypergeometric
  variance V; Peto's one-step log hazard ratio (O - E) / V with variance 1 / V, which exists also
  when one region has no product. Peto et al. (1977), https://doi.org/10.1038/bjc.1977.1.
- Cox: partial likelihood with Efron's ties, `statsmodels` PHReg, variance robust to a result that
  counts for several regions. Lin and Wei (1989).
- Discrete: complementary log-log model of a product in each year, whose coefficients are log hazard
  ratios of grouped proportional hazards; year as linear and square term. Prentice and Gloeckler
  (1978), https://doi.org/10.2307/2529588.

A model whose data separate (a region without any product) has no finite estimate: it is reported as
not fitted, with that reason.
"""

from __future__ import annotations

import warnings
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
from gapstudy.measure.survival import Floats, check

#: Region whose hazard is compared, with the other regions and the base of the models.
BASE = "US"
COMPARED = ("EU", "CN")
#: Standard errors of log hazard ratios beyond this mean that the data separate.
_SEPARATED = 20.0
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
    from statsmodels.duration.hazard_regression import PHReg

    check(time)
    _solid(event, design)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = PHReg(time, design, status=event.astype(int), ties="efron").fit(groups=paper)
    return _finite(np.asarray(fit.params, float), np.asarray(fit.bse, float) ** 2, "Cox model")


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
    import statsmodels.api as sm

    check(time)
    _solid(event, design)
    # A censored year counts only when it was seen to its end.
    years = np.where(event, np.floor(time) + 1, np.floor(time)).astype(int)
    row = np.repeat(np.arange(len(time)), years)
    year = np.concatenate([np.arange(count) for count in years])
    last = year == years[row] - 1
    centred = year - year.mean()
    x = np.column_stack([design[row], np.ones(len(row)), centred, centred**2])
    model = sm.GLM(
        (last & event[row]).astype(float),
        x,
        family=sm.families.Binomial(sm.families.links.CLogLog()),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": paper[row]})
    if not fit.converged:
        raise FitError("the discrete-time model did not converge", remedy=_SEPARATION)
    width = design.shape[1]
    variance = np.asarray(fit.bse, float)[:width] ** 2
    return _finite(np.asarray(fit.params, float)[:width], variance, "discrete-time model")


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
            design, kept = _design(inside, event[paper], others)
            effect, variance = model(time[paper], event[paper], design, paper)
        except FitError as error:
            why = error.what
            continue
        full = np.full((2, len(others)), np.nan)
        full[:, kept] = effect, variance
        effects.append(full[0])
        variances.append(full[1])
    rows = []
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


def _design(inside: NDArray[np.int64], event: Bools, others: list[int]) -> tuple[Floats, list[int]]:
    """Dummies of the regions with an event; the rest have none and cannot be estimated."""
    kept = [j for j, k in enumerate(others) if event[inside == k].any()]
    if not kept:
        raise FitError("only one region has products", remedy=_SEPARATION)
    return np.column_stack([(inside == others[j]).astype(float) for j in kept]), kept


def _solid(event: Bools, design: Floats) -> None:
    if not event.any():
        raise FitError("no duration ends in an event", remedy="There is nothing to fit")
    if np.linalg.matrix_rank(design - design.mean(axis=0)) < design.shape[1]:
        raise FitError("the covariates are collinear or constant", remedy="Leave one of them out")


def _finite(params: Floats, variance: Floats, name: str) -> tuple[Floats, Floats]:
    good = np.isfinite(params) & np.isfinite(variance) & (variance < _SEPARATED**2)
    if not good.all() or (np.abs(params) > _SEPARATED).any():
        raise FitError(f"the {name} has no finite estimate", remedy=_SEPARATION)
    return params, variance


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
