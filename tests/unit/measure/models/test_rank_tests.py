from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lifelines.datasets import load_waltons
from lifelines.statistics import multivariate_logrank_test

from gapstudy.errors import FitError
from gapstudy.measure.models.rank_tests import rank_test
from gapstudy.measure.models.sample import Sample

ORACLE: dict[str, dict[str, Any]] = {
    "log-rank": {}, "gehan": {"weightings": "wilcoxon"},
    "tarone-ware": {"weightings": "tarone-ware"}, "peto": {"weightings": "peto"},
    "fleming-harrington": {"weightings": "fleming-harrington", "p": 1, "q": 0.5},
}  # fmt: skip


@pytest.fixture(scope="module")
def tied() -> Any:
    random = np.random.default_rng(0)
    time = np.ceil(random.exponential(8, 300))
    return time, (random.random(300) < 0.7).astype(int), random.integers(0, 3, 300)


@pytest.mark.parametrize("weighting", [*ORACLE])
def test_three_groups_with_ties_agree_with_lifelines(tied: Any, weighting: Any) -> None:
    time, event, group = tied
    ours = rank_test(Sample.of(time, event), group, weighting, rho=1.0, gamma=0.5)
    oracle = multivariate_logrank_test(time, group, event, **ORACLE[weighting])
    assert ours.statistic == pytest.approx(oracle.test_statistic, abs=1e-8)
    assert ours.p_value == pytest.approx(oracle.p_value, abs=1e-8)
    assert ours.df == 2
    assert ours.score.sum() == pytest.approx(0, abs=1e-10)


def test_public_data_agree_with_lifelines() -> None:
    frame = load_waltons()
    group = (frame["group"] == "miR-137").to_numpy(np.int64)
    ours = rank_test(Sample.of(frame["T"], frame["E"]), group)
    oracle = multivariate_logrank_test(frame["T"], group, frame["E"])
    assert ours.statistic == pytest.approx(oracle.test_statistic, rel=1e-10)


def test_scores_by_hand_with_delayed_entry() -> None:
    # At 2: at risk are 0, 1 (group 0) and 2 (group 1); spell 3 enters later. At 4: 1, 2, 3.
    sample = Sample.of([2.0, 5.0, 4.0, 6.0], [1, 0, 1, 0], entry=[0, 1, 0, 3.0])
    test = rank_test(sample, np.array([0, 0, 1, 1]))
    assert test.score[0] == pytest.approx(1 - 2 / 3 - 1 / 3)
    assert test.covariance[0, 0] == pytest.approx(2 / 9 + 2 / 9)


def test_strata_add_scores_and_covariances(tied: Any) -> None:
    time, event, group = tied
    stratum = np.arange(300) % 2
    both = rank_test(Sample.of(time, event), group, strata=stratum)
    each = [rank_test(Sample.of(time, event).only(stratum == s), group[stratum == s], groups=3)
            for s in (0, 1)]  # fmt: skip
    np.testing.assert_allclose(both.score, each[0].score + each[1].score)
    np.testing.assert_allclose(both.covariance, each[0].covariance + each[1].covariance)


def test_doubling_every_spell_leaves_the_clustered_test_as_it_was(tied: Any) -> None:
    time, event, group = tied
    once = rank_test(Sample.of(time, event), group, variance="robust")
    rows = np.repeat(np.arange(300), 2)
    twice = rank_test(Sample.of(time[rows], event[rows], cluster=rows), group[rows])
    assert twice.robust
    assert twice.statistic == pytest.approx(once.statistic)
    half = rank_test(
        Sample.of(time[rows], event[rows], cluster=rows, weight=np.full(600, 0.5)), group[rows]
    )
    assert half.statistic == pytest.approx(once.statistic)
    assert rank_test(Sample.of(time, event), group).statistic == pytest.approx(
        once.statistic, rel=0.1
    )


def test_influences_of_the_score_add_up_to_it(tied: Any) -> None:
    time, event, group = tied
    entry = np.where(np.arange(300) % 3 == 0, time / 2, 0.0)
    sample = Sample.of(time, event, entry=entry, cluster=np.zeros(300))
    test = rank_test(sample, group)
    # One cluster holds all: its squared sum is the squared score.
    np.testing.assert_allclose(test.covariance, np.outer(test.score, test.score), atol=1e-8)


def test_traps() -> None:
    empty = rank_test(Sample.of([1.0, 2.0, 3.0], [0, 0, 0]), np.array([0, 1, 1]))
    assert empty.df == 0
    assert np.isnan(empty.p_value)
    one_sided = rank_test(Sample.of([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    assert one_sided.df == 0  # no event while both are at risk
    zero = rank_test(Sample.of(np.zeros(6), [1, 0, 1, 1, 0, 0]), np.array([0, 0, 0, 1, 1, 1]))
    assert zero.score[0] == pytest.approx(0.5)
    no_event = rank_test(Sample.of([1.0, 2, 3, 4, 5, 6], [1, 0, 1, 0, 1, 0]), np.array([0, 1] * 3))
    assert 0 < no_event.p_value < 1
    with pytest.raises(FitError, match="one group"):
        rank_test(Sample.of([1.0], [1]), np.array([0]))
    with pytest.raises(FitError, match="no rank test"):
        rank_test(Sample.of([1.0, 2.0], [1, 1]), np.array([0, 1]), "cox")  # type: ignore[arg-type]


def test_size_under_equality() -> None:
    random = np.random.default_rng(3)
    rejected = {"model": 0, "robust": 0}
    for _ in range(200):
        time, end = random.exponential(5, 90), random.uniform(2, 9, 90)
        sample = Sample.of(np.minimum(time, end), time <= end)
        for kind in ("model", "robust"):
            test = rank_test(sample, np.arange(90) % 3, variance=kind)
            rejected[kind] += test.p_value < 0.05
    # 200 worlds: a rate of 5% gives 2 to 20 rejections in 99.8% of such tests.
    assert 2 <= rejected["model"] <= 20
    assert 2 <= rejected["robust"] <= 22
