r"""Is the time of entry independent of the time to the event? Conditional Kendall's tau.

Delayed entry is allowed for by risk sets only if, among those observed, entry tells nothing about
the event. For each event i, with risk set :math:`\{j : E_j < T_i \le T_j\}`,

.. math:: S_i = \sum_{j \in R_i} \mathrm{sgn}(E_j - E_i), \qquad
          K = \sum_i \delta_i S_i, \qquad z = K / \sqrt{\textstyle\sum_i \delta_i V_i},

where :math:`S_i` is under independence a value drawn from those of all members of the risk set:
:math:`V_i = (r_i^2 - 1)/3` with :math:`r_i` different entries, less
:math:`\sum_g (m_g^3 - m_g) / (3 r_i)` for entries shared by :math:`m_g` members. A positive tau
says that late entry goes with late events.

References: Tsai (1990), Biometrika 77, 169-177; a review: Choi, Tsai and Paik (2017),
https://arxiv.org/abs/1709.03555.

All counts are taken in O(n log n): the pairs by a bit-by-bit partition of the ranks of entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats, Ints, Sample


@dataclass(frozen=True)
class EntryTest:
    """Test of independence of entry and time.

    Attributes:
        tau: conditional Kendall's tau of entry and time, -1 to 1; zero under independence.
        statistic: standard normal statistic of tau.
        p_value: two-sided p-value.
        pairs: comparable pairs: an event and another member of its risk set.
        n: spells.
        events: spells that end in an event.
    """

    tau: float
    statistic: float
    p_value: float
    pairs: int
    n: int
    events: int


def entry_test(sample: Sample) -> EntryTest:
    """Test that entry and time are independent where they are seen; weights are not used.

    Args:
        sample: the spells; an event of any kind counts.

    Raises:
        FitError: no delayed entry, or no event with another entry in its risk set.
    """
    if not (sample.entry > 0).any():
        raise FitError("no spell is entered late", remedy="There is nothing to test")
    rank = np.unique(sample.entry, return_inverse=True)[1].astype(np.int64)
    event = sample.event > 0
    below, equal, risk = _risk_counts(sample, rank)
    ties = _tie_sums(sample, rank)
    score = (risk - below - equal) - below
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (risk.astype(float) ** 2 - 1) / 3 - ties / (3 * risk)
    variance = float(np.where(event & (risk > 0), spread, 0.0).sum())
    pairs = int((risk - 1)[event].sum())
    if variance <= 1e-9:
        raise FitError("no event has a risk set with different entries",
                       remedy="There is nothing to test")  # fmt: skip
    total = float(score[event].sum())
    z = total / np.sqrt(variance)
    return EntryTest(
        total / pairs, float(z), float(2 * stats.norm.sf(abs(z))), pairs, sample.n,
        int(event.sum()),
    )  # fmt: skip


def _risk_counts(sample: Sample, rank: Ints) -> tuple[Ints, Ints, Ints]:
    """Members of each spell's risk set with an earlier entry, with the same one, and all, (n,)."""
    time, entry = sample.time, sample.entry
    order = np.argsort(time, kind="stable")
    ordered = np.sort(time)
    still = sample.n - np.searchsorted(ordered, time, side="left")
    # Spells that have not entered yet at a time end after it too, so they are among `still`.
    waiting = sample.n - np.searchsorted(np.sort(entry), time, side="left")
    # Those who enter at the start are at risk at time zero.
    waiting = np.where(time == 0, int((entry > 0).sum()), waiting)
    below, up_to = np.empty(sample.n, np.int64), np.empty(sample.n, np.int64)
    below[order] = _later_and_below(rank[order], ordered)
    up_to[order] = _later_and_below(rank[order] + 1, ordered, against=rank[order])
    return below, up_to - below, still - waiting


def _later_and_below(rank: Ints, time: Floats, against: Ints | None = None) -> Ints:
    """For each spell, in order of time: those that end then or later with a smaller rank.

    Args:
        rank: ranks that are asked for, (n,).
        time: times, ascending, (n,).
        against: ranks of the spells counted; the same by default.
    """
    counted = rank if against is None else against
    n = len(rank)
    # Asked at the first spell of each tied time, so that all of the same time are counted.
    start = np.searchsorted(time, time, side="left")
    place = np.concatenate([n - 1 - np.arange(n), n - start])
    value = np.concatenate([counted, rank])
    query = np.concatenate([np.zeros(n, bool), np.ones(n, bool)])
    # Sweep from the last time to the first; at one place spells come after queries.
    sweep = np.lexsort((~query, place))
    value, query, number = value[sweep], query[sweep], np.arange(2 * n)[sweep]
    found = np.zeros(2 * n, dtype=np.int64)
    width = int(max(value.max(), 1)).bit_length()
    for bit in range(width - 1, -1, -1):
        # Within equal higher bits, a query with this bit set passes all spells without it.
        group = value >> (bit + 1)
        zero = ~query & (((value >> bit) & 1) == 0)
        seen = np.cumsum(zero)
        begin = np.flatnonzero(np.diff(group, prepend=-1))
        before = np.where(begin > 0, seen[begin - 1], 0)
        own = seen - np.repeat(before, np.diff(np.append(begin, 2 * n)))
        passes = query & (((value >> bit) & 1) == 1)
        found[number[passes]] += own[passes]
        order = np.argsort(value >> bit, kind="stable")
        value, query, number = value[order], query[order], number[order]
    return found[n:]


def _tie_sums(sample: Sample, rank: Ints) -> Floats:
    """Sum of m^3 - m over the shared entries in each spell's risk set, (n,)."""
    n = sample.n
    entry = np.where(sample.entry > 0, sample.entry, -1.0)
    when = np.concatenate([entry, sample.time])
    # Entry happens just after a time, leaving just after being at risk in it.
    change = np.concatenate([np.ones(n, np.int64), -np.ones(n, np.int64)])
    entries = np.concatenate([rank, rank])
    order = np.lexsort((when, entries))
    running = np.cumsum(change[order])
    # Every entry value starts and ends with nobody, so the running count is its own.
    after = running.astype(float)
    before = after - change[order]
    jump = np.empty(2 * n)
    jump[order] = (after**3 - after) - (before**3 - before)
    sweep = np.argsort(when, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(jump[sweep])])
    return np.asarray(total[np.searchsorted(when[sweep], sample.time, side="left")], dtype=float)
