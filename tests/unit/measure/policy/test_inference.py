from __future__ import annotations

import numpy as np
import pytest

from gapstudy.measure.policy import few_treated, power, randomisation, within
from gapstudy.measure.policy.wild import WEBB, Wild

from .test_within import dummies
from .worlds import DATE, made


def test_placebos_are_the_estimates_of_each_market_and_day() -> None:
    panel = made(1, 1.0)
    found = randomisation.placebos(panel, 0, DATE, 8)
    assert (found.market[0], found.day[0]) == (0, DATE)
    for k in (0, 3, len(found.day) - 1):
        one = within.effect(panel, int(found.market[k]), float(found.day[k]), "maker", 0.95)
        assert found.estimate[k] == pytest.approx(one.estimate)
        assert found.t[k] == pytest.approx(one.estimate / one.error)
        sides = panel.sides(int(found.market[k]), float(found.day[k]))
        assert sides == (found.before[k], found.after[k])
    assert min(found.before.min(), found.after.min()) >= 8


def test_days_that_divide_the_launches_alike_count_once() -> None:
    panel = made(1)
    found = randomisation.placebos(panel, 0, DATE, 8)
    seen = {
        panel.treatment(int(m), float(d)).tobytes()
        for m, d in zip(found.market, found.day, strict=True)
    }
    assert len(seen) == len(found.day)


def test_kinds_of_placebos() -> None:
    found = randomisation.placebos(made(1), 0, DATE, 8)
    dates, markets, both = (found.inside(kind) for kind in ("dates", "markets", "both"))
    assert set(found.market[dates]) == {0}
    assert set(found.day[markets]) == {DATE}
    assert len(both) == len(found.day) > len(dates) > 0


def test_p_value_counts_the_true_one_and_ties() -> None:
    assert randomisation.p_value(np.array([2.0, 1.0, -2.0, 3.0]), 0) == 0.75
    assert randomisation.p_value(np.array([5.0, 1.0, -2.0, 3.0]), 0) == 0.25


def test_the_interval_holds_what_the_ranks_do_not_reject() -> None:
    panel = made(2, 1.5)
    found = randomisation.placebos(panel, 0, DATE, 8)
    chosen = found.inside("both")
    low, high = randomisation.interval(found, chosen, 0.95)
    assert low < found.estimate[0] < high
    d = panel.treatment(0, DATE)
    for effect, rejected in ((low - 0.01, True), (low + 0.01, False), (high + 0.01, True)):
        moved = type(panel)(panel.y - effect * d, panel.product, panel.market, panel.day,
                            panel.maker, panel.markets)  # fmt: skip
        p = randomisation.p_value(randomisation.placebos(moved, 0, DATE, 8).estimate, 0)
        assert (p <= 0.05) == rejected


def test_too_few_placebos_give_no_interval() -> None:
    found = randomisation.placebos(made(2), 0, DATE, 8)
    assert np.isnan(randomisation.interval(found, found.inside("markets"), 0.95)).all()


def test_ranks_of_drawn_dates_keep_their_size() -> None:
    random, rejected = np.random.default_rng(0), []
    for seed in range(150):
        panel = made(seed, products=40, drop=0.0)
        dates = randomisation.placebos(panel, 0, DATE, 5).day
        day = float(random.choice(dates[1:]))
        found = randomisation.placebos(panel, 0, day, 5)
        chosen = found.inside("both")
        rejected.append(randomisation.p_value(found.estimate[chosen], 0) <= 0.1)
    assert 0.03 < np.mean(rejected) < 0.19


def test_conley_taber_compares_with_the_controls() -> None:
    panel = made(3, 1.0, drop=0.0)
    few = few_treated.conley_taber(panel, 0, DATE, 0.95)
    assert len(few.differences) == 3
    assert np.isnan(few.low)
    assert few.p_value in (0.25, 0.5, 0.75, 1.0)
    few = few_treated.conley_taber(panel, 0, DATE, 0.75)
    half = np.abs(few.differences).max()
    assert (few.low, few.high) == pytest.approx((few.estimate - half, few.estimate + half))


def test_the_bootstrap_statistic_is_that_of_refitting() -> None:
    panel = made(4, 0.5)
    d, null = panel.treatment(0, DATE), 0.2
    boot = Wild(panel, 0, DATE, "maker", 3, [1])
    fixed = dummies(panel)
    y = panel.y[0] - null * d
    fitted = fixed @ np.linalg.lstsq(fixed, y, rcond=None)[0]
    group = within.codes(panel, "maker")
    for b in range(3):
        star = fitted + (y - fitted) * boot._webb[:, b][group]
        again = type(panel)(star[None], panel.product, panel.market, panel.day, panel.maker,
                            panel.markets)  # fmt: skip
        beta, covariance, clusters = within.coefficients(again, d[:, None], "maker")
        factor = within.correction(within.Sweep(panel), len(d), clusters, "maker")
        t = abs(beta[0, 0]) / np.sqrt(covariance[0, 0, 0] / factor) / boot.square
        assert boot._t(null, boot._webb)[b] * boot.square == pytest.approx(t * boot.square)


def test_webb_weights_have_mean_zero_and_variance_one() -> None:
    assert WEBB.mean() == pytest.approx(0)
    assert np.square(WEBB).mean() == pytest.approx(1)


def test_the_bootstrap_interval_inverts_its_test() -> None:
    boot = Wild(made(5, 0.8), 0, DATE, "maker", 399, [2])
    low, high = boot.interval(0.95, 0.3)
    assert low < boot.estimate < high
    for end, step in ((low, -1), (high, 1)):
        assert boot.p_value(end + 0.01 * step) <= 0.05
        assert boot.p_value(end - 0.01 * step) > 0.05


def test_with_one_treated_cluster_the_bootstrap_overlooks_a_plain_effect() -> None:
    panel = made(6, 1.5, markets=20, drop=0.0)
    assert within.effect(panel, 0, DATE, "maker", 0.95).p_value < 1e-4
    assert Wild(panel, 0, DATE, "market", 399, [3]).p_value() > 0.05
    assert Wild(panel, 0, DATE, "maker", 399, [3]).p_value() < 0.05


def test_the_smallest_detectable_effect_falls_with_more_products() -> None:
    few, many = (power.detectable(made(7, products=n), 0, DATE, 8, 40, 3.0, [4]) for n in (30, 90))
    for a, b in zip(few, many, strict=True):
        assert (a.test, a.worlds) == (b.test, b.worlds)
        if a.test == "cluster_maker":
            assert b.smallest < a.smallest
        assert np.all((a.power >= 0) & (a.power <= 1))
        if np.isfinite(b.smallest):
            at = b.effects.tolist().index(b.smallest)
            assert b.power[at] >= 0.8 > b.power[at - 1]


def test_power_of_the_t_test_is_that_of_its_formula() -> None:
    panel = made(8, products=150, makers=75)
    found = power.detectable(panel, 0, DATE, 8, 300, 3.0, [5])
    one = next(x for x in found if (x.test, x.worlds) == ("cluster_maker", "permuted"))
    error = within.effect(panel, 0, DATE, "maker", 0.95).error
    assert one.power[0] < 0.12
    assert one.smallest == pytest.approx(2.9 * error, rel=0.25)
