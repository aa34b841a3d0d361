"""Pairs that the model learns from, and how frequent links are among candidates.

Only papers and targets that somebody looked at are learnt from: those of labelled pairs and of the
follow-up. So a study that takes in more papers or products keeps its model.

Learnt from are the labelled pairs of the fit split and the products that the follow-up found; none
of them has a target of an organisation of the test split. Labelled pairs that are no links are of
two kinds: hard ones chosen by hand, and pairs drawn at random within strata of likeness, so that
the whole range of candidates is in them.

Background pairs are candidates that are no links as far as anybody found: products beside results
of the cohort whose follow-up found none, and patents beside other results than the one that a label
of the fit split ties them to. They are for judging; learning from them as well made the model worse
on labelled pairs of organisations that it had not seen.

The share of links among candidates (the prior) differs by how a result got into the study: some
were chosen because something came of them, the others were not, and those of the cohort were
followed up one by one. It is estimated for each from the fit side alone: where enough labelled
pairs were drawn with a known probability from these, each weighing one over that probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gapstudy.link.ends import KEY

#: Frame of results that were chosen by what became of them.
CHOSEN = "technique"
#: Fewest pairs drawn at random that a prior is estimated from.
ENOUGH_DRAWN = 50


@dataclass(frozen=True)
class Known:
    """What is known about pairs, whichever way.

    Attributes:
        labels: labelled pairs: the key of a pair, label, split, relation, negative_kind, cluster,
            sample (landmark or sampled), inclusion (probability with which the pair was drawn;
            missing for pairs outside the frame that pairs were drawn from).
        followups: results followed up: paper_id, outcome, product_id, relation.
        frames: frame of each result that is known, indexed by paper_id.
        clusters: target_type, target_id, cluster (organisation).
    """

    labels: pd.DataFrame
    followups: pd.DataFrame
    frames: pd.Series[str]
    clusters: pd.DataFrame

    @property
    def held(self) -> set[str]:
        """Organisations of the test split."""
        return set(self.labels.loc[self.labels["split"] == "test", "cluster"])

    def with_cluster(self, pairs: pd.DataFrame) -> pd.Series[str]:
        """Organisation of each pair's target; that of an unknown one is the target itself."""
        keys = pairs[KEY].astype("object")
        found = keys.merge(self.clusters, on=KEY[1:], how="left")["cluster"]
        cluster = found.astype("object").set_axis(pairs.index)
        return cluster.where(cluster.notna(), pairs["target_id"])

    def chosen(self, paper_ids: pd.Series[str]) -> pd.Series[bool]:
        """Whether each result was chosen by what became of it."""
        return (paper_ids.map(self.frames) == CHOSEN).fillna(False).astype(bool)


def known(
    papers: pd.DataFrame, followups: pd.DataFrame, labels: pd.DataFrame, clusters: pd.DataFrame
) -> Known:
    """Gather what is known, leaving out labels of targets or results that are not in the study.

    Args:
        papers: table `papers`.
        followups: table `followups`.
        labels: table `labelled_pairs`.
        clusters: frame of `clusters`.
    """
    columns = [*KEY, "label", "split", "relation", "negative_kind", "sample", "inclusion"]
    if "inclusion" not in labels:
        labels = labels.assign(inclusion=float("nan"))
    if "sample" not in labels:
        labels = labels.assign(sample="landmark")
    kept = labels[labels["paper_id"].isin(papers["paper_id"])][columns].drop_duplicates(KEY)
    words = [*KEY, "split", "relation", "negative_kind", "sample"]
    kept = kept.astype(dict.fromkeys(words, "object"))
    kept["inclusion"] = pd.to_numeric(kept["inclusion"]).astype(float)
    kept = kept.merge(clusters, on=KEY[1:], how="inner", validate="many_to_one")
    kept["label"] = kept["label"].astype(bool)
    frames = papers.set_index("paper_id")["frame"].astype("str")
    return Known(
        labels=kept.sort_values(KEY, ignore_index=True),
        followups=followups[["paper_id", "outcome", "product_id", "relation"]],
        frames=frames,
        clusters=clusters,
    )


