"""The tables of the specification curves, and of what hangs on one organisation or product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from gapstudy.measure import influence, specifications
from gapstudy.measure.cohort import Weights
from gapstudy.measure.data_scale import TOGETHER
from gapstudy.measure.grids import (
    availability,
    data_scale,
    industry,
    leakage,
    names,
    productisation,
    readings,
    samples,
    shares,
)
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.specifications import Rules
from gapstudy.tables import contract

if TYPE_CHECKING:
    from gapstudy.study import Study

Frames = dict[str, pd.DataFrame]
#: Decimals that are kept: later ones depend on the order of sums.
_DIGITS = 10
_NUMBERS = ["estimate", "low", "high", "p_value"]


def results(
    inputs: Inputs, study: Study, weights: Mapping[str, list[Weights]], every: list[Weights],
    made: Frames,
) -> Frames:  # fmt: skip
    """Rows of every table of specifications, and of `out_influence`.

    Args:
        inputs: the input tables.
        study: the grid, the headline and the claims.
        weights: credits of each population's results, under every scheme and counting.
        every: credits of all results together.
        made: the tables of the headlines; `out_did` and `out_language_difference` are read.
    """
    frame = specification_table(inputs, study, weights, every, made)
    people, used = inputs.cohort, inputs.links_used
    head = next(
        item for item in weights["cohort"]
        if (item.scheme, item.counting) == (study.regions.scheme, study.regions.counting)
    )  # fmt: skip
    return {
        "out_specifications": frame,
        "out_specification_summary": specifications.summary(frame),
        "out_specification_choices": specifications.choices(frame),
        "out_specification_variance": specifications.variance(frame),
        "out_influence": influence.table(
            people.papers, people.parties, people.products, head, people.drawn(used),
            rules_of(inputs, study), lambda gone: people.without(gone).drawn(used),
        ),
    }  # fmt: skip


def rules_of(inputs: Inputs, study: Study) -> Rules:
    """What is the same in all specifications, with the headline of conversion."""
    return Rules(
        study.measurement.rmst_horizon, study.measurement.confidence, study.measurement.min_cell,
        {
            "europe": study.regions.europe, "china": study.regions.china,
            "counting": study.regions.counting, "years": "all", "links": inputs.links_used,
            "link_sets": "imputed",
        },
    )  # fmt: skip


def headlines(inputs: Inputs, study: Study) -> dict[str, dict[str, str]]:
    """Choices of the headline by the first word of the estimand; unnamed choices do not matter."""
    scheme = {"europe": study.regions.europe, "china": study.regions.china}
    links = {"links": inputs.links_used, "link_sets": "imputed"}
    frame = {"sample": study.frames[0], "years": "all"}
    return {
        shares.ESTIMAND: {**scheme, **frame, "counting": "fractional", "rule": shares.KEPT},
        industry.ESTIMAND: {**scheme, **frame, "counting": "fractional", "rule": industry.STATED},
        leakage.ESTIMAND: {**scheme, **links, "counting": study.regions.counting,
                           "sample": "cohort"},
        productisation.ESTIMAND: {**scheme, **links, "counting": "fractional", "years": "all",
                                  "sample": "cohort", "rule": productisation.FOUND},
        # The market itself is that of the present members, whatever regions of origin contain.
        availability.ESTIMAND: {"europe": "EU27", "links": "all", "part": "all", "years": "all",
                                "rule": availability.CENSORED, "horizon": "within_90d"},
        data_scale.ESTIMAND: {"sample": TOGETHER, "rule": data_scale.RANDOM},
        readings.EVER: {**links, "years": "all"},
        readings.LAW: {"links": "all", "rule": "randomisation_both", "horizon": "same_day"},
        readings.LANGUAGE: {**scheme, "counting": study.regions.counting, "part": "all",
                            "rule": "rogan_gladen"},
    }  # fmt: skip


def specification_table(
    inputs: Inputs, study: Study, weights: Mapping[str, list[Weights]], every: list[Weights],
    made: Frames,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_specifications`; arguments as `results`."""
    rules, grid, people = rules_of(inputs, study), study.grid, inputs.cohort
    mine = {name: [item for item in items if samples.inside(item, grid)]
            for name, items in weights.items()}  # fmt: skip
    spells = samples.drawn(people, grid)
    years = specifications.halves(people.papers["date_from"])
    papers = inputs.papers
    frames, spans = samples.frames(papers), specifications.halves(papers["date_from"])
    claimed = sorted({test.number for claim in study.claims.values() for test in claim.tests})
    law, language = made["out_did"], made["out_language_difference"]
    parts = [
        specifications.grid(mine["cohort"], spells, years, rules),
        shares.table([item for item in every if samples.inside(item, grid)], frames, spans, rules),
        industry.table(inputs.parties, frames, spans, grid, rules),
        leakage.table(*samples.productised(inputs, grid, mine, spells), people.products, rules),
        productisation.table(
            samples.products(inputs, grid, weights["cohort"], spells, years), rules
        ),
        availability.table(*samples.markets(inputs, study, claimed), grid.europe, rules),
        data_scale.table(inputs.frames["indicators"], rules),
        readings.ever(weights["cohort"][0], spells, years, rules),
        readings.law(law, names.events_in(claimed, sorted(law["event_id"].unique()))),
        readings.language(language, names.themes_in(claimed)),
    ]
    columns = contract("out_specifications").names
    marked = [parts[0]]
    chosen = headlines(inputs, study)
    for part in (item for item in parts[1:] if len(item)):
        for estimand, rows in part.groupby("estimand", sort=True):
            word = next(name for name in chosen if str(estimand).startswith(name))
            numbers = rows[_NUMBERS].astype(float).round(_DIGITS)
            marked.append(
                specifications.marked(rows.assign(**numbers).reset_index(drop=True), chosen[word])
            )
    return pd.concat([item.reindex(columns=columns) for item in marked], ignore_index=True)
