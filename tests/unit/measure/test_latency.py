from __future__ import annotations

import numpy as np
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi, load_waltons
from lifelines.statistics import logrank_test

from gapstudy.errors import FitError
from gapstudy.measure.latency import cox, discrete, log_rank


def test_log_rank_agrees_with_lifelines() -> None:
    frame = load_waltons()
    time, event = frame["T"].to_numpy(float), frame["E"].to_numpy(bool)
    group = (frame["group"] == "miR-137").to_numpy()
    gap, variance = log_rank(time, event, group)
    oracle = logrank_test(time[group], time[~group], event[group], event[~group])
    assert gap**2 / variance == pytest.approx(oracle.test_statistic, abs=1e-6)


def test_cox_agrees_with_lifelines() -> None:
    frame = load_rossi()
    names = ["fin", "age", "prio"]
    ours, variance = cox(
        frame["week"].to_numpy(float), frame["arrest"].to_numpy(bool),
        frame[names].to_numpy(float), np.arange(len(frame)),
    )  # fmt: skip
    oracle = CoxPHFitter().fit(
        frame[["week", "arrest", *names]], "week", "arrest", robust=True,
        fit_options={"precision": 1e-12},
    )  # fmt: skip
    np.testing.assert_allclose(ours, oracle.params_[names], atol=1e-6)
    # Robust variances differ by how Efron's ties enter the residuals: not to 1e-6.
    np.testing.assert_allclose(np.sqrt(variance), oracle.standard_errors_[names], rtol=0.03)


def test_discrete_model_recovers_a_grouped_hazard_ratio() -> None:
    random = np.random.default_rng(0)
    group = np.arange(4000) < 2000
    time = random.exponential(1 / (0.1 * np.exp(-0.7 * group)))
    end = np.full(4000, 10.0)
    value, variance = discrete(
        np.minimum(time, end), time < end, group[:, None].astype(float), np.arange(4000)
    )
    assert value[0] == pytest.approx(-0.7, abs=3 * np.sqrt(variance[0]))


@pytest.mark.parametrize("model", [cox, discrete])
def test_models_say_why_they_did_not_fit(model: object) -> None:
    assert callable(model)
    time, paper = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.arange(6)
    event = np.array([True, True, True, False, False, False])
    one = np.array([[0.0], [1.0], [0.0], [1.0], [0.0], [1.0]])
    with pytest.raises(FitError, match="negative"):
        model(-time, event, one, paper)
    with pytest.raises(FitError, match="no duration ends"):
        model(time, event & False, one, paper)
    with pytest.raises(FitError, match="collinear"):
        model(time, event, np.hstack([one, 1 - one]), paper)
    with pytest.raises(FitError, match=r"finite estimate|converge"):
        model(time, event, event[:, None].astype(float), paper)
