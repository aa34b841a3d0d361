"""Simple ways of linking that the model is compared with, on the same pairs.

- exact_name: the paper's coined name stands in the target, spelled alike;
- tfidf, embedding: the cosine of both texts, cut where F1 is best on the pairs fitted;
- tfidf_top1, embedding_top1, minilm_top1: no other paper is nearer to the target.

TF-IDF is fitted to the texts at hand, as anybody would who has only these; the link model itself
looks at each pair alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link.metrics import Array, best_cut, nearest

#: Scores that are 0 or 1.
YES_OR_NO = ("exact_name", "tfidf_top1", "embedding_top1", "minilm_top1")
#: Scores that need a cut.
COSINES = ("tfidf", "embedding")
#: Targets compared with all papers at a time: bounds the memory.
_BLOCK = 512


def scores(
    described: pd.DataFrame,
    texts: tuple[Sequence[str], Sequence[str]],
    vectors: tuple[Any, Any],
    rows: Any,
    columns: Any,
) -> dict[str, Array]:
    """Scores of pairs by every simple way but MiniLM.

    Args:
        described: features of the pairs.
        texts: texts of all papers and of all targets, among which the nearest is looked for.
        vectors: unit vectors of both.
        rows: place of each pair's paper.
        columns: place of each pair's target.
    """
    words, word_top = tfidf(*texts, rows, columns)
    near, near_top = embedding(*vectors, rows, columns)
    return {
        "exact_name": (described["name_exact"].to_numpy(dtype=float) > 0).astype(float),
        "tfidf_top1": word_top,
        "tfidf": words,
        "embedding_top1": near_top,
        "embedding": near,
    }


def cuts(scored: dict[str, Array], truth: Array) -> dict[str, float]:
    """Smallest score of each way that is called a link; of cosines, where F1 is best."""
    return {
        name: best_cut(truth, score) if name in COSINES else 1.0 for name, score in scored.items()
    }


def tfidf(
    papers: Sequence[str], targets: Sequence[str], rows: Any, columns: Any
) -> tuple[Array, Array]:
    """TF-IDF cosine of pairs, and whether the paper is the nearest of its target.

    Args:
        papers: texts of all papers.
        targets: texts of all targets.
        rows: place of each pair's paper.
        columns: place of each pair's target.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(sublinear_tf=True, stop_words="english", dtype=np.float64)
    try:
        model.fit([*papers, *targets])
    except ValueError:  # no text has a word
        return np.zeros(len(rows)), np.zeros(len(rows))
    left, right = model.transform(papers), model.transform(targets)
    best = np.zeros(len(targets))
    for at in range(0, len(targets), _BLOCK):
        block = right[at : at + _BLOCK] @ left.T
        best[at : at + _BLOCK] = block.max(axis=1).toarray().ravel()
    own = np.zeros(len(rows))
    for at in range(0, len(rows), _BLOCK):
        part = left[rows[at : at + _BLOCK]].multiply(right[columns[at : at + _BLOCK]])
        own[at : at + _BLOCK] = np.asarray(part.sum(axis=1)).ravel()
    return own.round(6), nearest(own, best, columns)


def embedding(papers: Any, targets: Any, rows: Any, columns: Any) -> tuple[Array, Array]:
    """Cosine of unit vectors of pairs, and whether the paper is the nearest of its target.

    Args:
        papers: unit vectors of all papers.
        targets: unit vectors of all targets.
        rows: place of each pair's paper.
        columns: place of each pair's target.
    """
    best = np.zeros(len(targets))
    for at in range(0, len(targets), _BLOCK):
        best[at : at + _BLOCK] = (targets[at : at + _BLOCK] @ papers.T).max(axis=1, initial=0.0)
    own = np.zeros(len(rows))
    for at in range(0, len(rows), _BLOCK):
        part = papers[rows[at : at + _BLOCK]] * targets[columns[at : at + _BLOCK]]
        own[at : at + _BLOCK] = part.sum(axis=1, dtype=np.float64)
    return own.round(6), nearest(own, best, columns)


def link_types(described: pd.DataFrame) -> Any:
    """What ties each pair, the strongest first: identifier, name, organisation, text only."""
    named = (described["name_exact"] > 0) | (described["name_folded"] > 0)
    return np.select(
        [described["identifier"] > 0, named, described["organisation"] > 0],
        ["identifier", "name", "organisation"],
        "text only",
    )
