"""The tables of this theme: one kind of uncertainty after another, and the bootstrap as a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import cohort, recall, survival
from gapstudy.measure.cohort import ALL, COLUMNS, Weights
from gapstudy.measure.conversion import PAIRS, problem
from gapstudy.measure.imputation import Floats, Spells
from gapstudy.measure.inputs import STREAMS, Inputs
from gapstudy.measure.regional import Regional, Rule, combine
from gapstudy.measure.spells.clusters import clusters
from gapstudy.measure.uncertainty import bootstrap, calibration, regions
from gapstudy.tables.rounding import rounded

if TYPE_CHECKING:
    from gapstudy.study import Study

#: Decimals kept of sums whose last bits may hang on the order of adding.
_DIGITS = 12


@dataclass(frozen=True)
class Layer:
    """Estimates with some kinds of uncertainty in them.

    Attributes:
        name: name of the layer.
        fit: shares by region and horizon; None where it cannot be made.
        note: why not.
    """

    name: str
    fit: Regional | None
    note: str = ""


def results(inputs: Inputs, study: Study) -> dict[str, pd.DataFrame]:
    """`out_uncertainty` and `out_bootstrap_check`."""
    people = inputs.cohort
    weights = cohort.weights(
        people.papers, people.parties, study.regions.scheme, study.regions.counting
    )
    horizons = study.measurement.horizons
    layers = list(_layers(inputs, weights, study))
    labels = {
        "scheme": weights.scheme.name, "counting": weights.counting, "population": people.name,
    }  # fmt: skip
    fits = {layer.name: layer.fit for layer in layers}
    rows = [
        {**labels, **row, "layer": layer.name}
        for layer in layers
        for row in _rows(layer, horizons, study)
    ]
    headline, average = fits["headline"], fits["average"]
    # Both are always made.
    assert headline is not None
    assert average is not None
    checked = _check(inputs, weights, study, headline, average)
    return {
        "out_uncertainty": rounded(pd.DataFrame(rows), _DIGITS),
        "out_bootstrap_check": rounded(
            pd.DataFrame([{**labels, **row} for row in checked]), _DIGITS
        ),
    }


def _layers(inputs: Inputs, weights: Weights, study: Study) -> Iterator[Layer]:
    people, links, horizons = inputs.cohort, inputs.links_used, study.measurement.horizons

    def fit(
        spells: Spells, rule: Rule, credit: Floats = weights.value, rates: Floats | None = None
    ) -> Regional:
        part = survival.incidence(survival.steps(spells.time, spells.event, credit), horizons)
        fixed = part if rates is None else recall.corrected(part, rates)
        return combine(fixed, credit, ALL, rule)

    drawn = people.drawn(links)
    yield Layer("links_certain", fit(people.cut(links, study.linking.threshold), "rubin"))
    yield Layer("headline", fit(drawn, "rubin"))
    yield Layer("average", fit(drawn, "averaged"))
    yield Layer("ordered", fit(people.drawn(links, ordered=True), "averaged"))
    try:
        model = _recalibrated(inputs)
        note = ""
    except FitError as error:
        model, note = None, str(error).splitlines()[0]
    spells = people.drawn(links, model=model, ordered=True)
    rule: Rule = "averaged" if model is None else "averaged_shared"
    yield Layer("linker", None if model is None else fit(spells, rule), note)
    try:
        placed = regions.draw(
            weights.value, regions.cells(people.papers, people.parties), spells.event,
            [people.seed, STREAMS["regions"]],
        )  # fmt: skip
    except FitError as error:
        yield Layer("regions", None, str(error).splitlines()[0])
        placed = weights.value
    else:
        yield Layer("regions", fit(spells, "averaged_shared", placed))
    rates = inputs.recall(links)
    if rates is None:
        yield Layer("recall", None, f"nothing is known of the recall of the links by {links}")
    else:
        yield Layer("recall", fit(spells, "averaged_shared", placed, rates))


def _recalibrated(inputs: Inputs) -> Floats:
    """Probabilities by the link model in each link set, with the linker's own uncertainty."""
    table = inputs.frames.get("out_link_calibration")
    if table is None:
        raise FitError("no table tells how well the linker is calibrated",
                       remedy="Run `gapstudy link`")  # fmt: skip
    spread = calibration.covariance(*calibration.effective_pairs(table))
    people = inputs.cohort
    seed = [people.seed, STREAMS["calibration"]]
    drawn = calibration.draw(spread, people.imputations, seed)
    return calibration.apply(people.candidates.model, drawn)


def _rows(layer: Layer, horizons: tuple[float, ...], study: Study) -> Iterator[dict[str, object]]:
    for what, first, second, h in _what(len(horizons)):
        row: dict[str, object] = {
            "estimand": what, "region": COLUMNS[first],
            "versus": "" if second is None else COLUMNS[second], "horizon": horizons[h],
            "estimate": np.nan, "low": np.nan, "high": np.nan, "error": np.nan, "shared": np.nan,
            "n": 0, "note": layer.note,
        }  # fmt: skip
        if layer.fit is not None:
            row |= _read(layer.fit, first, second, h, horizons[h], study)
        yield row


