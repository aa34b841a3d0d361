r"""Shares of sentences with the errors of the lexicon taken out.

A share a of the sentences hits, a share t carries a word of the theme; every hit carries one. Among
carriers the method of Rogan and Gladen (1978), https://doi.org/10.1093/oxfordjournals.aje.a112510,
gives the true share; sentences that treat the theme without a word of it are added by the share
:math:`c` of true sentences that carry one:

.. math:: \hat\pi = \frac{t}{c} \cdot \frac{a / t - q}{s - q} = \frac{a - q t}{c (s - q)},

with s the share of hits among true carriers and q that among the others. Why among carriers: the
labelled sentences hold many near misses, which is what q is about. Their specificity over *all*
sentences would be that of a corpus full of near misses, and would turn most rare themes to zero.

The variance (delta method, as theirs) adds that of a and t over clusters to those of s, q and c.
The latter are taken from counts with one success and one failure added, after Lang and Reiczigel
(2014), Preventive Veterinary Medicine 113, 13-22, so that a rate of one or zero among few sentences
is not held for certain. So is a, with two of each (Agresti and Coull 1998, The American
Statistician 52, 119-126), where that makes its variance larger. The correction is linear in a and
t, so it holds for their slopes over years as well. It assumes that s, q and c are in the corpus
what they are among the labelled sentences, and the same for every kind of text and region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gapstudy.measure.language.quality import Rates

Floats = NDArray[np.float64]
#: Smallest difference of s and q, and fewest labelled sentences behind each rate, that will do.
LEAST_GAP, LEAST_LABELLED = 0.2, 10


@dataclass(frozen=True)
class Measured:
    """Estimates with the influence of every cluster.

    Attributes:
        value: estimates, (K,).
        influence: influence of each cluster, (c, K); after a correction, three rows more for the
            rates, which all estimates share, and for shares one more for each.
    """

    value: Floats
    influence: Floats

    @property
    def variance(self) -> Floats:
        """Variances, (K,)."""
        return np.asarray(np.square(self.influence).sum(axis=0), dtype=float)

    def minus(self, first: int, second: int) -> tuple[float, float]:
        """Difference of two estimates and its standard error."""
        gap = self.influence[:, first] - self.influence[:, second]
        return float(self.value[first] - self.value[second]), float(np.sqrt(np.square(gap).sum()))


def usable(rates: Rates) -> bool:
    """Whether the rates rest on enough sentences and tell true from false."""
    if min(rates.carried, rates.false_carried) < LEAST_LABELLED or not rates.hits:
        return False
    return rates.hits / rates.carried - rates.false_hits / rates.false_carried >= LEAST_GAP


def corrected(hit: Measured, carry: Measured, rates: Rates, size: Floats | None = None) -> Measured:
    """Take the lexicon's errors out of shares or slopes; values may leave 0 to 1.

    Args:
        hit: shares of sentences that hit (or their slopes), by K cells.
        carry: the same of sentences that carry a word, from the same clusters.
        rates: rates on the test sentences, `usable` ones.
        size: effective numbers of sentences behind the shares, (K,); none for slopes.
    """
    s, q = rates.hits / rates.carried, rates.false_hits / rates.false_carried
    c = rates.carried / rates.true
    gap = s - q
    value = (hit.value - q * carry.value) / (c * gap)
    spread = [
        _spread(rates.hits, rates.carried), _spread(rates.false_hits, rates.false_carried),
        _spread(rates.carried, rates.true),
    ]  # fmt: skip
    slopes = np.array([-value / gap, (hit.value - s * carry.value) / (c * gap**2), -value / c])
    influence = (hit.influence - q * carry.influence) / (c * gap)
    rows = [influence, slopes * np.array(spread)[:, None]]
    if size is not None:
        # One row for each cell: what the variance of a lacks there.
        likely = (hit.value * size + 2) / (size + 4)
        lacking = np.maximum(likely * (1 - likely) / (size + 4) - hit.variance, 0)
        rows.append(np.diag(np.sqrt(lacking) / (c * gap)))
    return Measured(value, np.vstack(rows))


def _spread(yes: int, of: int) -> float:
    """Standard error of a share, one success and one failure added."""
    share = (yes + 1) / (of + 2)
    return float(np.sqrt(share * (1 - share) / (of + 2)))


def ratio(part: Floats, base: Floats) -> Measured:
    """Ratios of sums over clusters.

    Args:
        part: sums within clusters, (c, K).
        base: their bases, (c, K).
    """
    total = base.sum(axis=0)
    safe = np.where(total > 0, total, 1.0)
    value = part.sum(axis=0) / safe
    return Measured(value, (part - value * base) / safe)


def slope(hits: Floats, base: Floats, x: Floats, cluster: NDArray[np.int64]) -> Measured:
    """Least-squares slopes of shares on x, with influences by cluster.

    Args:
        hits: weighted hits of every text, (n, K).
        base: weighted sentences of every text, (n, K).
        x: year of every text, (n,).
        cluster: cluster of every text, (n,), numbered from zero.

    Returns:
        Slopes, zero where x does not vary.
    """
    total = np.where(base.sum(axis=0) > 0, base.sum(axis=0), 1.0)
    mean_x, mean_y = (base * x[:, None]).sum(axis=0) / total, hits.sum(axis=0) / total
    away = x[:, None] - mean_x
    size = (base * away**2).sum(axis=0)
    safe = np.where(size > 0, size, 1.0)
    value = (away * hits).sum(axis=0) / safe
    each = away * (hits - base * (mean_y + value * away)) / safe
    return Measured(value, summed(each, cluster))


def summed(values: Floats, cluster: NDArray[np.int64]) -> Floats:
    """Sums of rows (n, K) within clusters, (c, K)."""
    made = np.zeros((int(cluster.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(made, cluster, values)
    return made
