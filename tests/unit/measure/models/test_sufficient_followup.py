from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Sample
from gapstudy.measure.models.sufficient_followup import follow_up


def test_both_tests_by_hand() -> None:
    # Last event 6, longest 10: events in (2, 6] are 3, 4, 6; Shen's end is 0.6 * (0.4*6 + 0.6*10).
    time = [1.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 10.0, 10.0]
    event = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    found = follow_up(Sample.of(time, event))
    assert (found.n, found.events, found.longest, found.last_event) == (10, 5, 10.0, 6.0)
    assert found.q_n == pytest.approx(0.3)
    assert found.alpha_n == pytest.approx(0.7**10)
    assert found.shen == pytest.approx(0.9**10)
    assert found.passes(0.5)
    assert not found.passes(0.1)


def test_without_a_flat_end_neither_passes() -> None:
    found = follow_up(Sample.of([1.0, 2, 3, 4], [1, 0, 0, 1]))
    assert found.alpha_n == found.shen == 1.0


def test_weights_of_zero_and_late_entry() -> None:
    sample = Sample.of([1.0, 2, 9], [1, 1, 0], weight=[1, 1, 0], entry=[0.5, 0, 0])
    found = follow_up(sample)
    assert (found.n, found.longest) == (2, 2.0)
    assert "late entry" in found.note


@pytest.mark.parametrize("time", [[1.0], [0.0, 0.0], [5.0, 5.0, 5.0]])
def test_traps(time: list[float]) -> None:
    with pytest.raises(FitError, match="no spell ends"):
        follow_up(Sample.of(time, np.zeros(len(time))))
    assert follow_up(Sample.of(time, np.ones(len(time)))).alpha_n == 1.0


def test_a_million_spells() -> None:
    random = np.random.default_rng(0)
    time = random.exponential(1, 1_000_000)
    found = follow_up(Sample.of(np.minimum(time, 30), random.random(1_000_000) < 0.1))
    assert 0 <= found.shen <= 1
