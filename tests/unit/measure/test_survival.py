from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_larynx, load_rossi, load_waltons
from lifelines.utils import restricted_mean_survival_time

from gapstudy.errors import FitError
from gapstudy.measure import survival

DATA = {
    "waltons": (load_waltons, "T", "E", [20.0, 40.0, 60.0], 50.0),
    "rossi": (load_rossi, "week", "arrest", [10.0, 25.0, 40.0], 45.0),
    "larynx": (load_larynx, "time", "death", [1.0, 3.0, 6.0], 7.0),
}


@pytest.fixture(params=sorted(DATA))
def sample(request: Any) -> Any:
    load, time, event, horizons, tau = DATA[request.param]
    frame = load()
    return frame[time].to_numpy(float), frame[event].to_numpy(bool), horizons, tau


def ones(time: Any) -> Any:
    return np.ones((len(time), 1))


def test_kaplan_meier_agrees_with_lifelines(sample: Any) -> None:
    time, event, horizons, _ = sample
    oracle = KaplanMeierFitter().fit(time, event)
    survived = oracle.survival_function_at_times(horizons).to_numpy()
    greenwood = [
        oracle._cumulative_sq_.loc[:h].iloc[-1].item() * s**2
        for h, s in zip(horizons, survived, strict=True)
    ]
    ours = survival.incidence(survival.steps(time, event, ones(time)), horizons)
    np.testing.assert_allclose(ours.value[0, 0], 1 - survived, atol=1e-6)
    np.testing.assert_allclose(ours.variance[0, 0], greenwood, atol=1e-6)


def test_restricted_mean_agrees_with_lifelines_and_its_variance_with_the_formula(
    sample: Any,
) -> None:
    time, event, _, tau = sample
    ours = survival.restricted_mean(survival.steps(time, event, ones(time)), tau)
    oracle = KaplanMeierFitter().fit(time, event)
    np.testing.assert_allclose(
        ours.value.item(), restricted_mean_survival_time(oracle, tau), atol=1e-6
    )
    # Sum over event times of (area beyond)^2 d / (Y (Y - d)).
    total = 0.0
    for t in np.unique(time[event]):
        beyond = restricted_mean_survival_time(oracle, tau) - restricted_mean_survival_time(
            oracle, min(t, tau)
        )
        at_risk, died = (time >= t).sum(), (event & (time == t)).sum()
        if at_risk > died:
            total += beyond**2 * died / (at_risk * (at_risk - died))
    np.testing.assert_allclose(ours.variance.item(), total, rtol=1e-6)


def test_delayed_entry_agrees_with_lifelines() -> None:
    frame = load_waltons()
    time, event = frame["T"].to_numpy(float), frame["E"].to_numpy(bool)
    entry = np.minimum(np.random.default_rng(1).uniform(0, 30, len(time)), time - 1)
    oracle = KaplanMeierFitter().fit(time, event, entry=entry)
    ours = survival.incidence(
        survival.steps(time, event, ones(time), entry=entry), [20.0, 40.0, 60.0]
    )
    expected = 1 - oracle.survival_function_at_times([20, 40, 60]).to_numpy()
    np.testing.assert_allclose(ours.value[0, 0], expected, atol=1e-6)


def test_weights_agree_with_lifelines() -> None:
    frame = load_waltons()
    time, event = frame["T"].to_numpy(float), frame["E"].to_numpy(bool)
    weight = np.random.default_rng(2).integers(1, 4, len(time))
    oracle = KaplanMeierFitter().fit(time, event, weights=weight)
    ours = survival.incidence(survival.steps(time, event, weight[:, None]), [40.0])
    expected = 1 - oracle.survival_function_at_times([40]).item()
    np.testing.assert_allclose(ours.value.item(), expected, atol=1e-6)


@pytest.mark.parametrize("entry", [False, True])
def test_influences_are_derivatives_in_the_weights(entry: bool) -> None:
    random = np.random.default_rng(3)
    time = random.integers(1, 12, 40).astype(float)  # many ties
    event = random.random(40) < 0.6
    weight = random.uniform(0.2, 1.0, (40, 2))
    weight[::4, 1] = 0.0
    start = time - random.uniform(0.5, 3, 40) if entry else None

    def both(w: Any) -> Any:
        table = survival.steps(time, event, w, entry=start)
        return survival.incidence(table, [3.0, 8.0]), survival.restricted_mean(table, 9.0)

    base = both(weight)
    for i in (0, 7, 21):
        nudged = weight.copy()
        nudged[i] *= 1 + 1e-6
        for before, after in zip(base, both(nudged), strict=True):
            change = (after.value - before.value) / 1e-6
            np.testing.assert_allclose(change, before.influence[:, i], atol=1e-4)


def test_many_samples_at_once_equal_one_by_one() -> None:
    random = np.random.default_rng(4)
    time, event = random.exponential(3, (4, 30)), random.random((4, 30)) < 0.5
    weight = random.uniform(0, 1, (30, 3))
    together = survival.restricted_mean(survival.steps(time, event, weight), 5.0)
    for m in range(4):
        alone = survival.restricted_mean(survival.steps(time[m], event[m], weight), 5.0)
        np.testing.assert_allclose(together.value[m], alone.value[0])
        np.testing.assert_allclose(together.influence[m], alone.influence[0])


def test_after_the_last_event_the_curve_is_zero_and_the_variance_finite() -> None:
    table = survival.steps([1.0, 2.0], [True, True], np.ones((2, 1)))
    result = survival.incidence(table, [3.0])
    assert result.value.item() == 1.0
    assert result.variance.item() == 0.0
    assert survival.restricted_mean(table, 3.0).value.item() == pytest.approx(1.5)


@pytest.mark.parametrize("time", [[-1.0, 2.0], [np.nan, 2.0], [np.inf, 2.0]])
def test_impossible_durations_are_refused(time: Any) -> None:
    with pytest.raises(FitError, match="negative or missing"):
        survival.steps(time, [True, False], np.ones((2, 1)))


def test_entry_at_exit_is_refused() -> None:
    with pytest.raises(FitError, match="at or after their exit"):
        survival.steps([1.0, 2.0], [True, False], np.ones((2, 1)), entry=[1.0, 0.0])


def test_negative_weight_is_refused() -> None:
    with pytest.raises(FitError, match="weight is negative"):
        survival.steps([1.0, 2.0], [True, False], np.array([[1.0], [-0.5]]))
