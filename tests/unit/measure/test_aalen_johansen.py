from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lifelines import AalenJohansenFitter
from lifelines.datasets import load_waltons

from gapstudy.measure import survival
from gapstudy.measure.aalen_johansen import destinations


@pytest.fixture(scope="module")
def sample() -> Any:
    frame = load_waltons()
    random = np.random.default_rng(0)
    # The oracle jitters ties, so ours are broken before both.
    time = frame["T"].to_numpy(float) + random.uniform(0, 1e-3, len(frame))
    return time, frame["E"].to_numpy(bool), random.integers(0, 3, len(frame))


def test_incidence_and_variance_agree_with_lifelines(sample: Any) -> None:
    time, event, cause = sample
    table = survival.steps(time, event, np.ones((len(time), 1)))
    ours = destinations(table, cause[None], [20.0, 40.0, 60.0], 3)
    for k in range(3):
        oracle = AalenJohansenFitter(calculate_variance=True, jitter_level=0).fit(
            time, np.where(event, cause + 1, 0), event_of_interest=k + 1
        )
        for h, horizon in enumerate((20.0, 40.0, 60.0)):
            expected = oracle.cumulative_density_.loc[:horizon].iloc[-1].item()
            variance = oracle.variance_.loc[:horizon].iloc[-1].item()
            assert ours[k].value[0, 0, h] == pytest.approx(expected, abs=1e-6)
            assert ours[k].variance[0, 0, h] == pytest.approx(variance, abs=1e-6)


def test_destinations_add_up_to_all_events_with_ties_and_weights() -> None:
    random = np.random.default_rng(1)
    time = random.integers(1, 6, (3, 50)).astype(float)
    event = random.random((3, 50)) < 0.5
    cause = random.integers(0, 4, (3, 50))
    table = survival.steps(time, event, random.uniform(0, 1, (50, 2)))
    parts = destinations(table, cause, [2.0, 5.0], 4)
    whole = survival.incidence(table, [2.0, 5.0])
    np.testing.assert_allclose(sum(part.value for part in parts), whole.value)
    np.testing.assert_allclose(sum(part.influence for part in parts), whole.influence, atol=1e-12)


def test_influences_are_derivatives_in_the_weights(sample: Any) -> None:
    time, event, cause = sample
    weight = np.random.default_rng(2).uniform(0.2, 1, (len(time), 1))
    base = destinations(survival.steps(time, event, weight), cause[None], [40.0], 3)
    for i in (0, 50, 120):
        nudged = weight.copy()
        nudged[i] *= 1 + 1e-6
        after = destinations(survival.steps(time, event, nudged), cause[None], [40.0], 3)
        for k in range(3):
            change = (after[k].value - base[k].value).item() / 1e-6
            assert change == pytest.approx(base[k].influence[0, i].item(), abs=1e-5)


def test_influences_with_delayed_entry_are_derivatives_too(sample: Any) -> None:
    time, event, cause = sample
    random = np.random.default_rng(4)
    weight = random.uniform(0.2, 1, (len(time), 1))
    entry = np.where(random.random(len(time)) < 0.5, 0.0, random.uniform(0, time))
    base = destinations(survival.steps(time, event, weight, entry=entry), cause[None], [40.0], 3)
    whole = survival.incidence(survival.steps(time, event, weight, entry=entry), [40.0])
    np.testing.assert_allclose(sum(part.value for part in base), whole.value)
    for i in (0, 50, 120):
        nudged = weight.copy()
        nudged[i] *= 1 + 1e-6
        table = survival.steps(time, event, nudged, entry=entry)
        after = destinations(table, cause[None], [40.0], 3)
        for k in range(3):
            change = (after[k].value - base[k].value).item() / 1e-6
            assert change == pytest.approx(base[k].influence[0, i].item(), abs=1e-5)


def test_entry_at_zero_is_observation_from_the_start() -> None:
    time = np.array([0.0, 0.0, 1.0, 2.0])
    event = np.array([True, False, True, False])
    plain = survival.incidence(survival.steps(time, event, np.ones((4, 1))), [0.0, 1.5])
    entered = survival.steps(time, event, np.ones((4, 1)), entry=np.zeros(4))
    np.testing.assert_array_equal(survival.incidence(entered, [0.0, 1.5]).value, plain.value)
