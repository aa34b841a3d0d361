from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Sample
from gapstudy.measure.models.truncation import entry_test


def _draw(random: np.random.Generator, n: int, slope: float = 0.0, places: int = 6) -> Sample:
    start = np.round(random.exponential(2, n) * (random.random(n) < 0.7), places)
    time = np.round(random.exponential(5, n) + slope * start, places)
    end = np.round(start + random.exponential(6, n), places)
    seen = np.minimum(time, end)
    kept = (start == 0) | ((start < time) & (start < seen))
    return Sample.of(seen[kept], (time <= end)[kept], entry=start[kept])


@pytest.mark.parametrize("places", [0, 1, 6])
def test_counts_and_variance_are_those_of_every_pair(places: int) -> None:
    sample = _draw(np.random.default_rng(places), 150, places=places)
    entry, time = sample.entry, sample.time
    total, variance, pairs = 0.0, 0.0, 0
    for i in np.flatnonzero(sample.event):
        inside = np.flatnonzero(((entry < time[i]) | (entry == 0)) & (time >= time[i]))
        total += np.sign(entry[inside] - entry[i]).sum()
        each = np.sign(entry[inside][:, None] - entry[inside]).sum(axis=0)
        variance += (each.astype(float) ** 2).mean()
        pairs += len(inside) - 1
    fit = entry_test(sample)
    assert fit.pairs == pairs
    assert fit.tau == pytest.approx(total / pairs)
    assert fit.statistic == pytest.approx(total / np.sqrt(variance))


def test_size_and_power() -> None:
    random = np.random.default_rng(5)
    p = np.array([entry_test(_draw(random, 150)).p_value for _ in range(200)])
    assert 2 <= (p < 0.05).sum() <= 20
    later = [entry_test(_draw(random, 150, slope=1.5)) for _ in range(20)]
    assert np.mean([fit.p_value < 0.05 for fit in later]) > 0.8
    assert all(fit.tau > 0 for fit in later)


def test_traps() -> None:
    with pytest.raises(FitError, match="entered late"):
        entry_test(Sample.of([1.0, 2.0], [1, 1]))
    with pytest.raises(FitError, match="different entries"):
        entry_test(Sample.of([1.0, 2.0], [0, 0], entry=[0.5, 0]))
    with pytest.raises(FitError, match="different entries"):
        entry_test(Sample.of([2.0, 2.0, 2.0], [1, 1, 1], entry=[1.0, 1.0, 1.0]))
