"""The gate that every request to a source passes last: delay, pauses, budgets."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence

from gapstudy.sources.base import Budget

#: A wait up to this long is sat out; a longer one stops the source until then.
PATIENCE = 900.0


class TooLongError(Exception):
    """The next request may only be sent after more than `PATIENCE`.

    Attributes:
        why: which budget or pause.
        seconds: until then.
    """

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds


class Gate:
    """Lets requests of one source through, one after the other.

    Args:
        delay: least seconds between two requests.
        budgets: what may be used in how long.
        pace: factor of all waits.
    """

    def __init__(self, delay: float, budgets: Sequence[Budget] = (), pace: float = 1.0) -> None:
        self.delay = delay
        self.budgets = budgets
        self.pace = pace
        self._last = float("-inf")
        self._open_at = float("-inf")
        self._why = ""
        self._used: dict[Budget, deque[tuple[float, float]]] = {
            budget: deque() for budget in budgets
        }
        self._sum = dict.fromkeys(budgets, 0.0)
        self._lock = asyncio.Lock()

    def pause(self, seconds: float, why: str) -> None:
        """Let nothing through for so long."""
        until = time.monotonic() + seconds * self.pace
        if until > self._open_at:
            self._open_at, self._why = until, why

    def use(self, amount: float, unit: str, *, ago: float = 0.0) -> None:
        """Count something against the budgets of its unit.

        Args:
            amount: how much.
            unit: of which kind.
            ago: how many seconds ago it was used.
        """
        for budget, used in self._used.items():
            if budget.unit == unit and ago < budget.seconds:
                used.append((time.monotonic() - ago * self.pace, amount))
                self._sum[budget] += amount

    async def turn(self, cost: float) -> None:
        """Wait until a request may be sent, and count it.

        Args:
            cost: what it costs, in the unit of the budgets other than requests and bytes.

        Raises:
            TooLongError: that is not soon.
        """
        async with self._lock:
            while (wait := self._wait(cost)) > 0:
                await asyncio.sleep(min(wait, 1.0))
            self._last = time.monotonic()
            self.use(1, "requests")
            for unit in {budget.unit for budget in self.budgets} - {"requests", "bytes"}:
                self.use(cost, unit)

    def _wait(self, cost: float) -> float:
        now = time.monotonic()
        waits = [(self._last + self.delay * self.pace - now, "its delay")]
        waits.append((self._open_at - now, self._why))
        for budget, used in self._used.items():
            length = budget.seconds * self.pace
            while used and used[0][0] <= now - length:
                self._sum[budget] -= used.popleft()[1]
            more = {"requests": 1.0, "bytes": 0.0}.get(budget.unit, cost)
            over = self._sum[budget] + more - budget.amount
            for when, amount in used:
                if over <= 0:
                    break
                over -= amount
                what = f"{budget.amount:g} {budget.unit} in {budget.seconds:g} s"
                waits.append((when + length - now, f"its budget of {what} is used up"))
        wait, why = max(waits)
        if wait > PATIENCE * self.pace:
            raise TooLongError(why, wait / self.pace if self.pace else 0.0)
        return wait
