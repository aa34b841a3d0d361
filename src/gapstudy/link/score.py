"""Scoring pairs: features, model and prior in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.link.features import Array, Space
from gapstudy.link.model import LinkModel
from gapstudy.link.organisations import clusters
from gapstudy.link.targets import target_organisations, targets
from gapstudy.link.training import Known, Priors, fit_pairs, known, priors
from gapstudy.study import Study
from gapstudy.tables.link import FEATURES


@dataclass(frozen=True)
class Scorer:
    """Everything that is needed to score a pair.

    Attributes:
        space: all pairs and their features.
        facts: what is known about pairs.
        candidates: all candidates with their features.
        fitted: pairs that the model was fitted to, with label and cluster.
        model: the fitted model.
        priors: share of links among candidates, by how the result got into the study.
    """

    space: Space
    facts: Known
    candidates: pd.DataFrame
    fitted: pd.DataFrame
    model: LinkModel
    priors: Priors

    @classmethod
    def train(cls, tables: dict[str, pd.DataFrame], study: Study) -> Scorer:
        """Compute features, gather what is known of the fit split, and fit the model.

        Args:
            tables: the core tables papers, paper_affiliations, products, patents, patent_parties,
                followups, labelled_pairs by name.
            study: the study.

        Raises:
            FitError: too few labelled pairs for a model.
        """
        organisations = target_organisations(tables["products"], tables["patent_parties"])
        space = Space.build(
            tables["papers"],
            tables["paper_affiliations"],
            targets(tables["products"], tables["patents"], tables["patent_parties"]),
            organisations,
            study.linking.language_model,
        )
        keys = space.targets[["target_type", "target_id"]]
        houses = keys.merge(clusters(organisations), how="left")
        houses["cluster"] = houses["cluster"].fillna(houses["target_id"])
        facts = known(tables["papers"], tables["followups"], tables["labelled_pairs"], houses)
        if not (facts.labels["split"] == "fit").any():
            raise FitError(
                "there is no labelled pair in the split fit",
                where="labelled_pairs",
                remedy="Label pairs of both kinds from several organisations",
            )
        found = space.describe(space.candidates())
        pairs = fit_pairs(found, facts)
        model = LinkModel.fit(
            space.describe(pairs), list(pairs["label"]), list(pairs["cluster"]), FEATURES
        )
        return cls(space, facts, found, pairs, model, priors(found, facts))

    def prior(self, pairs: pd.DataFrame) -> Array:
        """Share of links among candidates like each pair."""
        chosen = self.facts.chosen(pairs["paper_id"]).to_numpy()
        return np.where(chosen, self.priors.chosen, self.priors.cohort)

    def score(self, pairs: pd.DataFrame, prior: float | None = None) -> Array:
        """Probability of each pair by the model alone; 0 for a pair that no way found.

        Args:
            pairs: columns paper_id, target_type, target_id.
            prior: share of links to assume for all instead of each pair's own.
        """
        described = self.space.describe(pairs)
        chosen = self.prior(pairs) if prior is None else np.full(len(pairs), prior)
        probability = self.model.probability(described, chosen)
        return np.where(described["found_by"] == "", 0.0, probability)


def score_pairs(pairs: pd.DataFrame, tables: dict[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Probability that the target of each pair uses its result, by the model alone.

    Args:
        pairs: columns paper_id, target_type, target_id.
        tables: the core tables, as for `Scorer.train`.
        study: the study.

    Returns:
        `pairs` with the column probability.
    """
    return pairs.assign(probability=Scorer.train(tables, study).score(pairs).round(6))
