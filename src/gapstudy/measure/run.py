"""Read the core tables and the links, estimate, write the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gapstudy.measure import counts, numbers, scorecard
from gapstudy.measure.coverage import arrivals
from gapstudy.measure.coverage.tables import tipping_points
from gapstudy.measure.grids import robustness
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.results import all_results

if TYPE_CHECKING:
    from gapstudy.store import Store
    from gapstudy.study import Study


def run(store: Store, study: Study) -> None:
    """Make every `out_` table but those of the simulation.

    Args:
        store: the tables.
        study: choices of the estimators, the grid and the claims.
    """
    frames = {name: store.read(name) for name in Inputs.TABLES}
    for name in (f"raw_{source}" for source in study.sources):
        if store.has(name):
            frames[name] = store.read(name, arrivals.COLUMNS_RAW)
    results = measure(frames, study)
    for name, frame in results.items():
        store.write(name, frame)


def measure(frames: dict[str, pd.DataFrame], study: Study) -> dict[str, pd.DataFrame]:
    """All result tables from the input tables, by name.

    Args:
        frames: the tables of `Inputs.TABLES` by name; and `raw_<source>` with
            `arrivals.COLUMNS_RAW`, where the days of first retrieval are known.
        study: choices of the estimators, the grid and the claims.
    """
    inputs = Inputs.of(frames, study)
    results = all_results(inputs, study)
    results["out_counts"] = counts.table(frames)
    chosen = numbers.patterns(
        study.regions.scheme.name, study.regions.counting, study.frames[0], inputs.links_used
    )
    confidence = study.measurement.confidence
    results["out_numbers"] = numbers.table({**frames, **results}, chosen, study.claims, confidence)
    made = scorecard.tests(study.claims, results["out_numbers"], confidence)
    results["out_scorecard_tests"] = made
    results["out_tipping"] = tipping_points(made, inputs, study)
    results["out_scorecard_robustness"] = robustness.table(
        made, results["out_specification_summary"], results["out_tipping"]
    )
    further = numbers.table(results, numbers.ON_TESTS, study.claims, confidence)
    results["out_numbers"] = pd.concat([results["out_numbers"], further], ignore_index=True)
    results["out_scorecard"] = scorecard.verdicts(study.claims, made, confidence)
    return results
