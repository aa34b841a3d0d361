"""The spells as a table: one row a result, all that an analysis of one's own would start from.

`out_cohort` has one row for each scheme, counting and region; here is what does not hang on them,
with the credits and destinations of the headline beside it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import cohort
from gapstudy.measure.cohort import Weights
from gapstudy.measure.imputation import YEAR, Candidates, LinkChoice, Spells
from gapstudy.measure.inputs import Population
from gapstudy.measure.spells.clusters import clusters
from gapstudy.regions import REGIONS

Floats = NDArray[np.float64]


def spells_table(
    population: Population,
    weights: Weights,
    spells: Spells,
    links: LinkChoice,
    entry: Floats,
    entry_rule: NDArray[np.object_],
) -> pd.DataFrame:
    """Rows of `out_spells` of one population.

    Args:
        population: the results.
        weights: their credits under the headline.
        spells: their drawn spells.
        links: evidence of the headline.
        entry: years at which each observation begins, (n,).
        entry_rule: the rule behind it, (n,).
    """
    papers, table = population.papers, population.candidates
    days = np.where(spells.event, spells.time, np.nan)
    some = spells.event.any(axis=0)
    filled = np.where(some, days, 0.0)
    made = cohort.product_regions(population.products, weights.scheme)[spells.product]
    sets = len(spells.event)
    frame = pd.DataFrame({
        "population": population.name, "paper_id": papers["paper_id"], "frame": papers["frame"],
        "first_day": papers["date_from"], "last_day": papers["date_to"],
        "precision": papers["date_precision"],
        "entry_years": entry, "entry_rule": entry_rule,
        "event_probability": spells.event.mean(axis=0),
        "lag_years": np.where(some, np.nanmedian(filled, axis=0), np.nan),
        "lag_low": np.where(some, np.nanmin(filled, axis=0), np.nan),
        "lag_high": np.where(some, np.nanmax(filled, axis=0), np.nan),
        "follow_up_low": (population.cutoff - table.paper_to) / YEAR,
        "follow_up_high": (population.cutoff - table.paper_from) / YEAR,
        "censoring": _censoring(table, spells, links, population.cutoff),
    })  # fmt: skip
    for k, region in enumerate(REGIONS):
        hits = (spells.event & (made == k)).sum(axis=0)
        frame[f"destination_{region.lower()}"] = hits / sets
    for k, region in enumerate(REGIONS):
        frame[f"credit_{region.lower()}"] = weights.value[:, k]
    frame["cluster"] = clusters(papers, population.parties)
    return frame


def _censoring(
    table: Candidates, spells: Spells, links: LinkChoice, cutoff: int
) -> NDArray[np.object_]:
    """Why a spell ends without a product where it does."""
    n = spells.event.shape[1]
    late = np.zeros(n, dtype=bool)
    linked = table.probability(links) > 0
    late[table.paper[linked & (table.product_from[table.product] > cutoff)]] = True
    return np.select(
        [spells.event.all(axis=0), late, table.outcome == "unclear",
         table.outcome == "not_followed"],
        ["none", "product_after_cutoff", "follow_up_unclear", "not_followed"],
        default="cutoff",
    ).astype(object)  # fmt: skip
