"""The samples that the specification curves are made of, cut out of a study's inputs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.measure.availability.lags import Lags, lags
from gapstudy.measure.cohort import Weights
from gapstudy.measure.grids import availability, leakage, shares
from gapstudy.measure.grids.names import events_in
from gapstudy.measure.grids.productisation import Cohort
from gapstudy.measure.grids.rows import Slices, split
from gapstudy.measure.imputation import Floats, Spells
from gapstudy.measure.inputs import STREAMS, Inputs, Population

if TYPE_CHECKING:
    from gapstudy.study import Grid, Study

Drawn = dict[tuple[str, str], Spells]


def inside(item: Weights, grid: Grid) -> bool:
    """Whether credits are made by choices of the grid."""
    return (
        item.scheme.europe in grid.europe and item.scheme.china in grid.china
        and item.counting in grid.counting
    )  # fmt: skip


def drawn(people: Population, grid: Grid) -> Drawn:
    """Spells by evidence and link sets."""
    spells: Drawn = {}
    for links in grid.links:
        spells[links, "imputed"] = people.drawn(links)
        for smallest in grid.threshold:
            spells[links, f"{smallest:g}"] = people.cut(links, smallest)
    return spells


def frames(papers: pd.DataFrame) -> Slices:
    """Results of each frame, and of all together where there are several."""
    found = {
        str(name): (papers["frame"] == name).to_numpy(bool)
        for name in sorted(papers["frame"].unique())
    }
    if len(found) > 1:
        found[shares.EVERY] = np.ones(len(papers), bool)
    return found


def productised(
    inputs: Inputs, grid: Grid, weights: Mapping[str, list[Weights]], spells: Drawn
) -> tuple[dict[str, list[Weights]], dict[str, Drawn]]:
    """Credits and spells of the cohort, of results chosen by their outcome, and of both."""
    mine, found = {"cohort": weights["cohort"]}, {"cohort": spells}
    if len(inputs.illustration.papers):
        other = drawn(inputs.illustration, grid)
        mine["illustration"], found["illustration"] = weights["illustration"], other
        mine[leakage.EVERY] = [
            Weights(a.scheme, a.counting, np.concatenate([a.value, b.value]))
            for a, b in zip(weights["cohort"], weights["illustration"], strict=True)
        ]
        found[leakage.EVERY] = {key: _both(spells[key], other[key]) for key in spells}
    return mine, found


def products(
    inputs: Inputs, grid: Grid, weights: Sequence[Weights], spells: Drawn, years: Slices
) -> Cohort:
    """What the productisation ratio is made of, under every scheme and fair counting."""
    # A device that was cleared again is counted once, by its first clearance.
    again = inputs.frames["same_as"]
    again = again[(again["kind"] == "product") & (again["relation"] == "version")]
    chosen = [
        item for item in weights
        if item.scheme.europe in grid.europe and item.scheme.china in grid.china
        and item.counting in split(grid)
    ]  # fmt: skip
    rates: dict[str, Floats | None] = {links: inputs.recall(links) for links in grid.links}
    return Cohort(chosen, spells, rates, inputs.cohort.products, again["id"], years)


def markets(
    inputs: Inputs, study: Study, claimed: Sequence[str]
) -> tuple[dict[str, Lags], pd.Series, dict[str, int]]:
    """Lags by rows, kinds of products, and the dates of law that the claims name."""
    goods, rows = inputs.frames["products"], inputs.frames["product_availability"]
    rows = rows[rows["basis"] == availability.SAMPLE]
    cutoff = (study.window.cutoff - dt.date(1970, 1, 1)).days
    seed = [study.seed, STREAMS["availability"]]
    found = {
        name: lags(part, goods, "anywhere", study.linking.imputations, seed, cutoff)
        for name, part in (("all", rows), ("confirmed", rows[rows["confirmed"]]))
    }
    kinds = goods["kind"].astype(str).set_axis(goods["product_id"].astype(str))
    events = inputs.frames["policy_events"]
    events = events[events["event_id"].isin(events_in(claimed, events["event_id"]))]
    days = events["date_from"].to_numpy().astype("datetime64[D]").astype(np.int64)
    laws = {str(text): int(day) for text, day in zip(events["date"], days, strict=True)}
    return {name: part for name, part in found.items() if part.seen.any()}, kinds, laws


def _both(first: Spells, second: Spells) -> Spells:
    return Spells(
        np.concatenate([first.time, second.time], axis=1),
        np.concatenate([first.event, second.event], axis=1),
        np.concatenate([first.product, second.product], axis=1),
    )
