"""Gray's test against the published output of the R package cmprsk, written by Gray himself.

The package's own test (cran/cmprsk, tests/test.R with tests/test.Rout.save) draws its data from a
generator of early versions of R with a stated seed, which is written out below, and prints the
statistics.
"""

from __future__ import annotations

from math import factorial, log
from typing import Any

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models.gray import gray_test
from gapstudy.measure.models.rank_tests import rank_test
from gapstudy.measure.models.sample import Sample

_WORD = 0xFFFFFFFF
_UNIT = 2.328306437080797e-10
_Q = np.cumsum([log(2) ** i / factorial(i) for i in range(1, 17)])


class _Multicarry:
    """Marsaglia's multiply-with-carry generator as R seeds it, with R's exponential variates."""

    def __init__(self, seed: int) -> None:
        words = []
        for step in range(52):
            seed = (69069 * seed + 1) & _WORD
            if step >= 50:
                words.append(seed)
        self.a, self.b = words

    def uniform(self) -> float:
        self.a = (36969 * (self.a & 0xFFFF) + (self.a >> 16)) & _WORD
        self.b = (18000 * (self.b & 0xFFFF) + (self.b >> 16)) & _WORD
        return (((self.a << 16) & _WORD) ^ (self.b & 0xFFFF)) * _UNIT

    def exponential(self) -> float:
        """Ahrens and Dieter (1972)."""
        whole, u = 0.0, self.uniform()
        while (u := u + u) <= 1:
            whole += _Q[0]
        u -= 1
        if u <= _Q[0]:
            return float(whole + u)
        smallest, i = self.uniform(), 0
        while True:
            smallest, i = min(smallest, self.uniform()), i + 1
            if u <= _Q[i]:
                return float(whole + smallest * _Q[0])


@pytest.fixture(scope="module")
def published() -> Any:
    random = _Multicarry(2)
    time = np.array([random.exponential() for _ in range(100)])
    group, cause, stratum = (
        np.array([int(size * random.uniform()) for _ in range(100)]) for size in (3, 3, 2)
    )
    return time, group, cause, stratum


@pytest.mark.parametrize(
    ("cause", "statistic", "p_value"), [(1, 3.393977, 0.1832345), (2, 1.989511, 0.3698139)]
)
def test_stratified_test_agrees_with_cmprsk(
    published: Any, cause: int, statistic: float, p_value: float
) -> None:
    time, group, kind, stratum = published
    test = gray_test(Sample.of(time, kind), group, cause, strata=stratum)
    assert test.statistic == pytest.approx(statistic, abs=5e-7)
    assert test.p_value == pytest.approx(p_value, abs=5e-8)
    assert test.df == 2


@pytest.mark.parametrize(("cause", "statistic"), [(1, 3.5151549), (2, 0.1400145)])
def test_two_groups_agree_with_cmprsk(published: Any, cause: int, statistic: float) -> None:
    time, group, kind, stratum = published
    use = group != 1
    sample = Sample.of(time[use], kind[use])
    test = gray_test(sample, group[use] // 2, cause, strata=stratum[use])
    assert test.statistic == pytest.approx(statistic, abs=5e-7)


def test_robust_covariance_is_near_the_model_one_under_equality() -> None:
    random = np.random.default_rng(5)
    time, end = random.exponential(4, 4000), random.uniform(1, 9, 4000)
    kind = np.where(time <= end, random.integers(1, 3, 4000), 0)
    sample, group = Sample.of(np.minimum(time, end), kind), np.arange(4000) % 3
    model, robust = (gray_test(sample, group, 1, variance=v) for v in ("model", "robust"))
    np.testing.assert_allclose(robust.covariance, model.covariance, rtol=0.08, atol=6)
    rows = np.repeat(np.arange(4000), 2)
    twice = gray_test(
        Sample.of(sample.time[rows], kind[rows], cluster=rows, weight=np.full(8000, 0.5)),
        group[rows], 1,
    )  # fmt: skip
    assert twice.statistic == pytest.approx(robust.statistic)


def test_without_competing_events_and_censoring_it_is_near_the_log_rank_test() -> None:
    random = np.random.default_rng(6)
    time, group = random.exponential(1 + np.arange(400) % 2 * 0.3), np.arange(400) % 2
    sample = Sample.of(time, np.ones(400, int))
    gray, rank = gray_test(sample, group), rank_test(sample, group)
    np.testing.assert_allclose(gray.score, rank.score, atol=1e-9)
    assert gray.statistic == pytest.approx(rank.statistic, rel=0.1)


def test_it_sees_shares_and_not_hazards() -> None:
    random = np.random.default_rng(7)
    rejected = {"gray": 0, "hazard": 0}
    for _ in range(100):
        group = np.arange(240) % 2
        home = random.random(240) < 0.4
        other = np.where(group == 1, 1.0, 8.0)
        time = np.where(home, random.exponential(3.0, 240), random.exponential(other))
        end = random.uniform(1, 10, 240)
        sample = Sample.of(
            np.minimum(time, end), np.where(time <= end, np.where(home, 1, 2), 0)
        )  # fmt: skip
        rejected["gray"] += gray_test(sample, group).p_value < 0.05
        rejected["hazard"] += rank_test(sample, group, cause=1).p_value < 0.05
    assert rejected["gray"] <= 12
    assert rejected["hazard"] >= 60


def test_delayed_entry_and_traps() -> None:
    random = np.random.default_rng(8)
    time = random.exponential(4, 200) + 0.1
    sample = Sample.of(time, random.integers(0, 3, 200), entry=time * (np.arange(200) % 4 == 0) / 2)
    test = gray_test(sample, np.arange(200) % 2)
    assert 0 < test.p_value < 1
    assert test.score.sum() == pytest.approx(0, abs=1e-9)
    nothing = gray_test(Sample.of([1.0, 2.0], [0, 0]), np.array([0, 1]))
    assert np.isnan(nothing.p_value)
    other = gray_test(Sample.of([1.0, 2.0, 3.0], [2, 2, 0]), np.array([0, 1, 1]))
    assert np.isnan(other.p_value)
    with pytest.raises(FitError, match="one group"):
        gray_test(Sample.of([1.0], [1]), np.array([0]))
