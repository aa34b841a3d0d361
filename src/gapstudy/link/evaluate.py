"""How good the linker is, on labelled pairs of organisations that it never saw.

Two samples are shown. "labelled": the test pairs as they are, with many links and hard non-links.
"weighted": the same links beside the candidates of those organisations for results whose follow-up
found nothing (products only: patents were not followed up), weighted so that links are as rare as
among candidates of the cohort; this is how links in use behave, as far as the follow-up is
complete. A link that no way of finding candidates found counts as missed. Intervals resample whole
organisations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from gapstudy.link import metrics
from gapstudy.link.facts import guess_relation
from gapstudy.link.features import KEY, Array
from gapstudy.link.model import largest_first
from gapstudy.link.score import Scorer
from gapstudy.link.training import background
from gapstudy.regions import add_region
from gapstudy.study import Study

SPLIT = "test"
WORST = 15
_OWN_STREAM = 6  # of the study's seed: the bootstrap of this stage
Metric = Callable[[Array, Array, Array], Array]
_CHOICES: dict[str, Metric] = {
    "precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1,
}  # fmt: skip
_SCORES: dict[str, Metric] = {
    "brier": metrics.brier, "ece": metrics.expected_calibration_error,
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Pairs to judge on.

    Attributes:
        name: "labelled" or "weighted".
        pairs: key, label, cluster, region, negative_kind, target_type, same_organisation.
        scores: method -> score of each pair.
        thresholds: method -> smallest score that is called a link.
        prevalence: share that links are weighted to; None leaves the pairs as they are.
    """

    name: str
    pairs: pd.DataFrame
    scores: dict[str, Array]
    thresholds: dict[str, float]
    prevalence: float | None


def samples(scorer: Scorer, study: Study) -> list[Sample]:
    """The two samples of test pairs with the scores of all methods."""
    test = scorer.facts.labels[scorer.facts.labels["split"] == SPLIT]
    columns = [*KEY, "label", "cluster", "negative_kind"]
    labelled = test[columns].reset_index(drop=True)
    beside = background(scorer.candidates, scorer.facts)
    beside = beside[beside["test"]].assign(label=False, negative_kind="background")
    weighted = pd.concat([labelled[labelled["label"]], beside[columns]], ignore_index=True)
    weighted = weighted[weighted["target_type"] == "product"].reset_index(drop=True)
    prior = scorer.priors.cohort
    return [
        _sample("labelled", labelled, scorer, study, None),
        _sample("weighted", weighted, scorer, study, prior),
    ]


def _sample(
    name: str, pairs: pd.DataFrame, scorer: Scorer, study: Study, prevalence: float | None
) -> Sample:
    described = scorer.space.describe(pairs)
    keys = ["target_type", "target_id"]
    country = pairs[keys].merge(scorer.space.targets[[*keys, "country"]], how="left")
    shown = pairs.assign(
        region=add_region(country, study.regions.scheme).to_numpy(),
        same_organisation=np.where(described["organisation"] > 0, "yes", "no"),
    )
    scores = {"model": scorer.score(pairs, prevalence).round(6), **baselines(scorer, pairs)}
    return Sample(name, shown, scores, _thresholds(scorer, study), prevalence)


def baselines(scorer: Scorer, pairs: pd.DataFrame) -> dict[str, Array]:
    """Scores of the simple methods that the model is compared with.

    exact_name: the coined name stands in the target as the paper spells it; tfidf_top1: no other
    paper is nearer to the target by TF-IDF; tfidf and embedding: the cosine.
    """
    rows, columns = scorer.space.places(pairs)
    tfidf = scorer.space.features["title_cosine"]
    best = (tfidf == tfidf.max(axis=0, keepdims=True)) & (tfidf > 0)
    return {
        "exact_name": scorer.space.features["name_exact"][rows, columns].astype(float),
        "tfidf_top1": best[rows, columns].astype(float),
        "tfidf": tfidf[rows, columns].round(6),
        "embedding": scorer.space.features["text_cosine"][rows, columns].round(6),
    }


