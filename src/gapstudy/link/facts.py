"""From the model's probabilities to links: what pages and the follow-up add.

- A product that the follow-up found is a link with at least `linking.followup_found`.
- A labelled link rests on a page too and has at least the same probability; a labelled non-link is
  no link. Labels enter here, for measurement, and never the evaluation.
- "None found" is evidence against other links of that result, as far as the follow-up can be
  trusted: by Bayes' rule their odds are multiplied by the share of productised results that it
  misses (`training.missed_by_followup`). "Found" and "unclear" leave the other links as they are:
  one product found explains the outcome without any other.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from gapstudy.link.ends import KEY
from gapstudy.link.features import Array, Places
from gapstudy.link.model import largest_first
from gapstudy.link.training import Known, missed_by_followup
from gapstudy.study import Linking

#: No link is written as impossible or certain.
_EDGE = 1e-6


def stated(facts: Known) -> pd.DataFrame:
    """Pairs that a page or a label ties together: links whether or not any way finds them.

    Returns:
        Frame of the pair's key, sorted: the pairs to judge beside the candidates.
    """
    both = pd.concat([_found(facts), _labelled(facts, True)], ignore_index=True)
    return both.drop_duplicates(KEY).sort_values(KEY, ignore_index=True)


def links(judged: pd.DataFrame, facts: Known, linking: Linking) -> pd.DataFrame:
    """Links with their probability, relation, basis and reasons.

    What is said of a pair depends on that pair and on what is known alone, so portions of a study
    may be asked for one after the other.

    Args:
        judged: candidates and the pairs of `stated`, each once: key, found_by (empty where no way
            found the pair), and log_odds, relation, reasons of `score.Linker.judge`. Others than
            those of `stated` may be left out where the model's probability is under
            `linking.candidate_floor`.
        facts: what is known.
        linking: choices of the study.

    Returns:
        Frame of the pair's key, probability (6 decimals), relation, basis, reasons, sorted by key;
        `lags` and `evidence.add` add the rest.
    """
    pairs = judged[[*KEY, "found_by", "log_odds", "relation", "reasons"]].reset_index(drop=True)
    pairs[KEY] = pairs[KEY].astype("object")
    index = pd.MultiIndex.from_frame(pairs[KEY])
    is_found = index.isin(pd.MultiIndex.from_frame(_found(facts)))
    is_true = index.isin(pd.MultiIndex.from_frame(_labelled(facts, True)))
    is_false = index.isin(pd.MultiIndex.from_frame(_labelled(facts, False)))
    odds = pairs["log_odds"].to_numpy(dtype=float)
    by_model = (pairs["found_by"] != "") & (expit(odds) >= linking.candidate_floor)
    against = np.where(_none_found(facts, pairs), np.log(missed_by_followup(facts)[0]), 0.0)
    at_least = logit(np.clip(linking.followup_found, _EDGE, 1 - _EDGE))
    known = is_found | is_true
    final = np.where(known, np.maximum(odds, at_least), odds + against)
    made = pairs.assign(
        probability=expit(final).round(6).clip(_EDGE, 1 - _EDGE),
        relation=_relation(facts, pairs),
        basis=np.select([is_found & by_model, is_found], ["both", "followup"], "model"),
        less=np.where(known, 0.0, against),
        more=np.where(known, final - odds, 0.0),
    )
    made = made[known | (by_model & (expit(final) >= linking.candidate_floor) & ~is_false)]
    made = made.sort_values(KEY, ignore_index=True)
    made["reasons"] = [
        json.dumps(largest_first({**json.loads(terms), "followup_none_found": less, "page": more}))
        for terms, less, more in zip(made["reasons"], made["less"], made["more"], strict=True)
    ]
    return made[[*KEY, "probability", "relation", "basis", "reasons"]]


def _found(facts: Known) -> pd.DataFrame:
    found = facts.followups[facts.followups["outcome"] == "found"].dropna(subset=["product_id"])
    return pd.DataFrame(
        {
            "paper_id": found["paper_id"].astype("object"),
            "target_type": pd.Series("product", index=found.index, dtype="object"),
            "target_id": found["product_id"].astype("object"),
        }
    )


def _labelled(facts: Known, label: bool) -> pd.DataFrame:
    return facts.labels.loc[facts.labels["label"] == label, KEY].astype("object")


def _none_found(facts: Known, pairs: pd.DataFrame) -> Array:
    outcomes = facts.followups.set_index("paper_id")["outcome"]
    searched = pairs["target_type"] == "product"  # the follow-up looks for products only
    return np.asarray(searched & (pairs["paper_id"].map(outcomes) == "none_found").fillna(False))


def _relation(facts: Known, pairs: pd.DataFrame) -> pd.Series[str]:
    """Relation that a page states, else the model's."""
    labels = facts.labels.loc[facts.labels["label"], [*KEY, "relation"]]
    found = facts.followups.dropna(subset=["product_id", "relation"])
    found = found.rename(columns={"product_id": "target_id"}).assign(target_type="product")
    both = pd.concat([labels, found[[*KEY, "relation"]]]).astype("object").drop_duplicates(KEY)
    known = pairs[KEY].merge(both, on=KEY, how="left")["relation"].set_axis(pairs.index)
    return known.where(known.notna(), pairs["relation"])


def lags(
    papers: pd.DataFrame, targets: pd.DataFrame, rows: Places, columns: Places
) -> pd.DataFrame:
    """Order in time of pairs, and days between the middles of both intervals, never clipped.

    Args:
        papers: columns date_from, date_to.
        targets: the same.
        rows: place of each pair's paper.
        columns: place of each pair's target.

    Returns:
        Frame of lag_class (positive, zero, negative; unknown where an end has no date) and
        lag_days, in the order of the pairs.
    """
    start, end = (
        pd.to_datetime(papers[name]).to_numpy()[rows] for name in ("date_from", "date_to")
    )
    first, last = (
        pd.to_datetime(targets[name]).to_numpy()[columns] for name in ("date_from", "date_to")
    )
    middle = ((first - start) + (last - end)) / 2
    kind = np.select(
        [np.isnat(first) | np.isnat(start), first > end, last < start],
        ["unknown", "positive", "negative"],
        "zero",
    )
    return pd.DataFrame({"lag_class": kind, "lag_days": middle / np.timedelta64(1, "D")})
