from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.aalen_johansen import destinations
from gapstudy.measure.models.incidence_kernel import cumulative_incidence
from gapstudy.measure.models.sample import Sample
from tests.unit.measure.models.hazard_samples import made

HORIZONS = [0.0, 1.5, 3.0, 5.0, 20.0]


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_the_estimators_of_the_study(weighted: bool) -> None:
    sample = made(weighted=weighted)
    alone = Sample.of(sample.time, sample.event, weight=sample.weight)
    table = survival.steps(sample.time[None], sample.event[None] > 0, sample.weight[:, None])
    ours = cumulative_incidence(alone, HORIZONS, kinds=(None, 1, 2))
    theirs = [survival.incidence(table, HORIZONS),
              *destinations(table, sample.event[None] - 1, HORIZONS, 2)]  # fmt: skip
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.value, other.value[0, 0], atol=1e-12)
        np.testing.assert_allclose(one.variance, other.variance[0, 0], atol=1e-12)
        np.testing.assert_allclose(one.at_risk, other.at_risk[0, 0], atol=1e-9)


def test_agrees_with_statsmodels() -> None:
    sample = made(n=500)
    oracle = CumIncidenceRight(sample.time, sample.event)
    ours = cumulative_incidence(Sample.of(sample.time, sample.event), HORIZONS[1:], kinds=(1, 2))
    at = np.searchsorted(oracle.times, HORIZONS[1:], side="right") - 1
    for one, values in zip(ours, oracle.cinc, strict=True):
        np.testing.assert_allclose(one.value, values[at], atol=1e-12)


def test_delayed_entry_agrees_and_clusters_count_together() -> None:
    sample = made(late=True, weighted=True)
    entry = np.where(sample.time > 6, 0.0, sample.entry)
    late = Sample.of(sample.time, sample.event, weight=sample.weight, entry=entry)
    table = survival.steps(sample.time[None], sample.event[None] > 0, sample.weight[:, None],
                           entry=entry)  # fmt: skip
    (one,) = cumulative_incidence(late, HORIZONS)
    other = survival.incidence(table, HORIZONS)
    np.testing.assert_allclose(one.value, other.value[0, 0], atol=1e-12)
    np.testing.assert_allclose(one.variance, other.variance[0, 0], atol=1e-12)
    grouped = Sample.of(sample.time, sample.event, weight=sample.weight, entry=entry,
                        cluster=sample.cluster)  # fmt: skip
    (clustered,) = cumulative_incidence(grouped, HORIZONS)
    sums = [np.bincount(sample.cluster, other.influence[0, :, 0, h]) for h in range(len(HORIZONS))]
    np.testing.assert_allclose(clustered.variance, [part @ part for part in sums], atol=1e-12)


def test_nothing_and_everything() -> None:
    (none,) = cumulative_incidence(Sample.of([1, 2, 3], [0, 0, 0]), [2.0])
    assert (none.value[0], none.variance[0], none.at_risk[0], none.events) == (0, 0, 1, 0)
    (every,) = cumulative_incidence(Sample.of([1, 1, 1], [1, 1, 1]), [2.0])
    assert (every.value[0], every.events) == (1.0, 3)
    with pytest.raises(FitError, match="no spell has any weight"):
        cumulative_incidence(Sample.of([1.0], [1], weight=[0.0]), [1.0])
    with pytest.raises(FitError, match="others enter later"):
        cumulative_incidence(Sample.of([1, 2, 3], [1, 1, 0], entry=[0, 1.5, 1.5]), [3.0])
