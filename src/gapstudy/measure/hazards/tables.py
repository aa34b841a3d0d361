"""Tables of the hazard regressions: what they say of each pair of regions, pooled over link sets.

A Cox or grouped hazard ratio mixes never with slow (METHOD.md, trap 2): where results of two
regions become products as often, but those of one later, its hazard ratio is below one;
`simulate.hazards` has such a world. So these tables are checks of direction beside cumulative
incidence and restricted mean time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import cohort
from gapstudy.measure.conversion import PAIRS
from gapstudy.measure.hazards.draws import Draws, banded
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.models import cox_kernel
from gapstudy.measure.models.cloglog import cloglog
from gapstudy.measure.models.cox import cox
from gapstudy.measure.models.firth import firth, join
from gapstudy.measure.models.pooled import PooledFit, pool_fits
from gapstudy.measure.models.proportional_hazards import (
    TRANSFORMS,
    Transform,
    band_names,
    proportional_test,
)
from gapstudy.measure.models.sample import Fit, Sample
from gapstudy.measure.spells.covariates import KNOWN, covariates
from gapstudy.tables.out_hazards import TABLES

if TYPE_CHECKING:
    from gapstudy.study import Study

Row = dict[str, object]
#: Times that part the bands of time-varying effects, years.
BANDS = (3.0, 5.0)
#: Expected products of a side below which a row says on how few it rests.
FEW = 5.0
#: Sums over many results may differ in their last bits between computers.
_DIGITS = 6
ALL = "all"
_TESTED = "US"
_PROFILE = "Firth's penalty, interval of the profile, clusters not in it"


@dataclass(frozen=True)
class Rules:
    """How the rows are made.

    Attributes:
        labels: columns that say which analysis it is.
        confidence: level of the intervals.
        min_cell: fewest results of a region.
        bands: times that part the bands, years.
    """

    labels: Row
    confidence: float
    min_cell: int
    bands: tuple[float, ...]


def results(
    inputs: Inputs, study: Study, *, bands: Sequence[float] = BANDS,
    adjust: Sequence[str] = KNOWN,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """`out_cox`, `out_ph_test` and `out_cloglog` of the headline's scheme, counting and links.

    Args:
        inputs: the tables.
        study: choices of the estimators.
        bands: times that part the bands of time-varying effects, years.
        adjust: covariates of the adjusted fits, of `covariates.KNOWN`.
    """
    people, links = inputs.cohort, inputs.links_used
    weights = cohort.weights(
        people.papers, people.parties, study.regions.scheme, study.regions.counting
    )
    known = covariates(people.papers, people.parties, inputs.frames, tuple(adjust))
    plain = Draws(people, people.drawn(links), weights, None)
    labels: Row = {
        "scheme": weights.scheme.name, "counting": weights.counting, "population": people.name,
        "links": links, "method": "imputed",
    }  # fmt: skip
    measurement = study.measurement
    rules = Rules(labels, measurement.confidence, measurement.min_cell, tuple(bands))
    cases = [("no", plain)]
    if known.names:
        cases.append(("yes", replace(plain, covariates=known)))
    tables: dict[str, list[Row]] = {"out_cox": [], "out_cloglog": [], "out_ph_test": []}
    for adjusted, draws in cases:
        case = replace(rules, labels={**labels, "adjusted": adjusted})
        tables["out_cox"] += _effects(draws, case, _cox, penalise=True)
        tables["out_cloglog"] += _effects(draws, case, _discrete, penalise=False)
        tables["out_ph_test"] += _tests(draws, case)
    return {
        table.name: pd.DataFrame(tables[table.name]).reindex(columns=table.names).round(_DIGITS)
        for table in TABLES
    }


def _cox(sample: Sample) -> Fit:
    return cox(sample, engine="kernel")


def _discrete(sample: Sample) -> Fit:
    return cloglog(sample, engine="blocks").effects


def _effects(
    draws: Draws, rules: Rules, model: Callable[[Sample], Fit], *, penalise: bool
) -> list[Row]:
    rows: list[Row] = []
    for region, versus in PAIRS:
        base = _base(draws, rules, region, versus)
        labels = [ALL, *band_names(rules.bands)]
        try:
            samples, left = _samples(draws, rules, [region], versus)
            none = draws.without((region, versus))
            if none:
                part = max(none.values())
                why = (
                    f"no product of {' and of '.join(none)} results in {part:.0%} of the link sets"
                )
                if not penalise:
                    raise FitError(f"not fitted: {why}")
                rows.append(base | {"band": ALL} | _penalised(samples, region, rules, [why, left]))
                note = f"not fitted by band: {why}"
                rows += [base | {"band": band, "note": note} for band in labels[1:]]
                continue
            fit = _pooled([model(sample) for sample in samples])
            rest = [left, _few(draws, region, versus)]
            rows.append(base | {"band": ALL} | _shown(fit, region, rules, rest))
        except FitError as error:
            rows += [base | {"band": band, "note": error.what} for band in labels]
            continue
        rows += [base | row for row in _by_band(samples, region, versus, rules, model, rest)]
    return rows


def _few(draws: Draws, region: str, versus: str) -> str:
    """On how few expected products a comparison rests; empty where they are many enough."""
    fewest, name = min((_events(draws, name), name) for name in (region, versus))
    return f"rests on {fewest:.1f} expected products of {name} results" if fewest < FEW else ""


def _events(draws: Draws, region: str) -> float:
    credit = draws.weights.value[:, cohort.COLUMNS.index(region)]
    return float((draws.spells.event @ credit).mean())


def _samples(
    draws: Draws, rules: Rules, compared: Sequence[str], versus: str
) -> tuple[list[Sample], str]:
    if any(draws.results(name) < rules.min_cell for name in (*compared, versus)):
        raise FitError(f"fewer than {rules.min_cell} results")
    return draws.samples(compared, versus)


def _by_band(
    samples: list[Sample], region: str, versus: str, rules: Rules,
    model: Callable[[Sample], Fit], rest: list[str],
) -> list[Row]:  # fmt: skip
    """Effects of one region against another in each band of time."""
    labels = band_names(rules.bands)
    pair = [_pair(sample, region) for sample in samples]
    try:
        split, terms = banded(pair, [region], rules.bands)
        fit = _pooled([model(sample) for sample in split])
    except FitError as error:
        return [{"band": band, "note": error.what} for band in labels]
    rows: list[Row] = []
    for band in labels:
        if f"{region} {band}" in terms:
            rows.append({"band": band} | _shown(fit, f"{region} {band}", rules, rest))
        else:
            note = f"no product of {region} or {versus} results in these years in some link sets"
            rows.append({"band": band, "note": note})
    return rows


def _pair(sample: Sample, region: str) -> Sample:
    """The rows of one region and of the reference."""
    regions = [k for k, name in enumerate(sample.names) if name in cohort.COLUMNS]
    mine = sample.names.index(region)
    other = np.asarray(sample.covariates[:, [k for k in regions if k != mine]].any(axis=1))
    columns = [k for k in range(len(sample.names)) if k == mine or k not in regions]
    cut = sample.only(~other)
    names = tuple(sample.names[k] for k in columns)
    return replace(cut, covariates=cut.covariates[:, columns], names=names)


def _pooled(fits: list[Fit]) -> PooledFit:
    clusters = float(np.mean([fit.clusters for fit in fits]))
    return pool_fits(fits, max(clusters - len(fits[0].names), 1.0))


def _base(draws: Draws, rules: Rules, region: str, versus: str) -> Row:
    nothing = dict.fromkeys(
        ("estimate", "low", "high", "p_value", "ratio", "ratio_low", "ratio_high",
         "missing_information"), np.nan,
    )  # fmt: skip
    return {
        **rules.labels, "region": region, "versus": versus, **nothing,
        "n": min(draws.results(region), draws.results(versus)), "events": _events(draws, region),
        "clusters": 0, "fit": "none", "note": "",
    }  # fmt: skip


def _shown(fit: PooledFit, term: str, rules: Rules, rest: list[str]) -> Row:
    k = fit.names.index(term)
    low, high = fit.interval(rules.confidence)
    return _row(fit.estimate[k], low[k], high[k], fit.p_value[k]) | {
        "missing_information": float(fit.missing_information[k]), "clusters": fit.clusters,
        "fit": "robust", "note": "; ".join(part for part in (fit.note, *rest) if part),
    }  # fmt: skip


def _penalised(samples: list[Sample], region: str, rules: Rules, why: list[str]) -> Row:
    """Firth's estimate in every link set, by the average of the profiles."""
    clusters = [len(np.unique(sample.cluster)) for sample in samples]
    fits = [firth(cox_kernel.prepare(sample), count)
            for sample, count in zip(samples, clusters, strict=True)]  # fmt: skip
    joined = join(fits, region, rules.confidence)
    return _row(*joined) | {
        "clusters": round(float(np.mean(clusters))), "fit": "penalised",
        "note": "; ".join([*filter(None, why), _PROFILE]),
    }  # fmt: skip


