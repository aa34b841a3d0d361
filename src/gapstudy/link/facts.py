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

from gapstudy.errors import FitError
from gapstudy.link.features import KEY, Array
from gapstudy.link.model import LinkModel, largest_first
from gapstudy.link.score import Scorer
from gapstudy.link.training import missed_by_followup
from gapstudy.study import Linking
from gapstudy.tables.link import FEATURES

#: No link is written as impossible or certain.
_EDGE = 1e-6


def links(scorer: Scorer, linking: Linking) -> pd.DataFrame:
    """All links with their probability, relation, basis, lag and reasons.

    Returns:
        Frame of the pair's key, probability (6 decimals), relation, basis, lag_class, lag_days,
        reasons; evidence is added by `evidence.add`.
    """
    facts = scorer.facts
    found = facts.followups[facts.followups["outcome"] == "found"].dropna(subset=["product_id"])
    shown = pd.DataFrame(
        {
            "paper_id": found["paper_id"].astype("str"),
            "target_type": "product",
            "target_id": found["product_id"].astype("str"),
        }
    )
    true = facts.labels.loc[facts.labels["label"], KEY]
    pairs = pd.concat([scorer.candidates[KEY], shown, true], ignore_index=True)
    pairs = pairs.drop_duplicates(KEY, ignore_index=True)
    index = pd.MultiIndex.from_frame(pairs[KEY])
    is_found = index.isin(pd.MultiIndex.from_frame(shown))
    is_true = index.isin(pd.MultiIndex.from_frame(true))
    is_false = index.isin(pd.MultiIndex.from_frame(facts.labels.loc[~facts.labels["label"], KEY]))

    described = scorer.space.describe(pairs)
    prior = scorer.prior(pairs)
    odds = scorer.model.log_odds(described, prior)
    by_model = (described["found_by"] != "") & (expit(odds) >= linking.candidate_floor)
    against = np.where(_none_found(scorer, pairs), np.log(missed_by_followup(facts)[0]), 0.0)
    at_least = logit(np.clip(linking.followup_found, _EDGE, 1 - _EDGE))
    final = np.where(is_found | is_true, np.maximum(odds, at_least), odds + against)
    result = pairs.assign(
        probability=expit(final).round(6).clip(_EDGE, 1 - _EDGE),
        relation=_relation(scorer, pairs, described),
        basis=np.select([is_found & by_model, is_found], ["both", "followup"], "model"),
        reasons=[
            json.dumps(largest_first({**terms, "followup_none_found": less, "page": more}))
            for terms, less, more in zip(
                scorer.model.reasons(described, prior),
                np.where(is_found | is_true, 0.0, against),
                np.where(is_found | is_true, final - odds, 0.0),
                strict=True,
            )
        ],
    )
    result[["lag_class", "lag_days"]] = lags(scorer, pairs)
    kept = is_found | is_true | ((expit(final) >= linking.candidate_floor) & ~is_false)
    return result[kept].sort_values(KEY, ignore_index=True)


def _none_found(scorer: Scorer, pairs: pd.DataFrame) -> Array:
    outcomes = scorer.facts.followups.set_index("paper_id")["outcome"]
    searched = pairs["target_type"] == "product"  # the follow-up looks for products only
    return np.asarray(searched & (pairs["paper_id"].map(outcomes) == "none_found").fillna(False))


def guess_relation(scorer: Scorer, described: pd.DataFrame) -> list[str]:
    """Relation of pairs, if they are links: "implements" or "derives_from".

    By a model of the same features, if it was right more often than the commoner relation on links
    of organisations that it did not see (fit split only); else the commoner relation for all.

    Args:
        scorer: the labels and features.
        described: features of the pairs.
    """
    labels = scorer.facts.labels
    fitted = labels[labels["label"] & (labels["split"] == "fit")]
    derived = (fitted["relation"] == "derives_from").to_numpy()
    common = bool(derived.mean() > 0.5) if len(derived) else False
    guessed = np.full(len(described), common)
    try:
        features = scorer.space.describe(fitted)
        model = LinkModel.fit(features, list(derived), list(fitted["cluster"]), FEATURES)
    except FitError:
        pass  # too few links, or of one relation only
    else:
        if ((model.out_of_fold_ > 0) == derived).mean() > (derived == common).mean():
            guessed = model.probability(described) > 0.5
    return ["derives_from" if derives else "implements" for derives in guessed]


def _relation(scorer: Scorer, pairs: pd.DataFrame, described: pd.DataFrame) -> pd.Series[str]:
    """Relation that a page states, else the guessed one."""
    labels = scorer.facts.labels
    stated = labels.loc[labels["label"], [*KEY, "relation"]]
    found = scorer.facts.followups.dropna(subset=["product_id", "relation"])
    found = found.rename(columns={"product_id": "target_id"}).assign(target_type="product")
    stated = pd.concat([stated, found[[*KEY, "relation"]]]).drop_duplicates(KEY)
    known = pairs.astype("str").merge(stated.astype("str"), on=KEY, how="left")["relation"]
    guess = pd.Series(guess_relation(scorer, described), dtype="object")
    return known.astype("object").where(known.notna(), guess).set_axis(pairs.index)


def lags(scorer: Scorer, pairs: pd.DataFrame) -> pd.DataFrame:
    """Class of the order in time, and days between the middles of both intervals, unclipped."""
    rows, columns = scorer.space.places(pairs)
    papers = scorer.space.papers[["date_from", "date_to"]].apply(pd.to_datetime).iloc[rows]
    goals = scorer.space.targets[["date_from", "date_to"]].apply(pd.to_datetime).iloc[columns]
    start, end = papers["date_from"].to_numpy(), papers["date_to"].to_numpy()
    first, last = goals["date_from"].to_numpy(), goals["date_to"].to_numpy()
    middle = ((first - start) + (last - end)) / 2
    kind = np.select(
        [np.isnat(first), first > end, last < start], ["unknown", "positive", "negative"], "zero"
    )
    days = middle / np.timedelta64(1, "D")
    return pd.DataFrame({"lag_class": kind, "lag_days": days}, index=pairs.index)
