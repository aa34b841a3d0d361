"""Nearest neighbours by the cosine of vectors: exact, both ways at once, in bounded memory.

Blocks of float32 products only tell which cells may be among the best: the bound on their rounding
error is subtracted from every threshold. The cosines of those cells are then computed in float64,
rounded to DECIMALS, and ordered: larger first, equal ones by the smaller row of the other side. So
the answer depends neither on blocks nor on threads, and the answer for the whole is the best
(`best`) of the answers for its parts.

Equal vectors are searched once and their rows put back afterwards: of many equal neighbours the
first rows are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Floats = np.ndarray[Any, np.dtype[np.float32]]
Doubles = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

#: Cosines are rounded to this many decimals before they are compared; none at or below 0 is taken.
DECIMALS = 6
#: Left and right rows of a block of products (32 MB).
BLOCK = (1024, 8192)
#: Cells of which the largest is found first, and the multiple to which blocks are padded.
_STRIP, _PAD = 16, 64
#: Vectors handled at a time where they are copied to float64, so that they stay in the cache.
_CHUNK = 512
#: Cells whose cosines are computed and merged at a time; groups of up to this many cells are
#: written out pair by pair.
_CELLS, _SMALL_GROUP = 500_000, 16_384


@dataclass(frozen=True)
class Pairs:
    """Cells of the matrix of left rows and right rows.

    Attributes:
        rows: left rows.
        columns: right rows, as long as `rows`.
        cosine: their cosines, above 0, rounded to DECIMALS.
    """

    rows: Ints
    columns: Ints
    cosine: Doubles


@dataclass(frozen=True)
class Nearest:
    """The nearest of either side.

    Attributes:
        of_left: for each left row its best right rows; sorted by left row, best first.
        of_right: for each right row its best left rows; sorted by right row, best first.
    """

    of_left: Pairs
    of_right: Pairs


def nearest(
    left: Floats,
    right: Floats,
    per_left: int,
    per_right: int,
    right_mask: Mask | None = None,
    block: tuple[int, int] = BLOCK,
) -> Nearest:
    """The nearest right rows of every left row and the nearest left rows of every right row.

    Memory beyond the arguments and the result: a copy of `right`, about four blocks, and 16 bytes
    for each neighbour asked for.

    Args:
        left: vectors (n, d), not necessarily of unit length; rows of zeros have no neighbours.
        right: vectors (m, d).
        per_left: right rows to take for a left row, 0 for none.
        per_right: left rows to take for a right row, 0 for none.
        right_mask: right rows that may be taken and that neighbours are sought for; all if None.
        block: left and right rows of a block; the answer does not depend on it.
    """
    lefts, rights = _Distinct.of(left), _Distinct.of(right, right_mask)
    of_left, of_right = _Best(len(lefts.first), per_left), _Best(len(rights.first), per_right)
    goal = rights.units(right, 0, len(rights.first))
    # Twice the bound on the error of a float32 sum of d products in any order, and of scaling.
    slack = (left.shape[1] + 8) * float(np.finfo(np.float32).eps) + 10.0**-DECIMALS
    height, width = (size + -size % _PAD for size in block)
    for top in range(0, len(lefts.first), height):
        unit = lefts.units(left, top, top + height)
        for start in range(0, len(rights.first), width):
            near = unit @ goal[start : start + width].T
            row, column = of_left.in_rows(near, top, slack)
            for at, to in _parts(top + row, start + column, len(lefts.first), len(rights.first)):
                dots = _dots(left, right, lefts.first[at], rights.first[to])
                of_left.offer(at, to, _over(dots, lefts.square[at], rights.square[to]))
            row, column = of_right.in_columns(near, start, slack)
            for at, to in _parts(top + row, start + column, len(lefts.first), len(rights.first)):
                dots = _dots(left, right, lefts.first[at], rights.first[to])
                of_right.offer(to, at, _over(dots, lefts.square[at], rights.square[to]))
    rows, columns, cosine = _spread(of_left, lefts, rights)
    found = Pairs(rows, columns, cosine)
    columns, rows, cosine = _spread(of_right, rights, lefts)
    return Nearest(found, Pairs(rows, columns, cosine))


def within_groups(
    left: Floats,
    right: Floats,
    left_groups: pd.DataFrame,
    right_groups: pd.DataFrame,
    per_right: int,
) -> Pairs:
    """For every right row, the nearest left rows that share a group with it.

    A row may be in several groups. Large groups are searched by blocks; small ones are written out
    pair by pair, a bounded number at a time.

    Args:
        left: vectors (n, d).
        right: vectors (m, d).
        left_groups: columns row (of `left`) and key (of a group, any type that compares).
        right_groups: the same for `right`.
        per_right: left rows to take for a right row.

    Returns:
        Pairs sorted by right row, best first.
    """
    ours, theirs, keys = _memberships(left_groups, right_groups)
    # Where the members of each key start, on either side.
    start = np.searchsorted(ours[:, 0], np.arange(keys + 1))
    begin = np.searchsorted(theirs[:, 0], np.arange(keys + 1))
    cells = np.diff(start) * np.diff(begin)
    found: list[tuple[Ints, Ints, Doubles]] = []
    small = np.flatnonzero((cells > 0) & (cells <= _SMALL_GROUP))
    batch = np.cumsum(cells[small]) // _CELLS
    for part in np.split(small, np.flatnonzero(np.diff(batch)) + 1):
        members = theirs[_ragged(begin[part], np.diff(begin)[part])]
        sizes = np.diff(start)[members[:, 0]]
        rows = ours[_ragged(start[members[:, 0]], sizes), 1]
        columns = np.repeat(members[:, 1], sizes)
        cosine = pair_cosine(left, right, rows, columns)
        found.append(best(columns, rows, cosine, per_right))
    for key in np.flatnonzero(cells > _SMALL_GROUP).tolist():
        mine = ours[start[key] : start[key + 1], 1]
        other = theirs[begin[key] : begin[key + 1], 1]
        near = nearest(left[mine], right[other], 0, per_right).of_right
        found.append((other[near.columns], mine[near.rows], near.cosine))
    columns, rows, cosine = (np.concatenate(part) for part in zip(*found, strict=True))
    columns, rows, cosine = best(columns, rows, cosine, per_right)
    return Pairs(rows, columns, cosine)


def pair_cosine(left: Floats, right: Floats, rows: Ints, columns: Ints) -> Doubles:
    """Cosine of each pair of a left row and a right row, rounded; 0 where a vector is zero."""
    squares = []
    for matrix, chosen in ((left, rows), (right, columns)):
        used, place = np.unique(chosen, return_inverse=True)
        squares.append(_dots(matrix, matrix, used, used)[place])
    return _over(_dots(left, right, rows, columns), squares[0], squares[1])


def best(owner: Ints, other: Ints, cosine: Doubles, count: int) -> tuple[Ints, Ints, Doubles]:
    """The `count` best of each owner: larger cosines first, equal ones by the smaller other row.

    Pairs given twice count once, those with no cosine above 0 not at all. Returns owners, others
    and cosines, sorted by owner, best first.
    """
    placed = order(owner, cosine, other)
    owner, other, cosine = owner[placed], other[placed], cosine[placed]
    again = (owner[1:] == owner[:-1]) & (other[1:] == other[:-1])
    sound = np.flatnonzero(np.append(True, ~again)[: len(owner)] & (cosine > 0))
    kept = sound[ranks(owner[sound]) < count]
    return owner[kept], other[kept], cosine[kept]


def order(owner: Ints, cosine: Doubles, other: Ints) -> Ints:
    """Places of pairs sorted by owner, larger cosines first, equal ones by the smaller other row.

    Args:
        owner: row of each pair that the best are wanted for, at least 0.
        cosine: between -1 and 1, rounded to DECIMALS.
        other: its other row, at least 0.
    """
    steps = 10**DECIMALS
    low, middle = int(other.max(initial=0)).bit_length(), (2 * steps).bit_length()
    if low + middle + int(owner.max(initial=0)).bit_length() > 64:
        return np.lexsort((other, -cosine, owner))
    # All three in one number: its sort takes a third of the time.
    worse = (steps - np.rint(cosine * steps)).astype(np.uint64)
    whole = owner.astype(np.uint64) << np.uint64(low + middle)
    whole |= worse << np.uint64(low)
    whole |= other.astype(np.uint64)
    return np.argsort(whole)


class _Best:
    """The `count` best others of each owner so far."""

    def __init__(self, owners: int, count: int) -> None:
        self.count = count
        self.other = np.zeros((owners, count), dtype=np.int64)
        self.cosine = np.zeros((owners, count))  # 0 where there is none

    def in_rows(self, near: Floats, top: int, slack: float) -> tuple[Ints, Ints]:
        """Rows and columns of the cells that may be among the best of their row.

        Args:
            near: about the cosines (rows, columns), padded with zeros to multiples of _PAD.
            top: owner of the first row.
            slack: by how much a cell that counts may seem to be below the worst of the best.
        """
        cells = near.reshape(len(near), _STRIP, -1)
        row, strip, depth = self._promising(cells, cells.max(axis=1), top, slack)
        return row, depth * cells.shape[2] + strip

    def in_columns(self, near: Floats, start: int, slack: float) -> tuple[Ints, Ints]:
        """Rows and columns of the cells that may be among the best of their column."""
        cells = near.reshape(-1, _STRIP, near.shape[1])
        peaks = cells.max(axis=1)
        column, strip, depth = self._promising(cells.transpose(2, 1, 0), peaks.T, start, slack)
        return strip * _STRIP + depth, column

    def _promising(
        self, cells: Floats, peaks: Floats, first: int, slack: float
    ) -> tuple[Ints, Ints, Ints]:
        """Owner, strip and place in it of each cell that may be among the best of its owner.

        Takes cells (owners, _STRIP, strips), the largest of each strip and the first owner.
        """
        if not self.count:
            return (np.zeros(0, dtype=np.int64),) * 3
        held = self.cosine[first : first + len(peaks), -1]
        floor = np.pad(held, (0, len(peaks) - len(held)))
        weak = np.flatnonzero(floor == 0)
        if peaks.shape[1] > self.count and weak.size:
            some = np.partition(peaks[weak], -self.count, axis=1)
            floor[weak] = np.maximum(some[:, -self.count], 0)
        least = (floor - slack).astype(np.float32)[:, None]
        owner, strip = np.nonzero(peaks >= least)
        hit, depth = np.nonzero(cells[owner, :, strip] >= least[owner])
        return owner[hit], strip[hit], depth

    def offer(self, owner: Ints, other: Ints, cosine: Doubles) -> None:
        """Take those that are better than what there is."""
        held = np.unique(owner)
        old, place = np.nonzero(self.cosine[held])
        other = np.concatenate([self.other[held[old], place], other])
        cosine = np.concatenate([self.cosine[held[old], place], cosine])
        owner = np.concatenate([held[old], owner])
        owner, other, cosine = best(owner, other, cosine, self.count)
        rank = ranks(owner)
        self.other[owner, rank], self.cosine[owner, rank] = other, cosine


@dataclass(frozen=True)
class _Distinct:
    """Different vectors among the rows of a matrix, in the order of their first rows."""

    first: Ints  # first row of each
    square: Doubles  # squared length of each
    label: Ints  # which of them each row is, -1 if zero or left out
    members: Ints  # rows by label, then by row
    start: Ints  # where the members of each start, and the end

    @classmethod
    def of(cls, matrix: Floats, mask: Mask | None = None) -> _Distinct:
        every = np.arange(len(matrix))
        square = _dots(matrix, matrix, every, every)
        rows = np.flatnonzero(square > 0 if mask is None else mask & (square > 0))
        factors = 2 * np.random.default_rng(0).integers(2**62, size=matrix.shape[1]) + 1
        mixed = np.zeros(len(rows), dtype=np.uint64)
        for at in range(0, len(rows), _CHUNK):
            bits = matrix[rows[at : at + _CHUNK]].view(np.uint32)
            mixed[at : at + _CHUNK] = (bits * factors.astype(np.uint64)).sum(axis=1)
        _, leader, label = np.unique(mixed, return_index=True, return_inverse=True)
        leader = leader[label]
        later = np.flatnonzero(leader != np.arange(len(rows)))
        for at in range(0, len(later), _CHUNK):
            # Different vectors of one hash stay apart; equal ones need not be joined.
            some = later[at : at + _CHUNK]
            same = (matrix[rows[some]] == matrix[rows[leader[some]]]).all(axis=1)
            leader[some] = np.where(same, leader[some], some)
        first, label = np.unique(leader, return_inverse=True)
        full = np.full(len(matrix), -1, dtype=np.int64)
        full[rows] = label
        start = np.concatenate([[0], np.cumsum(np.bincount(label, minlength=len(first)))])
        members = rows[np.argsort(label, kind="stable")]
        return cls(rows[first], square[rows[first]], full, members, start)

    def units(self, matrix: Floats, start: int, stop: int) -> Floats:
        """Some of the vectors scaled to unit length, and zeros up to a multiple of _PAD."""
        rows, length = self.first[start:stop], np.sqrt(self.square[start:stop])
        units = np.zeros((len(rows) + -len(rows) % _PAD, matrix.shape[1]), dtype=np.float32)
        for at in range(0, len(rows), _CHUNK):
            part = slice(at, min(at + _CHUNK, len(rows)))
            units[part] = matrix[rows[part]] / length[part, None]
        return units


def _spread(found: _Best, owners: _Distinct, others: _Distinct) -> tuple[Ints, Ints, Doubles]:
    """Neighbours of distinct vectors as neighbours of all their rows."""
    owner, place = np.nonzero(found.cosine > 0)
    other, cosine = found.other[owner, place], found.cosine[owner, place]
    # The best rows lie within the best vectors, and no vector gives more than `count` of its rows.
    sizes = np.minimum(np.diff(others.start)[other], found.count)
    member = others.members[_ragged(others.start[other], sizes)]
    owner, member, cosine = best(
        np.repeat(owner, sizes), member, np.repeat(cosine, sizes), found.count
    )
    begin = np.searchsorted(owner, np.arange(len(owners.first) + 1))
    rows = np.flatnonzero(owners.label >= 0)
    label = owners.label[rows]
    sizes = np.diff(begin)[label]
    taken = _ragged(begin[label], sizes)
    return np.repeat(rows, sizes), member[taken], cosine[taken]


def _parts(at: Ints, to: Ints, height: int, width: int) -> Iterator[tuple[Ints, Ints]]:
    """Cells inside the matrix, a bounded number at a time."""
    inside = (at < height) & (to < width)
    at, to = at[inside], to[inside]
    for start in range(0, len(at), _CELLS):
        yield at[start : start + _CELLS], to[start : start + _CELLS]


def _dots(left: Floats, right: Floats, rows: Ints, columns: Ints) -> Doubles:
    """Products of rows in float64, each summed by itself."""
    dots = np.empty(len(rows))
    for at in range(0, len(rows), _CHUNK):
        part = slice(at, at + _CHUNK)
        np.vecdot(left[rows[part]], right[columns[part]], out=dots[part], dtype=np.float64)
    return dots


def _over(dots: Doubles, left: Doubles, right: Doubles) -> Doubles:
    """Cosines from products and squared lengths, rounded; 0 where a length is 0."""
    lengths = np.sqrt(left * right)
    np.divide(dots, lengths, out=dots, where=lengths > 0)
    return np.round(dots, DECIMALS, out=dots)


def _memberships(left: pd.DataFrame, right: pd.DataFrame) -> tuple[Ints, Ints, int]:
    """Number of the group and row of each membership of either side, sorted; number of groups."""
    codes, keys = pd.factorize(pd.concat([left["key"], right["key"]], ignore_index=True))
    sides = []
    for frame, code in ((left, codes[: len(left)]), (right, codes[len(left) :])):
        rows = frame["row"].to_numpy(dtype=np.int64)[code >= 0]
        most = int(rows.max(initial=0)) + 1
        sides.append(np.stack(np.divmod(np.unique(code[code >= 0] * most + rows), most), axis=1))
    return sides[0], sides[1], len(keys)


def _ragged(starts: Ints, sizes: Ints) -> Ints:
    """The places starts[i], starts[i] + 1, ... of runs of the given sizes, one after another."""
    ends = np.cumsum(sizes)
    return np.arange(sizes.sum()) + np.repeat(starts - ends + sizes, sizes)


def ranks(owner: Ints) -> Ints:
    """Place of each entry among those of its owner; owners are sorted."""
    begins = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])[: len(owner)])
    return np.arange(len(owner)) - np.repeat(begins, np.diff(np.append(begins, len(owner))))
