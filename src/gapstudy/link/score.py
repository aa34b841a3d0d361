"""Scoring pairs: features, model, relation and prior in one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from gapstudy.errors import FitError
from gapstudy.link import candidates as ways
from gapstudy.link import ends, mentions
from gapstudy.link.ends import KEY
from gapstudy.link.features import Array, PaperSide, Places, Settings, TargetSide, describe
from gapstudy.link.model import LinkModel
from gapstudy.link.relation import RELATIONS, RelationModel, most_likely
from gapstudy.link.training import Known, Priors, clusters, fit_pairs, known, priors
from gapstudy.study import Study
from gapstudy.tables.link import TERMS


@dataclass(frozen=True)
class Learnt:
    """What the model was made from; scoring other pairs does not need it.

    Attributes:
        papers: papers that labels or the follow-up know.
        targets: targets that they know.
        candidates: all candidates among these: key, found_by, FEATURES.
        fitted: pairs that the model was fitted to: key, label, cluster, labelled.
    """

    papers: PaperSide
    targets: TargetSide
    candidates: pd.DataFrame
    fitted: pd.DataFrame

    def places(self, pairs: pd.DataFrame) -> tuple[Places, Places]:
        """Row and column of each pair.

        Raises:
            KeyError: a pair names a result or target that is not known.
        """
        return places(self.papers.frame, self.targets.frame, pairs)

    def describe(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Key, found_by and FEATURES of pairs among these, whether or not any way found them."""
        rows, columns = self.places(pairs)
        described = described_pairs(self.papers, self.targets, rows, columns)
        key = pairs[KEY].astype("object").reset_index(drop=True)
        found = key.merge(self.candidates[[*KEY, "found_by"]], on=KEY, how="left")["found_by"]
        made = pd.concat([key.assign(found_by=found.fillna("").to_numpy()), described], axis=1)
        return made.set_axis(pairs.index)


@dataclass(frozen=True)
class Linker:
    """Everything that is needed to score a pair.

    Attributes:
        settings: choices of the study about features.
        model: the fitted link model.
        relations: the fitted model of relations.
        priors: share of links among candidates, by how the result got into the study.
        facts: what is known about pairs.
        learnt: what the model was made from.
    """

    settings: Settings
    model: LinkModel
    relations: RelationModel
    priors: Priors
    facts: Known
    learnt: Learnt

    @classmethod
    def train(
        cls, tables: dict[str, pd.DataFrame], study: Study, cache: Path | None = None
    ) -> Linker:
        """Gather what is known, describe the pairs of the fit split, and fit the models.

        Args:
            tables: the core tables papers, paper_affiliations, products, patents, patent_parties,
                followups, labelled_pairs by name.
            study: the study.
            cache: folder that keeps vectors of texts; none when missing.

        Raises:
            FitError: too few labelled pairs for a model.
        """
        settings = Settings(study.linking.embedding, cache, study.linking.language_model)
        papers = PaperSide.build(_known_papers(tables), settings)
        targets = TargetSide.build(_known_targets(tables), settings)
        facts = known(
            tables["papers"],
            tables["followups"],
            tables["labelled_pairs"],
            clusters(targets.frame, targets.organisations),
        )
        if not (facts.labels["split"] == "fit").any():
            raise FitError(
                "there is no labelled pair in the split fit",
                where="labelled_pairs",
                remedy="Label pairs of both kinds from several organisations",
            )
        index = mentions.TargetIndex.build(targets.frame)
        found = ways.find(papers, targets, index)
        described = pd.concat(
            [
                keys(papers.frame, targets.frame, found.rows, found.columns),
                pd.DataFrame({"found_by": ways.found_by(found.ways)}),
                describe(papers, targets, found.rows, found.columns, found.hits),
            ],
            axis=1,
        )
        pairs = fit_pairs(facts)
        learnt = Learnt(papers, targets, described, pairs)
        features = learnt.describe(pairs)
        model = LinkModel.fit(
            features,
            list(pairs["label"]),
            list(pairs["cluster"]),
            TERMS,
            judged=list(pairs["labelled"]),
        )
        named = facts.labels[facts.labels["split"] == "fit"]
        named = named[~named["cluster"].isin(facts.held)]
        relations = RelationModel.fit(
            learnt.describe(named), list(named["relation"]), list(named["cluster"]), TERMS
        )
        return cls(settings, model, relations, priors(described, facts), facts, learnt)

    def prior(self, paper_ids: pd.Series[str]) -> Array:
        """Share of links among candidates of each paper."""
        chosen = self.facts.chosen(paper_ids).to_numpy(dtype=bool)
        return np.where(chosen, self.priors.chosen, self.priors.cohort)

    def judge(
        self, described: pd.DataFrame, prior: Array | float | None = None, *, reasons: bool = True
    ) -> pd.DataFrame:
        """Judge pairs by their features.

        Args:
            described: FEATURES of the pairs.
            prior: share of links among the pairs, one for all or one per pair; by default as
                among the labelled pairs.
            reasons: whether to give the contributions too (a loop over the pairs: ask for them
                where links are kept).

        Returns:
            Frame with the index of `described`: probability (6 decimals), log_odds, relation (the
            most likely, given that there is one), one column of probability per relation, and
            reasons (JSON, contribution of each feature to the log-odds, largest first).
        """
        odds = self.model.log_odds(described, prior)
        chances = self.relations.probabilities(described)
        made = pd.DataFrame(
            {"probability": expit(odds).round(6), "log_odds": odds,
             "relation": most_likely(chances)}, index=described.index,
        )  # fmt: skip
        made[list(RELATIONS)] = chances.round(6)
        if reasons:
            made["reasons"] = [json.dumps(terms) for terms in self.model.reasons(described, prior)]
        return made

    def score(
        self,
        papers: pd.DataFrame,
        targets: pd.DataFrame,
        rows: Any,
        columns: Any,
        prior: Array | float | None = None,
    ) -> pd.DataFrame:
        """Judge given pairs of any papers and targets; no other pair has a say.

        Args:
            papers: columns of `ends.PAPERS`, plain index.
            targets: columns of `ends.TARGETS`, plain index.
            rows: place of each pair's paper.
            columns: place of each pair's target.
            prior: as for `judge`.

        Returns:
            Frame of `judge`, followed by FEATURES, one row per pair in the order given.
        """
        left, right = (
            PaperSide.build(papers, self.settings),
            TargetSide.build(targets, self.settings),
        )
        rows, columns = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
        described = described_pairs(left, right, rows, columns)
        return pd.concat([self.judge(described, prior), described], axis=1)


