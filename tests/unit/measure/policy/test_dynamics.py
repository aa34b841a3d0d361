from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from gapstudy.measure.policy import dynamics
from gapstudy.measure.policy.rules import MONTH, Rules

from .test_within import dummies
from .worlds import DATE, made

RULES = Rules(bin=6.0, min_bin=3, min_cell=8)


def test_steps_are_least_squares_against_the_step_before() -> None:
    panel = made(1, 1.0, products=120, drop=0.1)
    steps, _ = dynamics.study(panel, 0, DATE, RULES)
    at = np.floor((panel.day - DATE) / MONTH / 6)
    bins = sorted({b for b in at[panel.market == 0] if b != -1})
    x = np.stack([(panel.market == 0) & (at == b) for b in bins], axis=1).astype(float)
    oracle = sm.OLS(panel.y[0], np.hstack([x, dummies(panel)])).fit()
    shown = {step.start / 6: step.effect for step in steps if step.effect}
    assert len(shown) >= 3
    for b, one in shown.items():
        assert one.estimate == pytest.approx(oracle.params[bins.index(b)], abs=1e-7)
    assert [step.note for step in steps if step.start == -6] == ["reference"]


def test_a_step_with_few_products_is_not_shown() -> None:
    panel = made(2, products=20)
    steps, _ = dynamics.study(panel, 0, DATE, RULES)
    assert all(step.effect is None for step in steps if step.products < 3)
    assert any("fewer than 3" in step.note for step in steps)


def test_without_launches_in_the_reference_nothing_is_estimated() -> None:
    panel = made(3)
    panel = panel.only((panel.day < DATE - 200) | (panel.day >= DATE))
    steps, joint = dynamics.study(panel, 0, DATE, RULES)
    assert joint.effect is None
    assert all(step.effect is None for step in steps)


def test_the_slope_is_the_trend_and_passes_without_one() -> None:
    trends = [dynamics.slope(made(i, trend=1.5, products=120), 0, DATE, RULES).effect
              for i in range(40)]  # fmt: skip
    values = np.array([one.estimate for one in trends if one])
    assert abs(values.mean() - 1.5) < 3.5 * values.std(ddof=1) / np.sqrt(len(values))
    still = [dynamics.slope(made(i, products=120), 0, DATE, RULES).effect for i in range(40)]
    assert np.mean([one.p_value < 0.05 for one in still if one]) < 0.2


def test_the_joint_check_finds_a_trend_and_seldom_finds_none() -> None:
    def rejects(trend: float) -> float:
        made_ = [dynamics.study(made(i, trend=trend, products=150), 0, DATE, RULES)[1]
                 for i in range(60)]  # fmt: skip
        return float(np.mean([check.effect.p_value < 0.05 for check in made_ if check.effect]))

    assert rejects(0.0) < 0.18
    assert rejects(5.0) > 0.9


def test_a_date_a_year_too_early_needs_products_on_both_sides() -> None:
    panel = made(4, products=120)
    assert dynamics.early_date(panel, 0, DATE, RULES).effect is not None
    few = dynamics.early_date(panel, 0, 18_100.0, RULES)
    assert few.effect is None
    assert "fewer than 8" in few.note
    assert dynamics.slope(panel, 0, 18_020.0, RULES).note
