from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models import processes
from gapstudy.measure.models.curves import clustered, group_weights, incidence
from gapstudy.measure.models.sample import Sample

POINTS = np.arange(1.0, 7.0)


def _sample(random: np.random.Generator, n: int = 150) -> Sample:
    time, end = random.exponential(5, n), random.uniform(3, 14, n)
    return Sample.of(np.minimum(time, end), time <= end)


def test_drawing_from_the_covariance_is_the_bootstrap_written_out() -> None:
    sample = _sample(np.random.default_rng(0), 400)
    psi = incidence(sample, POINTS, group_weights(sample)).influence[0, :, 0]
    drawn = processes.critical_value(psi.T @ psi, 0.95, 40_000, [1])
    for multiplier in ("normal", "poisson", "rademacher"):
        out = processes.multiplier_critical(psi, 0.95, 10_000, [2], multiplier)
        assert out == pytest.approx(drawn, abs=0.06)
    assert 1.96 < drawn < 3.0
    assert processes.critical_value(psi.T @ psi, 0.95, 40_000, [1]) == drawn
    assert processes.critical_value(psi.T @ psi, 0.95, 40_000, [1], df=10) > drawn


def test_one_point_gives_the_normal_quantile_and_equal_points_count_once() -> None:
    assert processes.critical_value(np.eye(1), 0.95, 100_000, [3]) == pytest.approx(1.96, abs=0.02)
    assert processes.critical_value(np.ones((4, 4)), 0.95, 100_000, [3]) == pytest.approx(
        1.96, abs=0.02
    )


def test_total_covariance_is_rubins() -> None:
    random = np.random.default_rng(4)
    values, influence = random.random((5, 3)), random.standard_normal((5, 20, 3))
    expected = np.mean([p.T @ p for p in influence], axis=0) + 1.2 * np.cov(values.T)
    np.testing.assert_allclose(processes.total_covariance(values, influence), expected)


def test_band_covers_with_weights_clusters_and_entry() -> None:
    random = np.random.default_rng(5)
    covered = {"band": 0, "alone": 0}
    truth = 1 - np.exp(-POINTS / 5)
    for _ in range(120):
        one = _sample(random)
        start = np.where(random.random(150) < 0.3, random.uniform(0, 1.5, 150), 0.0)
        kept = (start < one.time) | (start == 0)
        rows = np.repeat(np.flatnonzero(kept), 2)
        sample = Sample.of(
            one.time[rows], one.event[rows], entry=start[rows], cluster=rows,
            weight=random.uniform(0.2, 1, len(rows)),
        )  # fmt: skip
        band = processes.process_band(sample, POINTS, 0.95, 2000, [6])
        covered["band"] += bool(((band.low <= truth) & (truth <= band.high)).all())
        split = Sample.of(sample.time, sample.event, entry=sample.entry, weight=sample.weight)
        alone = processes.process_band(split, POINTS, 0.95, 2000, [6])
        covered["alone"] += bool(((alone.low <= truth) & (truth <= alone.high)).all())
    assert 105 <= covered["band"] <= 120
    # Twins taken as independent make the band too narrow.
    assert covered["alone"] < 100


def test_band_of_a_competing_destination() -> None:
    random = np.random.default_rng(7)
    sample = Sample.of(random.exponential(3, 200), random.integers(0, 3, 200))
    band = processes.process_band(sample, POINTS[:3], 0.9, 2000, [8], cause=2)
    assert (band.low > 0).all()
    assert (band.low < band.estimate).all()
    assert (band.estimate < band.high).all()
    assert (band.high < 1).all()


def test_supremum_test_and_traps() -> None:
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    statistic, p = processes.supremum_test(np.array([0.0, 0.5]), covariance, 2000, [9])
    assert statistic == 0.5
    assert p > 0.6
    assert processes.supremum_test(np.array([5.0, 0.5]), covariance, 2000, [9])[1] < 0.01
    with pytest.raises(FitError, match="no variance"):
        processes.process_band(Sample.of([1.0, 2.0], [0, 0]), POINTS, 0.95, 100, [1])
    with pytest.raises(FitError, match="no variance"):
        processes.process_band(Sample.of([5.0], [1]), POINTS, 0.95, 100, [1])


def test_clusters_are_added() -> None:
    influence = np.arange(8.0).reshape(4, 2)
    np.testing.assert_array_equal(
        clustered(influence, np.array([1, 0, 1, 0])), [[2 + 6, 3 + 7], [0 + 4, 1 + 5]]
    )
    assert clustered(influence, np.arange(4)) is influence


def test_a_curve_that_dies_before_others_enter_is_refused() -> None:
    sample = Sample.of([1.0, 5.0, 6.0], [1, 1, 0], entry=[0, 2.0, 3.0])
    with pytest.raises(FitError, match="while others enter later"):
        incidence(sample, POINTS, group_weights(sample))
    with pytest.raises(FitError, match="no spell"):
        incidence(sample, POINTS, group_weights(sample, np.zeros(3, np.int64), 2))
