"""One drawn link set as a `Sample` with regions, covariates, weights and clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure import cohort
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.imputation import Spells
from gapstudy.measure.inputs import STREAMS, Population
from gapstudy.measure.models.sample import Sample
from gapstudy.measure.spells.clusters import Rule, clusters
from gapstudy.measure.spells.covariates import Covariates, Fill
from gapstudy.regions import REGIONS, UNKNOWN

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Kinds = Literal["any", "home", "region"]
#: Events of "home": at home, abroad, by a maker of unknown region.
HOME_KINDS = ("home", "abroad", "unknown")


def sample(
    population: Population,
    spells: Spells,
    m: int,
    weights: Weights,
    *,
    covariates: Covariates | None = None,
    fill: Fill = "indicator",
    regions: Sequence[str] = REGIONS,
    reference: str = "US",
    kinds: Kinds = "any",
    cluster: Rule | Ints = "first",
    entry: Floats | None = None,
) -> Sample:
    """Spells of link set m, one row for each result and region that it counts for.

    A result of several regions is a row in each, weighted by its credit, in one cluster: the
    region columns are then plain contrasts, and the robust variance knows that the rows are one
    result. The rows and columns are the same in every link set, so fits can be pooled.

    Args:
        population: the results.
        spells: their drawn spells, `population.drawn(...)`.
        m: number of the link set, from 0.
        weights: credits of the results, from `cohort.weights`.
        covariates: of the results; none by default.
        fill: what stands for missing covariates, see `Covariates.filled`.
        regions: regions whose rows are used, of `regions.REGIONS`; others are left out.
        reference: region without a column of its own.
        kinds: what an event tells: any (1), home (1 first product at home, 2 abroad, 3 by a maker
            of unknown region), region (1 + position of the maker's region in `REGIONS`).
        cluster: rule of `clusters`, or the cluster of each result.
        entry: years after the result at which its observation begins, (n,). A result that ends
            before is left out, since it was never observed.

    Returns:
        Sample with the columns "EU", "CN", ... for the regions that have a result, then the
        covariates.

    Raises:
        FitError: the link set or a region does not exist, the reference has no result, or a
            covariate is missing for reasons that it names.
    """
    _check(spells, m, regions, reference, population, weights)
    use = [COLUMNS.index(name) for name in regions]
    row, part = np.nonzero(weights.value[:, use])
    column = np.asarray(use)[part]
    present = [k for k in use if (weights.value[:, k] > 0).any() and COLUMNS[k] != reference]
    dummies = (column[:, None] == np.asarray(present, dtype=np.intp)).astype(float)
    design, names = [dummies], [COLUMNS[k] for k in present]
    if covariates is not None:
        values, more = covariates.filled(
            fill, event=spells.event[m], seed=[population.seed, STREAMS["covariates"], m]
        )
        keep = _needed(dummies, values[row], more, len(covariates.names))
        design.append(values[row][:, keep])
        names += [name for name, kept in zip(more, keep, strict=True) if kept]
    if isinstance(cluster, str):
        cluster = clusters(population.papers, population.parties, cluster)
    start = np.zeros(len(population.papers)) if entry is None else np.asarray(entry, float)
    seen = (start[row] == 0) | (start[row] < spells.time[m, row])
    # Left out last: the columns must be the same in every link set.
    row, column, design = row[seen], column[seen], [part[seen] for part in design]
    return Sample.of(
        spells.time[m, row],
        _events(population, spells, m, weights, kinds)[row] if kinds != "home"
        else _home(population, spells, m, weights, row, column),
        np.hstack(design), names, entry=start[row], weight=weights.value[row, column],
        cluster=np.asarray(cluster)[row],
    )  # fmt: skip


def _needed(dummies: Floats, values: Floats, names: Sequence[str], own: int) -> list[bool]:
    """Which columns stay: an indicator of missing values that the columns before give does not.

    A result of no known organisation has no known region either, so that the indicator of its
    missing industry share may be the column of the unknown region. Collinear covariates of the
    caller's own stay: the models refuse them with their names.
    """
    keep = [True] * len(names)
    for j in range(own, len(names)):
        before = np.column_stack([np.ones(len(values)), dummies, values[:, :j][:, keep[:j]]])
        left = values[:, j] - before @ np.linalg.lstsq(before, values[:, j], rcond=None)[0]
        keep[j] = bool(np.abs(left).max(initial=0.0) > 1e-8)
    return keep


def _check(
    spells: Spells, m: int, regions: Sequence[str], reference: str, population: Population,
    weights: Weights,
) -> None:  # fmt: skip
    wrong = [name for name in (*regions, reference) if name not in REGIONS]
    if wrong or reference not in regions:
        raise FitError(f"{(*wrong, reference)[0]!r} is no region of the sample",
                       remedy=f"Choose among {', '.join(regions)}")  # fmt: skip
    if not 0 <= m < len(spells.time):
        raise FitError(f"there is no link set {m}", remedy=f"There are {len(spells.time)}, from 0")
    if not len(population.papers) == len(weights.value) == spells.time.shape[1]:
        raise FitError("spells, credits and results are not of the same results",
                       remedy="Make all three from one population")  # fmt: skip
    if not (weights.value[:, COLUMNS.index(reference)] > 0).any():
        raise FitError(f"no result counts for the reference {reference}",
                       remedy="Name another reference")  # fmt: skip


def _made_in(population: Population, spells: Spells, m: int, weights: Weights) -> Ints:
    place = cohort.product_regions(population.products, weights.scheme)
    return np.asarray(place[spells.product[m]], dtype=np.int64)


def _events(
    population: Population, spells: Spells, m: int, weights: Weights, kinds: Kinds
) -> Ints:  # fmt: skip
    if kinds == "any":
        return np.asarray(spells.event[m], dtype=np.int64)
    made = _made_in(population, spells, m, weights)
    return np.asarray(np.where(spells.event[m], 1 + made, 0), dtype=np.int64)


def _home(
    population: Population, spells: Spells, m: int, weights: Weights, row: NDArray[np.intp],
    column: NDArray[np.intp],
) -> Ints:  # fmt: skip
    place = _made_in(population, spells, m, weights)[row]
    unknown = REGIONS.index(UNKNOWN)
    away = np.where(place == column, 1, 2)
    kind = np.where((place == unknown) | (column == unknown), 3, away)
    return np.where(spells.event[m][row], kind, 0)
