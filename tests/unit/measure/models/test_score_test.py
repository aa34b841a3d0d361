from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models.score_test import ScoreTest, pool_scores, pool_statistics


def _test(score: list[float], scale: float = 1.0) -> ScoreTest:
    covariance = scale * np.array([[2.0, -2.0], [-2.0, 2.0]])
    return ScoreTest("t", np.array(score), covariance, 10, 4, 10, robust=False)


def test_equal_link_sets_give_the_test_itself() -> None:
    one = _test([3.0, -3.0])
    fit = pool_scores([one, one, one])
    assert one.df == fit.df == 1
    assert one.statistic == pytest.approx(9 / 2)
    assert fit.statistic == pytest.approx(9 / 2)
    assert fit.p_value == pytest.approx(one.p_value)
    assert fit.p_value == pytest.approx(stats.chi2.sf(4.5, 1))
    assert np.isinf(fit.df_denominator)
    assert pool_statistics([4.5, 4.5, 4.5], 1)[2] == pytest.approx(one.p_value)


def test_d1_and_d2_by_hand() -> None:
    tests = [_test([a, -a]) for a in (1.0, 2.0, 3.0)]
    fit = pool_scores(tests)
    r = (1 + 1 / 3) * 1.0 / 2.0
    assert fit.increase == pytest.approx(r)
    assert fit.statistic == pytest.approx(4 / 2 / (1 + r))
    # With k = 1 and M = 3: t = 2, at most four.
    assert fit.df_denominator == pytest.approx(2 * 2 * (1 + 1 / r) ** 2 / 2)
    d = np.array([0.5, 2.0, 4.5])
    r2 = (4 / 3) * np.sqrt(d).var(ddof=1)
    value, df, p = pool_statistics(d, 1)
    assert value == pytest.approx((d.mean() - 2 * r2) / (1 + r2))
    assert df == pytest.approx(2 * (1 + 1 / r2) ** 2)
    assert p == pytest.approx(stats.f.sf(value, 1, df))


def test_nothing_to_pool() -> None:
    with pytest.raises(FitError, match="no test"):
        pool_scores([])
    with pytest.raises(FitError, match="no event"):
        pool_scores([_test([0.0, 0.0], 0.0)])
