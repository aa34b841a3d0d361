r"""Capture-recapture: how many products there are, from how sources overlap.

Two sources (Chapman 1951), with :math:`n_1` and :math:`n_2` items and m in both:

.. math:: \hat N = \frac{(n_1 + 1)(n_2 + 1)}{m + 1} - 1 .

It needs sources that find products independently of each other. If the odds of being in one are
:math:`\theta` times as large for what is in the other, the unseen ones are
:math:`\theta\, n_{10} n_{01} / n_{11}`: that is the sensitivity analysis. Three or four sources
let dependence be modelled: counts of the histories follow a Poisson log-linear model with main
effects and interactions of pairs (Fienberg 1972), whose intercept gives the unseen ones; all sets
of pairs are fitted and averaged by Akaike weights, with a parametric bootstrap. Chao's lower bound
fits main effects to items seen once or twice alone, which heterogeneous items can only push down.

References: Chapman (1951), University of California Publications in Statistics 1, 131-160;
Fienberg (1972), Biometrika 59, 591-603; Chao (1987), Biometrics 43, 783-791, in the log-linear form
with unequal sources of Rivest and Baillargeon (2007), Biometrics 63, 999-1006; model averaging:
Buckland, Burnham and Augustin (1997), Biometrics 53, 603-618.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from gapstudy.errors import FitError
from gapstudy.measure.counting import poisson

Floats = NDArray[np.float64]
#: Most sources that are modelled together: each adds interactions with all others.
MOST = 4
#: An estimate above so many times the seen items says only that the overlap is too small.
_ABSURD = 1e4


@dataclass(frozen=True)
class Size:
    """Estimated number of items, seen and unseen.

    Attributes:
        estimate: the number.
        low: lower end of its interval, at least what was seen.
        high: upper end.
        seen: items seen by any source.
        matched: items seen by two sources or more.
        model: what was fitted, in words.
    """

    estimate: float
    low: float
    high: float
    seen: int
    matched: int
    model: str

    def coverage(self, items: float) -> tuple[float, float, float]:
        """Share of all items that so many are, with its interval."""
        return items / self.estimate, items / self.high, items / self.low


def histories(found: ArrayLike) -> Floats:
    """Count of each history: cell b holds items found by exactly the sources of b's bits.

    Args:
        found: whether each source found each item, (n, k); every item by one source at least.
    """
    seen = np.asarray(found, dtype=bool)
    if seen.ndim != 2 or not seen.any(axis=1).all():
        raise FitError("an item was found by no source", remedy="Leave such items out")
    code = seen @ (1 << np.arange(seen.shape[1]))
    return np.bincount(code, minlength=1 << seen.shape[1]).astype(float)


def chapman(first: int, second: int, both: int, confidence: float, fewest: int = 7) -> Size:
    """Two sources that find items independently.

    Args:
        first: items of the first source.
        second: items of the second.
        both: items of both.
        confidence: level of the interval, which is log-normal in the unseen items (Burnham et al.
            1987, as in Chao 1987).
        fewest: fewest items in both; below seven the estimate is biased (Robson and Regier 1964,
            Transactions of the American Fisheries Society 93, 215-226).

    Raises:
        FitError: too few items in both, or more than one of the sources has.
    """
    _enough(both, fewest)
    if both > min(first, second):
        raise FitError(f"{both} items in both of sources of {first} and {second}",
                       remedy="Count each item once")  # fmt: skip
    size = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (
        (first + 1) * (second + 1) * (first - both) * (second - both)
        / ((both + 1) ** 2 * (both + 2))
    )  # fmt: skip
    seen = first + second - both
    low, high = _log_normal(size - seen, variance, confidence)
    return Size(max(size, seen), seen + low, seen + high, seen, both, "two sources, independent")


def dependent(
    first: int, second: int, both: int, odds: float, confidence: float, fewest: int = 7
) -> Size:
    """Two sources of which one finds more easily, or less, what the other finds.

    Args:
        first: items of the first source.
        second: items of the second.
        both: items of both.
        odds: odds ratio of being found by both, above one when they look at the same items.
        confidence: level of the interval at this odds ratio.
        fewest: fewest items in both.
    """
    alone = chapman(first, second, both, confidence, fewest)
    unseen = odds * np.array([alone.estimate, alone.low, alone.high]) - odds * alone.seen
    estimate, low, high = (float(alone.seen + part) for part in unseen)
    return Size(estimate, low, high, alone.seen, both, f"two sources, odds ratio {odds:g}")


def chao(counts: Floats, confidence: float, fewest: int = 7) -> Size:
    """Lower bound of the number of items, from those found once or twice.

    Args:
        counts: from `histories`.
        confidence: level of the interval (log-normal, by the delta method).
        fewest: fewest items found twice.

    Raises:
        FitError: too few items are found twice, or a source shares none.
    """
    k = _sources(counts)
    often = _bits(k).sum(axis=1)
    low = (often == 1) | (often == 2)
    twice = int(counts[often == 2].sum())
    _enough(twice, fewest)
    design = np.column_stack([np.ones(low.sum()), _bits(k)[low]])
    beta, covariance = poisson.fit(design, counts[low][None])
    unseen = float(np.exp(beta[0, 0]))
    seen = int(counts.sum())
    if not np.isfinite(unseen) or unseen > _ABSURD * seen:
        raise FitError("a source shares no item with the others, so that nothing bounds the unseen",
                       remedy="Leave that source out")  # fmt: skip
    # Poisson noise of the unseen themselves comes to that of the intercept.
    ends = _log_normal(unseen, unseen**2 * covariance[0, 0, 0] + unseen, confidence)
    matched = int(counts[often >= 2].sum())
    return Size(seen + unseen, seen + ends[0], seen + ends[1], seen, matched, "lower bound")


def loglinear(
    counts: Floats, confidence: float, resamples: int, seed: Sequence[int], fewest: int = 7
) -> tuple[Size, list[tuple[str, float, float]]]:
    """Three or four sources: log-linear models with interactions of pairs, averaged.

    Args:
        counts: from `histories`.
        confidence: level of the bootstrap interval.
        resamples: bootstrap samples.
        seed: seed of the bootstrap.
        fewest: fewest items in two sources or more.

    Returns:
        The averaged estimate, and each model with its estimate and its Akaike weight.

    Raises:
        FitError: fewer than three or more than four sources, too few items in two or more, or no
            model can be fitted.
    """
    k = _sources(counts)
    if not 3 <= k <= MOST:
        raise FitError(f"log-linear models need three or {MOST} sources, not {k}",
                       remedy="Join sources, or use two with `chapman`")  # fmt: skip
    bits = _bits(k)
    often = bits.sum(axis=1)
    matched, seen = int(counts[often >= 2].sum()), int(counts.sum())
    _enough(matched, fewest)
    designs = _designs(k)
    total, weight, unseen, means = _averaged(designs, counts[None, 1:])
    if not np.isfinite(total[0]):
        raise FitError("no log-linear model can be fitted: pairs of sources share no item",
                       remedy="Join sources that share nothing, or leave one out")  # fmt: skip
    size = seen + total[0]
    # The averaged cell probabilities, the unseen cell among them, make the bootstrap worlds.
    cells = np.concatenate([[total[0]], (weight[0][:, None] * means[0]).sum(axis=0)])
    random = np.random.default_rng(list(seed))
    drawn = random.multinomial(round(size), cells / cells.sum(), resamples)[:, 1:].astype(float)
    again, *_ = _averaged(designs, drawn)
    sizes = drawn.sum(axis=1) + again
    fine = np.isfinite(sizes)
    tail = (1 - confidence) / 2
    # On the log of the unseen, reflected around the estimate: a percentile interval of a skewed
    # estimator lies on the wrong side.
    gap = np.log(np.maximum(again[fine], 1e-9)) - np.log(max(total[0], 1e-9))
    low, high = np.quantile(gap, [tail, 1 - tail])
    ends = (seen + total[0] * np.exp(-high), seen + total[0] * np.exp(-low))
    models = [(name, float(seen + unseen[0, j]), float(weight[0, j]))
              for j, (name, _) in enumerate(designs)]  # fmt: skip
    best = max(models, key=lambda item: item[2])[0]
    return Size(float(size), float(ends[0]), float(ends[1]), seen, matched,
                f"log-linear, averaged; most weight on {best}"), models  # fmt: skip


def _averaged(
    designs: list[tuple[str, Floats]], counts: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Unseen items averaged by Akaike weights, with weights, unseen and fitted cells by model."""
    criterion, unseen, fitted = [], [], []
    for _, design in designs:
        beta, _ = poisson.fit(design, counts)
        mean = np.exp(np.clip(beta @ design.T, -50, 50))
        likelihood = (special.xlogy(counts, mean) - mean - special.gammaln(counts + 1)).sum(axis=1)
        hidden = np.exp(np.clip(beta[:, 0], -50, 50))
        bad = ~np.isfinite(likelihood) | (hidden > _ABSURD * np.maximum(counts.sum(axis=1), 1))
        criterion.append(np.where(bad, np.inf, 2 * design.shape[1] - 2 * likelihood))
        unseen.append(np.where(bad, np.nan, hidden))
        fitted.append(mean)
    values = np.column_stack(criterion)
    best = values.min(axis=1, keepdims=True)
    lost = np.where(np.isfinite(best), values - np.where(np.isfinite(best), best, 0), np.inf)
    weight = np.exp(-lost / 2)
    total = weight.sum(axis=1, keepdims=True)
    weight = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    each = np.column_stack(unseen)
    mean_unseen = np.where(total[:, 0] > 0, (weight * np.nan_to_num(each)).sum(axis=1), np.nan)
    return mean_unseen, weight, each, np.stack(fitted, axis=1)


