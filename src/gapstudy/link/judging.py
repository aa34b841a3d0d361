"""From the candidates of a study to its links, portion by portion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gapstudy.link import candidates, cells, facts, mentions
from gapstudy.link.corpus import Cell, Corpus, Piece, Rows
from gapstudy.link.ends import KEY
from gapstudy.link.features import Array, Places
from gapstudy.link.score import Linker
from gapstudy.study import Linking
from gapstudy.tables import contract
from gapstudy.tables.link import FEATURES

if TYPE_CHECKING:
    import pyarrow as arrow

_PLACE = ["papers", "row", "targets", "column"]
#: Kind of pieces that hold judged pairs between both walks over the candidates.
_JUDGED = "judged"
#: Names of all masks of ways.
_FOUND_BY = np.asarray(candidates.found_by(np.arange(1 << len(candidates.WAYS))), dtype=np.object_)


@dataclass
class Judging:
    """Judges all candidates of a corpus: each for `link_candidates`, then the likely ones as links.

    Args:
        corpus: the candidates, searched.
        linker: the fitted linker.
        papers: the papers that were searched.
        targets: the targets that were.
        linking: choices of the study.

    Attributes:
        known: key and found_by of the candidates of papers with labels, once all `candidates` are
            drawn: what an evaluation needs.
    """

    corpus: Corpus
    linker: Linker
    papers: Rows
    targets: Rows
    linking: Linking
    known: list[pd.DataFrame] = field(default_factory=list, init=False)
    _kept: list[str] = field(default_factory=list, init=False)

    def candidates(self) -> Iterator[arrow.Table]:
        """Rows of `link_candidates`, sorted by key: candidates and labelled pairs."""
        import pyarrow as arrow

        ends = _Ends(self.papers, self.targets)
        schema = contract("link_candidates").arrow_schema()
        beside = self._beside()
        stated = ends.pairs(facts.stated(self.linker.facts))
        labelled = ends.paper_numbers(self.linker.facts.labels["paper_id"])
        for piece in self.corpus.pieces():
            made = _joined(piece, beside)
            if made.empty:
                continue
            paper, target = made["paper"].to_numpy(), made["target"].to_numpy()
            prior = self._prior(piece, paper)
            found = made["ways"].to_numpy() > 0
            chance = np.where(found, self.linker.model.probability(made, prior).round(6), 0.0)
            likely = found & (chance >= self.linking.candidate_floor)
            self._keep(ends, made, prior, likely | np.isin(ends.number(paper, target), stated))
            ways = arrow.array(_FOUND_BY).take(arrow.array(made["ways"].to_numpy()))
            columns = {
                **ends.key(paper, target), "found_by": ways, "score": chance,
                **{name: made[name].to_numpy() for name in FEATURES},
            }  # fmt: skip
            rows = arrow.table([columns[name] for name in schema.names], schema=schema)
            of_label = np.flatnonzero(np.isin(paper, labelled))
            self.known.append(rows.select([*KEY, "found_by"]).take(of_label).to_pandas())
            yield rows

    def links(self) -> Iterator[arrow.Table]:
        """Rows of `links`, sorted by key, once all `candidates` are drawn."""
        import pyarrow as arrow

        schema = contract("links").arrow_schema()
        self.corpus.show(self._wanted())
        for name in self._kept:
            made = self._judged(name)
            inside = made["papers"].notna()
            parts = [*self._with_evidence(made[inside]), self._from_learnt(made[~inside])]
            whole = pd.concat([part for part in parts if len(part)] or [made.iloc[:0]])
            if len(whole):
                rows = whole.sort_values(KEY)[schema.names]
                yield arrow.Table.from_pandas(rows, schema=schema, preserve_index=False)
        self.corpus.parts.keep_only(_JUDGED, ())

    def _prior(self, piece: Piece, paper: Places) -> Array:
        """Share of links among candidates of the paper of each pair."""
        ids = pd.Series(self.papers.ids[piece.first : piece.end], dtype="object")
        return np.asarray(self.linker.prior(ids))[paper - piece.first]

    def _beside(self) -> pd.DataFrame:
        """Labelled and stated pairs, as rows of a piece that no way found."""
        known = self.linker.facts
        pairs = pd.concat([known.labels[KEY].astype("object"), facts.stated(known)[KEY]])
        pairs = pairs.drop_duplicates(KEY, ignore_index=True)
        made = self.linker.learnt.describe(pairs)
        paper = np.searchsorted(self.papers.ids, made["paper_id"].to_numpy(dtype=object))
        ids = (made["target_type"] + " " + made["target_id"]).to_numpy(dtype=object)
        target = np.searchsorted(self.targets.ids, ids)
        made = made[list(FEATURES)].assign(
            paper=paper, target=target, ways=np.uint8(0), papers=None, row=-1, targets=None,
            column=-1,
        )  # fmt: skip
        return made.sort_values(["paper", "target"], ignore_index=True)

    def _keep(self, ends: _Ends, made: pd.DataFrame, prior: Array, chosen: Any) -> None:
        """Judge the likely pairs of a piece in full, and lay them by."""
        pairs = made[chosen].reset_index(drop=True)
        if pairs.empty:
            return
        paper, target = pairs["paper"].to_numpy(), pairs["target"].to_numpy()
        key = {name: values.to_pylist() for name, values in ends.key(paper, target).items()}
        named = pd.DataFrame(key, dtype="object").assign(
            found_by=_FOUND_BY[pairs["ways"].to_numpy(dtype=np.int64)]
        )
        judged = pd.concat([named, self.linker.judge(pairs, prior[chosen])], axis=1)
        linked = facts.links(judged, self.linker.facts, self.linking)
        placed = pd.concat([named[KEY], pairs[_PLACE]], axis=1)
        name = f"{len(self._kept):06d}"
        self.corpus.parts.put_frame(_JUDGED, name, linked.merge(placed, on=KEY, how="left"))
        self._kept.append(name)

    def _judged(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        made = self.corpus.parts.frame(_JUDGED, name, columns)
        if made is None:
            raise RuntimeError(f"judged pairs {name} were lost while they were in use")
        return made

    def _wanted(self) -> Mapping[Cell, tuple[Places, Places]]:
        """Rows and columns of all links, by the segments that they lie in."""
        found: dict[Cell, list[Any]] = {}
        for name in self._kept:
            for cell, group in _by_cell(self._judged(name, _PLACE)):
                found.setdefault(cell, []).append(group[["row", "column"]].to_numpy(np.int64))
        joined = {cell: np.concatenate(parts) for cell, parts in sorted(found.items())}
        return {cell: (both[:, 0], both[:, 1]) for cell, both in joined.items()}

    def _with_evidence(self, made: pd.DataFrame) -> Iterator[pd.DataFrame]:
        for cell, group in _by_cell(made):
            rows, columns = (group[name].to_numpy(np.int64) for name in ("row", "column"))
            shown = self.corpus.shown(cell, rows, columns)
            yield pd.concat([group.reset_index(drop=True), shown], axis=1)

    def _from_learnt(self, made: pd.DataFrame) -> pd.DataFrame:
        """Links that no way found: stated ones."""
        if made.empty:
            return made
        learnt = self.linker.learnt
        rows, columns = learnt.places(made)
        model = learnt.papers.settings.language_model
        hits = mentions.between(learnt.papers.names, learnt.targets.frame, rows, columns, model)
        shown = cells.shown(learnt.papers, learnt.targets, rows, columns, hits)
        return pd.concat([made.reset_index(drop=True), shown], axis=1)


class _Ends:
    """Identifiers of the ends of pairs, looked up by number for many pairs at once.

    Args:
        papers: all papers.
        targets: all targets.
    """

    def __init__(self, papers: Rows, targets: Rows) -> None:
        import pyarrow as arrow
        import pyarrow.compute as compute

        self._papers, self._targets = papers.ids, targets.ids
        ids = arrow.array(targets.ids, arrow.string())
        self._paper_id = arrow.array(papers.ids, arrow.string())
        self._kind = compute.replace_substring_regex(ids, "(?s) .*", "")
        self._target_id = compute.replace_substring_regex(ids, "^[a-z]+ ", "")

    def key(self, paper: Places, target: Places) -> dict[str, Any]:
        """Columns of the key of pairs, as arrays of Arrow."""
        import pyarrow as arrow

        at, to = arrow.array(paper), arrow.array(target)
        taken = (self._paper_id.take(at), self._kind.take(to), self._target_id.take(to))
        return dict(zip(KEY, taken, strict=True))

    def number(self, paper: Places, target: Places) -> Places:
        """One number per pair."""
        return paper.astype(np.int64) * max(len(self._targets), 1) + target

    def paper_numbers(self, ids: pd.Series[str]) -> Places:
        """Numbers of papers, by their identifiers."""
        wanted = np.unique(ids.to_numpy(dtype=object))
        return np.searchsorted(self._papers, wanted).astype(np.int64)

    def pairs(self, pairs: pd.DataFrame) -> Places:
        """One number per pair, by its key."""
        ids = (pairs["target_type"] + " " + pairs["target_id"]).to_numpy(dtype=object)
        paper = np.searchsorted(self._papers, pairs["paper_id"].to_numpy(dtype=object))
        return self.number(paper, np.searchsorted(self._targets, ids))


def _joined(piece: Piece, beside: pd.DataFrame) -> pd.DataFrame:
    """The pairs of a piece, and those beside them that it has not got, sorted by their numbers."""
    low, high = np.searchsorted(beside["paper"].to_numpy(), [piece.first, piece.end])
    here = beside.iloc[low:high]
    if here.empty:
        return piece.pairs
    index = pd.MultiIndex.from_frame(piece.pairs[["paper", "target"]])
    new = here[~pd.MultiIndex.from_frame(here[["paper", "target"]]).isin(index)]
    if new.empty:
        return piece.pairs
    both = pd.concat([piece.pairs, new], ignore_index=True) if len(piece.pairs) else new
    return both.sort_values(["paper", "target"], kind="stable", ignore_index=True)


def _by_cell(made: pd.DataFrame) -> Iterator[tuple[Cell, pd.DataFrame]]:
    """Pairs by the segments of papers and targets that they lie in; those in none are left out."""
    for (papers, targets), group in made.groupby(["papers", "targets"], sort=True):
        yield (str(papers), str(targets)), group
