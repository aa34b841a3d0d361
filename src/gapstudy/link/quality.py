"""Measures of several ways of scoring the same pairs, by group, with intervals.

Nothing here knows where pairs or scores come from: the tables of the study and the command that
scores a labelled file are made by the same functions. Intervals resample whole organisations of the
targets, because pairs of one organisation are alike; a precision or recall of 0 or 1, which no
resample can vary, gets Wilson's interval at its effective number of pairs, and pairs of a single
organisation get none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import metrics
from gapstudy.link.metrics import Array

Metric = Callable[[Array, Array, Array], Array]
Row = dict[str, Any]
#: Measures of a yes-or-no choice, of a score, and of a probability.
CHOICES: dict[str, Metric] = {
    "precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1,
}  # fmt: skip
RANKINGS: dict[str, Metric] = {
    "average_precision": metrics.average_precision,
    "precision_at_recall_80": metrics.precision_at_recall,
}
PROBABILITIES: dict[str, Metric] = {
    "brier": metrics.brier, "ece": metrics.expected_calibration_error,
}  # fmt: skip
MODEL = "model"
#: Organisations that a resample needs to vary at all.
_FEWEST = 2
#: Regions that are compared: the first minus the second.
VERSUS = (("EU", "US"), ("EU", "CN"))


@dataclass(frozen=True)
class Rules:
    """How measures get their intervals.

    Attributes:
        bootstrap: number of resamples.
        confidence: level of the intervals.
        seed: seed of the resamples.
    """

    bootstrap: int
    confidence: float
    seed: tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """Pairs to judge on.

    Attributes:
        truth: 1.0 for links, 0.0 for non-links, one per pair.
        cluster: organisation of each pair's target.
        scores: method -> score of each pair; that of "model" is a probability.
        cuts: method -> smallest score that is called a link.
        groups: kind of group -> group of each pair, such as "region" -> ["EU", "US", ...].
        weight: what each pair stands for; one each by default.
        prevalence: share of links that the weights are scaled to; None leaves them.
    """

    truth: Array
    cluster: Sequence[str]
    scores: Mapping[str, Array]
    cuts: Mapping[str, float]
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    weight: Array | None = None
    prevalence: float | None = None

    def weights(self, rules: Rules) -> Array:
        """Weights as they are in the first row, then one row per resample."""
        own = np.ones(len(self.truth)) if self.weight is None else self.weight
        rng = np.random.default_rng(list(rules.seed))
        drawn = metrics.resample(list(self.cluster), rules.bootstrap, rng)
        both = np.vstack([own, drawn * own])
        if self.prevalence is None:
            return both
        return metrics.to_prevalence(both, self.truth, self.prevalence)

    def parts(self) -> list[tuple[str, str, Any]]:
        """Every group with its pairs: kind, name, mask; all pairs first."""
        found: list[tuple[str, str, Any]] = [("all", "all", np.ones(len(self.truth), dtype=bool))]
        for kind, values in self.groups.items():
            names = np.asarray(values, dtype=object).astype(str)
            found += [(kind, value, names == value) for value in sorted(set(names.tolist()))]
        return found


def measured(sample: Sample, rules: Rules, skip: Sequence[str] = ()) -> list[Row]:
    """All measures of all methods in every group, and the differences between regions.

    Args:
        sample: the pairs.
        rules: how intervals are made.
        skip: kinds of groups to leave out.

    Returns:
        Rows of method, metric, group, group_value, value, low, high, n, positives, clusters.
    """
    weights = sample.weights(rules)
    rows: list[Row] = []
    regions: dict[str, tuple[dict[str, dict[str, Array]], Row]] = {}
    for kind, value, mask in sample.parts():
        if kind in skip:
            continue
        base = {"group": kind, "group_value": value, **_size(sample, mask)}
        series = {
            method: _series(sample, method, weights[:, mask], mask) for method in sample.scores
        }
        for method, found in series.items():
            for metric, values in found.items():
                ends = _ends(sample, method, metric, values, mask, rules)
                rows.append({"method": method, "metric": metric, **base, **ends})
        if kind == "region":
            regions[value] = (series, base)
    return rows + _differences(regions, rules)


def _size(sample: Sample, mask: Any) -> Row:
    return {
        "n": int(mask.sum()),
        "positives": int(sample.truth[mask].sum()),
        "clusters": len(set(np.asarray(sample.cluster, dtype=object)[mask].tolist())),
    }


def _series(sample: Sample, method: str, weights: Array, mask: Any) -> dict[str, Array]:
    """Every measure of a method on some pairs, once as it is and once per resample."""
    truth, score = sample.truth[mask], sample.scores[method][mask]
    called = (score >= sample.cuts[method]).astype(float)
    found = {name: metric(weights, truth, called) for name, metric in CHOICES.items()}
    found |= {name: metric(weights, truth, score) for name, metric in RANKINGS.items()}
    if method == MODEL:
        found |= {name: metric(weights, truth, score) for name, metric in PROBABILITIES.items()}
    return found


def _ends(
    sample: Sample, method: str, metric: str, values: Array, mask: Any, rules: Rules
) -> dict[str, float]:
    """Value and interval of one measure."""
    value = float(values[0])
    low, high = metrics.interval(values[1:], rules.confidence)
    if metric in {"precision", "recall"} and value in {0.0, 1.0}:
        called = (sample.scores[method][mask] >= sample.cuts[method]).astype(float)
        low, high = at_edge(metric, sample, mask, called, rules.confidence)
    elif metric in {"f1", *RANKINGS} and value in {0.0, 1.0}:
        # No share of pairs, but not surer than a recall of as many links.
        links = float(sample.truth[mask].sum())
        low, high = metrics.wilson(value * links, links, rules.confidence)
    elif _size(sample, mask)["clusters"] < _FEWEST:
        low, high = np.nan, np.nan
    return _held(value, low, high)


def _held(value: float, low: float, high: float) -> dict[str, float]:
    """The three columns of a measure.

    A percentile interval of few clusters can leave its own value out: it is widened to hold it.
    """
    if np.isnan(value) or np.isnan(low) or np.isnan(high):
        return {"value": value, "low": np.nan, "high": np.nan}
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def at_edge(
    metric: str, sample: Sample, mask: Any, called: Array, confidence: float
) -> tuple[float, float]:
    """Interval of a precision or recall of 0 or 1, which resampling cannot vary.

    Args:
        metric: precision or recall.
        sample: the pairs.
        mask: pairs of the group.
        called: 1.0 for pairs of the group that are called links.
        confidence: level.
    """
    truth = sample.truth[mask]
    right = float(truth @ called)
    if metric == "recall":
        return metrics.wilson(right, float(truth.sum()), confidence)
    if sample.prevalence is None:
        return _wilson_weighted(sample, mask, called, truth, confidence)
    # Bayes' rule on the ends of Wilson's intervals of the two rates that are 0.
    share = sample.prevalence
    wrong, others = float((1.0 - truth) @ called), float((1.0 - truth).sum())
    if wrong == 0.0:
        good = share * right / max(float(truth.sum()), 1.0)
        bad = (1.0 - share) * metrics.wilson(0.0, others, confidence)[1]
        return (good / (good + bad), 1.0) if others else (np.nan, 1.0)
    good = share * metrics.wilson(0.0, float(truth.sum()), confidence)[1]
    return 0.0, good / (good + (1.0 - share) * wrong / others)


def _wilson_weighted(
    sample: Sample, mask: Any, called: Array, truth: Array, confidence: float
) -> tuple[float, float]:
    """Wilson's interval of a precision at the effective number (Kish) of the pairs called."""
    weight = np.ones(len(truth)) if sample.weight is None else sample.weight[mask]
    mass, square = float(weight @ called), float(weight**2 @ called)
    if square <= 0:
        return np.nan, np.nan
    size = mass**2 / square
    return metrics.wilson(float((weight * truth) @ called) / mass * size, size, confidence)


