"""The table of the negative controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.measure import cohort
from gapstudy.measure.imputation import YEAR
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.negative_controls import characters, permuted
from gapstudy.measure.specifications import Rules
from gapstudy.tables import contract

if TYPE_CHECKING:
    from gapstudy.study import Study

#: Stream of the sets of regions that are dealt out.
STREAM = 61
_DIGITS = 10


def results(inputs: Inputs, study: Study, *, sets: int = permuted.SETS) -> dict[str, pd.DataFrame]:
    """Rows of `out_negative_controls`.

    Args:
        inputs: the input tables.
        study: the headline's choices, the level and the seed.
        sets: how often regions are dealt out.
    """
    people, measurement = inputs.cohort, study.measurement
    rules = Rules(measurement.rmst_horizon, measurement.confidence, measurement.min_cell, {})
    papers = people.papers
    credit = cohort.weights(
        papers, people.parties, study.regions.scheme, study.regions.counting
    ).value
    spells = people.drawn(inputs.links_used)
    year = papers["date_from"].dt.year.to_numpy(np.int64)
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    cutoff = pd.Timestamp(study.window.cutoff)
    follow_up = ((cutoff - middle).dt.total_seconds() / 86400 / YEAR).to_numpy(float)
    parts = [
        permuted.table(credit, spells, year, rules, sets, [study.seed, STREAM]),
        characters.characters(papers, credit, follow_up, rules),
        characters.neighbours(papers, credit, spells, year, rules),
    ]
    about = {"scheme": study.regions.scheme.name, "counting": study.regions.counting}
    whole = contract("out_negative_controls")
    frame = pd.concat([part.reindex(columns=whole.names) for part in parts], ignore_index=True)
    frame = frame.assign(**about, sets=frame["sets"].fillna(0).astype("int64"))
    numbers = [item.name for item in whole.columns if item.kind == "float"]
    frame[numbers] = frame[numbers].astype(float).round(_DIGITS)
    return {whole.name: frame}
