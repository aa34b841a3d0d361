from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from gapstudy.measure.intervals import (
    Share,
    difference_interval,
    difference_p,
    effective_n,
    p_from_interval,
    quantile,
    wilson,
)


def share(events: int, n: int) -> Share:
    return Share(np.array([events / n]), np.array([float(n)]), np.array([np.inf]))


@pytest.mark.parametrize(("events", "n"), [(0, 20), (3, 40), (20, 20), (77, 200)])
def test_wilson_agrees_with_statsmodels(events: int, n: int) -> None:
    low, high = proportion_confint(events, n, method="wilson")
    ours = wilson(events / n, n, quantile(0.95))
    np.testing.assert_allclose([ours.low, ours.high], [low, high], atol=1e-10)


@pytest.mark.parametrize(("a", "b"), [((0, 63), (12, 211)), ((5, 40), (9, 50))])
def test_difference_agrees_with_newcombe(a: tuple[int, int], b: tuple[int, int]) -> None:
    expected = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff")
    ours = difference_interval(share(*a), share(*b), 0.0, 0.95)
    np.testing.assert_allclose([ours.low[0], ours.high[0]], expected, atol=1e-10)


@given(
    st.integers(0, 40), st.integers(0, 40), st.floats(-0.9, 0.9), st.sampled_from([0.9, 0.95, 0.99])
)
def test_p_value_and_interval_never_disagree(
    first: int, second: int, rho: float, confidence: float
) -> None:
    a, b = share(first, 40), share(second, 40)
    ends = difference_interval(a, b, rho, confidence)
    p = difference_p(a, b, rho).item()
    if first == second:
        assert p == 1.0
    elif abs(p - (1 - confidence)) > 1e-5:
        assert (p < 1 - confidence) == (ends.low[0] > 0 or ends.high[0] < 0)


def test_no_event_leaves_an_interval_with_width() -> None:
    ends = share(0, 63).interval(0.95)
    assert ends.low[0] == 0
    assert 0.05 < ends.high[0] < 0.07


def test_effective_n_is_the_sample_size_of_a_binomial_variance() -> None:
    assert effective_n(0.2, 0.2 * 0.8 / 50, 60) == pytest.approx(50)
    assert effective_n(0.0, 0.0, 37) == 37
    assert effective_n(0.001, 1e-9, 37) == 37  # one result of tiny weight is not a big sample


def test_p_from_interval_is_the_level_at_the_end_of_the_interval() -> None:
    assert p_from_interval(0.1, 0.05, 0.5, 0.5) == pytest.approx(0.05, abs=1e-6)
    assert p_from_interval(0.1, 0.05, 0.5, 0.05) == pytest.approx(0.05, abs=1e-6)
    assert np.isnan(p_from_interval(0.1, 0.05, float("nan"), 0.5))
    assert p_from_interval(0.1, 0.05, 0.5, 0.1) == 1.0