def clusters(targets: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Organisation of every target: the key of the first it names, else the target itself.

    Args:
        targets: columns target_type, target_id, plain index.
        organisations: row (position in `targets`) and key, in the order of the names.

    Returns:
        Frame of target_type, target_id, cluster.
    """
    first = organisations.drop_duplicates("row").set_index("row")["key"].astype("object")
    made = targets[["target_type", "target_id"]].copy()
    made["cluster"] = first.reindex(range(len(targets))).to_numpy()
    made["cluster"] = made["cluster"].where(made["cluster"].notna(), made["target_id"])
    return made


def background(candidates: pd.DataFrame, facts: Known) -> pd.DataFrame:
    """Candidates that are no links as far as anybody found (see the module), with the column test.

    Args:
        candidates: pairs with found_by not empty.
        facts: what is known.

    Returns:
        Rows of `candidates` with `cluster` and `test`: whether the target's organisation is in the
        test split, so that the pair must not be learnt from.
    """
    pairs = candidates.assign(cluster=facts.with_cluster(candidates))
    pairs["test"] = pairs["cluster"].isin(facts.held)
    nothing = set(facts.followups.loc[facts.followups["outcome"] == "none_found", "paper_id"])
    tied = facts.labels[facts.labels["label"] & (facts.labels["target_type"] == "patent")]
    beside = (pairs["target_type"] == "product") & pairs["paper_id"].isin(nothing)
    beside |= (pairs["target_type"] == "patent") & pairs["target_id"].isin(tied["target_id"])
    labelled = pd.MultiIndex.from_frame(facts.labels[KEY])
    found = facts.followups.dropna(subset=["product_id"])
    shown = pd.MultiIndex.from_arrays(
        [found["paper_id"], ["product"] * len(found), found["product_id"]]
    )
    index = pd.MultiIndex.from_frame(pairs[KEY])
    return pairs[beside & ~index.isin(labelled) & ~index.isin(shown)]


def fit_pairs(facts: Known) -> pd.DataFrame:
    """Pairs to learn from: labels of the fit split, and products found in the follow-up.

    Returns:
        Frame of the pair's key, label, cluster, labelled (whether the label comes from
        `labelled_pairs`); no organisation of the test split is in it.
    """
    labels = facts.labels[facts.labels["split"] == "fit"][[*KEY, "label", "cluster"]]
    labels = labels.assign(labelled=True)
    found = facts.followups[facts.followups["outcome"] == "found"].dropna(subset=["product_id"])
    shown = pd.DataFrame(
        {
            "paper_id": found["paper_id"].astype("object"),
            "target_type": "product",
            "target_id": found["product_id"].astype("object"),
            "label": True,
            "labelled": False,
        }
    )
    shown["cluster"] = facts.with_cluster(shown)
    parts = [part[list(labels)] for part in (labels, shown) if len(part)]
    pairs = pd.concat(parts or [labels], ignore_index=True).drop_duplicates(KEY)
    pairs = pairs.astype({"label": bool, "labelled": bool})
    return pairs[~pairs["cluster"].isin(facts.held)].sort_values(KEY, ignore_index=True)


@dataclass(frozen=True)
class Priors:
    """Share of links among candidates.

    Attributes:
        cohort: for results that were not chosen by outcome: known links to products (follow-up and
            labels) over candidate products of the results whose follow-up ended with found or
            none found.
        chosen: for results that were: labelled links over candidates of the results that have any;
            a lower bound, since nobody searched all of theirs.
    """

    cohort: float
    chosen: float


def priors(candidates: pd.DataFrame, facts: Known) -> Priors:
    """Estimate the priors, organisations of the test split left out of both counts.

    One half is added to links and one to candidates (the prior of Jeffreys), so that no share is 0.
    Where nothing was followed up, or nothing chosen, the other prior stands for both.
    """
    pairs = fit_side(candidates, facts)
    links = fit_pairs(facts)
    links = links[links["label"]]
    ended = facts.followups["outcome"].isin(["found", "none_found"])
    followed = set(facts.followups.loc[ended, "paper_id"])
    products = pairs[(pairs["target_type"] == "product") & pairs["paper_id"].isin(followed)]
    linked = set(links.loc[facts.chosen(links["paper_id"]), "paper_id"])
    others = pairs[pairs["paper_id"].isin(linked)]
    shares = [
        (len(links.merge(frame[KEY], on=KEY)) + 0.5) / (len(frame) + 1.0) if len(frame) else None
        for frame in (products, others)
    ]
    drawn = facts.labels[facts.labels["inclusion"].notna() & (facts.labels["split"] == "fit")]
    drawn = drawn[~drawn["cluster"].isin(facts.held)].merge(candidates[KEY], on=KEY)
    chosen = facts.chosen(drawn["paper_id"])
    cohort = _drawn_share(drawn[~chosen]) or shares[0] or shares[1] or 0.5
    return Priors(cohort=cohort, chosen=_drawn_share(drawn[chosen]) or shares[1] or cohort)


def _drawn_share(drawn: pd.DataFrame) -> float | None:
    """Share of links where pairs were drawn at random (Horvitz and Thompson); none from too few.

    https://doi.org/10.1080/01621459.1952.10483446
    """
    if len(drawn) < ENOUGH_DRAWN:
        return None
    weight = 1.0 / drawn["inclusion"].to_numpy(dtype=float)
    share = float((weight * drawn["label"].to_numpy(dtype=float)).sum() + 0.5 * weight.min())
    return share / float(weight.sum() + weight.min())


def fit_side(candidates: pd.DataFrame, facts: Known) -> pd.DataFrame:
    """Candidates whose target is of no organisation of the test split."""
    return candidates[~facts.with_cluster(candidates).isin(facts.held)]


def missed_by_followup(facts: Known) -> tuple[float, int]:
    """Share of productised results that the follow-up ends with "none found" for.

    Judged on the results of the cohort that a labelled link ties to a product: those of them whose
    follow-up ended with none found, over those with found or none found (prior of Jeffreys).

    Returns:
        The share, and how many results it rests on.
    """
    true = facts.labels[facts.labels["label"] & (facts.labels["target_type"] == "product")]
    ended = facts.followups[facts.followups["outcome"].isin(["found", "none_found"])]
    seen = ended[ended["paper_id"].isin(set(true["paper_id"]))]
    missed = int((seen["outcome"] == "none_found").sum())
    return (missed + 0.5) / (len(seen) + 1.0), len(seen)
