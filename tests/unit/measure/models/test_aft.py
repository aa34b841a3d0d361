from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import LogLogisticAFTFitter, LogNormalAFTFitter, WeibullAFTFitter
from lifelines.datasets import load_rossi

from gapstudy.errors import FitError
from gapstudy.measure.models import aft
from gapstudy.measure.models.sample import Sample

ORACLES: dict[str, tuple[Any, str, str, float]] = {
    "weibull": (WeibullAFTFitter, "lambda_", "rho_", -1.0),
    "log-normal": (LogNormalAFTFitter, "mu_", "sigma_", 1.0),
    "log-logistic": (LogLogisticAFTFitter, "alpha_", "beta_", -1.0),
}
NAMES = ["fin", "age", "prio"]
TIGHT = {"ftol": 1e-15, "gtol": 1e-9}


def oracle_estimates(name: str, fitted: Any, names: list[str]) -> np.ndarray:
    _, first, second, sign = ORACLES[name]
    params = fitted.params_
    values = [params[first, item] for item in ("Intercept", *names)]
    return np.array([*values, sign * params[second, "Intercept"]])


@pytest.mark.parametrize("name", ORACLES)
def test_right_censored_spells_agree_with_lifelines(name: str) -> None:
    frame = load_rossi()[["week", "arrest", *NAMES]]
    sample = Sample.of(frame["week"], frame["arrest"], frame[NAMES].to_numpy(float), NAMES)
    ours = aft.fit(sample, name)
    oracle = ORACLES[name][0]().fit(frame, "week", "arrest", fit_options=TIGHT)
    assert ours.log_likelihood == pytest.approx(oracle.log_likelihood_, abs=1e-6)
    assert aft.aic(ours) == pytest.approx(oracle.AIC_, abs=1e-6)
    np.testing.assert_allclose(ours.estimate, oracle_estimates(name, oracle, NAMES), atol=1e-5)
    order = [(ORACLES[name][1], item) for item in ("Intercept", *NAMES)]
    error = oracle.standard_errors_[[*order, (ORACLES[name][2], "Intercept")]]
    np.testing.assert_allclose(ours.error, error, rtol=1e-4)
    median = aft.quantile(ours, name, 0.5, [1.0, 25.0, 3.0], 0.95).value
    row = pd.DataFrame({"fin": [1.0], "age": [25.0], "prio": [3.0]})
    assert median == pytest.approx(float(oracle.predict_median(row).iloc[0]), rel=1e-5)


@pytest.mark.parametrize("name", ORACLES)
def test_weights_and_late_entry_agree_with_lifelines(name: str) -> None:
    random = np.random.default_rng(0)
    frame = load_rossi()[["week", "arrest", "fin"]].astype(float)
    frame["entry"] = np.where(random.random(len(frame)) < 0.5, frame["week"] / 2, 0.0)
    frame["weight"] = random.integers(1, 4, len(frame))
    sample = Sample.of(
        frame["week"], frame["arrest"], frame["fin"], ["fin"], entry=frame["entry"],
        weight=frame["weight"],
    )  # fmt: skip
    ours = aft.fit(sample, name, robust=False)
    oracle = ORACLES[name][0]().fit(
        frame, "week", "arrest", entry_col="entry", weights_col="weight", fit_options=TIGHT
    )
    assert ours.log_likelihood == pytest.approx(oracle.log_likelihood_, abs=1e-6)
    np.testing.assert_allclose(ours.estimate, oracle_estimates(name, oracle, ["fin"]), atol=2e-5)


