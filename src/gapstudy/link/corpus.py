"""All papers beside all targets: searched, chosen and described piece by piece.

Papers and targets are cut into `segments`. Each cell (a segment of papers, a segment of targets) is
searched once and kept; the best candidates are chosen over all cells; features of the chosen pairs
are computed once and kept. So memory is bounded by a segment, an interrupted run goes on where it
stopped, and new papers or products cost only their own cells. What comes out depends on the rows
alone: not on segments, workers, or what was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
#: Names of a segment of papers and of a segment of targets.
Cell = tuple[str, str]


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
    _papers: dict[str, Segment] = field(default_factory=dict, init=False)
    _targets: dict[str, Segment] = field(default_factory=dict, init=False)
    _chosen: dict[Cell, pd.DataFrame] = field(default_factory=dict, init=False)
    _ranks: dict[str, Any] = field(default_factory=dict, init=False)
    _rows: Read = field(default=lambda _: None, init=False)
    _target_rows: Read = field(default=lambda _: None, init=False)

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
        self._rows, self._target_rows = papers.read, targets.read
        self._targets = self._cut("targets", targets, target_size)
        self._make_ready()
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

    @property
    def papers(self) -> Mapping[str, Segment]:
        """Segments of papers by name, once they were searched."""
        return self._papers

    def show(self, pairs: Mapping[Cell, tuple[Places, Places]]) -> None:
        """Find and keep the evidence and lags of some pairs (`cells.shown`), for `shown`.

        Args:
            pairs: segment of papers and of targets -> rows and columns.
        """
        self._compute("shown", cells.evidence, pairs)

    def shown(self, cell: Cell, rows: Places, columns: Places) -> pd.DataFrame:
        """Evidence and lags of pairs that `show` was called with, in the order given."""
        return self._read("shown", cell, rows, columns)

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

    def _make_ready(self) -> None:
        """Make segments of targets ready that no earlier run did."""
        known = set(self.parts.names("target_sides"))
        names = [name for name in sorted(self._targets) if name not in known]

        def work() -> Iterator[cells.Ready]:
            for name in names:
                yield self._unready(name)

        for at, made in self._each(cells.ready, work(), len(names), ()):
            self.parts.put_thing("target_sides", names[at], made)

    def _target(self, name: str) -> cells.Targets:
        """The targets of a segment, made ready; once more where the file was damaged."""
        made: cells.Targets | None = self.parts.thing("target_sides", name)
        if made is None:
            made = cells.ready(self._unready(name))
            self.parts.put_thing("target_sides", name, made)
        return made

    def _unready(self, name: str) -> cells.Ready:
        return cells.Ready(self._target_rows(self._targets[name].ids.tolist()), self.settings)

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
                    yield cells.Search(rows, places, todo[name], self.settings)
                else:
                    yield cells.Search(side, pd.DataFrame(), todo[name], self.settings)

        needed = sorted({target for lost in todo.values() for target in lost})
        for at, (side, found) in self._each(cells.find, work(), len(names), needed):
            name = names[at]
            if side is not None:
                self.parts.put_thing("paper_sides", name, side)
            for target, (pairs, hits) in found.items():
                self.parts.put_frame("hits", f"{name}-{target}", hits)
                self.parts.put_frame("cells", f"{name}-{target}", pairs)

    def _each(
        self, function: Any, work: Iterator[Any], count: int, targets: Iterable[str]
    ) -> Iterator[tuple[int, Any]]:
        if not count:
            return iter(())
        names = list(targets)
        workers = 1 if count < 2 else self.workers
        return each(
            function, work, engine=self.engine, workers=workers,
            shared=(lambda: {name: self._target(name) for name in names}) if names else None,
        )  # fmt: skip

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
        self._compute(
            "features",
            cells.features,
            {
                cell: (pairs["row"].to_numpy(np.int64), pairs["column"].to_numpy(np.int64))
                for cell, pairs in self._chosen.items()
            },
        )

    def _compute(
        self, kind: str, function: Any, pairs: Mapping[Cell, tuple[Places, Places]]
    ) -> None:
        """Compute something of pairs where no earlier run did, and keep it beside what it kept."""
        missing: dict[str, dict[str, tuple[Places, Places]]] = {}
        for (paper, target), (rows, columns) in pairs.items():
            old = self.parts.frame(kind, f"{paper}-{target}", ["row", "column"])
            known = np.zeros(0, np.int64) if old is None else _cell(old)
            new = ~np.isin(_places(rows, columns), known)
            if new.any():
                missing.setdefault(paper, {})[target] = (rows[new], columns[new])
        names = list(missing)

        def work() -> Iterator[cells.Chosen]:
            for name in names:
                wanted = {
                    target: (rows, columns, self._hits(name, target))
                    for target, (rows, columns) in missing[name].items()
                }
                yield cells.Chosen(self._side(name), wanted)

        needed = sorted({target for wanted in missing.values() for target in wanted})
        for at, made in self._each(function, work(), len(names), needed):
            for target, frame in made.items():
                name = f"{names[at]}-{target}"
                old = self.parts.frame(kind, name)
                if old is not None:
                    still = np.isin(_cell(old), _places(*pairs[names[at], target]))
                    frame = pd.concat([old[still], frame], ignore_index=True)
                order = np.argsort(_cell(frame), kind="stable")
                self.parts.put_frame(kind, name, frame.iloc[order])

    def _read(self, kind: str, cell: Cell, rows: Places, columns: Places) -> pd.DataFrame:
        """What was kept of pairs, in the order given."""
        name = "-".join(cell)
        low, high = (int(rows.min()), int(rows.max()) + 1) if len(rows) else (0, 0)
        found = self.parts.frame(kind, name, between=("row", low, high))
        if found is None:
            raise RuntimeError(f"{kind} of {name} were lost while they were in use")
        places = np.searchsorted(_cell(found), _places(rows, columns))
        rest: pd.DataFrame = found.drop(columns=["row", "column"]).iloc[places]
        return rest.reset_index(drop=True)

    def _piece(self, paper: str, target: str, first: int, end: int) -> pd.DataFrame | None:
        low, high = np.searchsorted(self._ranks[paper], [first, end]).tolist()
        pairs = self._chosen[paper, target]
        pairs = pairs.iloc[slice(*np.searchsorted(pairs["row"], [low, high]).tolist())]
        if pairs.empty:
            return None
        rows, columns = (pairs[name].to_numpy(np.int64) for name in ("row", "column"))
        described = self._read("features", (paper, target), rows, columns).set_axis(pairs.index)
        return pd.concat([pairs, described], axis=1).assign(papers=paper, targets=target)

    def _forget(self) -> None:
        for kind, names in (("papers", self._papers), ("targets", self._targets)):
            self.parts.keep_only(kind, names)
            self.parts.keep_only(f"{kind[:-1]}_sides", names)
        pairs = [f"{paper}-{target}" for paper in self._papers for target in self._targets]
        for kind in ("cells", "hits", "features", "shown"):
            self.parts.keep_only(kind, pairs)


def _nothing() -> pd.DataFrame:
    names = ("paper", "target", "ways", "cosine", "papers", "row", "targets", "column")
    return pd.DataFrame({name: [] for name in (*names, *FEATURES)}).astype(
        {"paper": int, "target": int, "ways": np.uint8, "papers": object, "targets": object}
    )


def _cell(pairs: pd.DataFrame) -> Any:
    """One number per cell of the matrix of rows and columns."""
    return _places(pairs["row"].to_numpy(dtype=np.int64), pairs["column"].to_numpy(dtype=np.int64))


def _places(rows: Places, columns: Places) -> Any:
    return rows << 32 | columns
