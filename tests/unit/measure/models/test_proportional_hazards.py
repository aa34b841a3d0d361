from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi
from lifelines.statistics import proportional_hazard_test

from gapstudy.errors import FitError
from gapstudy.measure.models.cox import cox
from gapstudy.measure.models.proportional_hazards import (
    TRANSFORMS,
    Transform,
    band_names,
    piecewise,
    proportional_test,
)
from gapstudy.measure.models.sample import Sample
from tests.unit.measure.models.hazard_samples import TRAPS, made


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_agrees_with_lifelines(transform: Transform) -> None:
    sample = made(tied=False)
    frame = pd.DataFrame(sample.covariates, columns=list(sample.names)).assign(
        t=sample.time, d=sample.event > 0
    )
    fitted = CoxPHFitter().fit(frame, "t", "d", fit_options={"precision": 1e-12})
    oracle = proportional_hazard_test(fitted, frame, time_transform=transform)
    ours = proportional_test(sample, transform=transform)
    np.testing.assert_allclose(ours.statistic, oracle.test_statistic, atol=1e-6)
    np.testing.assert_allclose(ours.p_value, oracle.p_value, atol=1e-6)


@pytest.mark.parametrize("transform", ["km", "log", "identity"])
def test_agrees_with_lifelines_on_public_data_with_ties(transform: Transform) -> None:
    # Ranks of ties differ: lifelines counts them in the order of the rows.
    frame = load_rossi()[["week", "arrest", "fin", "age", "prio"]]
    names = ["fin", "age", "prio"]
    fitted = CoxPHFitter().fit(frame, "week", "arrest", fit_options={"precision": 1e-12})
    oracle = proportional_hazard_test(fitted, frame, time_transform=transform)
    sample = Sample.of(frame["week"], frame["arrest"], frame[names], names)
    ours = proportional_test(sample, transform=transform)
    np.testing.assert_allclose(ours.statistic, oracle.test_statistic, atol=1e-6)


def test_overall_is_the_one_statistic_of_one_covariate() -> None:
    sample = made(late=True, weighted=True)
    one = Sample.of(sample.time, sample.event, sample.covariates[:, 0], ["a"],
                    entry=sample.entry, weight=sample.weight)  # fmt: skip
    test = proportional_test(one)
    assert test.overall == pytest.approx(test.statistic[0])
    assert test.overall_p == pytest.approx(test.p_value[0])
    assert proportional_test(sample).overall_p < 1


def test_a_changing_hazard_ratio_is_found() -> None:
    random = np.random.default_rng(5)
    group = np.arange(1500) < 700
    total = random.exponential(1.0, 1500)
    time = np.where(total < 0.3, total / np.where(group, 0.3, 0.1),
                    np.where(group, 1.0, 3.0) + (total - 0.3) / 0.1)  # fmt: skip
    sample = Sample.of(np.minimum(time, 12), time < 12, group.astype(float), ["EU"])
    test = proportional_test(sample)
    assert test.p_value[0] < 1e-3
    assert test.slope["EU"] < 0


def test_events_at_one_time_cannot_be_tested() -> None:
    sample = Sample.of([2.0] * 4 + [3.0] * 2, [1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 0, 1.0], ["x"])
    with pytest.raises(FitError, match="one time"):
        proportional_test(sample)


@pytest.mark.parametrize(("sample", "words"), TRAPS)
def test_traps_are_refused(sample: Sample, words: str) -> None:
    with pytest.raises(FitError, match=words):
        proportional_test(sample)


def test_splitting_spells_changes_nothing_by_itself() -> None:
    sample = made(late=True, weighted=True)
    split = piecewise(sample, ["a"], [1.0, 4.0])
    assert split.names == ("b", "c", "a 0-1", "a 1-4", "a 4-")
    joined = Sample.of(
        split.time, split.event,
        np.column_stack([split.covariates[:, 2:].sum(axis=1), split.covariates[:, :2]]),
        sample.names, entry=split.entry, weight=split.weight, cluster=split.cluster,
    )  # fmt: skip
    whole, parts = cox(sample, engine="kernel"), cox(joined, engine="kernel")
    np.testing.assert_allclose(whole.estimate, parts.estimate, atol=1e-9)
    np.testing.assert_allclose(whole.covariance, parts.covariance, atol=1e-9)
    assert split.events == sample.events


def test_piecewise_effects_are_those_of_the_pieces() -> None:
    sample = made(n=600)
    fit = cox(piecewise(sample, ["a", "b", "c"], [2.0]), engine="kernel")
    late = sample.time > 2
    rest = Sample.of(sample.time[late], sample.event[late], sample.covariates[late], sample.names,
                     entry=np.full(int(late.sum()), 2.0))  # fmt: skip
    alone = cox(rest, engine="kernel")
    for name in sample.names:
        assert fit[f"{name} 2-"] == pytest.approx(alone[name], abs=1e-9)


def test_bad_pieces_are_refused() -> None:
    sample = made(n=20)
    with pytest.raises(FitError, match="ascend"):
        piecewise(sample, ["a"], [3.0, 2.0])
    with pytest.raises(FitError, match="ascend"):
        piecewise(sample, ["a"], [])
    with pytest.raises(FitError, match="no covariate is called d"):
        piecewise(sample, ["d"], [3.0])
    assert band_names([3.0, 5.5]) == ["0-3", "3-5.5", "5.5-"]