def described_pairs(
    papers: PaperSide, targets: TargetSide, rows: Places, columns: Places
) -> pd.DataFrame:
    """FEATURES of given pairs, names looked for in these pairs only."""
    hits = mentions.between(
        papers.names, targets.frame, rows, columns, papers.settings.language_model
    )
    return describe(papers, targets, rows, columns, hits)


def keys(
    papers: pd.DataFrame, targets: pd.DataFrame, rows: Places, columns: Places
) -> pd.DataFrame:
    """Key of each pair: paper_id, target_type, target_id."""
    return pd.DataFrame(
        {
            "paper_id": papers["paper_id"].to_numpy(dtype=object)[rows],
            "target_type": targets["target_type"].to_numpy(dtype=object)[columns],
            "target_id": targets["target_id"].to_numpy(dtype=object)[columns],
        }
    )


def places(
    papers: pd.DataFrame, targets: pd.DataFrame, pairs: pd.DataFrame
) -> tuple[Places, Places]:
    """Row and column of each pair, by its key.

    Raises:
        KeyError: a pair names a result or target that is not there.
    """
    wanted = pairs[KEY].astype("object")
    rows = pd.Index(papers["paper_id"].astype("object")).get_indexer(wanted["paper_id"])
    index = pd.MultiIndex.from_frame(targets[KEY[1:]].astype("object"))
    columns = index.get_indexer(pd.MultiIndex.from_frame(wanted[KEY[1:]]))
    if (rows < 0).any() or (columns < 0).any():
        lost = wanted[(rows < 0) | (columns < 0)].iloc[0]
        raise KeyError(f"{lost['paper_id']} and {lost['target_id']} are not both known")
    return rows.astype(np.int64), columns.astype(np.int64)


def _known_papers(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Papers of labelled pairs and of the follow-up, by their identifier."""
    wanted = {*tables["labelled_pairs"]["paper_id"], *tables["followups"]["paper_id"]}
    papers = tables["papers"][tables["papers"]["paper_id"].isin(wanted)]
    places = tables["paper_affiliations"]
    made = ends.papers(papers, places[places["paper_id"].isin(wanted)])
    return made.sort_values("paper_id", ignore_index=True)


def _known_targets(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Targets of labelled pairs and of the follow-up, by their identifier."""
    labels, parties = tables["labelled_pairs"], tables["patent_parties"]
    named = {
        kind: set(labels.loc[labels["target_type"] == kind, "target_id"])
        for kind in ("product", "patent")
    }
    named["product"] |= set(tables["followups"]["product_id"].dropna())
    products = tables["products"][tables["products"]["product_id"].isin(named["product"])]
    patents = tables["patents"][tables["patents"]["patent_id"].isin(named["patent"])]
    made = ends.targets(products, patents, parties[parties["patent_id"].isin(named["patent"])])
    return made.sort_values(["target_type", "target_id"], ignore_index=True)
