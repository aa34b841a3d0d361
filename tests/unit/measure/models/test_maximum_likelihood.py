from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models.maximum_likelihood import (
    Point,
    check_design,
    covariance,
    is_robust,
    linear,
    maximise,
    standardised,
)
from gapstudy.measure.models.pooled import pool_fits
from gapstudy.measure.models.sample import Fit, Sample


def test_a_quadratic_is_climbed_and_a_ridge_is_flat() -> None:
    shape = np.array([[2.0, 0.5], [0.5, 1.0]])

    def hill(theta: np.ndarray, bend: np.ndarray = shape) -> Point:
        gap = theta - np.array([1.0, -2.0])
        return Point(float(-0.5 * gap @ bend @ gap), -bend @ gap, -bend)

    best = maximise(hill, np.zeros(2), 1.0)
    np.testing.assert_allclose(best.theta, [1.0, -2.0], atol=1e-10)
    assert best.converged
    assert not best.flat
    assert maximise(lambda t: hill(t, np.ones((2, 2))), np.zeros(2), 1.0).flat


def test_standardised_coefficients_come_back() -> None:
    random = np.random.default_rng(0)
    x, weight = random.normal(3, [1, 1000], (50, 2)), random.random(50)
    design, back = standardised(x, weight)
    np.testing.assert_allclose(weight @ design[:, 1:], 0, atol=1e-9)
    theta = np.array([1.0, 2.0, 3.0])
    own = back @ theta
    np.testing.assert_allclose(own[0] + x @ own[1:], design @ theta)


def test_clusters_of_copies_give_the_variance_of_the_originals() -> None:
    random = np.random.default_rng(1)
    score, bend = random.normal(size=(40, 2)), -np.eye(2) * 40
    once = covariance(bend, score, np.arange(40))
    twice = covariance(bend, np.repeat(score / 2, 2, axis=0), np.repeat(np.arange(40), 2))
    np.testing.assert_allclose(once, twice)
    np.testing.assert_allclose(covariance(bend, None, None), np.eye(2) / 40)


def test_the_sandwich_is_taken_where_spells_are_weighted_or_repeated() -> None:
    assert not is_robust(Sample.of([1, 2], [1, 0]), None)
    assert is_robust(Sample.of([1, 2], [1, 0], weight=[1, 0.5]), None)
    assert is_robust(Sample.of([1, 2], [1, 0], cluster=[3, 3]), None)
    assert not is_robust(Sample.of([1, 2], [1, 0], cluster=[3, 3]), False)


def test_a_pool_has_wider_intervals_than_a_fit() -> None:
    fits = [Fit(("a",), np.array([v]), np.eye(1), 0.0, 9, 9, 9) for v in (1.0, 2.0, 3.0)]
    alone = linear(fits[1], 2.0, np.ones(1), 0.95)
    together = linear(pool_fits(fits), 2.0, np.ones(1), 0.95)
    assert alone.high - alone.low == pytest.approx(2 * 1.959964, abs=1e-5)
    assert together.high - together.low > alone.high - alone.low


@pytest.mark.parametrize(
    ("event", "x", "why"),
    [
        ([0, 0, 0, 0, 0, 0], [[0], [1], [0], [1], [0], [1]], "no spell ends"),
        ([1, 0, 0, 0, 0, 0], [[0], [1], [0], [1], [0], [1]], "1 events cannot give 3"),
        ([1, 1, 1, 1, 0, 0], [[1], [1], [1], [1], [1], [1]], "collinear"),
        ([1, 1, 1, 1, 0, 0], [[1, 2], [2, 4], [3, 6], [4, 8], [5, 10], [6, 12]], "collinear"),
        ([1, 0, 1, 0, 1, 0], [[0], [1], [0], [1], [0], [0]], "x0 separates"),
    ],
)
def test_designs_without_a_maximum_are_refused(
    event: list[int], x: list[list[float]], why: str
) -> None:
    names = [f"x{j}" for j in range(len(x[0]))]
    sample = Sample.of(np.arange(1.0, 7.0), event, x, names)
    with pytest.raises(FitError, match=why):
        check_design(sample, range(len(names)), 3)
