from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_waltons
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models import bands
from gapstudy.measure.models.sample import Sample


def test_critical_values() -> None:
    # The whole bridge: Kolmogorov's distribution.
    for k in (0.8, 1.358, 1.7):
        assert bands.bridge_within(k, 0.0, 1.0) == pytest.approx(stats.kstwobign.cdf(k), abs=1e-9)
    assert bands.hall_wellner_critical(0.0, 1.0, 0.95) == pytest.approx(1.3581, abs=1e-4)
    # Ranges inside: by simulation below; wider ranges have larger values.
    inner = bands.hall_wellner_critical(0.1, 0.6, 0.95)
    assert bands.hall_wellner_critical(0.2, 0.5, 0.95) < inner < 1.3581
    assert bands.hall_wellner_critical(1e-6, 0.6, 0.95) == pytest.approx(
        bands.hall_wellner_critical(0.0, 0.6, 0.95), abs=1e-4
    )
    assert bands.equal_precision_critical(0.1, 0.6, 0.95) > bands.equal_precision_critical(
        0.2, 0.5, 0.95
    )


def test_critical_values_agree_with_simulated_bridges() -> None:
    random = np.random.default_rng(2)
    steps, paths = 1000, 4000
    time = np.arange(1, steps + 1) / steps
    motion = np.cumsum(random.standard_normal((paths, steps)) / np.sqrt(steps), axis=1)
    bridge = motion - time * motion[:, -1:]
    use = (time >= 0.1) & (time <= 0.6)
    largest = np.abs(bridge[:, use]).max(axis=1)
    k = bands.hall_wellner_critical(0.1, 0.6, 0.95)
    # Steps miss part of the maximum, by about 0.58 of a step's deviation.
    assert np.quantile(largest, 0.95) + 0.58 / np.sqrt(steps) == pytest.approx(k, abs=0.03)
    c = bands.equal_precision_critical(0.1, 0.6, 0.95)
    part = (np.abs(bridge[:, use]) / np.sqrt(time[use] * (1 - time[use]))).max(axis=1)
    assert (part <= c).mean() == pytest.approx(0.95, abs=0.015)


def test_curve_is_kaplan_meier_and_bands_are_the_textbook_formulas() -> None:
    frame = load_waltons()
    sample = Sample.of(frame["T"], frame["E"])
    fitter = KaplanMeierFitter().fit(frame["T"], frame["E"])
    n = len(frame)
    for kind in ("hall-wellner", "equal-precision"):
        plain = bands.survival_band(sample, kind, scale="plain")
        expected = fitter.survival_function_at_times(plain.time).to_numpy()
        np.testing.assert_allclose(plain.estimate, expected, atol=1e-6)
        greenwood = np.array([
            sum(d / (y * (y - d)) for t, d, y in zip(fitter.event_table.index,
                fitter.event_table["observed"], fitter.event_table["at_risk"], strict=True)
                if t <= time and y > d) for time in plain.time
        ])  # fmt: skip
        half = {"hall-wellner": (1 + n * greenwood) / np.sqrt(n),
                "equal-precision": np.sqrt(greenwood)}[kind]  # fmt: skip
        low = np.clip(expected - plain.critical * half * expected, 0, 1)
        np.testing.assert_allclose(plain.low, low, atol=1e-9)
        bent = bands.survival_band(sample, kind)
        theta = np.exp(bent.critical * half / np.log(expected))
        np.testing.assert_allclose(bent.low, expected ** (1 / theta), atol=1e-9)
        np.testing.assert_allclose(bent.high, expected**theta, atol=1e-9)


def test_equal_precision_covers_the_whole_curve() -> None:
    random = np.random.default_rng(4)
    covered = 0
    for _ in range(150):
        time, end = random.exponential(5, 120), random.uniform(2, 14, 120)
        sample = Sample.of(np.minimum(time, end), time <= end)
        band = bands.survival_band(sample, "equal-precision", start=0.5, end=7.0)
        truth = np.exp(-band.time / 5)
        covered += bool(((band.low <= truth) & (truth <= band.high)).all())
    assert 132 <= covered <= 150


def test_traps() -> None:
    with pytest.raises(FitError, match="weight one"):
        bands.survival_band(Sample.of([1.0, 2.0], [1, 1], weight=[0.5, 1]), "hall-wellner")
    with pytest.raises(FitError, match="weight one"):
        bands.survival_band(Sample.of([1.0, 2.0], [1, 1], entry=[0.5, 0]), "hall-wellner")
    with pytest.raises(FitError, match="fewer than two"):
        bands.survival_band(Sample.of([1.0, 2.0], [0, 0]), "equal-precision")
    with pytest.raises(FitError, match="fewer than two"):
        bands.survival_band(Sample.of(np.ones(9), np.ones(9)), "equal-precision")
    low, high = bands.ends(np.array([1.0, 0.5, 0.0]), np.full(3, 0.2), "log-log")
    assert (low[0], high[0], low[2], high[2]) == (1, 1, 0, 0)
    assert 0 < low[1] < 0.5 < high[1] < 1
