"""Every table of counts, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from gapstudy.measure import cohort
from gapstudy.measure.counting import funnel, home, matrix, panels, stages
from gapstudy.measure.inputs import Inputs
from gapstudy.tables import contract
from gapstudy.tables.rounding import framed

if TYPE_CHECKING:
    from gapstudy.study import Study

#: Stream of the draws of the funnel.
STREAM = 42
_DECIMALS = 8
#: Tables that are read where they are among the inputs, with their columns where they are not.
_EXTRA = ("patents", "patent_parties", "paper_artifacts", "patent_paper_pairs")


def results(inputs: Inputs, study: Study) -> dict[str, pd.DataFrame]:
    """Rows of `out_panel`, `out_funnel`, `out_funnel_order`, `out_leakage_matrix`, `out_home_bias`.

    Args:
        inputs: the tables; patents, patent_parties, paper_artifacts and patent_paper_pairs among
            them where those stages are wanted.
        study: regions, levels and seed.
    """
    frames = _with_extra(inputs.frames)
    measurement, scheme = study.measurement, study.regions.scheme
    rules = (measurement.confidence, measurement.min_cell)
    people = inputs.cohort
    head = cohort.weights(people.papers, people.parties, scheme, study.regions.counting)
    reached = stages.draw(
        (people.candidates.paper_from, people.candidates.paper_to),
        stages.collect(people.papers, frames, people.candidates, inputs.links_used),
        people.cutoff, people.imputations, [people.seed, STREAM],
    )  # fmt: skip
    # Regions overlap under whole counting, which a panel of counts allows and shares need not.
    whole = cohort.weights(people.papers, people.parties, scheme, "whole")
    made: dict[str, pd.DataFrame] = {
        "out_panel": panels.table(
            panels.outcomes(people.papers, whole, people.drawn(inputs.links_used),
                            frames["patents"], frames["patent_parties"], people.products, scheme),
            *rules,
        ),
        "out_funnel": funnel.table(
            reached, head, measurement.horizons, measurement.rmst_horizon, *rules
        ),
        "out_funnel_order": funnel.order_table(reached, head, *rules),
    }  # fmt: skip
    matrices, biases = [], []
    for population in inputs.populations:
        if population.name == "waiting":
            continue
        spells = population.drawn(inputs.links_used)
        place = cohort.product_regions(population.products, scheme)
        credit = cohort.weights(
            population.papers, population.parties, scheme, study.regions.counting
        )
        matrices.append(matrix.table(spells, credit, place, population.name, *rules))
        parts = cohort.weights(population.papers, population.parties, scheme, "fractional")
        biases.append(home.table(home.flows(spells, parts, place), parts, population.name, *rules))
    made["out_leakage_matrix"] = pd.concat(matrices, ignore_index=True)
    made["out_home_bias"] = pd.concat(biases, ignore_index=True)
    return {name: framed(name, frame, _DECIMALS) for name, frame in made.items()}


def _with_extra(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The frames, and an empty one for each table that is not among them."""
    empty = {name: pd.DataFrame(columns=contract(name).names) for name in _EXTRA}
    return {**empty, **frames}
