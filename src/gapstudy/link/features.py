"""Features of every pair of a result and a target, as matrices, and of chosen pairs as a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import candidates as ways
from gapstudy.link import organisations as houses
from gapstudy.link import texts
from gapstudy.link.language import dictionary
from gapstudy.link.names import NameFinder, coined_names, mentions_in
from gapstudy.link.tokens import fold
from gapstudy.tables.link import FEATURES

Array = np.ndarray[Any, np.dtype[np.float64]]
KEY = ["paper_id", "target_type", "target_id"]
_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Space:
    """All pairs of results and targets of a study.

    Attributes:
        papers: the results, in the order of the rows of the matrices.
        targets: the targets, in the order of the columns.
        features: name of a feature -> matrix.
        ways: way of finding candidates -> matrix of truth values.
        mentions: places where a target names a result's thing: paper_id, column (position of the
            target), field, start, end, and the flags of `names.Mention`.
    """

    papers: pd.DataFrame
    targets: pd.DataFrame
    features: dict[str, Array]
    ways: dict[str, ways.Mask]
    mentions: pd.DataFrame

    @classmethod
    def build(
        cls,
        papers: pd.DataFrame,
        affiliations: pd.DataFrame,
        targets: pd.DataFrame,
        organisations: pd.DataFrame,
        language_model: str,
    ) -> Space:
        """Compute the features of all pairs.

        Args:
            papers: table `papers`.
            affiliations: table `paper_affiliations`.
            targets: frame of `targets.targets`.
            organisations: frame of `targets.target_organisations`.
            language_model: spaCy model with the dictionary of ordinary words.
        """
        papers = papers.reset_index(drop=True)
        cosine = texts.embedding_cosine(papers, targets)
        found, mentions = _name_features(papers, targets, language_model)
        tie = houses.ties(
            papers["paper_id"], affiliations, targets[["target_type", "target_id"]], organisations
        )
        identifier = ways.identifier_matches(papers, targets)
        early = years_before(papers, targets)
        patent = (targets["target_type"] == "patent").to_numpy()
        speaking = texts.speaking(targets)
        named = (found["name_exact"] + found["name_folded"]) > 0
        shape = cosine.shape
        features = {
            **found,
            "identifier": identifier.astype(float),
            "organisation": tie.astype(float),
            "name_and_organisation": (named & tie).astype(float),
            "text_cosine": cosine * speaking,
            "title_cosine": texts.tfidf_cosine(papers, targets) * speaking,
            "text_rank": reciprocal_rank(cosine) * speaking,
            "topic": texts.topic_agreement(papers, targets) * speaking,
            "years_before": early * ~patent,
            "patent_years_before": early * patent,
            "patent": np.broadcast_to(patent.astype(float), shape),
            "patent_organisation": (tie & patent).astype(float),
        }
        likely = named | (found["version_mismatch"] > 0)
        return cls(
            papers=papers,
            targets=targets,
            features={name: features[name] for name in FEATURES},
            ways=ways.candidates(identifier, likely, tie, cosine, speaking),
            mentions=mentions,
        )

    def candidates(self) -> pd.DataFrame:
        """All pairs that any way found: paper_id, target_type, target_id."""
        mask = np.logical_or.reduce([self.ways[way] for way in ways.WAYS])
        rows, columns = np.nonzero(mask)
        return self._pairs(rows, columns)

    def _pairs(self, rows: Any, columns: Any) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "paper_id": self.papers["paper_id"].astype("str").to_numpy()[rows],
                "target_type": self.targets["target_type"].to_numpy()[columns],
                "target_id": self.targets["target_id"].to_numpy()[columns],
            }
        )

    def places(self, pairs: pd.DataFrame) -> tuple[Any, Any]:
        """Row and column of each pair in the matrices.

        Raises:
            KeyError: a pair names a result or target that is not in the space.
        """
        rows = pd.Index(self.papers["paper_id"]).get_indexer(pairs["paper_id"])
        keys = pd.MultiIndex.from_frame(self.targets[["target_type", "target_id"]])
        columns = keys.get_indexer(pd.MultiIndex.from_frame(pairs[["target_type", "target_id"]]))
        if (rows < 0).any() or (columns < 0).any():
            lost = pairs[(rows < 0) | (columns < 0)].iloc[0]
            raise KeyError(f"{lost['paper_id']} and {lost['target_id']} are not both known")
        return rows, columns

    def describe(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Features of some pairs, whether or not any way found them.

        Args:
            pairs: columns paper_id, target_type, target_id.

        Returns:
            Frame of the pair's key, found_by, and FEATURES, with the index of `pairs`.
        """
        rows, columns = self.places(pairs)
        data: dict[str, Any] = {name: pairs[name].astype("str").to_numpy() for name in KEY}
        data["found_by"] = ways.found_by(self.ways, rows, columns)
        for name in FEATURES:
            data[name] = self.features[name][rows, columns].astype(float).round(6)
        return pd.DataFrame(data, index=pairs.index)