def _thresholds(scorer: Scorer, study: Study) -> dict[str, float]:
    """Cut of each method; those of the cosines give the best F1 on the labelled fit pairs."""
    fit = scorer.facts.labels[scorer.facts.labels["split"] == "fit"]
    truth = fit["label"].to_numpy(dtype=float)
    result = {"model": study.linking.threshold, "exact_name": 1.0, "tfidf_top1": 1.0}
    scores = baselines(scorer, fit)
    for method in ("tfidf", "embedding"):
        cuts = np.unique(scores[method])
        chosen = (scores[method][None, :] >= cuts[:, None]).astype(float)
        right = chosen @ truth
        quality = 2 * right / np.maximum(chosen.sum(axis=1) + truth.sum(), 1.0)
        result[method] = float(cuts[int(np.argmax(quality))])
    return result


def quality(
    scorer: Scorer, chosen: list[Sample], found: pd.DataFrame, study: Study
) -> pd.DataFrame:
    """The table `out_link_quality`.

    Args:
        scorer: the fitted linker.
        chosen: the samples to judge on.
        found: the links as they are written; only the follow-up check looks at them.
        study: the study.
    """
    rows: list[dict[str, Any]] = []
    for number, sample in enumerate(chosen):
        rng = np.random.default_rng([study.seed, _OWN_STREAM, number])
        weights = metrics.resample(list(sample.pairs["cluster"]), study.measurement.bootstrap, rng)
        for group, value, mask in _groups(sample.pairs):
            rows += _measured(sample, weights, group, value, mask, study)
        if sample.name == "labelled":
            rows += _shares(scorer, sample, weights, study)
    rows += followup_check(scorer, found, study)
    return pd.DataFrame(rows).assign(split=SPLIT)


def _groups(pairs: pd.DataFrame) -> list[tuple[str, str, Any]]:
    groups: list[tuple[str, str, Any]] = [("all", "all", np.ones(len(pairs), dtype=bool))]
    for name in ("region", "target_type", "same_organisation"):
        groups += [
            (name, str(value), (pairs[name] == value).to_numpy())
            for value in sorted(pairs[name].astype(str).unique())
        ]
    return groups


def _measured(
    sample: Sample, weights: Array, group: str, value: str, mask: Any, study: Study
) -> list[dict[str, Any]]:
    """Rows of all methods and metrics for one group."""
    truth = sample.pairs["label"].to_numpy(dtype=float)[mask]
    once = np.vstack([np.ones(mask.sum()), weights[:, mask]])
    if sample.prevalence is not None:
        once = metrics.to_prevalence(once, truth, sample.prevalence)
    rows = []
    for method, all_scores in sample.scores.items():
        score = all_scores[mask]
        called = (score >= sample.thresholds[method]).astype(float)
        values = {name: metric(once, truth, called) for name, metric in _CHOICES.items()}
        values["average_precision"] = metrics.average_precision(once, truth, score)
        if method == "model":
            values |= {name: metric(once, truth, score) for name, metric in _SCORES.items()}
        base = {
            "sample": sample.name, "method": method, "group": group, "group_value": value,
            "n": int(mask.sum()), "positives": int(truth.sum()),
            "clusters": int(sample.pairs.loc[mask, "cluster"].nunique()),
        }  # fmt: skip
        confidence = study.measurement.confidence
        for name, series in values.items():
            low, high = metrics.interval(series[1:], confidence)
            if name in {"precision", "recall"} and series[0] in {0.0, 1.0}:
                low, high = _at_edge(name, truth, called, sample.prevalence, confidence)
            rows.append({**base, "metric": name, "value": series[0], "low": low, "high": high})
    return rows


