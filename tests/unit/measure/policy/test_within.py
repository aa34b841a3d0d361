from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from gapstudy.errors import FitError
from gapstudy.measure.policy import within
from gapstudy.measure.policy.panel import Panel

from .worlds import DATE, made


def dummies(panel: Panel) -> np.ndarray:
    products = np.eye(int(panel.product.max()) + 1)[panel.product]
    return np.hstack([products, np.eye(len(panel.markets))[panel.market][:, 1:]])


def test_two_markets_are_a_difference_of_mean_differences() -> None:
    panel = made(1, 0.7, markets=2, drop=0.0)
    gap = panel.y[0][panel.market == 0] - panel.y[0][panel.market == 1]
    after = panel.day[panel.market == 0] >= DATE
    one = within.effect(panel, 0, DATE, "maker", 0.95)
    assert one.estimate == pytest.approx(gap[after].mean() - gap[~after].mean())


@pytest.mark.parametrize("cluster", ["maker", "market", "product"])
def test_estimates_and_clustered_errors_are_those_of_least_squares(
    cluster: within.Cluster,
) -> None:
    panel = made(2, 0.7)
    d = panel.treatment(0, DATE)
    x = np.column_stack([d, dummies(panel)])
    group = within.codes(panel, cluster)
    oracle = sm.OLS(panel.y[0], x).fit(cov_type="cluster", cov_kwds={"groups": group})
    beta, covariance, clusters = within.coefficients(panel, d[:, None], cluster)
    n, sweep = len(d), within.Sweep(panel)
    theirs = clusters / (clusters - 1) * (n - 1) / (n - x.shape[1])
    ours = within.correction(sweep, n, clusters, cluster)
    assert beta[0, 0] == pytest.approx(oracle.params[0], abs=1e-8)
    assert covariance[0, 0, 0] / ours == pytest.approx(oracle.bse[0] ** 2 / theirs, rel=1e-6)


def test_draws_that_differ_widen_the_interval() -> None:
    panel = made(3, 0.7)
    same = replace(panel, y=np.repeat(panel.y, 5, axis=0))
    random = np.random.default_rng(0)
    moved = replace(panel, y=same.y + 0.5 * random.standard_normal(same.y.shape))
    once, again, wide = (within.effect(p, 0, DATE, "maker", 0.95) for p in (panel, same, moved))
    assert again.estimate == pytest.approx(once.estimate)
    assert again.error == pytest.approx(once.error)
    assert wide.error > once.error


def test_the_known_effect_is_found_without_bias_and_covered() -> None:
    found = [within.effect(made(100 + i, 0.7), 0, DATE, "maker", 0.95) for i in range(200)]
    values = np.array([one.estimate for one in found])
    assert abs(values.mean() - 0.7) < 3.5 * values.std(ddof=1) / np.sqrt(len(values))
    inside = np.mean([one.low <= 0.7 <= one.high for one in found])
    assert inside > 0.88


@pytest.mark.parametrize("day", [17_000.0, 20_000.0])
def test_a_date_with_launches_on_one_side_is_refused(day: float) -> None:
    with pytest.raises(FitError, match="no launch on one side"):
        within.effect(made(4), 0, day, "maker", 0.95)


def test_one_cluster_and_no_rows_are_refused() -> None:
    panel = made(5)
    with pytest.raises(FitError, match="one cluster"):
        within.effect(replace(panel, maker=panel.maker * 0), 0, DATE, "maker", 0.95)
    with pytest.raises(FitError, match="no product"):
        within.effect(panel.only(panel.market == 9), 0, DATE, "maker", 0.95)


def test_an_outcome_that_never_varies_has_no_effect_and_no_error() -> None:
    panel = made(6)
    one = within.effect(replace(panel, y=panel.y * 0), 0, DATE, "maker", 0.95)
    assert (one.estimate, one.error, one.p_value) == (0.0, 0.0, 1.0)
