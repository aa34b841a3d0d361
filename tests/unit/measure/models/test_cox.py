from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi
from scipy import optimize

from gapstudy.errors import FitError
from gapstudy.measure.models import cox_kernel
from gapstudy.measure.models.cox import cox
from gapstudy.measure.models.firth import FirthFit, join
from gapstudy.measure.models.sample import Fit, Sample
from tests.unit.measure.models.hazard_samples import TRAPS, made, with_columns


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("parted", [False, True])
def test_both_engines_give_one_answer(late: bool, parted: bool) -> None:
    sample = made(late=late)
    strata = np.arange(sample.n) % 3 if parted else None
    first = cox(sample, strata=strata)
    second = cox(sample, strata=strata, engine="kernel")
    np.testing.assert_allclose(first.estimate, second.estimate, atol=1e-7)
    np.testing.assert_allclose(first.covariance, second.covariance, atol=1e-7)
    assert (first.n, first.events) == (sample.n, sample.events)


def test_agrees_with_lifelines_on_public_data() -> None:
    frame = load_rossi()
    names = ["fin", "age", "prio", "race"]
    sample = Sample.of(frame["week"], frame["arrest"], frame[names], names)
    oracle = CoxPHFitter().fit(
        frame[["week", "arrest", *names]], "week", "arrest", fit_options={"precision": 1e-12}
    )
    fit = cox(sample, robust=False)
    np.testing.assert_allclose(fit.estimate, oracle.params_[names], atol=1e-6)
    np.testing.assert_allclose(fit.error, oracle.standard_errors_[names], atol=1e-6)
    assert fit.log_likelihood == pytest.approx(oracle.log_likelihood_, abs=1e-6)


def test_weights_go_to_the_kernel_and_say_so() -> None:
    fit = cox(made(weighted=True))
    assert "PHReg takes none" in fit.note
    assert cox(made()).note == ""


def test_only_the_kind_that_is_asked_for_counts() -> None:
    sample = made()
    other = Sample.of(sample.time, sample.event == 2, sample.covariates, sample.names)
    np.testing.assert_allclose(
        cox(sample, kind=2).estimate, cox(other, engine="kernel").estimate, atol=1e-7
    )


@pytest.mark.parametrize("engine", ["statsmodels", "kernel"])
@pytest.mark.parametrize(("sample", "words"), TRAPS)
def test_traps_are_refused_by_name(sample: Sample, words: str, engine: str) -> None:
    with pytest.raises(FitError, match=words):
        cox(sample, engine=engine)  # type: ignore[arg-type]


def test_more_coefficients_than_clusters_are_refused() -> None:
    sample = made()
    alone = Sample.of(sample.time, sample.event, sample.covariates, sample.names,
                      cluster=np.arange(sample.n) % 3)  # fmt: skip
    with pytest.raises(FitError, match="3 clusters are too few"):
        cox(alone)


def test_one_time_for_all_is_no_trouble() -> None:
    sample = Sample.of([2.0] * 6, [1, 0, 1, 1, 0, 0], [0, 1, 1, 0, 1, 0.0], ["x"])
    fit = cox(sample)
    assert np.isfinite(fit.estimate).all()


def separated(n: int = 60) -> Sample:
    sample = made(n)
    group = np.arange(n) < n // 3
    return Sample.of(
        sample.time,
        np.where(group, 0, sample.event > 0),
        np.column_stack([group, sample.covariates[:, 2]]),
        ["region", "c"],
    )


def test_firth_maximises_the_penalised_likelihood() -> None:
    sample = separated()
    fit = cox(sample, firth=True)
    risk = cox_kernel.prepare(sample)

    def loss(beta: np.ndarray) -> float:
        point = risk.at(beta)
        return -point.log_likelihood - float(np.linalg.slogdet(point.information)[1]) / 2

    best = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead",
                             options={"xatol": 1e-9, "fatol": 1e-13})  # fmt: skip
    np.testing.assert_allclose(fit.estimate, best.x, atol=1e-5)
    assert "Firth" in fit.note


def test_firth_profile_ends_where_the_likelihood_has_dropped() -> None:
    fit = cox(separated(), firth=True)
    assert isinstance(fit, FirthFit)
    low, high = fit.interval(0.95)
    for end in (low[0], high[0]):
        assert abs(fit.root(0, end)) == pytest.approx(1.959964, abs=1e-4)
    assert low[0] < fit.estimate[0] < high[0] < 0
    assert fit.p_value[0] < 0.05


def test_firth_of_one_group_without_events_is_known() -> None:
    # Ten events among the others at distinct times, none in a group that stays at risk: with r
    # risk of the group and k others left, L* = prod 1 / (k + r m) times the root of I.
    time = np.append(np.arange(1.0, 11.0), [20.0] * 5)
    sample = Sample.of(time, time < 15, (time > 15).astype(float), ["region"])
    fit = cox(sample, firth=True)
    left = 10 - np.arange(10)

    def loss(beta: float) -> float:
        share = 5 * np.exp(beta) / (left + 5 * np.exp(beta))
        return float(
            np.log(left + 5 * np.exp(beta)).sum() - 0.5 * np.log((share * (1 - share)).sum())
        )

    best = optimize.minimize_scalar(loss, bounds=(-12, 0), method="bounded",
                                    options={"xatol": 1e-10})  # fmt: skip
    assert fit["region"] == pytest.approx(best.x, abs=1e-5)


def test_joined_profiles_of_equal_fits_are_that_fit() -> None:
    fit = cox(separated(), firth=True)
    assert isinstance(fit, FirthFit)
    joined = join([fit, fit, fit], "region", 0.95)
    low, high = fit.interval(0.95)
    assert joined.estimate == pytest.approx(fit.estimate[0])
    assert (joined.low, joined.high) == pytest.approx((low[0], high[0]), abs=1e-5)
    assert joined.p_value == pytest.approx(fit.p_value[0], rel=1e-6)


def test_firth_is_not_used_where_the_estimate_is_finite() -> None:
    plain: Fit = cox(made(), engine="kernel", firth=True)
    assert not isinstance(plain, FirthFit)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 2), st.floats(-3, 3), st.floats(-3, 3)),
        min_size=1, max_size=25,
    )
)  # fmt: skip
def test_any_small_sample_gives_a_finite_answer_or_a_reason(
    rows: list[tuple[int, int, float, float]],
) -> None:
    time, event, a, b = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    sample = Sample.of(time, event.astype(int), np.column_stack([a, b]), ["a", "b"])
    fit, reason = None, ""
    try:
        fit = cox(sample, engine="kernel")
    except FitError as error:
        reason = error.remedy
    assert reason if fit is None else np.isfinite(fit.covariance).all()


def test_a_column_beside_a_separated_one_is_not_blamed() -> None:
    sample = made(n=90)
    x = np.column_stack([np.arange(90) < 20, sample.covariates[:, 2]]).astype(float)
    quiet = Sample.of(sample.time, np.where(x[:, 0] > 0, 0, sample.event), x, ["quiet", "c"])
    with pytest.raises(FitError, match="estimate for quiet:"):
        cox(quiet)
    fit = cox(with_columns(sample, x, ("quiet", "c")))
    assert np.isfinite(fit.estimate).all()
