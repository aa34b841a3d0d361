"""Which regions a parametric model may hold, its spells in each link set, and its pooled fit.

A model is fitted only where the expected events are at least some number for every parameter
(Vittinghoff and McCulloch 2007, https://doi.org/10.1093/aje/kwk052, find 5 to 9 events per variable
mostly enough in Cox and logistic models; ten is the older rule).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import Case
from gapstudy.measure.models.aft import aic
from gapstudy.measure.models.pooled import PooledFit, pool_fits
from gapstudy.measure.models.sample import Fit, Floats, Sample

#: Region that the others are compared with.
BASE = "US"
#: Regions that a model may hold; those of unknown region tell nothing of a region.
REGIONS = ("EU", "US", "CN", "other")
EVERYONE = "all"


@dataclass(frozen=True)
class Group:
    """The results of some regions, one row for each result and region that it counts for.

    Attributes:
        case: the analysis.
        regions: the regions, the base first.
    """

    case: Case
    regions: tuple[str, ...]

    @property
    def base(self) -> str:
        """The region that the others are compared with."""
        return self.regions[0]

    def row(self, region: str) -> Floats:
        """Values of the covariates for a region."""
        return np.array([float(region == name) for name in self.regions[1:]])

    def sample(self, link_set: int) -> Sample:
        """The spells in one link set, weighted by credit, clustered by result."""
        paper, inside = _rows(self.case, self.regions)
        weight = self.case.weights.value[paper, inside]
        dummies = np.column_stack(
            [np.zeros((len(paper), 0))]
            + [(inside == COLUMNS.index(name)).astype(float) for name in self.regions[1:]]
        )
        spells = self.case.spells
        return Sample.of(
            spells.time[link_set][paper], spells.event[link_set][paper], dummies, self.regions[1:],
            weight=weight, cluster=paper,
        )  # fmt: skip


class Pool(NamedTuple):
    """One model over all link sets.

    Attributes:
        fit: the pooled fit; None where it may not be shown.
        aic: mean of Akaike's criterion; missing without a fit.
        note: why there is no fit, or what limits it.
    """

    fit: PooledFit | None
    aic: float
    note: str


def results_of(case: Case, region: str) -> int:
    """Results with any credit to a region."""
    return int((case.weights.value[:, COLUMNS.index(region)] > 0).sum())


def events_of(case: Case, region: str) -> float:
    """Expected products of a region, by credit."""
    return float((case.spells.event @ case.weights.value[:, COLUMNS.index(region)]).mean())


def longest(case: Case, region: str) -> float:
    """Longest spell of a region in any link set, years."""
    mine = case.weights.value[:, COLUMNS.index(region)] > 0
    return float(case.spells.time[:, mine].max()) if mine.any() else 0.0


def lacking(case: Case, region: str, parameters: int, per_parameter: float) -> str:
    """Why a region is not modelled; empty when it is.

    Args:
        case: the analysis.
        region: the region.
        parameters: parameters that the region needs.
        per_parameter: fewest expected events for each.
    """
    if results_of(case, region) < case.min_cell:
        return f"not enough data: fewer than {case.min_cell} results"
    events, least = events_of(case, region), per_parameter * parameters
    if events < least:
        return (
            f"not enough data: {events:.1f} expected products, at least {least:g} for "
            f"{parameters} parameters"
        )
    return ""


def group(
    case: Case, own: int, common: int, per_parameter: float, barred: Sequence[str] = ()
) -> Group | None:
    """The regions that have events enough, for one model with a parameter set for each.

    Args:
        case: the analysis.
        own: parameters of each region.
        common: parameters that the regions share.
        per_parameter: fewest expected events for each.
        barred: regions left out for another reason.

    Returns:
        None where no region, or all together, have events enough.
    """
    kept = [
        name for name in REGIONS
        if name not in barred and not lacking(case, name, own, per_parameter)
    ]  # fmt: skip
    if not kept:
        return None
    events = sum(events_of(case, name) for name in kept)
    if events < per_parameter * (own * len(kept) + common):
        return None
    base = BASE if BASE in kept else kept[0]
    return Group(case, (base, *(name for name in kept if name != base)))


def pooled(members: Group, model: Callable[[Sample], Fit]) -> Pool:
    """A model fitted in every link set and pooled by Rubin's rules.

    Where one link set gives no estimate there is none: leaving it out would be a choice by outcome.
    """
    fits, why = [], []
    sets = len(members.case.spells.time)
    for number in range(sets):
        try:
            fits.append(model(members.sample(number)))
        except FitError as error:
            why.append(error.what)
    if why:
        return Pool(None, float("nan"), f"{why[0]} (in {len(why) / sets:.0%} of the link sets)")
    free = max(fits[0].clusters - len(fits[0].names), 1)
    fit = pool_fits(fits, complete_df=free)
    return Pool(fit, float(np.mean([aic(item) for item in fits])), fit.note)


def twice_mean(p_values: Sequence[float]) -> float:
    """One p-value from those of the link sets, valid however they depend on each other.

    Reference: Vovk and Wang (2020), https://doi.org/10.1093/biomet/asaa027.
    """
    values = np.asarray(p_values, dtype=float)
    return float(values[0]) if len(values) == 1 else float(min(2 * values.mean(), 1.0))


def _rows(case: Case, regions: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    columns = [COLUMNS.index(name) for name in regions]
    paper, place = np.nonzero(case.weights.value[:, columns])
    return paper.astype(np.int64), np.asarray(columns)[place]
