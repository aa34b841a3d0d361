"""The drawn link sets as samples for hazard models, cut so that every fit has the same terms.

A region that has no product in some link set has no hazard ratio there. Regions that are not just
compared are left out of all link sets then: with a hazard ratio of zero they would not be in any
risk set. For compared regions the caller decides (Firth's penalty, or no estimate).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.imputation import Spells
from gapstudy.measure.inputs import Population
from gapstudy.measure.models.proportional_hazards import band_names, piecewise
from gapstudy.measure.models.sample import Sample
from gapstudy.measure.spells import design
from gapstudy.measure.spells.clusters import clusters
from gapstudy.measure.spells.covariates import Covariates
from gapstudy.regions import REGIONS


@dataclass(frozen=True)
class Draws:
    """The results of a study with their M link sets.

    Attributes:
        population: the results.
        spells: their drawn spells.
        weights: their credits to the regions.
        covariates: what a fit is adjusted for; None for none.
    """

    population: Population
    spells: Spells
    weights: Weights
    covariates: Covariates | None

    def without(self, regions: Sequence[str]) -> dict[str, float]:
        """Share of the link sets in which each region has no product, of those where it is so."""
        result = {}
        for name in regions:
            credit = self.weights.value[:, COLUMNS.index(name)] > 0
            none = 1.0 - float((self.spells.event & credit).any(axis=1).mean())
            if none > 0:
                result[name] = none
        return result

    def results(self, region: str) -> int:
        """Results that count for a region."""
        return int((self.weights.value[:, COLUMNS.index(region)] > 0).sum())

    def samples(self, compared: Sequence[str], reference: str) -> tuple[list[Sample], str]:
        """One sample for each link set; regions that are not compared are in it as far as they can.

        Args:
            compared: regions that have a column whatever their products.
            reference: region without a column.

        Returns:
            The samples, all with the same rows and columns, and what was left out.
        """
        own = (*compared, reference)
        others = [name for name in REGIONS if name not in own and self.results(name)]
        empty = self.without(others)
        regions = [name for name in REGIONS
                   if name in own or (name in others and name not in empty)]  # fmt: skip
        # The same in every link set, and found once.
        cluster = clusters(self.population.papers, self.population.parties)
        made = [
            design.sample(
                self.population, self.spells, m, self.weights, covariates=self.covariates,
                regions=regions, reference=reference, cluster=cluster,
            )
            for m in range(len(self.spells.time))
        ]  # fmt: skip
        made, left = _without_empty_levels(made, REGIONS)
        note = f"left out, without a product in some link set: {', '.join(left)}" if left else ""
        # Rows and covariates are the same in every link set, hence so are the columns that stay.
        keep = [made[0].names.index(name) for name in independent(made[0]).names]
        return [_columns(sample, keep) for sample in made], note


def _without_empty_levels(
    samples: list[Sample], spared: Sequence[str]
) -> tuple[list[Sample], list[str]]:
    """Leave out the rows of a yes-or-no covariate's value that has no event in some link set.

    The hazard of such rows is estimated as zero, so that they are in no risk set: the other
    coefficients are what they tend to as this one runs away.
    """
    left: list[str] = []
    for name in samples[0].names:
        if name in spared:
            continue
        k = samples[0].names.index(name)
        column = samples[0].covariates[:, k]
        if not np.isin(column, (0.0, 1.0)).all():
            continue
        keep = np.ones(len(column), dtype=bool)
        for value in (0.0, 1.0):
            mine = column == value
            if any(not (s.event[mine & (s.weight > 0)] > 0).any() for s in samples):
                keep &= ~mine
        if not keep.all() and keep.any():
            samples = [sample.only(keep) for sample in samples]
            left.append(name)
    return samples, left


def independent(sample: Sample) -> Sample:
    """The sample without covariates that those before them give."""
    keep: list[int] = []
    base = [np.ones(sample.n)]
    for k, column in enumerate(sample.covariates.T):
        before = np.column_stack(base)
        rest = column - before @ np.linalg.lstsq(before, column, rcond=None)[0]
        if np.abs(rest).max(initial=0.0) > 1e-8 * max(float(np.abs(column).max()), 1e-300):
            keep.append(k)
            base.append(column)
    return _columns(sample, keep)


def _columns(sample: Sample, keep: Sequence[int]) -> Sample:
    """The spells with some of their covariates."""
    names = tuple(sample.names[k] for k in keep)
    return replace(sample, covariates=sample.covariates[:, list(keep)], names=names)


def banded(
    samples: Sequence[Sample], regions: Sequence[str], cuts: Sequence[float]
) -> tuple[list[Sample], list[str]]:
    """Samples in which the effect of each region may differ by band of time.

    A band in which the reference has no product in some link set tells nothing and is left out; so
    are the rows of another region in a band in which it has none.

    Args:
        samples: one for each link set, with the same columns.
        regions: columns of the regions.
        cuts: times that part the bands, years.

    Returns:
        The samples, and the terms that every one of them estimates.

    Raises:
        FitError: no term is left.
    """
    labels = band_names(cuts)
    split = [piecewise(sample, regions, cuts) for sample in samples]
    starts = np.array([0.0, *cuts])
    seen = np.ones((len(labels), len(regions) + 1), dtype=bool)
    for sample in split:
        band = np.searchsorted(starts, sample.entry, side="right") - 1
        here = _places(sample, regions, labels)
        died = (sample.event > 0) & (sample.weight > 0)
        found = np.zeros_like(seen)
        found[band[died], here[died]] = True
        seen &= found
    terms = [f"{name} {label}" for k, name in enumerate(regions)
             for b, label in enumerate(labels) if seen[b, k] and seen[b, -1]]  # fmt: skip
    if not terms:
        raise FitError(
            "no band of time has products of both regions in every link set",
            remedy="Take fewer bands",
        )
    result = []
    for sample in split:
        band = np.searchsorted(starts, sample.entry, side="right") - 1
        here = _places(sample, regions, labels)
        rows = seen[band, here] & seen[band, -1]
        columns = [k for k, name in enumerate(sample.names)
                   if name in terms or not _is_term(name, regions, labels)]  # fmt: skip
        result.append(_columns(sample.only(rows), columns))
    return result, terms


def _is_term(name: str, regions: Sequence[str], labels: Sequence[str]) -> bool:
    return name in {f"{region} {label}" for region in regions for label in labels}


def _places(sample: Sample, regions: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """Number of each row's region; that of the reference is the last."""
    place = np.full(sample.n, len(regions))
    for k, region in enumerate(regions):
        for label in labels:
            name = f"{region} {label}"
            if name in sample.names:
                place[sample.covariates[:, sample.names.index(name)] > 0] = k
    return place