def _differences(
    regions: Mapping[str, tuple[dict[str, dict[str, Array]], Row]], rules: Rules
) -> list[Row]:
    """Measures of one region minus those of another, from the same resamples."""
    rows = []
    for region, versus in VERSUS:
        if region not in regions or versus not in regions:
            continue
        (left, first), (right, second) = regions[region], regions[versus]
        for method, found in left.items():
            for metric, values in found.items():
                gap = values - right[method][metric]
                low, high = metrics.interval(gap[1:], rules.confidence)
                if min(first["clusters"], second["clusters"]) < _FEWEST:
                    low, high = np.nan, np.nan
                value = float(gap[0])
                rows.append(
                    {
                        "method": method, "metric": metric, "group": "region_difference",
                        "group_value": f"{region} minus {versus}", **_held(value, low, high),
                        **{key: min(first[key], second[key])
                           for key in ("n", "positives", "clusters")},
                    }
                )  # fmt: skip
    return rows


def share(
    sample: Sample, mask: Any, success: Array, rules: Rules, weighted: bool = True
) -> dict[str, float]:
    """Share of some pairs that have something, with its interval.

    Args:
        sample: the pairs.
        mask: pairs that the share is of.
        success: 1.0 for pairs that have it.
        rules: how the interval is made.
        weighted: whether pairs count by their weight.
    """
    whole = sample if weighted else Sample(sample.truth, sample.cluster, {}, {})
    weights = whole.weights(rules)[:, mask]
    series = metrics.precision(weights, success[mask], np.ones(int(mask.sum())))
    value = float(series[0])
    low, high = metrics.interval(series[1:], rules.confidence)
    if value in {0.0, 1.0}:
        low, high = metrics.wilson(value * mask.sum(), mask.sum(), rules.confidence)
    return _held(value, low, high)


def calibration(sample: Sample, rules: Rules, mask: Any = None) -> list[Row]:
    """Predicted against observed share of links in every bin, also in those without a pair.

    Args:
        sample: the pairs.
        rules: how intervals are made.
        mask: pairs to look at; all by default.
    """
    inside = np.ones(len(sample.truth), dtype=bool) if mask is None else mask
    truth, score = sample.truth[inside], sample.scores[MODEL][inside]
    weights = sample.weights(rules)[:, inside]
    place = metrics.bins(score)
    rows = []
    for at in range(len(metrics.EDGES) - 1):
        here = (place == at).astype(float)
        observed = metrics.precision(weights, truth, here)
        predicted = float(metrics.precision(weights[:1], score, here)[0])
        value = float(observed[0])
        low, high = metrics.interval(observed[1:], rules.confidence)
        if value in {0.0, 1.0}:
            low, high = at_edge("precision", sample, inside, here, rules.confidence)
        ends = _held(value, low, high)
        rows.append(
            {
                "bin": at + 1, "bin_from": metrics.EDGES[at], "bin_to": metrics.EDGES[at + 1],
                "predicted": predicted, "observed": ends.pop("value"), **ends,
                "n": int(here.sum()),
            }
        )  # fmt: skip
    return rows


def frame(rows: Sequence[Row], **columns: str) -> pd.DataFrame:
    """Rows as a frame with further columns."""
    return pd.DataFrame(list(rows)).assign(**columns)
