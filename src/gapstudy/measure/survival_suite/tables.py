"""The nonparametric tables on time to a product of one study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.measure import cohort
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import Case
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.spells import covariates
from gapstudy.measure.spells.clusters import Rule
from gapstudy.measure.survival_suite.bands import band_rows
from gapstudy.measure.survival_suite.equality import equality_rows
from gapstudy.measure.survival_suite.lookback import draw_lags, lag_rows
from gapstudy.measure.survival_suite.ratios import ratio_rows
from gapstudy.measure.survival_suite.regression import regression_rows
from gapstudy.tables.out_survival import TABLES

if TYPE_CHECKING:
    from gapstudy.study import Study

#: Draws of the process behind a band, and fewest products for each parameter of a regression.
BAND_DRAWS, EVENTS_PER_PARAMETER = 20_000, 5.0
#: Streams of random numbers; those of `inputs.STREAMS` are other ones.
_BANDS, _EQUALITY, _LOOKBACK = 31, 32, 33
#: Digits that are kept: the last ones depend on the order in which a machine sums.
_DIGITS = 6


def results(
    inputs: Inputs,
    study: Study,
    *,
    band_draws: int = BAND_DRAWS,
    events_per_parameter: float = EVENTS_PER_PARAMETER,
    cluster: Rule = "result",
) -> dict[str, pd.DataFrame]:
    """The tables of `tables.out_survival`, by name.

    Args:
        inputs: the tables of the study.
        study: region scheme, counting, horizons, confidence, smallest cell and seed.
        band_draws: draws of the process behind a band.
        events_per_parameter: fewest products for each parameter of an adjusted regression.
        cluster: which results are not independent in tests and regressions.
    """
    people, links = inputs.cohort, inputs.links_used
    measurement, regions = study.measurement, study.regions
    weight = cohort.weights(people.papers, people.parties, regions.scheme, regions.counting)
    labels = {
        "scheme": weight.scheme.name, "counting": weight.counting, "population": "cohort",
        "links": links, "method": "imputed",
    }  # fmt: skip
    case = Case(labels, weight, people.drawn(links), measurement.confidence, measurement.min_cell)
    tau, horizons = measurement.rmst_horizon, measurement.horizons
    longest = max(*horizons, tau)
    known = covariates(people.papers, people.parties, inputs.frames)
    made = {
        "out_bands": band_rows(case, longest, band_draws, [study.seed, _BANDS]),
        "out_equality_tests": equality_rows(
            case, people, longest, band_draws, [study.seed, _EQUALITY], cluster
        ),
        "out_rmst_ratio": ratio_rows(case, tau),
        "out_pseudo_regression": regression_rows(
            case, people, known if known.names else None, horizons, tau, events_per_parameter,
            cluster,
        ),
        "out_reverse_time": _lookback(inputs, study),
    }  # fmt: skip
    return {
        table.name: made[table.name].reindex(columns=table.names).round(_DIGITS) for table in TABLES
    }


def _lookback(inputs: Inputs, study: Study) -> pd.DataFrame:
    """Rows of `out_reverse_time` for every population."""
    parts = []
    for number, people in enumerate(inputs.populations):
        labels = {
            "scheme": study.regions.scheme.name, "population": people.name,
            "links": inputs.links_used,
        }  # fmt: skip
        drawn = draw_lags(
            people.candidates, inputs.links_used, people.cutoff, people.imputations,
            [study.seed, _LOOKBACK, number],
        )  # fmt: skip
        places = cohort.product_regions(people.products, study.regions.scheme)[:-1]
        parts.append(
            lag_rows(
                labels, drawn, np.minimum(places, len(COLUMNS) - 2),
                study.measurement.rmst_horizon, study.measurement.confidence,
                study.measurement.min_cell,
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)
