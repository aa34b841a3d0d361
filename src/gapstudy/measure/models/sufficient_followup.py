r"""Tests of sufficient follow-up: is the flat end of a curve long enough to speak of never?

With :math:`Y_{(n)}` the longest time of all, :math:`\tilde Y_{(n)}` that of the events and n
spells:

- Maller and Zhou (1992), https://doi.org/10.1093/biomet/79.4.731, and (1994),
  https://doi.org/10.1080/01621459.1994.10476889: :math:`N_n` events lie in
  :math:`(2\tilde Y_{(n)} - Y_{(n)}, \tilde Y_{(n)}]`; :math:`q_n = N_n / n` and
  :math:`\alpha_n = (1 - q_n)^n`.
- Shen (2000), https://doi.org/10.1016/S0167-7152(00)00063-8: :math:`\tilde N_n` events lie in
  :math:`[\hat\tau \tilde Y_{(n)} / Y_{(n)}, \tilde Y_{(n)}]` with
  :math:`\hat\tau = w \tilde Y_{(n)} + (1 - w) Y_{(n)}`, :math:`w = 1 - \tilde Y_{(n)} / Y_{(n)}`;
  :math:`\tilde\alpha_n = (1 - \tilde N_n / n)^n`.

Both take a small value as evidence that follow-up is sufficient; the null hypothesis is that it is
not. Where the longest spell ends in an event there is no flat end, and both are one. In simulation
(`simulate.parametric`) Maller and Zhou's passes far more often than its level where follow-up is
short, and Shen's about as often as its level but seldom where it is long: the gate asks for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Sample


@dataclass(frozen=True)
class FollowUp:
    """What the tests say.

    Attributes:
        n: spells.
        events: those that end in an event.
        longest: longest time of all, years.
        last_event: longest time of an event, years.
        q_n: share of the spells that are events just before the flat end.
        alpha_n: Maller and Zhou's value; small: sufficient.
        shen: Shen's value; small: sufficient.
        note: what limits the tests, else empty.
    """

    n: int
    events: int
    longest: float
    last_event: float
    q_n: float
    alpha_n: float
    shen: float
    note: str = ""

    def passes(self, level: float) -> bool:
        """Whether both tests find the follow-up sufficient at a level."""
        return max(self.alpha_n, self.shen) < level


def follow_up(sample: Sample) -> FollowUp:
    """Test whether follow-up is sufficient.

    Spells count once each, whatever their weight above zero: the tests count events.

    Raises:
        FitError: no spell ends in an event.
    """
    used = sample.weight > 0
    time, event = sample.time[used], sample.event[used] > 0
    n = len(time)
    if not event.any():
        raise FitError("no spell ends in an event", remedy="There is no curve to end flat")
    longest, last = float(time.max()), float(time[event].max())
    done = time[event]
    count = int(((done > 2 * last - longest) & (done <= last)).sum())
    part = last / longest if longest > 0 else 1.0
    middle = (1 - part) * last + part * longest
    # With no flat end the interval is a point that holds the last event itself.
    later = int((done >= middle * part).sum()) if last < longest else 0
    note = "late entry is not taken into account" if (sample.entry[used] > 0).any() else ""
    return FollowUp(
        n, int(event.sum()), longest, last, count / n, _tail(count, n), _tail(later, n), note
    )


def _tail(count: int, n: int) -> float:
    return 0.0 if count >= n else float(np.exp(n * np.log1p(-count / n)))