def _designs(k: int) -> list[tuple[str, Floats]]:
    """Hierarchical models: main effects and any set of pairs that leaves a degree of freedom."""
    bits = _bits(k)[1:]
    pairs = list(combinations(range(k), 2))
    result = []
    for many in range(len(pairs) + 1):
        for chosen in combinations(pairs, many):
            columns = [np.ones(len(bits)), *bits.T]
            columns += [bits[:, a] * bits[:, b] for a, b in chosen]
            if len(columns) <= len(bits):
                name = "+".join(f"{a + 1}x{b + 1}" for a, b in chosen) or "independence"
                result.append((name, np.column_stack(columns)))
    return result


def _log_normal(unseen: float, variance: float, confidence: float) -> tuple[float, float]:
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    if unseen <= 0:
        return 0.0, 0.0
    factor = float(np.exp(z * np.sqrt(np.log1p(variance / unseen**2))))
    return unseen / factor, unseen * factor


def _bits(k: int) -> Floats:
    return ((np.arange(1 << k)[:, None] >> np.arange(k)) & 1).astype(float)


def _sources(counts: Floats) -> int:
    return int(np.log2(len(counts)))


def _enough(matched: int, fewest: int) -> None:
    if matched < fewest:
        raise FitError(
            f"{matched} items are in two sources, fewer than {fewest}",
            remedy="Collect sources that overlap more, or group the regions",
        )