@pytest.mark.parametrize("name", ORACLES)
def test_interval_censored_spells_agree_with_lifelines(name: str) -> None:
    frame = load_rossi()[["week", "arrest", "fin"]].astype(float)
    event = frame["arrest"] == 1
    lower = np.where(event, 4 * np.floor(frame["week"] / 4) + 0.5, frame["week"])
    upper = np.where(event, lower + 4, np.inf)
    known = event & (np.arange(len(frame)) % 3 == 0)
    lower, upper = np.where(known, frame["week"], lower), np.where(known, frame["week"], upper)
    sample = Sample.of(lower, event, frame["fin"], ["fin"])
    ours = aft.fit(sample, name, upper=np.where(event, upper, np.nan))
    table = pd.DataFrame({"lower": lower, "upper": upper, "fin": frame["fin"]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = ORACLES[name][0]().fit_interval_censoring(
            table, "lower", "upper", fit_options=TIGHT
        )
    assert ours.log_likelihood == pytest.approx(oracle.log_likelihood_, abs=1e-6)
    np.testing.assert_allclose(ours.estimate, oracle_estimates(name, oracle, ["fin"]), atol=2e-5)


def test_the_sandwich_agrees_with_lifelines_but_for_its_small_sample_factor() -> None:
    frame = load_rossi()[["week", "arrest", "fin"]].astype(float).iloc[:120]
    sample = Sample.of(frame["week"], frame["arrest"], frame["fin"], ["fin"])
    ours = aft.fit(sample, "weibull", robust=True)
    oracle = WeibullAFTFitter().fit(frame, "week", "arrest", robust=True, fit_options=TIGHT)
    theirs = oracle.standard_errors_[[("lambda_", "Intercept"), ("lambda_", "fin"),
                                      ("rho_", "Intercept")]]  # fmt: skip
    factor = np.sqrt(len(frame) / (len(frame) - 1))
    np.testing.assert_allclose(ours.error, factor * theirs, rtol=1e-3)


def world(n: int, seed: int) -> Sample:
    random = np.random.default_rng(seed)
    group = (np.arange(n) < n // 2).astype(float)
    time = np.exp(1.0 + 0.3 * group + 0.8 * random.standard_normal(n))
    end = random.uniform(2, 8, n)
    return Sample.of(np.minimum(time, end), time <= end, group, ["EU"])


def test_a_known_time_ratio_is_recovered_at_size() -> None:
    fit = aft.fit(world(30_000, 0), "log-normal")
    ratio = aft.time_ratio(fit, [1.0], [0.0], 0.99)
    assert ratio.low < np.exp(0.3) < ratio.high
    assert ratio.high / ratio.low < 1.1
    assert ratio.p_value < 1e-6
    assert aft.time_ratio(fit, [0.0], [1.0], 0.99).value == pytest.approx(1 / ratio.value)
    assert fit["log_scale"] == pytest.approx(np.log(0.8), abs=0.03)
    median = aft.quantile(fit, "log-normal", 0.5, [0.0], 0.99)
    assert median.low < np.exp(1.0) < median.high


def test_copies_with_shared_clusters_change_nothing_but_the_counts() -> None:
    sample = world(150, 1)
    rows = np.repeat(np.arange(150), 2)
    double = Sample.of(
        sample.time[rows], sample.event[rows], sample.covariates[rows], ["EU"],
        weight=np.full(300, 0.5), cluster=rows,
    )  # fmt: skip
    once, twice = aft.fit(sample, "weibull", robust=True), aft.fit(double, "weibull")
    np.testing.assert_allclose(once.estimate, twice.estimate, atol=1e-9)
    np.testing.assert_allclose(once.covariance, twice.covariance, rtol=1e-6)
    assert (twice.n, twice.clusters) == (300, 150)


def test_units_of_a_covariate_do_not_matter() -> None:
    sample = world(200, 2)
    far = Sample.of(sample.time, sample.event, 1e6 + 1e4 * sample.covariates, ["EU"])
    near = aft.fit(sample, "log-logistic")
    assert aft.fit(far, "log-logistic")["EU"] == pytest.approx(near["EU"] / 1e4, rel=1e-6)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize(
    ("time", "event", "why"),
    [
        ([2.0], [1], "1 events cannot give"),
        ([1.0, 2, 3], [0, 0, 0], "no spell ends"),
        ([2.0, 2, 2, 2, 1], [1, 1, 1, 1, 0], "same time"),
        ([0.0, 0, 0], [1, 1, 1], "same time"),
    ],
)
def test_traps_are_refused(name: str, time: list[float], event: list[int], why: str) -> None:
    with pytest.raises(FitError, match=why):
        aft.fit(Sample.of(time, event), name)


def test_a_region_without_event_separates() -> None:
    sample = world(60, 3)
    event = np.where(sample.covariates[:, 0] == 1, 0, sample.event)
    with pytest.raises(FitError, match="EU separates"):
        aft.fit(Sample.of(sample.time, event, sample.covariates, ["EU"]), "weibull")


def test_a_mix_of_covariates_that_separates_has_no_finite_estimate() -> None:
    random = np.random.default_rng(4)
    group = np.arange(300) % 3
    x = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])[group]
    event = (group != 1) & (random.random(300) < 0.5)
    sample = Sample.of(random.uniform(1, 3, 300), event, x, ["a", "b"])
    for name in ORACLES:
        with pytest.raises(FitError, match="flat"):
            aft.fit(sample, name)


def test_times_on_a_line_have_no_spread() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    with pytest.raises(FitError, match=r"vary around|flat|converge"):
        aft.fit(Sample.of(np.exp(0.5 + 0.2 * x), np.ones(5), x, ["x"]), "log-normal")


def test_zero_durations_are_counted_in_a_note() -> None:
    fit = aft.fit(Sample.of([0.0, 1, 2, 3, 4], [1, 1, 1, 1, 0]), "weibull")
    assert fit.note == "1 spells of zero days counted as half a day"


def test_rows_without_weight_do_not_count() -> None:
    sample = world(80, 5)
    weight = (np.arange(80) % 4 > 0).astype(float)
    part = sample.only(weight > 0)
    whole = Sample.of(sample.time, sample.event, sample.covariates, ["EU"], weight=weight)
    np.testing.assert_allclose(
        aft.fit(whole, "weibull").estimate, aft.fit(part, "weibull").estimate
    )
