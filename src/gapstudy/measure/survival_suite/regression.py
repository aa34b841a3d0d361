"""Regression of cumulative incidence and restricted mean time by pseudo-observations.

Two models: regions alone, and regions with the covariates of the results. Pseudo-observations are
taken within regions, as regions differ in how long their results are followed; without covariates
the identity link then gives back the differences of the curves themselves. A region that nobody is
followed in to the horizon, or that has no product in some link set on a curved link, is left out
and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import Case
from gapstudy.measure.inputs import Population
from gapstudy.measure.models import pseudo
from gapstudy.measure.models.pooled import PooledFit, pool_fits
from gapstudy.measure.models.pseudo_regression import INTERCEPT, Link, pseudo_regression
from gapstudy.measure.models.sample import Fit, Floats, Ints, Sample
from gapstudy.measure.spells import Covariates, sample
from gapstudy.measure.spells.clusters import Rule

REFERENCE = "US"
#: Regions that have a term, against the reference.
TERMS = ("EU", "CN", "other")
LINKS: tuple[Link, ...] = ("identity", "logit", "cloglog")


@dataclass(frozen=True)
class Model:
    """One regression.

    Attributes:
        name: regions, or adjusted (with covariates).
        outcome: incidence or restricted mean.
        horizon: years.
        link: link of the mean.
    """

    name: str
    outcome: str
    horizon: float
    link: Link


def regression_rows(
    case: Case,
    population: Population,
    covariates: Covariates | None,
    horizons: Sequence[float],
    tau: float,
    events_per_parameter: float,
    cluster: Rule = "result",
) -> pd.DataFrame:
    """Rows of `out_pseudo_regression`.

    Args:
        case: the analysis.
        population: its results.
        covariates: covariates of the adjusted model; None leaves it out.
        horizons: years of the incidence.
        tau: limit of the restricted mean, years.
        events_per_parameter: fewest expected products for each parameter of the adjusted model.
        cluster: which results are not independent, see `spells.clusters`.
    """
    rows: list[dict[str, object]] = []
    outcomes = [("incidence", h, link) for h in horizons for link in LINKS]
    outcomes.append(("restricted mean", tau, "identity"))
    made: dict[tuple[str, tuple[str, ...]], list[Sample]] = {}
    for name, used in (("regions", None), ("adjusted", covariates)):
        if name == "adjusted" and used is None:
            continue
        for outcome, horizon, link in outcomes:
            model = Model(name, outcome, horizon, link)
            regions, why = _regions(case, model)
            key = (name, regions)
            if REFERENCE in regions and len(regions) > 1 and key not in made:
                made[key] = [
                    sample(
                        population, case.spells, m, case.weights, covariates=used,
                        regions=regions, reference=REFERENCE, cluster=cluster,
                    )
                    for m in range(len(case.spells.time))
                ]  # fmt: skip
            fewest = events_per_parameter if used is not None else 0.0
            fit, note, events = _fit(made.get(key), model, regions, fewest)
            rows += _rows(case, model, fit, note, events, why)
    return pd.DataFrame(rows)


def _regions(case: Case, model: Model) -> tuple[tuple[str, ...], dict[str, str]]:
    """Regions that a model can hold, and why the others cannot."""
    weight, spells = case.weights.value, case.spells
    followed = survival.followed(case.steps, np.array([model.horizon]))[:, :, 0].min(axis=0)
    inside = spells.event & (spells.time <= model.horizon)
    kept, why = [], {}
    for region in (REFERENCE, *TERMS):
        k = COLUMNS.index(region)
        n = int((weight[:, k] > 0).sum())
        without = float((inside @ weight[:, k] <= 0).mean())
        if n < case.min_cell:
            why[region] = f"fewer than {case.min_cell} results"
        elif followed[k] <= 0:
            why[region] = f"no result is followed for {model.horizon:g} years"
        elif without > 0:
            why[region] = f"no product of the region in {without:.0%} of the link sets"
        else:
            kept.append(region)
    return tuple(kept), why


def _fit(
    samples: list[Sample] | None, model: Model, regions: tuple[str, ...], fewest: float
) -> tuple[PooledFit | None, str, float]:  # fmt: skip
    if samples is None:
        return None, f"no comparison with {REFERENCE} can be made", 0.0
    width = samples[0].covariates.shape[1] + 1
    events = float(np.mean([
        ((part.event > 0) & (part.time <= model.horizon)) @ part.weight for part in samples
    ]))  # fmt: skip
    if events < fewest * width:
        return None, f"fewer than {fewest:g} products for each of {width} parameters", events
    fits: list[Fit] = []
    for part in samples:
        try:
            fits.append(pseudo_regression(part, _values(part, model, regions), model.link))
        except FitError as error:
            return None, f"not fitted in every link set: {error.what}", events
    return pool_fits(fits, max(fits[0].clusters - width, 1)), "", events


def _values(part: Sample, model: Model, regions: tuple[str, ...]) -> Floats:
    strata: Ints = np.rint(
        part.covariates[:, : len(regions) - 1] @ np.arange(1, len(regions))
    ).astype(np.int64)  # fmt: skip
    if model.outcome == "incidence":
        return pseudo.incidence_values(part, [model.horizon], strata=strata)[:, 0]
    return pseudo.restricted_mean_values(part, model.horizon, strata=strata)[:, 0]


def _rows(
    case: Case, model: Model, fit: PooledFit | None, note: str, events: float,
    why: dict[str, str],
) -> list[dict[str, object]]:  # fmt: skip
    base: dict[str, object] = {
        **case.labels, "model": model.name, "outcome": model.outcome, "horizon": model.horizon,
        "link": model.link,
    }  # fmt: skip
    weight = case.weights.value
    rows = []
    names = list(TERMS)
    if fit is not None:
        names += [name for name in fit.names if name not in (*TERMS, INTERCEPT)]
    for name in names:
        n = fit.clusters if fit is not None else 0
        if name in TERMS:
            sides = (COLUMNS.index(name), COLUMNS.index(REFERENCE))
            n = int(min((weight[:, k] > 0).sum() for k in sides))
        row = {**base, "term": name, "n": n, "events": events}
        if fit is None or name not in fit.names:
            reason = why.get(name) or why.get(REFERENCE) or note
            rows.append({**row, **dict.fromkeys(_ESTIMATE, np.nan), "note": reason})
            continue
        j = fit.names.index(name)
        low, high = fit.interval(case.confidence)
        rows.append({
            **row, "estimate": fit.estimate[j], "low": low[j], "high": high[j],
            "p_value": fit.p_value[j], "note": "",
        })  # fmt: skip
    return rows


_ESTIMATE = ("estimate", "low", "high", "p_value")
