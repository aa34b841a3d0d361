r"""How many of a region's true links to products the drawn link sets hold.

A true link is in a drawn set with its probability, if some way of finding candidates found it at
all: recall = share found x mean probability of those found, at the probabilities in use (with the
prior of each result, and nothing below `linking.candidate_floor`). It is measured on the labelled
links of both splits, each scored by a model that did not see its organisation. A link counts for
every region of the result's organisations.

Regions have few labelled links, so each is pooled towards all: the distribution of a region's
recall is

.. math:: \text{Beta}(n^* \hat\rho + k m, \; n^* (1 - \hat\rho) + k (1 - m))

with the recall m of all regions, k = `POOLED` links' worth of it, and the region's effective number
of links :math:`n^*`: its number over the design effect of organisations, which is read off the
bootstrap of whole organisations over all regions. A region without a labelled link has the recall
of all, as if from k links.

With the follow-up beside the model, a link is missed only by both. The share that the follow-up
misses is known for all regions together only (`training.missed_by_followup`); taking the two
misses as independent, recall = 1 - (1 - model's recall) x follow-up's share missed, put into a Beta
distribution of the same mean and variance. The labelled links are of known products: links of
products that nobody wrote about are found less often, so the recall is rather too high.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from gapstudy.link import metrics
from gapstudy.link.ends import KEY
from gapstudy.link.metrics import Array
from gapstudy.link.quality import Rules
from gapstudy.link.score import Linker
from gapstudy.link.training import missed_by_followup
from gapstudy.regions import REGIONS, UNKNOWN, RegionScheme, add_region

#: Links' worth of the overall recall that every region gets.
POOLED = 5.0
ALL = "all"
COLUMNS = (
    "links", "region", "recall", "low", "high", "alpha", "beta", "own", "candidate_recall",
    "model_recall", "n", "effective_n", "pooled",
)  # fmt: skip


def true_links(linker: Linker, candidates: pd.DataFrame, floor: float) -> pd.DataFrame:
    """Labelled links to products, each with a probability that no pair of its organisation shaped.

    Args:
        linker: the fitted linker.
        candidates: pairs that some way found, with found_by.
        floor: smallest probability that a link is kept with.

    Returns:
        Frame of the pair's key, cluster, found, probability (of those found).
    """
    labels = linker.facts.labels
    links = labels[labels["label"] & (labels["target_type"] == "product")].reset_index(drop=True)
    fitted = pd.MultiIndex.from_frame(linker.learnt.fitted[KEY].astype("object"))
    index = pd.MultiIndex.from_frame(links[KEY].astype("object"))
    odds = linker.model.log_odds(linker.learnt.describe(links))
    held = pd.Series(linker.model.out_of_fold_, index=fitted)
    unseen = held[~held.index.duplicated()].reindex(index).to_numpy(dtype=float)
    odds = np.where(np.isnan(unseen), odds, unseen)
    probability = expit(odds + linker.model.correction(linker.prior(links["paper_id"])))
    found = candidates.loc[candidates["found_by"] != "", KEY].astype("object")
    return links[[*KEY, "cluster"]].assign(
        found=index.isin(pd.MultiIndex.from_frame(found)),
        probability=np.where(probability >= floor, probability, 0.0),
    )


def result_regions(
    papers: pd.DataFrame, affiliations: pd.DataFrame, scheme: RegionScheme
) -> pd.DataFrame:
    """Every region of each result: paper_id, region; unknown where no organisation is known."""
    dates = papers[["paper_id", "date_from", "date_to"]]
    rows = dates.merge(affiliations[["paper_id", "country"]], on="paper_id", how="left")
    region = add_region(rows, scheme, date=("date_from", "date_to"))
    made = rows[["paper_id"]].assign(region=region.to_numpy()).drop_duplicates()
    known = set(made.loc[made["region"] != UNKNOWN, "paper_id"])
    return made[(made["region"] != UNKNOWN) | ~made["paper_id"].isin(known)]


def table(links: pd.DataFrame, regions: pd.DataFrame, missed: tuple[float, int], rules: Rules
          ) -> pd.DataFrame:  # fmt: skip
    """The table `out_link_recall`; without rows when there is no labelled link.

    Args:
        links: of `true_links`.
        regions: of `result_regions`.
        missed: share of productised results that the follow-up misses, and what it rests on.
        rules: level of the intervals, and the bootstrap behind the design effect.
    """
    if links.empty:
        return pd.DataFrame(columns=[*COLUMNS, "split"])
    hold = (links["probability"] * links["found"]).to_numpy(dtype=float)
    overall = float(hold.mean())
    effect = design_effect(hold, list(links["cluster"]), rules)
    placed = links.assign(hold=hold).merge(regions, on="paper_id")
    every = len(hold) / effect
    # Half a link of either kind, so that no recall is for certain 0 or 1 (Jeffreys).
    middle = (every * overall + 0.5) / (every + 1.0)
    rows = []
    for region in (*REGIONS, ALL):
        part = links.assign(hold=hold) if region == ALL else placed[placed["region"] == region]
        size, own = len(part) / effect, float(part["hold"].mean()) if len(part) else middle
        pooled = 0.0 if region == ALL else POOLED
        alpha = size * own + pooled * middle + (0.5 if region == ALL else 0.0)
        beta = size * (1 - own) + pooled * (1 - middle) + (0.5 if region == ALL else 0.0)
        base = {
            "region": region, "own": own if len(part) else np.nan,
            "candidate_recall": float(part["found"].mean()) if len(part) else np.nan,
            "model_recall": float(part.loc[part["found"], "probability"].mean()),
            "n": len(part), "effective_n": size, "pooled": pooled,
        }  # fmt: skip
        rows.append({"links": "model", **base, **_beta(alpha, beta, rules.confidence)})
        either = with_followup(alpha, beta, *missed)
        base["own"] = 1 - (1 - own) * missed[0] if len(part) else np.nan
        rows.append({"links": "both", **base, **_beta(*either, rules.confidence)})
    return pd.DataFrame(rows)[list(COLUMNS)].assign(split=None)


def design_effect(values: Array, clusters: list[str], rules: Rules) -> float:
    """How much more the mean varies than that of as many independent links, at least 1.

    Reference: Kish (1965), Survey Sampling, sec. 8.2.
    """
    mean = float(values.mean())
    if not 0.0 < mean < 1.0:
        return 1.0
    drawn = metrics.resample(clusters, rules.bootstrap, np.random.default_rng(list(rules.seed)))
    means = metrics.precision(drawn, values, np.ones(len(values)))
    return max(1.0, float(np.nanvar(means)) * len(values) / (mean * (1 - mean)))


def with_followup(alpha: float, beta: float, missed: float, seen: int) -> tuple[float, float]:
    """Beta distribution of a recall when the follow-up finds some of what the model misses.

    Args:
        alpha: first parameter of the model's recall.
        beta: second parameter.
        missed: share that the follow-up misses, with the prior of Jeffreys.
        seen: results that it rests on.

    Returns:
        Parameters of the Beta distribution with the mean and variance of
        1 - (1 - recall) x missed, the two being independent.
    """
    a, b = missed * (seen + 1.0), (1.0 - missed) * (seen + 1.0)
    first = (beta / (alpha + beta)) * (a / (a + b))
    second = (
        beta * (beta + 1) / ((alpha + beta) * (alpha + beta + 1))
        * a * (a + 1) / ((a + b) * (a + b + 1))
    )  # fmt: skip
    size = first * (1 - first) / (second - first**2) - 1
    return (1 - first) * size, first * size


def _beta(alpha: float, beta: float, confidence: float) -> dict[str, float]:
    tail = (1 - confidence) / 2
    ends = np.asarray(stats.beta.ppf(np.array([tail, 1 - tail]), alpha, beta))
    return {
        "recall": alpha / (alpha + beta), "low": float(ends[0]), "high": float(ends[1]),
        "alpha": alpha, "beta": beta,
    }  # fmt: skip


def of(
    linker: Linker, tables: dict[str, pd.DataFrame], candidates: pd.DataFrame, floor: float,
    scheme: RegionScheme, rules: Rules,
) -> pd.DataFrame:  # fmt: skip
    """The table `out_link_recall` of a study.

    Args:
        linker: the fitted linker.
        tables: the core tables papers and paper_affiliations by name.
        candidates: pairs that some way found, with found_by.
        floor: smallest probability that a link is kept with.
        scheme: what the regions contain.
        rules: how intervals are made.
    """
    links = true_links(linker, candidates, floor)
    wanted = set(links["paper_id"])
    papers = tables["papers"][tables["papers"]["paper_id"].isin(wanted)]
    regions = result_regions(papers, tables["paper_affiliations"], scheme)
    return table(links, regions, missed_by_followup(linker.facts), rules)
