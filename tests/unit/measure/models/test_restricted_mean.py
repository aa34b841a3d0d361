from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_waltons
from lifelines.utils import restricted_mean_survival_time

from gapstudy.errors import FitError
from gapstudy.measure.models.restricted_mean import restricted_means
from gapstudy.measure.models.sample import Sample


def test_agrees_with_lifelines() -> None:
    frame = load_waltons()
    group = (frame["group"] == "control").to_numpy(np.int64)
    sample = Sample.of(frame["T"], frame["E"])
    fit = restricted_means(sample, 50.0, group, 2)
    for k in (0, 1):
        fitter = KaplanMeierFitter().fit(frame["T"][group == k], frame["E"][group == k])
        assert fit.value[k] == pytest.approx(
            restricted_mean_survival_time(fitter, t=50.0), abs=1e-6
        )
    assert fit.covariance[0, 1] == 0
    gap = fit.contrast(0, 1, "difference")
    assert gap.estimate[0] == pytest.approx(fit.value[0] - fit.value[1])
    assert gap.covariance[0, 0] == pytest.approx(np.trace(fit.covariance))


def test_variance_is_the_textbook_one_and_ratios_follow_the_delta_method() -> None:
    random = np.random.default_rng(1)
    time, end = random.exponential(4, 200), random.uniform(4, 12, 200)
    t, e = np.minimum(time, end), (time <= end).astype(int)
    fit = restricted_means(Sample.of(t, e), 4.0)
    order = np.argsort(t)
    curve, variance = 1.0, 0.0
    steps = [(t[i], 200 - r) for r, i in enumerate(order) if e[i] and t[i] <= 4.0]
    values = []
    for at, risk in steps:
        curve *= 1 - 1 / risk
        values.append((at, curve, risk))
    for j, (at, s, risk) in enumerate(values):
        rest, last = 0.0, at
        for later, after, _ in values[j + 1 :]:
            rest += s * (later - last)
            s, last = after, later
        rest += s * (4.0 - last)
        variance += rest**2 / (risk * (risk - 1))
    assert fit.covariance[0, 0] == pytest.approx(variance, rel=1e-9)
    two = restricted_means(Sample.of(t, e), 4.0, np.arange(200) % 2, 2)
    ratio = two.contrast(0, 1, "log ratio")
    v, m = np.diag(two.covariance), two.value
    assert ratio.covariance[0, 0] == pytest.approx(v[0] / m[0] ** 2 + v[1] / m[1] ** 2)
    lost = two.contrast(0, 1, "log ratio of lost time")
    assert lost.estimate[0] == pytest.approx(np.log((4 - m[0]) / (4 - m[1])))
    assert lost.covariance[0, 0] == pytest.approx(v[0] / (4 - m[0]) ** 2 + v[1] / (4 - m[1]) ** 2)


def test_a_result_of_both_groups_makes_no_difference() -> None:
    random = np.random.default_rng(2)
    time = random.exponential(3, 50) + 1
    rows = np.repeat(np.arange(50), 2)
    sample = Sample.of(time[rows], np.ones(100), cluster=rows)
    fit = restricted_means(sample, 3.0, np.tile([0, 1], 50), 2).contrast(0, 1, "difference")
    assert fit.estimate[0] == pytest.approx(0)
    assert fit.covariance[0, 0] == pytest.approx(0)


def test_coverage_of_the_ratio_with_delayed_entry() -> None:
    random = np.random.default_rng(3)
    truth = np.log((2 * (1 - np.exp(-2))) / (6 * (1 - np.exp(-4 / 6))))
    covered = 0
    for _ in range(200):
        group = np.arange(300) % 2
        time, end = random.exponential(np.where(group == 0, 2.0, 6.0)), random.uniform(4, 9, 300)
        seen = np.minimum(time, end)
        start = random.uniform(0, 1, 300) * (random.random(300) < 0.5)
        kept = (start == 0) | (start < seen)
        sample = Sample.of(seen[kept], (time <= end)[kept], entry=start[kept])
        fit = restricted_means(sample, 4.0, group[kept], 2).contrast(0, 1, "log ratio")
        low, high = fit.interval(0.95)
        covered += bool(low[0] <= truth <= high[0])
    assert 180 <= covered <= 199


def test_traps() -> None:
    with pytest.raises(FitError, match="less than the limit"):
        restricted_means(Sample.of([1.0, 2.0], [1, 0]), 5.0)
    assert restricted_means(Sample.of([1.0, 2.0], [1, 1]), 5.0).value[0] == pytest.approx(1.5)
    with pytest.raises(FitError, match="no spell"):
        restricted_means(Sample.of([9.0], [1]), 5.0, np.array([1]), 2)
    with pytest.raises(FitError, match="empty"):
        restricted_means(Sample.of([9.0], [1]), 0.0)
    fit = restricted_means(Sample.of([9.0, 9.0, 1.0], [0, 0, 1]), 5.0, np.array([0, 0, 1]), 2)
    assert fit.value[0] == 5
    with pytest.raises(FitError, match="infinite"):
        fit.contrast(0, 1, "log ratio of lost time")
    zero = restricted_means(Sample.of(np.zeros(4), np.ones(4)), 5.0, np.array([0, 0, 1, 1]), 2)
    with pytest.raises(FitError, match="infinite"):
        zero.contrast(0, 1, "log ratio")
