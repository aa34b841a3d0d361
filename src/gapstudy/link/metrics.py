"""Measures of a linker under case weights, for many sets of weights at once.

Each function takes weights as a matrix, one row per set (a bootstrap resample), one column per
pair, and gives one value per row; a value without a denominator is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
#: Edges of the bins of predicted probability: finer where most candidates are.
EDGES = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


def _ratio(top: Array, bottom: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def precision(weights: Array, truth: Array, chosen: Array) -> Array:
    """Share of the chosen pairs that are links."""
    return _ratio(weights @ (truth * chosen), weights @ chosen)


def recall(weights: Array, truth: Array, chosen: Array) -> Array:
    """Share of the links that are chosen."""
    return _ratio(weights @ (truth * chosen), weights @ truth)


def f1(weights: Array, truth: Array, chosen: Array) -> Array:
    """Harmonic mean of precision and recall."""
    return _ratio(2.0 * (weights @ (truth * chosen)), weights @ chosen + weights @ truth)


def false_link_rate(weights: Array, truth: Array, chosen: Array) -> Array:
    """Share of the non-links that are chosen."""
    return _ratio(weights @ ((1.0 - truth) * chosen), weights @ (1.0 - truth))


def _cuts(weights: Array, truth: Array, score: Array) -> tuple[Array, Array]:
    """Links and pairs at or above each distinct score, best first; equal scores are one cut."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    true = np.cumsum(weights[:, order] * truth[order], axis=1)[:, last]
    return true, np.cumsum(weights[:, order], axis=1)[:, last]


def average_precision(weights: Array, truth: Array, score: Array) -> Array:
    """Area under the precision-recall curve as a sum of steps; equal scores are one step."""
    if len(score) == 0:
        return np.full(len(weights), np.nan)
    true, every = _cuts(weights, truth, score)
    total = true[:, -1]
    gained = np.diff(true, axis=1, prepend=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        height = np.where(every > 0, true / every, 0.0)
    return _ratio((gained * height).sum(axis=1), total)


def precision_at_recall(weights: Array, truth: Array, score: Array, least: float = 0.8) -> Array:
    """Highest precision of any cut that finds at least a share of the links.

    Args:
        weights: case weights, one row per set.
        truth: 1 for links.
        score: equal scores are cut together.
        least: the recall wanted.
    """
    if len(score) == 0:
        return np.full(len(weights), np.nan)
    true, every = _cuts(weights, truth, score)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Sums of weights are not exact: a recall of 0.8 must not fail by the last bit.
        enough = true >= true[:, -1:] * least * (1 - 1e-9)
        height = np.where(enough & (every > 0), true / every, -np.inf).max(axis=1)
    return np.where(true[:, -1] > 0, height, np.nan)


def brier(weights: Array, truth: Array, probability: Array) -> Array:
    """Mean squared difference of probability and truth."""
    return _ratio(weights @ (probability - truth) ** 2, weights.sum(axis=1))


def bins(probability: Array, edges: Sequence[float] = EDGES) -> Any:
    """Number of the bin of each probability, from 0; the last bin is closed above."""
    return np.clip(np.digitize(probability, edges) - 1, 0, len(edges) - 2)


def expected_calibration_error(weights: Array, truth: Array, probability: Array) -> Array:
    """Mean difference of predicted and observed share over the bins, weighted by their pairs."""
    place = bins(probability)
    gap = np.zeros(len(weights))
    for number in np.unique(place):
        gap += np.abs(weights @ ((place == number) * (probability - truth)))
    return _ratio(gap, weights.sum(axis=1))


def resample(groups: Sequence[str], count: int, rng: np.random.Generator) -> Array:
    """Weights of a bootstrap of whole groups: how often each pair is in each resample.

    Args:
        groups: group (organisation) of each pair.
        count: number of resamples.
        rng: random generator.
    """
    names, place = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) == 0:
        return np.zeros((count, 0))
    drawn = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=count)
    return drawn[:, place].astype(float)


def best_cut(truth: Array, score: Array) -> float:
    """Smallest score to call a link so that F1 is highest; the lowest of equally good ones."""
    cuts = np.unique(score)
    order = np.argsort(score, kind="stable")
    at = np.searchsorted(score[order], cuts, side="left")
    right = np.append(np.cumsum(truth[order][::-1])[::-1], 0.0)[at]
    called = len(score) - at
    quality = 2.0 * right / np.maximum(called + truth.sum(), 1.0)
    return float(cuts[int(np.argmax(quality))]) if len(cuts) else 1.0


def nearest(left: Array, right: Array, owner: Any) -> Array:
    """Whether each pair is the best of its owner: top-1 by a likeness.

    Args:
        left: likeness of each pair.
        right: best likeness of each owner with anything.
        owner: position of each pair's owner in `right`.

    Returns:
        1.0 or 0.0; a likeness of 0 is nobody's best.
    """
    return np.asarray((left >= right[owner] - 1e-6) & (left > 0), dtype=float)


def to_prevalence(weights: Array, truth: Array, share: float) -> Array:
    """Weights rescaled in each row so that links make up a given share of the whole."""
    links = (weights * truth).sum(axis=1, keepdims=True)
    others = (weights * (1.0 - truth)).sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = weights * np.where(truth > 0, share / links, (1.0 - share) / others)
    return np.where(weights > 0, scaled, 0.0)


def interval(values: Array, confidence: float) -> tuple[float, float]:
    """Percentile interval of resampled values; missing when fewer than half have one."""
    known = values[~np.isnan(values)]
    if len(known) < len(values) / 2 or len(known) == 0:
        return np.nan, np.nan
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return float(low), float(high)


def wilson(successes: float, trials: float, confidence: float) -> tuple[float, float]:
    """Wilson's interval of a share, for shares of 0 or 1 that no resample can vary.

    Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.
    """
    from scipy.stats import norm

    if trials <= 0:
        return np.nan, np.nan
    z2 = float(norm.ppf(0.5 + confidence / 2)) ** 2
    share = successes / trials
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
