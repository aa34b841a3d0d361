from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import rubin
from gapstudy.measure.models.pooled import pool_fits
from gapstudy.measure.models.sample import Fit


def fits(m: int = 6, spread: float = 0.3, seed: int = 0) -> list[Fit]:
    random = np.random.default_rng(seed)
    within = np.array([[0.04, 0.01], [0.01, 0.09]])
    return [
        Fit(("a", "b"), np.array([1.0, -0.5]) + spread * random.normal(size=2), within, -10.0, 50,
            20 + k, 40, "few" if k else "")
        for k in range(m)
    ]  # fmt: skip


def test_each_parameter_is_pooled_as_by_itself() -> None:
    pooled = pool_fits(fits(), 45.0)
    alone = rubin.pool([fit.estimate for fit in fits()], [fit.error**2 for fit in fits()],
                       complete_df=45.0)  # fmt: skip
    np.testing.assert_allclose(pooled.estimate, alone.estimate)
    np.testing.assert_allclose(np.diag(pooled.covariance), alone.variance)
    np.testing.assert_allclose(pooled.df, alone.df)
    np.testing.assert_allclose(pooled.missing_information, alone.missing_information)
    low, high = pooled.interval(0.95)
    half = stats.t.ppf(0.975, alone.df) * alone.error
    np.testing.assert_allclose([low, high], [alone.estimate - half, alone.estimate + half])
    assert (pooled.n, pooled.events, pooled.clusters, pooled.fits) == (50, 22.5, 40, 6)
    assert pooled.note == "few"
    assert pooled["b"] == pooled.estimate[1]
    assert ((pooled.p_value < 0.05) == ((low > 0) | (high < 0))).all()


def test_a_difference_has_the_variance_of_the_differences() -> None:
    made = fits()
    gap = pool_fits(made).combined([1.0, -1.0])
    alone = rubin.pool(
        [fit.estimate[0] - fit.estimate[1] for fit in made],
        [float(np.array([1, -1]) @ fit.covariance @ [1, -1]) for fit in made],
    )
    assert gap.estimate[0] == pytest.approx(float(alone.estimate))
    assert gap.covariance[0, 0] == pytest.approx(float(alone.variance))
    assert gap.names == ("1 a + -1 b",)


def test_wald_of_equal_fits_is_the_chi_square() -> None:
    same = pool_fits([fits(1)[0]] * 4)
    value = same.estimate
    chi = float(value @ np.linalg.solve(same.covariance, value))
    test = same.wald()
    assert (test.df1, test.df2) == (2, np.inf)
    assert test.p_value == pytest.approx(stats.chi2.sf(chi, 2))


def test_wald_of_one_parameter_is_the_square_of_t() -> None:
    pooled = pool_fits(fits(20, 0.2))
    test = pooled.wald(["a"])
    t = pooled.estimate[0] / pooled.error[0]
    assert test.statistic == pytest.approx(t**2)
    assert test.p_value == pytest.approx(pooled.p_value[0], rel=0.2)


def test_wald_keeps_its_size() -> None:
    random = np.random.default_rng(4)
    rejected = 0
    for _ in range(1500):
        centre = random.normal(size=2)
        made = [Fit(("a", "b"), centre + random.normal(size=2) * 0.7, np.eye(2), 0.0, 9, 9, 9)
                for _ in range(8)]  # fmt: skip
        # Between the draws lies as much variance as their mean has besides.
        shift = random.normal(size=2) * 0.7
        made = [Fit(f.names, f.estimate + shift, f.covariance, 0.0, 9, 9, 9) for f in made]
        rejected += pool_fits(made).wald().p_value < 0.05
    assert 0.03 < rejected / 1500 < 0.07


def test_what_cannot_be_pooled_is_refused() -> None:
    with pytest.raises(FitError, match="no fit"):
        pool_fits([])
    one = fits(1)[0]
    other = Fit(("a", "c"), one.estimate, one.covariance, 0.0, 1, 1, 1)
    with pytest.raises(FitError, match="different parameters"):
        pool_fits([one, other])
    broken = Fit(one.names, np.array([np.nan, 1.0]), one.covariance, 0.0, 1, 1, 1)
    with pytest.raises(FitError, match="missing or infinite"):
        pool_fits([one, broken])
    with pytest.raises(FitError, match="no parameter"):
        pool_fits([one]).wald([])
