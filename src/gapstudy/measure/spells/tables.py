"""The tables of this theme: the account of exclusions, and the spells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.measure import cohort
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.spells import exclusions
from gapstudy.measure.spells.entry import entry, rule
from gapstudy.measure.spells.table import spells_table

if TYPE_CHECKING:
    from gapstudy.study import Study


def results(
    inputs: Inputs, study: Study, first_days: Mapping[str, dt.date] | None = None
) -> dict[str, pd.DataFrame]:
    """`out_exclusions` and `out_spells`.

    Args:
        inputs: the input tables.
        study: window, frames, regions.
        first_days: frame or source -> first day from which its products could be seen; see `entry`.
    """
    days = dict(first_days or {})
    scheme, counting = study.regions.scheme, study.regions.counting
    parts = []
    unseen: set[str] = set()
    for population in inputs.populations:
        drawn = population.drawn(inputs.links_used)
        start = entry(population.papers, days)
        weights = cohort.weights(population.papers, population.parties, scheme, counting)
        parts.append(spells_table(population, weights, drawn, inputs.links_used, start,
                                  rule(population.papers, days)))  # fmt: skip
        never = (start > 0) & (start >= drawn.time).all(axis=0)
        unseen |= set(population.papers["paper_id"][never])
    return {
        "out_exclusions": _exclusions(inputs, study, unseen),
        "out_spells": pd.concat(parts, ignore_index=True),
    }


def _exclusions(inputs: Inputs, study: Study, unseen: set[str]) -> pd.DataFrame:
    frames, people = inputs.frames, inputs.cohort
    papers = frames["papers"]
    scheme = study.regions.scheme
    followed = papers["paper_id"].isin(frames["followups"]["paper_id"]).to_numpy(bool)
    if not followed[papers["paper_id"].isin(people.papers["paper_id"]).to_numpy(bool)].any():
        followed = np.ones(len(papers), dtype=bool)  # a study without any follow-up
    entered = ~papers["paper_id"].isin(unseen).to_numpy(bool)
    whole = cohort.weights(people.papers, people.parties, scheme, "whole").value
    flow = pd.concat([
        exclusions.results_flow(
            papers, frames["paper_affiliations"], frames["same_as"], frames.get("quarantine"),
            study.window, study.frames, followed, entered, scheme,
        ),
        exclusions.links_flow(
            people.papers, whole, frames["links"], people.products, people.candidates,
            people.drawn(inputs.links_used), people.cutoff,
        ),
    ], ignore_index=True)  # fmt: skip
    exclusions.check(flow, int((~people.papers["paper_id"].isin(unseen)).sum()))
    return flow.assign(scheme=scheme.name)
