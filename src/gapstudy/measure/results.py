"""All estimates of a study, table by table: the order of the analysis, without any formula."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from gapstudy.measure import (
    cohort,
    conversion,
    coverage,
    data_scale,
    flows,
    industry,
    lag_classes,
    latency,
    productisation,
    published,
    recall,
    shares,
    specifications,
)
from gapstudy.measure.availability import tables as availability_tables
from gapstudy.measure.beside import Ours
from gapstudy.measure.cohort import Weights
from gapstudy.measure.conversion import Case
from gapstudy.measure.counting import tables as counting_tables
from gapstudy.measure.coverage import tables as coverage_tables
from gapstudy.measure.grids import tables as grids_tables
from gapstudy.measure.hazards import tables as hazards_tables
from gapstudy.measure.imputation import Floats, LinkChoice, Spells
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.language import tables as language_tables
from gapstudy.measure.negative_controls import tables as control_tables
from gapstudy.measure.parametric import tables as parametric_tables
from gapstudy.measure.policy import tables as policy_tables
from gapstudy.measure.spells import tables as spells_tables
from gapstudy.measure.survey import tables as survey_tables
from gapstudy.measure.survival_suite import tables as survival_tables
from gapstudy.measure.uncertainty import tables as uncertainty_tables
from gapstudy.regions import Counting, RegionScheme
from gapstudy.tables import contract

if TYPE_CHECKING:
    from gapstudy.study import Study

Frames = dict[str, pd.DataFrame]
COUNTINGS: tuple[Counting, ...] = ("whole", "fractional", "first")
LINKS: tuple[LinkChoice, ...] = ("followup", "model", "both")
#: Analyses with tables of their own: each has `results(inputs, study)`.
THEMES = (
    spells_tables, survival_tables, hazards_tables, parametric_tables, uncertainty_tables,
    counting_tables, coverage_tables, availability_tables, policy_tables, language_tables,
    survey_tables, control_tables,
)  # fmt: skip


def all_results(inputs: Inputs, study: Study) -> Frames:
    """Every result table but counts, numbers and scorecard, by name."""
    papers, every = inputs.papers, _weights(inputs.papers, inputs.parties, study)
    position = pd.Index(papers["paper_id"])
    weights = {
        part.name: [
            item.only(position.get_indexer(pd.Index(part.papers["paper_id"]))) for item in every
        ]
        for part in inputs.populations
    }
    results: Frames = {"out_cohort": _cohort(inputs, weights, study)}
    results |= _conversion(inputs, weights["cohort"], study)
    results |= _flows(inputs, weights, study)
    results["out_lag_classes"] = lag_classes.table(inputs.frames["links"])
    results |= _shares(papers, every, study)
    results |= _industry(inputs, study)
    results["out_productisation"] = _productisation(inputs, weights["cohort"], study)
    for theme in THEMES:
        results |= theme.results(inputs, study)
    results |= grids_tables.results(inputs, study, weights, every, results)
    results |= _published(inputs, results, study)
    return results


def _weights(papers: pd.DataFrame, rows: pd.DataFrame, study: Study) -> list[Weights]:
    """Credits under every scheme and counting of the grid, and those of the headline."""
    grid = study.grid
    schemes = dict.fromkeys(
        [study.regions.scheme]
        + [RegionScheme(europe, china) for europe in grid.europe for china in grid.china]
    )
    kinds = dict.fromkeys([study.regions.counting, *grid.counting, *COUNTINGS])
    return [cohort.weights(papers, rows, scheme, kind) for scheme in schemes for kind in kinds]


def _headline(
    weights: Iterable[Weights], study: Study, counting: Counting | None = None
) -> Weights:
    wanted = (study.regions.scheme, counting or study.regions.counting)
    return next(item for item in weights if (item.scheme, item.counting) == wanted)


def _case(
    weight: Weights, spells: Spells, study: Study, population: str, links: str, method: str,
    rates: Floats | None = None,
) -> Case:  # fmt: skip
    labels = {
        "scheme": weight.scheme.name, "counting": weight.counting, "population": population,
        "links": links, "method": method,
    }  # fmt: skip
    measurement = study.measurement
    return Case(labels, weight, spells, measurement.confidence, measurement.min_cell, rates)


def _cohort(inputs: Inputs, weights: dict[str, list[Weights]], study: Study) -> pd.DataFrame:
    parts = []
    for population in inputs.populations:
        spells = population.drawn(inputs.links_used)
        parts += [
            cohort.table(
                population.papers, weight, spells, population.products,
                population.candidates.outcome, population.name,
                pd.Timestamp(study.window.cutoff),
            )
            for weight in weights[population.name]
        ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _conversion(inputs: Inputs, weights: list[Weights], study: Study) -> Frames:
    people, main = inputs.cohort, inputs.links_used
    head = _headline(weights, study)
    cut = study.linking.threshold
    cases = []
    for links in LINKS:
        for method, spells in (
            ("imputed", people.drawn(links)), ("threshold", people.cut(links, cut)),
            ("bound", people.bound(links)),
        ):  # fmt: skip
            cases.append(_case(head, spells, study, "cohort", links, method))
        rates = inputs.recall(links)
        if rates is not None:
            drawn = people.drawn(links)
            cases.append(_case(head, drawn, study, "cohort", links, "recall_corrected", rates))
    first = next(c for c in cases if (c.labels["links"], c.labels["method"]) == (main, "imputed"))
    for counting in COUNTINGS:
        if counting != head.counting:
            other = _headline(weights, study, counting)
            cases.append(_case(other, first.spells, study, "cohort", main, "imputed"))
    horizons, tau = study.measurement.horizons, study.measurement.rmst_horizon
    longest = max(*horizons, tau)
    made_in = cohort.product_regions(people.products, head.scheme)
    ranked = [case for case in cases if case.labels["links"] == main]
    many: dict[str, list[pd.DataFrame]] = {
        "out_conversion": [conversion.conversion_table(case, horizons) for case in cases],
        "out_conversion_difference": [
            conversion.conversion_differences(case, horizons) for case in cases
        ],
        "out_rmst": [conversion.rmst_table(case, tau) for case in cases],
        "out_rmst_difference": [conversion.rmst_differences(case, tau) for case in cases],
        "out_incidence_curve": [conversion.curve_table(case, longest) for case in ranked],
    }
    return _joined(many) | {
        "out_destination_incidence": flows.destination_table(first, made_in, horizons),
        "out_latency": latency.table(first),
        "out_coverage": coverage.table(first, specifications.HORIZON, inputs.recall(main)),
    }


def _flows(inputs: Inputs, weights: dict[str, list[Weights]], study: Study) -> Frames:
    tables, leaks = [], []
    for population in inputs.populations:
        if population.name == "waiting":
            continue
        head = _headline(weights[population.name], study)
        made_in = cohort.product_regions(population.products, head.scheme)
        spells = population.drawn(inputs.links_used)
        case = _case(head, spells, study, population.name, inputs.links_used, "imputed")
        for key in ("links", "method"):
            case.labels.pop(key)
        tables.append(flows.flow_table(case, made_in))
        leaks.append(flows.leakage_table(case, made_in))
    return _joined({"out_flows": tables, "out_leakage": leaks})


def _shares(papers: pd.DataFrame, weights: list[Weights], study: Study) -> Frames:
    parts, gaps = [], []
    for weight in weights:
        share, gap = shares.tables(
            papers, weight, study.measurement.confidence, study.measurement.min_cell,
            slices=weight.scheme == study.regions.scheme,
        )  # fmt: skip
        parts.append(share)
        gaps.append(gap)
    return _joined({"out_shares": parts, "out_share_difference": gaps})


def _industry(inputs: Inputs, study: Study) -> Frames:
    papers, rows = inputs.papers, inputs.parties
    parts, gaps = [], []
    for frame in sorted(papers["frame"].unique()):
        mine = rows["paper_id"].isin(papers.loc[papers["frame"] == frame, "paper_id"])
        share, gap = industry.tables(
            rows[mine], str(frame), study.regions.scheme, study.measurement.confidence,
            study.measurement.min_cell,
        )  # fmt: skip
        parts.append(share)
        gaps.append(gap)
    return _joined({"out_industry": parts, "out_industry_difference": gaps})


def _productisation(inputs: Inputs, weights: list[Weights], study: Study) -> pd.DataFrame:
    people = inputs.cohort
    weight = _headline(weights, study, "fractional")
    made_in = cohort.product_regions(people.products, weight.scheme)
    parts = {}
    spells = people.drawn(inputs.links_used)
    if spells.event.any():
        parts["cohort"] = productisation.from_spells(spells, made_in, len(people.papers))
        rates = inputs.recall(inputs.links_used)
        if rates is not None:
            parts["cohort_recall"] = productisation.from_spells(
                spells, made_in, len(people.papers), recall.per_result(rates, weight)
            )
    # A device that was cleared again is counted once, by its first clearance.
    again = inputs.frames["same_as"]
    again = again[(again["kind"] == "product") & (again["relation"] == "version")]
    products = people.products[~people.products["product_id"].isin(again["id"])]
    for entry in ("compiled", "feed"):
        if (products["entry"] == entry).any():
            parts[entry] = productisation.from_products(products, entry, weight)
    return productisation.table(
        weight, parts, study.measurement.confidence, study.measurement.min_cell
    )


def _published(inputs: Inputs, results: Frames, study: Study) -> Frames:
    indicators, measurement = inputs.frames["indicators"], study.measurement
    scheme, frame = study.regions.scheme.name, study.frames[0]
    share, firms, groups = (
        results[name] for name in ("out_shares", "out_industry", "out_availability_groups")
    )
    share = share[
        (share["scheme"] == scheme) & (share["frame"] == frame)
        & (share["venues"] == "all") & (share["years"] == "all")
    ]  # fmt: skip
    delayed = groups[
        (groups["basis"] == "market_access") & (groups["rows"] == "all")
        & (groups["group"] == "makers") & (groups["measure"] == "same_day")
    ]  # fmt: skip
    firms = firms[(firms["frame"] == frame) & (firms["kind"] == "industry")]
    ours = Ours(
        share, firms, delayed, indicators, inputs.cohort.products, inputs.papers,
        inputs.frames["patents"], measurement.confidence,
    )  # fmt: skip
    beside = published.beside(indicators, ours)
    return {
        "out_adoption": published.adoption(indicators),
        "out_published": beside,
        "out_published_series": published.series(beside),
        "out_data_scale": data_scale.ratio_table(indicators, measurement.confidence),
        "out_data_sizes": data_scale.size_table(indicators),
    }


def _joined(tables: dict[str, list[pd.DataFrame]]) -> Frames:
    """The parts of each table under one another; without rows, its columns alone."""
    result = {}
    for name, parts in tables.items():
        filled = [part for part in parts if len(part)]
        empty = pd.DataFrame(columns=contract(name).names)
        result[name] = pd.concat(filled, ignore_index=True) if filled else empty
    return result