def _at_edge(
    name: str, truth: Array, called: Array, prevalence: float | None, confidence: float
) -> tuple[float, float]:
    """Interval of a precision or recall of 0 or 1, which resampling cannot vary."""
    right = float(truth @ called)
    if name == "recall":
        return metrics.wilson(right, float(truth.sum()), confidence)
    if prevalence is None:
        return metrics.wilson(right, float(called.sum()), confidence)
    # Bayes' rule on the ends of Wilson's intervals of the two rates that are 0.
    wrong, others = float((1.0 - truth) @ called), float((1.0 - truth).sum())
    if wrong == 0.0:
        good = prevalence * right / max(float(truth.sum()), 1.0)
        bad = (1.0 - prevalence) * metrics.wilson(0.0, others, confidence)[1]
        return (good / (good + bad), 1.0) if others else (np.nan, 1.0)
    good = prevalence * metrics.wilson(0.0, float(truth.sum()), confidence)[1]
    return 0.0, good / (good + (1.0 - prevalence) * wrong / others)


def _shares(scorer: Scorer, sample: Sample, weights: Array, study: Study) -> list[dict[str, Any]]:
    """False link rate by kind of non-link, recall of the candidates, accuracy of the relation."""
    pairs, truth = sample.pairs, sample.pairs["label"].to_numpy(dtype=float)
    called = (sample.scores["model"] >= sample.thresholds["model"]).astype(float)
    kinds = pairs["negative_kind"].astype(str).to_numpy()
    tries: list[tuple[str, str, str, Any, Any]] = [
        ("false_link_rate", "negative_kind", kind, kinds == kind, called)
        for kind in sorted(set(pairs.loc[~pairs["label"], "negative_kind"].astype(str)))
    ]  # fmt: skip
    among = (scorer.space.describe(pairs)["found_by"] != "").to_numpy(dtype=float)
    for value in ("all", *sorted(pairs["region"].unique())):
        mask = pairs["label"].to_numpy() & (
            (pairs["region"] == value).to_numpy() | (value == "all")
        )
        group = "all" if value == "all" else "region"
        tries.append(("candidate_recall", group, str(value), mask, among))
    guessed = guess_relation(scorer, scorer.space.describe(pairs))
    relation = pairs[KEY].merge(scorer.facts.labels, on=KEY, how="left")["relation"]
    right = (relation.astype("str") == guessed).to_numpy(dtype=float)
    tries.append(("relation_accuracy", "all", "all", pairs["label"].to_numpy(), right))
    rows = []
    for name, group, value, mask, success in tries:
        count = weights[:, mask]
        series = metrics.precision(count, success[mask], np.ones(int(mask.sum())))
        share = float(success[mask].mean()) if mask.any() else np.nan
        low, high = metrics.interval(series, study.measurement.confidence)
        if share in {0.0, 1.0}:
            low, high = metrics.wilson(share * mask.sum(), mask.sum(), study.measurement.confidence)
        rows.append(
            {
                "sample": sample.name, "method": "model", "metric": name, "group": group,
                "group_value": value, "value": share, "low": low, "high": high,
                "n": int(mask.sum()), "positives": int(truth[mask].sum()),
                "clusters": int(pairs.loc[mask, "cluster"].nunique()),
            }
        )  # fmt: skip
    return rows


def unseen(scorer: Scorer) -> Array:
    """Probability of each candidate from a model that did not see its organisation."""
    odds = pd.Series(scorer.model.out_of_fold_, index=pd.MultiIndex.from_frame(scorer.fitted[KEY]))
    held = odds.reindex(pd.MultiIndex.from_frame(scorer.candidates[KEY])).to_numpy()
    prior = scorer.prior(scorer.candidates)
    other = scorer.model.log_odds(scorer.candidates, prior)
    shifted = held + scorer.model.correction(prior)
    return np.asarray(expit(np.where(np.isnan(held), other, shifted)))


