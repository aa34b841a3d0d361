"""Every table on coverage, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gapstudy.measure import cohort
from gapstudy.measure.coverage import arrivals, levers, overlap, periods, reweight, tipping
from gapstudy.measure.inputs import Inputs
from gapstudy.tables.rounding import framed

if TYPE_CHECKING:
    from gapstudy.study import Study

#: Stream of the bootstrap of the log-linear models.
STREAM = 41
_HORIZON = 5.0
_DECIMALS = 10


def results(
    inputs: Inputs, study: Study, *, smallest: float = periods.SMALLEST
) -> dict[str, pd.DataFrame]:
    """Rows of `out_delay`, `out_completeness`, `out_capture` and `out_reweighted`.

    Args:
        inputs: the tables; `raw_<source>` among them where first retrievals are wanted.
        study: regions, levels, resamples and seed.
        smallest: smallest share of a period that must have been seen for it to stay in trends.
    """
    measurement, scheme, frames = study.measurement, study.regions.scheme, inputs.frames
    items = arrivals.collect(frames, scheme, pd.Timestamp(study.window.cutoff))
    delays, complete = periods.tables(items, measurement.confidence, measurement.min_cell, smallest)
    people = inputs.cohort
    fractional = cohort.weights(people.papers, people.parties, scheme, "fractional")
    made = {
        "out_delay": delays,
        "out_completeness": complete,
        "out_capture": overlap.table(
            frames["products"], frames["same_as"], scheme, measurement.confidence,
            overlap.FEWEST, measurement.bootstrap, [study.seed, STREAM],
        ),
        "out_reweighted": reweight.table(
            frames["indicators"], fractional, people.drawn(inputs.links_used), _HORIZON,
            measurement.confidence, measurement.min_cell,
        ),
    }  # fmt: skip
    return {name: framed(name, frame, _DECIMALS) for name, frame in made.items()}


def tipping_points(made: pd.DataFrame, inputs: Inputs, study: Study) -> pd.DataFrame:
    """Rows of `out_tipping`, after the scorecard.

    Args:
        made: rows of `out_scorecard_tests`.
        inputs: the tables.
        study: regions and levels.
    """
    frame = tipping.table(made, levers.fits_of(inputs, study), study)
    return framed("out_tipping", frame, _DECIMALS)