def reciprocal_rank(scores: Array) -> Array:
    """One over the rank of each row within its column, best first; ties to the earlier row."""
    order = np.argsort(-scores, axis=0, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, len(scores) + 1)[:, None], axis=0)
    return 1.0 / ranks


def years_before(papers: pd.DataFrame, targets: pd.DataFrame) -> Array:
    """Logarithm of one plus the years by which each target certainly came before each paper.

    From the last possible day of the target to the first possible day of the paper; 0 where the
    target is later, the intervals overlap or the target has no date.
    """
    first = pd.to_datetime(papers["date_from"]).to_numpy().astype("datetime64[D]")
    last = pd.to_datetime(targets["date_to"]).to_numpy().astype("datetime64[D]")
    days = (first[:, None] - last[None, :]) / np.timedelta64(1, "D")
    years = np.clip(np.nan_to_num(days, nan=0.0), 0.0, None) / _DAYS_PER_YEAR
    return np.asarray(np.log1p(years))


def _name_features(
    papers: pd.DataFrame, targets: pd.DataFrame, language_model: str
) -> tuple[dict[str, Array], pd.DataFrame]:
    words = dictionary(language_model)
    coined = coined_names(papers, words)
    finder = NameFinder(coined["name"], words)
    hits = mentions_in(finder, targets, texts.FIELDS)
    own = mentions_in(finder, pd.DataFrame({"text": texts.paper_texts(papers)}), ["text"])
    rarity = _rarity(finder.names, hits, own, len(targets) + len(papers))
    hits = hits.merge(coined[["paper_id", "name"]], on="name").rename(columns={"row": "column"})
    hits = hits.sort_values(["paper_id", "column", "field", "start"], ignore_index=True)
    shape = (len(papers), len(targets))
    result = {
        name: np.zeros(shape)
        for name in ("name_exact", "name_folded", "name_rarity", "name_common", "name_compound",
                     "version_mismatch", "name_in_title", "name_is_target")
    }  # fmt: skip
    if hits.empty:
        return result, hits
    flags = ["exact", "compound", "version", "other"]
    hits[flags] = hits[flags].astype(bool)
    hits["titled"] = hits["field"].isin(["name", "feature"]) & ~hits["other"]
    hits["rarity"] = hits["name"].map(rarity).where(~hits["other"], 0.0)
    # Capitals within (CLIP, U-Net) set a name apart from the word, if the target writes them too.
    plain = hits["name"].map(lambda name: not any(char.isupper() for char in name[1:]))
    hits["common"] = hits["name"].map(finder.strict) & (plain | ~hits["exact"]) & ~hits["other"]
    folded = {name: fold(name) for name in finder.names}
    whole = targets["name"].map(fold).to_numpy()[hits["column"].to_numpy(dtype=int)]
    hits["whole"] = hits["titled"] & (hits["name"].map(folded).to_numpy() == whole)
    hits["named"] = ~hits["other"]
    hits["spelled"] = hits["exact"] & ~hits["other"]
    hits["plain"] = ~hits["compound"] & ~hits["other"]
    hits["clean"] = ~hits["version"] & ~hits["other"]
    columns = ["named", "spelled", "plain", "clean", "rarity", "common", "titled", "whole"]
    best = hits.groupby(["paper_id", "column"], sort=True)[columns].max().reset_index()
    at = (
        pd.Index(papers["paper_id"]).get_indexer(best["paper_id"]),
        best["column"].to_numpy(dtype=int),
    )
    named = best["named"].to_numpy(dtype=bool)
    result["name_exact"][at] = best["spelled"]
    result["name_folded"][at] = named & ~best["spelled"].to_numpy(dtype=bool)
    result["name_rarity"][at] = best["rarity"]
    result["name_common"][at] = best["common"]
    result["name_compound"][at] = named & ~best["plain"].to_numpy(dtype=bool)
    result["version_mismatch"][at] = ~best["clean"].to_numpy(dtype=bool)
    result["name_in_title"][at] = best["titled"]
    result["name_is_target"][at] = best["whole"]
    return result, hits


def _rarity(
    names: list[str], hits: pd.DataFrame, own: pd.DataFrame, texts_in_all: int
) -> dict[str, float]:
    """One minus the logarithm of the number of texts with the name over that of all texts."""
    counts = pd.Series(0, index=names)
    for frame in (hits, own):
        real = frame[~frame["other"].astype(bool)].drop_duplicates(["name", "row"])
        counts = counts.add(real["name"].value_counts(), fill_value=0)
    share = np.log(counts.clip(lower=1)) / np.log(max(texts_in_all, 2))
    return {str(name): float(1.0 - value) for name, value in share.items()}
