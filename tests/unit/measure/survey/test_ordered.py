"""Ordered logit: a known odds ratio comes back, a second calculation agrees, traps are refused."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from gapstudy.errors import FitError
from gapstudy.measure.survey import ordered
from gapstudy.survey.questionnaire import questionnaire
from gapstudy.survey.synthetic import responses

CUTS = np.array([-1.4, -0.3, 0.6, 1.8])


def draw(
    n: int, beta: float, seed: int, cuts: NDArray[np.float64] = CUTS
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    rng = np.random.default_rng(seed)
    inside = rng.random(n) < 0.4
    latent = beta * inside + rng.logistic(size=n)
    return 1 + (latent[:, None] > cuts).sum(axis=1), pd.DataFrame({"US": inside.astype(float)})


def second(answer: NDArray[np.int64], x: NDArray[np.float64]) -> tuple[float, float]:
    """Coefficient and log likelihood by minimising the likelihood written out anew."""
    levels = np.unique(answer)
    codes = np.searchsorted(levels, answer)

    def loss(at: NDArray[np.float64]) -> float:
        ends = np.concatenate([[-np.inf], at[1] + np.cumsum([0, *np.exp(at[2:])]), [np.inf]])
        up, down = ends[codes + 1] - at[0] * x, ends[codes] - at[0] * x
        chance = stats.logistic.cdf(up) - stats.logistic.cdf(down)
        return -float(np.log(np.maximum(chance, 1e-300)).sum())

    start = np.array([0.0, -1.0, *np.zeros(len(levels) - 2)])
    found = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-6})
    return float(found.x[0]), -float(found.fun)


@pytest.mark.parametrize("seed", range(4))
def test_a_second_calculation_agrees(seed: int) -> None:
    answer, design = draw(150, 0.8, seed)
    fitted = ordered.fit(answer, design)
    beta, likelihood = second(answer, design["US"].to_numpy())
    assert fitted.coefficient[0] == pytest.approx(beta, abs=1e-4)
    assert fitted.log_likelihood == pytest.approx(likelihood, abs=1e-5)


def test_with_two_answers_it_is_the_odds_ratio_of_a_table() -> None:
    answer = np.repeat([1, 2, 1, 2], [30, 20, 15, 35])
    design = pd.DataFrame({"US": np.repeat([0.0, 1.0], 50)})
    row = ordered.summary(ordered.fit(answer, design), "US", 0.95)
    assert row["odds_ratio"] == pytest.approx((35 / 15) / (20 / 30), rel=1e-4)
    error = np.sqrt(1 / 30 + 1 / 20 + 1 / 15 + 1 / 35)  # Woolf
    assert row["high"] - row["low"] == pytest.approx(2 * 1.959964 * error, rel=1e-3)


def test_a_known_odds_ratio_is_recovered() -> None:
    worlds = [ordered.summary(ordered.fit(*draw(200, -0.7, seed)), "US", 0.95)
              for seed in range(120)]  # fmt: skip
    estimates = np.array([world["estimate"] for world in worlds])
    error = estimates.std(ddof=1) / np.sqrt(len(worlds))
    assert abs(estimates.mean() + 0.7) < 3 * error + 0.01  # small-sample bias is about 1%
    covered = sum(world["low"] <= -0.7 <= world["high"] for world in worlds)
    assert 107 <= covered <= 120  # 99.9% of draws of a binomial of 0.95


def test_the_synthetic_responses_hold_their_truth() -> None:
    form = questionnaire()
    made = pd.DataFrame(responses(form, 3000, 2))
    item = made["law_clarity"]
    known = item.notna() & (item != "na")
    design = pd.DataFrame({c: (made["country"] == c).astype(float) for c in ("US", "CN")})[known]
    fitted = ordered.fit(item[known].astype(int), design)
    for beta, error, truth in zip(fitted.coefficient, fitted.error, (-0.8, -0.4), strict=True):
        assert abs(beta - truth) < 3.5 * error


def test_proportional_odds_are_tested() -> None:
    held, broken = [], []
    for seed in range(60):
        answer, design = draw(300, 0.5, seed)
        held.append(ordered.parallel_p(answer, design["US"], ordered.fit(answer, design)))
        rng = np.random.default_rng(seed)
        inside = rng.random(300) < 0.5
        # Both ends are more frequent inside: no shift can say that.
        both = np.where(inside, rng.choice(5, 300, p=[0.35, 0.1, 0.1, 0.1, 0.35]),
                        rng.choice(5, 300, p=[0.1, 0.2, 0.4, 0.2, 0.1]))  # fmt: skip
        design = pd.DataFrame({"US": inside.astype(float)})
        broken.append(ordered.parallel_p(both, design["US"], ordered.fit(both, design)))
    assert np.mean(np.array(held) < 0.05) <= 0.15
    assert np.mean(np.array(broken) < 0.05) >= 0.95


@pytest.mark.parametrize(
    ("answer", "inside", "message"),
    [
        ([3] * 40, [0, 1] * 20, "same answer"),
        ([1, 2, 3, 4] * 5 + [5] * 20, [0] * 20 + [1] * 20, "separated"),
        ([2, 3, 4, 5] * 5 + [1] * 20, [0] * 20 + [1] * 20, "separated"),
        ([1, 2] * 10 + [4, 5] * 10, [0] * 20 + [1] * 20, "separated"),
        ([1, 2, 3, 4] * 10, [1] * 40, "collinear"),
    ],
)  # fmt: skip
def test_what_is_not_identified_is_refused(
    answer: list[int], inside: list[int], message: str
) -> None:
    with pytest.raises(FitError, match=message):
        ordered.fit(answer, pd.DataFrame({"US": np.array(inside, dtype=float)}))
