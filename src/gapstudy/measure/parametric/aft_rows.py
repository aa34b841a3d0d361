"""Rows of `out_aft`: time to a product by accelerated failure time models."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gapstudy.measure.conversion import Case
from gapstudy.measure.models import aft
from gapstudy.measure.models.distributions import FAMILIES
from gapstudy.measure.models.maximum_likelihood import Estimate, exponential, linear
from gapstudy.measure.models.pooled import PooledFit
from gapstudy.measure.parametric import groups
from gapstudy.measure.parametric.groups import EVERYONE, REGIONS, Group, Pool

#: Parts of the results by whose product the quantiles are given.
QUANTILES = {"quantile_05": 0.05, "quantile_10": 0.1, "quantile_25": 0.25, "median": 0.5}
OWN, COMMON = 1, 1
NOTHING = Estimate(float("nan"), float("nan"), float("nan"), float("nan"))
Row = dict[str, Any]
#: Pooled fits by the group's name ("all" or "regions") and the distribution.
Fits = dict[tuple[str, str], tuple[Group, Pool]]


def fits(case: Case, per_parameter: float) -> Fits:
    """The models that the data allow."""
    members: dict[str, Group | None] = {"regions": groups.group(case, OWN, COMMON, per_parameter)}
    if not groups.lacking(case, EVERYONE, OWN + COMMON, per_parameter):
        members[EVERYONE] = Group(case, (EVERYONE,))
    return {
        (name, distribution): (member, groups.pooled(member, partial(_fit, distribution)))
        for name, member in members.items() if member is not None
        for distribution in FAMILIES
    }  # fmt: skip


def rows(case: Case, made: Fits, per_parameter: float) -> list[Row]:
    """Rows of every distribution and region, with a note where there is no estimate."""
    best = best_by_aic(made)
    result = []
    for distribution in FAMILIES:
        for region in (EVERYONE, *REGIONS):
            name = EVERYONE if region == EVERYONE else "regions"
            member, pool = made.get((name, distribution), (None, None))
            if member is None or pool is None or region not in member.regions:
                needed = OWN + COMMON if region == EVERYONE else OWN
                why = groups.lacking(case, region, needed, per_parameter)
                why = why or "not enough data: too few expected products in all regions together"
                result.append(
                    {**row(case, region, "", distribution, NOTHING, why),
                     "term": "median", "aic": np.nan, "best": False}
                )  # fmt: skip
                continue
            extra = {"aic": pool.aic, "best": best.get(name) == distribution}
            for term, versus, estimate, note in _terms(case, member, pool, region, distribution):
                made_row = row(case, region, versus, distribution, estimate, note)
                result.append({**made_row, "term": term, **extra})
    return result


def best_by_aic(made: Fits) -> dict[str, str]:
    """The distribution with the smallest criterion, for each group that has any fit."""
    result: dict[str, str] = {}
    for name in dict.fromkeys(key[0] for key in made):
        known = {key[1]: pool.aic for key, (_, pool) in made.items()
                 if key[0] == name and pool.fit is not None}  # fmt: skip
        if known:
            result[name] = min(known, key=lambda item: known[item])
    return result


def row(
    case: Case, region: str, versus: str, distribution: str, estimate: Estimate, note: str
) -> Row:
    """The columns that rows of both kinds of model share."""
    count = groups.results_of(case, region)
    if versus:
        count = min(count, groups.results_of(case, versus))
    return {
        **case.labels, "region": region, "versus": versus, "distribution": distribution,
        "estimate": estimate.value, "low": estimate.low, "high": estimate.high,
        "p_value": estimate.p_value, "n": count, "events": groups.events_of(case, region),
        "note": note,
    }  # fmt: skip


def _fit(distribution: str, sample: Any) -> Any:
    return aft.fit(sample, distribution)


def _terms(
    case: Case, member: Group, pool: Pool, region: str, distribution: str
) -> list[tuple[str, str, Estimate, str]]:
    """Term, region compared with, estimate and note of one region's rows."""
    fit = pool.fit
    if fit is None:
        return [("median", "", NOTHING, pool.note)]
    result = []
    for term, share in QUANTILES.items():
        value = aft.quantile(fit, distribution, share, member.row(region), case.confidence)
        note = pool.note
        if value.value > groups.longest(case, region):
            value, note = NOTHING, "later than the longest follow-up"
        result.append((term, "", value, note))
    if region == member.base:
        result.append(("scale", "", _scale(fit, case.confidence), pool.note))
        first = np.zeros(len(fit.names))
        first[0] = 1.0
        location = linear(fit, float(fit.estimate[0]), first, case.confidence)
        result.append(("location", "", location._replace(p_value=float("nan")), pool.note))
    else:
        ratio = aft.time_ratio(fit, member.row(region), member.row(member.base), case.confidence)
        result.append(("time_ratio", member.base, ratio, pool.note))
    return result


def _scale(fit: PooledFit, confidence: float) -> Estimate:
    last = np.zeros(len(fit.names))
    last[-1] = 1.0
    raw = exponential(linear(fit, float(fit.estimate[-1]), last, confidence))
    return raw._replace(p_value=float("nan"))
