from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.models import pseudo
from gapstudy.measure.models.pseudo_regression import pseudo_regression
from gapstudy.measure.models.sample import Sample

LINKS: dict[str, Any] = {
    "identity": sm.families.links.Identity, "log": sm.families.links.Log,
    "logit": sm.families.links.Logit, "cloglog": sm.families.links.CLogLog,
}  # fmt: skip


def _sample(n: int, seed: int = 0, entry: bool = False) -> Sample:
    random = np.random.default_rng(seed)
    x = random.integers(0, 2, n)
    time, end = random.exponential(6 - 2 * x), random.uniform(2, 14, n)
    kind = np.where(time <= end, random.integers(1, 3, n), 0)
    seen = np.minimum(time, end)
    start = seen / 2 * (random.random(n) < 0.3) if entry else None
    return Sample.of(seen, kind, x, ["x"], entry=start, cluster=np.arange(n) // 2)


@pytest.mark.parametrize("entry", [False, True])
@pytest.mark.parametrize("cause", [None, 1])
def test_fast_values_are_near_the_exact_ones(entry: bool, cause: int | None) -> None:
    gaps = []
    for n in (100, 400):
        sample = _sample(n, entry=entry)
        fast = pseudo.incidence_values(sample, [2.0, 5.0], cause)
        exact = pseudo.leave_one_out(sample, [2.0, 5.0], cause)
        # Where one spell dominates an early risk set its own difference is the largest.
        gaps.append(np.abs(fast - exact).mean())
        np.testing.assert_allclose(fast.mean(axis=0), exact.mean(axis=0), atol=5 / n)
    assert gaps[0] < 0.03
    assert gaps[1] < 0.6 * gaps[0]


def test_without_censoring_values_are_what_is_seen() -> None:
    random = np.random.default_rng(1)
    time, kind = random.exponential(3, 40), random.integers(1, 3, 40)
    sample = Sample.of(time, kind)
    expected = ((time <= 2) & (kind == 1)).astype(float)
    np.testing.assert_allclose(
        pseudo.incidence_values(sample, [2.0], 1)[:, 0], expected, atol=1e-12
    )
    np.testing.assert_allclose(pseudo.leave_one_out(sample, [2.0], 1)[:, 0], expected, atol=1e-12)
    np.testing.assert_allclose(
        pseudo.restricted_mean_values(sample, 2.0)[:, 0], np.minimum(time, 2.0)
    )


def test_weights_are_repetitions() -> None:
    sample = _sample(60)
    weight = np.random.default_rng(2).integers(1, 4, 60)
    rows = np.repeat(np.arange(60), weight)
    heavy = Sample.of(sample.time, sample.event, weight=weight)
    long = pseudo.incidence_values(sample.only(rows), [4.0])
    np.testing.assert_allclose(pseudo.incidence_values(heavy, [4.0])[rows], long, atol=1e-12)
    exact = pseudo.leave_one_out(heavy, [4.0])
    assert (heavy.weight @ exact[:, 0]) / heavy.weight.sum() == pytest.approx(
        (heavy.weight @ pseudo.incidence_values(heavy, [4.0])[:, 0]) / heavy.weight.sum(), abs=0.05
    )


@pytest.mark.parametrize("link", [*LINKS])
@pytest.mark.filterwarnings("ignore")
def test_regression_agrees_with_statsmodels_gee(link: Any) -> None:
    sample = _sample(200)
    values = pseudo.incidence_values(sample, [3.0], 1)[:, 0]
    ours = pseudo_regression(sample, values, link)
    family = sm.families.Gaussian(LINKS[link](), check_link=False)
    oracle = sm.GEE(
        values, sm.add_constant(sample.covariates), groups=sample.cluster, family=family
    ).fit(start_params=ours.estimate + 0.01)
    np.testing.assert_allclose(ours.estimate, oracle.params, atol=1e-6)
    np.testing.assert_allclose(ours.covariance, oracle.cov_params(), atol=1e-6)
    assert ours.names == ("intercept", "x")
    assert ours.clusters == 100


def test_strata_of_a_saturated_model_give_back_the_curves() -> None:
    sample = _sample(300)
    group = sample.covariates[:, 0].astype(np.int64)
    values = pseudo.incidence_values(sample, [3.0], strata=group)[:, 0]
    fit = pseudo_regression(Sample.of(sample.time, sample.event, group, ["x"]), values)
    weight = np.column_stack([group == 0, group == 1]).astype(float)
    steps = survival.steps(sample.time[None], (sample.event > 0)[None], weight)
    curves = survival.incidence(steps, [3.0])
    assert fit["x"] == pytest.approx((curves.value[0, 1, 0] - curves.value[0, 0, 0]).item())
    assert fit.covariance[1, 1] == pytest.approx(curves.variance[0, :, 0].sum())


def test_adjusted_recovery_of_a_log_hazard_ratio() -> None:
    random = np.random.default_rng(4)
    covered, centre = 0, []
    for _ in range(100):
        group = random.integers(0, 2, 300)
        field = (random.random(300) < 0.3 + 0.4 * group).astype(float)
        time = random.exponential(8 * np.exp(0.5 * group - 0.8 * field))
        end = random.uniform(4, 12, 300)
        sample = Sample.of(
            np.minimum(time, end), time <= end, np.column_stack([group, field]), ["g", "f"]
        )
        fit = pseudo_regression(sample, pseudo.incidence_values(sample, [4.0])[:, 0], "cloglog")
        low, high = fit.interval(0.95)
        covered += bool(low[1] <= -0.5 <= high[1])
        centre.append(fit["g"])
    assert 88 <= covered <= 100
    assert np.mean(centre) == pytest.approx(-0.5, abs=0.08)


def test_traps() -> None:
    sample = _sample(60)
    with pytest.raises(FitError, match="less than the horizon"):
        pseudo.incidence_values(sample, [40.0])
    assert pseudo.incidence_values(Sample.of([1.0, 2.0], [1, 1]), [5.0]).tolist() == [[1], [1]]
    values = pseudo.incidence_values(sample, [3.0])[:, 0]
    double = Sample.of(sample.time, sample.event, np.ones((60, 1)), ["one"])
    with pytest.raises(FitError, match="collinear"):
        pseudo_regression(double, values)
    none = Sample.of(np.full(40, 9.0), np.zeros(40), np.arange(40) % 2, ["x"])
    flat = pseudo.incidence_values(none, [3.0])[:, 0]
    for link in ("log", "logit", "cloglog"):
        with pytest.raises(FitError, match=r"[Nn]o event"):
            pseudo_regression(none, flat, link)
    assert pseudo_regression(none, flat).estimate.tolist() == [0, 0]
    with pytest.raises(FitError, match="independent results"):
        pseudo_regression(Sample.of([1.0, 2.0], [1, 1], [0, 1], ["x"]), np.array([1.0, 1.0]))
    x = np.arange(80) % 2
    split = Sample.of(
        np.where(x == 1, 2.0, 9.0), np.where(x == 1, np.arange(80) % 4 // 2, 0), x, ["x"]
    )
    apart = pseudo.incidence_values(split, [1.9], strata=x)[:, 0]
    apart = np.where(x == 1, (np.arange(80) % 4 // 2).astype(float), 0.0)
    for link in ("logit", "cloglog"):
        with pytest.raises(FitError, match="regression"):
            pseudo_regression(split, apart, link)  # type: ignore[arg-type]
