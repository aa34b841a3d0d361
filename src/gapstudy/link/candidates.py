"""Pairs worth a look: by identifier, coined name, organisation and likeness of text.

Every way works on whole matrices (papers in rows, targets in columns); only pairs that one of them
found become rows.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

#: Targets taken per paper, and papers per target, by likeness of text.
TARGETS_PER_PAPER = 8
PAPERS_PER_TARGET = 3
#: Papers of the same organisation taken per target, by likeness of text.
PAPERS_PER_TIE = 8
_ARXIV = re.compile(r"(?<![\d.])(\d{4}\.\d{4,5})(?:v\d+)?(?![\d])")
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>;,]+)", re.IGNORECASE)
WAYS = ("identifier", "name", "organisation", "text")


def identifier_matches(papers: pd.DataFrame, targets: pd.DataFrame) -> Mask:
    """Whether a target's texts or evidence address hold the arXiv id or DOI of a paper."""
    place: dict[str, list[int]] = {}
    for at, (arxiv, doi) in enumerate(zip(papers["arxiv_id"], papers["doi"], strict=True)):
        for value in (arxiv, doi):
            if isinstance(value, str) and value:
                place.setdefault(value.casefold(), []).append(at)
    found = np.zeros((len(papers), len(targets)), dtype=bool)
    texts = targets["description"] + " " + targets["feature"] + " " + targets["evidence"]
    for column, text in enumerate(texts):
        hits = [hit.rstrip(".)").casefold() for hit in _DOI.findall(text)]
        for hit in (*_ARXIV.findall(text), *hits):
            for row in place.get(hit.removeprefix("10.48550/arxiv."), []):
                found[row, column] = True
    return found


def top(scores: Array, allowed: Mask, count: int, axis: int) -> Mask:
    """The `count` best allowed cells along an axis; ties go to the earlier one.

    Args:
        scores: likeness, papers in rows.
        allowed: cells that may be taken; only scores above zero count.
        count: how many per row (axis 1) or per column (axis 0).
        axis: 1 to choose within each row, 0 within each column.
    """
    shown = np.where(allowed & (scores > 0), scores, -np.inf)
    order = np.argsort(-shown, axis=axis, kind="stable")
    best = np.take(order, np.arange(min(count, scores.shape[axis])), axis=axis)
    mask = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(mask, best, True, axis=axis)
    return mask & np.isfinite(shown)


def candidates(
    identifier: Mask, named: Mask, tied: Mask, cosine: Array, speaking: Mask
) -> dict[str, Mask]:
    """Cells found in each of the `WAYS`.

    Args:
        identifier: identifier of the paper in the target.
        named: coined name (or another version of it) in the target.
        tied: the same organisation.
        cosine: likeness of texts.
        speaking: for each target, whether it has a text beyond its name. Without one, likeness is
            a matter of chance words, so such targets are found by name or identifier only.
    """
    allowed = np.broadcast_to(speaking, cosine.shape)
    return {
        "identifier": identifier,
        "name": named,
        "organisation": top(cosine, tied & allowed, PAPERS_PER_TIE, axis=0),
        "text": top(cosine, allowed, TARGETS_PER_PAPER, axis=1)
        | top(cosine, allowed, PAPERS_PER_TARGET, axis=0),
    }


def found_by(ways: dict[str, Mask], rows: Any, columns: Any) -> list[str]:
    """The ways that found each of some cells, joined by +; empty where none did."""
    parts = [np.where(ways[way][rows, columns], f"{way}+", "") for way in WAYS]
    joined = parts[0].astype(object)
    for part in parts[1:]:
        joined = joined + part.astype(object)
    return [text.removesuffix("+") for text in joined]
