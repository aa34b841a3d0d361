"""Which rows are matched together: segments that stay as they are while the study grows.

Papers and targets are each cut into segments. What was computed for two segments is kept and used
again as long as none of their rows changed, so new rows, which make segments of their own, cost
only their share. Which segments there are depends on how the study grew; what comes out in the end
does not, since every pair is described by itself and the best are chosen over all segments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Papers and targets of one segment. A segment of papers and what is found for it must fit in the
#: memory of a worker, the targets with their index in that of every worker.
PAPERS, TARGETS = 20_000, 32_768
#: Segments smaller than this share of a whole one are made anew together when they are too many.
SMALL, MANY_SMALL = 0.25, 12

Ids = np.ndarray[Any, np.dtype[np.object_]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True)
class Segment:
    """Rows that are matched together.

    Attributes:
        name: hash of its rows, hexadecimal.
        ids: identifiers of its rows, ascending.
        hashes: hash of the content of each row.
    """

    name: str
    ids: Ids
    hashes: Hashes

    @classmethod
    def of(cls, ids: Ids, hashes: Hashes) -> Segment:
        """The segment of some rows."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update("\n".join(ids).encode("utf-8", "surrogatepass"))
        digest.update(np.ascontiguousarray(hashes, dtype=np.uint64).tobytes())
        return cls(digest.hexdigest(), ids, hashes)


def plan(
    ids: Ids, hashes: Hashes, known: Iterable[Segment], size: int
) -> tuple[list[Segment], list[Segment]]:
    """Cut rows into segments, keeping those of earlier runs that still hold.

    Args:
        ids: identifiers of all rows, ascending and distinct.
        hashes: hash of the content of each row.
        known: segments of earlier runs.
        size: most rows of a segment.

    Returns:
        Segments that are kept and segments that are new; each row is in exactly one of them.
    """
    free = np.ones(len(ids), dtype=bool)
    kept: list[Segment] = []
    for segment in sorted(known, key=lambda one: (-len(one.ids), one.name)):
        rows = np.searchsorted(ids, segment.ids)
        inside = rows < len(ids)
        rows = rows[inside]
        if (
            inside.all()
            and len(rows)
            and len(rows) <= size
            and bool(np.all(ids[rows] == segment.ids))
            and bool(np.all(hashes[rows] == segment.hashes))
            and free[rows].all()
        ):
            free[rows] = False
            kept.append(segment)
    small = [segment for segment in kept if len(segment.ids) < SMALL * size]
    if len(small) > MANY_SMALL:
        for segment in small:
            free[np.searchsorted(ids, segment.ids)] = True
        kept = [segment for segment in kept if len(segment.ids) >= SMALL * size]
    rest = np.flatnonzero(free)
    new = [
        Segment.of(ids[rows], hashes[rows])
        for rows in (rest[at : at + size] for at in range(0, len(rest), size))
    ]
    return kept, new


def ranks(segments: Iterable[Segment], ids: Ids) -> Mapping[str, Any]:
    """Place of every row of each segment in the order of all identifiers, by segment."""
    return {
        segment.name: np.searchsorted(ids, segment.ids).astype(np.int32) for segment in segments
    }
