"""What workers do: find, describe and show candidates of one segment of papers beside targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gapstudy.link import candidates, ends, facts
from gapstudy.link import evidence as proof
from gapstudy.link.candidates import Found
from gapstudy.link.features import PaperSide, Places, Settings, TargetSide, describe
from gapstudy.link.mentions import TargetIndex

#: Of a found pair only what choosing among all of them needs.
COLUMNS = ("row", "column", "ways", "cosine")


@dataclass(frozen=True)
class Targets:
    """One segment of targets, ready to be searched.

    Attributes:
        side: the targets.
        index: names' index over them.
    """

    side: TargetSide
    index: TargetIndex

    @classmethod
    def build(cls, frame: pd.DataFrame, settings: Settings) -> Targets:
        """Make targets (columns of `ends.TARGETS`) ready."""
        with threadpool_limits(limits=1):
            side = TargetSide.build(frame, settings)
            return cls(side, TargetIndex.build(side.frame))


@dataclass(frozen=True)
class Ready:
    """Work for `ready`: one segment of targets.

    Attributes:
        frame: columns of `ends.TARGETS`.
        settings: choices of the study about features.
    """

    frame: pd.DataFrame
    settings: Settings


@dataclass(frozen=True)
class Search:
    """Work for `find`: one segment of papers and the segments of targets to look in.

    Attributes:
        papers: rows of `papers`, or the papers made ready by an earlier run.
        affiliations: rows of `paper_affiliations` of these papers; not looked at where they are
            ready.
        targets: names of segments of targets.
    """

    papers: pd.DataFrame | PaperSide
    affiliations: pd.DataFrame
    targets: tuple[str, ...]
    settings: Settings


@dataclass(frozen=True)
class Chosen:
    """Work for `features`: pairs of one segment of papers, by segment of targets.

    Attributes:
        papers: the papers.
        pairs: segment of targets -> row, column, and the mentions found for them.
    """

    papers: PaperSide
    pairs: Mapping[str, tuple[Places, Places, pd.DataFrame]]


def ready(work: Ready) -> Targets:
    """Make a segment of targets ready."""
    return Targets.build(work.frame, work.settings)


def find(
    work: Search, shared: Mapping[str, Targets]
) -> tuple[PaperSide | None, dict[str, tuple[pd.DataFrame, pd.DataFrame]]]:
    """Candidates of one segment of papers.

    Args:
        work: the papers and where to look.
        shared: segments of targets by name.

    Returns:
        The papers made ready, where they were not; for each segment of targets the candidates
        (COLUMNS, sorted) and the mentions.
    """
    # One thread: the order of sums, and so the last bits, never changes.
    with threadpool_limits(limits=1):
        made = None
        if isinstance(work.papers, PaperSide):
            side = work.papers
        else:
            side = made = PaperSide.build(
                ends.papers(work.papers, work.affiliations), work.settings
            )
        return made, {
            name: _framed(candidates.find(side, shared[name].side, shared[name].index))
            for name in work.targets
        }


def _framed(found: Found) -> tuple[pd.DataFrame, pd.DataFrame]:
    pairs = pd.DataFrame(
        {
            "row": found.rows.astype(np.int32),
            "column": found.columns.astype(np.int32),
            "ways": found.ways,
            "cosine": found.cosine,
        }
    )
    return pairs, found.hits


def features(work: Chosen, shared: Mapping[str, Targets]) -> dict[str, pd.DataFrame]:
    """Features of chosen pairs: row, column and FEATURES, by segment of targets."""
    return _of_pairs(describe, work, shared)


def evidence(work: Chosen, shared: Mapping[str, Targets]) -> dict[str, pd.DataFrame]:
    """What is shown for chosen pairs: row, column and what `shown` gives, by segment of targets."""
    return _of_pairs(shown, work, shared)


def _of_pairs(
    tell: Callable[[PaperSide, TargetSide, Places, Places, pd.DataFrame], pd.DataFrame],
    work: Chosen,
    shared: Mapping[str, Targets],
) -> dict[str, pd.DataFrame]:
    """What a function tells of chosen pairs, with their places, by segment of targets."""
    made: dict[str, pd.DataFrame] = {}
    with threadpool_limits(limits=1):
        for name, (rows, columns, hits) in work.pairs.items():
            found = tell(work.papers, shared[name].side, rows, columns, hits)
            found.insert(0, "row", rows.astype(np.int32))
            found.insert(1, "column", columns.astype(np.int32))
            made[name] = found
    return made


def shown(
    papers: PaperSide, targets: TargetSide, rows: Places, columns: Places, hits: pd.DataFrame
) -> pd.DataFrame:
    """Order in time and place of the evidence of pairs: lag_class, lag_days, evidence_*."""
    order = facts.lags(papers.frame, targets.frame, rows, columns)
    return proof.add(order, papers, targets, rows, columns, hits)
