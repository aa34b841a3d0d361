from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models.reverse_time import longest_lag, naive, quantiles, reverse_time


def test_product_limit_by_hand() -> None:
    lag, limit = np.array([1.0, 2.0, 2.0, 4.0]), np.array([3.0, 2.0, 5.0, 4.0])
    fit = reverse_time(lag, limit, [0.5, 1.0, 2.0, 3.0, 4.0], 5.0)
    # R(4) = those with lag <= 4 <= limit: the third and fourth; R(2) = all four with limit >= 2.
    at_4 = 1 - 1 / 2
    at_2 = at_4 * (1 - 2 / 3)
    np.testing.assert_allclose(fit.value, [0, at_2, at_4, at_4, 1.0])


def test_without_truncation_it_is_the_plain_distribution() -> None:
    random = np.random.default_rng(0)
    lag = np.round(random.exponential(3, 80), 1)
    points = [1.0, 2.0, 6.0]
    both = [f(lag, np.full(80, 100.0), points, 60.0) for f in (reverse_time, naive)]
    np.testing.assert_allclose(both[0].value, both[1].value)
    np.testing.assert_allclose(both[0].error, both[1].error, atol=1e-9)


def test_recovers_the_lags_that_the_plain_distribution_gets_wrong() -> None:
    random = np.random.default_rng(1)
    truth = (1 - np.exp(-2 / 4)) / (1 - np.exp(-8 / 4))
    covered = {"reverse": 0, "naive": 0}
    for _ in range(200):
        lag, limit = random.exponential(4, 400), random.uniform(0, 12, 400)
        seen = lag <= limit
        for name, estimate in (("reverse", reverse_time), ("naive", naive)):
            fit = estimate(lag[seen], limit[seen], [2.0], 8.0)
            covered[name] += bool(abs(fit.value[0] - truth) <= 1.96 * fit.error[0])
    assert 180 <= covered["reverse"] <= 199
    assert covered["naive"] < 60


def test_weights_and_clusters() -> None:
    random = np.random.default_rng(2)
    lag, limit = random.exponential(4, 200), random.uniform(0, 12, 200)
    seen = lag <= limit
    lag, limit = lag[seen], limit[seen]
    one = reverse_time(lag, limit, [2.0, 4.0], 8.0)
    rows = np.repeat(np.arange(len(lag)), 2)
    two = reverse_time(lag[rows], limit[rows], [2.0, 4.0], 8.0,
                       weight=np.full(len(rows), 0.5), cluster=rows)  # fmt: skip
    np.testing.assert_allclose(two.value, one.value)
    np.testing.assert_allclose(two.error, one.error, rtol=0.02)


def test_longest_lag_and_quantiles() -> None:
    lag, limit = np.array([1.0, 2.0, 3.0, 6.0]), np.array([9.0, 7.0, 3.0, 6.0])
    # At 6: lags up to 6 with a limit of 6 or more: the first, second and fourth.
    assert longest_lag(lag, limit, 3) == 6.0
    with pytest.raises(FitError, match="could have been seen"):
        longest_lag(lag, limit, 5)
    found = quantiles(np.array([1.0, 2.0, 3.0]), np.array([0.2, 0.5, 0.7]), [0.2, 0.4, 0.9])
    np.testing.assert_array_equal(found, [1.0, 2.0, np.nan])


def test_traps() -> None:
    for lag, limit in (([-1.0], [2.0]), ([3.0], [2.0]), ([np.nan], [2.0]), ([], [])):
        with pytest.raises(FitError, match="missing, negative or beyond"):
            reverse_time(lag, limit, [1.0], 5.0)
    with pytest.raises(FitError, match="no lag lies"):
        reverse_time([3.0], [4.0], [1.0], 2.0)
    with pytest.raises(FitError, match="no other lag"):
        reverse_time([1.0, 4.0], [2.0, 4.0], [0.5, 2.0], 5.0)
    same = reverse_time(np.zeros(5), np.ones(5), [0.0, 0.5], 1.0)
    np.testing.assert_array_equal(same.value, [1.0, 1.0])
    one = reverse_time([1.0], [3.0], [0.5, 1.0], 2.0)
    np.testing.assert_array_equal(one.value, [0.0, 1.0])
