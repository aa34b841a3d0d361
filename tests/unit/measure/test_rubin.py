from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure import rubin


def test_rules_on_an_example_by_hand() -> None:
    # Estimates 1, 2, 3 with variances 0.5: within 0.5, between 1, total 0.5 + 4/3.
    pooled = rubin.pool([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
    assert pooled.estimate == 2.0
    assert pooled.variance == pytest.approx(0.5 + 4 / 3)
    share = (4 / 3) / (0.5 + 4 / 3)
    assert pooled.missing_information == pytest.approx(share)
    assert pooled.df == pytest.approx(2 / share**2)


def test_small_samples_lose_degrees_of_freedom() -> None:
    # Barnard and Rubin (1999): never more than the complete data have.
    many = rubin.pool([1.0, 2.0, 3.0], [0.5] * 3, complete_df=1e9)
    few = rubin.pool([1.0, 2.0, 3.0], [0.5] * 3, complete_df=10)
    assert few.df < many.df
    assert few.df <= 10


def test_agreeing_imputations_cost_nothing() -> None:
    pooled = rubin.pool([0.3, 0.3], [0.01, 0.01])
    assert pooled.variance == pytest.approx(0.01)
    assert np.isinf(pooled.df)


def test_covariance_of_an_estimate_with_itself_is_its_variance() -> None:
    random = np.random.default_rng(0)
    q, u = random.normal(size=8), random.uniform(0.1, 1, 8)
    assert rubin.covariance(q, q, u) == pytest.approx(rubin.pool(q, u).variance)


def test_shapes_must_agree() -> None:
    with pytest.raises(FitError, match="cannot be pooled"):
        rubin.pool([1.0, 2.0], [1.0])