def _what(horizons: int) -> Iterator[tuple[str, int, int | None, int]]:
    """Every share and every difference: its name, regions and number of the horizon."""
    for h in range(horizons):
        for k in range(len(COLUMNS)):
            yield "conversion", k, None, h
        for a, b in PAIRS:
            yield "conversion_difference", COLUMNS.index(a), COLUMNS.index(b), h


def _read(
    fit: Regional, first: int, second: int | None, h: int, horizon: float, study: Study
) -> dict[str, object]:
    """Estimate, interval, error and number of one share or difference."""
    sides = [first] if second is None else [first, second]
    n = int(min(fit.results[k] for k in sides))
    at_risk = float(min(fit.raw.at_risk[:, k, h].mean() for k in sides))
    note = problem(n, at_risk, horizon, study.measurement.min_cell)
    if note:
        return {"n": n, "note": note}
    confidence, error = study.measurement.confidence, fit.pooled.error
    if second is None:
        ends = fit.side(first).interval(confidence)
        return {
            "estimate": float(fit.share.value[first, h]), "low": float(ends.low[h]),
            "high": float(ends.high[h]), "error": float(error[first, h]), "n": n, "note": "",
            "shared": float(fit.pooled.missing_information[first, h]),
        }  # fmt: skip
    gap, ends, _ = fit.difference(first, second, confidence)
    rho = float(fit.correlation(first, second)[h])
    a, b = float(error[first, h]), float(error[second, h])
    return {
        "estimate": float(gap[h]), "low": float(ends.low[h]), "high": float(ends.high[h]),
        "error": float(np.sqrt(max(a * a + b * b - 2 * rho * a * b, 0.0))), "n": n, "note": "",
    }  # fmt: skip


def _check(
    inputs: Inputs, weights: Weights, study: Study, headline: Regional, average: Regional
) -> Iterator[dict[str, object]]:
    people, horizons = inputs.cohort, study.measurement.horizons
    group = clusters(people.papers, people.parties)
    count = study.measurement.bootstrap
    seed = [people.seed, STREAMS["bootstrap"]]
    many: Floats | None = None
    note = ""
    try:
        drawn = bootstrap.cluster_weights(group, count, seed)
        many = bootstrap.incidence(
            people.drawn(inputs.links_used), weights.value, horizons, drawn
        )  # fmt: skip
    except FitError as error:
        note = str(error).splitlines()[0]
    for what, first, second, h in _what(len(horizons)):
        sides = [first] if second is None else [first, second]
        mine = group[(weights.value[:, sides] > 0).any(axis=1)]
        row: dict[str, object] = {
            "estimand": what, "region": COLUMNS[first],
            "versus": "" if second is None else COLUMNS[second], "horizon": horizons[h],
            "clusters": len(np.unique(mine)), "replicates": count if many is not None else 0,
        }  # fmt: skip
        row |= dict.fromkeys(("estimate", "low", "high", "average_low", "average_high",
                              "bootstrap_low", "bootstrap_high", "width_ratio",
                              "width_ratio_average"), np.nan)  # fmt: skip
        one = _read(headline, first, second, h, horizons[h], study)
        row |= {key: one[key] for key in ("estimate", "low", "high", "n", "note") if key in one}
        row["note"] = row["note"] or note
        if not row["note"] and len(np.unique(mine)) < study.measurement.min_cell:
            row["note"] = "few organisations: the bootstrap's interval is too narrow"
        if "low" in one and many is not None:
            row |= _compared(one, _read(average, first, second, h, horizons[h], study),
                             many, (first, second, h), study.measurement.confidence)  # fmt: skip
        yield row


def _compared(
    one: dict[str, object], two: dict[str, object], many: Floats,
    at: tuple[int, int | None, int], confidence: float,
) -> dict[str, object]:  # fmt: skip
    """The bootstrap's interval beside the two others."""
    first, second, h = at
    values = many[:, first, h] - (0.0 if second is None else many[:, second, h])
    low, high = (float(end) for end in bootstrap.interval(values, confidence))
    width: Callable[[dict[str, object]], float] = lambda row: (  # noqa: E731
        float(str(row["high"])) - float(str(row["low"]))
    )
    row: dict[str, object] = {
        "average_low": two["low"], "average_high": two["high"], "bootstrap_low": low,
        "bootstrap_high": high,
    }  # fmt: skip
    if high <= low:
        return row | {"note": "no product in any link set: the bootstrap has nothing to vary"}
    return row | {"width_ratio": (high - low) / width(one),
                  "width_ratio_average": (high - low) / width(two)}  # fmt: skip
