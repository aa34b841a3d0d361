"""All papers beside all targets: searched, chosen and described piece by piece.

Papers and targets are cut into `segments`. Each cell (a segment of papers, a segment of targets) is
searched once and kept; the best candidates are chosen over all cells; features of the chosen pairs
are computed once and kept. So memory is bounded by a segment, an interrupted run goes on where it
stopped, and new papers or products cost only their own cells. What comes out depends on the rows
alone: not on segments, workers, or what was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gapstudy.engine import each
from gapstudy.link import candidates, cells, ends, segments
from gapstudy.link.features import PaperSide, Places, Settings
from gapstudy.link.segments import Segment
from gapstudy.tables.link import FEATURES

if TYPE_CHECKING:
    from gapstudy.parts import Parts

Read = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Rows:
    """Papers or targets of a study, wherever they lie.

    Attributes:
        ids: identifiers, ascending. Those of targets are "<type> <id>".
        hashes: hash of the content of each.
        read: gives the rows of some identifiers: for papers the rows of `papers` and of
            `paper_affiliations`, for targets the frame of `ends.targets`.
    """

    ids: segments.Ids
    hashes: segments.Hashes
    read: Read


@dataclass(frozen=True)
class Piece:
    """Candidates of consecutive papers, sorted by paper and target.

    Attributes:
        first: number of the first paper.
        end: one more than that of the last.
        pairs: paper and target (numbers among `Rows.ids`), ways, cosine, FEATURES; and where they
            lie: papers, row, targets, column (names of segments and rows in them).
    """

    first: int
    end: int
    pairs: pd.DataFrame


@dataclass
class Corpus:
    """The candidates of a study.

    Args:
        parts: pieces kept between runs.
        settings: choices of the study about features.
        engine: where the work runs (`engine.each`).
        workers: processes of the local engine.
    """

    parts: Parts
    settings: Settings
    engine: str = "local"
    workers: int = 2
    shared: dict[str, cells.Targets] = field(default_factory=dict, init=False)
    _papers: dict[str, Segment] = field(default_factory=dict, init=False)
    _targets: dict[str, Segment] = field(default_factory=dict, init=False)
    _chosen: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict, init=False)
    _ranks: dict[str, Any] = field(default_factory=dict, init=False)
    _rows: Read = field(default=lambda _: None, init=False)

    def search(
        self, papers: Rows, targets: Rows,
        paper_size: int = segments.PAPERS, target_size: int = segments.TARGETS,
    ) -> None:  # fmt: skip
        """Find, choose and describe all candidates; what earlier runs left is used again.

        Args:
            papers: all papers.
            targets: all targets.
            paper_size: papers of a segment; the answer does not depend on it.
            target_size: targets of a segment; the answer does not depend on it.
        """
        self._rows = papers.read
        self._targets = self._cut("targets", targets, target_size)
        for name, segment in self._targets.items():
            self.shared[name] = self.parts.thing("target_sides", name) or self._ready(
                targets, segment
            )
        self._papers = self._cut("papers", papers, paper_size)
        self._ranks = dict(segments.ranks(self._papers.values(), papers.ids))
        self._find(papers)
        self._choose(segments.ranks(self._targets.values(), targets.ids))
        self._describe()
        self._forget()

    def pieces(self, size: int = segments.PAPERS) -> Iterator[Piece]:
        """All candidates, by the order of papers.

        Args:
            size: papers of a piece.
        """
        last = max((int(ranks[-1]) for ranks in self._ranks.values() if len(ranks)), default=-1)
        for first in range(0, last + 1, size):
            found = [
                piece
                for paper in sorted(self._papers)
                for target in sorted(self._targets)
                if (piece := self._piece(paper, target, first, first + size)) is not None
            ]
            pairs = pd.concat(found or [_nothing()], ignore_index=True)
            pairs = pairs.sort_values(["paper", "target"], kind="stable", ignore_index=True)
            yield Piece(first, first + size, pairs)

    def evidence(
        self, pairs: Mapping[str, Mapping[str, tuple[Places, Places]]]
    ) -> Iterator[tuple[int, dict[str, pd.DataFrame]]]:
        """Evidence and lags of some pairs (`cells.evidence`).

        Args:
            pairs: segment of papers -> segment of targets -> rows and columns.

        Yields:
            Position of a segment of papers, and what is shown for its pairs by segment of targets.
        """

        def work() -> Iterator[cells.Chosen]:
            for name, wanted in pairs.items():
                found = {
                    target: (rows, columns, self._hits(name, target))
                    for target, (rows, columns) in wanted.items()
                }
                yield cells.Chosen(self._side(name), found)

        return self._each(cells.evidence, work(), len(pairs))

    def _side(self, name: str) -> PaperSide:
        """The papers of a segment, made ready; once more where the file was damaged."""
        side: PaperSide | None = self.parts.thing("paper_sides", name)
        if side is None:
            frame = ends.papers(*self._rows(self._papers[name].ids.tolist()))
            side = PaperSide.build(frame, self.settings)
            self.parts.put_thing("paper_sides", name, side)
        return side

    def _hits(self, paper: str, target: str) -> pd.DataFrame:
        hits = self.parts.frame("hits", f"{paper}-{target}")
        if hits is None:
            raise RuntimeError(f"mentions of {paper}-{target} were lost while they were in use")
        return hits

    def _cut(self, kind: str, rows: Rows, size: int) -> dict[str, Segment]:
        known = []
        for name in self.parts.names(kind):
            frame = self.parts.frame(kind, name)
            if frame is not None:
                ids = frame["id"].to_numpy(dtype=object)
                known.append(Segment(name, ids, frame["hash"].to_numpy(dtype=np.uint64)))
        kept, new = segments.plan(rows.ids, rows.hashes, known, size)
        for segment in new:
            frame = pd.DataFrame({"id": segment.ids, "hash": segment.hashes})
            self.parts.put_frame(kind, segment.name, frame)
        return {segment.name: segment for segment in (*kept, *new)}

    def _ready(self, targets: Rows, segment: Segment) -> cells.Targets:
        made = cells.Targets.build(targets.read(segment.ids.tolist()), self.settings)
        self.parts.put_thing("target_sides", segment.name, made)
        return made

    def _find(self, papers: Rows) -> None:
        """Search all cells that were not searched before."""
        todo: dict[str, tuple[str, ...]] = {}
        for name in self._papers:
            lost = tuple(
                target for target in sorted(self._targets)
                if not all(self.parts.sound(kind, f"{name}-{target}") for kind in ("cells", "hits"))
            )  # fmt: skip
            if lost:
                todo[name] = lost
        names = list(todo)

        def work() -> Iterator[cells.Search]:
            for name in names:
                side = self.parts.thing("paper_sides", name)
                if side is None:
                    rows, places = papers.read(self._papers[name].ids.tolist())
                    yield cells.Search(rows, places, tuple(sorted(self._targets)), self.settings)
                else:
                    yield cells.Search(side, pd.DataFrame(), todo[name], self.settings)

        for at, (side, found) in self._each(cells.find, work(), len(names)):
            name = names[at]
            if side is not None:
                self.parts.put_thing("paper_sides", name, side)
            for target, (pairs, hits) in found.items():
                self.parts.put_frame("hits", f"{name}-{target}", hits)
                self.parts.put_frame("cells", f"{name}-{target}", pairs)

    def _each(self, function: Any, work: Iterator[Any], count: int) -> Iterator[tuple[int, Any]]:
        workers = 1 if count < 2 else self.workers
        return each(function, work, shared=self.shared, engine=self.engine, workers=workers)

    def _choose(self, target_ranks: Any) -> None:
        """Choose the candidates of the study among those of its cells."""
        keys, found = [], []
        for paper in sorted(self._papers):
            for target in sorted(self._targets):
                pairs = self.parts.frame("cells", f"{paper}-{target}", list(cells.COLUMNS))
                if pairs is None:
                    raise RuntimeError(f"the cell {paper}-{target} was lost while it was in use")
                keys.append((paper, target))
                found.append(pairs)
        if not found:
            return
        numbers = [
            (self._ranks[paper][pairs["row"]], target_ranks[target][pairs["column"]])
            for (paper, target), pairs in zip(keys, found, strict=True)
        ]
        kept = candidates.keep(
            np.concatenate([paper for paper, _ in numbers]),
            np.concatenate([target for _, target in numbers]),
            np.concatenate([pairs["ways"].to_numpy() for pairs in found]),
            np.concatenate([pairs["cosine"].to_numpy() for pairs in found]),
        )
        start = 0
        for key, pairs, (paper_numbers, target_numbers) in zip(keys, found, numbers, strict=True):
            ways = kept[start : start + len(pairs)]
            start += len(pairs)
            pairs = pairs.assign(paper=paper_numbers, target=target_numbers, ways=ways)
            self._chosen[key] = pairs[ways > 0].reset_index(drop=True)

    def _describe(self) -> None:
        """Compute the features of chosen pairs that have none yet."""
        missing: dict[str, dict[str, Any]] = {}
        for (paper, target), pairs in self._chosen.items():
            old = self.parts.frame("features", f"{paper}-{target}", ["row", "column"])
            known = np.zeros(0, np.int64) if old is None else _cell(old)
            new = pairs[~np.isin(_cell(pairs), known)]
            if len(new) or old is None:
                missing.setdefault(paper, {})[target] = new
        names = list(missing)

        def work() -> Iterator[cells.Chosen]:
            for name in names:
                wanted = {}
                for target, pairs in missing[name].items():
                    hits = self._hits(name, target)
                    rows = pairs["row"].to_numpy(dtype=np.int64)
                    wanted[target] = (rows, pairs["column"].to_numpy(dtype=np.int64), hits)
                yield cells.Chosen(self._side(name), wanted)

        for at, made in self._each(cells.features, work(), len(names)):
            for target, frame in made.items():
                name = f"{names[at]}-{target}"
                old = self.parts.frame("features", name)
                if old is not None:
                    still = np.isin(_cell(old), _cell(self._chosen[names[at], target]))
                    frame = pd.concat([old[still], frame], ignore_index=True)
                    frame = frame.sort_values(["row", "column"], ignore_index=True)
                self.parts.put_frame("features", name, frame)

    def _piece(self, paper: str, target: str, first: int, end: int) -> pd.DataFrame | None:
        low, high = np.searchsorted(self._ranks[paper], [first, end]).tolist()
        pairs = self._chosen[paper, target]
        pairs = pairs.iloc[slice(*np.searchsorted(pairs["row"], [low, high]).tolist())]
        if pairs.empty:
            return None
        found = self.parts.frame("features", f"{paper}-{target}", between=("row", low, high))
        if found is None:
            raise RuntimeError(f"features of {paper}-{target} were lost while they were in use")
        places = np.searchsorted(_cell(found), _cell(pairs))
        described = found[list(FEATURES)].iloc[places].set_axis(pairs.index)
        return pd.concat([pairs, described], axis=1).assign(papers=paper, targets=target)

    def _forget(self) -> None:
        for kind, names in (("papers", self._papers), ("targets", self._targets)):
            self.parts.keep_only(kind, names)
            self.parts.keep_only(f"{kind[:-1]}_sides", names)
        pairs = [f"{paper}-{target}" for paper in self._papers for target in self._targets]
        for kind in ("cells", "hits", "features"):
            self.parts.keep_only(kind, pairs)


def _nothing() -> pd.DataFrame:
    names = ("paper", "target", "ways", "cosine", "papers", "row", "targets", "column")
    return pd.DataFrame({name: [] for name in (*names, *FEATURES)}).astype(
        {"paper": int, "target": int, "ways": np.uint8, "papers": object, "targets": object}
    )


def _cell(pairs: pd.DataFrame) -> Any:
    """One number per cell of the matrix of rows and columns."""
    return pairs["row"].to_numpy(dtype=np.int64) << 32 | pairs["column"].to_numpy(dtype=np.int64)
