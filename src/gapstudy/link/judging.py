"""From the candidates of a study to its links, portion by portion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import cells, facts, mentions
from gapstudy.link.candidates import found_by
from gapstudy.link.corpus import Corpus, Rows
from gapstudy.link.ends import KEY
from gapstudy.link.score import Linker
from gapstudy.study import Linking
from gapstudy.tables.link import FEATURES

_PLACE = ["papers", "row", "targets", "column"]


@dataclass
class Judging:
    """Judges all candidates of a corpus.

    Args:
        corpus: the candidates, searched.
        linker: the fitted linker.
        papers: the papers that were searched.
        targets: the targets that were.
        linking: choices of the study.

    Attributes:
        known: key and found_by of the candidates of papers with labels, once all `batches` are
            drawn: what an evaluation needs.
    """

    corpus: Corpus
    linker: Linker
    papers: Rows
    targets: Rows
    linking: Linking
    known: list[pd.DataFrame] = field(default_factory=list, init=False)
    _links: list[pd.DataFrame] = field(default_factory=list, init=False)

    def batches(self) -> Iterator[pd.DataFrame]:
        """Rows of `link_candidates`, sorted by key: candidates and labelled pairs."""
        beside = self._beside()
        stated = pd.MultiIndex.from_frame(facts.stated(self.linker.facts)[KEY])
        labelled = set(self.linker.facts.labels["paper_id"].astype("object"))
        for piece in self.corpus.pieces():
            pairs = piece.pairs
            made = pd.DataFrame(
                {"paper_id": self.papers.ids[pairs["paper"]],
                 **_split(self.targets.ids[pairs["target"]]),
                 "found_by": found_by(pairs["ways"])}
            )  # fmt: skip
            made = pd.concat([made, pairs[[*_PLACE, *FEATURES]]], axis=1)
            here = beside[(beside["number"] >= piece.first) & (beside["number"] < piece.end)]
            index = pd.MultiIndex.from_frame(made[KEY])
            here = here[~pd.MultiIndex.from_frame(here[KEY]).isin(index)]
            if len(here):
                made = pd.concat([made, here.drop(columns="number")], ignore_index=True)
                made = made.sort_values(KEY, ignore_index=True)
            if made.empty:
                continue
            prior = self.linker.prior(made["paper_id"])
            judged = self.linker.judge(made, prior, reasons=False)
            found = made["found_by"] != ""
            made["score"] = np.where(found, judged["probability"], 0.0)
            is_stated = pd.MultiIndex.from_frame(made[KEY]).isin(stated)
            likely = found & (judged["probability"] >= self.linking.candidate_floor)
            self._keep(made[likely | is_stated], prior[likely | is_stated])
            self.known.append(made.loc[made["paper_id"].isin(labelled), [*KEY, "found_by"]])
            yield made[[*KEY, "found_by", "score", *FEATURES]]

    def links(self) -> pd.DataFrame:
        """Rows of `links`, once all `batches` are drawn."""
        made = pd.concat(self._links or [pd.DataFrame(columns=[*KEY, *_PLACE])], ignore_index=True)
        inside = made["papers"].notna()
        parts = [*self._with_evidence(made[inside]), self._from_learnt(made[~inside])]
        whole = pd.concat([part for part in parts if len(part)] or [made.iloc[:0]])
        return whole.drop(columns=_PLACE).sort_values(KEY, ignore_index=True)

    def _beside(self) -> pd.DataFrame:
        """Labelled and stated pairs with features and the number of their paper."""
        known = self.linker.facts
        pairs = pd.concat([known.labels[KEY].astype("object"), facts.stated(known)[KEY]])
        pairs = pairs.drop_duplicates(KEY, ignore_index=True)
        made = self.linker.learnt.describe(pairs).assign(found_by="")
        number = np.searchsorted(self.papers.ids, made["paper_id"].to_numpy(dtype=object))
        return made.assign(number=number, papers=None, row=-1, targets=None, column=-1)

    def _keep(self, pairs: pd.DataFrame, prior: Any) -> None:
        judged = pd.concat(
            [pairs[[*KEY, "found_by"]], self.linker.judge(pairs, prior)], axis=1
        ).reset_index(drop=True)
        made = facts.links(judged, self.linker.facts, self.linking)
        self._links.append(made.merge(pairs[[*KEY, *_PLACE]], on=KEY, how="left"))

    def _with_evidence(self, made: pd.DataFrame) -> Iterator[pd.DataFrame]:
        groups = {str(name): group for name, group in made.groupby("papers", sort=True)}
        names = list(groups)
        for at, found in self.corpus.evidence({name: _places(groups[name]) for name in names}):
            for target, shown in found.items():
                group = groups[names[at]]
                links = group[group["targets"] == target].reset_index(drop=True)
                yield pd.concat([links, shown], axis=1)

    def _from_learnt(self, made: pd.DataFrame) -> pd.DataFrame:
        """Links that no way found: stated ones."""
        learnt = self.linker.learnt
        rows, columns = learnt.places(made)
        model = learnt.papers.settings.language_model
        hits = mentions.between(learnt.papers.names, learnt.targets.frame, rows, columns, model)
        shown = cells.shown(learnt.papers, learnt.targets, rows, columns, hits)
        return pd.concat([made.reset_index(drop=True), shown], axis=1)


def _split(ids: Any) -> dict[str, list[str]]:
    parts = [name.partition(" ") for name in ids]
    return {"target_type": [kind for kind, _, _ in parts], "target_id": [it for *_, it in parts]}


def _places(links: pd.DataFrame) -> dict[str, tuple[Any, Any]]:
    return {
        str(target): (
            group["row"].to_numpy(dtype=np.int64), group["column"].to_numpy(dtype=np.int64),
        )
        for target, group in links.groupby("targets", sort=True)
    }  # fmt: skip