def _row(estimate: float, low: float, high: float, p_value: float) -> Row:
    values = (float(estimate), float(low), float(high))
    ratios = (float(np.exp(min(value, 700.0))) for value in values)
    return {
        **dict(zip(("estimate", "low", "high"), values, strict=True)), "p_value": float(p_value),
        **dict(zip(("ratio", "ratio_low", "ratio_high"), ratios, strict=True)),
    }  # fmt: skip


def _tests(draws: Draws, rules: Rules) -> list[Row]:
    """Tests of proportional hazards for each pair, and of all regions against the US together."""
    rows: list[Row] = []
    for region, versus in (*PAIRS, (ALL, _TESTED)):
        named = [region] if region != ALL else ["EU", "CN"]
        base = _base(draws, rules, region, versus)
        for key in ("ratio", "ratio_low", "ratio_high", "clusters", "fit"):
            base.pop(key)
        if region == ALL:
            base["n"] = min(draws.results(name) for name in (*named, versus))
        try:
            none = draws.without((*named, versus))
            if none:
                who = " and of ".join(none)
                raise FitError(f"not tested: no product of {who} results in some link sets")
            samples, base["note"] = _samples(draws, rules, named, versus)
        except FitError as error:
            rows += [base | {"transform": name, "note": error.what} for name in TRANSFORMS]
            continue
        for transform in TRANSFORMS:
            try:
                row = _tested(samples, transform, named, rules, together=region == ALL)
            except FitError as error:
                row = {"note": error.what}
            rows.append(base | {"transform": transform} | row)
    return rows


def _tested(
    samples: list[Sample], transform: Transform, named: list[str], rules: Rules, *, together: bool
) -> Row:
    """One test, pooled: of several coefficients together, or of one with its slope."""
    fit = pool_fits([proportional_test(sample, transform=transform).slope for sample in samples])
    if together:
        return {"p_value": fit.wald(named).p_value}
    k = fit.names.index(named[0])
    low, high = fit.interval(rules.confidence)
    return {
        "estimate": float(fit.estimate[k]), "low": float(low[k]), "high": float(high[k]),
        "p_value": float(fit.p_value[k]),
        "missing_information": float(fit.missing_information[k]),
    }  # fmt: skip
