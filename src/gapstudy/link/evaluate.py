"""How good the linker is, on labelled pairs of organisations that it never saw.

Two samples are shown. "labelled": the test pairs as they are, with many links and hard non-links,
judged by the model alone, with probabilities as for a set with as many links as the labelled pairs
have. "weighted": test pairs that were drawn from the candidates with a known probability, each
weighing one over it, so that they stand for all candidates; where none was drawn, the labelled
links beside the candidates of those organisations for results whose follow-up found nothing,
weighted so that links are as rare as among candidates of the cohort. Here the whole linker is
judged: a link that no way of finding candidates found counts as missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from gapstudy.link import baselines, quality
from gapstudy.link.ends import KEY
from gapstudy.link.metrics import Array
from gapstudy.link.quality import MODEL, Row, Rules, Sample
from gapstudy.link.score import Linker
from gapstudy.link.texts import paper_texts, target_texts
from gapstudy.link.training import background
from gapstudy.regions import add_region
from gapstudy.study import Study

SPLIT = "test"
#: Kinds of non-links that carry the name of the paper's thing, or nearly.
HARD = ("same_name", "similar_name")
_OWN_STREAM = 6  # of the study's seed: the bootstrap of this stage


@dataclass(frozen=True)
class Judged:
    """Pairs with their features, probabilities and groups.

    Attributes:
        pairs: key, label, cluster, negative_kind, region, link_type, found (whether a way of
            finding candidates found the pair).
        described: their features.
        prior: share of links assumed; None for that of the labelled pairs, else one per pair.
        sample: what the measures are made of.
    """

    pairs: pd.DataFrame
    described: pd.DataFrame
    prior: Array | None
    sample: Sample


def rules(study: Study, *stream: int) -> Rules:
    """How intervals of this stage are made."""
    measurement = study.measurement
    seed = (study.seed, _OWN_STREAM, *stream)
    return Rules(measurement.bootstrap, measurement.confidence, seed)


def samples(linker: Linker, candidates: pd.DataFrame, study: Study) -> dict[str, Judged]:
    """The two samples of test pairs with the scores of all methods.

    Args:
        linker: the fitted linker.
        candidates: pairs that some way found, with found_by; from the whole study.
        study: the study.
    """
    labels = linker.facts.labels
    test = labels[labels["split"] == SPLIT].reset_index(drop=True)
    weight, prevalence, chosen = None, None, test[test["inclusion"].notna()]
    if len(chosen):
        weight = 1.0 / chosen["inclusion"].to_numpy(dtype=float)
    else:
        beside = background(linker.learnt.candidates, linker.facts)
        beside = beside[beside["test"]].assign(label=False, negative_kind="background")
        chosen = pd.concat([test[test["label"]], beside[[*KEY, "label", "cluster",
                                                         "negative_kind"]]])  # fmt: skip
        chosen = chosen[chosen["target_type"] == "product"]
        prevalence = linker.priors.cohort
    chosen = chosen.reset_index(drop=True)
    cut = cuts(linker, study)
    return {
        "labelled": judged(linker, test, candidates, study, cut),
        "weighted": judged(
            linker, chosen, candidates, study, cut, linker.prior(chosen["paper_id"]), weight,
            prevalence, whole=True,
        ),
    }  # fmt: skip


def judged(
    linker: Linker, pairs: pd.DataFrame, candidates: pd.DataFrame, study: Study,
    cut: dict[str, float], prior: Array | None = None, weight: Array | None = None,
    prevalence: float | None = None, *, whole: bool = False,
) -> Judged:  # fmt: skip
    """Describe and score pairs.

    Args:
        linker: the fitted linker.
        pairs: key, label, cluster, negative_kind.
        candidates: pairs that some way found, with found_by.
        study: the study.
        cut: smallest score of each method that is called a link.
        prior: share of links to assume, one per pair; as among the labelled pairs by default.
        weight: what each pair stands for.
        prevalence: share of links that weights are scaled to.
        whole: whether a pair that no way found has the probability 0.
    """
    described = linker.learnt.describe(pairs)
    targets = linker.learnt.targets.frame[["target_type", "target_id", "country"]]
    country = pairs[KEY[1:]].merge(targets, on=KEY[1:], how="left")
    found = candidates.loc[candidates["found_by"] != "", KEY].astype("object")
    index = pd.MultiIndex.from_frame(pairs[KEY].astype("object"))
    shown = pairs.assign(
        region=add_region(country, study.regions.scheme).to_numpy(),
        link_type=baselines.link_types(described),
        found=index.isin(pd.MultiIndex.from_frame(found)),
    )
    model = linker.judge(described, prior, reasons=False)["probability"].to_numpy(dtype=float)
    sample = Sample(
        shown["label"].to_numpy(dtype=float),
        list(shown["cluster"]),
        {
            MODEL: np.where(shown["found"] | (not whole), model, 0.0),
            **simple(linker, shown, described),
        },
        cut,
        {name: list(shown[name]) for name in ("region", "target_type", "link_type")},
        weight,
        prevalence,
    )
    return Judged(shown, described, prior, sample)


def simple(linker: Linker, pairs: pd.DataFrame, described: pd.DataFrame) -> dict[str, Array]:
    """Scores of pairs by the simple ways, among all papers that the linker learnt from."""
    papers, targets = linker.learnt.papers, linker.learnt.targets
    return baselines.scores(
        described,
        (paper_texts(papers.frame), target_texts(targets.frame)),
        (papers.vectors, targets.vectors),
        *linker.learnt.places(pairs),
    )


def cuts(linker: Linker, study: Study) -> dict[str, float]:
    """Cut of each method; those of the cosines give the best F1 on the labelled fit pairs."""
    labels = linker.facts.labels
    fit = labels[labels["split"] == "fit"].reset_index(drop=True)
    scored = simple(linker, fit, linker.learnt.describe(fit))
    found = baselines.cuts(scored, fit["label"].to_numpy(dtype=float))
    return {MODEL: study.linking.threshold, **found}


def quality_table(
    linker: Linker, chosen: dict[str, Judged], found: pd.DataFrame, study: Study
) -> pd.DataFrame:
    """The table `out_link_quality`.

    Args:
        linker: the fitted linker.
        chosen: the samples to judge on.
        found: the links as they are written; only the follow-up check looks at them.
        study: the study.
    """
    rows: list[Row] = []
    for number, (name, made) in enumerate(chosen.items()):
        how = rules(study, number)
        parts = quality.measured(made.sample, how)
        if name == "labelled":
            parts += _shares(linker, made, how)
        rows += [{"sample": name, **row} for row in parts]
    rows += followup_check(linker, found, study)
    return quality.frame(rows, split=SPLIT)


def _shares(linker: Linker, made: Judged, how: Rules) -> list[Row]:
    """False links by kind of non-link, recall of the candidates, accuracy of the relation."""
    pairs, sample = made.pairs, made.sample
    called = (sample.scores[MODEL] >= sample.cuts[MODEL]).astype(float)
    kinds = pairs["negative_kind"].astype(str).to_numpy()
    link = pairs["label"].to_numpy(dtype=bool)
    tries: list[tuple[str, str, str, Any, Array]] = [
        ("false_link_rate", "negative_kind", kind, ~link & (kinds == kind), called)
        for kind in sorted(set(kinds[~link]))
    ]
    tries.append(("hard_refused", "all", "all", ~link & np.isin(kinds, HARD), 1.0 - called))
    among = pairs["found"].to_numpy(dtype=float)
    for group in ("all", "region"):
        for value in sorted(set(pairs[group])) if group == "region" else ["all"]:
            here = link & ((pairs["region"] == value).to_numpy() | (group == "all"))
            tries.append(("candidate_recall", group, str(value), here, among))
    guessed = linker.judge(made.described, reasons=False)["relation"].astype("str")
    right = (pairs["relation"].astype("str").to_numpy() == guessed.to_numpy()).astype(float)
    tries.append(("relation_accuracy", "all", "all", link, right))
    return [
        {
            "method": MODEL, "metric": name, "group": group, "group_value": value,
            **quality.share(sample, mask, success, how), "n": int(mask.sum()),
            "positives": int(link[mask].sum()),
            "clusters": int(pairs.loc[mask, "cluster"].nunique()),
        }
        for name, group, value, mask, success in tries
    ]  # fmt: skip


def unseen(linker: Linker) -> Array:
    """Probability of each candidate from a model that did not see its organisation."""
    fitted, every = linker.learnt.fitted[KEY], linker.learnt.candidates
    odds = pd.Series(linker.model.out_of_fold_, index=pd.MultiIndex.from_frame(fitted))
    held = odds.reindex(pd.MultiIndex.from_frame(every[KEY])).to_numpy()
    prior = linker.prior(every["paper_id"])
    shifted = held + linker.model.correction(prior)
    other = linker.model.log_odds(every, prior)
    return np.asarray(expit(np.where(np.isnan(held), other, shifted)), dtype=float)


def followup_check(linker: Linker, found: pd.DataFrame, study: Study) -> list[Row]:
    """Results expected to have a product, beside those that the follow-up found one for.

    A result has a product with probability 1 - prod(1 - p) over its candidate products: by the
    model alone, each product scored without its organisation ("expected_by_model"), and by the
    links as they are written ("expected_by_links"). Intervals are those of a sum of independent
    events.
    """
    alone = linker.learnt.candidates[KEY].assign(probability=unseen(linker))
    z = float(norm.ppf(0.5 + study.measurement.confidence / 2))
    followups = linker.facts.followups
    outcome = followups["outcome"].astype(str).to_numpy()
    groups = [("all", "all", np.ones(len(followups), dtype=bool))]
    groups += [("outcome", value, outcome == value) for value in sorted(set(outcome))]
    rows: list[Row] = []
    for group, value, mask in groups:
        count = int((outcome[mask] == "found").sum())
        base = {
            "sample": "followup", "method": MODEL, "group": group, "group_value": value,
            "n": int(mask.sum()), "positives": count, "clusters": int(mask.sum()),
        }  # fmt: skip
        for name, pairs in (("expected_by_model", alone), ("expected_by_links", found)):
            pairs = pairs[pairs["target_type"] == "product"]
            miss = (1.0 - pairs["probability"]).groupby(pairs["paper_id"].astype("object")).prod()
            none = followups["paper_id"].astype("object").map(miss).fillna(1.0)
            have = 1.0 - none.to_numpy(dtype=float)[mask]
            total, half = float(have.sum()), z * float(np.sqrt((have * (1.0 - have)).sum()))
            low, high = max(0.0, total - half), min(float(mask.sum()), total + half)
            rows.append({**base, "metric": name, "value": total, "low": low, "high": high})
        rows.append(
            {**base, "metric": "found", "value": float(count), "low": np.nan, "high": np.nan}
        )
    return rows


def calibration_table(chosen: dict[str, Judged], study: Study) -> pd.DataFrame:
    """The table `out_link_calibration`: all bins, also those without a pair."""
    rows = [
        {"sample": name, **row}
        for number, (name, made) in enumerate(chosen.items())
        for row in quality.calibration(made.sample, rules(study, 10 + number))
    ]
    return quality.frame(rows, split=SPLIT)
