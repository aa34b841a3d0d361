from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from statsmodels.duration.hazard_regression import PHReg

from gapstudy.errors import FitError
from gapstudy.measure.models import cox_kernel
from gapstudy.measure.models.cox_kernel import Ties
from gapstudy.measure.models.sample import Sample
from tests.unit.measure.models.hazard_samples import made


def fit(
    sample: Sample, ties: Ties = "efron", strata: object = None
) -> tuple[cox_kernel.Risk, cox_kernel.Point]:
    risk = cox_kernel.prepare(sample, ties=ties, strata=strata)  # type: ignore[arg-type]
    return risk, cox_kernel.maximise(risk)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("parted", [False, True])
def test_agrees_with_statsmodels(ties: Ties, late: bool, parted: bool) -> None:
    sample = made(late=late)
    strata = np.arange(sample.n) % 3 if parted else None
    _, point = fit(sample, ties, strata)
    oracle = PHReg(
        sample.time, sample.covariates, status=(sample.event > 0).astype(int), ties=ties,
        entry=sample.entry if late else None, strata=strata,
    ).fit(disp=0)  # fmt: skip
    np.testing.assert_allclose(point.beta, oracle.params, atol=1e-7)
    error = np.sqrt(np.diag(np.linalg.inv(point.information)))
    np.testing.assert_allclose(error, oracle.bse, atol=1e-7)


@pytest.mark.parametrize("late", [False, True])
def test_agrees_with_lifelines_under_weights(late: bool) -> None:
    sample = made(late=late, weighted=True)
    frame = pd.DataFrame(sample.covariates, columns=list(sample.names)).assign(
        t=sample.time, d=sample.event > 0, e=sample.entry, w=sample.weight
    )
    oracle = CoxPHFitter().fit(
        frame if late else frame.drop(columns="e"), "t", "d", weights_col="w", robust=False,
        entry_col="e" if late else None, fit_options={"precision": 1e-12},
    )  # fmt: skip
    _, point = fit(sample)
    np.testing.assert_allclose(point.beta, oracle.params_, atol=1e-6)
    error = np.sqrt(np.diag(np.linalg.inv(point.information)))
    np.testing.assert_allclose(error, oracle.standard_errors_, atol=1e-6)


def test_cluster_covariance_agrees_with_lifelines_without_ties() -> None:
    sample = made(tied=False)
    frame = pd.DataFrame(sample.covariates, columns=list(sample.names)).assign(
        t=sample.time, d=sample.event > 0, cluster=sample.cluster
    )
    oracle = CoxPHFitter().fit(
        frame, "t", "d", cluster_col="cluster", fit_options={"precision": 1e-12}
    )
    risk, point = fit(sample)
    error = np.sqrt(np.diag(cox_kernel.sandwich(risk, point, sample.cluster)))
    np.testing.assert_allclose(error, oracle.standard_errors_, atol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_score_residuals_are_derivatives_in_the_weights(ties: Ties) -> None:
    sample = made(n=60, late=True, weighted=True)
    risk, point = fit(sample, ties)
    residual = risk.residuals(point.beta)
    np.testing.assert_allclose(residual.sum(axis=0), 0.0, atol=1e-6)
    for i in (0, 7, 31):
        scores = []
        for factor in (1 + 1e-5, 1 - 1e-5):
            weight = sample.weight.copy()
            weight[i] *= factor
            changed = Sample.of(sample.time, sample.event, sample.covariates, sample.names,
                                entry=sample.entry, weight=weight)  # fmt: skip
            scores.append(cox_kernel.prepare(changed, ties=ties).at(point.beta).score)
        np.testing.assert_allclose((scores[0] - scores[1]) / 2e-5, residual[i], atol=1e-6)


def test_score_and_information_are_derivatives_of_the_likelihood() -> None:
    risk = cox_kernel.prepare(made(n=80, late=True, weighted=True))
    beta = np.array([0.3, -0.2, 0.1])
    here = risk.at(beta)
    for k in range(3):
        move = np.eye(3)[k] * 1e-5
        above, below = risk.at(beta + move), risk.at(beta - move)
        slope = (above.log_likelihood - below.log_likelihood) / 2e-5
        assert slope == pytest.approx(here.score[k], abs=1e-5)
        bend = (above.score - below.score) / 2e-5
        np.testing.assert_allclose(-bend, here.information[k], atol=1e-5)


def test_whole_weights_are_repeated_spells_under_breslow() -> None:
    sample = made(n=100)
    weight = np.random.default_rng(0).integers(0, 3, 100)
    weighted = Sample.of(sample.time, sample.event, sample.covariates, sample.names, weight=weight)
    repeated = sample.only(np.repeat(np.arange(100), weight))
    first, second = (fit(part, "breslow")[1].beta for part in (weighted, repeated))
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_order_of_rows_and_scale_of_covariates_do_not_matter() -> None:
    sample = made(late=True, weighted=True)
    mixed = sample.only(np.random.default_rng(3).permutation(sample.n))
    np.testing.assert_allclose(fit(sample)[1].beta, fit(mixed)[1].beta, atol=1e-10)
    scaled = Sample.of(sample.time, sample.event, sample.covariates * [1, 1e6, 1e-6] + 1e3,
                       sample.names, entry=sample.entry, weight=sample.weight)  # fmt: skip
    np.testing.assert_allclose(fit(scaled)[1].beta * [1, 1e6, 1e-6], fit(sample)[1].beta, rtol=1e-6)


def test_an_event_of_zero_days_counts_with_all_at_risk() -> None:
    sample = Sample.of([0, 0, 1, 2, 3], [1, 0, 1, 1, 0], [1, 0, 0, 1, 0.0], ["x"])
    shifted = Sample.of([1, 1, 2, 3, 4], [1, 0, 1, 1, 0], [1, 0, 0, 1, 0.0], ["x"])
    np.testing.assert_allclose(fit(sample)[1].beta, fit(shifted)[1].beta, atol=1e-12)


def test_strata_that_explain_a_covariate_are_named() -> None:
    sample = made(n=60)
    with pytest.raises(FitError, match="among spells at risk together: a"):
        fit(sample, strata=sample.covariates[:, 0])


def test_a_million_spells_take_seconds() -> None:
    random = np.random.default_rng(0)
    n = 1_000_000
    x = np.column_stack([random.random(n) < 0.4, random.normal(size=n)]).astype(float)
    days = np.ceil(random.exponential(2000 * np.exp(-x @ np.array([-0.4, 0.2]))))
    sample = Sample.of(np.minimum(days, 3000) / 365.25, days <= 3000, x, ["a", "b"])
    began = time.process_time()
    risk, point = fit(sample)
    assert time.process_time() - began < 30
    error = np.sqrt(np.diag(cox_kernel.sandwich(risk, point, sample.cluster)))
    assert np.all(np.abs(point.beta - [-0.4, 0.2]) < 4 * error)
