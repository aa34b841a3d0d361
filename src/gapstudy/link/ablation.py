"""What each family of features is worth: the model fitted again without it, judged on test pairs.

The difference to the whole model is judged on the same resamples of organisations, so that what
both find easy or hard cancels (paired bootstrap: Efron and Tibshirani 1993, ch. 8).
"""

from __future__ import annotations

import pandas as pd

from gapstudy.link import metrics
from gapstudy.link.evaluate import Judged
from gapstudy.link.metrics import Array
from gapstudy.link.model import LinkModel
from gapstudy.link.quality import MODEL, Metric, Rules
from gapstudy.link.score import Linker
from gapstudy.tables.link import TERMS

#: Features of each family.
FAMILIES: dict[str, tuple[str, ...]] = {
    "name and identifier": (
        *(name for name in TERMS if name.startswith("name_")), "version_mismatch",
    ),
    "organisation": ("organisation", "patent_organisation"),
    "embedding": ("title_cosine",),
    "words": ("word_cosine", "title_words"),
    "own text": ("speaking",),
    "time": ("years_before", "patent_years_before"),
    "kind of target": ("patent",),
}  # fmt: skip
WHOLE = "none"
_METRICS = ("average_precision", "precision_at_recall_80", "f1", "brier")


def table(linker: Linker, judged: Judged, rules: Rules) -> pd.DataFrame:
    """The table `out_link_ablation`.

    Args:
        linker: the fitted linker.
        judged: the labelled test pairs.
        rules: how intervals are made.
    """
    sample = judged.sample
    weights = sample.weights(rules)
    whole = _series(weights, sample.truth, sample.scores[MODEL], sample.cuts[MODEL])
    pairs = linker.learnt.fitted
    features = linker.learnt.describe(pairs)
    rows = []
    for family, names in {WHOLE: (), **FAMILIES}.items():
        out = [name for name in names if name in TERMS]
        if names and not out:
            continue
        series = whole
        if out:
            kept = tuple(name for name in TERMS if name not in out)
            model = LinkModel.fit(
                features, list(pairs["label"]), list(pairs["cluster"]), kept,
                judged=list(pairs["labelled"]),
            )  # fmt: skip
            score = model.probability(judged.described, judged.prior).round(6)
            series = _series(weights, sample.truth, score, sample.cuts[MODEL])
        for metric in _METRICS:
            value, change = series[metric], series[metric] - whole[metric]
            low, high = metrics.interval(value[1:], rules.confidence)
            less, more = metrics.interval(change[1:], rules.confidence)
            rows.append(
                {
                    "family": family, "features": ", ".join(out), "metric": metric,
                    "value": value[0], "low": low, "high": high, "change": change[0],
                    "change_low": less, "change_high": more, "n": len(sample.truth),
                    "positives": int(sample.truth.sum()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows).assign(split="test")


def _series(weights: Array, truth: Array, score: Array, cut: float) -> dict[str, Array]:
    called = (score >= cut).astype(float)
    ways: dict[str, tuple[Metric, Array]] = {
        "average_precision": (metrics.average_precision, score),
        "precision_at_recall_80": (metrics.precision_at_recall, score),
        "f1": (metrics.f1, called),
        "brier": (metrics.brier, score),
    }
    return {name: way(weights, truth, values) for name, (way, values) in ways.items()}