def followup_check(scorer: Scorer, found: pd.DataFrame, study: Study) -> list[dict[str, Any]]:
    """Results expected to have a product, beside those that the follow-up found one for.

    A result has a product with probability 1 - prod(1 - p) over its candidate products: by the
    model alone, each product scored without its organisation ("expected_by_model"), and by the
    links as they are written ("expected_by_links"). Intervals are those of a sum of independent
    events.
    """
    alone = scorer.candidates.assign(probability=unseen(scorer))
    z = float(norm.ppf(0.5 + study.measurement.confidence / 2))
    followups = scorer.facts.followups
    outcome = followups["outcome"].astype(str).to_numpy()
    groups = [("all", "all", np.ones(len(followups), dtype=bool))]
    groups += [("outcome", value, outcome == value) for value in sorted(set(outcome))]
    rows: list[dict[str, Any]] = []
    for group, value, mask in groups:
        count = int((outcome[mask] == "found").sum())
        base = {
            "sample": "followup", "method": "model", "group": group, "group_value": value,
            "n": int(mask.sum()), "positives": count, "clusters": int(mask.sum()),
        }  # fmt: skip
        for name, pairs in (("expected_by_model", alone), ("expected_by_links", found)):
            pairs = pairs[pairs["target_type"] == "product"]
            miss = (1.0 - pairs["probability"]).groupby(pairs["paper_id"]).prod()
            have = 1.0 - followups["paper_id"].map(miss).fillna(1.0).to_numpy(dtype=float)[mask]
            total, half = float(have.sum()), z * float(np.sqrt((have * (1.0 - have)).sum()))
            low, high = max(0.0, total - half), min(float(mask.sum()), total + half)
            rows.append({**base, "metric": name, "value": total, "low": low, "high": high})
        rows.append(
            {**base, "metric": "found", "value": float(count), "low": np.nan, "high": np.nan}
        )
    return rows


def calibration(chosen: list[Sample], study: Study) -> pd.DataFrame:
    """The table `out_link_calibration`: all bins, also those without a pair."""
    rows = []
    for number, sample in enumerate(chosen):
        rng = np.random.default_rng([study.seed, _OWN_STREAM, 10 + number])
        truth, score = sample.pairs["label"].to_numpy(dtype=float), sample.scores["model"]
        drawn = metrics.resample(list(sample.pairs["cluster"]), study.measurement.bootstrap, rng)
        weights = np.vstack([np.ones(len(truth)), drawn])
        if sample.prevalence is not None:
            weights = metrics.to_prevalence(weights, truth, sample.prevalence)
        place = metrics.bins(score)
        for at in range(len(metrics.EDGES) - 1):
            inside = (place == at).astype(float)
            observed = metrics.precision(weights, truth, inside)
            predicted = metrics.precision(weights[:1], score, inside)
            low, high = metrics.interval(observed[1:], study.measurement.confidence)
            if observed[0] in {0.0, 1.0}:
                low, high = _at_edge(
                    "precision", truth, inside, sample.prevalence, study.measurement.confidence
                )
            rows.append(
                {
                    "sample": sample.name, "bin": at + 1, "bin_from": metrics.EDGES[at],
                    "bin_to": metrics.EDGES[at + 1], "predicted": predicted[0],
                    "observed": observed[0], "low": low, "high": high, "n": int(inside.sum()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows).assign(split=SPLIT)


def errors(scorer: Scorer, sample: Sample) -> pd.DataFrame:
    """The table `out_link_errors`: the test pairs that the model got most wrong."""
    called = sample.scores["model"] >= sample.thresholds["model"]
    pairs = sample.pairs.assign(probability=sample.scores["model"])
    pairs = pairs[pairs["label"].to_numpy() != called]
    described = scorer.space.describe(pairs)
    reasons = scorer.model.reasons(described, scorer.prior(pairs))
    pairs = pairs.assign(
        error=np.where(pairs["label"], "missed", "false"),
        size=np.abs(pairs["label"].astype(float) - pairs["probability"]),
        reason=[
            _in_words(terms) if found else "no way of finding candidates found it"
            for terms, found in zip(reasons, described["found_by"] != "", strict=True)
        ],
    )
    pairs = pairs.sort_values(["error", "size", *KEY], ascending=[True, False, True, True, True])
    pairs["rank"] = pairs.groupby("error").cumcount() + 1
    columns = [*KEY, "error", "rank", "probability", "negative_kind", "reason"]
    worst: pd.DataFrame = pairs.loc[pairs["rank"] <= WORST, columns]
    return worst.reset_index(drop=True)


def _in_words(terms: dict[str, float]) -> str:
    first = list(largest_first(terms).items())[:4]
    return "; ".join(f"{name} {value:+.2f}" for name, value in first)
