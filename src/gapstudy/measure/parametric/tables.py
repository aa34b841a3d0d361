"""The tables of the parametric models of one study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.measure import cohort
from gapstudy.measure.conversion import CURVE_STEP, Case
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.models.distributions import family
from gapstudy.measure.models.pooled import PooledFit
from gapstudy.measure.models.sample import Floats
from gapstudy.measure.parametric import aft_rows, cure_rows, groups
from gapstudy.measure.parametric.aft_rows import Fits, Row
from gapstudy.measure.parametric.groups import Group

if TYPE_CHECKING:
    from gapstudy.study import Study

#: Fewest expected events for each parameter of a model, and level of the tests of follow-up.
EVENTS_PER_PARAMETER, FOLLOW_UP_LEVEL = 5.0, 0.05
#: Digits that are kept: the last ones depend on the order in which a machine sums.
_DIGITS = 6


def results(
    inputs: Inputs,
    study: Study,
    *,
    events_per_parameter: float = EVENTS_PER_PARAMETER,
    follow_up_level: float = FOLLOW_UP_LEVEL,
) -> dict[str, pd.DataFrame]:
    """The tables `out_aft`, `out_cure`, `out_followup_test` and `out_parametric_curve`.

    Args:
        inputs: the tables of the study.
        study: region scheme, counting, confidence and smallest cell.
        events_per_parameter: fewest expected events for each parameter of a model.
        follow_up_level: level at which the tests of sufficient follow-up must pass.
    """
    people = inputs.cohort
    regions, measurement = study.regions, study.measurement
    weight = cohort.weights(people.papers, people.parties, regions.scheme, regions.counting)
    labels = {
        "scheme": weight.scheme.name, "counting": weight.counting, "population": "cohort",
        "links": inputs.links_used, "method": "imputed",
    }  # fmt: skip
    spells = people.drawn(inputs.links_used)
    case = Case(labels, weight, spells, measurement.confidence, measurement.min_cell)
    return tables(case, events_per_parameter, follow_up_level)


def tables(
    case: Case, events_per_parameter: float, follow_up_level: float
) -> dict[str, pd.DataFrame]:
    """The same from one analysis.

    Args:
        case: the analysis.
        events_per_parameter: see `results`.
        follow_up_level: see `results`.
    """
    simple = aft_rows.fits(case, events_per_parameter)
    tests = cure_rows.follow_up_rows(case, follow_up_level)
    passed = cure_rows.sufficient(tests)
    mixed = cure_rows.fits(case, events_per_parameter, passed)
    curves = _curves(case, simple, "aft") + _curves(case, mixed, "cure")
    made = {
        "out_aft": _frame(aft_rows.rows(case, simple, events_per_parameter)),
        "out_cure": _frame(cure_rows.rows(case, mixed, events_per_parameter, passed)),
        "out_followup_test": _frame(tests).astype({"sufficient": "boolean"}),
    }
    names = [*case.labels, "region", "model", "distribution", "years", "estimate", "n"]
    made["out_parametric_curve"] = _frame(curves) if curves else pd.DataFrame(columns=names)
    return made


def _frame(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    for name in frame.select_dtypes("float"):
        frame[name] = [float(f"{value:.{_DIGITS}g}") for value in frame[name]]
    return frame


def _curves(case: Case, made: Fits, model: str) -> list[Row]:
    """Points of the curves of the best distribution of each group."""
    result = []
    for name, distribution in aft_rows.best_by_aic(made).items():
        member, pool = made[name, distribution]
        assert pool.fit is not None  # the best is chosen among those with a fit
        for region in member.regions:
            end = groups.longest(case, region)
            years = np.arange(CURVE_STEP, end, CURVE_STEP)
            share = _incidence(pool.fit, member, region, distribution, years, model)
            head = {**case.labels, "region": region, "model": model, "distribution": distribution,
                    "n": groups.results_of(case, region)}  # fmt: skip
            result += [
                {**head, "years": float(year), "estimate": float(value)}
                for year, value in zip([0.0, *years], [0.0, *share], strict=True)
            ]
    return result


def _incidence(
    fit: PooledFit, member: Group, region: str, distribution: str, years: Floats, model: str
) -> Floats:
    """Share with a product after some years, at the pooled estimates."""
    own = np.concatenate([[1.0], member.row(region)])
    size = len(own)
    first = size if model == "cure" else 0
    location = float(own @ fit.estimate[first : first + size])
    z = (np.log(years) - location) / np.exp(fit.estimate[-1])
    done = -np.expm1(family(distribution).log_survival(z).value)
    if model == "cure":
        done = done / (1 + np.exp(-float(own @ fit.estimate[:size])))
    return np.asarray(done, dtype=float)
