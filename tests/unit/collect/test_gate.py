"""The gate: delay, pauses and budgets hold however many requests wait."""

import asyncio
import itertools
import time

import pytest

from gapstudy.collect.gate import Gate, TooLongError
from gapstudy.sources.base import Budget


def times(gate: Gate, number: int, cost: float = 1.0) -> list[float]:
    """Moments at which so many requests, all waiting at once, were let through."""
    moments: list[float] = []

    async def one() -> None:
        await gate.turn(cost)
        moments.append(time.monotonic())

    async def every() -> None:
        await asyncio.gather(*(one() for _ in range(number)))

    asyncio.run(every())
    return moments


def test_the_delay_lies_between_all_requests() -> None:
    moments = times(Gate(0.05), 6)
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert min(gaps) >= 0.0499


def test_a_pause_holds_all() -> None:
    gate = Gate(0.0)
    began = time.monotonic()
    gate.pause(0.2, "asked to")
    gate.pause(0.05, "a shorter one does not shorten it")
    assert times(gate, 3)[0] - began >= 0.199


def test_a_budget_is_never_exceeded_in_any_window() -> None:
    moments = times(Gate(0.0, [Budget(3, 0.2)]), 8)
    for at, moment in enumerate(moments[3:], start=3):
        assert moment - moments[at - 3] >= 0.199


def test_pace_scales_every_wait() -> None:
    gate = Gate(10.0, [Budget(2, 100.0)], pace=0.001)
    gate.pause(50.0, "long")
    began = time.monotonic()
    moments = times(gate, 3)
    assert moments[0] - began >= 0.05
    assert moments[2] - moments[0] >= 0.0999


def test_a_spent_daily_budget_is_said_and_not_sat_out() -> None:
    gate = Gate(0.0, [Budget(2, 86400.0, "credits")])
    assert len(times(gate, 2)) == 2
    with pytest.raises(TooLongError, match="2 credits in 86400 s is used up") as caught:
        times(gate, 1)
    assert 86000 < caught.value.seconds <= 86400


def test_what_was_used_before_counts() -> None:
    gate = Gate(0.0, [Budget(10, 86400.0)])
    gate.use(9, "requests", ago=3600)
    gate.use(5, "requests", ago=90000)  # longer ago than the budget looks
    assert len(times(gate, 1)) == 1
    with pytest.raises(TooLongError) as caught:
        times(gate, 1)
    assert 82000 < caught.value.seconds <= 82800


def test_bytes_count_after_they_came() -> None:
    gate = Gate(0.0, [Budget(1000, 86400.0, "bytes")])
    times(gate, 5)
    gate.use(1001, "bytes")
    with pytest.raises(TooLongError, match="bytes"):
        times(gate, 1)
