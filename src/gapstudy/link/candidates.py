"""Pairs worth a look: by identifier, coined name, organisation and likeness of text.

Each way is exact for the papers and targets given. A study that is cut into portions asks for each
portion and puts the answers together with `keep`, which gives what the whole would have given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gapstudy.link import search
from gapstudy.link.features import Array, PaperSide, Places, TargetSide

if TYPE_CHECKING:
    from gapstudy.link.mentions import TargetIndex

#: Targets taken per paper, and papers per target, by likeness of text.
TARGETS_PER_PAPER = 8
PAPERS_PER_TARGET = 3
#: Papers of the same organisation taken per target, by likeness of text.
PAPERS_PER_TIE = 8
#: Targets taken per paper by a name that stands in more of them, by likeness of text.
TARGETS_PER_NAME = 1_000
#: Ways of finding pairs; way number n is bit n of a pair's mask.
WAYS = ("identifier", "name", "organisation", "text")
IDENTIFIER, NAME, ORGANISATION, TEXT = (1 << at for at in range(len(WAYS)))


@dataclass(frozen=True)
class Found:
    """Candidates among some papers and targets, sorted by row and column.

    Attributes:
        rows: place of each pair's paper.
        columns: place of each pair's target.
        ways: mask of the ways that found each pair.
        cosine: likeness of the texts of each pair, 6 decimals.
        hits: places where targets name the things of papers (`mentions.TargetIndex.find`).
    """

    rows: Places
    columns: Places
    ways: np.ndarray[Any, np.dtype[np.uint8]]
    cosine: Array
    hits: pd.DataFrame


def find(papers: PaperSide, targets: TargetSide, index: TargetIndex) -> Found:
    """Candidates among papers and targets.

    A target without a text of its own is not found by text, and by organisation only with a name:
    its likeness is a matter of chance words. The same holds for texts in no alphabet.

    Args:
        papers: the papers.
        targets: the targets.
        index: the names' index over the same targets.
    """
    hits = index.find(papers.names)
    named = hits[["row", "column"]].drop_duplicates().to_numpy(dtype=np.int64)
    parts = [
        (IDENTIFIER, *_joined(papers.identifiers, targets.identifiers, ["kind", "value"])),
        (NAME, named[:, 0], named[:, 1]),
        (TEXT, *_near(papers, targets)),
        (ORGANISATION, *_tied(papers, targets)),
    ]
    pair = np.concatenate([rows * len(targets) + columns for _, rows, columns in parts])
    way = np.concatenate([np.full(len(rows), bit, np.uint8) for bit, rows, _ in parts])
    distinct, place = np.unique(pair, return_inverse=True)
    mask = np.zeros(len(distinct), dtype=np.uint8)
    np.bitwise_or.at(mask, place, way)
    rows, columns = np.divmod(distinct, max(len(targets), 1))
    alike = likeness(papers, targets, rows, columns)
    mask &= ~(np.uint8(NAME) * ~among_best(NAME, mask, rows, columns, alike, TARGETS_PER_NAME))
    left = mask > 0
    kept = np.isin(
        hits["row"].to_numpy(np.int64) * len(targets) + hits["column"].to_numpy(np.int64),
        distinct[left],
    )
    return Found(
        rows[left], columns[left], mask[left], alike[left], hits[kept].reset_index(drop=True)
    )


def among_best(bit: int, ways: Any, group: Any, other: Any, alike: Any, most: int) -> Any:
    """Which pairs found by a way are among the best of their group.

    Args:
        bit: the way.
        ways: mask of the ways of each pair.
        group: number of each pair's paper or target, of which the best are wanted.
        other: number of its other end; of equal pairs that with the smaller one is better.
        alike: likeness of the texts of each pair.
        most: pairs wanted per group.
    """
    places = np.flatnonzero(ways & np.uint8(bit))
    order = places[search.order(group[places], alike[places], other[places])]
    chosen = np.zeros(len(ways), dtype=bool)
    chosen[order[search.ranks(group[order]) < most]] = True
    return chosen


def keep(paper: Any, target: Any, ways: Any, alike: Any) -> Any:
    """The candidates of a whole study from those of its portions.

    Each portion gave its own best; the best of all are among them. Which portions there were, and
    the order of pairs, make no difference.

    Args:
        paper: number of each pair's paper, in the order of identifiers.
        target: number of its target, in that order too.
        ways: mask of the ways that found it within its portion.
        alike: likeness of its texts.

    Returns:
        Mask of the ways by which each pair stays; 0 for one that is a candidate no longer.
    """
    near = among_best(TEXT, ways, paper, target, alike, TARGETS_PER_PAPER)
    near |= among_best(TEXT, ways, target, paper, alike, PAPERS_PER_TARGET)
    tied = among_best(ORGANISATION, ways, target, paper, alike, PAPERS_PER_TIE)
    named = among_best(NAME, ways, paper, target, alike, TARGETS_PER_NAME)
    stays = (near, TEXT), (tied, ORGANISATION), (named, NAME)
    kept = ways & np.uint8(IDENTIFIER)
    for chosen, bit in stays:
        kept |= chosen.astype(np.uint8) * np.uint8(bit)
    return kept


def likeness(papers: PaperSide, targets: TargetSide, rows: Places, columns: Places) -> Array:
    """Cosine of the texts of pairs, 6 decimals."""
    # The numbers that the search orders by, so that portions are put together as the whole is.
    parts = [
        search.pair_cosine(
            papers.vectors, targets.vectors, rows[at : at + _BLOCK], columns[at : at + _BLOCK]
        )
        for at in range(0, len(rows), _BLOCK)
    ]
    return np.concatenate(parts or [np.zeros(0)])


_BLOCK = 100_000


def _joined(left: pd.DataFrame, right: pd.DataFrame, on: list[str]) -> tuple[Places, Places]:
    both = left.merge(right.rename(columns={"row": "column"}), on=on)
    pairs = both[["row", "column"]].drop_duplicates().to_numpy(dtype=np.int64)
    return pairs[:, 0], pairs[:, 1]


def _near(papers: PaperSide, targets: TargetSide) -> tuple[Places, Places]:
    """The nearest by text, both ways."""
    shown = np.where(papers.readable[:, None], papers.vectors, np.float32(0.0))
    allowed = targets.speaking & targets.readable
    best = search.nearest(shown, targets.vectors, TARGETS_PER_PAPER, PAPERS_PER_TARGET, allowed)
    return (
        np.concatenate([best.of_left.rows, best.of_right.rows]),
        np.concatenate([best.of_left.columns, best.of_right.columns]),
    )


def _tied(papers: PaperSide, targets: TargetSide) -> tuple[Places, Places]:
    """The nearest papers of the same organisation as each target that speaks."""
    right = targets.organisations
    right = right[(targets.speaking & targets.readable)[right["row"].to_numpy(dtype=np.int64)]]
    left = papers.organisations
    left = left[papers.readable[left["row"].to_numpy(dtype=np.int64)]]
    best = search.within_groups(papers.vectors, targets.vectors, left, right, PAPERS_PER_TIE)
    return best.rows, best.columns


def found_by(ways: Any) -> list[str]:
    """Names of the ways in each mask, joined by +; empty for none."""
    names = [
        "+".join(way for at, way in enumerate(WAYS) if mask >> at & 1)
        for mask in range(1 << len(WAYS))
    ]
    return [names[mask] for mask in np.asarray(ways, dtype=np.int64)]
